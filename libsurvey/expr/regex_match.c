/* Matches texts with compiled regular expressions, and keeps the compiled ones. */
#include "regex_priv.h"

#include <string.h>

#include "base/text.h"

typedef struct search { svyi_regex_program *p; const char *text; size_t len; uint64_t steps, most; } search;

/* ---- Characters ---- */

/* Letters of any script count as word characters; so do all characters from U+00C0 on that are not signs. */
static int is_word(uint32_t c)
{
    if (c < 0xc0)
        return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
    return c != 0xd7 && c != 0xf7 && !(c >= 0x2000 && c <= 0x2bff) && !(c >= 0x3000 && c <= 0x303f) && !svyi_is_space(c);
}

static int is_ascii_word(uint32_t c)
{
    return c < 128 && is_word(c);
}

static int is_digit(uint32_t c)
{
    return c >= '0' && c <= '9';
}

static int is_sign(uint32_t c)
{
    return (c > ' ' && c < 127 && !(is_word(c) && c != '_')) || (c >= 0x2010 && c <= 0x2027);
}

static int in_named(uint32_t code, uint32_t c)
{
    switch (code) {
    case 'd': return is_digit(c);
    case 'w': return is_word(c);
    case 'a': return is_ascii_word(c);
    case 's': return svyi_is_space(c);
    case 'l': return is_word(c) && !is_digit(c) && c != '_';
    case 'u': return svyi_lower(c) != c;
    case 'o': return svyi_upper(c) != c;
    case 'k': return is_word(c) && c != '_';
    default: return is_sign(c);
    }
}

static int in_range(const svyi_regex_range *r, uint32_t c)
{
    if (r->low < SVYI_REGEX_NAMED)
        return c >= r->low && c <= r->high;
    const uint32_t code = r->low - SVYI_REGEX_NAMED, lower = code | 0x20;
    return in_named(lower, c) == (code == lower);
}

static int takes(const svyi_regex_program *p, const svyi_regex_state *s, uint32_t c)
{
    if (s->op == SVYI_RO_CHAR)
        return s->c == c;
    if (s->op == SVYI_RO_ANY)
        return !s->negated || (c != '\n' && c != '\r' && c != 0x2028 && c != 0x2029);
    int inside = 0;
    for (int i = 0; i < s->b && !inside; i++)
        inside = in_range(&p->ranges[s->a + i], c);
    return inside != s->negated;
}

/* Whether a word begins or ends before byte `at`. */
static int is_boundary(const search *s, size_t at)
{
    const int before = at > 0 && is_ascii_word((unsigned char)s->text[at - 1]), after = at < s->len && is_ascii_word((unsigned char)s->text[at]);
    return before != after;
}

/* ---- States ---- */

static int run(search *s, unsigned depth, uint32_t from, size_t at, int anywhere, int whole);

/* Whether a state that takes no character lets through at byte `at`. */
static int lets_through(search *s, unsigned depth, const svyi_regex_state *state, uint32_t index, size_t at)
{
    switch (state->op) {
    case SVYI_RO_BEGIN: return at == 0;
    case SVYI_RO_END: return at == s->len;
    case SVYI_RO_BOUNDARY: return is_boundary(s, at) != state->negated;
    default: return run(s, depth + 1, index + 1, at, 0, 0) != state->negated;
    }
}

/* Adds the states that take a character and can be reached from `from`; 1 when the end of the pattern can. */
static int follow(search *s, unsigned depth, uint32_t from, size_t at, uint16_t *list, uint32_t *n)
{
    svyi_regex_layer *layer = &s->p->at_work[depth];
    uint32_t open = 0;
    int matched = 0;

    layer->pending[open++] = (uint16_t)from;
    while (open > 0) {
        const uint32_t i = layer->pending[--open];
        const svyi_regex_state *state = &s->p->states[i];
        if (layer->seen[i] == layer->turn)
            continue;
        layer->seen[i] = layer->turn;
        s->steps++;
        switch ((svyi_regex_op)state->op) {
        case SVYI_RO_SPLIT:
            layer->pending[open++] = (uint16_t)((int)i + state->b);
            layer->pending[open++] = (uint16_t)((int)i + state->a);
            break;
        case SVYI_RO_JUMP: layer->pending[open++] = (uint16_t)((int)i + state->a); break;
        case SVYI_RO_BEGIN: case SVYI_RO_END: case SVYI_RO_BOUNDARY: case SVYI_RO_LOOK:
            if (lets_through(s, depth, state, i, at))
                layer->pending[open++] = (uint16_t)(state->op == SVYI_RO_LOOK ? (int)i + state->a : (int)i + 1);
            break;
        case SVYI_RO_MATCH: matched = 1; break;
        case SVYI_RO_CHAR: case SVYI_RO_ANY: case SVYI_RO_CLASS: list[(*n)++] = (uint16_t)i; break;
        }
    }
    return matched;
}

