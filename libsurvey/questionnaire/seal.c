/* Writing the compiled form: drafts become records, texts are kept once, and the whole is sealed with a checksum. */
#include <stdlib.h>
#include <string.h>

#include "questionnaire/block_priv.h"
#include "questionnaire/questionnaire_priv.h"

typedef struct writer {
    svyi_q *q;
    svyi_buffer parts[SVYI_B_PARTS];
    svyi_map texts;
    int failed, too_large;
} writer;

size_t svyi_b_record(svyi_b_part part)
{
    static const size_t SIZES[SVYI_B_PARTS] = {
        [SVYI_B_META] = sizeof(svyi_b_meta), [SVYI_B_TEXTS] = 1, [SVYI_B_ITEMS] = sizeof(svy_item), [SVYI_B_NAMES] = sizeof(svyi_b_name),
        [SVYI_B_IDS] = 4, [SVYI_B_CHECKS] = sizeof(svy_check), [SVYI_B_LISTS] = sizeof(svyi_b_list), [SVYI_B_CHOICES] = sizeof(svyi_b_choice),
        [SVYI_B_CODES] = 4, [SVYI_B_RULES] = sizeof(svyi_b_rule), [SVYI_B_PROGRAMS] = 1, [SVYI_B_KEEPS] = 4, [SVYI_B_FIRSTS] = 4,
        [SVYI_B_DEPENDENTS] = 4, [SVYI_B_LANGUAGES] = 4, [SVYI_B_UNITS] = 4,
    };

    return SIZES[part];
}

static void put(writer *w, svyi_b_part part, const void *record, size_t size)
{
    svyi_buffer_add(&w->parts[part], record, size);
}

static void put_number(writer *w, svyi_b_part part, uint32_t n)
{
    put(w, part, &n, sizeof n);
}

/* Offset of a text, which is stored once. */
static uint32_t text(writer *w, const char *s)
{
    svyi_buffer *out = &w->parts[SVYI_B_TEXTS];
    const size_t len = strlen(s);
    uint32_t at = (uint32_t)out->len;

    if (len == 0)
        return 0;
    const int added = svyi_map_add(&w->texts, s, len, &at);
    if (added < 0)
        w->failed = 1;
    else if (out->len > INT32_MAX - len - 1)
        w->too_large = 1;
    else if (added == 0)
        svyi_buffer_add(out, s, len + 1);
    return at;
}

/* ---- Items, checks, ids ---- */

static void put_items(writer *w)
{
    const svyi_q *q = w->q;

    for (uint32_t i = 0; i < q->n_items; i++) {
        const svyi_q_item *d = &q->items[i];
        const svyi_b_name name = { .id = text(w, d->id), .value = text(w, d->value), .unit = text(w, d->unit), .appearance = text(w, d->appearance),
                                   .first_unit = q->first_unit[i], .roles = q->roles[i] };
        put(w, SVYI_B_ITEMS, &d->i, sizeof d->i);
        put(w, SVYI_B_NAMES, &name, sizeof name);
        put_number(w, SVYI_B_FIRSTS, q->first_dependent[i]);
    }
    put_number(w, SVYI_B_FIRSTS, q->first_dependent[q->n_items]);
    for (uint32_t c = 0; c < q->n_checks; c++)
        put(w, SVYI_B_CHECKS, &q->checks[c].c, sizeof q->checks[c].c);
    put(w, SVYI_B_KEEPS, q->keeps, q->n_keeps * sizeof *q->keeps);
    put(w, SVYI_B_DEPENDENTS, q->dependents, q->n_dependents * sizeof *q->dependents);
}

/* Something with a name, to be put in the order of names. */
typedef struct named { const char *name; uint32_t number; } named;

static int by_name(const void *a, const void *b)
{
    const named *x = a, *y = b;

    return strcmp(x->name, y->name);
}

static void put_sorted(writer *w, svyi_b_part part, named *list, size_t n)
{
    if (n > 1)
        qsort(list, n, sizeof *list, by_name);
    for (size_t i = 0; i < n; i++)
        put_number(w, part, list[i].number);
}

static void put_ids(writer *w, named *room)
{
    const svyi_q *q = w->q;
    size_t n = 0;

    for (uint32_t i = 1; i < q->n_items; i++)
        if (q->items[i].id[0] != '\0')
            room[n++] = (named){ q->items[i].id, i };
    put_sorted(w, SVYI_B_IDS, room, n);
}

/* ---- Lists ---- */

static void put_lists(writer *w, named *room)
{
    const svyi_q *q = w->q;

    for (uint32_t i = 1; i <= q->n_lists; i++) {
        const svyi_q_list *l = &q->lists[i];
        const svyi_b_list list = { .id = text(w, l->id), .order = l->order, .numeric = l->numeric, .first = l->first, .n = l->n };
        put(w, SVYI_B_LISTS, &list, sizeof list);
        for (uint32_t k = 0; k < l->n; k++) {
            const svy_choice *c = &q->choices[l->first + k].c;
            const svyi_b_choice choice = { .number = c->number, .code = text(w, c->code), .parent = text(w, c->parent), .relevant = c->relevant,
                                           .flags = c->flags, .missing = c->missing, .valid_from = c->valid_from, .valid_to = c->valid_to };
            put(w, SVYI_B_CHOICES, &choice, sizeof choice);
            room[k] = (named){ c->code, k };
        }
        put_sorted(w, SVYI_B_CODES, room, l->n);
    }
}

