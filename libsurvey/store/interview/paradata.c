/* Paradata: every event of a form's interviews with who did it where, and what an answer was before. */
#include "store/store_priv.h"

#include <string.h>

/* What a place said last. */
typedef struct said { const char *value; size_t len; svy_missing missing; int there; } said;

typedef struct telling {
    svy_study *s;
    svyi_arena arena;                    /* of one interview */
    svy_sitting *sittings; size_t n_sittings, sittings_capacity, sitting;
    said *said; size_t n_said, said_capacity;
    svyi_map places;                     /* item and entry: number in `said` */
    int64_t number; int imported; const char *uuid, *interviewer;
    svy_error *err;
} telling;

static const char *keep(telling *t, const char *text)
{
    return svyi_arena_text(&t->arena, text, strlen(text));
}

static svy_status add_sitting(telling *t, const svy_sitting *from)
{
    svy_sitting one = *from;

    if (svyi_grow(&t->s->alloc, &t->sittings, &t->sittings_capacity, t->n_sittings + 1, sizeof one) != 0)
        return svyi_nomem(t->err);
    if ((one.actor = keep(t, from->actor)) == NULL || (one.organisation = keep(t, from->organisation)) == NULL || (one.device = keep(t, from->device)) == NULL ||
        (one.agent = keep(t, from->agent)) == NULL)
        return svyi_nomem(t->err);
    t->sittings[t->n_sittings++] = one;
    return SVY_OK;
}

const char *svy_action_name(svy_action action)
{
    static const char *const NAMES[] = { "", "start", "parameter", "answer", "clear", "add-entry", "remove-entry", "remark", "language", "show", "override", "suspend",
                                         "resume", "complete", "order", "close-roster" };

    return (size_t)action < sizeof NAMES / sizeof NAMES[0] ? NAMES[action] : "";
}

svy_sitting svyi_sitting_read(sqlite3_stmt *stmt)
{
    return (svy_sitting){ .first = (uint64_t)sqlite3_column_int64(stmt, 0), .mode = (svy_mode)sqlite3_column_int(stmt, 1), .actor = svyi_db_text(stmt, 2),
                          .organisation = svyi_db_text(stmt, 3), .device = svyi_db_text(stmt, 4), .agent = svyi_db_text(stmt, 5),
                          .clock_known = sqlite3_column_int(stmt, 6), .clock_offset_ms = sqlite3_column_int64(stmt, 7) };
}

svy_status svyi_sitting_add(svy_study *s, int64_t number, const svy_sitting *one, svy_error *err)
{
    return svyi_db_run(s, Q_SITTING_ADD, SVYI_ARGS(svyi_arg_int(number), svyi_arg_int((int64_t)one->first), svyi_arg_int(one->mode), svyi_arg_text(one->actor),
                                                svyi_arg_text(one->organisation), svyi_arg_text(one->device), svyi_arg_text(one->agent), svyi_arg_int(one->clock_known),
                                                svyi_arg_int(one->clock_offset_ms)), err);
}

/* Interviews of a version 1 file have no sittings: what is known of them is who and whether they were imported. */
static svy_status load_sittings(telling *t)
{
    const svy_sitting unknown = { .first = 1, .mode = t->imported ? SVY_MODE_IMPORT : SVY_MODE_TERMINAL, .actor = t->interviewer, .organisation = "", .device = "", .agent = "" };
    sqlite3_stmt *stmt;
    int found = 0;
    svy_status st = svyi_db_query(t->s, Q_SITTINGS, SVYI_ARGS(svyi_arg_int(t->number)), &stmt, t->err);

    t->n_sittings = t->sitting = 0;
    while (st == SVY_OK && (found = svyi_db_step(t->s, stmt, t->err)) == 1) {
        const svy_sitting one = svyi_sitting_read(stmt);
        if (t->n_sittings == 0 && one.first > 1)
            st = add_sitting(t, &unknown);
        if (st == SVY_OK)
            st = add_sitting(t, &one);
    }
    if (st != SVY_OK)
        sqlite3_reset(stmt);
    else if (found < 0)
        st = svyi_db_failed(t->err);
    else if (t->n_sittings == 0)
        st = add_sitting(t, &unknown);
    return st;
}

/* The place of an event in `said`, made when it is new; NULL when out of memory. */
static said *place_of(telling *t, const svy_event *e)
{
    const size_t item = strlen(e->item), entry = strlen(e->entry);
    uint32_t index = (uint32_t)t->n_said;
    char *key = svyi_arena_get(&t->arena, item + entry + 2);
    int known;

    if (key == NULL)
        return NULL;
    memcpy(key, e->item, item);
    memcpy(key + item + 1, e->entry, entry);
    if ((known = svyi_map_add(&t->places, key, item + 1 + entry, &index)) < 0 ||
        (known == 0 && svyi_grow(&t->s->alloc, &t->said, &t->said_capacity, t->n_said + 1, sizeof *t->said) != 0))
        return NULL;
    if (known == 0)
        t->said[t->n_said++] = (said){ .there = 0 };
    return &t->said[index];
}