/* From state `from` at byte `at`: 1 when the end is reached; `anywhere`: or from a later byte on; `whole`: with the end of the text. */
static int run(search *s, unsigned depth, uint32_t from, size_t at, int anywhere, int whole)
{
    svyi_regex_layer *layer = &s->p->at_work[depth];
    uint32_t n = 0, next;
    int now = 0, matched;

    if (layer->turn > UINT32_MAX - 2 - s->len) {       /* marks of earlier runs must not look like new ones */
        memset(layer->seen, 0, sizeof layer->seen);
        layer->turn = 0;
    }
    layer->turn++;
    matched = follow(s, depth, from, at, layer->lists[now], &n);
    while (at < s->len && (n > 0 || anywhere) && !(matched && !whole) && s->steps <= s->most) {
        const uint32_t c = svyi_utf8_next(s->text, s->len, &at);
        next = 0;
        matched = 0;
        layer->turn++;
        for (uint32_t i = 0; i < n; i++) {
            const uint16_t state = layer->lists[now][i];
            if (takes(s->p, &s->p->states[state], c))
                matched |= follow(s, depth, (uint32_t)state + 1, at, layer->lists[!now], &next);
        }
        if (anywhere)
            matched |= follow(s, depth, from, at, layer->lists[!now], &next);
        s->steps += n;
        now = !now;
        n = next;
    }
    return matched && (!whole || at == s->len);
}

/* ---- Kept patterns ---- */

/* The kept program of a pattern, or a new one in the oldest place. NULL: *result says why. */
static svyi_regex_program *program_of(svy_scratch *s, unsigned flags, const char *pattern, size_t len, int *result)
{
    size_t at;
    const char *why;

    for (unsigned i = 0; i < SVYI_REGEXES; i++) {
        svyi_regex_program *p = s->regexes[i];
        if (p != NULL && p->pattern_len == len && p->flags == flags && (len == 0 || memcmp(p->pattern, pattern, len) == 0))
            return p;
    }
    unsigned slot = s->next_regex;
    if (s->regexes[slot] == NULL)
        s->regexes[slot] = svyi_get(&s->alloc, sizeof **s->regexes);
    svyi_regex_program *p = s->regexes[slot];
    *result = -1;
    if (p == NULL)
        return NULL;
    *result = -2;
    p->pattern_len = (size_t)-1;                       /* until it is compiled, it is no pattern */
    if (!svyi_regex_compile(p, flags, pattern, len, &at, &why))
        return NULL;
    s->next_regex = (slot + 1) % SVYI_REGEXES;
    return p;
}

int svyi_regex_search(svy_scratch *s, unsigned flags, const char *pattern, size_t pattern_len, const char *text, size_t len)
{
    int result = -2;
    search at_work = { .p = program_of(s, flags, pattern_len > 0 ? pattern : "", pattern_len, &result), .text = text, .len = len,
                       .most = flags & SVYI_REGEX_ODK ? SVYI_REGEX_STEPS : UINT64_MAX };
    if (at_work.p == NULL)
        return result;
    const int anywhere = (flags & SVYI_REGEX_ANYWHERE) != 0;
    result = run(&at_work, 0, 0, 0, anywhere, !anywhere);
    return at_work.steps > at_work.most ? -3 : result;
}

int svyi_regex_match(svy_scratch *s, const char *pattern, size_t pattern_len, const char *text, size_t len)
{
    return svyi_regex_search(s, 0, pattern, pattern_len, text, len);
}

void svyi_regex_forget(svy_scratch *s)
{
    for (unsigned i = 0; i < SVYI_REGEXES; i++) {
        svyi_release(&s->alloc, s->regexes[i], sizeof **s->regexes);
        s->regexes[i] = NULL;
    }
}
