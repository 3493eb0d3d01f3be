/* The answers worth trying: one of every kind that the constants in the conditions can tell apart. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "questionnaire/questionnaire_priv.h"

enum { MOST = 280, CODES = 7, COMPARISONS = 200000, SAMPLE = 20,
       PER_WORK = 4 /* comparisons for a unit of work */ };

typedef struct maker { svyi_q_trial *t; svyi_q_symbol *s; svy_kind kind; int full; } maker;

static void add(maker *m, svy_value v)
{
    if (m->s->n == MOST) {
        m->full = 1;
        return;
    }
    v.kind = (uint8_t)m->kind;
    m->s->values[m->s->n++] = v;
}

static const char *keep(maker *m, const char *a, size_t a_len, const char *b)
{
    const size_t b_len = strlen(b);
    char *text = svyi_arena_get(&m->t->arena, a_len + b_len + 1);

    if (text == NULL) {
        m->full = 1;
        return "";
    }
    memcpy(text, a, a_len);
    memcpy(text + a_len, b, b_len);
    return text;
}

static void add_text(maker *m, const char *text)
{
    for (uint32_t i = 0; i < m->s->n; i++)
        if (strcmp(m->s->values[i].text, text) == 0)
            return;
    add(m, (svy_value){ .text = text, .len = (uint32_t)strlen(text) });
}

/* ---- Numbers ---- */

static void add_number(maker *m, double x)
{
    for (uint32_t i = 0; i < m->s->n; i++)
        if (m->s->values[i].number == x)
            return;
    add(m, (svy_value){ .number = x, .text = "" });
}

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return x < y ? -1 : x > y;
}

/* The constants, and a value below, between and above them. */
static void add_numbers(maker *m, int whole)
{
    static const double SAMPLES[] = { 1, 0, 2, 10, 50, 100, 2000, 2026, 100000, -1 };
    double constants[SVYI_Q_CONSTANTS];
    const uint32_t n = m->s->n_constants;

    for (uint32_t i = 0; i < n; i++) {
        constants[i] = m->s->constants[i]->number;
        if (!whole || floor(constants[i]) == constants[i])
            add_number(m, constants[i]);
    }
    if (n > 1)
        qsort(constants, n, sizeof *constants, by_size);
    for (uint32_t i = 0; i < n; i++) {
        add_number(m, whole ? ceil(constants[i]) - 1 : constants[i] - 1);
        add_number(m, whole ? floor(constants[i]) + 1 : constants[i] + 1);
        if (i > 0 && !whole)
            add_number(m, constants[i - 1] + (constants[i] - constants[i - 1]) / 2);
    }
    for (size_t i = 0; i < sizeof SAMPLES / sizeof SAMPLES[0] && (m->s->loose || m->s->n == 0); i++)
        add_number(m, SAMPLES[i]);
}

/* ---- Texts ---- */

/* The constants, and a text just behind, and before all of them. */
static void add_texts(maker *m)
{
    for (uint32_t i = 0; i < m->s->n_constants; i++)
        add_text(m, keep(m, m->s->constants[i]->text, m->s->constants[i]->len, ""));
    for (uint32_t i = 0; i < m->s->n_constants; i++)
        add_text(m, keep(m, m->s->constants[i]->text, m->s->constants[i]->len, " "));
    add_text(m, "\x01");
    add_text(m, "x");
}

/* ---- Codes ---- */

static int is_number(const svy_value *v)
{
    return v->kind != SVY_K_TEXT && v->kind != SVY_K_CODE && v->kind != SVY_K_CODES && v->kind != SVY_K_PLACE;
}

/* Text of a constant as a code: numbers as they are written. */
static const char *code_of(maker *m, const svy_value *constant)
{
    char digits[40];

    if (!is_number(constant))
        return keep(m, constant->text, constant->len, "");
    svy_value_format(constant, digits, sizeof digits);
    return keep(m, digits, strlen(digits), "");
}

static int sign(double x) { return x < 0 ? 0 : x > 0 ? 2 : 1; }

/* How a choice compares with every constant, as number and as text: choices of one signature need only one trial. */
static uint64_t signature(const svyi_q_symbol *s, const char *const *texts, const svy_choice *c)
{
    uint64_t h = 0;

    for (uint32_t i = 0; i < s->n_constants; i++) {
        const int text = strcmp(c->code, texts[i]);
        h = h * 1000003 + (uint64_t)sign(text) * 4 + (is_number(s->constants[i]) ? (uint64_t)sign(c->number - s->constants[i]->number) : 3);
    }
    return h;
}

static void add_codes(maker *m, const svyi_q_list *l)
{
    const char *texts[SVYI_Q_CONSTANTS];
    uint64_t seen[MOST];

    const uint64_t comparisons = l->n * ((uint64_t)m->s->n_constants + 1);
    if (comparisons > COMPARISONS || !svyi_q_trial_pay(m->t, comparisons / PER_WORK)) {
        m->full = 1;
        return;
    }
    for (uint32_t i = 0; i < m->s->n_constants; i++)
        texts[i] = code_of(m, m->s->constants[i]);
    for (uint32_t k = 0; k < l->n && !m->full; k++) {
        const svy_choice *c = &m->t->q->choices[l->first + k].c;
        const uint64_t own = signature(m->s, texts, c);
        uint32_t i = 0;
        while (i < m->s->n && (seen[i] != own || (m->s->loose && m->s->n < SAMPLE)))
            i++;
        if (i < m->s->n || c->missing != 0)
            continue;
        seen[i] = own;
        add(m, (svy_value){ .text = c->code, .len = (uint32_t)strlen(c->code), .number = c->number });
    }
}

