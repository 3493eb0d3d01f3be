/* Submissions: a chain that shows every change, correction and erasure; typed rows that agree. */
#define _POSIX_C_SOURCE 200809L
#include <criterion/criterion.h>
#include <unistd.h>

#include "study_scratch.h"

TestSuite(submission, .init = enter, .fini = leave);

static char uuids[8][SVYI_UUID];

/* A closed study with `n` complete interviews of the cases c0, c1, ... */
static void with_submissions(int n)
{
    svy_study *s = make();
    char id[16];

    for (int i = 0; i < n; i++) {
        snprintf(id, sizeof id, "c%d", i);
        svy_session *one = session(s, id, NULL);
        strcpy(uuids[i], svy_session_uuid(one));
        say_all(one);
        complete(one);
    }
    svy_study_close(s);
}

typedef struct found { int n; char first[512], element[64]; } found;

static void collect(void *user, const svy_diag *d)
{
    found *f = user;
    if (f->n++ == 0) {
        snprintf(f->first, sizeof f->first, "%s", d->found);
        snprintf(f->element, sizeof f->element, "%s", d->element);
    }
}

static found verify(void)
{
    found f = { 0, "", "" };
    svy_diags diags = { collect, &f, 0, 0 };
    svy_error err = SVY_ERROR_INIT;
    svy_study *s;

    OK(svy_study_open(NULL, path, SVY_STUDY_READ, &s, &err));
    svy_status st = svy_study_verify(s, &diags, &err);
    cr_expect_eq(st, f.n > 0 ? SVY_E_INVALID : SVY_OK, "%d: %s", (int)st, err.message);
    svy_study_close(s);
    return f;
}

/* What somebody does who opens the file with another program and takes the triggers away. */
static void tamper(const char *sql)
{
    sqlite3 *db;
    char *why = NULL;

    cr_assert_eq(sqlite3_open(path, &db), SQLITE_OK);
    cr_assert_eq(sqlite3_exec(db, "DROP TRIGGER IF EXISTS submissions_stay; DROP TRIGGER IF EXISTS submissions_are_kept; DROP TRIGGER IF EXISTS events_stay;"
                                  "DROP TRIGGER IF EXISTS events_are_kept", NULL, NULL, &why), SQLITE_OK, "%s", why);
    cr_assert_eq(sqlite3_exec(db, sql, NULL, NULL, &why), SQLITE_OK, "%s: %s", sql, why);
    sqlite3_close(db);
}

Test(submission, tables_refuse_changes)
{
    static const char *const TRIES[] = {
        "UPDATE submissions SET actor = 'x'", "DELETE FROM submissions", "UPDATE events SET value = 'x'", "DELETE FROM events", "UPDATE parameters SET value = '1'",
        "UPDATE forms SET version = 'x'", "DELETE FROM forms", "INSERT INTO erasing VALUES(1); UPDATE events SET value = 'x' WHERE interview = 1",
        "INSERT INTO erasing VALUES(1); UPDATE events SET value = '', reason = '', erased = 1 WHERE interview = 2" };
    sqlite3 *db;

    svy_error err = SVY_ERROR_INIT;
    with_submissions(2);
    svy_study *s;
    OK(svy_study_open(NULL, path, SVY_STUDY_WRITE, &s, &err));
    OK(svy_study_set_parameter(s, NULL, "minwage", "1", "x", fixture_now(), &err));
    svy_study_close(s);
    for (size_t i = 0; i < sizeof TRIES / sizeof TRIES[0]; i++) {
        cr_assert_eq(sqlite3_open(path, &db), SQLITE_OK);
        cr_expect_eq(sqlite3_exec(db, "BEGIN", NULL, NULL, NULL), SQLITE_OK);
        cr_expect_eq(sqlite3_exec(db, TRIES[i], NULL, NULL, NULL), SQLITE_CONSTRAINT, "%s", TRIES[i]);
        sqlite3_close(db);
    }
    cr_expect_eq(verify().n, 0);
}

static void keep_copy(void)
{
    char command[300];

    snprintf(command, sizeof command, "cp %s %s.copy", path, path);
    cr_assert_eq(system(command), 0);
}

static void restore_copy(void)
{
    char command[400];

    snprintf(command, sizeof command, "cp %s.copy %s && rm -f %s-wal %s-shm", path, path, path, path);
    cr_assert_eq(system(command), 0);
}

