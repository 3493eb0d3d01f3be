/* Standardisation: every group gets the same distribution over cells, so that rates of groups can be compared. */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "design/adjust.h"
#include "design/intern.h"

/* Cells by group: the combinations that the sample has, with the line of the standard and the group of each. */
typedef struct crossing {
    svyi_margin_codes standard, over, cells;
    uint32_t *line, *group;
} crossing;

static svy_status cross(svy_design *d, crossing *c, svy_error *err)
{
    uint32_t *codes = svyi_arena_get(&d->arena, (d->rows + 1) * sizeof *codes), *lines = svyi_arena_get(&d->arena, (d->rows + 1) * sizeof *lines);
    if (codes == NULL || lines == NULL)
        return svyi_nomem(err);
    for (size_t i = 0; i < d->rows; i++) {
        lines[i] = c->standard.codes[i] == SVYI_NO_UNIT ? c->standard.n_lines : c->standard.codes[i];
        codes[i] = c->over.codes[i] == SVYI_NO_UNIT ? c->over.n_lines : c->over.codes[i];
    }
    svy_status st = svyi_intern_pairs(&d->arena.alloc, d->rows, lines, c->standard.n_lines + 1, codes, c->over.n_lines + 1, codes, &c->cells.n_lines, err);
    c->line = svyi_arena_get(&d->arena, ((size_t)c->cells.n_lines + 1) * sizeof *c->line);
    c->group = svyi_arena_get(&d->arena, ((size_t)c->cells.n_lines + 1) * sizeof *c->group);
    if (st != SVY_OK || c->line == NULL || c->group == NULL)
        return st != SVY_OK ? st : svyi_nomem(err);
    for (size_t i = 0; i < d->rows; i++) {
        uint32_t cell = codes[i];
        c->line[cell] = c->standard.codes[i];
        c->group[cell] = c->over.codes[i];
        if (c->line[cell] == SVYI_NO_UNIT || c->group[cell] == SVYI_NO_UNIT)
            codes[i] = SVYI_NO_UNIT;
    }
    c->cells.codes = codes;
    return SVY_OK;
}

/* Weights of groups and of cells. */
static void add_weights(const svy_design *d, const crossing *c, double *group, double *cell)
{
    for (size_t i = 0; i < d->rows; i++)
        if (c->cells.codes[i] != SVYI_NO_UNIT) {
            group[c->over.codes[i]] += d->weights[i];
            cell[c->cells.codes[i]] += d->weights[i];
        }
}

/* The standard's share of the weight of the group, for every cell that somebody is in. */
static svy_status make_totals(svy_design *d, crossing *c, const double *standard, double *totals, svy_error *err)
{
    double *group = svyi_arena_get(&d->arena, ((size_t)c->over.n_lines + 1) * sizeof *group), sum = 0;
    double *cell = svyi_arena_get(&d->arena, ((size_t)c->cells.n_lines + 1) * sizeof *cell);
    const char **names = svyi_arena_get(&d->arena, ((size_t)c->cells.n_lines + 1) * sizeof *names);
    if (group == NULL || names == NULL || cell == NULL)
        return svyi_nomem(err);
    for (uint32_t l = 0; l < c->standard.n_lines; l++)
        sum += standard[l];
    add_weights(d, c, group, cell);
    for (uint32_t k = 0; k < c->cells.n_lines; k++) {
        int none = c->line[k] == SVYI_NO_UNIT || c->group[k] == SVYI_NO_UNIT;
        const char *line = none ? "" : c->standard.lines[c->line[k]], *over = none ? "" : c->over.lines[c->group[k]];
        size_t size = strlen(line) + strlen(over) + 2;
        char *name = svyi_arena_get(&d->arena, size);
        if (name == NULL)
            return svyi_nomem(err);
        snprintf(name, size, "%s:%s", line, over);
        names[k] = name;
        totals[k] = !none && cell[k] > 0 ? group[c->group[k]] * standard[c->line[k]] / sum : 0;
    }
    c->cells.lines = names;
    return SVY_OK;
}

svy_status svyi_standardize_step(svy_design *d, const svy_frame *f, const svy_weighting_step *s, svyi_adjustment *a, svyi_step_hits *hits, svy_error *err)
{
    crossing *c = svyi_arena_get(&d->arena, sizeof *c);
    svyi_auxiliary *x = svyi_arena_get(&d->arena, sizeof *x);
    if (c == NULL || x == NULL)
        return svyi_nomem(err);
    if (s->n_margins != 1)
        return svyi_fail(err, SVY_E_VALUE, "a standardisation needs one margin, the standard distribution: there are %zu", s->n_margins);
    svy_status st = svyi_margin_codes_make(&d->arena, f, &s->margins[0], d->weights, &c->standard, err);
    if (st == SVY_OK)
        st = svyi_margin_cells(&d->arena, f, s->over, s->n_over, d->weights, NULL, &c->over, err);
    if (st == SVY_OK)
        st = cross(d, c, err);
    if (st != SVY_OK)
        return st;
    double *totals = svyi_arena_get(&d->arena, ((size_t)c->cells.n_lines + 1) * sizeof *totals);
    if (totals == NULL)
        return svyi_nomem(err);
    if ((st = make_totals(d, c, s->margins[0].totals, totals, err)) != SVY_OK)
        return st;
    c->cells.name = c->standard.name;
    c->cells.source = c->standard.source;
    *x = (svyi_auxiliary){ .margins = &c->cells, .n_margins = 1 };
    if ((st = svyi_auxiliary_make(&d->arena, d->rows, NULL, NULL, 0, x, err)) != SVY_OK)
        return st;
    return svyi_poststratify(d, x, totals, a, hits, err);
}
