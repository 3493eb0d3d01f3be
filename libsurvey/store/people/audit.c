/* The audit log: one line per change, each sealed together with the one before, so that a line that is changed, taken away or put in shows. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "store/people/people_priv.h"

enum { MAX_TEXT = 1000, MAX_ACTION = 64 };

static svy_status load_audit_key(svy_study *s, svy_error *err)
{
    sqlite3_stmt *stmt;

    if (s->audit_key_is_there)
        return SVY_OK;
    svy_status st = svyi_once(s, "SELECT value FROM secrets WHERE name = 'audit-key'", NULL, 0, &stmt, err);
    if (st != SVY_OK)
        return st;
    int found = svyi_db_step(s, stmt, err);
    if (found < 0) {
        st = svyi_db_failed(err);
    } else if (found == 0 || sqlite3_column_bytes(stmt, 0) != SVYI_KEY) {
        st = svyi_fail(err, SVY_E_FORMAT, "'%.200s' is damaged: the key of its audit log is missing; restore it from a backup", s->path);
    } else {
        memcpy(s->audit_key, sqlite3_column_blob(stmt, 0), SVYI_KEY);
        s->audit_key_is_there = 1;
    }
    sqlite3_finalize(stmt);
    return st;
}

static void line_mac(const svy_study *s, const void *previous, size_t previous_len, const svy_audit_line *line, uint8_t mac[SVYI_HASH])
{
    svyi_hasher h;

    svyi_hasher_init(&h, s->audit_key);
    svyi_hasher_bytes(&h, previous, previous_len);
    svyi_hasher_number(&h, line->sequence);
    svyi_hasher_number(&h, line->utc_ms);
    svyi_hasher_text(&h, line->actor);
    svyi_hasher_text(&h, line->action);
    svyi_hasher_text(&h, line->object);
    svyi_hasher_text(&h, line->detail);
    svyi_hasher_final(&h, mac);
}

/* The end of the log as the file has it: its length, and its MAC, which is of no bytes in a log without lines. */
static svy_status read_end(svy_study *s, int64_t *length, uint8_t mac[SVYI_HASH], size_t *mac_len, svy_error *err)
{
    sqlite3_stmt *stmt;
    svy_status st = svyi_db_query(s, Q_AUDIT_END, NULL, 0, &stmt, err);

    *length = 0;
    *mac_len = 0;
    if (st != SVY_OK)
        return st;
    int found = svyi_db_step(s, stmt, err);
    if (found < 0)
        return svyi_db_failed(err);
    const int bytes = found == 1 ? sqlite3_column_bytes(stmt, 1) : 0;
    *length = found == 1 ? sqlite3_column_int64(stmt, 0) : 0;
    if (found == 0 || bytes != (*length > 0 ? SVYI_HASH : 0))
        st = svyi_fail(err, SVY_E_FORMAT, "'%.200s' is damaged: the end of its audit log is missing; restore it from a backup", s->path);
    else if (bytes > 0)
        memcpy(mac, sqlite3_column_blob(stmt, 1), SVYI_HASH);
    *mac_len = (size_t)bytes;
    if (found == 1)
        sqlite3_reset(stmt);
    return st;
}

static svy_status append_line(svy_study *s, svy_audit_line *line, svy_error *err)
{
    uint8_t previous[SVYI_HASH], mac[SVYI_HASH];
    size_t previous_len;
    svy_status st = read_end(s, &line->sequence, previous, &previous_len, err);

    if (st != SVY_OK)
        return st;
    line->sequence++;
    line_mac(s, previous, previous_len, line, mac);
    st = svyi_db_run(s, Q_AUDIT_ADD, SVYI_ARGS(svyi_arg_int(line->sequence), svyi_arg_int(line->utc_ms), svyi_arg_text(line->actor), svyi_arg_text(line->action),
                                            svyi_arg_text(line->object), svyi_arg_text(line->detail), svyi_arg_blob(mac, sizeof mac)), err);
    return st == SVY_OK ? svyi_db_run(s, Q_AUDIT_MOVE, SVYI_ARGS(svyi_arg_int(line->sequence), svyi_arg_blob(mac, sizeof mac)), err) : st;
}

svy_status svy_study_audit(svy_study *s, svy_moment now, const char *actor, const char *action, const char *object, const char *detail, svy_error *err)
{
    SVY_REQUIRE(s != NULL && actor != NULL && action != NULL && object != NULL && detail != NULL, err);
    SVY_REQUIRE(action[0] != '\0' && strlen(action) <= MAX_ACTION && strspn(action, "abcdefghijklmnopqrstuvwxyz.-") == strlen(action), err);
    if (strlen(actor) > MAX_TEXT || strlen(object) > MAX_TEXT || strlen(detail) > MAX_TEXT)
        return svyi_fail(err, SVY_E_LIMIT, "a text for the audit log has more than %d bytes", MAX_TEXT);
    svy_audit_line line = { .utc_ms = now.utc_ms, .actor = actor, .action = action, .object = object, .detail = detail };
    svy_status st = svyi_db_begin(s, err);
    if (st != SVY_OK)
        return st;
    if ((st = load_audit_key(s, err)) == SVY_OK)
        st = append_line(s, &line, err);
    return svyi_db_end(s, st, err);
}

static void take_line(sqlite3_stmt *stmt, svy_audit_line *line)
{
    *line = (svy_audit_line){ .sequence = sqlite3_column_int64(stmt, 0), .utc_ms = sqlite3_column_int64(stmt, 1), .actor = svyi_db_text(stmt, 2),
                              .action = svyi_db_text(stmt, 3), .object = svyi_db_text(stmt, 4), .detail = svyi_db_text(stmt, 5) };
    if (sqlite3_column_bytes(stmt, 6) == SVYI_HASH)
        svyi_hex(sqlite3_column_blob(stmt, 6), SVYI_HASH, line->mac);
}

