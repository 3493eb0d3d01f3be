/** The questionnaire: built element by element by a reader, compiled to one sealed block of bytes, opened as a form.
 *
 *  reader (exchange) -> svy_builder -> svy_builder_compile -> bytes ("compiled form") -> svy_form_open -> svy_form
 *
 *  The compile step interprets attributes, compiles expressions, orders what depends on what and runs the static checks. A form is
 *  immutable and borrows its block, so threads may share it. Elements and their attributes: docs/language.md. */
#ifndef SURVEY_QUESTIONNAIRE_H
#define SURVEY_QUESTIONNAIRE_H
#include <survey/codebook.h>
#include <survey/xpath.h>
SVY_BEGIN_DECLS

/** Elements of the language. Values are stored in files: append only. */
typedef enum svy_element {
    SVY_EL_QUESTIONNAIRE = 1, SVY_EL_PARAMETER = 2, SVY_EL_CHOICES = 3, SVY_EL_CHOICE = 4, SVY_EL_SECTION = 5, SVY_EL_QUESTION = 6,
    SVY_EL_GRID = 7, SVY_EL_ROW = 8, SVY_EL_ROSTER = 9, SVY_EL_NOTE = 10, SVY_EL_COMPUTE = 11, SVY_EL_CHECK = 12, SVY_EL_END = 13,
    SVY_EL_PROPERTY = 14, /**< of a choice: one more column of its list */
    SVY_EL_SET = 15,      /**< an action: sets a node when something happens */
    SVY_EL_ITEXT = 16     /**< a text by its id, for jr:itext(); written <text> */
} svy_element;

/** Texts of an element. Values are stored in files: append only. */
typedef enum svy_role {
    SVY_TITLE = 1,        /**< questionnaire, section */
    SVY_DESCRIPTION = 2,  /**< questionnaire */
    SVY_LABEL = 3,        /**< question, grid, row, roster, note, compute, choice, parameter */
    SVY_HINT = 4,
    SVY_INSTRUCTION = 5,  /**< for the interviewer only */
    SVY_TEXT = 6,         /**< check, end: the sentence shown; property: its value */
    SVY_REQUIRED_TEXT = 7,/**< shown when a required answer is missing */
    SVY_GUIDANCE = 8,     /**< more help than the hint, shown on demand */
    SVY_SHORT = 9,        /**< a short label */
    SVY_IMAGE = 10, SVY_BIG_IMAGE = 11, SVY_AUDIO = 12, SVY_VIDEO = 13   /**< file shown or played with the label, by language */
} svy_role;

/* ---- building ------------------------------------------------------------------------------------------------------------ */

typedef struct svy_builder svy_builder;

/** An attribute as it stands in the file, by the name it has in the native XML (relevant, choices, count, that, ...). */
typedef struct svy_attribute { const char *name, *value; int line, column; } svy_attribute;

/** @param source the file, for messages; copied. */
SVY_API SVY_NODISCARD svy_status svy_builder_new(const svy_alloc *alloc, const char *source, svy_builder **out, svy_error *err);
SVY_API void svy_builder_free(svy_builder *b);

/** Adds an element below `parent` (an element number; 0 adds the questionnaire, which comes first, and later elements below it) after those that
 *  are there. Strings are copied.
 *  Readers of other formats use the same attributes. Meaning is checked by svy_builder_compile, which reports by `line`.
 *  @param source NULL for the builder's, else the file of a shared code list.
 *  @param element receives its number (> 0).
 *  @return SVY_OK, SVY_E_LIMIT (200,000 elements, depth 64, 64 attributes, 64 KiB an attribute or a text), SVY_E_VALUE (not UTF-8), SVY_E_NOMEM. */
SVY_API SVY_NODISCARD svy_status svy_builder_add(svy_builder *b, uint32_t parent, svy_element kind, const svy_attribute *attributes, size_t n,
                                                 const char *source, int line, uint32_t *element, svy_error *err);
/** Sets a text in the source language (white space normalised by the reader). */
SVY_API SVY_NODISCARD svy_status svy_builder_text(svy_builder *b, uint32_t element, svy_role role, const char *text, int line, svy_error *err);
/** Adds the translation of one text. `unit`: "ID/label", "ID/hint", "ID/instruction", "ID/title", "ID/text", "ID/check/N" (N from 1 among the
 *  checks of the element; "/check/N" at top level), "LIST/CODE", "/title", "/description"; with expressions="odk" also "ID/guidance", "ID/short",
 *  "ID/required", "ID/image", "ID/big-image", "ID/audio", "ID/video", "LIST/CODE/image" ..., "LIST/CODE#2" (the second choice with that code),
 *  "text/ID", "text/ID/image" .... A unit that does not exist, a source that has
 *  changed since (the text is then shown in the source language) and a lost ${fill} become warnings when compiling.
 *  @param source_text the text it was translated from, "" when the file does not say.
 *  @return SVY_OK, SVY_E_VALUE (not UTF-8, or no language), SVY_E_LIMIT (64 KiB a text), SVY_E_NOMEM. */
