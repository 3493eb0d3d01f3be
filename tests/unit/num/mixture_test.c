/* Sums of chi-squared variables against their inverted characteristic functions, integrated in 30 digits along a contour through the saddlepoint (mpmath). */
#include <criterion/criterion.h>
#include <math.h>

#include "num/distribution.h"
#include "num/mixture.h"

enum { LAMBDAS = 10 };
static const struct { size_t n; double lambda[LAMBDAS]; } MIXTURES[] = {
    { 1, { 1.0 } },
    { 2, { 1.5, 0.7 } },
    { 3, { 1.3, 0.9, 0.4 } },
    { 6, { 2.1, 1.9, 1.1, 0.6, 0.25, 0.03 } },
    { 8, { 1.0, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.001 } },
    { 10, { 1.2, 1.2, 1.2, 1.2, 1.2, 1.2, 1.2, 1.2, 1.2, 1.2 } },
    { 2, { 3.0, 0.002 } },
};

static const struct { size_t mixture; double ddf, x, want; } ROWS[] = {    /* ddf 0: no denominator */
    { 0, 0, 0.3, 0.583882420770365172 },
    { 0, 5.5, 0.3, 0.605375143805588895 },
    { 0, 23.0, 0.3, 0.589158938141946405 },
    { 0, 360.248286, 0.3, 0.584221610284237991 },
    { 0, 0, 4, 0.0455002638963584144 },
    { 0, 5.5, 4, 0.0967543902311850031 },
    { 0, 23.0, 4, 0.0574445489920827243 },
    { 0, 360.248286, 4, 0.0462505997706017941 },
    { 0, 0, 30, 4.32046305782749729e-8 },
    { 0, 5.5, 30, 0.00204824347815373761 },
    { 0, 23.0, 30, 0.0000143926851711037678 },
    { 0, 360.248286, 30, 8.12329585187750175e-8 },
    { 1, 0, 1.0, 0.619170906377183661 },
    { 1, 5.5, 1.0, 0.643529659382013385 },
    { 1, 23.0, 1.0, 0.625430097963061253 },
    { 1, 360.248286, 1.0, 0.619579668553257759 },
    { 1, 0, 6.0, 0.069908152248849698 },
    { 1, 5.5, 6.0, 0.149615861989100378 },
    { 1, 23.0, 6.0, 0.0892733769256214658 },
    { 1, 360.248286, 6.0, 0.0711335896205479695 },
    { 1, 0, 40.0, 3.36533073952733913e-7 },
    { 1, 5.5, 40.0, 0.00413831530448571383 },
    { 1, 23.0, 40.0, 0.0000444614160961379765 },
    { 1, 360.248286, 40.0, 5.58735046487005618e-7 },
    { 2, 0, 1.0, 0.741812445680246897 },
    { 2, 5.5, 1.0, 0.750780039186907637 },
    { 2, 23.0, 1.0, 0.744019543741019368 },
    { 2, 360.248286, 1.0, 0.741954922471719203 },
    { 2, 0, 9.0, 0.0221730880616197781 },
    { 2, 5.5, 9.0, 0.100602906580718794 },
    { 2, 23.0, 9.0, 0.0387345283180736139 },
    { 2, 360.248286, 9.0, 0.0231373152446710127 },
    { 2, 0, 45.0, 9.08940063078916643e-9 },
    { 2, 5.5, 45.0, 0.00359748255114934991 },
    { 2, 23.0, 45.0, 0.0000132665419782956652 },
    { 2, 360.248286, 45.0, 2.0899591904032033e-8 },
    { 3, 0, 3.0, 0.72804466847257689 },
    { 3, 5.5, 3.0, 0.734358356969361437 },
    { 3, 23.0, 3.0, 0.729433891444464354 },
    { 3, 360.248286, 3.0, 0.728132234041041649 },
    { 3, 0, 14.0, 0.0573325525989385256 },
    { 3, 5.5, 14.0, 0.17629003920877974 },
    { 3, 23.0, 14.0, 0.0872887975728231573 },
    { 3, 360.248286, 14.0, 0.0592139701687842156 },
    { 3, 0, 60.0, 6.50719677520274418e-7 },
    { 3, 5.5, 60.0, 0.0105285582017175114 },
    { 3, 23.0, 60.0, 0.000131648365483146674 },
    { 3, 360.248286, 60.0, 1.15725247723479763e-6 },
    { 4, 0, 0.5, 0.874203832726868151 },
    { 4, 5.5, 0.5, 0.865777087698691033 },
    { 4, 23.0, 0.5, 0.871657352620164008 },
    { 4, 360.248286, 0.5, 0.874029755382249086 },
    { 4, 0, 5.0, 0.0514853785755257248 },
    { 4, 5.5, 5.0, 0.147105267917163335 },
    { 4, 23.0, 5.0, 0.0735820190490866061 },
    { 4, 360.248286, 5.0, 0.0528377417228389177 },
    { 4, 0, 25.0, 1.02527495697112288e-6 },
    { 4, 5.5, 25.0, 0.00647678356681417407 },
    { 4, 23.0, 25.0, 0.0000873466863055897077 },
    { 4, 360.248286, 25.0, 1.60803223874867431e-6 },
    { 5, 0, 12.0, 0.440493285065212411 },
    { 5, 5.5, 12.0, 0.529438806322323914 },
    { 5, 23.0, 12.0, 0.471703665698142647 },
    { 5, 360.248286, 12.0, 0.442892220393937927 },
    { 5, 0, 40.0, 0.000239382582926401399 },
    { 5, 5.5, 40.0, 0.0865737845861676622 },
    { 5, 23.0, 40.0, 0.00818353526868319559 },
    { 5, 360.248286, 40.0, 0.000366501144635935158 },
    { 5, 0, 100.0, 1.11177012409509835e-13 },
    { 5, 5.5, 100.0, 0.0113928553917119182 },
    { 5, 23.0, 100.0, 0.0000147060979100295858 },
    { 5, 360.248286, 100.0, 3.35487363417443305e-12 },
    { 6, 0, 0.01, 0.959596507411776919 },
    { 6, 5.5, 0.01, 0.962145019731235079 },
    { 6, 23.0, 0.01, 0.960258308390143594 },
    { 6, 360.248286, 0.01, 0.959639822250013309 },
    { 6, 0, 8.0, 0.102513395808959898 },
    { 6, 5.5, 8.0, 0.158146261054824982 },
    { 6, 23.0, 8.0, 0.116137445618298542 },
    { 6, 360.248286, 8.0, 0.103387526515077059 },
    { 6, 0, 70.0, 1.36265958606467535e-6 },
    { 6, 5.5, 70.0, 0.00368667181874006815 },
    { 6, 23.0, 70.0, 0.0000710840883004125133 },
    { 6, 360.248286, 70.0, 2.01893191406864544e-6 },
};
enum { N_ROWS = sizeof ROWS / sizeof ROWS[0] };

