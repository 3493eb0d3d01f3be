/* The interview as ODK's expressions see it: its record as a tree of nodes, the instances beside it, labels, properties, the moment. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/date.h"
#include "base/error.h"
#include "base/map.h"
#include "interview/odk_priv.h"

/* ---- Nodes of the record ---- */

static int is_entry_node(const svy_interview *iv, svy_node n)
{
    return n.item != 0 && n.item == iv->entries[n.entry].roster;
}

int svyi_node_on(const svy_interview *iv, svy_place n)
{
    if (n.item != 0 && n.item == iv->entries[n.entry].roster)
        return iv->entries[n.entry].on;
    return (svyi_cell_at(iv, n.entry, n.item)->flags & SVYI_ON) != 0;
}

/* Entries that count are told; what is not relevant is told by the web's engine only. */
static int told(const svyi_view *view, svy_node n)
{
    return view->iv->odk->compat == SVY_COMPAT_WEB || svyi_node_on(view->iv, (svy_place){ n.item, n.entry });
}

/* Entries that lie beside those around the one where the rule runs: what happens in others matters to it too. */
static void note_entries(svyi_view *view, uint32_t holder)
{
    view->saw |= SVYI_ENTRIES;
    for (uint32_t up = view->origin; up != 0; ) {
        up = view->iv->entries[up].parent;
        if (up == holder)
            view->saw |= SVYI_ACROSS;
    }
}

/* The entry of a roster from place `at` on (upward or downward) that is told. */
static int entry_from(svyi_view *view, uint32_t roster, uint32_t holder, int64_t at, int step, svy_node *out)
{
    const svyi_kids *kids = svyi_kids_of(view->iv, holder, roster);

    note_entries(view, holder);
    for (; kids != NULL && at >= 0 && at < kids->active; at += step) {
        *out = (svy_node){ 0, roster, kids->ids[at] };
        if (told(view, *out))
            return 1;
    }
    return 0;
}

/* Goes into a child item: the node itself, or the first (last) entry. */
static int enter(svyi_view *view, uint32_t item, uint32_t entry, int step, svy_node *out)
{
    const svy_interview *iv = view->iv;

    if (svyi_item(iv, item)->kind == SVY_EL_ROSTER) {
        const svyi_kids *kids = svyi_kids_of(iv, entry, item);
        return entry_from(view, item, entry, step > 0 || kids == NULL ? 0 : (int64_t)kids->active - 1, step, out);
    }
    *out = (svy_node){ 0, item, entry };
    return told(view, *out);
}

static int env_first(void *user, svy_node of, uint32_t name, svy_node *out)
{
    svyi_view *view = user;
    const svy_interview *iv = view->iv;
    const svyi_odk *odk = iv->odk;

    if (of.tree != 0)
        return svyi_tree_first(odk, of, name, out);
    if (of.item == SVY_NODE_DOCUMENT) {
        *out = (svy_node){ 0, 0, 0 };
        return name == SVY_NAME_ANY || name == odk->items[0]->name;
    }
    if (svyi_item(iv, of.item)->kind == SVY_EL_ROSTER && !is_entry_node(iv, of))
        return 0;                                   /* the place of a roster that has no entry */
    for (uint32_t c = name == SVY_NAME_ANY ? odk->first_child[of.item] : svyi_odk_child(odk, of.item, name); c != 0;
         c = name == SVY_NAME_ANY ? odk->next_child[c] : odk->next_same[c])
        if (enter(view, c, of.entry, 1, out))
            return 1;
    return 0;
}

static uint32_t holder_of(const svy_interview *iv, svy_node n)
{
    return is_entry_node(iv, n) ? iv->entries[n.entry].parent : n.entry;
}

static int env_next(void *user, svy_node after, uint32_t name, svy_node *out)
{
    svyi_view *view = user;
    const svy_interview *iv = view->iv;
    const svyi_odk *odk = iv->odk;

    if (after.tree != 0)
        return svyi_tree_next(odk, after, name, out);
    if (after.item == SVY_NODE_DOCUMENT || after.item == 0)
        return 0;
    const uint32_t holder = holder_of(iv, after), own = odk->items[after.item]->name;
    if (is_entry_node(iv, after) && (name == SVY_NAME_ANY || name == own) &&
        entry_from(view, after.item, holder, (int64_t)iv->entries[after.entry].ordinal + 1, 1, out))
        return 1;
    for (uint32_t c = name == own ? odk->next_same[after.item] : odk->next_child[after.item]; c != 0;
         c = name == own ? odk->next_same[c] : odk->next_child[c])
        if ((name == SVY_NAME_ANY || odk->items[c]->name == name) && enter(view, c, holder, 1, out))
            return 1;
    return 0;
}

