/* Cases: who sees and changes which, what an import takes and refuses, and how one goes from new to complete and back. */
#define _POSIX_C_SOURCE 200809L
#include <criterion/criterion.h>
#include <unistd.h>
#include <survey/account.h>

#include "study_scratch.h"

TestSuite(cases, .init = enter, .fini = leave);

static svy_error err = SVY_ERROR_INIT;
static const char HASH[] = "$argon2id$v=19$m=65536,t=3,p=1$c2FsdHNhbHRzYWx0c2FsdA$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g";

/* A table in memory: cells by row and column; row 0 has the names. */
typedef struct grid { const char *const (*cells)[4]; int rows, at; } grid;

static int grid_next(void *user, int *line, svy_error *e)
{
    grid *g = user;
    (void)e;
    *line = g->at + 1;
    return ++g->at < g->rows;
}

static int grid_get(void *user, const char *name, const char **text, size_t *len)
{
    const grid *g = user;
    for (int c = 0; c < 4; c++)
        if (g->cells[0][c] != NULL && strcmp(g->cells[0][c], name) == 0) {
            *text = g->cells[g->at][c] != NULL ? g->cells[g->at][c] : "";
            *len = strlen(*text);
            return 1;
        }
    return 0;
}

static const char *grid_name(void *user, size_t i)
{
    const grid *g = user;
    return i < 4 ? g->cells[0][i] : NULL;
}

static void count_problem(void *user, const svy_diag *d)
{
    (void)d;
    ++*(int *)user;
}

static svy_status import(svy_study *s, const char *const (*cells)[4], int rows, int *problems, uint64_t *n)
{
    grid g = { cells, rows, 0 };
    const svy_rows table = { grid_next, { grid_get, grid_name, &g }, &g, "cases.csv" };
    svy_diags diags = { count_problem, problems, 0, 0 };

    *problems = 0;
    return svy_study_cases_import(s, NULL, &table, "x", fixture_now(), &diags, n, &err);
}

static const char *const CASES[][4] = { { "case", "assigned", "organisation", "telephone" }, { "n1", "ANN", "", "0888-1" }, { "n2", "", "NSI", "0888-2" }, { "b1", "bob", "BG", "0888-3" },
                                        { "f1", "", "", "" } };

static svy_study *with_cases(void)
{
    svy_study *s = make();
    uint64_t n;
    int problems;

    OK(svy_study_account_add(s, "ann", SVY_ROLE_INTERVIEWER, "NSI", HASH, "x", fixture_now(), NULL, &err));
    OK(svy_study_account_add(s, "bob", SVY_ROLE_INTERVIEWER, "BG", HASH, "x", fixture_now(), NULL, &err));
    OK(import(s, CASES, 5, &problems, &n));
    cr_assert(n == 4 && problems == 0);
    return s;
}

static svy_principal who(int role, const char *name, const char *organisation)
{
    svy_principal p = { .role = (svy_account_role)role };
    snprintf(p.name, sizeof p.name, "%s", name);
    snprintf(p.organisation, sizeof p.organisation, "%s", organisation);
    return p;
}

/* The cases somebody sees, with a + behind those whose contact data came along. */
static svy_status list_case(void *user, const svy_case_line *line)
{
    char *out = user;
    snprintf(out + strlen(out), 200 - strlen(out), "%s%s%s", out[0] != '\0' ? " " : "", line->id, line->n_contacts > 0 ? "+" : "");
    return SVY_OK;
}

