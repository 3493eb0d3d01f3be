/* What the steps of the compiler share: the tree as it was built, drafts of items, lists and rules, and the problems found. */
#ifndef SVY_QUESTIONNAIRE_PRIV_H
#define SVY_QUESTIONNAIRE_PRIV_H
#include <survey/questionnaire.h>

#include "base/error.h"
#include "questionnaire/built.h"

enum {
    SVYI_Q_ELEMENTS = 200000, SVYI_Q_DEPTH = 64, SVYI_Q_TEXT = 65536, SVYI_Q_ATTRIBUTES = 64,
    SVYI_Q_ID = 64,               /* bytes of an id, a code, a version */
    SVYI_Q_ENTRIES = 10000,       /* of an open roster */
    SVYI_Q_LANGUAGES = 200,
    SVYI_Q_ROLES = 13,            /* svy_role 1..13 */
    SVYI_Q_ODK_ID = 255,          /* with expressions="odk": bytes of an id */
    SVYI_Q_ODK_CODE = 1024,       /* and of a code */
    SVYI_Q_NODES = 4000000, SVYI_Q_NODE_TEXT = 64 << 20   /* of all trees together */
};

/* ---- Drafts ---- */

typedef struct svyi_q_choice { svy_choice c; uint32_t element, twins; /* further choices with its code */ } svyi_q_choice;

typedef struct svyi_q_list {
    const char *id;
    uint32_t element, order, numeric, first, n;
    uint32_t roster, used;        /* the innermost roster around all questions that use it; how many do */
    uint32_t n_missing;           /* choices that record a missing code */
    svyi_map codes;               /* to the choice, counted in the list; the first of those with a code */
    svyi_map twins;               /* "CODE#2" to the second with a code, and so on */
} svyi_q_list;

/* What an item has besides when its questionnaire has ODK's expressions. Items with a node make a tree of their own: a group without one
   lends its items to the nearest item around it that has. */
typedef struct svyi_q_odk {
    svy_odk_item i;
    uint32_t around;              /* nearest item around it that has a node */
    uint32_t first, last, next;   /* items with a node: first and last in it, the one after it in the same item; 0 when none */
    uint32_t twin;                /* the next one with its name in the same item; 0 when none */
} svyi_q_odk;

typedef struct svyi_q_item {
    svy_item i;
    uint32_t element;             /* of an other-specify text: its question's */
    const char *id;               /* "" when none */
    const char *value;            /* parameter: its value; end: outcome; else "" */
    const char *unit, *appearance;
    uint32_t other;               /* question with an other-specify choice: that choice + 1, counted over all lists */
    uint32_t ends_before;         /* early ends that stand before it */
    uint8_t sure;                 /* compute: has a value even when those it is made of that can be missing are */
} svyi_q_item;

typedef struct svyi_q_check { svy_check c; uint32_t element; } svyi_q_check;

typedef struct svyi_q_rule {
    uint32_t owner, purpose;      /* as in svy_rule */
    uint32_t item;                /* where it stands; 0 for choices */
    uint32_t roster, choices, self;
    svy_kind want;
    const char *text, *compiled;  /* as written; as compiled (a bare code becomes a text in quotes) */
    const char *source, *element;
    int line, column;
    svy_expr *expr;               /* NULL when it has problems */
    uint32_t rank;
    uint8_t back;                 /* reads what comes after it, in other entries or in itself */
} svyi_q_rule;

/* With ODK's expressions: trees as they go into the form, files shown with choices, texts by their ids. */
typedef struct svyi_q_grove { const char *id, *file; uint32_t list, n; svyi_q_node *nodes; } svyi_q_grove;
typedef struct svyi_q_media { uint32_t choice, role, unit; } svyi_q_media;
typedef struct svyi_q_itext { const char *id; uint32_t element, first_unit, roles; } svyi_q_itext;

