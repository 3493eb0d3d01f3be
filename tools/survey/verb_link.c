/* survey study link add, list, close: links by which respondents answer without an account. */
#define _POSIX_C_SOURCE 200809L
#include "record.h"
#include "sheet.h"
#include "tool.h"
#include <stdlib.h>
#include <string.h>
#include <survey/account.h>

/* ---- add ---- */

struct add_settings { tool_output_options output; const char *form, *case_id, *organisation, *base, *actor; int all_cases, open; long uses, days; };
static const tool_option ADD_OPTIONS[] = {
    TOOL_TEXT_OPTION(struct add_settings, form, "form", 'f', "ID", "questionnaire, when the study has several", NULL),
    TOOL_TEXT_OPTION(struct add_settings, case_id, "case", 'c', "NAME", "a personal link: opens this case, again and again", NULL),
    TOOL_FLAG_OPTION(struct add_settings, all_cases, "all-cases", 0, "a personal link for every case of the list"),
    TOOL_FLAG_OPTION(struct add_settings, open, "public", 0, "a link for anybody: every use is another respondent"),
    TOOL_TEXT_OPTION(struct add_settings, organisation, "organisation", 0, "NAME", "whose answers they are; of --all-cases, that of each case unless given", NULL),
    TOOL_COUNT_OPTION(struct add_settings, uses, "uses", 0, "N", "how often it may be opened; 0: any number", "0", 0, 1e9),
    TOOL_COUNT_OPTION(struct add_settings, days, "days", 0, "N", "how long it may be opened; 0: until it is closed", "0", 0, 3650),
    TOOL_TEXT_OPTION(struct add_settings, base, "base", 0, "URL", "address of the server, for whole links: https://survey.example.org", ""),
    TOOL_TEXT_OPTION(struct add_settings, actor, "actor", 0, "NAME", "who does this, for the study's records; the user's name unless given", NULL),
    TOOL_END
};

typedef struct case_list { struct { char id[SVY_CASE_TEXT], organisation[SVY_ACCOUNT_TEXT]; } *items; size_t n, room; } case_list;

static svy_status take_case(void *user, const svy_case_line *line)
{
    case_list *list = user;
    if (list->n == list->room) {
        size_t room = list->room > 0 ? 2 * list->room : 64;
        void *more = realloc(list->items, room * sizeof *list->items);
        if (more == NULL)
            return SVY_E_NOMEM;
        list->items = more;
        list->room = room;
    }
    if (strlen(line->id) < SVY_CASE_TEXT && strlen(line->organisation) < SVY_ACCOUNT_TEXT) {
        strcpy(list->items[list->n].id, line->id);
        strcpy(list->items[list->n++].organisation, line->organisation);
    }
    return SVY_OK;
}

static int add_link(const struct add_settings *a, svy_study *study, const char *form, const char *case_id, const char *organisation, svy_sheet *sheet)
{
    svy_error err = SVY_ERROR_INIT;
    const svy_moment now = record_now();
    svy_access link = { .kind = a->open ? SVY_ACCESS_PUBLIC : SVY_ACCESS_PERSONAL, .max_uses = (uint64_t)a->uses,
                        .expires_utc_ms = a->days > 0 ? now.utc_ms + a->days * INT64_C(86400000) : 0 };
    char code[SVY_CODE], address[1200];
    const int fits = snprintf(link.form, sizeof link.form, "%s", form) < (int)sizeof link.form && snprintf(link.case_id, sizeof link.case_id, "%s", case_id) < (int)sizeof link.case_id &&
                     snprintf(link.organisation, sizeof link.organisation, "%s", organisation) < (int)sizeof link.organisation;
    if (!fits)
        return tool_usage("study link add", "the name of a case has at most 255 bytes, that of an organisation 100");
    if (svy_study_link_make(study, &link, record_actor(a->actor), now, code, &err) != SVY_OK)
        return tool_fail(&err);
    const size_t base = strlen(a->base);
    snprintf(address, sizeof address, "%.*s/l/%s", (int)(base > 0 && a->base[base - 1] == '/' ? base - 1 : base), a->base, code);
    svy_sheet_text(sheet, case_id);
    svy_sheet_text(sheet, code);
    svy_sheet_text(sheet, address);
    svy_sheet_text(sheet, link.id);
    return EXIT_DONE;
}

static int add_links(const struct add_settings *a, svy_study *study, svy_sheet *sheet)
{
    svy_error err = SVY_ERROR_INIT;
    const svy_form *form;
    case_list list = { NULL, 0, 0 };
    int status = EXIT_DONE;
    if (svy_study_form(study, a->form, &form, &err) != SVY_OK)
        return tool_fail(&err);
    if (!a->all_cases)
        return add_link(a, study, svy_form_id(form), a->case_id != NULL ? a->case_id : "", a->organisation != NULL ? a->organisation : "", sheet);
    svy_status st = svy_study_cases(study, NULL, svy_form_id(form), take_case, &list, &err);
    if (st != SVY_OK) {
        tool_say("%s", st == SVY_E_NOMEM ? "out of memory" : err.message);
        status = EXIT_SYSTEM;
    } else if (list.n == 0) {
        tool_say("questionnaire '%s' has no cases: 'survey cases import' takes a list of them", svy_form_id(form));
        status = EXIT_WRONG;
    }
    for (size_t i = 0; i < list.n && status == EXIT_DONE; i++)
        status = add_link(a, study, svy_form_id(form), list.items[i].id, a->organisation != NULL ? a->organisation : list.items[i].organisation, sheet);
    free(list.items);
    return status;
}

