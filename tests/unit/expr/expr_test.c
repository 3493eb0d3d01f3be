/* Expressions: syntax, types, missing answers, rosters, uses. */
#include <criterion/criterion.h>

#include <math.h>

#include "answers.h"

static test_interview T;

static void setup(const char *lines)
{
    test_init(&T);
    const char *bad = test_lines(&T, lines, lines + strlen(lines));
    cr_assert(bad == NULL, "cannot read: %s", bad);
}

static const char BASIC[] =
    "hours: integer = 40\n"
    "pay: decimal = 12.5\n"
    "worked: single(1=Yes, 2=No) = 1\n"
    "citizen: single(BG=Bulgaria, TR=Turkey) = BG\n"
    "langs: multiple(bg, ar, en) = bg en\n"
    "name: text = Ana\n"
    "born: date = 2000-02-29\n"
    "came: month = 2020-05\n"
    "since: month = 2020\n"
    "start: time = 08:30\n"
    "stamp: datetime = 2026-01-02T03:04\n"
    "flag: boolean = true\n"
    "spot: geopoint = 42.7 23.3\n"
    "nothing: integer = refused\n"
    "blank: integer\n"
    "self: hours\n"
    "now: 2026-11-22T10:30\n";

/* One row per behaviour: text, result. */
static void check_rows(const char *const (*rows)[2], size_t count)
{
    for (size_t i = 0; i < count; i++) {
        test_outcome o;
        test_eval(&T, rows[i][0], strlen(rows[i][0]), SVY_K_NONE, &o);
        cr_expect(test_is(&o, rows[i][1], strlen(rows[i][1])), "%s: expected %s, found status %d '%s' (%s), missing %d, %.17g",
                  rows[i][0], rows[i][1], (int)o.status, o.text, o.err.message, o.value.missing, o.value.number);
    }
}
#define CHECK(rows) check_rows(rows, sizeof rows / sizeof rows[0])

/* ---- Errors and where they are ---- */

