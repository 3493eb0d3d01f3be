/* Typed tables: which tables and columns hold the answers of a form, made and widened when a version is deployed.
 *
 *  A level (the interview, or a roster) has one table for ordinary and one for sensitive variables, and more when a table is full. */
#include "store/store_priv.h"

#include <stdio.h>
#include <string.h>

int svyi_item_is_variable(const svy_item *item)
{
    return item->type != SVY_T_NONE && (item->kind == SVY_EL_QUESTION || item->kind == SVY_EL_COMPUTE);
}

int svyi_item_is_sensitive(const svy_form *form, uint32_t item)
{
    const svy_item *i = svy_form_item(form, item);

    return (i->flags & SVY_ITEM_SENSITIVE) != 0 || ((i->flags & SVY_ITEM_OTHER) != 0 && (svy_form_item(form, i->of)->flags & SVY_ITEM_SENSITIVE) != 0);
}

const char *svyi_column_type(svy_type type)
{
    switch (svy_type_kind(type)) {
    case SVY_K_BOOLEAN: return "INTEGER";
    case SVY_K_NUMBER: return type == SVY_T_DECIMAL ? "REAL" : "INTEGER";
    case SVY_K_NONE: case SVY_K_TEXT: case SVY_K_CODE: case SVY_K_CODES: case SVY_K_DATE: case SVY_K_MONTH: case SVY_K_TIME: case SVY_K_DATETIME:
    case SVY_K_PLACE: case SVY_K_ENTRIES: break;
    }
    return "TEXT";
}

size_t svyi_roster_chain(const svy_form *form, uint32_t roster, uint32_t *chain)
{
    size_t n = 0;

    for (uint32_t r = roster; r != 0 && n < 64; r = svy_form_item(form, r)->roster)
        chain[n++] = r;
    for (size_t i = 0; i < n / 2; i++) {
        uint32_t other = chain[i];
        chain[i] = chain[n - 1 - i];
        chain[n - 1 - i] = other;
    }
    return n;
}

/* ---- the catalogue in memory ---- */

typedef struct table { const char *name, *level; int sensitive, part; size_t n; } table;
typedef struct variable { const char *name, *level; svy_type type; int sensitive; const char *table, *column; } variable;
typedef struct catalogue {
    svy_study *s;
    const svy_form *form;
    svyi_arena arena;
    table *tables; size_t n_tables, tables_capacity;
    variable *vars; size_t n_vars, vars_capacity;
    svyi_map names;             /* variables by name */
    svyi_map taken;             /* "level/column" in lower case */
} catalogue;

static void catalogue_clear(catalogue *c)
{
    svyi_release(&c->s->alloc, c->tables, c->tables_capacity * sizeof *c->tables);
    svyi_release(&c->s->alloc, c->vars, c->vars_capacity * sizeof *c->vars);
    svyi_map_clear(&c->names);
    svyi_map_clear(&c->taken);
    svyi_arena_clear(&c->arena);
}

static const char *keep(catalogue *c, const char *text)
{
    return svyi_arena_text(&c->arena, text, strlen(text));
}

/* Takes a column name of a level: 0 taken now, 1 it was taken before (names differ by more than case in SQL), -1 out of memory. */
static int take(catalogue *c, const char *level, const char *column)
{
    const size_t before = strlen(level), len = before + 1 + strlen(column);
    char *key = svyi_arena_get(&c->arena, len + 1);
    uint32_t one = 1;

    if (key == NULL)
        return -1;
    snprintf(key, len + 1, "%s/%s", level, column);
    for (size_t i = before; i < len; i++)
        if (key[i] >= 'A' && key[i] <= 'Z')
            key[i] = (char)(key[i] + ('a' - 'A'));
    return svyi_map_add(&c->taken, key, len, &one);
}

static int add_table(catalogue *c, const char *name, const char *level, int sensitive, int part, size_t n)
{
    table t = { keep(c, name), keep(c, level), sensitive, part, n };

    if (t.name == NULL || t.level == NULL || svyi_grow(&c->s->alloc, &c->tables, &c->tables_capacity, c->n_tables + 1, sizeof t) != 0)
        return -1;
    c->tables[c->n_tables++] = t;
    return 0;
}

