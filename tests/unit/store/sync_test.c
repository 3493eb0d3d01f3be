/* Files of one study that come together: the same union in any order and any number of times, nothing lost, nothing erased coming back. */
#define _POSIX_C_SOURCE 200809L
#include "study_scratch.h"
#include "study_device.h"
#include "study_sync.h"

TestSuite(sync, .init = enter, .fini = leave);

Test(sync, a_further_file_gets_everything_and_gives_what_it_adds)
{
    svy_study *a = make(), *b = copy(a, "b");
    char one[37];

    whole_one(a, "c1", "hello", one);
    half_one(a, "c2", "so far", NULL);
    cr_expect_eq(together(a, b).b.interviews, 2);
    UNCHANGED(a, b);
    ALIKE("tcn", "b");
    complete_it(b, "c2", "the rest");
    correct(b, one, "better");
    whole_one(b, NULL, "new", NULL);
    both m = together(a, b);
    cr_expect_eq(m.a.interviews, 2);
    cr_expect_eq(m.a.continued, 1);
    cr_expect(is_nothing(&m.b));
    UNCHANGED(a, b);
    ALIKE("tcn", "b");
    SAYS("SELECT group_concat(words, ',') FROM (SELECT words FROM data_tcn_study ORDER BY words)", "better,new,the rest");
    verified(a);
    verified(b);
    svy_study_close(a);
    svy_study_close(b);
}

Test(sync, one_interview_that_went_on_in_two_ways_is_kept_twice)
{
    svy_study *a = make(), *b = copy(a, "b"), *c = copy(a, "c");

    half_one(a, "c1", "begun", NULL);
    together(a, b);
    complete_it(a, "c1", "here");
    complete_it(b, "c1", "there");
    both m = together(a, b);
    cr_expect_eq(m.a.conflicts, 1);
    cr_expect_eq(m.b.conflicts, 1);
    UNCHANGED(a, b);
    ALIKE("tcn", "b");
    cr_expect_eq(together(b, c).b.interviews + together(a, c).b.conflicts, 1);
    ALIKE("tcn", "c");
    SAYS("SELECT disposition FROM cases WHERE id = 'c1'", "conflict");
    SAYS("SELECT group_concat(words, ',') FROM (SELECT words FROM data_tcn_study ORDER BY words)", "here,there");
    verified(a);
    verified(b);
    verified(c);
    svy_study_close(a);
    svy_study_close(b);
    svy_study_close(c);
}

typedef struct packed { uint8_t *bytes; size_t n; } packed;

static svy_status keep_package(void *user, const void *bytes, size_t n)
{
    packed *p = user;

    p->bytes = malloc(n);
    p->n = n;
    memcpy(p->bytes, bytes, n);
    return SVY_OK;
}

static svy_received receive_package(svy_study *s, const void *bytes, size_t n)
{
    const svy_sender from = { .keys_hashed = 1 };
    svy_reception *r;
    svy_arrival *a;
    svy_received got = { .receipt = 0 };

    OK(svy_reception_new(s, &r, &err));
    OK(svy_arrival_prepare(r, bytes, n, 0, &from, tick(), &a, &err));
    OK(svy_study_receive(s, &a, 1, &got, &err));
    svy_arrival_free(a);
    svy_reception_free(r);
    return got;
}

