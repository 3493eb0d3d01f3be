/* What a study has: one line for every thing, with a digest of what it is. Digests of interviews are kept, because making one reads the whole journal. */
#include "store/people/people_priv.h"
#include "store/sync/priv.h"

#include <stdlib.h>
#include <string.h>

void svyi_things_init(svyi_things *t, const svy_alloc *alloc)
{
    *t = (svyi_things){ .n = 0 };
    svyi_arena_init(&t->arena, alloc);
}

void svyi_things_clear(svyi_things *t)
{
    svyi_release(&t->arena.alloc, t->items, t->capacity * sizeof *t->items);
    svyi_arena_clear(&t->arena);
    t->items = NULL;
    t->n = t->capacity = 0;
}

svy_status svyi_things_add(svyi_things *t, const svyi_thing *one, svy_error *err)
{
    svyi_thing copy = *one;

    for (size_t i = 0; i < 3; i++)
        if (one->name[i] != NULL && (copy.name[i] = svyi_arena_text(&t->arena, one->name[i], strlen(one->name[i]))) == NULL)
            return svyi_nomem(err);
    if (svyi_grow(&t->arena.alloc, &t->items, &t->capacity, t->n + 1, sizeof copy) != 0)
        return svyi_nomem(err);
    t->items[t->n++] = copy;
    return SVY_OK;
}

static int by_digest(const void *a, const void *b)
{
    return memcmp(((const svyi_thing *)a)->digest, ((const svyi_thing *)b)->digest, SVYI_THING_DIGEST);
}

void svyi_things_sort(svyi_things *t)
{
    if (t->n > 1)
        qsort(t->items, t->n, sizeof *t->items, by_digest);
}

int svyi_things_have(const svyi_things *sorted, const uint8_t digest[SVYI_THING_DIGEST])
{
    svyi_thing one = { .kind = SVYI_B_HEAD };

    memcpy(one.digest, digest, SVYI_THING_DIGEST);
    return sorted->n > 0 && bsearch(&one, sorted->items, sorted->n, sizeof one, by_digest) != NULL;
}

/* ---- what is there ---- */

/* A correction is of the organisation whose interview it corrects, whoever made it. */
#define ORGANISATION "(SELECT w.organisation FROM interviews w WHERE w.number = coalesce(i.corrects, i.number))"

static const struct { svyi_bundle_kind kind; const char *all, *row; } NUMBERED[] = {
    { SVYI_B_FORM, "SELECT number FROM forms WHERE ?1 IS NULL OR 1 ORDER BY utc_ms, number", "SELECT 1 FROM forms WHERE number = ?2 AND (?1 IS NULL OR 1)" },
    { SVYI_B_MEDIUM, "SELECT number FROM form_media WHERE ?1 IS NULL OR 1 ORDER BY utc_ms, number", "SELECT 1 FROM form_media WHERE number = ?2 AND (?1 IS NULL OR 1)" },
    { SVYI_B_PARAMETER, "SELECT number FROM parameters WHERE ?1 IS NULL OR 1 ORDER BY number", "SELECT 1 FROM parameters WHERE number = ?2 AND (?1 IS NULL OR 1)" },
    /* A file is known by what it holds; one that something kept aside needs, by the hash it came with, too. */
    { SVYI_B_FILE,
      "SELECT 2 * a.number FROM attachments a WHERE a.digest IS NOT NULL AND (a.number IN (SELECT f.attachment FROM interview_files f JOIN interviews i ON i.number = f.interview"
      " WHERE ?1 IS NULL OR " ORGANISATION " = ?1) OR (a.digest = a.hash AND a.number IN (SELECT f.attachment FROM kept_files f JOIN kept_aside k ON k.number = f.kept"
      " WHERE ?1 IS NULL OR k.organisation = ?1)))"
      " UNION ALL SELECT 2 * a.number + 1 FROM attachments a WHERE (a.digest IS NULL OR a.digest <> a.hash) AND a.number IN (SELECT f.attachment FROM kept_files f"
      " JOIN kept_aside k ON k.number = f.kept WHERE ?1 IS NULL OR k.organisation = ?1) ORDER BY 1",
      "SELECT 1 FROM attachments a WHERE a.number = ?2 / 2 AND (?1 IS NULL OR a.number IN (SELECT f.attachment FROM interview_files f JOIN interviews i ON i.number = f.interview"
      " WHERE " ORGANISATION " = ?1) OR a.number IN (SELECT f.attachment FROM kept_files f JOIN kept_aside k ON k.number = f.kept WHERE k.organisation = ?1))" },
    { SVYI_B_KEPT, "SELECT number FROM kept_aside WHERE ?1 IS NULL OR organisation = ?1 ORDER BY number",
      "SELECT 1 FROM kept_aside WHERE number = ?2 AND (?1 IS NULL OR organisation = ?1)" },
    { SVYI_B_ERASURE, "SELECT number FROM erasures WHERE ?1 IS NULL OR organisation = ?1 ORDER BY number",
      "SELECT 1 FROM erasures WHERE number = ?2 AND (?1 IS NULL OR organisation = ?1)" },
    { SVYI_B_INTERVIEW, NULL, "SELECT 1 + blanked FROM interviews i WHERE number = ?2 AND erased_utc_ms IS NULL AND (?1 IS NULL OR " ORGANISATION " = ?1)" },
};

