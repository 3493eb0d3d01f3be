/* Notes about calls whose result differs between ODK's clients. */
#include "xpath_priv.h"

#include <string.h>

typedef struct divergence { const char *function, *found, *advice; } divergence;

/* One note for each function; docs/formats/xform.md has a paragraph for each. */
static const divergence DIVERGENCES[] = {
    { "regex", "Collect asks that the pattern matches the whole text, Web Forms and Enketo that it matches somewhere",
      "begin the pattern with ^ and end it with $" },
    { "boolean-from-string", "Collect takes TRUE for true, Web Forms and Enketo do not", NULL },
    { "date", "a day that does not exist is an error in Collect and Web Forms, the next day that does in Enketo", NULL },
    { "round", "halves of negative numbers are rounded up in Collect, away from zero in Web Forms and Enketo", NULL },
    { "sum", "blank values are left out in Collect and make the sum blank in Web Forms and Enketo", "leave blank nodes out with a predicate: [. != '']" },
    { "min", "blank values are left out in Collect and make the result blank in Web Forms and Enketo", "leave blank nodes out with a predicate: [. != '']" },
    { "max", "blank values are left out in Collect and make the result blank in Web Forms and Enketo", "leave blank nodes out with a predicate: [. != '']" },
    { "substring-after", "Web Forms takes off one character whatever the length of the second text", NULL },
};

/* A pattern in quotation marks that has both anchors means the same everywhere. */
static int is_anchored(const svyi_xnode *call)
{
    const svyi_xnode *p = call->last;
    return p->type == SVYI_X_CONST_TEXT && p->text_len >= 2 && p->text[0] == '^' && p->text[p->text_len - 1] == '$' &&
           memchr(p->text, '|', p->text_len) == NULL;
}

static int is_whole(const svyi_xnode *n)
{
    return n->type == SVYI_X_CONST_TEXT && n->text_len <= 1;
}

static int depends(const svyi_xnode *call)
{
    const char *name = call->fn->name;
    if (strcmp(name, "regex") == 0)
        return !is_anchored(call);
    if (strcmp(name, "substring-after") == 0)
        return !is_whole(call->last);
    if (strcmp(name, "date") == 0)
        return call->first->gives == SVY_X_TEXT && call->first->type != SVYI_X_CALL;
    if (strcmp(name, "min") == 0 || strcmp(name, "max") == 0)
        return call->first->gives == SVY_X_NODES;
    return 1;
}

/* A pattern in quotation marks that cannot be used: its questions would fail when they are asked. */
static void check_pattern(svyi_xcompiler *c, const svyi_xnode *pattern)
{
    size_t at;
    const char *why;
    if (pattern->type == SVYI_X_CONST_TEXT &&
        svyi_regex_check_odk(&c->base.arena.alloc, SVYI_REGEX_ODK, pattern->text, pattern->text_len, &at, &why) == 0)
        svyi_warn(&c->base, pattern->at + 1 + at, NULL, "the pattern '%.*s' cannot be used: %s", svyi_shown(pattern->text, pattern->text_len), pattern->text, why);
}

void svyi_xnote_call(svyi_xcompiler *c, const svyi_xnode *call)
{
    if (strcmp(call->fn->name, "regex") == 0)
        check_pattern(c, call->last);
    for (size_t i = 0; i < sizeof DIVERGENCES / sizeof *DIVERGENCES; i++)
        if (strcmp(call->fn->name, DIVERGENCES[i].function) == 0 && depends(call))
            svyi_note(&c->base, call->at, DIVERGENCES[i].advice, "%s(): %s", call->fn->name, DIVERGENCES[i].found);
}
