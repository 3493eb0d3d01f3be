/* An interview in the file: opened or resumed, every event stored before the engine goes on, completed in one transaction. */
#include "store/store_priv.h"

#include <string.h>

#include "base/text.h"

enum { MAX_NAME = 1000 };                /* bytes of a case or an interviewer's name */
static const char AGENT[] = "survey";

/* A place that was shown, stored together with the next event that says something. */
typedef struct held { uint64_t sequence; svy_moment moment; char item[72], entry[184]; } held;

struct svy_session {
    svy_study *study;
    svy_session *next;
    svyi_version *v;
    svy_interview *iv;
    svyi_arena arena;
    svyi_row row;
    svy_mode mode;                       /* of this sitting, whose row is written with its first event */
    const char *actor;
    int sat;
    held held[SVYI_HELD_EVENTS];
    size_t n_held;
};

static int hold(svy_session *n, const svy_event *e)
{
    held *h = &n->held[n->n_held];

    if (n->n_held == SVYI_HELD_EVENTS || strlen(e->item) >= sizeof h->item || strlen(e->entry) >= sizeof h->entry)
        return 0;
    h->sequence = e->sequence;
    h->moment = e->moment;
    memcpy(h->item, e->item, strlen(e->item) + 1);
    memcpy(h->entry, e->entry, strlen(e->entry) + 1);
    n->n_held++;
    return 1;
}

/* Who sits here now. Only with the first event: a session in which nothing was done leaves no trace. */
static svy_status add_sitting(svy_session *n, uint64_t first, svy_error *err)
{
    const svy_sitting sitting = { .first = first, .mode = n->mode, .actor = n->actor, .organisation = "", .device = "", .agent = AGENT };

    return n->sat ? SVY_OK : svyi_sitting_add(n->study, n->row.number, &sitting, err);
}

static svy_status add_held(svy_session *n, svy_error *err)
{
    svy_status st = n->n_held > 0 ? add_sitting(n, n->held[0].sequence, err) : SVY_OK;

    for (size_t i = 0; i < n->n_held && st == SVY_OK; i++) {
        const held *h = &n->held[i];
        svy_event e = { .sequence = h->sequence, .moment = h->moment, .action = SVY_DID_GO, .item = h->item, .entry = h->entry, .value = "", .reason = "" };
        st = svyi_event_add(n->study, n->row.number, n->v->form, &e, err);
    }
    return st;
}

/* The submission is made of what the file holds, not of what memory holds: so it is known to be readable, and keys are hashed in it. */
static svy_status submit(svy_session *n, svy_moment now, svy_error *err)
{
    svy_interview *stored;
    svy_status st = svyi_journal_replay(n->study, n->row.number, n->v->form, NULL, &stored, err);

    if (st != SVY_OK)
        return st;
    svyi_row row = n->row;
    st = svyi_submit(n->study, n->v, stored, &row, now, err);
    svy_interview_free(stored);
    return st;
}

/* What an event changes beside the journal. */
static svy_status follow(svy_session *n, const svy_event *e, svy_error *err)
{
    if (e->action == SVY_DID_SUSPEND || e->action == SVY_DID_RESUME)
        return svyi_db_run(n->study, Q_INTERVIEW_PHASE, SVYI_ARGS(svyi_arg_int(e->action == SVY_DID_SUSPEND ? SVY_SUSPENDED : SVY_OPEN), svyi_arg_int(n->row.number)), err);
    if (e->action == SVY_DID_LANGUAGE)
        return svyi_db_run(n->study, Q_INTERVIEW_LANGUAGE, SVYI_ARGS(svyi_arg_text_n(e->value, e->value_len), svyi_arg_int(n->row.number)), err);
    return e->action == SVY_DID_COMPLETE ? submit(n, e->moment, err) : SVY_OK;
}

/* The journal of the engine: when this returns SVY_OK, the event is on disk. */
static svy_status store_event(void *user, const svy_event *e, svy_error *err)
{
    svy_session *n = user;
    svy_status st = svyi_db_writable(n->study, err);

    if (st != SVY_OK)
        return st;
    if (e->action == SVY_DID_GO && n->study->depth == 0 && hold(n, e))
        return SVY_OK;
    if ((st = svyi_db_begin(n->study, err)) != SVY_OK)
        return st;
    if ((st = add_held(n, err)) == SVY_OK && (n->n_held > 0 || (st = add_sitting(n, e->sequence, err)) == SVY_OK) && (st = svyi_event_add(n->study, n->row.number, n->v->form, e, err)) == SVY_OK)
        st = follow(n, e, err);
    if ((st = svyi_db_end(n->study, st, err)) == SVY_OK) {
        n->n_held = 0;
        n->sat = 1;
    }
    return st;
}

