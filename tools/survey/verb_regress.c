/* The verb regress. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <survey/model.h>

#include "formula.h"
#include "sheet.h"
#include "tool.h"

typedef struct regress_options {
    int family, link, ties, exponentiate, se, df, missing, anova, tail, fit, margins, sampling;
    double level;
    const char *vcov, *of, *maximal;
    tool_list contrasts;
} regress_options;

typedef struct settings {
    analysis_options analysis;
    regress_options regress;
    tool_output_options output;
} settings;

static const tool_option REGRESS_OPTIONS[] = {
    TOOL_CHOICE_OPTION(regress_options, family, "family", 0, "gaussian|binomial|poisson|gamma|ordinal|multinomial|cox|negative-binomial", "distribution of the response", "gaussian"),
    TOOL_CHOICE_OPTION(regress_options, link, "link", 0, "default|identity|log|logit|probit|cloglog|inverse|cauchit|sqrt", "what of its mean the terms add up to", "default"),
    TOOL_CHOICE_OPTION(regress_options, ties, "ties", 0, "efron|breslow", "deaths at the same time in a Cox model", "efron"),
    TOOL_FLAG_OPTION(regress_options, exponentiate, "exponentiate", 0, "exp of estimates and limits: odds, rate or hazard ratios; standard errors by the delta method"),
    TOOL_NUMBER_OPTION(regress_options, level, "level", 0, "P", "confidence level", "0.95", 0.01, 0.9999999),
    TOOL_CHOICE_OPTION(regress_options, df, "distribution", 0, "t|normal|auto", "limits and p-values from t with the design's degrees of freedom, or from the normal distribution; auto: normal for ordinal, multinomial and cox, as R's confint()", "auto"),
    TOOL_CHOICE_OPTION(regress_options, missing, "missing", 0, "omit|fail", "leave rows with a missing value out, or stop", "omit"),
    TOOL_CHOICE_OPTION(regress_options, se, "se", 0, "linearized|bell-mccaffrey|bell-mccaffrey-2", "standard errors; Bell and McCaffrey's suit few clusters", "linearized"),
    TOOL_CHOICE_OPTION(regress_options, anova, "anova", 0, "none|wald|lrt|working-wald", "instead of coefficients, a test of every term", "none"),
    TOOL_CHOICE_OPTION(regress_options, tail, "tail", 0, "exact|saddlepoint", "p-values of --anova lrt and working-wald: exact, or R's approximation", "exact"),
    TOOL_LIST_OPTION(regress_options, contrasts, "contrast", 0, "EXPRESSION", "instead of coefficients, a function of them with its standard error: 'ell + meals', or 'exp(`stype: H` - `stype: M`)'; may be repeated"),
    TOOL_FLAG_OPTION(regress_options, fit, "fit", 0, "instead of coefficients, measures of fit"),
    TOOL_TEXT_OPTION(regress_options, maximal, "maximal", 0, "FORMULA", "the BIC of --fit is that within this larger model, which makes models comparable", NULL),
    TOOL_CHOICE_OPTION(regress_options, margins, "margins", 0, "none|predictive|effects", "instead of coefficients, mean predictions by the levels of --of, or average effects", "none"),
    TOOL_TEXT_OPTION(regress_options, of, "of", 0, "VAR", "the variable of --margins", NULL),
    TOOL_FLAG_OPTION(regress_options, sampling, "sampling", 0, "standard errors of --margins also count the sampling of the covariates"),
    TOOL_TEXT_OPTION(regress_options, vcov, "vcov", 0, "FILE", "also write the covariances of the coefficients there, as CSV", NULL),
    TOOL_END
};

static int write_sheet(svy_sheet *s, const settings *o)
{
    const int status = tool_write_sheet(s, &o->output);
    svy_sheet_free(s);
    return status;
}

static svy_sheet *new_sheet(const svy_sheet_column *columns, size_t n, int *status)
{
    svy_error err = SVY_ERROR_INIT;
    svy_sheet *s = NULL;
    if (svy_sheet_new(NULL, columns, n, &s, &err) != SVY_OK)
        *status = tool_fail(&err);
    return s;
}

static int print_rows(const settings *o, const svy_model_row *rows, size_t n)
{
    static const svy_sheet_column COLUMNS[] = { { "term", SVY_SHEET_TEXT }, { "estimate", SVY_SHEET_NUMBER }, { "se", SVY_SHEET_NUMBER }, { "t", SVY_SHEET_NUMBER },
        { "df", SVY_SHEET_NUMBER }, { "p_value", SVY_SHEET_NUMBER }, { "ci_lower", SVY_SHEET_NUMBER }, { "ci_upper", SVY_SHEET_NUMBER } };
    int status = EXIT_DONE;
    svy_sheet *s = new_sheet(COLUMNS, sizeof COLUMNS / sizeof COLUMNS[0], &status);
    for (size_t k = 0; s != NULL && k < n; k++) {
        const svy_model_row *r = &rows[k];
        const int raise = o->regress.exponentiate;
        svy_sheet_text(s, r->term);
        svy_sheet_number(s, raise ? exp(r->estimate) : r->estimate);
        svy_sheet_number(s, raise ? exp(r->estimate) * r->se : r->se);
        svy_sheet_number(s, r->t);
        svy_sheet_number(s, r->df);
        svy_sheet_number(s, r->p_value);
        svy_sheet_number(s, raise ? exp(r->lower) : r->lower);
        svy_sheet_number(s, raise ? exp(r->upper) : r->upper);
    }
    return s != NULL ? write_sheet(s, o) : status;
}

static int print_contrasts(const settings *o, svy_model *m)
{
    svy_error err = SVY_ERROR_INIT;
    const tool_list *list = &o->regress.contrasts;
    const svy_model_row *rows;
    if (svy_model_contrasts(m, list->items, list->count, &rows, &err) != SVY_OK)
        return tool_fail(&err);
    const int status = print_rows(o, rows, list->count);
    for (size_t k = 0; status == EXIT_DONE && !o->output.quiet && k < list->count; k++)
        if (isnan(rows[k].estimate))
            tool_say("'%s' has no value: it needs a coefficient that was left out, or a calculation in it has no finite value", rows[k].term);
    return status;
}

static int print_tests(const settings *o, const svy_model *m)
{
    static const svy_sheet_column COLUMNS[] = { { "term", SVY_SHEET_TEXT }, { "test", SVY_SHEET_TEXT }, { "statistic", SVY_SHEET_NUMBER },
        { "chisq", SVY_SHEET_NUMBER }, { "ndf", SVY_SHEET_NUMBER }, { "ddf", SVY_SHEET_NUMBER }, { "p_value", SVY_SHEET_NUMBER } };
    static const char *const NAMES[] = { "", "wald", "lrt", "working-wald" };
    svy_error err = SVY_ERROR_INIT;
    int status = EXIT_DONE;
    const size_t n = svy_model_terms(m);
    svy_model_test *tests = calloc(n + 1, sizeof *tests);
    if (tests == NULL || svy_model_test_terms(m, (svy_model_test_kind)(o->regress.anova - 1), o->regress.tail, tests, &err) != SVY_OK) {
        free(tests);
        return tool_fail(&err);
    }
    svy_sheet *s = new_sheet(COLUMNS, sizeof COLUMNS / sizeof COLUMNS[0], &status);
    for (size_t k = 0; s != NULL && k < n; k++) {
        svy_sheet_text(s, tests[k].term);
        svy_sheet_text(s, NAMES[o->regress.anova]);
        svy_sheet_number(s, tests[k].statistic);
        svy_sheet_number(s, tests[k].chisq);
        svy_sheet_number(s, tests[k].ndf);
        svy_sheet_number(s, tests[k].ddf);
        svy_sheet_number(s, tests[k].p_value);
    }
    free(tests);
    return s != NULL ? write_sheet(s, o) : status;
}

static int print_fit(const settings *o, const svy_model *m, const svy_model *maximal)
{
    static const svy_sheet_column COLUMNS[] = { { "n", SVY_SHEET_NUMBER }, { "missing", SVY_SHEET_NUMBER }, { "df_residual", SVY_SHEET_NUMBER },
        { "deviance", SVY_SHEET_NUMBER }, { "null_deviance", SVY_SHEET_NUMBER }, { "dispersion", SVY_SHEET_NUMBER }, { "effective_parameters", SVY_SHEET_NUMBER },
        { "aic", SVY_SHEET_NUMBER }, { "bic", SVY_SHEET_NUMBER }, { "cox_snell", SVY_SHEET_NUMBER }, { "nagelkerke", SVY_SHEET_NUMBER },
        { "theta", SVY_SHEET_NUMBER | SVY_SHEET_OPTIONAL }, { "effective_n", SVY_SHEET_NUMBER | SVY_SHEET_OPTIONAL } };
    svy_error err = SVY_ERROR_INIT;
    svy_model_fitness f;
    double effective_n = (double)NAN;
    int status = EXIT_DONE;
    if (svy_model_fitness_make(m, &f, &err) != SVY_OK || (maximal != NULL && svy_model_bic(m, maximal, &f.bic, &effective_n, &err) != SVY_OK))
        return tool_fail(&err);
    svy_sheet *s = new_sheet(COLUMNS, sizeof COLUMNS / sizeof COLUMNS[0], &status);
    const double values[] = { (double)f.n, (double)f.missing, f.df_residual, f.deviance, f.null_deviance, f.dispersion, f.effective, f.aic, f.bic, f.cox_snell,
        f.nagelkerke, f.theta, effective_n };
    for (size_t k = 0; s != NULL && k < sizeof values / sizeof values[0]; k++)
        svy_sheet_number(s, values[k]);
    return s != NULL ? write_sheet(s, o) : status;
}

static int print_margins(const settings *o, svy_model *m)
{
    static const svy_sheet_column COLUMNS[] = { { "variable", SVY_SHEET_TEXT }, { "level", SVY_SHEET_TEXT }, { "estimate", SVY_SHEET_NUMBER }, { "se", SVY_SHEET_NUMBER },
        { "df", SVY_SHEET_NUMBER }, { "ci_lower", SVY_SHEET_NUMBER }, { "ci_upper", SVY_SHEET_NUMBER } };
    svy_error err = SVY_ERROR_INIT;
    const svy_model_margin *rows;
    size_t n;
    int status = EXIT_DONE;
    if (svy_model_margins(m, o->regress.of, o->regress.margins == 2, o->regress.sampling, &rows, &n, &err) != SVY_OK)
        return tool_fail(&err);
    svy_sheet *s = new_sheet(COLUMNS, sizeof COLUMNS / sizeof COLUMNS[0], &status);
    for (size_t k = 0; s != NULL && k < n; k++) {
        svy_sheet_text(s, rows[k].variable);
        svy_sheet_text(s, rows[k].level);
        svy_sheet_number(s, rows[k].estimate);
        svy_sheet_number(s, rows[k].se);
        svy_sheet_number(s, rows[k].df);
        svy_sheet_number(s, rows[k].lower);
        svy_sheet_number(s, rows[k].upper);
    }
    return s != NULL ? write_sheet(s, o) : status;
}

static int write_covariances(const settings *o, const svy_model *m)
{
    svy_error err = SVY_ERROR_INIT;
    const size_t n = svy_model_count(m);
    svy_sheet_column *columns = calloc(n + 1, sizeof *columns);
    int status = EXIT_DONE;
    if (columns == NULL)
        return tool_fail(&err);
    columns[0] = (svy_sheet_column){ "term", SVY_SHEET_TEXT };
    for (size_t k = 0; k < n; k++)
        columns[k + 1] = (svy_sheet_column){ svy_model_row_at(m, k)->term, SVY_SHEET_NUMBER };
    svy_sheet *s = new_sheet(columns, n + 1, &status);
    free(columns);
    for (size_t i = 0; s != NULL && i < n; i++) {
        svy_sheet_text(s, svy_model_row_at(m, i)->term);
        for (size_t j = 0; j < n; j++)
            svy_sheet_number(s, svy_model_covariance(m, i, j));
    }
    const tool_output_options to = { o->regress.vcov, FORMAT_CSV, o->output.quiet };
    if (s != NULL)
        status = tool_write_sheet(s, &to);
    svy_sheet_free(s);
    return status;
}

/* What was left out, said on standard error. */
static void print_notes(const settings *o, const svy_design *d, const svy_model *m)
{
    svy_error err = SVY_ERROR_INIT;
    svy_model_fitness f;
    size_t exact = 0;
    if (o->output.quiet || svy_model_fitness_make(m, &f, &err) != SVY_OK)
        return;
    if (!svy_design_weighted(d))
        tool_say("there are no weights, so every row counts once: name them by --weights");
    if (f.missing > 0)
        tool_say("%llu %s left out because a variable is missing", (unsigned long long)f.missing, f.missing == 1 ? "row was" : "rows were");
    if (f.dropped > 0)
        tool_say("%zu %s no fit and %s left out", f.dropped, f.dropped == 1 ? "replicate gave" : "replicates gave", f.dropped == 1 ? "was" : "were");
    if (!(f.df_residual > 0))
        tool_say("the design has fewer degrees of freedom than the model has coefficients, so there are no p-values and limits");
    for (size_t k = 0; k < svy_model_count(m); k++)
        exact += svy_model_row_at(m, k)->se == 0;
    if (exact > 0)
        tool_say("%zu of the coefficients have a standard error of 0: they fit the sampling units exactly, or the response does not vary", exact);
    for (size_t k = 0; k < svy_model_count(m); k++)
        if (isnan(svy_model_row_at(m, k)->estimate))
            tool_say("'%s' depends on the terms before it and is left out", svy_model_row_at(m, k)->term);
}

