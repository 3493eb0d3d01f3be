/* Outline and routing graph: what is in the form is in them, within the width, and Graphviz's text is well-formed. */
#include "collect.h"
#include "exchange/show/show.h"
#include <criterion/criterion.h>
#include <stdlib.h>

#define FORM "<questionnaire xmlns=\"urn:libsurvey:questionnaire:1\" id=\"q\" version=\"7\" xml:lang=\"en\">\n<title>Work &amp; \"rights\"</title>\n" \
    "<parameter id='limit' type='integer' value='98'/>\n" \
    "<choices id='yn'><choice code='1'>Yes</choice><choice code='2'>No</choice></choices>\n" \
    "<choices id='many'>" CH("1") CH("2") CH("3") CH("4") CH("5") CH("6") CH("7") CH("8") CH("9") CH("10") CH("11") CH("12") CH("13") "</choices>\n"
#define REST \
    "<section id='s' relevant='${limit} > 1'><title>The work</title>\n" \
    "<question id='worked' type='single' choices='yn' required='true'><label>Did you work last week, even for an hour, in a place where you had to be paid for it by " \
    "somebody else than yourself?</label></question>\n" \
    "<question id='hours' type='integer' relevant='${worked} = 1 and ${limit} &lt; 99'><label>Hours in ${worked}?</label>" \
    "<check that='. &lt;= ${limit}'>Too many</check><check that='. &lt;= 60' severity='soft'>Really?</check></question>\n" \
    "<question id='place' type='multiple' choices='many' relevant='${worked} = 1 and ${limit} &lt; 99'><label>Where?</label></question></section>\n" \
    "<end id='out' when='${worked} = 2' outcome='21'>Thank you</end>\n" \
    "<question id='size' type='integer'><label>Size?</label><check that='. >= 1'>One</check></question>\n" \
    "<roster id='member' count='${size}'><label>Others</label><question id='age' type='integer'><label>Age?</label></question></roster>\n" \
    "<grid id='sat' choices='yn'><label>Content with</label><row id='pay'>the pay</row></grid>\n" \
    "<note id='bye'>Bye</note><compute id='total' type='integer' value='sum(${age})'/></questionnaire>"
#define CH(code) "<choice code='" code "'>Place " code "</choice>"

/* In two halves: a C compiler need not take longer texts. */
static const char *form_text(void)
{
    static char both[8192];
    snprintf(both, sizeof both, "%s%s", FORM, REST);
    return both;
}

typedef struct text { char bytes[1 << 16]; size_t len; } text;

static svy_status keep(void *user, const char *bytes, size_t len)
{
    text *t = user;
    cr_assert(t->len + len < sizeof t->bytes);
    memcpy(t->bytes + t->len, bytes, len);
    t->len += len;
    t->bytes[t->len] = '\0';
    return SVY_OK;
}

static svy_status refuse(void *user, const char *bytes, size_t len)
{
    (void)user;
    (void)bytes;
    (void)len;
    return SVY_E_IO;
}

typedef svy_status writer(const svy_form *f, uint32_t lang, const svy_sink *sink, svy_error *err);

static void write_with(writer *w, text *out)
{
    static collected said;
    svy_error err = SVY_ERROR_INIT;
    svy_diags diags = { .report = collect, .user = &said };
    svy_form *f = NULL;
    void *block = NULL;
    size_t size = 0;
    out->len = 0;
    cr_assert_eq(svy_questionnaire_read_memory(NULL, form_text(), strlen(form_text()), NULL, NULL, &diags, &block, &size, &err), SVY_OK, "%s%s", said.text, err.message);
    cr_assert_eq(svy_form_open(NULL, block, size, &f, &err), SVY_OK);
    const svy_sink sink = { keep, out }, full = { refuse, NULL };
    cr_expect_eq(w(f, 0, &sink, &err), SVY_OK, "%s", err.message);
    cr_expect_eq(w(f, 0, &full, &err), SVY_E_IO, "what the sink says is passed on");
    cr_expect_eq(w(f, 9, &sink, &err), SVY_E_ARG);
    svy_form_free(f);
    svy_block_free(NULL, block, size);
}

static void expect_lines(const text *t, const char *const *lines, size_t n)
{
    const char *at = t->bytes;
    for (size_t i = 0; i < n; i++) {
        const char *found = strstr(at, lines[i]);
        cr_expect(found != NULL, "after the line before, '%s' is missing in\n%s", lines[i], t->bytes);
        at = found != NULL ? found : at;
    }
}
#define EXPECT(t, ...) do { static const char *const LINES[] = { __VA_ARGS__ }; expect_lines(t, LINES, sizeof LINES / sizeof LINES[0]); } while (0)

