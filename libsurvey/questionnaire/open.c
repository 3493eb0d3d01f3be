/* Opening a compiled form: the bytes are verified once and then used in place. */
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/map.h"
#include "questionnaire/block_priv.h"

static svy_status bad(svy_error *err, const char *what)
{
    return svyi_fail(err, SVY_E_FORMAT, "this is not a compiled questionnaire, or it is damaged: %s", what);
}

static int little_endian(void)
{
    const uint32_t one = 1;
    unsigned char first;

    memcpy(&first, &one, 1);
    return first == 1;
}

static svy_status check_head(const void *block, size_t size, svyi_b_head *head, svy_error *err)
{
    if (!little_endian())
        return bad(err, "it can only be used on a little-endian machine");
    if (size < sizeof *head + SVYI_B_PARTS_1 * sizeof(svyi_b_extent))
        return bad(err, "it is too short");
    memcpy(head, block, sizeof *head);
    if (memcmp(head->magic, SVYI_B_MAGIC, sizeof head->magic) != 0)
        return bad(err, "it does not begin with its mark");
    const uint32_t parts = head->version == SVYI_B_VERSION ? SVYI_B_PARTS_1 : head->version == SVYI_B_ODK_VERSION ? SVYI_B_PARTS : 0;
    if (parts == 0 || head->n_parts != parts)
        return bad(err, "it is of another version");
    if (size < sizeof *head + parts * sizeof(svyi_b_extent))
        return bad(err, "it is too short");
    if (head->size != size)
        return bad(err, "its size is not what it says");
    if (head->checksum != svyi_hash((const unsigned char *)block + SVYI_B_CHECKED, size - SVYI_B_CHECKED))
        return bad(err, "its checksum is wrong");
    return SVY_OK;
}

/* Parts that a block of an earlier version does not have are empty. */
static svy_status find_parts(svy_form *f, size_t size, uint32_t n, const void **parts, svy_error *err)
{
    svyi_b_extent extents[SVYI_B_PARTS] = { { 0, 0 } };

    memcpy(extents, f->block + sizeof(svyi_b_head), n * sizeof extents[0]);
    for (int i = 0; i < SVYI_B_PARTS; i++) {
        const size_t record = svyi_b_record((svyi_b_part)i);
        if (extents[i].at > size || extents[i].size > size - extents[i].at || extents[i].at % SVYI_B_ALIGN != 0)
            return bad(err, "a part lies outside");
        if (extents[i].size % record != 0)
            return bad(err, "a part ends in the middle of a record");
        parts[i] = f->block + extents[i].at;
        f->n[i] = (uint32_t)(extents[i].size / record);
    }
    return SVY_OK;
}

static void use_parts(svy_form *f, const void *const *parts)
{
    f->meta = parts[SVYI_B_META];
    f->texts = parts[SVYI_B_TEXTS];
    f->items = parts[SVYI_B_ITEMS];
    f->names = parts[SVYI_B_NAMES];
    f->ids = parts[SVYI_B_IDS];
    f->checks = parts[SVYI_B_CHECKS];
    f->lists = parts[SVYI_B_LISTS];
    f->choices = parts[SVYI_B_CHOICES];
    f->codes = parts[SVYI_B_CODES];
    f->rules = parts[SVYI_B_RULES];
    f->programs = parts[SVYI_B_PROGRAMS];
    f->keeps = parts[SVYI_B_KEEPS];
    f->firsts = parts[SVYI_B_FIRSTS];
    f->dependents = parts[SVYI_B_DEPENDENTS];
    f->languages = parts[SVYI_B_LANGUAGES];
    f->units = parts[SVYI_B_UNITS];
    f->nodes = parts[SVYI_B_NODES];
    f->node_names = parts[SVYI_B_NODE_NAMES];
    f->sets = parts[SVYI_B_SETS];
    f->trees = parts[SVYI_B_TREES];
    f->tree_nodes = parts[SVYI_B_TREE_NODES];
    f->outputs = parts[SVYI_B_OUTPUTS];
    f->media = parts[SVYI_B_MEDIA];
    f->itexts = parts[SVYI_B_ITEXTS];
    f->attributes = parts[SVYI_B_ATTRIBUTES];
}

svy_status svy_form_open(const svy_alloc *alloc, const void *block, size_t size, svy_form **out, svy_error *err)
{
    svyi_b_head head;
    const void *parts[SVYI_B_PARTS] = { NULL };

    SVY_REQUIRE(out != NULL, err);
    *out = NULL;
    SVY_REQUIRE(block != NULL, err);
    SVY_REQUIRE((uintptr_t)block % SVYI_B_ALIGN == 0, err);
    svy_status st = check_head(block, size, &head, err);
    if (st != SVY_OK)
        return st;
    svy_form *f = svyi_get(alloc, sizeof *f);
    if (f == NULL)
        return svyi_nomem(err);
    memset(f, 0, sizeof *f);
    f->alloc = svyi_alloc_or_default(alloc);
    f->block = block;
    f->checksum = head.checksum;
    st = find_parts(f, size, head.n_parts, parts, err);
    if (st == SVY_OK) {
        use_parts(f, parts);
        st = svyi_b_verify(f, err);
    }
    if (st != SVY_OK) {
        svy_form_free(f);
        return st;
    }
    *out = f;
    return SVY_OK;
}

void svy_form_free(svy_form *f)
{
    if (f != NULL) {
        const svy_alloc alloc = f->alloc;
        svyi_release(&alloc, f, sizeof *f);
    }
}
