/* survey simulate: random valid interviews, what they cover, and a whole study rehearsed before the field. */
#include "csv_file.h"
#include "distributions.h"
#include "record.h"
#include "sheet.h"
#include "tool.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <survey/exchange.h>
#include <survey/store.h>

struct settings {
    tool_output_options output;
    const char *form, *lang, *distributions, *sample, *outcomes;
    long cases, seed;
    double missing;
    tool_list parameters;
};
static const tool_option OPTIONS[] = {
    TOOL_TEXT_OPTION(struct settings, form, "form", 'f', "ID", "questionnaire, when the study has several", NULL),
    TOOL_COUNT_OPTION(struct settings, cases, "cases", 'n', "N", "interviews; with --sample its rows are the cases", "1000", 1, 100000000),
    TOOL_COUNT_OPTION(struct settings, seed, "seed", 0, "N", "the same seed gives the same interviews", "1", 1, 2000000000),
    TOOL_TEXT_OPTION(struct settings, distributions, "distributions", 'd', "FILE.csv", "answers are drawn from these: columns variable,value,share", NULL),
    TOOL_NUMBER_OPTION(struct settings, missing, "missing", 0, "SHARE", "don't know and refused, where the file says nothing", "0.05", 0, 1),
    TOOL_TEXT_OPTION(struct settings, sample, "sample", 0, "FILE.csv", "one row per sampled case: case, response (its probability to take part), known answers", NULL),
    TOOL_TEXT_OPTION(struct settings, outcomes, "outcomes", 0, "FILE.csv", "write the sample with what became of every case", NULL),
    TOOL_LIST_OPTION(struct settings, parameters, "parameter", 'p', "ID=VALUE", "a parameter of the questionnaire; a study has its own"),
    TOOL_TEXT_OPTION(struct settings, lang, "lang", 'l', "TAG", "language of the interviews", NULL),
    TOOL_END
};

/* What is simulated: a row of the sample, or just a number. */
typedef struct simulation {
    const struct settings *settings;
    const svy_form *form;
    svy_distributions *distributions;
    svy_coverage *coverage;
    csv_file sample; int has_sample;
    FILE *outcomes;
    long at;                       /* case at hand, from 1 */
    long total, silent;            /* silent: did not respond */
    char name[32];                 /* of a case without a sample */
    const char *parameters[2 * TOOL_LIST_MAX];
    svy_moment now;
} simulation;

/* ---- the cases ---- */

static double unit_of(uint64_t seed)
{
    /* One draw by splitmix64: whether a case responds is apart from what it answers. */
    uint64_t z = seed * 0x9E3779B97F4A7C15u + 0xD1B54A32D192ED03u;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return (double)((z ^ z >> 31) >> 11) * (1.0 / 9007199254740992.0);
}

/* A row of the sample with one more cell. */
static void put_outcome(simulation *s, size_t row, const char *outcome)
{
    for (size_t i = 0; s->outcomes != NULL && i < s->sample.columns; i++) {
        const char *text = csv_file_cell(&s->sample, row, i);
        const int quote = strpbrk(text, ",\"\r\n") != NULL;
        for (fputs(quote ? "\"" : "", s->outcomes); *text != '\0'; text++)
            fputs(*text == '"' ? "\"\"" : (char[]){ *text, '\0' }, s->outcomes);
        fputs(quote ? "\"," : ",", s->outcomes);
    }
    if (s->outcomes != NULL)
        fprintf(s->outcomes, "%s\n", outcome);
}

/* On to the next case that responds: 1, 0 at the end, -1 when the sample is wrong. */
static int next_case(void *user, int *line, svy_error *err)
{
    simulation *s = user;
    const char *text;
    size_t len;
    while (s->at < s->total) {
        double response = 1;
        s->at++;
        if (s->has_sample && !csv_file_next(&s->sample, line, err))
            return 0;
        if (s->has_sample && csv_file_get(&s->sample, "response", &text, &len) && len > 0) {
            char *end;
            response = strtod(text, &end);
            if (*end != '\0' || !(response >= 0 && response <= 1)) {
                err->code = SVY_E_VALUE;
                snprintf(err->message, sizeof err->message, "%.160s:%d: the response '%.24s' is no probability: give a number from 0 to 1",
                         s->settings->sample, *line, text);
                return -1;
            }
        }
        tool_progress("simulating", (size_t)s->at, (size_t)s->total, s->settings->output.quiet);
        if (unit_of((uint64_t)s->settings->seed * 1000003u + (uint64_t)s->at) < response) {
            *line = (int)s->at;
            return 1;
        }
        s->silent++;
        put_outcome(s, s->sample.row, "no-response");
    }
    return 0;
}

