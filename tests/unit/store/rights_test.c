/* Rights: what each role may do, in each organisation, to whose rows. The tables here are written by hand, not taken from the library's. */
#define _POSIX_C_SOURCE 200809L
#include <criterion/criterion.h>
#include <unistd.h>
#include <survey/account.h>

#include "study_scratch.h"

TestSuite(rights, .init = enter, .fini = leave);

static svy_error err = SVY_ERROR_INIT;
static const char HASH[] = "$argon2id$v=19$m=65536,t=3,p=1$c2FsdHNhbHRzYWx0c2FsdA$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g";

/* One row a right: administrator, researcher, supervisor, interviewer, analyst, respondent; first without an organisation, then with one. */
static const struct { svy_right right; const char *name, *coordinator, *partner; } MATRIX[] = {
    { SVY_RIGHT_FORMS_READ,         "forms-read",         "111111", "111111" },
    { SVY_RIGHT_SUBMIT,             "submit",             "111101", "111101" },
    { SVY_RIGHT_CASES_OWN,          "cases-own",          "111101", "111101" },
    { SVY_RIGHT_CASES_ORGANISATION, "cases-organisation", "111000", "111000" },
    { SVY_RIGHT_INTERVIEWS,         "interviews",         "111100", "111100" },
    { SVY_RIGHT_STATUS,             "status",             "111010", "111010" },
    { SVY_RIGHT_CONTACTS,           "contacts",           "111100", "111100" },
    { SVY_RIGHT_EXPORT,             "export",             "110010", "110010" },
    { SVY_RIGHT_EXPORT_SENSITIVE,   "export-sensitive",   "110000", "110000" },
    { SVY_RIGHT_DEPLOY,             "deploy",             "110000", "000000" },
    { SVY_RIGHT_LINKS,              "links",              "111000", "111000" },
    { SVY_RIGHT_ERASE,              "erase",              "110000", "110000" },
    { SVY_RIGHT_ACCOUNTS,           "accounts",           "100000", "000000" },
    { SVY_RIGHT_AUDIT,              "audit",              "100000", "000000" },
    { SVY_RIGHT_SYNC,               "sync",               "110000", "000000" },
    { SVY_RIGHT_KEYS,               "keys",               "100000", "000000" },
    { SVY_RIGHT_DEVICES,            "devices",            "111100", "111100" },
    { SVY_RIGHT_SYNC_ORGANISATION,  "sync-organisation",  "111000", "111000" },
};

static svy_principal who(int role, const char *name, const char *organisation)
{
    svy_principal p = { .role = (svy_account_role)role };
    snprintf(p.name, sizeof p.name, "%s", name);
    snprintf(p.organisation, sizeof p.organisation, "%s", organisation);
    return p;
}

Test(rights, every_role_has_the_rights_of_the_table_and_no_other)
{
    cr_assert_eq(sizeof MATRIX / sizeof MATRIX[0], SVY_RIGHTS);
    for (size_t i = 0; i < sizeof MATRIX / sizeof MATRIX[0]; i++) {
        cr_expect_str_eq(svy_right_name(MATRIX[i].right), MATRIX[i].name);
        for (int role = 1; role <= SVY_ROLES; role++) {
            svy_principal coordinator = who(role, "x", ""), partner = who(role, "x", "NSI");
            cr_expect_eq(svy_may((svy_account_role)role, MATRIX[i].right), MATRIX[i].coordinator[role - 1] == '1', "%s %d", MATRIX[i].name, role);
            cr_expect_eq(svy_allowed(&coordinator, MATRIX[i].right), MATRIX[i].coordinator[role - 1] == '1', "%s %d", MATRIX[i].name, role);
            cr_expect_eq(svy_allowed(&partner, MATRIX[i].right), MATRIX[i].partner[role - 1] == '1', "%s %d of an organisation", MATRIX[i].name, role);
        }
    }
    for (int role = -3; role < 300; role++)
        for (int right = -3; right < 300; right++)
            if (role < 1 || role > SVY_ROLES || right < 1 || right > SVY_RIGHTS)
                cr_assert_eq(svy_may((svy_account_role)role, (svy_right)right), 0, "%d %d", role, right);
    cr_expect_eq(svy_allowed(NULL, SVY_RIGHT_FORMS_READ), 0);
    cr_expect_str_eq(svy_right_name((svy_right)19), "");
}

