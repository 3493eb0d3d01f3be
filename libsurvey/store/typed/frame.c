/* Submitted answers as a frame: the typed tables of a level scanned once, all versions united by variable. */
#include "store/people/people_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/date.h"

/* A column while it is filled. */
typedef struct building {
    const char *name, *label;
    svy_type type;
    const svy_form *form;                /* where it is defined; NULL for what is known of the interview */
    uint32_t list;                       /* of that form */
    int has_companion;                   /* the column after it in SQL says why it is missing */
    double *numbers;
    uint32_t *codes;
    uint8_t *missing; int any_missing;
    const char **levels; size_t n_levels, levels_capacity;
    svyi_map map;
} building;

/* One SQL table and which columns of the frame it fills. */
typedef struct source { const char *table; int roster, first, at_row; sqlite3_stmt *stmt; uint32_t *columns; size_t n, capacity; int64_t id; } source;

typedef struct scan {
    svy_study *s;
    svy_error *err;
    const char *form, *level, *organisation;
    int no_keys;
    size_t rows, cells;                  /* cells: most that are wanted; 0: any number */
    svyi_arena arena;
    svy_frame *frame;
    building *columns; size_t n, capacity;
    source *sources; size_t n_sources, sources_capacity;
    svyi_map names;
} scan;

static int is_factor(svy_type type)
{
    svy_kind kind = svy_type_kind(type);

    return kind == SVY_K_TEXT || kind == SVY_K_CODE || kind == SVY_K_CODES || kind == SVY_K_PLACE;
}

/* Index of a level, added when it is new. UINT32_MAX when out of memory. */
static uint32_t level_of(scan *f, building *c, const char *text, size_t len)
{
    uint32_t index = (uint32_t)c->n_levels;

    if (svyi_map_find(&c->map, text, len, &index))
        return index;
    index = (uint32_t)c->n_levels;
    const char *copy = svyi_arena_text(&f->arena, text, len);
    if (copy == NULL || svyi_grow(&f->s->alloc, &c->levels, &c->levels_capacity, c->n_levels + 1, sizeof *c->levels) != 0 ||
        svyi_map_add(&c->map, copy, len, &index) != 0)
        return UINT32_MAX;
    c->levels[c->n_levels++] = copy;
    return index;
}

static svy_status add_column(scan *f, source *t, building c)
{
    uint32_t index = (uint32_t)f->n;

    if (f->cells != 0 && f->rows > f->cells / (f->n + 1))      /* a server has many who ask, and one memory */
        return svyi_fail(f->err, SVY_E_LIMIT, "the table has %zu rows and more than %zu columns: that is more than a server hands out; use 'survey export' on its machine", f->rows, f->n);
    svyi_map_init(&c.map, &f->s->alloc);
    c.missing = svy_frame_get(f->frame, f->rows, sizeof *c.missing);
    if (is_factor(c.type))
        c.codes = svy_frame_get(f->frame, f->rows, sizeof *c.codes);
    else
        c.numbers = svy_frame_get(f->frame, f->rows, sizeof *c.numbers);
    if (svyi_grow(&f->s->alloc, &f->columns, &f->capacity, f->n + 1, sizeof c) != 0) {
        svy_frame_release(f->frame, c.missing, f->rows, sizeof *c.missing);
        svy_frame_release(f->frame, c.codes, c.codes != NULL ? f->rows : 0, sizeof *c.codes);
        svy_frame_release(f->frame, c.numbers, c.numbers != NULL ? f->rows : 0, sizeof *c.numbers);
        return svyi_nomem(f->err);
    }
    f->columns[f->n++] = c;              /* now it is released with the scan */
    if (c.missing == NULL || (c.codes == NULL && c.numbers == NULL) ||
        svyi_grow(&f->s->alloc, &t->columns, &t->capacity, t->n + 1, sizeof *t->columns) != 0)
        return svyi_nomem(f->err);
    t->columns[t->n++] = index;
    /* Rows that say nothing are of a version that did not ask. */
    memset(c.missing, SVY_NOT_ASKED, f->rows);
    building *made = &f->columns[index];
    for (uint32_t i = 0; c.list != 0 && svy_type_kind(c.type) == SVY_K_CODE && i < svy_form_list(c.form, c.list).n_choices; i++) {
        const char *code = svy_form_choice(c.form, c.list, i).code;
        if (level_of(f, made, code, strlen(code)) == UINT32_MAX)
            return svyi_nomem(f->err);
    }
    return SVY_OK;
}

