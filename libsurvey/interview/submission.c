/* The record of an interview as ODK clients submit it: XML in the form's own shape, relevant nodes only. */
#include <string.h>

#include "interview/odk_priv.h"

static const char OPENROSA[] = "http://openrosa.org/xforms";

/* ---- XML ---- */

/* Characters that XML cannot hold become U+FFFD; a carriage return would be read as a line end. */
static void put_escaped(svyi_out *o, const char *text, size_t len, int attribute)
{
    size_t from = 0;

    for (size_t i = 0; i < len; i++) {
        const unsigned char c = (unsigned char)text[i];
        const char *instead = c == '&' ? "&amp;" : c == '<' ? "&lt;" : c == '>' ? "&gt;" : c == '\r' ? "&#13;" : NULL;
        if (attribute && (c == '"' || c == '\n' || c == '\t'))
            instead = c == '"' ? "&quot;" : c == '\n' ? "&#10;" : "&#9;";
        else if (c < ' ' && c != '\n' && c != '\t' && c != '\r')
            instead = "\xEF\xBF\xBD";
        else if (c == 0xEF && len - i >= 3 && (unsigned char)text[i + 1] == 0xBF && (unsigned char)text[i + 2] >= 0xBE) {
            svyi_out_bytes(o, text + from, i - from);          /* U+FFFE, U+FFFF */
            svyi_out_text(o, "\xEF\xBF\xBD");
            from = i + 3;
            i += 2;
            continue;
        }
        if (instead == NULL)
            continue;
        svyi_out_bytes(o, text + from, i - from);
        svyi_out_text(o, instead);
        from = i + 1;
    }
    svyi_out_bytes(o, text + from, len - from);
}

static void put_attribute(svyi_out *o, const char *name, const char *value, size_t len)
{
    svyi_out_text(o, " ");
    svyi_out_text(o, name);
    svyi_out_text(o, "=\"");
    put_escaped(o, value, len, 1);
    svyi_out_text(o, "\"");
}

static void put_leaf(svyi_out *o, const char *name, const char *text, size_t len)
{
    svyi_out_text(o, "<");
    svyi_out_text(o, name);
    if (len == 0) {
        svyi_out_text(o, "/>");
        return;
    }
    svyi_out_text(o, ">");
    put_escaped(o, text, len, 0);
    svyi_out_text(o, "</");
    svyi_out_text(o, name);
    svyi_out_text(o, ">");
}

/* An element is open with its attributes; the first thing in it closes the tag, and what has nothing in it is written short. */
typedef struct writing { svyi_out *o; svy_interview *iv; int tag_open; } writing;

static void close_tag(writing *w)
{
    if (w->tag_open)
        svyi_out_text(w->o, ">");
    w->tag_open = 0;
}

static void begin(writing *w, const char *name)
{
    close_tag(w);
    svyi_out_text(w->o, "<");
    svyi_out_text(w->o, name);
    w->tag_open = 1;
}

static void end(writing *w, const char *name)
{
    if (w->tag_open) {
        svyi_out_text(w->o, "/>");
    } else {
        svyi_out_text(w->o, "</");
        svyi_out_text(w->o, name);
        svyi_out_text(w->o, ">");
    }
    w->tag_open = 0;
}

static void put_id(svyi_out *o, const svy_interview *iv, const char *name)
{
    char id[48] = "uuid:";

    svyi_uuid(iv->s.seed, UINT64_MAX, id + 5);
    put_leaf(o, name, id, strlen(id));
}

/* ---- Forms with ODK's expressions: the form's record ---- */

static const char *local(const char *name)
{
    const char *colon = strchr(name, ':');

    return colon != NULL ? colon + 1 : name[0] == '@' ? name + 1 : name;
}

static int is_declaration(const char *name)
{
    return strncmp(name, "@xmlns", 6) == 0 && (name[6] == ':' || name[6] == '\0');
}

static int has_prefix(const char *name, const char *prefix, size_t len)
{
    name += name[0] == '@';
    return strncmp(name, prefix, len) == 0 && name[len] == ':';
}

static int is_template_mark(const char *name)
{
    return strchr(name, ':') != NULL && strcmp(local(name), "template") == 0;
}