static int env_previous(void *user, svy_node before, uint32_t name, svy_node *out)
{
    svyi_view *view = user;
    const svy_interview *iv = view->iv;
    const svyi_odk *odk = iv->odk;

    if (before.tree != 0)
        return svyi_tree_previous(odk, before, name, out);
    if (before.item == SVY_NODE_DOCUMENT || before.item == 0)
        return 0;
    const uint32_t holder = holder_of(iv, before);
    if (is_entry_node(iv, before) && (name == SVY_NAME_ANY || name == odk->items[before.item]->name)) {
        view->saw |= SVYI_POSITION;
        if (entry_from(view, before.item, holder, (int64_t)iv->entries[before.entry].ordinal - 1, -1, out))
            return 1;
    }
    for (uint32_t c = odk->previous_child[before.item]; c != 0; c = odk->previous_child[c])
        if ((name == SVY_NAME_ANY || odk->items[c]->name == name) && enter(view, c, holder, -1, out))
            return 1;
    return 0;
}

/* Among those beside it with its name. */
static uint32_t env_position(void *user, svy_node of)
{
    svyi_view *view = user;
    const svy_interview *iv = view->iv;
    uint32_t n = 1;
    svy_node at = of;

    if (of.item == SVY_NODE_DOCUMENT)
        return 1;
    if (of.tree == 0 && is_entry_node(iv, of) && (iv->odk->compat == SVY_COMPAT_WEB || svyi_item(iv, of.item)->relevant == 0)) {
        view->saw |= SVYI_POSITION;
        return iv->entries[of.entry].ordinal + 1;
    }
    const uint32_t name = of.tree != 0 ? iv->odk->trees[of.tree].nodes[of.item].name : iv->odk->items[of.item]->name;
    while (env_previous(user, at, name, &at))
        n++;
    return n;
}

static int env_parent(void *user, svy_node of, svy_node *out)
{
    const svy_interview *iv = ((svyi_view *)user)->iv;

    if (of.tree != 0)
        return svyi_tree_parent(iv->odk, of, out);
    if (of.item == SVY_NODE_DOCUMENT)
        return 0;
    *out = of.item == 0 ? (svy_node){ 0, SVY_NODE_DOCUMENT, 0 } : (svy_node){ 0, iv->odk->parent[of.item], holder_of(iv, of) };
    return 1;
}

static uint32_t env_name(void *user, svy_node of)
{
    const svyi_odk *odk = ((svyi_view *)user)->iv->odk;

    if (of.item == SVY_NODE_DOCUMENT)
        return SVY_NAME_NONE;
    return of.tree != 0 ? odk->trees[of.tree].nodes[of.item].name : odk->items[of.item]->name;
}

static const char *env_name_text(void *user, uint32_t name)
{
    const svy_interview *iv = ((svyi_view *)user)->iv;

    return name < iv->odk->n_names ? svy_form_name(iv->form, name) : "";
}

static uint64_t mix(uint64_t h, uint64_t x)
{
    h = (h ^ x) * 0x9E3779B97F4A7C15u;
    return h ^ h >> 29;
}

/* Keeps what a check reads: a fingerprint of the values, and the last question among them. */
static void watch(svyi_view *view, svy_node n, const char *text, uint32_t len)
{
    view->seen = mix(mix(view->seen, (uint64_t)n.item << 32 | n.entry), svyi_hash(text, len));
    if (svyi_item(view->iv, n.item)->kind == SVY_EL_QUESTION && svyi_node_on(view->iv, (svy_place){ n.item, n.entry }) &&
        (n.item > view->last.item || (n.item == view->last.item && n.entry > view->last.entry)))
        view->last = (svy_place){ n.item, n.entry };
}

