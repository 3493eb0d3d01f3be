/* Evaluates expressions of ODK's XPath with our evaluator over a small document: one side of the comparison with two public evaluators.
   Standard input, fields with tabs between: first the items ("item NUMBER PARENT ROSTER NAME"), the nodes in document order ("node TREE ITEM
   ENTRY PARENT LEAF NAME TEXT", PARENT a node's number or -1), the instances' ids ("tree NUMBER ID"); then "run NODE EXPRESSION" lines,
   each answered with one line of JSON. The argument is strict, collect or web. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <survey/xpath.h>

enum { NODES = 2000, NAMES = 400, ITEMS = 400, FIELDS = 9, LINE = 1 << 17 };

typedef struct node { svy_node at; int parent, leaf; uint32_t name; char *text; } node;
typedef struct item { uint32_t parent, name; int roster; } item;

static node nodes[NODES];
static item items[ITEMS];
static char *names[NAMES], *trees[16];
static int n_nodes, n_items, n_names;

static void die(const char *what)
{
    fprintf(stderr, "evaluate_xpath: %s\n", what);
    exit(2);
}

static char *copy(const char *text)
{
    char *out = malloc(strlen(text) + 1);

    if (out == NULL)
        die("out of memory");
    return strcpy(out, text);
}

static uint32_t name_number(const char *name, size_t len, int add)
{
    for (int i = 0; i < n_names; i++)
        if (strlen(names[i]) == len && memcmp(names[i], name, len) == 0)
            return (uint32_t)i;
    if (!add)
        return SVY_NAME_NONE;
    if (n_names == NAMES)
        die("too many names");
    names[n_names] = copy(name);
    return (uint32_t)n_names++;
}

/* ---- the form as the compiler sees it --------------------------------------------------------------------------------------- */

static uint32_t scope_name(void *user, const char *name, size_t len) { (void)user; return name_number(name, len, 0); }

static uint32_t scope_child(void *user, uint32_t of, uint32_t name, uint32_t after)
{
    (void)user;
    for (uint32_t i = after + 1; i < (uint32_t)n_items; i++)
        if (i != 0 && items[i].parent == of && (name == SVY_NAME_ANY ? names[items[i].name][0] != '@' : items[i].name == name))
            return i;
    return 0;
}

static uint32_t scope_parent(void *user, uint32_t of) { (void)user; return items[of].parent; }
static uint32_t scope_item_name(void *user, uint32_t of) { (void)user; return items[of].name; }
static int scope_find(void *user, const char *id, size_t len, uint32_t *out) { (void)user; (void)id; (void)len; (void)out; return 0; }
static int scope_is_roster(void *user, uint32_t of) { (void)user; return items[of].roster; }

static int scope_tree(void *user, const char *id, size_t len, uint32_t *tree)
{
    (void)user;
    for (uint32_t i = 1; i < 16; i++) {
        if (trees[i] != NULL && strlen(trees[i]) == len && memcmp(trees[i], id, len) == 0) {
            *tree = i;
            return 1;
        }
    }
    return 0;
}

/* ---- the nodes --------------------------------------------------------------------------------------------------------------- */

static int number_of(svy_node at)
{
    for (int i = 0; i < n_nodes; i++)
        if (nodes[i].at.tree == at.tree && nodes[i].at.item == at.item && nodes[i].at.entry == at.entry)
            return i;
    return -1;
}

static int fits(int i, int parent, uint32_t tree, uint32_t name)
{
    const int attribute = names[nodes[i].name][0] == '@';

    return nodes[i].at.tree == tree && nodes[i].parent == parent &&
           (name == SVY_NAME_ANY ? !attribute : name == SVY_NAME_ANY_ATTRIBUTE ? attribute : nodes[i].name == name);
}

static int seek(int from, int step, int parent, uint32_t tree, uint32_t name, svy_node *out)
{
    for (int i = from; i >= 0 && i < n_nodes; i += step) {
        if (fits(i, parent, tree, name)) {
            *out = nodes[i].at;
            return 1;
        }
    }
    return 0;
}

static int env_first(void *user, svy_node of, uint32_t name, svy_node *out)
{
    (void)user;
    return seek(0, 1, of.item == SVY_NODE_DOCUMENT ? -1 : number_of(of), of.tree, name, out);
}

