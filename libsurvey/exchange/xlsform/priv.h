/* What the parts of the XLSForm converter share: rows as dictionaries, the tree of the form, choice lists, texts by language. */
#ifndef SVY_EXCHANGE_XLSFORM_PRIV_H
#define SVY_EXCHANGE_XLSFORM_PRIV_H
#include "base/map.h"
#include "exchange/xlsform/xlsform.h"

/* A text, or texts by key (language, attribute, kind of media); both NULL: nothing. */
typedef struct xlsform_value { const char *text; struct xlsform_dict *dict; } xlsform_value;
typedef struct xlsform_entry { const char *key; xlsform_value value; struct xlsform_entry *next; } xlsform_entry;
/* In the order of the columns. Small: looked through from the front. */
typedef struct xlsform_dict { xlsform_entry *first, *last; } xlsform_dict;

typedef enum xlsform_kind {
    XLSFORM_ROOT, XLSFORM_GROUP, XLSFORM_REPEAT, XLSFORM_LOOP, XLSFORM_QUESTION, XLSFORM_EXTERNAL,
    XLSFORM_ENTITY, XLSFORM_ATTRIBUTE, XLSFORM_ENTITY_LABEL
} xlsform_kind;

typedef enum xlsform_event { XLSFORM_FIRST_LOAD, XLSFORM_LOAD, XLSFORM_NEW_REPEAT } xlsform_event;

/* Something that is done at an event: setvalue, odk:setgeopoint, odk:recordaudio. */
typedef struct xlsform_action {
    const char *name, *value, *quality;
    xlsform_event event;
    struct xlsform_action *next;
} xlsform_action;

typedef struct xlsform_name { const char *text; struct xlsform_name *next; } xlsform_name;

/* What a question does when another one, its trigger, changes. */
typedef struct xlsform_triggered { struct xlsform_element *element; const char *value; struct xlsform_triggered *next; } xlsform_triggered;

typedef struct xlsform_choice {
    int row;
    const char *name, *sms_option;
    xlsform_value label;
    xlsform_dict *media, *extra;
    xlsform_dict *cells;                  /* all of them, for loops */
    struct xlsform_choice *next;
} xlsform_choice;

typedef struct xlsform_choices {
    const char *name;
    xlsform_choice *first, *last;
    uint32_t n;
    int translated;                       /* labels are in itext */
    int searched;                         /* used by search(): stands in the body, not in an instance */
    int other, none;                      /* has the choice that or_other, or add_none_option, adds */
} xlsform_choices;

/* Lists by name in the order of their first rows. */
typedef struct xlsform_lists { xlsform_choices **lists; size_t capacity; uint32_t n; svyi_map names; } xlsform_lists;

typedef struct xlsform_element {
    xlsform_kind kind;
    int row;
    const char *name, *type;
    xlsform_value label, hint, guidance;
    xlsform_dict *bind, *control, *media, *instance, *parameters;
    const char *default_value, *choice_filter, *query, *itemset, *list_name, *loop_list, *value;
    xlsform_choices *inline_choices;      /* of a select: the list as its row named it */
    xlsform_choices *tags;                /* osm */
    xlsform_name *triggers;
    xlsform_triggered *sets, *sets_last, *locates, *locates_last;   /* questions whose trigger this one is */
    xlsform_action *actions;
    int dynamic_default, flat, bodyless;
    int bare_media;                       /* the column media says something, but not of which kind */
    const char *path;                     /* absolute; made when asked for */
    struct xlsform_entity *entity, *reserved;   /* that stands in this container; that its save_tos keep it for */
    struct xlsform_element *parent, *first, *last, *next;
} xlsform_element;

/* A column of a sheet: its header in parts. */
typedef struct xlsform_column {
    const char *header;
    const char *tokens[5];
    unsigned n;
    int known;                            /* a column of XLSForm */
} xlsform_column;

typedef struct xlsform_sheet {
    const svyi_sheet *sheet;              /* NULL: the workbook has none */
    const char *name;                     /* of XLSForm: "survey" */
    xlsform_column *columns;              /* as many as sheet->n_columns; n is 0 where the header is blank */
    uint32_t rows;                        /* under the header */
} xlsform_sheet;

typedef struct xlsform_texts xlsform_texts;
typedef struct xlsform_entities xlsform_entities;

