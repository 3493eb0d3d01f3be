/* The bytes of an XML file before parsing (encoding, invalid bytes), and small look-ups in the tree. */
#include "base/text.h"
#include "exchange/xml/xml.h"
#include <string.h>

svyi_xml_attribute *svyi_xml_attribute_find(const svyi_xml *element, const char *name)
{
    for (size_t i = 0; i < element->n; i++)
        if (strcmp(element->attributes[i].name, name) == 0)
            return &element->attributes[i];
    return NULL;
}

const char *svyi_xml_get(const svyi_xml *element, const char *name)
{
    const svyi_xml_attribute *a = svyi_xml_attribute_find(element, name);
    return a != NULL ? a->value : NULL;
}

svyi_xml *svyi_xml_child(const svyi_xml *element, const char *name)
{
    for (svyi_xml *c = element->first; c != NULL; c = c->next)
        if (c->name != NULL && !c->foreign && strcmp(c->name, name) == 0)
            return c;
    return NULL;
}

size_t svyi_xml_collapse(char *text, size_t len)
{
    size_t out = 0;
    for (size_t i = 0; i < len; i++) {
        const char c = text[i];
        if (c != ' ' && c != '\t' && c != '\n' && c != '\r')
            text[out++] = c;
        else if (out > 0 && text[out - 1] != ' ')
            text[out++] = ' ';
    }
    if (out > 0 && text[out - 1] == ' ')
        out--;
    text[out] = '\0';
    return out;
}

/* ---- encoding ---- */

typedef struct input { const char *source, *bytes; size_t len; svy_diags *diags; svy_error *err; } input;

static svy_status refuse_at(const input *in, size_t offset, const char *advice, const char *found)
{
    svyi_where where = { .source = in->source, .line = 1, .column = 1 };
    for (size_t i = 0; i < offset; i++) {
        where.column += ((unsigned char)in->bytes[i] & 0xC0) != 0x80;
        if (in->bytes[i] == '\n') {
            where.line++;
            where.column = 1;
        }
    }
    svyi_report(in->diags, SVY_PROBLEM, SVY_E_FORMAT, &where, advice, "%s", found);
    return svyi_fail_at(in->err, SVY_E_INVALID, in->source, where.line, where.column, 1, "%s", found);
}

/* 1 when eight bytes are ASCII and none is zero. */
static int plain_bytes(const char *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof word);
    return ((word | (word - UINT64_C(0x0101010101010101))) & UINT64_C(0x8080808080808080)) == 0;
}

static svy_status check_bytes(const input *in)
{
    size_t at = 0;
    while (at < in->len) {
        while (in->len - at >= 8 && plain_bytes(in->bytes + at))
            at += 8;
        if (at == in->len)
            break;
        const size_t before = at;
        if ((unsigned char)in->bytes[at] < 0x80) {
            if (in->bytes[at++] == '\0')
                return refuse_at(in, before, "remove it", "there is a zero byte in the file");
        } else if (svyi_utf8_next(in->bytes, in->len, &at) == 0xFFFD && at - before == 1) {
            return refuse_at(in, before, "save the file as UTF-8", "there is a byte that is not UTF-8");
        }
    }
    return SVY_OK;
}

static uint32_t unit16(const unsigned char *at, int big)
{
    return big ? (uint32_t)at[0] << 8 | at[1] : (uint32_t)at[1] << 8 | at[0];
}