Test(rights, roles_have_names)
{
    static const char *const NAMES[] = { "administrator", "researcher", "supervisor", "interviewer", "analyst", "respondent" };
    svy_account_role role;

    for (int i = 0; i < 6; i++) {
        cr_assert(svy_role_find(NAMES[i], &role) == 1 && (int)role == i + 1);
        cr_expect_str_eq(svy_role_name(role), NAMES[i]);
    }
    cr_expect_eq(svy_role_find("", &role), 0);
    cr_expect_eq(svy_role_find("root", &role), 0);
    cr_expect_str_eq(svy_role_name((svy_account_role)0), "");
    cr_expect_str_eq(svy_role_name((svy_account_role)7), "");
}

/* Columns: rows of NSI owned by x, of NSI owned by y, of BG owned by x, of BG owned by y, without organisation owned by x, by y, by nobody. */
static const struct { int role; const char *organisation, *sees; } SEES[] = {
    { 1, "", "1111111" }, { 2, "", "1111111" }, { 3, "", "1111111" }, { 4, "", "1010100" }, { 5, "", "1111111" }, { 6, "", "0000000" },
    { 1, "NSI", "1100000" }, { 2, "NSI", "1100000" }, { 3, "NSI", "1100000" }, { 4, "NSI", "1010100" }, { 5, "NSI", "1100000" }, { 6, "NSI", "0000000" },
    { 0, "", "0000000" }, { 7, "", "0000000" }, { -1, "", "0000000" },
};

Test(rights, rows_are_seen_by_organisation_and_owner)
{
    static const char *const ROWS[7][2] = { { "NSI", "x" }, { "NSI", "y" }, { "BG", "x" }, { "BG", "y" }, { "", "x" }, { "", "y" }, { "", "" } };

    for (size_t i = 0; i < sizeof SEES / sizeof SEES[0]; i++)
        for (int r = 0; r < 7; r++) {
            svy_principal p = who(SEES[i].role, "x", SEES[i].organisation);
            cr_expect_eq(svy_sees(&p, ROWS[r][0], ROWS[r][1]), SEES[i].sees[r] == '1', "role %d of '%s', row %d", SEES[i].role, SEES[i].organisation, r);
        }
    svy_principal nameless = who(4, "", "");
    cr_expect_eq(svy_sees(&nameless, "", ""), 0);
    cr_expect_eq(svy_sees(NULL, "", ""), 0);
}

Test(rights, a_respondent_sees_the_form_of_the_link)
{
    svy_principal p = who(6, "respondent", "");

    strcpy(p.form, "tcn-study");
    cr_expect_eq(svy_sees_form(&p, "tcn-study"), 1);
    cr_expect_eq(svy_sees_form(&p, "other"), 0);
    p = who(4, "x", "NSI");
    cr_expect_eq(svy_sees_form(&p, "other"), 1);
    p.role = (svy_account_role)0;
    cr_expect_eq(svy_sees_form(&p, "other"), 0);
}

/* ---- the same with a study: two interviewers of two organisations, an interview and cases of each ---- */

static void interview_of(svy_study *s, const char *case_id, const char *interviewer, const char *organisation)
{
    svy_session *n;
    char sql[200];

    OK(svy_session_open(s, NULL, case_id, interviewer, NULL, 7, fixture_now(), &n, NULL, &err));
    say_all(n);
    snprintf(sql, sizeof sql, "UPDATE interviews SET organisation = '%s' WHERE uuid = '%s'", organisation, svy_session_uuid(n));
    complete(n);
    OK(svyi_db_exec(s, sql, &err));
}

static svy_study *with_two_organisations(void)
{
    svy_study *s = make();

    OK(svy_study_account_add(s, "ann", SVY_ROLE_INTERVIEWER, "NSI", HASH, "x", fixture_now(), NULL, &err));
    OK(svy_study_account_add(s, "bob", SVY_ROLE_INTERVIEWER, "BG", HASH, "x", fixture_now(), NULL, &err));
    interview_of(s, "c1", "ann", "NSI");
    interview_of(s, "c2", "bob", "BG");
    interview_of(s, "c3", "bob", "BG");
    return s;
}

static svy_status count_interview(void *user, const svy_interview_line *line)
{
    (void)line;
    ++*(int *)user;
    return SVY_OK;
}

static int interviews_seen(svy_study *s, const svy_principal *p)
{
    int n = 0;
    OK(svy_study_interviews(s, p, NULL, count_interview, &n, &err));
    return n;
}

