/* A weighting plan from its XML file: every step with its attributes, margins and totals, checked where they stand. */
#include <math.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "exchange/file.h"
#include "exchange/xml/xml.h"

static const char NS[] = "urn:libsurvey:weighting:1";
enum { STEPS_MAX = 1000, NAMES_MAX = 100 };

struct svy_weighting_file {
    svyi_arena arena;
    svy_weighting_plan plan;
};

typedef struct reader {
    svyi_arena *arena;
    svyi_xml_file xml;
    const char *source, *folder;          /* folder NULL: margins cannot stand in files */
    svy_diags *diags;
    svy_error *err;
    unsigned problems;
    int failed;                           /* out of memory */
} reader;

/* ---- problems ---- */

static void problem(reader *r, int line, int column, const char *element, const char *advice, const char *fmt, ...) SVY_PRINTF(6, 7);
static void problem(reader *r, int line, int column, const char *element, const char *advice, const char *fmt, ...)
{
    char text[320];
    const svyi_where where = { r->source, line, column, element };
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    for (char *c = text; *c != '\0'; c++)          /* a sentence stands on one line */
        if ((unsigned char)*c < ' ')
            *c = ' ';
    svyi_report(r->diags, SVY_PROBLEM, SVY_E_INVALID, &where, advice, "%s", text);
    if (r->problems++ == 0)
        svyi_fail_at(r->err, SVY_E_INVALID, r->source, line, column, 1, "%s: %s", text, advice);
}

static void *get(reader *r, size_t size)
{
    void *p = svyi_arena_get(r->arena, size);
    r->failed |= p == NULL;
    return p;
}

static const char *keep(reader *r, const char *text, size_t len)
{
    const char *p = svyi_arena_text(r->arena, text, len);
    r->failed |= p == NULL;
    return p != NULL ? p : "";
}

/* ---- attributes ---- */

typedef enum kind { TEXT, LIST, NUMBER, YES, CHOICE, BOUNDS, COUNT } kind;
typedef struct attribute_rule {
    const char *element, *name;
    kind kind;
    int required;
    size_t offset, second;                /* of a list its count; of bounds nothing */
    const char *choices;
} attribute_rule;

#define AT(field) offsetof(svy_weighting_step, field)
static const attribute_rule RULES[] = {
    { "base", "probabilities", LIST, 1, AT(variables), AT(n_variables), NULL },
    { "eligibility", "cells", LIST, 0, AT(variables), AT(n_variables), NULL },
    { "eligibility", "known", TEXT, 1, AT(takes), 0, NULL },
    { "eligibility", "among", TEXT, 0, AT(among), 0, NULL },
    { "nonresponse", "cells", LIST, 0, AT(variables), AT(n_variables), NULL },
    { "nonresponse", "propensity", LIST, 0, AT(variables), AT(n_variables), NULL },
    { "nonresponse", "classes", COUNT, 0, AT(classes), 0, NULL },
    { "nonresponse", "respondents", TEXT, 1, AT(takes), 0, NULL },
    { "nonresponse", "among", TEXT, 0, AT(among), 0, NULL },
    { "calibrate", "method", CHOICE, 0, AT(method), 0, "linear|raking|logit|sinh|poststratify" },
    { "calibrate", "bounds", BOUNDS, 0, 0, 0, NULL },
    { "calibrate", "weight-bounds", BOUNDS, 0, 0, 0, NULL },
    { "calibrate", "variance", CHOICE, 0, AT(variance), 0, "greg|stata|rake|fixed" },
    { "calibrate", "cluster", TEXT, 0, AT(cluster), 0, NULL },
    { "calibrate", "sigma2", TEXT, 0, AT(sigma2), 0, NULL },
    { "calibrate", "scale-margins", YES, 0, AT(scale_margins), 0, NULL },
    { "trim", "lower", NUMBER, 0, AT(lower), 0, NULL },
    { "trim", "upper", NUMBER, 0, AT(upper), 0, NULL },
    { "trim", "strict", YES, 0, AT(strict), 0, NULL },
    { "trim", "cap", NUMBER, 0, AT(cap), 0, NULL },
    { "scale", "mean", NUMBER, 0, AT(to_mean), 0, NULL },
    { "scale", "total", NUMBER, 0, AT(to_total), 0, NULL },
    { "standardize", "over", LIST, 0, AT(over), AT(n_over), NULL },
};
static const struct { const char *element; svy_weighting_kind kind; int margins; } ELEMENTS[] = {
    { "base", SVY_WEIGHTING_BASE, 0 }, { "eligibility", SVY_WEIGHTING_CELLS, 0 }, { "nonresponse", SVY_WEIGHTING_CELLS, 0 },
    { "calibrate", SVY_WEIGHTING_CALIBRATE, 1 }, { "trim", SVY_WEIGHTING_TRIM, 0 }, { "scale", SVY_WEIGHTING_SCALE, 0 },
    { "standardize", SVY_WEIGHTING_STANDARDIZE, 1 },
};

