/* Packages that arrive: stored once, gone on with, kept both when they differ, kept aside when they cannot be taken. */
#define _POSIX_C_SOURCE 200809L
#include "study_scratch.h"
#include "study_device.h"
#include "store/reception/priv.h"

TestSuite(reception, .init = enter, .fini = leave);

static const char U1[] = "11111111-1111-4111-8111-111111111111", U2[] = "22222222-2222-4222-8222-222222222222";

/* Prepares and stores one package. */
static svy_received receive_as(svy_study *s, const void *bytes, size_t n, int sealed, const svy_sender *from)
{
    svy_error err = SVY_ERROR_INIT;
    svy_reception *r;
    svy_arrival *a;
    svy_received out;

    OK(svy_reception_new(s, &r, &err));
    OK(svy_arrival_prepare(r, bytes, n, sealed, from, fixture_now(), &a, &err));
    OK(svy_study_receive(s, &a, 1, &out, &err));
    svy_arrival_free(a);
    svy_reception_free(r);
    return out;
}

static svy_received receive(svy_study *s, const device *d)
{
    return receive_as(s, d->bytes, d->n, 0, NULL);
}

/* The journal of an interview points to its device, so that is filled in where it stands. */
static void filled(device *d, const char *uuid, const char *case_id, const char *words)
{
    *d = device_open("tcn-study", 0, uuid, case_id);
    device_start(d);
    device_say_all(d, words);
}

static void whole(device *d, const char *uuid, const char *case_id, const char *words)
{
    filled(d, uuid, case_id, words);
    device_complete(d);
    device_end(d);
}

static void verified(svy_study *s)
{
    svy_error err = SVY_ERROR_INIT;
    svy_diags diags = { fixture_report, NULL, 0, 0 };

    OK(svy_study_verify(s, &diags, &err));
}

static void digest(svy_study *s, svyi_version *v, int64_t number, uint8_t out[SVYI_HASH])
{
    static const uint8_t KEY[SVYI_KEY] = { 1 };
    svy_error err = SVY_ERROR_INIT;
    size_t n;

    OK(svyi_rows_digest(s, v, number, KEY, out, &n, &err));
    cr_expect_gt(n, 0);
}

/* The writer stores what was prepared, under another head: the same as running the journal in the file through the engine gives. So does submitting it again. */
static void same_as_replayed(svy_study *s, int64_t first, int64_t submitted)
{
    uint8_t stored[SVYI_HASH], replayed[SVYI_HASH], again[SVYI_HASH];
    svy_error err = SVY_ERROR_INIT;
    svyi_arena arena;
    svyi_version *v;
    svyi_row row;
    svy_interview *iv;

    svyi_arena_init(&arena, NULL);
    OK(svyi_version_newest(s, "tcn-study", &v, &err));
    digest(s, v, first, stored);
    OK(svyi_db_begin(s, &err));
    cr_assert_eq(svyi_row_read(s, Q_INTERVIEW_REVISIONS, SVYI_ARGS(svyi_arg_int(submitted)), &arena, &row, &err), 1);
    OK(svyi_journal_replay(s, submitted, v->form, NULL, &iv, &err));
    OK(svyi_submit(s, v, iv, &row, row.ended, &err));
    digest(s, v, first, replayed);
    OK(svyi_db_end(s, svyi_submit_again(s, submitted, &err), &err));
    digest(s, v, first, again);
    cr_expect_arr_eq(stored, replayed, sizeof stored);
    cr_expect_arr_eq(stored, again, sizeof stored);
    verified(s);
    svy_interview_free(iv);
    svyi_arena_clear(&arena);
}

#define GETS(out, with, words) do { svy_received got_ = (out); cr_expect_eq(got_.receipt, with, "%s: %s", svy_receipt_name(got_.receipt), got_.sentence); \
        cr_expect(strstr(got_.sentence, words) != NULL, "'%s' is not in: %s", words, got_.sentence); } while (0)

