/* Answers as people read them, and why one was not taken. */
#include "sentences.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct line { char *out; size_t size, len; } line;

static void add(line *l, const char *text, size_t len)
{
    for (size_t i = 0; i < len && l->len + i + 1 < l->size; i++)
        l->out[l->len + i] = text[i];
    l->len += len;
    if (l->size > 0)
        l->out[l->len < l->size ? l->len : l->size - 1] = '\0';
}

static void add_text(line *l, const char *text) { add(l, text, strlen(text)); }

static const char *language_of(const svy_interview *iv) { return svy_form_language(svy_interview_form(iv), svy_interview_current_language(iv)); }

static const char *missing_text(uint8_t missing, const char *tag)
{
    if (missing == SVY_DONT_KNOW)
        return sentence_of(S_DONT_KNOW, tag);
    if (missing == SVY_REFUSED)
        return sentence_of(S_REFUSED, tag);
    return missing == SVY_NOT_STATED ? sentence_of(S_NOT_STATED, tag) : "";
}

/* "1 Yes, 3 No", or only the labels, for codes with blanks between. A label from right to left does not mix with the code beside it. */
static void add_labels(line *l, const svy_interview *iv, uint32_t list, const svy_value *value, int codes)
{
    const svy_form *form = svy_interview_form(iv);
    const int apart = codes && language_is_right_to_left(language_of(iv));
    for (size_t at = 0, n; at < value->len; at += n + 1) {
        uint32_t choice;
        for (n = 0; at + n < value->len && value->text[at + n] != ' ';)
            n++;
        const int known = svy_form_find_choice(form, list, value->text + at, n, &choice);
        add_text(l, l->len > 0 ? ", " : "");
        if (codes || !known) {
            add(l, value->text + at, n);
            add_text(l, codes ? " " : "");
        }
        const char *label = known ? svy_form_choice_label(form, list, choice, svy_interview_current_language(iv)) : "";
        add_text(l, apart && label[0] != '\0' ? "\xE2\x81\xA8" : "");
        add_text(l, label);
        add_text(l, apart && label[0] != '\0' ? SENTENCE_POP : "");
    }
}

size_t answer_text(const svy_interview *iv, svy_place place, int codes, char *out, size_t size)
{
    const svy_item *item = svy_form_item(svy_interview_form(iv), place.item);
    const svy_value value = svy_interview_typed(iv, place);
    const char *tag = language_of(iv);
    line l = { out, size, 0 };
    add(&l, "", 0);
    if (value.missing != SVY_PRESENT)
        add_text(&l, missing_text(value.missing, tag));
    else if (item->type == SVY_T_KEY)
        add_text(&l, "••••");
    else if (item->type == SVY_T_BOOLEAN && value.kind == SVY_K_BOOLEAN)
        add_text(&l, sentence_of(value.number != 0 ? S_YES : S_NO, tag));
    else if (item->list != 0 && (value.kind == SVY_K_CODE || value.kind == SVY_K_CODES))
        add_labels(&l, iv, item->list, &value, codes);
    else
        l.len = svy_value_format(&value, out, size);
    return l.len;
}

const char *answer_format(const svy_item *item, const char *tag)
{
    enum { NOTHING = S_DONT_KNOW };
    static const sentence_id FORMATS[] = {
        [SVY_T_MULTIPLE] = S_SEVERAL_CODES, [SVY_T_RANKING] = S_RANK_CODES, [SVY_T_INTEGER] = S_FORMAT_INTEGER, [SVY_T_DECIMAL] = S_FORMAT_DECIMAL,
        [SVY_T_DATE] = S_FORMAT_DATE, [SVY_T_MONTH] = S_FORMAT_MONTH, [SVY_T_YEAR] = S_FORMAT_YEAR, [SVY_T_TIME] = S_FORMAT_TIME,
        [SVY_T_DATETIME] = S_FORMAT_DATETIME, [SVY_T_BOOLEAN] = S_FORMAT_BOOLEAN, [SVY_T_GEOPOINT] = S_FORMAT_GEOPOINT, [SVY_T_PHOTO] = S_FORMAT_FILE,
        [SVY_T_AUDIO] = S_FORMAT_FILE, [SVY_T_FILE] = S_FORMAT_FILE, [SVY_T_SIGNATURE] = S_FORMAT_FILE, [SVY_T_VIDEO] = S_FORMAT_FILE,
    };
    const sentence_id id = item->type < sizeof FORMATS / sizeof FORMATS[0] ? FORMATS[item->type] : (sentence_id)NOTHING;
    return id != (sentence_id)NOTHING ? sentence_of(id, tag) : "";
}

