/* The shipped questionnaires, lived through: hundreds of random interviews end, no question is out of reach, and every journal replays. */
#include "walk.h"

enum { RUNS = 2000, WALKS = 200, STEPS = 60, PLACES = 4096 };

static const char MAIN[] = SVY_SOURCE_DIR "/questionnaires/a-main-tcn/questionnaire.xml";

/* How often a question was asked, and answered with a value, over all interviews; by item. */
typedef struct coverage { unsigned asked[PLACES], answered[PLACES]; } coverage;

static void cover_entry(const svy_interview *iv, uint32_t item, uint32_t entry, coverage *c)
{
    const svy_place place = { item, entry };

    if (!svy_interview_relevant(iv, place))
        return;
    c->asked[item]++;
    c->answered[item] += svy_interview_get(iv, place).missing == SVY_PRESENT;
}

/* Rosters of the shipped questionnaires are not nested: the entries of a roster stand in entry 0. */
static void cover(const svy_interview *iv, coverage *c)
{
    const svy_form *form = svy_interview_form(iv);

    for (uint32_t i = 0; i < svy_form_items(form); i++) {
        const svy_item *item = svy_form_item(form, i);
        if (item->kind != SVY_EL_QUESTION && item->kind != SVY_EL_NOTE)
            continue;
        if (item->roster == 0)
            cover_entry(iv, i, 0, c);
        for (uint32_t e = 0; item->roster != 0 && (e = svy_interview_next_entry(iv, item->roster, 0, e)) != 0; )
            cover_entry(iv, i, e, c);
    }
}

/* Prints what was never asked, and what was asked but never answered; nothing of either kind may remain. */
static void expect_covered(const svy_form *form, const coverage *c)
{
    unsigned questions = 0;

    for (uint32_t i = 0; i < svy_form_items(form); i++) {
        const uint32_t kind = svy_form_item(form, i)->kind;
        if (kind != SVY_EL_QUESTION && kind != SVY_EL_NOTE)
            continue;
        questions++;
        if (c->asked[i] == 0)
            printf("%s: '%s' was never reached\n", svy_form_id(form), svy_form_item_id(form, i));
        cr_expect_gt(c->asked[i], 0, "'%s' was never reached", svy_form_item_id(form, i));
        cr_expect(kind == SVY_EL_NOTE || c->answered[i] > 0, "'%s' never had an answer", svy_form_item_id(form, i));
    }
    printf("%s: %u questions and notes in %d interviews\n", svy_form_id(form), questions, RUNS);
}

/* Counts the interviews that ended with each outcome, in the order of `codes`; others go last. */
static void count_outcome(const svy_interview *iv, const char *const *codes, unsigned *counts)
{
    while (**codes != '\0' && strcmp(*codes, svy_interview_outcome(iv)) != 0)
        codes++, counts++;
    ++*counts;
}

static int code_at(const svy_interview *iv, const char *id)
{
    uint32_t item;

    cr_assert(svy_form_find(svy_interview_form(iv), id, strlen(id), &item));
    const svy_value v = svy_interview_get(iv, (svy_place){ item, 0 });
    return v.missing == SVY_PRESENT ? v.text[0] - '0' : 0;
}

static void given(svy_interview *iv, const char *id, const char *text)
{
    svy_error err = SVY_ERROR_INIT;
    svy_place place = { 0, 0 };

    cr_assert(svy_form_find(svy_interview_form(iv), id, strlen(id), &place.item), "%s", id);
    cr_assert_eq(svy_interview_answer(iv, place, text, strlen(text), "", NOW, NULL, &err), SVY_OK, "%s: %s", id, err.message);
}

/* Every second interview is steered past the early ends, every fourth to those without work, every eighth to those who do not look for
   any: the routes that chance takes seldom. */
static void steer(svy_interview *iv, unsigned seed)
{
    if (seed % 2 == 0) {
        given(iv, "a_consent", "1");
        given(iv, "b_yob", "1990");
        given(iv, "b_citeu", "2");
    }
    if (seed % 4 == 0)
        given(iv, "e_work", "2");
    if (seed % 8 == 0) {
        given(iv, "e_fam", "2");
        given(iv, "e_abs", "2");
        given(iv, "e_seek", "2");
        given(iv, "e_found", "4");
    }
}

