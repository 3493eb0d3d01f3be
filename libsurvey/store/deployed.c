/* Deployed versions and their source files, as they were deployed: what a server gives to devices. */
#include "store/store_priv.h"

#include <stdlib.h>

svy_status svy_study_deployed(svy_study *s, svy_status (*each)(void *user, const svy_deployed *version), void *user, svy_error *err)
{
    static const char SQL[] = "SELECT id, version, checksum, number = (SELECT g.number FROM forms g WHERE g.id = f.id ORDER BY g.utc_ms DESC, g.number DESC LIMIT 1), block, utc_ms FROM forms f ORDER BY number";
    sqlite3_stmt *stmt = NULL;
    int found = 0;
    svy_status st;

    SVY_REQUIRE(s != NULL && each != NULL, err);
    st = svyi_db_prepare(s, SQL, &stmt, err);
    while (st == SVY_OK && (found = svyi_db_step(s, stmt, err)) == 1) {
        const void *block = sqlite3_column_blob(stmt, 4);
        const svy_deployed one = { .id = svyi_db_text(stmt, 0), .version = svyi_db_text(stmt, 1), .checksum = strtoull(svyi_db_text(stmt, 2), NULL, 16),
                                   .newest = sqlite3_column_int(stmt, 3), .block = block != NULL ? block : "", .block_size = (size_t)sqlite3_column_bytes(stmt, 4),
                                   .utc_ms = sqlite3_column_int64(stmt, 5) };
        st = each(user, &one);
    }
    sqlite3_finalize(stmt);
    return st == SVY_OK && found < 0 ? svyi_db_failed(err) : st;
}

svy_status svy_study_sources(svy_study *s, const char *form, const char *version, svy_status (*each)(void *user, const svy_source *source), void *user, svy_error *err)
{
    sqlite3_stmt *stmt = NULL;
    int64_t number;
    int found;
    svy_status st;

    SVY_REQUIRE(s != NULL && form != NULL && version != NULL && each != NULL, err);
    if ((found = svyi_db_number(s, Q_FORM_FIND, SVYI_ARGS(svyi_arg_text(form), svyi_arg_text(version)), &number, err)) != 1)
        return found < 0 ? svyi_db_failed(err) : svyi_fail(err, SVY_E_NAME, "the study has no version %.64s of '%.80s'", version, form);
    if ((st = svyi_db_prepare(s, "SELECT name, bytes FROM form_sources WHERE form = ? ORDER BY name", &stmt, err)) == SVY_OK)
        st = svyi_db_bind(s, stmt, 1, svyi_arg_int(number), err);
    while (st == SVY_OK && (found = svyi_db_step(s, stmt, err)) == 1) {
        const void *bytes = sqlite3_column_blob(stmt, 1);
        const svy_source one = { .name = svyi_db_text(stmt, 0), .bytes = bytes != NULL ? bytes : "", .size = (size_t)sqlite3_column_bytes(stmt, 1) };
        st = each(user, &one);
    }
    sqlite3_finalize(stmt);
    return st == SVY_OK && found < 0 ? svyi_db_failed(err) : st;
}