static int get_known(void *user, const char *name, const char **text, size_t *len)
{
    simulation *s = user;
    if (s->has_sample)
        return csv_file_get(&s->sample, name, text, len);
    if (strcmp(name, "case") != 0)
        return 0;
    snprintf(s->name, sizeof s->name, "%ld", s->at);
    *text = s->name;
    *len = strlen(s->name);
    return 1;
}

static int get_case(void *user, const char *name, const char **text, size_t *len)
{
    simulation *s = user;
    if (strcmp(name, "language") == 0 && s->settings->lang != NULL) {
        *text = s->settings->lang;
        *len = strlen(*text);
        return 1;
    }
    return get_known(user, name, text, len);
}

static const char *case_column(void *user, size_t i)
{
    static const char *const NAMES[] = { "case", "language" };
    const simulation *s = user;
    return i < (s->settings->lang != NULL ? 2u : 1u) ? NAMES[i] : NULL;
}

/* Carries out the interview of the case at hand. */
static svy_status conduct(void *user, svy_interview *iv, int line, svy_error *err)
{
    simulation *s = user;
    const svy_cells known = { get_known, NULL, s };
    svy_play play = SVY_PLAY_INIT;
    (void)line;
    play.seed = (uint64_t)s->settings->seed * 1000003u + (uint64_t)s->at;
    play.missing_share = s->settings->missing;
    play.distributions = s->distributions;
    play.coverage = s->coverage;
    play.known = s->has_sample ? &known : NULL;
    svy_status st = svy_interview_play(iv, &play, s->now, err);
    if (st == SVY_OK) {
        const char *outcome = svy_interview_outcome(iv);
        put_outcome(s, s->sample.row, outcome[0] != '\0' ? outcome : "complete");
    }
    return st;
}

/* ---- in a study, or by itself ---- */

static void count_interviews(void *user, const svy_study_count *count)
{
    *(uint64_t *)user += count->open + count->suspended + count->complete + count->ended_early;
}

static void no_outcome(void *user, const char *form, const char *outcome, uint64_t count)
{
    (void)user, (void)form, (void)outcome, (void)count;
}

static svy_status is_there(void *user, const char *text, size_t len)
{
    (void)text, (void)len;
    *(int *)user = 1;
    return SVY_OK;
}

/* Simulated answers never stand beside collected ones. */
static svy_status mark(svy_study *study, svy_error *err)
{
    uint64_t interviews = 0;
    int marked = 0;
    svy_status st = svy_study_text(study, "rehearsal", is_there, &marked, err);
    if (st == SVY_OK && !marked)
        st = svy_study_status(study, count_interviews, no_outcome, &interviews, err);
    if (st != SVY_OK || marked)
        return st;
    if (interviews > 0) {
        err->code = SVY_E_STATE;
        snprintf(err->message, sizeof err->message, "the study holds collected interviews: simulate in a study of its own (survey study create), or give the questionnaire's file");
        return SVY_E_STATE;
    }
    return svy_study_set_text(study, "rehearsal", "simulated interviews", err);
}

static svy_status play_study(simulation *s, svy_study *study, svy_error *err)
{
    svy_diags diags = { tool_report, NULL, 0, 0 };
    svy_import_options options = SVY_IMPORT_OPTIONS_INIT;
    svy_import_result result;
    const svy_rows rows = { next_case, { get_case, case_column, s }, s, s->settings->sample != NULL ? s->settings->sample : "simulation" };
    options.interviewer = "simulation";
    options.mode = SVY_MODE_SIMULATION;
    options.conduct = conduct;
    options.conduct_user = s;
    options.seed = (uint64_t)s->settings->seed;
    svy_status st = mark(study, err);
    if (st == SVY_OK)
        st = svy_study_import(study, s->settings->form, &rows, &options, s->now, &diags, &result, err);
    if (st == SVY_OK && result.skipped > 0)
        tool_say("%llu cases were there already and were not simulated again: give another --sample, or start with a new study", (unsigned long long)result.skipped);
    return st;
}

