/* One place as JSON: what it asks, what may be answered, what was answered. */
#include <stdlib.h>
#include <string.h>

#include "engine.h"

static int is_choice(uint32_t type) { return type == SVY_T_SINGLE || type == SVY_T_MULTIPLE || type == SVY_T_RANKING; }

int view_is_answered(svy_place place)
{
    const svy_value v = svy_interview_get(form_engine.interview, place);

    return v.missing == SVY_PRESENT || v.missing == SVY_DONT_KNOW || v.missing == SVY_REFUSED || v.missing == SVY_NOT_STATED;
}

static const char *kind_name(const svy_item *item)
{
    static const char *const NAMES[] = { [SVY_EL_SECTION] = "section", [SVY_EL_QUESTION] = "question", [SVY_EL_GRID] = "grid", [SVY_EL_ROSTER] = "roster",
                                         [SVY_EL_NOTE] = "note", [SVY_EL_END] = "end" };

    return item->kind < sizeof NAMES / sizeof NAMES[0] && NAMES[item->kind] != NULL ? NAMES[item->kind] : "note";
}

const view_medium view_media[VIEW_MEDIA] = { { "image", SVY_IMAGE }, { "bigImage", SVY_BIG_IMAGE }, { "audio", SVY_AUDIO }, { "video", SVY_VIDEO } };

static void put_texts(svy_place place, const svy_item *item)
{
    int any = 0;

    json_text("label", engine_text(place, item->kind == SVY_EL_END ? SVY_TEXT : SVY_LABEL));
    json_some("hint", engine_text(place, SVY_HINT));
    json_some("instruction", engine_text(place, SVY_INSTRUCTION));
    json_some("guidance", engine_text(place, SVY_GUIDANCE));
    for (size_t i = 0; i < VIEW_MEDIA; i++)
        any |= svy_form_text(form_engine.form, place.item, view_media[i].role, svy_interview_current_language(form_engine.interview))[0] != '\0';
    if (!any)
        return;
    json_object("media");
    for (size_t i = 0; i < VIEW_MEDIA; i++)
        json_some(view_media[i].key, engine_text(place, view_media[i].role));
    json_end('}');
}

static void put_flag(const char *key, int flag, unsigned how)
{
    if (flag || (how & VIEW_BRIEF) == 0)
        json_flag(key, flag);
}

static void put_value(svy_place place, unsigned how)
{
    const svy_value v = svy_interview_get(form_engine.interview, place);
    char number[40];

    if (v.missing != SVY_PRESENT && v.missing != SVY_DONT_KNOW && v.missing != SVY_REFUSED && v.missing != SVY_NOT_STATED && (how & VIEW_BRIEF) != 0)
        return;
    if (v.missing != SVY_PRESENT)
        json_null("value");
    else if (v.len > 0 || v.kind == SVY_K_TEXT)
        json_bytes("value", v.text, v.len);
    else {
        svy_value_format(&v, number, sizeof number);
        json_text("value", number);
    }
    json_text("shown", engine_answer(place));
    json_text("missing", v.missing == SVY_DONT_KNOW || v.missing == SVY_REFUSED || v.missing == SVY_NOT_STATED ? svy_missing_name((svy_missing)v.missing) : "");
}

/* 1 when a choice of the list says it already. */
static int list_says(uint32_t list, svy_missing missing)
{
    const uint32_t n = list != 0 ? svy_form_list(form_engine.form, list).n_choices : 0;

    for (uint32_t i = 0; i < n; i++)
        if (svy_form_choice(form_engine.form, list, i).missing == (uint32_t)missing)
            return 1;
    return 0;
}

void view_problem(const char *key, const svy_problem *problem)
{
    json_object(key);
    json_text("message", problem_text(problem));
    json_flag("soft", problem->soft != 0);
    if (problem->check < svy_form_checks(form_engine.form))
        json_number("check", problem->check);
    else
        json_null("check");
    json_number("checkEntry", problem->entry);
    json_end('}');
}

/* What is wrong with an answer that is there: that one is lacking is no news while the question is shown. */
static void put_problem(svy_place place)
{
    svy_problem problem;
    uint32_t at = 0;

    while (svy_interview_place_problem(form_engine.interview, place, &at, &problem))
        if (problem.check != SVY_PROBLEM_REQUIRED) {
            view_problem("problem", &problem);
            return;
        }
}

static void put_range(svy_place place)
{
    json_some("min", svy_form_attribute(form_engine.form, place.item, "start"));
    json_some("max", svy_form_attribute(form_engine.form, place.item, "end"));
    json_some("step", svy_form_attribute(form_engine.form, place.item, "step"));
}

static void put_rights(svy_place place, const svy_item *item, int readonly, unsigned how)
{
    const int open = !readonly && !svy_interview_required(form_engine.interview, place) && !svy_form_is_odk(form_engine.form);

    put_flag("can_dont_know", open && !list_says(item->list, SVY_DONT_KNOW), how);
    put_flag("can_refuse", open && !list_says(item->list, SVY_REFUSED), how);
}

/* The text that tells which other one was meant, when it is asked. */
static void put_other(svy_place place, const svy_item *item)
{
    const svy_place other = { item->of, place.entry };

    if (item->of != 0 && (item->flags & SVY_ITEM_OTHER) == 0 && svy_interview_relevant(form_engine.interview, other))
        view_place("other", other, VIEW_PLAIN);
}

static void put_question(svy_place place, const svy_item *item, unsigned how)
{
    const int readonly = svy_interview_readonly(form_engine.interview, place);

    put_flag("readonly", readonly, how);
    if ((item->flags & SVY_ITEM_SENSITIVE) != 0)
        json_flag("sensitive", 1);
    if ((how & VIEW_NO_CHOICES) == 0)
        view_choices(place);
    put_range(place);
    put_value(place, how);
    put_flag("preset", svy_interview_is_preset(form_engine.interview, place), how);
    json_some("remark", svy_interview_get_remark(form_engine.interview, place));
    json_some("reason", svy_interview_get_reason(form_engine.interview, place));
    put_rights(place, item, readonly, how);
    if ((how & VIEW_BRIEF) == 0 && !is_choice(item->type) && !engine_is_file(item->type) && item->type != SVY_T_BOOLEAN)
        json_some("format", answer_format(item, engine_language()));
    put_problem(place);
    put_other(place, item);
}

static void put_path(uint32_t entry)
{
    char path[512];

    svy_interview_entry_path(form_engine.interview, entry, path, sizeof path);
    json_text("path", path);
}

void view_place(const char *key, svy_place place, unsigned how)
{
    const svy_item *item = svy_form_item(form_engine.form, place.item);

    json_object(key);
    json_place(NULL, place);
    json_text("id", svy_form_item_id(form_engine.form, place.item));
    if ((how & VIEW_BRIEF) == 0)
        put_path(place.entry);
    json_text("kind", kind_name(item));
    json_text("type", item->kind == SVY_EL_QUESTION ? svy_type_name((svy_type)item->type) : "");
    if ((how & VIEW_BRIEF) == 0)
        put_texts(place, item);
    json_some("appearance", svy_form_appearance(form_engine.form, place.item));
    json_some("unit", svy_form_unit(form_engine.form, place.item));
    put_flag("required", item->kind == SVY_EL_QUESTION && svy_interview_required(form_engine.interview, place), how);
    if (item->kind == SVY_EL_QUESTION)
        put_question(place, item, how);
    else if (item->kind == SVY_EL_GRID)
        view_grid(place);
    else if (item->kind == SVY_EL_ROSTER)
        view_roster(place, how);
    json_end('}');
}
