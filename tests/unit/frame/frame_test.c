/* Frames: columns by index and name, what they take over, what they refuse. */
#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>

#include <survey/frame.h>

#include "../base/watched_alloc.h"

static const char *const LEVELS[] = { "BG", "UA" }, *const LABELS[] = { "Bulgaria", "Ukraine" };

Test(frame, columns)
{
    svy_error err = SVY_ERROR_INIT;
    svy_frame *f = NULL;

    cr_assert_eq(svy_frame_new(NULL, 2, &f, &err), SVY_OK);
    double *age = svy_frame_get(f, 2, sizeof *age);
    uint8_t *missing = svy_frame_get(f, 2, 1);
    uint32_t *codes = svy_frame_get(f, 2, sizeof *codes);
    age[0] = 33;
    missing[1] = SVY_REFUSED;
    codes[1] = 1;
    cr_assert_eq(svy_frame_add_numbers(f, "age", SVY_T_INTEGER, age, missing, &err), SVY_OK);
    const svy_column *first = svy_frame_find(f, "age");
    cr_assert_eq(svy_frame_add_factor(f, "cit", SVY_T_SINGLE, codes, NULL, LEVELS, LABELS, 2, &err), SVY_OK);
    cr_assert_eq(svy_frame_set_label(f, "age", "How old are you?", &err), SVY_OK);
    cr_expect_eq(svy_frame_rows(f), 2);
    cr_expect_eq(svy_frame_columns(f), 2);
    cr_expect_eq(svy_frame_find(f, "age"), first, "a borrowed column stays where it is");
    cr_expect_eq(first->numbers, age);
    cr_expect_eq(first->missing[1], SVY_REFUSED);
    cr_expect_eq(first->type, SVY_T_INTEGER);
    cr_expect_str_eq(first->label, "How old are you?");
    const svy_column *cit = svy_frame_column(f, 1);
    cr_expect_null(cit->numbers);
    cr_expect_null(cit->missing);
    cr_expect_neq(cit->levels[0], LEVELS[0], "levels are copied");
    cr_expect_str_eq(cit->levels[cit->codes[1]], "UA");
    cr_expect_str_eq(cit->labels[cit->codes[1]], "Ukraine");
    cr_expect_str_eq(cit->label, "");
    cr_expect_null(svy_frame_column(f, 2));
    cr_expect_null(svy_frame_find(f, "sex"));
    svy_frame_free(f);
    svy_frame_free(NULL);
}

Test(frame, refusals)
{
    watched w;
    svy_alloc alloc = watched_alloc(&w, -1);
    svy_error err = SVY_ERROR_INIT;
    svy_frame *f = NULL;

    cr_assert_eq(svy_frame_new(&alloc, 3, &f, &err), SVY_OK);
    cr_assert_eq(svy_frame_add_numbers(f, "x", SVY_T_DECIMAL, svy_frame_get(f, 3, sizeof(double)), NULL, &err), SVY_OK);
    cr_expect_eq(svy_frame_add_numbers(f, "x", SVY_T_DECIMAL, svy_frame_get(f, 3, sizeof(double)), svy_frame_get(f, 3, 1), &err), SVY_E_NAME);
    cr_expect_not_null(strstr(err.message, "'x'"));
    cr_expect_eq(svy_frame_add_factor(f, "", SVY_T_TEXT, svy_frame_get(f, 3, sizeof(uint32_t)), NULL, LEVELS, NULL, 2, &err), SVY_E_NAME);
    cr_expect_eq(svy_frame_set_label(f, "y", "label", &err), SVY_E_NAME);
    cr_expect_null(svy_frame_get(f, SIZE_MAX / 4, 8));
    cr_expect_eq(svy_frame_columns(f), 1);
    svy_frame_free(f);
    watched_end(&w);
    cr_expect_eq(svy_frame_new(&alloc, SIZE_MAX, &f, &err), SVY_E_LIMIT);
    cr_expect_null(f);
}

Test(frame, levels_without_labels)
{
    svy_frame *f = NULL;

    cr_assert_eq(svy_frame_new(NULL, 0, &f, NULL), SVY_OK);
    cr_assert_eq(svy_frame_add_factor(f, "x", SVY_T_TEXT, svy_frame_get(f, 0, sizeof(uint32_t)), NULL, LEVELS, NULL, 2, NULL), SVY_OK);
    cr_expect_str_eq(svy_frame_find(f, "x")->labels[1], "UA");
    svy_frame_free(f);
}

Test(frame, many_columns_are_found_quickly)
{
    enum { COLUMNS = 20000 };
    char name[16];
    svy_frame *f = NULL;

    cr_assert_eq(svy_frame_new(NULL, 1, &f, NULL), SVY_OK);
    for (int i = 0; i < COLUMNS; i++) {
        (void)snprintf(name, sizeof name, "v%d", i);
        double *x = svy_frame_get(f, 1, sizeof *x);
        *x = i;
        cr_assert_eq(svy_frame_add_numbers(f, name, SVY_T_DECIMAL, x, NULL, NULL), SVY_OK);
    }
    for (int i = 0; i < COLUMNS; i++) {
        (void)snprintf(name, sizeof name, "v%d", i);
        cr_assert_eq(svy_frame_find(f, name)->numbers[0], i);
    }
    svy_frame_free(f);
}

/* Makes a frame; the status of the first step that fails. */
static svy_status make(const svy_alloc *alloc)
{
    svy_frame *f = NULL;
    svy_status st = svy_frame_new(alloc, 2, &f, NULL);

    if (st != SVY_OK)
        return st;
    double *x = svy_frame_get(f, 2, sizeof *x);
    uint32_t *codes = svy_frame_get(f, 2, sizeof *codes);
    if (x == NULL || codes == NULL) {
        svy_frame_release(f, x, 2, sizeof *x);
        svy_frame_release(f, codes, 2, sizeof *codes);
        svy_frame_free(f);
        return SVY_E_NOMEM;
    }
    st = svy_frame_add_factor(f, "cit", SVY_T_SINGLE, codes, NULL, LEVELS, LABELS, 2, NULL);
    if (st == SVY_OK)
        st = svy_frame_add_numbers(f, "x", SVY_T_DECIMAL, x, svy_frame_get(f, 2, 1), NULL);
    else
        svy_frame_release(f, x, 2, sizeof *x);
    if (st == SVY_OK)
        st = svy_frame_set_label(f, "x", "X", NULL);
    svy_frame_free(f);
    return st;
}

Test(frame, every_allocation_can_fail)
{
    svy_status st = SVY_E_NOMEM;

    for (long calls = 0; st != SVY_OK; calls++) {
        watched w;
        svy_alloc alloc = watched_alloc(&w, calls);
        st = make(&alloc);
        cr_assert(st == SVY_OK || st == SVY_E_NOMEM);
        watched_end(&w);
        cr_assert_lt(calls, 100);
    }
}
