/* Questions of the survey sheet by type: their parameters, and what a type says about bind and control. */
#include "base/text.h"
#include "exchange/xlsform/priv.h"

#include <stdlib.h>
#include <string.h>

/* ---- parameters: key=value key=value */

static int is_gap(const char *text, size_t *len)
{
    const uint32_t c = svyi_xlsform_letter(text, len);

    return c == ',' || c == ';' || svyi_is_space(c);
}

static const char *skip_gap(const char *p)
{
    size_t len;

    while (*p != '\0' && is_gap(p, &len))
        p += len;
    return p;
}

/* A word up to a gap or "="; NULL when there is none. */
static const char *word(xlsform *x, const char **at, int lower)
{
    const char *start = skip_gap(*at), *p = start;
    size_t len;

    while (*p != '\0' && *p != '=' && !is_gap(p, &len))
        p += len;
    *at = p;
    char *out = p > start ? svyi_xlsform_get(x, 4 * (size_t)(p - start) + 1) : NULL;
    size_t n = 0, i = 0;
    while (out != NULL && i < (size_t)(p - start)) {
        const uint32_t c = svyi_utf8_next(start, (size_t)(p - start), &i);
        n += svyi_utf8_put(lower ? svyi_lower(c) : c, out + n);
    }
    return out;
}

xlsform_dict *svyi_xlsform_parameters(xlsform *x, const char *text, int row, int *ok)
{
    xlsform_dict *d = NULL;

    *ok = 1;
    for (const char *p = text != NULL ? skip_gap(text) : ""; *p != '\0'; p = skip_gap(p)) {
        const char *key = word(x, &p, 1), *value = NULL;
        p = skip_gap(p);
        if (key != NULL && *p == '=') {
            p++;
            value = word(x, &p, strcmp(key, "label") != 0 && strcmp(key, "value") != 0 && strcmp(key, "reference-geometry") != 0);
        }
        if (value == NULL) {
            svyi_xlsform_problem(x, "survey", row, "write key=value, with blanks between them", "the parameters '%s' cannot be read", text);
            *ok = 0;
            return NULL;
        }
        svyi_xlsform_dict_put(x, &d, key, value);
    }
    return d;
}

int svyi_xlsform_accepts(xlsform *x, const xlsform_dict *parameters, const char *const *accepted, int row)
{
    int ok = 1;

    for (const xlsform_entry *e = parameters != NULL ? parameters->first : NULL; e != NULL; e = e->next) {
        const char *all = "";
        int found = 0;
        for (const char *const *a = accepted; *a != NULL; a++) {
            found |= strcmp(*a, e->key) == 0;
            all = svyi_xlsform_format(x, "%s%s%s", all, all[0] != '\0' ? ", " : "", *a);
        }
        if (!found)
            svyi_xlsform_problem(x, "survey", row, svyi_xlsform_format(x, "this type takes: %s", all), "the parameter '%s' means nothing here", e->key);
        ok &= found;
    }
    return ok;
}

int svyi_xlsform_is_integer(const char *text, long *out)
{
    const char *p = text + (text[0] == '+' || text[0] == '-');
    const char *digits = p;

    while (*p >= '0' && *p <= '9')
        p++;
    *out = strtol(text, NULL, 10);
    return p > digits && *p == '\0';
}

static const char *digits(const char *p)
{
    while (*p >= '0' && *p <= '9')
        p++;
    return p;
}

int svyi_xlsform_is_number(const char *text)
{
    const char *p = text + (text[0] == '+' || text[0] == '-');

    if (strcmp(p, "nan") == 0 || strcmp(p, "inf") == 0 || strcmp(p, "infinity") == 0)
        return 1;
    const char *whole = digits(p), *end = *whole == '.' ? digits(whole + 1) : whole;
    if (end - p - (*whole == '.') < 1)
        return 0;
    if (*end != 'e' && *end != 'E')
        return *end == '\0';
    const char *exponent = end + 1 + (end[1] == '+' || end[1] == '-');
    return digits(exponent) > exponent && *digits(exponent) == '\0';
}

/* ---- audit */

static int one_of(const char *value, const char *const *values)
{
    for (; *values != NULL; values++)
        if (strcmp(value, *values) == 0)
            return 1;
    return 0;
}

static int audit_choice(xlsform *x, xlsform_element *e, const xlsform_dict *parameters, const char *key, const char *const *values)
{
    const char *value = svyi_xlsform_dict_text(parameters, key);

    if (value == NULL)
        return 1;
    if (!one_of(value, values)) {
        svyi_xlsform_problem(x, "survey", e->row, NULL, "%s=%s is not possible; it can be %s%s%s", key, value, values[0],
                             values[1] != NULL ? " or " : "", values[1] != NULL ? values[1] : "");
        return 0;
    }
    svyi_xlsform_dict_put(x, &e->bind, svyi_xlsform_format(x, "odk:%s", key), value);
    return 1;
}

