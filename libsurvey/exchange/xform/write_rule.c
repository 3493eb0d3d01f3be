/* Expressions of a form as XPath, and what follows for routing from early ends. */
#include "exchange/xform/write.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* ---- the form as the expression compiler and the XPath writer see it ---- */

static int find(void *user, const char *name, size_t len, svy_symbol *symbol)
{
    const svyi_xform_writer *w = user;
    uint32_t item;
    if (!svy_form_find(w->form, name, len, &item))
        return 0;
    const svy_item *i = svy_form_item(w->form, item);
    const int roster = i->kind == SVY_EL_ROSTER;
    *symbol = (svy_symbol){ .id = item, .roster = i->roster, .list = i->list,
                            .kind = (uint8_t)(roster ? SVY_K_ENTRIES : svy_type_kind((svy_type)i->type)), .optional = 1 };
    symbol->numeric = i->list != 0 && svy_form_list(w->form, i->list).numeric;
    return 1;
}

static uint32_t roster_parent(void *user, uint32_t roster)
{
    const svyi_xform_writer *w = user;
    return svy_form_item(w->form, roster)->roster;
}

static int find_list(void *user, const char *name, size_t len, uint32_t *list)
{
    const svyi_xform_writer *w = user;
    for (*list = 1; *list <= svy_form_lists(w->form); ++*list) {
        const char *id = svy_form_list(w->form, *list).id;
        if (strlen(id) == len && memcmp(id, name, len) == 0)
            return 1;
    }
    return 0;
}

static uint32_t parent(void *user, uint32_t item)
{
    const svyi_xform_writer *w = user;
    return svy_form_item(w->form, item)->parent;
}

static const char *name(void *user, uint32_t item)
{
    const svyi_xform_writer *w = user;
    return w->names[item];
}

static const char *list_name(void *user, uint32_t list)
{
    const svyi_xform_writer *w = user;
    return svy_form_list(w->form, list).id;
}

svyi_xpath_form svyi_xfw_paths(svyi_xform_writer *w, uint32_t item, const char *self)
{
    return (svyi_xpath_form){ .user = w, .parent = parent, .name = name, .list_name = list_name, .item = item, .self = self };
}

const char *svyi_xfw_path(svyi_xform_writer *w, uint32_t item)
{
    const svyi_xpath_form paths = svyi_xfw_paths(w, item, ".");
    svyi_buffer b;
    svyi_buffer_init(&b, &w->alloc);
    svyi_xpath_path(&paths, item, 0, &b);
    const char *path = b.failed ? NULL : svyi_arena_text(&w->arena, b.data, b.len);
    w->failed |= path == NULL;
    svyi_buffer_clear(&b);
    return path != NULL ? path : "";
}

void svyi_xfw_report(svyi_xform_writer *w, svy_severity severity, uint32_t item, const char *advice, const char *fmt, ...)
{
    char found[320];
    const svyi_where where = { w->source, (int)svy_form_item(w->form, item)->line, 0, svy_form_item_id(w->form, item) };
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(found, sizeof found, fmt, ap);
    va_end(ap);
    svyi_report(w->diags, severity, SVY_OK, &where, advice, "%s", found);
}

/* ---- rules ---- */

static svy_kind wanted(uint32_t purpose)
{
    return purpose == SVY_FOR_RELEVANT || purpose == SVY_FOR_REQUIRED || purpose == SVY_FOR_FILTER || purpose == SVY_FOR_CHECK || purpose == SVY_FOR_CHOICE
               ? SVY_K_BOOLEAN : SVY_K_NONE;
}