/* 1 when a node of the record that is written uses the prefix. */
static int is_used(const svy_interview *iv, const char *prefix)
{
    const svyi_tree *record = &iv->odk->trees[0];

    for (uint32_t i = 0; i < record->n; i++) {
        const char *name = svy_form_name(iv->form, record->nodes[i].name);
        if (!is_declaration(name) && has_prefix(name, prefix, strlen(prefix)) && !is_template_mark(name))
            return 1;
    }
    return 0;
}

/* Name spaces that are used, declared once at the root; the default one is left out, as clients do. */
static int put_declarations(svyi_out *o, const svy_interview *iv)
{
    const svyi_tree *record = &iv->odk->trees[0];
    int openrosa = 0;

    for (uint32_t i = 0; i < record->n; i++) {
        const char *name = svy_form_name(iv->form, record->nodes[i].name), *text = svy_form_string(iv->form, record->nodes[i].text);
        int again = 0;
        if (!is_declaration(name) || name[6] == '\0' || !is_used(iv, name + 7))
            continue;
        for (uint32_t k = 0; k < i && !again; k++)
            again = record->nodes[k].name == record->nodes[i].name;
        if (again)
            continue;
        openrosa |= strcmp(name + 7, "orx") == 0;
        put_attribute(o, name + 1, text, strlen(text));
    }
    return openrosa;
}

static void put_attributes(svyi_out *o, const svy_interview *iv, uint32_t item, uint32_t entry)
{
    const svyi_odk *odk = iv->odk;
    const svyi_tree *record = &odk->trees[0];
    uint32_t len;
    const uint32_t node = svyi_record_at(iv, item, entry);

    if (node == UINT32_MAX)
        return;
    for (uint32_t at = node + 1; at < record->nodes[node].end && odk->is_attribute[record->nodes[at].name]; at = record->nodes[at].end) {
        const char *name = svy_form_name(iv->form, record->nodes[at].name), *text = svy_form_string(iv->form, record->nodes[at].text);
        const uint32_t own = svyi_odk_child(odk, item, record->nodes[at].name);
        if (is_declaration(name) || is_template_mark(name))
            continue;
        if (own != 0)
            text = svyi_odk_visible(iv, (svy_place){ own, entry }, &len);
        put_attribute(o, name + 1, text, strlen(text));
    }
}

static uint32_t child_called(const svy_interview *iv, uint32_t parent, const char *name)
{
    for (uint32_t c = iv->odk->first_child[parent]; c != 0; c = iv->odk->next_child[c])
        if (strcmp(local(svy_form_name(iv->form, iv->odk->items[c]->name)), name) == 0)
            return c;
    return 0;
}

static int is_instance_id(const svy_interview *iv, uint32_t item)
{
    const uint32_t around = iv->odk->parent[item];

    return iv->odk->parent[around] == 0 && strcmp(local(svy_form_name(iv->form, iv->odk->items[item]->name)), "instanceID") == 0 &&
           strcmp(local(svy_form_name(iv->form, iv->odk->items[around]->name)), "meta") == 0;
}

/* An instanceID that nothing has made is made here, but the web's engine leaves it blank. */
static void put_value(writing *w, uint32_t item, uint32_t entry)
{
    uint32_t len;
    const char *text = svyi_odk_visible(w->iv, (svy_place){ item, entry }, &len);
    char id[48] = "uuid:";

    if (len == 0 && w->iv->odk->compat != SVY_COMPAT_WEB && is_instance_id(w->iv, item)) {
        svyi_uuid(w->iv->s.seed, UINT64_MAX, id + 5);
        text = id;
        len = (uint32_t)strlen(id);
    }
    if (len == 0)
        return;
    close_tag(w);
    put_escaped(w->o, text, len, 0);
}

static void put_node(writing *w, uint32_t item, uint32_t entry);

/* In the order of the record. Recurses once for each element inside another. */
static void put_children(writing *w, uint32_t item, uint32_t entry)
{
    const svyi_odk *odk = w->iv->odk;

    for (uint32_t c = odk->first_child[item]; c != 0; c = odk->next_child[c]) {
        if (svyi_item(w->iv, c)->kind != SVY_EL_ROSTER) {
            put_node(w, c, entry);
            continue;
        }
        const svyi_kids *kids = svyi_kids_of(w->iv, entry, c);
        for (uint32_t k = 0; kids != NULL && k < kids->active; k++)
            put_node(w, c, kids->ids[k]);
    }
}

