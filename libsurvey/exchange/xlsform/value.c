/* Memory, texts, small ordered dictionaries and reports of the XLSForm converter. */
#include "exchange/xlsform/priv.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int svyi_xlsform_failed(const xlsform *x)
{
    return x->nomem || x->limit != SVY_OK;
}

void *svyi_xlsform_get(xlsform *x, size_t size)
{
    void *p = svyi_arena_get(&x->arena, size);

    if (p == NULL)
        x->nomem = 1;
    return p;
}

const char *svyi_xlsform_text(xlsform *x, const char *text, size_t len)
{
    const char *copy = svyi_arena_text(&x->arena, text, len);

    if (copy != NULL)
        return copy;
    x->nomem = 1;
    return "";
}

const char *svyi_xlsform_format(xlsform *x, const char *fmt, ...)
{
    va_list ap, again;

    va_start(ap, fmt);
    va_copy(again, ap);
    const int len = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    char *text = len < 0 ? NULL : svyi_xlsform_get(x, (size_t)len + 1);
    if (text != NULL)
        (void)vsnprintf(text, (size_t)len + 1, fmt, again);
    va_end(again);
    return text != NULL ? text : "";
}

/* ---- dictionaries */

xlsform_dict *svyi_xlsform_dict_new(xlsform *x)
{
    return svyi_xlsform_get(x, sizeof(xlsform_dict));
}

static xlsform_entry *entry_of(const xlsform_dict *d, const char *key)
{
    for (xlsform_entry *e = d != NULL ? d->first : NULL; e != NULL; e = e->next)
        if (e->key == key || strcmp(e->key, key) == 0)
            return e;
    return NULL;
}

xlsform_value *svyi_xlsform_dict_find(const xlsform_dict *d, const char *key)
{
    xlsform_entry *e = entry_of(d, key);

    return e != NULL ? &e->value : NULL;
}

const char *svyi_xlsform_dict_text(const xlsform_dict *d, const char *key)
{
    const xlsform_value *v = svyi_xlsform_dict_find(d, key);

    return v != NULL ? v->text : NULL;
}

static xlsform_entry *append(xlsform *x, xlsform_dict *d, const char *key)
{
    xlsform_entry *e = svyi_xlsform_get(x, sizeof *e);

    if (e == NULL)
        return NULL;
    e->key = key;
    if (d->last != NULL)
        d->last->next = e;
    else
        d->first = e;
    return d->last = e;
}

void svyi_xlsform_dict_set(xlsform *x, xlsform_dict **d, const char *key, xlsform_value value)
{
    if (*d == NULL && (*d = svyi_xlsform_dict_new(x)) == NULL)
        return;
    xlsform_entry *e = entry_of(*d, key);
    if (e != NULL || (e = append(x, *d, key)) != NULL)
        e->value = value;
}

void svyi_xlsform_dict_put(xlsform *x, xlsform_dict **d, const char *key, const char *text)
{
    svyi_xlsform_dict_set(x, d, key, (xlsform_value){ .text = text });
}

void svyi_xlsform_dict_remove(xlsform_dict *d, const char *key)
{
    xlsform_entry *before = NULL;

    for (xlsform_entry *e = d != NULL ? d->first : NULL; e != NULL; before = e, e = e->next) {
        if (strcmp(e->key, key) != 0)
            continue;
        if (before != NULL)
            before->next = e->next;
        else
            d->first = e->next;
        if (d->last == e)
            d->last = before;
        return;
    }
}

xlsform_dict *svyi_xlsform_dict_copy(xlsform *x, const xlsform_dict *d)
{
    if (d == NULL)
        return NULL;
    xlsform_dict *copy = svyi_xlsform_dict_new(x);
    for (const xlsform_entry *e = d->first; copy != NULL && e != NULL; e = e->next) {
        xlsform_entry *c = append(x, copy, e->key);
        if (c != NULL)
            c->value = e->value;
    }
    return copy;
}

/* The dictionary at `v`, in which a text that stood there alone becomes that of the default language, unless the language is what
   comes next: then the text with the language replaces the one without. */
static xlsform_dict *dict_at(xlsform *x, xlsform_value *v, const char *next, const char *language)
{
    if (v->dict == NULL && (v->dict = svyi_xlsform_dict_new(x)) == NULL)
        return NULL;
    if (v->text != NULL && strcmp(next, language) != 0)
        svyi_xlsform_dict_put(x, &v->dict, language, v->text);
    v->text = NULL;
    return v->dict;
}

void svyi_xlsform_dict_path(xlsform *x, xlsform_dict *d, const char *const *keys, unsigned n, const char *text, const char *language)
{
    for (; n > 1 && d != NULL; keys++, n--) {
        xlsform_entry *e = entry_of(d, keys[0]);
        if (e == NULL && (e = append(x, d, keys[0])) == NULL)
            return;
        d = dict_at(x, &e->value, keys[1], language);
    }
    if (d == NULL)
        return;
    xlsform_entry *e = entry_of(d, keys[0]);
    if (e == NULL) {
        if ((e = append(x, d, keys[0])) != NULL)
            e->value.text = text;
    } else if (e->value.dict != NULL) {
        if (entry_of(e->value.dict, language) == NULL)
            svyi_xlsform_dict_put(x, &e->value.dict, language, text);
    } else {
        e->value.text = text;
    }
}

int svyi_xlsform_is_there(const xlsform_value *v)
{
    return v != NULL && ((v->text != NULL && v->text[0] != '\0') || (v->dict != NULL && v->dict->first != NULL));
}

int svyi_xlsform_yes_no(const char *text)
{
    static const char *const YES[] = { "yes", "Yes", "YES", "true", "True", "TRUE", "true()" };
    static const char *const NO[] = { "no", "No", "NO", "false", "False", "FALSE", "false()" };

    for (size_t i = 0; text != NULL && i < sizeof YES / sizeof YES[0]; i++) {
        if (strcmp(text, YES[i]) == 0)
            return 1;
        if (strcmp(text, NO[i]) == 0)
            return 0;
    }
    return -1;
}

/* ---- reports */

static void report(xlsform *x, svy_severity severity, const char *sheet, int row, const char *advice, const char *fmt, va_list ap)
{
    char found[320];
    const svyi_where where = { x->source, row, 0, sheet };

    (void)vsnprintf(found, sizeof found, fmt, ap);
    svyi_report(x->diags, severity, severity == SVY_PROBLEM ? SVY_E_INVALID : SVY_OK, &where, advice, "%s", found);
    if (severity != SVY_PROBLEM)
        return;
    if (x->problems == 0 && x->err != NULL)
        svyi_fail_at(x->err, SVY_E_INVALID, x->source, row, 0, 0, "%s: %s", sheet, found);
    x->problems++;
}

void svyi_xlsform_problem(xlsform *x, const char *sheet, int row, const char *advice, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    report(x, SVY_PROBLEM, sheet, row, advice, fmt, ap);
    va_end(ap);
}

void svyi_xlsform_warn(xlsform *x, const char *sheet, int row, const char *advice, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    report(x, SVY_WARNING, sheet, row, advice, fmt, ap);
    va_end(ap);
}

void svyi_xlsform_note(xlsform *x, const char *sheet, int row, const char *advice, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    report(x, SVY_NOTE, sheet, row, advice, fmt, ap);
    va_end(ap);
}
