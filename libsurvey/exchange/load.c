/* The bytes of a questionnaire into a builder, whatever their format: other formats go by the way of XForm or of native text. */
#include "exchange/lss/lss.h"
#include "exchange/lss/quexml.h"
#include "exchange/xform/xform.h"
#include "exchange/xlsform/xlsform.h"

/* An XForm has its translations in itself. */
static svy_status load_xform(svyi_reader *r, const char *xml, size_t len, int made)
{
    if (r->preset) {
        r->limits.bytes = SVYI_FORM_BYTES;
        r->limits.nodes = SVYI_FORM_NODES;
    }
    svy_status st = svyi_xml_parse(&r->file, &r->alloc, r->source, xml, len, "", SVYI_XML_OUTPUTS, &r->limits, r->diags, r->err);
    if (st == SVY_OK)
        st = svy_builder_new(&r->alloc, r->source, &r->builder, r->err);
    return st == SVY_OK ? svyi_xform_load(r, made) : st;
}

svy_status svyi_reader_workbook(svyi_reader *r, const char *bytes, size_t len, svyi_buffer *xform)
{
    svyi_workbook *workbook = NULL;
    svy_status st = svyi_workbook_read_memory(&r->alloc, bytes, len, r->source, NULL, &workbook, r->err);
    if (st == SVY_E_FORMAT || st == SVY_E_INVALID) {
        const svyi_where where = { r->source, r->err->line, r->err->column, "" };
        svyi_report(r->diags, SVY_PROBLEM, st, &where, "", "%s", r->err->message);
        return SVY_E_INVALID;
    }
    if (st == SVY_OK)
        st = svyi_xlsform_to_xform(workbook, r->source, r->diags, xform, r->err);
    svyi_workbook_free(workbook);
    return st;
}

static svy_status load_workbook(svyi_reader *r, const char *bytes, size_t len)
{
    svyi_buffer xform;
    svyi_buffer_init(&xform, &r->alloc);
    svy_status st = svyi_reader_workbook(r, bytes, len, &xform);
    if (st == SVY_OK)
        st = load_xform(r, xform.data, xform.len, 1);
    svyi_buffer_clear(&xform);
    return st;
}

/* What a converter made: the questionnaire, and its translations, which do not lie beside the file. */
static svy_status load_made(svyi_reader *r, const svyi_native_files *made)
{
    const char *const folder = r->folder;
    r->folder = NULL;
    svy_status st = svyi_reader_native(r, made->xml, made->len);
    r->folder = folder;
    for (size_t i = 0; i < made->n && st == SVY_OK; i++) {
        const svyi_xliff x = { .builder = r->builder, .alloc = &r->alloc, .source = r->source, .lang = made->translations[i].lang, .from = r->lang,
                               .limits = &r->limits, .diags = r->diags };
        st = svyi_xliff_read(&x, made->translations[i].text, made->translations[i].len, r->err);
    }
    return st;
}

static svy_status load_other(svyi_reader *r, svy_format format, const char *bytes, size_t len)
{
    svyi_native_files made;
    svy_status st = format == SVY_FORMAT_LSS ? svyi_lss_to_native(&r->alloc, bytes, len, r->source, &r->limits, r->diags, &made, r->err)
                                             : svyi_quexml_to_native(&r->alloc, bytes, len, r->source, &r->limits, r->diags, &made, r->err);
    if (st == SVY_OK)
        st = load_made(r, &made);
    svyi_native_files_clear(&made);
    return st;
}

svy_status svyi_reader_load(svyi_reader *r, const char *bytes, size_t len)
{
    const svy_format format = r->format != SVY_FORMAT_UNKNOWN ? r->format : svy_format_of(r->source, bytes, len);
    switch (format) {
    case SVY_FORMAT_XFORM: return load_xform(r, bytes, len, 0);
    case SVY_FORMAT_XLSFORM: return load_workbook(r, bytes, len);
    case SVY_FORMAT_LSS: case SVY_FORMAT_QUEXML: return load_other(r, format, bytes, len);
    case SVY_FORMAT_NATIVE: case SVY_FORMAT_XLIFF: case SVY_FORMAT_UNKNOWN: break;
    }
    return svyi_reader_native(r, bytes, len);
}
