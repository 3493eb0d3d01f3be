/* "Did you mean": the nearest of some names, by the number of typing slips. */
#include "exchange/schema/schema.h"
#include <string.h>

enum { LONGEST = 40 };

static size_t least(size_t a, size_t b) { return a < b ? a : b; }

static char small(char c) { return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c; }

/* Letters changed, left out, added or swapped with a neighbour (optimal string alignment). */
static size_t slips(const char *a, const char *b)
{
    const size_t n = strlen(a), m = strlen(b);
    size_t row[3][LONGEST + 1];
    if (n > LONGEST || m > LONGEST)
        return LONGEST;
    for (size_t j = 0; j <= m; j++)
        row[0][j] = j;
    for (size_t i = 1; i <= n; i++) {
        size_t *now = row[i % 3], *before = row[(i + 2) % 3], *two_before = row[(i + 1) % 3];
        now[0] = i;
        for (size_t j = 1; j <= m; j++) {
            const size_t change = before[j - 1] + (small(a[i - 1]) != small(b[j - 1]));
            now[j] = least(change, least(before[j], now[j - 1]) + 1);
            if (i > 1 && j > 1 && small(a[i - 1]) == small(b[j - 2]) && small(a[i - 2]) == small(b[j - 1]))
                now[j] = least(now[j], two_before[j - 2] + 1);
        }
    }
    return row[n % 3][m];
}

const char *svyi_near(const char *text, const char *const *names, size_t count)
{
    const char *best = NULL;
    size_t best_slips = strlen(text) / 3 + 1;
    if (best_slips > 3)
        best_slips = 3;
    for (size_t i = 0; i < count; i++) {
        const size_t d = slips(text, names[i]);
        if (d <= best_slips && d < strlen(names[i]) && (best == NULL || d < best_slips)) {
            best_slips = d;
            best = names[i];
        }
    }
    return best;
}
