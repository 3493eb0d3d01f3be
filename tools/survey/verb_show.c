/* survey show: the outline of a questionnaire, and its routing as a drawing. */
#define _POSIX_C_SOURCE 200809L
#include "tool.h"
#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <survey/exchange.h>

extern char **environ;

struct settings { const char *lang, *path, *graph; int format, routing; };

enum { AS_TEXT, AS_JSON };
enum { DRAWING_SECONDS = 60 };

/* ---- where the text goes ---- */

static svy_status to_file(void *user, const char *bytes, size_t len)
{
    return fwrite(bytes, 1, len, user) == len ? SVY_OK : SVY_E_IO;
}

/* What a drawing program would not take is no error here: its exit status tells. */
static svy_status to_pipe(void *user, const char *bytes, size_t len)
{
    const int fd = *(const int *)user;
    while (len > 0) {
        const ssize_t n = write(fd, bytes, len);
        if (n < 0 && errno == EPIPE)
            return SVY_OK;
        if (n < 0 && errno != EINTR)
            return SVY_E_IO;
        bytes += n > 0 ? n : 0;
        len -= n > 0 ? (size_t)n : 0;
    }
    return SVY_OK;
}

/* ---- drawing with Graphviz ---- */

/* "-Tsvg" for a file that Graphviz is to draw; NULL for its own language. */
static const char *drawing(const char *path)
{
    static const struct { const char *ending, *option; } KINDS[] = { { ".svg", "-Tsvg" }, { ".pdf", "-Tpdf" }, { ".png", "-Tpng" } };
    const size_t len = path != NULL ? strlen(path) : 0;
    for (size_t i = 0; i < sizeof KINDS / sizeof KINDS[0]; i++)
        if (len > 4 && strcmp(path + len - 4, KINDS[i].ending) == 0)
            return KINDS[i].option;
    return NULL;
}

static int is_dot(const char *path)
{
    const size_t len = strlen(path);
    return (len > 4 && strcmp(path + len - 4, ".dot") == 0) || (len > 3 && strcmp(path + len - 3, ".gv") == 0) || strncmp(path, "/dev/", 5) == 0 ||
           strcmp(path, "-") == 0;
}

