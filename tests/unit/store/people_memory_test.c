/* Memory that runs out at any moment while people are let in: an error and nothing changed, never somebody with rights of another. */
#define _POSIX_C_SOURCE 200809L
#include <criterion/criterion.h>
#include <limits.h>
#include <unistd.h>
#include <survey/account.h>

#include "failing_memory.h"
#include "study_scratch.h"

TestSuite(people_memory, .init = enter, .fini = leave, .timeout = 240);

static const char HASH[] = "$argon2id$v=19$m=65536,t=3,p=1$c2FsdHNhbHRzYWx0c2FsdA$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g";
static char token[SVY_TOKEN], code[SVY_CODE], respondent[SVY_TOKEN];

static failing memory = { -1, 0 };

static int row_next(void *user, int *line, svy_error *err)
{
    (void)err;
    *line = ++*(int *)user;
    return *line <= 3;
}

static int row_get(void *user, const char *name, const char **text, size_t *len)
{
    static const char *const IDS[] = { "c1", "c2", "c3" };
    if (strcmp(name, "organisation") == 0)
        return 0;
    *text = strcmp(name, "case") == 0 ? IDS[*(int *)user - 1] : strcmp(name, "assigned") == 0 ? "maria" : "0888 123 456";
    *len = strlen(*text);
    return 1;
}

static const char *row_name(void *user, size_t i)
{
    static const char *const NAMES[] = { "case", "assigned", "telephone", NULL };
    (void)user;
    return NAMES[i];
}

static svy_status count_case(void *user, const svy_case_line *line)
{
    (void)line;
    ++*(int *)user;
    return SVY_OK;
}

static void prepare(void)
{
    svy_error err = SVY_ERROR_INIT;
    svy_access link = { .kind = SVY_ACCESS_PERSONAL, .form = "tcn-study", .case_id = "c9", .organisation = "NSI" };
    char id[SVY_ACCOUNT_ID];
    svy_study *s = make();
    svy_principal p;
    int found;

    OK(svy_study_account_add(s, "maria", SVY_ROLE_SUPERVISOR, "NSI", HASH, "x", fixture_now(), id, &err));
    OK(svy_study_token_make(s, id, SVY_TOKEN_DEVICE, "tablet", 0, "x", fixture_now(), token, &err));
    OK(svy_study_link_make(s, &link, "x", fixture_now(), code, &err));
    OK(svy_study_link_use(s, code, strlen(code), 0, fixture_now(), &p, respondent, &found, &err));
    svy_study_close(s);
}

/* Looks people up in every way. Whoever is found must be who it is. */
static svy_status let_in(svy_study *s, svy_error *err)
{
    svy_principal p;
    svy_account a;
    svy_access link;
    int found;
    svy_status st = svy_study_account_find(s, "maria", &a, &found, err);

    if (st == SVY_OK)
        cr_assert(found && strcmp(a.organisation, "NSI") == 0 && strcmp(a.password, HASH) == 0);
    if (st == SVY_OK && (st = svy_study_token_find(s, token, 43, fixture_now(), &p, NULL, NULL, &found, err)) == SVY_OK)
        cr_assert(found && p.role == SVY_ROLE_SUPERVISOR && strcmp(p.organisation, "NSI") == 0 && strcmp(p.name, "maria") == 0);
    if (st == SVY_OK && (st = svy_study_token_find(s, respondent, 43, fixture_now(), &p, NULL, NULL, &found, err)) == SVY_OK)
        cr_assert(found && p.role == SVY_ROLE_RESPONDENT && strcmp(p.case_id, "c9") == 0 && strcmp(p.form, "tcn-study") == 0);
    if (st == SVY_OK && (st = svy_study_link_find(s, code, strlen(code), fixture_now(), &link, &found, err)) == SVY_OK)
        cr_assert(found && strcmp(link.case_id, "c9") == 0 && strcmp(link.organisation, "NSI") == 0);
    return st;
}

static svy_status everything(const svy_alloc *alloc, svy_error *err)
{
    svy_study *s = NULL;
    int at = 0, n = 0;
    uint64_t taken;
    const svy_rows rows = { row_next, { row_get, row_name, &at }, &at, "cases.csv" };
    svy_principal chief = { .role = SVY_ROLE_SUPERVISOR, .organisation = "NSI" };
    svy_status st = svy_study_open(alloc, path, SVY_STUDY_WRITE, &s, err);

    if (st == SVY_OK && (st = let_in(s, err)) == SVY_OK && (st = svy_study_cases_import(s, NULL, &rows, "x", fixture_now(), NULL, &taken, err)) == SVY_OK &&
        (st = svy_study_cases(s, &chief, NULL, count_case, &n, err)) == SVY_OK)
        cr_assert_eq(n, 3);
    if (st == SVY_OK && (st = svy_study_case_assign(s, &chief, "tcn-study", "c1", "", NULL, "x", fixture_now(), err)) == SVY_OK)
        st = svy_study_audit_verify(s, 0, NULL, NULL, err);
    svy_study_close(s);
    return st;
}

Test(people_memory, every_allocation_may_fail)
{
    const svy_alloc alloc = { failing_alloc, &memory };
    svy_error err = SVY_ERROR_INIT;
    int failures = 0;

    prepare();
    for (long at = 0;; at++) {
        memory.left = at;
        err = (svy_error)SVY_ERROR_INIT;
        svy_status st = everything(&alloc, &err);
        cr_assert_eq(memory.live, 0, "%zu bytes are left after failure %ld", memory.live, at);
        if (st == SVY_OK)
            break;
        cr_assert_eq(st, SVY_E_NOMEM, "failure %ld: %d %s", at, (int)st, err.message);
        failures++;
    }
    cr_expect_gt(failures, 10);
}

static long sqlite_left = LONG_MAX;
static sqlite3_mem_methods sqlite_memory;

static int may_have(void)
{
    if (sqlite_left == 0)
        return 0;
    sqlite_left--;
    return 1;
}

static void *sqlite_get(int size) { return may_have() ? sqlite_memory.xMalloc(size) : NULL; }
static void *sqlite_resize(void *ptr, int size) { return may_have() ? sqlite_memory.xRealloc(ptr, size) : NULL; }

Test(people_memory, every_allocation_of_sqlite_may_fail)
{
    svy_error err = SVY_ERROR_INIT;
    sqlite3_mem_methods methods;
    int failed = 0;

    prepare();
    sqlite3_shutdown();
    cr_assert_eq(sqlite3_config(SQLITE_CONFIG_GETMALLOC, &sqlite_memory), SQLITE_OK);
    methods = sqlite_memory;
    methods.xMalloc = sqlite_get;
    methods.xRealloc = sqlite_resize;
    cr_assert_eq(sqlite3_config(SQLITE_CONFIG_MALLOC, &methods), SQLITE_OK);
    OK(everything(NULL, &err));
    const long used = LONG_MAX - sqlite_left;
    for (long at = 0; at < used; at += 1 + used / 400) {
        sqlite_left = at;
        err = (svy_error)SVY_ERROR_INIT;
        svy_status st = everything(NULL, &err);
        cr_assert(st == SVY_E_NOMEM || st == SVY_OK, "failure %ld: %d %s", at, (int)st, err.message);
        failed += st != SVY_OK;
    }
    sqlite_left = LONG_MAX;
    cr_expect_gt(failed, 100);
}