static int run_add(void *settings, int argc, char **argv)
{
    static const svy_sheet_column COLUMNS[] = { { "case", SVY_SHEET_TEXT }, { "code", SVY_SHEET_TEXT }, { "link", SVY_SHEET_TEXT }, { "id", SVY_SHEET_TEXT } };
    const struct add_settings *a = settings;
    svy_error err = SVY_ERROR_INIT;
    svy_study *study = NULL;
    svy_sheet *sheet = NULL;
    int status;
    (void)argc;
    if ((a->case_id != NULL) + a->all_cases + a->open != 1)
        return tool_usage("study link add", "give one of --case, --all-cases and --public");
    if (svy_study_open(NULL, argv[0], SVY_STUDY_WRITE, &study, &err) != SVY_OK || svy_sheet_new(NULL, COLUMNS, sizeof COLUMNS / sizeof COLUMNS[0], &sheet, &err) != SVY_OK)
        status = tool_fail(&err);
    else
        status = add_links(a, study, sheet);
    if (status == EXIT_DONE)
        status = tool_write_sheet(sheet, &a->output);
    svy_sheet_free(sheet);
    svy_study_close(study);
    return status;
}

const verb verb_study_link_add = { .name = "study link add", .group = FOR_FIELDWORK, .arguments = "STUDY", .min_arguments = 1, .max_arguments = 1,
    .summary = "make links by which respondents answer for themselves",
    .detail = "Codes are shown this once, in groups that can be typed from a letter; --format csv gives a list for a mail merge. Who has a personal link answers for its case.",
    .example = "survey study link add tcn.study --form a-main-tcn --case SF-17\nsurvey study link add tcn.study --all-cases --base https://survey.example.org --format csv -o links.csv",
    .settings_size = sizeof(struct add_settings), .tables = { { ADD_OPTIONS, 0 }, { TOOL_OUTPUT, offsetof(struct add_settings, output) } }, .run = run_add };

/* ---- list ---- */

struct list_settings { tool_output_options output; };

static svy_status add_row(void *user, const svy_access *link)
{
    char created[32], expires[32];
    record_time(link->created_utc_ms, created, sizeof created);
    record_time(link->expires_utc_ms, expires, sizeof expires);
    svy_sheet_text(user, link->id);
    svy_sheet_text(user, svy_access_name(link->kind));
    svy_sheet_text(user, link->form);
    svy_sheet_text(user, link->case_id);
    svy_sheet_text(user, link->organisation);
    svy_sheet_number(user, (double)link->uses);
    svy_sheet_text(user, created);
    svy_sheet_text(user, expires);
    svy_sheet_text(user, link->closed ? "closed" : link->max_uses > 0 && link->uses >= link->max_uses ? "used" : "open");
    return SVY_OK;
}

static svy_status add_rows(svy_study *study, svy_sheet *sheet, const void *settings, svy_error *err)
{
    (void)settings;
    return svy_study_links(study, NULL, add_row, sheet, err);
}

static int run_list(void *settings, int argc, char **argv)
{
    static const svy_sheet_column COLUMNS[] = { { "id", SVY_SHEET_TEXT }, { "kind", SVY_SHEET_TEXT }, { "form", SVY_SHEET_TEXT }, { "case", SVY_SHEET_TEXT },
        { "organisation", SVY_SHEET_TEXT }, { "uses", SVY_SHEET_NUMBER }, { "created", SVY_SHEET_TEXT }, { "expires", SVY_SHEET_TEXT }, { "state", SVY_SHEET_TEXT } };
    const struct list_settings *l = settings;
    (void)argc;
    return tool_list_study(argv[0], COLUMNS, sizeof COLUMNS / sizeof COLUMNS[0], add_rows, l, &l->output);
}

const verb verb_study_link_list = { .name = "study link list", .group = FOR_FIELDWORK, .arguments = "STUDY", .min_arguments = 1, .max_arguments = 1,
    .summary = "list links and how often they were opened", .detail = "Codes are not in the study: only who got them has them.", .example = "survey study link list tcn.study",
    .settings_size = sizeof(struct list_settings), .tables = { { TOOL_OUTPUT, offsetof(struct list_settings, output) } }, .run = run_list };

/* ---- close ---- */

struct close_settings { const char *actor; };
static const tool_option CLOSE_OPTIONS[] = {
    TOOL_TEXT_OPTION(struct close_settings, actor, "actor", 0, "NAME", "who does this, for the study's records; the user's name unless given", NULL),
    TOOL_END
};

static int run_close(void *settings, int argc, char **argv)
{
    const struct close_settings *c = settings;
    svy_error err = SVY_ERROR_INIT;
    svy_study *study = NULL;
    int status = svy_study_open(NULL, argv[0], SVY_STUDY_WRITE, &study, &err) == SVY_OK ? EXIT_DONE : tool_fail(&err);
    for (int i = 1; i < argc && status == EXIT_DONE; i++)
        if (svy_study_link_close(study, NULL, argv[i], record_actor(c->actor), record_now(), &err) != SVY_OK)
            status = tool_fail(&err);
    svy_study_close(study);
    return status;
}

const verb verb_study_link_close = { .name = "study link close", .group = FOR_FIELDWORK, .arguments = "STUDY ID...", .min_arguments = 2, .max_arguments = -1,
    .summary = "close links", .detail = "A closed link lets nobody in, and who came in by it can send nothing more.", .example = "survey study link close tcn.study 3f2a9c0d11b87e64",
    .settings_size = sizeof(struct close_settings), .tables = { { CLOSE_OPTIONS, 0 } }, .run = run_close };
