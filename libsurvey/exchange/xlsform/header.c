/* A header of an XLSForm sheet in parts: other spellings and old names of columns, "label::French (fr)", "media::image". */
#include "base/text.h"
#include "exchange/xlsform/priv.h"

#include <string.h>

/* Columns by the name the converter uses. */
static const char *const SURVEY[] = {
    "name", "label", "type", "default", "guidance_hint", "instance", "query", "sms_field", "trigger", "bind", "choice_filter", "control",
    "hint", "media", "parameters", "choices", "itemset", "list_name", NULL
};
static const char *const CHOICES[] = { "name", "label", "media", "sms_option", NULL };
static const char *const ENTITIES[] = { "dataset", "entity_id", "create_if", "update_if", "label", "repeat", NULL };
static const char *const SETTINGS[] = {
    "name", "label", "bind", "children", "control", "hint", "media", "type", "instance", "flat", "sms_field", "add_none_option",
    "clean_text_values", "attribute", "auto_delete", "auto_send", "choices", "default_language", "file_name", "id_string", "instance_name",
    "instance_xmlns", "namespaces", "omit_instanceID", "public_key", "sms_allow_media", "sms_date_format", "sms_datetime_format",
    "sms_keyword", "sms_response", "sms_separator", "style", "submission_url", "title", "version", "allow_choice_duplicates",
    "client_editable", "delimiter", "prefix", "entity_version", NULL
};

typedef struct alias { const char *name, *first, *second; } alias;

static const alias SURVEY_ALIASES[] = {
    { "sms_field", "sms_field", NULL }, { "sms_option", "sms_option", NULL }, { "sms_separator", "sms_separator", NULL },
    { "sms_allow_media", "sms_allow_media", NULL }, { "sms_date_format", "sms_date_format", NULL },
    { "sms_datetime_format", "sms_datetime_format", NULL }, { "sms_response", "sms_response", NULL },
    { "compact_tag", "instance", "odk:tag" }, { "read_only", "bind", "readonly" }, { "readonly", "bind", "readonly" },
    { "relevant", "bind", "relevant" }, { "relevance", "bind", "relevant" }, { "required", "bind", "required" },
    { "constraint", "bind", "constraint" }, { "constraining_message", "bind", "jr:constraintMsg" },
    { "constraint_message", "bind", "jr:constraintMsg" }, { "calculation", "bind", "calculate" }, { "calculate", "bind", "calculate" },
    { "caption", "label", NULL }, { "command", "type", NULL }, { "tag", "name", NULL }, { "value", "name", NULL },
    { "appearance", "control", "appearance" }, { "autoplay", "control", "autoplay" }, { "rows", "control", "rows" },
    { "count", "control", "jr:count" }, { "repeat_count", "control", "jr:count" }, { "jr:count", "control", "jr:count" },
    { "image", "media", "image" }, { "big-image", "media", "big-image" }, { "audio", "media", "audio" }, { "video", "media", "video" },
    { "noapperrorstring", "bind", "jr:noAppErrorString" }, { "no_app_error_string", "bind", "jr:noAppErrorString" },
    { "requiredmsg", "bind", "jr:requiredMsg" }, { "required_message", "bind", "jr:requiredMsg" }, { "body", "control", NULL },
    { "save_to", "bind", "entities:saveto" }, { NULL, NULL, NULL }
};
static const alias LIST_ALIASES[] = {
    { "caption", "label", NULL }, { "list_name", "list name", NULL }, { "value", "name", NULL }, { "image", "media", "image" },
    { "big-image", "media", "big-image" }, { "audio", "media", "audio" }, { "video", "media", "video" }, { NULL, NULL, NULL }
};
static const alias SETTINGS_ALIASES[] = {
    { "form_title", "title", NULL }, { "set_form_title", "title", NULL }, { "form_id", "id_string", NULL },
    { "set_form_id", "id_string", NULL }, { "prefix", "prefix", NULL }, { NULL, NULL, NULL }
};
static const alias ENTITIES_ALIASES[] = { { "list_name", "dataset", NULL }, { NULL, NULL, NULL } };

static const struct { const char *sheet; const char *const *columns; const alias *aliases; } SHEETS[] = {
    { "survey", SURVEY, SURVEY_ALIASES }, { "choices", CHOICES, LIST_ALIASES }, { "external_choices", CHOICES, LIST_ALIASES },
    { "osm", CHOICES, LIST_ALIASES }, { "settings", SETTINGS, SETTINGS_ALIASES }, { "entities", ENTITIES, ENTITIES_ALIASES },
};

