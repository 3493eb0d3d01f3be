/* survey import: answers from a CSV file or ODK submissions, held against the same rules as answers given in an interview. */
#include "csv_file.h"
#include "kept.h"
#include "queue_import.h"
#include "record.h"
#include "sheet.h"
#include "submissions.h"
#include "tool.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <survey/store.h>

struct settings { const char *form, *key, *interviewer, *soft_reason, *report, *private_key, *media; int kept, quiet; };
static const tool_option OPTIONS[] = {
    TOOL_TEXT_OPTION(struct settings, form, "form", 'f', "ID", "questionnaire, when the study has several", NULL),
    TOOL_TEXT_OPTION(struct settings, key, "key", 'k', "COLUMN", "column that tells rows apart; rows imported before are skipped; \"case\" when there is one", NULL),
    TOOL_TEXT_OPTION(struct settings, interviewer, "interviewer", 'i', "NAME", "who imports; kept with every answer", ""),
    TOOL_TEXT_OPTION(struct settings, soft_reason, "soft-reason", 0, "TEXT", "override soft checks that fail, with this reason; without, they reject the row", NULL),
    TOOL_TEXT_OPTION(struct settings, private_key, "private-key", 0, "FILE", "opens ODK submissions that were encrypted for this key (PEM, without passphrase)", NULL),
    TOOL_TEXT_OPTION(struct settings, media, "media", 0, "FOLDER", "where photos and other files of encrypted submissions are written to", NULL),
    TOOL_TEXT_OPTION(struct settings, report, "report", 0, "FILE", "write every problem to a CSV file: line, column, problem, advice", NULL),
    TOOL_FLAG_OPTION(struct settings, kept, "kept", 0, "no file: try again what the study keeps aside, encrypted submissions with --private-key"),
    TOOL_FLAG_OPTION(struct settings, quiet, "quiet", 'q', "say nothing but errors"),
    TOOL_END
};

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

static int import(const struct settings *s, svy_study *study, const svy_rows *rows, submissions *odk)
{
    static const svy_sheet_column COLUMNS[] = { { "line", SVY_SHEET_NUMBER }, { "column", SVY_SHEET_TEXT }, { "kind", SVY_SHEET_TEXT }, { "found", SVY_SHEET_TEXT },
        { "advice", SVY_SHEET_TEXT } };
    svy_error err = SVY_ERROR_INIT;
    svy_import_options options = SVY_IMPORT_OPTIONS_INIT;
    svy_import_result result;
    problems p = { NULL, s->quiet };
    svy_diags diags = { take_problem, &p, 0, 0 };
    options.interviewer = s->interviewer;
    options.soft_reason = s->soft_reason;
    options.key = s->key;
    if (odk != NULL) {
        odk->diags = &diags;
        options.key = "instanceID";
        options.mode = SVY_MODE_ODK;
        options.conduct = submissions_conduct;
        options.conduct_user = odk;
    }
    if (svy_sheet_new(NULL, COLUMNS, sizeof COLUMNS / sizeof COLUMNS[0], &p.report, &err) != SVY_OK)
        return tool_fail(&err);
    svy_status st = svy_study_import(study, s->form, rows, &options, record_now(), &diags, &result, &err);
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

static int import_csv(const struct settings *s, svy_study *study, const char *path)
{
    csv_file f = CSV_FILE_INIT;
    svy_error err = SVY_ERROR_INIT;
    const svy_rows rows = { csv_file_next, { csv_file_get, csv_file_name, &f }, &f, path };
    const int status = csv_file_read(&f, path, &err) == SVY_OK ? import(s, study, &rows, NULL) : tool_fail(&err);
    csv_file_clear(&f);
    return status;
}

static int import_odk(const struct settings *s, svy_study *study, char *const *paths, int n)
{
    submissions odk = { .now = record_now() };
    const svy_rows rows = { submissions_next, { submissions_get, submissions_name, &odk }, &odk, paths[0] };
    int status = submissions_read(&odk, paths, n, s->private_key, s->media);
    if (status == EXIT_DONE && ((status = import(s, study, &rows, &odk)) == EXIT_DONE || status == EXIT_WRONG)) {       /* those that were taken, also when others were not */
        const int attached = submissions_attach(&odk, study, s->form, s->media, s->quiet);
        status = attached != EXIT_DONE ? attached : status;
    }
    submissions_clear(&odk);
    return status;
}

static int run(void *settings, int argc, char **argv)
{
    struct settings *s = settings;
    svy_error err = SVY_ERROR_INIT;
    svy_study *study = NULL;
    const int odk = argc > 1 && submissions_are(argv[1]);
    int status;
    if (s->kept ? argc > 1 : argc < 2)
        return tool_usage("import", s->kept ? "--kept takes no file" : "a file is needed: answers in CSV, or submissions");
    if (!odk && argc > 2)
        return tool_usage("import", "one CSV file at a time: submissions end in .xml");
    if (svy_study_open(NULL, argv[0], SVY_STUDY_WRITE, &study, &err) != SVY_OK)
        status = tool_fail(&err);
    else if (s->kept)
        status = kept_import(study, s->private_key, s->quiet);
    else
        status = odk ? import_odk(s, study, argv + 1, argc - 1) : queue_is(argv[1]) ? queue_import(study, argv[1], s->quiet) : import_csv(s, study, argv[1]);
    svy_study_close(study);
    return status;
}

const verb verb_import = { .name = "import", .group = FOR_FIELDWORK, .arguments = "STUDY FILE...", .min_arguments = 1, .max_arguments = -1,
    .summary = "take answers from a CSV file, a saved queue or ODK submissions",
    .detail = "The first row names the variables: age, in rosters m_age[2], with age_missing for why there is none (dont-know, refused, not-stated). Every row goes "
              "through the questionnaire as an interview would; a row with a problem is left out whole, and every problem is told with its line and column. "
              "A column \"case\" says which case it is, \"language\" in which language it was asked.\n"
              "Files that end in .xml, and folders of them, are submissions of ODK's clients. One that was imported before is skipped by its instanceID. Photos and "
              "other files that answers name are stored from the folder of the submission, also when they come there later.\n"
              "A queue that the web form saved as a file (.svyq) is taken in as if its device had sent it; taking it in twice stores nothing twice.\n"
              "--kept takes no file: it tries again what the study keeps aside, such as encrypted submissions that ODK's clients sent to 'survey serve'.",
    .example = "survey import tcn.study --form a-main-tcn answers.csv\nsurvey import tcn.study queue.svyq\nsurvey import tcn.study --form visit --private-key form.pem submissions/\nsurvey import tcn.study --kept --private-key form.pem", .settings_size = sizeof(struct settings), .tables = { { OPTIONS, 0 } }, .run = run };
