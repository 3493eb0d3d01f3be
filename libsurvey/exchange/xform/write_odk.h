/* What the parts share that write an XForm again from a questionnaire with ODK's expressions. */
#ifndef SVY_EXCHANGE_XFORM_WRITE_ODK_H
#define SVY_EXCHANGE_XFORM_WRITE_ODK_H
#include "exchange/xform/write.h"

/* The XForm of a form whose expressions are ODK's: record, lists, expressions and actions as they came. */
svy_status svyi_xform_write_odk(const svy_alloc *alloc, const svy_form *form, const char *source, svy_diags *diags, svyi_buffer *out, svy_error *err);

/* ---- xform_write_odk.c ---- */
/* Absolute path of an item's node; NULL when it has none. */
const char *svyi_xo_path(svyi_xform_writer *w, uint32_t item);
/* An expression as an attribute, ${id} as paths. Nothing for rule 0. */
void svyi_xo_rule(svyi_xform_writer *w, const char *name, uint32_t rule);
/* An attribute when the item keeps it: `kept` as it is called there. */
void svyi_xo_kept(svyi_xform_writer *w, uint32_t item, const char *name, const char *kept);
/* The actions that stand in an item; 0: in the model. */
void svyi_xo_sets(svyi_xform_writer *w, uint32_t item);
/* 1 when the item has a text of this role in some language. */
int svyi_xo_has_text(const svyi_xform_writer *w, uint32_t item, svy_role role);
/* Name of the child of a list's items that holds the ids of their labels in itext, NULL when they stand in the items. */
const char *svyi_xo_label_ids(const svyi_xform_writer *w, uint32_t list);

/* ---- xform_write_odk_model.c ---- */
void svyi_xo_itext(svyi_xform_writer *w);
void svyi_xo_trees(svyi_xform_writer *w);
/* ---- xform_write_odk_body.c ---- */
void svyi_xo_body(svyi_xform_writer *w);

#endif
