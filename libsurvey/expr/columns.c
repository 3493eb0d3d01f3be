/* Runs a program on columns: one instruction on a chunk of rows at a time, what depends on texts once per level. */
#include "expr_priv.h"

#include <string.h>

#include "base/error.h"
#include "base/number.h"

enum { N_REASONS = SVY_NOT_STATED + 1, MAX_ARGUMENTS = 4 };

typedef struct machine {
    svyi_run run;                          /* for operations that are carried out value by value */
    svy_env env;
    const svy_column_source *source;
    svyi_column *columns;                  /* the stack, and one column more to work in */
    svyi_level_table *tables;              /* by position in the code */
    svyi_sum *sums;                        /* a chunk of them for every aggregate that can be open */
    svyi_arena arena;                      /* texts of levels */
    uint32_t epoch;                        /* counts changes of levels */
    size_t first, rows;
} machine;

/* ---- Memory ---- */

static svy_status set_up(machine *m, svy_scratch *scratch, svy_error *err)
{
    const uint32_t n = m->run.program.stack + 1;
    const size_t one = sizeof(svyi_column) + SVYI_CHUNK * (sizeof(double) + sizeof(uint32_t) + 1);

    if (scratch->columns_size < n * one) {
        void *block = svyi_resize(&scratch->alloc, scratch->columns, scratch->columns_size, n * one);
        if (block == NULL)
            return svyi_nomem(err);
        scratch->columns = block;
        scratch->columns_size = n * one;
    }
    m->columns = scratch->columns;
    double *numbers = (double *)(void *)(m->columns + n);
    uint32_t *codes = (uint32_t *)(void *)(numbers + (size_t)n * SVYI_CHUNK);
    uint8_t *missing = (uint8_t *)(codes + (size_t)n * SVYI_CHUNK);
    for (uint32_t i = 0; i < n; i++)
        m->columns[i] = (svyi_column){ .numbers = numbers + (size_t)i * SVYI_CHUNK, .codes = codes + (size_t)i * SVYI_CHUNK,
                                       .missing = missing + (size_t)i * SVYI_CHUNK };
    m->tables = svyi_arena_get(&m->arena, m->run.program.n_code * sizeof *m->tables);
    m->sums = svyi_arena_get(&m->arena, (size_t)m->run.program.sums * SVYI_CHUNK * sizeof *m->sums + 1);
    return m->tables != NULL && m->sums != NULL ? SVY_OK : svyi_nomem(err);
}

/* Makes a table ready for `n` levels of `key`; what it knew of other levels is forgotten. */
static int table_for(machine *m, svyi_level_table *t, const void *key, uint32_t n, uint32_t epoch)
{
    if (t->key == key && t->n == n && t->epoch == epoch && t->known != NULL)
        return 1;
    const size_t need = (size_t)n + N_REASONS;
    if (t->capacity < need) {
        t->values = svyi_arena_get(&m->arena, need * sizeof *t->values);
        t->known = svyi_arena_get(&m->arena, need);
        t->capacity = t->values != NULL && t->known != NULL ? need : 0;
        if (t->capacity == 0)
            return 0;
    }
    memset(t->known, 0, need);
    t->key = key;
    t->n = n;
    t->epoch = epoch;
    return 1;
}

/* ---- Getting columns and constants ---- */

static void set_constant(svyi_column *c, const svy_value *v, size_t rows)
{
    c->form = SVYI_CONSTANT;
    c->kind = v->kind;
    c->constant = *v;
    for (size_t i = 0; i < rows; i++)
        c->numbers[i] = v->number;
    memset(c->missing, v->missing, rows);
}

/* The value that a level says, as the kind the expression takes it for. */
static svy_value read_level(unsigned kind, const char *text)
{
    static const uint8_t TYPES[] = {
        [SVY_K_BOOLEAN] = SVY_T_BOOLEAN, [SVY_K_NUMBER] = SVY_T_DECIMAL, [SVY_K_TEXT] = SVY_T_TEXT, [SVY_K_CODE] = SVY_T_SINGLE,
        [SVY_K_CODES] = SVY_T_MULTIPLE, [SVY_K_DATE] = SVY_T_DATE, [SVY_K_MONTH] = SVY_T_MONTH, [SVY_K_TIME] = SVY_T_TIME,
        [SVY_K_DATETIME] = SVY_T_DATETIME, [SVY_K_PLACE] = SVY_T_GEOPOINT,
    };
    svy_value v;
    const size_t len = strlen(text);
    if (svy_value_parse((svy_type)TYPES[kind], text, len, &v, NULL) == SVY_OK)
        return v;
    if (!svyi_kind_has_text(kind))
        return svy_value_missing((svy_kind)kind, SVY_NOT_STATED);
    svyi_set_text(&v, (svy_kind)kind, text, len);      /* a text is itself even if it is no code */
    return v;
}

