/* Forms with ODK's expressions: items as nodes, trees, rules, actions, texts; what goes in comes out of the block, and damage is refused. */
#include <criterion/criterion.h>
#include <time.h>

#include "../../fuzz/questionnaire/walk_form.h"
#include "../base/watched_alloc.h"
#include "base/map.h"
#include "dsl.h"

#define HEAD "questionnaire id=q version=1 xml:lang=en expressions=odk | Q\n"

static const char EVERYTHING[] =
    "questionnaire id=q version=7 xml:lang=en expressions=odk compat=collect style=pages | Q\n"
    "  choices id=fruit\n"
    "    choice code=a/b | Apple in ${season}\n"
    "      property name=season | autumn\n"
    "      image | apple.png\n"
    "    choice code=c | Cherry\n"
    "      property name=season | summer\n"
    "    choice code=c | Another cherry\n"
    "  itext id=hello | Hello ${name}\n"
    "    audio | hello.mp3\n"
    "  instance id=places\n"
    "    <places\n"
    "      <place @kind=town\n"
    "        <label | Sofia\n"
    "        <at | 42 23\n"
    "      <place\n"
    "        <label | Varna\n"
    "  record\n"
    "    <data @id=form @version=7 @xmlns:orx=http://openrosa.org/xforms\n"
    "      <season | summer\n"
    "      <name\n"
    "      <tree @jr:template=\n"
    "        <height\n"
    "        <note\n"
    "      <tree\n"
    "        <height | 3\n"
    "        <note\n"
    "      <kind\n"
    "      <place\n"
    "      <total\n"
    "      <orx:meta\n"
    "        <orx:instanceID\n"
    "  set node=/data/season on=first-load value=\"'winter'\"\n"
    "  section id=about node= appearance=field-list | About you\n"
    "    question id=season type=text required=true() | Season\n"
    "      required | Say it\n"
    "      guidance | Any\n"
    "      image | season.png\n"
    "    question id=name type=text readonly=\"/data/season = 'x'\" | Name\n"
    "      set node=../season on=\"change load\" value=.\n"
    "  roster id=tree relevant=\"/data/season != ''\" | Trees\n"
    "    question id=height type=decimal start=1 end=40 | How high is tree ${position(..)} of ${name}?\n"
    "      check that=\". > 0 and . < 40\" | Not ${.} m\n"
    "    compute id=note type=text value=\"concat(../height, ' m')\"\n"
    "  question id=kind type=single choices=fruit itemset=\"instance('fruit')/root/item[season = /data/season]\" | Which ${'}'} fruit?\n"
    "  question id=place type=single itemset=\"instance('places')/places/place\" code=label label-from=label | Where?\n"
    "  compute id=total type=decimal bind-type=decimal value=\"sum(/data/tree/height)\"\n"
    "  section id=meta node=orx:meta\n"
    "    compute id=instanceID node=orx:instanceID type=text preload=uid\n"
    "@bg season/label \"Season\" => \"Сезон\"\n"
    "@bg season/required => \"Кажи\"\n"
    "@bg season/image => \"bg.png\"\n"
    "@bg fruit/c#2 => \"Друга\"\n"
    "@bg fruit/a/b/image => \"bg-apple.png\"\n"
    "@bg text/hello => \"Здравей ${/data/name}\"\n"
    "@bg text/hello/audio => \"bg.mp3\"\n";

typedef struct opened { svy_form *f; void *block; size_t size; } opened;

static opened make(const char *text)
{
    opened o = { NULL, NULL, 0 };
    o.f = dsl_form(text, &o.block, &o.size);
    cr_assert_not_null(o.f);
    return o;
}

static void done(opened *o)
{
    svy_form_free(o->f);
    svy_block_free(NULL, o->block, o->size);
}

static uint32_t find(const svy_form *f, const char *id)
{
    uint32_t item;
    cr_assert(svy_form_find(f, id, strlen(id), &item), "%s", id);
    return item;
}

static const char *rule_text(const svy_form *f, uint32_t rule)
{
    return rule != 0 ? svy_form_rule(f, rule).text : "";
}

static const char *node_name(const svy_form *f, const char *id)
{
    return svy_form_name(f, svy_form_odk_item(f, find(f, id))->name);
}

