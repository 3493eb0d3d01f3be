/* What is worth a warning or a note: sheets and columns that mean nothing, texts that lack a language. */
#include "exchange/xlsform/priv.h"

#include <string.h>

static const char *const SHEETS[] = { "survey", "choices", "settings", "external_choices", "osm", "entities" };
enum { N_SHEETS = sizeof SHEETS / sizeof SHEETS[0] };

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static int is_sheet(const char *name)
{
    for (size_t i = 0; i < N_SHEETS; i++) {
        size_t at = 0;
        while (name[at] != '\0' && lower(name[at]) == SHEETS[i][at])
            at++;
        if (name[at] == '\0' && SHEETS[i][at] == '\0')
            return 1;
    }
    return 0;
}

/* Letters to insert, delete or change from one to the other, without regard to case; at most 3 counts. */
static unsigned distance(const char *a, const char *b)
{
    enum { LONGEST = 40 };
    unsigned row[LONGEST + 1];
    const size_t n = strlen(b);

    if (n > LONGEST || strlen(a) > n + 2)
        return 3;
    for (size_t j = 0; j <= n; j++)
        row[j] = (unsigned)j;
    for (size_t i = 0; a[i] != '\0'; i++) {
        unsigned before = row[0];
        row[0] = (unsigned)i + 1;
        for (size_t j = 0; j < n; j++) {
            const unsigned change = before + (lower(a[i]) != b[j]);
            before = row[j + 1];
            unsigned least = row[j] + 1 < row[j + 1] + 1 ? row[j] + 1 : row[j + 1] + 1;
            row[j + 1] = change < least ? change : least;
        }
    }
    return row[n];
}

const char *svyi_xlsform_similar_sheet(xlsform *x, const char *name)
{
    for (uint32_t i = 0; i < x->workbook->n_sheets; i++) {
        const char *other = x->workbook->sheets[i].name;
        if (!is_sheet(other) && other[0] != '_' && distance(other, name) <= 2)
            return svyi_xlsform_format(x, "the sheet '%s' may be meant", other);
    }
    return NULL;
}

static void check_sheet(xlsform *x, const xlsform_sheet *s)
{
    const char *similar = s->rows == 0 ? svyi_xlsform_similar_sheet(x, s->name) : NULL;

    if (similar != NULL)
        svyi_xlsform_warn(x, s->name, 0, "rename it, or put _ before its name", "there is no sheet '%s'; %s", s->name, similar);
}

void svyi_xlsform_check_sheets(xlsform *x)
{
    check_sheet(x, &x->settings_sheet);
    check_sheet(x, &x->entities_sheet);
    if (x->external_sheet.rows > 0)
        svyi_xlsform_note(x, "external_choices", 0, "save the sheet under that name", "these choices are not in the XForm: ODK Collect reads them from a file itemsets.csv");
    for (uint32_t i = 0; x->workbook->n_sheets > 1 && i < x->workbook->n_sheets; i++)
        if (!is_sheet(x->workbook->sheets[i].name) && x->workbook->sheets[i].name[0] != '_')
            svyi_xlsform_note(x, x->workbook->sheets[i].name, 0, NULL, "the sheet '%s' is no part of an XLSForm and is left out", x->workbook->sheets[i].name);
}

/* ---- columns */

static int is_used(const xlsform_sheet *s, const xlsform_column *c)
{
    static const char *const SURVEY[] = { "intent", "disabled" };
    static const char *const SETTINGS[] = { "instance_id" };

    if (c->known || strcmp(s->name, "choices") == 0 || strcmp(s->name, "external_choices") == 0 || strcmp(s->name, "osm") == 0)
        return 1;
    for (size_t i = 0; strcmp(s->name, "survey") == 0 && i < sizeof SURVEY / sizeof SURVEY[0]; i++)
        if (strcmp(c->tokens[0], SURVEY[i]) == 0)
            return 1;
    return strcmp(s->name, "settings") == 0 && strcmp(c->tokens[0], SETTINGS[0]) == 0;
}

