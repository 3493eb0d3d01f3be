/* Submissions of ODK's clients that the study keeps aside (encrypted, or of a version that was not deployed when they came): they become interviews. */
#define _XOPEN_SOURCE 700
#include "kept.h"
#include "record.h"
#include "tool.h"
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <survey/exchange.h>
#include <survey/reception.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MOST_KEY = 1 << 20, MOST_FILES = 512, PATH = 4096, PARAMETERS = 1000 };

typedef struct bytes { char *at; size_t n; } bytes;
typedef struct waiting { int64_t number, received; char uuid[37], form[256], version[256], actor[128], organisation[128], device[256]; } waiting;
typedef struct part { char name[256], type[128]; bytes content; } part;

typedef struct kept {
    svy_study *study;
    svy_reception *reception;
    bytes key;
    char folder[64];                 /* for encrypted parts and what comes out of them; readable by nobody else; "" when none was made */
    waiting *list; size_t n, room;
    bytes sent, xml;                 /* as it came, and the submission itself */
    part files[MOST_FILES]; size_t n_files;
    char *parameters[2 * PARAMETERS]; size_t n_parameters;
    uint64_t stored, left;
    int failed;
} kept;

static void set(bytes *b, const void *from, size_t n)
{
    free(b->at);
    b->at = malloc(n + 1);
    b->n = b->at != NULL ? n : 0;
    if (b->at != NULL && n > 0)
        memcpy(b->at, from, n);
    if (b->at != NULL)
        b->at[n] = '\0';
}

static svy_status take_bytes(void *user, const void *from, size_t n)
{
    set(user, from, n);
    return ((bytes *)user)->at != NULL ? SVY_OK : SVY_E_NOMEM;
}

static svy_status take_text(void *user, const char *from, size_t n) { return take_bytes(user, from, n); }

static int read_whole(const char *path, size_t most, bytes *out)
{
    FILE *in = fopen(path, "rb");
    char piece[65536];
    size_t n = 0, got;
    if (in == NULL)
        return 0;
    free(out->at);
    *out = (bytes){ NULL, 0 };
    while ((got = fread(piece, 1, sizeof piece, in)) > 0 && n + got <= most) {
        char *more = realloc(out->at, n + got + 1);
        if (more == NULL)
            break;
        memcpy(more + n, piece, got);
        out->at = more;
        out->n = n += got;
        out->at[n] = '\0';
    }
    const int good = feof(in) && !ferror(in) && out->at != NULL;
    fclose(in);
    return good;
}

/* ---- what waits ---- */

static void copy_text(char *out, size_t size, const char *text) { snprintf(out, size, "%s", text); }

static svy_status list_one(void *user, const svy_kept *k)
{
    kept *all = user;
    if (all->n == all->room) {
        waiting *more = realloc(all->list, (all->room * 2 + 16) * sizeof *more);
        if (more == NULL)
            return SVY_E_NOMEM;
        all->list = more;
        all->room = all->room * 2 + 16;
    }
    waiting *w = &all->list[all->n++];
    *w = (waiting){ .number = k->number, .received = k->received_utc_ms };
    copy_text(w->uuid, sizeof w->uuid, k->uuid);
    copy_text(w->form, sizeof w->form, k->form);
    copy_text(w->version, sizeof w->version, k->version);
    copy_text(w->actor, sizeof w->actor, k->actor);
    copy_text(w->organisation, sizeof w->organisation, k->organisation);
    copy_text(w->device, sizeof w->device, k->device);
    return SVY_OK;
}

static svy_status take_file(void *user, const char *name, const char *media_type, const void *from, size_t n)
{
    kept *k = user;
    if (k->n_files == MOST_FILES)
        return SVY_E_LIMIT;
    part *p = &k->files[k->n_files++];
    p->content = (bytes){ NULL, 0 };
    copy_text(p->name, sizeof p->name, name);
    copy_text(p->type, sizeof p->type, media_type);
    return take_bytes(&p->content, from, n);
}

static void drop_files(kept *k)
{
    for (size_t i = 0; i < k->n_files; i++)
        free(k->files[i].content.at);
    k->n_files = 0;
}

