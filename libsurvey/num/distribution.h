/* Quantiles of the distributions that intervals need. Internal. */
#ifndef SVY_NUM_DISTRIBUTION_H
#define SVY_NUM_DISTRIBUTION_H

/* All give NaN for arguments outside their domain; relative error about 1e-14 (tests/unit/num: against R). */
double svyi_t_quantile(double p, double df);         /* 0 < p < 1; df > 0, infinity: the normal distribution */
double svyi_beta_quantile(double p, double a, double b);   /* a, b >= 0; 0 puts all mass on 0 (a) or 1 (b) */
#endif
