/* A SQLite VFS over the system's own that can cut the power: it remembers what was written since the last sync of each file, and at the
 * cut takes it back, keeping nothing, a random part by sectors, or the first writes of it. It can also run out of space, or fail to sync. */
#ifndef SVY_TEST_CUT_VFS_H
#define SVY_TEST_CUT_VFS_H
#include <sqlite3.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CUT_FILES = 8, CUT_SECTOR = 512 };

/* One write (or truncation: n 0) with the bytes that were there before. */
typedef struct cut_record { sqlite3_int64 offset, old_size; size_t n, old_n; unsigned char *bytes, *old; } cut_record;
typedef struct cut_state { char path[512]; cut_record *records; size_t n, capacity; } cut_state;

typedef enum cut_mode { CUT_KEEP_NOTHING, CUT_KEEP_SECTORS, CUT_KEEP_FIRST, CUT_MODES } cut_mode;

static struct {
    sqlite3_vfs vfs, *real;
    cut_state files[CUT_FILES];
    long writes_left;               /* before the power goes; -1: it stays */
    int dead, full, no_sync;        /* what every write, or sync, answers with now */
    uint64_t random;
    unsigned long syncs;
} cut;

typedef struct cut_file { sqlite3_file base; cut_state *state; sqlite3_file *real; } cut_file;

static uint64_t cut_random(void)
{
    cut.random ^= cut.random << 13;
    cut.random ^= cut.random >> 7;
    cut.random ^= cut.random << 17;
    return cut.random;
}

static void cut_forget(cut_state *s)
{
    for (size_t i = 0; i < s->n; i++) {
        free(s->records[i].bytes);
        free(s->records[i].old);
    }
    s->n = 0;
}

static cut_state *cut_state_of(const char *name)
{
    for (size_t i = 0; i < CUT_FILES; i++)
        if (cut.files[i].path[0] == '\0' || strcmp(cut.files[i].path, name) == 0) {
            snprintf(cut.files[i].path, sizeof cut.files[i].path, "%s", name);
            return &cut.files[i];
        }
    abort();
}

/* Remembers what is at a place before it is written over or cut off. */
static void cut_remember(cut_file *f, const void *bytes, size_t n, sqlite3_int64 offset)
{
    cut_state *s = f->state;
    cut_record r = { .offset = offset, .n = n };

    f->real->pMethods->xFileSize(f->real, &r.old_size);
    if (offset < r.old_size) {
        r.old_n = n > 0 && (sqlite3_int64)n < r.old_size - offset ? n : (size_t)(r.old_size - offset);
        r.old = malloc(r.old_n + 1);
        if (f->real->pMethods->xRead(f->real, r.old, (int)r.old_n, offset) != SQLITE_OK)
            abort();
    }
    r.bytes = malloc(n + 1);
    if (n > 0)
        memcpy(r.bytes, bytes, n);
    if (s->n == s->capacity)
        s->records = realloc(s->records, (s->capacity = 2 * s->capacity + 64) * sizeof *s->records);
    s->records[s->n++] = r;
}

static int cut_power(void)
{
    if (cut.writes_left == 0)
        cut.dead = 1;
    else if (cut.writes_left > 0)
        cut.writes_left--;
    return cut.dead;
}

/* ---- methods of a file ---- */

static int cut_close(sqlite3_file *file)
{
    return ((cut_file *)file)->real->pMethods->xClose(((cut_file *)file)->real);
}

static int cut_read(sqlite3_file *file, void *out, int n, sqlite3_int64 offset)
{
    cut_file *f = (cut_file *)file;
    return f->real->pMethods->xRead(f->real, out, n, offset);
}

static int cut_write(sqlite3_file *file, const void *bytes, int n, sqlite3_int64 offset)
{
    cut_file *f = (cut_file *)file;

    if (cut_power())
        return SQLITE_IOERR_WRITE;
    if (cut.full)
        return SQLITE_FULL;
    if (f->state != NULL)
        cut_remember(f, bytes, (size_t)n, offset);
    return f->real->pMethods->xWrite(f->real, bytes, n, offset);
}

static int cut_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    cut_file *f = (cut_file *)file;

    if (cut_power())
        return SQLITE_IOERR_TRUNCATE;
    if (f->state != NULL)
        cut_remember(f, NULL, 0, size);
    return f->real->pMethods->xTruncate(f->real, size);
}

static int cut_sync(sqlite3_file *file, int flags)
{
    (void)flags;
    if (cut_power())
        return SQLITE_IOERR_FSYNC;
    if (cut.no_sync)
        return SQLITE_IOERR_FSYNC;
    cut.syncs++;
    if (((cut_file *)file)->state != NULL)
        cut_forget(((cut_file *)file)->state);
    return SQLITE_OK;
}

#define CUT_PASS(name, parameters, arguments) \
    static int cut_##name parameters { cut_file *f = (cut_file *)file; return f->real->pMethods->name arguments; }