static int audit_location(xlsform *x, xlsform_element *e, const xlsform_dict *parameters)
{
    static const char *const KEYS[] = { "location-max-age", "location-min-interval", "location-priority" };
    static const char *const PRIORITIES[] = { "no-power", "low-power", "balanced", "high-accuracy", NULL };
    const char *values[3];
    long numbers[2] = { 0, 0 };
    int n = 0;

    for (int i = 0; i < 3; i++)
        n += (values[i] = svyi_xlsform_dict_text(parameters, KEYS[i])) != NULL;
    if (n == 0)
        return 1;
    if (n < 3) {
        svyi_xlsform_problem(x, "survey", e->row, "give location-priority, location-min-interval and location-max-age", "the audit of places needs three parameters and has %d", n);
        return 0;
    }
    if (!one_of(values[2], PRIORITIES)) {
        svyi_xlsform_problem(x, "survey", e->row, "write no-power, low-power, balanced or high-accuracy", "location-priority=%s is not possible", values[2]);
        return 0;
    }
    for (int i = 0; i < 2; i++)
        if (!svyi_xlsform_is_integer(values[i], &numbers[i]) || numbers[i] < 0) {
            svyi_xlsform_problem(x, "survey", e->row, "write seconds as a whole number", "%s=%s is not possible", KEYS[i], values[i]);
            return 0;
        }
    if (numbers[0] < numbers[1]) {
        svyi_xlsform_problem(x, "survey", e->row, "make location-max-age at least as long", "location-max-age is shorter than location-min-interval");
        return 0;
    }
    for (int i = 0; i < 3; i++)
        svyi_xlsform_dict_put(x, &e->bind, svyi_xlsform_format(x, "odk:%s", KEYS[i]), values[i]);
    return 1;
}

int svyi_xlsform_audit(xlsform *x, xlsform_element *e, const xlsform_dict *parameters)
{
    static const char *const ACCEPTED[] = { "identify-user", "location-max-age", "location-min-interval", "location-priority",
                                            "track-changes", "track-changes-reasons", NULL };
    static const char *const TRUTH[] = { "true", "false", NULL }, *const REASONS[] = { "on-form-edit", NULL };

    return svyi_xlsform_accepts(x, parameters, ACCEPTED, e->row) && audit_choice(x, e, parameters, "track-changes", TRUTH) &&
           audit_choice(x, e, parameters, "track-changes-reasons", REASONS) && audit_choice(x, e, parameters, "identify-user", TRUTH) &&
           audit_location(x, e, parameters);
}

/* ---- other types with parameters */

static int text_question(xlsform *x, xlsform_element *e, const xlsform_dict *parameters)
{
    static const char *const ACCEPTED[] = { "rows", NULL };
    const char *rows = svyi_xlsform_dict_text(parameters, "rows");
    long number;

    if (!svyi_xlsform_accepts(x, parameters, ACCEPTED, e->row))
        return 0;
    if (rows != NULL && !svyi_xlsform_is_integer(rows, &number)) {
        svyi_xlsform_problem(x, "survey", e->row, "write a whole number", "rows=%s is not a number of rows", rows);
        return 0;
    }
    if (rows != NULL)
        svyi_xlsform_dict_put(x, &e->control, "rows", rows);
    return 1;
}

