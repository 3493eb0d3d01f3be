/* The folder of attachments is filled under another name and renamed when it is whole; nothing that was there before is written over. */
#define _XOPEN_SOURCE 700
#include "export_attachments.h"
#include "export_safe.h"
#include "sheet.h"
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <survey/reception.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH = 4400, NAME = 120 };

typedef struct attaching {
    svy_study *study;
    const export_attachment_options *o;
    const char *folder;                  /* in the end */
    char part[PATH];                     /* until then */
    svy_sheet *list;
    size_t done, total, missing, sealed;
    int fd;
    svy_error err;
} attaching;

static int part_of(const char *folder, char out[PATH]) { return snprintf(out, PATH, "%s.part", folder) < PATH; }

int export_attachments_fresh(const char *folder)
{
    char part[PATH];
    struct stat about;
    if (!part_of(folder, part)) {
        tool_say("%s: the path is too long", folder);
        return 0;
    }
    if (lstat(part, &about) == 0)
        tool_say("%s is left of an export that broke off: take it away first", part);
    else if (lstat(folder, &about) == 0)
        tool_say("%s is there already: attachments are not written over earlier ones; take it away or give another folder", folder);
    else
        return 1;
    return 0;
}

/* ---- names ---- */

/* A name that every system takes and that stays in its folder: of at most NAME bytes, cut between characters, with its ending. */
static void safe_name(const char *name, unsigned number, char *out, size_t size)
{
    const char *dot = strrchr(name, '.');
    char stem[NAME + 1] = "", end[16] = "", twin[16] = "";
    if (dot != NULL && dot != name && strlen(dot) < sizeof end)
        snprintf(end, sizeof end, "%s", dot);
    else
        dot = name + strlen(name);
    size_t n = (size_t)(dot - name);
    for (n = n > NAME ? NAME : n; n > 0 && ((unsigned char)name[n] & 0xc0) == 0x80; )
        n--;
    memcpy(stem, name, n);
    if (number > 1)
        snprintf(twin, sizeof twin, "_%u", number);
    snprintf(out, size, "%s%s%s", n > 0 ? stem : "file", twin, end);
    for (char *c = out; *c != '\0'; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f || strchr("/\\:*?\"<>|", *c) != NULL)
            *c = '_';
    if (out[0] == '.')
        out[0] = '_';
}

/* ---- one file ---- */

static svy_status failed(attaching *a, const char *path)
{
    a->err.code = SVY_E_IO;
    snprintf(a->err.message, sizeof a->err.message, "%.300s: %s", path, strerror(errno));
    return SVY_E_IO;
}

static svy_status write_bytes(void *user, const void *bytes, size_t n)
{
    attaching *a = user;
    const char *at = bytes;
    while (n > 0) {
        const ssize_t done = write(a->fd, at, n);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return failed(a, a->part);
        at += done;
        n -= (size_t)done;
    }
    return SVY_OK;
}

/* `shown` receives the path from the folder of the export. */
static svy_status write_file(attaching *a, const svy_answer_file *f, char *shown, size_t size)
{
    char path[PATH + 300], name[NAME + 40];
    snprintf(path, sizeof path, "%s/%s", a->part, f->interview);
    if (mkdir(path, 0777) != 0 && errno != EEXIST)
        return failed(a, path);
    for (unsigned number = 1; ; number++) {
        safe_name(f->name, number, name, sizeof name);
        snprintf(path, sizeof path, "%s/%s/%s", a->part, f->interview, name);
        a->fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (a->fd >= 0)
            break;
        if (errno != EEXIST || number == 100000)
            return failed(a, path);
    }
    svy_status st = svy_study_file_bytes(a->study, f->held_by, f->name, write_bytes, a, &a->err);
    if (close(a->fd) != 0 && st == SVY_OK)
        st = failed(a, path);
    const char *slash = strrchr(a->folder, '/');
    snprintf(shown, size, "%s/%s/%s", slash != NULL ? slash + 1 : a->folder, f->interview, name);
    return st;
}

/* Nothing but the name comes from outside. */
static void put_cell(attaching *a, const char *text)
{
    char safe[1200];
    const int marked = a->o->safe && export_is_formula(text);
    if (marked)
        snprintf(safe, sizeof safe, "'%s", text);
    svy_sheet_text(a->list, marked ? safe : text);
}

