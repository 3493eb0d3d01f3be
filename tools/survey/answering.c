/* Takes a line as the answer to the question at hand: codes, letters of a label, values; soft checks with a reason. */
#include "dialogue.h"
#include "record.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MATCHES_SHOWN = 15, ANSWER_SIZE = 64 * 1024 };

/* Prints why; `text` is what was typed. */
static dialogue_step not_taken(dialogue *d, const svy_error *err, const char *text, size_t len)
{
    char line[1024];
    switch (err->code) {
    case SVY_E_VALUE: case SVY_E_STATE: case SVY_E_LIMIT: case SVY_E_INVALID: case SVY_E_TYPE: case SVY_E_NAME:
        terminal_paragraph(d->terminal, ALERT, 2, "! ", answer_refusal(d->interview, d->at, text, len, err, line, sizeof line));
        return STAY;
    case SVY_OK: case SVY_E_NOMEM: case SVY_E_ARG: case SVY_E_SYNTAX: case SVY_E_FORMAT: case SVY_E_IO: case SVY_E_BUSY: case SVY_E_NUMERIC:
        break;
    }
    d->failed = 3;                                   /* disk, memory: nothing is stored, so nothing may go on as if it were */
    terminal_paragraph(d->terminal, ALERT, 2, "! ", err->message);
    return LEAVE;
}

dialogue_step answering_refused(dialogue *d, const svy_error *err) { return not_taken(d, err, "", 0); }

/* Without a person at the keyboard the answer that was stored stands in the output: a transcript, and the sign that it is on disk. */
static dialogue_step stored(dialogue *d)
{
    if (!d->terminal->interactive) {
        char path[512] = "", line[1024], *answer = malloc(ANSWER_SIZE);
        if (d->at.entry != 0)
            svy_interview_entry_path(d->interview, d->at.entry, path, sizeof path);
        snprintf(line, sizeof line, "= %s%s%s: ", path, path[0] != '\0' ? "/" : "", svy_form_item_id(d->form, d->at.item));
        if (answer != NULL)
            question_answer_text(d, d->at, answer, ANSWER_SIZE);
        terminal_line(d->terminal, PLAIN, line, answer != NULL ? answer : "");
        free(answer);
        fflush(stdout);
    }
    return MOVED;
}

dialogue_step answering_missing(dialogue *d, svy_missing missing)
{
    svy_error err = SVY_ERROR_INIT;
    const svy_item *item = svy_form_item(d->form, d->at.item);
    int required = item->kind == SVY_EL_QUESTION && svy_interview_required(d->interview, d->at);
    if (item->kind != SVY_EL_QUESTION) {
        string_say(d, ALERT, item->kind == SVY_EL_ROSTER ? S_YES_OR_NO : S_NOTHING_TO_TYPE, "");
        return STAY;
    }
    if (required && missing != SVY_NOT_STATED) {
        string_say(d, ALERT, S_NEEDED, "");
        return STAY;
    }
    if (svy_interview_missing(d->interview, d->at, missing, record_now(), &err) != SVY_OK)
        return answering_refused(d, &err);
    if (required)
        string_say(d, QUIET, S_NEEDED_LATER, "");
    return stored(d);
}

/* Gives the answer; when a soft check fails, asks for the reason and gives it again. */
static dialogue_step give(dialogue *d, const char *text, size_t len)
{
    svy_error err = SVY_ERROR_INIT;
    svy_verdict verdict = { UINT32_MAX, 0 };
    dialogue_step step = SHOW;
    svy_status st = svy_interview_answer(d->interview, d->at, text, len, "", record_now(), &verdict, &err);
    if (st == SVY_OK)
        return stored(d);
    if (st != SVY_E_INVALID || !verdict.soft)
        return not_taken(d, &err, text, len);
    terminal_paragraph(d->terminal, ALERT, 2, "? ", err.message);
    char *answer = malloc(len + 1);
    if (answer == NULL)
        return STAY;
    memcpy(answer, text, len);                       /* `text` may be in the line that is read next */
    string_say(d, PLAIN, S_SOFT_PROMPT, "");
    const char *reason = dialogue_ask(d, string_of(d, S_REASON));
    if (reason == NULL) {
        step = LEAVE;
    } else if (reason[0] != '\0' && !command_run(d, reason, &step)) {
        st = svy_interview_answer(d->interview, d->at, answer, len, reason, record_now(), NULL, &err);
        step = st == SVY_OK ? stored(d) : answering_refused(d, &err);
    }
    free(answer);
    return step == STAY ? SHOW : step;
}

