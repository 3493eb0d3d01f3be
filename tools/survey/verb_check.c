/* survey check: every problem of a questionnaire, with its place and what to do about it. */
#include "tool.h"
#include <stdlib.h>
#include <string.h>
#include <survey/exchange.h>

struct settings { tool_output_options output; int strict, notes; };

typedef struct row { svy_severity severity; size_t order; int line, column; char *source, *element, *found, *advice; } row;
typedef struct rows { row *items; size_t n, capacity; int notes, failed; } rows;

static const char *const SEVERITIES[] = { "note", "warning", "error" };

static char *copy(const char *text)
{
    size_t n = strlen(text) + 1;
    char *out = malloc(n);
    if (out != NULL)
        memcpy(out, text, n);
    return out;
}

static void collect(void *user, const svy_diag *d)
{
    rows *r = user;
    if (d->severity == SVY_NOTE && !r->notes)
        return;
    if (r->n == r->capacity) {
        row *more = realloc(r->items, (r->capacity * 2 + 16) * sizeof *more);
        if (more == NULL) {
            r->failed = 1;
            return;
        }
        r->items = more;
        r->capacity = r->capacity * 2 + 16;
    }
    row *w = &r->items[r->n];
    *w = (row){ d->severity, r->n, d->line, d->column, copy(d->source), copy(d->element), copy(d->found), copy(d->advice) };
    r->failed |= w->source == NULL || w->element == NULL || w->found == NULL || w->advice == NULL;
    r->n++;
}

/* By file, then by place. */
static int by_place(const void *left, const void *right)
{
    const row *a = left, *b = right;
    int c = strcmp(a->source, b->source);
    if (c == 0)
        c = (a->line > b->line) - (a->line < b->line);
    if (c == 0)
        c = (a->column > b->column) - (a->column < b->column);
    return c != 0 ? c : (a->order > b->order) - (a->order < b->order);
}

static void put_csv(FILE *out, const char *text)
{
    int quote = strpbrk(text, ",\"\n\r") != NULL;
    if (quote)
        fputc('"', out);
    for (; *text != '\0'; text++) {
        if (*text == '"')
            fputc('"', out);
        fputc(*text, out);
    }
    if (quote)
        fputc('"', out);
}

static void put_json(FILE *out, const char *name, const char *text)
{
    fprintf(out, "\"%s\": \"", name);
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        if (c < 0x20)
            fprintf(out, "\\u%04x", c);
        else
            fprintf(out, c == '"' || c == '\\' ? "\\%c" : "%c", c);
    }
    fputc('"', out);
}

static void print_row(FILE *out, int format, const row *w, int first)
{
    if (format == FORMAT_JSON) {
        fputs(first ? "\n  {" : ",\n  {", out);
        put_json(out, "severity", SEVERITIES[w->severity]);
        fputs(", ", out);
        put_json(out, "file", w->source);
        fprintf(out, ", \"line\": %d, \"column\": %d, ", w->line, w->column);
        put_json(out, "element", w->element);
        fputs(", ", out);
        put_json(out, "found", w->found);
        fputs(", ", out);
        put_json(out, "advice", w->advice);
        fputc('}', out);
        return;
    }
    if (format == FORMAT_CSV) {
        fprintf(out, "%s,", SEVERITIES[w->severity]);
        put_csv(out, w->source);
        fprintf(out, ",%d,%d,", w->line, w->column);
        put_csv(out, w->element);
        fputc(',', out);
        put_csv(out, w->found);
        fputc(',', out);
        put_csv(out, w->advice);
        fputc('\n', out);
        return;
    }
    tool_plain(out, w->source);
    fputc(':', out);
    if (w->line > 0)
        fprintf(out, "%d:", w->line);
    if (w->line > 0 && w->column > 0)
        fprintf(out, "%d:", w->column);
    fprintf(out, " %s:%s", SEVERITIES[w->severity], w->element[0] ? " [" : "");
    tool_plain(out, w->element);
    fputs(w->element[0] ? "] " : " ", out);
    tool_plain(out, w->found);
    fputs(w->advice[0] ? ": " : "", out);
    tool_plain(out, w->advice);
    fputc('\n', out);
}

