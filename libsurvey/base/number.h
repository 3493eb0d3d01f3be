/* Numbers to and from text, without a locale; deterministic random numbers; exp, ln, pow that give the same bits everywhere. */
#ifndef SVY_BASE_NUMBER_H
#define SVY_BASE_NUMBER_H
#include <survey/base.h>

/* Reads a whole text as a decimal number: [+-]digits[.digits][e[+-]digits]; no spaces, hex, inf or nan; E is allowed.
   1 on success; 0 and *value = 0 otherwise, also when the number is too large for a double. Correctly rounded, any length, no locale.
   Fast path for up to 19 digits and small exponents. */
int svyi_number_parse(const char *text, size_t len, double *value);
/* Shortest text that reads back as the same double; integers without a point; at most 32 bytes with the NUL. Returns the length.
   Exponents below -5 and from 21 on are written like 1.5e-7 and 1e21; minus zero is "-0"; "nan", "inf", "-inf" do not parse. */
size_t svyi_number_format(double value, char *out);

/* xoshiro256** seeded by splitmix64: interview randomness, simulation. */
typedef struct svyi_random { uint64_t s[4]; } svyi_random;
void svyi_random_seed(svyi_random *r, uint64_t seed);
uint64_t svyi_random_next(svyi_random *r);
double svyi_random_unit(svyi_random *r);                     /* [0, 1), 53 bits */
uint32_t svyi_random_below(svyi_random *r, uint32_t n);      /* 0..n-1, unbiased; n > 0 */

/* Within 1 ulp or so, from + - * / and floor only, so natively and in WebAssembly the same. svyi_pow is exact whenever
   |y| <= 64 is whole and the result is a double; special cases as in C11 Annex F. */
double svyi_exp(double x);
double svyi_ln(double x);      /* NaN for x < 0, -inf for 0 */
double svyi_pow(double x, double y);
#endif
