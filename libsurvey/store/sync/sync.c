/* Synchronising: what one side lacks of the other, bundles of it, and taking them; between two files and over anything that carries bytes. */
#include "survey/sync.h"

#include <string.h>

#include "store/people/people_priv.h"
#include "store/sync/priv.h"

svy_status svyi_bundle_hand_over(svyi_bundle *b, svy_status st, svy_sync_take *take, void *user, svy_error *err)
{
    if (st == SVY_OK) {
        svyi_bundle_finish(b);
        st = b->out.failed ? svyi_nomem(err) : take(user, b->out.data, b->out.len);
    }
    svyi_buffer_clear(&b->out);
    return st;
}

svy_status svy_sync_hello(svy_study *s, const svy_principal *who, int keys, svy_sync_take *take, void *user, svy_error *err)
{
    svyi_scope scope;
    svyi_bundle b;
    svy_status st;

    SVY_REQUIRE(s != NULL && take != NULL, err);
    if ((st = svyi_scope_of(who, &scope, err)) != SVY_OK)
        return st;
    svyi_bundle_begin(&b, &s->alloc);
    st = svyi_sync_head(s, !keys ? 0 : scope.organisation != NULL ? 1 : 2, &b, err);
    return svyi_bundle_hand_over(&b, st, take, user, err);
}

/* ---- a new file ---- */

static svy_status adopt(svy_study *s, const svyi_frame_read *head, svy_error *err)
{
    svyi_fields identity = head->identity, rest = head->rest;
    const char *uuid = svyi_get_text(&identity);
    const uint8_t *open = svyi_get_fixed(&identity, SVYI_KEY);
    const int rehearsal = svyi_get_number(&rest) != 0;
    size_t n, m;
    const uint8_t *key = svyi_get_bytes(&rest, &n), *secret = svyi_get_bytes(&rest, &m);
    svy_status st;

    if (n != SVYI_KEY || (m != 0 && m != SVYI_KEY))
        return svyi_fail(err, SVY_E_STATE, "it does not hold the keys that a new file of the study needs: make the file from the study itself, over the network, or from a sealed bundle written with --keys");
    if ((st = svyi_db_begin(s, err)) != SVY_OK)
        return st;
    memcpy(s->key, key, sizeof s->key);
    st = svyi_db_once(s, "UPDATE study SET value = ? WHERE name = 'uuid'", SVYI_ARGS(svyi_arg_text(uuid)), err);
    if (st == SVY_OK && rehearsal)
        st = svyi_db_once(s, "INSERT INTO study(name, value) VALUES('rehearsal', 'synchronised')", NULL, 0, err);
    if (st == SVY_OK)
        st = svyi_db_once(s, "UPDATE secrets SET value = ? WHERE name = 'participant-key'", SVYI_ARGS(svyi_arg_blob(key, n)), err);
    if (st == SVY_OK)
        st = svyi_db_once(s, "UPDATE secrets SET value = ? WHERE name = 'project-public'", SVYI_ARGS(svyi_arg_blob(open, SVYI_KEY)), err);
    if (st == SVY_OK)
        st = m > 0 ? svyi_db_once(s, "UPDATE secrets SET value = ? WHERE name = 'project-secret'", SVYI_ARGS(svyi_arg_blob(secret, m)), err)
                   : svyi_db_once(s, "DELETE FROM secrets WHERE name = 'project-secret'", NULL, 0, err);
    return svyi_db_end(s, st, err);
}

svy_status svyi_sync_make(const svy_alloc *alloc, const char *path, const svyi_frame_read *head, svy_moment now, svy_error *err)
{
    svy_study *s = NULL;
    svy_status st = svy_study_create(alloc, path, now, err);

    if (st != SVY_OK)
        return st;
    if ((st = svy_study_open(alloc, path, SVY_STUDY_WRITE, &s, err)) == SVY_OK)
        st = adopt(s, head, err);
    svy_study_close(s);
    if (st != SVY_OK)
        svyi_file_remove(path);
    return st;
}

