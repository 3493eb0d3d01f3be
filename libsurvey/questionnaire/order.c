/* What depends on what: the order in which rules are evaluated, circles, and the rules that read each item. */
#include <string.h>

#include "questionnaire/questionnaire_priv.h"

/* Nodes: rules 1..R, then items, then early ends in document order. An item's node stands for "its visible value is known": its own
   relevance, value or default, and everything around it. A node comes after those it needs. */
typedef struct graph {
    svyi_q *q;
    uint32_t n_rules, n_items, n;
    uint32_t *first, *needs;          /* needs of node k: needs[first[k]..first[k + 1]) */
    uint32_t n_needs;
    uint32_t *end_item;               /* by end */
    uint8_t *state;
    uint8_t *circular;                /* nodes of circles that were reported */
    uint32_t *stack, *next;           /* of the search */
    uint32_t *at;                     /* by node: its place in the stack */
    uint32_t *group;                  /* by node: nodes of one group need one another; NULL without ODK's expressions */
    uint32_t depth, rank, work;
    int counting;
} graph;

enum { FRESH = 0, OPEN = 1, DONE = 2, WORK = 10000000 /* steps spent on telling circles apart */ };

/* With ODK's expressions a rule may look into other entries of the roster it stands in, and the condition of a group into the group: that
   orders it, unless it closes a circle. */
#define SOFT (1u << 31)

static uint32_t item_node(const graph *g, uint32_t item) { return g->n_rules + 1 + item; }
static uint32_t end_node(const graph *g, uint32_t end) { return g->n_rules + 1 + g->n_items + end; }

/* First pass: counts. Second pass: stores, from the end of each run backwards. */
static void need(graph *g, uint32_t node, uint32_t needed)
{
    if (g->counting)
        g->first[node]++;
    else
        g->needs[--g->first[node]] = needed;
}

/* once() reads its own answer and is no circle; naming oneself is one. */
static int reads_itself_once(const svyi_q *q, const svyi_q_rule *r)
{
    const char *name;
    size_t at = 0, start, len;
    uint32_t item;

    if (r->purpose != SVY_FOR_PRESET || strstr(r->compiled, "once") == NULL)
        return 0;
    while (svyi_q_next_fill(r->compiled, &at, &start, &name, &len) == 1)
        if (svyi_q_find_item(q, name, len, &item) && item == r->owner)
            return 0;
    return 1;
}

static int reads_own(const svyi_q *q, const svyi_q_rule *r, uint32_t symbol)
{
    return r->item != 0 && symbol == r->item &&
           (r->purpose == SVY_FOR_CHECK || r->purpose == SVY_FOR_REQUIRED || r->purpose == SVY_FOR_FILTER || reads_itself_once(q, r));
}

/* An early end in an entry cuts off the entries behind it: what is read over the entries of a roster waits for the ends in them. */
static void entries_need(graph *g, uint32_t rule, uint32_t symbol)
{
    const svyi_q *q = g->q;
    const uint32_t reader = q->rules[rule].item;
    uint32_t roster = q->items[symbol].i.kind == SVY_EL_ROSTER ? symbol : q->items[symbol].i.roster;

    while (roster != 0) {
        const uint32_t behind = q->items[roster].i.end, ends = behind < q->n_items ? q->items[behind].ends_before : q->n_ends;
        if (ends > q->items[roster].ends_before)
            need(g, rule, end_node(g, ends - 1));
        roster = q->items[roster].i.roster;
        if (reader > roster && reader < q->items[roster].i.end)
            return;                               /* only entries around the reader: the others are out of its sight */
    }
}

/* 1 when a use is of other entries than the rule's own. */
static int reads_others(const svyi_q *q, const svyi_q_rule *r, const svy_expr_use *u)
{
    const uint32_t symbol = u->symbol, roster = q->items[symbol].i.kind == SVY_EL_ROSTER ? symbol : q->items[symbol].i.roster;

    return u->across && roster != 0 && svyi_q_contains(q, roster, r->item);
}

/* The condition of a group may look into the group: then what it sees depends on what it was before. */
static int looks_inside(const svyi_q *q, const svyi_q_rule *r, uint32_t symbol)
{
    return r->purpose == SVY_FOR_RELEVANT && symbol != r->item && svyi_q_contains(q, r->item, symbol);
}

