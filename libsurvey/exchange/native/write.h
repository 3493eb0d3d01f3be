/* A questionnaire that was built, written as native XML and one XLIFF file for each language. */
#ifndef SVY_EXCHANGE_NATIVE_WRITE_H
#define SVY_EXCHANGE_NATIVE_WRITE_H
#include "base/buffer.h"
#include <survey/questionnaire.h>

/* Appends the questionnaire. Reading it back (with the files of its instances beside it) gives the same compiled form. @return SVY_OK, SVY_E_NOMEM */
svy_status svyi_native_write(const svy_builder *b, svyi_buffer *out, svy_error *err);
/* Languages that it was translated into: the tag of the language after `tag` in alphabetical order; "" for the first, NULL at the end. */
const char *svyi_native_language(const svy_builder *b, const char *tag);
/* Appends the translations into one language. @param original name of the questionnaire's file */
svy_status svyi_native_write_xliff(const svy_builder *b, const char *lang, const char *original, svyi_buffer *out, svy_error *err);
/* XLIFF of all texts, begun, one by one, ended. A text without a translation has a blank one for the translator; one that has changed since has the earlier one, marked. */
void svyi_native_begin_units(const svy_builder *b, const char *lang, const char *original, svyi_buffer *out);
void svyi_native_put_unit(svyi_buffer *out, const char *unit, const char *text, const char *to, int changed);
svy_status svyi_native_end_units(svyi_buffer *out, svy_error *err);
#endif
