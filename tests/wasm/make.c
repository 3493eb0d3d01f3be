/* Writes a compiled form and journals of interviews at random and of disturbed ones, for `replay`:  make FOLDER */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <survey/interview.h>

#include "base/number.h"
#include "unit/interview/journal_text.h"
#include "unit/interview/make_form.h"

/* Goes to places at random and changes answers there, as people do who change their minds. */
static void change_minds(svy_interview *iv, const svy_form *form, svyi_random *r, svy_moment now)
{
    static const char *const ANSWERS[] = { "1", "2", "3", "10", "0", "1 3", "9", "7 2", "m4 m2", "a1", "12.75", "1e-3", "2024-02-29", "some text" };
    enum { N = sizeof ANSWERS / sizeof ANSWERS[0] };

    for (int i = 0; i < 150; i++) {
        const uint32_t item = svyi_random_below(r, svy_form_items(form)), roster = svy_form_item(form, item)->roster;
        const svy_place place = { item, roster != 0 ? svy_interview_next_entry(iv, roster, 0, 0) : 0 };
        const char *text = ANSWERS[svyi_random_below(r, N)];
        uint32_t entry, choices[16];
        svy_status st;
        now.utc_ms += 40000 + (svyi_random_below(r, 40) == 0 ? 90000000 : 0);
        svy_interview_choices(iv, place, choices, 16);
        st = svy_interview_answer(iv, place, text, strlen(text), "changed", now, NULL, NULL);
        if (st != SVY_OK && svyi_random_below(r, 3) == 0)
            st = svy_interview_add_entry(iv, place, now, &entry, NULL);
        if (st != SVY_OK)
            st = svy_interview_missing(iv, place, SVY_DONT_KNOW, now, NULL);
        (void)st;                                  /* most are refused */
    }
}

static void make_journal(const char *folder, const svy_form *form, unsigned seed)
{
    svy_interview_options o = SVY_INTERVIEW_OPTIONS_INIT;
    svy_error err = SVY_ERROR_INIT;
    svy_moment now = { .utc_ms = 1774958400000, .zone_minutes = 120, .mono_ms = 77 };
    svyi_random r;
    svy_interview *iv;
    char name[512];

    snprintf(name, sizeof name, "%s/journal%u", folder, seed);
    FILE *f = fopen(name, "wb");
    if (f == NULL)
        fm_die(name, NULL);
    svyi_random_seed(&r, seed);
    o.seed = seed;
    o.journal = (svy_journal){ jt_write, f };
    if (svy_interview_new(NULL, form, &o, now, &iv, &err) != SVY_OK)
        fm_die("interview", &err);
    if (seed % 2 == 0)
        change_minds(iv, form, &r, now);
    now.utc_ms += 500000000;
    if (svy_interview_randomize(iv, seed, 0.05, now, &err) != SVY_OK)
        fm_die("randomize", &err);
    svy_interview_free(iv);
    if (fclose(f) != 0)
        fm_die(name, NULL);
}

int main(int argc, char **argv)
{
    form_maker m = fm_everything();
    char name[512];

    if (argc != 2)
        return 2;
    snprintf(name, sizeof name, "%s/form", argv[1]);
    FILE *f = fopen(name, "wb");
    if (f == NULL || fwrite(m.block, 1, m.size, f) != m.size || fclose(f) != 0)
        fm_die(name, NULL);
    for (unsigned seed = 1; seed <= 30; seed++)
        make_journal(argv[1], m.form, seed);
    fm_free(&m);
    return 0;
}
