/* A study as it is planned, from its XML file: which questionnaires it holds, and with which parameters. */
#include <string.h>

#include "exchange/file.h"
#include "exchange/xml/xml.h"

static const char NS[] = "urn:libsurvey:study:1";
enum { QUESTIONNAIRES_MAX = 1000, PARAMETERS_MAX = 10000 };

struct svy_study_plan {
    svyi_arena arena;
    const char *title;
    svy_planned_questionnaire *questionnaires;
    size_t count;
};

typedef struct reader {
    svyi_arena *arena;
    svyi_xml_file xml;
    svy_study_plan *plan;
    svy_planned_parameter *parameters;     /* of all questionnaires */
    size_t n_parameters;
    const char *source, *folder;
    svy_diags *outer, *diags;              /* the caller's, and ours in front of it */
    svy_error *err;
    unsigned problems;
    int failed;                            /* out of memory */
} reader;

/* The first problem becomes the error as well, whether the parser found it or we. */
static void forward(void *user, const svy_diag *d)
{
    reader *r = user;
    if (d->severity == SVY_PROBLEM && r->problems++ == 0)
        svyi_fail_at(r->err, SVY_E_INVALID, d->source, d->line, d->column, 1, "%s%s%s", d->found, d->advice[0] != '\0' ? ": " : "", d->advice);
    if (r->outer != NULL && r->outer->report != NULL)
        r->outer->report(r->outer->user, d);
}

static void problem(reader *r, const svyi_xml *e, const char *found, const char *advice)
{
    const svyi_where where = { r->source, e->line, e->column, e->name != NULL ? e->name : "study" };
    svyi_report(r->diags, SVY_PROBLEM, SVY_E_INVALID, &where, advice, "%s", found);
}

static const char *keep(reader *r, const char *text)
{
    char *copy = svyi_arena_text(r->arena, text, strlen(text));
    r->failed |= copy == NULL;
    return copy != NULL ? copy : "";
}

/* The text of an element, without the blanks that only lay it out. */
static const char *text_of(reader *r, const svyi_xml *e)
{
    const char *as_written = e->first != NULL && e->first->name == NULL ? e->first->text : "";
    char *text = svyi_arena_text(r->arena, as_written, strlen(as_written));
    r->failed |= text == NULL;
    if (text == NULL)
        return "";
    text[svyi_xml_collapse(text, strlen(text))] = '\0';
    return text;
}

static void read_parameter(reader *r, svy_planned_questionnaire *q, const svyi_xml *e)
{
    const char *id = svyi_xml_get(e, "id"), *value = svyi_xml_get(e, "value");
    if (id == NULL || value == NULL || e->n != 2 || e->first != NULL) {
        problem(r, e, "a parameter of a study has an id and a value, and nothing else", "write <parameter id=\"wave\" value=\"1\"/>");
        return;
    }
    for (size_t i = 0; i < q->count; i++)
        if (strcmp(q->parameters[i].id, id) == 0) {
            problem(r, e, "this parameter has a value already", "take one of the two away");
            return;
        }
    if (r->n_parameters == PARAMETERS_MAX) {
        problem(r, e, "the study has more than 10,000 parameters", "leave some out");
        return;
    }
    r->parameters[r->n_parameters++] = (svy_planned_parameter){ keep(r, id), keep(r, value), e->line };
    q->count++;
}

static void read_questionnaire(reader *r, const svyi_xml *e)
{
    const char *source = svyi_xml_get(e, "source"), *refusal = source != NULL ? svyi_path_refuse(source) : NULL;
    if (source == NULL || e->n != 1) {
        problem(r, e, "a questionnaire of a study has a source, and nothing else", "write <questionnaire source=\"../training/questionnaire.xml\"/>");
        return;
    }
    if (refusal != NULL) {
        problem(r, e, "this file cannot be named here", refusal);
        return;
    }
    if (r->plan->count == QUESTIONNAIRES_MAX) {
        problem(r, e, "the study has more than 1,000 questionnaires", "make several studies");
        return;
    }
    svy_planned_questionnaire *q = &r->plan->questionnaires[r->plan->count++];
    const char *path = svyi_path_join(r->arena, r->folder, source);
    r->failed |= path == NULL;
    *q = (svy_planned_questionnaire){ path, e->line, &r->parameters[r->n_parameters], 0 };
    for (const svyi_xml *child = e->first; child != NULL; child = child->next) {
        if (child->foreign)
            continue;              /* somebody else's remarks */
        if (child->name != NULL && strcmp(child->name, "parameter") == 0)
            read_parameter(r, q, child);
        else
            problem(r, child, "a questionnaire of a study has parameters only", "take this away");
    }
}

