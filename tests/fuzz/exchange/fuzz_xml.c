/* Any bytes as a questionnaire: a clean refusal with a problem that names its place, or a form that opens and can be shown. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <survey/exchange.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Every report must have a sentence on one line; texts may hold any UTF-8 of the input. */
static void report(void *user, const svy_diag *d)
{
    unsigned *count = user;
    if (d->found == NULL || d->found[0] == '\0' || d->advice == NULL || d->source == NULL || d->element == NULL)
        abort();
    if (strchr(d->found, '\n') != NULL || strchr(d->advice, '\n') != NULL || d->line < 0 || d->column < 0)
        abort();
    *count += d->severity == SVY_PROBLEM;
}

static svy_status count_bytes(void *user, const char *bytes, size_t len)
{
    size_t *total = user;
    (void)bytes;
    *total += len;
    return SVY_OK;
}

static void show(const void *block, size_t size)
{
    svy_error err = SVY_ERROR_INIT;
    svy_form *f = NULL;
    size_t text = 0, json = 0, dot = 0;
    if (svy_form_open(NULL, block, size, &f, &err) != SVY_OK)
        abort();
    svy_sink sink = { count_bytes, &text };
    if (svy_form_outline(f, 0, &sink, &err) != SVY_OK || text == 0)
        abort();
    sink.user = &json;
    if (svy_form_outline_json(f, 0, &sink, &err) != SVY_OK || json == 0)
        abort();
    sink.user = &dot;
    if (svy_form_routing_dot(f, 0, &sink, &err) != SVY_OK || dot == 0)
        abort();
    svy_form_free(f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const svy_xml_limits limits = { sizeof limits, 1u << 20, 32, 5000, 4096 };
    svy_error err = SVY_ERROR_INIT;
    unsigned problems = 0;
    svy_diags diags = { .report = report, .user = &problems };
    void *block = NULL;
    size_t length = 0;
    const svy_status st = svy_questionnaire_read_memory(NULL, (const char *)data, size, NULL, &limits, &diags, &block, &length, &err);
    if ((st == SVY_OK) != (block != NULL) || (st == SVY_E_INVALID) != (problems > 0) || problems != diags.problems)
        abort();
    if (st != SVY_OK && (err.code != st || err.message[0] == '\0'))
        abort();
    if (st != SVY_OK && st != SVY_E_INVALID && st != SVY_E_LIMIT)
        abort();
    if (st == SVY_OK)
        show(block, length);
    svy_block_free(NULL, block, length);
    return 0;
}
