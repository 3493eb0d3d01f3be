/* Reads a package. It comes from outside: every length is held against what is left before it is used, and nothing is allocated. */
#include <string.h>
#include <survey/package.h>

#include "base/error.h"
#include "base/text.h"
#include "base/varint.h"
#include "interview/event_frame.h"
#include "interview/package_priv.h"

/* A run of bytes being read; `begin` is the beginning of the package, for positions. */
typedef struct cursor { const uint8_t *begin, *at, *end; svy_error *err; svy_status st; } cursor;

static const char *const MODES[] = { [SVY_MODE_TERMINAL] = "terminal", [SVY_MODE_WEB] = "web", [SVY_MODE_SELF] = "self", [SVY_MODE_IMPORT] = "import",
                                     [SVY_MODE_ODK] = "odk", [SVY_MODE_SIMULATION] = "simulation" };
enum { N_MODES = sizeof MODES / sizeof MODES[0] };

const char *svy_mode_name(svy_mode mode)
{
    return mode >= SVY_MODE_TERMINAL && mode <= SVY_MODE_SIMULATION ? MODES[mode] : "";
}

int svy_mode_find(const char *name, size_t len, svy_mode *mode)
{
    for (int i = SVY_MODE_TERMINAL; i < N_MODES; i++)
        if (strlen(MODES[i]) == len && memcmp(MODES[i], name, len) == 0) {
            *mode = (svy_mode)i;
            return 1;
        }
    return 0;
}

/* The first thing that is wrong counts; what is read after it is 0 and "". */
static void wrong(cursor *c, const uint8_t *at, svy_status st, const char *what)
{
    if (c->st == SVY_OK)
        c->st = svyi_fail(c->err, st, "byte %llu of the package: %s", (unsigned long long)(at - c->begin), what);
}

static uint64_t get_number(cursor *c)
{
    const uint8_t *begin = c->at;
    uint64_t x = 0;

    if (c->st != SVY_OK)
        return 0;
    const svyi_varint got = svyi_varint_read(&c->at, c->end, &x);
    if (got != SVYI_VARINT_READ)
        wrong(c, begin, SVY_E_FORMAT, got == SVYI_VARINT_CUT ? "a number is cut" : "a number is not in its shortest form, or too large");
    return x;
}

static uint64_t get_at_most(cursor *c, uint64_t least, uint64_t most, const char *what)
{
    const uint8_t *begin = c->at;
    const uint64_t x = get_number(c);

    if (x >= least && x <= most)
        return x;
    wrong(c, begin, SVY_E_FORMAT, what);
    return least;
}

static int64_t get_signed(cursor *c)
{
    return svyi_unzigzag(get_number(c));
}

static const char *get_text(cursor *c, uint32_t *len)
{
    const uint8_t *begin = c->at;
    const uint64_t n = get_number(c);

    *len = 0;
    if (c->st != SVY_OK)
        return "";
    if ((uint64_t)(c->end - c->at) <= n || c->at[n] != '\0') {
        wrong(c, begin, SVY_E_FORMAT, "a text is cut");
        return "";
    }
    const char *text = (const char *)c->at;
    if (!svyi_utf8_valid(text, (size_t)n)) {
        wrong(c, begin, SVY_E_FORMAT, "a text is not UTF-8, or holds a NUL");
        return "";
    }
    c->at += n + 1;
    *len = (uint32_t)n;          /* a package is shorter */
    return text;
}

static const char *get_string(cursor *c)
{
    uint32_t len;

    return get_text(c, &len);
}

static const uint8_t *get_digest(cursor *c)
{
    static const uint8_t NONE[SVYI_DIGEST_BYTES];

    if (c->st != SVY_OK)
        return NONE;
    if (c->end - c->at < SVYI_DIGEST_BYTES) {
        wrong(c, c->at, SVY_E_FORMAT, "a digest is cut");
        return NONE;
    }
    c->at += SVYI_DIGEST_BYTES;
    return c->at - SVYI_DIGEST_BYTES;
}

static int is_uuid(const char *text)
{
    for (int i = 0; i < 36; i++) {
        const char x = text[i];
        const int dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash ? x != '-' : !((x >= '0' && x <= '9') || (x >= 'a' && x <= 'f')))
            return 0;
    }
    return text[36] == '\0';
}

/* ---- the frames ---- */

