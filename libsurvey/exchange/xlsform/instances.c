/* Secondary instances: attached files, what pulldata() reads, the last saved record, the lists of choices. */
#include "base/text.h"
#include "exchange/xlsform/priv.h"

#include <string.h>

/* 1: the id is new; 0: it is there already, and was reported when it means another file. `source` "" is a list of choices. */
static int is_new(xlsform *x, const char *id, const char *source, int row)
{
    uint32_t i = x->n_sources;
    const int found = svyi_map_add(&x->instances, id, strlen(id), &i);

    if (found == 1) {
        if (strcmp(x->sources[i], source) != 0)
            svyi_xlsform_problem(x, "survey", row, "give one of them another name", "'%s' would be two different lists: %s and %s", id,
                                 x->sources[i][0] != '\0' ? x->sources[i] : "one of the workbook", source[0] != '\0' ? source : "one of the workbook");
        return 0;
    }
    if (found < 0 || svyi_grow(&x->arena.alloc, &x->sources, &x->sources_capacity, (size_t)x->n_sources + 1, sizeof *x->sources) != 0) {
        x->nomem = 1;
        return 0;
    }
    x->sources[x->n_sources++] = source;
    return 1;
}

static void write_file(xlsform *x, svyi_buffer *out, const char *id, const char *source, int row)
{
    if (!is_new(x, id, source, row))
        return;
    svyi_buffer_text(out, "<instance");
    svyi_xlsform_attribute(x, out, "id", id);
    svyi_xlsform_attribute(x, out, "src", source);
    svyi_buffer_text(out, "/>");
}

/* The first argument of each pulldata( in a text, without quotes. */
static void write_pulldata(xlsform *x, svyi_buffer *out, const char *text, int row)
{
    if (text == NULL || strstr(text, "pulldata(") == NULL)
        return;
    for (const char *p = strstr(text, "pulldata"); p != NULL; p = strstr(p, "pulldata")) {
        p += 8;
        p += strspn(p, " \t\r\n");
        if (*p != '(')
            continue;
        p++;
        p += strspn(p, " \t\r\n");
        const size_t len = strcspn(p, ",\n");
        if (p[len] != ',')
            continue;
        char *id = svyi_xlsform_get(x, len + 1);
        size_t n = 0;
        for (size_t i = 0; id != NULL && i < len; i++)
            if (p[i] != '\'' && p[i] != '"' && !(n == 0 && p[i] == ' '))
                id[n++] = p[i];
        while (id != NULL && n > 0 && strchr(" \t\r", id[n - 1]) != NULL)
            id[--n] = '\0';
        if (id != NULL)
            write_file(x, out, id, svyi_xlsform_format(x, "jr://file-csv/%s.csv", id), row);
        p += len;
    }
}

static const char *const FORMULAS[] = { "calculate", "constraint", "readonly", "required", "relevant" };
enum { N_FORMULAS = sizeof FORMULAS / sizeof FORMULAS[0] };

static void write_read(xlsform *x, svyi_buffer *out, const xlsform_element *e)
{
    for (size_t i = 0; i < N_FORMULAS; i++)
        write_pulldata(x, out, svyi_xlsform_dict_text(e->bind, FORMULAS[i]), e->row);
    if (e->kind != XLSFORM_QUESTION)
        return;
    write_pulldata(x, out, e->choice_filter, e->row);
    write_pulldata(x, out, e->default_value, e->row);
}

static void write_choices_file(xlsform *x, svyi_buffer *out, const xlsform_element *e)
{
    const xlsform_type *t = svyi_xlsform_type(e->type);
    const char *dot = e->itemset != NULL ? strrchr(e->itemset, '.') : NULL;

    if (dot == NULL || t == NULL || t->tag == NULL || strcmp(t->tag, "range") == 0 || strcmp(t->tag, "input") == 0)
        return;
    const int csv = strcmp(dot, ".csv") == 0;
    if (csv || strcmp(dot, ".xml") == 0 || strcmp(dot, ".geojson") == 0)
        write_file(x, out, svyi_xlsform_text(x, e->itemset, (size_t)(dot - e->itemset)),
                   svyi_xlsform_format(x, "jr://%s/%s", csv ? "file-csv" : "file", e->itemset), e->row);
}