/* A device says what it corrects by the uuid that it knew; another version, which is older, has it by now. */
Test(sync, a_correction_is_of_the_version_that_it_begins_with)
{
    svy_study *a = make(), *b = copy(a, "b");
    char one[37], correction[37];
    packed p = { NULL, 0 };
    sqlite3_stmt *stmt = NULL;

    whole_one(a, "c1", "ours", one);
    together(a, b);
    correct(b, one, "ours, corrected");
    device d = device_open("tcn-study", 0, one, "c1");
    device_start(&d);
    device_say_all(&d, "theirs");
    device_complete(&d);
    device_end(&d);
    svy_received got = receive_package(a, d.bytes, d.n);
    cr_expect_eq(got.receipt, SVY_KEPT_BOTH);
    cr_expect_str_eq(got.uuid, one);
    SAYS("SELECT count(*) FROM submissions_moved", "1");
    OK(svyi_db_prepare(b, "SELECT uuid FROM interviews WHERE corrects IS NOT NULL", &stmt, &err));
    cr_assert_eq(sqlite3_step(stmt), SQLITE_ROW);
    snprintf(correction, sizeof correction, "%s", (const char *)sqlite3_column_text(stmt, 0));
    sqlite3_finalize(stmt);
    OK(svy_study_package(b, correction, keep_package, &p, &err));
    got = receive_package(a, p.bytes, p.n);
    cr_expect_eq(got.receipt, SVY_STORED, "%s", got.sentence);
    SAYS("SELECT group_concat(words, '; ') FROM (SELECT words FROM data_tcn_study ORDER BY words)", "ours, corrected; theirs");
    together(a, b);
    ALIKE("tcn", "b");
    verified(a);
    verified(b);
    free(p.bytes);
    device_close(&d);
    svy_study_close(a);
    svy_study_close(b);
}

static svy_status keep_corrects(void *user, const svy_package_head *head, svy_error *error)
{
    (void)error;
    snprintf(user, 37, "%s", head->corrects);
    return SVY_OK;
}

static svy_status read_corrects(void *user, const void *bytes, size_t n)
{
    const svy_package_reader to = { .head = keep_corrects, .user = user };

    return svy_package_read(bytes, n, 1, &to, NULL);
}

/* Which version has which uuid may change when a third one comes; what a device was given to correct is found all the same. */
Test(sync, a_third_version_does_not_part_a_device_from_what_it_corrects)
{
    svy_study *a = make(), *b = copy(a, "b"), *c = copy(a, "c");
    char common[37], given[37], made[37], corrects[37] = "", before[37];
    packed p = { NULL, 0 };

    half_one(a, "c1", "begun", common);
    together(a, b);
    complete_it(a, "c1", "one");
    svy_session *n = begin(b, "c1", NULL);
    go_back(n);
    say(n, "words", "", "so far");
    leave_it(n);
    together(b, c);
    complete_it(b, "c1", "two");
    complete_it(c, "c1", "three");
    together(a, b);
    snprintf(before, sizeof before, "%s", value("SELECT uuid FROM interviews WHERE conflicts IS NOT NULL"));
    OK(svy_study_package_to_correct(a, before, "look again", made, read_corrects, corrects, &err));
    cr_expect_str_eq(corrects, common);
    correct(b, before, "two, corrected");
    snprintf(path, sizeof path, "%s", file("b"));
    snprintf(given, sizeof given, "%s", value("SELECT uuid FROM interviews WHERE corrects IS NOT NULL"));
    snprintf(path, sizeof path, "%s", file("tcn"));
    OK(svy_study_package(b, given, keep_package, &p, &err));
    together(a, c);
    cr_expect_str_eq(value("SELECT count(*) FROM interviews WHERE conflicts IS NOT NULL"), "2");
    char moved[120];
    snprintf(moved, sizeof moved, "SELECT count(*) FROM interviews WHERE uuid = '%s'", before);
    SAYS(moved, "0");
    cr_expect_eq(receive_package(a, p.bytes, p.n).receipt, SVY_STORED);
    together(a, b);
    together(a, c);
    ALIKE("tcn", "b");
    ALIKE("tcn", "c");
    SAYS("SELECT group_concat(words, '; ') FROM (SELECT words FROM data_tcn_study ORDER BY words)", "one; three; two, corrected");
    verified(a);
    verified(b);
    verified(c);
    free(p.bytes);
    svy_study_close(a);
    svy_study_close(b);
    svy_study_close(c);
}

