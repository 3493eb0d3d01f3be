/* The verb study kept: what arrived and could not be taken, and what of a study asks for somebody's attention. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <survey/dataio.h>
#include <survey/reception.h>
#include <sys/stat.h>

#include "attention.h"
#include "record.h"
#include "sheet.h"
#include "tool.h"

static void say(const char *path, uint64_t n, const char *one, const char *many)
{
    if (n == 1)
        printf("%s: %s\n", path, one);
    else if (n > 1)
        printf("%s: %llu %s\n", path, (unsigned long long)n, many);
}

svy_status attention_print(svy_study *study, const char *path, svy_error *err)
{
    svy_attention a;
    const svy_status st = svy_study_attention(study, &a, err);
    if (st != SVY_OK)
        return st;
    say(path, a.kept_aside, "an arrival could not be taken: 'survey study kept' says why", "arrivals could not be taken: 'survey study kept' says why");
    say(path, a.sealed, "an arrival waits for the project's key: 'survey study open-sealed'", "arrivals wait for the project's key: 'survey study open-sealed'");
    say(path, a.conflicts, "an interview came in two versions that differ: both are kept", "interviews came in versions that differ: all are kept");
    say(path, a.cases, "a case has more than one interview (disposition conflict)", "cases have more than one interview (disposition conflict)");
    say(path, a.uploads, "an upload is not whole yet", "uploads are not whole yet");
    say(path, a.loose_files, "a photo or other file has no interview yet", "photos or other files have no interview yet");
    return SVY_OK;
}

typedef struct settings { const char *folder; tool_output_options output; } settings;
static const tool_option OPTIONS[] = {
    TOOL_TEXT_OPTION(settings, folder, "folder", 0, "FOLDER", "also write each to FOLDER/NUMBER.svyp, opened when the key is in the study", NULL),
    TOOL_END
};

typedef struct listing { svy_sheet *sheet; int64_t *numbers; size_t n, room; int failed; } listing;

static svy_status list_one(void *user, const svy_kept *k)
{
    listing *l = user;
    char when[64];
    record_time(k->received_utc_ms, when, sizeof when);
    svy_sheet_number(l->sheet, (double)k->number);
    svy_sheet_text(l->sheet, when);
    svy_sheet_text(l->sheet, k->form);
    svy_sheet_text(l->sheet, k->version);
    svy_sheet_text(l->sheet, k->uuid);
    svy_sheet_text(l->sheet, k->actor);
    svy_sheet_number(l->sheet, (double)k->size);
    svy_sheet_text(l->sheet, k->reason[0] != '\0' ? k->reason : "waits for the project's key");
    if (l->n == l->room) {
        int64_t *more = realloc(l->numbers, (l->room * 2 + 16) * sizeof *more);
        if (more == NULL)
            return SVY_E_NOMEM;
        l->numbers = more;
        l->room = l->room * 2 + 16;
    }
    l->numbers[l->n++] = k->number;
    return SVY_OK;
}

static svy_status write_one(void *user, const void *bytes, size_t n)
{
    return svy_file_write(user, bytes, n, NULL);
}

static int write_all(svy_study *study, const listing *l, const char *folder)
{
    svy_error err = SVY_ERROR_INIT;
    if (mkdir(folder, 0700) != 0 && errno != EEXIST) {
        tool_say("%s: the folder cannot be made: %s", folder, strerror(errno));
        return EXIT_SYSTEM;
    }
    for (size_t i = 0; i < l->n; i++) {
        char path[4096];
        svy_file_out *out;
        snprintf(path, sizeof path, "%.4000s/%lld.svyp", folder, (long long)l->numbers[i]);
        if (svy_file_begin(NULL, path, &out, &err) != SVY_OK)
            return tool_fail(&err);
        if (svy_study_kept_bytes(study, l->numbers[i], write_one, out, &err) != SVY_OK) {
            svy_file_cancel(out);
            return tool_fail(&err);
        }
        if (svy_file_end(out, 0, &err) != SVY_OK)
            return tool_fail(&err);
    }
    return EXIT_DONE;
}

static int run(void *user, int argc, char **argv)
{
    static const svy_sheet_column COLUMNS[] = { { "number", SVY_SHEET_NUMBER }, { "received", SVY_SHEET_TEXT }, { "form", SVY_SHEET_TEXT }, { "version", SVY_SHEET_TEXT },
        { "interview", SVY_SHEET_TEXT }, { "sender", SVY_SHEET_TEXT }, { "bytes", SVY_SHEET_NUMBER }, { "reason", SVY_SHEET_TEXT } };
    settings *s = user;
    svy_error err = SVY_ERROR_INIT;
    svy_study *study = NULL;
    listing l = { .n = 0 };
    int status;
    (void)argc;
    if (svy_study_open(NULL, argv[0], SVY_STUDY_READ, &study, &err) != SVY_OK || svy_sheet_new(NULL, COLUMNS, sizeof COLUMNS / sizeof COLUMNS[0], &l.sheet, &err) != SVY_OK ||
        svy_study_kept(study, list_one, &l, &err) != SVY_OK)
        status = tool_fail(&err);
    else
        status = tool_write_sheet(l.sheet, &s->output);
    if (status == EXIT_DONE && s->folder != NULL)
        status = write_all(study, &l, s->folder);
    free(l.numbers);
    svy_sheet_free(l.sheet);
    svy_study_close(study);
    return status;
}

const verb verb_study_kept = { .name = "study kept", .group = FOR_FIELDWORK, .arguments = "STUDY", .min_arguments = 1, .max_arguments = 1,
    .summary = "list what arrived and could not be taken, with the reason",
    .detail = "What arrives from devices is never thrown away: a package of a version that is not deployed, or one that the questionnaire does not allow, is kept sealed. "
              "'survey import STUDY --kept' tries everything again, for instance after a version was deployed.",
    .example = "survey study kept tcn.study", .settings_size = sizeof(settings), .tables = { { OPTIONS, 0 }, { TOOL_OUTPUT, offsetof(settings, output) } }, .run = run };