/* Compiles and gives what was said. */
static const char *problems(const char *form)
{
    static dsl_log log;
    svy_error err = SVY_ERROR_INIT;
    void *block;
    size_t size;
    const svy_status st = dsl_compile(NULL, form, &log, &block, &size, &err);
    cr_expect((st == SVY_OK) == (block != NULL));
    svy_block_free(NULL, block, size);
    return log.text;
}

Test(odk_form, items_have_nodes)
{
    opened o = make(EVERYTHING);
    const svy_form *f = o.f;
    cr_assert(svy_form_is_odk(f));
    cr_expect_eq(svy_form_compat(f), SVY_COMPAT_COLLECT);
    cr_expect_str_eq(svy_form_name(f, 0), "data");
    cr_expect_str_eq(node_name(f, "meta"), "orx:meta");
    cr_expect_str_eq(node_name(f, "instanceID"), "orx:instanceID");
    cr_expect_eq(svy_form_odk_item(f, find(f, "about"))->name, SVY_NAME_NONE);
    cr_expect_eq(svy_form_odk_item(f, find(f, "about"))->record, UINT32_MAX);
    cr_expect_str_eq(svy_form_string(f, svy_form_odk_item(f, find(f, "instanceID"))->preload), "uid");
    cr_expect_str_eq(svy_form_string(f, svy_form_odk_item(f, find(f, "total"))->bind_type), "decimal");
    cr_expect_str_eq(svy_form_attribute(f, find(f, "height"), "start"), "1");
    cr_expect_str_eq(svy_form_attribute(f, find(f, "height"), "step"), "");
    cr_expect_str_eq(svy_form_attribute(f, 0, "style"), "pages");
    cr_expect(svy_form_item(f, find(f, "season"))->flags & SVY_ITEM_REQUIRED);
    cr_expect(svy_form_item(f, find(f, "tree"))->flags & SVY_ITEM_OPEN);
    walk_form(o.f);
    done(&o);
}

Test(odk_form, record)
{
    opened o = make(EVERYTHING);
    uint32_t n;
    const svy_tree_node *nodes = svy_form_tree(o.f, 0, &n);
    const svy_odk_item *tree = svy_form_odk_item(o.f, find(o.f, "tree")), *height = svy_form_odk_item(o.f, find(o.f, "height"));
    cr_expect(tree->flags & SVY_ODK_TEMPLATE);
    cr_expect_eq(nodes[height->record].parent, tree->record, "in the first entry");
    cr_expect_str_eq(svy_form_string(o.f, nodes[height->record].text), "3", "of the entry, not of the template");
    cr_expect_str_eq(svy_form_string(o.f, nodes[svy_form_odk_item(o.f, find(o.f, "season"))->record].text), "summer");
    cr_expect_str_eq(svy_form_name(o.f, nodes[1].name), "@id");
    cr_expect_eq(nodes[0].end, n);
    done(&o);
}

Test(odk_form, instances_and_lists_are_trees)
{
    opened o = make(EVERYTHING);
    char all[512] = "";
    cr_assert_eq(svy_form_trees(o.f), 3);
    cr_expect_str_eq(svy_form_tree_id(o.f, 1), "places");
    cr_expect_str_eq(svy_form_tree_id(o.f, 2), "fruit");
    cr_expect_eq(svy_form_tree_list(o.f, 1), 0);
    cr_expect_eq(svy_form_tree_list(o.f, 2), 1);
    uint32_t n;
    const svy_tree_node *nodes = svy_form_tree(o.f, 2, &n);
    for (uint32_t i = 0; i < n; i++)
        snprintf(all + strlen(all), sizeof all - strlen(all), "%s=%s ", svy_form_name(o.f, nodes[i].name), svy_form_string(o.f, nodes[i].text));
    cr_expect_str_eq(all, "root= item= name=a/b label=Apple in ${season} season=autumn item= name=c label=Cherry season=summer item= name=c label=Another cherry ");
    uint32_t choice;
    cr_expect(svy_form_find_choice(o.f, 1, "c", 1, &choice) && choice == 1, "the first with a code");
    cr_expect(svy_form_find_choice(o.f, 1, "a/b", 3, &choice) && choice == 0);
    done(&o);
}

