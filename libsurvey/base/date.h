/* The proleptic Gregorian calendar as numbers: days since 1970-01-01, months since year 0, seconds. */
#ifndef SVY_BASE_DATE_H
#define SVY_BASE_DATE_H
#include <survey/base.h>

/* Any date of the years -5877641..5881580; beyond, the first or last day there is. */
int32_t svyi_days_from_civil(int year, int month, int day);
void svyi_civil_from_days(int32_t days, int *year, int *month, int *day);
int svyi_date_valid(int year, int month, int day);           /* years 1..9999 */
/* ISO 8601, whole text, ASCII digits; 1 on success, otherwise 0 and the number is 0. */
int svyi_date_parse(const char *text, size_t len, double *days);          /* YYYY-MM-DD */
/* YYYY-MM, or YYYY with the month unknown. Number: year*12 + month-1, plus 0.5 when the month is unknown. */
int svyi_month_parse(const char *text, size_t len, double *month);
int svyi_time_parse(const char *text, size_t len, double *seconds);       /* HH:MM or HH:MM:SS */
/* YYYY-MM-DDTHH:MM[:SS] (a blank for T allowed), with Z or +HH:MM taken off to UTC when present; seconds since 1970. */
int svyi_datetime_parse(const char *text, size_t len, double *seconds);
/* At most 32 bytes with the NUL; return the length, 0 when the value lies outside the years 1..9999 or a day. Fractions are cut off.
   A date-time is written YYYY-MM-DDTHH:MM:SS, a time HH:MM:SS. */
size_t svyi_date_format(double days, char *out);
size_t svyi_month_format(double month, char *out);
size_t svyi_time_format(double seconds, char *out);
size_t svyi_datetime_format(double seconds, char *out);
#endif
