/* Reads an XForm for the XLSForm writer: the nodes of the record, and which bind, control, group, repeat and action belongs to each. */
#include "exchange/xlsform/write_priv.h"
#include <string.h>

enum { MOST_INSTANCES = 500 };

/* ---- nodes ---- */

static int index_node(svyi_xlw *w, svyi_xlw_node *n)
{
    uint32_t number = (uint32_t)w->n_nodes, same = number;
    if (svyi_grow(&w->arena.alloc, &w->nodes, &w->nodes_capacity, w->n_nodes + 1, sizeof(svyi_xlw_node *)) != 0)
        return -1;
    w->nodes[w->n_nodes++] = n;
    if (svyi_map_add(&w->by_path, n->path, strlen(n->path), &number) < 0)
        return -1;
    if (n->in_meta)
        return 0;
    const int known = svyi_map_add(&w->by_name, n->name, strlen(n->name), &same);
    if (known == 1 && same != UINT32_MAX)
        w->nodes[same]->shared_name = 1;
    if (known == 1)
        n->shared_name = 1;
    return known < 0 ? -1 : 0;
}

/* Entities of the entries of a repeat stand in a meta of its own. */
static int has_entity(const svyi_xml *x)
{
    for (const svyi_xml *c = x->first; c != NULL; c = c->next)
        if (c->name != NULL && strcmp(c->name, "entity") == 0)
            return 1;
    return 0;
}

static svyi_xlw_node *new_node(svyi_xlw *w, const svyi_xml *x, svyi_xlw_node *parent)
{
    svyi_xlw_node *n = svyi_arena_get(&w->arena, sizeof *n);
    if (n == NULL)
        return NULL;
    n->x = x;
    n->name = x->prefix != NULL ? svyi_xlw_join(w, x->prefix, ":", x->name) : x->name;
    n->parent = parent;
    n->in_meta = parent != NULL && (parent->in_meta || (strcmp(x->name, "meta") == 0 && (parent->parent == NULL || has_entity(x))));
    n->path = n->name != NULL ? svyi_xlw_join(w, parent != NULL ? parent->path : "", "/", n->name) : NULL;
    if (n->path == NULL || index_node(w, n) != 0)
        return NULL;
    if (parent != NULL && parent->last != NULL)
        parent->last->next = n;
    else if (parent != NULL)
        parent->first = n;
    if (parent != NULL)
        parent->last = n;
    return n;
}

/* Elements of one name are instances of one repeat: the first counts, which is the template where there is one. */
static int read_nodes(svyi_xlw *w, const svyi_xml *x, svyi_xlw_node *parent)
{
    svyi_xlw_node *n = new_node(w, x, parent);
    if (n == NULL)
        return -1;
    for (const svyi_xml *c = x->first; c != NULL; c = c->next) {
        if (c->name == NULL)
            continue;
        const char *name = c->prefix != NULL ? svyi_xlw_join(w, c->prefix, ":", c->name) : c->name;
        char *path = name != NULL ? svyi_xlw_join(w, n->path, "/", name) : NULL;
        uint32_t known;
        if (path == NULL)
            return -1;
        if (svyi_map_find(&w->by_path, path, strlen(path), &known) == 0 && read_nodes(w, c, n) != 0)
            return -1;
    }
    return 0;
}

/* ---- paths ---- */

static svyi_xlw_node *child_named(svyi_xlw *w, const svyi_xlw_node *n, const char *name, size_t len)
{
    uint32_t index;
    svyi_buffer path;
    svyi_buffer_init(&path, &w->arena.alloc);
    svyi_buffer_text(&path, n->path);
    svyi_buffer_add(&path, "/", 1);
    svyi_buffer_add(&path, name, len);
    const int found = !path.failed && svyi_map_find(&w->by_path, path.data, path.len, &index);
    w->failed |= path.failed;
    svyi_buffer_clear(&path);
    return found ? w->nodes[index] : NULL;
}

svyi_xlw_node *svyi_xlw_resolve(svyi_xlw *w, const svyi_xlw_node *from, const char *path, size_t len)
{
    static const char CURRENT[] = "current()/";
    uint32_t index;
    while (len > 0 && (*path == ' ' || *path == '\n' || *path == '\t')) {
        path++;
        len--;
    }
    while (len > 0 && (path[len - 1] == ' ' || path[len - 1] == '\n' || path[len - 1] == '\t'))
        len--;
    if (len > 0 && *path == '/')
        return svyi_map_find(&w->by_path, path, len, &index) ? w->nodes[index] : NULL;
    if (len >= sizeof CURRENT - 1 && memcmp(path, CURRENT, sizeof CURRENT - 1) == 0) {
        path += sizeof CURRENT - 1;
        len -= sizeof CURRENT - 1;
    }
    svyi_xlw_node *at = from != NULL ? w->nodes[0] : NULL;
    const svyi_xlw_node *now = from;
    for (const char *end = path + len; now != NULL && path < end;) {
        const char *slash = memchr(path, '/', (size_t)(end - path));
        const size_t n = (size_t)((slash != NULL ? slash : end) - path);
        if (n == 2 && memcmp(path, "..", 2) == 0)
            now = now->parent;
        else if (n == 0)
            now = NULL;
        else if (!(n == 1 && *path == '.'))
            now = child_named(w, now, path, n);
        path += n + (slash != NULL);
    }
    if (now == NULL || at == NULL)
        return NULL;
    return svyi_map_find(&w->by_path, now->path, strlen(now->path), &index) ? w->nodes[index] : NULL;
}

