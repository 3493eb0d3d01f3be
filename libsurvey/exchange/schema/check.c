/* Walks a document beside the schema and says, once per fault, what is wrong and what to do. */
#include "exchange/schema/priv.h"
#include <stdio.h>
#include <string.h>

enum { MOST_PROBLEMS = 1000, NAMES = 64, SHOWN = 48, LINE_SIZE = 640 };

typedef struct checker {
    const svyi_schema *s;
    svyi_xml_file *file;
    svyi_faults *faults;
    svy_diags *diags;
    svy_error *err;
    svy_status status;
    unsigned problems, roots;      /* roots: bit of the root element at hand */
} checker;

/* A sentence, cut when it is longer than the room for it. */
static void say(char out[LINE_SIZE], const char *fmt, ...) SVY_PRINTF(2, 3);
static void say(char out[LINE_SIZE], const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    vsnprintf(out, LINE_SIZE, fmt, args);
    va_end(args);
}

/* A text in at most `SHOWN` bytes and an ellipsis, never cut inside a character. */
static const char *shown(const char *text, char out[SHOWN + 4])
{
    size_t n = strlen(text);
    if (n > SHOWN) {
        for (n = SHOWN; n > 0 && ((unsigned char)text[n] & 0xC0) == 0x80; n--)
            ;
    }
    memcpy(out, text, n);
    strcpy(out + n, text[n] != '\0' ? "…" : "");
    for (char *c = out; *c != '\0'; c++)
        if (*c == '\n' || *c == '\t' || *c == '\r')
            *c = ' ';
    return out;
}

/* "a, b or c" */
static void enumerate(char *out, size_t size, const char *const *names, size_t n)
{
    size_t len = 0;
    out[0] = '\0';
    for (size_t i = 0; i < n && len < size; i++) {
        const int w = snprintf(out + len, size - len, "%s%s", i == 0 ? "" : i + 1 == n ? " or " : ", ", names[i]);
        len += w > 0 ? (size_t)w : 0;
    }
}

static size_t add_name(const char **names, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(names[i], name) == 0)
            return n;
    if (n < NAMES)
        names[n++] = name;
    return n;
}

static const char *nearest_id(const svyi_xml *x)
{
    for (; x != NULL; x = x->parent) {
        const char *id = x->name != NULL ? svyi_xml_get(x, "id") : NULL;
        if (id != NULL)
            return id;
    }
    return "";
}

static int stopped(const checker *k) { return k->status == SVY_E_NOMEM || k->status == SVY_E_LIMIT; }

/* Reports at a node; `mended`: the tree was corrected, so nothing else will stumble over it. */
static void problem(checker *k, const svyi_xml *x, int line, int column, int mended, const char *advice, const char *found)
{
    const svyi_where where = { k->file->source, line, column, nearest_id(x) };
    const svyi_xml *element = x->name != NULL ? x : x->parent;
    if (stopped(k))
        return;
    for (int i = 0; i < 2 && !mended; i++)     /* a later check may name the line of the element or that of the attribute */
        if (svyi_faults_add(k->faults, k->file->source, i == 0 ? element->line : line, where.element, k->err) != SVY_OK) {
            k->status = SVY_E_NOMEM;
            return;
        }
    if (k->status == SVY_OK)
        svyi_fail_at(k->err, SVY_E_INVALID, where.source, where.line, where.column, 1, "%s", found);
    k->status = SVY_E_INVALID;
    svyi_report(k->diags, SVY_PROBLEM, SVY_E_INVALID, &where, advice, "%s", found);
    if (++k->problems == MOST_PROBLEMS) {
        svyi_report(k->diags, SVY_PROBLEM, SVY_E_LIMIT, &where, "correct those above first", "there are so many problems that what follows was not looked at");
        k->status = SVY_E_LIMIT;
    }
}

/* ---- attributes ---- */

