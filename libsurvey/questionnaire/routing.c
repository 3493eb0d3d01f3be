/* References forward: a routing condition may only look back, other expressions should. */
#include "questionnaire/questionnaire_priv.h"

static int is_routing(const svyi_q *q, const svyi_q_rule *r)
{
    return r->purpose == SVY_FOR_RELEVANT || (r->purpose == SVY_FOR_VALUE && q->items[r->item].i.kind != SVY_EL_COMPUTE);
}

static svyi_where place_of(const svyi_q_rule *r)
{
    return (svyi_where){ .source = r->source, .line = r->line, .column = r->column, .element = r->element };
}

static void tell(svyi_q *q, const svyi_q_rule *r, uint32_t symbol, uint32_t reach)
{
    const svyi_where where = place_of(r);
    const char *what = q->items[r->item].i.kind == SVY_EL_END ? "when" : r->purpose == SVY_FOR_VALUE ? "count" : svyi_q_purpose_name(r->purpose);
    const int line = q->b->elements[q->items[reach].element].line;

    if (symbol == reach && is_routing(q, r))
        svyi_report(&q->found.in, SVY_PROBLEM, SVY_E_INVALID, &where, "ask it before, or use an answer that comes before",
                    "the %s condition refers to '%s', which comes later (line %d)", what, q->items[symbol].id, line);
    else if (is_routing(q, r))
        svyi_report(&q->found.in, SVY_PROBLEM, SVY_E_INVALID, &where, "ask it before, or use an answer that comes before",
                    "the %s condition refers to '%s', which is computed from '%s', and that comes later (line %d)", what, q->items[symbol].id,
                    q->items[reach].id, line);
    else
        svyi_report(&q->found.in, SVY_WARNING, SVY_OK, &where,
                    r->purpose == SVY_FOR_CHECK ? "move the check to the later question, where both answers are known" : "ask it before",
                    "the %s condition refers to '%s', which comes later (line %d)", what, q->items[reach].id, line);
}

/* What the value of a symbol waits for: the last item in document order. */
static uint32_t reach_of(const svyi_q *q, const uint32_t *reach, uint32_t symbol)
{
    return q->items[symbol].i.kind == SVY_EL_COMPUTE ? reach[symbol] : symbol;
}

static void check_rule(svyi_q *q, const svyi_q_rule *r, const uint32_t *reach)
{
    const svy_expr_use *uses;
    const size_t n = svy_expr_uses(r->expr, &uses);
    const svy_item *d = &q->items[r->item].i;

    if (r->item == 0 || r->purpose == SVY_FOR_CHOICE || (r->purpose == SVY_FOR_CHECK && d->kind != SVY_EL_QUESTION))
        return;
    if (r->purpose == SVY_FOR_VALUE && d->kind == SVY_EL_COMPUTE)
        return;
    for (size_t i = 0; i < n; i++) {
        const uint32_t last = reach_of(q, reach, uses[i].symbol);
        if (last >= d->end)                       /* itself, and what stands in it, would be a circle */
            tell(q, r, uses[i].symbol, last);
    }
}

static void check_for(svyi_q *q, uint32_t roster, const uint32_t *reach)
{
    const svyi_q_item *d = &q->items[roster];
    const uint32_t last = d->i.of != 0 && d->i.kind == SVY_EL_ROSTER ? reach_of(q, reach, d->i.of) : 0;

    if (last >= d->i.end)
        svyi_q_tell(q, SVY_PROBLEM, SVY_E_INVALID, d->element, svyi_q_attribute(q->b, d->element, "for"),
                    "move the roster behind it", "the roster is for the items of '%s', which comes later (line %d)", q->items[last].id,
                    q->b->elements[q->items[last].element].line);
}

void svyi_q_check_routing(svyi_q *q)
{
    uint32_t *reach = svyi_arena_get(&q->arena, ((size_t)q->n_items + 1) * sizeof *reach);

    if (reach == NULL) {
        q->failed = 1;
        return;
    }
    for (uint32_t k = 0; k < q->n_rules; k++) {   /* by rank: what a compute depends on comes before it */
        const svyi_q_rule *r = &q->rules[q->order[k]];
        const svy_expr_use *uses = NULL;
        const size_t n = r->expr != NULL ? svy_expr_uses(r->expr, &uses) : 0;
        if (r->purpose != SVY_FOR_VALUE || q->items[r->item].i.kind != SVY_EL_COMPUTE)
            continue;
        for (size_t i = 0; i < n; i++) {
            const uint32_t last = reach_of(q, reach, uses[i].symbol);
            reach[r->item] = last > reach[r->item] ? last : reach[r->item];
        }
    }
    for (uint32_t k = 1; k <= q->n_rules; k++)
        if (q->rules[k].expr != NULL)
            check_rule(q, &q->rules[k], reach);
    for (uint32_t i = 0; i < q->n_items; i++)
        check_for(q, i, reach);
}
