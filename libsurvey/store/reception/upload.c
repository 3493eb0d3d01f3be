/* Uploads that come in pieces: each piece is on disk before it is acknowledged, so that a transfer goes on where it broke off. */
#include "store/reception/priv.h"

#include <string.h>

int svyi_hash_read(const char *hex, uint8_t hash[SVYI_HASH])
{
    static const char DIGITS[] = "0123456789abcdef";

    for (size_t i = 0; i < 2 * SVYI_HASH; i++) {
        const char *digit = hex[i] != '\0' ? strchr(DIGITS, hex[i]) : NULL;
        if (digit == NULL)
            return 0;
        hash[i / 2] = (uint8_t)((i % 2 == 0 ? 0 : hash[i / 2] << 4) | (digit - DIGITS));
    }
    return hex[2 * SVYI_HASH] == '\0';
}

void svy_hash_hex(const void *bytes, size_t n, char out[65])
{
    static const char DIGITS[] = "0123456789abcdef";
    uint8_t hash[SVYI_HASH];

    svyi_sha256(bytes, n, hash);
    for (size_t i = 0; i < sizeof hash; i++) {
        out[2 * i] = DIGITS[hash[i] >> 4];
        out[2 * i + 1] = DIGITS[hash[i] & 15];
    }
    out[64] = '\0';
}

int svy_hash_fits(const void *bytes, size_t n, const char *hash)
{
    uint8_t expected[SVYI_HASH], is[SVYI_HASH];

    svyi_sha256(bytes, n, is);
    return svyi_hash_read(hash, expected) && memcmp(expected, is, sizeof is) == 0;
}

typedef struct upload { int64_t number; uint64_t size, have; } upload;

/* Of that sender, or of anybody when it is NULL. 1 found, 0 none, -1 failed. */
static int find(svy_study *s, const uint8_t hash[SVYI_HASH], const char *sender, upload *u, svy_error *err)
{
    sqlite3_stmt *stmt;

    *u = (upload){ .number = 0 };
    if (svyi_db_query(s, Q_UPLOAD_FIND, SVYI_ARGS(svyi_arg_blob(hash, SVYI_HASH), svyi_arg_text(sender)), &stmt, err) != SVY_OK)
        return -1;
    const int found = svyi_db_step(s, stmt, err);
    if (found != 1)
        return found;
    *u = (upload){ sqlite3_column_int64(stmt, 0), (uint64_t)sqlite3_column_int64(stmt, 1), (uint64_t)sqlite3_column_int64(stmt, 2) };
    sqlite3_reset(stmt);
    return 1;
}

static svy_status need_hash(const char *hash, uint8_t out[SVYI_HASH], svy_error *err)
{
    return hash != NULL && svyi_hash_read(hash, out) ? SVY_OK : svyi_fail(err, SVY_E_VALUE, "an upload is named by 64 hexadecimal digits in lower case");
}

static svy_status forget(svy_study *s, int64_t number, svy_error *err)
{
    const svy_status st = svyi_db_run(s, Q_UPLOAD_PARTS_DROP, SVYI_ARGS(svyi_arg_int(number)), err);

    return st == SVY_OK ? svyi_db_run(s, Q_UPLOAD_DROP, SVYI_ARGS(svyi_arg_int(number)), err) : st;
}

