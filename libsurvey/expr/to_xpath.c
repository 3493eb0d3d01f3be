/* Writes a checked expression as XPath. The meaning of a missing answer is kept: a blank is "" there, so comparisons are guarded. */
#include <string.h>

#include "base/error.h"
#include "base/number.h"
#include "expr/to_xpath_priv.h"

void svyi_x_text(svyi_x_writer *w, const char *s)
{
    svyi_buffer_text(w->out, s);
}

void svyi_x_cannot(svyi_x_writer *w, const char *why)
{
    if (w->why == NULL)
        w->why = why;
}

/* ---- paths ---- */

static unsigned depth_of(const svyi_xpath_form *form, uint32_t item)
{
    unsigned depth = 0;

    for (; item != 0; item = form->parent(form->user, item))
        depth++;
    return depth;
}

static void names_down(const svyi_xpath_form *form, uint32_t from, uint32_t item, svyi_buffer *out, uint32_t at, const svyi_buffer *predicate)
{
    if (item == from)
        return;
    names_down(form, from, form->parent(form->user, item), out, at, predicate);
    if (out->len > 0 && out->data[out->len - 1] != '/')
        svyi_buffer_text(out, "/");
    svyi_buffer_text(out, form->name(form->user, item));
    if (item == at && predicate != NULL && predicate->len > 0)
        svyi_buffer_add(out, predicate->data, predicate->len);
}

/* From the node of `from`: up to what both stand in, then down. `at` gets the predicate. */
static void relative(const svyi_xpath_form *form, uint32_t from, uint32_t item, svyi_buffer *out, uint32_t at, const svyi_buffer *predicate)
{
    unsigned a = depth_of(form, from), b = depth_of(form, item);
    uint32_t x = from, y = item;
    const size_t begin = out->len;

    while (x != y) {
        if (a >= b) {
            svyi_buffer_text(out, out->len > begin ? "/.." : "..");
            x = form->parent(form->user, x);
            a--;
        } else {
            y = form->parent(form->user, y);
            b--;
        }
    }
    if (out->len == begin)
        svyi_buffer_text(out, ".");
    names_down(form, x, item, out, at, predicate);
}

void svyi_x_relative(const svyi_xpath_form *form, uint32_t from, uint32_t item, svyi_buffer *out)
{
    relative(form, from, item, out, 0, NULL);
}

static void absolute(const svyi_xpath_form *form, uint32_t item, svyi_buffer *out, uint32_t at, const svyi_buffer *predicate)
{
    svyi_buffer_text(out, "/");
    svyi_buffer_text(out, form->name(form->user, 0));
    names_down(form, 0, item, out, at, predicate);
}

void svyi_xpath_path(const svyi_xpath_form *form, uint32_t item, uint32_t roster, svyi_buffer *out)
{
    if (roster == 0)
        absolute(form, item, out, 0, NULL);
    else
        relative(form, form->item, item, out, 0, NULL);
}

/* From the context `up` loops further out: the innermost one is the context node, the outermost current(); those between have no name in XPath. */
static void from_context(svyi_x_writer *w, unsigned up, uint32_t item, uint32_t at, const svyi_buffer *predicate)
{
    if (w->in != NULL && up == 0) {
        relative(w->form, w->in->roster, item, w->out, at, predicate);
        return;
    }
    unsigned loops = 0;
    for (const svyi_x_loop *l = w->in; l != NULL; l = l->up)
        loops++;
    if (loops > 0 && up < loops) {
        svyi_x_cannot(w, "a filter inside a filter that looks at the entry of the outer one");
        return;
    }
    if (loops > 0 || w->form->in_choices)
        svyi_x_text(w, "current()/");
    relative(w->form, w->form->item, item, w->out, at, predicate);
}

static void put_symbol(svyi_x_writer *w, const svyi_node *n, const svyi_buffer *predicate)
{
    const uint32_t item = n->symbol.id;

    if (n->set && n->parent == 0)
        absolute(w->form, item, w->out, n->roster, predicate);
    else if (n->set)
        from_context(w, n->up, item, n->roster, predicate);
    else if (n->symbol.roster == 0)
        absolute(w->form, item, w->out, 0, NULL);
    else
        from_context(w, n->up, item, 0, NULL);
}

void svyi_x_self(svyi_x_writer *w)
{
    const int inside = w->in != NULL || w->form->in_choices;

    if (inside)
        svyi_x_text(w, strcmp(w->form->self, ".") == 0 ? "current()" : "current()/");
    if (!inside || strcmp(w->form->self, ".") != 0)
        svyi_x_text(w, w->form->self);
}

/* name[filter]...[index] */
static void put_brackets(svyi_x_writer *w, const svyi_node *n)
{
    const svyi_x_loop inside = { n->first->roster, w->in };
    svyi_buffer predicate, *outer = w->out;

    svyi_buffer_init(&predicate, &outer->alloc);
    w->out = &predicate;
    for (const svyi_node *f = n->first->next; f != NULL; f = f->next) {
        const int is_index = n->index && f->next == NULL;
        svyi_x_text(w, "[");
        if (is_index) {
            svyi_x_put(w, f);
        } else {
            w->in = &inside;
            svyi_x_put(w, f);
            w->in = inside.up;
        }
        svyi_x_text(w, "]");
    }
    w->out = outer;
    if (predicate.failed)
        outer->failed = 1;
    put_symbol(w, n->first, &predicate);
    svyi_buffer_clear(&predicate);
}

