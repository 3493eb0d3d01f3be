/* survey serve: the web form and everything behind it, for one study. */
#define _POSIX_C_SOURCE 200809L
#include "record.h"
#include "tool.h"
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <survey/account.h>
#include <survey/server.h>
#include <unistd.h>

struct settings { const char *listen, *certificate, *key, *folder, *log; long connections, connections_address; double deadline; int behind_proxy, quiet; };
static const tool_option OPTIONS[] = {
    TOOL_TEXT_OPTION(struct settings, listen, "listen", 'l', "ADDRESS", "HOST:PORT, PORT (every network of this machine), or unix:PATH", "8080"),
    TOOL_TEXT_OPTION(struct settings, certificate, "certificate", 0, "FILE", "serve https with this certificate (PEM); 'auto' makes one for the local network", NULL),
    TOOL_TEXT_OPTION(struct settings, key, "key", 0, "FILE", "the certificate's key (PEM), when it is not in the same file", NULL),
    TOOL_FLAG_OPTION(struct settings, behind_proxy, "behind-proxy", 0, "believe what a proxy in front says about the client's address and https"),
    TOOL_COUNT_OPTION(struct settings, connections, "connections", 0, "N", "most connections at once", "1000", 1, 100000),
    TOOL_COUNT_OPTION(struct settings, connections_address, "connections-address", 0, "N", "most of them from one address", "64", 1, 100000),
    TOOL_NUMBER_OPTION(struct settings, deadline, "deadline", 0, "SECONDS", "longest that a request may take to arrive", "30", 1, 3600),
    TOOL_TEXT_OPTION(struct settings, folder, "form-folder", 0, "FOLDER", "the files of the web form", NULL),
    TOOL_TEXT_OPTION(struct settings, log, "log", 0, "FILE", "one line for every request, without what was asked or answered; '-' is standard error", NULL),
    TOOL_FLAG_OPTION(struct settings, quiet, "quiet", 'q', "print the address only"),
    TOOL_END
};

enum { SETUP_HOURS = 24 };

static void write_log(void *user, const char *line)
{
    fprintf(user, "%s\n", line);
    fflush(user);
}

/* A link that makes the first administrator, when there is nobody yet. 0 when it failed. */
static int setup_code(const char *path, char code[SVY_CODE], svy_error *err)
{
    const svy_moment now = record_now();
    svy_access link = { .kind = SVY_ACCESS_SETUP, .expires_utc_ms = now.utc_ms + SETUP_HOURS * INT64_C(3600000) };
    svy_study *study = NULL;
    uint64_t n = 1;
    code[0] = '\0';
    svy_status st = svy_study_open(NULL, path, SVY_STUDY_WRITE, &study, err);
    if (st == SVY_OK && (st = svy_study_account_count(study, &n, err)) == SVY_OK && n == 0)
        st = svy_study_link_make(study, &link, record_actor(NULL), now, code, err);
    svy_study_close(study);
    return st == SVY_OK;
}

/* Where to go, for people. The first line is for programs, too. */
static void say_where(const svy_server *server, const struct settings *s, const char *code)
{
    const char *own = svy_server_address(server, 0), *network = svy_server_address(server, 1);
    char url[200];
    printf("listening on %s\n", own);
    for (unsigned i = 1; svy_server_address(server, i) != NULL && !s->quiet; i++)
        printf("in the local network: %s\n", svy_server_address(server, i));
    snprintf(url, sizeof url, "%.90s%s%s", network != NULL ? network : own, code[0] != '\0' ? "/l/" : "/", code);
    char *qr = !s->quiet && strncmp(own, "unix:", 5) != 0 ? svy_server_qr(url) : NULL;
    if (qr != NULL)
        printf("%s%s\n", qr, url);
    free(qr);
    if (code[0] != '\0' && !s->quiet)
        printf("Nobody has an account yet: open this address within a day to become the administrator.\n");
    fflush(stdout);
    if (s->certificate == NULL && !s->behind_proxy && network != NULL && !s->quiet)
        tool_say("without https, browsers on other machines keep no copy of the form for when there is no network, and everybody in this network can read along: "
                 "give --certificate auto, or a certificate");
    if (s->certificate != NULL && strcmp(s->certificate, "auto") == 0 && !s->quiet)
        tool_say("the certificate stands beside the study (.certificate.pem): devices that install it trust this server and keep the form for when there is no network");
}

