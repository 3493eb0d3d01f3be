/* Texts at random that match a simple regular expression: literals, classes, groups, alternatives, repeats. */
#include <string.h>

#include "interview/random_priv.h"

enum { DEPTH = 20, MOST = 6 /* repeats of * and + */ };

typedef struct maker {
    svyi_random *r;
    const char *at, *end;
    char *out;
    size_t size, len;
    int mute;                         /* parsed, but not written */
} maker;

static void put(maker *m, char c)
{
    if (!m->mute && m->len < m->size)
        m->out[m->len++] = c;
}

static char any_of(maker *m, const char *set)
{
    return set[svyi_random_below(m->r, (uint32_t)strlen(set))];
}

static char escaped(maker *m, char c)
{
    switch (c) {
    case 'd': return any_of(m, "0123456789");
    case 'w': return any_of(m, "abcdefghijklmnopqrstuvwxyz0123456789_");
    case 's': return ' ';
    default:  return c;
    }
}

/* One character of a class; the position moves behind its bracket. */
static char class_char(maker *m)
{
    char set[256];
    unsigned char in[128] = { 0 };
    uint32_t n = 0;
    int negated = 0;

    if (m->at < m->end && *m->at == '^') {
        negated = 1;
        m->at++;
    }
    for (int first = 1; m->at < m->end && (first || *m->at != ']'); first = 0) {
        unsigned char low = (unsigned char)*m->at++, high = low;
        if (low == '\\' && m->at < m->end)
            low = high = (unsigned char)escaped(m, *m->at++);
        if (m->at + 1 < m->end && *m->at == '-' && m->at[1] != ']') {
            high = (unsigned char)m->at[1];
            m->at += 2;
        }
        for (unsigned c = low; c <= high && c < 128; c++)
            in[c] = 1;
    }
    if (m->at < m->end)
        m->at++;
    for (unsigned c = 33; c < 127; c++)
        if (in[c] != negated)
            set[n++] = (char)c;
    return n > 0 ? set[svyi_random_below(m->r, n)] : ' ';
}

static void alternatives(maker *m, int depth);

/* Makes the atom at the position; it moves behind it. */
static void atom(maker *m, int depth)
{
    const char c = *m->at++;

    switch (c) {
    case '(':
        if (m->at + 1 < m->end && m->at[0] == '?' && m->at[1] == ':')
            m->at += 2;
        alternatives(m, depth + 1);
        if (m->at < m->end)
            m->at++;
        break;
    case '[':  put(m, class_char(m)); break;
    case '.':  put(m, any_of(m, "abcdefghij")); break;
    case '^':
    case '$':  break;
    case '\\':
        if (m->at < m->end)
            put(m, escaped(m, *m->at++));
        break;
    default:   put(m, c);
    }
}

static uint32_t read_number(maker *m)
{
    uint32_t n = 0;

    for (; m->at < m->end && *m->at >= '0' && *m->at <= '9'; m->at++)
        n = n < 1000 ? n * 10 + (uint32_t)(*m->at - '0') : n;
    return n;
}

/* How often the atom before the position is wanted. */
static uint32_t repeats(maker *m)
{
    uint32_t low = 1, high = 1;

    if (m->at >= m->end || strchr("?*+{", *m->at) == NULL || *m->at == '\0')
        return 1;
    const char c = *m->at++;
    if (c == '?' || c == '*')
        low = 0;
    if (c == '*' || c == '+')
        high = MOST;
    if (c == '{') {
        low = high = read_number(m);
        if (m->at < m->end && *m->at == ',') {
            m->at++;
            high = m->at < m->end && *m->at != '}' ? read_number(m) : low + MOST;
        }
        if (m->at < m->end)
            m->at++;
    }
    return low + (high > low ? svyi_random_below(m->r, high - low + 1) : 0);
}

static void sequence(maker *m, int depth)
{
    while (m->at < m->end && *m->at != '|' && *m->at != ')') {
        const char *start = m->at;
        const size_t len = m->len;
        atom(m, depth);
        const char *behind = m->at;
        const uint32_t n = repeats(m);
        const char *next = m->at;
        if (n == 0)
            m->len = len;
        for (uint32_t i = 1; i < n && behind != start && !m->mute; i++) {
            m->at = start;
            atom(m, depth);
        }
        m->at = next;
    }
}

/* One of the alternatives up to the closing bracket or the end. */
static void alternatives(maker *m, int depth)
{
    const int was = m->mute;
    uint32_t n = 0, seen = 0;

    if (depth > DEPTH) {
        m->at = m->end;
        return;
    }
    const char *start = m->at;
    m->mute = 1;                      /* count them first */
    for (n = 1, sequence(m, depth); m->at < m->end && *m->at == '|'; n++) {
        m->at++;
        sequence(m, depth);
    }
    const uint32_t chosen = svyi_random_below(m->r, n);
    for (m->at = start; seen < n; seen++) {
        m->mute = was || seen != chosen;
        sequence(m, depth);
        if (seen + 1 < n && m->at < m->end)
            m->at++;
    }
    m->mute = was;
}

size_t svyi_pattern_make(svyi_random *r, const char *pattern, size_t len, char *out, size_t size)
{
    maker m = { .r = r, .at = pattern, .end = pattern + len, .out = out, .size = size };

    alternatives(&m, 0);
    return m.len;
}