/* Cases that nobody listed come and go with their interviews; what was said of them comes after these. */
enum { LISTED = 1, UNLISTED = 2 };
static const struct { svyi_bundle_kind kind; int which, names; const char *all; } NAMED[] = {
    { SVYI_B_CASE, LISTED, 2, "SELECT form, id FROM cases WHERE listed = 1 AND (?1 IS NULL OR organisation = ?1) ORDER BY form, id" },
    { SVYI_B_CASE, UNLISTED, 2, "SELECT form, id FROM cases WHERE listed = 0 AND (assigned_utc_ms > 0 OR returned_utc_ms > 0 OR disposition = 'conflict')"
                                " AND (?1 IS NULL OR organisation = ?1) ORDER BY form, id" },
    { SVYI_B_IMPORT, LISTED, 3, "SELECT m.form, m.row_key, m.interview FROM imports m WHERE ?1 IS NULL OR EXISTS (SELECT 1 FROM interviews i WHERE i.uuid = m.interview"
                                " AND " ORGANISATION " = ?1) ORDER BY m.form, m.row_key" },
};

static svy_status prepare(svy_study *s, const char *sql, const svyi_scope *scope, sqlite3_stmt **stmt, svy_error *err)
{
    const svy_status st = svyi_db_prepare(s, sql, stmt, err);

    return st == SVY_OK ? svyi_db_bind(s, *stmt, 1, svyi_arg_text(scope->organisation), err) : st;
}

static svy_status digest_of(svy_study *s, svyi_thing *one, svyi_buffer *identity, svy_error *err)
{
    identity->len = 0;
    const svy_status st = svyi_thing_write(s, one, identity, NULL, err);

    if (st == SVY_OK)
        svyi_thing_digest(one->kind, identity->data, identity->len, one->digest);
    return st;
}

static svy_status list_query(svy_study *s, const char *sql, svyi_bundle_kind kind, int names, const svyi_scope *scope, svyi_things *out, svy_error *err)
{
    const size_t first = out->n;
    sqlite3_stmt *stmt = NULL;
    svyi_buffer identity;
    int found = 0;
    svy_status st = prepare(s, sql, scope, &stmt, err);

    while (st == SVY_OK && (found = svyi_db_step(s, stmt, err)) == 1) {
        svyi_thing one = { .kind = kind, .number = names == 0 ? sqlite3_column_int64(stmt, 0) : 0 };
        for (int i = 0; i < names; i++)
            one.name[i] = svyi_db_text(stmt, i);
        st = svyi_things_add(out, &one, err);
    }
    sqlite3_finalize(stmt);
    if (st == SVY_OK && found < 0)
        st = svyi_db_failed(err);
    svyi_buffer_init(&identity, &s->alloc);
    for (size_t i = first; i < out->n && st == SVY_OK; i++)
        st = digest_of(s, &out->items[i], &identity, err);
    svyi_buffer_clear(&identity);
    return st;
}

/* ---- interviews ---- */

/* What changes when an interview does. A digest that was made in the same state still holds. */
typedef struct state { int64_t number, state, events, files; size_t at /* in the list */; } state;
static const char INTERVIEWS[] =
    "SELECT i.number, i.phase + 8 * i.blanked + 16 * (i.conflicts IS NOT NULL),"
    " max(coalesce((SELECT j.events FROM journals j WHERE j.interview = i.number), 0), coalesce((SELECT max(e.sequence) FROM events e WHERE e.interview = i.number), 0)),"
    " (SELECT count(*) FROM interview_files f JOIN attachments a ON a.number = f.attachment WHERE f.interview = i.number AND a.digest IS NOT NULL),"
    " d.state, d.events, d.files, d.digest FROM interviews i LEFT JOIN sync_digests d ON d.interview = i.number"
    " WHERE i.erased_utc_ms IS NULL AND (?1 IS NULL OR " ORGANISATION " = ?1) AND i.number > ?2 AND i.number <= ?3 ORDER BY i.corrects IS NOT NULL, i.number";

