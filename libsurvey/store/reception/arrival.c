/* A package on its way in, before the database sees it: unsealed, read, replayed through the engine, packed as it will be stored. */
#define _GNU_SOURCE
#include "store/reception/priv.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

/* While a package is read. */
typedef struct reading {
    svy_arrival *a;
    svy_interview *iv;                   /* by the events as they are stored: keys hashed */
    svy_interview *said;                 /* by the events as they came, which is what checks must see; the same as `iv` unless keys were hashed */
    svyi_buffer hidden;                  /* frames of events whose keys were hashed */
    const uint8_t *bytes, *stop;         /* the package */
    int64_t patience_ns, began_ns, began_processor_ns;   /* of this thread's processor time, since then by two clocks; 0: as long as it takes */
    int failed;                          /* out of memory, rather than a bad package */
} reading;

static const char *keep(svy_arrival *a, const char *text)
{
    return svyi_arena_text(&a->arena, text != NULL ? text : "", text != NULL ? strlen(text) : 0);
}

static svy_status nomem(reading *g, svy_error *err)
{
    g->failed = 1;
    return svyi_nomem(err);
}

static svy_status find_version(svy_arrival *a, svy_error *err)
{
    int known = 0;

    for (svyi_version *v = a->reception->versions; v != NULL; v = v->next) {
        if (strcmp(svy_form_id(v->form), a->head.form) != 0)
            continue;
        known = 1;
        if (strcmp(svy_form_version(v->form), a->head.version) != 0)
            continue;
        if (svy_form_checksum(v->form) != a->head.checksum)
            return svyi_fail(err, SVY_E_INVALID, "version %.64s of '%.80s' has other content here than on the device", a->head.version, a->head.form);
        a->v = v;
        return SVY_OK;
    }
    return known ? svyi_fail(err, SVY_E_INVALID, "version %.64s of '%.80s' is not deployed here", a->head.version, a->head.form)
                 : svyi_fail(err, SVY_E_INVALID, "there is no questionnaire '%.80s' here", a->head.form);
}

static svy_status take_head(void *user, const svy_package_head *head, svy_error *err)
{
    reading *g = user;
    svy_arrival *a = g->a;
    svy_status st;

    a->head = (svy_package_head){ keep(a, head->uuid), keep(a, head->form), keep(a, head->version), head->checksum, keep(a, head->case_id), keep(a, head->corrects),
                                  keep(a, head->reason) };
    if (a->head.uuid == NULL || a->head.form == NULL || a->head.version == NULL || a->head.case_id == NULL || a->head.corrects == NULL || a->head.reason == NULL)
        return nomem(g, err);
    if (a->from.form_allowed != NULL && strcmp(a->from.form_allowed, head->form) != 0)
        return svyi_fail(err, SVY_E_INVALID, "it is of the questionnaire '%.80s', and whoever sent it may only send '%.80s'", head->form, a->from.form_allowed);
    if ((st = find_version(a, err)) != SVY_OK || (st = svyi_name_check("the case", a->head.case_id, err)) != SVY_OK)
        return st;
    if (a->from.case_allowed != NULL && strcmp(a->from.case_allowed, a->head.case_id) != 0)
        return svyi_fail(err, SVY_E_INVALID, "it is of case '%.80s', which whoever sent it has no right to", a->head.case_id);
    const int two = a->v->has_key && !a->from.keys_hashed;
    if (svy_interview_replay_begin(&a->alloc, a->v->form, NULL, &g->iv, err) != SVY_OK || (two && svy_interview_replay_begin(&a->alloc, a->v->form, NULL, &g->said, err) != SVY_OK))
        return nomem(g, err);
    svy_interview_audit_begin(g->said != NULL ? g->said : g->iv);
    return SVY_OK;
}

