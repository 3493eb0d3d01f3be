/* What the parts of the XLSForm writer share: the nodes of the record with what is said of them, and the sheets that are made. */
#ifndef SVY_EXCHANGE_XLSFORM_WRITE_PRIV_H
#define SVY_EXCHANGE_XLSFORM_WRITE_PRIV_H
#include "base/buffer.h"
#include "base/map.h"
#include "exchange/xlsform_write.h"
#include "exchange/xml.h"

/* ---- sheets ---- */

typedef struct svyi_sheet_cell { uint32_t row, column; const char *text; } svyi_sheet_cell;
typedef struct svyi_sheet_out {
    const char *name;
    svyi_map columns;
    const char **headers; size_t n_headers, headers_capacity;
    svyi_sheet_cell *cells; size_t n_cells, cells_capacity;
    uint32_t n_rows;                       /* without the header */
} svyi_sheet_out;

enum { SVYI_OUT_SURVEY, SVYI_OUT_CHOICES, SVYI_OUT_SETTINGS, SVYI_OUT_ENTITIES, SVYI_OUT_EXTERNAL, SVYI_OUT_OSM, SVYI_OUT_SHEETS };

/* ---- the form ---- */

/* An action: set, setgeopoint, recordaudio; where it stands. */
typedef struct svyi_xw_action { const svyi_xml *x; struct svyi_xw_node *in; struct svyi_xw_action *next; } svyi_xw_action;

typedef struct svyi_xw_node {
    const svyi_xml *x;                     /* in the record: the template of a repeat if there is one */
    const char *name, *path;
    struct svyi_xw_node *parent, *first, *last, *next;
    const svyi_xml *bind, *control, *group, *repeat;
    svyi_xw_action *actions;               /* that set this node, in document order */
    int in_meta, shared_name, or_other;    /* another node has its name; the text question that "or_other" of the select before it makes */
} svyi_xw_node;

typedef struct svyi_xw_language { const char *name; svyi_map texts; } svyi_xw_language;

typedef struct svyi_xw {
    svyi_xml_file file;
    svyi_arena arena;
    svy_diags *diags;
    svy_error *err;
    const char *source;
    svyi_sheet_out sheets[SVYI_OUT_SHEETS];
    const svyi_xml *model, *body, *itext;
    svyi_xw_node *root;
    svyi_xw_node **nodes; size_t n_nodes, nodes_capacity;
    svyi_map by_path, by_name;             /* by_name: UINT32_MAX where several have the name */
    svyi_xw_language *languages; size_t n_languages;
    const svyi_xml **texts; size_t n_texts, texts_capacity;     /* itext, numbered for the maps of the languages */
    const svyi_xml **instances; size_t n_instances, instances_capacity;
    svyi_map by_instance;
    int spaced;                            /* references stand between blanks, as ${name} leaves them */
    int failed;                            /* out of memory */
} svyi_xw;

/* A text for `header` in the last row of a sheet; blank texts are left out. */
void svyi_xw_put(svyi_xw *w, int sheet, const char *header, const char *text);
void svyi_xw_row(svyi_xw *w, int sheet);
svy_status svyi_xw_save(svyi_xw *w, const char *path);
void svyi_xw_clear_sheets(svyi_xw *w);

char *svyi_xw_join(svyi_xw *w, const char *a, const char *b, const char *c);
void svyi_xw_note(svyi_xw *w, svy_severity severity, const svyi_xml *x, const char *element, const char *advice, const char *fmt, ...) SVY_PRINTF(6, 7);
/* The text of a leaf, "" when there is none. */
const char *svyi_xw_content(const svyi_xml *x);
/* Name with its prefix: "orx:meta". */
int svyi_xw_is(const svyi_xml *x, const char *name);

/* Reads record, binds, body and actions into nodes. */
svy_status svyi_xw_read(svyi_xw *w);
/* The node that a path names when it stands at `from` (NULL: absolute only); NULL when there is none. */
svyi_xw_node *svyi_xw_resolve(svyi_xw *w, const svyi_xw_node *from, const char *path, size_t len);
/* An expression with ${name} for paths, trimmed. */
const char *svyi_xw_expression(svyi_xw *w, const svyi_xw_node *from, const char *text);

/* A label, hint, ... with all its languages and media into the last row. `base` is the column. */
void svyi_xw_text(svyi_xw *w, int sheet, const svyi_xw_node *from, const svyi_xml *x, const char *base);
/* The text of an itext id, as svyi_xw_text. */
void svyi_xw_itext(svyi_xw *w, int sheet, const svyi_xw_node *from, const char *id, const char *base);
/* A message in an attribute: jr:itext('id') or words. */
void svyi_xw_message(svyi_xw *w, const svyi_xw_node *from, const char *value, const char *base);

void svyi_xw_rows(svyi_xw *w, const svyi_xw_node *parent);
/* Type of a question and what belongs to it (list, parameters, filter). */
const char *svyi_xw_type(svyi_xw *w, svyi_xw_node *node);
void svyi_xw_choices(svyi_xw *w);
/* A list made of the items that stand in a control; its name. */
const char *svyi_xw_inline_list(svyi_xw *w, svyi_xw_node *node);
void svyi_xw_settings(svyi_xw *w);
#endif
