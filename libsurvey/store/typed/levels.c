/* How one version of a form fills the typed tables: which variable goes where, and the statements that write, read and drop its rows. */
#include "store/store_priv.h"

#include <stdio.h>
#include <string.h>

/* Where variables live, while the levels of a version are put together. */
typedef struct home { const char *table, *column; } home;
typedef struct homes { svyi_map names; home *items; size_t n, capacity; } homes;

static uint32_t roster_of(const svy_form *form, const char *level)
{
    uint32_t item = 0;

    return level[0] != '\0' && svy_form_find(form, level, strlen(level), &item) && svy_form_item(form, item)->kind == SVY_EL_ROSTER ? item : 0;
}

/* A level for every table of the form whose level this version has; `found` receives how many. */
static svy_status load_tables(svy_study *s, svyi_version *v, size_t *capacity, svy_error *err)
{
    sqlite3_stmt *stmt;
    svyi_level *levels = NULL;
    size_t n = 0;
    int found, bad = 0;
    svy_status st = svyi_db_query(s, Q_TABLES, SVYI_ARGS(svyi_arg_text(svy_form_id(v->form))), &stmt, err);

    *capacity = 0;
    if (st != SVY_OK)
        return st;
    while (!bad && (found = svyi_db_step(s, stmt, err)) != 0) {
        const char *level = svyi_db_text(stmt, 1);
        uint32_t roster = found == 1 ? roster_of(v->form, level) : 0;
        if (found < 0) {
            svyi_release(&s->alloc, levels, *capacity * sizeof *levels);
            return svyi_db_failed(err);
        }
        if (level[0] != '\0' && roster == 0)
            continue;
        bad = svyi_grow(&s->alloc, &levels, capacity, n + 1, sizeof *levels) != 0;
        if (bad)
            break;
        levels[n] = (svyi_level){ .roster = roster, .sensitive = sqlite3_column_int(stmt, 2) };
        levels[n].first = !levels[n].sensitive && sqlite3_column_int(stmt, 3) == 1;
        levels[n].table = svyi_arena_text(&v->arena, svyi_db_text(stmt, 0), strlen(svyi_db_text(stmt, 0)));
        bad = levels[n++].table == NULL;
    }
    sqlite3_reset(stmt);
    v->levels = levels;
    v->n_levels = n;
    return bad ? svyi_nomem(err) : SVY_OK;
}

static svy_status load_homes(svy_study *s, svyi_version *v, homes *h, svy_error *err)
{
    sqlite3_stmt *stmt;
    int found;
    svy_status st = svyi_db_query(s, Q_VARIABLES, SVYI_ARGS(svyi_arg_text(svy_form_id(v->form))), &stmt, err);

    if (st != SVY_OK)
        return st;
    while ((found = svyi_db_step(s, stmt, err)) == 1) {
        const char *name = svyi_arena_text(&v->arena, svyi_db_text(stmt, 0), strlen(svyi_db_text(stmt, 0)));
        home one = { svyi_arena_text(&v->arena, svyi_db_text(stmt, 4), strlen(svyi_db_text(stmt, 4))),
                     svyi_arena_text(&v->arena, svyi_db_text(stmt, 5), strlen(svyi_db_text(stmt, 5))) };
        uint32_t index = (uint32_t)h->n;
        if (name == NULL || one.table == NULL || one.column == NULL || svyi_map_add(&h->names, name, strlen(name), &index) < 0 ||
            svyi_grow(&s->alloc, &h->items, &h->capacity, h->n + 1, sizeof one) != 0) {
            sqlite3_reset(stmt);
            return svyi_nomem(err);
        }
        h->items[h->n++] = one;
    }
    return found < 0 ? svyi_db_failed(err) : SVY_OK;
}

/* Distributes the variables of the version over its levels. */
static svy_status assign(svyi_version *v, const homes *h, svy_error *err)
{
    const uint32_t n = svy_form_items(v->form);

    for (int pass = 0; pass < 2; pass++) {          /* first how many each has, then which */
        for (uint32_t i = 0; i < n; i++) {
            const char *id = svy_form_item_id(v->form, i);
            uint32_t index;
            if (!svyi_item_is_variable(svy_form_item(v->form, i)))
                continue;
            if (!svyi_map_find(&h->names, id, strlen(id), &index))
                return svyi_fail(err, SVY_E_FORMAT, "the study file is damaged: no column is known for '%.64s'; restore it from a backup", id);
            svyi_level *level = NULL;
            for (size_t k = 0; k < v->n_levels && level == NULL; k++)
                if (strcmp(v->levels[k].table, h->items[index].table) == 0)
                    level = &v->levels[k];
            if (level == NULL)
                return svyi_fail(err, SVY_E_FORMAT, "the study file is damaged: no table is known for '%.64s'; restore it from a backup", id);
            if (pass == 1)
                level->vars[level->n_vars] = (svyi_typed_var){ i, h->items[index].column };
            level->n_vars++;
        }
        for (size_t k = 0; k < v->n_levels && pass == 0; k++) {
            v->levels[k].vars = svyi_arena_get(&v->arena, v->levels[k].n_vars * sizeof *v->levels[k].vars);
            if (v->levels[k].vars == NULL)
                return svyi_nomem(err);
            v->levels[k].n_vars = 0;
        }
    }
    return SVY_OK;
}

