/* What simulated interviews reached: questions, routes, checks, lengths. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/map.h"
#include "interview/random_priv.h"

struct svy_coverage {
    svy_alloc alloc;
    const svy_form *form;
    uint32_t n_items, n_checks;
    svy_reached *items;
    svy_tried *checks;
    uint8_t *seen;                    /* by item: what the interview at hand did with it */
    svyi_map paths;                   /* hashes of sets of questions */
    svyi_arena arena;                 /* their bytes */
    uint32_t *lengths; size_t n_lengths, lengths_capacity;
    uint64_t complete, ended, longest_seed;
    uint32_t longest;
};

enum { ASKED = 1, SKIPPED = 2, ANSWERED = 4, MISSING = 8 };

svy_status svy_coverage_new(const svy_alloc *alloc, const svy_form *form, svy_coverage **out, svy_error *err)
{
    SVY_REQUIRE(out != NULL, err);
    *out = NULL;
    SVY_REQUIRE(form != NULL, err);
    const svy_alloc use = svyi_alloc_or_default(alloc);
    svy_coverage *c = svyi_get(&use, sizeof *c);
    if (c == NULL)
        return svyi_nomem(err);
    *c = (svy_coverage){ .alloc = use, .form = form, .n_items = svy_form_items(form), .n_checks = svy_form_checks(form) };
    svyi_arena_init(&c->arena, &use);
    svyi_map_init(&c->paths, &use);
    c->items = svyi_arena_get(&c->arena, c->n_items * sizeof *c->items);
    c->checks = svyi_arena_get(&c->arena, (c->n_checks + 1) * sizeof *c->checks);
    c->seen = svyi_arena_get(&c->arena, c->n_items);
    if (c->items == NULL || c->checks == NULL || c->seen == NULL) {
        svy_coverage_free(c);
        return svyi_nomem(err);
    }
    *out = c;
    return SVY_OK;
}

void svy_coverage_free(svy_coverage *c)
{
    if (c == NULL)
        return;
    const svy_alloc use = c->alloc;
    svyi_release(&use, c->lengths, c->lengths_capacity * sizeof *c->lengths);
    svyi_map_clear(&c->paths);
    svyi_arena_clear(&c->arena);
    svyi_release(&use, c, sizeof *c);
}

void svyi_coverage_failed(svy_coverage *c, uint32_t check)
{
    if (c != NULL && check < c->n_checks)
        c->checks[check].failed++;
}

void svyi_coverage_drawn(svy_coverage *c, uint32_t item, int drawn)
{
    if (c == NULL || item >= c->n_items)
        return;
    if (drawn)
        c->items[item].drawn++;
    else
        c->items[item].not_drawn++;
}

/* ---- counting an interview that was completed ---- */

static void look(svy_coverage *c, const svy_interview *iv, uint32_t item, uint32_t entry, uint32_t *asked)
{
    const svy_place place = { item, entry };
    const uint32_t kind = svyi_item(iv, item)->kind;

    if (!svy_interview_relevant(iv, place)) {
        c->seen[item] |= SKIPPED;
        return;
    }
    c->seen[item] |= ASKED;
    if (kind != SVY_EL_QUESTION && kind != SVY_EL_COMPUTE)
        return;
    *asked += kind == SVY_EL_QUESTION;
    c->seen[item] |= svy_interview_get(iv, place).missing == SVY_PRESENT ? ANSWERED : MISSING;
}

/* Every item of an entry, and of the entries in it. Recurses once for each roster around. */
static void look_inside(svy_coverage *c, const svy_interview *iv, uint32_t entry, uint32_t *asked)
{
    const uint32_t roster = iv->entries[entry].roster, end = svyi_item(iv, roster)->end;

    for (uint32_t i = roster + 1; i < end; i++) {
        look(c, iv, i, entry, asked);
        if (svyi_item(iv, i)->kind != SVY_EL_ROSTER)
            continue;
        uint32_t inner = 0;
        while ((inner = svy_interview_next_entry(iv, i, entry, inner)) != 0)
            look_inside(c, iv, inner, asked);
        i = svyi_item(iv, i)->end - 1;
    }
}

