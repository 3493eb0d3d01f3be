/* Memory that runs out, programs that are damaged, expressions made to hurt. */
#include <criterion/criterion.h>

#include "answers.h"
#include "expr/expr_priv.h"

static test_interview T;

static const char HOUSE[] =
    "limit: integer = 16\nname: text = Ana Maria\nworked: single(1=Yes, 2=No) = 1\nlangs: multiple(bg=Bulgarian, ar=Arabic) = bg ar\n"
    "born: date = 2000-02-29\nmember: roster\nmember[1].m_age: integer = 12\nmember[1].m_name: text = Ana\nmember[2].m_age = 40\nmember[2].m_name = Ivo\n"
    "list city: SOF=Sofia@BG\nchoice: SOF of city\nself: limit\nnow: 2026-11-22T10:30\n";

/* Between them they use every operation. */
static const char *const ALL[] = {
    "1 + 2 * 3 - 4 div 5 mod 6 = -7", "not(${limit} > 1 and ${worked} = '1' or false())", "if(. > 1, concat(${name}, 'x', ${m_name}), join('-', ${m_name}[${m_age} > 1]))",
    "sum(${m_age}[${m_age} > ${limit}]) + count(${member}) + ${m_age}[2] + ${m_age}[${m_age} > 20][1] + indexed-repeat(${m_age}, ${member}, 1)",
    "coalesce(${born} + 1, today()) - ${born} + date-diff(${born}, now(), 'years')", "regex(${name}, '(A|b|c){1,3}[a-z]+ \\w*') and in(${worked}, 1, 2) and selected(${langs}, 'ar')",
    "choice-label(${langs}) = lookup('city', 'parent', choice-code())", "once(random()) + ${limit}", "upper-case(string(round(${limit} div 3, 2))) = normalize-space(${name})",
    "${born} > '1999-01-01' and now() > ${born} and format-date(${born}, '%Y-%m') = '2000-02' and choice-parent() = 'BG'",
    "checklist(1, 2, answered(.), refused(${name})) and weighted-checklist(1, 2, true(), ${limit}) or missing(min(${m_age}, mean(1, ${limit})))",
    "count(${member}[count(${member}[${m_age} > 1]) > position()]) > 0", "now() + 1 - now() + number(now() - 2)",
};
enum { N_ALL = sizeof ALL / sizeof ALL[0] };

static void setup(void)
{
    test_init(&T);
    const char *bad = test_lines(&T, HOUSE, HOUSE + strlen(HOUSE));
    cr_assert_null(bad, "%s", bad);
}

TestSuite(hardening, .init = setup);

/* ---- Memory ---- */

typedef struct meter { long left; size_t in_use; } meter;

static void *metered(void *user, void *ptr, size_t old_size, size_t new_size)
{
    meter *m = user;
    if (new_size > 0 && m->left-- <= 0)
        return NULL;
    m->in_use += new_size;
    m->in_use -= ptr != NULL ? old_size : 0;
    if (new_size == 0) {
        free(ptr);
        return NULL;
    }
    return realloc(ptr, new_size);
}

static svy_status compile_and_run(const svy_alloc *alloc, const char *text)
{
    svy_error err = SVY_ERROR_INIT;
    svy_expr *e = NULL;
    svy_scratch *s = NULL;
    svy_value v;
    svy_status st = svy_expr_compile(alloc, text, strlen(text), &T.scope, &T.place, NULL, &e, &err);
    cr_expect((st == SVY_OK) == (e != NULL), "%s", text);
    if (st == SVY_OK)
        st = svy_scratch_new(alloc, &s, &err);
    if (st == SVY_OK)
        st = svy_code_run(svy_expr_code(e), &T.env, T.entry, s, &v, &err);
    cr_expect(st == SVY_OK || err.code == st, "%s: %d %d", text, (int)st, (int)err.code);
    svy_scratch_free(s);
    svy_expr_free(e);
    return st;
}

Test(hardening, every_allocation_may_fail)
{
    for (int i = 0; i < N_ALL; i++) {
        long n = 0;
        svy_status st;
        do {
            meter m = { n++, 0 };
            const svy_alloc alloc = { metered, &m };
            st = compile_and_run(&alloc, ALL[i]);
            cr_assert(st == SVY_OK || st == SVY_E_NOMEM, "%s, allocation %ld: %d", ALL[i], n, (int)st);
            cr_assert_eq(m.in_use, 0, "%s, allocation %ld: %zu bytes not given back", ALL[i], n, m.in_use);
        } while (st == SVY_E_NOMEM);
        cr_expect_gt(n, 5);
    }
}

