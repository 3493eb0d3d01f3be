/* A list of cases from a table: who has which case, and contact data, which stay apart from answers. */
#include <stdio.h>
#include <string.h>

#include "store/people/people_priv.h"

enum { MAX_COLUMNS = 200, MAX_VALUE = 1000 };

typedef struct taking {
    svy_study *s;
    const char *form;
    const svy_rows *rows;
    svy_diags *diags;
    svy_error *err;
    int line;
    unsigned wrong;
    svyi_map seen;                       /* cases of the table */
    svyi_arena arena;
    const char *contacts[MAX_COLUMNS]; size_t n_contacts;
    const char *last;                    /* who had the case before, as the table has it, and of which account and organisation that is */
    char name[SVY_ACCOUNT_TEXT], organisation[SVY_ACCOUNT_TEXT];
} taking;

static void tell(taking *t, const char *column, const char *advice, const char *found)
{
    const svyi_where where = { t->rows->source, t->line, 0, column };

    t->wrong++;
    svyi_report(t->diags, SVY_PROBLEM, SVY_E_VALUE, &where, advice, "%s", found);
}

static int is_own_column(const char *name)
{
    return strcmp(name, "case") == 0 || strcmp(name, "assigned") == 0 || strcmp(name, "organisation") == 0;
}

/* Which columns there are: known from the first row on, so that a table without rows has none. */
static svy_status read_columns(taking *t)
{
    const svy_cells *cells = &t->rows->cells;
    const char *name;

    for (size_t i = 0; (name = cells->name(cells->user, i)) != NULL; i++) {
        svy_error why = SVY_ERROR_INIT;
        if (is_own_column(name))
            continue;
        if (svyi_check_text("the name of the column", name, SVY_ACCOUNT_TEXT - 1, 0, &why) != SVY_OK) {
            tell(t, "", "give every column a short name", why.message);
        } else if (t->n_contacts == MAX_COLUMNS) {
            tell(t, name, "keep what is needed to reach people", "there are more than 200 columns");
            break;
        } else {
            t->contacts[t->n_contacts++] = name;
        }
    }
    return SVY_OK;
}

/* The text of a cell; "" when it is blank, too long or no text, which is told. Copied. */
static const char *cell(taking *t, const char *column, size_t max)
{
    const svy_cells *cells = &t->rows->cells;
    svy_error why = SVY_ERROR_INIT;
    const char *text = "";
    char *copy;
    size_t len = 0;

    if (!cells->get(cells->user, column, &text, &len) || len == 0)
        return "";
    if ((copy = svyi_arena_text(&t->arena, text, len)) == NULL)
        return NULL;
    if (strlen(copy) != len || svyi_check_text("the cell", copy, max, 1, &why) != SVY_OK) {
        tell(t, column, "", strlen(copy) != len ? "the cell has a NUL character" : why.message);
        return "";
    }
    return copy;
}

static svy_status store_contacts(taking *t, const char *id)
{
    svy_status st = svyi_db_run(t->s, Q_CONTACTS_DROP, SVYI_ARGS(svyi_arg_text(t->form), svyi_arg_text(id)), t->err);

    for (size_t i = 0; i < t->n_contacts && st == SVY_OK; i++) {
        const char *value = cell(t, t->contacts[i], MAX_VALUE);
        if (value == NULL)
            return svyi_nomem(t->err);
        if (value[0] != '\0')
            st = svyi_db_run(t->s, Q_CONTACT_ADD, SVYI_ARGS(svyi_arg_text(t->form), svyi_arg_text(id), svyi_arg_text(t->contacts[i]), svyi_arg_text(value)), t->err);
    }
    return st;
}

