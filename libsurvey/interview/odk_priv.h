/* Forms with ODK's expressions: what the parts of the engine that only they need share. Nodes, trees, first values, actions, choices.
 *
 *  Every leaf holds a text in ODK's lexical form. A node of the record is an item in a roster entry; a roster's own nodes are its entries,
 *  so {roster, entry of it} is a cell too (svyi_cell_at knows). {roster, entry around it} stands for the roster where it has no entry. */
#ifndef SVY_INTERVIEW_ODK_PRIVATE_H
#define SVY_INTERVIEW_ODK_PRIVATE_H
#include "interview/interview_priv.h"
#include "interview/odk_value.h"

enum {
    SVYI_MAX_INDEXES = 64,            /* hash indexes of instances, kept with the interview */
    SVYI_MAX_INDEXED = 4000000,       /* nodes in all of them */
    SVYI_INNER = 2,                   /* rules inside rules: a choice's name in a rule, a value in that name */
    SVYI_MAX_ACTIONS = 100000         /* that follow from one change */
};

/* Children of an instance's root by the text of a child element. Slots hold 1 + the number of a link; links lie in document order. */
typedef struct svyi_link { uint32_t item, hash, next; const char *text; uint32_t len; } svyi_link;
typedef struct svyi_index {
    uint32_t tree, name, key;
    uint32_t *slots, n_slots;         /* a power of two */
    svyi_link *links; uint32_t n_links;
    size_t capacity;
    uint32_t last;                    /* link found last: where a walk goes on */
} svyi_index;

typedef struct svyi_tree { const svy_tree_node *nodes; uint32_t n, list; uint32_t *choices, n_choices; } svyi_tree;   /* choices: nodes of the list's */

typedef struct svyi_odk {
    svy_compat compat;
    uint32_t n_names, n_trees;
    uint8_t *is_attribute;            /* by name */
    svyi_tree *trees;

    /* By item, for those with a node. */
    const svy_odk_item **items;
    uint32_t *parent;                 /* the nearest item around with a node */
    uint32_t *first_child, *next_child, *previous_child;   /* elements, in the order of the record; 0 none */
    uint32_t *next_same;              /* the next item beside it with the same name; 0 none */
    uint32_t *order, *by_order, n_order;    /* place in document order; and the items in it */
    uint32_t *order_end;              /* behind the last item inside, in by_order */
    uint32_t *first_set, *next_set;   /* actions on a target, as a chain of 1 + number; by item, by action */
    uint8_t *has_change;              /* 1: an action happens when its value changes */
    uint8_t *in_label;                /* 1: a label that a rule read has its value in it */
    uint8_t *is_code;                 /* 1: it may be the code of a choice that is an entry of a roster */
    uint32_t *slots, n_slots;         /* (parent, name) -> first child; a power of two */

    svyi_index *indexes; size_t n_indexes, indexes_capacity, n_indexed;

    const char **properties; size_t n_properties;          /* name, value, ... */
    svy_scratch *inner[SVYI_INNER];   /* for what is evaluated while a rule runs, and inside that */
    svyi_buffer text, text_beside;    /* of the value at hand */
    svyi_arena labels;                /* of choices, with the values in them; until the next rule that runs inside no other */

    /* What follows when the rules are settled. */
    uint32_t *fresh; size_t n_fresh, fresh_capacity;       /* entries that were made */
    svy_place *changed; size_t n_changed, changed_capacity;
    uint32_t actions_left;
    uint8_t starting;                 /* the load: first values, preloads, first-load actions */
    uint8_t loading;                  /* first values and first entries of an entry are put in */
    uint8_t settling_all;             /* every rule is run again (tests) */
} svyi_odk;

/* ---- odk_plan.c ---- */
int svyi_odk_make(svy_interview *iv);                      /* -1 out of memory */
void svyi_odk_free(svy_interview *iv);
void svyi_odk_rule(svy_interview *iv, uint32_t rule, const svy_rule *is);
/* The first child item with a name, 0 when none; further ones by next_same. */
uint32_t svyi_odk_child(const svyi_odk *odk, uint32_t parent, uint32_t name);
static inline int svyi_is_leaf(const svy_interview *iv, uint32_t item)
{
    return svyi_item(iv, item)->type != SVY_T_NONE;
}
/* A roster to which entries are added by hand. */
int svyi_is_open_roster(const svy_interview *iv, uint32_t item);

/* ---- odk_env.c ---- */
svy_status svyi_xpath(svyi_view *view, uint32_t rule, svy_place context, svy_xpath_value *value, svy_error *err);
/* A rule as a text (in scratch, until the next run), a number, a boolean. A rule that fails for its own reasons is "", NaN, `otherwise`. */
svy_status svyi_xpath_text_of(svyi_view *view, uint32_t rule, svy_place context, const char **text, uint32_t *len, svy_error *err);
svy_status svyi_xpath_number_of(svyi_view *view, uint32_t rule, svy_place context, double *number, svy_error *err);
svy_status svyi_xpath_boolean_of(svyi_view *view, uint32_t rule, svy_place context, int otherwise, int *truth, svy_error *err);
int svyi_xpath_true(const svy_interview *iv, uint32_t rule, svy_place context, int otherwise);
/* 1 when the node exists and all around it is relevant. */
int svyi_node_on(const svy_interview *iv, svy_place node);
/* Seconds and the text of the moment of the last event: 2026-11-22T19:41:29.589+00:00. */
void svyi_odk_now(const svy_interview *iv, char *out, size_t size);

