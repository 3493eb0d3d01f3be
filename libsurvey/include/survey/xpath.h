/** ODK's expression language: XPath 1.0 with the functions of the ODK XForms specification, over the record of an interview and instances beside it.
 *
 *  A questionnaire that comes from the ODK world keeps its expressions (expressions="odk"): they are compiled here once to a program, as
 *  those of our own language are by survey/expr.h, and run by the same interview engine.
 *
 *  Data model: trees of element and attribute nodes. Tree 0 is the record: a node is an item of the form in a roster entry (a repeat
 *  instance), so it has as many nodes as the interview has entries. Trees from 1 are the form's instances, which never change.
 *  Names are numbered by the form ("age" and the attribute "@age" are two names; a prefix is part of the name: "orx:meta").
 *
 *  Semantics: XPath 1.0 as the ODK XForms specification has it ("strict"): regex() matches whole texts, halves are rounded up, a question that is
 *  not relevant compares as blank, a path from the root element into the repeat around the place means the own entry. Where clients were measured
 *  to differ, `compat` chooses (docs/formats/xform.md lists every divergence), and compiling reports a note for an expression whose result
 *  depends on it. */
#ifndef SURVEY_XPATH_H
#define SURVEY_XPATH_H
#include <survey/expr.h>
SVY_BEGIN_DECLS

/** Whose behaviour counts where clients differ. Values are stored in files: append only. */
typedef enum svy_compat {
    SVY_COMPAT_STRICT = 0,   /**< the specification */
    SVY_COMPAT_COLLECT = 1,  /**< ODK Collect (JavaRosa) */
    SVY_COMPAT_WEB = 2       /**< ODK Web Forms (xforms-engine); regex, rounding and dates as in Enketo too */
} svy_compat;

/** A node. */
typedef struct svy_node {
    uint32_t tree;           /**< 0: the record; from 1: an instance of the form */
    uint32_t item;           /**< record: item of the form (0: the root element); instance: number of the node in document order, 0 its root element.
                                  SVY_NODE_DOCUMENT: the document itself, parent of the root element */
    uint32_t entry;          /**< record: roster entry the node stands in, 0 outside; a roster's own nodes (one for each entry) are {0, roster, entry};
                                  0 in instances */
} svy_node;
#define SVY_NODE_DOCUMENT UINT32_MAX

#define SVY_NAME_ANY UINT32_MAX          /**< * or node(): any element */
#define SVY_NAME_NONE (UINT32_MAX - 1)   /**< a name that no node of the form has */
#define SVY_NAME_ANY_ATTRIBUTE (UINT32_MAX - 2)   /**< @*: who has no attributes to tell says there is none */

/* ---- compiling ----------------------------------------------------------------------------------------------------------- */

/** The form as an expression's compiler sees it. Items stand for all their nodes; children are in the order of the record. */
typedef struct svy_xpath_scope {
    void *user;
    /** Number of a name ("age", "@age", "orx:meta"); SVY_NAME_NONE when no node of the form has it. */
    uint32_t (*name)(void *user, const char *name, size_t len);
    /** The child item of `item` with that name (SVY_NAME_ANY: any element) that comes after `after` (0: the first), 0 at the end.
     *  The root element is item 0 and has name 0. */
    uint32_t (*child)(void *user, uint32_t item, uint32_t name, uint32_t after);
    /** The item around an item (0 for those in the root element). */
    uint32_t (*parent)(void *user, uint32_t item);
    uint32_t (*item_name)(void *user, uint32_t item);
    /** The item with an id (for ${id}): 1 found. */
    int (*find)(void *user, const char *id, size_t len, uint32_t *item);
    /** 1 when the item is a roster (a repeat). */
    int (*is_roster)(void *user, uint32_t item);
    /** An instance by its id, from 1: 1 found. */
    int (*tree)(void *user, const char *id, size_t len, uint32_t *tree);
} svy_xpath_scope;

/** Where an expression stands. */
typedef struct svy_xpath_place {
    const char *source; int line, column;   /**< for messages, as in svy_expr_place */
    const char *element;
    uint32_t item;           /**< its context node and what current() is: an item */
    svy_compat compat;
} svy_xpath_place;

/** Compiles an expression. `${id}` is a path to that item: relative inside the same roster entry, absolute otherwise.
 *  What the result offers: svy_expr_code(), svy_expr_free(), svy_expr_uses_clock(), and svy_expr_uses(): every item whose nodes or
 *  values it can read (`symbol`; a path to a group counts for everything in it when its string value is taken; `across` when the path goes
 *  through other entries than those around the context), without the constants; .plain and .guarded are 0.
 *  Errors: syntax, unknown functions (named, with what to do), wrong numbers of arguments, an unknown instance(). A path that leads nowhere is a warning.
 *  A result that depends on `compat` is an SVY_NOTE that names the divergence.
 *  @return SVY_OK, SVY_E_SYNTAX, SVY_E_NAME, SVY_E_TYPE, SVY_E_LIMIT (64 KiB, nesting 200, 10,000 nodes), SVY_E_NOMEM. */
SVY_API SVY_NODISCARD svy_status svy_xpath_compile(const svy_alloc *alloc, const char *text, size_t len, const svy_xpath_scope *scope,
                                                   const svy_xpath_place *place, svy_diags *diags, svy_expr **out, svy_error *err);
