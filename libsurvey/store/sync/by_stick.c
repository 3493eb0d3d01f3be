/* Synchronising with a bundle in a file: read through first, then taken, then written anew with what both have. */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <string.h>

#include "store/people/people_priv.h"
#include "store/sync/stick.h"
#include "store/sync/priv.h"

int svy_sync_kind_of_file(const char *path)
{
    char head[16] = "";
    FILE *f = fopen(path, "rbe");

    if (f == NULL)
        return -1;
    const size_t n = fread(head, 1, sizeof head, f);
    fclose(f);
    if (n >= 16 && memcmp(head, "SQLite format 3", 16) == 0)
        return 1;
    if (n >= 5 && memcmp(head, SVYI_BUNDLE_MAGIC, 5) == 0)
        return 2;
    return n >= 5 && memcmp(head, SVYI_STICK_MAGIC, 5) == 0 ? 3 : 0;
}

/* ---- running through the frames of a file ---- */

typedef svy_status each_frame(void *user, const svyi_frame_read *frame, svy_error *err);

static svy_status cut(const svyi_stick_in *in, svy_error *err)
{
    return svyi_fail(err, SVY_E_FORMAT, "'%.200s' is cut or damaged: nothing was taken from it; write it again", in->path);
}

/* The next frame: 1, 0 the file ends, -1 failed. */
static int next_frame(svyi_stick_in *in, svyi_frame_read *frame, svy_error *err)
{
    size_t head = 0, body = 0;
    int got = svyi_stick_fill(in, 1, err);

    if (got != 1)
        return got;
    for (size_t n = 2; svyi_bundle_measure(in->bytes + in->at, in->n - in->at, &head, &body) == 0 && n < 12 && got == 1; n++)
        got = svyi_stick_fill(in, n, err);
    if (got == 1 && svyi_bundle_measure(in->bytes + in->at, in->n - in->at, &head, &body) == 1)
        got = svyi_stick_fill(in, head + body, err);
    else if (got == 1)
        got = 0;
    if (got == 1 && svyi_bundle_parse(in->bytes + in->at, in->n - in->at, frame)) {
        in->at += frame->size;
        return 1;
    }
    if (got >= 0)
        (void)!cut(in, err);
    return -1;
}

typedef struct place { const svy_alloc *alloc; const char *path; const svy_stick_options *options; int sealed; } place;

static svy_status run_through(const place *p, each_frame *each, void *user, svy_error *err)
{
    svyi_stick_key key = { .sealed = p->sealed };
    svyi_bundle_walk walk;
    svyi_frame_read frame;
    svyi_stick_in in;
    int got = 0;
    svy_status st = svyi_stick_open(&in, p->alloc, p->path, &key, p->options->passphrase, p->options->passphrase_len, err);

    svyi_wipe(&key, sizeof key);
    if (st != SVY_OK)
        return st;
    if ((got = svyi_stick_fill(&in, SVYI_BUNDLE_MAGIC_BYTES, err)) != 1 || memcmp(in.bytes + in.at, SVYI_BUNDLE_MAGIC, SVYI_BUNDLE_MAGIC_BYTES) != 0)
        st = got < 0 ? svyi_db_failed(err) : cut(&in, err);
    in.at += SVYI_BUNDLE_MAGIC_BYTES;
    svyi_bundle_walk_begin(&walk);
    while (st == SVY_OK && (got = next_frame(&in, &frame, err)) == 1)
        if ((st = svyi_bundle_walk_on(&walk, &frame, err)) == SVY_OK && each != NULL)
            st = each(user, &frame, err);
    if (st == SVY_OK && got < 0)
        st = svyi_db_failed(err);
    if (st == SVY_OK && !walk.ended)
        st = cut(&in, err);
    svyi_stick_close(&in);
    return st;
}

/* ---- taking ---- */

static svy_status check_head(void *user, const svyi_frame_read *frame, svy_error *err)
{
    return frame->kind == SVYI_B_HEAD ? svyi_head_fits(user, frame, err) : SVY_OK;
}

static svy_status take_frame(void *user, const svyi_frame_read *frame, svy_error *err)
{
    return svyi_take(user, frame, err);
}

static svy_status take_stick(svy_study *s, const place *p, svyi_taker *t, svy_error *err)
{
    static const svy_merged NOTHING;
    svy_status st = run_through(p, check_head, s, err);

    if (st != SVY_OK || (st = svyi_db_begin(s, err)) != SVY_OK)
        return st;
    if ((st = run_through(p, take_frame, t, err)) == SVY_OK)
        st = svyi_taker_finish(t, &NOTHING, err);
    svyi_taker_end(t);
    return svyi_db_end(s, st, err);
}

/* ---- writing ---- */

typedef struct writing {
    svy_study *s;
    svyi_stick_out out;
    svyi_bundle b;
    const svyi_things *ours, *refused;   /* sorted */
    svyi_things gone;                    /* files of interviews that were erased; sorted */
    int all;                             /* what is in the file and not ours stays in it, also when it was not tried */
} writing;