static int add_variable(catalogue *c, variable v)
{
    uint32_t index = (uint32_t)c->n_vars;

    v.name = keep(c, v.name);
    v.level = keep(c, v.level);
    v.table = keep(c, v.table);
    v.column = keep(c, v.column);
    if (v.name == NULL || v.level == NULL || v.table == NULL || v.column == NULL || svyi_map_add(&c->names, v.name, strlen(v.name), &index) < 0 ||
        svyi_grow(&c->s->alloc, &c->vars, &c->vars_capacity, c->n_vars + 1, sizeof v) != 0)
        return -1;
    c->vars[c->n_vars++] = v;
    return 0;
}

/* The columns every table of a level has, so that no variable takes their names. */
static int take_fixed(catalogue *c, uint32_t roster)
{
    static const char *const FIXED[] = { "id", "number", "interview", "case", "version", "interviewer", "language", "started", "completed", "outcome" };
    const char *level = roster != 0 ? svy_form_item_id(c->form, roster) : "";
    uint32_t chain[64];
    size_t n = svyi_roster_chain(c->form, roster, chain);
    char name[256];

    for (size_t i = 0; i < sizeof FIXED / sizeof FIXED[0]; i++)
        if (take(c, level, FIXED[i]) < 0)
            return -1;
    for (size_t i = 0; i < n; i++) {
        snprintf(name, sizeof name, "%s_key", svy_form_item_id(c->form, chain[i]));
        if (take(c, level, name) < 0)
            return -1;
    }
    return 0;
}

static svy_status load(catalogue *c, svy_error *err)
{
    const char *id = svy_form_id(c->form);
    sqlite3_stmt *stmt;
    svy_status st = svyi_db_query(c->s, Q_TABLES, SVYI_ARGS(svyi_arg_text(id)), &stmt, err);
    int found, bad = 0;

    if (st != SVY_OK)
        return st;
    while (!bad && (found = svyi_db_step(c->s, stmt, err)) != 0) {
        if (found < 0)
            return svyi_db_failed(err);
        bad = add_table(c, svyi_db_text(stmt, 0), svyi_db_text(stmt, 1), sqlite3_column_int(stmt, 2), sqlite3_column_int(stmt, 3),
                        (size_t)sqlite3_column_int64(stmt, 4)) != 0;
    }
    sqlite3_reset(stmt);
    if (!bad && (st = svyi_db_query(c->s, Q_VARIABLES, SVYI_ARGS(svyi_arg_text(id)), &stmt, err)) != SVY_OK)
        return st;
    while (!bad && (found = svyi_db_step(c->s, stmt, err)) != 0) {
        if (found < 0)
            return svyi_db_failed(err);
        variable v = { svyi_db_text(stmt, 0), svyi_db_text(stmt, 1), (svy_type)sqlite3_column_int(stmt, 2), sqlite3_column_int(stmt, 3),
                       svyi_db_text(stmt, 4), svyi_db_text(stmt, 5) };
        char companion[256];
        snprintf(companion, sizeof companion, "%s_missing", v.column);
        bad = add_variable(c, v) != 0 || take(c, v.level, v.column) < 0 || take(c, v.level, companion) < 0;
    }
    sqlite3_reset(stmt);
    for (uint32_t i = 0; !bad && i < svy_form_items(c->form); i++)
        if (i == 0 || svy_form_item(c->form, i)->kind == SVY_EL_ROSTER)
            bad = take_fixed(c, i) != 0;
    return bad ? svyi_nomem(err) : SVY_OK;
}

/* ---- making ---- */

