/* What was erased stays erased: whatever carries the interview later, on whatever way, is not stored, and nothing of it is left in the file. */
#define _POSIX_C_SOURCE 200809L
#include "study_scratch.h"
#include "study_device.h"
#include "study_sync.h"

#include "store/reception/priv.h"

TestSuite(erasure, .init = enter, .fini = leave);

#define U1 "11111111-1111-4111-8111-111111111111"
#define U2 "22222222-2222-4222-8222-222222222222"
static const char PHOTO[] = "a photo of the respondent";

static svy_received receive_as(svy_study *s, const void *bytes, size_t n, int sealed)
{
    svy_reception *r;
    svy_arrival *a;
    svy_received out = { .receipt = 0 };

    OK(svy_reception_new(s, &r, &err));
    OK(svy_arrival_prepare(r, bytes, n, sealed, NULL, tick(), &a, &err));
    OK(svy_study_receive(s, &a, 1, &out, &err));
    svy_arrival_free(a);
    svy_reception_free(r);
    return out;
}

static svy_received receive(svy_study *s, const device *d) { return receive_as(s, d->bytes, d->n, 0); }

#define GETS(out, with) do { svy_received got_ = (out); cr_expect_eq(got_.receipt, with, "%s: %s", svy_receipt_name(got_.receipt), got_.sentence); } while (0)

static void filled(device *d, const char *uuid, const char *words)
{
    *d = device_open("tcn-study", 0, uuid, "c1");
    device_start(d);
    device_say_all(d, words);
}

static void whole(device *d, const char *uuid, const char *words)
{
    filled(d, uuid, words);
    device_complete(d);
    device_end(d);
}

static void attach(svy_study *s)
{
    svy_reception *r;
    svy_attachment *f;

    OK(svy_reception_new(s, &r, &err));
    OK(svy_attachment_prepare(r, PHOTO, sizeof PHOTO, 0, &f, &err));
    OK(svy_study_attach(s, &f, 1, "ana", tick(), &err));
    svy_attachment_free(f);
    svy_reception_free(r);
}

/* Neither the file nor its log holds what was said. */
static void says_nothing(const char *name, const char *words)
{
    char command[300];

    snprintf(command, sizeof command, "! cat %s* | grep -aqe '%s'", file(name), words);
    cr_expect_eq(system(command), 0, "%s still holds '%s'", name, words);
}

Test(erasure, another_version_a_continuation_and_a_correction_are_not_stored)
{
    svy_study *s = make();
    device first, other, half, again, correction;

    filled(&half, U1, "half-said-1");
    GETS((device_end(&half), receive(s, &half)), SVY_STORED);
    OK(svy_study_erase(s, U1, "officer", "request 7", tick(), &err));
    whole(&first, U1, "half-said-1");                      /* goes on from what was here */
    GETS(receive(s, &first), SVY_ERASED);
    filled(&other, U1, "otherwise-said");                  /* differs from it */
    device_complete(&other);
    device_file(&other, "photo.jpg", PHOTO, sizeof PHOTO);
    device_end(&other);
    attach(s);
    svy_received got = receive(s, &other);
    cr_expect_eq(got.receipt, SVY_ERASED);
    cr_expect(strstr(got.sentence, "erased on 2026-") != NULL, "%s", got.sentence);
    cr_expect_str_eq(got.uuid, U1);
    SAYS("SELECT count(*) FROM attachments", "0");
    again = device_open("not-here", 0, U1, "c1");          /* of a questionnaire that is not here: not kept aside either */
    device_start(&again);
    device_say_all(&again, "kept-aside-said");
    device_complete(&again);
    device_end(&again);
    GETS(receive(s, &again), SVY_ERASED);
    correction = device_open("tcn-study", 0, U2, "c1");
    correction.corrects = U1;
    correction.reason = "she called again";
    device_start(&correction);
    device_say_all(&correction, "corrected-said");
    device_complete(&correction);
    device_end(&correction);
    GETS(receive(s, &correction), SVY_ERASED);
    SAYS("SELECT count(*) FROM interviews WHERE erased_utc_ms IS NULL", "0");
    SAYS("SELECT count(*) FROM kept_aside", "0");
    SAYS("SELECT count(*) FROM audit WHERE action = 'interview.receive' AND object IN ('" U1 "', '" U2 "') AND detail = 'erased'", "4");
    SAYS("SELECT count(*) FROM audit WHERE action = 'interview.erase'", "1");
    verified(s);
    svy_study_close(s);
    says_nothing("tcn", "otherwise-said");
    says_nothing("tcn", "half-said-1");
    says_nothing("tcn", PHOTO);
    device_close(&first);
    device_close(&other);
    device_close(&half);
    device_close(&again);
    device_close(&correction);
}