/* A calculation, and a condition, may look at the very value it is for. */
static int is_own(const svyi_q_rule *r, uint32_t symbol)
{
    return symbol == r->item && (r->purpose == SVY_FOR_VALUE || r->purpose == SVY_FOR_RELEVANT);
}

/* Behind what a use is of: a group whose text is taken (`guarded`) stands for everything in it. */
static uint32_t read_end(const svyi_q *q, const svy_expr_use *u)
{
    return u->guarded && !q->shallow ? q->items[u->symbol].i.end : u->symbol + 1;
}

/* Texts of large groups in very many expressions would need a table of every rule by every item. */
static void limit_reads(svyi_q *q)
{
    enum { READS = 10000000 };
    uint64_t sum = 0;

    for (uint32_t r = 1; r <= q->n_rules; r++) {
        const svy_expr_use *uses = NULL;
        const size_t n = q->rules[r].expr != NULL ? svy_expr_uses(q->rules[r].expr, &uses) : 0;
        for (size_t i = 0; i < n; i++)
            sum += read_end(q, &uses[i]) - uses[i].symbol;
    }
    if (sum <= READS)
        return;
    q->shallow = 1;
    svyi_q_tell(q, SVY_PROBLEM, SVY_E_LIMIT, q->b->root, NULL, "name the nodes whose values are meant", "too many expressions take the text of large groups");
}

static void odk_needs(graph *g, uint32_t rule)
{
    const svyi_q *q = g->q;
    const svyi_q_rule *r = &q->rules[rule];
    const svy_expr_use *uses = NULL;
    const size_t n = r->expr != NULL ? svy_expr_uses(r->expr, &uses) : 0;

    if (r->purpose == SVY_FOR_SET || r->purpose == SVY_FOR_OUTPUT)
        return;
    for (size_t i = n; i-- > 0; ) {
        const uint32_t symbol = uses[i].symbol, end = read_end(q, &uses[i]);
        for (uint32_t k = symbol; k < end; k++)
            if (!is_own(r, k) && (k == symbol || !svyi_q_contains(q, k, r->item)))
                need(g, rule, item_node(g, k) | (reads_others(q, r, &uses[i]) || looks_inside(q, r, k) ? SOFT : 0));
    }
    if (r->purpose == SVY_FOR_VALUE && q->items[r->item].i.relevant != 0)
        need(g, rule, q->items[r->item].i.relevant);      /* what is not relevant is not calculated */
    if (r->item != 0)
        need(g, rule, item_node(g, q->items[r->item].i.parent));
}

static void rule_needs(graph *g, uint32_t rule)
{
    const svyi_q_rule *r = &g->q->rules[rule];
    const svy_expr_use *uses = NULL;
    const size_t n = r->expr != NULL ? svy_expr_uses(r->expr, &uses) : 0;

    if (g->q->odk) {
        odk_needs(g, rule);
        return;
    }

    for (size_t i = n; i-- > 0; ) {
        if (!reads_own(g->q, r, uses[i].symbol) || r->purpose == SVY_FOR_CHECK)
            need(g, rule, item_node(g, uses[i].symbol));
        if (uses[i].across)
            entries_need(g, rule, uses[i].symbol);
    }
    if (r->item != 0)
        need(g, rule, item_node(g, g->q->items[r->item].i.parent));
}

static void item_needs(graph *g, uint32_t item)
{
    const svy_item *d = &g->q->items[item].i;
    const uint32_t node = item_node(g, item);
    const uint32_t ends = g->q->items[item].ends_before;

    if (item == 0)
        return;
    if (d->kind == SVY_EL_ROSTER && d->of != 0)
        need(g, node, item_node(g, d->of));
    if (d->value != 0 && d->kind != SVY_EL_END)
        need(g, node, d->value);
    if (d->preset != 0)
        need(g, node, d->preset);
    if (d->relevant != 0)
        need(g, node, d->relevant);
    if (g->q->odk && g->q->nodes[item].i.choices != 0)
        need(g, node, g->q->nodes[item].i.choices | SOFT);
    if (ends > 0 && d->kind != SVY_EL_COMPUTE && d->kind != SVY_EL_SECTION && d->kind != SVY_EL_GRID)
        need(g, node, end_node(g, ends - 1));
    need(g, node, item_node(g, d->parent));
}

static void end_needs(graph *g, uint32_t end)
{
    const uint32_t item = g->end_item[end], value = g->q->items[item].i.value;

    if (value != 0)
        need(g, end_node(g, end), value);
    need(g, end_node(g, end), item_node(g, item));
}

