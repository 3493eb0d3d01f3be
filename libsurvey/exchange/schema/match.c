/* Matching with patterns: values of attributes, and the automaton of what may stand in an element. */
#include "base/date.h"
#include "base/text.h"
#include "exchange/schema/priv.h"
#include <string.h>

const pattern *svyi_schema_target(const pattern *p)
{
    while (p->kind == P_REF)
        p = p->target;
    return p;
}

/* ---- attributes ---- */

typedef struct listing { const pattern **attributes; int *required; size_t n, size; } listing;

static void list_attributes(listing *l, const pattern *p, int required)
{
    p = svyi_schema_target(p);
    if (p->kind == P_ELEMENT)
        return;
    if (p->kind == P_ATTRIBUTE) {
        if (l->n < l->size) {
            l->attributes[l->n] = p;
            l->required[l->n++] = required;
        }
        return;
    }
    for (const pattern *c = p->first; c != NULL; c = c->next)
        list_attributes(l, c, required && (p->kind == P_GROUP || p->kind == P_SOME));
}

size_t svyi_schema_attributes(const pattern *element_pattern, const pattern **attributes, int *required, size_t size)
{
    listing l = { attributes, required, 0, size };
    for (const pattern *c = element_pattern->first; c != NULL; c = c->next)
        list_attributes(&l, c, 1);
    return l.n;
}

static int keeps(const pattern *p)
{
    p = svyi_schema_target(p);
    if (p->kind == P_ELEMENT)
        return 0;
    for (const pattern *c = p->first; c != NULL; c = c->next)
        if (keeps(c))
            return 1;
    return p->kind == P_ANY_ATTRIBUTE;
}

int svyi_schema_keeps_attributes(const pattern *element_pattern)
{
    for (const pattern *c = element_pattern->first; c != NULL; c = c->next)
        if (keeps(c))
            return 1;
    return 0;
}

/* ---- values ---- */

/* Regular expressions of the schema: literals, \S, \-, [classes], each with * + ? or nothing, taken as long as they match. */
static int class_end(const char *form, size_t *at)
{
    size_t i = *at;
    if (form[i] == '\\') {
        *at = i + 2;
        return form[i + 1] != '\0';
    }
    if (form[i] != '[') {
        *at = i + 1;
        return form[i] != '\0';
    }
    for (i++; form[i] != ']' && form[i] != '\0'; i++)
        if (form[i] == '\\' && form[i + 1] != '\0')
            i++;
    *at = i + 1;
    return form[i] == ']';
}

static int in_class(const char *form, size_t from, size_t end, uint32_t c)
{
    if (form[from] == '\\' && form[from + 1] == 'S')
        return c != ' ' && c != '\t' && c != '\n' && c != '\r';
    if (form[from] == '\\')
        return c == (unsigned char)form[from + 1];
    if (form[from] != '[')
        return c == (unsigned char)form[from];
    for (size_t i = from + 1; i + 1 < end; i++) {
        if (form[i] == '\\')
            i++;
        const unsigned char low = (unsigned char)form[i];
        if (i + 3 < end && form[i + 1] == '-' && form[i - 1] != '\\') {
            if (c >= low && c <= (unsigned char)form[i + 2])
                return 1;
            i += 2;
        } else if (c == low) {
            return 1;
        }
    }
    return 0;
}

static int has_form(const char *form, const char *text)
{
    const size_t len = strlen(text);
    size_t at = 0, from = 0, to = 0;
    while (form[from] != '\0') {
        if (!class_end(form, &to))
            return 0;
        const char how = form[to];
        const int many = how == '*' || how == '+';
        size_t count = 0;
        while (at < len && (count == 0 || many)) {
            size_t next = at;
            if (!in_class(form, from, to, svyi_utf8_next(text, len, &next)))
                break;
            at = next;
            count++;
        }
        if (count == 0 && how != '*' && how != '?')
            return 0;
        from = many || how == '?' ? to + 1 : to;
    }
    return at == len;
}

