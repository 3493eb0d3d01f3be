/* Verifying a compiled form that comes from outside, so that whatever reads it later needs no checks: every number in range, every
   text a text, the items a tree, tables sorted, programs safe, and no rule before what it depends on. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "questionnaire/block_priv.h"

enum { DEPTH = 66 /* the builder's 64, the row of a grid, and room */ };

svy_status svyi_b_damaged(svy_error *err, const char *what, uint32_t number)
{
    return svyi_fail(err, SVY_E_FORMAT, "the compiled questionnaire is damaged: %s (number %u)", what, number);
}

#define TRY SVYI_B_TRY
#define PASS SVYI_B_PASS

int svyi_b_is_text(const svy_form *f, uint32_t at)
{
    return at == 0 || (at < f->n[SVYI_B_TEXTS] && f->texts[at - 1] == '\0');
}

static svy_status check_texts(const svy_form *f, svy_error *err)
{
    const uint32_t n = f->n[SVYI_B_TEXTS];

    TRY(n > 0 && f->texts[0] == '\0' && f->texts[n - 1] == '\0', "its texts have no end", n);
    for (uint32_t at = 0; at < n; ) {
        const size_t len = strlen(f->texts + at);
        TRY(svyi_utf8_valid(f->texts + at, len), "a text is not UTF-8", at);
        at += (uint32_t)len + 1;
    }
    return SVY_OK;
}

static svy_status check_counts(const svy_form *f, svy_error *err)
{
    const uint32_t *n = f->n;

    TRY(n[SVYI_B_META] == 1, "it has no head", n[SVYI_B_META]);
    TRY(svyi_b_is_text(f, f->meta->id) && svyi_b_is_text(f, f->meta->version), "its name is no text", 0);
    TRY(n[SVYI_B_ITEMS] >= 1 && n[SVYI_B_NAMES] == n[SVYI_B_ITEMS] && n[SVYI_B_FIRSTS] == n[SVYI_B_ITEMS] + 1, "tables of items differ in length",
        n[SVYI_B_ITEMS]);
    TRY(n[SVYI_B_CODES] == n[SVYI_B_CHOICES], "tables of choices differ in length", n[SVYI_B_CHOICES]);
    TRY(n[SVYI_B_LANGUAGES] >= 1 && (uint64_t)n[SVYI_B_LANGUAGES] * f->meta->n_units == n[SVYI_B_UNITS], "tables of texts differ in length",
        n[SVYI_B_UNITS]);
    TRY(f->meta->first_check_unit <= f->meta->n_units && f->meta->n_units - f->meta->first_check_unit >= n[SVYI_B_CHECKS], "checks have no texts", 0);
    TRY(f->meta->first_choice_unit <= f->meta->n_units && f->meta->n_units - f->meta->first_choice_unit >= n[SVYI_B_CHOICES], "choices have no texts", 0);
    for (uint32_t i = 0; i < n[SVYI_B_UNITS]; i++)
        TRY(svyi_b_is_text(f, f->units[i]), "an entry of the table of texts is no text", i);
    for (uint32_t i = 0; i < n[SVYI_B_LANGUAGES]; i++)
        TRY(svyi_b_is_text(f, f->languages[i]), "a language is no text", i);
    TRY(f->meta->odk <= 1 + SVY_COMPAT_WEB, "it is of an unknown kind", f->meta->odk);
    TRY((f->meta->odk != 0) == svyi_b_is_odk(f), "it is a form of the ODK world, which this engine was built without", f->meta->odk);
    return SVY_OK;
}

/* ---- Items ---- */

static int holds_items(uint32_t kind)
{
    return kind == SVY_EL_QUESTIONNAIRE || kind == SVY_EL_SECTION || kind == SVY_EL_ROSTER || kind == SVY_EL_GRID;
}

static int is_coded(uint32_t type)
{
    return type == SVY_T_SINGLE || type == SVY_T_MULTIPLE || type == SVY_T_RANKING;
}

