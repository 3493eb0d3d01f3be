/* survey cases import, list, assign, return: the sample, whose each case is, and how far it is. */
#define _POSIX_C_SOURCE 200809L
#include "csv_file.h"
#include "record.h"
#include "sheet.h"
#include "tool.h"
#include <string.h>
#include <survey/account.h>

/* ---- import ---- */

struct import_settings { const char *form, *actor; int quiet; };
static const tool_option IMPORT_OPTIONS[] = {
    TOOL_TEXT_OPTION(struct import_settings, form, "form", 'f', "ID", "questionnaire, when the study has several", NULL),
    TOOL_TEXT_OPTION(struct import_settings, actor, "actor", 0, "NAME", "who does this, for the study's records; the user's name unless given", NULL),
    TOOL_FLAG_OPTION(struct import_settings, quiet, "quiet", 'q', "say nothing but errors"),
    TOOL_END
};

static int import_file(const struct import_settings *s, svy_study *study, csv_file *f, const char *path)
{
    svy_error err = SVY_ERROR_INIT;
    svy_diags diags = { tool_report, NULL, 0, 0 };
    const svy_rows rows = { csv_file_next, { csv_file_get, csv_file_name, f }, f, path };
    const char *text;
    uint64_t n;
    size_t len;
    f->row = 0;
    if (!csv_file_get(f, "case", &text, &len)) {
        tool_say("%s: there is no column 'case'", path);
        return EXIT_WRONG;
    }
    if (svy_study_cases_import(study, s->form, &rows, record_actor(s->actor), record_now(), &diags, &n, &err) != SVY_OK)
        return tool_fail(&err);
    if (!s->quiet)
        tool_say("%llu case%s taken", (unsigned long long)n, tool_plural(n));
    return EXIT_DONE;
}

static int run_import(void *settings, int argc, char **argv)
{
    csv_file f = CSV_FILE_INIT;
    svy_error err = SVY_ERROR_INIT;
    svy_study *study = NULL;
    int status;
    (void)argc;
    if (csv_file_read(&f, argv[1], &err) != SVY_OK || svy_study_open(NULL, argv[0], SVY_STUDY_WRITE, &study, &err) != SVY_OK)
        status = tool_fail(&err);
    else
        status = import_file(settings, study, &f, argv[1]);
    svy_study_close(study);
    csv_file_clear(&f);
    return status;
}

const verb verb_cases_import = { .name = "cases import", .group = FOR_FIELDWORK, .arguments = "STUDY FILE.csv", .min_arguments = 2, .max_arguments = 2,
    .summary = "take a list of cases in",
    .detail = "Columns: \"case\", and if there are such \"assigned\" (name of the interviewer's account) and \"organisation\". Every other column is contact data: the interviewer of the case "
              "sees it, it is not exported and an analyst never gets it. When a questionnaire has a list of cases, only these can be interviewed. A case that is there already "
              "gets what its row says. All rows or none are taken.",
    .example = "survey cases import tcn.study sample.csv --form a-main-tcn", .settings_size = sizeof(struct import_settings), .tables = { { IMPORT_OPTIONS, 0 } }, .run = run_import };

/* ---- list ---- */

struct list_settings { tool_output_options output; const char *form, *assigned; int contacts; };
static const tool_option LIST_OPTIONS[] = {
    TOOL_TEXT_OPTION(struct list_settings, form, "form", 'f', "ID", "only cases of this questionnaire", NULL),
    TOOL_TEXT_OPTION(struct list_settings, assigned, "assigned", 0, "NAME", "only cases of this interviewer", NULL),
    TOOL_FLAG_OPTION(struct list_settings, contacts, "contacts", 0, "with contact data, in one column"),
    TOOL_END
};

typedef struct case_rows { const struct list_settings *settings; svy_sheet *sheet; } case_rows;

static svy_status add_case(void *user, const svy_case_line *line)
{
    const case_rows *rows = user;
    char contacts[4000] = "";
    if (rows->settings->assigned != NULL && strcmp(rows->settings->assigned, line->assigned) != 0)
        return SVY_OK;
    for (size_t i = 0; i < line->n_contacts; i++)
        snprintf(contacts + strlen(contacts), sizeof contacts - strlen(contacts), "%s%s: %s", i > 0 ? "; " : "", line->contacts[i].name, line->contacts[i].value);
    const char *const texts[] = { line->form, line->id, svy_case_state_name(line->state), line->assigned, line->organisation, line->disposition, line->comment, line->interview };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        svy_sheet_text(rows->sheet, texts[i]);
    if (rows->settings->contacts)
        svy_sheet_text(rows->sheet, contacts);
    return SVY_OK;
}

static svy_status add_cases(svy_study *study, svy_sheet *sheet, const void *settings, svy_error *err)
{
    const struct list_settings *l = settings;
    case_rows rows = { l, sheet };
    return svy_study_cases(study, NULL, l->form, add_case, &rows, err);
}

