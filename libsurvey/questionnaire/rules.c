/* Rules: every expression of the questionnaire, compiled with the items as its names. */
#include <string.h>

#include "base/number.h"
#include "questionnaire/questionnaire_priv.h"

const char *svyi_q_purpose_name(uint32_t purpose)
{
    static const char *const NAMES[] = { "", "relevant", "required", "default", "value", "filter", "check", "relevant", "readonly", "itemset", "set",
                                         "text" };

    return purpose < sizeof NAMES / sizeof NAMES[0] ? NAMES[purpose] : "";
}

/* ---- Collecting ---- */

/* A new rule for an attribute, or 0. The place is filled in by the caller. */
uint32_t svyi_q_add_rule(svyi_q *q, uint32_t purpose, uint32_t owner, uint32_t element, const svy_attribute *a)
{
    if (q->failed || a == NULL || a->value[0] == '\0')
        return 0;
    if (svyi_grow(&q->alloc, &q->rules, &q->rules_capacity, (size_t)q->n_rules + 2, sizeof *q->rules) != 0) {
        q->failed = 1;
        return 0;
    }
    q->rules[++q->n_rules] = (svyi_q_rule){ .owner = owner, .purpose = purpose, .text = a->value, .compiled = a->value, .line = a->line,
                                            .column = a->column, .source = q->b->elements[element].source,
                                            .element = svyi_q_element_id(q->b, element), .want = SVY_K_BOOLEAN };
    return q->n_rules;
}

static uint32_t add_item_rule(svyi_q *q, uint32_t purpose, uint32_t item, const svy_attribute *a, svy_kind want)
{
    const uint32_t rule = svyi_q_add_rule(q, purpose, item, q->items[item].element, a);

    if (rule != 0) {
        q->rules[rule].item = item;
        q->rules[rule].roster = q->items[item].i.roster;
        q->rules[rule].want = want;
    }
    return rule;
}

/* "true" and "false" are no expressions; a row has what its grid has unless it says another. */
static void add_required(svyi_q *q, uint32_t item)
{
    svyi_q_item *d = &q->items[item];
    const svy_attribute *a = svyi_q_attribute(q->b, d->element, "required");

    if (a == NULL && (d->i.flags & SVY_ITEM_ROW))
        a = svyi_q_attribute(q->b, q->items[d->i.parent].element, "required");
    if (a == NULL || d->i.kind != SVY_EL_QUESTION || strcmp(a->value, "false") == 0)
        return;
    if (strcmp(a->value, "true") == 0)
        d->i.flags |= SVY_ITEM_REQUIRED;
    else
        d->i.required = add_item_rule(q, SVY_FOR_REQUIRED, item, a, SVY_K_BOOLEAN);
}

/* 1 when every word of a text is a code of the list. */
static int all_codes(const svyi_q_list *l, const char *text, int several)
{
    uint32_t choice;
    int words = 0;

    for (const char *at = text; *at != '\0'; words++) {
        const size_t len = strcspn(at, " ");
        if (len == 0 || !svyi_map_find(&l->codes, at, len, &choice))
            return 0;
        at += len + (at[len] == ' ' && at[len + 1] != '\0');
    }
    return words == 1 || (several && words > 1);
}

/* A constant that is no code of the list: a number, or a text in quotes. */
static void check_constant(svyi_q *q, const svyi_q_item *d, const svy_attribute *a)
{
    const char *text = a->value;
    const size_t len = strlen(text);
    double number;
    const int in_quotes = len >= 2 && (text[0] == '\'' || text[0] == '"') && strchr(text + 1, text[0]) == text + len - 1;
    const svyi_q_list *l = &q->lists[d->i.list];
    char inside[SVYI_Q_ID + 1] = "";

    if (in_quotes && len - 2 <= SVYI_Q_ID)
        memcpy(inside, text + 1, len - 2);
    if (in_quotes ? !all_codes(l, inside, d->i.type != SVY_T_SINGLE) : svyi_number_parse(text, len, &number) && !all_codes(l, text, 0))
        svyi_q_tell(q, SVY_PROBLEM, SVY_E_VALUE, d->element, a, "use a code of the list", "%.*s is not a code of list '%s'", svyi_q_shown(text), text, l->id);
}

