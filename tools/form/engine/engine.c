/* Opening a form, beginning an interview or going on with a draft, and the outbox that every event goes through. */
#include "engine.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/map.h"

engine form_engine;

FORM_EXPORT(form_alloc) void *form_alloc(size_t n) { return malloc(n > 0 ? n : 1); }
FORM_EXPORT(form_free) void form_free(void *p) { free(p); }
FORM_EXPORT(form_result) const char *form_result(void) { return form_engine.result.data != NULL ? form_engine.result.data : "{}"; }
FORM_EXPORT(form_result_size) size_t form_result_size(void) { return form_engine.result.data != NULL ? form_engine.result.len : 2; }
FORM_EXPORT(form_outbox) const char *form_outbox(void) { return form_engine.outbox.data; }
FORM_EXPORT(form_outbox_size) size_t form_outbox_size(void) { return form_engine.outbox.len; }
FORM_EXPORT(form_outbox_clear) void form_outbox_clear(void) { form_engine.outbox.len = 0; }

FORM_EXPORT(form_now) void form_now(uint32_t utc_low, int32_t utc_high, int32_t zone, uint32_t mono_low, int32_t mono_high)
{
    form_engine.now = (svy_moment){ .utc_ms = (int64_t)((uint64_t)(uint32_t)utc_high << 32 | utc_low), .zone_minutes = zone,
                                    .mono_ms = (int64_t)((uint64_t)(uint32_t)mono_high << 32 | mono_low) };
}

const char *engine_language(void)
{
    return form_engine.interview != NULL ? svy_form_language(form_engine.form, svy_interview_current_language(form_engine.interview))
         : form_engine.form != NULL ? svy_form_language(form_engine.form, 0) : "en";
}

/* Room for `need` bytes and a NUL in `text`. */
static int room(size_t need) { return svyi_grow(&form_engine.text.alloc, &form_engine.text.data, &form_engine.text.capacity, need + 1, 1) == 0; }

typedef size_t text_maker(svy_place place, svy_role role, char *out, size_t size);

/* Twice only when the text is longer than any before. */
static const char *made(text_maker *make, svy_place place, svy_role role)
{
    svyi_buffer *text = &form_engine.text;

    if (!room(1000))
        return "";
    const size_t need = make(place, role, text->data, text->capacity);
    if (need < text->capacity)
        return text->data;
    if (!room(need))
        return "";
    make(place, role, text->data, text->capacity);
    return text->data;
}

static size_t make_text(svy_place place, svy_role role, char *out, size_t size)
{
    return svy_interview_text(form_engine.interview, place, role, 1, out, size);
}

static size_t make_answer(svy_place place, svy_role role, char *out, size_t size)
{
    (void)role;
    return answer_text(form_engine.interview, place, 0, out, size);
}

static size_t make_check(svy_place place, svy_role role, char *out, size_t size)
{
    (void)role;
    return svy_interview_check_text(form_engine.interview, place.item, place.entry, out, size);
}

const char *engine_text(svy_place place, svy_role role) { return made(make_text, place, role); }
const char *engine_answer(svy_place place) { return made(make_answer, place, SVY_LABEL); }

const char *problem_text(const svy_problem *problem)
{
    if (problem->check == SVY_PROBLEM_NOT_OFFERED)
        return sentence_of(S_NOT_OFFERED, engine_language());
    if (problem->check != SVY_PROBLEM_REQUIRED)
        return made(make_check, (svy_place){ problem->check, problem->entry }, SVY_TEXT);
    const char *own = engine_text(problem->place, SVY_REQUIRED_TEXT);
    return own[0] != '\0' ? own : sentence_of(S_MISSING_REQUIRED, engine_language());
}

svy_place engine_place(uint32_t item, uint32_t entry) { return (svy_place){ item, entry }; }

