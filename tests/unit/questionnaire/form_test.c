/* The compiled form: what goes in comes out; damage is refused or harmless; memory may run out anywhere; the same input gives the same bytes. */
#include <criterion/criterion.h>
#include <time.h>

#include "../../fuzz/questionnaire/walk_form.h"
#include "../base/watched_alloc.h"
#include "base/map.h"
#include "dsl.h"

static const char EVERYTHING[] =
    "questionnaire id=all version=2026.1 xml:lang=en | The title\n"
    "  description | About it\n"
    "  parameter id=limit type=integer value=98 | Limit\n"
    "  choices id=yn\n"
    "    choice code=1 | Yes\n"
    "    choice code=2 | No\n"
    "  choices id=food order=random\n"
    "    choice code=b | Bread\n"
    "    choice code=a parent=x relevant=\"${worked} = 1\" valid-from=2026-01-01 valid-to=2026-12-31 | Apples\n"
    "    choice code=o other=true | Something else\n"
    "    choice code=n exclusive=true | Nothing\n"
    "    choice code=dk missing=dont-know | Don't know\n"
    "  section id=s page=all | Work\n"
    "    question id=worked type=single choices=yn required=true certain=true | Did you work?\n"
    "      hint | Any work\n"
    "      instruction | Do not prompt\n"
    "    question id=hours type=integer unit=hours appearance=wide relevant=\"${worked} = 1\" required=\"${limit} > 1\" default=40 | Hours, ${worked}?\n"
    "      check that=\". >= 1 and . <= ${limit}\" | At most ${limit}\n"
    "      check that=\". <= 60\" severity=soft | Really?\n"
    "    question id=eats type=multiple choices=food sensitive=true filter=\"choice-code() != 'b' or ${hours} > 1\" | Food?\n"
    "    grid id=g choices=yn relevant=\"${hours} > 2\" | Content with\n"
    "      row id=pay | the pay\n"
    "      row id=time relevant=\"${pay} = 1\" | the time\n"
    "    end id=out when=\"${worked} = 2\" outcome=21 keep=s | Goodbye\n"
    "  question id=size type=integer | Size?\n"
    "  roster id=member count=\"${size} - 1\" | Others\n"
    "    check that=\"${age} < 200\" severity=soft | Old\n"
    "    question id=age type=integer | Age?\n"
    "    roster id=job max=3 | Job\n"
    "      question id=wage type=decimal | Wage?\n"
    "  roster id=dish for=\"${eats}\" | Dish\n"
    "    question id=often type=integer | Often?\n"
    "  compute id=year type=decimal value=\"${hours} * 52\" | A year\n"
    "  compute id=children type=integer value=\"count(${member}[${age} < 16])\"\n"
    "  note id=bye | Bye ${children}\n"
    "  check that=\"${children} < 30\" severity=soft | Over all\n"
    "@bg /title \"The title\" => \"Заглавие\"\n"
    "@bg worked/label => \"Работихте ли?\"\n"
    "@bg hours/label \"Old\" => \"Часове\"\n"
    "@bg hours/check/2 => \"Наистина ли?\"\n"
    "@bg food/o => \"Друго\"\n"
    "@ar worked/label => \"X\"\n";

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

