/* Distributions of answers given by a researcher, and drawing from them. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "interview/random_priv.h"

/* One value or a range of them. */
typedef struct span { svy_value low, high; uint8_t is_range; } span;
typedef struct condition { uint32_t item; span at; } condition;
typedef struct line {
    uint32_t item, next;              /* next line of the same item + 1, 0 at the end */
    uint32_t first_condition, n_conditions;
    double share;
    span value;
    uint8_t missing, alone;           /* alone: excludes other codes */
} line;

struct svy_distributions {
    svy_alloc alloc;
    svyi_arena arena;
    const svy_form *form;
    line *lines; size_t n_lines, lines_capacity;
    condition *conditions; size_t n_conditions, conditions_capacity;
    uint32_t *first, *last;           /* by item: its lines, numbered from 1 */
    uint32_t n_items;
};

svy_status svy_distributions_new(const svy_alloc *alloc, const svy_form *form, svy_distributions **out, svy_error *err)
{
    SVY_REQUIRE(out != NULL, err);
    *out = NULL;
    SVY_REQUIRE(form != NULL, err);
    const svy_alloc use = svyi_alloc_or_default(alloc);
    svy_distributions *d = svyi_get(&use, sizeof *d);
    if (d == NULL)
        return svyi_nomem(err);
    *d = (svy_distributions){ .alloc = use, .form = form, .n_items = svy_form_items(form) };
    svyi_arena_init(&d->arena, &use);
    d->first = svyi_arena_get(&d->arena, 2 * d->n_items * sizeof *d->first);
    if (d->first == NULL) {
        svy_distributions_free(d);
        return svyi_nomem(err);
    }
    d->last = d->first + d->n_items;
    *out = d;
    return SVY_OK;
}

void svy_distributions_free(svy_distributions *d)
{
    if (d == NULL)
        return;
    const svy_alloc use = d->alloc;
    svyi_release(&use, d->lines, d->lines_capacity * sizeof *d->lines);
    svyi_release(&use, d->conditions, d->conditions_capacity * sizeof *d->conditions);
    svyi_arena_clear(&d->arena);
    svyi_release(&use, d, sizeof *d);
}

/* ---- adding a line ---- */

static svy_status find_item(const svy_distributions *d, const char *id, uint32_t *item, svy_error *err)
{
    if (!svy_form_find(d->form, id, strlen(id), item))
        return svyi_fail(err, SVY_E_NAME, "the questionnaire has no variable '%.64s'", id);
    const svy_item *i = svy_form_item(d->form, *item);
    const int open = i->kind == SVY_EL_ROSTER && (i->flags & SVY_ITEM_OPEN) != 0;
    if (i->kind != SVY_EL_QUESTION && i->kind != SVY_EL_COMPUTE && !open)
        return svyi_fail(err, SVY_E_NAME, "'%.64s' is neither a question nor an open roster", id);
    return SVY_OK;
}

static svy_status read_value(svy_distributions *d, uint32_t item, const char *text, size_t len, svy_value *value, svy_error *err)
{
    const svy_item *i = svy_form_item(d->form, item);
    const svy_type type = i->kind == SVY_EL_ROSTER ? SVY_T_INTEGER : (svy_type)i->type;
    const char *own = svyi_arena_text(&d->arena, text, len);
    uint32_t choice;

    if (own == NULL)
        return svyi_nomem(err);
    if (i->list != 0) {
        if (!svy_form_find_choice(d->form, i->list, own, len, &choice))
            return svyi_fail(err, SVY_E_VALUE, "'%.64s' is no code of '%.64s'", own, svy_form_item_id(d->form, item));
        *value = (svy_value){ .kind = SVY_K_CODE, .text = own, .len = (uint32_t)len, .number = svy_form_choice(d->form, i->list, choice).number };
        return SVY_OK;
    }
    const svy_status st = svy_value_parse(type, own, len, value, err);
    return st == SVY_OK || st == SVY_E_NOMEM ? st : svyi_fail(err, SVY_E_VALUE, "'%.64s' is no answer to '%.64s', which is of type %s", own,
                                                              svy_form_item_id(d->form, item), svy_type_name(type));
}

static int has_text(const svy_value *v)
{
    return v->kind == SVY_K_TEXT || v->kind == SVY_K_CODES || v->kind == SVY_K_PLACE || v->kind == SVY_K_CODE;
}

