/* Functions on texts and codes. */
#include "expr_priv.h"

#include <string.h>

#include "base/number.h"
#include "base/text.h"

void svyi_string_length(svyi_run *r, svy_value *v, unsigned n)
{
    (void)r;
    (void)n;
    svyi_set_number(v, (double)svyi_utf8_length(v->text, v->len));
}

/* Position of a character: from the end when negative, held inside the text. */
static size_t place_of(double x, size_t length)
{
    if (x < 0)
        x += (double)length;
    return !(x > 0) ? 0 : x < (double)length ? (size_t)x : length;
}

void svyi_substr(svyi_run *r, svy_value *v, unsigned n)
{
    (void)r;
    const size_t length = svyi_utf8_length(v->text, v->len);
    size_t from = place_of(v[1].number, length), to = n > 2 ? place_of(v[2].number, length) : length;
    if (from > to)
        from = to;
    size_t begin = svyi_utf8_offset(v->text, v->len, from);
    size_t end = begin + svyi_utf8_offset(v->text + begin, v->len - begin, to - from);
    svyi_set_text(v, SVY_K_TEXT, v->text + begin, end - begin);
}

/* Rabin and Karp: the hash of each run of that length is the last one's, moved by a character. */
static int found_in(const svy_value *text, const svy_value *part)
{
    enum { BASE = 257 };
    const unsigned char *t = (const unsigned char *)text->text, *p = (const unsigned char *)part->text;
    const size_t n = text->len, m = part->len;
    uint64_t wanted = 0, hash = 0, highest = 1;

    if (m == 0 || m > n)
        return m == 0;
    for (size_t i = 0; i < m; i++) {
        wanted = wanted * BASE + p[i];
        hash = hash * BASE + t[i];
        highest *= i > 0 ? BASE : 1;
    }
    for (size_t at = 0;; at++) {
        if (hash == wanted && memcmp(t + at, p, m) == 0)
            return 1;
        if (at + m >= n)
            return 0;
        hash = (hash - highest * t[at]) * BASE + t[at + m];
    }
}

void svyi_contains(svyi_run *r, svy_value *v, unsigned n)
{
    (void)r;
    (void)n;
    svyi_set_boolean(v, found_in(&v[0], &v[1]));
}

void svyi_starts_with(svyi_run *r, svy_value *v, unsigned n)
{
    (void)r;
    (void)n;
    svyi_set_boolean(v, v[0].len >= v[1].len && (v[1].len == 0 || memcmp(v[0].text, v[1].text, v[1].len) == 0));
}

void svyi_ends_with(svyi_run *r, svy_value *v, unsigned n)
{
    (void)r;
    (void)n;
    svyi_set_boolean(v, v[0].len >= v[1].len && (v[1].len == 0 || memcmp(v[0].text + v[0].len - v[1].len, v[1].text, v[1].len) == 0));
}

static void change_case(svyi_run *r, svy_value *v, uint32_t (*change)(uint32_t))
{
    char *out = svyi_make(r, (size_t)v->len * 4);      /* a character is at most four bytes, before and after */
    size_t at = 0, len = 0;
    while (out != NULL && at < v->len)
        len += svyi_utf8_put(change(svyi_utf8_next(v->text, v->len, &at)), out + len);
    svyi_set_text(v, SVY_K_TEXT, out != NULL ? out : "", len);
}

void svyi_upper_case(svyi_run *r, svy_value *v, unsigned n)
{
    (void)n;
    change_case(r, v, svyi_upper);
}

void svyi_lower_case(svyi_run *r, svy_value *v, unsigned n)
{
    (void)n;
    change_case(r, v, svyi_lower);
}

void svyi_trim(svyi_run *r, svy_value *v, unsigned n)
{
    (void)r;
    (void)n;
    size_t at = 0, begin = v->len, end = 0;
    while (at < v->len) {
        size_t from = at;
        if (svyi_is_space(svyi_utf8_next(v->text, v->len, &at)))
            continue;
        if (begin == v->len)
            begin = from;
        end = at;
    }
    svyi_set_text(v, SVY_K_TEXT, v->text + (end > begin ? begin : 0), end > begin ? end - begin : 0);
}

