/* ${name} becomes a path: absolute, or relative to the question where both are in one repeat; in labels as <output>. */
#include "exchange/xlsform/priv.h"

#include <string.h>

/* What the text around a reference says about it. */
typedef struct surroundings {
    const char *text;
    int secondary;              /* an instance() expression is in it */
    size_t open, close;         /* the [ ] that is looked at; close is behind ] */
    int indexed;                /* indexed-repeat( is in it */
} surroundings;

/* "instance(", something that is no ")", and at least one more letter of the line. */
static int has_instance(const char *text)
{
    for (const char *p = strstr(text, "instance("); p != NULL; p = strstr(p + 1, "instance(")) {
        const char *c = p + 9;
        if (*c == '\0' || *c == ')')
            continue;
        for (c++; *c == '\n'; c++) {}
        if (*c != '\0')
            return 1;
    }
    return 0;
}

static surroundings look_around(const char *text)
{
    return (surroundings){ .text = text, .secondary = has_instance(text), .indexed = strstr(text, "indexed-repeat(") != NULL };
}

/* 1 when the reference is in square brackets: from a "[" to the next "]". */
static int in_predicate(surroundings *s, const xlsform_reference *r)
{
    if (!s->secondary)
        return 0;
    while (s->close < r->end) {
        const char *open = strchr(s->text + s->close, '[');
        if (open != NULL && open[1] == ']') {      /* empty ones are none */
            s->close = (size_t)(open - s->text) + 1;
            continue;
        }
        const char *close = open != NULL ? strchr(open + 1, ']') : NULL;
        if (close == NULL) {
            s->open = s->close = strlen(s->text) + 1;
            return 0;
        }
        s->open = (size_t)(open - s->text);
        s->close = (size_t)(close - s->text) + 1;
    }
    return r->start >= s->open && r->end <= s->close;
}

/* The next indexed-repeat(...) at or after *at, up to the first ")". */
static int next_indexed(const char *text, size_t *at, size_t *start, size_t *end)
{
    for (const char *p = strstr(text + *at, "indexed-repeat("); p != NULL; p = strstr(p + 1, "indexed-repeat(")) {
        const char *close = strchr(p + 15, ')');
        if (close == NULL)
            return 0;
        if (close == p + 15)
            continue;
        *start = (size_t)(p - text);
        *end = *at = (size_t)(close - text) + 1;
        return 1;
    }
    return 0;
}

/* Which argument of the call, from 0, has the reference; the last one that does. -1: none. */
static int argument_of(const surroundings *s, size_t start, size_t end, const xlsform_reference *r)
{
    const char *reference = s->text + r->start;
    const size_t len = r->end - r->start;
    int n = 0, found = -1;

    for (size_t i = start; i + len <= end; i++) {
        if (strncmp(s->text + i, reference, len) == 0)
            found = n;
        n += s->text[i] == ',';
    }
    return found;
}

/* In indexed-repeat() the node and the repeats stay absolute, the numbers between them are relative. */
static int wants_relative(const surroundings *s, const xlsform_reference *r)
{
    size_t at = 0, start, end;

    if (r->last_saved)
        return 0;
    if (!s->indexed)
        return 1;
    while (next_indexed(s->text, &at, &start, &end)) {
        if (r->end > end) {
            if (!next_indexed(s->text, &at, &start, &end))
                return 1;
            continue;
        }
        if (r->end < start || r->start > end)
            return 1;
        const int argument = argument_of(s, start, end, r);
        return argument >= 0 && argument != 0 && argument != 1 && argument != 3 && argument != 5;
    }
    return 0;
}

/* ---- relative paths */

static unsigned depth(const xlsform_element *e)
{
    unsigned n = 0;

    for (; e->parent != NULL; e = e->parent)
        n++;
    return n;
}

/* The lowest element above both; `repeats` only looks at repeats. NULL when there is none. */
static xlsform_element *above_both(const xlsform_element *a, const xlsform_element *b, int repeats)
{
    xlsform_element *p = a->parent, *q = b->parent;

    if (p == NULL || q == NULL)
        return NULL;
    unsigned n = depth(p), m = depth(q);
    for (; n > m; n--)
        p = p->parent;
    for (; m > n; m--)
        q = q->parent;
    while (p != q)
        p = p->parent, q = q->parent;
    while (repeats && p != NULL && p->kind != XLSFORM_REPEAT)
        p = p->parent;
    return p;
}

