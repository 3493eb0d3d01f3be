/* A thing of a study as a frame of a bundle: what it is, in one way only, so that equal things have equal digests; and what comes with it. */
#include <string.h>

#include "store/sync/priv.h"

/* Runs a query about one thing; the statement stands on its row. SVY_E_NAME when there is none. */
static svy_status one_row(svy_study *s, const char *sql, const svyi_arg *args, size_t n, sqlite3_stmt **stmt, svy_error *err)
{
    svy_status st = svyi_db_prepare(s, sql, stmt, err);
    int found;

    for (size_t i = 0; i < n && st == SVY_OK; i++)
        st = svyi_db_bind(s, *stmt, (int)i + 1, args[i], err);
    if (st != SVY_OK)
        return st;
    if ((found = svyi_db_step(s, *stmt, err)) < 0)
        return svyi_db_failed(err);
    return found == 1 ? SVY_OK : svyi_fail(err, SVY_E_NAME, "it is not there any more");
}

static void put_column_text(svyi_buffer *b, sqlite3_stmt *stmt, int column)
{
    svyi_put_text(b, svyi_db_text(stmt, column));
}

static void put_column_bytes(svyi_buffer *b, sqlite3_stmt *stmt, int column)
{
    const void *bytes = sqlite3_column_blob(stmt, column);

    svyi_put_bytes(b, bytes != NULL ? bytes : "", (size_t)sqlite3_column_bytes(stmt, column));
}

static void put_column_hash(svyi_buffer *b, sqlite3_stmt *stmt, int column)
{
    static const uint8_t NONE[SVYI_HASH];
    const int there = sqlite3_column_bytes(stmt, column) == SVYI_HASH;

    svyi_buffer_add(b, there ? sqlite3_column_blob(stmt, column) : NONE, SVYI_HASH);
}

/* Columns of a row by the letters of docs/formats/bundle.md: t, n, s, b, d. */
static void put_columns(svyi_buffer *b, sqlite3_stmt *stmt, int from, const char *letters)
{
    for (int i = 0; letters[i] != '\0'; i++)
        switch (letters[i]) {
        case 't': put_column_text(b, stmt, from + i); break;
        case 'n': svyi_put_number(b, (uint64_t)sqlite3_column_int64(stmt, from + i)); break;
        case 's': svyi_put_signed(b, sqlite3_column_int64(stmt, from + i)); break;
        case 'b': put_column_bytes(b, stmt, from + i); break;
        default: put_column_hash(b, stmt, from + i); break;
        }
}

/* The columns of every row of a query. */
static svy_status put_rows(svy_study *s, const char *sql, svyi_arg a, svyi_arg c, int args, svyi_buffer *b, const char *letters, svy_error *err)
{
    sqlite3_stmt *stmt = NULL;
    int found = 0;
    svy_status st = svyi_db_prepare(s, sql, &stmt, err);

    if (st == SVY_OK)
        st = svyi_db_bind(s, stmt, 1, a, err);
    if (st == SVY_OK && args > 1)
        st = svyi_db_bind(s, stmt, 2, c, err);
    while (st == SVY_OK && (found = svyi_db_step(s, stmt, err)) == 1)
        put_columns(b, stmt, 0, letters);
    sqlite3_finalize(stmt);
    return st == SVY_OK && found < 0 ? svyi_db_failed(err) : st;
}

/* ---- things that are rows ---- */

static const struct { svyi_bundle_kind kind; const char *sql; int args; const char *identity, *rest, *more, *letters; } ROWS[] = {
    { SVYI_B_FORM, "SELECT id, version, block, actor, utc_ms, zone FROM forms WHERE number = ?", 1, "ttb", "tss",
      "SELECT name, bytes FROM form_sources WHERE form = ? ORDER BY name", "tb" },
    { SVYI_B_MEDIUM, "SELECT f.id, f.version, f.checksum, m.name, m.sha256, m.utc_ms, m.actor, m.zone, c.bytes FROM form_media m JOIN forms f ON f.number = m.form"
                     " JOIN media c USING(sha256) WHERE m.number = ?", 1, "ttttds", "tsb", NULL, NULL },
    { SVYI_B_PARAMETER, "SELECT form, id, value IS NOT NULL, coalesce(value, ''), actor, utc_ms, zone FROM parameters WHERE number = ?", 1, "ttnttss", "", NULL, NULL },
    { SVYI_B_CASE, "SELECT form, id, assigned, organisation, assigned_utc_ms, listed, returned, comment, returned_utc_ms FROM cases WHERE form = ? AND id = ?", 2, "ttttsnnts", "",
      "SELECT name, value FROM case_contacts WHERE form = ? AND id = ? ORDER BY name", "tt" },
    { SVYI_B_KEPT, "SELECT hash, uuid, form, version, actor, organisation, mode, device, agent, case_allowed IS NOT NULL, coalesce(case_allowed, ''), form_allowed IS NOT NULL,"
                   " coalesce(form_allowed, ''), touch, reason, received_utc_ms,"
                   " received_zone, boxed, bytes FROM kept_aside WHERE number = ?", 1, "d", "tttttnttntntntssnb",
      "SELECT f.name, f.media_type, a.hash FROM kept_files f JOIN attachments a ON a.number = f.attachment WHERE f.kept = ? ORDER BY f.name", "ttd" },
    { SVYI_B_ERASURE, "SELECT interview, actor, reason, utc_ms, zone, organisation FROM erasures WHERE number = ?", 1, "tttss", "t", NULL, NULL },
    { SVYI_B_IMPORT, "SELECT form, row_key, interview FROM imports WHERE form = ? AND row_key = ?", 2, "ttt", "", NULL, NULL },
};