static svy_status flush(writing *w, svy_error *err)
{
    if (w->b.out.failed)
        return svyi_nomem(err);
    const svy_status st = svyi_stick_write(&w->out, w->b.out.data, w->b.out.len, err);
    w->b.out.len = 0;
    return st;
}

/* Whose interview a frame carries, and the files that it names. */
typedef struct carried { char uuid[SVYI_UUID], corrects[SVYI_UUID]; svyi_things *files; } carried;

static svy_status read_head(void *user, const svy_package_head *head, svy_error *err)
{
    carried *c = user;

    (void)err;
    snprintf(c->uuid, sizeof c->uuid, "%s", head->uuid);
    snprintf(c->corrects, sizeof c->corrects, "%s", head->corrects);
    return c->files != NULL ? SVY_OK : SVY_E_STATE;
}

/* A file is known by its content, or by what it was uploaded as. */
static svy_status read_file(void *user, const svy_package_file *file, svy_error *err)
{
    carried *c = user;
    svy_status st = SVY_OK;

    for (unsigned by_hash = 0; by_hash < 2 && st == SVY_OK; by_hash++) {
        svyi_thing one = { .kind = SVYI_B_FILE };
        uint8_t identity[SVYI_HASH + 1];
        memcpy(identity, by_hash ? file->sealed_sha256 : file->sha256, SVYI_HASH);
        identity[SVYI_HASH] = (uint8_t)by_hash;
        svyi_thing_digest(SVYI_B_FILE, identity, sizeof identity, one.digest);
        st = svyi_things_add(c->files, &one, err);
    }
    return st;
}

/* What was erased here does not stay in the file: 1, 0, -1 failed. */
static int is_erased(svy_study *s, const svyi_frame_read *frame, carried *c, svy_error *err)
{
    svyi_fields id = frame->identity, rest = frame->rest;
    const svy_package_reader head = { .head = read_head, .user = c };
    int64_t when;
    size_t n;

    if (frame->kind == SVYI_B_INTERVIEW) {
        const uint8_t *package = svyi_get_bytes(&id, &n);
        (void)!svy_package_read(package, n, 0, &head, NULL);
    } else if (frame->kind == SVYI_B_REMNANT) {
        snprintf(c->uuid, sizeof c->uuid, "%s", svyi_get_text(&id));
        (void)svyi_get_text(&id);
        (void)svyi_get_text(&id);
        snprintf(c->corrects, sizeof c->corrects, "%s", svyi_get_text(&id));
    } else if (frame->kind == SVYI_B_KEPT) {
        snprintf(c->uuid, sizeof c->uuid, "%s", svyi_get_text(&rest));
    }
    return c->uuid[0] != '\0' ? svyi_erased_when(s, c->uuid, c->corrects, &when, err) : 0;
}

/* The files of what was erased: they come before it, and must not stay in the file either. */
static svy_status note_files(void *user, const svyi_frame_read *frame, svy_error *err)
{
    writing *w = user;
    svyi_fields id = frame->identity;
    carried c = { .files = NULL }, all = { .files = &w->gone };
    const svy_package_reader to = { .head = read_head, .file = read_file, .user = &all };
    size_t n;

    if (frame->kind != SVYI_B_INTERVIEW)
        return SVY_OK;
    const int erased = is_erased(w->s, frame, &c, err);
    if (erased != 1)
        return erased < 0 ? svyi_db_failed(err) : SVY_OK;
    const uint8_t *package = svyi_get_bytes(&id, &n);
    (void)!svy_package_read(package, n, 0, &to, NULL);
    return SVY_OK;
}

static svy_status carry_over(void *user, const svyi_frame_read *frame, svy_error *err)
{
    writing *w = user;
    uint8_t digest[SVYI_THING_DIGEST];
    carried c = { .files = NULL };

    if (frame->kind == SVYI_B_HEAD || frame->kind == SVYI_B_END)
        return SVY_OK;
    svyi_thing_digest(frame->kind, frame->identity.at, (size_t)(frame->identity.end - frame->identity.at), digest);
    if (svyi_things_have(w->ours, digest) || (!w->all && !svyi_things_have(w->refused, digest)))
        return SVY_OK;
    if (frame->kind == SVYI_B_FILE && svyi_things_have(&w->gone, digest))
        return SVY_OK;
    const int erased = is_erased(w->s, frame, &c, err);
    if (erased != 0)
        return erased < 0 ? svyi_db_failed(err) : SVY_OK;
    svyi_bundle_copy(&w->b, frame->begin, frame->size);
    return flush(w, err);
}

