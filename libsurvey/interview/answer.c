/* Taking an answer: its form, its checks with the answer in place, the journal, and then it stands. */
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "interview/odk_priv.h"

static svy_status not_open(const svy_interview *iv, svy_error *err)
{
    if (iv->s.phase == SVY_SUSPENDED)
        return svyi_fail(err, SVY_E_STATE, "the interview is suspended: resume it first");
    return svyi_fail(err, SVY_E_STATE, "the interview has ended");
}

/* 1 when the place is a question of the form that can hold an answer. */
static svy_status question(const svy_interview *iv, svy_place place, svy_error *err)
{
    if (!svyi_place_ok(iv, place))
        return svyi_fail(err, SVY_E_ARG, "there is no item %u in entry %u", place.item, place.entry);
    if (svyi_item(iv, place.item)->kind != SVY_EL_QUESTION)
        return svyi_fail(err, SVY_E_STATE, "'%s' is not a question", svy_form_item_id(iv->form, place.item));
    return SVY_OK;
}

static svy_status answerable(const svy_interview *iv, svy_place place, svy_error *err)
{
    if ((svyi_cell_at(iv, place.entry, place.item)->flags & SVYI_ON) == 0 && !(svyi_is_odk(iv) && iv->tolerant))
        return svyi_fail(err, SVY_E_STATE, "'%s' is not asked in this interview as it stands", svy_form_item_id(iv->form, place.item));
    if (svy_interview_readonly(iv, place))
        return svyi_fail(err, SVY_E_STATE, "'%s' is read only", svy_form_item_id(iv->form, place.item));
    return SVY_OK;
}

/* Begins a change of an answer. */
static svy_status begin(svy_interview *iv, svy_place place, svy_moment now, svy_error *err)
{
    svy_status st = question(iv, place, err);

    if (st != SVY_OK)
        return st;
    if (iv->s.phase != SVY_OPEN)
        return not_open(iv, err);
    st = svyi_change_begin(iv, now, err);
    if (st == SVY_OK && (st = answerable(iv, place, err)) != SVY_OK)
        svyi_change_back(iv);
    return st;
}

/* In a form with ODK's expressions: the canonical text, which is kept for the journal. */
static svy_status read_text(svy_interview *iv, svy_place place, const char *text, size_t len, svy_value *value, svy_error *err)
{
    const svy_status st = svyi_odk_read(iv, place, len > 0 ? text : "", len, err);

    if (st != SVY_OK)
        return st;
    iv->given.len = 0;
    svyi_buffer_add(&iv->given, iv->value.data, iv->value.len);
    if (iv->given.failed) {
        iv->given.failed = 0;
        return svyi_nomem(err);
    }
    *value = (svy_value){ .kind = SVY_K_TEXT, .text = iv->given.data, .len = (uint32_t)iv->given.len };
    return SVY_OK;
}

svy_status svyi_answer_read(svy_interview *iv, svy_place place, const char *text, size_t len, svy_value *value, svy_error *err)
{
    const svy_item *item = svyi_item(iv, place.item);
    const svy_kind kind = svy_type_kind((svy_type)item->type);

    *value = svy_value_missing(kind, SVY_NOT_STATED);
    if (svyi_is_odk(iv))
        return read_text(iv, place, text, len, value, err);
    if (len > SVYI_MAX_ANSWER)
        return svyi_fail(err, SVY_E_VALUE, "the answer has %zu bytes; at most %d", len, SVYI_MAX_ANSWER);
    if (!svyi_utf8_valid(len > 0 ? text : "", len))
        return svyi_fail(err, SVY_E_VALUE, "found bytes that are not UTF-8");
    if ((kind == SVY_K_CODE || kind == SVY_K_CODES) && item->list != 0)
        return svyi_codes_read(iv, place, text, len, 1, value, err);
    const svy_status st = svy_value_parse((svy_type)item->type, text, len, value, err);
    if (st != SVY_OK)
        return st;
    if (kind == SVY_K_TEXT && value->len == 0)
        return svyi_fail(err, SVY_E_VALUE, "an empty text is no answer: clear the answer instead");
    if ((item->flags & SVY_ITEM_OTHER) != 0 && svyi_utf8_length(value->text, value->len) > SVYI_MAX_OTHER)
        return svyi_fail(err, SVY_E_VALUE, "the text has %zu characters; at most %d here", svyi_utf8_length(value->text, value->len), SVYI_MAX_OTHER);
    return SVY_OK;
}

