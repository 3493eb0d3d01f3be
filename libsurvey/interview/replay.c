/* Rebuilding an interview from its journal. Events come from outside: each is held against the form and the state before it acts. */
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "interview/odk_priv.h"

svy_status svy_interview_replay_begin(const svy_alloc *alloc, const svy_form *form, const svy_journal *journal,
                                      svy_interview **out, svy_error *err)
{
    SVY_REQUIRE(out != NULL, err);
    *out = NULL;
    SVY_REQUIRE(form != NULL, err);
    const svy_status st = svyi_fresh(alloc, form, out, err);
    if (st == SVY_OK && journal != NULL)
        (*out)->journal = *journal;
    return st;
}

/* An event and what its names stand for. */
typedef struct act { const svy_event *e; svy_place place; uint32_t new_parent; } act;

static svy_status wrong(const act *a, svy_error *err, const char *what)
{
    return svyi_fail(err, SVY_E_FORMAT, "event %llu: %s", (unsigned long long)a->e->sequence, what);
}

/* Lines "name=value" behind the first. Leaves the length of the first in `*first`. */
static svy_status replay_properties(svy_interview *iv, const act *a, uint32_t *first, svy_error *err)
{
    const char *pairs[200], *text = a->e->value, *end = text + a->e->value_len, *at;
    size_t n = 0;

    *first = a->e->value_len;
    if (!svyi_is_odk(iv))
        return SVY_OK;
    at = memchr(text, '\n', a->e->value_len);
    *first = at != NULL ? (uint32_t)(at - text) : a->e->value_len;
    while (at != NULL) {
        const char *stop = memchr(at + 1, '\n', (size_t)(end - at - 1)), *last = stop != NULL ? stop : end;
        const char *equals = memchr(at + 1, '=', (size_t)(last - at - 1));
        if (equals == NULL || n == 100)
            return wrong(a, err, "the properties of the start are not well formed");
        pairs[2 * n] = svyi_arena_text(&iv->arena, at + 1, (size_t)(equals - at - 1));
        pairs[2 * n + 1] = svyi_arena_text(&iv->arena, equals + 1, (size_t)(last - equals - 1));
        if (pairs[2 * n] == NULL || pairs[2 * n + 1] == NULL)
            return svyi_nomem(err);
        n++;
        at = stop;
    }
    return svyi_odk_properties(iv, pairs, n, err);
}

static svy_status replay_start(svy_interview *iv, const act *a, svy_error *err)
{
    const char *text = a->e->value, *lang;
    uint32_t len;
    const svy_status st = replay_properties(iv, a, &len, err);
    uint64_t seed = 0;
    size_t at = 5;
    char tag[112], again[160];

    if (st != SVY_OK)
        return st;
    if (len < 6 || memcmp(text, "seed=", 5) != 0)
        return wrong(a, err, "the start does not name a seed");
    for (; at < len && text[at] >= '0' && text[at] <= '9'; at++)
        seed = seed * 10 + (uint64_t)(text[at] - '0');
    if (len - at < 6 || len - at - 6 >= sizeof tag || memcmp(text + at, " lang=", 6) != 0)
        return wrong(a, err, "the start does not name a language");
    lang = text + at + 6;
    memcpy(tag, lang, len - at - 6);
    tag[len - at - 6] = '\0';
    const int language = svy_form_find_language(iv->form, tag);
    if (language < 0)
        return wrong(a, err, "the form is not in the language of the start");
    svyi_start_text(seed, tag, again, sizeof again);
    if (strlen(again) != len || memcmp(again, text, len) != 0)
        return wrong(a, err, "the start is not well formed");
    return svyi_do_start(iv, seed, (uint32_t)language, err);
}

static svy_status replay_parameter(svy_interview *iv, const act *a, svy_error *err)
{
    if (!iv->before.starting)
        return wrong(a, err, "a parameter is set after the start");
    iv->s.starting = 1;
    return svyi_do_parameter(iv, a->place.item, a->e->value, a->e->value_len, err);
}

/* In a form with ODK's expressions anything that holds a value: it may come from a submission. */
static int is_question(const svy_interview *iv, svy_place place)
{
    if (svyi_is_odk(iv))
        return svyi_place_ok(iv, place) && svyi_is_leaf(iv, place.item);
    return svyi_place_ok(iv, place) && svyi_item(iv, place.item)->kind == SVY_EL_QUESTION;
}

static int on(const svy_interview *iv, svy_place place)
{
    return svyi_is_odk(iv) || (svyi_cell_at(iv, place.entry, place.item)->flags & SVYI_ON) != 0;
}

