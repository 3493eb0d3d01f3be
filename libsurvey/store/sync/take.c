/* Taking what another file of the study has: questionnaires, parameters, cases, files, what is kept aside, imported rows. */
#include <stdio.h>
#include <string.h>

#include "store/people/people_priv.h"
#include "store/sync/priv.h"

/* ---- who, and of which study ---- */

svy_status svyi_scope_of(const svy_principal *who, svyi_scope *out, svy_error *err)
{
    *out = (svyi_scope){ .organisation = NULL, .deploys = 1, .erases = 1 };
    if (who == NULL)
        return SVY_OK;
    out->deploys = svy_allowed(who, SVY_RIGHT_DEPLOY);
    out->erases = svy_allowed(who, SVY_RIGHT_ERASE);
    if (svy_allowed(who, SVY_RIGHT_SYNC))
        return SVY_OK;
    if (who->organisation[0] == '\0' || !svy_allowed(who, SVY_RIGHT_SYNC_ORGANISATION))
        return svyi_fail(err, SVY_E_STATE, "this account may not synchronise: ask an administrator for an account of a researcher, or of a supervisor of your organisation");
    out->organisation = who->organisation;
    return SVY_OK;
}

/* 1 the text stands in the table study under this name, 0 it does not, -1 failed. */
static int study_says(svy_study *s, const char *name, const char *value, svy_error *err)
{
    int64_t one;

    return svyi_once_number(s, "SELECT 1 FROM study WHERE name = ?1 AND (?2 IS NULL OR value = ?2)", SVYI_ARGS(svyi_arg_text(name), svyi_arg_text(value)), &one, err);
}

svy_status svyi_head_fits(svy_study *s, const svyi_frame_read *head, svy_error *err)
{
    svyi_fields identity = head->identity, rest = head->rest;
    const char *uuid = svyi_get_text(&identity);
    const uint8_t *open = svyi_get_fixed(&identity, SVYI_KEY);
    uint8_t own[SVYI_KEY];
    const int same = study_says(s, "uuid", uuid, err), rehearsal = same == 1 ? study_says(s, "rehearsal", NULL, err) : 0;

    if (same < 0 || rehearsal < 0)
        return svyi_db_failed(err);
    if (same == 0)
        return svyi_fail(err, SVY_E_STATE, "it is of another study than '%.200s': only files of one study come together; a partner's file is made by synchronising a file that is not there yet", s->path);
    if (svyi_secret_load(s, "project-public", own, err) != 1)
        return svyi_db_failed(err);
    if (memcmp(own, open, sizeof own) != 0)
        return svyi_fail(err, SVY_E_STATE, "it has another project key than '%.200s': both were made from one file of an older version; make one of them anew by synchronising", s->path);
    if ((int)svyi_get_number(&rest) != rehearsal)
        return svyi_fail(err, SVY_E_STATE, "one of the two is a rehearsal with simulated interviews, the other is not: they do not come together");
    return SVY_OK;
}

svy_status svyi_taker_begin(svyi_taker *t, svy_study *s, const svy_principal *who, const char *actor, svy_moment now, svy_merged *result, const svy_sync_report *report,
                            svy_error *err)
{
    *t = (svyi_taker){ .s = s, .actor = actor, .now = now, .result = result, .report = report };
    return svyi_scope_of(who, &t->scope, err);
}

void svyi_taker_end(svyi_taker *t)
{
    svy_reception_free(t->reception);
    t->reception = NULL;
}

svy_status svyi_taker_reception(svyi_taker *t, svy_error *err)
{
    return t->reception != NULL ? SVY_OK : svy_reception_new(t->s, &t->reception, err);
}

svy_status svyi_refuse(svyi_taker *t, const svyi_frame_read *frame, const char *why, svy_error *err)
{
    svyi_thing one = { .kind = frame->kind };

    t->result->refused++;
    if (t->report != NULL && t->report->say != NULL)
        t->report->say(t->report->user, why);
    if (t->refused == NULL)
        return SVY_OK;
    svyi_thing_digest(frame->kind, frame->identity.at, (size_t)(frame->identity.end - frame->identity.at), one.digest);
    return svyi_things_add(t->refused, &one, err);
}

/* ---- questionnaires and parameters ---- */