static const char *quoted(svyi_q *q, const char *text)
{
    const size_t len = strlen(text);
    const char quote = strchr(text, '\'') == NULL ? '\'' : '"';
    char *out = svyi_arena_get(&q->arena, len + 3);

    if (out == NULL) {
        q->failed = 1;
        return text;
    }
    out[0] = quote;
    memcpy(out + 1, text, len);
    out[len + 1] = quote;
    return out;
}

/* A default may be a value as people write it: a code, a date, true. What is none is an expression. */
static const char *as_expression(svyi_q *q, const svyi_q_item *d, const char *text)
{
    svy_value value;
    const svy_type type = (svy_type)d->i.type;

    if (d->i.list != 0 && svyi_q_has_choices(type))
        return all_codes(&q->lists[d->i.list], text, type != SVY_T_SINGLE) ? quoted(q, text) : text;
    if (type == SVY_T_BOOLEAN && (strcmp(text, "true") == 0 || strcmp(text, "false") == 0))
        return text[0] == 't' ? "true()" : "false()";
    if (type != SVY_T_DATE && type != SVY_T_MONTH && type != SVY_T_TIME && type != SVY_T_DATETIME)
        return text;
    /* A year alone is a month too, but also a number. */
    if (strpbrk(text, "-:") == NULL || svy_value_parse(type, text, strlen(text), &value, NULL) != SVY_OK)
        return text;
    return quoted(q, text);
}

static void add_default(svyi_q *q, uint32_t item)
{
    svyi_q_item *d = &q->items[item];
    const svy_attribute *a = svyi_q_attribute(q->b, d->element, "default");

    if (a == NULL || d->i.type == SVY_T_NONE || (d->i.flags & SVY_ITEM_ROW))
        return;
    d->i.preset = add_item_rule(q, SVY_FOR_PRESET, item, a, svy_type_kind((svy_type)d->i.type));
    if (d->i.preset != 0) {
        if (d->i.list != 0)
            check_constant(q, d, a);
        q->rules[d->i.preset].compiled = as_expression(q, d, a->value);
        q->rules[d->i.preset].self = item;
    }
}

static const char *value_attribute(uint32_t kind)
{
    return kind == SVY_EL_COMPUTE ? "value" : kind == SVY_EL_END ? "when" : kind == SVY_EL_ROSTER ? "count" : NULL;
}

static void add_value(svyi_q *q, uint32_t item)
{
    svyi_q_item *d = &q->items[item];
    const char *name = value_attribute(d->i.kind);
    const svy_kind want = d->i.kind == SVY_EL_COMPUTE ? svy_type_kind((svy_type)d->i.type) : d->i.kind == SVY_EL_END ? SVY_K_BOOLEAN : SVY_K_NUMBER;

    if (name == NULL || want == SVY_K_NONE || (d->i.flags & SVY_ITEM_FOR))
        return;
    d->i.value = add_item_rule(q, SVY_FOR_VALUE, item, svyi_q_attribute(q->b, d->element, name), want);
    if (d->i.value != 0 && d->i.list != 0 && svyi_q_has_choices(d->i.type))
        check_constant(q, d, svyi_q_attribute(q->b, d->element, name));
    if (d->i.value != 0 && d->i.kind == SVY_EL_COMPUTE)
        q->rules[d->i.value].compiled = as_expression(q, d, q->rules[d->i.value].text);
}

static void add_filter(svyi_q *q, uint32_t item)
{
    svyi_q_item *d = &q->items[item];
    const svy_attribute *a = svyi_q_attribute(q->b, d->element, "filter");

    if (a == NULL)
        return;
    if (!svyi_q_has_choices(d->i.type)) {
        svyi_q_tell(q, SVY_PROBLEM, SVY_E_TYPE, d->element, a, "remove it", "a filter is for questions with choices");
        return;
    }
    d->i.filter = add_item_rule(q, SVY_FOR_FILTER, item, a, SVY_K_BOOLEAN);
    if (d->i.filter != 0)
        q->rules[d->i.filter].choices = d->i.list;
}

static void add_checks(svyi_q *q, uint32_t item)
{
    const svyi_q_item *d = &q->items[item];

    for (uint32_t i = d->i.first_check; i < d->i.first_check + d->i.n_checks; i++) {
        svyi_q_check *check = &q->checks[i];
        const uint32_t rule = svyi_q_add_rule(q, SVY_FOR_CHECK, i, check->element, svyi_q_attribute(q->b, check->element, "that"));
        if (rule == 0)
            continue;
        check->c.that = rule;
        q->rules[rule].item = item;
        q->rules[rule].roster = d->i.kind == SVY_EL_ROSTER ? item : d->i.roster;    /* a roster's checks are about each entry */
        q->rules[rule].self = d->i.type != SVY_T_NONE ? item : 0;
    }
}

