/* Static checks of routing: questions that nobody can be asked, sections nobody can enter, ends nobody reaches. */
#include "questionnaire/questionnaire_priv.h"

static void tell_dead(svyi_q *q, uint32_t item, uint32_t rule)
{
    const svyi_q_item *d = &q->items[item];
    const svyi_q_rule *r = &q->rules[rule];
    const svyi_where where = { .source = r->source, .line = r->line, .column = r->column, .element = r->element };
    const char *advice = "correct it: it contradicts itself, or the conditions under which the questions it names are asked";

    if (d->i.kind == SVY_EL_QUESTION || d->i.kind == SVY_EL_GRID)
        svyi_report(&q->found.in, SVY_PROBLEM, SVY_E_INVALID, &where, advice, "'%s' can never be asked: its condition cannot be true", d->id);
    else if (d->i.kind == SVY_EL_SECTION || d->i.kind == SVY_EL_ROSTER)
        svyi_report(&q->found.in, SVY_WARNING, SVY_OK, &where, advice, "nobody can enter '%s': its condition cannot be true", d->id);
    else if (d->i.kind == SVY_EL_END)
        svyi_report(&q->found.in, SVY_WARNING, SVY_OK, &where, advice, "nobody can come to this end: its condition cannot be true");
    else
        svyi_report(&q->found.in, SVY_WARNING, SVY_OK, &where, advice, "'%s' can never be shown: its condition cannot be true", d->id);
}

/* 1 when a condition, with those around it, can never be true. What cannot be decided is left out, which only makes it easier to be true. */
static int is_dead(svyi_q_trial *t, uint32_t item, uint32_t rule)
{
    const svyi_q *q = t->q;

    svyi_q_trial_begin(t, 0);
    if (!svyi_q_trial_add(t, rule, 0))
        return 0;
    for (uint32_t i = q->items[item].i.parent; i != 0; i = q->items[i].i.parent)
        if (q->items[i].i.relevant != 0)
            (void)svyi_q_trial_add(t, q->items[i].i.relevant, 0);
    const uint32_t symbols = t->n_symbols, rules = t->n_rules;
    svyi_q_trial_add_implied(t);
    int can = svyi_q_trial_solve(t, 1);
    if (can < 0 && t->n_rules > rules) {              /* too many combinations: without what is implied */
        svyi_q_trial_shrink(t, symbols, rules);
        can = svyi_q_trial_solve(t, 1);
    }
    return can == 0;
}

void svyi_q_check_reach(svyi_q *q)
{
    svyi_q_trial t;
    uint8_t *dead = svyi_arena_get(&q->arena, (size_t)q->n_items + 1);

    if (svyi_q_trial_init(&t, q) != SVY_OK || dead == NULL)
        q->failed = 1;
    for (uint32_t i = 1; i < q->n_items && !q->failed; i++) {
        const svy_item *d = &q->items[i].i;
        const uint32_t rule = d->kind == SVY_EL_END ? d->value : d->relevant;
        dead[i] = dead[d->parent];
        if (dead[i] || rule == 0 || (d->flags & SVY_ITEM_OTHER) || q->rules[rule].expr == NULL)
            continue;
        dead[i] = (uint8_t)is_dead(&t, i, rule);
        if (dead[i])
            tell_dead(q, i, rule);
    }
    svyi_q_trial_clear(&t);
}