static const struct { const char *text; svy_status status; int column; const char *says; } ERRORS[] = {
    { "", SVY_E_SYNTAX, 1, "ends where a value" },
    { "  ", SVY_E_SYNTAX, 3, "ends where a value" },
    { "1 +", SVY_E_SYNTAX, 4, "ends where a value" },
    { "1 2", SVY_E_SYNTAX, 3, "found '2', an operator or the end" },
    { "(1", SVY_E_SYNTAX, 3, "')'" },
    { "1)", SVY_E_SYNTAX, 2, "found ')'" },
    { "${hours", SVY_E_SYNTAX, 1, "ends the name" },
    { "${}", SVY_E_SYNTAX, 1, "no name" },
    { "1 + 'a", SVY_E_SYNTAX, 5, "ends the text" },
    { "\"a", SVY_E_SYNTAX, 1, "double quote" },
    { "hours > 1", SVY_E_SYNTAX, 1, "bare word 'hours'" },
    { "${hours} == 1", SVY_E_SYNTAX, 10, "written = here" },
    { "true() && true()", SVY_E_SYNTAX, 8, "written and here" },
    { "true() || true()", SVY_E_SYNTAX, 8, "written or here" },
    { "${hours} <> 1", SVY_E_SYNTAX, 10, "written != here" },
    { "!true()", SVY_E_SYNTAX, 1, "written not(...) here" },
    { "${hours} / 2", SVY_E_SYNTAX, 10, "written div here" },
    { "${hours} % 2", SVY_E_SYNTAX, 10, "written mod here" },
    { "${hours} = \xe2\x80\x9cyes\xe2\x80\x9d", SVY_E_SYNTAX, 12, "straight quotes" },
    { "'\xd0\xb6' == 1", SVY_E_SYNTAX, 5, "written = here" },     /* columns are characters */
    { "#", SVY_E_SYNTAX, 1, "'#', which means nothing" },
    { "12x", SVY_E_SYNTAX, 1, "'12x', which is not a number" },
    { "1e999", SVY_E_SYNTAX, 1, "not a number" },
    { "round(1,)", SVY_E_SYNTAX, 9, "another argument" },
    { "round(1 2)", SVY_E_SYNTAX, 9, "a comma or ')'" },
    { "${hours}[1", SVY_E_SYNTAX, 11, "']'" },
    { "\x01", SVY_E_SYNTAX, 1, "0x01" },
    { "'\xff'", SVY_E_SYNTAX, 1, "UTF-8" },
    { "${hourz} = 1", SVY_E_NAME, 1, "unknown name 'hourz'" },
    { "1 = ${a b}", SVY_E_NAME, 5, "unknown name 'a b'" },
    { "frobnicate(1)", SVY_E_NAME, 1, "unknown function 'frobnicate'" },
    { "no-such(1)", SVY_E_NAME, 1, "unknown function 'no-such'" },
    { "choice-code()", SVY_E_NAME, 1, "where choices are filtered" },
    { "position()", SVY_E_NAME, 1, "inside a roster" },
    { "position(1)", SVY_E_TYPE, 1, "0 arguments" },
    { "lookup('x', 'label', '1')", SVY_E_NAME, 8, "unknown code list 'x'" },
    { "${hours} = 'yes'", SVY_E_TYPE, 12, "a number cannot be compared with a text" },
    { "${hours} + 'yes'", SVY_E_TYPE, 12, "found the text 'yes', a number was expected" },
    { "${hours} and true()", SVY_E_TYPE, 1, "found a number, a condition" },
    { "not(1)", SVY_E_TYPE, 5, "a condition" },
    { "true() = 1", SVY_E_TYPE, 10, "true or false cannot be compared with a number" },
    { "true() < false()", SVY_E_TYPE, 10, "have no order" },
    { "${name} < 'b'", SVY_E_TYPE, 11, "number()" },
    { "${worked} = '9'", SVY_E_TYPE, 13, "'9' is not a code of this list" },
    { "${worked} = 9", SVY_E_TYPE, 13, "'9' is not a code of this list" },
    { "'3' != ${worked}", SVY_E_TYPE, 1, "'3' is not a code" },
    { "selected(${langs}, 'xx')", SVY_E_TYPE, 20, "'xx' is not a code" },
    { "in(${worked}, 1, 7)", SVY_E_TYPE, 18, "'7' is not a code" },
    { "${worked} = ''", SVY_E_TYPE, 13, "answered()" },
    { "${hours} = ''", SVY_E_TYPE, 12, "answered()" },
    { "${citizen} = 1", SVY_E_TYPE, 14, "is not a code" },
    { "${citizen} < 'TR'", SVY_E_TYPE, 14, "number()" },
    { "${citizen} + 1", SVY_E_TYPE, 1, "need not be a number" },
    { "${langs} = 'bg'", SVY_E_TYPE, 12, "selected()" },
    { "${born} > 'soon'", SVY_E_TYPE, 11, "a date such as" },
    { "${born} > '2026-02-30'", SVY_E_TYPE, 11, "a date such as" },
    { "${came} > 'x'", SVY_E_TYPE, 11, "a month such as" },
    { "${start} > 'x'", SVY_E_TYPE, 12, "a time such as" },
    { "${stamp} > 'x'", SVY_E_TYPE, 12, "a date and time" },
    { "${born} = 1", SVY_E_TYPE, 11, "a date cannot be compared with a number" },
    { "${born} = ${start}", SVY_E_TYPE, 11, "a date cannot be compared with a time" },
    { "${born} * 2", SVY_E_TYPE, 1, "found a date, a number" },
    { "${born} + ${born}", SVY_E_TYPE, 11, "found a date, a number" },
    { "1 - ${born}", SVY_E_TYPE, 5, "found a date, a number" },
    { "if(1, 2, 3)", SVY_E_TYPE, 4, "a condition" },
    { "if(true(), 1, 'a')", SVY_E_TYPE, 15, "if() gives a number or a text" },
    { "coalesce(${born}, 1)", SVY_E_TYPE, 19, "coalesce() gives a date or a number" },
    { "round()", SVY_E_TYPE, 1, "at least 1 argument, found 0" },
    { "round(1, 2, 3)", SVY_E_TYPE, 1, "at most 2" },
    { "not()", SVY_E_TYPE, 1, "1 argument, found 0" },
    { "date(2026, 1)", SVY_E_TYPE, 1, "three: year, month, day" },
    { "string-length(5)", SVY_E_TYPE, 15, "string() makes one" },
    { "regex('a', '(')", SVY_E_VALUE, 14, "')' is missing" },
    { "regex(${name}, 'a{3')", SVY_E_VALUE, 20, "'}' is missing" },
    { "regex(${name}, '*a')", SVY_E_VALUE, 17, "nothing to repeat" },
    { "date-diff(${born}, today(), 'moons')", SVY_E_VALUE, 29, "'days', 'weeks', 'months' or 'years'" },
    { "date-diff(${born}, today(), ${name})", SVY_E_TYPE, 29, "a text in quotes" },
    { "format-date(today(), '%Q')", SVY_E_VALUE, 22, "after %" },
    { "sum('a')", SVY_E_TYPE, 5, "a number was expected" },
    { "count(${hours})", SVY_E_TYPE, 7, "a roster" },
    { "${hours}[1]", SVY_E_TYPE, 1, "has one answer" },
    { "choice-label(${name})", SVY_E_TYPE, 14, "code list" },
    { "indexed-repeat(${hours}, ${hours}, 1)", SVY_E_TYPE, 26, "name of a roster" },
    { "weighted-checklist(0, 1, true(), 1, true())", SVY_E_TYPE, 37, "no weight" },
};

Test(expr, errors)
{
    setup(BASIC);
    for (size_t i = 0; i < sizeof ERRORS / sizeof ERRORS[0]; i++) {
        test_outcome o;
        test_eval(&T, ERRORS[i].text, strlen(ERRORS[i].text), SVY_K_NONE, &o);
        cr_expect_eq(o.status, ERRORS[i].status, "%s: status %d (%s)", ERRORS[i].text, (int)o.status, o.err.message);
        cr_expect_eq(o.err.code, o.status);
        cr_expect_eq(o.err.column, ERRORS[i].column, "%s: column %d (%s)", ERRORS[i].text, o.err.column, o.err.message);
        cr_expect_eq(o.err.line, 1);
        cr_expect(o.err.length >= 1, "%s", ERRORS[i].text);
        cr_expect(strstr(o.err.message, ERRORS[i].says) != NULL, "%s: %s", ERRORS[i].text, o.err.message);
        cr_expect_str_eq(o.err.source, "test");
    }
}

Test(expr, positions_follow_the_place)
{
    setup(BASIC);
    T.place.line = 7;
    T.place.column = 31;
    test_outcome o;
    test_eval(&T, "1 + x", 5, SVY_K_NONE, &o);
    cr_expect(o.err.line == 7 && o.err.column == 35, "%d:%d", o.err.line, o.err.column);
    test_eval(&T, "1 +\n\n  x", 8, SVY_K_NONE, &o);
    cr_expect(o.err.line == 9 && o.err.column == 3, "%d:%d", o.err.line, o.err.column);
    T.place.column = 0;
    test_eval(&T, "1 + x", 5, SVY_K_NONE, &o);
    cr_expect(o.err.line == 7 && o.err.column == 0, "%d:%d", o.err.line, o.err.column);
}

