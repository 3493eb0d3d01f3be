/* Versions of one interview that differ, because two devices went on from one draft: which of them has which uuid. The same histories have the same uuids on every machine, in
 * whatever order they came there.
 *
 * Of all versions the one whose history comes first keeps the uuid that they had in common. Histories are ordered by the first event in which they differ, so that their order
 * stays when one of them goes on. Each of the others has a uuid of version 8 made of the common one and of its history up to the event that tells it from all others. */
#include <stdio.h>
#include <string.h>

#include "store/reception/priv.h"

typedef struct version {
    int64_t number;
    char uuid[SVYI_UUID], name[SVYI_UUID];   /* as it is, and as it has to be */
    uint64_t common;                          /* events that it shares with the one most like it */
    int not_first, complete, correction;
} version;

typedef struct versions { version items[SVYI_VERSIONS]; size_t n; } versions;

static svy_status read_versions(svy_study *s, const char *uuid, versions *out, svy_error *err)
{
    static const char SQL[] = "SELECT number, uuid, phase = 2, corrects IS NOT NULL FROM interviews WHERE (uuid = ?1 OR conflicts = ?1) AND erased_utc_ms IS NULL ORDER BY number";
    sqlite3_stmt *stmt = NULL;
    int found = 0;
    svy_status st = svyi_db_prepare(s, SQL, &stmt, err);

    out->n = 0;
    if (st == SVY_OK)
        st = svyi_db_bind(s, stmt, 1, svyi_arg_text(uuid), err);
    while (st == SVY_OK && out->n < SVYI_VERSIONS && (found = svyi_db_step(s, stmt, err)) == 1) {
        version *v = &out->items[out->n++];
        *v = (version){ .number = sqlite3_column_int64(stmt, 0), .complete = sqlite3_column_int(stmt, 2), .correction = sqlite3_column_int(stmt, 3) };
        snprintf(v->uuid, sizeof v->uuid, "%s", svyi_db_text(stmt, 1));
    }
    sqlite3_finalize(stmt);
    return st == SVY_OK && found < 0 ? svyi_db_failed(err) : st;
}

/* ---- their order ---- */

