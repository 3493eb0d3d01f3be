/* Any bytes as a submission of a small form with a repeat: problems are reported, the interview stays one that can be told. */
#include <stdlib.h>
#include <string.h>
#include <survey/exchange.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char FORM[] =
    "<h:html xmlns=\"http://www.w3.org/2002/xforms\" xmlns:h=\"http://www.w3.org/1999/xhtml\" xmlns:jr=\"http://openrosa.org/javarosa\"><h:head><h:title>F</h:title><model>"
    "<instance><data id=\"f\" version=\"1\"><a/><g><b/></g><r jr:template=\"\"><c/><s jr:template=\"\"><d/></s></r><meta><instanceID/></meta></data></instance>"
    "<bind nodeset=\"/data/a\" type=\"int\"/><bind nodeset=\"/data/g/b\" type=\"date\"/></model></h:head><h:body><input ref=\"/data/a\"/><input ref=\"/data/g/b\"/>"
    "<group ref=\"/data/r\"><repeat nodeset=\"/data/r\"><input ref=\"/data/r/c\"/><group ref=\"/data/r/s\"><repeat nodeset=\"/data/r/s\"><input ref=\"/data/r/s/d\"/></repeat>"
    "</group></repeat></group></h:body></h:html>";

static void report(void *user, const svy_diag *d)
{
    unsigned *problems = user;
    if (d->found == NULL || d->found[0] == '\0' || d->line < 0 || d->column < 0)
        abort();
    *problems += d->severity == SVY_PROBLEM;
}

static svy_form *the_form(void)
{
    static svy_form *form;
    static void *block;
    size_t size;
    svy_diags quiet = { .report = NULL };
    if (form == NULL && (svy_questionnaire_read_memory(NULL, FORM, sizeof FORM - 1, NULL, NULL, &quiet, &block, &size, NULL) != SVY_OK ||
                         svy_form_open(NULL, block, size, &form, NULL) != SVY_OK))
        abort();
    return form;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const svy_xml_limits limits = { sizeof limits, 1u << 20, 32, 2000, 4096 };
    const svy_moment now = { 1700000000000, 0, 0 };
    const svy_interview_options options = SVY_INTERVIEW_OPTIONS_INIT;
    svy_error err = SVY_ERROR_INIT;
    svy_interview *iv = NULL;
    unsigned problems = 0;
    svy_diags diags = { .report = report, .user = &problems };
    if (svy_interview_new(NULL, the_form(), &options, now, &iv, &err) != SVY_OK)
        abort();
    const svy_status st = svy_submission_read(iv, (const char *)data, size, "s.xml", now, &limits, &diags, &err);
    if ((st == SVY_E_INVALID) != (problems > 0) || (st != SVY_OK && st != SVY_E_INVALID && st != SVY_E_LIMIT))
        abort();
    if (st != SVY_OK && err.message[0] == '\0')
        abort();
    if (svy_interview_submission(iv, NULL, 0) == 0)
        abort();
    svy_interview_free(iv);
    return 0;
}
