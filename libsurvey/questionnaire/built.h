/* What a builder holds: the tree of elements as it was built, for the compiler and for who writes it again. */
#ifndef SVY_QUESTIONNAIRE_BUILT_H
#define SVY_QUESTIONNAIRE_BUILT_H
#include <survey/questionnaire.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/map.h"

#define SVYI_Q_NO_NODE UINT32_MAX

typedef struct svyi_q_words { struct svyi_q_words *next; uint32_t role; int line; const char *text; } svyi_q_words;

typedef struct svyi_q_element {
    uint32_t parent, first, last, next;   /* elements; 0 when none */
    uint32_t n_attributes, depth;
    svy_element kind;
    int line;
    const char *source;
    const svy_attribute *attributes;
    svyi_q_words *texts;
} svyi_q_element;

/* A tree of XML beside the elements. Names are numbers of the builder's table; an attribute's begins with "@". */
typedef struct svyi_q_node { uint32_t name, parent, end; const char *text; } svyi_q_node;
typedef struct svyi_q_tree { const char *id, *source, *file; int line; uint32_t first, n; } svyi_q_tree;

typedef struct svyi_q_target { const char *lang, *unit, *from, *to, *source; int line; } svyi_q_target;

/* Who wants to know every text that can be translated, and how it stands in a language: `to` is its translation, "" when it has none; with `changed` that of an earlier text. */
typedef struct svyi_q_telling {
    const char *lang;
    void (*each)(void *user, const char *unit, const char *text, const char *to, int changed);   /* NULL: nobody */
    void *user;
} svyi_q_telling;

struct svy_builder {
    svy_alloc alloc;
    svyi_arena arena;             /* every string */
    const char *source;
    svyi_q_element *elements; size_t n, capacity;     /* from 1; 0 is no element */
    svyi_q_target *targets; size_t n_targets, targets_capacity;
    uint32_t root;
    svyi_q_tree *trees; size_t n_trees, trees_capacity;
    svyi_q_node *nodes; size_t n_nodes, nodes_capacity;        /* of all trees */
    const char **node_names; size_t n_node_names, node_names_capacity;
    svyi_map node_name_numbers;
    uint32_t open_node, open_depth;                            /* the element that nodes are added to; SVYI_Q_NO_NODE when none */
    uint8_t open_has_elements;
    svyi_buffer node_text;                                     /* of the open element so far */
    size_t node_text_size;                                     /* of all trees */
    svyi_q_telling telling;                                    /* of translations, when it is compiled */
};

const svy_attribute *svyi_q_attribute(const svy_builder *b, uint32_t element, const char *name);   /* NULL when it is not there */
const char *svyi_q_value(const svy_builder *b, uint32_t element, const char *name);                /* "" when it is not there */
const svyi_q_words *svyi_q_text(const svy_builder *b, uint32_t element, svy_role role);            /* NULL when there is none */
const char *svyi_q_element_name(svy_element kind);                                                 /* "question" */
#endif
