/* Takes a line as the answer to the question at hand: codes, letters of a label, values; soft checks with a reason. */
#include "dialogue.h"
#include "record.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MATCHES_SHOWN = 15, ANSWER_SIZE = 64 * 1024 };

dialogue_step answering_refused(dialogue *d, const svy_error *err)
{
    const svy_item *item = svy_form_item(d->form, d->at.item);
    char line[1024];
    const int english = string_is_english(d);        /* which the engine speaks; a check speaks the language of the interview */
    switch (err->code) {
    case SVY_E_VALUE:
        if (english)
            break;
        snprintf(line, sizeof line, "%s %s", string_of(d, S_NOT_POSSIBLE), item->kind == SVY_EL_QUESTION ? question_format(d, item) : "");
        terminal_paragraph(d->terminal, ALERT, 2, "! ", line);
        return STAY;
    case SVY_E_STATE: case SVY_E_LIMIT:
        if (english)
            break;
        string_say(d, ALERT, err->code == SVY_E_STATE ? S_NOT_NOW : S_TOO_LARGE, "");
        return STAY;
    case SVY_E_INVALID: case SVY_E_TYPE: case SVY_E_NAME:
        break;
    case SVY_OK: case SVY_E_NOMEM: case SVY_E_ARG: case SVY_E_SYNTAX: case SVY_E_FORMAT: case SVY_E_IO: case SVY_E_BUSY: case SVY_E_NUMERIC:
        d->failed = 3;                               /* disk, memory: nothing is stored, so nothing may go on as if it were */
        break;
    }
    terminal_paragraph(d->terminal, ALERT, 2, "! ", err->message);
    return d->failed != 0 ? LEAVE : STAY;
}

static int is_offered(const dialogue *d, uint32_t choice)
{
    uint32_t n = svy_interview_choices(d->interview, d->at, NULL, 0);
    uint32_t *offered = malloc((n > 0 ? n : 1) * sizeof *offered);
    int found = offered == NULL;                     /* then the general sentence will do */
    if (offered != NULL) {
        svy_interview_choices(d->interview, d->at, offered, n);
        for (uint32_t i = 0; i < n; i++)
            found |= offered[i] == choice;
    }
    free(offered);
    return found;
}

/* What is wrong with codes that were refused. @return the sentence, and the code it is about in `named`; S_NOT_POSSIBLE when nothing was found */
static string_id wrong_codes(const dialogue *d, const svy_item *item, const char *codes, size_t len, char *named, size_t size)
{
    string_id wrong = S_NOT_POSSIBLE;
    uint32_t choice, n = 0, alone = UINT32_MAX;
    for (size_t at = 0, word; at < len && wrong == S_NOT_POSSIBLE; at += word + 1) {
        for (word = 0; at + word < len && codes[at + word] != ' ';)
            word++;
        if (word == 0)
            continue;
        snprintf(named, size, "%.*s", (int)word, codes + at);
        n++;
        if (!svy_form_find_choice(d->form, item->list, codes + at, word, &choice) || !is_offered(d, choice)) {
            wrong = S_NOT_SHOWN;
        } else {
            const char *again = at > 0 ? strstr(codes, named) : NULL;
            if (again != NULL && again < codes + at && (again == codes || again[-1] == ' ') && again[word] == ' ')
                wrong = S_TWICE;
            alone = (svy_form_choice(d->form, item->list, choice).flags & SVY_CHOICE_EXCLUSIVE) != 0 ? choice : alone;
        }
    }
    if (wrong == S_NOT_SHOWN || wrong == S_TWICE || alone == UINT32_MAX || n < 2)
        return wrong;
    snprintf(named, size, "%s", svy_form_choice(d->form, item->list, alone).code);
    return S_ALONE;
}

/* Says why the engine did not take a text, in the language of the interview. */
static dialogue_step not_taken(dialogue *d, const svy_error *err, const char *text, size_t len)
{
    const svy_item *item = svy_form_item(d->form, d->at.item);
    string_id wrong = S_NOT_POSSIBLE;
    char named[128] = "";
    if (err->code != SVY_E_VALUE || string_is_english(d))
        return answering_refused(d, err);
    if (item->list != 0)
        wrong = wrong_codes(d, item, text, len, named, sizeof named);
    else if (item->type == SVY_T_TEXT)
        wrong = S_TOO_MANY_LETTERS;
    if (wrong == S_NOT_POSSIBLE)
        return answering_refused(d, err);
    string_say(d, ALERT, wrong, named);
    return STAY;
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

/* 1 yes, 0 no, -1 neither. */
static int yes_or_no(const char *line)
{
    static const char *const WORDS[] = { "n", "N", "no", "No", "NO", "2", "0", "false", "н", "Н", "не", "Не", "НЕ", "ل", "لا",
                                         "y", "Y", "yes", "Yes", "YES", "1", "true", "д", "Д", "да", "Да", "ДА", "ن", "نعم" };
    enum { NOES = 15 };
    for (size_t i = 0; i < sizeof WORDS / sizeof WORDS[0]; i++)
        if (strcmp(line, WORDS[i]) == 0)
            return i >= NOES;
    return -1;
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
    int yes = yes_or_no(line);
    if (yes < 0) {
        string_say(d, ALERT, S_YES_OR_NO, "");
        return STAY;
    }
    if (yes)
        return answering_add_entry(d);
    return svy_interview_close_roster(d->interview, d->at, record_now(), &err) == SVY_OK ? MOVED : answering_refused(d, &err);
}

/* The signs of an Arabic or Persian keyboard, each of which has a sign of ASCII in its place. */
static const struct { const char *sign; char plain; } SIGNS[] = {
    { "\xD9\xAB", '.' }, { "\xD8\x8C", ',' },    /* the decimal sign and the comma */
    { "\xE2\x88\x92", '-' },                     /* the minus sign */
};

void answering_western_digits(char *line)
{
    char *to = line;
    for (const char *from = line; *from != '\0';) {
        const unsigned char *c = (const unsigned char *)from;
        size_t i = 0, n = sizeof SIGNS / sizeof SIGNS[0];
        while (i < n && strncmp(from, SIGNS[i].sign, strlen(SIGNS[i].sign)) != 0)
            i++;
        if (c[0] == 0xD9 && c[1] >= 0xA0 && c[1] <= 0xA9) {             /* U+0660 to U+0669 */
            *to++ = (char)('0' + (c[1] - 0xA0));
            from += 2;
        } else if (c[0] == 0xDB && c[1] >= 0xB0 && c[1] <= 0xB9) {      /* U+06F0 to U+06F9 */
            *to++ = (char)('0' + (c[1] - 0xB0));
            from += 2;
        } else if (i < n) {
            *to++ = SIGNS[i].plain;
            from += strlen(SIGNS[i].sign);
        } else {
            *to++ = *from++;
        }
    }
    *to = '\0';
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
        answering_western_digits(line);
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
    if (item->type == SVY_T_BOOLEAN && yes_or_no(line) < 0) {
        string_say(d, ALERT, S_YES_OR_NO, "");
        return STAY;
    }
    if (item->type == SVY_T_BOOLEAN)
        return yes_or_no(line) ? give(d, "true", 4) : give(d, "false", 5);
    return give(d, line, strlen(line));
}
