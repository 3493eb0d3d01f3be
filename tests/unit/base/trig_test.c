/* Sines and angles beside libm's, which is right to the last digit; the special values are those of C11 Annex F. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "base/number.h"
#include "base/trig.h"

static void near(const char *what, double x, double found, double truth)
{
    const double ulp = nextafter(fabs(truth), (double)INFINITY) - fabs(truth);

    cr_expect(fabs(found - truth) <= 5 * ulp, "%s(%.17g): %.17g, not %.17g", what, x, found, truth);
}

Test(trig, beside_libm)
{
    static const double SIZES[] = { 1e-8, 1, 10, 1e6 };
    svyi_random r;

    svyi_random_seed(&r, 7);
    for (int i = 0; i < 200000; i++) {
        const double unit = 2 * svyi_random_unit(&r) - 1, other = 2 * svyi_random_unit(&r) - 1, x = unit * SIZES[i % 4];
        near("sin", x, svyi_sin(x), sin(x));
        near("cos", x, svyi_cos(x), cos(x));
        near("tan", x, svyi_tan(x), tan(x));
        near("atan", x, svyi_atan(x), atan(x));
        near("asin", unit, svyi_asin(unit), asin(unit));
        near("acos", unit, svyi_acos(unit), acos(unit));
        near("atan2", unit, svyi_atan2(unit, other), atan2(unit, other));
    }
}

static void same(double found, double truth)
{
    if (isnan(truth))
        cr_expect(isnan(found));
    else
        cr_expect(signbit(found) == signbit(truth) && (found == truth || fabs(found - truth) <= 4e-16 * fabs(truth)), "%.17g, not %.17g", found, truth);
}

Test(trig, special_values)
{
    static const double ENDS[] = { 0.0, -0.0, 1, -1, (double)INFINITY, -(double)INFINITY, (double)NAN };

    for (size_t i = 0; i < 7; i++) {
        for (size_t k = 0; k < 7; k++)
            same(svyi_atan2(ENDS[i], ENDS[k]), atan2(ENDS[i], ENDS[k]));
        same(svyi_atan(ENDS[i]), atan(ENDS[i]));
        same(svyi_asin(ENDS[i]), asin(ENDS[i]));
        same(svyi_acos(ENDS[i]), acos(ENDS[i]));
        if (fabs(ENDS[i]) != 1) {
            same(svyi_sin(ENDS[i]), sin(ENDS[i]));
            same(svyi_cos(ENDS[i]), cos(ENDS[i]));
            same(svyi_tan(ENDS[i]), tan(ENDS[i]));
        }
    }
    same(svyi_asin(1.5), (double)NAN);
    same(svyi_acos(-1.5), (double)NAN);
}
