/* The typed rows of an interview in the file: writing those that were made, erasing them, and a keyed digest of what is there. */
#include "store/store_priv.h"

#include <string.h>

#include "base/number.h"

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

svy_status svyi_rows_rename(svy_study *s, svyi_version *v, int64_t number, const char *uuid, svy_error *err)
{
    svy_status st = svyi_typed_levels(s, v, err);
    svyi_buffer sql;

    svyi_buffer_init(&sql, &s->alloc);
    for (size_t i = 0; i < v->n_levels && st == SVY_OK; i++) {
        int64_t from, to;
        range(&v->levels[i], number, &from, &to);
        sql.len = 0;
        svyi_buffer_text(&sql, "UPDATE ");
        svyi_db_quote(&sql, v->levels[i].table);
        svyi_buffer_format(&sql, " SET interview = ?1 WHERE %s BETWEEN ?2 AND ?3", v->levels[i].roster == 0 ? "number" : "id");
        st = sql.failed ? svyi_nomem(err) : svyi_db_once(s, sql.data, SVYI_ARGS(svyi_arg_text(uuid), svyi_arg_int(from), svyi_arg_int(to)), err);
    }
    svyi_buffer_clear(&sql);
    return st;
}

/* The level of the study that a made level goes to: the same number, unless a deployment came between. */
static svyi_level *level_of(svyi_version *v, const svyi_made *m, uint32_t number)
{
    const char *table = m->tables[number];

    if (number < v->n_levels && strcmp(v->levels[number].table, table) == 0)
        return &v->levels[number];
    for (size_t i = 0; i < v->n_levels; i++)
        if (strcmp(v->levels[i].table, table) == 0)
            return &v->levels[i];
    return NULL;
}

static svy_status put_row(svy_study *s, sqlite3_stmt *stmt, const svyi_made *m, const svyi_made_row *row, int64_t number, svy_error *err)
{
    svy_status st = svyi_db_bind(s, stmt, 1, svyi_arg_int(row->row == 0 ? number : number << SVYI_ROW_BITS | row->row), err);

    for (size_t i = 0; i < row->n && st == SVY_OK; i++)
        if (m->args[row->first + i].kind != SVYI_ARG_NULL)         /* which every parameter is before */
            st = svyi_db_bind(s, stmt, (int)i + 2, m->args[row->first + i], err);
    if (st == SVY_OK) {
        const int rc = sqlite3_step(stmt);
        if (rc != SQLITE_DONE)
            st = svyi_db_fail(s, rc, err);
    }
    sqlite3_reset(stmt);
    sqlite3_clear_bindings(stmt);          /* what was bound is the made rows' memory, which goes */
    return st;
}

svy_status svyi_rows_put(svy_study *s, svyi_version *v, const svyi_made *m, int64_t number, svy_error *err)
{
    svy_status st = svyi_typed_levels(s, v, err);

    for (size_t i = 0; i < m->n_rows && st == SVY_OK; i++) {
        svyi_level *level = level_of(v, m, m->rows[i].level);
        if (level == NULL)
            return svyi_fail(err, SVY_E_FORMAT, "'%.200s' is damaged: a table of answers is missing; restore it from a backup", s->path);
        st = put_row(s, level->insert, m, &m->rows[i], number, err);
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
