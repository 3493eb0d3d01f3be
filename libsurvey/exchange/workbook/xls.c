/* Reads old .xls (BIFF8, Excel 97 to 2003): the records of the workbook and where its sheets are.
   libfreexl reads such files too, but from a path only, and it tells no booleans, error codes and number formats, which XLSForm tools show as texts;
   and in 3,600 trials with public workbooks in which a few bytes were changed, libfreexl 1.0.6 crashed once. */
#include "exchange/workbook/xls.h"
#include "exchange/workbook/cell.h"
#include "exchange/workbook/priv.h"
#include "base/text.h"
#include <string.h>

enum { MOST_SHEETS = 1000, MOST_FORMATS = 65536, BIFF8 = 0x0600 };

/* ---- records ---- */

uint32_t svyi_xls_u16(const unsigned char *at) { return (uint32_t)at[0] | (uint32_t)at[1] << 8; }
uint32_t svyi_xls_u32(const unsigned char *at) { return svyi_xls_u16(at) | svyi_xls_u16(at + 2) << 16; }

int svyi_xls_next(const svyi_xls *x, size_t *at, svyi_xls_record *r)
{
    if (*at > x->len || x->len - *at < 4)
        return 0;
    r->type = svyi_xls_u16(x->bytes + *at);
    r->len = svyi_xls_u16(x->bytes + *at + 2);
    r->at = *at + 4;
    if (x->len - r->at < r->len)
        r->len = (uint32_t)(x->len - r->at);
    r->data = x->bytes + r->at;
    *at = r->at + r->len;
    return 1;
}

svy_status svyi_xls_damaged(const svyi_xls *x, const char *what)
{
    return svyi_fail_at(x->in->err, SVY_E_FORMAT, x->in->source, 0, 0, 0, "the workbook is damaged: %s: save it anew as .xlsx", what);
}

/* ---- texts ---- */

/* Characters in UTF-16 or Latin-1 as UTF-8, without NUL. */
static void add_characters(svyi_buffer *out, const unsigned char *at, size_t n, int wide, uint32_t *high)
{
    char utf8[4];
    for (size_t i = 0; i < n; i++) {
        uint32_t c = wide ? svyi_xls_u16(at + 2 * i) : at[i];
        if (c >= 0xD800 && c < 0xDC00) {
            *high = c;
            continue;
        }
        if (c >= 0xDC00 && c < 0xE000)
            c = *high != 0 ? 0x10000 + ((*high - 0xD800) << 10) + (c - 0xDC00) : 0xFFFD;
        *high = 0;
        if (c != 0)
            svyi_buffer_add(out, utf8, svyi_utf8_put(c, utf8));
    }
}

/* A text of `n` characters at data[at], preceded by its flags. Returns how many bytes are used, 0 when it does not fit. */
static size_t flat_text(svyi_buffer *out, const unsigned char *data, size_t len, size_t at, size_t n)
{
    uint32_t high = 0;
    if (at >= len)
        return 0;
    const int wide = data[at] & 1;
    if ((len - at - 1) >> wide < n)
        return 0;
    out->len = 0;
    svyi_buffer_text(out, "");
    add_characters(out, data + at + 1, n, wide, &high);
    return 1 + (n << wide);
}

svy_status svyi_xls_text(svyi_xls *x, const svyi_xls_record *r, size_t at)
{
    if (r->len < at + 2 || flat_text(&x->text, r->data, r->len, at + 2, svyi_xls_u16(r->data + at)) == 0)
        return svyi_xls_damaged(x, "a text is cut off");
    return x->text.failed ? svyi_nomem(x->in->err) : SVY_OK;
}

/* ---- the table of shared texts, which goes on over several records ---- */

typedef struct pieces { const svyi_xls *x; svyi_xls_record r; size_t at, next; } pieces;

/* Makes sure that something is left in this record or the one that continues it. 2: a new record has begun. */
static int more(pieces *p)
{
    int fresh = 1;
    while (p->at >= p->r.len) {
        size_t next = p->next;
        svyi_xls_record r;
        if (!svyi_xls_next(p->x, &next, &r) || r.type != SVYI_XLS_CONTINUE)
            return 0;
        p->r = r;
        p->at = 0;
        p->next = next;
        fresh = 2;
    }
    return fresh;
}

