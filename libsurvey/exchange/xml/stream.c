/* XML as a stream: libxml2's SAX parser without a tree, for the large files in a workbook. */
#include "exchange/xml/stream.h"
#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <libxml/xmlerror.h>
#include <string.h>

enum { STREAM_OPTIONS = XML_PARSE_NONET | XML_PARSE_IGNORE_ENC };

struct svyi_xml_stream {
    const char *source, *what, *bytes; size_t len, given;
    const svyi_xml_handler *handler;
    const svy_xml_limits *limits;
    svy_error *err;
    svy_status status;
    xmlParserCtxtPtr ctxt;
    unsigned depth, nodes;
    int finished;                              /* the handler has seen enough */
    const xmlChar **attributes; int n;         /* of the tag that starts */
};

static void halt(svyi_xml_stream *s, svy_status status)
{
    if (s->status == SVY_OK)
        s->status = status;
    xmlStopParser(s->ctxt);
}

static void refuse(svyi_xml_stream *s, svy_status code, const char *why)
{
    if (s->status != SVY_OK || s->finished)
        return;
    svyi_fail_at(s->err, code, s->source, 0, 0, 0, "'%.100s' in the workbook %s", s->what, why);
    halt(s, code);
}

static void out_of_memory(svyi_xml_stream *s)
{
    if (s->status == SVY_OK)
        svyi_nomem(s->err);
    halt(s, SVY_E_NOMEM);
}

static void on_error(void *user, xmlErrorPtr error)
{
    svyi_xml_stream *s = user;
    if (error->code == XML_ERR_NO_MEMORY)
        out_of_memory(s);
    else if (error->level >= XML_ERR_ERROR)
        refuse(s, SVY_E_FORMAT, "is not well-formed XML: save the workbook anew, or get the file again");
}

static void on_doctype(void *user, const xmlChar *name, const xmlChar *external, const xmlChar *system)
{
    (void)name;
    (void)external;
    (void)system;
    refuse(user, SVY_E_FORMAT, "has a DOCTYPE, which no workbook has: it is not read");
}

static void after(svyi_xml_stream *s, svy_status st)
{
    if (st != SVY_OK)
        halt(s, st);
    else if (s->handler->stop != NULL && *s->handler->stop) {
        s->finished = 1;
        xmlStopParser(s->ctxt);
    }
}

static void on_start(void *user, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri, int n_ns, const xmlChar **ns,
                     int n, int n_default, const xmlChar **attributes)
{
    svyi_xml_stream *s = user;
    (void)prefix;
    (void)uri;
    (void)n_ns;
    (void)ns;
    (void)n_default;
    if (s->status != SVY_OK || s->finished)
        return;
    if (s->depth >= s->limits->depth || ++s->nodes > s->limits->nodes) {
        refuse(s, SVY_E_LIMIT, s->depth >= s->limits->depth ? "has elements that stand too deep in each other" : "has too many elements");
        return;
    }
    s->attributes = attributes;
    s->n = n;
    after(s, s->handler->start(s->handler->user, s, s->depth, (const char *)name));
    s->n = 0;
    s->depth++;
}

static void on_end(void *user, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
    svyi_xml_stream *s = user;
    (void)prefix;
    (void)uri;
    if (s->status != SVY_OK || s->finished || s->depth == 0)
        return;
    s->depth--;
    after(s, s->handler->end(s->handler->user, s->depth, (const char *)name));
}

static void on_text(void *user, const xmlChar *text, int len)
{
    svyi_xml_stream *s = user;
    if (s->status == SVY_OK && !s->finished && s->handler->text != NULL && s->depth > 0 && len > 0)
        after(s, s->handler->text(s->handler->user, s->depth - 1, (const char *)text, (size_t)len));
}

/* libxml2 gives five pointers per attribute: name, prefix, namespace, begin and end of the value. */
int svyi_xml_stream_attribute(const svyi_xml_stream *at, const char *name, int foreign, const char **value, size_t *len)
{
    for (int i = 0; i < at->n; i++) {
        const xmlChar **a = at->attributes + 5 * i;
        if ((a[1] != NULL) == (foreign != 0) && strcmp((const char *)a[0], name) == 0) {
            *value = (const char *)a[3];
            *len = (size_t)(a[4] - a[3]);
            return 1;
        }
    }
    return 0;
}

static int give(void *user, char *out, int room)
{
    svyi_xml_stream *s = user;
    const size_t left = s->len - s->given, n = room > 0 && (size_t)room < left ? (size_t)room : left;
    memcpy(out, s->bytes + s->given, n);
    s->given += n;
    return (int)n;
}

static void run(svyi_xml_stream *s)
{
    xmlSAXHandler *sax = s->ctxt->sax;
    memset(sax, 0, sizeof *sax);
    sax->initialized = XML_SAX2_MAGIC;
    sax->internalSubset = on_doctype;
    sax->startElementNs = on_start;
    sax->endElementNs = on_end;
    sax->characters = sax->cdataBlock = sax->ignorableWhitespace = on_text;
    sax->serror = on_error;
    s->ctxt->userData = s;
    xmlFreeDoc(xmlCtxtReadIO(s->ctxt, give, NULL, s, NULL, NULL, STREAM_OPTIONS));
    if (s->status == SVY_OK && s->ctxt->errNo == XML_ERR_NO_MEMORY)
        out_of_memory(s);
    if (!s->finished && (s->nodes == 0 || s->depth > 0 || !s->ctxt->wellFormed))
        refuse(s, SVY_E_FORMAT, "is not well-formed XML: save the workbook anew, or get the file again");
}

/* The thread's error handler is ours meanwhile: it would print. */
static svy_status parse(svyi_xml_stream *s)
{
    xmlInitParser();
    const xmlStructuredErrorFunc old = xmlStructuredError;
    void *const old_user = xmlStructuredErrorContext;
    xmlSetStructuredErrorFunc(s, on_error);
    s->ctxt = xmlNewParserCtxt();
    if (s->ctxt != NULL && s->ctxt->sax != NULL)
        run(s);
    else
        out_of_memory(s);
    xmlFreeParserCtxt(s->ctxt);
    xmlSetStructuredErrorFunc(old_user, old);
    return s->status;
}

svy_status svyi_xml_stream_read(const svy_alloc *alloc, const char *source, const char *what, const char *bytes, size_t len, const svy_xml_limits *limits,
                                const svyi_xml_handler *handler, svy_error *err)
{
    svyi_xml_stream s = { .source = source, .what = what, .handler = handler, .limits = limits, .err = err };
    svyi_arena arena;
    svyi_arena_init(&arena, alloc);
    svy_status st = len > limits->bytes || len > INT32_MAX ? SVY_E_LIMIT : svyi_xml_decode(&arena, what, bytes, len, &s.bytes, &s.len, NULL, err);
    if (st == SVY_E_LIMIT)
        refuse(&s, st, "is too large");
    else if (st == SVY_E_INVALID) {
        s.status = SVY_OK;
        refuse(&s, SVY_E_FORMAT, "is not text in UTF-8 or UTF-16: save the workbook anew, or get the file again");
    } else if (st == SVY_OK && (st = svyi_xml_scan(source, s.bytes, s.len, limits, err)) == SVY_OK)
        parse(&s);
    else
        s.status = st;
    svyi_arena_clear(&arena);
    return s.status;
}
