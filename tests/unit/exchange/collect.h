/* Problems as text, one per line: "error 3:5 [id] found: advice". */
#ifndef SVY_TEST_COLLECT_H
#define SVY_TEST_COLLECT_H
#include <stdio.h>
#include <string.h>
#include <survey/exchange.h>

typedef struct collected { char text[1 << 15]; size_t len; } collected;

static void collect(void *user, const svy_diag *d)
{
    static const char *const WORDS[] = { "note", "warning", "error" };
    collected *c = user;
    const int n = snprintf(c->text + c->len, sizeof c->text - c->len, "%s %d:%d [%s] %s: %s\n", WORDS[d->severity], d->line, d->column,
                           d->element, d->found, d->advice);
    if (n > 0 && c->len + (size_t)n < sizeof c->text)
        c->len += (size_t)n;
}
#endif
