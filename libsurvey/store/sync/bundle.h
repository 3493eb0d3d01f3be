/* The bundle: what travels between study files. Writing frames, and reading them strictly: docs/formats/bundle.md. */
#ifndef SVY_STORE_BUNDLE_H
#define SVY_STORE_BUNDLE_H
#include "base/buffer.h"
#include "store/seal.h"

#define SVYI_BUNDLE_MAGIC "SVYB\x01"
enum { SVYI_BUNDLE_MAGIC_BYTES = 5, SVYI_THING_DIGEST = 16, SVYI_BUNDLE_FRAME_MAX = 72 << 20, SVYI_BUNDLE_TEXT_MAX = 1 << 20 };

typedef enum svyi_bundle_kind {
    SVYI_B_HEAD = 1, SVYI_B_FORM, SVYI_B_PARAMETER, SVYI_B_CASE, SVYI_B_FILE, SVYI_B_INTERVIEW, SVYI_B_REMNANT, SVYI_B_KEPT, SVYI_B_IMPORT, SVYI_B_HAVE, SVYI_B_SERVED, SVYI_B_ERASURE, SVYI_B_GROUPS,
    SVYI_B_MEDIUM,
    SVYI_B_END
} svyi_bundle_kind;

/* ---- writing ---- */
typedef struct svyi_bundle { svyi_buffer out; svyi_hasher hash; uint64_t frames; } svyi_bundle;
void svyi_bundle_begin(svyi_bundle *b, const svy_alloc *alloc);
/* A frame from its two parts: what it is (the digest of a thing is made of that), and the rest. */
void svyi_bundle_frame(svyi_bundle *b, svyi_bundle_kind kind, const svyi_buffer *identity, const svyi_buffer *rest);
/* A frame as it came. */
void svyi_bundle_copy(svyi_bundle *b, const void *frame, size_t n);
void svyi_bundle_finish(svyi_bundle *b);
void svyi_put_number(svyi_buffer *b, uint64_t x);
void svyi_put_signed(svyi_buffer *b, int64_t x);
void svyi_put_text(svyi_buffer *b, const char *text);          /* NULL: "" */
void svyi_put_bytes(svyi_buffer *b, const void *bytes, size_t n);
void svyi_thing_digest(svyi_bundle_kind kind, const void *identity, size_t n, uint8_t digest[SVYI_THING_DIGEST]);

/* ---- reading ---- */
/* Fields of a frame that was checked: they are there, whatever is asked for in the order of the format. */
typedef struct svyi_fields { const uint8_t *at, *end; int bad; } svyi_fields;
uint64_t svyi_get_number(svyi_fields *f);
int64_t svyi_get_signed(svyi_fields *f);
const char *svyi_get_text(svyi_fields *f);
const uint8_t *svyi_get_bytes(svyi_fields *f, size_t *n);
const uint8_t *svyi_get_fixed(svyi_fields *f, size_t n);
int svyi_fields_left(const svyi_fields *f);

typedef struct svyi_frame_read { svyi_bundle_kind kind; const uint8_t *begin; size_t size; svyi_fields identity, rest; } svyi_frame_read;
/* The length of the head of a frame and of its body, from the first bytes: 1, 0 more bytes are needed (at most 12), -1 it is none. */
int svyi_bundle_measure(const uint8_t *bytes, size_t n, size_t *head, size_t *body);
/* One frame at `bytes`, all of it there, every field in form. 0 when it is not. */
int svyi_bundle_parse(const uint8_t *bytes, size_t n, svyi_frame_read *out);
/* Runs through frames, one after the other, and knows at the end whether they were all there. */
typedef struct svyi_bundle_walk { svyi_hasher hash; uint64_t frames; int ended, has_head; } svyi_bundle_walk;
void svyi_bundle_walk_begin(svyi_bundle_walk *w);
svy_status svyi_bundle_walk_on(svyi_bundle_walk *w, const svyi_frame_read *frame, svy_error *err);
/* A whole bundle: SVY_OK, SVY_E_FORMAT. */
svy_status svyi_bundle_check(const void *bytes, size_t n, svy_error *err);
/* The next frame of a bundle that was checked: 1, or 0 at its end. `at` begins behind the magic. */
int svyi_bundle_next(const uint8_t **at, const uint8_t *end, svyi_frame_read *out);
#endif
