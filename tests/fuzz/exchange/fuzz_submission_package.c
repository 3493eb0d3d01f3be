/* Any bytes as a submission and, behind a NUL, the log of its client: a package that is made is one that the engine replays to a complete interview. */
#include <stdlib.h>
#include <string.h>
#include <survey/exchange.h>
#include <survey/package.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char FORM[] =
    "<questionnaire xmlns=\"urn:libsurvey:questionnaire:1\" id=\"f\" version=\"1\" xml:lang=\"en\"><title>F</title><section id=\"g\"><title>G</title>"
    "<question id=\"a\" type=\"integer\"><label>A</label><check that=\"${a} &lt; 100\" severity=\"soft\">So many?</check></question>"
    "<question id=\"b\" type=\"month\" relevant=\"${a} &gt; 1\"><label>B</label></question></section>"
    "<roster id=\"r\"><label>R</label><question id=\"c\" type=\"text\"><label>C</label></question></roster></questionnaire>";
static const char XFORM[] =
    "<h:html xmlns=\"http://www.w3.org/2002/xforms\" xmlns:h=\"http://www.w3.org/1999/xhtml\" xmlns:jr=\"http://openrosa.org/javarosa\"><h:head><h:title>F</h:title><model>"
    "<instance><data id=\"f\" version=\"1\"><a/><g><b/></g><r jr:template=\"\"><c/><s jr:template=\"\"><d/></s></r><meta><instanceID/></meta></data></instance>"
    "<bind nodeset=\"/data/a\" type=\"int\"/><bind nodeset=\"/data/g/b\" type=\"date\"/></model></h:head><h:body><input ref=\"/data/a\"/><input ref=\"/data/g/b\"/>"
    "<group ref=\"/data/r\"><repeat nodeset=\"/data/r\"><input ref=\"/data/r/c\"/><group ref=\"/data/r/s\"><repeat nodeset=\"/data/r/s\"><input ref=\"/data/r/s/d\"/></repeat>"
    "</group></repeat></group></h:body></h:html>";

static svy_form *open_form(const char *text)
{
    svy_form *form = NULL;
    void *block;
    size_t size;
    svy_diags quiet = { .report = NULL };
    svy_error err = SVY_ERROR_INIT;
    if (svy_questionnaire_read_memory(NULL, text, strlen(text), NULL, NULL, &quiet, &block, &size, &err) != SVY_OK || svy_form_open(NULL, block, size, &form, &err) != SVY_OK)
        abort();
    return form;
}

typedef struct made { char *at; size_t n; } made;

static svy_status keep(void *user, const char *bytes, size_t n)
{
    made *m = user;
    char *more = realloc(m->at, m->n + n + 1);
    if (more == NULL)
        return SVY_E_NOMEM;
    memcpy(more + m->n, bytes, n);
    *m = (made){ more, m->n + n };
    return SVY_OK;
}

static void report(void *user, const svy_diag *d)
{
    ++*(unsigned *)user;
    if (d->found == NULL || d->found[0] == '\0')
        abort();
}

static void try_form(const svy_form *form, const char *xml, size_t len, const char *audit, size_t audit_len)
{
    const svy_xml_limits limits = { sizeof limits, 1u << 20, 32, 2000, 4096 };
    svy_submission_options o = SVY_SUBMISSION_OPTIONS_INIT;
    made m = { NULL, 0 };
    unsigned problems = 0;
    svy_diags diags = { report, &problems, 0, 0 };
    svy_error err = SVY_ERROR_INIT;
    svy_interview *iv = NULL;
    const svy_sink to = { keep, &m };
    o.uuid = "12345678-1234-4234-8234-123456789abc";
    o.now.utc_ms = 1700000000000;
    o.audit = audit;
    o.audit_size = audit_len;
    o.limits = &limits;
    const svy_status st = svy_submission_package(NULL, form, xml, len, "s.xml", &o, &to, &diags, &err);
    if ((st != SVY_OK && st != SVY_E_INVALID && st != SVY_E_LIMIT) || (st == SVY_E_INVALID && problems == 0) || (st != SVY_OK) != (m.n == 0))
        abort();
    if (st == SVY_OK && (svy_package_replay(NULL, form, m.at, m.n, 0, NULL, &iv, &err) != SVY_OK || svy_interview_phase(iv) != SVY_COMPLETE))
        abort();
    svy_interview_free(iv);
    free(m.at);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static svy_form *native, *odk;
    svy_submission_head head;
    svy_error err = SVY_ERROR_INIT;
    char uuid[37];
    const char *text = (const char *)data, *nul = size > 0 ? memchr(data, '\0', size) : NULL;
    const size_t len = nul != NULL ? (size_t)(nul - text) : size;
    if (native == NULL) {
        native = open_form(FORM);
        odk = open_form(XFORM);
    }
    if (svy_submission_about(text, len, "s.xml", NULL, &head, &err) == SVY_OK) {
        svy_submission_uuid(head.instance, uuid);
        if (strlen(uuid) != 36)
            abort();
    }
    try_form(native, text, len, nul != NULL ? nul + 1 : "", nul != NULL ? size - len - 1 : 0);
    try_form(odk, text, len, nul != NULL ? nul + 1 : "", nul != NULL ? size - len - 1 : 0);
    return 0;
}