static int run_list(void *settings, int argc, char **argv)
{
    static const svy_sheet_column COLUMNS[] = { { "form", SVY_SHEET_TEXT }, { "case", SVY_SHEET_TEXT }, { "state", SVY_SHEET_TEXT }, { "assigned", SVY_SHEET_TEXT },
        { "organisation", SVY_SHEET_TEXT }, { "disposition", SVY_SHEET_TEXT }, { "comment", SVY_SHEET_TEXT }, { "interview", SVY_SHEET_TEXT }, { "contacts", SVY_SHEET_TEXT } };
    const struct list_settings *l = settings;
    (void)argc;
    return tool_list_study(argv[0], COLUMNS, sizeof COLUMNS / sizeof COLUMNS[0] - !l->contacts, add_cases, l, &l->output);
}

const verb verb_cases_list = { .name = "cases list", .group = FOR_FIELDWORK, .arguments = "STUDY", .min_arguments = 1, .max_arguments = 1,
    .summary = "list cases: whose each is, and how far",
    .detail = "A case is new, assigned, complete, or returned to its interviewer to be done again.", .example = "survey cases list tcn.study --assigned maria",
    .settings_size = sizeof(struct list_settings), .tables = { { LIST_OPTIONS, 0 }, { TOOL_OUTPUT, offsetof(struct list_settings, output) } }, .run = run_list };

/* ---- assign, return ---- */

struct change_settings { const char *form, *to, *organisation, *comment, *actor; };
#define FORM_AND_ACTOR \
    TOOL_TEXT_OPTION(struct change_settings, form, "form", 'f', "ID", "questionnaire, when the study has several", NULL), \
    TOOL_TEXT_OPTION(struct change_settings, actor, "actor", 0, "NAME", "who does this, for the study's records; the user's name unless given", NULL)
static const tool_option ASSIGN_OPTIONS[] = {
    TOOL_TEXT_OPTION(struct change_settings, to, "to", 't', "NAME", "account of the interviewer; '' takes the cases back", NULL),
    TOOL_TEXT_OPTION(struct change_settings, organisation, "organisation", 0, "NAME", "whose the cases are; stays as it is unless given", NULL),
    FORM_AND_ACTOR,
    TOOL_END
};
static const tool_option RETURN_OPTIONS[] = {
    TOOL_TEXT_OPTION(struct change_settings, comment, "comment", 'm', "TEXT", "what is to be done; the interviewer reads it", NULL),
    FORM_AND_ACTOR,
    TOOL_END
};

static svy_status assign(svy_study *study, const struct change_settings *c, const char *form, const char *id, svy_error *err)
{
    return svy_study_case_assign(study, NULL, form, id, c->to, c->organisation, record_actor(c->actor), record_now(), err);
}

static svy_status give_back(svy_study *study, const struct change_settings *c, const char *form, const char *id, svy_error *err)
{
    return svy_study_case_return(study, NULL, form, id, c->comment, record_actor(c->actor), record_now(), err);
}

static int each_case(const struct change_settings *c, int argc, char **argv,
                     svy_status (*change)(svy_study *study, const struct change_settings *c, const char *form, const char *id, svy_error *err))
{
    svy_error err = SVY_ERROR_INIT;
    svy_study *study = NULL;
    const svy_form *form = NULL;
    int status = EXIT_DONE;
    if (svy_study_open(NULL, argv[0], SVY_STUDY_WRITE, &study, &err) != SVY_OK || svy_study_form(study, c->form, &form, &err) != SVY_OK)
        status = tool_fail(&err);
    for (int i = 1; i < argc && status == EXIT_DONE; i++)
        if (change(study, c, svy_form_id(form), argv[i], &err) != SVY_OK)
            status = tool_fail(&err);
    svy_study_close(study);
    return status;
}

static int run_assign(void *settings, int argc, char **argv)
{
    const struct change_settings *c = settings;
    return c->to == NULL ? tool_usage("cases assign", "say who gets the cases with --to") : each_case(c, argc, argv, assign);
}

static int run_return(void *settings, int argc, char **argv)
{
    const struct change_settings *c = settings;
    return c->comment == NULL ? tool_usage("cases return", "say what is to be done with --comment") : each_case(c, argc, argv, give_back);
}

const verb verb_cases_assign = { .name = "cases assign", .group = FOR_FIELDWORK, .arguments = "STUDY CASE...", .min_arguments = 2, .max_arguments = -1,
    .summary = "give cases to an interviewer", .example = "survey cases assign tcn.study SF-17 SF-18 --to maria", .settings_size = sizeof(struct change_settings),
    .tables = { { ASSIGN_OPTIONS, 0 } }, .run = run_assign };

const verb verb_cases_return = { .name = "cases return", .group = FOR_FIELDWORK, .arguments = "STUDY CASE...", .min_arguments = 2, .max_arguments = -1,
    .summary = "return complete cases to their interviewer with a comment", .example = "survey cases return tcn.study SF-17 --comment 'the number of children is missing'",
    .settings_size = sizeof(struct change_settings), .tables = { { RETURN_OPTIONS, 0 } }, .run = run_return };
