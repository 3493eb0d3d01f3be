/* Interviews on forms with ODK's expressions. What is expected was measured on ODK's own engine (docs/formats/xform.md). */
#include <criterion/criterion.h>

#include "interview/odk_priv.h"
#include "make_odk.h"
#include "recorder.h"

/* 2026-11-22T19:41:29.589Z, one hour east of Greenwich */
static const svy_moment NOW = { .utc_ms = INT64_C(1795376489589), .zone_minutes = 60 };

typedef struct doing { form_maker m; svy_interview *iv; recorder journal; svy_error err; } doing;

static doing begin_with(form_maker m, int tolerant)
{
    static const char *const PROPERTIES[] = { "deviceid", "device 7" };
    doing d = { .m = m, .journal = { .writes_left = -1 }, .err = SVY_ERROR_INIT };

    svy_interview_options o = SVY_INTERVIEW_OPTIONS_INIT;

    o.seed = 7;
    o.tolerant = tolerant;
    o.properties = PROPERTIES;
    o.n_properties = 1;
    if (svy_interview_new(NULL, d.m.form, &o, NOW, &d.iv, &d.err) != SVY_OK)
        cr_assert_fail("%s", d.err.message);
    return d;
}

static doing begin(form_maker m)
{
    return begin_with(m, 1);
}

static void end(doing *d)
{
    svy_interview_free(d->iv);
    rec_free(&d->journal);
    fm_free(&d->m);
}

static svy_place at(const doing *d, const char *id, const char *path)
{
    svy_place p = { 0, 0 };

    cr_assert(svy_form_find(d->m.form, id, strlen(id), &p.item), "no %s", id);
    cr_assert(svy_interview_find_entry(d->iv, path, &p.entry), "no %s", path);
    return p;
}

static const char *value(const doing *d, const char *id, const char *path)
{
    static char text[4][512];
    static int turn;
    const svy_value v = svy_interview_get(d->iv, at(d, id, path));
    char *out = text[turn++ % 4];

    snprintf(out, sizeof text[0], "%.*s", (int)v.len, v.text);
    return out;
}

static svy_status say(doing *d, const char *id, const char *path, const char *text)
{
    d->err = (svy_error)SVY_ERROR_INIT;
    return svy_interview_answer(d->iv, at(d, id, path), text, strlen(text), "", NOW, NULL, &d->err);
}

#define EXPECT(id, path, expected) cr_expect_str_eq(value(&d, id, path), expected, "%s %s is '%s', not '%s'", id, path, value(&d, id, path), expected)
#define SAY(id, path, text) do { const svy_status st_ = say(&d, id, path, text); cr_expect_eq(st_, SVY_OK, "%s: %s", id, d.err.message); } while (0)

static const char *submission(const doing *d)
{
    static char text[8192];

    cr_assert_lt(svy_interview_submission(d->iv, text, sizeof text), sizeof text);
    return text;
}

/* ---- Lexical forms ---- */

static const struct { const char *type, *given, *kept; } LEXICAL[] = {
    { "integer", "007", "7" }, { "integer", "1.5", "1" }, { "integer", "-1.9", "-1" }, { "integer", " 5 ", "5" }, { "integer", "1e3", "1000" },
    { "integer", "0x1F", "31" }, { "integer", "-0", "0" }, { "integer", ".5", "0" }, { "integer", "abc", "" }, { "integer", "1,5", "" },
    { "integer", "2147483647", "2147483647" }, { "integer", "2147483648", "" }, { "integer", "-2147483648", "-2147483648" },
    { "integer", "9223372036854775808", "" }, { "integer", "Infinity", "" },
    { "decimal", "7", "7.0" }, { "decimal", "1.50", "1.5" }, { "decimal", "1e21", "1000000000000000000000.0" }, { "decimal", "1e-7", "0.0000001" },
    { "decimal", "-0", "-0.0" }, { "decimal", "0x1F", "31.0" }, { "decimal", "NaN", "" }, { "decimal", "Infinity", "" }, { "decimal", "12.5e1", "125.0" },
    { "date", "2026-02-28", "2026-02-28" }, { "date", "2026-02-30", "" }, { "date", "2024-02-29T25:00:00", "2024-02-29" }, { "date", " 2026-01-01", "" },
    { "date", "2026-01-01T10:00:00Z", "" }, { "date", "26-01-01", "" },
    { "time", "10:20:30", "10:20:30" }, { "time", "10:20:30.5+02:00", "10:20:30.5+02:00" }, { "time", "10:20", "" }, { "time", "24:00:00", "" },
    { "time", "10:20:60", "10:20:60" }, { "time", "10:20:30+14:00", "10:20:30+14:00" }, { "time", "10:20:30+15:00", "" }, { "time", "10:20:30-13:00", "10:20:30-13:00" },
    { "datetime", "2026-01-01T10:20:30Z", "2026-01-01T10:20:30Z" }, { "datetime", "2026-01-01", "" }, { "datetime", "2026-01-01 10:20:30", "" },
    { "datetime", "2026-01-01T10:20", "" }, { "datetime", "2026-02-30T10:20:30", "" }, { "datetime", "2026-01-01T10:20:30.123+01:00", "2026-01-01T10:20:30.123+01:00" },
    { "geopoint", "1 2", "1.0 2.0" }, { "geopoint", "1 2 0 0 9", "1.0 2.0 0.0 0.0" }, { "geopoint", "91 2", "" }, { "geopoint", "0 0", "" }, { "geopoint", "1", "" },
    { "geopoint", "a b", "" },
    { "geotrace", "1 2;3 4;", "1.0 2.0;3.0 4.0" }, { "geotrace", "1 2;3 4;1 2", "" }, { "geotrace", "1 2;x", "" }, { "geotrace", "1 2", "" },
    { "geoshape", "1 2;3 4;1 2", "1.0 2.0;3.0 4.0;1.0 2.0" }, { "geoshape", "1 2;3 4;5 6", "" },
    { "text", "  as it is ", "  as it is " }, { "acknowledge", "ok", "OK" }, { "acknowledge", "yes", "" },
};

