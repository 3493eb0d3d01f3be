/* XML as a stream of tags and texts, for files too large for a tree. Same refusals and limits as the tree's reader. */
#ifndef SVY_EXCHANGE_XML_STREAM_H
#define SVY_EXCHANGE_XML_STREAM_H
#include "exchange/xml/xml.h"

typedef struct svyi_xml_stream svyi_xml_stream;

typedef struct svyi_xml_handler {
    void *user;
    /* Names are local names: prefixes and namespaces do not matter. depth: 0 for the root. Another status than SVY_OK stops the reading and is passed on. */
    svy_status (*start)(void *user, const svyi_xml_stream *at, unsigned depth, const char *name);
    svy_status (*end)(void *user, unsigned depth, const char *name);
    svy_status (*text)(void *user, unsigned depth, const char *text, size_t len);   /* in pieces; depth of the element it stands in. May be NULL */
    int *stop;                                                                      /* set to 1 in a handler: the rest is not read */
} svyi_xml_handler;

/* Attribute of the tag that starts: 1 and its value (not NUL-terminated) when it is there. `name` is the local name; `foreign` 1: only with a prefix (r:id), 0: only without. */
int svyi_xml_stream_attribute(const svyi_xml_stream *at, const char *name, int foreign, const char **value, size_t *len);

/* @param what the name of the file for messages ("xl/workbook.xml"), which go to err with `source`
   @param limits bytes, depth, nodes, attribute as for trees
   @return SVY_OK, SVY_E_FORMAT (not XML, a DOCTYPE, ...), SVY_E_LIMIT, SVY_E_NOMEM, or a handler's status */
svy_status svyi_xml_stream_read(const svy_alloc *alloc, const char *source, const char *what, const char *bytes, size_t len, const svy_xml_limits *limits,
                                const svyi_xml_handler *handler, svy_error *err);
#endif