/* meta/instanceID where the form's record has none. */
static void put_lacking_id(writing *w, uint32_t item)
{
    const svy_interview *iv = w->iv;
    const uint32_t meta = child_called(iv, 0, "meta");

    if (item == 0 && meta == 0) {
        close_tag(w);
        svyi_out_text(w->o, "<orx:meta>");
        put_id(w->o, iv, "orx:instanceID");
        svyi_out_text(w->o, "</orx:meta>");
    } else if (item != 0 && item == meta && child_called(iv, meta, "instanceID") == 0) {
        const char *name = svy_form_name(iv->form, iv->odk->items[meta]->name);
        char own[96] = "";
        const size_t prefix = (size_t)(local(name) - name);
        if (prefix + sizeof "instanceID" <= sizeof own) {
            memcpy(own, name, prefix);
            memcpy(own + prefix, "instanceID", sizeof "instanceID");
        }
        close_tag(w);
        put_id(w->o, iv, own);
    }
}

static void put_node(writing *w, uint32_t item, uint32_t entry)
{
    svy_interview *iv = w->iv;
    const char *name = svy_form_name(iv->form, iv->odk->items[item]->name);

    if (!svyi_node_on(iv, (svy_place){ item, entry }))
        return;
    begin(w, name);
    if (item == 0 && !put_declarations(w->o, iv) && child_called(iv, 0, "meta") == 0)
        put_attribute(w->o, "xmlns:orx", OPENROSA, strlen(OPENROSA));
    put_attributes(w->o, iv, item, entry);
    if (svyi_is_leaf(iv, item))
        put_value(w, item, entry);
    else
        put_children(w, item, entry);
    put_lacking_id(w, item);
    end(w, name);
}

/* ---- Forms of our own language: ids are names, sections and grids groups, rosters repeats ---- */

static void put_typed(writing *w, uint32_t item, uint32_t entry)
{
    const svy_value v = svyi_cell_value(w->iv, item, svyi_cell_at(w->iv, entry, item));
    const char *id = svy_form_item_id(w->iv->form, item);
    char text[40];

    close_tag(w);
    if (v.missing != SVY_PRESENT)
        put_leaf(w->o, id, "", 0);
    else if (v.len > 0)
        put_leaf(w->o, id, v.text, v.len);
    else
        put_leaf(w->o, id, text, svy_value_format(&v, text, sizeof text));
}

/* The items first..end-1 of an entry. Recurses once for each group inside another. */
static void put_items(writing *w, uint32_t first, uint32_t last, uint32_t entry)
{
    svy_interview *iv = w->iv;

    for (uint32_t i = first; i < last; i = svyi_item(iv, i)->end) {
        const svy_item *item = svyi_item(iv, i);
        const char *id = svy_form_item_id(iv->form, i);
        if ((svyi_cell_at(iv, entry, i)->flags & SVYI_ON) == 0)
            continue;
        if (item->kind == SVY_EL_QUESTION || item->kind == SVY_EL_COMPUTE)
            put_typed(w, i, entry);
        else if (item->kind == SVY_EL_ROSTER)
            for (uint32_t kid = svyi_sibling(iv, entry, i, 0, 1); kid != 0; kid = svyi_sibling(iv, entry, i, kid, 1)) {
                begin(w, id);
                put_items(w, i + 1, item->end, kid);
                end(w, id);
            }
        else if (item->kind == SVY_EL_SECTION || item->kind == SVY_EL_GRID) {
            if (id[0] != '\0')
                begin(w, id);
            put_items(w, i + 1, item->end, entry);
            if (id[0] != '\0')
                end(w, id);
        }
    }
}

static void put_native(writing *w)
{
    const svy_form *form = w->iv->form;

    begin(w, "data");
    put_attribute(w->o, "id", svy_form_id(form), strlen(svy_form_id(form)));
    if (svy_form_version(form)[0] != '\0')
        put_attribute(w->o, "version", svy_form_version(form), strlen(svy_form_version(form)));
    put_items(w, 1, w->iv->plan.n_items, 0);
    close_tag(w);
    svyi_out_text(w->o, "<meta>");
    put_id(w->o, w->iv, "instanceID");
    svyi_out_text(w->o, "</meta>");
    end(w, "data");
}

size_t svy_interview_submission(svy_interview *iv, char *out, size_t size)
{
    svyi_out o = { out, size, 0 };
    writing w = { &o, iv, 0 };

    if (svyi_is_odk(iv))
        put_node(&w, 0, 0);
    else
        put_native(&w);
    return svyi_out_end(&o);
}
