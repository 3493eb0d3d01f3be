/* Levels of a categorical response that occur among the rows of a model. */
#include "model/categories.h"

#include <math.h>

#include "base/error.h"

static svy_status number_levels(svyi_categories *c, const double *sums, uint32_t n_levels, double total, const char *name, svy_error *err)
{
    const char *only = "";
    for (uint32_t k = 0; k < n_levels; k++) {
        c->place[k] = UINT32_MAX;
        if (!(sums[k] > 0))
            continue;
        only = c->levels[k];
        c->place[k] = (uint32_t)c->count;
        c->code[c->count] = k;
        c->share[c->count++] = sums[k] / total;
    }
    if (c->count < 2)
        return svyi_fail(err, SVY_E_NUMERIC, "the response '%s' is '%s' in all rows used: a model needs at least two levels", name, only);
    if (c->count > SVYI_CATEGORIES_MAX)
        return svyi_fail(err, SVY_E_LIMIT, "the response '%s' has %zu levels: the limit is %d", name, c->count, SVYI_CATEGORIES_MAX);
    return SVY_OK;
}

svy_status svyi_categories_make(svyi_arena *arena, const svyi_model_task *t, const char *family, svyi_categories *out, svy_error *err)
{
    const svyi_response *y = svyi_matrix_response(t->matrix);
    double total = 0;
    *out = (svyi_categories){ .codes = NULL };
    if (y == NULL)
        return svyi_fail(err, SVY_E_SYNTAX, "the formula has no response: write it left of ~");
    if (y->kind != SVYI_RESPONSE_FACTOR)
        return svyi_fail(err, SVY_E_TYPE, "the response '%s' is no factor, which the %s family needs: write factor(...) around a number", y->name, family);
    double *sums = svyi_arena_get(arena, ((size_t)y->n_levels + 1) * sizeof *sums);
    out->codes = y->codes;
    out->levels = y->levels;
    out->place = svyi_arena_get(arena, ((size_t)y->n_levels + 1) * sizeof *out->place);
    out->code = svyi_arena_get(arena, ((size_t)y->n_levels + 1) * sizeof *out->code);
    out->share = svyi_arena_get(arena, ((size_t)y->n_levels + 1) * sizeof *out->share);
    if (sums == NULL || out->place == NULL || out->code == NULL || out->share == NULL)
        return svyi_nomem(err);
    for (size_t i = 0; i < t->n; i++) {
        double w = t->design->weights[t->rows[i]];
        sums[y->codes[t->rows[i]]] += w;
        total += w;
    }
    if (t->n == 0)
        return svyi_fail(err, SVY_E_NUMERIC, "there are no rows of positive weight without missing values: a model needs some");
    return number_levels(out, sums, y->n_levels, total, y->name, err);
}

double svyi_categories_null_deviance(const svyi_categories *c, double rows)
{
    double sum = 0;
    for (size_t k = 0; k < c->count; k++)
        sum += c->share[k] * log(c->share[k]);
    return -2 * rows * sum;
}
