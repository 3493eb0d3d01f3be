/* What arrived and could not be taken: kept, sealed to the project's key, with the reason, until it can be. */
#include "store/reception/priv.h"

#include <stdio.h>
#include <string.h>

/* ---- keeping ---- */

typedef struct keeping { const uint8_t *hash; const char *uuid, *form, *version, *reason, *waits_for; const svy_sender *from; svy_moment received; const void *bytes; size_t n; int boxed; } keeping;

static const char *text_or(const char *text, const char *other)
{
    return text != NULL ? text : other;
}

/* The same again only changes the reason. */
static svy_status add_kept(svy_study *s, const keeping *k, svy_error *err)
{
    const svy_sender *f = k->from;

    return svyi_db_run(s, Q_KEPT_ADD, SVYI_ARGS(svyi_arg_blob(k->hash, SVYI_HASH), svyi_arg_text(k->uuid), svyi_arg_text(k->form), svyi_arg_text(k->version), svyi_arg_text(k->reason),
                                             svyi_arg_text(k->waits_for), svyi_arg_text(text_or(f->actor, "")), svyi_arg_text(text_or(f->organisation, "")), svyi_arg_int(f->mode),
                                             svyi_arg_text(text_or(f->device, "")), svyi_arg_text(text_or(f->agent, "")), svyi_arg_text(f->case_allowed), svyi_arg_text(f->form_allowed),
                                             svyi_arg_int(f->touch), svyi_arg_int(k->received.utc_ms),
                                             svyi_arg_int(k->received.zone_minutes), svyi_arg_int(k->boxed), svyi_arg_blob(k->bytes, k->n)), err);
}

/* What came unsealed is sealed before it is written. */
static svy_status add_sealed(svy_study *s, keeping *k, const uint8_t open[SVYI_KEY], svy_error *err)
{
    const void *plain = k->bytes;
    const size_t n = k->n;
    void *box = svyi_get(&s->alloc, n + SVYI_BOX);
    svy_status st;

    if (box == NULL)
        return svyi_nomem(err);
    if (!svyi_box_close(open, plain, n, box))
        st = svyi_fail(err, SVY_E_FORMAT, "'%.200s' is damaged: the project's key is none; restore it from a backup", s->path);
    else {
        k->bytes = box;
        k->n = n + SVYI_BOX;
        k->boxed = 1;
        st = add_kept(s, k, err);
    }
    svyi_release(&s->alloc, box, n + SVYI_BOX);
    return st;
}

/* The number of what was kept with this hash. */
static svy_status kept_number(svy_study *s, const uint8_t hash[SVYI_HASH], int64_t *number, svy_error *err)
{
    return svyi_db_number(s, Q_KEPT_FIND, SVYI_ARGS(svyi_arg_blob(hash, SVYI_HASH)), number, err) == 1 ? SVY_OK : svyi_db_failed(err);
}

static svy_status link_kept(svy_study *s, int64_t kept, const char *name, const char *media_type, const uint8_t hash[SVYI_HASH], svy_error *err)
{
    uint8_t digest[SVYI_HASH];
    int64_t attachment;
    int opened;
    const int found = svyi_attachment_find(s, hash, &attachment, digest, &opened, err);

    if (found != 1)
        return found < 0 ? svyi_db_failed(err) : SVY_OK;
    return svyi_db_run(s, Q_KEPT_FILE_ADD, SVYI_ARGS(svyi_arg_int(kept), svyi_arg_text(name), svyi_arg_text(media_type), svyi_arg_int(attachment)), err);
}

svy_status svyi_keep_aside(svy_study *s, const svy_arrival *a, const char *reason, const char *waits_for, svy_error *err)
{
    keeping k = { a->hash, a->head.uuid, a->head.form, a->head.version, reason, waits_for, &a->from, a->received, a->bytes, a->size, a->boxed };
    int64_t number;
    svy_status st = a->boxed ? add_kept(s, &k, err) : add_sealed(s, &k, a->reception->open, err);

    if (st != SVY_OK || a->n_files == 0 || (st = kept_number(s, a->hash, &number, err)) != SVY_OK)
        return st;
    for (size_t i = 0; i < a->n_files && st == SVY_OK; i++)
        st = link_kept(s, number, a->files[i].name, a->files[i].media_type, a->files[i].hash, err);
    return st;
}