static int translate(svyi_xform_writer *w, uint32_t rule, const svyi_xpath_form *paths, svyi_buffer *out)
{
    const svy_rule r = svy_form_rule(w->form, rule);
    const svy_item *item = svy_form_item(w->form, paths->item);
    const svy_scope scope = { .user = w, .find = find, .roster_parent = roster_parent, .find_list = find_list };
    const size_t before = out->len;
    svy_symbol self;
    const char *why;
    const uint32_t owner = r.purpose == SVY_FOR_CHECK ? svy_form_check(w->form, r.owner)->item : paths->item;
    const int has_self = find(w, svy_form_item_id(w->form, owner), strlen(svy_form_item_id(w->form, owner)), &self) && self.kind != SVY_K_NONE;
    const svy_expr_place place = { .source = w->source, .element = "", .roster = item->roster, .self = has_self ? &self : NULL,
                                   .choices = paths->in_choices ? item->list : 0, .want = wanted(r.purpose) };
    const svy_status st = svyi_expr_to_xpath(&w->alloc, r.text, strlen(r.text), &scope, &place, paths, out, &why);
    if (st == SVY_OK)
        return 1;
    if (st == SVY_E_NOMEM)
        w->failed = 1;
    else
        svyi_xfw_report(w, SVY_WARNING, paths->item, "say it in other words, or let the study's own clients ask it",
                       "ODK clients will not follow '%.100s': XPath has no word for %s", r.text, why != NULL ? why : "it");
    svyi_xfw_cut(out, before);
    return 0;
}

int svyi_xfw_rule(svyi_xform_writer *w, uint32_t rule, uint32_t item, const char *self, svyi_buffer *out)
{
    const svyi_xpath_form paths = svyi_xfw_paths(w, item, self);
    return translate(w, rule, &paths, out);
}

int svyi_xfw_choice_rule(svyi_xform_writer *w, uint32_t rule, uint32_t item, svyi_buffer *out)
{
    svyi_xpath_form paths = svyi_xfw_paths(w, item, ".");
    paths.in_choices = 1;
    return translate(w, rule, &paths, out);
}

/* ---- relevance ---- */

static int is_around(const svyi_xform_writer *w, uint32_t outer, uint32_t item)
{
    return outer == 0 || (item >= outer && item < svy_form_item(w->form, outer)->end);
}

/* An early end that holds routes away what comes after it: its later siblings, and those of everything around it. */
static void after_end(svyi_xform_writer *w, uint32_t end, uint32_t item, svyi_buffer *out)
{
    const svy_item *e = svy_form_item(w->form, end), *i = svy_form_item(w->form, item);
    const svyi_xpath_form paths = svyi_xfw_paths(w, item, ".");
    const int same_entry = e->roster == 0 || is_around(w, e->roster, item);
    if (out->len > 0)
        svyi_buffer_text(out, " and ");
    if (same_entry) {
        svyi_xpath_path(&paths, end, i->roster != 0 ? e->roster : 0, out);
        svyi_buffer_text(out, " = ''");
        return;
    }
    svyi_buffer_text(out, "count(");
    svyi_xpath_path(&paths, end, 0, out);
    svyi_buffer_text(out, "[. != '']) = 0");
}

void svyi_xfw_relevance(svyi_xform_writer *w, uint32_t item, svyi_buffer *out)
{
    const svy_item *i = svy_form_item(w->form, item);
    const size_t begin = out->len;
    if (i->relevant != 0) {
        svyi_buffer_text(out, "(");
        if (svyi_xfw_rule(w, i->relevant, item, ".", out))
            svyi_buffer_text(out, ")");
        else {
            svyi_xfw_cut(out, begin);
        }
    }
    if ((i->flags & SVY_ITEM_OTHER) != 0) {               /* the text of an other choice */
        const svy_item *q = svy_form_item(w->form, i->of);
        const svyi_xpath_form paths = svyi_xfw_paths(w, item, ".");
        const char *and_then = "";
        svyi_buffer_text(out, out->len > begin ? " and (" : "(");
        for (uint32_t c = 0; c < svy_form_list(w->form, q->list).n_choices; c++) {
            const svy_choice choice = svy_form_choice(w->form, q->list, c);
            if ((choice.flags & SVY_CHOICE_OTHER) == 0)
                continue;
            svyi_buffer_format(out, "%sselected(", and_then);
            svyi_xpath_path(&paths, i->of, i->roster, out);
            svyi_buffer_format(out, ", '%s')", choice.code);
            and_then = " or ";
        }
        svyi_buffer_text(out, ")");
    }
    if (i->kind == SVY_EL_COMPUTE || i->kind == SVY_EL_PARAMETER)
        return;
    for (uint32_t e = 1; e < item; e++)
        if (svy_form_item(w->form, e)->kind == SVY_EL_END && is_around(w, i->parent, e))
            after_end(w, e, item, out);
}
