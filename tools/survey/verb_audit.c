/* survey study audit: who did what, and whether the log of it is whole. */
#include "record.h"
#include "sheet.h"
#include "tool.h"
#include <stdlib.h>
#include <string.h>
#include <survey/account.h>

struct settings { tool_output_options output; int head, verify; const char *kept; long after; };
static const tool_option OPTIONS[] = {
    TOOL_FLAG_OPTION(struct settings, head, "head", 0, "print only the length of the log and the seal of its last line, to be kept in another place"),
    TOOL_FLAG_OPTION(struct settings, verify, "verify", 0, "check every line, and print nothing else"),
    TOOL_TEXT_OPTION(struct settings, kept, "kept", 0, "LENGTH:SEAL", "a head that was kept: check that the log still has it", NULL),
    TOOL_COUNT_OPTION(struct settings, after, "after", 0, "N", "only lines after the Nth", "0", 0, 9e15),
    TOOL_END
};

static svy_status add_line(void *user, const svy_audit_line *line)
{
    char time[32];
    record_time(line->utc_ms, time, sizeof time);
    svy_sheet_number(user, (double)line->sequence);
    svy_sheet_text(user, time);
    svy_sheet_text(user, line->actor);
    svy_sheet_text(user, line->action);
    svy_sheet_text(user, line->object);
    svy_sheet_text(user, line->detail);
    return SVY_OK;
}

static int print_lines(const struct settings *s, svy_study *study)
{
    static const svy_sheet_column COLUMNS[] = { { "line", SVY_SHEET_NUMBER }, { "time", SVY_SHEET_TEXT }, { "actor", SVY_SHEET_TEXT }, { "action", SVY_SHEET_TEXT },
        { "object", SVY_SHEET_TEXT }, { "detail", SVY_SHEET_TEXT } };
    svy_error err = SVY_ERROR_INIT;
    svy_sheet *sheet = NULL;
    int status;
    if (svy_sheet_new(NULL, COLUMNS, sizeof COLUMNS / sizeof COLUMNS[0], &sheet, &err) != SVY_OK ||
        svy_study_audit_read(study, s->after, 0, add_line, sheet, &err) != SVY_OK)
        status = tool_fail(&err);
    else
        status = tool_write_sheet(sheet, &s->output);
    svy_sheet_free(sheet);
    return status;
}

static int verify(const struct settings *s, svy_study *study)
{
    svy_error err = SVY_ERROR_INIT;
    svy_diags diags = { tool_report, NULL, 0, 0 };
    char *seal = NULL;
    long long length = s->kept != NULL ? strtoll(s->kept, &seal, 10) : 0;
    if (s->kept != NULL && (length <= 0 || *seal != ':' || strlen(seal + 1) != 64))
        return tool_usage("study audit", "--kept is what --head printed: LENGTH:SEAL");
    if (svy_study_audit_verify(study, length, s->kept != NULL ? seal + 1 : NULL, &diags, &err) != SVY_OK)
        return tool_fail(&err);
    puts("every line is as it was written");
    return EXIT_DONE;
}

static int print_head(svy_study *study)
{
    svy_error err = SVY_ERROR_INIT;
    int64_t length;
    char seal[65];
    if (svy_study_audit_head(study, &length, seal, &err) != SVY_OK)
        return tool_fail(&err);
    printf("%lld:%s\n", (long long)length, seal);
    return EXIT_DONE;
}

static int run(void *settings, int argc, char **argv)
{
    const struct settings *s = settings;
    svy_error err = SVY_ERROR_INIT;
    svy_study *study = NULL;
    (void)argc;
    if (svy_study_open(NULL, argv[0], SVY_STUDY_READ, &study, &err) != SVY_OK)
        return tool_fail(&err);
    int status = s->verify || s->kept != NULL ? verify(s, study) : s->head ? print_head(study) : print_lines(s, study);
    svy_study_close(study);
    return status;
}

const verb verb_study_audit = { .name = "study audit", .group = FOR_FIELDWORK, .arguments = "STUDY", .min_arguments = 1, .max_arguments = 1,
    .summary = "show who did what in the study, or check the log of it",
    .detail = "Every line is sealed together with the one before. Who has the file could make the whole log anew: print --head now and then and keep it elsewhere; --kept shows whether "
              "the log still has it.",
    .example = "survey study audit tcn.study --format csv -o audit.csv\nsurvey study audit tcn.study --head\nsurvey study audit tcn.study --verify",
    .settings_size = sizeof(struct settings), .tables = { { OPTIONS, 0 }, { TOOL_OUTPUT, offsetof(struct settings, output) } }, .run = run };