Test(form, items)
{
    opened o = make(EVERYTHING);
    const svy_form *f = o.f;
    uint32_t n;
    cr_expect_str_eq(svy_form_id(f), "all");
    cr_expect_str_eq(svy_form_version(f), "2026.1");
    cr_expect_eq(svy_form_item(f, 0)->kind, SVY_EL_QUESTIONNAIRE);
    cr_expect_eq(find(f, "limit"), 1);
    cr_expect_eq(svy_form_item(f, 1)->kind, SVY_EL_PARAMETER);
    cr_expect_str_eq(svy_form_parameter(f, 1), "98");
    const uint32_t s = find(f, "s"), hours = find(f, "hours"), eats = find(f, "eats"), g = find(f, "g"), member = find(f, "member");
    const svy_item *item = svy_form_item(f, hours);
    cr_expect(svy_form_item(f, s)->flags & SVY_ITEM_PAGE_ALL);
    cr_expect_eq(svy_form_item(f, s)->end, find(f, "size"));
    cr_expect_eq(item->type, SVY_T_INTEGER);
    cr_expect_eq(item->parent, s);
    cr_expect_eq(item->line, 17);
    cr_expect_str_eq(svy_form_unit(f, hours), "hours");
    cr_expect_str_eq(svy_form_appearance(f, hours), "wide");
    cr_expect_str_eq(svy_form_rule(f, item->relevant).text, "${worked} = 1");
    cr_expect_str_eq(svy_form_rule(f, item->required).text, "${limit} > 1");
    cr_expect_str_eq(svy_form_rule(f, item->preset).text, "40");
    cr_expect_eq(item->flags, 0);
    cr_expect_eq(svy_form_item(f, find(f, "worked"))->flags, SVY_ITEM_REQUIRED);
    /* other-specify */
    const svy_item *other = svy_form_item(f, eats + 1);
    cr_expect_str_eq(svy_form_item_id(f, eats + 1), "eats_other");
    cr_expect_eq(svy_form_item(f, eats)->of, eats + 1);
    cr_expect_eq(other->of, eats);
    cr_expect_eq(other->type, SVY_T_TEXT);
    cr_expect_eq(other->flags, SVY_ITEM_OTHER | SVY_ITEM_SENSITIVE);
    cr_expect_str_eq(svy_form_rule(f, other->relevant).text, "selected(${eats}, 'o')");
    cr_expect_str_eq(svy_form_text(f, eats + 1, SVY_LABEL, 0), "Something else");
    cr_expect_str_eq(svy_form_text(f, eats + 1, SVY_LABEL, 1), "Друго");
    /* grids */
    const uint32_t pay = find(f, "pay");
    cr_expect_eq(svy_form_item(f, g)->type, SVY_T_NONE);
    cr_expect_eq(svy_form_item(f, pay)->flags, SVY_ITEM_ROW);
    cr_expect_eq(svy_form_item(f, pay)->type, SVY_T_SINGLE);
    cr_expect_eq(svy_form_item(f, pay)->parent, g);
    cr_expect_eq(svy_form_item(f, pay)->list, 1);
    /* rosters */
    cr_expect_eq(svy_form_item(f, find(f, "age"))->roster, member);
    cr_expect_eq(svy_form_item(f, find(f, "job"))->roster, member);
    cr_expect_eq(svy_form_item(f, find(f, "wage"))->roster, find(f, "job"));
    cr_expect_eq(svy_form_item(f, find(f, "job"))->flags, SVY_ITEM_OPEN);
    cr_expect_eq(svy_form_item(f, find(f, "job"))->max, 3);
    cr_expect_eq(svy_form_item(f, find(f, "dish"))->flags, SVY_ITEM_FOR);
    cr_expect_eq(svy_form_item(f, find(f, "dish"))->of, eats);
    cr_expect_str_eq(svy_form_rule(f, svy_form_item(f, member)->value).text, "${size} - 1");
    /* ends */
    const uint32_t out = find(f, "out");
    cr_expect_str_eq(svy_form_outcome(f, out), "21");
    cr_expect_str_eq(svy_form_outcome(f, s), "");
    const uint32_t *keep = svy_form_keep(f, out, &n);
    cr_expect(n == 1 && keep[0] == s);
    cr_expect(svy_form_item(f, svy_form_items(f)) == NULL);
    cr_expect_not(svy_form_find(f, "nobody", 6, &n));
    cr_expect_not(svy_form_find(f, "hour", 4, &n));
    cr_expect_not(svy_form_find(f, "", 0, &n));
    cr_expect(svy_form_find(f, "hoursX", 5, &n) && n == hours);
    done(&o);
}