CUT_PASS(xFileSize, (sqlite3_file *file, sqlite3_int64 *size), (f->real, size))
CUT_PASS(xLock, (sqlite3_file *file, int lock), (f->real, lock))
CUT_PASS(xUnlock, (sqlite3_file *file, int lock), (f->real, lock))
CUT_PASS(xCheckReservedLock, (sqlite3_file *file, int *out), (f->real, out))
CUT_PASS(xFileControl, (sqlite3_file *file, int op, void *arg), (f->real, op, arg))
CUT_PASS(xSectorSize, (sqlite3_file *file), (f->real))
CUT_PASS(xShmMap, (sqlite3_file *file, int page, int size, int extend, void volatile **out), (f->real, page, size, extend, out))
CUT_PASS(xShmLock, (sqlite3_file *file, int offset, int n, int flags), (f->real, offset, n, flags))
CUT_PASS(xShmUnmap, (sqlite3_file *file, int drop), (f->real, drop))

static void cut_shm_barrier(sqlite3_file *file)
{
    ((cut_file *)file)->real->pMethods->xShmBarrier(((cut_file *)file)->real);
}

/* No promise of powersafe overwrite or atomic sectors: what was not synced may be torn anywhere. */
static int cut_characteristics(sqlite3_file *file)
{
    (void)file;
    return 0;
}

static const sqlite3_io_methods CUT_METHODS = {
    2, cut_close, cut_read, cut_write, cut_truncate, cut_sync, cut_xFileSize, cut_xLock, cut_xUnlock, cut_xCheckReservedLock, cut_xFileControl, cut_xSectorSize,
    cut_characteristics, cut_xShmMap, cut_xShmLock, cut_shm_barrier, cut_xShmUnmap, NULL, NULL };

static int cut_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out)
{
    cut_file *f = (cut_file *)file;

    (void)vfs;
    f->real = (sqlite3_file *)(f + 1);
    f->base.pMethods = NULL;
    int rc = cut.real->xOpen(cut.real, name, f->real, flags, out);
    if (rc != SQLITE_OK)
        return rc;
    f->state = name != NULL ? cut_state_of(name) : NULL;
    f->base.pMethods = &CUT_METHODS;
    return SQLITE_OK;
}

static int cut_delete(sqlite3_vfs *vfs, const char *name, int sync)
{
    (void)vfs;
    if (cut.dead)
        return SQLITE_IOERR_DELETE;
    cut_forget(cut_state_of(name));
    return cut.real->xDelete(cut.real, name, sync);
}

/* Every connection opened from now on goes through the shim. */
static inline void cut_install(uint64_t seed)
{
    cut.real = sqlite3_vfs_find(NULL);
    cut.vfs = *cut.real;
    cut.vfs.zName = "cut";
    cut.vfs.szOsFile = (int)sizeof(cut_file) + cut.real->szOsFile;
    cut.vfs.xOpen = cut_open;
    cut.vfs.xDelete = cut_delete;
    cut.writes_left = -1;
    cut.random = seed | 1;
    if (sqlite3_vfs_register(&cut.vfs, 1) != SQLITE_OK)
        abort();
}

/* ---- the cut ---- */

static inline void cut_put(FILE *f, const void *bytes, size_t n, sqlite3_int64 offset)
{
    if (fseek(f, (long)offset, SEEK_SET) != 0 || fwrite(bytes, 1, n, f) != n)
        abort();
}

/* What reached the disk of one write. */
static inline void cut_keep_sectors(FILE *f, const cut_record *r)
{
    for (size_t at = 0; at < r->n;) {
        size_t n = CUT_SECTOR - (size_t)((r->offset + (sqlite3_int64)at) % CUT_SECTOR);
        n = n < r->n - at ? n : r->n - at;
        if (cut_random() & 1)
            cut_put(f, r->bytes + at, n, r->offset + (sqlite3_int64)at);
        at += n;
    }
}

static inline void cut_file_back(cut_state *s, cut_mode mode)
{
    FILE *f = fopen(s->path, "r+b");

    if (f == NULL)
        return;
    for (size_t i = s->n; i-- > 0;) {
        const cut_record *r = &s->records[i];
        if (r->old_n > 0)
            cut_put(f, r->old, r->old_n, r->offset);
        fflush(f);
        if (ftruncate(fileno(f), r->old_size) != 0)
            abort();
    }
    size_t keep = mode == CUT_KEEP_FIRST && s->n > 0 ? cut_random() % (s->n + 1) : s->n;
    for (size_t i = 0; i < keep && mode != CUT_KEEP_NOTHING; i++) {
        const cut_record *r = &s->records[i];
        if (mode == CUT_KEEP_SECTORS)
            cut_keep_sectors(f, r);
        else if (r->n > 0)
            cut_put(f, r->bytes, r->n, r->offset);
        fflush(f);
        if (r->n == 0 && (mode == CUT_KEEP_FIRST || (cut_random() & 1)) && ftruncate(fileno(f), r->offset) != 0)
            abort();
    }
    fclose(f);
    cut_forget(s);
}

/* After every connection is closed: the files become what a power cut would have left, and the power is back. */
static inline void cut_now(cut_mode mode)
{
    for (size_t i = 0; i < CUT_FILES && cut.files[i].path[0] != '\0'; i++)
        cut_file_back(&cut.files[i], mode);
    cut.dead = 0;
    cut.writes_left = -1;
}

static inline void cut_reset(void)
{
    for (size_t i = 0; i < CUT_FILES; i++) {
        cut_forget(&cut.files[i]);
        cut.files[i].path[0] = '\0';
    }
    cut.dead = cut.full = cut.no_sync = 0;
    cut.writes_left = -1;
}
#endif
