/* A small read-only XML tree with exact positions, made from bytes that nobody vouches for. */
#ifndef SVY_EXCHANGE_XML_H
#define SVY_EXCHANGE_XML_H
#include "base/arena.h"
#include "base/error.h"
#include <survey/exchange.h>

typedef struct svyi_xml_attribute {
    const char *name;        /* "xml:lang" with its prefix; others without a namespace as they are */
    const char *value;
    int line, column;        /* of the first byte of the value */
    int name_line, name_column;
} svyi_xml_attribute;

/* An element, or a run of text (name NULL).  */
typedef struct svyi_xml {
    const char *name;        /* local name */
    const char *prefix;      /* NULL when there is none */
    const char *text;        /* of a run of text; as in the file */
    int line, column;        /* of the "<", or of the first letter */
    int foreign;             /* 1: of another namespace than the one asked for */
    uint32_t number;         /* of the element in the file, from 1 */
    svyi_xml_attribute *attributes; size_t n;
    svyi_xml_attribute *spaces; size_t n_spaces;   /* namespaces that it declares: "xmlns:orx" and its value, "xmlns" for the default one */
    struct svyi_xml *parent, *first, *last, *next;
} svyi_xml;

typedef struct svyi_xml_file {
    svyi_arena arena;        /* holds everything */
    const char *source;      /* name for messages */
    svyi_xml *root;
    const char *ns;          /* namespace of the root, "" when none */
    uint32_t elements;
} svyi_xml_file;

enum { SVYI_XML_PLAIN = 0, SVYI_XML_BLANKS = 1, SVYI_XML_OUTPUTS = 2 };

/* Limits with the defaults filled in where the caller gave none. */
svy_xml_limits svyi_xml_limits_or_default(const svy_xml_limits *limits);

/* Parses. A DOCTYPE, an encoding other than UTF-8 and UTF-16, a NUL, and whatever is not well-formed is one problem in `diags`.
   Nothing but `bytes` is read: no entity is declared, no file or network touched.
   @param ns the namespace whose elements are not `foreign`
   @param blanks SVYI_XML_BLANKS: runs of white space between elements are kept (they may separate words); SVYI_XML_OUTPUTS: only behind
          an <output>, and where text stands in the same element
   @return SVY_OK, SVY_E_INVALID (reported), SVY_E_LIMIT (in err, not reported), SVY_E_NOMEM. Clear the file in every case. */
svy_status svyi_xml_parse(svyi_xml_file *file, const svy_alloc *alloc, const char *source, const char *bytes, size_t len, const char *ns,
                          int blanks, const svy_xml_limits *limits, svy_diags *diags, svy_error *err);
void svyi_xml_clear(svyi_xml_file *file);

/* Value of an attribute, NULL when it is not there. */
const char *svyi_xml_get(const svyi_xml *element, const char *name);
svyi_xml_attribute *svyi_xml_attribute_find(const svyi_xml *element, const char *name);
/* First child element of that name, NULL when none. */
svyi_xml *svyi_xml_child(const svyi_xml *element, const char *name);

/* White space as XML knows it (not the no-break space): runs become one blank, none at the ends. In place; returns the new length. */
size_t svyi_xml_collapse(char *text, size_t len);

/* Looks at the tags before libxml2 does, because what it does with very many or very long attributes takes quadratic time.
   @return SVY_OK or SVY_E_LIMIT (at most 64 attributes in a tag, each as long as the limits allow) */
svy_status svyi_xml_scan(const char *source, const char *bytes, size_t len, const svy_xml_limits *limits, svy_error *err);

/* The bytes as UTF-8 without byte order mark: `*out` is `bytes` or part of it, or a transcoded copy in the arena.
   @return SVY_OK, SVY_E_INVALID (reported), SVY_E_NOMEM. */
svy_status svyi_xml_decode(svyi_arena *arena, const char *source, const char *bytes, size_t len, const char **out, size_t *out_len,
                           svy_diags *diags, svy_error *err);

#endif
