/* Calls and names that stand for paths: ${id}, current(), instance(), pulldata(), indexed-repeat(). */
#include "xpath_priv.h"

#include <string.h>

enum { DEEPEST = 256 };

/* ---- Paths from the place of an expression to an item ---- */

typedef struct chain { uint32_t items[DEEPEST], n; } chain;       /* from the root element down */

static int chain_to(svyi_xcompiler *c, uint32_t item, chain *out)
{
    const svy_xpath_scope *s = c->scope;
    uint32_t n = 1;
    for (uint32_t i = item; i != 0; i = s->parent(s->user, i))
        if (++n > DEEPEST) {
            svyi_problem(&c->base, SVY_E_LIMIT, 0, 1, NULL, "groups are nested more than %d deep", DEEPEST - 1);
            return 0;
        }
    out->n = n;
    for (uint32_t i = item; n > 1; i = s->parent(s->user, i))
        out->items[--n] = i;
    out->items[0] = 0;
    return 1;
}

static svyi_xnode *new_path(svyi_xcompiler *c, svyi_xstart start, size_t at, size_t len)
{
    svyi_xnode *path = svyi_xnode_new(c, SVYI_X_PATH, at, len);
    if (path != NULL)
        path->detail = (uint8_t)start;
    return path;
}

static svyi_xnode *new_step(svyi_xcompiler *c, svyi_xaxis axis, svyi_xtest test, size_t at, size_t len)
{
    svyi_xnode *step = svyi_xnode_new(c, SVYI_X_STEP, at, len);
    if (step != NULL) {
        step->detail = (uint8_t)axis;
        step->test = (uint8_t)test;
    }
    return step;
}

static svyi_xnode *down(svyi_xcompiler *c, uint32_t item, size_t at, size_t len)
{
    svyi_xnode *step = new_step(c, SVYI_XA_CHILD, SVYI_XN_NAME, at, len);
    if (step != NULL) {
        step->name = c->scope->item_name(c->scope->user, item);
        step->text = c->base.text + at;
        step->text_len = (uint32_t)len;
    }
    return step;
}

/* How many items of both chains are the same, from the root element on. */
static uint32_t in_common(const chain *a, const chain *b)
{
    uint32_t n = 0;
    while (n < a->n && n < b->n && a->items[n] == b->items[n])
        n++;
    return n;
}

static int any_roster(svyi_xcompiler *c, const chain *of, uint32_t count)
{
    for (uint32_t i = 1; i < count; i++)
        if (c->scope->is_roster(c->scope->user, of->items[i]))
            return 1;
    return 0;
}

/* The path that begins at the `shared`-th item of the chain: from the place up to it when its entry is the place's own, else from the root element. */
static svyi_xnode *begin(svyi_xcompiler *c, const chain *here, const chain *there, uint32_t *shared, size_t at, size_t len)
{
    if (!any_roster(c, there, *shared)) {
        svyi_xnode *root = new_path(c, SVYI_XS_ROOT, at, len);
        *shared = 1;
        if (root != NULL)
            root->flags = 1;                           /* goes where it says, see svyi_xown_entry() */
        return root;
    }
    svyi_xnode *path = new_path(c, SVYI_XS_CURRENT, at, len);
    for (uint32_t i = *shared; i < here->n; i++)
        path = svyi_xadopt(c, path, new_step(c, SVYI_XA_PARENT, SVYI_XN_NODE, at, len));
    return path;
}

svyi_xnode *svyi_xpath_to(svyi_xcompiler *c, uint32_t item, size_t at, size_t len)
{
    chain here, there;
    if (!chain_to(c, c->place->item, &here) || !chain_to(c, item, &there))
        return NULL;
    uint32_t shared = in_common(&here, &there);
    if (shared == there.n && c->scope->is_roster(c->scope->user, item) && item != 0)
        shared--;                                      /* a roster around the place: all its entries, not the place's own */
    svyi_xnode *path = begin(c, &here, &there, &shared, at, len);
    for (uint32_t i = shared; i < there.n; i++)
        path = svyi_xadopt(c, path, down(c, there.items[i], at, len));
    return path;
}

static void put(svyi_xnode *call, const svyi_xnode *with)
{
    svyi_xnode *next = call->next;
    const uint8_t op = call->op, bracketed = call->bracketed;
    *call = *with;
    call->next = next;
    call->op = op;
    call->bracketed = bracketed;
}

