/* Answer types, missing codes and the canonical text of values. */
#include <criterion/criterion.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include <survey/codebook.h>

/* What each type reads: text, number (NAN: not looked at), canonical text. */
static const struct { svy_type type; const char *text; double number; const char *canonical; } GOOD[] = {
    { SVY_T_SINGLE, "1", 1, "1" },
    { SVY_T_SINGLE, " 07 ", 7, "07" },
    { SVY_T_SINGLE, "BG", 0, "BG" },
    { SVY_T_SINGLE, "1e999", 0, "1e999" },
    { SVY_T_MULTIPLE, "1 3 9", 0, "1 3 9" },
    { SVY_T_MULTIPLE, "", 0, "" },
    { SVY_T_RANKING, "c a b", 0, "c a b" },
    { SVY_T_INTEGER, "40", 40, "40" },
    { SVY_T_INTEGER, "\t-3\n", -3, "-3" },
    { SVY_T_INTEGER, "-0", 0, "0" },
    { SVY_T_INTEGER, "9007199254740991", 9007199254740991.0, "9007199254740991" },
    { SVY_T_DECIMAL, "620.20", 620.2, "620.2" },
    { SVY_T_DECIMAL, "0.1", 0.1, "0.1" },
    { SVY_T_TEXT, "  two  blanks ", 0, "  two  blanks " },
    { SVY_T_TEXT, "\xd0\x91\xd1\x8a\xd0\xbb", 0, "\xd0\x91\xd1\x8a\xd0\xbb" },
    { SVY_T_TEXT, "", 0, "" },
    { SVY_T_DATE, "1970-01-01", 0, "1970-01-01" },
    { SVY_T_DATE, "2026-11-22", 20779, "2026-11-22" },   /* day number as GNU date -d 2026-11-22 +%s / 86400 */
    { SVY_T_DATE, "2024-02-29", 19782, "2024-02-29" },
    { SVY_T_MONTH, "2026-03", 2026 * 12 + 2, "2026-03" },
    { SVY_T_MONTH, "2026", 2026 * 12 + 0.5, "2026" },
    { SVY_T_YEAR, "1987", 1987, "1987" },
    { SVY_T_TIME, "08:30", 30600, "08:30:00" },
    { SVY_T_TIME, "08:30:15", 30615, "08:30:15" },
    { SVY_T_DATETIME, "1970-01-02T00:00", 86400, NULL },
    { SVY_T_BOOLEAN, "true", 1, "true" },
    { SVY_T_BOOLEAN, "false", 0, "false" },
    { SVY_T_GEOPOINT, "42.69 23.32", 0, "42.69 23.32" },
    { SVY_T_GEOPOINT, "-90 180 595 4.5", 0, "-90 180 595 4.5" },
    { SVY_T_PHOTO, " a.jpg ", 0, "a.jpg" },
    { SVY_T_KEY, "AB12", 0, "AB12" },
    { SVY_T_GEOTRACE, "1.0 2.0 0.0 0.0;3.0 4.0 0.0 0.0", 0, "1.0 2.0 0.0 0.0;3.0 4.0 0.0 0.0" },
    { SVY_T_ACKNOWLEDGE, "OK", 0, "OK" },
};

Test(codebook, texts_that_are_answers)
{
    for (size_t i = 0; i < sizeof GOOD / sizeof GOOD[0]; i++) {
        svy_error err = SVY_ERROR_INIT;
        svy_value v, again;
        char out[64], twice[64];
        svy_status st = svy_value_parse(GOOD[i].type, GOOD[i].text, strlen(GOOD[i].text), &v, &err);
        cr_assert_eq(st, SVY_OK, "%s: %s", GOOD[i].text, err.message);
        cr_expect_eq(v.kind, svy_type_kind(GOOD[i].type));
        cr_expect_eq(v.missing, SVY_PRESENT);
        cr_expect_eq(v.number, GOOD[i].number, "%s: %.17g", GOOD[i].text, v.number);
        cr_expect_not(signbit(v.number) && v.number == 0, "%s: negative zero", GOOD[i].text);
        size_t len = svy_value_format(&v, out, sizeof out);
        cr_expect_eq(len, strlen(out));
        if (GOOD[i].canonical != NULL)
            cr_expect_str_eq(out, GOOD[i].canonical);
        cr_assert_eq(svy_value_parse(GOOD[i].type, out, len, &again, &err), SVY_OK, "%s", out);
        cr_expect_eq(again.number, v.number, "%s reads back as %.17g", out, again.number);
        svy_value_format(&again, twice, sizeof twice);
        cr_expect_str_eq(out, twice);
    }
}

