/* An interview from its start to its end: making it, entries of open rosters, language, places shown, suspending, completing. */
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "interview/odk_priv.h"

/* ---- Making ---- */

svy_status svyi_fresh(const svy_alloc *alloc, const svy_form *form, svy_interview **out, svy_error *err)
{
    const svy_alloc a = svyi_alloc_or_default(alloc);
    svy_interview *iv = svyi_get(&a, sizeof *iv);
    uint32_t root;
    svy_status st;

    *out = NULL;
    if (iv == NULL)
        return svyi_nomem(err);
    memset(iv, 0, sizeof *iv);
    iv->alloc = a;
    iv->form = form;
    svyi_arena_init(&iv->arena, &a);
    svyi_buffer_init(&iv->path, &a);
    svyi_buffer_init(&iv->value, &a);
    svyi_buffer_init(&iv->given, &a);
    if ((st = svy_scratch_new(&a, &iv->scratch, err)) != SVY_OK ||
        (st = svyi_plan_make(iv, err)) != SVY_OK ||
        (st = svyi_entry_new(iv, 0, 0, &root, err)) != SVY_OK)
        goto fail;
    *out = iv;
    return SVY_OK;
fail:
    svy_interview_free(iv);
    return st;
}

void svy_interview_free(svy_interview *iv)
{
    if (iv == NULL)
        return;
    const svy_alloc a = iv->alloc;
    svyi_entries_drop(iv, 0);
    svyi_release(&a, iv->entries, iv->entries_capacity * sizeof *iv->entries);
    for (size_t i = 0; i < iv->n_overrides; i++)
        svyi_text_release(iv, iv->overrides[i].reason, iv->overrides[i].len);
    svyi_release(&a, iv->overrides, iv->overrides_capacity * sizeof *iv->overrides);
    svyi_release(&a, iv->line, iv->line_capacity * sizeof *iv->line);
    svyi_release(&a, iv->jobs, iv->jobs_capacity * sizeof *iv->jobs);
    svyi_release(&a, iv->undo, iv->undo_capacity * sizeof *iv->undo);
    svyi_buffer_clear(&iv->path);
    svyi_buffer_clear(&iv->value);
    svyi_buffer_clear(&iv->given);
    if (svyi_is_odk(iv))
        svyi_odk_free(iv);
    svy_scratch_free(iv->scratch);
    svyi_arena_clear(&iv->arena);
    svyi_release(&a, iv, sizeof *iv);
}

static svy_status parameter_value(const svy_interview *iv, uint32_t item, const char *text, size_t len, svy_value *value, svy_error *err)
{
    svy_error why = SVY_ERROR_INIT;

    if (item >= iv->plan.n_items || svyi_item(iv, item)->kind != SVY_EL_PARAMETER)
        return svyi_fail(err, SVY_E_NAME, "the form has no such parameter");
    if (len > SVYI_MAX_ANSWER)
        return svyi_fail(err, SVY_E_VALUE, "parameter '%s' has %zu bytes; at most %d", svy_form_item_id(iv->form, item), len, SVYI_MAX_ANSWER);
    if (svy_value_parse((svy_type)svyi_item(iv, item)->type, text, len, value, &why) != SVY_OK)
        return svyi_fail(err, SVY_E_VALUE, "parameter '%s': %s", svy_form_item_id(iv->form, item), why.message);
    return SVY_OK;
}

static svy_status put_parameter(svy_interview *iv, uint32_t item, const char *text, size_t len, svy_error *err)
{
    svy_value value;
    const svy_status st = parameter_value(iv, item, text, len, &value, err);

    if (st != SVY_OK)
        return st;
    svyi_cell *cell = svyi_cell_change(iv, 0, item);
    if (cell == NULL || svyi_cell_set(iv, item, cell, &value) != 0)
        return svyi_nomem(err);
    cell->flags |= SVYI_GIVEN;
    svyi_touched(iv, item, 0);
    return SVY_OK;
}

