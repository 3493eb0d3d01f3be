/* Any bytes as a sampling design: a clean refusal with a problem that names its place, or entries with names of options. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <survey/exchange.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void report(void *user, const svy_diag *d)
{
    unsigned *count = user;
    if (d->found == NULL || d->found[0] == '\0' || strchr(d->found, '\n') != NULL || d->line < 0 || d->column < 0)
        abort();
    *count += d->severity == SVY_PROBLEM;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unsigned problems = 0;
    svy_error err = SVY_ERROR_INIT;
    svy_diags diags = { report, &problems, 0, 0 };
    svy_design_file *f = NULL;
    svy_status st = svy_design_file_read_memory(NULL, (const char *)data, size, "fuzz", NULL, &diags, &f, &err);
    if ((st == SVY_OK) != (f != NULL) || (st == SVY_E_INVALID) != (problems > 0))
        abort();
    for (size_t i = 0; f != NULL && i < svy_design_file_count(f); i++) {
        const svy_design_item *item = svy_design_file_item(f, i);
        if (item->name[0] < 'a' || item->name[0] > 'z' || item->value == NULL || item->line < 1)
            abort();
    }
    svy_design_file_free(f);
    return 0;
}
