/* Which places share a page, and the page as JSON: headings, what is shown on it, where the pages before and after begin. */
#include <string.h>

#include "engine.h"

enum { WHOLE = 1, CELLS = 2, DEEPEST = 64 };

static const svy_item *item_of(uint32_t item) { return svy_form_item(form_engine.form, item); }

/* ---- which places ---- */

/* The outermost section (or the roster) in the same entry that wants one page for all; with `whole` the innermost section or roster. 0: none. */
static uint32_t container(uint32_t item, int whole)
{
    uint32_t found = 0;

    for (uint32_t p = item_of(item)->parent; p != 0; p = item_of(p)->parent) {
        const svy_item *around = item_of(p);
        if ((around->flags & SVY_ITEM_PAGE_ALL) != 0)
            found = p;
        if (whole && found == 0 && (around->kind == SVY_EL_SECTION || around->kind == SVY_EL_ROSTER))
            found = p;
        if (around->kind == SVY_EL_ROSTER)
            break;                                   /* out of the entry */
    }
    return found;
}

svy_place page_unit(svy_place place, int whole)
{
    const svy_item *item = item_of(place.item);

    if (item->kind == SVY_EL_ROSTER)
        return place;                                /* "is there another?" stands alone: its entries lie before it */
    const uint32_t around = container(place.item, whole);
    if (around != 0)
        return (svy_place){ around, place.entry };
    if ((item->flags & SVY_ITEM_OTHER) != 0)
        return page_unit((svy_place){ item->of, place.entry }, whole);
    return (svy_place){ (item->flags & SVY_ITEM_ROW) != 0 ? item->parent : place.item, place.entry };
}

static int same(svy_place a, svy_place b) { return a.item == b.item && a.entry == b.entry; }

static svy_place step(svy_place from, int direction) { return svy_interview_step(form_engine.interview, from, direction); }

static svy_place first_of_page(svy_place place, int whole)
{
    const svy_place unit = page_unit(place, whole);

    for (svy_place before = step(place, -1); before.item != 0 && same(page_unit(before, whole), unit); before = step(before, -1))
        place = before;
    return place;
}

static svy_place last_of_page(svy_place place, int whole)
{
    const svy_place unit = page_unit(place, whole);

    for (svy_place after = step(place, 1); after.item != 0 && same(page_unit(after, whole), unit); after = step(after, 1))
        place = after;
    return place;
}

static int is_shown(svy_place place)
{
    const svy_place before = step(place, -1);

    return place.item != 0 && place.item < svy_form_items(form_engine.form) && svy_interview_relevant(form_engine.interview, place) &&
           same(step(before, 1), place);
}

/* A place that is shown: the one asked for, or one near it (it was routed away), or for {0,0} where the interview was left. */
static svy_place landing(svy_place place)
{
    const svy_item *item = place.item < svy_form_items(form_engine.form) ? item_of(place.item) : NULL;

    if (place.item == 0)
        place = svy_interview_current(form_engine.interview);
    else if (item != NULL && item->kind == SVY_EL_GRID)
        place.item++;                                /* its first row */
    if (place.item == 0 || item == NULL)
        return step((svy_place){ 0, 0 }, 1);
    if (is_shown(place))
        return place;
    svy_place near = step(place, 1);
    if (near.item == 0)
        near = step(place, -1);
    return near.item != 0 ? near : step((svy_place){ 0, 0 }, 1);
}

/* ---- headings ---- */

static void put_heading(svy_place place)
{
    const svy_interview *iv = form_engine.interview;
    const svy_item *item = item_of(place.item);
    const int section = item->kind == SVY_EL_SECTION;
    const char *text = engine_text(place, section ? SVY_TITLE : SVY_LABEL);

    if (section && text[0] == '\0')
        return;
    json_object(NULL);
    json_text("kind", section ? "section" : item->kind == SVY_EL_GRID ? "grid" : "roster");
    json_place(NULL, place);
    json_text("text", text);
    if (item->kind == SVY_EL_ROSTER) {
        const uint32_t parent = svy_interview_entry_parent(iv, place.entry);
        json_number("position", svy_interview_entry_position(iv, place.entry));
        json_number("count", svy_interview_entry_count(iv, place.item, parent));
    }
    json_end('}');
}

static void put_headings(svy_place place)
{
    svy_place around[DEEPEST];
    uint32_t n = 0, entry = place.entry;

    for (uint32_t p = place.item != 0 ? item_of(place.item)->parent : 0; p != 0 && n < DEEPEST; p = item_of(p)->parent) {
        if (item_of(p)->kind != SVY_EL_GRID)
            around[n++] = (svy_place){ p, entry };
        if (item_of(p)->kind == SVY_EL_ROSTER)
            entry = svy_interview_entry_parent(form_engine.interview, entry);
    }
    json_list("headings");
    while (n > 0)
        put_heading(around[--n]);
    json_end(']');
}

/* ---- the page ---- */