svy_status svyi_do_parameter(svy_interview *iv, uint32_t item, const char *text, size_t len, svy_error *err)
{
    const svy_status st = put_parameter(iv, item, text, len, err);

    return st == SVY_OK ? svyi_settle(iv, err) : st;
}

/* Everything is worked out for the first time. */
svy_status svyi_do_start(svy_interview *iv, uint64_t seed, uint32_t language, svy_error *err)
{
    iv->s.seed = seed;
    iv->s.language = language;
    iv->s.starting = 1;
    iv->entries[0].active = 1;
    for (uint32_t i = 1; i < iv->plan.n_items && svyi_item(iv, i)->kind == SVY_EL_PARAMETER; i++) {
        const char *text = svy_form_parameter(iv->form, i);
        const svy_status st = text[0] != '\0' ? put_parameter(iv, i, text, strlen(text), err) : SVY_OK;
        if (st != SVY_OK)
            return st;
    }
    if (svyi_is_odk(iv)) {
        const svy_status st = svyi_odk_start(iv, err);
        if (st != SVY_OK)
            return st;
    }
    svyi_queue_all(iv, 0);
    svyi_refresh_all(iv, 0);
    iv->ends_dirty = 1;
    return svyi_settle(iv, err);
}

static svy_status find_parameter(const svy_interview *iv, const char *id, const char *text, uint32_t *item, svy_error *err)
{
    svy_value value;

    if (id == NULL || text == NULL || !svy_form_find(iv->form, id, strlen(id), item) || svyi_item(iv, *item)->kind != SVY_EL_PARAMETER)
        return svyi_fail(err, SVY_E_NAME, "form '%s' has no parameter '%s'", svy_form_id(iv->form), id != NULL ? id : "");
    return parameter_value(iv, *item, text, strlen(text), &value, err);
}

/* The start event also names the properties that values came from. */
static svy_status end_start(svy_interview *iv, const char *text, svy_error *err)
{
    iv->given.len = 0;
    svyi_buffer_text(&iv->given, text);
    for (size_t i = 0; svyi_is_odk(iv) && i < iv->odk->n_properties; i++) {
        svyi_buffer_text(&iv->given, "\n");
        svyi_buffer_text(&iv->given, iv->odk->properties[2 * i]);
        svyi_buffer_text(&iv->given, "=");
        svyi_buffer_text(&iv->given, iv->odk->properties[2 * i + 1]);
    }
    if (iv->given.failed)
        return svyi_change_fail(iv, svyi_nomem(err));
    return svyi_change_end_text(iv, SVY_DID_START, (svy_place){ 0, 0 }, iv->given.data, iv->given.len, "", err);
}

static svy_status start(svy_interview *iv, const svy_interview_options *o, svy_moment now, svy_error *err)
{
    const int language = o->language != NULL ? svy_form_find_language(iv->form, o->language) : 0;
    char text[160];
    uint32_t item;
    svy_status st;

    if (language < 0)
        return svyi_fail(err, SVY_E_NAME, "form '%s' is not in language '%s'", svy_form_id(iv->form), o->language);
    for (size_t i = 0; i < o->n_parameters; i++)
        if ((st = find_parameter(iv, o->parameters[2 * i], o->parameters[2 * i + 1], &item, err)) != SVY_OK)
            return st;
    if (svyi_is_odk(iv) && (st = svyi_odk_properties(iv, o->properties, o->n_properties, err)) != SVY_OK)
        return st;
    if ((st = svyi_change_begin(iv, now, err)) != SVY_OK)
        return st;
    if ((st = svyi_do_start(iv, o->seed, (uint32_t)language, err)) != SVY_OK)
        return svyi_change_fail(iv, st);
    svyi_start_text(o->seed, svy_form_language(iv->form, (uint32_t)language), text, sizeof text);
    if ((st = end_start(iv, text, err)) != SVY_OK)
        return st;
    for (size_t i = 0; i < o->n_parameters; i++) {
        const char *value = o->parameters[2 * i + 1];
        if ((st = find_parameter(iv, o->parameters[2 * i], value, &item, err)) != SVY_OK ||
            (st = svyi_change_begin(iv, now, err)) != SVY_OK)
            return st;
        if ((st = svyi_do_parameter(iv, item, value, strlen(value), err)) != SVY_OK)
            return svyi_change_fail(iv, st);
        if ((st = svyi_change_end_text(iv, SVY_DID_PARAMETER, (svy_place){ item, 0 }, value, strlen(value), "", err)) != SVY_OK)
            return st;
    }
    return SVY_OK;
}

