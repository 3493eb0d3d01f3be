/* From the options of a design to a compiled design. */
#include "design.h"
#include "weighting.h"
#include "replicates.h"

#include <stdlib.h>
#include <string.h>

/* 1 unless it reads as a number. */
static int is_name(const char *text)
{
    char *end;
    (void)strtod(text, &end);
    return end == text || *end != '\0';
}

const tool_option ANALYSIS_OPTIONS[] = {
    TOOL_HEADING_ROW("Data, subpopulation and domains"),
    TOOL_TEXT_OPTION(analysis_options, data, "data", 'd', "FILE", "data: .csv, .csv.gz, or a study file, STUDY[:FORM[:ROSTER]]", NULL),
    TOOL_TEXT_OPTION(analysis_options, where, "where", 0, "EXPR", "a subpopulation; the design keeps all rows for the variances", NULL),
    TOOL_NAMES_OPTION(analysis_options, by, "by", 0, "VAR[,VAR...]", "domains: every combination of these variables"),
    TOOL_COUNT_OPTION(analysis_options, threads, "threads", 0, "N", "threads to use, 0 for one per processor; results are the same", "0", 0, 64),
    TOOL_HEADING_ROW("Sampling design"),
    TOOL_OPTIONS_OPTION(analysis_options, design_file, "design", 0, "FILE", "a sampling design as XML, with the options below; a study file may carry its own"),
    TOOL_TEXT_OPTION(analysis_options, weights, "weights", 'w', "VAR", "sampling weights", NULL),
    TOOL_NAMES_OPTION(analysis_options, strata, "strata", 0, "VAR[,VAR...]", "strata, one variable per stage"),
    TOOL_NAMES_OPTION(analysis_options, clusters, "clusters", 0, "VAR[,VAR...]", "clusters, one variable per stage; without, every row is a sampling unit"),
    TOOL_NAMES_OPTION(analysis_options, fpc, "fpc", 0, "VAR[,VAR...]", "population sizes or sampling fractions, one variable per stage"),
    TOOL_FLAG_OPTION(analysis_options, nest, "nest", 0, "cluster numbers start again in every stratum"),
    TOOL_CHOICE_OPTION(analysis_options, lonely, "lonely-psu", 0, "fail|remove|adjust|average|certainty", "what to do with a stratum of one sampling unit", "fail"),
    TOOL_FLAG_OPTION(analysis_options, lonely_domains, "lonely-domains", 0, "--lonely-psu adjust and average hold also where a domain has rows in only one unit of several"),
    TOOL_TEXT_OPTION(analysis_options, df, "design-df", 0, "N|full", "degrees of freedom to use; full: those of the whole design also in a domain", NULL),
    TOOL_HEADING_ROW("Unequal probabilities"),
    TOOL_CHOICE_OPTION(analysis_options, pps, "pps", 0, "none|brewer|overton|hr|joint|poisson", "unequal probabilities without replacement: --fpc are then inclusion probabilities", "none"),
    TOOL_CHOICE_OPTION(analysis_options, pps_variance, "pps-variance", 0, "ht|yg", "the Horvitz-Thompson or the Yates-Grundy form", "ht"),
    TOOL_TEXT_OPTION(analysis_options, pps_sum, "pps-sum", 0, "NUMBER|VAR", "hr: the population's sum of squared probabilities over the sample size; without, the sample's mean probability", NULL),
    TOOL_TEXT_OPTION(analysis_options, joint, "joint", 0, "FILE", "joint: probabilities of pairs as .csv, a row and a column for every row of the data", NULL),
    TOOL_NUMBER_OPTION(analysis_options, joint_tolerance, "joint-tolerance", 0, "X", "covariances of inclusion below it count as 0", "0.0001", 0, 1),
    TOOL_HEADING_ROW("Two phases"),
    TOOL_TEXT_OPTION(analysis_options, phase2, "phase2", 0, "VAR", "two phases: 1 in the rows of the second, 0 in those of the first only", NULL),
    TOOL_TEXT_OPTION(analysis_options, phase2_strata, "phase2-strata", 0, "VAR", "strata of the second phase", NULL),
    TOOL_TEXT_OPTION(analysis_options, phase2_clusters, "phase2-clusters", 0, "VAR", "clusters of the second phase", NULL),
    TOOL_TEXT_OPTION(analysis_options, phase2_fpc, "phase2-fpc", 0, "VAR", "population sizes or sampling fractions of the second phase; without, counted in the first", NULL),
    TOOL_TEXT_OPTION(analysis_options, phase2_probs, "phase2-probs", 0, "VAR", "probabilities of the second phase; without, sampled over population", NULL),
    TOOL_CHOICE_OPTION(analysis_options, phase2_method, "phase2-method", 0, "full|approx|simple", "the variance of both phases, as R's twophase() calls it", "full"),
    TOOL_HEADING_ROW("Replicate weights"),
    TOOL_TEXT_OPTION(analysis_options, replicates, "replicates", 0, "[TYPE:]PATTERN|TYPE", "columns of replicate weights ('repwt*' or a,b,c), or the type to make: jk1 jkn jk2 brr fay bootstrap rao-wu preston generalized sdr acs", NULL),
    TOOL_COUNT_OPTION(analysis_options, replicate_count, "replicate-count", 0, "N", "replicates to make, of random types and sdr; 0: 200, sdr 80", "0", 0, 1000000),
    TOOL_NUMBER_OPTION(analysis_options, fay_rho, "fay-rho", 0, "X", "fay, brr: weights are multiplied by X and 2 - X", "0", 0, 0.999999),
    TOOL_NUMBER_OPTION(analysis_options, scale, "scale", 0, "X", "factor of the variance of given replicates; 0: that of their type", "0", 0, 1e300),
    TOOL_TEXT_OPTION(analysis_options, rscales, "rscales", 0, "X[,X...]|FILE", "factors of the squared deviation of each given replicate", NULL),
    TOOL_FLAG_OPTION(analysis_options, mse, "mse", 0, "replicates deviate from the estimate, not from their mean"),
    TOOL_FLAG_OPTION(analysis_options, uncombined, "uncombined", 0, "given replicates are factors on the sampling weights"),
    TOOL_COUNT_OPTION(analysis_options, seed, "seed", 0, "N", "where the random numbers of replicates begin", "1", 0, 9007199254740991),
    TOOL_HEADING_ROW("Calibration and weighting"),
    TOOL_LIST_OPTION(analysis_options, calibrate, "calibrate", 0, "MARGINS.csv", "population counts to calibrate to: the last column is the count, the others are the variables of the margin; or columns variable,total; may be repeated"),
    TOOL_CHOICE_OPTION(analysis_options, calibrate_method, "calibrate-method", 0, "linear|raking|logit|sinh|poststratify", "the distance that calibration keeps small", "linear"),
    TOOL_TEXT_OPTION(analysis_options, calibrate_bounds, "calibrate-bounds", 0, "L,U", "bounds of the factors that weights are multiplied by", NULL),
    TOOL_CHOICE_OPTION(analysis_options, calibrate_variance, "calibrate-variance", 0, "greg|stata|rake|fixed", "the linearised variance: residuals with the starting weights, with the calibrated ones, R's rake(), or weights taken as given", "greg"),
    TOOL_TEXT_OPTION(analysis_options, calibrate_cluster, "calibrate-cluster", 0, "VAR", "one weight for all rows of a household or cluster", NULL),
    TOOL_TEXT_OPTION(analysis_options, calibrate_sigma2, "calibrate-sigma2", 0, "VAR", "variances: rows of small variance keep their weight", NULL),
    TOOL_FLAG_OPTION(analysis_options, calibrate_scale, "calibrate-scale", 0, "margins whose counts add up differently are scaled to the first one"),
    TOOL_TEXT_OPTION(analysis_options, weighting, "weighting", 0, "PLAN.xml", "a weighting plan, whose steps are applied before the analysis", NULL),
    TOOL_END
};

