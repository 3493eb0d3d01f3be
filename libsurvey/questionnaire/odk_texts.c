/* With ODK's expressions: texts that are known by an id, files shown with choices, and the expressions in all texts. */
#include <stdlib.h>
#include <string.h>

#include "questionnaire/questionnaire_priv.h"

enum { OUTPUTS = 200000, SHARED = 2000000 /* looks at a text that several questions show */ };

/* ---- Units ---- */

/* The units of an element's texts, by role. @return their roles as bits. */
static uint32_t add_units(svyi_q *q, uint32_t element)
{
    uint32_t roles = 0;

    for (uint32_t role = 1; role <= SVYI_Q_ROLES && !q->failed; role++) {
        const svyi_q_words *w = svyi_q_text(q->b, element, (svy_role)role);
        if (w == NULL || (w->text[0] == '\0' && role != SVY_LABEL))
            continue;
        roles |= 1u << (role - 1);
        svyi_q_add_unit(q, element, role, 0, 0);
    }
    return roles;
}

static void add_itext(svyi_q *q, uint32_t element)
{
    const svy_attribute *a = svyi_q_attribute(q->b, element, "id");
    uint32_t number = q->n_itexts;

    if (a == NULL || a->value[0] == '\0')
        return;                           /* reported */
    const int added = svyi_map_add(&q->itext_ids, a->value, strlen(a->value), &number);
    if (added < 0)
        q->failed = 1;
    if (added == 1)
        svyi_q_tell(q, SVY_PROBLEM, SVY_E_NAME, element, a, "give one of them another id", "there are two texts '%.*s', the first in line %d",
                    svyi_q_shown(a->value), a->value, q->b->elements[q->itexts[number].element].line);
    if (added != 0)
        return;
    svyi_q_itext *t = &q->itexts[q->n_itexts++];
    *t = (svyi_q_itext){ .id = a->value, .element = element, .first_unit = q->n_units };
    t->roles = add_units(q, element);
}

/* Files shown with a choice; its label is a unit already. */
static void add_media(svyi_q *q, uint32_t choice)
{
    const uint32_t element = q->choices[choice].element;

    for (const svyi_q_words *w = q->b->elements[element].texts; w != NULL && !q->failed; w = w->next) {
        if (w->role == SVY_LABEL || w->text[0] == '\0')
            continue;
        if (svyi_grow(&q->alloc, &q->media, &q->media_capacity, (size_t)q->n_media + 1, sizeof *q->media) != 0) {
            q->failed = 1;
            return;
        }
        q->media[q->n_media++] = (svyi_q_media){ choice, w->role, q->n_units };
        svyi_q_add_unit(q, element, w->role, 0, 0);
    }
}

void svyi_q_make_odk_texts(svyi_q *q)
{
    const svy_builder *b = q->b;
    size_t n = 0;

    for (uint32_t e = b->elements[b->root].first; e != 0; e = b->elements[e].next)
        n += b->elements[e].kind == SVY_EL_ITEXT;
    q->itexts = svyi_arena_get(&q->arena, (n + 1) * sizeof *q->itexts);
    if (q->itexts == NULL)
        q->failed = 1;
    for (uint32_t e = b->elements[b->root].first; e != 0 && !q->failed; e = b->elements[e].next)
        if (b->elements[e].kind == SVY_EL_ITEXT)
            add_itext(q, e);
    for (uint32_t c = 0; c < q->n_choices && !q->failed; c++)
        add_media(q, c);
}

/* ---- Expressions in texts ---- */

/* Who has the rules: those of an item with the same text share one. */
typedef struct outputs {
    svyi_q *q;
    svyi_map rules;
    svyi_buffer key;
    uint32_t *first, *next;       /* questions by list, 0 for those whose choices have texts by id as labels; the next one by item */
    uint32_t shared;
} outputs;

/* The name of a rule: its item, then its text. */
static const char *key_of(outputs *o, uint32_t item, const char *text, size_t len, size_t *key_len)
{
    o->key.len = 0;
    svyi_buffer_u32(&o->key, item);
    svyi_buffer_add(&o->key, text, len);
    *key_len = o->key.len;
    return o->key.failed ? NULL : svyi_arena_text(&o->q->arena, o->key.data, o->key.len);
}

/* An id alone stands for its answer, as in expressions. */
static const char *as_path(svyi_q *q, const char *text, size_t len)
{
    uint32_t item;
    char *out;

    if (!svyi_q_find_item(q, text, len, &item) || (out = svyi_arena_get(&q->arena, len + 4)) == NULL)
        return NULL;
    memcpy(out, "${", 2);
    memcpy(out + 2, text, len);
    out[len + 2] = '}';
    return out;
}

static void add_output(outputs *o, uint32_t item, const svyi_q_unit *u, const char *text, size_t len)
{
    svyi_q *q = o->q;
    size_t key_len;
    const char *key = key_of(o, item, text, len, &key_len), *own = svyi_arena_text(&q->arena, text, len);
    uint32_t rule = q->n_rules + 1;
    const svy_attribute a = { .name = "text", .value = own, .line = u->line };

    if (key == NULL || own == NULL) {
        q->failed = 1;
        return;
    }
    const int added = svyi_map_add(&o->rules, key, key_len, &rule);
    if (added < 0)
        q->failed = 1;
    if (added != 0 || len == 0)
        return;
    if (q->n_outputs >= OUTPUTS) {
        if (q->n_outputs++ == OUTPUTS)
            svyi_q_tell(q, SVY_PROBLEM, SVY_E_LIMIT, u->element, NULL, "let fewer texts show values", "the texts show more than %d values", (int)OUTPUTS);
        return;
    }
    rule = svyi_q_add_odk_rule(q, SVY_FOR_OUTPUT, item, item, u->element, &a);
    if (rule == 0)
        return;
    q->n_outputs++;
    const char *path = as_path(q, text, len);
    if (path != NULL)
        q->rules[rule].compiled = path;
}

