/* OLE2 files, the little file systems in which old Office keeps its documents: finds one stream and puts it in one piece. */
#include "base/text.h"
#include "exchange/workbook/priv.h"
#include <string.h>

/* Places in the header and in an entry of the directory (MS-CFB). */
enum { HEADER = 512, ENTRY = 128, NAME_SIZE = 64, ENTRY_TYPE = 66, ENTRY_START = 116, ENTRY_SIZE = 120, IS_STREAM = 2, IS_ROOT = 5 };
#define LAST_SECTOR 0xFFFFFFFAu      /* this and above: no sector */

typedef struct ole {
    const svyi_workbook_input *in;
    svyi_arena *arena;
    const unsigned char *bytes; size_t len;
    unsigned shift, mini_shift;
    uint32_t n_sectors;
    uint32_t *fat; uint32_t n_fat;
    const unsigned char *directory; size_t directory_len;
} ole;

static uint32_t u16(const unsigned char *at) { return (uint32_t)at[0] | (uint32_t)at[1] << 8; }
static uint32_t u32(const unsigned char *at) { return u16(at) | u16(at + 2) << 16; }

static svy_status damaged(const ole *o)
{
    return svyi_fail_at(o->in->err, SVY_E_FORMAT, o->in->source, 0, 0, 0, "the workbook is damaged: its parts cannot be found: save it anew, or get the file again");
}

/* Bytes of a sector and how many of them are in the file; NULL beyond its end. */
static const unsigned char *sector(const ole *o, uint32_t number, size_t *len)
{
    const size_t at = ((size_t)number + 1) << o->shift, size = (size_t)1 << o->shift;
    if (number >= o->n_sectors || at >= o->len)
        return NULL;
    *len = o->len - at < size ? o->len - at : size;
    return o->bytes + at;
}

/* The sectors that hold the allocation table: 109 are named in the header, others in a chain of their own. */
static svy_status read_fat(ole *o)
{
    const uint32_t per = 1u << (o->shift - 2), wanted = u32(o->bytes + 44);
    const unsigned char *list = o->bytes + 76;
    uint32_t left = 109, next = u32(o->bytes + 68), chained = 0, done = 0;
    size_t len;
    if (wanted > o->n_sectors)
        return damaged(o);
    o->fat = svyi_arena_get(o->arena, ((size_t)wanted * per + 1) * sizeof *o->fat);
    if (o->fat == NULL)
        return svyi_nomem(o->in->err);
    for (; done < wanted; done++) {
        if (left == 0) {
            list = next < LAST_SECTOR && chained++ < o->n_sectors ? sector(o, next, &len) : NULL;
            if (list == NULL || len < (size_t)per * 4)
                return damaged(o);
            left = per - 1;
            next = u32(list + 4 * (size_t)left);
        }
        const unsigned char *table = sector(o, u32(list), &len);
        if (table == NULL)
            return damaged(o);
        for (uint32_t i = 0; i < per; i++)
            o->fat[o->n_fat++] = 4 * (size_t)i + 4 <= len ? u32(table + 4 * (size_t)i) : 0xFFFFFFFFu;
        list += 4;
        left--;
    }
    return SVY_OK;
}

/* A chain of sectors in one piece, at most `most` bytes. A chain that ends early or leaves the file gives what is there. */
static svy_status read_chain(const ole *o, uint32_t start, size_t most, const unsigned char **out, size_t *out_len)
{
    const size_t size = (size_t)1 << o->shift;
    size_t n = 0, done = 0, len;
    uint32_t steps = 0;
    for (uint32_t at = start; at < o->n_fat && n < most; at = o->fat[at]) {
        if (++steps > o->n_fat)
            return damaged(o);                           /* a circle */
        n += size;
    }
    unsigned char *bytes = svyi_arena_get(o->arena, n + 1);
    if (bytes == NULL)
        return svyi_nomem(o->in->err);
    for (uint32_t at = start; at < o->n_fat && done < n; at = o->fat[at]) {
        const unsigned char *from = sector(o, at, &len);
        if (from == NULL)
            break;
        memcpy(bytes + done, from, len);
        done += len;
        if (len < size)
            break;
    }
    *out = bytes;
    *out_len = done < most ? done : most;
    return SVY_OK;
}