static int is_language(const char *text)
{
    size_t run = 0;
    for (const char *c = text; *c != '\0'; c++) {
        const int letter = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z');
        const int digit = *c >= '0' && *c <= '9' && memchr(text, '-', (size_t)(c - text)) != NULL;
        if (*c == '-' && run > 0)
            run = 0;
        else if ((letter || digit) && run < 8)
            run++;
        else
            return 0;
    }
    return run > 0;
}

static int is_count(const char *text, int positive)
{
    int any = 0;
    if (*text == '+')
        text++;
    const size_t n = strspn(text, "0123456789");
    for (size_t i = 0; i < n; i++)
        any |= text[i] != '0';
    return n > 0 && text[n] == '\0' && (any || !positive);
}

static const struct { const char *type, *about; } TYPES[] = {
    { "language", "a language such as en, bg or ar" }, { "anyURI", "the path of a file" },
    { "date", "a date such as 2026-11-30" }, { "nonNegativeInteger", "a whole number, 0 or more" },
    { "positiveInteger", "a whole number, 1 or more" },
};

static int is_data(const pattern *p, const char *text)
{
    double days;
    if (strcmp(p->name, "string") == 0) {
        const size_t n = svyi_utf8_length(text, strlen(text));
        return n >= p->min && n <= p->max && (p->form == NULL || has_form(p->form, text));
    }
    if (strcmp(p->name, "language") == 0)
        return is_language(text);
    if (strcmp(p->name, "date") == 0)
        return svyi_date_parse(text, strlen(text), &days);
    if (strcmp(p->name, "nonNegativeInteger") == 0 || strcmp(p->name, "positiveInteger") == 0)
        return is_count(text, p->name[0] == 'p');
    return 1;
}

static const char BLANKS[] = " \t\r\n";

/* The words of a list, each a value of the only part of `part`. */
static int is_list(const pattern *part, const char *text)
{
    const pattern *p = svyi_schema_target(part);
    char word[256];
    size_t words = 0;
    for (text += strspn(text, BLANKS); *text != '\0'; text += strspn(text, BLANKS)) {
        const size_t n = strcspn(text, BLANKS);
        if (n >= sizeof word)
            return 0;
        memcpy(word, text, n);
        word[n] = '\0';
        if (!svyi_schema_value(p->kind == P_MANY || p->kind == P_SOME ? p->first : p, word))
            return 0;
        words++;
        text += n;
    }
    return p->kind == P_MANY || (p->kind == P_SOME ? words > 0 : words == 1);
}

int svyi_schema_value(const pattern *p, const char *text)
{
    p = svyi_schema_target(p);
    switch (p->kind) {
    case P_VALUE: {
        const char *from = text + strspn(text, BLANKS);
        const size_t n = strlen(p->name);
        return strncmp(from, p->name, n) == 0 && from[n + strspn(from + n, BLANKS)] == '\0';
    }
    case P_DATA: return is_data(p, text);
    case P_LIST: return p->first != NULL && is_list(p->first, text);
    case P_CHOICE:
        for (const pattern *c = p->first; c != NULL; c = c->next)
            if (svyi_schema_value(c, text))
                return 1;
        return 0;
    case P_ATTRIBUTE: case P_GROUP:
        return p->first == NULL || svyi_schema_value(p->first, text);
    case P_TEXT: return 1;
    case P_EMPTY: case P_ELEMENT: case P_OPTIONAL: case P_MANY: case P_SOME: case P_REF: case P_ANY: case P_ANY_ATTRIBUTE: break;
    }
    return 0;
}

size_t svyi_schema_values(const pattern *p, const char **values, size_t size, const char **about)
{
    size_t n = 0;
    if (p->kind == P_REF && p->target->about != NULL)
        *about = p->target->about;
    p = svyi_schema_target(p);
    if (p->kind == P_VALUE && size > 0)
        values[n++] = p->name;
    for (size_t i = 0; p->kind == P_DATA && i < sizeof TYPES / sizeof TYPES[0]; i++)
        if (*about == NULL && strcmp(p->name, TYPES[i].type) == 0)
            *about = TYPES[i].about;
    for (const pattern *c = p->first; c != NULL; c = c->next)
        n += svyi_schema_values(c, values + n, size - n, about);
    return n;
}

