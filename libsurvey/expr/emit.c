/* Makes the program of a checked tree, and folds what is constant. */
#include "expr_priv.h"

#include <string.h>

#include "base/error.h"
#include "base/map.h"

typedef struct emitter {
    svyi_compiler *c;
    svyi_buffer code, consts, texts;
    uint32_t n_consts;
    uint8_t flags;
    int too_big;
} emitter;

static void emit(emitter *e, const svyi_node *n);

static void word(emitter *e, uint32_t w)
{
    svyi_buffer_u32(&e->code, w);
}

static void op(emitter *e, svyi_op code, uint32_t operand)
{
    if (operand > SVYI_MAX_OPERAND)
        e->too_big = 1;
    word(e, (uint32_t)code | operand << 8);
}

static uint32_t here(const emitter *e)
{
    return (uint32_t)(e->code.len / 4);
}

static void constant(emitter *e, const svy_value *v)
{
    uint64_t bits;
    memcpy(&bits, &v->number, sizeof bits);
    svyi_buffer_u32(&e->consts, (uint32_t)v->kind | (uint32_t)v->missing << 8);
    svyi_buffer_u32(&e->consts, (uint32_t)e->texts.len);
    svyi_buffer_u32(&e->consts, v->len);
    svyi_buffer_u64(&e->consts, bits);
    svyi_buffer_add(&e->texts, v->text, v->len);
    op(e, SVYI_OP_CONST, e->n_consts++);
}

static void truth(emitter *e, int value)
{
    svy_value v;
    svyi_set_boolean(&v, value);
    constant(e, &v);
}

/* ---- Names ---- */

static void emit_symbol(emitter *e, const svyi_node *n)
{
    op(e, n->up == 0 ? SVYI_OP_LOAD : SVYI_OP_LOAD_UP, n->symbol.id);
    word(e, n->symbol.kind | (uint32_t)n->up << 8);
}

/* Every entry of a set: filters, then what is fed to the aggregate that is open. */
static void emit_each(emitter *e, const svyi_node *n, uint32_t which, int entries_only)
{
    const svyi_node *base = n->type == SVYI_N_BRACKETS ? n->first : n;
    size_t at = e->code.len;

    op(e, SVYI_OP_EACH, base->up);
    word(e, base->roster);
    word(e, base->parent);
    word(e, 0);                                        /* where it ends */
    if (n->type == SVYI_N_BRACKETS)
        for (const svyi_node *b = base->next; b != NULL; b = b->next) {
            if (n->index && b->next == NULL)
                break;
            emit(e, b);
            op(e, SVYI_OP_WHERE, 0);
        }
    if (entries_only) {
        truth(e, 1);
    } else {
        op(e, SVYI_OP_LOAD, base->symbol.id);
        word(e, base->symbol.kind);
        if (n->convert != SVYI_CV_NONE && !n->index)
            op(e, SVYI_OP_CONVERT, n->convert);
    }
    op(e, SVYI_OP_FEED, which);
    if (!e->code.failed) {
        uint32_t end = here(e);
        unsigned char *slot = (unsigned char *)e->code.data + at + 12;
        for (int i = 0; i < 4; i++)
            slot[i] = (unsigned char)(end >> (8 * i));
    }
}

/* x[n], x[filter][n] */
static void emit_index(emitter *e, const svyi_node *n)
{
    const svyi_node *base = n->first;
    if (n->n == 2) {
        op(e, SVYI_OP_BASE, base->up);
        word(e, base->parent);
        emit(e, n->last);
        op(e, SVYI_OP_PICK, 0);
        word(e, base->roster);
        op(e, SVYI_OP_LOAD_AT, n->symbol.id);
        return;
    }
    emit(e, n->last);
    op(e, SVYI_OP_SUM_NEW, SVYI_NTH);
    emit_each(e, n, SVYI_NTH, 0);
    op(e, SVYI_OP_SUM_END, SVYI_NTH);
}

/* ---- Calls by form ---- */

static void emit_arguments(emitter *e, const svyi_node *n)
{
    for (const svyi_node *a = n->first; a != NULL; a = a->next)
        emit(e, a);
}

static void emit_plain(emitter *e, const svyi_node *n)
{
    emit_arguments(e, n);
    op(e, SVYI_OP_CALL, svyi_function_id(n->fn) | n->n << 12);
}

