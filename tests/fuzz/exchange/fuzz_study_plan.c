/* Any bytes as the plan of a study: a clean refusal with a problem that names its place, or questionnaires inside the folder above. */
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
    svy_study_plan *plan = NULL;
    svy_status st = svy_study_plan_read_memory(NULL, (const char *)data, size, "a/study.xml", NULL, &diags, &plan, &err);
    if ((st == SVY_OK) != (plan != NULL) || (st == SVY_E_INVALID) != (problems > 0))
        abort();
    for (size_t i = 0; plan != NULL && i < svy_study_plan_count(plan); i++) {
        const svy_planned_questionnaire *q = svy_study_plan_questionnaire(plan, i);
        const char *up = strstr(q->path, "/../");      /* one step up from the folder of the plan, and no other */
        if (strncmp(q->path, "a/", 2) != 0 || (up != NULL && (up != q->path + 1 || strstr(up + 3, "/../") != NULL)) || q->line < 1)
            abort();
        for (size_t k = 0; k < q->count; k++)
            if (q->parameters[k].id == NULL || q->parameters[k].value == NULL || q->parameters[k].line < 1)
                abort();
    }
    svy_study_plan_free(plan);
    return 0;
}
