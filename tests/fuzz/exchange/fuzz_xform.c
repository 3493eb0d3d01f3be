/* Any bytes as an XForm: problems are reported, and what is taken is written natively and read back the same. */
#include "exchange/native/write.h"
#include "exchange/reader.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void report(void *user, const svy_diag *d)
{
    (void)user;
    if (d->found == NULL || d->found[0] == '\0' || d->line < 0 || d->column < 0)
        abort();
}

/* The form as native text in `out`. */
static svy_status load(const char *source, svy_format format, const char *bytes, size_t size, svyi_buffer *out)
{
    const svy_xml_limits limits = { sizeof limits, 1u << 20, 64, 5000, 65536 };
    svyi_reader r;
    svyi_gate g;
    svy_error err = SVY_ERROR_INIT;
    svy_diags diags = { .report = report };
    svyi_reader_begin(&r, NULL, &limits, &g, &diags, &err);
    r.source = source;
    r.format = format;
    svy_status st = svyi_reader_load(&r, bytes, size);
    if (st != SVY_OK && r.err->code != st && err.code == SVY_OK)
        abort();
    if ((st == SVY_E_INVALID) != (g.diags.problems > 0))
        abort();
    if (st == SVY_OK)
        st = svyi_native_write(r.builder, out, r.err);
    svyi_reader_clear(&r);
    return st;
}

/* Lists in files are only named again by their last names. */
static int names_files(const char *text) { return strstr(text, " source=\"") != NULL; }

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    svyi_buffer native, again;
    svyi_buffer_init(&native, NULL);
    svyi_buffer_init(&again, NULL);
    const svy_status st = load("form.xml", SVY_FORMAT_XFORM, (const char *)data, size, &native);
    if (st != SVY_OK && st != SVY_E_INVALID && st != SVY_E_LIMIT)
        abort();
    if (st == SVY_OK && !names_files(native.data)) {
        const svy_status back = load("questionnaire.xml", SVY_FORMAT_NATIVE, native.data, native.len, &again);
        if (back == SVY_OK && (again.len != native.len || memcmp(again.data, native.data, native.len) != 0))
            abort();
    }
    svyi_buffer_clear(&native);
    svyi_buffer_clear(&again);
    return 0;
}
