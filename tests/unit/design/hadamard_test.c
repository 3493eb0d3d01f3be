/* Hadamard matrices: every multiple of 4 up to 256 has one, and its rows are orthogonal. */
#include <criterion/criterion.h>

#include "design/hadamard.h"

static signed char *signs_of(svyi_arena *arena, size_t n)
{
    svyi_hadamard h;
    signed char *signs = svyi_arena_get(arena, n * n);
    cr_assert_not_null(signs);
    cr_assert_eq(svyi_hadamard_make(arena, n, &h), 0);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++)
            signs[i * n + j] = (signed char)svyi_hadamard_sign(&h, i, j);
    return signs;
}

static int is_orthogonal(const signed char *signs, size_t n)
{
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j <= i; j++) {
            long product = 0;
            for (size_t k = 0; k < n; k++)
                product += signs[i * n + k] * signs[j * n + k];
            if (product != (i == j ? (long)n : 0))
                return 0;
        }
    return 1;
}

static void check(size_t n)
{
    svyi_arena arena;
    svyi_arena_init(&arena, NULL);
    const signed char *signs = signs_of(&arena, n);
    cr_expect(is_orthogonal(signs, n), "order %zu", n);
    int first = 0;
    for (size_t k = 0; k < n; k++)
        first += signs[k];
    cr_expect_eq((size_t)first, n, "the first row of order %zu is not all +1", n);
    svyi_arena_clear(&arena);
}

Test(hadamard, every_multiple_of_four_up_to_256)
{
    check(1);
    check(2);
    for (size_t n = 4; n <= 256; n += 4) {
        cr_expect_eq(svyi_hadamard_order(n), n, "order %zu", n);
        check(n);
    }
}

Test(hadamard, orders_are_the_next_that_can_be_made)
{
    cr_expect_eq(svyi_hadamard_order(0), 1);
    cr_expect_eq(svyi_hadamard_order(3), 4);
    cr_expect_eq(svyi_hadamard_order(61), 64);
    cr_expect_eq(svyi_hadamard_order(257), 264);        /* 260 would need a construction that is not there */
    cr_expect_eq(svyi_hadamard_order(SVYI_HADAMARD_MAX), SVYI_HADAMARD_MAX);
    cr_expect_eq(svyi_hadamard_order(SVYI_HADAMARD_MAX + 1), 0);
}

/* Fields of prime power order: 3^5, 5^2 and 7^2; a doubled core; a large prime. */
Test(hadamard, larger_orders)
{
    static const size_t ORDERS[] = { 244, 296, 480, 512, 500 };
    for (size_t i = 0; i < sizeof ORDERS / sizeof ORDERS[0]; i++) {
        cr_expect_eq(svyi_hadamard_order(ORDERS[i]), ORDERS[i]);
        check(svyi_hadamard_order(ORDERS[i]));
    }
}
