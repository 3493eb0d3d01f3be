/* Replicate weights given as columns of the data: checks, and the scale that belongs to their type. */
#include <math.h>

#include "base/error.h"
#include "design/replicate_priv.h"

static int may_be_negative(svy_replicate_type type) { return type == SVY_REPLICATE_OTHER || type == SVY_REPLICATE_GENERALIZED; }

/* Missing, infinite or (but for `negative`) below 0. */
static svy_status check_values(const svyi_replicates_build *b, const svy_column *c, int negative)
{
    int all_zero = 1;
    for (size_t i = 0; i < b->d->rows; i++) {
        double x = c->numbers[i];
        if (c->missing != NULL && c->missing[i] != SVY_PRESENT)
            return svyi_fail(b->err, SVY_E_VALUE, "'%s' (replicate weights) is missing in row %zu: fill it in, or leave the row out of the data",
                             c->name, i + 1);
        if (!(fabs(x) <= 1e300) || (x < 0 && !negative))
            return svyi_fail(b->err, SVY_E_VALUE, "'%s' (replicate weights) is %g in row %zu: a replicate weight of this type is 0 or more, and at most 1e300", c->name, x,
                             i + 1);
        all_zero &= x == 0;
    }
    if (all_zero)
        return svyi_fail(b->err, SVY_E_VALUE, "'%s' (replicate weights) is 0 in every row: leave it out of the replicates", c->name);
    return SVY_OK;
}

static svy_status take_columns(svyi_replicates_build *b)
{
    size_t count = b->spec->n_columns;
    const double **columns = svyi_arena_get(&b->d->arena, (count + 1) * sizeof *columns);
    if (columns == NULL)
        return svyi_nomem(b->err);
    for (size_t k = 0; k < count; k++) {
        const svy_column *c = svy_frame_find(b->f, b->spec->columns[k]);
        if (c == NULL)
            return svyi_fail(b->err, SVY_E_NAME, "there is no column '%s' for replicate weights: name columns of the data", b->spec->columns[k]);
        if (c->numbers == NULL)
            return svyi_fail(b->err, SVY_E_TYPE, "'%s' (replicate weights) is text: give a column of numbers", c->name);
        svy_status st = check_values(b, c, may_be_negative(b->spec->type));
        if (st != SVY_OK)
            return st;
        columns[k] = c->numbers;
    }
    b->r->columns = columns;
    b->r->count = count;
    return SVY_OK;
}

/* Largest factor of a column: of a jackknife it is n/(n-1). */
static double largest_factor(const svyi_replicates_build *b, size_t k)
{
    const double *x = b->r->columns[k], *w = b->d->weights;
    double largest = 0;
    for (size_t i = 0; i < b->d->rows; i++)
        if (b->spec->uncombined || w[i] > 0)
            largest = fmax(largest, b->spec->uncombined ? x[i] : x[i] / w[i]);
    return largest;
}

/* 1: the weights of a column are 0, the sampling weights, or those times one factor, as a jackknife of strata makes them. */
static int is_jackknife(const svyi_replicates_build *b, size_t k, double largest)
{
    const double *x = b->r->columns[k], *w = b->d->weights;
    for (size_t i = 0; i < b->d->rows; i++) {
        double tolerance = 1e-6 * w[i] * largest;
        if (x[i] != 0 && fabs(x[i] - w[i]) > tolerance && fabs(x[i] - largest * w[i]) > tolerance)
            return 0;
    }
    return largest > 1;
}

static svy_status jkn_rscales(svyi_replicates_build *b)
{
    for (size_t k = 0; k < b->r->count; k++) {
        double largest = largest_factor(b, k);
        if (!b->spec->uncombined && !is_jackknife(b, k, largest))
            return svyi_fail(b->err, SVY_E_VALUE, "the weights of '%s' do not tell how many units its stratum has, so that the scale of this jkn "
                             "replicate is not known: give (n - 1)/n of every replicate by --rscales", b->spec->columns[k]);
        b->rscales[k] = 1 / largest;
    }
    return SVY_OK;
}

/* Types whose scale follows from the number of replicates. */
static int has_own_scale(svy_replicate_type type)
{
    return type == SVY_REPLICATE_BRR || type == SVY_REPLICATE_FAY || type == SVY_REPLICATE_JK2 || type == SVY_REPLICATE_SDR || type == SVY_REPLICATE_ACS;
}