static int print(const settings *o, const svy_design *d, svy_model *m, const svy_model *maximal)
{
    const regress_options *r = &o->regress;
    int status = r->anova > 0 ? print_tests(o, m) : r->fit ? print_fit(o, m, maximal) : r->margins > 0 ? print_margins(o, m)
        : r->contrasts.count > 0 ? print_contrasts(o, m) : print_rows(o, svy_model_row_at(m, 0), svy_model_count(m));
    if (status == EXIT_DONE && o->regress.vcov != NULL)
        status = write_covariances(o, m);
    print_notes(o, d, m);
    return status;
}

static int fit_one(const settings *o, const char *formula, const svy_frame *f, const svy_design *d, svy_model **out)
{
    svy_error err = SVY_ERROR_INIT;
    svy_model_spec spec = SVY_MODEL_INIT;
    spec.formula = formula;
    spec.ties = (svy_ties)o->regress.ties;
    spec.family = (svy_family)o->regress.family;      /* the choices stand in the order of the enumerations */
    spec.link = (svy_link)o->regress.link;
    spec.se = (svy_model_se)o->regress.se;
    spec.normal = o->regress.df;
    spec.where = o->analysis.where;
    spec.level = o->regress.level;
    spec.threads = (unsigned)o->analysis.threads;
    if (svy_model_fit(NULL, f, d, &spec, out, &err) == SVY_OK)
        return EXIT_DONE;
    if (err.column > 0 && strcmp(err.source, "formula") == 0 && formula == o->regress.maximal)
        snprintf(err.source, sizeof err.source, "--maximal");
    return tool_fail_formula(&err, &o->analysis);
}

