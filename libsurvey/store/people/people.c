/* What accounts, tokens, links, cases and the audit log share: statements for once, checks of names. */
#include "store/people/people_priv.h"

#include <string.h>

#include "base/text.h"

int svyi_people_there(const svy_study *s)
{
    return s->version >= 2;
}

svy_status svyi_once(svy_study *s, const char *sql, const svyi_arg *args, size_t n, sqlite3_stmt **out, svy_error *err)
{
    svy_status st = svyi_db_prepare(s, sql, out, err);

    for (size_t i = 0; i < n && st == SVY_OK; i++)
        st = svyi_db_bind(s, *out, (int)i + 1, args[i], err);
    if (st != SVY_OK) {
        sqlite3_finalize(*out);
        *out = NULL;
    }
    return st;
}

int svyi_once_number(svy_study *s, const char *sql, const svyi_arg *args, size_t n, int64_t *number, svy_error *err)
{
    sqlite3_stmt *stmt;

    *number = 0;
    if (svyi_once(s, sql, args, n, &stmt, err) != SVY_OK)
        return -1;
    int found = svyi_db_step(s, stmt, err);
    if (found == 1)
        *number = sqlite3_column_int64(stmt, 0);
    sqlite3_finalize(stmt);
    return found;
}

svy_status svyi_check_text(const char *what, const char *text, size_t max, int empty, svy_error *err)
{
    const size_t len = strlen(text);
    size_t at = 0;

    if (len == 0)
        return empty ? SVY_OK : svyi_fail(err, SVY_E_VALUE, "%s is empty", what);
    if (len > max)
        return svyi_fail(err, SVY_E_VALUE, "%s has %zu bytes: at most %zu are taken", what, len, max);
    if (!svyi_utf8_valid(text, len))
        return svyi_fail(err, SVY_E_VALUE, "%s is not a text in UTF-8: write it with other characters", what);
    uint32_t first = svyi_utf8_next(text, len, &at), last = first;
    for (at = 0; at < len;) {
        last = svyi_utf8_next(text, len, &at);
        if (last < 0x20 || (last >= 0x7F && last < 0xA0) || last == 0x61C || last == 0x200B || last == 0x200E || last == 0x200F || (last >= 0x2028 && last <= 0x202E) || (last >= 0x2066 && last <= 0x2069))
            return svyi_fail(err, SVY_E_VALUE, "%s has a control character, such as a line end: leave it out", what);
    }
    if (svyi_is_space(first) || svyi_is_space(last))
        return svyi_fail(err, SVY_E_VALUE, "%s begins or ends with a blank: leave it out", what);
    return SVY_OK;
}

void svyi_id_make(char out[SVY_ACCOUNT_ID])
{
    uint8_t bytes[(SVY_ACCOUNT_ID - 1) / 2];

    svyi_random_bytes(bytes, sizeof bytes);
    svyi_hex(bytes, sizeof bytes, out);
}

void svyi_copy_text(char *out, size_t size, const char *text)
{
    size_t len = strlen(text);

    if (len >= size)
        for (len = size - 1; len > 0 && ((unsigned char)text[len] & 0xC0) == 0x80;)
            len--;
    memcpy(out, text, len);
    out[len] = '\0';
}

int svyi_take_text(sqlite3_stmt *stmt, int column, char *out, size_t size)
{
    const unsigned char *text = sqlite3_column_text(stmt, column);

    if (text == NULL)
        return 0;
    svyi_copy_text(out, size, (const char *)text);
    return 1;
}

void svyi_log_try_empty(svy_study *s)
{
    sqlite3_busy_timeout(s->db, 0);
    (void)sqlite3_wal_checkpoint_v2(s->db, "main", SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    sqlite3_busy_timeout(s->db, SVYI_PATIENCE_MS_OF_FILE);
}

/* The log still holds the pages as they were. */
svy_status svyi_log_empty(svy_study *s, const char *done, svy_error *err)
{
    int rc = sqlite3_wal_checkpoint_v2(s->db, "main", SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);

    if ((rc & 0xFF) == SQLITE_BUSY || (rc & 0xFF) == SQLITE_LOCKED)
        return svyi_fail(err, SVY_E_BUSY, "%s, but a program that reads '%.200s' keeps the log from being emptied: repeat this when it has ended", done, s->path);
    return rc == SQLITE_OK ? SVY_OK : svyi_db_fail(s, rc, err);
}
