/* Reading margins: population counts by the levels of variables, and totals of numeric variables. */
#include "margins.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <survey/dataio.h>

#include "tool.h"

static char *copy(const char *text, size_t len)
{
    char *out = malloc(len + 1);
    if (out != NULL) {
        memcpy(out, text, len);
        out[len] = '\0';
    }
    return out;
}

static svy_status say(svy_error *err, svy_status code, size_t line, const char *what, const char *text)
{
    err->code = code;
    err->line = (int)line;
    snprintf(err->message, sizeof err->message, what, text);
    return code;
}

static svy_status no_memory(svy_error *err)
{
    return say(err, SVY_E_NOMEM, 0, "%s", "out of memory");
}

static int grow(void *array, size_t *room, size_t need, size_t item)
{
    void **place = array;
    if (need <= *room)
        return 0;
    size_t bigger = *room > 0 ? 2 * *room : 64;
    while (bigger < need)
        bigger *= 2;
    void *moved = realloc(*place, bigger * item);
    if (moved == NULL)
        return -1;
    *place = moved;
    *room = bigger;
    return 0;
}

static svy_status take_names(margin_file *m, size_t line, const svy_csv_cell *cells, size_t n, svy_error *err)
{
    if (n < 2)
        return say(err, SVY_E_FORMAT, line, "%s", "a margin has a column for each variable and the population counts as the last one: there is one column");
    m->numeric = n == 2 && cells[0].len == 8 && memcmp(cells[0].text, "variable", 8) == 0 && cells[1].len == 5 && memcmp(cells[1].text, "total", 5) == 0;
    m->variables = calloc(n, sizeof *m->variables);
    for (size_t k = 0; m->variables != NULL && k + 1 < n; k++)
        if ((m->variables[m->n_variables++] = copy(cells[k].text, cells[k].len)) == NULL)
            return no_memory(err);
    return m->variables == NULL ? no_memory(err) : SVY_OK;
}

static svy_status take_row(void *user, size_t line, const svy_csv_cell *cells, size_t n, svy_error *err)
{
    margin_file *m = user;
    char *end = NULL;
    if (m->variables == NULL)
        return take_names(m, line, cells, n, err);
    if (grow(&m->totals, &m->totals_room, m->n_lines + 1, sizeof *m->totals) != 0 ||
        grow(&m->levels, &m->levels_room, m->n_levels + n, sizeof *m->levels) != 0)
        return no_memory(err);
    for (size_t k = 0; k + 1 < n; k++)
        if ((m->levels[m->n_levels++] = copy(cells[k].text, cells[k].len)) == NULL)
            return no_memory(err);
    char *number = copy(cells[n - 1].text, cells[n - 1].len);
    if (number == NULL)
        return no_memory(err);
    double total = strtod(number, &end);
    svy_status st = end == number || *end != '\0' || !isfinite(total)
        ? say(err, SVY_E_VALUE, line, "'%.100s' is not a population count: the last column has numbers", number) : SVY_OK;
    free(number);
    m->totals[m->n_lines++] = total;
    return st;
}

static int make_numbers(margin_file *m)
{
    m->numbers = calloc(m->n_lines + 1, sizeof *m->numbers);
    for (size_t i = 0; m->numbers != NULL && i < m->n_lines; i++)
        m->numbers[i] = (svy_auxiliary_total){ m->levels[i], m->totals[i] };
    return m->numbers == NULL ? -1 : 0;
}

int margins_read(const char *path, margin_file *m)
{
    svy_error err = SVY_ERROR_INIT;
    svy_csv_read_options options = SVY_CSV_READ_INIT;
    *m = (margin_file){ .source = copy(path, strlen(path)) };
    svy_status st = m->source == NULL ? no_memory(&err) : svy_csv_read_text(NULL, path, &options, take_row, m, &err);
    if (st == SVY_OK && m->n_lines == 0)
        st = say(&err, SVY_E_FORMAT, 0, "%s", "there are no population counts: give a line for every level");
    if (st == SVY_OK && m->numeric && make_numbers(m) != 0)
        st = no_memory(&err);
    if (st == SVY_OK)
        return EXIT_DONE;
    if (err.source[0] == '\0')
        snprintf(err.source, sizeof err.source, "%s", path);
    return tool_fail(&err);
}

svy_margin margins_view(const margin_file *m)
{
    return (svy_margin){ m->source, (const char *const *)m->variables, m->n_variables, (const char *const *)m->levels, m->totals, m->n_lines };
}

void margins_clear(margin_file *m)
{
    for (size_t i = 0; i < m->n_variables; i++)
        free(m->variables[i]);
    for (size_t i = 0; i < m->n_levels; i++)
        free(m->levels[i]);
    free(m->source);
    free(m->variables);
    free(m->levels);
    free(m->totals);
    free(m->numbers);
    *m = (margin_file){ 0 };
}