static int env_text(void *user, svy_node of, const char **text, uint32_t *len)
{
    svyi_view *view = user;
    const svy_interview *iv = view->iv;

    if (of.tree != 0)
        return svyi_tree_text(iv, of, text, len);
    *text = "";
    *len = 0;
    if (of.item == SVY_NODE_DOCUMENT || !svyi_is_leaf(iv, of.item))
        return 0;
    *text = svyi_odk_visible(iv, (svy_place){ of.item, of.entry }, len);
    if (view->labelled)
        iv->odk->in_label[of.item] = 1;
    view->saw |= of.item == view->self && of.entry == view->origin ? SVYI_SELF : SVYI_OTHERS;
    if (view->watch)
        watch(view, of, *text, *len);
    return 1;
}

/* Climbs to the entry that both are in: there the items, or the places of two entries of one roster, tell. */
static int env_compare(void *user, svy_node a, svy_node b)
{
    const svy_interview *iv = ((svyi_view *)user)->iv;

    if (a.item == SVY_NODE_DOCUMENT || b.item == SVY_NODE_DOCUMENT)
        return (a.item != SVY_NODE_DOCUMENT) - (b.item != SVY_NODE_DOCUMENT);
    if (a.tree != 0)
        return a.item < b.item ? -1 : a.item > b.item;
    while (a.entry != b.entry) {
        svy_node *deeper = a.entry > b.entry ? &a : &b;          /* an entry is made after those around it */
        const svyi_entry *x = &iv->entries[a.entry], *y = &iv->entries[b.entry], *e = &iv->entries[deeper->entry];
        if (x->roster == y->roster && x->parent == y->parent)
            return x->ordinal < y->ordinal ? -1 : 1;
        *deeper = (svy_node){ 0, e->roster, e->parent };
    }
    const uint32_t x = iv->odk->order[a.item], y = iv->odk->order[b.item];
    return x < y ? -1 : x > y;
}

/* Indexes are made in passing: they are no part of the state. */
static int env_find(void *user, svy_node parent, uint32_t name, uint32_t key, const char *text, size_t len, const svy_node *after, svy_node *out)
{
    return svyi_tree_find(((svyi_view *)user)->iv, parent, name, key, text, len, after, out);
}

static int env_label(void *user, svy_node question, const char *value, size_t len, const char **text, uint32_t *text_len)
{
    svyi_view *view = user;

    view->saw |= SVYI_LABEL;
    if (question.tree != 0 || question.item == SVY_NODE_DOCUMENT || !svyi_is_leaf(view->iv, question.item))
        return 0;
    return svyi_odk_label(view, (svy_place){ question.item, question.entry }, value, len, text, text_len);
}

static int env_itext(void *user, const char *id, size_t len, const char **text, uint32_t *text_len)
{
    svyi_view *view = user;

    if (view->iv->odk->compat != SVY_COMPAT_WEB)       /* there a calculation does not follow the language of such a text */
        view->saw |= SVYI_LABEL;
    *text = svy_form_itext(view->iv->form, id, len, SVY_LABEL, view->iv->s.language);
    if (*text == NULL)
        return 0;
    *text_len = (uint32_t)strlen(*text);
    return 1;
}

static int env_property(void *user, const char *name, size_t len, const char **text, uint32_t *text_len)
{
    const svyi_odk *odk = ((svyi_view *)user)->iv->odk;

    for (size_t i = 0; i < odk->n_properties; i++)
        if (strlen(odk->properties[2 * i]) == len && memcmp(odk->properties[2 * i], name, len) == 0) {
            *text = odk->properties[2 * i + 1];
            *text_len = (uint32_t)strlen(*text);
            return 1;
        }
    return 0;
}

static svy_xpath_env make_env(svyi_view *view)
{
    const svy_interview *iv = view->iv;

    return (svy_xpath_env){ .user = view, .first = env_first, .next = env_next, .previous = env_previous, .parent = env_parent, .name = env_name,
                            .name_text = env_name_text, .text = env_text, .compare = env_compare, .find = env_find, .choice_label = env_label,
                            .itext = env_itext, .property = env_property, .position = env_position, .version = svy_form_version(iv->form), .now = iv->s.now,
                            .zone_minutes = iv->s.moment.zone_minutes, .seed = iv->s.seed, .draw = iv->s.sequence };
}

/* ---- Running ---- */

static svy_scratch *scratch_of(const svyi_view *view)
{
    return view->inner > 0 ? view->iv->odk->inner[view->inner - 1] : view->iv->scratch;
}

