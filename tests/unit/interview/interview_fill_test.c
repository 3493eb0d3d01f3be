/* Interviews filled in from cells, and texts made from patterns. */
#include <criterion/criterion.h>
#include <regex.h>

#include "interview/random_priv.h"
#include "make_form.h"

typedef struct cell { const char *name, *text; } cell;

static int get_cell(void *user, const char *name, const char **text, size_t *len)
{
    for (const cell *c = user; c->name != NULL; c++)
        if (strcmp(c->name, name) == 0) {
            *text = c->text;
            *len = strlen(c->text);
            return 1;
        }
    return 0;
}

static const char *cell_name(void *user, size_t i)
{
    return ((cell *)user)[i].name;
}

typedef struct heard { char text[4000]; } heard;

static void hear(void *user, const svy_diag *d)
{
    heard *h = user;
    const size_t len = strlen(h->text);

    snprintf(h->text + len, sizeof h->text - len, "%s:%d:%s: %s\n", d->source, d->line, d->element, d->found);
}

static svy_status fill(cell *cells, const char *reason, svy_interview **iv, form_maker *m, heard *h)
{
    svy_error err = SVY_ERROR_INIT;
    const svy_moment now = { .utc_ms = 1774958400000 };
    const svy_cells source = { get_cell, cell_name, cells };
    svy_diags diags = { .report = hear, .user = h };

    h->text[0] = '\0';
    *m = fm_everything();
    cr_assert_eq(svy_interview_new(NULL, m->form, NULL, now, iv, &err), SVY_OK);
    return svy_interview_fill(*iv, &source, reason, now, "data.csv", 7, &diags, &err);
}

static void done(svy_interview *iv, form_maker *m)
{
    svy_interview_free(iv);
    fm_free(m);
}

Test(interview_fill, a_whole_interview)
{
    cell cells[] = {
        { "consent", "1" }, { "hours", "40" }, { "pay", "70" }, { "week", "" }, { "eats", "1,7" }, { "eats_other", "soup" },
        { "often[1]", "3" }, { "often[7]", "4" }, { "rank_missing", "refused" }, { "half", "2" }, { "where", "b1" },
        { "size", "3" }, { "age[1]", "40" }, { "age[2]", "10" }, { "school[2]", "true" },
        { "wage[1,1]", "100" }, { "wage[1,2]", "50.5" }, { "day", "2026-03-01" }, { "nonsense", "x" }, { NULL, NULL } };
    svy_interview *iv;
    form_maker m;
    heard h;

    cr_assert_eq(fill(cells, "as in the file", &iv, &m, &h), SVY_OK, "%s", h.text);
    cr_expect_eq(svy_interview_phase(iv), SVY_COMPLETE);
    uint32_t income;
    cr_assert(svy_form_find(m.form, "income", 6, &income));
    cr_expect_eq(svy_interview_get(iv, (svy_place){ income, 0 }).number, 150.5);
    done(iv, &m);
}

Test(interview_fill, every_problem_is_reported)
{
    cell cells[] = { { "consent", "1" }, { "hours", "many" }, { "pay", "5" }, { "eats", "1 9" }, { "half_missing", "lost" },
                     { "size", "2" }, { "size_missing", "refused" }, { "age[4]", "3" }, { NULL, NULL } };
    svy_interview *iv;
    form_maker m;
    heard h;

    cr_assert_eq(fill(cells, NULL, &iv, &m, &h), SVY_E_INVALID);
    cr_expect_neq(svy_interview_phase(iv), SVY_COMPLETE);
    static const char *const WANTED[] = { "data.csv:7:hours: ", "data.csv:7:pay: the question is not asked", "data.csv:7:eats: ", "data.csv:7:half_missing: ",
                                          "data.csv:7:size_missing: ", "data.csv:7:age[4]: " };
    for (size_t i = 0; i < sizeof WANTED / sizeof WANTED[0]; i++)
        cr_expect_not_null(strstr(h.text, WANTED[i]), "%s is not in\n%s", WANTED[i], h.text);
    done(iv, &m);
}

Test(interview_fill, failing_checks_and_required_answers)
{
    cell soft[] = { { "consent", "1" }, { "hours", "40" }, { "pay", "70" }, { NULL, NULL } };
    cell required[] = { { "hours", "40" }, { NULL, NULL } };
    svy_interview *iv;
    form_maker m;
    heard h;

    cr_assert_eq(fill(soft, NULL, &iv, &m, &h), SVY_E_INVALID);
    cr_expect_not_null(strstr(h.text, "data.csv:7:pay: Over 60: is 40 right?"), "%s", h.text);
    done(iv, &m);
    cr_assert_eq(fill(required, NULL, &iv, &m, &h), SVY_E_INVALID);
    cr_expect_not_null(strstr(h.text, "data.csv:7:consent: a required answer is missing"), "%s", h.text);
    done(iv, &m);
}

/* POSIX regcomp is the judge of what matches. */
Test(interview_fill, made_texts_match_their_patterns)
{
    static const char *const PATTERNS[] = { "^T[0-9]{2}$", "^[A-HJ-NP-Z2-9]{7}$", "^([A-HJ-NP-Z2-9]{7}( [A-HJ-NP-Z2-9]{7}){0,2})?$",
                                            "^(a|bc|d+)e*f?$", "^[^a-z]{3,5}x\\.y$", "^x{2,}(y|(z{3}|w))$" };
    svyi_random r;
    char text[SVYI_CANDIDATE + 1];

    svyi_random_seed(&r, 1);
    for (size_t i = 0; i < sizeof PATTERNS / sizeof PATTERNS[0]; i++) {
        regex_t re;
        cr_assert_eq(regcomp(&re, PATTERNS[i], REG_EXTENDED | REG_NOSUB), 0);
        for (int k = 0; k < 200; k++) {
            text[svyi_pattern_make(&r, PATTERNS[i], strlen(PATTERNS[i]), text, SVYI_CANDIDATE)] = '\0';
            cr_expect_eq(regexec(&re, text, 0, NULL, 0), 0, "'%s' does not match %s", text, PATTERNS[i]);
        }
        regfree(&re);
    }
}
