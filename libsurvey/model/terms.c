/* From the tree of a formula to its terms: the algebra of + - * : ^ / and %in%. */
#include <string.h>

#include "base/error.h"
#include "model/formula.h"

typedef struct terms { svyi_bits *items; size_t count, room; } terms;
typedef struct expander { svyi_arena *arena; svyi_formula *out; svy_error *err; } expander;

int svyi_formula_calls(const svyi_node *n, const char *function)
{
    return n->kind == SVYI_NODE_CALL && strcmp(n->text, function) == 0;
}

/* The bytes of a node with single blanks, or with none (to tell whether two are the same); blanks in quotes stay. */
static const char *node_text(svyi_arena *arena, const char *text, const svyi_node *n, int blanks)
{
    char *out = svyi_arena_get(arena, n->to - n->from + 1), quote = '\0';
    size_t len = 0;
    for (size_t i = n->from; out != NULL && i < n->to; i++) {
        const char c = text[i];
        const int blank = quote == '\0' && (c == ' ' || c == '\t' || c == '\n' || c == '\r');
        if (quote == '\0' && (c == '"' || c == '\'' || c == '`'))
            quote = c;
        else if (c == quote)
            quote = '\0';
        if (!blank)
            out[len++] = c;
        else if (blanks && len > 0 && out[len - 1] != ' ')
            out[len++] = ' ';
    }
    return out;
}

const char *svyi_formula_name(svyi_arena *arena, const char *text, const svyi_node *n)
{
    return n->kind == SVYI_NODE_NAME ? svyi_arena_text(arena, n->text, strlen(n->text)) : node_text(arena, text, n, 1);
}

void svyi_formula_columns(const svyi_node *n, void (*add)(void *user, const char *name), void *user)
{
    if (n->kind == SVYI_NODE_NAME && strcmp(n->text, "TRUE") != 0 && strcmp(n->text, "FALSE") != 0)
        add(user, n->text);
    for (const svyi_node *c = n->first; c != NULL; c = c->next)
        svyi_formula_columns(c, add, user);
}

/* ---- lists of terms ---- */

static int same_bits(const svyi_bits *a, const svyi_bits *b) { return memcmp(a, b, sizeof *a) == 0; }

static svyi_bits join_bits(const svyi_bits *a, const svyi_bits *b)
{
    svyi_bits out;
    for (size_t i = 0; i < SVYI_FORMULA_VARIABLES / 64; i++)
        out.word[i] = a->word[i] | b->word[i];
    return out;
}

static size_t count_bits(const svyi_bits *b)
{
    size_t n = 0;
    for (size_t k = 0; k < SVYI_FORMULA_VARIABLES; k++)
        n += (size_t)svyi_bit(b, k);
    return n;
}

static svy_status add_term(expander *e, terms *to, const svyi_bits *b)
{
    for (size_t i = 0; i < to->count; i++)
        if (same_bits(&to->items[i], b))
            return SVY_OK;
    if (to->count >= SVYI_FORMULA_TERMS)
        return svyi_fail(e->err, SVY_E_LIMIT, "the formula has more than %d terms", SVYI_FORMULA_TERMS);
    if (to->count == to->room) {
        svyi_bits *more = svyi_arena_get(e->arena, (2 * to->room + 4) * sizeof *more);
        if (more == NULL)
            return svyi_nomem(e->err);
        if (to->count > 0)
            memcpy(more, to->items, to->count * sizeof *more);
        to->items = more;
        to->room = 2 * to->room + 4;
    }
    to->items[to->count++] = *b;
    return SVY_OK;
}

static svy_status add_terms(expander *e, terms *to, const terms *more)
{
    svy_status st = SVY_OK;
    for (size_t i = 0; st == SVY_OK && i < more->count; i++)
        st = add_term(e, to, &more->items[i]);
    return st;
}

static svy_status cross_terms(expander *e, const terms *a, const terms *b, terms *to)
{
    svy_status st = SVY_OK;
    for (size_t i = 0; i < a->count; i++)
        for (size_t j = 0; st == SVY_OK && j < b->count; j++) {
            const svyi_bits both = join_bits(&a->items[i], &b->items[j]);
            st = add_term(e, to, &both);
        }
    return st;
}

static terms all_variables(const terms *of, svyi_bits *memory)
{
    *memory = (svyi_bits){ { 0 } };
    for (size_t i = 0; i < of->count; i++)
        *memory = join_bits(memory, &of->items[i]);
    return (terms){ memory, of->count > 0, 1 };
}

static void delete_terms(terms *from, const terms *gone)
{
    size_t kept = 0;
    for (size_t i = 0; i < from->count; i++) {
        int found = 0;
        for (size_t j = 0; j < gone->count; j++)
            found |= same_bits(&from->items[i], &gone->items[j]);
        if (!found)
            from->items[kept++] = from->items[i];
    }
    from->count = kept;
}

/* ---- expansion; `sign` is 0 behind a minus, `top` 1 outside all operators but + and - ---- */

static svy_status expand(expander *e, const svyi_node *n, int sign, int top, terms *to);

