/* Refits of a generalised linear model to many replicates at once. Internal. */
#ifndef SVY_MODEL_GLM_REPLICATES_H
#define SVY_MODEL_GLM_REPLICATES_H
#include "design/tree.h"
#include "model/glm.h"

/* 1: the replicates of the design can be fitted together: nothing is replayed on their weights. */
int svyi_glm_batches(const svyi_glm *g, const svy_design *d);
/* Coefficients by replicate, p each; NaN in replicates that have to be fitted on their own. @return SVY_OK or SVY_E_NOMEM. */
svy_status svyi_glm_replicates(svyi_arena *arena, const svyi_glm *g, const svy_design *d, const svyi_glm_fit *fit, unsigned threads, double *thetas, svy_error *err);
#endif