Test(interview_odk, values_take_the_form_that_clients_give_them)
{
    for (size_t i = 0; i < sizeof LEXICAL / sizeof LEXICAL[0]; i++) {
        form_maker m = fm_begin();
        const uint32_t root = odk_root(&m, "web");
        fm_add(&m, root, SVY_EL_QUESTION, "Q", "id", "q", "type", LEXICAL[i].type, NULL);
        fm_end(&m);
        doing d = begin(m);
        SAY("q", "", LEXICAL[i].given);
        cr_expect_str_eq(value(&d, "q", ""), LEXICAL[i].kept, "%s '%s' became '%s', not '%s'", LEXICAL[i].type, LEXICAL[i].given, value(&d, "q", ""), LEXICAL[i].kept);
        end(&d);
    }
}

Test(interview_odk, what_is_no_value_is_refused_with_what_is_expected)
{
    form_maker m = fm_begin();
    const uint32_t root = odk_root(&m, "strict");
    fm_add(&m, root, SVY_EL_QUESTION, "When?", "id", "day", "type", "date", NULL);
    fm_end(&m);
    doing d = begin_with(m, 0);
    cr_assert_eq(say(&d, "day", "", "2026-02-30"), SVY_E_VALUE);
    cr_expect(strstr(d.err.message, "YYYY-MM-DD") != NULL, "%s", d.err.message);
    cr_expect_eq(say(&d, "day", "", "2026-02-28"), SVY_OK);
    end(&d);
}

/* ---- The record ---- */

Test(interview_odk, first_values_and_entries_come_from_the_record)
{
    form_maker m = fm_begin();
    const uint32_t root = odk_root(&m, "web");
    fm_add(&m, root, SVY_EL_QUESTION, "A", "id", "a", "type", "integer", NULL);
    const uint32_t r = fm_add(&m, root, SVY_EL_ROSTER, "R", "id", "r", NULL);
    fm_add(&m, r, SVY_EL_QUESTION, "B", "id", "b", "type", "text", NULL);
    fm_add(&m, r, SVY_EL_QUESTION, "C", "id", "c", "type", "text", NULL);
    odk_tree(&m, "", "<data id=\"f\" version=\"2\"><a>07</a><r jr:template=\"\"><b>t</b><c>tc</c></r><r><b>one</b><c/></r><r><b>two</b></r></data>");
    fm_end(&m);
    doing d = begin(m);
    uint32_t entry;
    EXPECT("a", "", "7");
    EXPECT("b", "r:1", "one");
    EXPECT("c", "r:1", "");
    EXPECT("b", "r:2", "two");
    EXPECT("c", "r:2", "tc");
    cr_assert_eq(svy_interview_add_entry(d.iv, at(&d, "r", ""), NOW, &entry, &d.err), SVY_OK, "%s", d.err.message);
    EXPECT("b", "r:3", "t");
    cr_assert_eq(svy_interview_remove_entry(d.iv, at(&d, "b", "r:2").entry, NOW, &d.err), SVY_OK);
    static const char EXPECTED[] = "<data xmlns:orx=\"http://openrosa.org/xforms\" id=\"f\" version=\"2\"><a>7</a><r><b>one</b><c/></r><r><b>t</b><c>tc</c></r>"
                                   "<orx:meta><orx:instanceID>uuid:";
    cr_expect_eq(strncmp(submission(&d), EXPECTED, strlen(EXPECTED)), 0, "%s", submission(&d));
    end(&d);
}

