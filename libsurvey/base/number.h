/* Numbers to and from text, without a locale; deterministic random numbers; exp, ln, pow that give the same bits everywhere. */
#ifndef SVY_BASE_NUMBER_H
#define SVY_BASE_NUMBER_H
#include <survey/base.h>

/* Reads a whole text as a decimal number: [+-]digits[.digits][e[+-]digits]; no spaces, hex, inf or nan. 1 on success. Correctly rounded.
   Fast path for up to 19 digits and small exponents. */
int svyi_number_parse(const char *text, size_t len, double *value);
/* Shortest text that reads back as the same double; integers without a point; at most 32 bytes with the NUL. Returns the length. */
size_t svyi_number_format(double value, char *out);

/* xoshiro256** seeded by splitmix64: interview randomness, simulation. */
typedef struct svyi_random { uint64_t s[4]; } svyi_random;
void svyi_random_seed(svyi_random *r, uint64_t seed);
uint64_t svyi_random_next(svyi_random *r);
double svyi_random_unit(svyi_random *r);                     /* [0, 1), 53 bits */
uint32_t svyi_random_below(svyi_random *r, uint32_t n);      /* 0..n-1, unbiased; n > 0 */

/* Within 1 ulp or so, from + - * / only, so natively and in WebAssembly the same. */
double svyi_exp(double x);
double svyi_ln(double x);      /* NaN for x < 0, -inf for 0 */
double svyi_pow(double x, double y);
#endif
