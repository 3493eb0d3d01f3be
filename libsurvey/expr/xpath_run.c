/* Runs XPath programs. */
#include "xpath_priv.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"

void svyi_xpath_forget(svy_scratch *s)
{
    svyi_buffer_clear(&s->text);
    svyi_release(&s->alloc, s->nodes, s->nodes_capacity * sizeof *s->nodes);
    svyi_release(&s->alloc, s->kept_nodes, s->kept_nodes_capacity * sizeof *s->kept_nodes);
    svyi_release(&s->alloc, s->kept, SVYI_X_KEPT * sizeof *s->kept);
}

/* ---- Arguments ---- */

int svyi_xarg(svyi_xcall *call, svyi_xvalue *value)
{
    *value = (svyi_xvalue){ .type = SVY_X_TEXT, .text = "" };
    if (call->left == 0 || call->run->base.status != SVY_OK)
        return 0;
    const unsigned char *record = call->next;
    call->left--;
    call->next = record + 4 * (size_t)svyi_word(record, 1);
    svyi_xeval(call->run, record, call->in, value);
    return 1;
}

void svyi_xarg_skip(svyi_xcall *call)
{
    if (call->left > 0) {
        call->left--;
        call->next += 4 * (size_t)svyi_word(call->next, 1);
    }
}

double svyi_xarg_number(svyi_xcall *call)
{
    svyi_xvalue v;
    if (!svyi_xarg(call, &v))
        return (double)NAN;
    const double x = svyi_xnumber(call->run, &v);
    svyi_xdrop(call->run, &v);
    return x;
}

int svyi_xarg_boolean(svyi_xcall *call)
{
    svyi_xvalue v;
    svyi_xarg(call, &v);
    const int truth = svyi_xboolean(call->run, &v);
    svyi_xdrop(call->run, &v);
    return truth;
}

void svyi_xarg_text(svyi_xcall *call, const char **text, uint32_t *len)
{
    svyi_xvalue v;
    svyi_xarg(call, &v);
    svyi_xtext(call->run, &v, text, len);
    svyi_xdrop(call->run, &v);
}

void svyi_xfail(svyi_xrun *r, const char *fmt, ...)
{
    va_list ap;
    if (r->base.status != SVY_OK)
        return;
    va_start(ap, fmt);
    vsnprintf(r->why, sizeof r->why, fmt, ap);
    va_end(ap);
    r->base.status = SVY_E_VALUE;
}

