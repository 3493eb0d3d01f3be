/* Submissions as packages: what they say of themselves, that the package gives the same answers, and what the client's log adds. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <survey/package.h>

#include "base/buffer.h"
#include "collect.h"

#define FORM(nodes, model, body) \
    "<h:html xmlns=\"http://www.w3.org/2002/xforms\" xmlns:h=\"http://www.w3.org/1999/xhtml\" xmlns:jr=\"http://openrosa.org/javarosa\"><h:head><h:title>T</h:title><model>" \
    "<instance><data id=\"f\" version=\"1\">" nodes "<meta><instanceID/></meta></data></instance>" model "</model></h:head><h:body>" body "</h:body></h:html>"
#define VISIT FORM("<a/><b/><m jr:template=\"\"><n/></m>", \
    "<bind nodeset=\"/data/a\" type=\"int\"/><bind nodeset=\"/data/b\" type=\"string\" relevant=\"/data/a > 1\"/><bind nodeset=\"/data/m/n\" type=\"string\"/>", \
    "<input ref=\"/data/a\"><label>A</label></input><input ref=\"/data/b\"><label>B</label></input>" \
    "<group ref=\"/data/m\"><label>M</label><repeat nodeset=\"/data/m\"><input ref=\"/data/m/n\"><label>N</label></input></repeat></group>")
#define NATIVE "<questionnaire xmlns=\"urn:libsurvey:questionnaire:1\" id=\"q\" version=\"2\" xml:lang=\"en\"><title>Q</title><section id=\"s\"><title>S</title>" \
    "<question id=\"age\" type=\"integer\"><label>Age</label><check that=\"${age} &lt; 100\" severity=\"soft\">So old?</check></question>" \
    "<question id=\"job\" type=\"text\" relevant=\"${age} &gt; 15\"><label>Job</label></question></section></questionnaire>"
#define UUID "12345678-1234-4234-8234-123456789abc"

static const svy_moment NOW = { 1764000000000, 120, 0 };
static collected said;

typedef struct made { void *block; size_t size; svy_form *form; svyi_buffer package; svy_interview *iv; } made;

static svy_status keep(void *user, const char *bytes, size_t n)
{
    svyi_buffer_add(user, bytes, n);
    return SVY_OK;
}

static made open_form(const char *xml)
{
    made m = { .form = NULL };
    svy_diags diags = { .report = collect, .user = &said };
    svy_error err = SVY_ERROR_INIT;
    said.len = 0;
    said.text[0] = '\0';
    cr_assert_eq(svy_questionnaire_read_memory(NULL, xml, strlen(xml), NULL, NULL, &diags, &m.block, &m.size, &err), SVY_OK, "%s", said.text);
    cr_assert_eq(svy_form_open(NULL, m.block, m.size, &m.form, &err), SVY_OK, "%s", err.message);
    svyi_buffer_init(&m.package, NULL);
    return m;
}

static void close_form(made *m)
{
    svy_interview_free(m->iv);
    svyi_buffer_clear(&m->package);
    svy_form_free(m->form);
    svy_block_free(NULL, m->block, m->size);
}

static svy_status make(made *m, const char *xml, const char *audit)
{
    svy_submission_options o = SVY_SUBMISSION_OPTIONS_INIT;
    svy_diags diags = { .report = collect, .user = &said };
    svy_error err = SVY_ERROR_INIT;
    const svy_sink to = { keep, &m->package };
    o.uuid = UUID;
    o.actor = "ana";
    o.device = "phone";
    o.now = NOW;
    o.audit = audit;
    o.audit_size = audit != NULL ? strlen(audit) : 0;
    m->package.len = 0;
    said.len = 0;
    said.text[0] = '\0';
    return svy_submission_package(NULL, m->form, xml, strlen(xml), "s.xml", &o, &to, &diags, &err);
}

static const char *value(made *m, const char *id)
{
    uint32_t item;
    cr_assert(svy_form_find(m->form, id, strlen(id), &item), "%s", id);
    const svy_value v = svy_interview_get(m->iv, (svy_place){ item, 0 });
    static char text[100];
    const size_t n = v.missing == SVY_PRESENT ? svy_value_format(&v, text, sizeof text) : 0;
    text[n < sizeof text ? n : 0] = '\0';
    return text;
}

static void replay(made *m)
{
    svy_error err = SVY_ERROR_INIT;
    svy_interview_free(m->iv);
    m->iv = NULL;
    cr_assert_eq(svy_package_replay(NULL, m->form, m->package.data, m->package.len, 0, NULL, &m->iv, &err), SVY_OK, "%s", err.message);
    cr_expect_eq(svy_interview_phase(m->iv), SVY_COMPLETE);
}

/* ---- what it says of itself ---- */

