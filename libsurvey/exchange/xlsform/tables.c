/* The words XLSForm knows: question types with what they stand for, and the ways to write a select, a group and a repeat. */
#include "exchange/xlsform/priv.h"

#include <string.h>

#define INPUT(name, type) { name, "input", NULL, type, NULL, NULL, NULL, NULL, 0 }
#define UPLOAD(name, media) { name, "upload", media, "binary", NULL, NULL, NULL, NULL, 0 }
#define PROPERTY(name, property) { name, NULL, NULL, "string", "property", property, NULL, NULL, 0 }
#define STAMP(name, moment) { name, NULL, NULL, "dateTime", "timestamp", moment, NULL, NULL, 0 }
#define TODAY(name) { name, NULL, NULL, "date", "date", "today", NULL, NULL, 0 }
#define NOTE(name) { name, "input", NULL, "string", NULL, NULL, NULL, NULL, 1 }
#define CHOOSE(name, tag) { name, tag, NULL, "string", NULL, NULL, NULL, NULL, 0 }
#define DAYS(name, most) { name, "input", NULL, "int", NULL, NULL, "0 <= . and . <= " most, "Enter a number 0-" most ".", 0 }
#define TRIGGER(name) { name, "trigger", NULL, "string", NULL, NULL, NULL, NULL, 0 }
#define SILENT(name, type) { name, NULL, NULL, type, NULL, NULL, NULL, NULL, 0 }

static const xlsform_type TYPES[] = {
    INPUT("text", "string"), INPUT("string", "string"), INPUT("q string", "string"), INPUT("add text prompt", "string"),
    INPUT("integer", "int"), INPUT("int", "int"), INPUT("q int", "int"), INPUT("add integer prompt", "int"),
    INPUT("decimal", "decimal"), INPUT("q decimal", "decimal"), INPUT("add decimal prompt", "decimal"),
    INPUT("date", "date"), INPUT("q date", "date"), INPUT("add date prompt", "date"), INPUT("time", "time"),
    INPUT("dateTime", "dateTime"), INPUT("datetime", "dateTime"), INPUT("date time", "dateTime"), INPUT("q dateTime", "dateTime"),
    INPUT("q date time", "dateTime"), INPUT("add dateTime prompt", "dateTime"), INPUT("add date time prompt", "dateTime"),
    INPUT("geopoint", "geopoint"), INPUT("q geopoint", "geopoint"), INPUT("location", "geopoint"), INPUT("q location", "geopoint"),
    INPUT("gps", "geopoint"), INPUT("add location prompt", "geopoint"), INPUT("geotrace", "geotrace"), INPUT("q geotrace", "geotrace"),
    INPUT("geoshape", "geoshape"), INPUT("q geoshape", "geoshape"),
    INPUT("barcode", "barcode"), INPUT("q barcode", "barcode"), INPUT("add barcode prompt", "barcode"),
    INPUT("select one external", "string"),
    NOTE("note"), NOTE("q note"), NOTE("add note prompt"),
    UPLOAD("photo", "image/*"), UPLOAD("image", "image/*"), UPLOAD("q picture", "image/*"), UPLOAD("q image", "image/*"),
    UPLOAD("add image prompt", "image/*"), UPLOAD("audio", "audio/*"), UPLOAD("q audio", "audio/*"), UPLOAD("add audio prompt", "audio/*"),
    UPLOAD("video", "video/*"), UPLOAD("q video", "video/*"), UPLOAD("add video prompt", "video/*"),
    UPLOAD("file", "application/*"), UPLOAD("add file prompt", "application/*"), UPLOAD("osm", "osm/*"),
    CHOOSE("select one", "select1"), CHOOSE("select one using", "select1"), CHOOSE("add select one prompt using", "select1"),
    CHOOSE("q select1", "select1"), CHOOSE("select all that apply", "select"), CHOOSE("select all that apply from", "select"),
    CHOOSE("select multiple from", "select"), CHOOSE("select multiple using", "select"), CHOOSE("add select multiple prompt using", "select"),
    CHOOSE("q select", "select"), { "rank", "odk:rank", NULL, "odk:rank", NULL, NULL, NULL, NULL, 0 },
    { "range", "range", NULL, "int", NULL, NULL, NULL, NULL, 0 },
    TRIGGER("acknowledge"), TRIGGER("q acknowledge"), TRIGGER("add acknowledge prompt"),
    { "trigger", "trigger", NULL, NULL, NULL, NULL, NULL, NULL, 0 },
    { "percentage", "input", NULL, "int", NULL, NULL, "0 <= . and . <= 100", NULL, 0 },
    DAYS("number of days in last month", "31"), DAYS("number of days in last six months", "183"), DAYS("number of days in last year", "365"),
    { "phone number", "input", NULL, "string", NULL, NULL, "regex(., '^\\d*$')", "Enter numbers only.", 0 },
    SILENT("calculate", "string"), SILENT("q calculate", "string"), SILENT("add calculate prompt", "string"), SILENT("hidden", "string"),
    SILENT("audit", "binary"), SILENT("start-geopoint", "geopoint"), SILENT("background-audio", "binary"),
    { "background-geopoint", "trigger", NULL, "geopoint", NULL, NULL, NULL, NULL, 0 },
    STAMP("start", "start"), STAMP("start time", "start"), STAMP("get start time", "start"),
    STAMP("end", "end"), STAMP("end time", "end"), STAMP("get end time", "end"), TODAY("today"), TODAY("get today"),
    PROPERTY("deviceid", "deviceid"), PROPERTY("device id", "deviceid"), PROPERTY("get device id", "deviceid"), PROPERTY("imei", "deviceid"),
    PROPERTY("uri:deviceid", "uri:deviceid"), PROPERTY("subscriberid", "subscriberid"), PROPERTY("subscriber id", "subscriberid"),
    PROPERTY("get subscriber id", "subscriberid"), PROPERTY("uri:subscriberid", "uri:subscriberid"), PROPERTY("simserial", "simserial"),
    PROPERTY("sim id", "simserial"), PROPERTY("get sim id", "simserial"), PROPERTY("uri:simserial", "uri:simserial"),
    PROPERTY("phonenumber", "phonenumber"), PROPERTY("get phone number", "phonenumber"), PROPERTY("uri:phonenumber", "uri:phonenumber"),
    PROPERTY("username", "username"), PROPERTY("uri:username", "uri:username"), PROPERTY("email", "email"), PROPERTY("uri:email", "uri:email"),
};

