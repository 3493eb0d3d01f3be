/* The typed rows of an interview made from the engine's state, without the file: values to be bound, and the bytes that their digest is of. */
#include "store/store_priv.h"

#include <stdio.h>
#include <string.h>

#include "base/date.h"
#include "base/number.h"

/* What a walk over the entries of a roster needs. */
typedef struct making {
    svyi_made *m;
    const svyi_version *v;
    const svy_interview *iv;
    const svyi_row *row;
    const svyi_level *level;
    uint32_t number;                     /* of the level */
    int64_t rows;                        /* of this level so far */
    uint32_t chain[64]; size_t depth;
    svy_error *err;
} making;

/* ---- values ---- */

static void put_u64(uint8_t *at, uint64_t number)
{
    for (size_t i = 0; i < 8; i++)
        at[i] = (uint8_t)(number >> (8 * i));
}

/* A number as the digest sees it: its length, and it. */
static void put_number(uint8_t at[16], int64_t number)
{
    put_u64(at, 8);
    put_u64(at + 8, (uint64_t)number);
}

static void stream_numbers(svyi_made *m, int64_t first, int64_t second)
{
    uint8_t bytes[32];

    put_number(bytes, first);
    put_number(bytes + 16, second);
    svyi_buffer_add(&m->stream, bytes, sizeof bytes);
}

static void stream_null(svyi_made *m)
{
    uint8_t bytes[16];

    put_number(bytes, SQLITE_NULL);
    svyi_buffer_add(&m->stream, bytes, sizeof bytes);
}

static void stream_bytes(svyi_made *m, const void *text, size_t len)
{
    svyi_buffer_u64(&m->stream, len);
    svyi_buffer_add(&m->stream, text != NULL ? text : "", len);
}

static void stream_value(svyi_made *m, int64_t type, const void *text, size_t len)
{
    uint8_t bytes[24];

    put_number(bytes, type);
    put_u64(bytes + 16, len);
    svyi_buffer_add(&m->stream, bytes, sizeof bytes);
    svyi_buffer_add(&m->stream, text != NULL ? text : "", len);
}

/* One value more, in the row and in what the digest is of: as svyi_rows_digest() finds it in the file. */
static void add(svyi_made *m, svyi_arg arg)
{
    char number[32];

    if (svyi_grow(&m->alloc, &m->args, &m->args_capacity, m->n_args + 1, sizeof arg) != 0) {
        m->failed = 1;
        return;
    }
    switch (arg.kind) {
    case SVYI_ARG_NULL:
        stream_null(m);
        break;
    case SVYI_ARG_INT:
        stream_numbers(m, SQLITE_INTEGER, arg.number);
        break;
    case SVYI_ARG_REAL:
        stream_value(m, SQLITE_FLOAT, number, svyi_number_format(arg.real, number));
        break;
    case SVYI_ARG_TEXT:
    case SVYI_ARG_BLOB:
        stream_value(m, SQLITE_TEXT, arg.bytes, arg.len);
        arg.number = (int64_t)m->text.len;           /* where it will be, when the buffer stands still */
        svyi_buffer_add(&m->text, arg.bytes != NULL ? arg.bytes : "", arg.len);
        break;
    }
    m->args[m->n_args++] = arg;
}

/* A moment as local time with its zone: 2026-03-31T10:15:00+03:00. */
static void moment_text(svy_moment m, char *out, size_t size)
{
    char local[32];
    int zone = m.zone_minutes < 0 ? -m.zone_minutes : m.zone_minutes;
    int64_t ms = m.utc_ms + (int64_t)m.zone_minutes * 60000;

    svyi_datetime_format((double)(ms >= 0 ? ms / 1000 : (ms - 999) / 1000), local);
    snprintf(out, size, "%s%c%02d:%02d", local, m.zone_minutes < 0 ? '-' : '+', zone / 60 % 100, zone % 60);
}

static svyi_arg value_arg(const svy_value *value, svy_type type, char *out, size_t size)
{
    svyi_arg arg = { .kind = SVYI_ARG_NULL };

    if (value->missing != SVY_PRESENT)
        return arg;
    if (svyi_column_type(type)[0] == 'I')
        return svyi_arg_int((int64_t)value->number);
    if (svyi_column_type(type)[0] == 'R') {
        arg.kind = SVYI_ARG_REAL;
        arg.real = value->number + 0.0;              /* the file knows no -0 */
        return arg;
    }
    switch ((svy_kind)value->kind) {
    case SVY_K_TEXT: case SVY_K_CODE: case SVY_K_CODES: case SVY_K_PLACE: return svyi_arg_text_n(value->text, value->len);
    case SVY_K_NONE: case SVY_K_BOOLEAN: case SVY_K_NUMBER: case SVY_K_DATE: case SVY_K_MONTH: case SVY_K_TIME: case SVY_K_DATETIME: case SVY_K_ENTRIES: break;
    }
    return svyi_arg_text_n(out, svy_value_format(value, out, size));
}