/* What the receiver knows wins. */
static svy_status take_sitting(void *user, const svy_sitting *sitting, svy_error *err)
{
    reading *g = user;
    svy_arrival *a = g->a;
    const svy_sender *from = &a->from;
    svy_sitting one = *sitting;
    svy_status st;

    if (svyi_grow(&a->alloc, &a->sittings, &a->sittings_capacity, a->n_sittings + 1, sizeof one) != 0)
        return nomem(g, err);
    one.mode = from->mode != 0 ? from->mode : sitting->mode;
    one.actor = keep(a, from->actor != NULL ? from->actor : sitting->actor);
    one.organisation = keep(a, from->organisation != NULL ? from->organisation : sitting->organisation);
    one.device = keep(a, from->device != NULL ? from->device : sitting->device);
    one.agent = keep(a, from->agent != NULL ? from->agent : sitting->agent);
    if (one.actor == NULL || one.organisation == NULL || one.device == NULL || one.agent == NULL)
        return nomem(g, err);
    if ((st = svyi_name_check("the interviewer", one.actor, err)) != SVY_OK || (st = svyi_name_check("the organisation", one.organisation, err)) != SVY_OK ||
        (st = svyi_name_check("the device", one.device, err)) != SVY_OK)
        return st;
    a->sittings[a->n_sittings++] = one;
    return SVY_OK;
}

/* What stands in the way of completing, as the engine sees it now. */
static svy_status no_problems(svy_interview *iv, svy_error *err)
{
    svy_problem problem;
    uint64_t cursor = 0;

    if (!svy_interview_next_problem(iv, &cursor, &problem))
        return SVY_OK;
    const char *id = svy_form_item_id(svy_interview_form(iv), problem.place.item);
    if (problem.check == SVY_PROBLEM_REQUIRED)
        return svyi_fail(err, SVY_E_INVALID, "it was completed without an answer to '%.80s'", id);
    return svyi_fail(err, SVY_E_INVALID, problem.check == SVY_PROBLEM_NOT_OFFERED ? "the answer to '%.80s' is none that is offered" : "a check of '%.80s' fails", id);
}

/* Where answers are given one by one, the engine tells what it would not have taken, also what stood in the way of completing. Elsewhere values are put
 * anywhere, and only the end is looked at. */
static int is_audited(const svy_arrival *a)
{
    const svy_mode mode = a->n_sittings > 0 ? a->sittings[a->n_sittings - 1].mode : SVY_MODE_WEB;

    return mode != SVY_MODE_ODK && mode != SVY_MODE_IMPORT && !a->from.keys_hashed;
}

static int64_t clock_ns(clockid_t clock)
{
    struct timespec t;

    return clock_gettime(clock, &t) == 0 ? t.tv_sec * INT64_C(1000000000) + t.tv_nsec : 0;
}

int64_t svyi_processor_ns(void)
{
    return clock_ns(CLOCK_THREAD_CPUTIME_ID);
}

/* Few events can mean much work, when each makes thousands of entries of a roster come and go. The clock on the wall is asked first, because asking it costs nothing:
 * a thread has had no more of the processor than has passed. */
static svy_status take_time(const reading *g, svy_error *err)
{
    enum { EVERY = 16 };

    if (g->patience_ns == 0 || g->a->events % EVERY != 0 || clock_ns(CLOCK_MONOTONIC) - g->began_ns < g->patience_ns ||
        svyi_processor_ns() - g->began_processor_ns < g->patience_ns)
        return SVY_OK;
    return svyi_fail(err, SVY_E_LIMIT, "checking it takes too long: more than %u ms of processor time", g->a->from.patience_ms);
}

/* A correction begins with keys as the study has them: 32 hexadecimal digits are not hashed again. */
static int is_hashed_already(const svy_arrival *a, const svy_event *e)
{
    return a->head.corrects[0] != '\0' && e->value_len == SVYI_HASHED_KEY - 1 && strspn(e->value, "0123456789abcdef") == e->value_len;
}

