/* Rosters and grids as JSON: entries with what was answered in them first, as cards, or with all their questions, as a table. */
#include <string.h>

#include "engine.h"

enum { ON_A_CARD = 6 };

static const svy_item *item_of(uint32_t item) { return svy_form_item(form_engine.form, item); }

void view_grid(svy_place grid)
{
    unsigned how = VIEW_PLAIN;

    json_list("rows");
    for (uint32_t i = grid.item + 1; i < item_of(grid.item)->end; i++) {
        const svy_place row = { i, grid.entry };
        if ((item_of(i)->flags & SVY_ITEM_ROW) == 0 || !svy_interview_relevant(form_engine.interview, row))
            continue;
        view_place(NULL, row, how);
        how = item_of(i)->filter == 0 ? VIEW_NO_CHOICES : VIEW_PLAIN;    /* a filter may ask which row it is */
    }
    json_end(']');
}

/* The next question of an entry after `item` (the roster: the first), rosters inside it passed over; 0 when none. */
static uint32_t next_question(uint32_t roster, uint32_t item)
{
    for (item++; item < item_of(roster)->end; item++) {
        if (item_of(item)->kind == SVY_EL_QUESTION)
            return item;
        if (item_of(item)->kind == SVY_EL_ROSTER)
            item = item_of(item)->end - 1;
    }
    return 0;
}

static void put_answer(svy_place place)
{
    json_object(NULL);
    json_text("id", svy_form_item_id(form_engine.form, place.item));
    json_text("label", engine_text(place, SVY_LABEL));
    json_text("shown", engine_answer(place));
    json_end('}');
}

static void put_counts(uint32_t roster, uint32_t entry)
{
    uint32_t asked = 0, answered = 0;

    for (uint32_t i = next_question(roster, roster); i != 0; i = next_question(roster, i))
        if (svy_interview_relevant(form_engine.interview, (svy_place){ i, entry })) {
            asked++;
            answered += (uint32_t)view_is_answered((svy_place){ i, entry });
        }
    json_number("answered", answered);
    json_number("asked", asked);
}

static void put_answers(uint32_t roster, uint32_t entry)
{
    int n = 0;

    json_list("answers");
    for (uint32_t i = next_question(roster, roster); i != 0 && n < ON_A_CARD; i = next_question(roster, i))
        if (view_is_answered((svy_place){ i, entry }) && svy_interview_relevant(form_engine.interview, (svy_place){ i, entry })) {
            put_answer((svy_place){ i, entry });
            n++;
        }
    json_end(']');
}

/* Every question, asked or not, so that the columns of a table stay in line. */
static void put_cells(uint32_t roster, uint32_t entry)
{
    json_list("cells");
    for (uint32_t i = next_question(roster, roster); i != 0; i = next_question(roster, i)) {
        if ((item_of(i)->flags & SVY_ITEM_OTHER) != 0)
            continue;
        if (svy_interview_relevant(form_engine.interview, (svy_place){ i, entry }))
            view_place(NULL, (svy_place){ i, entry }, VIEW_BRIEF);
        else
            json_null(NULL);
    }
    json_end(']');
}

static void put_columns(uint32_t roster, uint32_t entry)
{
    json_list("columns");
    for (uint32_t i = next_question(roster, roster); i != 0; i = next_question(roster, i)) {
        if ((item_of(i)->flags & SVY_ITEM_OTHER) != 0)
            continue;
        json_object(NULL);
        json_number("item", i);
        json_text("id", svy_form_item_id(form_engine.form, i));
        json_text("label", engine_text((svy_place){ i, entry }, SVY_LABEL));
        json_end('}');
    }
    json_end(']');
}

static void put_entry(svy_place roster, uint32_t entry, unsigned how, int removable)
{
    const svy_item *item = item_of(roster.item);
    const svy_place first = svy_interview_step(form_engine.interview, (svy_place){ roster.item, entry }, 1);
    const char *key = svy_interview_entry_key(form_engine.interview, entry);
    uint32_t choice;

    json_object(NULL);
    json_number("entry", entry);
    json_text("key", key);
    json_text("title", engine_text((svy_place){ roster.item, entry }, SVY_LABEL));
    if ((item->flags & SVY_ITEM_FOR) != 0 && svy_form_find_choice(form_engine.form, item_of(item->of)->list, key, strlen(key), &choice))
        json_text("choice", svy_form_choice_label(form_engine.form, item_of(item->of)->list, choice, svy_interview_current_language(form_engine.interview)));
    json_place("first", first);
    put_counts(roster.item, entry);
    json_flag("removable", removable);
    if ((how & VIEW_CELLS) != 0)
        put_cells(roster.item, entry);
    else
        put_answers(roster.item, entry);
    json_end('}');
}

void view_roster(svy_place roster, unsigned how)
{
    svy_interview *iv = form_engine.interview;
    const svy_item *item = item_of(roster.item);
    const uint32_t n = svy_interview_entry_count(iv, roster.item, roster.entry), first = svy_interview_next_entry(iv, roster.item, roster.entry, 0);
    const int open = (item->flags & SVY_ITEM_OPEN) != 0, changing = open && svy_interview_phase(iv) == SVY_OPEN;

    json_object("roster");
    json_text("kind", open ? "open" : (item->flags & SVY_ITEM_FOR) != 0 ? "for" : "count");
    json_flag("closed", svy_interview_roster_closed(iv, roster));
    json_flag("can_add", changing && (item->max == 0 || n < item->max));
    if ((how & VIEW_CELLS) != 0 && first != 0)
        put_columns(roster.item, first);
    json_list("entries");
    for (uint32_t e = first; e != 0; e = svy_interview_next_entry(iv, roster.item, roster.entry, e))
        put_entry(roster, e, how, changing);
    json_end(']');
    json_end('}');
}