typedef struct reading { cursor c; const svy_package_reader *to; uint64_t events, sittings, files; int has_head, ended; } reading;

static void read_head(reading *r, cursor *c)
{
    svy_package_head h = { 0 };
    const uint8_t *begin = c->at;

    h.uuid = get_string(c);
    if (!is_uuid(h.uuid))
        wrong(c, begin, SVY_E_FORMAT, "the interview has no uuid of 36 characters");
    begin = c->at;
    h.form = get_string(c);
    if (h.form[0] == '\0')
        wrong(c, begin, SVY_E_FORMAT, "it does not say of which form it is");
    h.version = get_string(c);
    h.checksum = get_number(c);
    h.case_id = get_string(c);
    begin = c->at;
    h.corrects = get_string(c);
    if (h.corrects[0] != '\0' && !is_uuid(h.corrects))
        wrong(c, begin, SVY_E_FORMAT, "what it corrects has no uuid of 36 characters");
    h.reason = get_string(c);
    if (c->at < c->end)
        wrong(c, c->at, SVY_E_FORMAT, "there is more in the frame than belongs in it");
    if (c->st == SVY_OK && r->to->head != NULL)
        c->st = r->to->head(r->to->user, &h, c->err);
    r->has_head = 1;
}

static void read_sitting(reading *r, cursor *c)
{
    svy_sitting s = { 0 };

    if (++r->sittings > SVY_PACKAGE_SITTINGS)
        wrong(c, c->at, SVY_E_LIMIT, "more than 10,000 sittings");
    s.first = get_at_most(c, r->events + 1, r->events + 1, "a sitting does not begin with the next event");
    s.mode = (svy_mode)get_at_most(c, SVY_MODE_TERMINAL, SVY_MODE_SIMULATION, "the mode is unknown");
    s.actor = get_string(c);
    s.organisation = get_string(c);
    s.device = get_string(c);
    s.agent = get_string(c);
    s.clock_known = (int)get_at_most(c, 0, 1, "whether the clock is known is neither 0 nor 1");
    const uint8_t *begin = c->at;
    s.clock_offset_ms = get_signed(c);
    if (s.clock_known == 0 && s.clock_offset_ms != 0)
        wrong(c, begin, SVY_E_FORMAT, "a clock that is not known has an offset");
    if (c->at < c->end)
        wrong(c, c->at, SVY_E_FORMAT, "there is more in the frame than belongs in it");
    if (c->st == SVY_OK && r->to->sitting != NULL)
        c->st = r->to->sitting(r->to->user, &s, c->err);
}

/* An event with a number from `least` to `most`, and nothing behind it. */
static void get_event(cursor *c, uint64_t least, uint64_t most, svy_event *e)
{
    e->sequence = get_at_most(c, least, most, "the events are not numbered from 1 without gaps");
    e->moment.utc_ms = get_signed(c);
    const uint8_t *begin = c->at;
    const int64_t zone = get_signed(c);
    if (zone < -1440 || zone > 1440)
        wrong(c, begin, SVY_E_FORMAT, "the time zone is more than a day from UTC");
    e->moment.zone_minutes = (int32_t)zone;
    e->moment.mono_ms = get_signed(c);
    e->action = (svy_action)get_at_most(c, SVY_DID_START, SVY_DID_CLOSE_ROSTER, "the action is unknown");
    e->item = get_string(c);
    e->entry = get_string(c);
    e->value = get_text(c, &e->value_len);
    e->missing = (svy_missing)get_at_most(c, SVY_PRESENT, SVY_NOT_STATED, "the reason for a missing answer is unknown");
    e->reason = get_string(c);
    if (c->at < c->end)
        wrong(c, c->at, SVY_E_FORMAT, "there is more in the frame than belongs in it");
}

svy_status svyi_event_read(const uint8_t *at, const uint8_t *end, svy_event *event, svy_error *err)
{
    cursor c = { at, at, end, err, SVY_OK };

    get_event(&c, 1, UINT64_MAX, event);
    return c.st;
}

static void read_event(reading *r, cursor *c)
{
    svy_event e = { 0 };

    if (r->sittings == 0)
        wrong(c, c->at, SVY_E_FORMAT, "an event stands before the first sitting");
    if (++r->events > SVY_PACKAGE_EVENTS)
        wrong(c, c->at, SVY_E_LIMIT, "more than 1,000,000 events");
    get_event(c, r->events, r->events, &e);
    if (c->st == SVY_OK && r->to->event != NULL)
        c->st = r->to->event(r->to->user, &e, c->err);
}