static svy_status keep_node(expander *e, svyi_node ***list, size_t *count, svyi_node *n)
{
    svyi_node **more = svyi_arena_get(e->arena, (*count + 1) * sizeof *more);
    if (more == NULL)
        return svyi_nomem(e->err);
    if (*count > 0)
        memcpy(more, *list, *count * sizeof *more);
    more[(*count)++] = n;
    *list = more;
    return SVY_OK;
}

/* offset(x) and strata(x) are no terms. */
static svy_status expand_special(expander *e, const svyi_node *n, int sign, int top)
{
    svyi_node *argument = n->first;
    if (!sign || !top)
        return svyi_formula_fail(e->err, SVY_E_SYNTAX, n, "%s() can only be added to a formula", n->text);
    if (argument == NULL)
        return svyi_formula_fail(e->err, SVY_E_SYNTAX, n, "%s() needs a variable", n->text);
    if (strcmp(n->text, "cluster") == 0)
        return svyi_formula_fail(e->err, SVY_E_SYNTAX, n, "clusters belong to the design, not to the formula: name them by --clusters");
    if (strcmp(n->text, "offset") == 0)
        return argument->next == NULL ? keep_node(e, &e->out->offsets, &e->out->n_offsets, argument)
                                      : svyi_formula_fail(e->err, SVY_E_SYNTAX, n, "offset() takes one expression");
    svy_status st = SVY_OK;
    for (; st == SVY_OK && argument != NULL; argument = argument->next)
        st = keep_node(e, &e->out->strata, &e->out->n_strata, argument);
    return st;
}

static svy_status expand_variable(expander *e, const svyi_node *n, terms *to)
{
    svyi_formula *f = e->out;
    svyi_bits own = { { 0 } };
    size_t k = 0;
    if (n->kind == SVYI_NODE_NAME && strcmp(n->text, ".") == 0 && n->to - n->from == 1)
        return svyi_formula_fail(e->err, SVY_E_SYNTAX, n, "'.' does not stand for all other variables here: name them");
    const char *name = n->kind == SVYI_NODE_NAME ? n->text : node_text(e->arena, f->text, n, 0);
    if (name == NULL)
        return svyi_nomem(e->err);
    while (k < f->n_variables && (strcmp(f->names[k], name) != 0 || f->variables[k]->kind != n->kind))
        k++;
    if (k == SVYI_FORMULA_VARIABLES)
        return svyi_fail(e->err, SVY_E_LIMIT, "the formula has more than %d variables", SVYI_FORMULA_VARIABLES);
    if (k == f->n_variables) {
        memcpy(&f->variables[k], &n, sizeof n);     /* the tree is ours; expansion only reads it */
        f->names[f->n_variables++] = name;
    }
    own.word[k / 64] = (uint64_t)1 << (k % 64);
    return add_term(e, to, &own);
}

static svy_status expand_power(expander *e, const svyi_node *n, int sign, terms *to)
{
    const svyi_node *power = n->first->next;
    terms base = { 0 };
    if (power->kind != SVYI_NODE_NUMBER || !(power->number >= 1 && power->number <= 20 && power->number == (int)power->number))
        return svyi_formula_fail(e->err, SVY_E_SYNTAX, power, "the power of a sum of terms must be a whole number from 1 to 20: for arithmetic write I(...)");
    svy_status st = expand(e, n->first, sign, 0, &base);
    terms result = base;
    for (int i = 1; st == SVY_OK && i < (int)power->number; i++) {
        terms next = { 0 };
        st = cross_terms(e, &result, &base, &next);
        result = next;
    }
    return st == SVY_OK ? add_terms(e, to, &result) : st;
}

static svy_status expand_minus(expander *e, const svyi_node *n, int sign, int top, terms *to)
{
    terms left = { 0 }, right = { 0 };
    const svyi_node *gone = n->first->next != NULL ? n->first->next : n->first;
    svy_status st = gone != n->first ? expand(e, n->first, sign, top, &left) : SVY_OK;
    if (st == SVY_OK)
        st = expand(e, gone, !sign, 0, &right);
    delete_terms(&left, &right);
    return st == SVY_OK ? add_terms(e, to, &left) : st;
}

static svy_status expand_product(expander *e, const svyi_node *n, int sign, terms *to)
{
    terms left = { 0 }, right = { 0 };
    svyi_bits memory;
    svy_status st = expand(e, n->first, sign, 0, &left);
    if (st == SVY_OK)
        st = expand(e, n->first->next, sign, 0, &right);
    if (st == SVY_OK && (n->op == SVYI_OP_TIMES || n->op == SVYI_OP_DIVIDE))
        st = add_terms(e, to, &left);
    if (st == SVY_OK && n->op == SVYI_OP_TIMES)
        st = add_terms(e, to, &right);
    if (n->op == SVYI_OP_DIVIDE)
        left = all_variables(&left, &memory);
    if (n->op == SVYI_OP_IN)
        right = all_variables(&right, &memory);
    return st == SVY_OK ? cross_terms(e, &left, &right, to) : st;
}