/* The name of an Android program: parts of letters, digits and _ with at least one point. */
static const char *wrong_program(const char *name)
{
    if (strchr(name, '.') == NULL)
        return "it has no point";
    if (name[0] == '.' || name[strlen(name) - 1] == '.' || strstr(name, "..") != NULL)
        return "a part between points is empty";
    if (name[0] == '_' || (name[0] >= '0' && name[0] <= '9'))
        return "it must begin with a letter";
    for (const char *p = name; *p != '\0'; p++)
        if (!((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9') || *p == '_' || *p == '.'))
            return "it can have letters, digits, _ and points only";
    return NULL;
}

static int photo_question(xlsform *x, xlsform_element *e, const xlsform_dict *parameters)
{
    static const char *const ACCEPTED[] = { "app", "max-pixels", NULL };
    const char *pixels = svyi_xlsform_dict_text(parameters, "max-pixels"), *app = svyi_xlsform_dict_text(parameters, "app");
    const char *appearance = svyi_xlsform_dict_text(e->control, "appearance");
    long number;

    if (e->default_value != NULL && e->default_value[0] != '\0' && strstr(e->default_value, "jr://images/") == NULL)
        e->default_value = svyi_xlsform_format(x, "jr://images/%s", e->default_value);
    if (!svyi_xlsform_accepts(x, parameters, ACCEPTED, e->row))
        return 0;
    if (pixels != NULL && !svyi_xlsform_is_integer(pixels, &number)) {
        svyi_xlsform_problem(x, "survey", e->row, "write a whole number", "max-pixels=%s is not a number", pixels);
        return 0;
    }
    if (pixels != NULL)
        svyi_xlsform_dict_put(x, &e->bind, "orx:max-pixels", pixels);
    else
        svyi_xlsform_warn(x, "survey", e->row, "add the parameter max-pixels", "pictures of '%s' are sent in full size", e->name);
    if (app == NULL || (appearance != NULL && strcmp(appearance, "annotate") != 0))
        return 1;
    const char *why = wrong_program(app);
    if (why != NULL) {
        svyi_xlsform_problem(x, "survey", e->row, "write it like com.example.camera", "app=%s is not the name of a program: %s", app, why);
        return 0;
    }
    svyi_xlsform_dict_put(x, &e->control, "intent", app);
    return 1;
}

static int quality_of(xlsform *x, xlsform_element *e, const xlsform_dict *parameters, int background, const char **out)
{
    static const char *const ACCEPTED[] = { "quality", NULL };
    static const char *const QUALITIES[] = { "voice-only", "low", "normal", "external", NULL };

    *out = svyi_xlsform_dict_text(parameters, "quality");
    if (!svyi_xlsform_accepts(x, parameters, ACCEPTED, e->row))
        return 0;
    if (*out == NULL || (one_of(*out, QUALITIES) && !(background && strcmp(*out, "external") == 0)))
        return 1;
    svyi_xlsform_problem(x, "survey", e->row, background ? "write voice-only, low or normal" : "write voice-only, low, normal or external",
                         "quality=%s is not possible", *out);
    return 0;
}

static int audio_question(xlsform *x, xlsform_element *e, const xlsform_dict *parameters)
{
    const char *quality;

    if (strcmp(e->type, "background-audio") == 0) {
        if (!quality_of(x, e, parameters, 1, &quality))
            return 0;
        svyi_xlsform_add_action(x, e, "odk:recordaudio", XLSFORM_LOAD, NULL);
        for (xlsform_action *a = e->actions; a != NULL; a = a->next)
            if (strcmp(a->name, "odk:recordaudio") == 0)
                a->quality = quality;
        return 1;
    }
    if (!quality_of(x, e, parameters, 0, &quality))
        return 0;
    if (quality != NULL)
        svyi_xlsform_dict_put(x, &e->bind, "odk:quality", quality);
    return 1;
}

static int background_point(xlsform *x, xlsform_element *e)
{
    if (e->triggers == NULL)
        svyi_xlsform_problem(x, "survey", e->row, "fill in the trigger", "'%s' is of type background-geopoint and has no trigger", e->name);
    else if (svyi_xlsform_dict_find(e->bind, "calculate") != NULL)
        svyi_xlsform_problem(x, "survey", e->row, "leave the calculation blank", "'%s' is of type background-geopoint and has a calculation", e->name);
    else
        return 1;
    return 0;
}

static int is_type(const xlsform_element *e, const char *type)
{
    return strcmp(e->type, type) == 0;
}

int svyi_xlsform_question(xlsform_rows *r, xlsform_element *e, xlsform_dict *parameters)
{
    xlsform *x = r->x;

    if (is_type(e, "range"))
        return svyi_xlsform_range(x, e, parameters);
    if (is_type(e, "text"))
        return text_question(x, e, parameters);
    if (is_type(e, "photo"))
        return photo_question(x, e, parameters);
    if (is_type(e, "audio") || is_type(e, "background-audio"))
        return audio_question(x, e, parameters);
    if (is_type(e, "geopoint") || is_type(e, "geoshape") || is_type(e, "geotrace"))
        return svyi_xlsform_geo(r, e, parameters);
    if (is_type(e, "start-geopoint"))
        svyi_xlsform_add_action(x, e, "odk:setgeopoint", XLSFORM_FIRST_LOAD, NULL);
    if (is_type(e, "background-geopoint") && !background_point(x, e))
        return 0;
    for (const xlsform_entry *p = parameters != NULL && !is_type(e, "osm") ? parameters->first : NULL; p != NULL; p = p->next)
        svyi_xlsform_note(x, "survey", e->row, NULL, "the parameter '%s' means nothing for the type '%s' of '%s'", p->key, e->type, e->name);
    return 1;
}

/* ---- what the type itself says: the row's own cells win */

static void put_first(xlsform *x, xlsform_dict **d, const char *key, const char *text)
{
    if (text != NULL && svyi_xlsform_dict_find(*d, key) == NULL)
        svyi_xlsform_dict_put(x, d, key, text);
}

void svyi_xlsform_apply_type(xlsform *x, xlsform_element *e)
{
    const xlsform_type *t = svyi_xlsform_type(e->type);

    if (t == NULL) {
        svyi_xlsform_problem(x, "survey", e->row, "see the list of question types at xlsform.org", "'%s' is not a type of question", e->type);
        return;
    }
    put_first(x, &e->bind, "type", t->bind_type);
    put_first(x, &e->bind, "readonly", t->readonly ? "true()" : NULL);
    put_first(x, &e->bind, "jr:preload", t->preload);
    put_first(x, &e->bind, "jr:preloadParams", t->parameter);
    put_first(x, &e->bind, "constraint", t->constraint);
    put_first(x, &e->control, "mediatype", t->media_type);
    if (t->hint != NULL && e->hint.text == NULL && e->hint.dict == NULL)
        e->hint = (xlsform_value){ .text = t->hint };
    const char *appearance = svyi_xlsform_dict_text(e->control, "appearance");
    if (appearance != NULL && strcmp(appearance, "label") == 0 && !svyi_xlsform_is_there(&e->label))
        e->label = (xlsform_value){ .text = " " };
}