static void load_numbers(svyi_column *c, const svy_vector *v, size_t rows)
{
    double *restrict numbers = c->numbers;
    uint8_t *restrict missing = c->missing;
    const double *restrict given = v->numbers;

    c->form = SVYI_NUMBERS;
    if (v->missing != NULL)
        memcpy(missing, v->missing, rows);
    else
        memset(missing, 0, rows);
    if (given == NULL)
        memset(missing, SVY_NOT_STATED, rows);
    for (size_t i = 0; i < rows; i++) {
        const double x = given != NULL ? given[i] : 0;
        const int good = x - x == 0;
        missing[i] = missing[i] > SVY_NOT_STATED || (missing[i] == 0 && !good) ? SVY_NOT_STATED : missing[i];
        numbers[i] = missing[i] != 0 ? 0 : x;
    }
}

/* Rows hold the number of their level; those without an answer a number after the last, by reason. */
static void load_codes(svyi_column *c, const svy_vector *v, size_t rows)
{
    for (size_t i = 0; i < rows; i++) {
        uint8_t why = v->missing != NULL ? v->missing[i] : 0;
        if (why > SVY_NOT_STATED || (why == 0 && v->codes[i] >= v->n_levels))
            why = SVY_NOT_STATED;
        c->codes[i] = why != 0 ? v->n_levels + why : v->codes[i];
        c->missing[i] = why;
    }
}

/* Takes a table's values for the rows, as numbers or, when they are texts, as levels. */
static void take_from(svyi_column *c, svyi_level_table *t, unsigned kind, size_t rows)
{
    c->kind = (uint8_t)kind;
    if (svyi_kind_has_text(kind)) {
        c->form = SVYI_LEVELS;
        c->levels = t;
        for (size_t i = 0; i < rows; i++)
            c->missing[i] = t->values[c->codes[i]].missing;
        return;
    }
    c->form = SVYI_NUMBERS;
    for (size_t i = 0; i < rows; i++) {
        const svy_value *v = &t->values[c->codes[i]];
        c->numbers[i] = v->number;
        c->missing[i] = v->missing;
    }
}

static int load(machine *m, svyi_column *c, uint32_t at, uint32_t symbol)
{
    svy_vector v = { 0 };
    svyi_level_table *t = &m->tables[at];
    const uint32_t kind = svyi_word(m->run.program.code, at + 1);

    m->source->load(m->source->user, symbol, m->first, m->rows, &v);
    c->kind = (uint8_t)kind;
    if (v.codes == NULL) {
        load_numbers(c, &v, m->rows);
        return 1;
    }
    load_codes(c, &v, m->rows);
    m->epoch += t->key != (const void *)v.levels || t->n != v.n_levels;
    if (!table_for(m, t, (const void *)v.levels, v.n_levels, 0))
        return 0;
    for (size_t i = 0; i < m->rows; i++) {
        const size_t index = c->codes[i];
        if (!t->known[index])
            t->values[index] = c->missing[i] != 0 ? svy_value_missing((svy_kind)kind, (svy_missing)c->missing[i])
                                                  : read_level(kind, v.levels[index]);
        t->known[index] = 1;
    }
    c->origin = symbol;
    take_from(c, t, kind, m->rows);
    return 1;
}

/* ---- Operations value by value ---- */

/* The value of a row; `text` receives the text of a code that is stored as a number. */
static svy_value value_at(const svyi_column *c, size_t row, char *text)
{
    if (c->form == SVYI_CONSTANT)
        return c->constant;
    if (c->form == SVYI_LEVELS)
        return c->levels->values[c->codes[row]];
    if (c->missing[row] != 0)
        return svy_value_missing((svy_kind)c->kind, (svy_missing)c->missing[row]);
    svy_value v = { .kind = c->kind, .number = c->numbers[row], .text = "" };
    if (svyi_kind_has_text(c->kind)) {
        v.len = (uint32_t)svyi_number_format(v.number, text);
        v.text = text;
    }
    return v;
}