static svy_status expand_operator(expander *e, const svyi_node *n, int sign, int top, terms *to)
{
    svy_status st;
    switch (n->op) {
    case SVYI_OP_PLUS:
        st = expand(e, n->first, sign, top, to);
        return st == SVY_OK && n->first->next != NULL ? expand(e, n->first->next, sign, top, to) : st;
    case SVYI_OP_MINUS:
        return expand_minus(e, n, sign, top, to);
    case SVYI_OP_TIMES: case SVYI_OP_DIVIDE: case SVYI_OP_COLON: case SVYI_OP_IN:
        return expand_product(e, n, sign, to);
    case SVYI_OP_POWER:
        return expand_power(e, n, sign, to);
    case SVYI_OP_TILDE:
        return svyi_formula_fail(e->err, SVY_E_SYNTAX, n, "a formula has one ~");
    case SVYI_OP_OR: case SVYI_OP_AND: case SVYI_OP_NOT: case SVYI_OP_EQ: case SVYI_OP_NE: case SVYI_OP_LE: case SVYI_OP_GE: case SVYI_OP_LT:
    case SVYI_OP_GT: case SVYI_OP_MODULO: case SVYI_OP_WHOLE: default:
        return svyi_formula_fail(e->err, SVY_E_SYNTAX, n, "a condition or calculation is no term: write I(...) around it");
    }
}

static svy_status expand(expander *e, const svyi_node *n, int sign, int top, terms *to)
{
    switch (n->kind) {
    case SVYI_NODE_NUMBER:
        if (n->number != 0 && n->number != 1)
            return svyi_formula_fail(e->err, SVY_E_SYNTAX, n, "a number in a formula is 0 or 1 (no intercept, an intercept): for arithmetic write I(...)");
        e->out->intercept = (n->number == 1) == (sign != 0);
        return SVY_OK;
    case SVYI_NODE_TEXT:
        return svyi_formula_fail(e->err, SVY_E_SYNTAX, n, "a text is no variable: names that need quoting stand in backquotes");
    case SVYI_NODE_OPERATOR:
        return expand_operator(e, n, sign, top, to);
    case SVYI_NODE_CALL:
        if (strcmp(n->text, "offset") == 0 || strcmp(n->text, "strata") == 0 || strcmp(n->text, "cluster") == 0)
            return expand_special(e, n, sign, top);
        return expand_variable(e, n, to);
    case SVYI_NODE_NAME: default:
        return expand_variable(e, n, to);
    }
}

/* By the number of variables; terms of the same number stay in order. */
static svy_status sort_terms(expander *e, const terms *from)
{
    svyi_formula *f = e->out;
    if ((f->terms = svyi_arena_get(e->arena, (from->count + 1) * sizeof *f->terms)) == NULL)
        return svyi_nomem(e->err);
    for (size_t degree = 1; f->n_terms < from->count; degree++)
        for (size_t i = 0; i < from->count; i++)
            if (count_bits(&from->items[i]) == degree)
                f->terms[f->n_terms++] = from->items[i];
    return SVY_OK;
}

static svy_status refuse_response(expander *e)
{
    const svyi_formula *f = e->out;
    const char *name = f->response->kind == SVYI_NODE_NAME ? f->response->text : node_text(e->arena, f->text, f->response, 0);
    if (name == NULL)
        return svyi_nomem(e->err);
    for (size_t k = 0; k < f->n_variables; k++)
        if (strcmp(f->names[k], name) == 0)
            return svyi_formula_fail(e->err, SVY_E_VALUE, f->variables[k], "the response '%s' stands among the terms too", name);
    return SVY_OK;
}

svy_status svyi_formula_parse(svyi_arena *arena, const char *text, svyi_formula *out, svy_error *err)
{
    svyi_node *root;
    terms all = { 0 };
    expander e = { arena, out, err };
    *out = (svyi_formula){ .text = text, .intercept = 1 };
    svy_status st = svyi_formula_tree(arena, text, &root, err);
    if (st != SVY_OK)
        return st;
    if (root->kind != SVYI_NODE_OPERATOR || root->op != SVYI_OP_TILDE)
        return svyi_formula_fail(err, SVY_E_SYNTAX, root, "a formula has a ~ between the response and the terms, as in 'y ~ x'");
    if (root->first->next != NULL && root->first->kind == SVYI_NODE_OPERATOR && root->first->op == SVYI_OP_TILDE)
        return svyi_formula_fail(err, SVY_E_SYNTAX, root, "a formula has one ~");
    out->variables = svyi_arena_get(arena, SVYI_FORMULA_VARIABLES * sizeof *out->variables);
    out->names = svyi_arena_get(arena, SVYI_FORMULA_VARIABLES * sizeof *out->names);
    if (out->variables == NULL || out->names == NULL)
        return svyi_nomem(err);
    out->response = root->first->next != NULL ? root->first : NULL;
    st = expand(&e, root->first->next != NULL ? root->first->next : root->first, 1, 1, &all);
    if (st == SVY_OK && out->response != NULL)
        st = refuse_response(&e);
    return st == SVY_OK ? sort_terms(&e, &all) : st;
}
