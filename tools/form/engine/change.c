/* What changes an interview: each call says in its result whether it happened, and if not, why, in the language of the interview. */
#include <stdlib.h>
#include <string.h>

#include "engine.h"

/* Begins the result: what became of a change of a place. */
static void put_outcome(svy_place place, svy_status st, const svy_verdict *verdict, const char *text, size_t len, const svy_error *err)
{
    char words[1024];
    const int known = place.item < svy_form_items(form_engine.form), checked = verdict != NULL && verdict->check != UINT32_MAX;

    if (st == SVY_OK || !known)
        json_status(st, err);
    else if (st == SVY_E_INVALID)
        json_say(checked && verdict->soft ? "soft" : "hard", err->message);
    else {
        svy_error said = *err;
        const char *why = answer_refusal(form_engine.interview, place, text, len, err, words, sizeof words);
        if (why != err->message)
            said.message[0] = '\0';
        json_status(st, &said);
        if (why != err->message)
            json_text("message", why);
    }
    if (checked)
        json_number("check", verdict->check);
    else
        json_null("check");
}

static void done(svy_place place, svy_status st, const svy_error *err)
{
    put_outcome(place, st, NULL, "", 0, err);
    json_finish();
}

/* What was typed as the engine wants it: without blanks around it and with the digits of ASCII, unless it is a text. @return where it begins */
static char *as_answer(char *text, uint32_t type)
{
    if (type == SVY_T_TEXT || engine_is_file(type))
        return text;
    svy_western_digits(text);
    text += strspn(text, " \t\r\n");
    for (size_t len = strlen(text); len > 0 && strchr(" \t\r\n", text[len - 1]) != NULL; len--)
        text[len - 1] = '\0';
    if (type == SVY_T_DECIMAL)
        svy_decimal_point(text);
    if (type == SVY_T_BOOLEAN && answer_yes_or_no(text) >= 0)
        strcpy(text, answer_yes_or_no(text) ? "true" : "false");     /* never longer than the room, see copied() */
    return text;
}

/* A copy with a NUL, and room for "false". */
static char *copied(const char *text, size_t len)
{
    char *copy = malloc(len + 8);

    if (copy != NULL) {
        memcpy(copy, text, len);
        copy[len] = '\0';
    }
    return copy;
}

static void answer(svy_place place, char *text, size_t len, const char *reason)
{
    svy_error err = SVY_ERROR_INIT;
    svy_verdict verdict = { UINT32_MAX, 0 };

    if (strlen(text) == len) {                       /* one with a NUL goes as it is, and is refused */
        text = as_answer(text, svy_form_item(form_engine.form, place.item)->type);
        len = strlen(text);
    }
    const svy_status st = svy_interview_answer(form_engine.interview, place, text, len, reason, form_engine.now, &verdict, &err);
    put_outcome(place, st, &verdict, text, len, &err);
    json_finish();
}

FORM_EXPORT(form_answer) void form_answer(uint32_t item, uint32_t entry, const char *p, size_t n, const char *reason_p, size_t reason_n)
{
    svy_error err = SVY_ERROR_INIT;
    char *text = NULL, *reason = NULL;

    if (!engine_ready())
        return;
    if (item >= svy_form_items(form_engine.form)) {
        done(engine_place(0, 0), SVY_E_ARG, &err);
        return;
    }
    text = copied(p, n);
    reason = copied(reason_p, reason_n);
    if (text != NULL && reason != NULL)
        answer(engine_place(item, entry), text, n, reason);
    else
        done(engine_place(0, 0), SVY_E_NOMEM, &err);
    free(text);
    free(reason);
}

FORM_EXPORT(form_missing) void form_missing(uint32_t item, uint32_t entry, uint32_t missing)
{
    svy_error err = SVY_ERROR_INIT;

    if (engine_ready())
        done(engine_place(item, entry), svy_interview_missing(form_engine.interview, engine_place(item, entry), (svy_missing)missing, form_engine.now, &err), &err);
}

FORM_EXPORT(form_clear) void form_clear(uint32_t item, uint32_t entry)
{
    svy_error err = SVY_ERROR_INIT;

    if (engine_ready())
        done(engine_place(item, entry), svy_interview_clear(form_engine.interview, engine_place(item, entry), form_engine.now, &err), &err);
}

FORM_EXPORT(form_remark) void form_remark(uint32_t item, uint32_t entry, const char *text, size_t len)
{
    svy_error err = SVY_ERROR_INIT;

    if (engine_ready())
        done(engine_place(item, entry), svy_interview_remark(form_engine.interview, engine_place(item, entry), text, len, form_engine.now, &err), &err);
}

FORM_EXPORT(form_override) void form_override(uint32_t check, uint32_t entry, const char *text, size_t len)
{
    svy_error err = SVY_ERROR_INIT;
    char *reason;

    if (!engine_ready())
        return;
    reason = copied(text, len);
    const svy_status st = reason == NULL ? SVY_E_NOMEM : svy_interview_override(form_engine.interview, check, entry, reason, form_engine.now, &err);
    free(reason);
    done(engine_place(0, 0), st, &err);
}

FORM_EXPORT(form_add) void form_add(uint32_t item, uint32_t entry)
{
    svy_error err = SVY_ERROR_INIT;
    uint32_t added = 0;

    if (!engine_ready())
        return;
    const svy_status st = svy_interview_add_entry(form_engine.interview, engine_place(item, entry), form_engine.now, &added, &err);
    put_outcome(engine_place(item, entry), st, NULL, "", 0, &err);
    if (st == SVY_OK)
        json_number("entry", added);
    json_finish();
}

FORM_EXPORT(form_close) void form_close(uint32_t item, uint32_t entry)
{
    svy_error err = SVY_ERROR_INIT;

    if (engine_ready())
        done(engine_place(item, entry), svy_interview_close_roster(form_engine.interview, engine_place(item, entry), form_engine.now, &err), &err);
}

FORM_EXPORT(form_remove) void form_remove(uint32_t entry)
{
    svy_error err = SVY_ERROR_INIT;

    if (engine_ready())
        done(engine_place(0, 0), svy_interview_remove_entry(form_engine.interview, entry, form_engine.now, &err), &err);
}

FORM_EXPORT(form_language) void form_language(const char *text, size_t len)
{
    svy_error err = SVY_ERROR_INIT;
    char *tag;

    if (!engine_ready())
        return;
    tag = copied(text, len);
    const svy_status st = tag == NULL ? SVY_E_NOMEM : svy_interview_language(form_engine.interview, tag, form_engine.now, &err);
    free(tag);
    done(engine_place(0, 0), st, &err);
}

FORM_EXPORT(form_go) void form_go(uint32_t item, uint32_t entry)
{
    svy_error err = SVY_ERROR_INIT;

    if (engine_ready())
        done(engine_place(item, entry), svy_interview_go(form_engine.interview, engine_place(item, entry), form_engine.now, &err), &err);
}

static void all(svy_status (*change)(svy_interview *iv, svy_moment now, svy_error *err))
{
    svy_error err = SVY_ERROR_INIT;

    if (engine_ready())
        done(engine_place(0, 0), change(form_engine.interview, form_engine.now, &err), &err);
}

FORM_EXPORT(form_suspend) void form_suspend(void) { all(svy_interview_suspend); }
FORM_EXPORT(form_resume) void form_resume(void) { all(svy_interview_resume); }
FORM_EXPORT(form_complete) void form_complete(void) { all(svy_interview_complete); }
