/* survey import: answers from a CSV file, held against the same rules as answers given in an interview. */
#include "record.h"
#include "sheet.h"
#include "tool.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <survey/dataio.h>
#include <survey/store.h>

struct settings { const char *form, *key, *interviewer, *soft_reason, *report; int quiet; };
static const tool_option OPTIONS[] = {
    TOOL_TEXT_OPTION(struct settings, form, "form", 'f', "ID", "questionnaire, when the study has several", NULL),
    TOOL_TEXT_OPTION(struct settings, key, "key", 'k', "COLUMN", "column that tells rows apart; rows imported before are skipped; \"case\" when there is one", NULL),
    TOOL_TEXT_OPTION(struct settings, interviewer, "interviewer", 'i', "NAME", "who imports; kept with every answer", ""),
    TOOL_TEXT_OPTION(struct settings, soft_reason, "soft-reason", 0, "TEXT", "override soft checks that fail, with this reason; without, they reject the row", NULL),
    TOOL_TEXT_OPTION(struct settings, report, "report", 0, "FILE", "write every problem to a CSV file: line, column, problem, advice", NULL),
    TOOL_FLAG_OPTION(struct settings, quiet, "quiet", 'q', "say nothing but errors"),
    TOOL_END
};

/* ---- the file in memory: cells one after the other, NUL-terminated ---- */

typedef struct file {
    char *text; size_t used, room;
    size_t *cells; size_t n_cells, cells_room;     /* where each begins in `text` */
    int *lines; size_t n_rows, rows_room;
    size_t columns, row;                           /* row: the one that is looked at */
    size_t *by_name;                               /* columns in the order of their names */
} file;

static int grow(void **array, size_t *room, size_t need, size_t item)
{
    if (need <= *room)
        return 1;
    size_t more = *room * 2 > need ? *room * 2 : need + 1024;
    void *bigger = realloc(*array, more * item);
    if (bigger == NULL)
        return 0;
    *array = bigger;
    *room = more;
    return 1;
}

static svy_status no_memory(svy_error *err)
{
    err->code = SVY_E_NOMEM;
    snprintf(err->message, sizeof err->message, "out of memory");
    return SVY_E_NOMEM;
}

static svy_status take_row(void *user, size_t line, const svy_csv_cell *cells, size_t n, svy_error *err)
{
    file *f = user;
    void *text = f->text, *starts = f->cells, *lines = f->lines;
    size_t need = f->used;
    for (size_t i = 0; i < n; i++)
        need += cells[i].len + 1;
    int ok = grow(&text, &f->room, need, 1) && (f->text = text, 1) && grow(&starts, &f->cells_room, f->n_cells + n, sizeof *f->cells) &&
             (f->cells = starts, 1) && grow(&lines, &f->rows_room, f->n_rows + 1, sizeof *f->lines) && (f->lines = lines, 1);
    if (!ok)
        return no_memory(err);
    for (size_t i = 0; i < n; i++) {
        f->cells[f->n_cells++] = f->used;
        if (cells[i].len > 0)
            memcpy(f->text + f->used, cells[i].text, cells[i].len);
        f->text[f->used + cells[i].len] = '\0';
        f->used += cells[i].len + 1;
    }
    f->columns = n;
    f->lines[f->n_rows++] = (int)line;
    return SVY_OK;
}

static const char *cell_at(const file *f, size_t row, size_t column)
{
    return f->text + f->cells[row * f->columns + column];
}

static int next_row(void *user, int *line, svy_error *err)
{
    file *f = user;
    (void)err;
    if (f->row + 1 >= f->n_rows)
        return 0;
    *line = f->lines[++f->row];
    return 1;
}

static const char *cell_name(void *user, size_t i)
{
    const file *f = user;
    return i < f->columns ? cell_at(f, 0, i) : NULL;
}

static const char *sort_text;                      /* qsort takes no user data: what the two arrays below point into */
static const size_t *sort_cells;

static int by_name(const void *a, const void *b)
{
    return strcmp(sort_text + sort_cells[*(const size_t *)a], sort_text + sort_cells[*(const size_t *)b]);
}

static svy_status sort_columns(file *f, svy_error *err)
{
    f->by_name = malloc((f->columns + 1) * sizeof *f->by_name);
    if (f->by_name == NULL)
        return no_memory(err);
    for (size_t i = 0; i < f->columns; i++)
        f->by_name[i] = i;
    sort_text = f->text;
    sort_cells = f->cells;
    qsort(f->by_name, f->columns, sizeof *f->by_name, by_name);
    return SVY_OK;
}