static void unknown_attribute(checker *k, svyi_xml *x, size_t i, const char *const *names, size_t n)
{
    char list[LINE_SIZE], found[LINE_SIZE], advice[LINE_SIZE], name[SHOWN + 4];
    const svyi_xml_attribute a = x->attributes[i];
    const char *meant = svyi_near(a.name, names, n);
    say(found, "'%s' has no attribute '%s'", x->name, shown(a.name, name));
    enumerate(list, sizeof list, names, n);
    const int there = meant != NULL && svyi_xml_attribute_find(x, meant) != NULL;
    if (meant != NULL && !there)
        say(advice, "did you mean '%s'?", meant);
    else if (n > 0)
        say(advice, "remove it; allowed are %s", list);
    else
        say(advice, "remove it");
    problem(k, x, a.name_line, a.name_column, 1, advice, found);
    if (meant != NULL && !there) {
        x->attributes[i].name = meant;
        return;
    }
    for (size_t j = i + 1; j < x->n; j++)
        x->attributes[j - 1] = x->attributes[j];
    x->n--;
}

static void wrong_value(checker *k, svyi_xml *x, svyi_xml_attribute *a, const pattern *p)
{
    const char *values[NAMES], *about = NULL, *meant;
    char list[LINE_SIZE], found[LINE_SIZE], advice[LINE_SIZE], value[SHOWN + 4];
    const size_t n = svyi_schema_values(p->first != NULL ? p->first : p, values, NAMES, &about);
    meant = svyi_near(a->value, values, n);
    if (a->value[0] == '\0')
        say(found, "the attribute '%s' of '%s' is empty", a->name, x->name);
    else
        say(found, "the attribute '%s' is '%s'", a->name, shown(a->value, value));
    enumerate(list, sizeof list, values, n);
    if (meant != NULL)
        say(advice, "did you mean '%s'? Allowed are %s", meant, list);
    else
        say(advice, "write %s%s%s", list, n > 0 && about != NULL ? " or " : "", about != NULL ? about : "");
    problem(k, x, a->line, a->column, meant != NULL, advice, found);
    if (meant != NULL)
        a->value = meant;
}

static void check_attributes(checker *k, svyi_xml *x, const pattern *p)
{
    const pattern *known[NAMES];
    const char *names[NAMES];
    int required[NAMES];
    const size_t n = svyi_schema_attributes(p, known, required, NAMES);
    for (size_t i = 0; i < n; i++)
        names[i] = known[i]->name;
    for (size_t i = 0; i < x->n && !stopped(k);) {
        size_t j = 0;
        while (j < n && strcmp(names[j], x->attributes[i].name) != 0)
            j++;
        if (j == n && strncmp(x->attributes[i].name, "odk-", 4) == 0 && svyi_schema_keeps_attributes(p)) {
            i++;
            continue;
        }
        if (j == n) {
            unknown_attribute(k, x, i, names, n);   /* renamed or gone: looked at again */
            continue;
        }
        if (!svyi_schema_value(known[j], x->attributes[i].value))
            wrong_value(k, x, &x->attributes[i], known[j]);
        i++;
    }
    for (size_t i = 0; i < n; i++) {
        const char *values[NAMES], *about = NULL;
        char list[LINE_SIZE], found[LINE_SIZE], advice[LINE_SIZE];
        if (!required[i] || svyi_xml_attribute_find(x, names[i]) != NULL)
            continue;
        enumerate(list, sizeof list, values, svyi_schema_values(known[i]->first != NULL ? known[i]->first : known[i], values, NAMES, &about));
        say(found, "'%s' has no attribute '%s'", x->name, names[i]);
        say(advice, "add %s=\"...\"%s%s%s", names[i], list[0] != '\0' || about != NULL ? ": " : "", list,
                 list[0] == '\0' && about != NULL ? about : "");
        problem(k, x, x->line, x->column, 0, advice, found);
    }
}

/* Whether the attributes would fit if one were not there. */
static int fits_without(const svyi_xml *x, const pattern *p, const char *name)
{
    svyi_xml rest = *x;
    svyi_xml_attribute attributes[NAMES];
    content c;
    rest.n = 0;
    rest.attributes = attributes;
    for (size_t j = 0; j < x->n && rest.n < NAMES; j++)
        if (strcmp(x->attributes[j].name, name) != 0)
            attributes[rest.n++] = x->attributes[j];
    svyi_schema_content(&c, p, &rest, 0);
    return c.possible;
}