static void load(void *user, uint32_t symbol, size_t first, size_t count, svy_vector *out)
{
    static const char *const levels[] = { "1", "2" };
    static uint32_t codes[3000];
    (void)user;
    (void)symbol;
    (void)first;
    (void)count;
    out->codes = codes;
    out->levels = levels;
    out->n_levels = 2;
}

Test(hardening, every_allocation_of_columns_may_fail)
{
    static const char text[] = "sum(${limit}, 1) > 1 and upper-case(${name}) = 'A' and regex(${name}, '1')";
    svy_error err = SVY_ERROR_INIT;
    svy_expr *e;
    const svy_column_source source = { .load = load };
    static double values[3000];
    static uint8_t missing[3000];
    cr_assert_eq(svy_expr_compile(NULL, text, sizeof text - 1, &T.scope, &T.place, NULL, &e, &err), SVY_OK);
    long n = 0;
    svy_status st;
    do {
        meter m = { n++, 0 };
        const svy_alloc alloc = { metered, &m };
        svy_scratch *s = NULL;
        st = svy_scratch_new(&alloc, &s, &err);
        if (st == SVY_OK)
            st = svy_code_run_columns(svy_expr_code(e), &source, 0, 3000, values, missing, s, &err);
        svy_scratch_free(s);
        cr_assert(st == SVY_OK || st == SVY_E_NOMEM, "%ld: %d", n, (int)st);
        cr_assert_eq(m.in_use, 0);
    } while (st == SVY_E_NOMEM);
    cr_expect_gt(n, 4);
    svy_expr_free(e);
}

/* ---- Damage ---- */

/* Runs what the verifier lets through; ASan and UBSan look on. */
static int try_program(const unsigned char *bytes, size_t size, svy_scratch *s)
{
    svy_error err = SVY_ERROR_INIT;
    svy_value v;
    static double values[2000];
    static uint8_t missing[2000];
    static const svy_column_source source = { .load = load };
    /* A copy of exact size, so that reading past the end is seen. */
    void *copy = malloc(size);
    memcpy(copy, bytes, size);
    const svy_code code = { copy, size };
    const int good = svy_code_verify(code, T.n_symbols + 1, T.n_lists, &err) == SVY_OK;
    if (good) {
        svy_status st = svy_code_run(code, &T.env, 0, s, &v, &err);
        cr_expect(st == SVY_OK || st == SVY_E_LIMIT);
        st = svy_code_run_columns(code, &source, 0, 1500, values, missing, s, &err);
        cr_expect(st == SVY_OK || st == SVY_E_TYPE);
    } else {
        cr_expect(err.code == SVY_E_FORMAT && err.message[0] != '\0');
    }
    free(copy);
    return good;
}

Test(hardening, damaged_programs_do_no_harm)
{
    svy_error err = SVY_ERROR_INIT;
    svy_scratch *s;
    unsigned accepted = 0, tried = 0;
    cr_assert_eq(svy_scratch_new(NULL, &s, &err), SVY_OK);
    for (int i = 0; i < N_ALL; i++) {
        svy_expr *e;
        cr_assert_eq(svy_expr_compile(NULL, ALL[i], strlen(ALL[i]), &T.scope, &T.place, NULL, &e, &err), SVY_OK, "%s: %s", ALL[i], err.message);
        const svy_code code = svy_expr_code(e);
        unsigned char *bytes = malloc(code.size);
        memcpy(bytes, code.bytes, code.size);
        cr_expect(try_program(bytes, code.size, s), "%s", ALL[i]);
        for (size_t bit = 0; bit < code.size * 8; bit++, tried++) {
            bytes[bit / 8] ^= (unsigned char)(1u << bit % 8);
            accepted += (unsigned)try_program(bytes, code.size, s);
            bytes[bit / 8] ^= (unsigned char)(1u << bit % 8);
        }
        for (size_t cut = 0; cut < code.size; cut++)
            cr_expect_not(try_program(bytes, cut, s), "%s cut to %zu", ALL[i], cut);
        free(bytes);
        svy_expr_free(e);
    }
    cr_expect(tried > 10000 && accepted > 0 && accepted < tried, "%u of %u", accepted, tried);
    svy_scratch_free(s);
}