/* Columns that are known and yet say nothing in an XForm. */
static const char *silent_column(const xlsform_sheet *s, const xlsform_column *c)
{
    if (strncmp(c->tokens[0], "sms_", 4) == 0 && strcmp(s->name, "choices") != 0)
        return "answers by text message";
    if (strcmp(s->name, "survey") == 0 && (strcmp(c->tokens[0], "choices") == 0 || strcmp(c->tokens[0], "itemset") == 0 || strcmp(c->tokens[0], "list_name") == 0))
        return "the type names the list";
    return NULL;
}

static void check_columns(xlsform *x, const xlsform_sheet *s)
{
    for (uint32_t i = 0; s->columns != NULL && i < s->sheet->n_columns; i++) {
        const xlsform_column *c = &s->columns[i];
        if (c->n == 0)
            continue;
        const char *silent = silent_column(s, c);
        if (!is_used(s, c))
            svyi_xlsform_note(x, s->name, 1, NULL, "the column '%s' is no column of XLSForm and is left out", c->header);
        else if (silent != NULL)
            svyi_xlsform_note(x, s->name, 1, NULL, "the column '%s' has no effect (%s)", c->header, silent);
    }
    if (strcmp(s->name, "settings") == 0 && s->rows > 1)
        svyi_xlsform_note(x, s->name, 3, NULL, "only the first row under the header counts; the others are left out");
}

void svyi_xlsform_check_columns(xlsform *x)
{
    check_columns(x, &x->survey);
    check_columns(x, &x->choices_sheet);
    check_columns(x, &x->settings_sheet);
}

/* ---- languages */

static const char *const TRANSLATED[] = { "label", "hint", "guidance_hint", "image", "big-image", "audio", "video", "jr:constraintMsg", "jr:requiredMsg" };
enum { N_TRANSLATED = sizeof TRANSLATED / sizeof TRANSLATED[0] };

/* Which text a column holds, and in which language; -1 when none. */
static int text_of(const xlsform_column *c, const char **language)
{
    if (c->n == 0)
        return -1;
    const unsigned first = c->n > 1 && (strcmp(c->tokens[0], "media") == 0 || strcmp(c->tokens[0], "bind") == 0);
    for (int i = 0; i < N_TRANSLATED; i++)
        if (strcmp(c->tokens[first], TRANSLATED[i]) == 0) {
            *language = c->n == first + 1 ? "default" : c->tokens[first + 1];
            return i;
        }
    return -1;
}

/* Every language has every kind of text that any has. */
static void check_translations(xlsform *x, const xlsform_sheet *s)
{
    enum { MOST = 512 };
    const char *languages[MOST], *language;
    unsigned has[MOST] = { 0 }, all = 0;
    size_t n = 0;

    for (uint32_t i = 0; s->columns != NULL && s->rows > 0 && i < s->sheet->n_columns; i++) {
        const int text = text_of(&s->columns[i], &language);
        size_t l = 0;
        if (text < 0)
            continue;
        while (l < n && strcmp(languages[l], language) != 0)
            l++;
        if (l == n && n < MOST)
            languages[n++] = language;
        if (l < n)
            has[l] |= 1u << text;
        all |= 1u << text;
    }
    for (size_t l = 0; n > 1 && l < n; l++)
        for (int i = 0; i < N_TRANSLATED; i++)
            if ((all & ~has[l]) & 1u << i)
                svyi_xlsform_warn(x, s->name, 1, "add the column", "the language '%s' has no column '%s'", languages[l], TRANSLATED[i]);
    if (x->or_other && n > 1)
        svyi_xlsform_warn(x, s->name, 1, "add the choice 'other' and its question yourself", "or_other adds English texts, which are not translated");
}

/* "French (fr)": a code of letters, digits and - in brackets at the end. */
static int has_code(const char *name)
{
    const char *open = strrchr(name, '(');

    if (open == NULL)
        return 0;
    const size_t len = strspn(open + 1, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-");
    return len >= 2 && strcmp(open + 1 + len, ")") == 0;
}

void svyi_xlsform_check_languages(xlsform *x)
{
    check_translations(x, &x->survey);
    check_translations(x, &x->choices_sheet);
    for (uint32_t i = 0; i < svyi_xlsform_languages(x); i++)
        if (strcmp(svyi_xlsform_language(x, i), "default") != 0 && !has_code(svyi_xlsform_language(x, i)))
            svyi_xlsform_warn(x, "survey", 1, "write it like: French (fr)", "the language '%s' has no code", svyi_xlsform_language(x, i));
}