Test(reception, a_package_becomes_an_interview)
{
    svy_study *s = make();
    device d;
    whole(&d, U1, "c1", "hello");

    GETS(receive(s, &d), SVY_STORED, "");
    SAYS("SELECT uuid || ' ' || interviewer || ' ' || phase || ' ' || mode || ' ' || device FROM interviews", "11111111-1111-4111-8111-111111111111 ana 2 2 tablet-7");
    SAYS("SELECT centre || ' ' || age || ' ' || words || ' ' || twice FROM data_tcn_study", "Sofia 34 hello 68");
    SAYS("SELECT count(*) FROM events", "0");
    SAYS("SELECT events FROM journals", "17");
    SAYS("SELECT mode || ' ' || actor || ' ' || clock_known || ' ' || clock_offset_ms FROM sittings", "2 ana 1 -250");
    SAYS("SELECT disposition FROM cases WHERE id = 'c1'", "complete");
    SAYS("SELECT length(pkey) FROM data_tcn_study", "32");
    SAYS("SELECT instr(bytes, CAST('AN05771' AS BLOB)) FROM journals", "0");
    verified(s);
    GETS(receive(s, &d), SVY_STORED_ALREADY, "");
    SAYS("SELECT count(*) FROM submissions", "1");
    device_close(&d);
    svy_study_close(s);
}

static svy_status take_nothing(void *user, const void *bytes, size_t n)
{
    (void)bytes;
    *(size_t *)user = n;
    return SVY_OK;
}

Test(reception, files_come_first_and_go_with_an_erasure)
{
    static const char PHOTO[] = "a photo of the contract";
    svy_study *s = make();
    svy_error err = SVY_ERROR_INIT;
    svy_diags diags = { fixture_report, NULL, 0, 0 };
    device d, other;
    svy_reception *r;
    svy_attachment *file;
    size_t n = 0;

    filled(&d, U1, "c1", "hello");
    device_complete(&d);
    device_file(&d, "photo.jpg", PHOTO, sizeof PHOTO);
    device_end(&d);
    GETS(receive(s, &d), SVY_NEEDS_FILES, "");
    SAYS("SELECT count(*) FROM interviews", "0");
    OK(svy_reception_new(s, &r, &err));
    OK(svy_attachment_prepare(r, PHOTO, sizeof PHOTO, 0, &file, &err));
    OK(svy_study_attach(s, &file, 1, "ana", fixture_now(), &err));
    OK(svy_study_attach(s, &file, 1, "ana", fixture_now(), &err));
    svy_attachment_free(file);
    svy_reception_free(r);
    GETS(receive(s, &d), SVY_STORED, "");
    GETS(receive(s, &d), SVY_STORED_ALREADY, "");
    OK(svy_study_file_bytes(s, U1, "photo.jpg", take_nothing, &n, &err));
    cr_expect_eq(n, sizeof PHOTO);
    OK(svy_study_attach_file(s, U1, "photo.jpg", "image/jpeg", PHOTO, sizeof PHOTO, fixture_now(), &err));
    FAILS(svy_study_attach_file(s, U1, "photo.jpg", "image/jpeg", "x", 1, fixture_now(), &err), SVY_E_STATE, "already");
    OK(svy_study_attach_file(s, U1, "late.jpg", "image/jpeg", "x", 1, fixture_now(), &err));
    verified(s);
    filled(&other, U2, "c2", "also");
    device_complete(&other);
    device_file(&other, "same.jpg", PHOTO, sizeof PHOTO);
    device_end(&other);
    GETS(receive(s, &other), SVY_STORED, "");
    OK(svy_study_erase(s, U1, "admin", "asked for it", fixture_now(), &err));
    SAYS("SELECT group_concat(size, ' ') FROM attachments", "24");
    SAYS("SELECT group_concat(name, ' ') FROM interview_files", "same.jpg");
    verified(s);
    GETS(receive(s, &d), SVY_ERASED, "erased on 20");
    OK(svy_study_erase(s, U2, "admin", "asked for it", fixture_now(), &err));
    SAYS("SELECT count(*) FROM attachments", "0");
    SAYS("SELECT count(*) FROM journals WHERE instr(bytes, CAST('Sofia' AS BLOB)) > 0", "0");
    verified(s);
    OK(svyi_db_exec(s, "INSERT INTO attachments(hash, digest, size, received_utc_ms, sender, bytes) VALUES(zeroblob(32), zeroblob(32), 1, 0, '', x'00')", &err));
    FAILS(svy_study_verify(s, &diags, &err), SVY_E_INVALID, "problems");
    device_close(&d);
    device_close(&other);
    svy_study_close(s);
}

