/* A small interview for tests, written down in lines:

     hours: integer = 40                       a question and its answer; without "= ..." it has not been reached
     worked: single(1=Yes, 2=No) = dont-know   a code list (labels may be left out), a missing answer
     member: roster                            a roster; "job: roster in member" stands in another
     member[1].m_age: integer = 12             an answer in an entry; the type need not be repeated
     member[1].job[2].pay: decimal = 100
     list city: SOF=Sofia@BG, PAR=Paris@FR     a named list; @ gives a code its parent
     self: hours                               what `.` is
     here: member[2]                           where the expression stands
     choice: SOF of city                       the choice that is filtered
     now: 2026-11-22T10:30
     seed: 7
     bare: yes                                 names may stand without ${ }
     `odd name`: integer = 1                   a name with a point or a blank in it */
#ifndef SVY_TEST_ANSWERS_H
#define SVY_TEST_ANSWERS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <survey/expr.h>

enum { MAX_SYMBOLS = 64, MAX_ENTRIES = 64, MAX_ANSWERS = 256, MAX_LISTS = 32, MAX_CODES = 24 };

typedef struct test_code { char code[24], label[48], parent[24]; } test_code;
typedef struct test_list { char name[32]; test_code codes[MAX_CODES]; int n; } test_list;
typedef struct test_symbol { char name[32]; svy_type type; svy_symbol symbol; } test_symbol;
typedef struct test_entry { uint32_t roster, parent, position; } test_entry;
typedef struct test_answer { uint32_t symbol, entry; svy_value value; char text[200]; } test_answer;

typedef struct test_interview {
    test_symbol symbols[MAX_SYMBOLS]; uint32_t n_symbols;      /* from 1 */
    test_entry entries[MAX_ENTRIES]; uint32_t n_entries;       /* from 1 */
    test_answer answers[MAX_ANSWERS]; uint32_t n_answers;
    test_list lists[MAX_LISTS]; uint32_t n_lists;              /* from 1 */
    svy_expr_place place;
    svy_env env;
    svy_scope scope;
    svy_value choice, choice_parent;
    uint32_t entry;
} test_interview;

static inline test_symbol *test_find(test_interview *t, const char *name, size_t len)
{
    for (uint32_t i = 1; i <= t->n_symbols; i++)
        if (strlen(t->symbols[i].name) == len && memcmp(t->symbols[i].name, name, len) == 0)
            return &t->symbols[i];
    return NULL;
}

static inline int scope_find(void *user, const char *name, size_t len, svy_symbol *symbol)
{
    test_symbol *s = test_find(user, name, len);
    if (s != NULL)
        *symbol = s->symbol;
    return s != NULL;
}

static inline uint32_t scope_roster_parent(void *user, uint32_t roster)
{
    test_interview *t = user;
    return t->symbols[roster].symbol.roster;
}

static inline test_code *test_code_find(test_interview *t, uint32_t list, const char *code, size_t len)
{
    for (int i = 0; list >= 1 && list <= t->n_lists && i < t->lists[list].n; i++)
        if (strlen(t->lists[list].codes[i].code) == len && memcmp(t->lists[list].codes[i].code, code, len) == 0)
            return &t->lists[list].codes[i];
    return NULL;
}

static inline int scope_has_code(void *user, uint32_t list, const char *code, size_t len)
{
    return test_code_find(user, list, code, len) != NULL;
}

static inline int scope_find_list(void *user, const char *name, size_t len, uint32_t *list)
{
    test_interview *t = user;
    for (uint32_t i = 1; i <= t->n_lists; i++)
        if (strlen(t->lists[i].name) == len && memcmp(t->lists[i].name, name, len) == 0) {
            *list = i;
            return 1;
        }
    return 0;
}

static inline void env_get(void *user, uint32_t symbol, uint32_t entry, svy_value *value)
{
    test_interview *t = user;
    for (;; entry = t->entries[entry].parent) {
        for (uint32_t i = 0; i < t->n_answers; i++)
            if (t->answers[i].symbol == symbol && t->answers[i].entry == entry) {
                *value = t->answers[i].value;
                return;
            }
        if (entry == 0)
            break;
    }
    *value = svy_value_missing(SVY_K_NONE, SVY_NOT_REACHED);
}

static inline int test_inside(const test_interview *t, uint32_t entry, uint32_t around)
{
    while (entry != 0 && entry != around)
        entry = t->entries[entry].parent;
    return entry == around;
}

