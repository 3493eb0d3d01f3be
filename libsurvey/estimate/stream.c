/* Rows that come in pieces: each is summed as a data set of its own, and its sums are added to those of the strata, PSUs and domains so far. */
#include "estimate/stream.h"

#include <string.h>

#include "base/error.h"
#include "estimate/parallel.h"

/* A piece on its way. */
typedef struct piece {
    svy_stream *s;
    svyi_arena arena;
    const svy_frame *f;
    svy_design design;
    uint32_t *groups;            /* by group of the piece: its number among all */
    svyi_variables plan;
    svyi_domains domains;
    uint32_t *domain;            /* by domain of the piece: its number among all */
    svy_error *err;
} piece;

/* ---- beginning ---- */

svy_status svy_stream_possible(const svy_design_spec *design, const svy_estimate_spec *spec, svy_error *err)
{
    SVY_REQUIRE(design != NULL && spec != NULL && design->size >= sizeof *design && spec->size >= sizeof *spec, err);
    const char *what = design->n_fpc > 1 || (design->n_fpc == 1 && design->n_clusters > 1) ? "population sizes of several stages"
        : design->pps != SVY_PPS_NONE ? "unequal probabilities" : design->phase2.subset != NULL ? "two phases"
        : design->replicates.type != SVY_REPLICATE_NONE ? "replicate weights" : spec->bell_mccaffrey != 0 ? "Bell-McCaffrey standard errors" : NULL;
    if (what != NULL)
        return svyi_fail(err, SVY_E_STATE, "a design with %s cannot be streamed: its rows must fit into memory", what);
    if (spec->statistic > SVY_STAT_TABLE)
        return svyi_fail(err, SVY_E_STATE, "a %s cannot be streamed: its rows must fit into memory", svy_statistic_name(spec->statistic));
    size_t stages = design->n_clusters > 1 ? design->n_clusters : 1;
    if (design->n_strata > stages)
        return svyi_fail(err, SVY_E_VALUE, "there are %zu strata columns and %zu stages: give at most one per stage (cross several columns "
                         "into one before)", design->n_strata, stages);
    return SVY_OK;
}

svy_status svy_stream_new(const svy_alloc *alloc, const svy_design_spec *design, const svy_estimate_spec *spec, svy_stream **out, svy_error *err)
{
    svyi_arena arena;
    SVY_REQUIRE(out != NULL, err);
    *out = NULL;
    svy_status st = svy_stream_possible(design, spec, err);
    if (st != SVY_OK)
        return st;
    SVY_REQUIRE(spec->n_variables > 0 && spec->level > 0 && spec->level < 1, err);
    svyi_arena_init(&arena, alloc);
    svy_stream *s = svyi_arena_get(&arena, sizeof *s);
    svyi_texts *by = svyi_arena_get(&arena, (spec->n_by + 1) * sizeof *by);
    if (s == NULL || by == NULL) {
        svyi_arena_clear(&arena);
        return svyi_nomem(err);
    }
    s->arena = arena;
    s->alloc = arena.alloc;
    s->user_alloc = alloc;
    s->design_spec = design;
    s->spec = spec;
    s->threads = alloc != NULL ? 1 : spec->threads != 0 ? spec->threads : svyi_threads_default();
    s->by = by;
    svyi_stream_design_init(&s->design, alloc, design);
    svyi_texts_init(&s->domains, alloc);
    for (size_t k = 0; k < spec->n_by; k++)
        svyi_texts_init(&s->by[k], alloc);
    *out = s;
    return SVY_OK;
}

static void clear_pass(const svy_stream *s, svyi_stream_pass *p)
{
    for (size_t k = 0; k < p->n_factors; k++)
        svyi_texts_clear(&p->levels[k]);
    svyi_texts_clear(&p->combinations);
    svyi_keys_clear(&p->cells);
    svyi_keys_clear(&p->entries);
    svyi_sums_clear(&p->sums);
    svyi_release(&s->alloc, p->cell_keys, p->cells_room * sizeof *p->cell_keys);
    svyi_release(&s->alloc, p->centre, p->centre_room * sizeof *p->centre);
    svyi_release(&s->alloc, p->slope, p->slope_room * sizeof *p->slope);
}

void svy_stream_free(svy_stream *s)
{
    if (s == NULL)
        return;
    for (size_t i = 0; i < s->n_passes; i++)
        clear_pass(s, &s->passes[i]);
    for (size_t k = 0; k < s->spec->n_by; k++)
        svyi_texts_clear(&s->by[k]);
    svyi_texts_clear(&s->domains);
    svyi_stream_design_clear(&s->design);
    svyi_arena arena = s->arena;      /* the stream lives in it */
    svyi_arena_clear(&arena);
}

