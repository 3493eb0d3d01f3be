/* Writing a form for people: text in lines, through a sink. */
#ifndef SVY_EXCHANGE_SHOW_H
#define SVY_EXCHANGE_SHOW_H
#include "base/buffer.h"
#include <survey/exchange.h>

/* How wrapped text is written. */
typedef struct svyi_wrap {
    unsigned width;              /* columns of a line, indentation included */
    unsigned indent;             /* of the lines after the first */
    unsigned lines;              /* at most; 0: as many as needed. What does not fit is an ellipsis */
    const char *line_end;        /* between lines */
    int html;                    /* 1: & < > " are written as entities */
} svyi_wrap;
/* Adds `text` in lines; the first begins at `column`. Words longer than a line are not cut. @return the column behind the text */
unsigned svyi_wrap_add(svyi_buffer *out, const char *text, unsigned column, const svyi_wrap *how);
unsigned svyi_columns(const char *text);
void svyi_indent(svyi_buffer *out, unsigned columns);

/* Texts of expressions: "" for number 0. */
const char *svyi_rule_text(const svy_form *f, uint32_t rule);
/* The depth of an item below the questionnaire, 0 for what stands directly in it. */
unsigned svyi_item_depth(const svy_form *f, const svy_item *item);
/* Label, or title, of an item. */
const char *svyi_item_label(const svy_form *f, uint32_t item, uint32_t lang);

/* Hands over what the buffer holds and empties it. */
svy_status svyi_hand_over(svyi_buffer *b, const svy_sink *sink, svy_error *err);
#endif