Test(rights, interviews_are_listed_for_who_may_see_them)
{
    static const struct { int role; const char *name, *organisation; int n; } LISTED[] = {
        { 1, "x", "", 3 }, { 2, "x", "", 3 }, { 3, "x", "", 3 }, { 4, "x", "", 0 }, { 5, "x", "", 0 }, { 6, "respondent", "", 0 },
        { 1, "x", "NSI", 1 }, { 2, "x", "BG", 2 }, { 3, "x", "NSI", 1 }, { 3, "x", "' OR 1=1 --", 0 }, { 4, "ann", "NSI", 1 }, { 4, "bob", "BG", 2 }, { 4, "bob", "", 2 },
        { 4, "' OR '1'='1", "", 0 }, { 4, "%", "", 0 }, { 5, "x", "BG", 0 }, { 0, "ann", "", 0 } };
    svy_study *s = with_two_organisations();
    char uuid[40];
    int seen;

    for (size_t i = 0; i < sizeof LISTED / sizeof LISTED[0]; i++) {
        svy_principal p = who(LISTED[i].role, LISTED[i].name, LISTED[i].organisation);
        cr_expect_eq(interviews_seen(s, &p), LISTED[i].n, "%zu: %d", i, interviews_seen(s, &p));
    }
    cr_expect_eq(interviews_seen(s, NULL), 3);
    snprintf(uuid, sizeof uuid, "%s", value("SELECT uuid FROM interviews WHERE case_id = 'c1'"));
    svy_principal ann = who(4, "ann", "NSI"), bob = who(4, "bob", "BG"), chief = who(3, "x", "BG"), all = who(3, "x", "");
    OK(svy_study_interview_seen(s, &ann, uuid, &seen, &err));
    cr_expect_eq(seen, 1);
    OK(svy_study_interview_seen(s, &bob, uuid, &seen, &err));
    cr_expect_eq(seen, 0);
    OK(svy_study_interview_seen(s, &chief, uuid, &seen, &err));
    cr_expect_eq(seen, 0);
    OK(svy_study_interview_seen(s, &all, uuid, &seen, &err));
    cr_expect_eq(seen, 1);
    OK(svy_study_interview_seen(s, &all, "' OR 1=1 --", &seen, &err));
    cr_expect_eq(seen, 0);
    svy_study_close(s);
}

Test(rights, a_frame_has_the_rows_and_columns_somebody_may_have)
{
    static const struct { int role; const char *organisation; size_t rows; int sensitive, key; } FRAMES[] = {
        { 1, "", 3, 1, 1 }, { 2, "", 3, 1, 1 }, { 5, "", 3, 0, 0 }, { 2, "NSI", 1, 1, 1 }, { 5, "BG", 2, 0, 0 }, { 5, "none", 0, 0, 0 } };
    svy_study *s = with_two_organisations();
    svy_frame *f;

    for (size_t i = 0; i < sizeof FRAMES / sizeof FRAMES[0]; i++) {
        svy_principal p = who(FRAMES[i].role, "x", FRAMES[i].organisation);
        OK(svy_study_frame_for(s, &p, NULL, "", 1, &f, &err));
        cr_expect_eq(svy_frame_rows(f), FRAMES[i].rows, "%zu", i);
        cr_expect_eq(svy_frame_find(f, "status") != NULL, FRAMES[i].sensitive, "%zu", i);
        cr_expect_eq(svy_frame_find(f, "pkey") != NULL, FRAMES[i].key, "%zu", i);
        cr_expect_not_null(svy_frame_find(f, "age"));
        svy_frame_free(f);
        OK(svy_study_frame_for(s, &p, NULL, "member", 1, &f, &err));
        cr_expect_eq(svy_frame_rows(f), 2 * FRAMES[i].rows, "%zu", i);
        cr_expect_eq(svy_frame_find(f, "m_name") != NULL, FRAMES[i].sensitive, "%zu", i);
        svy_frame_free(f);
        OK(svy_study_frame_for(s, &p, NULL, "", 0, &f, &err));
        cr_expect_null(svy_frame_find(f, "status"));
        svy_frame_free(f);
    }
    for (int role = 3; role <= 6; role++) {
        svy_principal p = who(role, "ann", "");
        if (role != 5)
            FAILS(svy_study_frame_for(s, &p, NULL, "", 0, &f, &err), SVY_E_STATE, "may not");
    }
    svy_study_close(s);
}
