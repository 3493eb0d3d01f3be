/* Predictive margins and average effects of a fitted generalised linear model. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "model/model_priv.h"

svy_status svy_model_margins(svy_model *m, const char *variable, int effects, int sampling, const svy_model_margin **out, size_t *count,
                             svy_error *err)
{
    (void)m; (void)variable; (void)effects; (void)sampling;
    *out = NULL;
    *count = 0;
    return svyi_fail(err, SVY_E_STATE, "being written");
}