static void read_file(reading *r, cursor *c)
{
    svy_package_file f = { 0 };

    if (++r->files > SVY_PACKAGE_FILES)
        wrong(c, c->at, SVY_E_LIMIT, "more than 10,000 files");
    const uint8_t *begin = c->at;
    f.name = get_string(c);
    if (f.name[0] == '\0')
        wrong(c, begin, SVY_E_FORMAT, "a file has no name");
    f.media_type = get_string(c);
    f.size = get_at_most(c, 0, INT64_MAX, "the size of a file is too large");
    f.sha256 = get_digest(c);
    f.sealed_sha256 = get_digest(c);
    if (c->at < c->end)
        wrong(c, c->at, SVY_E_FORMAT, "there is more in the frame than belongs in it");
    if (c->st == SVY_OK && r->to->file != NULL)
        c->st = r->to->file(r->to->user, &f, c->err);
}

static void read_end(reading *r, cursor *c)
{
    const uint64_t events = get_at_most(c, r->events, r->events, "the number of events is not how many there are");
    const svy_phase phase = (svy_phase)get_at_most(c, SVY_OPEN, SVY_COMPLETE, "the phase is unknown");

    if (c->at < c->end)
        wrong(c, c->at, SVY_E_FORMAT, "there is more in the frame than belongs in it");
    r->ended = 1;
    if (c->st == SVY_OK && r->to->end != NULL)
        c->st = r->to->end(r->to->user, events, phase, c->err);
}

static void (*const FRAMES[])(reading *r, cursor *c) = {
    [SVYI_FRAME_HEAD] = read_head, [SVYI_FRAME_SITTING] = read_sitting, [SVYI_FRAME_EVENT] = read_event, [SVYI_FRAME_FILE] = read_file,
    [SVYI_FRAME_END] = read_end,
};

/* Kind and length; then the body, in a cursor that ends with it. */
static void read_frame(reading *r)
{
    cursor *c = &r->c;
    const uint8_t *begin = c->at, kind = *c->at++;

    if (r->ended)
        wrong(c, begin, SVY_E_FORMAT, "something follows the end");
    if (kind < SVYI_FRAME_HEAD || kind > SVYI_FRAME_END)
        wrong(c, begin, SVY_E_FORMAT, "the kind of the frame is unknown");
    if ((kind == SVYI_FRAME_HEAD) == r->has_head)
        wrong(c, begin, SVY_E_FORMAT, r->has_head ? "there is a second head" : "it does not begin with a head");
    const uint64_t length = get_number(c);
    if (c->st == SVY_OK && length > (uint64_t)(c->end - c->at))
        wrong(c, begin, SVY_E_FORMAT, "the frame is cut");
    if (c->st != SVY_OK)
        return;
    cursor body = *c;
    body.end = c->at + length;
    FRAMES[kind](r, &body);
    c->st = body.st;
    c->at = body.end;
}

svy_status svy_package_read(const void *bytes, size_t n, int draft, const svy_package_reader *to, svy_error *err)
{
    SVY_REQUIRE((bytes != NULL || n == 0) && to != NULL, err);
    const uint8_t *begin = bytes;
    reading r = { .c = { begin, begin, begin, err, SVY_OK }, .to = to };

    if (n > SVY_PACKAGE_MAX)
        return svyi_fail(err, SVY_E_LIMIT, "the package has %llu bytes; at most 16 MiB are taken", (unsigned long long)n);
    if (n < SVYI_MAGIC_BYTES || memcmp(bytes, SVYI_PACKAGE_MAGIC, SVYI_MAGIC_BYTES) != 0)
        return svyi_fail(err, SVY_E_FORMAT, "byte 0 of the package: it does not begin like a package of version 1");
    r.c.at = begin + SVYI_MAGIC_BYTES;
    r.c.end = begin + n;
    while (r.c.st == SVY_OK && r.c.at < r.c.end)
        read_frame(&r);
    if (r.c.st == SVY_OK && !r.has_head)
        wrong(&r.c, r.c.end, SVY_E_FORMAT, "it does not begin with a head");
    if (r.c.st == SVY_OK && !draft && !r.ended)
        wrong(&r.c, r.c.end, SVY_E_FORMAT, "the package is cut: it has no end");
    return r.c.st;
}