svy_status svy_study_keep_aside(svy_study *s, const char *uuid, const char *form, const char *version, const void *bytes, size_t n, const svy_kept_file *files,
                                size_t n_files, const svy_sender *from, const char *reason, svy_moment received, svy_error *err)
{
    static const svy_sender NOBODY = { .actor = NULL };
    uint8_t hash[SVYI_HASH], open[SVYI_KEY];
    int64_t number;
    svy_status st;

    SVY_REQUIRE(s != NULL && uuid != NULL && form != NULL && version != NULL && bytes != NULL && (files != NULL || n_files == 0) && reason != NULL && reason[0] != '\0', err);
    int64_t when;
    const int erased = svyi_erased_when(s, uuid, "", &when, err);
    if (erased != 0)
        return erased < 0 ? svyi_db_failed(err) : svyi_fail(err, SVY_E_STATE, "the interview was erased: nothing of it is kept");
    svyi_sha256(bytes, n, hash);
    keeping k = { hash, uuid, form, version, reason, "", from != NULL ? from : &NOBODY, received, bytes, n, 0 };
    if ((st = svyi_db_begin(s, err)) != SVY_OK)
        return st;
    if (svyi_secret_load(s, "project-public", open, err) != 1)
        st = svyi_fail(err, SVY_E_FORMAT, "'%.200s' is damaged: the project's key is missing; restore it from a backup", s->path);
    if (st == SVY_OK && (st = add_sealed(s, &k, open, err)) == SVY_OK)
        st = kept_number(s, hash, &number, err);
    for (size_t i = 0; i < n_files && st == SVY_OK; i++)
        st = link_kept(s, number, files[i].name, files[i].media_type, files[i].hash, err);
    return svyi_db_end(s, st, err);
}

static svy_status drop(svy_study *s, int64_t number, svy_error *err)
{
    svy_status st = svyi_db_run(s, Q_KEPT_FILES_DROP, SVYI_ARGS(svyi_arg_int(number)), err);

    return st == SVY_OK ? svyi_db_run(s, Q_KEPT_DROP, SVYI_ARGS(svyi_arg_int(number)), err) : st;
}

/* Also the files that came with it and that nothing else has. */
static svy_status drop_with_files(svy_study *s, int64_t number, svy_error *err)
{
    svyi_sequences files = { .n = 0 };
    char text[24];

    snprintf(text, sizeof text, "%lld", (long long)number);
    svy_status st = svyi_numbers_of(s, "SELECT attachment FROM kept_files WHERE kept = CAST(?1 AS INTEGER)", text, &files, err);
    if (st == SVY_OK && (st = drop(s, number, err)) == SVY_OK)
        st = svyi_attachments_drop(s, &files, err);
    svyi_release(&s->alloc, files.numbers, files.capacity * sizeof *files.numbers);
    return st;
}

svy_status svy_study_kept_drop(svy_study *s, int64_t number, svy_error *err)
{
    svy_status st;

    SVY_REQUIRE(s != NULL, err);
    return (st = svyi_db_begin(s, err)) == SVY_OK ? svyi_db_end(s, drop_with_files(s, number, err), err) : st;
}

/* ---- trying again ---- */

svy_status svyi_kept_load(svy_study *s, const svy_reception *r, int64_t number, unsigned patience_ms, svy_arrival **out, svy_error *err)
{
    sqlite3_stmt *stmt;
    int found;
    svy_status st = svyi_db_query(s, Q_KEPT_LOAD, SVYI_ARGS(svyi_arg_int(number)), &stmt, err);

    *out = NULL;
    if (st != SVY_OK)
        return st;
    if ((found = svyi_db_step(s, stmt, err)) != 1)
        return found < 0 ? svyi_db_failed(err) : SVY_OK;
    const char *const texts[] = { svyi_db_text(stmt, 2), svyi_db_text(stmt, 3), svyi_db_text(stmt, 5), svyi_db_text(stmt, 6) };
    svy_sender from = { .actor = texts[0][0] != '\0' ? texts[0] : NULL, .organisation = texts[1][0] != '\0' ? texts[1] : NULL, .mode = (svy_mode)sqlite3_column_int(stmt, 4),
                        .device = texts[2][0] != '\0' ? texts[2] : NULL, .agent = texts[3][0] != '\0' ? texts[3] : NULL, .patience_ms = patience_ms };
    from.case_allowed = (const char *)sqlite3_column_text(stmt, 7);
    from.form_allowed = (const char *)sqlite3_column_text(stmt, 11);
    from.touch = sqlite3_column_int(stmt, 12) == SVY_TOUCH_NEW ? SVY_TOUCH_NEW : sqlite3_column_int(stmt, 12) == SVY_TOUCH_OWN ? SVY_TOUCH_OWN : SVY_TOUCH_ANY;
    const svy_moment received = { sqlite3_column_int64(stmt, 8), (int32_t)sqlite3_column_int64(stmt, 9), 0 };
    const void *bytes = sqlite3_column_blob(stmt, 1);
    const int boxed = sqlite3_column_int(stmt, 10);
    if (bytes != NULL && (!boxed || r->has_secret))
        st = svy_arrival_prepare(r, bytes, (size_t)sqlite3_column_bytes(stmt, 1), boxed, &from, received, out, err);
    if (*out != NULL) {
        (*out)->kept_as = number;
        if (sqlite3_column_bytes(stmt, 0) == SVYI_HASH)
            memcpy((*out)->hash, sqlite3_column_blob(stmt, 0), SVYI_HASH);
    }
    sqlite3_reset(stmt);
    if (*out != NULL && !(*out)->is_package && (*out)->opened) {      /* an encrypted submission and the like, which who put it there takes out */
        svy_arrival_free(*out);
        *out = NULL;
    }
    return st;
}