Test(sync, a_case_that_nobody_listed_is_given_and_returned_everywhere)
{
    svy_study *a = make(), *b = copy(a, "b");

    whole_one(a, "c1", "hello", NULL);
    together(a, b);
    OK(svy_study_case_return(a, NULL, "tcn-study", "c1", "the age?", "ann", tick(), &err));
    cr_expect_eq(together(a, b).b.cases, 1);
    UNCHANGED(a, b);
    ALIKE("tcn", "b");
    SAYS("SELECT comment FROM cases", "the age?");
    svy_study_close(a);
    svy_study_close(b);
}

static const char FILES_OF[] = "SELECT group_concat(said, ', ') FROM (SELECT f.name || ' ' || substr(hex(a.digest), 1, 4) AS said FROM interview_files f"
                               " JOIN attachments a ON a.number = f.attachment ORDER BY f.name)";

/* Two machines gave the interview other contents under one name. */
Test(sync, of_two_files_of_one_name_both_are_kept_and_the_same_has_the_name)
{
    svy_study *a = make(), *b = copy(a, "b");
    char one[37], first[400];

    whole_one(a, "c1", "hello", one);
    together(a, b);
    OK(svy_study_attach_file(a, one, "photo.jpg", NULL, "one", 3, tick(), &err));
    OK(svy_study_attach_file(b, one, "photo.jpg", NULL, "another", 7, tick(), &err));
    together(a, b);
    UNCHANGED(a, b);
    snprintf(first, sizeof first, "%s", value(FILES_OF));
    cr_expect(strstr(first, "photo.jpg ") != NULL && strstr(first, ", photo.jpg_") != NULL, "%s", first);
    snprintf(path, sizeof path, "%s", file("b"));
    SAYS(FILES_OF, first);
    verified(a);
    verified(b);
    svy_study_close(a);
    svy_study_close(b);
}

Test(sync, of_two_corrections_the_last_one_counts_everywhere)
{
    svy_study *a = make(), *b = copy(a, "b");
    char one[37];

    whole_one(a, "c1", "first", one);
    together(a, b);
    correct(b, one, "earlier");
    correct(a, one, "later");
    together(a, b);
    ALIKE("tcn", "b");
    SAYS("SELECT words FROM data_tcn_study", "later");
    UNCHANGED(a, b);
    verified(a);
    verified(b);
    svy_study_close(a);
    svy_study_close(b);
}

Test(sync, what_was_erased_is_erased_everywhere_and_never_comes_back)
{
    svy_study *a = make(), *b = copy(a, "b"), *c = copy(a, "c");
    char one[37], two[37];

    whole_one(a, "c1", "secret", one);
    half_one(a, "c2", "half a secret", two);
    together(a, b);
    complete_it(b, "c2", "a whole secret");
    correct(b, one, "another secret");
    OK(svy_study_erase(a, one, "ann", "request 1", tick(), &err));
    OK(svy_study_erase(a, two, "ann", "request 2", tick(), &err));
    cr_expect_eq(together(a, c).b.interviews, 0);
    cr_expect_eq(together(b, c).b.interviews, 0);       /* c knows that they were erased, and passes it on */
    cr_expect_eq(together(a, b).b.interviews, 0);
    ALIKE("b", "c");
    ALIKE("tcn", "b");
    SAYS("SELECT count(*) FROM data_tcn_study", "0");
    verified(a);
    verified(b);
    verified(c);
    UNCHANGED(a, c);
    svy_study_close(a);
    svy_study_close(b);
    svy_study_close(c);
}

/* An early end that keeps the first section only. */
static void refuse(svy_session *n)
{
    say(n, "centre", "", "Sofia");
    say(n, "words", "", "not to be kept");
    say(n, "consent", "", "2");
    finish(n);
}