enum { SOURCES = 1000 };

static svy_status take_form(svyi_taker *t, const svyi_frame_read *frame, svy_error *err)
{
    svyi_fields id = frame->identity, rest = frame->rest;
    svy_error why = SVY_ERROR_INIT;
    char sentence[512];
    size_t size, n = 0;
    const char *form = svyi_get_text(&id), *version = svyi_get_text(&id);
    const uint8_t *block = svyi_get_bytes(&id, &size);
    const char *actor = svyi_get_text(&rest);
    svy_moment at = { .utc_ms = svyi_get_signed(&rest) };
    int64_t here;
    at.zone_minutes = (int32_t)svyi_get_signed(&rest);
    if (!t->scope.deploys) {
        const int found = svyi_once_number(t->s, "SELECT 1 FROM forms WHERE id = ? AND version = ? AND block = ?",
                                           SVYI_ARGS(svyi_arg_text(form), svyi_arg_text(version), svyi_arg_blob(block, size)), &here, err);
        snprintf(sentence, sizeof sentence, "version %.64s of '%.80s' was not taken: this account may not deploy questionnaires", version, form);
        return found < 0 ? svyi_db_failed(err) : found == 1 ? SVY_OK : svyi_refuse(t, frame, sentence, err);
    }
    svy_source *sources = svyi_get(&t->s->alloc, SOURCES * sizeof *sources);
    if (sources == NULL)
        return svyi_nomem(err);
    while (svyi_fields_left(&rest) && n < SOURCES) {
        sources[n] = (svy_source){ .name = svyi_get_text(&rest) };
        sources[n].bytes = svyi_get_bytes(&rest, &sources[n].size);
        n++;
    }
    svy_status st = svyi_db_run(t->s, Q_SAVE, NULL, 0, err);
    if (st == SVY_OK) {
        const int known = svyi_once_number(t->s, "SELECT 1 FROM forms WHERE id = ? AND version = ?", SVYI_ARGS(svyi_arg_text(form), svyi_arg_text(version)), &here, err);
        const svy_status done = svyi_deploy(t->s, block, size, sources, n, actor, 1, at, &why);
        if (done != SVY_OK && (st = svyi_db_run(t->s, Q_BACK, NULL, 0, err)) == SVY_OK) {
            snprintf(sentence, sizeof sentence, "version %.64s of '%.80s' was not taken: %.300s", version, form, why.message);
            st = done == SVY_E_NOMEM || done == SVY_E_IO ? svyi_fail(err, done, "%s", why.message) : svyi_refuse(t, frame, sentence, err);
        }
        t->result->forms += done == SVY_OK && known == 0;
        if (st == SVY_OK)
            st = svyi_db_run(t->s, Q_RELEASE, NULL, 0, err);
    }
    svyi_release(&t->s->alloc, sources, SOURCES * sizeof *sources);
    svyi_taker_end(t);
    return st;
}

static svy_status take_medium(svyi_taker *t, const svyi_frame_read *frame, svy_error *err)
{
    svyi_fields id = frame->identity, rest = frame->rest;
    char sentence[512];
    svy_error why = SVY_ERROR_INIT;
    uint8_t own[SVYI_HASH];
    int64_t number;
    int added = 0;
    const char *form = svyi_get_text(&id), *version = svyi_get_text(&id), *checksum = svyi_get_text(&id);
    svy_source file = { .name = svyi_get_text(&id), .medium = 1 };
    const uint8_t *hash = svyi_get_fixed(&id, SVYI_HASH);
    svy_moment at = { .utc_ms = svyi_get_signed(&id) };
    const char *actor = svyi_get_text(&rest);
    at.zone_minutes = (int32_t)svyi_get_signed(&rest);
    file.bytes = svyi_get_bytes(&rest, &file.size);
    const int found = svyi_once_number(t->s, "SELECT number FROM forms WHERE id = ? AND version = ? AND checksum = ?",
                                       SVYI_ARGS(svyi_arg_text(form), svyi_arg_text(version), svyi_arg_text(checksum)), &number, err);
    if (found < 0)
        return svyi_db_failed(err);
    svyi_sha256(file.bytes, file.size, own);
    svy_status st = !t->scope.deploys ? svyi_fail(&why, SVY_E_STATE, "this account may not deploy questionnaires")
                  : found == 0 ? svyi_fail(&why, SVY_E_NAME, "the version is not here")
                  : memcmp(own, hash, sizeof own) != 0 ? svyi_fail(&why, SVY_E_FORMAT, "it is not what its hash says") : svyi_medium_check(&file, &why);
    if (st != SVY_OK) {
        snprintf(sentence, sizeof sentence, "'%.100s' of version %.64s of '%.80s' was not taken: %.150s", file.name, version, form, why.message);
        return svyi_refuse(t, frame, sentence, err);
    }
    st = svyi_medium_add(t->s, number, &file, actor, 1, at, &added, err);
    t->result->files += st == SVY_OK && added;
    return st;
}