/* ---- constants ---- */

static void put_text(svyi_x_writer *w, const char *s, size_t len)
{
    const char *quote = memchr(s, '\'', len) == NULL ? "'" : "\"";

    if (len > 0 && quote[0] == '"' && memchr(s, '"', len) != NULL) {     /* XPath has no escapes: pieces without ' are joined by it */
        svyi_x_text(w, "concat(");
        for (size_t at = 0; at <= len; ) {
            const char *stop = memchr(s + at, '\'', len - at);
            const size_t piece = stop != NULL ? (size_t)(stop - s) - at : len - at;
            svyi_x_text(w, at > 0 ? ", \"'\", '" : "'");
            svyi_buffer_add(w->out, s + at, piece);
            svyi_x_text(w, "'");
            at += piece + 1;
        }
        svyi_x_text(w, ")");
        return;
    }
    svyi_x_text(w, quote);
    svyi_buffer_add(w->out, s, len);
    svyi_x_text(w, quote);
}

static void put_constant(svyi_x_writer *w, const svy_value *v)
{
    char out[64];
    size_t len;

    if (v->missing != SVY_PRESENT) {
        svyi_x_text(w, "''");
        return;
    }
    switch ((svy_kind)v->kind) {
    case SVY_K_TEXT: case SVY_K_CODE: case SVY_K_CODES: case SVY_K_PLACE:
        put_text(w, v->text, v->len);
        return;
    case SVY_K_BOOLEAN:
        svyi_x_text(w, v->number != 0 ? "true()" : "false()");
        return;
    case SVY_K_MONTH:                                        /* a month is the date of its first day there */
    case SVY_K_DATE: case SVY_K_DATETIME: case SVY_K_TIME:
        len = svy_value_format(v, out, sizeof out);
        svyi_x_text(w, v->kind == SVY_K_DATETIME ? "date-time('" : v->kind == SVY_K_TIME ? "decimal-time('" : "date('");
        svyi_buffer_add(w->out, out, len);
        svyi_x_text(w, v->kind == SVY_K_MONTH ? "-01')" : "')");
        return;
    case SVY_K_NUMBER: case SVY_K_NONE: case SVY_K_ENTRIES:
        break;
    }
    len = svyi_number_format(v->number, out);
    if (memchr(out, 'e', len) != NULL)
        svyi_x_cannot(w, "a number with an exponent");
    svyi_buffer_add(w->out, out, len);
}

/* ---- comparisons ---- */

int svyi_x_is_name(const svyi_node *n)
{
    return n->type == SVYI_N_SYMBOL || n->type == SVYI_N_SELF || n->type == SVYI_N_BRACKETS;
}

/* Every answer in it that can be blank, each as "PATH != '' and ". */
static void put_guards(svyi_x_writer *w, const svyi_node *n)
{
    if ((n->type == SVYI_N_SYMBOL && !n->set) || n->type == SVYI_N_SELF) {
        svyi_x_symbol(w, n);
        svyi_x_text(w, " != '' and ");
        return;
    }
    if (n->type == SVYI_N_CALL && (n->fn->form == SVYI_FORM_AGGREGATE || n->fn->form == SVYI_FORM_COALESCE || n->fn->form == SVYI_FORM_IF))
        return;                                              /* they see blanks themselves */
    for (const svyi_node *c = n->first; c != NULL && n->type != SVYI_N_BRACKETS; c = c->next)
        put_guards(w, c);
}

static int has_names(const svyi_node *n)
{
    if ((n->type == SVYI_N_SYMBOL && !n->set) || n->type == SVYI_N_SELF)
        return 1;
    for (const svyi_node *c = n->first; c != NULL && n->type != SVYI_N_BRACKETS; c = c->next)
        if (has_names(c))
            return 1;
    return 0;
}

int svyi_x_is_ordered(const svyi_node *n)
{
    return n->kind == SVY_K_DATE || n->kind == SVY_K_MONTH || n->kind == SVY_K_DATETIME || n->kind == SVY_K_TIME;
}

void svyi_x_number(svyi_x_writer *w, const svyi_node *n)
{
    const char *call = !svyi_x_is_name(n) ? NULL : n->kind == SVY_K_TIME ? "decimal-time(" : svyi_x_is_ordered(n) ? "decimal-date-time(" : "number(";

    if (n->type == SVYI_N_CONST && n->value.kind == SVY_K_DATE && n->kind == SVY_K_DATE)
        call = "decimal-date-time(";
    if (call != NULL)
        svyi_x_text(w, call);
    svyi_x_put(w, n);
    if (call != NULL)
        svyi_x_text(w, ")");
}