typedef struct svyi_q_unit {
    const char *text;             /* in the source language; "" when there is none */
    uint32_t element, role, roster;
    uint32_t number;              /* of a check: among those of its element, from 1 */
    int line;
} svyi_q_unit;

typedef struct svyi_q_finding { svy_diag d; uint32_t sequence; int elsewhere; /* in another file than the questionnaire's own */ } svyi_q_finding;

/* Problems on their way to the caller, to be sorted. */
typedef struct svyi_q_findings {
    svy_alloc alloc;
    svyi_arena arena;
    svy_diags in;                 /* report here */
    svyi_q_finding *list; size_t n, capacity;
    int failed;
} svyi_q_findings;

typedef struct svyi_q {
    const svy_builder *b;
    svy_alloc alloc;
    svyi_arena arena;
    svyi_q_findings found;
    int failed;                   /* out of memory */

    svyi_q_list *lists; uint32_t n_lists; size_t lists_capacity;          /* from 1 */
    svyi_q_choice *choices; uint32_t n_choices; size_t choices_capacity;
    svyi_map list_ids;
    svyi_q_item *items; uint32_t n_items; size_t items_capacity;
    uint32_t *item_of;            /* by element; 0 when it is not an item */
    svyi_map ids, lowered;
    svyi_q_check *checks; uint32_t n_checks; size_t checks_capacity;
    svyi_q_rule *rules; uint32_t n_rules; size_t rules_capacity;          /* from 1 */
    uint32_t *keeps; uint32_t n_keeps; size_t keeps_capacity;
    uint32_t n_ends;
    uint32_t *order;              /* rules by rank */
    uint32_t *first_dependent, *dependents, n_dependents;

    /* Texts: a unit is a text that is translated. Those of items by role, then one for each check, then one for each choice. */
    svyi_q_unit *units; uint32_t n_units; size_t units_capacity;
    uint32_t *first_unit;         /* by item; an other-specify text has the label of its choice */
    uint16_t *roles;              /* by item: bit (role - 1) */
    uint32_t first_check_unit, first_choice_unit;
    const char **texts;           /* [(language - 1) * n_units + unit], languages from 1: NULL when there is no translation */
    const char **languages; uint32_t n_languages; size_t languages_capacity;

    /* With expressions="odk"; else all of it is empty. */
    int odk;
    svy_compat compat;
    svyi_q_odk *nodes;            /* by item */
    const char **names; uint32_t n_names; size_t names_capacity;          /* of nodes */
    svyi_map name_numbers;
    svyi_q_grove *groves; uint32_t n_groves;                              /* 0 is the record */
    svyi_map grove_ids;
    svyi_map children;            /* (item, name) to the first such item in it */
    svy_set *sets; uint32_t n_sets; size_t sets_capacity;
    svyi_q_media *media; uint32_t n_media; size_t media_capacity;
    svyi_q_itext *itexts; uint32_t n_itexts;
    svyi_map itext_ids;
    int shallow;                  /* texts of groups are too much to follow, which was reported */
    uint32_t first_output, n_outputs;                                     /* their rules, one behind the other */
} svyi_q;

/* ---- find.c: problems ---- */
void svyi_q_findings_init(svyi_q_findings *f, const svy_alloc *alloc);
void svyi_q_findings_clear(svyi_q_findings *f);
/* Puts them in order: the questionnaire's own file first, then the others by name, each by lines. */
void svyi_q_findings_sort(svyi_q_findings *f, const char *main_source);
void svyi_q_findings_emit(const svyi_q_findings *f, svy_diags *out);
/* Reports about an element; `attribute` NULL or the one at fault. */
svyi_where svyi_q_rule_place(const svyi_q_rule *r);
void svyi_q_tell(svyi_q *q, svy_severity severity, svy_status code, uint32_t element, const svy_attribute *attribute, const char *advice,
                 const char *fmt, ...) SVY_PRINTF(7, 8);