Test(submission_package, what_a_submission_says_of_itself)
{
    static const struct { const char *xml, *form, *version, *instance, *replaces; int encrypted; } ROWS[] = {
        { "<data id=\"f\" version=\"1\"><meta><instanceID>uuid:1</instanceID></meta></data>", "f", "1", "uuid:1", "", 0 },
        { "<d id=\"f\" xmlns:o=\"http://openrosa.org/xforms\"><o:meta><o:instanceID> uuid:2\n</o:instanceID><o:deprecatedID>uuid:1</o:deprecatedID></o:meta></d>", "f", "", "uuid:2", "uuid:1", 0 },
        { "<data id=\"f\" version=\"1\" encrypted=\"yes\" instanceID=\"uuid:3\"/>", "f", "1", "uuid:3", "", 1 },
        { "<data/>", "", "", "", "", 0 },
    };
    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
        svy_submission_head h;
        svy_error err = SVY_ERROR_INIT;
        cr_assert_eq(svy_submission_about(ROWS[i].xml, strlen(ROWS[i].xml), "s", NULL, &h, &err), SVY_OK, "%s", err.message);
        cr_expect_str_eq(h.form, ROWS[i].form);
        cr_expect_str_eq(h.version, ROWS[i].version);
        cr_expect_str_eq(h.instance, ROWS[i].instance);
        cr_expect_str_eq(h.replaces, ROWS[i].replaces);
        cr_expect_eq(h.encrypted, ROWS[i].encrypted);
    }
}

Test(submission_package, what_is_no_submission_is_refused)
{
    static const char *const ROWS[] = { "", "<a>", "<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>", "<a/><b/>", "text", "<a>\xff</a>" };
    char large[700] = "<data><meta><instanceID>";
    svy_submission_head h;
    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
        svy_error err = SVY_ERROR_INIT;
        cr_expect_eq(svy_submission_about(ROWS[i], strlen(ROWS[i]), "s", NULL, &h, &err), SVY_E_INVALID, "%s", ROWS[i]);
        cr_expect_neq(err.message[0], '\0', "%s", ROWS[i]);
    }
    svy_error err = SVY_ERROR_INIT;
    memset(large + strlen(large), 'x', 300);
    strcat(large, "</instanceID></meta></data>");
    cr_expect_eq(svy_submission_about(large, strlen(large), "s", NULL, &h, &err), SVY_E_INVALID);
}

Test(submission_package, the_uuid_of_its_interview)
{
    char a[37], b[37];
    svy_submission_uuid("uuid:12345678-1234-4234-8234-123456789ABC", a);
    cr_expect_str_eq(a, UUID);
    svy_submission_uuid("17", a);
    svy_submission_uuid("18", b);
    cr_expect_eq(strlen(a), 36);
    cr_expect_str_neq(a, b);
    cr_expect_eq(a[14], '8');
    svy_submission_uuid("uuid:12345678-1234-4234-8234-123456789abcX", b);
    cr_expect_str_neq(b, UUID);
}

/* ---- the package ---- */

Test(submission_package, gives_the_same_answers)
{
    made m = open_form(VISIT);
    cr_assert_eq(make(&m, "<data id=\"f\" version=\"1\"><a>2</a><b>x</b><m><n>1</n></m><m><n>2</n></m><meta><instanceID>uuid:1</instanceID></meta></data>", NULL), SVY_OK, "%s", said.text);
    replay(&m);
    cr_expect_str_eq(value(&m, "a"), "2");
    cr_expect_str_eq(value(&m, "b"), "x");
    svyi_buffer first = m.package;
    svyi_buffer_init(&m.package, NULL);
    cr_assert_eq(make(&m, "<data id=\"f\" version=\"1\"><a>2</a><b>x</b><m><n>1</n></m><m><n>2</n></m><meta><instanceID>uuid:1</instanceID></meta></data>", NULL), SVY_OK);
    cr_expect(first.len == m.package.len && memcmp(first.data, m.package.data, first.len) == 0, "the same submission gives the same bytes");
    svyi_buffer_clear(&first);
    close_form(&m);
}

Test(submission_package, of_a_form_of_our_own_language)
{
    made m = open_form(NATIVE);
    cr_assert_eq(make(&m, "<q id=\"q\" version=\"2\"><s><age>101</age><job>none</job></s></q>", NULL), SVY_OK, "%s", said.text);
    replay(&m);
    cr_expect_str_eq(value(&m, "age"), "101");
    cr_expect_str_eq(value(&m, "job"), "none");
    close_form(&m);
}