Test(expr, without_a_self_a_point_means_nothing)
{
    setup("a: integer = 1\n");
    static const char *const rows[][2] = {
        { ". > 1", "error: no answer here" },
        { "once(1)", "error: none here" },
    };
    CHECK(rows);
}

Test(expr, all_problems_are_reported)
{
    setup(BASIC);
    test_outcome o;
    unsigned problems;
    svy_diags diags = { .report = count_warning, .user = &o };
    svy_error err = SVY_ERROR_INIT;
    svy_expr *e;
    static const char text[] = "${a} = 1 and ${b} = 2 and ${hours} = 'x'";
    cr_expect_eq(svy_expr_compile(NULL, text, sizeof text - 1, &T.scope, &T.place, &diags, &e, &err), SVY_E_NAME);
    problems = diags.problems;
    cr_expect_eq(problems, 3);
    cr_expect_eq(err.column, 1);
    cr_expect_null(e);
}

/* ---- Results ---- */

Test(expr, operators)
{
    setup(BASIC);
    static const char *const rows[][2] = {
        { "1 + 2 * 3", "7" }, { "(1 + 2) * 3", "9" }, { "7 div 2", "3.5" }, { "-7 mod 3", "-1" }, { "3 mod -2", "1" },
        { "2 - 3 - 4", "-5" }, { "--3", "3" }, { "-${hours}", "-40" }, { "1 - -1", "2" }, { "- -(1)", "1" },
        { "1 = 1 and 2 > 1", "true" }, { "1 = 2 or 2 >= 2", "true" }, { "1 < 2 = true()", "true" }, { "not(1 != 1)", "true" },
        { "1 = 1 or 1 = 2 and 1 = 2", "true" }, { "1 <= 1", "true" }, { "2 < 1", "false" },
        { "0.1 + 0.2", "0.30000000000000004" }, { "1e3", "1000" }, { ".5", "0.5" }, { "5 mod 0", "missing not-stated" },
        { "1 div 0", "missing not-stated" }, { "0 div 0", "missing" }, { "1e308 * 10", "missing not-stated" },
        { "${hours} * ${pay}", "500" }, { ". + 1", "41" }, { "${ hours }", "40" },
        { "'it''s'", "'it's'" }, { "\"say \"\"hi\"\"\"", "'say \"hi\"'" }, { "''", "''" },
        { "${worked} = 1", "true" }, { "${worked} = '1'", "true" }, { "${worked} + 1", "2" }, { "${worked} < 2", "true" },
        { "${citizen} = 'BG'", "true" }, { "${citizen} != 'TR'", "true" }, { "${name} = 'Ana'", "true" },
        { "${worked} = ${worked}", "true" }, { "${flag}", "true" }, { "${flag} = false()", "false" },
        { "${born} = '2000-02-29'", "true" }, { "'2000-03-01' > ${born}", "true" }, { "${born} + 1", "'2000-03-01'" },
        { "1 + ${born}", "'2000-03-01'" }, { "${born} - 59", "'2000-01-01'" }, { "${born} - '2000-01-01'", "59" },
        { "date('2000-03-01') - ${born}", "1" }, { "${came} > '2020-04'", "true" }, { "${came} = '2020-05-31'", "true" },
        { "${since} = ${came}", "true" }, { "${since} < '2020-12'", "false" }, { "${since} <= '2020-01'", "true" },
        { "${came} < ${born}", "false" }, { "${start} < '09:00'", "true" }, { "${stamp} > '2026-01-02'", "true" },
        { "${stamp} = ${stamp}", "true" }, { "${stamp} + 1", "'2026-01-03T03:04:00'" }, { "0.5 + ${stamp}", "'2026-01-02T15:04:00'" },
        { "${stamp} - ${stamp}", "0" }, { "today() > ${born}", "true" }, { "now() - ${stamp} > 300", "true" },
        { "today()", "'2026-11-22'" }, { "now()", "'2026-11-22T10:30:00'" }, { "today() = now()", "true" },
        { "date('9999-12-31') + 1", "missing" },
    };
    CHECK(rows);
}

Test(expr, missing_answers)
{
    setup(BASIC);
    static const char *const rows[][2] = {
        { "${nothing} = 1", "false" }, { "${nothing} != 1", "false" }, { "${nothing} = ${nothing}", "false" },
        { "${nothing} < 1 or ${nothing} >= 1", "false" }, { "not(${nothing} = 1)", "true" },
        { "${nothing} + 1", "missing refused" }, { "1 + ${blank}", "missing not-reached" }, { "${nothing} + ${blank}", "missing refused" },
        { "${blank} + ${nothing}", "missing not-reached" }, { "-${nothing}", "missing refused" }, { "round(${nothing})", "missing refused" },
        { "concat('a', ${nothing}, 'b')", "'ab'" }, { "string(${nothing})", "missing refused" },
        { "if(${nothing} = 1, 'y', 'n')", "'n'" }, { "coalesce(${nothing}, ${blank}, 5)", "5" }, { "coalesce(${nothing}, ${blank})", "missing not-reached" },
        { "answered(${nothing})", "false" }, { "answered(${hours})", "true" }, { "refused(${nothing})", "true" }, { "dont-know(${nothing})", "false" },
        { "not-asked(${blank})", "true" }, { "not-stated(1 div 0)", "true" }, { "missing(${nothing})", "true" }, { "missing(${hours})", "false" },
        { "in(${nothing}, 1, 2)", "false" }, { "sum(${nothing}, 2, ${blank})", "2" }, { "min(${nothing}, 4, 3)", "3" }, { "max(${nothing}, ${blank})", "missing" },
        { "sum(${nothing})", "0" }, { "mean(2, ${nothing}, 4)", "3" }, { "mean(${nothing})", "missing" }, { "count-non-empty(${nothing}, 'a', '')", "1" },
        { "join('-', 'a', ${nothing}, 'b')", "'a-b'" }, { "count-selected(${langs})", "2" }, { "if(true(), ${nothing}, 1)", "missing refused" },
        { "if(${hours} > 100, 1, '')", "missing not-asked" }, { "substr(${name}, ${nothing})", "missing refused" },
    };
    CHECK(rows);
}

