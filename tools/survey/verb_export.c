/* survey export: submitted answers as CSV files, one per roster level, with a codebook. */
#define _POSIX_C_SOURCE 200809L
#include "export_attachments.h"
#include "export_safe.h"
#include "tool.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <survey/dataio.h>
#include <survey/store.h>
#include <sys/stat.h>

struct settings { const char *form, *folder; int labels, codes, sensitive, events, attachments, safe, quiet; };
static const tool_option OPTIONS[] = {
    TOOL_TEXT_OPTION(struct settings, form, "form", 'f', "ID", "questionnaire, when the study has several", NULL),
    TOOL_TEXT_OPTION(struct settings, folder, "output", 'o', "FOLDER", "where the files go; made when it is not there", NULL),
    TOOL_FLAG_OPTION(struct settings, codes, "codes", 0, "codes of answers, as the questionnaire has them (this is what happens without --labels)"),
    TOOL_FLAG_OPTION(struct settings, labels, "labels", 0, "labels of answers in place of their codes"),
    TOOL_FLAG_OPTION(struct settings, sensitive, "sensitive", 0, "with sensitive variables, which are left out otherwise"),
    TOOL_FLAG_OPTION(struct settings, events, "events", 0, "also FORM_events.csv: what was done when, in every interview"),
    TOOL_FLAG_OPTION(struct settings, attachments, "attachments", 0, "also photos, sound and other files: the folder FORM_attachments and their list FORM_attachments.csv"),
    TOOL_FLAG_OPTION(struct settings, safe, "spreadsheet-safe", 0, "a ' before texts that a spreadsheet would take for a formula"),
    TOOL_FLAG_OPTION(struct settings, quiet, "quiet", 'q', "say nothing but errors"),
    TOOL_END
};

typedef struct exporting { const struct settings *s; svy_study *study; const svy_form *form; svy_error err; } exporting;

static int path_of(const exporting *x, char *out, size_t size, const char *middle, const char *ending)
{
    const char *id = svy_form_id(x->form);
    int n = snprintf(out, size, "%s/%s%s%s%s", x->s->folder, id, middle[0] != '\0' ? "_" : "", middle, ending);
    if (n > 0 && (size_t)n < size)
        return 1;
    tool_say("%s: the path is too long", x->s->folder);
    return 0;
}

static int export_level(exporting *x, const char *level)
{
    char path[4096];
    svy_csv_write_options csv = SVY_CSV_WRITE_INIT;
    svy_frame *frame = NULL, *safe = NULL;
    if (!path_of(x, path, sizeof path, level, ".csv"))
        return EXIT_SYSTEM;
    csv.labels = (uint8_t)x->s->labels;
    svy_status st = svy_study_frame(x->study, x->s->form, level, x->s->sensitive, &frame, &x->err);
    if (st == SVY_OK && x->s->safe)
        st = export_safe(frame, &safe, &x->err);
    if (st == SVY_OK)
        st = svy_csv_write_file(safe != NULL ? safe : frame, path, &csv, &x->err);
    if (st == SVY_OK && !x->s->quiet)
        tool_say("%s: %zu row%s, %zu variable%s", path, svy_frame_rows(frame), tool_plural(svy_frame_rows(frame)), svy_frame_columns(frame), tool_plural(svy_frame_columns(frame)));
    svy_frame_free(safe);
    svy_frame_free(frame);
    return st == SVY_OK ? EXIT_DONE : tool_fail(&x->err);
}

typedef struct writing { svy_file_out *file; const exporting *x; } writing;

/* What fails is said when the file is ended. */
static svy_status put(void *user, const char *bytes, size_t len)
{
    svy_error err = SVY_ERROR_INIT;
    return svy_file_write(user, bytes, len, &err);
}

static int finish(exporting *x, writing *w, svy_status st)
{
    if (st != SVY_OK)
        svy_file_cancel(w->file);
    else
        st = svy_file_end(w->file, 0, &x->err);
    return st == SVY_OK ? EXIT_DONE : tool_fail(&x->err);
}

static int export_codebook(exporting *x)
{
    char path[4096];
    writing w = { NULL, x };
    if (!path_of(x, path, sizeof path, "codebook", ".json"))
        return EXIT_SYSTEM;
    if (svy_file_begin(NULL, path, &w.file, &x->err) != SVY_OK)
        return tool_fail(&x->err);
    return finish(x, &w, svy_study_codebook(x->study, x->s->form, put, w.file, &x->err));
}