svy_status svyi_xpath(svyi_view *view, uint32_t rule, svy_place context, svy_xpath_value *value, svy_error *err)
{
    const svy_xpath_env env = make_env(view);

    if (view->inner == 0)
        svyi_arena_clear(&view->iv->odk->labels);
    view->origin = context.entry;
    view->self = context.item;
    return svy_xpath_run(view->iv->plan.rules[rule].code, &env, (svy_node){ 0, context.item, context.entry }, scratch_of(view), value, err);
}

/* What is wrong with the values that a rule meets is no failure of the interview. */
static int is_own_fault(svy_status st)
{
    return st != SVY_OK && st != SVY_E_NOMEM && st != SVY_E_LIMIT;
}

svy_status svyi_xpath_text_of(svyi_view *view, uint32_t rule, svy_place context, const char **text, uint32_t *len, svy_error *err)
{
    const svy_xpath_env env = make_env(view);
    svy_xpath_value value;
    svy_status st = svyi_xpath(view, rule, context, &value, err);

    *text = "";
    *len = 0;
    if (st == SVY_OK)
        st = svy_xpath_text(view->iv->plan.rules[rule].code, &env, scratch_of(view), &value, text, len, err);
    if (!is_own_fault(st))
        return st;
    *text = "";
    *len = 0;
    return SVY_OK;
}

/* A text as XPath reads it as a number: no exponent. */
static double as_number(const char *text, uint32_t len)
{
    double x;

    while (len > 0 && (text[0] == ' ' || (text[0] >= '\t' && text[0] <= '\r'))) {
        text++;
        len--;
    }
    while (len > 0 && (text[len - 1] == ' ' || (text[len - 1] >= '\t' && text[len - 1] <= '\r')))
        len--;
    return memchr(text, 'e', len) == NULL && memchr(text, 'E', len) == NULL && svyi_number_parse(text, len, &x) ? x : (double)NAN;
}

svy_status svyi_xpath_number_of(svyi_view *view, uint32_t rule, svy_place context, double *number, svy_error *err)
{
    const svy_xpath_env env = make_env(view);
    const char *text = "";
    svy_xpath_value value;
    uint32_t len = 0;
    svy_status st = svyi_xpath(view, rule, context, &value, err);

    *number = (double)NAN;
    if (st == SVY_OK && (value.type == SVY_X_NUMBER || value.type == SVY_X_BOOLEAN))
        *number = value.number;
    else if (st == SVY_OK && (st = svy_xpath_text(view->iv->plan.rules[rule].code, &env, scratch_of(view), &value, &text, &len, err)) == SVY_OK)
        *number = as_number(text, len);
    return is_own_fault(st) ? SVY_OK : st;
}

svy_status svyi_xpath_boolean_of(svyi_view *view, uint32_t rule, svy_place context, int otherwise, int *truth, svy_error *err)
{
    const svy_xpath_env env = make_env(view);
    svy_xpath_value value;
    svy_status st = svyi_xpath(view, rule, context, &value, err);

    *truth = otherwise;
    if (st == SVY_OK)
        *truth = svy_xpath_boolean(view->iv->plan.rules[rule].code, &env, &value);
    return is_own_fault(st) ? SVY_OK : st;
}

int svyi_xpath_true(const svy_interview *iv, uint32_t rule, svy_place context, int otherwise)
{
    svyi_view view = { .iv = iv };
    int truth;

    return svyi_xpath_boolean_of(&view, rule, context, otherwise, &truth, NULL) == SVY_OK ? truth : otherwise;
}

void svyi_odk_now(const svy_interview *iv, char *out, size_t size)
{
    const svy_moment m = iv->s.moment;
    const int64_t ms = m.utc_ms + (int64_t)m.zone_minutes * 60000;
    const int64_t seconds = ms >= 0 ? ms / 1000 : -((-ms + 999) / 1000);
    const int zone = m.zone_minutes < 0 ? -m.zone_minutes : m.zone_minutes;
    char local[32];

    local[svyi_datetime_format((double)seconds, local)] = '\0';
    (void)snprintf(out, size, "%s.%03d%c%02d:%02d", local, (int)(ms - seconds * 1000), m.zone_minutes < 0 ? '-' : '+', zone / 60, zone % 60);
}