Test(erasure, all_versions_of_an_interview_go_and_none_comes_back)
{
    svy_study *s = make();
    device a, b, c;
    char third[37], second[37];

    whole(&a, U1, "first-version");
    whole(&b, U1, "second-version");
    whole(&c, U1, "third-version");
    GETS(receive(s, &a), SVY_STORED);
    svy_received got = receive(s, &b);
    cr_expect_eq(got.receipt, SVY_KEPT_BOTH);
    snprintf(second, sizeof second, "%s", got.uuid);
    correct(s, second, "corrected-version");
    verified(s);
    OK(svy_study_erase(s, second, "officer", "request 8", tick(), &err));
    OK(svy_study_erase(s, second, "officer", "once more", tick(), &err));
    GETS(receive(s, &c), SVY_ERASED);
    GETS(receive(s, &a), SVY_ERASED);
    snprintf(third, sizeof third, "%s", second);
    SAYS("SELECT count(*) FROM interviews WHERE erased_utc_ms IS NULL", "0");
    SAYS("SELECT count(*) FROM payload_keys", "0");
    SAYS("SELECT count(*) FROM data_tcn_study", "0");
    SAYS("SELECT count(*) FROM erasures", "2");
    int erased = 0;
    OK(svy_study_was_erased(s, third, &erased, NULL, 0, &err));
    cr_expect_eq(erased, 1);
    verified(s);
    svy_study_close(s);
    says_nothing("tcn", "-version");
    device_close(&a);
    device_close(&b);
    device_close(&c);
}

Test(erasure, what_came_sealed_and_is_opened_later_is_not_stored)
{
    svy_study *s = make();
    svy_reception *r;
    svy_opened opened;
    device d;
    uint8_t *box, *photo = malloc(sizeof PHOTO + SVYI_BOX), secret[SVYI_KEY];
    svy_attachment *f;

    whole(&d, U1, "sealed-said");
    device_close(&d);
    filled(&d, U1, "sealed-said");
    device_complete(&d);
    device_file(&d, "photo.jpg", PHOTO, sizeof PHOTO);
    device_end(&d);
    box = malloc(d.n + SVYI_BOX);
    OK(svy_reception_new(s, &r, &err));
    svyi_box_close(svy_reception_public_key(r), d.bytes, d.n, box);
    svyi_box_close(svy_reception_public_key(r), PHOTO, sizeof PHOTO, photo);
    memcpy(secret, r->secret, sizeof secret);
    svy_reception_free(r);
    attach(s);
    GETS(receive(s, &d), SVY_STORED);
    OK(svyi_db_exec(s, "DELETE FROM secrets WHERE name = 'project-secret'", &err));
    GETS(receive_as(s, box, d.n + SVYI_BOX, 1), SVY_STORED);
    OK(svy_reception_new(s, &r, &err));
    OK(svy_attachment_prepare(r, box, d.n + SVYI_BOX, 1, &f, &err));      /* a saved queue: as a file, too, because nobody could tell */
    OK(svy_study_attach(s, &f, 1, "ana", tick(), &err));
    svy_attachment_free(f);
    svy_reception_free(r);
    OK(svy_study_erase(s, U1, "officer", "request 9", tick(), &err));
    OK(svy_study_open_sealed(s, secret, &opened, &err));
    cr_expect_eq(opened.erased, 1);
    cr_expect_eq(opened.stored + opened.kept, 0);
    SAYS("SELECT (SELECT count(*) FROM kept_aside) || ' ' || (SELECT count(*) FROM attachments) || ' ' || (SELECT count(*) FROM interviews WHERE erased_utc_ms IS NULL)", "0 0 0");
    verified(s);
    svy_study_close(s);
    says_nothing("tcn", "sealed-said");
    says_nothing("tcn", PHOTO);
    free(box);
    free(photo);
    device_close(&d);
}

