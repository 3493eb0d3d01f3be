/* From the text of an XPath expression to its program: the public calls around the compiler's passes. */
#include "xpath_priv.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"

static int by_symbol(const void *a, const void *b)
{
    const svy_expr_use *left = a, *right = b;
    return (left->symbol > right->symbol) - (left->symbol < right->symbol);
}

/* Each item once. 0: out of memory. */
static int keep_uses(svyi_xcompiler *c, svy_expr *e)
{
    size_t n = c->uses.len / sizeof(svy_expr_use), kept = 0;
    if (n == 0)
        return 1;
    svy_expr_use *all = svyi_arena_get(&e->arena, n * sizeof *all);
    if (all == NULL)
        return 0;
    memcpy(all, c->uses.data, n * sizeof *all);
    qsort(all, n, sizeof *all, by_symbol);
    for (size_t i = 0; i < n; i++) {
        if (kept > 0 && all[kept - 1].symbol == all[i].symbol) {
            all[kept - 1].across |= all[i].across;
            all[kept - 1].guarded |= all[i].guarded;
        } else
            all[kept++] = all[i];
    }
    e->uses = all;
    e->n_uses = kept;
    return 1;
}

static svy_status keep(svyi_xcompiler *c, const svyi_buffer *code, svy_expr *e)
{
    void *bytes = svyi_arena_get(&e->arena, code->len);
    if (bytes == NULL || !keep_uses(c, e))
        return svyi_no_memory(&c->base);
    memcpy(bytes, code->data, code->len);
    e->code = bytes;
    e->code_size = code->len;
    e->kind = SVY_K_TEXT;
    e->uses_clock = c->uses_clock;
    return SVY_OK;
}

static svy_status build(svyi_xcompiler *c, svyi_buffer *code)
{
    svyi_compiler *base = &c->base;
    if (base->len > SVYI_MAX_TEXT)
        return svyi_problem(base, SVY_E_LIMIT, 0, 1, NULL, "the expression is longer than %d bytes", SVYI_MAX_TEXT);
    if (base->len > 0 && !svyi_utf8_valid(base->text, base->len))
        return svyi_problem(base, SVY_E_SYNTAX, 0, 1, NULL, "the expression is not valid UTF-8, or has a NUL in it");
    svyi_xnode *root = svyi_xparse(c);
    if (root == NULL || base->status != SVY_OK)
        return base->status != SVY_OK ? base->status : SVY_E_SYNTAX;
    if (!svyi_xcheck(c, root))
        return base->status != SVY_OK ? base->status : SVY_E_NOMEM;
    return svyi_xemit(c, root, code);
}

static svy_status compile(svyi_xcompiler *c, const svy_alloc *alloc, svy_expr **out)
{
    svyi_arena kept;
    svyi_buffer code;
    svy_status st;

    svyi_arena_init(&kept, alloc);
    svyi_buffer_init(&code, alloc);
    svy_expr *e = svyi_arena_get(&kept, sizeof *e);
    if (e == NULL)
        return svyi_nomem(c->base.err);
    e->arena = kept;
    if ((st = build(c, &code)) == SVY_OK)
        st = keep(c, &code, e);
    kept = e->arena;                     /* it may have grown */
    if (st == SVY_OK)
        *out = e;
    else
        svyi_arena_clear(&kept);
    svyi_buffer_clear(&code);
    return st;
}

svy_status svy_xpath_compile(const svy_alloc *alloc, const char *text, size_t len, const svy_xpath_scope *scope, const svy_xpath_place *place,
                             svy_diags *diags, svy_expr **out, svy_error *err)
{
    SVY_REQUIRE(out != NULL, err);
    *out = NULL;
    SVY_REQUIRE(text != NULL || len == 0, err);
    SVY_REQUIRE(scope != NULL && place != NULL, err);
    svyi_xcompiler c = { .base = { .diags = diags, .err = err, .text = len > 0 ? text : "", .len = len }, .scope = scope, .place = place };
    c.where = (svy_expr_place){ .source = place->source, .line = place->line, .column = place->column, .element = place->element };
    c.base.place = &c.where;
    svyi_arena_init(&c.base.arena, alloc);
    svyi_buffer_init(&c.uses, alloc);
    const svy_status st = compile(&c, alloc, out);
    svyi_buffer_clear(&c.uses);
    svyi_arena_clear(&c.base.arena);
    return st;
}

static uint32_t flags_of(const svy_expr *e)
{
    return e != NULL && e->code_size >= 4 * SVYI_X_HEADER && svyi_word(e->code, SVYI_XH_MAGIC) == SVYI_X_MAGIC
        ? svyi_word(e->code, SVYI_XH_VERSION) >> 16 : 0;
}

int svy_xpath_uses_position(const svy_expr *e)
{
    return (flags_of(e) & SVYI_XP_POSITION) != 0;
}

int svy_xpath_uses_labels(const svy_expr *e)
{
    return (flags_of(e) & SVYI_XP_LABELS) != 0;
}