static int is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

/* Names separated by commas; a name that has a comma or blanks at its ends stands in backquotes. */
static void read_list(reader *r, const svyi_xml_attribute *a, const char *const **items, size_t *n)
{
    const char **names = get(r, NAMES_MAX * sizeof *names);
    size_t count = 0;
    for (const char *at = a->value; names != NULL && *at != '\0';) {
        while (is_blank(*at))
            at++;
        const char *end = *at == '`' ? strchr(at + 1, '`') : NULL, *from = end != NULL ? at + 1 : at;
        if (end == NULL)
            end = from + strcspn(from, ",");
        const char *next = end + strcspn(end, ","), *last = end;
        while (last > from && *end != '`' && is_blank(last[-1]))
            last--;
        if (last == from || count == NAMES_MAX) {
            problem(r, a->line, a->column, a->name, "separate the names of variables by commas", "'%.80s' is not a list of at most %d names", a->value,
                    NAMES_MAX);
            return;
        }
        names[count++] = keep(r, from, (size_t)(last - from));
        at = *next == ',' ? next + 1 : next;
    }
    *items = (const char *const *)names;
    *n = count;
}

static int read_number(reader *r, const svyi_xml_attribute *a, double *out)
{
    if (svyi_number_parse(a->value, strlen(a->value), out) && isfinite(*out))
        return 1;
    problem(r, a->line, a->column, a->name, "write a number, e.g. 1.5", "'%.60s' is not a number", a->value);
    return 0;
}

static void read_bounds(reader *r, const svyi_xml_attribute *a, svy_weighting_step *s)
{
    const char *comma = strchr(a->value, ',');
    if (comma == NULL || !svyi_number_parse(a->value, (size_t)(comma - a->value), &s->lower) || !svyi_number_parse(comma + 1, strlen(comma + 1), &s->upper))
        problem(r, a->line, a->column, a->name, "write them as 0.5,2", "'%.60s' is not a lower and an upper bound", a->value);
    if (s->bounded)
        problem(r, a->line, a->column, a->name, "leave one of them out", "there are bounds of factors and of weights");
    s->bounded = 1;
    s->bounds_on_weights = a->name[0] == 'w';
}

/* The position of a text in "one|two|three", -1 when it is not there. */
static int find_choice(const char *choices, const char *text)
{
    size_t len = strlen(text);
    for (int k = 0; ; k++) {
        size_t n = strcspn(choices, "|");
        if (n == len && memcmp(choices, text, n) == 0)
            return k;
        if (choices[n] == '\0')
            return -1;
        choices += n + 1;
    }
}

static int read_choice(reader *r, const svyi_xml_attribute *a, const char *choices)
{
    int k = find_choice(choices, a->value);
    if (k < 0)
        problem(r, a->line, a->column, a->name, "take one of those", "'%.60s' is not one of %s", a->value, choices);
    return k < 0 ? 0 : k;
}