/* 1 when a column of type `old` can hold answers of type `new`, and old answers read as new ones. */
static int can_hold(svy_type old, svy_type new_type)
{
    if (old == new_type)
        return 1;
    if (new_type == SVY_T_MULTIPLE || new_type == SVY_T_RANKING)
        return old == SVY_T_SINGLE || old == SVY_T_RANKING;
    if (new_type == SVY_T_TEXT)
        return old == SVY_T_SINGLE || old == SVY_T_MULTIPLE || old == SVY_T_RANKING || old == SVY_T_BARCODE;
    return new_type == SVY_T_INTEGER && old == SVY_T_YEAR;
}

static svy_status check_same(catalogue *c, const variable *old, uint32_t item, const char *level, svy_error *err)
{
    const svy_item *now = svy_form_item(c->form, item);

    if (strcmp(old->level, level) != 0)
        return svyi_fail(err, SVY_E_VALUE, "'%.64s' was asked in '%.64s' and now is in '%.64s': give the question a new id", old->name,
                         old->level[0] ? old->level : "the interview", level[0] ? level : "the interview");
    if (!can_hold(old->type, (svy_type)now->type))
        return svyi_fail(err, SVY_E_VALUE, "the answers to '%.64s' were of type %s and now are of type %s, which their column cannot hold: give the question a new id",
                         old->name, svy_type_name(old->type), svy_type_name((svy_type)now->type));
    if (old->sensitive != svyi_item_is_sensitive(c->form, item))
        return svyi_fail(err, SVY_E_VALUE, "'%.64s' was %s before and now is %s: give the question a new id, so that answers stay where they were promised to be",
                         old->name, old->sensitive ? "sensitive" : "not sensitive", old->sensitive ? "not" : "sensitive");
    if (old->type == (svy_type)now->type)
        return SVY_OK;
    return svyi_db_run(c->s, Q_VARIABLE_TYPE, SVYI_ARGS(svyi_arg_int(now->type), svyi_arg_text(svy_form_id(c->form)), svyi_arg_text(old->name)), err);
}

/* data_FORM_ROSTER_sensitive, with _2, _3 ... where that is taken or the table before is full. */
static svy_status table_name(catalogue *c, const char *level, int sensitive, char *out, size_t size, svy_error *err)
{
    char base[300];
    int64_t taken;

    snprintf(base, sizeof base, "data_%s%s%s%s", svy_form_id(c->form), level[0] ? "_" : "", level, sensitive ? "_sensitive" : "");
    for (char *b = base; *b != '\0'; b++)
        if (*b == '-')
            *b = '_';
    snprintf(out, size, "%s", base);
    for (int i = 2;; i++) {
        int found = svyi_db_number(c->s, Q_TABLE_TAKEN, SVYI_ARGS(svyi_arg_text(out)), &taken, err);
        if (found < 0)
            return svyi_db_failed(err);
        if (found == 0)
            return SVY_OK;
        snprintf(out, size, "%s_%d", base, i);
    }
}

static void fixed_columns(const catalogue *c, uint32_t roster, int first, svyi_buffer *sql)
{
    uint32_t chain[64];
    size_t n = svyi_roster_chain(c->form, roster, chain);
    char name[256];

    if (roster == 0) {
        svyi_buffer_text(sql, "number INTEGER PRIMARY KEY, interview TEXT NOT NULL UNIQUE");
        if (first)
            svyi_buffer_text(sql, ", \"case\" TEXT, version TEXT NOT NULL, interviewer TEXT NOT NULL, language TEXT NOT NULL, started TEXT NOT NULL,"
                                  " completed TEXT NOT NULL, outcome TEXT NOT NULL");
        return;
    }
    svyi_buffer_text(sql, "id INTEGER PRIMARY KEY, interview TEXT NOT NULL");
    for (size_t i = 0; i < n; i++) {
        snprintf(name, sizeof name, "%s_key", svy_form_item_id(c->form, chain[i]));
        svyi_buffer_text(sql, ", ");
        svyi_db_quote(sql, name);
        svyi_buffer_text(sql, " TEXT NOT NULL");
    }
}

static void variable_column(svyi_buffer *sql, const char *column, const char *type)
{
    char companion[256];

    svyi_db_quote(sql, column);
    svyi_buffer_format(sql, " %s", type);
    snprintf(companion, sizeof companion, "%s_missing", column);
    svyi_buffer_text(sql, ", ");
    svyi_db_quote(sql, companion);
    svyi_buffer_text(sql, " TEXT");
}

