/* Who has what: lists of things, and before them digests of groups of things, so that two files that are almost the same need to tell each other of little.
 *
 * Things are grouped by the first bits of their digests, about 64 to a group; the digest of a group is of the sorted digests in it. Only groups that differ are listed. */
#include <string.h>

#include "store/sync/priv.h"

enum { EACH = 64, LEAST_BITS = 4, MOST_BITS = 20 };

/* ---- lists ---- */

/* A list of things as frames of at most `most`. */
void svyi_list_write(svyi_bundle *b, const svyi_thing *items, size_t n, size_t most)
{
    svyi_buffer none, list;

    svyi_buffer_init(&none, &b->out.alloc);
    svyi_buffer_init(&list, &b->out.alloc);
    for (size_t i = 0; i < n; i++) {
        svyi_put_number(&list, items[i].kind);
        svyi_put_number(&list, (uint64_t)items[i].number);
        svyi_buffer_add(&list, items[i].digest, SVYI_THING_DIGEST);
        if ((i + 1) % most == 0 || i + 1 == n) {
            svyi_bundle_frame(b, SVYI_B_HAVE, &none, &list);
            list.len = 0;
        }
    }
    svyi_buffer_clear(&list);
    svyi_buffer_clear(&none);
}

/* The lists in a bundle that was checked. */
svy_status svyi_list_read(const void *bytes, size_t n, svyi_things *out, svy_error *err)
{
    const uint8_t *at = (const uint8_t *)bytes + SVYI_BUNDLE_MAGIC_BYTES, *end = (const uint8_t *)bytes + n;
    svyi_frame_read frame;
    svy_status st = SVY_OK;

    while (st == SVY_OK && svyi_bundle_next(&at, end, &frame))
        while (frame.kind == SVYI_B_HAVE && st == SVY_OK && svyi_fields_left(&frame.rest)) {
            const uint64_t kind = svyi_get_number(&frame.rest), number = svyi_get_number(&frame.rest);
            svyi_thing one = { .kind = kind < SVYI_B_HAVE || kind == SVYI_B_ERASURE || kind == SVYI_B_MEDIUM ? (svyi_bundle_kind)kind : SVYI_B_HEAD, .number = number <= INT64_MAX ? (int64_t)number : 0 };
            memcpy(one.digest, svyi_get_fixed(&frame.rest, SVYI_THING_DIGEST), SVYI_THING_DIGEST);
            st = svyi_things_add(out, &one, err);
        }
    return st;
}

/* ---- groups ---- */

static uint32_t group_of(const uint8_t digest[SVYI_THING_DIGEST], unsigned bits)
{
    const uint32_t head = (uint32_t)digest[0] << 24 | (uint32_t)digest[1] << 16 | (uint32_t)digest[2] << 8 | digest[3];

    return head >> (32 - bits);
}

/* The groups that a bundle tells of: a bit for each. */
typedef struct marks { unsigned bits; uint8_t *set; size_t size; } marks;

static int is_marked(const marks *m, const uint8_t digest[SVYI_THING_DIGEST])
{
    const uint32_t group = group_of(digest, m->bits);

    return (m->set[group / 8] >> group % 8 & 1) != 0;
}

/* The frame of groups in a bundle that was checked. */
static svy_status find_groups(const void *bytes, size_t n, unsigned *bits, svyi_fields *groups, svy_error *err)
{
    const uint8_t *at = (const uint8_t *)bytes + SVYI_BUNDLE_MAGIC_BYTES, *end = (const uint8_t *)bytes + n;
    svyi_frame_read frame;
    svy_status st = svyi_bundle_check(bytes, n, err);

    while (st == SVY_OK && svyi_bundle_next(&at, end, &frame))
        if (frame.kind == SVYI_B_GROUPS) {
            const uint64_t b = svyi_get_number(&frame.rest);
            if (b < LEAST_BITS || b > MOST_BITS)
                return svyi_fail(err, SVY_E_FORMAT, "the bundle has groups of %llu bits", (unsigned long long)b);
            *bits = (unsigned)b;
            *groups = frame.rest;
            return SVY_OK;
        }
    return st == SVY_OK ? svyi_fail(err, SVY_E_FORMAT, "the bundle tells of no groups") : st;
}

