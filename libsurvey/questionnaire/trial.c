/* Deciding whether rules can hold together by trying all answers that their conditions can tell apart. */
#include <string.h>

#include "questionnaire/questionnaire_priv.h"

enum { WORK = 20000000, WORK_BYTES = 32 /* of a program run, for a unit of work */ };

svy_status svyi_q_trial_init(svyi_q_trial *t, svyi_q *q)
{
    memset(t, 0, sizeof *t);
    t->q = q;
    t->work = WORK;
    svyi_arena_init(&t->arena, &q->alloc);
    t->slot = svyi_arena_get(&q->arena, ((size_t)q->n_items + 1) * sizeof *t->slot);
    return t->slot == NULL ? SVY_E_NOMEM : svy_scratch_new(&q->alloc, &t->scratch, NULL);
}

void svyi_q_trial_clear(svyi_q_trial *t)
{
    svy_scratch_free(t->scratch);
    svyi_arena_clear(&t->arena);
}

void svyi_q_trial_begin(svyi_q_trial *t, int loose)
{
    for (uint32_t i = 0; i < t->n_symbols; i++)
        t->slot[t->symbols[i].item] = 0;
    t->n_symbols = t->n_rules = 0;
    t->loose = loose;
    t->entries = 0;
    svyi_arena_clear(&t->arena);
}

svyi_q_symbol *svyi_q_trial_symbol(svyi_q_trial *t, uint32_t item)
{
    return t->slot[item] != 0 ? &t->symbols[t->slot[item] - 1] : NULL;
}

/* What an expression can see apart from answers: a rule that may look at it cannot be decided by trying answers. */
static int sees_more(const svyi_q_rule *r)
{
    static const char *const WORDS[] = { "position", "random", "once", "choice-", "jr:" };

    for (size_t i = 0; i < sizeof WORDS / sizeof WORDS[0]; i++)
        if (strstr(r->compiled, WORDS[i]) != NULL)
            return 1;
    return svy_expr_uses_clock(r->expr);
}

static int decidable(const svyi_q_trial *t, const svyi_q_rule *r, const svy_expr_use *uses, size_t n)
{
    uint32_t symbols = t->n_symbols;

    if (!t->loose && sees_more(r))
        return 0;
    for (size_t i = 0; i < n; i++) {
        const uint32_t slot = t->slot[uses[i].symbol];
        const size_t before = slot != 0 ? t->symbols[slot - 1].n_constants : 0;
        if ((uses[i].across && !t->entries) || (!uses[i].plain && !t->loose) || uses[i].n_constants > SVYI_Q_CONSTANTS - before)
            return 0;
        symbols += slot == 0;
    }
    return symbols <= SVYI_Q_SYMBOLS;
}

static void use(svyi_q_trial *t, const svy_expr_use *u)
{
    if (t->slot[u->symbol] == 0) {
        t->symbols[t->n_symbols] = (svyi_q_symbol){ .item = u->symbol };
        t->slot[u->symbol] = ++t->n_symbols;
    }
    svyi_q_symbol *s = &t->symbols[t->slot[u->symbol] - 1];
    s->guarded |= u->guarded;
    s->loose |= !u->plain;
    for (size_t i = 0; i < u->n_constants; i++)
        s->constants[s->n_constants++] = &u->constants[i];
}

int svyi_q_trial_add(svyi_q_trial *t, uint32_t rule, uint32_t guard)
{
    const svyi_q_rule *r = &t->q->rules[rule];
    const svy_expr_use *uses;

    for (uint32_t i = 0; i < t->n_rules; i++)
        if (t->rules[i].rule == rule && (t->rules[i].guard == guard || t->rules[i].guard == 0))
            return 1;
    if (r->expr == NULL || t->n_rules == SVYI_Q_TRIED)
        return 0;
    const size_t n = svy_expr_uses(r->expr, &uses);
    if (!decidable(t, r, uses, n))
        return 0;
    for (size_t i = 0; i < n; i++)
        use(t, &uses[i]);
    t->rules[t->n_rules].rule = rule;
    t->rules[t->n_rules++].guard = guard;
    return 1;
}

void svyi_q_trial_add_implied(svyi_q_trial *t)
{
    const svyi_q *q = t->q;

    for (uint32_t s = 0; s < t->n_symbols; s++) {      /* adding one may add symbols */
        const uint32_t item = t->symbols[s].item;
        if (q->items[item].i.kind != SVY_EL_QUESTION)
            continue;
        for (uint32_t i = item; i != 0; i = q->items[i].i.parent)
            if (q->items[i].i.relevant != 0)
                (void)svyi_q_trial_add(t, q->items[i].i.relevant, item);
    }
}

void svyi_q_trial_shrink(svyi_q_trial *t, uint32_t symbols, uint32_t rules)
{
    while (t->n_symbols > symbols)
        t->slot[t->symbols[--t->n_symbols].item] = 0;
    t->n_rules = rules;
}

/* ---- Running ---- */

