/* Questionnaires from files: every element arrives in the form, shared lists and translations are found, problems of all kinds come in one run. */
#define _POSIX_C_SOURCE 200809L
#include "collect.h"
#include "failing.h"
#include <criterion/criterion.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define HEAD "<questionnaire xmlns=\"urn:libsurvey:questionnaire:1\" id=\"q\" version=\"1\" xml:lang=\"en\">\n<title>The  title</title>\n"
#define TAIL "</questionnaire>"
#define XLIFF(lang, units) "<xliff version=\"1.2\" xmlns=\"urn:oasis:names:tc:xliff:document:1.2\">\n<file original=\"questionnaire.xml\" " \
    "source-language=\"en\" target-language=\"" lang "\" datatype=\"xml\"><body>\n" units "</body></file></xliff>"
#define UNIT(id, source, target) "<trans-unit id=\"" id "\"><source>" source "</source><target>" target "</target></trans-unit>\n"

typedef struct loaded { void *block; size_t size; svy_form *form; svy_status status; svy_error err; collected said; svy_diags diags; } loaded;

static void finish(loaded *l)
{
    svy_form_free(l->form);
    svy_block_free(NULL, l->block, l->size);
    l->form = NULL;
    l->block = NULL;
}

static void begin(loaded *l)
{
    const svy_error fresh = SVY_ERROR_INIT;
    memset(l, 0, sizeof *l);
    l->err = fresh;
    l->diags = (svy_diags){ .report = collect, .user = &l->said };
}

static void open_form(loaded *l)
{
    svy_error err = SVY_ERROR_INIT;
    cr_assert((l->status == SVY_OK) == (l->block != NULL));
    if (l->status == SVY_OK)
        cr_assert_eq(svy_form_open(NULL, l->block, l->size, &l->form, &err), SVY_OK, "%s", err.message);
}

static void read_text(loaded *l, const char *xml)
{
    begin(l);
    l->status = svy_questionnaire_read_memory(NULL, xml, strlen(xml), NULL, NULL, &l->diags, &l->block, &l->size, &l->err);
    open_form(l);
}

/* ---- a folder of its own for each test ---- */

static char folder[64];

static void make_folder(void)
{
    const int n = snprintf(folder, sizeof folder, "survey-read-");
    memset(folder + n, 'X', 6);
    cr_assert_not_null(mkdtemp(folder));
}

static void put(const char *name, const char *text)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    for (char *slash = strchr(path + strlen(folder) + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(path, 0700);
        *slash = '/';
    }
    FILE *f = fopen(path, "wb");
    cr_assert_not_null(f, "%s", path);
    fputs(text, f);
    fclose(f);
}

static void read_folder(loaded *l, const char *name)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    begin(l);
    l->status = svy_questionnaire_read(NULL, path, NULL, &l->diags, &l->block, &l->size, &l->err);
    open_form(l);
}

static void remove_folder(void)
{
    char command[128];
    snprintf(command, sizeof command, "rm -r '%s'", folder);
    cr_expect_eq(system(command), 0);
}

static uint32_t find(const loaded *l, const char *id)
{
    uint32_t item = 0;
    cr_assert(svy_form_find(l->form, id, strlen(id), &item), "%s", id);
    return item;
}

/* ---- elements ---- */

static const char EVERYTHING[] = HEAD
    "<description> About\n it </description>\n"
    "<parameter id='limit' type='integer' value='98'><label>The limit</label></parameter>\n"
    "<choices id='yn'><choice code='1'>Yes</choice><choice code='2'>No</choice></choices>\n"
    "<choices id='way' order='random'><choice code='1'>On  foot</choice><choice code='7' other='true'>Another</choice>"
    "<choice code='9' exclusive='true'>None</choice><choice code='99' missing='refused'>No answer</choice></choices>\n"
    "<section id='s' page='all'><title>Work</title>\n"
    "<question id='worked' type='single' choices='yn'><label>Did you\n  work?</label><hint>Any work</hint><instruction>Do not prompt</instruction></question>\n"
    "<question id='hours' type='integer' relevant='${worked} = 1'><label>Hours?</label>\n"
    "<check that='. &lt;= ${limit}'>At most <!-- not this --> 98</check><check that='. &lt;= 60' severity='soft'>Really?</check></question>\n"
    "<question id='ways' type='multiple' choices='way'><label>How?</label></question>\n"
    "<grid id='sat' choices='yn'><label>Content with</label><row id='pay'>the pay</row><row id='time'><label>the time</label></row></grid>\n"
    "</section>\n"
    "<note id='thanks'>So far  so good</note><note id='more'><label>Nearly done</label><hint>Soon</hint></note>\n"
    "<question id='size' type='integer'><label>Size?</label><check that='. >= 1 and . &lt;= 20'>1 to 20</check></question>\n"
    "<roster id='member' count='${size} - 1'><label>Others</label><question id='age' type='integer'><label>Age?</label></question></roster>\n"
    "<compute id='year' type='integer' value='${hours} * 52'><label>Hours a year</label></compute>\n"
    "<end id='out' when='${worked} = 2' outcome='21' keep='s'>Thank you</end>\n"
    "<question id='last' type='text'><label>Anything else?</label></question>\n"
    "<check that='count(${member}) &lt; 30' severity='soft'>Over all</check>\n" TAIL;

