/* The events of a submission that becomes a package: kept until it is known when each of them happened. */
#ifndef SVY_EXCHANGE_SUBMISSION_RECORD_H
#define SVY_EXCHANGE_SUBMISSION_RECORD_H
#include "base/arena.h"
#include "base/buffer.h"
#include <survey/exchange.h>
#include <survey/package.h>

typedef struct svyi_record { svyi_arena arena; svy_event *events; size_t n, room; } svyi_record;

void svyi_record_init(svyi_record *r, const svy_alloc *alloc);
void svyi_record_clear(svyi_record *r);
/* Adds a copy. @return SVY_OK, SVY_E_NOMEM */
svy_status svyi_record_add(svyi_record *r, const svy_event *event, svy_error *err);

/* A part of the journal in which one person worked without a break. */
typedef struct svyi_span { size_t first; const char *actor; } svyi_span;

/* Events in the order in which they stand, numbered from 1; a span begins before its first event. */
svy_status svyi_record_package(const svyi_record *r, const svyi_span *spans, size_t n_spans, const svy_form *form, const svy_submission_options *o,
                               svyi_buffer *out, svy_error *err);
#endif
