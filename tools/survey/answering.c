/* Takes a line as the answer to the question at hand: codes, letters of a label, values; soft checks with a reason. */
#include "dialogue.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MATCHES_SHOWN = 15, ANSWER_SIZE = 64 * 1024, OFFERED_MAX = 20000 };

dialogue_step answering_refused(dialogue *d, const svy_error *err)
{
    if (err->code == SVY_E_VALUE || err->code == SVY_E_INVALID || err->code == SVY_E_STATE || err->code == SVY_E_TYPE || err->code == SVY_E_LIMIT ||
        err->code == SVY_E_NAME) {
        terminal_paragraph(d->terminal, ALERT, 2, "! ", err->message);
        return STAY;
    }
    /* Disk, memory: the answer is not stored, so nothing may go on as if it were. */
    terminal_paragraph(d->terminal, ALERT, 2, "! ", err->message);
    d->failed = 3;
    return LEAVE;
}

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
        terminal_paragraph(d->terminal, PLAIN, 4, line, answer != NULL ? answer : "");
        free(answer);
        fflush(stdout);
    }
    return MOVED;
}

dialogue_step answering_missing(dialogue *d, svy_missing missing)
{
    svy_error err = SVY_ERROR_INIT;
    if (svy_interview_missing(d->interview, d->at, missing, dialogue_now(), &err) != SVY_OK)
        return answering_refused(d, &err);
    return stored(d);
}

/* Gives the answer; when a soft check fails, asks for the reason and gives it again. */
static dialogue_step give(dialogue *d, const char *text, size_t len)
{
    svy_error err = SVY_ERROR_INIT;
    svy_verdict verdict = { UINT32_MAX, 0 };
    int too_long;
    svy_status st = svy_interview_answer(d->interview, d->at, text, len, "", dialogue_now(), &verdict, &err);
    if (st == SVY_OK)
        return stored(d);
    if (st != SVY_E_INVALID || !verdict.soft)
        return answering_refused(d, &err);
    terminal_paragraph(d->terminal, ALERT, 2, "? ", err.message);
    char *answer = malloc(len + 1);
    if (answer == NULL)
        return STAY;
    memcpy(answer, text, len);                       /* `text` may be in the line that is read next */
    char *reason = terminal_ask(d->terminal, string_of(d, S_SOFT_PROMPT), &too_long);
    if (reason == NULL || reason[0] == '\0') {
        free(answer);
        return reason == NULL && !too_long ? LEAVE : SHOW;
    }
    st = svy_interview_answer(d->interview, d->at, answer, len, reason, dialogue_now(), NULL, &err);
    free(answer);
    return st == SVY_OK ? stored(d) : answering_refused(d, &err);
}

/* A sentence of ours with one %s or %u replaced. */
static void say_with(const dialogue *d, terminal_style style, string_id id, const char *value)
{
    char line[512];
    const char *sentence = string_of(d, id), *mark = strchr(sentence, '%');
    if (mark == NULL)
        mark = sentence + strlen(sentence);
    snprintf(line, sizeof line, "%.*s%s%s", (int)(mark - sentence), sentence, value, *mark != '\0' ? mark + 2 : "");
    terminal_paragraph(d->terminal, style, 2, "  ", line);
}

static void show_matches(const dialogue *d, uint32_t list, const uint32_t *found, uint32_t n)
{
    for (uint32_t i = 0; i < n && i < MATCHES_SHOWN; i++) {
        char lead[80];
        snprintf(lead, sizeof lead, "  %6s  ", svy_form_choice(d->form, list, found[i]).code);
        terminal_paragraph(d->terminal, PLAIN, 10, lead, question_choice_label(d, list, found[i]));
    }
    if (n > MATCHES_SHOWN) {
        char more[16];
        snprintf(more, sizeof more, "%u", n - MATCHES_SHOWN);
        say_with(d, QUIET, S_MORE_MATCHES, more);
    }
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
    const char *code = n == 1 ? svy_form_choice(d->form, list, found[0]).code : NULL;
    if (n == 0) {
        char typed[128];
        snprintf(typed, sizeof typed, "%.*s", (int)(len < 100 ? len : 100), word);
        say_with(d, ALERT, S_NO_MATCH, typed);
    } else if (n > 1) {
        show_matches(d, list, found, n);
    }
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

/* Open roster: is there another entry? */
static dialogue_step take_another(dialogue *d, const char *line)
{
    svy_error err = SVY_ERROR_INIT;
    static const char *const YES[] = { "y", "yes", "1", "д", "да" }, *const NO[] = { "n", "no", "2", "0", "н", "не" };
    uint32_t entry;
    for (size_t i = 0; i < sizeof YES / sizeof YES[0]; i++)
        if (strcmp(line, YES[i]) == 0) {
            if (svy_interview_add_entry(d->interview, d->at, dialogue_now(), &entry, &err) != SVY_OK)
                return answering_refused(d, &err);
            return MOVED;
        }
    for (size_t i = 0; i < sizeof NO / sizeof NO[0]; i++)
        if (strcmp(line, NO[i]) == 0) {
            if (svy_interview_close_roster(d->interview, d->at, dialogue_now(), &err) != SVY_OK)
                return answering_refused(d, &err);
            return MOVED;
        }
    return STAY;
}

dialogue_step answering_take(dialogue *d, char *line)
{
    const svy_item *item = svy_form_item(d->form, d->at.item);
    if (item->kind == SVY_EL_ROSTER)
        return take_another(d, line);
    if (line[0] == '\\')
        line++;
    if (item->type == SVY_T_SINGLE) {
        size_t len = strlen(line);
        while (len > 0 && line[len - 1] == ' ')
            len--;
        line += strspn(line, " ");
        const char *code = len > 0 ? code_of(d, item->list, line, strlen(line) < len ? strlen(line) : len) : NULL;
        return code != NULL ? give(d, code, strlen(code)) : STAY;
    }
    if (item->type == SVY_T_MULTIPLE || item->type == SVY_T_RANKING)
        return give_codes(d, item->list, line);
    return give(d, line, strlen(line));
}
