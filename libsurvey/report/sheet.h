/* Parts of writing sheets that other reports use. Internal. */
#ifndef SVY_REPORT_SHEET_H
#define SVY_REPORT_SHEET_H
#include <survey/report.h>

#include "base/buffer.h"

/* A text as a CSV cell, in quotes when it needs them. */
void svyi_sheet_csv_text(svyi_buffer *b, const char *text);
/* A number in the fewest digits that read back exactly; `none` when it is not finite. */
void svyi_sheet_csv_number(svyi_buffer *b, double x, const char *none);
/* The buffer's bytes as the caller's own piece of memory; clears the buffer. */
svy_status svyi_report_hand_over(const svy_alloc *alloc, svyi_buffer *b, char **text, size_t *len, svy_error *err);
#endif
