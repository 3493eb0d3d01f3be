/* Doubles and decimal digits of any number, exactly: what number.c needs where two doubles and one operation do not do. */
#ifndef SVY_BASE_DECIMAL_H
#define SVY_BASE_DECIMAL_H
#include <stddef.h>

enum { SVYI_DECIMAL_DIGITS = 801 /* the most that svyi_decimal_value() takes */ };

/* The double nearest to digits (no leading zero, n > 0) times 10^exponent, ties to even; infinite when it is too large. */
double svyi_decimal_value(const char *digits, size_t n, long exponent);
/* The `count` significant digits nearest to a finite `value` > 0, ties to even, without zeros at the end; *exponent is that of the first digit. Returns how many. */
size_t svyi_decimal_digits(double value, int count, char *digits, int *exponent);
#endif