svy_status svy_interview_new(const svy_alloc *alloc, const svy_form *form, const svy_interview_options *options,
                             svy_moment now, svy_interview **out, svy_error *err)
{
    const svy_interview_options defaults = SVY_INTERVIEW_OPTIONS_INIT;

    SVY_REQUIRE(out != NULL, err);
    *out = NULL;
    SVY_REQUIRE(form != NULL, err);
    if (options == NULL)
        options = &defaults;
    SVY_REQUIRE(options->parameters != NULL || options->n_parameters == 0, err);
    SVY_REQUIRE(options->properties != NULL || options->n_properties == 0, err);
    svy_interview *iv;
    svy_status st = svyi_fresh(alloc, form, &iv, err);
    if (st != SVY_OK)
        return st;
    iv->journal = options->journal;
    iv->tolerant = options->tolerant != 0;
    if ((st = start(iv, options, now, err)) != SVY_OK) {
        svy_interview_free(iv);
        return st;
    }
    iv->s.starting = 0;
    *out = iv;
    return SVY_OK;
}

/* ---- Entries of open rosters ---- */

static svy_status need_open(const svy_interview *iv, svy_error *err)
{
    if (iv->s.phase == SVY_OPEN)
        return SVY_OK;
    if (iv->s.phase == SVY_SUSPENDED)
        return svyi_fail(err, SVY_E_STATE, "the interview is suspended: resume it first");
    return svyi_fail(err, SVY_E_STATE, "the interview has ended");
}

static svy_status open_roster(const svy_interview *iv, svy_place place, svy_error *err)
{
    if (!svyi_place_ok(iv, place))
        return svyi_fail(err, SVY_E_ARG, "there is no item %u in entry %u", place.item, place.entry);
    if (!svyi_is_open_roster(iv, place.item))
        return svyi_fail(err, SVY_E_STATE, "'%s' is not a roster to which entries are added by hand", svy_form_item_id(iv->form, place.item));
    return need_open(iv, err);
}

static svy_status begin_roster(svy_interview *iv, svy_place place, svy_moment now, svy_error *err)
{
    svy_status st = open_roster(iv, place, err);

    if (st == SVY_OK)
        st = svyi_change_begin(iv, now, err);
    if (st != SVY_OK)
        return st;
    if ((svyi_cell_at(iv, place.entry, place.item)->flags & SVYI_ON) == 0)
        return svyi_change_fail(iv, svyi_fail(err, SVY_E_STATE, "'%s' is not asked in this interview as it stands", svy_form_item_id(iv->form, place.item)));
    return SVY_OK;
}

static uint32_t active_kids(const svy_interview *iv, svy_place roster)
{
    const svyi_kids *kids = svyi_kids_of(iv, roster.entry, roster.item);

    return kids != NULL ? kids->active : 0;
}

int svyi_set_closed(svy_interview *iv, svy_place roster, int closed)
{
    if (((svyi_cell_at(iv, roster.entry, roster.item)->flags & SVYI_CLOSED) != 0) == closed)
        return 0;
    svyi_cell *cell = svyi_cell_change(iv, roster.entry, roster.item);
    if (cell == NULL)
        return -1;
    cell->flags ^= SVYI_CLOSED;
    return 0;
}