Test(odk_form, rules)
{
    opened o = make(EVERYTHING);
    const svy_form *f = o.f;
    const svy_odk_item *kind = svy_form_odk_item(f, find(f, "kind")), *place = svy_form_odk_item(f, find(f, "place"));
    cr_expect_str_eq(rule_text(f, svy_form_item(f, find(f, "tree"))->relevant), "/data/season != ''");
    cr_expect_str_eq(rule_text(f, svy_form_item(f, find(f, "total"))->value), "sum(/data/tree/height)");
    cr_expect_str_eq(rule_text(f, svy_form_odk_item(f, find(f, "name"))->readonly), "/data/season = 'x'");
    cr_expect_str_eq(rule_text(f, kind->choices), "instance('fruit')/root/item[season = /data/season]");
    cr_expect_eq(svy_form_item(f, find(f, "kind"))->list, 1);
    cr_expect_eq(svy_form_item(f, find(f, "place"))->list, 0);
    cr_expect_str_eq(svy_form_name(f, place->code_name), "label");
    cr_expect_str_eq(svy_form_name(f, kind->code_name), "name");
    cr_expect_eq(svy_form_rule(f, svy_form_item(f, find(f, "total"))->value).purpose, SVY_FOR_VALUE);
    done(&o);
}

static int reads(const svy_form *f, const char *item, uint32_t rule)
{
    uint32_t n;
    const uint32_t *rules = svy_form_dependents(f, find(f, item), &n);
    for (uint32_t i = 0; i < n; i++)
        if (rules[i] == rule)
            return 1;
    return 0;
}

Test(odk_form, dependents_and_order)
{
    opened o = make(EVERYTHING);
    const svy_form *f = o.f;
    const uint32_t total = svy_form_item(f, find(f, "total"))->value, note = svy_form_item(f, find(f, "note"))->value,
                   relevant = svy_form_item(f, find(f, "tree"))->relevant, choices = svy_form_odk_item(f, find(f, "kind"))->choices;
    cr_expect(reads(f, "height", total));
    cr_expect(reads(f, "tree", total), "a path through entries");
    cr_expect(reads(f, "height", note));
    cr_expect(reads(f, "season", relevant));
    cr_expect(reads(f, "season", choices));
    cr_expect_not(reads(f, "height", relevant));
    cr_expect_lt(svy_form_rule(f, relevant).rank, svy_form_rule(f, note).rank, "what may not be relevant is calculated behind its condition");
    cr_expect_lt(svy_form_rule(f, relevant).rank, svy_form_rule(f, total).rank);
    done(&o);
}

Test(odk_form, actions)
{
    opened o = make(EVERYTHING);
    const svy_form *f = o.f;
    cr_assert_eq(svy_form_sets(f), 2);
    const svy_set *first = svy_form_set(f, 0), *second = svy_form_set(f, 1);
    cr_expect_eq(first->item, 0);
    cr_expect_eq(first->target, find(f, "season"));
    cr_expect_eq(first->on, SVY_ON_FIRST_LOAD);
    cr_expect_str_eq(rule_text(f, first->rule), "'winter'");
    cr_expect_eq(second->item, find(f, "name"));
    cr_expect_eq(second->target, find(f, "season"));
    cr_expect_eq(second->on, SVY_ON_CHANGE | SVY_ON_LOAD);
    cr_expect_eq(svy_form_odk_item(f, find(f, "name"))->n_sets, 1);
    done(&o);
}

Test(odk_form, texts_and_translations)
{
    opened o = make(EVERYTHING);
    const svy_form *f = o.f;
    const uint32_t season = find(f, "season");
    const int bg = svy_form_find_language(f, "bg");
    cr_assert_eq(bg, 1);
    cr_expect_str_eq(svy_form_text(f, season, SVY_LABEL, 1), "Сезон");
    cr_expect_str_eq(svy_form_text(f, season, SVY_REQUIRED_TEXT, 1), "Кажи");
    cr_expect_str_eq(svy_form_text(f, season, SVY_GUIDANCE, 1), "Any");
    cr_expect_str_eq(svy_form_text(f, season, SVY_IMAGE, 0), "season.png");
    cr_expect_str_eq(svy_form_text(f, season, SVY_IMAGE, 1), "bg.png");
    cr_expect_str_eq(svy_form_text(f, season, SVY_AUDIO, 1), "");
    cr_expect_str_eq(svy_form_choice_label(f, 1, 1, 1), "Cherry");
    cr_expect_str_eq(svy_form_choice_label(f, 1, 2, 1), "Друга");
    cr_expect_str_eq(svy_form_choice_text(f, 1, 0, SVY_IMAGE, 1), "bg-apple.png");
    cr_expect_str_eq(svy_form_choice_text(f, 1, 1, SVY_IMAGE, 1), "");
    cr_expect_str_eq(svy_form_itext(f, "hello", 5, SVY_LABEL, 0), "Hello ${name}");
    cr_expect_str_eq(svy_form_itext(f, "hello", 5, SVY_LABEL, 1), "Здравей ${/data/name}");
    cr_expect_str_eq(svy_form_itext(f, "hello", 5, SVY_AUDIO, 1), "bg.mp3");
    cr_expect_null(svy_form_itext(f, "hell", 4, SVY_LABEL, 0));
    done(&o);
}

