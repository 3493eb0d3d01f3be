/* The functions F that calibration multiplies weights by, with their slopes. */
#include "design/calfun.h"

#include <math.h>

static double clip(double f, double s, double lower, double upper, double *slope)
{
    *slope = f > lower && f < upper ? s : 0;
    return f < lower ? lower : f > upper ? upper : f;
}

/* Between the bounds, with F(0) = 1 and F'(0) = 1. */
static double logit(double lower, double upper, double u, double *slope)
{
    double a = (upper - lower) / ((upper - 1) * (1 - lower));
    double e = exp(-fabs(a * u)), up = 1 - lower, down = upper - 1;
    if (a * u < 0) {
        double bottom = down + up * e;
        *slope = a * e * up * down * (upper - lower) / (bottom * bottom);
        return (lower * down + upper * up * e) / bottom;
    }
    double bottom = down * e + up;
    *slope = a * e * up * down * (upper - lower) / (bottom * bottom);
    return (lower * down * e + upper * up) / bottom;
}

double svyi_calibration_factor(svy_calibration method, double lower, double upper, double u, double *slope)
{
    switch (method) {
    case SVY_CALIBRATE_LINEAR: case SVY_CALIBRATE_POSTSTRATIFY:
        return clip(1 + u, 1, lower, upper, slope);
    case SVY_CALIBRATE_RAKING: {
        double e = exp(u);
        return clip(e, e, lower, upper, slope);
    }
    case SVY_CALIBRATE_LOGIT:
        return logit(lower, upper, u, slope);
    case SVY_CALIBRATE_SINH: {
        double p = asinh(2 * u), root = sqrt(p * p + 4), f = p > 0 ? (p + root) / 2 : 2 / (root - p);
        return clip(f, f / root * 2 / sqrt(4 * u * u + 1), lower, upper, slope);
    }
    }
    *slope = 1;
    return 1 + u;
}