Test(form, texts_and_languages)
{
    opened o = make(EVERYTHING);
    const svy_form *f = o.f;
    const uint32_t worked = find(f, "worked"), hours = find(f, "hours");
    cr_expect_eq(svy_form_languages(f), 3);
    cr_expect_str_eq(svy_form_language(f, 0), "en");
    cr_expect_str_eq(svy_form_language(f, 1), "bg");
    cr_expect_str_eq(svy_form_language(f, 3), "");
    cr_expect_eq(svy_form_find_language(f, "bg"), 1);
    cr_expect_eq(svy_form_find_language(f, "BG-bg"), 1);
    cr_expect_eq(svy_form_find_language(f, "ar_EG"), 2);
    cr_expect_eq(svy_form_find_language(f, "en-GB"), 0);
    cr_expect_eq(svy_form_find_language(f, "b"), -1);
    cr_expect_eq(svy_form_find_language(f, "bgx"), -1);
    cr_expect_eq(svy_form_find_language(f, ""), -1);
    cr_expect_str_eq(svy_form_text(f, 0, SVY_TITLE, 0), "The title");
    cr_expect_str_eq(svy_form_text(f, 0, SVY_TITLE, 1), "Заглавие");
    cr_expect_str_eq(svy_form_text(f, 0, SVY_TITLE, 2), "The title");
    cr_expect_str_eq(svy_form_text(f, 0, SVY_DESCRIPTION, 1), "About it");
    cr_expect_str_eq(svy_form_text(f, worked, SVY_LABEL, 1), "Работихте ли?");
    cr_expect_str_eq(svy_form_text(f, worked, SVY_HINT, 1), "Any work");
    cr_expect_str_eq(svy_form_text(f, worked, SVY_INSTRUCTION, 0), "Do not prompt");
    cr_expect_str_eq(svy_form_text(f, worked, SVY_TITLE, 0), "");
    cr_expect_str_eq(svy_form_text(f, hours, SVY_LABEL, 1), "Hours, ${worked}?", "a translation of an older text is not shown");
    cr_expect_str_eq(svy_form_text(f, find(f, "out"), SVY_TEXT, 0), "Goodbye");
    const uint32_t check = svy_form_item(f, hours)->first_check;
    cr_expect_str_eq(svy_form_check_text(f, check, 1), "At most ${limit}");
    cr_expect_str_eq(svy_form_check_text(f, check + 1, 1), "Наистина ли?");
    cr_expect_eq(svy_form_check(f, check)->soft, 0);
    cr_expect_eq(svy_form_check(f, check + 1)->soft, 1);
    cr_expect_eq(svy_form_checks(f), 4);
    cr_expect_eq(svy_form_check(f, 0)->item, 0, "checks of the whole come first");
    cr_expect_eq(svy_form_check(f, 3)->item, find(f, "member"));
    done(&o);
}

Test(form, lists)
{
    opened o = make(EVERYTHING);
    const svy_form *f = o.f;
    uint32_t choice;
    cr_expect_eq(svy_form_lists(f), 2);
    const svy_list yn = svy_form_list(f, 1), food = svy_form_list(f, 2);
    cr_expect(yn.numeric == 1 && yn.n_choices == 2 && yn.order == SVY_ORDER_FIXED);
    cr_expect(food.numeric == 0 && food.n_choices == 5 && food.order == SVY_ORDER_RANDOM);
    cr_expect_eq(svy_form_choice(f, 1, 1).number, 2);
    const svy_choice a = svy_form_choice(f, 2, 1);
    cr_expect_str_eq(a.code, "a");
    cr_expect_str_eq(a.parent, "x");
    cr_expect_str_eq(svy_form_rule(f, a.relevant).text, "${worked} = 1");
    cr_expect(a.valid_from == 20454 && a.valid_to == 20818, "%d %d", a.valid_from, a.valid_to);   /* days since 1970, by the calendar */
    cr_expect(svy_form_choice(f, 2, 0).valid_from == INT32_MIN && svy_form_choice(f, 2, 0).valid_to == INT32_MAX);
    cr_expect_eq(svy_form_choice(f, 2, 2).flags, SVY_CHOICE_OTHER);
    cr_expect_eq(svy_form_choice(f, 2, 3).flags, SVY_CHOICE_EXCLUSIVE);
    cr_expect_eq(svy_form_choice(f, 2, 4).missing, SVY_DONT_KNOW);
    cr_expect(svy_form_find_choice(f, 2, "dkx", 2, &choice) && choice == 4);
    cr_expect_not(svy_form_find_choice(f, 2, "d", 1, &choice));
    cr_expect_not(svy_form_find_choice(f, 2, "dkx", 3, &choice));
    cr_expect_not(svy_form_find_choice(f, 3, "a", 1, &choice));
    cr_expect_not(svy_form_find_choice(f, 0, "a", 1, &choice));
    cr_expect_str_eq(svy_form_choice(f, 2, 5).code, "");
    cr_expect_str_eq(svy_form_choice_label(f, 2, 2, 1), "Друго");
    done(&o);
}