svy_status svyi_do_add(svy_interview *iv, svy_place roster, uint32_t *entry, svy_error *err)
{
    const uint32_t max = svyi_item(iv, roster.item)->max, n = active_kids(iv, roster);
    svy_status st;

    *entry = 0;
    if (n >= (max > 0 && max < SVYI_MAX_ROSTER ? max : SVYI_MAX_ROSTER))
        return svyi_fail(err, SVY_E_STATE, "'%s' has %u entries, which is as many as it may have", svy_form_item_id(iv->form, roster.item), n);
    if (svyi_set_closed(iv, roster, 0) != 0)
        return svyi_nomem(err);
    if ((st = svyi_roster_add(iv, roster.item, roster.entry, entry, err)) != SVY_OK || (st = svyi_settle(iv, err)) != SVY_OK)
        *entry = 0;
    return st;
}

svy_status svy_interview_add_entry(svy_interview *iv, svy_place roster, svy_moment now, uint32_t *entry, svy_error *err)
{
    SVY_REQUIRE(entry != NULL, err);
    *entry = 0;
    SVY_REQUIRE(iv != NULL, err);
    uint32_t fresh;
    svy_status st = begin_roster(iv, roster, now, err);
    if (st != SVY_OK)
        return st;
    if ((st = svyi_do_add(iv, roster, &fresh, err)) != SVY_OK)
        return svyi_change_fail(iv, st);
    st = svyi_change_end(iv, SVY_DID_ADD, (svy_place){ roster.item, fresh }, NULL, "", err);
    if (st == SVY_OK)
        *entry = fresh;
    return st;
}

svy_status svyi_do_close(svy_interview *iv, svy_place roster, svy_error *err)
{
    const uint32_t min = svyi_item(iv, roster.item)->min, n = active_kids(iv, roster);

    if (n < min)
        return svyi_fail(err, SVY_E_STATE, "'%s' has %u entries; it must have at least %u", svy_form_item_id(iv->form, roster.item), n, min);
    return svyi_set_closed(iv, roster, 1) == 0 ? SVY_OK : svyi_nomem(err);
}

svy_status svy_interview_close_roster(svy_interview *iv, svy_place roster, svy_moment now, svy_error *err)
{
    SVY_REQUIRE(iv != NULL, err);
    svy_status st = begin_roster(iv, roster, now, err);
    if (st != SVY_OK)
        return st;
    if ((st = svyi_do_close(iv, roster, err)) != SVY_OK)
        return svyi_change_fail(iv, st);
    return svyi_change_end(iv, SVY_DID_CLOSE_ROSTER, roster, NULL, "", err);
}

svy_status svyi_do_remove(svy_interview *iv, uint32_t entry, svy_error *err)
{
    const svy_place roster = { iv->entries[entry].roster, iv->entries[entry].parent };
    svy_status st = svyi_roster_remove(iv, entry, err);

    if (st == SVY_OK && active_kids(iv, roster) < svyi_item(iv, roster.item)->min && svyi_set_closed(iv, roster, 0) != 0)
        st = svyi_nomem(err);
    return st == SVY_OK ? svyi_settle(iv, err) : st;
}

svy_status svy_interview_remove_entry(svy_interview *iv, uint32_t entry, svy_moment now, svy_error *err)
{
    SVY_REQUIRE(iv != NULL, err);
    SVY_REQUIRE(entry > 0 && entry < iv->s.n_entries, err);
    const svy_place roster = { iv->entries[entry].roster, iv->entries[entry].parent };
    svy_status st = open_roster(iv, roster, err);
    if (st != SVY_OK)
        return st;
    if (!iv->entries[entry].active)
        return svyi_fail(err, SVY_E_STATE, "the entry has been removed already");
    if ((st = svyi_change_begin(iv, now, err)) != SVY_OK)
        return st;
    if ((st = svyi_do_remove(iv, entry, err)) != SVY_OK)
        return svyi_change_fail(iv, st);
    return svyi_change_end(iv, SVY_DID_REMOVE, (svy_place){ roster.item, entry }, NULL, "", err);
}

/* ---- Language, place, phases ---- */