typedef struct xlsform {
    const svyi_workbook *workbook;
    const char *source;
    svy_diags *diags;
    svy_error *err;
    svyi_arena arena;
    int nomem;
    svy_status limit;                     /* SVY_E_LIMIT: reported in err */
    unsigned problems;
    xlsform_sheet survey, choices_sheet, settings_sheet, entities_sheet, external_sheet, osm_sheet;
    xlsform_dict *settings;
    const char *default_language, *name, *title, *id, *entities_version;
    xlsform_lists choices, external, osm;
    svyi_map names;                       /* every name of the survey sheet: how often, at most 2 */
    svyi_map elements;                    /* name: index in by_name, 0 where several have it */
    xlsform_element **by_name; size_t by_name_capacity; uint32_t n_by_name;
    xlsform_element *root;
    xlsform_entities *entities;
    xlsform_texts *texts;
    svyi_map instances;                   /* id: index in sources + 1 */
    const char **sources; size_t sources_capacity; uint32_t n_sources;
    int strip, or_other;
    uint32_t copies;
} xlsform;

/* ---- xlsform_value.c: memory, texts, dictionaries, reports */
int svyi_xlsform_failed(const xlsform *x);                 /* out of memory or over a limit: no use to go on */
void *svyi_xlsform_get(xlsform *x, size_t size);           /* zeroed; NULL when out of memory */
const char *svyi_xlsform_text(xlsform *x, const char *text, size_t len);   /* a copy; "" when out of memory */
const char *svyi_xlsform_format(xlsform *x, const char *fmt, ...) SVY_PRINTF(2, 3);
xlsform_dict *svyi_xlsform_dict_new(xlsform *x);
xlsform_value *svyi_xlsform_dict_find(const xlsform_dict *d, const char *key);   /* d may be NULL */
const char *svyi_xlsform_dict_text(const xlsform_dict *d, const char *key);      /* NULL: not there, or not a text */
void svyi_xlsform_dict_put(xlsform *x, xlsform_dict **d, const char *key, const char *text);  /* makes *d, replaces */
void svyi_xlsform_dict_set(xlsform *x, xlsform_dict **d, const char *key, xlsform_value value);
void svyi_xlsform_dict_remove(xlsform_dict *d, const char *key);
xlsform_dict *svyi_xlsform_dict_copy(xlsform *x, const xlsform_dict *d);         /* of this level; NULL for NULL */
/* Puts a text at a path of keys; a text that was there alone becomes that of the default language. */
void svyi_xlsform_dict_path(xlsform *x, xlsform_dict *d, const char *const *keys, unsigned n, const char *text, const char *language);
int svyi_xlsform_is_there(const xlsform_value *v);         /* neither blank nor empty */
int svyi_xlsform_yes_no(const char *text);                 /* 1 yes, 0 no, -1 neither; NULL is -1 */
void svyi_xlsform_problem(xlsform *x, const char *sheet, int row, const char *advice, const char *fmt, ...) SVY_PRINTF(5, 6);
void svyi_xlsform_warn(xlsform *x, const char *sheet, int row, const char *advice, const char *fmt, ...) SVY_PRINTF(5, 6);
void svyi_xlsform_note(xlsform *x, const char *sheet, int row, const char *advice, const char *fmt, ...) SVY_PRINTF(5, 6);

/* ---- xlsform_sheet.c: headers and rows */
void svyi_xlsform_sheet_open(xlsform *x, xlsform_sheet *s, const char *name);
void svyi_xlsform_sheet_headers(xlsform *x, xlsform_sheet *s);
int svyi_xlsform_sheet_has(const xlsform_sheet *s, const char *token);      /* a column that begins with it */
const char *svyi_xlsform_cell(const xlsform_sheet *s, uint32_t row, uint32_t column);   /* row from 0, under the header */
xlsform_dict *svyi_xlsform_row(xlsform *x, const xlsform_sheet *s, uint32_t row, const char *language, int strip);  /* NULL: blank */

/* ---- xlsform_header.c */
void svyi_xlsform_header(xlsform *x, const char *sheet, const char *header, int double_colon, xlsform_column *out);

/* ---- xlsform_tables.c: names XLSForm knows */
typedef struct xlsform_type {
    const char *name, *tag, *media_type, *bind_type, *preload, *parameter, *constraint, *hint;
    int readonly;
} xlsform_type;
const xlsform_type *svyi_xlsform_type(const char *name);
const char *svyi_xlsform_type_alias(const char *name);
/* "begin group", "end_repeat": the kind; `list` the rest of a begin. 0 when it is none. */
int svyi_xlsform_begin(const char *type, xlsform_kind *kind, const char **list);
int svyi_xlsform_end(const char *type, xlsform_kind *kind);
typedef struct xlsform_select { const char *type; const char *list; size_t list_len; int other, from_file, external; const char *command; } xlsform_select;
int svyi_xlsform_select(const char *type, xlsform_select *out);
const char *svyi_xlsform_kind_name(xlsform_kind kind);