/* The case of a new interview: from the study's list when it has one, else made. */
static svy_status need_case(svy_session *n, svy_error *err)
{
    const char *form = svy_form_id(n->v->form);
    int64_t one;
    int found = svyi_db_number(n->study, Q_CASE_FIND, SVYI_ARGS(svyi_arg_text(form), svyi_arg_text(n->row.case_id)), &one, err);

    if (found != 0)
        return found < 0 ? svyi_db_failed(err) : SVY_OK;
    if ((found = svyi_db_number(n->study, Q_CASE_LISTED, SVYI_ARGS(svyi_arg_text(form)), &one, err)) != 0)
        return found < 0 ? svyi_db_failed(err) : svyi_fail(err, SVY_E_NAME, "there is no case '%.80s' in the study's list of cases", n->row.case_id);
    return svyi_db_run(n->study, Q_CASE_ADD, SVYI_ARGS(svyi_arg_text(form), svyi_arg_text(n->row.case_id), svyi_arg_text(n->row.interviewer), svyi_arg_int(0)), err);
}

/* A new interview with the parameters in force. Within a transaction. */
static svy_status start(svy_session *n, const char *language, uint64_t seed, svy_moment now, svy_error *err)
{
    svy_interview_options options = SVY_INTERVIEW_OPTIONS_INIT;
    svy_status st;

    options.seed = seed;
    options.language = language;
    options.journal = (svy_journal){ store_event, n };
    if (n->row.case_id[0] != '\0' && (st = need_case(n, err)) != SVY_OK)
        return st;
    if ((st = svyi_parameters_in_force(n->study, n->v, &n->arena, &options.parameters, &options.n_parameters, err)) != SVY_OK)
        return st;
    int lang = language != NULL ? svy_form_find_language(n->v->form, language) : 0;
    n->row.language = lang >= 0 ? svy_form_language(n->v->form, (uint32_t)lang) : "";
    n->row.seed = (int64_t)seed;
    n->row.started = now;
    if ((st = svyi_row_add(n->study, &n->row, err)) != SVY_OK)
        return st;
    return svy_interview_new(&n->study->alloc, n->v->form, &options, now, &n->iv, err);
}

static svy_status go_on(svy_session *n, const char *language, svy_moment now, svy_error *err)
{
    const svy_journal journal = { store_event, n };
    svy_status st = svyi_journal_replay(n->study, n->row.number, n->v->form, &journal, &n->iv, err);

    if (st == SVY_OK && svy_interview_phase(n->iv) == SVY_SUSPENDED)
        st = svy_interview_resume(n->iv, now, err);
    if (st == SVY_OK && language != NULL && svy_form_find_language(n->v->form, language) != (int)svy_interview_current_language(n->iv))
        st = svy_interview_language(n->iv, language, now, err);
    return st;
}

/* The interview to go on with: 1 found (n->row), 0 none, -1 failed. */
static int find_unfinished(svy_session *n, const char *case_id, const char *interviewer, svy_status *st, svy_error *err)
{
    const char *form = svy_form_id(n->v->form);
    int found = case_id != NULL ? svyi_row_read(n->study, Q_INTERVIEW_OF_CASE, SVYI_ARGS(svyi_arg_text(case_id), svyi_arg_text(form)), &n->arena, &n->row, err)
                                : svyi_row_read(n->study, Q_INTERVIEW_OF_PERSON, SVYI_ARGS(svyi_arg_text(interviewer), svyi_arg_text(form)), &n->arena, &n->row, err);

    *st = found < 0 ? svyi_db_failed(err) : SVY_OK;
    if (found == 1 && n->row.phase == SVY_COMPLETE) {
        *st = svyi_fail(err, SVY_E_STATE, "the interview of case '%.80s' is complete", case_id);
        return -1;
    }
    if (found == 1)
        for (const svy_session *other = n->study->sessions; other != NULL; other = other->next)
            if (other->row.number == n->row.number) {
                *st = svyi_fail(err, SVY_E_BUSY, "this interview is being carried out already");
                return -1;
            }
    return found;
}

static svy_status session_new(svy_study *s, const char *actor, svy_session **out, svy_error *err)
{
    svy_session *n = svyi_get(&s->alloc, sizeof *n);

    *out = n;
    if (n == NULL)
        return svyi_nomem(err);
    memset(n, 0, sizeof *n);
    n->study = s;
    n->mode = SVY_MODE_TERMINAL;
    svyi_arena_init(&n->arena, &s->alloc);
    return (n->actor = svyi_arena_text(&n->arena, actor, strlen(actor))) != NULL ? SVY_OK : svyi_nomem(err);
}