Test(expr, functions)
{
    setup(BASIC);
    static const char *const rows[][2] = {
        { "string-length('\xd0\xb6\xd0\xb0\xf0\x9d\x84\x9e')", "3" }, { "substr('hello', 1, 3)", "'el'" }, { "substr('hello', -3)", "'llo'" },
        { "substr('hello', 1, -1)", "'ell'" }, { "substr('hello', 3, 1)", "''" }, { "substr('hello', 9)", "''" }, { "substr('hello', -9, 2)", "'he'" },
        { "contains('abc', 'bc')", "true" }, { "contains('abc', '')", "true" }, { "contains('abc', 'abcd')", "false" }, { "contains('aab', 'ab')", "true" },
        { "starts-with('abc', 'ab')", "true" }, { "ends-with('abc', 'bc')", "true" }, { "ends-with('c', 'bc')", "false" },
        { "upper-case('\xd0\xb6" "a')", "'\xd0\x96""A'" }, { "lower-case('AB')", "'ab'" }, { "normalize-space('  a   b ')", "'a b'" }, { "trim('  a   b ')", "'a   b'" },
        { "trim('   ')", "''" }, { "string(1.50)", "'1.5'" }, { "string(true())", "'true'" }, { "string(${born})", "'2000-02-29'" },
        { "number(' 12.5 ')", "12.5" }, { "number('x')", "missing not-stated" }, { "number('')", "missing" }, { "number(true())", "1" },
        { "number(date('2026-11-22'))", "20779" }, { "int(-3.7)", "-3" }, { "int('8.9')", "8" },
        { "round(2.5)", "3" }, { "round(-2.5)", "-3" }, { "round(0.5)", "1" }, { "round(0.49)", "0" }, { "round(1.005, 2)", "1.01" }, { "round(12345, -2)", "12300" },
        { "round(99.95, 1)", "100" }, { "round(1e300, 2)", "1e300" }, { "round(5e-324, 3)", "0" }, { "round(-0.001, 2)", "0" }, { "round(1234.5678, 3)", "1234.568" },
        { "round(50, -2)", "100" }, { "round(49, -2)", "0" }, { "floor(-1.5)", "-2" }, { "ceiling(-1.5)", "-1" }, { "abs(-3)", "3" },
        { "pow(2, 10)", "1024" }, { "pow(-8, 0.5)", "missing" }, { "sqrt(16)", "4" }, { "sqrt(-1)", "missing not-stated" }, { "exp(0)", "1" }, { "exp(1000)", "missing" },
        { "ln(1)", "0" }, { "ln(0)", "missing" }, { "ln(-1)", "missing" }, { "log10(1000)", "3" }, { "log10(1)", "0" },
        { "min(3, 1, 2)", "1" }, { "max(-5, -2)", "-2" }, { "max(${born}, today())", "'2026-11-22'" }, { "sum(1, 2, 3)", "6" }, { "mean(1, 2)", "1.5" },
        { "selected(${langs}, 'bg')", "true" }, { "selected(${langs}, 'ar')", "false" }, { "selected(${worked}, 1)", "true" }, { "selected-at(${langs}, 1)", "'en'" },
        { "selected-at(${langs}, 5)", "missing" }, { "selected-at(${langs}, 0) = 'bg'", "true" }, { "in(${hours}, 38, 40)", "true" }, { "in(${citizen}, 'TR')", "false" },
        { "choice-label(${worked})", "'Yes'" }, { "choice-label(${worked}) = 'Ja'", "false" }, { "choice-label('TR', 'citizen')", "'Turkey'" }, { "lookup('citizen', 'label', 'TR')", "'Turkey'" },
        { "pulldata('citizen', 'label', 'code', ${citizen})", "'Bulgaria'" }, { "lookup('citizen', 'parent', 'TR')", "missing not-stated" },
        { "year(${born})", "2000" }, { "month(${came})", "5" }, { "month(${since})", "missing" }, { "year(${since})", "2020" }, { "day(${born})", "29" },
        { "hour(${start})", "8" }, { "minute(${start})", "30" }, { "hour(now())", "10" }, { "year('2026-03-31')", "2026" }, { "month('2026-03')", "3" },
        { "date('2026-11-22')", "'2026-11-22'" }, { "date(0)", "'1970-01-01'" }, { "date(2024, 2, 29)", "'2024-02-29'" }, { "date(2023, 2, 29)", "missing" },
        { "date('2026-02-30')", "missing" }, { "date(${stamp})", "'2026-01-02'" },
        { "date-diff(${born}, '2026-02-28', 'years')", "25" }, { "date-diff(${born}, '2026-03-01', 'years')", "26" }, { "date-diff('2026-01-31', '2026-02-28', 'months')", "0" },
        { "date-diff('2026-01-15', '2026-03-15', 'months')", "2" }, { "date-diff('2026-03-15', '2026-01-16', 'months')", "-1" }, { "date-diff('2026-01-01', '2026-01-15', 'weeks')", "2" },
        { "date-diff('2026-01-15', '2026-01-02', 'weeks')", "-1" }, { "date-diff('2026-01-01', '2026-02-01')", "31" }, { "date-diff(${since}, '2026-05-01', 'years')", "6" },
        { "date-diff(${since}, '2026-05-01', 'months')", "missing" }, { "date-diff(${came}, '2021-05', 'months')", "12" },
        { "format-date('2026-11-02', '%d.%m.%Y')", "'02.11.2026'" }, { "format-date('2026-11-22', '%b %e %a %y')", "'Nov 22 Sun 26'" },
        { "format-date(now(), '%H:%M:%S')", "'10:30:00'" }, { "format-date('1969-12-31', '%a %n %h')", "'Wed 12 0'" },
        { "regex('abc', 'b')", "false" }, { "regex('abc', '.b.')", "true" }, { "regex('a1', '[a-z]\\d')", "true" },
        { "checklist(1, 2, true(), false(), true())", "true" }, { "checklist(-1, 1, true(), true())", "false" }, { "checklist(3, -1, true(), true())", "false" },
        { "weighted-checklist(3, 5, true(), 2, false(), 9, true(), 1)", "true" }, { "boolean-from-string('1')", "true" }, { "boolean-from-string('yes')", "false" },
        { "once(5)", "40" }, { "random() >= 0 and random() < 1", "true" }, { "random() = random()", "false" },
        { "if(true(), 1, 2)", "1" }, { "if(false(), 'a', ${name})", "'Ana'" }, { "concat(1, '-', true(), ${worked})", "'1-true1'" },
        { "join(', ', 'a', 1)", "'a, 1'" }, { "true()", "true" }, { "false()", "false" },
    };
    CHECK(rows);
}