/* A name for the column of a variable: its id, with a number where that is taken. */
static svy_status column_name(catalogue *c, const char *level, const char *id, char *out, size_t size, svy_error *err)
{
    char companion[256];

    snprintf(out, size, "%s", id);
    for (int i = 2;; i++) {
        snprintf(companion, sizeof companion, "%s_missing", out);
        int taken = take(c, level, out);
        if (taken == 0)
            taken = take(c, level, companion);
        if (taken < 0)
            return svyi_nomem(err);
        if (taken == 0)
            return SVY_OK;
        snprintf(out, size, "%s_%d", id, i);
    }
}

/* One level, ordinary or sensitive: its new variables go into the last table while it has room, then into new ones. */
typedef struct placing { uint32_t roster; const char *level; int sensitive; uint32_t *items; size_t n; } placing;

static svy_status place_variable(catalogue *c, const placing *p, const table *t, uint32_t item, char *column, size_t size, svy_error *err)
{
    const char *id = svy_form_item_id(c->form, item);
    svy_status st = column_name(c, p->level, id, column, size, err);

    if (st == SVY_OK)
        st = svyi_db_run(c->s, Q_VARIABLE_ADD, SVYI_ARGS(svyi_arg_text(svy_form_id(c->form)), svyi_arg_text(id), svyi_arg_text(p->level),
                                                      svyi_arg_int(svy_form_item(c->form, item)->type), svyi_arg_int(p->sensitive), svyi_arg_text(t->name), svyi_arg_text(column)), err);
    return st;
}

static svy_status widen(catalogue *c, const placing *p, const table *t, size_t n, svy_error *err)
{
    svy_status st = SVY_OK;
    char column[200], companion[256];

    for (size_t i = 0; i < n && st == SVY_OK; i++) {
        const char *type = svyi_column_type((svy_type)svy_form_item(c->form, p->items[i])->type);
        if ((st = place_variable(c, p, t, p->items[i], column, sizeof column, err)) != SVY_OK)
            break;
        svyi_buffer sql;
        svyi_buffer_init(&sql, &c->s->alloc);
        snprintf(companion, sizeof companion, "%s_missing", column);
        svyi_buffer_text(&sql, "ALTER TABLE ");
        svyi_db_quote(&sql, t->name);
        svyi_buffer_text(&sql, " ADD COLUMN ");
        svyi_db_quote(&sql, column);
        svyi_buffer_format(&sql, " %s; ALTER TABLE ", type);
        svyi_db_quote(&sql, t->name);
        svyi_buffer_text(&sql, " ADD COLUMN ");
        svyi_db_quote(&sql, companion);
        svyi_buffer_text(&sql, " TEXT");
        st = sql.failed ? svyi_nomem(err) : svyi_db_exec(c->s, sql.data, err);
        svyi_buffer_clear(&sql);
    }
    return st;
}

static svy_status new_table(catalogue *c, const placing *p, int part, const uint32_t *items, size_t n, svy_error *err)
{
    char name[400], column[200];
    svyi_buffer sql;
    svy_status st = table_name(c, p->level, p->sensitive, name, sizeof name, err);
    table t = { name, p->level, p->sensitive, part, n };

    svyi_buffer_init(&sql, &c->s->alloc);
    if (st == SVY_OK)
        st = svyi_db_run(c->s, Q_TABLE_ADD, SVYI_ARGS(svyi_arg_text(name), svyi_arg_text(svy_form_id(c->form)), svyi_arg_text(p->level), svyi_arg_int(p->sensitive), svyi_arg_int(part)), err);
    svyi_buffer_text(&sql, "CREATE TABLE ");
    svyi_db_quote(&sql, name);
    svyi_buffer_text(&sql, "(");
    fixed_columns(c, p->roster, part == 1 && !p->sensitive, &sql);
    for (size_t i = 0; i < n && st == SVY_OK; i++) {
        st = place_variable(c, p, &t, items[i], column, sizeof column, err);
        svyi_buffer_text(&sql, ", ");
        variable_column(&sql, column, svyi_column_type((svy_type)svy_form_item(c->form, items[i])->type));
    }
    svyi_buffer_text(&sql, ") STRICT");
    if (p->roster != 0) {
        svyi_buffer_text(&sql, "; CREATE INDEX ");
        snprintf(column, sizeof column, "%.150s_by_interview", name);
        svyi_db_quote(&sql, column);
        svyi_buffer_text(&sql, " ON ");
        svyi_db_quote(&sql, name);
        svyi_buffer_text(&sql, "(interview)");
    }
    if (st == SVY_OK)
        st = sql.failed ? svyi_nomem(err) : svyi_db_exec(c->s, sql.data, err);
    svyi_buffer_clear(&sql);
    return st;
}

