/* What the parts of the XForm writer share. */
#ifndef SVY_EXCHANGE_XFORM_WRITE_H
#define SVY_EXCHANGE_XFORM_WRITE_H
#include "base/arena.h"
#include "base/buffer.h"
#include "base/error.h"
#include "base/map.h"
#include "expr/to_xpath.h"
#include <survey/exchange.h>

typedef struct svyi_xform_writer {
    svy_alloc alloc;
    const svy_form *form;
    const char *source;
    svy_diags *diags;
    svy_error *err;
    svyi_arena arena;
    svyi_buffer out;
    svyi_buffer part;                 /* an expression or text being made */
    const char **names;               /* of nodes, by item */
    unsigned char *labelled;          /* by item: a text mentions the label of its answer, which a node NAME_label works out: Enketo's engine knows jr:choice-name() there, not in a text */
    const char *const *parameters; size_t n_parameters;   /* values in force: id, value, ... (n pairs) */
    svyi_map *text_ids;               /* texts that the translation at hand has, while an XForm is written again */
    unsigned unsaid;                  /* questions that could be refused */
    int failed;
} svyi_xform_writer;

/* ---- xform_write.c ---- */
/* The XForm of a questionnaire. What ODK clients will not do is reported as a warning, what has no place there as a note. */
svy_status svyi_xform_write(const svy_alloc *alloc, const svy_form *form, const char *source, svy_diags *diags, svyi_buffer *out, svy_error *err);
/* The same with other values of parameters than the questionnaire's own: id, value, ... (n pairs). */
svy_status svyi_xform_write_set(const svy_alloc *alloc, const svy_form *form, const char *const *parameters, size_t n, const char *source, svy_diags *diags,
                                svyi_buffer *out, svy_error *err);

/* ---- xform_write_text.c: pieces of XML and of texts ---- */
/* Takes back what was added behind `len`. */
void svyi_xfw_cut(svyi_buffer *b, size_t len);
void svyi_xfw_escaped(svyi_buffer *out, const char *text, size_t len);
void svyi_xfw_attribute(svyi_buffer *out, const char *name, const char *value);
/* A text of the form as content: fills become <output/>. `item` is the context. */
void svyi_xfw_content(svyi_xform_writer *w, uint32_t item, const char *text);
/* Sentences that are the client's, not the questionnaire's, in the language of a translation. */
typedef enum svyi_xfw_sentence { SVYI_XFW_YES, SVYI_XFW_NO, SVYI_XFW_ALONE } svyi_xfw_sentence;
const char *svyi_xfw_sentence_in(svyi_xfw_sentence which, const char *lang);

/* ---- xform_write_rule.c: expressions as XPath ---- */
svyi_xpath_form svyi_xfw_paths(svyi_xform_writer *w, uint32_t item, const char *self);
/* The path of an item's node as a text in the arena; absolute. */
const char *svyi_xfw_path(svyi_xform_writer *w, uint32_t item);
/* Appends a rule as XPath for the node of `item`. 1, or 0 after reporting that ODK clients will not follow it. */
int svyi_xfw_rule(svyi_xform_writer *w, uint32_t rule, uint32_t item, const char *self, svyi_buffer *out);
/* The same for an expression on the choice at hand. */
int svyi_xfw_choice_rule(svyi_xform_writer *w, uint32_t rule, uint32_t item, svyi_buffer *out);
/* Relevance of an item with the early ends before it; empty when it is always asked. */
void svyi_xfw_relevance(svyi_xform_writer *w, uint32_t item, svyi_buffer *out);
void svyi_xfw_report(svyi_xform_writer *w, svy_severity severity, uint32_t item, const char *advice, const char *fmt, ...) SVY_PRINTF(5, 6);

/* ---- xform_write_model.c, xform_write_bind.c, xform_write_body.c ---- */
void svyi_xfw_record(svyi_xform_writer *w);
void svyi_xfw_itext(svyi_xform_writer *w);
void svyi_xfw_instances(svyi_xform_writer *w);
void svyi_xfw_binds(svyi_xform_writer *w);
void svyi_xfw_defaults(svyi_xform_writer *w);       /* setvalue actions */
void svyi_xfw_body(svyi_xform_writer *w);

/* What items are there. */
int svyi_xfw_is_note_check(const svyi_xform_writer *w, const svy_check *c);    /* shown as a note: soft, or across questions */
/* "age_check_1": the node of a check that is shown as a note. */
const char *svyi_xfw_check_name(svyi_xform_writer *w, uint32_t check);
const char *svyi_xfw_join(svyi_xform_writer *w, const char *a, const char *b);
/* A default that is a value as it stands, not an expression. */
int svyi_xfw_literal_default(const svyi_xform_writer *w, uint32_t item);
int svyi_xfw_has_node(const svyi_xform_writer *w, uint32_t item);

#endif