Test(reception, uploads_go_on_where_they_broke_off)
{
    static uint8_t bytes[3000];
    svy_study *s = make();
    svy_error err = SVY_ERROR_INIT;
    char hash[65];
    uint64_t have, size;
    void *whole_bytes;
    size_t n;

    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 7);
    svy_hash_hex(bytes, sizeof bytes, hash);
    FAILS(svy_study_upload_offset(s, hash, NULL, &have, &size, &err), SVY_E_NAME, "no upload");
    FAILS(svy_study_upload_part(s, "12", 10, 0, bytes, 10, "ana", fixture_now(), &have, &err), SVY_E_VALUE, "64 hexadecimal");
    FAILS(svy_study_upload_part(s, hash, SVY_UPLOAD_MAX + 1, 0, bytes, 10, "ana", fixture_now(), &have, &err), SVY_E_LIMIT, "64 MiB");
    FAILS(svy_study_upload_part(s, hash, 10, 5, bytes, 6, "ana", fixture_now(), &have, &err), SVY_E_VALUE, "do not fit");
    FAILS(svy_study_upload_part(s, hash, sizeof bytes, 1000, bytes + 1000, 1000, "ana", fixture_now(), &have, &err), SVY_E_STATE, "byte 0");
    OK(svy_study_upload_part(s, hash, sizeof bytes, 0, bytes, 1000, "ana", fixture_now(), &have, &err));
    cr_expect_eq(have, 1000);
    OK(svy_study_upload_part(s, hash, sizeof bytes, 0, bytes, 1000, "ana", fixture_now(), &have, &err));
    FAILS(svy_study_upload_part(s, hash, sizeof bytes, 2000, bytes + 2000, 1000, "ana", fixture_now(), &have, &err), SVY_E_STATE, "byte 1000");
    cr_expect_eq(have, 1000);
    FAILS(svy_study_upload_part(s, hash, 2999, 1000, bytes + 1000, 1000, "ana", fixture_now(), &have, &err), SVY_E_VALUE, "begun with 3000");
    FAILS(svy_study_upload_bytes(s, hash, NULL, &whole_bytes, &n, &err), SVY_E_STATE, "byte 1000");
    OK(svy_study_upload_part(s, hash, sizeof bytes, 1000, bytes + 1000, 2000, "ana", fixture_now(), &have, &err));
    OK(svy_study_upload_offset(s, hash, NULL, &have, &size, &err));
    cr_expect(have == 3000 && size == 3000);
    OK(svy_study_upload_offset(s, hash, "ana", &have, &size, &err));
    FAILS(svy_study_upload_offset(s, hash, "ben", &have, &size, &err), SVY_E_NAME, "no upload");
    OK(svy_study_upload_bytes(s, hash, NULL, &whole_bytes, &n, &err));
    cr_expect(n == sizeof bytes && memcmp(whole_bytes, bytes, n) == 0 && svy_hash_fits(whole_bytes, n, hash));
    svy_block_free(NULL, whole_bytes, n);
    OK(svy_study_upload_drop(s, hash, &err));
    SAYS("SELECT count(*) FROM upload_parts", "0");
    svy_study_close(s);
}

static void begin_upload(svy_study *s, unsigned n, const char *sender, svy_moment now)
{
    svy_error err = SVY_ERROR_INIT;
    char hash[65];
    uint64_t have;

    svy_hash_hex(&n, sizeof n, hash);
    OK(svy_study_upload_part(s, hash, SVY_UPLOAD_MAX, 0, "half", 4, sender, now, &have, &err));
    cr_expect_eq(have, 4);
}

