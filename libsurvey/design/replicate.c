/* Replicate weights of a design: taken from columns, or made as factors of its units. */
#include "design/replicate.h"

#include <math.h>

#include "base/error.h"

size_t svyi_replicates_count(const svyi_replicates *r) { return r->count; }

svy_status svyi_replicates_make(svy_design *d, const svy_frame *f, const svy_replicate_spec *spec, svy_error *err)
{
    (void)d; (void)f; (void)spec;
    return svyi_fail(err, SVY_E_STATE, "replicate weights are being written");
}

void svyi_replicate_weights(const svy_design *d, size_t r, double *out)
{
    (void)d; (void)r; (void)out;
}

double svyi_replicates_df(const svy_design *d, const uint8_t *keep)
{
    (void)d; (void)keep;
    return nan("");
}