static svy_status take_event(void *user, const svy_event *event, svy_error *err)
{
    reading *g = user;
    svy_arrival *a = g->a;
    svy_interview *said = g->said != NULL ? g->said : g->iv;
    svy_event e = *event;
    char hashed[SVYI_HASHED_KEY];
    svy_status st = take_time(g, err);

    if (st == SVY_OK && g->said != NULL && !is_hashed_already(a, &e))
        (void)svyi_event_hide(a->reception->key, a->v->form, &e, hashed);
    if (e.action == SVY_DID_COMPLETE && !a->from.keys_hashed && !is_audited(a))
        st = no_problems(said, err);
    if (st == SVY_OK)
        st = svy_interview_replay(g->iv, &e, err);
    if (st == SVY_OK && g->said != NULL)
        st = svy_interview_replay(g->said, event, err);
    if (st == SVY_E_NOMEM)
        g->failed = 1;
    if (st != SVY_OK)
        return st;
    if (e.value == hashed)
        svyi_packed_add(&g->hidden, &e, 0);
    if (g->hidden.failed)
        return nomem(g, err);
    if (a->events++ == 0)
        a->started = e.moment;
    a->last = e.moment;
    return SVY_OK;
}

static svy_status take_file(void *user, const svy_package_file *file, svy_error *err)
{
    static const uint8_t NONE[SVYI_HASH];
    reading *g = user;
    svy_arrival *a = g->a;
    svyi_arrived_file one = { .name = keep(a, file->name), .media_type = keep(a, file->media_type), .size = file->size };
    svy_status st;

    if (one.name == NULL || one.media_type == NULL || svyi_grow(&a->alloc, &a->files, &a->files_capacity, a->n_files + 1, sizeof one) != 0)
        return nomem(g, err);
    if ((st = svyi_name_check("a file", one.name, err)) != SVY_OK || (st = svyi_name_check("a media type", one.media_type, err)) != SVY_OK)
        return st;
    memcpy(one.content, file->sha256, SVYI_HASH);
    memcpy(one.hash, memcmp(file->sealed_sha256, NONE, SVYI_HASH) != 0 ? file->sealed_sha256 : file->sha256, SVYI_HASH);
    a->files[a->n_files++] = one;
    return SVY_OK;
}

/* The events as they will be stored are their frames as they came, but for those with hashed keys. The package was read before and is well formed. */
static svy_status pack(reading *g, svy_error *err)
{
    svyi_buffer *packed = &g->a->packed;
    const uint8_t *at = g->bytes, *hidden = (const uint8_t *)g->hidden.data, *hidden_end = hidden != NULL ? hidden + g->hidden.len : NULL, *run = NULL, *frame;
    uint64_t sequence, next = 0;
    int kind;

    if (hidden != NULL)
        next = svyi_packed_sequence(hidden, hidden_end);
    while ((kind = svyi_packed_skip(g->bytes, &at, g->stop, &frame)) != 0) {
        sequence = kind == SVYI_JOURNAL_EVENT && next != 0 ? svyi_packed_sequence(frame, g->stop) : 0;
        const int replaced = sequence != 0 && sequence == next;
        if (run != NULL && (kind != SVYI_JOURNAL_EVENT || replaced)) {
            svyi_buffer_add(packed, run, (size_t)(frame - run));
            run = NULL;
        }
        if (replaced) {
            frame = hidden;
            (void)svyi_packed_skip(hidden, &hidden, hidden_end, &frame);
            svyi_buffer_add(packed, frame, (size_t)(hidden - frame));
            next = hidden < hidden_end ? svyi_packed_sequence(hidden, hidden_end) : 0;
        } else if (run == NULL && kind == SVYI_JOURNAL_EVENT) {
            run = frame;
        }
    }
    return packed->failed ? nomem(g, err) : SVY_OK;
}

/* After an early end that keeps only some sections: the events with the others blanked. */
static svy_status blank(svy_arrival *a, uint32_t end, svy_error *err)
{
    const uint8_t *at = (const uint8_t *)a->packed.data, *stop = at + a->packed.len;
    uint32_t keeps = 0;
    svy_event e;
    int is_blank;

    if (end != 0)
        svy_form_keep(a->v->form, end, &keeps);
    while (keeps > 0 && svyi_packed_next(&at, stop, &e, &is_blank) == 1) {
        const int drop = !svyi_event_is_kept(a->v->form, end, &e);
        a->blanked |= drop;
        svyi_packed_add(&a->kept, &e, drop);
    }
    return a->kept.failed ? svyi_nomem(err) : SVY_OK;
}