/* Away from halves, rounding is what printf does. */
Test(expr, rounding_agrees_with_printf)
{
    setup("x: decimal = 1\n");
    svy_error err = SVY_ERROR_INIT;
    svy_expr *e[13];
    svy_scratch *s;
    uint64_t state = 88172645463325252u;
    int tried = 0;
    cr_assert_eq(svy_scratch_new(NULL, &s, &err), SVY_OK);
    for (int places = 0; places < 13; places++) {
        char text[32];
        int len = snprintf(text, sizeof text, "round(${x}, %d)", places);
        cr_assert_eq(svy_expr_compile(NULL, text, (size_t)len, &T.scope, &T.place, NULL, &e[places], &err), SVY_OK);
    }
    for (int i = 0; i < 20000; i++) {
        char text[64];
        svy_value v;
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        double x = (double)(int64_t)state / (double)(1ull << (20 + i % 40)) / 3;
        const int places = i % 13;
        const double scaled = fabs(x) * pow(10, places);
        if (scaled > 1e13 || fabs(scaled - floor(scaled) - 0.5) < 1e-2)
            continue;
        tried++;
        T.answers[0].value.number = x;
        cr_assert_eq(svy_code_run(svy_expr_code(e[places]), &T.env, 0, s, &v, &err), SVY_OK);
        snprintf(text, sizeof text, "%.*f", places, x);
        cr_expect_eq(v.number, strtod(text, NULL), "round(%.17g, %d): %.17g, not %s", x, places, v.number, text);
    }
    cr_expect_gt(tried, 5000);
    for (int places = 0; places < 13; places++)
        svy_expr_free(e[places]);
    svy_scratch_free(s);
}

/* Published examples of ISO 7064 hybrid systems. */
Test(expr, check_characters)
{
    setup("id: text = 0794\n");
    static const char *const rows[][2] = {
        /* GRid Standard, section "Check character" */
        { "check-character('A12425GABC1234002', '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ')", "'M'" },
        /* ISO 7064 MOD 11,10 as given in its 1983 text, clause 10: 0794 has check character 5 */
        { "check-character(${id}, '0123456789')", "'5'" },
        { "check-character('A*', '0123456789A')", "missing not-stated" },
        { "check-character('1', '1')", "missing" },
    };
    CHECK(rows);
}