Test(random_interviews, main_study, .timeout = 280)
{
    static const char *const CODES[] = { "21", "22", "23", "" };
    static coverage c;
    static loaded l;
    unsigned outcomes[4] = { 0 }, arms[10] = { 0 };
    svy_error err = SVY_ERROR_INIT;

    load_file(&l, MAIN);
    cr_assert_leq(svy_form_items(l.form), PLACES);
    for (unsigned seed = 1; seed <= RUNS; seed++) {
        recorder r = { .writes_left = -1 };
        svy_interview *iv = begin(l.form, &r, seed, NULL, NULL);
        steer(iv, seed);
        cr_assert_eq(svy_interview_randomize(iv, seed, 0.1, NOW, &err), SVY_OK, "seed %u: %s", seed, err.message);
        cr_expect_eq(svy_interview_phase(iv), SVY_COMPLETE);
        count_outcome(iv, CODES, outcomes);
        arms[code_at(iv, "a_arm")]++;
        cover(iv, &c);
        expect_replayed(iv, &r, "main study");
        svy_interview_free(iv);
        rec_free(&r);
    }
    expect_covered(l.form, &c);
    for (int i = 0; i < 4; i++)
        cr_expect_gt(outcomes[i], 0, "no interview ended with '%s'", CODES[i]);
    for (int arm = 1; arm <= 5; arm++)
        cr_expect_gt(arms[arm], 0, "no interview of sampling arm %d", arm);
    load_free(&l);
}

/* The other questionnaires, each with the parameters that open all its parts, and the outcomes of its early ends. */
typedef struct setting { const char *pairs[4]; unsigned n; } setting;
typedef struct shipped { const char *name; unsigned n_settings; setting settings[3]; const char *codes[2]; } shipped;
static const shipped OTHERS[] = {
    { "b-employer", 2, { { { "after", "0" }, 1 }, { { "after", "1" }, 1 } }, { "21", "" } },
    { "c-training", 3, { { { "stage", "1" }, 1 }, { { "stage", "2" }, 1 }, { { "stage", "3" }, 1 } }, { "21", "" } },
    { "d-campaign", 3, { { { "aud", "1", "wave", "0" }, 2 }, { { "aud", "1", "wave", "1" }, 2 }, { { "aud", "2", "wave", "1" }, 2 } }, { "21", "" } },
    { "e-exchange", 3, { { { "stage", "1" }, 1 }, { { "stage", "2" }, 1 }, { { "stage", "3" }, 1 } }, { "21", "" } },
    { "f-conference", 1, { { { NULL }, 0 } }, { "", "" } },
    { "g-encounter", 1, { { { NULL }, 0 } }, { "24", "" } },
};

static void load_shipped(loaded *l, const char *name)
{
    char path[512];

    snprintf(path, sizeof path, SVY_SOURCE_DIR "/questionnaires/%s/questionnaire.xml", name);
    load_file(l, path);
    cr_assert_leq(svy_form_items(l->form), PLACES);
}

static void expect_lived_through(const shipped *s)
{
    static coverage c;
    static loaded l;
    unsigned outcomes[3] = { 0 };
    svy_error err = SVY_ERROR_INIT;

    memset(&c, 0, sizeof c);
    load_shipped(&l, s->name);
    for (unsigned seed = 1; seed <= RUNS; seed++) {
        recorder r = { .writes_left = -1 };
        const setting *with = &s->settings[seed % s->n_settings];
        svy_interview *iv = begin_with(l.form, &r, seed, with->pairs, with->n);
        cr_assert_eq(svy_interview_randomize(iv, seed, 0.1, NOW, &err), SVY_OK, "%s, seed %u: %s", s->name, seed, err.message);
        cr_expect_eq(svy_interview_phase(iv), SVY_COMPLETE);
        count_outcome(iv, s->codes, outcomes);
        cover(iv, &c);
        expect_replayed(iv, &r, s->name);
        svy_interview_free(iv);
        rec_free(&r);
    }
    expect_covered(l.form, &c);
    for (int i = 0; i < 2 && (i == 0 || s->codes[0][0] != '\0'); i++)
        cr_expect_gt(outcomes[i], 0, "%s: no interview ended with '%s'", s->name, s->codes[i]);
    load_free(&l);
}

Test(random_interviews, employers, .timeout = 280) { expect_lived_through(&OTHERS[0]); }
Test(random_interviews, training_in_its_three_stages, .timeout = 280) { expect_lived_through(&OTHERS[1]); }
Test(random_interviews, campaigns, .timeout = 280) { expect_lived_through(&OTHERS[2]); }
Test(random_interviews, exchanges, .timeout = 280) { expect_lived_through(&OTHERS[3]); }
Test(random_interviews, conference, .timeout = 280) { expect_lived_through(&OTHERS[4]); }
Test(random_interviews, encounters, .timeout = 280) { expect_lived_through(&OTHERS[5]); }

