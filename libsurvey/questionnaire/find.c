/* The problems that a compilation finds: kept until all are known, then passed on in the order of files and lines. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "questionnaire/questionnaire_priv.h"

static const char *kept(svyi_q_findings *f, const char *text)
{
    const char *copy = text[0] == '\0' ? "" : svyi_arena_text(&f->arena, text, strlen(text));

    if (copy == NULL)
        f->failed = 1;
    return copy != NULL ? copy : "";
}

static void keep(void *user, const svy_diag *d)
{
    svyi_q_findings *f = user;

    if (f->failed || svyi_grow(&f->alloc, &f->list, &f->capacity, f->n + 1, sizeof *f->list) != 0) {
        f->failed = 1;
        return;
    }
    svyi_q_finding *to = &f->list[f->n];
    to->sequence = (uint32_t)f->n++;
    to->d = *d;
    to->d.source = kept(f, d->source);
    to->d.element = kept(f, d->element);
    to->d.found = kept(f, d->found);
    to->d.advice = kept(f, d->advice);
}

void svyi_q_findings_init(svyi_q_findings *f, const svy_alloc *alloc)
{
    memset(f, 0, sizeof *f);
    f->alloc = svyi_alloc_or_default(alloc);
    svyi_arena_init(&f->arena, alloc);
    f->in = (svy_diags){ .report = keep, .user = f };
}

void svyi_q_findings_clear(svyi_q_findings *f)
{
    svyi_release(&f->alloc, f->list, f->capacity * sizeof *f->list);
    svyi_arena_clear(&f->arena);
}

static int by_place(const void *a, const void *b)
{
    const svyi_q_finding *x = a, *y = b;
    const int file = x->elsewhere != y->elsewhere ? x->elsewhere - y->elsewhere : strcmp(x->d.source, y->d.source);

    if (file != 0)
        return file;
    if (x->d.line != y->d.line)
        return x->d.line < y->d.line ? -1 : 1;
    if (x->d.column != y->d.column)
        return x->d.column < y->d.column ? -1 : 1;
    return x->sequence < y->sequence ? -1 : 1;
}

void svyi_q_findings_sort(svyi_q_findings *f, const char *main_source)
{
    for (size_t i = 0; i < f->n; i++)
        f->list[i].elsewhere = strcmp(f->list[i].d.source, main_source) != 0;
    if (f->n > 1)
        qsort(f->list, f->n, sizeof *f->list, by_place);
}

void svyi_q_findings_emit(const svyi_q_findings *f, svy_diags *out)
{
    for (size_t i = 0; i < f->n && out != NULL; i++) {
        const svy_diag *d = &f->list[i].d;
        out->problems += d->severity == SVY_PROBLEM;
        out->warnings += d->severity == SVY_WARNING;
        if (out->report != NULL)
            out->report(out->user, d);
    }
}

const char *svyi_q_element_id(const svy_builder *b, uint32_t element)
{
    for (; element != 0; element = b->elements[element].parent) {
        const char *id = svyi_q_value(b, element, "id");
        if (id[0] != '\0')
            return id;
    }
    return "";
}

int svyi_q_shown(const char *text)
{
    enum { SHOWN = 60 };
    const size_t len = strlen(text);
    size_t at = 0, end = 0;

    while (at < len && (unsigned char)text[at] >= ' ') {
        svyi_utf8_next(text, len, &at);
        if (at > SHOWN)
            break;
        end = at;
    }
    return (int)end;
}

svyi_where svyi_q_rule_place(const svyi_q_rule *r)
{
    return (svyi_where){ .source = r->source, .line = r->line, .column = r->column, .element = r->element };
}

void svyi_q_tell(svyi_q *q, svy_severity severity, svy_status code, uint32_t element, const svy_attribute *attribute, const char *advice,
                 const char *fmt, ...)
{
    char found[384];
    va_list ap;
    const svyi_q_element *e = &q->b->elements[element];
    const svyi_where where = { .source = e->source, .line = attribute != NULL && attribute->line > 0 ? attribute->line : e->line,
                               .column = attribute != NULL ? attribute->column : 0, .element = svyi_q_element_id(q->b, element) };

    va_start(ap, fmt);
    (void)vsnprintf(found, sizeof found, fmt, ap);
    va_end(ap);
    svyi_report(&q->found.in, severity, code, &where, advice, "%s", found);
}
