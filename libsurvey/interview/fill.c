/* Filling in a whole interview from named cells, in routing order: import and simulation go by the same rules as everybody. */
#include <string.h>

#include "base/error.h"
#include "base/map.h"
#include "interview/odk_priv.h"

typedef struct filling {
    svy_interview *iv;
    const svy_cells *cells;
    const char *soft_reason;
    svy_moment now;
    svy_diags *diags;
    svy_error *err;
    svyi_where where;
    svyi_arena arena;                 /* names of cells that were asked for */
    svyi_map asked;
    svyi_buffer name;
    unsigned problems;
} filling;

static void problem(filling *f, svy_status code, const char *cell, const char *advice, const char *found)
{
    f->where.element = cell;
    f->problems++;
    svyi_report(f->diags, SVY_PROBLEM, code, &f->where, advice, "%s", found);
}

/* "age", "m_age[2]", "j_start[2,1]": the keys of the entries around a place, outermost first. */
static const char *name_cell(filling *f, svy_place place, const char *suffix)
{
    uint32_t chain[SVYI_MAX_DEPTH + 1], n = 0;

    f->name.len = 0;
    svyi_buffer_text(&f->name, svy_form_item_id(f->iv->form, place.item));
    svyi_buffer_text(&f->name, suffix);
    for (uint32_t e = place.entry; e != 0 && n <= SVYI_MAX_DEPTH; e = f->iv->entries[e].parent)
        chain[n++] = e;
    for (uint32_t i = n; i-- > 0; ) {
        svyi_buffer_text(&f->name, i == n - 1 ? "[" : ",");
        svyi_buffer_text(&f->name, svy_interview_entry_key(f->iv, chain[i]));
    }
    if (n > 0)
        svyi_buffer_text(&f->name, "]");
    return f->name.failed ? NULL : f->name.data;
}

/* The text of a cell of a place, which counts as asked for. 1 when it is there and not blank, -1 out of memory. */
static int cell_text(filling *f, svy_place place, const char *suffix, const char **name, const char **text, size_t *len)
{
    const char *made = name_cell(f, place, suffix);
    uint32_t number = 0;

    *name = made != NULL ? svyi_arena_text(&f->arena, made, strlen(made)) : NULL;
    if (*name == NULL || svyi_map_add(&f->asked, *name, strlen(*name), &number) < 0)
        return -1;
    *text = "";
    *len = 0;
    return f->cells->get(f->cells->user, *name, text, len) && *len > 0;
}

/* Own errors of the engine end the filling; what is wrong with an answer is reported. */
static svy_status judge(filling *f, svy_status st, const svy_error *why, const char *cell)
{
    if (st == SVY_OK)
        return SVY_OK;
    if (st != SVY_E_VALUE && st != SVY_E_INVALID && st != SVY_E_STATE && st != SVY_E_LIMIT) {
        if (f->err != NULL)
            *f->err = *why;
        return st;
    }
    problem(f, st, cell, st == SVY_E_INVALID ? "correct this cell or the one it is compared with" : NULL, why->message);
    return SVY_OK;
}

static svy_status fill_missing(filling *f, svy_place place, const char *cell, const char *text, size_t len)
{
    svy_error why = SVY_ERROR_INIT;
    svy_missing missing;

    if (!svy_missing_find(text, len, &missing) || missing == SVY_NOT_ASKED) {
        problem(f, SVY_E_VALUE, cell, "use dont-know, refused or not-stated",
                missing == SVY_NOT_ASKED ? "the question is asked, so its answer cannot be not-asked" : "found an unknown missing code");
        return SVY_OK;
    }
    if (missing == SVY_NOT_REACHED)
        return SVY_OK;
    return judge(f, svy_interview_missing(f->iv, place, missing, f->now, &why), &why, cell);
}

static svy_status fill_question(filling *f, svy_place place)
{
    svy_error why = SVY_ERROR_INIT;
    const char *name, *missing_name, *text, *missing;
    size_t len, missing_len;
    const int there = cell_text(f, place, "", &name, &text, &len);
    const int coded = cell_text(f, place, "_missing", &missing_name, &missing, &missing_len);

    if (there < 0 || coded < 0)
        return svyi_nomem(f->err);
    if (there && coded) {
        problem(f, SVY_E_VALUE, missing_name, "leave one of the two blank", "there is both an answer and a missing code");
        return SVY_OK;
    }
    if (coded)
        return fill_missing(f, place, missing_name, missing, missing_len);
    if (!there)
        return SVY_OK;
    return judge(f, svy_interview_answer(f->iv, place, text, len, f->soft_reason, f->now, NULL, &why), &why, name);
}

/* 1 when a cell of roster entry `entry` is not blank, -1 out of memory. Nested rosters: their first entry is looked at. */
static int has_cells(filling *f, uint32_t roster, uint32_t parent, uint32_t number)
{
    const svy_item *def = svyi_item(f->iv, roster);
    char key[64];

    for (uint32_t i = roster + 1; i < def->end; i++) {
        const svy_item *item = svyi_item(f->iv, i);
        if (item->kind != SVY_EL_QUESTION)
            continue;
        const char *outer = name_cell(f, (svy_place){ i, parent }, "");
        if (outer == NULL)
            return -1;
        if (f->name.data[f->name.len - 1] == ']')
            f->name.len--;
        svyi_buffer_text(&f->name, parent != 0 ? "," : "[");
        key[svyi_number_format(number, key)] = '\0';
        svyi_buffer_text(&f->name, key);
        for (uint32_t inner = item->roster; inner != roster; inner = svyi_item(f->iv, inner)->roster)
            svyi_buffer_text(&f->name, ",1");
        svyi_buffer_text(&f->name, "]");
        const char *text = "";
        size_t len = 0;
        if (f->name.failed)
            return -1;
        if (f->cells->get(f->cells->user, f->name.data, &text, &len) && len > 0)
            return 1;
    }
    return 0;
}

