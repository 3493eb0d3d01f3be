/* Bundles from outside: cut, changed, of another study, of a partner; and on a stick. */
#define _POSIX_C_SOURCE 200809L
#include <unistd.h>

#include "study_scratch.h"
#include "study_sync.h"

TestSuite(bundle, .init = enter, .fini = leave);

/* ---- what comes from outside ---- */

typedef struct bytes { uint8_t *data; size_t n; } bytes;

static svy_status keep(void *user, const void *data, size_t n)
{
    bytes *b = user;

    free(b->data);
    b->data = malloc(n);
    memcpy(b->data, data, n);
    b->n = n;
    return SVY_OK;
}

static svy_status keep_wanted(void *user, const void *data, size_t n, uint64_t things)
{
    (void)things;
    return keep(user, data, n);
}

/* Everything of `from` that `to` lacks for `who`, as one bundle. */
static bytes bundle_for(svy_study *from, const svy_principal *who, svy_study *to)
{
    bytes a = { NULL, 0 }, b = { NULL, 0 }, wanted = { NULL, 0 }, out = { NULL, 0 };
    uint64_t served;

    OK(svy_sync_have(from, who, NULL, 0, keep, &a, &err));
    OK(svy_sync_have(to, NULL, NULL, 0, keep, &b, &err));
    OK(svy_sync_lack(NULL, b.data, b.n, a.data, a.n, keep_wanted, &wanted, &err));
    if (wanted.data != NULL)
        OK(svy_sync_give(from, who, wanted.data, wanted.n, 0, keep, &out, &served, &err));
    free(a.data);
    free(b.data);
    free(wanted.data);
    return out;
}

Test(bundle, a_bundle_that_is_cut_or_changed_anywhere_changes_nothing)
{
    svy_study *a = make(), *b = copy(a, "b");
    svy_merged m = { 0 };

    whole_one(a, "c1", "hello", NULL);
    bytes x = bundle_for(a, NULL, b);
    for (size_t n = 0; n < x.n; n += n < 200 || n + 200 > x.n ? 1 : 97)
        cr_assert_eq(svy_sync_merge(b, NULL, x.data, n, "ann", tick(), &m, &REPORT, &err), SVY_E_FORMAT, "cut after %zu of %zu bytes", n, x.n);
    for (size_t at = 0; at < x.n; at += at < 300 ? 1 : 41) {
        x.data[at] ^= 0x20;
        cr_assert_eq(svy_sync_merge(b, NULL, x.data, x.n, "ann", tick(), &m, &REPORT, &err), SVY_E_FORMAT, "byte %zu changed", at);
        x.data[at] ^= 0x20;
    }
    cr_expect(is_nothing(&m));
    OK(svy_sync_merge(b, NULL, x.data, x.n, "ann", tick(), &m, &REPORT, &err));
    cr_expect_eq(m.interviews, 1);
    free(x.data);
    svy_study_close(a);
    svy_study_close(b);
}

Test(bundle, another_study_is_refused)
{
    svy_study *a = make(), *b;
    svy_merged m = { 0 }, n = { 0 };

    OK(svy_study_create(NULL, file("b"), tick(), &err));
    b = open_file("b");
    whole_one(a, "c1", "hello", NULL);
    FAILS(svy_sync_studies(a, b, "ann", tick(), &m, &n, &REPORT, NULL, &err), SVY_E_STATE, "another study");
    bytes x = bundle_for(a, NULL, b);
    FAILS(svy_sync_merge(b, NULL, x.data, x.n, "ann", tick(), &m, &REPORT, &err), SVY_E_STATE, "another study");
    free(x.data);
    svy_study_close(a);
    svy_study_close(b);
}

Test(bundle, a_version_with_other_content_is_told_and_the_rest_goes_on)
{
    svy_study *a = make(), *b = copy(a, "b");

    deploy(a, "other", 0);
    deploy(b, "other", 3);
    whole_one(a, NULL, "x", NULL);
    both m = together(a, b);
    cr_expect_eq(m.b.refused + m.a.refused, 2);
    cr_expect(strstr(refusal, "'other'") != NULL && strstr(refusal, "other content") != NULL, "%s", refusal);
    cr_expect_eq(m.b.interviews, 1);
    svy_study_close(a);
    svy_study_close(b);
}

