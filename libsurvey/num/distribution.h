/* Tails and quantiles of the distributions that tests and intervals need. Internal. */
#ifndef SVY_NUM_DISTRIBUTION_H
#define SVY_NUM_DISTRIBUTION_H

/* All give NaN for arguments outside their domain. Degrees of freedom need not be whole numbers; infinite ones of t, and of an F's denominator, give
   the normal and the chi-squared distribution. Relative error about 1e-14, in far tails 1e-16 times the logarithm of the tail (tests/unit/num: against R). */
double svyi_normal_upper(double z);                  /* P(Z > z); P(Z <= z) is svyi_normal_upper(-z) */
double svyi_normal_quantile(double p);
double svyi_t_upper(double t, double df);            /* P(T > t); P(T <= t) is svyi_t_upper(-t, df) */
double svyi_t_two_sided(double t, double df);        /* P(|T| > |t|) */
double svyi_t_quantile(double p, double df);         /* 0 < p < 1; df > 0 */
double svyi_chi2_upper(double x, double df);         /* P(chi^2 > x) */
double svyi_chi2_quantile(double p, double df);      /* lower tail p */
double svyi_f_upper(double x, double ndf, double ddf);   /* P(F > x) */
double svyi_f_quantile(double p, double ndf, double ddf);
double svyi_beta_quantile(double p, double a, double b);   /* a, b >= 0; 0 puts all mass on 0 (a) or 1 (b) */
/* ln of x^a y^b / B(a, b) where x + y = 1, and of x^a e^-x / Gamma(a): what tails whose parameter grows by 1 differ by, times b or a. */
double svyi_log1p_rest(double u);                    /* ln(1 + u) - u, keeping its digits near 0 */
double svyi_beta_log_front(double a, double b, double x, double y);
double svyi_gamma_log_front(double a, double x);
#endif
