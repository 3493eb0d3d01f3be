/* The plan of an interview: what is computed once from the form so that an answer costs little. */
#include <string.h>

#include "base/error.h"
#include "interview/odk_priv.h"

static void *room(svy_interview *iv, size_t n, size_t item)
{
    return svyi_arena_get(&iv->arena, (n > 0 ? n : 1) * item);
}

static int make_items(svy_interview *iv)
{
    svyi_plan *p = &iv->plan;
    const size_t n = p->n_items = svy_form_items(iv->form);

    p->items = room(iv, n, sizeof *p->items);
    p->kind = room(iv, n, sizeof *p->kind);
    p->cell = room(iv, n, sizeof *p->cell);
    p->n_cells = room(iv, n, sizeof *p->n_cells);
    p->first_for = room(iv, n, sizeof *p->first_for);
    p->next_for = room(iv, n, sizeof *p->next_for);
    p->ends = room(iv, n, sizeof *p->ends);
    if (p->items == NULL || p->kind == NULL || p->cell == NULL || p->n_cells == NULL || p->first_for == NULL || p->next_for == NULL || p->ends == NULL)
        return -1;
    for (uint32_t i = 0; i < n; i++) {
        const svy_item *item = p->items[i] = svy_form_item(iv->form, i);
        p->kind[i] = (uint8_t)(svyi_is_odk(iv) && item->type != SVY_T_NONE ? SVY_K_TEXT : svy_type_kind((svy_type)item->type));
        p->cell[i] = p->n_cells[item->roster]++;
        if (item->kind == SVY_EL_END)
            p->ends[p->n_ends++] = i;
        if (item->kind == SVY_EL_ROSTER && (item->flags & SVY_ITEM_FOR) != 0) {
            p->next_for[i] = p->first_for[item->of];
            p->first_for[item->of] = i;
        }
    }
    return 0;
}

/* 1 when a rule may call now(), which changes at every event; the other reading of the clock, today(), changes with the day. */
static int reads_now(const char *text)
{
    for (const char *at = strstr(text, "now"); at != NULL; at = strstr(at + 1, "now")) {
        const char *after = at + 3;
        while (*after == ' ' || *after == '\t' || *after == '\n' || *after == '\r')
            after++;
        if (*after == '(')
            return 1;
    }
    return 0;
}

static int make_rules(svy_interview *iv)
{
    svyi_plan *p = &iv->plan;
    const size_t n = p->n_rules = svy_form_rules(iv->form);

    p->rules = room(iv, n + 1, sizeof *p->rules);
    p->clock_rules = room(iv, n, sizeof *p->clock_rules);
    p->position_rules = room(iv, n, sizeof *p->position_rules);
    if (p->rules == NULL || p->clock_rules == NULL || p->position_rules == NULL)
        return -1;
    for (uint32_t r = 1; r <= n; r++) {
        const svy_rule rule = svy_form_rule(iv->form, r);
        svyi_plan_rule *plan = &p->rules[r];

        *plan = (svyi_plan_rule){ .code = rule.code, .owner = rule.owner, .rank = rule.rank };
        if (rule.purpose == SVY_FOR_RELEVANT)
            plan->which = SVYI_RULE_RELEVANT;
        else if (rule.purpose == SVY_FOR_PRESET || rule.purpose == SVY_FOR_VALUE)
            plan->which = SVYI_RULE_VALUE;
        else if (rule.purpose == SVY_FOR_CHOICES && svyi_is_odk(iv))
            plan->which = SVYI_RULE_CHOICES;
        if (plan->which != SVYI_RULE_LAZY)
            plan->roster = svyi_item(iv, rule.owner)->roster;
        if (plan->which != SVYI_RULE_LAZY && rule.uses_clock) {
            plan->clock = reads_now(rule.text) ? 2 : 1;
            p->clock_rules[p->n_clock++] = r;
        }
        if (svyi_is_odk(iv))
            svyi_odk_rule(iv, r, &rule);
    }
    return 0;
}

static int make_room_for_lists(svy_interview *iv)
{
    svyi_plan *p = &iv->plan;

    for (uint32_t list = 1; list <= svy_form_lists(iv->form); list++) {
        const svy_list l = svy_form_list(iv->form, list);
        if (l.n_choices > p->longest)
            p->longest = l.n_choices;
    }
    p->order = room(iv, p->longest, sizeof *p->order);
    p->mark = room(iv, p->longest, sizeof *p->mark);
    return p->order != NULL && p->mark != NULL ? 0 : -1;
}

svy_status svyi_plan_make(svy_interview *iv, svy_error *err)
{
    if ((svy_form_is_odk(iv->form) && svyi_odk_make(iv) != 0) || make_items(iv) != 0 || make_rules(iv) != 0 || make_room_for_lists(iv) != 0)
        return svyi_nomem(err);
    return SVY_OK;
}