static double row_ddf(size_t i) { return ROWS[i].ddf > 0 ? ROWS[i].ddf : HUGE_VAL; }

Test(mixture, equals_the_integral)
{
    svyi_arena scratch;
    svyi_arena_init(&scratch, NULL);
    for (size_t i = 0; i < N_ROWS; i++) {
        size_t m = ROWS[i].mixture;
        double got = svyi_mixture_upper(&scratch, MIXTURES[m].lambda, MIXTURES[m].n, row_ddf(i), ROWS[i].x);
        cr_expect(fabs(got / ROWS[i].want - 1) < 2e-12, "row %zu: %.17g instead of %.17g", i, got, ROWS[i].want);
    }
    svyi_arena_clear(&scratch);
}

/* Both approximations are within the error their literature shows for such coefficients, and not the same number as the exact one. */
Test(mixture, approximations_are_near_it)
{
    for (size_t i = 0; i < N_ROWS; i++) {
        size_t m = ROWS[i].mixture;
        if (ROWS[i].want > 0.2 || ROWS[i].want < 1e-3 || ROWS[i].ddf == 5.5)
            continue;
        double saddle = svyi_mixture_saddlepoint(MIXTURES[m].lambda, MIXTURES[m].n, row_ddf(i), ROWS[i].x);
        double two = svyi_mixture_satterthwaite(MIXTURES[m].lambda, MIXTURES[m].n, row_ddf(i), ROWS[i].x);
        cr_expect(fabs(saddle / ROWS[i].want - 1) < 0.08, "row %zu: saddlepoint %g of %g", i, saddle, ROWS[i].want);
        cr_expect(fabs(two / ROWS[i].want - 1) < 0.35, "row %zu: Satterthwaite %g of %g", i, two, ROWS[i].want);
        cr_expect(saddle != ROWS[i].want);
    }
}