/* 1 when `rule` is among the dependents of `item`. */
static int depends(const svy_form *f, const char *item, uint32_t rule)
{
    uint32_t n;
    const uint32_t *rules = svy_form_dependents(f, find(f, item), &n);
    for (uint32_t i = 0; i < n; i++)
        if (rules[i] == rule)
            return 1;
    return 0;
}

Test(form, rules_and_order)
{
    opened o = make(EVERYTHING);
    const svy_form *f = o.f;
    const svy_item *hours = svy_form_item(f, find(f, "hours")), *g = svy_form_item(f, find(f, "g")), *year = svy_form_item(f, find(f, "year"));
    const svy_item *time = svy_form_item(f, find(f, "time")), *children = svy_form_item(f, find(f, "children"));
    uint32_t seen = 0;
    cr_expect(depends(f, "worked", hours->relevant));
    cr_expect(depends(f, "hours", g->relevant));
    cr_expect(depends(f, "hours", year->value));
    cr_expect(depends(f, "hours", svy_form_check(f, hours->first_check)->that));
    cr_expect(depends(f, "limit", svy_form_check(f, hours->first_check)->that));
    cr_expect(depends(f, "age", children->value));
    cr_expect(depends(f, "member", children->value));
    cr_expect_not(depends(f, "worked", g->relevant), "only what a rule reads itself");
    cr_expect(svy_form_rule(f, hours->relevant).rank < svy_form_rule(f, g->relevant).rank);
    cr_expect(svy_form_rule(f, g->relevant).rank < svy_form_rule(f, time->relevant).rank);
    cr_expect(svy_form_rule(f, hours->preset).rank < svy_form_rule(f, year->value).rank);
    cr_expect(svy_form_rule(f, svy_form_item(f, find(f, "member"))->value).rank < svy_form_rule(f, children->value).rank);
    for (uint32_t r = 1; r <= svy_form_rules(f); r++)
        seen += svy_form_rule(f, r).rank;
    cr_expect_eq(seen, svy_form_rules(f) * (svy_form_rules(f) + 1) / 2, "ranks are 1..n");
    const svy_rule check = svy_form_rule(f, svy_form_check(f, 2)->that);
    cr_expect(check.purpose == SVY_FOR_CHECK && check.owner == 2);
    done(&o);
}

static size_t fill(void *user, uint32_t item, char *out, size_t size)
{
    (void)user;
    char text[32];
    const int n = snprintf(text, sizeof text, "<%u>", item);
    if (size > 0)
        snprintf(out, size, "%s", text);
    return (size_t)n;
}

Test(form, fills)
{
    static const struct { const char *text, *filled; } ROWS[] = {
        { "", "" }, { "plain", "plain" }, { "a ${limit} b", "a <1> b" }, { "${ limit }${limit}", "<1><1>" }, { "${nobody} x", "${nobody} x" },
        { "${limit", "${limit" }, { "$ {limit} $${limit}", "$ {limit} $<1>" }, { "${} ${limit}", "${} <1>" }, { "{${limit}}", "{<1>}" },
    };
    opened o = make(EVERYTHING);
    char out[64];
    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
        const size_t n = svy_form_fill(o.f, ROWS[i].text, fill, NULL, out, sizeof out);
        cr_expect_str_eq(out, ROWS[i].filled);
        cr_expect_eq(n, strlen(ROWS[i].filled));
        for (size_t size = 0; size <= n; size++) {
            memset(out, '#', sizeof out);
            cr_expect_eq(svy_form_fill(o.f, ROWS[i].text, fill, NULL, out, size), n);
            cr_expect(size == 0 || (strlen(out) == size - 1 && strncmp(out, ROWS[i].filled, size - 1) == 0), "%s %zu: %.*s", ROWS[i].text, size, (int)size, out);
            cr_expect_eq(out[size], '#');
        }
    }
    done(&o);
}

/* ---- search ---- */

