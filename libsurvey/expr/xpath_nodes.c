/* XPath functions of nodes: counting, names, positions, order by chance. */
#include "xpath_priv.h"

#include <math.h>
#include <string.h>

#include "base/digest.h"
#include "base/number.h"

int svyi_xarg_nodes(svyi_xcall *call, svyi_xvalue *value)
{
    svyi_xarg(call, value);
    if (call->run->base.status == SVY_OK && value->type != SVY_X_NODES)
        svyi_xfail(call->run, "%s() takes nodes, not a value", svyi_xfunction_of(call)->name);
    return call->run->base.status == SVY_OK;
}

void svyi_xf_count(svyi_xcall *call, svyi_xvalue *out)
{
    svyi_xvalue v;
    const int ok = svyi_xarg_nodes(call, &v);
    svyi_xset_number(out, ok ? v.n : 0);
    svyi_xdrop(call->run, &v);
}

void svyi_xf_count_non_empty(svyi_xcall *call, svyi_xvalue *out)
{
    svyi_xvalue v;
    const char *text;
    uint32_t len, count = 0;
    if (svyi_xarg_nodes(call, &v))
        for (uint32_t i = 0; i < v.n; i++) {
            svyi_xnode_text(call->run, call->run->nodes[v.from + i], &text, &len);
            count += len > 0;
        }
    svyi_xdrop(call->run, &v);
    svyi_xset_number(out, count);
}

/* The number of a node among the siblings of its name. */
static double node_position(svyi_xrun *r, svy_node node)
{
    const svy_xpath_env *env = r->env;
    double position = 1;
    if (node.item == SVY_NODE_DOCUMENT)
        return 1;
    if (env->position != NULL)
        return env->position(env->user, node);
    const uint32_t name = env->name != NULL ? env->name(env->user, node) : SVY_NAME_NONE;
    while (env->previous != NULL && env->previous(env->user, node, name, &node)) {
        position++;
        if (++r->steps > SVYI_MAX_STEPS) {
            r->base.status = SVY_E_LIMIT;
            break;
        }
    }
    return position;
}

void svyi_xf_position(svyi_xcall *call, svyi_xvalue *out)
{
    svyi_xvalue v;
    if (call->n == 0) {
        svyi_xset_number(out, call->in->position);
        return;
    }
    const int ok = svyi_xarg_nodes(call, &v);
    if (ok && v.n > 1 && call->run->compat == SVY_COMPAT_WEB)
        svyi_xfail(call->run, "position() takes one node, not %u", (unsigned)v.n);
    svyi_xset_number(out, ok && v.n > 0 ? node_position(call->run, call->run->nodes[v.from]) : (double)NAN);
    svyi_xdrop(call->run, &v);
}

void svyi_xf_last(svyi_xcall *call, svyi_xvalue *out)
{
    svyi_xset_number(out, call->in->size);
}

/* The name of the argument's first node, or of the context node; "" when there is none. */
static const char *node_name(svyi_xcall *call)
{
    svyi_xrun *r = call->run;
    svy_node node = call->in->node;
    svyi_xvalue v = { .n = 1 };

    if (call->n > 0) {
        if (!svyi_xarg_nodes(call, &v))
            return "";
        if (v.n > 0)
            node = r->nodes[v.from];
        svyi_xdrop(r, &v);
    }
    if (v.n == 0 || node.item == SVY_NODE_DOCUMENT || r->env->name == NULL || r->env->name_text == NULL)
        return "";
    const char *name = r->env->name_text(r->env->user, r->env->name(r->env->user, node));
    return name == NULL ? "" : name[0] == '@' ? name + 1 : name;
}

void svyi_xf_name(svyi_xcall *call, svyi_xvalue *out)
{
    const char *name = node_name(call);
    svyi_xset_copy(call->run, out, name, strlen(name));
}

void svyi_xf_local_name(svyi_xcall *call, svyi_xvalue *out)
{
    const char *name = node_name(call), *colon = strchr(name, ':');
    name = colon != NULL ? colon + 1 : name;
    svyi_xset_copy(call->run, out, name, strlen(name));
}

void svyi_xf_namespace_uri(svyi_xcall *call, svyi_xvalue *out)
{
    node_name(call);
    svyi_xset_text(out, "", 0);                        /* names are what they are written as here: prefixes stand for no address */
}

void svyi_xf_lang(svyi_xcall *call, svyi_xvalue *out)
{
    const char *text;
    uint32_t len;
    svyi_xarg_text(call, &text, &len);                 /* records say no language */
    svyi_xset_boolean(out, 0);
}

/* ---- randomize() ---- */

enum { MODULUS = 2147483647, FACTOR = 16807 };

/* The seed of a text that is no number: the first 64 bits of its SHA-256, modulo. */
static int64_t text_seed(const char *text, uint32_t len)
{
    unsigned char digest[64];
    uint64_t bits = 0;
    svyi_digest("SHA-256", 7, text, len, digest);
    for (unsigned i = 0; i < 8; i++)
        bits = bits << 8 | digest[i];
    const int negative = bits >> 63 != 0;
    const uint64_t size = negative ? 0 - bits : bits;
    const int64_t rest = (int64_t)(size % MODULUS);
    return negative ? -rest : rest;
}

static int64_t number_seed(double x)
{
    if (isinf(x))
        return x > 0 ? INT64_MAX % MODULUS : -(int64_t)((((uint64_t)1 << 63)) % MODULUS);
    return (int64_t)svyi_xremainder(x < 0 ? -floor(-x) : floor(x), MODULUS);
}

static int64_t seed_of(svyi_xcall *call)
{
    svyi_xrun *r = call->run;
    const char *text;
    uint32_t len;
    svyi_xvalue v;

    svyi_xarg(call, &v);
    const double x = svyi_xnumber(r, &v);
    svyi_xtext(r, &v, &text, &len);
    svyi_xdrop(r, &v);
    const int64_t seed = !isnan(x) ? number_seed(x) : len == 0 || v.type == SVY_X_NUMBER ? 0 : text_seed(text, len);
    return seed <= 0 ? seed + MODULUS - 1 : seed;
}

/* Inside-out Fisher-Yates with Park and Miller's generator, as ODK's clients have agreed on. */
void svyi_xf_randomize(svyi_xcall *call, svyi_xvalue *out)
{
    svyi_xrun *r = call->run;
    svyi_random chance;

    if (!svyi_xarg_nodes(call, out))
        return;
    const uint32_t from = r->n_nodes, n = out->n;
    int64_t seed = call->n > 1 ? seed_of(call) : 0;
    if (call->n == 1)
        svyi_random_seed(&chance, svyi_xdraw(call));
    for (uint32_t i = 0; i < n && r->base.status == SVY_OK; i++) {
        double unit;
        if (call->n > 1) {
            seed = seed * FACTOR % MODULUS;
            unit = (double)(seed - 1) / (MODULUS - 1);
        } else
            unit = svyi_random_unit(&chance);
        const uint32_t j = (uint32_t)floor(unit * (i + 1));
        if (!svyi_xpush(r, r->nodes[from + j < r->n_nodes ? from + j : out->from + i]))
            return;
        r->nodes[from + j] = r->nodes[out->from + i];
    }
    if (r->base.status != SVY_OK)
        return;
    memmove(r->nodes + out->from, r->nodes + from, n * sizeof *r->nodes);
    r->n_nodes = out->from + n;
}
