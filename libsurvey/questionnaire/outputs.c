/* Values in the texts of ODK forms: ${expression}, found in a text and replaced by what the caller writes. */
#include <string.h>

#include "questionnaire/questionnaire_priv.h"

static int is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* The "}" that ends an expression: the first one outside of quotes. NULL when there is none. */
static const char *find_end(const char *at)
{
    char quote = '\0';

    for (; *at != '\0'; at++) {
        if (quote == '\0' && *at == '}')
            return at;
        if (quote != '\0')
            quote = *at == quote ? '\0' : quote;
        else if (*at == '\'' || *at == '"')
            quote = *at;
    }
    return NULL;
}

int svyi_q_next_output(const char *text, size_t *at, size_t *start, const char **expression, size_t *len)
{
    const char *open = strstr(text + *at, "${");

    *start = open != NULL ? (size_t)(open - text) : 0;
    *expression = "";
    *len = 0;
    if (open == NULL)
        return 0;
    const char *from = open + 2, *close = find_end(from);
    if (close == NULL)
        return -1;
    *at = (size_t)(close + 1 - text);
    while (is_blank(*from))
        from++;
    while (close > from && is_blank(close[-1]))
        close--;
    *expression = from;
    *len = (size_t)(close - from);
    return 1;
}

static size_t room(size_t size, size_t need)
{
    return need < size ? size - need : 0;
}

static void put(char *out, size_t size, size_t *need, const char *text, size_t len)
{
    const size_t left = room(size, *need);

    if (left > 1)
        memcpy(out + *need, text, len < left - 1 ? len : left - 1);
    *need += len;
}

size_t svy_form_fill_outputs(const svy_form *f, uint32_t item, const char *text, size_t (*get)(void *user, uint32_t rule, char *out, size_t size),
                             void *user, char *out, size_t size)
{
    size_t need = 0, at = 0, copied = 0, start, len;
    const char *expression;

    while (svyi_q_next_output(text, &at, &start, &expression, &len) == 1) {
        const uint32_t rule = svy_form_find_output(f, item, expression, len);
        if (rule == 0)
            continue;
        put(out, size, &need, text + copied, start - copied);
        need += get(user, rule, room(size, need) > 0 ? out + need : NULL, room(size, need));
        copied = at;
    }
    put(out, size, &need, text + copied, strlen(text + copied));
    if (size > 0)
        out[need < size ? need : size - 1] = '\0';
    return need;
}
