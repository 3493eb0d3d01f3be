/* Files of one study that are brought together: making further ones, interviews in them, and what they say. Include after study_scratch.h. */
#ifndef SVY_TEST_STUDY_SYNC_H
#define SVY_TEST_STUDY_SYNC_H
#include <survey/sync.h>

#include "base/buffer.h"

static svy_error err = SVY_ERROR_INIT;
static char refusal[512];

static inline void hear(void *user, const char *sentence)
{
    (void)user;
    snprintf(refusal, sizeof refusal, "%s", sentence);
}
static const svy_sync_report REPORT = { hear, NULL };

/* Every call is a second later than the one before, on all machines. */
static inline svy_moment tick(void)
{
    static int64_t now = INT64_C(1790000000000);

    now += 1000;
    return (svy_moment){ now, 60, now - INT64_C(1790000000000) };
}

static inline const char *file(const char *name)
{
    static char out[8][64];
    static int next;

    next = (next + 1) % 8;
    snprintf(out[next], sizeof out[0], "%s/%s.study", folder, name);
    return out[next];
}

static inline svy_study *open_file(const char *name)
{
    svy_study *s;

    OK(svy_study_open(NULL, file(name), SVY_STUDY_WRITE, &s, &err));
    return s;
}

static inline svy_status make_copy(void *user, const void *bytes, size_t n)
{
    return svy_sync_create(NULL, user, bytes, n, tick(), &err);
}

/* A further file of the study of `from`. */
static inline svy_study *copy(svy_study *from, const char *name)
{
    char target[64];

    snprintf(target, sizeof target, "%s", file(name));
    OK(svy_sync_hello(from, NULL, 1, make_copy, target, &err));
    return open_file(name);
}

typedef struct both { svy_merged a, b; } both;

static inline both together(svy_study *a, svy_study *b)
{
    both m = { { 0 }, { 0 } };

    OK(svy_sync_studies(a, b, "ann", tick(), &m.a, &m.b, &REPORT, NULL, &err));

    return m;
}

static inline int is_nothing(const svy_merged *m)
{
    static const svy_merged NOTHING;
    return memcmp(m, &NOTHING, sizeof *m) == 0;
}

#define UNCHANGED(one, other) do { both m_ = together(one, other); cr_expect(is_nothing(&m_.a) && is_nothing(&m_.b), "the second time %llu and %llu interviews came, %llu and %llu went on", \
        (unsigned long long)m_.a.interviews, (unsigned long long)m_.b.interviews, (unsigned long long)m_.a.continued, (unsigned long long)m_.b.continued); } while (0)

/* ---- interviews ---- */

static inline void answer_all(svy_session *n, const char *words)
{
    static const char *const SAID[][3] = { { "centre", "", "Sofia" }, { "pkey", "", "AN05771" }, { "consent", "", "1" }, { "age", "", "34" }, { "status", "", "1" }, { "household", "", "1" },
                                           { "m_age", "member:1", "8" }, { "m_name", "member:1", "Ada" } };

    for (size_t i = 0; i < sizeof SAID / sizeof SAID[0]; i++)
        say(n, SAID[i][0], SAID[i][1], SAID[i][2]);
    OK(svy_interview_close_roster(svy_session_interview(n), fixture_place(svy_session_interview(n), "job", "member:1"), tick(), &err));
    say(n, "words", "", words);
}

static inline svy_session *begin(svy_study *s, const char *case_id, char uuid[37])
{
    svy_session *n;
    int resumed;

    OK(svy_session_open(s, "tcn-study", case_id, "maria", NULL, 7, tick(), &n, &resumed, &err));
    if (uuid != NULL)
        snprintf(uuid, 37, "%s", svy_session_uuid(n));
    return n;
}

static inline void leave_it(svy_session *n)
{
    OK(svy_interview_suspend(svy_session_interview(n), tick(), &err));
    svy_session_close(n);
}

static inline void go_back(svy_session *n)
{
    if (svy_interview_phase(svy_session_interview(n)) == SVY_SUSPENDED)
        OK(svy_interview_resume(svy_session_interview(n), tick(), &err));
}

