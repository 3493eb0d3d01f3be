/* Families and links of generalised linear models: means, working weights, scores, deviances. Limits of the links as in R's binomial(): eta is cut where
   the mean would be 0 or 1. P. McCullagh and J. A. Nelder, "Generalized Linear Models", Chapman and Hall 1989, doi:10.1007/978-1-4899-3242-6. */
#include "model/family.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "num/distribution.h"

static const double PI = 0x1.921fb54442d18p1;
static const double ROOT_2PI = 0x1.40d931ff62706p1;

enum { LINKS = SVY_LINK_SQRT + 1 };
#define LINK(name) (1u << SVY_LINK_##name)
static const struct { svy_family family; const char *name; svy_link link; unsigned allowed; } FAMILIES[] = {
    { SVY_FAMILY_GAUSSIAN, "gaussian", SVY_LINK_IDENTITY, LINK(IDENTITY) | LINK(LOG) | LINK(INVERSE) },
    { SVY_FAMILY_BINOMIAL, "binomial", SVY_LINK_LOGIT, LINK(LOGIT) | LINK(PROBIT) | LINK(CLOGLOG) | LINK(CAUCHIT) | LINK(LOG) | LINK(IDENTITY) },
    { SVY_FAMILY_POISSON, "poisson", SVY_LINK_LOG, LINK(LOG) | LINK(IDENTITY) | LINK(SQRT) },
    { SVY_FAMILY_GAMMA, "gamma", SVY_LINK_INVERSE, LINK(INVERSE) | LINK(LOG) | LINK(IDENTITY) },
    { SVY_FAMILY_ORDINAL, "ordinal", SVY_LINK_LOGIT, LINK(LOGIT) | LINK(PROBIT) | LINK(CLOGLOG) | LINK(CAUCHIT) },
    { SVY_FAMILY_MULTINOMIAL, "multinomial", SVY_LINK_LOGIT, LINK(LOGIT) },
    { SVY_FAMILY_COX, "cox", SVY_LINK_LOG, LINK(LOG) },
    { SVY_FAMILY_NEGATIVE_BINOMIAL, "negative-binomial", SVY_LINK_LOG, LINK(LOG) | LINK(IDENTITY) | LINK(SQRT) }
};
static const char *const LINK_NAMES[LINKS] = { "default", "identity", "log", "logit", "probit", "cloglog", "inverse", "cauchit", "sqrt" };

int svyi_family_link(svy_family family, svy_link *link)
{
    for (size_t i = 0; i < sizeof FAMILIES / sizeof FAMILIES[0]; i++) {
        if (FAMILIES[i].family != family)
            continue;
        if (*link == SVY_LINK_DEFAULT)
            *link = FAMILIES[i].link;
        return (FAMILIES[i].allowed >> *link & 1) != 0;
    }
    return 0;
}

const char *svyi_family_name(svy_family family)
{
    for (size_t i = 0; i < sizeof FAMILIES / sizeof FAMILIES[0]; i++)
        if (FAMILIES[i].family == family)
            return FAMILIES[i].name;
    return "";
}

const char *svyi_link_name(svy_link link)
{
    return (unsigned)link < LINKS ? LINK_NAMES[link] : "";
}

const char *svyi_family_refuses(svy_family family, double y)
{
    if (family == SVY_FAMILY_BINOMIAL && !(y >= 0 && y <= 1))
        return "a binomial response is 0 or 1 (or a share between), or a factor";
    if (family == SVY_FAMILY_GAMMA && !(y > 0))
        return "a gamma response is positive";
    if ((family == SVY_FAMILY_POISSON || family == SVY_FAMILY_NEGATIVE_BINOMIAL) && !(y >= 0))
        return "a count is not negative";
    return NULL;
}

double svyi_family_start(const svyi_glm_family *f, double y)
{
    double mu = y;
    if (f->family == SVY_FAMILY_BINOMIAL)
        mu = (y + 0.5) / 2;
    else if (f->family == SVY_FAMILY_POISSON)
        mu = y + 0.1;
    else if (f->family == SVY_FAMILY_NEGATIVE_BINOMIAL)
        mu = y > 0 ? y : 1.0 / 6;
    return svyi_link_eta(f->link, mu);
}

/* ---- links ---- */