/* ---- Relevance, calculations ---- */

static form_maker routing(const char *compat)
{
    form_maker m = fm_begin();
    const uint32_t root = odk_root(&m, compat);
    fm_add(&m, root, SVY_EL_QUESTION, "A", "id", "a", "type", "integer", NULL);
    fm_add(&m, root, SVY_EL_QUESTION, "B", "id", "b", "type", "text", "relevant", "/data/a > 1", NULL);
    const uint32_t g = fm_add(&m, root, SVY_EL_SECTION, "G", "id", "g", "relevant", "/data/a != 3", NULL);
    fm_add(&m, g, SVY_EL_QUESTION, "C", "id", "c", "type", "integer", "value", "/data/a + 1", NULL);
    fm_add(&m, root, SVY_EL_COMPUTE, "n", "id", "n", "type", "text", "value", "concat(count(/data/b), '|', /data/b, '|', /data/g/c)", NULL);
    odk_tree(&m, "", "<data id=\"f\"><a/><b>first</b><g><c/></g><n/></data>");
    fm_end(&m);
    return m;
}

Test(interview_odk, what_is_not_relevant_is_blank_and_comes_back)
{
    doing d = begin(routing("web"));
    EXPECT("n", "", "1||");
    SAY("a", "", "2");
    EXPECT("b", "", "first");
    EXPECT("n", "", "1|first|3");
    SAY("b", "", "second");
    SAY("a", "", "1");
    EXPECT("n", "", "1||2");
    SAY("a", "", "5");
    EXPECT("n", "", "1|second|6");
    end(&d);
    d = begin(routing("strict"));
    EXPECT("n", "", "0||");
    SAY("a", "", "2");
    EXPECT("n", "", "1|first|3");
    end(&d);
}

Test(interview_odk, what_is_typed_over_a_calculation_stays_until_its_result_changes_or_it_is_asked_again)
{
    doing d = begin(routing("web"));
    SAY("a", "", "1");
    EXPECT("c", "", "2");
    SAY("c", "", "50");
    SAY("a", "", "1");
    EXPECT("c", "", "50");
    EXPECT("n", "", "1||50");
    SAY("a", "", "2");
    EXPECT("c", "", "3");
    SAY("c", "", "51");
    SAY("a", "", "3");
    SAY("a", "", "2");
    EXPECT("c", "", "3");
    cr_assert_eq(svy_interview_clear(d.iv, at(&d, "c", ""), NOW, &d.err), SVY_OK);
    EXPECT("c", "", "");
    end(&d);
}

Test(interview_odk, required_readonly_and_constraints_are_told)
{
    form_maker m = fm_begin();
    const uint32_t root = odk_root(&m, "strict");
    fm_add(&m, root, SVY_EL_QUESTION, "A", "id", "a", "type", "integer", NULL);
    const uint32_t b = fm_add(&m, root, SVY_EL_QUESTION, "B", "id", "b", "type", "integer", "required", "/data/a = 1", "readonly", "/data/a = 2", NULL);
    fm_add(&m, b, SVY_EL_CHECK, "More than ${/data/a}.", "that", ". > /data/a", NULL);
    odk_tree(&m, "", "<data id=\"f\"><a/><b/></data>");
    fm_end(&m);
    doing d = begin_with(m, 0);
    char text[64];
    cr_expect_eq(svy_interview_required(d.iv, at(&d, "b", "")), 0);
    SAY("a", "", "1");
    cr_expect_eq(svy_interview_required(d.iv, at(&d, "b", "")), 1);
    cr_expect_eq(say(&d, "b", "", "1"), SVY_E_INVALID);
    cr_expect(strstr(d.err.message, "More than 1.") != NULL, "%s", d.err.message);
    SAY("b", "", "2");
    cr_expect_eq(svy_interview_constraint_holds(d.iv, at(&d, "b", "")), 1);
    SAY("a", "", "2");
    cr_expect_eq(svy_interview_constraint_holds(d.iv, at(&d, "b", "")), 0);
    cr_expect_eq(svy_interview_readonly(d.iv, at(&d, "b", "")), 1);
    cr_expect_eq(say(&d, "b", "", "9"), SVY_E_STATE);
    svy_interview_check_text(d.iv, 0, 0, text, sizeof text);
    cr_expect_str_eq(text, "More than 2.");
    end(&d);
}