static const alias *alias_of(const alias *aliases, const char *name)
{
    for (const alias *a = aliases; a->name != NULL; a++)
        if (strcmp(a->name, name) == 0)
            return a;
    return NULL;
}

static int is_column(const char *const *columns, const char *name)
{
    for (; *columns != NULL; columns++)
        if (strcmp(*columns, name) == 0)
            return 1;
    return 0;
}

/* Lower case, one "_" for a run of blanks, none at the ends. */
static const char *normal(xlsform *x, const char *text, size_t len)
{
    char *out = svyi_xlsform_get(x, 4 * len + 1);
    size_t n = 0, at = 0;
    int blank = 0;

    if (out == NULL)
        return "";
    while (at < len) {
        const uint32_t c = svyi_utf8_next(text, len, &at);
        if (svyi_is_space(c)) {
            blank = n > 0;
            continue;
        }
        if (blank)
            out[n++] = '_';
        blank = 0;
        n += svyi_utf8_put(svyi_lower(c), out + n);
    }
    out[n] = '\0';
    return out;
}

static const char *trimmed(xlsform *x, const char *text, size_t len)
{
    while (len > 0 && strchr(" \t\r\n", text[0]) != NULL)
        text++, len--;
    while (len > 0 && strchr(" \t\r\n", text[len - 1]) != NULL)
        len--;
    return svyi_xlsform_text(x, text, len);
}

/* The parts between `delimiter`s; what is too much for `out` stays in its last part. */
static void split(xlsform *x, const char *header, const char *delimiter, xlsform_column *out)
{
    const size_t gap = strlen(delimiter);
    const unsigned room = sizeof out->tokens / sizeof out->tokens[0];

    out->n = 0;
    for (const char *p = header;;) {
        const char *next = out->n + 1 < room ? strstr(p, delimiter) : NULL;
        out->tokens[out->n++] = trimmed(x, p, next != NULL ? (size_t)(next - p) : strlen(p));
        if (next == NULL)
            return;
        p = next + gap;
    }
}

/* With single colons "jr" is the prefix of what follows, not a part. */
static void join_prefix(xlsform *x, xlsform_column *c)
{
    for (unsigned i = 0; i + 1 < c->n; i++) {
        if (strcmp(c->tokens[i], "jr") != 0)
            continue;
        c->tokens[i] = svyi_xlsform_format(x, "jr:%s", c->tokens[i + 1]);
        c->n--;
        for (unsigned k = i + 1; k < c->n; k++)
            c->tokens[k] = c->tokens[k + 1];
        return;
    }
}

/* Puts one or two tokens in the place of the first. */
static void replace_first(xlsform_column *c, const alias *a)
{
    const unsigned room = sizeof c->tokens / sizeof c->tokens[0];

    c->tokens[0] = a->first;
    if (a->second == NULL)
        return;
    if (c->n < room)
        c->n++;
    for (unsigned i = c->n - 1; i > 1; i--)
        c->tokens[i] = c->tokens[i - 1];
    c->tokens[1] = a->second;
}

void svyi_xlsform_header(xlsform *x, const char *sheet, const char *header, int double_colon, xlsform_column *out)
{
    size_t i = 0;

    while (strcmp(SHEETS[i].sheet, sheet) != 0)
        i++;
    const char *whole = normal(x, header, strlen(header));
    *out = (xlsform_column){ .header = header, .known = 1, .n = 1 };
    if (is_column(SHEETS[i].columns, header) && alias_of(SHEETS[i].aliases, header) == NULL) {
        out->tokens[0] = header;
        return;
    }
    if (is_column(SHEETS[i].columns, whole) && alias_of(SHEETS[i].aliases, whole) == NULL) {
        out->tokens[0] = whole;
        return;
    }
    if (double_colon || strstr(header, "::") != NULL) {
        split(x, header, "::", out);
    } else {
        split(x, header, ":", out);
        join_prefix(x, out);
    }
    const char *first = normal(x, out->tokens[0], strlen(out->tokens[0]));
    const alias *a = alias_of(SHEETS[i].aliases, first);
    if (a != NULL)
        replace_first(out, a);
    else if (is_column(SHEETS[i].columns, first))
        out->tokens[0] = first;
    else
        out->known = 0;
}