static svy_status keep_digest(svy_study *s, const state *now, const svyi_thing *one, svy_error *err)
{
    return svyi_db_run(s, Q_SYNC_DIGEST_PUT, SVYI_ARGS(svyi_arg_int(now->number), svyi_arg_int(now->state), svyi_arg_int(now->events), svyi_arg_int(now->files),
                                                    svyi_arg_blob(one->digest, SVYI_THING_DIGEST)), err);
}

static svy_status fill_in(svy_study *s, const state *states, size_t n, svyi_things *out, svy_error *err)
{
    svyi_buffer identity;
    const int writes = s->mode == SVY_STUDY_WRITE && n > 0;
    svy_status st = writes ? svyi_db_begin(s, err) : SVY_OK;

    if (st != SVY_OK)
        return st;
    svyi_buffer_init(&identity, &s->alloc);
    for (size_t i = 0; i < n && st == SVY_OK; i++) {
        svyi_thing *one = &out->items[states[i].at];
        if ((st = digest_of(s, one, &identity, err)) == SVY_OK && writes)
            st = keep_digest(s, &states[i], one, err);
    }
    svyi_buffer_clear(&identity);
    return writes ? svyi_db_end(s, st, err) : st;
}

static svy_status list_interviews(svy_study *s, const svyi_scope *scope, int64_t after, int64_t last, svyi_things *out, svy_error *err)
{
    state *missing = NULL;
    size_t n = 0, capacity = 0;
    sqlite3_stmt *stmt = NULL;
    int found = 0;
    svy_status st = prepare(s, INTERVIEWS, scope, &stmt, err);

    if (st == SVY_OK && (st = svyi_db_bind(s, stmt, 2, svyi_arg_int(after), err)) == SVY_OK)
        st = svyi_db_bind(s, stmt, 3, svyi_arg_int(last), err);
    while (st == SVY_OK && (found = svyi_db_step(s, stmt, err)) == 1) {
        const state now = { sqlite3_column_int64(stmt, 0), sqlite3_column_int64(stmt, 1), sqlite3_column_int64(stmt, 2), sqlite3_column_int64(stmt, 3), out->n };
        svyi_thing one = { .kind = (now.state & 8) != 0 ? SVYI_B_REMNANT : SVYI_B_INTERVIEW, .number = now.number };
        const int known = sqlite3_column_bytes(stmt, 7) == SVYI_THING_DIGEST && sqlite3_column_int64(stmt, 4) == now.state && sqlite3_column_int64(stmt, 5) == now.events &&
                          sqlite3_column_int64(stmt, 6) == now.files;
        if (known)
            memcpy(one.digest, sqlite3_column_blob(stmt, 7), SVYI_THING_DIGEST);
        else if (svyi_grow(&s->alloc, &missing, &capacity, n + 1, sizeof *missing) != 0)
            st = svyi_nomem(err);
        else
            missing[n++] = now;
        if (st == SVY_OK)
            st = svyi_things_add(out, &one, err);
    }
    sqlite3_finalize(stmt);
    if (st == SVY_OK && found < 0)
        st = svyi_db_failed(err);
    if (st == SVY_OK)
        st = fill_in(s, missing, n, out, err);
    svyi_release(&s->alloc, missing, capacity * sizeof *missing);
    return st;
}

svy_status svy_sync_digests(svy_study *s, int64_t *after, unsigned most, svy_error *err)
{
    const svyi_scope all = { NULL, 1, 1 };
    const int64_t from = *after;
    int64_t last = 0;
    svyi_things some;
    svy_status st;

    SVY_REQUIRE(s != NULL && after != NULL && most > 0, err);
    const int found = svyi_once_number(s, "SELECT max(number) FROM (SELECT number FROM interviews WHERE number > ? ORDER BY number LIMIT ?)",
                                       SVYI_ARGS(svyi_arg_int(from), svyi_arg_int(most)), &last, err);
    *after = last;
    if (found != 1 || last == 0)
        return found < 0 ? svyi_db_failed(err) : SVY_OK;
    svyi_things_init(&some, &s->alloc);
    st = list_interviews(s, &all, from, last, &some, err);
    svyi_things_clear(&some);
    return st;
}

/* ---- all ---- */

