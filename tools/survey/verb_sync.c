/* survey sync: two files of one study come to the same union, over the network, side by side, or by a stick. */
#include "record.h"
#include "secret_input.h"
#include "tool.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <survey/sync.h>

struct settings { const char *token_file, *name, *certificate, *passphrase_file, *actor; int passphrase, only_send, only_receive, keys, quiet; };
static const tool_option OPTIONS[] = {
    TOOL_TEXT_OPTION(struct settings, token_file, "token-file", 0, "FILE", "the key of a device ('survey study account device'), for a server", NULL),
    TOOL_TEXT_OPTION(struct settings, name, "name", 0, "NAME", "account at a server, whose password is asked for", NULL),
    TOOL_TEXT_OPTION(struct settings, certificate, "certificate", 0, "FILE", "the server's own certificate (PEM), when it made one for itself", NULL),
    TOOL_FLAG_OPTION(struct settings, passphrase, "passphrase", 0, "seal a bundle with a passphrase, which is asked for"),
    TOOL_TEXT_OPTION(struct settings, passphrase_file, "passphrase-file", 0, "FILE", "seal a bundle with the passphrase in the first line of FILE", NULL),
    TOOL_FLAG_OPTION(struct settings, keys, "keys", 0, "write the keys for a new file of the study into a sealed bundle, too"),
    TOOL_FLAG_OPTION(struct settings, only_send, "only-send", 0, "give, and take nothing"),
    TOOL_FLAG_OPTION(struct settings, only_receive, "only-receive", 0, "take, and give nothing"),
    TOOL_TEXT_OPTION(struct settings, actor, "actor", 0, "NAME", "who does this, for the study's records; the user's name unless given", NULL),
    TOOL_FLAG_OPTION(struct settings, quiet, "quiet", 'q', "no progress and no summary"),
    TOOL_END
};

typedef struct work {
    const struct settings *s;
    const char *here, *there;
    svy_study *study;
    svy_merged ours, theirs;
    svy_sync_report report;
    svy_sync_progress progress;
    secret secret;
    svy_error err;
} work;

static int is_url(const char *text)
{
    return strncmp(text, "http://", 7) == 0 || strncmp(text, "https://", 8) == 0;
}

static void say(void *user, const char *sentence)
{
    const work *w = user;
    tool_say("%s and %s: %s", w->here, w->there, sentence);
}

static void step(void *user, uint64_t done, uint64_t total)
{
    const work *w = user;
    tool_progress("synchronised", (size_t)done, (size_t)total, w->s->quiet);
}

static int file_exists(const char *path)
{
    FILE *f = fopen(path, "rb");
    if (f != NULL)
        fclose(f);
    return f != NULL || errno != ENOENT;
}

/* ---- secrets ---- */

/* The first line of a file that only its owner should read. */
static int read_first_line(const char *path, secret *out)
{
    FILE *f = fopen(path, "rb");
    out->len = 0;
    if (f == NULL || fgets(out->text, sizeof out->text, f) == NULL) {
        tool_say("%s: cannot read: %s", path, f == NULL ? strerror(errno) : "it is empty");
        if (f != NULL)
            fclose(f);
        return EXIT_SYSTEM;
    }
    fclose(f);
    out->len = strcspn(out->text, "\r\n");
    out->text[out->len] = '\0';
    return EXIT_DONE;
}

/* Asked once, also when it is needed twice. */
static int ask(work *w, const char *what, int twice)
{
    return w->secret.len > 0 ? EXIT_DONE : secret_read(&w->secret, what, twice);
}

static int url_options(work *w, svy_url_options *o)
{
    int status;
    o->url = w->there;
    o->certificate = w->s->certificate;
    o->send = !w->s->only_receive;
    o->receive = !w->s->only_send;
    if (w->s->token_file != NULL) {
        status = read_first_line(w->s->token_file, &w->secret);
        o->token = w->secret.text;
    } else if (w->s->name != NULL) {
        status = ask(w, "password", 0);
        o->name = w->s->name;
        o->password = w->secret.text;
    } else {
        return tool_usage("sync", "a server wants to know who comes: give --token-file, or --name");
    }
    if (status == EXIT_DONE && strncmp(w->there, "http://", 7) == 0 && strncmp(w->there, "http://127.", 11) != 0 && strncmp(w->there, "http://localhost", 16) != 0)
        tool_say("%s: without https, everybody in the network between can read along", w->there);
    return status;
}