static svy_status write_row(svy_study *s, size_t which, const svyi_thing *thing, svyi_buffer *identity, svyi_buffer *rest, svy_error *err)
{
    const int named = ROWS[which].args > 1;
    const svyi_arg a = named ? svyi_arg_text(thing->name[0]) : svyi_arg_int(thing->number), c = svyi_arg_text(thing->name[1]);
    svyi_buffer *last = ROWS[which].kind == SVYI_B_CASE ? identity : rest;     /* contact data are what a case is */
    sqlite3_stmt *stmt = NULL;
    svy_status st = one_row(s, ROWS[which].sql, named ? (const svyi_arg[]){ a, c } : &a, (size_t)ROWS[which].args, &stmt, err);

    if (st == SVY_OK) {
        put_columns(identity, stmt, 0, ROWS[which].identity);
        if (rest != NULL)
            put_columns(rest, stmt, (int)strlen(ROWS[which].identity), ROWS[which].rest);
    }
    sqlite3_finalize(stmt);
    if (st == SVY_OK && ROWS[which].more != NULL && last != NULL)
        st = put_rows(s, ROWS[which].more, a, c, ROWS[which].args, last, ROWS[which].letters, err);
    return st;
}

static svy_status write_file(svy_study *s, const svyi_thing *thing, svyi_buffer *identity, svyi_buffer *rest, svy_error *err)
{
    const int by_hash = (int)(thing->number & 1);
    const svyi_arg number = svyi_arg_int(thing->number / 2);
    sqlite3_stmt *stmt = NULL;
    svy_status st = one_row(s, rest != NULL ? "SELECT hash, digest, bytes FROM attachments WHERE number = ?" : "SELECT hash, digest FROM attachments WHERE number = ?", &number, 1,
                            &stmt, err);

    if (st == SVY_OK) {
        put_column_hash(identity, stmt, by_hash ? 0 : 1);
        svyi_put_number(identity, (uint64_t)by_hash);
        if (rest != NULL) {
            put_column_hash(rest, stmt, 1);
            put_column_bytes(rest, stmt, 2);
        }
    }
    sqlite3_finalize(stmt);
    return st;
}

/* ---- interviews ---- */

/* The frames of a journal. */
static svy_status frames_of(svy_study *s, int64_t number, svyi_buffer *frames, svy_error *err)
{
    svyi_events it;
    int found = 0;
    svy_status st = svyi_events_open(s, &it, 1, err);

    if (st == SVY_OK)
        st = svyi_events_of(&it, number, err);
    while (st == SVY_OK && (found = svyi_events_next(&it, err)) == 1)
        svyi_packed_add(frames, &it.event, it.erased);
    svyi_events_close(&it);
    if (st == SVY_OK && found < 0)
        st = svyi_db_failed(err);
    return st == SVY_OK && frames->failed ? svyi_nomem(err) : st;
}

svy_status svyi_variant_uuid(svy_study *s, int64_t number, char out[SVYI_UUID], svy_error *err)
{
    uint8_t hash[SVYI_HASH];
    svyi_buffer frames;

    svyi_buffer_init(&frames, &s->alloc);
    const svy_status st = frames_of(s, number, &frames, err);
    svyi_sha256(frames.data != NULL ? frames.data : "", frames.len, hash);
    svyi_uuid_of(hash, out);
    svyi_buffer_clear(&frames);
    return st;
}

static svy_status put_parent(svy_study *s, int64_t parent, svyi_buffer *rest, svy_error *err)
{
    char variant[SVYI_UUID] = "";
    const svy_status st = parent != 0 ? svyi_variant_uuid(s, parent, variant, err) : SVY_OK;

    svyi_put_text(rest, variant);
    return st;
}

static svy_status add_package(void *user, const void *bytes, size_t n)
{
    svyi_put_bytes(user, bytes, n);
    return SVY_OK;
}

