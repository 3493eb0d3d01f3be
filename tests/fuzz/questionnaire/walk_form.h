/* Calls everything that can be called on an opened form, so that a sanitizer sees whatever verifying it let through. */
#ifndef SVY_TEST_WALK_FORM_H
#define SVY_TEST_WALK_FORM_H
#include <stdlib.h>
#include <string.h>
#include <survey/questionnaire.h>

/* Bytes of everything that was read: keeps the compiler from leaving it out. */
static size_t walk_seen;

static inline void walk_text(const char *text) { walk_seen += strlen(text); }

static inline void walk_get(void *user, uint32_t symbol, uint32_t entry, svy_value *value)
{
    const svy_form *f = user;
    const svy_item *item = svy_form_item(f, symbol);    /* NULL would be a program that was not verified */
    (void)entry;
    *value = svy_value_missing(svy_type_kind((svy_type)item->type), SVY_NOT_REACHED);
    if (item->list != 0 && value->kind == SVY_K_CODE) {
        const svy_choice c = svy_form_choice(f, item->list, 0);
        *value = (svy_value){ .kind = SVY_K_CODE, .number = c.number, .text = c.code, .len = (uint32_t)strlen(c.code) };
    } else if (value->kind == SVY_K_NUMBER) {
        *value = (svy_value){ .kind = SVY_K_NUMBER, .number = 3, .text = "" };
    }
}

static inline uint32_t walk_next(void *user, uint32_t roster, uint32_t entry, uint32_t after) { (void)user, (void)roster, (void)entry; return after < 2 ? after + 1 : 0; }
static inline uint32_t walk_enclosing(void *user, uint32_t roster, uint32_t entry) { (void)user, (void)roster; return entry; }
static inline uint32_t walk_position(void *user, uint32_t entry) { (void)user; return entry; }

static inline int walk_label(void *user, uint32_t list, const char *code, size_t len, svy_value *text)
{
    const svy_form *f = user;
    uint32_t choice;
    const char *label = svy_form_find_choice(f, list, code, len, &choice) ? svy_form_choice_label(f, list, choice, 0) : "";
    *text = (svy_value){ .kind = SVY_K_TEXT, .text = label, .len = (uint32_t)strlen(label) };
    return 1;
}

static inline int walk_lookup(void *user, uint32_t list, const char *code, size_t len, const char *property, size_t property_len, svy_value *text)
{
    (void)property, (void)property_len;
    return walk_label(user, list, code, len, text);
}

static inline size_t walk_fill(void *user, uint32_t item, char *out, size_t size)
{
    const char *id = svy_form_item_id(user, item);
    const size_t len = strlen(id);
    if (size > 0) {
        memcpy(out, id, len < size ? len : size - 1);
        out[len < size ? len : size - 1] = '\0';
    }
    return len;
}

static inline void walk_item(svy_form *f, uint32_t i)
{
    char out[64];
    uint32_t n, found, sum = 0;
    const svy_item *item = svy_form_item(f, i);
    const char *id = svy_form_item_id(f, i);

    for (uint32_t lang = 0; lang <= svy_form_languages(f); lang++)
        for (int role = 0; role <= 14; role++) {
            const char *text = svy_form_text(f, i, (svy_role)role, lang);
            walk_text(text);
            walk_seen += svy_form_fill(f, text, walk_fill, f, out, sizeof out);
            walk_seen += strlen(out);
        }
    if (id[0] != '\0' && i > 0 && (!svy_form_find(f, id, strlen(id), &found) || found != i))
        abort();
    walk_text(svy_form_parameter(f, i));
    walk_text(svy_form_outcome(f, i));
    walk_text(svy_form_unit(f, i));
    walk_text(svy_form_appearance(f, i));
    const uint32_t *keep = svy_form_keep(f, i, &n);
    for (uint32_t k = 0; k < n; k++)
        sum += svy_form_item(f, keep[k])->kind;
    const uint32_t *rules = svy_form_dependents(f, i, &n);
    for (uint32_t k = 0; k < n; k++)
        sum += svy_form_rule(f, rules[k]).rank;
    for (uint32_t c = item->first_check; c < item->first_check + item->n_checks; c++)
        sum += svy_form_check(f, c)->that;
    if (item->end <= i || item->end > svy_form_items(f) || (i > 0 && item->parent >= i))
        abort();
    walk_seen += sum;
}

static inline void walk_lists(svy_form *f)
{
    uint32_t found, hits[8];
    for (uint32_t l = 0; l <= svy_form_lists(f) + 1; l++) {
        const svy_list list = svy_form_list(f, l);
        walk_text(list.id);
        for (uint32_t c = 0; c <= list.n_choices; c++) {
            const svy_choice choice = svy_form_choice(f, l, c);
            walk_text(choice.parent);
            walk_text(svy_form_choice_label(f, l, c, 1));
            if (c < list.n_choices && (!svy_form_find_choice(f, l, choice.code, strlen(choice.code), &found) || (svy_form_is_odk(f) ? found > c : found != c)))
                abort();
        }
        walk_seen += svy_form_search(f, l, 1, "a", 1, hits, 8);
    }
}