static int stick_options(work *w, svy_stick_options *o)
{
    const int exists = svy_sync_kind_of_file(w->there) > 0, sealed = w->s->passphrase || w->s->passphrase_file != NULL;
    int status = EXIT_DONE;
    o->send = !w->s->only_receive;
    o->receive = !w->s->only_send;
    o->keys = w->s->keys;
    if (w->s->passphrase_file != NULL)
        status = read_first_line(w->s->passphrase_file, &w->secret);
    else if (w->s->passphrase)
        status = ask(w, "passphrase", !exists);
    if (status == EXIT_DONE && sealed && o->send && svy_password_accept(w->secret.text, w->secret.len, "", &w->err) != SVY_OK)
        status = tool_fail(&w->err);
    if (sealed) {
        o->passphrase = w->secret.text;
        o->passphrase_len = w->secret.len;
    } else if (o->send && svy_sync_kind_of_file(w->there) != 3) {
        tool_say("%s: written in clear: whoever finds it reads every answer; --passphrase seals it", w->there);
    }
    return status;
}

/* ---- a file that is not there yet becomes one of the study ---- */

/* A new file from another one goes through a head in memory. */
typedef struct making { const char *path; svy_moment now; svy_error *err; } making;
static svy_status make(void *user, const void *bytes, size_t n)
{
    const making *m = user;
    return svy_sync_create(NULL, m->path, bytes, n, m->now, m->err);
}

static int make_from_study(work *w)
{
    making m = { w->here, record_now(), &w->err };
    svy_study *other = NULL;
    svy_status st = svy_study_open(NULL, w->there, SVY_STUDY_READ, &other, &w->err);
    if (st == SVY_OK)
        st = svy_sync_hello(other, NULL, 1, make, &m, &w->err);
    svy_study_close(other);
    return st == SVY_OK ? EXIT_DONE : tool_fail(&w->err);
}

static int make_new(work *w)
{
    svy_url_options url = SVY_URL_OPTIONS_INIT;
    svy_stick_options stick = SVY_STICK_OPTIONS_INIT;
    int status;
    if (is_url(w->there)) {
        if ((status = url_options(w, &url)) == EXIT_DONE && svy_sync_create_from_url(NULL, w->here, &url, record_now(), &w->err) != SVY_OK)
            status = tool_fail(&w->err);
        return status;
    }
    switch (svy_sync_kind_of_file(w->there)) {
    case 1: return make_from_study(w);
    case 2:
    case 3:
        if ((status = stick_options(w, &stick)) == EXIT_DONE && svy_sync_create_from_stick(NULL, w->here, w->there, &stick, record_now(), &w->err) != SVY_OK)
            status = tool_fail(&w->err);
        return status;
    default: tool_say("%s: there is no such file, and no %s to make one from", w->here, w->there); return EXIT_SYSTEM;
    }
}

/* ---- the three ways ---- */

static int with_url(work *w)
{
    svy_url_options o = SVY_URL_OPTIONS_INIT;
    const int status = url_options(w, &o);
    if (status != EXIT_DONE)
        return status;
    return svy_sync_url(w->study, &o, record_actor(w->s->actor), record_now(), &w->ours, &w->theirs, &w->report, &w->progress, &w->err) == SVY_OK ? EXIT_DONE : tool_fail(&w->err);
}

static int with_stick(work *w)
{
    svy_stick_options o = SVY_STICK_OPTIONS_INIT;
    const int status = stick_options(w, &o);
    if (status != EXIT_DONE)
        return status;
    return svy_sync_stick(w->study, w->there, &o, record_actor(w->s->actor), record_now(), &w->ours, &w->report, &w->progress, &w->err) == SVY_OK ? EXIT_DONE : tool_fail(&w->err);
}

static int with_study(work *w)
{
    svy_study *other = NULL;
    int status = EXIT_DONE;
    if (w->s->only_send || w->s->only_receive)
        return tool_usage("sync", "two study files both get everything: --only-send and --only-receive are for servers and bundles");
    if (svy_study_open(NULL, w->there, SVY_STUDY_WRITE, &other, &w->err) != SVY_OK ||
        svy_sync_studies(w->study, other, record_actor(w->s->actor), record_now(), &w->ours, &w->theirs, &w->report, &w->progress, &w->err) != SVY_OK)
        status = tool_fail(&w->err);
    svy_study_close(other);
    return status;
}

