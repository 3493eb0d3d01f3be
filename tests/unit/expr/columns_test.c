/* Expressions on columns give what they give row by row. */
#include <criterion/criterion.h>

#include "answers.h"

enum { ROWS = 3000, COLUMNS = 8 };

/* A small random table, from a generator of its own so that rows can be told again from the seed. */
typedef struct table {
    double numbers[COLUMNS][ROWS];
    uint32_t codes[COLUMNS][ROWS];
    uint8_t missing[COLUMNS][ROWS];
    uint64_t state;
} table;

static const char *const EDUCATION[] = { "1", "2", "3", "10" };
static const char *const CITIZEN[] = { "BG", "TR", "07", "" };
static const char *const CHOSEN[] = { "a", "a b", "b c", "c" };
static const char *const DATES[] = { "2026-01-31", "2000-02-29", "1999-12-31", "not a date" };

/* Names of the columns by symbol id - 1; levels NULL: numbers. */
static const struct { const char *line; const char *const *levels; } SYMBOLS[COLUMNS] = {
    { "age: integer\n", NULL },
    { "income: decimal\n", NULL },
    { "educ: single(1, 2, 3, 10)\n", NULL },             /* codes kept as numbers */
    { "citizen: single(BG, TR, 07)\n", CITIZEN },
    { "chosen: multiple(a, b, c)\n", CHOSEN },
    { "works: boolean\n", NULL },
    { "born: date\n", DATES },
    { "level: single(1, 2, 3, 10)\n", EDUCATION },       /* codes kept as texts */
};

static table D;
static test_interview T;

static uint32_t next(uint32_t n)
{
    D.state = D.state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(D.state >> 33) % n;
}

static void fill(uint64_t seed)
{
    static const double EDUCATION_NUMBERS[] = { 1, 2, 3, 10 };
    D.state = seed;
    for (int c = 0; c < COLUMNS; c++)
        for (int i = 0; i < ROWS; i++) {
            D.codes[c][i] = next(4);
            D.missing[c][i] = next(5) == 0 ? (uint8_t)(1 + next(5)) : 0;
            D.numbers[c][i] = c == 2 ? EDUCATION_NUMBERS[next(4)] : c == 5 ? next(2) : c == 1 ? next(100000) / 7.0 : next(90);
        }
}

static void load(void *user, uint32_t symbol, size_t first, size_t count, svy_vector *out)
{
    (void)user;
    (void)count;
    const uint32_t c = symbol - 1;
    out->missing = D.missing[c] + first;
    if (SYMBOLS[c].levels == NULL) {
        out->numbers = D.numbers[c] + first;
    } else {
        out->codes = D.codes[c] + first;
        out->levels = SYMBOLS[c].levels;
        out->n_levels = 4;
    }
}

/* The same table as an interview; the entry is the row, from 1. */
static void get(void *user, uint32_t symbol, uint32_t entry, svy_value *value)
{
    static char text[64];
    test_interview *t = user;
    svy_error err = SVY_ERROR_INIT;
    const uint32_t c = symbol - 1, row = entry - 1;
    const test_symbol *q = &t->symbols[symbol];

    *value = svy_value_missing((svy_kind)q->symbol.kind, (svy_missing)D.missing[c][row]);
    if (value->missing != SVY_PRESENT)
        return;
    if (SYMBOLS[c].levels != NULL) {
        const char *level = SYMBOLS[c].levels[D.codes[c][row]];
        if (svy_value_parse(q->type, level, strlen(level), value, &err) == SVY_OK)
            return;
        if (value->kind == SVY_K_CODE)
            *value = (svy_value){ .kind = SVY_K_CODE, .text = level, .len = (uint32_t)strlen(level) };
        return;
    }
    *value = (svy_value){ .kind = q->symbol.kind, .number = D.numbers[c][row], .text = "" };
    if (value->kind == SVY_K_CODE) {
        value->len = (uint32_t)snprintf(text, sizeof text, "%g", value->number);
        value->text = text;
    }
}

static void setup(void)
{
    test_init(&T);
    for (int c = 0; c < COLUMNS; c++)
        cr_assert(test_line(&T, SYMBOLS[c].line), "%s", SYMBOLS[c].line);
    T.place.bare_names = 1;
    T.scope.has_code = NULL;
    T.env.get = get;
    T.env.user = &T;
    T.env.now = 1.8e9;
    T.env.seed = 77;
}