static const char PLACES[] =
    "choices id=p\n"
    "  choice code=68134 | София\n"
    "  choice code=56784 | Пловдив\n"
    "  choice code=BG | България\n"
    "  choice code=EG | Египет\n"
    "  choice code=11 | Нова Загора\n"
    "  choice code=12 | Щръклево\n"
    "  choice code=13 | Ямбол\n"
    "  choice code=14 | Zürich, Altstadt\n"
    "  choice code=bg2 | Велико Търново\n"
    "question id=q type=single choices=p | Where?\n"
    "@en-x p/EG => \"Egypt\"\n";

Test(form, search)
{
    static const struct { const char *typed; uint32_t lang; const char *found; } ROWS[] = {
        { "sofiya", 0, "68134" }, { "Sofia", 0, "68134" }, { "соф", 0, "68134" }, { "balg", 0, "BG" }, { "БЪЛГ", 0, "BG" }, { "plov", 0, "56784" },
        { "zag", 0, "11" }, { "nova zag", 0, "11" }, { "shtr", 0, "12" }, { "yam", 0, "13" }, { "zur", 0, "14" }, { "alt", 0, "14" },
        { "bg", 0, "BG bg2" }, { "681", 0, "68134" }, { "134", 0, "68134" }, { "egy", 1, "EG" }, { "egip", 1, "EG" }, { "ovd", 0, "56784" },
        { "1", 0, "11 12 13 14 68134" }, { "qqq", 0, "" }, { "go", 0, "11" }, { "lik tar", 0, "" }, { "tarnovo", 0, "bg2" },
    };
    opened o = make(PLACES);
    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
        uint32_t hits[16];
        char text[256] = "";
        const uint32_t n = svy_form_search(o.f, 1, ROWS[i].lang, ROWS[i].typed, strlen(ROWS[i].typed), hits, 16);
        for (uint32_t k = 0; k < n && k < 16; k++) {
            strcat(text, k > 0 ? " " : "");
            strcat(text, svy_form_choice(o.f, 1, hits[k]).code);
        }
        cr_expect_str_eq(text, ROWS[i].found, "'%s': %s", ROWS[i].typed, text);
        for (uint32_t size = 0; size < n && size < 3; size++) {
            uint32_t few[3] = { 99, 99, 99 };
            cr_expect_eq(svy_form_search(o.f, 1, ROWS[i].lang, ROWS[i].typed, strlen(ROWS[i].typed), few, size), n);
            cr_expect(size == 0 || few[size - 1] == hits[size - 1]);
            cr_expect_eq(few[size], 99);
        }
    }
    cr_expect_eq(svy_form_search(o.f, 1, 0, "", 0, NULL, 0), 9);
    cr_expect_eq(svy_form_search(o.f, 7, 0, "a", 1, NULL, 0), 0);
    done(&o);
}

/* What was typed names a choice in full: then longer names that begin so do not matter. */
Test(form, choice_is)
{
    static const struct { const char *typed, *code; uint32_t lang; int is; } ROWS[] = {
        { "sofia", "68134", 0, 1 }, { "СОФИЯ", "68134", 0, 1 }, { "sof", "68134", 0, 0 }, { "sofia-city", "68134", 0, 0 }, { "68134", "68134", 0, 1 },
        { "6813", "68134", 0, 0 }, { "bg", "BG", 0, 1 }, { "bg", "bg2", 0, 0 }, { "Egypt", "EG", 1, 1 }, { "Egypt", "EG", 0, 0 }, { "egipet", "EG", 1, 1 },
        { "zurich, altstadt", "14", 0, 1 }, { "nova", "11", 0, 0 }, { "", "11", 0, 0 },
    };
    opened o = make(PLACES);
    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
        uint32_t choice = 99;
        cr_assert(svy_form_find_choice(o.f, 1, ROWS[i].code, strlen(ROWS[i].code), &choice));
        cr_expect_eq(svy_form_choice_is(o.f, 1, choice, ROWS[i].lang, ROWS[i].typed, strlen(ROWS[i].typed)), ROWS[i].is, "'%s' %s", ROWS[i].typed, ROWS[i].code);
    }
    done(&o);
}

/* ---- damage ---- */

static void mend(void *block, size_t size)
{
    const uint64_t checksum = svyi_hash((const char *)block + 32, size - 32);
    memcpy((char *)block + 24, &checksum, sizeof checksum);
}

