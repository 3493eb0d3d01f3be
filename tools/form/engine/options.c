/* Reads the JSON that JavaScript gives to a call: a flat list of paths and values. It comes from our own page, so what is odd is refused as a whole. */
#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "engine.h"

enum { DEEPEST = 6, LONGEST_PATH = 400 };

typedef struct reader { const char *at, *end; options *o; char path[LONGEST_PATH]; size_t path_len; int depth; } reader;

static int value(reader *r);

static void skip_blanks(reader *r)
{
    while (r->at < r->end && (*r->at == ' ' || *r->at == '\n' || *r->at == '\t' || *r->at == '\r'))
        r->at++;
}

static int next_is(reader *r, char c)
{
    skip_blanks(r);
    if (r->at == r->end || *r->at != c)
        return 0;
    r->at++;
    return 1;
}

static int hex4(reader *r, uint32_t *unit)
{
    *unit = 0;
    for (int i = 0; i < 4; i++) {
        const char c = r->at < r->end ? *r->at++ : '\0';
        const uint32_t digit = c >= '0' && c <= '9' ? (uint32_t)(c - '0') : c >= 'a' && c <= 'f' ? (uint32_t)(c - 'a' + 10) : c >= 'A' && c <= 'F' ? (uint32_t)(c - 'A' + 10) : 16;
        if (digit > 15)
            return 0;
        *unit = *unit << 4 | digit;
    }
    return 1;
}

/* Behind a backslash. JavaScript writes half of a pair of surrogates as \ud800: no character. */
static int escaped(reader *r, svyi_buffer *to)
{
    static const char LETTERS[] = "bfnrt\"\\/", MEANT[] = "\b\f\n\r\t\"\\/";
    const char c = r->at < r->end ? *r->at++ : '\0';
    const char *known = c != '\0' ? strchr(LETTERS, c) : NULL;
    char bytes[4];
    uint32_t unit;

    if (known != NULL) {
        svyi_buffer_add(to, &MEANT[known - LETTERS], 1);
        return 1;
    }
    if (c != 'u' || !hex4(r, &unit))
        return 0;
    if (unit >= 0xD800 && unit < 0xE000)
        unit = 0xFFFD;
    svyi_buffer_add(to, bytes, svyi_utf8_put(unit, bytes));
    return unit != 0;
}

static int string(reader *r, svyi_buffer *to)
{
    while (r->at < r->end && *r->at != '"') {
        const char c = *r->at++;
        if (c == '\0' || (c == '\\' && !escaped(r, to)))
            return 0;
        if (c != '\\')
            svyi_buffer_add(to, &c, 1);
    }
    return r->at++ < r->end;
}

/* A text or a literal: keeps its path and value one behind the other. */
static int scalar(reader *r)
{
    options *o = r->o;
    svyi_buffer *text = &o->text;

    if (svyi_grow(&text->alloc, &o->list, &o->capacity, o->n + 1, sizeof *o->list) != 0)
        return 0;
    o->list[o->n].path = text->len;
    svyi_buffer_add(text, r->path, r->path_len + 1);
    o->list[o->n++].value = text->len;
    if (next_is(r, '"')) {
        if (!string(r, text))
            return 0;
    } else
        for (; r->at < r->end && strchr(",]} \n", *r->at) == NULL; r->at++)
            svyi_buffer_add(text, r->at, 1);
    svyi_buffer_add(text, "", 1);
    return !text->failed;
}

static int step_into(reader *r, const char *name, size_t len)
{
    if (r->path_len + len + 2 > LONGEST_PATH || r->depth >= DEEPEST)
        return 0;
    if (r->path_len > 0)
        r->path[r->path_len++] = '.';
    memcpy(r->path + r->path_len, name, len);
    r->path_len += len;
    r->path[r->path_len] = '\0';
    r->depth++;
    const int good = value(r);
    r->depth--;
    return good;
}

static int member(reader *r, unsigned number, int named)
{
    const char digit = (char)('0' + number % 10);
    const size_t before = r->path_len;
    svyi_buffer key;
    int good;

    svyi_buffer_init(&key, NULL);
    if (named)
        good = next_is(r, '"') && string(r, &key) && !key.failed && next_is(r, ':') && step_into(r, key.data != NULL ? key.data : "", key.len);
    else
        good = number < 10 && step_into(r, &digit, 1);
    svyi_buffer_clear(&key);
    r->path_len = before;
    r->path[before] = '\0';
    return good;
}

static int members(reader *r, char close, int named)
{
    if (next_is(r, close))
        return 1;
    for (unsigned n = 0;; n++) {
        if (!member(r, n, named))
            return 0;
        if (next_is(r, close))
            return 1;
        if (!next_is(r, ','))
            return 0;
    }
}

static int value(reader *r)
{
    if (next_is(r, '{'))
        return members(r, '}', 1);
    if (next_is(r, '['))
        return members(r, ']', 0);
    return scalar(r);
}

int options_read(options *o, const char *text, size_t len)
{
    reader r = { .at = text, .end = text + len, .o = o };

    *o = (options){ .list = NULL };
    svyi_buffer_init(&o->text, NULL);
    if (!svyi_utf8_valid(text, len) || !next_is(&r, '{') || !members(&r, '}', 1))
        return 0;
    return 1;
}

const char *options_get(const options *o, const char *path)
{
    const char *text = o->text.data;

    for (size_t i = 0; i < o->n; i++)
        if (strcmp(text + o->list[i].path, path) == 0)
            return strcmp(text + o->list[i].value, "null") == 0 ? "" : text + o->list[i].value;
    return "";
}

/* A whole number; what is no digit ends it. */
int64_t options_number(const options *o, const char *path)
{
    const char *at = options_get(o, path);
    const int negative = *at == '-';
    uint64_t number = 0;

    for (at += negative; *at >= '0' && *at <= '9'; at++)
        number = number * 10 + (uint64_t)(*at - '0');
    return negative ? (int64_t)(0 - number) : (int64_t)number;
}

void options_free(options *o)
{
    svyi_release(&o->text.alloc, o->list, o->capacity * sizeof *o->list);
    svyi_buffer_clear(&o->text);
    *o = (options){ .list = NULL };
}