static svy_status write_all(writing *w, const svyi_things *list, const place *old, int keys, const svy_sync_progress *progress, svy_error *err)
{
    svy_status st = svyi_sync_head(w->s, keys ? 2 : 0, &w->b, err);

    if (st == SVY_OK)
        st = flush(w, err);
    for (size_t i = 0; i < list->n && st == SVY_OK; i++) {
        if ((st = svyi_sync_put(w->s, &list->items[i], &w->b, err)) == SVY_OK)
            st = flush(w, err);
        if (progress != NULL && progress->step != NULL)
            progress->step(progress->user, i + 1, list->n);
    }
    if (st == SVY_OK && old != NULL && (st = run_through(old, note_files, w, err)) == SVY_OK) {
        svyi_things_sort(&w->gone);
        st = run_through(old, carry_over, w, err);
    }
    if (st != SVY_OK)
        return st;
    svyi_bundle_finish(&w->b);
    return flush(w, err);
}

static svy_status write_stick(svy_study *s, const place *p, int there, svyi_things *refused, const svy_sync_progress *progress, svy_error *err)
{
    const svyi_scope all = { NULL, 1, 1 };
    svyi_stick_key key = { .sealed = 0 };
    svyi_things list, sorted;
    writing w = { .s = s, .ours = &sorted, .refused = refused, .all = !p->options->receive };
    svy_status st = SVY_OK;

    svyi_things_init(&list, &s->alloc);
    svyi_things_init(&sorted, &s->alloc);
    svyi_things_init(&w.gone, &s->alloc);
    if (p->options->passphrase != NULL)
        st = svyi_stick_key_make(&key, p->options->passphrase, p->options->passphrase_len, 1, err);
    if (st == SVY_OK && (st = svyi_things_list(s, &all, &list, err)) == SVY_OK)
        for (size_t i = 0; i < list.n && st == SVY_OK; i++)
            st = svyi_things_add(&sorted, &list.items[i], err);
    svyi_things_sort(&sorted);
    svyi_things_sort(refused);
    if (st == SVY_OK && (st = svyi_stick_create(&w.out, &s->alloc, p->path, &key, err)) == SVY_OK) {
        svyi_bundle_begin(&w.b, &s->alloc);
        st = svyi_stick_finish(&w.out, write_all(&w, &list, there ? p : NULL, p->options->keys, progress, err), err);
        svyi_buffer_clear(&w.b.out);
    }
    svyi_wipe(&key, sizeof key);
    svyi_things_clear(&list);
    svyi_things_clear(&sorted);
    svyi_things_clear(&w.gone);
    return st;
}

svy_status svy_sync_stick(svy_study *s, const char *path, const svy_stick_options *options, const char *actor, svy_moment now, svy_merged *result,
                          const svy_sync_report *report, const svy_sync_progress *progress, svy_error *err)
{
    svyi_things refused;
    svyi_taker t;
    svy_status st = SVY_OK;

    SVY_REQUIRE(s != NULL && path != NULL && options != NULL && actor != NULL && result != NULL, err);
    const int kind = svy_sync_kind_of_file(path);
    const place p = { &s->alloc, path, options, kind == 3 };
    if (kind == 0 || kind == 1)
        return svyi_fail(err, SVY_E_FORMAT, "'%.200s' is neither a study nor a bundle of one: give another name", path);
    if (kind == -1 && !options->send)
        return svyi_fail(err, SVY_E_IO, "there is no file '%.200s'", path);
    if (options->keys && options->passphrase == NULL)
        return svyi_fail(err, SVY_E_STATE, "keys are written only under a passphrase: give --passphrase");
    svyi_things_init(&refused, &s->alloc);
    if (kind > 0 && options->receive && (st = svyi_taker_begin(&t, s, NULL, actor, now, result, report, err)) == SVY_OK) {
        t.refused = &refused;
        st = take_stick(s, &p, &t, err);
    } else if (kind > 0 && st == SVY_OK) {
        st = run_through(&p, check_head, s, err);
    }
    if (st == SVY_OK && result->erased > 0)
        (void)!svyi_log_empty(s, "interviews were erased", NULL);
    if (st == SVY_OK && options->send)
        st = write_stick(s, &p, kind > 0, &refused, progress, err);
    svyi_things_clear(&refused);
    return st;
}

/* ---- a new file ---- */

typedef struct making { const svy_alloc *alloc; const char *path; svy_moment now; } making;

static svy_status make_from_head(void *user, const svyi_frame_read *frame, svy_error *err)
{
    const making *m = user;

    return frame->kind == SVYI_B_HEAD ? svyi_sync_make(m->alloc, m->path, frame, m->now, err) : SVY_OK;
}

svy_status svy_sync_create_from_stick(const svy_alloc *alloc, const char *path, const char *stick, const svy_stick_options *options, svy_moment now, svy_error *err)
{
    const svy_alloc a = svyi_alloc_or_default(alloc);
    making m = { &a, path, now };
    svy_status st;

    SVY_REQUIRE(path != NULL && stick != NULL && options != NULL, err);
    const place p = { &a, stick, options, svy_sync_kind_of_file(stick) == 3 };
    return (st = run_through(&p, NULL, NULL, err)) == SVY_OK ? run_through(&p, make_from_head, &m, err) : st;
}
