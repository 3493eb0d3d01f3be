/* Weighting plans: what a plan says, and what is refused with its line. */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdio.h>
#include <string.h>
#include <survey/exchange.h>

#include "../base/watched_alloc.h"

#define PLAN(steps) "<weighting xmlns=\"urn:libsurvey:weighting:1\">\n" steps "\n</weighting>"
#define MARGIN "<margin variables='sex'><cell level='male' count='10'/><cell level='female' count='12'/></margin>"

static const char GOOD[] = PLAN(
    "<base probabilities='p1, `p,2` '/>"
    "<eligibility cells='region' known='found = 1'/>"
    "<nonresponse name='mine' propensity='age,sex' classes='5' respondents='answered = 1' among='found = 1'/>"
    "<calibrate method='logit' bounds='0.5,2' variance='stata' cluster='hh' scale-margins='yes'>"
    MARGIN "<margin variables='sex,age'><cell count='3'><level>male</level><level> 18 -\n24</level></cell></margin><margin file='../m/a.csv'/>"
    "<total variable='income' value='-2.5'/></calibrate>"
    "<trim upper='9' strict='yes'/><scale total='100'/><standardize over='region'>" MARGIN "</standardize>");

Test(weighting_plan, says_what_the_steps_are)
{
    svy_error err = SVY_ERROR_INIT;
    svy_weighting_file *f = NULL;
    cr_assert_eq(svy_weighting_file_read_memory(NULL, GOOD, sizeof GOOD - 1, "plans/p.xml", NULL, NULL, &f, &err), SVY_OK, "%s", err.message);
    const svy_weighting_plan *p = svy_weighting_file_plan(f);
    const svy_weighting_step *s = p->steps;
    cr_assert_eq(p->n_steps, 7);
    cr_expect(s[0].kind == SVY_WEIGHTING_BASE && s[0].n_variables == 2);
    cr_expect_str_eq(s[0].variables[0], "p1");
    cr_expect_str_eq(s[0].variables[1], "p,2");
    cr_expect(s[1].kind == SVY_WEIGHTING_CELLS && strcmp(s[1].takes, "found = 1") == 0 && strcmp(s[1].name, "unknown eligibility") == 0 && s[1].among == NULL);
    cr_expect(s[2].kind == SVY_WEIGHTING_PROPENSITY && s[2].classes == 5 && strcmp(s[2].name, "mine") == 0 && strcmp(s[2].among, "found = 1") == 0);
    cr_expect(s[3].method == SVY_CALIBRATE_LOGIT && s[3].variance == SVY_CALIBRATED_STATA && s[3].bounded && s[3].scale_margins && !s[3].bounds_on_weights);
    cr_expect(s[3].lower == .5 && s[3].upper == 2 && strcmp(s[3].cluster, "hh") == 0);
    cr_assert(s[3].n_margins == 3 && s[3].n_totals == 1);
    cr_expect(s[3].margins[0].n_lines == 2 && s[3].margins[0].totals[1] == 12);
    cr_expect_str_eq(s[3].margins[1].levels[1], "18 - 24");
    cr_expect_str_eq(s[3].margins[1].source, "the margin in line 2");
    cr_expect(s[3].margins[2].n_lines == 0 && strcmp(s[3].margins[2].source, "plans/../m/a.csv") == 0);
    cr_expect(s[3].totals[0].total == -2.5);
    cr_expect(s[4].kind == SVY_WEIGHTING_TRIM && s[4].upper == 9 && s[4].strict);
    cr_expect(s[5].kind == SVY_WEIGHTING_SCALE && s[5].to_total == 100);
    cr_expect(s[6].kind == SVY_WEIGHTING_STANDARDIZE && s[6].n_over == 1 && s[6].n_margins == 1);
    svy_weighting_file_free(f);
}

