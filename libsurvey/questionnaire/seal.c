/* Writing the compiled form: drafts become records, texts are kept once, and the whole is sealed with a checksum. */
#include <stdlib.h>
#include <string.h>

#include "questionnaire/seal_priv.h"

typedef svyi_b_writer writer;

size_t svyi_b_record(svyi_b_part part)
{
    static const size_t SIZES[SVYI_B_PARTS] = {
        [SVYI_B_META] = sizeof(svyi_b_meta), [SVYI_B_TEXTS] = 1, [SVYI_B_ITEMS] = sizeof(svy_item), [SVYI_B_NAMES] = sizeof(svyi_b_name),
        [SVYI_B_IDS] = 4, [SVYI_B_CHECKS] = sizeof(svy_check), [SVYI_B_LISTS] = sizeof(svyi_b_list), [SVYI_B_CHOICES] = sizeof(svyi_b_choice),
        [SVYI_B_CODES] = 4, [SVYI_B_RULES] = sizeof(svyi_b_rule), [SVYI_B_PROGRAMS] = 1, [SVYI_B_KEEPS] = 4, [SVYI_B_FIRSTS] = 4,
        [SVYI_B_DEPENDENTS] = 4, [SVYI_B_LANGUAGES] = 4, [SVYI_B_UNITS] = 4, [SVYI_B_NODES] = sizeof(svy_odk_item), [SVYI_B_NODE_NAMES] = 4,
        [SVYI_B_SETS] = sizeof(svy_set), [SVYI_B_TREES] = sizeof(svyi_b_tree), [SVYI_B_TREE_NODES] = sizeof(svy_tree_node), [SVYI_B_OUTPUTS] = 4,
        [SVYI_B_MEDIA] = sizeof(svyi_b_media), [SVYI_B_ITEXTS] = sizeof(svyi_b_itext), [SVYI_B_ATTRIBUTES] = sizeof(svyi_b_attribute),
    };

    return SIZES[part];
}

void svyi_b_put(svyi_b_writer *w, svyi_b_part part, const void *record, size_t size)
{
    svyi_buffer_add(&w->parts[part], record, size);
}

void svyi_b_put_number(svyi_b_writer *w, svyi_b_part part, uint32_t n)
{
    svyi_b_put(w, part, &n, sizeof n);
}

/* Offset of a text, which is stored once. */
uint32_t svyi_b_text(svyi_b_writer *w, const char *s)
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
        const svyi_b_name name = { .id = svyi_b_text(w, d->id), .value = svyi_b_text(w, d->value), .unit = svyi_b_text(w, d->unit), .appearance = svyi_b_text(w, d->appearance),
                                   .first_unit = q->first_unit[i], .roles = q->roles[i] };
        svyi_b_put(w, SVYI_B_ITEMS, &d->i, sizeof d->i);
        svyi_b_put(w, SVYI_B_NAMES, &name, sizeof name);
        svyi_b_put_number(w, SVYI_B_FIRSTS, q->first_dependent[i]);
    }
    svyi_b_put_number(w, SVYI_B_FIRSTS, q->first_dependent[q->n_items]);
    for (uint32_t c = 0; c < q->n_checks; c++)
        svyi_b_put(w, SVYI_B_CHECKS, &q->checks[c].c, sizeof q->checks[c].c);
    svyi_b_put(w, SVYI_B_KEEPS, q->keeps, q->n_keeps * sizeof *q->keeps);
    svyi_b_put(w, SVYI_B_DEPENDENTS, q->dependents, q->n_dependents * sizeof *q->dependents);
}

/* Something with a name, to be put in the order of names. */
typedef struct named { const char *name; uint32_t number; } named;

/* Codes of an ODK list may be the same: the first comes first. */
static int by_name(const void *a, const void *b)
{
    const named *x = a, *y = b;
    const int order = strcmp(x->name, y->name);

    return order != 0 ? order : x->number < y->number ? -1 : x->number > y->number;
}

static void put_sorted(writer *w, svyi_b_part part, named *list, size_t n)
{
    if (n > 1)
        qsort(list, n, sizeof *list, by_name);
    for (size_t i = 0; i < n; i++)
        svyi_b_put_number(w, part, list[i].number);
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
        const svyi_b_list list = { .id = svyi_b_text(w, l->id), .order = l->order, .numeric = l->numeric, .first = l->first, .n = l->n };
        svyi_b_put(w, SVYI_B_LISTS, &list, sizeof list);
        for (uint32_t k = 0; k < l->n; k++) {
            const svy_choice *c = &q->choices[l->first + k].c;
            const svyi_b_choice choice = { .number = c->number, .code = svyi_b_text(w, c->code), .parent = svyi_b_text(w, c->parent), .relevant = c->relevant,
                                           .flags = c->flags, .missing = c->missing, .valid_from = c->valid_from, .valid_to = c->valid_to };
            svyi_b_put(w, SVYI_B_CHOICES, &choice, sizeof choice);
            room[k] = (named){ c->code, k };
        }
        put_sorted(w, SVYI_B_CODES, room, l->n);
    }
}