static svy_status take_parameter(svyi_taker *t, const svyi_frame_read *frame, svy_error *err)
{
    static const char SQL[] = "INSERT INTO parameters(form, id, value, actor, utc_ms, zone) SELECT ?1, ?2, ?3, ?4, ?5, ?6 WHERE NOT EXISTS (SELECT 1 FROM parameters"
                              " WHERE form = ?1 AND id = ?2 AND value IS ?3 AND actor = ?4 AND utc_ms = ?5 AND zone = ?6)";
    svyi_fields id = frame->identity;
    const char *form = svyi_get_text(&id), *name = svyi_get_text(&id);
    const int there = svyi_get_number(&id) != 0;
    const char *value = svyi_get_text(&id), *actor = svyi_get_text(&id);
    const int64_t utc = svyi_get_signed(&id), zone = svyi_get_signed(&id);

    if (!t->scope.deploys)
        return SVY_OK;
    const svy_status st = svyi_db_once(t->s, SQL, SVYI_ARGS(svyi_arg_text(form), svyi_arg_text(name), svyi_arg_text(there ? value : NULL), svyi_arg_text(actor), svyi_arg_int(utc),
                                                         svyi_arg_int(zone)), err);
    t->result->parameters += st == SVY_OK && sqlite3_changes(t->s->db) > 0;
    return st;
}

/* ---- cases ---- */

typedef struct kase { const char *form, *id, *assigned, *organisation, *comment; int64_t assigned_at, returned_at; int listed, returned; svyi_fields contacts; } kase;

static kase read_case(const svyi_frame_read *frame)
{
    svyi_fields id = frame->identity;
    kase c = { .form = svyi_get_text(&id) };

    c.id = svyi_get_text(&id);
    c.assigned = svyi_get_text(&id);
    c.organisation = svyi_get_text(&id);
    c.assigned_at = svyi_get_signed(&id);
    c.listed = svyi_get_number(&id) != 0;
    c.returned = svyi_get_number(&id) != 0;
    c.comment = svyi_get_text(&id);
    c.returned_at = svyi_get_signed(&id);
    c.contacts = id;
    return c;
}

/* Who has it, and how to reach it: all from the side that changed it last. Its moment is set when all else stands, because changes move it. */
static svy_status give_case(svyi_taker *t, const kase *c, svy_error *err)
{
    svy_study *s = t->s;
    svyi_fields contacts = c->contacts;
    const svyi_arg form = svyi_arg_text(c->form), id = svyi_arg_text(c->id);
    svy_status st = svyi_db_once(s, "INSERT INTO cases(form, id, assigned, organisation, listed, assigned_utc_ms) VALUES(?1,?2,?3,?4,?5,?6) ON CONFLICT DO UPDATE SET"
                                    " assigned = ?3, organisation = ?4, listed = max(listed, ?5)",
                                 SVYI_ARGS(form, id, svyi_arg_text(c->assigned), svyi_arg_text(c->organisation), svyi_arg_int(c->listed), svyi_arg_int(c->assigned_at)), err);

    if (st == SVY_OK)
        st = svyi_db_once(s, "DELETE FROM case_contacts WHERE form = ? AND id = ?", SVYI_ARGS(form, id), err);
    while (st == SVY_OK && svyi_fields_left(&contacts)) {
        const char *name = svyi_get_text(&contacts), *value = svyi_get_text(&contacts);
        st = svyi_db_once(s, "INSERT OR REPLACE INTO case_contacts(form, id, name, value) VALUES(?,?,?,?)", SVYI_ARGS(form, id, svyi_arg_text(name), svyi_arg_text(value)), err);
    }
    return st == SVY_OK ? svyi_db_once(s, "UPDATE cases SET assigned_utc_ms = ? WHERE form = ? AND id = ?", SVYI_ARGS(svyi_arg_int(c->assigned_at), form, id), err) : st;
}