/* The attributes are each right, but not together: alternatives such as count and for. */
static void check_together(checker *k, const svyi_xml *x, const pattern *p)
{
    const pattern *known[NAMES];
    const char *too_many[NAMES];
    char list[LINE_SIZE], found[LINE_SIZE], advice[LINE_SIZE];
    int required[NAMES];
    size_t m = 0;
    const size_t n = svyi_schema_attributes(p, known, required, NAMES);
    for (size_t i = 0; i < n; i++) {
        const int there = svyi_xml_attribute_find(x, known[i]->name) != NULL;
        if (required[i] && !there)
            return;      /* reported already */
        if (there && fits_without(x, p, known[i]->name))
            m = add_name(too_many, m, known[i]->name);
    }
    enumerate(list, sizeof list, too_many, m);
    say(found, "the attributes of '%s' do not go together", x->name);
    if (m > 1)
        say(advice, "keep only one of %s", list);
    else
        say(advice, "remove %s", m == 1 ? list : "those that are alternatives to others");
    problem(k, x, x->line, x->column, 0, advice, found);
}

/* ---- children ---- */

typedef struct walk { checker *k; svyi_xml *x; content c; uint64_t now; int can_end; const char *before; } walk;

static const char *name_at(const content *c, unsigned i) { return c->at[i]->kind == P_ELEMENT ? c->at[i]->name : NULL; }

static size_t names_in(const content *c, uint64_t set, const char **names)
{
    size_t n = 0;
    for (unsigned i = 0; i < c->n; i++)
        if (set >> i & 1 && name_at(c, i) != NULL)
            n = add_name(names, n, name_at(c, i));
    return n;
}

static uint64_t positions_of(const content *c, const char *name)
{
    uint64_t set = 0;
    for (unsigned i = 0; i < c->n; i++)
        if (name_at(c, i) != NULL && strcmp(name_at(c, i), name) == 0)
            set |= (uint64_t)1 << i;
    return set;
}

/* Everything that may still come once `from` may come. */
static uint64_t reachable(const content *c, uint64_t from)
{
    uint64_t old = 0;
    while (from != old) {
        old = from;
        for (unsigned i = 0; i < c->n; i++)
            if (old >> i & 1)
                from |= c->follow[i];
    }
    return from;
}

static void accept(walk *w, uint64_t at)
{
    w->now = 0;
    for (unsigned i = 0; i < w->c.n; i++)
        if (at >> i & 1)
            w->now |= w->c.follow[i];
    w->can_end = (at & w->c.last) != 0;
}

static const pattern *element_at(const content *c, uint64_t set)
{
    for (unsigned i = 0; i < c->n; i++)
        if (set >> i & 1)
            return c->at[i];
    return NULL;
}

static const pattern *element_named(const checker *k, const char *name)
{
    const pattern *found = NULL;
    for (const pattern *e = k->s->elements; e != NULL; e = e->next_element)
        if (strcmp(e->name, name) == 0 && (e->roots & k->roots) != 0 && (found == NULL || found->parent_element == NULL))
            found = e;               /* rather one that stands somewhere than a root */
    return found;
}

static int comes_later(const svyi_xml *x, const char *name)
{
    for (x = x->next; x != NULL; x = x->next)
        if (x->name != NULL && strcmp(x->name, name) == 0)
            return 1;
    return 0;
}

/* An element of the right name at the wrong point. */
static void misplaced(walk *w, svyi_xml *x, uint64_t at)
{
    char found[LINE_SIZE], advice[LINE_SIZE];
    const char *names[NAMES];
    const size_t n = names_in(&w->c, w->now, names);
    advice[0] = '\0';
    if (reachable(&w->c, w->now) & at) {
        const char *first = n > 0 ? names[0] : "";
        if (comes_later(x, first)) {
            say(found, "'%s' stands before '%s'", x->name, first);
            say(advice, "move it behind '%s'", first);
            problem(w->k, x, x->line, x->column, 1, advice, found);
            return;
        }
        say(found, "'%s' has no '%s' before its '%s'", w->x->name, first, x->name);
        say(advice, "add <%s>...</%s>", first, first);
        problem(w->k, w->x, x->line, x->column, 0, advice, found);
        accept(w, at);
        return;
    }
    int twice = 0;
    for (const svyi_xml *c = w->x->first; c != x; c = c->next)
        twice |= c->name != NULL && strcmp(c->name, x->name) == 0;
    if (twice) {
        say(found, "'%s' has a second '%s'", w->x->name, x->name);
        say(advice, "keep one");
    } else {
        say(found, w->before != NULL ? "'%s' stands behind '%s'" : "'%s' stands behind a text", x->name, w->before);
        say(advice, w->before != NULL ? "move it before '%s'" : "write either a text or elements", w->before);
    }
    problem(w->k, x, x->line, x->column, 1, advice, found);
}