Test(expr, rosters)
{
    static const char HOUSE[] =
        "limit: integer = 16\n"
        "member: roster\n"
        "job: roster in member\n"
        "visit: roster\n"
        "member[1].m_age: integer = 12\n"
        "member[1].m_name: text = Ana\n"
        "member[1].job[1].pay: decimal = 100\n"
        "member[1].job[2].pay = 50\n"
        "member[2].m_age = 40\n"
        "member[2].m_name = Ivo\n"
        "member[3].m_age = refused\n"
        "member[3].m_name = Eli\n"
        "member[3].job[1].pay = 7\n"
        "visit[1].who: integer = 2\n";
    static const char *const outside[][2] = {
        { "count(${member})", "3" }, { "sum(${m_age})", "52" }, { "min(${m_age})", "12" }, { "max(${m_age})", "40" }, { "mean(${m_age})", "26" },
        { "count(${m_age})", "2" }, { "join(', ', ${m_name})", "'Ana, Ivo, Eli'" }, { "concat(${m_name}, '!')", "'AnaIvoEli!'" },
        { "count(${member}[${m_age} < 16])", "1" }, { "count(${member}[${m_age} < ${limit}])", "1" }, { "count(${member}[not(${m_age} < 16)])", "2" },
        { "sum(${m_age}[${m_age} > 16])", "40" }, { "sum(${m_age}[${m_age} > 99])", "0" }, { "max(${m_age}[${m_age} > 99])", "missing" },
        { "${m_age}[1]", "12" }, { "${m_age}[2] + 1", "41" }, { "${m_age}[3]", "missing refused" }, { "${m_age}[4]", "missing not-asked" },
        { "${m_age}[0]", "missing" }, { "${m_age}[1.5]", "missing" }, { "${m_name}[${m_age} > 16][1]", "'Ivo'" }, { "${m_name}[position() = 3]", "error: every entry" },
        { "join('', ${m_name}[position() = 3])", "'Eli'" }, { "indexed-repeat(${m_name}, ${member}, 2)", "'Ivo'" },
        { "indexed-repeat(${pay}, ${member}, 1, ${job}, 2)", "50" }, { "indexed-repeat(${pay}, ${member}, 2, ${job}, 1)", "missing not-asked" },
        { "sum(${pay})", "157" }, { "count(${job})", "3" }, { "${pay}[3]", "7" }, { "count(${member}[count(${job}) > 1])", "1" },
        { "count(${member}[sum(${pay}) > ${limit}])", "1" }, { "join(' ', ${m_name}[max(${pay}) > 0])", "'Ana Eli'" },
        { "sum(${pay}[${m_age} < 16])", "150" }, { "max(${m_age}, 99)", "99" }, { "count(${visit}[${who} = 2])", "1" },
        { "count(${member}[${m_age} > 10][${m_age} < 16])", "1" }, { "count-non-empty(${m_age}, ${limit})", "3" },
        { "${m_age}", "error: every entry" }, { "${m_age} + 1", "error: sum(), min()" }, { "${member}", "error: count() counts" }, { "answered(${m_age})", "error: every entry" },
        { "${member}[1]", "error: an entry of a roster is not a value" }, { "sum(${member})", "error: a question of the roster" },
        { "${m_age}['x']", "error: a number" }, { "${m_age}[1][2]", "error: a condition before the last" }, { "indexed-repeat(${m_age}, ${job}, 1)", "error: not a question" },
        { "indexed-repeat(${pay}, ${job}, 1, ${member}, 1)", "error: does not stand inside" }, { "indexed-repeat(${pay}, ${member}, 1, ${job})", "error: needs a position" },
        { "count(${member}[${m_age}])", "error: one value" },
    };
    static const char *const inside[][2] = {
        { "${m_age}", "40" }, { "position()", "2" }, { "count(${member})", "3" }, { "sum(${m_age})", "52" }, { "max(${m_age}, 1)", "40" },
        { "${m_age}[position() - 1]", "12" }, { "count(${member}[${m_age} = 12])", "1" }, { "count(${job})", "0" }, { "sum(${pay})", "0" },
        { "count(${visit}[${who} = ${m_age} - 38])", "1" }, { "count(${member}[position() < 3])", "2" }, { "${limit}", "16" },
    };
    static const char *const deeper[][2] = {
        { "${pay}", "50" }, { "${m_name}", "'Ana'" }, { "position()", "2" }, { "count(${job})", "2" }, { "sum(${pay})", "150" },
        { "count(${job}[${pay} > 60])", "1" }, { "count(${member})", "3" }, { "${pay}[1]", "100" }, { "indexed-repeat(${pay}, ${member}, 3, ${job}, 1)", "7" },
        { "count(${visit}[${m_age} = 12])", "1" }, { "count(${member}[count(${visit}[${m_age} > ${pay}]) > 0])", "0" },
    };
    setup(HOUSE);
    CHECK(outside);
    test_line(&T, "here: member[2]\n");
    CHECK(inside);
    test_line(&T, "here: member[1].job[2]\n");
    CHECK(deeper);
}

Test(expr, bare_names)
{
    setup("age: integer = 30\n`income.total`: decimal = 5\nround: integer = 3\ndiv: integer = 8\n`odd name`: integer = 9\nbare: yes\n");
    static const char *const rows[][2] = {
        { "age > 20 and income.total = 5", "true" }, { "age-round(4.4)", "26" }, { "round + 1", "4" }, { "round(round)", "3" }, { "div div 2", "4" },
        { "`age` - 1", "29" }, { "`odd name` + 1", "10" }, { "age - income.total", "25" }, { "${age}", "30" }, { "count-selected('a b')", "2" }, { "nope = 1", "error: unknown name 'nope'" },
    };
    CHECK(rows);
}

Test(expr, choice_filters)
{
    setup("country: single(BG, TR) = BG\nlist city: SOF=Sofia@BG, IST=Istanbul@TR\nchoice: SOF of city\n");
    static const char *const rows[][2] = {
        { "choice-parent() = ${country}", "true" }, { "choice-code() = 'SOF'", "true" }, { "choice-code() != 'IST'", "true" }, { "choice-code() = 'QQQ'", "error: not a code" },
        { "choice-code() > 3", "false" }, { "choice-label(choice-code())", "'Sofia'" },
    };
    CHECK(rows);
}

