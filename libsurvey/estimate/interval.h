/* Confidence limits. Internal. */
#ifndef SVY_ESTIMATE_INTERVAL_H
#define SVY_ESTIMATE_INTERVAL_H
#include <survey/estimate.h>

typedef struct svyi_interval_input {
    double estimate, variance;
    double df;            /* infinity: normal */
    double design_df;     /* of the domain */
    double rows;          /* of the domain, all */
    double n;             /* of the domain, used, of positive weight */
    double level;
} svyi_interval_input;

void svyi_interval(svy_interval kind, const svyi_interval_input *in, double *lower, double *upper);
#endif
