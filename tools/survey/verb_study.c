/* survey study create, deploy, status, parameters, verify: the study file as a whole. */
#define _POSIX_C_SOURCE 200809L
#include "attention.h"
#include "record.h"
#include "sheet.h"
#include "tool.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <survey/exchange.h>
#include <survey/store.h>

/* ---- the sources of a questionnaire ---- */

typedef struct source { char *name; void *bytes; size_t size; int medium; } source;
typedef struct sources { source *items; size_t n, capacity; char *folder; int failed; } sources;

static void *copy(const void *bytes, size_t size)
{
    char *out = malloc(size + 1);
    if (out != NULL) {
        memcpy(out, bytes, size);
        out[size] = '\0';
    }
    return out;
}

static void add(sources *s, const char *name, const void *bytes, size_t size, int medium)
{
    for (size_t i = 0; i < s->n; i++)
        if (s->items[i].medium == medium && s->items[i].name != NULL && strcmp(s->items[i].name, name) == 0)
            return;                        /* a list that is used under several ids */
    if (s->n == s->capacity) {
        size_t capacity = s->capacity > 0 ? 2 * s->capacity : 16;
        source *more = realloc(s->items, capacity * sizeof *more);
        if (more == NULL) {
            s->failed = 1;
            return;
        }
        s->items = more;
        s->capacity = capacity;
    }
    source *one = &s->items[s->n++];
    *one = (source){ copy(name, strlen(name)), copy(bytes, size), size, medium };
    s->failed |= one->name == NULL || one->bytes == NULL;
}

/* Keeps a file that the questionnaire is made of, under its path from the questionnaire's folder. The questionnaire comes first. */
static void keep(void *user, const char *path, const void *bytes, size_t size)
{
    sources *s = user;
    const char *slash = strrchr(path, '/');
    if (s->n == 0 && slash != NULL)
        s->folder = copy(path, (size_t)(slash - path) + 1);
    size_t skip = s->folder != NULL && strncmp(path, s->folder, strlen(s->folder)) == 0 ? strlen(s->folder) : 0;
    add(s, path + skip, bytes, size, 0);
}

/* Keeps a picture, sound or film that it shows, under the name by which it does. */
static void keep_medium(void *user, const char *name, const void *bytes, size_t size) { add(user, name, bytes, size, 1); }

static void sources_clear(sources *s)
{
    for (size_t i = 0; i < s->n; i++) {
        free(s->items[i].name);
        free(s->items[i].bytes);
    }
    free(s->items);
    free(s->folder);
}

typedef struct form_id { char text[65]; } form_id;

/* Hands the block and its sources to the study and says what was done. `id` receives the id of the questionnaire. */
static int store(svy_study *study, const void *block, size_t size, const sources *s, const char *actor, int quiet, form_id *id)
{
    svy_error err = SVY_ERROR_INIT;
    svy_form *form = NULL;
    size_t media = 0;
    char shown[60] = "";
    svy_source *list = calloc(s->n + 1, sizeof *list);
    if (list == NULL || s->failed) {
        free(list);
        tool_say("out of memory");
        return EXIT_SYSTEM;
    }
    for (size_t i = 0; i < s->n; i++) {
        list[i] = (svy_source){ s->items[i].name, s->items[i].bytes, s->items[i].size, s->items[i].medium };
        media += s->items[i].medium != 0;
    }
    svy_status st = svy_study_deploy(study, block, size, list, s->n, actor, record_now(), &err);
    if (st == SVY_OK && (st = svy_form_open(NULL, block, size, &form, &err)) == SVY_OK) {
        snprintf(id->text, sizeof id->text, "%s", svy_form_id(form));
        if (media > 0)
            snprintf(shown, sizeof shown, " and %zu picture%s, sound%s or film%s", media, tool_plural(media), tool_plural(media), tool_plural(media));
        if (!quiet)
            tool_say("deployed %s, version %s, with %zu source file%s%s", svy_form_id(form), svy_form_version(form), s->n - media, tool_plural(s->n - media), shown);
    }
    svy_form_free(form);
    free(list);
    return st == SVY_OK ? EXIT_DONE : tool_fail(&err);
}

