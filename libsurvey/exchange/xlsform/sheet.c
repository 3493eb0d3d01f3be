/* Sheets of a workbook as rows of named cells: which sheet is which, headers, and the cells of a row by column. */
#include "exchange/xlsform/priv.h"

#include <string.h>

/* A spreadsheet's cell holds 32,767 characters; columns in parts (languages) are looked through for every cell. */
enum { LONGEST_CELL = 4 * 32767, MOST_PARTED = 300 };

static int same_name(const char *a, const char *b)
{
    for (; *a != '\0' && *b != '\0'; a++, b++) {
        const char lower = *a >= 'A' && *a <= 'Z' ? (char)(*a - 'A' + 'a') : *a;
        if (lower != *b)
            return 0;
    }
    return *a == *b;
}

void svyi_xlsform_sheet_open(xlsform *x, xlsform_sheet *s, const char *name)
{
    const svyi_workbook *w = x->workbook;

    *s = (xlsform_sheet){ .name = name };
    for (uint32_t i = 0; i < w->n_sheets; i++)
        if (same_name(w->sheets[i].name, name))
            s->sheet = &w->sheets[i];
    if (w->n_sheets == 1)
        s->sheet = strcmp(name, "survey") == 0 ? &w->sheets[0] : NULL;
    if (s->sheet != NULL && s->sheet->n_rows > 0)
        s->rows = s->sheet->n_rows - 1;
}

const char *svyi_xlsform_cell(const xlsform_sheet *s, uint32_t row, uint32_t column)
{
    return s->sheet->cells[((size_t)row + 1) * s->sheet->n_columns + column];
}

static int same_tokens(const xlsform_column *a, const xlsform_column *b)
{
    if (a->n != b->n)
        return 0;
    for (unsigned i = 0; i < a->n; i++)
        if (strcmp(a->tokens[i], b->tokens[i]) != 0)
            return 0;
    return 1;
}

/* Two headers that are names of one column. The first wins where the second is the column's own name. */
static void check_same(xlsform *x, const xlsform_sheet *s, uint32_t column, svyi_map *seen)
{
    const xlsform_column *c = &s->columns[column];
    const char *key = "";

    for (unsigned i = 0; i < c->n; i++)
        key = svyi_xlsform_format(x, "%s%s\x1f", key, c->tokens[i]);
    uint32_t other = column;
    const int found = svyi_map_add(seen, key, strlen(key), &other);
    if (found < 0)
        x->nomem = 1;
    const int own_name = !c->known || (c->n == 1 && strcmp(c->tokens[0], c->header) == 0);
    if (found == 1 && !own_name && same_tokens(c, &s->columns[other]))
        svyi_xlsform_problem(x, s->name, 1, "keep one of the two columns", "the columns '%s' and '%s' mean the same",
                             s->columns[other].header, c->header);
}

/* The settings id_string where there is form_id too: it is left out. */
static int is_second_id(const xlsform_sheet *s, uint32_t column)
{
    if (strcmp(s->name, "settings") != 0 || strcmp(s->sheet->cells[column], "id_string") != 0)
        return 0;
    for (uint32_t i = 0; i < s->sheet->n_columns; i++)
        if (strcmp(s->sheet->cells[i], "form_id") == 0)
            return 1;
    return 0;
}

void svyi_xlsform_sheet_headers(xlsform *x, xlsform_sheet *s)
{
    svyi_map seen;
    int double_colon = 0;
    unsigned parted = 0;

    if (s->sheet == NULL || s->sheet->n_rows == 0)
        return;
    const uint32_t n = s->sheet->n_columns;
    s->columns = svyi_xlsform_get(x, ((size_t)n + 1) * sizeof *s->columns);
    if (s->columns == NULL)
        return;
    for (uint32_t i = 0; i < n; i++)
        double_colon |= strstr(s->sheet->cells[i], "::") != NULL;
    svyi_map_init(&seen, &x->arena.alloc);
    for (uint32_t i = 0; i < n && !svyi_xlsform_failed(x); i++) {
        if (s->sheet->cells[i][0] == '\0' || is_second_id(s, i))
            continue;
        svyi_xlsform_header(x, s->name, s->sheet->cells[i], double_colon, &s->columns[i]);
        check_same(x, s, i, &seen);
        parted += s->columns[i].n > 1;
    }
    svyi_map_clear(&seen);
    if (parted > MOST_PARTED)
        x->limit = svyi_fail_at(x->err, SVY_E_LIMIT, x->source, 1, 0, 0, "sheet '%s' has %u columns in parts such as languages; at most %d",
                                s->name, parted, MOST_PARTED);
}

int svyi_xlsform_sheet_has(const xlsform_sheet *s, const char *name)
{
    for (uint32_t i = 0; s->columns != NULL && i < s->sheet->n_columns; i++)
        if (s->columns[i].n > 0 && strcmp(s->columns[i].tokens[0], name) == 0)
            return 1;
    return 0;
}

/* Straight quotes for curly ones (U+2018, U+2019, U+201C, U+201D); with `strip` one blank for a run. The same text when nothing changes. */
static const char *cleaned(xlsform *x, const char *text, int strip)
{
    const char *curly = strstr(text, "\xe2\x80");

    if (curly == NULL && (!strip || strstr(text, "  ") == NULL))
        return text;
    char *out = svyi_xlsform_get(x, strlen(text) + 1);
    if (out == NULL)
        return text;
    size_t n = 0;
    for (const char *p = text; *p != '\0'; p++) {
        if (strip && p[0] == ' ' && n > 0 && out[n - 1] == ' ')
            continue;
        if (p[0] == '\xe2' && p[1] == '\x80' && (p[2] == '\x98' || p[2] == '\x99' || p[2] == '\x9c' || p[2] == '\x9d')) {
            out[n++] = p[2] == '\x98' || p[2] == '\x99' ? '\'' : '"';
            p += 2;
        } else {
            out[n++] = *p;
        }
    }
    return out;
}

xlsform_dict *svyi_xlsform_row(xlsform *x, const xlsform_sheet *s, uint32_t row, const char *language, int strip)
{
    xlsform_dict *d = NULL;

    for (uint32_t i = 0; i < s->sheet->n_columns; i++) {
        const char *text = svyi_xlsform_cell(s, row, i);
        const xlsform_column *c = &s->columns[i];
        if (text[0] == '\0' || c->n == 0)
            continue;
        if (strlen(text) > LONGEST_CELL) {
            x->limit = svyi_fail_at(x->err, SVY_E_LIMIT, x->source, (int)row + 2, 0, 0, "sheet '%s', column '%s': the text is longer than a cell holds",
                                    s->name, c->header);
            return d;
        }
        text = cleaned(x, text, strip);
        if (d == NULL && (d = svyi_xlsform_dict_new(x)) == NULL)
            return NULL;
        if (c->n == 1)
            svyi_xlsform_dict_put(x, &d, c->tokens[0], text);
        else
            svyi_xlsform_dict_path(x, d, c->tokens, c->n, text, language);
    }
    return d;
}