/* ---- rows ---- */

/* Begins a row; what is not known yet, the number of the interview, is left open in the stream. */
static svy_status begin_row(making *k, int64_t row)
{
    svyi_made *m = k->m;
    const svyi_made_row one = { .level = k->number, .row = row, .first = m->n_args, .open = m->stream.len + 24 };

    if (svyi_grow(&m->alloc, &m->rows, &m->rows_capacity, m->n_rows + 1, sizeof one) != 0)
        return svyi_nomem(k->err);
    m->rows[m->n_rows++] = one;
    stream_numbers(m, SQLITE_INTEGER, 0);
    return SVY_OK;
}

/* The variables of the level, and the end of the row. */
static svy_status end_row(making *k, uint32_t entry)
{
    svyi_made *m = k->m;
    char text[40];

    for (size_t i = 0; i < k->level->n_vars; i++) {
        const uint32_t item = k->level->vars[i].item;
        const svy_place place = { item, entry };
        const svy_value value = svy_interview_typed(k->iv, place);
        add(m, value_arg(&value, (svy_type)svy_form_item(k->v->form, item)->type, text, sizeof text));
        add(m, value.missing != SVY_PRESENT ? svyi_arg_text(svy_missing_name((svy_missing)value.missing)) : svyi_arg_text(NULL));
    }
    m->rows[m->n_rows - 1].n = m->n_args - m->rows[m->n_rows - 1].first;
    return m->failed || m->text.failed || m->stream.failed ? svyi_nomem(k->err) : SVY_OK;
}

/* What a row begins with, before its keys and answers; returns how many values that are. */
static size_t add_head(making *k)
{
    char started[64], completed[64];
    const svyi_row *r = k->row;
    const size_t n = k->depth == 0 && k->level->first ? 8 : 1;

    moment_text(r->started, started, sizeof started);
    moment_text(r->ended, completed, sizeof completed);
    const char *const texts[8] = { r->uuid, r->case_id[0] != '\0' ? r->case_id : NULL, svy_form_version(k->v->form), r->interviewer, r->language, started, completed, r->outcome };
    for (size_t i = 0; i < n; i++)
        add(k->m, svyi_arg_text(texts[i]));
    return n;
}

static svy_status make_interview(making *k)
{
    const svy_status st = begin_row(k, 0);

    if (st != SVY_OK)
        return st;
    (void)add_head(k);
    return end_row(k, 0);
}

/* The keys of the entry and of those around it, outermost first. */
static void add_keys(making *k, uint32_t entry)
{
    uint32_t around[64];

    for (size_t i = k->depth; i-- > 0; entry = svy_interview_entry_parent(k->iv, entry))
        around[i] = entry;
    for (size_t i = 0; i < k->depth; i++)
        add(k->m, svyi_arg_text(svy_interview_entry_key(k->iv, around[i])));
}

static svy_status make_entry(making *k, uint32_t entry)
{
    svy_status st;

    if (++k->rows >= (int64_t)1 << SVYI_ROW_BITS)
        return svyi_fail(k->err, SVY_E_LIMIT, "a roster has more than %d entries", (1 << SVYI_ROW_BITS) - 1);
    if ((st = begin_row(k, k->rows)) != SVY_OK)
        return st;
    (void)add_head(k);
    add_keys(k, entry);
    return end_row(k, entry);
}

/* The entries of the roster at `level` of the chain inside `entry`. As deep as rosters nest. */
static svy_status walk(making *k, size_t level, uint32_t entry)
{
    svy_status st = SVY_OK;

    for (uint32_t e = 0; st == SVY_OK && (e = svy_interview_next_entry(k->iv, k->chain[level], entry, e)) != 0;)
        st = level + 1 == k->depth ? make_entry(k, e) : walk(k, level + 1, e);
    return st;
}

/* Offsets become addresses. */
static void settle(svyi_made *m)
{
    for (size_t i = 0; i < m->n_args; i++)
        if (m->args[i].kind == SVYI_ARG_TEXT)
            m->args[i].bytes = m->text.data + m->args[i].number;
}