static svy_status read_span(svy_distributions *d, uint32_t item, const char *text, span *out, svy_error *err)
{
    const char *dots = svy_form_item(d->form, item)->list == 0 ? strstr(text, "..") : NULL;
    svy_status st;

    if (dots == NULL) {
        *out = (span){ .is_range = 0 };
        return read_value(d, item, text, strlen(text), &out->low, err);
    }
    *out = (span){ .is_range = 1 };
    if ((st = read_value(d, item, text, (size_t)(dots - text), &out->low, err)) != SVY_OK ||
        (st = read_value(d, item, dots + 2, strlen(dots + 2), &out->high, err)) != SVY_OK)
        return st;
    if (has_text(&out->low) || !(out->low.number <= out->high.number))
        return svyi_fail(err, SVY_E_VALUE, "'%.64s' is no range from a lower to a higher value of '%.64s'", text, svy_form_item_id(d->form, item));
    return SVY_OK;
}

static int several(const svy_item *item)
{
    return item->type == SVY_T_MULTIPLE || item->type == SVY_T_RANKING;
}

static svy_status read_line(svy_distributions *d, const char *value, double share, line *l, svy_error *err)
{
    const svy_item *item = svy_form_item(d->form, l->item);
    svy_missing missing;
    uint32_t choice;

    if (!isfinite(share) || share < 0 || (several(item) && share > 1))
        return svyi_fail(err, SVY_E_VALUE, several(item) ? "a share of '%.64s' is not between 0 and 1" : "a share of '%.64s' is not a number from 0 on",
                         svy_form_item_id(d->form, l->item));
    l->share = share;
    if (item->kind != SVY_EL_ROSTER && svy_missing_find(value, strlen(value), &missing) && (missing == SVY_DONT_KNOW || missing == SVY_REFUSED)) {
        l->missing = (uint8_t)missing;
        l->alone = 1;
        return SVY_OK;
    }
    const svy_status st = read_span(d, l->item, value, &l->value, err);
    if (st == SVY_OK && item->list != 0 && svy_form_find_choice(d->form, item->list, value, strlen(value), &choice)) {
        const svy_choice c = svy_form_choice(d->form, item->list, choice);
        l->alone = (c.flags & SVY_CHOICE_EXCLUSIVE) != 0 || c.missing != 0;
    }
    return st;
}

svy_status svy_distributions_add(svy_distributions *d, const char *variable, const char *value, double share, const svy_given *given, size_t n_given,
                                 svy_error *err)
{
    SVY_REQUIRE(d != NULL && variable != NULL && value != NULL && (given != NULL || n_given == 0), err);
    line l = { .first_condition = (uint32_t)d->n_conditions, .n_conditions = (uint32_t)n_given };
    svy_status st = find_item(d, variable, &l.item, err);

    if (st != SVY_OK || (st = read_line(d, value, share, &l, err)) != SVY_OK)
        return st;
    if (svyi_grow(&d->alloc, &d->lines, &d->lines_capacity, d->n_lines + 1, sizeof *d->lines) != 0 ||
        svyi_grow(&d->alloc, &d->conditions, &d->conditions_capacity, d->n_conditions + n_given, sizeof *d->conditions) != 0)
        return svyi_nomem(err);
    for (size_t i = 0; i < n_given; i++) {
        condition *c = &d->conditions[d->n_conditions + i];
        if ((st = find_item(d, given[i].variable, &c->item, err)) != SVY_OK || (st = read_span(d, c->item, given[i].value, &c->at, err)) != SVY_OK)
            return st;
    }
    d->n_conditions += n_given;
    d->lines[d->n_lines++] = l;
    const uint32_t number = (uint32_t)d->n_lines;
    if (d->first[l.item] == 0)
        d->first[l.item] = number;
    else
        d->lines[d->last[l.item] - 1].next = number;
    d->last[l.item] = number;
    return SVY_OK;
}

/* ---- drawing ---- */

/* 1 when the text has the code among those with single blanks between. */
static int has_code(const svy_value *v, const svy_value *code)
{
    for (const char *at = v->text, *end = v->text + v->len; at < end; ) {
        const char *stop = memchr(at, ' ', (size_t)(end - at));
        if (stop == NULL)
            stop = end;
        if ((size_t)(stop - at) == code->len && memcmp(at, code->text, code->len) == 0)
            return 1;
        at = stop + 1;
    }
    return 0;
}

static int holds(const svy_interview *iv, const condition *c, uint32_t entry)
{
    const svy_value v = svyi_item(iv, c->item)->kind == SVY_EL_ROSTER ? svy_value_missing(SVY_K_NONE, SVY_NOT_ASKED) : svyi_value_at(iv, c->item, entry);

    if (v.missing != SVY_PRESENT)
        return 0;
    if (has_text(&c->at.low))
        return v.kind == SVY_K_CODES ? has_code(&v, &c->at.low) : v.len == c->at.low.len && memcmp(v.text, c->at.low.text, v.len) == 0;
    return c->at.is_range ? v.number >= c->at.low.number && v.number <= c->at.high.number : v.number == c->at.low.number;
}