/* The same in a form with ODK's expressions, but for what follows. */
static svy_status put_text(svy_interview *iv, svy_place place, const svy_value *value, const char *reason, svy_error *err)
{
    const svyi_note *note = svyi_cell_at(iv, place.entry, place.item)->note;
    svy_status st;

    if (reason[0] != '\0' || (note != NULL && note->reason_len > 0)) {
        svyi_cell *cell = svyi_cell_change(iv, place.entry, place.item);
        if (cell == NULL || svyi_cell_note(iv, cell, note != NULL ? note->text : "", note != NULL ? note->remark_len : 0, reason, strlen(reason)) != 0)
            return svyi_nomem(err);
    }
    if (value->missing == SVY_PRESENT || value->missing == SVY_NOT_REACHED)
        st = svyi_odk_put(iv, place, value->text, value->len, SVYI_GIVEN, err);
    else
        st = svyi_odk_missing(iv, place, (svy_missing)value->missing, err);
    return st;
}

static svy_status settled(svy_interview *iv, svy_status st, svy_error *err)
{
    return st == SVY_OK ? svyi_settle(iv, err) : st;
}

/* Puts an answer in its place and settles what follows from it. */
svy_status svyi_answer_put(svy_interview *iv, svy_place place, const svy_value *value, const char *reason, svy_error *err)
{
    if (svyi_is_odk(iv))
        return settled(iv, put_text(iv, place, value, reason, err), err);
    svyi_cell *cell = svyi_cell_change(iv, place.entry, place.item);
    const svyi_note *note;

    if (cell == NULL || svyi_cell_set(iv, place.item, cell, value) != 0)
        return svyi_nomem(err);
    cell->flags = (uint16_t)((cell->flags & ~(SVYI_PRESET | SVYI_TOUCHED)) | SVYI_GIVEN);
    note = cell->note;
    if (reason[0] != '\0' || (note != NULL && note->reason_len > 0))
        if (svyi_cell_note(iv, cell, note != NULL ? note->text : "", note != NULL ? note->remark_len : 0, reason, strlen(reason)) != 0)
            return svyi_nomem(err);
    svyi_touched(iv, place.item, place.entry);
    return svyi_settle(iv, err);
}

/* The sentence of a check as the message of an error: one line, whole characters. */
static svy_status refuse(svy_interview *iv, uint32_t check, uint32_t entry, svy_error *err)
{
    char sentence[320];
    size_t len = svy_interview_check_text(iv, check, entry, sentence, sizeof sentence);

    if (len >= sizeof sentence)
        len = sizeof sentence - 1;
    for (size_t at = 0, start; at < len; ) {              /* cut before a character that is not whole */
        start = at;
        const uint32_t c = svyi_utf8_next(sentence, len, &at);
        if (c == 0xFFFD && at == start + 1)
            len = start;
    }
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)sentence[i] < ' ')
            sentence[i] = ' ';
    return svyi_fail(err, SVY_E_INVALID, "%.*s", (int)len, sentence);
}

/* Hard checks of a question first, then soft ones unless there is a reason. `*overridden` counts soft checks that fail. */
static svy_status run_checks(svy_interview *iv, svy_place place, const char *reason, int *overridden, svy_verdict *verdict, svy_error *err)
{
    const svy_item *item = svyi_item(iv, place.item);

    *overridden = 0;
    for (uint32_t soft = 0; soft <= 1; soft++)
        for (uint32_t c = item->first_check; c < item->first_check + item->n_checks; c++) {
            if ((svy_form_check(iv->form, c)->soft != 0) != (soft != 0) || !svyi_check_fails(iv, c, place.entry, NULL, NULL))
                continue;
            if (soft && reason[0] != '\0') {
                (*overridden)++;
                continue;
            }
            *verdict = (svy_verdict){ .check = c, .soft = soft };
            return refuse(iv, c, place.entry, err);
        }
    return SVY_OK;
}

