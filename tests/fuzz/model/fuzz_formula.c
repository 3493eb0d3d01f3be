/* Any text as a formula over a few columns: what binds has finite rows, and gives the same twice. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/matrix.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ROWS = 12 };

static svy_frame *make_frame(void)
{
    static const char *const LEVELS[] = { "a", "b", "c" };
    svy_frame *f = NULL;
    if (svy_frame_new(NULL, ROWS, &f, NULL) != SVY_OK)
        abort();
    double *x = svy_frame_get(f, ROWS, sizeof *x), *y = svy_frame_get(f, ROWS, sizeof *y);
    uint32_t *c = svy_frame_get(f, ROWS, sizeof *c);
    uint8_t *missing = svy_frame_get(f, ROWS, 1);
    for (uint32_t i = 0; i < ROWS; i++) {
        x[i] = i * 0.7;
        y[i] = i % 4;
        c[i] = i % 3;
        missing[i] = i == 5 ? SVY_REFUSED : SVY_PRESENT;
    }
    if (svy_frame_add_numbers(f, "x", SVY_T_DECIMAL, x, missing, NULL) != SVY_OK || svy_frame_add_numbers(f, "y", SVY_T_DECIMAL, y, NULL, NULL) != SVY_OK ||
        svy_frame_add_factor(f, "f", SVY_T_TEXT, c, NULL, LEVELS, NULL, 3, NULL) != SVY_OK)
        abort();
    return f;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static svy_frame *f;
    svyi_matrix *m;
    char *text = malloc(size + 1);
    if (f == NULL)
        f = make_frame();
    if (text == NULL)
        return 0;
    if (size > 0)
        memcpy(text, data, size);
    text[size] = '\0';
    if (svyi_matrix_new(NULL, f, text, NULL, NULL, &m, NULL) == SVY_OK) {
        const size_t p = svyi_matrix_columns(m);
        const uint32_t rows[] = { 0, 3, 5, 11 };
        double *a = malloc((4 * p + 1) * sizeof *a), *b = malloc((4 * p + 1) * sizeof *b);
        if (a == NULL || b == NULL)
            abort();
        svyi_matrix_fill(m, rows, 4, a);
        svyi_matrix_fill_columns(m, rows, 4, b);
        for (size_t i = 0; i < 4; i++)
            for (size_t k = 0; k < p; k++)
                if (memcmp(&a[i * p + k], &b[k * 4 + i], sizeof *a) != 0 || isnan(a[i * p + k]) || svyi_matrix_name(m, k) == NULL)
                    abort();
        free(a);
        free(b);
        svyi_matrix_free(m);
    }
    free(text);
    return 0;
}