static void read_count(reader *r, const svyi_xml_attribute *a, unsigned *out)
{
    double x = 0;
    if (read_number(r, a, &x) && (x < 2 || x > 1000 || x != floor(x)))
        problem(r, a->line, a->column, a->name, "write a whole number from 2 to 1000", "'%.60s' is not a number of classes", a->value);
    else
        *out = (unsigned)x;
}

static void read_attribute(reader *r, const attribute_rule *rule, const svyi_xml_attribute *a, svy_weighting_step *s)
{
    char *base = (char *)s;
    void *place = base + rule->offset;
    switch (rule->kind) {
    case TEXT: *(const char **)place = keep(r, a->value, strlen(a->value)); break;
    case LIST: read_list(r, a, place, (size_t *)(void *)(base + rule->second)); break;
    case NUMBER: (void)read_number(r, a, place); break;
    case YES: *(int *)place = read_choice(r, a, "no|yes"); break;
    case CHOICE:
        if (rule->offset == AT(method))
            s->method = (svy_calibration)read_choice(r, a, rule->choices);
        else
            s->variance = (svy_calibration_variance)read_choice(r, a, rule->choices);
        break;
    case BOUNDS: read_bounds(r, a, s); break;
    case COUNT: read_count(r, a, place); break;
    }
}

static const attribute_rule *find_rule(const char *element, const char *name)
{
    for (size_t i = 0; i < sizeof RULES / sizeof RULES[0]; i++)
        if (strcmp(RULES[i].element, element) == 0 && strcmp(RULES[i].name, name) == 0)
            return &RULES[i];
    return NULL;
}

static void read_attributes(reader *r, const svyi_xml *x, svy_weighting_step *s)
{
    for (size_t i = 0; i < x->n; i++) {
        const svyi_xml_attribute *a = &x->attributes[i];
        const attribute_rule *rule = find_rule(x->name, a->name);
        if (strcmp(a->name, "name") == 0)
            s->name = keep(r, a->value, strlen(a->value));
        else if (rule == NULL)
            problem(r, a->name_line, a->name_column, x->name, "see docs/formats/weighting-plan.md", "<%.40s> has no attribute '%.60s'", x->name, a->name);
        else
            read_attribute(r, rule, a, s);
    }
    for (size_t i = 0; i < sizeof RULES / sizeof RULES[0]; i++)
        if (RULES[i].required && strcmp(RULES[i].element, x->name) == 0 && svyi_xml_get(x, RULES[i].name) == NULL)
            problem(r, x->line, x->column, x->name, "add it", "<%.40s> needs the attribute '%s'", x->name, RULES[i].name);
}

/* ---- margins and totals ---- */

static const char *required(reader *r, const svyi_xml *x, const char *name)
{
    const char *value = svyi_xml_get(x, name);
    if (value == NULL)
        problem(r, x->line, x->column, x->name, "add it", "<%.40s> needs the attribute '%s'", x->name, name);
    return value;
}

/* Nothing but these attributes. */
static void only(reader *r, const svyi_xml *x, const char *choices)
{
    for (size_t i = 0; i < x->n; i++)
        if (find_choice(choices, x->attributes[i].name) < 0)
            problem(r, x->attributes[i].name_line, x->attributes[i].name_column, x->name, "leave it out", "<%.40s> has no attribute '%.60s'", x->name,
                    x->attributes[i].name);
}

/* Child elements only, of one name. */
static size_t count_children(reader *r, const svyi_xml *x, const char *choices)
{
    size_t n = 0;
    for (const svyi_xml *c = x->first; c != NULL; c = c->next) {
        if (c->name == NULL || c->foreign || find_choice(choices, c->name) < 0)
            problem(r, c->line, c->column, x->name, "see docs/formats/weighting-plan.md", "%s '%.40s' cannot stand in <%.40s>",
                    c->name == NULL ? "the text" : "the element", c->name == NULL ? c->text : c->name, x->name);
        else
            n++;
    }
    return n;
}

static double read_total(reader *r, const svyi_xml *x, const char *name)
{
    double total = 0;
    const svyi_xml_attribute *a = svyi_xml_attribute_find(x, name);
    if (required(r, x, name) != NULL)
        (void)read_number(r, a, &total);
    return total;
}