/* ---- passes, made when the first piece shows what the variables are ---- */

static int together(const svy_stream *s) { return s->spec->covariance && s->n_variables > 1; }

static int is_factor(const svyi_variable *v) { return v->factor.n_levels > 0; }

static svy_status begin_pass(svy_stream *s, const svyi_variables *plan, size_t i, svy_error *err)
{
    svyi_stream_pass *p = &s->passes[i];
    const svyi_variable *v = &plan->variables[i];
    int factor = is_factor(v), ratios = s->spec->statistic == SVY_STAT_RATIO;
    *p = (svyi_stream_pass){ .form = svyi_form_of(s->spec->statistic, factor), .width = factor ? 0 : ratios ? 2 : 1 };
    if (together(s))
        p->width *= s->n_variables;
    svyi_keys_init(&p->cells, s->user_alloc);
    svyi_keys_init(&p->entries, s->user_alloc);
    svyi_texts_init(&p->combinations, s->user_alloc);
    s->n_passes = i + 1;
    size_t factors = !factor ? 0 : plan->n_crossed > 0 ? plan->n_crossed : 1;
    if ((p->levels = svyi_arena_get(&s->arena, (factors + 1) * sizeof *p->levels)) == NULL)
        return svyi_nomem(err);
    for (p->n_factors = 0; p->n_factors < factors; p->n_factors++)
        svyi_texts_init(&p->levels[p->n_factors], s->user_alloc);
    return SVY_OK;
}

static svy_status begin(svy_stream *s, const svyi_variables *plan, svy_error *err)
{
    svy_status st = SVY_OK;
    s->n_variables = plan->n_variables;
    s->names = svyi_arena_get(&s->arena, (plan->n_variables + 1) * sizeof *s->names);
    s->passes = svyi_arena_get(&s->arena, (plan->n_variables + 1) * sizeof *s->passes);
    if (s->names == NULL || s->passes == NULL)
        return svyi_nomem(err);
    for (size_t i = 0; i < plan->n_variables; i++) {
        if ((s->names[i] = svyi_arena_text(&s->arena, plan->variables[i].name, strlen(plan->variables[i].name))) == NULL)
            return svyi_nomem(err);
        if (together(s) && is_factor(&plan->variables[i]))
            return svyi_fail(err, SVY_E_STATE, "covariances between several variables cannot be streamed when one has levels ('%s'): ask for one "
                             "variable, or for data that fit into memory", s->names[i]);
    }
    for (size_t i = 0; i < (together(s) ? 1 : plan->n_variables) && st == SVY_OK; i++)
        st = begin_pass(s, plan, i, err);
    s->begun = st == SVY_OK;
    return st;
}

static svy_status check_types(const svy_stream *s, const svyi_variables *plan, svy_error *err)
{
    for (size_t i = 0; i < s->n_variables; i++)
        if (is_factor(&plan->variables[i]) != (s->passes[together(s) ? 0 : i].n_factors > 0))
            return svyi_fail(err, SVY_E_TYPE, "'%s' is a number in some rows and text in others: make it one of them", s->names[i]);
    return SVY_OK;
}

/* ---- domains ---- */

static svy_status number_domains(piece *p)
{
    svy_stream *s = p->s;
    size_t n_by = p->domains.n_by;
    uint32_t tuple[SVYI_BY_MAX];
    p->domain = svyi_arena_get(&p->arena, (p->domains.count + 1) * sizeof *p->domain);
    if (p->domain == NULL)
        return svyi_nomem(p->err);
    s->left_out += p->domains.left_out;
    for (size_t d = 0; d < p->domains.count; d++) {
        for (size_t k = 0; k < n_by; k++) {
            const char *value = p->domains.values[d * n_by + k];
            if ((tuple[k] = svyi_texts_add(&s->by[k], value, strlen(value))) == SVYI_NO_NUMBER)
                return svyi_nomem(p->err);
        }
        if ((p->domain[d] = svyi_texts_add(&s->domains, (const char *)tuple, n_by * sizeof *tuple)) == SVYI_NO_NUMBER)
            return svyi_nomem(p->err);
    }
    return SVY_OK;
}

static svy_status check_missing(const piece *p)
{
    const svyi_variables *v = &p->plan;
    for (size_t i = 0; v->missing != NULL && i < p->design.rows; i++) {
        if (v->missing[i] == 0 || p->design.weights[i] == 0 || svyi_domain_of(&p->domains, i) == SVYI_NO_DOMAIN)
            continue;
        for (size_t k = 0; k < v->n_columns; k++)
            if (v->columns[k]->missing != NULL && v->columns[k]->missing[i] != SVY_PRESENT)
                return svyi_fail(p->err, SVY_E_VALUE, "'%s' is missing in row %llu: use --missing omit to leave such rows out", v->columns[k]->name,
                                 (unsigned long long)(p->s->design.rows - p->design.rows + i + 1));
    }
    return SVY_OK;
}

