/* Reads and writes bundles. A bundle comes from outside: every length is held against what is left before it is used, every frame against the
   fields of its kind, and a bundle that does not end with the number and the digest of its frames is refused whole. */
#include "store/sync/bundle.h"

#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "base/varint.h"

/* ---- the fields of each kind: t text, n number, s signed number, b bytes, d 32 bytes, h 16 bytes, * what follows as often as it is there ---- */
static const struct { const char *identity, *rest; } FORMATS[SVYI_B_END + 1] = {
    [SVYI_B_HEAD] = { "td", "nbb" },
    [SVYI_B_FORM] = { "ttb", "tss*tb" },
    [SVYI_B_PARAMETER] = { "ttnttss", "" },
    [SVYI_B_CASE] = { "ttttsnnts*tt", "" },
    [SVYI_B_FILE] = { "dn", "db" },
    [SVYI_B_INTERVIEW] = { "b", "t" },
    [SVYI_B_REMNANT] = { "ttttnb", "tttttssttst*nnttttns" },
    [SVYI_B_KEPT] = { "d", "tttttnttntntntssnb*ttd" },
    [SVYI_B_IMPORT] = { "ttt", "" },
    [SVYI_B_HAVE] = { "", "*nnh" },
    [SVYI_B_SERVED] = { "", "n" },
    [SVYI_B_ERASURE] = { "tttss", "t" },
    [SVYI_B_GROUPS] = { "", "n*nh" },
    [SVYI_B_MEDIUM] = { "ttttds", "tsb" },
    [SVYI_B_END] = { "nd", "" },
};

/* ---- writing ---- */

void svyi_put_number(svyi_buffer *b, uint64_t x)
{
    uint8_t bytes[SVYI_VARINT_BYTES];

    svyi_buffer_add(b, bytes, svyi_varint_write(x, bytes));
}

void svyi_put_signed(svyi_buffer *b, int64_t x)
{
    svyi_put_number(b, svyi_zigzag(x));
}

void svyi_put_bytes(svyi_buffer *b, const void *bytes, size_t n)
{
    svyi_put_number(b, n);
    if (n > 0)
        svyi_buffer_add(b, bytes, n);
}

void svyi_put_text(svyi_buffer *b, const char *text)
{
    const char *t = text != NULL ? text : "";

    svyi_put_bytes(b, t, strlen(t));
    svyi_buffer_add(b, "", 1);
}

void svyi_thing_digest(svyi_bundle_kind kind, const void *identity, size_t n, uint8_t digest[SVYI_THING_DIGEST])
{
    uint8_t hash[SVYI_HASH];
    svyi_hasher h;

    svyi_hasher_init(&h, NULL);
    svyi_hasher_number(&h, kind);
    svyi_hasher_bytes(&h, identity, n);
    svyi_hasher_final(&h, hash);
    memcpy(digest, hash, SVYI_THING_DIGEST);
}

void svyi_bundle_begin(svyi_bundle *b, const svy_alloc *alloc)
{
    svyi_buffer_init(&b->out, alloc);
    svyi_hasher_init(&b->hash, NULL);
    b->frames = 0;
    svyi_buffer_add(&b->out, SVYI_BUNDLE_MAGIC, SVYI_BUNDLE_MAGIC_BYTES);
}

void svyi_bundle_frame(svyi_bundle *b, svyi_bundle_kind kind, const svyi_buffer *identity, const svyi_buffer *rest)
{
    const size_t first = identity->len, second = rest != NULL ? rest->len : 0, begin = b->out.len;
    const uint8_t byte = (uint8_t)kind;
    uint8_t number[SVYI_VARINT_BYTES];

    if (identity->failed || (rest != NULL && rest->failed)) {
        b->out.failed = 1;
        return;
    }
    svyi_buffer_add(&b->out, &byte, 1);
    svyi_put_number(&b->out, svyi_varint_write(first, number) + first + second);
    svyi_put_bytes(&b->out, identity->data, first);
    if (second > 0)
        svyi_buffer_add(&b->out, rest->data, second);
    if (!b->out.failed)
        svyi_hasher_bytes(&b->hash, b->out.data + begin, b->out.len - begin);
    b->frames++;
}

