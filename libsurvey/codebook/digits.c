/* Digits and signs as Arabic and Persian keyboards type them. */
#include <string.h>
#include <survey/codebook.h>

static const struct { const char *sign; char plain; } SIGNS[] = {
    { "\xD9\xAB", '.' }, { "\xD8\x8C", ',' },    /* the decimal sign and the comma */
    { "\xE2\x88\x92", '-' },                     /* the minus sign */
};
enum { N_SIGNS = sizeof SIGNS / sizeof SIGNS[0] };

/* The sign of ASCII that a text begins with in other clothes, and how many bytes it takes; '\0' when none. */
static char plain_sign(const char *at, size_t *bytes)
{
    const unsigned char *c = (const unsigned char *)at;

    *bytes = 2;
    if (c[0] == 0xD9 && c[1] >= 0xA0 && c[1] <= 0xA9)             /* U+0660 to U+0669 */
        return (char)('0' + (c[1] - 0xA0));
    if (c[0] == 0xDB && c[1] >= 0xB0 && c[1] <= 0xB9)             /* U+06F0 to U+06F9 */
        return (char)('0' + (c[1] - 0xB0));
    for (size_t i = 0; i < N_SIGNS; i++)
        if (strncmp(at, SIGNS[i].sign, strlen(SIGNS[i].sign)) == 0) {
            *bytes = strlen(SIGNS[i].sign);
            return SIGNS[i].plain;
        }
    return '\0';
}

void svy_western_digits(char *text)
{
    char *to = text;

    for (const char *from = text; *from != '\0';) {
        size_t bytes;
        const char plain = plain_sign(from, &bytes);
        *to++ = plain != '\0' ? plain : *from;
        from += plain != '\0' ? bytes : 1;
    }
    *to = '\0';
}

void svy_decimal_point(char *text)
{
    char *comma = strchr(text, ',');
    const size_t before = strcspn(text, ","), digits = comma != NULL ? strspn(comma + 1, "0123456789") : 0;
    const char *whole = text + (text[0] == '-' || text[0] == '+');

    if (comma == NULL || strchr(text, '.') != NULL || comma[1 + digits] != '\0' || digits == 0)
        return;
    const int zero = text + before == whole || (text + before == whole + 1 && whole[0] == '0');     /* thousands do not begin with 0 */
    if (digits != 3 || zero)
        *comma = '.';
}
