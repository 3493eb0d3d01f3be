/* Submitting again what is in the file: a correction that counts from now on, an interview that has another uuid, answers that an early end kept and that came without the others. */
#include <string.h>

#include "interview/ended.h"
#include "store/store_priv.h"

/* ---- of an early end ---- */

/* The early end of this outcome that keeps only some sections; 0 when there is none. */
static uint32_t find_end(const svy_form *form, const svy_event *completed)
{
    for (uint32_t i = 1; i < svy_form_items(form); i++) {
        const char *outcome = svy_form_outcome(form, i);
        uint32_t n = 0;
        (void)svy_form_keep(form, i, &n);
        if (n > 0 && strlen(outcome) == completed->value_len && memcmp(outcome, completed->value, completed->value_len) == 0)
            return i;
    }
    return 0;
}

/* An event that was kept, numbered as if the others had never been. */
static svy_status replay_one(svy_interview *iv, const svy_form *form, const svy_event *event, uint64_t *sequence, svy_error *err)
{
    svy_event e = *event;
    svy_status st;

    e.sequence = ++*sequence;
    if (e.action == SVY_DID_COMPLETE) {
        const uint32_t end = find_end(form, &e);
        if (end == 0)
            return svyi_fail(err, SVY_E_INVALID, "the questionnaire has no early end of its outcome");
        if ((st = svyi_end_given(iv, end, e.moment, err)) != SVY_OK)
            return st;
    }
    return svy_interview_replay(iv, &e, err);
}

/* The answers that were kept, run through the engine without those that were not. */
static svy_status replay_kept(svy_study *s, int64_t number, const svy_form *form, svy_interview **out, svy_moment *last, svy_error *err)
{
    svyi_events it;
    uint64_t sequence = 0;
    int found = 0;
    svy_status st = svy_interview_replay_begin(&s->alloc, form, NULL, out, err);

    if (st != SVY_OK || (st = svyi_events_open(s, &it, 1, err)) != SVY_OK)
        return st;
    st = svyi_events_of(&it, number, err);
    while (st == SVY_OK && (found = svyi_events_next(&it, err)) == 1) {
        *last = it.event.moment;
        if (!it.erased)
            st = replay_one(*out, form, &it.event, &sequence, err);
    }
    svyi_events_close(&it);
    return st == SVY_OK && found < 0 ? svyi_db_failed(err) : st;
}

/* ---- any ---- */

/* The row of that number. It is the first of its revisions, because corrections come after what they correct. */
static svy_status find_row(svy_study *s, int64_t number, svyi_arena *arena, svyi_row *row, svyi_version **v, svy_error *err)
{
    const int found = svyi_row_read(s, Q_INTERVIEW_REVISIONS, SVYI_ARGS(svyi_arg_int(number)), arena, row, err);

    if (found != 1)
        return found < 0 ? svyi_db_failed(err) : svyi_fail(err, SVY_E_FORMAT, "'%.200s' is damaged: an interview is missing; restore it from a backup", s->path);
    return svyi_version_load(s, row->form, v, err);
}

svy_status svyi_submit_kept(svy_study *s, int64_t number, svy_error *err)
{
    svyi_arena arena;
    svyi_row row;
    svyi_version *v;
    svy_interview *iv = NULL;
    svy_moment last = { 0, 0, 0 };

    svyi_arena_init(&arena, &s->alloc);
    svy_status st = find_row(s, number, &arena, &row, &v, err);
    if (st == SVY_OK && (st = replay_kept(s, number, v->form, &iv, &last, err)) == SVY_OK)
        st = svy_interview_phase(iv) == SVY_COMPLETE ? svyi_submit(s, v, iv, &row, last, err) : svyi_fail(err, SVY_E_INVALID, "it kept no answers, and is not complete");
    if (st == SVY_OK)
        st = svyi_db_once(s, "UPDATE interviews SET blanked = 1, seed = ? WHERE number = ?", SVYI_ARGS(svyi_arg_int((int64_t)svy_interview_seed(iv)), svyi_arg_int(number)), err);
    svy_interview_free(iv);
    svyi_arena_clear(&arena);
    return st;
}

svy_status svyi_submit_again(svy_study *s, int64_t number, svy_error *err)
{
    svyi_arena arena;
    svyi_version *v;
    svyi_row row;
    svy_interview *iv = NULL;

    svyi_arena_init(&arena, &s->alloc);
    svy_status st = find_row(s, number, &arena, &row, &v, err);
    if (st == SVY_OK && row.blanked)
        st = svyi_submit_kept(s, number, err);
    else if (st == SVY_OK && (st = svyi_journal_replay(s, number, v->form, NULL, &iv, err)) == SVY_OK)
        st = svyi_submit(s, v, iv, &row, row.ended, err);
    svy_interview_free(iv);
    svyi_arena_clear(&arena);
    return st;
}