static void all_needs(graph *g)
{
    for (uint32_t r = 1; r <= g->n_rules; r++)
        rule_needs(g, r);
    for (uint32_t i = 0; i < g->n_items; i++)
        item_needs(g, i);
    for (uint32_t e = 0; e < g->q->n_ends; e++)
        end_needs(g, e);
}

static int make_graph(graph *g, svyi_q *q)
{
    svyi_arena *a = &q->arena;

    *g = (graph){ .q = q, .n_rules = q->n_rules, .n_items = q->n_items, .n = 1 + q->n_rules + q->n_items + q->n_ends, .counting = 1 };
    g->first = svyi_arena_get(a, ((size_t)g->n + 1) * sizeof *g->first);
    g->end_item = svyi_arena_get(a, ((size_t)q->n_ends + 1) * sizeof *g->end_item);
    g->state = svyi_arena_get(a, g->n);
    g->circular = svyi_arena_get(a, g->n);
    g->stack = svyi_arena_get(a, (size_t)g->n * sizeof *g->stack);
    g->next = svyi_arena_get(a, (size_t)g->n * sizeof *g->next);
    g->at = svyi_arena_get(a, (size_t)g->n * sizeof *g->at);
    q->order = svyi_arena_get(a, ((size_t)q->n_rules + 1) * sizeof *q->order);
    if (g->first == NULL || g->end_item == NULL || g->state == NULL || g->circular == NULL || g->stack == NULL || g->next == NULL || g->at == NULL ||
        q->order == NULL)
        return -1;
    for (uint32_t i = 0, e = 0; i < q->n_items; i++)
        if (q->items[i].i.kind == SVY_EL_END)
            g->end_item[e++] = i;
    all_needs(g);
    for (uint32_t k = 0, sum = 0; k <= g->n; k++)
        g->first[k] = sum += k < g->n ? g->first[k] : 0;    /* ends of the runs, until filled */
    g->needs = svyi_arena_get(a, ((size_t)g->first[g->n] + 1) * sizeof *g->needs);
    if (g->needs == NULL)
        return -1;
    g->counting = 0;
    all_needs(g);
    return 0;
}

/* ---- Circles ---- */

static const char *rule_place(const svyi_q *q, const svyi_q_rule *r)
{
    const svyi_q_item *d = &q->items[r->item];

    if (r->purpose == SVY_FOR_VALUE)
        return d->i.kind == SVY_EL_ROSTER ? "count" : d->i.kind == SVY_EL_END ? "when" : "value";
    return svyi_q_purpose_name(r->purpose);
}

/* The nodes of the stack from `from` on depend on one another: says so once, naming the rules in order. */
static void tell_circle(graph *g, uint32_t from)
{
    svyi_q *q = g->q;
    svyi_buffer text;
    uint32_t first = 0, named = 0;

    if (g->work > WORK)
        return;
    for (uint32_t i = from; i < g->depth; i++, g->work++)
        if (g->circular[g->stack[i]])
            return;
    svyi_buffer_init(&text, &q->alloc);
    for (uint32_t i = from; i < g->depth; i++) {
        const uint32_t node = g->stack[i];
        g->circular[node] = 1;
        if (node > g->n_rules)
            continue;
        const svyi_q_rule *r = &q->rules[node];
        if (first == 0)
            first = node;
        if (named++ < 8)
            svyi_buffer_format(&text, "'%s' (%s) -> ", r->purpose == SVY_FOR_CHOICE ? q->lists[r->owner].id : q->items[r->item].id, rule_place(q, r));
        else if (named == 9)
            svyi_buffer_text(&text, "... -> ");
    }
    if (first != 0) {
        const svyi_q_rule *r = &q->rules[first];
        svyi_buffer_format(&text, "'%s'", r->purpose == SVY_FOR_CHOICE ? q->lists[r->owner].id : q->items[r->item].id);
        const svyi_where where = { .source = r->source, .line = r->line, .column = r->column, .element = r->element };
        if (!text.failed)
            svyi_report(&q->found.in, SVY_PROBLEM, SVY_E_INVALID, &where, "let one of them depend on something else", "these depend on one another: %s",
                        text.data);
    }
    q->failed |= text.failed;
    svyi_buffer_clear(&text);
}

