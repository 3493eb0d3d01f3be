/* Any bytes as a translation of a small questionnaire: problems are reported, the questionnaire compiles in spite of them. */
#include <stdint.h>
#include <stdlib.h>
#include <survey/exchange.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void report(void *user, const svy_diag *d)
{
    unsigned *count = user;
    if (d->found == NULL || d->found[0] == '\0' || d->line < 0 || d->column < 0)
        abort();
    *count += d->severity == SVY_PROBLEM;
}

static uint32_t add(svy_builder *b, uint32_t parent, svy_element kind, const svy_attribute *attributes, size_t n)
{
    uint32_t element = 0;
    if (svy_builder_add(b, parent, kind, attributes, n, NULL, 1, &element, NULL) != SVY_OK)
        abort();
    return element;
}

static void build(svy_builder *b)
{
    static const svy_attribute FORM[] = { { "id", "q", 1, 1 }, { "version", "1", 1, 1 }, { "xml:lang", "en", 1, 1 } };
    static const svy_attribute LIST[] = { { "id", "yn", 1, 1 } }, CODE[] = { { "code", "1", 1, 1 } };
    static const svy_attribute ASK[] = { { "id", "a", 1, 1 }, { "type", "single", 1, 1 }, { "choices", "yn", 1, 1 } };
    const uint32_t form = add(b, 0, SVY_EL_QUESTIONNAIRE, FORM, 3), list = add(b, form, SVY_EL_CHOICES, LIST, 1);
    const uint32_t code = add(b, list, SVY_EL_CHOICE, CODE, 1), ask = add(b, form, SVY_EL_QUESTION, ASK, 3);
    if (svy_builder_text(b, form, SVY_TITLE, "Title", 1, NULL) != SVY_OK || svy_builder_text(b, code, SVY_LABEL, "Yes", 1, NULL) != SVY_OK ||
        svy_builder_text(b, ask, SVY_LABEL, "Is it ${a}?", 1, NULL) != SVY_OK)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const svy_xml_limits limits = { sizeof limits, 1u << 20, 32, 5000, 4096 };
    svy_error err = SVY_ERROR_INIT;
    svy_builder *b = NULL;
    unsigned problems = 0;
    svy_diags diags = { .report = report, .user = &problems };
    void *block = NULL;
    size_t length = 0;
    if (svy_builder_new(NULL, "q", &b, &err) != SVY_OK)
        abort();
    build(b);
    const svy_status st = svy_xliff_read_memory(b, (const char *)data, size, "bg.xlf", &limits, &diags, &err);
    if ((st == SVY_E_INVALID) != (problems > 0) || (st != SVY_OK && st != SVY_E_INVALID && st != SVY_E_LIMIT))
        abort();
    if (st != SVY_OK && (err.code != st || err.message[0] == '\0'))
        abort();
    const unsigned before = problems;
    const svy_status compiled = svy_builder_compile(b, &diags, &block, &length, &err);
    if (compiled != SVY_OK || problems != before)
        abort();
    svy_block_free(NULL, block, length);
    svy_builder_free(b);
    return 0;
}