static const struct { const char *sql, *says; } TAMPERINGS[] = {
    { "UPDATE submissions SET uuid = 'x' || substr(uuid, 2) WHERE sequence = 2", "hash" },
    { "UPDATE submissions SET interview = (SELECT interview FROM submissions WHERE sequence = 1), revision = 9 WHERE sequence = 2", "hash" },
    { "UPDATE submissions SET actor = 'eve' WHERE sequence = 2", "hash" },
    { "UPDATE submissions SET reason = 'x' WHERE sequence = 2", "hash" },
    { "UPDATE submissions SET utc_ms = utc_ms + 1 WHERE sequence = 2", "hash" },
    { "UPDATE submissions SET zone = zone + 1 WHERE sequence = 2", "hash" },
    { "UPDATE submissions SET previous = zeroblob(32) WHERE sequence = 2", "hash" },
    { "UPDATE submissions SET hash = zeroblob(32) WHERE sequence = 3", "hash" },
    { "DELETE FROM payload_keys WHERE submission = 3; DELETE FROM submissions WHERE sequence = 3", "ends with submission 3" },
    { "DELETE FROM payload_keys WHERE submission = 1; DELETE FROM submissions WHERE sequence = 1", "follows submission 0" },
    { "DELETE FROM payload_keys WHERE submission = 2; DELETE FROM submissions WHERE sequence = 2", "follows submission 1" },
    { "PRAGMA foreign_keys=OFF; UPDATE submissions SET sequence = 99 WHERE sequence = 1; UPDATE submissions SET sequence = 1 WHERE sequence = 2;"
      " UPDATE submissions SET sequence = 2 WHERE sequence = 99", "chained" },
    { "INSERT INTO submissions SELECT 4, 'new', 'new', 'new', 1, form, actor, reason, utc_ms, zone, rows_digest, journal_digest, nonce, payload, hash, hash"
      " FROM submissions WHERE sequence = 3", "hash" },
    { "DELETE FROM payload_keys WHERE submission = 2", "its key is missing" },
    { "UPDATE payload_keys SET key = randomblob(32) WHERE submission = 2", "does not open" },
    { "UPDATE data_tcn_study SET age = 35 WHERE number = 2", "typed rows" },
    { "UPDATE data_tcn_study_sensitive SET status = '2' WHERE number = 2", "typed rows" },
    { "DELETE FROM data_tcn_study_job", "typed rows" },
    { "UPDATE data_tcn_study SET why_missing = 'dont-know' WHERE number = 2", "typed rows" },
    { "INSERT INTO data_tcn_study(number, interview, version, interviewer, language, started, completed, outcome) VALUES(77, 'made-up', '1', '', 'en', '', '', '')",
      "no submission made" },
    { "UPDATE events SET value = '99' WHERE interview = 2 AND item = 'age'", "journal" },
    { "DELETE FROM events WHERE interview = 2 AND sequence = 5", "journal" },
    { "UPDATE events SET reason = 'other' WHERE interview = 2 AND sequence = 5", "journal" },
    { "UPDATE chain SET length = 2", "hash chain ends with submission 2" },
    { "UPDATE chain SET head = zeroblob(32)", "does not end" },
};

Test(submission, every_tampering_shows)
{
    with_submissions(3);
    cr_assert_eq(verify().n, 0);
    keep_copy();
    for (size_t i = 0; i < sizeof TAMPERINGS / sizeof TAMPERINGS[0]; i++) {
        restore_copy();
        tamper(TAMPERINGS[i].sql);
        found f = verify();
        cr_expect(f.n > 0, "%s: nobody noticed", TAMPERINGS[i].sql);
        cr_expect(strstr(f.first, TAMPERINGS[i].says) != NULL, "%s: %s", TAMPERINGS[i].sql, f.first);
    }
}

/* Every byte of a row's payload, in turn. */
Test(submission, any_byte_of_a_payload_counts)
{
    with_submissions(1);
    int bytes = atoi(value("SELECT length(payload) FROM submissions"));
    cr_assert_gt(bytes, 500);
    keep_copy();
    for (int at = 1; at <= bytes; at += 61) {
        char sql[512];
        snprintf(sql, sizeof sql, "UPDATE submissions SET payload = CAST(substr(payload, 1, %d) || CASE substr(payload, %d, 1) WHEN x'00' THEN x'01' ELSE x'00' END"
                 " || substr(payload, %d) AS BLOB)", at - 1, at, at + 1);
        restore_copy();
        tamper(sql);
        cr_expect(verify().n > 0, "byte %d", at);
    }
}

