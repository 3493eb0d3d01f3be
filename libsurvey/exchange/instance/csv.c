/* A list in a CSV file: every row an <item>, every column an element in it. */
#include "base/text.h"
#include "exchange/instance/instance.h"
#include <string.h>

enum { MOST_COLUMNS = 1000 };

typedef struct csv {
    svyi_reader *r;
    const char *path, *at, *end;
    char delimiter;
    int line;                        /* of the record at hand */
    int next_line;
    svyi_buffer cell;                /* the text of a cell that has quotes in it */
    const char *names[MOST_COLUMNS]; /* of the columns; NULL: one without a name, which nobody can ask for */
    size_t n;
} csv;

static svy_status wrong(csv *c, int line, const char *advice, const char *found)
{
    const svyi_where where = { .source = c->path, .line = line };
    svyi_report(c->r->diags, SVY_PROBLEM, SVY_E_FORMAT, &where, advice, "%s", found);
    return svyi_fail_at(c->r->err, SVY_E_INVALID, c->path, line, 0, 0, "%s", found);
}

/* A cell in quotes; what follows behind the closing quote belongs to it, as spreadsheets have it. */
static svy_status quoted_cell(csv *c, const char **text, size_t *len)
{
    const char *from = ++c->at;
    c->cell.len = 0;
    svyi_buffer_text(&c->cell, "");
    for (;;) {
        const char *quote = memchr(c->at, '"', (size_t)(c->end - c->at));
        if (quote == NULL)
            return wrong(c, c->line, "close them with \"", "quotes are opened and not closed");
        for (const char *p = c->at; p < quote; p++)
            c->next_line += *p == '\n';
        c->at = quote + 1;
        if (c->at < c->end && *c->at == '"') {
            svyi_buffer_add(&c->cell, from, (size_t)(c->at - from));
            from = ++c->at;
            continue;
        }
        if (c->cell.len == 0 && (c->at == c->end || *c->at == c->delimiter || *c->at == '\n' || *c->at == '\r')) {
            *text = from;
            *len = (size_t)(quote - from);
            return SVY_OK;
        }
        svyi_buffer_add(&c->cell, from, (size_t)(quote - from));
        break;
    }
    for (from = c->at; c->at < c->end && *c->at != c->delimiter && *c->at != '\n' && *c->at != '\r'; c->at++)
        ;
    svyi_buffer_add(&c->cell, from, (size_t)(c->at - from));
    if (c->cell.failed)
        return svyi_nomem(c->r->err);
    *text = c->cell.data;
    *len = c->cell.len;
    return SVY_OK;
}

/* Takes a cell and what ends it. `*last`: the record ends with it. */
static svy_status take_cell(csv *c, const char **text, size_t *len, int *last)
{
    svy_status st = SVY_OK;
    if (c->at < c->end && *c->at == '"') {
        st = quoted_cell(c, text, len);
    } else {
        *text = c->at;
        while (c->at < c->end && *c->at != c->delimiter && *c->at != '\n' && *c->at != '\r')
            c->at++;
        *len = (size_t)(c->at - *text);
    }
    *last = c->at == c->end || *c->at != c->delimiter;
    if (st != SVY_OK || c->at == c->end)
        return st;
    if (*last && *c->at == '\r' && c->at + 1 < c->end && c->at[1] == '\n')
        c->at++;
    c->next_line += *last;
    c->at++;
    return SVY_OK;
}

/* The name of a column as one of an element: what cannot stand in one becomes _. */
static const char *element_name(csv *c, const char *text, size_t len)
{
    while (len > 0 && (*text == ' ' || *text == '\t')) {
        text++;
        len--;
    }
    while (len > 0 && (text[len - 1] == ' ' || text[len - 1] == '\t'))
        len--;
    char *name = len > 0 && len < 255 ? svyi_arena_get(&c->r->arena, len + 2) : NULL;
    size_t n = 0;
    if (name == NULL)
        return NULL;
    for (size_t i = 0; i < len; i++) {
        const char b = text[i];
        const int digit = (b >= '0' && b <= '9') || b == '-' || b == '.';
        const int letter = (b >= 'a' && b <= 'z') || (b >= 'A' && b <= 'Z') || b == '_' || b == ':' || (unsigned char)b >= 0x80;
        if (i == 0 && digit)
            name[n++] = '_';
        name[n++] = letter || digit ? b : '_';
    }
    return name;
}