/* ---- Rules and texts ---- */

static uint32_t flags_of(const svyi_q_rule *r)
{
    return (svy_xpath_uses_position(r->expr) ? (uint32_t)SVYI_B_POSITION : 0) | (svy_xpath_uses_labels(r->expr) ? (uint32_t)SVYI_B_LABELS : 0) |
           (r->back ? (uint32_t)SVYI_B_BACK : 0);
}

static void put_rules(writer *w)
{
    const svyi_q *q = w->q;

    for (uint32_t i = 1; i <= q->n_rules; i++) {
        const svyi_q_rule *r = &q->rules[i];
        const svy_code code = svy_expr_code(r->expr);
        const svyi_b_rule rule = { .at = (uint32_t)w->parts[SVYI_B_PROGRAMS].len, .size = (uint32_t)code.size, .text = svyi_b_text(w, r->text),
                                   .owner = r->owner, .purpose = r->purpose, .rank = r->rank, .uses_clock = svy_expr_uses_clock(r->expr) != 0, .flags = q->odk ? flags_of(r) : 0 };
        if (w->parts[SVYI_B_PROGRAMS].len > INT32_MAX - code.size)
            w->too_large = 1;
        svyi_b_put(w, SVYI_B_RULES, &rule, sizeof rule);
        svyi_b_put(w, SVYI_B_PROGRAMS, code.bytes, code.size);
    }
}

static void put_texts(writer *w)
{
    const svyi_q *q = w->q;

    for (uint32_t lang = 0; lang < q->n_languages; lang++) {
        svyi_b_put_number(w, SVYI_B_LANGUAGES, svyi_b_text(w, q->languages[lang]));
        for (uint32_t u = 0; u < q->n_units; u++) {
            const char *own = lang == 0 ? q->units[u].text : q->texts[(size_t)(lang - 1) * q->n_units + u];
            svyi_b_put_number(w, SVYI_B_UNITS, own != NULL ? svyi_b_text(w, own) : 0);
        }
    }
    const svyi_b_meta meta = { .id = svyi_b_text(w, svyi_q_value(q->b, q->b->root, "id")), .version = svyi_b_text(w, svyi_q_value(q->b, q->b->root, "version")),
                               .n_units = q->n_units, .first_check_unit = q->first_check_unit, .first_choice_unit = q->first_choice_unit,
                               .odk = q->odk ? 1u + q->compat : 0 };
    svyi_b_put(w, SVYI_B_META, &meta, sizeof meta);
}

/* ---- The whole ---- */

static size_t aligned(size_t n)
{
    return (n + SVYI_B_ALIGN - 1) / SVYI_B_ALIGN * SVYI_B_ALIGN;
}

static svy_status assemble(const writer *w, void **block, size_t *size, svy_error *err)
{
    svyi_b_extent extents[SVYI_B_PARTS];
    const int n = w->q->odk ? SVYI_B_PARTS : SVYI_B_PARTS_1;
    size_t at = sizeof(svyi_b_head) + (size_t)n * sizeof extents[0];

    for (int i = 0; i < n; i++) {
        extents[i] = (svyi_b_extent){ (uint32_t)at, (uint32_t)w->parts[i].len };
        if (w->too_large || w->parts[i].len > INT32_MAX - at - SVYI_B_ALIGN)
            return svyi_fail(err, SVY_E_LIMIT, "the questionnaire is too large: its compiled form would exceed 2 GiB");
        at += aligned(w->parts[i].len);
    }
    unsigned char *bytes = svyi_get(&w->q->alloc, at);
    if (bytes == NULL)
        return svyi_nomem(err);
    memset(bytes, 0, at);
    for (int i = 0; i < n; i++)
        if (w->parts[i].len > 0)
            memcpy(bytes + extents[i].at, w->parts[i].data, w->parts[i].len);
    memcpy(bytes + sizeof(svyi_b_head), extents, (size_t)n * sizeof extents[0]);
    svyi_b_head head = { .version = w->q->odk ? SVYI_B_ODK_VERSION : SVYI_B_VERSION, .n_parts = (uint32_t)n, .size = at };
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
    svyi_b_put(&w, SVYI_B_TEXTS, "", 1);
    if (room != NULL) {
        put_items(&w);
        put_ids(&w, room);
        put_lists(&w, room);
        put_rules(&w);
        put_texts(&w);
        if (q->odk)
            svyi_b_put_odk(&w);
    }
    for (int i = 0; i < SVYI_B_PARTS; i++)
        w.failed |= w.parts[i].failed;
    st = room == NULL || w.failed ? svyi_nomem(err) : assemble(&w, block, size, err);
    svyi_map_clear(&w.texts);
    for (int i = 0; i < SVYI_B_PARTS; i++)
        svyi_buffer_clear(&w.parts[i]);
    return st;
}