svy_status svyi_kept_take(svy_study *s, svy_arrival *a, svy_received *out, svy_error *err)
{
    int64_t number;
    const int found = svyi_db_number(s, Q_KEPT_FIND, SVYI_ARGS(svyi_arg_blob(a->hash, SVYI_HASH)), &number, err);

    if (found < 0)
        return svyi_db_failed(err);
    if (found == 0 || number != a->kept_as) {            /* somebody else took it meanwhile */
        *out = (svy_received){ .receipt = SVY_STORED_ALREADY };
        return SVY_OK;
    }
    const svy_status st = svyi_receive_one(s, a, out, err);
    if (st != SVY_OK || out->receipt == SVY_KEPT_ASIDE || out->receipt == SVY_NEEDS_FILES)
        return st;
    return out->receipt == SVY_ERASED ? drop_with_files(s, number, err) : drop(s, number, err);
}

svy_status svyi_kept_try(svy_study *s, const svy_reception *r, int64_t number, unsigned patience_ms, svy_opened *result, svy_error *err)
{
    svy_arrival *a;
    svy_received out;
    svy_status st = svyi_kept_load(s, r, number, patience_ms, &a, err);

    result->tried++;
    if (st != SVY_OK || a == NULL) {
        result->kept++;
        return st;
    }
    a->others_wait = 0;
    if ((st = svyi_kept_take(s, a, &out, err)) == SVY_OK) {
        const int kept = out.receipt == SVY_KEPT_ASIDE || out.receipt == SVY_NEEDS_FILES, erased = out.receipt == SVY_ERASED;
        result->kept += (uint64_t)kept;
        result->erased += (uint64_t)erased;
        result->stored += (uint64_t)(!kept && !erased);
    }
    svy_arrival_free(a);
    return st;
}

svy_status svyi_numbers_of(svy_study *s, const char *sql, const char *arg, svyi_sequences *out, svy_error *err)
{
    sqlite3_stmt *stmt = NULL;
    int found = 0;
    svy_status st = svyi_db_prepare(s, sql, &stmt, err);

    if (st == SVY_OK && arg != NULL)
        st = svyi_db_bind(s, stmt, 1, svyi_arg_text(arg), err);
    while (st == SVY_OK && (found = svyi_db_step(s, stmt, err)) == 1)
        if (svyi_grow(&s->alloc, &out->numbers, &out->capacity, out->n + 1, sizeof *out->numbers) != 0)
            st = svyi_nomem(err);
        else
            out->numbers[out->n++] = (uint64_t)sqlite3_column_int64(stmt, 0);
    sqlite3_finalize(stmt);
    return st == SVY_OK && found < 0 ? svyi_db_failed(err) : st;
}

