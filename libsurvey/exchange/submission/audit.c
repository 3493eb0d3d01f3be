/* Reading the log of ODK Collect: a CSV file with a row for everything that was shown. */
#include "exchange/submission/audit.h"
#include "base/error.h"
#include "base/text.h"
#include <stdlib.h>
#include <string.h>

enum { MOST_ROWS = 20000, COLUMNS = 64, EVENT = 0, NODE, START, END, USER, WANTED };

typedef struct row { const char *cell[WANTED]; size_t len[WANTED]; } row;
typedef struct table { const char *at, *end; int column[COLUMNS]; } table;

/* ---- CSV ---- */

/* One cell without its quotes, in place: quotes inside are doubled and these texts have none, so a doubled one stays. Returns what ended it: ',' or '\n', 0 at the end. */
static char next_cell(table *t, const char **cell, size_t *len)
{
    if (t->at < t->end && *t->at == '"') {
        *cell = ++t->at;
        while (t->at < t->end && (*t->at != '"' || (t->end - t->at > 1 && t->at[1] == '"')))
            t->at += *t->at == '"' ? 2 : 1;
        *len = (size_t)(t->at - *cell);
        while (t->at < t->end && *t->at != ',' && *t->at != '\n')
            t->at++;
    } else {
        *cell = t->at;
        while (t->at < t->end && *t->at != ',' && *t->at != '\n')
            t->at++;
        *len = (size_t)(t->at - *cell);
        if (*len > 0 && (*cell)[*len - 1] == '\r')
            --*len;
    }
    return t->at < t->end ? *t->at++ : '\0';
}

static int same(const char *text, size_t len, const char *word) { return strlen(word) == len && memcmp(text, word, len) == 0; }

static int column_of(const char *name, size_t len)
{
    static const char *const NAMES[WANTED] = { "event", "node", "start", "end", "user" };
    for (int i = 0; i < WANTED; i++)
        if (same(name, len, NAMES[i]))
            return i;
    return -1;
}

static int read_header(table *t)
{
    int found = 0, n = 0;
    char ended;
    do {
        const char *cell;
        size_t len;
        ended = next_cell(t, &cell, &len);
        const int column = column_of(cell, len);
        if (n < COLUMNS)
            t->column[n++] = column;
        found |= column >= 0 ? 1 << column : 0;
    } while (ended == ',');
    while (n < COLUMNS)
        t->column[n++] = -1;
    return (found & 15) == 15;
}

static void read_row(table *t, row *r)
{
    char ended;
    int n = 0;
    *r = (row){ .cell = { "", "", "", "", "" } };
    do {
        const char *cell;
        size_t len;
        ended = next_cell(t, &cell, &len);
        const int column = n < COLUMNS ? t->column[n] : -1;
        n++;
        if (column >= 0) {
            r->cell[column] = cell;
            r->len[column] = len;
        }
    } while (ended == ',');
}

/* Milliseconds of the years 1970 to 9999. */
static int read_time(const char *text, size_t len, int64_t *ms)
{
    *ms = 0;
    for (size_t i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '9' || len > 15)
            return 0;
        *ms = *ms * 10 + (text[i] - '0');
    }
    return len > 0 && *ms < INT64_C(253402214400000);
}

/* ---- visits ---- */

static svy_status add_visit(svyi_visits *a, const row *r, svyi_visit v, svy_error *err)
{
    if (a->n == a->room) {
        const size_t room = a->room * 2 + 64;
        svyi_visit *more = svyi_resize(&a->arena.alloc, a->visits, a->room * sizeof *more, room * sizeof *more);
        if (more == NULL)
            return svyi_nomem(err);
        a->visits = more;
        a->room = room;
    }
    const size_t user = svyi_utf8_valid(r->cell[USER], r->len[USER]) && r->len[USER] <= 200 ? r->len[USER] : 0;
    v.node = svyi_arena_text(&a->arena, r->cell[NODE], r->len[NODE]);
    v.user = svyi_arena_text(&a->arena, r->cell[USER], user);
    if (v.node == NULL || v.user == NULL)
        return svyi_nomem(err);
    a->visits[a->n++] = v;
    return SVY_OK;
}