Test(cases, are_listed_for_who_may_see_them)
{
    static const struct { int role; const char *name, *organisation, *seen; } SEEN[] = {
        { 1, "x", "", "b1+ f1 n1+ n2+" }, { 2, "x", "", "b1+ f1 n1+ n2+" }, { 3, "x", "", "b1+ f1 n1+ n2+" }, { 4, "x", "", "" }, { 5, "x", "", "" },
        { 1, "x", "NSI", "n1+ n2+" }, { 3, "x", "BG", "b1+" }, { 4, "ann", "NSI", "n1+" }, { 4, "bob", "", "b1+" }, { 4, "", "", "" }, { 5, "x", "NSI", "" },
        { 3, "x", "' OR 1=1 --", "" }, { 4, "' OR 1=1 --", "", "" }, { 6, "respondent", "", "" }, { 0, "ann", "", "" } };
    svy_study *s = with_cases();
    char seen[200];

    for (size_t i = 0; i < sizeof SEEN / sizeof SEEN[0]; i++) {
        svy_principal p = who(SEEN[i].role, SEEN[i].name, SEEN[i].organisation);
        seen[0] = '\0';
        OK(svy_study_cases(s, &p, NULL, list_case, seen, &err));
        cr_expect_str_eq(seen, SEEN[i].seen, "%zu: %s", i, seen);
        seen[0] = '\0';
        OK(svy_study_case(s, &p, "tcn-study", "n1", list_case, seen, &err));
        cr_expect_eq(seen[0] != '\0', strstr(SEEN[i].seen, "n1") != NULL, "%zu: %s", i, seen);
    }
    svy_principal p = who(6, "respondent", "");
    strcpy(p.form, "tcn-study");
    strcpy(p.case_id, "n2");
    seen[0] = '\0';
    OK(svy_study_cases(s, &p, NULL, list_case, seen, &err));
    cr_expect_str_eq(seen, "n2");
    strcpy(p.form, "other");
    seen[0] = '\0';
    OK(svy_study_cases(s, &p, NULL, list_case, seen, &err));
    cr_expect_str_eq(seen, "");
    svy_study_close(s);
}

Test(cases, are_given_only_within_an_organisation)
{
    /* who (role, organisation), case, to, organisation (NULL: as it is), status */
    static const struct { int role; const char *of, *id, *to, *organisation; svy_status st; } TRIES[] = {
        { 3, "NSI", "n2", "ann", NULL, SVY_OK }, { 3, "NSI", "n2", "", NULL, SVY_OK }, { 3, "NSI", "n2", "bob", NULL, SVY_E_NAME }, { 3, "NSI", "n2", "nobody", NULL, SVY_E_NAME },
        { 3, "NSI", "b1", "ann", NULL, SVY_E_NAME }, { 3, "NSI", "f1", "ann", NULL, SVY_E_NAME }, { 3, "NSI", "none", "ann", NULL, SVY_E_NAME },
        { 3, "NSI", "n2", "ann", "BG", SVY_E_NAME }, { 3, "NSI", "n2", "", "", SVY_E_NAME }, { 4, "NSI", "n1", "ann", NULL, SVY_E_NAME }, { 5, "", "n1", "ann", NULL, SVY_E_NAME },
        { 6, "", "n1", "ann", NULL, SVY_E_NAME }, { 3, "", "b1", "ann", "NSI", SVY_OK }, { 3, "", "f1", "bob", NULL, SVY_OK }, { 3, "", "f1", "x", NULL, SVY_E_NAME } };
    svy_study *s = with_cases();

    for (size_t i = 0; i < sizeof TRIES / sizeof TRIES[0]; i++) {
        svy_principal p = who(TRIES[i].role, TRIES[i].role == 4 ? "ann" : "x", TRIES[i].of);
        svy_status st = svy_study_case_assign(s, &p, "tcn-study", TRIES[i].id, TRIES[i].to, TRIES[i].organisation, "x", fixture_now(), &err);
        cr_expect_eq(st, TRIES[i].st, "%zu: %d %s", i, (int)st, err.message);
    }
    svy_study_close(s);
    SAYS("SELECT group_concat(id || ' ' || assigned || ' ' || organisation, ', ') FROM (SELECT * FROM cases ORDER BY id)", "b1 ann NSI, f1 bob BG, n1 ann NSI, n2  NSI");
}