static size_t write_rule(void *user, uint32_t rule, char *out, size_t size)
{
    const char *text = svy_form_rule(user, rule).text;
    const size_t len = strlen(text);
    if (size > 0)
        snprintf(out, size, "%s", text);
    return len;
}

Test(odk_form, outputs)
{
    opened o = make(EVERYTHING);
    svy_form *f = o.f;
    char out[128];
    const uint32_t height = find(f, "height"), kind = find(f, "kind");
    svy_form_fill_outputs(f, height, svy_form_text(f, height, SVY_LABEL, 0), write_rule, f, out, sizeof out);
    cr_expect_str_eq(out, "How high is tree position(..) of name?");
    const size_t need = svy_form_fill_outputs(f, kind, svy_form_text(f, kind, SVY_LABEL, 0), write_rule, f, out, 10);
    cr_expect_eq(need, strlen("Which '}' fruit?"));
    cr_expect_str_eq(out, "Which '}'");
    cr_expect_neq(svy_form_find_output(f, kind, "season", 6), 0, "a choice's label, at the question");
    cr_expect_neq(svy_form_find_output(f, 0, "season", 6), 0, "and for jr:choice-name()");
    cr_expect_neq(svy_form_find_output(f, 0, "/data/name", 10), 0, "in a translation only");
    cr_expect_eq(svy_form_find_output(f, find(f, "name"), "season", 6), 0);
    svy_form_fill_outputs(f, height, svy_form_check_text(f, 0, 0), write_rule, f, out, sizeof out);
    cr_expect_str_eq(out, "Not . m");
    done(&o);
}

Test(odk_form, made_record)
{
    opened o = make(HEAD "  section id=s\n    question id=a type=text\n  roster id=r\n    question id=b type=integer\n");
    uint32_t n;
    const svy_tree_node *nodes = svy_form_tree(o.f, 0, &n);
    char all[256] = "";
    for (uint32_t i = 0; i < n; i++)
        snprintf(all + strlen(all), sizeof all - strlen(all), "%s ", svy_form_name(o.f, nodes[i].name));
    cr_expect_str_eq(all, "q @id @version s a r @jr:template b ");
    cr_expect(svy_form_odk_item(o.f, find(o.f, "r"))->flags & SVY_ODK_TEMPLATE);
    done(&o);
}

/* ---- what is wrong ---- */

Test(odk_form, circles)
{
    cr_expect_str_eq(problems(HEAD "  compute id=a type=integer value=\"${b} + 1\"\n  compute id=b type=integer value=\"${a} + 1\"\n"),
                     "2 a problem: these depend on one another: 'a' (value) -> 'b' (value) -> 'a' [let one of them depend on something else]\n");
    cr_expect_str_eq(problems(HEAD "  compute id=a type=text value=\"once(random())\"\n  compute id=b type=integer value=\"${b} + 1\"\n"), "", "itself");
    cr_expect_str_eq(problems(HEAD "  question id=a type=integer relevant=\"${b} != 1\"\n  question id=b type=integer relevant=\"${a} != 1\"\n"), "2 a problem: these depend on one another: 'a' (relevant) -> 'b' (relevant) -> 'a' [let one of them depend on something else]\n");
}