static svy_expr *compile(const char *text, svy_error *err)
{
    svy_expr *e = NULL;
    T.place.want = SVY_K_NONE;
    if (svy_expr_compile(NULL, text, strlen(text), &T.scope, &T.place, NULL, &e, err) != SVY_OK)
        return NULL;
    return e;
}

static double values[ROWS];
static uint8_t missing[ROWS];

/* Compares columns with rows; returns the status of the columns. */
static svy_status compare(const char *text, size_t first, size_t count)
{
    svy_error err = SVY_ERROR_INIT;
    svy_scratch *columns, *rows;
    svy_expr *e = compile(text, &err);
    const svy_column_source source = { .load = load, .now = T.env.now, .seed = T.env.seed };

    cr_assert_not_null(e, "%s: %s", text, err.message);
    cr_assert_eq(svy_scratch_new(NULL, &columns, &err), SVY_OK);
    cr_assert_eq(svy_scratch_new(NULL, &rows, &err), SVY_OK);
    svy_status st = svy_code_run_columns(svy_expr_code(e), &source, first, count, values, missing, columns, &err);
    for (size_t i = 0; st == SVY_OK && i < count; i++) {
        svy_value v;
        cr_assert_eq(svy_code_run(svy_expr_code(e), &T.env, (uint32_t)(first + i + 1), rows, &v, &err), SVY_OK);
        cr_assert(v.missing == missing[i] && v.number == values[i], "%s, row %zu: column %.17g (%d), row %.17g (%d)",
                  text, first + i, values[i], missing[i], v.number, v.missing);
    }
    svy_scratch_free(columns);
    svy_scratch_free(rows);
    svy_expr_free(e);
    return st;
}

static const char *const WRITTEN[] = {
    "age", "age > 30", "age + income", "income div age", "age mod 7", "-age", "not(age > 30) and works", "works", "works or age < 5",
    "educ = 2", "educ = '10'", "educ != '10'", "educ = '010' or true()", "educ >= 3", "educ + level", "level = 3", "level = '3'", "educ = level", "level < 3",
    "citizen = 'BG'", "citizen != 'BG'", "in(citizen, 'BG', '07')", "in(age, 1, 2, 3, 40)", "in(educ, 1, 10)", "in(educ, '1', '10')", "citizen = level", "citizen = citizen",
    "upper-case(substr(citizen, 0, 1)) = 'B'", "string-length(citizen)", "regex(citizen, '[A-Z]+')", "substr(citizen, age mod 2) = 'G' or true()",
    "selected(chosen, 'b')", "count-selected(chosen)", "selected-at(chosen, 1) = 'b'", "selected(coalesce(selected-at(chosen, 1), chosen), 'b')", "selected(educ, 1)", "contains(string(level), '1')",
    "if(works, age, income)", "if(educ = 1, 5, 6) * 2", "coalesce(age, income, -1)", "answered(citizen)", "refused(age)", "dont-know(works)", "missing(chosen)",
    "sum(age, income)", "mean(age, income, 3)", "min(age, income)", "max(age, educ)", "count-non-empty(age, citizen, chosen)", "checklist(1, 2, works, age > 20, answered(citizen))",
    "weighted-checklist(3, 9, works, 2, age > 5, age)", "year(born)", "born > '2000-01-01'", "born + 30", "date-diff(born, today(), 'years')", "day(born) = 31", "max(born, '2010-01-01')",
    "round(income, 1)", "floor(income) + ceiling(income)", "sqrt(age)", "pow(age, 2)", "ln(age)", "abs(age - 50)", "int(income)", "number(level) + number(citizen)", "random()", "random() + random()",
    "today() - born", "not-asked(born)", "boolean-from-string(level)", "true()", "1 + 2", "check-character(level, '0123456789') = '5'", "1 div 0", "in(citizen, level, 'TR')",
};