double svyi_link_eta(svy_link link, double mu)
{
    switch (link) {
    case SVY_LINK_LOG: return log(mu);
    case SVY_LINK_LOGIT: return log(mu / (1 - mu));
    case SVY_LINK_PROBIT: return svyi_normal_quantile(mu);
    case SVY_LINK_CLOGLOG: return log(-log1p(-mu));
    case SVY_LINK_INVERSE: return 1 / mu;
    case SVY_LINK_CAUCHIT: return tan(PI * (mu - 0.5));
    case SVY_LINK_SQRT: return sqrt(mu);
    case SVY_LINK_DEFAULT: case SVY_LINK_IDENTITY: default: return mu;
    }
}

static void logit_block(const double *eta, size_t n, double *mu, double *slope)
{
    for (size_t i = 0; i < n; i++)
        mu[i] = -eta[i];
    svyi_exp_block(mu, n);
    for (size_t i = 0; i < n; i++) {
        const double e = mu[i], p = 1 / (1 + e);
        mu[i] = p;
        slope[i] = e * p * p;
    }
}

static void log_block(const double *eta, size_t n, double *mu, double *slope)
{
    memcpy(mu, eta, n * sizeof *mu);
    svyi_exp_block(mu, n);
    for (size_t i = 0; i < n; i++)
        slope[i] = mu[i] = mu[i] > DBL_EPSILON ? mu[i] : DBL_EPSILON;
}

static void probit_block(const double *eta, size_t n, double *mu, double *slope)
{
    for (size_t i = 0; i < n; i++) {
        const double x = eta[i] < -8.2 ? -8.2 : eta[i] > 8.2 ? 8.2 : eta[i], density = exp(-eta[i] * eta[i] / 2) / ROOT_2PI;
        mu[i] = svyi_normal_upper(-x);
        slope[i] = density > DBL_EPSILON ? density : DBL_EPSILON;
    }
}

static void cloglog_block(const double *eta, size_t n, double *mu, double *slope)
{
    for (size_t i = 0; i < n; i++) {
        const double e = exp(eta[i] < 700 ? eta[i] : 700), p = -expm1(-e), d = e * exp(-e);
        mu[i] = p < DBL_EPSILON ? DBL_EPSILON : p > 1 - DBL_EPSILON ? 1 - DBL_EPSILON : p;
        slope[i] = d > DBL_EPSILON ? d : DBL_EPSILON;
    }
}

static void cauchit_block(const double *eta, size_t n, double *mu, double *slope)
{
    for (size_t i = 0; i < n; i++) {
        const double p = eta[i] < -1 ? atan(-1 / eta[i]) / PI : eta[i] > 1 ? 1 - atan(1 / eta[i]) / PI : 0.5 + atan(eta[i]) / PI;
        mu[i] = p < DBL_EPSILON ? DBL_EPSILON : p > 1 - DBL_EPSILON ? 1 - DBL_EPSILON : p;
        slope[i] = 1 / (PI * (1 + eta[i] * eta[i]));
    }
}

static void power_block(svy_link link, const double *eta, size_t n, double *mu, double *slope)
{
    for (size_t i = 0; i < n; i++) {
        const double x = eta[i];
        mu[i] = link == SVY_LINK_INVERSE ? 1 / x : link == SVY_LINK_SQRT ? x * x : x;
        slope[i] = link == SVY_LINK_INVERSE ? -mu[i] * mu[i] : link == SVY_LINK_SQRT ? 2 * x : 1;
    }
}

void svyi_link_block(svy_link link, const double *eta, size_t n, double *mu, double *slope)
{
    switch (link) {
    case SVY_LINK_LOGIT: logit_block(eta, n, mu, slope); return;
    case SVY_LINK_LOG: log_block(eta, n, mu, slope); return;
    case SVY_LINK_PROBIT: probit_block(eta, n, mu, slope); return;
    case SVY_LINK_CLOGLOG: cloglog_block(eta, n, mu, slope); return;
    case SVY_LINK_CAUCHIT: cauchit_block(eta, n, mu, slope); return;
    case SVY_LINK_INVERSE: case SVY_LINK_SQRT: case SVY_LINK_DEFAULT: case SVY_LINK_IDENTITY: default: power_block(link, eta, n, mu, slope); return;
    }
}

static double curve(svy_link link, double eta, double mu, double slope)
{
    switch (link) {
    case SVY_LINK_LOG: return mu;
    case SVY_LINK_LOGIT: return slope * (1 - 2 * mu);
    case SVY_LINK_PROBIT: return -eta * slope;
    case SVY_LINK_CLOGLOG: return slope * (1 - exp(eta));
    case SVY_LINK_INVERSE: return 2 * mu * mu * mu;
    case SVY_LINK_CAUCHIT: return -2 * eta * PI * slope * slope;
    case SVY_LINK_SQRT: return 2;
    case SVY_LINK_DEFAULT: case SVY_LINK_IDENTITY: default: return 0;
    }
}

