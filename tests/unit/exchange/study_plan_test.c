/* Plans of studies: what is read, what is refused and where, memory that runs out. */
#include <criterion/criterion.h>
#include <string.h>
#include <survey/exchange.h>

#include "../base/watched_alloc.h"

#define BEGIN "<study xmlns=\"urn:libsurvey:study:1\">"
#define TRAINING "<questionnaire source=\"../training/questionnaire.xml\">"

static svy_status plan_of(const svy_alloc *alloc, const char *xml, svy_study_plan **out, svy_error *err)
{
    return svy_study_plan_read_memory(alloc, xml, strlen(xml), "studies/net/study.xml", NULL, NULL, out, err);
}

Test(study_plan, questionnaires_in_order)
{
    svy_error err = SVY_ERROR_INIT;
    svy_study_plan *plan;
    const char *xml = BEGIN "<title>\n  Union\n  net</title><description>What it is.</description>\n"
        TRAINING "\n<parameter id=\"stage\" value=\"2\"/><parameter id=\"key_k01\" value=\"\"/></questionnaire>\n"
        "<x:remark xmlns:x=\"urn:x\">mine</x:remark><questionnaire source=\"own.xml\"/></study>";
    cr_assert_eq(plan_of(NULL, xml, &plan, &err), SVY_OK, "%s", err.message);
    cr_expect_str_eq(svy_study_plan_title(plan), "Union net");
    cr_assert_eq(svy_study_plan_count(plan), 2);
    const svy_planned_questionnaire *first = svy_study_plan_questionnaire(plan, 0), *second = svy_study_plan_questionnaire(plan, 1);
    cr_expect_str_eq(first->path, "studies/net/../training/questionnaire.xml");
    cr_expect_eq(first->line, 4);
    cr_assert_eq(first->count, 2);
    cr_expect_str_eq(first->parameters[0].id, "stage");
    cr_expect_str_eq(first->parameters[0].value, "2");
    cr_expect_eq(first->parameters[0].line, 5);
    cr_expect_str_eq(first->parameters[1].value, "");
    cr_expect_str_eq(second->path, "studies/net/own.xml");
    cr_expect_eq(second->count, 0);
    svy_study_plan_free(plan);
    svy_study_plan_free(NULL);
}

static const struct { const char *what, *xml; int line; const char *says; } WRONG[] = {
    { "nothing", "", 0, "" },
    { "another root", "<design xmlns=\"urn:libsurvey:study:1\"/>", 1, "no plan of a study" },
    { "another namespace", "<study/>", 1, "no plan of a study" },
    { "no questionnaire", BEGIN "<title>Empty</title></study>", 1, "no questionnaire" },
    { "a text between", BEGIN "\nw" TRAINING "</questionnaire></study>", 0, "a title, a description and questionnaires" },
    { "no source", BEGIN "\n<questionnaire/></study>", 2, "has a source" },
    { "more than a source", BEGIN "\n<questionnaire source=\"a.xml\" id=\"a\"/></study>", 2, "has a source" },
    { "a file elsewhere", BEGIN "\n\n<questionnaire source=\"/etc/passwd\"/></study>", 3, "cannot be named" },
    { "a file too far up", BEGIN "\n<questionnaire source=\"../../a.xml\"/></study>", 2, "cannot be named" },
    { "a parameter without a value", BEGIN TRAINING "\n<parameter id=\"stage\"/></questionnaire></study>", 2, "an id and a value" },
    { "a parameter with a text", BEGIN TRAINING "\n<parameter id=\"stage\" value=\"1\">2</parameter></questionnaire></study>", 2, "an id and a value" },
    { "a parameter twice", BEGIN TRAINING "<parameter id=\"a\" value=\"1\"/>\n<parameter id=\"a\" value=\"1\"/></questionnaire></study>", 2, "has a value already" },
    { "something else", BEGIN TRAINING "\n<wave/></questionnaire></study>", 2, "parameters only" },
    { "not closed", BEGIN, 0, "" },
    { "DOCTYPE", "<!DOCTYPE a>" BEGIN "</study>", 1, "DOCTYPE" },
};

Test(study_plan, refusals)
{
    for (size_t i = 0; i < sizeof WRONG / sizeof WRONG[0]; i++) {
        svy_error err = SVY_ERROR_INIT;
        svy_study_plan *plan = (svy_study_plan *)&err;
        cr_expect_eq(plan_of(NULL, WRONG[i].xml, &plan, &err), SVY_E_INVALID, "%s", WRONG[i].what);
        cr_expect_null(plan, "%s", WRONG[i].what);
        cr_expect_not_null(strstr(err.message, WRONG[i].says), "%s: %s", WRONG[i].what, err.message);
        if (WRONG[i].line > 0)
            cr_expect_eq(err.line, WRONG[i].line, "%s: line %d", WRONG[i].what, err.line);
    }
    svy_error err = SVY_ERROR_INIT;
    svy_study_plan *plan;
    cr_expect_eq(svy_study_plan_read(NULL, "/nowhere/study.xml", NULL, NULL, &plan, &err), SVY_E_IO);
    cr_expect_not_null(strstr(err.message, "cannot be read"), "%s", err.message);
}

static void many(const char *before, const char *one, size_t n, const char *behind, const char *says)
{
    const size_t len = strlen(one);
    char *xml = calloc(n * len + 400, 1), *at;
    svy_error err = SVY_ERROR_INIT;
    svy_study_plan *plan;
    at = xml + strlen(strcpy(xml, before));
    for (size_t i = 0; i < n; i++, at += len)
        memcpy(at, one, len);
    strcpy(at, behind);
    cr_expect_eq(plan_of(NULL, xml, &plan, &err), SVY_E_INVALID);
    cr_expect_not_null(strstr(err.message, says), "%s", err.message);
    free(xml);
}

Test(study_plan, too_many)
{
    many(BEGIN, "<questionnaire source='a'/>", 1001, "</study>", "1,000 questionnaires");
    many(BEGIN, "<questionnaire source='a'><parameter id='a' value=''/><parameter id='b' value=''/><parameter id='c' value=''/><parameter id='d' value=''/>"
         "<parameter id='e' value=''/><parameter id='f' value=''/><parameter id='g' value=''/><parameter id='h' value=''/><parameter id='i' value=''/>"
         "<parameter id='j' value=''/><parameter id='k' value=''/></questionnaire>", 1000, "</study>", "10,000 parameters");
    many(BEGIN TRAINING, "<parameter id='a' value=''/>", 1001, "</questionnaire></study>", "has a value already");
}

Test(study_plan, every_allocation_fails_cleanly)
{
    long n = 0;
    for (svy_status st = SVY_E_NOMEM; st != SVY_OK; n++) {
        watched w;
        svy_alloc alloc = watched_alloc(&w, n);
        svy_error err = SVY_ERROR_INIT;
        svy_study_plan *plan;
        cr_assert_lt(n, 1000);
        st = plan_of(&alloc, BEGIN "<title>t</title>" TRAINING "<parameter id=\"a\" value=\"1\"/></questionnaire></study>", &plan, &err);
        cr_assert(st == SVY_OK || (st == SVY_E_NOMEM && plan == NULL), "after %ld allocations: %s", n, err.message);
        svy_study_plan_free(plan);
        watched_end(&w);
    }
    cr_assert_gt(n, 2);
}
