/* Contrasts of coefficients: expressions of them by the delta method. */
#include <math.h>
#include <string.h>
#include <survey/contrast.h>

#include "base/error.h"
#include "estimate/estimates.h"
#include "model/model_priv.h"

/* The coefficients as estimates of the variables that they are called after. */
static svy_status coefficients(svyi_arena *scratch, const svy_model *m, svy_estimates *out, svy_error *err)
{
    const svyi_model_result *r = &m->result;
    *out = (svy_estimates){ .domains = 1, .outputs = r->count, .count = r->count, .covariance = r->covariance };
    if ((out->rows = svyi_arena_get(scratch, (r->count + 1) * sizeof *out->rows)) == NULL)
        return svyi_nomem(err);
    for (size_t k = 0; k < r->count; k++)
        out->rows[k] = (svy_estimate_row){ .variable = r->names[k], .level = "", .estimate = r->beta[k], .df = m->df };
    return SVY_OK;
}

static svy_status keep_rows(svy_model *m, const svy_estimates *made, const svy_model_row **out, svy_error *err)
{
    const size_t n = svy_estimates_count(made);
    svy_model_row *rows = svyi_arena_get(&m->arena, (n + 1) * sizeof *rows);
    if (rows == NULL)
        return svyi_nomem(err);
    for (size_t k = 0; k < n; k++) {
        const svy_estimate_row *r = svy_estimates_row(made, k);
        const char *term = svyi_arena_text(&m->arena, r->variable, strlen(r->variable));
        if (term == NULL)
            return svyi_nomem(err);
        rows[k] = svyi_model_row_make(m, term, r->estimate, r->se, m->df);
    }
    *out = rows;
    return SVY_OK;
}

svy_status svy_model_contrasts(svy_model *m, const char *const *expressions, size_t n, const svy_model_row **out, svy_error *err)
{
    svyi_arena scratch;
    svy_estimates from, *made = NULL;
    svy_contrast_spec spec = SVY_CONTRAST_INIT;
    SVY_REQUIRE(m != NULL && out != NULL && expressions != NULL && n > 0, err);
    *out = NULL;
    spec.expressions = expressions;
    spec.n_expressions = n;
    svyi_arena_init(&scratch, &m->arena.alloc);
    svy_status st = coefficients(&scratch, m, &from, err);
    if (st == SVY_OK)
        st = svy_contrast(&m->arena.alloc, &from, &spec, &made, NULL, err);
    if (st == SVY_OK)
        st = keep_rows(m, made, out, err);
    svy_estimates_free(made);
    svyi_arena_clear(&scratch);
    return st;
}