Test(show, outline)
{
    static text t;
    write_with(svy_form_outline, &t);
    EXPECT(&t, "Work & \"rights\"\nq, version 7, in en\n", "limit  integer parameter = 98\n", "\ns  section  The work\n    asked when ${limit} > 1\n",
           "  worked  single *  Did you work last week", "\n          ", "list yn\n        1  Yes\n        2  No\n",
           "  hours  integer  Hours in ${worked}?\n      asked when ${worked} = 1 and ${limit} < 99\n",
           "must hold: . <= ${limit}\n        else: Too many\n", "should hold: . <= 60\n        else: Really?\n",
           "  place  multiple  Where?\n", "list many\n        1  Place 1\n", "        5  Place 5\n        ... 8 more\n",
           "out  end  Thank you\n    when ${worked} = 2\n", "member  roster  Others\n    number of entries: ${size}\n", "  age  integer  Age?\n",
           "sat  grid  Content with\n", "  pay  single  the pay\n", "bye  note  Bye\n", "total  integer computed\n    = sum(${age})\n");
    for (const char *line = t.bytes; *line != '\0';) {
        const size_t n = strcspn(line, "\n");
        cr_expect(n <= 100, "%.*s", (int)n, line);
        cr_expect(n == 0 || line[n - 1] != ' ', "blanks at the end: '%.*s'", (int)n, line);
        line += n + (line[n] == '\n');
    }
}

Test(show, json)
{
    static text t;
    write_with(svy_form_outline_json, &t);
    EXPECT(&t, "{\"id\": \"q\", \"version\": \"7\", \"languages\": [\"en\"], \"title\": \"Work & \\\"rights\\\"\"", "\"items\": [",
           "{\"id\": \"limit\", \"element\": \"parameter\", \"type\": \"integer\", \"value\": \"98\"}",
           "{\"id\": \"hours\", \"element\": \"question\", \"parent\": \"s\", \"type\": \"integer\"", "\"checks\": [{\"that\": \". <= ${limit}\", \"severity\": \"hard\"",
           "{\"id\": \"pay\", \"element\": \"row\", \"parent\": \"sat\"", "\"lists\": [", "{\"id\": \"yn\", \"choices\": [{\"code\": \"1\", \"label\": \"Yes\"}, ");
}

/* Angle brackets of the labels are balanced outside quotes, every node of an edge is declared. */
static void check_dot(const char *dot)
{
    char name[32], declared[48];
    int depth = 0;
    for (const char *c = dot; *c != '\0'; c++)
        depth += *c == '{' ? 1 : *c == '}' ? -1 : 0;
    cr_expect_eq(depth, 0);
    for (const char *edge = strstr(dot, " -> "); edge != NULL; edge = strstr(edge + 1, " -> ")) {
        cr_assert_eq(sscanf(edge + 4, "%31s", name), 1);
        snprintf(declared, sizeof declared, "\n  %s [shape=", name);
        cr_expect(strstr(dot, declared) != NULL, "%s is not declared", name);
    }
}

Test(show, routing)
{
    static text t;
    write_with(svy_form_routing_dot, &t);
    EXPECT(&t, "digraph questionnaire {", "Work &amp; &quot;rights&quot;", "subgraph cluster", "<b>s</b>", "<b>worked</b>", "<b>hours</b>", "shape=octagon",
           "<b>out</b>", "subgraph cluster", "<b>member</b>", "number of entries: ${size}", "<b>sat</b>", "• <b>pay</b>", "<b>bye</b>", "doublecircle", "->");
    cr_expect(strstr(t.bytes, "unless ${worked} = 1 and ${limit}<br/>&lt; 99") != NULL || strstr(t.bytes, "unless ${worked} = 1 and") != NULL, "%s", t.bytes);
    cr_expect(strstr(t.bytes, "when ${worked} = 2") != NULL);
    cr_expect(strstr(t.bytes, "total") == NULL, "what is computed is not on the way");
    const char *first = strstr(t.bytes, "unless ${worked}");
    cr_expect(first != NULL && strstr(first + 1, "unless ${worked}") == NULL, "neighbours under one condition are skipped together");
    check_dot(t.bytes);
}

Test(show, wrapping)
{
    svyi_buffer b;
    svyi_buffer_init(&b, NULL);
    svyi_wrap how = { .width = 12, .indent = 2, .line_end = "\n" };
    cr_expect_eq(svyi_wrap_add(&b, "  one two   three четири 漢字漢字 averyverylongword x ", 0, &how), 3);
    cr_expect_str_eq(b.data, "one two\n  three\n  четири\n  漢字漢字\n  averyverylongword\n  x");
    b.len = 0;
    how = (svyi_wrap){ .width = 8, .lines = 2, .line_end = "<br/>", .html = 1 };
    svyi_wrap_add(&b, "a<b & \"c\" more than fits", 0, &how);
    cr_expect_str_eq(b.data, "a&lt;b &amp;<br/>&quot;c&quot; more …");
    svyi_buffer_clear(&b);
}
