/* Media of forms: pictures, sound and film that they show. Each content is stored once, however many versions show it. */
#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "base/media_type.h"
#include "store/people/people_priv.h"

/* TEMP: "" or "TEMP ". */
#define TABLES(TEMP) \
    "CREATE " TEMP "TABLE media(sha256 BLOB PRIMARY KEY, md5 TEXT NOT NULL, size INTEGER NOT NULL, bytes BLOB NOT NULL) STRICT;" \
    "CREATE " TEMP "TABLE form_media(number INTEGER PRIMARY KEY, form INTEGER NOT NULL, name TEXT NOT NULL, sha256 BLOB NOT NULL, actor TEXT NOT NULL," \
    " utc_ms INTEGER NOT NULL, zone INTEGER NOT NULL, UNIQUE(form, name, sha256)) STRICT;"

static const char TRIGGERS[] =
    "CREATE TRIGGER media_are_kept BEFORE DELETE ON media BEGIN SELECT raise(ABORT, 'versions are kept'); END;"
    "CREATE TRIGGER media_stay BEFORE UPDATE ON media BEGIN SELECT raise(ABORT, 'versions are kept'); END;"
    "CREATE TRIGGER form_media_are_kept BEFORE DELETE ON form_media BEGIN SELECT raise(ABORT, 'versions are kept'); END;"
    "CREATE TRIGGER form_media_stay BEFORE UPDATE ON form_media BEGIN SELECT raise(ABORT, 'versions are kept'); END;";

svy_status svyi_media_tables(svy_study *s, svy_error *err)
{
    const svy_status st = svyi_db_exec(s, TABLES(""), err);

    return st == SVY_OK ? svyi_db_exec(s, TRIGGERS, err) : st;
}

/* The same content was deployed earlier on another machine: that moves its moment, and nothing else. */
static const char MOMENTS[] =
    "DROP TRIGGER form_media_stay;"
    "CREATE TRIGGER form_media_stay BEFORE UPDATE ON form_media WHEN NOT (NEW.number = OLD.number AND NEW.form = OLD.form AND NEW.name = OLD.name AND NEW.sha256 = OLD.sha256"
    " AND NEW.utc_ms < OLD.utc_ms) BEGIN SELECT raise(ABORT, 'versions are kept'); END;";

svy_status svyi_media_moments(svy_study *s, svy_error *err) { return svyi_db_exec(s, MOMENTS, err); }

svy_status svyi_media_stand_ins(svy_study *s, svy_error *err) { return svyi_db_exec(s, TABLES("TEMP "), err); }

/* ---- adding ---- */

static svy_status add_content(svy_study *s, const svy_source *file, uint8_t hash[SVYI_HASH], svy_error *err)
{
    unsigned char md5[SVYI_DIGEST];
    char hex[33];

    svyi_sha256(file->bytes, file->size, hash);
    svyi_digest("MD5", 3, file->bytes, file->size, md5);
    for (int i = 0; i < 16; i++)
        snprintf(hex + 2 * i, 3, "%02x", md5[i]);
    return svyi_db_once(s, "INSERT INTO media(sha256, md5, size, bytes) VALUES(?,?,?,?) ON CONFLICT DO NOTHING",
                        SVYI_ARGS(svyi_arg_blob(hash, SVYI_HASH), svyi_arg_text(hex), svyi_arg_int((int64_t)file->size), svyi_arg_blob(file->bytes, file->size)), err);
}

svy_status svyi_medium_check(const svy_source *file, svy_error *err)
{
    if (file->name[0] == '\0' || file->name[0] == '.' || strchr(file->name, '/') != NULL || strlen(file->name) > SVY_MEDIUM_NAME)
        return svyi_fail(err, SVY_E_VALUE, "a medium of a form cannot be called '%.100s'", file->name);
    return file->size <= SVY_MEDIUM_MAX ? SVY_OK
         : svyi_fail(err, SVY_E_LIMIT, "'%.100s' has %zu bytes: a medium of a form has at most 64 MiB", file->name, file->size);
}