/* Whose the case is. A case without an organisation is of the one that its interviewer belongs to. */
static svy_status owner(taking *t, char name[SVY_ACCOUNT_TEXT], char organisation[SVY_ACCOUNT_TEXT])
{
    const char *assigned = cell(t, "assigned", SVY_ACCOUNT_TEXT - 1), *given = cell(t, "organisation", SVY_ACCOUNT_TEXT - 1);
    svy_error why = SVY_ERROR_INIT;

    if (assigned == NULL || given == NULL)
        return svyi_nomem(t->err);
    /* Lists are mostly sorted by interviewer: whoever had the case before is not looked up again. */
    svy_status st = SVY_OK;
    if (t->last == NULL || strcmp(t->last, assigned) != 0) {
        st = svyi_case_owner(t->s, assigned, t->name, t->organisation, &why);
        t->last = st == SVY_OK ? assigned : NULL;
    }
    memcpy(name, t->name, SVY_ACCOUNT_TEXT);
    memcpy(organisation, t->organisation, SVY_ACCOUNT_TEXT);
    if (st == SVY_E_NAME) {
        tell(t, "assigned", "add the account first, or leave the cell blank", why.message);
    } else if (st != SVY_OK) {
        if (t->err != NULL)
            *t->err = why;
        return st;
    }
    if (given[0] != '\0' && organisation[0] != '\0' && strcmp(given, organisation) != 0)
        tell(t, "organisation", "give the case to somebody of its organisation", "the interviewer belongs to another organisation");
    if (given[0] != '\0')
        svyi_copy_text(organisation, SVY_ACCOUNT_TEXT, given);
    return SVY_OK;
}

static svy_status take_row(taking *t)
{
    char name[SVY_ACCOUNT_TEXT], organisation[SVY_ACCOUNT_TEXT];
    uint32_t line = (uint32_t)t->line;
    const unsigned before = t->wrong;
    const char *id = cell(t, "case", SVY_CASE_TEXT - 1);

    if (id == NULL)
        return svyi_nomem(t->err);
    if (id[0] == '\0') {
        if (t->wrong == before)
            tell(t, "case", "give every case a name", "the case has no name");
        return SVY_OK;
    }
    int again = svyi_map_add(&t->seen, id, strlen(id), &line);
    if (again < 0)
        return svyi_nomem(t->err);
    if (again > 0) {
        char found[80];
        snprintf(found, sizeof found, "the case stands in line %u already", (unsigned)line);
        tell(t, "case", "give every case one row", found);
    }
    svy_status st = owner(t, name, organisation);
    if (st == SVY_OK)
        st = svyi_db_run(t->s, Q_CASE_PUT, SVYI_ARGS(svyi_arg_text(t->form), svyi_arg_text(id), svyi_arg_text(name), svyi_arg_text(organisation)), t->err);
    return st == SVY_OK ? store_contacts(t, id) : st;
}

static svy_status take_rows(taking *t, uint64_t *n)
{
    int more = 0;
    svy_status st = read_columns(t);

    while (st == SVY_OK && (more = t->rows->next(t->rows->user, &t->line, t->err)) == 1) {
        ++*n;
        st = take_row(t);
    }
    if (st == SVY_OK && more < 0)
        st = svyi_db_failed(t->err);
    return st == SVY_OK && t->wrong > 0 ? svyi_fail(t->err, SVY_E_INVALID, "%.200s has %u problems: no case was taken", t->rows->source, t->wrong) : st;
}

svy_status svy_study_cases_import(svy_study *s, const char *form, const svy_rows *rows, const char *actor, svy_moment now, svy_diags *diags, uint64_t *n, svy_error *err)
{
    const svy_form *known;
    char detail[64];
    svy_status st;

    SVY_REQUIRE(s != NULL && rows != NULL && actor != NULL && n != NULL, err);
    *n = 0;
    if ((st = svy_study_form(s, form, &known, err)) != SVY_OK)
        return st;
    taking t = { .s = s, .form = svy_form_id(known), .rows = rows, .diags = diags, .err = err };
    if ((st = svyi_db_begin(s, err)) != SVY_OK)
        return st;
    svyi_map_init(&t.seen, &s->alloc);
    svyi_arena_init(&t.arena, &s->alloc);
    st = take_rows(&t, n);
    snprintf(detail, sizeof detail, "%llu cases", (unsigned long long)*n);
    if (st == SVY_OK)
        st = svy_study_audit(s, now, actor, "case.import", t.form, detail, err);
    st = svyi_db_end(s, st, err);
    if (st != SVY_OK)
        *n = 0;
    svyi_map_clear(&t.seen);
    svyi_arena_clear(&t.arena);
    return st;
}
