/* Texts that a spreadsheet would run as a formula, made harmless by a quotation mark before them. */
#include "export_safe.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static svy_status no_memory(svy_error *err)
{
    err->code = SVY_E_NOMEM;
    snprintf(err->message, sizeof err->message, "out of memory");
    return SVY_E_NOMEM;
}

int export_is_formula(const char *text) { return text[0] != '\0' && strchr("=+-@\t\r", text[0]) != NULL; }

/* Texts with marks where needed: one block to free, NULL when out of memory. */
static const char **mark(const char *const *texts, uint32_t n)
{
    size_t bytes = 0;
    for (uint32_t i = 0; i < n; i++)
        bytes += strlen(texts[i]) + 2;
    const char **out = malloc((n + 1) * sizeof *out + bytes);
    if (out == NULL)
        return NULL;
    char *at = (char *)(out + n + 1);
    for (uint32_t i = 0; i < n; i++) {
        out[i] = at;
        if (export_is_formula(texts[i]))
            *at++ = '\'';
        memcpy(at, texts[i], strlen(texts[i]) + 1);
        at += strlen(texts[i]) + 1;
    }
    return out;
}

static void *copy_of(const svy_frame *to, const void *array, size_t rows, size_t size, int *failed)
{
    if (array == NULL)
        return NULL;
    void *out = svy_frame_get(to, rows, size);
    if (out == NULL)
        *failed = 1;
    else if (rows > 0)
        memcpy(out, array, rows * size);
    return out;
}

static svy_status copy_column(const svy_frame *f, const svy_column *c, svy_frame *to, svy_error *err)
{
    const size_t rows = svy_frame_rows(f);
    int failed = 0;
    uint8_t *missing = copy_of(to, c->missing, rows, sizeof *missing, &failed);
    double *numbers = copy_of(to, c->numbers, rows, sizeof *numbers, &failed);
    uint32_t *codes = copy_of(to, c->codes, rows, sizeof *codes, &failed);
    const char **levels = c->codes != NULL ? mark(c->levels, c->n_levels) : NULL, **labels = c->codes != NULL ? mark(c->labels, c->n_levels) : NULL;
    svy_status st;
    if (failed || (c->codes != NULL && (levels == NULL || labels == NULL))) {
        svy_frame_release(to, missing, missing != NULL ? rows : 0, sizeof *missing);
        svy_frame_release(to, numbers, numbers != NULL ? rows : 0, sizeof *numbers);
        svy_frame_release(to, codes, codes != NULL ? rows : 0, sizeof *codes);
        st = no_memory(err);
    } else if (c->codes != NULL) {
        st = svy_frame_add_factor(to, c->name, c->type, codes, missing, levels, labels, c->n_levels, err);
    } else {
        st = svy_frame_add_numbers(to, c->name, c->type, numbers, missing, err);
    }
    free(levels);
    free(labels);
    return st == SVY_OK ? svy_frame_set_label(to, c->name, c->label, err) : st;
}

svy_status export_safe(const svy_frame *f, svy_frame **out, svy_error *err)
{
    svy_status st = svy_frame_new(NULL, svy_frame_rows(f), out, err);
    for (size_t i = 0; st == SVY_OK && i < svy_frame_columns(f); i++)
        st = copy_column(f, svy_frame_column(f, i), *out, err);
    if (st != SVY_OK) {
        svy_frame_free(*out);
        *out = NULL;
    }
    return st;
}
