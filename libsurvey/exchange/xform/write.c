/* A questionnaire as an ODK XForm. One of our own language is written here: the frame, and what its parts look up. */
#include "exchange/xform/write.h"
#include "exchange/xform/write_odk.h"
#include <string.h>

int svyi_xfw_has_node(const svyi_xform_writer *w, uint32_t item)
{
    return svy_form_item(w->form, item)->kind != SVY_EL_QUESTIONNAIRE;
}

int svyi_xfw_is_note_check(const svyi_xform_writer *w, const svy_check *c)
{
    return c->soft || svy_form_item(w->form, c->item)->kind != SVY_EL_QUESTION;
}

const char *svyi_xfw_join(svyi_xform_writer *w, const char *a, const char *b)
{
    const size_t n = strlen(a), m = strlen(b);
    char *out = svyi_arena_get(&w->arena, n + m + 1);
    if (out == NULL) {
        w->failed = 1;
        return "";
    }
    memcpy(out, a, n);
    memcpy(out + n, b, m);
    return out;
}

const char *svyi_xfw_check_name(svyi_xform_writer *w, uint32_t check)
{
    const svy_check *c = svy_form_check(w->form, check);
    const uint32_t number = check - svy_form_item(w->form, c->item)->first_check + 1;
    char digits[16] = "";
    size_t at = sizeof digits - 1;
    for (uint32_t n = number; n > 0 && at > 0; n /= 10)
        digits[--at] = (char)('0' + n % 10);
    return svyi_xfw_join(w, svyi_xfw_join(w, c->item != 0 ? w->names[c->item] : "form", "_check_"), digits + at);
}

int svyi_xfw_literal_default(const svyi_xform_writer *w, uint32_t item)
{
    const svy_item *i = svy_form_item(w->form, item);
    const char *text = svy_form_rule(w->form, i->preset).text;
    svy_value value;
    uint32_t choice;
    if (i->list != 0)
        return svy_form_find_choice(w->form, i->list, text, strlen(text), &choice);
    return i->type != SVY_T_TEXT && svy_type_kind((svy_type)i->type) != SVY_K_TEXT && svy_value_parse((svy_type)i->type, text, strlen(text), &value, NULL) == SVY_OK;
}

/* Ids are names of elements there, but for the dot of an early end that was given none. */
static svy_status name_nodes(svyi_xform_writer *w)
{
    const uint32_t n = svy_form_items(w->form);
    w->names = svyi_arena_get(&w->arena, n * sizeof *w->names);
    w->labelled = svyi_arena_get(&w->arena, n);
    if (w->labelled != NULL)
        memset(w->labelled, 0, n);
    for (uint32_t i = 0; w->names != NULL && i < n; i++) {
        const char *id = i == 0 ? "data" : svy_form_item_id(w->form, i);
        char *name = svyi_arena_text(&w->arena, id, strlen(id));
        for (char *c = name; c != NULL && *c != '\0'; c++)
            if (*c == '.')
                *c = '_';
        w->names[i] = name;
        w->failed |= name == NULL;
    }
    return w->names == NULL || w->labelled == NULL || w->failed ? svyi_nomem(w->err) : SVY_OK;
}

static void head(svyi_xform_writer *w)
{
    svyi_buffer_text(&w->out,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        "<h:html xmlns=\"http://www.w3.org/2002/xforms\" xmlns:h=\"http://www.w3.org/1999/xhtml\" xmlns:jr=\"http://openrosa.org/javarosa\" "
        "xmlns:odk=\"http://www.opendatakit.org/xforms\" xmlns:orx=\"http://openrosa.org/xforms\" xmlns:sv=\"urn:libsurvey:questionnaire:1\" "
        "xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\">\n<h:head>\n<h:title>");
    const char *title = svy_form_text(w->form, 0, SVY_TITLE, 0);
    svyi_xfw_escaped(&w->out, title[0] != '\0' ? title : svy_form_id(w->form), strlen(title[0] != '\0' ? title : svy_form_id(w->form)));
    svyi_buffer_text(&w->out, "</h:title>\n<model odk:xforms-version=\"1.0.0\">\n");
    svyi_xfw_itext(w);
    svyi_xfw_record(w);
    svyi_xfw_instances(w);
    svyi_xfw_binds(w);
    svyi_xfw_defaults(w);
    svyi_buffer_text(&w->out, "</model>\n</h:head>\n");
}

static void report(svyi_xform_writer *w)
{
    if (w->unsaid > 0)
        svyi_xfw_report(w, SVY_WARNING, 0, "blank answers come in as not stated",
                       "%u questions take \"don't know\" and \"refused\": ODK clients can only leave them blank", w->unsaid);
}

svy_status svyi_xform_write(const svy_alloc *alloc, const svy_form *form, const char *source, svy_diags *diags, svyi_buffer *out, svy_error *err)
{
    return svyi_xform_write_set(alloc, form, NULL, 0, source, diags, out, err);
}

svy_status svyi_xform_write_set(const svy_alloc *alloc, const svy_form *form, const char *const *parameters, size_t n, const char *source, svy_diags *diags,
                                svyi_buffer *out, svy_error *err)
{
    if (svy_form_is_odk(form))
        return svyi_xform_write_odk(alloc, form, source, diags, out, err);
    svyi_xform_writer w = { .alloc = svyi_alloc_or_default(alloc), .form = form, .source = source, .diags = diags, .err = err, .parameters = parameters, .n_parameters = n };
    svyi_arena_init(&w.arena, alloc);
    svyi_buffer_init(&w.part, alloc);
    w.out = *out;
    svy_status st = name_nodes(&w);
    if (st == SVY_OK) {
        head(&w);
        svyi_xfw_body(&w);
        svyi_buffer_text(&w.out, "</h:html>\n");
        report(&w);
        if (w.failed || w.out.failed || w.part.failed)
            st = svyi_nomem(err);
    }
    *out = w.out;
    svyi_buffer_clear(&w.part);
    svyi_arena_clear(&w.arena);
    return st;
}