void svyi_bundle_copy(svyi_bundle *b, const void *frame, size_t n)
{
    svyi_buffer_add(&b->out, frame, n);
    svyi_hasher_bytes(&b->hash, frame, n);
    b->frames++;
}

void svyi_bundle_finish(svyi_bundle *b)
{
    uint8_t digest[SVYI_HASH];
    svyi_hasher all = b->hash;
    svyi_buffer identity;

    svyi_hasher_final(&all, digest);
    svyi_buffer_init(&identity, &b->out.alloc);
    svyi_put_number(&identity, b->frames);
    svyi_buffer_add(&identity, digest, sizeof digest);
    svyi_bundle_frame(b, SVYI_B_END, &identity, NULL);
    svyi_buffer_clear(&identity);
}

/* ---- reading fields ---- */

uint64_t svyi_get_number(svyi_fields *f)
{
    uint64_t x = 0;

    if (!f->bad && svyi_varint_read(&f->at, f->end, &x) != SVYI_VARINT_READ)
        f->bad = 1;
    return x;
}

int64_t svyi_get_signed(svyi_fields *f)
{
    return svyi_unzigzag(svyi_get_number(f));
}

const uint8_t *svyi_get_fixed(svyi_fields *f, size_t n)
{
    static const uint8_t NONE[SVYI_HASH];
    const uint8_t *at = f->at;

    if (f->bad || (size_t)(f->end - f->at) < n) {
        f->bad = 1;
        return NONE;
    }
    f->at += n;
    return at;
}

const uint8_t *svyi_get_bytes(svyi_fields *f, size_t *n)
{
    const uint64_t len = svyi_get_number(f);

    *n = 0;
    if (f->bad || len > (uint64_t)(f->end - f->at)) {
        f->bad = 1;
        return (const uint8_t *)"";
    }
    *n = (size_t)len;
    f->at += len;
    return f->at - len;
}

const char *svyi_get_text(svyi_fields *f)
{
    size_t n;
    const char *text = (const char *)svyi_get_bytes(f, &n);

    if (f->bad || f->at == f->end || *f->at != '\0' || n > SVYI_BUNDLE_TEXT_MAX || !svyi_utf8_valid(text, n) || memchr(text, '\0', n) != NULL) {
        f->bad = 1;
        return "";
    }
    f->at++;
    return text;
}

int svyi_fields_left(const svyi_fields *f)
{
    return !f->bad && f->at < f->end;
}

/* ---- reading frames ---- */

static void skip_field(svyi_fields *f, char what)
{
    size_t n;

    switch (what) {
    case 't': (void)svyi_get_text(f); break;
    case 'n': (void)svyi_get_number(f); break;
    case 's': (void)svyi_get_signed(f); break;
    case 'b': (void)svyi_get_bytes(f, &n); break;
    case 'd': (void)svyi_get_fixed(f, SVYI_HASH); break;
    default: (void)svyi_get_fixed(f, SVYI_THING_DIGEST); break;
    }
}

static int fits(svyi_fields f, const char *format)
{
    const char *again = NULL;

    for (const char *at = format; *at != '\0' && !f.bad;) {
        if (*at == '*') {
            again = ++at;
            if (f.at == f.end)
                return 1;
        }
        skip_field(&f, *at++);
        if (*at == '\0' && again != NULL && f.at < f.end)
            at = again;
    }
    return !f.bad && f.at == f.end;
}

int svyi_bundle_measure(const uint8_t *bytes, size_t n, size_t *head, size_t *body)
{
    const uint8_t *at = bytes + 1;
    uint64_t len;

    if (n < 2)
        return 0;
    const svyi_varint got = svyi_varint_read(&at, bytes + n, &len);
    if (got == SVYI_VARINT_CUT)
        return 0;
    if (got == SVYI_VARINT_WRONG || len > SVYI_BUNDLE_FRAME_MAX)
        return -1;
    *head = (size_t)(at - bytes);
    *body = (size_t)len;
    return 1;
}

