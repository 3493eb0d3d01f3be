/* XPath functions of texts. Positions count as in ODK's clients: in UTF-16 units, never inside a character. */
#include "xpath_priv.h"

#include <math.h>
#include <string.h>

#include "base/text.h"

/* ---- UTF-16 units ---- */

static double units(const char *text, uint32_t len)
{
    double n = 0;
    for (uint32_t i = 0; i < len; i++) {
        const unsigned char c = (unsigned char)text[i];
        n += (c & 0xc0) != 0x80;
        n += c >= 0xf0;
    }
    return n;
}

/* The byte where `count` units are over. */
static uint32_t offset(const char *text, uint32_t len, double count)
{
    size_t at = 0;
    double n = 0;
    while (at < len && n < count) {
        const uint32_t c = svyi_utf8_next(text, len, &at);
        n += c >= 0x10000 ? 2 : 1;
    }
    return (uint32_t)at;
}

static void cut(const char *text, uint32_t len, double from, double to, svyi_xvalue *out)
{
    const uint32_t a = from > 0 ? offset(text, len, from) : 0, b = to > 0 ? offset(text, len, to) : 0;
    svyi_xset_text(out, text + a, b > a ? b - a : 0);
}

/* ---- Functions ---- */

void svyi_xarg_or_context(svyi_xcall *call, const char **text, uint32_t *len)
{
    if (call->n > 0)
        svyi_xarg_text(call, text, len);
    else
        svyi_xnode_text(call->run, call->in->node, text, len);
}

void svyi_xf_string(svyi_xcall *call, svyi_xvalue *out)
{
    const char *text;
    uint32_t len;
    svyi_xarg_or_context(call, &text, &len);
    svyi_xset_text(out, text, len);
}

/* Adds the texts of all arguments left, every node of theirs, with a separator between them. */
static void join_all(svyi_xcall *call, const char *separator, uint32_t separator_len, svyi_xvalue *out)
{
    svyi_xrun *r = call->run;
    svyi_buffer all;
    svyi_xvalue v;
    const char *text;
    uint32_t len, count = 0;

    svyi_buffer_init(&all, &r->base.scratch->alloc);
    while (svyi_xarg(call, &v)) {
        const uint32_t n = v.type == SVY_X_NODES ? v.n : 1;
        for (uint32_t i = 0; i < n && r->base.status == SVY_OK; i++, count++) {
            const svyi_xvalue one = { .type = SVY_X_NODES, .from = v.from + i, .n = 1 };
            svyi_xtext(r, v.type == SVY_X_NODES ? &one : &v, &text, &len);
            if (count > 0)
                svyi_buffer_add(&all, separator, separator_len);
            svyi_buffer_add(&all, text, len);
            if (all.failed || all.len > SVYI_MAX_MADE)
                r->base.status = all.failed ? SVY_E_NOMEM : SVY_E_LIMIT;
        }
        svyi_xdrop(r, &v);
    }
    svyi_xset_copy(r, out, all.data, r->base.status == SVY_OK ? all.len : 0);
    svyi_buffer_clear(&all);
}

void svyi_xf_concat(svyi_xcall *call, svyi_xvalue *out)
{
    join_all(call, "", 0, out);
}

void svyi_xf_join(svyi_xcall *call, svyi_xvalue *out)
{
    const char *separator;
    uint32_t len;
    svyi_xarg_text(call, &separator, &len);
    join_all(call, separator, len, out);
}

static double whole(double x)
{
    return x < 0 ? -floor(-x) : floor(x);
}

void svyi_xf_substr(svyi_xcall *call, svyi_xvalue *out)
{
    const char *text;
    uint32_t len;

    svyi_xarg_text(call, &text, &len);
    const double size = units(text, len);
    double from = whole(svyi_xarg_number(call)), to = call->n > 2 ? whole(svyi_xarg_number(call)) : size;
    from = from < 0 ? size + from : from;
    to = to < 0 ? size + to : to;
    cut(text, len, from, to, out);
    if (isnan(from) || isnan(to))
        svyi_xset_text(out, "", 0);
}

void svyi_xf_substring(svyi_xcall *call, svyi_xvalue *out)
{
    const char *text;
    uint32_t len;

    svyi_xarg_text(call, &text, &len);
    const double from = floor(svyi_xarg_number(call) + 0.5);
    const double to = call->n > 2 ? from + floor(svyi_xarg_number(call) + 0.5) : (double)INFINITY;
    cut(text, len, from - 1, to - 1, out);
    if (isnan(from) || isnan(to))
        svyi_xset_text(out, "", 0);
}

/* Where `wanted` begins in the text; -1 when nowhere. */
static int64_t find(const char *text, uint32_t len, const char *wanted, uint32_t wanted_len)
{
    if (wanted_len == 0)
        return 0;
    for (uint32_t at = 0; wanted_len <= len && at <= len - wanted_len; at++) {
        const char *hit = memchr(text + at, wanted[0], len - wanted_len - at + 1);
        if (hit == NULL)
            return -1;
        at = (uint32_t)(hit - text);
        if (memcmp(hit, wanted, wanted_len) == 0)
            return at;
    }
    return -1;
}