static const struct { svy_type type; const char *text; const char *says; } BAD[] = {
    { SVY_T_SINGLE, "1 2", "one code" },       { SVY_T_SINGLE, "", "found nothing" },
    { SVY_T_SINGLE, "\xff", "not UTF-8" },     { SVY_T_MULTIPLE, "1  2", "single blanks" },
    { SVY_T_MULTIPLE, "1\t2", "single" },      { SVY_T_INTEGER, "1.5", "found '1.5'" },
    { SVY_T_INTEGER, "9007199254740993", "whole number" },  { SVY_T_INTEGER, "-9007199254740992", "whole number" },
    { SVY_T_INTEGER, "4O", "whole number" },   { SVY_T_INTEGER, "1e300", "whole number" },
    { SVY_T_INTEGER, "", "whole number" },     { SVY_T_DECIMAL, "1,5", "point" },
    { SVY_T_DECIMAL, "inf", "a number" },      { SVY_T_DECIMAL, "1e999", "a number" },
    { SVY_T_TEXT, "a\xc3", "UTF-8" },          { SVY_T_DATE, "2026-02-30", "2026-03-31" },
    { SVY_T_DATE, "22.11.2026", "a date" },    { SVY_T_MONTH, "2026-13", "a month" },
    { SVY_T_YEAR, "0", "a year" },             { SVY_T_YEAR, "1987.5", "a year" },
    { SVY_T_TIME, "25:00", "a time" },         { SVY_T_DATETIME, "2026-01-01", "date and time" },
    { SVY_T_BOOLEAN, "yes", "true or false" }, { SVY_T_BOOLEAN, "TRUE", "true or false" },
    { SVY_T_GEOPOINT, "91 0", "latitude" },    { SVY_T_GEOPOINT, "42.69", "latitude" },
    { SVY_T_GEOPOINT, "1 2 3 4 5", "latitude" }, { SVY_T_GEOPOINT, "1  2", "latitude" },
};

Test(codebook, texts_that_are_not)
{
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
        svy_error err = SVY_ERROR_INIT;
        svy_value v = { .number = 7 };
        svy_status st = svy_value_parse(BAD[i].type, BAD[i].text, strlen(BAD[i].text), &v, &err);
        cr_expect_eq(st, SVY_E_VALUE, "'%s' as %s", BAD[i].text, svy_type_name(BAD[i].type));
        cr_expect(strstr(err.message, BAD[i].says) != NULL, "'%s': %s", BAD[i].text, err.message);
        cr_expect(v.missing != SVY_PRESENT && v.number == 0 && v.len == 0);
    }
}

Test(codebook, a_long_or_broken_text_makes_a_short_message)
{
    svy_error err = SVY_ERROR_INIT;
    svy_value v;
    char text[500];
    memset(text, 'x', sizeof text);
    text[20] = '\n';
    cr_assert_eq(svy_value_parse(SVY_T_DATE, text, sizeof text, &v, &err), SVY_E_VALUE);
    cr_expect(strchr(err.message, '\n') == NULL && strlen(err.message) < 120, "%s", err.message);
    cr_expect_eq(svy_value_parse(SVY_T_NONE, "1", 1, &v, &err), SVY_E_ARG);
}

Test(codebook, names_are_found_again)
{
    for (int t = SVY_T_SINGLE; t <= SVY_T_ACKNOWLEDGE; t++) {
        const char *name = svy_type_name((svy_type)t);
        cr_expect_eq((int)svy_type_find(name, strlen(name)), t, "%s", name);
        cr_expect_neq(svy_type_kind((svy_type)t), SVY_K_NONE, "%s", name);
    }
    cr_expect_str_eq(svy_type_name((svy_type)99), "");
    cr_expect_eq(svy_type_kind((svy_type)99), SVY_K_NONE);
    cr_expect_eq(svy_type_find("", 0), SVY_T_NONE);
    cr_expect_eq(svy_type_find("singl", 5), SVY_T_NONE);
    for (int m = SVY_NOT_REACHED; m <= SVY_NOT_STATED; m++) {
        svy_missing found;
        const char *name = svy_missing_name((svy_missing)m);
        cr_expect(svy_missing_find(name, strlen(name), &found) == 1 && (int)found == m, "%s", name);
    }
    svy_missing none = SVY_REFUSED;
    cr_expect(svy_missing_find("", 0, &none) == 0 && none == SVY_PRESENT);
    cr_expect_str_eq(svy_missing_name((svy_missing)77), "");
}

Test(codebook, format_respects_the_buffer)
{
    svy_value v = { .kind = SVY_K_TEXT, .text = "abcdef", .len = 6 };
    char out[8] = "zzzzzzz";
    cr_expect_eq(svy_value_format(&v, out, 4), 6);
    cr_expect_str_eq(out, "abc");
    cr_expect_eq(out[4], 'z');
    cr_expect_eq(svy_value_format(&v, NULL, 0), 6);
    v = svy_value_missing(SVY_K_NUMBER, SVY_REFUSED);
    cr_expect_eq(svy_value_format(&v, out, sizeof out), 0);
    cr_expect_str_eq(out, "");
    cr_expect(v.number == 0 && v.text[0] == '\0' && v.missing == SVY_REFUSED);
}

Test(value, a_decimal_comma_becomes_a_point_and_what_could_be_thousands_does_not)
{
    static const struct { const char *typed, *read; } CASES[] = {
        { "4,2", "4.2" }, { "-4,25", "-4.25" }, { "+0,125", "+0.125" }, { ",5", ".5" }, { "12,3456", "12.3456" }, { "0,1", "0.1" }, { "1,234", "1,234" }, { "12,345", "12,345" },
        { "-1,234", "-1,234" }, { "1,2,3", "1,2,3" }, { "1,234.5", "1,234.5" }, { "4,", "4," }, { ",", "," }, { "a,b", "a,b" }, { "4,2 m", "4,2 m" }, { "", "" }, { "7", "7" }, { ",125", ".125" },
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        char text[16];
        snprintf(text, sizeof text, "%s", CASES[i].typed);
        svy_decimal_point(text);
        cr_expect_str_eq(text, CASES[i].read, "%s", CASES[i].typed);
    }
}
