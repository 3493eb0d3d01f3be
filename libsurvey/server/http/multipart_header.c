/* The headers of one part of a posted form: one grammar, no folding, nothing twice. */
#include "server/http/multipart_header.h"
#include "base/error.h"
#include "base/text.h"
#include <string.h>

static int is_token(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static char small(char c) { return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c; }

static int same_word(const char *text, size_t len, const char *word)
{
    for (size_t i = 0; i < len; i++)
        if (small(text[i]) != word[i])           /* a NUL in `word` differs from every letter of a header */
            return 0;
    return word[len] == '\0';
}

/* ---- parameters of a value ---- */

typedef struct scan { const char *at, *end; } scan;

static void skip_blanks(scan *s)
{
    while (s->at < s->end && (*s->at == ' ' || *s->at == '\t'))
        s->at++;
}

static size_t take_token(scan *s)
{
    const char *from = s->at;
    while (s->at < s->end && is_token(*s->at))
        s->at++;
    return (size_t)(s->at - from);
}

/* A quoted text: only \" and \\ are escapes, because browsers send the backslash of a name as it is. */
static int take_quoted(scan *s, char *out, size_t size, size_t *n)
{
    for (s->at++; s->at < s->end && *s->at != '"'; s->at++) {
        if (*s->at == '\\' && s->end - s->at > 1 && (s->at[1] == '"' || s->at[1] == '\\'))
            s->at++;
        if (*n + 1 >= size)
            return 0;
        out[(*n)++] = *s->at;
    }
    if (s->at == s->end)
        return 0;
    s->at++;
    return 1;
}

static int take_value(scan *s, char *out, size_t size)
{
    size_t n = 0;
    if (s->at < s->end && *s->at == '"') {
        if (!take_quoted(s, out, size, &n))
            return 0;
    } else {
        const char *from = s->at;
        n = take_token(s);
        if (n == 0 || n >= size)
            return 0;
        memcpy(out, from, n);
    }
    out[n] = '\0';
    return 1;
}

int svyi_header_parameter(const char *value, size_t len, const char *name, char *out, size_t size, size_t *type_len)
{
    scan s = { value, value + len };
    char ignored[SVYI_MULTIPART_HEADERS];
    int found = 0;
    while (s.at < s.end && *s.at != ';')
        s.at++;
    *type_len = (size_t)(s.at - value);
    while (*type_len > 0 && (value[*type_len - 1] == ' ' || value[*type_len - 1] == '\t'))
        --*type_len;
    while (s.at < s.end && *s.at == ';') {
        s.at++;
        skip_blanks(&s);
        const char *word = s.at;
        const size_t n = take_token(&s);
        if (n == 0 || s.at == s.end || *s.at != '=')
            return -1;
        s.at++;
        const int wanted = same_word(word, n, name);
        if ((wanted && found) || !take_value(&s, wanted ? out : ignored, wanted ? size : sizeof ignored))
            return -1;
        found |= wanted;
        skip_blanks(&s);
    }
    return s.at == s.end ? found : -1;
}

/* ---- the headers ---- */

static svy_status wrong(svy_error *err, const char *what)
{
    return svyi_fail(err, SVY_E_FORMAT, "a part of the form that was sent %s", what);
}

static svy_status read_disposition(const char *value, size_t len, svyi_form_part *part, svy_error *err)
{
    char extended[SVYI_MULTIPART_NAME];
    size_t n;
    if (svyi_header_parameter(value, len, "name", part->name, sizeof part->name, &n) != 1 || part->name[0] == '\0')
        return wrong(err, "has no name");
    if (!same_word(value, n, "form-data"))
        return wrong(err, "is not form-data");
    if (svyi_header_parameter(value, len, "filename", part->file, sizeof part->file, &n) < 0)
        return wrong(err, "has a file name that cannot be read");
    if (svyi_header_parameter(value, len, "filename*", extended, sizeof extended, &n) != 0)
        return wrong(err, "has a second file name (filename*), which forms must not have");
    return SVY_OK;
}

static svy_status read_type(const char *value, size_t len, svyi_form_part *part, svy_error *err)
{
    size_t n;
    if (svyi_header_parameter(value, len, "charset", part->charset, sizeof part->charset, &n) < 0 || n == 0 || n >= sizeof part->type)
        return wrong(err, "has a Content-Type that cannot be read");
    for (size_t i = 0; i < n; i++)
        part->type[i] = small(value[i]);
    part->type[n] = '\0';
    for (char *c = part->charset; *c != '\0'; c++)
        *c = small(*c);
    return strncmp(part->type, "multipart/", 10) == 0 ? wrong(err, "has parts of its own") : SVY_OK;
}

enum { DISPOSITION = 1, TYPE = 2, ENCODING = 4 };

static svy_status read_field(const char *name, size_t name_len, const char *value, size_t len, unsigned *seen, svyi_form_part *part, svy_error *err)
{
    const unsigned which = same_word(name, name_len, "content-disposition") ? DISPOSITION : same_word(name, name_len, "content-type") ? TYPE
                         : same_word(name, name_len, "content-transfer-encoding") ? ENCODING : 0;
    if ((*seen & which) != 0)
        return wrong(err, "has a header twice");
    *seen |= which;
    if (which == DISPOSITION)
        return read_disposition(value, len, part, err);
    if (which == TYPE)
        return read_type(value, len, part, err);
    if (which == ENCODING && !same_word(value, len, "binary") && !same_word(value, len, "8bit") && !same_word(value, len, "7bit"))
        return wrong(err, "is encoded (Content-Transfer-Encoding): send it as it is");
    return SVY_OK;
}

static svy_status read_line(const char *line, size_t len, unsigned *seen, svyi_form_part *part, svy_error *err)
{
    scan s = { line, line + len };
    const size_t name_len = take_token(&s);
    if (name_len == 0 || s.at == s.end || *s.at != ':')
        return wrong(err, "has a header line that is none");
    s.at++;
    skip_blanks(&s);
    while (s.end > s.at && (s.end[-1] == ' ' || s.end[-1] == '\t'))
        s.end--;
    return read_field(line, name_len, s.at, (size_t)(s.end - s.at), seen, part, err);
}

static int has_control(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (((unsigned char)text[i] < ' ' && text[i] != '\t') || text[i] == 0x7F)
            return 1;
    return 0;
}

svy_status svyi_multipart_headers(const char *text, size_t len, svyi_form_part *part, svy_error *err)
{
    unsigned seen = 0, lines = 0;
    *part = (svyi_form_part){ .type = "text/plain" };
    for (size_t at = 0; at < len; lines++) {
        const char *end = memchr(text + at, '\r', len - at);
        if (end == NULL || end + 1 == text + len || end[1] != '\n')
            return wrong(err, "has a header line without its end");
        const size_t n = (size_t)(end - text) - at;
        if (lines >= SVYI_MULTIPART_FIELDS)
            return svyi_fail(err, SVY_E_LIMIT, "a part of the form that was sent has too many headers");
        if (has_control(text + at, n) || !svyi_utf8_valid(text + at, n))
            return wrong(err, "has a header with bytes that are no text");
        const svy_status st = read_line(text + at, n, &seen, part, err);
        if (st != SVY_OK)
            return st;
        at += n + 2;
    }
    return (seen & DISPOSITION) != 0 ? SVY_OK : wrong(err, "does not say what it is (Content-Disposition)");
}

const char *svyi_file_name_refuse(const char *name)
{
    const size_t len = strlen(name);
    if (len == 0)
        return "is empty";
    if (len > 255)
        return "is too long";
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || strpbrk(name, "/\\") != NULL)
        return "leads into another folder";
    return has_control(name, len) || strchr(name, '\t') != NULL || !svyi_utf8_valid(name, len) ? "is not a text" : NULL;
}