static void count_items(svy_coverage *c, const svy_interview *iv)
{
    const uint32_t end = svy_interview_end(iv);

    for (uint32_t i = 0; i < c->n_items; i++) {
        svy_reached *r = &c->items[i];
        if (svyi_item(iv, i)->kind == SVY_EL_END) {
            r->asked += i == end;
            r->skipped += i != end;
            continue;
        }
        r->asked += (c->seen[i] & ASKED) != 0;
        r->skipped += (c->seen[i] & SKIPPED) != 0 || c->seen[i] == 0;
        r->answered += (c->seen[i] & ANSWERED) != 0;
        r->missing += (c->seen[i] & MISSING) != 0;
    }
    for (uint32_t i = 0; i < c->n_checks; i++) {
        const uint32_t item = svy_form_check(iv->form, i)->item, kind = svyi_item(iv, item)->kind;
        c->checks[i].looked += item == 0 || (c->seen[item] & (kind == SVY_EL_QUESTION ? ANSWERED : ASKED)) != 0;
    }
}

/* Two paths are one when the same questions were asked: the set's hash stands for it. */
static int note_path(svy_coverage *c)
{
    uint64_t hash;
    char key[sizeof hash];
    uint32_t number;

    for (uint32_t i = 0; i < c->n_items; i++)
        c->seen[i] &= ASKED;
    hash = svyi_hash(c->seen, c->n_items);
    memcpy(key, &hash, sizeof key);
    if (svyi_map_find(&c->paths, key, sizeof key, &number))
        return 0;
    const char *own = svyi_arena_text(&c->arena, key, sizeof key);
    number = (uint32_t)c->paths.count;
    return own == NULL || svyi_map_add(&c->paths, own, sizeof key, &number) < 0 ? -1 : 0;
}

svy_status svyi_coverage_count(svy_coverage *c, const svy_interview *iv, uint64_t seed, svy_error *err)
{
    uint32_t asked = 0;

    if (c == NULL)
        return SVY_OK;
    SVY_REQUIRE(svy_interview_form(iv) == c->form, err);
    if (svyi_grow(&c->alloc, &c->lengths, &c->lengths_capacity, c->n_lengths + 1, sizeof *c->lengths) != 0)
        return svyi_nomem(err);
    memset(c->seen, 0, c->n_items);
    look_inside(c, iv, 0, &asked);
    count_items(c, iv);
    if (note_path(c) != 0)
        return svyi_nomem(err);
    if (c->n_lengths == 0 || asked > c->longest) {
        c->longest = asked;
        c->longest_seed = seed;
    }
    c->lengths[c->n_lengths++] = asked;
    if (svy_interview_end(iv) != 0)
        c->ended++;
    else
        c->complete++;
    return SVY_OK;
}

/* ---- reading ---- */

svy_reached svy_coverage_item(const svy_coverage *c, uint32_t item)
{
    return item < c->n_items ? c->items[item] : (svy_reached){ .asked = 0 };
}

svy_tried svy_coverage_check(const svy_coverage *c, uint32_t check)
{
    return check < c->n_checks ? c->checks[check] : (svy_tried){ .looked = 0 };
}

static int by_length(const void *a, const void *b)
{
    const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return x < y ? -1 : x > y;
}

svy_lengths svy_coverage_lengths(const svy_coverage *c)
{
    svy_lengths l = { .interviews = c->n_lengths, .complete = c->complete, .ended = c->ended, .paths = c->paths.count, .longest = c->longest,
                      .longest_seed = c->longest_seed };

    if (c->n_lengths == 0)
        return l;
    qsort(c->lengths, c->n_lengths, sizeof *c->lengths, by_length);     /* their order means nothing */
    l.shortest = c->lengths[0];
    l.median = c->lengths[(c->n_lengths - 1) / 2];
    return l;
}