static void leave(graph *g, uint32_t node)
{
    g->state[node] = DONE;
    g->depth--;
    if (node >= 1 && node <= g->n_rules) {
        g->q->rules[node].rank = ++g->rank;
        g->q->order[g->rank - 1] = node;
    }
}

static void enter(graph *g, uint32_t node)
{
    g->state[node] = OPEN;
    g->next[node] = g->first[node];
    g->at[node] = g->depth;
    g->stack[g->depth++] = node;
}

/* Depth first with a stack of its own: whatever a rule needs gets its rank before it. */
static void search(graph *g, uint32_t root)
{
    enter(g, root);
    while (g->depth > 0) {
        const uint32_t node = g->stack[g->depth - 1];
        if (g->next[node] == g->first[node + 1]) {
            leave(g, node);
            continue;
        }
        uint32_t needed = g->needs[g->next[node]++];
        if (needed & SOFT) {
            needed &= ~SOFT;
            if (g->group[needed] == g->group[node])
                continue;
        }
        if (g->state[needed] == FRESH) {
            enter(g, needed);
        } else if (g->state[needed] == OPEN) {
            tell_circle(g, g->at[needed]);
        }
    }
}

/* ---- Groups ---- */

/* Tarjan's search for strongly connected groups, with the stack of the search (the path) and one of nodes without a group yet. */
typedef struct grouping { graph *g; uint32_t *low, *waiting, n_waiting, n_groups, count; } grouping;

static void group_enter(grouping *s, uint32_t node)
{
    graph *g = s->g;

    g->state[node] = OPEN;
    g->next[node] = g->first[node];
    g->at[node] = s->low[node] = s->count++;
    g->stack[g->depth++] = node;
    s->waiting[s->n_waiting++] = node;
}

static void group_leave(grouping *s, uint32_t node)
{
    graph *g = s->g;

    g->depth--;
    if (g->depth > 0 && s->low[node] < s->low[g->stack[g->depth - 1]])
        s->low[g->stack[g->depth - 1]] = s->low[node];
    if (s->low[node] != g->at[node])
        return;
    s->n_groups++;
    uint32_t member;
    do {
        member = s->waiting[--s->n_waiting];
        g->group[member] = s->n_groups;
        g->state[member] = DONE;
    } while (member != node);
}

static void group_search(grouping *s, uint32_t root)
{
    graph *g = s->g;

    group_enter(s, root);
    while (g->depth > 0) {
        const uint32_t node = g->stack[g->depth - 1];
        if (g->next[node] == g->first[node + 1]) {
            group_leave(s, node);
            continue;
        }
        const uint32_t needed = g->needs[g->next[node]++] & ~SOFT;
        if (g->state[needed] == FRESH)
            group_enter(s, needed);
        else if (g->state[needed] == OPEN && g->at[needed] < s->low[node])
            s->low[node] = g->at[needed];
    }
}

static void make_groups(graph *g)
{
    svyi_arena *a = &g->q->arena;
    grouping s = { .g = g, .low = svyi_arena_get(a, (size_t)g->n * sizeof *s.low), .waiting = svyi_arena_get(a, (size_t)g->n * sizeof *s.waiting) };

    g->group = svyi_arena_get(a, (size_t)g->n * sizeof *g->group);
    if (g->group == NULL || s.low == NULL || s.waiting == NULL) {
        g->q->failed = 1;
        return;
    }
    for (uint32_t k = 1; k < g->n; k++)
        if (g->state[k] == FRESH)
            group_search(&s, k);
    memset(g->state, FRESH, g->n);
}

/* 1 when a rule reads `item`, by a use that covers it, though it need not come behind it. */
static int reads_back(const graph *g, const svyi_q_rule *r, uint32_t rule, const svy_expr_use *u, uint32_t item)
{
    if (is_own(r, item))
        return u->across;
    return looks_inside(g->q, r, item) || (reads_others(g->q, r, u) && g->group[item_node(g, item)] == g->group[rule]);
}

/* Rules that look at what need not come before them. */
static void mark_back(graph *g, svyi_q_rule *r, uint32_t rule)
{
    const svy_expr_use *uses = NULL;
    const size_t n = r->expr != NULL ? svy_expr_uses(r->expr, &uses) : 0;

    for (size_t i = 0; i < n && !r->back; i++)
        for (uint32_t k = uses[i].symbol; k < read_end(g->q, &uses[i]) && !r->back; k++)
            r->back = (uint8_t)reads_back(g, r, rule, &uses[i], k);
}