/* Begins one, and makes room: pieces of what never becomes whole must not fill the disk. Nothing of them was acknowledged as received. */
static svy_status begin(svy_study *s, const uint8_t hash[SVYI_HASH], uint64_t size, const char *sender, svy_moment now, upload *u, svy_error *err)
{
    const int64_t oldest = now.utc_ms - SVY_UPLOAD_DAYS * INT64_C(86400000);
    int64_t number;
    int found = 0;
    svy_status st = SVY_OK;

    while (st == SVY_OK && (found = svyi_db_number(s, Q_UPLOAD_SURPLUS, SVYI_ARGS(svyi_arg_int(oldest), svyi_arg_text(sender),
                                                  svyi_arg_int((int64_t)(SVY_UPLOADS_MAX - SVY_UPLOAD_MAX))), &number, err)) == 1)
        st = forget(s, number, err);
    if (st == SVY_OK && found < 0)
        st = svyi_db_failed(err);
    if (st == SVY_OK)
        st = svyi_db_run(s, Q_UPLOAD_ADD, SVYI_ARGS(svyi_arg_blob(hash, SVYI_HASH), svyi_arg_int((int64_t)size), svyi_arg_text(sender), svyi_arg_int(now.utc_ms)), err);
    *u = (upload){ sqlite3_last_insert_rowid(s->db), size, 0 };
    return st;
}

static svy_status add_part(svy_study *s, const uint8_t hash[SVYI_HASH], uint64_t size, uint64_t offset, const void *bytes, size_t n, const char *sender, svy_moment now,
                           upload *u, svy_error *err)
{
    const int found = find(s, hash, NULL, u, err);
    svy_status st = found < 0 ? svyi_db_failed(err) : SVY_OK;

    if (found == 0 && offset == 0)
        st = begin(s, hash, size, sender, now, u, err);
    if (st != SVY_OK)
        return st;
    if (u->number != 0 && size != u->size)
        return svyi_fail(err, SVY_E_VALUE, "this upload was begun with %llu bytes in all, not %llu", (unsigned long long)u->size, (unsigned long long)size);
    if (offset + n <= u->have && n > 0 && u->number != 0)
        return SVY_OK;
    if (offset != u->have)
        return svyi_fail(err, SVY_E_STATE, "this upload goes on at byte %llu", (unsigned long long)u->have);
    if (n == 0)
        return SVY_OK;
    st = svyi_db_run(s, Q_UPLOAD_PART, SVYI_ARGS(svyi_arg_int(u->number), svyi_arg_int((int64_t)offset), svyi_arg_blob(bytes, n)), err);
    if (st == SVY_OK)
        st = svyi_db_run(s, Q_UPLOAD_HAVE, SVYI_ARGS(svyi_arg_int((int64_t)(offset + n)), svyi_arg_int(u->number)), err);
    u->have = offset + n;
    return st;
}

svy_status svy_study_upload_part(svy_study *s, const char *hash, uint64_t size, uint64_t offset, const void *bytes, size_t n, const char *sender, svy_moment now,
                                 uint64_t *have, svy_error *err)
{
    uint8_t key[SVYI_HASH];
    upload u = { .number = 0 };
    svy_status st;

    SVY_REQUIRE(have != NULL, err);
    *have = 0;
    SVY_REQUIRE(s != NULL && (bytes != NULL || n == 0), err);
    if ((st = need_hash(hash, key, err)) != SVY_OK)
        return st;
    if (size > SVY_UPLOAD_MAX || n > SVY_UPLOAD_MAX)
        return svyi_fail(err, SVY_E_LIMIT, "an upload of %llu bytes is too large: at most 64 MiB are taken", (unsigned long long)size);
    if (size == 0 || offset > size || n > size - offset)
        return svyi_fail(err, SVY_E_VALUE, "%zu bytes from byte %llu do not fit into an upload of %llu", n, (unsigned long long)offset, (unsigned long long)size);
    if ((st = svyi_db_begin(s, err)) != SVY_OK)
        return st;
    st = add_part(s, key, size, offset, bytes, n, sender != NULL ? sender : "", now, &u, err);
    const uint64_t reached = u.have;
    const svy_status ended = svyi_db_end(s, st, err);
    if (ended == SVY_OK || st == SVY_E_STATE)
        *have = reached;
    return ended;
}

