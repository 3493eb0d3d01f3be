/* The request gate: what may come in from the network at all. Pure functions over bytes, so that they can be fuzzed.
 *
 * A request that is not exactly in the form of RFC 9112 is refused, also where the RFC lets a server be lenient: leniency is what request smuggling is made
 * of. So: lines end with CR LF; no folded lines; no blank before a colon; no control characters; one Host; one Content-Length of digits only, never with
 * Transfer-Encoding; no other transfer encoding than chunked; no chunk extensions and no trailers; paths in origin form. */
#ifndef SVY_SERVER_GATE_H
#define SVY_SERVER_GATE_H
#include <stddef.h>
#include <stdint.h>

enum {
    SVYI_HEAD_BYTES = 16384,      /* first line and headers together */
    SVYI_TARGET_BYTES = 4096,
    SVYI_FIELDS = 64
};

typedef struct svyi_header { const char *name, *value; } svyi_header;     /* into the bytes that were read; the name in lower case */

typedef struct svyi_head {
    unsigned method;              /* svyi_method */
    char *target;                 /* as it came: path and query */
    svyi_header fields[SVYI_FIELDS];
    size_t n_fields;
    uint64_t length;              /* of the body; 0 when chunked or none */
    int chunked, keep_alive, expects;   /* expects: 100-continue */
} svyi_head;

/* How far the search for the end of a head has come, between calls. Zero at first. */
typedef struct svyi_scan { size_t at, lines; int after_return; size_t line_length; } svyi_scan;

/* Looks at what came so far. @return the bytes of a whole head, blank line included; 0 when more must come; minus a status to answer and close. */
long svyi_gate_scan(const char *bytes, size_t n, svyi_scan *scan);
/* Takes a whole head apart; writes NULs into it. @return 0, or a status to answer and close. */
int svyi_gate_head(char *bytes, size_t n, svyi_head *head);
/* The value of a header, NULL when there is none. */
const char *svyi_head_find(const svyi_head *head, const char *name);

/* ---- chunked bodies ---- */
typedef struct svyi_chunks { int state; unsigned digits; uint64_t left; } svyi_chunks;
/* Takes the next bytes of a chunked body and moves its content together at the beginning of `bytes`.
 * @param used receives how many bytes belonged to the body; content how many of its content stand in bytes.
 * @return 1 the body is whole, 0 more must come, minus a status to answer and close. */
int svyi_chunks_take(svyi_chunks *c, char *bytes, size_t n, size_t *used, size_t *content);

/* ---- targets ---- */
typedef struct svyi_target { char *path; char *query; } svyi_target;      /* the query still encoded, "" when there is none */
enum { SVYI_HIDDEN_SLASH = 1, SVYI_HIDDEN_BACKSLASH = 2 };      /* what %2F and %5C are in a path: no other control character is let in */
/* Splits, decodes and checks a target in place. @return 0, or the status to answer. */
int svyi_target_read(char *text, svyi_target *target);
/* Of a part of a path between slashes: puts the hidden ones in their place. */
void svyi_target_reveal(char *part);
/* The next name and value of a query, decoded in place. *query moves on. @return 1, 0 at the end, -1 when it is malformed. */
int svyi_query_next(char **query, const char **name, const char **value);
#endif