Test(hardening, the_verifier_knows_names_and_lists)
{
    svy_error err = SVY_ERROR_INIT;
    svy_expr *e;
    cr_assert_eq(svy_expr_compile(NULL, "choice-label(${langs})", 22, &T.scope, &T.place, NULL, &e, &err), SVY_OK);
    const svy_code code = svy_expr_code(e);
    cr_expect_eq(svy_code_verify(code, T.n_symbols + 1, T.n_lists, &err), SVY_OK);
    cr_expect_eq(svy_code_verify(code, 1, T.n_lists, &err), SVY_E_FORMAT);
    cr_expect_eq(svy_code_verify(code, T.n_symbols + 1, 1, &err), SVY_E_FORMAT);
    svy_expr_free(e);
    cr_expect_eq(svy_code_verify((svy_code){ NULL, 0 }, 1, 1, &err), SVY_E_FORMAT);
}

/* ---- Expressions made to hurt ---- */

static char big[300000];

static svy_status compile_big(size_t len, const char **message)
{
    static svy_error err;
    err = (svy_error)SVY_ERROR_INIT;
    svy_expr *e = NULL;
    svy_scratch *s = NULL;
    svy_value v;
    svy_status st = svy_expr_compile(NULL, big, len, &T.scope, &T.place, NULL, &e, &err);
    *message = err.message;
    if (st == SVY_OK) {
        cr_expect_eq(svy_code_verify(svy_expr_code(e), T.n_symbols + 1, T.n_lists, &err), SVY_OK, "%s", err.message);
        cr_expect_eq(svy_scratch_new(NULL, &s, &err), SVY_OK);
        st = svy_code_run(svy_expr_code(e), &T.env, 0, s, &v, &err);
    }
    svy_scratch_free(s);
    svy_expr_free(e);
    return st;
}

static size_t repeat(size_t at, const char *part, size_t times)
{
    size_t len = strlen(part);
    for (size_t i = 0; i < times; i++, at += len)
        memcpy(big + at, part, len);
    return at;
}

/* before*n middle after*n */
static const struct { const char *before; const char *middle, *after; size_t times; svy_status status; } PATHOLOGICAL[] = {
    { "(", "1", ")", 199, SVY_OK }, { "(", "1", ")", 200, SVY_E_LIMIT }, { "(", "1", ")", 30000, SVY_E_LIMIT }, { "(", "", "", 60000, SVY_E_LIMIT },
    { "not(", "true()", ")", 198, SVY_OK }, { "not(", "true()", ")", 10000, SVY_E_LIMIT }, { "-", "1", "", 60000, SVY_OK }, { "1+", "1", "", 4000, SVY_OK },
    { "${limit}+", "1", "", 4500, SVY_OK }, { "1+", "1", "", 20000, SVY_E_LIMIT }, { "1=", "1", "", 300, SVY_E_TYPE }, { "1=1 and ", "1=1", "", 3000, SVY_OK },
    { "(1+2*", "1", ")", 150, SVY_OK }, { "abs(1+2*-", "1", ")", 140, SVY_OK }, { "abs(1+2*-", "1", ")", 160, SVY_E_LIMIT }, { "if(${limit}>1,", "1", ",2)", 199, SVY_OK }, { "concat('a',", "1", ")", 199, SVY_OK },
    { "sum(1,", "1", ")", 199, SVY_OK }, { "count(${member}[", "1=1", "]) > 0", 1, SVY_OK }, { "[", "", "", 1000, SVY_E_SYNTAX }, { "'", "", "", 60001, SVY_E_SYNTAX },
    { "round(", "", "", 8000, SVY_E_LIMIT }, { "${limit}[", "1", "]", 5000, SVY_E_LIMIT }, { "\"\"", "", "", 30000, SVY_OK }, { "1 ", "", "", 30000, SVY_E_SYNTAX },
    { "upper-case(concat(${name},", "'a'", "))", 90, SVY_OK }, { " ", "1", "", 70000, SVY_E_LIMIT }, { "a", "", "", 65536, SVY_E_SYNTAX }, { "1", "", "", 65536, SVY_E_SYNTAX },
};