/* Half uploads of somebody who never ends them neither fill the disk nor take the room of others. */
Test(reception, uploads_that_never_become_whole_are_forgotten)
{
    svy_study *s = make();
    svy_error err = SVY_ERROR_INIT;
    svy_moment later = fixture_now();
    const unsigned most = SVY_UPLOADS_MAX / SVY_UPLOAD_MAX;
    char hash[65];
    uint64_t have, size;
    unsigned first = 0;

    begin_upload(s, 1000, "ben", fixture_now());
    for (unsigned i = 0; i < most + 4; i++)
        begin_upload(s, i, "ana", fixture_now());
    SAYS("SELECT count(*) = 16 AND min(number) = 6 FROM uploads WHERE sender = 'ana'", "1");
    SAYS("SELECT count(*) FROM uploads WHERE sender = 'ben'", "1");
    SAYS("SELECT count(*) FROM upload_parts", "17");
    svy_hash_hex(&first, sizeof first, hash);
    FAILS(svy_study_upload_part(s, hash, SVY_UPLOAD_MAX, 4, "more", 4, "ana", fixture_now(), &have, &err), SVY_E_STATE, "byte 0");
    FAILS(svy_study_upload_offset(s, hash, NULL, &have, &size, &err), SVY_E_NAME, "no upload");
    later.utc_ms += (SVY_UPLOAD_DAYS + 1) * INT64_C(86400000);
    begin_upload(s, 2000, "cid", later);
    SAYS("SELECT count(*) FROM uploads", "1");
    SAYS("SELECT count(*) FROM upload_parts", "1");
    svy_study_close(s);
}

Test(reception, two_interviews_of_one_case_are_both_there)
{
    svy_study *s = make();
    device a, b;
    whole(&a, U1, "c1", "one");
    whole(&b, U2, "c1", "two");

    GETS(receive(s, &a), SVY_STORED, "");
    GETS(receive(s, &b), SVY_STORED, "");
    SAYS("SELECT disposition FROM cases WHERE id = 'c1'", "conflict");
    SAYS("SELECT count(*) FROM data_tcn_study", "2");
    verified(s);
    device_close(&a);
    device_close(&b);
    svy_study_close(s);
}

/* The bytes of a package as far as it got, with an end. */
static svy_received receive_so_far(svy_study *s, device *d)
{
    const size_t before = d->n;

    device_end(d);
    svy_received out = receive(s, d);
    d->n = before;
    return out;
}

Test(reception, a_draft_goes_on_and_its_beginnings_change_nothing)
{
    svy_study *s = make();
    svy_error err = SVY_ERROR_INIT;
    device d;
    filled(&d, U1, "c1", "so far");

    OK(svy_interview_suspend(d.iv, fixture_now(), &err));
    const size_t before = d.n;
    device_end(&d);
    device draft = d;
    draft.bytes = malloc(d.n);
    memcpy(draft.bytes, d.bytes, d.n);
    d.n = before;
    GETS(receive(s, &draft), SVY_STORED, "");
    SAYS("SELECT phase FROM interviews", "1");
    device_sit(&d, "boris", SVY_MODE_WEB);
    OK(svy_interview_resume(d.iv, fixture_now(), &err));
    device_say(&d, "words", "", "to the end");
    device_complete(&d);
    device_end(&d);
    GETS(receive(s, &d), SVY_STORED, "");
    SAYS("SELECT phase || ' ' || (SELECT words FROM data_tcn_study) FROM interviews", "2 to the end");
    SAYS("SELECT group_concat(actor || first, ' ') FROM sittings", "ana1 boris18");
    GETS(receive(s, &draft), SVY_STORED_ALREADY, "");
    SAYS("SELECT count(*) FROM interviews", "1");
    verified(s);
    same_as_replayed(s, 1, 1);
    free(draft.bytes);
    device_close(&d);
    svy_study_close(s);
}

