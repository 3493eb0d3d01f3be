/* Fuzzing of the compiled form: bytes that begin with "SVYFORM1" are opened as a block (with a checksum that fits, so that the fuzzer
   gets behind it), others are read as a form in the indented notation of the unit tests, compiled, opened and walked. */
#include <stdint.h>

#include "../../unit/questionnaire/dsl.h"
#include "base/map.h"
#include "walk_form.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void open_block(const uint8_t *data, size_t size)
{
    const size_t kept = size / 8 * 8;
    uint64_t *block = malloc(kept + 8);
    svy_error err = SVY_ERROR_INIT;
    svy_form *f = NULL;

    if (block == NULL)
        return;
    memcpy(block, data, kept);
    if (kept >= 32) {
        const uint64_t total = kept, checksum = svyi_hash((const char *)block + 32, kept - 32);
        memcpy((char *)block + 16, &total, sizeof total);
        memcpy((char *)block + 24, &checksum, sizeof checksum);
    }
    const svy_status st = svy_form_open(NULL, block, kept, &f, &err);
    if ((st == SVY_OK) != (f != NULL) || (st != SVY_OK && (err.code != st || err.message[0] == '\0')))
        abort();
    if (f != NULL)
        walk_form(f);
    svy_form_free(f);
    free(block);
}

/* What compiles opens, and compiles to the same bytes again. */
static void compile_text(const char *text)
{
    static dsl_log log;
    svy_error err = SVY_ERROR_INIT;
    void *block, *again;
    size_t size, size_again;
    svy_form *f = NULL;

    const svy_status st = dsl_compile(NULL, text, &log, &block, &size, &err);
    if ((st == SVY_OK) != (block != NULL))
        abort();
    if (st == SVY_E_INVALID && strstr(log.text, " problem: ") == NULL)
        abort();
    if (st != SVY_OK)
        return;
    if (svy_form_open(NULL, block, size, &f, &err) != SVY_OK)
        abort();
    walk_form(f);
    if (dsl_compile(NULL, text, NULL, &again, &size_again, &err) != SVY_OK || size != size_again || memcmp(block, again, size) != 0)
        abort();
    svy_form_free(f);
    svy_block_free(NULL, block, size);
    svy_block_free(NULL, again, size_again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size >= 8 && memcmp(data, "SVYFORM1", 8) == 0) {
        open_block(data, size);
        return 0;
    }
    if (size > 20000)
        return 0;
    char *text = malloc(size + 1);
    if (text == NULL)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    compile_text(text);
    free(text);
    return 0;
}