Test(hardening, pathological_expressions)
{
    for (size_t i = 0; i < sizeof PATHOLOGICAL / sizeof PATHOLOGICAL[0]; i++) {
        const char *message;
        size_t len = repeat(repeat(repeat(0, PATHOLOGICAL[i].before, PATHOLOGICAL[i].times), PATHOLOGICAL[i].middle, 1), PATHOLOGICAL[i].after, PATHOLOGICAL[i].times);
        svy_status st = compile_big(len, &message);
        cr_expect_eq(st, PATHOLOGICAL[i].status, "%s * %zu: status %d (%s)", PATHOLOGICAL[i].before, PATHOLOGICAL[i].times, (int)st, message);
    }
}

Test(hardening, filters_inside_filters)
{
    for (size_t times = 1; times < 24; times++) {
        const char *message;
        size_t len = repeat(repeat(repeat(0, "count(${member}[", times), "true()", 1), "]) > 0", times);
        svy_status st = compile_big(len, &message);
        cr_expect_eq(st, times <= SVYI_MAX_LOOPS ? SVY_OK : SVY_E_LIMIT, "%zu: %d %s", times, (int)st, message);
    }
}

/* Loops that would run for ever stop. */
static uint32_t endless(void *user, uint32_t roster, uint32_t entry, uint32_t after)
{
    (void)user;
    (void)roster;
    (void)entry;
    return after % 1000 + 1;
}

static void always(void *user, uint32_t symbol, uint32_t entry, svy_value *value)
{
    (void)user;
    (void)symbol;
    (void)entry;
    *value = (svy_value){ .kind = SVY_K_TEXT, .number = 1, .text = "x", .len = 1 };
}

Test(hardening, endless_rosters_stop)
{
    svy_env env = T.env;
    svy_error err = SVY_ERROR_INIT;
    svy_scratch *s;
    env.next_entry = endless;
    env.get = always;
    static const char *const TEXTS[] = { "count(${member})", "${m_age}[1e300]", "${m_age}[${m_age} > 1e9][1]", "join('', ${m_name})" };
    cr_assert_eq(svy_scratch_new(NULL, &s, &err), SVY_OK);
    for (size_t i = 0; i < sizeof TEXTS / sizeof TEXTS[0]; i++) {
        svy_expr *e;
        svy_value v;
        cr_assert_eq(svy_expr_compile(NULL, TEXTS[i], strlen(TEXTS[i]), &T.scope, &T.place, NULL, &e, &err), SVY_OK);
        svy_status st = svy_code_run(svy_expr_code(e), &env, 0, s, &v, &err);
        cr_expect(st == SVY_E_LIMIT, "%s: %d", TEXTS[i], (int)st);
        cr_expect(v.missing != SVY_PRESENT);
        svy_expr_free(e);
    }
    svy_scratch_free(s);
}

/* ---- Patterns ---- */

static const struct { const char *pattern, *text; int match; } PATTERNS[] = {
    { "", "", 1 }, { "", "a", 0 }, { "a*", "", 1 }, { "a*", "aaa", 1 }, { "a*", "ab", 0 }, { "a+", "", 0 }, { "a?b", "b", 1 }, { "a?b", "aab", 0 }, { "a|b|cd", "cd", 1 }, { "a|b|cd", "c", 0 },
    { "(a|b)*c", "abbac", 1 }, { "(a*)*", "aaaa", 1 }, { "(a*)+b", "aaab", 1 }, { "(|a)b", "b", 1 }, { "(a|)b", "ab", 1 }, { "a{3}", "aaa", 1 }, { "a{3}", "aa", 0 }, { "a{2,}", "aaaaa", 1 },
    { "a{2,}", "a", 0 }, { "a{1,3}", "aaa", 1 }, { "a{1,3}", "aaaa", 0 }, { "a{0}", "", 1 }, { "a{0}b", "b", 1 }, { "a{0,2}b", "aab", 1 }, { "(ab){2}", "abab", 1 }, { "(a|bc){2,3}", "abca", 1 },
    { "[abc]+", "cab", 1 }, { "[^abc]", "d", 1 }, { "[^abc]", "a", 0 }, { "[a-c-]+", "a-b", 1 }, { "[]a]+", "]a", 1 }, { "[\\]]", "]", 1 }, { "[\\d-]+", "1-2", 1 }, { "[^\\d]", "a", 1 }, { "\\D\\W\\S", "a b", 1 },
    { "\\.", ".", 1 }, { "\\.", "a", 0 }, { ".", "\n", 1 }, { ".", "\xd0\xb6", 1 }, { "..", "\xd0\xb6", 0 }, { "^a$", "a", 1 }, { "a^b", "ab", 0 }, { "(^a|b)+", "ab", 1 }, { "a$|b", "b", 1 }, { "(a$)?b", "b", 1 },
    { "\\w+", "\xd0\x9f\xd0\xb5\xd1\x82\xd1\x8a\xd1\x80", 1 }, { "\\s", "\xc2\xa0", 1 }, { "[\xd0\xb0-\xd1\x8f]+", "\xd0\xb6\xd0\xb7", 1 }, { "\\t\\n", "\t\n", 1 }, { "(?:ab)+", "abab", 1 }, { "a+?b*?", "aab", 1 }, { "x{0,3}y{2}", "xyy", 1 },
    { "(((a?){3}){3}){3}", "aaaa", 1 }, { "a{0,}", "aaa", 1 }, { "(a{2}|b){2}", "aab", 1 }, { "a**", "aa", 1 }, { "a{2}{2}", "aaaa", 1 }, { "a{2}{2}", "aaa", 0 },
};