/* A hard check that reads nothing but the answer is decided before anything follows from it, such as ten thousand roster entries. */
static svy_status run_plain_checks(svy_interview *iv, svy_place place, const svy_value *value, svy_verdict *verdict, svy_error *err)
{
    const svy_item *item = svyi_item(iv, place.item);

    for (uint32_t c = item->first_check; c < item->first_check + item->n_checks; c++) {
        if (svy_form_check(iv->form, c)->soft != 0 || !svyi_check_refuses(iv, c, place, value))
            continue;
        svyi_cell *cell = svyi_cell_change(iv, place.entry, place.item);     /* the sentence may mention the answer */
        if (cell == NULL || svyi_cell_set(iv, place.item, cell, value) != 0)
            return svyi_nomem(err);
        cell->flags |= SVYI_GIVEN;
        *verdict = (svy_verdict){ .check = c };
        return refuse(iv, c, place.entry, err);
    }
    return SVY_OK;
}

/* A text is in its place first; what it says of itself is decided before anything follows from it. */
static svy_status put_and_judge(svy_interview *iv, svy_place place, const svy_value *value, svy_verdict *verdict, svy_error *err)
{
    const svy_item *item = svyi_item(iv, place.item);
    const svy_status st = put_text(iv, place, value, "", err);

    for (uint32_t c = item->first_check; st == SVY_OK && !iv->tolerant && c < item->first_check + item->n_checks; c++)
        if (svy_form_check(iv->form, c)->soft == 0 && svyi_odk_refuses(iv, c, place)) {
            *verdict = (svy_verdict){ .check = c };
            return refuse(iv, c, place.entry, err);
        }
    return settled(iv, st, err);
}

static svy_status too_long(const char *what, size_t len, svy_error *err)
{
    return svyi_fail(err, SVY_E_VALUE, "%s has %zu bytes; at most %d", what, len, SVYI_MAX_ANSWER);
}

/* Puts the answer, runs its checks, and remembers the overrides. */
static svy_status try_answer(svy_interview *iv, svy_place place, const svy_value *value, const char **reason, svy_verdict *verdict, svy_error *err)
{
    int overridden = 0;
    svy_status st = value->missing == SVY_PRESENT && !svyi_is_odk(iv) && !iv->tolerant ? run_plain_checks(iv, place, value, verdict, err) : SVY_OK;

    if (st == SVY_OK)
        st = svyi_is_odk(iv) ? put_and_judge(iv, place, value, verdict, err) : svyi_answer_put(iv, place, value, "", err);
    if (st == SVY_OK && value->missing == SVY_PRESENT && !iv->tolerant)
        st = run_checks(iv, place, *reason, &overridden, verdict, err);
    if (st != SVY_OK)
        return st;
    if (overridden == 0) {
        *reason = "";
        return SVY_OK;
    }
    svyi_cell *cell = svyi_cell_change(iv, place.entry, place.item);
    const svyi_note *note = cell != NULL ? cell->note : NULL;
    if (cell == NULL || svyi_cell_note(iv, cell, note != NULL ? note->text : "", note != NULL ? note->remark_len : 0, *reason, strlen(*reason)) != 0 ||
        svyi_override_own(iv, place, *reason) < 0)
        return svyi_nomem(err);
    return SVY_OK;
}

