/* The chain of files: whatever is done to a photo of an interview behind the program's back, verifying tells. */
#define _POSIX_C_SOURCE 200809L
#include "study_scratch.h"
#include "study_sync.h"

TestSuite(file_chain, .init = enter, .fini = leave);

static char one[37], two[37];

static void attach(svy_study *s, const char *interview, const char *name, const char *content)
{
    OK(svy_study_attach_file(s, interview, name, NULL, content, strlen(content), tick(), &err));
}

static svy_study *make_with_photos(void)
{
    svy_study *s = make();

    whole_one(s, "c1", "hello", one);
    whole_one(s, "c2", "hello again", two);
    attach(s, one, "face.jpg", "a face");
    attach(s, one, "house.jpg", "a house");
    attach(s, two, "face.jpg", "another face");
    verified(s);
    return s;
}

/* Runs SQL on a copy of the study, without its triggers. */
static void tamper(const char *name, const char *sql)
{
    static const char *const TRIGGERS[] = { "interview_files_stay", "interview_files_are_kept", "attachments_are_kept", "file_links_stay", "file_links_are_kept" };
    char command[300], drop[80];
    sqlite3 *db;

    snprintf(command, sizeof command, "cp %s %s", path, file(name));
    cr_assert_eq(system(command), 0);
    cr_assert_eq(sqlite3_open(file(name), &db), SQLITE_OK);
    for (size_t i = 0; i < sizeof TRIGGERS / sizeof TRIGGERS[0]; i++) {
        snprintf(drop, sizeof drop, "DROP TRIGGER IF EXISTS %s", TRIGGERS[i]);
        cr_assert_eq(sqlite3_exec(db, drop, NULL, NULL, NULL), SQLITE_OK);
    }
    cr_assert_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK, "%s: %s", sql, sqlite3_errmsg(db));
    sqlite3_close(db);
}

static char told[2000];

static void tell(void *user, const svy_diag *d)
{
    const size_t used = strlen(told);

    (void)user;
    snprintf(told + used, sizeof told - used, "%s: %s\n", d->element, d->found);
}

static svy_status verify(const char *name)
{
    svy_diags diags = { tell, NULL, 0, 0 };
    svy_study *s;

    told[0] = '\0';
    OK(svy_study_open(NULL, file(name), SVY_STUDY_READ, &s, &err));
    const svy_status st = svy_study_verify(s, &diags, &err);
    svy_study_close(s);
    return st;
}

Test(file_chain, whatever_is_done_to_a_photo_shows)
{
    static const char *const TAMPERED[][2] = {
        { "UPDATE attachments SET bytes = CAST('a fake' AS BLOB) WHERE number = 1", "a file of an interview is not the one that was received" },
        { "CREATE TEMP TABLE o AS SELECT number, digest, size, bytes FROM attachments WHERE number < 3; UPDATE attachments SET digest = o.digest, size = o.size, bytes = o.bytes FROM o"
          " WHERE attachments.number < 3 AND o.number = 3 - attachments.number", "face.jpg: the file of this name is not the one" },
        { "UPDATE interview_files SET attachment = 3 - attachment WHERE attachment < 3", "house.jpg: the file of this name is not the one" },
        { "UPDATE interview_files SET name = 'x' WHERE interview = 1 AND name = 'face.jpg'; UPDATE interview_files SET name = 'face.jpg' WHERE interview = 1 AND name = 'house.jpg';"
          " UPDATE interview_files SET name = 'house.jpg' WHERE name = 'x'", "face.jpg: the file of this name is not the one" },
        { "UPDATE interview_files SET attachment = 1 WHERE interview = 2",
          "face.jpg: the file of this name is not the one" },
        { "UPDATE interview_files SET media_type = 'text/html' WHERE interview = 2", "face.jpg: the file of this name is not the one" },
        { "DELETE FROM interview_files WHERE name = 'house.jpg'", "a file of the interview is missing" },
        { "INSERT INTO interview_files VALUES(2, 'house.jpg', 'image/jpeg', 2)", "house.jpg: the file of this name is not the one" },
        { "DELETE FROM interview_files WHERE interview = 2; DELETE FROM file_keys WHERE interview = 2", "a file of the interview is missing" },
        { "DELETE FROM file_links WHERE sequence = 3; DELETE FROM interview_files WHERE interview = 2", "does not end with its last entry" },
        { "UPDATE file_links SET gone = 1 WHERE sequence = 2; DELETE FROM interview_files WHERE name = 'house.jpg'", "was changed, or is missing" },
        { "DELETE FROM file_links WHERE sequence = 1", "was changed, or is missing" },
    };

    svy_study_close(make_with_photos());
    for (size_t i = 0; i < sizeof TAMPERED / sizeof TAMPERED[0]; i++) {
        tamper("x", TAMPERED[i][0]);
        cr_expect_eq(verify("x"), SVY_E_INVALID, "%s", TAMPERED[i][0]);
        cr_expect(strstr(told, TAMPERED[i][1]) != NULL, "%s\n%s", TAMPERED[i][0], told);
    }
    tamper("x", "SELECT 1");
    cr_expect_eq(verify("x"), SVY_OK, "%s", told);
}

Test(file_chain, of_an_erased_interview_nothing_can_be_told)
{
    svy_study *s = make_with_photos();

    OK(svy_study_erase(s, one, "ann", "request", tick(), &err));
    verified(s);
    SAYS("SELECT count(*) FROM file_keys", "1");
    SAYS("SELECT count(*) FROM file_links", "3");
    svy_study_close(s);
}

/* A file of version 3 has no chain of files: what is linked when it is written to first is in it from then on. */
Test(file_chain, files_of_an_older_study_are_taken_as_they_are)
{
    svy_study_close(make_with_photos());
    tamper("x", "DROP TABLE file_links; DROP TABLE file_keys; DROP TABLE file_chain; PRAGMA user_version = 3");
    cr_expect_eq(verify("x"), SVY_OK, "%s", told);
    svy_study_close(open_file("x"));
    cr_expect_eq(verify("x"), SVY_OK, "%s", told);
    snprintf(path, sizeof path, "%s", file("x"));
    SAYS("SELECT count(*) FROM file_links", "3");
    tamper("y", "UPDATE interview_files SET attachment = 3 - attachment WHERE attachment < 3");
    cr_expect_eq(verify("y"), SVY_E_INVALID);
    cr_expect(strstr(told, "house.jpg: the file of this name") != NULL, "%s", told);
}
