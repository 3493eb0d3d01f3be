/* What the parts of the XForm reader share: the nodes of the record with their binds and controls, texts by language, lists. */
#ifndef SVY_EXCHANGE_XFORM_H
#define SVY_EXCHANGE_XFORM_H
#include "base/map.h"
#include "exchange/reader.h"

/* A group of the body that has no node of its own. */
typedef struct svyi_xform_group {
    const svyi_xml *x;
    struct svyi_xform_group *outer;      /* such a group around it; NULL when a group with a node comes first */
    struct svyi_xform_node *under;       /* the node whose children it groups */
    uint32_t element;                    /* in the builder, 0 before it is there */
    int closed;                          /* it has been left: what else is said to be in it is not its neighbour */
} svyi_xform_group;

/* A node of the record: an element (with all its repeat instances) or an attribute that a bind or action names. */
typedef struct svyi_xform_node {
    const svyi_xml *x;                   /* the first such element; of an attribute the element that has it */
    const char *name;                    /* as written: "orx:meta", "@id" */
    struct svyi_xform_node *parent, *first, *last, *next;
    const svyi_xml *bind;
    const svyi_xml *control;             /* what asks for it: input, select1, ... */
    const svyi_xml *group, *repeat;      /* of the body */
    svyi_xform_group *inside;            /* innermost group without a node around it, below the parent */
    const char *id;                      /* in the questionnaire */
    const char *list;                    /* made of the items that stand in its select; NULL when none */
    uint32_t number;                     /* in document order, 0 for the root */
    uint32_t order;                      /* of its first mention in the body, from 1; 0: none */
    uint32_t n_elements;                 /* children that are elements */
    uint32_t element;                    /* in the builder */
} svyi_xform_node;

/* One value of a text: in one language, in one form. */
typedef struct svyi_xform_value { uint32_t lang; svy_role role; const svyi_xml *x; struct svyi_xform_value *next; } svyi_xform_value;
typedef struct svyi_xform_text { const char *id; svyi_xform_value *values; int line; } svyi_xform_text;
/* A translation that waits until those of the languages before it are in the builder. */
typedef struct svyi_xform_target { uint32_t lang; const char *unit, *from, *to; int line; size_t number; } svyi_xform_target;
typedef struct svyi_xform_language { const char *name, *tag; } svyi_xform_language;

/* A secondary instance. */
typedef struct svyi_xform_instance {
    const char *id, *src;                /* src NULL: its content stands in the form */
    const svyi_xml *x;
    const char *code, *label;            /* what the selects that use it whole take as value and label; NULL when none does */
    int is_list;                         /* becomes a code list */
    int line;
} svyi_xform_instance;

typedef struct svyi_xform_mention { svyi_xform_node *node; svyi_xform_group *group; } svyi_xform_mention;

typedef struct svyi_xform {
    svyi_reader *r;
    svy_status st;                       /* of the first failure: everything returns at once then */
    int made;                            /* made from a workbook: its lines mean nothing to anybody */
    svy_compat compat;
    const svyi_xml *head, *model, *body, *primary;
    svyi_xform_node *root;
    svyi_xform_node **nodes; size_t n_nodes, nodes_capacity;
    svyi_map children;                   /* number of the parent and name: node */
    svyi_map bind_ids;                   /* to nodes */
    svyi_map ids;                        /* in the questionnaire, in small letters */
    svyi_xform_mention *mentions; size_t n_mentions, mentions_capacity;
    uint32_t order, n_groups;
    svyi_xform_language *languages; uint32_t n_languages; size_t languages_capacity;     /* 0: the source language */
    svyi_map text_ids;
    svyi_xform_text *texts; size_t n_texts, texts_capacity;
    svyi_xform_target *targets; size_t n_targets, targets_capacity;
    int texts_by_id;                     /* some expression asks for texts by ids that are not known before it runs */
    svyi_xform_instance *instances; size_t n_instances, instances_capacity;
    svyi_map instance_ids, list_ids, inline_lists;
    const char **inline_ids; size_t n_inline, inline_capacity;          /* lists by number */
    svyi_buffer text, key;
    uint32_t questionnaire;              /* element in the builder */
} svyi_xform;

/* ---- xform_read.c ---- */
/* Reads the parsed XForm in r->file into r->builder. @return SVY_OK, SVY_E_INVALID (reported), SVY_E_LIMIT, SVY_E_NOMEM */
svy_status svyi_xform_load(svyi_reader *r, int made);
void *svyi_xform_get(svyi_xform *f, size_t size);                      /* zeroed, from the arena; NULL and f->st when out of memory */
char *svyi_xform_copy(svyi_xform *f, const char *text, size_t len);
void svyi_xform_nomem(svyi_xform *f);
void svyi_xform_tell(svyi_xform *f, svy_severity severity, const svyi_xml *at, const char *element, const char *advice, const char *fmt, ...) SVY_PRINTF(6, 7);
int svyi_xform_line(const svyi_xform *f, const svyi_xml *x);
/* Value of the attribute with that local name, whatever its prefix; NULL when there is none or it is blank. */
const svyi_xml_attribute *svyi_xform_attribute(const svyi_xml *x, const char *name);
const char *svyi_xform_value_of(const svyi_xml *x, const char *name);
int svyi_xform_is(const svyi_xml *x, const char *name);                /* an element with that local name */
const svyi_xml *svyi_xform_child(const svyi_xml *x, const char *name);
const svyi_xml *svyi_xform_next(const svyi_xml *x, const char *name);  /* next sibling of that name */
/* Text of an element and all in it, as it stands there; "" when it has none. Lives in the arena. */
const char *svyi_xform_content(svyi_xform *f, const svyi_xml *x);
/* Copy without white space at the ends. */
const char *svyi_xform_trim(svyi_xform *f, const char *text);
const char *svyi_xform_written_name(svyi_xform *f, const svyi_xml *x); /* "orx:meta" */