static svy_principal account(svy_account_role role, const char *organisation)
{
    svy_principal p = { .role = role };
    snprintf(p.name, sizeof p.name, "pat");
    snprintf(p.organisation, sizeof p.organisation, "%s", organisation);
    return p;
}

static void run_sql(svy_study *s, const char *sql)
{
    cr_assert_eq(sqlite3_exec(s->db, sql, NULL, NULL, NULL), SQLITE_OK, "%s: %s", sql, sqlite3_errmsg(s->db));
}

Test(bundle, a_partner_gets_and_gives_its_own_rows_only)
{
    svy_study *a = make(), *b;
    svy_principal partner = account(SVY_ROLE_SUPERVISOR, "NSI"), interviewer = account(SVY_ROLE_INTERVIEWER, "NSI"), nobody = account(SVY_ROLE_SUPERVISOR, "");
    char own[37], foreign[37], target[64];
    svy_merged m = { 0 };
    bytes ignored = { NULL, 0 };

    snprintf(target, sizeof target, "%s", file("b"));
    whole_one(a, "c1", "own", own);
    whole_one(a, "c2", "foreign", foreign);
    run_sql(a, "UPDATE interviews SET organisation = CASE case_id WHEN 'c1' THEN 'NSI' ELSE 'other' END");
    FAILS(svy_sync_have(a, &interviewer, NULL, 0, keep, &ignored, &err), SVY_E_STATE, "may not synchronise");
    FAILS(svy_sync_have(a, &nobody, NULL, 0, keep, &ignored, &err), SVY_E_STATE, "may not synchronise");
    OK(svy_sync_hello(a, &partner, 1, make_copy, target, &err));
    b = open_file("b");
    bytes x = bundle_for(a, &partner, b);
    OK(svy_sync_merge(b, NULL, x.data, x.n, "pat", tick(), &m, &REPORT, &err));
    cr_expect_eq(m.interviews, 1);
    cr_expect_eq(m.forms, 1);
    free(x.data);
    /* It gives an interview of its own, which is of its organisation whatever it says; what it corrects or erases of others is not taken. */
    run_sql(b, "UPDATE interviews SET organisation = 'other'");
    whole_one(b, "c3", "added", NULL);
    OK(svy_study_erase(b, own, "pat", "request", tick(), &err));
    deploy(b, "new-form", 0);
    m = (svy_merged){ 0 };
    x = bundle_for(b, NULL, a);
    OK(svy_sync_merge(a, &partner, x.data, x.n, "pat", tick(), &m, &REPORT, &err));
    cr_expect_eq(m.interviews, 1);
    cr_expect_eq(m.erased, 0);
    cr_expect_eq(m.forms, 0);
    cr_expect_eq(m.refused, 2);
    SAYS("SELECT organisation FROM interviews WHERE case_id = 'c3'", "NSI");
    SAYS("SELECT count(*) FROM interviews WHERE erased_utc_ms IS NOT NULL", "0");
    free(x.data);
    free(ignored.data);
    svy_study_close(a);
    svy_study_close(b);
}

/* ---- who has what ---- */

static uint64_t differ(svy_study *a, svy_study *b, bytes *groups)
{
    bytes mine = { NULL, 0 }, theirs = { NULL, 0 };
    uint64_t n = 0;

    OK(svy_sync_groups(b, NULL, NULL, 0, keep, &theirs, &err));
    OK(svy_sync_groups(a, NULL, theirs.data, theirs.n, keep, &mine, &err));
    free(groups->data);
    *groups = (bytes){ NULL, 0 };
    OK(svy_sync_differ(NULL, mine.data, mine.n, theirs.data, theirs.n, keep, groups, &n, &err));
    free(mine.data);
    free(theirs.data);
    return n;
}