/* What of its submission can be made without the file. */
static svy_status prepare_submission(reading *g, svy_error *err)
{
    svy_arrival *a = g->a;
    svy_status st = blank(a, a->end = svy_interview_end(g->iv), err);
    svyi_row row = svyi_arrival_row(a, a->v);

    if ((a->outcome = keep(a, svy_interview_outcome(g->iv))) == NULL)
        st = svyi_nomem(err);
    row.ended = a->last;
    row.outcome = a->outcome;
    if (st == SVY_OK)
        st = svyi_submission_prepare(&a->alloc, a->v, g->iv, &row, &a->submission, err);
    if (st == SVY_E_NOMEM)
        g->failed = 1;
    const svyi_buffer *events = a->blanked ? &a->kept : &a->packed;
    if (st == SVY_OK)
        svyi_frames_digest(a->submission.key, events->data, events->len, a->journal);
    return st;
}

static svy_status take_end(void *user, uint64_t events, svy_phase phase, svy_error *err)
{
    reading *g = user;
    svy_arrival *a = g->a;

    if (events != a->events || events == 0)
        return svyi_fail(err, SVY_E_INVALID, "it says that it has %llu events, and has %llu", (unsigned long long)events, (unsigned long long)a->events);
    if (a->n_sittings == 0)
        return svyi_fail(err, SVY_E_INVALID, "it does not say who filled it in");
    a->phase = svy_interview_phase(g->iv);
    if (phase != a->phase)
        return svyi_fail(err, SVY_E_INVALID, "it says that the interview is %s", phase == SVY_COMPLETE ? "complete, which it is not" : "not complete, which it is");
    svy_status st = SVY_OK;
    if (is_audited(a))
        st = svy_interview_audit(g->said != NULL ? g->said : g->iv, err);
    if (st != SVY_OK || (st = pack(g, err)) != SVY_OK)
        return st;
    a->seed = svy_interview_seed(g->iv);
    a->language = svy_form_language(a->v->form, svy_interview_current_language(g->iv));
    return a->phase == SVY_COMPLETE ? prepare_submission(g, err) : SVY_OK;
}

/* Why it cannot be taken becomes the reason; only a lack of memory is a failure. */
static svy_status read_package(svy_arrival *a, const void *bytes, size_t n, svy_error *err)
{
    reading g = { .a = a, .bytes = bytes, .stop = (const uint8_t *)bytes + n };
    svy_error why = SVY_ERROR_INIT;
    const svy_package_reader to = { .head = take_head, .sitting = take_sitting, .event = take_event, .file = take_file, .end = take_end, .user = &g };
    svyi_buffer_init(&g.hidden, &a->alloc);
    if (a->from.patience_ms > 0) {
        g.patience_ns = a->from.patience_ms * INT64_C(1000000);
        g.began_ns = clock_ns(CLOCK_MONOTONIC);
        g.began_processor_ns = svyi_processor_ns();
    }
    a->opened = 1;
    a->is_package = n >= 4 && memcmp(bytes, "SVYP", 4) == 0;
    svy_status st = svy_package_read(bytes, n, 0, &to, &why);

    svyi_buffer_clear(&g.hidden);
    svy_interview_free(g.iv);
    svy_interview_free(g.said);
    if (st == SVY_OK)
        return SVY_OK;
    if (g.failed || st == SVY_E_NOMEM || (a->reason = keep(a, why.message)) == NULL)
        return svyi_nomem(err);
    return SVY_OK;
}

static svy_status open_box(svy_arrival *a, svy_error *err)
{
    const svy_reception *r = a->reception;
    const size_t n = a->size >= SVYI_BOX ? a->size - SVYI_BOX : 0;
    svy_status st = SVY_OK;

    if (!r->has_secret) {
        a->unopened = 1;
        return SVY_OK;
    }
    void *plain = svyi_get(&a->alloc, n);
    if (plain == NULL)
        return svyi_nomem(err);
    if (svyi_box_open(r->open, r->secret, a->bytes, a->size, plain))
        st = read_package(a, plain, n, err);
    else
        a->reason = "it is cut, damaged or was sealed to the key of another study";
    svyi_wipe(plain, n);
    svyi_release(&a->alloc, plain, n);
    return st;
}

