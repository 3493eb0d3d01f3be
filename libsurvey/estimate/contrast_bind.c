/* Names in contrasts: which estimate is meant. */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "estimate/contrast.h"

enum { NAME_SIZE = 120, LIST_SIZE = 240, LISTED = 4 };

static void append(char *out, size_t size, const char *text)
{
    size_t used = strlen(out);
    snprintf(out + used, size - used, "%s", text);
}

/* variable[level,by,...]; what is too long is cut. */
static void full_name(const svy_estimates *e, size_t index, char *out, size_t size)
{
    const svy_estimate_row *r = svy_estimates_row(e, index);
    int parts = 0;
    out[0] = '\0';
    append(out, size, r->variable);
    for (size_t k = 0; k <= svy_estimates_by_count(e); k++) {
        const char *part = k == 0 ? r->level : r->by[k - 1];
        if (k == 0 && part[0] == '\0')
            continue;
        append(out, size, parts++ == 0 ? "[" : ",");
        append(out, size, part);
    }
    append(out, size, parts > 0 ? "]" : "");
}

static int fits(const svy_estimates *e, size_t index, const char *name, const char *const *parts, size_t n_parts)
{
    const svy_estimate_row *r = svy_estimates_row(e, index);
    size_t n_by = svy_estimates_by_count(e), at = 0;
    if (parts == NULL) {
        int found = strcmp(r->variable, name) == 0 || (r->level[0] != '\0' && strcmp(r->level, name) == 0);
        for (size_t k = 0; k < n_by && !found; k++)
            found = strcmp(r->by[k], name) == 0;
        return found;
    }
    if (strcmp(r->variable, name) != 0 || n_parts != n_by + (r->level[0] != '\0'))
        return 0;
    if (r->level[0] != '\0' && strcmp(r->level, parts[at++]) != 0)
        return 0;
    for (size_t k = 0; k < n_by; k++)
        if (strcmp(r->by[k], parts[at++]) != 0)
            return 0;
    return 1;
}

/* The first few estimates, those that fit or all. */
static void list_names(const svy_estimates *e, const char *name, int fitting, char *out)
{
    char one[NAME_SIZE];
    int listed = 0;
    out[0] = '\0';
    for (size_t i = 0; i < svy_estimates_count(e); i++) {
        if (fitting && !fits(e, i, name, NULL, 0))
            continue;
        if (listed == LISTED) {
            append(out, LIST_SIZE, ", ...");
            return;
        }
        full_name(e, i, one, sizeof one);
        append(out, LIST_SIZE, listed++ > 0 ? ", " : "");
        append(out, LIST_SIZE, one);
    }
}

svy_status svyi_contrast_bind(const svy_estimates *e, const char *name, const char *const *parts, size_t n_parts, uint32_t *index, svy_error *err)
{
    char list[LIST_SIZE], full[NAME_SIZE] = "";
    size_t found = 0;
    for (size_t i = 0; i < svy_estimates_count(e); i++)
        if (fits(e, i, name, parts, n_parts)) {
            *index = (uint32_t)i;
            found++;
        }
    if (found == 1)
        return SVY_OK;
    append(full, sizeof full, name);
    for (size_t k = 0; k < n_parts; k++) {
        append(full, sizeof full, k == 0 ? "[" : ",");
        append(full, sizeof full, parts[k]);
    }
    append(full, sizeof full, n_parts > 0 ? "]" : "");
    list_names(e, name, found > 1 && parts == NULL, list);
    if (found > 1)
        return svyi_fail(err, SVY_E_NAME, "'%s' names %zu estimates: write one in full, as in %s", full, found, list);
    return svyi_fail(err, SVY_E_NAME, "'%s' names no estimate: there are %s", full, list);
}