static void emit_constant(emitter *e, const svyi_node *n)
{
    truth(e, n->fn->detail);
}

static void emit_not(emitter *e, const svyi_node *n)
{
    emit_arguments(e, n);
    op(e, SVYI_OP_NOT, 0);
}

static void emit_if(emitter *e, const svyi_node *n)
{
    emit_arguments(e, n);
    op(e, SVYI_OP_IF, 0);
}

static void emit_coalesce(emitter *e, const svyi_node *n)
{
    emit(e, n->first);
    for (const svyi_node *a = n->first->next; a != NULL; a = a->next) {
        emit(e, a);
        op(e, SVYI_OP_COALESCE, 0);
    }
}

static void emit_in(emitter *e, const svyi_node *n)
{
    emit(e, n->first);
    truth(e, 0);
    for (const svyi_node *a = n->first->next; a != NULL; a = a->next) {
        emit(e, a);
        op(e, SVYI_OP_IN, a->detail);
    }
    op(e, SVYI_OP_IN_END, 0);
}

static void emit_state(emitter *e, const svyi_node *n)
{
    emit_arguments(e, n);
    op(e, SVYI_OP_STATE, n->fn->detail);
}

static void feed(emitter *e, const svyi_node *a, uint32_t which)
{
    if (a->set) {
        emit_each(e, a, which, a->kind == SVY_K_ENTRIES);
        return;
    }
    emit(e, a);
    op(e, SVYI_OP_SUM_ADD, which);
}

static void emit_aggregate(emitter *e, const svyi_node *n)
{
    static const svy_value nothing = { .kind = SVY_K_TEXT, .text = "" };
    const uint32_t which = n->fn->detail;
    const svyi_node *a = n->first;

    if (which == SVYI_JOIN) {
        emit(e, a);
        a = a->next;
    } else {
        constant(e, &nothing);
    }
    op(e, SVYI_OP_SUM_NEW, which);
    for (; a != NULL; a = a->next)
        feed(e, a, which);
    op(e, SVYI_OP_SUM_END, which);
    if (n->kind != SVY_K_NUMBER && (which == SVYI_MIN || which == SVYI_MAX))
        op(e, SVYI_OP_CONVERT, SVYI_CV_NONE | (uint32_t)n->kind << 8);
}

/* Least and most, then the number of conditions that are true, or the sum of their weights. */
static void emit_checklist(emitter *e, const svyi_node *n)
{
    static const svy_value zero = { .kind = SVY_K_NUMBER, .text = "" };
    const int weighted = n->fn->form == SVYI_FORM_WEIGHTED;
    const uint32_t which = weighted ? SVYI_SUM : SVYI_TRUTHS;

    emit(e, n->first);
    emit(e, n->first->next);
    constant(e, &zero);
    op(e, SVYI_OP_SUM_NEW, which);
    for (const svyi_node *a = n->first->next->next; a != NULL; a = a->next) {
        emit(e, a);
        if (weighted) {
            a = a->next;
            emit(e, a);
            constant(e, &zero);
            op(e, SVYI_OP_IF, 0);
        }
        op(e, SVYI_OP_SUM_ADD, which);
    }
    op(e, SVYI_OP_SUM_END, which);
    op(e, SVYI_OP_CHECKLIST, 0);
}

static void emit_selected(emitter *e, const svyi_node *n)
{
    emit_arguments(e, n);
    op(e, SVYI_OP_CALL, svyi_selected_id() | 2u << 12);
}

static void emit_lookup(emitter *e, const svyi_node *n)
{
    emit(e, n->first->next);
    emit(e, n->last);
    op(e, SVYI_OP_LOOKUP, n->list);
}

static void emit_indexed(emitter *e, const svyi_node *n)
{
    const svyi_node *outer = n->first->next;
    op(e, SVYI_OP_BASE, outer->up);
    word(e, outer->parent);
    for (const svyi_node *r = outer; r != NULL; r = r->next->next) {
        emit(e, r->next);
        op(e, SVYI_OP_PICK, 0);
        word(e, r->symbol.id);
    }
    op(e, SVYI_OP_LOAD_AT, n->symbol.id);
}

static void emit_label(emitter *e, const svyi_node *n)
{
    emit(e, n->first);
    op(e, SVYI_OP_LABEL, n->list);
}