static void add_text_outputs(outputs *o, uint32_t item, const svyi_q_unit *u, const char *text)
{
    const svy_attribute place = { .line = u->line };
    size_t at = 0, start, len;
    const char *expression;
    int found;

    while (!o->q->failed && (found = svyi_q_next_output(text, &at, &start, &expression, &len)) != 0) {
        if (found > 0) {
            add_output(o, item, u, expression, len);
            continue;
        }
        svyi_q_tell(o->q, SVY_PROBLEM, SVY_E_SYNTAX, u->element, &place, "close it with }", "the text has '${' without an end");
        return;
    }
}

static int has_outputs(const svyi_q *q, uint32_t unit)
{
    int has = strstr(q->units[unit].text, "${") != NULL;

    for (uint32_t lang = 1; lang < q->n_languages && !has; lang++) {
        const char *text = q->texts[(size_t)(lang - 1) * q->n_units + unit];
        has = text != NULL && strstr(text, "${") != NULL;
    }
    return has;
}

/* Those of a unit in all languages, as seen from an item. */
static void add_unit_outputs(outputs *o, uint32_t item, uint32_t unit)
{
    const svyi_q *q = o->q;

    if (!has_outputs(q, unit))
        return;
    add_text_outputs(o, item, &q->units[unit], q->units[unit].text);
    for (uint32_t lang = 1; lang < q->n_languages && !q->failed; lang++) {
        const char *text = q->texts[(size_t)(lang - 1) * q->n_units + unit];
        if (text != NULL)
            add_text_outputs(o, item, &q->units[unit], text);
    }
}

static uint32_t count_bits(uint32_t bits)
{
    uint32_t n = 0;

    for (; bits != 0; bits &= bits - 1)
        n++;
    return n;
}

/* Units that are shown at several items: those of a list at each question that uses it, texts by id at each question whose choices may have
   them as labels. Both also at the root, for jr:choice-name() and jr:itext(). */
static void add_shared_outputs(outputs *o, uint32_t unit, uint32_t list)
{
    svyi_q *q = o->q;

    if (!has_outputs(q, unit))
        return;
    add_unit_outputs(o, 0, unit);
    for (uint32_t i = o->first[list]; i != 0 && !q->failed && o->shared <= SHARED; i = o->next[i]) {
        add_unit_outputs(o, i, unit);
        if (o->shared++ == SHARED)
            svyi_q_tell(q, SVY_PROBLEM, SVY_E_LIMIT, q->units[unit].element, NULL, "let fewer labels of choices show values",
                        "labels of choices that show values are used by too many questions");
    }
}

/* From the last question to the first, so that each list has its questions in order. */
static int find_users(outputs *o)
{
    svyi_q *q = o->q;

    o->first = svyi_arena_get(&q->arena, ((size_t)q->n_lists + 1) * sizeof *o->first);
    o->next = svyi_arena_get(&q->arena, ((size_t)q->n_items + 1) * sizeof *o->next);
    if (o->first == NULL || o->next == NULL)
        return -1;
    for (uint32_t i = q->n_items; i-- > 1; ) {
        const uint32_t list = q->items[i].i.list;
        if (list == 0 && (q->nodes[i].i.flags & SVY_ODK_LABEL_TEXT) == 0)
            continue;
        o->next[i] = o->first[list];
        o->first[list] = i;
    }
    return 0;
}

static void add_all(outputs *o)
{
    const svyi_q *q = o->q;

    for (uint32_t i = 0; i < q->n_items && !q->failed; i++)
        for (uint32_t k = 0; k < count_bits(q->roles[i]) && !q->failed; k++)
            add_unit_outputs(o, i, q->first_unit[i] + k);
    for (uint32_t c = 0; c < q->n_checks && !q->failed; c++)
        add_unit_outputs(o, q->checks[c].c.item, q->first_check_unit + c);
    for (uint32_t l = 1; l <= q->n_lists && !q->failed; l++)
        for (uint32_t c = q->lists[l].first; c < q->lists[l].first + q->lists[l].n && !q->failed; c++)
            add_shared_outputs(o, q->first_choice_unit + c, l);
    for (uint32_t t = 0; t < q->n_itexts && !q->failed; t++)
        for (uint32_t k = 0; k < count_bits(q->itexts[t].roles) && !q->failed; k++)
            add_shared_outputs(o, q->itexts[t].first_unit + k, 0);
}

void svyi_q_make_outputs(svyi_q *q)
{
    outputs o = { .q = q };

    svyi_map_init(&o.rules, &q->alloc);
    svyi_buffer_init(&o.key, &q->alloc);
    q->first_output = q->n_rules + 1;
    if (find_users(&o) != 0)
        q->failed = 1;
    add_all(&o);
    svyi_buffer_clear(&o.key);
    svyi_map_clear(&o.rules);
}
