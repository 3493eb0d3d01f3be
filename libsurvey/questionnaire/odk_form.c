/* Reading an opened form with ODK's expressions: nodes and their names, trees, actions, texts by their ids. */
#include <string.h>

#include "questionnaire/block_priv.h"

int svy_form_is_odk(const svy_form *f)
{
    return svyi_b_is_odk(f);
}

svy_compat svy_form_compat(const svy_form *f)
{
    return f->meta->odk != 0 ? (svy_compat)(f->meta->odk - 1) : SVY_COMPAT_STRICT;
}

uint32_t svy_form_names(const svy_form *f)
{
    return f->n[SVYI_B_NODE_NAMES];
}

const char *svy_form_name(const svy_form *f, uint32_t name)
{
    return name < f->n[SVYI_B_NODE_NAMES] ? f->texts + f->node_names[name] : "";
}

const svy_odk_item *svy_form_odk_item(const svy_form *f, uint32_t item)
{
    return item < f->n[SVYI_B_NODES] ? &f->nodes[item] : NULL;
}

const char *svy_form_string(const svy_form *f, uint32_t text)
{
    return text < f->n[SVYI_B_TEXTS] ? f->texts + text : "";
}

uint32_t svy_form_sets(const svy_form *f)
{
    return f->n[SVYI_B_SETS];
}

const svy_set *svy_form_set(const svy_form *f, uint32_t set)
{
    return set < f->n[SVYI_B_SETS] ? &f->sets[set] : NULL;
}

/* ---- Trees ---- */

uint32_t svy_form_trees(const svy_form *f)
{
    return f->n[SVYI_B_TREES];
}

const char *svy_form_tree_id(const svy_form *f, uint32_t tree)
{
    return tree < f->n[SVYI_B_TREES] ? f->texts + f->trees[tree].id : "";
}

const svy_tree_node *svy_form_tree(const svy_form *f, uint32_t tree, uint32_t *n_nodes)
{
    *n_nodes = tree < f->n[SVYI_B_TREES] ? f->trees[tree].n : 0;
    return *n_nodes > 0 ? &f->tree_nodes[f->trees[tree].first] : NULL;
}

const char *svy_form_tree_file(const svy_form *f, uint32_t tree)
{
    return tree < f->n[SVYI_B_TREES] ? f->texts + f->trees[tree].file : "";
}

uint32_t svy_form_tree_list(const svy_form *f, uint32_t tree)
{
    return tree < f->n[SVYI_B_TREES] ? f->trees[tree].list : 0;
}

/* ---- Texts ---- */

uint32_t svy_form_find_output(const svy_form *f, uint32_t item, const char *text, size_t len)
{
    uint32_t low = 0, high = f->n[SVYI_B_OUTPUTS];

    if (len == 0 || memchr(text, '\0', len) != NULL)
        return 0;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2, rule = f->outputs[middle];
        const svyi_b_rule *r = &f->rules[rule - 1];
        const int order = item != r->owner ? (item < r->owner ? -1 : 1) : svyi_b_compare(text, len, f->texts + r->text);
        if (order == 0)
            return rule;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return 0;
}

const char *svy_form_itext(const svy_form *f, const char *id, size_t len, svy_role role, uint32_t lang)
{
    uint32_t low = 0, high = f->n[SVYI_B_ITEXTS];

    if (len == 0 || memchr(id, '\0', len) != NULL)
        return NULL;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        const svyi_b_itext *t = &f->itexts[middle];
        const int order = svyi_b_compare(id, len, f->texts + t->id);
        if (order == 0)
            return svyi_b_role_text(f, t->first_unit, t->roles, role, lang);
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

const char *svy_form_choice_text(const svy_form *f, uint32_t list, uint32_t choice, svy_role role, uint32_t lang)
{
    if (role == SVY_LABEL || list < 1 || list > f->n[SVYI_B_LISTS] || choice >= f->lists[list - 1].n)
        return svy_form_choice_label(f, list, choice, lang);
    const uint32_t wanted = f->lists[list - 1].first + choice;
    uint32_t low = 0, high = f->n[SVYI_B_MEDIA];
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        const svyi_b_media *m = &f->media[middle];
        if (m->choice == wanted && m->role == (uint32_t)role)
            return svyi_b_unit_text(f, m->unit, lang);
        if (m->choice < wanted || (m->choice == wanted && m->role < (uint32_t)role))
            low = middle + 1;
        else
            high = middle;
    }
    return "";
}

uint32_t svy_form_itexts(const svy_form *f)
{
    return f->n[SVYI_B_ITEXTS];
}

const char *svy_form_itext_id(const svy_form *f, uint32_t number)
{
    return number < f->n[SVYI_B_ITEXTS] ? f->texts + f->itexts[number].id : "";
}

/* The files among the texts of something, in every language. */
static void media_of(const svy_form *f, uint32_t first_unit, uint32_t roles, void (*each)(void *user, const char *named), void *user)
{
    for (svy_role role = SVY_IMAGE; role <= SVY_VIDEO; role++)
        for (uint32_t lang = 0; lang < svy_form_languages(f) && (roles >> (role - 1) & 1) != 0; lang++)
            each(user, svyi_b_role_text(f, first_unit, roles, role, lang));
}

void svy_form_media(const svy_form *f, void (*each)(void *user, const char *named), void *user)
{
    for (uint32_t i = 0; i < f->n[SVYI_B_ITEMS]; i++)
        media_of(f, f->names[i].first_unit, f->names[i].roles, each, user);
    for (uint32_t i = 0; i < f->n[SVYI_B_ITEXTS]; i++)
        media_of(f, f->itexts[i].first_unit, f->itexts[i].roles, each, user);
    for (uint32_t i = 0; i < f->n[SVYI_B_MEDIA]; i++)
        for (uint32_t lang = 0; lang < svy_form_languages(f) && f->media[i].role >= SVY_IMAGE; lang++)
            each(user, svyi_b_unit_text(f, f->media[i].unit, lang));
}

/* ---- Attributes ---- */

/* The first one of an item, or where it would be. */
static uint32_t first_attribute(const svy_form *f, uint32_t item)
{
    uint32_t low = 0, high = f->n[SVYI_B_ATTRIBUTES];

    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (f->attributes[middle].item < item)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

uint32_t svy_form_attributes(const svy_form *f, uint32_t item)
{
    const uint32_t first = first_attribute(f, item);
    uint32_t n = 0;

    while (first + n < f->n[SVYI_B_ATTRIBUTES] && f->attributes[first + n].item == item)
        n++;
    return n;
}

const char *svy_form_attribute_at(const svy_form *f, uint32_t item, uint32_t number, const char **value)
{
    const uint32_t at = first_attribute(f, item);

    *value = "";
    if (at >= f->n[SVYI_B_ATTRIBUTES] || number >= f->n[SVYI_B_ATTRIBUTES] - at || f->attributes[at + number].item != item)
        return "";
    *value = f->texts + f->attributes[at + number].value;
    return f->texts + f->attributes[at + number].name;
}

const char *svy_form_attribute(const svy_form *f, uint32_t item, const char *name)
{
    for (uint32_t at = first_attribute(f, item); at < f->n[SVYI_B_ATTRIBUTES] && f->attributes[at].item == item; at++)
        if (strcmp(f->texts + f->attributes[at].name, name) == 0)
            return f->texts + f->attributes[at].value;
    return "";
}
