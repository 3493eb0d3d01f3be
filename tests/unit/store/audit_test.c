/* The audit log: written with the change it tells of, and every change to it is found, at every line. */
#define _POSIX_C_SOURCE 200809L
#include <criterion/criterion.h>
#include <unistd.h>
#include <survey/account.h>

#include "study_scratch.h"

TestSuite(audit, .init = enter, .fini = leave);

enum { LINES = 200 };
static svy_error err = SVY_ERROR_INIT;

static svy_study *with_lines(int n)
{
    svy_study *s = make();
    char object[32];

    OK(svyi_db_begin(s, &err));
    OK(svy_study_audit(s, fixture_now(), "ann", "test.before", "", "", &err));
    for (int i = 0; i < n; i++) {
        snprintf(object, sizeof object, "object-%d", i);
        OK(svy_study_audit(s, fixture_now(), "ann", "test.line", object, "detail", &err));
    }
    OK(svyi_db_end(s, SVY_OK, &err));
    return s;
}

static int64_t first_line(svy_study *s)
{
    int64_t n = -1;
    sqlite3_stmt *stmt;

    cr_assert_eq(sqlite3_prepare_v2(s->db, "SELECT min(sequence) FROM audit WHERE action = 'test.line'", -1, &stmt, NULL), SQLITE_OK);
    if (sqlite3_step(stmt) == SQLITE_ROW)
        n = sqlite3_column_int64(stmt, 0);
    sqlite3_finalize(stmt);
    return n;
}

typedef struct told { int n; long long line; } told;
static void tell(void *user, const svy_diag *d)
{
    told *t = user;
    if (t->n++ == 0)
        cr_assert_eq(sscanf(d->element, "audit %lld", &t->line), 1, "%s", d->element);
}

static told verify(svy_study *s, int64_t length, const char *mac)
{
    told t = { 0, 0 };
    svy_diags diags = { tell, &t, 0, 0 };
    svy_status st = svy_study_audit_verify(s, length, mac, &diags, &err);

    cr_assert_eq(st, t.n > 0 ? SVY_E_INVALID : SVY_OK, "%d %s", (int)st, err.message);
    return t;
}

static void unlock(svy_study *s)
{
    OK(svyi_db_exec(s, "DROP TRIGGER audit_is_kept; DROP TRIGGER audit_stays; DROP TRIGGER audit_end_is_kept; DROP TRIGGER audit_end_moves_on", &err));
}

/* Does one thing to every line in turn, takes it back, and looks that it was found there. `$` in `sql` stands for the line. */
static void at_every_line(const char *sql, int offset, int last_differs)
{
    svy_study *s = with_lines(LINES);
    const int64_t first = first_line(s);

    unlock(s);
    cr_assert_eq(verify(s, 0, NULL).n, 0);
    for (int64_t line = first; line < first + LINES; line++) {
        char text[800];
        size_t at = 0;
        for (const char *c = sql; *c != '\0'; c++)
            at += (size_t)(*c == '$' ? snprintf(text + at, sizeof text - at, "%lld", (long long)line) : snprintf(text + at, sizeof text - at, "%c", *c));
        OK(svyi_db_exec(s, "SAVEPOINT test", &err));
        OK(svyi_db_exec(s, text, &err));
        told t = verify(s, 0, NULL);
        cr_expect(t.n > 0, "%s was not found", text);
        if (!(last_differs && line == first + LINES - 1))
            cr_expect_eq(t.line, line + offset, "%s: found at %lld", text, t.line);
        OK(svyi_db_exec(s, "ROLLBACK TO test; RELEASE test", &err));
    }
    cr_expect_eq(verify(s, 0, NULL).n, 0);
    svy_study_close(s);
}