/* ---- which tables and columns ---- */

static svy_status find_sources(scan *f, int sensitive)
{
    sqlite3_stmt *stmt;
    int found, bad = 0;
    svy_status st = svyi_db_query(f->s, Q_TABLES, SVYI_ARGS(svyi_arg_text(f->form)), &stmt, f->err);

    if (st != SVY_OK)
        return st;
    while (!bad && (found = svyi_db_step(f->s, stmt, f->err)) != 0) {
        if (found < 0)
            return svyi_db_failed(f->err);
        if (strcmp(svyi_db_text(stmt, 1), f->level) != 0 || (sqlite3_column_int(stmt, 2) && !sensitive))
            continue;
        source t = { .roster = f->level[0] != '\0', .first = !sqlite3_column_int(stmt, 2) && sqlite3_column_int(stmt, 3) == 1 };
        t.table = svyi_arena_text(&f->arena, svyi_db_text(stmt, 0), strlen(svyi_db_text(stmt, 0)));
        bad = t.table == NULL || svyi_grow(&f->s->alloc, &f->sources, &f->sources_capacity, f->n_sources + 1, sizeof t) != 0;
        if (!bad)
            f->sources[f->n_sources++] = t;
    }
    sqlite3_reset(stmt);
    return bad ? svyi_nomem(f->err) : SVY_OK;
}

/* What every row has: of the interview, or the keys of a roster entry. */
static svy_status fixed_columns(scan *f, const svyi_version *v)
{
    static const struct { const char *name, *label; svy_type type; } ABOUT[] = {
        { "interview", "Interview", SVY_T_TEXT }, { "case", "Case", SVY_T_TEXT }, { "version", "Version of the questionnaire", SVY_T_TEXT },
        { "interviewer", "Interviewer", SVY_T_TEXT }, { "language", "Language of the interview", SVY_T_TEXT }, { "started", "Started, local time", SVY_T_DATETIME },
        { "completed", "Completed, local time", SVY_T_DATETIME }, { "outcome", "Outcome of an early end", SVY_T_TEXT } };
    uint32_t chain[64], roster = 0;
    svy_status st = SVY_OK;

    if (f->level[0] == '\0') {
        for (size_t i = 0; i < sizeof ABOUT / sizeof ABOUT[0] && st == SVY_OK; i++)
            st = add_column(f, &f->sources[0], (building){ .name = ABOUT[i].name, .label = ABOUT[i].label, .type = ABOUT[i].type });
        return st;
    }
    svy_form_find(v->form, f->level, strlen(f->level), &roster);
    size_t n = svyi_roster_chain(v->form, roster, chain);
    st = add_column(f, &f->sources[0], (building){ .name = ABOUT[0].name, .label = ABOUT[0].label, .type = SVY_T_TEXT });
    for (size_t i = 0; i < n && st == SVY_OK; i++) {
        char name[256];
        snprintf(name, sizeof name, "%s_key", svy_form_item_id(v->form, chain[i]));
        building c = { .name = svyi_arena_text(&f->arena, name, strlen(name)), .label = svy_form_text(v->form, chain[i], SVY_LABEL, 0), .type = SVY_T_TEXT };
        st = c.name != NULL ? add_column(f, &f->sources[0], c) : svyi_nomem(f->err);
    }
    return st;
}

/* A variable of the catalogue: where its column is. */
typedef struct known { const char *table, *column; int sensitive; svy_type type; } known;

