/* Forms for tests, written element by element: needs no reader, and no Criterion, so the WebAssembly and benchmark programs use it too. */
#ifndef SVY_TEST_MAKE_FORM_H
#define SVY_TEST_MAKE_FORM_H
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <survey/questionnaire.h>

typedef struct form_maker { svy_builder *b; svy_alloc block_alloc; void *block; size_t size; svy_form *form; int line; } form_maker;

static inline void fm_die(const char *what, const svy_error *err)
{
    fprintf(stderr, "form: %s: %s\n", what, err != NULL ? err->message : "");
    abort();
}

static inline void fm_report(void *user, const svy_diag *d)
{
    (void)user;
    if (d->severity == SVY_PROBLEM)
        fprintf(stderr, "form: line %d, %s: %s; %s\n", d->line, d->element, d->found, d->advice);
}

static inline form_maker fm_begin(void)
{
    form_maker m = { 0 };
    svy_error err = SVY_ERROR_INIT;

    if (svy_builder_new(NULL, "test.xml", &m.b, &err) != SVY_OK)
        fm_die("new", &err);
    return m;
}

/* Adds an element; the pairs of attribute and value end with NULL. The text is a label, for checks and ends the sentence. */
static inline uint32_t fm_add(form_maker *m, uint32_t parent, svy_element kind, const char *text, ...)
{
    svy_error err = SVY_ERROR_INIT;
    svy_attribute a[16];
    uint32_t element;
    size_t n = 0;
    va_list ap;

    m->line++;
    va_start(ap, text);
    for (const char *name = va_arg(ap, const char *); name != NULL && n < 16; name = va_arg(ap, const char *))
        a[n++] = (svy_attribute){ name, va_arg(ap, const char *), m->line, 1 };
    va_end(ap);
    if (svy_builder_add(m->b, parent, kind, a, n, NULL, m->line, &element, &err) != SVY_OK)
        fm_die("add", &err);
    svy_role role = kind == SVY_EL_CHECK || kind == SVY_EL_END ? SVY_TEXT
                  : kind == SVY_EL_QUESTIONNAIRE || kind == SVY_EL_SECTION ? SVY_TITLE : SVY_LABEL;
    if (text != NULL && svy_builder_text(m->b, element, role, text, m->line, &err) != SVY_OK)
        fm_die("text", &err);
    return element;
}

static inline void fm_translate(form_maker *m, const char *lang, const char *unit, const char *from, const char *to)
{
    svy_error err = SVY_ERROR_INIT;

    if (svy_builder_translate(m->b, lang, unit, from, to, "test.xlf", 1, &err) != SVY_OK)
        fm_die("translate", &err);
}

/* A list of choices 1..n with labels "NAME 1", ... */
static inline uint32_t fm_list(form_maker *m, uint32_t root, const char *id, int n)
{
    const uint32_t list = fm_add(m, root, SVY_EL_CHOICES, NULL, "id", id, NULL);

    for (int i = 1; i <= n; i++) {
        char code[16], label[80];
        snprintf(code, sizeof code, "%d", i);
        snprintf(label, sizeof label, "%s %d", id, i);
        fm_add(m, list, SVY_EL_CHOICE, label, "code", code, NULL);
    }
    return list;
}

static inline void fm_end(form_maker *m)
{
    svy_error err = SVY_ERROR_INIT;
    svy_diags diags = { .report = fm_report };

    if (svy_builder_compile(m->b, &diags, &m->block, &m->size, &err) != SVY_OK)
        fm_die("compile", &err);
    svy_builder_free(m->b);
    m->b = NULL;
    if (svy_form_open(NULL, m->block, m->size, &m->form, &err) != SVY_OK)
        fm_die("open", &err);
}

static inline void fm_free(form_maker *m)
{
    svy_form_free(m->form);
    svy_block_free(NULL, m->block, m->size);
}