static int get_cell(void *user, const char *name, const char **text, size_t *len)
{
    const file *f = user;
    size_t from = 0, to = f->columns;
    while (from < to) {
        size_t middle = from + (to - from) / 2, column = f->by_name[middle];
        int order = strcmp(name, cell_at(f, 0, column));
        if (order == 0) {
            *text = cell_at(f, f->row, column);
            *len = strlen(*text);
            return 1;
        }
        if (order < 0) to = middle; else from = middle + 1;
    }
    return 0;
}

/* ---- */

typedef struct problems { svy_sheet *report; int quiet; } problems;

static void take_problem(void *user, const svy_diag *d)
{
    problems *p = user;
    if (!p->quiet || d->severity == SVY_PROBLEM)
        tool_report(NULL, d);
    svy_sheet_number(p->report, d->line);
    svy_sheet_text(p->report, d->element != NULL ? d->element : "");
    svy_sheet_text(p->report, d->severity == SVY_PROBLEM ? "problem" : "warning");
    svy_sheet_text(p->report, d->found);
    svy_sheet_text(p->report, d->advice != NULL ? d->advice : "");
}

static int import(const struct settings *s, svy_study *study, file *f, const char *path)
{
    static const svy_sheet_column COLUMNS[] = { { "line", SVY_SHEET_NUMBER }, { "column", SVY_SHEET_TEXT }, { "kind", SVY_SHEET_TEXT }, { "found", SVY_SHEET_TEXT },
        { "advice", SVY_SHEET_TEXT } };
    svy_error err = SVY_ERROR_INIT;
    svy_import_options options = SVY_IMPORT_OPTIONS_INIT;
    svy_import_result result;
    problems p = { NULL, s->quiet };
    svy_diags diags = { take_problem, &p, 0, 0 };
    const svy_rows rows = { next_row, { get_cell, cell_name, f }, f, path };
    options.interviewer = s->interviewer;
    options.soft_reason = s->soft_reason;
    options.key = s->key;
    if (svy_sheet_new(NULL, COLUMNS, sizeof COLUMNS / sizeof COLUMNS[0], &p.report, &err) != SVY_OK)
        return tool_fail(&err);
    svy_status st = svy_study_import(study, s->form, &rows, &options, record_now(), &diags, &result, &err);
    int status = st == SVY_OK ? EXIT_DONE : st == SVY_E_INVALID ? EXIT_WRONG : tool_fail(&err);
    if (!s->quiet || status != EXIT_DONE)
        tool_say("%llu rows imported, %llu rejected, %llu were there already", (unsigned long long)result.accepted, (unsigned long long)result.rejected,
                 (unsigned long long)result.skipped);
    if (s->report != NULL) {
        const tool_output_options o = { s->report, FORMAT_CSV, 1 };
        int wrote = tool_write_sheet(p.report, &o);
        status = wrote != EXIT_DONE ? wrote : status;
    }
    svy_sheet_free(p.report);
    return status;
}

static int run(void *settings, int argc, char **argv)
{
    struct settings *s = settings;
    svy_error err = SVY_ERROR_INIT;
    svy_csv_read_options csv = SVY_CSV_READ_INIT;
    svy_study *study = NULL;
    file f = { NULL, 0, 0, NULL, 0, 0, NULL, 0, 0, 0, 0, NULL };
    int status = EXIT_DONE;
    (void)argc;
    if (svy_csv_read_text(NULL, argv[1], &csv, take_row, &f, &err) != SVY_OK || sort_columns(&f, &err) != SVY_OK ||
        svy_study_open(NULL, argv[0], SVY_STUDY_WRITE, &study, &err) != SVY_OK)
        status = tool_fail(&err);
    else
        status = import(s, study, &f, argv[1]);
    svy_study_close(study);
    free(f.text);
    free(f.cells);
    free(f.lines);
    free(f.by_name);
    return status;
}

const verb verb_import = { .name = "import", .group = FOR_FIELDWORK, .arguments = "STUDY FILE.csv", .min_arguments = 2, .max_arguments = 2,
    .summary = "take answers from a CSV file",
    .detail = "The first row names the variables: age, in rosters m_age[2], with age_missing for why there is none (dont-know, refused, not-stated). Every row goes "
              "through the questionnaire as an interview would; a row with a problem is left out whole, and every problem is told with its line and column. "
              "A column \"case\" says which case it is, \"language\" in which language it was asked.",
    .example = "survey import tcn.study --form a-main-tcn answers.csv", .settings_size = sizeof(struct settings), .tables = { { OPTIONS, 0 } }, .run = run };
