/* Random histories in four files of one study (headquarters, two laptops, a partner who only has its own): interviews begun, sent, corrected, returned, erased, kept aside,
 * with files, forms, media and parameters, brought together in random order, also cut and by a stick. At the end all have the same, and nothing acknowledged is lost.
 * SVY_SYNC_SEEDS=2000 in the environment: so many histories; SVY_SYNC_FIRST=17: from this one on. */
#define _POSIX_C_SOURCE 200809L
#include <sys/stat.h>
#include "study_scratch.h"
#include "study_device.h"
#include "study_sync.h"
#include "sync_history.h"

TestSuite(sync_random, .init = enter, .fini = leave);

/* ---- what happens in one file ---- */

static void begin_one(world *w, int where)
{
    known *k = another(w, where);
    svy_session *n = begin(w->s[where], k->case_id, k->uuid);

    if (dice(w, 3) > 0) {
        const unsigned words = say_words(w, k, n);
        finish(n);
        acknowledge(w, k, words);
        return;
    }
    say(n, "centre", "", "Sofia");
    leave_it(n);
}

static void go_on_with(world *w, int where)
{
    known *k = any(w, where);
    char uuid[37];
    svy_session *n;
    int resumed;

    if (k == NULL || (k->of_partner && (!one_of(w, where, k, uuid) || !is(w, where, uuid, "phase < 2"))) || svy_session_open(w->s[where], "tcn-study", k->case_id, "maria", NULL, 7, tick(), &n, &resumed, NULL) != SVY_OK)
        return;
    go_back(n);
    const unsigned words = say_words(w, k, n);
    if (dice(w, 3) == 0)
        leave_it(n);
    else
        finish(n);
    acknowledge(w, k, words);
}

static void correct_one(world *w, int where)
{
    known *k = any(w, where);
    char uuid[37], words_said[32];
    svy_session *n;

    if (k == NULL || !one_of(w, where, k, uuid) || svy_session_correct(w->s[where], uuid, "eva", "checked again", tick(), &n, NULL) != SVY_OK)
        return;
    const unsigned words = next_words(w, words_said);
    say(n, "words", "", words_said);
    if (dice(w, 4) == 0)
        svy_session_close(n);
    else
        finish(n);
    acknowledge(w, k, words);
}

static void erase_one(world *w, int where)
{
    known *k = any(w, where);
    char uuid[37];

    if (k == NULL || where == PARTNER || dice(w, 3) > 0 || !one_of(w, where, k, uuid))
        return;
    OK(svy_study_erase(w->s[where], uuid, "ann", "request", tick(), &err));
    k->erased = 1;
}

static void end_early(world *w, int where)
{
    known *k = another(w, where);
    svy_session *n = begin(w->s[where], k->case_id, k->uuid);

    say(n, "centre", "", "Sofia");
    say(n, "consent", "", "2");
    finish(n);
}

static void attach_one(world *w, int where)
{
    known *k = any(w, where);
    char uuid[37], content[40];

    if (k == NULL || !one_of(w, where, k, uuid) || is(w, where, uuid, "blanked = 1"))
        return;
    snprintf(content, sizeof content, "picture %u", (unsigned)dice(w, 4));
    (void)!svy_study_attach_file(w->s[where], uuid, dice(w, 2) == 0 ? "a.jpg" : "b.jpg", NULL, content, strlen(content), tick(), NULL);
}

/* A case is given to somebody; a complete one returned. */
static void move_case(world *w, int where)
{
    const known *k = any(w, where);

    if (k == NULL)
        return;
    if (dice(w, 2) == 0)
        (void)!svy_study_case_assign(w->s[where], NULL, "tcn-study", k->case_id, dice(w, 2) == 0 ? "maria" : "petar", NULL, "ann", tick(), NULL);
    else
        (void)!svy_study_case_return(w->s[where], NULL, "tcn-study", k->case_id, dice(w, 2) == 0 ? "look again" : "the age?", "ann", tick(), NULL);
}

static void set_parameter(world *w, int where)
{
    char value_set[16];

    snprintf(value_set, sizeof value_set, "%u", 600 + (unsigned)dice(w, 100));
    (void)!svy_study_set_parameter(w->s[where], "tcn-study", "minwage", dice(w, 4) == 0 ? NULL : value_set, "ann", tick(), NULL);
}

/* The second version of the questionnaire, or the one for which something waits; with pictures, of which two machines may have other ones. */
static void deploy_one(world *w, int where)
{
    const int second = (int)dice(w, 2);
    fixture_block block = fixture_form(second ? "tcn-study" : "later", second);
    char content[16];

    snprintf(content, sizeof content, "film %u", (unsigned)dice(w, 3));
    const svy_source sources[] = { { "questionnaire.xml", "<questionnaire/>", 16, 0 }, { dice(w, 2) == 0 ? "one.png" : "two.png", content, strlen(content), 1 } };
    if (where != PARTNER)
        (void)!svy_study_deploy(w->s[where], block.bytes, block.size, sources, 2, "ann", tick(), NULL);
    svy_block_free(NULL, block.bytes, block.size);
}

