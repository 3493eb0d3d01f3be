/* Writes the frames of a package. Each body is written twice: once to count its bytes, which stand before it. */
#include <string.h>
#include <survey/package.h>

#include "base/varint.h"
#include "interview/package_priv.h"

typedef struct sink { uint8_t *out; size_t size, len; } sink;
typedef void body(sink *s, const void *what);

static void put_bytes(sink *s, const void *bytes, size_t n)
{
    if (s->len < s->size && n > 0)
        memcpy(s->out + s->len, bytes, n < s->size - s->len ? n : s->size - s->len);
    s->len += n;
}

static void put_number(sink *s, uint64_t x)
{
    uint8_t bytes[SVYI_VARINT_BYTES];

    put_bytes(s, bytes, svyi_varint_write(x, bytes));
}

static void put_signed(sink *s, int64_t x)
{
    put_number(s, svyi_zigzag(x));
}

static void put_text(sink *s, const char *text, size_t len)
{
    put_number(s, len);
    put_bytes(s, text, len);
    put_bytes(s, "", 1);
}

static void put_string(sink *s, const char *text)
{
    put_text(s, text, text != NULL ? strlen(text) : 0);
}

static void head_body(sink *s, const void *what)
{
    const svy_package_head *h = what;

    put_string(s, h->uuid);
    put_string(s, h->form);
    put_string(s, h->version);
    put_number(s, h->checksum);
    put_string(s, h->case_id);
    put_string(s, h->corrects);
    put_string(s, h->reason);
}

static void sitting_body(sink *s, const void *what)
{
    const svy_sitting *t = what;

    put_number(s, t->first);
    put_number(s, (uint64_t)t->mode);
    put_string(s, t->actor);
    put_string(s, t->organisation);
    put_string(s, t->device);
    put_string(s, t->agent);
    put_number(s, t->clock_known != 0);
    put_signed(s, t->clock_known != 0 ? t->clock_offset_ms : 0);
}

static void event_body(sink *s, const void *what)
{
    const svy_event *e = what;

    put_number(s, e->sequence);
    put_signed(s, e->moment.utc_ms);
    put_signed(s, e->moment.zone_minutes);
    put_signed(s, e->moment.mono_ms);
    put_number(s, (uint64_t)e->action);
    put_string(s, e->item);
    put_string(s, e->entry);
    put_text(s, e->value, e->value != NULL ? e->value_len : 0);
    put_number(s, (uint64_t)e->missing);
    put_string(s, e->reason);
}

static void file_body(sink *s, const void *what)
{
    static const uint8_t NONE[SVYI_DIGEST_BYTES];
    const svy_package_file *f = what;

    put_string(s, f->name);
    put_string(s, f->media_type);
    put_number(s, f->size);
    put_bytes(s, f->sha256 != NULL ? f->sha256 : NONE, SVYI_DIGEST_BYTES);
    put_bytes(s, f->sealed_sha256 != NULL ? f->sealed_sha256 : NONE, SVYI_DIGEST_BYTES);
}

static void end_body(sink *s, const void *what)
{
    const uint64_t *pair = what;

    put_number(s, pair[0]);
    put_number(s, pair[1]);
}

static size_t put_frame(svyi_frame kind, body *write, const void *what, sink *s)
{
    sink count = { NULL, 0, 0 };
    const uint8_t byte = (uint8_t)kind;

    write(&count, what);
    put_bytes(s, &byte, 1);
    put_number(s, count.len);
    write(s, what);
    return s->len;
}

size_t svy_package_write_head(const svy_package_head *head, void *out, size_t size)
{
    sink s = { out, size, 0 };

    put_bytes(&s, SVYI_PACKAGE_MAGIC, SVYI_MAGIC_BYTES);
    return put_frame(SVYI_FRAME_HEAD, head_body, head, &s);
}

size_t svy_package_write_sitting(const svy_sitting *sitting, void *out, size_t size)
{
    return put_frame(SVYI_FRAME_SITTING, sitting_body, sitting, &(sink){ out, size, 0 });
}

size_t svy_package_write_event(const svy_event *event, void *out, size_t size)
{
    return put_frame(SVYI_FRAME_EVENT, event_body, event, &(sink){ out, size, 0 });
}

size_t svy_package_write_file(const svy_package_file *file, void *out, size_t size)
{
    return put_frame(SVYI_FRAME_FILE, file_body, file, &(sink){ out, size, 0 });
}

size_t svy_package_write_end(uint64_t events, svy_phase phase, void *out, size_t size)
{
    const uint64_t pair[2] = { events, (uint64_t)phase };

    return put_frame(SVYI_FRAME_END, end_body, pair, &(sink){ out, size, 0 });
}