/* "stage=2" as two texts. `copy` holds them. @return an exit status */
static int split_parameters(const tool_list *list, char **copy, const char **pairs)
{
    size_t room = 0, used = 0;
    for (size_t i = 0; i < list->count; i++)
        room += strlen(list->items[i]) + 1;
    if ((*copy = malloc(room + 1)) == NULL)
        return tool_usage("simulate", "out of memory");
    for (size_t i = 0; i < list->count; i++) {
        char *at = *copy + used, *equals;
        strcpy(at, list->items[i]);
        used += strlen(at) + 1;
        if ((equals = strchr(at, '=')) == NULL)
            return tool_usage("simulate", "'%s' is no parameter: write ID=VALUE", at);
        *equals = '\0';
        pairs[2 * i] = at;
        pairs[2 * i + 1] = equals + 1;
    }
    return EXIT_DONE;
}

static svy_status play_one(simulation *s, svy_error *err)
{
    svy_interview_options options = SVY_INTERVIEW_OPTIONS_INIT;
    svy_interview *iv = NULL;
    options.seed = (uint64_t)s->settings->seed + (uint64_t)s->at;
    options.language = s->settings->lang;
    options.parameters = s->parameters;
    options.n_parameters = s->settings->parameters.count;
    svy_status st = svy_interview_new(NULL, s->form, &options, s->now, &iv, err);
    if (st == SVY_OK)
        st = conduct(s, iv, 0, err);
    svy_interview_free(iv);
    return st;
}

/* A case that cannot be answered is told and the next one is tried: the questionnaire has a dead end. */
static svy_status play_form(simulation *s, svy_error *err)
{
    int line = 0, more, wrong = 0;
    while ((more = next_case(s, &line, err)) > 0) {
        svy_status st = play_one(s, err);
        if (st == SVY_E_NOMEM || st == SVY_E_NAME)
            return st;
        if (st != SVY_OK && ++wrong <= 10)
            tool_say("case %ld (seed %ld): %s", s->at, s->settings->seed, err->message);
    }
    if (more == 0 && wrong > 0) {
        snprintf(err->message, sizeof err->message, "%d of %ld interviews could not be completed", wrong, s->at);
        err->code = SVY_E_INVALID;
    }
    return more < 0 || wrong > 0 ? err->code : SVY_OK;
}

/* ---- what came of it ---- */

static void put_row(svy_sheet *sheet, const char *kind, const char *id, const char *text, const svy_reached *r, const svy_tried *t)
{
    const svy_reached none = { .asked = 0 };
    const svy_reached *x = r != NULL ? r : &none;
    svy_sheet_text(sheet, kind);
    svy_sheet_text(sheet, id);
    svy_sheet_number(sheet, (double)(t != NULL ? t->looked : x->asked));
    svy_sheet_number(sheet, (double)x->skipped);
    svy_sheet_number(sheet, (double)x->answered);
    svy_sheet_number(sheet, (double)x->missing);
    svy_sheet_number(sheet, (double)(t != NULL ? t->failed : 0));
    svy_sheet_number(sheet, (double)x->drawn);
    svy_sheet_number(sheet, (double)x->not_drawn);
    svy_sheet_text(sheet, text);
}

static const char *kind_name(uint32_t kind)
{
    switch (kind) {
    case SVY_EL_QUESTION: return "question";
    case SVY_EL_SECTION: return "section";
    case SVY_EL_ROSTER: return "roster";
    case SVY_EL_NOTE: return "note";
    case SVY_EL_END: return "end";
    default: return NULL;
    }
}

static void put_checks(const simulation *s, svy_sheet *sheet, uint32_t item, const char *id)
{
    uint32_t n = 0;
    for (uint32_t c = 0; c < svy_form_checks(s->form); c++) {
        char name[128];
        const svy_tried t = svy_coverage_check(s->coverage, c);
        if (svy_form_check(s->form, c)->item != item)
            continue;
        snprintf(name, sizeof name, "%s/check/%u", id, ++n);
        put_row(sheet, "check", name, svy_form_check_text(s->form, c, 0), NULL, &t);
    }
}