static inline uint32_t env_next_entry(void *user, uint32_t roster, uint32_t entry, uint32_t after)
{
    test_interview *t = user;
    for (uint32_t i = after + 1; i <= t->n_entries; i++)
        if (t->entries[i].roster == roster && test_inside(t, i, entry))
            return i;
    return 0;
}

static inline uint32_t env_enclosing(void *user, uint32_t roster, uint32_t entry)
{
    test_interview *t = user;
    while (entry != 0 && t->entries[entry].roster != roster)
        entry = t->entries[entry].parent;
    return entry;
}

static inline uint32_t env_position(void *user, uint32_t entry)
{
    test_interview *t = user;
    return t->entries[entry].position;
}

static inline int env_lookup(void *user, uint32_t list, const char *code, size_t len, const char *property, size_t property_len, svy_value *text)
{
    test_code *c = test_code_find(user, list, code, len);
    const char *found = c == NULL ? NULL : property_len == 5 && memcmp(property, "label", 5) == 0 ? c->label
                        : property_len == 6 && memcmp(property, "parent", 6) == 0 ? c->parent : NULL;
    if (found == NULL || found[0] == '\0')
        return 0;
    *text = (svy_value){ .kind = SVY_K_TEXT, .text = found, .len = (uint32_t)strlen(found) };
    return 1;
}

static inline int env_label(void *user, uint32_t list, const char *code, size_t len, svy_value *text)
{
    return env_lookup(user, list, code, len, "label", 5, text);
}

static inline void test_init(test_interview *t)
{
    memset(t, 0, sizeof *t);
    t->scope = (svy_scope){ t, scope_find, scope_roster_parent, scope_has_code, scope_find_list };
    t->env = (svy_env){ .user = t, .get = env_get, .next_entry = env_next_entry, .enclosing = env_enclosing,
                        .position = env_position, .label = env_label, .lookup = env_lookup, .seed = 1 };
    t->place = (svy_expr_place){ .source = "test", .line = 1, .column = 1, .element = "" };
}

/* ---- Reading the lines ---- */

static inline const char *skip(const char *s)
{
    return s + strspn(s, " \t");
}

static inline size_t word_length(const char *s)
{
    return strcspn(s, " \t:=.[]()@,\n");
}

static inline void take(char *out, size_t size, const char *from, size_t len)
{
    while (len > 0 && (from[len - 1] == ' ' || from[len - 1] == '\t'))
        len--;
    snprintf(out, size, "%.*s", (int)len, from);
}

/* code[=label][@parent], ... up to `end`; 1 when every code is a number. */
static inline int test_codes(test_list *list, const char *s, const char *end)
{
    int numeric = 1;
    while ((s = skip(s)) < end) {
        test_code *c = &list->codes[list->n++];
        const char *stop = s + strcspn(s, ",)\n");
        if (stop > end)
            stop = end;
        const char *label = memchr(s, '=', (size_t)(stop - s)), *parent = memchr(s, '@', (size_t)(stop - s));
        const char *label_end = parent != NULL ? parent : stop;
        take(c->code, sizeof c->code, s, (size_t)((label != NULL ? label : label_end) - s));
        if (label != NULL)
            take(c->label, sizeof c->label, label + 1, (size_t)(label_end - label - 1));
        if (parent != NULL)
            take(c->parent, sizeof c->parent, parent + 1, (size_t)(stop - parent - 1));
        numeric &= strspn(c->code, "0123456789.-") == strlen(c->code);
        s = stop + 1;
    }
    return numeric;
}

/* member[1].job[2]. -> the entry, made when it is new; *s goes past it. */
static inline uint32_t test_path(test_interview *t, const char **s)
{
    uint32_t entry = 0;
    for (;;) {
        size_t len = word_length(*s);
        test_symbol *roster = test_find(t, *s, len);
        if ((*s)[len] != '[' || roster == NULL)
            return entry;
        uint32_t position = (uint32_t)strtoul(*s + len + 1, NULL, 10), found = 0;
        for (uint32_t i = 1; i <= t->n_entries && !found; i++)
            if (t->entries[i].roster == roster->symbol.id && t->entries[i].parent == entry && t->entries[i].position == position)
                found = i;
        if (!found) {
            found = ++t->n_entries;
            t->entries[found] = (test_entry){ roster->symbol.id, entry, position };
        }
        entry = found;
        *s = strchr(*s, ']') + 1;
        *s += **s == '.';
    }
}