static const xlsform_element *repeat_around(const xlsform_element *e)
{
    do
        e = e->parent;
    while (e != NULL && e->kind != XLSFORM_REPEAT);
    return e;
}

/* Path below `top`, with a slash at its front. */
static const char *path_below(xlsform *x, xlsform_element *e, xlsform_element *top)
{
    const char *path = svyi_xlsform_path(x, e);

    return top != NULL ? path + strlen(svyi_xlsform_path(x, top)) : path;
}

/* NULL when the two are not in one repeat. For choices from a repeat one step more may be needed, so that a predicate can follow its name. */
static const char *relative_path(xlsform *x, xlsform_element *source, xlsform_element *target, int use_current, int reference_parent)
{
    xlsform_element *repeat = above_both(source, target, 1), *top = repeat;

    if (repeat == NULL)
        return NULL;
    unsigned steps = 0;
    if (reference_parent && repeat == repeat_around(target) && (repeat_around(repeat) == NULL || repeat_around(source) != repeat))
        top = repeat->parent;
    else
        top = above_both(source, target, 0);
    steps = depth(source) - depth(top);
    const char *up = "..";
    while (--steps > 0)
        up = svyi_xlsform_format(x, "../%s", up);
    return svyi_xlsform_format(x, " %s%s%s ", use_current ? "current()/" : "", up, path_below(x, target, top));
}

/* The path of one reference, with a blank at each end. NULL when there is no such question, or several. */
static const char *path_of(xlsform *x, surroundings *s, const xlsform_reference *r, xlsform_element *context, int use_current, int reference_parent)
{
    int several;
    xlsform_element *target = svyi_xlsform_find(x, s->text + r->name, r->name_len, &several);

    if (target == NULL) {
        svyi_xlsform_problem(x, "survey", context != NULL ? context->row : 0, several ? "give each its own name" : "check the name",
                             several ? "${%.*s} is the name of several questions, groups or repeats" : "${%.*s} is no question, group or repeat",
                             (int)r->name_len, s->text + r->name);
        return NULL;
    }
    if (context != NULL && wants_relative(s, r)) {
        const int predicate = in_predicate(s, r);
        const char *path = relative_path(x, context, target, use_current || predicate, reference_parent);
        if (path != NULL)
            return path;
    }
    return svyi_xlsform_format(x, " %s%s ", r->last_saved ? "instance('__last-saved')" : "", svyi_xlsform_path(x, target));
}

/* Every reference in `text` as path; `output` in an <output>. */
static const char *replaced(xlsform *x, const char *text, xlsform_element *context, int use_current, int reference_parent, int output)
{
    surroundings s = look_around(text);
    xlsform_reference r;
    svyi_buffer out;
    size_t at = 0, copied = 0;
    int found;

    if (strstr(text, "${") == NULL)
        return text;
    svyi_buffer_init(&out, &x->arena.alloc);
    while ((found = svyi_xlsform_next_reference(text, &at, &r)) != 0) {
        const char *path = found > 0 ? path_of(x, &s, &r, context, use_current, reference_parent) : NULL;
        if (path == NULL)
            continue;
        svyi_buffer_add(&out, text + copied, r.start - copied);
        svyi_buffer_text(&out, output ? "<output value=\"" : "");
        svyi_buffer_text(&out, path);
        svyi_buffer_text(&out, output ? "\"/>" : "");
        copied = r.end;
    }
    svyi_buffer_text(&out, text + copied);
    const char *made = out.failed ? "" : svyi_xlsform_text(x, out.data, out.len);
    x->nomem |= out.failed;
    svyi_buffer_clear(&out);
    return made;
}

const char *svyi_xlsform_resolve(xlsform *x, const char *text, xlsform_element *context, int use_current, int reference_parent)
{
    return replaced(x, text, context, use_current, reference_parent, 0);
}

/* ---- labels */

