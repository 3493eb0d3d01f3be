/* survey study account add, list, disable, password, device: who works with the study. */
#define _POSIX_C_SOURCE 200809L
#include "record.h"
#include "secret_input.h"
#include "sheet.h"
#include "tool.h"
#include <string.h>
#include <survey/account.h>

/* A new password from the person at the terminal, hashed. */
static int ask_password(const char *name, char hash[SVY_PASSWORD_HASH])
{
    svy_error err = SVY_ERROR_INIT;
    secret password;
    int status = secret_read(&password, "password", 1);
    if (status != EXIT_DONE)
        return status;
    if (svy_password_accept(password.text, password.len, name, &err) != SVY_OK || svy_password_hash(password.text, password.len, hash, &err) != SVY_OK)
        status = tool_fail(&err);
    secret_wipe(&password);
    return status;
}

/* Opens the study and finds the account. */
static int need_account(const char *path, const char *name, svy_study **study, svy_account *account)
{
    svy_error err = SVY_ERROR_INIT;
    int found = 0;
    if (svy_study_open(NULL, path, SVY_STUDY_WRITE, study, &err) != SVY_OK || svy_study_account_find(*study, name, account, &found, &err) != SVY_OK)
        return tool_fail(&err);
    if (!found)
        tool_say("%s has no account '%s': 'survey study account list' shows them", path, name);
    return found ? EXIT_DONE : EXIT_WRONG;
}

/* ---- add ---- */

struct add_settings { int role; const char *organisation, *actor; int no_password; };
static const tool_option ADD_OPTIONS[] = {
    TOOL_CHOICE_OPTION(struct add_settings, role, "role", 'r', "administrator|researcher|supervisor|interviewer|analyst", "what the person does in the study", "interviewer"),
    TOOL_TEXT_OPTION(struct add_settings, organisation, "organisation", 0, "NAME", "sees only the rows of this organisation; everything when left out", ""),
    TOOL_FLAG_OPTION(struct add_settings, no_password, "no-password", 0, "comes in with devices only ('survey study account device')"),
    TOOL_TEXT_OPTION(struct add_settings, actor, "actor", 0, "NAME", "who does this, for the study's records; the user's name unless given", NULL),
    TOOL_END
};

static int run_add(void *settings, int argc, char **argv)
{
    const struct add_settings *a = settings;
    svy_error err = SVY_ERROR_INIT;
    svy_study *study = NULL;
    char hash[SVY_PASSWORD_HASH] = "";
    int status = a->no_password ? EXIT_DONE : ask_password(argv[1], hash);
    (void)argc;
    if (status == EXIT_DONE && (svy_study_open(NULL, argv[0], SVY_STUDY_WRITE, &study, &err) != SVY_OK ||
                                svy_study_account_add(study, argv[1], (svy_account_role)(a->role + 1), a->organisation, hash, record_actor(a->actor), record_now(), NULL, &err) != SVY_OK))
        status = tool_fail(&err);
    svy_study_close(study);
    return status;
}

const verb verb_study_account_add = { .name = "study account add", .group = FOR_FIELDWORK, .arguments = "STUDY NAME", .min_arguments = 2, .max_arguments = 2,
    .summary = "let somebody work with the study",
    .detail = "Asks for a password of at least 12 characters, or reads it from standard input. docs/guide/researcher.md says what each role may do.",
    .example = "survey study account add tcn.study maria --role interviewer --organisation NSI", .settings_size = sizeof(struct add_settings),
    .tables = { { ADD_OPTIONS, 0 } }, .run = run_add };

/* ---- list ---- */

struct list_settings { tool_output_options output; };

static svy_status add_account(void *user, const svy_account *account)
{
    char created[32];
    svy_sheet_text(user, account->name);
    svy_sheet_text(user, svy_role_name(account->role));
    svy_sheet_text(user, account->organisation);
    svy_sheet_text(user, account->disabled ? "disabled" : account->password[0] != '\0' ? "password" : "devices");
    record_time(account->created_utc_ms, created, sizeof created);
    svy_sheet_text(user, created);
    svy_sheet_text(user, account->id);
    return SVY_OK;
}

static svy_status add_accounts(svy_study *study, svy_sheet *sheet, const void *settings, svy_error *err)
{
    (void)settings;
    return svy_study_accounts(study, NULL, add_account, sheet, err);
}

static int run_list(void *settings, int argc, char **argv)
{
    static const svy_sheet_column COLUMNS[] = { { "name", SVY_SHEET_TEXT }, { "role", SVY_SHEET_TEXT }, { "organisation", SVY_SHEET_TEXT }, { "comes_in_by", SVY_SHEET_TEXT },
        { "created", SVY_SHEET_TEXT }, { "id", SVY_SHEET_TEXT } };
    const struct list_settings *l = settings;
    (void)argc;
    return tool_list_study(argv[0], COLUMNS, sizeof COLUMNS / sizeof COLUMNS[0], add_accounts, l, &l->output);
}

const verb verb_study_account_list = { .name = "study account list", .group = FOR_FIELDWORK, .arguments = "STUDY", .min_arguments = 1, .max_arguments = 1,
    .summary = "list who works with the study", .example = "survey study account list tcn.study", .settings_size = sizeof(struct list_settings),
    .tables = { { TOOL_OUTPUT, offsetof(struct list_settings, output) } }, .run = run_list };