/* ---- encrypted ones ---- */

static void path_of(const kept *k, const char *inner, const char *name, char out[PATH])
{
    snprintf(out, PATH, "%s%s/%s", k->folder, inner, name);
}

static int write_whole(const char *path, const bytes *b)
{
    FILE *out = fopen(path, "wb");
    if (out == NULL)
        return 0;
    const int good = fwrite(b->at, 1, b->n, out) == b->n;
    return fclose(out) == 0 && good;
}

static void empty_folder(const char *path)
{
    char inner[PATH];
    DIR *d = opendir(path);
    for (const struct dirent *e = d != NULL ? readdir(d) : NULL; e != NULL; e = readdir(d))
        if (e->d_name[0] != '.' && (size_t)snprintf(inner, sizeof inner, "%s/%s", path, e->d_name) < sizeof inner)
            unlink(inner);
    if (d != NULL)
        closedir(d);
}

static int make_folder(kept *k)
{
    char media[PATH];
    if (k->folder[0] != '\0')
        return 1;
    strcpy(k->folder, "/tmp/survey-kept-XXXXXX");
    if (mkdtemp(k->folder) == NULL) {
        k->folder[0] = '\0';
        return 0;
    }
    path_of(k, "", "media", media);
    return mkdir(media, 0700) == 0;
}

/* The files that came out take the place of the encrypted ones. */
static void take_opened(kept *k, const char *media)
{
    char path[PATH];
    size_t n = 0;
    for (size_t i = 0; i < k->n_files; i++) {
        part *p = &k->files[i];
        const size_t len = strlen(p->name);
        if (len > 4)
            p->name[len - 4] = '\0';                     /* .enc */
        if ((size_t)snprintf(path, sizeof path, "%s/%s", media, p->name) < sizeof path && read_whole(path, SVY_UPLOAD_MAX, &p->content)) {
            const part one = *p;
            *p = (part){ .name = "" };
            k->files[n++] = one;
        } else {
            free(p->content.at);
        }
    }
    k->n_files = n;
}

/* 1 when k->xml holds the submission, 0 when it stays. */
static int open_encrypted(kept *k, const svy_diags *diags)
{
    char path[PATH], media[PATH];
    svy_error err = SVY_ERROR_INIT;
    svy_diags told = *diags;
    const svy_sink to = { take_text, &k->xml };
    int written = k->key.at != NULL && make_folder(k);
    if (!written)
        return 0;
    path_of(k, "", "media", media);
    for (size_t i = 0; i < k->n_files && written; i++) {
        path_of(k, "", k->files[i].name, path);
        written = strchr(k->files[i].name, '/') == NULL && write_whole(path, &k->files[i].content);
    }
    path_of(k, "", "submission.xml", path);
    written = written && write_whole(path, &k->sent);
    const int opened = written && svy_submission_decrypt(NULL, path, k->key.at, k->key.n, media, &to, &told, &err) == SVY_OK;
    if (opened)
        take_opened(k, media);
    empty_folder(media);
    empty_folder(k->folder);
    return opened;
}

/* ---- one of them ---- */

static void take_parameter(void *user, const char *id, const char *type, const char *value, int overridden)
{
    kept *k = user;
    (void)type;
    if (!overridden || k->n_parameters == PARAMETERS)
        return;
    k->parameters[2 * k->n_parameters] = strdup(id);
    k->parameters[2 * k->n_parameters + 1] = strdup(value);
    if (k->parameters[2 * k->n_parameters] != NULL && k->parameters[2 * k->n_parameters + 1] != NULL)
        k->n_parameters++;
}

static void drop_parameters(kept *k)
{
    for (size_t i = 0; i < 2 * k->n_parameters; i++)
        free(k->parameters[i]);
    k->n_parameters = 0;
}

static void from_hex(const char *hex, uint8_t out[32])
{
    for (int i = 0; i < 32; i++) {
        const char pair[3] = { hex[2 * i], hex[2 * i + 1], '\0' };
        out[i] = (uint8_t)strtoul(pair, NULL, 16);
    }
}