/* Compiles a questionnaire and deploys it into an open study. */
static int deploy(svy_study *study, const char *path, const char *actor, int quiet, form_id *id)
{
    svy_error err = SVY_ERROR_INIT;
    svy_diags diags = { tool_report, NULL, 0, 0 };
    sources s = { NULL, 0, 0, NULL, 0 };
    const svy_watch watch = { keep, &s, keep_medium };
    void *block = NULL;
    size_t size = 0;
    int status;
    svy_status st = svy_questionnaire_read_watched(NULL, path, NULL, &watch, &diags, &block, &size, &err);
    if (st == SVY_OK) {
        status = store(study, block, size, &s, actor, quiet, id);
    } else if (st == SVY_E_INVALID) {
        tool_say("%s: %u problems: nothing was deployed", path, diags.problems);
        status = EXIT_WRONG;
    } else {
        status = tool_fail(&err);
    }
    svy_block_free(NULL, block, size);
    sources_clear(&s);
    return status;
}

/* ---- create, deploy ---- */

struct create_settings { const char *questionnaire, *plan, *actor; int quiet; };
static const tool_option CREATE_OPTIONS[] = {
    TOOL_TEXT_OPTION(struct create_settings, questionnaire, "questionnaire", 0, "FILE", "questionnaire to deploy at once", NULL),
    TOOL_TEXT_OPTION(struct create_settings, plan, "plan", 0, "STUDY.xml", "plan of the study: deploys its questionnaires and sets their parameters", NULL),
    TOOL_TEXT_OPTION(struct create_settings, actor, "actor", 0, "NAME", "who does this, for the study's records; the user's name unless given", NULL),
    TOOL_FLAG_OPTION(struct create_settings, quiet, "quiet", 'q', "say nothing but errors"),
    TOOL_END
};

/* A study that was just made and holds nothing, with what a full disk kept the database from putting away. */
static void discard(const char *path)
{
    static const char *const ENDINGS[] = { "", "-wal", "-shm" };
    char name[4200];
    for (size_t i = 0; i < sizeof ENDINGS / sizeof ENDINGS[0]; i++)
        if (snprintf(name, sizeof name, "%s%s", path, ENDINGS[i]) < (int)sizeof name)
            remove(name);
}

/* The questionnaires of a plan, each with its parameters. */
static int deploy_plan(svy_study *study, const struct create_settings *c)
{
    svy_error err = SVY_ERROR_INIT;
    svy_diags diags = { tool_report, NULL, 0, 0 };
    svy_study_plan *plan = NULL;
    int status = EXIT_DONE;
    svy_status st = svy_study_plan_read(NULL, c->plan, NULL, &diags, &plan, &err);
    if (st == SVY_E_INVALID) {
        tool_say("%s: %u problems: nothing was deployed", c->plan, diags.problems);
        return EXIT_WRONG;
    }
    if (st != SVY_OK)
        return tool_fail(&err);
    for (size_t i = 0; i < svy_study_plan_count(plan) && status == EXIT_DONE; i++) {
        const svy_planned_questionnaire *q = svy_study_plan_questionnaire(plan, i);
        form_id id;
        status = deploy(study, q->path, record_actor(c->actor), c->quiet, &id);
        for (size_t k = 0; k < q->count && status == EXIT_DONE; k++)
            if (svy_study_set_parameter(study, id.text, q->parameters[k].id, q->parameters[k].value, record_actor(c->actor), record_now(), &err) != SVY_OK) {
                tool_say("%s:%d: %s", c->plan, q->parameters[k].line, err.message);
                status = EXIT_WRONG;
            }
    }
    svy_study_plan_free(plan);
    return status;
}