/* ---- Choices ---- */

static form_maker choosing(void)
{
    form_maker m = fm_begin();
    const uint32_t root = odk_root(&m, "web");
    const uint32_t list = fm_add(&m, root, SVY_EL_CHOICES, NULL, "id", "towns", NULL);
    static const char *const TOWNS[][3] = { { "v", "Varna", "east" }, { "b", "Burgas", "east" }, { "s", "Sofia", "west" }, { "p", "Pernik", "west" } };
    for (int i = 0; i < 4; i++) {
        const uint32_t c = fm_add(&m, list, SVY_EL_CHOICE, TOWNS[i][1], "code", TOWNS[i][0], NULL);
        const uint32_t p = fm_add(&m, c, SVY_EL_PROPERTY, NULL, "name", "part", NULL);
        svy_error err = SVY_ERROR_INIT;
        if (svy_builder_text(m.b, p, SVY_TEXT, TOWNS[i][2], 1, &err) != SVY_OK)
            fm_die("property", &err);
    }
    fm_add(&m, root, SVY_EL_QUESTION, "Part", "id", "part", "type", "text", NULL);
    static const char ITEMS[] = "instance('towns')/root/item[part = /data/part]";
    fm_add(&m, root, SVY_EL_QUESTION, "One", "id", "one", "type", "single", "choices", "towns", "itemset", ITEMS, NULL);
    fm_add(&m, root, SVY_EL_QUESTION, "Some", "id", "some", "type", "multiple", "choices", "towns", "itemset", ITEMS, NULL);
    fm_add(&m, root, SVY_EL_QUESTION, "Rank", "id", "order", "type", "ranking", "choices", "towns", "itemset", ITEMS, NULL);
    fm_add(&m, root, SVY_EL_COMPUTE, "n", "id", "n", "type", "text", "value", "concat(/data/one, '|', /data/some, '|', jr:choice-name(/data/one, '/data/one'))", NULL);
    odk_tree(&m, "", "<data id=\"f\"><part>east</part><one/><some>b v s</some><order/><n/></data>");
    fm_end(&m);
    return m;
}

static void list_offer(void *user, const svy_offered *c)
{
    char *out = user;

    snprintf(out + strlen(out), 256 - strlen(out), "%u:%s=%s ", c->number, c->code, c->label);
}

Test(interview_odk, what_is_not_offered_is_hidden_and_comes_back)
{
    doing d = begin(choosing());
    EXPECT("some", "", "b v");
    SAY("one", "", "v");
    EXPECT("n", "", "v|b v|Varna");
    SAY("some", "", "b x v b");
    EXPECT("some", "", "v b");
    SAY("part", "", "west");
    EXPECT("one", "", "");
    EXPECT("n", "", "||");
    SAY("part", "", "east");
    EXPECT("n", "", "v|v b|Varna");
    SAY("one", "", "s");
    EXPECT("one", "", "");
    cr_expect_eq(say(&d, "order", "", "v"), SVY_E_VALUE);
    SAY("order", "", "b v");
    EXPECT("order", "", "b v");
    SAY("part", "", "west");
    EXPECT("order", "", "s p");
    end(&d);
}

Test(interview_odk, choices_are_offered_with_number_code_and_label)
{
    doing d = begin(choosing());
    char told[256] = "";
    uint32_t choices[4];
    SAY("part", "", "west");
    cr_assert_eq(svy_interview_offer(d.iv, at(&d, "one", ""), &(svy_offer){ list_offer, told }, &d.err), SVY_OK);
    cr_expect_str_eq(told, "2:s=Sofia 3:p=Pernik ");
    cr_assert_eq(svy_interview_choices(d.iv, at(&d, "one", ""), choices, 4), 2);
    cr_expect_eq(choices[1], 3);
    end(&d);
}

/* ---- Rosters ---- */

