/* Static checks of answers: questions that leave no way out, checks that always or never hold, codes that are never recorded. */
#include <stdio.h>
#include <string.h>

#include "questionnaire/questionnaire_priv.h"

static void warn_rule(svyi_q *q, const svyi_q_rule *r, const char *advice, const char *found)
{
    const svyi_where where = { .source = r->source, .line = r->line, .column = r->column, .element = r->element };

    svyi_report(&q->found.in, SVY_WARNING, SVY_OK, &where, advice, "%s", found);
}

/* ---- Required questions ---- */

/* certain="true" says that everybody can answer it; a row has what its grid has. */
static int is_certain(const svyi_q *q, const svyi_q_item *d)
{
    return svyi_q_truth(q, d->element, "certain") || ((d->i.flags & SVY_ITEM_ROW) && svyi_q_truth(q, q->items[d->i.parent].element, "certain"));
}

/* Whoever requires an answer says that everybody can give it, or offers a way out. */
static void check_way_out(svyi_q *q, uint32_t item)
{
    const svyi_q_item *d = &q->items[item];
    const int dead_end = (d->i.flags & SVY_ITEM_REQUIRED) && (d->i.flags & SVY_ITEM_READONLY) == 0 && (d->i.list == 0 || q->lists[d->i.list].n_missing == 0);

    if (dead_end && !is_certain(q, d))
        svyi_q_tell(q, SVY_WARNING, SVY_OK, d->element, svyi_q_attribute(q->b, d->element, "required"),
                    "add a choice with missing=\"dont-know\", drop required, or write certain=\"true\" when everybody can answer it",
                    "the question is required, and there is no way to say \"don't know\"");
}

/* ---- Codes that stand for a missing answer ---- */

static const svy_choice *missing_choice(const svyi_q *q, const svyi_q_list *l, const svy_value *constant)
{
    char digits[40];
    const int number = constant->kind == SVY_K_NUMBER;
    const size_t len = number ? svy_value_format(constant, digits, sizeof digits) : constant->len;
    uint32_t choice;

    if (!svyi_map_find(&l->codes, number ? digits : constant->text, len, &choice) || q->choices[l->first + choice].c.missing == 0)
        return NULL;
    return &q->choices[l->first + choice].c;
}

static void check_codes(svyi_q *q, const svyi_q_rule *r, const svy_expr_use *u)
{
    const svyi_q_item *d = &q->items[u->symbol];
    const svyi_q_list *l = &q->lists[d->i.list];

    if (d->i.list == 0 || !svyi_q_has_choices(d->i.type) || l->n_missing == 0)
        return;
    for (size_t i = 0; i < u->n_constants; i++) {
        const svy_choice *c = missing_choice(q, l, &u->constants[i]);
        char found[256], advice[160];
        if (c == NULL)
            continue;
        (void)snprintf(found, sizeof found, "'%.64s' is compared with code '%.64s', which is recorded as a missing answer: this is never so", d->id, c->code);
        (void)snprintf(advice, sizeof advice, c->missing == SVY_NOT_STATED ? "write not(answered(${%.64s}))" : "write %s(${%.64s})",
                       c->missing == SVY_NOT_STATED ? d->id : svy_missing_name((svy_missing)c->missing), d->id);
        warn_rule(q, r, advice, found);
    }
}

/* ---- Answers that need special protection ---- */

/* What is made from a sensitive answer tells it: a compute, and the entries of a roster with one for each chosen code. */
static void check_sensitive(svyi_q *q, const svyi_q_rule *r, const svy_expr_use *u)
{
    const svyi_q_item *from = &q->items[u->symbol], *made = r->purpose == SVY_FOR_VALUE ? &q->items[r->owner] : NULL;
    char found[256];

    if (made == NULL || (from->i.flags & SVY_ITEM_SENSITIVE) == 0 || (made->i.flags & SVY_ITEM_SENSITIVE) != 0 || made->i.kind != SVY_EL_COMPUTE)
        return;
    (void)snprintf(found, sizeof found, "'%.64s' is made from the sensitive answer '%.64s' and is not set apart like it", made->id, from->id);
    warn_rule(q, r, "write sensitive=\"true\" if it tells that answer", found);
}

static void check_sensitive_entries(svyi_q *q, uint32_t item)
{
    const svyi_q_item *d = &q->items[item];

    if (d->i.kind == SVY_EL_ROSTER && (d->i.flags & SVY_ITEM_FOR) != 0 && d->i.of != 0 && (q->items[d->i.of].i.flags & SVY_ITEM_SENSITIVE) != 0)
        svyi_q_tell(q, SVY_WARNING, SVY_OK, d->element, svyi_q_attribute(q->b, d->element, "for"), "use a question that is not sensitive",
                    "the entries of '%s' are named by the sensitive answer '%s', and names of entries are not set apart", d->id, q->items[d->i.of].id);
}