Test(odk_form, other_entries_are_no_circle)
{
    static const char RUNNING[] = HEAD "  roster id=r\n    question id=x type=integer\n"
        "    compute id=sum type=integer value=\"coalesce(/q/r[position() = position(current()/..) - 1]/sum, 0) + ../x\"\n"
        "  compute id=all type=integer value=\"sum(/q/r/sum)\"\n";
    cr_expect_null(strstr(problems(RUNNING), "problem:"));
    opened o = make(RUNNING);
    cr_expect(svy_form_rule(o.f, svy_form_item(o.f, find(o.f, "sum"))->value).reads_back);
    cr_expect_not(svy_form_rule(o.f, svy_form_item(o.f, find(o.f, "all"))->value).reads_back);
    cr_expect_lt(svy_form_rule(o.f, svy_form_item(o.f, find(o.f, "sum"))->value).rank, svy_form_rule(o.f, svy_form_item(o.f, find(o.f, "all"))->value).rank);
    done(&o);
}

Test(odk_form, two_calculations_that_read_other_entries)
{
    /* before -> x is in the entry before; x -> before in the same: no circle, and x comes behind before */
    static const char FORM[] = HEAD "  roster id=r\n    compute id=x type=integer value=\"../before + 1\"\n"
        "    compute id=before type=integer value=\"/q/r[position() = position(current()/..) - 1]/x\"\n";
    cr_expect_str_eq(problems(FORM), "");
    opened o = make(FORM);
    cr_expect_gt(svy_form_rule(o.f, svy_form_item(o.f, find(o.f, "x"))->value).rank, svy_form_rule(o.f, svy_form_item(o.f, find(o.f, "before"))->value).rank);
    done(&o);
}

Test(odk_form, wrong_forms)
{
    static const struct { const char *form, *said; } CASES[] = {
        { "  note id=n | N\n", "2 n problem: a note cannot stand in a questionnaire with ODK's expressions [use what ODK forms have]\n" },
        { "  question id=a type=key\n", "" },
        { "  question id=a type=single\n", "2 a problem: a question of type single has no choices [add choices=\"...\" with the id of a list]\n" },
        { "  question id=a type=text default=x\n", "2 a problem: a question has no attribute 'default' [remove it, or correct its name]\n" },
        { "  question id=a type=text odk-save-to=x\n", "" },
        { "  question id=a type=text | ${b\n", "2 a problem: the text has '${' without an end [close it with }]\n" },
        { "  set node=/q/x on=change value=1\n", "2 q warning: the action sets '/q/x', which is no such node [name a node that holds a value; until then nothing is set]\n" },
        { "  set node=/q on=never\n", "2 q problem: there is no event 'never' [write first-load, load, change or new-entry, separated by blanks]\n" },
        { "  record\n    <q\n  question id=a type=text\n", "4 a problem: the record has no element 'a' for 'a' [add it to the record where this element stands, or name the node]\n" },
        { "  choices id=x\n  instance id=x\n    <root\n",
          "2 x problem: there are two instances 'x' [give one of them another id; a list of choices is an instance, too]\n" },
        { "  itext id=x | A\n  itext id=x | B\n", "3 x problem: there are two texts 'x', the first in line 2 [give one of them another id]\n" },
        { "  roster id=r count=\"\"\n", "2 r problem: count is empty [write how many entries there are, or remove it]\n" },
        { "  question id=a type=text node=\n", "2 a problem: this question has no node [name it; only a section can be without one]\n" },
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        char form[1024];
        snprintf(form, sizeof form, "%s%s", HEAD, CASES[i].form);
        const char *said = problems(form);
        cr_expect_str_eq(said, CASES[i].said, "%s", said);
    }
}

Test(odk_form, typed_forms_take_none_of_it)
{
    cr_expect_str_eq(problems("questionnaire id=q version=1 xml:lang=en | Q\n  question id=a type=geotrace | A\n    set node=a on=change\n"),
                     "2 a problem: there is no type 'geotrace' [write one of: single, multiple, ranking, integer, decimal, text, date, month, year, time, datetime, boolean, "
                     "geopoint, photo, audio, file, barcode, signature, key]\n"
                     "3 a problem: a set cannot stand in a questionnaire with our own expressions [write expressions=\"odk\" in the questionnaire, or remove it]\n");
}