static int by_number(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

static int by_text(const char *a, size_t n, const char *b, size_t m)
{
    const int order = memcmp(a, b, n < m ? n : m);

    return order != 0 ? order : by_number((int64_t)n, (int64_t)m);
}

/* Of one that was blanked only is left when something happened, and what kind of thing. */
static int by_event(const svyi_events *x, const svyi_events *y)
{
    const svy_event *a = &x->event, *b = &y->event;
    int order = by_number(a->moment.utc_ms, b->moment.utc_ms);

    if (order == 0)
        order = by_number(a->moment.mono_ms, b->moment.mono_ms);
    if (order == 0)
        order = by_number(a->moment.zone_minutes, b->moment.zone_minutes);
    if (order == 0)
        order = by_number((int64_t)a->action, (int64_t)b->action);
    if (order != 0 || x->erased || y->erased)
        return order;
    if ((order = strcmp(a->item, b->item)) == 0 && (order = strcmp(a->entry, b->entry)) == 0 && (order = by_number((int64_t)a->missing, (int64_t)b->missing)) == 0 &&
        (order = by_text(a->value, a->value_len, b->value, b->value_len)) == 0)
        order = strcmp(a->reason, b->reason);
    return order;
}

/* `order` below 0: `a` comes first. `common` receives how many events both begin with. */
static svy_status compare(svy_study *s, int64_t a, int64_t b, int *order, uint64_t *common, svy_error *err)
{
    svyi_events x = { .study = NULL }, y = { .study = NULL };
    int more_x = 0, more_y = 0;
    svy_status st = svyi_events_open(s, &x, 1, err);

    *order = 0;
    *common = 0;
    if (st == SVY_OK)
        st = svyi_events_open(s, &y, 1, err);
    if (st == SVY_OK && (st = svyi_events_of(&x, a, err)) == SVY_OK)
        st = svyi_events_of(&y, b, err);
    while (st == SVY_OK && *order == 0 && (st = svyi_in_time(s, *common, err)) == SVY_OK) {
        more_x = svyi_events_next(&x, err);
        more_y = more_x >= 0 ? svyi_events_next(&y, err) : 0;
        if (more_x != 1 || more_y != 1)
            break;
        if ((*order = by_event(&x, &y)) == 0)
            ++*common;
    }
    if (st == SVY_OK && *order == 0)
        *order = by_number(more_x, more_y);
    if (x.study != NULL)
        svyi_events_close(&x);
    if (y.study != NULL)
        svyi_events_close(&y);
    return st == SVY_OK && (more_x < 0 || more_y < 0) ? svyi_db_failed(err) : st;
}

static svy_status compare_all(svy_study *s, versions *all, svy_error *err)
{
    svy_status st = SVY_OK;

    for (size_t i = 0; i < all->n && st == SVY_OK; i++)
        for (size_t j = i + 1; j < all->n && st == SVY_OK; j++) {
            version *a = &all->items[i], *b = &all->items[j];
            uint64_t common;
            int order;
            st = compare(s, a->number, b->number, &order, &common, err);
            a->common = common > a->common ? common : a->common;
            b->common = common > b->common ? common : b->common;
            (order <= 0 ? b : a)->not_first = 1;
        }
    return st;
}

/* ---- their uuids ---- */

static void hash_event(svyi_hasher *h, const svyi_events *it, int last)
{
    const svy_event *e = &it->event;

    svyi_hasher_number(h, (int64_t)e->action);
    svyi_hasher_number(h, e->moment.utc_ms);
    svyi_hasher_number(h, e->moment.zone_minutes);
    svyi_hasher_number(h, e->moment.mono_ms);
    if (!last || it->erased)
        return;
    svyi_hasher_text(h, e->item);
    svyi_hasher_text(h, e->entry);
    svyi_hasher_number(h, (int64_t)e->missing);
    svyi_hasher_bytes(h, e->value, e->value_len);
    svyi_hasher_text(h, e->reason);
}

static svy_status make_name(svy_study *s, const char *uuid, version *v, svy_error *err)
{
    uint8_t hash[SVYI_HASH];
    svyi_hasher h;
    svyi_events it;
    int found = 0;
    svy_status st = svyi_events_open(s, &it, 1, err);

    if (!v->not_first) {
        snprintf(v->name, sizeof v->name, "%s", uuid);
        svyi_events_close(&it);
        return st;
    }
    svyi_hasher_init(&h, NULL);
    svyi_hasher_text(&h, uuid);
    if (st == SVY_OK)
        st = svyi_events_of(&it, v->number, err);
    for (uint64_t i = 0; st == SVY_OK && i <= v->common && (found = svyi_events_next(&it, err)) == 1; i++)
        hash_event(&h, &it, i == v->common);
    svyi_events_close(&it);
    svyi_hasher_final(&h, hash);
    svyi_uuid_of(hash, v->name);
    return st == SVY_OK && found < 0 ? svyi_db_failed(err) : st;
}

/* What was submitted under the uuid stays in the chain as it is; whose it was is kept beside it. */
static svy_status take_name(svy_study *s, const version *v, svy_error *err)
{
    static const char MOVED[] = "INSERT OR IGNORE INTO submissions_moved(submission, interview) SELECT m.sequence, i.number FROM submissions m JOIN interviews i ON i.uuid = m.journal"
                                " WHERE m.interview = ?1 OR m.journal = ?1";
    char none[SVYI_UUID];
    svy_status st = svyi_db_once(s, MOVED, SVYI_ARGS(svyi_arg_text(v->uuid)), err);

    svyi_uuid_make(none);
    return st == SVY_OK ? svyi_db_once(s, "UPDATE interviews SET uuid = ? WHERE number = ?", SVYI_ARGS(svyi_arg_text(none), svyi_arg_int(v->number)), err) : st;
}

/* The newest of what was said, as it is in the typed rows: under the new uuid. */
static svy_status submit_renamed(svy_study *s, const version *v, svy_error *err)
{
    static const char SQL[] = "SELECT number FROM interviews WHERE phase = 2 AND (number = ?1 OR (corrects = ?1 AND blanked = 0)) ORDER BY corrects IS NOT NULL DESC, ended_utc_ms DESC,"
                              " uuid DESC LIMIT 1";
    static const char CORRECTED[] = "SELECT corrects FROM interviews WHERE number = ?";
    sqlite3_stmt *stmt = NULL;
    int64_t number = v->number;
    int found = 0;
    svy_status st = SVY_OK;

    for (int step = !v->correction; step < 2 && st == SVY_OK; step++) {
        if ((st = svyi_db_prepare(s, step == 0 ? CORRECTED : SQL, &stmt, err)) == SVY_OK && (st = svyi_db_bind(s, stmt, 1, svyi_arg_int(number), err)) == SVY_OK &&
            (found = svyi_db_step(s, stmt, err)) == 1)
            number = sqlite3_column_int64(stmt, 0);
        sqlite3_finalize(stmt);
        stmt = NULL;
        if (st == SVY_OK && found < 0)
            st = svyi_db_failed(err);
    }
    return st == SVY_OK && found == 1 ? svyi_submit_again(s, number, err) : st;
}

static svy_status rename_all(svy_study *s, const char *uuid, const versions *all, svy_error *err)
{
    svy_status st = SVY_OK;

    for (size_t i = 0; i < all->n && st == SVY_OK; i++)
        if (strcmp(all->items[i].uuid, all->items[i].name) != 0)
            st = take_name(s, &all->items[i], err);
    for (size_t i = 0; i < all->n && st == SVY_OK; i++)
        if (strcmp(all->items[i].uuid, all->items[i].name) != 0)
            st = svyi_db_once(s, "UPDATE interviews SET uuid = ?1, conflicts = nullif(?2, ?1) WHERE number = ?3",
                              SVYI_ARGS(svyi_arg_text(all->items[i].name), svyi_arg_text(uuid), svyi_arg_int(all->items[i].number)), err);
    for (size_t i = 0; i < all->n && st == SVY_OK; i++)
        if (strcmp(all->items[i].uuid, all->items[i].name) != 0 && all->items[i].complete)
            st = submit_renamed(s, &all->items[i], err);
    return st;
}

svy_status svyi_differing_settle(svy_study *s, const char *uuid, svy_error *err)
{
    versions *all = svyi_get(&s->alloc, sizeof *all);

    if (all == NULL)
        return svyi_nomem(err);
    svy_status st = read_versions(s, uuid, all, err);
    if (st == SVY_OK && all->n > 1 && (st = compare_all(s, all, err)) == SVY_OK) {
        for (size_t i = 0; i < all->n && st == SVY_OK; i++)
            st = make_name(s, uuid, &all->items[i], err);
        if (st == SVY_OK)
            st = rename_all(s, uuid, all, err);
    }
    svyi_release(&s->alloc, all, sizeof *all);
    return st;
}