static void emit_choice(emitter *e, const svyi_node *n)
{
    op(e, SVYI_OP_CHOICE, n->fn->detail);
}

static void emit_position(emitter *e, const svyi_node *n)
{
    (void)n;
    op(e, SVYI_OP_POSITION, 0);
}

/* The place of the call in the form is its element and its number in the expression. */
static void emit_random(emitter *e, const svyi_node *n)
{
    (void)n;
    const char *element = e->c->place->element != NULL ? e->c->place->element : "";
    uint64_t place = svyi_hash(element, strlen(element)) + e->c->n_randoms++ * 0x9e3779b97f4a7c15u;
    op(e, SVYI_OP_RANDOM, 0);
    word(e, (uint32_t)place);
    word(e, (uint32_t)(place >> 32));
}

static void emit_clock(emitter *e, const svyi_node *n)
{
    e->flags |= SVYI_USES_CLOCK;
    op(e, SVYI_OP_CLOCK, n->fn->detail);
}

static void emit_once(emitter *e, const svyi_node *n)
{
    op(e, SVYI_OP_SELF, n->symbol.id);
    emit(e, n->first);
    op(e, SVYI_OP_COALESCE, 0);
}

static void (*const FORMS[SVYI_N_FORMS])(emitter *e, const svyi_node *n) = {
    [SVYI_FORM_CALL] = emit_plain, [SVYI_FORM_CONSTANT] = emit_constant, [SVYI_FORM_NOT] = emit_not, [SVYI_FORM_IF] = emit_if,
    [SVYI_FORM_COALESCE] = emit_coalesce, [SVYI_FORM_IN] = emit_in, [SVYI_FORM_STATE] = emit_state,
    [SVYI_FORM_AGGREGATE] = emit_aggregate, [SVYI_FORM_CHECKLIST] = emit_checklist, [SVYI_FORM_WEIGHTED] = emit_checklist,
    [SVYI_FORM_SELECTED] = emit_selected, [SVYI_FORM_LOOKUP] = emit_lookup, [SVYI_FORM_INDEXED] = emit_indexed,
    [SVYI_FORM_LABEL] = emit_label, [SVYI_FORM_CHOICE] = emit_choice, [SVYI_FORM_POSITION] = emit_position,
    [SVYI_FORM_RANDOM] = emit_random, [SVYI_FORM_CLOCK] = emit_clock, [SVYI_FORM_ONCE] = emit_once,
};

static void emit(emitter *e, const svyi_node *n)
{
    switch ((svyi_node_type)n->type) {
    case SVYI_N_CONST:  constant(e, &n->value); break;
    case SVYI_N_SYMBOL: emit_symbol(e, n); break;
    case SVYI_N_SELF:   op(e, SVYI_OP_SELF, n->symbol.id); break;
    case SVYI_N_NEGATE:
        emit(e, n->first);
        op(e, SVYI_OP_NEG, 0);
        break;
    case SVYI_N_CHAIN:
        emit(e, n->first);
        for (const svyi_node *a = n->first->next; a != NULL; a = a->next) {
            emit(e, a);
            op(e, (svyi_op)a->code, a->detail);
        }
        break;
    case SVYI_N_CALL:     FORMS[n->fn->form](e, n); break;
    case SVYI_N_BRACKETS: emit_index(e, n); break;
    }
    if (n->convert != SVYI_CV_NONE)
        op(e, SVYI_OP_CONVERT, n->convert);
}

/* ---- Putting the parts together ---- */

static void assemble(const emitter *e, svy_kind kind, uint32_t stack, uint32_t sums, svyi_buffer *out)
{
    const size_t pad = (4 - e->texts.len % 4) % 4;
    const size_t size = SVYI_HEADER * 4 + e->code.len + e->consts.len + e->texts.len + pad;

    svyi_buffer_u32(out, SVYI_MAGIC);
    svyi_buffer_u32(out, (uint32_t)SVYI_VERSION | (uint32_t)kind << 8 | (uint32_t)e->flags << 16);
    svyi_buffer_u32(out, (uint32_t)size);
    svyi_buffer_u32(out, (uint32_t)(e->code.len / 4));
    svyi_buffer_u32(out, e->n_consts);
    svyi_buffer_u32(out, (uint32_t)(e->texts.len + pad));
    svyi_buffer_u32(out, stack);
    svyi_buffer_u32(out, sums);
    svyi_buffer_add(out, e->code.data, e->code.len);
    svyi_buffer_add(out, e->consts.data, e->consts.len);
    svyi_buffer_add(out, e->texts.data, e->texts.len);
    svyi_buffer_add(out, "\0\0\0", pad);
}