static unsigned try_open(void *block, size_t size)
{
    svy_error err = SVY_ERROR_INIT;
    svy_form *f = NULL;
    const svy_status st = svy_form_open(NULL, block, size, &f, &err);
    cr_assert((st == SVY_OK) == (f != NULL));
    cr_assert(st == SVY_OK || (st == SVY_E_FORMAT && err.message[0] != '\0'), "%d %s", st, err.message);
    if (f == NULL)
        return 0;
    walk_form(f);
    svy_form_free(f);
    return 1;
}

Test(form, every_byte_is_checked)
{
    opened o = make(EVERYTHING);
    unsigned char *bytes = o.block;
    unsigned harmless = 0;
    for (size_t i = 0; i < o.size; i++) {
        bytes[i] ^= 0x10;
        cr_assert_eq(try_open(bytes, o.size), 0, "byte %zu: the checksum does not see it", i);
        bytes[i] ^= 0x10;
    }
    for (size_t i = 32; i < o.size; i++)
        for (int k = 0; k < 3; k++) {
            static const unsigned char FLIPS[] = { 0x01, 0x80, 0xFF };
            bytes[i] ^= FLIPS[k];
            mend(bytes, o.size);
            harmless += try_open(bytes, o.size);
            bytes[i] ^= FLIPS[k];
        }
    mend(bytes, o.size);
    cr_expect_eq(try_open(bytes, o.size), 1);
    cr_expect(harmless < 3 * o.size / 2, "%u of %zu changes were taken", harmless, 3 * o.size);
    done(&o);
}

Test(form, cut_and_misplaced)
{
    opened o = make(EVERYTHING);
    svy_error err = SVY_ERROR_INIT;
    svy_form *f;
    for (size_t size = 0; size < o.size; size += size < 200 ? 1 : 97) {
        cr_expect_eq(svy_form_open(NULL, o.block, size, &f, &err), SVY_E_FORMAT);
        cr_expect(f == NULL);
    }
    cr_expect_eq(svy_form_open(NULL, (char *)o.block + 4, o.size - 4, &f, &err), SVY_E_ARG);
    cr_expect_eq(svy_form_open(NULL, NULL, 0, &f, &err), SVY_E_ARG);
    done(&o);
}

/* ---- memory ---- */

Test(form, every_allocation_may_fail)
{
    svy_error err = SVY_ERROR_INIT;
    watched w;
    svy_alloc alloc = watched_alloc(&w, -1);
    void *block;
    size_t size;
    static dsl_log log;
    cr_assert_eq(dsl_compile(&alloc, EVERYTHING, &log, &block, &size, &err), SVY_OK, "%s", log.text);
    svy_block_free(&alloc, block, size);
    watched_end(&w);
    const unsigned calls = w.calls;
    for (unsigned i = 0; i < calls; i += i < 300 ? 1 : 3) {
        alloc = watched_alloc(&w, (long)i);
        const svy_status st = dsl_compile(&alloc, EVERYTHING, NULL, &block, &size, &err);
        cr_assert(st == SVY_E_NOMEM && block == NULL, "allocation %u: %d", i, st);
        watched_end(&w);
    }
    opened o = make(EVERYTHING);
    svy_form *f;
    alloc = watched_alloc(&w, 0);
    cr_expect_eq(svy_form_open(&alloc, o.block, o.size, &f, &err), SVY_E_NOMEM);
    cr_expect(f == NULL);
    done(&o);
}

/* ---- size ---- */

Test(form, same_input_same_bytes)
{
    opened a = make(EVERYTHING), b = make(EVERYTHING);
    cr_expect(a.size == b.size && memcmp(a.block, b.block, a.size) == 0);
    cr_expect_eq(svy_form_checksum(a.f), svy_form_checksum(b.f));
    done(&a);
    done(&b);
}