static int write_coverage(const simulation *s)
{
    static const svy_sheet_column COLUMNS[] = { { "kind", SVY_SHEET_TEXT }, { "id", SVY_SHEET_TEXT }, { "asked", SVY_SHEET_NUMBER }, { "skipped", SVY_SHEET_NUMBER },
        { "answered", SVY_SHEET_NUMBER }, { "missing", SVY_SHEET_NUMBER }, { "failed", SVY_SHEET_NUMBER }, { "drawn", SVY_SHEET_NUMBER | SVY_SHEET_OPTIONAL },
        { "not_drawn", SVY_SHEET_NUMBER | SVY_SHEET_OPTIONAL }, { "text", SVY_SHEET_TEXT } };
    svy_error err = SVY_ERROR_INIT;
    svy_sheet *sheet;
    if (svy_sheet_new(NULL, COLUMNS, sizeof COLUMNS / sizeof COLUMNS[0], &sheet, &err) != SVY_OK)
        return tool_fail(&err);
    put_checks(s, sheet, 0, "");
    for (uint32_t i = 1; i < svy_form_items(s->form); i++) {
        const svy_item *item = svy_form_item(s->form, i);
        const char *id = svy_form_item_id(s->form, i);
        const svy_reached r = svy_coverage_item(s->coverage, i);
        svy_role role = item->kind == SVY_EL_SECTION ? SVY_TITLE : item->kind == SVY_EL_END ? SVY_TEXT : SVY_LABEL;
        if (kind_name(item->kind) != NULL)
            put_row(sheet, kind_name(item->kind), id, svy_form_text(s->form, i, role, 0), &r, NULL);
        put_checks(s, sheet, i, id);
    }
    int status = tool_write_sheet(sheet, &s->settings->output);
    svy_sheet_free(sheet);
    return status;
}

/* Up to ten ids that `is` picks, and how many there are. */
static void tell(const simulation *s, const char *what, int (*is)(const simulation *, uint32_t))
{
    char list[1024] = "";
    unsigned n = 0;
    for (uint32_t i = 1; i < svy_form_items(s->form); i++)
        if (is(s, i) && n++ < 10)
            snprintf(list + strlen(list), sizeof list - strlen(list), "%s%s", n > 1 ? ", " : "", svy_form_item_id(s->form, i));
    if (n > 0)
        tool_say("%s: %u (%s%s)", what, n, list, n > 10 ? ", ..." : "");
}

static int never_reached(const simulation *s, uint32_t i)
{
    const uint32_t kind = svy_form_item(s->form, i)->kind;
    return kind_name(kind) != NULL && svy_coverage_item(s->coverage, i).asked == 0;
}

static int never_skipped(const simulation *s, uint32_t i)
{
    return svy_form_item(s->form, i)->relevant != 0 && svy_coverage_item(s->coverage, i).skipped == 0;
}

static int not_drawn(const simulation *s, uint32_t i)
{
    return svy_coverage_item(s->coverage, i).not_drawn > 0;
}

static void tell_all(const simulation *s)
{
    const svy_lengths l = svy_coverage_lengths(s->coverage);
    unsigned checks = 0, failed = 0;
    for (uint32_t c = 0; c < svy_form_checks(s->form); c++) {
        checks++;
        failed += svy_coverage_check(s->coverage, c).failed > 0;
    }
    tool_say("%llu interviews: %llu complete, %llu ended early; %ld cases did not respond", (unsigned long long)l.interviews, (unsigned long long)l.complete,
             (unsigned long long)l.ended, s->silent);
    tool_say("questions asked: median %u, longest %u, shortest %u; %llu different paths", l.median, l.longest, l.shortest, (unsigned long long)l.paths);
    tool_say("checks: %u of %u were seen to fail for some answer", failed, checks);
    tell(s, "never reached", never_reached);
    tell(s, "never routed away, though they have a condition", never_skipped);
    tell(s, "answers that no draw from the distributions could give", not_drawn);
}

/* ---- the verb ---- */

static int is_study(const char *path)
{
    char head[16] = "";
    FILE *f = fopen(path, "rb");
    size_t n = f != NULL ? fread(head, 1, sizeof head, f) : 0;
    if (f != NULL)
        fclose(f);
    return n == sizeof head && memcmp(head, "SQLite format 3", 16) == 0;
}

static int begin_sample(simulation *s, tool_output *out)
{
    svy_error err = SVY_ERROR_INIT;
    int status = EXIT_DONE;
    if (s->settings->outcomes != NULL && s->settings->sample == NULL)
        return tool_usage("simulate", "--outcomes tells what became of the cases of a --sample");
    if (s->settings->sample == NULL)
        return EXIT_DONE;
    if (csv_file_read(&s->sample, s->settings->sample, &err) != SVY_OK)
        return tool_fail(&err);
    s->has_sample = 1;
    s->total = s->sample.n_rows > 0 ? (long)s->sample.n_rows - 1 : 0;
    if (s->settings->outcomes != NULL && (status = tool_output_begin(out, s->settings->outcomes)) == EXIT_DONE) {
        s->outcomes = out->file;
        put_outcome(s, 0, "outcome");
    }
    return status;
}