/* Two devices go on from one draft in two ways. */
Test(reception, what_differs_is_kept_both)
{
    svy_study *s = make();
    svy_error err = SVY_ERROR_INIT;
    device a, b;
    filled(&a, U1, "c1", "one");
    filled(&b, U1, "c1", "two");

    GETS(receive_so_far(s, &a), SVY_STORED, "");
    device_complete(&b);
    device_end(&b);
    GETS(receive(s, &b), SVY_KEPT_BOTH, "differs");
    GETS(receive(s, &b), SVY_STORED_ALREADY, "");
    SAYS("SELECT count(*) FROM interviews WHERE conflicts = '11111111-1111-4111-8111-111111111111' AND substr(uuid, 15, 1) = '8'", "1");
    device_complete(&a);
    device_end(&a);
    GETS(receive(s, &a), SVY_STORED, "");
    SAYS("SELECT group_concat(words, ' ') FROM (SELECT words FROM data_tcn_study ORDER BY words)", "one two");
    svy_attention attention;
    OK(svy_study_attention(s, &attention, &err));
    cr_expect_eq(attention.conflicts, 1);
    cr_expect_eq(attention.cases, 1);
    verified(s);
    same_as_replayed(s, 1, 1);
    same_as_replayed(s, 2, 2);
    device_close(&a);
    device_close(&b);
    svy_study_close(s);
}

Test(reception, what_is_sealed_is_opened_and_another_key_is_kept_aside)
{
    svy_study *s = make();
    svy_error err = SVY_ERROR_INIT;
    device d;
    whole(&d, U1, "c1", "sealed");
    svy_reception *r;
    uint8_t *box = malloc(d.n + SVYI_BOX), other[SVYI_KEY], secret[SVYI_KEY];

    OK(svy_reception_new(s, &r, &err));
    cr_assert_eq(svyi_box_close(svy_reception_public_key(r), d.bytes, d.n, box), 1);
    GETS(receive_as(s, box, d.n + SVYI_BOX, 1, NULL), SVY_STORED, "");
    GETS(receive_as(s, box, d.n + SVYI_BOX - 1, 1, NULL), SVY_KEPT_ASIDE, "cut");
    svyi_box_keys(other, secret);
    svyi_box_close(other, d.bytes, d.n, box);
    GETS(receive_as(s, box, d.n + SVYI_BOX, 1, NULL), SVY_KEPT_ASIDE, "another study");
    GETS(receive_as(s, box, d.n + SVYI_BOX, 1, NULL), SVY_KEPT_ASIDE, "another study");
    SAYS("SELECT count(*) FROM kept_aside", "2");
    verified(s);
    svy_reception_free(r);
    free(box);
    device_close(&d);
    svy_study_close(s);
}

Test(reception, the_sender_wins_over_what_the_package_says)
{
    svy_study *s = make();
    device d;
    whole(&d, U1, "c1", "x");
    svy_sender from = { .actor = "carla", .organisation = "ministry", .mode = SVY_MODE_SELF, .device = "phone-1", .case_allowed = "c2", .form_allowed = "other" };

    GETS(receive_as(s, d.bytes, d.n, 0, &from), SVY_KEPT_ASIDE, "may only send 'other'");
    from.form_allowed = "tcn-study";
    GETS(receive_as(s, d.bytes, d.n, 0, &from), SVY_KEPT_ASIDE, "no right");
    from.case_allowed = "c1";
    GETS(receive_as(s, d.bytes, d.n, 0, &from), SVY_STORED, "");
    SAYS("SELECT interviewer || ' ' || organisation || ' ' || mode || ' ' || device FROM interviews", "carla ministry 3 phone-1");
    SAYS("SELECT actor || ' ' || organisation || ' ' || mode || ' ' || device || ' ' || agent FROM sittings", "carla ministry 3 phone-1 form/1");
    device_close(&d);
    svy_study_close(s);
}

