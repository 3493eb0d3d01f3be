/* Candidates for a random answer: by type, steered by what the checks of the question mention. */
#include <math.h>
#include <string.h>

#include "base/date.h"
#include "base/text.h"
#include "interview/odk_priv.h"
#include "interview/random_priv.h"

enum { ANCHORS = 64 };

/* Numbers worth trying: those in the checks, and the answers that they mention. */
typedef struct anchors { double at[ANCHORS]; uint32_t n; } anchors;

static void anchor(anchors *a, double x)
{
    if (a->n < ANCHORS && isfinite(x))
        a->at[a->n++] = x;
}

static int is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Numbers written in an expression. */
static void literals(anchors *a, const char *text)
{
    for (const char *at = text; *at != '\0'; ) {
        size_t len = 0;
        double x;
        if (!is_digit(*at)) {
            at++;
            continue;
        }
        while (is_digit(at[len]) || (at[len] == '.' && is_digit(at[len + 1])))
            len++;
        if (svyi_number_parse(at, len, &x))
            anchor(a, x);
        at += len;
    }
}

/* Answers mentioned as ${id}. */
static void mentions(anchors *a, const svy_interview *iv, const char *text, uint32_t entry)
{
    for (const char *at = strstr(text, "${"); at != NULL; at = strstr(at, "${")) {
        at += 2;
        const char *end = strchr(at, '}');
        uint32_t item;
        if (end == NULL)
            return;
        if (!svy_form_find(iv->form, at, (size_t)(end - at), &item))
            continue;
        const svy_value v = svyi_value_at(iv, item, entry);
        double number = v.number;
        if (v.missing == SVY_PRESENT && (!svyi_is_odk(iv) || svyi_number_parse(v.text, v.len, &number)))
            anchor(a, number);
    }
}

static void gather(const svy_interview *iv, svy_place place, anchors *a)
{
    const svy_item *item = svyi_item(iv, place.item);

    a->n = 0;
    for (uint32_t c = item->first_check; c < item->first_check + item->n_checks; c++) {
        const char *text = svy_form_rule(iv->form, svy_form_check(iv->form, c)->that).text;
        literals(a, text);
        mentions(a, iv, text, place.entry);
    }
}

static double between(svyi_random *r, double low, double high)
{
    return low + floor(svyi_random_unit(r) * (high - low + 1));
}

/* Draws are made one after the other: in one expression their order would be the compiler's. */
static double near_anchor(svyi_random *r, const anchors *a, double below, double above)
{
    const double x = a->at[svyi_random_below(r, a->n)];

    return x + between(r, below, above);
}

static double today(const svy_interview *iv)
{
    return floor(iv->s.now / 86400.0);
}

/* A whole number: near an anchor, between two, or from ranges of all sizes. */
static double whole(svyi_random *r, const anchors *a, int attempt)
{
    static const double HIGH[] = { 1, 5, 10, 30, 100, 1000, 20000 };
    const uint32_t pick = svyi_random_below(r, 10);

    if (a->n > 0 && pick < 4)
        return near_anchor(r, a, -2, 2);
    if (a->n > 1 && pick < 8) {
        const double x = a->at[svyi_random_below(r, a->n)];
        const double y = a->at[svyi_random_below(r, a->n)];
        return between(r, ceil(x < y ? x : y), floor(x < y ? y : x));
    }
    return between(r, attempt > 20 && pick == 9 ? -100 : 0, HIGH[svyi_random_below(r, sizeof HIGH / sizeof HIGH[0])]);
}

static double year(const svy_interview *iv, svyi_random *r, const anchors *a)
{
    int y, m, d;

    svyi_civil_from_days((int32_t)today(iv), &y, &m, &d);
    if (a->n > 0 && svyi_random_below(r, 2) == 0) {
        const double x = a->at[svyi_random_below(r, a->n)];
        if (x > 1000)
            return between(r, x < y ? x : y, x < y ? y : x);
        return y + between(r, -x - 1, x + 1);
    }
    return between(r, y - 90, y + 5);
}

/* Days: mostly of the past life, also around the answers that are mentioned. */
static double day(const svy_interview *iv, svyi_random *r, const anchors *a)
{
    const uint32_t pick = svyi_random_below(r, 4);

    if (a->n > 0 && pick == 0)
        return near_anchor(r, a, -40, 400);
    if (pick == 1)
        return today(iv) + between(r, -20, 2000);
    return today(iv) - between(r, 0, pick == 2 ? 3000 : 20000);
}

static double day_and_time(const svy_interview *iv, svyi_random *r)
{
    const double seconds = between(r, 0, 86399);

    return day(iv, r, &(anchors){ .n = 0 }) * 86400 + seconds;
}

static double fraction(svyi_random *r, double x)
{
    return x + between(r, 0, 3) / 4;
}

static double month(const svy_interview *iv, svyi_random *r, const anchors *a)
{
    int y, m, d;

    if (a->n > 0 && svyi_random_below(r, 3) == 0)
        return floor(near_anchor(r, a, -3, 30));
    svyi_civil_from_days((int32_t)day(iv, r, &(anchors){ .n = 0 }), &y, &m, &d);
    return y * 12.0 + (svyi_random_below(r, 10) == 0 ? 0.5 : m - 1);
}