/* ---- what is said of nodes ---- */

static const char *reference(const svyi_xml *x)
{
    const char *ref = svyi_xml_get(x, "ref");
    return ref != NULL ? ref : svyi_xml_get(x, "nodeset");
}

static void add_action(svyi_xlw *w, const svyi_xml *x, svyi_xlw_node *in, const svyi_xlw_node *from)
{
    const char *ref = svyi_xml_get(x, "ref");
    svyi_xlw_node *n = ref != NULL ? svyi_xlw_resolve(w, from, ref, strlen(ref)) : NULL;
    if (n == NULL) {
        if (ref == NULL || strchr(ref, '@') == NULL)
            svyi_xlw_note(w, SVY_NOTE, x, ref != NULL ? ref : "", "write it into the workbook by hand, if it matters", "'%.60s' sets a node that is not in the record", x->name);
        return;
    }
    svyi_xlw_action *a = svyi_arena_get(&w->arena, sizeof *a);
    if (a == NULL) {
        w->failed = 1;
        return;
    }
    *a = (svyi_xlw_action){ .x = x, .in = in };
    if (n->last_action != NULL)
        n->last_action->next = a;
    else
        n->actions = a;
    n->last_action = a;
}

static int is_action(const svyi_xml *x)
{
    return strcmp(x->name, "setvalue") == 0 || strcmp(x->name, "setgeopoint") == 0 || strcmp(x->name, "recordaudio") == 0;
}

static int is_control(const svyi_xml *x)
{
    static const char *const CONTROLS[] = { "input", "select1", "select", "upload", "trigger", "range", "rank", "secret" };
    for (size_t i = 0; i < sizeof CONTROLS / sizeof CONTROLS[0]; i++)
        if (strcmp(x->name, CONTROLS[i]) == 0)
            return 1;
    return 0;
}

static void read_body(svyi_xlw *w, const svyi_xml *x, svyi_xlw_node *around)
{
    for (const svyi_xml *c = x->first; c != NULL; c = c->next) {
        if (c->name == NULL)
            continue;
        const int group = strcmp(c->name, "group") == 0, repeat = strcmp(c->name, "repeat") == 0;
        const char *ref = reference(c);
        svyi_xlw_node *n = ref != NULL ? svyi_xlw_resolve(w, around, ref, strlen(ref)) : NULL;
        if (is_action(c)) {
            add_action(w, c, around, around);
        } else if (group || repeat) {
            if (n == NULL && group && ref == NULL && svyi_xml_child(c, "repeat") == NULL)
                svyi_xlw_note(w, SVY_WARNING, c, "", "put its questions into a group of the survey sheet by hand", "a group without a node has no place in an XLSForm: its questions stand without it");
            if (n != NULL && group)
                n->group = c;
            else if (n != NULL)
                n->repeat = c;
            if (repeat && n != NULL && n->group == NULL && strcmp(x->name, "group") == 0)
                n->group = x;
            read_body(w, c, n != NULL ? n : around);
        } else if (is_control(c)) {
            if (n != NULL && n->control == NULL)
                n->control = c;
            else
                svyi_xlw_note(w, SVY_WARNING, c, ref != NULL ? ref : "", "add it to the workbook by hand", n != NULL ? "a node is asked twice: only the first question is written" : "a question names no node of the record: it is left out");
            for (const svyi_xml *a = c->first; n != NULL && a != NULL; a = a->next)
                if (a->name != NULL && is_action(a))
                    add_action(w, a, n, n);
        }
    }
}

static int keep(svyi_xlw *w, const svyi_xml ***list, size_t *n, size_t *capacity, const svyi_xml *x)
{
    if (svyi_grow(&w->arena.alloc, list, capacity, *n + 1, sizeof(svyi_xml *)) != 0)
        return -1;
    (*list)[(*n)++] = x;
    return 0;
}

static int read_itext(svyi_xlw *w)
{
    size_t n = 0;
    for (const svyi_xml *t = w->itext != NULL ? w->itext->first : NULL; t != NULL; t = t->next)
        n += t->name != NULL;
    w->languages = svyi_arena_get(&w->arena, (n + 1) * sizeof *w->languages);
    if (w->languages == NULL)
        return -1;
    for (const svyi_xml *t = w->itext != NULL ? w->itext->first : NULL; t != NULL; t = t->next) {
        if (t->name == NULL)
            continue;
        svyi_xlw_language *l = &w->languages[w->n_languages++];
        svyi_map_init(&l->texts, &w->arena.alloc);
        l->name = svyi_xml_get(t, "lang") != NULL ? svyi_xml_get(t, "lang") : "default";
        for (const svyi_xml *x = t->first; x != NULL; x = x->next) {
            const char *id = x->name != NULL ? svyi_xml_get(x, "id") : NULL;
            uint32_t number = (uint32_t)w->n_texts;
            if (id != NULL && (keep(w, &w->texts, &w->n_texts, &w->texts_capacity, x) != 0 || svyi_map_add(&l->texts, id, strlen(id), &number) < 0))
                return -1;
        }
    }
    return 0;
}

