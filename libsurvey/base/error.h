/* Filling in svy_error and reporting to svy_diags. Internal. */
#ifndef SVY_BASE_ERROR_H
#define SVY_BASE_ERROR_H
#include <stdarg.h>
#include <survey/base.h>

/* Records `code` and a formatted sentence in `err` (which may be NULL) and
   returns `code`, so a failing function can `return svyi_fail(...)`. */
svy_status svyi_fail(svy_error *err, svy_status code, const char *fmt, ...) SVY_PRINTF(3, 4);

/* Like svyi_fail, with a position in `source` (line, column 1-based or 0). */
svy_status svyi_fail_at(svy_error *err, svy_status code, const char *source,
                        int line, int column, int length, const char *fmt, ...) SVY_PRINTF(7, 8);

svy_status svyi_nomem(svy_error *err);

/* Where a problem stands: filled once, used for several reports. */
typedef struct svyi_where { const char *source; int line, column; const char *element; } svyi_where;

/* Reports to `diags` (may be NULL) and counts. `advice` may be NULL. `fmt` makes the sentence `found`. */
void svyi_report(svy_diags *diags, svy_severity severity, svy_status code, const svyi_where *where,
                 const char *advice, const char *fmt, ...) SVY_PRINTF(6, 7);

#define SVY_REQUIRE(cond, err) \
    do { if (!(cond)) return svyi_fail((err), SVY_E_ARG, "%s: requires %s", __func__, #cond); } while (0)
#endif
