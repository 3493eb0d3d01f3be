/* Paradata as a frame: one row for every event, for durations, edits and routes to be analysed like answers. */
#include "store/store_priv.h"

#include <stdlib.h>
#include <string.h>

enum { INTERVIEW, MODE, ACTOR, DEVICE, NODE, ENTRY, ACTION, OLD, NEW, MISSING, REASON, N_TEXTS };
enum { SEQUENCE, UTC, ZONE, MONOTONIC, N_NUMBERS };
static const char *const TEXT_NAMES[N_TEXTS] = { "interview", "mode", "actor", "device", "node", "entry", "action", "old", "new", "missing", "reason" };
static const char *const NUMBER_NAMES[N_NUMBERS] = { "sequence", "utc", "zone", "monotonic_ms" };
static const svy_type NUMBER_TYPES[N_NUMBERS] = { SVY_T_INTEGER, SVY_T_DATETIME, SVY_T_INTEGER, SVY_T_INTEGER };

/* A column of texts: every text once. Codes stand in the order texts were met until the end, when they are sorted. */
typedef struct texts { svyi_map known; const char **levels; size_t n, capacity; uint32_t *codes; uint8_t *missing; } texts;

typedef struct telling {
    svy_study *s;
    const svy_form *form;
    int sensitive;
    size_t row, rows;
    svyi_arena arena;
    texts columns[N_TEXTS];
    double *numbers[N_NUMBERS];
    svy_frame *frame;
    svy_error *err;
} telling;

static svy_status count_one(void *user, const svy_paradata *p)
{
    (void)p;
    ++*(size_t *)user;
    return SVY_OK;
}

static svy_status put_text(telling *t, int column, const char *text, size_t len)
{
    texts *c = &t->columns[column];
    uint32_t code;

    if (len == 0) {
        c->missing[t->row] = SVY_NOT_STATED;
        return SVY_OK;
    }
    if (!svyi_map_find(&c->known, text, len, &code)) {
        char *copy = svyi_arena_text(&t->arena, text, len);
        code = (uint32_t)c->n;
        if (copy == NULL || svyi_grow(&t->s->alloc, &c->levels, &c->capacity, c->n + 1, sizeof *c->levels) != 0 || svyi_map_add(&c->known, copy, len, &code) < 0)
            return svyi_nomem(t->err);
        c->levels[c->n++] = copy;
    }
    c->codes[t->row] = code;
    return SVY_OK;
}

int svyi_paradata_shown(const svy_form *form, const char *id)
{
    uint32_t item;

    return id[0] == '\0' || (svy_form_find(form, id, strlen(id), &item) && !svyi_item_is_sensitive(form, item));
}

static svy_status add_row(void *user, const svy_paradata *p)
{
    telling *t = user;
    const svy_event *e = p->event;
    const int show = t->sensitive || svyi_paradata_shown(t->form, e->item);
    const char *const values[N_TEXTS] = { p->interview, svy_mode_name(p->sitting->mode), p->sitting->actor, p->sitting->device, e->item, e->entry, svy_action_name(e->action),
                                          show && p->old != NULL ? p->old : "", show ? e->value : "", show ? svy_missing_name(e->missing) : "", show ? e->reason : "" };
    svy_status st = SVY_OK;

    if (t->row == t->rows)
        return SVY_OK;
    for (int i = 0; i < N_TEXTS && st == SVY_OK; i++)
        st = put_text(t, i, values[i], strlen(values[i]));
    t->numbers[SEQUENCE][t->row] = (double)e->sequence;
    t->numbers[UTC][t->row] = (double)e->moment.utc_ms / 1000;
    t->numbers[ZONE][t->row] = e->moment.zone_minutes;
    t->numbers[MONOTONIC][t->row] = (double)e->moment.mono_ms;
    t->row++;
    return st;
}

typedef struct ordered { const char *text; uint32_t code; } ordered;

static int by_text(const void *a, const void *b)
{
    return strcmp(((const ordered *)a)->text, ((const ordered *)b)->text);
}

