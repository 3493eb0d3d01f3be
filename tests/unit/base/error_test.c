/* Errors and problem reports: texts, positions, cut messages, older callers. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"

Test(error, every_status_has_its_own_text)
{
    for (int i = SVY_OK; i <= SVY_E_INVALID; i++)
        for (int j = SVY_OK; j < i; j++)
            cr_expect_str_neq(svy_status_text((svy_status)i), svy_status_text((svy_status)j));
    cr_expect_str_eq(svy_status_text(SVY_E_SYNTAX), "syntax error");
    cr_expect_str_eq(svy_status_text((svy_status)(SVY_E_INVALID + 1)), "unknown status");
    for (int i = SVY_OK; i <= SVY_E_INVALID; i++)
        cr_expect_str_neq(svy_status_text((svy_status)i), "unknown status");
}

Test(error, fail_fills_everything)
{
    svy_error err = { sizeof err, SVY_E_IO, 5, 6, 7, "old", "old" };

    cr_expect_eq(svyi_fail(&err, SVY_E_VALUE, "found %d, expected %s", 3, "four"), SVY_E_VALUE);
    cr_expect_eq(err.code, SVY_E_VALUE);
    cr_expect(err.line == 0 && err.column == 0 && err.length == 0);
    cr_expect_str_eq(err.source, "");
    cr_expect_str_eq(err.message, "found 3, expected four");

    cr_expect_eq(svyi_fail_at(&err, SVY_E_SYNTAX, "file.xml", 3, 9, 0, "unexpected '%c'", '+'), SVY_E_SYNTAX);
    cr_expect(err.line == 3 && err.column == 9 && err.length == 1, "something is underlined");
    cr_expect_str_eq(err.source, "file.xml");
    cr_expect_str_eq(err.message, "unexpected '+'");

    svyi_fail_at(&err, SVY_E_SYNTAX, NULL, 0, 0, 0, "x");
    cr_expect_str_eq(err.source, "");
    cr_expect_eq(err.length, 0);
    cr_expect_eq(svyi_nomem(&err), SVY_E_NOMEM);
    cr_expect_eq(err.code, SVY_E_NOMEM);
    cr_expect_str_neq(err.message, "");
}

Test(error, no_place_or_too_small_a_place)
{
    svy_error err = { sizeof err - 1, SVY_OK, 0, 0, 0, "", "" };

    cr_expect_eq(svyi_fail(NULL, SVY_E_LIMIT, "x"), SVY_E_LIMIT);
    cr_expect_eq(svyi_fail(&err, SVY_E_LIMIT, "x"), SVY_E_LIMIT);
    cr_expect_eq(err.code, SVY_OK, "a smaller struct is not written to");
}

Test(error, long_messages_are_cut_between_characters)
{
    for (size_t shift = 0; shift < 4; shift++) {
        char text[1200];
        svy_error err = SVY_ERROR_INIT;
        memset(text, 'x', shift);
        for (size_t i = shift; i < sizeof text; i += 4)
            memcpy(text + i, "\xF0\x9F\x98\x80", sizeof text - i < 4 ? sizeof text - i : 4);
        text[sizeof text - 1] = '\0';
        svyi_fail_at(&err, SVY_E_NAME, text, 1, 1, 1, "%s", text);
        cr_expect(svyi_utf8_valid(err.message, strlen(err.message)), "shift %zu", shift);
        cr_expect_geq(strlen(err.message), sizeof err.message - 4);
        cr_expect(svyi_utf8_valid(err.source, strlen(err.source)), "shift %zu", shift);
        cr_expect_geq(strlen(err.source), sizeof err.source - 4);
    }
}

static svy_status needs(const void *p, svy_error *err)
{
    SVY_REQUIRE(p != NULL, err);
    return SVY_OK;
}

Test(error, require_names_function_and_condition)
{
    svy_error err = SVY_ERROR_INIT;

    cr_expect_eq(needs(&err, &err), SVY_OK);
    cr_expect_eq(needs(NULL, &err), SVY_E_ARG);
    cr_expect_str_eq(err.message, "needs: requires p != NULL");
}

static void keep(void *user, const svy_diag *d)
{
    char (*out)[256] = user;
    snprintf(*out, sizeof *out, "%d|%d|%s|%d|%d|%s|%s|%s", (int)d->severity, (int)d->code, d->source, d->line, d->column,
             d->element, d->found, d->advice);
}

Test(error, reports_are_counted_and_passed_on)
{
    char last[256] = "";
    svy_diags diags = { .report = keep, .user = &last };
    const svyi_where where = { .source = "a.xml", .line = 4, .column = 2, .element = "age" };

    svyi_report(&diags, SVY_PROBLEM, SVY_E_NAME, &where, "define it", "unknown name '%s'", "wage");
    cr_expect_str_eq(last, "2|5|a.xml|4|2|age|unknown name 'wage'|define it");
    svyi_report(&diags, SVY_WARNING, SVY_E_VALUE, NULL, NULL, "odd");
    cr_expect_str_eq(last, "1|7||0|0||odd|");
    svyi_report(&diags, SVY_NOTE, SVY_OK, &(svyi_where){ NULL, 1, 0, NULL }, NULL, "seen");
    cr_expect_str_eq(last, "0|0||1|0||seen|");
    cr_expect_eq(diags.problems, 1);
    cr_expect_eq(diags.warnings, 1);
    diags.report = NULL;
    svyi_report(&diags, SVY_PROBLEM, SVY_E_NAME, &where, NULL, "counted only");
    cr_expect_eq(diags.problems, 2);
    svyi_report(NULL, SVY_PROBLEM, SVY_E_NAME, &where, NULL, "nobody listens");
}