/* Keeps a session that is open, frees one that failed. */
static svy_status session_end(svy_session *n, svy_status st, svy_session **out)
{
    if (st != SVY_OK) {
        if (n != NULL)
            n->n_held = 0;
        svy_session_close(n);
        return st;
    }
    n->next = n->study->sessions;
    n->study->sessions = n;
    *out = n;
    return SVY_OK;
}

svy_status svyi_name_check(const char *what, const char *name, svy_error *err)
{
    const size_t len = strlen(name);

    if (len > MAX_NAME)
        return svyi_fail(err, SVY_E_VALUE, "the name of %s has %zu bytes: at most %d are taken", what, len, MAX_NAME);
    if (!svyi_utf8_valid(name, len))
        return svyi_fail(err, SVY_E_VALUE, "the name of %s is not a text in UTF-8: write it with other characters", what);
    for (const unsigned char *c = (const unsigned char *)name; *c != '\0'; c++)
        if (*c < 0x20 || *c == 0x7F || (c[0] == 0xC2 && c[1] < 0xA0))
            return svyi_fail(err, SVY_E_VALUE, "the name of %s has a control character, such as a line end: leave it out", what);
    return SVY_OK;
}

/* A new row for `n`; texts are copied. */
static svy_status new_row(svy_session *n, const char *case_id, const char *interviewer, const char *reason, svy_error *err)
{
    char uuid[SVYI_UUID];
    svy_status st = svyi_name_check("the case", case_id, err);

    if (st != SVY_OK || (st = svyi_name_check("the interviewer", interviewer, err)) != SVY_OK)
        return st;
    svyi_uuid_make(uuid);
    n->row = (svyi_row){ .form = n->v->number, .language = "", .outcome = "", .mode = n->mode };
    n->row.uuid = svyi_arena_text(&n->arena, uuid, strlen(uuid));
    n->row.case_id = svyi_arena_text(&n->arena, case_id, strlen(case_id));
    n->row.interviewer = svyi_arena_text(&n->arena, interviewer, strlen(interviewer));
    n->row.reason = svyi_arena_text(&n->arena, reason, strlen(reason));
    return n->row.uuid != NULL && n->row.case_id != NULL && n->row.interviewer != NULL && n->row.reason != NULL ? SVY_OK : svyi_nomem(err);
}

svy_status svy_session_open(svy_study *s, const char *form, const char *case_id, const char *interviewer, const char *language, uint64_t seed,
                            svy_moment now, svy_session **out, int *resumed, svy_error *err)
{
    svy_session *n = NULL;
    svy_status st;
    int found = 0;

    SVY_REQUIRE(out != NULL, err);
    *out = NULL;
    if (resumed != NULL)
        *resumed = 0;
    SVY_REQUIRE(s != NULL, err);
    interviewer = interviewer != NULL ? interviewer : "";
    if (case_id != NULL && case_id[0] == '\0')
        case_id = NULL;
    if ((st = svyi_db_writable(s, err)) != SVY_OK || (st = svyi_name_check("the interviewer", interviewer, err)) != SVY_OK || (st = session_new(s, interviewer, &n, err)) != SVY_OK)
        return session_end(n, st, out);
    if ((st = svyi_version_newest(s, form, &n->v, err)) == SVY_OK)
        found = find_unfinished(n, case_id, interviewer, &st, err);
    if (st == SVY_OK && found == 0)
        st = new_row(n, case_id != NULL ? case_id : "", interviewer, "", err);
    if (st == SVY_OK && found == 1)
        st = svyi_version_load(s, n->row.form, &n->v, err);
    if (st == SVY_OK && (st = svyi_db_begin(s, err)) == SVY_OK) {
        st = found == 1 ? go_on(n, language, now, err) : start(n, language, seed, now, err);
        st = svyi_db_end(s, st, err);
    }
    if (st == SVY_OK && resumed != NULL)
        *resumed = found;
    return session_end(n, st, out);
}

svy_status svyi_session_start(svy_study *s, svyi_version *v, const char *case_id, const char *interviewer, const char *language, uint64_t seed, svy_mode mode,
                              svy_moment now, svy_session **out, svy_error *err)
{
    svy_session *n = NULL;
    svy_status st = session_new(s, interviewer, &n, err);

    *out = NULL;
    if (st != SVY_OK)
        return session_end(n, st, out);
    n->mode = mode;
    n->v = v;
    if ((st = new_row(n, case_id, interviewer, "", err)) == SVY_OK) {
        n->row.imported = 1;
        st = start(n, language, seed, now, err);
    }
    return session_end(n, st, out);
}

