/* Texts of items, checks and choices as numbered units, and the ${fills} in them. */
#include <string.h>

#include "questionnaire/questionnaire_priv.h"

static int is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

int svyi_q_next_fill(const char *text, size_t *at, size_t *start, const char **name, size_t *len)
{
    const char *open = strstr(text + *at, "${");

    *start = open != NULL ? (size_t)(open - text) : 0;
    *name = "";
    *len = 0;
    if (open == NULL)
        return 0;
    const char *from = open + 2;
    while (is_blank(*from))
        from++;
    const char *close = strchr(from, '}');
    if (close == NULL)
        return -1;
    *at = (size_t)(close + 1 - text);
    *name = from;
    while (close > from && is_blank(close[-1]))
        close--;
    *len = (size_t)(close - from);
    return 1;
}

/* ---- Fills ---- */

static void check_fill(svyi_q *q, const svyi_q_unit *u, const char *name, size_t len)
{
    const svy_attribute at = { .line = u->line };
    const int shown = (int)(len < SVYI_Q_ID ? len : SVYI_Q_ID);
    uint32_t item;

    if (!svyi_q_find_item(q, name, len, &item)) {
        svyi_q_tell(q, SVY_PROBLEM, SVY_E_NAME, u->element, &at, "name a question, a compute or a parameter", "the text shows '${%.*s}', and there is no such id",
                    shown, name);
    } else if (q->items[item].i.type == SVY_T_NONE) {
        const uint32_t kind = q->items[item].i.kind;
        if (kind != SVY_EL_QUESTION && kind != SVY_EL_COMPUTE && kind != SVY_EL_PARAMETER)
            svyi_q_tell(q, SVY_PROBLEM, SVY_E_TYPE, u->element, &at, "name a question, a compute or a parameter",
                        "the text shows '${%.*s}', which is a %s and has no answer", shown, name, svyi_q_element_name((svy_element)kind));
    } else if (!svyi_q_roster_visible(q, q->items[item].i.roster, u->roster)) {
        svyi_q_tell(q, SVY_PROBLEM, SVY_E_TYPE, u->element, &at, "show a compute that makes one text of them, with join() for example",
                    "the text shows '${%.*s}', which has an answer in every entry of roster '%s'", shown, name,
                    q->items[q->items[item].i.roster].id);
    }
}

static void check_fills(svyi_q *q, const svyi_q_unit *u)
{
    size_t at = 0, start, len;
    const char *name;
    const svy_attribute place = { .line = u->line };
    int found;

    while ((found = svyi_q_next_fill(u->text, &at, &start, &name, &len)) == 1)
        check_fill(q, u, name, len);
    if (found < 0)
        svyi_q_tell(q, SVY_PROBLEM, SVY_E_SYNTAX, u->element, &place, "close it with }", "the text has '${' without an end");
}

/* ---- Units ---- */

void svyi_q_add_unit(svyi_q *q, uint32_t element, uint32_t role, uint32_t roster, uint32_t number)
{
    const svyi_q_words *w = svyi_q_text(q->b, element, (svy_role)role);

    if (q->failed || svyi_grow(&q->alloc, &q->units, &q->units_capacity, (size_t)q->n_units + 1, sizeof *q->units) != 0) {
        q->failed = 1;
        return;
    }
    svyi_q_unit *u = &q->units[q->n_units++];
    *u = (svyi_q_unit){ .text = w != NULL ? w->text : "", .element = element, .role = role, .roster = roster, .number = number,
                        .line = w != NULL && w->line > 0 ? w->line : q->b->elements[element].line };
    if (!q->odk)
        check_fills(q, u);
}

static void add_item(svyi_q *q, uint32_t item)
{
    const svyi_q_item *d = &q->items[item];

    q->first_unit[item] = q->n_units;
    for (uint32_t role = 1; role <= SVYI_Q_ROLES; role++) {
        const svyi_q_words *w = svyi_q_text(q->b, d->element, (svy_role)role);
        if (w == NULL || w->text[0] == '\0')
            continue;
        q->roles[item] |= (uint16_t)(1u << (role - 1));
        svyi_q_add_unit(q, d->element, role, d->i.roster, 0);
    }
}

static void check_label(svyi_q *q, uint32_t item)
{
    const svyi_q_item *d = &q->items[item];
    const uint32_t kind = d->i.kind;

    if (!q->odk && (kind == SVY_EL_QUESTION || kind == SVY_EL_GRID || kind == SVY_EL_NOTE) && (q->roles[item] & 1u << (SVY_LABEL - 1)) == 0)
        svyi_q_tell(q, SVY_WARNING, SVY_OK, d->element, NULL, "add one", "this %s has no text to show",
                    d->i.flags & SVY_ITEM_ROW ? "row" : svyi_q_element_name((svy_element)kind));
}

static void add_check(svyi_q *q, uint32_t check)
{
    const svyi_q_check *c = &q->checks[check];
    const svyi_q_item *d = &q->items[c->c.item];

    svyi_q_add_unit(q, c->element, SVY_TEXT, d->i.kind == SVY_EL_ROSTER ? c->c.item : d->i.roster, check - d->i.first_check + 1);
    if (!q->failed && !q->odk && q->units[q->n_units - 1].text[0] == '\0')
        svyi_q_tell(q, SVY_WARNING, SVY_OK, c->element, NULL, "write what is wrong and what to do", "this check has no sentence to show");
}

void svyi_q_make_texts(svyi_q *q)
{
    q->first_unit = svyi_arena_get(&q->arena, ((size_t)q->n_items + 1) * sizeof *q->first_unit);
    q->roles = svyi_arena_get(&q->arena, ((size_t)q->n_items + 1) * sizeof *q->roles);
    if (q->first_unit == NULL || q->roles == NULL) {
        q->failed = 1;
        return;
    }
    for (uint32_t i = 0; i < q->n_items && !q->failed; i++)
        if ((q->items[i].i.flags & SVY_ITEM_OTHER) == 0) {
            add_item(q, i);
            check_label(q, i);
        }
    q->first_check_unit = q->n_units;
    for (uint32_t c = 0; c < q->n_checks && !q->failed; c++)
        add_check(q, c);
    q->first_choice_unit = q->n_units;
    for (uint32_t l = 1; l <= q->n_lists && !q->failed; l++)
        for (uint32_t c = q->lists[l].first; c < q->lists[l].first + q->lists[l].n && !q->failed; c++)
            svyi_q_add_unit(q, q->choices[c].element, SVY_LABEL, q->lists[l].roster, 0);
    for (uint32_t i = 0; i < q->n_items && !q->failed; i++)
        if (q->items[i].i.flags & SVY_ITEM_OTHER) {
            q->first_unit[i] = q->first_choice_unit + q->items[q->items[i].i.of].other - 1;
            q->roles[i] = 1u << (SVY_LABEL - 1);
        }
    if (q->odk && !q->failed)
        svyi_q_make_odk_texts(q);
}