/* A set of codes in the order of the list: those of the constants that `chosen` has a bit for, and the code `rest` (unless it is l->n). */
static void add_set(maker *m, const svyi_q_list *l, const uint32_t *codes, uint32_t n, uint32_t chosen, uint32_t rest)
{
    const char *text = "";

    for (uint32_t k = 0; k < l->n && !m->full; k++) {
        int in = k == rest;
        for (uint32_t i = 0; i < n; i++)
            in |= codes[i] == k && (chosen >> i & 1);
        if (!in)
            continue;
        const char *more = m->t->q->choices[l->first + k].c.code;
        const char *blank = text[0] != '\0' ? keep(m, text, strlen(text), " ") : "";
        text = keep(m, blank, strlen(blank), more);
    }
    if (text[0] != '\0')
        add_text(m, text);
}

/* The first choice that is not among the codes; l->n when there is none. */
static uint32_t another(const maker *m, const svyi_q_list *l, const uint32_t *codes, uint32_t n)
{
    for (uint32_t k = 0; k < l->n; k++) {
        int is = m->t->q->choices[l->first + k].c.missing == 0;
        for (uint32_t i = 0; i < n; i++)
            is &= codes[i] != k;
        if (is)
            return k;
    }
    return l->n;
}

/* Every set of the codes that are asked for, with and without one that is not. */
static void add_sets(maker *m, const svyi_q_list *l)
{
    uint32_t codes[CODES], n = 0, at;

    for (uint32_t i = 0; i < m->s->n_constants && !m->full; i++) {
        const char *text = code_of(m, m->s->constants[i]);
        if (!svyi_map_find(&l->codes, text, strlen(text), &at)) {
            add_text(m, text);                        /* several codes at once, or none of the list */
            continue;
        }
        uint32_t k = 0;
        while (k < n && codes[k] != at)
            k++;
        if (k == n && n == CODES)
            m->full = 1;
        else if (k == n)
            codes[n++] = at;
    }
    const uint32_t rest = another(m, l, codes, n);
    if ((uint64_t)l->n << n > COMPARISONS || !svyi_q_trial_pay(m->t, ((uint64_t)l->n << n) / PER_WORK))
        m->full = 1;
    for (uint32_t chosen = 0; chosen < 1u << n && !m->full; chosen++) {
        add_set(m, l, codes, n, chosen, l->n);
        add_set(m, l, codes, n, chosen, rest);
    }
}

/* ---- All ---- */

static void add_missing(maker *m)
{
    static const svy_missing KINDS[] = { SVY_DONT_KNOW, SVY_REFUSED, SVY_NOT_STATED, SVY_NOT_ASKED, SVY_NOT_REACHED };

    for (size_t i = 0; i < (m->s->guarded ? sizeof KINDS / sizeof KINDS[0] : 1); i++)
        add(m, svy_value_missing(m->kind, KINDS[i]));
}

static int constants_fit(const svyi_q_symbol *s, int numbers)
{
    for (uint32_t i = 0; i < s->n_constants; i++)
        if (is_number(s->constants[i]) != numbers)
            return 0;
    return 1;
}

static int is_whole(uint32_t type)
{
    return type == SVY_T_INTEGER || type == SVY_T_YEAR || type == SVY_T_DATE;
}

/* 0 when this kind of item cannot be tried. */
static int add_values(maker *m)
{
    const svyi_q_item *d = &m->t->q->items[m->s->item];

    switch (m->kind) {
    case SVY_K_BOOLEAN:
        add_number(m, 1);
        add_number(m, 0);
        return 1;
    case SVY_K_NUMBER: case SVY_K_DATE: case SVY_K_MONTH: case SVY_K_TIME: case SVY_K_DATETIME:
        add_numbers(m, is_whole(d->i.type));
        return constants_fit(m->s, 1);
    case SVY_K_TEXT: case SVY_K_PLACE:
        add_texts(m);
        return constants_fit(m->s, 0);
    case SVY_K_CODE:
        if (d->i.list != 0)
            add_codes(m, &m->t->q->lists[d->i.list]);
        return d->i.list != 0;
    case SVY_K_CODES:
        if (d->i.list != 0)
            add_sets(m, &m->t->q->lists[d->i.list]);
        return d->i.list != 0;
    case SVY_K_NONE: case SVY_K_ENTRIES: break;
    }
    return 0;
}

int svyi_q_candidates(svyi_q_trial *t, svyi_q_symbol *s)
{
    maker m = { .t = t, .s = s, .kind = svy_type_kind((svy_type)t->q->items[s->item].i.type) };

    svy_value room[MOST];

    s->n = 0;
    s->values = room;
    const int possible = s->absent || add_values(&m);
    if (possible && (!s->present || s->roster))
        add_missing(&m);
    s->values = possible && !m.full && s->n > 0 ? svyi_arena_get(&t->arena, s->n * sizeof *s->values) : NULL;
    if (s->values != NULL)
        memcpy(s->values, room, s->n * sizeof *room);
    else if (possible && !m.full && s->n > 0)
        t->q->failed = 1;
    return s->values != NULL;
}