static svy_status copy_sender(svy_arrival *a, const svy_sender *from, svy_error *err)
{
    const char *const texts[] = { from->actor, from->organisation, from->device, from->agent, from->case_allowed, from->form_allowed };
    const char *copies[sizeof texts / sizeof texts[0]] = { NULL };

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (texts[i] != NULL && (copies[i] = keep(a, texts[i])) == NULL)
            return svyi_nomem(err);
    a->from = (svy_sender){ .actor = copies[0], .organisation = copies[1], .mode = from->mode, .device = copies[2], .agent = copies[3], .case_allowed = copies[4],
                            .form_allowed = copies[5], .touch = from->touch, .patience_ms = from->patience_ms, .keys_hashed = from->keys_hashed };
    return SVY_OK;
}

svy_status svy_arrival_prepare(const svy_reception *r, const void *bytes, size_t n, int sealed, const svy_sender *from, svy_moment received, svy_arrival **out,
                               svy_error *err)
{
    static const svy_sender NOBODY = { .actor = NULL };
    svy_arrival *a;
    svy_status st;

    SVY_REQUIRE(out != NULL, err);
    *out = NULL;
    SVY_REQUIRE(r != NULL && bytes != NULL, err);
    if (n > SVYI_PACKAGE_MAX + (sealed ? SVYI_BOX : 0))
        return svyi_fail(err, SVY_E_LIMIT, "an interview has %zu bytes: at most 16 MiB are taken", n);
    if ((a = svyi_get(&r->alloc, sizeof *a)) == NULL)
        return svyi_nomem(err);
    *a = (svy_arrival){ .alloc = r->alloc, .reception = r, .size = n, .boxed = sealed, .received = received, .others_wait = from != NULL && from->patience_ms > 0, .reason = "", .language = "", .outcome = "" };
    a->head = (svy_package_head){ "", "", "", 0, "", "", "" };
    svyi_arena_init(&a->arena, &r->alloc);
    svyi_buffer_init(&a->packed, &r->alloc);
    svyi_buffer_init(&a->kept, &r->alloc);
    svyi_sha256(bytes, n, a->hash);
    st = (a->bytes = svyi_get(&r->alloc, n)) != NULL ? copy_sender(a, from != NULL ? from : &NOBODY, err) : svyi_nomem(err);
    if (st == SVY_OK) {
        memcpy(a->bytes, bytes, n);
        st = sealed ? open_box(a, err) : read_package(a, a->bytes, n, err);
    }
    if (st != SVY_OK)
        svy_arrival_free(a);
    else
        *out = a;
    return st;
}

void svy_arrival_free(svy_arrival *a)
{
    if (a == NULL)
        return;
    const svy_alloc alloc = a->alloc;
    svyi_release(&alloc, a->bytes, a->size);
    svyi_release(&alloc, a->sittings, a->sittings_capacity * sizeof *a->sittings);
    svyi_release(&alloc, a->files, a->files_capacity * sizeof *a->files);
    svyi_buffer_clear(&a->packed);
    svyi_buffer_clear(&a->kept);
    svyi_prepared_clear(&alloc, &a->submission);
    svyi_arena_clear(&a->arena);
    svyi_release(&alloc, a, sizeof *a);
}

const char *svy_arrival_uuid(const svy_arrival *a)
{
    return a->head.uuid;
}

const char *svy_arrival_form(const svy_arrival *a)
{
    return a->head.form;
}

size_t svy_arrival_bytes(const svy_arrival *a)
{
    return a->size;
}

int svy_arrival_has_hash(const svy_arrival *a, const char *hash)
{
    uint8_t expected[SVYI_HASH];

    return svyi_hash_read(hash, expected) && memcmp(expected, a->hash, sizeof expected) == 0;
}

const char *svy_arrival_reason(const svy_arrival *a)
{
    return a->reason;
}

void svy_arrival_files(const svy_arrival *a, void (*each)(void *user, const uint8_t hash[SVY_HASH_BYTES]), void *user)
{
    for (size_t i = 0; i < a->n_files; i++)
        each(user, a->files[i].hash);
}