static void print(FILE *out, const struct settings *s, const rows *r)
{
    if (s->output.format == FORMAT_CSV)
        fputs("severity,file,line,column,element,found,advice\n", out);
    if (s->output.format == FORMAT_JSON)
        fputc('[', out);
    for (size_t i = 0; i < r->n; i++)
        print_row(out, s->output.format, &r->items[i], i == 0);
    if (s->output.format == FORMAT_JSON)
        fputs(r->n > 0 ? "\n]\n" : "]\n", out);
}

static void summarise(FILE *out, int files, const svy_diags *d)
{
    fprintf(out, "%d questionnaire%s: ", files, files == 1 ? "" : "s");
    if (d->problems == 0 && d->warnings == 0)
        fputs("no problems\n", out);
    else
        fprintf(out, "%u error%s, %u warning%s\n", d->problems, d->problems == 1 ? "" : "s", d->warnings, d->warnings == 1 ? "" : "s");
}

/* One file. A file over a limit is a problem like any other; one that cannot be read ends the run. */
static int check_file(const char *path, svy_diags *diags)
{
    svy_error err = SVY_ERROR_INIT;
    void *block = NULL;
    size_t size = 0;
    svy_status st = svy_questionnaire_read(NULL, path, NULL, diags, &block, &size, &err);
    svy_block_free(NULL, block, size);
    if (st == SVY_OK || st == SVY_E_INVALID)
        return EXIT_DONE;
    if (st == SVY_E_IO || st == SVY_E_NOMEM)
        return tool_fail(&err);
    const svy_diag d = { SVY_PROBLEM, st, err.source[0] ? err.source : path, err.line, err.column, "", err.message, "" };
    diags->problems++;
    collect(diags->user, &d);
    return EXIT_DONE;
}

static int run(void *settings, int argc, char **argv)
{
    struct settings *s = settings;
    rows r = { .notes = s->notes };
    svy_diags diags = { .report = collect, .user = &r };
    tool_output out;
    int status = tool_output_begin(&out, s->output.path);
    for (int i = 0; i < argc && status == EXIT_DONE; i++)
        status = check_file(argv[i], &diags);
    if (status == EXIT_DONE && r.failed) {
        tool_say("out of memory");
        status = EXIT_SYSTEM;
    }
    if (status == EXIT_DONE) {
        if (r.n > 0)
            qsort(r.items, r.n, sizeof *r.items, by_place);
        print(out.file, s, &r);
        if (s->output.format == FORMAT_TABLE && !s->output.quiet)
            summarise(out.file, argc, &diags);
    }
    status = tool_output_end(&out, status);
    for (size_t i = 0; i < r.n; i++) {
        free(r.items[i].source);
        free(r.items[i].element);
        free(r.items[i].found);
        free(r.items[i].advice);
    }
    free(r.items);
    if (status == EXIT_DONE && (diags.problems > 0 || (s->strict && diags.warnings > 0)))
        status = EXIT_WRONG;
    return status;
}

static const tool_option OPTIONS[] = {
    TOOL_FLAG_OPTION(struct settings, strict, "strict", 0, "exit with 1 for warnings too"),
    TOOL_FLAG_OPTION(struct settings, notes, "notes", 0, "print notes too"),
    TOOL_END
};

const verb verb_check = { .name = "check", .group = FOR_RESEARCHERS, .arguments = "FILE...", .min_arguments = 1, .max_arguments = -1,
    .summary = "find every problem of a questionnaire",
    .detail = "Reads questionnaires with their shared code lists and translations, and prints everything that is wrong or doubtful: "
              "FILE:LINE:COLUMN: error: [id] what was found: what to do. Exit status 0 when there is no error, 1 when there is one.",
    .example = "survey check questionnaire.xml\nsurvey check --format json --strict */questionnaire.xml",
    .settings_size = sizeof(struct settings), .tables = { { OPTIONS, 0 }, { TOOL_OUTPUT, offsetof(struct settings, output) } }, .run = run };