/* Waits for a signal to end, or for the disk to fail. */
static int attend(svy_server *server, const sigset_t *signals)
{
    const struct timespec moment = { 0, 250000000 };
    const char *why;
    while (svy_server_works(server, &why))
        if (sigtimedwait(signals, NULL, &moment) > 0)
            return EXIT_DONE;
    tool_say("%s", why);
    return EXIT_SYSTEM;
}

/* The files of the web form: where they were said to be, or came with the program. Without them the rest is served. */
static const char *form_folder(const char *given)
{
    if (given == NULL && access(SVY_FORM_FOLDER "/index.html", R_OK) == 0)
        return SVY_FORM_FOLDER;
    if (given == NULL && access(SVY_FORM_INSTALLED "/index.html", R_OK) == 0)
        return SVY_FORM_INSTALLED;
    if (given == NULL)
        tool_say("the web form is not built: only programs can connect. tools/form/build makes it; --form-folder says where it is");
    return given;
}

static int open_log(const char *path, FILE **log)
{
    *log = NULL;
    if (path == NULL)
        return 1;
    *log = strcmp(path, "-") == 0 ? stderr : fopen(path, "a");
    if (*log == NULL)
        tool_say("%s: the log cannot be written: check the folder and its permissions", path);
    return *log != NULL;
}

static int run(void *settings, int argc, char **argv)
{
    const struct settings *s = settings;
    svy_server_options o = SVY_SERVER_OPTIONS_INIT;
    svy_error err = SVY_ERROR_INIT;
    svy_server *server = NULL;
    FILE *log;
    char code[SVY_CODE] = "";
    sigset_t signals;
    (void)argc;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);      /* before there are threads: they inherit it */
    signal(SIGPIPE, SIG_IGN);
    if (!open_log(s->log, &log))
        return EXIT_SYSTEM;
    o.listen = s->listen;
    o.certificate = s->certificate;
    o.key = s->key;
    o.form_folder = form_folder(s->folder);
    o.behind_proxy = s->behind_proxy;
    o.connections = (unsigned)s->connections;
    o.connections_address = (unsigned)s->connections_address;
    o.request_seconds = (unsigned)s->deadline;
    o.header_seconds = o.request_seconds > 10 ? 10 : o.request_seconds;
    o.log = log != NULL ? write_log : NULL;
    o.log_user = log;
    if (!setup_code(argv[0], code, &err) || svy_server_start(argv[0], &o, &server, &err) != SVY_OK)
        return tool_fail(&err);
    say_where(server, s, code);
    const int status = attend(server, &signals);
    svy_server_stop(server);
    if (log != NULL && log != stderr)
        fclose(log);
    return status;
}

const verb verb_serve = { .name = "serve", .group = FOR_FIELDWORK, .arguments = "STUDY", .min_arguments = 1, .max_arguments = 1,
    .summary = "serve the web form and collect what is sent",
    .detail = "Interviewers and respondents fill in the deployed questionnaires in a browser, with and without a network; ODK's clients and other study files "
              "can connect, too. What is acknowledged is on disk. The first line on standard output is 'listening on URL'. SIGINT and SIGTERM end it after what is "
              "under way was stored; it ends with status 3 when the disk does not confirm a write. On the Internet, put nginx with a certificate in front and use "
              "--behind-proxy --listen unix:PATH.",
    .example = "survey serve tcn.study\nsurvey serve tcn.study --certificate auto\nsurvey serve tcn.study --listen unix:/run/survey/socket --behind-proxy",
    .settings_size = sizeof(struct settings), .tables = { { OPTIONS, 0 } }, .run = run };