/* The same for a small stream, which lies in pieces of 64 bytes in the root's stream. */
static svy_status read_small(const ole *o, uint32_t start, size_t most, const unsigned char **out, size_t *out_len)
{
    const unsigned char *pieces, *table;
    size_t pieces_len, table_len, n = 0, size = (size_t)1 << o->mini_shift;
    svy_status st = read_chain(o, u32(o->directory + ENTRY_START), u32(o->directory + ENTRY_SIZE), &pieces, &pieces_len);
    if (st == SVY_OK)
        st = read_chain(o, u32(o->bytes + 60), o->len, &table, &table_len);
    unsigned char *bytes = st == SVY_OK ? svyi_arena_get(o->arena, most + size) : NULL;
    if (st != SVY_OK || bytes == NULL)
        return st != SVY_OK ? st : svyi_nomem(o->in->err);
    for (uint32_t at = start; n < most && at < table_len / 4; at = u32(table + 4 * (size_t)at)) {
        const size_t from = (size_t)at << o->mini_shift;
        if (from + size > pieces_len)
            break;
        memcpy(bytes + n, pieces + from, size);
        n += size;
    }
    *out = bytes;
    *out_len = n < most ? n : most;
    return SVY_OK;
}

static const unsigned char *find(const ole *o, const char *name)
{
    const size_t n = strlen(name);
    for (size_t at = 0; at + ENTRY <= o->directory_len; at += ENTRY) {
        const unsigned char *entry = o->directory + at;
        size_t i = 0;
        if (entry[ENTRY_TYPE] != IS_STREAM || u16(entry + NAME_SIZE) != 2 * n + 2)
            continue;
        while (i < n && u16(entry + 2 * i) == (unsigned char)name[i])
            i++;
        if (i == n)
            return entry;
    }
    return NULL;
}

static svy_status open_file(ole *o)
{
    if (o->len < HEADER)
        return damaged(o);
    o->shift = u16(o->bytes + 30);
    o->mini_shift = u16(o->bytes + 32);
    if (o->shift < 9 || o->shift > 16 || o->mini_shift < 2 || o->mini_shift >= o->shift)
        return damaged(o);
    o->n_sectors = (uint32_t)((o->len - 1) >> o->shift);
    svy_status st = read_fat(o);
    if (st == SVY_OK)
        st = read_chain(o, u32(o->bytes + 48), o->len, &o->directory, &o->directory_len);
    return st != SVY_OK || o->directory_len >= ENTRY ? st : damaged(o);
}

svy_status svyi_ole_stream(svyi_arena *arena, const svyi_workbook_input *in, const char *name, const char *other, const unsigned char **bytes, size_t *len)
{
    ole o = { .in = in, .arena = arena, .bytes = (const unsigned char *)in->bytes, .len = in->len };
    const svy_status st = open_file(&o);
    if (st != SVY_OK)
        return st;
    const unsigned char *entry = find(&o, name);
    if (entry == NULL)
        entry = find(&o, other);
    if (entry == NULL && find(&o, "EncryptedPackage") != NULL)
        return svyi_fail_at(in->err, SVY_E_FORMAT, in->source, 0, 0, 0, "the workbook is encrypted: save it without a password");
    if (entry == NULL)
        return svyi_fail_at(in->err, SVY_E_FORMAT, in->source, 0, 0, 0, "this is an Office file, but not a workbook: give an .xlsx or .xls");
    const uint32_t start = u32(entry + ENTRY_START);
    const size_t size = u32(entry + ENTRY_SIZE) < o.len ? u32(entry + ENTRY_SIZE) : o.len;
    const int small = u32(entry + ENTRY_SIZE) < u32(o.bytes + 56);
    return small ? read_small(&o, start, size, bytes, len) : read_chain(&o, start, size, bytes, len);
}
