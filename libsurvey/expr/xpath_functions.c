/* The table of XPath functions. The row of a function is its number in programs: append only. */
#include "xpath_priv.h"

#include <string.h>

enum { B = SVY_X_BOOLEAN, N = SVY_X_NUMBER, T = SVY_X_TEXT, NODES = SVY_X_NODES, ANY = 0, MANY = 255 };
enum { CLOCK = SVYI_XFN_CLOCK, POSITION = SVYI_XFN_POSITION, LABELS = SVYI_XFN_LABELS, CONTEXT = SVYI_XFN_CONTEXT, TAKES_NODES = SVYI_XFN_NODES,
       NO_VALUE = SVYI_XFN_NO_VALUE, DRAWS = SVYI_XFN_DRAWS, BRANCHES = SVYI_XFN_BRANCHES, OUTSIDE = SVYI_XFN_OUTSIDE, SETS = SVYI_XFN_SETS, REWRITTEN = SVYI_XFN_REWRITTEN };

static const svyi_xfunction FUNCTIONS[] = {
    { "string", 0, 1, T, 0, CONTEXT, svyi_xf_string },
    { "concat", 0, MANY, T, 0, SETS, svyi_xf_concat },
    { "join", 1, MANY, T, 0, SETS, svyi_xf_join },
    { "substr", 2, 3, T, 0, 0, svyi_xf_substr },
    { "substring", 2, 3, T, 0, 0, svyi_xf_substring },
    { "substring-before", 2, 2, T, 0, 0, svyi_xf_substring_before },
    { "substring-after", 2, 2, T, 0, 0, svyi_xf_substring_after },
    { "translate", 3, 3, T, 0, 0, svyi_xf_translate },
    { "string-length", 0, 1, N, 0, CONTEXT, svyi_xf_string_length },
    { "normalize-space", 0, 1, T, 0, CONTEXT, svyi_xf_normalize_space },
    { "contains", 2, 2, B, 0, 0, svyi_xf_contains },
    { "starts-with", 2, 2, B, 0, 0, svyi_xf_starts_with },
    { "ends-with", 2, 2, B, 0, 0, svyi_xf_ends_with },
    { "if", 3, 3, ANY, 0, BRANCHES, svyi_xf_if },
    { "coalesce", 2, 2, T, 0, 0, svyi_xf_coalesce },
    { "once", 1, 1, T, 0, OUTSIDE | DRAWS, svyi_xf_once },
    { "true", 0, 0, B, 0, 0, svyi_xf_true },
    { "false", 0, 0, B, 0, 0, svyi_xf_false },
    { "boolean", 1, 1, B, 0, 0, svyi_xf_boolean },
    { "not", 1, 1, B, 0, 0, svyi_xf_not },
    { "boolean-from-string", 1, 1, B, 0, 0, svyi_xf_boolean_from_string },
    { "regex", 2, 2, B, 0, 0, svyi_xf_regex },
    { "checklist", 2, MANY, B, 0, SETS, svyi_xf_checklist },
    { "weighted-checklist", 2, MANY, B, 0, SETS, svyi_xf_weighted_checklist },
    { "number", 0, 1, N, 0, CONTEXT, svyi_xf_number },
    { "int", 1, 1, N, 0, 0, svyi_xf_int },
    { "round", 1, 2, N, 0, 0, svyi_xf_round },
    { "floor", 1, 1, N, 0, 0, svyi_xf_floor },
    { "ceiling", 1, 1, N, 0, 0, svyi_xf_ceiling },
    { "abs", 1, 1, N, SVYI_XM_ABS, 0, svyi_xf_math },
    { "sqrt", 1, 1, N, SVYI_XM_SQRT, 0, svyi_xf_math },
    { "exp", 1, 1, N, SVYI_XM_EXP, 0, svyi_xf_math },
    { "exp10", 1, 1, N, SVYI_XM_EXP10, 0, svyi_xf_math },
    { "log", 1, 1, N, SVYI_XM_LOG, 0, svyi_xf_math },
    { "log10", 1, 1, N, SVYI_XM_LOG10, 0, svyi_xf_math },
    { "sin", 1, 1, N, SVYI_XM_SIN, 0, svyi_xf_math },
    { "cos", 1, 1, N, SVYI_XM_COS, 0, svyi_xf_math },
    { "tan", 1, 1, N, SVYI_XM_TAN, 0, svyi_xf_math },
    { "asin", 1, 1, N, SVYI_XM_ASIN, 0, svyi_xf_math },
    { "acos", 1, 1, N, SVYI_XM_ACOS, 0, svyi_xf_math },
    { "atan", 1, 1, N, SVYI_XM_ATAN, 0, svyi_xf_math },
    { "atan2", 2, 2, N, SVYI_XM_ATAN2, 0, svyi_xf_math },
    { "pow", 2, 2, N, SVYI_XM_POW, 0, svyi_xf_math },
    { "pi", 0, 0, N, 0, 0, svyi_xf_pi },
    { "random", 0, 0, N, 0, DRAWS | OUTSIDE, svyi_xf_random },
    { "sum", 1, 1, N, 0, SETS, svyi_xf_sum },
    { "max", 1, MANY, N, 0, SETS, svyi_xf_max },
    { "min", 1, MANY, N, 0, SETS, svyi_xf_min },
    { "count", 1, 1, N, 0, TAKES_NODES | NO_VALUE | SETS, svyi_xf_count },
    { "count-non-empty", 1, 1, N, 0, TAKES_NODES | SETS, svyi_xf_count_non_empty },
    { "position", 0, 1, N, 0, CONTEXT | POSITION | TAKES_NODES | NO_VALUE, svyi_xf_position },
    { "last", 0, 0, N, 0, CONTEXT | POSITION | NO_VALUE, svyi_xf_last },
    { "name", 0, 1, T, 0, CONTEXT | TAKES_NODES | NO_VALUE, svyi_xf_name },
    { "local-name", 0, 1, T, 0, CONTEXT | TAKES_NODES | NO_VALUE, svyi_xf_local_name },
    { "namespace-uri", 0, 1, T, 0, CONTEXT | TAKES_NODES | NO_VALUE, svyi_xf_namespace_uri },
    { "instance", 1, 1, NODES, 0, 0, NULL },
    { "current", 0, 0, NODES, 0, 0, NULL },
    { "randomize", 1, 2, NODES, 0, TAKES_NODES | DRAWS | SETS, svyi_xf_randomize },
    { "indexed-repeat", 3, 15, NODES, 0, REWRITTEN, NULL },
    { "pulldata", 4, 4, T, 0, 0, NULL },
    { "selected", 2, 2, B, 0, 0, svyi_xf_selected },
    { "is-selected", 2, 2, B, 0, 0, svyi_xf_selected },
    { "selected-at", 2, 2, T, 0, 0, svyi_xf_selected_at },
    { "count-selected", 1, 1, N, 0, 0, svyi_xf_count_selected },
    { "jr:choice-name", 2, 2, T, 0, LABELS | OUTSIDE, svyi_xf_choice_name },
    { "jr:itext", 1, 1, T, 0, LABELS | OUTSIDE, svyi_xf_itext },
    { "property", 1, 1, T, 0, OUTSIDE, svyi_xf_property },
    { "version", 0, 0, T, 0, OUTSIDE, svyi_xf_version },
    { "depend", 1, MANY, B, 0, SETS, svyi_xf_depend },
    { "today", 0, 0, T, 0, CLOCK, svyi_xf_today },
    { "now", 0, 0, T, 0, CLOCK, svyi_xf_now },
    { "date", 1, 1, T, 0, 0, svyi_xf_date },
    { "date-time", 1, 1, T, 1, 0, svyi_xf_date },
    { "decimal-date-time", 1, 1, N, 0, 0, svyi_xf_decimal_date_time },
    { "decimal-time", 1, 1, N, 0, 0, svyi_xf_decimal_time },
    { "format-date", 2, 2, T, 0, 0, svyi_xf_format_date },
    { "format-date-time", 2, 2, T, 1, 0, svyi_xf_format_date },
    { "uuid", 0, 1, T, 0, DRAWS | OUTSIDE, svyi_xf_uuid },
    { "digest", 2, 3, T, 0, 0, svyi_xf_digest },
    { "base64-decode", 1, 1, T, 0, 0, svyi_xf_base64_decode },
    { "area", 1, 1, N, 0, SETS, svyi_xf_area },
    { "distance", 1, MANY, N, 0, SETS, svyi_xf_distance },
    { "geofence", 2, 2, B, 0, 0, svyi_xf_geofence },
    { "intersects", 1, 1, B, 0, SETS, svyi_xf_intersects },
    { "id", 1, 1, NODES, 0, 0, NULL },
    { "lang", 1, 1, B, 0, CONTEXT | NO_VALUE, svyi_xf_lang },
};
enum { COUNT = sizeof FUNCTIONS / sizeof *FUNCTIONS };