static svy_status return_case(svyi_taker *t, const kase *c, svy_error *err)
{
    return svyi_db_once(t->s, "UPDATE cases SET returned = ?1, comment = ?2, returned_utc_ms = ?3 WHERE form = ?4 AND id = ?5",
                        SVYI_ARGS(svyi_arg_int(c->returned), svyi_arg_text(c->comment), svyi_arg_int(c->returned_at), svyi_arg_text(c->form), svyi_arg_text(c->id)), err);
}

/* Once listed anywhere it is listed everywhere; it was not given to anybody by that. */
static svy_status list_case(svyi_taker *t, const kase *c, svy_error *err)
{
    static const char LISTED[] = "UPDATE cases SET listed = 1, assigned_utc_ms = assigned_utc_ms + 1 WHERE form = ? AND id = ?";
    static const char MOMENT[] = "UPDATE cases SET assigned_utc_ms = assigned_utc_ms - 1 WHERE form = ? AND id = ?";
    const svyi_arg form = svyi_arg_text(c->form), id = svyi_arg_text(c->id);
    const svy_status st = svyi_db_once(t->s, LISTED, SVYI_ARGS(form, id), err);

    return st == SVY_OK ? svyi_db_once(t->s, MOMENT, SVYI_ARGS(form, id), err) : st;
}

/* Which parts of the case are newer there: 1 who has it, 2 that it was returned, 4 that it is listed. At the same moment the greater texts. -1 failed. */
static int newer_there(svyi_taker *t, const kase *c, svy_error *err)
{
    static const char SQL[] = "SELECT (?3, ?4, ?5) > (assigned_utc_ms, assigned, organisation), (?6, ?7, ?8) > (returned_utc_ms, returned, comment), ?9 > listed, organisation FROM cases"
                              " WHERE form = ?1 AND id = ?2";
    const svyi_arg args[] = { svyi_arg_text(c->form), svyi_arg_text(c->id), svyi_arg_int(c->assigned_at), svyi_arg_text(c->assigned), svyi_arg_text(c->organisation),
                              svyi_arg_int(c->returned_at), svyi_arg_int(c->returned), svyi_arg_text(c->comment), svyi_arg_int(c->listed) };
    sqlite3_stmt *stmt = NULL;
    int found = -1, newer = 3;

    if (svyi_once(t->s, SQL, args, sizeof args / sizeof args[0], &stmt, err) == SVY_OK)
        found = svyi_db_step(t->s, stmt, err);
    if (found == 1)
        newer = sqlite3_column_int(stmt, 0) + 2 * sqlite3_column_int(stmt, 1) + 4 * sqlite3_column_int(stmt, 2);
    if (found == 0 && !c->listed)                 /* its interview was erased here, or not taken */
        newer = 0;
    /* A partner says what becomes of its own cases; whose they are is not its to say. */
    if (found >= 0 && t->scope.organisation != NULL && (found == 0 || strcmp(svyi_db_text(stmt, 3), t->scope.organisation) != 0 || strcmp(c->organisation, t->scope.organisation) != 0))
        newer = 0;
    sqlite3_finalize(stmt);
    return found < 0 ? -1 : newer;
}

static svy_status take_case(svyi_taker *t, const svyi_frame_read *frame, svy_error *err)
{
    const kase c = read_case(frame);
    svy_status st = svyi_name_check("the case", c.id, err);

    if (st != SVY_OK || (st = svyi_name_check("the interviewer", c.assigned, err)) != SVY_OK)
        return st;
    const int newer = newer_there(t, &c, err);
    if (newer < 0)
        return svyi_db_failed(err);
    if ((newer & 1) != 0)
        st = give_case(t, &c, err);
    if (st == SVY_OK && (newer & 2) != 0)
        st = return_case(t, &c, err);
    if (st == SVY_OK && (newer & 4) != 0)
        st = list_case(t, &c, err);
    t->result->cases += newer != 0;
    return st;
}

/* ---- files ---- */