/** 1 when it reads position(), last() or an index of entries: its result can change when entries move. */
SVY_API int svy_xpath_uses_position(const svy_expr *e);
/** 1 when it reads labels in the language of the interview (jr:choice-name(), jr:itext()). */
SVY_API int svy_xpath_uses_labels(const svy_expr *e);

/** Checks bytes from outside so that running them is safe, as svy_code_verify() does for programs of our own language.
 *  @param n_items, n_names, n_trees of the form. @return SVY_OK or SVY_E_FORMAT. */
SVY_API SVY_NODISCARD svy_status svy_xpath_verify(svy_code code, uint32_t n_items, uint32_t n_names, uint32_t n_trees, svy_error *err);

/* ---- running ------------------------------------------------------------------------------------------------------------- */

typedef enum svy_xpath_type { SVY_X_BOOLEAN = 1, SVY_X_NUMBER = 2, SVY_X_TEXT = 3, SVY_X_NODES = 4 } svy_xpath_type;
typedef struct svy_xpath_value {
    svy_xpath_type type;
    double number;           /**< number; boolean 0 or 1; of a text its truth: 0 or 1 */
    const char *text; uint32_t len;
    const svy_node *nodes; uint32_t n_nodes;   /**< in document order, each once; in the order made by randomize() */
} svy_xpath_value;

/** The trees as they are now. Nodes that do not exist (an entry that does not count; in strict and Collect what is not relevant) are not told. */
typedef struct svy_xpath_env {
    void *user;
    /** First child of a node with a name ("@" names are attributes; SVY_NAME_ANY: any element), or following sibling with that name; 1 found. */
    int (*first)(void *user, svy_node of, uint32_t name, svy_node *out);
    int (*next)(void *user, svy_node after, uint32_t name, svy_node *out);
    int (*previous)(void *user, svy_node before, uint32_t name, svy_node *out);
    int (*parent)(void *user, svy_node of, svy_node *out);              /**< 0 for the document */
    uint32_t (*name)(void *user, svy_node of);                          /**< SVY_NAME_NONE for the document */
    const char *(*name_text)(void *user, uint32_t name);                /**< for name(), local-name() */
    /** 1 and the text of a node that has no elements in it ("" when blank or not relevant); 0 when it has elements. Text borrowed until answers change. */
    int (*text)(void *user, svy_node of, const char **text, uint32_t *len);
    int (*compare)(void *user, svy_node a, svy_node b);                 /**< document order within one tree: <0, 0, >0 */
    /** Children `name` of `parent` (in a tree from 1) that have a child `key` with exactly this text: the first (after: NULL) or the one after; 1 found,
     *  0 none, -1 cannot (use first/next). A hash index, so that item[key = 'x'] costs what it finds. */
    int (*find)(void *user, svy_node parent, uint32_t name, uint32_t key, const char *text, size_t len, const svy_node *after, svy_node *out);
    /** Label of the choice `value` of the question at `question`, in the language of the interview; 1 found. */
    int (*choice_label)(void *user, svy_node question, const char *value, size_t len, const char **text, uint32_t *text_len);
    /** A text of the form by its id (jr:itext()); 1 found. */
    int (*itext)(void *user, const char *id, size_t len, const char **text, uint32_t *text_len);
    /** A property of the device or person ("deviceid", "username", ...); 1 found. */
    int (*property)(void *user, const char *name, size_t len, const char **text, uint32_t *text_len);
    const char *version;     /**< of the form, for version() */
    double now;              /**< seconds since 1970-01-01T00:00 in the local time of the interview, with milliseconds */
    int32_t zone_minutes;    /**< local time = UTC + zone */
    uint64_t seed;           /**< random(), uuid(), randomize() without a seed: a function of seed, place of the call, context and `draw` */
    uint64_t draw;           /**< differs for every evaluation that should draw anew */
    const char *current;     /**< value of the node the result is for, for once(); NULL: the text of the context node */
    /** Position of a node among its siblings of the same name, from 1, for who knows it; NULL: previous() is asked until there is none. */
    uint32_t (*position)(void *user, svy_node of);
} svy_xpath_env;

/** Runs a verified program with `context` as context node (and current()). Bounded: 10 million steps, 1 MiB of text, 4 million nodes.
 *  @param value its text and nodes live until the next run with the same scratch, or until the answers change. Not reentrant on one scratch.
 *  @return SVY_OK; SVY_E_VALUE where clients give an error too (a sentence says why: date('2026-02-30') in strict and Collect, ...); SVY_E_LIMIT; SVY_E_NOMEM. */
SVY_API SVY_NODISCARD svy_status svy_xpath_run(svy_code code, const svy_xpath_env *env, svy_node context, svy_scratch *scratch,
                                               svy_xpath_value *value, svy_error *err);
/** A result as boolean, number (NaN) or text, by XPath's rules and those of `compat` that the program was compiled with.
 *  The text lives as the value's; numbers without exponent. */
SVY_API int svy_xpath_boolean(svy_code code, const svy_xpath_env *env, const svy_xpath_value *value);
SVY_API SVY_NODISCARD svy_status svy_xpath_text(svy_code code, const svy_xpath_env *env, svy_scratch *scratch, const svy_xpath_value *value,
                                                const char **text, uint32_t *len, svy_error *err);

SVY_END_DECLS
#endif
