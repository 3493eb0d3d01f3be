/* Submissions: what an interview submits, read into another one, is submitted again the same; and what is refused. */
#include <criterion/criterion.h>
#include <dirent.h>
#include <stdlib.h>

#include "collect.h"

#define FORM(nodes, model, body) \
    "<h:html xmlns=\"http://www.w3.org/2002/xforms\" xmlns:h=\"http://www.w3.org/1999/xhtml\" xmlns:jr=\"http://openrosa.org/javarosa\"><h:head><h:title>T</h:title><model>" \
    "<instance><data id=\"f\" version=\"1\">" nodes "<meta><instanceID/></meta></data></instance>" model "</model></h:head><h:body>" body "</h:body></h:html>"
#define SUBMISSION(nodes) "<data id=\"f\" version=\"1\">" nodes "<meta><instanceID>uuid:1</instanceID></meta></data>"

static const svy_moment NOW = { 1764000000000, 0, 0 };
static collected said;

typedef struct opened { void *block; size_t size; svy_form *form; } opened;

static opened open_form(const char *xml, const char *path)
{
    opened o = { .form = NULL };
    svy_diags quiet = { .report = NULL };
    svy_error err = SVY_ERROR_INIT;
    svy_status st = xml != NULL ? svy_questionnaire_read_memory(NULL, xml, strlen(xml), NULL, NULL, &quiet, &o.block, &o.size, &err)
                                : svy_questionnaire_read(NULL, path, NULL, &quiet, &o.block, &o.size, &err);
    if (st == SVY_OK)
        cr_assert_eq(svy_form_open(NULL, o.block, o.size, &o.form, &err), SVY_OK, "%s", err.message);
    else
        cr_assert(xml == NULL, "%s", err.message);
    return o;
}

static void close_form(opened *o)
{
    svy_form_free(o->form);
    svy_block_free(NULL, o->block, o->size);
}

static svy_interview *start(const opened *o, uint64_t seed)
{
    svy_interview_options options = SVY_INTERVIEW_OPTIONS_INIT;
    svy_error err = SVY_ERROR_INIT;
    svy_interview *iv = NULL;
    options.seed = seed;
    options.tolerant = 1;
    cr_assert_eq(svy_interview_new(NULL, o->form, &options, NOW, &iv, &err), SVY_OK, "%s", err.message);
    return iv;
}

/* What it submits, without the id that a client adds where the form has none. */
static char *submitted(svy_interview *iv)
{
    const size_t n = svy_interview_submission(iv, NULL, 0);
    char *text = malloc(n + 1);
    cr_assert_not_null(text);
    svy_interview_submission(iv, text, n + 1);
    char *added = strstr(text, "instanceID>uuid:");
    if (added != NULL && strlen(added) > 16 + 36 && added[16 + 36] == '<')
        memset(added + 16, '0', 36);
    return text;
}

static svy_status read_into(svy_interview *iv, const char *xml)
{
    svy_diags diags = { .report = collect, .user = &said };
    svy_error err = SVY_ERROR_INIT;
    said.len = 0;
    said.text[0] = '\0';
    return svy_submission_read(iv, xml, strlen(xml), "s.xml", NOW, NULL, &diags, &err);
}

/* The submission that is read is what the interview submits then. */
static void comes_back(const opened *o, const char *xml)
{
    svy_interview *iv = start(o, 1);
    cr_assert_eq(read_into(iv, xml), SVY_OK, "%s", said.text);
    char *again = submitted(iv);
    cr_expect_str_eq(again, xml);
    free(again);
    svy_interview_free(iv);
}

Test(submission, values_entries_and_attributes_come_back)
{
    opened o = open_form(FORM("<a/><g><b/></g><r jr:template=\"\"><c/><s jr:template=\"\"><d/></s></r>", "<bind nodeset=\"/data/a\" type=\"int\"/>",
                              "<input ref=\"/data/a\"/><input ref=\"/data/g/b\"/><repeat nodeset=\"/data/r\"><input ref=\"/data/r/c\"/><repeat nodeset=\"/data/r/s\">"
                              "<input ref=\"/data/r/s/d\"/></repeat></repeat>"), NULL);
    comes_back(&o, SUBMISSION("<a>7</a><g><b>x &amp; y</b></g><r><c>1</c><s><d>2</d></s><s><d/></s></r><r><c>3</c></r>"));
    comes_back(&o, SUBMISSION("<a/><g><b/></g>"));
    close_form(&o);
}

