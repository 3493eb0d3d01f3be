/* Until the evaluator of ODK's expressions is there: forms with them cannot be run. Goes when it comes. */
#include <survey/xpath.h>

#include "base/error.h"

#pragma weak svy_xpath_run
#pragma weak svy_xpath_boolean
#pragma weak svy_xpath_text

svy_status svy_xpath_run(svy_code code, const svy_xpath_env *env, svy_node context, svy_scratch *scratch, svy_xpath_value *value, svy_error *err)
{
    (void)code;
    (void)env;
    (void)context;
    (void)scratch;
    *value = (svy_xpath_value){ .type = SVY_X_BOOLEAN };
    return svyi_fail(err, SVY_E_STATE, "ODK's expressions cannot be run yet");
}

int svy_xpath_boolean(svy_code code, const svy_xpath_env *env, const svy_xpath_value *value)
{
    (void)code;
    (void)env;
    return value->number != 0;
}

svy_status svy_xpath_text(svy_code code, const svy_xpath_env *env, svy_scratch *scratch, const svy_xpath_value *value,
                          const char **text, uint32_t *len, svy_error *err)
{
    (void)code;
    (void)env;
    (void)scratch;
    (void)value;
    *text = "";
    *len = 0;
    return svyi_fail(err, SVY_E_STATE, "ODK's expressions cannot be run yet");
}
