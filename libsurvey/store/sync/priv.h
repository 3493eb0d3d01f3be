/* What the parts of synchronising share: whose rows, the list of what a study has, writing a thing, taking one. */
#ifndef SVY_STORE_SYNC_PRIVATE_H
#define SVY_STORE_SYNC_PRIVATE_H
#include <survey/sync.h>

#include "store/sync/bundle.h"
#include "store/reception/priv.h"

/* What the other side may have and give. */
typedef struct svyi_scope {
    const char *organisation;            /* NULL: everything */
    int deploys, erases;                 /* its questionnaires, its erasures are taken */
} svyi_scope;
/* SVY_E_STATE with a sentence when `who` may not synchronise at all. NULL: this machine itself. */
svy_status svyi_scope_of(const svy_principal *who, svyi_scope *out, svy_error *err);

/* ---- sync_list.c: what a study has, in the order in which another can take it ---- */
typedef struct svyi_thing {
    uint8_t digest[SVYI_THING_DIGEST];
    svyi_bundle_kind kind;
    int64_t number;                      /* of its row; 0 for what is found by name */
    const char *name[3];
} svyi_thing;
typedef struct svyi_things { svyi_arena arena; svyi_thing *items; size_t n, capacity; } svyi_things;
void svyi_things_init(svyi_things *t, const svy_alloc *alloc);
void svyi_things_clear(svyi_things *t);
svy_status svyi_things_add(svyi_things *t, const svyi_thing *one, svy_error *err);
svy_status svyi_things_list(svy_study *s, const svyi_scope *scope, svyi_things *out, svy_error *err);
/* Whether a thing that has a number is there for `scope`; its kind becomes what it is now. */
svy_status svyi_thing_find(svy_study *s, const svyi_scope *scope, svyi_thing *one, int *there, svy_error *err);
/* Of the things without a number (cases, imported rows) those whose digests are wanted. */
svy_status svyi_things_named(svy_study *s, const svyi_scope *scope, svyi_bundle_kind kind, const svyi_things *sorted, svyi_things *out, svy_error *err);
/* What was taken once and became something else: as digests. */
svy_status svyi_things_seen(svy_study *s, svyi_things *out, svy_error *err);
/* Sorted by digest; and whether a digest is in such a list. */
void svyi_things_sort(svyi_things *t);
int svyi_things_have(const svyi_things *sorted, const uint8_t digest[SVYI_THING_DIGEST]);

/* ---- sync_write.c ---- */
/* The two parts of the frame of a thing. `rest` NULL: only what it is. SVY_E_NAME when it is not there any more. */
svy_status svyi_thing_write(svy_study *s, const svyi_thing *thing, svyi_buffer *identity, svyi_buffer *rest, svy_error *err);
/* The head of a bundle. `keys` 0: none; 1: that of participants; 2: the project's secret key, too. */
svy_status svyi_sync_head(svy_study *s, int keys, svyi_bundle *b, svy_error *err);
/* A uuid made of the journal of an interview: the same wherever its journal is. */
svy_status svyi_variant_uuid(svy_study *s, int64_t number, char out[SVYI_UUID], svy_error *err);

/* ---- sync_take.c, sync_interview.c, sync_remnant.c ---- */
typedef struct svyi_taker {
    svy_study *s;
    svyi_scope scope;
    svy_reception *reception;            /* made when it is needed, again after a version came */
    const char *actor;
    svy_moment now;
    svy_merged *result;
    const svy_sync_report *report;
    svyi_things *refused;                /* NULL, or receives what was not taken */
} svyi_taker;
svy_status svyi_taker_begin(svyi_taker *t, svy_study *s, const svy_principal *who, const char *actor, svy_moment now, svy_merged *result, const svy_sync_report *report,
                            svy_error *err);
void svyi_taker_end(svyi_taker *t);
/* Takes a frame that was checked; within a transaction. What cannot be taken is told and left out: SVY_OK. */
svy_status svyi_take(svyi_taker *t, const svyi_frame_read *frame, svy_error *err);
/* After all frames: settles, and writes a line of the audit log when something changed since `before`. */
svy_status svyi_taker_finish(svyi_taker *t, const svy_merged *before, svy_error *err);
/* Which revision the typed rows follow is the same on every machine. */
svy_status svyi_sync_settle(svyi_taker *t, svy_error *err);
/* SVY_E_STATE with the reason when the head is that of another study. */
svy_status svyi_head_fits(svy_study *s, const svyi_frame_read *head, svy_error *err);
svy_status svyi_refuse(svyi_taker *t, const svyi_frame_read *frame, const char *why, svy_error *err);
svy_status svyi_taker_reception(svyi_taker *t, svy_error *err);
svy_status svyi_take_interview(svyi_taker *t, const svyi_frame_read *frame, svy_error *err);
svy_status svyi_take_remnant(svyi_taker *t, const svyi_frame_read *frame, svy_error *err);
svy_status svyi_take_erasure(svyi_taker *t, const svyi_frame_read *frame, svy_error *err);
/* The interview of the study that is this one elsewhere: `variant` tells it from others of the same uuid. Number 0: none. `foreign` 1: of another organisation. */
typedef struct svyi_parent { int64_t number; char uuid[SVYI_UUID]; int foreign; } svyi_parent;
svy_status svyi_parent_find(svyi_taker *t, const char *uuid, const char *variant, svyi_parent *out, svy_error *err);
/* ---- sync_groups.c ---- */
/* A list of things as frames of at most `most`; and the lists in a bundle that was checked. */
void svyi_list_write(svyi_bundle *b, const svyi_thing *items, size_t n, size_t most);
svy_status svyi_list_read(const void *bytes, size_t n, svyi_things *out, svy_error *err);
/* ---- sync.c ---- */
/* Hands a finished bundle over. */
svy_status svyi_bundle_hand_over(svyi_bundle *b, svy_status st, svy_sync_take *take, void *user, svy_error *err);
/* The head of another bundle as it came. */
void svyi_head_copy(svyi_bundle *b, const void *have, size_t n);
/* Adds a thing to a bundle; nothing when it is not there any more. */
svy_status svyi_sync_put(svy_study *s, const svyi_thing *one, svyi_bundle *b, svy_error *err);
/* A new, empty file of the study whose head this is. */
svy_status svyi_sync_make(const svy_alloc *alloc, const char *path, const svyi_frame_read *head, svy_moment now, svy_error *err);
#endif