Test(hardening, patterns)
{
    svy_error err = SVY_ERROR_INIT;
    svy_scratch *s;
    cr_assert_eq(svy_scratch_new(NULL, &s, &err), SVY_OK);
    for (size_t i = 0; i < sizeof PATTERNS / sizeof PATTERNS[0]; i++) {
        int match = svyi_regex_match(s, PATTERNS[i].pattern, strlen(PATTERNS[i].pattern), PATTERNS[i].text, strlen(PATTERNS[i].text));
        cr_expect_eq(match, PATTERNS[i].match, "'%s' on '%s': %d", PATTERNS[i].pattern, PATTERNS[i].text, match);
    }
    svy_scratch_free(s);
}

static const struct { const char *pattern; size_t at; } BAD_PATTERNS[] = {
    { "(", 1 }, { ")", 0 }, { "a)", 1 }, { "[", 1 }, { "[a", 2 }, { "*", 0 }, { "a|*", 2 }, { "(+)", 1 }, { "a{", 2 }, { "a{x}", 2 }, { "a{2", 3 }, { "a{3,2}", 6 }, { "[b-a]", 4 }, { "[a-\\d]", 5 }, { "\\", 1 },
    { "\\p", 1 }, { "\\1", 1 }, { "(?=a)", 1 }, { "(?<n>a)", 1 }, { "a{1001}", 5 }, { "((a{20}){20}){20}", 17 }, { "{2}", 0 },
};

Test(hardening, bad_patterns)
{
    const svy_alloc alloc = svyi_alloc_or_default(NULL);
    for (size_t i = 0; i < sizeof BAD_PATTERNS / sizeof BAD_PATTERNS[0]; i++) {
        size_t at = 99;
        const char *why = "";
        cr_expect_eq(svyi_regex_check(&alloc, BAD_PATTERNS[i].pattern, strlen(BAD_PATTERNS[i].pattern), &at, &why), 0, "%s", BAD_PATTERNS[i].pattern);
        cr_expect(why[0] != '\0', "%s", BAD_PATTERNS[i].pattern);
        cr_expect_eq(at, BAD_PATTERNS[i].at, "%s: at %zu (%s)", BAD_PATTERNS[i].pattern, at, why);
    }
}

Test(hardening, patterns_take_linear_time)
{
    svy_error err = SVY_ERROR_INIT;
    svy_scratch *s;
    cr_assert_eq(svy_scratch_new(NULL, &s, &err), SVY_OK);
    memset(big, 'a', sizeof big);
    cr_expect_eq(svyi_regex_match(s, "(a*)*b", 6, big, sizeof big), 0);
    cr_expect_eq(svyi_regex_match(s, "(a|aa)+", 7, big, sizeof big), 1);
    cr_expect_eq(svyi_regex_match(s, "(a?){30}a{30}", 13, big, 30), 1);
    for (int i = 0; i < 20; i++) {                     /* more patterns than are kept */
        char pattern[16];
        snprintf(pattern, sizeof pattern, "a{%d}", i);
        cr_expect_eq(svyi_regex_match(s, pattern, strlen(pattern), big, (size_t)i), 1);
        cr_expect_eq(svyi_regex_match(s, pattern, strlen(pattern), big, (size_t)i + 1), 0);
    }
    cr_expect_eq(svyi_regex_match(s, "(", 1, big, 1), -2);
    svy_scratch_free(s);
}