void svyi_normalize_space(svyi_run *r, svy_value *v, unsigned n)
{
    svyi_trim(r, v, n);
    char *out = svyi_make(r, v->len);
    size_t at = 0, len = 0;
    int blank = 0;
    while (out != NULL && at < v->len) {
        size_t from = at;
        if (svyi_is_space(svyi_utf8_next(v->text, v->len, &at))) {
            blank = 1;
            continue;
        }
        if (blank)
            out[len++] = ' ';
        blank = 0;
        memcpy(out + len, v->text + from, at - from);
        len += at - from;
    }
    svyi_set_text(v, SVY_K_TEXT, out != NULL ? out : "", len);
}

void svyi_regex(svyi_run *r, svy_value *v, unsigned n)
{
    (void)n;
    int match = svyi_regex_match(r->scratch, v[1].text, v[1].len, v[0].text, v[0].len);
    if (match == -1)
        r->status = SVY_E_NOMEM;
    svyi_set_boolean(v, match == 1);
}

/* Index of a character in the alphabet, -1 when it is not there; the alphabet is short. */
static int index_in(const svy_value *alphabet, uint32_t c)
{
    size_t at = 0;
    for (int i = 0; at < alphabet->len; i++)
        if (svyi_utf8_next(alphabet->text, alphabet->len, &at) == c)
            return i;
    return -1;
}

/* ISO 7064 hybrid system MOD M+1,M: begin with M; for every character add its index, reduce mod M (0 counts as M), double,
   reduce mod M+1. The check character makes the last sum 1 mod M. */
void svyi_check_character(svyi_run *r, svy_value *v, unsigned n)
{
    (void)r;
    (void)n;
    enum { LARGEST_ALPHABET = 256 };
    const size_t m = svyi_utf8_length(v[1].text, v[1].len);
    size_t at = 0, product = m;

    if (m < 2 || m > LARGEST_ALPHABET || v->len == 0) {
        svyi_set_missing(v, SVY_K_TEXT, SVY_NOT_STATED);
        return;
    }
    while (at < v->len) {
        int index = index_in(&v[1], svyi_utf8_next(v->text, v->len, &at));
        if (index < 0) {
            svyi_set_missing(v, SVY_K_TEXT, SVY_NOT_STATED);
            return;
        }
        size_t sum = (product + (size_t)index) % m;
        product = (sum == 0 ? m : sum) * 2 % (m + 1);
    }
    size_t check = (m + 1 - product) % m;
    size_t from = svyi_utf8_offset(v[1].text, v[1].len, check), to = from;
    svyi_utf8_next(v[1].text, v[1].len, &to);
    svyi_set_text(v, SVY_K_TEXT, v[1].text + from, to - from);
}

void svyi_string(svyi_run *r, svy_value *v, unsigned n)
{
    (void)n;
    svyi_text_of(r, v);
}

void svyi_boolean_from_string(svyi_run *r, svy_value *v, unsigned n)
{
    (void)r;
    (void)n;
    svyi_set_boolean(v, (v->len == 4 && memcmp(v->text, "true", 4) == 0) || (v->len == 1 && v->text[0] == '1'));
}

/* ---- Codes ---- */

int svyi_next_code(const svy_value *codes, size_t *at, const char **word, size_t *len)
{
    while (*at < codes->len && codes->text[*at] == ' ')
        (*at)++;
    size_t from = *at;
    while (*at < codes->len && codes->text[*at] != ' ')
        (*at)++;
    *word = codes->text + from;
    *len = *at - from;
    return *len > 0;
}

void svyi_selected(svyi_run *r, svy_value *v, unsigned n)
{
    (void)r;
    (void)n;
    const char *word;
    size_t at = 0, len;
    int found = 0;
    while (!found && svyi_next_code(&v[0], &at, &word, &len))
        found = len == v[1].len && memcmp(word, v[1].text, len) == 0;
    svyi_set_boolean(v, found);
}

void svyi_count_selected(svyi_run *r, svy_value *v, unsigned n)
{
    (void)r;
    (void)n;
    const char *word;
    size_t at = 0, len;
    double count = 0;
    while (svyi_next_code(v, &at, &word, &len))
        count++;
    svyi_set_number(v, count);
}

void svyi_selected_at(svyi_run *r, svy_value *v, unsigned n)
{
    (void)r;
    (void)n;
    const char *word;
    size_t at = 0, len;
    double index = 0;
    while (svyi_next_code(v, &at, &word, &len))
        if (index++ == v[1].number) {
            svyi_set_text(v, SVY_K_CODE, word, len);
            if (!svyi_number_parse(word, len, &v->number) || !(v->number - v->number == 0))
                v->number = 0;
            return;
        }
    svyi_set_missing(v, SVY_K_CODE, SVY_NOT_ASKED);
}