static int holds(const char *file, const char *canary)
{
    static char bytes[8 << 20];
    FILE *f = fopen(file, "rb");
    size_t len = f != NULL ? fread(bytes, 1, sizeof bytes, f) : 0, n = strlen(canary);

    if (f != NULL)
        fclose(f);
    for (size_t i = 0; i + n <= len; i++)
        if (memcmp(bytes + i, canary, n) == 0)
            return 1;
    return 0;
}

Test(submission, an_erasure_leaves_nothing_but_the_chain)
{
    svy_error err = SVY_ERROR_INIT;
    svy_study *s = make();
    static const char CANARY[] = "CANARYcanary";
    char log[128], uuid[SVYI_UUID];

    snprintf(log, sizeof log, "%s-wal", path);
    complete((say_all(session(s, "c0", NULL)), s->sessions));
    svy_session *n = session(s, CANARY, NULL);
    strcpy(uuid, svy_session_uuid(n));
    say_all(n);
    say(n, "words", "", CANARY);
    say(n, "m_name", "member:1", CANARY);
    complete(n);
    cr_assert(holds(log, CANARY) || holds(path, CANARY));
    OK(svy_session_correct(s, uuid, "supervisor", "he asked for it", fixture_now(), &n, &err));
    say(n, "words", "", "CANARYcanary again");
    complete(n);
    OK(svy_study_erase(s, uuid, "officer", "request 12", fixture_now(), &err));
    cr_expect(!holds(path, CANARY));
    cr_expect(!holds(log, CANARY));
    OK(svy_study_erase(s, uuid, "officer", "request 12", fixture_now(), &err));
    FAILS(svy_study_erase(s, "nobody", "officer", "x", fixture_now(), &err), SVY_E_NAME, "nobody");
    FAILS(svy_session_correct(s, uuid, "x", "y", fixture_now(), &n, &err), SVY_E_STATE, "erased");
    svy_study_close(s);
    cr_expect(!holds(path, CANARY));
    cr_expect_eq(verify().n, 0);
    SAYS("SELECT count(*) FROM submissions", "3");
    SAYS("SELECT count(*) FROM data_tcn_study", "1");
    SAYS("SELECT count(*) FROM data_tcn_study_member_sensitive", "2");
    SAYS("SELECT actor || reason FROM erasures", "officerrequest 12");
    SAYS("SELECT count(*) FROM events WHERE erased = 0 AND interview > 1", "0");
    SAYS("SELECT group_concat(id) FROM cases", "c0");
}

Test(submission, an_unfinished_interview_can_be_erased)
{
    svy_error err = SVY_ERROR_INIT;
    svy_study *s = make();
    svy_session *n = session(s, "c1", NULL);
    char uuid[SVYI_UUID];

    say(n, "centre", "", "Sofia");
    strcpy(uuid, svy_session_uuid(n));
    FAILS(svy_study_erase(s, uuid, "x", "y", fixture_now(), &err), SVY_E_BUSY, "being carried out");
    svy_session_close(n);
    OK(svy_study_erase(s, uuid, "x", "y", fixture_now(), &err));
    svy_study_close(s);
    SAYS("SELECT count(*) FROM events WHERE value <> ''", "0");
    int resumed;
    OK(svy_study_open(NULL, path, SVY_STUDY_WRITE, &s, &err));
    n = session(s, "c1", &resumed);
    cr_expect_eq(resumed, 0);
    svy_session_close(n);
    svy_study_close(s);
}

static void count(void *user, const svy_study_count *c)
{
    snprintf(user, 256, "%s %s %d %d %d %d %d", c->form, c->version, (int)c->open, (int)c->suspended, (int)c->complete, (int)c->ended_early, (int)c->submissions);
    cr_expect_gt(c->last_utc_ms, 0);
}

static void outcome(void *user, const char *form, const char *code, uint64_t n)
{
    snprintf((char *)user + 256, 256, "%s %s %d", form, code, (int)n);
}

Test(submission, status_counts_by_state)
{
    svy_error err = SVY_ERROR_INIT;
    svy_study *s = make();
    char text[512] = "";

    complete((say_all(session(s, "c1", NULL)), s->sessions));
    svy_session *n = session(s, "c2", NULL);
    say(n, "centre", "", "Sofia");
    say(n, "consent", "", "2");
    complete(n);
    n = session(s, "c3", NULL);
    OK(svy_interview_suspend(svy_session_interview(n), fixture_now(), &err));
    svy_session_close(n);
    svy_session_close(session(s, "c4", NULL));
    OK(svy_study_status(s, count, outcome, text, &err));
    cr_expect_str_eq(text, "tcn-study 1 1 1 1 1 2");
    cr_expect_str_eq(text + 256, "tcn-study 21 1");
    svy_study_close(s);
}