static int is_kind(uint32_t kind)
{
    return kind >= SVY_EL_PARAMETER && kind <= SVY_EL_END && kind != SVY_EL_CHOICES && kind != SVY_EL_CHOICE && kind != SVY_EL_ROW && kind != SVY_EL_CHECK;
}

/* Of those that an ODK form does not have. */
static int is_typed_kind(const svy_item *d)
{
    return d->kind == SVY_EL_PARAMETER || d->kind == SVY_EL_GRID || d->kind == SVY_EL_NOTE || d->kind == SVY_EL_END ||
           (d->flags & (SVY_ITEM_OTHER | SVY_ITEM_ROW | SVY_ITEM_FOR)) != 0;
}

/* What the kind of an item allows. */
static svy_status check_kind(const svy_form *f, uint32_t i, svy_error *err)
{
    const svy_item *d = &f->items[i];
    const uint32_t parent = f->items[d->parent].kind;
    const int valued = d->kind == SVY_EL_QUESTION || d->kind == SVY_EL_COMPUTE || d->kind == SVY_EL_PARAMETER;

    TRY(i == 0 ? d->kind == SVY_EL_QUESTIONNAIRE : is_kind(d->kind), "an item is of no known kind", i);
    TRY(!svyi_b_is_odk(f) || !is_typed_kind(d), "an item cannot stand in an ODK form", i);
    TRY(holds_items(d->kind) || d->end == i + 1, "an item holds others", i);
    TRY(d->kind != SVY_EL_PARAMETER || i == 1 || f->items[i - 1].kind == SVY_EL_PARAMETER, "a parameter stands among the questions", i);
    TRY(i == 0 || holds_items(parent), "an item stands in one that holds none", i);
    TRY(i == 0 || parent != SVY_EL_GRID || d->kind == SVY_EL_QUESTION, "a grid holds more than rows", i);
    TRY(d->flags < SVY_ITEM_FOR << 1, "an item has unknown flags", i);
    TRY(((d->flags & SVY_ITEM_ROW) != 0) == (i > 0 && parent == SVY_EL_GRID && (d->flags & SVY_ITEM_OTHER) == 0), "a row is not in its grid", i);
    TRY(d->kind == SVY_EL_ROSTER || (d->flags & (SVY_ITEM_OPEN | SVY_ITEM_FOR)) == 0, "an item repeats that is no roster", i);
    TRY(valued == (d->type != SVY_T_NONE) && d->type <= (svyi_b_is_odk(f) ? SVY_T_ACKNOWLEDGE : SVY_T_KEY), "an item has a wrong type", i);
    TRY(d->list <= f->n[SVYI_B_LISTS] && (!is_coded(d->type) || d->list != 0 || svyi_b_is_odk(f)), "an item has no list", i);
    TRY(d->list == 0 || (valued && (is_coded(d->type) || d->kind != SVY_EL_QUESTION)), "an item has a list and cannot", i);
    return SVY_OK;
}

static svy_status check_rule_of(const svy_form *f, uint32_t i, uint32_t rule, uint32_t purpose, int allowed, svy_error *err)
{
    if (rule == 0)
        return SVY_OK;
    TRY(rule <= f->n[SVYI_B_RULES] && allowed, "an item has a rule that is not there", i);
    TRY(f->rules[rule - 1].purpose == purpose && f->rules[rule - 1].owner == i, "an item has the rule of another", i);
    return SVY_OK;
}

