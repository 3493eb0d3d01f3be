/* XLSForm from an XForm: reads the form, makes the sheets, has them written. */
#include "exchange/xlsform/write_priv.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

char *svyi_xlw_join(svyi_xlw *w, const char *a, const char *b, const char *c)
{
    const size_t n = strlen(a), m = strlen(b), k = strlen(c);
    char *out = svyi_arena_get(&w->arena, n + m + k + 1);
    if (out == NULL) {
        w->failed = 1;
        return NULL;
    }
    memcpy(out, a, n);
    memcpy(out + n, b, m);
    memcpy(out + n + m, c, k);
    return out;
}

void svyi_xlw_note(svyi_xlw *w, svy_severity severity, const svyi_xml *x, const char *element, const char *advice, const char *fmt, ...)
{
    char found[400];
    va_list args;
    const svyi_where where = { .source = w->source, .line = x != NULL ? x->line : 0, .column = x != NULL ? x->column : 0, .element = element };
    va_start(args, fmt);
    vsnprintf(found, sizeof found, fmt, args);
    va_end(args);
    for (char *at = found; *at != '\0'; at++)
        if (*at == '\n' || *at == '\r')
            *at = ' ';
    svyi_report(w->diags, severity, SVY_OK, &where, advice, "%s", found);
}

const char *svyi_xlw_content(const svyi_xml *x)
{
    for (const svyi_xml *c = x != NULL ? x->first : NULL; c != NULL; c = c->next)
        if (c->name == NULL)
            return c->text;
    return "";
}

static svy_status convert(svyi_xlw *w, const char *out_path)
{
    const svy_status st = svyi_xlw_read(w);
    if (st != SVY_OK)
        return st;
    svyi_xlw_rows(w, w->root);
    svyi_xlw_choices(w);
    svyi_xlw_settings(w);
    return w->failed ? svyi_nomem(w->err) : svyi_xlw_save(w, out_path);
}

svy_status svyi_xlsform_write(const svy_alloc *alloc, const char *xform, size_t len, const char *source, const char *out_path, svy_diags *diags, svy_error *err)
{
    static const char *const NAMES[SVYI_OUT_SHEETS] = { "survey", "choices", "settings", "entities", "external_choices", "osm" };
    const svy_xml_limits limits = { sizeof limits, 64u << 20, 64, 2000000, 1u << 20 };
    svyi_xlw w = { .diags = diags, .err = err, .source = source };
    const svy_alloc own = svyi_alloc_or_default(alloc);
    svyi_arena_init(&w.arena, &own);
    svyi_map_init(&w.by_path, &own);
    svyi_map_init(&w.by_name, &own);
    svyi_map_init(&w.by_instance, &own);
    svyi_map_init(&w.list_refs, &own);
    for (int i = 0; i < SVYI_OUT_SHEETS; i++) {
        w.sheets[i].name = NAMES[i];
        svyi_map_init(&w.sheets[i].columns, &own);
    }
    svy_status st = svyi_xml_parse(&w.file, &own, source, xform, len, "http://www.w3.org/2002/xforms", SVYI_XML_OUTPUTS, &limits, diags, err);
    if (st == SVY_OK)
        st = convert(&w, out_path);
    svyi_xlw_clear_sheets(&w);
    for (size_t i = 0; i < w.n_languages; i++)
        svyi_map_clear(&w.languages[i].texts);
    svyi_map_clear(&w.by_path);
    svyi_map_clear(&w.by_name);
    svyi_map_clear(&w.by_instance);
    svyi_map_clear(&w.list_refs);
    svyi_release(&own, w.refs, w.refs_capacity * sizeof *w.refs);
    svyi_release(&own, w.nodes, w.nodes_capacity * sizeof *w.nodes);
    svyi_release(&own, w.texts, w.texts_capacity * sizeof *w.texts);
    svyi_release(&own, w.instances, w.instances_capacity * sizeof *w.instances);
    svyi_arena_clear(&w.arena);
    svyi_xml_clear(&w.file);
    return st;
}
