/* Fitting a model of any family: which rows, which fit, and the table of coefficients. */
#include <survey/model.h>

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "estimate/parallel.h"
#include "model/formula.h"
#include "model/model_priv.h"
#include "num/distribution.h"

/* ---- rows ---- */

static svy_status choose_rows(svy_model *m, const svy_design *d, svy_error *err)
{
    const size_t rows = svy_design_rows(d);
    const double *weights = svy_design_weights(d);
    const uint8_t *used = svyi_matrix_used(m->matrix);
    size_t n = 0;
    for (size_t i = 0; i < rows; i++) {
        n += used[i] && weights[i] != 0;
        m->missing += !used[i] && weights[i] != 0 && (m->task.keep == NULL || m->task.keep[i]);
    }
    uint32_t *chosen = svyi_arena_get(&m->arena, (n + 1) * sizeof *chosen);
    if (chosen == NULL)
        return svyi_nomem(err);
    for (size_t i = 0; i < rows; i++)
        if (used[i] && weights[i] != 0)
            chosen[m->task.n++] = (uint32_t)i;
    m->task.rows = chosen;
    return SVY_OK;
}

static svy_status choose_subpopulation(svy_model *m, const svy_frame *f, svy_error *err)
{
    if (m->spec.where == NULL)
        return SVY_OK;
    uint8_t *keep = svyi_arena_get(&m->arena, svy_frame_rows(f) + 1);
    if (keep == NULL)
        return svyi_nomem(err);
    m->task.keep = keep;
    return svy_frame_where(f, m->spec.where, keep, err);
}

/* ---- the table ---- */

/* Degrees of freedom of the rows used; with replicates those of the subpopulation, missing rows or not, as in R. */
static svy_status design_df(svy_model *m, double *df, svy_error *err)
{
    const size_t rows = svy_design_rows(m->task.design);
    const uint8_t *from = svy_design_replicates(m->task.design) > 0 ? m->task.keep : svyi_matrix_used(m->matrix);
    svyi_domains domains = { .count = 1 };
    uint32_t first = m->task.rows[0];
    domains.first_row = &first;
    if (from != NULL) {
        if ((domains.keep = svyi_arena_get(&m->arena, rows + 1)) == NULL)
            return svyi_nomem(err);
        memcpy(domains.keep, from, rows);
    }
    return svyi_degrees_of_freedom(&m->arena, m->task.design, &domains, df, err);
}

svy_model_row svyi_model_row_make(const svy_model *m, const char *term, double b, double se, double df)
{
    df = m->spec.normal ? HUGE_VAL : df;
    const double used = m->as_r && !m->linear ? HUGE_VAL : df, q = used > 0 ? svyi_t_quantile(0.5 + m->spec.level / 2, used) : (double)NAN;
    svy_model_row row = { .term = term, .estimate = b, .se = se, .df = df };
    row.t = se > 0 ? b / se : (double)NAN;
    row.p_value = used > 0 && se > 0 ? svyi_t_two_sided(row.t, used) : (double)NAN;
    row.lower = b - q * se;
    row.upper = b + q * se;
    return row;
}

static svy_status make_rows(svy_model *m, svy_error *err)
{
    const svyi_model_result *r = &m->result;
    double design;
    svy_status st = design_df(m, &design, err);
    if (st != SVY_OK)
        return st;
    if ((m->rows = svyi_arena_get(&m->arena, (r->count + 1) * sizeof *m->rows)) == NULL)
        return svyi_nomem(err);
    m->df = design - (isnan(r->df_lost) ? (double)r->parameters - 1 : r->df_lost);
    for (size_t k = 0; k < r->count; k++) {
        const double b = r->beta[k], se = isnan(b) ? (double)NAN : sqrt(r->covariance[k * r->count + k]);
        m->rows[k] = svyi_model_row_make(m, r->names[k], b, se, r->df != NULL ? r->df[k] : m->df);
    }
    return SVY_OK;
}

/* ---- life ---- */

