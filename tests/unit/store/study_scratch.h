/* A scratch folder with a study in it, and the steps the tests of the study file share. Include after criterion and POSIX headers. */
#ifndef SVY_TEST_STUDY_SCRATCH_H
#define SVY_TEST_STUDY_SCRATCH_H
#include <criterion/criterion.h>
#include <sqlite3.h>

#include "study_form.h"
#include "store/store_priv.h"

static char folder[32], path[64];

static inline void enter(void)
{
    strcpy(folder, "study_test.XXXXXX");
    cr_assert_not_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/tcn.study", folder);
}

static inline void leave(void)
{
    char command[160];

    snprintf(command, sizeof command, "chmod -R u+rwx %s && rm -rf %s", folder, folder);
    cr_expect_eq(system(command), 0);
}

#define OK(call) do { svy_status status_ = (call); cr_assert_eq(status_, SVY_OK, "%s: %d %s", #call, (int)status_, err.message); } while (0)
#define FAILS(call, with, words) do { svy_status status_ = (call); cr_expect_eq(status_, with, "%s: %d %s", #call, (int)status_, err.message); \
        cr_expect(strstr(err.message, words) != NULL, "'%s' is not in: %s", words, err.message); } while (0)

static inline void deploy(svy_study *s, const char *id, int extra)
{
    svy_error err = SVY_ERROR_INIT;
    fixture_block block = fixture_form(id, extra);
    const svy_source source = { "questionnaire.xml", "<questionnaire/>", 16, 0 };

    OK(svy_study_deploy(s, block.bytes, block.size, &source, 1, "tester", fixture_now(), &err));
    svy_block_free(NULL, block.bytes, block.size);
}

static inline svy_study *make(void)
{
    svy_error err = SVY_ERROR_INIT;
    svy_study *s;

    OK(svy_study_create(NULL, path, fixture_now(), &err));
    OK(svy_study_open(NULL, path, SVY_STUDY_WRITE, &s, &err));
    deploy(s, "tcn-study", 0);
    return s;
}

static inline svy_session *session(svy_study *s, const char *case_id, int *resumed)
{
    svy_error err = SVY_ERROR_INIT;
    svy_session *n;

    OK(svy_session_open(s, NULL, case_id, "maria", NULL, 7, fixture_now(), &n, resumed, &err));
    return n;
}

static inline void say(svy_session *n, const char *id, const char *entry, const char *text)
{
    svy_error err = SVY_ERROR_INIT;
    svy_status st = fixture_answer(svy_session_interview(n), id, entry, text, &err);

    cr_assert_eq(st, SVY_OK, "%s = %s: %s", id, text, err.message);
}

static inline void say_all(svy_session *n)
{
    static const char *const SAID[][3] = {
        { "centre", "", "Sofia" }, { "pkey", "", "AN05771" }, { "consent", "", "1" }, { "age", "", "34" }, { "wage", "", "300.25" }, { "status", "", "1" },
        { "helped", "", "1 3" }, { "born", "", "1991-12-24" }, { "arrived", "", "2019-05" }, { "since", "", "2020" }, { "shift", "", "08:30" },
        { "seen", "", "2026-03-30T10:15" }, { "member_of", "", "true" }, { "place", "", "42.7 23.3" }, { "words", "", "=SUM(A1)" }, { "why", "", ":ref" },
        { "household", "", "2" }, { "m_age", "member:1", "8" }, { "m_name", "member:1", "Ada" }, { "m_age", "member:2", ":dk" } };
    svy_error err = SVY_ERROR_INIT;
    uint32_t job;

    for (size_t i = 0; i < sizeof SAID / sizeof SAID[0]; i++)
        say(n, SAID[i][0], SAID[i][1], SAID[i][2]);
    svy_place jobs = fixture_place(svy_session_interview(n), "job", "member:2");
    OK(svy_interview_add_entry(svy_session_interview(n), jobs, fixture_now(), &job, &err));
    say(n, "j_title", "member:2/job:1", "cook");
    say(n, "j_hours", "member:2/job:1", "37.5");
    OK(svy_interview_close_roster(svy_session_interview(n), jobs, fixture_now(), &err));
    OK(svy_interview_close_roster(svy_session_interview(n), fixture_place(svy_session_interview(n), "job", "member:1"), fixture_now(), &err));
}

static inline void complete(svy_session *n)
{
    svy_error err = SVY_ERROR_INIT;

    OK(svy_session_complete(n, fixture_now(), &err));
    svy_session_close(n);
}

/* One value of the file as text, by another connection. */
static inline const char *value(const char *sql)
{
    static char out[4096];
    sqlite3 *db;
    sqlite3_stmt *stmt;

    cr_assert_eq(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    cr_assert_eq(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK, "%s: %s", sql, sqlite3_errmsg(db));
    if (sqlite3_step(stmt) != SQLITE_ROW)
        strcpy(out, "(none)");
    else
        snprintf(out, sizeof out, "%s", sqlite3_column_type(stmt, 0) == SQLITE_NULL ? "(null)" : (const char *)sqlite3_column_text(stmt, 0));
    sqlite3_finalize(stmt);
    sqlite3_close(db);
    return out;
}

#define SAYS(sql, expected) do { const char *value_ = value(sql); cr_expect_str_eq(value_, expected, "%s: %s", sql, value_); } while (0)
#endif
