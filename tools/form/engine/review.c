/* What stands in the way of finishing, and what was answered so far. */
#include <string.h>

#include "engine.h"

enum { DEEPEST = 64 };

static const svy_item *item_of(uint32_t item) { return svy_form_item(form_engine.form, item); }

/* The innermost section around a place that has a title. */
static uint32_t section_of(uint32_t item)
{
    for (uint32_t p = item_of(item)->parent; p != 0; p = item_of(p)->parent)
        if (item_of(p)->kind == SVY_EL_SECTION && svy_form_text(form_engine.form, p, SVY_TITLE, 0)[0] != '\0')
            return p;
    return 0;
}

static void put_one(const svy_problem *problem)
{
    const svy_place place = problem->place;
    const uint32_t section = section_of(place.item);

    json_object(NULL);
    json_place(NULL, place);
    json_text("id", svy_form_item_id(form_engine.form, place.item));
    json_text("label", engine_text(place, SVY_LABEL));
    if (section != 0)
        json_text("section", engine_text((svy_place){ section, place.entry }, SVY_TITLE));
    json_text("message", problem_text(problem));
    json_flag("soft", problem->soft != 0);
    if (problem->check < svy_form_checks(form_engine.form))
        json_number("check", problem->check);
    else
        json_null("check");
    json_number("checkEntry", problem->entry);
    json_end('}');
}

FORM_EXPORT(form_problems) void form_problems(void)
{
    uint64_t cursor = 0;
    svy_problem problem;

    if (!engine_ready())
        return;
    json_begin();
    json_list("problems");
    while (svy_interview_next_problem(form_engine.interview, &cursor, &problem))
        put_one(&problem);
    json_end(']');
    json_finish();
}

/* ---- review ---- */

/* Sections and roster entries that begin with the next place: those around it that are not around the one before. */
typedef struct around { svy_place of[DEEPEST]; uint32_t n; } around;

static around around_place(svy_place place)
{
    around a = { .n = 0 };
    svy_place inner[DEEPEST];
    uint32_t n = 0, entry = place.entry;

    for (uint32_t p = item_of(place.item)->parent; p != 0 && n < DEEPEST; p = item_of(p)->parent) {
        inner[n++] = (svy_place){ p, entry };
        if (item_of(p)->kind == SVY_EL_ROSTER)
            entry = svy_interview_entry_parent(form_engine.interview, entry);
    }
    while (n > 0)
        a.of[a.n++] = inner[--n];
    return a;
}

/* 1 + which of them is the outermost section; 0: none. */
static uint32_t section_around(const around *a)
{
    for (uint32_t i = 0; i < a->n; i++)
        if (item_of(a->of[i].item)->kind == SVY_EL_SECTION)
            return i + 1;
    return 0;
}

static void put_row(svy_place place, const char *kind, svy_role role, uint32_t level)
{
    json_object(NULL);
    json_place(NULL, place);
    json_text("id", svy_form_item_id(form_engine.form, place.item));
    json_number("level", level);
    json_text("kind", kind);
    json_text("label", engine_text(place, role));
}

static void put_places_around(const around *now, const around *before)
{
    uint32_t shared = 0;

    while (shared < now->n && shared < before->n && now->of[shared].item == before->of[shared].item && now->of[shared].entry == before->of[shared].entry)
        shared++;
    for (; shared < now->n; shared++) {
        const svy_item *item = item_of(now->of[shared].item);
        if (item->kind != SVY_EL_SECTION && item->kind != SVY_EL_ROSTER && item->kind != SVY_EL_GRID)
            continue;
        put_row(now->of[shared], item->kind == SVY_EL_SECTION ? "section" : item->kind == SVY_EL_GRID ? "note" : "entry",
                item->kind == SVY_EL_SECTION ? SVY_TITLE : SVY_LABEL, shared);
        json_end('}');
    }
}

static void put_question(svy_place place, uint32_t level)
{
    svy_problem problem;
    uint32_t at = 0;
    const svy_value v = svy_interview_get(form_engine.interview, place);
    const uint32_t kind = item_of(place.item)->kind;

    put_row(place, kind == SVY_EL_QUESTION ? "question" : kind == SVY_EL_ROSTER ? "roster" : "note", kind == SVY_EL_END ? SVY_TEXT : SVY_LABEL, level);
    if (kind == SVY_EL_QUESTION) {
        json_text("shown", engine_answer(place));
        json_text("missing", v.missing != SVY_PRESENT && view_is_answered(place) ? svy_missing_name((svy_missing)v.missing) : "");
        json_flag("problem", svy_interview_place_problem(form_engine.interview, place, &at, &problem));
    }
    json_end('}');
}

/* What stands in a section; with 0 what stands outside all of them. */
static void put_items(uint32_t section)
{
    around before = { .n = 0 };
    const uint32_t end = item_of(section)->end;

    json_list("items");
    for (svy_place p = { 0, 0 }; (p = svy_interview_step(form_engine.interview, p, 1)).item != 0;) {
        const around now = around_place(p);
        if (section != 0 ? p.item <= section || p.item >= end : section_around(&now) != 0)
            continue;
        put_places_around(&now, &before);
        put_question(p, now.n);
        before = now;
    }
    json_end(']');
}

typedef struct tally { svy_place place; uint32_t level, asked, answered; } tally;

static void put_tally(const tally *t, uint32_t number)
{
    json_object(NULL);
    json_place(NULL, t->place);
    json_text("label", engine_text(t->place, SVY_TITLE));
    json_number("level", t->level);
    json_number("position", number);
    json_number("asked", t->asked);
    json_number("answered", t->answered);
    json_end('}');
}

/* Top-level sections and how far they are. What stands outside sections is counted with none. */
static void put_sections(void)
{
    tally t = { .level = 0 };
    uint32_t number = 0;

    json_list("sections");
    for (svy_place p = { 0, 0 }; (p = svy_interview_step(form_engine.interview, p, 1)).item != 0;) {
        const around now = around_place(p);
        const uint32_t at = section_around(&now);
        if (at == 0)
            continue;
        if (now.of[at - 1].item != t.place.item) {
            if (t.place.item != 0)
                put_tally(&t, ++number);
            t = (tally){ .place = now.of[at - 1] };
        }
        if (item_of(p.item)->kind == SVY_EL_QUESTION) {
            t.asked++;
            t.answered += (uint32_t)view_is_answered(p);
        }
    }
    if (t.place.item != 0)
        put_tally(&t, ++number);
    json_end(']');
}

/* The sections and how far they are; and of one of them, by its item, what stands in it with the answers (0: what stands outside all sections). */
FORM_EXPORT(form_review) void form_review(uint32_t section)
{
    if (!engine_ready())
        return;
    json_begin();
    put_sections();
    put_items(section < svy_form_items(form_engine.form) ? section : 0);
    json_finish();
}
