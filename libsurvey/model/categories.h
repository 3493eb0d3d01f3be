/* What models of a categorical response share: its levels in use, and rows as places in them. Internal. */
#ifndef SVY_MODEL_CATEGORIES_H
#define SVY_MODEL_CATEGORIES_H
#include "model/likelihood.h"

enum { SVYI_CATEGORIES_MAX = 500 };

typedef struct svyi_categories {
    const uint32_t *codes;               /* by row of the data */
    const char *const *levels;           /* of the response */
    uint32_t *place;                     /* by code: among the levels in use, UINT32_MAX: not in use */
    uint32_t *code;                      /* by place */
    size_t count;                        /* in use: at least two */
    double *share;                       /* weighted, by place */
} svyi_categories;

/* @return SVY_OK; SVY_E_TYPE: the response is no factor; SVY_E_NUMERIC: it has one level only; SVY_E_LIMIT; SVY_E_NOMEM. */
svy_status svyi_categories_make(svyi_arena *arena, const svyi_model_task *t, const char *family, svyi_categories *out, svy_error *err);
/* Twice the log likelihood of the model of constants only, times -1. */
double svyi_categories_null_deviance(const svyi_categories *c, double rows);
static inline uint32_t svyi_categories_place(const svyi_categories *c, uint32_t row) { return c->place[c->codes[row]]; }
#endif