/* The levels of a cell: an attribute, or an element each. */
static void read_levels(reader *r, const svyi_xml *x, size_t n, const char **levels)
{
    const char *single = svyi_xml_get(x, "level");
    size_t count = single != NULL, children = count_children(r, x, "level");
    if (single != NULL && n > 0)
        levels[0] = keep(r, single, strlen(single));
    for (const svyi_xml *c = x->first; c != NULL; c = c->next) {
        if (c->name == NULL || c->foreign || strcmp(c->name, "level") != 0)
            continue;
        only(r, c, "");
        const char *text = c->first != NULL && c->first->name == NULL ? c->first->text : "";
        char *own = svyi_arena_text(r->arena, text, strlen(text));
        if (own == NULL) {
            r->failed = 1;
            return;
        }
        svyi_xml_collapse(own, strlen(own));
        if (count < n)
            levels[count] = own;
        count++;
    }
    if (count != n || (single != NULL && children > 0))
        problem(r, x->line, x->column, x->name, "give one level for each variable of the margin, in their order",
                "the cell has %zu levels, the margin %zu variables", count, n);
}

static void read_cells(reader *r, const svyi_xml *x, svy_margin *m)
{
    size_t n = count_children(r, x, "cell"), line = 0;
    const char **levels = get(r, (n * m->n_variables + 1) * sizeof *levels);
    double *totals = get(r, (n + 1) * sizeof *totals);
    for (size_t i = 0; levels != NULL && i < n * m->n_variables; i++)
        levels[i] = "";
    for (const svyi_xml *c = x->first; c != NULL && levels != NULL && totals != NULL; c = c->next) {
        if (c->name == NULL || c->foreign || strcmp(c->name, "cell") != 0)
            continue;
        only(r, c, "level|count");
        read_levels(r, c, m->n_variables, levels + line * m->n_variables);
        totals[line++] = read_total(r, c, "count");
    }
    if (n == 0)
        problem(r, x->line, x->column, x->name, "give a <cell> for every level", "the margin has no cells");
    m->levels = levels;
    m->totals = totals;
    m->n_lines = n;
}

static void read_margin(reader *r, const svyi_xml *x, svy_margin *m)
{
    char place[64];
    const svyi_xml_attribute *file = svyi_xml_attribute_find(x, "file"), *variables = svyi_xml_attribute_find(x, "variables");
    only(r, x, "file|variables");
    snprintf(place, sizeof place, "the margin in line %d", x->line);
    m->source = keep(r, place, strlen(place));
    if ((file == NULL) == (variables == NULL)) {
        problem(r, x->line, x->column, x->name, "give one of them", "a margin has either a file or variables");
    } else if (file != NULL) {
        const char *why = r->folder == NULL ? "this plan has no folder to look in" : svyi_path_refuse(file->value);
        if (why != NULL)
            problem(r, file->line, file->column, x->name, "name a file in the plan's folder, or write the cells into the plan",
                    "the margin cannot be read from '%.120s': %s", file->value, why);
        else if ((m->source = svyi_path_join(r->arena, r->folder, file->value)) == NULL)
            r->failed = 1;
        (void)count_children(r, x, "");
    } else {
        read_list(r, variables, &m->variables, &m->n_variables);
        if (m->n_variables == 0)
            problem(r, variables->line, variables->column, x->name, "name the variables of the margin", "there are no variables");
        read_cells(r, x, m);
    }
}