/* The columns that say which row it is, with commas; returns how many. */
static size_t key_columns(const svyi_version *v, const svyi_level *l, svyi_buffer *sql)
{
    uint32_t chain[64];
    size_t n = svyi_roster_chain(v->form, l->roster, chain);
    char name[256];

    if (l->roster == 0) {
        svyi_buffer_text(sql, "number, interview");
        if (l->first)
            svyi_buffer_text(sql, ", \"case\", version, interviewer, language, started, completed, outcome");
        return l->first ? 9 : 2;
    }
    svyi_buffer_text(sql, "id, interview");
    for (size_t i = 0; i < n; i++) {
        snprintf(name, sizeof name, "%s_key", svy_form_item_id(v->form, chain[i]));
        svyi_buffer_text(sql, ", ");
        svyi_db_quote(sql, name);
    }
    return n + 2;
}

/* key columns, then each variable with its companion */
static size_t all_columns(const svyi_version *v, const svyi_level *l, svyi_buffer *sql)
{
    size_t n = key_columns(v, l, sql);
    char companion[256];

    for (size_t i = 0; i < l->n_vars; i++) {
        svyi_buffer_text(sql, ", ");
        svyi_db_quote(sql, l->vars[i].column);
        snprintf(companion, sizeof companion, "%s_missing", l->vars[i].column);
        svyi_buffer_text(sql, ", ");
        svyi_db_quote(sql, companion);
    }
    return n + 2 * l->n_vars;
}

static svy_status prepare(svy_study *s, svyi_buffer *sql, sqlite3_stmt **out, svy_error *err)
{
    svy_status st = sql->failed ? svyi_nomem(err) : svyi_db_prepare(s, sql->data, out, err);

    svyi_buffer_clear(sql);
    svyi_buffer_init(sql, &s->alloc);
    return st;
}

static svy_status level_statements(svy_study *s, const svyi_version *v, svyi_level *l, svy_error *err)
{
    svyi_buffer sql;
    svy_status st;

    svyi_buffer_init(&sql, &s->alloc);
    svyi_buffer_text(&sql, "INSERT INTO ");
    svyi_db_quote(&sql, l->table);
    svyi_buffer_text(&sql, "(");
    size_t n = all_columns(v, l, &sql);
    svyi_buffer_text(&sql, ") VALUES(?");
    for (size_t i = 1; i < n; i++)
        svyi_buffer_text(&sql, ",?");
    svyi_buffer_text(&sql, ")");
    if ((st = prepare(s, &sql, &l->insert, err)) != SVY_OK)
        return st;

    const char *key = l->roster == 0 ? "number" : "id";
    svyi_buffer_text(&sql, "SELECT ");
    all_columns(v, l, &sql);
    svyi_buffer_text(&sql, " FROM ");
    svyi_db_quote(&sql, l->table);
    svyi_buffer_format(&sql, " WHERE %s BETWEEN ?1 AND ?2 ORDER BY %s", key, key);
    if ((st = prepare(s, &sql, &l->select, err)) != SVY_OK)
        return st;

    svyi_buffer_text(&sql, "DELETE FROM ");
    svyi_db_quote(&sql, l->table);
    svyi_buffer_format(&sql, " WHERE %s BETWEEN ?1 AND ?2", key);
    return prepare(s, &sql, &l->drop, err);
}

svy_status svyi_levels_find(svy_study *s, svyi_version *v, svy_error *err)
{
    homes h = { .items = NULL };
    size_t capacity = 0;
    svy_status st;

    svyi_map_init(&h.names, &s->alloc);
    if ((st = load_tables(s, v, &capacity, err)) == SVY_OK && (st = load_homes(s, v, &h, err)) == SVY_OK)
        st = assign(v, &h, err);
    v->levels_capacity = capacity;
    if (st != SVY_OK)
        svyi_levels_drop(&s->alloc, v);
    svyi_release(&s->alloc, h.items, h.capacity * sizeof *h.items);
    svyi_map_clear(&h.names);
    return st;
}

svy_status svyi_typed_levels(svy_study *s, svyi_version *v, svy_error *err)
{
    svy_status st = SVY_OK;

    if (v->levels != NULL || (st = svyi_levels_find(s, v, err)) != SVY_OK)
        return st;
    for (size_t i = 0; i < v->n_levels && st == SVY_OK; i++)
        st = level_statements(s, v, &v->levels[i], err);
    if (st != SVY_OK)
        svyi_levels_drop(&s->alloc, v);
    return st;
}

void svyi_levels_drop(const svy_alloc *alloc, svyi_version *v)
{
    for (size_t i = 0; i < v->n_levels; i++) {
        sqlite3_finalize(v->levels[i].insert);
        sqlite3_finalize(v->levels[i].select);
        sqlite3_finalize(v->levels[i].drop);
    }
    svyi_release(alloc, v->levels, v->levels_capacity * sizeof *v->levels);
    v->levels = NULL;
    v->n_levels = v->levels_capacity = 0;
}