static svy_status dispatch(svy_model *m, svy_error *err)
{
    const svy_family family = m->spec.family;
    if (m->spec.se != SVY_SE_LINEARIZED && (family == SVY_FAMILY_ORDINAL || family == SVY_FAMILY_MULTINOMIAL || family == SVY_FAMILY_COX))
        return svyi_fail(err, SVY_E_VALUE, "Bell-McCaffrey standard errors are made for generalised linear models only");
    switch (m->spec.family) {
    case SVY_FAMILY_ORDINAL: return svyi_ordinal_fit(&m->task, &m->result, err);
    case SVY_FAMILY_MULTINOMIAL: return svyi_multinomial_fit(&m->task, &m->result, err);
    case SVY_FAMILY_COX: return svyi_cox_fit(&m->task, &m->result, err);
    case SVY_FAMILY_GAUSSIAN: case SVY_FAMILY_BINOMIAL: case SVY_FAMILY_POISSON: case SVY_FAMILY_GAMMA: case SVY_FAMILY_NEGATIVE_BINOMIAL: default:
        m->linear = 1;
        return svyi_glm_fit_model(&m->task, &m->glm, &m->fit, &m->result, err);
    }
}

static svy_status fit(svy_model *m, const svy_frame *f, const svy_design *d, svy_error *err)
{
    m->as_r = m->spec.normal == 2;
    m->spec.normal = m->spec.normal == 1;
    svy_status st = choose_subpopulation(m, f, err);
    if (st == SVY_OK)
        st = svyi_matrix_new(&m->arena.alloc, f, m->spec.formula, svy_design_weights(d), m->task.keep, &m->matrix, err);
    if (st == SVY_OK)
        st = choose_rows(m, d, err);
    if (st != SVY_OK)
        return st;
    m->task.arena = &m->arena;
    m->task.design = d;
    m->task.matrix = m->matrix;
    m->task.spec = &m->spec;
    m->task.threads = m->spec.threads != 0 ? m->spec.threads : svyi_threads_default();
    st = dispatch(m, err);
    return st == SVY_OK ? make_rows(m, err) : st;
}

svy_status svy_model_fit(const svy_alloc *alloc, const svy_frame *f, const svy_design *d, const svy_model_spec *spec, svy_model **out, svy_error *err)
{
    svyi_arena arena;
    SVY_REQUIRE(out != NULL, err);
    *out = NULL;
    SVY_REQUIRE(f != NULL && d != NULL && spec != NULL && spec->size == sizeof *spec && spec->formula != NULL, err);
    SVY_REQUIRE(spec->level > 0 && spec->level < 1 && svy_frame_rows(f) == svy_design_rows(d), err);
    svyi_arena_init(&arena, alloc);
    svy_model *m = svyi_arena_get(&arena, sizeof *m);
    if (m == NULL)
        return svyi_nomem(err);
    *m = (svy_model){ .arena = arena, .frame = f, .spec = *spec };
    const svy_status st = fit(m, f, d, err);
    if (st == SVY_OK)
        *out = m;
    else
        svy_model_free(m);
    return st;
}

void svy_model_free(svy_model *m)
{
    if (m == NULL)
        return;
    svyi_matrix_free(m->matrix);
    svyi_arena arena = m->arena;
    svyi_arena_clear(&arena);
}

size_t svy_model_count(const svy_model *m) { return m->result.count; }
const svy_model_row *svy_model_row_at(const svy_model *m, size_t k) { return k < m->result.count ? &m->rows[k] : NULL; }
double svy_model_covariance(const svy_model *m, size_t i, size_t j) { return m->result.covariance[i * m->result.count + j]; }

svy_status svy_model_variables(const svy_alloc *alloc, const char *formula, void (*add)(void *user, const char *name), void *user, svy_error *err)
{
    svyi_arena arena;
    svyi_node *root;
    SVY_REQUIRE(formula != NULL && add != NULL, err);
    svyi_arena_init(&arena, alloc);
    const svy_status st = svyi_formula_tree(&arena, formula, &root, err);
    if (st == SVY_OK)
        svyi_formula_columns(root, add, user);
    svyi_arena_clear(&arena);
    return st;
}