void svyi_xown_entry(svyi_xcompiler *c, svyi_xnode *path, int as_set)
{
    const svy_xpath_scope *s = c->scope;
    const svyi_xnode *step = path->first;
    svyi_xnode *after = NULL;
    chain here;
    uint32_t roster = 0, steps = 0, taken = 0;

    if (path->detail != SVYI_XS_ROOT || path->flags != 0 || !chain_to(c, c->place->item, &here))
        return;
    for (uint32_t i = 1; i < here.n && step != NULL; i++, step = step->next) {
        if (step->detail != SVYI_XA_CHILD || step->test != SVYI_XN_NAME || step->n > 0 || step->name != s->item_name(s->user, here.items[i]))
            break;
        steps++;
        if (step->next != NULL && (step->next->flags & SVYI_XF_TOGETHER))
            return;                                    /* (/data/r/m)[3] is about all of them */
        /* the repeat itself, by the specification, means all its entries */
        if (s->is_roster(s->user, here.items[i]) && (step->next != NULL || c->place->compat == SVY_COMPAT_COLLECT)) {
            roster = i;
            taken = steps;
            after = step->next;
        }
    }
    if (roster == 0 || (as_set && c->place->compat == SVY_COMPAT_STRICT))
        return;
    svyi_note(&c->base, path->at, "write the path from here: ../name",
              "a path from the root element into the repeat it is used in: the own entry in Collect, the first or all of them in Web Forms");
    if (c->place->compat == SVY_COMPAT_WEB)
        return;
    svyi_xnode *own = new_path(c, SVYI_XS_CURRENT, path->at, path->len);
    for (uint32_t i = roster + 1; i < here.n; i++)
        own = svyi_xadopt(c, own, new_step(c, SVYI_XA_PARENT, SVYI_XN_NODE, path->at, path->len));
    if (own == NULL)
        return;                                        /* reported */
    if (own->last != NULL)
        own->last->next = after;
    else
        own->first = after;
    own->last = after != NULL ? path->last : own->last;
    own->n += path->n - taken;
    own->height = path->height > own->height ? path->height : own->height;
    put(path, own);
}

/* The index that arguments 1.. give for a roster: NULL when none. */
static svyi_xnode *index_for(const svyi_xnode *call, const uint32_t *items, uint32_t roster)
{
    uint32_t i = 0;
    for (svyi_xnode *argument = call->first; argument != NULL && argument->next != NULL; argument = argument->next, i++)
        if (i % 2 == 1 && items[i] == roster)
            return argument->next;
    return NULL;
}

int svyi_xindexed(svyi_xcompiler *c, svyi_xnode *call, const uint32_t *items)
{
    chain here, there;
    if (!chain_to(c, c->place->item, &here) || !chain_to(c, items[0], &there))
        return 0;
    uint32_t shared = in_common(&here, &there), found = 0;
    for (uint32_t i = 1; i < there.n; i++)
        if (index_for(call, items, there.items[i]) != NULL) {
            found++;
            shared = i < shared ? i : shared;
        }
    if (found != (call->n - 1) / 2) {
        svyi_problem(&c->base, SVY_E_NAME, call->at, call->len, "write indexed-repeat(value, repeat, number, ...) with the repeats around the value",
                     "indexed-repeat() names a repeat that the value is not in");
        return 0;
    }
    svyi_xnode *path = begin(c, &here, &there, &shared, call->at, call->len);
    for (uint32_t i = shared; i < there.n && path != NULL; i++) {
        svyi_xnode *step = down(c, there.items[i], call->at, call->len), *index = index_for(call, items, there.items[i]);
        path = svyi_xadopt(c, path, step);
        if (index != NULL && path != NULL) {
            step->flags |= SVYI_XF_PICK;
            step->key = index;
        }
    }
    if (path == NULL)
        return 0;
    put(call, path);
    c->uses_position = 1;
    return 1;
}

/* ---- Instances ---- */

/* NULL: reported. */
static svyi_xnode *instance_path(svyi_xcompiler *c, const svyi_xnode *id, size_t at, size_t len)
{
    svyi_xnode *path = new_path(c, SVYI_XS_TREE, at, len);
    if (path == NULL)
        return NULL;
    if (id->type != SVYI_X_CONST_TEXT) {
        svyi_problem(&c->base, SVY_E_TYPE, id->at, id->len, NULL, "the name of an instance must stand in quotation marks");
        return NULL;
    }
    if (c->scope->tree != NULL && c->scope->tree(c->scope->user, id->text, id->text_len, &path->name))
        return path;
    if (c->place->compat == SVY_COMPAT_WEB) {
        svyi_warn(&c->base, id->at, "add the list, or mend the name", "there is no instance '%.*s': it counts as empty",
                  svyi_shown(id->text, id->text_len), id->text);
        path->detail = SVYI_XS_NOTHING;
        return path;
    }
    svyi_problem(&c->base, SVY_E_NAME, id->at, id->len, "add the list, or mend the name", "there is no instance '%.*s'",
                 svyi_shown(id->text, id->text_len), id->text);
    return NULL;
}