/* ---- sums of a piece ---- */

static svyi_input *make_inputs(piece *p, size_t pass, size_t width)
{
    int ratios = p->s->spec->statistic == SVY_STAT_RATIO;
    svyi_input *inputs = svyi_arena_get(&p->arena, (width + 1) * sizeof *inputs);
    for (size_t k = 0; inputs != NULL && k < width; k++) {
        const svyi_variable *v = &p->plan.variables[pass + (ratios ? k / 2 : k)];
        inputs[k].numbers = ratios && k % 2 == 1 ? v->denominator : v->numbers;
    }
    return inputs;
}

/* Centres of the piece's domains: those that a domain has already, or those of its rows here, which it keeps. */
static svy_status find_centres(piece *p, svyi_stream_pass *pass, svyi_sum_request *q, double *centre, double *slope)
{
    svy_stream *s = p->s;
    int ratios = pass->form == SVYI_FORM_RATIOS;
    size_t width = pass->width, pairs = ratios ? width / 2 : 0, all = s->domains.count;
    if (width == 0)
        return SVY_OK;
    if (svyi_grow(&s->alloc, &pass->centre, &pass->centre_room, all * width + 1, sizeof *pass->centre) != 0 ||
        svyi_grow(&s->alloc, &pass->slope, &pass->slope_room, all * pairs + 1, sizeof *pass->slope) != 0)
        return svyi_nomem(p->err);
    if (all > pass->n_centred) {
        svy_status st = svyi_centre(q, ratios, ratios ? slope : centre, p->err);
        if (st != SVY_OK)
            return st;
    }
    for (size_t d = 0; d < p->domains.count; d++) {
        size_t g = p->domain[d];
        double *to = pass->centre + g * width, *to_slope = pass->slope + g * pairs;
        if (g >= pass->n_centred) {
            memcpy(to, centre + d * width, width * sizeof *to);
            memcpy(to_slope, slope + d * pairs, pairs * sizeof *to);
        }
        memcpy(centre + d * width, to, width * sizeof *to);
        memcpy(slope + d * pairs, to_slope, pairs * sizeof *to);
    }
    pass->n_centred = all;
    return SVY_OK;
}

/* By level of the piece's factor: its number among all levels, or among all combinations of levels. */
static uint32_t *number_levels(piece *p, svyi_stream_pass *pass, size_t variable)
{
    const svyi_factor *factors = p->plan.n_crossed > 0 ? p->plan.crossed : &p->plan.variables[variable].factor;
    uint32_t n_cells = p->plan.variables[variable].factor.n_levels, **maps = svyi_arena_get(&p->arena, (pass->n_factors + 1) * sizeof *maps);
    uint32_t *out = svyi_arena_get(&p->arena, ((size_t)n_cells + 1) * sizeof *out);
    uint32_t *tuple = svyi_arena_get(&p->arena, (pass->n_factors + 1) * sizeof *tuple);
    if (out == NULL || maps == NULL || tuple == NULL)
        return NULL;
    for (size_t k = 0; k < pass->n_factors; k++) {
        if ((maps[k] = svyi_arena_get(&p->arena, ((size_t)factors[k].n_levels + 1) * sizeof *maps[k])) == NULL)
            return NULL;
        for (uint32_t l = 0; l < factors[k].n_levels && factors[k].levels != SVYI_NO_LEVELS; l++)
            if ((maps[k][l] = svyi_texts_add(&pass->levels[k], factors[k].levels[l], strlen(factors[k].levels[l]))) == SVYI_NO_NUMBER)
                return NULL;
    }
    for (uint32_t c = 0; c < n_cells; c++) {
        uint32_t rest = c;
        for (size_t k = 0; k < pass->n_factors; k++) {
            tuple[k] = maps[k][rest % factors[k].n_levels];
            rest /= factors[k].n_levels;
        }
        out[c] = pass->n_factors == 1 ? tuple[0] : svyi_texts_add(&pass->combinations, (const char *)tuple, pass->n_factors * sizeof *tuple);
        if (out[c] == SVYI_NO_NUMBER)
            return NULL;
    }
    return out;
}

