/* The verbs study design and study weighting: the sampling design and the weighting plan that a study file carries, so that nobody types them. */
#include <stdlib.h>
#include <string.h>
#include <survey/exchange.h>
#include <survey/store.h>

#include "data.h"
#include "tool.h"

/* One of the texts that a study carries. */
typedef struct carried {
    const char *name, *verb, *what;
    svy_status (*check)(const char *path, const char *text, svy_diags *diags, svy_error *err);
} carried;

typedef struct settings { int clear; tool_output_options output; } settings;
static const tool_option OPTIONS[] = {
    TOOL_FLAG_OPTION(settings, clear, "clear", 0, "take it out of the study"),
    TOOL_TEXT_OPTION(settings, output.path, "output", 'o', "FILE", "where it is printed; - is standard output", "-"),
    TOOL_END
};

/* The whole file as text; NULL and an error that was printed. */
static char *read_text(const char *path)
{
    FILE *f = fopen(path, "rb");
    size_t used = 0, room = 1 << 16;
    char *text = f != NULL ? malloc(room) : NULL;
    while (text != NULL) {
        used += fread(text + used, 1, room - 1 - used, f);
        if (used < room - 1)
            break;
        room *= 2;
        char *more = room <= (size_t)1 << 25 ? realloc(text, room) : NULL;
        if (more == NULL)
            free(text);
        text = more;
    }
    if (f == NULL || text == NULL || ferror(f)) {
        tool_say("%s: the file cannot be read", path);
        free(text);
        text = NULL;
    } else {
        text[used] = '\0';
    }
    if (f != NULL)
        fclose(f);
    return text;
}

static svy_status check_design(const char *path, const char *text, svy_diags *diags, svy_error *err)
{
    svy_design_file *file = NULL;
    (void)text;
    svy_status st = svy_design_file_read(NULL, path, NULL, diags, &file, err);
    svy_design_file_free(file);
    return st;
}

/* A plan that a study carries has no folder, so its margins stand in it. */
static svy_status check_weighting(const char *path, const char *text, svy_diags *diags, svy_error *err)
{
    svy_weighting_file *file = NULL;
    (void)path;
    svy_status st = svy_weighting_file_read_memory(NULL, text, strlen(text), NULL, NULL, diags, &file, err);
    svy_weighting_file_free(file);
    return st;
}

static const carried DESIGN = { "design", "study design", "sampling design", check_design };
static const carried WEIGHTING = { "weighting", "study weighting", "weighting plan", check_weighting };

/* Only what can be read back is stored. */
static int store(const carried *c, const char *study_path, const char *path)
{
    svy_error err = SVY_ERROR_INIT;
    svy_diags diags = { tool_report, NULL, 0, 0 };
    svy_study *study = NULL;
    char *text = read_text(path);
    if (text == NULL)
        return EXIT_SYSTEM;
    svy_status st = c->check(path, text, &diags, &err);
    int reported = st == SVY_E_INVALID;
    if (st == SVY_OK)
        st = svy_study_open(NULL, study_path, SVY_STUDY_WRITE, &study, &err);
    if (st == SVY_OK)
        st = svy_study_set_text(study, c->name, text, &err);
    svy_study_close(study);
    free(text);
    return st == SVY_OK ? EXIT_DONE : reported ? EXIT_WRONG : tool_fail(&err);
}

static int clear(const carried *c, const char *study_path)
{
    svy_error err = SVY_ERROR_INIT;
    svy_study *study = NULL;
    svy_status st = svy_study_open(NULL, study_path, SVY_STUDY_WRITE, &study, &err);
    if (st == SVY_OK)
        st = svy_study_set_text(study, c->name, NULL, &err);
    svy_study_close(study);
    return st == SVY_OK ? EXIT_DONE : tool_fail(&err);
}

typedef struct printing { const char *path; int status; } printing;
static svy_status print_text(void *user, const char *text, size_t len)
{
    printing *p = user;
    p->status = tool_write(p->path, text, len);
    return SVY_OK;
}

static int print(const carried *c, const char *study_path, const char *path)
{
    svy_error err = SVY_ERROR_INIT;
    svy_study *study = NULL;
    printing p = { path, -1 };
    svy_status st = svy_study_open(NULL, study_path, SVY_STUDY_READ, &study, &err);
    if (st == SVY_OK)
        st = svy_study_text(study, c->name, print_text, &p, &err);
    svy_study_close(study);
    if (st == SVY_OK && p.status < 0)
        tool_say("%s carries no %s", study_path, c->what);
    return st != SVY_OK ? tool_fail(&err) : p.status < 0 ? EXIT_WRONG : p.status;
}

static int run(const carried *c, void *settings_, int argc, char **argv)
{
    const settings *o = settings_;
    if (o->clear)
        return argc > 1 ? tool_usage(c->verb, "there is a file to store, and --clear: give one of them") : clear(c, argv[0]);
    return argc > 1 ? store(c, argv[0], argv[1]) : print(c, argv[0], o->output.path);
}

static int run_design(void *settings_, int argc, char **argv) { return run(&DESIGN, settings_, argc, argv); }
static int run_weighting(void *settings_, int argc, char **argv) { return run(&WEIGHTING, settings_, argc, argv); }

const verb verb_study_design = { .name = "study design", .group = FOR_FIELDWORK, .arguments = "STUDY [FILE]", .min_arguments = 1, .max_arguments = 2,
    .summary = "store the sampling design in a study, or print it",
    .detail = "FILE is XML with the options of the sampling design by their long names (docs/formats/design.md). Analyses of the study use it unless an option of the "
              "design is given.",
    .example = "survey study design tcn.study design.xml", .settings_size = sizeof(settings), .tables = { { OPTIONS, 0 } }, .run = run_design };

const verb verb_study_weighting = { .name = "study weighting", .group = FOR_FIELDWORK, .arguments = "STUDY [FILE]", .min_arguments = 1, .max_arguments = 2,
    .summary = "store the weighting plan in a study, or print it",
    .detail = "FILE is a weighting plan (docs/formats/weighting-plan.md) with its margins written into it. Analyses of the study carry it out, unless --weighting or --calibrate "
              "is given.",
    .example = "survey study weighting tcn.study plan.xml", .settings_size = sizeof(settings), .tables = { { OPTIONS, 0 } }, .run = run_weighting };