static svy_status read_marks(const svy_alloc *alloc, const void *bytes, size_t n, marks *out, svy_error *err)
{
    svyi_fields groups;
    svy_status st = find_groups(bytes, n, &out->bits, &groups, err);

    if (st != SVY_OK)
        return st;
    out->size = (size_t)1 << out->bits >> 3;
    if ((out->set = svyi_get(alloc, out->size)) == NULL)
        return svyi_nomem(err);
    memset(out->set, 0, out->size);
    while (svyi_fields_left(&groups)) {
        const uint64_t group = svyi_get_number(&groups);
        (void)svyi_get_fixed(&groups, SVYI_THING_DIGEST);
        if (group / 8 < out->size)
            out->set[group / 8] |= (uint8_t)(1u << group % 8);
    }
    return SVY_OK;
}

static void keep_marked(svyi_things *t, const marks *m)
{
    size_t n = 0;

    for (size_t i = 0; i < t->n; i++)
        if (is_marked(m, t->items[i].digest))
            t->items[n++] = t->items[i];
    t->n = n;
}

static svy_status list_all(svy_study *s, const svyi_scope *scope, svyi_things *out, svy_error *err)
{
    const svy_status st = svyi_things_list(s, scope, out, err);

    return st == SVY_OK ? svyi_things_seen(s, out, err) : st;
}

svy_status svy_sync_have(svy_study *s, const svy_principal *who, const void *groups, size_t n, svy_sync_take *take, void *user, svy_error *err)
{
    marks wanted = { .set = NULL };
    svyi_scope scope;
    svyi_things things;
    svyi_bundle b;
    svy_status st;

    SVY_REQUIRE(s != NULL && take != NULL, err);
    if ((st = svyi_scope_of(who, &scope, err)) != SVY_OK || (groups != NULL && (st = read_marks(&s->alloc, groups, n, &wanted, err)) != SVY_OK))
        return st;
    svyi_things_init(&things, &s->alloc);
    svyi_bundle_begin(&b, &s->alloc);
    if ((st = svyi_sync_head(s, 0, &b, err)) == SVY_OK && (st = list_all(s, &scope, &things, err)) == SVY_OK) {
        if (wanted.set != NULL)
            keep_marked(&things, &wanted);
        svyi_list_write(&b, things.items, things.n, SVY_SYNC_WANTED);
    }
    svyi_things_clear(&things);
    svyi_release(&s->alloc, wanted.set, wanted.size);
    return svyi_bundle_hand_over(&b, st, take, user, err);
}

/* The digest of the things from `i` on that are in one group; returns where the next group begins. */
static size_t hash_group(const svyi_things *sorted, size_t i, unsigned bits, uint8_t digest[SVYI_HASH])
{
    const uint32_t group = group_of(sorted->items[i].digest, bits);
    svyi_hasher h;

    svyi_hasher_init(&h, NULL);
    for (const uint8_t *last = NULL; i < sorted->n && group_of(sorted->items[i].digest, bits) == group; i++) {
        if (last == NULL || memcmp(last, sorted->items[i].digest, SVYI_THING_DIGEST) != 0)
            svyi_hasher_bytes(&h, sorted->items[i].digest, SVYI_THING_DIGEST);
        last = sorted->items[i].digest;
    }
    svyi_hasher_final(&h, digest);
    return i;
}

static void put_groups(svyi_bundle *b, svyi_things *things, unsigned bits)
{
    svyi_buffer none, groups;
    uint8_t digest[SVYI_HASH];

    svyi_things_sort(things);
    svyi_buffer_init(&none, &b->out.alloc);
    svyi_buffer_init(&groups, &b->out.alloc);
    svyi_put_number(&groups, bits);
    for (size_t i = 0; i < things->n;) {
        svyi_put_number(&groups, group_of(things->items[i].digest, bits));
        i = hash_group(things, i, bits, digest);
        svyi_buffer_add(&groups, digest, SVYI_THING_DIGEST);
    }
    svyi_bundle_frame(b, SVYI_B_GROUPS, &none, &groups);
    svyi_buffer_clear(&groups);
}