int svyi_bundle_parse(const uint8_t *bytes, size_t n, svyi_frame_read *out)
{
    size_t head, body, first;

    if (svyi_bundle_measure(bytes, n, &head, &body) != 1 || body > n - head)
        return 0;
    *out = (svyi_frame_read){ .kind = (svyi_bundle_kind)bytes[0], .begin = bytes, .size = head + body };
    if (bytes[0] > SVYI_B_END || FORMATS[bytes[0]].identity == NULL)
        return 0;
    svyi_fields f = { bytes + head, bytes + head + body, 0 };
    const uint8_t *identity = svyi_get_bytes(&f, &first);
    if (f.bad)
        return 0;
    out->identity = (svyi_fields){ identity, identity + first, 0 };
    out->rest = f;
    return fits(out->identity, FORMATS[bytes[0]].identity) && fits(out->rest, FORMATS[bytes[0]].rest);
}

void svyi_bundle_walk_begin(svyi_bundle_walk *w)
{
    *w = (svyi_bundle_walk){ .frames = 0 };
    svyi_hasher_init(&w->hash, NULL);
}

svy_status svyi_bundle_walk_on(svyi_bundle_walk *w, const svyi_frame_read *frame, svy_error *err)
{
    if (w->ended)
        return svyi_fail(err, SVY_E_FORMAT, "the bundle goes on behind its end");
    if ((frame->kind == SVYI_B_HEAD) != !w->has_head)
        return svyi_fail(err, SVY_E_FORMAT, "the bundle does not begin with one head");
    w->has_head = 1;
    if (frame->kind == SVYI_B_END) {
        uint8_t digest[SVYI_HASH];
        svyi_fields f = frame->identity;
        const uint64_t frames = svyi_get_number(&f);
        svyi_hasher_final(&w->hash, digest);
        w->ended = 1;
        if (frames != w->frames || memcmp(svyi_get_fixed(&f, SVYI_HASH), digest, sizeof digest) != 0)
            return svyi_fail(err, SVY_E_FORMAT, "the bundle is damaged: it is not what its end says");
        return SVY_OK;
    }
    svyi_hasher_bytes(&w->hash, frame->begin, frame->size);
    w->frames++;
    return SVY_OK;
}

int svyi_bundle_next(const uint8_t **at, const uint8_t *end, svyi_frame_read *out)
{
    if (*at == end || !svyi_bundle_parse(*at, (size_t)(end - *at), out))
        return 0;
    *at += out->size;
    return out->kind != SVYI_B_END;
}

svy_status svyi_bundle_check(const void *bytes, size_t n, svy_error *err)
{
    const uint8_t *begin = bytes, *at = begin, *end = begin + n;
    svyi_bundle_walk w;
    svyi_frame_read frame;
    svy_status st = SVY_OK;

    if (n < SVYI_BUNDLE_MAGIC_BYTES || memcmp(begin, SVYI_BUNDLE_MAGIC, SVYI_BUNDLE_MAGIC_BYTES) != 0)
        return svyi_fail(err, SVY_E_FORMAT, "this is no bundle of a study");
    svyi_bundle_walk_begin(&w);
    for (at += SVYI_BUNDLE_MAGIC_BYTES; at < end && st == SVY_OK; at += frame.size) {
        if (!svyi_bundle_parse(at, (size_t)(end - at), &frame))
            return svyi_fail(err, SVY_E_FORMAT, "byte %llu of the bundle: it is cut or damaged", (unsigned long long)(at - begin));
        st = svyi_bundle_walk_on(&w, &frame, err);
    }
    if (st == SVY_OK && !w.ended)
        return svyi_fail(err, SVY_E_FORMAT, "the bundle is cut: its end is missing");
    return st;
}