/* ---- odk_tree.c: instances, which never change ---- */
int svyi_tree_first(const svyi_odk *odk, svy_node of, uint32_t name, svy_node *out);
int svyi_tree_next(const svyi_odk *odk, svy_node after, uint32_t name, svy_node *out);
int svyi_tree_previous(const svyi_odk *odk, svy_node before, uint32_t name, svy_node *out);
int svyi_tree_parent(const svyi_odk *odk, svy_node of, svy_node *out);
int svyi_tree_text(const svy_interview *iv, svy_node of, const char **text, uint32_t *len);
int svyi_tree_find(const svy_interview *iv, svy_node parent, uint32_t name, uint32_t key, const char *text, size_t len, const svy_node *after, svy_node *out);
uint32_t svyi_tree_child(const svyi_odk *odk, uint32_t tree, uint32_t node, uint32_t name);   /* UINT32_MAX none */

/* ---- odk_cells.c: putting values in their places ---- */
/* The value as expressions see it: "" when not relevant. */
const char *svyi_odk_visible(const svy_interview *iv, svy_place place, uint32_t *len);
/* Gives a leaf a text and lets what reads it know. `flag`: SVYI_GIVEN, SVYI_PRESET. -1 out of memory. */
svy_status svyi_odk_put(svy_interview *iv, svy_place place, const char *text, size_t len, uint16_t flag, svy_error *err);
svy_status svyi_odk_missing(svy_interview *iv, svy_place place, svy_missing missing, svy_error *err);
void svyi_odk_touched(svy_interview *iv, uint32_t item, uint32_t entry);
void svyi_odk_came_back(svy_interview *iv, uint32_t item, uint32_t entry);
void svyi_odk_queue_choices(svy_interview *iv, uint32_t item, uint32_t entry);
svy_status svyi_odk_show(svy_interview *iv, svy_place place, svy_error *err);   /* chosen codes that are offered now */

/* ---- odk_rules.c ---- */
svy_status svyi_odk_job(svy_interview *iv, const svyi_job *job, svy_error *err);
svy_status svyi_odk_calculate(svy_interview *iv, svy_place place, svy_error *err);
svy_status svyi_odk_count(svy_interview *iv, svy_place roster, svy_error *err);
svy_status svyi_odk_follow(svy_interview *iv, int *more, svy_error *err);
void svyi_odk_settle_all(svy_interview *iv, int begin);
void svyi_odk_drop(svy_interview *iv);                     /* nothing follows any more */
void svyi_saw(svy_interview *iv, uint32_t rule, uint8_t what);
int svyi_odk_refuses(const svy_interview *iv, uint32_t check, svy_place place);
int svyi_odk_check_fails(const svy_interview *iv, uint32_t check, uint32_t entry, uint64_t *seen, svy_place *last);

/* ---- odk_record.c: from the record to entries and first values ---- */
svy_status svyi_odk_new_entry(svy_interview *iv, uint32_t entry, svy_error *err);
int svyi_odk_wait(svy_interview *iv, uint32_t entry);      /* its calculations and actions run when the rules have settled. -1 out of memory */
svy_status svyi_odk_start(svy_interview *iv, svy_error *err);
svy_status svyi_odk_load(svy_interview *iv, uint32_t entry, svy_error *err);    /* its first values, and the first entries inside */
/* The node of the record that an item is made from in an entry; `*spare`: the one in its place where that lacks. UINT32_MAX none. */
uint32_t svyi_record_at(const svy_interview *iv, uint32_t item, uint32_t entry);
uint32_t svyi_record_node(const svy_interview *iv, uint32_t item, uint32_t entry, uint32_t *spare);

/* ---- odk_sets.c: preloads and actions ---- */
svy_status svyi_odk_preload(svy_interview *iv, svy_place place, svy_error *err);
svy_status svyi_odk_finish(svy_interview *iv, svy_error *err);                  /* "timestamp end" */
svy_status svyi_odk_act(svy_interview *iv, svy_place target, uint32_t on, svy_error *err);   /* the actions on a target */
svy_status svyi_odk_changed(svy_interview *iv, svy_place source, svy_error *err);
int svyi_odk_remember(svy_interview *iv, svy_place source);                     /* what actions at it compare with. -1 out of memory */
svy_status svyi_odk_properties(svy_interview *iv, const char *const *pairs, size_t n, svy_error *err);
void svyi_uuid(uint64_t seed, uint64_t place, char out[37]);

/* ---- odk_choices.c ---- */
/* Calls `each` for every choice offered at a place until it returns 0. Inside as many rules as the view says. */
typedef struct svyi_choice { const char *code, *label, *text; uint32_t len, number; svy_node node; } svyi_choice;
typedef struct svyi_offering { int (*each)(void *user, const svyi_choice *choice); void *user; int labels; } svyi_offering;
svy_status svyi_odk_offer(svyi_view *view, svy_place place, const svyi_offering *to, svy_error *err);
int svyi_odk_offered(const svy_interview *iv, svy_place place, const char *code, size_t len);
int svyi_odk_label(svyi_view *view, svy_place place, const char *code, size_t len, const char **text, uint32_t *text_len);
/* Reads an answer: iv->value holds its canonical text. */
svy_status svyi_odk_read(svy_interview *iv, svy_place place, const char *text, size_t len, svy_error *err);
uint32_t svyi_odk_choices(svy_interview *iv, svy_place place, uint32_t *choices, uint32_t size);
/* ---- odk_candidate.c ---- */
/* An answer that may be legal: 0 when there is none, or its type is one that every form has. */
size_t svyi_odk_candidate(svy_interview *iv, svy_place place, svyi_random *r, char *out);

size_t svyi_odk_text(svy_interview *iv, svy_place place, const char *text, int isolate, char *out, size_t size);

#endif
