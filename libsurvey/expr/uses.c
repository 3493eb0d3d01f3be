/* Finds out how an expression uses each name, and warns of not() over what is false only for want of an answer. */
#include "expr_priv.h"

#include "base/map.h"

typedef struct use { uint32_t symbol; uint8_t across, plain, guarded; uint32_t n_constants, filled; svy_value *constants; } use;

typedef struct collector {
    svyi_compiler *c;
    svy_expr *e;
    use *uses;
    size_t n, capacity;
    svyi_map index;              /* symbol to its place in uses */
    int filling;                 /* second walk: the constants go to their places */
    unsigned loops;              /* filters around the part looked at */
    int failed;
} collector;

/* ---- Names ---- */

static const svyi_node *name_of(const svyi_node *n)
{
    return n->type == SVYI_N_SYMBOL || n->type == SVYI_N_SELF ? n : NULL;
}

/* NULL when out of memory. */
static use *use_of(collector *k, const svyi_node *name)
{
    uint32_t index = (uint32_t)k->n;
    /* The key is the symbol's number in the node, which stays where it is. */
    const int found = svyi_map_add(&k->index, (const char *)&name->symbol.id, sizeof name->symbol.id, &index);
    if (found == 1)
        return &k->uses[index];
    if (found < 0 || svyi_grow(&k->c->arena.alloc, &k->uses, &k->capacity, k->n + 1, sizeof *k->uses) != 0) {
        k->failed = 1;
        return NULL;
    }
    k->uses[k->n] = (use){ .symbol = name->symbol.id, .plain = 1 };
    return &k->uses[k->n++];
}

/* Many entries' answers are read: all of them, or those that a filter looks at one after another. */
static int is_across(const collector *k, const svyi_node *name)
{
    return name->set || (name->type == SVYI_N_SYMBOL && name->symbol.roster != 0 && name->up < k->loops);
}

static void used(collector *k, const svyi_node *name, int plain)
{
    use *u = use_of(k, name);
    if (u == NULL)
        return;
    u->across |= (uint8_t)is_across(k, name);
    u->plain &= plain && !is_across(k, name);
}

static void used_across(collector *k, const svyi_node *name)
{
    use *u = use_of(k, name);
    if (u != NULL) {
        u->across = 1;
        u->plain = 0;
    }
}

static void guarded(collector *k, const svyi_node *n)
{
    const svyi_node *name = name_of(n);
    use *u = name != NULL ? use_of(k, name) : NULL;
    if (u != NULL)
        u->guarded = 1;
}

/* A constant that a name is compared with. */
static void compared(collector *k, const svyi_node *name, const svy_value *constant)
{
    use *u = use_of(k, name);
    if (u == NULL || constant->missing != SVY_PRESENT)
        return;
    if (!k->filling) {
        u->n_constants++;
        return;
    }
    char *text = svyi_arena_text(&k->e->arena, constant->text, constant->len);
    if (text == NULL) {
        k->failed = 1;
        return;
    }
    u->constants[u->filled] = *constant;
    u->constants[u->filled++].text = text;
}

/* ---- Walking the tree ---- */

static void walk(collector *k, const svyi_node *n);

static void walk_children(collector *k, const svyi_node *n)
{
    for (const svyi_node *a = n->first; a != NULL; a = a->next)
        walk(k, a);
}

/* a = b: plain when one is a name (its number at most made of it) and the other a constant. */
static int plain_pair(collector *k, const svyi_node *a, const svyi_node *b)
{
    const svyi_node *name = name_of(a) != NULL ? a : b, *other = name == a ? b : a;
    if (name_of(name) == NULL || other->type != SVYI_N_CONST || name->set || name->convert == SVYI_CV_MONTH || name->convert == SVYI_CV_DATE)
        return 0;
    used(k, name, 1);
    compared(k, name, &other->value);
    return 1;
}

static void walk_chain(collector *k, const svyi_node *n)
{
    const svyi_node *second = n->first->next;
    if (n->n == 2 && second->op >= SVYI_EQ && second->op <= SVYI_GE && plain_pair(k, n->first, second))
        return;
    walk_children(k, n);
}

static int all_constant(const svyi_node *n)
{
    for (; n != NULL; n = n->next)
        if (n->type != SVYI_N_CONST)
            return 0;
    return 1;
}

/* indexed-repeat(x, roster, n, ...): the names are of other entries, the positions of this one. */
static void walk_indexed(collector *k, const svyi_node *n)
{
    used_across(k, n->first);
    for (const svyi_node *r = n->first->next; r != NULL; r = r->next->next) {
        used_across(k, r);
        walk(k, r->next);
    }
}

static void walk_brackets(collector *k, const svyi_node *n)
{
    used_across(k, n->first);
    for (const svyi_node *b = n->first->next; b != NULL; b = b->next) {
        const unsigned filter = !(n->index && b->next == NULL);
        k->loops += filter;
        walk(k, b);
        k->loops -= filter;
    }
}

static void walk_call(collector *k, const svyi_node *n)
{
    const svyi_node *first = n->first;

    if (n->fn->form == SVYI_FORM_INDEXED) {
        walk_indexed(k, n);
        return;
    }
    if (n->fn->form == SVYI_FORM_ONCE)
        used(k, n, 0);
    if ((n->fn->form == SVYI_FORM_IN || n->fn->form == SVYI_FORM_SELECTED) && name_of(first) != NULL && all_constant(first->next)) {
        for (const svyi_node *a = first->next; a != NULL; a = a->next)
            if (!plain_pair(k, first, a))
                used(k, first, 0);
        return;
    }
    if (n->fn->form == SVYI_FORM_STATE) {
        guarded(k, first);
        if (name_of(first) != NULL) {
            used(k, first, 1);
            return;
        }
    }
    if (n->fn->form == SVYI_FORM_COALESCE)
        for (const svyi_node *a = first; a->next != NULL; a = a->next)
            guarded(k, a);
    walk_children(k, n);
}