Test(submission_package, problems_are_told_and_nothing_is_made)
{
    made m = open_form(VISIT);
    cr_expect_eq(make(&m, "<data id=\"f\" version=\"1\"><a>2</a><z>1</z></data>", NULL), SVY_E_INVALID);
    cr_expect(strstr(said.text, "no such node") != NULL, "%s", said.text);
    cr_expect_eq(m.package.len, 0);
    cr_expect_eq(make(&m, "<data id=\"g\"/>", NULL), SVY_E_INVALID);
    close_form(&m);
}

/* ---- the log of the client ---- */

typedef struct heard { char text[8000]; size_t len; } heard;

static svy_status hear_sitting(void *user, const svy_sitting *s, svy_error *err)
{
    heard *h = user;
    (void)err;
    h->len += (size_t)snprintf(h->text + h->len, sizeof h->text - h->len, "[%llu %s %s %s]", (unsigned long long)s->first, svy_mode_name(s->mode), s->actor, s->device);
    return SVY_OK;
}

static svy_status hear_event(void *user, const svy_event *e, svy_error *err)
{
    static const char LETTERS[] = "?spac+-rlgoSRCO.";
    heard *h = user;
    (void)err;
    h->len += (size_t)snprintf(h->text + h->len, sizeof h->text - h->len, "%c%s%s@%lld ", LETTERS[e->action], e->item, e->entry, (long long)e->moment.utc_ms);
    return SVY_OK;
}

static const char *hear(made *m)
{
    static heard h;
    svy_error err = SVY_ERROR_INIT;
    const svy_package_reader to = { .sitting = hear_sitting, .event = hear_event, .user = &h };
    h.len = 0;
    cr_assert_eq(svy_package_read(m->package.data, m->package.len, 0, &to, &err), SVY_OK, "%s", err.message);
    return h.text;
}

#define ANSWERED "<data id=\"f\" version=\"1\"><a>2</a><b>x</b><m><n>1</n></m><meta><instanceID>uuid:1</instanceID></meta></data>"

Test(submission_package, the_log_gives_times_and_order)
{
    made m = open_form(VISIT);
    cr_assert_eq(make(&m, ANSWERED, "event,node,start,end,user\r\nform start,,1000,,ana\r\nquestion,/data/a,1100,1200,ana\r\nquestion,\"/data/m[1]/n\",1300,1400,ana\r\n"
                                    "form exit,,1500,,ana\nform resume,,2000,,boris\nquestion,/data/b,2100,2200,boris\nquestion,/data/nothing,2300,2400,boris\n"
                                    "form finalize,,2500,,boris\n"), SVY_OK, "%s", said.text);
    replay(&m);
    cr_expect_str_eq(hear(&m), "[1 odk ana phone]s@1000 ga@1100 aa@1200 +mm:1@1300 gnm:1@1300 anm:1@1400 ainstanceID@1400 [8 odk boris phone]gb@2100 ab@2200 C@2500 ", "%s", hear(&m));
    close_form(&m);
}

Test(submission_package, an_order_that_the_engine_cannot_take_is_that_of_the_form)
{
    made m = open_form(NATIVE);
    cr_assert_eq(make(&m, "<q id=\"q\" version=\"2\"><s><age>40</age><job>x</job></s></q>", "event,node,start,end\nform start,,1000,\nquestion,/q/s/age,1100,1200\n"
                      "question,/q/s/job,1300,1400\nquestion,/q/s/age,1500,1600\nform finalize,,1700,\n"), SVY_OK, "%s", said.text);
    replay(&m);
    cr_expect_str_eq(value(&m, "job"), "x");
    cr_expect(strstr(hear(&m), "aage@1600") != NULL && strstr(hear(&m), "ajob@1400") != NULL, "%s", hear(&m));
    close_form(&m);
}

Test(submission_package, a_log_that_is_none_changes_nothing)
{
    static const char *const LOGS[] = { "", "event\n", "event,node,start,end\n", "event,node,start,end\nquestion,/data/a,x,y\n", "event,node,start,end\n\"", "\"\"\"", "event,node,start,end\nquestion,/data/a,999999999999999,1\n",
                                        "event,node,start,end\nquestion,/data/m[99999999999]/n,5,6\nquestion,[[[,5,6\nquestion,/,5,6\nquestion,///,5,6\n" };
    for (size_t i = 0; i < sizeof LOGS / sizeof LOGS[0]; i++) {
        made m = open_form(VISIT);
        cr_expect_eq(make(&m, ANSWERED, LOGS[i]), SVY_OK, "%s", LOGS[i]);
        replay(&m);
        cr_expect_str_eq(value(&m, "b"), "x");
        close_form(&m);
    }
}
