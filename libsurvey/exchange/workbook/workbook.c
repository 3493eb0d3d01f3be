/* Tells what kind of workbook it is, and has it read. */
#include "exchange/workbook/workbook.h"
#include "base/text.h"
#include "exchange/file.h"
#include "exchange/workbook/priv.h"
#include <string.h>

enum { LOOK = 5000, TEXT_LIMIT = 16 << 20 };

int svyi_workbook_wants(const char *sheet, size_t n_sheets)
{
    static const char *const KNOWN[] = { "survey", "choices", "settings", "entities", "external_choices", "osm" };
    if (n_sheets == 1)
        return 1;
    for (size_t i = 0; i < sizeof KNOWN / sizeof KNOWN[0]; i++) {
        size_t at = 0;
        while (KNOWN[i][at] != '\0' && (sheet[at] == KNOWN[i][at] || (sheet[at] | 0x20) == KNOWN[i][at]))
            at++;
        if (KNOWN[i][at] == '\0' && sheet[at] == '\0')
            return 1;
    }
    return 0;
}

/* How often `c` stands in the first characters. */
static size_t count(const char *text, size_t len, char c)
{
    size_t n = 0;
    for (size_t i = 0; i < len && i < LOOK; i++)
        n += text[i] == c;
    return n;
}

static svy_status unknown(const svyi_workbook_input *in, const char *why)
{
    return svyi_fail_at(in->err, SVY_E_FORMAT, in->source, 0, 0, 0, "%s: give an .xlsx, an .xls, or a table as .csv or .md", why);
}

static svy_status read_text(svyi_workbook *w, svyi_workbook_input *in)
{
    if (in->len >= 3 && memcmp(in->bytes, "\xEF\xBB\xBF", 3) == 0) {
        in->bytes += 3;
        in->len -= 3;
    }
    if (in->len > TEXT_LIMIT)
        return svyi_fail_at(in->err, SVY_E_LIMIT, in->source, 0, 0, 0, "a workbook as text has %zu bytes: at most %d are read", in->len, TEXT_LIMIT);
    if (!svyi_utf8_valid(in->bytes, in->len))
        return unknown(in, "this is neither a workbook nor text in UTF-8");
    const int pipes = count(in->bytes, in->len, '|') >= 5, commas = count(in->bytes, in->len, ',') >= 4;
    if (pipes && !(commas && svyi_path_ends(in->source, ".csv")))
        return svyi_workbook_read_md(w, in);
    return commas && !svyi_path_ends(in->source, ".md") ? svyi_workbook_read_csv(w, in) : unknown(in, "this is not a workbook");
}

static svy_status read_kind(svyi_workbook *w, svyi_workbook_input *in)
{
    static const char OLE[] = "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1";
    if (in->len == 0)
        return unknown(in, "the file is empty");
    if (in->len >= 4 && (memcmp(in->bytes, "PK\3\4", 4) == 0 || memcmp(in->bytes, "PK\5\6", 4) == 0))
        return svyi_workbook_read_xlsx(w, in);
    if (in->len >= 8 && memcmp(in->bytes, OLE, 8) == 0)
        return svyi_workbook_read_xls(w, in);
    if (in->len >= 4 && in->bytes[0] == '\x09' && in->bytes[1] <= '\x08' && in->bytes[2] <= '\x10' && in->bytes[3] == '\0')
        return unknown(in, "this workbook is of a version of Excel before 97");
    return read_text(w, in);
}

svy_status svyi_workbook_read_memory(const svy_alloc *alloc, const void *bytes, size_t len, const char *source,
                                     const svyi_workbook_limits *limits, svyi_workbook **out, svy_error *err)
{
    static const svyi_workbook_limits PRESET = SVYI_WORKBOOK_LIMITS_INIT;
    svyi_workbook_input in = { bytes, len, source, limits != NULL ? limits : &PRESET, err };
    svyi_arena arena;
    *out = NULL;
    if (len > in.limits->file)
        return svyi_fail_at(err, SVY_E_LIMIT, source, 0, 0, 0, "the workbook has %zu bytes: at most %zu are read", len, in.limits->file);
    svyi_arena_init(&arena, alloc);
    svyi_workbook *w = svyi_arena_get(&arena, sizeof *w);
    if (w == NULL)
        return svyi_nomem(err);
    w->arena = arena;
    const svy_status st = read_kind(w, &in);
    if (st == SVY_OK)
        *out = w;
    else
        svyi_workbook_free(w);
    return st;
}

svy_status svyi_workbook_read(const svy_alloc *alloc, const char *path, const svyi_workbook_limits *limits, svyi_workbook **out, svy_error *err)
{
    static const svyi_workbook_limits PRESET = SVYI_WORKBOOK_LIMITS_INIT;
    const char *bytes;
    size_t len;
    svyi_arena arena;
    *out = NULL;
    svyi_arena_init(&arena, alloc);
    svy_status st = svyi_file_read_alone(&arena, path, "the workbook", limits != NULL ? limits->file : PRESET.file, &bytes, &len, err);
    if (st == SVY_OK)
        st = svyi_workbook_read_memory(alloc, bytes, len, path, limits, out, err);
    svyi_arena_clear(&arena);
    return st;
}

void svyi_workbook_free(svyi_workbook *w)
{
    if (w != NULL)
        svyi_arena_clear(&w->arena);
}