static svy_status take_row(svyi_visits *a, const row *r, svy_error *err)
{
    const char *what = r->cell[EVENT];
    const size_t len = r->len[EVENT];
    svyi_visit v = { .begins = same(what, len, "form start") || same(what, len, "form resume") };
    if (!read_time(r->cell[START], r->len[START], &v.start))
        return SVY_OK;
    if (!read_time(r->cell[END], r->len[END], &v.end) || v.end < v.start)
        v.end = v.start;
    if (a->first == 0 || v.start < a->first)
        a->first = v.start;
    if (v.end > a->last)
        a->last = v.end;
    const int shows = (same(what, len, "question") || same(what, len, "group questions")) && r->len[NODE] > 0;
    return shows || v.begins ? add_visit(a, r, v, err) : SVY_OK;
}

svy_status svyi_visits_read(svyi_visits *a, const svy_alloc *alloc, const char *text, size_t len, svy_error *err)
{
    table t = { text, text + len, { 0 } };
    svy_status st = SVY_OK;
    *a = (svyi_visits){ .visits = NULL };
    svyi_arena_init(&a->arena, alloc);
    if (len > 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0)
        t.at += 3;
    if (!read_header(&t))
        return SVY_OK;
    for (int rows = 0; t.at < t.end && rows < MOST_ROWS && st == SVY_OK; rows++) {
        row r;
        read_row(&t, &r);
        st = take_row(a, &r, err);
    }
    return st;
}

void svyi_visits_clear(svyi_visits *a)
{
    svyi_release(&a->arena.alloc, a->visits, a->room * sizeof *a->visits);
    svyi_arena_clear(&a->arena);
}

/* ---- where they were ---- */

static const char *node_name(const svy_form *form, uint32_t item)
{
    if (!svy_form_is_odk(form))
        return svy_form_item_id(form, item);
    const svy_odk_item *o = svy_form_odk_item(form, item);
    return o == NULL || o->name == SVY_NAME_NONE ? "" : svy_form_name(form, o->name);
}

static uint32_t node_around(const svy_form *form, uint32_t item)
{
    do
        item = svy_form_item(form, item)->parent;
    while (item != 0 && node_name(form, item)[0] == '\0');
    return item;
}

/* In forms of our own language ids are enough: the groups around are not always nodes. */
static uint32_t find_node(const svy_form *form, uint32_t around, const char *name, size_t len)
{
    const uint32_t n = svy_form_items(form);
    for (uint32_t i = 1; i < n; i++)
        if (same(name, len, node_name(form, i)) && (!svy_form_is_odk(form) || node_around(form, i) == around))
            return i;
    return 0;
}

static uint32_t nth_entry(svy_interview *iv, svy_place roster, unsigned long position)
{
    uint32_t entry = 0;
    do
        entry = svy_interview_next_entry(iv, roster.item, roster.entry, entry);
    while (entry != 0 && position-- > 1);
    return entry;
}

/* "/data/member[2]/name": the first name is the record's. {0,0} when the form has no such node. */
static svy_place find_place(svy_interview *iv, const char *path)
{
    const svy_form *form = svy_interview_form(iv);
    svy_place place = { 0, 0 };
    const char *at = path[0] == '/' ? strchr(path + 1, '/') : NULL;
    while (at != NULL) {
        const char *name = at + 1;
        const size_t len = strcspn(name, "/[");
        const unsigned long position = name[len] == '[' ? strtoul(name + len + 1, NULL, 10) : 1;
        at = strchr(name, '/');
        const uint32_t item = find_node(form, place.item, name, len);
        if (item == 0 && svy_form_is_odk(form))
            return (svy_place){ 0, 0 };
        if (item == 0)
            continue;
        place.item = item;
        if (svy_form_item(form, item)->kind == SVY_EL_ROSTER && (place.entry = nth_entry(iv, place, position > 0 ? position : 1)) == 0)
            return (svy_place){ 0, 0 };
    }
    return place;
}

svy_status svyi_visits_show(svyi_visits *a, svy_interview *iv, int32_t zone, svy_error *err)
{
    svy_status st = SVY_OK;
    size_t kept = 0;
    for (size_t i = 0; i < a->n && st == SVY_OK; i++) {
        const svyi_visit v = a->visits[i];
        const svy_place place = v.begins ? (svy_place){ 0, 0 } : find_place(iv, v.node);
        if (place.item != 0) {
            svy_error why = SVY_ERROR_INIT;
            st = svy_interview_go(iv, place, (svy_moment){ v.start, zone, v.start - a->first }, &why);
            if (st != SVY_OK && st != SVY_E_ARG && st != SVY_E_STATE)
                return err != NULL ? (*err = why, st) : st;
        }
        if (v.begins || (place.item != 0 && st == SVY_OK))
            a->visits[kept++] = v;
        st = SVY_OK;
    }
    a->n = kept;
    return st;
}