static int reads_last_saved(const xlsform_element *e)
{
    int found = (e->default_value != NULL && svyi_xlsform_has_last_saved(e->default_value)) ||
                (e->choice_filter != NULL && svyi_xlsform_has_last_saved(e->choice_filter));

    for (size_t i = 0; !found && i < N_FORMULAS; i++) {
        const char *text = svyi_xlsform_dict_text(e->bind, FORMULAS[i]);
        found = text != NULL && svyi_xlsform_has_last_saved(text);
    }
    return found;
}

static void write_external(xlsform *x, svyi_buffer *out, const xlsform_element *e, svyi_map *files)
{
    const int csv = strcmp(e->type, "csv-external") == 0;

    if (!svyi_xlsform_once(x, files, e->name, 1))
        svyi_xlsform_problem(x, "survey", e->row, "give it another name", "the external file '%s' is there twice", e->name);
    write_file(x, out, e->name, svyi_xlsform_format(x, csv ? "jr://file-csv/%s.csv" : "jr://file/%s.xml", e->name), e->row);
}

static void write_element(svyi_buffer *out, const char *name, const char *text)
{
    svyi_buffer_text(out, "<");
    svyi_buffer_text(out, name);
    svyi_buffer_text(out, ">");
    svyi_xlsform_escape(out, text, 0);
    svyi_buffer_text(out, "</");
    svyi_buffer_text(out, name);
    svyi_buffer_text(out, ">");
}

static void write_list(xlsform *x, svyi_buffer *out, const xlsform_choices *list)
{
    unsigned number = 0;

    if (!is_new(x, list->name, "", list->first->row))
        return;
    svyi_buffer_text(out, "<instance");
    svyi_xlsform_attribute(x, out, "id", list->name);
    svyi_buffer_text(out, "><root>");
    for (const xlsform_choice *c = list->first; c != NULL; c = c->next, number++) {
        svyi_buffer_text(out, "<item>");
        if (list->translated) {
            svyi_buffer_text(out, "<itextId>");
            svyi_xlsform_escape(out, list->name, 0);
            svyi_buffer_format(out, "-%u</itextId>", number);
        }
        write_element(out, "name", c->name);
        if (!list->translated && c->label.text != NULL)
            write_element(out, "label", c->label.text);
        for (const xlsform_entry *e = c->extra != NULL ? c->extra->first : NULL; e != NULL; e = e->next)
            write_element(out, e->key, e->value.text);
        if (c->sms_option != NULL)
            write_element(out, "sms_option", c->sms_option);
        svyi_buffer_text(out, "</item>");
    }
    svyi_buffer_text(out, "</root></instance>");
}

void svyi_xlsform_write_instances(xlsform *x, svyi_buffer *out)
{
    svyi_map files;
    int last_saved = 0;

    svyi_map_init(&files, &x->arena.alloc);
    for (xlsform_element *e = x->root; e != NULL && !svyi_xlsform_failed(x); e = svyi_xlsform_next(e, x->root)) {
        if (e->kind == XLSFORM_EXTERNAL)
            write_external(x, out, e, &files);
        if (e->kind > XLSFORM_QUESTION)
            continue;
        write_read(x, out, e);
        if (e->kind != XLSFORM_QUESTION)
            continue;
        write_choices_file(x, out, e);
        last_saved = last_saved || reads_last_saved(e);
    }
    svyi_map_clear(&files);
    if (last_saved)
        write_file(x, out, "__last-saved", "jr://instance/last-saved", 0);
    for (uint32_t i = 0; i < x->choices.n && !svyi_xlsform_failed(x); i++)
        if (!x->choices.lists[i]->searched)
            write_list(x, out, x->choices.lists[i]);
}