Test(odk_form, a_condition_may_look_into_its_group)
{
    static const char FORM[] = HEAD "  section id=inputs relevant=\"./source = 'user'\"\n    question id=source type=text\n"
        "  roster id=r relevant=\"./b != 'x'\"\n    question id=b type=text\n";
    cr_expect_str_eq(problems(FORM), "");
    opened o = make(FORM);
    const uint32_t relevant = svy_form_item(o.f, find(o.f, "inputs"))->relevant;
    cr_expect(svy_form_rule(o.f, relevant).reads_back);
    cr_expect(reads(o.f, "source", relevant));
    cr_expect(svy_form_rule(o.f, svy_form_item(o.f, find(o.f, "r"))->relevant).reads_back);
    done(&o);
}

/* ---- random forms: what compiles opens ---- */

typedef struct maker { char text[16384]; size_t len; uint32_t state; } maker;

static unsigned below(maker *m, unsigned n)
{
    m->state = m->state * 1664525u + 1013904223u;
    return (m->state >> 16) % n;
}

/* An expression over any two items, those that are not there yet among them. */
static void expression(maker *m, char *out, size_t size, unsigned total)
{
    static const char *const FORMS[] = { "${i%u} + ${i%u}", "sum(${i%u}) + count(${i%u})", "string(${i%u}) != ${i%u}", "../i%u = ${i%u}", ". + ${i%u} + ${i%u}",
                                         "concat(/q//i%u, ${i%u}[1])", "count(//i%u[. > ${i%u}])", "once(${i%u})" };
    const unsigned a = below(m, total), b = below(m, total);
    snprintf(out, size, FORMS[below(m, sizeof FORMS / sizeof FORMS[0])], a, b);
}

static void random_form(maker *m, unsigned total)
{
    static const char *const KINDS[] = { "section", "roster", "question", "compute" };
    unsigned depth = 1;
    m->len = (size_t)snprintf(m->text, sizeof m->text, HEAD);
    for (unsigned i = 0; i < total; i++) {
        char value[128], relevant[128];
        const char *kind = KINDS[below(m, 4)];
        const int group = kind[0] == 's' || kind[0] == 'r';
        expression(m, value, sizeof value, total);
        expression(m, relevant, sizeof relevant, total);
        m->len += (size_t)snprintf(m->text + m->len, sizeof m->text - m->len, "%*s%s id=i%u", (int)(2 * depth), "", kind, i);
        if (!group)
            m->len += (size_t)snprintf(m->text + m->len, sizeof m->text - m->len, " type=%s", below(m, 2) ? "integer" : "text");
        if (below(m, 3) == 0 && kind[0] != 's')
            m->len += (size_t)snprintf(m->text + m->len, sizeof m->text - m->len, " %s=\"%s\"", group ? "count" : "value", value);
        if (below(m, 3) == 0)
            m->len += (size_t)snprintf(m->text + m->len, sizeof m->text - m->len, " relevant=\"%s\"", relevant);
        m->len += (size_t)snprintf(m->text + m->len, sizeof m->text - m->len, " | Text ${i%u}\n", below(m, total));
        depth = group ? depth + 1 : below(m, 3) == 0 && depth > 1 ? depth - 1 : depth;
    }
}

Test(odk_form, what_compiles_opens, .timeout = 60)
{
    static maker m = { .state = 7 };
    unsigned compiled = 0, circles = 0;
    for (unsigned i = 0; i < 3000; i++) {
        svy_error err = SVY_ERROR_INIT;
        svy_form *f = NULL;
        void *block;
        size_t size;
        random_form(&m, 3 + i % 12);
        if (dsl_compile(NULL, m.text, NULL, &block, &size, &err) != SVY_OK) {
            circles += strncmp(err.message, "these depend on one another", 27) == 0;
            cr_expect_eq(err.code, SVY_E_INVALID, "%s\n%s", err.message, m.text);
            continue;
        }
        compiled++;
        cr_assert_eq(svy_form_open(NULL, block, size, &f, &err), SVY_OK, "%s\n%s", err.message, m.text);
        walk_form(f);
        svy_form_free(f);
        svy_block_free(NULL, block, size);
    }
    cr_expect_gt(compiled, 500, "%u", compiled);
    cr_expect_gt(circles, 100, "%u", circles);
}

/* ---- the builder ---- */