Test(bundle, only_groups_that_differ_are_listed)
{
    svy_study *a = make(), *b = copy(a, "b");
    bytes groups = { NULL, 0 }, all = { NULL, 0 }, some = { NULL, 0 };
    int64_t after = 0;
    int turns = 0;

    for (int i = 0; i < 60; i++) {
        char name[8];
        snprintf(name, sizeof name, "c%d", i);
        whole_one(a, name, "said", NULL);
    }
    do
        OK(svy_sync_digests(a, &after, 25, &err));
    while (after != 0 && ++turns < 100);
    cr_expect_eq(turns, 3);
    SAYS("SELECT count(*) FROM sync_digests", "60");
    cr_expect(differ(a, b, &groups) > 10);
    together(a, b);
    cr_expect_eq(differ(a, b, &groups), 0);
    whole_one(b, NULL, "one more", NULL);
    cr_expect_eq(differ(a, b, &groups), 1);
    OK(svy_sync_have(b, NULL, NULL, 0, keep, &all, &err));
    OK(svy_sync_have(b, NULL, groups.data, groups.n, keep, &some, &err));
    cr_expect(some.n * 4 < all.n, "%zu of %zu bytes", some.n, all.n);
    FAILS(svy_sync_have(b, NULL, all.data, all.n, keep, &some, &err), SVY_E_FORMAT, "no groups");
    together(a, b);
    cr_expect_eq(differ(a, b, &groups), 0);
    free(groups.data);
    free(all.data);
    free(some.data);
    svy_study_close(a);
    svy_study_close(b);
}

/* ---- on a stick ---- */

static svy_status with_stick(svy_study *s, const char *passphrase, svy_merged *m)
{
    char name[64];
    svy_stick_options o = SVY_STICK_OPTIONS_INIT;

    *m = (svy_merged){ 0 };
    snprintf(name, sizeof name, "%s/stick", folder);
    o.passphrase = passphrase;
    o.passphrase_len = passphrase != NULL ? strlen(passphrase) : 0;
    return svy_sync_stick(s, name, &o, "ann", tick(), m, &REPORT, NULL, &err);
}

Test(bundle, a_stick_goes_round)
{
    svy_study *a = make(), *b = copy(a, "b");
    svy_merged m;
    char name[64];

    snprintf(name, sizeof name, "%s/stick", folder);
    together(a, b);
    whole_one(a, "c1", "one", NULL);
    whole_one(b, "c2", "two", NULL);
    OK(with_stick(a, "tundra kettle ninety", &m));
    cr_expect_eq(svy_sync_kind_of_file(name), 3);
    FAILS(with_stick(b, "tundra kettle nine", &m), SVY_E_VALUE, "passphrase");
    FAILS(with_stick(b, NULL, &m), SVY_E_VALUE, "passphrase");
    OK(with_stick(b, "tundra kettle ninety", &m));
    cr_expect_eq(m.interviews, 1);
    OK(with_stick(a, "tundra kettle ninety", &m));
    cr_expect_eq(m.interviews, 1);
    OK(with_stick(a, "tundra kettle ninety", &m));
    cr_expect(is_nothing(&m));
    ALIKE("tcn", "b");
    svy_study_close(a);
    svy_study_close(b);
}

Test(bundle, a_stick_that_was_pulled_out_is_refused_whole)
{
    svy_study *a = make(), *b = copy(a, "b");
    svy_merged m;
    char name[64];

    snprintf(name, sizeof name, "%s/stick", folder);
    whole_one(a, "c1", "one", NULL);
    OK(with_stick(a, NULL, &m));
    FILE *f = fopen(name, "rb");
    fseek(f, 0, SEEK_END);
    for (long n = ftell(f) - 1; n > 0; n -= n > 100 ? n / 7 : 1) {
        cr_assert_eq(truncate(name, n), 0);
        cr_assert_eq(with_stick(b, NULL, &m), SVY_E_FORMAT, "cut to %ld bytes: %s", n, err.message);
        cr_assert(is_nothing(&m));
    }
    fclose(f);
    svy_study_close(a);
    svy_study_close(b);
}
