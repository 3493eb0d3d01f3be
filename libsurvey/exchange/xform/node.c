/* The nodes of an XForm's record: made from the primary instance, found by the paths of binds and controls, given ids. */
#include "exchange/xform/xform.h"
#include <stdio.h>
#include <string.h>

enum { LONGEST_ID = 64 };

/* ---- making ---- */

/* The map's key of a child: the parent's number and the name. */
static const char *child_key(svyi_xform *f, const svyi_xform_node *parent, const char *name, size_t len, int keep)
{
    f->key.len = 0;
    svyi_buffer_u32(&f->key, parent->number);
    svyi_buffer_add(&f->key, name, len);
    if (f->key.failed) {
        svyi_xform_nomem(f);
        return NULL;
    }
    return keep ? svyi_xform_copy(f, f->key.data, f->key.len) : f->key.data;
}

static svyi_xform_node *find_child(svyi_xform *f, const svyi_xform_node *parent, const char *name, size_t len)
{
    uint32_t number;
    const char *key = child_key(f, parent, name, len, 0);
    return key != NULL && svyi_map_find(&f->children, key, f->key.len, &number) ? f->nodes[number] : NULL;
}

static svyi_xform_node *new_node(svyi_xform *f, svyi_xform_node *parent, const svyi_xml *x, const char *name)
{
    svyi_xform_node *n = svyi_xform_get(f, sizeof *n);
    if (n == NULL || name == NULL)
        return NULL;
    if (svyi_grow(&f->r->alloc, &f->nodes, &f->nodes_capacity, f->n_nodes + 1, sizeof *f->nodes) != 0) {
        svyi_xform_nomem(f);
        return NULL;
    }
    n->x = x;
    n->name = name;
    n->number = (uint32_t)f->n_nodes;
    n->parent = parent;
    f->nodes[f->n_nodes++] = n;
    if (parent == NULL)
        return n;
    uint32_t number = n->number;
    const char *key = child_key(f, parent, name, strlen(name), 1);
    if (key == NULL || svyi_map_add(&f->children, key, f->key.len, &number) < 0) {
        svyi_xform_nomem(f);
        return NULL;
    }
    if (parent->last != NULL)
        parent->last->next = n;
    else
        parent->first = n;
    parent->last = n;
    return n;
}

/* All instances of a repeat are one node, which has every child that one of them has. Recursion: as deep as the file may be. */
static void make_children(svyi_xform *f, svyi_xform_node *n, const svyi_xml *x)
{
    for (const svyi_xml *c = x->first; c != NULL && f->st == SVY_OK; c = c->next) {
        if (c->name == NULL)
            continue;
        const char *name = svyi_xform_written_name(f, c);
        svyi_xform_node *child = find_child(f, n, name, strlen(name));
        if (child == NULL && f->st == SVY_OK) {
            child = new_node(f, n, c, name);
            n->n_elements++;
        }
        if (child != NULL)
            make_children(f, child, c);
    }
}

void svyi_xform_nodes(svyi_xform *f)
{
    f->root = new_node(f, NULL, f->primary, svyi_xform_written_name(f, f->primary));
    if (f->root != NULL)
        make_children(f, f->root, f->primary);
}

/* ---- finding by path ---- */

/* A step without its predicates; moves *at behind it. */
static size_t take_step(const char **at, const char **step)
{
    const char *p = *at + strspn(*at, " \t\r\n");
    const size_t len = strcspn(p, "/[ \t\r\n");
    *step = p;
    for (p += len; *p != '\0' && *p != '/'; p++) {
        unsigned depth = 0;
        char quote = '\0';
        for (; *p != '\0'; p++) {                       /* to the end of a predicate */
            if (quote != '\0')
                quote = *p == quote ? '\0' : quote;
            else if (*p == '\'' || *p == '"')
                quote = *p;
            else if (*p == '[')
                depth++;
            else if (*p == ']' && depth > 0 && --depth == 0)
                break;
            else if (depth == 0)
                break;
        }
        if (*p == '\0' || *p == '/')
            break;
    }
    *at = p;
    return len;
}

