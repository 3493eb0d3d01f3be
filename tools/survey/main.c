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
    X(study_create) X(study_deploy) X(study_status) X(study_kept) X(study_parameters) X(study_design) X(study_weighting) X(study_verify) \
    X(study_account_add) X(study_account_list) X(study_account_disable) X(study_account_password) X(study_account_device) X(study_account_collect) X(study_link_add) X(study_link_list) X(study_link_close) \
    X(study_audit) X(study_key_show) X(study_key_take_out) X(study_key_put_back) X(study_open_sealed) X(cases_import) X(cases_list) X(cases_assign) X(cases_return) \
    X(interview) X(serve) X(sync) X(import) X(export) X(erase) \
    X(design) X(describe) X(mean) X(total) X(ratio) X(proportion) X(quantile) X(cdf) X(variance) X(correlation) X(contrast) X(multiple) X(table) X(test) X(regress) X(survival) X(weight) X(replicates)

#define DECLARE(name) extern const verb verb_##name;
VERBS(DECLARE)
static const verb verb_help, verb_man, verb_completion;

#define LIST(name) &verb_##name,
static const verb *const ALL[] = { VERBS(LIST) &verb_help, &verb_man, &verb_completion };
enum { N_VERBS = sizeof ALL / sizeof ALL[0] };

/* How many words of argv begin the name of a verb: all of its own when `whole`, otherwise as many as agree and are followed by another. */
static int words_of(const char *name, int argc, char **argv, int whole)
{
    for (int words = 0; words < argc; words++) {
        size_t len = strcspn(name, " ");
        if (strlen(argv[words]) != len || memcmp(argv[words], name, len) != 0)
            return whole ? 0 : words;
        if (name[len] == '\0')
            return whole ? words + 1 : words;
        name += len + 1;
    }
    return whole ? 0 : argc;
}

/* The verb that argv names; `words` receives how many words its name has. */
static const verb *find_verb(int argc, char **argv, int *words)
{
    for (size_t i = 0; i < N_VERBS; i++)
        if ((*words = words_of(ALL[i]->name, argc, argv, 1)) > 0)
            return ALL[i];
    return NULL;
}

/* What comes after the first `words` words of a name. */
static const char *after(const char *name, int words)
{
    for (; words > 0 && name != NULL; words--)
        name = strchr(name, ' ') != NULL ? strchr(name, ' ') + 1 : NULL;
    return name;
}

/* The words of argv that verbs begin with were given without one of their actions. */
static int no_action(int argc, char **argv, int words)
{
    char begin[128] = "";
    const char *next[N_VERBS];
    size_t n = 0;
    for (int i = 0; i < words; i++)
        snprintf(begin + strlen(begin), sizeof begin - strlen(begin), "%s%s", i > 0 ? " " : "", argv[i]);
    int help = argc > words && strcmp(argv[words], "--help") == 0;
    for (size_t i = 0; i < N_VERBS; i++) {
        if (words_of(ALL[i]->name, words, argv, 0) != words)
            continue;
        next[n++] = after(ALL[i]->name, words);
        if (help || argc <= words)
            fprintf(help ? stdout : stderr, "survey %s\n", ALL[i]->name);
    }
    if (help)
        return EXIT_DONE;
    if (argc <= words)
        return tool_usage(NULL, "'%s' needs an action", begin);
    int whole;
    const verb *other = find_verb(argc - words, argv + words, &whole);
    if (other != NULL)
        return tool_usage(other->name, "'%s' has no action '%s': it is a verb of its own, 'survey %s'", begin, other->name, other->name);
    const char *near = tool_nearest(argv[words], next, n);
    return near != NULL ? tool_usage(NULL, "'%s' has no action '%s': did you mean '%s'?", begin, argv[words], near)
                        : tool_usage(NULL, "'%s' has no action '%s': 'survey %s --help' lists them", begin, argv[words], begin);
}

/* A verb that has actions was given without one of them, or the verb does not exist. */
static int no_verb(int argc, char **argv)
{
    const char *names[N_VERBS], *near;
    int words = 0;
    for (size_t i = 0; i < N_VERBS; i++) {
        int n = words_of(ALL[i]->name, argc, argv, 0);
        words = n > words ? n : words;
        names[i] = ALL[i]->name;
    }
    if (words > 0)
        return no_action(argc, argv, words);
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

static const verb verb_help = { .name = "help", .group = FOR_EVERYONE, .arguments = "[VERB]", .max_arguments = 3,
    .summary = "explain a verb, or list them", .example = "survey help mean", .run = run_help };
static const verb verb_man = { .name = "man", .group = FOR_EVERYONE, .arguments = "[VERB]", .max_arguments = 3,
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