static svy_status from_utf16(svyi_arena *arena, const input *in, int big, const char **out, size_t *out_len)
{
    const unsigned char *bytes = (const unsigned char *)in->bytes;
    const input start = { in->source, "", 0, in->diags, in->err };   /* a position in UTF-16 bytes would say nothing */
    size_t n = 0;
    if (in->len % 2 != 0)
        return refuse_at(&start, 0, "complete the file: it seems to be cut off", "the file is in UTF-16 and has half a character at its end");
    char *text = svyi_arena_get(arena, in->len / 2 * 3 + 1);
    if (text == NULL)
        return svyi_nomem(in->err);
    for (size_t i = 0; i < in->len; i += 2) {
        uint32_t c = unit16(bytes + i, big);
        if (c >= 0xD800 && c < 0xDC00 && i + 2 < in->len) {
            const uint32_t low = unit16(bytes + i + 2, big);
            if (low >= 0xDC00 && low < 0xE000) {
                c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
                i += 2;
            }
        }
        if (c >= 0xD800 && c < 0xE000)
            return refuse_at(&start, 0, "save the file as UTF-8", "the file is in UTF-16 and has half a character in it");
        if (c != 0xFEFF || n > 0)
            n += svyi_utf8_put(c, text + n);
    }
    *out = text;
    *out_len = n;
    return SVY_OK;
}

/* The name in <?xml ... encoding="NAME" ...?>; 0 bytes when there is none. */
static size_t declared(const char *text, size_t len, const char **name)
{
    static const char KEY[] = "encoding";
    if (len < 6 || memcmp(text, "<?xml", 5) != 0)
        return 0;
    for (size_t i = 5; i + sizeof KEY < len && text[i] != '>'; i++) {
        if (memcmp(text + i, KEY, sizeof KEY - 1) != 0)
            continue;
        for (i += sizeof KEY - 1; i < len && (text[i] == ' ' || text[i] == '='); i++)
            ;
        if (i >= len || (text[i] != '"' && text[i] != '\''))
            return 0;
        const char *end = memchr(text + i + 1, text[i], len - i - 1);
        *name = text + i + 1;
        return end != NULL ? (size_t)(end - *name) : 0;
    }
    return 0;
}

static int same_name(const char *name, size_t len, const char *upper)
{
    if (strlen(upper) != len)
        return 0;
    for (size_t i = 0; i < len; i++) {
        const char c = name[i] >= 'a' && name[i] <= 'z' ? (char)(name[i] - 'a' + 'A') : name[i];
        if (c != upper[i])
            return 0;
    }
    return 1;
}

static svy_status check_declaration(const input *in, int was_utf16)
{
    static const char *const NARROW[] = { "UTF-8", "UTF8", "US-ASCII", "ASCII" }, *const WIDE[] = { "UTF-16", "UTF-16LE", "UTF-16BE", "UTF-16" };
    const char *name = "";
    const size_t len = declared(in->bytes, in->len, &name);
    int known = len == 0;
    for (size_t i = 0; i < 4; i++)
        known |= same_name(name, len, was_utf16 ? WIDE[i] : NARROW[i]);
    if (known)
        return SVY_OK;
    return refuse_at(in, (size_t)(name - in->bytes), "save it as UTF-8 and write encoding=\"UTF-8\"",
                     was_utf16 ? "the file is in UTF-16 and says that it is in another encoding" : "the file says that it is in another encoding than UTF-8");
}

svy_status svyi_xml_decode(svyi_arena *arena, const char *source, const char *bytes, size_t len, const char **out, size_t *out_len,
                           svy_diags *diags, svy_error *err)
{
    input in = { source, bytes, len, diags, err };
    const unsigned char *b = (const unsigned char *)bytes;
    *out = "";
    *out_len = 0;
    if (len == 0)
        return refuse_at(&in, 0, "check that it is the right file", "the file is empty");
    const int big = len >= 2 && ((b[0] == 0xFE && b[1] == 0xFF) || (b[0] == 0 && b[1] == '<'));
    const int little = len >= 2 && ((b[0] == 0xFF && b[1] == 0xFE) || (b[0] == '<' && b[1] == 0));
    svy_status st;
    if (big || little) {
        st = from_utf16(arena, &in, big, &in.bytes, &in.len);
        if (st != SVY_OK)
            return st;
    } else if (len >= 3 && b[0] == 0xEF && b[1] == 0xBB && b[2] == 0xBF) {
        in.bytes += 3;
        in.len -= 3;
    }
    st = check_declaration(&in, big || little);
    if (st == SVY_OK)
        st = check_bytes(&in);
    *out = in.bytes;
    *out_len = in.len;
    return st;
}