svy_status svy_sync_create(const svy_alloc *alloc, const char *path, const void *hello, size_t n, svy_moment now, svy_error *err)
{
    const uint8_t *at = hello;
    svyi_frame_read head;
    svy_status st;

    SVY_REQUIRE(path != NULL && hello != NULL, err);
    if ((st = svyi_bundle_check(hello, n, err)) != SVY_OK)
        return st;
    at += SVYI_BUNDLE_MAGIC_BYTES;
    return svyi_bundle_next(&at, (const uint8_t *)hello + n, &head) ? svyi_sync_make(alloc, path, &head, now, err) : svyi_fail(err, SVY_E_FORMAT, "this is no head of a study");
}

/* ---- what one side lacks ---- */

/* What of `theirs` is not in `mine` (sorted). What they only remember to have seen, nobody can get. */
static svy_status lacking(const svyi_things *mine, const svyi_things *theirs, svyi_things *out, svy_error *err)
{
    svy_status st = SVY_OK;

    for (size_t i = 0; i < theirs->n && st == SVY_OK; i++)
        if (!svyi_things_have(mine, theirs->items[i].digest) && !(theirs->items[i].kind == SVYI_B_KEPT && theirs->items[i].number == 0))
            st = svyi_things_add(out, &theirs->items[i], err);
    return st;
}

void svyi_head_copy(svyi_bundle *b, const void *have, size_t n)
{
    const uint8_t *at = (const uint8_t *)have + SVYI_BUNDLE_MAGIC_BYTES;
    svyi_frame_read head;

    if (svyi_bundle_next(&at, (const uint8_t *)have + n, &head))
        svyi_bundle_copy(b, head.begin, head.size);
}

svy_status svy_sync_lack(const svy_alloc *alloc, const void *mine, size_t n_mine, const void *theirs, size_t n_theirs,
                         svy_status (*take)(void *user, const void *wanted, size_t n, uint64_t things), void *user, svy_error *err)
{
    svyi_things own, other, out;
    svy_status st;

    SVY_REQUIRE(mine != NULL && theirs != NULL && take != NULL, err);
    if ((st = svyi_bundle_check(mine, n_mine, err)) != SVY_OK || (st = svyi_bundle_check(theirs, n_theirs, err)) != SVY_OK)
        return st;
    const svy_alloc a = svyi_alloc_or_default(alloc);
    svyi_things_init(&own, &a);
    svyi_things_init(&other, &a);
    svyi_things_init(&out, &a);
    if ((st = svyi_list_read(mine, n_mine, &own, err)) == SVY_OK && (st = svyi_list_read(theirs, n_theirs, &other, err)) == SVY_OK) {
        svyi_things_sort(&own);
        st = lacking(&own, &other, &out, err);
    }
    for (size_t at = 0; at < out.n && st == SVY_OK; at += SVY_SYNC_WANTED) {
        const size_t n = out.n - at < SVY_SYNC_WANTED ? out.n - at : SVY_SYNC_WANTED;
        svyi_bundle b;
        svyi_bundle_begin(&b, &a);
        svyi_head_copy(&b, theirs, n_theirs);
        svyi_list_write(&b, out.items + at, n, SVY_SYNC_WANTED);
        svyi_bundle_finish(&b);
        st = b.out.failed ? svyi_nomem(err) : take(user, b.out.data, b.out.len, n);
        svyi_buffer_clear(&b.out);
    }
    svyi_things_clear(&own);
    svyi_things_clear(&other);
    svyi_things_clear(&out);
    return st;
}

/* ---- giving ---- */

