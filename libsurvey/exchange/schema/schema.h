/* The RELAX NG schema of the questionnaire language, and the check of a document against it with sentences that help. */
#ifndef SVY_EXCHANGE_SCHEMA_H
#define SVY_EXCHANGE_SCHEMA_H
#include "base/map.h"
#include "exchange/xml/xml.h"

/* Where problems were reported whose cause could not be mended: what the compiler says about the same element then is the same fault. */
typedef struct svyi_faults { svyi_arena arena; svyi_map places; } svyi_faults;
void svyi_faults_init(svyi_faults *f, const svy_alloc *alloc);
void svyi_faults_clear(svyi_faults *f);
svy_status svyi_faults_add(svyi_faults *f, const char *source, int line, const char *element, svy_error *err);
int svyi_faults_has(const svyi_faults *f, const char *source, int line, const char *element);

typedef struct svyi_schema svyi_schema;
/* The schema that is built into the library. */
svy_status svyi_schema_new(const svy_alloc *alloc, svyi_schema **out, svy_error *err);
/* A schema from RELAX NG XML. Read is what questionnaire.rng uses: no interleave, no external references; an element of any name has any content,
   attributes of any name are those named odk-.... */
svy_status svyi_schema_read(const svy_alloc *alloc, const char *rng, size_t len, svyi_schema **out, svy_error *err);
void svyi_schema_free(svyi_schema *s);

/* Reports every place where the file does not follow the schema, once (at most 1,000). Mends what has a likely meaning in the tree (a misspelt
   name becomes the right one, what is not known is taken out), so that later checks do not stumble over the same fault; the rest is added to `faults`.
   Recursion: as deep as the file, which svy_xml_limits bounds.
   @return SVY_OK, SVY_E_INVALID (reported), SVY_E_LIMIT (so many were reported that the rest was not looked at), SVY_E_NOMEM */
svy_status svyi_schema_check(const svyi_schema *s, svyi_xml_file *file, svyi_faults *faults, svy_diags *diags, svy_error *err);

/* The name of `count` names that `text` is probably meant to be, NULL when none is near. */
const char *svyi_near(const char *text, const char *const *names, size_t count);
#endif
