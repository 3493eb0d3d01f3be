/* A disk that is full, and one that does not confirm: clear errors, nothing acknowledged that is not there, and going on where that is safe. */
#define _POSIX_C_SOURCE 200809L
#include "../unit/store/study_form.h"
#include "cut_vfs.h"
#include "store/store_priv.h"

static const char PATH[] = "disk_full.study";

#define MUST(condition, what) do { if (!(condition)) { fprintf(stderr, "disk_full_test: line %d: %s: %s\n", __LINE__, what, err.message); exit(1); } } while (0)

static void remove_study(void)
{
    static const char *const ENDINGS[] = { "", "-wal", "-shm", ".lock" };
    char name[128];

    for (size_t i = 0; i < sizeof ENDINGS / sizeof ENDINGS[0]; i++) {
        snprintf(name, sizeof name, "%s%s", PATH, ENDINGS[i]);
        remove(name);
    }
}

static svy_study *make(void)
{
    svy_error err = SVY_ERROR_INIT;
    fixture_block block = fixture_form("full", 0);
    svy_study *s = NULL;

    remove_study();
    cut_reset();
    MUST(svy_study_create(NULL, PATH, fixture_now(), &err) == SVY_OK, "create");
    MUST(svy_study_open(NULL, PATH, SVY_STUDY_WRITE, &s, &err) == SVY_OK, "open");
    MUST(svy_study_deploy(s, block.bytes, block.size, NULL, 0, "test", fixture_now(), &err) == SVY_OK, "deploy");
    svy_block_free(NULL, block.bytes, block.size);
    return s;
}

static uint64_t events(svy_study *s)
{
    svy_error err = SVY_ERROR_INIT;
    sqlite3_stmt *stmt;

    MUST(svyi_db_prepare(s, "SELECT count(*) FROM events", &stmt, &err) == SVY_OK && sqlite3_step(stmt) == SQLITE_ROW, "count");
    uint64_t n = (uint64_t)sqlite3_column_int64(stmt, 0);
    sqlite3_finalize(stmt);
    return n;
}

static void full_and_free_again(void)
{
    static const char *const SAID[][2] = { { "centre", "Sofia" }, { "consent", "1" }, { "age", "40" }, { "household", "0" }, { "words", "many" } };
    svy_error err = SVY_ERROR_INIT;
    svy_study *s = make();
    svy_session *n = NULL;

    MUST(svy_session_open(s, NULL, "c1", "maria", NULL, 1, fixture_now(), &n, NULL, &err) == SVY_OK, "session");
    for (size_t i = 0; i < sizeof SAID / sizeof SAID[0]; i++) {
        uint64_t before = svy_interview_sequence(svy_session_interview(n)), stored = events(s);
        cut.full = 1;
        MUST(fixture_answer(svy_session_interview(n), SAID[i][0], "", SAID[i][1], &err) == SVY_E_IO, "an answer on a full disk");
        MUST(strstr(err.message, "no space is left") != NULL, "message");
        MUST(svy_interview_sequence(svy_session_interview(n)) == before, "the engine went on");
        cut.full = 0;
        MUST(events(s) == stored, "something was stored");
        MUST(fixture_answer(svy_session_interview(n), SAID[i][0], "", SAID[i][1], &err) == SVY_OK, "the answer again");
        MUST(events(s) == stored + 1, "the answer is stored");
    }
    cut.full = 1;
    MUST(svy_session_complete(n, fixture_now(), &err) == SVY_E_IO, "completing on a full disk");
    MUST(svy_interview_phase(svy_session_interview(n)) == SVY_OPEN, "the interview stays open");
    cut.full = 0;
    MUST(svy_session_complete(n, fixture_now(), &err) == SVY_OK, "completing again");
    svy_session_close(n);
    svy_diags diags = { fixture_report, NULL, 0, 0 };
    MUST(svy_study_verify(s, &diags, &err) == SVY_OK, "verify");
    svy_study_close(s);
}

/* After a failed sync nobody knows what is on the disk: nothing is acknowledged any more, even if the disk pretends to be well again. */
static void not_confirmed(void)
{
    svy_error err = SVY_ERROR_INIT;
    svy_study *s = make();
    svy_session *n = NULL;

    MUST(svy_session_open(s, NULL, "c1", "maria", NULL, 1, fixture_now(), &n, NULL, &err) == SVY_OK, "session");
    MUST(fixture_answer(svy_session_interview(n), "centre", "", "Sofia", &err) == SVY_OK, "an answer");
    cut.no_sync = 1;
    MUST(fixture_answer(svy_session_interview(n), "consent", "", "1", &err) == SVY_E_IO, "an answer that is not confirmed");
    MUST(strstr(err.message, "did not confirm") != NULL, "message");
    cut.no_sync = 0;
    MUST(fixture_answer(svy_session_interview(n), "consent", "", "1", &err) == SVY_E_IO, "the answer again");
    MUST(strstr(err.message, "earlier write") != NULL, "message");
    svy_session_close(n);
    svy_study_close(s);
    MUST(svy_study_open(NULL, PATH, SVY_STUDY_WRITE, &s, &err) == SVY_OK, "open again");
    MUST(svy_session_open(s, NULL, "c1", "maria", NULL, 1, fixture_now(), &n, NULL, &err) == SVY_OK, "resume");
    svy_value centre = svy_interview_get(svy_session_interview(n), fixture_place(svy_session_interview(n), "centre", ""));
    MUST(centre.len == 5, "the acknowledged answer");
    MUST(fixture_answer(svy_session_interview(n), "consent", "", "1", &err) == SVY_OK, "and on");
    svy_session_close(n);
    svy_study_close(s);
}

int main(void)
{
    cut_install(1);
    full_and_free_again();
    not_confirmed();
    remove_study();
    return 0;
}