SVY_API SVY_NODISCARD svy_status svy_builder_translate(svy_builder *b, const char *lang, const char *unit, const char *source_text,
                                                       const char *target, const char *source, int line, svy_error *err);

/** Adds a tree of XML beside the elements: an instance by its id, or with `id` "" the record: the XML that a submission of this form is made
 *  from (its element names, their order, attributes, first values, first entries of rosters, templates). Called as a walk of the tree: for each
 *  element svy_builder_node, its attributes, its text, its elements, svy_builder_node_end.
 *  Names as they are written ("orx:meta"); `value` NULL: an element, else an attribute of the element that is open. Strings are copied.
 *  @return SVY_OK, SVY_E_LIMIT (4,000,000 nodes, depth 64, 64 MiB of text), SVY_E_VALUE (not UTF-8), SVY_E_STATE, SVY_E_NOMEM. */
SVY_API SVY_NODISCARD svy_status svy_builder_tree(svy_builder *b, const char *id, const char *source, int line, svy_error *err);
/** Says that the tree that was begun last stands in a file of its own, by the name that the questionnaire gives it ("jr://file-csv/places.csv"). */
SVY_API SVY_NODISCARD svy_status svy_builder_tree_file(svy_builder *b, const char *name, svy_error *err);
SVY_API SVY_NODISCARD svy_status svy_builder_node(svy_builder *b, const char *name, const char *value, svy_error *err);
SVY_API SVY_NODISCARD svy_status svy_builder_node_text(svy_builder *b, const char *text, size_t len, svy_error *err);
SVY_API SVY_NODISCARD svy_status svy_builder_node_end(svy_builder *b, svy_error *err);

/** Compiles and checks. Reports ALL problems and warnings to `diags`, each with file, line, element id, what was found, what to do, in the order
 *  of the questionnaire's lines, then of other files. The same input gives the same bytes. Time and memory are linear in the input; the static
 *  checks that try answers (is a question reachable, can a check fail) stop after a fixed amount of work and then say nothing.
 *  @param block receives the compiled form, malloc'd by the builder's allocator (svy_block_free); NULL when there are problems.
 *  @return SVY_OK (perhaps with warnings), SVY_E_INVALID (problems were reported), SVY_E_LIMIT (the block would exceed 2 GiB), SVY_E_NOMEM. */
SVY_API SVY_NODISCARD svy_status svy_builder_compile(svy_builder *b, svy_diags *diags, void **block, size_t *size, svy_error *err);
SVY_API void svy_block_free(const svy_alloc *alloc, void *block, size_t size);

/* ---- the compiled form --------------------------------------------------------------------------------------------------- */

enum {
    SVY_ITEM_REQUIRED = 1u << 0,    /**< required="true"; an expression is in `required` */
    SVY_ITEM_READONLY = 1u << 1,
    SVY_ITEM_SENSITIVE = 1u << 2,
    SVY_ITEM_PAGE_ALL = 1u << 3,    /**< section or roster: its questions share a screen */
    SVY_ITEM_OTHER = 1u << 4,       /**< the text of an other-specify choice, made by the compiler; `of` is the question. The engine takes at most 80 characters */
    SVY_ITEM_ROW = 1u << 5,         /**< a row of a grid; `parent` is the grid */
    SVY_ITEM_OPEN = 1u << 6,        /**< roster without count and for: "is there another?" */
    SVY_ITEM_FOR = 1u << 7          /**< roster with one entry per chosen item of a multiple question */
};

/** One element that stands in the flow (or a parameter). Items are numbered in document order: 0 is the questionnaire, then the parameters, then
 *  the rest; the subtree of item i is i .. end-1. An item's number is also its symbol in expressions. An other-specify text follows its question. */