/* A device sends: an interview of its own, one with the uuid of another, one of a version that nobody has deployed yet. */
static void device_sends(world *w, int where)
{
    known *k = dice(w, 4) == 0 ? any(w, where) : NULL;                   /* of a partner's interview others have no version */
    const int later = k == NULL && dice(w, 3) == 0;
    char words_said[32], made[37];

    if (k != NULL && k->of_partner != (where == PARTNER))
        return;
    if (k == NULL) {
        svyi_uuid_make(made);
        k = another(w, where);
        snprintf(k->uuid, sizeof k->uuid, "%s", made);
    }
    device d = device_open(later ? "later" : "tcn-study", 0, k->uuid, k->case_id);
    device_start(&d);
    const unsigned words = next_words(w, words_said);
    device_say_all(&d, words_said);
    device_complete(&d);
    device_end(&d);
    const svy_received got = arrive(w, where, d.bytes, d.n);
    if (got.receipt == SVY_STORED || got.receipt == SVY_KEPT_BOTH || (later && got.receipt == SVY_KEPT_ASIDE))
        acknowledge(w, k, words);
    device_close(&d);
}

/* What one file has of an interview, or a correction of it, comes to another one as a package, as from a device that got it there. */
static void carry_package(world *w, int where)
{
    known *k = any(w, where);
    char uuid[37];
    const int from = (int)dice(w, FILES);
    svyi_buffer package;

    if (k == NULL || from == where || where == PARTNER || from == PARTNER || !one_of(w, from, k, uuid))
        return;
    svyi_buffer_init(&package, NULL);
    if (svy_study_package(w->s[from], uuid, keep, &package, NULL) == SVY_OK && package.len > 0)
        (void)arrive(w, where, package.data, package.len);
    svyi_buffer_clear(&package);
}

static void try_again(world *w, int where)
{
    svy_opened opened;

    OK(svy_study_try_again(w->s[where], &opened, &err));
}

static void happen(world *w)
{
    static void (*const WHAT[])(world *w, int where) = { begin_one, begin_one, go_on_with, go_on_with, correct_one, correct_one, erase_one, end_early, attach_one, move_case, set_parameter,
                                                         deploy_one, device_sends, device_sends, carry_package, carry_package, try_again };

    WHAT[dice(w, sizeof WHAT / sizeof WHAT[0])](w, (int)dice(w, FILES));
}

/* ---- files meet ---- */

static void meet(world *w)
{
    const int a = (int)dice(w, PARTNER), b = (a + 1 + (int)dice(w, PARTNER - 1)) % PARTNER;

    switch (dice(w, 6)) {
    case 0:
    case 1: together(w->s[a], w->s[b]); break;
    case 2: partner_meets(w, (int)dice(w, 4)); break;
    case 3: exchange(w, w->s[a], w->s[b], NULL, (int)dice(w, 4)); break;
    case 4: by_stick(w, a); break;
    default: cut_stick(w, a); break;
    }
}

/* All with all, until nothing moves. */
static void until_quiet(world *w)
{
    int moved = 1, rounds = 0;

    for (; moved && rounds < 8; rounds++) {
        moved = 0;
        for (int i = 0; i < FILES; i++)
            try_again(w, i);
        for (int i = 0; i < PARTNER; i++) {
            const both m = together(w->s[i], w->s[(i + 1) % PARTNER]);
            moved |= !is_nothing(&m.a) || !is_nothing(&m.b);
        }
        moved |= partner_meets(w, ALL_OF_IT);
    }
    cr_expect(!moved, "seed %u: after %d rounds things still move: %s", w->seed, rounds, refusal);
}

/* ---- one history ---- */

static void play(unsigned seed)
{
    world w = { .seed = seed, .state = seed * UINT64_C(7919) + 17 };

    world_open(&w);
    for (int i = 0; i < STEPS; i++) {
        if (dice(&w, 4) == 0)
            meet(&w);
        else
            happen(&w);
    }
    until_quiet(&w);
    look(&w);
    world_close(&w);
}

Test(sync_random, four_files_come_to_one_union)
{
    const char *seeds = getenv("SVY_SYNC_SEEDS"), *first = getenv("SVY_SYNC_FIRST");
    const unsigned from = first != NULL ? (unsigned)atoi(first) : 1, n = seeds != NULL ? (unsigned)atoi(seeds) : 12;

    for (unsigned seed = from; seed < from + n; seed++) {
        fprintf(stderr, "history %u\n", seed);
        play(seed);
        leave();
        enter();
    }
}