/* instance() expressions of a text whose markup is escaped become <output>. */
static const char *instances_replaced(xlsform *x, const char *text, xlsform_element *context)
{
    enum { MOST = 256 };
    size_t bounds[MOST][2], copied = 0;
    svyi_buffer out;

    if (strlen(text) <= 9 || strstr(text, "instance(") == NULL)
        return text;
    size_t n = svyi_xlsform_instance_bounds(text, bounds, MOST);
    if (n == 0)
        return text;
    n = n < MOST ? n : (size_t)MOST;
    svyi_buffer_init(&out, &x->arena.alloc);
    for (size_t i = 0; i < n; i++) {
        const char *expression = svyi_xlsform_text(x, text + bounds[i][0], bounds[i][1] - bounds[i][0]);
        svyi_buffer_add(&out, text + copied, bounds[i][0] - copied);
        svyi_buffer_text(&out, "<output value=\"");
        svyi_xlsform_escape(&out, replaced(x, expression, context, 0, 0, 0), 1);
        svyi_buffer_text(&out, "\"/>");
        copied = bounds[i][1];
    }
    svyi_buffer_text(&out, text + copied);
    const char *made = out.failed ? "" : svyi_xlsform_text(x, out.data, out.len);
    x->nomem |= out.failed;
    svyi_buffer_clear(&out);
    return made;
}

const char *svyi_xlsform_content(xlsform *x, const char *text, xlsform_element *context, int *changed)
{
    svyi_buffer escaped;

    *changed = 0;
    svyi_buffer_init(&escaped, &x->arena.alloc);
    svyi_xlsform_escape(&escaped, text, 0);
    svyi_buffer_text(&escaped, "");
    const char *plain = escaped.failed ? "" : svyi_xlsform_text(x, escaped.data, escaped.len);
    x->nomem |= escaped.failed;
    svyi_buffer_clear(&escaped);
    if (strcmp(text, "-") == 0)
        return plain;
    const char *out = replaced(x, instances_replaced(x, plain, context), context, 0, 0, 1);
    *changed = out != plain && strcmp(out, plain) != 0;
    return out;
}

/* ---- all references of the workbook name a question, and only one */

static void check_cell(xlsform *x, const xlsform_sheet *s, const char *header, int row, const char *text)
{
    xlsform_reference r;
    size_t at = 0;
    uint32_t n;
    int found;

    if (strstr(text, "${") == NULL)
        return;
    while ((found = svyi_xlsform_next_reference(text, &at, &r)) == 1) {
        const char *name = svyi_xlsform_text(x, text + r.name, r.name_len);
        const char *twice = svyi_xlsform_format(x, "%s\x1f", name);
        if (svyi_map_find(&x->names, name, r.name_len, &n) != 1)
            svyi_xlsform_problem(x, s->name, row, "check the name", "column '%s': ${%s} is no question, group or repeat of the form", header, name);
        else if (svyi_map_find(&x->names, twice, strlen(twice), &n) == 1)
            svyi_xlsform_problem(x, s->name, row, "give each its own name", "column '%s': ${%s} is the name of several questions, groups or repeats", header, name);
    }
    if (found < 0)
        svyi_xlsform_problem(x, s->name, row, "write ${name}", "column '%s': a reference is not well formed", header);
}

static int may_refer(const xlsform_sheet *s, const xlsform_column *c)
{
    static const char *const NEVER[] = { "type", "name", "trigger" };

    if (c->n == 0)
        return 0;
    if (strcmp(s->name, "choices") == 0)
        return strcmp(c->tokens[0], "label") == 0;
    if (strcmp(s->name, "entities") == 0)
        return strcmp(c->header, "list name") != 0 && strcmp(c->header, "list_name") != 0 && strcmp(c->header, "repeat") != 0;
    for (size_t i = 0; strcmp(s->name, "survey") == 0 && i < 3; i++)
        if (strcmp(c->tokens[0], NEVER[i]) == 0)
            return 0;
    return 1;
}

void svyi_xlsform_check_references(xlsform *x)
{
    const xlsform_sheet *const SHEETS[] = { &x->settings_sheet, &x->entities_sheet, &x->survey, &x->choices_sheet };

    for (size_t i = 0; i < sizeof SHEETS / sizeof SHEETS[0]; i++) {
        const xlsform_sheet *s = SHEETS[i];
        for (uint32_t c = 0; s->columns != NULL && c < s->sheet->n_columns; c++)
            for (uint32_t r = 0; may_refer(s, &s->columns[c]) && r < s->rows && !svyi_xlsform_failed(x); r++)
                check_cell(x, s, s->columns[c].header, (int)r + 2, svyi_xlsform_cell(s, r, c));
    }
}