Test(read, every_element_arrives)
{
    static loaded l;
    read_text(&l, EVERYTHING);
    cr_assert_eq(l.status, SVY_OK, "%s%s", l.err.message, l.said.text);
    const svy_form *f = l.form;
    cr_expect_str_eq(svy_form_id(f), "q");
    cr_expect_str_eq(svy_form_text(f, 0, SVY_TITLE, 0), "The title");
    cr_expect_str_eq(svy_form_text(f, 0, SVY_DESCRIPTION, 0), "About it");
    cr_expect_str_eq(svy_form_parameter(f, find(&l, "limit")), "98");
    cr_expect_str_eq(svy_form_text(f, find(&l, "s"), SVY_TITLE, 0), "Work");
    cr_expect(svy_form_item(f, find(&l, "s"))->flags & SVY_ITEM_PAGE_ALL);
    const uint32_t worked = find(&l, "worked"), hours = find(&l, "hours");
    cr_expect_str_eq(svy_form_text(f, worked, SVY_LABEL, 0), "Did you work?");
    cr_expect_str_eq(svy_form_text(f, worked, SVY_HINT, 0), "Any work");
    cr_expect_str_eq(svy_form_text(f, worked, SVY_INSTRUCTION, 0), "Do not prompt");
    cr_expect_eq(svy_form_item(f, worked)->type, SVY_T_SINGLE);
    cr_expect_eq(svy_form_item(f, hours)->n_checks, 2);
    cr_expect_str_eq(svy_form_check_text(f, svy_form_item(f, hours)->first_check, 0), "At most 98");
    cr_expect_eq(svy_form_check(f, svy_form_item(f, hours)->first_check + 1)->soft, 1);
    cr_expect_str_eq(svy_form_rule(f, svy_form_item(f, hours)->relevant).text, "${worked} = 1");
    cr_expect_eq(svy_form_item(f, hours)->line, 11);
    const uint32_t way = svy_form_item(f, find(&l, "ways"))->list;
    cr_expect_eq(svy_form_list(f, way).order, SVY_ORDER_RANDOM);
    cr_expect_str_eq(svy_form_choice_label(f, way, 0, 0), "On foot");
    cr_expect(svy_form_choice(f, way, 1).flags & SVY_CHOICE_OTHER);
    cr_expect(svy_form_choice(f, way, 2).flags & SVY_CHOICE_EXCLUSIVE);
    cr_expect_eq(svy_form_choice(f, way, 3).missing, SVY_REFUSED);
    cr_expect_str_eq(svy_form_text(f, find(&l, "pay"), SVY_LABEL, 0), "the pay");
    cr_expect_str_eq(svy_form_text(f, find(&l, "time"), SVY_LABEL, 0), "the time");
    cr_expect(svy_form_item(f, find(&l, "time"))->flags & SVY_ITEM_ROW);
    cr_expect_str_eq(svy_form_text(f, find(&l, "thanks"), SVY_LABEL, 0), "So far so good");
    cr_expect_str_eq(svy_form_text(f, find(&l, "more"), SVY_LABEL, 0), "Nearly done");
    cr_expect_eq(svy_form_item(f, find(&l, "age"))->roster, find(&l, "member"));
    cr_expect_str_eq(svy_form_rule(f, svy_form_item(f, find(&l, "year"))->value).text, "${hours} * 52");
    cr_expect_str_eq(svy_form_text(f, find(&l, "out"), SVY_TEXT, 0), "Thank you");
    cr_expect_eq(svy_form_item(f, 0)->n_checks, 1);
    finish(&l);
}

/* ---- problems of all kinds in one run ---- */

