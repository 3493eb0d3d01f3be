/* Reading an opened form: items, texts, checks, lists and rules. Everything was verified when it was opened. */
#include <string.h>

#include "base/text.h"
#include "questionnaire/block_priv.h"

static const char *text(const svy_form *f, uint32_t at)
{
    return f->texts + at;
}

/* A unit in a language, or in the source language where there is no translation. */
const char *svyi_b_unit_text(const svy_form *f, uint32_t unit, uint32_t lang)
{
    const uint32_t n = f->meta->n_units;
    const uint32_t own = lang < f->n[SVYI_B_LANGUAGES] ? f->units[(size_t)lang * n + unit] : 0;

    return text(f, own != 0 ? own : f->units[unit]);
}

const char *svy_form_id(const svy_form *f) { return text(f, f->meta->id); }
const char *svy_form_version(const svy_form *f) { return text(f, f->meta->version); }
uint64_t svy_form_checksum(const svy_form *f) { return f->checksum; }
uint32_t svy_form_languages(const svy_form *f) { return f->n[SVYI_B_LANGUAGES]; }

const char *svy_form_language(const svy_form *f, uint32_t lang)
{
    return lang < f->n[SVYI_B_LANGUAGES] ? text(f, f->languages[lang]) : "";
}

/* ---- Languages ---- */

/* Length of the primary subtag. */
static size_t primary(const char *tag)
{
    return strcspn(tag, "-_");
}

static uint32_t tag_letter(char c)
{
    return c == '_' ? '-' : svyi_lower((unsigned char)c);
}

static int same_letters(const char *a, const char *b, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (tag_letter(a[i]) != tag_letter(b[i]) || a[i] == '\0')
            return 0;
    return 1;
}

int svy_form_find_language(const svy_form *f, const char *tag)
{
    const size_t len = strlen(tag), own = primary(tag);

    for (uint32_t i = 0; i < f->n[SVYI_B_LANGUAGES]; i++)
        if (strlen(svy_form_language(f, i)) == len && same_letters(tag, svy_form_language(f, i), len))
            return (int)i;
    for (uint32_t i = 0; i < f->n[SVYI_B_LANGUAGES] && own > 0; i++)
        if (primary(svy_form_language(f, i)) == own && same_letters(tag, svy_form_language(f, i), own))
            return (int)i;
    return -1;
}

/* ---- Items ---- */

uint32_t svy_form_items(const svy_form *f) { return f->n[SVYI_B_ITEMS]; }
const svy_item *svy_form_item(const svy_form *f, uint32_t item) { return item < f->n[SVYI_B_ITEMS] ? &f->items[item] : NULL; }

const char *svy_form_item_id(const svy_form *f, uint32_t item)
{
    return item < f->n[SVYI_B_ITEMS] ? text(f, f->names[item].id) : "";
}

int svyi_b_compare(const char *name, size_t len, const char *with)
{
    const int order = strncmp(name, with, len);

    return order != 0 ? order : with[len] != '\0' ? -1 : 0;
}

int svy_form_find(const svy_form *f, const char *id, size_t len, uint32_t *item)
{
    uint32_t low = 0, high = f->n[SVYI_B_IDS];

    *item = 0;
    if (len == 0 || memchr(id, '\0', len) != NULL)
        return 0;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        const int order = svyi_b_compare(id, len, text(f, f->names[f->ids[middle]].id));
        if (order == 0) {
            *item = f->ids[middle];
            return 1;
        }
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return 0;
}

const char *svyi_b_role_text(const svy_form *f, uint32_t unit, uint32_t roles, svy_role role, uint32_t lang)
{
    if (role < SVY_TITLE || role > SVY_VIDEO || (roles >> (role - 1) & 1) == 0)
        return "";
    for (uint32_t bits = roles & ((1u << (role - 1)) - 1); bits != 0; bits &= bits - 1)
        unit++;
    return svyi_b_unit_text(f, unit, lang);
}

const char *svy_form_text(const svy_form *f, uint32_t item, svy_role role, uint32_t lang)
{
    return item < f->n[SVYI_B_ITEMS] ? svyi_b_role_text(f, f->names[item].first_unit, f->names[item].roles, role, lang) : "";
}

static const char *value_of(const svy_form *f, uint32_t item, uint32_t kind)
{
    return item < f->n[SVYI_B_ITEMS] && f->items[item].kind == kind ? text(f, f->names[item].value) : "";
}

const char *svy_form_parameter(const svy_form *f, uint32_t item) { return value_of(f, item, SVY_EL_PARAMETER); }
const char *svy_form_outcome(const svy_form *f, uint32_t item) { return value_of(f, item, SVY_EL_END); }
const char *svy_form_unit(const svy_form *f, uint32_t item) { return item < f->n[SVYI_B_ITEMS] ? text(f, f->names[item].unit) : ""; }
const char *svy_form_appearance(const svy_form *f, uint32_t item) { return item < f->n[SVYI_B_ITEMS] ? text(f, f->names[item].appearance) : ""; }

