/* From the builder's tree to the sealed block: the steps in their order. */
#include <string.h>

#include "questionnaire/questionnaire_priv.h"

static void clear(svyi_q *q)
{
    for (uint32_t r = 1; r <= q->n_rules; r++)
        svy_expr_free(q->rules[r].expr);
    for (uint32_t l = 1; l <= q->n_lists; l++) {
        svyi_map_clear(&q->lists[l].codes);
        svyi_map_clear(&q->lists[l].twins);
    }
    svyi_map_clear(&q->list_ids);
    svyi_map_clear(&q->ids);
    svyi_map_clear(&q->lowered);
    svyi_map_clear(&q->name_numbers);
    svyi_map_clear(&q->children);
    svyi_map_clear(&q->grove_ids);
    svyi_map_clear(&q->itext_ids);
    svyi_release(&q->alloc, q->lists, q->lists_capacity * sizeof *q->lists);
    svyi_release(&q->alloc, q->choices, q->choices_capacity * sizeof *q->choices);
    svyi_release(&q->alloc, q->items, q->items_capacity * sizeof *q->items);
    svyi_release(&q->alloc, q->checks, q->checks_capacity * sizeof *q->checks);
    svyi_release(&q->alloc, q->rules, q->rules_capacity * sizeof *q->rules);
    svyi_release(&q->alloc, q->keeps, q->keeps_capacity * sizeof *q->keeps);
    svyi_release(&q->alloc, q->units, q->units_capacity * sizeof *q->units);
    svyi_release(&q->alloc, q->languages, q->languages_capacity * sizeof *q->languages);
    svyi_release(&q->alloc, q->names, q->names_capacity * sizeof *q->names);
    svyi_release(&q->alloc, q->sets, q->sets_capacity * sizeof *q->sets);
    svyi_release(&q->alloc, q->media, q->media_capacity * sizeof *q->media);
    svyi_q_findings_clear(&q->found);
    svyi_arena_clear(&q->arena);
}

typedef void step(svyi_q *q);

/* Every step goes on in spite of problems found before, so that one run tells all of them. */
static void take(svyi_q *q, step *const *steps, size_t n)
{
    for (size_t i = 0; i < n && !q->failed && !q->found.failed; i++)
        steps[i](q);
}

static void analyse(svyi_q *q)
{
    static step *const FIRST[] = { svyi_q_check_shape, svyi_q_make_lists, svyi_q_make_items };
    static step *const TYPED[] = { svyi_q_resolve, svyi_q_make_rules, svyi_q_order, svyi_q_check_routing, svyi_q_make_texts, svyi_q_translate,
                                   svyi_q_check_answers, svyi_q_check_reach };
    /* Texts and translations before rules: they hold expressions. What needs types is not checked. */
    static step *const ODK[] = { svyi_q_make_nodes, svyi_q_resolve, svyi_q_make_texts, svyi_q_translate, svyi_q_make_odk_rules, svyi_q_order };

    take(q, FIRST, sizeof FIRST / sizeof FIRST[0]);
    if (q->odk)
        take(q, ODK, sizeof ODK / sizeof ODK[0]);
    else
        take(q, TYPED, sizeof TYPED / sizeof TYPED[0]);
}

static svy_status finish(svyi_q *q, svy_diags *diags, void **block, size_t *size, svy_error *err)
{
    if (q->failed || q->found.failed)
        return svyi_nomem(err);
    const int invalid = q->found.in.problems > 0;
    const svy_status st = invalid ? SVY_E_INVALID : svyi_q_seal(q, block, size, err);
    if (st != SVY_OK && st != SVY_E_INVALID)
        return st;
    svyi_q_findings_sort(&q->found, q->b->source);
    svyi_q_findings_emit(&q->found, diags);
    for (size_t i = 0; invalid && i < q->found.n; i++) {
        const svy_diag *d = &q->found.list[i].d;
        if (d->severity == SVY_PROBLEM)
            return svyi_fail_at(err, SVY_E_INVALID, d->source, d->line, d->column, 1, "%s", d->found);
    }
    return st;
}

svy_status svy_builder_compile(svy_builder *b, svy_diags *diags, void **block, size_t *size, svy_error *err)
{
    svyi_q q;

    SVY_REQUIRE(block != NULL && size != NULL, err);
    *block = NULL;
    *size = 0;
    SVY_REQUIRE(b != NULL, err);
    if (b->root == 0)
        return svyi_fail(err, SVY_E_STATE, "nothing was added to the builder");
    memset(&q, 0, sizeof q);
    q.b = b;
    q.alloc = b->alloc;
    svyi_arena_init(&q.arena, &b->alloc);
    svyi_q_findings_init(&q.found, &b->alloc);
    svyi_map_init(&q.name_numbers, &b->alloc);
    svyi_map_init(&q.children, &b->alloc);
    svyi_map_init(&q.grove_ids, &b->alloc);
    svyi_map_init(&q.itext_ids, &b->alloc);
    analyse(&q);
    const svy_status st = finish(&q, diags, block, size, err);
    clear(&q);
    return st;
}

void svy_block_free(const svy_alloc *alloc, void *block, size_t size)
{
    svyi_release(alloc, block, size);
}
