/* References between items: what a roster repeats for, what an end keeps, and how many entries there are. */
#include <string.h>

#include "base/number.h"
#include "questionnaire/questionnaire_priv.h"

static int is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

int svyi_q_reference(const char *text, const char **name, size_t *len)
{
    *name = NULL;
    *len = 0;
    while (is_blank(*text))
        text++;
    if (text[0] != '$' || text[1] != '{')
        return 0;
    for (text += 2; is_blank(*text); text++)
        ;
    const char *end = text;
    while (*end != '\0' && *end != '}' && !is_blank(*end))
        end++;
    const char *rest = end;
    while (is_blank(*rest))
        rest++;
    if (*rest != '}')
        return 0;
    for (rest++; is_blank(*rest); rest++)
        ;
    *name = text;
    *len = (size_t)(end - text);
    return *rest == '\0' && end > text;
}

/* ---- Rosters ---- */

static void resolve_for(svyi_q *q, uint32_t roster, const svy_attribute *a)
{
    svyi_q_item *r = &q->items[roster];
    const char *name;
    size_t len;
    uint32_t of;

    r->i.flags |= SVY_ITEM_FOR;
    if (!svyi_q_reference(a->value, &name, &len)) {
        svyi_q_tell(q, SVY_PROBLEM, SVY_E_SYNTAX, r->element, a, "write for=\"${question}\"; a compute of type multiple can hold an expression",
                    "for is '%.*s', not one question", svyi_q_shown(a->value), a->value);
    } else if (!svyi_q_find_item(q, name, len, &of)) {
        svyi_q_tell(q, SVY_PROBLEM, SVY_E_NAME, r->element, a, "name a question of type multiple or ranking", "there is no question '%.*s'",
                    (int)(len < SVYI_Q_ID ? len : SVYI_Q_ID), name);
    } else if (q->items[of].i.type != SVY_T_MULTIPLE && q->items[of].i.type != SVY_T_RANKING) {
        svyi_q_tell(q, SVY_PROBLEM, SVY_E_TYPE, r->element, a, "name a question of type multiple or ranking, whose chosen items become entries",
                    "'%s' does not have several codes", q->items[of].id);
    } else if (!svyi_q_roster_visible(q, q->items[of].i.roster, r->i.roster)) {
        svyi_q_tell(q, SVY_PROBLEM, SVY_E_NAME, r->element, a, "put this roster inside that one", "'%s' is asked in roster '%s', and this roster stands outside",
                    q->items[of].id, q->items[q->items[of].i.roster].id);
    } else if (svyi_q_contains(q, roster, of)) {
        svyi_q_tell(q, SVY_PROBLEM, SVY_E_NAME, r->element, a, "name a question before it", "'%s' stands in the roster itself", q->items[of].id);
    } else {
        r->i.of = of;
    }
}

/* A whole number 0..SVYI_Q_ENTRIES. */
static uint32_t entries(svyi_q *q, uint32_t element, const char *name, uint32_t least)
{
    const svy_attribute *a = svyi_q_attribute(q->b, element, name);
    double n;

    if (a == NULL)
        return 0;
    if (svyi_number_parse(a->value, strlen(a->value), &n) && n >= least && n <= SVYI_Q_ENTRIES && n == (double)(uint32_t)n)
        return (uint32_t)n;
    svyi_q_tell(q, SVY_PROBLEM, SVY_E_VALUE, element, a, least == 0 ? "write a whole number from 0 to 10000" : "write a whole number from 1 to 10000",
                "%s is '%.*s'", name, svyi_q_shown(a->value), a->value);
    return 0;
}

