/* The object that holds tests. */
#include "estimate/tests.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"

svy_status svyi_tests_new(const svy_alloc *alloc, svy_tests **out, svy_error *err)
{
    svyi_arena arena;
    svyi_arena_init(&arena, alloc);
    svy_tests *t = *out = svyi_arena_get(&arena, sizeof *t);
    if (t == NULL)
        return svyi_nomem(err);
    t->arena = arena;
    return SVY_OK;
}

void svy_tests_free(svy_tests *t)
{
    if (t == NULL)
        return;
    svyi_arena arena = t->arena;     /* the tests live in it */
    svyi_release(&arena.alloc, t->rows, t->room * sizeof *t->rows);
    svyi_release(&arena.alloc, t->notes, t->notes_room * sizeof *t->notes);
    svyi_arena_clear(&arena);
}

svy_status svyi_tests_keep_by(svy_tests *t, const svyi_domains *domains, svy_error *err)
{
    t->by_names = svyi_arena_get(&t->arena, (domains->n_by + 1) * sizeof *t->by_names);
    if (t->by_names == NULL)
        return svyi_nomem(err);
    memcpy(t->by_names, domains->names, domains->n_by * sizeof *t->by_names);
    t->n_by = domains->n_by;
    if (domains->left_out > 0)
        svyi_tests_say(t, "%llu %s in no domain because a by-variable is missing", (unsigned long long)domains->left_out,
                       domains->left_out == 1 ? "row is" : "rows are");
    return SVY_OK;
}

svy_test_row *svyi_tests_add(svy_tests *t, const char *test, const svyi_domains *domains, size_t domain)
{
    int failed = svyi_grow(&t->arena.alloc, &t->rows, &t->room, t->count + 1, sizeof *t->rows) != 0;
    svy_test_row *row = failed ? &t->spare : &t->rows[t->count++];
    t->failed |= failed;
    *row = (svy_test_row){ test, NULL, nan(""), nan(""), nan(""), nan(""), nan(""), nan(""), nan(""), nan("") };
    if (domains->values != NULL)
        row->by = domains->values + domain * domains->n_by;
    return row;
}

void svyi_tests_say(svy_tests *t, const char *fmt, ...)
{
    char text[512];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    char *copy = svyi_arena_text(&t->arena, text, strlen(text));
    if (copy == NULL || svyi_grow(&t->arena.alloc, &t->notes, &t->notes_room, t->n_notes + 1, sizeof *t->notes) != 0)
        t->failed = 1;
    else
        t->notes[t->n_notes++] = copy;
}

void svyi_tests_say_missing(svy_tests *t, uint64_t rows)
{
    if (rows > 0)
        svyi_tests_say(t, "%llu %s left out because a variable is missing", (unsigned long long)rows, rows == 1 ? "row was" : "rows were");
}

void svyi_tests_domain_name(const svyi_domains *domains, size_t domain, char *out, size_t size)
{
    size_t used = 0;
    out[0] = '\0';
    for (size_t k = 0; domains->values != NULL && k < domains->n_by && used < size; k++)
        used += (size_t)snprintf(out + used, size - used, "%s%s = %s", k == 0 ? " in " : ", ", domains->names[k], domains->values[domain * domains->n_by + k]);
}

size_t svy_tests_count(const svy_tests *t) { return t->count; }
const svy_test_row *svy_tests_row(const svy_tests *t, size_t index) { return &t->rows[index]; }
size_t svy_tests_by_count(const svy_tests *t) { return t->n_by; }
const char *svy_tests_by_name(const svy_tests *t, size_t k) { return t->by_names[k]; }
size_t svy_tests_notes(const svy_tests *t) { return t->n_notes; }
const char *svy_tests_note(const svy_tests *t, size_t k) { return t->notes[k]; }