/* ---- what happened ---- */

static void say_some(const char *who, const svy_merged *m)
{
    const struct { uint64_t n; const char *one, *many; } PARTS[] = {
        { m->forms, "questionnaire", "questionnaires" }, { m->parameters, "parameter", "parameters" }, { m->cases, "case", "cases" },
        { m->interviews, "interview", "interviews" }, { m->continued, "interview that went on", "interviews that went on" },
        { m->conflicts, "conflict (both kept)", "conflicts (both kept)" }, { m->erased, "erasure", "erasures" }, { m->files, "file", "files" },
        { m->kept, "kept aside", "kept aside" }, { m->refused, "not taken", "not taken" },
    };
    int any = 0;
    printf("%s:", who);
    for (size_t i = 0; i < sizeof PARTS / sizeof PARTS[0]; i++)
        if (PARTS[i].n > 0)
            printf("%s %llu %s", any++ > 0 ? "," : "", (unsigned long long)PARTS[i].n, PARTS[i].n == 1 ? PARTS[i].one : PARTS[i].many);
    printf(any > 0 ? "\n" : " nothing new\n");
}

static int run_on(work *w)
{
    int status = EXIT_DONE;
    if (!file_exists(w->here) && (status = make_new(w)) != EXIT_DONE)
        return status;
    if (svy_study_open(NULL, w->here, SVY_STUDY_WRITE, &w->study, &w->err) != SVY_OK)
        return tool_fail(&w->err);
    const int url = is_url(w->there), study = !url && svy_sync_kind_of_file(w->there) == 1;
    status = url ? with_url(w) : study ? with_study(w) : with_stick(w);
    if (status == EXIT_DONE && !w->s->quiet) {
        say_some(w->here, &w->ours);
        if (url || study)
            say_some(w->there, &w->theirs);
    }
    return status == EXIT_DONE && w->ours.refused + w->theirs.refused > 0 ? EXIT_WRONG : status;
}

static int run(void *settings, int argc, char **argv)
{
    work *w = calloc(1, sizeof *w);
    (void)argc;
    if (w == NULL) {
        tool_say("out of memory");
        return EXIT_SYSTEM;
    }
    w->err = (svy_error)SVY_ERROR_INIT;
    w->s = settings;
    w->here = argv[0];
    w->there = argv[1];
    w->report = (svy_sync_report){ say, w };
    w->progress = (svy_sync_progress){ step, w };
    int status = EXIT_USAGE;
    if (w->s->only_send && w->s->only_receive)
        status = tool_usage("sync", "--only-send and --only-receive together do nothing");
    else if (!is_url(w->there) && tool_is_same_file(w->here, w->there))
        status = tool_usage("sync", "%s is both files: give two", w->here);
    else
        status = run_on(w);
    svy_study_close(w->study);
    secret_wipe(&w->secret);
    free(w);
    return status;
}

const verb verb_sync = { .name = "sync", .group = FOR_FIELDWORK, .arguments = "STUDY URL|FILE", .min_arguments = 2, .max_arguments = 2,
    .summary = "bring two files of a study together: laptop and office, partner and coordinator",
    .detail = "Both sides get the union of what both have: interviews finished and unfinished, corrections, erasures, questionnaires, parameters, the list of cases, files. Nothing is "
              "lost: what differs is kept on both sides and counted as a conflict. Doing it again, or in another order, changes nothing. URL is a server ('survey serve'): the right "
              "of the account decides what is exchanged, a partner's account only what its organisation has. FILE is another study file; any other file is a bundle for a stick, "
              "which is made when it is not there. When STUDY is not there, it is made as a further file of the same study: from a study file, a server, or a sealed bundle "
              "written with --keys. Accounts, links, the audit log, the design and the weighting stay each file's own. Status 1: something could not be taken, and was said.",
    .example = "survey sync laptop.study https://survey.example.org --token-file token\nsurvey sync laptop.study office.study\nsurvey sync laptop.study /media/stick/tcn.bundle --passphrase\n"
               "survey sync partner.study https://survey.example.org --name maria",
    .settings_size = sizeof(struct settings), .tables = { { OPTIONS, 0 } }, .run = run };