svy_status svyi_sync_put(svy_study *s, const svyi_thing *one, svyi_bundle *b, svy_error *err)
{
    svyi_buffer identity, rest;
    svy_error why = SVY_ERROR_INIT;
    svy_status st;

    svyi_buffer_init(&identity, &s->alloc);
    svyi_buffer_init(&rest, &s->alloc);
    if ((st = svyi_thing_write(s, one, &identity, &rest, &why)) == SVY_OK)
        svyi_bundle_frame(b, one->kind, &identity, &rest);
    else if (st == SVY_E_NAME)
        st = SVY_OK;
    else
        st = svyi_fail(err, st, "%s", why.message);
    svyi_buffer_clear(&identity);
    svyi_buffer_clear(&rest);
    return st;
}

/* All the named things that follow one another in the list. */
static svy_status put_named(svy_study *s, const svyi_scope *scope, const svyi_thing *items, size_t n, svyi_bundle *b, svy_error *err)
{
    svyi_things wanted, found;
    svy_status st = SVY_OK;

    svyi_things_init(&wanted, &s->alloc);
    svyi_things_init(&found, &s->alloc);
    for (size_t i = 0; i < n && st == SVY_OK; i++)
        st = svyi_things_add(&wanted, &items[i], err);
    svyi_things_sort(&wanted);
    if (st == SVY_OK)
        st = svyi_things_named(s, scope, items[0].kind, &wanted, &found, err);
    for (size_t i = 0; i < found.n && st == SVY_OK; i++)
        st = svyi_sync_put(s, &found.items[i], b, err);
    svyi_things_clear(&wanted);
    svyi_things_clear(&found);
    return st;
}

/* Adds things from `*at` on until the bundle is full. */
static svy_status put_some(svy_study *s, const svyi_scope *scope, const svyi_things *wanted, size_t *at, svyi_bundle *b, svy_error *err)
{
    svy_status st = SVY_OK;
    size_t put = 0;

    while (st == SVY_OK && *at < wanted->n && put < SVY_BUNDLE_THINGS && b->out.len < SVY_BUNDLE_BYTES) {
        svyi_thing one = wanted->items[*at];
        size_t run = 1;
        int there;
        if (one.kind == SVYI_B_CASE || one.kind == SVYI_B_IMPORT) {
            while (*at + run < wanted->n && wanted->items[*at + run].kind == one.kind)
                run++;
            st = put_named(s, scope, &wanted->items[*at], run, b, err);
        } else if ((st = svyi_thing_find(s, scope, &one, &there, err)) == SVY_OK && there > 0) {
            st = svyi_sync_put(s, &one, b, err);
        }
        *at += run;
        put++;
    }
    return st;
}

svy_status svy_sync_give(svy_study *s, const svy_principal *who, const void *wanted, size_t n, uint64_t skip, svy_sync_take *take, void *user, uint64_t *served, svy_error *err)
{
    svyi_scope scope;
    svyi_things list;
    svyi_bundle b;
    svy_status st;
    size_t at = (size_t)skip;

    SVY_REQUIRE(s != NULL && wanted != NULL && take != NULL && served != NULL, err);
    *served = 0;
    if ((st = svyi_scope_of(who, &scope, err)) != SVY_OK || (st = svyi_bundle_check(wanted, n, err)) != SVY_OK)
        return st;
    svyi_things_init(&list, &s->alloc);
    svyi_bundle_begin(&b, &s->alloc);
    if ((st = svyi_sync_head(s, 0, &b, err)) == SVY_OK && (st = svyi_list_read(wanted, n, &list, err)) == SVY_OK && list.n > SVY_SYNC_WANTED)
        st = svyi_fail(err, SVY_E_LIMIT, "at most %d things are asked for at once", SVY_SYNC_WANTED);
    if (st == SVY_OK)
        st = put_some(s, &scope, &list, &at, &b, err);
    if (st == SVY_OK) {
        svyi_buffer none, count;
        svyi_buffer_init(&none, &s->alloc);
        svyi_buffer_init(&count, &s->alloc);
        *served = at - skip < list.n ? at - skip : list.n;
        svyi_put_number(&count, *served);
        svyi_bundle_frame(&b, SVYI_B_SERVED, &none, &count);
        svyi_buffer_clear(&count);
    }
    svyi_things_clear(&list);
    return svyi_bundle_hand_over(&b, st, take, user, err);
}