/* ---- disable ---- */

struct disable_settings { const char *actor; int enable; };
static const tool_option DISABLE_OPTIONS[] = {
    TOOL_FLAG_OPTION(struct disable_settings, enable, "enable", 0, "let the person in again; devices have to be enrolled again"),
    TOOL_TEXT_OPTION(struct disable_settings, actor, "actor", 0, "NAME", "who does this, for the study's records; the user's name unless given", NULL),
    TOOL_END
};

static int run_disable(void *settings, int argc, char **argv)
{
    const struct disable_settings *d = settings;
    svy_error err = SVY_ERROR_INIT;
    svy_study *study = NULL;
    svy_account account;
    int status = need_account(argv[0], argv[1], &study, &account);
    (void)argc;
    if (status == EXIT_DONE && svy_study_account_disable(study, account.id, !d->enable, record_actor(d->actor), record_now(), &err) != SVY_OK)
        status = tool_fail(&err);
    svy_study_close(study);
    return status;
}

const verb verb_study_account_disable = { .name = "study account disable", .group = FOR_FIELDWORK, .arguments = "STUDY NAME", .min_arguments = 2, .max_arguments = 2,
    .summary = "let somebody in no longer", .detail = "The name stays taken, and what the person did stays recorded under it. All of the person's devices are locked out.",
    .example = "survey study account disable tcn.study maria", .settings_size = sizeof(struct disable_settings), .tables = { { DISABLE_OPTIONS, 0 } }, .run = run_disable };

/* ---- password ---- */

struct password_settings { const char *actor; };
static const tool_option PASSWORD_OPTIONS[] = {
    TOOL_TEXT_OPTION(struct password_settings, actor, "actor", 0, "NAME", "who does this, for the study's records; the user's name unless given", NULL),
    TOOL_END
};

static int run_password(void *settings, int argc, char **argv)
{
    const struct password_settings *p = settings;
    svy_error err = SVY_ERROR_INIT;
    svy_study *study = NULL;
    svy_account account;
    char hash[SVY_PASSWORD_HASH];
    int status = need_account(argv[0], argv[1], &study, &account);
    (void)argc;
    if (status == EXIT_DONE)
        status = ask_password(account.name, hash);
    if (status == EXIT_DONE && svy_study_account_password(study, account.id, hash, record_actor(p->actor), record_now(), &err) != SVY_OK)
        status = tool_fail(&err);
    svy_study_close(study);
    return status;
}

const verb verb_study_account_password = { .name = "study account password", .group = FOR_FIELDWORK, .arguments = "STUDY NAME", .min_arguments = 2, .max_arguments = 2,
    .summary = "give somebody a new password", .detail = "All of the person's devices are locked out.", .example = "survey study account password tcn.study maria",
    .settings_size = sizeof(struct password_settings), .tables = { { PASSWORD_OPTIONS, 0 } }, .run = run_password };

/* ---- device ---- */

struct device_settings { const char *device, *actor; int kind; long days; };
static const tool_option DEVICE_OPTIONS[] = {
    TOOL_CHOICE_OPTION(struct device_settings, kind, "kind", 0, "form|odk", "what runs on it: the web form, or an ODK client", "form"),
    TOOL_TEXT_OPTION(struct device_settings, device, "device", 0, "TEXT", "what people call it", ""),
    TOOL_COUNT_OPTION(struct device_settings, days, "days", 0, "N", "how long it works; 0: until it is locked out", "180", 0, 3650),
    TOOL_TEXT_OPTION(struct device_settings, actor, "actor", 0, "NAME", "who does this, for the study's records; the user's name unless given", NULL),
    TOOL_END
};

static int run_device(void *settings, int argc, char **argv)
{
    const struct device_settings *d = settings;
    svy_error err = SVY_ERROR_INIT;
    svy_study *study = NULL;
    svy_account account;
    char token[SVY_TOKEN];
    const svy_moment now = record_now();
    int status = need_account(argv[0], argv[1], &study, &account);
    (void)argc;
    if (status == EXIT_DONE && svy_study_token_make(study, account.id, d->kind == 0 ? SVY_TOKEN_DEVICE : SVY_TOKEN_ODK, d->device,
                                                    d->days > 0 ? now.utc_ms + d->days * INT64_C(86400000) : 0, record_actor(d->actor), now, token, &err) != SVY_OK)
        status = tool_fail(&err);
    svy_study_close(study);
    if (status == EXIT_DONE)
        puts(token);
    return status;
}

const verb verb_study_account_device = { .name = "study account device", .group = FOR_FIELDWORK, .arguments = "STUDY NAME", .min_arguments = 2, .max_arguments = 2,
    .summary = "print a key with which a device comes in as somebody", .detail = "The key is shown this once. Who has it comes in as that person: give it to nobody else.",
    .example = "survey study account device tcn.study maria --kind odk --device 'phone 7'", .settings_size = sizeof(struct device_settings), .tables = { { DEVICE_OPTIONS, 0 } },
    .run = run_device };
