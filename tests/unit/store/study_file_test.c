/* The study file: making, opening, the one writer, deploying, parameters, sessions that are resumed, submissions. */
#define _POSIX_C_SOURCE 200809L
#include <criterion/criterion.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "study_scratch.h"

TestSuite(study, .init = enter, .fini = leave);

/* ---- making and opening ---- */

Test(study, is_made_once)
{
    svy_error err = SVY_ERROR_INIT;

    OK(svy_study_create(NULL, path, fixture_now(), &err));
    FAILS(svy_study_create(NULL, path, fixture_now(), &err), SVY_E_IO, "is there already");
    FAILS(svy_study_create(NULL, "no/such/folder/x.study", fixture_now(), &err), SVY_E_IO, "no/such/folder");
    SAYS("PRAGMA journal_mode", "wal");
    SAYS("SELECT count(*) FROM pragma_table_list WHERE name NOT LIKE 'sqlite%' AND strict = 0", "0");
    SAYS("PRAGMA application_id", "1398167891");
}

Test(study, opens_only_what_it_is)
{
    svy_error err = SVY_ERROR_INIT;
    svy_study *s;
    char other[64];
    sqlite3 *db;

    FAILS(svy_study_open(NULL, path, SVY_STUDY_READ, &s, &err), SVY_E_IO, "no file");
    snprintf(other, sizeof other, "%s/text", folder);
    FILE *f = fopen(other, "w");
    for (int i = 0; i < 1000; i++)
        fputs("this is no database\n", f);
    fclose(f);
    FAILS(svy_study_open(NULL, other, SVY_STUDY_WRITE, &s, &err), SVY_E_FORMAT, "is not a study file");
    cr_expect_null(s);
    snprintf(other, sizeof other, "%s/other.db", folder);
    cr_assert_eq(sqlite3_open(other, &db), SQLITE_OK);
    cr_assert_eq(sqlite3_exec(db, "CREATE TABLE t(x); PRAGMA user_version=7", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    FAILS(svy_study_open(NULL, other, SVY_STUDY_WRITE, &s, &err), SVY_E_FORMAT, "is not a study file");
    OK(svy_study_create(NULL, path, fixture_now(), &err));
    cr_assert_eq(sqlite3_open(path, &db), SQLITE_OK);
    cr_assert_eq(sqlite3_exec(db, "PRAGMA user_version=99", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    FAILS(svy_study_open(NULL, path, SVY_STUDY_WRITE, &s, &err), SVY_E_FORMAT, "of version 99");
}

Test(study, settings_are_those_of_the_house)
{
    static const struct { const char *pragma; int expected; } SETTINGS[] = {
        { "PRAGMA synchronous", 2 }, { "PRAGMA foreign_keys", 1 }, { "PRAGMA trusted_schema", 0 }, { "PRAGMA cell_size_check", 1 }, { "PRAGMA secure_delete", 1 },
        { "PRAGMA mmap_size", 0 }, { "PRAGMA busy_timeout", 5000 }, { "PRAGMA wal_autocheckpoint", 2000 }, { "PRAGMA journal_size_limit", 67108864 },
        { "PRAGMA temp_store", 2 }, { "PRAGMA cache_size", -16384 }, { "PRAGMA page_size", 8192 } };
    svy_study *s = make();

    for (size_t i = 0; i < sizeof SETTINGS / sizeof SETTINGS[0]; i++) {
        sqlite3_stmt *stmt;
        cr_assert_eq(sqlite3_prepare_v2(s->db, SETTINGS[i].pragma, -1, &stmt, NULL), SQLITE_OK);
        cr_expect_eq(sqlite3_step(stmt), SQLITE_ROW, "%s", SETTINGS[i].pragma);
        cr_expect_eq(sqlite3_column_int(stmt, 0), SETTINGS[i].expected, "%s is %d", SETTINGS[i].pragma, sqlite3_column_int(stmt, 0));
        sqlite3_finalize(stmt);
    }
    int defensive = 0;
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, -1, &defensive);
    cr_expect_eq(defensive, 1);
    svy_study_close(s);
}

Test(study, has_one_writer)
{
    svy_error err = SVY_ERROR_INIT;
    svy_study *s = make(), *second, *reader;

    FAILS(svy_study_open(NULL, path, SVY_STUDY_WRITE, &second, &err), SVY_E_BUSY, "process");
    cr_expect_null(second);
    svy_session *n = session(s, NULL, NULL);
    say(n, "centre", "", "Sofia");
    OK(svy_study_open(NULL, path, SVY_STUDY_READ, &reader, &err));
    FAILS(svy_study_set_parameter(reader, NULL, "minwage", "1", "x", fixture_now(), &err), SVY_E_STATE, "reading only");
    say(n, "consent", "", "1");
    svy_study_close(reader);
    svy_session_close(n);
    svy_study_close(s);
    OK(svy_study_open(NULL, path, SVY_STUDY_WRITE, &second, &err));
    svy_study_close(second);
}

Test(study, names_are_texts)
{
    static const struct { const char *name, *words; } BAD[] = { { "\xff\xfe", "UTF-8" }, { "a\nb", "control character" }, { "\x1b[2J", "control character" },
        { "\xC2\x9B", "control character" } };
    svy_error err = SVY_ERROR_INIT;
    svy_study *s = make();
    svy_session *n;
    char name[1002];

    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
        FAILS(svy_session_open(s, NULL, BAD[i].name, "maria", NULL, 1, fixture_now(), &n, NULL, &err), SVY_E_VALUE, BAD[i].words);
        FAILS(svy_session_open(s, NULL, "c", BAD[i].name, NULL, 1, fixture_now(), &n, NULL, &err), SVY_E_VALUE, BAD[i].words);
    }
    memset(name, 'x', sizeof name);
    name[1001] = '\0';
    FAILS(svy_session_open(s, NULL, name, "maria", NULL, 1, fixture_now(), &n, NULL, &err), SVY_E_VALUE, "1001 bytes");
    name[1000] = '\0';
    OK(svy_session_open(s, NULL, name, "Мария Ą", NULL, 1, fixture_now(), &n, NULL, &err));
    svy_session_close(n);
    SAYS("SELECT count(*) FROM interviews", "1");
    svy_study_close(s);
}

/* A program that synchronises folders replaces files under whoever writes them: nothing more may be acknowledged then. */
enum { DELETED, MOVED, REPLACED, CUT, LOG_DELETED, WAYS };

static void take_away(int way)
{
    char other[128];

    snprintf(other, sizeof other, way == LOG_DELETED ? "%s-wal" : "%s.other", path);
    if (way == DELETED || way == LOG_DELETED)
        cr_assert_eq(unlink(way == DELETED ? path : other), 0);
    if (way == MOVED)
        cr_assert_eq(rename(path, other), 0);
    if (way == CUT)
        cr_assert_eq(truncate(path, 0), 0);
    if (way == REPLACED) {
        fclose(fopen(other, "w"));
        cr_assert_eq(rename(other, path), 0);
    }
}

Test(study, taken_away_under_the_writer_acknowledges_nothing)
{
    for (int way = 0; way < WAYS; way++) {
        svy_error err = SVY_ERROR_INIT;
        svy_study *s = make();
        svy_session *n = session(s, NULL, NULL);

        say(n, "centre", "", "Sofia");
        take_away(way);
        cr_expect_eq(fixture_answer(svy_session_interview(n), "consent", "", "1", &err), SVY_E_IO, "way %d: %s", way, err.message);
        cr_expect(strstr(err.message, "deleted, moved or replaced") != NULL, "way %d: %s", way, err.message);
        cr_expect_eq(fixture_answer(svy_session_interview(n), "consent", "", "1", &err), SVY_E_IO, "way %d, again: %s", way, err.message);
        svy_session_close(n);
        svy_study_close(s);
        leave();
        enter();
    }
}

Test(study, lock_of_a_dead_process_does_not_block)
{
    svy_error err = SVY_ERROR_INIT;
    svy_study *s = make();

    svy_study_close(s);
    pid_t child = fork();
    cr_assert_geq(child, 0);
    if (child == 0) {
        if (svy_study_open(NULL, path, SVY_STUDY_WRITE, &s, NULL) != SVY_OK)
            _exit(2);
        raise(9);
    }
    int how;
    cr_assert_eq(waitpid(child, &how, 0), child);
    cr_expect(WIFSIGNALED(how));
    char lock[128];
    snprintf(lock, sizeof lock, "%s.lock", path);
    cr_expect_eq(access(lock, F_OK), 0);
    OK(svy_study_open(NULL, path, SVY_STUDY_WRITE, &s, &err));
    svy_study_close(s);
    cr_expect_neq(access(lock, F_OK), 0);
}

Test(study, damage_is_an_error_and_not_a_crash)
{
    svy_error err = SVY_ERROR_INIT;
    svy_study *s = make();
    struct stat info;

    complete((say_all(session(s, "c1", NULL)), s->sessions));
    svy_study_close(s);
    cr_assert_eq(stat(path, &info), 0);
    cr_assert_eq(truncate(path, info.st_size / 2), 0);
    svy_status st = svy_study_open(NULL, path, SVY_STUDY_WRITE, &s, &err);
    if (st == SVY_OK) {
        svy_diags diags = { NULL, NULL, 0, 0 };
        st = svy_study_verify(s, &diags, &err);
        svy_study_close(s);
    }
    cr_expect(st == SVY_E_FORMAT || st == SVY_E_INVALID, "%d %s", (int)st, err.message);
    cr_expect(strlen(err.message) > 10);
}

Test(study, needs_a_folder_it_can_write)
{
    svy_error err = SVY_ERROR_INIT;
    svy_study *s = make();

    svy_study_close(s);
    if (geteuid() == 0)
        cr_skip_test("root writes everywhere");
    cr_assert_eq(chmod(folder, 0500), 0);
    FAILS(svy_study_open(NULL, path, SVY_STUDY_WRITE, &s, &err), SVY_E_IO, "can be written");
    OK(svy_study_open(NULL, path, SVY_STUDY_READ, &s, &err));
    svy_study_close(s);
}

/* ---- versions and parameters ---- */

Test(study, a_changed_form_needs_a_new_version)
{
    svy_error err = SVY_ERROR_INIT;
    svy_study *s = make();
    fixture_block other = fixture_form("tcn-study", 3), text = fixture_form("tcn-study", 2);
    const svy_form *form;

    deploy(s, "tcn-study", 0);
    SAYS("SELECT count(*) FROM forms", "1");
    SAYS("SELECT name || length(bytes) FROM form_sources", "questionnaire.xml16");
    FAILS(svy_study_deploy(s, other.bytes, other.size, NULL, 0, "x", fixture_now(), &err), SVY_E_VALUE, "needs a new version");
    FAILS(svy_study_deploy(s, text.bytes, text.size, NULL, 0, "x", fixture_now(), &err), SVY_E_VALUE, "'age' were of type integer");
    SAYS("SELECT count(*) FROM forms", "1");
    FAILS(svy_study_deploy(s, "no block", 8, NULL, 0, "x", fixture_now(), &err), SVY_E_FORMAT, "");
    deploy(s, "tcn-study", 1);
    SAYS("SELECT typed_column FROM variables WHERE name = 'added'", "added");
    SAYS("SELECT type FROM pragma_table_info('data_tcn_study') WHERE name = 'added'", "INTEGER");
    OK(svy_study_form(s, NULL, &form, &err));
    cr_expect_str_eq(svy_form_version(form), "2");
    FAILS(svy_study_form(s, "other", &form, &err), SVY_E_NAME, "no questionnaire 'other'");
    deploy(s, "other", 0);
    FAILS(svy_study_form(s, NULL, &form, &err), SVY_E_NAME, "several questionnaires (other, tcn-study)");
    svy_block_free(NULL, other.bytes, other.size);
    svy_block_free(NULL, text.bytes, text.size);
    svy_study_close(s);
}

Test(study, tables_hold_every_level_apart)
{
    svy_study_close(make());
    SAYS("SELECT group_concat(name, ' ') FROM (SELECT name FROM typed_tables ORDER BY name)",
         "data_tcn_study data_tcn_study_job data_tcn_study_member data_tcn_study_member_sensitive data_tcn_study_sensitive");
    SAYS("SELECT group_concat(name, ' ') FROM pragma_table_info('data_tcn_study_job')",
         "id interview member_key job_key j_title j_title_missing j_hours j_hours_missing");
    SAYS("SELECT count(*) FROM pragma_table_info('data_tcn_study') WHERE name LIKE 'status%'", "0");
}

static char listed[1024];
static void list_parameter(void *user, const char *id, const char *type, const char *text, int overridden)
{
    (void)user;
    snprintf(listed + strlen(listed), sizeof listed - strlen(listed), "%s %s %s %d;", id, type, text, overridden);
}

Test(study, parameters_hold_from_now_on)
{
    svy_error err = SVY_ERROR_INIT;
    svy_study *s = make();

    svy_session *old = session(s, "c1", NULL);
    OK(svy_study_set_parameter(s, NULL, "minwage", "700", "boss", fixture_now(), &err));
    OK(svy_study_parameters(s, NULL, list_parameter, NULL, &err));
    cr_expect_str_eq(listed, "minwage decimal 700 1;");
    FAILS(svy_study_set_parameter(s, NULL, "minwage", "much", "boss", fixture_now(), &err), SVY_E_VALUE, "minwage");
    FAILS(svy_study_set_parameter(s, NULL, "maxwage", "1", "boss", fixture_now(), &err), SVY_E_NAME, "maxwage");
    svy_session *new = session(s, "c2", NULL);
    svy_value was = svy_interview_get(svy_session_interview(old), fixture_place(svy_session_interview(old), "minwage", ""));
    svy_value is = svy_interview_get(svy_session_interview(new), fixture_place(svy_session_interview(new), "minwage", ""));
    cr_expect_eq(was.number, 620.5);
    cr_expect_eq(is.number, 700);
    OK(svy_study_set_parameter(s, NULL, "minwage", NULL, "boss", fixture_now(), &err));
    listed[0] = '\0';
    OK(svy_study_parameters(s, NULL, list_parameter, NULL, &err));
    cr_expect_str_eq(listed, "minwage decimal 620.5 0;");
    SAYS("SELECT count(*) FROM parameters", "2");
    svy_session_close(old);
    svy_session_close(new);
    svy_study_close(s);
}

/* ---- sessions ---- */

Test(study, an_interview_is_resumed_where_it_was)
{
    svy_error err = SVY_ERROR_INIT;
    svy_study *s = make();
    int resumed = 1;
    char before[65536], after[65536], uuid[64];

    svy_session *n = session(s, "c1", &resumed);
    cr_expect_eq(resumed, 0);
    say(n, "centre", "", "Sofia");
    say(n, "consent", "", "1");
    OK(svy_interview_go(svy_session_interview(n), fixture_place(svy_session_interview(n), "age", ""), fixture_now(), &err));
    OK(svy_interview_suspend(svy_session_interview(n), fixture_now(), &err));
    strcpy(uuid, svy_session_uuid(n));
    size_t size = svy_interview_json(svy_session_interview(n), 0, before, sizeof before);
    svy_session *twice;
    FAILS(svy_session_open(s, NULL, "c1", "ivan", NULL, 9, fixture_now(), &twice, NULL, &err), SVY_E_BUSY, "being carried out");
    svy_session_close(n);
    svy_study_close(s);
    OK(svy_study_open(NULL, path, SVY_STUDY_WRITE, &s, &err));
    n = session(s, "c1", &resumed);
    cr_expect_eq(resumed, 1);
    cr_expect_str_eq(svy_session_uuid(n), uuid);
    cr_expect_eq(svy_interview_phase(svy_session_interview(n)), SVY_OPEN);
    cr_expect_eq(svy_interview_json(svy_session_interview(n), 0, after, sizeof after), size);
    cr_expect_str_eq(after, before);
    cr_expect_eq(svy_interview_current(svy_session_interview(n)).item, fixture_place(svy_session_interview(n), "age", "").item);
    svy_session_close(n);
    svy_study_close(s);
}

Test(study, without_a_case_the_interviewers_last_is_resumed)
{
    svy_error err = SVY_ERROR_INIT;
    svy_study *s = make();
    svy_session *n;
    int resumed;

    svy_session_close(session(s, NULL, &resumed));
    svy_session_close(session(s, NULL, &resumed));
    cr_expect_eq(resumed, 1);
    OK(svy_session_open(s, NULL, NULL, "ivan", NULL, 1, fixture_now(), &n, &resumed, &err));
    cr_expect_eq(resumed, 0);
    svy_session_close(n);
    FAILS(svy_session_open(s, NULL, NULL, "ivan2", "xx", 1, fixture_now(), &n, &resumed, &err), SVY_E_NAME, "xx");
    SAYS("SELECT count(*) FROM interviews", "2");
    svy_study_close(s);
}

Test(study, cases_of_a_list_are_the_only_ones)
{
    svy_error err = SVY_ERROR_INIT;
    svy_study *s = make();
    svy_session *n;

    svy_session_close(session(s, "free", NULL));
    OK(svyi_db_exec(s, "INSERT INTO cases(form, id, assigned, listed) VALUES('tcn-study', 'A-1', 'maria', 1)", &err));
    svy_session_close(session(s, "A-1", NULL));
    FAILS(svy_session_open(s, NULL, "A-2", "maria", NULL, 1, fixture_now(), &n, NULL, &err), SVY_E_NAME, "no case 'A-2'");
    svy_study_close(s);
}

Test(study, completing_stores_rows_and_submission_together)
{
    svy_error err = SVY_ERROR_INIT;
    svy_study *s = make();
    svy_diags diags = { fixture_report, NULL, 0, 0 };
    svy_session *n = session(s, "c1", NULL);

    FAILS(svy_session_complete(n, fixture_now(), &err), SVY_E_INVALID, "has not been answered");
    SAYS("SELECT count(*) FROM submissions", "0");
    say_all(n);
    complete(n);
    SAYS("SELECT age || ' ' || wage || ' ' || helped || ' ' || born || ' ' || arrived || ' ' || since || ' ' || shift || ' ' || seen || ' ' || member_of || ' ' || twice"
         " FROM data_tcn_study", "34 300.25 1 3 1991-12-24 2019-05 2020 08:30:00 2026-03-30T10:15:00 1 68");
    SAYS("SELECT \"case\" || ' ' || version || ' ' || interviewer || ' ' || language || ' ' || outcome || '.' FROM data_tcn_study", "c1 1 maria en .");
    SAYS("SELECT status || ' ' || coalesce(status_missing, '-') FROM data_tcn_study_sensitive", "1 -");
    SAYS("SELECT coalesce(why, '-') || ' ' || why_missing FROM data_tcn_study", "- refused");
    SAYS("SELECT helped_other_missing FROM data_tcn_study", "not-asked");
    SAYS("SELECT group_concat(member_key || ':' || coalesce(m_age, m_age_missing), ' ') FROM data_tcn_study_member", "1:8 2:dont-know");
    SAYS("SELECT m_name FROM data_tcn_study_member_sensitive WHERE member_key = '1'", "Ada");
    SAYS("SELECT member_key || job_key || j_title || j_hours FROM data_tcn_study_job", "21cook37.5");
    SAYS("SELECT disposition FROM cases", "complete");
    SAYS("SELECT phase FROM interviews", "2");
    OK(svy_study_verify(s, &diags, &err));
    FAILS(svy_session_open(s, NULL, "c1", "maria", NULL, 1, fixture_now(), &n, NULL, &err), SVY_E_STATE, "is complete");
    svy_study_close(s);
}

Test(study, a_key_is_never_stored)
{
    svy_study *s = make();

    complete((say_all(session(s, "c1", NULL)), s->sessions));
    SAYS("SELECT length(value) FROM events WHERE item = 'pkey'", "32");
    SAYS("SELECT pkey = (SELECT value FROM events WHERE item = 'pkey') FROM data_tcn_study", "1");
    complete((say_all(session(s, "c2", NULL)), s->sessions));
    SAYS("SELECT count(DISTINCT pkey) FROM data_tcn_study", "1");
    svy_study_close(s);
    FILE *f = fopen(path, "rb");
    static char bytes[4 << 20];
    size_t len = fread(bytes, 1, sizeof bytes, f);
    fclose(f);
    for (size_t i = 0; i + 7 <= len; i++)
        cr_assert(memcmp(bytes + i, "AN05771", 7) != 0, "the key stands at byte %zu", i);
}

Test(study, a_session_with_a_key_is_resumed)
{
    svy_study *s = make();
    int resumed;

    svy_session *n = session(s, "c1", NULL);
    say(n, "centre", "", "Sofia");
    say(n, "pkey", "", "AN05771");
    svy_session_close(n);
    n = session(s, "c1", &resumed);
    cr_expect_eq(resumed, 1);
    svy_value v = svy_interview_get(svy_session_interview(n), fixture_place(svy_session_interview(n), "pkey", ""));
    cr_expect_eq(v.len, 32);
    svy_session_close(n);
    svy_study_close(s);
}

Test(study, an_early_end_keeps_only_what_it_may)
{
    svy_error err = SVY_ERROR_INIT;
    svy_diags diags = { fixture_report, NULL, 0, 0 };
    svy_study *s = make();
    svy_session *n = session(s, "c1", NULL);

    say(n, "centre", "", "Sofia");
    say(n, "consent", "", "1");
    say(n, "age", "", "34");
    say(n, "words", "", "regretted words");
    say(n, "consent", "", "2");
    complete(n);
    SAYS("SELECT outcome || ' ' || centre FROM data_tcn_study", "21 Sofia");
    SAYS("SELECT count(*) FROM events WHERE value LIKE '%regretted%' OR item IN ('age', 'words', 'consent')", "0");
    SAYS("SELECT value FROM events WHERE item = 'centre'", "Sofia");
    SAYS("SELECT coalesce(consent, '-') || coalesce(age, '-') FROM data_tcn_study", "--");
    SAYS("SELECT blanked FROM interviews", "1");
    OK(svy_study_verify(s, &diags, &err));
    svy_study_close(s);
}

Test(study, a_correction_is_a_new_revision)
{
    svy_error err = SVY_ERROR_INIT;
    svy_diags diags = { fixture_report, NULL, 0, 0 };
    svy_study *s = make();
    svy_session *n = session(s, "c1", NULL);
    char uuid[64];

    strcpy(uuid, svy_session_uuid(n));
    say_all(n);
    complete(n);
    for (int revision = 2; revision < 4; revision++) {
        OK(svy_session_correct(s, uuid, "supervisor", "typed wrongly", fixture_now(), &n, &err));
        say(n, "age", "", revision == 2 ? "43" : "44");
        if (revision == 2) {                    /* left and taken up again */
            svy_session_close(n);
            OK(svy_session_correct(s, uuid, "supervisor", "typed wrongly", fixture_now(), &n, &err));
        }
        complete(n);
    }
    SAYS("SELECT count(*) || ' ' || max(age) || ' ' || max(interviewer) FROM data_tcn_study", "1 44 maria");
    SAYS("SELECT group_concat(revision || actor || reason, ';') FROM submissions", "1maria;2supervisortyped wrongly;3supervisortyped wrongly");
    SAYS("SELECT count(DISTINCT interview) FROM submissions", "1");
    SAYS("SELECT count(*) FROM data_tcn_study_member", "2");
    OK(svy_study_verify(s, &diags, &err));
    FAILS(svy_session_correct(s, "no such", "x", "y", fixture_now(), &n, &err), SVY_E_NAME, "no such");
    svy_study_close(s);
}