static int run_create(void *settings, int argc, char **argv)
{
    struct create_settings *c = settings;
    svy_error err = SVY_ERROR_INIT;
    svy_study *study = NULL;
    int status = EXIT_DONE;
    form_id id;
    (void)argc;
    if (c->questionnaire != NULL && c->plan != NULL)
        return tool_usage("study create", "--questionnaire and --plan both say what to deploy: give one of them");
    if (svy_study_create(NULL, argv[0], record_now(), &err) != SVY_OK)
        return tool_fail(&err);
    if (c->questionnaire == NULL && c->plan == NULL)
        return EXIT_DONE;
    if (svy_study_open(NULL, argv[0], SVY_STUDY_WRITE, &study, &err) != SVY_OK)
        return tool_fail(&err);
    status = c->plan != NULL ? deploy_plan(study, c) : deploy(study, c->questionnaire, record_actor(c->actor), c->quiet, &id);
    svy_study_close(study);
    if (status != EXIT_DONE)
        discard(argv[0]);
    return status;
}

const verb verb_study_create = { .name = "study create", .group = FOR_FIELDWORK, .arguments = "STUDY", .min_arguments = 1, .max_arguments = 1,
    .summary = "make a study file", .detail = "A study file holds questionnaires, cases, interviews and answers: everything of a study in one file. It is never overwritten.",
    .example = "survey study create tcn.study --questionnaire questionnaires/a-main-tcn/questionnaire.xml\n"
               "survey study create umn.study --plan questionnaires/union-migrant-net/study.xml", .settings_size = sizeof(struct create_settings),
    .tables = { { CREATE_OPTIONS, 0 } }, .run = run_create };

struct deploy_settings { const char *actor; int quiet; };
static const tool_option DEPLOY_OPTIONS[] = {
    TOOL_TEXT_OPTION(struct deploy_settings, actor, "actor", 0, "NAME", "who does this, for the study's records; the user's name unless given", NULL),
    TOOL_FLAG_OPTION(struct deploy_settings, quiet, "quiet", 'q', "say nothing but errors"),
    TOOL_END
};

static int run_deploy(void *settings, int argc, char **argv)
{
    struct deploy_settings *d = settings;
    svy_error err = SVY_ERROR_INIT;
    form_id id;
    svy_study *study = NULL;
    int status = EXIT_DONE;
    if (svy_study_open(NULL, argv[0], SVY_STUDY_WRITE, &study, &err) != SVY_OK)
        return tool_fail(&err);
    for (int i = 1; i < argc && status == EXIT_DONE; i++)
        status = deploy(study, argv[i], record_actor(d->actor), d->quiet, &id);
    svy_study_close(study);
    return status;
}

const verb verb_study_deploy = { .name = "study deploy", .group = FOR_FIELDWORK, .arguments = "STUDY QUESTIONNAIRE...", .min_arguments = 2, .max_arguments = -1,
    .summary = "add a questionnaire, or a new version of one, to a study",
    .detail = "Interviews that were begun go on with their version. A changed questionnaire needs a new version; answers of all versions are exported together.",
    .example = "survey study deploy tcn.study questionnaires/c-training/questionnaire.xml", .settings_size = sizeof(struct deploy_settings),
    .tables = { { DEPLOY_OPTIONS, 0 } }, .run = run_deploy };

/* ---- status ---- */

typedef struct status_rows { svy_sheet *forms, *outcomes; size_t n_outcomes; } status_rows;

static void add_form(void *user, const svy_study_count *c)
{
    svy_sheet *forms = ((status_rows *)user)->forms;
    const uint64_t counts[] = { c->open, c->suspended, c->complete, c->ended_early, c->submissions };
    char last[32];
    svy_sheet_text(forms, c->form);
    svy_sheet_text(forms, c->version);
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
        svy_sheet_number(forms, (double)counts[i]);
    record_time(c->last_utc_ms, last, sizeof last);
    svy_sheet_text(forms, last);
}