static svy_status check_item_rules(const svy_form *f, uint32_t i, svy_error *err)
{
    const svy_item *d = &f->items[i];
    const int question = d->kind == SVY_EL_QUESTION, odk = svyi_b_is_odk(f);

    PASS(check_rule_of(f, i, d->relevant, SVY_FOR_RELEVANT, i > 0 && d->kind != SVY_EL_PARAMETER && (odk || d->kind != SVY_EL_COMPUTE), err));
    PASS(check_rule_of(f, i, d->required, SVY_FOR_REQUIRED, question || (odk && i > 0), err));
    PASS(check_rule_of(f, i, d->preset, SVY_FOR_PRESET, question && !odk, err));
    PASS(check_rule_of(f, i, d->value, SVY_FOR_VALUE, d->kind == SVY_EL_COMPUTE || d->kind == SVY_EL_END || d->kind == SVY_EL_ROSTER ||
                       (odk && question), err));
    TRY((d->kind != SVY_EL_COMPUTE && d->kind != SVY_EL_END) || d->value != 0 || odk, "an item has no value", i);
    TRY(d->kind != SVY_EL_ROSTER || (d->value != 0) + ((d->flags & SVY_ITEM_OPEN) != 0) + ((d->flags & SVY_ITEM_FOR) != 0) +
        (odk && (f->nodes[i].flags & SVY_ODK_FIXED) && (d->flags & SVY_ITEM_OPEN) == 0 && d->value == 0) == 1,
        "a roster has no number of entries, or two", i);
    PASS(check_rule_of(f, i, d->filter, SVY_FOR_FILTER, question && d->list != 0 && !odk, err));
    TRY(d->n_checks <= f->n[SVYI_B_CHECKS] && d->first_check <= f->n[SVYI_B_CHECKS] - d->n_checks, "an item has checks that are not there", i);
    for (uint32_t c = d->first_check; c < d->first_check + d->n_checks; c++)
        TRY(f->checks[c].item == i, "an item has the check of another", i);
    TRY(d->n_keep <= f->n[SVYI_B_KEEPS] && d->first_keep <= f->n[SVYI_B_KEEPS] - d->n_keep, "an end keeps what is not there", i);
    TRY(d->kind == SVY_EL_END || d->n_keep == 0, "an item keeps sections that is no end", i);
    return SVY_OK;
}

/* 1 when the entries of `roster` are known inside an item whose innermost roster is `from`. Rosters lie before what is in them. */
static int visible(const svy_form *f, uint32_t roster, uint32_t from)
{
    while (from != roster && from != 0)
        from = f->items[from].roster;
    return from == roster;
}

static svy_status check_of(const svy_form *f, uint32_t i, svy_error *err)
{
    const svy_item *d = &f->items[i];

    if (d->flags & SVY_ITEM_OTHER) {
        TRY(d->kind == SVY_EL_QUESTION && d->type == SVY_T_TEXT && i >= 2 && d->of == i - 1 && d->relevant != 0, "the text of a choice has no question", i);
        TRY(f->items[i - 1].of == i && f->items[i - 1].kind == SVY_EL_QUESTION && (f->items[i - 1].flags & SVY_ITEM_OTHER) == 0 &&
            f->items[i - 1].list != 0, "the text of a choice has no question", i);
        TRY(f->items[i - 1].parent == d->parent, "the text of a choice stands elsewhere", i);
    } else if (d->kind == SVY_EL_QUESTION && d->of != 0) {
        TRY(d->of == i + 1 && d->of < f->n[SVYI_B_ITEMS] && (f->items[d->of].flags & SVY_ITEM_OTHER) != 0, "a question has no text of a choice", i);
    } else if (d->flags & SVY_ITEM_FOR) {
        TRY(d->of != 0 && d->of < f->n[SVYI_B_ITEMS] && (d->of < i || d->of >= d->end) && d->value == 0, "a roster is for no question", i);
        TRY(f->items[d->of].type == SVY_T_MULTIPLE || f->items[d->of].type == SVY_T_RANKING, "a roster is for a question without several codes", i);
        TRY(f->items[d->of].roster < f->n[SVYI_B_ITEMS] && visible(f, f->items[d->of].roster, d->roster), "a roster is for a question elsewhere", i);
    } else {
        TRY(d->of == 0, "an item belongs to another", i);
    }
    return SVY_OK;
}