typedef struct svy_item {
    uint32_t kind;          /**< svy_element: QUESTIONNAIRE PARAMETER SECTION QUESTION GRID ROSTER NOTE COMPUTE END; grid rows are QUESTIONs */
    uint32_t type;          /**< svy_type; SVY_T_NONE when it holds no answer */
    uint32_t parent, end;
    uint32_t roster;        /**< innermost roster around it, 0 when none */
    uint32_t list;          /**< code list, numbered from 1; 0 when none */
    uint32_t flags;
    uint32_t of;            /**< other-specify text: its question; question with one: that text; roster with `for`: the question; else 0 */
    /* expressions, numbered from 1; 0 when none */
    uint32_t relevant, required, preset /**< default */, value /**< compute: value; end: when; roster: count */, filter;
    uint32_t first_check, n_checks;   /**< in the check table */
    uint32_t min, max;      /**< open roster: entries; max 0 = no limit but 10,000 */
    uint32_t line;
    uint32_t first_keep, n_keep;      /**< end: sections whose answers are kept (svy_form_keep); none: all */
} svy_item;

/** A check of a question is evaluated when the question has an answer; one of a roster in each of its entries. */
typedef struct svy_check {
    uint32_t item;          /**< element it stands in: question, section, roster, 0 for the questionnaire */
    uint32_t that;          /**< expression, from 1 */
    uint32_t soft;          /**< 1: can be overridden with a reason */
    uint32_t line;
} svy_check;

enum { SVY_CHOICE_EXCLUSIVE = 1u << 0, SVY_CHOICE_OTHER = 1u << 1 };
typedef struct svy_choice {
    const char *code;
    const char *parent;     /**< "" when none */
    double number;          /**< the code as a number, when the list is numeric */
    uint32_t relevant;      /**< expression, from 1; 0 when none */
    uint32_t flags;
    uint32_t missing;       /**< svy_missing recorded instead of the code; 0 for an ordinary choice */
    int32_t valid_from, valid_to;   /**< days since 1970-01-01; INT32_MIN and INT32_MAX when open */
} svy_choice;

typedef enum svy_order { SVY_ORDER_FIXED = 0, SVY_ORDER_RANDOM = 1, SVY_ORDER_ROTATE = 2 } svy_order;
typedef struct svy_list { const char *id; uint32_t order; uint32_t numeric; uint32_t n_choices; } svy_list;

/** An expression in the form. */
typedef enum svy_purpose {
    SVY_FOR_RELEVANT = 1, SVY_FOR_REQUIRED, SVY_FOR_PRESET, SVY_FOR_VALUE, SVY_FOR_FILTER, SVY_FOR_CHECK, SVY_FOR_CHOICE,
    SVY_FOR_READONLY, SVY_FOR_CHOICES /**< the nodes that are choices */, SVY_FOR_SET /**< owner: the action */, SVY_FOR_OUTPUT /**< in a text */
} svy_purpose;
typedef struct svy_rule {
    svy_code code;
    const char *text;       /**< as written */
    uint32_t owner;         /**< item; for SVY_FOR_CHECK the check, for SVY_FOR_CHOICE the list */
    uint32_t purpose;
    uint32_t rank;          /**< evaluate in this order: whatever an expression depends on has a lower rank */
    uint32_t uses_clock;
    uint32_t uses_position; /**< ODK: its result can change when entries move */
    uint32_t uses_labels;   /**< ODK: reads labels in the language of the interview */
    uint32_t reads_back;    /**< ODK: reads, in other entries or in itself, what has no lower rank: settled by running again, not by order */
} svy_rule;

typedef struct svy_form svy_form;

/** Opens a compiled form. The block may come from outside: everything in it is verified (offsets, texts, programs), in O(size).
 *  @param block borrowed; must outlive the form and be 8-byte aligned.
 *  @return SVY_OK, SVY_E_FORMAT, SVY_E_NOMEM. */
SVY_API SVY_NODISCARD svy_status svy_form_open(const svy_alloc *alloc, const void *block, size_t size, svy_form **out, svy_error *err);
SVY_API void svy_form_free(svy_form *f);

SVY_API const char *svy_form_id(const svy_form *f);
SVY_API const char *svy_form_version(const svy_form *f);
SVY_API uint64_t svy_form_checksum(const svy_form *f);          /**< of the block */
SVY_API uint32_t svy_form_languages(const svy_form *f);         /**< how many; language 0 is the source language */
SVY_API const char *svy_form_language(const svy_form *f, uint32_t lang);   /**< "en" */
/** Number of a language tag, or of its primary subtag ("bg" for "bg-BG"); -1 when the form is not in that language. */
SVY_API int svy_form_find_language(const svy_form *f, const char *tag);

