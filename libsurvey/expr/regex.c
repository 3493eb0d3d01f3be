/* Regular expressions over characters, always on the whole text: compiled to states that are all followed at once, so in linear time. */
#include "expr_priv.h"

#include <string.h>

#include "base/text.h"

enum { MAX_RANGES = 512, MAX_GROUPS = 50, MAX_PATTERN = 4096 };

typedef enum regex_op { CHAR, ANY, CLASS, SPLIT, JUMP, BEGIN, END, MATCH } regex_op;

/* Jumps are relative, so a run of states can be copied for a repetition. */
typedef struct state { uint8_t op, negated; int16_t a, b; uint32_t c; } state;   /* CLASS: ranges a..a+b-1 */

/* A range of characters; `low` beyond Unicode names a class: NAMED + 'd', 'w', 's' or a capital for all others. */
typedef struct range { uint32_t low, high; } range;
#define NAMED 0x200000u

struct svyi_regex_program {
    size_t pattern_len;
    uint32_t n;
    uint16_t n_ranges;
    state states[SVYI_REGEX_STATES];
    range ranges[MAX_RANGES];
    /* for matching */
    uint32_t turn;
    uint32_t seen[SVYI_REGEX_STATES];
    uint16_t lists[2][SVYI_REGEX_STATES], pending[2 * SVYI_REGEX_STATES];
    char pattern[MAX_PATTERN];
};

typedef struct builder { svyi_regex_program *p; const char *text; size_t len, at; unsigned groups; const char *why; } builder;

/* ---- Compiling ---- */

static int wrong(builder *b, const char *why)
{
    if (b->why == NULL)
        b->why = why;
    return 0;
}

static int more(const builder *b)
{
    return b->at < b->len;
}

static int accept(builder *b, char c)
{
    if (!more(b) || b->text[b->at] != c)
        return 0;
    b->at++;
    return 1;
}

static int add(builder *b, state s)
{
    if (b->p->n == SVYI_REGEX_STATES)
        return wrong(b, "it is too large");
    b->p->states[b->p->n++] = s;
    return 1;
}

/* Makes room for one state at `at`; jumps inside the moved part stay right, as they are relative. */
static int insert(builder *b, uint32_t at, state s)
{
    if (!add(b, s))
        return 0;
    memmove(&b->p->states[at + 1], &b->p->states[at], (b->p->n - 1 - at) * sizeof s);
    b->p->states[at] = s;
    return 1;
}

static int add_range(builder *b, uint32_t low, uint32_t high)
{
    if (b->p->n_ranges == MAX_RANGES)
        return wrong(b, "it has too many ranges");
    b->p->ranges[b->p->n_ranges++] = (range){ low, high };
    return 1;
}

