/* Taking an interview that is a package: through reception, as everything that arrives; and which correction the typed rows follow. */
#include <stdio.h>
#include <string.h>

#include "store/people/people_priv.h"
#include "store/sync/priv.h"

/* ---- which interview is meant ---- */

static svy_status read_parent(svyi_taker *t, sqlite3_stmt *stmt, const char *variant, svyi_parent *out, int *fits, svy_error *err)
{
    char own[SVYI_UUID];
    svyi_parent one = { .number = sqlite3_column_int64(stmt, 0) };
    svy_status st = SVY_OK;

    snprintf(one.uuid, sizeof one.uuid, "%s", svyi_db_text(stmt, 1));
    one.foreign = t->scope.organisation != NULL && strcmp(svyi_db_text(stmt, 2), t->scope.organisation) != 0;
    *fits = variant[0] == '\0';
    if (!*fits && (st = svyi_variant_uuid(t->s, one.number, own, err)) == SVY_OK)
        *fits = strcmp(own, variant) == 0;
    if (*fits || out->number == 0)
        *out = one;
    return st;
}

svy_status svyi_parent_find(svyi_taker *t, const char *uuid, const char *variant, svyi_parent *out, svy_error *err)
{
    sqlite3_stmt *stmt = NULL;
    int found = 0, fits = 0;
    svy_status st = svyi_once(t->s, "SELECT number, uuid, organisation FROM interviews WHERE (uuid = ?1 OR conflicts = ?1) AND erased_utc_ms IS NULL ORDER BY number",
                              SVYI_ARGS(svyi_arg_text(uuid)), &stmt, err);

    *out = (svyi_parent){ .number = 0 };
    while (st == SVY_OK && !fits && (found = svyi_db_step(t->s, stmt, err)) == 1)
        st = read_parent(t, stmt, variant, out, &fits, err);
    sqlite3_finalize(stmt);
    return st == SVY_OK && found < 0 ? svyi_db_failed(err) : st;
}

/* ---- one interview ---- */

typedef struct named { char uuid[SVYI_UUID], corrects[SVYI_UUID], form[100], version[100]; int read; } named;

static svy_status take_head(void *user, const svy_package_head *head, svy_error *err)
{
    named *n = user;

    (void)err;
    snprintf(n->uuid, sizeof n->uuid, "%s", head->uuid);
    snprintf(n->corrects, sizeof n->corrects, "%s", head->corrects);
    snprintf(n->form, sizeof n->form, "%.80s", head->form);
    snprintf(n->version, sizeof n->version, "%.80s", head->version);
    n->read = 1;
    return SVY_E_STATE;                  /* nothing else is read */
}

/* Checks of what a key was made of cannot be run where only its hash is; everything else of a partner is checked as if it came from a device. */
static int has_keys(const svy_reception *r, const named *n)
{
    for (const svyi_version *v = r->versions; v != NULL; v = v->next)
        if (strcmp(svy_form_id(v->form), n->form) == 0 && strcmp(svy_form_version(v->form), n->version) == 0)
            return v->has_key;
    return 0;
}

static svy_status count(svyi_taker *t, const svyi_frame_read *frame, const svy_received *got, int known, svy_error *err)
{
    char sentence[480];

    t->result->interviews += got->receipt == SVY_STORED && !known;
    t->result->continued += got->receipt == SVY_STORED && known;
    t->result->conflicts += got->receipt == SVY_KEPT_BOTH;
    t->result->kept += got->receipt == SVY_KEPT_ASIDE;
    if (got->receipt != SVY_NEEDS_FILES)
        return SVY_OK;
    snprintf(sentence, sizeof sentence, "interview %s was not taken: a file of it is not there", got->uuid);
    return svyi_refuse(t, frame, sentence, err);
}

/* What was carried out before its case was returned does not answer the return, however late it comes here. */
static svy_status receive_one(svyi_taker *t, svy_arrival *a, svy_received *got, svy_error *err)
{
    const svyi_arg form = svyi_arg_text(a->head.form), id = svyi_arg_text(a->head.case_id);
    int64_t when = 0;
    const int returned = svyi_once_number(t->s, "SELECT returned_utc_ms FROM cases WHERE form = ? AND id = ? AND returned = 1", SVYI_ARGS(form, id), &when, err);
    svy_status st;

    if (returned < 0)
        return svyi_db_failed(err);
    if ((st = svy_study_receive(t->s, &a, 1, got, err)) != SVY_OK || !returned || a->last.utc_ms > when)
        return st;
    return svyi_db_once(t->s, "UPDATE cases SET returned = 1, returned_utc_ms = ?3 WHERE form = ?1 AND id = ?2", SVYI_ARGS(form, id, svyi_arg_int(when)), err);
}