svy_status svy_sync_served(const void *bytes, size_t n, uint64_t *served, svy_error *err)
{
    const uint8_t *at = (const uint8_t *)bytes + SVYI_BUNDLE_MAGIC_BYTES;
    svyi_frame_read frame;
    svy_status st;

    SVY_REQUIRE(bytes != NULL && served != NULL, err);
    if ((st = svyi_bundle_check(bytes, n, err)) != SVY_OK)
        return st;
    while (svyi_bundle_next(&at, (const uint8_t *)bytes + n, &frame))
        if (frame.kind == SVYI_B_SERVED) {
            *served = svyi_get_number(&frame.rest);
            return SVY_OK;
        }
    return svyi_fail(err, SVY_E_FORMAT, "the bundle does not say what it answers");
}

/* ---- taking ---- */

static svy_status take_all(svyi_taker *t, const void *bytes, size_t n, svy_error *err)
{
    const uint8_t *at = (const uint8_t *)bytes + SVYI_BUNDLE_MAGIC_BYTES, *end = (const uint8_t *)bytes + n;
    svyi_frame_read frame;
    svy_status st = SVY_OK;

    while (st == SVY_OK && svyi_bundle_next(&at, end, &frame))
        st = svyi_take(t, &frame, err);
    return st;
}

svy_status svy_sync_merge(svy_study *s, const svy_principal *who, const void *bytes, size_t n, const char *actor, svy_moment now, svy_merged *result,
                          const svy_sync_report *report, svy_error *err)
{
    svyi_taker t;
    svy_status st;

    SVY_REQUIRE(s != NULL && bytes != NULL && actor != NULL && result != NULL, err);
    const svy_merged before = *result;
    if ((st = svyi_bundle_check(bytes, n, err)) != SVY_OK || (st = svyi_taker_begin(&t, s, who, actor, now, result, report, err)) != SVY_OK || (st = svyi_db_begin(s, err)) != SVY_OK)
        return st;
    if ((st = take_all(&t, bytes, n, err)) == SVY_OK)
        st = svyi_taker_finish(&t, &before, err);
    svyi_taker_end(&t);
    st = svyi_db_end(s, st, err);
    if (st == SVY_OK && result->erased > before.erased && s->depth == 0)
        (void)!svyi_log_empty(s, "interviews were erased", NULL);
    if (st != SVY_OK)
        *result = before;
    return st;
}

/* ---- two files ---- */

static const svy_merged NOTHING;
static const svyi_scope ALL = { NULL, 1, 1 };

/* Everything `from` has and `to` lacks, one thing at a time. */
static svy_status pass(svy_study *from, const svyi_things *lacks, svyi_taker *t, const svy_sync_progress *progress, uint64_t *done, uint64_t total, svy_error *err)
{
    svy_status st = SVY_OK;

    for (size_t i = 0; i < lacks->n && st == SVY_OK; i++) {
        svyi_thing one = lacks->items[i];
        svyi_bundle b;
        svyi_frame_read frame;
        int there = 1;
        svyi_bundle_begin(&b, &from->alloc);
        if (one.number != 0)                  /* it may have been erased by what came from the other side */
            st = svyi_thing_find(from, &ALL, &one, &there, err);
        if (st == SVY_OK && there > 0)
            st = svyi_sync_put(from, &one, &b, err);
        if (st == SVY_OK && b.out.failed)
            st = svyi_nomem(err);
        if (st == SVY_OK && b.frames == 1)
            st = svyi_bundle_parse((const uint8_t *)b.out.data + SVYI_BUNDLE_MAGIC_BYTES, b.out.len - SVYI_BUNDLE_MAGIC_BYTES, &frame)
                     ? svyi_take(t, &frame, err) : svyi_fail(err, SVY_E_FORMAT, "'%.200s' holds something that cannot be handed on: verify it", from->path);
        svyi_buffer_clear(&b.out);
        ++*done;
        if (progress != NULL && progress->step != NULL)
            progress->step(progress->user, *done, total);
    }
    return st == SVY_OK ? svyi_taker_finish(t, &NOTHING, err) : st;
}

