/* Any text as an expression: what compiles is verified, runs, and gives the same twice. Any bytes as a program: what is verified runs. */
#include <stdlib.h>
#include <string.h>

#include <survey/expr.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { N_SYMBOLS = 12, MEMBER = 8, JOB = 10, N_LISTS = 2 };

/* A questionnaire with a name of every kind. */
static const struct { const char *name; svy_symbol symbol; } SYMBOLS[] = {
    { "n", { .id = 1, .kind = SVY_K_NUMBER, .optional = 1 } },
    { "t", { .id = 2, .kind = SVY_K_TEXT, .optional = 1 } },
    { "c", { .id = 3, .kind = SVY_K_CODE, .list = 1, .numeric = 1 } },
    { "m", { .id = 4, .kind = SVY_K_CODES, .list = 2, .optional = 1 } },
    { "d", { .id = 5, .kind = SVY_K_DATE } },
    { "y", { .id = 6, .kind = SVY_K_MONTH } },
    { "b", { .id = 7, .kind = SVY_K_BOOLEAN, .optional = 1 } },
    { "r", { .id = MEMBER, .kind = SVY_K_ENTRIES } },
    { "x", { .id = 9, .kind = SVY_K_NUMBER, .roster = MEMBER, .optional = 1 } },
    { "j", { .id = JOB, .kind = SVY_K_ENTRIES, .roster = MEMBER } },
    { "p", { .id = 11, .kind = SVY_K_TEXT, .roster = JOB } },
};

static int find(void *user, const char *name, size_t len, svy_symbol *symbol)
{
    (void)user;
    for (size_t i = 0; i < sizeof SYMBOLS / sizeof SYMBOLS[0]; i++)
        if (len == 1 && SYMBOLS[i].name[0] == name[0]) {
            *symbol = SYMBOLS[i].symbol;
            return 1;
        }
    return 0;
}

static uint32_t roster_parent(void *user, uint32_t roster)
{
    (void)user;
    return roster == JOB ? MEMBER : 0;
}

static int has_code(void *user, uint32_t list, const char *code, size_t len)
{
    (void)user;
    return len == 1 && (list == 1 ? code[0] >= '1' && code[0] <= '3' : code[0] >= 'a' && code[0] <= 'c');
}

static int find_list(void *user, const char *name, size_t len, uint32_t *list)
{
    (void)user;
    (void)name;
    *list = (uint32_t)len;
    return len == 1 || len == 2;
}

/* Entries 1, 2, 3 of the roster; 4, 5 inside 1 and 6 inside 3. */
static uint32_t parent_of(uint32_t entry)
{
    return entry == 4 || entry == 5 ? 1 : entry == 6 ? 3 : 0;
}

static uint32_t next_entry(void *user, uint32_t roster, uint32_t entry, uint32_t after)
{
    (void)user;
    for (uint32_t e = after + 1; e <= 6; e++)
        if ((roster == MEMBER && e <= 3 && (entry == 0 || entry == e)) ||
            (roster == JOB && e > 3 && (entry == 0 || entry == e || entry == parent_of(e))))
            return e;
    return 0;
}

static uint32_t enclosing(void *user, uint32_t roster, uint32_t entry)
{
    (void)user;
    if (roster == JOB)
        return entry > 3 && entry <= 6 ? entry : 0;
    return roster != MEMBER ? 0 : entry > 3 ? parent_of(entry) : entry;
}

static uint32_t position(void *user, uint32_t entry)
{
    (void)user;
    return entry;
}

static void get(void *user, uint32_t symbol, uint32_t entry, svy_value *value)
{
    (void)user;
    if (symbol >= N_SYMBOLS || entry > 6)
        abort();
    *value = svy_value_missing(SVY_K_NONE, (svy_missing)(1 + (symbol + entry) % 5));
    if ((symbol + entry) % 4 == 0)
        return;
    *value = (svy_value){ .kind = SVY_K_TEXT, .number = symbol * 3.5 - entry, .text = symbol == 4 ? "a c" : "1", .len = symbol == 4 ? 3 : 1 };
}

static int label(void *user, uint32_t list, const char *code, size_t len, svy_value *text)
{
    (void)user;
    if (list < 1 || list > N_LISTS || len == 0 || code[0] == 'z')
        return 0;
    *text = (svy_value){ .kind = SVY_K_TEXT, .text = "label", .len = 5 };
    return 1;
}

