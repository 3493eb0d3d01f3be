/* Searching a long list of choices by typing: by code, by the beginning of a word of the label, then anywhere in it. */
#include <string.h>

#include "base/text.h"
#include <survey/questionnaire.h>

enum { KEY = 512 /* bytes of a label that are searched */, NONE = 0, INSIDE = 1, AT_WORD = 2 };

/* How `typed` occurs in a key. */
static int found_in(const char *key, const char *typed)
{
    int best = NONE;

    for (const char *at = strstr(key, typed); at != NULL; at = strstr(at + 1, typed)) {
        if (at == key || at[-1] == ' ')
            return AT_WORD;
        best = INSIDE;
    }
    return best;
}

static int match_text(const char *text, const char *typed, int first_only)
{
    char key[KEY];

    svyi_fold(text, strlen(text), key, sizeof key);
    const int found = found_in(key, typed);
    return first_only && strncmp(key, typed, strlen(typed)) != 0 ? (found != NONE ? INSIDE : NONE) : found;
}

static int match(const svy_form *f, uint32_t list, uint32_t choice, uint32_t lang, const char *typed)
{
    const int by_code = match_text(svy_form_choice(f, list, choice).code, typed, 1);
    const char *label = svy_form_choice_label(f, list, choice, lang), *source = svy_form_choice_label(f, list, choice, 0);

    if (by_code == AT_WORD)
        return AT_WORD;
    const int by_label = match_text(label, typed, 0);
    const int by_source = by_label != AT_WORD && source != label ? match_text(source, typed, 0) : NONE;
    const int best = by_label > by_source ? by_label : by_source;
    return best > by_code ? best : by_code;
}

static int is_key(const char *text, const char *typed)
{
    char key[KEY];

    svyi_fold(text, strlen(text), key, sizeof key);
    return strcmp(key, typed) == 0;
}

int svy_form_choice_is(const svy_form *f, uint32_t list, uint32_t choice, uint32_t lang, const char *typed, size_t len)
{
    char key[KEY];

    svyi_fold(typed, len, key, sizeof key);
    return is_key(svy_form_choice_label(f, list, choice, lang), key) || is_key(svy_form_choice_label(f, list, choice, 0), key) ||
           is_key(svy_form_choice(f, list, choice).code, key);
}

uint32_t svy_form_search(const svy_form *f, uint32_t list, uint32_t lang, const char *typed, size_t len, uint32_t *choices, uint32_t size)
{
    char key[KEY];
    const uint32_t n = svy_form_list(f, list).n_choices;
    uint32_t found = 0, inside = 0;

    svyi_fold(typed, len, key, sizeof key);
    for (uint32_t i = 0; i < n; i++) {
        const int how = match(f, list, i, lang, key);
        if (how == AT_WORD && found < size)
            choices[found] = i;
        found += how == AT_WORD;
        inside += how == INSIDE;
    }
    for (uint32_t i = 0; i < n && inside > 0; i++) {
        if (found < size && match(f, list, i, lang, key) == INSIDE)
            choices[found] = i;
        else if (found < size)
            continue;
        found++;
        inside--;
    }
    return found;
}