svy_status svy_interview_answer(svy_interview *iv, svy_place place, const char *text, size_t len, const char *reason,
                                svy_moment now, svy_verdict *verdict, svy_error *err)
{
    svy_verdict none;
    svy_value value;

    if (verdict == NULL)
        verdict = &none;
    *verdict = (svy_verdict){ .check = UINT32_MAX };
    SVY_REQUIRE(iv != NULL && (text != NULL || len == 0), err);
    if (reason == NULL)
        reason = "";
    if (strlen(reason) > SVYI_MAX_ANSWER)
        return too_long("the reason", strlen(reason), err);
    if (!svyi_utf8_valid(reason, strlen(reason)))
        return svyi_fail(err, SVY_E_VALUE, "the reason has bytes that are not UTF-8");
    svy_status st = begin(iv, place, now, err);
    if (st != SVY_OK)
        return st;
    st = svyi_answer_read(iv, place, text, len, &value, err);
    if (st == SVY_OK && value.len == 0 && svyi_is_odk(iv)) {          /* no value in ODK's forms: the answer is cleared */
        if ((st = svyi_do_clear(iv, place, err)) != SVY_OK)
            return svyi_change_fail(iv, st);
        return svyi_change_end(iv, SVY_DID_CLEAR, place, NULL, "", err);
    }
    if (st == SVY_OK)
        st = try_answer(iv, place, &value, &reason, verdict, err);
    if (st != SVY_OK)
        return svyi_change_fail(iv, st);
    value = svyi_cell_stored(iv, place.item, svyi_cell_at(iv, place.entry, place.item));
    if (svyi_is_odk(iv))
        value = (svy_value){ .kind = SVY_K_TEXT, .text = iv->given.data, .len = (uint32_t)iv->given.len };
    return svyi_change_end(iv, SVY_DID_ANSWER, place, &value, reason, err);
}

/* Values are not held against types or checks here: they were collected elsewhere. */
svy_status svy_interview_put(svy_interview *iv, svy_place place, const char *text, size_t len, svy_moment now, svy_error *err)
{
    SVY_REQUIRE(iv != NULL && (text != NULL || len == 0), err);
    if (!svyi_is_odk(iv))
        return svyi_fail(err, SVY_E_STATE, "values are put as they are only into forms with ODK's expressions");
    if (!svyi_place_ok(iv, place) || !svyi_is_leaf(iv, place.item))
        return svyi_fail(err, SVY_E_ARG, "there is no value %u in entry %u", place.item, place.entry);
    if (iv->s.phase != SVY_OPEN)
        return not_open(iv, err);
    if (len > SVYI_MAX_ANSWER || (len > 0 && !svyi_utf8_valid(text, len)))
        return svyi_fail(err, SVY_E_VALUE, "the value of '%s' is not UTF-8 or has more than %d bytes", svy_form_item_id(iv->form, place.item), SVYI_MAX_ANSWER);
    svy_status st = svyi_change_begin(iv, now, err);
    if (st != SVY_OK)
        return st;
    if ((st = svyi_odk_put(iv, place, len > 0 ? text : "", len, SVYI_GIVEN, err)) != SVY_OK || (st = svyi_settle(iv, err)) != SVY_OK)
        return svyi_change_fail(iv, st);
    const svy_value value = { .kind = SVY_K_TEXT, .text = len > 0 ? text : "", .len = (uint32_t)len };
    return svyi_change_end(iv, len > 0 ? SVY_DID_ANSWER : SVY_DID_CLEAR, place, len > 0 ? &value : NULL, "", err);
}

svy_status svyi_do_missing(svy_interview *iv, svy_place place, svy_missing missing, svy_error *err)
{
    const svy_value value = svy_value_missing(svy_type_kind((svy_type)svyi_item(iv, place.item)->type), missing);

    return svyi_answer_put(iv, place, &value, "", err);
}