Test(reception, an_unknown_version_waits_until_it_is_deployed)
{
    svy_study *s = make();
    svy_error err = SVY_ERROR_INIT;
    svy_opened opened;
    device d = device_open("tcn-study", 1, U1, "c1");

    device_start(&d);
    device_say_all(&d, "early");
    device_complete(&d);
    device_end(&d);
    GETS(receive(s, &d), SVY_KEPT_ASIDE, "version 2 of 'tcn-study' is not deployed here");
    GETS(receive(s, &d), SVY_KEPT_ASIDE, "not deployed");
    SAYS("SELECT count(*) || ' ' || uuid || ' ' || boxed FROM kept_aside", "1 11111111-1111-4111-8111-111111111111 1");
    OK(svy_study_try_again(s, &opened, &err));
    cr_expect(opened.tried == 1 && opened.kept == 1 && opened.stored == 0);
    deploy(s, "tcn-study", 1);
    OK(svy_study_try_again(s, &opened, &err));
    cr_expect(opened.tried == 1 && opened.kept == 0 && opened.stored == 1);
    SAYS("SELECT count(*) FROM kept_aside", "0");
    SAYS("SELECT words FROM data_tcn_study", "early");
    verified(s);
    device_close(&d);
    svy_study_close(s);
}

Test(reception, without_the_key_it_is_stored_sealed_until_it_is_opened)
{
    svy_study *s = make();
    svy_error err = SVY_ERROR_INIT;
    device d;
    whole(&d, U1, "c1", "secret");
    svy_reception *r;
    svy_opened opened;
    uint8_t *box = malloc(d.n + SVYI_BOX), secret[SVYI_KEY], wrong[SVYI_KEY] = { 1 };

    OK(svy_reception_new(s, &r, &err));
    svyi_box_close(svy_reception_public_key(r), d.bytes, d.n, box);
    memcpy(secret, r->secret, sizeof secret);
    svy_reception_free(r);
    OK(svyi_db_exec(s, "DELETE FROM secrets WHERE name = 'project-secret'", &err));
    GETS(receive_as(s, box, d.n + SVYI_BOX, 1, NULL), SVY_STORED, "");
    GETS(receive_as(s, box, d.n + SVYI_BOX, 1, NULL), SVY_STORED, "");
    SAYS("SELECT (SELECT count(*) FROM interviews) || ' ' || count(*) FROM kept_aside", "0 1");
    FAILS(svy_study_open_sealed(s, wrong, &opened, &err), SVY_E_VALUE, "not the key");
    OK(svy_study_open_sealed(s, secret, &opened, &err));
    cr_expect(opened.stored == 1 && opened.kept == 0);
    SAYS("SELECT words FROM data_tcn_study", "secret");
    SAYS("SELECT count(*) FROM secrets WHERE name = 'project-secret'", "0");
    verified(s);
    free(box);
    device_close(&d);
    svy_study_close(s);
}

static void correction(device *d, const char *words)
{
    svy_error err = SVY_ERROR_INIT;

    *d = device_open("tcn-study", 0, U2, "c1");
    d->corrects = U1;
    d->reason = "she called again";
    device_start(d);
    device_say_all(d, words);
    device_say(d, "age", "", "35");
    OK(svy_interview_suspend(d->iv, fixture_now(), &err));
    device_sit(d, "editor", SVY_MODE_WEB);
    OK(svy_interview_resume(d->iv, fixture_now(), &err));
    device_complete(d);
    device_end(d);
}

Test(reception, a_correction_waits_for_what_it_corrects)
{
    svy_study *s = make();
    svy_error err = SVY_ERROR_INIT;
    device d, c;
    whole(&d, U1, "c1", "first");
    correction(&c, "second");
    char root[37], newest[37];

    GETS(receive(s, &c), SVY_KEPT_ASIDE, "is not here");
    GETS(receive(s, &d), SVY_STORED, "");
    SAYS("SELECT count(*) FROM kept_aside", "0");
    SAYS("SELECT words || ' ' || age FROM data_tcn_study", "second 35");
    SAYS("SELECT group_concat(revision || reason, ' ') FROM submissions", "1 2she called again");
    OK(svy_study_correction_of(s, U2, root, newest, &err));
    cr_expect_str_eq(root, U1);
    cr_expect_str_eq(newest, U2);
    SAYS("SELECT disposition FROM cases", "complete");
    verified(s);
    same_as_replayed(s, 1, 2);
    device_close(&d);
    device_close(&c);
    svy_study_close(s);
}

/* Prepares what waits for U1, as a server does on another thread; NULL: nothing does. */
static svy_arrival *waiting(svy_study *s, const svy_reception *r, int64_t *after)
{
    svy_error err = SVY_ERROR_INIT;
    svy_arrival *a;

    OK(svy_study_waiting(s, r, U1, after, 60000, &a, &err));
    return a;
}