/* A text in the result may be gone already when a number's own text was an argument; rows make no texts, so nobody reads it. */
static svy_value apply_to_row(machine *m, void (*run)(svyi_run *, uint32_t, svy_value *), uint32_t operand, const svyi_column *in, uint32_t n, size_t row)
{
    svy_value v[MAX_ARGUMENTS] = { { 0 } };
    char texts[MAX_ARGUMENTS][40];
    for (uint32_t i = 0; i < n; i++)
        v[i] = value_at(&in[i], row, texts[i]);
    m->run.entry = (uint32_t)(m->first + row + 1);
    m->run.steps = 0;
    svyi_made_reset(m->run.scratch);
    run(&m->run, operand, v);
    return v[0];
}

/* Columns are all constants (1), constants and levels of one symbol (2), or need every row (0). */
static int sameness(const svyi_column *in, uint32_t n)
{
    const svyi_column *levels = NULL;
    for (uint32_t i = 0; i < n; i++) {
        if (in[i].form == SVYI_NUMBERS || (in[i].form == SVYI_LEVELS && levels != NULL && levels->origin != in[i].origin))
            return 0;
        if (in[i].form == SVYI_LEVELS)
            levels = &in[i];
    }
    return levels == NULL ? 1 : 2;
}

static const svyi_column *levels_of(const svyi_column *in)
{
    while (in->form != SVYI_LEVELS)
        in++;
    return in;
}

static int keep_text(machine *m, svy_value *v)
{
    if (!svyi_kind_has_text(v->kind) || v->len == 0)
        return 1;
    v->text = svyi_arena_text(&m->arena, v->text, v->len);
    return v->text != NULL;
}

static svy_status by_level(machine *m, void (*run)(svyi_run *, uint32_t, svy_value *), uint32_t at, uint32_t operand, svyi_column *in, uint32_t n)
{
    svyi_level_table *t = &m->tables[at];
    const svyi_column *from = levels_of(in);
    unsigned kind = SVY_K_NONE;

    if (!table_for(m, t, from->levels, from->levels->n, m->epoch))
        return SVY_E_NOMEM;
    for (size_t i = 0; i < m->rows; i++) {
        const size_t index = from->codes[i];
        if (!t->known[index]) {
            t->values[index] = apply_to_row(m, run, operand, in, n, i);
            if (m->run.status != SVY_OK || !keep_text(m, &t->values[index]))
                return m->run.status != SVY_OK ? m->run.status : SVY_E_NOMEM;
            t->known[index] = 1;
        }
        kind = t->values[index].kind;
    }
    if (from != in)                                    /* the result stands where the first argument was */
        memcpy(in->codes, from->codes, m->rows * sizeof *in->codes);
    in->origin = from->origin;
    take_from(in, t, kind, m->rows);
    return SVY_OK;
}

static svy_status by_row(machine *m, void (*run)(svyi_run *, uint32_t, svy_value *), uint32_t operand, svyi_column *in, uint32_t n)
{
    unsigned kind = SVY_K_NONE;
    for (size_t i = 0; i < m->rows; i++) {
        const svy_value v = apply_to_row(m, run, operand, in, n, i);
        if (m->run.status != SVY_OK)
            return m->run.status;
        if (svyi_kind_has_text(v.kind))
            return SVY_E_TYPE;
        in->numbers[i] = v.number;                     /* nothing reads this row of `in` again */
        in->missing[i] = v.missing;
        kind = v.kind;
    }
    in->form = SVYI_NUMBERS;
    in->kind = (uint8_t)kind;
    return SVY_OK;
}

/* A code kept as a number equals a text when the number is written so. */
static int code_against_text(const machine *m, uint32_t operand, svyi_column *in)
{
    char text[40];
    double x;
    svyi_column *numbers = in[0].form == SVYI_NUMBERS ? &in[0] : &in[1], *other = numbers == &in[0] ? &in[1] : &in[0];
    const svy_value *v = &other->constant;

    if (operand >> 4 != SVYI_AS_TEXT || (operand & 15) > 1 || numbers->form != SVYI_NUMBERS || other->form != SVYI_CONSTANT)
        return 0;
    const int written_so = v->missing == SVY_PRESENT && svyi_number_parse(v->text, v->len, &x) && x - x == 0 &&
                           svyi_number_format(x, text) == v->len && memcmp(text, v->text, v->len) == 0;
    const int equal = (operand & 15) == 0;
    for (size_t i = 0; i < m->rows; i++) {
        const int known = numbers->missing[i] == 0 && v->missing == SVY_PRESENT;
        in->numbers[i] = known && (written_so && numbers->numbers[i] == x) == equal;
    }
    memset(in->missing, 0, m->rows);
    in->form = SVYI_NUMBERS;
    in->kind = SVY_K_BOOLEAN;
    return 1;
}