SVY_API uint32_t svy_form_items(const svy_form *f);
SVY_API const svy_item *svy_form_item(const svy_form *f, uint32_t item);
SVY_API const char *svy_form_item_id(const svy_form *f, uint32_t item);   /**< "" when it has none */
SVY_API int svy_form_find(const svy_form *f, const char *id, size_t len, uint32_t *item);   /**< 1 found */
/** A text of an item in a language, in the source language where there is no (valid) translation; "" when there is none. Fills are not replaced. */
SVY_API const char *svy_form_text(const svy_form *f, uint32_t item, svy_role role, uint32_t lang);
SVY_API const char *svy_form_parameter(const svy_form *f, uint32_t item);   /**< value text of a parameter as written, "" for other items */
SVY_API const char *svy_form_outcome(const svy_form *f, uint32_t item);     /**< outcome code of an early end, "" for other items */
SVY_API const char *svy_form_unit(const svy_form *f, uint32_t item);        /**< unit of a question ("hours"), "" when none */
SVY_API const char *svy_form_appearance(const svy_form *f, uint32_t item);  /**< appearance ("search"), "" when none */
SVY_API const uint32_t *svy_form_keep(const svy_form *f, uint32_t item, uint32_t *n);

SVY_API uint32_t svy_form_checks(const svy_form *f);
SVY_API const svy_check *svy_form_check(const svy_form *f, uint32_t check);
SVY_API const char *svy_form_check_text(const svy_form *f, uint32_t check, uint32_t lang);

SVY_API uint32_t svy_form_lists(const svy_form *f);
SVY_API svy_list svy_form_list(const svy_form *f, uint32_t list);          /**< list from 1 */
SVY_API svy_choice svy_form_choice(const svy_form *f, uint32_t list, uint32_t choice);   /**< choice from 0 */
SVY_API const char *svy_form_choice_label(const svy_form *f, uint32_t list, uint32_t choice, uint32_t lang);
SVY_API int svy_form_find_choice(const svy_form *f, uint32_t list, const char *code, size_t len, uint32_t *choice);   /**< 1 found; O(log n) */
/** Choices that fit what was typed: first those whose code, or a word of whose label (in `lang` or the source language), starts with it, then
 *  those that contain it; accents, case and script are ignored (Latin typing of Cyrillic). @return how many were found; at most `size` are stored. */
SVY_API uint32_t svy_form_search(const svy_form *f, uint32_t list, uint32_t lang, const char *typed, size_t len, uint32_t *choices, uint32_t size);
/** 1 when what was typed is all of the choice's code, or of its label in `lang` or the source language; accents, case and script are ignored. */
SVY_API int svy_form_choice_is(const svy_form *f, uint32_t list, uint32_t choice, uint32_t lang, const char *typed, size_t len);

SVY_API uint32_t svy_form_rules(const svy_form *f);
SVY_API svy_rule svy_form_rule(const svy_form *f, uint32_t rule);          /**< rule from 1 */
/** Rules that read the answer of an item, by rank. */
SVY_API const uint32_t *svy_form_dependents(const svy_form *f, uint32_t item, uint32_t *n);

/* ---- forms with ODK's expressions (expressions="odk") ---------------------------------------------------------------------- */

/** 1 when the form's expressions are ODK's: its rules are programs of survey/xpath.h, run over nodes. */
SVY_API int svy_form_is_odk(const svy_form *f);
SVY_API svy_compat svy_form_compat(const svy_form *f);

/** Names of nodes, numbered from 0 (the root element's) to n-1; attributes begin with "@". */
SVY_API uint32_t svy_form_names(const svy_form *f);
SVY_API const char *svy_form_name(const svy_form *f, uint32_t name);

/** What an item of such a form has besides svy_item. Rules from 1, 0 when none. There svy_item.value is a question's or compute's calculation,
 *  and a roster's count; first_check the constraint; `list` the list of the choices when they all come from one, else 0. */
typedef struct svy_odk_item {
    uint32_t name;          /**< of its node; SVY_NAME_NONE: it has none (a group of the body without a node) */
    uint32_t readonly;      /**< rule */
    uint32_t choices;       /**< rule: the nodes that are the choices; 0: those of the list */
    uint32_t code_name, label_name;   /**< of the child elements that hold code and label of such a choice; SVY_NAME_NONE: its own text */
    uint32_t flags;         /**< SVY_ODK_... */
    uint32_t preload;       /**< text "timestamp start", "date today", "property deviceid", "uid"; 0 when none: svy_form_string() */
    uint32_t bind_type;     /**< text: the type as the bind says ("int", "geopoint"), 0 when none */
    uint32_t record;        /**< its first node in the record (number in tree 0's node table), UINT32_MAX when none */
    uint32_t first_set, n_sets;       /**< actions that stand in it */
} svy_odk_item;
enum { SVY_ODK_FIXED = 1u << 0 /**< roster: entries cannot be added or removed by hand */, SVY_ODK_ATTRIBUTE = 1u << 1 /**< the node is an attribute */,
       SVY_ODK_TEMPLATE = 1u << 2 /**< roster: the record holds a template */, SVY_ODK_LABEL_TEXT = 1u << 3 /**< labels of choices are ids of texts (jr:itext) */ };
