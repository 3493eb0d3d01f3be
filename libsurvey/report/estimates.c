/* Estimates and their covariances as reports. */
#include <string.h>

#include "base/error.h"
#include "report/sheet.h"

enum { COLUMNS_MAX = 64 };

/* The columns of estimates; by-variables stand behind the level. @return how many */
static size_t set_columns(const svy_estimates *e, svy_sheet_column *columns)
{
    static const svy_sheet_column FIRST[] = { { "statistic", SVY_SHEET_TEXT }, { "variable", SVY_SHEET_TEXT },
                                              { "level", SVY_SHEET_TEXT | SVY_SHEET_OPTIONAL } };
    static const char *const NUMBERS[] = { "estimate", "se", "ci_lower", "ci_upper", "df", "cv" };
    size_t n = sizeof FIRST / sizeof FIRST[0];
    memcpy(columns, FIRST, sizeof FIRST);
    if (svy_estimates_has_prob(e))
        columns[n++] = (svy_sheet_column){ "prob", SVY_SHEET_NUMBER };
    for (size_t k = 0; k < svy_estimates_by_count(e); k++)
        columns[n++] = (svy_sheet_column){ svy_estimates_by_name(e, k), SVY_SHEET_TEXT };
    for (size_t k = 0; k < sizeof NUMBERS / sizeof NUMBERS[0]; k++)
        columns[n++] = (svy_sheet_column){ NUMBERS[k], SVY_SHEET_NUMBER };
    if (svy_estimates_has_deff(e))
        columns[n++] = (svy_sheet_column){ "deff", SVY_SHEET_NUMBER };
    columns[n++] = (svy_sheet_column){ "n", SVY_SHEET_NUMBER };
    columns[n++] = (svy_sheet_column){ "missing", SVY_SHEET_NUMBER | SVY_SHEET_OPTIONAL };
    return n;
}

static void add_row(svy_sheet *s, const svy_estimates *e, const svy_estimate_row *r)
{
    const double numbers[] = { r->estimate, r->se, r->lower, r->upper, r->df, r->cv };
    svy_sheet_text(s, r->statistic);
    svy_sheet_text(s, r->variable);
    svy_sheet_text(s, r->level);
    if (svy_estimates_has_prob(e))
        svy_sheet_number(s, r->prob);
    for (size_t k = 0; k < svy_estimates_by_count(e); k++)
        svy_sheet_text(s, r->by[k]);
    for (size_t k = 0; k < sizeof numbers / sizeof numbers[0]; k++)
        svy_sheet_number(s, numbers[k]);
    if (svy_estimates_has_deff(e))
        svy_sheet_number(s, r->deff);
    svy_sheet_number(s, (double)r->n);
    svy_sheet_number(s, (double)r->missing);
}

svy_status svy_report_estimates(const svy_alloc *alloc, const svy_estimates *e, svy_report_format format, char **text, size_t *len,
                                svy_error *err)
{
    svy_sheet_column columns[COLUMNS_MAX];
    svy_sheet *s;
    SVY_REQUIRE(e != NULL && text != NULL && len != NULL, err);
    *text = NULL;
    *len = 0;
    SVY_REQUIRE(svy_estimates_by_count(e) + 13 <= COLUMNS_MAX, err);
    size_t n = set_columns(e, columns);
    svy_status st = svy_sheet_new(alloc, columns, n, &s, err);
    if (st != SVY_OK)
        return st;
    for (size_t i = 0; i < svy_estimates_count(e); i++)
        add_row(s, e, svy_estimates_row(e, i));
    st = svy_sheet_write(s, format, text, len, err);
    svy_sheet_free(s);
    return st;
}

static void estimate_name(svyi_buffer *out, const svy_estimates *e, size_t index, svyi_buffer *name)
{
    const svy_estimate_row *r = svy_estimates_row(e, index);
    name->len = 0;
    svyi_buffer_text(name, r->variable);
    if (r->level[0] != '\0')
        svyi_buffer_format(name, " %s", r->level);
    for (size_t k = 0; k < svy_estimates_by_count(e); k++)
        svyi_buffer_format(name, " %s", r->by[k]);
    svyi_sheet_csv_text(out, name->data != NULL ? name->data : "");
}

svy_status svy_report_covariance(const svy_alloc *alloc, const svy_estimates *e, char **text, size_t *len, svy_error *err)
{
    svyi_buffer b, name;
    SVY_REQUIRE(e != NULL && text != NULL && len != NULL, err);
    svyi_buffer_init(&b, alloc);
    svyi_buffer_init(&name, alloc);
    svyi_buffer_text(&b, "estimate");
    for (size_t i = 0; i < svy_estimates_count(e); i++) {
        svyi_buffer_text(&b, ",");
        estimate_name(&b, e, i, &name);
    }
    svyi_buffer_text(&b, "\n");
    for (size_t i = 0; i < svy_estimates_count(e); i++) {
        estimate_name(&b, e, i, &name);
        for (size_t j = 0; j < svy_estimates_count(e); j++) {
            svyi_buffer_text(&b, ",");
            svyi_sheet_csv_number(&b, svy_estimates_covariance(e, i, j), "");
        }
        svyi_buffer_text(&b, "\n");
    }
    b.failed |= name.failed;
    svyi_buffer_clear(&name);
    return svyi_report_hand_over(alloc, &b, text, len, err);
}
