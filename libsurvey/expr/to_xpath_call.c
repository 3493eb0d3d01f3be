/* Function calls as XPath: most have a word of their own there, some are said in other words, few cannot be said. */
#include <string.h>

#include "expr/to_xpath_priv.h"

static void put_arguments(svyi_x_writer *w, const char *name, const svyi_node *first)
{
    svyi_x_text(w, name);
    svyi_x_text(w, "(");
    for (const svyi_node *c = first; c != NULL; c = c->next) {
        if (c != first)
            svyi_x_text(w, ", ");
        svyi_x_put(w, c);
    }
    svyi_x_text(w, ")");
}

/* Aggregates: blank answers do not count. */
static void put_set(svyi_x_writer *w, const svyi_node *n)
{
    svyi_x_put(w, n);
    if (n->kind != SVY_K_ENTRIES && svyi_x_is_name(n))
        svyi_x_text(w, "[. != '']");
}

static void put_aggregate(svyi_x_writer *w, const svyi_node *n)
{
    static const char *const NAMES[SVYI_N_AGGREGATES] = { [SVYI_SUM] = "sum", [SVYI_COUNT] = "count", [SVYI_COUNT_NON_EMPTY] = "count-non-empty",
        [SVYI_MIN] = "min", [SVYI_MAX] = "max", [SVYI_JOIN] = "join", [SVYI_CONCAT] = "concat" };
    const svyi_node *a = n->first;

    if (n->fn->detail == SVYI_MEAN && a->next == NULL) {
        svyi_x_text(w, "(sum(");
        put_set(w, a);
        svyi_x_text(w, ") div count(");
        put_set(w, a);
        svyi_x_text(w, "))");
        return;
    }
    if (NAMES[n->fn->detail] == NULL || (n->fn->detail == SVYI_SUM && a->next != NULL) ||
        ((n->fn->detail == SVYI_MIN || n->fn->detail == SVYI_MAX) && svyi_x_is_ordered(n))) {
        svyi_x_cannot(w, n->fn->detail == SVYI_SUM ? "a sum of several answers" : n->fn->name);
        return;
    }
    if (n->fn->detail == SVYI_SUM) {                         /* some clients have no number for the sum of nothing */
        svyi_x_text(w, "if(count(");
        put_set(w, a);
        svyi_x_text(w, ") > 0, ");
    }
    svyi_x_text(w, NAMES[n->fn->detail]);
    svyi_x_text(w, "(");
    for (const svyi_node *c = a; c != NULL; c = c->next) {
        if (c != a)
            svyi_x_text(w, ", ");
        if (n->fn->detail == SVYI_CONCAT)
            svyi_x_put(w, c);
        else
            put_set(w, c);
    }
    svyi_x_text(w, n->fn->detail == SVYI_SUM ? "), 0)" : ")");
}

/* answered(), refused(), ...: an ODK client knows blank and not blank. */
static void put_state(svyi_x_writer *w, const svyi_node *n)
{
    const unsigned states = n->fn->detail;
    const unsigned present = 1u << SVY_PRESENT, blank = (1u << SVY_NOT_ASKED) | (1u << SVY_NOT_STATED);

    if ((states & (present | blank)) == 0) {
        svyi_x_text(w, "false()");                                  /* nothing can be refused there */
        return;
    }
    if (svyi_x_is_name(n->first) && n->first->type != SVYI_N_BRACKETS && !n->first->set)
        svyi_x_symbol(w, n->first);
    else if (n->first->type == SVYI_N_BRACKETS)
        svyi_x_put(w, n->first);
    else
        put_arguments(w, "string", n->first);
    svyi_x_text(w, (states & present) != 0 ? " != ''" : " = ''");
}

static void put_in(svyi_x_writer *w, const svyi_node *n)
{
    const svyi_node *v = n->first;

    svyi_x_text(w, "(");
    for (const svyi_node *c = v->next; c != NULL; c = c->next) {
        const int numeric = v->kind == SVY_K_NUMBER || (svyi_x_is_ordered(v) && v->kind == c->kind);
        if (c != v->next)
            svyi_x_text(w, " or ");
        if (numeric)
            svyi_x_number(w, v);
        else
            svyi_x_put(w, v);
        svyi_x_text(w, " = ");
        if (numeric)
            svyi_x_number(w, c);
        else
            svyi_x_put(w, c);
    }
    svyi_x_text(w, ")");
}

