/* The reader as a whole against cut files, failing memory, and the examples of the documentation. */
#include "collect.h"
#include "failing.h"
#include <criterion/criterion.h>
#include <libxml/xmlmemory.h>
#include <stdlib.h>

#define SMALL "<?xml version=\"1.0\"?>\n<questionnaire xmlns=\"urn:libsurvey:questionnaire:1\" id=\"q\" version=\"1\" xml:lang=\"en\">\n<title>é</title>\n" \
    "<choices id='yn'><choice code='1'>Yes</choice><choice code='2'>No</choice></choices>\n" \
    "<section id='s'><question id='a' type='single' choices='yn'><label>A &lt; b</label></question>\n" \
    "<question id='b' type='integer' relevant='${a} = 1'><label>B</label><check that='. &lt;= 9'>C</check></question></section>\n</questionnaire>"

static svy_status read_text(const svy_alloc *alloc, const char *text, size_t len, collected *said, void **block, size_t *size, svy_error *err)
{
    svy_diags diags = { .report = said != NULL ? collect : NULL, .user = said };
    if (said != NULL) {
        said->len = 0;
        said->text[0] = '\0';
    }
    return svy_questionnaire_read_memory(alloc, text, len, NULL, NULL, &diags, block, size, err);
}

Test(hostile, a_form_cut_at_any_byte)
{
    static collected said;
    for (size_t n = 0; n < sizeof SMALL - 1; n++) {
        svy_error err = SVY_ERROR_INIT;
        void *block;
        size_t size;
        char *exact = malloc(n ? n : 1);
        memcpy(exact, SMALL, n);
        cr_expect_eq(read_text(NULL, exact, n, &said, &block, &size, &err), SVY_E_INVALID, "at %zu", n);
        cr_expect_null(block);
        cr_expect(strchr(said.text, '\n') == said.text + said.len - 1, "one problem at %zu: %s", n, said.text);
        free(exact);
    }
}

/* Any one byte replaced: an answer in bounded time, and never a form without an id. */
Test(hostile, a_form_with_any_byte_replaced)
{
    static const char WITH[] = { '\0', '<', '>', '&', '"', '\'', '}', '\xFF', ' ', 'x' };
    static char text[sizeof SMALL];
    static collected said;
    for (size_t n = 0; n < sizeof SMALL - 1; n++)
        for (size_t k = 0; k < sizeof WITH; k++) {
            svy_error err = SVY_ERROR_INIT;
            void *block;
            size_t size;
            memcpy(text, SMALL, sizeof SMALL);
            text[n] = WITH[k];
            const svy_status st = read_text(NULL, text, sizeof SMALL - 1, &said, &block, &size, &err);
            cr_expect((st == SVY_OK && block != NULL) || (st == SVY_E_INVALID && said.len > 0), "%zu %zu: %d %s", n, k, (int)st, err.message);
            svy_block_free(NULL, block, size);
        }
}

/* ---- memory ---- */

Test(hostile, every_allocation_failure_is_clean)
{
    const svy_alloc alloc = { failing, NULL };
    size_t n = 0;
    for (svy_status st = SVY_E_NOMEM; st != SVY_OK; n++) {
        svy_error err = SVY_ERROR_INIT;
        void *block;
        size_t size;
        countdown = n;
        st = read_text(&alloc, SMALL, sizeof SMALL - 1, NULL, &block, &size, &err);
        countdown = SIZE_MAX;
        cr_assert(st == SVY_OK || st == SVY_E_NOMEM, "failure %zu: %d %s", n, (int)st, err.message);
        cr_assert((block != NULL) == (st == SVY_OK));
        cr_assert(st == SVY_OK || err.code == SVY_E_NOMEM);
        svy_block_free(&alloc, block, size);
        cr_assert_eq(live, 0, "failure %zu leaks", n);
    }
    cr_expect(n > 50, "%zu", n);
}

Test(hostile, every_failure_in_libxml2_is_clean)
{
    size_t at_rest = 0, length = 0, n = 0;
    void *right = NULL;
    cr_assert_eq(xmlMemSetup(xml_free, xml_malloc, xml_realloc, xml_strdup), 0);
    for (svy_status st = SVY_E_NOMEM; n <= 1 || st != SVY_OK; n++) {
        svy_error err = SVY_ERROR_INIT;
        void *block;
        size_t size;
        countdown = n == 0 ? SIZE_MAX : n - 1;       /* first without failure: libxml2's globals, and the right result */
        st = read_text(NULL, SMALL, sizeof SMALL - 1, NULL, &block, &size, &err);
        cr_assert(st == SVY_OK || st == SVY_E_NOMEM, "failure %zu: %d %s", n, (int)st, err.message);
        if (n == 0) {
            right = block;
            length = size;
            at_rest = live;
            continue;
        }
        if (st == SVY_OK)
            cr_expect(size == length && memcmp(block, right, size) == 0, "failure %zu: another form", n);
        svy_block_free(NULL, block, size);
        cr_assert_eq(live, at_rest, "failure %zu leaks", n);
    }
    cr_expect(n > 5, "%zu", n);
    svy_block_free(NULL, right, length);
}

/* ---- the documentation ---- */

/* Every ```xml block that holds a whole questionnaire is one without problems or warnings. */
Test(hostile, examples_of_the_language_page)
{
    static collected said;
    static char page[1 << 20];
    FILE *f = fopen(SVY_SOURCE_DIR "/docs/language.md", "rb");
    cr_assert_not_null(f, "docs/language.md is missing");
    const size_t n = fread(page, 1, sizeof page - 1, f);
    fclose(f);
    page[n] = '\0';
    int examples = 0;
    for (char *at = strstr(page, "```xml\n"); at != NULL; at = strstr(at, "```xml\n")) {
        at += strlen("```xml\n");
        char *end = strstr(at, "\n```");
        cr_assert_not_null(end);
        const char *root = strstr(at, "<questionnaire");
        if (root == NULL || root > end)
            continue;
        svy_error err = SVY_ERROR_INIT;
        void *block;
        size_t size;
        svy_diags diags = { .report = collect, .user = &said };
        said.len = 0;
        said.text[0] = '\0';
        const svy_status st = svy_questionnaire_read_memory(NULL, at, (size_t)(end - at), SVY_SOURCE_DIR "/questionnaires/examples", NULL, &diags,
                                                            &block, &size, &err);
        cr_expect_eq(st, SVY_OK, "%.*s\n%s%s", (int)(end - at), at, said.text, err.message);
        cr_expect_eq(said.len, 0, "%.*s\n%s", (int)(end - at), at, said.text);
        svy_block_free(NULL, block, size);
        examples++;
    }
    cr_expect(examples > 0, "no example found");
}