Test(read, structure_and_meaning_in_one_run)
{
    static loaded l;
    read_text(&l, HEAD
        "<question id='a' type='integer' relevnt='1 = 1'><label>A</label></question>\n"
        "<question id='b' type='integer' relevant='${nobody} = 1'><label>B</label></question>\n"
        "<question id='c' type='sngle' choices='missing'><label>C</label></question>\n"
        "<question id='d' type='integer'><label>D</label><check that='. = '>E</check></question>\n" TAIL);
    cr_expect_eq(l.status, SVY_E_INVALID);
    cr_expect_eq(l.err.code, SVY_E_INVALID);
    cr_expect_eq(l.err.line, 3);
    cr_expect(strstr(l.said.text, "error 3:33 [a] 'question' has no attribute 'relevnt': did you mean 'relevant'?") != NULL, "%s", l.said.text);
    cr_expect(strstr(l.said.text, "error 4:") != NULL && strstr(l.said.text, "nobody") != NULL, "%s", l.said.text);
    cr_expect(strstr(l.said.text, "did you mean 'single'?") != NULL && strstr(l.said.text, "'missing'") != NULL, "%s", l.said.text);
    cr_expect(strstr(l.said.text, "error 6:") != NULL, "%s", l.said.text);
    cr_expect_eq(l.diags.problems, 5, "%u:\n%s", l.diags.problems, l.said.text);
}

/* What the schema has said, the compiler does not say again. */
static const char *const ONCE[] = {
    "<question id='a' type='nonsense'><label>A</label></question>",
    "<question id='a'><label>A</label></question>",
    "<question type='text'><label>A</label></question>",
    "<question id='1a' type='text'><label>A</label></question>",
    "<question id='a' type='text'/>",
    "<question id='a' type='text'><lable>A</lable></question>",
    "<question id='a' type='text' required='true' page='all'><label>A</label></question>",
    "<check>C</check>",
    "<check that=''>C</check>",
    "<compute id='a' type='integer'/>",
    "<compute id='a' value='1'/>",
    "<end id='e' when='1 = 2'>E</end>",
    "<roster id='r' count='1' for='${x}'/>",
    "<roster id='r' min='x'/>",
    "<row id='r'>R</row>",
    "<choice code='1'>C</choice>",
    "<choices id='l'/>",
    "<section id='s'><choices id='l'><choice code='1'>C</choice></choices></section>",
    "<section/>",
    "<section id='s' page='both'/>",
    "<grid id='g'><label>G</label></grid>",
    "<choices id='l' source='../../../x.xml'/>",
};

Test(read, a_fault_is_told_once)
{
    static loaded l;
    for (size_t i = 0; i < sizeof ONCE / sizeof ONCE[0]; i++) {
        char text[1024];
        snprintf(text, sizeof text, HEAD "%s\n<question id='z' type='text'><label>Z</label></question>" TAIL, ONCE[i]);
        read_text(&l, text);
        cr_expect_eq(l.status, SVY_E_INVALID, "%s", ONCE[i]);
        cr_expect_eq(l.diags.problems, 1, "%s:\n%s", ONCE[i], l.said.text);
        finish(&l);
    }
}

/* ---- shared lists ---- */

#define LIST(choices) "<choices xmlns=\"urn:libsurvey:questionnaire:1\" id=\"x\" version=\"1\" xml:lang=\"en\">\n<title>T</title>\n" \
    "<origin>O</origin>\n<licence>L</licence>\n" choices "</choices>"
#define USES(source) HEAD "<choices id='one' source='" source "'/>\n<question id='a' type='single' choices='one'><label>A</label></question>" TAIL