/* ---- Rules and texts ---- */

static void put_rules(writer *w)
{
    const svyi_q *q = w->q;

    for (uint32_t i = 1; i <= q->n_rules; i++) {
        const svyi_q_rule *r = &q->rules[i];
        const svy_code code = svy_expr_code(r->expr);
        const svyi_b_rule rule = { .at = (uint32_t)w->parts[SVYI_B_PROGRAMS].len, .size = (uint32_t)code.size, .text = text(w, r->text),
                                   .owner = r->owner, .purpose = r->purpose, .rank = r->rank, .uses_clock = svy_expr_uses_clock(r->expr) != 0 };
        if (w->parts[SVYI_B_PROGRAMS].len > INT32_MAX - code.size)
            w->too_large = 1;
        put(w, SVYI_B_RULES, &rule, sizeof rule);
        put(w, SVYI_B_PROGRAMS, code.bytes, code.size);
    }
}

static void put_texts(writer *w)
{
    const svyi_q *q = w->q;

    for (uint32_t lang = 0; lang < q->n_languages; lang++) {
        put_number(w, SVYI_B_LANGUAGES, text(w, q->languages[lang]));
        for (uint32_t u = 0; u < q->n_units; u++) {
            const char *own = lang == 0 ? q->units[u].text : q->texts[(size_t)(lang - 1) * q->n_units + u];
            put_number(w, SVYI_B_UNITS, own != NULL ? text(w, own) : 0);
        }
    }
    const svyi_b_meta meta = { .id = text(w, svyi_q_value(q->b, q->b->root, "id")), .version = text(w, svyi_q_value(q->b, q->b->root, "version")),
                               .n_units = q->n_units, .first_check_unit = q->first_check_unit, .first_choice_unit = q->first_choice_unit };
    put(w, SVYI_B_META, &meta, sizeof meta);
}

/* ---- The whole ---- */

static size_t aligned(size_t n)
{
    return (n + SVYI_B_ALIGN - 1) / SVYI_B_ALIGN * SVYI_B_ALIGN;
}

static svy_status assemble(const writer *w, void **block, size_t *size, svy_error *err)
{
    svyi_b_extent extents[SVYI_B_PARTS];
    size_t at = sizeof(svyi_b_head) + sizeof extents;

    for (int i = 0; i < SVYI_B_PARTS; i++) {
        extents[i] = (svyi_b_extent){ (uint32_t)at, (uint32_t)w->parts[i].len };
        if (w->too_large || w->parts[i].len > INT32_MAX - at - SVYI_B_ALIGN)
            return svyi_fail(err, SVY_E_LIMIT, "the questionnaire is too large: its compiled form would exceed 2 GiB");
        at += aligned(w->parts[i].len);
    }
    unsigned char *bytes = svyi_get(&w->q->alloc, at);
    if (bytes == NULL)
        return svyi_nomem(err);
    memset(bytes, 0, at);
    for (int i = 0; i < SVYI_B_PARTS; i++)
        if (w->parts[i].len > 0)
            memcpy(bytes + extents[i].at, w->parts[i].data, w->parts[i].len);
    memcpy(bytes + sizeof(svyi_b_head), extents, sizeof extents);
    svyi_b_head head = { .version = SVYI_B_VERSION, .n_parts = SVYI_B_PARTS, .size = at };
    memcpy(head.magic, SVYI_B_MAGIC, sizeof head.magic);
    head.checksum = svyi_hash(bytes + SVYI_B_CHECKED, at - SVYI_B_CHECKED);
    memcpy(bytes, &head, sizeof head);
    *block = bytes;
    *size = at;
    return SVY_OK;
}

svy_status svyi_q_seal(svyi_q *q, void **block, size_t *size, svy_error *err)
{
    writer w = { .q = q };
    const size_t most = q->n_items > q->n_choices ? q->n_items : q->n_choices;
    named *room = svyi_arena_get(&q->arena, (most + 1) * sizeof *room);
    svy_status st;

    for (int i = 0; i < SVYI_B_PARTS; i++)
        svyi_buffer_init(&w.parts[i], &q->alloc);
    svyi_map_init(&w.texts, &q->alloc);
    put(&w, SVYI_B_TEXTS, "", 1);
    if (room != NULL) {
        put_items(&w);
        put_ids(&w, room);
        put_lists(&w, room);
        put_rules(&w);
        put_texts(&w);
    }
    for (int i = 0; i < SVYI_B_PARTS; i++)
        w.failed |= w.parts[i].failed;
    st = room == NULL || w.failed ? svyi_nomem(err) : assemble(&w, block, size, err);
    svyi_map_clear(&w.texts);
    for (int i = 0; i < SVYI_B_PARTS; i++)
        svyi_buffer_clear(&w.parts[i]);
    return st;
}