static svy_status add(void *user, const svy_answer_file *f)
{
    static const char *const STATES[] = { "here", "sealed", "missing" };
    attaching *a = user;
    char shown[PATH] = "", size[24] = "", hash[65] = "";
    svy_status st = SVY_OK;
    if (f->state == SVY_FILE_HERE) {
        snprintf(size, sizeof size, "%llu", (unsigned long long)f->size);
        for (int i = 0; i < 32; i++)
            snprintf(hash + 2 * i, 3, "%02x", f->sha256[i]);
        st = write_file(a, f, shown, sizeof shown);
    }
    a->sealed += f->state == SVY_FILE_SEALED;
    a->missing += f->state == SVY_FILE_MISSING;
    const char *const cells[] = { f->interview, f->item, f->entry, f->name, shown, f->media_type, size, hash, STATES[f->state] };
    for (size_t i = 0; i < sizeof cells / sizeof cells[0]; i++)
        put_cell(a, cells[i]);
    tool_progress("attachments", ++a->done, a->total, a->o->quiet);
    return st;
}

static svy_status count(void *user, const svy_answer_file *f)
{
    (void)f;
    ++*(size_t *)user;
    return SVY_OK;
}

/* ---- all ---- */

static int discard(const char *path, const struct stat *about, int kind, struct FTW *where)
{
    (void)about;
    (void)kind;
    (void)where;
    return remove(path) != 0 && errno != ENOENT;
}

static svy_status fill(attaching *a)
{
    svy_status st = svy_study_answer_files(a->study, a->o->form, a->o->sensitive, count, &a->total, &a->err);
    if (st == SVY_OK)
        st = svy_study_answer_files(a->study, a->o->form, a->o->sensitive, add, a, &a->err);
    if (st == SVY_OK && rename(a->part, a->folder) != 0)
        st = failed(a, a->folder);
    return st;
}

static void tell(const attaching *a, const char *path)
{
    if (!a->o->quiet)
        tool_say("%s: %zu %s", path, a->done - a->missing - a->sealed, a->done - a->missing - a->sealed == 1 ? "file" : "files");
    if (a->missing > 0)
        tool_say("%zu %s named by answers and did not come: their state is 'missing'", a->missing, a->missing == 1 ? "file is" : "files are");
    if (a->sealed > 0)
        tool_say("%zu %s sealed: open them with 'survey study open-sealed' and export again", a->sealed, a->sealed == 1 ? "file is" : "files are");
}

/* The list comes last: with it the folder is whole. */
static int write_list(attaching *a, const char *path)
{
    const tool_output_options o = { path, FORMAT_CSV, 1 };
    const int status = tool_write_sheet(a->list, &o);
    if (status != EXIT_DONE)
        nftw(a->folder, discard, 16, FTW_DEPTH | FTW_PHYS);
    return status;
}

int export_attachments(svy_study *study, const char *folder, const export_attachment_options *o)
{
    static const svy_sheet_column COLUMNS[] = { { "interview", SVY_SHEET_TEXT }, { "item", SVY_SHEET_TEXT }, { "entry", SVY_SHEET_TEXT }, { "name", SVY_SHEET_TEXT },
        { "file", SVY_SHEET_TEXT }, { "type", SVY_SHEET_TEXT }, { "bytes", SVY_SHEET_TEXT }, { "sha256", SVY_SHEET_TEXT }, { "state", SVY_SHEET_TEXT } };
    attaching a = { .study = study, .o = o, .folder = folder, .err = SVY_ERROR_INIT };
    char path[PATH];
    if (!part_of(folder, a.part) || snprintf(path, sizeof path, "%s.csv", folder) >= (int)sizeof path)
        return EXIT_SYSTEM;
    if (svy_sheet_new(NULL, COLUMNS, sizeof COLUMNS / sizeof COLUMNS[0], &a.list, &a.err) != SVY_OK)
        return tool_fail(&a.err);
    const svy_status st = mkdir(a.part, 0777) == 0 ? fill(&a) : failed(&a, a.part);
    if (st != SVY_OK)
        nftw(a.part, discard, 16, FTW_DEPTH | FTW_PHYS);
    const int status = st == SVY_OK ? write_list(&a, path) : tool_fail(&a.err);
    svy_sheet_free(a.list);
    if (status == EXIT_DONE)
        tell(&a, path);
    return status;
}