/* Of a sealed file nothing but the hash it came with can be known; one of a partner must have the hash it says. */
static svy_status take_file(svyi_taker *t, const svyi_frame_read *frame, svy_error *err)
{
    static const uint8_t NONE[SVYI_HASH];
    svyi_fields id = frame->identity, rest = frame->rest;
    const uint8_t *hash = svyi_get_fixed(&id, SVYI_HASH);
    const int by_hash = svyi_get_number(&id) != 0;
    const uint8_t *digest = svyi_get_fixed(&rest, SVYI_HASH);
    size_t n;
    const uint8_t *bytes = svyi_get_bytes(&rest, &n);
    uint8_t own[SVYI_HASH];
    svy_attachment *a;
    svy_status st;

    svyi_sha256(bytes, n, own);
    const int sealed = by_hash && memcmp(digest, NONE, sizeof own) == 0, another = by_hash && !sealed;
    if (memcmp(own, another ? digest : hash, sizeof own) != 0 || (another && t->scope.organisation != NULL))
        return svyi_refuse(t, frame, "a file was not taken: it is not what its hash says", err);
    if (another) {
        st = svyi_db_run(t->s, Q_ATTACHMENT_ADD, SVYI_ARGS(svyi_arg_blob(hash, SVYI_HASH), svyi_arg_blob(digest, SVYI_HASH), svyi_arg_int((int64_t)n), svyi_arg_int(t->now.utc_ms),
                                                        svyi_arg_text(t->actor), svyi_arg_blob(bytes, n)), err);
        t->result->files += st == SVY_OK && sqlite3_changes(t->s->db) > 0;
        return st;
    }
    if ((st = svyi_taker_reception(t, err)) != SVY_OK || (st = svy_attachment_prepare(t->reception, bytes, n, sealed, &a, err)) != SVY_OK)
        return st;
    const int before = sqlite3_total_changes(t->s->db);
    st = svy_study_attach(t->s, &a, 1, t->actor, t->now, err);
    svy_attachment_free(a);
    t->result->files += st == SVY_OK && sqlite3_total_changes(t->s->db) > before;
    return st;
}

/* ---- kept aside, imported rows ---- */

static svy_status remember(svyi_taker *t, const svyi_frame_read *frame, svy_error *err)
{
    uint8_t digest[SVYI_THING_DIGEST];

    svyi_thing_digest(frame->kind, frame->identity.at, (size_t)(frame->identity.end - frame->identity.at), digest);
    return svyi_db_once(t->s, "INSERT OR IGNORE INTO sync_seen(digest) VALUES(?)", SVYI_ARGS(svyi_arg_blob(digest, sizeof digest)), err);
}

/* The sender of what was kept, but of a partner its organisation. */
static svy_sender kept_sender(const svyi_taker *t, svyi_fields *f)
{
    svy_sender from = { .actor = svyi_get_text(f) };
    from.organisation = svyi_get_text(f);
    from.mode = (svy_mode)svyi_get_number(f);
    from.device = svyi_get_text(f);
    from.agent = svyi_get_text(f);
    const int limited = svyi_get_number(f) != 0;
    const char *only = svyi_get_text(f);
    from.case_allowed = limited ? only : NULL;
    const int one_form = svyi_get_number(f) != 0;
    const char *form = svyi_get_text(f);
    from.form_allowed = one_form ? form : NULL;
    const uint64_t touch = svyi_get_number(f);
    from.touch = touch == SVY_TOUCH_ANY && t->scope.organisation == NULL ? SVY_TOUCH_ANY : touch == SVY_TOUCH_NEW ? SVY_TOUCH_NEW : SVY_TOUCH_OWN;
    from.mode = from.mode <= SVY_MODE_SIMULATION ? from.mode : (svy_mode)0;
    from.actor = from.actor[0] != '\0' ? from.actor : NULL;
    from.organisation = t->scope.organisation != NULL ? t->scope.organisation : from.organisation[0] != '\0' ? from.organisation : NULL;
    from.device = from.device[0] != '\0' ? from.device : NULL;
    from.agent = from.agent[0] != '\0' ? from.agent : NULL;
    return from;
}