/* Attachments that came while the key was not here. */
static svy_status open_attachment(svy_study *s, const svy_reception *r, int64_t number, svy_error *err)
{
    sqlite3_stmt *stmt;
    int found;
    uint8_t digest[SVYI_HASH];
    svy_status st = svyi_db_query(s, Q_ATTACHMENT_LOAD, SVYI_ARGS(svyi_arg_int(number)), &stmt, err);

    if (st != SVY_OK)
        return st;
    if ((found = svyi_db_step(s, stmt, err)) != 1)
        return found < 0 ? svyi_db_failed(err) : SVY_OK;
    const size_t n = (size_t)sqlite3_column_bytes(stmt, 0);
    const void *box = sqlite3_column_blob(stmt, 0);
    void *plain = svyi_get(&s->alloc, n);
    const int fits = plain != NULL && box != NULL && svyi_box_open(r->open, r->secret, box, n, plain);
    sqlite3_reset(stmt);
    if (plain == NULL)
        return svyi_nomem(err);
    if (fits && n - SVYI_BOX >= 4 && memcmp(plain, "SVYP", 4) == 0) {
        st = svyi_db_run(s, Q_ATTACHMENT_DROP, SVYI_ARGS(svyi_arg_int(number)), err);     /* an interview of a saved queue, which is kept aside, too: nobody could tell before */
    } else if (fits) {
        svyi_sha256(plain, n - SVYI_BOX, digest);
        if ((st = svyi_attachment_linked(s, number, 1, err)) == SVY_OK)
            st = svyi_db_run(s, Q_ATTACHMENT_OPENED, SVYI_ARGS(svyi_arg_blob(digest, sizeof digest), svyi_arg_int((int64_t)(n - SVYI_BOX)), svyi_arg_blob(plain, n - SVYI_BOX),
                                                            svyi_arg_int(number)), err);
        if (st == SVY_OK)
            st = svyi_attachment_linked(s, number, 0, err);
    }
    svyi_release(&s->alloc, plain, n);
    return st;
}

/* Each in a transaction of its own. */
static svy_status each_again(svy_study *s, const svy_reception *r, const svyi_sequences *numbers, int attachments, svy_opened *result, svy_error *err)
{
    svy_status st = SVY_OK;

    for (size_t i = 0; i < numbers->n && st == SVY_OK; i++) {
        if ((st = svyi_db_begin(s, err)) != SVY_OK)
            break;
        st = attachments ? open_attachment(s, r, (int64_t)numbers->numbers[i], err) : svyi_kept_try(s, r, (int64_t)numbers->numbers[i], 0, result, err);
        st = svyi_db_end(s, st, err);
    }
    return st;
}

static svy_status again(svy_study *s, const uint8_t *secret, svy_opened *result, svy_error *err)
{
    svyi_sequences kept = { .n = 0 }, files = { .n = 0 };
    svy_reception *r;
    svy_status st = svyi_db_writable(s, err);

    if (st != SVY_OK || (st = svyi_reception_make(s, secret, &r, err)) != SVY_OK)
        return st;
    if (r->has_secret && (st = svyi_numbers_of(s, "SELECT number FROM attachments WHERE digest IS NULL ORDER BY number", NULL, &files, err)) == SVY_OK)
        st = each_again(s, r, &files, 1, result, err);
    if (st == SVY_OK && (st = svyi_numbers_of(s, "SELECT number FROM kept_aside ORDER BY number", NULL, &kept, err)) == SVY_OK)
        st = each_again(s, r, &kept, 0, result, err);
    svyi_release(&s->alloc, kept.numbers, kept.capacity * sizeof *kept.numbers);
    svyi_release(&s->alloc, files.numbers, files.capacity * sizeof *files.numbers);
    svy_reception_free(r);
    return st;
}

svy_status svy_study_try_again(svy_study *s, svy_opened *result, svy_error *err)
{
    SVY_REQUIRE(result != NULL, err);
    *result = (svy_opened){ .tried = 0 };
    SVY_REQUIRE(s != NULL, err);
    return again(s, NULL, result, err);
}

svy_status svy_study_open_sealed(svy_study *s, const uint8_t secret[SVY_KEY_BYTES], svy_opened *result, svy_error *err)
{
    SVY_REQUIRE(result != NULL, err);
    *result = (svy_opened){ .tried = 0 };
    SVY_REQUIRE(s != NULL && secret != NULL, err);
    return again(s, secret, result, err);
}

svy_status svyi_kept_erase(svy_study *s, const char *uuid, svy_error *err)
{
    svyi_sequences kept = { .n = 0 };
    svy_status st = svyi_numbers_of(s, "SELECT number FROM kept_aside WHERE uuid = ?1 OR waits_for = ?1", uuid, &kept, err);

    for (size_t i = 0; i < kept.n && st == SVY_OK; i++)
        st = drop_with_files(s, (int64_t)kept.numbers[i], err);
    svyi_release(&s->alloc, kept.numbers, kept.capacity * sizeof *kept.numbers);
    return st;
}