static svy_status apply(machine *m, uint32_t at, svyi_op op, uint32_t operand, svyi_column *in, uint32_t n)
{
    const svyi_op_info *info = svyi_op_get(op);
    if (svyi_column_loop(op, operand, in, m->rows) || (op == SVYI_OP_COMPARE && code_against_text(m, operand, in)))
        return SVY_OK;
    if (op == SVYI_OP_CONVERT && in->form == SVYI_NUMBERS && (operand == SVYI_CV_NUMBER || operand == SVYI_CV_PARSE)) {
        in->kind = SVY_K_NUMBER;
        return SVY_OK;
    }
    m->run.pc = at + 1 + info->words;
    if (n > MAX_ARGUMENTS)
        return SVY_E_TYPE;
    if (op == SVYI_OP_RANDOM)
        return by_row(m, info->run, operand, in, n);
    const int same = sameness(in, n);
    if (same == 0)
        return by_row(m, info->run, operand, in, n);
    if (same == 2)
        return by_level(m, info->run, at, operand, in, n);
    svy_value v = apply_to_row(m, info->run, operand, in, n, 0);
    if (m->run.status != SVY_OK || !keep_text(m, &v))
        return m->run.status != SVY_OK ? m->run.status : SVY_E_NOMEM;
    set_constant(in, &v, m->rows);
    return SVY_OK;
}

/* The value looked for, found so far, one candidate: the comparison is made in the column to spare. */
static svy_status in_list(machine *m, uint32_t at, uint32_t operand, svyi_column *in)
{
    svyi_column pair[2] = { m->columns[m->run.program.stack], in[2] };
    double *numbers = pair[0].numbers;
    uint32_t *codes = pair[0].codes;
    uint8_t *missing = pair[0].missing;

    memcpy(numbers, in[0].numbers, m->rows * sizeof *numbers);
    memcpy(codes, in[0].codes, m->rows * sizeof *codes);
    memcpy(missing, in[0].missing, m->rows);
    pair[0] = in[0];
    pair[0].numbers = numbers;
    pair[0].codes = codes;
    pair[0].missing = missing;
    svy_status st = apply(m, at, SVYI_OP_COMPARE, operand, pair, 2);
    if (st == SVY_OK) {
        svyi_column_or(&in[1], &pair[0], m->rows);
        in[1].form = SVYI_NUMBERS;
    }
    return st;
}

/* ---- Aggregates over arguments ---- */

static svy_status aggregate(machine *m, svyi_op op, uint32_t which, uint32_t *open, svyi_column *in)
{
    char text[40];
    if (which == SVYI_JOIN || which == SVYI_CONCAT || which == SVYI_NTH)
        return SVY_E_TYPE;
    if (op == SVYI_OP_SUM_NEW)
        (*open)++;
    svyi_sum *sums = m->sums + (size_t)(*open - 1) * SVYI_CHUNK;
    unsigned kind = SVY_K_NUMBER;
    for (size_t i = 0; i < m->rows; i++) {
        svy_value v = op != SVYI_OP_SUM_END ? value_at(in, i, text) : svy_value_missing(SVY_K_NUMBER, SVY_NOT_ASKED);
        if (op == SVYI_OP_SUM_NEW) {
            svyi_sum_start(&sums[i], which, &v);
        } else if (op == SVYI_OP_SUM_ADD) {
            svyi_sum_add(&m->run, &sums[i], which, &v);
        } else {
            svyi_sum_finish(&m->run, &sums[i], which, &v);
            in->numbers[i] = v.number;
            in->missing[i] = v.missing;
            if (v.missing == SVY_PRESENT)
                kind = v.kind;
        }
    }
    if (op == SVYI_OP_SUM_END) {
        (*open)--;
        in->form = SVYI_NUMBERS;
        in->kind = (uint8_t)kind;
    }
    return SVY_OK;
}

