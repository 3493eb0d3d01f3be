/* A list of cases that comes as a CSV file: read beside the writer, then taken in at once or not at all. */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <survey/dataio.h>

#include "base/error.h"
#include "server/core.h"

enum { LIST_BYTES = 4 << 20, LIST_COLUMNS = 203, LIST_ROWS = 10000 /* what others wait for: less than a second of the writer */, LIST_TOLD = 20 };

/* The cells of the file by row, each with a NUL behind it; the first row is the header. Counted first, stored then. */
typedef struct case_list {
    size_t columns, n_rows, n_cells, used, row;
    char *text; uint32_t *cells; int *lines;      /* cells: where each begins in `text`, and where the last ends */
    svyi_buffer said; unsigned told;
} case_list;

static svy_status count_row(void *user, size_t line, const svy_csv_cell *cells, size_t n, svy_error *err)
{
    case_list *l = user;

    (void)line;
    if (n > LIST_COLUMNS)
        return svyi_fail(err, SVY_E_LIMIT, "the list has more than 200 columns: keep what is needed to reach people");
    if (l->n_rows > LIST_ROWS)
        return svyi_fail(err, SVY_E_LIMIT, "the list has more than 10,000 cases: send it in parts, or take it in with survey cases import");
    for (size_t i = 0; i < n; i++)
        l->used += cells[i].len + 1;
    l->columns = n;
    l->n_cells += n;
    l->n_rows++;
    return SVY_OK;
}

static svy_status store_row(void *user, size_t line, const svy_csv_cell *cells, size_t n, svy_error *err)
{
    case_list *l = user;

    (void)err;
    for (size_t i = 0; i < n; i++) {
        if (cells[i].len > 0)
            memcpy(l->text + l->used, cells[i].text, cells[i].len);
        l->used += cells[i].len + 1;
        l->cells[++l->n_cells] = (uint32_t)l->used;
    }
    l->lines[l->n_rows++] = (int)line;
    return SVY_OK;
}

static svy_status read_list(svyi_request *rq, case_list *l, svy_error *err)
{
    svy_csv_read_options csv = SVY_CSV_READ_INIT;

    csv.max_bytes = LIST_BYTES;
    csv.source = "the list";
    svy_status st = svy_csv_read_text_bytes(NULL, rq->body, rq->body_size, &csv, count_row, l, err);
    if (st != SVY_OK)
        return st;
    l->text = svyi_arena_get(&rq->arena, l->used + 1);
    l->cells = svyi_arena_get(&rq->arena, (l->n_cells + 1) * sizeof *l->cells);
    l->lines = svyi_arena_get(&rq->arena, (l->n_rows + 1) * sizeof *l->lines);
    if (l->text == NULL || l->cells == NULL || l->lines == NULL)
        return svyi_fail(err, SVY_E_NOMEM, "out of memory");
    l->used = l->n_cells = l->n_rows = 0;
    return svy_csv_read_text_bytes(NULL, rq->body, rq->body_size, &csv, store_row, l, err);
}

/* ---- as svy_rows wants it ---- */

static int next_row(void *user, int *line, svy_error *err)
{
    case_list *l = user;

    (void)err;
    if (l->row + 1 >= l->n_rows)
        return 0;
    *line = l->lines[++l->row];
    return 1;
}

static const char *column_name(void *user, size_t i)
{
    const case_list *l = user;

    return i < l->columns ? l->text + l->cells[i] : NULL;
}

static int get_cell(void *user, const char *name, const char **text, size_t *len)
{
    const case_list *l = user;

    for (size_t i = 0; i < l->columns; i++) {
        const size_t at = l->row * l->columns + i;
        if (strcmp(l->text + l->cells[i], name) != 0)
            continue;
        *text = l->text + l->cells[at];
        *len = l->cells[at + 1] - l->cells[at] - 1;
        return 1;
    }
    return 0;
}

/* One sentence for each problem; of a list in which every row is wrong the first few. */
static void say_problem(void *user, const svy_diag *d)
{
    case_list *l = user;

    if (l->told++ >= LIST_TOLD)
        return;
    svyi_buffer_format(&l->said, "%sline %d%s%s: %s", l->said.len > 0 ? "; " : "", d->line, d->element[0] != '\0' ? ", " : "", d->element, d->found);
    if (d->advice[0] != '\0')
        svyi_buffer_format(&l->said, " (%s)", d->advice);
}

static void answer_problems(svyi_request *rq, case_list *l)
{
    if (l->told > LIST_TOLD)
        svyi_buffer_format(&l->said, "; and %u more", l->told - LIST_TOLD);
    svyi_answer_error(rq, l->said.failed ? 503 : 422, l->said.failed ? "out of memory" : l->said.data);
}

static void take_list(svyi_request *rq, svy_study *study)
{
    case_list *l = rq->own;
    const svy_rows rows = { next_row, { get_cell, column_name, l }, l, "the list" };
    svy_diags diags = { say_problem, l, 0, 0 };
    svy_error err = SVY_ERROR_INIT;
    svyi_buffer b;
    uint64_t n;

    svyi_buffer_init(&l->said, NULL);
    const svy_status st = svy_study_cases_import(study, svyi_request_query(rq, "form"), &rows, rq->who->name, rq->received, &diags, &n, &err);
    if (st == SVY_OK) {
        svyi_buffer_init(&b, NULL);
        svyi_buffer_format(&b, "{\"cases\":%llu}\n", (unsigned long long)n);
        svyi_answer_json(rq, 200, &b);
    } else if (st == SVY_E_INVALID && l->told > 0) {
        answer_problems(rq, l);
    } else {
        svyi_answer_failed(rq, &err);
    }
    svyi_buffer_clear(&l->said);
}

/* A file that cannot be read: where, and what is wrong; a name that stands there twice is no address that is not there. */
static void answer_unreadable(svyi_request *rq, const svy_error *err)
{
    char sentence[440];

    if (err->code == SVY_E_NOMEM || err->code == SVY_E_LIMIT) {
        svyi_answer_failed(rq, err);
        return;
    }
    if (err->line > 0)
        snprintf(sentence, sizeof sentence, "line %d: %s", err->line, err->message);
    else
        snprintf(sentence, sizeof sentence, "%s", err->message);
    svyi_answer_error(rq, 422, sentence);
}

static void case_list_came(svyi_request *rq, svy_study *study)
{
    case_list *l = svyi_arena_get(&rq->arena, sizeof *l);
    svy_error err = SVY_ERROR_INIT;
    const char *text;
    size_t len;

    (void)study;
    if (svyi_request_query(rq, "form") == NULL) {
        svyi_answer_error(rq, 400, "say which questionnaire the list is for: ?form=ID");
    } else if (l == NULL) {
        svyi_answer_error(rq, 503, "out of memory");
    } else if (read_list(rq, l, &err) != SVY_OK) {
        answer_unreadable(rq, &err);
    } else if (l->n_rows == 0 || !get_cell(l, "case", &text, &len)) {
        svyi_answer_error(rq, 422, "the list has no column 'case'");
    } else {
        rq->own = l;
        svyi_then(rq, SVYI_ON_WRITER, take_list);
    }
}

const svyi_route SVYI_ROUTES_CASE_LIST[] = {
    { SVYI_POST, "/api/cases", SVY_RIGHT_DEPLOY, SVYI_ON_SLOW, case_list_came, LIST_BYTES, 0 },
    { 0 },
};