static svyi_xform_node *attribute_node(svyi_xform *f, svyi_xform_node *n, const char *step, size_t len, int added)
{
    svyi_xform_node *found = find_child(f, n, step, len);
    const char *name = svyi_xform_copy(f, step, len);
    if (found != NULL || name == NULL || !added)
        return found;
    for (size_t i = 0; i < n->x->n; i++)
        if (strcmp(n->x->attributes[i].name, name + 1) == 0)
            return new_node(f, n, n->x, name);
    return NULL;
}

/* A name whose prefix is written in another way, or left out. */
static svyi_xform_node *find_by_local_name(const svyi_xform_node *parent, const char *step, size_t len)
{
    const char *colon = memchr(step, ':', len);
    const char *local = colon != NULL ? colon + 1 : step;
    len -= (size_t)(local - step);
    for (svyi_xform_node *c = parent->first; c != NULL; c = c->next)
        if (c->name[0] != '@' && strlen(c->x->name) == len && memcmp(c->x->name, local, len) == 0)
            return c;
    return NULL;
}

static svyi_xform_node *follow(svyi_xform *f, svyi_xform_node *n, const char *step, size_t len, int added)
{
    if (len == 0 || (len == 1 && step[0] == '.') || (len == 9 && memcmp(step, "current()", 9) == 0))
        return n;
    if (len == 2 && memcmp(step, "..", 2) == 0)
        return n->parent;
    if (step[0] == '@')
        return attribute_node(f, n, step, len, added);
    svyi_xform_node *c = find_child(f, n, step, len);
    return c != NULL || f->compat == SVY_COMPAT_WEB ? c : find_by_local_name(n, step, len);
}

svyi_xform_node *svyi_xform_resolve(svyi_xform *f, svyi_xform_node *from, const char *path, int added)
{
    const char *at = path + strspn(path, " \t\r\n"), *step;
    svyi_xform_node *n = from != NULL ? from : f->root;
    if (*at == '/') {
        at++;
        const size_t len = take_step(&at, &step);
        const int named = len == strlen(f->root->name) && memcmp(step, f->root->name, len) == 0;
        if (!named && (len != strlen(f->root->x->name) || memcmp(step, f->root->x->name, len) != 0))
            return NULL;
        n = f->root;
    } else if (*at == '\0') {
        return NULL;
    } else {
        const size_t len = take_step(&at, &step);
        n = follow(f, n, step, len, added);
    }
    while (n != NULL && *at == '/') {
        at++;
        const size_t len = take_step(&at, &step);
        n = follow(f, n, step, len, added);
    }
    return n;
}

svyi_xform_node *svyi_xform_reference(svyi_xform *f, svyi_xform_node *from, const svyi_xml *x)
{
    static const char *const NAMES[] = { "ref", "nodeset" };
    const char *bind = svyi_xform_value_of(x, "bind");
    uint32_t number;
    if (bind != NULL && svyi_map_find(&f->bind_ids, bind, strlen(bind), &number))
        return f->nodes[number];
    for (size_t i = 0; i < 2; i++) {
        const char *path = svyi_xform_value_of(x, NAMES[i]);
        if (path != NULL)
            return svyi_xform_resolve(f, from, path, 1);
    }
    return NULL;
}

const char *svyi_xform_path(svyi_xform *f, const svyi_xform_node *n)
{
    const char *path = "";
    for (; n != NULL && f->st == SVY_OK; n = n->parent)
        path = svyi_xform_unit(f, svyi_xform_unit(f, "/", n->name), path);
    return path;
}

/* ---- binds ---- */

static void take_bind(svyi_xform *f, const svyi_xml *x)
{
    const char *path = svyi_xform_value_of(x, "nodeset"), *id = svyi_xform_value_of(x, "id");
    path = path != NULL ? path : svyi_xform_value_of(x, "ref");
    if (f->compat == SVY_COMPAT_WEB && path != NULL && (path[0] != '/' || strpbrk(path, " \t\r\n") != NULL)) {
        svyi_xform_tell(f, SVY_NOTE, x, NULL, "write the whole path, without blanks", "ODK Web Forms does not use this bind, so it is left out: '%.200s'", path);
        return;
    }
    svyi_xform_node *n = path != NULL ? svyi_xform_resolve(f, NULL, path, 1) : NULL;
    if (f->st != SVY_OK)
        return;
    if (n == NULL) {
        svyi_xform_tell(f, SVY_WARNING, x, NULL, "correct the path, or remove the bind", "a bind is for a node that the record does not have: %.200s",
                        path != NULL ? path : "it names none");
        return;
    }
    if (n->bind != NULL)
        svyi_xform_tell(f, SVY_WARNING, x, NULL, "keep one bind for each node", "%.200s has two binds: the last counts", path);
    n->bind = x;
    if (id != NULL && svyi_map_add(&f->bind_ids, id, strlen(id), &n->number) < 0)
        svyi_xform_nomem(f);
}

