/* What the two halves of writing XPath share. */
#ifndef SVY_TO_XPATH_PRIVATE_H
#define SVY_TO_XPATH_PRIVATE_H
#include "expr/expr_priv.h"
#include "expr/to_xpath.h"

/* A loop over entries that is being written as a predicate: the context node is the roster's. */
typedef struct svyi_x_loop { uint32_t roster; const struct svyi_x_loop *up; } svyi_x_loop;

typedef struct svyi_x_writer {
    const svyi_xpath_form *form;
    const svy_expr_place *place;
    svyi_buffer *out;
    const char *why;                  /* the first thing that XPath has no word for */
    const svyi_x_loop *in;
} svyi_x_writer;

/* ---- to_xpath.c ---- */
void svyi_x_put(svyi_x_writer *w, const svyi_node *n);
void svyi_x_text(svyi_x_writer *w, const char *s);
void svyi_x_cannot(svyi_x_writer *w, const char *why);
void svyi_x_symbol(svyi_x_writer *w, const svyi_node *n);     /* the path of a name or of `.` */
void svyi_x_self(svyi_x_writer *w);
void svyi_x_number(svyi_x_writer *w, const svyi_node *n);     /* a side of a comparison as a number, so that two nodes are not compared as texts */
void svyi_x_relative(const svyi_xpath_form *form, uint32_t from, uint32_t item, svyi_buffer *out);
int svyi_x_is_name(const svyi_node *n);
int svyi_x_is_ordered(const svyi_node *n);                    /* a date, month, time */

/* ---- to_xpath_call.c ---- */
void svyi_x_call(svyi_x_writer *w, const svyi_node *n);

#endif