static int take(pieces *p, size_t n, uint32_t *value)
{
    *value = 0;
    for (size_t i = 0; i < n; i++) {
        if (!more(p))
            return 0;
        *value |= (uint32_t)p->r.data[p->at++] << (8 * i);
    }
    return 1;
}

static int skip(pieces *p, size_t n)
{
    while (n > 0) {
        if (!more(p))
            return 0;
        const size_t here = p->r.len - p->at < n ? p->r.len - p->at : n;
        p->at += here;
        n -= here;
    }
    return 1;
}

/* Characters may break off where a record ends; the next begins with flags anew. */
static int take_characters(pieces *p, svyi_buffer *out, size_t n, uint32_t flags)
{
    uint32_t high = 0;
    while (n > 0) {
        const int state = more(p);
        if (state == 0)
            return 0;
        if (state == 2) {
            flags = p->r.data[p->at++];
            if (p->at >= p->r.len)
                continue;
        }
        const int wide = flags & 1;
        const size_t room = (p->r.len - p->at) >> wide, here = room < n ? room : n;
        add_characters(out, p->r.data + p->at, here, wide, &high);
        p->at += here << wide;
        n -= here;
        if (here == 0)
            p->at = p->r.len;                            /* half a character at the end of a record */
    }
    return 1;
}

static int shared_text(svyi_xls *x, pieces *p)
{
    uint32_t n, flags, runs = 0, extra = 0;
    if (!take(p, 2, &n) || !take(p, 1, &flags) || ((flags & 8) != 0 && !take(p, 2, &runs)) || ((flags & 4) != 0 && !take(p, 4, &extra)))
        return 0;
    x->text.len = 0;
    svyi_buffer_text(&x->text, "");
    return take_characters(p, &x->text, n, flags) && skip(p, (size_t)runs * 4) && skip(p, extra);
}

static svy_status read_shared(svyi_xls *x, const svyi_xls_record *r, size_t next)
{
    pieces p = { x, *r, 8, next };
    const uint32_t n = r->len >= 8 ? svyi_xls_u32(r->data + 4) : 0;
    for (uint32_t i = 0; i < n; i++) {
        if (!shared_text(x, &p))
            return svyi_xls_damaged(x, "its table of texts is cut off");
        if (x->text.failed || svyi_shared_add(&x->shared, x->text.data, x->text.len) != 0)
            return svyi_nomem(x->in->err);
    }
    return SVY_OK;
}

/* ---- the globals ---- */

static svy_status add_sheet(svyi_xls *x, const svyi_xls_record *r)
{
    if (x->n_sheets >= MOST_SHEETS)
        return svyi_fail_at(x->in->err, SVY_E_LIMIT, x->in->source, 0, 0, 0, "the workbook has too many sheets: at most %d are read", MOST_SHEETS);
    if (r->len < 8 || flat_text(&x->text, r->data, r->len, 7, r->data[6]) == 0)
        return svyi_xls_damaged(x, "the name of a sheet is cut off");
    const char *name = x->text.failed ? NULL : svyi_arena_text(&x->workbook->arena, x->text.data, x->text.len);
    if (name == NULL)
        return svyi_nomem(x->in->err);
    x->starts[x->n_sheets] = r->data[5] == 0 ? svyi_xls_u32(r->data) : UINT32_MAX;       /* charts and macros have no cells */
    x->workbook->sheets[x->n_sheets++] = (svyi_sheet){ .name = name };
    return SVY_OK;
}

static svy_status define_format(svyi_xls *x, const svyi_xls_record *r)
{
    const svy_status st = r->len >= 2 ? svyi_xls_text(x, r, 2) : SVY_OK;
    if (st == SVY_OK && r->len >= 2)
        x->formats[svyi_xls_u16(r->data)] = (uint8_t)svyi_cell_format_is_old_date(x->text.data);
    return st;
}