static svy_status join(piece *p, svyi_stream_pass *pass, const svyi_sum_request *q, const svyi_sums *sums, const uint32_t *level)
{
    if (pass->sums.stride == 0)
        svyi_sums_layout(&pass->sums, q);
    for (size_t k = 0; k < sums->count; k++) {
        const svyi_entry *e = &sums->entries[k];
        uint64_t key = svyi_key(p->domain[e->cell / q->n_levels], level != NULL ? level[e->cell % q->n_levels] : 0);
        uint32_t group = p->groups[e->group], cell = svyi_keys_add(&pass->cells, key);
        uint32_t at = cell != SVYI_NO_NUMBER ? svyi_keys_add(&pass->entries, svyi_key(group, cell)) : SVYI_NO_NUMBER;
        if (at == SVYI_NO_NUMBER || svyi_grow(&p->s->alloc, &pass->cell_keys, &pass->cells_room, (size_t)cell + 1, sizeof key) != 0)
            return svyi_nomem(p->err);
        pass->cell_keys[cell] = key;
        if (at == pass->sums.count && svyi_sums_append(&pass->sums, group, cell) != 0)
            return svyi_nomem(p->err);
        svyi_sums_join(q, &pass->sums, at, sums, k);
    }
    return SVY_OK;
}

static svy_status add_pass(piece *p, size_t i)
{
    svy_stream *s = p->s;
    svyi_stream_pass *pass = &s->passes[i];
    const svyi_factor *factor = &p->plan.variables[i].factor;
    size_t items = (p->domains.count + 1) * (pass->width + 1);
    double *centre = svyi_arena_get(&p->arena, items * sizeof *centre), *slope = svyi_arena_get(&p->arena, items * sizeof *slope);
    svyi_sum_request q = { .alloc = s->user_alloc, .design = &p->design, .domains = &p->domains, .inputs = make_inputs(p, i, pass->width),
                           .width = pass->width, .n_levels = 1, .missing = p->plan.missing, .threads = s->threads };
    uint32_t *level = NULL;
    svyi_sums sums;
    if (centre == NULL || slope == NULL || q.inputs == NULL)
        return svyi_nomem(p->err);
    if (pass->n_factors > 0) {
        q.codes = factor->codes;
        q.n_levels = factor->n_levels;
        if ((level = number_levels(p, pass, i)) == NULL)
            return svyi_nomem(p->err);
    }
    svyi_pass_request(s->spec, pass->form, centre, slope, &q);
    svy_status st = find_centres(p, pass, &q, centre, slope);
    if (st == SVY_OK)
        st = svyi_sum(&q, &sums, p->err);
    if (st != SVY_OK)
        return st;
    st = join(p, pass, &q, &sums, level);
    svyi_sums_clear(&sums);
    return st;
}

/* ---- pieces ---- */

static svy_status add_piece(piece *p)
{
    svy_stream *s = p->s;
    svy_status st = svyi_variables_find_some(&p->arena, p->f, s->spec, &p->plan, p->err);
    if (st == SVY_OK)
        st = s->begun ? check_types(s, &p->plan, p->err) : begin(s, &p->plan, p->err);
    if (st == SVY_OK)
        st = svyi_domains_find(&p->arena, p->f, &p->design, s->spec->by, s->spec->n_by, s->spec->where, 1, &p->domains, p->err);
    if (st == SVY_OK && s->spec->fail_missing)
        st = check_missing(p);
    if (st == SVY_OK)
        st = number_domains(p);
    for (size_t i = 0; i < s->n_passes && st == SVY_OK && p->domains.count > 0; i++)
        st = add_pass(p, i);
    return st;
}

svy_status svy_stream_add(svy_stream *s, const svy_frame *f, svy_error *err)
{
    SVY_REQUIRE(s != NULL && f != NULL, err);
    SVY_REQUIRE(!s->ended, err);
    piece p = { .s = s, .f = f, .err = err };
    if (svy_frame_rows(f) == 0)
        return SVY_OK;
    svyi_arena_init(&p.arena, s->user_alloc);
    svy_status st = svyi_stream_design_add(&s->design, &p.arena, f, &p.design, &p.groups, err);
    if (st == SVY_OK)
        st = add_piece(&p);
    svyi_arena_clear(&p.arena);
    s->ended |= st != SVY_OK;
    return st;
}

svy_status svy_stream_finish(svy_stream *s, svy_estimates **out, svy_error *err)
{
    svy_estimates *e;
    SVY_REQUIRE(out != NULL, err);
    *out = NULL;
    SVY_REQUIRE(s != NULL && !s->ended, err);
    s->ended = 1;
    if (s->design.rows == 0)
        return svyi_fail(err, SVY_E_VALUE, "the data have no rows: a design needs some");
    svy_status st = svyi_estimates_new(s->user_alloc, s->spec->statistic, &e, err);
    if (st == SVY_OK && (st = svyi_stream_estimates(s, e, err)) != SVY_OK)
        svy_estimates_free(e);
    if (st == SVY_OK)
        *out = e;
    return st;
}
