/* Rows of the table interviews: who was or is being interviewed, by whom, with which version, how far. */
#include "store/store_priv.h"

#include <string.h>

svy_status svyi_row_add(svy_study *s, svyi_row *r, svy_error *err)
{
    svy_status st = svyi_db_run(s, Q_INTERVIEW_ADD, SVYI_ARGS(svyi_arg_text(r->uuid), svyi_arg_int(r->form), svyi_arg_text(r->case_id[0] != '\0' ? r->case_id : NULL),
                                                           svyi_arg_text(r->interviewer), svyi_arg_text(r->language), svyi_arg_int(r->seed), svyi_arg_int(r->started.utc_ms),
                                                           svyi_arg_int(r->started.zone_minutes), r->corrects != 0 ? svyi_arg_int(r->corrects) : svyi_arg_text(NULL),
                                                           svyi_arg_text(r->reason), svyi_arg_int(r->imported), svyi_arg_int(r->mode)), err);

    r->number = sqlite3_last_insert_rowid(s->db);
    return st;
}

int svyi_row_read(svy_study *s, svyi_sql which, const svyi_arg *args, size_t n, svyi_arena *arena, svyi_row *row, svy_error *err)
{
    sqlite3_stmt *stmt;

    *row = (svyi_row){ .number = 0 };
    if (svyi_db_query(s, which, args, n, &stmt, err) != SVY_OK)
        return -1;
    int found = svyi_db_step(s, stmt, err);
    if (found != 1)
        return found;
    found = svyi_row_take(stmt, arena, row);
    sqlite3_reset(stmt);
    if (found < 0)
        (void)!svyi_nomem(err);
    return found;
}

int svyi_row_take(sqlite3_stmt *stmt, svyi_arena *arena, svyi_row *row)
{
    static const int TEXTS[] = { 1, 3, 4, 5, 8, 14 };
    char *copies[sizeof TEXTS / sizeof TEXTS[0]];

    for (size_t i = 0; i < sizeof TEXTS / sizeof TEXTS[0]; i++) {
        const char *text = svyi_db_text(stmt, TEXTS[i]);
        if ((copies[i] = svyi_arena_text(arena, text, strlen(text))) == NULL)
            return -1;
    }
    *row = (svyi_row){ .number = sqlite3_column_int64(stmt, 0), .uuid = copies[0], .form = sqlite3_column_int64(stmt, 2), .case_id = copies[1],
                       .interviewer = copies[2], .language = copies[3], .seed = sqlite3_column_int64(stmt, 6), .phase = sqlite3_column_int(stmt, 7),
                       .outcome = copies[4], .corrects = sqlite3_column_int64(stmt, 13), .reason = copies[5], .blanked = sqlite3_column_int(stmt, 15),
                       .imported = sqlite3_column_int(stmt, 16), .erased = sqlite3_column_int(stmt, 17) };
    row->started = (svy_moment){ sqlite3_column_int64(stmt, 9), (int32_t)sqlite3_column_int64(stmt, 10), 0 };
    row->ended = (svy_moment){ sqlite3_column_int64(stmt, 11), (int32_t)sqlite3_column_int64(stmt, 12), 0 };
    return 1;
}
