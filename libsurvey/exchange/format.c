/* Which kind of questionnaire a file holds: by its first bytes, and by its name where these do not say. */
#include "exchange/file.h"
#include <string.h>
#include <survey/exchange.h>

static const struct { const char *name; svy_format format; } FORMATS[] = {
    { "native", SVY_FORMAT_NATIVE }, { "xform", SVY_FORMAT_XFORM }, { "xlsform", SVY_FORMAT_XLSFORM }, { "lss", SVY_FORMAT_LSS }, { "quexml", SVY_FORMAT_QUEXML },
};

svy_format svy_format_find(const char *name)
{
    for (size_t i = 0; name != NULL && i < sizeof FORMATS / sizeof FORMATS[0]; i++)
        if (strcmp(FORMATS[i].name, name) == 0)
            return FORMATS[i].format;
    return SVY_FORMAT_UNKNOWN;
}

static svy_format by_name(const char *path)
{
    static const char *const WORKBOOKS[] = { ".xlsx", ".xls", ".xlsm", ".md", ".csv" };
    for (size_t i = 0; path != NULL && i < sizeof WORKBOOKS / sizeof WORKBOOKS[0]; i++)
        if (svyi_path_ends(path, WORKBOOKS[i]))
            return SVY_FORMAT_XLSFORM;
    return path != NULL && svyi_path_ends(path, ".lss") ? SVY_FORMAT_LSS : SVY_FORMAT_UNKNOWN;
}

/* The beginning of the file as ASCII: zero bytes of UTF-16 are left out. */
static size_t take_start(const char *bytes, size_t len, char *out, size_t size)
{
    size_t n = 0;
    for (size_t i = 0; i < len && n + 1 < size; i++)
        if (bytes[i] != '\0')
            out[n++] = bytes[i];
    out[n] = '\0';
    return n;
}

/* The tag of the root element; NULL when the text is no XML. */
static const char *root_tag(const char *at)
{
    if (strncmp(at, "\xEF\xBB\xBF", 3) == 0)
        at += 3;
    else if (strncmp(at, "\xFF\xFE", 2) == 0 || strncmp(at, "\xFE\xFF", 2) == 0)
        at += 2;
    for (;;) {
        at += strspn(at, " \t\r\n");
        const char *close = strncmp(at, "<!--", 4) == 0 ? "-->" : strncmp(at, "<?", 2) == 0 ? "?>" : strncmp(at, "<!", 2) == 0 ? ">" : NULL;
        if (close == NULL)
            return *at == '<' ? at + 1 : NULL;
        at = strstr(at, close);
        if (at == NULL)
            return NULL;
        at += strlen(close);
    }
}

svy_format svy_format_of(const char *path, const void *bytes, size_t len)
{
    char start[8192], name[64] = "";
    const svy_format named = by_name(path);
    if (bytes == NULL || len == 0)
        return named;
    if (len >= 4 && (memcmp(bytes, "PK\3\4", 4) == 0 || memcmp(bytes, "\xD0\xCF\x11\xE0", 4) == 0))
        return SVY_FORMAT_XLSFORM;
    take_start(bytes, len, start, sizeof start);
    const char *tag = root_tag(start);
    if (tag == NULL)
        return named;
    const size_t n = strcspn(tag, " \t\r\n>/"), whole = strcspn(tag, ">");
    memcpy(name, tag, n < sizeof name ? n : sizeof name - 1);
    const char *colon = strchr(name, ':'), *local = colon != NULL ? colon + 1 : name;
    if (strcmp(local, "html") == 0 || strcmp(local, "xform") == 0)
        return SVY_FORMAT_XFORM;
    if (strcmp(local, "document") == 0 && strstr(start, "LimeSurveyDocType") != NULL)
        return SVY_FORMAT_LSS;
    if (strcmp(local, "questionnaire") == 0) {
        const char *ns = strstr(tag, "urn:libsurvey:questionnaire");
        const int other = strstr(start, "queXML") != NULL || strstr(start, "<questionnaireInfo") != NULL || strstr(start, "<investigator") != NULL;
        return (ns == NULL || (size_t)(ns - tag) > whole) && other ? SVY_FORMAT_QUEXML : SVY_FORMAT_NATIVE;
    }
    return SVY_FORMAT_NATIVE;
}
