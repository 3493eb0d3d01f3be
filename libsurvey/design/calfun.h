/* The functions F that calibration multiplies weights by. Internal. */
#ifndef SVY_DESIGN_CALFUN_H
#define SVY_DESIGN_CALFUN_H
#include <survey/weighting.h>

/* F of a method within bounds; -HUGE_VAL and HUGE_VAL when there are none. F(0) = 1. @param slope  receives F'(u): 0 where F is clipped. */
double svyi_calibration_factor(svy_calibration method, double lower, double upper, double u, double *slope);
#endif
