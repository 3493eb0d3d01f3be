/* Names of accounts: what an account is found by, which names are taken, and which are too much like another's. */
#include "store/people/people_priv.h"

#include <string.h>

#include "base/text.h"

void svyi_name_key(const char *name, char out[SVYI_NAME_KEY])
{
    const size_t len = strlen(name);
    size_t used = 0;

    for (size_t at = 0; at < len;) {
        char bytes[4];
        size_t n = svyi_utf8_put(svyi_lower(svyi_utf8_next(name, len, &at)), bytes);
        if (used + n + 1 > SVYI_NAME_KEY)
            break;
        memcpy(out + used, bytes, n);
        used += n;
    }
    out[used] = '\0';
}

/* ---- which are taken ---- */

typedef struct range { uint32_t first, last; } range;

/* What is in a text without being seen: joiners, soft hyphens, fillers, selectors, tags. Words need some of them, names of accounts none. */
static int is_unseen(uint32_t c)
{
    static const range UNSEEN[] = { { 0xAD, 0xAD }, { 0x34F, 0x34F }, { 0x61C, 0x61C }, { 0x115F, 0x1160 }, { 0x17B4, 0x17B5 }, { 0x180B, 0x180F }, { 0x200B, 0x200F },
        { 0x2028, 0x202E }, { 0x2060, 0x206F }, { 0x2800, 0x2800 }, { 0x3164, 0x3164 }, { 0xFE00, 0xFE0F }, { 0xFEFF, 0xFEFF }, { 0xFFA0, 0xFFA0 }, { 0xFFF0, 0xFFFF },
        { 0xE0000, 0xE0FFF } };

    for (size_t i = 0; i < sizeof UNSEEN / sizeof UNSEEN[0]; i++)
        if (c >= UNSEEN[i].first && c <= UNSEEN[i].last)
            return 1;
    return 0;
}

svy_status svyi_account_name_check(const char *name, svy_error *err)
{
    const size_t len = strlen(name);
    const svy_status st = svyi_check_text("the name of the account", name, SVY_ACCOUNT_TEXT - 1, 0, err);

    for (size_t at = 0; st == SVY_OK && at < len;)
        if (is_unseen(svyi_utf8_next(name, len, &at)))
            return svyi_fail(err, SVY_E_VALUE, "the name of the account has a character that nobody sees: write it with letters, digits and blanks only");
    return st;
}

/* ---- which are alike ---- */

/* Letters of other scripts that look like Latin ones, small or large: pairs, in order of the first. */
static const struct { uint16_t letter; char latin; } LOOKS[] = {
    { 0x131, 'i' }, { 0x251, 'a' }, { 0x261, 'g' }, { 0x3B1, 'a' }, { 0x3B2, 'b' }, { 0x3B5, 'e' }, { 0x3B6, 'z' }, { 0x3B7, 'h' }, { 0x3B9, 'i' }, { 0x3BA, 'k' },
    { 0x3BC, 'm' }, { 0x3BD, 'n' }, { 0x3BF, 'o' }, { 0x3C1, 'p' }, { 0x3C4, 't' }, { 0x3C5, 'y' }, { 0x3C7, 'x' }, { 0x430, 'a' }, { 0x432, 'b' }, { 0x435, 'e' },
    { 0x43A, 'k' }, { 0x43C, 'm' }, { 0x43D, 'h' }, { 0x43E, 'o' }, { 0x440, 'p' }, { 0x441, 'c' }, { 0x442, 't' }, { 0x443, 'y' }, { 0x445, 'x' }, { 0x455, 's' },
    { 0x456, 'i' }, { 0x458, 'j' }, { 0x4BB, 'h' }, { 0x4CF, 'l' }, { 0x501, 'd' }, { 0x51B, 'q' }, { 0x51D, 'w' }, { 0x585, 'o' },
};

/* The mathematical alphabets are Latin letters in thirteen dresses. */
static uint32_t undressed(uint32_t c)
{
    return c >= 0x1D400 && c <= 0x1D6A3 ? 'a' + (c - 0x1D400) % 26 : c;
}

static uint32_t looks_like(uint32_t c)
{
    for (size_t i = 0; i < sizeof LOOKS / sizeof LOOKS[0]; i++)
        if (LOOKS[i].letter == c)
            return (uint32_t)LOOKS[i].latin;
    return c;
}

enum { ROOM = 8 * SVY_ACCOUNT_TEXT };

/* Small letters without accents and in one script, no blanks and marks: by sound, or by looks. */
static void bare(const char *name, int by_looks, char out[ROOM])
{
    char small[SVYI_NAME_KEY], folded[ROOM];
    const size_t len = strlen(name);
    size_t n = 0;

    for (size_t at = 0; at < len && n + 4 < sizeof small;) {
        const uint32_t c = svyi_lower(undressed(svyi_utf8_next(name, len, &at)));
        n += svyi_utf8_put(by_looks ? looks_like(c) : c, small + n);
    }
    (void)svyi_fold(small, n, folded, sizeof folded);
    n = 0;
    for (const char *c = folded; *c != '\0'; c++)
        if (*c != ' ')
            out[n++] = *c;
    out[n] = '\0';
}

int svyi_names_alike(const char *a, const char *b)
{
    for (int by_looks = 0; by_looks <= 1; by_looks++) {
        char one[ROOM], other[ROOM];
        bare(a, by_looks, one);
        bare(b, by_looks, other);
        if (one[0] != '\0' && strcmp(one, other) == 0)      /* marks alone are nothing to compare by */
            return 1;
    }
    return 0;
}