static void emitter_clear(emitter *e)
{
    svyi_buffer_clear(&e->code);
    svyi_buffer_clear(&e->consts);
    svyi_buffer_clear(&e->texts);
}

/* The verifier computes what the program needs; it also guards against a compiler that is wrong. */
static svy_status finish(emitter *e, const svyi_node *root, svyi_buffer *out)
{
    uint32_t stack = 0, sums = 0;
    svy_error why = SVY_ERROR_INIT;

    if (e->too_big)
        return svyi_problem(e->c, SVY_E_LIMIT, root->at, root->len, NULL, "the expression is too large");
    if (e->code.failed || e->consts.failed || e->texts.failed)
        return svyi_no_memory(e->c);
    assemble(e, (svy_kind)root->kind, 0, 0, out);
    if (out->failed)
        return svyi_no_memory(e->c);
    if (svyi_verify((svy_code){ out->data, out->len }, UINT32_MAX, UINT32_MAX, &stack, &sums, &why) != SVY_OK)
        return svyi_problem(e->c, SVY_E_LIMIT, root->at, root->len, NULL, "the expression is too large: %s", why.message);
    out->len = 0;
    assemble(e, (svy_kind)root->kind, stack, sums, out);
    return SVY_OK;
}

svy_status svyi_emit(svyi_compiler *c, const svyi_node *root, svyi_buffer *out)
{
    emitter e = { .c = c };
    svyi_buffer_init(&e.code, &c->arena.alloc);
    svyi_buffer_init(&e.consts, &c->arena.alloc);
    svyi_buffer_init(&e.texts, &c->arena.alloc);
    emit(&e, root);
    op(&e, SVYI_OP_END, 0);
    svy_status st = finish(&e, root, out);
    emitter_clear(&e);
    return st;
}

/* ---- Folding ---- */

static int is_constant(const svyi_node *n)
{
    if (n->type == SVYI_N_CONST)
        return n->convert != SVYI_CV_NONE;
    if (n->type != SVYI_N_NEGATE && n->type != SVYI_N_CHAIN && n->type != SVYI_N_CALL)
        return 0;
    if (n->type == SVYI_N_CALL && n->fn->form >= SVYI_FORM_LOOKUP)     /* these ask the interview */
        return 0;
    for (const svyi_node *a = n->first; a != NULL; a = a->next)
        if (a->type != SVYI_N_CONST)
            return 0;
    return 1;
}

static svy_status run_constant(svyi_compiler *c, const svyi_buffer *code, svy_value *v)
{
    static const svy_env nowhere;
    svy_error why = SVY_ERROR_INIT;
    svy_status st = SVY_OK;
    if (c->scratch == NULL)
        st = svy_scratch_new(&c->arena.alloc, &c->scratch, &why);
    return st == SVY_OK ? svy_code_run((svy_code){ code->data, code->len }, &nowhere, 0, c->scratch, v, &why) : st;
}

int svyi_fold_constant(svyi_compiler *c, svyi_node *n)
{
    svyi_buffer code;
    svy_value v;

    if (!is_constant(n))
        return 1;
    svyi_buffer_init(&code, &c->arena.alloc);
    svy_status st = svyi_emit(c, n, &code);
    if (st == SVY_OK) {
        st = run_constant(c, &code, &v);
        char *text = st == SVY_OK ? svyi_arena_text(&c->arena, v.text, v.len) : NULL;
        if (st == SVY_E_LIMIT) {
            svyi_problem(c, st, n->at, n->len, NULL, "the constant text is too long");
        } else if (text == NULL) {
            st = svyi_no_memory(c);
        } else {
            v.text = text;
            v.kind = n->kind;
            n->type = SVYI_N_CONST;
            n->value = v;
            n->convert = SVYI_CV_NONE;
        }
    }
    svyi_buffer_clear(&code);
    return st == SVY_OK;
}