static int env_next(void *user, svy_node after, uint32_t name, svy_node *out)
{
    const int i = number_of(after);

    (void)user;
    return i >= 0 && seek(i + 1, 1, nodes[i].parent, after.tree, name, out);
}

static int env_previous(void *user, svy_node before, uint32_t name, svy_node *out)
{
    const int i = number_of(before);

    (void)user;
    return i >= 0 && seek(i - 1, -1, nodes[i].parent, before.tree, name, out);
}

static int env_parent(void *user, svy_node of, svy_node *out)
{
    const int i = of.item == SVY_NODE_DOCUMENT ? -1 : number_of(of);

    (void)user;
    if (i < 0)
        return 0;
    *out = nodes[i].parent < 0 ? (svy_node){ of.tree, SVY_NODE_DOCUMENT, 0 } : nodes[nodes[i].parent].at;
    return 1;
}

static uint32_t env_name(void *user, svy_node of)
{
    const int i = of.item == SVY_NODE_DOCUMENT ? -1 : number_of(of);

    (void)user;
    return i < 0 ? SVY_NAME_NONE : nodes[i].name;
}

static const char *env_name_text(void *user, uint32_t name) { (void)user; return name < (uint32_t)n_names ? names[name] : ""; }

static int env_text(void *user, svy_node of, const char **text, uint32_t *len)
{
    const int i = of.item == SVY_NODE_DOCUMENT ? -1 : number_of(of);

    (void)user;
    if (i < 0 || !nodes[i].leaf)
        return 0;
    *text = nodes[i].text;
    *len = (uint32_t)strlen(nodes[i].text);
    return 1;
}

static int env_compare(void *user, svy_node a, svy_node b)
{
    const int i = a.item == SVY_NODE_DOCUMENT ? -1 : number_of(a), j = b.item == SVY_NODE_DOCUMENT ? -1 : number_of(b);

    (void)user;
    return (i > j) - (i < j);
}

static int env_find(void *user, svy_node parent, uint32_t name, uint32_t key, const char *text, size_t len, const svy_node *after, svy_node *out)
{
    (void)user; (void)parent; (void)name; (void)key; (void)text; (void)len; (void)after; (void)out;
    return -1;
}

static int env_label(void *user, svy_node question, const char *value, size_t len, const char **text, uint32_t *text_len)
{
    (void)user; (void)question; (void)value; (void)len; (void)text; (void)text_len;
    return 0;
}

static int env_lookup(void *user, const char *id, size_t len, const char **text, uint32_t *text_len)
{
    (void)user; (void)id; (void)len; (void)text; (void)text_len;
    return 0;
}

/* ---- answers ------------------------------------------------------------------------------------------------------------------ */

static void put_text(const char *text, size_t len)
{
    putchar('"');
    for (size_t i = 0; i < len; i++) {
        const unsigned char c = (unsigned char)text[i];
        if (c == '"' || c == '\\')
            printf("\\%c", c);
        else if (c < 0x20)
            printf("\\u%04x", c);
        else
            putchar(c);
    }
    putchar('"');
}

static void put_error(const svy_error *err)
{
    fputs("{\"error\":", stdout);
    put_text(err->message, strlen(err->message));
    puts("}");
}

static void put_value(svy_code code, const svy_xpath_env *env, svy_scratch *scratch, const svy_xpath_value *value)
{
    static const char *const types[] = { "", "boolean", "number", "string", "nodes" };
    svy_error err = SVY_ERROR_INIT;
    const char *text;
    uint32_t len;
    const int truth = svy_xpath_boolean(code, env, value);

    if (svy_xpath_text(code, env, scratch, value, &text, &len, &err) != SVY_OK) {
        put_error(&err);
        return;
    }
    printf("{\"type\":\"%s\",\"boolean\":%s,\"string\":", types[value->type], truth ? "true" : "false");
    put_text(text, len);
    if (value->type == SVY_X_NUMBER && isfinite(value->number))
        printf(",\"number\":%.17g", value->number);
    if (value->type == SVY_X_NODES) {
        fputs(",\"nodes\":[", stdout);
        for (uint32_t i = 0; i < value->n_nodes; i++)
            printf("%s%d", i ? "," : "", value->nodes[i].item == SVY_NODE_DOCUMENT ? -1 : number_of(value->nodes[i]));
        putchar(']');
    }
    puts("}");
}