static svy_status place(catalogue *c, placing *p, svy_error *err)
{
    const table *last = NULL;
    svy_status st = SVY_OK;

    for (size_t i = 0; i < c->n_tables; i++)
        if (c->tables[i].sensitive == p->sensitive && strcmp(c->tables[i].level, p->level) == 0)
            last = &c->tables[i];
    size_t room = last != NULL && last->n < SVYI_TABLE_VARIABLES ? SVYI_TABLE_VARIABLES - last->n : 0, at = p->n < room ? p->n : room;
    int part = last != NULL ? last->part : 0;
    if (at > 0)
        st = widen(c, p, last, at, err);
    /* The first table of a level is there even when it holds no variable: it says which interviews and entries there are. */
    while (st == SVY_OK && (at < p->n || (part == 0 && !p->sensitive))) {
        size_t n = p->n - at < SVYI_TABLE_VARIABLES ? p->n - at : SVYI_TABLE_VARIABLES;
        st = new_table(c, p, ++part, p->items + at, n, err);
        at += n;
    }
    return st;
}

/* The new variables of a level, checked against the catalogue when they are not new. */
static svy_status define_level(catalogue *c, uint32_t roster, int sensitive, uint32_t *items, svy_error *err)
{
    placing p = { roster, roster != 0 ? svy_form_item_id(c->form, roster) : "", sensitive, items, 0 };
    const uint32_t last = roster != 0 ? svy_form_item(c->form, roster)->end : svy_form_items(c->form);
    svy_status st = SVY_OK;

    for (uint32_t i = roster; i < last && st == SVY_OK; i++) {
        const svy_item *item = svy_form_item(c->form, i);
        const char *id = svy_form_item_id(c->form, i);
        uint32_t known;
        if (!svyi_item_is_variable(item) || item->roster != roster || svyi_item_is_sensitive(c->form, i) != sensitive)
            continue;
        if (svyi_map_find(&c->names, id, strlen(id), &known))
            st = check_same(c, &c->vars[known], i, p.level, err);
        else
            p.items[p.n++] = i;
    }
    return st == SVY_OK ? place(c, &p, err) : st;
}

svy_status svyi_typed_define(svy_study *s, const svy_form *form, svy_error *err)
{
    catalogue c = { .s = s, .form = form };
    const uint32_t n = svy_form_items(form);
    uint32_t *items = svyi_get(&s->alloc, (size_t)n * sizeof *items);
    svy_status st;

    svyi_arena_init(&c.arena, &s->alloc);
    svyi_map_init(&c.names, &s->alloc);
    svyi_map_init(&c.taken, &s->alloc);
    st = items != NULL ? load(&c, err) : svyi_nomem(err);
    for (uint32_t i = 0; i < n && st == SVY_OK; i++)
        if (i == 0 || svy_form_item(form, i)->kind == SVY_EL_ROSTER)
            for (int sensitive = 0; sensitive < 2 && st == SVY_OK; sensitive++)
                st = define_level(&c, i, sensitive, items, err);
    svyi_release(&s->alloc, items, (size_t)n * sizeof *items);
    catalogue_clear(&c);
    return st;
}