/* ---- xform_node.c ---- */
void svyi_xform_nodes(svyi_xform *f);                                  /* from the primary instance */
void svyi_xform_binds(svyi_xform *f);
/* The node that a path leads to from `from` (NULL: the root element's document); NULL when none. `added`: attributes that exist become nodes. */
svyi_xform_node *svyi_xform_resolve(svyi_xform *f, svyi_xform_node *from, const char *path, int added);
svyi_xform_node *svyi_xform_reference(svyi_xform *f, svyi_xform_node *from, const svyi_xml *x);   /* by its ref, nodeset or bind */
void svyi_xform_ids(svyi_xform *f);                                    /* gives every node its id */
const char *svyi_xform_plain_id(svyi_xform *f, const char *wish);      /* a legal id, unique or not */
const char *svyi_xform_unique(svyi_xform *f, const char *wish, const char *prefix);
const char *svyi_xform_path(svyi_xform *f, const svyi_xform_node *n);  /* "/data/a/b" for messages */

/* ---- xform_body.c ---- */
void svyi_xform_body(svyi_xform *f);

/* ---- xform_text.c, xform_language.c ---- */
void svyi_xform_itext(svyi_xform *f);
const char *svyi_xform_tag(svyi_xform *f, const char *name);           /* a language tag for a translation's name */
/* What a text is made of, and where it goes. */
typedef struct svyi_xform_words { uint32_t element; const char *unit /* before the role: "age/" */; svy_role role; int whole_unit /* 1: the role adds nothing to it */; } svyi_xform_words;
/* A label, hint ...: literal content, or jr:itext('id') in `ref`. */
void svyi_xform_label(svyi_xform *f, const svyi_xml *x, const svyi_xform_words *to);
/* A message in an attribute: literal or jr:itext('id'). */
void svyi_xform_message(svyi_xform *f, const svyi_xml *at, const char *message, const svyi_xform_words *to);
void svyi_xform_itext_at(svyi_xform *f, const svyi_xml *at, const char *id, const svyi_xform_words *to);
/* The id in "jr:itext('id')"; NULL when it is no such thing. */
const char *svyi_xform_itext_id(svyi_xform *f, const char *ref);
const char *svyi_xform_unit(svyi_xform *f, const char *a, const char *b);   /* two texts joined, in the arena */
void svyi_xform_translate(svyi_xform *f);                              /* all translations, language by language, into the builder */
void svyi_xform_itext_all(svyi_xform *f);                              /* texts that are asked for by id */

/* Appends a label in all its languages; 0 when it depends on where it is shown. */
int svyi_xform_label_key(svyi_xform *f, const svyi_xml *label, svyi_buffer *key);

/* ---- xform_list.c, xform_tree.c, xform_items.c ---- */
void svyi_xform_instances(svyi_xform *f);
void svyi_xform_use_instance(svyi_xform *f, const svyi_xml *itemset);  /* sees how a select uses an instance */
void svyi_xform_lists(svyi_xform *f);                                  /* all instances into the builder */
/* The instance of which an itemset takes all or a part; NULL when it is none of that kind. */
svyi_xform_instance *svyi_xform_instance_of(svyi_xform *f, const char *nodeset);
/* "LIST/CODE", from the second choice with a code on "LIST/CODE#2". */
const char *svyi_xform_choice_unit(svyi_xform *f, svyi_map *codes, const char *list, const char *code);
const svyi_xml *svyi_xform_root_of(const svyi_xml *instance);           /* the element in an instance; NULL when it is empty */
void svyi_xform_inline_lists(svyi_xform *f);                            /* the lists that stand in selects themselves */
void svyi_xform_put_tree(svyi_xform *f, const svyi_xml *root, int record);

/* ---- xform_item.c, xform_emit.c ---- */
typedef struct svyi_xform_attributes { svy_attribute list[64]; size_t n; } svyi_xform_attributes;
void svyi_xform_put(svyi_xform *f, svyi_xform_attributes *a, const char *name, const char *value, const svyi_xml *at);
void svyi_xform_put_from(svyi_xform *f, svyi_xform_attributes *a, const char *name, const svyi_xml *x, const char *attribute);
uint32_t svyi_xform_add(svyi_xform *f, uint32_t parent, svy_element kind, const svyi_xform_attributes *a, const svyi_xml *at);
void svyi_xform_question(svyi_xform *f, svyi_xform_node *n, uint32_t parent);
void svyi_xform_compute(svyi_xform *f, svyi_xform_node *n, uint32_t parent);
void svyi_xform_common(svyi_xform *f, const svyi_xform_node *n, svyi_xform_attributes *a);
void svyi_xform_checks(svyi_xform *f, const svyi_xform_node *n);
void svyi_xform_sets(svyi_xform *f, uint32_t parent, const svyi_xml *in, svyi_xform_node *from);
void svyi_xform_emit(svyi_xform *f);
#endif