svy_status svy_interview_missing(svy_interview *iv, svy_place place, svy_missing missing, svy_moment now, svy_error *err)
{
    SVY_REQUIRE(iv != NULL, err);
    SVY_REQUIRE(missing == SVY_DONT_KNOW || missing == SVY_REFUSED || missing == SVY_NOT_STATED, err);
    svy_status st = begin(iv, place, now, err);
    if (st != SVY_OK)
        return st;
    const svy_value value = svy_value_missing(svy_type_kind((svy_type)svyi_item(iv, place.item)->type), missing);
    if (missing != SVY_NOT_STATED && svy_interview_required(iv, place) && !svyi_offers_missing(iv, svyi_item(iv, place.item)->list, missing))
        st = svyi_fail(err, SVY_E_STATE, "'%s' must be answered: '%s' is not possible here", svy_form_item_id(iv->form, place.item), svy_missing_name(missing));
    else
        st = svyi_do_missing(iv, place, missing, err);
    if (st != SVY_OK)
        return svyi_change_fail(iv, st);
    return svyi_change_end(iv, SVY_DID_ANSWER, place, &value, "", err);
}

svy_status svyi_do_clear(svy_interview *iv, svy_place place, svy_error *err)
{
    const svy_value none = svy_value_missing(SVY_K_NONE, SVY_NOT_REACHED);

    if (svyi_is_odk(iv))
        return settled(iv, put_text(iv, place, &none, "", err), err);
    svyi_cell *cell = svyi_cell_change(iv, place.entry, place.item);
    if (cell == NULL || svyi_cell_set(iv, place.item, cell, &none) != 0)
        return svyi_nomem(err);
    cell->flags = (uint16_t)((cell->flags & ~(SVYI_PRESET | SVYI_GIVEN)) | SVYI_TOUCHED);
    const svyi_note *note = cell->note;
    if (note != NULL && note->reason_len > 0 && svyi_cell_note(iv, cell, note->text, note->remark_len, "", 0) != 0)
        return svyi_nomem(err);
    svyi_touched(iv, place.item, place.entry);
    return svyi_settle(iv, err);
}

svy_status svy_interview_clear(svy_interview *iv, svy_place place, svy_moment now, svy_error *err)
{
    SVY_REQUIRE(iv != NULL, err);
    svy_status st = begin(iv, place, now, err);
    if (st != SVY_OK)
        return st;
    if ((svyi_cell_at(iv, place.entry, place.item)->flags & (SVYI_GIVEN | SVYI_PRESET)) == 0) {
        svyi_change_back(iv);
        return SVY_OK;
    }
    st = svyi_do_clear(iv, place, err);
    if (st != SVY_OK)
        return svyi_change_fail(iv, st);
    return svyi_change_end(iv, SVY_DID_CLEAR, place, NULL, "", err);
}

svy_status svyi_do_remark(svy_interview *iv, svy_place place, const char *text, size_t len, svy_error *err)
{
    svyi_cell *cell = svyi_cell_change(iv, place.entry, place.item);

    if (cell == NULL)
        return svyi_nomem(err);
    const svyi_note *note = cell->note;
    const char *reason = note != NULL ? note->text + note->remark_len + 1 : "";
    return svyi_cell_note(iv, cell, text, len, reason, note != NULL ? note->reason_len : 0) == 0 ? SVY_OK : svyi_nomem(err);
}

svy_status svy_interview_remark(svy_interview *iv, svy_place place, const char *text, size_t len, svy_moment now, svy_error *err)
{
    SVY_REQUIRE(iv != NULL && (text != NULL || len == 0), err);
    svy_status st = question(iv, place, err);
    if (st != SVY_OK)
        return st;
    if (iv->s.phase != SVY_OPEN)
        return not_open(iv, err);
    if (len > SVYI_MAX_ANSWER)
        return too_long("the remark", len, err);
    if (len > 0 && !svyi_utf8_valid(text, len))
        return svyi_fail(err, SVY_E_VALUE, "the remark has bytes that are not UTF-8");
    if ((st = svyi_change_begin(iv, now, err)) != SVY_OK)
        return st;
    if ((st = svyi_do_remark(iv, place, text, len, err)) != SVY_OK)
        return svyi_change_fail(iv, st);
    return svyi_change_end_text(iv, SVY_DID_REMARK, place, len > 0 ? text : "", len, "", err);
}
