/* Names, ${references} and the tokens of expressions as XLSForm reads them: enough to tell a computed default from a plain one, and
   where instance() expressions stand in a label. */
#include "base/text.h"
#include "exchange/xlsform/priv.h"

#include <string.h>

typedef enum token_kind {
    T_PLAIN, T_OPERATOR, T_UNION, T_FUNCTION, T_REFERENCE, T_BLANK, T_LITERAL, T_CLOSE, T_SLASH, T_PREDICATE, T_PREDICATE_END
} token_kind;

uint32_t svyi_xlsform_letter(const char *text, size_t *len)
{
    size_t room = 0;

    while (room < 4 && text[room] != '\0')
        room++;
    *len = 0;
    return room > 0 ? svyi_utf8_next(text, room, len) : 0;
}

static int is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static int name_start(uint32_t c)
{
    /* U+00C0 to U+00D6 are letters too, but the tools XLSForm is made for do not take them. */
    static const uint32_t RANGES[][2] = {
        { 'A', 'Z' }, { '_', '_' }, { 'a', 'z' }, { 0xd8, 0xf6 }, { 0xf8, 0x2ff }, { 0x370, 0x37d }, { 0x37f, 0x1fff }, { 0x200c, 0x200d },
        { 0x2070, 0x218f }, { 0x2c00, 0x2fef }, { 0x3001, 0xd7ff }, { 0xf900, 0xfdcf }, { 0xfdf0, 0xfffd }, { 0x10000, 0xeffff },
    };

    for (size_t i = 0; i < sizeof RANGES / sizeof RANGES[0]; i++)
        if (c >= RANGES[i][0] && c <= RANGES[i][1])
            return 1;
    return 0;
}

static int name_part(uint32_t c)
{
    return name_start(c) || c == '-' || c == '.' || (c >= '0' && c <= '9') || c == 0xb7 || (c >= 0x300 && c <= 0x36f) || c == 0x203f || c == 0x2040;
}

size_t svyi_xlsform_ncname(const char *text)
{
    size_t at = 0;

    for (;;) {
        size_t len;
        const uint32_t c = svyi_xlsform_letter(text + at, &len);
        if (len == 0 || !(at == 0 ? name_start(c) : name_part(c)))
            return at;
        at += len;
    }
}

/* A name with or without a prefix; its length, 0 when there is none. */
static size_t prefixed_name(const char *text)
{
    const size_t first = svyi_xlsform_ncname(text);
    const size_t second = first > 0 && text[first] == ':' ? svyi_xlsform_ncname(text + first + 1) : 0;

    return second > 0 ? first + 1 + second : first;
}

int svyi_xlsform_is_name(const char *text)
{
    return text[0] != '\0' && text[prefixed_name(text)] == '\0';
}

/* ---- references */

/* What stands in the braces is a name, or "last-saved#" and a name. */
static int inner(const char *text, size_t at, size_t end, xlsform_reference *out)
{
    static const char SAVED[] = "last-saved#";

    out->last_saved = end - at > sizeof SAVED - 1 && strncmp(text + at, SAVED, sizeof SAVED - 1) == 0;
    out->name = at + (out->last_saved ? sizeof SAVED - 1 : 0);
    out->name_len = svyi_xlsform_ncname(text + out->name);
    return out->name_len > 0 && out->name + out->name_len == end;
}

int svyi_xlsform_next_reference(const char *text, size_t *at, xlsform_reference *out)
{
    for (const char *p = strstr(text + *at, "${"); p != NULL; p = strstr(p + 2, "${")) {
        const char *close = strchr(p, '}');
        out->start = (size_t)(p - text);
        if (close == p + 2)
            continue;
        out->end = close != NULL ? (size_t)(close - text) + 1 : out->start + strlen(p);
        *at = out->end;
        return close != NULL && inner(text, out->start + 2, out->end - 1, out) ? 1 : -1;
    }
    *at += strlen(text + *at);
    return 0;
}

int svyi_xlsform_has_reference(const char *text)
{
    xlsform_reference r;
    size_t at = 0;

    return svyi_xlsform_next_reference(text, &at, &r) == 1;
}

int svyi_xlsform_is_reference(const char *text)
{
    xlsform_reference r;
    size_t at = 0;

    return svyi_xlsform_next_reference(text, &at, &r) == 1 && r.start == 0 && text[r.end] == '\0';
}

int svyi_xlsform_has_last_saved(const char *text)
{
    xlsform_reference r;
    size_t at = 0;
    int found;

    while ((found = svyi_xlsform_next_reference(text, &at, &r)) == 1)
        if (r.last_saved)
            return 1;
    return 0;
}

/* ---- tokens */

/* Length of a text of this form at the start of `text`: '#' is a digit. 0 when it is not there. */
static size_t shape(const char *text, const char *form)
{
    size_t i = 0;

    for (; form[i] != '\0'; i++)
        if (form[i] == '#' ? !is_digit(text[i]) : text[i] != form[i])
            return 0;
    return i;
}

static size_t date_or_time(const char *text)
{
    const size_t minus = text[0] == '-';
    const size_t date = shape(text + minus, "####-##-##");
    const char *t = date > 0 ? text + minus + date : text;
    size_t time = date > 0 && t[0] == 'T' ? shape(t, "T##:##:##") : date > 0 ? 0 : shape(t, "##:##:##");

    if (time > 0) {
        const size_t zone = shape(t + time, "+##:##") + shape(t + time, "-##:##");
        time += zone > 0 ? zone : t[time] == 'Z';
    }
    return date > 0 ? minus + date + time : time;
}