static int simulate(simulation *s, svy_study *study)
{
    svy_error err = SVY_ERROR_INIT;
    tool_output out = { NULL, NULL, NULL };
    int status = tool_distributions_read(s->settings->distributions, s->form, &s->distributions);
    if (status == EXIT_DONE && svy_coverage_new(NULL, s->form, &s->coverage, &err) != SVY_OK)
        status = tool_fail(&err);
    if (status == EXIT_DONE)
        status = begin_sample(s, &out);
    if (status == EXIT_DONE && (study != NULL ? play_study(s, study, &err) : play_form(s, &err)) != SVY_OK)
        status = tool_fail(&err);
    if (s->outcomes != NULL)
        status = tool_output_end(&out, status);
    if (s->coverage != NULL && svy_coverage_lengths(s->coverage).interviews > 0) {
        int wrote = write_coverage(s);
        status = status != EXIT_DONE ? status : wrote;
        if (!s->settings->output.quiet)
            tell_all(s);
    }
    svy_coverage_free(s->coverage);
    svy_distributions_free(s->distributions);
    csv_file_clear(&s->sample);
    return status;
}

static int simulate_file(simulation *s, const char *path)
{
    svy_error err = SVY_ERROR_INIT;
    svy_diags diags = { NULL, NULL, 0, 0 };
    void *block = NULL;
    size_t size = 0;
    svy_form *form = NULL;
    if (svy_questionnaire_read(NULL, path, NULL, &diags, &block, &size, &err) != SVY_OK || svy_form_open(NULL, block, size, &form, &err) != SVY_OK) {
        svy_block_free(NULL, block, size);
        return tool_fail(&err);
    }
    s->form = form;
    char *texts = NULL;
    int status = split_parameters(&s->settings->parameters, &texts, s->parameters);
    if (status == EXIT_DONE)
        status = simulate(s, NULL);
    free(texts);
    svy_form_free(form);
    svy_block_free(NULL, block, size);
    return status;
}

static int run(void *settings, int argc, char **argv)
{
    const struct settings *o = settings;
    simulation s = { .settings = o, .total = o->cases, .now = record_now(), .sample = CSV_FILE_INIT };
    svy_error err = SVY_ERROR_INIT;
    svy_study *study = NULL;
    int status;
    (void)argc;
    if (!is_study(argv[0]))
        return simulate_file(&s, argv[0]);
    if (o->parameters.count > 0)
        return tool_usage("simulate", "a study has its own parameters: set them with 'survey study parameters'");
    if (svy_study_open(NULL, argv[0], SVY_STUDY_WRITE, &study, &err) != SVY_OK || svy_study_form(study, o->form, &s.form, &err) != SVY_OK)
        status = tool_fail(&err);
    else
        status = simulate(&s, study);
    svy_study_close(study);
    return status;
}

const verb verb_simulate = { .name = "simulate", .group = FOR_RESEARCHERS, .arguments = "STUDY|QUESTIONNAIRE", .min_arguments = 1, .max_arguments = 1,
    .summary = "random valid interviews: what they reach, and a study rehearsed before the field",
    .detail = "Plays whole interviews through the engine and tells for every question, section, roster, end and check in how many of them it was asked, skipped, answered, "
              "or failed; what was never reached; the longest and the median interview. With a study the interviews are stored in it, so that design, weighting, tables and "
              "reports can be tried out; a study that holds collected answers is refused. Distributions: one line per value, \"18..29\" is a range, \"refused\" and "
              "\"dont-know\" are values too; shares of a question with one answer may be counts; any other column is a variable that the line depends on. "
              "In a sample, columns that are questions are their answers.",
    .example = "survey simulate questionnaire.xml --cases 1000 --seed 7\n"
               "survey simulate rehearsal.study --distributions population.csv --sample sample.csv --outcomes outcomes.csv",
    .settings_size = sizeof(struct settings), .tables = { { OPTIONS, 0 }, { TOOL_OUTPUT, offsetof(struct settings, output) } }, .run = run };