SVY_API const svy_odk_item *svy_form_odk_item(const svy_form *f, uint32_t item);
SVY_API const char *svy_form_string(const svy_form *f, uint32_t text);

/** An action: when the event happens at the item it stands in, the target gets the value. */
enum { SVY_ON_FIRST_LOAD = 1u << 0, SVY_ON_LOAD = 1u << 1, SVY_ON_CHANGE = 1u << 2, SVY_ON_NEW_ENTRY = 1u << 3 };
typedef struct svy_set { uint32_t item, target, on, rule; } svy_set;     /**< rule 0: the target is cleared. Context of the rule: the target's node */
SVY_API uint32_t svy_form_sets(const svy_form *f);
SVY_API const svy_set *svy_form_set(const svy_form *f, uint32_t set);

/** The trees: 0 is the record, then the instances. Nodes in document order; attributes follow their element, before its elements. */
typedef struct svy_tree_node { uint32_t name, parent /**< UINT32_MAX: none */, end /**< behind its subtree */, text; } svy_tree_node;
SVY_API uint32_t svy_form_trees(const svy_form *f);
SVY_API const char *svy_form_tree_id(const svy_form *f, uint32_t tree);
SVY_API const svy_tree_node *svy_form_tree(const svy_form *f, uint32_t tree, uint32_t *n_nodes);
/** The file that an instance came from, by the name that the questionnaire gives it; "" when it stands in the questionnaire. */
SVY_API const char *svy_form_tree_file(const svy_form *f, uint32_t tree);
/** The list that an instance was made from (its item elements are the list's choices in order), 0 when none. */
SVY_API uint32_t svy_form_tree_list(const svy_form *f, uint32_t tree);
/** An ${expression} of a text shown at `item` (a choice's label: at the question): the rule for it, as written between the braces; 0 when there is none. */
SVY_API uint32_t svy_form_find_output(const svy_form *f, uint32_t item, const char *text, size_t len);
/** Replaces each ${expression} of a text by what `get` writes for its rule. @return as svy_form_fill(). */
SVY_API size_t svy_form_fill_outputs(const svy_form *f, uint32_t item, const char *text,
                                     size_t (*get)(void *user, uint32_t rule, char *out, size_t size), void *user, char *out, size_t size);
/** A text of the form by its id (jr:itext()), NULL when there is none. Role SVY_LABEL: the text itself; "" when it has no such role. */
SVY_API const char *svy_form_itext(const svy_form *f, const char *id, size_t len, svy_role role, uint32_t lang);
/** A further attribute of an item ("start", "end", "step", "rows", "max-pixels", "odk-..."), or of the questionnaire (item 0: "style",
 *  "submission-url", ...), as written; "" when it has none. */
SVY_API const char *svy_form_attribute(const svy_form *f, uint32_t item, const char *name);
/** All of these: how many an item has, and the name and value of one (from 0). An action that is not carried out is among them: name "action", value
 *  "geopoint ID EVENTS" with the id of its target and events as in svy_form_set(): "first-load change". */
SVY_API uint32_t svy_form_attributes(const svy_form *f, uint32_t item);
SVY_API const char *svy_form_attribute_at(const svy_form *f, uint32_t item, uint32_t number, const char **value);
/** Texts by their ids: how many there are, and the id of one (from 0). */
SVY_API uint32_t svy_form_itexts(const svy_form *f);
SVY_API const char *svy_form_itext_id(const svy_form *f, uint32_t number);
/** Any text of a choice: its label, or the files shown with it. "" when there is none. */
SVY_API const char *svy_form_choice_text(const svy_form *f, uint32_t list, uint32_t choice, svy_role role, uint32_t lang);

/** The files that the form shows or plays (pictures, sound, film), of every item, choice and text in every language, as it names them ("jr://images/map.png"). One may
 *  come several times. */
SVY_API void svy_form_media(const svy_form *f, void (*each)(void *user, const char *named), void *user);

/** Replaces ${id} in a text by what `get` writes for that item. @return bytes needed without the NUL; writes at most `size`. */
SVY_API size_t svy_form_fill(const svy_form *f, const char *text, size_t (*get)(void *user, uint32_t item, char *out, size_t size), void *user,
                             char *out, size_t size);

SVY_END_DECLS
#endif