/* The items are a tree in document order, and know the roster they are in. */
static svy_status check_tree(const svy_form *f, svy_error *err)
{
    uint32_t open[DEPTH] = { 0 }, rosters[DEPTH] = { 0 }, depth = 1;
    const uint32_t n = f->n[SVYI_B_ITEMS];

    TRY(f->items[0].end == n && f->items[0].parent == 0 && f->items[0].roster == 0, "the questionnaire does not hold its items", 0);
    PASS(check_kind(f, 0, err));
    for (uint32_t i = 1; i < n; i++) {
        const svy_item *d = &f->items[i];
        while (i >= f->items[open[depth - 1]].end)
            depth--;                                 /* the questionnaire itself ends last */
        TRY(d->parent == open[depth - 1] && d->roster == rosters[depth - 1], "an item does not stand where it says", i);
        TRY(d->end > i && d->end <= f->items[d->parent].end, "an item ends outside of what it stands in", i);
        PASS(check_kind(f, i, err));
        if (d->end > i + 1) {
            TRY(depth < DEPTH, "items are nested too deep", i);
            open[depth] = i;
            rosters[depth] = d->kind == SVY_EL_ROSTER ? i : d->roster;
            depth++;
        }
    }
    for (uint32_t i = 0; i < n; i++) {
        PASS(check_item_rules(f, i, err));
        PASS(check_of(f, i, err));
    }
    return SVY_OK;
}

static svy_status check_names(const svy_form *f, svy_error *err)
{
    const uint32_t n = f->n[SVYI_B_ITEMS];
    uint32_t with_id = 0;

    for (uint32_t i = 0; i < n; i++) {
        const svyi_b_name *m = &f->names[i];
        uint32_t texts = 0;
        TRY(svyi_b_is_text(f, m->id) && svyi_b_is_text(f, m->value) && svyi_b_is_text(f, m->unit) && svyi_b_is_text(f, m->appearance), "a name is no text", i);
        for (uint32_t bits = m->roles; bits != 0; bits &= bits - 1)
            texts++;
        TRY(m->roles < 1u << (svyi_b_is_odk(f) ? SVY_VIDEO : SVY_TEXT) && m->first_unit <= f->meta->n_units && f->meta->n_units - m->first_unit >= texts, "an item has texts that are not there", i);
        with_id += i > 0 && m->id != 0;
    }
    TRY(f->n[SVYI_B_IDS] == with_id, "the table of ids has another length", with_id);
    for (uint32_t k = 0; k < with_id; k++) {
        TRY(f->ids[k] > 0 && f->ids[k] < n && f->names[f->ids[k]].id != 0, "the table of ids names no item", k);
        TRY(k == 0 || strcmp(f->texts + f->names[f->ids[k - 1]].id, f->texts + f->names[f->ids[k]].id) < 0, "the table of ids is not sorted", k);
    }
    for (uint32_t k = 0; k < f->n[SVYI_B_KEEPS]; k++)
        TRY(f->keeps[k] < n && f->items[f->keeps[k]].kind == SVY_EL_SECTION, "an end keeps what is no section", k);
    return SVY_OK;
}

/* ---- Lists ---- */

static svy_status check_choice(const svy_form *f, const svyi_b_list *l, uint32_t list, uint32_t at, svy_error *err)
{
    const svyi_b_choice *c = &f->choices[at];

    TRY(svyi_b_is_text(f, c->code) && (c->code != 0 || svyi_b_is_odk(f)) && svyi_b_is_text(f, c->parent), "a choice has no code", at);
    TRY(svyi_b_is_odk(f) || strpbrk(f->texts + c->code, " \t\r\n") == NULL, "a code has a blank in it", at);
    TRY(c->flags <= (SVY_CHOICE_EXCLUSIVE | SVY_CHOICE_OTHER) && c->missing <= SVY_NOT_STATED, "a choice has unknown flags", at);
    TRY(isfinite(c->number) && (l->numeric || c->number == 0), "a code has no number", at);
    TRY(c->relevant <= f->n[SVYI_B_RULES], "a choice has a rule that is not there", at);
    TRY(c->relevant == 0 || (f->rules[c->relevant - 1].purpose == SVY_FOR_CHOICE && f->rules[c->relevant - 1].owner == list),
        "a choice has the rule of another", at);
    return SVY_OK;
}