/* As it came: tried again here, where its version or the key may be; else kept aside here, too. */
static svy_status take_kept(svyi_taker *t, const svyi_frame_read *frame, svy_error *err)
{
    svyi_fields id = frame->identity, rest = frame->rest;
    const uint8_t *hash = svyi_get_fixed(&id, SVYI_HASH);
    svy_received got;
    svy_arrival *a;
    int64_t here;
    size_t n;
    svy_status st = svyi_taker_reception(t, err);
    const int found = st == SVY_OK ? svyi_db_number(t->s, Q_KEPT_FIND, SVYI_ARGS(svyi_arg_blob(hash, SVYI_HASH)), &here, err) : 0;

    if (st != SVY_OK || found != 0)
        return found < 0 ? svyi_db_failed(err) : st;
    for (int i = 0; i < 3; i++)
        (void)svyi_get_text(&rest);
    const svy_sender from = kept_sender(t, &rest);
    (void)svyi_get_text(&rest);
    svy_moment received = { .utc_ms = svyi_get_signed(&rest) };
    received.zone_minutes = (int32_t)svyi_get_signed(&rest);
    const int boxed = svyi_get_number(&rest) != 0;
    const uint8_t *bytes = svyi_get_bytes(&rest, &n);
    if ((st = svy_arrival_prepare(t->reception, bytes, n, boxed, &from, received, &a, err)) != SVY_OK)
        return st;
    if (t->scope.organisation == NULL)
        memcpy(a->hash, hash, SVYI_HASH);
    if ((st = svy_study_receive(t->s, &a, 1, &got, err)) == SVY_OK)
        st = remember(t, frame, err);
    svy_arrival_free(a);
    t->result->kept += st == SVY_OK;
    return st;
}

static svy_status take_import(svyi_taker *t, const svyi_frame_read *frame, svy_error *err)
{
    svyi_fields id = frame->identity;
    const char *form = svyi_get_text(&id), *key = svyi_get_text(&id), *interview = svyi_get_text(&id);

    return svyi_db_once(t->s, "INSERT OR IGNORE INTO imports(form, row_key, interview) VALUES(?,?,?)", SVYI_ARGS(svyi_arg_text(form), svyi_arg_text(key), svyi_arg_text(interview)), err);
}

svy_status svyi_take(svyi_taker *t, const svyi_frame_read *frame, svy_error *err)
{
    switch (frame->kind) {
    case SVYI_B_FORM: return take_form(t, frame, err);
    case SVYI_B_MEDIUM: return take_medium(t, frame, err);
    case SVYI_B_PARAMETER: return take_parameter(t, frame, err);
    case SVYI_B_CASE: return take_case(t, frame, err);
    case SVYI_B_FILE: return take_file(t, frame, err);
    case SVYI_B_INTERVIEW: return svyi_take_interview(t, frame, err);
    case SVYI_B_REMNANT: return svyi_take_remnant(t, frame, err);
    case SVYI_B_ERASURE: return svyi_take_erasure(t, frame, err);
    case SVYI_B_KEPT: return take_kept(t, frame, err);
    case SVYI_B_IMPORT: return take_import(t, frame, err);
    case SVYI_B_HEAD: return svyi_head_fits(t->s, frame, err);
    case SVYI_B_HAVE:
    case SVYI_B_SERVED:
    case SVYI_B_GROUPS:
    case SVYI_B_END:
    default: return SVY_OK;
    }
}

svy_status svyi_taker_finish(svyi_taker *t, const svy_merged *before, svy_error *err)
{
    const svy_merged *r = t->result;
    char detail[200];
    const svy_status st = svyi_sync_settle(t, err);

    if (st != SVY_OK || memcmp(r, before, sizeof *r) == 0)
        return st;
    snprintf(detail, sizeof detail, "interviews %llu, continued %llu, conflicts %llu, erased %llu, questionnaires %llu, refused %llu",
             (unsigned long long)(r->interviews - before->interviews), (unsigned long long)(r->continued - before->continued),
             (unsigned long long)(r->conflicts - before->conflicts), (unsigned long long)(r->erased - before->erased), (unsigned long long)(r->forms - before->forms),
             (unsigned long long)(r->refused - before->refused));
    return svy_study_audit(t->s, t->now, t->actor, "study.sync", t->scope.organisation != NULL ? t->scope.organisation : "", detail, err);
}
