/* Regular expressions over characters are compiled to states that are all followed at once, so matching takes linear time. */
#include "regex_priv.h"

#include <string.h>

#include "base/text.h"

enum { MAX_GROUPS = 50 };

typedef svyi_regex_state state;
typedef struct builder { svyi_regex_program *p; const char *text; size_t len, at; unsigned groups, looks; const char *why; } builder;

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
    if (b->p->n_ranges == SVYI_REGEX_RANGES)
        return wrong(b, "it has too many ranges");
    b->p->ranges[b->p->n_ranges++] = (svyi_regex_range){ low, high };
    return 1;
}

/* XX or XXXX after \x or \u. */
static int hexadecimal(builder *b, unsigned count, uint32_t *c)
{
    *c = 0;
    for (; count > 0 && more(b); count--, b->at++) {
        const char *digits = "0123456789abcdef", h = b->text[b->at], *at = strchr(digits, h >= 'A' && h <= 'F' ? h + ('a' - 'A') : h);
        if (at == NULL || h == '\0')
            break;
        *c = 16 * *c + (uint32_t)(at - digits);
    }
    return count == 0 || wrong(b, "hexadecimal digits are missing after \\x or \\u");
}

/* {L} and the like after \p: letters, capitals, small letters, digits. */
static int property(builder *b, int others, uint32_t *c, int *named)
{
    static const struct { const char *name; char code[2]; } KNOWN[] = {
        { "L", "lL" }, { "IsAlphabetic", "lL" }, { "Alpha", "lL" }, { "IsL", "lL" }, { "Lu", "uU" }, { "Upper", "uU" }, { "Ll", "oO" },
        { "Lower", "oO" }, { "N", "dD" }, { "Nd", "dD" }, { "Digit", "dD" }, { "Alnum", "kK" }, { "Punct", "pP" }, { "P", "pP" },
    };
    const char *text = b->text + b->at, *end = more(b) ? memchr(text, '}', b->len - b->at) : NULL;

    if (end == NULL || *text != '{')
        return wrong(b, "a name in {} must follow \\p");
    for (size_t i = 0; i < sizeof KNOWN / sizeof *KNOWN; i++)
        if (strlen(KNOWN[i].name) == (size_t)(end - text - 1) && memcmp(KNOWN[i].name, text + 1, (size_t)(end - text - 1)) == 0) {
            b->at += (size_t)(end - text) + 1;
            *named = 1;
            *c = SVYI_REGEX_NAMED + (uint32_t)KNOWN[i].code[others];
            return 1;
        }
    return wrong(b, "of \\p{...} only L, Lu, Ll, N, Nd, P and Alpha, Upper, Lower, Digit, Alnum, Punct can be used");
}

/* What ODK's clients have beyond our own patterns: 1 done, 0 wrong, -1 nothing of this. */
static int escaped_odk(builder *b, uint32_t *c, int *named)
{
    static const char CONTROLS[] = "f\fv\v0\0a\ae\033";
    if (*c == 'w' || *c == 'W') {                      /* of ASCII only there */
        *named = 1;
        *c = SVYI_REGEX_NAMED + (*c == 'w' ? 'a' : 'A');
        return 1;
    }
    if (*c == 'x' || *c == 'u')
        return hexadecimal(b, *c == 'x' ? 2 : 4, c);
    if (*c == 'p' || *c == 'P')
        return property(b, *c == 'P', c, named);
    for (size_t i = 0; i + 1 < sizeof CONTROLS - 1; i += 2)
        if (*c == (uint32_t)CONTROLS[i]) {
            *c = (uint32_t)CONTROLS[i + 1];
            return 1;
        }
    if ((*c >= '1' && *c <= '9') || *c == 'k')
        return wrong(b, "a pattern cannot refer to one of its groups here");
    return -1;
}