int engine_ready(void)
{
    svy_error err = SVY_ERROR_INIT;

    if (form_engine.interview != NULL)
        return 1;
    strcpy(err.message, "no interview is open");
    json_status(SVY_E_STATE, &err);
    json_finish();
    return 0;
}

/* ---- the form ---- */

static void put_form(const svy_form *form)
{
    const char *style = svy_form_attribute(form, 0, "style");

    json_text("id", svy_form_id(form));
    json_text("version", svy_form_version(form));
    json_hex("checksum", svy_form_checksum(form));
    json_text("title", svy_form_text(form, 0, SVY_TITLE, 0));
    json_list("languages");
    for (uint32_t i = 0, n = svy_form_languages(form); i < n; i++) {
        const char *tag = svy_form_language(form, i);
        json_object(NULL);
        json_text("tag", tag);
        json_text("name", language_name(tag));
        json_text("direction", language_is_right_to_left(tag) ? "rtl" : "ltr");
        json_text("title", svy_form_text(form, 0, SVY_TITLE, i));
        json_end('}');
    }
    json_end(']');
    json_text("style", style);
    json_flag("odk", svy_form_is_odk(form));
}

static void leave(void)
{
    svy_interview_free(form_engine.interview);
    form_engine.interview = NULL;
    form_engine.outbox.len = 0;
}

/* The block stays where it is for as long as the form is used: it is lent, not copied. */
FORM_EXPORT(form_open) void form_open(const void *block, size_t size)
{
    svy_error err = SVY_ERROR_INIT;

    leave();
    svy_form_free(form_engine.form);
    form_engine.form = NULL;
    const svy_status st = svy_form_open(NULL, block, size, &form_engine.form, &err);
    json_status(st, &err);
    if (st == SVY_OK)
        put_form(form_engine.form);
    json_finish();
}

/* ---- the outbox ---- */

typedef size_t frame_writer(const void *frame, void *out, size_t size);

static svy_status put_frame(frame_writer *write, const void *frame)
{
    svyi_buffer *box = &form_engine.outbox;
    const size_t need = write(frame, NULL, 0);

    if (svyi_grow(&box->alloc, &box->data, &box->capacity, box->len + need + 1, 1) != 0)
        return SVY_E_NOMEM;
    box->len += write(frame, box->data + box->len, need);
    return SVY_OK;
}

static size_t head_frame(const void *frame, void *out, size_t size) { return svy_package_write_head(frame, out, size); }
static size_t sitting_frame(const void *frame, void *out, size_t size) { return svy_package_write_sitting(frame, out, size); }
static size_t event_frame(const void *frame, void *out, size_t size) { return svy_package_write_event(frame, out, size); }
static size_t file_frame(const void *frame, void *out, size_t size) { return svy_package_write_file(frame, out, size); }

static size_t end_frame(const void *frame, void *out, size_t size)
{
    const svy_interview *iv = frame;
    return svy_package_write_end(svy_interview_sequence(iv), svy_interview_phase(iv), out, size);
}

static svy_status journal(void *user, const svy_event *event, svy_error *err)
{
    (void)user;
    const svy_status st = put_frame(event_frame, event);
    if (st != SVY_OK && err != NULL)
        strcpy(err->message, "the memory of this device is full");
    return st;
}

/* ---- beginning, and going on ---- */

static svy_status put_sitting(const options *o, uint64_t first)
{
    svy_sitting s = { .first = first, .mode = SVY_MODE_WEB, .actor = options_get(o, "sitting.actor"), .organisation = options_get(o, "sitting.organisation"),
                      .device = options_get(o, "sitting.device"), .agent = options_get(o, "sitting.agent"),
                      .clock_known = options_get(o, "sitting.clockKnown")[0] == 't' || options_number(o, "sitting.clockKnown") != 0,
                      .clock_offset_ms = options_number(o, "sitting.clockOffset") };
    const char *mode = options_get(o, "sitting.mode");

    if (!svy_mode_find(mode, strlen(mode), &s.mode) && options_number(o, "sitting.mode") == SVY_MODE_SELF)
        s.mode = SVY_MODE_SELF;
    return put_frame(sitting_frame, &s);
}