static int applies(const svy_distributions *d, const svy_interview *iv, const line *l, uint32_t entry)
{
    for (uint32_t i = 0; i < l->n_conditions; i++)
        if (!holds(iv, &d->conditions[l->first_condition + i], entry))
            return 0;
    return 1;
}

/* Lines that apply, one after another: the one behind `after` (0: the first), 0 at the end. */
static uint32_t next_line(const svy_distributions *d, const svy_interview *iv, svy_place place, uint32_t after)
{
    uint32_t at = after == 0 ? d->first[place.item] : d->lines[after - 1].next;

    while (at != 0 && !applies(d, iv, &d->lines[at - 1], place.entry))
        at = d->lines[at - 1].next;
    return at;
}

static size_t put_span(const span *s, svy_type type, svyi_random *r, char *out)
{
    svy_value v = s->low;

    if (s->is_range) {
        const double step = type == SVY_T_DECIMAL ? 0.01 : 1;
        v.number += step * floor(svyi_random_unit(r) * (floor((s->high.number - s->low.number) / step) + 1));
        if (type == SVY_T_DECIMAL)
            v.number = floor(v.number * 100 + 0.5) / 100;
    }
    const size_t len = svy_value_format(&v, out, SVYI_CANDIDATE);
    return len <= SVYI_CANDIDATE ? len : 0;
}

/* The line that is drawn by shares, among those that stand alone when `alone`, with the rest of 1 for none (0). */
static uint32_t draw_line(const svy_distributions *d, const svy_interview *iv, svy_place place, svyi_random *r, int alone, double *sum)
{
    double at = svyi_random_unit(r), total = 0;
    uint32_t chosen = 0, last = 0;

    for (uint32_t l = next_line(d, iv, place, 0); l != 0; l = next_line(d, iv, place, l))
        if (!alone || d->lines[l - 1].alone)
            total += d->lines[l - 1].share;
    *sum = total;
    if (!alone)
        at *= total;
    else if (total > 1)
        at *= total;
    for (uint32_t l = next_line(d, iv, place, 0); l != 0 && chosen == 0; l = next_line(d, iv, place, l)) {
        if ((alone && !d->lines[l - 1].alone) || d->lines[l - 1].share <= 0)
            continue;
        last = l;
        if (at < d->lines[l - 1].share)
            chosen = l;
        at -= d->lines[l - 1].share;
    }
    return chosen != 0 || alone ? chosen : last;       /* what rounding left over goes to the last */
}

static size_t draw_several(const svy_distributions *d, const svy_interview *iv, svy_place place, svyi_random *r, double rest, char *out)
{
    size_t len = 0;

    for (uint32_t n = next_line(d, iv, place, 0); n != 0; n = next_line(d, iv, place, n)) {
        const line *l = &d->lines[n - 1];
        if (l->alone || svyi_random_unit(r) * rest >= l->share || len + l->value.low.len + 1 > SVYI_CANDIDATE)
            continue;
        if (len > 0)
            out[len++] = ' ';
        memcpy(out + len, l->value.low.text, l->value.low.len);
        len += l->value.low.len;
    }
    return len;
}

int svyi_distribution_draw(const svy_distributions *d, const svy_interview *iv, svy_place place, svyi_random *r, char *out, size_t *len, svy_missing *missing)
{
    const svy_item *item = svyi_item(iv, place.item);
    const int many = several(item);
    double sum;

    *len = 0;
    *missing = SVY_PRESENT;
    if (d == NULL || place.item >= d->n_items || next_line(d, iv, place, 0) == 0)
        return 0;
    const uint32_t drawn = draw_line(d, iv, place, r, many, &sum);
    if (drawn == 0 && !many)
        return 0;                                     /* every share is 0 */
    if (drawn == 0) {
        *len = draw_several(d, iv, place, r, sum < 1 ? 1 - sum : 1, out);
        return 1;
    }
    *missing = (svy_missing)d->lines[drawn - 1].missing;
    if (*missing == SVY_PRESENT)
        *len = put_span(&d->lines[drawn - 1].value, (svy_type)item->type, r, out);
    return 1;
}

int svyi_distribution_entries(const svy_distributions *d, const svy_interview *iv, svy_place roster, uint64_t seed, uint32_t *n)
{
    char text[SVYI_CANDIDATE];
    size_t len;
    svy_missing missing;
    double number;
    svyi_random own;

    /* Asked anew behind every entry, so the draw is one of its own that stays the same. */
    svyi_random_seed(&own, seed ^ ((uint64_t)roster.item << 32 | roster.entry) * 0x9E3779B97F4A7C15u);
    if (!svyi_distribution_draw(d, iv, roster, &own, text, &len, &missing) || !svyi_number_parse(text, len, &number) || number < 0)
        return 0;
    *n = number < SVYI_MAX_ROSTER ? (uint32_t)number : SVYI_MAX_ROSTER;
    return 1;
}