int svyi_check_literal(const svy_interview *iv, uint32_t question, const char *call, const char **text, size_t *len)
{
    const svy_item *item = svyi_item(iv, question);

    for (uint32_t c = item->first_check; c < item->first_check + item->n_checks; c++) {
        const char *at = strstr(svy_form_rule(iv->form, svy_form_check(iv->form, c)->that).text, call);
        if (at == NULL || (at = strpbrk(at, "'\"")) == NULL)
            continue;
        const char *end = strchr(at + 1, *at);
        if (end == NULL)
            continue;
        *text = at + 1;
        *len = (size_t)(end - at - 1);
        return 1;
    }
    return 0;
}

static size_t words(const svy_interview *iv, svy_place place, svyi_random *r, char *out)
{
    static const char LETTERS[] = "abcdefghijklmnopqrstuvwxyz";
    const char *pattern;
    size_t len;

    if (svyi_check_literal(iv, place.item, "regex(", &pattern, &len))
        return svyi_pattern_make(r, pattern, len, out, SVYI_CANDIDATE);
    len = 4 + svyi_random_below(r, 30);
    for (size_t i = 0; i < len; i++)
        out[i] = i > 0 && i + 1 < len && svyi_random_below(r, 7) == 0 ? ' ' : LETTERS[svyi_random_below(r, 26)];
    return len;
}

/* One of the codes in quotes in the checks of a question, of which only few of a long list may pass. 1 found. */
static int quoted(const svy_interview *iv, const svy_item *item, svyi_random *r, uint32_t *choice)
{
    uint32_t n = 0, one;

    for (uint32_t c = item->first_check; c < item->first_check + item->n_checks; c++) {
        const char *at = svy_form_rule(iv->form, svy_form_check(iv->form, c)->that).text, *end;
        while ((at = strpbrk(at, "'\"")) != NULL && (end = strchr(at + 1, *at)) != NULL) {
            if (svy_form_find_choice(iv->form, item->list, at + 1, (size_t)(end - at - 1), &one) && svyi_random_below(r, ++n) == 0)
                *choice = one;
            at = end + 1;
        }
    }
    return n > 0;
}

/* Codes offered here: one, or several. */
static size_t codes(svy_interview *iv, svy_place place, svyi_random *r, char *out)
{
    const svy_item *item = svyi_item(iv, place.item);
    const uint32_t n = svy_form_list(iv->form, item->list).n_choices;
    uint32_t start = n > 0 ? svyi_random_below(r, n) : 0;
    uint32_t wanted = item->type == SVY_T_SINGLE ? 1 : 1 + svyi_random_below(r, 4);
    size_t len = 0;

    if (svyi_random_below(r, 4) == 0)
        (void)quoted(iv, item, r, &start);
    for (uint32_t i = 0; i < n && wanted > 0; i++) {
        const uint32_t choice = (start + i) % n;
        const svy_choice c = svy_form_choice(iv->form, item->list, choice);
        const int alone = c.missing != 0 || (c.flags & SVY_CHOICE_EXCLUSIVE) != 0;
        if ((alone && len > 0) || !svyi_offered(iv, place, choice) || len + strlen(c.code) + 1 > SVYI_CANDIDATE)
            continue;
        if (len > 0)
            out[len++] = ' ';
        memcpy(out + len, c.code, strlen(c.code));
        len += strlen(c.code);
        wanted = alone ? 0 : wanted - 1;
    }
    return len;
}

static size_t place_text(svyi_random *r, char *out)
{
    size_t len = svyi_number_format(between(r, -8000, 8000) / 100, out);

    out[len++] = ' ';
    return len + svyi_number_format(between(r, -17900, 17900) / 100, out + len);
}

size_t svyi_candidate(svy_interview *iv, svy_place place, svyi_random *r, int attempt, char *out)
{
    const svy_item *item = svyi_item(iv, place.item);
    const svy_type type = (svy_type)item->type;
    svy_value v = { .kind = (uint8_t)svy_type_kind(type), .text = "" };
    anchors a;
    size_t len;

    if (svyi_is_odk(iv) && ((len = svyi_odk_candidate(iv, place, r, out)) > 0 || v.kind == SVY_K_CODE || v.kind == SVY_K_CODES))
        return len;
    if ((v.kind == SVY_K_CODE || v.kind == SVY_K_CODES) && item->list != 0)
        return codes(iv, place, r, out);
    if (v.kind == SVY_K_PLACE)
        return place_text(r, out);
    if (v.kind == SVY_K_TEXT)
        return words(iv, place, r, out);
    gather(iv, place, &a);
    if (type == SVY_T_INTEGER)
        v.number = attempt % 8 == 7 ? year(iv, r, &a) : whole(r, &a, attempt);
    else if (type == SVY_T_DECIMAL)
        v.number = fraction(r, whole(r, &a, attempt));
    else if (type == SVY_T_YEAR)
        v.number = year(iv, r, &a);
    else if (type == SVY_T_BOOLEAN)
        v.number = svyi_random_below(r, 2);
    else if (type == SVY_T_DATE)
        v.number = day(iv, r, &a);
    else if (type == SVY_T_MONTH)
        v.number = month(iv, r, &a);
    else if (type == SVY_T_TIME)
        v.number = between(r, 0, 86399);
    else if (type == SVY_T_DATETIME)
        v.number = day_and_time(iv, r);
    return svy_value_format(&v, out, SVYI_CANDIDATE);
}