static svy_status put_head(const options *o)
{
    const svy_form *form = form_engine.form;
    const svy_package_head head = { .uuid = options_get(o, "head.uuid"), .form = svy_form_id(form), .version = svy_form_version(form),
                                    .checksum = svy_form_checksum(form), .case_id = options_get(o, "head.case"), .corrects = options_get(o, "head.corrects"),
                                    .reason = options_get(o, "head.reason") };

    return put_frame(head_frame, &head);
}

/* "parameters.limit" -> limit, value; the same for "properties.deviceid". @return how many pairs; the list is the caller's to free */
static size_t pairs_of(const options *o, const char *group, const char ***pairs)
{
    const size_t len = strlen(group);
    size_t n = 0;

    *pairs = malloc((o->n + 1) * 2 * sizeof **pairs);
    for (size_t i = 0; *pairs != NULL && i < o->n; i++)
        if (strncmp(o->text.data + o->list[i].path, group, len) == 0) {
            (*pairs)[2 * n] = o->text.data + o->list[i].path + len;
            (*pairs)[2 * n++ + 1] = o->text.data + o->list[i].value;
        }
    return n;
}

static svy_status start(const options *o, svy_error *err)
{
    svy_interview_options how = SVY_INTERVIEW_OPTIONS_INIT;
    const char **parameters = NULL, **properties = NULL, *language = options_get(o, "language");
    svy_status st;

    how.seed = (uint64_t)options_number(o, "seed");
    how.language = language[0] != '\0' ? language : NULL;
    how.n_parameters = pairs_of(o, "parameters.", &parameters);
    how.n_properties = pairs_of(o, "properties.", &properties);
    how.parameters = parameters;
    how.properties = properties;
    how.journal.write = journal;
    if (options_get(o, "now.0")[0] != '\0')
        form_engine.now = (svy_moment){ options_number(o, "now.0"), (int32_t)options_number(o, "now.1"), options_number(o, "now.2") };
    st = parameters != NULL && properties != NULL ? put_head(o) : SVY_E_NOMEM;
    if (st == SVY_OK)
        st = put_sitting(o, 1);
    if (st == SVY_OK)
        st = svy_interview_new(NULL, form_engine.form, &how, form_engine.now, &form_engine.interview, err);
    free(parameters);
    free(properties);
    return st;
}

/* Runs a call that takes JSON; `needs_interview` 0: it makes one. */
static void with_options(const char *text, size_t len, svy_status (*call)(const options *o, svy_error *err))
{
    svy_error err = SVY_ERROR_INIT;
    options o;
    svy_status st = SVY_E_VALUE;

    if (!options_read(&o, text, len))
        strcpy(err.message, "the options are not well formed");
    else
        st = call(&o, &err);
    options_free(&o);
    json_status(st, &err);
    json_finish();
}

FORM_EXPORT(form_start) void form_start(const char *text, size_t len)
{
    leave();
    if (form_engine.form == NULL) {
        (void)engine_ready();
        return;
    }
    with_options(text, len, start);
    if (form_engine.interview == NULL)
        form_engine.outbox.len = 0;
}

static void put_phase(void)
{
    static const char *const PHASES[] = { [SVY_OPEN] = "open", [SVY_SUSPENDED] = "suspended", [SVY_COMPLETE] = "complete" };

    json_text("phase", PHASES[svy_interview_phase(form_engine.interview)]);
    json_text("language", engine_language());
}

/* Goes on with a draft; then form_sitting. */
FORM_EXPORT(form_replay) void form_replay(const void *bytes, size_t n)
{
    svy_error err = SVY_ERROR_INIT;
    const svy_journal to = { .write = journal };

    leave();
    if (form_engine.form == NULL) {
        (void)engine_ready();
        return;
    }
    const svy_status st = svy_package_replay(NULL, form_engine.form, bytes, n, 1, &to, &form_engine.interview, &err);
    json_status(st, &err);
    if (st == SVY_OK)
        put_phase();
    json_finish();
}

