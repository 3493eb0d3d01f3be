/* The compiled form as bytes: a header, then parts of fixed records, all little-endian and used in place.
 *
 *  header: "SVYFORM1", version, number of parts, size of the block, checksum of everything behind the checksum, then for each part
 *  its offset and its size in bytes. Parts begin at multiples of 8. Texts are offsets into the text part, whose first byte is NUL, so
 *  that 0 is the empty text. Expressions and lists are numbered from 1. */
#ifndef SVY_BLOCK_PRIV_H
#define SVY_BLOCK_PRIV_H
#include <survey/questionnaire.h>

enum { SVYI_B_VERSION = 1, SVYI_B_ALIGN = 8, SVYI_B_CHECKED = 32 /* the checksum covers the bytes from here */ };
static const char SVYI_B_MAGIC[8] = { 'S', 'V', 'Y', 'F', 'O', 'R', 'M', '1' };

/* Parts, in this order. */
typedef enum svyi_b_part {
    SVYI_B_META,         /* svyi_b_meta, once */
    SVYI_B_TEXTS,        /* NUL-terminated UTF-8 texts */
    SVYI_B_ITEMS,        /* svy_item */
    SVYI_B_NAMES,        /* svyi_b_name, one for each item */
    SVYI_B_IDS,          /* items that have an id, in the order of their ids */
    SVYI_B_CHECKS,       /* svy_check */
    SVYI_B_LISTS,        /* svyi_b_list */
    SVYI_B_CHOICES,      /* svyi_b_choice, list by list */
    SVYI_B_CODES,        /* for each list its choices (counted in the list) in the order of their codes */
    SVYI_B_RULES,        /* svyi_b_rule */
    SVYI_B_PROGRAMS,     /* programs of the rules */
    SVYI_B_KEEPS,        /* items */
    SVYI_B_FIRSTS,       /* for each item, and one more: where its dependents begin */
    SVYI_B_DEPENDENTS,   /* rules, by rank */
    SVYI_B_LANGUAGES,    /* texts */
    SVYI_B_UNITS,        /* for each language, for each unit its text; 0 in other languages than the first: no translation */
    SVYI_B_PARTS
} svyi_b_part;

typedef struct svyi_b_head { char magic[8]; uint32_t version, n_parts; uint64_t size, checksum; } svyi_b_head;
typedef struct svyi_b_extent { uint32_t at, size; } svyi_b_extent;
typedef struct svyi_b_meta { uint32_t id, version, n_units, first_check_unit, first_choice_unit, reserved; } svyi_b_meta;
/* `roles`: bit (role - 1) for each text it has; its units follow one another from first_unit. */
typedef struct svyi_b_name { uint32_t id, value, unit, appearance, first_unit, roles; } svyi_b_name;
typedef struct svyi_b_list { uint32_t id, order, numeric, first, n, reserved; } svyi_b_list;
typedef struct svyi_b_choice { double number; uint32_t code, parent, relevant, flags, missing; int32_t valid_from, valid_to; uint32_t reserved; } svyi_b_choice;
typedef struct svyi_b_rule { uint32_t at, size, text, owner, purpose, rank, uses_clock, reserved; } svyi_b_rule;

_Static_assert(sizeof(svyi_b_head) == SVYI_B_CHECKED, "the head has no gaps");
_Static_assert(sizeof(svyi_b_choice) == 40 && sizeof(svyi_b_rule) == 32, "records have no gaps");
_Static_assert(sizeof(svy_item) == 20 * 4 && sizeof(svy_check) == 4 * 4, "items and checks are stored as they are");

/* ---- seal.c ---- */
/* Size of one record of a part; 1 for texts and programs. */
size_t svyi_b_record(svyi_b_part part);

/* An opened form. */
struct svy_form {
    svy_alloc alloc;
    const unsigned char *block;
    const svyi_b_meta *meta;
    const char *texts;
    const svy_item *items;
    const svyi_b_name *names;
    const uint32_t *ids;
    const svy_check *checks;
    const svyi_b_list *lists;
    const svyi_b_choice *choices;
    const uint32_t *codes;
    const svyi_b_rule *rules;
    const unsigned char *programs;
    const uint32_t *keeps, *firsts, *dependents, *languages, *units;
    uint32_t n[SVYI_B_PARTS];     /* records by part */
    uint64_t checksum;
};

/* ---- verify.c ---- */
/* Checks everything that later access relies on; the parts lie in the block and have whole records. */
svy_status svyi_b_verify(const svy_form *f, svy_error *err);

#endif