/* ---- codes, and letters of labels ---- */

static void show_matches(const dialogue *d, uint32_t list, const uint32_t *found, uint32_t n)
{
    uint32_t shown = n < MATCHES_SHOWN ? n : MATCHES_SHOWN;
    int width = question_code_width(d, list, found, shown);
    char more[16];
    for (uint32_t i = 0; i < shown; i++)
        question_choice(d, list, found[i], width, 1);
    snprintf(more, sizeof more, "%u", n - shown);
    if (n > shown)
        string_say(d, QUIET, S_MORE_MATCHES, more);
    else if (n > 1)
        string_say(d, QUIET, S_SEVERAL_MATCH, "");
}

/* Keeps of `found` what is offered now; returns how many. */
static uint32_t keep_offered(const dialogue *d, uint32_t *found, uint32_t n)
{
    uint32_t offered = svy_interview_choices(d->interview, d->at, NULL, 0), kept = 0;
    uint32_t *choices = malloc((offered ? offered : 1) * sizeof *choices);
    uint32_t all = svy_form_list(d->form, svy_form_item(d->form, d->at.item)->list).n_choices;
    unsigned char *is_offered = calloc(all ? all : 1, 1);
    if (choices != NULL && is_offered != NULL) {
        svy_interview_choices(d->interview, d->at, choices, offered);
        for (uint32_t i = 0; i < offered; i++)
            is_offered[choices[i]] = 1;
        for (uint32_t i = 0; i < n; i++)
            if (is_offered[found[i]])
                found[kept++] = found[i];
    }
    free(choices);
    free(is_offered);
    return kept;
}

/* Keeps the choices that the word names in full, when there are any: "Niger" is not "Nigeria". */
static uint32_t keep_exact(const dialogue *d, uint32_t list, const char *word, size_t len, uint32_t *found, uint32_t n)
{
    uint32_t exact = 0;
    for (uint32_t i = 0; i < n; i++)
        if (svy_form_choice_is(d->form, list, found[i], svy_interview_current_language(d->interview), word, len))
            found[exact++] = found[i];
    return exact > 0 ? exact : n;
}

/* Keeps the choices whose code begins with the word. */
static uint32_t keep_codes(const dialogue *d, uint32_t list, const char *word, size_t len, uint32_t *found, uint32_t n)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < n; i++)
        if (strncmp(svy_form_choice(d->form, list, found[i]).code, word, len) == 0)
            found[kept++] = found[i];
    return kept;
}

/* What the letters found: taken when it is one, else said. Digits are a code that was mistyped: they are never taken for another one. */
static const char *choose(const dialogue *d, uint32_t list, const char *word, size_t len, uint32_t *found, uint32_t n)
{
    char typed[256];
    int digits = strspn(word, "0123456789") >= len;
    snprintf(typed, sizeof typed, "%.*s", (int)(len < sizeof typed ? len : sizeof typed - 1), word);
    if (digits) {
        string_say(d, ALERT, S_NO_CODE, typed);
        n = keep_codes(d, list, word, len, found, n);
    } else if (n == 0) {
        string_say(d, ALERT, S_NO_MATCH, typed);
    }
    if (digits || n != 1) {
        show_matches(d, list, found, n);
        return NULL;
    }
    if (d->terminal->interactive)                    /* who typed letters wants to see what they meant */
        question_choice(d, list, found[0], question_code_width(d, list, found, 1), 1);
    return svy_form_choice(d->form, list, found[0]).code;
}

/* The code that a word means: a code as it is, or the only choice its letters find. NULL after saying what was found. */
static const char *code_of(const dialogue *d, uint32_t list, const char *word, size_t len)
{
    uint32_t choice, all = svy_form_list(d->form, list).n_choices;
    if (svy_form_find_choice(d->form, list, word, len, &choice))
        return svy_form_choice(d->form, list, choice).code;
    uint32_t *found = malloc((all ? all : 1) * sizeof *found);
    if (found == NULL)
        return NULL;
    uint32_t n = svy_form_search(d->form, list, svy_interview_current_language(d->interview), word, len, found, all);
    n = keep_offered(d, found, n < all ? n : all);
    n = keep_exact(d, list, word, len, found, n);
    const char *code = choose(d, list, word, len, found, n);
    free(found);
    return code;
}

