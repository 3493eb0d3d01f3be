/* What somebody may see of a study: interviews, and answers as a frame. Rows are chosen in SQL for speed; rights.c has the last word on each. */
#include "store/people/people_priv.h"

#include <string.h>

static const char INTERVIEWS[] =
    "SELECT i.uuid, f.id, f.version, i.case_id, i.interviewer, i.organisation, i.outcome, i.language, i.phase, i.erased_utc_ms IS NOT NULL, i.started_utc_ms,"
    " coalesce(i.ended_utc_ms, 0) FROM interviews i JOIN forms f ON f.number = i.form WHERE i.corrects IS NULL AND (?1 IS NULL OR f.id = ?1)"
    " AND (?2 IS NULL OR i.interviewer = ?2) AND (?3 IS NULL OR i.organisation = ?3) ORDER BY i.number DESC";

static int is_interviewer(const svy_principal *p)
{
    return p != NULL && p->role == SVY_ROLE_INTERVIEWER;
}

/* The only organisation whose rows somebody sees; NULL when it is not that which decides. */
static const char *only_organisation(const svy_principal *p)
{
    return p == NULL || is_interviewer(p) || p->organisation[0] == '\0' ? NULL : p->organisation;
}

svy_status svy_study_interviews(svy_study *s, const svy_principal *for_whom, const char *form, svy_status (*each)(void *user, const svy_interview_line *line), void *user,
                                svy_error *err)
{
    sqlite3_stmt *stmt;
    int found = 0;

    SVY_REQUIRE(s != NULL && each != NULL, err);
    if (!svyi_people_there(s) || (for_whom != NULL && !svy_allowed(for_whom, SVY_RIGHT_INTERVIEWS)))
        return SVY_OK;
    svy_status st = svyi_once(s, INTERVIEWS, SVYI_ARGS(svyi_arg_text(form), svyi_arg_text(is_interviewer(for_whom) ? for_whom->name : NULL),
                                                    svyi_arg_text(only_organisation(for_whom))), &stmt, err);
    while (st == SVY_OK && (found = svyi_db_step(s, stmt, err)) == 1) {
        const svy_interview_line line = { .uuid = svyi_db_text(stmt, 0), .form = svyi_db_text(stmt, 1), .version = svyi_db_text(stmt, 2), .case_id = svyi_db_text(stmt, 3),
                                          .interviewer = svyi_db_text(stmt, 4), .organisation = svyi_db_text(stmt, 5), .outcome = svyi_db_text(stmt, 6),
                                          .language = svyi_db_text(stmt, 7), .phase = (svy_phase)sqlite3_column_int(stmt, 8), .erased = sqlite3_column_int(stmt, 9),
                                          .started_utc_ms = sqlite3_column_int64(stmt, 10), .ended_utc_ms = sqlite3_column_int64(stmt, 11) };
        if (for_whom == NULL || svy_sees(for_whom, line.organisation, line.interviewer))
            st = each(user, &line);
    }
    sqlite3_finalize(stmt);
    return st == SVY_OK && found < 0 ? svyi_db_failed(err) : st;
}

svy_status svy_study_interview_seen(svy_study *s, const svy_principal *for_whom, const char *uuid, int *seen, svy_error *err)
{
    sqlite3_stmt *stmt;

    SVY_REQUIRE(s != NULL && for_whom != NULL && uuid != NULL && seen != NULL, err);
    *seen = 0;
    if (!svyi_people_there(s) || !svy_allowed(for_whom, SVY_RIGHT_INTERVIEWS))
        return SVY_OK;
    svy_status st = svyi_once(s, "SELECT organisation, interviewer FROM interviews WHERE uuid = ?", SVYI_ARGS(svyi_arg_text(uuid)), &stmt, err);
    if (st != SVY_OK)
        return st;
    int found = svyi_db_step(s, stmt, err);
    if (found == 1)
        *seen = svy_sees(for_whom, svyi_db_text(stmt, 0), svyi_db_text(stmt, 1));
    sqlite3_finalize(stmt);
    return found < 0 ? svyi_db_failed(err) : SVY_OK;
}

svy_status svy_study_frame_for(svy_study *s, const svy_principal *for_whom, const char *form, const char *level, int sensitive, svy_frame **out, svy_error *err)
{
    SVY_REQUIRE(out != NULL, err);
    *out = NULL;
    SVY_REQUIRE(s != NULL && for_whom != NULL, err);
    if (!svy_allowed(for_whom, SVY_RIGHT_EXPORT))
        return svyi_fail(err, SVY_E_STATE, "a %s may not read answers", svy_role_name(for_whom->role));
    const svyi_frame_limits limits = { .sensitive = sensitive && svy_allowed(for_whom, SVY_RIGHT_EXPORT_SENSITIVE), .no_keys = !svy_allowed(for_whom, SVY_RIGHT_CONTACTS),
                                       .organisation = only_organisation(for_whom), .cells = SVY_FRAME_CELLS };
    return svyi_frame_make(s, form, level, &limits, out, err);
}

svy_status svy_study_events_for(svy_study *s, const svy_principal *for_whom, const char *form, int sensitive,
                                svy_status (*write)(void *user, const void *bytes, size_t len, svy_error *err), void *user, svy_error *err)
{
    SVY_REQUIRE(s != NULL && for_whom != NULL, err);
    if (!svy_allowed(for_whom, SVY_RIGHT_EXPORT))
        return svyi_fail(err, SVY_E_STATE, "a %s may not read answers", svy_role_name(for_whom->role));
    const int all = sensitive && svy_allowed(for_whom, SVY_RIGHT_EXPORT_SENSITIVE);
    const svyi_events_limits limits = { .sensitive = all, .no_remarks = !all, .no_keys = !svy_allowed(for_whom, SVY_RIGHT_CONTACTS), .organisation = only_organisation(for_whom) };
    return svyi_events_write(s, form, &limits, write, user, err);
}
