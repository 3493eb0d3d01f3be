/* Under which name an interview has a file. The name is the one its answer says; other content under the same name is kept beside it, as NAME_ and the beginning of its digest.
 * Names are the same in all files of a study that come together: NAME itself has the content of the least digest that claimed it. */
#include "store/reception/priv.h"

#include <stdio.h>
#include <string.h>

enum { MARK = 8, NAME = 1024 };              /* bytes of the digest in a name */

static void add_mark(const char *name, const uint8_t *digest, char out[NAME])
{
    size_t n = (size_t)snprintf(out, NAME - 2 * MARK - 1, "%s_", name);

    if (n > NAME - 2 * MARK - 2)
        n = NAME - 2 * MARK - 2;
    for (int i = 0; i < MARK; i++)
        n += (size_t)snprintf(out + n, 3, "%02x", digest[i]);
}

/* 1 when the name ends with the mark of the digest; `plain` is the name without it. */
static int is_marked(const char *name, const uint8_t *digest, char plain[NAME])
{
    char marked[NAME];
    const size_t n = strlen(name), mark = 2 * MARK + 1;

    snprintf(plain, NAME, "%s", name);
    if (n <= mark || n >= NAME)
        return 0;
    plain[n - mark] = '\0';
    add_mark(plain, digest, marked);
    if (strcmp(marked, name) == 0)
        return 1;
    snprintf(plain, NAME, "%s", name);
    return 0;
}

/* The digest of what has the name; of a file that is sealed still, that of its bytes. 1 found, 0 not, -1 failed. */
static int find(svy_study *s, int64_t interview, const char *name, uint8_t digest[SVYI_HASH], svy_error *err)
{
    sqlite3_stmt *stmt;

    if (svyi_db_query(s, Q_FILE_FIND, SVYI_ARGS(svyi_arg_int(interview), svyi_arg_text(name)), &stmt, err) != SVY_OK)
        return -1;
    const int found = svyi_db_step(s, stmt, err);
    if (found != 1)
        return found;
    const int fits = sqlite3_column_bytes(stmt, 0) == SVYI_HASH;
    if (fits)
        memcpy(digest, sqlite3_column_blob(stmt, 0), SVYI_HASH);
    sqlite3_reset(stmt);
    if (!fits)
        (void)!svyi_fail(err, SVY_E_FORMAT, "'%.200s' is damaged: a file has no digest; restore it from a backup", s->path);
    return fits ? 1 : -1;
}

static svy_status add(svy_study *s, int64_t interview, const char *name, const svyi_named_file *file, svy_error *err)
{
    uint8_t other[SVYI_HASH];
    const int found = find(s, interview, name, other, err);

    if (found < 0)
        return svyi_db_failed(err);
    if (found == 0) {
        const svy_status st = svyi_db_run(s, Q_FILE_ADD, SVYI_ARGS(svyi_arg_int(interview), svyi_arg_text(name), svyi_arg_text(file->media_type), svyi_arg_int(file->attachment)), err);
        return st == SVY_OK ? svyi_file_linked(s, interview, name, 0, err) : st;
    }
    return memcmp(other, file->digest, sizeof other) == 0 ? SVY_OK
                                                          : svyi_fail(err, SVY_E_STATE, "the interview has a file '%.80s' already, with other content", file->name);
}

/* The link is made anew under the other name; what synchronising knows of the interview is worked out again. */
static svy_status rename_file(svy_study *s, int64_t interview, const char *from, const char *to, svy_error *err)
{
    static const char ADD[] = "INSERT OR IGNORE INTO interview_files(interview, name, media_type, attachment) SELECT interview, ?3, media_type, attachment FROM interview_files"
                              " WHERE interview = ?1 AND name = ?2";
    static const char *const SQL[] = { ADD, "INSERT INTO erasing(interview) SELECT ?1 WHERE ?2 <> ?3", "DELETE FROM interview_files WHERE interview = ?1 AND name = ?2 AND ?3 <> ?2",
                                       "DELETE FROM erasing WHERE interview = ?1 AND ?2 <> ?3", "DELETE FROM sync_digests WHERE interview = ?1 AND ?2 <> ?3" };
    uint8_t digest[SVYI_HASH];
    const int there = strcmp(from, to) == 0 ? 1 : find(s, interview, to, digest, err);
    svy_status st = there < 0 ? svyi_db_failed(err) : svyi_file_linked(s, interview, from, 1, err);

    for (size_t i = 0; i < sizeof SQL / sizeof SQL[0] && st == SVY_OK; i++)
        st = svyi_db_once(s, SQL[i], SVYI_ARGS(svyi_arg_int(interview), svyi_arg_text(from), svyi_arg_text(to)), err);
    return st == SVY_OK && there == 0 ? svyi_file_linked(s, interview, to, 0, err) : st;
}

/* `ours` has the name. */
static svy_status take_name(svy_study *s, int64_t interview, const svyi_named_file *file, const uint8_t *ours, svy_error *err)
{
    char marked[NAME], own[NAME];
    uint8_t digest[SVYI_HASH];

    add_mark(file->name, ours, marked);
    add_mark(file->name, file->digest, own);
    svy_status st = rename_file(s, interview, file->name, marked, err);
    const int here = st == SVY_OK ? find(s, interview, own, digest, err) : -1;
    if (here < 0)
        return st != SVY_OK ? st : svyi_db_failed(err);
    return here == 1 ? rename_file(s, interview, own, file->name, err) : add(s, interview, file->name, file, err);
}

svy_status svyi_file_name(svy_study *s, int64_t interview, const svyi_named_file *file, svyi_naming how, svy_error *err)
{
    char plain[NAME], own[NAME];
    uint8_t ours[SVYI_HASH];
    const int marked = is_marked(file->name, file->digest, plain);
    const int found = find(s, interview, plain, ours, err);

    if (found < 0)
        return svyi_db_failed(err);
    if (found == 0)
        return add(s, interview, file->name, file, err);
    if (memcmp(ours, file->digest, sizeof ours) == 0)
        return SVY_OK;
    if (marked || how == SVYI_NAME_IS_FREE)
        return marked ? add(s, interview, file->name, file, err) : svyi_fail(err, SVY_E_STATE, "the interview has a file '%.80s' already, with other content", file->name);
    if (how == SVYI_LEAST_HAS_NAME && memcmp(file->digest, ours, sizeof ours) < 0)
        return take_name(s, interview, file, ours, err);
    add_mark(plain, file->digest, own);
    return add(s, interview, own, file, err);
}

svy_status svyi_files_link(svy_study *s, int64_t interview, const svy_arrival *a, svy_error *err)
{
    svy_status st = SVY_OK;

    for (size_t i = 0; i < a->n_files && st == SVY_OK; i++) {
        uint8_t digest[SVYI_HASH];
        int64_t number = 0;
        int opened = 0;
        const int found = svyi_attachment_find(s, a->files[i].hash, &number, digest, &opened, err);
        const svyi_named_file one = { a->files[i].name, a->files[i].media_type, number, opened ? digest : a->files[i].hash };
        st = found == 1 ? svyi_file_name(s, interview, &one, a->synchronised ? SVYI_LEAST_HAS_NAME : SVYI_FIRST_KEEPS_NAME, err)
                        : found < 0 ? svyi_db_failed(err) : svyi_fail(err, SVY_E_STATE, "the file '%.80s' is not here", a->files[i].name);
    }
    return st;
}