/* A form with something of everything: routing, presets, computes, checks, filters, orders, three kinds of rosters, nested ones, ends. */
static inline form_maker fm_everything(void)
{
    form_maker m = fm_begin();
    const uint32_t root = fm_add(&m, 0, SVY_EL_QUESTIONNAIRE, "Everything", "id", "everything", "version", "1", "xml:lang", "en", NULL);

    fm_add(&m, root, SVY_EL_PARAMETER, "Limit", "id", "limit", "type", "integer", "value", "60", NULL);
    fm_list(&m, root, "yn", 2);
    const uint32_t food = fm_list(&m, root, "food", 5);
    fm_add(&m, food, SVY_EL_CHOICE, "Something else", "code", "7", "other", "true", NULL);
    fm_add(&m, food, SVY_EL_CHOICE, "Nothing", "code", "9", "exclusive", "true", NULL);
    const uint32_t mixed = fm_add(&m, root, SVY_EL_CHOICES, NULL, "id", "mixed", "order", "random", NULL);
    for (int i = 1; i <= 8; i++) {
        char code[16];
        snprintf(code, sizeof code, "m%d", i);
        fm_add(&m, mixed, SVY_EL_CHOICE, code, "code", code, NULL);
    }
    fm_add(&m, mixed, SVY_EL_CHOICE, "Do not know", "code", "dk", "missing", "dont-know", NULL);
    const uint32_t place = fm_add(&m, root, SVY_EL_CHOICES, NULL, "id", "place", NULL);
    fm_add(&m, place, SVY_EL_CHOICE, "A one", "code", "a1", "parent", "1", NULL);
    fm_add(&m, place, SVY_EL_CHOICE, "A two", "code", "a2", "parent", "1", NULL);
    fm_add(&m, place, SVY_EL_CHOICE, "B one", "code", "b1", "parent", "2", NULL);

    const uint32_t intro = fm_add(&m, root, SVY_EL_SECTION, "Intro", "id", "intro", NULL);
    fm_add(&m, intro, SVY_EL_NOTE, "Welcome", "id", "welcome", NULL);
    fm_add(&m, intro, SVY_EL_QUESTION, "Do you agree?", "id", "consent", "type", "single", "choices", "yn", "required", "true", NULL);
    fm_add(&m, intro, SVY_EL_END, "Goodbye", "id", "refusal", "when", "${consent} = 2", "outcome", "21", "keep", "intro", NULL);
    fm_add(&m, root, SVY_EL_QUESTION, "Hours?", "id", "hours", "type", "integer", NULL);
    const uint32_t pay = fm_add(&m, root, SVY_EL_QUESTION, "Pay?", "id", "pay", "type", "decimal", "relevant", "${hours} > 0", NULL);
    fm_add(&m, pay, SVY_EL_CHECK, "Pay is not negative.", "that", ". >= 0", NULL);
    fm_add(&m, pay, SVY_EL_CHECK, "Over ${limit}: is ${hours} right?", "that", ". <= ${limit}", "severity", "soft", NULL);
    fm_add(&m, root, SVY_EL_QUESTION, "Pay a week?", "id", "week", "type", "decimal", "default", "${pay} * ${hours}", "relevant", "answered(${pay})", NULL);
    fm_add(&m, root, SVY_EL_COMPUTE, "Pay a year", "id", "year", "type", "decimal", "value", "${week} * 52", NULL);
    fm_add(&m, root, SVY_EL_QUESTION, "Food?", "id", "eats", "type", "multiple", "choices", "food", NULL);
    fm_add(&m, root, SVY_EL_QUESTION, "Rank", "id", "rank", "type", "ranking", "choices", "mixed", NULL);
    fm_add(&m, root, SVY_EL_QUESTION, "Which half?", "id", "half", "type", "single", "choices", "yn", NULL);
    fm_add(&m, root, SVY_EL_QUESTION, "Where?", "id", "where", "type", "single", "choices", "place", "filter", "choice-parent() = ${half}",
           "relevant", "answered(${half})", NULL);
    const uint32_t dish = fm_add(&m, root, SVY_EL_ROSTER, "Dish", "id", "dish", "for", "${eats}", NULL);
    fm_add(&m, dish, SVY_EL_QUESTION, "How often?", "id", "often", "type", "integer", NULL);
    fm_add(&m, dish, SVY_EL_COMPUTE, "Where in the list", "id", "nth", "type", "integer", "value", "position()", NULL);
    const uint32_t size = fm_add(&m, root, SVY_EL_QUESTION, "How many people?", "id", "size", "type", "integer", NULL);
    fm_add(&m, size, SVY_EL_CHECK, "At most 20.", "that", ". <= 20", NULL);
    const uint32_t person = fm_add(&m, root, SVY_EL_ROSTER, "Person", "id", "person", "count", "${size} - 1", "relevant", "${size} > 1", NULL);
    fm_add(&m, person, SVY_EL_QUESTION, "Age?", "id", "age", "type", "integer", NULL);
    fm_add(&m, person, SVY_EL_QUESTION, "School?", "id", "school", "type", "boolean", "relevant", "${age} < 16", NULL);
    fm_add(&m, person, SVY_EL_QUESTION, "Who looks after whom?", "id", "care", "type", "text",
           "relevant", "count(${person}[${age} >= 16]) > 1", NULL);
    const uint32_t job = fm_add(&m, person, SVY_EL_ROSTER, "Job", "id", "job", "relevant", "${age} >= 16", "max", "3", NULL);
    fm_add(&m, job, SVY_EL_QUESTION, "Wage?", "id", "wage", "type", "decimal", NULL);
    fm_add(&m, job, SVY_EL_END, "Too rich", "id", "rich", "when", "${wage} > 1000000", "outcome", "31", NULL);
    fm_add(&m, person, SVY_EL_COMPUTE, "Wages", "id", "wages", "type", "decimal", "value", "sum(${wage})", NULL);
    fm_add(&m, root, SVY_EL_COMPUTE, "Children", "id", "children", "type", "integer", "value", "count(${person}[${age} < 16])", NULL);
    fm_add(&m, root, SVY_EL_COMPUTE, "All wages", "id", "income", "type", "decimal", "value", "sum(${wage})", NULL);
    const uint32_t last = fm_add(&m, root, SVY_EL_SECTION, "Last", "id", "last", "relevant", "not(${children} > 2)", NULL);
    fm_add(&m, last, SVY_EL_CHECK, "More income than pay.", "that", "not(${income} < ${pay})", "severity", "soft", NULL);
    fm_add(&m, last, SVY_EL_QUESTION, "Today?", "id", "day", "type", "date", "default", "today()", NULL);
    fm_add(&m, last, SVY_EL_QUESTION, "Anything else?", "id", "end_text", "type", "text", "required", "${hours} > 50", "sensitive", "true", NULL);
    fm_end(&m);
    return m;
}
#endif
