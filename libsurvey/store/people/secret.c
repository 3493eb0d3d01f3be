/* What lets somebody in: tokens of devices and codes of links. They are shown once; the file has only their hash. */
#include <sodium.h>
#include <string.h>

#include "store/people/people_priv.h"

enum { TOKEN_BYTES = 32, GROUPS = 7, GROUP = 4 };
_Static_assert(GROUPS * (GROUP + 1) <= SVY_CODE, "room for the groups, the hyphens between them and the end");

/* Digits and letters that are not taken for one another (Crockford's base 32). */
static const char DIGITS[] = "0123456789abcdefghjkmnpqrstvwxyz";

void svyi_token_make(char out[SVY_TOKEN])
{
    uint8_t bytes[TOKEN_BYTES];

    svyi_random_bytes(bytes, sizeof bytes);
    sodium_bin2base64(out, SVY_TOKEN, bytes, sizeof bytes, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    svyi_wipe(bytes, sizeof bytes);
}

void svyi_code_make(char out[SVY_CODE])
{
    uint8_t bytes[GROUPS * GROUP];
    size_t at = 0;

    svyi_random_bytes(bytes, sizeof bytes);
    for (size_t i = 0; i < sizeof bytes; i++) {
        if (i > 0 && i % GROUP == 0)
            out[at++] = '-';
        out[at++] = DIGITS[bytes[i] & 31];
    }
    out[at] = '\0';
    svyi_wipe(bytes, sizeof bytes);
}

int svyi_code_read(const char *typed, size_t n, char out[SVY_CODE])
{
    size_t digits = 0, at = 0;

    if (n > 200)
        return 0;
    for (size_t i = 0; i < n; i++) {
        char c = typed[i];
        if (c == '-' || c == ' ')
            continue;
        c = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
        c = c == 'o' ? '0' : c == 'i' || c == 'l' ? '1' : c;
        if (c == '\0' || strchr(DIGITS, c) == NULL || digits == GROUPS * GROUP)
            return 0;
        if (digits > 0 && digits % GROUP == 0)
            out[at++] = '-';
        out[at++] = c;
        digits++;
    }
    out[at] = '\0';
    return digits == GROUPS * GROUP;
}

void svyi_secret_hash(const char *secret, size_t n, uint8_t out[SVYI_SECRET_HASH])
{
    crypto_generichash(out, SVYI_SECRET_HASH, (const unsigned char *)secret, n, NULL, 0);
}

void svyi_hex(const uint8_t *bytes, size_t n, char *out)
{
    sodium_bin2hex(out, 2 * n + 1, bytes, n);
}

int svyi_unhex(const char *text, uint8_t *bytes, size_t n)
{
    if (strlen(text) != 2 * n || strspn(text, "0123456789abcdef") != 2 * n)
        return 0;
    return sodium_hex2bin(bytes, n, text, 2 * n, NULL, NULL, NULL) == 0;
}