/* Whether `b` is a file of the study that `a` is. */
static svy_status same_study(svy_study *a, svy_study *b, svy_error *err)
{
    svyi_bundle head;
    svyi_frame_read frame;

    svyi_bundle_begin(&head, &b->alloc);
    svy_status st = svyi_sync_head(b, 0, &head, err);
    if (st == SVY_OK)
        st = svyi_bundle_parse((const uint8_t *)head.out.data + SVYI_BUNDLE_MAGIC_BYTES, head.out.len - SVYI_BUNDLE_MAGIC_BYTES, &frame) ? svyi_head_fits(a, &frame, err) : svyi_nomem(err);
    svyi_buffer_clear(&head.out);
    return st;
}

static svy_status list_both(svy_study *const s[2], svyi_things lacks[2], svy_error *err)
{
    svyi_things has[2], sorted;
    svy_status st = SVY_OK;

    svyi_things_init(&has[0], &s[0]->alloc);
    svyi_things_init(&has[1], &s[1]->alloc);
    for (int i = 0; i < 2 && st == SVY_OK; i++)
        st = svyi_things_list(s[i], &ALL, &has[i], err);
    for (int i = 0; i < 2 && st == SVY_OK; i++) {
        svyi_things_init(&sorted, &s[i]->alloc);
        for (size_t j = 0; j < has[i].n && st == SVY_OK; j++)
            st = svyi_things_add(&sorted, &has[i].items[j], err);
        if (st == SVY_OK && (st = svyi_things_seen(s[i], &sorted, err)) == SVY_OK) {
            svyi_things_sort(&sorted);
            st = lacking(&sorted, &has[1 - i], &lacks[i], err);
        }
        svyi_things_clear(&sorted);
    }
    svyi_things_clear(&has[0]);
    svyi_things_clear(&has[1]);
    return st;
}

svy_status svy_sync_studies(svy_study *a, svy_study *b, const char *actor, svy_moment now, svy_merged *into_a, svy_merged *into_b, const svy_sync_report *report,
                            const svy_sync_progress *progress, svy_error *err)
{
    SVY_REQUIRE(a != NULL && b != NULL && a != b && actor != NULL && into_a != NULL && into_b != NULL, err);
    svy_study *const s[2] = { a, b };
    svy_merged *const into[2] = { into_a, into_b };
    svyi_things lacks[2];
    uint64_t done = 0;
    int begun = 0;
    svy_status st = same_study(a, b, err);

    svyi_things_init(&lacks[0], &a->alloc);
    svyi_things_init(&lacks[1], &b->alloc);
    for (; begun < 2 && st == SVY_OK; begun += st == SVY_OK)
        st = svyi_db_begin(s[begun], err);
    if (st == SVY_OK)
        st = list_both(s, lacks, err);
    for (int i = 0; i < 2 && st == SVY_OK; i++) {
        svyi_taker t;
        if ((st = svyi_taker_begin(&t, s[i], NULL, actor, now, into[i], report, err)) == SVY_OK)
            st = pass(s[1 - i], &lacks[i], &t, progress, &done, lacks[0].n + lacks[1].n, err);
        svyi_taker_end(&t);
    }
    for (int i = 0; i < begun; i++)
        st = svyi_db_end(s[i], st, err);
    for (int i = 0; i < 2 && st == SVY_OK; i++)
        if (into[i]->erased > 0)
            (void)!svyi_log_empty(s[i], "interviews were erased", NULL);
    svyi_things_clear(&lacks[0]);
    svyi_things_clear(&lacks[1]);
    return st;
}