/* An element that has no place here at all. Returns the pattern to check it with, NULL when it is unknown. */
static const pattern *stranger(walk *w, svyi_xml *x)
{
    char list[LINE_SIZE], found[LINE_SIZE], advice[LINE_SIZE], name[SHOWN + 4];
    const char *names[NAMES], *meant;
    const pattern *known = x->foreign ? NULL : element_named(w->k, x->name);
    uint64_t all = w->c.n == 0 ? 0 : ~(uint64_t)0 >> (POSITIONS - w->c.n);
    const size_t n = names_in(&w->c, all, names);
    enumerate(list, sizeof list, names, n);
    if (x->foreign) {
        say(found, "the element '%s' is of another namespace than the questionnaire", shown(x->name, name));
        problem(w->k, x, x->line, x->column, 1, "remove it, or its xmlns", found);
        return NULL;
    }
    meant = known == NULL ? svyi_near(x->name, names, n) : NULL;
    if (known != NULL)
        say(found, "'%s' cannot stand in '%s'", x->name, w->x->name);
    else
        say(found, "there is no element '%s' in '%s'", shown(x->name, name), w->x->name);
    if (meant != NULL)
        say(advice, "did you mean '%s'?", meant);
    else if (known != NULL && known->parent_element != NULL && known->parent_element != known)
        say(advice, "it stands in '%s'; here may stand %s", known->parent_element->name, n > 0 ? list : "only a text");
    else
        say(advice, "here may stand %s", n > 0 ? list : "only a text");
    problem(w->k, x, x->line, x->column, meant != NULL, advice, found);
    if (meant != NULL) {
        x->name = meant;
        const uint64_t at = positions_of(&w->c, meant);
        if (w->now & at)
            accept(w, w->now & at);
        return element_at(&w->c, at);
    }
    return known;
}

/* 1 when anything may stand here: it is taken as it is. */
static int takes_anything(walk *w)
{
    for (unsigned i = 0; i < w->c.n; i++)
        if (w->c.at[i]->kind == P_ANY && (w->now >> i & 1) != 0) {
            accept(w, (uint64_t)1 << i);
            return 1;
        }
    return 0;
}

static const pattern *step(walk *w, svyi_xml *x)
{
    const uint64_t known = x->foreign ? 0 : positions_of(&w->c, x->name), at = w->now & known;
    const pattern *p = element_at(&w->c, at != 0 ? at : known);
    if (at != 0)
        accept(w, at);
    else if (known != 0)
        misplaced(w, x, known);
    else
        p = stranger(w, x);
    w->before = x->name;
    return p;
}

static void check_text(walk *w, const svyi_xml *x, int *reported)
{
    char found[LINE_SIZE], advice[LINE_SIZE], text[SHOWN + 4];
    const char *names[NAMES];
    uint64_t at = 0, any = 0;
    for (unsigned i = 0; i < w->c.n; i++)
        if (w->c.at[i]->kind == P_TEXT) {
            any |= (uint64_t)1 << i;
            at |= w->now & (uint64_t)1 << i;
        }
    if (at != 0) {
        accept(w, at);
        return;
    }
    if ((*reported)++)
        return;
    say(found, "the text '%s' cannot stand %sin '%s'", shown(x->text, text), any != 0 ? "beside elements " : "", w->x->name);
    uint64_t all = w->c.n == 0 ? 0 : ~(uint64_t)0 >> (POSITIONS - w->c.n);
    const size_t n = names_in(&w->c, all, names);
    advice[0] = '\0';
    for (size_t i = 0; i < n && advice[0] == '\0'; i++)
        if (strcmp(names[i], "label") == 0 || strcmp(names[i], "title") == 0)
            say(advice, "write <%s>...</%s> around it", names[i], names[i]);
    problem(w->k, x, x->line, x->column, 1, advice[0] != '\0' ? advice : "remove it", found);
}

static void check_element(checker *k, svyi_xml *x, const pattern *p);