/* After a backslash: a class (*named), or the character meant. */
static int escaped(builder *b, uint32_t *c, int *named)
{
    static const char CONTROLS[] = "n\nr\rt\t";
    *named = 0;
    if (!more(b))
        return wrong(b, "nothing follows the backslash");
    *c = svyi_utf8_next(b->text, b->len, &b->at);
    const int done = b->p->flags & SVYI_REGEX_ODK ? escaped_odk(b, c, named) : -1;
    if (done >= 0)
        return done;
    if (*c < 128 && strchr("dDwWsS", (int)*c) != NULL && *c != 0) {
        *named = 1;
        *c += SVYI_REGEX_NAMED;
        return 1;
    }
    for (size_t i = 0; i + 1 < sizeof CONTROLS - 1; i += 2)
        if (*c == (uint32_t)CONTROLS[i]) {
            *c = (uint32_t)CONTROLS[i + 1];
            return 1;
        }
    if ((*c >= '0' && *c <= '9') || (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z')) {
        b->at--;
        return wrong(b, b->p->flags & SVYI_REGEX_ODK ? "this letter has no meaning after a backslash"
                                                     : "only d D w W s S n r t and signs may follow a backslash");
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
    state s = { .op = SVYI_RO_CLASS, .negated = (uint8_t)accept(b, '^'), .a = (int16_t)b->p->n_ranges };
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

/* (?=...) and (?!...), after the bracket and the sign: LOOK, the group, MATCH. */
static int look_ahead(builder *b, int negated)
{
    const uint32_t from = b->p->n;

    if (++b->looks >= SVYI_REGEX_LAYERS)
        return wrong(b, "groups that look ahead are nested too deep");
    b->p->layers = (uint8_t)(b->looks + 1 > b->p->layers ? b->looks + 1 : b->p->layers);
    if (!add(b, (state){ .op = SVYI_RO_LOOK, .negated = (uint8_t)negated }) || !alternatives(b) || !add(b, (state){ .op = SVYI_RO_MATCH }))
        return 0;
    b->looks--;
    b->p->states[from].a = (int16_t)(b->p->n - from);
    return accept(b, ')') || wrong(b, "')' is missing");
}

/* After "(?" in patterns of ODK: 1 a group without a meaning of its own, 2 one that looks ahead and is done, 0 wrong. */
static int special_group(builder *b)
{
    if (accept(b, ':'))
        return 1;
    if (accept(b, '='))
        return look_ahead(b, 0) ? 2 : 0;
    if (accept(b, '!'))
        return look_ahead(b, 1) ? 2 : 0;
    const char *name = b->text + b->at, *end = more(b) && *name == '<' ? memchr(name, '>', b->len - b->at) : NULL;
    if (end != NULL && name[1] != '=' && name[1] != '!') {
        b->at += (size_t)(end - name) + 1;
        return 1;
    }
    return wrong(b, "groups that look back, and flags such as (?i), cannot be used");
}

static int group(builder *b)
{
    const int odk = (b->p->flags & SVYI_REGEX_ODK) != 0;
    if (++b->groups > MAX_GROUPS)
        return wrong(b, "groups are nested too deep");
    if (odk && accept(b, '?')) {
        const int kind = special_group(b);
        if (kind != 1) {
            b->groups--;
            return kind;
        }
    } else if (b->at + 1 < b->len && b->text[b->at] == '?' && b->text[b->at + 1] == ':')
        b->at += 2;
    else if (more(b) && b->text[b->at] == '?')
        return wrong(b, "there are no groups that look ahead or have names here");
    if (!alternatives(b))
        return 0;
    b->groups--;
    return accept(b, ')') || wrong(b, "')' is missing");
}

/* \b or \B, in patterns of ODK. */
static int is_boundary(builder *b)
{
    if (!(b->p->flags & SVYI_REGEX_ODK) || b->len - b->at < 2 || b->text[b->at] != '\\' || (b->text[b->at + 1] != 'b' && b->text[b->at + 1] != 'B'))
        return 0;
    b->at += 2;
    return 1;
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
        return add(b, (state){ .op = SVYI_RO_ANY, .negated = (b->p->flags & SVYI_REGEX_ODK) != 0 });   /* negated: but line ends */
    if (accept(b, '^'))
        return add(b, (state){ .op = SVYI_RO_BEGIN });
    if (accept(b, '$'))
        return add(b, (state){ .op = SVYI_RO_END });
    if (is_boundary(b))
        return add(b, (state){ .op = SVYI_RO_BOUNDARY, .negated = b->text[b->at - 1] == 'B' });
    const int literal = (b->p->flags & SVYI_REGEX_ODK) && b->text[b->at] == '{';
    if (!literal && strchr("*+?{", b->text[b->at]) != NULL)
        return wrong(b, "there is nothing to repeat");
    if (!class_part(b, &c, &named))
        return 0;
    if (!named)
        return add(b, (state){ .op = SVYI_RO_CHAR, .c = c });
    state s = { .op = SVYI_RO_CLASS, .a = (int16_t)b->p->n_ranges, .b = 1 };
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

/* In ODK's patterns a bracket that begins no count is a character. */
static int begins_count(const builder *b)
{
    if (!more(b) || b->text[b->at] != '{')
        return 0;
    if (!(b->p->flags & SVYI_REGEX_ODK))
        return 1;
    size_t at = b->at + 1;
    while (at < b->len && b->text[at] >= '0' && b->text[at] <= '9')
        at++;
    return at > b->at + 1 && at < b->len && (b->text[at] == '}' || b->text[at] == ',');
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
    else if (begins_count(b)) {
        b->at++;
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
        /* SVYI_RO_SPLIT body [SVYI_RO_JUMP back]; then the optional copies */
        if (!insert(b, from, (state){ .op = SVYI_RO_SPLIT, .a = 1, .b = (int16_t)(n + (most < 0 ? 2 : 1)) }))
            return 0;
        body++;
        if (most < 0)
            return add(b, (state){ .op = SVYI_RO_JUMP, .a = (int16_t)-(int)(n + 1) });
    }
    for (int i = 1; i < least; i++)
        if (!copy(b, body, n))
            return 0;
    if (most < 0)
        return add(b, (state){ .op = SVYI_RO_SPLIT, .a = (int16_t)-(int)n, .b = 1 });
    for (int i = least > 1 ? least : 1; i < most; i++)
        if (!add(b, (state){ .op = SVYI_RO_SPLIT, .a = 1, .b = (int16_t)(n + 1) }) || !copy(b, body, n))
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

/* a|b|c: SVYI_RO_SPLIT a SVYI_RO_JUMP SVYI_RO_SPLIT b SVYI_RO_JUMP c, each SVYI_RO_JUMP to the end. The jumps are closed from the last to the first. */
static int alternatives(builder *b)
{
    const uint32_t from = b->p->n;
    if (!sequence(b))
        return 0;
    uint32_t branch = from;
    while (accept(b, '|')) {
        const uint32_t n = b->p->n - branch;
        if (!insert(b, branch, (state){ .op = SVYI_RO_SPLIT, .a = 1, .b = (int16_t)(n + 2) }) || !add(b, (state){ .op = SVYI_RO_JUMP, .a = 0 }))
            return 0;
        branch = b->p->n;
        if (!sequence(b))
            return 0;
    }
    for (uint32_t at = from; at < branch;) {           /* each branch but the last ends in a SVYI_RO_JUMP just before its SVYI_RO_SPLIT's second way */
        const int step = b->p->states[at].b;
        const uint32_t next = at + (uint32_t)step;
        b->p->states[next - 1].a = (int16_t)(b->p->n - (next - 1));
        at = next;
    }
    return 1;
}

int svyi_regex_compile(svyi_regex_program *p, unsigned flags, const char *pattern, size_t len, size_t *at, const char **why)
{
    builder b = { .p = p, .text = pattern, .len = len };
    p->n = 0;
    p->n_ranges = 0;
    p->flags = (uint8_t)flags;
    p->layers = 1;
    int ok = len <= SVYI_REGEX_PATTERN || wrong(&b, "it is too long");
    ok = ok && alternatives(&b) && (!more(&b) || wrong(&b, "')' closes nothing")) && add(&b, (state){ .op = SVYI_RO_MATCH });
    *at = b.at;
    *why = b.why != NULL ? b.why : "";
    for (unsigned i = 0; i < p->layers; i++) {
        p->at_work[i].turn = 0;
        memset(p->at_work[i].seen, 0, sizeof p->at_work[i].seen);
    }
    if (ok) {
        memcpy(p->pattern, pattern, len);
        p->pattern_len = len;
    }
    return ok;
}

int svyi_regex_check_odk(const svy_alloc *alloc, unsigned flags, const char *pattern, size_t len, size_t *at, const char **why)
{
    svyi_regex_program *p = svyi_get(alloc, sizeof *p);
    *at = 0;
    *why = "";
    if (p == NULL)
        return -1;
    int ok = svyi_regex_compile(p, flags, len > 0 ? pattern : "", len, at, why);
    svyi_release(alloc, p, sizeof *p);
    return ok;
}

int svyi_regex_check(const svy_alloc *alloc, const char *pattern, size_t len, size_t *at, const char **why)
{
    return svyi_regex_check_odk(alloc, 0, pattern, len, at, why);
}
