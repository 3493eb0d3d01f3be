/* An expression of our language written as XPath, for clients of the ODK world. */
#ifndef SVY_TO_XPATH_H
#define SVY_TO_XPATH_H
#include <survey/expr.h>

#include "base/buffer.h"

/* The form as the writer sees it. Items are symbols; item 0 is the root. */
typedef struct svyi_xpath_form {
    void *user;
    uint32_t (*parent)(void *user, uint32_t item);
    const char *(*name)(void *user, uint32_t item);       /* of its node */
    const char *(*list_name)(void *user, uint32_t list);
    uint32_t item;         /* whose node is the context node */
    const char *self;      /* how `.` is written: "." or a path */
    int in_choices;        /* 1: it filters choices: the context node is a choice, current() the item's node */
} svyi_xpath_form;

/* Appends the path of an item's node: absolute, or relative to the context node when both stand in one roster entry. */
void svyi_xpath_path(const svyi_xpath_form *form, uint32_t item, uint32_t roster, svyi_buffer *out);

/* Appends the expression. Comparisons with a blank answer are false there too: what XPath would take as true is guarded.
 * @param why receives what XPath has no word for, with SVY_E_VALUE.
 * @return SVY_OK, SVY_E_VALUE, SVY_E_NOMEM, or what svy_expr_compile returns for a wrong expression. */
svy_status svyi_expr_to_xpath(const svy_alloc *alloc, const char *text, size_t len, const svy_scope *scope, const svy_expr_place *place,
                              const svyi_xpath_form *form, svyi_buffer *out, const char **why);

#endif