static void add_outcome(void *user, const char *form, const char *outcome, uint64_t count)
{
    status_rows *rows = user;
    svy_sheet_text(rows->outcomes, form);
    svy_sheet_text(rows->outcomes, outcome);
    svy_sheet_number(rows->outcomes, (double)count);
    rows->n_outcomes++;
}

struct status_settings { tool_output_options output; int outcomes; };
static const tool_option STATUS_OPTIONS[] = {
    TOOL_FLAG_OPTION(struct status_settings, outcomes, "outcomes", 0, "only the early ends, by outcome"),
    TOOL_END
};

static int print_status(const struct status_settings *s, const status_rows *rows)
{
    int status = tool_write_sheet(s->outcomes ? rows->outcomes : rows->forms, &s->output);
    if (status == EXIT_DONE && !s->outcomes && s->output.format == FORMAT_TABLE && rows->n_outcomes > 0 && s->output.path == NULL) {
        putchar('\n');
        status = tool_write_sheet(rows->outcomes, &s->output);
    }
    return status;
}

static int run_status(void *settings, int argc, char **argv)
{
    static const svy_sheet_column FORMS[] = { { "form", SVY_SHEET_TEXT }, { "version", SVY_SHEET_TEXT }, { "open", SVY_SHEET_NUMBER }, { "suspended", SVY_SHEET_NUMBER },
        { "complete", SVY_SHEET_NUMBER }, { "ended_early", SVY_SHEET_NUMBER }, { "submissions", SVY_SHEET_NUMBER }, { "last_activity", SVY_SHEET_TEXT } };
    static const svy_sheet_column OUTCOMES[] = { { "form", SVY_SHEET_TEXT }, { "outcome", SVY_SHEET_TEXT }, { "interviews", SVY_SHEET_NUMBER } };
    svy_error err = SVY_ERROR_INIT;
    svy_study *study = NULL;
    status_rows rows = { NULL, NULL, 0 };
    int status = EXIT_DONE;
    (void)argc;
    if (svy_study_open(NULL, argv[0], SVY_STUDY_READ, &study, &err) != SVY_OK ||
        svy_sheet_new(NULL, FORMS, sizeof FORMS / sizeof FORMS[0], &rows.forms, &err) != SVY_OK ||
        svy_sheet_new(NULL, OUTCOMES, sizeof OUTCOMES / sizeof OUTCOMES[0], &rows.outcomes, &err) != SVY_OK ||
        svy_study_status(study, add_form, add_outcome, &rows, &err) != SVY_OK)
        status = tool_fail(&err);
    else
        status = print_status(settings, &rows);
    const struct status_settings *shown = settings;
    if (status == EXIT_DONE && shown->output.format == FORMAT_TABLE && shown->output.path == NULL && attention_print(study, argv[0], &err) != SVY_OK)
        status = tool_fail(&err);
    svy_sheet_free(rows.forms);
    svy_sheet_free(rows.outcomes);
    svy_study_close(study);
    return status;
}

const verb verb_study_status = { .name = "study status", .group = FOR_FIELDWORK, .arguments = "STUDY", .min_arguments = 1, .max_arguments = 1,
    .summary = "show how far the interviews are", .example = "survey study status tcn.study", .settings_size = sizeof(struct status_settings),
    .tables = { { STATUS_OPTIONS, 0 }, { TOOL_OUTPUT, offsetof(struct status_settings, output) } }, .run = run_status };

/* ---- parameters ---- */

struct parameters_settings { tool_output_options output; const char *form, *actor; };
static const tool_option PARAMETERS_OPTIONS[] = {
    TOOL_TEXT_OPTION(struct parameters_settings, form, "form", 'f', "ID", "questionnaire, when the study has several", NULL),
    TOOL_TEXT_OPTION(struct parameters_settings, actor, "actor", 0, "NAME", "who does this, for the study's records; the user's name unless given", NULL),
    TOOL_END
};