/* Codes that are in the list in canonical form, whatever is offered now. */
static svy_status replay_value(svy_interview *iv, const act *a, svy_value *value, svy_error *err)
{
    const svy_item *item = svyi_item(iv, a->place.item);
    const svy_kind kind = svy_type_kind((svy_type)item->type);
    svy_status st;

    if (a->e->value_len > SVYI_MAX_ANSWER || (a->e->value_len > 0 && !svyi_utf8_valid(a->e->value, a->e->value_len)))
        return wrong(a, err, "the answer is too long or not UTF-8");
    if (svyi_is_odk(iv)) {
        *value = (svy_value){ .kind = SVY_K_TEXT, .text = a->e->value, .len = a->e->value_len };
        return a->e->value_len > 0 ? SVY_OK : wrong(a, err, "the value is not an answer to the question");
    }
    if ((kind == SVY_K_CODE || kind == SVY_K_CODES) && item->list != 0)
        st = svyi_codes_read(iv, a->place, a->e->value, a->e->value_len, 0, value, err);
    else
        st = svy_value_parse((svy_type)item->type, a->e->value, a->e->value_len, value, err);
    if (st == SVY_E_NOMEM)
        return st;
    if (st != SVY_OK || value->missing != SVY_PRESENT || (kind == SVY_K_TEXT && value->len == 0))
        return wrong(a, err, "the value is not an answer to the question");
    return SVY_OK;
}

static svy_status replay_answer(svy_interview *iv, const act *a, svy_error *err)
{
    const svy_missing missing = a->e->missing;
    const char *reason = a->e->reason != NULL ? a->e->reason : "";
    svy_value value;
    svy_status st;
    int read = 0;

    if (!is_question(iv, a->place) || !on(iv, a->place) || (!svyi_is_odk(iv) && (svyi_item(iv, a->place.item)->flags & SVY_ITEM_READONLY) != 0))
        return wrong(a, err, "an answer is given to what is not asked");
    if (strlen(reason) > SVYI_MAX_ANSWER || !svyi_utf8_valid(reason, strlen(reason)))
        return wrong(a, err, "the reason is too long or not UTF-8");
    if (iv->audited)
        read = svyi_judge_answer(iv, a->place, a->e, &value);
    if (missing == SVY_DONT_KNOW || missing == SVY_REFUSED || missing == SVY_NOT_STATED)
        return a->e->value_len == 0 ? svyi_do_missing(iv, a->place, missing, err) : wrong(a, err, "an answer is both given and missing");
    if (missing != SVY_PRESENT)
        return wrong(a, err, "the reason for a missing answer is unknown");
    if ((!read && (st = replay_value(iv, a, &value, err)) != SVY_OK) ||
        (st = svyi_answer_put(iv, a->place, &value, reason, err)) != SVY_OK)
        return st;
    if (reason[0] != '\0') {
        const int n = svyi_override_own(iv, a->place, reason);
        if (n < 0)
            return svyi_nomem(err);
        if (n == 0)
            return wrong(a, err, "a reason is given where no check fails");
    }
    return SVY_OK;
}

static svy_status replay_clear(svy_interview *iv, const act *a, svy_error *err)
{
    if (!is_question(iv, a->place) || !on(iv, a->place))
        return wrong(a, err, "an answer is cleared that is not asked");
    if (iv->audited)
        svyi_judge_clear(iv, a->place, a->e);
    return svyi_do_clear(iv, a->place, err);
}

static svy_status replay_remark(svy_interview *iv, const act *a, svy_error *err)
{
    if (!is_question(iv, a->place) || a->e->value_len > SVYI_MAX_ANSWER ||
        (a->e->value_len > 0 && !svyi_utf8_valid(a->e->value, a->e->value_len)))
        return wrong(a, err, "a remark is not well formed");
    return svyi_do_remark(iv, a->place, a->e->value, a->e->value_len, err);
}

static int is_open_roster(const svy_interview *iv, uint32_t item, uint32_t entry)
{
    return svyi_place_ok(iv, (svy_place){ item, entry }) && svyi_is_open_roster(iv, item) && on(iv, (svy_place){ item, entry });
}

static svy_status replay_add(svy_interview *iv, const act *a, svy_error *err)
{
    uint32_t entry, found;

    if (!is_open_roster(iv, a->place.item, a->new_parent))
        return wrong(a, err, "an entry is added to what is not an open roster");
    const svy_status st = svyi_do_add(iv, (svy_place){ a->place.item, a->new_parent }, &entry, err);
    if (st != SVY_OK)
        return st;
    if (!svy_interview_find_entry(iv, a->e->entry, &found) || found != entry)
        return wrong(a, err, "the entry that is added has another key");
    return SVY_OK;
}