static svy_status add_style(svyi_xls *x, const svyi_xls_record *r)
{
    if (svyi_grow(&x->scratch.alloc, &x->styles, &x->styles_capacity, x->n_styles + 1, sizeof *x->styles) != 0)
        return svyi_nomem(x->in->err);
    x->styles[x->n_styles++] = (uint16_t)(r->len >= 4 ? svyi_xls_u16(r->data + 2) : 0);
    return SVY_OK;
}

static svy_status global(svyi_xls *x, const svyi_xls_record *r, size_t next)
{
    switch (r->type) {
    case SVYI_XLS_FILEPASS:
        return svyi_fail_at(x->in->err, SVY_E_FORMAT, x->in->source, 0, 0, 0, "the workbook is encrypted: save it without a password");
    case SVYI_XLS_BOUNDSHEET: return add_sheet(x, r);
    case SVYI_XLS_FORMAT: return define_format(x, r);
    case SVYI_XLS_XF: return add_style(x, r);
    case SVYI_XLS_SST: return read_shared(x, r, next);
    case SVYI_XLS_DATEMODE:
        x->from_1904 = r->len >= 2 && svyi_xls_u16(r->data) == 1;
        return SVY_OK;
    default: return SVY_OK;
    }
}

static svy_status read_globals(svyi_xls *x)
{
    static const struct { uint8_t from, to; } DATES[] = { { 14, 22 }, { 27, 36 }, { 45, 47 }, { 50, 58 }, { 71, 81 } };
    svyi_xls_record r;
    size_t at = 0;
    svy_status st = SVY_OK;
    if (!svyi_xls_next(x, &at, &r) || r.type != SVYI_XLS_BOF || r.len < 4)
        return svyi_xls_damaged(x, "it does not begin like a workbook");
    if (svyi_xls_u16(r.data) != BIFF8)
        return svyi_fail_at(x->in->err, SVY_E_FORMAT, x->in->source, 0, 0, 0, "this workbook is of a version of Excel before 97: save it as .xlsx");
    for (size_t i = 0; i < sizeof DATES / sizeof DATES[0]; i++)
        memset(x->formats + DATES[i].from, 1, (size_t)(DATES[i].to - DATES[i].from) + 1);
    while (st == SVY_OK && svyi_xls_next(x, &at, &r) && r.type != SVYI_XLS_EOF)
        st = global(x, &r, at);
    x->workbook->n_sheets = x->n_sheets;
    return st == SVY_OK && x->n_sheets == 0 ? svyi_xls_damaged(x, "it has no sheet") : st;
}

svy_status svyi_workbook_read_xls(svyi_workbook *w, const svyi_workbook_input *in)
{
    const svy_alloc alloc = w->arena.alloc;
    svyi_xls x = { .workbook = w, .in = in };
    w->kind = SVYI_WORKBOOK_XLS;
    svyi_arena_init(&x.scratch, &alloc);
    svyi_shared_init(&x.shared, &alloc);
    svyi_buffer_init(&x.text, &alloc);
    svy_status st = svyi_ole_stream(&x.scratch, in, "Workbook", "Book", &x.bytes, &x.len);
    if (st == SVY_OK) {
        w->sheets = svyi_arena_get(&w->arena, MOST_SHEETS * sizeof *w->sheets);
        x.formats = svyi_arena_get(&x.scratch, MOST_FORMATS);
        x.starts = svyi_arena_get(&x.scratch, MOST_SHEETS * sizeof *x.starts);
        st = w->sheets != NULL && x.formats != NULL && x.starts != NULL ? read_globals(&x) : svyi_nomem(in->err);
    }
    for (uint32_t i = 0; i < w->n_sheets && st == SVY_OK; i++)
        if (x.starts[i] != UINT32_MAX && svyi_workbook_wants(w->sheets[i].name, w->n_sheets))
            st = svyi_xls_read_sheet(&x, x.starts[i], &w->sheets[i]);
    svyi_buffer_clear(&x.text);
    svyi_shared_clear(&x.shared);
    svyi_release(&alloc, x.styles, x.styles_capacity * sizeof *x.styles);
    svyi_arena_clear(&x.scratch);
    return st;
}