/* ---- The program ---- */

static svy_status step(machine *m, uint32_t at, uint32_t *top, uint32_t *open)
{
    const uint32_t w = svyi_word(m->run.program.code, at), operand = w >> 8;
    const svyi_op op = (svyi_op)(w & 0xff);
    const svyi_op_info *info = svyi_op_get(op);
    const uint32_t pops = op == SVYI_OP_CALL ? operand >> 12 : info->pops;
    svyi_column *in = &m->columns[*top - pops];
    svy_status st = SVY_OK;

    if (op == SVYI_OP_CONST) {
        svy_value v = svyi_program_const(&m->run.program, operand);
        set_constant(in, &v, m->rows);
    } else if (op == SVYI_OP_LOAD) {
        st = load(m, in, at, operand) ? SVY_OK : SVY_E_NOMEM;
    } else if (op == SVYI_OP_IN) {
        st = in_list(m, at, operand, in);
    } else if (op == SVYI_OP_IN_END) {
        memcpy(in[0].numbers, in[1].numbers, m->rows * sizeof *in->numbers);
        memcpy(in[0].missing, in[1].missing, m->rows);
        in[0].form = SVYI_NUMBERS;
        in[0].kind = SVY_K_BOOLEAN;
    } else if (op == SVYI_OP_SUM_NEW || op == SVYI_OP_SUM_ADD || op == SVYI_OP_SUM_END) {
        st = aggregate(m, op, operand, open, in);
    } else if (info->control) {
        st = SVY_E_TYPE;
    } else {
        st = apply(m, at, op, operand, in, pops);
    }
    *top += info->pushes - pops;
    return st;
}

static svy_status run_chunk(machine *m, double *values, uint8_t *missing)
{
    uint32_t top = 0, open = 0;
    for (uint32_t at = 0; (svyi_word(m->run.program.code, at) & 0xff) != SVYI_OP_END;) {
        const svyi_op_info *info = svyi_op_get(svyi_word(m->run.program.code, at) & 0xff);
        svy_status st = step(m, at, &top, &open);
        if (st != SVY_OK)
            return st;
        at += 1u + info->words;
    }
    if (m->columns[0].form == SVYI_LEVELS)
        return SVY_E_TYPE;
    memcpy(values, m->columns[0].numbers, m->rows * sizeof *values);
    memcpy(missing, m->columns[0].missing, m->rows);
    return SVY_OK;
}

static svy_status explain(svy_status st, svy_error *err)
{
    if (st == SVY_E_NOMEM)
        return svyi_nomem(err);
    if (st == SVY_E_LIMIT)
        return svyi_fail(err, SVY_E_TYPE, "a text in the expression is too long for columns");
    return svyi_fail(err, SVY_E_TYPE, "the expression makes a text for every row, or asks for rosters, labels or lists, which data columns do not have");
}

svy_status svy_code_run_columns(svy_code code, const svy_column_source *source, size_t first, size_t count,
                                double *values, uint8_t *missing, svy_scratch *scratch, svy_error *err)
{
    machine m = { .source = source };
    svy_status st;

    SVY_REQUIRE(code.bytes != NULL && source != NULL && scratch != NULL, err);
    SVY_REQUIRE(count == 0 || (values != NULL && missing != NULL), err);
    if (count > 0) {
        memset(values, 0, count * sizeof *values);
        memset(missing, SVY_NOT_STATED, count);
    }
    svyi_program_open(code, &m.run.program);
    if (m.run.program.kind == SVY_K_NONE || svyi_kind_has_text(m.run.program.kind) || m.run.program.kind == SVY_K_ENTRIES)
        return svyi_fail(err, SVY_E_TYPE, "the expression does not give a number or true and false");
    svyi_arena_init(&m.arena, &scratch->alloc);
    m.env = (svy_env){ .now = source->now, .seed = source->seed };
    m.run.env = &m.env;
    m.run.scratch = scratch;
    st = set_up(&m, scratch, err);
    for (size_t done = 0; st == SVY_OK && done < count; done += m.rows) {
        m.first = first + done;
        m.rows = count - done < SVYI_CHUNK ? count - done : SVYI_CHUNK;
        st = run_chunk(&m, values + done, missing + done);
        if (st != SVY_OK)
            st = explain(st, err);
    }
    svyi_arena_clear(&m.arena);
    return st;
}