static void read_population(reader *r, const svyi_xml *x, int numeric, svy_weighting_step *s)
{
    size_t n = count_children(r, x, numeric ? "margin|total" : "margin");
    svy_margin *margins = get(r, (n + 1) * sizeof *margins);
    svy_auxiliary_total *totals = get(r, (n + 1) * sizeof *totals);
    for (const svyi_xml *c = x->first; c != NULL && margins != NULL && totals != NULL; c = c->next) {
        if (c->name == NULL || c->foreign)
            continue;
        if (strcmp(c->name, "margin") == 0) {
            read_margin(r, c, &margins[s->n_margins++]);
        } else if (numeric && strcmp(c->name, "total") == 0) {
            const char *variable = required(r, c, "variable");
            only(r, c, "variable|value");
            (void)count_children(r, c, "");
            totals[s->n_totals].variable = keep(r, variable != NULL ? variable : "", variable != NULL ? strlen(variable) : 0);
            totals[s->n_totals++].total = read_total(r, c, "value");
        }
        if (s->n_margins + s->n_totals == n)
            break;
    }
    if (n == 0)
        problem(r, x->line, x->column, x->name, "add a <margin>", "<%.40s> has no population totals", x->name);
    s->margins = margins;
    s->totals = totals;
}

/* ---- steps ---- */

/* What only goes together, or not. */
static void check_step(reader *r, const svyi_xml *x, svy_weighting_step *s)
{
    const int propensity = svyi_xml_get(x, "propensity") != NULL;
    if (propensity)
        s->kind = SVY_WEIGHTING_PROPENSITY;
    if (propensity && svyi_xml_get(x, "cells") != NULL)
        problem(r, x->line, x->column, x->name, "leave one of them out", "there are cells and a propensity");
    if (!propensity && svyi_xml_get(x, "classes") != NULL)
        problem(r, x->line, x->column, x->name, "name the variables of the propensity", "classes are of the propensity, and there is none");
    if (s->kind == SVY_WEIGHTING_TRIM && (svyi_xml_get(x, "cap") != NULL) == (svyi_xml_get(x, "lower") != NULL || svyi_xml_get(x, "upper") != NULL))
        problem(r, x->line, x->column, x->name, "give lower and upper limits, or a cap", "a <trim> has either limits or a cap");
    if (s->kind == SVY_WEIGHTING_SCALE && (svyi_xml_get(x, "mean") != NULL) == (svyi_xml_get(x, "total") != NULL))
        problem(r, x->line, x->column, x->name, "give one of them", "a <scale> has either a mean or a total");
}

static const char *default_name(const char *element)
{
    return strcmp(element, "eligibility") == 0 ? "unknown eligibility" : strcmp(element, "nonresponse") == 0 ? "non-response" : NULL;
}

static void read_step(reader *r, const svyi_xml *x, svy_weighting_step *s)
{
    size_t k = 0;
    *s = (svy_weighting_step)SVY_WEIGHTING_STEP_INIT;
    while (k < sizeof ELEMENTS / sizeof ELEMENTS[0] && strcmp(ELEMENTS[k].element, x->name) != 0)
        k++;
    s->kind = ELEMENTS[k].kind;
    s->name = default_name(x->name);
    read_attributes(r, x, s);
    check_step(r, x, s);
    if (ELEMENTS[k].margins)
        read_population(r, x, s->kind == SVY_WEIGHTING_CALIBRATE, s);
    else
        (void)count_children(r, x, "");
    if (s->kind == SVY_WEIGHTING_STANDARDIZE && s->n_margins > 1)
        problem(r, x->line, x->column, x->name, "leave the others out", "there is one standard distribution, and here are %zu margins", s->n_margins);
}

static void read_plan(reader *r, svy_weighting_plan *plan)
{
    const svyi_xml *root = r->xml.root;
    if (root->foreign || strcmp(root->name, "weighting") != 0) {
        problem(r, root->line, root->column, root->name, "the root is <weighting xmlns=\"urn:libsurvey:weighting:1\">", "this is not a weighting plan");
        return;
    }
    const svyi_xml_attribute *order = svyi_xml_attribute_find(root, "variance-order");
    const int first = order != NULL && read_choice(r, order, "last-first|first-first") == 1;
    only(r, root, "name|variance-order");
    size_t n = count_children(r, root, "base|eligibility|nonresponse|calibrate|trim|scale|standardize"), k = 0;
    if (n == 0 || n > STEPS_MAX) {
        problem(r, root->line, root->column, root->name, "a plan has its steps in their order", "there are %zu steps: from 1 to %d are possible", n, STEPS_MAX);
        return;
    }
    svy_weighting_step *steps = get(r, n * sizeof *steps);
    for (const svyi_xml *c = root->first; c != NULL && steps != NULL && r->problems == 0; c = c->next)
        if (c->name != NULL && !c->foreign) {
            read_step(r, c, &steps[k]);
            steps[k++].first_projected_first = first;
        }
    plan->steps = steps;
    plan->n_steps = k;
}