Test(expr, results_of_a_wanted_kind)
{
    setup(BASIC);
    static const struct { const char *text; svy_kind want; const char *result; } ROWS[] = {
        { "${worked}", SVY_K_NUMBER, "1" }, { "${citizen}", SVY_K_NUMBER, "error: a number was expected" }, { "1", SVY_K_BOOLEAN, "error: a condition" },
        { "${hours}", SVY_K_TEXT, "'40'" }, { "2", SVY_K_CODE, "'2'" }, { "'2'", SVY_K_CODE, "'2'" }, { "${worked}", SVY_K_CODES, "'1'" },
        { "'2026-01-05'", SVY_K_DATE, "'2026-01-05'" }, { "'x'", SVY_K_DATE, "error: a date was expected" }, { "${stamp}", SVY_K_DATE, "'2026-01-02'" },
        { "${born}", SVY_K_MONTH, "'2000-02'" }, { "'2026-03'", SVY_K_MONTH, "'2026-03'" }, { "'2026'", SVY_K_MONTH, "'2026'" }, { "'09:15'", SVY_K_TIME, "'09:15:00'" },
        { "${born}", SVY_K_DATETIME, "'2000-02-29T00:00:00'" }, { "''", SVY_K_NUMBER, "missing" }, { "'1 2'", SVY_K_CODES, "'1 2'" }, { "'42 23'", SVY_K_PLACE, "'42 23'" },
        { "if(${hours} > 1, 1, 2)", SVY_K_CODE, "'1'" }, { "${hours} > 1", SVY_K_NUMBER, "error: a number was expected" }, { "1", SVY_K_DATE, "error: a date" },
    };
    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
        test_outcome o;
        test_eval(&T, ROWS[i].text, strlen(ROWS[i].text), ROWS[i].want, &o);
        cr_expect(test_is(&o, ROWS[i].result, strlen(ROWS[i].result)), "%s: expected %s, found '%s' (%s)", ROWS[i].text, ROWS[i].result, o.text, o.err.message);
        cr_expect(o.status != SVY_OK || o.value.kind == ROWS[i].want, "%s: kind %d", ROWS[i].text, o.value.kind);
    }
}

Test(expr, warnings_of_not)
{
    setup(BASIC);
    static const struct { const char *text; int warns; } ROWS[] = {
        { "not(${hours} = 1)", 1 }, { "not(${hours} + 1 > 5)", 1 }, { "not(selected(${langs}, 'bg'))", 1 }, { "not(in(${worked}, 1))", 1 },
        { "not(${hours} = 1 and ${pay} > 2)", 1 }, { "${pay} > 1 and not(regex(${name}, 'a'))", 1 },
        { "answered(${hours}) and not(${hours} = 1)", 0 }, { "not(coalesce(${hours}, 0) = 1)", 0 }, { "${hours} != 1", 0 }, { "not(answered(${hours}))", 0 },
        { "${name} = ''", 1 }, { "${name} != ''", 0 }, { "not(${flag})", 0 }, { "not(1 = 2)", 0 }, { "not(count-selected(${langs}) = 1)", 0 },
    };
    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
        test_outcome o;
        test_eval(&T, ROWS[i].text, strlen(ROWS[i].text), SVY_K_BOOLEAN, &o);
        cr_expect_eq(o.status, SVY_OK, "%s: %s", ROWS[i].text, o.err.message);
        cr_expect_eq(o.warnings > 0, ROWS[i].warns, "%s: %u warnings", ROWS[i].text, o.warnings);
    }
}

/* ---- Uses ---- */

static const svy_expr_use *use_named(const svy_expr *e, const char *name, size_t *count)
{
    const svy_expr_use *uses;
    *count = svy_expr_uses(e, &uses);
    for (size_t i = 0; i < *count; i++)
        if (strcmp(T.symbols[uses[i].symbol].name, name) == 0)
            return &uses[i];
    return NULL;
}

Test(expr, uses)
{
    setup(BASIC);
    test_lines(&T, "member: roster\nmember[1].m_age: integer = 3\n", NULL);
    test_line(&T, "member: roster\n");
    test_line(&T, "member[1].m_age: integer = 3\n");
    static const struct { const char *text, *name; int across, plain, guarded, constants; } ROWS[] = {
        { "${hours} = 1 and ${hours} > 5", "hours", 0, 1, 0, 2 }, { "${hours} + 1 = 2", "hours", 0, 0, 0, 0 }, { "in(${worked}, 1, 2)", "worked", 0, 1, 0, 2 },
        { "selected(${langs}, 'bg')", "langs", 0, 1, 0, 1 }, { "answered(${hours})", "hours", 0, 1, 1, 0 }, { "coalesce(${hours}, 2) = 2", "hours", 0, 0, 1, 0 },
        { "sum(${m_age}) > 3", "m_age", 1, 0, 0, 0 }, { "count(${member}[${m_age} < 16]) = 1", "member", 1, 0, 0, 0 }, { "${m_age}[1] = 2", "m_age", 1, 0, 0, 0 },
        { "${flag} and ${hours} = 1", "flag", 0, 1, 0, 2 }, { ". > 5", "hours", 0, 1, 0, 1 }, { "${hours} = ${pay}", "pay", 0, 0, 0, 0 },
        { "${born} > '2000-01-01'", "born", 0, 1, 0, 1 }, { "once(3)", "hours", 0, 0, 0, 0 }, { "count(${member}[${m_age} < 16]) = 1", "m_age", 1, 0, 0, 1 },
        { "count(${member}[${hours} < 16]) = 1", "hours", 0, 1, 0, 1 }, { "indexed-repeat(${m_age}, ${member}, ${hours}) = 1", "m_age", 1, 0, 0, 0 },
        { "indexed-repeat(${m_age}, ${member}, ${hours}) = 1", "member", 1, 0, 0, 0 }, { "${m_age}[${hours}] = 1", "hours", 0, 0, 0, 0 },
    };
    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
        svy_error err = SVY_ERROR_INIT;
        svy_expr *e;
        size_t count;
        T.place.want = SVY_K_NONE;
        cr_assert_eq(svy_expr_compile(NULL, ROWS[i].text, strlen(ROWS[i].text), &T.scope, &T.place, NULL, &e, &err), SVY_OK, "%s: %s", ROWS[i].text, err.message);
        const svy_expr_use *u = use_named(e, ROWS[i].name, &count);
        cr_assert_not_null(u, "%s", ROWS[i].text);
        cr_expect(u->across == ROWS[i].across && u->plain == ROWS[i].plain && u->guarded == ROWS[i].guarded && (int)u->n_constants == ROWS[i].constants,
                  "%s: across %d plain %d guarded %d constants %d", ROWS[i].text, u->across, u->plain, u->guarded, (int)u->n_constants);
        svy_expr_free(e);
    }
}

