/* Code lists: their choices, codes and order, before the items that use them. */
#include <string.h>

#include "base/date.h"
#include "base/number.h"
#include "questionnaire/questionnaire_priv.h"

static uint32_t order_of(const char *word)
{
    return strcmp(word, "random") == 0 ? SVY_ORDER_RANDOM : strcmp(word, "rotate") == 0 ? SVY_ORDER_ROTATE : SVY_ORDER_FIXED;
}

static int32_t day_of(const char *text, int32_t open)
{
    double days;

    return svyi_date_parse(text, strlen(text), &days) ? (int32_t)days : open;
}

static void check_choice(svyi_q *q, const svyi_q_choice *d)
{
    const svy_choice *c = &d->c;

    if (c->missing != 0 && (c->flags & SVY_CHOICE_OTHER) != 0)
        svyi_q_tell(q, SVY_PROBLEM, SVY_E_VALUE, d->element, svyi_q_attribute(q->b, d->element, "missing"), "remove one of the two",
                    "choice '%.*s' records a missing answer and asks for a text", svyi_q_shown(c->code), c->code);
    if (c->valid_from > c->valid_to)
        svyi_q_tell(q, SVY_PROBLEM, SVY_E_VALUE, d->element, svyi_q_attribute(q->b, d->element, "valid-to"), "correct one of the two dates",
                    "choice '%.*s' ends before it begins to be valid", svyi_q_shown(c->code), c->code);
    if (!q->odk && svyi_q_text(q->b, d->element, SVY_LABEL) == NULL)
        svyi_q_tell(q, SVY_WARNING, SVY_OK, d->element, NULL, "give it one; the code is shown instead", "choice '%.*s' has no label",
                    svyi_q_shown(c->code), c->code);
}

/* In an ODK form a code may stand more than once: the second choice with it is known as "CODE#2". */
static void add_twin(svyi_q *q, svyi_q_list *l, const char *code, uint32_t first, uint32_t number)
{
    svyi_buffer name;

    svyi_buffer_init(&name, &q->alloc);
    svyi_buffer_format(&name, "%s#%u", code, ++q->choices[l->first + first].twins + 1);
    const char *own = name.failed ? NULL : svyi_arena_text(&q->arena, name.data, name.len);
    if (own == NULL || svyi_map_add(&l->twins, own, name.len, &number) < 0)
        q->failed = 1;
    svyi_buffer_clear(&name);
}

static void add_choice(svyi_q *q, svyi_q_list *l, uint32_t element)
{
    svy_missing missing = SVY_PRESENT;
    const char *word = svyi_q_value(q->b, element, "missing");
    svyi_q_choice d = { .element = element };
    uint32_t index = l->n;

    if (word[0] != '\0' && !svy_missing_find(word, strlen(word), &missing))
        missing = SVY_PRESENT;
    d.c = (svy_choice){ .code = svyi_q_value(q->b, element, "code"), .parent = svyi_q_value(q->b, element, "parent"),
                        .flags = (svyi_q_truth(q, element, "exclusive") ? (uint32_t)SVY_CHOICE_EXCLUSIVE : 0) |
                                 (svyi_q_truth(q, element, "other") ? (uint32_t)SVY_CHOICE_OTHER : 0),
                        .missing = missing, .valid_from = day_of(svyi_q_value(q->b, element, "valid-from"), INT32_MIN),
                        .valid_to = day_of(svyi_q_value(q->b, element, "valid-to"), INT32_MAX) };
    if (d.c.code[0] == '\0' && !q->odk)
        return;
    const int added = svyi_map_add(&l->codes, d.c.code, strlen(d.c.code), &index);
    if (added == 1 && !q->odk) {         /* there the first with a code names it */
        svyi_q_tell(q, SVY_PROBLEM, SVY_E_NAME, element, svyi_q_attribute(q->b, element, "code"), "give it another code",
                    "code '%.*s' stands twice in list '%s', first in line %d", svyi_q_shown(d.c.code), d.c.code, l->id,
                    q->b->elements[q->choices[l->first + index].element].line);
        return;
    }
    if (added == 1)
        add_twin(q, l, d.c.code, index, l->n);
    if (added < 0 || q->failed || svyi_grow(&q->alloc, &q->choices, &q->choices_capacity, (size_t)q->n_choices + 1, sizeof *q->choices) != 0) {
        q->failed = 1;
        return;
    }
    check_choice(q, &d);
    q->choices[q->n_choices++] = d;
    l->n++;
    l->n_missing += missing != SVY_PRESENT;
}

