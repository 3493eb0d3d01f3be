/* survey study account collect: lets ODK Collect in as somebody, by a QR code with its settings. */
#include "record.h"
#include "tool.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <survey/account.h>
#include <survey/server.h>

struct settings { const char *url, *device, *project, *actor; long days; int quiet; };
static const tool_option OPTIONS[] = {
    TOOL_TEXT_OPTION(struct settings, url, "url", 0, "URL", "the server's address as the phone reaches it, such as https://192.168.1.7:8080", NULL),
    TOOL_TEXT_OPTION(struct settings, device, "device", 0, "TEXT", "what people call the phone", "ODK Collect"),
    TOOL_TEXT_OPTION(struct settings, project, "project", 0, "TEXT", "what Collect calls the study; the name of the file unless given", NULL),
    TOOL_COUNT_OPTION(struct settings, days, "days", 0, "N", "how long it works; 0: until it is locked out", "180", 0, 3650),
    TOOL_TEXT_OPTION(struct settings, actor, "actor", 0, "NAME", "who does this, for the study's records; the user's name unless given", NULL),
    TOOL_FLAG_OPTION(struct settings, quiet, "quiet", 'q', "print the settings only, without the picture"),
    TOOL_END
};

static int make_token(const struct settings *s, const char *path, const char *name, char token[SVY_TOKEN])
{
    const svy_moment now = record_now();
    svy_error err = SVY_ERROR_INIT;
    svy_study *study = NULL;
    svy_account account;
    int found = 0, status = EXIT_DONE;
    if (svy_study_open(NULL, path, SVY_STUDY_WRITE, &study, &err) != SVY_OK || svy_study_account_find(study, name, &account, &found, &err) != SVY_OK)
        status = tool_fail(&err);
    else if (!found)
        status = (tool_say("%s has no account '%s': 'survey study account list' shows them", path, name), EXIT_WRONG);
    else if (svy_study_token_make(study, account.id, SVY_TOKEN_ODK, s->device, s->days > 0 ? now.utc_ms + s->days * INT64_C(86400000) : 0, record_actor(s->actor), now, token,
                                  &err) != SVY_OK)
        status = tool_fail(&err);
    svy_study_close(study);
    return status;
}

static const char *project_of(const struct settings *s, const char *path)
{
    const char *slash = strrchr(path, '/');
    return s->project != NULL ? s->project : slash != NULL ? slash + 1 : path;
}

static int run(void *settings, int argc, char **argv)
{
    const struct settings *s = settings;
    char token[SVY_TOKEN] = "";
    (void)argc;
    if (s->url == NULL || (strncmp(s->url, "https://", 8) != 0 && strncmp(s->url, "http://", 7) != 0))
        return tool_usage("study account collect", "--url is needed: the address that 'survey serve' prints, as the phone reaches it");
    const int status = make_token(s, argv[0], argv[1], token);
    if (status != EXIT_DONE)
        return status;
    char *text = svy_server_collect_settings(s->url, token, project_of(s, argv[0])), *qr = text != NULL && !s->quiet ? svy_server_qr(text) : NULL;
    if (qr != NULL)
        printf("%s", qr);
    if (text != NULL && s->quiet)
        puts(text);
    else
        printf("%s%s/odk/key/%s\n", qr != NULL ? "In ODK Collect: add project, scan. Or by hand, as the address of the server:\n" : "The address of the server for ODK Collect:\n", s->url, token);
    if (strncmp(s->url, "http://", 7) == 0)
        tool_say("without https everybody in the same network can read the answers on their way: serve with --certificate");
    memset(token, 0, sizeof token);
    free(qr);
    free(text);
    return EXIT_DONE;
}

const verb verb_study_account_collect = { .name = "study account collect", .group = FOR_FIELDWORK, .arguments = "STUDY NAME", .min_arguments = 2, .max_arguments = 2,
    .summary = "print a QR code that sets ODK Collect up for somebody",
    .detail = "Collect then has the forms of the study and sends what was filled in to 'survey serve' in that person's name. The code is shown this once; who has it comes "
              "in as that person. While 'survey serve' runs, nobody else writes the study: stop it for this.",
    .example = "survey study account collect tcn.study maria --url https://survey.example.org", .settings_size = sizeof(struct settings), .tables = { { OPTIONS, 0 } },
    .run = run };