static size_t number(const char *text)
{
    size_t i = text[0] == '-', whole = i;

    while (is_digit(text[i]))
        i++;
    if (i > whole) {
        if (text[i] == '.')
            for (i++; is_digit(text[i]); i++) {}
        return i;
    }
    if (text[i] != '.' || !is_digit(text[i + 1]))
        return 0;
    for (i++; is_digit(text[i]); i++) {}
    return i;
}

static size_t blanks(const char *text)
{
    size_t at = 0;

    while (text[at] != '\0') {
        size_t len;
        if (!svyi_is_space(svyi_xlsform_letter(text + at, &len)))
            break;
        at += len;
    }
    return at;
}

static size_t literal(const char *text)
{
    const char *close = text[0] == '"' || text[0] == '\'' ? strchr(text + 1, text[0]) : NULL;

    return close != NULL ? (size_t)(close - text) + 1 : 0;
}

static size_t named(const char *text, token_kind *kind)
{
    const size_t len = prefixed_name(text);

    if (len == 0)
        return 0;
    if (text[len] == '(') {
        *kind = T_FUNCTION;
        return len + 1;
    }
    if (text[len] == '[') {
        *kind = T_PREDICATE;
        return len + 1;
    }
    const size_t scheme = svyi_xlsform_ncname(text);
    return strncmp(text + scheme, "://", 3) == 0 ? scheme + 3 : len;
}

static size_t reference_token(const char *text)
{
    xlsform_reference r;
    size_t at = 0;

    return text[0] == '$' && text[1] == '{' && svyi_xlsform_next_reference(text, &at, &r) == 1 && r.start == 0 ? r.end : 0;
}

/* Length and kind of the token at the start of a text that is not empty. The order of the tries is that of the rules. */
static size_t token(const char *text, token_kind *kind)
{
    size_t len;

    *kind = T_PLAIN;
    if ((len = date_or_time(text)) > 0 || (len = number(text)) > 0)
        return len;
    *kind = T_OPERATOR;
    if (strchr("*+-", text[0]) != NULL)
        return 1;
    if (strncmp(text, " mod ", 5) == 0 || strncmp(text, " div ", 5) == 0)
        return 5;
    *kind = T_PLAIN;
    if (strncmp(text, " and ", 5) == 0)
        return 5;
    if (strncmp(text, " or ", 4) == 0)
        return 4;
    if (text[0] == '|' || text[0] == ')' || text[0] == '/' || text[0] == ']') {
        *kind = text[0] == '|' ? T_UNION : text[0] == ')' ? T_CLOSE : text[0] == '/' ? T_SLASH : T_PREDICATE_END;
        return 1;
    }
    if ((len = literal(text)) > 0)
        *kind = T_LITERAL;
    else if ((len = blanks(text)) > 0)
        *kind = T_BLANK;
    else if ((len = reference_token(text)) > 0)
        *kind = T_REFERENCE;
    else if ((len = named(text, kind)) == 0)
        (void)svyi_xlsform_letter(text, &len);
    return len;
}

int svyi_xlsform_is_dynamic(const char *value, const char *type)
{
    static const char *const DASHED[] = { "date", "dateTime", "geopoint", "geotrace", "geoshape" };
    int dashed = 0;

    if (value == NULL)
        return 0;
    for (size_t i = 0; i < sizeof DASHED / sizeof DASHED[0]; i++)
        dashed |= strcmp(type, DASHED[i]) == 0;
    for (const char *p = value; *p != '\0';) {
        token_kind kind;
        const size_t len = token(p, &kind);
        if (dashed && kind == T_OPERATOR && p[0] == '-')
            return 0;
        if (kind == T_OPERATOR || kind == T_UNION || kind == T_REFERENCE || kind == T_FUNCTION)
            return 1;
        p += len;
    }
    return 0;
}

/* Where one is in an instance expression: in the call, in its path, in a predicate. */
typedef struct bounds_state { int inside, path, predicate, last_is_instance; token_kind last; size_t last_end; } bounds_state;

static int is_instance_call(const char *p, size_t len, token_kind kind)
{
    return kind == T_FUNCTION && len == 9 && strncmp(p, "instance(", 9) == 0;
}

/* 1 when the token belongs to the expression that is open. */
static int continues(bounds_state *s, token_kind kind)
{
    if (kind == T_LITERAL && s->last == T_FUNCTION && s->last_is_instance)
        return 1;
    if (s->last == T_LITERAL && kind == T_CLOSE)
        return 1;
    if (kind == T_SLASH && (s->last == T_CLOSE || s->last == T_PREDICATE_END)) {
        s->path = 1;
        return 1;
    }
    if (s->path) {
        s->path = kind != T_BLANK && kind != T_PREDICATE;
        s->predicate |= kind == T_PREDICATE;
        return kind != T_BLANK;
    }
    if (!s->predicate)
        return 0;
    s->predicate = kind != T_PREDICATE_END;
    return 1;
}

size_t svyi_xlsform_instance_bounds(const char *text, size_t bounds[][2], size_t max)
{
    bounds_state s = { .last = T_PLAIN };
    size_t n = 0, offset = 0, start = 0;

    while (text[offset] != '\0') {
        token_kind kind;
        const size_t len = token(text + offset, &kind);
        const int starts = !s.inside && is_instance_call(text + offset, len, kind);
        if (starts) {
            s.inside = 1;
            start = offset;
        }
        if (starts || (s.inside && continues(&s, kind))) {
            s.last = kind;
            s.last_is_instance = is_instance_call(text + offset, len, kind);
            s.last_end = offset + len;
        } else if (s.inside) {
            s.inside = 0;
            if (n < max)
                bounds[n][0] = start, bounds[n][1] = s.last_end;
            n++;
        }
        offset += len;
    }
    if (s.inside) {
        if (n < max)
            bounds[n][0] = start, bounds[n][1] = s.last_end;
        n++;
    }
    return n;
}
