/* Search keys: what a text becomes so that it is found however people type it. */
#include "base/text.h"

#include <string.h>

#include "base/fold_table.h"

enum { OMICRON = 0x3BF, CYRILLIC_O = 0x43E, SOFT_SIGN = 0x44C };

/* The key being written. Whole characters only; nothing after the first that does not fit. */
typedef struct key {
    char *out;
    size_t size, need;
    int full, gap;                /* gap: a blank is due before the next letter */
    int held;                     /* letters of "iya" held back: the whole becomes "ia" */
} key;

static void put(key *k, const char *bytes, size_t len)
{
    if (!k->full && k->need + len < k->size)
        memcpy(k->out + k->need, bytes, len);
    else if (!k->full) {
        k->full = 1;
        if (k->size > 0)
            k->out[k->need] = '\0';
    }
    k->need += len;
}

static const char IYA[] = "iya";

static void release_held(key *k)
{
    put(k, IYA, (size_t)k->held);
    k->held = 0;
}

/* The Bulgarian law writes a final -ия as -ia (София, Sofia), people also write -iya. It is the same everywhere in a word,
   so that the key of a word's beginning begins the key of the word. */
static void letter(key *k, const char *bytes, size_t len)
{
    if (k->gap && k->need > 0)
        put(k, " ", 1);
    k->gap = 0;
    if (len == 1 && bytes[0] == IYA[k->held]) {
        if (k->held++ == 2) {
            put(k, "ia", 2);
            k->held = 0;
        }
        return;
    }
    release_held(k);
    k->held = len == 1 && bytes[0] == 'i';
    if (!k->held)
        put(k, bytes, len);
}

/* The letters of a character, NULL when it has none of its own. */
static const char *find_fold(uint32_t c)
{
    size_t low = 0, high = sizeof FOLDS / sizeof FOLDS[0] - 1;

    while (low < high) {          /* the first block that begins behind c */
        const size_t middle = (low + high) / 2;
        if (FOLDS[middle].code <= c)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0)
        return NULL;
    const fold_block *block = &FOLDS[low - 1];
    const char *letters = (const char *)FOLD_LETTERS + block->letters;
    uint32_t code = block->code;
    for (size_t i = block->first; i < block[1].first; i++) {
        code += FOLD_STEPS[i];
        if (code == c)
            return letters;
        letters += strlen(letters) + 1;
    }
    return NULL;
}

/* 0..9, or -1. */
static int digit_value(uint32_t c)
{
    size_t low = 0, high = sizeof ZEROS / sizeof ZEROS[0];

    while (low < high) {          /* the last zero that is not above c */
        const size_t middle = (low + high) / 2;
        if (ZEROS[middle] <= c)
            low = middle + 1;
        else
            high = middle;
    }
    return low > 0 && c - ZEROS[low - 1] < 10 ? (int)(c - ZEROS[low - 1]) : -1;
}

static void letters(key *k, const char *text, size_t len)
{
    for (size_t at = 0; at < len;) {
        const size_t start = at;
        (void)svyi_utf8_next(text, len, &at);
        letter(k, text + start, at - start);
    }
}

static int is_blank(uint32_t c)
{
    if (c < 0x80)
        return !((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z'));
    return svyi_in_ranges(BLANKS, sizeof BLANKS / sizeof BLANKS[0], c);
}

/* υ with or without accent, but not ϋ, which is a vowel of its own. */
static int is_upsilon(uint32_t c)
{
    return c == 0x3C5 || c == 0x3CD || (c >= 0x1F50 && c <= 0x1F57) || c == 0x1F7A || c == 0x1F7B || c == 0x1FE6;
}

/* Adds the lower-case character `c`, which follows `before`. */
static void fold_one(key *k, uint32_t c, uint32_t before)
{
    char bytes[4];
    const char *f;
    int digit;

    if (is_blank(c)) {
        release_held(k);
        k->gap = 1;
    } else if (c < 0x80) {
        letter(k, (const char[]){ (char)c }, 1);
    } else if (before == OMICRON && is_upsilon(c)) {
        letter(k, "u", 1);        /* ου is one vowel */
    } else if (before == SOFT_SIGN && c == CYRILLIC_O) {
        letters(k, "yo", 2);      /* the only place of ь in Bulgarian; Russian and Ukrainian drop it elsewhere */
    } else if ((f = find_fold(c)) != NULL) {
        letters(k, f, strlen(f));
    } else if ((digit = digit_value(c)) >= 0) {
        letter(k, (const char[]){ (char)('0' + digit) }, 1);
    } else {
        letter(k, bytes, svyi_utf8_put(c, bytes));
    }
}

size_t svyi_fold(const char *text, size_t len, char *out, size_t size)
{
    key k = { .out = out, .size = size };
    uint32_t before = 0;

    for (size_t at = 0; at < len;) {
        const uint32_t c = svyi_lower(svyi_utf8_next(text, len, &at));
        if (c >= 0x80 && svyi_in_ranges(DROPPED, sizeof DROPPED / sizeof DROPPED[0], c))
            continue;
        fold_one(&k, c, before);
        before = c;
    }
    release_held(&k);
    if (!k.full && size > 0)
        out[k.need] = '\0';
    return k.need;
}