/* ---- events ---- */

static svy_status put_bytes(void *out, const void *bytes, size_t len, svy_error *err)
{
    return svy_file_write(out, bytes, len, err);
}

static int is_level(const char *const *levels, size_t n, const char *id)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(levels[i], id) == 0)
            return 1;
    return 0;
}

/* "events", or "events_2" and so on when a roster has that id, and its file. */
static void name_table(const char *name, char *out, size_t size, const char *const *levels, size_t n)
{
    snprintf(out, size, "%s", name);
    for (unsigned number = 2; is_level(levels, n, out); number++)
        snprintf(out, size, "%s_%u", name, number);
}

static int export_events(exporting *x, const char *middle)
{
    char path[4096];
    writing w = { NULL, x };
    if (!path_of(x, path, sizeof path, middle, ".csv"))
        return EXIT_SYSTEM;
    if (svy_file_begin(NULL, path, &w.file, &x->err) != SVY_OK)
        return tool_fail(&x->err);
    return finish(x, &w, svy_study_events_write(x->study, x->s->form, x->s->sensitive, x->s->safe, put_bytes, w.file, &x->err));
}

/* ---- */

static int export_levels(exporting *x, const char *const *levels, size_t n)
{
    char name[32], attachments[4096] = "";
    int status = EXIT_DONE;
    name_table("attachments", name, sizeof name, levels, n);
    if (x->s->attachments && (!path_of(x, attachments, sizeof attachments, name, "") || !export_attachments_fresh(attachments)))
        return EXIT_SYSTEM;
    for (size_t i = 0; i < n && status == EXIT_DONE; i++)
        status = export_level(x, levels[i]);
    if (status == EXIT_DONE)
        status = export_codebook(x);
    if (status == EXIT_DONE && x->s->attachments)
        status = export_attachments(x->study, attachments, &(export_attachment_options){ x->s->form, x->s->sensitive, x->s->safe, x->s->quiet });
    if (status != EXIT_DONE || !x->s->events)
        return status;
    name_table("events", name, sizeof name, levels, n);
    return export_events(x, name);
}

static int export_all(exporting *x)
{
    size_t n;
    if (svy_study_form(x->study, x->s->form, &x->form, &x->err) != SVY_OK || svy_study_levels(x->study, x->s->form, NULL, 0, &n, &x->err) != SVY_OK)
        return tool_fail(&x->err);
    const char **levels = malloc((n + 1) * sizeof *levels);
    if (levels == NULL) {
        tool_say("out of memory");
        return EXIT_SYSTEM;
    }
    int status = svy_study_levels(x->study, x->s->form, levels, n, &n, &x->err) == SVY_OK ? export_levels(x, levels, n) : tool_fail(&x->err);
    free(levels);
    return status;
}

static int run(void *settings, int argc, char **argv)
{
    exporting x = { .s = settings, .err = SVY_ERROR_INIT };
    (void)argc;
    if (x.s->folder == NULL)
        return tool_usage("export", "say where the files go with -o FOLDER");
    if (x.s->labels && x.s->codes)
        return tool_usage("export", "give --codes or --labels, not both");
    if (svy_study_open(NULL, argv[0], SVY_STUDY_READ, &x.study, &x.err) != SVY_OK)
        return tool_fail(&x.err);
    int status = EXIT_DONE;
    if (mkdir(x.s->folder, 0777) != 0 && errno != EEXIST) {
        tool_say("%s: cannot make the folder: %s", x.s->folder, strerror(errno));
        status = EXIT_SYSTEM;
    }
    if (status == EXIT_DONE)
        status = export_all(&x);
    svy_study_close(x.study);
    return status;
}

const verb verb_export = { .name = "export", .group = FOR_FIELDWORK, .arguments = "STUDY", .min_arguments = 1, .max_arguments = 1,
    .summary = "write submitted answers as CSV, one file per roster, and a codebook",
    .detail = "FORM.csv holds the interviews, FORM_ROSTER.csv the entries of a roster, FORM_codebook.json what every variable is. A blank cell is explained in the "
              "column NAME_missing: dont-know, refused, not-stated, not-asked. Answers of all versions of the questionnaire come together. Sensitive variables are "
              "left out unless asked for.",
    .example = "survey export tcn.study --form a-main-tcn -o out", .settings_size = sizeof(struct settings), .tables = { { OPTIONS, 0 } }, .run = run };