/* A machine that never had it knows, too; one that keeps it aside, or has another version, loses it. */
Test(erasure, it_travels_also_to_files_that_never_had_the_interview)
{
    svy_study *a = make(), *b = copy(a, "b"), *c = copy(a, "c");
    device d, other, aside;

    whole(&d, U1, "here-said");
    whole(&other, U1, "there-said");
    aside = device_open("not-here", 0, U1, "c1");
    device_start(&aside);
    device_say_all(&aside, "aside-said");
    device_complete(&aside);
    device_end(&aside);
    together(a, c);
    GETS(receive(a, &d), SVY_STORED);
    together(a, b);
    GETS(receive(c, &aside), SVY_KEPT_ASIDE);
    GETS(receive(c, &other), SVY_STORED);
    OK(svy_study_erase(a, U1, "officer", "request 10", tick(), &err));
    together(a, c);
    SAYS("SELECT count(*) FROM data_tcn_study", "0");
    GETS(receive(c, &other), SVY_ERASED);
    GETS(receive(c, &aside), SVY_ERASED);
    svy_study *e = copy(a, "e");
    together(c, e);
    GETS(receive(e, &d), SVY_ERASED);
    together(e, b);
    UNCHANGED(e, b);
    UNCHANGED(a, b);
    ALIKE("tcn", "b");
    ALIKE("tcn", "c");
    ALIKE("tcn", "e");
    verified(a);
    verified(b);
    verified(c);
    svy_study *const all[] = { a, b, c, e };
    for (size_t i = 0; i < 4; i++)
        svy_study_close(all[i]);
    for (const char *const *name = (const char *const[]){ "tcn", "b", "c", "e", NULL }; *name != NULL; name++)
        says_nothing(*name, "-said");
    device_close(&d);
    device_close(&other);
    device_close(&aside);
}

/* A stick that has been elsewhere: what it holds of the interview goes the next time it is written, its files too. */
Test(erasure, nothing_of_it_stays_on_a_stick)
{
    svy_study *a = make(), *b = copy(a, "b");
    svy_stick_options only_send = SVY_STICK_OPTIONS_INIT, both_ways = SVY_STICK_OPTIONS_INIT;
    svy_merged m = { 0 };
    char stick[64], photo[64];
    device d, other;

    snprintf(stick, sizeof stick, "%s", file("stick"));
    snprintf(photo, sizeof photo, "%s", PHOTO);
    only_send.receive = 0;
    together(a, b);
    filled(&d, U1, "stick-said");
    device_complete(&d);
    device_file(&d, "photo.jpg", PHOTO, sizeof PHOTO);
    device_end(&d);
    whole(&other, U2, "other-said");
    attach(a);
    GETS(receive(a, &d), SVY_STORED);
    GETS(receive(a, &other), SVY_STORED);
    OK(svy_sync_stick(a, stick, &only_send, "ann", tick(), &m, &REPORT, NULL, &err));
    const svyi_erasure e = { U1, "officer", "request 11", "", tick() };      /* it knows, and never had it */
    uint64_t undone;
    OK(svyi_erase(b, &e, tick(), &undone, &err));
    OK(svy_sync_stick(b, stick, &only_send, "ann", tick(), &m, &REPORT, NULL, &err));
    says_nothing("stick", "stick-said");
    says_nothing("stick", photo);
    m = (svy_merged){ 0 };
    OK(svy_sync_stick(b, stick, &both_ways, "ann", tick(), &m, &REPORT, NULL, &err));
    cr_expect_eq(m.interviews, 1);                          /* the other one stayed in it */
    OK(svy_sync_stick(a, stick, &both_ways, "ann", tick(), &m, &REPORT, NULL, &err));
    cr_expect_eq(m.erased, 1);
    ALIKE("tcn", "b");
    svy_study_close(a);
    svy_study_close(b);
    says_nothing("tcn", "stick-said");
    device_close(&d);
    device_close(&other);
}
