/* The text of one cell: numbers, dates and durations as XLSForm tools write them, and what counts as blank. */
#ifndef SVY_EXCHANGE_WORKBOOK_CELL_H
#define SVY_EXCHANGE_WORKBOOK_CELL_H
#include <stddef.h>
#include <stdint.h>

enum { SVYI_CELL_TEXT_SIZE = 352 };      /* the largest double has 309 digits */

/* Takes blanks (any white space of Unicode) off both ends: returns the first byte that stays, *len becomes what stays. */
const char *svyi_cell_trim(const char *text, size_t *len);
/* In place: no-break spaces become blanks. Returns the new length. */
size_t svyi_cell_plain_blanks(char *text, size_t len);
/* In place: runs of blanks (U+0020) become one. Returns the new length. */
size_t svyi_cell_single_blanks(char *text, size_t len);

/* Whole numbers with all their digits, others with the fewest that read back the same. Returns the length. */
size_t svyi_cell_number(double value, char out[SVYI_CELL_TEXT_SIZE]);

/* Whether a number format shows a date or time, and whether it shows a duration ([h]:mm). The two kinds of workbook are
   judged by different rules, because the programs that read them for XLSForm do. */
int svyi_cell_format_is_date(const char *format);          /* .xlsx */
int svyi_cell_format_is_duration(const char *format);      /* .xlsx */
int svyi_cell_format_is_old_date(const char *format);      /* .xls */

/* A day number as a date, time or duration; *kind is a svyi_cell_kind. 0 when it is none.
   @param from_1904 days count from 1904 */
size_t svyi_cell_date(double serial, int from_1904, int duration, char out[SVYI_CELL_TEXT_SIZE], uint8_t *kind);
/* The same by the rules of .xls: also 0 for the days before March 1900, which Excel counts wrongly. */
size_t svyi_cell_old_date(double serial, int from_1904, char out[SVYI_CELL_TEXT_SIZE], uint8_t *kind);
/* A date or time as it stands in an ISO 8601 cell. 0 when it is none. */
size_t svyi_cell_iso_date(const char *text, size_t len, char out[SVYI_CELL_TEXT_SIZE], uint8_t *kind);
#endif
