/* With ODK's expressions: every expression of the questionnaire as a rule, compiled as XPath over the nodes of its items. */
#include <string.h>

#include "questionnaire/questionnaire_priv.h"

/* ---- Collecting ---- */

uint32_t svyi_q_add_odk_rule(svyi_q *q, uint32_t purpose, uint32_t owner, uint32_t item, uint32_t element, const svy_attribute *a)
{
    const uint32_t rule = svyi_q_add_rule(q, purpose, owner, element, a);

    if (rule != 0) {
        q->rules[rule].item = item;
        q->rules[rule].roster = q->items[item].i.roster;
        q->rules[rule].want = SVY_K_NONE;
    }
    return rule;
}

static uint32_t add(svyi_q *q, uint32_t purpose, uint32_t item, const char *attribute)
{
    const uint32_t element = q->items[item].element;

    return svyi_q_add_odk_rule(q, purpose, item, item, element, svyi_q_attribute(q->b, element, attribute));
}

/* "true()" and "false()" need no rule: the first is a flag. */
static uint32_t add_switch(svyi_q *q, uint32_t purpose, uint32_t item, const char *attribute, uint32_t flag)
{
    svyi_q_item *d = &q->items[item];
    const char *text = svyi_q_value(q->b, d->element, attribute);

    if (strcmp(text, "true()") == 0)
        d->i.flags |= flag;
    return strcmp(text, "true()") == 0 || strcmp(text, "false()") == 0 ? 0 : add(q, purpose, item, attribute);
}

static void add_checks(svyi_q *q, uint32_t item)
{
    const svy_item *d = &q->items[item].i;

    for (uint32_t i = d->first_check; i < d->first_check + d->n_checks; i++)
        q->checks[i].c.that = svyi_q_add_odk_rule(q, SVY_FOR_CHECK, i, item, q->checks[i].element,
                                                  svyi_q_attribute(q->b, q->checks[i].element, "that"));
}

/* The child that holds the code or the label of a choice; "." and "" are the node's own text. */
static uint32_t child_name(svyi_q *q, const char *name, const char *otherwise)
{
    const size_t len = strlen(name != NULL ? name : otherwise);

    if (name == NULL)
        name = otherwise;
    return len == 0 || strcmp(name, ".") == 0 ? SVY_NAME_NONE : svyi_q_name_number(q, name, len);
}

/* Choices that are nodes: where their codes and labels are. "jr:itext(child)" means that the child has the id of a text. */
static void add_choices(svyi_q *q, uint32_t item)
{
    static const char ITEXT[] = "jr:itext(";
    svyi_q_odk *n = &q->nodes[item];
    const svy_attribute *code = svyi_q_attribute(q->b, q->items[item].element, "code"),
                        *label = svyi_q_attribute(q->b, q->items[item].element, "label-from");
    const char *from = label != NULL ? label->value : "label";
    size_t len = strlen(from);

    if (!svyi_q_has_choices(q->items[item].i.type))
        return;
    n->i.choices = add(q, SVY_FOR_CHOICES, item, "itemset");
    n->i.code_name = child_name(q, code != NULL ? code->value : NULL, "name");
    if (strncmp(from, ITEXT, sizeof ITEXT - 1) == 0 && from[len - 1] == ')') {
        n->i.flags |= SVY_ODK_LABEL_TEXT;
        from = svyi_arena_text(&q->arena, from + sizeof ITEXT - 1, len - sizeof ITEXT);
        if (from == NULL) {
            q->failed = 1;
            return;
        }
    }
    n->i.label_name = from[0] == '\0' ? n->i.code_name : child_name(q, from, "");
}

static void add_rules_of(svyi_q *q, uint32_t item)
{
    svyi_q_item *d = &q->items[item];
    svyi_q_odk *n = &q->nodes[item];

    d->i.relevant = add(q, SVY_FOR_RELEVANT, item, "relevant");
    d->i.required = add_switch(q, SVY_FOR_REQUIRED, item, "required", SVY_ITEM_REQUIRED);
    n->i.readonly = add_switch(q, SVY_FOR_READONLY, item, "readonly", SVY_ITEM_READONLY);
    d->i.value = add(q, SVY_FOR_VALUE, item, d->i.kind == SVY_EL_ROSTER ? "count" : "value");
    add_choices(q, item);
    add_checks(q, item);
}

/* ---- The scope ---- */

typedef struct scope_user { svyi_q *q; uint32_t item; } scope_user;

static const svyi_q *of(void *user)
{
    return ((const scope_user *)user)->q;
}

static uint32_t scope_name(void *user, const char *name, size_t len)
{
    return svyi_q_find_name(of(user), name, len);
}

static uint32_t scope_child(void *user, uint32_t item, uint32_t name, uint32_t after)
{
    const svyi_q *q = of(user);

    if (name != SVY_NAME_ANY)
        return after != 0 ? q->nodes[after].twin : svyi_q_child_named(q, item, name);
    uint32_t child = after != 0 ? q->nodes[after].next : q->nodes[item].first;
    while (child != 0 && (q->nodes[child].i.flags & SVY_ODK_ATTRIBUTE))
        child = q->nodes[child].next;
    return child;
}

static uint32_t scope_parent(void *user, uint32_t item)
{
    return of(user)->nodes[item].around;
}

static uint32_t scope_item_name(void *user, uint32_t item)
{
    return of(user)->nodes[item].i.name;
}

static int scope_find(void *user, const char *id, size_t len, uint32_t *item)
{
    const svyi_q *q = of(user);

    return svyi_q_find_item(q, id, len, item) && q->nodes[*item].i.name != SVY_NAME_NONE;
}

static int scope_is_roster(void *user, uint32_t item)
{
    return of(user)->items[item].i.kind == SVY_EL_ROSTER;
}

static int scope_tree(void *user, const char *id, size_t len, uint32_t *tree)
{
    return svyi_map_find(&of(user)->grove_ids, id, len, tree);
}

static void compile_rule(svyi_q *q, svyi_q_rule *rule)
{
    svy_error err = SVY_ERROR_INIT;
    scope_user user = { q, rule->item };
    const svy_xpath_scope scope = { .user = &user, .name = scope_name, .child = scope_child, .parent = scope_parent, .item_name = scope_item_name,
                                    .find = scope_find, .is_roster = scope_is_roster, .tree = scope_tree };
    const svy_xpath_place place = { .source = rule->source, .line = rule->line, .column = rule->column, .element = rule->element,
                                    .item = svyi_q_node_item(q, rule->item), .compat = q->compat };
    const unsigned problems = (unsigned)q->found.in.problems;

    if (svy_xpath_compile(&q->alloc, rule->compiled, strlen(rule->compiled), &scope, &place, &q->found.in, &rule->expr, &err) == SVY_E_NOMEM)
        q->failed = 1;
    else if (rule->expr == NULL && q->found.in.problems == problems) {
        const svyi_where where = svyi_q_rule_place(rule);
        svyi_report(&q->found.in, SVY_PROBLEM, SVY_E_SYNTAX, &where, "correct it", "%s", err.message);
    }
}

void svyi_q_make_odk_rules(svyi_q *q)
{
    for (uint32_t i = 0; i < q->n_items && !q->failed; i++)
        add_rules_of(q, i);
    svyi_q_make_sets(q);
    svyi_q_make_outputs(q);
    for (uint32_t r = 1; r <= q->n_rules && !q->failed; r++)
        compile_rule(q, &q->rules[r]);
}