/* Starts dot (no shell) with its input from `in` and its output to `out`. @return 0 or an errno */
static int start_dot(pid_t *pid, const char *kind, int in, int other_end, int out)
{
    char name[] = "dot", option[8];
    char *arguments[] = { name, option, NULL };
    posix_spawn_file_actions_t actions;
    int error = posix_spawn_file_actions_init(&actions);
    snprintf(option, sizeof option, "%s", kind);
    if (error != 0)
        return error;
    error = posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
    if (error == 0)
        error = posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
    if (error == 0)
        error = posix_spawn_file_actions_addclose(&actions, other_end);
    if (error == 0)
        error = posix_spawnp(pid, name, &actions, NULL, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    return error;
}

/* Graphviz needs hours for thousands of questions: it is ended after a minute. @return 0 when it was */
static int wait_dot(pid_t pid, int *state)
{
    const struct timespec pause = { 0, 20000000 };
    for (int i = 0; i < DRAWING_SECONDS * 50; i++) {
        const pid_t ended = waitpid(pid, state, WNOHANG);
        if (ended == pid || (ended < 0 && errno != EINTR))
            return 1;
        nanosleep(&pause, NULL);
    }
    kill(pid, SIGKILL);
    while (waitpid(pid, state, 0) < 0 && errno == EINTR)
        ;
    return 0;
}

static int draw(const svy_form *f, uint32_t lang, const char *kind, FILE *out)
{
    int ends[2], state = 0, error;
    svy_error err = SVY_ERROR_INIT;
    pid_t pid;
    if (pipe(ends) != 0) {
        tool_say("no pipe to Graphviz: %s", strerror(errno));
        return EXIT_SYSTEM;
    }
    error = start_dot(&pid, kind, ends[0], ends[1], fileno(out));
    close(ends[0]);
    if (error != 0) {
        close(ends[1]);
        if (error == ENOENT)
            tool_say("Graphviz is not installed, so the graph cannot be drawn: install the package graphviz, or write a .dot file");
        else
            tool_say("Graphviz does not start: %s", strerror(error));
        return EXIT_SYSTEM;
    }
    signal(SIGPIPE, SIG_IGN);
    const svy_sink sink = { to_pipe, &ends[1] };
    const svy_status st = svy_form_routing_dot(f, lang, &sink, &err);
    close(ends[1]);
    const int ended = wait_dot(pid, &state);
    if (st != SVY_OK)
        return tool_fail(&err);
    if (!ended) {
        tool_say("Graphviz did not end within %d seconds, the questionnaire is too long for it: write a .dot file and draw that with dot or sfdp", DRAWING_SECONDS);
        return EXIT_SYSTEM;
    }
    if (!WIFEXITED(state) || WEXITSTATUS(state) != 0) {
        tool_say("Graphviz failed to draw the graph: write a .dot file and look at it");
        return EXIT_SYSTEM;
    }
    return EXIT_DONE;
}

/* ---- the verb ---- */

static int show(const struct settings *s, const svy_form *f, uint32_t lang)
{
    tool_output out;
    svy_error err = SVY_ERROR_INIT;
    const char *kind = s->routing ? drawing(s->path) : NULL;
    int status = tool_output_begin(&out, s->path);
    if (status != EXIT_DONE)
        return status;
    if (kind != NULL)
        return tool_output_end(&out, draw(f, lang, kind, out.file));
    const svy_sink sink = { to_file, out.file };
    const svy_status st = s->routing ? svy_form_routing_dot(f, lang, &sink, &err)
                          : s->format == AS_JSON ? svy_form_outline_json(f, lang, &sink, &err) : svy_form_outline(f, lang, &sink, &err);
    return tool_output_end(&out, st == SVY_OK ? EXIT_DONE : tool_fail(&err));
}

static void report(void *user, const svy_diag *d)
{
    if (d->severity == SVY_PROBLEM)
        tool_report(user, d);
}

static int run(void *settings, int argc, char **argv)
{
    struct settings *s = settings;
    svy_diags diags = { .report = report };
    svy_error err = SVY_ERROR_INIT;
    void *block = NULL;
    size_t size = 0;
    svy_form *f = NULL;
    int lang = 0, status;
    (void)argc;
    if (s->graph != NULL && drawing(s->graph) == NULL && !is_dot(s->graph))
        return tool_usage("show", "--graph is '%s': give a name that ends in .svg, .pdf, .png or .dot", s->graph);
    if (s->graph != NULL) {
        s->routing = 1;
        s->path = s->graph;
    }
    svy_status st = svy_questionnaire_read(NULL, argv[0], NULL, &diags, &block, &size, &err);
    if (st == SVY_E_INVALID)
        return EXIT_WRONG;
    if (st == SVY_OK)
        st = svy_form_open(NULL, block, size, &f, &err);
    if (st == SVY_OK && s->lang != NULL)
        lang = svy_form_find_language(f, s->lang);
    if (st != SVY_OK)
        status = tool_fail(&err);
    else if (lang < 0)
        status = tool_usage("show", "the questionnaire is not in '%s'", s->lang);
    else
        status = show(s, f, (uint32_t)lang);
    svy_form_free(f);
    svy_block_free(NULL, block, size);
    return status;
}

static const tool_option OPTIONS[] = {
    TOOL_TEXT_OPTION(struct settings, lang, "lang", 'l', "CODE", "language of the texts, such as bg", NULL),
    TOOL_CHOICE_OPTION(struct settings, format, "format", 0, "text|json", "for reading, or for programs", "text"),
    TOOL_TEXT_OPTION(struct settings, path, "output", 'o', "FILE", "write there instead of to standard output", NULL),
    TOOL_TEXT_OPTION(struct settings, graph, "graph", 'g', "FILE", "draw the routing: FILE.svg, .pdf or .png (with Graphviz), or .dot", NULL),
    TOOL_FLAG_OPTION(struct settings, routing, "routing", 0, "the routing graph instead of the outline; with -o FILE.svg as a drawing"),
    TOOL_END
};

const verb verb_show = { .name = "show", .group = FOR_RESEARCHERS, .arguments = "FILE", .min_arguments = 1, .max_arguments = 1,
    .summary = "print the outline of a questionnaire, or draw its routing",
    .detail = "The outline has every question with its type, choices, conditions and checks. The graph has the questions in their order, "
              "what is skipped when, sections and rosters as frames, and early ends.",
    .example = "survey show questionnaire.xml\nsurvey show questionnaire.xml --lang bg\nsurvey show questionnaire.xml --graph routing.svg",
    .settings_size = sizeof(struct settings), .tables = { { OPTIONS, 0 } }, .run = run };