static svyi_xnode *named_child(svyi_xcompiler *c, const char *name, size_t len, const svyi_xnode *at)
{
    svyi_xnode *step = new_step(c, SVYI_XA_CHILD, SVYI_XN_NAME, at->at, at->len);
    if (step != NULL) {
        step->name = c->scope->name(c->scope->user, name, len);
        step->text = name;
        step->text_len = (uint32_t)len;
    }
    return step;
}

static svyi_xnode *string_of(svyi_xcompiler *c, svyi_xnode *value)
{
    svyi_xnode *call = svyi_xnode_new(c, SVYI_X_CALL, value->at, value->len);
    if (call == NULL)
        return NULL;
    call->fn = svyi_xfunction_find("string", 6);
    value->next = NULL;
    return svyi_xadopt(c, call, value);
}

/* pulldata(list, wanted, key, value) = string(instance(list)/root/item[key = string(value)]/wanted) */
static svyi_xnode *pulldata(svyi_xcompiler *c, svyi_xnode *call)
{
    svyi_xnode *id = call->first, *wanted = id->next, *key = wanted->next, *value = key->next;
    svyi_xnode *path = instance_path(c, id, call->at, call->len);

    if (path == NULL)
        return NULL;
    if (wanted->type != SVYI_X_CONST_TEXT || key->type != SVYI_X_CONST_TEXT) {
        const svyi_xnode *wrong = wanted->type != SVYI_X_CONST_TEXT ? wanted : key;
        svyi_problem(&c->base, SVY_E_TYPE, wrong->at, wrong->len, NULL, "the names of columns must stand in quotation marks");
        return NULL;
    }
    svyi_xnode *left = new_path(c, SVYI_XS_CONTEXT, key->at, key->len);
    left = svyi_xadopt(c, left, named_child(c, key->text, key->text_len, key));
    svyi_xnode *equal = svyi_xnode_new(c, SVYI_X_CHAIN, key->at, key->len), *right = string_of(c, value);
    if (equal == NULL || right == NULL)
        return NULL;
    equal->detail = 3;
    right->op = SVYI_EQ;
    equal = svyi_xadopt(c, svyi_xadopt(c, equal, left), right);
    svyi_xnode *item = svyi_xadopt(c, named_child(c, "item", 4, call), equal);
    path = svyi_xadopt(c, svyi_xadopt(c, path, named_child(c, "root", 4, call)), item);
    path = svyi_xadopt(c, path, named_child(c, wanted->text, wanted->text_len, wanted));
    return path != NULL ? string_of(c, path) : NULL;
}

/* The path in the text that says which question choices are of. */
static int choice_path(svyi_xcompiler *c, svyi_xnode *call)
{
    svyi_xnode *text = call->last;
    if (text->type != SVYI_X_CONST_TEXT || text->text < c->base.text || text->text > c->base.text + c->base.len) {
        if (text->type == SVYI_X_PATH)                 /* ${question} without quotation marks */
            return 1;
        svyi_problem(&c->base, SVY_E_TYPE, text->at, text->len, NULL, "the path to the question must stand in quotation marks");
        return 0;
    }
    svyi_xnode *path = svyi_xparse_part(c, text->at + 1u, text->at + text->len - 1u);
    if (path == NULL)
        return 0;
    put(text, path);
    return 1;
}

svyi_xnode *svyi_xrewrite(svyi_xcompiler *c, svyi_xnode *call)
{
    const char *name = call->fn->name;
    if (strcmp(name, "current") == 0)
        return new_path(c, SVYI_XS_CURRENT, call->at, call->len);
    if (strcmp(name, "instance") == 0)
        return instance_path(c, call->first, call->at, call->len);
    if (strcmp(name, "id") == 0)                       /* forms have no document type, so nothing has an id */
        return new_path(c, SVYI_XS_NOTHING, call->at, call->len);
    if (strcmp(name, "pulldata") == 0)
        return pulldata(c, call);
    if (strcmp(name, "jr:choice-name") == 0 && !choice_path(c, call))
        return NULL;
    return call;
}