static svy_status list_kind(svy_study *s, svyi_bundle_kind kind, int which, const svyi_scope *scope, svyi_things *out, svy_error *err)
{
    svy_status st = SVY_OK;

    for (size_t i = 0; i < sizeof NAMED / sizeof NAMED[0] && st == SVY_OK; i++)
        if (NAMED[i].kind == kind && (NAMED[i].which & which) != 0)
            st = list_query(s, NAMED[i].all, kind, NAMED[i].names, scope, out, err);
    for (size_t i = 0; i < sizeof NUMBERED / sizeof NUMBERED[0] && st == SVY_OK; i++)
        if (NUMBERED[i].kind == kind && NUMBERED[i].all != NULL)
            st = list_query(s, NUMBERED[i].all, kind, 0, scope, out, err);
    return st == SVY_OK && kind == SVYI_B_INTERVIEW ? list_interviews(s, scope, 0, INT64_MAX, out, err) : st;
}

svy_status svyi_things_list(svy_study *s, const svyi_scope *scope, svyi_things *out, svy_error *err)
{
    /* What others need comes before them. */
    static const struct { svyi_bundle_kind kind; int which; } ORDER[] = {
        { SVYI_B_ERASURE, 0 }, { SVYI_B_FORM, 0 }, { SVYI_B_MEDIUM, 0 }, { SVYI_B_PARAMETER, 0 }, { SVYI_B_CASE, LISTED }, { SVYI_B_FILE, 0 }, { SVYI_B_INTERVIEW, 0 },
        { SVYI_B_CASE, UNLISTED }, { SVYI_B_KEPT, 0 }, { SVYI_B_IMPORT, LISTED } };
    svy_status st = SVY_OK;

    for (size_t i = 0; i < sizeof ORDER / sizeof ORDER[0] && st == SVY_OK; i++)
        st = list_kind(s, ORDER[i].kind, ORDER[i].which, scope, out, err);
    return st;
}

svy_status svyi_thing_find(svy_study *s, const svyi_scope *scope, svyi_thing *one, int *there, svy_error *err)
{
    const svyi_bundle_kind kind = one->kind == SVYI_B_REMNANT ? SVYI_B_INTERVIEW : one->kind;
    sqlite3_stmt *stmt = NULL;
    svy_status st = SVY_OK;
    size_t i = 0;

    *there = 0;
    while (i < sizeof NUMBERED / sizeof NUMBERED[0] && NUMBERED[i].kind != kind)
        i++;
    if (i == sizeof NUMBERED / sizeof NUMBERED[0])
        return SVY_OK;
    if ((st = prepare(s, NUMBERED[i].row, scope, &stmt, err)) == SVY_OK && (st = svyi_db_bind(s, stmt, 2, svyi_arg_int(one->number), err)) == SVY_OK &&
        (*there = svyi_db_step(s, stmt, err)) < 0)
        st = svyi_db_failed(err);
    if (*there == 1 && kind == SVYI_B_INTERVIEW)
        one->kind = sqlite3_column_int(stmt, 0) == 1 ? SVYI_B_INTERVIEW : SVYI_B_REMNANT;
    sqlite3_finalize(stmt);
    return st;
}

svy_status svyi_things_named(svy_study *s, const svyi_scope *scope, svyi_bundle_kind kind, const svyi_things *sorted, svyi_things *out, svy_error *err)
{
    svyi_things all;
    svyi_things_init(&all, &s->alloc);
    svy_status st = list_kind(s, kind, LISTED | UNLISTED, scope, &all, err);

    for (size_t i = 0; i < all.n && st == SVY_OK; i++)
        if (svyi_things_have(sorted, all.items[i].digest))
            st = svyi_things_add(out, &all.items[i], err);
    svyi_things_clear(&all);
    return st;
}

svy_status svyi_things_seen(svy_study *s, svyi_things *out, svy_error *err)
{
    sqlite3_stmt *stmt = NULL;
    int found = 0;
    svy_status st = svyi_db_prepare(s, "SELECT digest FROM sync_seen", &stmt, err);

    while (st == SVY_OK && (found = svyi_db_step(s, stmt, err)) == 1) {
        svyi_thing one = { .kind = SVYI_B_KEPT };
        if (sqlite3_column_bytes(stmt, 0) != SVYI_THING_DIGEST)
            continue;
        memcpy(one.digest, sqlite3_column_blob(stmt, 0), SVYI_THING_DIGEST);
        st = svyi_things_add(out, &one, err);
    }
    sqlite3_finalize(stmt);
    return st == SVY_OK && found < 0 ? svyi_db_failed(err) : st;
}
