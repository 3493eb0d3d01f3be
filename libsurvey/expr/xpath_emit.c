/* Writes the program of a checked XPath tree. */
#include "xpath_priv.h"

#include <string.h>

typedef struct emitter { svyi_xcompiler *c; svyi_buffer *out, texts; unsigned in_predicates; svy_status status; } emitter;

static void emit(emitter *e, svyi_xnode *n);

static void word(emitter *e, uint32_t value)
{
    svyi_buffer_u32(e->out, value);
}

/* The size of a record is known when it is written. Returns where it goes. */
static size_t begin(emitter *e, svyi_xop op, unsigned detail, uint32_t children)
{
    const size_t at = e->out->len;
    word(e, (uint32_t)op | (uint32_t)detail << 8 | children << 16);
    word(e, 0);
    return at;
}

static void patch(emitter *e, size_t at, uint32_t value)
{
    if (e->out->failed || e->out->data == NULL)
        return;
    for (unsigned i = 0; i < 4; i++)
        e->out->data[at + i] = (char)(value >> (8 * i));
}

static void end(emitter *e, size_t at)
{
    patch(e, at + 4, (uint32_t)((e->out->len - at) / 4));
}

static void text(emitter *e, const char *bytes, uint32_t len)
{
    word(e, (uint32_t)e->texts.len);
    word(e, len);
    svyi_buffer_add(&e->texts, bytes, len);
}

static void number(emitter *e, double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    word(e, (uint32_t)bits);
    word(e, (uint32_t)(bits >> 32));
}

static void children(emitter *e, const svyi_xnode *n)
{
    for (svyi_xnode *child = n->first; child != NULL; child = child->next)
        emit(e, child);
}

static void emit_step(emitter *e, const svyi_xnode *n)
{
    const int extra = (n->flags & (SVYI_XF_INDEX | SVYI_XF_PICK)) != 0;
    const size_t at = begin(e, SVYI_X_STEP, n->detail, n->n + (unsigned)extra);
    word(e, n->name);
    word(e, (uint32_t)n->test | (uint32_t)n->flags << 8);
    word(e, n->key_name);
    text(e, n->text, n->test == SVYI_XN_PREFIX ? n->text_len : 0);
    e->in_predicates++;
    children(e, n);
    e->in_predicates--;
    if (extra)
        emit(e, n->key);
    end(e, at);
}

static void emit_bare(emitter *e, svyi_xnode *n)
{
    size_t at;
    if (n->type == SVYI_X_STEP) {
        emit_step(e, n);
        return;
    }
    at = begin(e, (svyi_xop)n->type, n->detail, n->n);
    switch (n->type) {
    case SVYI_X_CONST_NUMBER: number(e, n->number); break;
    case SVYI_X_CONST_TEXT: text(e, n->text, n->text_len); break;
    case SVYI_X_CHAIN:
        for (const svyi_xnode *child = n->first; child != NULL; child = child->next)
            word(e, child->op);
        break;
    case SVYI_X_CALL: word(e, svyi_xfunction_id(n->fn)); break;
    case SVYI_X_PATH: word(e, n->name); break;
    default: break;
    }
    children(e, n);
    end(e, at);
}

/* What is the same for every node that a predicate looks at is worked out once in a run. */
static void emit(emitter *e, svyi_xnode *n)
{
    const int worth = n->type == SVYI_X_PATH || n->type == SVYI_X_CALL || n->type == SVYI_X_CHAIN || n->type == SVYI_X_UNION;
    if (e->in_predicates == 0 || !n->fixed || !worth || (n->keep == 0 && e->c->n_kept == SVYI_X_KEPT)) {
        emit_bare(e, n);
        return;
    }
    if (n->keep == 0)
        n->keep = (uint8_t)++e->c->n_kept;
    const size_t at = begin(e, SVYI_X_KEEP, 0, 1);
    const unsigned inside = e->in_predicates;
    word(e, n->keep - 1u);
    e->in_predicates = 0;
    emit_bare(e, n);
    e->in_predicates = inside;
    end(e, at);
}

static void finish(emitter *e)
{
    const svyi_xcompiler *c = e->c;
    const uint32_t code = (uint32_t)(e->out->len / 4) - SVYI_X_HEADER;
    const uint32_t flags = (c->uses_clock ? SVYI_XP_CLOCK : 0u) | (c->uses_position ? SVYI_XP_POSITION : 0u) | (c->uses_labels ? SVYI_XP_LABELS : 0u);

    while (e->texts.len % 4 != 0 && !e->texts.failed)
        svyi_buffer_add(&e->texts, "", 1);
    if (e->texts.len > 0)
        svyi_buffer_add(e->out, e->texts.data, e->texts.len);
    patch(e, 4 * SVYI_XH_MAGIC, SVYI_X_MAGIC);
    patch(e, 4 * SVYI_XH_VERSION, SVYI_X_VERSION | (uint32_t)c->place->compat << 8 | flags << 16);
    patch(e, 4 * SVYI_XH_SIZE, (uint32_t)e->out->len);
    patch(e, 4 * SVYI_XH_CODE, code);
    patch(e, 4 * SVYI_XH_TEXTS, (uint32_t)e->texts.len);
    patch(e, 4 * SVYI_XH_KEPT, c->n_kept);
}

svy_status svyi_xemit(svyi_xcompiler *c, svyi_xnode *root, svyi_buffer *out)
{
    enum { MOST = 1 << 24 };
    emitter e = { .c = c, .out = out };

    svyi_buffer_init(&e.texts, &c->base.arena.alloc);
    for (unsigned i = 0; i < SVYI_X_HEADER; i++)
        word(&e, 0);
    emit(&e, root);
    finish(&e);
    const int failed = out->failed || e.texts.failed;
    svyi_buffer_clear(&e.texts);
    if (failed)
        return svyi_no_memory(&c->base);
    if (out->len > MOST)
        return svyi_problem(&c->base, SVY_E_LIMIT, 0, 1, NULL, "the expression is too large");
    return SVY_OK;
}
