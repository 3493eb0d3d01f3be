/* The typed rows of an interview: writing them from the engine's state, and a keyed digest of what is in the file. */
#include "store/store_priv.h"

#include <stdio.h>
#include <string.h>

#include "base/date.h"
#include "base/number.h"

/* What a walk over the entries of a roster needs. */
typedef struct writing {
    svy_study *s;
    const svyi_version *v;
    const svy_interview *iv;
    const svyi_row *row;
    const svyi_level *level;
    int64_t number;
    int64_t rows;                        /* of this level so far */
    uint32_t chain[64]; size_t depth;
    svy_error *err;
} writing;

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
        arg.real = value->number;
        return arg;
    }
    switch ((svy_kind)value->kind) {
    case SVY_K_TEXT: case SVY_K_CODE: case SVY_K_CODES: case SVY_K_PLACE: return svyi_arg_text_n(value->text, value->len);
    case SVY_K_NONE: case SVY_K_BOOLEAN: case SVY_K_NUMBER: case SVY_K_DATE: case SVY_K_MONTH: case SVY_K_TIME: case SVY_K_DATETIME: case SVY_K_ENTRIES: break;
    }
    return svyi_arg_text_n(out, svy_value_format(value, out, size));
}

/* Binds the variables of a row from column `at` on and inserts it. */
static svy_status insert(writing *w, uint32_t entry, int at)
{
    sqlite3_stmt *stmt = w->level->insert;
    svy_status st = SVY_OK;
    char text[40];

    for (size_t i = 0; i < w->level->n_vars && st == SVY_OK; i++) {
        const uint32_t item = w->level->vars[i].item;
        svy_place place = { item, entry };
        svy_value value = svy_interview_typed(w->iv, place);
        svyi_arg arg = value_arg(&value, (svy_type)svy_form_item(w->v->form, item)->type, text, sizeof text);
        int rc = SQLITE_OK;
        /* Dates and the like are formatted into `text`, which the next variable uses again: SQLite keeps a copy. */
        if (arg.kind == SVYI_ARG_TEXT && arg.bytes == text)
            rc = sqlite3_bind_text64(stmt, at, text, arg.len, SQLITE_TRANSIENT, SQLITE_UTF8);
        else
            st = svyi_db_bind(w->s, stmt, at, arg, w->err);
        if (rc != SQLITE_OK)
            st = svyi_db_fail(w->s, rc, w->err);
        if (st == SVY_OK)
            st = svyi_db_bind(w->s, stmt, at + 1, value.missing != SVY_PRESENT ? svyi_arg_text(svy_missing_name((svy_missing)value.missing)) : svyi_arg_text(NULL), w->err);
        at += 2;
    }
    if (st == SVY_OK) {
        int rc = sqlite3_step(stmt);
        if (rc != SQLITE_DONE)
            st = svyi_db_fail(w->s, rc, w->err);
    }
    sqlite3_reset(stmt);
    sqlite3_clear_bindings(stmt);
    return st;
}

static svy_status insert_interview(writing *w)
{
    char started[64], completed[64];
    sqlite3_stmt *stmt = w->level->insert;
    svy_status st;
    const svyi_row *r = w->row;

    moment_text(r->started, started, sizeof started);
    moment_text(r->ended, completed, sizeof completed);
    const svyi_arg args[] = { svyi_arg_int(w->number), svyi_arg_text(r->uuid), svyi_arg_text(r->case_id[0] != '\0' ? r->case_id : NULL), svyi_arg_text(svy_form_version(w->v->form)),
                              svyi_arg_text(r->interviewer), svyi_arg_text(r->language), svyi_arg_text(started), svyi_arg_text(completed), svyi_arg_text(r->outcome) };
    const int n = w->level->first ? 9 : 2;
    for (int i = 0; i < n; i++)
        if ((st = svyi_db_bind(w->s, stmt, i + 1, args[i], w->err)) != SVY_OK)
            return st;
    return insert(w, 0, n + 1);
}

static svy_status insert_entry(writing *w, uint32_t entry)
{
    sqlite3_stmt *stmt = w->level->insert;
    uint32_t e = entry;
    svy_status st;

    if (++w->rows >= (int64_t)1 << SVYI_ROW_BITS)
        return svyi_fail(w->err, SVY_E_LIMIT, "a roster has more than %d entries", (1 << SVYI_ROW_BITS) - 1);
    if ((st = svyi_db_bind(w->s, stmt, 1, svyi_arg_int(w->number << SVYI_ROW_BITS | w->rows), w->err)) != SVY_OK ||
        (st = svyi_db_bind(w->s, stmt, 2, svyi_arg_text(w->row->uuid), w->err)) != SVY_OK)
        return st;
    for (size_t i = w->depth; i-- > 0; e = svy_interview_entry_parent(w->iv, e)) {
        /* The key may stand in memory that the engine lends for one call only. */
        int rc = sqlite3_bind_text(stmt, (int)i + 3, svy_interview_entry_key(w->iv, e), -1, SQLITE_TRANSIENT);
        if (rc != SQLITE_OK)
            return svyi_db_fail(w->s, rc, w->err);
    }
    return insert(w, entry, (int)w->depth + 3);
}