void svyi_link_curve_block(svy_link link, const double *eta, size_t n, double *out)
{
    double mu[SVYI_BLOCK], slope[SVYI_BLOCK];
    svyi_link_block(link, eta, n, mu, slope);
    for (size_t i = 0; i < n; i++)
        out[i] = curve(link, eta[i], mu[i], slope[i]);
}

/* ---- families ---- */

double svyi_family_variance(const svyi_glm_family *f, double mu)
{
    switch (f->family) {
    case SVY_FAMILY_BINOMIAL: return mu * (1 - mu);
    case SVY_FAMILY_POISSON: return mu;
    case SVY_FAMILY_GAMMA: return mu * mu;
    case SVY_FAMILY_NEGATIVE_BINOMIAL: return mu + mu * mu / f->theta;
    case SVY_FAMILY_GAUSSIAN: case SVY_FAMILY_ORDINAL: case SVY_FAMILY_MULTINOMIAL: case SVY_FAMILY_COX: default: return 1;
    }
}

static int possible(const svyi_glm_family *f, double mu)
{
    if (f->family == SVY_FAMILY_BINOMIAL)
        return mu > 0 && mu < 1;
    return f->family == SVY_FAMILY_GAUSSIAN ? isfinite(mu) : mu > 0 && isfinite(mu);
}

/* The link that makes the score y - mu: the slope is the variance. */
static int canonical(const svyi_glm_family *f)
{
    return (f->family == SVY_FAMILY_BINOMIAL && f->link == SVY_LINK_LOGIT) || (f->family == SVY_FAMILY_POISSON && f->link == SVY_LINK_LOG) ||
           (f->family == SVY_FAMILY_GAUSSIAN && f->link == SVY_LINK_IDENTITY);
}

int svyi_family_block(const svyi_glm_family *f, const double *y, const double *mu, const double *slope, size_t n, double *work, double *score)
{
    if (canonical(f)) {
        for (size_t i = 0; i < n; i++) {
            work[i] = slope[i];
            score[i] = y[i] - mu[i];
        }
        return 1;
    }
    int good = 1;
    for (size_t i = 0; i < n; i++) {
        const double by = slope[i] / svyi_family_variance(f, mu[i]);
        good &= possible(f, mu[i]);
        work[i] = by * slope[i];
        score[i] = by * (y[i] - mu[i]);
    }
    return good;
}

static double y_log(double y, double mu) { return y > 0 ? y * log(y / mu) : 0; }

static double unit_deviance(const svyi_glm_family *f, double y, double mu)
{
    switch (f->family) {
    case SVY_FAMILY_BINOMIAL: return 2 * (y_log(y, mu) + y_log(1 - y, 1 - mu));
    case SVY_FAMILY_POISSON: return 2 * (y_log(y, mu) - (y - mu));
    case SVY_FAMILY_GAMMA: return -2 * (log(y / mu) - (y - mu) / mu);
    case SVY_FAMILY_NEGATIVE_BINOMIAL: return 2 * (y_log(y, mu) - (y + f->theta) * log((y + f->theta) / (mu + f->theta)));
    case SVY_FAMILY_GAUSSIAN: case SVY_FAMILY_ORDINAL: case SVY_FAMILY_MULTINOMIAL: case SVY_FAMILY_COX: default: return (y - mu) * (y - mu);
    }
}

/* Logs of the probabilities of what happened, when y is 0 or 1. @return 0 when it is not. */
static int binary_deviance(const double *y, const double *mu, const double *w, size_t n, double *sum)
{
    double p[SVYI_BLOCK];
    int whole = 1;
    for (size_t i = 0; i < n; i++) {
        whole &= y[i] == 0 || y[i] == 1;
        p[i] = y[i] > 0.5 ? mu[i] : 1 - mu[i];
        p[i] = p[i] > DBL_MIN ? p[i] : DBL_MIN;
    }
    if (!whole)
        return 0;
    svyi_ln_block(p, n);
    *sum = 0;
    for (size_t i = 0; i < n; i++)
        *sum -= 2 * w[i] * p[i];
    return 1;
}

double svyi_family_deviance(const svyi_glm_family *f, const double *y, const double *mu, const double *w, size_t n)
{
    double sum = 0;
    if (f->family == SVY_FAMILY_BINOMIAL && binary_deviance(y, mu, w, n, &sum))
        return sum;
    for (size_t i = 0; i < n; i++)
        sum += w[i] != 0 ? w[i] * unit_deviance(f, y[i], mu[i]) : 0;
    return sum;
}
