/* Samples drawn again and again from a population whose values are known: intervals of 95 % cover them in 95 % of the samples, estimates have no
   bias, and the variances are those that the samples show. Seeded, so that every run sees the same samples. */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <survey/estimate.h>
#include <survey/model.h>
#include <survey/moments.h>
#include <survey/quantile.h>
#include <survey/weighting.h>

enum { STRATA = 4, PSUS = 250, UNITS = 12, N = STRATA * PSUS * UNITS, TAKEN_PSUS = 15, TAKEN_UNITS = 6, ROWS = STRATA * TAKEN_PSUS * TAKEN_UNITS, SAMPLES = 800 };

static uint64_t state;
static double unit(void)          /* splitmix64 */
{
    uint64_t z = (state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return (double)((z ^ (z >> 31)) >> 11) * 0x1p-53;
}
static double normal(void) { return sqrt(-2 * log(1 - unit())) * cos(6.283185307179586 * unit()); }

/* ---- the population ---- */

typedef struct person { double y, x, z; uint32_t group, domain; } person;
static person population[N];

static void make_population(void)
{
    state = 1948;
    for (size_t i = 0; i < N; i++) {
        static double effect;
        person *p = &population[i];
        if (i % UNITS == 0)
            effect = 3 * normal();
        p->y = 50 + 4 * (double)(i / (PSUS * UNITS)) + effect + 8 * normal();
        p->x = 20 + 0.4 * p->y + 4 * normal();
        p->z = unit() < 1 / (1 + exp(-(-0.3 + 0.06 * (p->y - 55)))) ? 1 : 0;
        p->group = (uint32_t)(3 * unit());
        p->domain = unit() < 0.4;
    }
}

/* ---- a sample: 15 of 250 PSUs in every stratum, 6 of 12 units in each ---- */

static void choose(size_t from, size_t count, size_t *out)       /* simple random sampling without replacement */
{
    for (size_t i = 0, taken = 0; taken < count; i++)
        if (unit() * (double)(from - i) < (double)(count - taken))
            out[taken++] = i;
}

static double *column(svy_frame *f, const char *name)
{
    svy_error err = SVY_ERROR_INIT;
    double *x = svy_frame_get(f, svy_frame_rows(f), sizeof *x);
    cr_assert(x != NULL && svy_frame_add_numbers(f, name, SVY_T_DECIMAL, x, NULL, &err) == SVY_OK);
    return x;
}

static svy_frame *draw(void)
{
    static const char *const GROUPS[] = { "a", "b", "c" };
    svy_error err = SVY_ERROR_INIT;
    svy_frame *f;
    size_t psus[TAKEN_PSUS], units[TAKEN_UNITS], row = 0;
    cr_assert(svy_frame_new(NULL, ROWS, &f, &err) == SVY_OK);
    double *y = column(f, "y"), *x = column(f, "x"), *z = column(f, "z"), *s = column(f, "s"), *psu = column(f, "psu"), *id = column(f, "id");
    double *w = column(f, "w"), *n1 = column(f, "n1"), *n2 = column(f, "n2"), *domain = column(f, "domain");
    uint32_t *group = svy_frame_get(f, ROWS, sizeof *group);
    for (size_t h = 0; h < STRATA; h++) {
        choose(PSUS, TAKEN_PSUS, psus);
        for (size_t j = 0; j < TAKEN_PSUS; j++) {
            choose(UNITS, TAKEN_UNITS, units);
            for (size_t k = 0; k < TAKEN_UNITS; k++, row++) {
                size_t at = (h * PSUS + psus[j]) * UNITS + units[k];
                const person *p = &population[at];
                y[row] = p->y; x[row] = p->x; z[row] = p->z; domain[row] = p->domain; group[row] = p->group;
                s[row] = (double)h; psu[row] = (double)(h * PSUS + psus[j]); id[row] = (double)at;
                w[row] = (double)PSUS / TAKEN_PSUS * UNITS / TAKEN_UNITS; n1[row] = PSUS; n2[row] = UNITS;
            }
        }
    }
    cr_assert(svy_frame_add_factor(f, "g", SVY_T_TEXT, group, NULL, GROUPS, NULL, 3, &err) == SVY_OK);
    return f;
}

/* ---- what is estimated: the truth, and the estimate of a sample ---- */

typedef struct result { double estimate, se, lower, upper; } result;
typedef struct family {
    const char *name;
    double (*truth)(void);
    svy_status (*estimate)(const svy_frame *f, svy_design *d, result *out, svy_error *err);
    svy_replicate_type replicates;      /* none: linearised */
} family;

static double sum(double (*of)(const person *))
{
    double t = 0;
    for (size_t i = 0; i < N; i++)
        t += of(&population[i]);
    return t;
}
static double y_of(const person *p) { return p->y; }
static double x_of(const person *p) { return p->x; }
static double z_of(const person *p) { return p->z; }
static double in_domain(const person *p) { return p->domain; }
static double y_in_domain(const person *p) { return p->domain * p->y; }
static double true_mean(void) { return sum(y_of) / N; }
static double true_total(void) { return sum(y_of); }
static double true_ratio(void) { return sum(y_of) / sum(x_of); }
static double true_share(void) { return sum(z_of) / N; }
static double true_domain(void) { return sum(y_in_domain) / sum(in_domain); }

static int by_size(const void *a, const void *b) { return (*(const double *)a > *(const double *)b) - (*(const double *)a < *(const double *)b); }
static double true_median(void)
{
    static double y[N];
    for (size_t i = 0; i < N; i++)
        y[i] = population[i].y;
    qsort(y, N, sizeof *y, by_size);
    return y[N / 2 - 1];
}

static double true_variance(void)
{
    double mean = true_mean(), t = 0;
    for (size_t i = 0; i < N; i++)
        t += (population[i].y - mean) * (population[i].y - mean);
    return t / (N - 1);
}

static double true_slope(void)          /* of x on y */
{
    double mean_x = sum(x_of) / N, mean_y = true_mean(), xy = 0, yy = 0;
    for (size_t i = 0; i < N; i++) {
        xy += (population[i].y - mean_y) * (population[i].x - mean_x);
        yy += (population[i].y - mean_y) * (population[i].y - mean_y);
    }
    return xy / yy;
}

static double true_logit(void)          /* of z on y, by Newton's method */
{
    double a = 0, b = 0;
    for (int step = 0; step < 30; step++) {
        double ga = 0, gb = 0, aa = 0, ab = 0, bb = 0;
        for (size_t i = 0; i < N; i++) {
            double y = population[i].y, p = 1 / (1 + exp(-a - b * (y - 55))), v = p * (1 - p), u = y - 55;
            ga += population[i].z - p;
            gb += u * (population[i].z - p);
            aa += v; ab += u * v; bb += u * u * v;
        }
        a += (bb * ga - ab * gb) / (aa * bb - ab * ab);
        b += (aa * gb - ab * ga) / (aa * bb - ab * ab);
    }
    return b;
}

static void take_row(const svy_estimates *e, size_t i, result *out)
{
    const svy_estimate_row *r = svy_estimates_row(e, i);
    *out = (result){ r->estimate, r->se, r->lower, r->upper };
}

static svy_status ask(const svy_frame *f, const svy_design *d, svy_statistic statistic, const char *variable, const char *where, result *out, svy_error *err)
{
    svy_estimate_spec spec = SVY_ESTIMATE_INIT;
    svy_estimates *e;
    spec.statistic = statistic;
    spec.variables = &variable;
    spec.n_variables = 1;
    spec.where = where;
    spec.df = SVY_DF_DESIGN;
    svy_status st = svy_estimate(NULL, f, d, &spec, &e, err);
    if (st == SVY_OK)
        take_row(e, svy_estimates_count(e) - 1, out);
    svy_estimates_free(e);
    return st;
}

static svy_status mean(const svy_frame *f, svy_design *d, result *out, svy_error *err) { return ask(f, d, SVY_STAT_MEAN, "y", NULL, out, err); }
static svy_status total(const svy_frame *f, svy_design *d, result *out, svy_error *err) { return ask(f, d, SVY_STAT_TOTAL, "y", NULL, out, err); }
static svy_status ratio(const svy_frame *f, svy_design *d, result *out, svy_error *err) { return ask(f, d, SVY_STAT_RATIO, "y/x", NULL, out, err); }
static svy_status share(const svy_frame *f, svy_design *d, result *out, svy_error *err) { return ask(f, d, SVY_STAT_PROPORTION, "z", NULL, out, err); }
static svy_status domain_mean(const svy_frame *f, svy_design *d, result *out, svy_error *err)
{
    return ask(f, d, SVY_STAT_MEAN, "y", "domain = 1", out, err);
}

static svy_status median(const svy_frame *f, svy_design *d, result *out, svy_error *err)
{
    static const double HALF = 0.5;
    static const char *const Y = "y";
    svy_quantile_spec spec = SVY_QUANTILE_INIT;
    svy_estimates *e;
    spec.estimate.variables = &Y;
    spec.estimate.n_variables = 1;
    spec.probs = &HALF;
    spec.n_probs = 1;
    svy_status st = svy_quantile(NULL, f, d, &spec, &e, err);
    if (st == SVY_OK)
        take_row(e, 0, out);
    svy_estimates_free(e);
    return st;
}

static svy_status variance(const svy_frame *f, svy_design *d, result *out, svy_error *err)
{
    static const char *const Y = "y";
    svy_estimate_spec spec = SVY_ESTIMATE_INIT;
    svy_estimates *e;
    spec.statistic = SVY_STAT_VARIANCE;
    spec.variables = &Y;
    spec.n_variables = 1;
    spec.df = SVY_DF_DESIGN;
    svy_status st = svy_variance(NULL, f, d, &spec, 0, &e, err);
    if (st == SVY_OK)
        take_row(e, 0, out);
    svy_estimates_free(e);
    return st;
}

static svy_status fit(const svy_frame *f, const svy_design *d, const char *formula, svy_family kind, result *out, svy_error *err)
{
    svy_model_spec spec = SVY_MODEL_INIT;
    svy_model *m;
    spec.formula = formula;
    spec.family = kind;
    svy_status st = svy_model_fit(NULL, f, d, &spec, &m, err);
    if (st == SVY_OK) {
        const svy_model_row *r = svy_model_row_at(m, 1);
        *out = (result){ r->estimate, r->se, r->lower, r->upper };
    }
    svy_model_free(m);
    return st;
}
static svy_status slope(const svy_frame *f, svy_design *d, result *out, svy_error *err) { return fit(f, d, "x ~ y", SVY_FAMILY_GAUSSIAN, out, err); }
static svy_status logit(const svy_frame *f, svy_design *d, result *out, svy_error *err) { return fit(f, d, "z ~ y", SVY_FAMILY_BINOMIAL, out, err); }

static svy_status weigh(const svy_frame *f, svy_design *d, svy_weighting_step *step, svy_error *err)
{
    const svy_weighting_plan plan = { step, 1 };
    svy_weighting_report *report = NULL;
    svy_status st = svy_design_weight(d, f, &plan, &report, err);
    svy_weighting_report_free(report);
    return st;
}

/* To the size of the population and its total of x. */
static svy_status calibrated_total(const svy_frame *f, svy_design *d, result *out, svy_error *err)
{
    const svy_auxiliary_total totals[] = { { "one", N }, { "x", sum(x_of) } };
    svy_weighting_step step = SVY_WEIGHTING_STEP_INIT;
    step.totals = totals;
    step.n_totals = 2;
    svy_status st = weigh(f, d, &step, err);
    return st == SVY_OK ? total(f, d, out, err) : st;
}

static svy_status poststratified_mean(const svy_frame *f, svy_design *d, result *out, svy_error *err)
{
    static const char *const G = "g", *const LEVELS[] = { "a", "b", "c" };
    double counts[3] = { 0, 0, 0 };
    for (size_t i = 0; i < N; i++)
        counts[population[i].group]++;
    const svy_margin margin = { "the population", &G, 1, LEVELS, counts, 3 };
    svy_weighting_step step = SVY_WEIGHTING_STEP_INIT;
    step.margins = &margin;
    step.n_margins = 1;
    step.method = SVY_CALIBRATE_POSTSTRATIFY;
    svy_status st = weigh(f, d, &step, err);
    return st == SVY_OK ? mean(f, d, out, err) : st;
}

static const family FAMILIES[] = {
    { "mean", true_mean, mean, SVY_REPLICATE_NONE },
    { "total", true_total, total, SVY_REPLICATE_NONE },
    { "ratio", true_ratio, ratio, SVY_REPLICATE_NONE },
    { "share", true_share, share, SVY_REPLICATE_NONE },
    { "mean of a domain", true_domain, domain_mean, SVY_REPLICATE_NONE },
    { "median", true_median, median, SVY_REPLICATE_NONE },
    { "variance", true_variance, variance, SVY_REPLICATE_NONE },
    { "regression coefficient", true_slope, slope, SVY_REPLICATE_NONE },
    { "logistic coefficient", true_logit, logit, SVY_REPLICATE_NONE },
    { "calibrated total", true_total, calibrated_total, SVY_REPLICATE_NONE },
    { "post-stratified mean", true_mean, poststratified_mean, SVY_REPLICATE_NONE },
    { "mean, jackknife", true_mean, mean, SVY_REPLICATE_JKN },
    { "ratio, jackknife", true_ratio, ratio, SVY_REPLICATE_JKN },
    { "share, bootstrap", true_share, share, SVY_REPLICATE_RAO_WU },
    { "regression coefficient, jackknife", true_slope, slope, SVY_REPLICATE_JKN },
    { "post-stratified mean, jackknife", true_mean, poststratified_mean, SVY_REPLICATE_JKN },
};
enum { N_FAMILIES = sizeof FAMILIES / sizeof FAMILIES[0] };

/* ---- the tests ---- */

static svy_design *make_design(const svy_frame *f, svy_replicate_type replicates, int with_fpc)
{
    static const char *const STRATUM = "s", *const STAGES[] = { "psu", "id" }, *const SIZES[] = { "n1", "n2" };
    svy_design_spec spec = SVY_DESIGN_INIT;
    svy_error err = SVY_ERROR_INIT;
    svy_design *d;
    spec.weights = "w";
    spec.strata = &STRATUM;
    spec.n_strata = 1;
    spec.clusters = STAGES;
    spec.n_clusters = with_fpc ? 2 : 1;
    spec.fpc = SIZES;
    spec.n_fpc = with_fpc ? 2 : 0;
    spec.replicates.type = replicates;
    spec.replicates.count = 100;
    cr_assert(svy_design_new(NULL, f, &spec, &d, &err) == SVY_OK, "%s", err.message);
    return d;
}

ParameterizedTestParameters(coverage, of_known_values)
{
    static int index[N_FAMILIES];
    for (int i = 0; i < N_FAMILIES; i++)
        index[i] = i;
    return cr_make_param_array(int, index, N_FAMILIES);
}

ParameterizedTest(int *index, coverage, of_known_values)
{
    const family *q = &FAMILIES[*index];
    int replicates = q->replicates != SVY_REPLICATE_NONE, samples = replicates ? SAMPLES / 2 : SAMPLES, covered = 0;
    double s1 = 0, s2 = 0, v = 0;
    make_population();
    const double truth = q->truth();
    state = 7;
    for (int i = 0; i < samples; i++) {
        svy_error err = SVY_ERROR_INIT;
        svy_frame *f = draw();
        double *one = column(f, "one");
        for (size_t k = 0; k < ROWS; k++)
            one[k] = 1;
        svy_design *d = make_design(f, q->replicates, !replicates);
        result r = { 0, 0, 0, 0 };
        cr_assert(q->estimate(f, d, &r, &err) == SVY_OK, "%s: %s", q->name, err.message);
        covered += r.lower <= truth && truth <= r.upper;
        s1 += r.estimate - truth;
        s2 += (r.estimate - truth) * (r.estimate - truth);
        v += r.se * r.se;
        svy_design_free(d);
        svy_frame_free(f);
    }
    const double bias = s1 / samples, spread = (s2 - s1 * bias) / (samples - 1), share = (double)covered / samples;
    /* Four standard errors of the simulation, and what 56 degrees of freedom and a bias of order 1/n leave. */
    cr_expect(fabs(share - 0.95) < 4 * sqrt(0.95 * 0.05 / samples), "%s: %.3f of the intervals cover the value", q->name, share);
    cr_expect(fabs(bias) < 4 * sqrt(spread / samples) + 0.1 * sqrt(spread), "%s: bias %g, standard error %g", q->name, bias, sqrt(spread));
    cr_expect(fabs(v / samples / spread - 1) < 4 * sqrt(2.0 / samples) + 0.07, "%s: mean variance %g, variance of the estimates %g", q->name,
              v / samples, spread);
}

/* Replicate and linearised variances of one sample agree up to terms of higher order, and the better the more PSUs there are. */
Test(coverage, replicates_agree_with_linearisation)
{
    static const svy_replicate_type TYPES[] = { SVY_REPLICATE_JKN, SVY_REPLICATE_RAO_WU, SVY_REPLICATE_BOOTSTRAP };
    static const double NEAR[] = { 0.02, 0.12, 0.12 };          /* random replicates: 100 of them in each of 20 samples */
    make_population();
    for (size_t t = 0; t < sizeof TYPES / sizeof TYPES[0]; t++) {
        double linear = 0, replicate = 0;
        state = 99;
        for (int i = 0; i < 20; i++) {
            svy_error err = SVY_ERROR_INIT;
            svy_frame *f = draw();
            svy_design *one = make_design(f, SVY_REPLICATE_NONE, 0), *two = make_design(f, TYPES[t], 0);
            result a, b;
            cr_assert(ratio(f, one, &a, &err) == SVY_OK && ratio(f, two, &b, &err) == SVY_OK, "%s", err.message);
            cr_expect(fabs(a.estimate / b.estimate - 1) < 1e-12);
            linear += a.se * a.se;
            replicate += b.se * b.se;
            svy_design_free(one);
            svy_design_free(two);
            svy_frame_free(f);
        }
        cr_expect(fabs(replicate / linear - 1) < NEAR[t], "type %d: %g", (int)TYPES[t], replicate / linear);
    }
}