/* ${question} = 'code' or ..., for the codes that open a text. */
static void add_other(svyi_q *q, uint32_t text)
{
    const svyi_q_item *of = &q->items[q->items[text].i.of];
    const svyi_q_list *l = &q->lists[of->i.list];
    const int single = of->i.type == SVY_T_SINGLE;
    svyi_buffer out;

    svyi_buffer_init(&out, &q->alloc);
    for (uint32_t i = l->first; i < l->first + l->n; i++) {
        const char *code = q->choices[i].c.code;
        if ((q->choices[i].c.flags & SVY_CHOICE_OTHER) == 0)
            continue;
        svyi_buffer_text(&out, out.len > 0 ? " or " : "");
        const char *quote = strchr(code, '\'') != NULL ? "\"" : "'";
        svyi_buffer_format(&out, single ? "${%s} = %s%s%s" : "selected(${%s}, %s%s%s)", of->id, quote, code, quote);
    }
    const char *kept = out.failed ? NULL : svyi_arena_text(&q->arena, out.data, out.len);
    svyi_buffer_clear(&out);
    if (kept == NULL) {
        q->failed = 1;
        return;
    }
    const svy_attribute a = { .name = "relevant", .value = kept, .line = (int)q->items[text].i.line };
    if (of->id[0] != '\0')
        q->items[text].i.relevant = add_item_rule(q, SVY_FOR_RELEVANT, text, &a, SVY_K_BOOLEAN);
}

static void add_rules_of(svyi_q *q, uint32_t item)
{
    svyi_q_item *d = &q->items[item];

    if (d->i.flags & SVY_ITEM_OTHER) {
        add_other(q, item);
        return;
    }
    if (d->i.kind != SVY_EL_QUESTIONNAIRE && d->i.kind != SVY_EL_PARAMETER && d->i.kind != SVY_EL_COMPUTE && d->i.kind != SVY_EL_END)
        d->i.relevant = add_item_rule(q, SVY_FOR_RELEVANT, item, svyi_q_attribute(q->b, d->element, "relevant"), SVY_K_BOOLEAN);
    add_required(q, item);
    add_default(q, item);
    add_value(q, item);
    add_filter(q, item);
    add_checks(q, item);
}

static void add_choice_rules(svyi_q *q, uint32_t list)
{
    const svyi_q_list *l = &q->lists[list];

    for (uint32_t i = l->first; i < l->first + l->n; i++) {
        const uint32_t rule = svyi_q_add_rule(q, SVY_FOR_CHOICE, list, q->choices[i].element, svyi_q_attribute(q->b, q->choices[i].element, "relevant"));
        q->choices[i].c.relevant = rule;
        if (rule != 0) {
            q->rules[rule].roster = l->roster;
            q->rules[rule].choices = list;
        }
    }
}

/* ---- The scope ---- */

typedef struct scope_user { svyi_q *q; const svyi_q_rule *rule; } scope_user;

/* Required, and everything around it that can be routed away is also around the place that looks at it. */
int svyi_q_optional(const svyi_q *q, uint32_t item, uint32_t from)
{
    const svyi_q_item *d = &q->items[item];

    if (d->i.kind == SVY_EL_ROSTER)
        return 0;
    if (d->i.kind == SVY_EL_PARAMETER)
        return d->value[0] == '\0';
    if (d->i.kind == SVY_EL_COMPUTE ? !d->sure : (d->i.flags & SVY_ITEM_REQUIRED) == 0)
        return 1;
    if (d->i.list != 0 && q->lists[d->i.list].n_missing > 0)
        return 1;
    for (uint32_t i = item; i != 0; i = q->items[i].i.parent)
        if (q->items[i].i.relevant != 0 && !svyi_q_contains(q, i, from))
            return 1;
    return 0;
}