/* An index by a hash of the name would be read-only only if it were generated; some eighty names are soon looked through. */
const svyi_xfunction *svyi_xfunction_find(const char *name, size_t len)
{
    static const struct { const char *name, *is; } OTHERS[] = { { "choice-name", "jr:choice-name" }, { "itext", "jr:itext" } };
    if (len > 0)
        for (unsigned i = 0; i < COUNT; i++)
            if (FUNCTIONS[i].name[0] == name[0] && svyi_same(name, len, FUNCTIONS[i].name))
                return &FUNCTIONS[i];
    for (unsigned i = 0; i < 2; i++)                   /* the prefix is left out at times */
        if (svyi_same(name, len, OTHERS[i].name))
            return svyi_xfunction_find(OTHERS[i].is, strlen(OTHERS[i].is));
    return NULL;
}

const svyi_xfunction *svyi_xfunction_get(unsigned id)
{
    return id < COUNT ? &FUNCTIONS[id] : NULL;
}

unsigned svyi_xfunction_id(const svyi_xfunction *fn)
{
    return (unsigned)(fn - FUNCTIONS);
}

static const char *own_advice(const char *name, size_t len)
{
    static const struct { const char *name, *advice; } KNOWN[] = {
        { "extract-signed", "signed texts cannot be read here: take the value from a list or a question" },
        { "if-then-else", "write if(condition, value, other value)" },
        { "length", "write string-length(text)" },
        { "thousands-sep", "show the number without separators" },
        { "current-date", "write today()" },
        { "current-dateTime", "write now()" },
        { "mean", "write sum(...) div count(...)" },
        { "avg", "write sum(...) div count(...)" },
        { "search", "search() belongs into the appearance of a question" },
        { "upper-case", "write translate(text, 'abc...', 'ABC...')" },
        { "lower-case", "write translate(text, 'ABC...', 'abc...')" },
    };
    for (size_t i = 0; i < sizeof KNOWN / sizeof *KNOWN; i++)
        if (svyi_same(name, len, KNOWN[i].name))
            return KNOWN[i].advice;
    return NULL;
}

const char *svyi_xfunction_advice(const char *name, size_t len)
{
    const char *advice = own_advice(name, len);
    if (advice != NULL)
        return advice;
    if (len > 0 && memchr(name, ':', len) != NULL)
        return "functions that one client alone has cannot be used: write it with the functions of the ODK XForms specification";
    return "look for the name in the list of functions of the ODK XForms specification";
}
