/* Any bytes as LimeSurvey's .lss: a clean refusal, or a questionnaire that our own reader takes without a problem. */
#include "exchange/lss/lss.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void report(void *user, const svy_diag *d)
{
    unsigned *count = user;
    if (d->found == NULL || d->found[0] == '\0' || strchr(d->found, '\n') != NULL || d->line < 0)
        abort();
    *count += d->severity == SVY_PROBLEM;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unsigned problems = 0, again = 0;
    svy_error err = SVY_ERROR_INIT;
    svy_diags diags = { report, &problems, 0, 0 }, second = { report, &again, 0, 0 };
    svyi_native_files files;
    const svy_status st = svyi_lss_to_native(NULL, (const char *)data, size, "fuzz", NULL, &diags, &files, &err);
    if ((st == SVY_OK) != (files.xml != NULL) || (st == SVY_E_INVALID) != (problems > 0) || (st != SVY_OK && err.message[0] == '\0'))
        abort();
    if (st == SVY_OK) {
        void *block = NULL;
        size_t n = 0;
        if (svy_questionnaire_read_memory(NULL, files.xml, files.len, NULL, NULL, &second, &block, &n, &err) != SVY_OK || again > 0)
            abort();
        svy_block_free(NULL, block, n);
    }
    svyi_native_files_clear(&files);
    return 0;
}