Test(read, shared_lists, .init = make_folder, .fini = remove_folder)
{
    static loaded l;
    put("lists/x.xml", LIST("<choice code='1'>A</choice><choice code='2'>B</choice>"));
    put("lists/x.bg.xlf", XLIFF("bg", UNIT("/title", "T", "Т") UNIT("1", "A", "А") UNIT("2", "B", "Б")));
    put("lists/x.fr.xlf", XLIFF("fr", UNIT("1", "A", "Ah")));
    put("study/bg.xlf", XLIFF("bg", UNIT("/title", "The title", "Заглавие") UNIT("a/label", "A", "А?") UNIT("b/label", "B", "Б?") UNIT("two/9", "C", "В")));
    put("study/questionnaire.xml", HEAD "<choices id='one' source='../lists/x.xml'/><choices id='two' source='../lists/x.xml' order='random'>"
        "<choice code='9' other='true'>C</choice></choices>\n"
        "<question id='a' type='single' choices='one'><label>A</label></question><question id='b' type='single' choices='two'><label>B</label></question>" TAIL);
    read_folder(&l, "study/questionnaire.xml");
    cr_assert_eq(l.status, SVY_OK, "%s%s", l.err.message, l.said.text);
    cr_expect_str_eq(l.said.text, "");
    cr_expect_eq(svy_form_languages(l.form), 2, "French is not a language of the questionnaire");
    for (uint32_t list = 1; list <= 2; list++) {
        cr_expect_eq(svy_form_list(l.form, list).n_choices, list + 1, "what the list adds to the shared one comes behind it");
        cr_expect_str_eq(svy_form_choice_label(l.form, list, 1, 0), "B");
        cr_expect_str_eq(svy_form_choice_label(l.form, list, 1, 1), "Б");
    }
    cr_expect_eq(svy_form_list(l.form, 2).order, SVY_ORDER_RANDOM);
    cr_expect_str_eq(svy_form_text(l.form, find(&l, "a"), SVY_LABEL, 1), "А?");
    finish(&l);
}

Test(read, a_choice_of_the_lists_own_takes_the_place_of_the_shared_one, .init = make_folder, .fini = remove_folder)
{
    static loaded l;
    uint32_t choice;
    put("lists/x.xml", LIST("<choice code='1' valid-to='2025-12-31'>A</choice><choice code='2'>B</choice>"));
    put("study/questionnaire.xml", HEAD "<choices id='one' source='../lists/x.xml'><choice code='1'>A</choice></choices>\n"
        "<question id='a' type='single' choices='one'><label>A</label></question>" TAIL);
    read_folder(&l, "study/questionnaire.xml");
    cr_assert_eq(l.status, SVY_OK, "%s%s", l.err.message, l.said.text);
    cr_expect_eq(svy_form_list(l.form, 1).n_choices, 2);
    cr_assert(svy_form_find_choice(l.form, 1, "1", 1, &choice));
    cr_expect_eq(svy_form_choice(l.form, 1, choice).valid_to, INT32_MAX, "the shared choice has ended, the list's own has not");
    finish(&l);
}

static const struct { const char *path, *said; } PATHS[] = {
    { "x.xml", "there is no such file" }, { "../lists/none.xml", "there is no such file" }, { "../../lists/x.xml", "leaves the folder above" },
    { "../lists/../../x.xml", "leaves the folder above" }, { "lists/../x.xml", "leaves the folder above" }, { "/etc/passwd", "give the path from its folder" },
    { "file:///etc/passwd", "it is an address" }, { "http://127.0.0.1:9/x.xml", "it is an address" }, { "..\\lists\\x.xml", "backslash" },
    { "../lists", "it is a folder" }, { "../pipe", "not an ordinary file" },
};

Test(read, paths_of_shared_lists, .init = make_folder, .fini = remove_folder)
{
    static loaded l;
    char pipe[128];
    put("lists/x.xml", LIST("<choice code='1'>A</choice>"));
    snprintf(pipe, sizeof pipe, "%s/pipe", folder);
    cr_assert_eq(mkfifo(pipe, 0600), 0);
    for (size_t i = 0; i < sizeof PATHS / sizeof PATHS[0]; i++) {
        char text[1024];
        snprintf(text, sizeof text, HEAD "<choices id='one' source='%s'/>\n<question id='a' type='single' choices='one'><label>A</label></question>" TAIL, PATHS[i].path);
        put("study/questionnaire.xml", text);
        read_folder(&l, "study/questionnaire.xml");
        cr_expect_eq(l.status, SVY_E_INVALID, "%s", PATHS[i].path);
        cr_expect_eq(l.diags.problems, 1, "%s", l.said.text);
        cr_expect(strncmp(l.said.text, "error 3:27 [one] the list cannot be read", 40) == 0, "%s", l.said.text);
        cr_expect(strstr(l.said.text, PATHS[i].said) != NULL, "%s: %s", PATHS[i].path, l.said.text);
        finish(&l);
    }
}

