/* The sampling design from options: the same for every analysis verb. */
#ifndef SURVEY_TOOL_DESIGN_H
#define SURVEY_TOOL_DESIGN_H
#include <survey/design.h>

#include "data.h"

/* Options of every analysis verb. */
typedef struct analysis_options {
    const char *data, *design_file, *weights, *where, *rscales, *joint, *phase2, *phase2_strata, *phase2_clusters, *phase2_fpc, *phase2_probs;
    const char *replicates, *calibrate_bounds, *calibrate_cluster, *calibrate_sigma2, *weighting;
    tool_list strata, clusters, fpc, by, calibrate;
    int nest, lonely, lonely_domains, pps, pps_variance, phase2_method, mse, uncombined, calibrate_method, calibrate_variance, calibrate_scale;
    double scale, fay_rho, joint_tolerance;
    const char *pps_sum, *df;
    long threads, replicate_count, seed;
} analysis_options;
extern const tool_option ANALYSIS_OPTIONS[];

/* The columns that a design needs. */
void tool_design_names(name_list *names, const analysis_options *o);
/* The specification of a design, but for what has to be loaded. @return an exit status; errors are printed. */
int tool_design_spec(const analysis_options *o, svy_design_spec *spec);
/* Loads what `o` names, and `names` (to which the design's columns are added), and compiles the design. @return an exit status; errors are printed. */
int tool_load_design(const analysis_options *o, name_list *names, svy_frame **frame, svy_design **design);
/* The same with all columns of the data, and a report of what was done to the weights (svy_weighting_report_free); or as above when `report` is NULL. */
struct svy_weighting_report;
int tool_load_weighted(const analysis_options *o, name_list *names, svy_frame **frame, svy_design **design, struct svy_weighting_report **report);
#endif