/* Files are stored before the package that names them. The XML as it came is one of them: so the server knows it when it is sent again. */
static svy_status attach(kept *k, const waiting *w, svy_submission_file files[MOST_FILES + 1], svy_error *err)
{
    svy_status st = SVY_OK;
    char hex[65];
    for (size_t i = 0; i <= k->n_files && st == SVY_OK; i++) {
        const bytes *content = i == 0 ? &k->sent : &k->files[i - 1].content;
        svy_attachment *a = NULL;
        files[i] = (svy_submission_file){ .name = i == 0 ? "submission.xml" : k->files[i - 1].name, .media_type = i == 0 ? "text/xml" : k->files[i - 1].type, .size = content->n };
        svy_hash_hex(content->at, content->n, hex);
        from_hex(hex, files[i].sha256);
        st = svy_attachment_prepare(k->reception, content->at, content->n, 0, &a, err);
        if (st == SVY_OK)
            st = svy_study_attach(k->study, &a, 1, w->actor, record_now(), err);
        svy_attachment_free(a);
    }
    return st;
}

static const part *find_file(const kept *k, const char *name)
{
    for (size_t i = 0; i < k->n_files; i++)
        if (strcmp(k->files[i].name, name) == 0)
            return &k->files[i];
    return NULL;
}

static svy_status make_package(kept *k, const waiting *w, const svy_form *form, const svy_submission_head *head, const svy_submission_file *files, bytes *package,
                               svy_diags *diags, svy_error *err)
{
    svy_submission_options o = SVY_SUBMISSION_OPTIONS_INIT;
    char replaced[37] = "";
    const part *audit = find_file(k, "audit.csv");
    const svy_sink to = { take_text, package };
    if (head->replaces[0] != '\0')
        svy_submission_uuid(head->replaces, replaced);
    o.uuid = w->uuid;
    o.corrects = replaced;
    o.reason = replaced[0] != '\0' ? "edited in an ODK client" : "";
    o.actor = w->actor;
    o.organisation = w->organisation;
    o.device = w->device;
    o.now = (svy_moment){ .utc_ms = w->received };
    o.parameters = (const char *const *)k->parameters;
    o.n_parameters = k->n_parameters;
    o.audit = audit != NULL ? audit->content.at : NULL;
    o.audit_size = audit != NULL ? audit->content.n : 0;
    o.files = files;
    o.n_files = k->n_files + 1;
    return svy_submission_package(NULL, form, k->xml.at, k->xml.n, w->uuid, &o, &to, diags, err);
}

static svy_status receive(kept *k, const waiting *w, const bytes *package, svy_diags *diags, svy_error *err)
{
    const svy_sender sender = { .actor = w->actor, .organisation = w->organisation, .mode = SVY_MODE_ODK, .device = w->device };
    svy_arrival *a = NULL;
    svy_received received;
    svy_status st = svy_arrival_prepare(k->reception, package->at, package->n, 0, &sender, (svy_moment){ .utc_ms = w->received }, &a, err);
    if (st == SVY_OK && svy_arrival_reason(a)[0] != '\0') {
        const svy_diag d = { SVY_PROBLEM, SVY_E_INVALID, w->uuid, 0, 0, "", svy_arrival_reason(a), "" };
        diags->report(diags->user, &d);
        st = SVY_E_INVALID;
    }
    if (st == SVY_OK)
        st = svy_study_receive(k->study, &a, 1, &received, err);
    if (st == SVY_OK)
        st = svy_study_kept_drop(k->study, w->number, err);
    svy_arrival_free(a);
    return st;
}

/* SVY_E_INVALID: it stays, and why was told. */
static svy_status take_in(kept *k, const waiting *w, const svy_submission_head *head, svy_diags *diags, svy_error *err)
{
    static svy_submission_file files[MOST_FILES + 1];
    const void *block;
    size_t size;
    svy_form *form = NULL;
    bytes package = { NULL, 0 };
    if (!svy_reception_block(k->reception, w->form, head->version, &block, &size))
        return SVY_E_NAME;
    svy_status st = svy_form_open(NULL, block, size, &form, err);
    if (st == SVY_OK)
        st = svy_study_parameters(k->study, w->form, take_parameter, k, err);
    if (st == SVY_OK)
        st = attach(k, w, files, err);
    if (st == SVY_OK)
        st = make_package(k, w, form, head, files, &package, diags, err);
    if (st == SVY_OK)
        st = receive(k, w, &package, diags, err);
    free(package.at);
    svy_form_free(form);
    drop_parameters(k);
    return st;
}

