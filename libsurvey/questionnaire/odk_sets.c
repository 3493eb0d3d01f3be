/* With ODK's expressions: actions, and the items that their paths name. */
#include <string.h>

#include "questionnaire/questionnaire_priv.h"

/* ---- Paths ---- */

/* Behind a step of a path: a name, and predicates that say which of its nodes; NULL when it is no step. */
static const char *step_end(const char *at, size_t *name_len)
{
    unsigned depth = 0;
    char quote = '\0';

    *name_len = strcspn(at, "/[ \t\r\n");
    for (at += *name_len; *at != '\0' && (depth > 0 || *at != '/'); at++) {
        if (quote != '\0')
            quote = *at == quote ? '\0' : quote;
        else if (*at == '\'' || *at == '"')
            quote = *at;
        else if (*at == '[')
            depth++;
        else if (*at == ']' && depth-- == 0)
            return NULL;
    }
    return depth > 0 || quote != '\0' ? NULL : at;
}

static int is_step(const char *at, size_t len, const char *step)
{
    return len == strlen(step) && memcmp(at, step, len) == 0;
}

/* The item that one step leads to. 1 found. */
static int walk_step(const svyi_q *q, const char *at, size_t len, uint32_t *item)
{
    if (is_step(at, len, "."))
        return 1;
    if (is_step(at, len, "..")) {
        *item = q->nodes[*item].around;
        return 1;
    }
    const uint32_t name = svyi_q_find_name(q, at, len);
    *item = name != SVY_NAME_NONE ? svyi_q_child_named(q, *item, name) : 0;
    return *item != 0;
}

/* The item that a path, absolute or from `from`, leads to. 1 found. */
static int walk_path(const svyi_q *q, const char *path, uint32_t from, uint32_t *item)
{
    size_t len;

    *item = svyi_q_node_item(q, from);
    if (strncmp(path, "current()", 9) == 0 && (path[9] == '/' || path[9] == '\0'))
        path += path[9] == '/' ? 10 : 9;
    if (path[0] == '/') {
        path = step_end(path + 1, &len);
        *item = 0;                        /* whatever the root element is called there */
        if (path == NULL)
            return 0;
        path += path[0] == '/';
    }
    while (*path != '\0') {
        const char *end = step_end(path, &len);
        if (end == NULL || len == 0 || !walk_step(q, path, len, item))
            return 0;
        path = end + (*end == '/');
    }
    return 1;
}

int svyi_q_find_target(const svyi_q *q, const char *path, uint32_t from, uint32_t *item)
{
    const char *name;
    size_t len;

    path += strspn(path, " \t\r\n");
    if (svyi_q_reference(path, &name, &len))
        return svyi_q_find_item(q, name, len, item);
    return walk_path(q, path, from, item);
}

/* ---- Events ---- */

static const struct { const char *name; uint32_t bit; } EVENTS[] = {
    { "first-load", SVY_ON_FIRST_LOAD }, { "load", SVY_ON_LOAD }, { "change", SVY_ON_CHANGE }, { "new-entry", SVY_ON_NEW_ENTRY },
};

static uint32_t events(svyi_q *q, uint32_t element, const svy_attribute *a)
{
    uint32_t on = 0;

    for (const char *at = a->value; *at != '\0'; ) {
        const size_t len = strcspn(at, " \t\r\n");
        uint32_t bit = 0;
        for (size_t i = 0; i < sizeof EVENTS / sizeof EVENTS[0]; i++)
            if (len == strlen(EVENTS[i].name) && memcmp(EVENTS[i].name, at, len) == 0)
                bit = EVENTS[i].bit;
        if (len > 0 && bit == 0)
            svyi_q_tell(q, SVY_PROBLEM, SVY_E_VALUE, element, a, "write first-load, load, change or new-entry, separated by blanks",
                        "there is no event '%.*s'", svyi_q_shown(a->value), a->value);
        on |= bit;
        at += len > 0 ? len : 1;
    }
    return on;
}

/* ---- Actions ---- */

static void add_set(svyi_q *q, uint32_t item, uint32_t element)
{
    const svy_attribute *node = svyi_q_attribute(q->b, element, "node"), *on = svyi_q_attribute(q->b, element, "on"),
                        *action = svyi_q_attribute(q->b, element, "action");
    svy_set s = { .item = item };

    if (node == NULL || on == NULL)
        return;                           /* reported */
    s.on = events(q, element, on);
    if (!svyi_q_find_target(q, node->value, item, &s.target) || q->nodes[s.target].i.name == SVY_NAME_NONE || q->nodes[s.target].first != 0) {
        svyi_q_tell(q, SVY_WARNING, SVY_OK, element, node, "name a node that holds a value; until then nothing is set", "the action sets '%.*s', which is no such node",
                    svyi_q_shown(node->value), node->value);
        return;
    }
    if (action != NULL) {
        svyi_q_tell(q, SVY_NOTE, SVY_OK, element, action, "it is kept when the questionnaire is written for other programs", "the action %.20s is not carried out here",
                    action->value);
        return;
    }
    if (svyi_grow(&q->alloc, &q->sets, &q->sets_capacity, (size_t)q->n_sets + 1, sizeof *q->sets) != 0) {
        q->failed = 1;
        return;
    }
    s.rule = svyi_q_add_odk_rule(q, SVY_FOR_SET, q->n_sets, s.target, element, svyi_q_attribute(q->b, element, "value"));
    q->sets[q->n_sets++] = s;
    q->nodes[item].i.n_sets++;
}

void svyi_q_make_sets(svyi_q *q)
{
    for (uint32_t i = 0; i < q->n_items && !q->failed; i++) {
        q->nodes[i].i.first_set = q->n_sets;
        for (uint32_t e = q->b->elements[q->items[i].element].first; e != 0 && !q->failed; e = q->b->elements[e].next)
            if (q->b->elements[e].kind == SVY_EL_SET)
                add_set(q, i, e);
    }
}