static inline void finish(svy_session *n)
{
    OK(svy_session_complete(n, tick(), &err));
    svy_session_close(n);
}

static inline void whole_one(svy_study *s, const char *case_id, const char *words, char uuid[37])
{
    svy_session *n = begin(s, case_id, uuid);
    answer_all(n, words);
    finish(n);
}

static inline void half_one(svy_study *s, const char *case_id, const char *words, char uuid[37])
{
    svy_session *n = begin(s, case_id, uuid);
    say(n, "centre", "", "Sofia");
    say(n, "words", "", words);
    leave_it(n);
}

static inline void complete_it(svy_study *s, const char *case_id, const char *words)
{
    svy_session *n = begin(s, case_id, NULL);
    go_back(n);
    answer_all(n, words);
    finish(n);
}

static inline void correct(svy_study *s, const char *uuid, const char *words)
{
    svy_session *n;

    OK(svy_session_correct(s, uuid, "eva", "checked again", tick(), &n, &err));
    say(n, "words", "", words);
    finish(n);
}

static inline void verified(svy_study *s)
{
    svy_diags diags = { fixture_report, NULL, 0, 0 };
    OK(svy_study_verify(s, &diags, &err));
}

/* ---- what a file says ---- */

static inline char *dump(const char *name)
{
    static const char *const SQL[] = {
        "SELECT d.interview || ' ' || coalesce(d.words, '') || ' ' || coalesce(d.age, '') || ' ' || coalesce(d.twice, '') || ' ' || d.version || ' ' || d.completed FROM data_tcn_study d ORDER BY 1",
        "SELECT i.uuid || ' ' || coalesce(i.conflicts, '') || ' ' || coalesce(p.uuid, '') || ' ' || i.phase || ' ' || coalesce(i.case_id, '') || ' ' || i.outcome || ' ' || i.blanked || ' ' || i.interviewer"
        " || ' ' || i.reason || ' ' || ((SELECT coalesce(max(events), 0) FROM journals j WHERE j.interview = i.number) + (SELECT count(*) FROM events e WHERE e.interview = i.number))"
        " FROM interviews i LEFT JOIN interviews p ON p.number = i.corrects WHERE i.erased_utc_ms IS NULL ORDER BY 1",
        /* Which versions were told apart before they were erased depends on who met whom; what was erased does not. */
        "SELECT interview || ' ' || actor || ' ' || reason || ' ' || utc_ms || ' ' || zone || ' ' || organisation FROM erasures WHERE substr(interview, 15, 1) <> '8' ORDER BY 1",
        "SELECT id || ' ' || assigned || ' ' || disposition || ' ' || comment FROM cases ORDER BY 1",
        "SELECT form || ' ' || id || ' ' || coalesce(value, '') || ' ' || utc_ms FROM parameters ORDER BY 1",
        "SELECT id || ' ' || version FROM forms ORDER BY 1" };
    svyi_buffer b;
    sqlite3 *db;

    svyi_buffer_init(&b, NULL);
    cr_assert_eq(sqlite3_open_v2(file(name), &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    for (size_t i = 0; i < sizeof SQL / sizeof SQL[0]; i++) {
        sqlite3_stmt *stmt;
        cr_assert_eq(sqlite3_prepare_v2(db, SQL[i], -1, &stmt, NULL), SQLITE_OK, "%s", sqlite3_errmsg(db));
        while (sqlite3_step(stmt) == SQLITE_ROW)
            svyi_buffer_format(&b, "%s\n", (const char *)sqlite3_column_text(stmt, 0));
        svyi_buffer_text(&b, "--\n");
        sqlite3_finalize(stmt);
    }
    sqlite3_close(db);
    return b.data;
}

#define ALIKE(a, b) do { char *a_ = dump(a), *b_ = dump(b); cr_expect_str_eq(a_, b_, "%s:\n%s\n%s:\n%s", a, a_, b, b_); free(a_); free(b_); } while (0)

#endif