static svy_status load_known(scan *f, svyi_map *map, known **items, size_t *capacity)
{
    sqlite3_stmt *stmt;
    uint32_t n = 0;
    int found, bad = 0;
    svy_status st = svyi_db_query(f->s, Q_VARIABLES, SVYI_ARGS(svyi_arg_text(f->form)), &stmt, f->err);

    if (st != SVY_OK)
        return st;
    while (!bad && (found = svyi_db_step(f->s, stmt, f->err)) != 0) {
        if (found < 0)
            return svyi_db_failed(f->err);
        if (strcmp(svyi_db_text(stmt, 1), f->level) != 0)
            continue;
        const char *name = svyi_arena_text(&f->arena, svyi_db_text(stmt, 0), strlen(svyi_db_text(stmt, 0)));
        known k = { svyi_arena_text(&f->arena, svyi_db_text(stmt, 4), strlen(svyi_db_text(stmt, 4))),
                    svyi_arena_text(&f->arena, svyi_db_text(stmt, 5), strlen(svyi_db_text(stmt, 5))), sqlite3_column_int(stmt, 3), (svy_type)sqlite3_column_int(stmt, 2) };
        bad = name == NULL || k.table == NULL || k.column == NULL || svyi_map_add(map, name, strlen(name), &n) != 0 ||
              svyi_grow(&f->s->alloc, items, capacity, n + 1, sizeof k) != 0;
        if (!bad)
            (*items)[n++] = k;
    }
    sqlite3_reset(stmt);
    return bad ? svyi_nomem(f->err) : SVY_OK;
}

/* The variables that this version has and newer ones did not. */
static svy_status version_columns(scan *f, const svyi_version *v, const svyi_map *map, const known *items)
{
    svy_status st = SVY_OK;

    for (uint32_t i = 1; i < svy_form_items(v->form) && st == SVY_OK; i++) {
        const svy_item *item = svy_form_item(v->form, i);
        const char *id = svy_form_item_id(v->form, i);
        uint32_t k, one = 1;
        if (!svyi_item_is_variable(item) || (f->no_keys && item->type == SVY_T_KEY) || strcmp(item->roster != 0 ? svy_form_item_id(v->form, item->roster) : "", f->level) != 0 ||
            !svyi_map_find(map, id, strlen(id), &k))
            continue;
        int taken = svyi_map_add(&f->names, id, strlen(id), &one);
        if (taken < 0)
            return svyi_nomem(f->err);
        for (size_t t = 0; t < f->n_sources && taken == 0 && st == SVY_OK; t++)
            if (strcmp(f->sources[t].table, items[k].table) == 0)
                st = add_column(f, &f->sources[t], (building){ .name = items[k].column, .label = svy_form_text(v->form, i, SVY_LABEL, 0), .type = items[k].type,
                                                               .form = v->form, .list = item->list, .has_companion = 1 });
    }
    return st;
}

/* Versions of the form, newest first: `each` once for every one. */
static svy_status each_version(scan *f, const svyi_map *map, const known *items)
{
    int64_t numbers[1000];
    size_t n = 0;
    sqlite3_stmt *stmt;
    int found;
    svyi_version *v;
    svy_status st = svyi_db_query(f->s, Q_FORM_VERSIONS, SVYI_ARGS(svyi_arg_text(f->form)), &stmt, f->err);

    if (st != SVY_OK)
        return st;
    while ((found = svyi_db_step(f->s, stmt, f->err)) == 1 && n < sizeof numbers / sizeof numbers[0])
        numbers[n++] = sqlite3_column_int64(stmt, 0);
    sqlite3_reset(stmt);
    if (found < 0)
        return svyi_db_failed(f->err);
    for (size_t i = 0; i < n && st == SVY_OK; i++)
        if ((st = svyi_version_load(f->s, numbers[i], &v, f->err)) == SVY_OK) {
            uint32_t roster;
            if (f->n == 0 && (f->level[0] == '\0' || svy_form_find(v->form, f->level, strlen(f->level), &roster)))
                st = fixed_columns(f, v);
            if (st == SVY_OK)
                st = version_columns(f, v, map, items);
        }
    return st;
}

/* ---- reading ---- */