static int fit(const settings *o, const char *formula, const svy_frame *f, const svy_design *d)
{
    svy_model *m = NULL, *maximal = NULL;
    int status = fit_one(o, formula, f, d, &m);
    if (status == EXIT_DONE && o->regress.maximal != NULL)
        status = fit_one(o, o->regress.maximal, f, d, &maximal);
    if (status == EXIT_DONE)
        status = print(o, d, m, maximal);
    svy_model_free(maximal);
    svy_model_free(m);
    return status;
}

/* One result is printed, so only one may be asked for. */
static int check_options(const regress_options *r)
{
    if ((r->anova > 0) + r->fit + (r->margins > 0) + (r->contrasts.count > 0) > 1)
        return tool_usage("regress", "--anova, --fit, --margins and --contrast each print something else: give one of them");
    return r->maximal != NULL && !r->fit ? tool_usage("regress", "--maximal is for the BIC of --fit: give --fit, too") : EXIT_DONE;
}

static int run_regress(void *options, int argc, char **argv)
{
    const settings *o = options;
    svy_frame *f = NULL;
    svy_design *d = NULL;
    (void)argc;
    if (o->analysis.data == NULL)
        return tool_usage("regress", "there are no data: give --data FILE");
    if (o->analysis.by.count > 0)
        return tool_usage("regress", "a model has no --by: use --where for a subpopulation, or an interaction");
    int status = check_options(&o->regress);
    if (status == EXIT_DONE)
        status = tool_load_formula(&o->analysis, argv[0], o->regress.maximal, "--maximal", o->regress.missing, &f, &d);
    if (status == EXIT_DONE)
        status = fit(o, argv[0], f, d);
    svy_design_free(d);
    svy_frame_free(f);
    return status;
}

const verb verb_regress = { .name = "regress", .group = FOR_ANALYSTS, .arguments = "FORMULA", .min_arguments = 1, .max_arguments = 1,
    .summary = "regression models with design-based standard errors",
    .detail = "The formula is R's: y ~ a*b + I(x^2) + ns(age, 3). Text and labelled variables are factors, whose first level is the reference: relevel(x, ref = \"b\") "
              "chooses another, factor(x) takes a number as one. Rows on which a variable of the formula is missing are left out. Limits use t with "
              "the degrees of freedom of the design plus 1 minus the number of coefficients.",
    .example = "survey regress 'api00 ~ ell + meals + mobility' --data apistrat.csv --weights pw --strata stype --fpc fpc\n"
               "survey regress 'sch.wide ~ ell + stype' --family binomial --exponentiate --data apistrat.csv --weights pw --strata stype --fpc fpc",
    .settings_size = sizeof(settings), .tables = { { ANALYSIS_OPTIONS, offsetof(settings, analysis) }, { REGRESS_OPTIONS, offsetof(settings, regress) },
                                                   { TOOL_OUTPUT, offsetof(settings, output) } }, .run = run_regress };