/* Levels in the order of their bytes, as those of data files. */
static svy_status sort_levels(telling *t, texts *c)
{
    ordered *order = svyi_get(&t->s->alloc, c->n * sizeof *order);
    uint32_t *place = svyi_get(&t->s->alloc, c->n * sizeof *place);

    if (order != NULL && place != NULL) {
        for (size_t i = 0; i < c->n; i++)
            order[i] = (ordered){ c->levels[i], (uint32_t)i };
        if (c->n > 1)
            qsort(order, c->n, sizeof *order, by_text);
        for (size_t i = 0; i < c->n; i++) {
            c->levels[i] = order[i].text;
            place[order[i].code] = (uint32_t)i;
        }
        for (size_t i = 0; i < t->rows && c->n > 0; i++)
            c->codes[i] = c->missing[i] == 0 ? place[c->codes[i]] : 0;
    }
    const int failed = order == NULL || place == NULL;
    svyi_release(&t->s->alloc, order, c->n * sizeof *order);
    svyi_release(&t->s->alloc, place, c->n * sizeof *place);
    return failed ? svyi_nomem(t->err) : SVY_OK;
}

static svy_status add_columns(telling *t)
{
    svy_status st = SVY_OK;

    for (int i = 0; i < N_NUMBERS && st == SVY_OK; i++) {
        double *numbers = t->numbers[i];
        t->numbers[i] = NULL;
        st = svy_frame_add_numbers(t->frame, NUMBER_NAMES[i], NUMBER_TYPES[i], numbers, NULL, t->err);
    }
    for (int i = 0; i < N_TEXTS && st == SVY_OK; i++) {
        texts *c = &t->columns[i];
        if ((st = sort_levels(t, c)) != SVY_OK)
            break;
        uint32_t *codes = c->codes;
        uint8_t *missing = c->missing;
        c->codes = NULL;
        c->missing = NULL;
        st = svy_frame_add_factor(t->frame, TEXT_NAMES[i], SVY_T_TEXT, codes, missing, c->levels, NULL, (uint32_t)c->n, t->err);
    }
    return st;
}

static svy_status make_room(telling *t)
{
    svy_status st = svy_frame_new(&t->s->alloc, t->rows, &t->frame, t->err);
    int failed = 0;

    for (int i = 0; i < N_NUMBERS && st == SVY_OK; i++)
        failed |= (t->numbers[i] = svy_frame_get(t->frame, t->rows, sizeof(double))) == NULL;
    for (int i = 0; i < N_TEXTS && st == SVY_OK; i++) {
        failed |= (t->columns[i].codes = svy_frame_get(t->frame, t->rows, sizeof(uint32_t))) == NULL;
        failed |= (t->columns[i].missing = svy_frame_get(t->frame, t->rows, 1)) == NULL;
    }
    return st == SVY_OK && failed ? svyi_nomem(t->err) : st;
}

static void clear(telling *t)
{
    for (int i = 0; i < N_NUMBERS; i++)
        if (t->numbers[i] != NULL)
            svy_frame_release(t->frame, t->numbers[i], t->rows, sizeof(double));
    for (int i = 0; i < N_TEXTS; i++) {
        texts *c = &t->columns[i];
        if (c->codes != NULL)
            svy_frame_release(t->frame, c->codes, t->rows, sizeof(uint32_t));
        if (c->missing != NULL)
            svy_frame_release(t->frame, c->missing, t->rows, 1);
        svyi_release(&t->s->alloc, c->levels, c->capacity * sizeof *c->levels);
        svyi_map_clear(&c->known);
    }
    svyi_arena_clear(&t->arena);
}

svy_status svy_study_paradata(svy_study *s, const char *form, int sensitive, svy_frame **out, svy_error *err)
{
    telling t = { .s = s, .sensitive = sensitive, .err = err };
    svyi_version *v;
    svy_status st;

    SVY_REQUIRE(out != NULL, err);
    *out = NULL;
    SVY_REQUIRE(s != NULL, err);
    if ((st = svyi_version_newest(s, form, &v, err)) != SVY_OK || (st = svy_study_events(s, form, NULL, count_one, &t.rows, err)) != SVY_OK)
        return st;
    t.form = v->form;
    svyi_arena_init(&t.arena, &s->alloc);
    for (int i = 0; i < N_TEXTS; i++)
        svyi_map_init(&t.columns[i].known, &s->alloc);
    /* A writer may add events between the two passes: those are for the next time. */
    if ((st = make_room(&t)) == SVY_OK && (st = svy_study_events(s, form, NULL, add_row, &t, err)) == SVY_OK)
        st = t.row == t.rows ? add_columns(&t) : svyi_fail(err, SVY_E_BUSY, "events of '%.200s' were erased while they were read: repeat this", s->path);
    clear(&t);
    if (st != SVY_OK)
        svy_frame_free(t.frame);
    else
        *out = t.frame;
    return st;
}
