/* How far a study is: interviews by form version and state, early ends by outcome. */
#include "store/store_priv.h"

#include <string.h>

static svy_status report_outcomes(svy_study *s, void (*outcome)(void *user, const char *form, const char *outcome, uint64_t count), void *user, svy_error *err)
{
    sqlite3_stmt *stmt;
    int found;
    svy_status st = svyi_db_query(s, Q_OUTCOMES, NULL, 0, &stmt, err);

    if (st != SVY_OK)
        return st;
    while ((found = svyi_db_step(s, stmt, err)) == 1)
        outcome(user, svyi_db_text(stmt, 0), svyi_db_text(stmt, 1), (uint64_t)sqlite3_column_int64(stmt, 2));
    return found < 0 ? svyi_db_failed(err) : SVY_OK;
}

svy_status svy_study_status(svy_study *s, void (*each)(void *user, const svy_study_count *count),
                            void (*outcome)(void *user, const char *form, const char *outcome, uint64_t count), void *user, svy_error *err)
{
    sqlite3_stmt *stmt;
    int found = 0;
    svy_status st = SVY_OK;

    SVY_REQUIRE(s != NULL, err);
    if (each != NULL) {
        if ((st = svyi_db_query(s, Q_STATUS, NULL, 0, &stmt, err)) != SVY_OK)
            return st;
        while ((found = svyi_db_step(s, stmt, err)) == 1) {
            uint64_t n[5];
            for (int i = 0; i < 5; i++)
                n[i] = (uint64_t)sqlite3_column_int64(stmt, i + 2);
            const svy_study_count count = { .form = svyi_db_text(stmt, 0), .version = svyi_db_text(stmt, 1), .open = n[0], .suspended = n[1],
                                            .complete = n[2], .ended_early = n[3], .submissions = n[4], .last_utc_ms = sqlite3_column_int64(stmt, 7) };
            each(user, &count);
        }
    }
    if (found < 0)
        return svyi_db_failed(err);
    return outcome != NULL ? report_outcomes(s, outcome, user, err) : SVY_OK;
}