/* ---- Dependents ---- */

/* `seen`: by item, the last rule that was told to read it. */
static void odk_read(svyi_q *q, uint32_t item, uint32_t rule, uint32_t *seen, void (*each)(svyi_q *q, uint32_t item, uint32_t rule))
{
    if (seen[item] == rule)
        return;
    seen[item] = rule;
    each(q, item, rule);
}

/* What a rule reads, the rosters that it goes through, and all that is in a group whose text it takes. */
static void odk_reads(svyi_q *q, uint32_t rule, uint32_t *seen, void (*each)(svyi_q *q, uint32_t item, uint32_t rule))
{
    const svyi_q_rule *r = &q->rules[rule];
    const svy_expr_use *uses = NULL;
    const size_t n = r->expr != NULL ? svy_expr_uses(r->expr, &uses) : 0;

    if (r->purpose == SVY_FOR_SET || r->purpose == SVY_FOR_OUTPUT)
        return;
    for (size_t i = 0; i < n; i++) {
        const uint32_t symbol = uses[i].symbol, end = read_end(q, &uses[i]);
        for (uint32_t k = symbol; k < end; k++)
            if (k != r->item || uses[i].across)
                odk_read(q, k, rule, seen, each);
        for (uint32_t around = q->items[symbol].i.roster; uses[i].across && around != 0; around = q->items[around].i.roster)
            odk_read(q, around, rule, seen, each);
    }
}

/* By rank, calls `each` for every item that a rule reads. */
static void for_reads(svyi_q *q, uint32_t *seen, void (*each)(svyi_q *q, uint32_t item, uint32_t rule))
{
    memset(seen, 0, (size_t)q->n_items * sizeof *seen);
    for (uint32_t k = 0; q->odk && k < q->n_rules; k++)
        odk_reads(q, q->order[k], seen, each);
    for (uint32_t k = 0; !q->odk && k < q->n_rules; k++) {
        const svyi_q_rule *r = &q->rules[q->order[k]];
        const svy_expr_use *uses = NULL;
        const size_t n = r->expr != NULL ? svy_expr_uses(r->expr, &uses) : 0;
        for (size_t i = 0; i < n; i++)
            if (r->purpose == SVY_FOR_CHECK || !reads_own(q, r, uses[i].symbol))
                each(q, uses[i].symbol, q->order[k]);
    }
}

static void count_read(svyi_q *q, uint32_t item, uint32_t rule)
{
    (void)rule;
    q->first_dependent[item + 2]++;
}

static void store_read(svyi_q *q, uint32_t item, uint32_t rule)
{
    q->dependents[q->first_dependent[item + 1]++] = rule;
}

/* Counted two places further on, then summed up: first_dependent[i + 1] is where the rules of item i go, and in the end where those of i + 1 begin. */
static void make_dependents(svyi_q *q)
{
    uint32_t *seen = svyi_arena_get(&q->arena, ((size_t)q->n_items + 1) * sizeof *seen);

    q->first_dependent = svyi_arena_get(&q->arena, ((size_t)q->n_items + 2) * sizeof *q->first_dependent);
    if (q->first_dependent == NULL || seen == NULL) {
        q->failed = 1;
        return;
    }
    for_reads(q, seen, count_read);
    for (uint32_t i = 0; i < q->n_items; i++)
        q->first_dependent[i + 2] += q->first_dependent[i + 1];
    q->n_dependents = q->first_dependent[q->n_items + 1];
    q->dependents = svyi_arena_get(&q->arena, ((size_t)q->n_dependents + 1) * sizeof *q->dependents);
    if (q->dependents == NULL)
        q->failed = 1;
    else
        for_reads(q, seen, store_read);
}

void svyi_q_order(svyi_q *q)
{
    graph g;

    if (q->odk)
        limit_reads(q);
    if (make_graph(&g, q) != 0) {
        q->failed = 1;
        return;
    }
    if (q->odk)
        make_groups(&g);
    for (uint32_t k = 1; k < g.n && !q->failed; k++)
        if (g.state[k] == FRESH)
            search(&g, k);
    for (uint32_t r = 1; q->odk && r <= q->n_rules && !q->failed; r++)
        mark_back(&g, &q->rules[r], r);
    if (!q->failed)
        make_dependents(q);
}