static void put_compare(svyi_x_writer *w, const svyi_node *a, const svyi_node *b)
{
    static const char *const RELATIONS[] = { " = ", " != ", " < ", " <= ", " > ", " >= " };
    const int numeric = (b->detail >> 4) != SVYI_AS_TEXT && a->kind != SVY_K_BOOLEAN;
    const int guard = b->op == SVYI_NE || (!numeric && (has_names(a) && has_names(b))) ||
                      (!numeric && ((a->type == SVYI_N_CONST && a->value.len == 0) || (b->type == SVYI_N_CONST && b->value.len == 0)));

    if (guard) {
        svyi_x_text(w, "(");
        put_guards(w, a);
        put_guards(w, b);
    }
    if (numeric)
        svyi_x_number(w, a);
    else
        svyi_x_put(w, a);
    svyi_x_text(w, RELATIONS[b->op - SVYI_EQ]);
    if (numeric)
        svyi_x_number(w, b);
    else
        svyi_x_put(w, b);
    if (guard)
        svyi_x_text(w, ")");
}

/* ---- operators ---- */

static int needs_brackets(const svyi_node *n)
{
    return n->type == SVYI_N_CHAIN || n->type == SVYI_N_NEGATE;
}

static void put_operand(svyi_x_writer *w, const svyi_node *n)
{
    const int dated = svyi_x_is_ordered(n) && n->kind != SVY_K_TIME && svyi_x_is_name(n);

    if (needs_brackets(n))
        svyi_x_text(w, "(");
    if (dated)
        svyi_x_text(w, "date(");
    svyi_x_put(w, n);
    if (dated)
        svyi_x_text(w, ")");
    if (needs_brackets(n))
        svyi_x_text(w, ")");
}

static void put_chain(svyi_x_writer *w, const svyi_node *n)
{
    static const char *const OPERATORS[] = { [SVYI_OR] = " or ", [SVYI_AND] = " and ", [SVYI_ADD] = " + ", [SVYI_SUB] = " - ", [SVYI_MUL] = " * ",
                                             [SVYI_DIV] = " div ", [SVYI_MOD] = " mod " };
    const svyi_node *second = n->first->next;

    if (second->op >= SVYI_EQ && second->op <= SVYI_GE) {
        if (second->next != NULL)
            svyi_x_cannot(w, "a comparison of a comparison");
        put_compare(w, n->first, second);
        return;
    }
    if (n->kind == SVY_K_DATE)
        svyi_x_text(w, "date(");                                    /* a day number there */
    for (const svyi_node *c = n->first; c != NULL; c = c->next) {
        if (c != n->first)
            svyi_x_text(w, OPERATORS[c->op]);
        put_operand(w, c);
    }
    if (n->kind == SVY_K_DATE)
        svyi_x_text(w, ")");
}

void svyi_x_symbol(svyi_x_writer *w, const svyi_node *n)
{
    if (n->type == SVYI_N_SELF)
        svyi_x_self(w);
    else
        put_symbol(w, n, NULL);
}

/* A boolean answer is a text there, of which "false" would count as true. */
static void put_name(svyi_x_writer *w, const svyi_node *n)
{
    const int truth = n->kind == SVY_K_BOOLEAN && !n->set;

    if (truth)
        svyi_x_text(w, "boolean-from-string(");
    svyi_x_symbol(w, n);
    if (truth)
        svyi_x_text(w, ")");
}

void svyi_x_put(svyi_x_writer *w, const svyi_node *n)
{
    switch ((svyi_node_type)n->type) {
    case SVYI_N_CONST: put_constant(w, &n->value); return;
    case SVYI_N_SYMBOL: case SVYI_N_SELF: put_name(w, n); return;
    case SVYI_N_BRACKETS: put_brackets(w, n); return;
    case SVYI_N_CALL: svyi_x_call(w, n); return;
    case SVYI_N_CHAIN: put_chain(w, n); return;
    case SVYI_N_NEGATE: break;
    }
    svyi_x_text(w, "-");
    put_operand(w, n->first);
}

svy_status svyi_expr_to_xpath(const svy_alloc *alloc, const char *source, size_t len, const svy_scope *scope, const svy_expr_place *place,
                              const svyi_xpath_form *form, svyi_buffer *out, const char **why)
{
    svyi_compiler c = { .scope = scope, .place = place, .text = len > 0 ? source : "", .len = len };
    const svyi_context outside = { .roster = place->roster };
    svyi_x_writer w = { .form = form, .place = place, .out = out };

    *why = NULL;
    svyi_arena_init(&c.arena, alloc);
    svyi_node *tree = svyi_parse(&c);
    if (tree != NULL && svyi_check_scalar(&c, tree, &outside) && c.status == SVY_OK && svyi_check_want(&c, tree, place->want) && c.status == SVY_OK)
        svyi_x_put(&w, tree);
    svy_scratch_free(c.scratch);
    svyi_arena_clear(&c.arena);
    *why = w.why;
    if (c.status != SVY_OK)
        return c.status;
    if (out->failed)
        return SVY_E_NOMEM;
    return w.why != NULL ? SVY_E_VALUE : SVY_OK;
}