/* What is not the reception's to keep: it stays where it is, and comes again. */
static svy_status receive(svyi_taker *t, const svyi_frame_read *frame, const named *n, svy_arrival *a, const svyi_parent *parent, svy_error *err)
{
    char sentence[480];
    svy_received got;
    int64_t one;
    svy_status st;

    if (a->reason[0] != '\0') {
        snprintf(sentence, sizeof sentence, "interview %s was not taken: %.300s", n->uuid, a->reason);
        return svyi_refuse(t, frame, sentence, err);
    }
    if (n->corrects[0] != '\0') {
        if (parent->number == 0 || parent->foreign) {
            snprintf(sentence, sizeof sentence, "correction %s was not taken: the interview it corrects is not here", n->uuid);
            return svyi_refuse(t, frame, sentence, err);
        }
        a->head.corrects = parent->uuid;
    }
    const int known = svyi_db_number(t->s, Q_INTERVIEW_FIND, SVYI_ARGS(svyi_arg_text(n->uuid)), &one, err);
    if (known < 0)
        return svyi_db_failed(err);
    st = receive_one(t, a, &got, err);
    return st == SVY_OK ? count(t, frame, &got, known, err) : st;
}

svy_status svyi_take_interview(svyi_taker *t, const svyi_frame_read *frame, svy_error *err)
{
    svyi_fields id = frame->identity, rest = frame->rest;
    size_t n;
    const uint8_t *package = svyi_get_bytes(&id, &n);
    const char *variant = svyi_get_text(&rest);
    named head = { .read = 0 };
    const svy_package_reader to = { .head = take_head, .user = &head };
    svyi_parent parent = { .number = 0 };
    svy_arrival *a;
    int64_t when;
    svy_status st = svyi_taker_reception(t, err);

    if (st != SVY_OK)
        return st;
    if (svy_package_read(package, n, 0, &to, NULL) != SVY_OK && !head.read)
        return svyi_refuse(t, frame, "an interview was not taken: its head cannot be read", err);
    const int erased = svyi_erased_when(t->s, head.uuid, head.corrects, &when, err);
    if (erased != 0)
        return erased < 0 ? svyi_db_failed(err) : SVY_OK;       /* the other side gets the mark */
    if (head.corrects[0] != '\0' && (st = svyi_parent_find(t, head.corrects, variant, &parent, err)) != SVY_OK)
        return st;
    const svy_sender from = { .organisation = t->scope.organisation, .keys_hashed = t->scope.organisation == NULL || has_keys(t->reception, &head) };
    if ((st = svy_arrival_prepare(t->reception, package, n, 0, &from, t->now, &a, err)) != SVY_OK)
        return st == SVY_E_LIMIT ? svyi_refuse(t, frame, "an interview was not taken: it has more than 16 MiB", err) : st;
    a->synchronised = 1;
    st = receive(t, frame, &head, a, &parent, err);
    svy_arrival_free(a);
    return st;
}

/* ---- corrections from several machines ---- */

/* Interviews whose typed rows do not follow the correction that was completed last: its number, form and moment. */
static const char UNSETTLED[] =
    "SELECT w.number, w.form, w.ended_utc_ms, w.ended_zone FROM interviews w INDEXED BY interviews_corrections CROSS JOIN interviews r ON r.number = w.corrects WHERE w.corrects IS NOT NULL AND w.phase = 2 AND w.erased_utc_ms IS NULL AND w.blanked = 0"
    " AND NOT EXISTS (SELECT 1 FROM interviews o WHERE o.corrects = w.corrects AND o.phase = 2 AND o.erased_utc_ms IS NULL AND o.blanked = 0"
    " AND (o.ended_utc_ms, o.uuid) > (w.ended_utc_ms, w.uuid))"
    " AND w.uuid <> (SELECT m.journal FROM submissions m WHERE m.interview = r.uuid ORDER BY m.revision DESC LIMIT 1)";

svy_status svyi_sync_settle(svyi_taker *t, svy_error *err)
{
    svyi_things found_there;
    sqlite3_stmt *stmt = NULL;
    int found = 0;
    svy_status st = svyi_once(t->s, UNSETTLED, NULL, 0, &stmt, err);

    svyi_things_init(&found_there, &t->s->alloc);
    while (st == SVY_OK && (found = svyi_db_step(t->s, stmt, err)) == 1) {
        const svyi_thing one = { .kind = SVYI_B_INTERVIEW, .number = sqlite3_column_int64(stmt, 0) };
        st = svyi_things_add(&found_there, &one, err);
    }
    sqlite3_finalize(stmt);
    if (st == SVY_OK && found < 0)
        st = svyi_db_failed(err);
    for (size_t i = 0; i < found_there.n && st == SVY_OK; i++)
        st = svyi_submit_again(t->s, found_there.items[i].number, err);
    svyi_things_clear(&found_there);
    return st;
}