svy_status svy_interview_language(svy_interview *iv, const char *tag, svy_moment now, svy_error *err)
{
    SVY_REQUIRE(iv != NULL && tag != NULL, err);
    const int language = svy_form_find_language(iv->form, tag);
    svy_status st = need_open(iv, err);

    if (st == SVY_OK && language < 0)
        st = svyi_fail(err, SVY_E_NAME, "form '%s' is not in language '%.40s'", svy_form_id(iv->form), tag);
    if (st != SVY_OK || (st = svyi_change_begin(iv, now, err)) != SVY_OK)
        return st;
    if ((st = svyi_do_language(iv, (uint32_t)language, err)) != SVY_OK)
        return svyi_change_fail(iv, st);
    const char *name = svy_form_language(iv->form, (uint32_t)language);
    return svyi_change_end_text(iv, SVY_DID_LANGUAGE, (svy_place){ 0, 0 }, name, strlen(name), "", err);
}

/* Labels are values too: what shows one is worked out again. */
svy_status svyi_do_language(svy_interview *iv, uint32_t language, svy_error *err)
{
    if (iv->s.language == language)
        return SVY_OK;
    iv->s.language = language;
    svyi_queue_labels(iv);
    return svyi_settle(iv, err);
}

svy_status svy_interview_go(svy_interview *iv, svy_place place, svy_moment now, svy_error *err)
{
    SVY_REQUIRE(iv != NULL, err);
    if (!svyi_place_ok(iv, place))
        return svyi_fail(err, SVY_E_ARG, "there is no item %u in entry %u", place.item, place.entry);
    svy_status st = need_open(iv, err);
    if (st != SVY_OK || (st = svyi_change_begin(iv, now, err)) != SVY_OK)
        return st;
    iv->s.current = place;
    return svyi_change_end(iv, SVY_DID_GO, place, NULL, "", err);
}

static svy_status move(svy_interview *iv, svy_phase from, svy_phase to, svy_action action, svy_moment now, svy_error *err)
{
    SVY_REQUIRE(iv != NULL, err);
    if (iv->s.phase != from)
        return svyi_fail(err, SVY_E_STATE, "the interview is %s", iv->s.phase == SVY_OPEN ? "open" : iv->s.phase == SVY_SUSPENDED ? "suspended" : "complete");
    const svy_status st = svyi_change_begin(iv, now, err);
    if (st != SVY_OK)
        return st;
    iv->s.phase = to;
    return svyi_change_end(iv, action, (svy_place){ 0, 0 }, NULL, "", err);
}

svy_status svy_interview_suspend(svy_interview *iv, svy_moment now, svy_error *err)
{
    return move(iv, SVY_OPEN, SVY_SUSPENDED, SVY_DID_SUSPEND, now, err);
}

svy_status svy_interview_resume(svy_interview *iv, svy_moment now, svy_error *err)
{
    return move(iv, SVY_SUSPENDED, SVY_OPEN, SVY_DID_RESUME, now, err);
}

svy_status svy_interview_complete(svy_interview *iv, svy_moment now, svy_error *err)
{
    SVY_REQUIRE(iv != NULL, err);
    uint64_t cursor = 0;
    svy_problem problem;
    svy_status st = need_open(iv, err);

    if (st != SVY_OK || (st = svyi_change_begin(iv, now, err)) != SVY_OK)
        return st;
    if (svy_interview_next_problem(iv, &cursor, &problem))
        return svyi_change_fail(iv, svyi_fail(err, SVY_E_INVALID, "'%s' %s", svy_form_item_id(iv->form, problem.place.item),
            problem.check == UINT32_MAX ? "has not been answered" : "does not pass a check: see the problems of the interview"));
    if ((st = svyi_do_complete(iv, err)) != SVY_OK)
        return svyi_change_fail(iv, st);
    const char *outcome = svy_interview_outcome(iv);
    st = svyi_change_end_text(iv, SVY_DID_COMPLETE, (svy_place){ 0, 0 }, outcome, strlen(outcome), "", err);
    if (st == SVY_OK)
        svyi_forget_overrides(iv);
    return st;
}