/* The same code may stand twice in an ODK form: the first comes first. */
static int codes_in_order(const svy_form *f, const svyi_b_list *l, uint32_t a, uint32_t b)
{
    const int order = strcmp(f->texts + f->choices[l->first + a].code, f->texts + f->choices[l->first + b].code);

    return order < 0 || (order == 0 && a < b && svyi_b_is_odk(f));
}

static svy_status check_lists(const svy_form *f, svy_error *err)
{
    uint32_t next = 0;

    for (uint32_t i = 0; i < f->n[SVYI_B_LISTS]; i++) {
        const svyi_b_list *l = &f->lists[i];
        TRY(svyi_b_is_text(f, l->id) && l->order <= SVY_ORDER_ROTATE && l->numeric <= 1, "a list is not as it should be", i);
        TRY(l->first == next && (l->n > 0 || svyi_b_is_odk(f)) && l->n <= f->n[SVYI_B_CHOICES] - next, "a list has choices that are not there", i);
        for (uint32_t k = 0; k < l->n; k++)
            PASS(check_choice(f, l, i + 1, l->first + k, err));
        for (uint32_t k = 0; k < l->n; k++) {
            const uint32_t *sorted = &f->codes[l->first];
            TRY(sorted[k] < l->n, "the table of codes names no choice", l->first + k);
            TRY(k == 0 || codes_in_order(f, l, sorted[k - 1], sorted[k]), "the table of codes is not sorted", l->first + k);
        }
        next += l->n;
    }
    TRY(next == f->n[SVYI_B_CHOICES], "a choice is in no list", next);
    return SVY_OK;
}

/* ---- Rules ---- */

static int owner_exists(const svy_form *f, const svyi_b_rule *r)
{
    if (r->purpose == SVY_FOR_CHECK)
        return r->owner < f->n[SVYI_B_CHECKS];
    if (r->purpose == SVY_FOR_CHOICE)
        return r->owner >= 1 && r->owner <= f->n[SVYI_B_LISTS];
    if (r->purpose == SVY_FOR_SET)
        return r->owner < f->n[SVYI_B_SETS];
    return r->owner < f->n[SVYI_B_ITEMS];
}

static int is_purpose(const svy_form *f, uint32_t purpose)
{
    if (svyi_b_is_odk(f))
        return purpose >= SVY_FOR_RELEVANT && purpose <= SVY_FOR_OUTPUT && purpose != SVY_FOR_PRESET && purpose != SVY_FOR_FILTER && purpose != SVY_FOR_CHOICE;
    return purpose >= SVY_FOR_RELEVANT && purpose <= SVY_FOR_CHOICE;
}

static svy_status check_program(const svy_form *f, const svyi_b_rule *r, svy_error *err)
{
    const svy_code code = { f->programs + r->at, r->size };

    if (svyi_b_is_odk(f))
        return svy_xpath_verify(code, f->n[SVYI_B_ITEMS], f->n[SVYI_B_NODE_NAMES], f->n[SVYI_B_TREES], err);
    return svy_code_verify(code, f->n[SVYI_B_ITEMS], f->n[SVYI_B_LISTS], err);
}