static void quiet(void *user, const svy_diag *d) { (void)user; (void)d; }

static void run(svy_scratch *scratch, svy_compat compat, int context, const char *expression)
{
    static const svy_xpath_scope scope = { NULL, scope_name, scope_child, scope_parent, scope_item_name, scope_find, scope_is_roster, scope_tree };
    const svy_xpath_env env = { .first = env_first, .next = env_next, .previous = env_previous, .parent = env_parent, .name = env_name,
        .name_text = env_name_text, .text = env_text, .compare = env_compare, .find = env_find, .choice_label = env_label, .itext = env_lookup,
        .property = env_lookup, .version = "3", .now = 1795342272.345, .seed = 1, .draw = 1 };
    const svy_xpath_place place = { .source = "vectors", .line = 1, .element = "", .item = nodes[context].at.item, .compat = compat };
    svy_diags diags = { quiet, NULL, 0, 0 };
    svy_error err = SVY_ERROR_INIT;
    svy_xpath_value value;
    svy_expr *e = NULL;

    if (svy_xpath_compile(NULL, expression, strlen(expression), &scope, &place, &diags, &e, &err) != SVY_OK) {
        put_error(&err);
        return;
    }
    const svy_code code = svy_expr_code(e);
    if (svy_xpath_verify(code, (uint32_t)n_items, (uint32_t)n_names, 16, &err) != SVY_OK)
        die(err.message);
    if (svy_xpath_run(code, &env, nodes[context].at, scratch, &value, &err) != SVY_OK)
        put_error(&err);
    else
        put_value(code, &env, scratch, &value);
    svy_expr_free(e);
}

static void unescape(char *text)
{
    char *to = text;

    for (const char *from = text; *from; from++) {
        if (*from == '\\' && from[1]) {
            from++;
            *to++ = *from == 't' ? '\t' : *from == 'n' ? '\n' : *from == 'r' ? '\r' : *from;
        } else {
            *to++ = *from;
        }
    }
    *to = '\0';
}

static void add(char **field, int n)
{
    if (strcmp(field[0], "item") == 0 && n == 5 && n_items < ITEMS)
        items[n_items++] = (item){ (uint32_t)atoi(field[2]), name_number(field[4], strlen(field[4]), 1), atoi(field[3]) };
    else if (strcmp(field[0], "node") == 0 && n == 8 && n_nodes < NODES)
        nodes[n_nodes++] = (node){ { (uint32_t)atoi(field[1]), (uint32_t)atoi(field[2]), (uint32_t)atoi(field[3]) }, atoi(field[4]), atoi(field[5]),
                                   name_number(field[6], strlen(field[6]), 1), copy(field[7]) };
    else if (strcmp(field[0], "tree") == 0 && n == 3 && atoi(field[1]) < 16)
        trees[atoi(field[1])] = copy(field[2]);
    else
        die("what line is this?");
}

int main(int argc, char **argv)
{
    static char line[LINE];
    const svy_compat compat = argc > 1 && strcmp(argv[1], "web") == 0 ? SVY_COMPAT_WEB : argc > 1 && strcmp(argv[1], "collect") == 0 ? SVY_COMPAT_COLLECT
                              : SVY_COMPAT_STRICT;
    svy_error err = SVY_ERROR_INIT;
    svy_scratch *scratch;

    if (svy_scratch_new(NULL, &scratch, &err) != SVY_OK)
        die(err.message);
    while (fgets(line, sizeof line, stdin) != NULL) {
        char *field[FIELDS];
        int n = 0;
        line[strcspn(line, "\n")] = '\0';
        for (char *at = line; at != NULL && n < FIELDS; n++) {
            field[n] = at;
            if ((at = strchr(at, '\t')) != NULL)
                *at++ = '\0';
            unescape(field[n]);
        }
        if (strcmp(field[0], "run") == 0 && n == 3)
            run(scratch, compat, atoi(field[1]), field[2]);
        else
            add(field, n);
    }
    svy_scratch_free(scratch);
    return 0;
}