static int read_instance(svyi_xlw *w, const svyi_xml *x)
{
    const char *id = svyi_xml_get(x, "id");
    uint32_t number = (uint32_t)w->n_instances;
    if (w->root == NULL) {
        const svyi_xml *root = x->first;
        while (root != NULL && root->name == NULL)
            root = root->next;
        if (root == NULL)
            return 0;
        if (read_nodes(w, root, NULL) != 0)
            return -1;
        w->root = w->nodes[0];
        return 0;
    }
    if (id == NULL)
        return 0;
    w->crowded |= w->n_instances >= MOST_INSTANCES;
    return w->crowded ? 0 : keep(w, &w->instances, &w->n_instances, &w->instances_capacity, x) != 0 || svyi_map_add(&w->by_instance, id, strlen(id), &number) < 0 ? -1 : 0;
}

/* " /data/x " between blanks is what ${x} becomes. Some of the blanks then stand where nobody writes one: such a form was made from an XLSForm. */
static int is_spaced(const char *text, const char *root)
{
    for (const char *at = strstr(text, root); at != NULL; at = strstr(at + 1, root)) {
        const char *end = at + 1;
        while (*end != '\0' && strchr(" ,()[]=+*<>|'\"", *end) == NULL)
            end++;
        if (*end == ' ' && (at == text || strchr("([,= ", at[-1]) != NULL || end[1] == '\0' || strchr(")], ", end[1]) != NULL))
            return 1;
    }
    return 0;
}

static void look_for_blanks(svyi_xlw *w, const svyi_xml *x, const char *root)
{
    for (size_t i = 0; i < x->n && !w->spaced; i++)
        w->spaced = is_spaced(x->attributes[i].value, root);
    for (const svyi_xml *c = x->first; c != NULL && !w->spaced; c = c->next)
        if (c->name != NULL)
            look_for_blanks(w, c, root);
}

static void read_model(svyi_xlw *w)
{
    for (const svyi_xml *x = w->model->first; x != NULL && !w->failed; x = x->next) {
        if (x->name == NULL)
            continue;
        const char *ref = strcmp(x->name, "bind") == 0 ? reference(x) : NULL;
        if (ref != NULL) {
            svyi_xlw_node *n = svyi_xlw_resolve(w, w->root, ref, strlen(ref));
            if (n != NULL && n->bind == NULL)
                n->bind = x;
            else if (strchr(ref, '@') == NULL)
                svyi_xlw_note(w, SVY_WARNING, x, ref, "check it by hand", n != NULL ? "a second bind for one node is left out" : "a bind names no node of the record: it is left out");
        } else if (is_action(x)) {
            add_action(w, x, NULL, w->root);
        } else if (strcmp(x->name, "instance") != 0 && strcmp(x->name, "itext") != 0 && strcmp(x->name, "submission") != 0 && strcmp(x->name, "bind") != 0) {
            svyi_xlw_note(w, SVY_NOTE, x, x->name, NULL, "the element '%.60s' of the model has no place in an XLSForm", x->name);
        }
    }
}

svy_status svyi_xlw_read(svyi_xlw *w)
{
    const svyi_xml *html = w->file.root, *head = NULL;
    for (const svyi_xml *c = html->first; c != NULL; c = c->next) {
        if (c->name != NULL && strcmp(c->name, "head") == 0)
            head = c;
        if (c->name != NULL && strcmp(c->name, "body") == 0)
            w->body = c;
    }
    w->model = head != NULL ? svyi_xml_child(head, "model") : NULL;
    w->itext = w->model != NULL ? svyi_xml_child(w->model, "itext") : NULL;
    for (const svyi_xml *x = w->model != NULL ? w->model->first : NULL; x != NULL; x = x->next)
        if (x->name != NULL && strcmp(x->name, "instance") == 0 && read_instance(w, x) != 0)
            return svyi_nomem(w->err);
    if (w->crowded)
        return svyi_fail_at(w->err, SVY_E_LIMIT, w->source, 0, 0, 0, "the form has too many secondary instances: at most %d are read", MOST_INSTANCES);
    if (w->root == NULL || w->body == NULL) {
        svyi_xlw_note(w, SVY_PROBLEM, html, "", "give an XForm", "this is not an XForm: it has no model with a record, or no body");
        return svyi_fail_at(w->err, SVY_E_INVALID, w->source, 0, 0, 0, "this is not an XForm: it has no model with a record, or no body");
    }
    if (read_itext(w) != 0)
        return svyi_nomem(w->err);
    const char *root = svyi_xlw_join(w, " ", w->root->path, "/");
    if (root != NULL)
        look_for_blanks(w, html, root);
    read_model(w);
    read_body(w, w->body, w->root);
    return w->failed ? svyi_nomem(w->err) : SVY_OK;
}