int svyi_q_shown(const char *text);   /* bytes of a text to show in a message, for %.*s: whole characters of one line */
/* Its id, or that of the element around it that has one; "" when none. */
const char *svyi_q_element_id(const svy_builder *b, uint32_t element);

/* ---- tree.c: trees beside the elements ---- */
void svyi_q_trees_init(svy_builder *b);
void svyi_q_trees_clear(svy_builder *b);

/* ---- shape.c: what may stand where, and the attributes that need no other element ---- */
void svyi_q_check_shape(svyi_q *q);
int svyi_q_id_valid(const char *id);
/* 1 when an attribute is "true". */
int svyi_q_truth(const svyi_q *q, uint32_t element, const char *name);

/* ---- lists.c ---- */
void svyi_q_make_lists(svyi_q *q);
/* The list an element names; 0 when it names none (or one that does not exist, which is reported). */
uint32_t svyi_q_list_named(svyi_q *q, uint32_t element);

/* ---- items.c ---- */
void svyi_q_make_items(svyi_q *q);
int svyi_q_find_item(const svyi_q *q, const char *id, size_t len, uint32_t *item);
int svyi_q_contains(const svyi_q *q, uint32_t outer, uint32_t item);   /* 1 when item is outer or inside it */
int svyi_q_roster_visible(const svyi_q *q, uint32_t roster, uint32_t from);
int svyi_q_has_choices(uint32_t type);

/* ---- resolve.c: references between items ---- */
void svyi_q_resolve(svyi_q *q);
/* The name in a text that is exactly ${name}. 1 found. */
int svyi_q_reference(const char *text, const char **name, size_t *len);

/* ---- rules.c ---- */
void svyi_q_make_rules(svyi_q *q);
/* A new rule for an attribute, or 0. The place is filled in by the caller. */
uint32_t svyi_q_add_rule(svyi_q *q, uint32_t purpose, uint32_t owner, uint32_t element, const svy_attribute *a);
int svyi_q_optional(const svyi_q *q, uint32_t item, uint32_t from);    /* 1 when it can be without a value where `from` is asked */
const char *svyi_q_purpose_name(uint32_t purpose);

/* ---- order.c, routing.c ---- */
void svyi_q_order(svyi_q *q);
void svyi_q_check_routing(svyi_q *q);

/* ---- texts.c, translate.c ---- */
void svyi_q_make_texts(svyi_q *q);
/* The text of an element, the next unit. */
void svyi_q_add_unit(svyi_q *q, uint32_t element, uint32_t role, uint32_t roster, uint32_t number);
void svyi_q_translate(svyi_q *q);
/* Next ${name} of a text from *at. 1 found, 0 none, -1 an opening without an end (at *start). */
int svyi_q_next_fill(const char *text, size_t *at, size_t *start, const char **name, size_t *len);

/* ---- odk_nodes.c, odk_trees.c: with expressions="odk": names, nodes and trees ---- */
void svyi_q_make_nodes(svyi_q *q);
uint32_t svyi_q_name_number(svyi_q *q, const char *name, size_t len);   /* numbers it if it is new; SVY_NAME_NONE when out of memory */
uint32_t svyi_q_find_name(const svyi_q *q, const char *name, size_t len);   /* SVY_NAME_NONE when there is no such node */
uint32_t svyi_q_child_named(const svyi_q *q, uint32_t item, uint32_t name);   /* the first such item with a node in an item; 0 when none */
uint32_t svyi_q_node_item(const svyi_q *q, uint32_t item);              /* the item itself, or the nearest around it that has a node */
void svyi_q_make_trees(svyi_q *q);

/* ---- odk_rules.c, odk_sets.c: expressions and actions ---- */
void svyi_q_make_odk_rules(svyi_q *q);
uint32_t svyi_q_add_odk_rule(svyi_q *q, uint32_t purpose, uint32_t owner, uint32_t item, uint32_t element, const svy_attribute *a);
void svyi_q_make_sets(svyi_q *q);
/* The item that a path, or ${id}, names from an item. 1 found. */
int svyi_q_find_target(const svyi_q *q, const char *path, uint32_t from, uint32_t *item);