svy_status svy_study_upload_offset(svy_study *s, const char *hash, const char *sender, uint64_t *have, uint64_t *size, svy_error *err)
{
    uint8_t key[SVYI_HASH];
    upload u;
    int64_t attached;
    svy_status st;

    SVY_REQUIRE(s != NULL && have != NULL && size != NULL, err);
    *have = *size = 0;
    if ((st = need_hash(hash, key, err)) != SVY_OK)
        return st;
    int found = find(s, key, sender, &u, err);
    if (found == 0) {
        /* The bytes of a file that was attached may be fewer than came: the seal is off. */
        if ((found = svyi_db_number(s, Q_ATTACHMENT_SIZE, SVYI_ARGS(svyi_arg_blob(key, sizeof key), svyi_arg_text(sender)), &attached, err)) == 1)
            u.have = u.size = (uint64_t)attached;
    }
    if (found != 1)
        return found < 0 ? svyi_db_failed(err) : svyi_fail(err, SVY_E_NAME, "there is no upload %.16s...", hash);
    *have = u.have;
    *size = u.size;
    return SVY_OK;
}

/* The parts in their order, which is without gaps. */
static svy_status read_parts(svy_study *s, const upload *u, uint8_t *out, svy_error *err)
{
    sqlite3_stmt *stmt;
    uint64_t at = 0;
    int found;
    svy_status st = svyi_db_query(s, Q_UPLOAD_PARTS, SVYI_ARGS(svyi_arg_int(u->number)), &stmt, err);

    if (st != SVY_OK)
        return st;
    while ((found = svyi_db_step(s, stmt, err)) == 1) {
        const uint64_t n = (uint64_t)sqlite3_column_bytes(stmt, 1);
        if ((uint64_t)sqlite3_column_int64(stmt, 0) != at || n > u->size - at)
            break;
        if (n > 0)
            memcpy(out + at, sqlite3_column_blob(stmt, 1), n);
        at += n;
    }
    sqlite3_reset(stmt);
    if (found < 0)
        return svyi_db_failed(err);
    return at == u->size ? SVY_OK : svyi_fail(err, SVY_E_FORMAT, "'%.200s' is damaged: parts of an upload are missing; restore it from a backup", s->path);
}

svy_status svy_study_upload_bytes(svy_study *s, const char *hash, const svy_alloc *alloc, void **bytes, size_t *n, svy_error *err)
{
    uint8_t key[SVYI_HASH];
    upload u;
    svy_status st;

    SVY_REQUIRE(bytes != NULL && n != NULL, err);
    *bytes = NULL;
    *n = 0;
    SVY_REQUIRE(s != NULL, err);
    if ((st = need_hash(hash, key, err)) != SVY_OK)
        return st;
    const int found = find(s, key, NULL, &u, err);
    if (found != 1)
        return found < 0 ? svyi_db_failed(err) : svyi_fail(err, SVY_E_NAME, "there is no upload %.16s...", hash);
    if (u.have != u.size)
        return svyi_fail(err, SVY_E_STATE, "this upload goes on at byte %llu", (unsigned long long)u.have);
    if ((*bytes = svyi_get(alloc, (size_t)u.size)) == NULL)
        return svyi_nomem(err);
    if ((st = read_parts(s, &u, *bytes, err)) != SVY_OK) {
        svyi_release(alloc, *bytes, (size_t)u.size);
        *bytes = NULL;
        return st;
    }
    *n = (size_t)u.size;
    return SVY_OK;
}

svy_status svyi_upload_forget(svy_study *s, const uint8_t hash[SVYI_HASH], svy_error *err)
{
    upload u;
    const int found = find(s, hash, NULL, &u, err);

    if (found != 1)
        return found < 0 ? svyi_db_failed(err) : SVY_OK;
    return forget(s, u.number, err);
}

svy_status svy_study_upload_drop(svy_study *s, const char *hash, svy_error *err)
{
    uint8_t key[SVYI_HASH];
    svy_status st;

    SVY_REQUIRE(s != NULL, err);
    if ((st = need_hash(hash, key, err)) != SVY_OK || (st = svyi_db_begin(s, err)) != SVY_OK)
        return st;
    return svyi_db_end(s, svyi_upload_forget(s, key, err), err);
}