const xlsform_type *svyi_xlsform_type(const char *name)
{
    for (size_t i = 0; i < sizeof TYPES / sizeof TYPES[0]; i++)
        if (strcmp(TYPES[i].name, name) == 0)
            return &TYPES[i];
    return NULL;
}

const char *svyi_xlsform_type_alias(const char *name)
{
    static const char *const ALIASES[][2] = {
        { "imei", "deviceid" }, { "image", "photo" }, { "add image prompt", "photo" }, { "add photo prompt", "photo" },
        { "add audio prompt", "audio" }, { "add video prompt", "video" }, { "add file prompt", "file" },
    };

    for (size_t i = 0; i < sizeof ALIASES / sizeof ALIASES[0]; i++)
        if (strcmp(ALIASES[i][0], name) == 0)
            return ALIASES[i][1];
    return name;
}

/* What follows `word` at the start of `text`; NULL when it does not start so. */
static const char *after(const char *text, const char *word)
{
    const size_t len = strlen(word);

    return strncmp(text, word, len) == 0 ? text + len : NULL;
}

static const struct { const char *name; xlsform_kind kind; } CONTROLS[] = {
    { "group", XLSFORM_GROUP }, { "lgroup", XLSFORM_REPEAT }, { "repeat", XLSFORM_REPEAT }, { "loop", XLSFORM_LOOP },
    { "looped group", XLSFORM_REPEAT },
};

static int is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v';
}

/* " over LIST", " LIST" or nothing. */
static int rest_of_begin(const char *rest, const char **list)
{
    *list = NULL;
    if (rest[0] == '\0')
        return 1;
    if (rest[0] != ' ')
        return 0;
    const char *over = after(rest + 1, "over ");
    const char *word = over != NULL && over[0] != '\0' ? over : rest + 1;
    *list = word;
    for (const char *p = word; *p != '\0'; p++)
        if (is_blank(*p))
            return 0;
    return word[0] != '\0';
}

int svyi_xlsform_begin(const char *type, xlsform_kind *kind, const char **list)
{
    const char *rest = after(type, "begin");

    if (rest == NULL || (rest[0] != '_' && !is_blank(rest[0])))
        return 0;
    for (size_t i = 0; i < sizeof CONTROLS / sizeof CONTROLS[0]; i++) {
        const char *end = after(rest + 1, CONTROLS[i].name);
        if (end != NULL && rest_of_begin(end, list)) {
            *kind = CONTROLS[i].kind;
            return 1;
        }
    }
    return 0;
}

int svyi_xlsform_end(const char *type, xlsform_kind *kind)
{
    const char *rest = after(type, "end");

    if (rest == NULL || (rest[0] != '_' && !is_blank(rest[0])))
        return 0;
    for (size_t i = 0; i < sizeof CONTROLS / sizeof CONTROLS[0]; i++)
        if (strcmp(rest + 1, CONTROLS[i].name) == 0) {
            *kind = CONTROLS[i].kind;
            return 1;
        }
    return 0;
}

const char *svyi_xlsform_kind_name(xlsform_kind kind)
{
    static const char *const NAMES[] = { "survey", "group", "repeat", "loop", "question", "question", "entity", "attribute", "label" };

    return NAMES[kind];
}

static const struct { const char *words, *type; int from_file, external; } SELECTS[] = {
    { "add select one prompt using", "select one", 0, 0 },
    { "add select multiple prompt using", "select all that apply", 0, 0 },
    { "select all that apply from", "select all that apply", 0, 0 },
    { "select one from", "select one", 0, 0 },
    { "select1", "select one", 0, 0 },
    { "select_one", "select one", 0, 0 },
    { "select one", "select one", 0, 0 },
    { "select_multiple", "select all that apply", 0, 0 },
    { "select all that apply", "select all that apply", 0, 0 },
    { "select_one_external", "select one external", 0, 1 },
    { "select_one_from_file", "select one", 1, 0 },
    { "select_multiple_from_file", "select all that apply", 1, 0 },
    { "select one from file", "select one", 1, 0 },
    { "select multiple from file", "select all that apply", 1, 0 },
    { "rank", "rank", 0, 0 },
};

int svyi_xlsform_select(const char *type, xlsform_select *out)
{
    for (size_t i = 0; i < sizeof SELECTS / sizeof SELECTS[0]; i++) {
        const char *list = after(type, SELECTS[i].words);
        if (list == NULL || list[0] != ' ')
            continue;
        list++;
        size_t len = 0;
        while (list[len] != '\0' && !is_blank(list[len]))
            len++;
        const char *rest = list + len;
        const int other = strcmp(rest, " or specify other") == 0 || strcmp(rest, " or_other") == 0 || strcmp(rest, " or other") == 0;
        if (len == 0 || (rest[0] != '\0' && !other))
            continue;
        *out = (xlsform_select){ SELECTS[i].type, list, len, other, SELECTS[i].from_file, SELECTS[i].external, SELECTS[i].words };
        return 1;
    }
    return 0;
}
