/* The shared strings and the cell styles of an .xlsx. */
#include "base/buffer.h"
#include "exchange/workbook/cell.h"
#include "exchange/workbook/xlsx.h"
#include <string.h>

/* ---- shared strings ---- */

typedef struct strings { svyi_xlsx *x; svyi_buffer text; int in_text; } strings;

static svy_status on_string_start(void *user, const svyi_xml_stream *at, unsigned depth, const char *name)
{
    strings *s = user;
    (void)at;
    if (depth == 1)
        s->text.len = 0;
    /* si/t, or the runs si/r/t; not si/rPh/t, which tells how to say it */
    if (depth == 2)
        s->in_text = strcmp(name, "t") == 0 ? 1 : strcmp(name, "r") == 0 ? 2 : 0;
    else if (depth == 3)
        s->in_text = s->in_text == 2 && strcmp(name, "t") == 0 ? 3 : s->in_text;
    return SVY_OK;
}

static svy_status on_string_text(void *user, unsigned depth, const char *text, size_t len)
{
    strings *s = user;
    if (!((depth == 2 && s->in_text == 1) || (depth == 3 && s->in_text == 3)))
        return SVY_OK;
    svyi_buffer_add(&s->text, text, len);
    return s->text.failed ? svyi_nomem(s->x->err) : SVY_OK;
}

/* Excel writes _x005F_ for an underscore that could be misread. */
static size_t unescape(char *text, size_t len)
{
    size_t out = 0;
    for (size_t i = 0; i < len;) {
        if (len - i >= 6 && memcmp(text + i, "x005F_", 6) == 0)
            i += 6;
        else
            text[out++] = text[i++];
    }
    return out;
}

static svy_status keep_string(strings *s)
{
    svyi_xlsx *x = s->x;
    const size_t len = s->text.len > 0 ? unescape(s->text.data, s->text.len) : 0;
    return svyi_shared_add(&x->strings, len > 0 ? s->text.data : "", len) == 0 ? SVY_OK : svyi_nomem(x->err);
}

static svy_status on_string_end(void *user, unsigned depth, const char *name)
{
    strings *s = user;
    if (depth == 3 && s->in_text == 3)
        s->in_text = 2;
    else if (depth == 2)
        s->in_text = 0;
    return depth == 1 && strcmp(name, "si") == 0 ? keep_string(s) : SVY_OK;
}

svy_status svyi_xlsx_read_strings(svyi_xlsx *x, const char *name)
{
    strings s = { .x = x };
    const svyi_xml_handler handler = { .user = &s, .start = on_string_start, .end = on_string_end, .text = on_string_text };
    svyi_buffer_init(&s.text, &x->scratch.alloc);
    const svy_status st = svyi_xlsx_part(x, name, &handler);
    svyi_buffer_clear(&s.text);
    return st;
}

/* ---- styles ---- */

typedef struct styles { svyi_xlsx *x; uint8_t *formats; uint32_t *ids; size_t n, capacity; int in_cells, stop; } styles;

/* Flags of the formats that need no definition. */
static uint8_t built_in(uint32_t id)
{
    if (id == 46)
        return SVYI_XLSX_FORMAT_DATE | SVYI_XLSX_FORMAT_DURATION;
    return (id >= 14 && id <= 22) || id == 45 || id == 47 ? SVYI_XLSX_FORMAT_DATE : 0;
}

static int number_of(const svyi_xml_stream *at, const char *name, uint32_t *out)
{
    const char *text;
    size_t len;
    if (!svyi_xml_stream_attribute(at, name, 0, &text, &len) || len == 0 || len > 9)
        return 0;
    *out = 0;
    for (size_t i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '9')
            return 0;
        *out = *out * 10 + (uint32_t)(text[i] - '0');
    }
    return 1;
}

static svy_status define_format(styles *s, const svyi_xml_stream *at)
{
    const char *code;
    size_t len;
    uint32_t id;
    char format[512];
    if (!number_of(at, "numFmtId", &id) || id >= SVYI_XLSX_FORMATS || !svyi_xml_stream_attribute(at, "formatCode", 0, &code, &len) || len >= sizeof format)
        return SVY_OK;
    memcpy(format, code, len);
    format[len] = '\0';
    s->formats[id] = (uint8_t)((svyi_cell_format_is_date(format) ? SVYI_XLSX_FORMAT_DATE : 0) |
                               (svyi_cell_format_is_duration(format) ? SVYI_XLSX_FORMAT_DURATION : 0));
    return SVY_OK;
}

static svy_status on_style(void *user, const svyi_xml_stream *at, unsigned depth, const char *name)
{
    styles *s = user;
    uint32_t id = 0;
    if (depth == 1)
        s->in_cells = strcmp(name, "cellXfs") == 0 ? 1 : strcmp(name, "numFmts") == 0 ? 2 : 0;
    else if (depth == 2 && s->in_cells == 2 && strcmp(name, "numFmt") == 0)
        return define_format(s, at);
    else if (depth == 2 && s->in_cells == 1 && strcmp(name, "xf") == 0 && s->n < SVYI_XLSX_FORMATS) {
        if (svyi_grow(&s->x->scratch.alloc, &s->ids, &s->capacity, s->n + 1, sizeof *s->ids) != 0)
            return svyi_nomem(s->x->err);
        number_of(at, "numFmtId", &id);
        s->ids[s->n++] = id;
    }
    return SVY_OK;
}

static svy_status on_style_end(void *user, unsigned depth, const char *name)
{
    (void)user;
    (void)depth;
    (void)name;
    return SVY_OK;
}

svy_status svyi_xlsx_read_styles(svyi_xlsx *x, const char *name)
{
    styles s = { .x = x, .formats = svyi_arena_get(&x->scratch, SVYI_XLSX_FORMATS) };
    const svyi_xml_handler handler = { .user = &s, .start = on_style, .end = on_style_end };
    if (s.formats == NULL)
        return svyi_nomem(x->err);
    for (uint32_t id = 0; id < 50; id++)
        s.formats[id] = built_in(id);
    svy_status st = svyi_xlsx_part(x, name, &handler);
    if (st == SVY_OK && s.n > 0 && svyi_grow(&x->scratch.alloc, &x->styles, &x->styles_capacity, s.n, 1) != 0)
        st = svyi_nomem(x->err);
    for (size_t i = 0; i < s.n && st == SVY_OK; i++)
        x->styles[x->n_styles++] = s.ids[i] < SVYI_XLSX_FORMATS ? s.formats[s.ids[i]] : 0;
    svyi_release(&x->scratch.alloc, s.ids, s.capacity * sizeof *s.ids);
    return st;
}