/* Inside the roster a name is this entry's answer; in a filter over the same roster it is every entry's. */
Test(expr, uses_inside_a_roster)
{
    setup("member: roster\nmember[1].m_age: integer = 3\nhere: member[1]\n");
    static const struct { const char *text; int across, plain; } ROWS[] = {
        { "${m_age} > 5", 0, 1 }, { "sum(${m_age}) > 5", 1, 0 }, { "max(${m_age}, 1) > 5", 0, 0 }, { "count(${member}[${m_age} > 5]) > 0", 1, 0 },
        { "${m_age} > 5 and count(${member}[${m_age} > 5]) > 0", 1, 0 }, { "indexed-repeat(${m_age}, ${member}, 1) > 2", 1, 0 },
    };
    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
        svy_error err = SVY_ERROR_INIT;
        svy_expr *e;
        size_t count;
        cr_assert_eq(svy_expr_compile(NULL, ROWS[i].text, strlen(ROWS[i].text), &T.scope, &T.place, NULL, &e, &err), SVY_OK, "%s: %s", ROWS[i].text, err.message);
        const svy_expr_use *u = use_named(e, "m_age", &count);
        cr_assert_not_null(u);
        cr_expect(u->across == ROWS[i].across && u->plain == ROWS[i].plain, "%s: across %d plain %d", ROWS[i].text, u->across, u->plain);
        svy_expr_free(e);
    }
}

Test(expr, reports_are_limited)
{
    setup(BASIC);
    static char text[40000];
    svy_diags diags = { 0 };
    svy_error err = SVY_ERROR_INIT;
    svy_expr *e;
    size_t len = 0;
    for (int i = 0; i < 3000; i++)
        len += (size_t)snprintf(text + len, sizeof text - len, "${q}+");
    cr_expect_eq(svy_expr_compile(NULL, text, len - 1, &T.scope, &T.place, &diags, &e, &err), SVY_E_NAME);
    cr_expect_eq(diags.problems, 50);

    for (len = 0; len < 3000;)                          /* warnings alone do not hide a problem */
        len += (size_t)snprintf(text + len, sizeof text - len, "${name} = '' and ");
    len += (size_t)snprintf(text + len, sizeof text - len, "1");
    diags = (svy_diags){ 0 };
    cr_expect_eq(svy_expr_compile(NULL, text, len, &T.scope, &T.place, &diags, &e, &err), SVY_E_TYPE);
    cr_expect(diags.problems == 1 && diags.warnings == 50, "%u and %u", diags.problems, diags.warnings);
}

Test(expr, clock_and_constants)
{
    setup(BASIC);
    svy_error err = SVY_ERROR_INIT;
    svy_expr *e;
    const svy_expr_use *uses;
    cr_assert_eq(svy_expr_compile(NULL, "today() > ${born}", 17, &T.scope, &T.place, NULL, &e, &err), SVY_OK);
    cr_expect_eq(svy_expr_uses_clock(e), 1);
    cr_expect_eq(svy_expr_kind(e), SVY_K_BOOLEAN);
    svy_expr_free(e);
    cr_assert_eq(svy_expr_compile(NULL, "${born} > '2020-01-01'", 22, &T.scope, &T.place, NULL, &e, &err), SVY_OK);
    cr_expect_eq(svy_expr_uses_clock(e), 0);
    cr_assert_eq(svy_expr_uses(e, &uses), 1);
    cr_assert_eq(uses[0].n_constants, 1);
    cr_expect(uses[0].constants[0].kind == SVY_K_DATE && uses[0].constants[0].number == 18262);
    svy_expr_free(e);
    cr_assert_eq(svy_expr_compile(NULL, "concat('a', string(1 + 1)) = 'a2'", 33, &T.scope, &T.place, NULL, &e, &err), SVY_OK);
    cr_expect(svy_expr_code(e).size <= 32 + 8 + 20, "folded to one constant, not %zu bytes", svy_expr_code(e).size);
    svy_expr_free(e);
    svy_expr_free(NULL);
}

Test(expr, self_comes_from_the_value_at_hand)
{
    setup(BASIC);
    svy_value candidate = { .kind = SVY_K_NUMBER, .number = 99, .text = "" };
    T.env.self_value = &candidate;
    static const char *const rows[][2] = { { ". > 98", "true" }, { "${hours}", "40" } };
    CHECK(rows);
}

Test(expr, random_is_a_function_of_seed_place_and_entry)
{
    setup(BASIC);
    test_outcome a, b;
    test_eval(&T, "random()", 8, SVY_K_NONE, &a);
    test_eval(&T, "random()", 8, SVY_K_NONE, &b);
    cr_expect_eq(a.value.number, b.value.number);
    T.env.seed = 2;
    test_eval(&T, "random()", 8, SVY_K_NONE, &b);
    cr_expect_neq(a.value.number, b.value.number);
    T.env.seed = 1;
    T.place.element = "other";
    test_eval(&T, "random()", 8, SVY_K_NONE, &b);
    cr_expect_neq(a.value.number, b.value.number);
    T.place.element = "";
    T.entry = 1;
    test_eval(&T, "random()", 8, SVY_K_NONE, &b);
    cr_expect_neq(a.value.number, b.value.number);
}