static inline int test_setting(test_interview *t, const char *name, size_t len, const char *s)
{
    svy_error err = SVY_ERROR_INIT;
    svy_value v;
    const size_t rest = strcspn(s, "\n");
#define IS(text) (len == strlen(text) && memcmp(name, text, len) == 0)
    if (IS("self")) {
        test_symbol *self = test_find(t, s, rest);
        t->place.self = self != NULL ? &self->symbol : NULL;
        t->env.self = self != NULL ? self->symbol.id : 0;
        return self != NULL;
    }
    if (IS("here")) {
        t->entry = test_path(t, &s);
        t->place.roster = t->entries[t->entry].roster;
        return 1;
    }
    if (IS("now")) {
        int ok = svy_value_parse(SVY_T_DATETIME, s, rest, &v, &err) == SVY_OK;
        t->env.now = v.number;
        return ok;
    }
    if (IS("seed"))
        return (t->env.seed = strtoul(s, NULL, 10)) > 0;
    if (IS("bare"))
        return t->place.bare_names = 1;
    if (IS("choice")) {
        const char *of = strstr(s, " of ");
        uint32_t list = 0;
        if (of == NULL || !scope_find_list(t, of + 4, rest - (size_t)(of + 4 - s), &list))
            return 0;
        test_code *c = test_code_find(t, list, s, (size_t)(of - s));
        if (c == NULL || svy_value_parse(SVY_T_SINGLE, c->code, strlen(c->code), &t->choice, &err) != SVY_OK)
            return 0;
        t->place.choices = list;
        t->env.choice_code = &t->choice;
        if (c->parent[0] != '\0' && svy_value_parse(SVY_T_SINGLE, c->parent, strlen(c->parent), &t->choice_parent, &err) == SVY_OK)
            t->env.choice_parent = &t->choice_parent;
        return 1;
    }
#undef IS
    return -1;
}

static inline test_symbol *test_new(test_interview *t, const char *name, size_t len)
{
    test_symbol *s = &t->symbols[++t->n_symbols];
    take(s->name, sizeof s->name, name, len);
    s->symbol.id = t->n_symbols;
    s->symbol.optional = 1;
    return s;
}

/* After the colon: roster [in x], or a type with its codes. Returns what follows, NULL when wrong. */
static inline const char *test_type(test_interview *t, test_symbol *q, uint32_t entry, const char *s)
{
    size_t len = word_length(s);
    if (len == 6 && memcmp(s, "roster", 6) == 0) {
        q->symbol.kind = SVY_K_ENTRIES;
        s = skip(s + len);
        if (strncmp(s, "in ", 3) == 0) {
            test_symbol *outer = test_find(t, s + 3, word_length(s + 3));
            q->symbol.roster = outer != NULL ? outer->symbol.id : 0;
        }
        return s + strcspn(s, "\n");
    }
    q->type = svy_type_find(s, len);
    q->symbol.kind = (uint8_t)svy_type_kind(q->type);
    q->symbol.roster = t->entries[entry].roster;
    s += len;
    if (*s == '(') {
        const char *end = strchr(s, ')');
        test_list *list = &t->lists[++t->n_lists];
        take(list->name, sizeof list->name, q->name, strlen(q->name));
        q->symbol.list = t->n_lists;
        q->symbol.numeric = (uint8_t)test_codes(list, s + 1, end);
        s = end + 1;
    }
    return q->symbol.kind != SVY_K_NONE ? s : NULL;
}

static inline int test_value(test_interview *t, const test_symbol *q, uint32_t entry, const char *s, size_t len)
{
    svy_error err = SVY_ERROR_INIT;
    svy_missing why;
    test_answer *a = &t->answers[t->n_answers++];
    a->symbol = q->symbol.id;
    a->entry = entry;
    take(a->text, sizeof a->text, s, len);
    if (svy_missing_find(a->text, strlen(a->text), &why)) {
        a->value = svy_value_missing((svy_kind)q->symbol.kind, why);
        return 1;
    }
    return svy_value_parse(q->type, a->text, strlen(a->text), &a->value, &err) == SVY_OK;
}