/* The entries of the roster at `level` of the chain inside `entry`. As deep as rosters nest. */
static svy_status walk(writing *w, size_t level, uint32_t entry)
{
    svy_status st = SVY_OK;

    for (uint32_t e = 0; st == SVY_OK && (e = svy_interview_next_entry(w->iv, w->chain[level], entry, e)) != 0;)
        st = level + 1 == w->depth ? insert_entry(w, e) : walk(w, level + 1, e);
    return st;
}

/* The keys of the rows of an interview in a level. */
static void range(const svyi_level *l, int64_t number, int64_t *from, int64_t *to)
{
    *from = l->roster == 0 ? number : number << SVYI_ROW_BITS;
    *to = l->roster == 0 ? number : *from | (((int64_t)1 << SVYI_ROW_BITS) - 1);
}

static svy_status bind_range(svy_study *s, const svyi_level *l, sqlite3_stmt *stmt, int64_t number, svy_error *err)
{
    int64_t from, to;

    range(l, number, &from, &to);
    svy_status st = svyi_db_bind(s, stmt, 1, svyi_arg_int(from), err);
    return st == SVY_OK ? svyi_db_bind(s, stmt, 2, svyi_arg_int(to), err) : st;
}

svy_status svyi_rows_erase(svy_study *s, svyi_version *v, int64_t number, svy_error *err)
{
    svy_status st = svyi_typed_levels(s, v, err);

    for (size_t i = 0; i < v->n_levels && st == SVY_OK; i++) {
        if ((st = bind_range(s, &v->levels[i], v->levels[i].drop, number, err)) == SVY_OK && svyi_db_step(s, v->levels[i].drop, err) < 0)
            st = svyi_db_failed(err);
    }
    return st;
}

svy_status svyi_rows_write(svy_study *s, svyi_version *v, const svy_interview *iv, const svyi_row *row, int64_t number, svy_error *err)
{
    svy_status st = svyi_typed_levels(s, v, err);

    for (size_t i = 0; i < v->n_levels && st == SVY_OK; i++) {
        writing w = { .s = s, .v = v, .iv = iv, .row = row, .level = &v->levels[i], .number = number, .err = err };
        w.depth = svyi_roster_chain(v->form, w.level->roster, w.chain);
        if (!w.level->first && w.level->n_vars == 0)
            continue;
        st = w.depth == 0 ? insert_interview(&w) : walk(&w, 0, 0);
    }
    return st;
}

static void hash_column(svyi_hasher *h, sqlite3_stmt *stmt, int column)
{
    char number[32];

    svyi_hasher_number(h, sqlite3_column_type(stmt, column));
    switch (sqlite3_column_type(stmt, column)) {
    case SQLITE_NULL: break;
    case SQLITE_INTEGER: svyi_hasher_number(h, sqlite3_column_int64(stmt, column)); break;
    case SQLITE_FLOAT: svyi_hasher_bytes(h, number, svyi_number_format(sqlite3_column_double(stmt, column), number)); break;
    default: {
        const void *bytes = sqlite3_column_blob(stmt, column);
        svyi_hasher_bytes(h, bytes, bytes != NULL ? (size_t)sqlite3_column_bytes(stmt, column) : 0);
        break;
    }
    }
}

svy_status svyi_rows_digest(svy_study *s, svyi_version *v, int64_t number, const uint8_t key[SVYI_KEY], uint8_t digest[SVYI_HASH], size_t *found,
                            svy_error *err)
{
    svyi_hasher h;
    svy_status st = svyi_typed_levels(s, v, err);

    *found = 0;
    memset(digest, 0, SVYI_HASH);
    svyi_hasher_init(&h, key);
    for (size_t i = 0; i < v->n_levels && st == SVY_OK; i++) {
        const svyi_level *l = &v->levels[i];
        int step;
        if (!l->first && l->n_vars == 0)         /* a table that only other versions fill */
            continue;
        if ((st = bind_range(s, l, l->select, number, err)) != SVY_OK)
            break;
        svyi_hasher_text(&h, l->table);
        while ((step = svyi_db_step(s, l->select, err)) == 1) {
            for (int c = 0; c < sqlite3_column_count(l->select); c++)
                hash_column(&h, l->select, c);
            ++*found;
        }
        if (step < 0)
            st = svyi_db_failed(err);
    }
    svyi_hasher_final(&h, digest);
    return st;
}