/* In a check a not() that is true for want of an answer lets it pass, as it should: no warning there. */
static void symbol_of(svyi_q *q, const svyi_q_rule *rule, uint32_t item, svy_symbol *symbol)
{
    const svyi_q_item *d = &q->items[item];
    const svy_kind kind = d->i.kind == SVY_EL_ROSTER ? SVY_K_ENTRIES : svy_type_kind((svy_type)d->i.type);
    const int coded = kind == SVY_K_CODE || kind == SVY_K_CODES;

    *symbol = (svy_symbol){ .id = item, .roster = d->i.roster, .list = coded ? d->i.list : 0, .kind = (uint8_t)kind,
                            .numeric = coded && d->i.list != 0 && q->lists[d->i.list].numeric,
                            .optional = rule->purpose != SVY_FOR_CHECK && svyi_q_optional(q, item, rule->item) };
}

static int find(void *user, const char *name, size_t len, svy_symbol *symbol)
{
    const scope_user *u = user;
    uint32_t item;

    if (!svyi_q_find_item(u->q, name, len, &item))
        return 0;
    symbol_of(u->q, u->rule, item, symbol);
    return 1;
}

static uint32_t roster_parent(void *user, uint32_t roster)
{
    return ((const scope_user *)user)->q->items[roster].i.roster;
}

static int has_code(void *user, uint32_t list, const char *code, size_t len)
{
    uint32_t choice;

    return svyi_map_find(&((const scope_user *)user)->q->lists[list].codes, code, len, &choice);
}

static int find_list(void *user, const char *name, size_t len, uint32_t *list)
{
    return svyi_map_find(&((const scope_user *)user)->q->list_ids, name, len, list);
}

/* A name whose type is unknown would only cause problems that follow from that one, which was reported. */
static int names_untyped(svyi_q *q, const char *text)
{
    size_t at = 0, start, len;
    const char *name;
    uint32_t item;

    while (svyi_q_next_fill(text, &at, &start, &name, &len) == 1)
        if (svyi_q_find_item(q, name, len, &item) && q->items[item].i.type == SVY_T_NONE &&
            (q->items[item].i.kind == SVY_EL_QUESTION || q->items[item].i.kind == SVY_EL_COMPUTE || q->items[item].i.kind == SVY_EL_PARAMETER))
            return 1;
    return 0;
}

static void compile_rule(svyi_q *q, svyi_q_rule *rule)
{
    svy_symbol self;
    svy_error err = SVY_ERROR_INIT;
    scope_user user = { q, rule };
    const svy_scope scope = { .user = &user, .find = find, .roster_parent = roster_parent, .has_code = has_code, .find_list = find_list };
    const svy_expr_place place = { .source = rule->source, .line = rule->line, .column = rule->column, .element = rule->element,
                                   .roster = rule->roster, .self = rule->self != 0 ? &self : NULL, .choices = rule->choices, .want = rule->want };

    if (rule->self != 0)
        symbol_of(q, rule, rule->self, &self);
    if (names_untyped(q, rule->compiled))
        return;
    if (svy_expr_compile(&q->alloc, rule->compiled, strlen(rule->compiled), &scope, &place, &q->found.in, &rule->expr, &err) == SVY_E_NOMEM)
        q->failed = 1;
}

static int is_compute(const svyi_q *q, const svyi_q_rule *r)
{
    return r->purpose == SVY_FOR_VALUE && q->items[r->item].i.kind == SVY_EL_COMPUTE;
}

/* Computes first: whether one can be without a value matters to the rules that read it. */
static void compile_all(svyi_q *q)
{
    svyi_q_trial t;

    if (svyi_q_trial_init(&t, q) != SVY_OK)
        q->failed = 1;
    for (uint32_t r = 1; r <= q->n_rules && !q->failed; r++) {
        if (!is_compute(q, &q->rules[r]))
            continue;
        compile_rule(q, &q->rules[r]);
        if (!q->failed && q->rules[r].expr != NULL)
            q->items[q->rules[r].item].sure = (uint8_t)svyi_q_trial_sure(&t, r);
    }
    for (uint32_t r = 1; r <= q->n_rules && !q->failed; r++)
        if (!is_compute(q, &q->rules[r]))
            compile_rule(q, &q->rules[r]);
    svyi_q_trial_clear(&t);
}

void svyi_q_make_rules(svyi_q *q)
{
    for (uint32_t i = 0; i < q->n_items && !q->failed; i++)
        add_rules_of(q, i);
    for (uint32_t l = 1; l <= q->n_lists && !q->failed; l++)
        add_choice_rules(q, l);
    compile_all(q);
}
