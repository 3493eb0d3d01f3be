/* Every example in docs/language.md, executed; and every function is in it. */
#include <criterion/criterion.h>

#include "answers.h"
#include "expr/expr_priv.h"

static char *page;
static test_interview T;

static void open_page(void)
{
    FILE *f = fopen(SVY_SOURCE_DIR "/docs/language.md", "rb");
    cr_assert_not_null(f);
    page = calloc(1, 1 << 20);
    size_t n = fread(page, 1, (1 << 20) - 1, f);
    fclose(f);
    cr_assert(n > 1000 && n < (1 << 20) - 1);
}

static void close_page(void)
{
    free(page);
}

TestSuite(language, .init = open_page, .fini = close_page);

/* The next fenced block of a language: its first byte and its end. NULL when there is none. */
static const char *block(const char *from, const char *fence, const char **end)
{
    const char *at = strstr(from, fence);
    if (at == NULL)
        return NULL;
    at += strlen(fence);
    *end = strstr(at, "\n```");
    cr_assert_not_null(*end);
    return at;
}

static int line_number(const char *at)
{
    int line = 1;
    for (const char *s = page; s < at; s++)
        line += *s == '\n';
    return line;
}

static unsigned run_examples(const char *from, const char *end)
{
    unsigned n = 0;
    while (from < end) {
        const char *stop = memchr(from, '\n', (size_t)(end - from));
        if (stop == NULL)
            stop = end;
        const char *arrow = NULL;
        for (const char *s = from; s + 6 <= stop; s++)
            if (memcmp(s, "  =>  ", 6) == 0)
                arrow = s;
        cr_assert_not_null(arrow, "language.md:%d: no result", line_number(from));
        test_outcome o;
        test_eval(&T, from, (size_t)(arrow - from), SVY_K_NONE, &o);
        cr_expect(test_is(&o, arrow + 6, (size_t)(stop - arrow - 6)), "language.md:%d: %.*s: found status %d '%s' (%s), missing %d, kind %d, %.17g",
                  line_number(from), (int)(stop - from), from, (int)o.status, o.text, o.err.message, o.value.missing, o.value.kind, o.value.number);
        n++;
        from = stop + 1;
    }
    return n;
}

Test(language, examples)
{
    unsigned n = 0;
    const char *at = page, *end;

    test_init(&T);
    for (;;) {
        const char *answers_end = NULL, *answers = block(at, "\n```survey-answers\n", &answers_end);
        const char *examples = block(at, "\n```survey-expr\n", &end);
        if (examples == NULL)
            break;
        if (answers != NULL && answers < examples) {
            test_init(&T);
            const char *bad = test_lines(&T, answers, answers_end);
            cr_assert_null(bad, "language.md:%d: cannot read an answer", line_number(bad));
            at = answers_end;
            continue;
        }
        n += run_examples(examples, end);
        at = end;
    }
    cr_expect(n >= 150, "only %u examples", n);
}

/* A function is described when its name stands with a bracket after it, and tried when that stands in an example. */
static int occurs(const char *name, const char *from, const char *end)
{
    char call[64];
    snprintf(call, sizeof call, "%s(", name);
    for (const char *s = strstr(from, call); s != NULL && s < end; s = strstr(s + 1, call))
        if (s == page || strchr("abcdefghijklmnopqrstuvwxyz-", s[-1]) == NULL)
            return 1;
    return 0;
}

Test(language, every_function_is_described_and_tried)
{
    const char *functions = strstr(page, "## Functions");
    cr_assert_not_null(functions);
    for (unsigned i = 0; i < svyi_function_count(); i++) {
        const svyi_function *fn = svyi_function_get(i);
        int tried = 0;
        if (fn->name[0] == '\0')
            continue;
        for (const char *end = page, *at; !tried && (at = block(end, "\n```survey-expr\n", &end)) != NULL;)
            tried = occurs(fn->name, at, end);
        cr_expect(tried, "no example of %s()", fn->name);
        cr_expect(occurs(fn->name, functions, page + strlen(page)), "%s() is not described", fn->name);
        cr_expect(fn->meaning[0] != '\0', "%s", fn->name);
    }
}