static svy_status replay_remove(svy_interview *iv, const act *a, svy_error *err)
{
    const uint32_t entry = a->place.entry;

    if (entry == 0 || iv->entries[entry].roster != a->place.item || !iv->entries[entry].active || !svyi_is_open_roster(iv, a->place.item))
        return wrong(a, err, "an entry is removed that is not there");
    if (iv->audited && !is_open_roster(iv, a->place.item, iv->entries[entry].parent))
        svyi_judge_odd(iv, a->e->sequence, a->place.item, "an entry is removed from a roster that is not asked");
    return svyi_do_remove(iv, entry, err);
}

static svy_status replay_close(svy_interview *iv, const act *a, svy_error *err)
{
    if (!is_open_roster(iv, a->place.item, a->place.entry))
        return wrong(a, err, "a roster is closed that is not open");
    return svyi_do_close(iv, a->place, err);
}

static svy_status replay_language(svy_interview *iv, const act *a, svy_error *err)
{
    char tag[112];

    if (a->e->value_len >= sizeof tag)
        return wrong(a, err, "the language is unknown");
    memcpy(tag, a->e->value, a->e->value_len);
    tag[a->e->value_len] = '\0';
    const int language = svy_form_find_language(iv->form, tag);
    return language >= 0 ? svyi_do_language(iv, (uint32_t)language, err) : wrong(a, err, "the language is unknown");
}

static svy_status replay_go(svy_interview *iv, const act *a, svy_error *err)
{
    if (!svyi_place_ok(iv, a->place))
        return wrong(a, err, "there is no such place");
    iv->s.current = a->place;
    return SVY_OK;
}

static svy_status replay_override(svy_interview *iv, const act *a, svy_error *err)
{
    const char *reason = a->e->reason != NULL ? a->e->reason : "";
    double number;
    uint64_t seen;

    if (!svyi_number_parse(a->e->value, a->e->value_len, &number) || number < 0 || number >= svy_form_checks(iv->form))
        return wrong(a, err, "there is no such check");
    const uint32_t check = (uint32_t)number;
    if (check != number || !svyi_check_place_ok(iv, check, a->place.entry) || svy_form_check(iv->form, check)->item != a->place.item ||
        svy_form_check(iv->form, check)->soft == 0 || reason[0] == '\0' || strlen(reason) > SVYI_MAX_ANSWER ||
        !svyi_utf8_valid(reason, strlen(reason)) || !svyi_check_fails(iv, check, a->place.entry, &seen, NULL))
        return wrong(a, err, "the check cannot be overridden");
    return svyi_override_add(iv, check, a->place.entry, seen, reason, strlen(reason)) == 0 ? SVY_OK : svyi_nomem(err);
}

static svy_status replay_suspend(svy_interview *iv, const act *a, svy_error *err)
{
    (void)a;
    (void)err;
    iv->s.phase = SVY_SUSPENDED;
    return SVY_OK;
}

static svy_status replay_resume(svy_interview *iv, const act *a, svy_error *err)
{
    if (iv->s.phase != SVY_SUSPENDED)
        return wrong(a, err, "the interview is resumed without having been suspended");
    iv->s.phase = SVY_OPEN;
    return SVY_OK;
}

static svy_status replay_complete(svy_interview *iv, const act *a, svy_error *err)
{
    const char *outcome = svy_interview_outcome(iv);

    if (strlen(outcome) != a->e->value_len || (a->e->value_len > 0 && memcmp(outcome, a->e->value, a->e->value_len) != 0))
        return wrong(a, err, "the outcome is not that of the interview");
    if (iv->audited)
        svyi_judge_complete(iv, a->e);
    return svyi_do_complete(iv, err);
}

static svy_status replay_order(svy_interview *iv, const act *a, svy_error *err)
{
    if (!is_question(iv, a->place) || svyi_item(iv, a->place.item)->list == 0)
        return wrong(a, err, "an order of choices is recorded where there are none");
    if (iv->audited)
        svyi_judge_order(iv, a->place, a->e);
    svyi_cell *cell = svyi_cell_change(iv, a->place.entry, a->place.item);
    if (cell == NULL)
        return svyi_nomem(err);
    cell->flags |= SVYI_ORDERED;
    return SVY_OK;
}