/* ---- children ---- */

/* What a part of a pattern can begin and end with. `attributes`: those of the element that the part names. */
typedef struct part { int possible, empty; uint64_t first, last, attributes; } part;

static part settle(content *c, const pattern *p);

static part position(content *c, const pattern *p)
{
    part r = { 1, p->kind == P_TEXT, 0, 0, 0 };
    if (c->n == POSITIONS) {
        r.possible = 0;
        return r;
    }
    r.first = r.last = (uint64_t)1 << c->n;
    c->follow[c->n] = p->kind == P_TEXT ? r.first : 0;
    c->at[c->n++] = p;
    return r;
}

static part attribute(const content *c, const pattern *p)
{
    part r = { c->any_attributes, 1, 0, 0, 0 };
    for (size_t i = 0; i < c->element->n && i < 64 && !c->any_attributes; i++)
        if (strcmp(c->element->attributes[i].name, p->name) == 0) {
            r.possible = 1;
            r.attributes = (uint64_t)1 << i;
        }
    return r;
}

static void connect(content *c, uint64_t from, uint64_t to)
{
    for (unsigned i = 0; i < c->n; i++)
        if (from >> i & 1)
            c->follow[i] |= to;
}

static part sequence(content *c, const pattern *first)
{
    part r = { 1, 1, 0, 0, 0 };
    for (const pattern *p = first; p != NULL; p = p->next) {
        const part s = settle(c, p);
        r.possible &= s.possible;
        r.attributes |= s.attributes;
        connect(c, r.last, s.first);
        r.first |= r.empty ? s.first : 0;
        r.last = s.empty ? r.last | s.last : s.last;
        r.empty &= s.empty;
    }
    return r;
}

/* An alternative is open when it is possible and takes every attribute that any alternative would take. */
static part alternatives(content *c, const pattern *first)
{
    part r = { 0, 0, 0, 0, 0 }, each[32];
    size_t n = 0;
    for (const pattern *p = first; p != NULL && n < sizeof each / sizeof each[0]; p = p->next) {
        each[n] = settle(c, p);
        r.attributes |= each[n++].attributes;
    }
    for (size_t i = 0; i < n; i++) {
        if (!each[i].possible || each[i].attributes != r.attributes)
            continue;
        r.possible = 1;
        r.empty |= each[i].empty;
        r.first |= each[i].first;
        r.last |= each[i].last;
    }
    return r;
}

/* optional, zeroOrMore, oneOrMore: a part that may be left out, or repeated */
static part repeated(content *c, const pattern *p)
{
    part r = sequence(c, p->first);
    if (p->kind != P_SOME) {
        if (!r.possible && r.attributes == 0)
            r = (part){ 1, 1, 0, 0, 0 };
        r.empty |= r.attributes == 0;
    }
    if (p->kind != P_OPTIONAL)
        connect(c, r.last, r.first);
    return r;
}

static part settle(content *c, const pattern *p)
{
    p = svyi_schema_target(p);
    switch (p->kind) {
    case P_ELEMENT: case P_TEXT: case P_ANY: return position(c, p);
    case P_ATTRIBUTE: return attribute(c, p);
    case P_GROUP: return sequence(c, p->first);
    case P_CHOICE: return alternatives(c, p->first);
    case P_OPTIONAL: case P_MANY: case P_SOME: return repeated(c, p);
    case P_EMPTY: case P_VALUE: case P_DATA: case P_LIST: case P_REF: case P_ANY_ATTRIBUTE: break;
    }
    return (part){ 1, 1, 0, 0, 0 };
}

void svyi_schema_content(content *c, const pattern *element_pattern, const svyi_xml *element, int any_attributes)
{
    memset(c, 0, sizeof *c);
    c->element = element;
    c->any_attributes = any_attributes;
    const part r = sequence(c, element_pattern->first);
    c->possible = r.possible;
    c->empty = r.empty;
    c->first = r.first;
    c->last = r.last;
}