Test(audit, a_changed_actor_is_found_at_every_line) { at_every_line("UPDATE audit SET actor = 'eve' WHERE sequence = $", 0, 0); }
Test(audit, a_changed_time_is_found_at_every_line) { at_every_line("UPDATE audit SET utc_ms = utc_ms + 1 WHERE sequence = $", 0, 0); }
Test(audit, a_changed_action_is_found_at_every_line) { at_every_line("UPDATE audit SET action = 'test.other' WHERE sequence = $", 0, 0); }
Test(audit, a_changed_object_is_found_at_every_line) { at_every_line("UPDATE audit SET object = object || 'x' WHERE sequence = $", 0, 0); }
Test(audit, text_moved_from_one_field_to_the_next_is_found) { at_every_line("UPDATE audit SET actor = 'an', action = 'n' || action WHERE sequence = $", 0, 0); }
Test(audit, a_changed_detail_is_found_at_every_line) { at_every_line("UPDATE audit SET detail = '' WHERE sequence = $", 0, 0); }
Test(audit, a_flipped_bit_of_the_seal_is_found_at_every_line)
{
    at_every_line("UPDATE audit SET mac = CAST(substr(mac, 1, 31) || char(($ * 7) % 128) AS BLOB) WHERE sequence = $ AND substr(mac, 32) <> CAST(char(($ * 7) % 128) AS BLOB);"
                  "UPDATE audit SET mac = zeroblob(32) WHERE sequence = $", 0, 0);
}
Test(audit, a_line_taken_away_is_found_at_every_line) { at_every_line("DELETE FROM audit WHERE sequence = $", 1, 1); }
Test(audit, a_line_taken_away_and_the_others_renumbered_is_found)
{
    at_every_line("DELETE FROM audit WHERE sequence = $; UPDATE audit SET sequence = -sequence WHERE sequence > $; UPDATE audit SET sequence = -sequence - 1 WHERE sequence < 0;"
                  "UPDATE audit_end SET length = length - 1", 0, 1);
}
Test(audit, a_line_put_in_is_found_at_every_line)
{
    at_every_line("UPDATE audit SET sequence = -sequence WHERE sequence >= $; UPDATE audit SET sequence = 1 - sequence WHERE sequence < 0;"
                  "INSERT INTO audit SELECT $, utc_ms, actor, action, object, detail, mac FROM audit WHERE sequence = $ - 1; UPDATE audit_end SET length = length + 1", 0, 0);
}
Test(audit, two_lines_that_changed_places_are_found)
{
    at_every_line("UPDATE audit SET sequence = -1 WHERE sequence = $; UPDATE audit SET sequence = $ WHERE sequence = $ - 1; UPDATE audit SET sequence = $ - 1 WHERE sequence = -1", -1, 0);
}
Test(audit, an_end_cut_off_is_found_at_every_line) { at_every_line("DELETE FROM audit WHERE sequence >= $", -1, 0); }

/* Who has the file has the key in it, and can make the log anew up to a line; a head kept elsewhere shows it. */
Test(audit, a_log_that_was_cut_whole_shows_by_a_head_kept_elsewhere)
{
    svy_study *s = with_lines(LINES);
    int64_t length, middle;
    char mac[65], middle_mac[65], sql[300];

    OK(svy_study_audit_head(s, &length, mac, &err));
    middle = first_line(s) + LINES / 2;
    snprintf(sql, sizeof sql, "SELECT lower(hex(mac)) FROM audit WHERE sequence = %lld", (long long)middle);
    snprintf(middle_mac, sizeof middle_mac, "%s", value(sql));
    cr_expect_eq(verify(s, length, mac).n, 0);
    cr_expect_eq(verify(s, middle, middle_mac).n, 0);
    unlock(s);
    snprintf(sql, sizeof sql, "DELETE FROM audit WHERE sequence > %lld; UPDATE audit_end SET length = %lld, mac = (SELECT mac FROM audit WHERE sequence = %lld)", (long long)middle,
             (long long)middle, (long long)middle);
    OK(svyi_db_exec(s, sql, &err));
    cr_expect_eq(verify(s, 0, NULL).n, 0);
    cr_expect_eq(verify(s, middle, middle_mac).n, 0);
    cr_expect_eq(verify(s, length, mac).n, 1);
    mac[0] = mac[0] == 'a' ? 'b' : 'a';
    cr_expect_eq(verify(s, middle, mac).n, 1);
    svy_study_close(s);
}

Test(audit, the_tables_refuse_changes)
{
    static const char *const TRIES[] = { "UPDATE audit SET actor = 'x' WHERE sequence = 1", "DELETE FROM audit WHERE sequence = 1", "DELETE FROM audit", "DELETE FROM audit_end",
                                         "UPDATE audit_end SET length = 1", "UPDATE audit_end SET mac = x''", "INSERT OR REPLACE INTO audit SELECT * FROM audit WHERE sequence = 1",
                                         "DELETE FROM accounts", "UPDATE accounts SET name = 'x'" };
    svy_study *s = with_lines(5);

    OK(svy_study_account_add(s, "maria", SVY_ROLE_ANALYST, "", NULL, "x", fixture_now(), NULL, &err));
    for (size_t i = 0; i < sizeof TRIES / sizeof TRIES[0]; i++)
        cr_expect_eq(sqlite3_exec(s->db, TRIES[i], NULL, NULL, NULL) & 0xFF, SQLITE_CONSTRAINT, "%s", TRIES[i]);
    cr_expect_eq(verify(s, 0, NULL).n, 0);
    svy_study_close(s);
}