/* "SELECT ..." becomes a query of the rows of `table`: all, or those of one organisation's interviews. Takes the text. */
static svy_status query_rows(scan *f, svyi_buffer *sql, const char *table, sqlite3_stmt **stmt)
{
    const char *id = f->level[0] != '\0' ? "id" : "number";

    svyi_buffer_text(sql, " FROM ");
    svyi_db_quote(sql, table);
    if (f->organisation != NULL)
        svyi_buffer_format(sql, " WHERE %s >> %d IN (SELECT number FROM interviews WHERE organisation = ?)", id, f->level[0] != '\0' ? SVYI_ROW_BITS : 0);
    svyi_buffer_format(sql, " ORDER BY %s", id);
    svy_status st = sql->failed ? svyi_nomem(f->err) : svyi_db_prepare(f->s, sql->data, stmt, f->err);
    svyi_buffer_clear(sql);
    return st == SVY_OK && f->organisation != NULL ? svyi_db_bind(f->s, *stmt, 1, svyi_arg_text(f->organisation), f->err) : st;
}

static svy_status prepare(scan *f, source *t)
{
    svyi_buffer sql;

    svyi_buffer_init(&sql, &f->s->alloc);
    svyi_buffer_format(&sql, "SELECT %s", t->roster ? "id" : "number");
    for (size_t i = 0; i < t->n; i++) {
        const building *c = &f->columns[t->columns[i]];
        char companion[256];
        svyi_buffer_text(&sql, ", ");
        svyi_db_quote(&sql, c->name);
        if (c->has_companion) {
            snprintf(companion, sizeof companion, "%s_missing", c->name);
            svyi_buffer_text(&sql, ", ");
            svyi_db_quote(&sql, companion);
        }
    }
    return query_rows(f, &sql, t->table, &t->stmt);
}

static svy_status damaged(scan *f, const building *c)
{
    return svyi_fail(f->err, SVY_E_FORMAT, "'%.200s' is damaged: column '%.64s' holds what is no answer; verify the study", f->s->path, c->name);
}

static svy_status read_value(scan *f, building *c, sqlite3_stmt *stmt, int at, size_t row)
{
    svy_value value;
    const char *text = svyi_db_text(stmt, at);
    size_t len = (size_t)sqlite3_column_bytes(stmt, at);

    c->missing[row] = SVY_PRESENT;
    if (c->codes != NULL) {
        if ((c->codes[row] = level_of(f, c, text, len)) == UINT32_MAX)
            return svyi_nomem(f->err);
        return SVY_OK;
    }
    if (svyi_column_type(c->type)[0] != 'T') {
        c->numbers[row] = sqlite3_column_double(stmt, at);
        return SVY_OK;
    }
    if (!c->has_companion && len > 19)
        len = 19;                                /* moments are kept with their zone; the frame has local time */
    if (svy_value_parse(c->type, text, len, &value, NULL) != SVY_OK)
        return damaged(f, c);
    c->numbers[row] = value.number;
    return SVY_OK;
}

static svy_status read_row(scan *f, source *t, size_t row)
{
    svy_status st = SVY_OK;
    int at = 1;

    for (size_t i = 0; i < t->n && st == SVY_OK; i++) {
        building *c = &f->columns[t->columns[i]];
        int null = sqlite3_column_type(t->stmt, at) == SQLITE_NULL || (!c->has_companion && svyi_db_text(t->stmt, at)[0] == '\0');
        if (!null) {
            st = read_value(f, c, t->stmt, at, row);
        } else {
            svy_missing missing = c->has_companion ? SVY_NOT_ASKED : SVY_NOT_STATED;
            if (c->has_companion && sqlite3_column_type(t->stmt, at + 1) != SQLITE_NULL &&
                !svy_missing_find(svyi_db_text(t->stmt, at + 1), (size_t)sqlite3_column_bytes(t->stmt, at + 1), &missing))
                return damaged(f, c);
            c->missing[row] = (uint8_t)missing;
            c->any_missing = 1;
        }
        at += c->has_companion ? 2 : 1;
    }
    return st;
}

static int advance(scan *f, source *t)
{
    t->at_row = svyi_db_step(f->s, t->stmt, f->err);
    if (t->at_row == 1)
        t->id = sqlite3_column_int64(t->stmt, 0);
    return t->at_row;
}

