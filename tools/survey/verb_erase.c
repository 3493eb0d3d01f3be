/* survey erase: destroys what an interview said; the record that there was one stays. */
#include "record.h"
#include "tool.h"
#include <stdio.h>
#include <survey/store.h>

struct settings { const char *actor, *reason; };
static const tool_option OPTIONS[] = {
    TOOL_TEXT_OPTION(struct settings, actor, "actor", 0, "NAME", "who erases, kept; the user's name unless given", NULL),
    TOOL_TEXT_OPTION(struct settings, reason, "reason", 'r', "TEXT", "why, e.g. the number of the request; kept", NULL),
    TOOL_END
};

static int run(void *settings, int argc, char **argv)
{
    struct settings *s = settings;
    svy_error err = SVY_ERROR_INIT;
    svy_study *study = NULL;
    int status = EXIT_DONE;
    if (s->reason == NULL)
        return tool_usage("erase", "say why with --reason");
    if (svy_study_open(NULL, argv[0], SVY_STUDY_WRITE, &study, &err) != SVY_OK)
        return tool_fail(&err);
    for (int i = 1; i < argc && status == EXIT_DONE; i++)
        if (svy_study_erase(study, argv[i], record_actor(s->actor), s->reason, record_now(), &err) != SVY_OK)
            status = tool_fail(&err);
    svy_study_close(study);
    return status;
}

const verb verb_erase = { .name = "erase", .group = FOR_FIELDWORK, .arguments = "STUDY INTERVIEW...", .min_arguments = 2, .max_arguments = -1,
    .summary = "destroy what an interview said",
    .detail = "Answers, typed rows and the key of the sealed submission are destroyed and cannot be brought back. That there was an interview, when and by whom, "
              "stays, and so does the hash chain. Backups hold the answers until they are replaced.",
    .example = "survey erase tcn.study 1b4e28ba-2fa1-4d2e-883f-0016d3cca427 --reason 'request 12'", .settings_size = sizeof(struct settings),
    .tables = { { OPTIONS, 0 } }, .run = run };