static const char LINES[] = "SELECT sequence, utc_ms, actor, action, object, detail, mac FROM audit WHERE sequence > ? ORDER BY sequence LIMIT ?";

svy_status svy_study_audit_read(svy_study *s, int64_t after, uint64_t limit, svy_status (*each)(void *user, const svy_audit_line *line), void *user, svy_error *err)
{
    sqlite3_stmt *stmt;
    int found = 0;

    SVY_REQUIRE(s != NULL && each != NULL, err);
    svy_status st = svyi_once(s, LINES, SVYI_ARGS(svyi_arg_int(after), svyi_arg_int(limit > 0 && limit < INT64_MAX ? (int64_t)limit : -1)), &stmt, err);
    while (st == SVY_OK && (found = svyi_db_step(s, stmt, err)) == 1) {
        svy_audit_line line;
        take_line(stmt, &line);
        st = each(user, &line);
    }
    sqlite3_finalize(stmt);
    return st == SVY_OK && found < 0 ? svyi_db_failed(err) : st;
}

svy_status svy_study_audit_head(svy_study *s, int64_t *length, char mac[65], svy_error *err)
{
    uint8_t bytes[SVYI_HASH];
    size_t n;

    SVY_REQUIRE(s != NULL && length != NULL && mac != NULL, err);
    mac[0] = '\0';
    svy_status st = read_end(s, length, bytes, &n, err);
    if (st == SVY_OK && n > 0)
        svyi_hex(bytes, n, mac);
    return st;
}

/* ---- verifying ---- */

typedef struct auditing {
    svy_study *s;
    svy_diags *diags;
    unsigned wrong;
    int64_t sequence;
    uint8_t head[SVYI_HASH]; size_t head_len;
    int64_t kept_length; const char *kept_mac; int kept_found;
} auditing;

static void found_wrong(auditing *a, int64_t sequence, const char *found)
{
    char element[32];

    snprintf(element, sizeof element, "audit %lld", (long long)sequence);
    const svyi_where where = { a->s->path, 0, 0, element };
    a->wrong++;
    svyi_report(a->diags, SVY_PROBLEM, SVY_E_FORMAT, &where, "restore the file from a backup and find out who changed it", "%s", found);
}

static void check_line(auditing *a, sqlite3_stmt *stmt)
{
    uint8_t mac[SVYI_HASH];
    char found[160];
    svy_audit_line line;

    take_line(stmt, &line);
    if (line.sequence != a->sequence + 1) {
        snprintf(found, sizeof found, "line %lld follows line %lld: those between are missing", (long long)line.sequence, (long long)a->sequence);
        found_wrong(a, line.sequence, found);
    }
    line_mac(a->s, a->head, a->head_len, &line, mac);
    if (sqlite3_column_bytes(stmt, 6) != SVYI_HASH || !svyi_same_bytes(sqlite3_column_blob(stmt, 6), mac, SVYI_HASH))
        found_wrong(a, line.sequence, "the line, or the one before it, is not as it was written");
    a->sequence = line.sequence;
    a->head_len = sqlite3_column_bytes(stmt, 6) == SVYI_HASH ? SVYI_HASH : 0;
    if (a->head_len > 0)
        memcpy(a->head, sqlite3_column_blob(stmt, 6), SVYI_HASH);
    a->kept_found |= a->kept_mac != NULL && line.sequence == a->kept_length && strcmp(line.mac, a->kept_mac) == 0;
}

static void check_log_end(auditing *a)
{
    uint8_t mac[SVYI_HASH];
    char found[160];
    int64_t length;
    size_t n;

    if (read_end(a->s, &length, mac, &n, NULL) != SVY_OK) {
        found_wrong(a, a->sequence, "the end of the log is not recorded");
    } else if (length != a->sequence) {
        snprintf(found, sizeof found, "the log ends with line %lld, but the last one was %lld", (long long)a->sequence, (long long)length);
        found_wrong(a, a->sequence, found);
    } else if (n != a->head_len || (n > 0 && !svyi_same_bytes(mac, a->head, n))) {
        found_wrong(a, a->sequence, "the log does not end with the line that was written last");
    }
    if (a->kept_mac != NULL && a->kept_length > 0 && !a->kept_found)
        found_wrong(a, a->kept_length, "the line that was noted elsewhere is not in the log: it was cut or made anew");
}

svy_status svy_study_audit_verify(svy_study *s, int64_t length, const char *mac, svy_diags *diags, svy_error *err)
{
    auditing a = { .s = s, .diags = diags, .kept_length = length, .kept_mac = mac };
    sqlite3_stmt *stmt = NULL;
    int found = 0;

    SVY_REQUIRE(s != NULL, err);
    svy_status st = load_audit_key(s, err);
    if (st == SVY_OK)
        st = svyi_once(s, LINES, SVYI_ARGS(svyi_arg_int(INT64_MIN), svyi_arg_int(-1)), &stmt, err);
    while (st == SVY_OK && (found = svyi_db_step(s, stmt, err)) == 1)
        check_line(&a, stmt);
    sqlite3_finalize(stmt);
    if (st == SVY_OK && found < 0)
        st = svyi_db_failed(err);
    if (st == SVY_OK)
        check_log_end(&a);
    return st == SVY_OK && a.wrong > 0 ? svyi_fail(err, SVY_E_INVALID, "the audit log of '%.200s' has %u problems", s->path, a.wrong) : st;
}