typedef struct pair { const char *text, *wanted; uint32_t len, wanted_len; } pair;

static pair two_texts(svyi_xcall *call)
{
    pair p;
    svyi_xarg_text(call, &p.text, &p.len);
    svyi_xarg_text(call, &p.wanted, &p.wanted_len);
    return p;
}

void svyi_xf_substring_before(svyi_xcall *call, svyi_xvalue *out)
{
    const pair p = two_texts(call);
    const int64_t at = find(p.text, p.len, p.wanted, p.wanted_len);
    svyi_xset_text(out, p.text, at > 0 ? (size_t)at : 0);
}

void svyi_xf_substring_after(svyi_xcall *call, svyi_xvalue *out)
{
    const pair p = two_texts(call);
    const int64_t at = find(p.text, p.len, p.wanted, p.wanted_len);
    uint32_t from = at < 0 ? p.len : (uint32_t)at + p.wanted_len;
    if (at >= 0 && p.wanted_len > 0 && call->run->compat == SVY_COMPAT_WEB)
        from = (uint32_t)at + offset(p.text + at, p.len - (uint32_t)at, 1);      /* as measured: one character is taken off, however long */
    svyi_xset_text(out, p.text + from, p.len - from);
}

void svyi_xf_contains(svyi_xcall *call, svyi_xvalue *out)
{
    const pair p = two_texts(call);
    svyi_xset_boolean(out, find(p.text, p.len, p.wanted, p.wanted_len) >= 0);
}

void svyi_xf_starts_with(svyi_xcall *call, svyi_xvalue *out)
{
    const pair p = two_texts(call);
    svyi_xset_boolean(out, p.wanted_len <= p.len && (p.wanted_len == 0 || memcmp(p.text, p.wanted, p.wanted_len) == 0));
}

void svyi_xf_ends_with(svyi_xcall *call, svyi_xvalue *out)
{
    const pair p = two_texts(call);
    svyi_xset_boolean(out, p.wanted_len <= p.len && (p.wanted_len == 0 || memcmp(p.text + (p.len - p.wanted_len), p.wanted, p.wanted_len) == 0));
}

/* The character that the `index`-th is translated to: 1, or 0 when it is taken out. */
static int translated(const char *to, uint32_t to_len, uint32_t index, const char **with, uint32_t *with_len)
{
    size_t at = 0;
    for (; at < to_len && index > 0; index--)
        svyi_utf8_next(to, to_len, &at);
    const size_t from = at;
    if (at >= to_len)
        return 0;
    svyi_utf8_next(to, to_len, &at);
    *with = to + from;
    *with_len = (uint32_t)(at - from);
    return 1;
}

/* The place of a character among others: -1 when it is not there. */
static int64_t place_of(const char *text, uint32_t len, uint32_t wanted)
{
    int64_t place = 0;
    for (size_t at = 0; at < len; place++)
        if (svyi_utf8_next(text, len, &at) == wanted)
            return place;
    return -1;
}

void svyi_xf_translate(svyi_xcall *call, svyi_xvalue *out)
{
    svyi_xrun *r = call->run;
    const pair p = two_texts(call);
    const char *to, *with;
    uint32_t to_len, with_len, n = 0;
    svyi_xarg_text(call, &to, &to_len);

    svyi_xset_text(out, "", 0);
    char *made = p.len > 0 && r->base.status == SVY_OK ? svyi_make(&r->base, (size_t)4 * p.len) : NULL;
    for (size_t at = 0; made != NULL && at < p.len;) {
        const size_t from = at;
        const int64_t place = place_of(p.wanted, p.wanted_len, svyi_utf8_next(p.text, p.len, &at));
        r->steps += 1 + p.wanted_len / 16;
        if (place < 0) {
            with = p.text + from;
            with_len = (uint32_t)(at - from);
        } else if (!translated(to, to_len, (uint32_t)place, &with, &with_len))
            continue;
        memcpy(made + n, with, with_len);
        n += with_len;
    }
    svyi_xset_text(out, made, n);
    if (r->steps > SVYI_MAX_STEPS)
        r->base.status = SVY_E_LIMIT;
}

void svyi_xf_string_length(svyi_xcall *call, svyi_xvalue *out)
{
    const char *text;
    uint32_t len;
    svyi_xarg_or_context(call, &text, &len);
    svyi_xset_number(out, units(text, len));
}

void svyi_xf_normalize_space(svyi_xcall *call, svyi_xvalue *out)
{
    const char *text, *word;
    uint32_t len, at = 0, word_len, n = 0;

    svyi_xarg_or_context(call, &text, &len);
    svyi_xset_text(out, "", 0);
    char *made = len > 0 ? svyi_make(&call->run->base, len) : NULL;
    while (made != NULL && svyi_xword(text, len, &at, &word, &word_len)) {
        if (n > 0)
            made[n++] = ' ';
        memcpy(made + n, word, word_len);
        n += word_len;
    }
    svyi_xset_text(out, made, n);
}