/* The first table has every row; the others follow it by their keys. */
static svy_status read_all(scan *f)
{
    size_t row = 0;
    svy_status st = SVY_OK;

    for (size_t t = 0; t < f->n_sources; t++)
        if ((st = prepare(f, &f->sources[t])) != SVY_OK)
            return st;
    for (size_t t = 1; t < f->n_sources; t++)
        if (advance(f, &f->sources[t]) < 0)
            return svyi_db_failed(f->err);
    while (st == SVY_OK && row < f->rows && advance(f, &f->sources[0]) == 1) {
        const int64_t id = f->sources[0].id;
        st = read_row(f, &f->sources[0], row);
        for (size_t t = 1; t < f->n_sources && st == SVY_OK; t++) {
            source *other = &f->sources[t];
            while (other->at_row == 1 && other->id < id)
                if (advance(f, other) < 0)
                    return svyi_db_failed(f->err);
            if (other->at_row == 1 && other->id == id)
                st = read_row(f, other, row);
        }
        row++;
    }
    if (st == SVY_OK && f->n_sources > 0 && f->sources[0].at_row < 0)
        return svyi_db_failed(f->err);
    for (size_t i = 0; i < f->n && st == SVY_OK; i++)      /* columns of tables that lack some rows */
        for (size_t r = 0; r < f->rows && !f->columns[i].any_missing; r++)
            f->columns[i].any_missing = f->columns[i].missing[r] != SVY_PRESENT;
    return st;
}

/* ---- handing over ---- */

static int by_bytes(const void *a, const void *b)
{
    const char *const *x = a, *const *y = b;

    return strcmp(*x, *y);
}

/* Texts have no order of their own: sorted, so that equal answers give equal frames. */
static svy_status sort_levels(scan *f, building *c)
{
    uint32_t *to = svyi_get(&f->s->alloc, (c->n_levels + 1) * sizeof *to);
    const char **sorted = svyi_get(&f->s->alloc, (c->n_levels + 1) * sizeof *sorted);
    const size_t n = c->n_levels;
    svy_status st = to != NULL && sorted != NULL ? SVY_OK : svyi_nomem(f->err);

    if (st == SVY_OK) {
        if (n > 0)
            memcpy(sorted, c->levels, n * sizeof *sorted);
        qsort(sorted, n, sizeof *sorted, by_bytes);
        for (size_t i = 0; i < n; i++) {
            uint32_t old;
            if (svyi_map_find(&c->map, sorted[i], strlen(sorted[i]), &old))
                to[old] = (uint32_t)i;
            c->levels[i] = sorted[i];
        }
        for (size_t r = 0; r < f->rows; r++)
            if (c->missing == NULL || c->missing[r] == SVY_PRESENT)
                c->codes[r] = to[c->codes[r]];
    }
    svyi_release(&f->s->alloc, to, (n + 1) * sizeof *to);
    svyi_release(&f->s->alloc, sorted, (n + 1) * sizeof *sorted);
    return st;
}

static svy_status add_factor(scan *f, building *c)
{
    const svy_kind kind = svy_type_kind(c->type);
    const char **labels = NULL;
    svy_status st = SVY_OK;

    if (kind != SVY_K_CODE)
        st = sort_levels(f, c);
    if (st == SVY_OK && kind == SVY_K_CODE && c->list != 0) {
        if ((labels = svyi_get(&f->s->alloc, (c->n_levels + 1) * sizeof *labels)) == NULL)
            return svyi_nomem(f->err);
        for (size_t i = 0; i < c->n_levels; i++) {
            uint32_t choice;
            labels[i] = svy_form_find_choice(c->form, c->list, c->levels[i], strlen(c->levels[i]), &choice) ? svy_form_choice_label(c->form, c->list, choice, 0)
                                                                                                            : c->levels[i];
        }
    }
    if (st == SVY_OK) {
        uint32_t *codes = c->codes;
        uint8_t *missing = c->missing;
        c->codes = NULL;
        c->missing = NULL;
        st = svy_frame_add_factor(f->frame, c->name, c->type, codes, missing, c->levels, labels, (uint32_t)c->n_levels, f->err);
    }
    svyi_release(&f->s->alloc, labels, (c->n_levels + 1) * sizeof *labels);
    return st;
}