/* For an interview without rosters, at once: room that grows is copied again and again. */
static void make_room(svyi_made *m, const svyi_version *v)
{
    size_t n = 16;

    for (size_t i = 0; i < v->n_levels; i++)
        n += 2 * v->levels[i].n_vars;
    svyi_buffer_room(&m->text, 4 * n);
    svyi_buffer_room(&m->stream, 32 * n);
    m->failed = svyi_grow(&m->alloc, &m->args, &m->args_capacity, n, sizeof *m->args) != 0;
}

/* A row as it was made, under another head. */
static svy_status copy_row(making *k, const svyi_made *from, const svyi_made_row *row)
{
    const svy_status st = begin_row(k, row->row);

    if (st != SVY_OK)
        return st;
    for (size_t i = add_head(k); i < row->n; i++)
        add(k->m, from->args[row->first + i]);
    k->m->rows[k->m->n_rows - 1].n = row->n;
    return SVY_OK;
}

/* The rows of a level: of the interview, or those that were made of it before. */
static svy_status make_level(making *k, const svyi_made *from, size_t *copied)
{
    svy_status st = SVY_OK;

    k->depth = svyi_roster_chain(k->v->form, k->level->roster, k->chain);
    if (!k->level->first && k->level->n_vars == 0)
        return SVY_OK;
    stream_bytes(k->m, k->level->table, strlen(k->level->table));
    if (from == NULL)
        return k->depth == 0 ? make_interview(k) : walk(k, 0, 0);
    for (; st == SVY_OK && *copied < from->n_rows && from->rows[*copied].level == k->number; ++*copied)
        st = copy_row(k, from, &from->rows[*copied]);
    return st;
}

static svy_status make_all(const svy_alloc *alloc, const svyi_version *v, const svy_interview *iv, const svyi_made *from, const svyi_row *row, svyi_made *m, svy_error *err)
{
    size_t copied = 0;
    svy_status st = SVY_OK;

    *m = (svyi_made){ .alloc = svyi_alloc_or_default(alloc), .n_levels = v->n_levels };
    svyi_buffer_init(&m->text, alloc);
    svyi_buffer_init(&m->stream, alloc);
    if ((m->tables = svyi_get(alloc, v->n_levels * sizeof *m->tables)) == NULL)
        return svyi_nomem(err);
    make_room(m, v);
    for (size_t i = 0; i < v->n_levels && st == SVY_OK; i++) {
        making k = { .m = m, .v = v, .iv = iv, .row = row, .level = &v->levels[i], .number = (uint32_t)i, .err = err };
        m->tables[i] = k.level->table;
        st = make_level(&k, from, &copied);
    }
    if (st == SVY_OK && (m->failed || m->text.failed || m->stream.failed))
        st = svyi_nomem(err);
    if (st == SVY_OK)
        settle(m);
    return st;
}

svy_status svyi_rows_make(const svy_alloc *alloc, const svyi_version *v, const svy_interview *iv, const svyi_row *row, svyi_made *m, svy_error *err)
{
    return make_all(alloc, v, iv, NULL, row, m, err);
}

svy_status svyi_rows_again(const svy_alloc *alloc, const svyi_version *v, const svyi_made *from, const svyi_row *row, svyi_made *m, svy_error *err)
{
    return make_all(alloc, v, NULL, from, row, m, err);
}

void svyi_made_digest(svyi_made *m, int64_t number, const uint8_t key[SVYI_KEY], uint8_t digest[SVYI_HASH])
{
    for (size_t i = 0; i < m->n_rows; i++) {
        const svyi_made_row *row = &m->rows[i];
        const uint64_t id = (uint64_t)(row->row == 0 ? number : number << SVYI_ROW_BITS | row->row);
        for (size_t k = 0; k < 8; k++)
            m->stream.data[row->open + k] = (char)(uint8_t)(id >> (8 * k));
    }
    svyi_hash_keyed(key, m->stream.data, m->stream.len, digest);
}

void svyi_made_clear(svyi_made *m)
{
    if (m->tables == NULL)
        return;
    svyi_release(&m->alloc, m->tables, m->n_levels * sizeof *m->tables);
    svyi_release(&m->alloc, m->args, m->args_capacity * sizeof *m->args);
    svyi_release(&m->alloc, m->rows, m->rows_capacity * sizeof *m->rows);
    svyi_buffer_clear(&m->text);
    svyi_buffer_clear(&m->stream);
    m->tables = NULL;
}