void tool_design_names(name_list *names, const analysis_options *o)
{
    const char *const single[] = { o->weights, o->phase2, o->phase2_strata, o->phase2_clusters, o->phase2_fpc, o->phase2_probs };
    const tool_list *const lists[] = { &o->strata, &o->clusters, &o->fpc, &o->by };
    for (size_t i = 0; i < sizeof single / sizeof single[0]; i++)
        if (single[i] != NULL)
            names_add(names, single[i]);
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
        names_add_all(names, lists[i]);
    if (o->pps_sum != NULL && is_name(o->pps_sum))
        names_add(names, o->pps_sum);
}

static void set_stages(const analysis_options *o, svy_design_spec *spec)
{
    spec->weights = o->weights;
    spec->strata = o->strata.items;
    spec->n_strata = o->strata.count;
    spec->clusters = o->clusters.items;
    spec->n_clusters = o->clusters.count;
    spec->fpc = o->fpc.items;
    spec->n_fpc = o->fpc.count;
    spec->nest = o->nest;
    spec->lonely = (svy_lonely_psu)o->lonely;      /* the choices stand in the order of the enumeration, also below */
    spec->lonely_domains = o->lonely_domains;
    spec->pps = (svy_pps)o->pps;
    spec->pps_variance = (svy_pps_variance)o->pps_variance;
    spec->pps_sum = o->pps_sum;
    spec->joint_tolerance = o->joint_tolerance;
    spec->phase2 = (svy_phase_spec){ o->phase2, o->phase2_strata, o->phase2_clusters, o->phase2_fpc, o->phase2_probs, o->phase2_method };
}