/* 1 when `code` is one of the codes in `text`. */
static int has_code(const char *text, const char *code)
{
    const size_t len = strlen(code);

    for (const char *at = text; (at = strstr(at, code)) != NULL; at += 1)
        if ((at == text || at[-1] == ' ') && (at[len] == '\0' || at[len] == ' '))
            return 1;
    return 0;
}

/* One boolean column per choice of a multiple question; a name that a variable has is left to it. */
static svy_status add_choices(scan *f, const building *c)
{
    const svy_column *whole = svy_frame_find(f->frame, c->name);
    const uint32_t choices = svy_form_list(c->form, c->list).n_choices;
    svy_status st = SVY_OK;

    for (uint32_t i = 0; i < choices && st == SVY_OK; i++) {
        const svy_choice choice = svy_form_choice(c->form, c->list, i);
        char name[256], label[1024];
        uint32_t taken;
        snprintf(name, sizeof name, "%s_%s", c->name, choice.code);
        if (choice.missing != 0 || svyi_map_find(&f->names, name, strlen(name), &taken) || svy_frame_find(f->frame, name) != NULL)
            continue;
        double *numbers = svy_frame_get(f->frame, f->rows, sizeof *numbers);
        uint8_t *missing = whole->missing != NULL ? svy_frame_get(f->frame, f->rows, sizeof *missing) : NULL;
        uint8_t *chosen = svyi_get(&f->s->alloc, whole->n_levels + 1);
        if (numbers == NULL || chosen == NULL || (missing == NULL && whole->missing != NULL)) {
            svy_frame_release(f->frame, numbers, f->rows, sizeof *numbers);
            svy_frame_release(f->frame, missing, missing != NULL ? f->rows : 0, sizeof *missing);
            svyi_release(&f->s->alloc, chosen, whole->n_levels + 1);
            return svyi_nomem(f->err);
        }
        for (uint32_t k = 0; k < whole->n_levels; k++)
            chosen[k] = (uint8_t)has_code(whole->levels[k], choice.code);
        for (size_t r = 0; r < f->rows; r++)
            numbers[r] = whole->missing == NULL || whole->missing[r] == SVY_PRESENT ? chosen[whole->codes[r]] : 0;
        if (missing != NULL && f->rows > 0)
            memcpy(missing, whole->missing, f->rows);
        svyi_release(&f->s->alloc, chosen, whole->n_levels + 1);
        if ((st = svy_frame_add_numbers(f->frame, name, SVY_T_BOOLEAN, numbers, missing, f->err)) == SVY_OK) {
            snprintf(label, sizeof label, "%.700s: %.300s", c->label, svy_form_choice_label(c->form, c->list, i, 0));
            st = svy_frame_set_label(f->frame, name, label, f->err);
        }
    }
    return st;
}

static svy_status hand_over(scan *f)
{
    svy_status st = SVY_OK;

    for (size_t i = 0; i < f->n && st == SVY_OK; i++) {
        building *c = &f->columns[i];
        if (!c->any_missing) {
            svy_frame_release(f->frame, c->missing, f->rows, sizeof *c->missing);
            c->missing = NULL;
        }
        if (c->codes != NULL) {
            st = add_factor(f, c);
        } else {
            double *numbers = c->numbers;
            uint8_t *missing = c->missing;
            c->numbers = NULL;
            c->missing = NULL;
            st = svy_frame_add_numbers(f->frame, c->name, c->type, numbers, missing, f->err);
        }
        if (st == SVY_OK && c->label[0] != '\0')
            st = svy_frame_set_label(f->frame, c->name, c->label, f->err);
        if (st == SVY_OK && c->type == SVY_T_MULTIPLE && c->list != 0)
            st = add_choices(f, c);
    }
    return st;
}

