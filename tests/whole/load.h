/* Questionnaires for tests of the whole library: read from XML, opened, and an interview begun, as any program would do it. */
#ifndef SVY_TEST_WHOLE_LOAD_H
#define SVY_TEST_WHOLE_LOAD_H
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <survey/exchange.h>
#include <survey/interview.h>

#include "../unit/interview/recorder.h"

/* 24 November 2026, 10:05 in Sofia. */
static const svy_moment NOW = { .utc_ms = 1795507500000, .zone_minutes = 120, .mono_ms = 1000 };

typedef struct loaded { void *block; size_t size; svy_form *form; char said[2048]; svy_diags diags; } loaded;

static inline void load_report(void *user, const svy_diag *d)
{
    loaded *l = user;
    const size_t len = strlen(l->said);

    if (d->severity == SVY_PROBLEM)
        snprintf(l->said + len, sizeof l->said - len, "%s:%d [%s] %s: %s\n", d->source, d->line, d->element, d->found, d->advice);
}

static inline void load_open(loaded *l, svy_status st, svy_error *err)
{
    cr_assert_eq(st, SVY_OK, "%s\n%s", err->message, l->said);
    cr_assert_eq(svy_form_open(NULL, l->block, l->size, &l->form, err), SVY_OK, "%s", err->message);
}

static inline void load_file(loaded *l, const char *path)
{
    svy_error err = SVY_ERROR_INIT;

    *l = (loaded){ .diags = { .report = load_report, .user = l } };
    load_open(l, svy_questionnaire_read(NULL, path, NULL, &l->diags, &l->block, &l->size, &err), &err);
}

static inline void load_text(loaded *l, const char *xml)
{
    svy_error err = SVY_ERROR_INIT;

    *l = (loaded){ .diags = { .report = load_report, .user = l } };
    load_open(l, svy_questionnaire_read_memory(NULL, xml, strlen(xml), NULL, NULL, &l->diags, &l->block, &l->size, &err), &err);
}

static inline void load_free(loaded *l)
{
    svy_form_free(l->form);
    svy_block_free(NULL, l->block, l->size);
}

/* `pairs`: parameters to override, each with its value behind it. */
static inline svy_interview *begin_with(const svy_form *form, recorder *r, uint64_t seed, const char *const *pairs, unsigned n)
{
    svy_interview_options o = SVY_INTERVIEW_OPTIONS_INIT;
    svy_error err = SVY_ERROR_INIT;
    svy_interview *iv;

    o.seed = seed;
    o.parameters = pairs;
    o.n_parameters = n;
    if (r != NULL)
        o.journal = (svy_journal){ rec_write, r };
    cr_assert_eq(svy_interview_new(NULL, form, &o, NOW, &iv, &err), SVY_OK, "%s", err.message);
    return iv;
}

/* `parameter` NULL, or one to override with `value`. */
static inline svy_interview *begin(const svy_form *form, recorder *r, uint64_t seed, const char *parameter, const char *value)
{
    const char *const pair[] = { parameter, value };
    return begin_with(form, r, seed, pair, parameter != NULL);
}

static inline char *json_of(const svy_interview *iv, int sensitive)
{
    const size_t n = svy_interview_json(iv, sensitive, NULL, 0);
    char *text = malloc(n + 1);

    cr_assert(text != NULL && svy_interview_json(iv, sensitive, text, n + 1) == n);
    return text;
}

/* The journal gives the same state and the same answers again. */
static inline void expect_replayed(const svy_interview *iv, const recorder *r, const char *what)
{
    svy_error err = SVY_ERROR_INIT;
    svy_interview *again = rec_replay(r, r->n, svy_interview_form(iv), &err);

    cr_assert_not_null(again, "%s: %s", what, err.message);
    state x = state_of(iv), y = state_of(again);
    cr_expect(state_same(&x, &y), "%s: the replay has another state", what);
    for (int sensitive = 0; sensitive < 2; sensitive++) {
        char *a = json_of(iv, sensitive), *b = json_of(again, sensitive);
        cr_expect_str_eq(a, b, "%s: the replay has other answers", what);
        free(a);
        free(b);
    }
    free(x.bytes);
    free(y.bytes);
    svy_interview_free(again);
}
#endif