/* ---- odk_texts.c ---- */
void svyi_q_make_odk_texts(svyi_q *q);      /* further units: texts by id, files shown with choices */
void svyi_q_make_outputs(svyi_q *q);

/* ---- outputs.c ---- */
/* Next ${expression} of a text from *at, which goes on behind it; it may hold braces in quotes. As svyi_q_next_fill. */
int svyi_q_next_output(const char *text, size_t *at, size_t *start, const char **expression, size_t *len);

/* ---- answers.c, reach.c: static checks ---- */
void svyi_q_check_answers(svyi_q *q);
void svyi_q_check_reach(svyi_q *q);

/* ---- trial.c, candidates.c: deciding by trying answers ---- */

enum { SVYI_Q_SYMBOLS = 16, SVYI_Q_TRIED = 48, SVYI_Q_CONSTANTS = 64, SVYI_Q_COMBINATIONS = 20000 };

/* An item whose answers are tried: those that the constants it is compared with can tell apart. */
typedef struct svyi_q_symbol {
    uint32_t item;
    const svy_value *constants[SVYI_Q_CONSTANTS]; uint32_t n_constants;
    uint8_t guarded, loose, present, absent, roster;      /* present: never missing; absent: always */
    svy_value *values; uint32_t n, at;
} svyi_q_symbol;

/* Rules that all have to hold. One with a guard only has to when the guard has an answer: then the guard was asked. */
typedef struct svyi_q_trial {
    svyi_q *q;
    svy_scratch *scratch;
    svyi_arena arena;                             /* of the values */
    uint32_t work;                                /* left, of all trials together: what is not decided by then stays open */
    int loose, entries;                           /* loose: also try rules that this cannot decide: finding an answer then proves something, finding none does not; entries: and those over rosters, as if empty */
    svyi_q_symbol symbols[SVYI_Q_SYMBOLS]; uint32_t n_symbols;
    struct { uint32_t rule, guard; } rules[SVYI_Q_TRIED]; uint32_t n_rules;
    uint32_t *slot;                               /* by item: its symbol + 1 */
} svyi_q_trial;

svy_status svyi_q_trial_init(svyi_q_trial *t, svyi_q *q);
void svyi_q_trial_clear(svyi_q_trial *t);
void svyi_q_trial_begin(svyi_q_trial *t, int loose);
/* 1 when the rule was added, 0 when trying cannot decide it. */
int svyi_q_trial_add(svyi_q_trial *t, uint32_t rule, uint32_t guard);
/* Adds what must hold because the items looked at were asked, as far as it can be decided. */
void svyi_q_trial_add_implied(svyi_q_trial *t);
/* Takes the symbols and rules added last off again. */
void svyi_q_trial_shrink(svyi_q_trial *t, uint32_t symbols, uint32_t rules);
svyi_q_symbol *svyi_q_trial_symbol(svyi_q_trial *t, uint32_t item);   /* NULL when it is not tried */
/* 1 when all rules can hold together; 0 when they never can; -1 unknown. `last`: what the rule added first has to be, true (1) or not (0). */
int svyi_q_trial_solve(svyi_q_trial *t, int first);
/* 1 when a compute, tried by itself, always has a value. */
int svyi_q_trial_sure(svyi_q_trial *t, uint32_t rule);

/* 1, or 0 when there is not that much work left. */
int svyi_q_trial_pay(svyi_q_trial *t, uint64_t work);
/* Makes the values of a symbol. 1, or 0 when there are too many. */
int svyi_q_candidates(svyi_q_trial *t, svyi_q_symbol *s);

/* ---- seal.c, odk_seal.c ---- */
svy_status svyi_q_seal(svyi_q *q, void **block, size_t *size, svy_error *err);

#endif