int answer_yes_or_no(const char *text)
{
    static const char *const WORDS[] = { "n", "N", "no", "No", "NO", "2", "0", "false", "н", "Н", "не", "Не", "НЕ", "ل", "لا",
                                         "y", "Y", "yes", "Yes", "YES", "1", "true", "д", "Д", "да", "Да", "ДА", "ن", "نعم" };
    enum { NOES = 15 };
    for (size_t i = 0; i < sizeof WORDS / sizeof WORDS[0]; i++)
        if (strcmp(text, WORDS[i]) == 0)
            return i >= NOES;
    return -1;
}

/* ---- why not ---- */

static int is_offered(svy_interview *iv, svy_place place, uint32_t choice)
{
    const uint32_t n = svy_interview_choices(iv, place, NULL, 0);
    uint32_t *offered = malloc((n > 0 ? n : 1) * sizeof *offered);
    int found = offered == NULL;                     /* then the general sentence will do */
    if (offered != NULL) {
        svy_interview_choices(iv, place, offered, n);
        for (uint32_t i = 0; i < n; i++)
            found |= offered[i] == choice;
    }
    free(offered);
    return found;
}

static void copy_word(const char *word, size_t len, char *named, size_t size)
{
    line l = { named, size, 0 };
    add(&l, word, len);
}

/* What is wrong with codes that were refused. @return the sentence, and the code it is about in `named`; S_NOT_POSSIBLE when nothing was found */
static sentence_id wrong_codes(svy_interview *iv, svy_place place, const char *codes, size_t len, char *named, size_t size)
{
    const svy_form *form = svy_interview_form(iv);
    const uint32_t list = svy_form_item(form, place.item)->list;
    sentence_id wrong = S_NOT_POSSIBLE;
    uint32_t choice, n = 0, alone = UINT32_MAX;
    for (size_t at = 0, word; at < len && wrong == S_NOT_POSSIBLE; at += word + 1) {
        for (word = 0; at + word < len && codes[at + word] != ' ';)
            word++;
        if (word == 0)
            continue;
        copy_word(codes + at, word, named, size);
        n++;
        if (!svy_form_find_choice(form, list, codes + at, word, &choice) || !is_offered(iv, place, choice)) {
            wrong = S_NOT_SHOWN;
        } else {
            const char *again = at > 0 ? strstr(codes, named) : NULL;
            if (again != NULL && again < codes + at && (again == codes || again[-1] == ' ') && again[word] == ' ')
                wrong = S_TWICE;
            alone = (svy_form_choice(form, list, choice).flags & SVY_CHOICE_EXCLUSIVE) != 0 ? choice : alone;
        }
    }
    if (wrong == S_NOT_SHOWN || wrong == S_TWICE || alone == UINT32_MAX || n < 2)
        return wrong;
    copy_word(svy_form_choice(form, list, alone).code, strlen(svy_form_choice(form, list, alone).code), named, size);
    return S_ALONE;
}

/* A roster that has fewer entries than it needs. */
static int entries_missing(const svy_interview *iv, svy_place place)
{
    const svy_item *item = svy_form_item(svy_interview_form(iv), place.item);
    return item->kind == SVY_EL_ROSTER && svy_interview_entry_count(iv, place.item, place.entry) < item->min;
}

const char *answer_refusal(svy_interview *iv, svy_place place, const char *text, size_t len, const svy_error *err, char *out, size_t size)
{
    const char *tag = language_of(iv);
    const svy_item *item = svy_form_item(svy_interview_form(iv), place.item);
    char named[128] = "";
    line l = { out, size, 0 };
    if (err->code == SVY_E_STATE && entries_missing(iv, place)) {
        snprintf(named, sizeof named, "%u", item->min);
        sentence_fill(sentence_of(S_TOO_FEW, tag), tag, named, out, size);
        return out;
    }
    if (sentence_is_english(tag) || (err->code != SVY_E_VALUE && err->code != SVY_E_STATE && err->code != SVY_E_LIMIT))
        return err->message;                         /* the engine speaks English; a check speaks the language of the interview */
    if (err->code != SVY_E_VALUE)
        return sentence_of(err->code == SVY_E_STATE ? S_NOT_NOW : S_TOO_LARGE, tag);
    sentence_id wrong = S_NOT_POSSIBLE;
    if (item->list != 0)
        wrong = wrong_codes(iv, place, text, len, named, sizeof named);
    else if (item->type == SVY_T_TEXT)
        wrong = S_TOO_MANY_LETTERS;
    if (wrong != S_NOT_POSSIBLE) {
        sentence_fill(sentence_of(wrong, tag), tag, named, out, size);
        return out;
    }
    add_text(&l, sentence_of(S_NOT_POSSIBLE, tag));
    add_text(&l, " ");
    add_text(&l, item->kind == SVY_EL_QUESTION ? answer_format(item, tag) : "");
    return out;
}