/* What the parser reported is also the error. */
typedef struct first { svy_diags *outer; svy_error *err; } first;

static void take_first(void *user, const svy_diag *d)
{
    first *f = user;
    if (d->severity == SVY_PROBLEM && f->err != NULL && f->err->code == SVY_OK)
        svyi_fail_at(f->err, SVY_E_INVALID, d->source, d->line, d->column, 1, "%s", d->found);
    if (f->outer == NULL)
        return;
    f->outer->problems += d->severity == SVY_PROBLEM;
    f->outer->warnings += d->severity == SVY_WARNING;
    if (f->outer->report != NULL)
        f->outer->report(f->outer->user, d);
}

svy_status svy_weighting_file_read_memory(const svy_alloc *alloc, const char *xml, size_t len, const char *path, const svy_xml_limits *limits,
                                          svy_diags *diags, svy_weighting_file **out, svy_error *err)
{
    svyi_arena arena;
    svy_error own = SVY_ERROR_INIT;
    svy_error *e = err != NULL ? err : &own;
    SVY_REQUIRE(out != NULL && (xml != NULL || len == 0), err);
    *out = NULL;
    e->code = SVY_OK;
    svyi_arena_init(&arena, alloc);
    first gate = { diags, e };
    svy_diags through = { .report = take_first, .user = &gate };
    const svy_xml_limits within = svyi_xml_limits_or_default(limits);
    reader r = { .arena = &arena, .source = path != NULL ? path : "plan", .diags = &through, .err = e };
    svy_weighting_file *f = get(&r, sizeof *f);
    r.folder = path != NULL ? svyi_path_folder(&arena, path) : NULL;
    svyi_arena_init(&r.xml.arena, alloc);
    svy_status st = f == NULL || (path != NULL && r.folder == NULL) ? svyi_nomem(e)
        : svyi_xml_parse(&r.xml, alloc, r.source, len > 0 ? xml : "", len, NS, 0, &within, &through, e);
    if (st == SVY_OK)
        read_plan(&r, &f->plan);
    svyi_xml_clear(&r.xml);
    if (st == SVY_OK)
        st = r.failed ? svyi_nomem(e) : r.problems > 0 ? SVY_E_INVALID : SVY_OK;
    if (st != SVY_OK) {
        svyi_arena_clear(&arena);
        return st;
    }
    f->arena = arena;
    *out = f;
    return SVY_OK;
}

svy_status svy_weighting_file_read(const svy_alloc *alloc, const char *path, const svy_xml_limits *limits, svy_diags *diags, svy_weighting_file **out,
                                   svy_error *err)
{
    svyi_arena arena;
    const char *bytes;
    size_t len;
    SVY_REQUIRE(path != NULL && out != NULL, err);
    *out = NULL;
    svyi_arena_init(&arena, alloc);
    svy_status st = svyi_file_read_alone(&arena, path, "the weighting plan", svyi_xml_limits_or_default(limits).bytes, &bytes, &len, err);
    if (st == SVY_OK)
        st = svy_weighting_file_read_memory(alloc, bytes, len, path, limits, diags, out, err);
    svyi_arena_clear(&arena);
    return st;
}

const svy_weighting_plan *svy_weighting_file_plan(const svy_weighting_file *f) { return &f->plan; }

void svy_weighting_file_free(svy_weighting_file *f)
{
    if (f == NULL)
        return;
    svyi_arena arena = f->arena;
    svyi_arena_clear(&arena);
}
