/* The headers of one part of a posted form. */
#ifndef SVY_SERVER_MULTIPART_HEADER_H
#define SVY_SERVER_MULTIPART_HEADER_H
#include "server/http/multipart.h"

/* Reads lines that end in CR LF. @return SVY_OK, SVY_E_FORMAT, SVY_E_LIMIT */
svy_status svyi_multipart_headers(const char *text, size_t len, svyi_form_part *part, svy_error *err);
/* Finds a parameter of a header's value: type/subtype; name=token; name="text". `*type_len` receives the length of what stands before the parameters.
   @return 1 with its value in out, 0 when it is not there, -1 when the value is not well-formed or the parameter stands there twice */
int svyi_header_parameter(const char *value, size_t len, const char *name, char *out, size_t size, size_t *type_len);
#endif