/* Every column of the typed rows but the number of the interview. */
#define ROWS_ALIKE(one, other) do { char command_[400]; snprintf(command_, sizeof command_, "for f in %s %s; do sqlite3 $f 'ATTACH \":memory:\" AS m; CREATE TABLE m.r AS SELECT * FROM data_tcn_study;" \
        " ALTER TABLE m.r DROP COLUMN interview; SELECT * FROM m.r ORDER BY centre, age, words' > $f.rows; done; cmp %s.rows %s.rows", file(one), file(other), file(one), file(other)); \
        cr_expect_eq(system(command_), 0, "rows of %s and %s", one, other); } while (0)

Test(sync, an_early_end_keeps_on_every_side_what_it_keeps)
{
    svy_study *a = make(), *b = copy(a, "b"), *c = copy(a, "c");

    refuse(begin(a, "c1", NULL));
    half_one(a, "c2", "begun", NULL);
    together(a, b);
    svy_session *n = begin(a, "c2", NULL);
    go_back(n);
    refuse(n);
    together(a, b);
    together(b, c);
    UNCHANGED(a, b);
    UNCHANGED(a, c);
    ALIKE("tcn", "b");
    ALIKE("tcn", "c");
    ROWS_ALIKE("tcn", "b");
    ROWS_ALIKE("tcn", "c");
    SAYS("SELECT count(*) FROM interviews WHERE blanked = 1 AND phase = 2 AND outcome = '21'", "2");
    for (const char *const *name = (const char *const[]){ "b", "c", NULL }; *name != NULL; name++) {
        char command[160];
        snprintf(command, sizeof command, "! grep -q 'not to be kept' %s %s-wal", file(*name), file(*name));
        cr_expect_eq(system(command), 0, "%s holds what was not to be kept", *name);
    }
    verified(a);
    verified(b);
    verified(c);
    svy_study_close(a);
    svy_study_close(b);
    svy_study_close(c);
}

Test(sync, what_was_kept_aside_is_kept_on_both_sides_until_it_can_be_taken)
{
    svy_study *a = make(), *b = copy(a, "b");
    device d = device_open("later", 0, "11111111-1111-4111-8111-111111111111", "c1");
    svy_reception *r;
    svy_arrival *arrival;
    svy_received got;
    svy_opened opened;

    device_start(&d);
    device_say_all(&d, "early");
    device_complete(&d);
    device_end(&d);
    OK(svy_reception_new(a, &r, &err));
    OK(svy_arrival_prepare(r, d.bytes, d.n, 0, NULL, tick(), &arrival, &err));
    OK(svy_study_receive(a, &arrival, 1, &got, &err));
    cr_expect_eq(got.receipt, SVY_KEPT_ASIDE);
    svy_arrival_free(arrival);
    svy_reception_free(r);
    cr_expect_eq(together(a, b).b.kept, 1);
    UNCHANGED(a, b);
    deploy(b, "later", 0);
    OK(svy_study_try_again(b, &opened, &err));
    cr_expect_eq(opened.stored, 1);
    cr_expect_eq(together(a, b).a.interviews, 1);
    UNCHANGED(a, b);
    OK(svy_study_try_again(a, &opened, &err));
    cr_expect_eq(opened.stored, 1);
    cr_expect_eq(opened.kept, 0);
    UNCHANGED(a, b);
    SAYS("SELECT count(*) FROM interviews", "1");
    verified(a);
    verified(b);
    device_close(&d);
    svy_study_close(a);
    svy_study_close(b);
}

/* ---- any order, any number of times ---- */

static uint64_t dice(uint64_t *state, uint64_t sides)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (*state >> 33) % sides;
}

typedef struct history { char ids[400][37], cases[400][8]; int n; } history;