/* Equal coefficients are a chi-squared or an F, for which Satterthwaite's approximation is exact as well. */
Test(mixture, of_equal_coefficients_is_a_known_distribution)
{
    static const double SAME[] = { 2.5, 2.5, 2.5, 2.5 };
    svyi_arena scratch;
    svyi_arena_init(&scratch, NULL);
    for (double x = 0.5; x < 300; x *= 2) {
        double chi2 = svyi_chi2_upper(x / 2.5, 4), f = svyi_f_upper(x / 10, 4, 7.25);
        cr_expect(fabs(svyi_mixture_upper(&scratch, SAME, 4, HUGE_VAL, x) / chi2 - 1) < 1e-13);
        cr_expect(fabs(svyi_mixture_upper(&scratch, SAME, 4, 7.25, x) / f - 1) < 1e-13);
        cr_expect(fabs(svyi_mixture_satterthwaite(SAME, 4, HUGE_VAL, x) / chi2 - 1) < 1e-13);
        cr_expect(fabs(svyi_mixture_satterthwaite(SAME, 4, 7.25, x) / f - 1) < 1e-13);
    }
    svyi_arena_clear(&scratch);
}

Test(mixture, takes_rounding_for_nothing_and_refuses_what_is_none)
{
    static const double ROUNDED[] = { 2, 1, 1e-15, -1e-16 }, TINY[] = { 1, 1e-7, 1e-7 }, NEGATIVE[] = { 1, -0.5 }, NONE[] = { 0, 0 };
    double broken[] = { 1, nan("") };
    svyi_arena scratch;
    svyi_arena_init(&scratch, NULL);
    cr_expect(svyi_mixture_upper(&scratch, ROUNDED, 4, HUGE_VAL, 7) == svyi_mixture_upper(&scratch, ROUNDED, 2, HUGE_VAL, 7));
    double tiny = svyi_mixture_upper(&scratch, TINY, 3, HUGE_VAL, 3), one = svyi_chi2_upper(3 - 2e-7, 1);
    cr_expect(fabs(tiny / one - 1) < 1e-9, "%.17g %.17g", tiny, one);
    cr_expect(isnan(svyi_mixture_upper(&scratch, NEGATIVE, 2, HUGE_VAL, 3)));
    cr_expect(isnan(svyi_mixture_upper(&scratch, NONE, 2, HUGE_VAL, 3)));
    cr_expect(isnan(svyi_mixture_upper(&scratch, broken, 2, HUGE_VAL, 3)));
    cr_expect(isnan(svyi_mixture_saddlepoint(NEGATIVE, 2, HUGE_VAL, 3)));
    cr_expect(isnan(svyi_mixture_satterthwaite(NEGATIVE, 2, 5, 3)));
    cr_expect(isnan(svyi_mixture_upper(&scratch, ROUNDED, 2, 0, 3)));
    cr_expect(svyi_mixture_upper(&scratch, ROUNDED, 2, 9, 0) == 1);
    cr_expect(svyi_mixture_upper(&scratch, ROUNDED, 2, 9, HUGE_VAL) == 0);
    cr_expect(svyi_mixture_saddlepoint(ROUNDED, 2, 9, HUGE_VAL) == 0);
    svyi_arena_clear(&scratch);
}

/* Far more coefficients than a first term could hold as a double: 1,000 of which most are a thousand times the smallest. */
Test(mixture, of_many_coefficients_does_not_underflow)
{
    static double lambda[1000];
    svyi_arena scratch;
    svyi_arena_init(&scratch, NULL);
    for (size_t i = 0; i < 1000; i++)
        lambda[i] = i == 0 ? 0.001 : 1;
    double got = svyi_mixture_upper(&scratch, lambda, 1000, HUGE_VAL, 1100), almost = svyi_chi2_upper(1100 - 0.001, 999);
    cr_expect(fabs(got / almost - 1) < 1e-6, "%.17g %.17g", got, almost);
    svyi_arena_clear(&scratch);
}
