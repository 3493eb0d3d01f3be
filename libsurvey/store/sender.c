/* Whether who sent an interview may: looked at when it is stored, also long after it arrived, so that what waited sealed or aside is held against the same rules. */
#include <string.h>

#include "store/people_priv.h"

/* A respondent came by a link, which is for one form, and for one case or none. The server names the link as the device. */
static svy_status check_link(svy_study *s, const char *link, const char *form, const char *case_id, const char **reason, svy_error *err)
{
    sqlite3_stmt *stmt;
    svy_status st = svyi_once(s, "SELECT form, case_id, closed_utc_ms IS NOT NULL FROM links WHERE id = ?", SVYI_ARGS(svyi_arg_text(link)), &stmt, err);

    if (st != SVY_OK)
        return st;
    const int found = svyi_db_step(s, stmt, err);
    if (found == 0)
        *reason = "the link it came by is not known";
    else if (found == 1 && strcmp(svyi_db_text(stmt, 0), form) != 0)
        *reason = "it came by a link to another questionnaire";
    else if (found == 1 && !sqlite3_column_int(stmt, 2) && strcmp(svyi_db_text(stmt, 1), case_id) != 0)      /* an erasure closes a link and takes its case away */
        *reason = "it came by the link of another case";
    sqlite3_finalize(stmt);
    return found < 0 ? svyi_db_failed(err) : SVY_OK;
}

/* A correction is made by who may see what it corrects: the interviewer's own, or one of the cases somebody is responsible for. */
static svy_status check_correction(svy_study *s, const char *actor, const svyi_row *corrected, const char **reason, svy_error *err)
{
    char organisation[SVY_ACCOUNT_TEXT] = "";
    svy_account account;
    svy_principal who;
    sqlite3_stmt *stmt;
    int found;
    svy_status st = svy_study_account_find(s, actor, &account, &found, err);

    if (st != SVY_OK || !found)               /* somebody at the machine, who has the file */
        return st;
    if ((st = svyi_once(s, "SELECT organisation FROM interviews WHERE number = ?", SVYI_ARGS(svyi_arg_int(corrected->number)), &stmt, err)) != SVY_OK)
        return st;
    found = svyi_db_step(s, stmt, err);
    if (found == 1)
        svyi_copy_text(organisation, sizeof organisation, svyi_db_text(stmt, 0));
    sqlite3_finalize(stmt);
    svy_account_principal(&account, &who);
    if (!svy_allowed(&who, SVY_RIGHT_SUBMIT) || !svy_sees(&who, organisation, corrected->interviewer))
        *reason = "the interview it corrects is somebody else's";
    return found < 0 ? svyi_db_failed(err) : SVY_OK;
}

svy_status svyi_sender_may(svy_study *s, const svy_sender *from, const char *form, const char *case_id, const svyi_row *corrected, const char **reason, svy_error *err)
{
    const char *actor = from->actor != NULL ? from->actor : "";

    *reason = NULL;
    if (from->keys_hashed)                    /* another copy of this study, which looked at it when it came */
        return SVY_OK;
    if (strcmp(actor, "respondent") == 0) {   /* no account has this name */
        if (corrected == NULL)
            return check_link(s, from->device != NULL ? from->device : "", form, case_id, reason, err);
        *reason = "a respondent corrects nothing that was sent";
        return SVY_OK;
    }
    return corrected != NULL && actor[0] != '\0' ? check_correction(s, actor, corrected, reason, err) : SVY_OK;
}
