/* Any text as an XPath expression: what compiles is verified, runs, and gives the same twice. Any bytes as a program: what is verified runs. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../../unit/expr/xpath_tree.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static xt_trees trees;

static void prepare(void)
{
    if (trees.n_nodes > 0)
        return;
    xt_read(&trees, "<data id='f'><a>1</a><b>x y</b><d>2026-11-22</d><r><n>1</n><s><k>p</k></s><s><k>q</k></s></r><r><n/><s><k>3</k></s></r>"
                    "<o:m><o:i>z</o:i></o:m><p>0 0;0 1;1 1;0 0</p></data>");
    xt_instance(&trees, "l", "<root><item><name>a</name><w>1</w></item><item><name>b</name></item></root>");
}

static int same(const svy_xpath_value *a, const svy_xpath_value *b, const svy_node *nodes, uint32_t n)
{
    return a->type == b->type && a->len == b->len && (a->number == b->number || (isnan(a->number) && isnan(b->number))) && n == b->n_nodes &&
           (n == 0 || memcmp(nodes, b->nodes, n * sizeof *nodes) == 0);
}

/* Runs a verified program twice. */
static void run(svy_code code, svy_node context)
{
    const svy_xpath_env env = xt_env(&trees);
    svy_error err = SVY_ERROR_INIT;
    svy_scratch *s = NULL;
    svy_xpath_value once = { .type = SVY_X_TEXT }, twice;
    svy_node kept[64];
    const char *text;
    uint32_t len;

    if (svy_scratch_new(NULL, &s, &err) != SVY_OK)
        abort();
    const svy_status st = svy_xpath_run(code, &env, context, s, &once, &err);
    if (st != SVY_OK && st != SVY_E_LIMIT && st != SVY_E_VALUE)
        abort();
    if (st != SVY_OK && (err.code != st || err.message[0] == '\0'))
        abort();
    const uint32_t n = once.n_nodes < 64 ? once.n_nodes : 0;
    if (n > 0)
        memcpy(kept, once.nodes, n * sizeof *kept);
    if (st == SVY_OK && svy_xpath_text(code, &env, s, &once, &text, &len, &err) == SVY_OK && len > 0 && memchr(text, 0, len) != NULL)
        abort();
    if (st == SVY_OK && (svy_xpath_boolean(code, &env, &once) & ~1) != 0)
        abort();
    if (svy_xpath_run(code, &env, context, s, &twice, &err) != st || (once.n_nodes < 64 && !same(&once, &twice, kept, n)))
        abort();
    svy_scratch_free(s);
}

static void as_text(const uint8_t *data, size_t size, unsigned how)
{
    const svy_xpath_scope scope = xt_scope(&trees);
    const svy_node context = trees.nodes[how / 4 % (unsigned)trees.n_nodes].at;
    const svy_xpath_place place = { "fuzz", 1, 1, "", context.tree == 0 ? context.item : 0, (svy_compat)(how % 3) };
    svy_error err = SVY_ERROR_INIT;
    svy_diags diags = { 0 };
    svy_expr *e = NULL;
    const svy_status st = svy_xpath_compile(NULL, (const char *)data, size, &scope, &place, &diags, &e, &err);

    if ((st == SVY_OK) != (e != NULL) || (st == SVY_OK) != (diags.problems == 0))
        abort();
    if (st != SVY_OK && (err.code != st || err.message[0] == '\0' || err.line < 1 || err.column < 1))
        abort();
    if (st == SVY_OK) {
        if (svy_xpath_verify(svy_expr_code(e), trees.n_items, trees.n_names, trees.n_trees, &err) != SVY_OK)
            abort();
        run(svy_expr_code(e), context.tree == 0 ? context : trees.nodes[0].at);
    }
    svy_expr_free(e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    svy_error err = SVY_ERROR_INIT;
    const svy_code code = { data, size };

    prepare();
    if (size > 0 && size <= 4096)
        as_text(data + 1, size - 1, data[0]);
    if (svy_xpath_verify(code, trees.n_items, trees.n_names, trees.n_trees, &err) == SVY_OK)
        run(code, trees.nodes[1].at);
    return 0;
}