static svy_status check_rules(const svy_form *f, svy_error *err)
{
    for (uint32_t i = 0; i < f->n[SVYI_B_RULES]; i++) {
        const svyi_b_rule *r = &f->rules[i];
        TRY(is_purpose(f, r->purpose) && owner_exists(f, r), "a rule belongs to nothing", i + 1);
        TRY(svyi_b_is_text(f, r->text) && r->uses_clock <= 1 && r->rank >= 1 && r->rank <= f->n[SVYI_B_RULES], "a rule is not as it should be", i + 1);
        TRY(r->at % 4 == 0 && r->at <= f->n[SVYI_B_PROGRAMS] && r->size <= f->n[SVYI_B_PROGRAMS] - r->at, "a program lies outside", i + 1);
        TRY(r->flags <= (svyi_b_is_odk(f) ? SVYI_B_POSITION | SVYI_B_LABELS | SVYI_B_BACK : 0), "a rule has unknown flags", i + 1);
        PASS(check_program(f, r, err));
    }
    for (uint32_t c = 0; c < f->n[SVYI_B_CHECKS]; c++) {
        const svy_check *k = &f->checks[c];
        TRY(k->item < f->n[SVYI_B_ITEMS] && c - f->items[k->item].first_check < f->items[k->item].n_checks && k->soft <= 1, "a check belongs to nothing", c);
        TRY(k->that >= 1 && k->that <= f->n[SVYI_B_RULES] && f->rules[k->that - 1].purpose == SVY_FOR_CHECK && f->rules[k->that - 1].owner == c,
            "a check has no rule", c);
    }
    return SVY_OK;
}

static uint32_t rank_of(const svy_form *f, uint32_t rule)
{
    return rule != 0 ? f->rules[rule - 1].rank : 0;
}

/* Settled by running it again, which the engine bounds. */
static int reads_back(const svy_form *f, uint32_t rule)
{
    return (f->rules[rule - 1].flags & SVYI_B_BACK) != 0;
}

static uint32_t larger(uint32_t a, uint32_t b) { return a > b ? a : b; }

/* Every rule that decides about answers comes after what decides about the answers it reads: so evaluation by rank ends. */
static svy_status check_order(const svy_form *f, svy_error *err)
{
    const uint32_t n = f->n[SVYI_B_ITEMS];
    uint32_t ranks[DEPTH], open[DEPTH], depth = 0;

    TRY(f->firsts[0] == 0 && f->firsts[n] == f->n[SVYI_B_DEPENDENTS], "the table of dependents has another length", n);
    for (uint32_t i = 0; i < n; i++) {
        const svy_item *d = &f->items[i];
        while (depth > 0 && i >= f->items[open[depth - 1]].end)
            depth--;
        const uint32_t own = larger(larger(rank_of(f, d->relevant), d->kind == SVY_EL_END ? 0 : rank_of(f, d->value)), rank_of(f, d->preset));
        const uint32_t settled = larger(depth > 0 ? ranks[depth - 1] : 0, own);
        TRY(f->firsts[i] <= f->firsts[i + 1] && f->firsts[i + 1] <= f->n[SVYI_B_DEPENDENTS], "the table of dependents is not in order", i);
        for (uint32_t k = f->firsts[i]; k < f->firsts[i + 1]; k++) {
            const uint32_t rule = f->dependents[k];
            TRY(rule >= 1 && rule <= f->n[SVYI_B_RULES] && (rank_of(f, rule) > settled || reads_back(f, rule)), "a rule comes before what it reads", k);
            TRY(k == f->firsts[i] || rank_of(f, f->dependents[k - 1]) < rank_of(f, rule), "the table of dependents is not sorted", k);
        }
        if (d->end > i + 1) {
            open[depth] = i;
            ranks[depth++] = settled;
        }
    }
    return SVY_OK;
}

svy_status svyi_b_verify(const svy_form *f, svy_error *err)
{
    PASS(check_texts(f, err));
    PASS(check_counts(f, err));
    PASS(svyi_b_verify_odk(f, err));
    PASS(check_tree(f, err));
    PASS(check_names(f, err));
    PASS(check_lists(f, err));
    PASS(check_rules(f, err));
    return check_order(f, err);
}