/* Codes or words with commas between; blanks separate too when every part is a code. */
static dialogue_step give_codes(dialogue *d, uint32_t list, const char *line)
{
    char *codes = malloc(ANSWER_SIZE);
    size_t used = 0;
    const char *separators = strchr(line, ',') != NULL ? "," : ", \t";
    dialogue_step step = STAY;
    if (codes == NULL)
        return STAY;
    while (*(line += strspn(line, separators)) != '\0') {
        size_t len = strcspn(line, separators), inner = len;
        const char *word = line;
        while (inner > 0 && word[0] == ' ') {
            word++;
            inner--;
        }
        while (inner > 0 && word[inner - 1] == ' ')
            inner--;
        const char *code = code_of(d, list, word, inner);
        size_t n = code != NULL ? strlen(code) : 0;
        if (code == NULL || used + n + 2 > ANSWER_SIZE)
            goto done;
        memcpy(codes + used, code, n);
        used += n;
        codes[used++] = ' ';
        line += len;
    }
    step = give(d, codes, used > 0 ? used - 1 : 0);
done:
    free(codes);
    return step;
}

dialogue_step answering_add_entry(dialogue *d)
{
    svy_error err = SVY_ERROR_INIT;
    uint32_t entry;
    if (svy_interview_add_entry(d->interview, d->at, record_now(), &entry, &err) != SVY_OK)
        return answering_refused(d, &err);
    d->at = svy_interview_step(d->interview, (svy_place){ d->at.item, entry }, 1);
    return SHOW;
}

/* Open roster: is there another entry? */
static dialogue_step take_another(dialogue *d, const char *line)
{
    svy_error err = SVY_ERROR_INIT;
    int yes = answer_yes_or_no(line);
    if (yes < 0) {
        string_say(d, ALERT, S_YES_OR_NO, "");
        return STAY;
    }
    if (yes)
        return answering_add_entry(d);
    return svy_interview_close_roster(d->interview, d->at, record_now(), &err) == SVY_OK ? MOVED : answering_refused(d, &err);
}

static int is_file(uint32_t type) { return type == SVY_T_PHOTO || type == SVY_T_AUDIO || type == SVY_T_FILE || type == SVY_T_VIDEO || type == SVY_T_SIGNATURE; }

/* Without the blanks around it. */
static char *trim(char *line)
{
    line += strspn(line, " \t");
    size_t len = strlen(line);
    while (len > 0 && (line[len - 1] == ' ' || line[len - 1] == '\t'))
        line[--len] = '\0';
    return line;
}

dialogue_step answering_take(dialogue *d, char *line)
{
    const svy_item *item = svy_form_item(d->form, d->at.item);
    if (item->type != SVY_T_TEXT)
        line = trim(line);
    if (item->type != SVY_T_TEXT && !is_file(item->type))
        svy_western_digits(line);
    if (item->type == SVY_T_DECIMAL)
        svy_decimal_point(line);
    if (item->kind == SVY_EL_ROSTER)
        return take_another(d, line);
    if (item->kind != SVY_EL_QUESTION || svy_interview_readonly(d->interview, d->at) || line[0] == '\0') {
        string_say(d, ALERT, line[0] == '\0' ? S_BLANK : S_NOTHING_TO_TYPE, "");
        return STAY;
    }
    if (line[0] == '\\')
        line++;
    if (item->list == 0 && (item->type == SVY_T_SINGLE || item->type == SVY_T_MULTIPLE || item->type == SVY_T_RANKING))
        return give(d, line, strlen(line));
    if (item->type == SVY_T_SINGLE) {
        const char *code = line[0] != '\0' ? code_of(d, item->list, line, strlen(line)) : NULL;
        return code != NULL ? give(d, code, strlen(code)) : STAY;
    }
    if (item->type == SVY_T_MULTIPLE || item->type == SVY_T_RANKING)
        return give_codes(d, item->list, line);
    if (item->type == SVY_T_BOOLEAN && answer_yes_or_no(line) < 0) {
        string_say(d, ALERT, S_YES_OR_NO, "");
        return STAY;
    }
    if (item->type == SVY_T_BOOLEAN)
        return answer_yes_or_no(line) ? give(d, "true", 4) : give(d, "false", 5);
    return give(d, line, strlen(line));
}
