/* A workbook becomes an XForm: sheets are read, the tree is made and checked, then it is written. */
#include "exchange/xlsform/priv.h"

#include <string.h>

static int stopped(const xlsform *x)
{
    return svyi_xlsform_failed(x) || x->problems > 0;
}

static void read_sheets(xlsform *x)
{
    svyi_xlsform_sheet_open(x, &x->survey, "survey");
    if (x->survey.sheet == NULL || x->survey.sheet->n_rows == 0) {
        const char *similar = svyi_xlsform_similar_sheet(x, "survey");
        svyi_xlsform_problem(x, "survey", 0, similar != NULL ? similar : "add a sheet 'survey' with the columns type, name and label", "the workbook has no sheet 'survey'");
        return;
    }
    svyi_xlsform_read_settings(x);
    if (stopped(x))
        return;
    svyi_xlsform_read_lists(x);
    if (!svyi_xlsform_failed(x))
        svyi_xlsform_read_entities(x);
    if (stopped(x))
        return;
    svyi_xlsform_sheet_headers(x, &x->survey);
    if (svyi_xlsform_failed(x))
        return;
    if (!svyi_xlsform_sheet_has(&x->survey, "type"))
        svyi_xlsform_problem(x, "survey", 1, "add the column type", "the sheet survey has no column 'type'");
    svyi_xlsform_check_sheets(x);
    svyi_xlsform_check_columns(x);
}

static void make_tree(xlsform *x)
{
    svyi_xlsform_read_survey(x);
    if (stopped(x))
        return;
    svyi_xlsform_check_references(x);
    if (stopped(x))
        return;
    svyi_xlsform_expand_loops(x, x->root);
    svyi_xlsform_finish_lists(x);
    if (!stopped(x))
        svyi_xlsform_check_tree(x);
    if (!stopped(x))
        svyi_xlsform_collect_texts(x);
    if (!stopped(x))
        svyi_xlsform_check_languages(x);
}

static void write_form(xlsform *x, svyi_buffer *out)
{
    svyi_buffer_text(out, "<?xml version=\"1.0\"?><h:html");
    svyi_xlsform_write_namespaces(x, out);
    svyi_buffer_text(out, "><h:head><h:title>");
    svyi_xlsform_escape(out, x->title, 0);
    svyi_buffer_text(out, "</h:title>");
    svyi_xlsform_write_model(x, out);
    svyi_buffer_text(out, "</h:head>");
    svyi_xlsform_write_body(x, out);
    svyi_buffer_text(out, "</h:html>");
}

static void clear(xlsform *x)
{
    svy_alloc alloc = x->arena.alloc;
    const xlsform_lists lists[] = { x->choices, x->external, x->osm };

    svyi_xlsform_clear_texts(x);
    svyi_xlsform_clear_entities(x);
    svyi_map_clear(&x->choices.names);
    svyi_map_clear(&x->external.names);
    svyi_map_clear(&x->osm.names);
    svyi_map_clear(&x->names);
    svyi_map_clear(&x->elements);
    svyi_map_clear(&x->instances);
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
        svyi_release(&alloc, lists[i].lists, lists[i].capacity * sizeof *lists[i].lists);
    svyi_release(&alloc, x->by_name, x->by_name_capacity * sizeof *x->by_name);
    svyi_release(&alloc, x->sources, x->sources_capacity * sizeof *x->sources);
    svyi_arena_clear(&x->arena);
}

svy_status svyi_xlsform_to_xform(const svyi_workbook *w, const char *source, svy_diags *diags, svyi_buffer *xform_xml, svy_error *err)
{
    const size_t before = xform_xml->len;
    xlsform x = { .workbook = w, .source = source, .diags = diags, .err = err };

    svyi_arena_init(&x.arena, &xform_xml->alloc);
    svyi_map_init(&x.choices.names, &x.arena.alloc);
    svyi_map_init(&x.external.names, &x.arena.alloc);
    svyi_map_init(&x.osm.names, &x.arena.alloc);
    svyi_map_init(&x.names, &x.arena.alloc);
    svyi_map_init(&x.elements, &x.arena.alloc);
    svyi_map_init(&x.instances, &x.arena.alloc);
    read_sheets(&x);
    if (!stopped(&x))
        make_tree(&x);
    if (!stopped(&x))
        write_form(&x, xform_xml);
    svy_status st = x.limit != SVY_OK ? x.limit : x.nomem || xform_xml->failed ? svyi_nomem(err) : x.problems > 0 ? SVY_E_INVALID : SVY_OK;
    if (st != SVY_OK && xform_xml->data != NULL) {
        xform_xml->len = before;
        xform_xml->data[before] = '\0';
    }
    clear(&x);
    return st;
}