/* Below an element that is unknown, the known ones are still checked. */
static void check_orphans(checker *k, svyi_xml *x)
{
    for (svyi_xml *c = x->first; c != NULL && !stopped(k); c = c->next) {
        const pattern *p = c->name != NULL && !c->foreign ? element_named(k, c->name) : NULL;
        if (p != NULL)
            check_element(k, c, p);
        else if (c->name != NULL)
            check_orphans(k, c);
    }
}

static void check_end(walk *w)
{
    char list[LINE_SIZE], found[LINE_SIZE], advice[LINE_SIZE];
    const char *names[NAMES];
    if (w->can_end)
        return;
    const size_t n = names_in(&w->c, w->now, names);
    enumerate(list, sizeof list, names, n);
    if (n > 0) {
        say(found, "'%s' has no %s", w->x->name, list);
        say(advice, "add <%s>...</%s>", names[0], names[0]);
    } else {
        say(found, "'%s' is empty", w->x->name);
        say(advice, "put one element of any name into it");
    }
    problem(w->k, w->x, w->x->line, w->x->column, 0, advice, found);
}

static void check_element(checker *k, svyi_xml *x, const pattern *p)
{
    walk w = { .k = k, .x = x };
    int reported = 0;
    if (stopped(k))
        return;
    check_attributes(k, x, p);
    svyi_schema_content(&w.c, p, x, 0);
    if (!w.c.possible) {
        check_together(k, x, p);
        svyi_schema_content(&w.c, p, x, 1);
    }
    w.now = w.c.first;
    w.can_end = w.c.empty;
    for (svyi_xml *c = x->first; c != NULL && !stopped(k); c = c->next) {
        if (c->name == NULL) {
            check_text(&w, c, &reported);
            continue;
        }
        if (takes_anything(&w))
            continue;
        const pattern *child = step(&w, c);
        if (child != NULL)
            check_element(k, c, child);
        else
            check_orphans(k, c);
    }
    check_end(&w);
}

/* ---- the root ---- */

/* Of root elements with one name, the one that takes most of the attributes as they are: the first of those. */
static const pattern *root_at(const content *c, uint64_t set, const svyi_xml *root)
{
    const pattern *best = NULL, *known[NAMES];
    int required[NAMES];
    size_t most = 0;
    for (unsigned i = 0; i < c->n; i++) {
        size_t fit = 0;
        const size_t n = set >> i & 1 ? svyi_schema_attributes(c->at[i], known, required, NAMES) : 0;
        for (size_t j = 0; j < n; j++) {
            const char *value = svyi_xml_get(root, known[j]->name);
            if (strcmp(known[j]->name, "expressions") == 0)
                fit += value != NULL ? (svyi_schema_value(known[j], value) ? NAMES : 0) : required[j] ? 0 : NAMES;
            else
                fit += value != NULL;
        }
        if ((set >> i & 1) && (best == NULL || fit > most)) {
            best = c->at[i];
            most = fit;
        }
    }
    return best;
}

static void check_root(checker *k, svyi_xml *root)
{
    char found[LINE_SIZE], advice[LINE_SIZE], name[SHOWN + 4];
    const char *names[NAMES];
    content c;
    svyi_xml nothing = { .name = "" };
    svyi_schema_content(&c, k->s->start, &nothing, 1);
    const size_t n = names_in(&c, c.first, names);
    const uint64_t at = positions_of(&c, root->name);
    const pattern *p = root_at(&c, at, root);
    k->roots = p != NULL ? p->roots : ~0u;
    if (root->foreign) {
        say(found, "the element '%s' is not in the namespace of the questionnaire language", shown(root->name, name));
        problem(k, root, root->line, root->column, 0, "write xmlns=\"urn:libsurvey:questionnaire:1\" in the first tag", found);
    } else if (at == 0) {
        enumerate(advice, sizeof advice, names, n);
        say(found, "the file begins with '%s', not with %s", shown(root->name, name), advice);
        problem(k, root, root->line, root->column, 0, "check that it is the right file", found);
    } else {
        check_element(k, root, p);
    }
}

svy_status svyi_schema_check(const svyi_schema *s, svyi_xml_file *file, svyi_faults *faults, svy_diags *diags, svy_error *err)
{
    checker k = { .s = s, .file = file, .faults = faults, .diags = diags, .err = err };
    check_root(&k, file->root);
    return k.status;
}
