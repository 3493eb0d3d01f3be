/* Times under observation, sorted: which rows are at risk at which event times, in each stratum. Internal. */
#ifndef SVY_MODEL_RISK_H
#define SVY_MODEL_RISK_H
#include "base/arena.h"
#include "model/matrix.h"

/* Distinct event times are numbered stratum by stratum, in increasing order. A row is at risk at those numbered first[row] .. end[row]-1, its own
   death, if it is one, being the last of them; at none when end <= first. */
typedef struct svyi_risk {
    size_t n;
    uint32_t *order;                     /* rows by stratum and time of leaving */
    uint32_t n_strata, *row_start;       /* places in `order` */
    uint32_t events, *event_start;       /* by stratum */
    double *time;                        /* by event time */
    uint8_t *opens;                      /* by event time: 1: the first of its stratum */
    uint32_t *deaths;                    /* rows by event time */
    uint32_t *first, *end;               /* by row of the data */
    uint8_t *dead;                       /* by row of the data */
    uint32_t *entries;                   /* rows by stratum and time of entry; NULL: all are there from the beginning */
} svyi_risk;

/* What sorting is asked to do. */
typedef struct svyi_risk_input {
    const svyi_response *response;       /* SVYI_RESPONSE_SURVIVAL */
    size_t data_rows;
    const uint32_t *rows; size_t n;
    const uint32_t *strata; uint32_t n_strata;   /* by row of the data; NULL: one */
    int merge;                           /* 1: times that differ by rounding only are the same, as in R's coxph(timefix = TRUE) */
} svyi_risk_input;

/* @return SVY_OK; SVY_E_TYPE: the response is no Surv(); SVY_E_VALUE with the row: a status that is neither 0 nor 1 (nor 1 or 2), a time that is not
   finite or negative, a row that leaves before it comes; SVY_E_NUMERIC: there are no events; SVY_E_NOMEM. */
svy_status svyi_risk_make(svyi_arena *arena, const svyi_risk_input *in, svyi_risk *out, svy_error *err);
#endif
