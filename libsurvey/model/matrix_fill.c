/* Rows of a model matrix, made from columns block by block. */
#include <string.h>

#include "model/matrix_priv.h"

/* Where the number of row i and column k goes: x[i * row + k * column]. */
typedef struct place { const uint32_t *rows; size_t count; double *x; size_t row, column; } place;

static void fill_number(const place *p, const double *numbers, size_t column)
{
    double *x = p->x + column * p->column;
    for (size_t i = 0; i < p->count; i++)
        x[i * p->row] = numbers[p->rows[i]];
}

/* Number of the column of a part in this row, SIZE_MAX for the reference or an unused level. */
static size_t level_column(const svyi_part *p, uint32_t row)
{
    const svyi_regressor *r = p->of;
    const uint32_t code = r->factor.codes[row];
    const uint32_t level = r->fixed > 0 ? r->fixed - 1 : code < r->factor.n_levels ? r->map[code] : UINT32_MAX;   /* a missing row has any code */
    if (level == UINT32_MAX || (level == 0 && !p->full))
        return SIZE_MAX;
    return level - (uint32_t)!p->full;
}

static void basis_values(const svyi_regressor *r, uint32_t row, double *value)
{
    if (!r->slope) {
        svyi_basis_at(r->basis, r->numbers[row], value);
        return;
    }
    svyi_basis_slope(r->basis, r->numbers[row], value);
    for (size_t k = 0; r->inner != NULL && k < r->basis->width; k++)
        value[k] *= r->inner[row];
}

static void clear_columns(const place *p, size_t first, size_t count)
{
    for (size_t k = first; p->row == 1 && k < first + count; k++)
        memset(p->x + k * p->column, 0, p->count * sizeof *p->x);
    for (size_t i = 0; p->row != 1 && i < p->count; i++)
        memset(p->x + i * p->row + first, 0, count * sizeof *p->x);
}

static void fill_factor(const place *p, const svyi_part *part, size_t first)
{
    for (size_t i = 0; i < p->count; i++) {
        const size_t k = level_column(part, p->rows[i]);
        if (k != SIZE_MAX)
            p->x[i * p->row + (first + k) * p->column] = 1;
    }
}

static void fill_basis(const place *p, const svyi_regressor *r, size_t first)
{
    double value[SVYI_BASIS_MAX];
    for (size_t i = 0; i < p->count; i++) {
        basis_values(r, p->rows[i], value);
        for (size_t k = 0; k < r->basis->width; k++)
            p->x[i * p->row + (first + k) * p->column] = value[k];
    }
}

/* A product with at most one basis: one place, or a run of places a stride apart. */
static void fill_product_row(const place *p, const svyi_product *t, size_t i)
{
    const uint32_t row = p->rows[i];
    const svyi_part *basis = NULL;
    double scale = 1, value[SVYI_BASIS_MAX];
    size_t at = 0;
    for (size_t k = 0; k < t->n_parts; k++) {
        const svyi_part *part = &t->parts[k];
        if (part->of->kind == SVYI_REGRESSOR_FACTOR) {
            const size_t level = level_column(part, row);
            if (level == SIZE_MAX)
                return;
            at += level * part->stride;
        } else if (part->of->kind == SVYI_REGRESSOR_NUMBER) {
            scale *= part->of->numbers[row];
        } else {
            basis = part;
        }
    }
    double *x = p->x + i * p->row;
    if (basis == NULL) {
        x[(t->first + at) * p->column] = scale;
        return;
    }
    basis_values(basis->of, row, value);
    for (size_t k = 0; k < basis->count; k++)
        x[(t->first + at + k * basis->stride) * p->column] = scale * value[k];
}

/* Any product: all columns start at 1 and are multiplied by what each part has for them. */
static void fill_bases_row(const place *p, const svyi_product *t, size_t i)
{
    const uint32_t row = p->rows[i];
    double *x = p->x + i * p->row, value[SVYI_BASIS_MAX];
    for (size_t c = 0; c < t->count; c++)
        x[(t->first + c) * p->column] = 1;
    for (size_t k = 0; k < t->n_parts; k++) {
        const svyi_part *part = &t->parts[k];
        size_t level = SIZE_MAX;
        if (part->of->kind == SVYI_REGRESSOR_BASIS)
            basis_values(part->of, row, value);
        else if (part->of->kind == SVYI_REGRESSOR_FACTOR)
            level = level_column(part, row);
        else
            value[0] = part->of->numbers[row];
        for (size_t c = 0; c < t->count; c++) {
            const size_t own = c / part->stride % part->count;
            x[(t->first + c) * p->column] *= part->of->kind == SVYI_REGRESSOR_FACTOR ? (double)(own == level) : value[own];
        }
    }
}

static void fill_term(const place *p, const svyi_product *t)
{
    const svyi_part *only = &t->parts[0];
    if (t->zero) {
        clear_columns(p, t->first, t->count);
        return;
    }
    if (t->n_parts == 1 && only->of->kind == SVYI_REGRESSOR_NUMBER) {
        fill_number(p, only->of->numbers, t->first);
        return;
    }
    if (t->n_parts == 1 && only->of->kind == SVYI_REGRESSOR_BASIS) {
        fill_basis(p, only->of, t->first);
        return;
    }
    if (t->n_bases <= 1)
        clear_columns(p, t->first, t->count);
    if (t->n_parts == 1) {
        fill_factor(p, only, t->first);
        return;
    }
    for (size_t i = 0; i < p->count; i++)
        if (t->n_bases <= 1)
            fill_product_row(p, t, i);
        else
            fill_bases_row(p, t, i);
}

static void fill(const svyi_matrix *m, const place *p)
{
    for (size_t i = 0; m->formula.intercept && i < p->count; i++)
        p->x[i * p->row] = m->derivative ? 0 : 1;
    for (size_t t = 0; t < m->n_terms; t++)
        fill_term(p, &m->products[t]);
    for (size_t i = 0; i < p->count; i++)
        for (size_t k = 0; !m->used[p->rows[i]] && k < m->columns; k++)
            p->x[i * p->row + k * p->column] = 0;
}

void svyi_matrix_fill(const svyi_matrix *m, const uint32_t *rows, size_t count, double *x)
{
    const place p = { rows, count, x, m->columns, 1 };
    fill(m, &p);
}

void svyi_matrix_fill_columns(const svyi_matrix *m, const uint32_t *rows, size_t count, double *x)
{
    const place p = { rows, count, x, 1, count };
    fill(m, &p);
}