svy_status svyi_medium_add(svy_study *s, int64_t form, const svy_source *file, const char *actor, int elsewhere, svy_moment now, int *added, svy_error *err)
{
    const svyi_arg number = svyi_arg_int(form), name = svyi_arg_text(file->name);
    uint8_t hash[SVYI_HASH];
    int64_t one;
    svy_status st = svyi_medium_check(file, err);

    *added = 0;
    if (st != SVY_OK || (st = add_content(s, file, hash, err)) != SVY_OK)
        return st;
    const svyi_arg content = svyi_arg_blob(hash, SVYI_HASH);
    int found = svyi_once_number(s, "SELECT 1 FROM form_media WHERE form = ? AND name = ? AND sha256 = ?", SVYI_ARGS(number, name, content), &one, err);
    if (found == 0 && !elsewhere && (found = svyi_once_number(s, "SELECT 1 FROM form_media WHERE form = ? AND name = ?", SVYI_ARGS(number, name), &one, err)) == 1)
        return svyi_fail(err, SVY_E_VALUE, "'%.100s' is deployed with this version already, with other content: what people are shown belongs to a version, so give the questionnaire a new one",
                         file->name);
    if (found < 0)
        return svyi_db_failed(err);
    if (found == 1)                          /* which content was first has to be the same on every machine */
        return !elsewhere ? SVY_OK : svyi_db_once(s, "UPDATE form_media SET actor = ?4, utc_ms = ?5, zone = ?6 WHERE form = ?1 AND name = ?2 AND sha256 = ?3 AND utc_ms > ?5",
                                                  SVYI_ARGS(number, name, content, svyi_arg_text(actor), svyi_arg_int(now.utc_ms), svyi_arg_int(now.zone_minutes)), err);
    *added = 1;
    return svyi_db_once(s, "INSERT INTO form_media(form, name, sha256, actor, utc_ms, zone) VALUES(?,?,?,?,?,?)",
                        SVYI_ARGS(number, name, content, svyi_arg_text(actor), svyi_arg_int(now.utc_ms), svyi_arg_int(now.zone_minutes)), err);
}

/* ---- reading ---- */

/* Where two machines deployed other contents under one name, the one that was deployed first counts, on every machine. */
#define IN_FORCE "NOT EXISTS (SELECT 1 FROM form_media o WHERE o.form = m.form AND o.name = m.name AND (o.utc_ms, o.sha256) < (m.utc_ms, m.sha256))"

/* Nothing that a browser would run. */
static const char *type_of(const char *name)
{
    const char *type = svyi_media_type(name);

    return type != NULL && (strncmp(type, "image/", 6) == 0 || strncmp(type, "audio/", 6) == 0 || strncmp(type, "video/", 6) == 0) ? type : "application/octet-stream";
}

static svy_status take(svy_study *s, const char *sql, const char *form, const char *version, const char *name, svy_status (*each)(void *user, const svy_medium *medium),
                       void *user, int *n, svy_error *err)
{
    sqlite3_stmt *stmt = NULL;
    int64_t number;
    int found = svyi_db_number(s, Q_FORM_FIND, SVYI_ARGS(svyi_arg_text(form), svyi_arg_text(version)), &number, err);

    if (found != 1)
        return found < 0 ? svyi_db_failed(err) : svyi_fail(err, SVY_E_NAME, "the study has no version %.64s of '%.80s'", version, form);
    svy_status st = svyi_db_prepare(s, sql, &stmt, err);
    if (st == SVY_OK && (st = svyi_db_bind(s, stmt, 1, svyi_arg_int(number), err)) == SVY_OK && name != NULL)
        st = svyi_db_bind(s, stmt, 2, svyi_arg_text(name), err);
    while (st == SVY_OK && (found = svyi_db_step(s, stmt, err)) == 1) {
        const char *called = svyi_db_text(stmt, 0);
        const svy_medium one = { .name = called, .media_type = type_of(called), .sha256 = svyi_db_text(stmt, 1), .md5 = svyi_db_text(stmt, 2),
                                 .size = (size_t)sqlite3_column_int64(stmt, 3), .bytes = sqlite3_column_count(stmt) > 4 ? sqlite3_column_blob(stmt, 4) : NULL };
        ++*n;
        st = each(user, &one);
    }
    sqlite3_finalize(stmt);
    return st == SVY_OK && found < 0 ? svyi_db_failed(err) : st;
}

svy_status svy_study_media(svy_study *s, const char *form, const char *version, svy_status (*each)(void *user, const svy_medium *medium), void *user, svy_error *err)
{
    int n = 0;

    SVY_REQUIRE(s != NULL && form != NULL && version != NULL && each != NULL, err);
    return take(s, "SELECT m.name, lower(hex(m.sha256)), c.md5, c.size FROM form_media m JOIN media c USING(sha256) WHERE m.form = ? AND " IN_FORCE " ORDER BY m.name", form, version, NULL,
                each, user, &n, err);
}

svy_status svy_study_medium(svy_study *s, const char *form, const char *version, const char *name, svy_status (*each)(void *user, const svy_medium *medium), void *user,
                            svy_error *err)
{
    int n = 0;

    SVY_REQUIRE(s != NULL && form != NULL && version != NULL && name != NULL && each != NULL, err);
    const svy_status st = take(s, "SELECT m.name, lower(hex(m.sha256)), c.md5, c.size, c.bytes FROM form_media m JOIN media c USING(sha256) WHERE m.form = ? AND m.name = ? AND " IN_FORCE,
                               form, version, name, each, user, &n, err);
    return st != SVY_OK || n > 0 ? st : svyi_fail(err, SVY_E_NAME, "version %.64s of '%.80s' has no medium '%.100s'", version, form, name);
}
