/* The compiled form as bytes: a header, then parts of fixed records, all little-endian and used in place.
 *
 *  header: "SVYFORM1", version, number of parts, size of the block, checksum of everything behind the checksum, then for each part
 *  its offset and its size in bytes. Parts begin at multiples of 8. Texts are offsets into the text part, whose first byte is NUL, so
 *  that 0 is the empty text. Expressions and lists are numbered from 1. */
#ifndef SVY_BLOCK_PRIV_H
#define SVY_BLOCK_PRIV_H
#include <survey/questionnaire.h>

/* Version 1 has the parts up to SVYI_B_UNITS; a questionnaire with ODK's expressions is of version 2 and has them all. */
enum { SVYI_B_VERSION = 1, SVYI_B_ODK_VERSION = 2, SVYI_B_ALIGN = 8, SVYI_B_CHECKED = 32 /* the checksum covers the bytes from here */ };
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
    SVYI_B_NODES,        /* svy_odk_item, one for each item */
    SVYI_B_NODE_NAMES,   /* texts: names of nodes */
    SVYI_B_SETS,         /* svy_set */
    SVYI_B_TREES,        /* svyi_b_tree; 0 is the record */
    SVYI_B_TREE_NODES,   /* svy_tree_node, tree by tree */
    SVYI_B_OUTPUTS,      /* rules of expressions in texts, in the order of their items and texts */
    SVYI_B_MEDIA,        /* svyi_b_media, in the order of choices and roles */
    SVYI_B_ITEXTS,       /* svyi_b_itext, in the order of their ids */
    SVYI_B_ATTRIBUTES,   /* svyi_b_attribute, in the order of their items */
    SVYI_B_PARTS,
    SVYI_B_PARTS_1 = SVYI_B_NODES
} svyi_b_part;

typedef struct svyi_b_head { char magic[8]; uint32_t version, n_parts; uint64_t size, checksum; } svyi_b_head;
typedef struct svyi_b_extent { uint32_t at, size; } svyi_b_extent;
typedef struct svyi_b_meta { uint32_t id, version, n_units, first_check_unit, first_choice_unit, odk /* 0, or 1 + svy_compat */; } svyi_b_meta;
/* `roles`: bit (role - 1) for each text it has; its units follow one another from first_unit. */
typedef struct svyi_b_name { uint32_t id, value, unit, appearance, first_unit, roles; } svyi_b_name;
typedef struct svyi_b_list { uint32_t id, order, numeric, first, n, reserved; } svyi_b_list;
typedef struct svyi_b_choice { double number; uint32_t code, parent, relevant, flags, missing; int32_t valid_from, valid_to; uint32_t reserved; } svyi_b_choice;
typedef struct svyi_b_rule { uint32_t at, size, text, owner, purpose, rank, uses_clock, flags; } svyi_b_rule;
enum { SVYI_B_POSITION = 1, SVYI_B_LABELS = 2, SVYI_B_BACK = 4 };   /* flags of a rule */
typedef struct svyi_b_tree { uint32_t id, file, list, first, n; } svyi_b_tree;
typedef struct svyi_b_media { uint32_t choice /* counted over all lists */, role, unit; } svyi_b_media;
typedef struct svyi_b_itext { uint32_t id, first_unit, roles; } svyi_b_itext;
typedef struct svyi_b_attribute { uint32_t item, name, value; } svyi_b_attribute;

_Static_assert(sizeof(svyi_b_head) == SVYI_B_CHECKED, "the head has no gaps");
_Static_assert(sizeof(svyi_b_choice) == 40 && sizeof(svyi_b_rule) == 32, "records have no gaps");
_Static_assert(sizeof(svy_odk_item) == 11 * 4 && sizeof(svy_set) == 4 * 4 && sizeof(svy_tree_node) == 4 * 4, "nodes are stored as they are");
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
    const svy_odk_item *nodes;
    const uint32_t *node_names, *outputs;
    const svy_set *sets;
    const svyi_b_tree *trees;
    const svy_tree_node *tree_nodes;
    const svyi_b_media *media;
    const svyi_b_itext *itexts;
    const svyi_b_attribute *attributes;
    uint32_t n[SVYI_B_PARTS];     /* records by part */
    uint64_t checksum;
};

/* 1 for a form with ODK's expressions; never in an engine that is built without them (see svyi_is_odk() of the interview). */
static inline int svyi_b_is_odk(const svy_form *f)
{
#ifdef SVY_WITHOUT_ODK
    (void)f;
    return 0;
#else
    return f->meta->odk != 0;
#endif
}

/* ---- form.c ---- */
/* A unit in a language, or in the source language where there is no translation. */
const char *svyi_b_unit_text(const svy_form *f, uint32_t unit, uint32_t lang);
/* One of the texts that follow one another from `unit`; "" when there is none of that role. */
const char *svyi_b_role_text(const svy_form *f, uint32_t unit, uint32_t roles, svy_role role, uint32_t lang);
/* Bytes as strcmp orders them, for a name that need not end in NUL. */
int svyi_b_compare(const char *name, size_t len, const char *with);

/* ---- verify.c ---- */
/* Checks everything that later access relies on; the parts lie in the block and have whole records. */
svy_status svyi_b_verify(const svy_form *f, svy_error *err);
svy_status svyi_b_damaged(svy_error *err, const char *what, uint32_t number);
int svyi_b_is_text(const svy_form *f, uint32_t at);   /* 1 when a text begins there */

/* ---- odk_verify.c ---- */
/* The parts that only a questionnaire with ODK's expressions has. */
svy_status svyi_b_verify_odk(const svy_form *f, svy_error *err);

/* What verifying steps say: TRY that something holds, PASS on what failed. */
#define SVYI_B_TRY(cond, what, number) do { if (!(cond)) return svyi_b_damaged(err, (what), (number)); } while (0)
#define SVYI_B_PASS(call) do { const svy_status pass_ = (call); if (pass_ != SVY_OK) return pass_; } while (0)

#endif