double svyi_xconst_number(const unsigned char *record)
{
    const uint64_t bits = svyi_word(record, 2) | (uint64_t)svyi_word(record, 3) << 32;
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* ---- Operators ---- */

/* The remainder with the sign of the dividend, exactly. */
double svyi_xremainder(double a, double b)
{
    if (isnan(a) || isnan(b) || isinf(a) || b == 0)
        return (double)NAN;
    if (isinf(b) || a == 0)
        return a;
    double left = fabs(a), part = fabs(b);
    const double by = part;
    while (part <= left / 2)
        part *= 2;
    for (; part >= by; part /= 2)                      /* every difference is exact */
        left -= left >= part ? part : 0;
    return signbit(a) ? -left : left;
}

static double calculate(double a, double b, svyi_operator op)
{
    switch ((int)op) {
    case SVYI_ADD: return a + b;
    case SVYI_SUB: return a - b;
    case SVYI_MUL: return a * b;
    case SVYI_DIV: return a / b;
    default: return svyi_xremainder(a, b);
    }
}

static void logical(svyi_xrun *r, const unsigned char *at, unsigned level, uint32_t count, const svyi_xcontext *in, svyi_xvalue *out)
{
    const uint32_t base = r->n_nodes;
    const int decides = level == 1;                    /* `or` ends at the first true, `and` at the first false */
    int truth = !decides;
    for (; count > 0 && r->base.status == SVY_OK && truth != decides; count--) {
        r->n_nodes = base;
        svyi_xeval(r, at, in, out);
        truth = svyi_xboolean(r, out);
        at += 4 * (size_t)svyi_word(at, 1);
    }
    if (r->compat == SVY_COMPAT_WEB)                   /* as measured: the operand that decided, not its truth */
        return;
    r->n_nodes = base;
    svyi_xset_boolean(out, truth);
}

static void arithmetic(svyi_xrun *r, const unsigned char *record, const unsigned char *at, uint32_t count, const svyi_xcontext *in, svyi_xvalue *out)
{
    double result = 0;
    for (uint32_t i = 0; i < count && r->base.status == SVY_OK; i++) {
        const uint32_t top = r->n_nodes;
        svyi_xvalue v;
        svyi_xeval(r, at, in, &v);
        const double x = svyi_xnumber(r, &v);
        r->n_nodes = top;
        result = i == 0 ? x : calculate(result, x, (svyi_operator)svyi_word(record, 2 + i));
        at += 4 * (size_t)svyi_word(at, 1);
    }
    svyi_xset_number(out, result);
}

static void comparison(svyi_xrun *r, const unsigned char *record, const unsigned char *at, uint32_t count, const svyi_xcontext *in, svyi_xvalue *out)
{
    const uint32_t top = r->n_nodes;
    svyi_xvalue right;
    svyi_xeval(r, at, in, out);
    for (uint32_t i = 1; i < count && r->base.status == SVY_OK; i++) {
        at += 4 * (size_t)svyi_word(at, 1);
        svyi_xeval(r, at, in, &right);
        if (r->base.status == SVY_OK)
            svyi_xset_boolean(out, svyi_xcompare(r, out, &right, (svyi_operator)svyi_word(record, 2 + i)));
        r->n_nodes = top;
    }
}

static void chain(svyi_xrun *r, const unsigned char *record, const svyi_xcontext *in, svyi_xvalue *out)
{
    const uint32_t head = svyi_word(record, 0), count = head >> 16;
    const unsigned level = head >> 8 & 0xff;
    const unsigned char *first = record + 4 * (size_t)(2 + count);

    if (level <= 2)
        logical(r, first, level, count, in, out);
    else if (level <= 4)
        comparison(r, record, first, count, in, out);
    else
        arithmetic(r, record, first, count, in, out);
}

static void negate(svyi_xrun *r, const unsigned char *record, const svyi_xcontext *in, svyi_xvalue *out)
{
    const uint32_t top = r->n_nodes;
    svyi_xeval(r, record + 4 * (size_t)2, in, out);
    const double x = svyi_xnumber(r, out);
    r->n_nodes = top;
    svyi_xset_number(out, svyi_word(record, 0) >> 8 & 0xff ? -x : x);
}

static void unite(svyi_xrun *r, const unsigned char *record, const svyi_xcontext *in, svyi_xvalue *out)
{
    const uint32_t base = r->n_nodes;
    const unsigned char *at = record + 4 * (size_t)2;
    for (uint32_t i = svyi_word(record, 0) >> 16; i > 0 && r->base.status == SVY_OK; i--) {
        svyi_xvalue part;
        svyi_xeval(r, at, in, &part);
        if (part.type != SVY_X_NODES)
            svyi_xfail(r, "only nodes can be joined with '|'");
        at += 4 * (size_t)svyi_word(at, 1);
    }
    if (r->base.status == SVY_OK)
        svyi_xsort(r, base);
    *out = (svyi_xvalue){ .type = SVY_X_NODES, .from = base, .n = r->n_nodes - base, .text = "" };
}

/* ---- Values worked out once ---- */

/* Nodes of a kept value are kept apart: those at work come and go. */
static void keep_nodes(svyi_xrun *r, svyi_xvalue *value)
{
    svy_scratch *s = r->base.scratch;
    if (svyi_grow(&s->alloc, &s->kept_nodes, &s->kept_nodes_capacity, (size_t)r->n_kept_nodes + value->n, sizeof *s->kept_nodes) != 0) {
        r->base.status = SVY_E_NOMEM;
        return;
    }
    if (value->n > 0)
        memcpy(s->kept_nodes + r->n_kept_nodes, r->nodes + value->from, value->n * sizeof *s->kept_nodes);
    value->from = r->n_kept_nodes;
    r->n_kept_nodes += value->n;
}

static void kept(svyi_xrun *r, const unsigned char *record, const svyi_xcontext *in, svyi_xvalue *out)
{
    const uint32_t slot = svyi_word(record, 2);
    svyi_xvalue *value = &r->base.scratch->kept[slot];

    if (r->has_kept >> slot & 1) {
        *out = *value;
        if (value->type == SVY_X_NODES) {
            out->from = r->n_nodes;
            for (uint32_t i = 0; i < value->n && svyi_xpush(r, r->base.scratch->kept_nodes[value->from + i]); i++)
                ;
        }
        return;
    }
    svyi_xeval(r, record + 4 * (size_t)3, in, out);
    if (r->base.status != SVY_OK)
        return;
    *value = *out;
    if (out->type == SVY_X_NODES)
        keep_nodes(r, value);
    r->has_kept |= (uint64_t)1 << slot;
}

/* ---- The program ---- */

static void call(svyi_xrun *r, const unsigned char *record, const svyi_xcontext *in, svyi_xvalue *out)
{
    const uint32_t n = svyi_word(record, 0) >> 16;
    svyi_xcall c = { .run = r, .in = in, .record = record, .next = record + 4 * (size_t)3, .n = n, .left = n };
    svyi_xfunction_get(svyi_word(record, 2))->call(&c, out);
}

void svyi_xeval(svyi_xrun *r, const unsigned char *record, const svyi_xcontext *in, svyi_xvalue *out)
{
    const uint32_t head = svyi_word(record, 0);

    *out = (svyi_xvalue){ .type = SVY_X_TEXT, .text = "" };
    if (r->base.status != SVY_OK)
        return;
    if (++r->steps > SVYI_MAX_STEPS) {
        r->base.status = SVY_E_LIMIT;
        return;
    }
    switch (head & 0xff) {
    case SVYI_X_CONST_NUMBER: svyi_xset_number(out, svyi_xconst_number(record)); break;
    case SVYI_X_CONST_TEXT: svyi_xset_text(out, (const char *)r->texts + svyi_word(record, 2), svyi_word(record, 3)); break;
    case SVYI_X_CHAIN: chain(r, record, in, out); break;
    case SVYI_X_NEGATE: negate(r, record, in, out); break;
    case SVYI_X_CALL: call(r, record, in, out); break;
    case SVYI_X_PATH: svyi_xpath_eval(r, record, in, out); break;
    case SVYI_X_UNION: unite(r, record, in, out); break;
    case SVYI_X_KEEP: kept(r, record, in, out); break;
    default: break;
    }
}

static void open_run(svyi_xrun *r, svy_code code, const svy_xpath_env *env, svy_scratch *scratch)
{
    const unsigned char *bytes = code.bytes;
    r->base.scratch = scratch;
    r->base.status = SVY_OK;
    r->env = env;
    r->code = bytes + 4 * (size_t)SVYI_X_HEADER;
    r->texts = r->code + 4 * (size_t)svyi_word(bytes, SVYI_XH_CODE);
    r->compat = (svy_compat)(svyi_word(bytes, SVYI_XH_VERSION) >> 8 & 0xff);
    r->nodes = scratch->nodes;
    r->nodes_capacity = (uint32_t)scratch->nodes_capacity;
    r->n_nodes = r->n_kept_nodes = 0;
    r->steps = 0;
    r->has_kept = 0;
    r->why[0] = '\0';
}

static svy_status outcome(const svyi_xrun *r, svy_error *err)
{
    switch ((int)r->base.status) {
    case SVY_OK: return SVY_OK;
    case SVY_E_NOMEM: return svyi_nomem(err);
    case SVY_E_VALUE: return svyi_fail(err, SVY_E_VALUE, "%s", r->why);
    default:
        return svyi_fail(err, SVY_E_LIMIT, "an expression takes more than %d steps, makes more than %d bytes of text or finds more than %d nodes",
                         SVYI_MAX_STEPS, SVYI_MAX_MADE, SVYI_X_NODES_MOST);
    }
}

static int reserve(svyi_xrun *r, svy_code code)
{
    enum { FIRST_NODES = 64 };
    svy_scratch *s = r->base.scratch;
    const size_t n = svyi_word(code.bytes, SVYI_XH_KEPT);

    if (svyi_grow(&s->alloc, &s->nodes, &s->nodes_capacity, FIRST_NODES, sizeof *s->nodes) != 0)
        return 0;
    r->nodes = s->nodes;
    r->nodes_capacity = (uint32_t)s->nodes_capacity;
    return n == 0 || s->kept != NULL || (s->kept = svyi_get(&s->alloc, SVYI_X_KEPT * sizeof *s->kept)) != NULL;
}

svy_status svy_xpath_run(svy_code code, const svy_xpath_env *env, svy_node context, svy_scratch *scratch, svy_xpath_value *value, svy_error *err)
{
    svyi_xrun r;                                       /* of its base only what is set below is used */
    const svyi_xcontext in = { context, 1, 1 };
    svyi_xvalue result;

    SVY_REQUIRE(value != NULL, err);
    *value = (svy_xpath_value){ .type = SVY_X_TEXT, .text = "" };
    SVY_REQUIRE(env != NULL && scratch != NULL && code.bytes != NULL, err);
    svyi_made_reset(scratch);
    open_run(&r, code, env, scratch);
    if (!reserve(&r, code))
        return svyi_nomem(err);
    r.current = context;
    svyi_xeval(&r, r.code, &in, &result);
    scratch->steps += r.steps;
    if (r.base.status != SVY_OK)
        return outcome(&r, err);
    *value = (svy_xpath_value){ .type = (svy_xpath_type)result.type, .number = result.number, .text = result.text, .len = result.len };
    if (result.type == SVY_X_TEXT)
        value->number = svyi_xboolean(&r, &result);
    if (result.type == SVY_X_NODES) {
        value->nodes = r.nodes + result.from;
        value->n_nodes = result.n;
    }
    return SVY_OK;
}

/* A result as the interpreter has it. */
static svyi_xvalue inner_value(svyi_xrun *r, const svy_xpath_value *value)
{
    svyi_xvalue v = { .type = (uint8_t)value->type, .number = value->number, .text = value->text != NULL ? value->text : "", .len = value->len };
    if (value->type == SVY_X_NODES) {
        r->nodes = r->base.scratch->nodes;
        v.n = value->n_nodes > 0;
        v.from = v.n > 0 ? (uint32_t)(value->nodes - r->nodes) : 0;
        r->n_nodes = v.from + value->n_nodes;
    }
    return v;
}

int svy_xpath_boolean(svy_code code, const svy_xpath_env *env, const svy_xpath_value *value)
{
    const svy_compat compat = (svy_compat)(svyi_word(code.bytes, SVYI_XH_VERSION) >> 8 & 0xff);
    const char *text = "";
    uint32_t len = 0;
    svy_node child;

    if (value->type != SVY_X_NODES)
        return value->number != 0 && !isnan(value->number);
    if (compat != SVY_COMPAT_COLLECT || value->n_nodes == 0)
        return value->n_nodes > 0;
    if (env->text != NULL && env->text(env->user, value->nodes[0], &text, &len))
        return len > 0;
    return env->first != NULL && env->first(env->user, value->nodes[0], SVY_NAME_ANY, &child);
}

svy_status svy_xpath_text(svy_code code, const svy_xpath_env *env, svy_scratch *scratch, const svy_xpath_value *value,
                          const char **text, uint32_t *len, svy_error *err)
{
    svyi_xrun r;
    SVY_REQUIRE(text != NULL && len != NULL && value != NULL && env != NULL && scratch != NULL && code.bytes != NULL, err);
    open_run(&r, code, env, scratch);
    const svyi_xvalue v = inner_value(&r, value);
    svyi_xtext(&r, &v, text, len);
    scratch->steps += r.steps;
    return outcome(&r, err);
}
