/* Texts that a study carries under a name: its sampling design, its weighting plan, and that its interviews are a rehearsal. */
#include "store/store_priv.h"

#include <string.h>

enum { TEXT_MAX = 16 << 20 };
static const char *const NAMES[] = { "design", "weighting", "rehearsal" };

static svy_status check_name(const char *name, svy_error *err)
{
    for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++)
        if (strcmp(NAMES[i], name) == 0)
            return SVY_OK;
    return svyi_fail(err, SVY_E_NAME, "a study carries no text '%.80s': it has 'design', 'weighting' and 'rehearsal'", name);
}

svy_status svy_study_set_text(svy_study *s, const char *name, const char *text, svy_error *err)
{
    SVY_REQUIRE(s != NULL && name != NULL, err);
    svy_status st = check_name(name, err);
    if (st != SVY_OK)
        return st;
    if (text != NULL && strlen(text) > TEXT_MAX)
        return svyi_fail(err, SVY_E_LIMIT, "the %s has more than 16 MiB", name);
    if ((st = svyi_db_writable(s, err)) != SVY_OK || (st = svyi_db_begin(s, err)) != SVY_OK)
        return st;
    st = text == NULL ? svyi_db_once(s, "DELETE FROM study WHERE name = ?", SVYI_ARGS(svyi_arg_text(name)), err)
                      : svyi_db_once(s, "INSERT INTO study(name, value) VALUES(?, ?) ON CONFLICT(name) DO UPDATE SET value = excluded.value",
                                     SVYI_ARGS(svyi_arg_text(name), svyi_arg_text(text)), err);
    return svyi_db_end(s, st, err);
}

svy_status svy_study_text(svy_study *s, const char *name, svy_status (*take)(void *user, const char *text, size_t len), void *user, svy_error *err)
{
    sqlite3_stmt *stmt = NULL;
    SVY_REQUIRE(s != NULL && name != NULL && take != NULL, err);
    svy_status st = check_name(name, err);
    if (st == SVY_OK)
        st = svyi_db_prepare(s, "SELECT value FROM study WHERE name = ?", &stmt, err);
    if (st == SVY_OK)
        st = svyi_db_bind(s, stmt, 1, svyi_arg_text(name), err);
    int found = st == SVY_OK ? svyi_db_step(s, stmt, err) : 0;
    if (found < 0)
        st = svyi_db_failed(err);
    if (found == 1) {
        const char *text = svyi_db_text(stmt, 0);
        st = take(user, text, strlen(text));
    }
    sqlite3_finalize(stmt);
    return st;
}