static void put_coalesce(svyi_x_writer *w, const svyi_node *c)
{
    if (c->next == NULL) {
        svyi_x_put(w, c);
        return;
    }
    svyi_x_text(w, "coalesce(");
    svyi_x_put(w, c);
    svyi_x_text(w, ", ");
    put_coalesce(w, c->next);
    svyi_x_text(w, ")");
}

static void put_lookup(svyi_x_writer *w, const svyi_node *n)
{
    const svyi_node *list = n->first, *property = list->next, *key = property->next;

    if (n->fn->detail == 1)
        key = key->next;                                     /* pulldata names the column of the key */
    svyi_x_text(w, "instance('");
    svyi_buffer_add(w->out, list->value.text, list->value.len);
    svyi_x_text(w, "')/root/item[name = ");
    if (w->in != NULL)
        svyi_x_cannot(w, "lookup() in a filter");
    svyi_x_put(w, key);
    svyi_x_text(w, "]/");
    svyi_buffer_add(w->out, property->value.text, property->value.len);
}

static void put_label(svyi_x_writer *w, const svyi_node *n)
{
    if (!svyi_x_is_name(n->first) || n->first->type == SVYI_N_BRACKETS || n->first->set) {
        svyi_x_cannot(w, "choice-label() of a code that is no answer");
        return;
    }
    svyi_x_text(w, "jr:choice-name(");
    svyi_x_symbol(w, n->first);
    svyi_x_text(w, ", '");
    svyi_x_symbol(w, n->first);
    svyi_x_text(w, "')");
}

static void put_position(svyi_x_writer *w)
{
    const uint32_t roster = w->place->roster;

    if (roster == 0) {
        svyi_x_cannot(w, "position() outside a roster");
        return;
    }
    if (w->in != NULL) {
        svyi_x_text(w, "position()");                               /* of the entry in question among all, as no other filter stands before */
        return;
    }
    svyi_x_text(w, "position(");
    svyi_x_relative(w->form, w->form->item, roster, w->out);
    svyi_x_text(w, ")");
}

/* Functions that XPath has under another name or says in other words: %1, %2 are the arguments. */
static const struct { const char *name, *words; unsigned n; } WORDS[] = {
    { "ln", "log(%1)", 1 }, { "trim", "normalize-space(%1)", 1 },
    { "floor", "(int(%1) - number(%1 < int(%1)))", 1 }, { "ceiling", "(int(%1) + number(%1 > int(%1)))", 1 },
    { "year", "number(format-date(%1, '%Y'))", 1 }, { "month", "number(format-date(%1, '%n'))", 1 }, { "day", "number(format-date(%1, '%e'))", 1 },
    { "hour", "number(format-date-time(%1, '%h'))", 1 }, { "minute", "number(format-date-time(%1, '%M'))", 1 },
    { "upper-case", "translate(%1, 'abcdefghijklmnopqrstuvwxyzабвгдежзийклмнопрстуфхцчшщъьюя', 'ABCDEFGHIJKLMNOPQRSTUVWXYZАБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЬЮЯ')", 1 },
    { "lower-case", "translate(%1, 'ABCDEFGHIJKLMNOPQRSTUVWXYZАБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЬЮЯ', 'abcdefghijklmnopqrstuvwxyzабвгдежзийклмнопрстуфхцчшщъьюя')", 1 },
    { "date-diff", "(int(decimal-date-time(%2)) - int(decimal-date-time(%1)))", 2 },
};
static const char *const SAME[] = { "string-length", "substr", "contains", "starts-with", "ends-with", "normalize-space", "string", "boolean-from-string",
    "count-selected", "selected-at", "number", "int", "round", "abs", "pow", "sqrt", "exp", "log10", "format-date" };

static const svyi_node *argument(const svyi_node *n, unsigned i)
{
    const svyi_node *c = n->first;

    while (i-- > 0 && c != NULL)
        c = c->next;
    return c;
}