static svy_status take_header(csv *c)
{
    const char *end = memchr(c->at, '\n', (size_t)(c->end - c->at));
    const size_t line = (size_t)((end != NULL ? end : c->end) - c->at);
    int last = 0;
    c->delimiter = ',';
    if (memchr(c->at, ',', line) == NULL)
        c->delimiter = memchr(c->at, ';', line) != NULL ? ';' : memchr(c->at, '\t', line) != NULL ? '\t' : ',';
    while (!last) {
        const char *text = "";
        size_t len = 0;
        const svy_status st = take_cell(c, &text, &len, &last);
        if (st != SVY_OK)
            return st;
        if (c->n == MOST_COLUMNS)
            return wrong(c, c->line, "leave out what the form does not need", "the list has more than 1,000 columns");
        c->names[c->n++] = element_name(c, text, len);
    }
    return SVY_OK;
}

static int blank(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (text[i] != ' ' && text[i] != '\t' && text[i] != '\r' && text[i] != '\n')
            return 0;
    return 1;
}

static svy_status take_row(csv *c)
{
    svy_builder *b = c->r->builder;
    svy_status st = svy_builder_node(b, "item", NULL, c->r->err);
    int last = 0;
    for (size_t i = 0; st == SVY_OK && !last; i++) {
        const char *text = "";
        size_t len = 0;
        st = take_cell(c, &text, &len, &last);
        if (st == SVY_OK && i >= c->n && !blank(text, len))
            st = wrong(c, c->line, "put texts with commas in quotes", "a row has more cells than the list has columns");
        if (st != SVY_OK || i >= c->n || c->names[i] == NULL)
            continue;
        st = svy_builder_node(b, c->names[i], NULL, c->r->err);
        if (st == SVY_OK && len > 0)
            st = svy_builder_node_text(b, text, len, c->r->err);
        if (st == SVY_OK)
            st = svy_builder_node_end(b, c->r->err);
    }
    return st == SVY_OK ? svy_builder_node_end(b, c->r->err) : st;
}

static svy_status take_rows(csv *c)
{
    svy_status st = SVY_OK;
    while (c->at < c->end && st == SVY_OK) {
        c->line = c->next_line;
        size_t blanks = 0;
        while (c->at + blanks < c->end && (c->at[blanks] == ' ' || c->at[blanks] == '\t'))
            blanks++;
        if (c->at + blanks < c->end && (c->at[blanks] == '\n' || c->at[blanks] == '\r')) {    /* an empty line */
            c->at += blanks;
            c->at += *c->at == '\r' && c->at + 1 < c->end && c->at[1] == '\n';
            c->at++;
            c->next_line++;
            continue;
        }
        st = take_row(c);
    }
    return st;
}

/* Where the bytes stop being UTF-8, told by its line. */
static svy_status check_bytes(csv *c)
{
    const size_t len = (size_t)(c->end - c->at);
    int line = 1;
    if (svyi_utf8_valid(c->at, len))
        return SVY_OK;
    for (size_t i = 0; i < len; ) {
        const size_t before = i;
        if (c->at[i] == '\0' || (svyi_utf8_next(c->at, len, &i) == 0xFFFD && i - before == 1))
            break;
        line += c->at[before] == '\n';
    }
    return wrong(c, line, "save the file as UTF-8", "there is a byte that is not UTF-8");
}

svy_status svyi_instance_csv(svyi_reader *r, const char *path, const char *bytes, size_t len)
{
    csv *c = svyi_arena_get(&r->arena, sizeof *c);
    if (c == NULL)
        return svyi_nomem(r->err);
    *c = (csv){ .r = r, .path = path, .at = bytes, .end = bytes + len, .line = 1, .next_line = 1 };
    svyi_buffer_init(&c->cell, &r->alloc);
    if (len >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0)
        c->at += 3;
    svy_status st = check_bytes(c);
    if (st == SVY_OK && blank(c->at, (size_t)(c->end - c->at)))
        st = wrong(c, 1, "write the names of the columns in the first line", "the list is empty");
    if (st == SVY_OK)
        st = take_header(c);
    if (st == SVY_OK)
        st = svy_builder_node(r->builder, "root", NULL, r->err);
    if (st == SVY_OK)
        st = take_rows(c);
    if (st == SVY_OK)
        st = svy_builder_node_end(r->builder, r->err);
    svyi_buffer_clear(&c->cell);
    return st;
}