Test(read, faults_in_a_shared_list_name_its_file, .init = make_folder, .fini = remove_folder)
{
    static loaded l;
    static const struct { const char *list, *said; } CASES[] = {
        { LIST("<choice cod='1'>A</choice>"), "error 5:9 [x] 'choice' has no attribute 'cod': did you mean 'code'?" },
        { LIST("<choice code='1'>A</choice>\n<choice code='1'>B</choice>"), "error 6:" },
        { "<choices", "error 1:" },
        { "<html/>", "error 3:27 [one] the list cannot be read from '../lists/x.xml': it is not a code list" },
        { HEAD TAIL, "error 3:27 [one] the list cannot be read from '../lists/x.xml': it is not a code list" },
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        put("lists/x.xml", CASES[i].list);
        put("study/questionnaire.xml", USES("../lists/x.xml"));
        read_folder(&l, "study/questionnaire.xml");
        cr_expect_eq(l.status, SVY_E_INVALID, "%s", CASES[i].list);
        cr_expect_eq(l.diags.problems, 1, "%s", l.said.text);
        cr_expect(strncmp(l.said.text, CASES[i].said, strlen(CASES[i].said)) == 0, "%s", l.said.text);
        finish(&l);
    }
}

Test(read, a_shared_list_in_another_language_is_warned_about, .init = make_folder, .fini = remove_folder)
{
    static loaded l;
    put("lists/x.xml", "<choices xmlns=\"urn:libsurvey:questionnaire:1\" id=\"x\" version=\"1\" xml:lang=\"bg\"><title>T</title><origin>O</origin>"
        "<licence>L</licence><choice code='1'>А</choice></choices>");
    put("study/questionnaire.xml", USES("../lists/x.xml"));
    read_folder(&l, "study/questionnaire.xml");
    cr_expect_eq(l.status, SVY_OK);
    cr_expect(strncmp(l.said.text, "warning 3:27 [one] the list '../lists/x.xml' is written in 'bg', the questionnaire in 'en'", 60) == 0, "%s", l.said.text);
    finish(&l);
}

/* ---- who keeps the sources ---- */

typedef struct watched { char names[512]; size_t bytes; } watched;

static void note(void *user, const char *path, const void *bytes, size_t len)
{
    watched *w = user;
    const char *slash = strrchr(path, '/');
    (void)bytes;
    strncat(w->names, slash != NULL ? slash + 1 : path, sizeof w->names - strlen(w->names) - 2);
    strcat(w->names, " ");
    w->bytes += len;
}

Test(read, every_file_that_is_used_is_seen_once, .init = make_folder, .fini = remove_folder)
{
    static loaded l;
    static watched w;
    const svy_watch watch = { .seen = note, .user = &w };
    char path[128];
    put("lists/x.xml", LIST("<choice code='1'>A</choice>"));
    put("lists/x.bg.xlf", XLIFF("bg", UNIT("1", "A", "А")));
    put("lists/x.fr.xlf", XLIFF("fr", UNIT("1", "A", "Ah")));
    put("lists/y.xml", "not read");
    put("study/bg.xlf", XLIFF("bg", UNIT("a/label", "A", "А?")));
    put("study/questionnaire.xml", USES("../lists/x.xml"));
    snprintf(path, sizeof path, "%s/study/questionnaire.xml", folder);
    begin(&l);
    l.status = svy_questionnaire_read_watched(NULL, path, NULL, &watch, &l.diags, &l.block, &l.size, &l.err);
    open_form(&l);
    cr_expect_eq(l.status, SVY_OK, "%s", l.said.text);
    cr_expect_str_eq(w.names, "questionnaire.xml x.xml bg.xlf x.bg.xlf ");
    cr_expect_eq(w.bytes, sizeof USES("../lists/x.xml") + sizeof LIST("<choice code='1'>A</choice>") + sizeof XLIFF("bg", UNIT("1", "A", "А")) +
                 sizeof XLIFF("bg", UNIT("a/label", "A", "А?")) - 4);
    finish(&l);
}

/* ---- from memory, and what cannot be read ---- */

Test(read, from_memory_nothing_beside_is_read_without_a_folder, .init = make_folder, .fini = remove_folder)
{
    static loaded l;
    char study[128];
    put("lists/x.xml", LIST("<choice code='1'>A</choice>"));
    put("study/other.txt", "");
    snprintf(study, sizeof study, "%s/study", folder);
    read_text(&l, USES("../lists/x.xml"));
    cr_expect_eq(l.status, SVY_E_INVALID);
    cr_expect(strstr(l.said.text, "no folder") != NULL, "%s", l.said.text);
    finish(&l);
    begin(&l);
    l.status = svy_questionnaire_read_memory(NULL, USES("../lists/x.xml"), sizeof USES("../lists/x.xml") - 1, study, NULL, &l.diags, &l.block, &l.size, &l.err);
    open_form(&l);
    cr_expect_eq(l.status, SVY_OK, "%s", l.said.text);
    finish(&l);
}