svy_status svy_sync_groups(svy_study *s, const svy_principal *who, const void *like, size_t n, svy_sync_take *take, void *user, svy_error *err)
{
    unsigned bits = 0;
    svyi_fields unused;
    svyi_scope scope;
    svyi_things things;
    svyi_bundle b;
    svy_status st;

    SVY_REQUIRE(s != NULL && take != NULL, err);
    if ((st = svyi_scope_of(who, &scope, err)) != SVY_OK || (like != NULL && (st = find_groups(like, n, &bits, &unused, err)) != SVY_OK))
        return st;
    svyi_things_init(&things, &s->alloc);
    svyi_bundle_begin(&b, &s->alloc);
    if ((st = svyi_sync_head(s, 0, &b, err)) == SVY_OK && (st = list_all(s, &scope, &things, err)) == SVY_OK) {
        for (bits = bits != 0 ? bits : LEAST_BITS; like == NULL && bits < MOST_BITS && things.n >> bits > EACH;)
            bits++;
        put_groups(&b, &things, bits);
    }
    svyi_things_clear(&things);
    return svyi_bundle_hand_over(&b, st, take, user, err);
}

/* Both are in the order of their groups. `most` of them differ. */
static uint64_t differing(svyi_fields a, svyi_fields b, svyi_buffer *out)
{
    uint64_t n = 0, x = 0, y = 0;
    const uint8_t *p = NULL, *q = NULL;

    for (;;) {
        if (p == NULL && svyi_fields_left(&a)) {
            x = svyi_get_number(&a);
            p = svyi_get_fixed(&a, SVYI_THING_DIGEST);
        }
        if (q == NULL && svyi_fields_left(&b)) {
            y = svyi_get_number(&b);
            q = svyi_get_fixed(&b, SVYI_THING_DIGEST);
        }
        if (p == NULL && q == NULL)
            return n;
        const int first = p != NULL && (q == NULL || x <= y), second = q != NULL && (p == NULL || y <= x);
        if (!first || !second || memcmp(p, q, SVYI_THING_DIGEST) != 0) {
            svyi_put_number(out, first ? x : y);
            svyi_buffer_add(out, first ? p : q, SVYI_THING_DIGEST);
            n++;
        }
        p = first ? NULL : p;
        q = second ? NULL : q;
    }
}

svy_status svy_sync_differ(const svy_alloc *alloc, const void *mine, size_t n_mine, const void *theirs, size_t n_theirs, svy_sync_take *take, void *user, uint64_t *groups, svy_error *err)
{
    const svy_alloc a = svyi_alloc_or_default(alloc);
    unsigned bits, other;
    svyi_fields own, their;
    svyi_buffer none, list;
    svyi_bundle b;
    svy_status st;

    SVY_REQUIRE(mine != NULL && theirs != NULL && take != NULL && groups != NULL, err);
    *groups = 0;
    if ((st = find_groups(mine, n_mine, &bits, &own, err)) != SVY_OK || (st = find_groups(theirs, n_theirs, &other, &their, err)) != SVY_OK)
        return st;
    if (bits != other)
        return svyi_fail(err, SVY_E_FORMAT, "groups of %u and of %u bits cannot be compared", bits, other);
    svyi_buffer_init(&none, &a);
    svyi_buffer_init(&list, &a);
    svyi_bundle_begin(&b, &a);
    svyi_head_copy(&b, theirs, n_theirs);
    svyi_put_number(&list, bits);
    *groups = differing(own, their, &list);
    svyi_bundle_frame(&b, SVYI_B_GROUPS, &none, &list);
    svyi_buffer_clear(&list);
    return svyi_bundle_hand_over(&b, st, take, user, err);
}