int svyi_q_trial_pay(svyi_q_trial *t, uint64_t work)
{
    if (t->work < work) {
        t->work = 0;
        return 0;
    }
    t->work -= (uint32_t)work;
    return 1;
}

static void get(void *user, uint32_t symbol, uint32_t entry, svy_value *value)
{
    svyi_q_trial *t = user;
    const svyi_q_symbol *s = svyi_q_trial_symbol(t, symbol);

    (void)entry;
    *value = s != NULL ? s->values[s->at] : svy_value_missing(svy_type_kind((svy_type)t->q->items[symbol].i.type), SVY_NOT_REACHED);
}

static uint32_t no_entry(void *user, uint32_t roster, uint32_t entry, uint32_t after)
{
    (void)user, (void)roster, (void)entry, (void)after;
    return 0;
}

static uint32_t same_entry(void *user, uint32_t roster, uint32_t entry)
{
    (void)user, (void)roster;
    return entry;
}

static uint32_t first_position(void *user, uint32_t entry)
{
    (void)user, (void)entry;
    return 1;
}

static int no_label(void *user, uint32_t list, const char *code, size_t len, svy_value *text)
{
    (void)user, (void)list;
    *text = (svy_value){ .kind = SVY_K_TEXT, .text = code, .len = (uint32_t)len };
    return 1;
}

static int no_property(void *user, uint32_t list, const char *code, size_t len, const char *property, size_t property_len, svy_value *text)
{
    (void)property, (void)property_len;
    return no_label(user, list, code, len, text);
}

/* The result with the present answers; 0 when it fails. */
static int run(svyi_q_trial *t, uint32_t rule, svy_value *value)
{
    const svyi_q_rule *r = &t->q->rules[rule];
    const svy_env env = { .user = t, .get = get, .next_entry = no_entry, .enclosing = same_entry, .position = first_position, .label = no_label,
                          .lookup = no_property, .now = 1.8e9, .self = r->self };

    if (!svyi_q_trial_pay(t, 1 + svy_expr_code(r->expr).size / WORK_BYTES))
        return 0;
    return svy_code_run(svy_expr_code(r->expr), &env, 0, t->scratch, value, NULL) == SVY_OK;
}

/* 1 true, 0 not, -1 failed. */
static int holds(svyi_q_trial *t, uint32_t rule)
{
    svy_value value;

    if (!run(t, rule, &value))
        return -1;
    return value.missing == SVY_PRESENT && value.number != 0;
}

/* 1 when the present answers satisfy everything. */
static int satisfied(svyi_q_trial *t, int first)
{
    for (uint32_t i = 0; i < t->n_rules; i++) {
        const svyi_q_symbol *guard = t->rules[i].guard != 0 ? svyi_q_trial_symbol(t, t->rules[i].guard) : NULL;
        if (guard != NULL && guard->values[guard->at].missing != SVY_PRESENT)
            continue;
        const int is = holds(t, t->rules[i].rule);
        if (is < 0)
            return -1;
        if (is != (i == 0 ? first : 1))
            return 0;
    }
    return 1;
}

/* The next combination of answers; 0 after the last. */
static int advance(svyi_q_trial *t)
{
    for (uint32_t i = 0; i < t->n_symbols; i++) {
        if (++t->symbols[i].at < t->symbols[i].n)
            return 1;
        t->symbols[i].at = 0;
    }
    return 0;
}

/* Makes the answers to try. 0 when there are too many. */
static int prepare(svyi_q_trial *t)
{
    double combinations = 1;

    for (uint32_t i = 0; i < t->n_symbols; i++) {
        svyi_q_symbol *s = &t->symbols[i];
        s->at = 0;
        if (s->values == NULL && !svyi_q_candidates(t, s)) {
            s->values = NULL;
            return 0;
        }
        combinations *= s->n;
    }
    return combinations <= SVYI_Q_COMBINATIONS;
}

int svyi_q_trial_solve(svyi_q_trial *t, int first)
{
    if (!prepare(t))
        return -1;
    do {
        const int found = satisfied(t, first);
        if (found != 0)
            return found;
    } while (advance(t));
    return 0;
}

int svyi_q_trial_sure(svyi_q_trial *t, uint32_t rule)
{
    enum { ENOUGH = 200 };
    svy_value value;

    svyi_q_trial_begin(t, 1);
    t->entries = 1;
    if (!svyi_q_trial_add(t, rule, 0))
        return 0;
    for (uint32_t i = 0; i < t->n_symbols; i++) {
        svyi_q_symbol *s = &t->symbols[i];
        if (t->q->items[s->item].i.kind == SVY_EL_ROSTER)
            s->present = s->absent = s->roster = 1;
        else if (svyi_q_optional(t->q, s->item, t->q->rules[rule].item))
            s->absent = 1;
        else
            s->present = 1;
    }
    if (!prepare(t))
        return 0;
    for (int i = 0; i < ENOUGH; i++) {
        if (!run(t, rule, &value) || value.missing != SVY_PRESENT)
            return 0;
        if (!advance(t))
            break;
    }
    return 1;
}