/* The last revision of an interview, or its correction under way. */
static svy_status last_revision(svy_session *n, const char *interview, svyi_row *first, svyi_row *last, svy_error *err)
{
    sqlite3_stmt *stmt;
    int found = svyi_row_read(n->study, Q_INTERVIEW_FIND, SVYI_ARGS(svyi_arg_text(interview)), &n->arena, first, err);

    if (found < 0)
        return svyi_db_failed(err);
    if (found == 0)
        return svyi_fail(err, SVY_E_NAME, "there is no interview '%.64s' in the study", interview);
    if (first->phase != SVY_COMPLETE || first->erased || first->blanked || first->corrects != 0)
        return svyi_fail(err, SVY_E_STATE, "interview '%.64s' %s, so it cannot be corrected", interview,
                         first->erased ? "has been erased" : first->blanked ? "kept no answers after its early end" : first->corrects ? "is itself a correction" : "is not complete");
    svy_status st = svyi_db_query(n->study, Q_INTERVIEW_REVISIONS, SVYI_ARGS(svyi_arg_int(first->number)), &stmt, err);
    *last = *first;
    while (st == SVY_OK && (found = svyi_db_step(n->study, stmt, err)) == 1)
        if (svyi_row_take(stmt, &n->arena, last) < 0) {
            sqlite3_reset(stmt);
            return svyi_nomem(err);
        }
    if (st != SVY_OK || found < 0)
        return st != SVY_OK ? st : svyi_db_failed(err);
    return last->blanked ? svyi_fail(err, SVY_E_STATE, "interview '%.64s' kept no answers after its early end, so it cannot be corrected", interview) : SVY_OK;
}

/* A correction begins with the journal of what it corrects. Within a transaction. */
static svy_status start_correction(svy_session *n, const svyi_row *first, const svyi_row *last, const char *actor, const char *reason, svy_moment now, svy_error *err)
{
    svy_status st = new_row(n, first->case_id, actor, reason, err);

    n->row.corrects = first->number;
    n->row.seed = first->seed;
    n->row.language = last->language;
    n->row.started = now;
    if (st == SVY_OK && (st = svyi_row_add(n->study, &n->row, err)) == SVY_OK)
        st = svyi_journal_copy(n->study, n->row.number, last->number, err);
    return st == SVY_OK ? go_on(n, NULL, now, err) : st;
}

svy_status svy_session_correct(svy_study *s, const char *interview, const char *actor, const char *reason, svy_moment now, svy_session **out, svy_error *err)
{
    svy_session *n = NULL;
    svyi_row first, last;
    svy_status st;

    SVY_REQUIRE(out != NULL, err);
    *out = NULL;
    SVY_REQUIRE(s != NULL && interview != NULL && actor != NULL && reason != NULL && reason[0] != '\0', err);
    if ((st = svyi_db_writable(s, err)) != SVY_OK || (st = session_new(s, actor, &n, err)) != SVY_OK)
        return session_end(n, st, out);
    if ((st = last_revision(n, interview, &first, &last, err)) == SVY_OK && (st = svyi_version_load(s, first.form, &n->v, err)) == SVY_OK &&
        (st = svyi_db_begin(s, err)) == SVY_OK) {
        if (last.phase == SVY_COMPLETE) {
            st = start_correction(n, &first, &last, actor, reason, now, err);
        } else {
            n->row = last;
            st = go_on(n, NULL, now, err);
        }
        st = svyi_db_end(s, st, err);
    }
    return session_end(n, st, out);
}

svy_interview *svy_session_interview(svy_session *session)
{
    return session->iv;
}

const char *svy_session_uuid(const svy_session *session)
{
    return session->row.uuid;
}

svy_status svy_session_complete(svy_session *session, svy_moment now, svy_error *err)
{
    SVY_REQUIRE(session != NULL, err);
    return svy_interview_complete(session->iv, now, err);
}

int svyi_session_has(const svy_study *s, int64_t number)
{
    for (const svy_session *n = s->sessions; n != NULL; n = n->next)
        if (n->row.number == number)
            return 1;
    return 0;
}

void svy_session_close(svy_session *session)
{
    if (session == NULL)
        return;
    svy_study *s = session->study;
    for (svy_session **at = &s->sessions; *at != NULL; at = &(*at)->next)
        if (*at == session) {
            *at = session->next;
            break;
        }
    /* What was shown last says nothing that could be lost, so a failure here is no failure. */
    if (session->n_held > 0 && svyi_db_begin(s, NULL) == SVY_OK)
        (void)!svyi_db_end(s, add_held(session, NULL), NULL);
    svy_interview_free(session->iv);
    svyi_arena_clear(&session->arena);
    svyi_release(&s->alloc, session, sizeof *session);
}
