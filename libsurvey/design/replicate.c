/* Replicate weights of a design: which kind they are, and the weights of one of them. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "design/adjust.h"
#include "design/replicate_priv.h"

static const uint64_t FACTOR_BYTES_MAX = (uint64_t)2 << 30;

size_t svyi_replicates_count(const svyi_replicates *r) { return r->count; }

svy_status svyi_replicates_rscales(svyi_replicates_build *b, double value)
{
    b->r->rscales = b->rscales = svyi_arena_get(&b->d->arena, (b->r->count + 1) * sizeof *b->rscales);
    if (b->rscales == NULL)
        return svyi_nomem(b->err);
    for (size_t k = 0; k < b->r->count; k++)
        b->rscales[k] = value;
    return SVY_OK;
}

svy_status svyi_replicates_room(svyi_replicates_build *b, size_t units, double **factor)
{
    *factor = NULL;
    if (b->r->count > FACTOR_BYTES_MAX / sizeof **factor / (units + 1))
        return svyi_fail(b->err, SVY_E_LIMIT, "%zu replicates of %zu sampling units do not fit into 2 GiB: make fewer replicates, or name the clusters",
                         b->r->count, units);
    *factor = svyi_arena_get(&b->d->arena, (units * b->r->count + 1) * sizeof **factor);
    b->r->factor = *factor;
    b->r->units = units;
    return *factor != NULL ? SVY_OK : svyi_nomem(b->err);
}

double svy_design_replicate_scale(const svy_design *d, size_t r)
{
    return d->replicates != NULL && r < d->replicates->count ? d->replicates->scale * d->replicates->rscales[r] : nan("");
}

int svy_design_replicate_mse(const svy_design *d) { return d->replicates != NULL && d->replicates->mse; }

/* ---- making them ---- */

static svy_status make(svyi_replicates_build *b)
{
    if (b->spec->n_columns > 0)
        return svyi_replicates_given(b);
    if (b->d->pps != NULL || b->d->phase2 != NULL)
        return svyi_fail(b->err, SVY_E_VALUE, "replicate weights are not made for %s: give columns of replicate weights",
                         b->d->pps != NULL ? "units drawn with unequal probabilities and without replacement" : "two phases");
    switch (b->spec->type) {
    case SVY_REPLICATE_JK1: case SVY_REPLICATE_JKN:
        return svyi_replicates_jackknife(b);
    case SVY_REPLICATE_JK2:
        return svyi_replicates_paired_jackknife(b);
    case SVY_REPLICATE_BRR: case SVY_REPLICATE_FAY:
        return svyi_replicates_balanced(b);
    case SVY_REPLICATE_SDR: case SVY_REPLICATE_ACS:
        return svyi_replicates_successive(b);
    case SVY_REPLICATE_BOOTSTRAP: case SVY_REPLICATE_RAO_WU:
        return svyi_replicates_redrawn(b);
    case SVY_REPLICATE_PRESTON: case SVY_REPLICATE_GENERALIZED:
        return svyi_replicates_walked(b);
    case SVY_REPLICATE_NONE: case SVY_REPLICATE_OTHER:
        break;
    }
    return svyi_fail(b->err, SVY_E_VALUE, "there are no columns of replicate weights: name them, or the type to make");
}

/* Population sizes that the made replicates cannot take into account. */
static const char *left_aside(const svy_design *d, svy_replicate_type type)
{
    if (d->stages[0].population == NULL || type == SVY_REPLICATE_PRESTON || type == SVY_REPLICATE_GENERALIZED)
        return NULL;
    if (type == SVY_REPLICATE_BRR || type == SVY_REPLICATE_FAY)
        return "balanced replicates take no account of population sizes (--fpc): the variance is that of sampling with replacement";
    if (d->n_stages > 1)
        return "these replicates take account of the population sizes of the first stage only: preston and generalized know all stages";
    return NULL;
}

svy_status svyi_replicates_make(svy_design *d, const svy_frame *f, const svy_replicate_spec *spec, svy_error *err)
{
    svyi_replicates_build b = { .d = d, .f = f, .spec = spec, .err = err };
    b.r = svyi_arena_get(&d->arena, sizeof *b.r);
    if (b.r == NULL)
        return svyi_nomem(err);
    b.r->type = spec->type;
    b.r->mse = spec->mse;
    b.r->uncombined = spec->uncombined;
    b.r->scale = 1;
    svy_status st = make(&b);
    if (st == SVY_OK)
        d->replicates = b.r;
    if (st == SVY_OK && spec->n_columns == 0)
        b.r->note = left_aside(d, spec->type);
    return st;
}

/* ---- weights ---- */

static double left_out_factor(const svyi_left_out *l, uint32_t unit)
{
    return unit == l->unit ? 0 : unit >= l->first && unit < l->end ? l->inside : l->outside;
}

void svyi_replicate_factors(const svyi_replicates *r, uint32_t unit, size_t first, size_t count, double *out)
{
    if (r->factor != NULL) {
        memcpy(out, r->factor + unit * r->count + first, count * sizeof *out);
        return;
    }
    for (size_t k = 0; k < count; k++)
        out[k] = left_out_factor(&r->left_out[first + k], unit);
}

static double factor_of(const svyi_replicates *r, uint32_t unit, size_t replicate)
{
    return r->factor != NULL ? r->factor[unit * r->count + replicate] : left_out_factor(&r->left_out[replicate], unit);
}

static void made_weights(const svy_design *d, size_t r, const double *base, double *out)
{
    int rows = svyi_replicate_unit_is_row(d);
    for (uint32_t g = 0; g < d->n_groups; g++) {
        double factor = rows ? 0 : factor_of(d->replicates, svyi_replicate_unit(d, g, 0), r);
        for (size_t place = d->group_start[g]; place < d->group_start[g + 1]; place++) {
            size_t row = d->order != NULL ? d->order[place] : place;
            out[row] = base[row] * (rows ? factor_of(d->replicates, (uint32_t)place, r) : factor);
        }
    }
}

/* Weights of all rows before any adjustment. */
static void weights_before(const svy_design *d, size_t r, double *out)
{
    const double *base = svyi_weights_before(d);
    if (d->replicates->columns == NULL) {
        made_weights(d, r, base, out);
        return;
    }
    memcpy(out, d->replicates->columns[r], d->rows * sizeof *out);
    for (size_t i = 0; d->replicates->uncombined && i < d->rows; i++)
        out[i] *= base[i];
}

void svyi_replicate_weights(const svy_design *d, size_t r, double *out)
{
    weights_before(d, r, out);
    svyi_adjustments_replay(d, r, out);
}