static svy_status sitting(const options *o, svy_error *err)
{
    svy_interview *iv = form_engine.interview;
    const size_t before = form_engine.outbox.len;
    svy_status st = put_sitting(o, svy_interview_sequence(iv) + 1);

    if (st == SVY_OK && svy_interview_phase(iv) == SVY_SUSPENDED)
        st = svy_interview_resume(iv, form_engine.now, err);
    if (st != SVY_OK)
        form_engine.outbox.len = before;
    return st;
}

/* JSON {"sitting":{...}}, or only what is inside. */
FORM_EXPORT(form_sitting) void form_sitting(const char *text, size_t len)
{
    if (engine_ready())
        with_options(text, len, sitting);
}

/* ---- what belongs to the package besides events ---- */

static int read_digest(const char *hex, uint8_t digest[32])
{
    for (size_t i = 0; i < 64; i++) {
        const char c = hex[i];
        const int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
        if (digit < 0)
            return 0;
        digest[i / 2] = (uint8_t)(i % 2 == 0 ? digit << 4 : digest[i / 2] | digit);
    }
    return hex[64] == '\0';
}

int engine_is_file(uint32_t type)
{
    return type == SVY_T_PHOTO || type == SVY_T_AUDIO || type == SVY_T_FILE || type == SVY_T_VIDEO || type == SVY_T_SIGNATURE;
}

/* A photo that was taken again is no answer any more. */
static int is_answer(const char *file)
{
    const svy_interview *iv = form_engine.interview;
    svy_place p = { 0, 0 };

    while ((p = svy_interview_step(iv, p, 1)).item != 0) {
        const svy_value v = svy_interview_get(iv, p);
        if (engine_is_file(svy_form_item(form_engine.form, p.item)->type) && v.missing == SVY_PRESENT && v.len == strlen(file) && memcmp(v.text, file, v.len) == 0)
            return 1;
    }
    return 0;
}

static svy_status file(const options *o, svy_error *err)
{
    uint8_t digests[2][32] = { { 0 } };
    const char *sealed = options_get(o, "sealedSha256");
    const svy_package_file f = { .name = options_get(o, "name"), .media_type = options_get(o, "mediaType"), .size = (uint64_t)options_number(o, "size"),
                                 .sha256 = digests[0], .sealed_sha256 = digests[1] };

    if (!is_answer(f.name)) {
        strcpy(err->message, "no answer holds this file");
        return SVY_E_NAME;
    }
    if (!read_digest(options_get(o, "sha256"), digests[0]) || (sealed[0] != '\0' && !read_digest(sealed, digests[1]))) {
        strcpy(err->message, "a digest is not well formed");
        return SVY_E_VALUE;
    }
    return put_frame(file_frame, &f);
}

FORM_EXPORT(form_file) void form_file(const char *text, size_t len)
{
    if (engine_ready())
        with_options(text, len, file);
}

FORM_EXPORT(form_end) void form_end(void)
{
    svy_error err = SVY_ERROR_INIT;

    if (!engine_ready())
        return;
    json_status(put_frame(end_frame, form_engine.interview), &err);
    json_finish();
}

FORM_EXPORT(form_state_hash) void form_state_hash(void)
{
    if (!engine_ready())
        return;
    const size_t size = svy_interview_state(form_engine.interview, NULL, 0);
    void *state = malloc(size);
    json_begin();
    json_number("sequence", svy_interview_sequence(form_engine.interview));
    json_number("size", size);
    if (state != NULL && svy_interview_state(form_engine.interview, state, size) == size)
        json_hex("hash", svyi_hash(state, size));
    free(state);
    json_finish();
}