/* One line; 0 when it cannot be read. */
static inline int test_line(test_interview *t, const char *s)
{
    s = skip(s);
    size_t len = word_length(s);
    if (*s == '\n' || *s == '\0')
        return 1;
    if (strncmp(s, "list ", 5) == 0) {
        test_list *list = &t->lists[++t->n_lists];
        take(list->name, sizeof list->name, s + 5, word_length(s + 5));
        test_codes(list, strchr(s, ':') + 1, s + strcspn(s, "\n"));
        return list->n > 0;
    }
    if (s[len] == ':') {
        int done = test_setting(t, s, len, skip(s + len + 1));
        if (done >= 0)
            return done;
    }
    uint32_t entry = test_path(t, &s);
    const int quoted = *s == '`';
    s += quoted;
    len = quoted ? strcspn(s, "`\n") : word_length(s);
    test_symbol *q = test_find(t, s, len);
    if (q == NULL)
        q = test_new(t, s, len);
    s = skip(s + len + quoted);
    if (*s == ':' && (s = test_type(t, q, entry, skip(s + 1))) == NULL)
        return 0;
    s = skip(s);
    if (*s != '=')
        return *s == '\n' || *s == '\0';
    s = skip(s + 1);
    return test_value(t, q, entry, s, strcspn(s, "\n"));
}

/* Lines up to `end`; returns the first that cannot be read, or NULL. */
static inline const char *test_lines(test_interview *t, const char *s, const char *end)
{
    while (s < end) {
        const char *stop = memchr(s, '\n', (size_t)(end - s));
        if (!test_line(t, s))
            return s;
        s = stop != NULL ? stop + 1 : end;
    }
    return NULL;
}

/* ---- Evaluating ---- */

typedef struct test_outcome { svy_status status; svy_value value; svy_error err; char text[256]; unsigned warnings; char warning[256]; } test_outcome;

static inline void count_warning(void *user, const svy_diag *d)
{
    test_outcome *o = user;
    if (d->severity == SVY_WARNING)
        snprintf(o->warning, sizeof o->warning, "%s", d->found);
}

/* Compiles, verifies and runs; out.text is the canonical text of the value. */
static inline void test_eval(test_interview *t, const char *text, size_t len, svy_kind want, test_outcome *o)
{
    svy_expr *e = NULL;
    svy_scratch *scratch = NULL;
    *o = (test_outcome){ .err = SVY_ERROR_INIT };
    svy_diags diags = { .report = count_warning, .user = o };
    t->place.want = want;
    o->status = svy_expr_compile(NULL, text, len, &t->scope, &t->place, &diags, &e, &o->err);
    o->warnings = diags.warnings;
    if (o->status == SVY_OK)
        o->status = svy_code_verify(svy_expr_code(e), t->n_symbols + 1, t->n_lists, &o->err);
    if (o->status == SVY_OK)
        o->status = svy_scratch_new(NULL, &scratch, &o->err);
    if (o->status == SVY_OK)
        o->status = svy_code_run(svy_expr_code(e), &t->env, t->entry, scratch, &o->value, &o->err);
    if (o->status == SVY_OK) {
        svy_value_format(&o->value, o->text, sizeof o->text);
        o->value.text = o->text;
    }
    svy_scratch_free(scratch);
    svy_expr_free(e);
}

/* 1 when the outcome is what `expected` says: a number, 'text', true, false, missing [why], error: part of the message, warning: part. */
static inline int test_is(const test_outcome *o, const char *expected, size_t len)
{
    char want[256];
    take(want, sizeof want, expected, len);
    if (strncmp(want, "error:", 6) == 0)
        return o->status != SVY_OK && o->status != SVY_E_FORMAT && strstr(o->err.message, skip(want + 6)) != NULL;
    if (o->status != SVY_OK)
        return 0;
    if (strncmp(want, "warning:", 8) == 0)
        return o->warnings > 0 && strstr(o->warning, skip(want + 8)) != NULL;
    if (strncmp(want, "missing", 7) == 0)
        return o->value.missing != SVY_PRESENT && (want[7] == '\0' || strcmp(svy_missing_name((svy_missing)o->value.missing), skip(want + 7)) == 0);
    if (o->value.missing != SVY_PRESENT)
        return 0;
    if (strcmp(want, "true") == 0 || strcmp(want, "false") == 0)
        return o->value.kind == SVY_K_BOOLEAN && strcmp(want, o->text) == 0;
    if (want[0] == '\'')
        return o->value.kind != SVY_K_BOOLEAN && o->value.kind != SVY_K_NUMBER && strlen(o->text) + 2 == strlen(want) &&
               memcmp(o->text, want + 1, strlen(o->text)) == 0 && want[strlen(want) - 1] == '\'';
    char *end;
    double number = strtod(want, &end);
    return o->value.kind == SVY_K_NUMBER && end != want && *end == '\0' && o->value.number == number;
}

#endif