static void put_words(svyi_x_writer *w, const svyi_node *n, const char *words)
{
    for (const char *at = words; *at != '\0'; at++) {
        if (*at == '%' && (at[1] == '1' || at[1] == '2'))
            svyi_x_put(w, argument(n, (unsigned)(*++at - '1')));
        else
            svyi_buffer_add(w->out, at, 1);
    }
}

/* Whole months or years between two dates: one less when the day has not come yet. */
static void put_span(svyi_x_writer *w, const svyi_node *n, int years)
{
    static const char MONTHS[] = "(number(format-date(%2, '%Y')) * 12 + number(format-date(%2, '%n')) - number(format-date(%1, '%Y')) * 12 - "
                                 "number(format-date(%1, '%n')) - number(number(format-date(%2, '%e')) < number(format-date(%1, '%e'))))";

    if (years)
        svyi_x_text(w, "int(");
    put_words(w, n, MONTHS);
    if (years)
        svyi_x_text(w, " div 12)");
}

static void put_plain(svyi_x_writer *w, const svyi_node *n)
{
    const char *name = n->fn->name;
    const svyi_node *unit = argument(n, 2);

    if (strcmp(name, "regex") == 0) {                        /* some clients match anywhere */
        svyi_x_text(w, "regex(");
        svyi_x_put(w, n->first);
        svyi_x_text(w, ", concat('^(', ");
        svyi_x_put(w, n->first->next);
        svyi_x_text(w, ", ')$'))");
        return;
    }
    if (strcmp(name, "date") == 0 && n->n == 1) {
        put_arguments(w, "date", n->first);
        return;
    }
    if (strcmp(name, "date-diff") == 0 && unit != NULL && unit->value.len > 0 && unit->value.text[0] != 'd') {
        if (unit->value.text[0] == 'w')
            svyi_x_cannot(w, "date-diff() in weeks");
        put_span(w, n, unit->value.text[0] == 'y');
        return;
    }
    for (size_t i = 0; i < sizeof WORDS / sizeof WORDS[0]; i++)
        if (strcmp(WORDS[i].name, name) == 0) {
            put_words(w, n, WORDS[i].words);
            return;
        }
    for (size_t i = 0; i < sizeof SAME / sizeof SAME[0]; i++)
        if (strcmp(SAME[i], name) == 0) {
            put_arguments(w, name, n->first);
            return;
        }
    svyi_x_cannot(w, name);
}

void svyi_x_call(svyi_x_writer *w, const svyi_node *n)
{
    switch ((svyi_form)n->fn->form) {
    case SVYI_FORM_CONSTANT: svyi_x_text(w, n->fn->detail ? "true()" : "false()"); return;
    case SVYI_FORM_NOT: case SVYI_FORM_IF: case SVYI_FORM_CHECKLIST: case SVYI_FORM_WEIGHTED: case SVYI_FORM_SELECTED: case SVYI_FORM_ONCE:
        put_arguments(w, n->fn->name, n->first);
        return;
    case SVYI_FORM_INDEXED: put_arguments(w, "indexed-repeat", n->first); return;
    case SVYI_FORM_COALESCE: put_coalesce(w, n->first); return;
    case SVYI_FORM_IN: put_in(w, n); return;
    case SVYI_FORM_STATE: put_state(w, n); return;
    case SVYI_FORM_AGGREGATE: put_aggregate(w, n); return;
    case SVYI_FORM_LOOKUP: put_lookup(w, n); return;
    case SVYI_FORM_LABEL: put_label(w, n); return;
    case SVYI_FORM_CHOICE: svyi_x_text(w, n->fn->detail ? "parent" : "name"); return;
    case SVYI_FORM_POSITION: put_position(w); return;
    case SVYI_FORM_RANDOM: svyi_x_text(w, "random()"); return;
    case SVYI_FORM_CLOCK: svyi_x_text(w, n->fn->detail ? "now()" : "today()"); return;
    case SVYI_FORM_CALL: case SVYI_N_FORMS: break;
    }
    put_plain(w, n);
}