/* A change that does not come about leaves no line, and a line that cannot be written takes the change back. */
Test(audit, a_line_goes_with_its_change)
{
    svy_study *s = make();
    int64_t before, after;
    char mac[65];
    svy_account a;
    int found;

    OK(svy_study_audit_head(s, &before, mac, &err));
    OK(svyi_db_begin(s, &err));
    OK(svy_study_account_add(s, "maria", SVY_ROLE_ANALYST, "", NULL, "x", fixture_now(), NULL, &err));
    cr_expect_eq(svyi_db_end(s, SVY_E_STATE, &err), SVY_E_STATE);
    OK(svy_study_audit_head(s, &after, mac, &err));
    cr_expect_eq(before, after);
    OK(svyi_db_exec(s, "CREATE TRIGGER no_more BEFORE INSERT ON audit BEGIN SELECT raise(ABORT, 'no'); END", &err));
    cr_expect_eq(svy_study_account_add(s, "maria", SVY_ROLE_ANALYST, "", NULL, "x", fixture_now(), NULL, &err), SVY_E_STATE);
    OK(svy_study_account_find(s, "maria", &a, &found, &err));
    cr_expect_eq(found, 0);
    OK(svyi_db_exec(s, "DROP TRIGGER no_more", &err));
    OK(svy_study_set_parameter(s, NULL, "minwage", "700", "ann", fixture_now(), &err));
    SAYS("SELECT actor || ' ' || action || ' ' || object || ' ' || detail FROM audit ORDER BY sequence DESC LIMIT 1", "ann parameter.set tcn-study/minwage ");
    cr_expect_eq(verify(s, 0, NULL).n, 0);
    svy_study_close(s);
}

Test(audit, what_is_written_has_limits)
{
    svy_study *s = make();
    char *big = malloc((10 << 20) + 1);

    memset(big, 'x', 10 << 20);
    big[10 << 20] = '\0';
    FAILS(svy_study_audit(s, fixture_now(), big, "test.line", "", "", &err), SVY_E_LIMIT, "1000");
    FAILS(svy_study_audit(s, fixture_now(), "", "test.line", big, "", &err), SVY_E_LIMIT, "1000");
    FAILS(svy_study_audit(s, fixture_now(), "", "test.line", "", big, &err), SVY_E_LIMIT, "1000");
    cr_expect_eq(svy_study_audit(s, fixture_now(), "", "Test; DROP TABLE audit", "", "", &err), SVY_E_ARG);
    cr_expect_eq(svy_study_audit(s, fixture_now(), "", "", "", "", &err), SVY_E_ARG);
    OK(svy_study_audit(s, fixture_now(), "'); DROP TABLE audit; --", "test.line", "\"", "\xFF\x01\n", &err));
    cr_expect_eq(verify(s, 0, NULL).n, 0);
    free(big);
    svy_study_close(s);
    OK(svy_study_open(NULL, path, SVY_STUDY_READ, &s, &err));
    FAILS(svy_study_audit(s, fixture_now(), "", "test.line", "", "", &err), SVY_E_STATE, "reading");
    cr_expect_eq(verify(s, 0, NULL).n, 0);
    svy_study_close(s);
}

/* `survey study verify` looks at the log too. */
Test(audit, a_study_with_a_changed_log_is_not_as_it_was_made)
{
    svy_study *s = with_lines(3);
    told t = { 0, 0 };
    svy_diags diags = { tell, &t, 0, 0 };

    OK(svy_study_verify(s, &diags, &err));
    unlock(s);
    OK(svyi_db_exec(s, "UPDATE audit SET actor = 'eve' WHERE sequence = 3", &err));
    FAILS(svy_study_verify(s, &diags, &err), SVY_E_INVALID, "problems");
    cr_expect(t.n == 1 && t.line == 3);
    svy_study_close(s);
}

/* What was deployed and erased is in the log; no answer, no name of a case and nothing of its contact data is. */
Test(audit, an_erasure_takes_contact_data_and_links_along)
{
    svy_study *s = make();
    svy_access link = { .kind = SVY_ACCESS_PERSONAL, .form = "tcn-study", .case_id = "Ivan Petrov" };
    char uuid[40], code[SVY_CODE];
    int found;

    SAYS("SELECT action || ' ' || object FROM audit ORDER BY sequence DESC LIMIT 1", "form.deploy tcn-study/1");
    svy_session *n = session(s, "Ivan Petrov", NULL);
    strcpy(uuid, svy_session_uuid(n));
    say_all(n);
    complete(n);
    OK(svyi_db_exec(s, "INSERT INTO case_contacts VALUES('tcn-study', 'Ivan Petrov', 'telephone', '0888 123 456')", &err));
    OK(svy_study_link_make(s, &link, "ann", fixture_now(), code, &err));
    OK(svy_study_case_return(s, NULL, "tcn-study", "Ivan Petrov", "ask again at 0888 123 456", "ann", fixture_now(), &err));
    OK(svy_study_erase(s, uuid, "ann", "request 12", fixture_now(), &err));
    OK(svy_study_link_find(s, code, strlen(code), fixture_now(), &link, &found, &err));
    cr_expect_eq(found, 0);
    cr_expect_eq(verify(s, 0, NULL).n, 0);
    SAYS("SELECT count(*) FROM audit WHERE action = 'interview.erase'", "1");
    svy_study_close(s);
    static const char *const GONE[] = { "0888 123 456", "Ivan Petrov" };
    for (size_t i = 0; i < sizeof GONE / sizeof GONE[0]; i++) {
        char command[200];
        snprintf(command, sizeof command, "cat %s* | grep -aqF -e '%s'", path, GONE[i]);
        cr_expect_neq(system(command), 0, "%s is still in the file", GONE[i]);
    }
}
