/* From the options of a design to a compiled design. */
#include "design.h"

const tool_option ANALYSIS_OPTIONS[] = {
    TOOL_TEXT_OPTION(analysis_options, data, "data", 'd', "FILE", "data: .csv, .csv.gz, or a study file, STUDY[:FORM[:ROSTER]]", NULL),
    TOOL_TEXT_OPTION(analysis_options, weights, "weights", 'w', "VAR", "sampling weights", NULL),
    TOOL_NAMES_OPTION(analysis_options, strata, "strata", 0, "VAR[,VAR...]", "strata, one variable per stage"),
    TOOL_NAMES_OPTION(analysis_options, clusters, "clusters", 0, "VAR[,VAR...]", "clusters, one variable per stage; without, every row is a sampling unit"),
    TOOL_NAMES_OPTION(analysis_options, fpc, "fpc", 0, "VAR[,VAR...]", "population sizes or sampling fractions, one variable per stage"),
    TOOL_FLAG_OPTION(analysis_options, nest, "nest", 0, "cluster numbers start again in every stratum"),
    TOOL_CHOICE_OPTION(analysis_options, lonely, "lonely-psu", 0, "fail|remove|adjust|average|certainty", "what to do with a stratum of one sampling unit", "fail"),
    TOOL_TEXT_OPTION(analysis_options, where, "where", 0, "EXPR", "a subpopulation; the design keeps all rows for the variances", NULL),
    TOOL_NAMES_OPTION(analysis_options, by, "by", 0, "VAR[,VAR...]", "domains: every combination of these variables"),
    TOOL_COUNT_OPTION(analysis_options, threads, "threads", 0, "N", "threads to use, 0 for one per processor; results are the same", "0", 0, 64),
    TOOL_END
};

int tool_load_design(const analysis_options *o, name_list *names, svy_frame **frame, svy_design **design)
{
    svy_error err = SVY_ERROR_INIT;
    svy_design_spec spec = SVY_DESIGN_INIT;
    *frame = NULL;
    *design = NULL;
    if (o->weights != NULL)
        names_add(names, o->weights);
    names_add_all(names, &o->strata);
    names_add_all(names, &o->clusters);
    names_add_all(names, &o->fpc);
    names_add_all(names, &o->by);
    int status = tool_load_data(o->data, names, o->where, frame);
    if (status != EXIT_DONE)
        return status;
    spec.weights = o->weights;
    spec.strata = o->strata.items;
    spec.n_strata = o->strata.count;
    spec.clusters = o->clusters.items;
    spec.n_clusters = o->clusters.count;
    spec.fpc = o->fpc.items;
    spec.n_fpc = o->fpc.count;
    spec.nest = o->nest;
    spec.lonely = (svy_lonely_psu)o->lonely;      /* the choices stand in the order of the enumeration */
    return svy_design_new(NULL, *frame, &spec, design, &err) == SVY_OK ? EXIT_DONE : tool_fail_data(&err, o->data);
}