static void walk_through(const svy_form *form, const char *parameter, const char *value, unsigned seed, unsigned *taken)
{
    recorder r = { .writes_left = -1 };
    walk w = { .iv = begin(form, &r, seed, parameter, value), .now = NOW };

    svyi_random_seed(&w.r, seed);
    for (int i = 0; i < STEPS; i++) {
        const size_t events = r.n;
        const svy_status st = walk_step(&w);
        cr_expect_neq(st, SVY_E_NOMEM);
        cr_expect(st == SVY_OK || r.n == events, "walk %u, step %d: refused, but written", seed, i);
        *taken += st == SVY_OK;
        if (i % 10 == 9)
            expect_settled(w.iv, seed, i);
    }
    expect_replayed(w.iv, &r, "walk");
    svy_interview_free(w.iv);
    rec_free(&r);
}

static void walk_form(loaded *l, const char *parameter, const char *const *values, unsigned n)
{
    unsigned taken = 0;

    for (unsigned seed = 1; seed <= WALKS; seed++)
        walk_through(l->form, parameter, values != NULL ? values[seed % n] : NULL, seed, &taken);
    cr_expect_gt(taken, WALKS * STEPS / 3, "only %u changes were taken", taken);
    load_free(l);
}

Test(random_interviews, back_and_forth_through_the_main_study, .timeout = 280)
{
    static loaded l;

    load_file(&l, MAIN);
    walk_form(&l, NULL, NULL, 0);
}

Test(random_interviews, back_and_forth_through_the_training, .timeout = 280)
{
    static const char *const STAGES[] = { "1", "2", "3" };
    static loaded l;

    load_shipped(&l, "c-training");
    walk_form(&l, "stage", STAGES, 3);
}

Test(random_interviews, back_and_forth_through_exchanges, .timeout = 280)
{
    static const char *const STAGES[] = { "1", "2", "3" };
    static loaded l;

    load_shipped(&l, "e-exchange");
    walk_form(&l, "stage", STAGES, 3);
}

Test(random_interviews, back_and_forth_through_encounters, .timeout = 280)
{
    static loaded l;

    load_shipped(&l, "g-encounter");
    walk_form(&l, NULL, NULL, 0);
}

/* The three kinds of rosters, one inside another, with routing and computes that look into them. */
static const char ROSTERS[] =
    "<questionnaire xmlns='urn:libsurvey:questionnaire:1' id='rosters' version='1' xml:lang='en'><title>Rosters</title>"
    "<choices id='yn'><choice code='1'>Yes</choice><choice code='2'>No</choice></choices>"
    "<choices id='crop' order='random'><choice code='w'>Wheat</choice><choice code='m'>Maize</choice><choice code='s'>Sunflower</choice>"
    "<choice code='o' other='true'>Another</choice><choice code='n' exclusive='true'>None</choice></choices>"
    "<question id='plots' type='integer'><label>Plots?</label><check that='. >= 0 and . &lt;= 5'>0 to 5</check></question>"
    "<roster id='plot' count='${plots}'><label>Plot</label>"
    "<question id='area' type='decimal'><label>Area?</label><check that='. > 0'>More than nothing</check>"
    "<check that='. &lt;= 50' severity='soft'>So large?</check></question>"
    "<question id='crops' type='multiple' choices='crop'><label>Crops?</label></question>"
    "<roster id='grown' for='${crops}'><label>Crop</label>"
    "<question id='yield' type='decimal' relevant='${area} > 2'><label>Yield?</label></question>"
    "<roster id='sale' max='3'><label>Sale</label><question id='price' type='decimal'><label>Price?</label>"
    "<check that='. >= 0'>Not less than nothing</check></question>"
    "<end id='rich' when='${price} > 15000' outcome='31'>Enough</end></roster>"
    "<compute id='earned' type='decimal' value='sum(${price})'/></roster>"
    "<compute id='nth' type='integer' value='position()'/>"
    "<question id='shared' type='boolean' relevant='position() > 1 and ${earned}[1] > 100'><label>Shared?</label></question></roster>"
    "<roster id='worker' min='1' max='4'><label>Worker</label><question id='age' type='integer'><label>Age?</label>"
    "<check that='. >= 0 and . &lt; 120'>An age</check></question>"
    "<question id='school' type='single' choices='yn' relevant='${age} &lt; 16'><label>At school?</label></question></roster>"
    "<compute id='young' type='integer' value='count(${worker}[${age} &lt; 16])'/>"
    "<section id='more' relevant='${young} > 0 or sum(${price}) > 500'><title>More</title>"
    "<question id='help' type='text' default='concat(${young}, &quot; children&quot;)'><label>Help?</label></question>"
    "<check that='sum(${area}) &lt;= 100' severity='soft'>Much land</check></section></questionnaire>";

Test(random_interviews, back_and_forth_through_rosters, .timeout = 280)
{
    static loaded l;

    load_text(&l, ROSTERS);
    walk_form(&l, NULL, NULL, 0);
}
