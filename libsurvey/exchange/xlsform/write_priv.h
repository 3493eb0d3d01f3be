/* What the parts of the XLSForm writer share: the nodes of the record with what is said of them, and the sheets that are made. */
#ifndef SVY_EXCHANGE_XLSFORM_WRITE_PRIV_H
#define SVY_EXCHANGE_XLSFORM_WRITE_PRIV_H
#include "base/buffer.h"
#include "base/map.h"
#include "exchange/xlsform/write.h"
#include "exchange/xml/xml.h"

/* ---- sheets ---- */

typedef struct svyi_xlw_cell { uint32_t row, column; const char *text; } svyi_xlw_cell;
typedef struct svyi_xlw_sheet {
    const char *name;
    svyi_map columns;
    const char **headers; size_t n_headers, headers_capacity;
    svyi_xlw_cell *cells; size_t n_cells, cells_capacity;
    uint32_t n_rows;                       /* without the header */
} svyi_xlw_sheet;

enum { SVYI_OUT_SURVEY, SVYI_OUT_CHOICES, SVYI_OUT_SETTINGS, SVYI_OUT_ENTITIES, SVYI_OUT_EXTERNAL, SVYI_OUT_OSM, SVYI_OUT_SHEETS };

/* ---- the form ---- */

/* An action: set, setgeopoint, recordaudio; where it stands. */
typedef struct svyi_xlw_action { const svyi_xml *x; struct svyi_xlw_node *in; struct svyi_xlw_action *next; } svyi_xlw_action;

typedef struct svyi_xlw_node {
    const svyi_xml *x;                     /* in the record: the template of a repeat if there is one */
    const char *name, *path;
    struct svyi_xlw_node *parent, *first, *last, *next;
    const svyi_xml *bind, *control, *group, *repeat;
    svyi_xlw_action *actions, *last_action; /* that set this node, in document order */
    int in_meta, shared_name, or_other;    /* another node has its name; the text question that "or_other" of the select before it makes */
} svyi_xlw_node;

typedef struct svyi_xlw_language { const char *name; svyi_map texts; } svyi_xlw_language;

/* Children of a list's items that hold the code and the label; items: the path below the instance. */
typedef struct svyi_xlw_refs { const char *value, *label; } svyi_xlw_refs;

typedef struct svyi_xlw {
    svyi_xml_file file;
    svyi_arena arena;
    svy_diags *diags;
    svy_error *err;
    const char *source;
    svyi_xlw_sheet sheets[SVYI_OUT_SHEETS];
    const svyi_xml *model, *body, *itext;
    svyi_xlw_node *root;
    svyi_xlw_node **nodes; size_t n_nodes, nodes_capacity;
    svyi_map by_path, by_name;             /* by_name: UINT32_MAX where several have the name */
    svyi_xlw_language *languages; size_t n_languages;
    const svyi_xml **texts; size_t n_texts, texts_capacity;     /* itext, numbered for the maps of the languages */
    const svyi_xml **instances; size_t n_instances, instances_capacity;
    svyi_map by_instance;
    svyi_map list_refs; const struct svyi_xlw_refs **refs; size_t n_refs, refs_capacity;      /* by list: what a select calls its parts */
    int spaced;                            /* references stand between blanks, as ${name} leaves them */
    int doubles, crowded;                  /* a list has a code twice; too many instances */
    int failed;                            /* out of memory */
} svyi_xlw;

/* A text for `header` in the last row of a sheet; blank texts are left out. */
void svyi_xlw_put(svyi_xlw *w, int sheet, const char *header, const char *text);
void svyi_xlw_row(svyi_xlw *w, int sheet);
svy_status svyi_xlw_save(svyi_xlw *w, const char *path);
void svyi_xlw_clear_sheets(svyi_xlw *w);

char *svyi_xlw_join(svyi_xlw *w, const char *a, const char *b, const char *c);
void svyi_xlw_note(svyi_xlw *w, svy_severity severity, const svyi_xml *x, const char *element, const char *advice, const char *fmt, ...) SVY_PRINTF(6, 7);
/* The text of a leaf, "" when there is none. */
const char *svyi_xlw_content(const svyi_xml *x);

/* Reads record, binds, body and actions into nodes. */
svy_status svyi_xlw_read(svyi_xlw *w);
/* The node that a path names when it stands at `from` (NULL: absolute only); NULL when there is none. */
svyi_xlw_node *svyi_xlw_resolve(svyi_xlw *w, const svyi_xlw_node *from, const char *path, size_t len);
/* An expression with ${name} for paths, trimmed. */
const char *svyi_xlw_expression(svyi_xlw *w, const svyi_xlw_node *from, const char *text);

/* A label, hint, ... with all its languages and media into the last row. `base` is the column. */
void svyi_xlw_text(svyi_xlw *w, int sheet, const svyi_xlw_node *from, const svyi_xml *x, const char *base);
/* The text of an itext id, as svyi_xlw_text. */
void svyi_xlw_itext(svyi_xlw *w, int sheet, const svyi_xlw_node *from, const char *id, const char *base);
/* A message in an attribute: jr:itext('id') or words. */
void svyi_xlw_message(svyi_xlw *w, const svyi_xlw_node *from, const char *value, const char *base);

void svyi_xlw_rows(svyi_xlw *w, const svyi_xlw_node *parent);
/* Type of a question and what belongs to it (list, parameters, filter). */
const char *svyi_xlw_type(svyi_xlw *w, svyi_xlw_node *node);
void svyi_xlw_choices(svyi_xlw *w);
/* Remembers what the first select from a list calls its parts. */
void svyi_xlw_list_refs(svyi_xlw *w, const char *list, const char *value, const char *label);
/* A list made of the items that stand in a control; its name. */
const char *svyi_xlw_inline_list(svyi_xlw *w, svyi_xlw_node *node);
void svyi_xlw_settings(svyi_xlw *w);
#endif
