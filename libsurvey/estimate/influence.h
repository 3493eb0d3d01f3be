/* What any estimator hands over so that it works with every design: the influence of rows, and its values under other weights. Internal. */
#ifndef SVY_ESTIMATE_INFLUENCE_H
#define SVY_ESTIMATE_INFLUENCE_H
#include "design/tree.h"
#include "estimate/domain.h"

/* The influence of rows on `width` estimates in each of `domains` domains; a row has influence in one domain at most. It contains the weight: that of a
   mean is w (y - mean) / W. Estimate k of domain d has number d * width + k. */
typedef struct svyi_influence {
    size_t width, domains;
    /* For each of `count` rows (numbers of rows in the data, in any order): `width` numbers in z, and its domain or SVYI_NO_DOMAIN (then z is not read).
       `domain` is NULL when there is one domain: such rows then give zeros. Called by several threads at once and more than once for a row, so it
       changes nothing and gives the same every time. */
    void (*fill)(const void *user, const uint32_t *rows, size_t count, double *z, uint32_t *domain);
    const void *user;
} svyi_influence;

/* Design variance of estimates with such an influence, by linearisation, whatever the design (stages, unequal probabilities, two phases, calibration).
   @param variance    domains * width items.
   @param covariance  (domains * width)^2 items, or NULL.
   @return SVY_OK, SVY_E_NUMERIC (a lonely PSU), SVY_E_NOMEM. */
svy_status svyi_influence_variance(svyi_arena *arena, const svy_design *d, const svyi_influence *f, unsigned threads, double *variance,
                                   double *covariance, svy_error *err);

typedef struct svyi_estimator {
    svyi_influence influence;
    /* All estimates when the rows have other weights (`weights` by row, some may be 0, or with odd replicates negative); what cannot be computed is NaN.
       Called by several threads at once. */
    svy_status (*values)(const void *user, const double *weights, double *theta, svy_error *err);
} svyi_estimator;

/* Variance of an estimator in any design: by replicates when the design has them, otherwise by linearisation.
   With replicates: scale * sum of rscales (theta_r - c)(theta_r - c)', c their mean over rscales > 0, or the estimate with mse.
   Replicates that give NaN are left out of an estimate's variance (and of the mean), and counted in *dropped (may be NULL).
   @param theta  the estimates, domains * width items. */
svy_status svyi_estimator_variance(svyi_arena *arena, const svy_design *d, const svyi_estimator *e, const double *theta, unsigned threads,
                                   double *variance, double *covariance, size_t *dropped, svy_error *err);
/* The same from values already there: thetas has count * n items, replicate after replicate. */
svy_status svyi_replicate_variance(const svy_design *d, const double *theta, const double *thetas, size_t n, double *variance,
                                   double *covariance, size_t *dropped, svy_error *err);

/* Degrees of freedom by domain: PSUs minus strata that have a row of positive weight in it (with replicates: the rank of its weights minus 1), or
   those the design was given. */
/* 1: they are PSUs minus strata of the tree, so that whoever passes the rows anyway may count along. */
static inline int svyi_df_by_units(const svy_design *d) { return !(d->given_df > 0) && d->replicates == NULL && d->phase2 == NULL; }
svy_status svyi_degrees_of_freedom(svyi_arena *arena, const svy_design *d, const svyi_domains *domains, double *df, svy_error *err);
#endif