const uint32_t *svy_form_keep(const svy_form *f, uint32_t item, uint32_t *n)
{
    *n = item < f->n[SVYI_B_ITEMS] ? f->items[item].n_keep : 0;
    return *n > 0 ? &f->keeps[f->items[item].first_keep] : NULL;
}

/* ---- Checks ---- */

uint32_t svy_form_checks(const svy_form *f) { return f->n[SVYI_B_CHECKS]; }
const svy_check *svy_form_check(const svy_form *f, uint32_t check) { return check < f->n[SVYI_B_CHECKS] ? &f->checks[check] : NULL; }

const char *svy_form_check_text(const svy_form *f, uint32_t check, uint32_t lang)
{
    return check < f->n[SVYI_B_CHECKS] ? svyi_b_unit_text(f, f->meta->first_check_unit + check, lang) : "";
}

/* ---- Lists ---- */

uint32_t svy_form_lists(const svy_form *f) { return f->n[SVYI_B_LISTS]; }

svy_list svy_form_list(const svy_form *f, uint32_t list)
{
    if (list < 1 || list > f->n[SVYI_B_LISTS])
        return (svy_list){ .id = "" };
    const svyi_b_list *l = &f->lists[list - 1];
    return (svy_list){ .id = text(f, l->id), .order = l->order, .numeric = l->numeric, .n_choices = l->n };
}

/* The record of a choice, NULL when there is none. */
static const svyi_b_choice *choice_at(const svy_form *f, uint32_t list, uint32_t choice)
{
    if (list < 1 || list > f->n[SVYI_B_LISTS] || choice >= f->lists[list - 1].n)
        return NULL;
    return &f->choices[f->lists[list - 1].first + choice];
}

svy_choice svy_form_choice(const svy_form *f, uint32_t list, uint32_t choice)
{
    const svyi_b_choice *c = choice_at(f, list, choice);

    if (c == NULL)
        return (svy_choice){ .code = "", .parent = "" };
    return (svy_choice){ .code = text(f, c->code), .parent = text(f, c->parent), .number = c->number, .relevant = c->relevant, .flags = c->flags,
                         .missing = c->missing, .valid_from = c->valid_from, .valid_to = c->valid_to };
}

const char *svy_form_choice_label(const svy_form *f, uint32_t list, uint32_t choice, uint32_t lang)
{
    if (choice_at(f, list, choice) == NULL)
        return "";
    return svyi_b_unit_text(f, f->meta->first_choice_unit + f->lists[list - 1].first + choice, lang);
}

int svy_form_find_choice(const svy_form *f, uint32_t list, const char *code, size_t len, uint32_t *choice)
{
    *choice = 0;
    if (list < 1 || list > f->n[SVYI_B_LISTS] || (len > 0 && memchr(code, '\0', len) != NULL))
        return 0;
    const svyi_b_list *l = &f->lists[list - 1];
    uint32_t low = 0, high = l->n;
    while (low < high) {                 /* the first that is not before it: of choices with one code, the first in the list */
        const uint32_t middle = low + (high - low) / 2;
        if (svyi_b_compare(code, len, text(f, f->choices[l->first + f->codes[l->first + middle]].code)) <= 0)
            high = middle;
        else
            low = middle + 1;
    }
    if (low == l->n || svyi_b_compare(code, len, text(f, f->choices[l->first + f->codes[l->first + low]].code)) != 0)
        return 0;
    *choice = f->codes[l->first + low];
    return 1;
}

/* ---- Rules ---- */

uint32_t svy_form_rules(const svy_form *f) { return f->n[SVYI_B_RULES]; }

svy_rule svy_form_rule(const svy_form *f, uint32_t rule)
{
    if (rule < 1 || rule > f->n[SVYI_B_RULES])
        return (svy_rule){ .text = "" };
    const svyi_b_rule *r = &f->rules[rule - 1];
    return (svy_rule){ .code = { f->programs + r->at, r->size }, .text = text(f, r->text), .owner = r->owner, .purpose = r->purpose,
                       .rank = r->rank, .uses_clock = r->uses_clock, .uses_position = (r->flags & SVYI_B_POSITION) != 0,
                       .uses_labels = (r->flags & SVYI_B_LABELS) != 0, .reads_back = (r->flags & SVYI_B_BACK) != 0 };
}

const uint32_t *svy_form_dependents(const svy_form *f, uint32_t item, uint32_t *n)
{
    *n = item < f->n[SVYI_B_ITEMS] ? f->firsts[item + 1] - f->firsts[item] : 0;
    return *n > 0 ? &f->dependents[f->firsts[item]] : NULL;
}
