/* Arena blocks, texts, growing arrays, and what happens when memory runs out. */
#include <criterion/criterion.h>
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "watched_alloc.h"

static int all_zero(const unsigned char *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (p[i] != 0)
            return 0;
    return 1;
}

Test(arena, objects_are_zeroed_aligned_and_apart)
{
    static const size_t SIZES[] = { 0, 1, 7, 16, 100, 5000, 3, 70000, 24, 200000, 1 };
    watched w;
    const svy_alloc alloc = watched_alloc(&w, -1);
    svyi_arena a;
    unsigned char *got[sizeof SIZES / sizeof SIZES[0]];

    svyi_arena_init(&a, &alloc);
    for (int round = 0; round < 3; round++) {       /* cleared, it is used again */
        for (size_t i = 0; i < sizeof SIZES / sizeof SIZES[0]; i++) {
            got[i] = svyi_arena_get(&a, SIZES[i]);
            cr_assert_not_null(got[i]);
            cr_expect_eq((uintptr_t)got[i] % _Alignof(max_align_t), 0);
            cr_expect(all_zero(got[i], SIZES[i]), "%zu bytes", SIZES[i]);
            memset(got[i], (int)i + 1, SIZES[i]);
        }
        for (size_t i = 0; i < sizeof SIZES / sizeof SIZES[0]; i++)
            for (size_t j = 0; j < SIZES[i]; j++)
                cr_assert_eq(got[i][j], i + 1, "object %zu was overwritten", i);
        svyi_arena_clear(&a);
        watched_end(&w);
    }
}

Test(arena, small_objects_share_blocks)
{
    watched w;
    const svy_alloc alloc = watched_alloc(&w, -1);
    svyi_arena a;

    svyi_arena_init(&a, &alloc);
    for (int i = 0; i < 100000; i++)
        cr_assert_not_null(svyi_arena_get(&a, 16));
    cr_expect_lt(w.calls, 40, "%u allocations", w.calls);
    svyi_arena_clear(&a);
    watched_end(&w);
}

Test(arena, a_large_object_does_not_waste_the_open_block)
{
    watched w;
    const svy_alloc alloc = watched_alloc(&w, -1);
    svyi_arena a;

    svyi_arena_init(&a, &alloc);
    svyi_arena_get(&a, 10);
    svyi_arena_get(&a, 100000);
    svyi_arena_get(&a, 10);
    cr_expect_eq(w.calls, 2);
    svyi_arena_clear(&a);
    watched_end(&w);
}

Test(arena, clearing_works_when_the_arena_lives_inside_itself)
{
    watched w;
    const svy_alloc alloc = watched_alloc(&w, -1);
    svyi_arena outside;

    svyi_arena_init(&outside, &alloc);
    svyi_arena *inside = svyi_arena_get(&outside, sizeof *inside);
    cr_assert_not_null(inside);
    cr_assert_not_null(svyi_arena_get(&outside, 50000));
    *inside = outside;
    svyi_arena_clear(inside);
    watched_end(&w);
}

Test(arena, impossible_sizes_are_refused)
{
    svyi_arena a;

    svyi_arena_init(&a, NULL);
    cr_expect_null(svyi_arena_get(&a, SIZE_MAX));
    cr_expect_null(svyi_arena_get(&a, SIZE_MAX / 2 + 1));
    cr_expect_null(svyi_arena_text(&a, "", SIZE_MAX));
    cr_expect_not_null(svyi_arena_get(&a, 1));
    svyi_arena_clear(&a);
    svyi_arena_clear(&a);
}

Test(arena, text_is_copied_and_ended)
{
    svyi_arena a;

    svyi_arena_init(&a, NULL);
    const char *copy = svyi_arena_text(&a, "abcdef", 3), *none = svyi_arena_text(&a, NULL, 0);
    cr_expect_str_eq(copy, "abc");
    cr_expect_str_eq(none, "");
    cr_expect_eq(svyi_arena_text(&a, "a\0b", 3)[2], 'b');
    svyi_arena_clear(&a);
}

Test(arena, every_failing_allocation_is_reported)
{
    long n = 0;

    for (int failed = 1; failed; n++) {
        watched w;
        const svy_alloc alloc = watched_alloc(&w, n);
        svyi_arena a;
        failed = 0;
        svyi_arena_init(&a, &alloc);
        for (size_t i = 0; i < 50; i++)
            failed |= svyi_arena_get(&a, i * 100) == NULL;
        svyi_arena_clear(&a);
        watched_end(&w);
        cr_assert_lt(n, 1000);
    }
    cr_expect_gt(n, 3);
}

Test(alloc, grow_keeps_contents)
{
    watched w;
    const svy_alloc alloc = watched_alloc(&w, -1);
    uint32_t *items = NULL;
    size_t capacity = 0;

    for (uint32_t i = 0; i < 10000; i++) {
        cr_assert_eq(svyi_grow(&alloc, &items, &capacity, i + 1, sizeof *items), 0);
        items[i] = i;
    }
    for (uint32_t i = 0; i < 10000; i++)
        cr_assert_eq(items[i], i);
    cr_expect_lt(w.calls, 20);
    svyi_release(&alloc, items, capacity * sizeof *items);
    watched_end(&w);
}

Test(alloc, grow_refuses_what_cannot_be_and_leaves_the_array)
{
    watched w;
    const svy_alloc alloc = watched_alloc(&w, 1);
    double *items = NULL;
    size_t capacity = 0;

    cr_assert_eq(svyi_grow(&alloc, &items, &capacity, 3, sizeof *items), 0);
    const double *before = items;
    const size_t had = capacity;
    cr_expect_eq(svyi_grow(&alloc, &items, &capacity, SIZE_MAX / 4, sizeof *items), -1, "overflow");
    cr_expect_eq(w.calls, 1, "refused without asking the allocator");
    cr_expect_eq(svyi_grow(&alloc, &items, &capacity, had + 1, sizeof *items), -1, "out of memory");
    cr_expect_eq(items, before);
    cr_expect_eq(capacity, had);
    svyi_release(&alloc, items, capacity * sizeof *items);
    watched_end(&w);
}

Test(alloc, sizes_of_zero_and_no_allocator)
{
    watched w;
    const svy_alloc alloc = watched_alloc(&w, -1);
    void *p = svyi_get(&alloc, 0);

    cr_assert_not_null(p);
    p = svyi_resize(&alloc, p, 0, 100);
    cr_assert_not_null(p);
    p = svyi_resize(&alloc, p, 100, 0);
    cr_assert_not_null(p, "resizing to nothing does not free");
    svyi_release(&alloc, p, 0);
    svyi_release(&alloc, NULL, 10);
    watched_end(&w);
    p = svyi_get(NULL, 10);
    cr_assert_not_null(p);
    svyi_release(NULL, p, 10);
    cr_expect_not_null(svyi_alloc_or_default(&(svy_alloc){ NULL, NULL }).fn);
}