static void add_parameter(void *user, const char *id, const char *type, const char *value, int overridden)
{
    svy_sheet_text(user, id);
    svy_sheet_text(user, type);
    svy_sheet_text(user, value);
    svy_sheet_text(user, overridden ? "study" : "questionnaire");
}

/* NAME=VALUE sets, NAME= takes the study's value away. */
static int set_parameters(const struct parameters_settings *p, svy_study *study, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        svy_error err = SVY_ERROR_INIT;
        char *equals = strchr(argv[i], '=');
        if (equals == NULL)
            return tool_usage("study parameters", "'%s' is not NAME=VALUE", argv[i]);
        *equals = '\0';
        if (svy_study_set_parameter(study, p->form, argv[i], equals[1] != '\0' ? equals + 1 : NULL, record_actor(p->actor), record_now(), &err) != SVY_OK)
            return tool_fail(&err);
    }
    return EXIT_DONE;
}

static int run_parameters(void *settings, int argc, char **argv)
{
    static const svy_sheet_column COLUMNS[] = { { "parameter", SVY_SHEET_TEXT }, { "type", SVY_SHEET_TEXT }, { "value", SVY_SHEET_TEXT }, { "from", SVY_SHEET_TEXT } };
    struct parameters_settings *p = settings;
    svy_error err = SVY_ERROR_INIT;
    svy_study *study = NULL;
    svy_sheet *sheet = NULL;
    if (svy_study_open(NULL, argv[0], argc > 1 ? SVY_STUDY_WRITE : SVY_STUDY_READ, &study, &err) != SVY_OK)
        return tool_fail(&err);
    int status = set_parameters(p, study, argc, argv);
    if (status == EXIT_DONE && (svy_sheet_new(NULL, COLUMNS, sizeof COLUMNS / sizeof COLUMNS[0], &sheet, &err) != SVY_OK ||
                                svy_study_parameters(study, p->form, add_parameter, sheet, &err) != SVY_OK))
        status = tool_fail(&err);
    if (status == EXIT_DONE)
        status = tool_write_sheet(sheet, &p->output);
    svy_sheet_free(sheet);
    svy_study_close(study);
    return status;
}

const verb verb_study_parameters = { .name = "study parameters", .group = FOR_FIELDWORK, .arguments = "STUDY [NAME=VALUE...]", .min_arguments = 1, .max_arguments = -1,
    .summary = "show or set the parameters of a questionnaire",
    .detail = "A value holds for interviews that start from now on; NAME= goes back to the questionnaire's own value.",
    .example = "survey study parameters tcn.study --form c-training stage=2", .settings_size = sizeof(struct parameters_settings),
    .tables = { { PARAMETERS_OPTIONS, 0 }, { TOOL_OUTPUT, offsetof(struct parameters_settings, output) } }, .run = run_parameters };

/* ---- verify ---- */

static int run_verify(void *settings, int argc, char **argv)
{
    svy_error err = SVY_ERROR_INIT;
    svy_diags diags = { tool_report, NULL, 0, 0 };
    svy_study *study = NULL;
    (void)settings;
    (void)argc;
    if (svy_study_open(NULL, argv[0], SVY_STUDY_READ, &study, &err) != SVY_OK)
        return tool_fail(&err);
    svy_status st = svy_study_verify(study, &diags, &err);
    svy_study_close(study);
    if (st != SVY_OK)
        return tool_fail(&err);
    puts("every submission is as it was made");
    return EXIT_DONE;
}

const verb verb_study_verify = { .name = "study verify", .group = FOR_FIELDWORK, .arguments = "STUDY", .min_arguments = 1, .max_arguments = 1,
    .summary = "check that no submission was changed, lost or added by hand",
    .detail = "Recomputes the hash chain and compares the sealed answers, the typed tables and the journal of every interview.",
    .example = "survey study verify tcn.study", .run = run_verify };