/* Something that happens in a file to an interview it has. */
static void change_one(svy_study *s, uint64_t *state, const history *h)
{
    char words[32];
    svy_session *n;
    int resumed;
    const int i = (int)dice(state, (uint64_t)h->n);
    const uint64_t what = dice(state, 8);

    snprintf(words, sizeof words, "w%llu", (unsigned long long)dice(state, 1000000));
    if (what == 0)
        (void)!svy_study_erase(s, h->ids[i], "ann", "request", tick(), NULL);
    else if (what < 4 && svy_session_correct(s, h->ids[i], "eva", "why", tick(), &n, NULL) == SVY_OK) {
        say(n, "words", "", words);
        if (dice(state, 3) == 0)
            svy_session_close(n);
        else
            finish(n);
    } else if (what >= 4 && svy_session_open(s, NULL, h->cases[i], "maria", NULL, 7, tick(), &n, &resumed, NULL) == SVY_OK) {
        go_back(n);
        answer_all(n, words);
        if (dice(state, 2) == 0)
            leave_it(n);
        else
            finish(n);
    }
}

static void happen(svy_study *s, uint64_t *state, history *h, int times)
{
    for (int i = 0; i < times; i++) {
        if (h->n < 3 || dice(state, 3) == 0) {
            snprintf(h->cases[h->n], sizeof h->cases[0], "c%d", h->n);
            (dice(state, 2) == 0 ? whole_one : half_one)(s, h->cases[h->n], "begun", h->ids[h->n]);
            h->n++;
        } else
            change_one(s, state, h);
    }
}

static void copy_files(const char *from, const char *to)
{
    char command[300];
    snprintf(command, sizeof command, "cp %s %s", file(from), file(to));
    cr_assert_eq(system(command), 0);
}

static void merge_in_order(int order)
{
    static const int PAIRS[6][3][2] = { { { 0, 1 }, { 1, 2 }, { 0, 2 } }, { { 0, 2 }, { 1, 2 }, { 0, 1 } }, { { 1, 2 }, { 0, 1 }, { 0, 2 } },
                                        { { 1, 0 }, { 2, 0 }, { 2, 1 } }, { { 2, 1 }, { 2, 0 }, { 1, 0 } }, { { 2, 0 }, { 0, 1 }, { 1, 2 } } };
    static const char *const NAMES[] = { "tcn", "b", "c" };
    char name[3][8];
    svy_study *s[3];

    for (int i = 0; i < 3; i++) {
        snprintf(name[i], sizeof name[i], "%c%d", "xyz"[i], order);
        copy_files(NAMES[i], name[i]);
        s[i] = open_file(name[i]);
    }
    for (int round = 0; round < 2; round++)
        for (int i = 0; i < 3; i++)
        {
            const both m = together(s[PAIRS[order][i][0]], s[PAIRS[order][i][1]]);
            cr_expect_eq(m.a.refused + m.b.refused + m.a.kept + m.b.kept, 0, "%s", refusal);
        }
    for (int i = 0; i < 3; i++) {
        verified(s[i]);
        svy_study_close(s[i]);
    }
    ALIKE(name[0], name[1]);
    ALIKE(name[1], name[2]);
    if (order > 0)
        ALIKE("x0", name[0]);
}

static void random_history(uint64_t seed)
{
    svy_study *s[3] = { make() };
    history h = { .n = 0 };
    uint64_t state = seed;

    s[1] = copy(s[0], "b");
    s[2] = copy(s[0], "c");
    together(s[0], s[1]);
    together(s[0], s[2]);
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 3; i++)
            happen(s[i], &state, &h, 6);
        if (round < 2)
            together(s[dice(&state, 2)], s[2]);
    }
    for (int i = 0; i < 3; i++)
        svy_study_close(s[i]);
    for (int order = 0; order < 6; order++)
        merge_in_order(order);
}

Test(sync, three_files_come_to_one_union_in_any_order)
{
    const char *seeds = getenv("SVY_SYNC_SEEDS");
    const int n = seeds != NULL ? atoi(seeds) : 3;

    for (int seed = 1; seed <= n; seed++) {
        random_history((uint64_t)seed * 7919);
        leave();
        enter();
    }
}