static void read_root(reader *r)
{
    const svyi_xml *root = r->xml.root;
    if (strcmp(root->name, "study") != 0 || root->foreign) {
        problem(r, root, "the file is no plan of a study", "begin with <study xmlns=\"urn:libsurvey:study:1\">");
        return;
    }
    for (const svyi_xml *e = root->first; e != NULL; e = e->next) {
        if (e->foreign)
            continue;
        if (e->name != NULL && strcmp(e->name, "questionnaire") == 0)
            read_questionnaire(r, e);
        else if (e->name != NULL && strcmp(e->name, "title") == 0)
            r->plan->title = text_of(r, e);
        else if (e->name == NULL || strcmp(e->name, "description") != 0)
            problem(r, e, "a study has a title, a description and questionnaires", "take this away");
    }
    if (r->plan->count == 0 && r->problems == 0)
        problem(r, root, "the study has no questionnaire", "name one: <questionnaire source=\"../training/questionnaire.xml\"/>");
}

static int begin(reader *r, svyi_arena *arena, const char *path)
{
    r->arena = arena;
    r->source = path != NULL ? path : "study";
    r->folder = path != NULL ? svyi_path_folder(arena, path) : "";
    r->plan = svyi_arena_get(arena, sizeof *r->plan);
    r->parameters = svyi_arena_get(arena, PARAMETERS_MAX * sizeof *r->parameters);
    if (r->plan == NULL || r->parameters == NULL || r->folder == NULL)
        return -1;
    r->plan->title = "";
    r->plan->questionnaires = svyi_arena_get(arena, QUESTIONNAIRES_MAX * sizeof *r->plan->questionnaires);
    return r->plan->questionnaires != NULL ? 0 : -1;
}

svy_status svy_study_plan_read_memory(const svy_alloc *alloc, const char *xml, size_t len, const char *path, const svy_xml_limits *limits,
                                      svy_diags *diags, svy_study_plan **out, svy_error *err)
{
    svyi_arena arena;
    svy_error own = SVY_ERROR_INIT;
    SVY_REQUIRE(out != NULL && (xml != NULL || len == 0), err);
    *out = NULL;
    const svy_xml_limits within = svyi_xml_limits_or_default(limits);
    reader r = { .outer = diags, .err = err != NULL ? err : &own };
    svy_diags through = { .report = forward, .user = &r };
    r.diags = &through;
    svyi_arena_init(&arena, alloc);
    svyi_arena_init(&r.xml.arena, alloc);
    svy_status st = begin(&r, &arena, path) != 0 ? svyi_nomem(r.err)
        : svyi_xml_parse(&r.xml, alloc, r.source, len > 0 ? xml : "", len, NS, 0, &within, &through, r.err);
    if (st == SVY_OK) {
        read_root(&r);
        st = r.failed ? svyi_nomem(r.err) : r.problems > 0 ? SVY_E_INVALID : SVY_OK;
    }
    svyi_xml_clear(&r.xml);
    if (st != SVY_OK) {
        svyi_arena_clear(&arena);
        return st;
    }
    r.plan->arena = arena;
    *out = r.plan;
    return SVY_OK;
}

svy_status svy_study_plan_read(const svy_alloc *alloc, const char *path, const svy_xml_limits *limits, svy_diags *diags, svy_study_plan **out,
                               svy_error *err)
{
    svyi_arena arena;
    const char *bytes;
    size_t len;
    SVY_REQUIRE(path != NULL && out != NULL, err);
    *out = NULL;
    svyi_arena_init(&arena, alloc);
    svy_status st = svyi_file_read_alone(&arena, path, "the plan of the study", svyi_xml_limits_or_default(limits).bytes, &bytes, &len, err);
    if (st == SVY_OK)
        st = svy_study_plan_read_memory(alloc, bytes, len, path, limits, diags, out, err);
    svyi_arena_clear(&arena);
    return st;
}

const char *svy_study_plan_title(const svy_study_plan *plan) { return plan->title; }
size_t svy_study_plan_count(const svy_study_plan *plan) { return plan->count; }
const svy_planned_questionnaire *svy_study_plan_questionnaire(const svy_study_plan *plan, size_t index) { return &plan->questionnaires[index]; }

void svy_study_plan_free(svy_study_plan *plan)
{
    if (plan == NULL)
        return;
    svyi_arena arena = plan->arena;
    svyi_arena_clear(&arena);
}
