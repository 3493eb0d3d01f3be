/* From the text of an expression to its program: the public calls around the compiler's passes, and its messages. */
#include "expr_priv.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"

int svyi_shown(const char *text, size_t len)
{
    enum { SHOWN = 40 };
    size_t at = 0, end = 0;
    while (at < len && at <= SHOWN && (unsigned char)text[at] >= ' ') {
        end = at;
        svyi_utf8_next(text, len, &at);
    }
    return (int)(at <= SHOWN ? at : end);
}

/* Line and column (in characters) of byte `at` of the text. */
static void locate(const svyi_compiler *c, size_t at, svyi_where *where)
{
    size_t from = 0;
    *where = (svyi_where){ .source = c->place->source ? c->place->source : "", .line = c->place->line,
                           .column = c->place->column, .element = c->place->element ? c->place->element : "" };
    for (size_t i = 0; i < at && i < c->len; i++)
        if (c->text[i] == '\n') {
            where->line += where->line > 0;
            where->column = 1;
            from = i + 1;
        }
    if (where->column > 0)
        where->column += (int)svyi_utf8_length(c->text + from, at - from);
}

static void sentence(char *out, size_t size, const char *fmt, va_list ap) SVY_PRINTF(3, 0);
static void sentence(char *out, size_t size, const char *fmt, va_list ap)
{
    vsnprintf(out, size, fmt, ap);
}

svy_status svyi_problem(svyi_compiler *c, svy_status status, size_t at, size_t len, const char *advice, const char *fmt, ...)
{
    char found[384];
    svyi_where where;
    va_list ap;

    if (c->status == SVY_E_NOMEM)
        return SVY_E_NOMEM;
    if (c->n_reports++ >= SVYI_MAX_REPORTS && c->status != SVY_OK)
        return status;
    va_start(ap, fmt);
    sentence(found, sizeof found, fmt, ap);
    va_end(ap);
    locate(c, at, &where);
    if (c->status == SVY_OK) {
        c->status = status;
        svyi_fail_at(c->err, status, where.source, where.line, where.column, where.column > 0 ? (len > 0 ? (int)len : 1) : 0,
                     advice ? "%s: %s" : "%s", found, advice);
    }
    svyi_report(c->diags, SVY_PROBLEM, status, &where, advice, "%s", found);
    return status;
}

static void tell(svyi_compiler *c, svy_severity severity, size_t at, const char *advice, const char *fmt, va_list ap) SVY_PRINTF(5, 0);
static void tell(svyi_compiler *c, svy_severity severity, size_t at, const char *advice, const char *fmt, va_list ap)
{
    char found[384];
    svyi_where where;

    if (c->n_reports++ >= SVYI_MAX_REPORTS)
        return;
    sentence(found, sizeof found, fmt, ap);
    locate(c, at, &where);
    svyi_report(c->diags, severity, SVY_OK, &where, advice, "%s", found);
}

void svyi_warn(svyi_compiler *c, size_t at, const char *advice, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    tell(c, SVY_WARNING, at, advice, fmt, ap);
    va_end(ap);
}

void svyi_note(svyi_compiler *c, size_t at, const char *advice, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    tell(c, SVY_NOTE, at, advice, fmt, ap);
    va_end(ap);
}

svy_status svyi_no_memory(svyi_compiler *c)
{
    c->status = SVY_E_NOMEM;
    return svyi_nomem(c->err);
}

static svy_status keep(svyi_compiler *c, const svyi_node *root, const svyi_buffer *code, svy_expr *e)
{
    svyi_program p;
    void *bytes = svyi_arena_get(&e->arena, code->len);

    if (bytes == NULL || !svyi_collect_uses(c, root, e))
        return svyi_no_memory(c);
    memcpy(bytes, code->data, code->len);
    e->code = bytes;
    e->code_size = code->len;
    svyi_program_open((svy_code){ bytes, code->len }, &p);
    e->kind = (svy_kind)p.kind;
    e->uses_clock = (p.flags & SVYI_USES_CLOCK) != 0;
    return SVY_OK;
}

/* Parses, checks and makes the program in `code`. */
static svy_status build(svyi_compiler *c, svyi_node **root, svyi_buffer *code)
{
    const svyi_context outside = { .roster = c->place->roster };

    if (c->len > SVYI_MAX_TEXT)
        return svyi_problem(c, SVY_E_LIMIT, 0, 1, NULL, "the expression is longer than %d bytes", SVYI_MAX_TEXT);
    if (c->len > 0 && !svyi_utf8_valid(c->text, c->len))
        return svyi_problem(c, SVY_E_SYNTAX, 0, 1, NULL, "the expression is not valid UTF-8, or has a NUL in it");
    *root = svyi_parse(c);
    if (*root == NULL)
        return c->status;
    if (!svyi_check_scalar(c, *root, &outside) || c->status != SVY_OK)
        return c->status;
    if (!svyi_check_want(c, *root, c->place->want) || c->status != SVY_OK)
        return c->status;
    return svyi_emit(c, *root, code);
}

svy_status svy_expr_compile(const svy_alloc *alloc, const char *text, size_t len, const svy_scope *scope,
                            const svy_expr_place *place, svy_diags *diags, svy_expr **out, svy_error *err)
{
    svyi_compiler c = { .scope = scope, .place = place, .diags = diags, .err = err, .text = len ? text : "", .len = len };
    svyi_arena kept;
    svyi_buffer code;
    svyi_node *root = NULL;
    svy_status st = SVY_E_NOMEM;

    SVY_REQUIRE(out != NULL, err);
    *out = NULL;
    SVY_REQUIRE(text != NULL || len == 0, err);
    SVY_REQUIRE(scope != NULL && place != NULL, err);
    svyi_arena_init(&c.arena, alloc);
    svyi_arena_init(&kept, alloc);
    svyi_buffer_init(&code, alloc);

    svy_expr *e = svyi_arena_get(&kept, sizeof *e);
    if (e == NULL) {
        st = svyi_nomem(err);
        goto done;
    }
    e->arena = kept;
    if ((st = build(&c, &root, &code)) == SVY_OK)
        st = keep(&c, root, &code, e);
    kept = e->arena;              /* it may have grown */
    if (st == SVY_OK)
        *out = e;
done:
    if (st != SVY_OK)
        svyi_arena_clear(&kept);
    svy_scratch_free(c.scratch);
    svyi_buffer_clear(&code);
    svyi_arena_clear(&c.arena);
    return st;
}

void svy_expr_free(svy_expr *e)
{
    if (e != NULL) {
        svyi_arena arena = e->arena;   /* `e` lives in it */
        svyi_arena_clear(&arena);
    }
}

svy_kind svy_expr_kind(const svy_expr *e)
{
    return e->kind;
}

size_t svy_expr_uses(const svy_expr *e, const svy_expr_use **uses)
{
    *uses = e->uses;
    return e->n_uses;
}

int svy_expr_uses_clock(const svy_expr *e)
{
    return e->uses_clock;
}

svy_code svy_expr_code(const svy_expr *e)
{
    return (svy_code){ e->code, e->code_size };
}