static void scan_clear(scan *f)
{
    for (size_t i = 0; i < f->n; i++) {
        building *c = &f->columns[i];
        svyi_map_clear(&c->map);
        svyi_release(&f->s->alloc, c->levels, c->levels_capacity * sizeof *c->levels);
        if (c->numbers != NULL)
            svy_frame_release(f->frame, c->numbers, f->rows, sizeof *c->numbers);
        if (c->codes != NULL)
            svy_frame_release(f->frame, c->codes, f->rows, sizeof *c->codes);
        if (c->missing != NULL)
            svy_frame_release(f->frame, c->missing, f->rows, sizeof *c->missing);
    }
    for (size_t i = 0; i < f->n_sources; i++) {
        sqlite3_finalize(f->sources[i].stmt);
        svyi_release(&f->s->alloc, f->sources[i].columns, f->sources[i].capacity * sizeof *f->sources[i].columns);
    }
    svyi_release(&f->s->alloc, f->sources, f->sources_capacity * sizeof *f->sources);
    svyi_release(&f->s->alloc, f->columns, f->capacity * sizeof *f->columns);
    svyi_map_clear(&f->names);
    svyi_arena_clear(&f->arena);
}

static svy_status count_rows(scan *f)
{
    svyi_buffer sql;
    sqlite3_stmt *stmt = NULL;

    svyi_buffer_init(&sql, &f->s->alloc);
    svyi_buffer_text(&sql, "SELECT count(*)");
    svy_status st = query_rows(f, &sql, f->sources[0].table, &stmt);
    if (st == SVY_OK && svyi_db_step(f->s, stmt, f->err) == 1)
        f->rows = (size_t)sqlite3_column_int64(stmt, 0);
    else if (st == SVY_OK)
        st = svyi_db_failed(f->err);
    sqlite3_finalize(stmt);
    return st;
}

static svy_status make(scan *f, int sensitive)
{
    svyi_map map;
    known *items = NULL;
    size_t capacity = 0;
    svy_status st = find_sources(f, sensitive);

    if (st == SVY_OK && (f->n_sources == 0 || !f->sources[0].first))
        st = svyi_fail(f->err, SVY_E_NAME, "questionnaire '%.80s' has no roster '%.80s'", f->form, f->level);
    if (st == SVY_OK && (st = count_rows(f)) == SVY_OK)
        st = svy_frame_new(&f->s->alloc, f->rows, &f->frame, f->err);
    if (st != SVY_OK)
        return st;
    svyi_map_init(&map, &f->s->alloc);
    if ((st = load_known(f, &map, &items, &capacity)) == SVY_OK && (st = each_version(f, &map, items)) == SVY_OK && (st = read_all(f)) == SVY_OK)
        st = hand_over(f);
    svyi_map_clear(&map);
    svyi_release(&f->s->alloc, items, capacity * sizeof *items);
    return st;
}

svy_status svyi_frame_make(svy_study *s, const char *form, const char *level, const svyi_frame_limits *limits, svy_frame **out, svy_error *err)
{
    scan f = { .s = s, .err = err, .organisation = limits->organisation, .no_keys = limits->no_keys, .cells = limits->cells };
    svyi_version *v;
    svy_status st;

    SVY_REQUIRE(out != NULL, err);
    *out = NULL;
    SVY_REQUIRE(s != NULL && level != NULL, err);
    if ((st = svyi_version_newest(s, form, &v, err)) != SVY_OK)
        return st;
    f.form = svy_form_id(v->form);
    f.level = level;
    svyi_arena_init(&f.arena, &s->alloc);
    svyi_map_init(&f.names, &s->alloc);
    /* One snapshot for counting and reading. */
    if ((st = svyi_db_exec(s, "SAVEPOINT frame", err)) == SVY_OK) {
        st = make(&f, limits->sensitive);
        for (size_t i = 0; i < f.n_sources; i++)
            sqlite3_reset(f.sources[i].stmt);
        svy_status ended = svyi_db_exec(s, "RELEASE frame", st == SVY_OK ? err : NULL);
        st = st == SVY_OK ? ended : st;
    }
    scan_clear(&f);
    if (st == SVY_OK)
        *out = f.frame;
    else
        svy_frame_free(f.frame);
    return st;
}

svy_status svy_study_frame(svy_study *s, const char *form, const char *level, int sensitive, svy_frame **out, svy_error *err)
{
    return svyi_frame_make(s, form, level, &(svyi_frame_limits){ .sensitive = sensitive }, out, err);
}