/* ---- Checks ---- */

static void mark_present(svyi_q_trial *t, uint32_t item)
{
    svyi_q_symbol *self = item != 0 ? svyi_q_trial_symbol(t, item) : NULL;

    if (self != NULL)
        self->present = 1;
}

/* Whether some answers make a check true (or not). */
static int solve_check(svyi_q_trial *t, uint32_t rule, int truth)
{
    const svyi_q_rule *r = &t->q->rules[rule];

    svyi_q_trial_begin(t, 0);
    if (!svyi_q_trial_add(t, rule, 0))
        return -1;
    mark_present(t, r->self);
    return svyi_q_trial_solve(t, truth);
}

static int check_truth(svyi_q_trial *t, uint32_t rule)
{
    svyi_q *q = t->q;
    const svyi_q_rule *r = &q->rules[rule];
    const int can_hold = solve_check(t, rule, 1);

    if (can_hold == 0) {
        warn_rule(q, r, "correct it", "this check can never hold: no answer satisfies it");
        return 0;
    }
    if (can_hold == 1 && solve_check(t, rule, 0) == 0)
        warn_rule(q, r, "correct it, or remove it", "this check can never fail");
    return 1;
}

/* 1 when what stands in `item` is only asked when `symbol` has an answer: a condition around it cannot be true without. */
static int asked_with(svyi_q_trial *t, uint32_t item, uint32_t symbol)
{
    for (uint32_t i = item; i != 0; i = t->q->items[i].i.parent) {
        const uint32_t rule = t->q->items[i].i.relevant;
        if (rule == 0)
            continue;
        svyi_q_trial_begin(t, 1);
        if (!svyi_q_trial_add(t, rule, 0) || svyi_q_trial_symbol(t, symbol) == NULL)
            continue;
        svyi_q_trial_symbol(t, symbol)->absent = 1;
        if (svyi_q_trial_solve(t, 1) == 0)
            return 1;
    }
    return 0;
}

/* A hard check blocks: it should not do so for want of another answer. */
static void check_blank(svyi_q_trial *t, uint32_t rule, const svy_expr_use *u)
{
    svyi_q *q = t->q;
    const svyi_q_rule *r = &q->rules[rule];
    char found[160], advice[160];

    if (u->across || u->guarded || u->symbol == r->self || q->items[u->symbol].i.kind == SVY_EL_ROSTER || !svyi_q_optional(q, u->symbol, r->item))
        return;
    svyi_q_trial_begin(t, 1);
    if (!svyi_q_trial_add(t, rule, 0))
        return;
    mark_present(t, r->self);
    svyi_q_trial_symbol(t, u->symbol)->absent = 1;
    if (svyi_q_trial_solve(t, 1) != 0 || asked_with(t, r->item, u->symbol))
        return;
    (void)snprintf(found, sizeof found, "when '${%.64s}' has no answer this check cannot hold, and blocks", q->items[u->symbol].id);
    (void)snprintf(advice, sizeof advice, "write not(answered(${%.64s})) or ...", q->items[u->symbol].id);
    warn_rule(q, r, advice, found);
}

static void check_check(svyi_q_trial *t, uint32_t rule)
{
    svyi_q *q = t->q;
    const svyi_q_rule *r = &q->rules[rule];
    const svy_expr_use *uses;
    const size_t n = svy_expr_uses(r->expr, &uses);

    if (!check_truth(t, rule) || q->checks[r->owner].c.soft)
        return;
    for (size_t i = 0; i < n; i++)
        check_blank(t, rule, &uses[i]);
}

void svyi_q_check_answers(svyi_q *q)
{
    svyi_q_trial t;

    for (uint32_t i = 0; i < q->n_items; i++) {
        check_way_out(q, i);
        check_sensitive_entries(q, i);
    }
    if (svyi_q_trial_init(&t, q) != SVY_OK)
        q->failed = 1;
    for (uint32_t k = 1; k <= q->n_rules && !q->failed; k++) {
        const svyi_q_rule *r = &q->rules[k];
        const svy_expr_use *uses = NULL;
        const size_t n = r->expr != NULL ? svy_expr_uses(r->expr, &uses) : 0;
        for (size_t i = 0; i < n; i++) {
            check_codes(q, r, &uses[i]);
            check_sensitive(q, r, &uses[i]);
        }
        if (r->expr != NULL && r->purpose == SVY_FOR_CHECK)
            check_check(&t, k);
    }
    svyi_q_trial_clear(&t);
}
