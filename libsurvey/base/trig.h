/* Sines and angles without libm: from + - * / sqrt and floor only, so natively and in WebAssembly the same bits. Within 5 ulp; the argument of
   sin, cos and tan is reduced exactly up to 10^6, beyond that its angle loses digits. */
#ifndef SVY_BASE_TRIG_H
#define SVY_BASE_TRIG_H

#define SVYI_PI 3.14159265358979311600

double svyi_sin(double x);           /* radians; NaN for what is not finite */
double svyi_cos(double x);
double svyi_tan(double x);
double svyi_asin(double x);          /* NaN outside -1 to 1 */
double svyi_acos(double x);
double svyi_atan(double x);
double svyi_atan2(double y, double x);   /* zeros and infinities as in C11 Annex F */

#endif