Test(cases, go_from_new_to_complete_and_back)
{
    svy_study *s = with_cases();
    svy_principal chief = who(3, "x", "NSI"), other = who(3, "x", "BG"), ann = who(4, "ann", "NSI");

    FAILS(svy_study_case_return(s, &chief, "tcn-study", "n1", "again", "x", fixture_now(), &err), SVY_E_STATE, "is assigned");
    svy_session *n = session(s, "n1", NULL);
    say_all(n);
    complete(n);
    FAILS(svy_study_case_return(s, &other, "tcn-study", "n1", "again", "x", fixture_now(), &err), SVY_E_NAME, "no case");
    FAILS(svy_study_case_return(s, &ann, "tcn-study", "n1", "again", "x", fixture_now(), &err), SVY_E_NAME, "no case");
    FAILS(svy_study_case_return(s, &chief, "tcn-study", "n1", "", "x", fixture_now(), &err), SVY_E_VALUE, "empty");
    OK(svy_study_case_return(s, &chief, "tcn-study", "n1", "'); DROP TABLE cases; --", "x", fixture_now(), &err));
    FAILS(svy_study_case_return(s, &chief, "tcn-study", "n1", "again", "x", fixture_now(), &err), SVY_E_STATE, "is returned");
    SAYS("SELECT returned || ' ' || comment FROM cases WHERE id = 'n1'", "1 '); DROP TABLE cases; --");
    char uuid[40];
    snprintf(uuid, sizeof uuid, "%s", value("SELECT uuid FROM interviews"));
    OK(svy_session_correct(s, uuid, "ann", "again", fixture_now(), &n, &err));
    say(n, "age", "", "35");
    complete(n);
    SAYS("SELECT returned || ' ' || disposition FROM cases WHERE id = 'n1'", "0 complete");
    svy_study_close(s);
}

Test(cases, an_import_takes_all_rows_or_none)
{
    static const char *const BAD[][4] = { { "case", "assigned", "organisation", "t" }, { "x1", "", "", "" }, { "x2", "nobody", "", "" }, { "x1", "", "", "" }, { "", "", "", "" },
                                          { "x3", "bob", "NSI", "" }, { "a\nb", "", "", "" }, { "x4", "", "", "a\x01" } };
    static const char *const AGAIN[][4] = { { "case", "assigned", "telephone", "town" }, { "n1", "bob", "", "Ruse" }, { "'; DROP TABLE cases; --", "", "\"", "%s%n" } };
    svy_study *s = with_cases();
    uint64_t n;
    int problems;

    FAILS(import(s, BAD, 8, &problems, &n), SVY_E_INVALID, "no case was taken");
    cr_expect(n == 0 && problems == 6, "%d", problems);
    SAYS("SELECT count(*) FROM cases", "4");
    OK(import(s, AGAIN, 3, &problems, &n));
    cr_expect_eq(n, 2);
    SAYS("SELECT assigned || organisation FROM cases WHERE id = 'n1'", "bobBG");
    SAYS("SELECT group_concat(name || value) FROM case_contacts WHERE id = 'n1'", "townRuse");
    SAYS("SELECT count(*) FROM cases", "5");
    svy_study_close(s);
}

Test(cases, a_cell_may_be_huge_and_is_refused)
{
    char *big = malloc((10 << 20) + 1);
    svy_study *s = with_cases();
    uint64_t n;
    int problems;

    memset(big, 'x', 10 << 20);
    big[10 << 20] = '\0';
    const char *const huge[][4] = { { "case", "assigned", "organisation", "t" }, { big, "", "", "" }, { "x2", big, "", "" }, { "x3", "", big, "" }, { "x4", "", "", big } };
    FAILS(import(s, huge, 5, &problems, &n), SVY_E_INVALID, "4 problems");
    const char *const wide[][4] = { { "case", big, NULL, NULL }, { "x1", "y", NULL, NULL } };
    FAILS(import(s, wide, 2, &problems, &n), SVY_E_INVALID, "1 problems");
    FAILS(svy_study_case_assign(s, NULL, "tcn-study", "n1", big, NULL, "x", fixture_now(), &err), SVY_E_VALUE, "at most 100");
    FAILS(svy_study_case_assign(s, NULL, "tcn-study", big, "ann", NULL, "x", fixture_now(), &err), SVY_E_NAME, "no case");
    free(big);
    svy_study_close(s);
}