/* Adds the entries of an open roster for which there are cells, and closes it. */
static svy_status fill_roster(filling *f, svy_place roster)
{
    svy_error why = SVY_ERROR_INIT;
    svy_status st = SVY_OK;
    uint32_t entry, n = svy_interview_entry_count(f->iv, roster.item, roster.entry);
    int more;

    while ((more = has_cells(f, roster.item, roster.entry, n + 1)) > 0) {
        const unsigned before = f->problems;
        st = judge(f, svy_interview_add_entry(f->iv, roster, f->now, &entry, &why), &why, svy_form_item_id(f->iv->form, roster.item));
        if (st != SVY_OK || f->problems > before)
            return st;
        n++;
    }
    if (more < 0)
        return svyi_nomem(f->err);
    return judge(f, svy_interview_close_roster(f->iv, roster, f->now, &why), &why, svy_form_item_id(f->iv->form, roster.item));
}

static svy_status fill_all(filling *f)
{
    svyi_stop stop = { { 0, 0 }, 0 };
    svy_interview *iv = f->iv;
    svy_status st = SVY_OK;

    for (;;) {
        const int asked = svy_interview_relevant(iv, stop.at);
        stop = svyi_next_stop(iv, stop, !stop.after && !asked);
        if (stop.at.item == 0)
            return st;
        const svy_item *item = svyi_item(iv, stop.at.item);
        if (stop.after || !svy_interview_relevant(iv, stop.at))
            continue;
        if (item->kind == SVY_EL_QUESTION && !svy_interview_readonly(iv, stop.at))
            st = fill_question(f, stop.at);
        else if (svyi_is_open_roster(iv, stop.at.item))
            st = fill_roster(f, stop.at);
        if (st != SVY_OK)
            return st;
    }
}

/* Cells of questions that were not asked. A missing code says as much, and computes are worked out anew. */
static void report_left(filling *f)
{
    const char *name;

    for (size_t i = 0; f->cells->name != NULL && (name = f->cells->name(f->cells->user, i)) != NULL; i++) {
        const char *bracket = strchr(name, '['), *text = "";
        const size_t id = bracket != NULL ? (size_t)(bracket - name) : strlen(name);
        uint32_t item, number;
        size_t len = 0;

        if (svyi_map_find(&f->asked, name, strlen(name), &number) || !svy_form_find(f->iv->form, name, id, &item))
            continue;
        if (svyi_item(f->iv, item)->kind != SVY_EL_QUESTION || (svyi_item(f->iv, item)->flags & SVY_ITEM_READONLY) != 0)
            continue;
        if (f->cells->get(f->cells->user, name, &text, &len) && len > 0)
            problem(f, SVY_E_STATE, name, "leave the cell blank or correct the answer that leads around it", "the question is not asked in this interview");
    }
}

static svy_status report_problem(filling *f, const svy_problem *p)
{
    svy_error why = SVY_ERROR_INIT;
    char sentence[320];
    const char *cell = name_cell(f, p->place, "");

    if (cell == NULL)
        return svyi_nomem(f->err);
    if (p->soft && f->soft_reason != NULL && f->soft_reason[0] != '\0')
        return judge(f, svy_interview_override(f->iv, p->check, p->entry, f->soft_reason, f->now, &why), &why, cell);
    if (p->check == SVY_PROBLEM_REQUIRED) {
        problem(f, SVY_E_VALUE, cell, "give an answer", "a required answer is missing");
    } else if (p->check == SVY_PROBLEM_NOT_OFFERED) {
        problem(f, SVY_E_VALUE, cell, "correct this answer or the one that decides what is offered", "the choice is not offered");
    } else {
        svy_interview_check_text(f->iv, p->check, p->entry, sentence, sizeof sentence);
        problem(f, SVY_E_INVALID, cell, "correct one of the answers that the check compares", sentence);
    }
    return SVY_OK;
}

static svy_status report_problems(filling *f)
{
    uint64_t cursor = 0;
    svy_problem p;
    svy_status st = SVY_OK;

    while (st == SVY_OK && svy_interview_next_problem(f->iv, &cursor, &p))
        st = report_problem(f, &p);
    return st;
}

svy_status svy_interview_fill(svy_interview *iv, const svy_cells *cells, const char *soft_reason, svy_moment now,
                              const char *source, int line, svy_diags *diags, svy_error *err)
{
    SVY_REQUIRE(iv != NULL && cells != NULL && cells->get != NULL, err);
    filling f = { .iv = iv, .cells = cells, .soft_reason = soft_reason, .now = now, .diags = diags, .err = err,
                  .where = { source != NULL ? source : "", line, 0, "" } };
    svyi_arena_init(&f.arena, &iv->alloc);
    svyi_map_init(&f.asked, &iv->alloc);
    svyi_buffer_init(&f.name, &iv->alloc);
    svy_status st = fill_all(&f);
    if (st == SVY_OK) {
        report_left(&f);
        if (f.problems == 0)                        /* otherwise what is missing follows from what was not taken */
            st = report_problems(&f);
    }
    if (st == SVY_OK)
        st = f.problems > 0 ? svyi_fail(err, SVY_E_INVALID, "the interview has %u problems", f.problems) : svy_interview_complete(iv, now, err);
    svyi_buffer_clear(&f.name);
    svyi_map_clear(&f.asked);
    svyi_arena_clear(&f.arena);
    return st;
}
