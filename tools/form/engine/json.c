/* Writes the JSON that JavaScript reads: commas, quotes and escapes in one place. */
#include <string.h>

#include "base/number.h"
#include "engine.h"

static void put(const char *text) { svyi_buffer_text(&form_engine.result, text); }

static void name(const char *key)
{
    if (form_engine.comma)
        put(",");
    if (key != NULL) {
        put("\"");
        put(key);
        put("\":");
    }
    form_engine.comma = 1;
}

static void open(const char *key, const char *bracket)
{
    name(key);
    put(bracket);
    form_engine.comma = 0;
}

void json_begin(void)
{
    form_engine.result.len = 0;
    form_engine.result.failed = form_engine.comma = 0;
    open(NULL, "{");
}

/* When there was no memory for it, the result says so. */
void json_finish(void)
{
    json_end('}');
    if (form_engine.result.failed) {
        form_engine.result.failed = 0;
        form_engine.result.len = 0;
        put("{}");
    }
}

void json_object(const char *key) { open(key, "{"); }
void json_list(const char *key) { open(key, "["); }

void json_end(char bracket)
{
    svyi_buffer_add(&form_engine.result, &bracket, 1);
    form_engine.comma = 1;
}

void json_bytes(const char *key, const char *text, size_t len)
{
    name(key);
    svyi_buffer_json(&form_engine.result, text, len);
}

void json_text(const char *key, const char *text) { json_bytes(key, text, strlen(text)); }

void json_some(const char *key, const char *text)
{
    if (text[0] != '\0')
        json_text(key, text);
}

void json_number(const char *key, uint64_t number)
{
    char digits[21], *at = digits + sizeof digits - 1;

    *at = '\0';
    do
        *--at = (char)('0' + number % 10);
    while ((number /= 10) != 0);
    name(key);
    put(at);
}

void json_hex(const char *key, uint64_t number)
{
    char digits[17];

    for (int i = 0; i < 16; i++)
        digits[i] = "0123456789abcdef"[number >> (60 - 4 * i) & 15];
    digits[16] = '\0';
    json_text(key, digits);
}

void json_flag(const char *key, int flag)
{
    name(key);
    put(flag ? "true" : "false");
}

void json_null(const char *key)
{
    name(key);
    put("null");
}

void json_place(const char *key, svy_place place)
{
    if (key != NULL)
        json_object(key);
    json_number("item", place.item);
    json_number("entry", place.entry);
    if (key != NULL)
        json_end('}');
}

static const char *status_name(svy_status st)
{
    static const char *const NAMES[] = { [SVY_OK] = "ok", [SVY_E_ARG] = "state", [SVY_E_LIMIT] = "limit", [SVY_E_NAME] = "name", [SVY_E_VALUE] = "value",
                                         [SVY_E_STATE] = "state", [SVY_E_INVALID] = "hard" };

    return (size_t)st < sizeof NAMES / sizeof NAMES[0] && NAMES[st] != NULL ? NAMES[st] : "failed";
}

void json_say(const char *status, const char *message)
{
    json_begin();
    json_text("status", status);
    json_some("message", message);
}

void json_status(svy_status st, const svy_error *err) { json_say(status_name(st), st != SVY_OK ? err->message : ""); }