Test(submission, entries_that_are_counted_come_when_their_number_does)
{
    opened o = open_form(FORM("<r jr:template=\"\"><c/></r><n/>", "<bind nodeset=\"/data/n\" type=\"int\"/>",
                              "<repeat nodeset=\"/data/r\" jr:count=\"/data/n\"><input ref=\"/data/r/c\"/></repeat><input ref=\"/data/n\"/>"), NULL);
    comes_back(&o, SUBMISSION("<r><c>1</c></r><r><c>2</c></r><n>2</n>"));
    svy_interview *iv = start(&o, 1);
    cr_expect_eq(read_into(iv, SUBMISSION("<r><c>1</c></r><r><c>2</c></r><n>1</n>")), SVY_E_INVALID);
    cr_expect(strstr(said.text, "there are more instances than the form counts") != NULL, "%s", said.text);
    svy_interview_free(iv);
    close_form(&o);
}

Test(submission, first_entries_that_it_does_not_have_are_taken_out)
{
    opened o = open_form(FORM("<r><c>first</c></r>", "", "<repeat nodeset=\"/data/r\"><input ref=\"/data/r/c\"/></repeat>"), NULL);
    comes_back(&o, SUBMISSION("<r><c>x</c></r><r><c>y</c></r>"));
    close_form(&o);
}

Test(submission, what_does_not_fit_is_refused)
{
    static const struct { const char *xml, *says; } CASES[] = {
        { SUBMISSION("<zz>1</zz>"), "error 1:26 [zz] the form has no such node" },
        { SUBMISSION("<a>x</a>"), "[a] the value is none that the question can have" },
        { "<data id=\"g\"/>", "it is a submission of another form" },
        { "<data id=\"f\" encrypted=\"yes\"/>", "the submission is encrypted" },
        { "<data id=\"f\">", "the file ends inside" },
        { "", "the file is empty" },
    };
    opened o = open_form(FORM("<a/>", "<bind nodeset=\"/data/a\" type=\"int\"/>", "<input ref=\"/data/a\"/>"), NULL);
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        svy_interview *iv = start(&o, 1);
        cr_expect_eq(read_into(iv, CASES[i].xml), SVY_E_INVALID, "%s", CASES[i].xml);
        cr_expect(strstr(said.text, CASES[i].says) != NULL, "no '%s' in %s", CASES[i].says, said.text);
        svy_interview_free(iv);
    }
    svy_interview *iv = start(&o, 1);
    cr_expect_eq(read_into(iv, "<data id=\"f\" version=\"2\"><a>1</a><zz/></data>"), SVY_OK);
    cr_expect(strstr(said.text, "warning 1:1 [2] it was collected with another version of the form") != NULL, "%s", said.text);
    svy_interview_free(iv);
    close_form(&o);
}

static void random_comes_back(const char *path)
{
    opened o = open_form(NULL, path);
    for (uint64_t seed = 1; seed <= 3 && o.form != NULL; seed++) {
        svy_error err = SVY_ERROR_INIT;
        svy_interview *iv = start(&o, seed), *other = start(&o, 99);
        (void)!svy_interview_randomize(iv, seed, 0, NOW, &err);     /* a dead end is as good */
        char *first = submitted(iv);
        cr_expect_eq(read_into(other, first), SVY_OK, "%s, seed %d: %s", path, (int)seed, said.text);
        char *again = submitted(other);
        cr_expect_str_eq(again, first, "%s, seed %d", path, (int)seed);
        free(first);
        free(again);
        svy_interview_free(iv);
        svy_interview_free(other);
    }
    close_form(&o);
}

Test(submission, random_interviews_with_public_forms_come_back)
{
    static const char FOLDER[] = SVY_SOURCE_DIR "/../shared/forms/xform";
    DIR *d = opendir(FOLDER);
    if (d == NULL)
        cr_skip_test("the public forms are not there: %s", FOLDER);
    for (const struct dirent *e = readdir(d); e != NULL; e = readdir(d)) {
        char path[600];
        snprintf(path, sizeof path, "%s/%s", FOLDER, e->d_name);
        if (e->d_name[0] != '.')
            random_comes_back(path);
    }
    closedir(d);
}