static void resolve_roster(svyi_q *q, uint32_t roster)
{
    svyi_q_item *r = &q->items[roster];
    const svy_attribute *count = svyi_q_attribute(q->b, r->element, "count"), *each = svyi_q_attribute(q->b, r->element, "for");
    const svy_attribute *min = svyi_q_attribute(q->b, r->element, "min"), *max = svyi_q_attribute(q->b, r->element, "max");

    if (count != NULL && count->value[0] == '\0')
        svyi_q_tell(q, SVY_PROBLEM, SVY_E_VALUE, r->element, count, "write how many entries there are, or remove it", "count is empty");
    if (count != NULL && each != NULL)
        svyi_q_tell(q, SVY_PROBLEM, SVY_E_VALUE, r->element, each, "remove one of the two", "the roster has both count and for");
    if ((count != NULL || each != NULL) && (min != NULL || max != NULL))
        svyi_q_tell(q, SVY_PROBLEM, SVY_E_VALUE, r->element, min != NULL ? min : max, "remove min and max, or make the roster open ended",
                    "min and max are for rosters without count and for");
    if (each != NULL)
        resolve_for(q, roster, each);
    if (count != NULL || each != NULL || (q->odk && (q->nodes[roster].i.flags & SVY_ODK_FIXED)))
        return;
    r->i.flags |= SVY_ITEM_OPEN;
    r->i.min = entries(q, r->element, "min", 0);
    r->i.max = entries(q, r->element, "max", 1);
    if (r->i.max > 0 && r->i.min > r->i.max)
        svyi_q_tell(q, SVY_PROBLEM, SVY_E_VALUE, r->element, min, "correct one of the two", "min is %u and max is %u", r->i.min, r->i.max);
}

/* ---- Ends ---- */

static void keep_section(svyi_q *q, svyi_q_item *end, const svy_attribute *a, const char *name, size_t len)
{
    uint32_t section;

    if (!svyi_q_find_item(q, name, len, &section) || q->items[section].i.kind != SVY_EL_SECTION) {
        svyi_q_tell(q, SVY_PROBLEM, SVY_E_NAME, end->element, a, "keep takes the ids of sections, separated by blanks", "there is no section '%.*s'",
                    (int)(len < SVYI_Q_ID ? len : SVYI_Q_ID), name);
        return;
    }
    if (svyi_grow(&q->alloc, &q->keeps, &q->keeps_capacity, (size_t)q->n_keeps + 1, sizeof *q->keeps) != 0) {
        q->failed = 1;
        return;
    }
    q->keeps[q->n_keeps++] = section;
    end->i.n_keep++;
}

static void resolve_end(svyi_q *q, uint32_t item)
{
    svyi_q_item *end = &q->items[item];
    const svy_attribute *keep = svyi_q_attribute(q->b, end->element, "keep");

    end->i.first_keep = q->n_keeps;
    for (const char *at = keep != NULL ? keep->value : ""; *at != '\0' && !q->failed; ) {
        const size_t len = strcspn(at, " \t\r\n");
        if (len > 0)
            keep_section(q, end, keep, at, len);
        at += len > 0 ? len : 1;
    }
}

/* ---- Lists ---- */

/* The innermost roster around both. */
static uint32_t common_roster(const svyi_q *q, uint32_t a, uint32_t b)
{
    while (!svyi_q_roster_visible(q, a, b))
        a = q->items[a].i.roster;
    return a;
}

static void use_list(svyi_q *q, const svyi_q_item *d)
{
    if (d->i.list == 0 || d->i.kind != SVY_EL_QUESTION)
        return;
    svyi_q_list *l = &q->lists[d->i.list];
    l->roster = l->used++ == 0 ? d->i.roster : common_roster(q, l->roster, d->i.roster);
}

void svyi_q_resolve(svyi_q *q)
{
    for (uint32_t i = 0; i < q->n_items && !q->failed; i++) {
        const svyi_q_item *d = &q->items[i];
        if (d->i.kind == SVY_EL_ROSTER)
            resolve_roster(q, i);
        if (d->i.kind == SVY_EL_END)
            resolve_end(q, i);
        use_list(q, d);
    }
}