/* A list is numeric when every code that is recorded is a number. */
static void find_numbers(svyi_q *q, svyi_q_list *l)
{
    l->numeric = l->n > l->n_missing;
    for (uint32_t i = l->first; i < l->first + l->n; i++) {
        svy_choice *c = &q->choices[i].c;
        if (!svyi_number_parse(c->code, strlen(c->code), &c->number) && c->missing == 0)
            l->numeric = 0;
    }
    for (uint32_t i = l->first; i < l->first + l->n && !l->numeric; i++)
        q->choices[i].c.number = 0;
}

static void add_list(svyi_q *q, uint32_t element)
{
    const svy_attribute *id = svyi_q_attribute(q->b, element, "id");
    uint32_t number = q->n_lists + 1;

    if (svyi_grow(&q->alloc, &q->lists, &q->lists_capacity, (size_t)q->n_lists + 2, sizeof *q->lists) != 0) {
        q->failed = 1;
        return;
    }
    svyi_q_list *l = &q->lists[number];
    *l = (svyi_q_list){ .id = id != NULL ? id->value : "", .element = element, .first = q->n_choices,
                        .order = order_of(svyi_q_value(q->b, element, "order")) };
    svyi_map_init(&l->codes, &q->alloc);
    svyi_map_init(&l->twins, &q->alloc);
    q->n_lists++;
    if (l->id[0] != '\0') {
        const int added = svyi_map_add(&q->list_ids, l->id, strlen(l->id), &number);
        if (added < 0)
            q->failed = 1;
        if (added == 1)
            svyi_q_tell(q, SVY_PROBLEM, SVY_E_NAME, element, id, "give one of them another id", "there are two lists '%s', the first in line %d", l->id,
                        q->b->elements[q->lists[number].element].line);
    }
    for (uint32_t e = q->b->elements[element].first; e != 0 && !q->failed; e = q->b->elements[e].next)
        if (q->b->elements[e].kind == SVY_EL_CHOICE)
            add_choice(q, l, e);
    if (l->n == 0 && !q->odk)
        svyi_q_tell(q, SVY_PROBLEM, SVY_E_VALUE, element, NULL, "add the choices, or remove the list", "list '%s' has no choices", l->id);
    find_numbers(q, l);
}

void svyi_q_make_lists(svyi_q *q)
{
    svyi_map_init(&q->list_ids, &q->alloc);
    if (svyi_grow(&q->alloc, &q->lists, &q->lists_capacity, 1, sizeof *q->lists) != 0) {
        q->failed = 1;
        return;
    }
    memset(&q->lists[0], 0, sizeof q->lists[0]);      /* number 0 is no list */
    for (uint32_t e = q->b->elements[q->b->root].first; e != 0 && !q->failed; e = q->b->elements[e].next)
        if (q->b->elements[e].kind == SVY_EL_CHOICES)
            add_list(q, e);
}

uint32_t svyi_q_list_named(svyi_q *q, uint32_t element)
{
    const svy_attribute *a = svyi_q_attribute(q->b, element, "choices");
    uint32_t list = 0;

    if (a != NULL && !svyi_map_find(&q->list_ids, a->value, strlen(a->value), &list))
        svyi_q_tell(q, SVY_PROBLEM, SVY_E_NAME, element, a, "add <choices> with that id, or correct the name", "there is no list '%.*s'",
                    svyi_q_shown(a->value), a->value);
    return list;
}