static int lookup(void *user, uint32_t list, const char *code, size_t len, const char *property, size_t property_len, svy_value *text)
{
    (void)property;
    (void)property_len;
    return label(user, list, code, len, text);
}

static const svy_value CHOICE = { .kind = SVY_K_CODE, .text = "2", .len = 1, .number = 2 };

static void load(void *user, uint32_t symbol, size_t first, size_t count, svy_vector *out)
{
    static const double numbers[40] = { 1, 2, 3, -1, 0.5, 1e300, -0.0, 40 };
    static const uint32_t codes[40] = { 0, 1, 2, 2, 1, 7 };
    static const uint8_t missing[40] = { 0, 0, 0, 0, 0, 0, 3, 0, 4 };
    static const char *const levels[] = { "1", "a b", "2026-01-01" };
    (void)user;
    if (first + count > 40 || symbol >= N_SYMBOLS)
        abort();
    if (symbol % 2)
        *out = (svy_vector){ .numbers = numbers + first, .missing = missing + first };
    else
        *out = (svy_vector){ .codes = codes + first, .levels = levels, .n_levels = 3, .missing = symbol == 4 ? NULL : missing + first };
}

static int same(const svy_value *a, const svy_value *b)
{
    return a->kind == b->kind && a->missing == b->missing && a->len == b->len && memcmp(&a->number, &b->number, sizeof a->number) == 0;
}

/* Runs a verified program twice, and on columns. */
static void run(svy_code code)
{
    static const svy_env env = { .get = get, .next_entry = next_entry, .enclosing = enclosing, .position = position, .label = label, .lookup = lookup,
                                 .now = 1.8e9, .seed = 5, .choice_code = &CHOICE, .choice_parent = &CHOICE };
    static const svy_column_source source = { .load = load, .now = 1.8e9, .seed = 5 };
    svy_error err = SVY_ERROR_INIT;
    svy_scratch *s = NULL;
    svy_value once, twice;
    double values[40];
    uint8_t missing[40];

    if (svy_scratch_new(NULL, &s, &err) != SVY_OK)
        abort();
    svy_status st = svy_code_run(code, &env, 4, s, &once, &err);
    if (st != SVY_OK && st != SVY_E_LIMIT)
        abort();
    if (svy_code_run(code, &env, 4, s, &twice, &err) != st || !same(&once, &twice))
        abort();
    if (st == SVY_OK && once.missing == SVY_PRESENT && !(once.number - once.number == 0))
        abort();
    st = svy_code_run_columns(code, &source, 0, 40, values, missing, s, &err);
    if (st != SVY_OK && st != SVY_E_TYPE)
        abort();
    for (int i = 0; i < 40 && st == SVY_OK; i++)
        if (missing[i] > SVY_NOT_STATED || (missing[i] != 0 && values[i] != 0))
            abort();
    svy_scratch_free(s);
}

static void as_text(const uint8_t *data, size_t size, int inside)
{
    const svy_scope scope = { NULL, find, roster_parent, has_code, find_list };
    const svy_expr_place place = { .source = "fuzz", .line = 1, .column = 1, .element = "", .roster = inside ? JOB : 0, .self = &SYMBOLS[0].symbol,
                                   .choices = 1, .bare_names = !inside };
    svy_error err = SVY_ERROR_INIT;
    svy_diags diags = { 0 };
    svy_expr *e = NULL;
    svy_status st = svy_expr_compile(NULL, (const char *)data, size, &scope, &place, &diags, &e, &err);

    if ((st == SVY_OK) != (e != NULL) || (st == SVY_OK) != (diags.problems == 0))
        abort();
    if (st != SVY_OK && (err.code != st || err.message[0] == '\0' || err.line < 1 || err.column < 1))
        abort();
    if (st == SVY_OK) {
        if (svy_code_verify(svy_expr_code(e), N_SYMBOLS, N_LISTS, &err) != SVY_OK)
            abort();
        run(svy_expr_code(e));
    }
    svy_expr_free(e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    svy_error err = SVY_ERROR_INIT;
    const svy_code code = { data, size };

    if (size > 0 && size <= 4096) {
        as_text(data + 1, size - 1, data[0] & 1);
    }
    if (svy_code_verify(code, N_SYMBOLS, N_LISTS, &err) == SVY_OK)
        run(code);
    return 0;
}