Test(read, what_cannot_be_read, .init = make_folder, .fini = remove_folder)
{
    static loaded l;
    read_folder(&l, "none.xml");
    cr_expect_eq(l.status, SVY_E_IO);
    cr_expect(strstr(l.err.message, "there is no such file") != NULL, "%s", l.err.message);
    cr_expect_eq(l.diags.problems, 0);
    read_folder(&l, "");
    cr_expect_eq(l.status, SVY_E_IO);
    begin(&l);
    cr_expect_eq(svy_questionnaire_read(NULL, NULL, NULL, &l.diags, &l.block, &l.size, &l.err), SVY_E_ARG);
    put("q.xml", HEAD TAIL);
    svy_xml_limits limits = SVY_XML_LIMITS_INIT;
    limits.bytes = 50;
    char path[128];
    snprintf(path, sizeof path, "%s/q.xml", folder);
    cr_expect_eq(svy_questionnaire_read(NULL, path, &limits, &l.diags, &l.block, &l.size, &l.err), SVY_E_LIMIT);
    cr_expect(strstr(l.err.message, "at most 50") != NULL, "%s", l.err.message);
}

/* ---- memory ---- */

Test(read, every_allocation_failure_with_files_beside_is_clean, .init = make_folder, .fini = remove_folder)
{
    const svy_alloc alloc = { failing, NULL };
    char path[128];
    size_t n = 0;
    put("lists/x.xml", LIST("<choice code='1'>A</choice>"));
    put("lists/x.bg.xlf", XLIFF("bg", UNIT("1", "A", "А")));
    put("study/bg.xlf", XLIFF("bg", UNIT("/title", "The title", "З") UNIT("a/label", "A", "А?")));
    put("study/questionnaire.xml", USES("../lists/x.xml"));
    snprintf(path, sizeof path, "%s/study/questionnaire.xml", folder);
    for (svy_status st = SVY_E_NOMEM; st != SVY_OK; n++) {
        svy_error err = SVY_ERROR_INIT;
        svy_diags diags = { .report = NULL };
        void *block;
        size_t size;
        countdown = n;
        st = svy_questionnaire_read(&alloc, path, NULL, &diags, &block, &size, &err);
        countdown = SIZE_MAX;
        cr_assert(st == SVY_OK || st == SVY_E_NOMEM, "failure %zu: %d %s", n, (int)st, err.message);
        cr_assert_eq(diags.problems + diags.warnings, 0, "failure %zu is told as a fault of the files", n);
        svy_block_free(&alloc, block, size);
        cr_assert_eq(live, 0, "failure %zu leaks", n);
    }
    cr_expect(n > 50, "%zu", n);
}

/* ---- cost ---- */

Test(read, five_thousand_questions_under_a_second)
{
    enum { MANY = 5000 };
    static loaded l;
    char *text = malloc(MANY * 400 + 1000);
    cr_assert_not_null(text);
    char *at = text + sprintf(text, HEAD "<choices id='yn'><choice code='1'>Yes</choice><choice code='2'>No</choice></choices>\n");
    for (int i = 0; i < MANY; i++) {
        at += sprintf(at, "<question id='q%d' type='%s'", i, i % 2 ? "integer" : "single' choices='yn");
        if (i > 1)
            at += sprintf(at, " relevant='${q%d} = 1'", (i / 2 - 1) & ~1);
        at += sprintf(at, "><label>Question %d, after ${q%d}?</label>%s</question>\n", i, i > 0 ? i - 1 : 0,
                      i % 2 ? "<check that='. >= 0 and . &lt;= 98' severity='soft'>Is that right?</check>" : "");
    }
    strcpy(at, TAIL);
    struct timespec start, end;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &start);
    read_text(&l, text);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
    const double took = (double)(end.tv_sec - start.tv_sec) + (double)(end.tv_nsec - start.tv_nsec) / 1e9;
    cr_assert_eq(l.status, SVY_OK, "%s%s", l.err.message, l.said.text);
    cr_expect_eq(svy_form_items(l.form), MANY + 1);
#if defined(__SANITIZE_ADDRESS__)
    const double most = 8;
#else
    const double most = 1;
#endif
    cr_expect(took < most, "%.2f s", took);
    finish(&l);
    free(text);
}
