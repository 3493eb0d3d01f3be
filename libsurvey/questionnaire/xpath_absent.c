/* Until the XPath compiler is there: what the questionnaire compiler needs of it. Goes when expr/xpath*.c come. */
#include "base/error.h"

#pragma weak svy_xpath_compile
#pragma weak svy_xpath_uses_position
#pragma weak svy_xpath_uses_labels
#pragma weak svy_xpath_verify
#include <survey/xpath.h>

svy_status svy_xpath_compile(const svy_alloc *alloc, const char *text, size_t len, const svy_xpath_scope *scope, const svy_xpath_place *place,
                             svy_diags *diags, svy_expr **out, svy_error *err)
{
    (void)alloc, (void)text, (void)len, (void)scope, (void)place, (void)diags;
    *out = NULL;
    return svyi_fail(err, SVY_E_STATE, "XPath expressions cannot be compiled yet");
}

int svy_xpath_uses_position(const svy_expr *e)
{
    (void)e;
    return 0;
}

int svy_xpath_uses_labels(const svy_expr *e)
{
    (void)e;
    return 0;
}

svy_status svy_xpath_verify(svy_code code, uint32_t n_items, uint32_t n_names, uint32_t n_trees, svy_error *err)
{
    (void)code, (void)n_items, (void)n_names, (void)n_trees;
    return svyi_fail(err, SVY_E_FORMAT, "XPath expressions cannot be run yet");
}