/* Options that mean something only beside another. */
static int check_together(const analysis_options *o)
{
    if (o->joint != NULL && o->pps != SVY_PPS_JOINT)
        return tool_usage(NULL, "--joint gives joint probabilities: it goes with --pps joint");
    if (o->pps == 0 && (o->pps_variance != 0 || o->pps_sum != NULL))
        return tool_usage(NULL, "--pps-variance and --pps-sum are about unequal probabilities: say how the sample was drawn by --pps");
    if (o->phase2 == NULL && (o->phase2_strata != NULL || o->phase2_clusters != NULL || o->phase2_fpc != NULL || o->phase2_probs != NULL))
        return tool_usage(NULL, "there is no second phase: name the column that tells its rows by --phase2");
    return EXIT_DONE;
}

static int set_df(const char *text, svy_design_spec *spec)
{
    char *end;
    if (text == NULL)
        return EXIT_DONE;
    spec->df = strcmp(text, "full") == 0 ? -1 : strtod(text, &end);
    if (spec->df != -1 && (*end != '\0' || !(spec->df > 0 && spec->df <= 1e12)))
        return tool_usage(NULL, "--design-df %s: give a number above 0, or full", text);
    return EXIT_DONE;
}

int tool_design_spec(const analysis_options *o, svy_design_spec *spec)
{
    set_stages(o, spec);
    int status = check_together(o);
    return status == EXIT_DONE ? set_df(o->df, spec) : status;
}

int tool_load_design(const analysis_options *o, name_list *names, svy_frame **frame, svy_design **design)
{
    return tool_load_weighted(o, names, frame, design, NULL);
}

int tool_load_weighted(const analysis_options *o, name_list *names, svy_frame **frame, svy_design **design, struct svy_weighting_report **report)
{
    static const name_list EVERYTHING = { NULL, 0, 0, 0 };
    svy_error err = SVY_ERROR_INIT;
    svy_design_spec spec = SVY_DESIGN_INIT;
    svy_frame *joint = NULL;
    replicate_columns replicates;
    tool_weighting weighting;
    *frame = NULL;
    *design = NULL;
    tool_design_names(names, o);
    int status = tool_design_spec(o, &spec);
    int begun = tool_replicates_begin(o, &replicates, &spec.replicates), planned = tool_weighting_begin(o, names, &weighting);
    status = status == EXIT_DONE ? planned : status;
    if (status == EXIT_DONE && (status = begun) == EXIT_DONE) {
        int all = tool_replicates_name(o->data, &replicates, names);
        status = tool_load_data(o->data, all || report != NULL ? &EVERYTHING : names, report != NULL ? NULL : weighting.where, frame);
    }
    if (status == EXIT_DONE)
        status = tool_replicates_find(*frame, &replicates, &spec.replicates);
    if (status == EXIT_DONE && o->joint != NULL)
        status = tool_load_data(o->joint, &EVERYTHING, NULL, &joint);
    spec.joint = joint;
    if (status == EXIT_DONE && svy_design_new(NULL, *frame, &spec, design, &err) != SVY_OK)
        status = tool_fail_data(&err, o->data);
    if (status == EXIT_DONE)
        status = tool_weighting_apply(&weighting, o, *frame, *design, report);
    tool_weighting_end(&weighting);
    svy_frame_free(joint);
    tool_replicates_clear(&replicates);
    return status;
}