/* Rosters that stand between two places of a page, or behind the last one, in the same section: a look at their entries. */
static void put_rosters(svy_place after, uint32_t before_item, unsigned how)
{
    const uint32_t home = item_of(after.item)->roster;

    for (uint32_t i = after.item + 1; i < before_item; i++) {
        const svy_item *item = item_of(i);
        const svy_place place = { i, after.entry };
        if (item->kind != SVY_EL_ROSTER)
            continue;
        if (item->roster == home && svy_interview_relevant(form_engine.interview, place) &&
            svy_interview_entry_count(form_engine.interview, i, after.entry) > 0)
            view_place(NULL, place, how);
        i = item->end - 1;
    }
}

static int is_other(uint32_t item) { return (item_of(item)->flags & SVY_ITEM_OTHER) != 0; }

/* Everything from the first place of the page to the last. What belongs to the view of another place stands there: rows, other-specify texts. */
static void put_items(svy_place first, svy_place last, int whole, unsigned how)
{
    const svy_place unit = page_unit(first, whole);
    const svy_item *around = item_of(unit.item);
    const int many = !same(unit, first) && (around->kind == SVY_EL_SECTION || around->kind == SVY_EL_ROSTER);
    uint32_t grid = 0;

    json_list("items");
    for (svy_place p = first;; ) {
        const svy_item *item = item_of(p.item);
        const uint32_t in_grid = (item->flags & SVY_ITEM_ROW) != 0 ? item->parent : 0;
        const svy_place next = same(p, last) ? (svy_place){ 0, 0 } : step(p, 1);
        if (in_grid != 0 && in_grid != grid)
            view_place(NULL, (svy_place){ in_grid, p.entry }, how);
        else if (in_grid == 0 && !(is_other(p.item) && !same(p, first)))
            view_place(NULL, p, how);
        grid = in_grid;
        if (many && item->kind != SVY_EL_ROSTER)
            put_rosters(p, next.item != 0 ? next.item : around->end, how);
        if (next.item == 0)
            break;
        p = next;
    }
    json_end(']');
}

static void put_state(svy_place place)
{
    static const char *const PHASES[] = { [SVY_OPEN] = "open", [SVY_SUSPENDED] = "suspended", [SVY_COMPLETE] = "complete" };
    const svy_interview *iv = form_engine.interview;
    uint32_t position, total;

    svy_interview_progress(iv, place, &position, &total);
    json_text("form", svy_form_id(form_engine.form));
    json_text("version", svy_form_version(form_engine.form));
    json_text("language", engine_language());
    json_text("direction", language_is_right_to_left(engine_language()) ? "rtl" : "ltr");
    json_text("phase", PHASES[svy_interview_phase(iv)]);
    json_text("outcome", svy_interview_outcome(iv));
    json_number("position", position);
    json_number("total", total);
    json_place("place", place);
}

/* `whole`: 1 the section's questions on one page, 2 cells of rosters too; both may be added. */
FORM_EXPORT(form_page) void form_page(uint32_t item, uint32_t entry, uint32_t whole)
{
    const svy_place asked = { item, entry };
    const int all = (whole & WHOLE) != 0;
    const unsigned how = (whole & CELLS) != 0 ? VIEW_CELLS : VIEW_PLAIN;

    if (!engine_ready())
        return;
    if (item != 0 && item < svy_form_items(form_engine.form) && item_of(item)->kind == SVY_EL_ROSTER && !is_shown(asked) &&
        svy_interview_relevant(form_engine.interview, asked)) {           /* entries that are counted: a look at them */
        json_begin();
        put_state(asked);
        json_flag("first", 0);
        json_flag("last", 0);
        json_place("previous", step(asked, -1));
        json_place("next", step(asked, 1));
        put_headings(asked);
        json_list("items");
        view_place(NULL, asked, how);
        json_end(']');
        json_finish();
        return;
    }
    const svy_place place = landing(asked);
    json_begin();
    put_state(place);
    if (place.item != 0) {
        const svy_place first = first_of_page(place, all), last = last_of_page(place, all), before = step(first, -1), after = step(last, 1);
        json_flag("first", before.item == 0);
        json_flag("last", after.item == 0);
        json_place("previous", before.item != 0 ? first_of_page(before, all) : before);
        json_place("next", after);
        put_headings(place);
        put_items(first, last, all, how);
    }
    json_finish();
}

FORM_EXPORT(form_step) void form_step(uint32_t item, uint32_t entry, int32_t direction)
{
    if (!engine_ready())
        return;
    json_begin();
    json_place(NULL, step((svy_place){ item, entry }, direction));
    json_finish();
}

FORM_EXPORT(form_first_unanswered) void form_first_unanswered(void)
{
    if (!engine_ready())
        return;
    json_begin();
    json_place(NULL, svy_interview_next_unanswered(form_engine.interview, (svy_place){ 0, 0 }));
    json_finish();
}