static svy_status (*const REPLAY[])(svy_interview *iv, const act *a, svy_error *err) = {
    [SVY_DID_START] = replay_start, [SVY_DID_PARAMETER] = replay_parameter, [SVY_DID_ANSWER] = replay_answer,
    [SVY_DID_CLEAR] = replay_clear, [SVY_DID_ADD] = replay_add, [SVY_DID_REMOVE] = replay_remove, [SVY_DID_REMARK] = replay_remark,
    [SVY_DID_LANGUAGE] = replay_language, [SVY_DID_GO] = replay_go, [SVY_DID_OVERRIDE] = replay_override,
    [SVY_DID_SUSPEND] = replay_suspend, [SVY_DID_RESUME] = replay_resume, [SVY_DID_COMPLETE] = replay_complete,
    [SVY_DID_ORDER] = replay_order, [SVY_DID_CLOSE_ROSTER] = replay_close,
};
enum { N_ACTIONS = sizeof REPLAY / sizeof REPLAY[0] };

/* Mostly it is the item of the event before, or one of those behind it. */
static int find_item(svy_interview *iv, const char *id, uint32_t *item)
{
    enum { NEAR = 3 };

    for (uint32_t i = iv->replayed; i > 0 && i < iv->replayed + NEAR && i < iv->plan.n_items; i++)
        if (strcmp(svy_form_item_id(iv->form, i), id) == 0) {
            *item = iv->replayed = i;
            return 1;
        }
    if (!svy_form_find(iv->form, id, strlen(id), item))
        return 0;
    iv->replayed = *item;
    return 1;
}

/* Finds the item and the entry; of an added entry, which is not there yet, the entry around it. */
static svy_status resolve(svy_interview *iv, act *a, svy_error *err)
{
    const char *item = a->e->item != NULL ? a->e->item : "", *path = a->e->entry != NULL ? a->e->entry : "";

    if (item[0] != '\0' && !find_item(iv, item, &a->place.item))
        return svyi_fail(err, SVY_E_FORMAT, "event %llu: the form has no '%.64s'", (unsigned long long)a->e->sequence, item);
    if (a->e->action == SVY_DID_ADD) {
        const char *last = strrchr(path, '/');
        return svyi_find_path(iv, path, last != NULL ? (size_t)(last - path) : 0, &a->new_parent) ? SVY_OK : wrong(a, err, "there is no such roster entry");
    }
    return svy_interview_find_entry(iv, path, &a->place.entry) ? SVY_OK : wrong(a, err, "there is no such roster entry");
}

static svy_status fits(const svy_interview *iv, const act *a, svy_error *err)
{
    const svy_event *e = a->e;

    if ((unsigned)e->action >= N_ACTIONS || REPLAY[e->action] == NULL)
        return wrong(a, err, "the action is unknown");
    if (e->sequence != iv->s.sequence + 1)
        return svyi_fail(err, SVY_E_FORMAT, "event %llu follows event %llu", (unsigned long long)e->sequence, (unsigned long long)iv->s.sequence);
    if ((e->action == SVY_DID_START) != (e->sequence == 1))
        return wrong(a, err, "an interview begins with one start");
    if (iv->s.phase == SVY_COMPLETE || (iv->s.phase == SVY_SUSPENDED && e->action != SVY_DID_RESUME))
        return wrong(a, err, "something happens when the interview is not open");
    if (!svyi_moment_ok(e->moment))
        return wrong(a, err, "the moment is not within the years 1 to 9999");
    if (e->value == NULL && e->value_len > 0)
        return wrong(a, err, "a value is lacking");
    return SVY_OK;
}

/* Whatever an event meets, it is the event that does not fit. */
static svy_status does_not_fit(svy_error *err, svy_status st)
{
    if (st == SVY_E_NOMEM)
        return st;
    if (err != NULL)
        err->code = SVY_E_FORMAT;
    return SVY_E_FORMAT;
}

svy_status svy_interview_replay(svy_interview *iv, const svy_event *event, svy_error *err)
{
    SVY_REQUIRE(iv != NULL && event != NULL, err);
    svy_event copy = *event;
    act a = { .e = &copy };
    svy_status st;

    if (copy.value == NULL)
        copy.value = "";
    if ((st = fits(iv, &a, err)) != SVY_OK)
        return st;
    if (iv->audited && iv->work > SVYI_MAX_REPLAY)
        return svyi_fail(err, SVY_E_LIMIT, "event %llu: the events before it took more work than any interview needs", (unsigned long long)copy.sequence);
    if ((st = svyi_change_begin(iv, copy.moment, err)) != SVY_OK)
        return does_not_fit(err, st);
    iv->s.starting = 0;
    if ((st = resolve(iv, &a, err)) == SVY_OK)
        st = REPLAY[copy.action](iv, &a, err);
    if (st != SVY_OK) {
        svyi_change_back(iv);
        return does_not_fit(err, st);
    }
    iv->s.sequence++;
    svyi_change_keep(iv);
    if (iv->s.phase == SVY_COMPLETE)
        svyi_forget_overrides(iv);
    return SVY_OK;
}
