/* Saying which early end holds, where the answer it follows from was not kept. */
#include "interview/ended.h"

#include "interview/interview_priv.h"

svy_status svyi_end_given(svy_interview *iv, uint32_t end, svy_moment now, svy_error *err)
{
    svy_status st = svyi_change_begin(iv, now, err);

    if (st != SVY_OK)
        return st;
    iv->end_given = 1;
    iv->s.end = (svy_place){ end, 0 };
    svyi_refresh_all(iv, 0);
    if ((st = svyi_settle(iv, err)) != SVY_OK) {
        svyi_change_back(iv);
        return st;
    }
    svyi_change_keep(iv);
    return SVY_OK;
}