/* Whoever serves many leaves it to other threads to try again: the one that stores runs nothing through the engine. Two that try at once store it once. */
Test(reception, what_waits_is_tried_where_nobody_waits_for_it)
{
    const svy_sender server = { .patience_ms = 60000 };
    svy_study *s = make();
    svy_error err = SVY_ERROR_INIT;
    svy_received out[2];
    svy_reception *r;
    int64_t after = 0, again = 0;
    device d, c;

    whole(&d, U1, "c1", "first");
    correction(&c, "second");
    OK(svy_reception_new(s, &r, &err));
    GETS(receive_as(s, c.bytes, c.n, 0, &server), SVY_KEPT_ASIDE, "is not here");
    out[0] = receive_as(s, d.bytes, d.n, 0, &server);
    cr_expect(out[0].receipt == SVY_STORED && out[0].waiting);
    SAYS("SELECT count(*) FROM kept_aside", "1");
    out[0] = receive_as(s, d.bytes, d.n, 0, &server);
    cr_expect(out[0].receipt == SVY_STORED_ALREADY && out[0].waiting, "who sends again because no receipt came is told, too");
    svy_arrival *both[] = { waiting(s, r, &after), waiting(s, r, &again) };
    cr_assert(both[0] != NULL && both[1] != NULL && waiting(s, r, &after) == NULL);
    OK(svy_study_receive(s, both, 2, out, &err));
    cr_expect(out[0].receipt == SVY_STORED && !out[0].waiting && out[1].receipt == SVY_STORED_ALREADY);
    SAYS("SELECT count(*) FROM kept_aside", "0");
    SAYS("SELECT words || ' ' || age FROM data_tcn_study", "second 35");
    SAYS("SELECT group_concat(revision || reason, ' ') FROM submissions", "1 2she called again");
    out[0] = receive_as(s, d.bytes, d.n, 0, &server);
    cr_expect(out[0].receipt == SVY_STORED_ALREADY && !out[0].waiting);
    verified(s);
    svy_arrival_free(both[0]);
    svy_arrival_free(both[1]);
    svy_reception_free(r);
    device_close(&d);
    device_close(&c);
    svy_study_close(s);
}

/* An interviewer corrects and goes on with own interviews only, a respondent corrects nothing. */
Test(reception, nobody_touches_interviews_of_others)
{
    svy_study *s = make();
    svy_sender ana = { .actor = "ana", .organisation = "ministry", .touch = SVY_TOUCH_OWN }, bob = { .actor = "bob", .organisation = "ministry", .touch = SVY_TOUCH_OWN };
    device d, c;

    filled(&d, U1, "c1", "first");
    size_t before = d.n;
    device_end(&d);
    GETS(receive_as(s, d.bytes, d.n, 0, &ana), SVY_STORED, "");
    d.n = before;
    device_complete(&d);
    device_end(&d);
    GETS(receive_as(s, d.bytes, d.n, 0, &bob), SVY_KEPT_BOTH, "differs");
    GETS(receive_as(s, d.bytes, d.n, 0, &ana), SVY_STORED, "");
    correction(&c, "second");
    GETS(receive_as(s, c.bytes, c.n, 0, &bob), SVY_KEPT_ASIDE, "somebody else");
    bob.organisation = "other";
    bob.actor = "ana";
    GETS(receive_as(s, c.bytes, c.n, 0, &bob), SVY_KEPT_ASIDE, "somebody else");
    ana.touch = SVY_TOUCH_NEW;
    GETS(receive_as(s, c.bytes, c.n, 0, &ana), SVY_KEPT_ASIDE, "somebody else");
    ana.touch = SVY_TOUCH_OWN;
    GETS(receive_as(s, c.bytes, c.n, 0, &ana), SVY_STORED, "");
    SAYS("SELECT count(*) > 4 FROM audit WHERE action = 'interview.receive'", "1");
    verified(s);
    device_close(&d);
    device_close(&c);
    svy_study_close(s);
}
