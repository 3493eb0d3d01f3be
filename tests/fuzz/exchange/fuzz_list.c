/* Any bytes as a list in a file: the first says whether it is CSV, GeoJSON or XML. A list that is taken is a whole tree. */
#include "exchange/instance/instance.h"
#include "questionnaire/built.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void report(void *user, const svy_diag *d)
{
    (void)user;
    if (d->found == NULL || d->found[0] == '\0' || d->line < 0 || d->column < 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static svy_status (*const READERS[])(svyi_reader *, const char *, const char *, size_t) = { svyi_instance_csv, svyi_instance_geojson, svyi_instance_xml };
    svyi_reader r;
    svyi_gate g;
    svy_error err = SVY_ERROR_INIT;
    svy_diags diags = { .report = report };
    if (size == 0)
        return 0;
    svyi_reader_begin(&r, NULL, NULL, &g, &diags, &err);
    r.source = "form.xml";
    if (svy_builder_new(NULL, "form.xml", &r.builder, &err) != SVY_OK || svy_builder_tree(r.builder, "l", NULL, 1, &err) != SVY_OK)
        abort();
    const svy_status st = READERS[data[0] % 3](&r, "list", (const char *)data + 1, size - 1);
    if (st != SVY_OK && st != SVY_E_INVALID && st != SVY_E_LIMIT)
        abort();
    if (st == SVY_OK && (r.builder->n_nodes == 0 || r.builder->open_node != SVYI_Q_NO_NODE))
        abort();
    svyi_reader_clear(&r);
    return 0;
}
