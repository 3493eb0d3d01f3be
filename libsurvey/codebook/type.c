/* The names of answer types and of the reasons for a missing answer. */
#include <survey/codebook.h>

#include <string.h>

static const struct { const char *name; svy_kind kind; } TYPES[] = {
    [SVY_T_NONE] = { "", SVY_K_NONE },
    [SVY_T_SINGLE] = { "single", SVY_K_CODE },
    [SVY_T_MULTIPLE] = { "multiple", SVY_K_CODES },
    [SVY_T_RANKING] = { "ranking", SVY_K_CODES },
    [SVY_T_INTEGER] = { "integer", SVY_K_NUMBER },
    [SVY_T_DECIMAL] = { "decimal", SVY_K_NUMBER },
    [SVY_T_TEXT] = { "text", SVY_K_TEXT },
    [SVY_T_DATE] = { "date", SVY_K_DATE },
    [SVY_T_MONTH] = { "month", SVY_K_MONTH },
    [SVY_T_YEAR] = { "year", SVY_K_NUMBER },
    [SVY_T_TIME] = { "time", SVY_K_TIME },
    [SVY_T_DATETIME] = { "datetime", SVY_K_DATETIME },
    [SVY_T_BOOLEAN] = { "boolean", SVY_K_BOOLEAN },
    [SVY_T_GEOPOINT] = { "geopoint", SVY_K_PLACE },
    [SVY_T_PHOTO] = { "photo", SVY_K_TEXT },
    [SVY_T_AUDIO] = { "audio", SVY_K_TEXT },
    [SVY_T_FILE] = { "file", SVY_K_TEXT },
    [SVY_T_BARCODE] = { "barcode", SVY_K_TEXT },
    [SVY_T_SIGNATURE] = { "signature", SVY_K_TEXT },
    [SVY_T_KEY] = { "key", SVY_K_TEXT },
    [SVY_T_GEOTRACE] = { "geotrace", SVY_K_TEXT },
    [SVY_T_GEOSHAPE] = { "geoshape", SVY_K_TEXT },
    [SVY_T_VIDEO] = { "video", SVY_K_TEXT },
    [SVY_T_ACKNOWLEDGE] = { "acknowledge", SVY_K_TEXT },
};

static const char *const MISSING[] = { "", "not-reached", "not-asked", "dont-know", "refused", "not-stated" };

enum { N_TYPES = sizeof TYPES / sizeof TYPES[0], N_MISSING = sizeof MISSING / sizeof MISSING[0] };

static int same(const char *name, const char *text, size_t len)
{
    return strlen(name) == len && (len == 0 || memcmp(name, text, len) == 0);
}

const char *svy_type_name(svy_type type)
{
    return (unsigned)type < N_TYPES ? TYPES[type].name : "";
}

svy_type svy_type_find(const char *name, size_t len)
{
    for (int i = 1; i < N_TYPES; i++)
        if (same(TYPES[i].name, name, len))
            return (svy_type)i;
    return SVY_T_NONE;
}

svy_kind svy_type_kind(svy_type type)
{
    return (unsigned)type < N_TYPES ? TYPES[type].kind : SVY_K_NONE;
}

const char *svy_missing_name(svy_missing missing)
{
    return (unsigned)missing < N_MISSING ? MISSING[missing] : "";
}

int svy_missing_find(const char *name, size_t len, svy_missing *missing)
{
    *missing = SVY_PRESENT;
    for (int i = 1; i < N_MISSING; i++)
        if (same(MISSING[i], name, len)) {
            *missing = (svy_missing)i;
            return 1;
        }
    return 0;
}
