/* Passwords: which are taken, their hash, and checking one. Needs no study, so that it can wait on a thread of its own. */
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <survey/account.h>

#include "base/error.h"
#include "base/text.h"
#include "store/people/password_table.h"
#include "store/seal.h"

/* 64 MiB and three passes: 0.1 s of one core. */
enum { PASSES = 3, MEMORY = 64 << 20 };
_Static_assert(SVY_PASSWORD_HASH >= crypto_pwhash_STRBYTES, "room for the hash");

/* The characters that count when passwords are compared with known ones: letters and digits, small. At most `size` bytes with the NUL. */
static size_t bare(const char *text, size_t n, char *out, size_t size)
{
    size_t len = 0;

    for (size_t at = 0; at < n;) {
        uint32_t c = svyi_lower(svyi_utf8_next(text, n, &at));
        char bytes[4];
        size_t more = svyi_utf8_put(c, bytes);
        if (svyi_is_space(c) || (c < 0x80 && strchr("-_.,!?*#@+&'\"", (int)c) != NULL) || len + more + 1 > size)
            continue;
        memcpy(out + len, bytes, more);
        len += more;
    }
    out[len] = '\0';
    return len;
}

/* How many different characters, and whether each follows the one before in the alphabet, among digits or on a keyboard's row. */
static int is_simple(const char *text, size_t len)
{
    static const char ROWS[] = "abcdefghijklmnopqrstuvwxyz 01234567890 qwertyuiop asdfghjkl zxcvbnm zyxwvutsrqponmlkjihgfedcba 09876543210 poiuytrewq lkjhgfdsa mnbvcxz "
                               "qwertzuiop azertyuiop 1q2w3e4r5t6y7u8i9o0p 1qaz2wsx3edc4rfv5tgb6yhn7ujm";
    uint8_t seen[32] = { 0 };
    size_t different = 0, run = 0;

    for (size_t i = 0; i < len; i++) {
        uint8_t c = (uint8_t)text[i];
        different += !(seen[c >> 3] >> (c & 7) & 1);
        seen[c >> 3] |= (uint8_t)(1 << (c & 7));
        char pair[3] = { i > 0 ? text[i - 1] : ' ', text[i], '\0' };
        run += i > 0 && pair[0] != ' ' && strstr(ROWS, pair) != NULL;
    }
    return different < 5 || run * 4 >= len * 3;
}

/* A text of known words and digits only: "password", "password2024", "welcomewelcome". */
static int is_known(const char *text)
{
    size_t left = strlen(text), words = 0;

    while (left > 0) {
        size_t longest = 0;
        for (size_t i = 0; i < sizeof COMMON / sizeof COMMON[0]; i++) {
            size_t len = strlen(COMMON[i]);
            if (len > longest && len <= left && memcmp(text, COMMON[i], len) == 0)
                longest = len;
        }
        if (longest == 0 && *text >= '0' && *text <= '9')
            longest = 1;
        else if (longest == 0)
            return 0;
        else
            words++;
        text += longest;
        left -= longest;
    }
    return words <= 3;                /* four words or more are a pass phrase */
}

static svy_status refuse(svy_error *err, const char *why)
{
    return svyi_fail(err, SVY_E_VALUE, "%s", why);
}

svy_status svy_password_accept(const char *password, size_t n, const char *name, svy_error *err)
{
    char text[SVY_PASSWORD_MAX + 1], own[SVY_PASSWORD_MAX + 1];

    SVY_REQUIRE(password != NULL || n == 0, err);
    if (n > SVY_PASSWORD_MAX)
        return refuse(err, "the password has more than 1,000 bytes: choose a shorter one");
    if (!svyi_utf8_valid(password, n))
        return refuse(err, "the password is not a text in UTF-8: choose one of characters that can be typed");
    if (svyi_utf8_length(password, n) < SVY_PASSWORD_MIN)
        return refuse(err, "the password has fewer than 12 characters: choose a longer one, for instance four words");
    const size_t len = bare(password, n, text, sizeof text);
    const size_t own_len = bare(name != NULL ? name : "", name != NULL ? strlen(name) : 0, own, sizeof own);
    const int known = is_simple(text, len) || is_known(text) || (own_len > 3 && strstr(text, own) != NULL && own_len + 8 > len);
    svyi_wipe(text, sizeof text);
    return known ? refuse(err, "the password is one of those that are tried first: choose another, for instance four words that do not belong together") : SVY_OK;
}

svy_status svy_password_hash(const char *password, size_t n, char out[SVY_PASSWORD_HASH], svy_error *err)
{
    SVY_REQUIRE(out != NULL && (password != NULL || n == 0), err);
    memset(out, 0, SVY_PASSWORD_HASH);
    if (n > SVY_PASSWORD_MAX)
        return svyi_fail(err, SVY_E_LIMIT, "a password has at most 1,000 bytes");
    svy_status st = svyi_seal_start(err);
    if (st != SVY_OK)
        return st;
    return crypto_pwhash_str(out, password != NULL ? password : "", n, PASSES, MEMORY) == 0 ? SVY_OK : svyi_nomem(err);
}

int svy_password_check(const char *hash, const char *password, size_t n)
{
    /* Of a password nobody knows. Checking it costs what checking a real one costs, so that time does not tell which names exist. */
    static const char NOBODY[] = "$argon2id$v=19$m=65536,t=3,p=1$3++aiBbuX3mo2jC5FvIm7g$XvDHvdkEaGx+rBIG++OT4MInwxPb4RWFQUr7LOSTdZ8";
    const int real = hash != NULL && hash[0] != '\0';

    if (svyi_seal_start(NULL) != SVY_OK || n > SVY_PASSWORD_MAX)
        return 0;
    int right = crypto_pwhash_str_verify(real ? hash : NOBODY, password != NULL ? password : "", n) == 0;
    return right && real;
}