/* What the place said before the event, and what it says from now on. */
static svy_status follow(telling *t, const svy_event *e, svy_paradata *p)
{
    if (e->item[0] == '\0' || (e->action != SVY_DID_ANSWER && e->action != SVY_DID_CLEAR))
        return SVY_OK;
    said *place = place_of(t, e);
    if (place == NULL)
        return svyi_nomem(t->err);
    if (place->there) {
        p->old = place->value;
        p->old_len = place->len;
        p->old_missing = place->missing;
    }
    *place = (said){ .there = e->action == SVY_DID_ANSWER, .value = svyi_arena_text(&t->arena, e->value, e->value_len), .len = e->value_len, .missing = e->missing };
    return place->value != NULL ? SVY_OK : svyi_nomem(t->err);
}

static svy_status tell_interview(telling *t, svyi_events *it, svy_status (*each)(void *user, const svy_paradata *p), void *user)
{
    int found = 0;
    svy_status st = load_sittings(t);

    svyi_map_init(&t->places, &t->s->alloc);
    t->n_said = 0;
    if (st == SVY_OK)
        st = svyi_events_of(it, t->number, t->err);
    while (st == SVY_OK && (found = svyi_events_next(it, t->err)) == 1) {
        while (t->sitting + 1 < t->n_sittings && t->sittings[t->sitting + 1].first <= it->event.sequence)
            t->sitting++;
        svy_paradata p = { .interview = t->uuid, .event = &it->event, .sitting = &t->sittings[t->sitting], .erased = it->erased };
        if ((st = follow(t, &it->event, &p)) == SVY_OK)
            st = each(user, &p);
    }
    svyi_map_clear(&t->places);
    svyi_arena_clear(&t->arena);
    return st == SVY_OK && found < 0 ? svyi_db_failed(t->err) : st;
}

/* The statements are of this call alone, so that `each` may use the study. */
svy_status svyi_events_tell(svy_study *s, const char *form, const char *interview, const char *organisation, svy_status (*each)(void *user, const svy_paradata *p), void *user,
                            svy_error *err)
{
    static const char SQL[] = "SELECT i.number, i.uuid, i.interviewer, i.imported FROM interviews i JOIN forms f ON f.number = i.form"
                              " WHERE f.id = ?1 AND (?2 IS NULL OR i.uuid = ?2) AND (?3 IS NULL OR i.organisation = ?3) ORDER BY i.number";
    telling t = { .s = s, .err = err };
    sqlite3_stmt *stmt = NULL;
    svyi_events it = { .study = NULL };
    svyi_version *v;
    int found = 0;
    svy_status st;

    SVY_REQUIRE(s != NULL && each != NULL, err);
    if ((st = svyi_version_newest(s, form, &v, err)) != SVY_OK || (st = svyi_db_prepare(s, SQL, &stmt, err)) != SVY_OK)
        return st;
    svyi_arena_init(&t.arena, &s->alloc);
    if ((st = svyi_db_bind(s, stmt, 1, svyi_arg_text(svy_form_id(v->form)), err)) == SVY_OK && (st = svyi_db_bind(s, stmt, 2, svyi_arg_text(interview), err)) == SVY_OK &&
        (st = svyi_db_bind(s, stmt, 3, svyi_arg_text(organisation), err)) == SVY_OK)
        st = svyi_events_open(s, &it, 1, err);
    while (st == SVY_OK && (found = svyi_db_step(s, stmt, err)) == 1) {
        t.number = sqlite3_column_int64(stmt, 0);
        t.uuid = svyi_db_text(stmt, 1);
        t.interviewer = svyi_db_text(stmt, 2);
        t.imported = sqlite3_column_int(stmt, 3);
        st = tell_interview(&t, &it, each, user);
    }
    if (it.study != NULL)
        svyi_events_close(&it);
    sqlite3_finalize(stmt);
    svyi_release(&s->alloc, t.sittings, t.sittings_capacity * sizeof *t.sittings);
    svyi_release(&s->alloc, t.said, t.said_capacity * sizeof *t.said);
    return st == SVY_OK && found < 0 ? svyi_db_failed(err) : st;
}

svy_status svy_study_events(svy_study *s, const char *form, const char *interview, svy_status (*each)(void *user, const svy_paradata *p), void *user, svy_error *err)
{
    return svyi_events_tell(s, form, interview, NULL, each, user, err);
}
