/* A study file of version 1: read as it is, and one of the present version after it was opened for writing, with everything that was in it. */
#define _POSIX_C_SOURCE 200809L
#include "study_scratch.h"
#include "version_1.h"
#include <survey/reception.h>

static void enter_1(void)
{
    enter();
    version_1_make(SVY_TEST_DATA "/unit/store/version_1.sql", path);
}

TestSuite(upgrade, .init = enter_1, .fini = leave);

typedef struct seen { unsigned events, terminal, imported, erased; } seen;

static svy_status see(void *user, const svy_paradata *p)
{
    seen *n = user;

    n->events++;
    n->terminal += p->sitting->mode == SVY_MODE_TERMINAL;
    n->imported += p->sitting->mode == SVY_MODE_IMPORT;
    n->erased += (unsigned)p->erased;
    return SVY_OK;
}

static void count(void *user, const svy_study_count *c)
{
    *(uint64_t *)user += c->complete + c->ended_early + c->suspended;
}

/* What must be the same before and after. */
static void look(svy_study *s)
{
    svy_error err = SVY_ERROR_INIT;
    svy_diags diags = { fixture_report, NULL, 0, 0 };
    svy_attention attention;
    svy_frame *frame;
    seen n = { 0, 0, 0, 0 };
    uint64_t interviews = 0;

    OK(svy_study_verify(s, &diags, &err));
    OK(svy_study_events(s, NULL, NULL, see, &n, &err));
    cr_expect_eq(n.events, 29);
    cr_expect(n.terminal > 0 && n.imported > 0 && n.terminal + n.imported == 29 && n.erased > 0);
    OK(svy_study_status(s, count, NULL, &interviews, &err));
    cr_expect_eq(interviews, 4);
    OK(svy_study_attention(s, &attention, &err));
    cr_expect_eq(attention.cases + attention.conflicts + attention.kept_aside, 0);
    OK(svy_study_frame(s, NULL, "", 1, &frame, &err));
    cr_expect_eq(svy_frame_rows(frame), 3);
    svy_frame_free(frame);
    OK(svy_study_paradata(s, NULL, 1, &frame, &err));
    cr_expect_eq(svy_frame_rows(frame), 29);
    svy_frame_free(frame);
}

Test(upgrade, reading_changes_nothing)
{
    svy_error err = SVY_ERROR_INIT;
    svy_study *s;
    svy_reception *r;

    OK(svy_study_open(NULL, path, SVY_STUDY_READ, &s, &err));
    look(s);
    FAILS(svy_reception_new(s, &r, &err), SVY_E_STATE, "open it once for writing");
    svy_study_close(s);
    SAYS("PRAGMA user_version", "1");
    SAYS("SELECT count(*) FROM sqlite_schema WHERE name = 'journals'", "0");
}

Test(upgrade, writing_upgrades)
{
    svy_error err = SVY_ERROR_INIT;
    svy_study *s;
    svy_reception *r;
    svy_session *n;
    int resumed;

    OK(svy_study_open(NULL, path, SVY_STUDY_WRITE, &s, &err));
    SAYS("PRAGMA user_version", "4");
    look(s);
    OK(svy_reception_new(s, &r, &err));
    cr_expect_eq(svy_reception_can_open(r), 1);
    svy_reception_free(r);
    OK(svy_session_open(s, NULL, "c9", "boris", NULL, 1, fixture_now(), &n, &resumed, &err));
    cr_expect_eq(resumed, 1);
    say(n, "agrees", "", "2");
    complete(n);
    svy_study_close(s);
    OK(svy_study_open(NULL, path, SVY_STUDY_READ, &s, &err));
    svy_diags diags = { fixture_report, NULL, 0, 0 };
    OK(svy_study_verify(s, &diags, &err));
    svy_study_close(s);
    SAYS("SELECT s.actor || ' ' || (s.first > 1) FROM sittings s JOIN interviews i ON i.number = s.interview WHERE i.case_id = 'c9'", "boris 1");
}

/* The tables are the same whether a file was made new or upgraded. */
Test(upgrade, an_upgraded_file_is_like_a_new_one)
{
    static const char SHAPE[] = "SELECT group_concat(t.name || '.' || c.name || ' ' || c.type || c.\"notnull\" || c.pk, ';') FROM (SELECT name FROM sqlite_schema WHERE type = 'table'"
                                " AND name NOT LIKE 'data_%' ORDER BY name) t, pragma_table_info(t.name) c";
    static char first[32768];
    svy_error err = SVY_ERROR_INIT;
    svy_study *s;

    OK(svy_study_open(NULL, path, SVY_STUDY_WRITE, &s, &err));
    svy_study_close(s);
    snprintf(first, sizeof first, "%s", value(SHAPE));
    snprintf(path, sizeof path, "%s/new.study", folder);
    OK(svy_study_create(NULL, path, fixture_now(), &err));
    SAYS(SHAPE, first);
}