static char *long_form(int questions)
{
    char *text = malloc((size_t)questions * 400 + 1000), *at = text;
    at += sprintf(at, "choices id=yn\n  choice code=1 | Yes\n  choice code=2 | No\n  choice code=9 missing=dont-know | Don't know\n");
    for (int i = 0; i < questions; i++) {
        const int before = i > 0 ? i - 1 : 0;
        at += i == 0 ? sprintf(at, "question id=q0 type=single choices=yn | First\n")
            : i % 3 == 0 ? sprintf(at, "question id=q%d type=single choices=yn relevant=\"answered(${q%d}) or ${q%d} = 1\" | Question %d\n", i, before, before / 3 * 3, i)
            : i % 3 == 1 ? sprintf(at, "question id=q%d type=integer relevant=\"${q%d} = 1\" | Question %d\n  check that=\". >= 0 and . < 100\" | Range\n", i, before, i)
            : sprintf(at, "question id=q%d type=decimal relevant=\"${q%d} > 3 and ${q%d} < 90\" | Question %d, ${q%d}\n", i, before, before, i, before);
        if (i % 10 == 9)
            at += sprintf(at, "compute id=c%d type=decimal value=\"${q%d} + %d\"\n", i, i / 3 * 3 - 1, i);
    }
    return text;
}

Test(form, five_thousand_questions)
{
    char *text = long_form(5000);
    const clock_t start = clock();
    opened o = make(text);
    const double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
    cr_expect_eq(svy_form_items(o.f), 5000 + 500 + 1);
    cr_expect(seconds < 5, "%g s", seconds);    /* sanitizers and busy machines; the benchmark measures */
    done(&o);
    free(text);
}

Test(form, limits)
{
    svy_error err = SVY_ERROR_INIT;
    svy_builder *b;
    uint32_t e, parent = 0;
    svy_status st = SVY_OK;
    const svy_attribute many[65] = { { "id", "x", 1, 1 } };
    cr_assert_eq(svy_builder_new(NULL, NULL, &b, &err), SVY_OK);
    cr_expect_eq(svy_builder_add(b, 0, SVY_EL_SECTION, NULL, 0, NULL, 1, &e, &err), SVY_E_ARG, "the questionnaire comes first");
    for (int depth = 1; depth <= 65 && st == SVY_OK; depth++, parent = e)
        st = svy_builder_add(b, parent, depth == 1 ? SVY_EL_QUESTIONNAIRE : SVY_EL_SECTION, NULL, 0, NULL, depth, &e, &err);
    cr_expect_eq(st, SVY_E_LIMIT);
    cr_expect_eq(err.line, 65);
    cr_expect_eq(svy_builder_add(b, 1, SVY_EL_SECTION, many, 65, NULL, 1, &e, &err), SVY_E_LIMIT);
    cr_expect_eq(svy_builder_add(b, 1, SVY_EL_QUESTIONNAIRE, NULL, 0, NULL, 1, &e, &err), SVY_E_ARG, "there is one questionnaire");
    cr_expect_eq(svy_builder_add(b, 1000, SVY_EL_SECTION, NULL, 0, NULL, 1, &e, &err), SVY_E_ARG);
    char *text = malloc(65538);
    memset(text, 'x', 65537);
    text[65537] = '\0';
    cr_expect_eq(svy_builder_add(b, 1, SVY_EL_SECTION, &(svy_attribute){ "id", text, 1, 1 }, 1, NULL, 1, &e, &err), SVY_E_LIMIT);
    cr_expect_eq(svy_builder_text(b, 1, SVY_TITLE, text, 1, &err), SVY_E_LIMIT);
    cr_expect_eq(svy_builder_text(b, 1, SVY_TITLE, "\xFF", 1, &err), SVY_E_VALUE);
    cr_expect_eq(svy_builder_translate(b, "", "u", "", "t", NULL, 1, &err), SVY_E_VALUE);
    for (st = SVY_OK; st == SVY_OK; )
        st = svy_builder_add(b, 1, SVY_EL_NOTE, NULL, 0, NULL, 1, &e, &err);
    cr_expect_eq(st, SVY_E_LIMIT);
    free(text);
    svy_builder_free(b);
    svy_builder_free(NULL);
}

Test(form, nothing_in_it)
{
    svy_error err = SVY_ERROR_INIT;
    svy_builder *b;
    void *block;
    size_t size;
    cr_assert_eq(svy_builder_new(NULL, "x", &b, &err), SVY_OK);
    cr_expect_eq(svy_builder_compile(b, NULL, &block, &size, &err), SVY_E_STATE);
    svy_builder_free(b);
    opened o = make("questionnaire id=q version=1 xml:lang=en\n");
    cr_expect_eq(svy_form_items(o.f), 1);
    walk_form(o.f);
    done(&o);
}