static svy_status try_one(kept *k, waiting *w, svy_diags *diags, svy_error *err)
{
    svy_submission_head head;
    svy_error why = SVY_ERROR_INIT;
    svy_status st = svy_study_kept_bytes(k->study, w->number, take_bytes, &k->sent, err);
    if (st != SVY_OK)
        return st;
    if (k->sent.n < 4 || memcmp(k->sent.at, "SVYP", 4) == 0 || svy_submission_about(k->sent.at, k->sent.n, w->uuid, NULL, &head, &why) != SVY_OK)
        return SVY_E_NAME;                                    /* a package: the study tries these itself */
    if ((st = svy_study_kept_files(k->study, w->number, take_file, k, err)) != SVY_OK)
        return st;
    set(&k->xml, k->sent.at, k->sent.n);
    if (head.encrypted && !open_encrypted(k, diags))
        return SVY_E_INVALID;
    if (svy_submission_about(k->xml.at, k->xml.n, w->uuid, NULL, &head, &why) != SVY_OK)
        return SVY_E_INVALID;
    if (head.instance[0] != '\0')
        svy_submission_uuid(head.instance, w->uuid);
    if (w->form[0] == '\0')
        copy_text(w->form, sizeof w->form, head.form);
    return take_in(k, w, &head, diags, err);
}

/* ---- all ---- */

static svy_status try_all(kept *k, svy_diags *diags, svy_error *err)
{
    svy_opened opened = { .tried = 0 };
    svy_status st = svy_study_kept(k->study, list_one, k, err);
    for (size_t i = 0; i < k->n && st == SVY_OK; i++) {
        st = try_one(k, &k->list[i], diags, err);
        k->stored += st == SVY_OK;
        k->left += st == SVY_E_INVALID || st == SVY_E_NAME;
        st = st == SVY_E_INVALID || st == SVY_E_NAME ? SVY_OK : st;
        drop_files(k);
    }
    if (st == SVY_OK)
        st = svy_study_try_again(k->study, &opened, err);
    k->stored += opened.stored;
    const uint64_t gone = opened.stored + opened.erased;
    k->left -= gone < k->left ? gone : k->left;
    return st;
}

static void clear(kept *k)
{
    if (k->folder[0] != '\0') {
        char media[PATH];
        path_of(k, "", "media", media);
        rmdir(media);
        rmdir(k->folder);
    }
    if (k->key.at != NULL)
        memset(k->key.at, 0, k->key.n);
    free(k->key.at);
    free(k->sent.at);
    free(k->xml.at);
    free(k->list);
    drop_parameters(k);
    svy_reception_free(k->reception);
}

int kept_import(svy_study *study, const char *key_path, int quiet)
{
    static kept k;                       /* one a process: it has room for many files */
    svy_error err = SVY_ERROR_INIT;
    svy_diags diags = { tool_report, NULL, 0, 0 };
    k = (kept){ .study = study };
    if (key_path != NULL && !read_whole(key_path, MOST_KEY, &k.key)) {
        tool_say("%s: the private key cannot be read", key_path);
        return EXIT_SYSTEM;
    }
    svy_status st = svy_reception_new(study, &k.reception, &err);
    if (st == SVY_OK)
        st = try_all(&k, &diags, &err);
    if (st == SVY_OK && !quiet)
        tool_say("%llu of what was kept aside became interviews, %llu stay", (unsigned long long)k.stored, (unsigned long long)k.left);
    const uint64_t left = k.left;
    clear(&k);
    return st != SVY_OK ? tool_fail(&err) : left > 0 ? EXIT_WRONG : EXIT_DONE;
}