static double scale_of(const svyi_replicates_build *b)
{
    double n = (double)b->r->count, rho = b->spec->fay_rho;
    switch (b->spec->type) {
    case SVY_REPLICATE_BRR: case SVY_REPLICATE_FAY: return 1 / (n * (1 - rho) * (1 - rho));
    case SVY_REPLICATE_SDR: case SVY_REPLICATE_ACS: return 4 / n;
    case SVY_REPLICATE_JK1: return b->spec->uncombined ? 1 / largest_factor(b, 0) : (n - 1) / n;
    case SVY_REPLICATE_GENERALIZED: return b->spec->mse ? 1 / n : 1 / (n - 1);
    case SVY_REPLICATE_BOOTSTRAP: case SVY_REPLICATE_RAO_WU: case SVY_REPLICATE_PRESTON: return 1 / (n - 1);
    case SVY_REPLICATE_NONE: case SVY_REPLICATE_OTHER: case SVY_REPLICATE_JKN: case SVY_REPLICATE_JK2: break;
    }
    return 1;
}

static svy_status take_rscales(svyi_replicates_build *b)
{
    svy_status st = svyi_replicates_rscales(b, b->spec->n_rscales == 1 ? b->spec->rscales[0] : 1);
    if (st != SVY_OK || b->spec->n_rscales == 1)
        return st;
    if (b->spec->n_rscales == 0)
        return b->spec->type == SVY_REPLICATE_JKN ? jkn_rscales(b) : SVY_OK;
    if (b->spec->n_rscales != b->r->count)
        return svyi_fail(b->err, SVY_E_VALUE, "there are %zu rscales and %zu replicates: give one per replicate, or one for all", b->spec->n_rscales,
                         b->r->count);
    for (size_t k = 0; k < b->r->count; k++)
        b->rscales[k] = b->spec->rscales[k];
    return SVY_OK;
}

static svy_status check_scales(const svyi_replicates_build *b)
{
    if (!(b->spec->scale >= 0 && b->spec->scale <= 1e300))
        return svyi_fail(b->err, SVY_E_VALUE, "the scale of the replicates is %g: give a number above 0", b->spec->scale);
    for (size_t k = 0; k < b->spec->n_rscales; k++)
        if (!(b->spec->rscales[k] >= 0 && b->spec->rscales[k] <= 1e300))
            return svyi_fail(b->err, SVY_E_VALUE, "rscale %zu of the replicates is %g: give numbers from 0 to 1e300", k + 1, b->spec->rscales[k]);
    if (has_own_scale(b->spec->type) && (b->spec->scale > 0 || b->spec->n_rscales > 0))
        return svyi_fail(b->err, SVY_E_VALUE, "replicates of this type have a scale of their own: leave --scale and --rscales out, or name the columns "
                         "without a type");
    if (b->spec->type == SVY_REPLICATE_FAY && !(b->spec->fay_rho > 0))
        return svyi_fail(b->err, SVY_E_VALUE, "Fay's replicates need the rho they were made with: give --fay-rho, or the type brr when it is 0");
    return SVY_OK;
}

/* Whether the columns are weights or factors can be seen, mostly. */
static const char *look_at(const svyi_replicates_build *b)
{
    double weights = 0, replicates = 0;
    for (size_t i = 0; i < b->d->rows; i++)
        weights += b->d->weights[i];
    for (size_t k = 0; k < b->r->count; k++)
        for (size_t i = 0; i < b->d->rows; i++)
            replicates += b->r->columns[k][i];
    weights /= (double)b->d->rows;
    replicates /= (double)b->d->rows * (double)b->r->count;
    if (!b->spec->uncombined && replicates < 5 && weights > 5 * replicates)
        return "the replicate weights are much smaller than the sampling weights: if they are factors on them, say --uncombined";
    if (b->spec->uncombined && replicates > 5 && weights < 5 * replicates)
        return "the replicate factors are about as large as the sampling weights: if they are weights, leave --uncombined out";
    if (b->spec->type == SVY_REPLICATE_OTHER && !(b->spec->scale > 0))
        return "the scale of the replicates is taken as 1: name their type, as in brr:'repwt*', or give --scale";
    return NULL;
}

svy_status svyi_replicates_given(svyi_replicates_build *b)
{
    svy_status st = check_scales(b);
    if (st != SVY_OK || (st = take_columns(b)) != SVY_OK || (st = take_rscales(b)) != SVY_OK)
        return st;
    if (b->r->count < 2)
        return svyi_fail(b->err, SVY_E_VALUE, "there is one column of replicate weights: a variance needs at least two");
    b->r->scale = b->spec->scale > 0 ? b->spec->scale : scale_of(b);
    b->r->mse |= b->spec->type == SVY_REPLICATE_ACS;
    b->r->note = look_at(b);
    return SVY_OK;
}
