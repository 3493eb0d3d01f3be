/* The command `survey`: the table of verbs, and the way from the command line to one of them. */
#define _XOPEN_SOURCE 700
#include "tool.h"
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

/* One line per verb, in the order of `survey --help`: X(researchers' verbs first). */
#define VERBS(X) \
    X(check) X(show) X(convert) X(simulate) \
    X(study_create) X(study_deploy) X(study_status) X(study_parameters) X(study_design) X(study_weighting) X(study_verify) X(interview) X(serve) X(import) X(export) X(erase) \
    X(design) X(describe) X(mean) X(total) X(ratio) X(proportion) X(quantile) X(cdf) X(variance) X(correlation) X(contrast) X(multiple) X(table) X(test) X(regress) X(survival) X(weight) X(replicates)

#define DECLARE(name) extern const verb verb_##name;
VERBS(DECLARE)
static const verb verb_help, verb_man, verb_completion;

#define LIST(name) &verb_##name,
static const verb *const ALL[] = { VERBS(LIST) &verb_help, &verb_man, &verb_completion };
enum { N_VERBS = sizeof ALL / sizeof ALL[0] };

/* The verb that argv names; `words` receives how many words its name has. */
static const verb *find_verb(int argc, char **argv, int *words)
{
    for (size_t i = 0; i < N_VERBS; i++) {
        size_t first = strcspn(ALL[i]->name, " ");
        if (strlen(argv[0]) != first || memcmp(argv[0], ALL[i]->name, first) != 0)
            continue;
        *words = 1;
        if (ALL[i]->name[first] == '\0')
            return ALL[i];
        if (argc > 1 && strcmp(argv[1], ALL[i]->name + first + 1) == 0) {
            *words = 2;
            return ALL[i];
        }
    }
    return NULL;
}

/* A verb that has actions was given without one of them, or the verb does not exist. */
static int no_verb(int argc, char **argv)
{
    const char *names[N_VERBS], *near;
    size_t first = strlen(argv[0]), actions = 0;
    for (size_t i = 0; i < N_VERBS; i++)
        if (strncmp(ALL[i]->name, argv[0], first) == 0 && ALL[i]->name[first] == ' ')
            names[actions++] = ALL[i]->name + first + 1;
    if (actions > 0) {
        int help = argc > 1 && strcmp(argv[1], "--help") == 0;
        if (help || argc < 2)
            for (size_t i = 0; i < actions; i++)
                fprintf(help ? stdout : stderr, "survey %s %s\n", argv[0], names[i]);
        if (help)
            return EXIT_DONE;
        near = argc > 1 ? tool_nearest(argv[1], names, actions) : NULL;
        return near != NULL ? tool_usage(NULL, "'%s' has no action '%s': did you mean '%s'?", argv[0], argv[1], near)
                            : tool_usage(NULL, "'%s' needs an action", argv[0]);
    }
    for (size_t i = 0; i < N_VERBS; i++)
        names[i] = ALL[i]->name;
    near = tool_nearest(argv[0], names, N_VERBS);
    return near != NULL ? tool_usage(NULL, "there is no verb '%s': did you mean '%s'?", argv[0], near)
                        : tool_usage(NULL, "there is no verb '%s'", argv[0]);
}

static int run_help(void *settings, int argc, char **argv)
{
    int words = 0;
    (void)settings;
    if (argc == 0) {
        help_all(stdout, ALL, N_VERBS);
        return EXIT_DONE;
    }
    const verb *v = find_verb(argc, argv, &words);
    if (v == NULL)
        return no_verb(argc, argv);
    help_verb(stdout, v);
    return EXIT_DONE;
}

static int run_man(void *settings, int argc, char **argv)
{
    int words = 0;
    const verb *v = argc > 0 ? find_verb(argc, argv, &words) : NULL;
    (void)settings;
    if (argc > 0 && v == NULL)
        return no_verb(argc, argv);
    help_man(stdout, ALL, N_VERBS, v);
    return EXIT_DONE;
}

static int run_completion(void *settings, int argc, char **argv)
{
    (void)settings;
    (void)argc;
    if (strcmp(argv[0], "bash") != 0)
        return tool_usage("completion", "there is no completion for '%s': give bash", argv[0]);
    help_completion(stdout, ALL, N_VERBS);
    return EXIT_DONE;
}

static const verb verb_help = { .name = "help", .group = FOR_EVERYONE, .arguments = "[VERB]", .max_arguments = 2,
    .summary = "explain a verb, or list them", .example = "survey help mean", .run = run_help };
static const verb verb_man = { .name = "man", .group = FOR_EVERYONE, .arguments = "[VERB]", .max_arguments = 2,
    .summary = "print the manual page of a verb", .example = "survey man mean | man -l -", .run = run_man };
static const verb verb_completion = { .name = "completion", .group = FOR_EVERYONE, .arguments = "bash", .min_arguments = 1, .max_arguments = 1,
    .summary = "print the completion script of a shell", .example = "source <(survey completion bash)", .run = run_completion };

/* What help and others print without tool_output: a full disk must show in the exit status. */
static int finish(int status)
{
    if (status != EXIT_DONE || (fflush(stdout) == 0 && !ferror(stdout)))
        return status;
    tool_say("standard output: cannot write: %s", strerror(errno));
    return EXIT_SYSTEM;
}

static int run_verb(int argc, char **argv)
{
    int words = 0;
    if (argc < 2) {
        help_all(stderr, ALL, N_VERBS);
        return EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
        return run_help(NULL, 0, argv);
    if (strcmp(argv[1], "--version") == 0) {
        puts("survey (libsurvey) " SVY_VERSION);
        return EXIT_DONE;
    }
    const verb *v = find_verb(argc - 1, argv + 1, &words);
    if (v == NULL)
        return no_verb(argc - 1, argv + 1);
    void *settings = calloc(1, v->settings_size + 1);
    if (settings == NULL) {
        tool_say("out of memory");
        return EXIT_SYSTEM;
    }
    int count = tool_parse(v, settings, argc - 1 - words, argv + 1 + words);
    int status = count < 0 ? -1 - count : v->run(settings, count, argv + 1 + words);
    free(settings);
    return status;
}

int main(int argc, char **argv)
{
    /* A file that may not grow any more is an error like a full disk, not the end of the program. */
    signal(SIGXFSZ, SIG_IGN);
    return finish(run_verb(argc, argv));
}