static inline void walk_rules(svy_form *f)
{
    svy_scratch *scratch = NULL;
    if (svy_scratch_new(NULL, &scratch, NULL) != SVY_OK)
        return;
    for (uint32_t r = 0; r <= svy_form_rules(f) + 1; r++) {
        const svy_rule rule = svy_form_rule(f, r);
        const svy_env env = { .user = f, .get = walk_get, .next_entry = walk_next, .enclosing = walk_enclosing, .position = walk_position,
                              .label = walk_label, .lookup = walk_lookup, .now = 1.8e9, .seed = 7 };
        svy_value value;
        walk_text(rule.text);
        if (rule.code.size > 0 && !svy_form_is_odk(f) && svy_code_run(rule.code, &env, 1, scratch, &value, NULL) == SVY_OK && value.len > 0)
            walk_seen += (unsigned char)value.text[value.len - 1];
    }
    svy_scratch_free(scratch);
}

/* ---- forms with ODK's expressions ---- */

static inline void walk_trees(const svy_form *f)
{
    for (uint32_t t = 0; t <= svy_form_trees(f); t++) {
        uint32_t n, items = 0;
        const svy_tree_node *nodes = svy_form_tree(f, t, &n);
        walk_text(svy_form_tree_id(f, t));
        for (uint32_t i = 0; i < n; i++) {
            if (nodes[i].name >= svy_form_names(f) || (i == 0) != (nodes[i].parent == UINT32_MAX) || (i > 0 && nodes[i].parent >= i) || nodes[i].end <= i)
                abort();
            items += nodes[i].parent == 0;
            walk_text(svy_form_name(f, nodes[i].name));
            walk_text(svy_form_string(f, nodes[i].text));
        }
        if (svy_form_tree_list(f, t) != 0 && items != svy_form_list(f, svy_form_tree_list(f, t)).n_choices)
            abort();
    }
}

static inline void walk_nodes(const svy_form *f)
{
    uint32_t n;
    const svy_tree_node *record = svy_form_tree(f, 0, &n);
    for (uint32_t i = 0; i < svy_form_items(f); i++) {
        const svy_odk_item *d = svy_form_odk_item(f, i);
        if (d->record != UINT32_MAX && (d->record >= n || record[d->record].name != d->name))
            abort();
        walk_text(svy_form_string(f, d->preload));
        walk_text(svy_form_string(f, d->bind_type));
        walk_text(svy_form_attribute(f, i, "start"));
        for (uint32_t s = d->first_set; s < d->first_set + d->n_sets; s++)
            if (svy_form_set(f, s)->item != i || svy_form_odk_item(f, svy_form_set(f, s)->target)->name == SVY_NAME_NONE)
                abort();
    }
    for (uint32_t r = 1; r <= svy_form_rules(f); r++) {
        const svy_rule rule = svy_form_rule(f, r);
        if (rule.purpose == SVY_FOR_OUTPUT && rule.text[0] != '\0')
            walk_seen += svy_form_find_output(f, rule.owner, rule.text, strlen(rule.text));
    }
}

static inline size_t walk_output(void *user, uint32_t rule, char *out, size_t size)
{
    walk_seen += rule;
    return walk_fill(user, 0, out, size);
}

static inline void walk_odk(svy_form *f)
{
    char out[64];
    walk_trees(f);
    walk_nodes(f);
    walk_seen += svy_form_itext(f, "a", 1, SVY_LABEL, 1) != NULL;
    for (uint32_t i = 0; i < svy_form_items(f); i++)
        walk_seen += svy_form_fill_outputs(f, i, svy_form_text(f, i, SVY_LABEL, 0), walk_output, f, out, sizeof out);
    for (uint32_t l = 1; l <= svy_form_lists(f); l++)
        for (uint32_t c = 0; c < svy_form_list(f, l).n_choices; c++)
            for (int role = 0; role <= 14; role++)
                walk_text(svy_form_choice_text(f, l, c, (svy_role)role, 1));
}

static inline void walk_form(svy_form *f)
{
    walk_text(svy_form_id(f));
    walk_text(svy_form_version(f));
    for (uint32_t lang = 0; lang <= svy_form_languages(f); lang++) {
        walk_text(svy_form_language(f, lang));
        walk_seen += (size_t)(svy_form_find_language(f, svy_form_language(f, lang)) + 1);
    }
    for (uint32_t i = 0; i < svy_form_items(f); i++)
        walk_item(f, i);
    for (uint32_t c = 0; c < svy_form_checks(f); c++)
        walk_text(svy_form_check_text(f, c, 1));
    walk_lists(f);
    walk_rules(f);
    if (svy_form_is_odk(f))
        walk_odk(f);
}
#endif