Test(columns, written_expressions)
{
    setup();
    fill(5);
    for (size_t i = 0; i < sizeof WRITTEN / sizeof WRITTEN[0]; i++) {
        svy_status st = compare(WRITTEN[i], 0, ROWS);
        cr_expect(st == SVY_OK || (st == SVY_E_TYPE && strstr(WRITTEN[i], "substr(citizen, age") != NULL), "%s: %d", WRITTEN[i], (int)st);
        cr_expect(compare(WRITTEN[i], 1023, 3) == st && compare(WRITTEN[i], 7, 0) <= st, "%s", WRITTEN[i]);
    }
}

Test(columns, what_only_interviews_have)
{
    static const char *const NOT_HERE[] = { "concat(age, 'x') = '5x'", "choice-label(level) = '1'", "if(works, 'a', citizen) = 'a'", "lookup('educ', 'label', level) = 'x'", "string(age) = '5'" };
    svy_error err = SVY_ERROR_INIT;
    setup();
    fill(6);
    for (size_t i = 0; i < sizeof NOT_HERE / sizeof NOT_HERE[0]; i++)
        cr_expect_eq(compare(NOT_HERE[i], 0, 100), SVY_E_TYPE, "%s", NOT_HERE[i]);
    svy_expr *e = compile("citizen", &err);
    svy_scratch *s;
    const svy_column_source source = { .load = load };
    cr_assert_eq(svy_scratch_new(NULL, &s, &err), SVY_OK);
    cr_expect_eq(svy_code_run_columns(svy_expr_code(e), &source, 0, 5, values, missing, s, &err), SVY_E_TYPE);
    cr_expect(strstr(err.message, "number or true and false") != NULL && missing[4] == SVY_NOT_STATED && values[4] == 0);
    svy_scratch_free(s);
    svy_expr_free(e);
}

/* ---- Random expressions: a grammar that only makes well-typed ones ---- */

static char text[4000];
static size_t used;

static void say(const char *s)
{
    size_t len = strlen(s);
    if (used + len < sizeof text) {
        memcpy(text + used, s, len + 1);
        used += len;
    }
}

static void condition(int depth);

static void number(int depth)
{
    static const char *const LEAVES[] = { "age", "income", "(educ + 0)", "(level + 0)", "0", "7", "2.5", "count-selected(chosen)", "year(born)", "string-length(citizen)" };
    static const char *const BINARY[] = { " + ", " - ", " * ", " div ", " mod " };
    static const char *const CALLS[] = { "abs(", "round(", "floor(", "sqrt(", "int(" };
    static const char *const MANY[] = { "sum(", "min(", "max(", "mean(", "coalesce(" };
    switch (depth <= 0 ? 0 : next(6)) {
    case 0: case 1: say(LEAVES[next(10)]); break;
    case 2: say("("); number(depth - 1); say(BINARY[next(5)]); number(depth - 1); say(")"); break;
    case 3: say(CALLS[next(5)]); number(depth - 1); say(")"); break;
    case 4: say(MANY[next(5)]); number(depth - 1); say(", "); number(depth - 1); say(")"); break;
    default: say("if("); condition(depth - 1); say(", "); number(depth - 1); say(", "); number(depth - 1); say(")"); break;
    }
}

static void condition(int depth)
{
    static const char *const LEAVES[] = { "works", "citizen = 'BG'", "educ = '2'", "selected(chosen, 'b')", "answered(age)", "refused(income)", "born < '2000-01-01'", "in(level, 1, 10)" };
    static const char *const RELATIONS[] = { " = ", " != ", " < ", " <= ", " > ", " >= " };
    switch (depth <= 0 ? 0 : next(6)) {
    case 0: case 1: say(LEAVES[next(8)]); break;
    case 2: say("("); number(depth - 1); say(RELATIONS[next(6)]); number(depth - 1); say(")"); break;
    case 3: say("("); condition(depth - 1); say(next(2) ? " and " : " or "); condition(depth - 1); say(")"); break;
    case 4: say("not("); condition(depth - 1); say(")"); break;
    default: say("in("); number(depth - 1); say(", "); number(depth - 1); say(", 3)"); break;
    }
}

Test(columns, random_expressions)
{
    setup();
    fill(9);
    for (int i = 0; i < 1500; i++) {
        used = 0;
        text[0] = '\0';
        if (i % 2)
            condition(5);
        else
            number(5);
        if (used + 1 < sizeof text)
            cr_expect_eq(compare(text, next(ROWS - 40), 37), SVY_OK, "%s", text);
    }
}