Test(odk_form, trees_are_walked_in_order)
{
    svy_error err = SVY_ERROR_INIT;
    svy_builder *b;
    cr_assert_eq(svy_builder_new(NULL, "x.xml", &b, &err), SVY_OK);
    cr_expect_eq(svy_builder_node(b, "a", NULL, &err), SVY_E_STATE, "no tree");
    cr_expect_eq(svy_builder_node_end(b, &err), SVY_E_STATE);
    cr_assert_eq(svy_builder_tree(b, "t", NULL, 1, &err), SVY_OK);
    cr_expect_eq(svy_builder_node(b, "a", "1", &err), SVY_E_STATE, "an attribute without element");
    cr_expect_eq(svy_builder_node_text(b, "x", 1, &err), SVY_E_STATE);
    cr_assert_eq(svy_builder_node(b, "root", NULL, &err), SVY_OK);
    cr_expect_eq(svy_builder_tree(b, "u", NULL, 1, &err), SVY_E_STATE, "open");
    cr_expect_eq(svy_builder_node(b, "", NULL, &err), SVY_E_LIMIT);
    cr_expect_eq(svy_builder_node(b, "\xff", NULL, &err), SVY_E_VALUE);
    cr_assert_eq(svy_builder_node(b, "x", NULL, &err), SVY_OK);
    cr_assert_eq(svy_builder_node_end(b, &err), SVY_OK);
    cr_expect_eq(svy_builder_node(b, "late", "1", &err), SVY_E_STATE, "an attribute behind an element");
    cr_assert_eq(svy_builder_node_end(b, &err), SVY_OK);
    cr_expect_eq(svy_builder_node(b, "second", NULL, &err), SVY_E_STATE);
    for (int i = 0; i < 64; i++) {
        if (i == 0)
            cr_assert_eq(svy_builder_tree(b, "deep", NULL, 1, &err), SVY_OK);
        cr_assert_eq(svy_builder_node(b, "x", NULL, &err), SVY_OK);
    }
    cr_expect_eq(svy_builder_node(b, "x", NULL, &err), SVY_E_LIMIT, "too deep");
    svy_builder_free(b);
}

/* ---- hostile blocks, memory, sameness ---- */

Test(odk_form, same_input_same_bytes)
{
    opened a = make(EVERYTHING), b = make(EVERYTHING);
    cr_expect_eq(a.size, b.size);
    cr_expect_arr_eq(a.block, b.block, a.size);
    done(&a);
    done(&b);
}

/* Every number of the block changed to another: it is refused, or what can be asked of it is safe. */
Test(odk_form, damage_is_refused_or_harmless, .timeout = 60)
{
    static const uint32_t VALUES[] = { 0, 1, 7, 0x7FFFFFFF, UINT32_MAX, UINT32_MAX - 1 };
    opened o = make(EVERYTHING);
    uint64_t *copy = malloc(o.size + 8);
    unsigned refused = 0, opened_again = 0;
    for (size_t at = 32; at + 4 <= o.size; at += 4)
        for (size_t v = 0; v < sizeof VALUES / sizeof VALUES[0]; v++) {
            svy_error err = SVY_ERROR_INIT;
            svy_form *f = NULL;
            memcpy(copy, o.block, o.size);
            memcpy((char *)copy + at, &VALUES[v], 4);
            const uint64_t checksum = svyi_hash((const char *)copy + 32, o.size - 32);
            memcpy((char *)copy + 24, &checksum, sizeof checksum);
            if (svy_form_open(NULL, copy, o.size, &f, &err) != SVY_OK) {
                refused++;
                continue;
            }
            opened_again++;
            walk_form(f);
            svy_form_free(f);
        }
    cr_expect_gt(refused, 1000, "%u", refused);
    cr_expect_gt(opened_again, 10, "%u", opened_again);
    free(copy);
    done(&o);
}

Test(odk_form, memory_may_run_out_anywhere, .timeout = 60)
{
    long n = 0;
    for (svy_status st = SVY_E_NOMEM; st != SVY_OK; n++) {
        watched w;
        const svy_alloc alloc = watched_alloc(&w, n);
        svy_error err = SVY_ERROR_INIT;
        void *block;
        size_t size;
        st = dsl_compile(&alloc, EVERYTHING, NULL, &block, &size, &err);
        cr_assert(st == SVY_OK || st == SVY_E_NOMEM, "%ld: %d %s", n, (int)st, err.message);
        svy_block_free(&alloc, block, size);
        watched_end(&w);
    }
    cr_expect_gt(n, 100);
}