static form_maker counting(const char *compat)
{
    form_maker m = fm_begin();
    const uint32_t root = odk_root(&m, compat);
    fm_add(&m, root, SVY_EL_QUESTION, "N", "id", "n", "type", "integer", NULL);
    const uint32_t r = fm_add(&m, root, SVY_EL_ROSTER, "R", "id", "r", "count", "/data/n", NULL);
    fm_add(&m, r, SVY_EL_QUESTION, "A", "id", "a", "type", "integer", NULL);
    fm_add(&m, r, SVY_EL_COMPUTE, "pos", "id", "pos", "type", "integer", "value", "position(..)", NULL);
    const uint32_t inner = fm_add(&m, r, SVY_EL_ROSTER, "In", "id", "inner", "count", "../a", NULL);
    fm_add(&m, inner, SVY_EL_QUESTION, "X", "id", "x", "type", "integer", NULL);
    fm_add(&m, root, SVY_EL_COMPUTE, "total", "id", "total", "type", "text", "value", "concat(count(/data/r), ' ', sum(/data/r/a), ' ', count(/data/r/inner))", NULL);
    odk_tree(&m, "", "<data id=\"f\"><n>2</n><r jr:template=\"\"><a>1</a><pos/><inner jr:template=\"\"><x/></inner></r><total/></data>");
    fm_end(&m);
    return m;
}

Test(interview_odk, counts_make_entries)
{
    doing d = begin(counting("web"));
    EXPECT("total", "", "2 2 2");
    EXPECT("pos", "r:2", "2");
    SAY("a", "r:2", "5");
    EXPECT("total", "", "2 6 6");
    SAY("n", "", "1");
    EXPECT("total", "", "1 1 1");
    SAY("n", "", "3");
    EXPECT("total", "", "3 3 3");
    SAY("n", "", "");
    EXPECT("total", "", "3 3 3");
    SAY("n", "", "-1");
    EXPECT("total", "", "0  0");
    end(&d);
}

Test(interview_odk, surplus_entries_wait_by_the_specification_and_stay_in_collect)
{
    doing d = begin(counting("strict"));
    SAY("a", "r:2", "5");
    SAY("n", "", "1");
    EXPECT("total", "", "1 1 1");
    SAY("n", "", "3");
    EXPECT("total", "", "3 7 7");
    end(&d);
    d = begin(counting("collect"));
    SAY("n", "", "1");
    EXPECT("total", "", "2 2 2");
    end(&d);
}

/* ---- Preloads and actions ---- */

Test(interview_odk, preloads_and_actions_set_values)
{
    form_maker m = fm_begin();
    const uint32_t root = odk_root(&m, "web");
    fm_add(&m, root, SVY_EL_COMPUTE, "s", "id", "begun", "type", "datetime", "preload", "timestamp start", NULL);
    fm_add(&m, root, SVY_EL_COMPUTE, "t", "id", "today", "type", "date", "preload", "date today", NULL);
    fm_add(&m, root, SVY_EL_COMPUTE, "d", "id", "device", "type", "text", "preload", "property deviceid", NULL);
    const uint32_t a = fm_add(&m, root, SVY_EL_QUESTION, "A", "id", "a", "type", "text", NULL);
    fm_add(&m, a, SVY_EL_SET, NULL, "node", "/data/b", "on", "change", "value", "concat(., /data/a)", NULL);
    fm_add(&m, root, SVY_EL_QUESTION, "B", "id", "b", "type", "text", NULL);
    fm_add(&m, root, SVY_EL_SET, NULL, "node", "/data/b", "on", "first-load", "value", "'x'", NULL);
    const uint32_t r = fm_add(&m, root, SVY_EL_ROSTER, "R", "id", "r", NULL);
    fm_add(&m, r, SVY_EL_SET, NULL, "node", "/data/r/c", "on", "new-entry", "value", "concat('new ', position(..))", NULL);
    fm_add(&m, r, SVY_EL_QUESTION, "C", "id", "c", "type", "text", NULL);
    odk_tree(&m, "", "<data id=\"f\"><begun/><today/><device/><a/><b/><r jr:template=\"\"><c>t</c></r><r><c>own</c></r><meta><instanceID/></meta></data>");
    fm_end(&m);
    doing d = begin(m);
    uint32_t entry;
    EXPECT("begun", "", "2026-11-22T20:41:29.589+01:00");
    EXPECT("today", "", "2026-11-22");
    EXPECT("device", "", "device 7");
    EXPECT("b", "", "x");
    SAY("a", "", "1");
    EXPECT("b", "", "x1");
    SAY("a", "", "1");
    EXPECT("b", "", "x1");
    SAY("a", "", "2");
    EXPECT("b", "", "x12");
    EXPECT("c", "r:1", "own");
    cr_assert_eq(svy_interview_add_entry(d.iv, at(&d, "r", ""), NOW, &entry, &d.err), SVY_OK);
    EXPECT("c", "r:2", "new 2");
    end(&d);
}