/* ---- xlsform_expression.c: names, references, tokens */
uint32_t svyi_xlsform_letter(const char *text, size_t *len);   /* the first, and its bytes; 0 at the end */
size_t svyi_xlsform_ncname(const char *text);              /* bytes of the name at the start */
int svyi_xlsform_is_name(const char *text);                /* a name with at most one prefix, and nothing else */
/* The next ${name} at or after *at: 1 found, 0 none, -1 one that is not well formed. `*at` goes behind it. */
typedef struct xlsform_reference { size_t start, end, name, name_len; int last_saved; } xlsform_reference;
int svyi_xlsform_next_reference(const char *text, size_t *at, xlsform_reference *out);
int svyi_xlsform_has_reference(const char *text);          /* the first is well formed */
int svyi_xlsform_is_reference(const char *text);           /* one and nothing else */
int svyi_xlsform_has_last_saved(const char *text);
int svyi_xlsform_is_dynamic(const char *value, const char *type);
/* Where instance(...) expressions stand in a text: pairs of offsets; returns how many, at most `max` are written. */
size_t svyi_xlsform_instance_bounds(const char *text, size_t bounds[][2], size_t max);

/* ---- xlsform_settings.c, xlsform_choices.c */
void svyi_xlsform_read_settings(xlsform *x);
void svyi_xlsform_read_lists(xlsform *x);
xlsform_choices *svyi_xlsform_list(const xlsform_lists *lists, const char *name, size_t len);
int svyi_xlsform_add_other(xlsform *x, xlsform_choices *list);
void svyi_xlsform_finish_lists(xlsform *x);                /* which need itext */

/* ---- xlsform_rows.c, xlsform_question.c, xlsform_select.c: the survey sheet becomes a tree */
typedef struct xlsform_rows xlsform_rows;
void svyi_xlsform_read_survey(xlsform *x);
xlsform_element *svyi_xlsform_element(xlsform *x, xlsform_element *parent, xlsform_kind kind, const char *type, const char *name, int row);
xlsform_element *svyi_xlsform_meta(xlsform *x, xlsform_element *parent);
void svyi_xlsform_fill(xlsform *x, xlsform_element *e, const xlsform_dict *cells);   /* what a row says of an element */
void svyi_xlsform_apply_type(xlsform *x, xlsform_element *e);
void svyi_xlsform_add_action(xlsform *x, xlsform_element *e, const char *name, xlsform_event event, const char *value);
xlsform_dict *svyi_xlsform_parameters(xlsform *x, const char *text, int row, int *ok);
int svyi_xlsform_accepts(xlsform *x, const xlsform_dict *parameters, const char *const *accepted, int row);
int svyi_xlsform_is_integer(const char *text, long *out);
int svyi_xlsform_is_number(const char *text);
/* xlsform_groups.c */
int svyi_xlsform_in_repeat(const xlsform_element *container);
int svyi_xlsform_once(xlsform *x, svyi_map *map, const char *key, uint32_t value);   /* 1: was not in the map yet */
void svyi_xlsform_count_name(xlsform *x, const char *name);
int svyi_xlsform_check_name(xlsform_rows *r, const char *name, int row);
int svyi_xlsform_open_group(xlsform_rows *r, xlsform_element *e);
void svyi_xlsform_close_group(xlsform_rows *r);
void svyi_xlsform_begin_group(xlsform_rows *r, xlsform_kind kind, const char *list, const char *name, xlsform_dict *cells, int row);
void svyi_xlsform_end_group(xlsform_rows *r, xlsform_kind kind, int row);
int svyi_xlsform_common(xlsform_rows *r, xlsform_element *e, const xlsform_dict *cells);   /* default and trigger; 0: reported */
/* One question of any type but select: 0 when it was reported. */
int svyi_xlsform_question(xlsform_rows *r, xlsform_element *e, xlsform_dict *parameters);
int svyi_xlsform_audit(xlsform *x, xlsform_element *e, const xlsform_dict *parameters);
int svyi_xlsform_range(xlsform *x, xlsform_element *e, xlsform_dict *parameters);
int svyi_xlsform_geo(xlsform_rows *r, xlsform_element *e, const xlsform_dict *parameters);
int svyi_xlsform_select_row(xlsform_rows *r, const xlsform_select *select, xlsform_dict *cells, xlsform_dict *parameters, int row);