static const struct { const char *what, *xml; int line; const char *says; } BAD[] = {
    { "nothing", "", 0, "" },
    { "not XML", "weights", 1, "" },
    { "a document type", "<!DOCTYPE w>" PLAN("<trim cap='2'/>"), 1, "" },
    { "an entity", "<!DOCTYPE w [<!ENTITY e SYSTEM 'file:///etc/passwd'>]>" PLAN("<scale mean='&e;'/>"), 1, "" },
    { "another root", "<plan xmlns='urn:libsurvey:weighting:1'/>", 1, "not a weighting plan" },
    { "no namespace", "<weighting><trim cap='2'/></weighting>", 1, "not a weighting plan" },
    { "no steps", PLAN(""), 1, "0 steps" },
    { "an unknown step", PLAN("<smooth/>"), 2, "'smooth' cannot stand" },
    { "text between", PLAN("<trim cap='2'/>\nand then"), 3, "text" },
    { "an unknown attribute", PLAN("\n<trim cap='2' speed='3'/>"), 3, "no attribute 'speed'" },
    { "a missing attribute", PLAN("<base/>"), 2, "needs the attribute 'probabilities'" },
    { "a word for a number", PLAN("<trim cap='much'/>"), 2, "'much' is not a number" },
    { "infinity", PLAN("<trim cap='1e999'/>"), 2, "not a number" },
    { "limits and a cap", PLAN("<trim cap='2' lower='1'/>"), 2, "either limits or a cap" },
    { "neither", PLAN("<trim/>"), 2, "either limits or a cap" },
    { "no scale", PLAN("<scale/>"), 2, "either a mean or a total" },
    { "an unknown method", PLAN("<calibrate method='magic'>" MARGIN "</calibrate>"), 2, "'magic' is not one of" },
    { "bounds", PLAN("<calibrate bounds='1'>" MARGIN "</calibrate>"), 2, "not a lower and an upper bound" },
    { "two bounds", PLAN("<calibrate bounds='0,2' weight-bounds='1,5'>" MARGIN "</calibrate>"), 2, "bounds of factors and of weights" },
    { "no totals", PLAN("<calibrate/>"), 2, "no population totals" },
    { "no cells", PLAN("<calibrate><margin variables='a'/></calibrate>"), 2, "no cells" },
    { "a count that is none", PLAN("<calibrate><margin variables='a'><cell level='x' count='many'/></margin></calibrate>"), 2, "'many'" },
    { "too few levels", PLAN("<calibrate><margin variables='a,b'><cell level='x' count='1'/></margin></calibrate>"), 2, "1 levels, the margin 2 variables" },
    { "empty names", PLAN("<calibrate><margin variables='a,,b'><cell level='x' count='1'/></margin></calibrate>"), 2, "not a list" },
    { "a file elsewhere", PLAN("<calibrate><margin file='/etc/passwd'/></calibrate>"), 2, "cannot be read from" },
    { "a file far up", PLAN("<calibrate><margin file='../../x.csv'/></calibrate>"), 2, "cannot be read from" },
    { "a file and variables", PLAN("<calibrate><margin file='x.csv' variables='a'/></calibrate>"), 2, "either a file or variables" },
    { "cells and propensity", PLAN("<nonresponse cells='a' propensity='b' respondents='c = 1'/>"), 2, "cells and a propensity" },
    { "classes of nothing", PLAN("<nonresponse classes='5' respondents='c = 1'/>"), 2, "classes are of the propensity" },
    { "half a class", PLAN("<nonresponse propensity='b' classes='2.5' respondents='c = 1'/>"), 2, "number of classes" },
    { "two standards", PLAN("<standardize>" MARGIN MARGIN "</standardize>"), 2, "one standard distribution" },
    { "a total in a standard", PLAN("<standardize><total variable='a' value='1'/></standardize>"), 2, "'total' cannot stand" },
    { "another namespace", PLAN("<trim xmlns='urn:x' cap='2'/>"), 2, "'trim' cannot stand" },
};
enum { N_BAD = sizeof BAD / sizeof BAD[0] };

ParameterizedTestParameters(weighting_plan, refused)
{
    static size_t index[N_BAD];
    for (size_t i = 0; i < N_BAD; i++)
        index[i] = i;
    return cr_make_param_array(size_t, index, N_BAD);
}

ParameterizedTest(size_t *k, weighting_plan, refused)
{
    svy_error err = SVY_ERROR_INIT;
    svy_diags diags = { NULL, NULL, 0, 0 };
    svy_weighting_file *f = NULL;
    cr_expect_eq(svy_weighting_file_read_memory(NULL, BAD[*k].xml, strlen(BAD[*k].xml), "plans/p.xml", NULL, &diags, &f, &err), SVY_E_INVALID, "%s: %s",
                 BAD[*k].what, err.message);
    cr_expect_null(f);
    cr_expect_gt(diags.problems, 0, "%s", BAD[*k].what);
    cr_expect(BAD[*k].line == 0 || err.line == BAD[*k].line, "%s: line %d", BAD[*k].what, err.line);
    cr_expect(strstr(err.message, BAD[*k].says) != NULL, "%s: %s", BAD[*k].what, err.message);
}

Test(weighting_plan, size_is_bounded)
{
    const svy_xml_limits limits = { sizeof limits, 1u << 20, 8, 20, 100 };
    char xml[4000] = "<weighting xmlns=\"urn:libsurvey:weighting:1\">";
    svy_error err = SVY_ERROR_INIT;
    svy_weighting_file *f = NULL;
    for (int k = 0; k < 30; k++)
        strcat(xml, "<trim cap='2'/>");
    strcat(xml, "</weighting>");
    cr_expect_eq(svy_weighting_file_read_memory(NULL, xml, strlen(xml), NULL, &limits, NULL, &f, &err), SVY_E_LIMIT);
    cr_expect_null(f);
}

Test(weighting_plan, a_plan_without_a_folder_has_no_files)
{
    static const char XML[] = PLAN("<calibrate><margin file='x.csv'/></calibrate>");
    svy_error err = SVY_ERROR_INIT;
    svy_weighting_file *f = NULL;
    cr_expect_eq(svy_weighting_file_read_memory(NULL, XML, sizeof XML - 1, NULL, NULL, NULL, &f, &err), SVY_E_INVALID);
    cr_expect(strstr(err.message, "no folder") != NULL, "%s", err.message);
    cr_expect_eq(svy_weighting_file_read(NULL, "there/is/none.xml", NULL, NULL, &f, &err), SVY_E_IO);
    cr_expect(strstr(err.message, "cannot be read") != NULL, "%s", err.message);
}

Test(weighting_plan, memory_that_runs_out_is_a_clean_error)
{
    watched w;
    svy_alloc a = watched_alloc(&w, -1);
    svy_error err = SVY_ERROR_INIT;
    svy_weighting_file *f = NULL;
    cr_assert_eq(svy_weighting_file_read_memory(&a, GOOD, sizeof GOOD - 1, "p.xml", NULL, NULL, &f, &err), SVY_OK);
    svy_weighting_file_free(f);
    cr_assert_eq(w.bytes, 0);
    const unsigned calls = w.calls;
    for (unsigned left = 0; left < calls; left++) {
        a = watched_alloc(&w, (long)left);
        cr_expect_eq(svy_weighting_file_read_memory(&a, GOOD, sizeof GOOD - 1, "p.xml", NULL, NULL, &f, &err), SVY_E_NOMEM, "with %u of %u", left, calls);
        cr_expect_null(f);
        cr_expect_eq(w.bytes, 0);
    }
}