void svyi_xform_binds(svyi_xform *f)
{
    for (const svyi_xml *c = svyi_xform_child(f->model, "bind"); c != NULL && f->st == SVY_OK; c = svyi_xform_next(c, "bind"))
        take_bind(f, c);
    for (const svyi_xml *c = f->model->first; c != NULL && f->st == SVY_OK; c = c->next)
        if (svyi_xform_is(c, "setvalue"))
            svyi_xform_reference(f, f->root, c);      /* attributes that an action names become nodes */
}

/* ---- ids ---- */

/* A legal id from a name: letters that an id cannot have become _. */
static size_t make_id(const char *name, char *out)
{
    const char *colon = strchr(name, ':');
    size_t n = 0, letters = 0;
    name = colon != NULL ? colon + 1 : name + (name[0] == '@');
    for (; *name != '\0' && n < LONGEST_ID; name++) {
        const char c = *name;
        const int letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'), digit = c >= '0' && c <= '9';
        if (((unsigned char)c & 0xC0) == 0x80)
            continue;
        if (n == 0 && (digit || c == '-') )
            out[n++] = '_';
        letters += (size_t)(letter || digit);
        if (n < LONGEST_ID)
            out[n++] = letter || digit || c == '-' ? c : '_';
    }
    out[n] = '\0';
    return letters > 0 || n == 0 ? n : 0;
}

static int id_is_free(svyi_xform *f, const char *id)
{
    char low[LONGEST_ID + 1];
    uint32_t one = 1;
    const size_t n = strlen(id);
    for (size_t i = 0; i <= n; i++)
        low[i] = id[i] >= 'A' && id[i] <= 'Z' ? (char)(id[i] - 'A' + 'a') : id[i];
    if (svyi_map_find(&f->ids, low, n, &one))
        return 0;
    const char *key = svyi_xform_copy(f, low, n);
    one = 1;
    if (key != NULL && svyi_map_add(&f->ids, key, n, &one) < 0)
        svyi_xform_nomem(f);
    return 1;
}

const char *svyi_xform_plain_id(svyi_xform *f, const char *wish)
{
    char plain[LONGEST_ID + 1];
    const size_t n = make_id(wish, plain);
    return n > 0 ? svyi_xform_copy(f, plain, n) : "form";
}

const char *svyi_xform_unique(svyi_xform *f, const char *wish, const char *prefix)
{
    char plain[LONGEST_ID + 1], id[4 * LONGEST_ID];
    size_t n = make_id(wish, plain);
    if (n == 0)
        n = (size_t)snprintf(plain, sizeof plain, "node");
    if (id_is_free(f, plain))
        return svyi_xform_copy(f, plain, n);
    const size_t room = LONGEST_ID - 12, p = prefix != NULL ? strlen(prefix) : 0;
    if (p > 0 && p + 1 + n <= room) {
        snprintf(id, sizeof id, "%.*s_%.*s", (int)p, prefix, (int)n, plain);
        if (id_is_free(f, id))
            return svyi_xform_copy(f, id, strlen(id));
    }
    for (uint32_t i = 2; f->st == SVY_OK; i = i < 9 ? i + 1 : (uint32_t)f->ids.count + i) {
        snprintf(id, sizeof id, "%.*s_%u", (int)(n < room ? n : room), plain, (unsigned)i);
        if (id_is_free(f, id))
            return svyi_xform_copy(f, id, strlen(id));
    }
    return "";
}

void svyi_xform_ids(svyi_xform *f)
{
    f->root->id = "";
    for (size_t i = 1; i < f->n_nodes && f->st == SVY_OK; i++) {
        svyi_xform_node *n = f->nodes[i];
        n->id = svyi_xform_unique(f, n->name, n->parent->id);
    }
}