/* After a backslash: a class (*named), or the character meant. */
static int escaped(builder *b, uint32_t *c, int *named)
{
    static const char CONTROLS[] = "n\nr\rt\t";
    *named = 0;
    if (!more(b))
        return wrong(b, "nothing follows the backslash");
    *c = svyi_utf8_next(b->text, b->len, &b->at);
    if (*c < 128 && strchr("dDwWsS", (int)*c) != NULL && *c != 0) {
        *named = 1;
        *c += NAMED;
        return 1;
    }
    for (size_t i = 0; i + 1 < sizeof CONTROLS - 1; i += 2)
        if (*c == (uint32_t)CONTROLS[i]) {
            *c = (uint32_t)CONTROLS[i + 1];
            return 1;
        }
    if ((*c >= '0' && *c <= '9') || (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z')) {
        b->at--;
        return wrong(b, "only d D w W s S n r t and signs may follow a backslash");
    }
    return 1;
}

static int class_part(builder *b, uint32_t *c, int *named)
{
    *named = 0;
    if (accept(b, '\\'))
        return escaped(b, c, named);
    *c = svyi_utf8_next(b->text, b->len, &b->at);
    return 1;
}

/* [...] after the opening bracket. */
static int class_of(builder *b)
{
    state s = { .op = CLASS, .negated = (uint8_t)accept(b, '^'), .a = (int16_t)b->p->n_ranges };
    uint32_t low, high;
    int named;

    for (int first = 1; first || !more(b) || b->text[b->at] != ']'; first = 0) {
        if (!more(b))
            return wrong(b, "']' is missing");
        if (!class_part(b, &low, &named))
            return 0;
        high = low;
        if (!named && b->at + 1 < b->len && b->text[b->at] == '-' && b->text[b->at + 1] != ']') {
            b->at++;
            if (!class_part(b, &high, &named))
                return 0;
            if (named || high < low)
                return wrong(b, "the range ends before it begins");
        }
        if (!add_range(b, low, high))
            return 0;
    }
    b->at++;
    s.b = (int16_t)(b->p->n_ranges - s.a);
    return add(b, s);
}

static int alternatives(builder *b);

static int group(builder *b)
{
    if (b->at + 1 < b->len && b->text[b->at] == '?' && b->text[b->at + 1] == ':')
        b->at += 2;
    else if (more(b) && b->text[b->at] == '?')
        return wrong(b, "there are no groups that look ahead or have names here");
    if (++b->groups > MAX_GROUPS)
        return wrong(b, "groups are nested too deep");
    if (!alternatives(b))
        return 0;
    b->groups--;
    return accept(b, ')') || wrong(b, "')' is missing");
}

static int atom(builder *b)
{
    uint32_t c;
    int named;

    if (accept(b, '('))
        return group(b);
    if (accept(b, '['))
        return class_of(b);
    if (accept(b, '.'))
        return add(b, (state){ .op = ANY });
    if (accept(b, '^'))
        return add(b, (state){ .op = BEGIN });
    if (accept(b, '$'))
        return add(b, (state){ .op = END });
    if (strchr("*+?{", b->text[b->at]) != NULL)
        return wrong(b, "there is nothing to repeat");
    if (!class_part(b, &c, &named))
        return 0;
    if (!named)
        return add(b, (state){ .op = CHAR, .c = c });
    state s = { .op = CLASS, .a = (int16_t)b->p->n_ranges, .b = 1 };
    return add_range(b, c, c) && add(b, s);
}

static int counted(builder *b, int *value)
{
    size_t from = b->at;
    for (*value = 0; more(b) && b->text[b->at] >= '0' && b->text[b->at] <= '9'; b->at++)
        if ((*value = *value * 10 + (b->text[b->at] - '0')) > SVYI_REGEX_STATES)
            return wrong(b, "it is too large");
    return b->at > from;
}

/* How often: *most -1 means without end. 0 when there is no repetition, or it is wrong. */
static int repetition(builder *b, int *least, int *most)
{
    *least = *most = 1;
    if (accept(b, '*'))
        *least = 0, *most = -1;
    else if (accept(b, '+'))
        *most = -1;
    else if (accept(b, '?'))
        *least = 0;
    else if (accept(b, '{')) {
        if (!counted(b, least))
            return wrong(b, "a number must follow '{'");
        *most = *least;
        if (accept(b, ',') && !counted(b, most))
            *most = -1;
        if (!accept(b, '}'))
            return wrong(b, "'}' is missing");
        if (*most >= 0 && *most < *least)
            return wrong(b, "the range ends before it begins");
    } else
        return 0;
    accept(b, '?');                                    /* lazy or not: the whole text matches or not all the same */
    return b->why == NULL;
}

static int copy(builder *b, const state *body, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        if (!add(b, body[i]))
            return 0;
    return 1;
}

/* The states from `from` on, as often as said. */
static int repeat(builder *b, uint32_t from, int least, int most)
{
    const uint32_t n = b->p->n - from;
    const state *body = &b->p->states[from];

    if (most == 0) {
        b->p->n = from;
        return 1;
    }
    if (least == 0) {
        /* SPLIT body [JUMP back]; then the optional copies */
        if (!insert(b, from, (state){ .op = SPLIT, .a = 1, .b = (int16_t)(n + (most < 0 ? 2 : 1)) }))
            return 0;
        body++;
        if (most < 0)
            return add(b, (state){ .op = JUMP, .a = (int16_t)-(int)(n + 1) });
    }
    for (int i = 1; i < least; i++)
        if (!copy(b, body, n))
            return 0;
    if (most < 0)
        return add(b, (state){ .op = SPLIT, .a = (int16_t)-(int)n, .b = 1 });
    for (int i = least > 1 ? least : 1; i < most; i++)
        if (!add(b, (state){ .op = SPLIT, .a = 1, .b = (int16_t)(n + 1) }) || !copy(b, body, n))
            return 0;
    return 1;
}

static int sequence(builder *b)
{
    while (more(b) && b->text[b->at] != '|' && b->text[b->at] != ')') {
        const uint32_t from = b->p->n;
        int least, most;
        if (!atom(b))
            return 0;
        while (repetition(b, &least, &most))
            if (!repeat(b, from, least, most))
                return 0;
        if (b->why != NULL)
            return 0;
    }
    return 1;
}

/* a|b|c: SPLIT a JUMP SPLIT b JUMP c, each JUMP to the end. The jumps are closed from the last to the first. */
static int alternatives(builder *b)
{
    const uint32_t from = b->p->n;
    if (!sequence(b))
        return 0;
    uint32_t branch = from;
    while (accept(b, '|')) {
        const uint32_t n = b->p->n - branch;
        if (!insert(b, branch, (state){ .op = SPLIT, .a = 1, .b = (int16_t)(n + 2) }) || !add(b, (state){ .op = JUMP, .a = 0 }))
            return 0;
        branch = b->p->n;
        if (!sequence(b))
            return 0;
    }
    for (uint32_t at = from; at < branch;) {           /* each branch but the last ends in a JUMP just before its SPLIT's second way */
        const int step = b->p->states[at].b;
        const uint32_t next = at + (uint32_t)step;
        b->p->states[next - 1].a = (int16_t)(b->p->n - (next - 1));
        at = next;
    }
    return 1;
}

static int compile(svyi_regex_program *p, const char *pattern, size_t len, size_t *at, const char **why)
{
    builder b = { .p = p, .text = pattern, .len = len };
    p->n = 0;
    p->n_ranges = 0;
    p->turn = 0;
    memset(p->seen, 0, sizeof p->seen);
    int ok = len <= MAX_PATTERN || wrong(&b, "it is too long");
    ok = ok && alternatives(&b) && (!more(&b) || wrong(&b, "')' closes nothing")) && add(&b, (state){ .op = MATCH });
    *at = b.at;
    *why = b.why != NULL ? b.why : "";
    if (ok) {
        memcpy(p->pattern, pattern, len);
        p->pattern_len = len;
    }
    return ok;
}

int svyi_regex_check(const svy_alloc *alloc, const char *pattern, size_t len, size_t *at, const char **why)
{
    svyi_regex_program *p = svyi_get(alloc, sizeof *p);
    *at = 0;
    *why = "";
    if (p == NULL)
        return -1;
    int ok = compile(p, len > 0 ? pattern : "", len, at, why);
    svyi_release(alloc, p, sizeof *p);
    return ok;
}

/* ---- Matching ---- */

/* Letters of any script count as word characters; so do all characters from U+00C0 on that are not signs. */
static int is_word(uint32_t c)
{
    if (c < 0xc0)
        return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
    return c != 0xd7 && c != 0xf7 && !(c >= 0x2000 && c <= 0x2bff) && !(c >= 0x3000 && c <= 0x303f) && !svyi_is_space(c);
}

static int in_range(const range *r, uint32_t c)
{
    switch (r->low) {
    case NAMED + 'd': return c >= '0' && c <= '9';
    case NAMED + 'D': return !(c >= '0' && c <= '9');
    case NAMED + 'w': return is_word(c);
    case NAMED + 'W': return !is_word(c);
    case NAMED + 's': return svyi_is_space(c);
    case NAMED + 'S': return !svyi_is_space(c);
    default:          return c >= r->low && c <= r->high;
    }
}

static int takes(const svyi_regex_program *p, const state *s, uint32_t c)
{
    if (s->op == CHAR)
        return s->c == c;
    if (s->op == ANY)
        return 1;
    int inside = 0;
    for (int i = 0; i < s->b && !inside; i++)
        inside = in_range(&p->ranges[s->a + i], c);
    return inside != s->negated;
}

/* Adds the states that take a character and can be reached from `from`; 1 when the end of the pattern can. */
static int follow(svyi_regex_program *p, uint32_t from, int at_begin, int at_end, uint16_t *list, uint32_t *n)
{
    uint32_t open = 0;
    int matched = 0;

    p->pending[open++] = (uint16_t)from;
    while (open > 0) {
        const uint32_t i = p->pending[--open];
        const state *s = &p->states[i];
        if (p->seen[i] == p->turn)
            continue;
        p->seen[i] = p->turn;
        switch ((regex_op)s->op) {
        case SPLIT:
            p->pending[open++] = (uint16_t)((int)i + s->b);
            p->pending[open++] = (uint16_t)((int)i + s->a);
            break;
        case JUMP: p->pending[open++] = (uint16_t)((int)i + s->a); break;
        case BEGIN: case END:
            if (s->op == BEGIN ? at_begin : at_end)
                p->pending[open++] = (uint16_t)(i + 1);
            break;
        case MATCH: matched = 1; break;
        case CHAR: case ANY: case CLASS: list[(*n)++] = (uint16_t)i; break;
        }
    }
    return matched;
}

static int match(svyi_regex_program *p, const char *text, size_t len)
{
    uint32_t n = 0, next;
    int now = 0, matched;
    size_t at = 0;

    if (p->turn > UINT32_MAX - 2 - len) {              /* marks of earlier runs must not look like new ones */
        memset(p->seen, 0, sizeof p->seen);
        p->turn = 0;
    }
    p->turn++;
    matched = follow(p, 0, 1, len == 0, p->lists[now], &n);
    while (at < len && n > 0) {
        const uint32_t c = svyi_utf8_next(text, len, &at);
        next = 0;
        matched = 0;
        p->turn++;
        for (uint32_t i = 0; i < n; i++) {
            const uint16_t from = p->lists[now][i];
            if (takes(p, &p->states[from], c))
                matched |= follow(p, (uint32_t)from + 1, 0, at == len, p->lists[!now], &next);
        }
        now = !now;
        n = next;
    }
    return at == len && matched;
}

/* The kept program of a pattern, or a new one in the oldest place. NULL: *result says why. */
static svyi_regex_program *program_of(svy_scratch *s, const char *pattern, size_t len, int *result)
{
    size_t at;
    const char *why;

    for (unsigned i = 0; i < SVYI_REGEXES; i++) {
        svyi_regex_program *p = s->regexes[i];
        if (p != NULL && p->pattern_len == len && (len == 0 || memcmp(p->pattern, pattern, len) == 0))
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
    if (!compile(p, pattern, len, &at, &why))
        return NULL;
    s->next_regex = (slot + 1) % SVYI_REGEXES;
    return p;
}

int svyi_regex_match(svy_scratch *s, const char *pattern, size_t pattern_len, const char *text, size_t len)
{
    int result = -2;
    svyi_regex_program *p = program_of(s, pattern_len > 0 ? pattern : "", pattern_len, &result);
    return p != NULL ? match(p, text, len) : result;
}

void svyi_regex_forget(svy_scratch *s)
{
    for (unsigned i = 0; i < SVYI_REGEXES; i++) {
        svyi_release(&s->alloc, s->regexes[i], sizeof **s->regexes);
        s->regexes[i] = NULL;
    }
}
