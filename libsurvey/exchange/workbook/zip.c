/* The files in a zip, by libzip; sizes and counts are ours to watch, because libzip trusts what the zip says of itself. */
#include "exchange/workbook/zip.h"
#include "exchange/workbook/grid.h"
#include <string.h>
#include <zip.h>

enum { FIRST_ROOM = 1 << 16, RATIO_FROM = 1 << 20 };

static svy_status damaged(const svyi_zip *z, const char *what)
{
    return svyi_fail_at(z->err, SVY_E_FORMAT, z->source, 0, 0, 0, "the workbook is damaged: %s: save it anew, or get the file again", what);
}

/* How often the mark of an entry occurs, up to `most` + 1: libzip needs memory for each before it can be asked. */
static size_t count_marks(const char *bytes, size_t len, size_t most)
{
    size_t n = 0;
    const char *at = bytes, *const end = bytes + len;
    while (n <= most && end - at >= 4 && (at = memchr(at, 'P', (size_t)(end - at) - 3)) != NULL) {
        n += memcmp(at, "PK\1\2", 4) == 0;
        at++;
    }
    return n;
}

static svy_status too_many(const svyi_zip *z)
{
    return svyi_fail_at(z->err, SVY_E_LIMIT, z->source, 0, 0, 0, "the workbook is a zip of too many files: at most %u are read", z->limits->entries);
}

/* Two files of one name: programs differ in which of them they read. */
static svy_status refuse_twins(const svyi_zip *z, zip_int64_t n)
{
    for (zip_int64_t i = 0; i < n; i++) {
        const char *name = zip_get_name(z->archive, (zip_uint64_t)i, ZIP_FL_ENC_RAW);
        if (name != NULL && zip_name_locate(z->archive, name, ZIP_FL_ENC_RAW) != i)
            return damaged(z, "it holds two files of one name");
    }
    return SVY_OK;
}

svy_status svyi_zip_open(svyi_zip *z, const svy_alloc *alloc, const void *bytes, size_t len, const char *source, const svyi_workbook_limits *limits, svy_error *err)
{
    zip_error_t error;
    *z = (svyi_zip){ .alloc = *alloc, .limits = limits, .source = source, .err = err };
    if (count_marks(bytes, len, (size_t)limits->entries * 4) > (size_t)limits->entries * 4)
        return too_many(z);
    zip_error_init(&error);
    zip_source_t *from = zip_source_buffer_create(bytes, len, 0, &error);
    if (from != NULL && (z->archive = zip_open_from_source(from, ZIP_RDONLY, &error)) == NULL)
        zip_source_free(from);
    const int code = zip_error_code_zip(&error);
    zip_error_fini(&error);
    if (z->archive == NULL)
        return from == NULL || code == ZIP_ER_MEMORY ? svyi_nomem(err) : damaged(z, "its list of files cannot be read");
    const zip_int64_t n = zip_get_num_entries(z->archive, 0);
    return n > (zip_int64_t)limits->entries ? too_many(z) : refuse_twins(z, n);
}

void svyi_zip_close(svyi_zip *z)
{
    if (z->archive != NULL)
        zip_discard(z->archive);
    z->archive = NULL;
}

int svyi_zip_has(const svyi_zip *z, const char *name)
{
    return zip_name_locate(z->archive, name, ZIP_FL_ENC_RAW) >= 0;
}

static svy_status too_large(const svyi_zip *z, const char *name, const char *why, size_t limit)
{
    char shown[100];
    return svyi_fail_at(z->err, SVY_E_LIMIT, z->source, 0, 0, 0, "'%s' in the workbook %s: at most %zu are read",
                        svyi_grid_show(name, shown, sizeof shown), why, limit);
}

/* Unpacks everything, whatever size was declared. */
static svy_status unpack(svyi_zip *z, zip_file_t *file, const char *name, size_t packed, char **bytes, size_t *len, size_t *room)
{
    const svyi_workbook_limits *m = z->limits;
    for (;;) {
        if (*len == *room) {
            const size_t more = *room == 0 ? FIRST_ROOM : *room * 2;
            char *grown = svyi_resize(&z->alloc, *bytes, *room, more);
            if (grown == NULL)
                return svyi_nomem(z->err);
            *bytes = grown;
            *room = more;
        }
        const size_t left = *room - *len;
        const zip_int64_t got = zip_fread(file, *bytes + *len, left < FIRST_ROOM ? left : FIRST_ROOM);
        if (got < 0)
            return damaged(z, "a file in it cannot be unpacked");
        if (got == 0)
            return SVY_OK;
        *len += (size_t)got;
        if (*len > m->entry)
            return too_large(z, name, "is too large when unpacked, in bytes", m->entry);
        if (*len > RATIO_FROM && *len / m->ratio > packed)
            return too_large(z, name, "grows too much when unpacked, times", m->ratio);
        if (z->total + *len > m->total)
            return too_large(z, name, "makes the workbook too large when unpacked, in bytes", m->total);
    }
}

svy_status svyi_zip_read(svyi_zip *z, const char *name, char **bytes, size_t *len, size_t *room)
{
    struct zip_stat about;
    char shown[100];
    *bytes = NULL;
    *len = *room = 0;
    zip_stat_init(&about);
    const zip_int64_t index = zip_name_locate(z->archive, name, ZIP_FL_ENC_RAW);
    if (index < 0 || zip_stat_index(z->archive, (zip_uint64_t)index, 0, &about) != 0)
        return svyi_fail_at(z->err, SVY_E_FORMAT, z->source, 0, 0, 0, "there is no '%s' in the workbook: save it anew as .xlsx",
                            svyi_grid_show(name, shown, sizeof shown));
    if ((about.valid & ZIP_STAT_ENCRYPTION_METHOD) != 0 && about.encryption_method != ZIP_EM_NONE)
        return svyi_fail_at(z->err, SVY_E_FORMAT, z->source, 0, 0, 0, "the workbook is encrypted: save it without a password");
    zip_file_t *file = zip_fopen_index(z->archive, (zip_uint64_t)index, 0);
    if (file == NULL)
        return zip_error_code_zip(zip_get_error(z->archive)) == ZIP_ER_MEMORY ? svyi_nomem(z->err) : damaged(z, "a file in it cannot be opened");
    const svy_status st = unpack(z, file, name, (size_t)about.comp_size, bytes, len, room);
    zip_fclose(file);
    if (st == SVY_OK) {
        z->total += *len;
        return SVY_OK;
    }
    svyi_release(&z->alloc, *bytes, *room);
    *bytes = NULL;
    *len = *room = 0;
    return st;
}