static void walk(collector *k, const svyi_node *n)
{
    static const svy_value truths[] = { { .kind = SVY_K_BOOLEAN, .text = "" }, { .kind = SVY_K_BOOLEAN, .number = 1, .text = "" } };

    switch ((svyi_node_type)n->type) {
    case SVYI_N_CONST: break;
    case SVYI_N_SYMBOL: case SVYI_N_SELF:
        used(k, n, n->kind == SVY_K_BOOLEAN);          /* a condition by itself is either, or missing */
        if (n->kind == SVY_K_BOOLEAN && !n->set) {
            compared(k, n, &truths[0]);
            compared(k, n, &truths[1]);
        }
        break;
    case SVYI_N_NEGATE:   walk_children(k, n); break;
    case SVYI_N_CHAIN:    walk_chain(k, n); break;
    case SVYI_N_CALL:     walk_call(k, n); break;
    case SVYI_N_BRACKETS: walk_brackets(k, n); break;
    }
}

/* ---- Warnings ---- */

static int is_guarded(const collector *k, const svyi_node *name)
{
    uint32_t index;
    return svyi_map_find(&k->index, (const char *)&name->symbol.id, sizeof name->symbol.id, &index) && k->uses[index].guarded;
}

/* A name whose want of an answer makes `n` missing. */
static const svyi_node *may_lack(const collector *k, const svyi_node *n)
{
    const svyi_node *found = NULL;
    switch ((svyi_node_type)n->type) {
    case SVYI_N_CONST: case SVYI_N_BRACKETS: break;
    case SVYI_N_SYMBOL: case SVYI_N_SELF: return n->symbol.optional && !n->set && !is_guarded(k, n) ? n : NULL;
    case SVYI_N_CALL:
        if (n->fn->form != SVYI_FORM_CALL || n->fn->rule != SVYI_MISSING)
            break;
        /* fall through */
    case SVYI_N_NEGATE: case SVYI_N_CHAIN:
        if (n->kind == SVY_K_BOOLEAN)
            break;
        for (const svyi_node *a = n->first; a != NULL && found == NULL; a = a->next)
            found = may_lack(k, a);
        break;
    }
    return found;
}

/* A comparison inside `n` that is false for want of an answer. */
static const svyi_node *false_for_want(const collector *k, const svyi_node *n)
{
    const svyi_node *found = NULL;
    const int compares = n->type == SVYI_N_CHAIN && n->first->next->op >= SVYI_EQ && n->first->next->op <= SVYI_GE;
    const int tests = n->type == SVYI_N_CALL && (n->fn->form == SVYI_FORM_IN || n->fn->form == SVYI_FORM_SELECTED ||
                                                  (n->fn->form == SVYI_FORM_CALL && n->fn->rule == SVYI_FALSE));
    const int joins = n->type == SVYI_N_CHAIN && n->first->next->op <= SVYI_AND;

    for (const svyi_node *a = n->first; a != NULL && found == NULL; a = a->next) {
        if (compares || tests)
            found = may_lack(k, a);
        else if (joins)
            found = false_for_want(k, a);
    }
    return found;
}

static void warn(const collector *k, const svyi_node *n)
{
    if (n->type == SVYI_N_CALL && n->fn->form == SVYI_FORM_NOT) {
        const svyi_node *name = false_for_want(k, n->first);
        if (name != NULL)
            svyi_warn(k->c, n->at, "write != instead, or add answered() for it",
                      "not() is true here also when '%.*s' has no answer", svyi_shown(k->c->text + name->at, name->len), k->c->text + name->at);
    }
    for (const svyi_node *a = n->first; a != NULL; a = a->next)
        warn(k, a);
}

/* ---- Result ---- */

static void keep(collector *k)
{
    svy_expr_use *out = svyi_arena_get(&k->e->arena, k->n * sizeof *out + 1);
    if (out == NULL) {
        k->failed = 1;
        return;
    }
    for (size_t i = 0; i < k->n; i++) {
        const use *u = &k->uses[i];
        out[i] = (svy_expr_use){ u->symbol, u->across, u->plain, u->guarded, u->constants, u->filled };
    }
    k->e->uses = out;
    k->e->n_uses = k->n;
}

int svyi_collect_uses(svyi_compiler *c, const svyi_node *root, svy_expr *e)
{
    collector k = { .c = c, .e = e };

    svyi_map_init(&k.index, &c->arena.alloc);
    walk(&k, root);
    for (size_t i = 0; i < k.n && !k.failed; i++) {
        k.uses[i].constants = svyi_arena_get(&e->arena, k.uses[i].n_constants * sizeof(svy_value) + 1);
        k.failed = k.uses[i].constants == NULL;
    }
    k.filling = 1;
    if (!k.failed)
        walk(&k, root);
    if (!k.failed)
        keep(&k);
    if (!k.failed)
        warn(&k, root);
    svyi_map_clear(&k.index);
    svyi_release(&c->arena.alloc, k.uses, k.capacity * sizeof *k.uses);
    return !k.failed;
}