static svy_status write_interview(svy_study *s, sqlite3_stmt *stmt, svyi_buffer *identity, svyi_buffer *rest, svy_error *err)
{
    const svy_status st = svy_study_package(s, svyi_db_text(stmt, 2), add_package, identity, err);

    return st == SVY_OK && rest != NULL ? put_parent(s, sqlite3_column_int64(stmt, 3), rest, err) : st;
}

/* What is left of an interview that ended early without keeping all answers. */
static svy_status write_remnant(svy_study *s, const svyi_thing *thing, sqlite3_stmt *stmt, svyi_buffer *identity, svyi_buffer *rest, svy_error *err)
{
    static const char SITTINGS[] = "SELECT first, mode, actor, organisation, device, agent, clock_known, clock_offset_ms FROM sittings WHERE interview = ? ORDER BY first";
    svyi_buffer frames;
    svyi_buffer_init(&frames, &s->alloc);
    svy_status st = frames_of(s, thing->number, &frames, err);

    put_columns(identity, stmt, 0, "t");
    put_columns(identity, stmt, 4, "tt");
    put_columns(identity, stmt, 1, "t");
    svyi_put_number(identity, 0);
    svyi_put_bytes(identity, frames.data != NULL ? frames.data : "", frames.len);
    svyi_buffer_clear(&frames);
    if (st != SVY_OK || rest == NULL)
        return st;
    put_columns(rest, stmt, 6, "tttt");
    svyi_put_text(rest, "");
    put_columns(rest, stmt, 11, "ss");
    svyi_put_text(rest, "");
    svyi_put_text(rest, "");
    svyi_put_signed(rest, 0);
    put_columns(rest, stmt, 10, "t");
    return put_rows(s, SITTINGS, svyi_arg_int(thing->number), svyi_arg_int(0), 1, rest, "nnttttns", err);
}

svy_status svyi_thing_write(svy_study *s, const svyi_thing *thing, svyi_buffer *identity, svyi_buffer *rest, svy_error *err)
{
    sqlite3_stmt *stmt = NULL;
    const svyi_arg number = svyi_arg_int(thing->number);
    svy_status st;

    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++)
        if (ROWS[i].kind == thing->kind) {
            st = write_row(s, i, thing, identity, rest, err);
            return st == SVY_OK && (identity->failed || (rest != NULL && rest->failed)) ? svyi_nomem(err) : st;
        }
    if (thing->kind == SVYI_B_FILE)
        st = write_file(s, thing, identity, rest, err);
    else {
        if ((st = svyi_db_query(s, Q_THING_INTERVIEW, &number, 1, &stmt, err)) != SVY_OK)
            return st;
        const int found = svyi_db_step(s, stmt, err);
        if (found != 1)
            st = found < 0 ? svyi_db_failed(err) : svyi_fail(err, SVY_E_NAME, "it is not there any more");
        else
            st = thing->kind == SVYI_B_INTERVIEW ? write_interview(s, stmt, identity, rest, err) : write_remnant(s, thing, stmt, identity, rest, err);
        sqlite3_reset(stmt);
    }
    return st == SVY_OK && (identity->failed || (rest != NULL && rest->failed)) ? svyi_nomem(err) : st;
}

/* ---- the head ---- */

svy_status svyi_sync_head(svy_study *s, int keys, svyi_bundle *b, svy_error *err)
{
    svyi_buffer identity, rest;
    sqlite3_stmt *stmt = NULL;
    uint8_t open[SVYI_KEY], secret[SVYI_KEY];
    svy_status st = one_row(s, "SELECT value, EXISTS (SELECT 1 FROM study WHERE name = 'rehearsal') FROM study WHERE name = 'uuid'", NULL, 0, &stmt, err);

    svyi_buffer_init(&identity, &s->alloc);
    svyi_buffer_init(&rest, &s->alloc);
    if (st == SVY_OK && svyi_secret_load(s, "project-public", open, err) != 1)
        st = svyi_fail(err, SVY_E_STATE, "'%.200s' has no project key yet: open it once for writing", s->path);
    const int secret_is_here = st == SVY_OK && keys > 1 ? svyi_secret_load(s, "project-secret", secret, err) : 0;
    if (st == SVY_OK) {
        put_columns(&identity, stmt, 0, "t");
        svyi_buffer_add(&identity, open, sizeof open);
        put_columns(&rest, stmt, 1, "n");
        svyi_put_bytes(&rest, s->key, keys > 0 ? sizeof s->key : 0);
        svyi_put_bytes(&rest, secret, secret_is_here == 1 ? sizeof secret : 0);
        svyi_bundle_frame(b, SVYI_B_HEAD, &identity, &rest);
    }
    svyi_wipe(secret, sizeof secret);
    if (rest.data != NULL)
        svyi_wipe(rest.data, rest.len);
    sqlite3_finalize(stmt);
    svyi_buffer_clear(&identity);
    svyi_buffer_clear(&rest);
    return st;
}