/* ---- xlsform_tree.c: loops, checks of the whole, triggers */
void svyi_xlsform_expand_loops(xlsform *x, xlsform_element *section);
void svyi_xlsform_flatten(xlsform *x, xlsform_element *section, const char *relevant);
void svyi_xlsform_check_tree(xlsform *x);
xlsform_element *svyi_xlsform_next(const xlsform_element *e, const xlsform_element *top);   /* in document order */
const char *svyi_xlsform_path(xlsform *x, xlsform_element *e);

/* ---- xlsform_entities.c */
void svyi_xlsform_read_entities(xlsform *x);
void svyi_xlsform_clear_entities(xlsform *x);
/* A row of the survey sheet that saves to an entity or that entities refer to. 0 when it was reported. */
int svyi_xlsform_entity_row(xlsform *x, xlsform_element *container, xlsform_dict *bind, const char *name, int row, int is_container);
void svyi_xlsform_entity_updates(xlsform *x, const svyi_map *instances);
int svyi_xlsform_is_entity(xlsform *x, const char *dataset);
void svyi_xlsform_place_entities(xlsform *x);

/* ---- xlsform_reference.c */
const char *svyi_xlsform_resolve(xlsform *x, const char *text, xlsform_element *context, int use_current, int reference_parent);
/* XML content of a text: references and instance() expressions as <output>; *changed 0 when there were none. Markup is escaped. */
const char *svyi_xlsform_content(xlsform *x, const char *text, xlsform_element *context, int *changed);
void svyi_xlsform_check_references(xlsform *x);
xlsform_element *svyi_xlsform_find(const xlsform *x, const char *name, size_t len, int *several);

/* ---- xlsform_texts.c: itext */
void svyi_xlsform_collect_texts(xlsform *x);
void svyi_xlsform_clear_texts(xlsform *x);
uint32_t svyi_xlsform_languages(const xlsform *x);
const char *svyi_xlsform_language(const xlsform *x, uint32_t i);
void svyi_xlsform_write_texts(xlsform *x, svyi_buffer *out);
int svyi_xlsform_needs_itext(const xlsform_element *e);
const char *svyi_xlsform_text_id(xlsform *x, xlsform_element *e, const char *what);

/* ---- xlsform_markup.c, xlsform_model.c, xlsform_body.c, xlsform_instances.c */
void svyi_xlsform_escape(svyi_buffer *out, const char *text, int attribute);
void svyi_xlsform_attribute(xlsform *x, svyi_buffer *out, const char *name, const char *value);
void svyi_xlsform_attributes(xlsform *x, svyi_buffer *out, const xlsform_dict *d);
void svyi_xlsform_write_content(xlsform *x, svyi_buffer *out, const char *text, xlsform_element *context);
void svyi_xlsform_write_action(xlsform *x, svyi_buffer *out, xlsform_element *e, const xlsform_action *a);
void svyi_xlsform_write_instances(xlsform *x, svyi_buffer *out);
void svyi_xlsform_write_model(xlsform *x, svyi_buffer *out);
void svyi_xlsform_write_body(xlsform *x, svyi_buffer *out);
int svyi_xlsform_prefix_known(const xlsform *x, const char *name);
void svyi_xlsform_write_namespaces(xlsform *x, svyi_buffer *out);

/* ---- xlsform_check.c: what is worth a warning or a note */
void svyi_xlsform_check_sheets(xlsform *x);
void svyi_xlsform_check_columns(xlsform *x);
void svyi_xlsform_check_languages(xlsform *x);
const char *svyi_xlsform_similar_sheet(xlsform *x, const char *name);   /* NULL when there is none */

/* State of a walk over the survey sheet. */
struct xlsform_rows {
    xlsform *x;
    xlsform_element *container;           /* open group, repeat, loop; the root */
    struct xlsform_open { xlsform_element *element; svyi_map names, lower; struct xlsform_open *outer; } *open;
    int table_list;                       /* 1: the next select begins one; 2: `table` is its list */
    const char *table;
    xlsform_element *meta;                /* audit, instanceID, ...: not in the tree yet */
    svyi_map questions, repeats, secondary;   /* names; of secondary instances: 1 has a file */
    xlsform_element **triggered; size_t triggered_capacity; uint32_t n_triggered;
    struct { const char *target; int row; } *geometry; size_t geometry_capacity; uint32_t n_geometry;
};
#endif
