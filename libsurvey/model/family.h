/* Families and links of generalised linear models, by blocks of rows. Internal. */
#ifndef SVY_MODEL_FAMILY_H
#define SVY_MODEL_FAMILY_H
#include <survey/model.h>

enum { SVYI_BLOCK = 256 };           /* rows at a time */

typedef struct svyi_glm_family { svy_family family; svy_link link; double theta; } svyi_glm_family;   /* theta: of the negative binomial */

/* exp and natural logarithm of each of n numbers, in place: within 2 ulp, vectorised, the same bits everywhere. Arguments of exp are
   taken between -708 and 708, those of ln must be positive and normal. */
void svyi_exp_block(double *x, size_t n);
void svyi_ln_block(double *x, size_t n);
/* For p columns of n rows: sums += X'wX (lower triangle, row after row), sums += X'v, eta += X gamma. scratch: n numbers. */
void svyi_gram_block(const double *x, const double *w, size_t p, size_t n, double *scratch, double *sums);
void svyi_dot_block(const double *x, const double *v, size_t p, size_t n, double *sums);
void svyi_combine_block(const double *x, const double *gamma, size_t p, size_t n, double *eta);
/* The same for `wide` (a multiple of 16) vectors side by side: eta (n by wide) += X' gamma (p by wide), sums (p by wide) += X s (n by wide). */
void svyi_expand_block(const double *x, const double *gamma, size_t p, size_t n, size_t wide, double *eta);
void svyi_collect_block(const double *x, const double *s, size_t p, size_t n, size_t wide, double *sums);

/* The link of a family, DEFAULT replaced. @return 0 when the family does not have it. */
int svyi_family_link(svy_family family, svy_link *link);
const char *svyi_family_name(svy_family family);
const char *svyi_link_name(svy_link link);
/* NULL, or what a response of this family must be when y is not. */
const char *svyi_family_refuses(svy_family family, double y);
/* Linear predictor to start from when the response is y. */
double svyi_family_start(const svyi_glm_family *f, double y);
double svyi_link_eta(svy_link link, double mu);
/* Means and their derivatives by the linear predictor. */
void svyi_link_block(svy_link link, const double *eta, size_t n, double *mu, double *slope);
/* Second derivatives; n <= SVYI_BLOCK. */
void svyi_link_curve_block(svy_link link, const double *eta, size_t n, double *curve);
double svyi_family_variance(const svyi_glm_family *f, double mu);
/* Working weights dmu^2 / V and scores dmu (y - mu) / V (without the weight of the row). @return 1 when all means are possible. */
int svyi_family_block(const svyi_glm_family *f, const double *y, const double *mu, const double *slope, size_t n, double *work, double *score);
/* Sum of w times the unit deviance. */
double svyi_family_deviance(const svyi_glm_family *f, const double *y, const double *mu, const double *w, size_t n);
#endif
