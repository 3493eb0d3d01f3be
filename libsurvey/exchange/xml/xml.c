/* The only file that talks to libxml2: its SAX parser, with the limits and refusals that make it safe for files from anywhere. */
#define _GNU_SOURCE    /* memrchr */
#include "exchange/xml/xml.h"
#include "base/buffer.h"
#include "base/text.h"
#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <libxml/xmlerror.h>
#include <stdio.h>
#include <string.h>

/* XML_PARSE_IGNORE_ENC: the bytes were made UTF-8 before. Nothing that expands entities, loads a DTD or lifts libxml2's own limits. */
enum { OPTIONS = XML_PARSE_NONET | XML_PARSE_IGNORE_ENC, LONGEST_NAME = 256, NAMES = 64 };

typedef struct parser {
    svyi_xml_file *file;
    xmlParserCtxtPtr ctxt;
    const char *bytes; size_t len, given;
    const char *ns;
    int blanks;
    svy_xml_limits limits;
    svy_diags *diags;
    svy_error *err;
    svy_status status;
    svyi_xml *at;                          /* innermost open element */
    unsigned depth;
    svyi_buffer text;                      /* run of text that is being read */
    size_t text_from;                      /* where the last mark-up ended */
    size_t seen; int line, column;         /* position of byte `seen` */
    struct { const xmlChar *prefix, *name; char *full; } names[NAMES];   /* the last names copied; libxml2 keeps one string for each name */
} parser;

svy_xml_limits svyi_xml_limits_or_default(const svy_xml_limits *limits)
{
    const svy_xml_limits preset = SVY_XML_LIMITS_INIT;
    return limits != NULL && limits->size >= sizeof *limits ? *limits : preset;
}

/* Line and column (in characters) of a byte. Cheap when asked in ascending order. */
static void place(parser *p, size_t offset, int *line, int *column)
{
    if (offset > p->len)
        offset = p->len;
    if (offset < p->seen) {
        p->seen = 0;
        p->line = p->column = 1;
    }
    const char *at = p->bytes + p->seen, *const there = p->bytes + offset;
    for (const char *end = memchr(at, '\n', (size_t)(there - at)); end != NULL; end = memchr(at, '\n', (size_t)(there - at))) {
        at = end + 1;
        p->line++;
        p->column = 1;
    }
    int letters = 0;                       /* counted apart from `p`, which the bytes might be part of for all the compiler knows */
    for (; at < there; at++)
        letters += ((unsigned char)*at & 0xC0) != 0x80;
    p->column += letters;
    p->seen = offset;
    *line = p->line;
    *column = p->column;
}

static size_t offset_now(const parser *p)
{
    const long at = xmlByteConsumed(p->ctxt);
    return at < 0 ? 0 : (size_t)at < p->len ? (size_t)at : p->len;
}

static void stop(parser *p, svy_status status)
{
    if (p->status == SVY_OK)
        p->status = status;
    xmlStopParser(p->ctxt);
}

static void out_of_memory(parser *p)
{
    if (p->status == SVY_OK)
        svyi_nomem(p->err);
    stop(p, SVY_E_NOMEM);
}

static void over_limit(parser *p, size_t offset, const char *what, size_t limit)
{
    int line, column;
    if (p->status != SVY_OK)
        return;
    place(p, offset, &line, &column);
    svyi_fail_at(p->err, SVY_E_LIMIT, p->file->source, line, column, 1, "%s: at most %zu are allowed", what, limit);
    stop(p, SVY_E_LIMIT);
}

/* Id of the innermost open element that has one, for messages. */
static const char *nearest_id(const svyi_xml *at)
{
    for (; at != NULL; at = at->parent) {
        const char *id = svyi_xml_get(at, "id");
        if (id != NULL)
            return id;
    }
    return "";
}

static void refuse(parser *p, size_t offset, const char *advice, const char *found)
{
    svyi_where where = { .source = p->file->source, .element = nearest_id(p->at) };
    if (p->status != SVY_OK)
        return;
    place(p, offset, &where.line, &where.column);
    svyi_report(p->diags, SVY_PROBLEM, SVY_E_SYNTAX, &where, advice, "%s", found);
    svyi_fail_at(p->err, SVY_E_INVALID, where.source, where.line, where.column, 1, "%s", found);
    stop(p, SVY_E_INVALID);
}

/* ---- what libxml2 complains about, in our words ---- */

static const struct { int code; const char *found, *advice; } SAYINGS[] = {
    { XML_ERR_DOCUMENT_EMPTY, "this is not XML: it does not begin with an element", "check that it is the right file" },
    { XML_ERR_DOCUMENT_END, "something follows behind the end of the root element", "remove it, or move the end tag behind it" },
    { XML_ERR_INVALID_CHAR, "there is a character that XML does not allow, such as a control character", "remove it" },
    { XML_ERR_INVALID_CHARREF, "a character reference (&#...;) names no character", "correct the number" },
    { XML_ERR_INVALID_HEX_CHARREF, "a character reference (&#x...;) names no character", "correct the number" },
    { XML_ERR_INVALID_DEC_CHARREF, "a character reference (&#...;) names no character", "correct the number" },
    { XML_ERR_UNDECLARED_ENTITY, "only &lt; &gt; &amp; &quot; &apos; and &#...; are known here", "write the character itself" },
    { XML_WAR_UNDECLARED_ENTITY, "only &lt; &gt; &amp; &quot; &apos; and &#...; are known here", "write the character itself" },
    { XML_ERR_ENTITYREF_SEMICOL_MISSING, "an & begins a name such as &lt; and its semicolon is missing", "write &amp; for the character &" },
    { XML_ERR_LT_IN_ATTRIBUTE, "an attribute contains the character <", "write &lt; instead" },
    { XML_ERR_ATTRIBUTE_NOT_STARTED, "the value of an attribute is not in quotes", "put it in quotes" },
    { XML_ERR_ATTRIBUTE_NOT_FINISHED, "the quotes around the value of an attribute are not closed", "close them" },
    { XML_ERR_ATTRIBUTE_WITHOUT_VALUE, "an attribute has no value", "write name=\"value\"" },
    { XML_ERR_ATTRIBUTE_REDEFINED, "an attribute stands twice in one tag", "keep one" },
    { XML_ERR_SPACE_REQUIRED, "a blank is missing between two attributes", "add it" },
    { XML_ERR_GT_REQUIRED, "a tag is not closed with >", "close it" },
    { XML_ERR_COMMENT_NOT_FINISHED, "a comment is not closed", "close it with -->" },
    { XML_ERR_HYPHEN_IN_COMMENT, "a comment contains --", "use another dash" },
    { XML_ERR_CDATA_NOT_FINISHED, "a CDATA section is not closed", "close it with ]]>" },
    { XML_ERR_MISPLACED_CDATA_END, "a text contains ]]>", "write ]]&gt;" },
    { XML_ERR_NAME_REQUIRED, "a < or & is not followed by a name", "write &lt; or &amp; for the character itself" },
    { XML_ERR_RESERVED_XML_NAME, "<?xml ...?> may only stand at the very beginning", "remove what stands before it" },
    { XML_NS_ERR_UNDEFINED_NAMESPACE, "a name has a prefix that is not declared", "declare it with xmlns:PREFIX, or remove it" },
};

/* The sentence of libxml2 for what the table does not know: first letter small, no line end. */
static void say_other(parser *p, size_t offset, const char *message)
{
    char found[256];
    size_t n = 0, skip = 0;
    while (message[n] != '\0' && message[n] != '\n')
        n++;
    if (n > 200)
        n = 200;
    if (n > 1 && message[0] >= 'A' && message[0] <= 'Z' && message[1] >= 'a') {
        found[0] = (char)(message[0] - 'A' + 'a');
        skip = 1;
    }
    memcpy(found + skip, message + skip, n - skip);
    found[n] = '\0';
    refuse(p, offset, "correct the XML", n > 0 ? found : "the XML is not well-formed");
}

static void on_error(void *user, xmlErrorPtr error)
{
    parser *p = user;
    char found[512];
    if (error->code == XML_ERR_NO_MEMORY) {
        out_of_memory(p);
        return;
    }
    if (p->status != SVY_OK || error->level < XML_ERR_ERROR)
        return;
    const size_t offset = offset_now(p);
    if (offset >= p->len && p->at != NULL) {
        snprintf(found, sizeof found, "the file ends inside the element '%.100s' that begins in line %d", p->at->name, p->at->line);
        refuse(p, offset, "complete the file: it seems to be cut off", found);
        return;
    }
    if (error->code == XML_ERR_TAG_NAME_MISMATCH && p->at != NULL) {
        const char *end = error->str2 != NULL ? error->str2 : "another element";
        snprintf(found, sizeof found, "the element '%.100s' of line %d is closed as '%.100s'", p->at->name, p->at->line, end);
        refuse(p, offset, "make both tags the same, or close what was opened in between", found);
        return;
    }
    for (size_t i = 0; i < sizeof SAYINGS / sizeof SAYINGS[0]; i++)
        if (SAYINGS[i].code == error->code) {
            refuse(p, offset, SAYINGS[i].advice, SAYINGS[i].found);
            return;
        }
    say_other(p, offset, error->message != NULL ? error->message : "");
}

/* ---- building the tree ---- */

static void append(svyi_xml *parent, svyi_xml *child)
{
    child->parent = parent;
    if (parent->last != NULL)
        parent->last->next = child;
    else
        parent->first = child;
    parent->last = child;
}

static int is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

static int all_blank(const char *text, size_t len)
{
    for (size_t i = 0; i < len;)
        if (len - i >= 8 && memcmp(text + i, "        ", 8) == 0)
            i += 8;                /* indentation */
        else if (!is_blank(text[i++]))
            return 0;
    return 1;
}

/* White space between elements is one between words where text stands beside them. */
static int keeps_blanks(const parser *p)
{
    const svyi_xml *before = p->at->last;
    if (p->blanks != SVYI_XML_OUTPUTS || before == NULL)
        return p->blanks == SVYI_XML_BLANKS;
    return p->at->first->name == NULL || (before->name != NULL && strcmp(before->name, "output") == 0);
}

/* Turns the text read so far into a node. */
static void flush_text(parser *p)
{
    const size_t len = p->text.len;
    size_t from = p->text_from;
    p->text.len = 0;
    if (len == 0 || p->at == NULL || p->status != SVY_OK || (all_blank(p->text.data, len) && !keeps_blanks(p)))
        return;
    svyi_xml *node = svyi_arena_get(&p->file->arena, sizeof *node);
    char *text = svyi_arena_text(&p->file->arena, p->text.data, len);
    if (node == NULL || text == NULL) {
        out_of_memory(p);
        return;
    }
    if (from < p->len && p->bytes[from] == '>')
        from++;
    while (from < p->len && is_blank(p->bytes[from]))
        from++;
    place(p, from, &node->line, &node->column);
    node->text = text;
    append(p->at, node);
}

static void on_text(void *user, const xmlChar *text, int len)
{
    parser *p = user;
    if (p->status != SVY_OK || p->at == NULL || len <= 0)
        return;
    if (p->text.len == 0 && all_blank((const char *)text, (size_t)len) && !keeps_blanks(p))
        return;                     /* indentation, of any length */
    if (p->text.len + (size_t)len > p->limits.attribute) {
        over_limit(p, p->text_from, "a text is too long, in bytes", p->limits.attribute);
        return;
    }
    svyi_buffer_add(&p->text, text, (size_t)len);
    if (p->text.failed)
        out_of_memory(p);
}

/* A comment or processing instruction is no text, but a text may begin behind it. */
static void on_comment(void *user, const xmlChar *text)
{
    parser *p = user;
    (void)text;
    if (p->text.len == 0)
        p->text_from = offset_now(p);
}

static void on_instruction(void *user, const xmlChar *target, const xmlChar *data)
{
    (void)data;
    on_comment(user, target);
}

static void on_doctype(void *user, const xmlChar *name, const xmlChar *external, const xmlChar *system)
{
    parser *p = user;
    (void)name;
    (void)external;
    (void)system;
    refuse(p, offset_now(p), "remove it: entities and other files are never read", "a DOCTYPE is not allowed");
}

/* Where the values of the attributes of the tag at `from` begin: walks them as they are written. */
static void place_attributes(parser *p, svyi_xml *node, size_t from)
{
    size_t at = from + 1, i = 0;
    while (at < p->len && !is_blank(p->bytes[at]) && p->bytes[at] != '>' && p->bytes[at] != '/')
        at++;
    while (i < node->n && at < p->len) {
        while (at < p->len && is_blank(p->bytes[at]))
            at++;
        const size_t name = at;
        while (at < p->len && p->bytes[at] != '"' && p->bytes[at] != '\'')
            at++;
        const char quote = at < p->len ? p->bytes[at] : '"';
        if (at < p->len)
            at++;
        const int declaration = p->len - name > 5 && memcmp(p->bytes + name, "xmlns", 5) == 0 &&
                                (p->bytes[name + 5] == ':' || p->bytes[name + 5] == '=' || is_blank(p->bytes[name + 5]));
        if (!declaration) {
            place(p, name, &node->attributes[i].name_line, &node->attributes[i].name_column);
            place(p, at, &node->attributes[i].line, &node->attributes[i].column);
            i++;
        }
        const char *close = at < p->len ? memchr(p->bytes + at, quote, p->len - at) : NULL;
        at = close != NULL ? (size_t)(close - p->bytes) + 1 : p->len;
    }
}

static char *copy_name(parser *p, const xmlChar *prefix, const xmlChar *name)
{
    const size_t n = strlen((const char *)name), m = prefix != NULL ? strlen((const char *)prefix) + 1 : 0;
    char *out = svyi_arena_get(&p->file->arena, n + m + 1);
    if (out == NULL)
        return NULL;
    if (m > 0) {
        memcpy(out, prefix, m - 1);
        out[m - 1] = ':';
    }
    memcpy(out + m, name, n + 1);
    return out;
}

/* "prefix:name" when there is a prefix. A few names make up most of a file: one copy of each. */
static const char *full_name(parser *p, const xmlChar *prefix, const xmlChar *name)
{
    const uintptr_t key = (uintptr_t)name ^ (uintptr_t)prefix * 31;
    const size_t slot = (key ^ key >> 6) % NAMES;
    if (p->names[slot].name != name || p->names[slot].prefix != prefix || p->names[slot].full == NULL) {
        p->names[slot].full = copy_name(p, prefix, name);
        p->names[slot].name = name;
        p->names[slot].prefix = prefix;
    }
    return p->names[slot].full;
}

/* A parser that expands no entities gives the character & in attributes as "&#38;". In place. */
static void restore_ampersands(char *value)
{
    char *out = strchr(value, '&');
    const char *at = out;
    if (out == NULL)
        return;
    while (*at != '\0') {
        *out++ = *at;
        at += strncmp(at, "&#38;", 5) == 0 ? 5 : 1;
    }
    *out = '\0';
}

/* libxml2 gives five pointers per attribute: name, prefix, namespace, begin and end of the value. */
static int take_attributes(parser *p, svyi_xml *node, const xmlChar **given, size_t n)
{
    if (n == 0)
        return 0;
    node->attributes = svyi_arena_get(&p->file->arena, n * sizeof *node->attributes);
    if (node->attributes == NULL)
        return -1;
    for (size_t i = 0; i < n; i++, given += 5) {
        const size_t len = (size_t)(given[4] - given[3]);
        if (len > p->limits.attribute || strlen((const char *)given[0]) > LONGEST_NAME) {
            over_limit(p, offset_now(p), "an attribute is too long, in bytes", len > p->limits.attribute ? p->limits.attribute : LONGEST_NAME);
            return 0;
        }
        node->attributes[i].name = full_name(p, given[1], given[0]);
        char *value = svyi_arena_text(&p->file->arena, (const char *)given[3], len);
        node->attributes[i].value = value;
        if (node->attributes[i].name == NULL || value == NULL)
            return -1;
        restore_ampersands(value);
        node->n = i + 1;
    }
    return 0;
}

/* The prefix of its name and the namespaces it declares, which libxml2 gives as pairs. */
static int take_spaces(parser *p, svyi_xml *node, const xmlChar *prefix, const xmlChar **given, size_t n)
{
    if (prefix != NULL && (node->prefix = full_name(p, NULL, prefix)) == NULL)
        return -1;
    if (n == 0)
        return 0;
    node->spaces = svyi_arena_get(&p->file->arena, n * sizeof *node->spaces);
    if (node->spaces == NULL)
        return -1;
    for (size_t i = 0; i < n; i++, given += 2) {
        const char *uri = given[1] != NULL ? (const char *)given[1] : "";
        node->spaces[i].name = given[0] != NULL ? full_name(p, (const xmlChar *)"xmlns", given[0]) : "xmlns";
        node->spaces[i].value = svyi_arena_text(&p->file->arena, uri, strlen(uri));
        if (node->spaces[i].name == NULL || node->spaces[i].value == NULL)
            return -1;
    }
    node->n_spaces = n;
    return 0;
}

static int take_root(parser *p, svyi_xml *node, const xmlChar *uri)
{
    const char *ns = uri != NULL ? (const char *)uri : "";
    p->file->root = node;
    p->file->ns = svyi_arena_text(&p->file->arena, ns, strlen(ns));
    return p->file->ns != NULL ? 0 : -1;
}

static void on_start(void *user, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri, int n_ns, const xmlChar **ns,
                     int n, int n_default, const xmlChar **attributes)
{
    parser *p = user;
    const size_t end = offset_now(p);
    const char *open = memrchr(p->bytes, '<', end < p->len ? end + 1 : p->len);
    const size_t from = open != NULL ? (size_t)(open - p->bytes) : 0;
    (void)n_default;
    flush_text(p);
    if (p->status != SVY_OK)
        return;
    if (p->depth >= p->limits.depth) {
        over_limit(p, from, "elements stand too deep in each other", p->limits.depth);
        return;
    }
    if (p->file->elements >= p->limits.nodes) {
        over_limit(p, from, "there are too many elements", p->limits.nodes);
        return;
    }
    if (strlen((const char *)name) > LONGEST_NAME) {
        over_limit(p, from, "the name of an element is too long, in bytes", LONGEST_NAME);
        return;
    }
    svyi_xml *node = svyi_arena_get(&p->file->arena, sizeof *node);
    if (node == NULL || (node->name = full_name(p, NULL, name)) == NULL || take_attributes(p, node, attributes, (size_t)n) != 0 ||
        take_spaces(p, node, prefix, ns, (size_t)n_ns) != 0) {
        out_of_memory(p);
        return;
    }
    if (p->status != SVY_OK)
        return;
    place(p, from, &node->line, &node->column);
    place_attributes(p, node, from);
    node->foreign = uri == NULL || strcmp((const char *)uri, p->ns) != 0;
    node->number = ++p->file->elements;
    if (p->at != NULL)
        append(p->at, node);
    else if (take_root(p, node, uri) != 0)
        out_of_memory(p);
    p->at = node;
    p->depth++;
    p->text_from = end;
}

static void on_end(void *user, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
    parser *p = user;
    (void)name;
    (void)prefix;
    (void)uri;
    flush_text(p);
    if (p->status != SVY_OK || p->at == NULL)
        return;
    p->at = p->at->parent;
    p->depth--;
    p->text_from = offset_now(p);
}

/* ---- the run ---- */

static void set_handlers(xmlSAXHandler *sax)
{
    memset(sax, 0, sizeof *sax);
    sax->initialized = XML_SAX2_MAGIC;
    sax->internalSubset = on_doctype;
    sax->startElementNs = on_start;
    sax->endElementNs = on_end;
    sax->characters = sax->cdataBlock = sax->ignorableWhitespace = on_text;
    sax->comment = on_comment;
    sax->processingInstruction = on_instruction;
    sax->serror = on_error;
}

/* Hands out the bytes piece by piece, so that libxml2 makes no copy of them all. */
static int give(void *user, char *out, int room)
{
    parser *p = user;
    const size_t left = p->len - p->given, n = room > 0 && (size_t)room < left ? (size_t)room : left;
    memcpy(out, p->bytes + p->given, n);
    p->given += n;
    return (int)n;
}

static void run(parser *p)
{
    set_handlers(p->ctxt->sax);
    p->ctxt->userData = p;
    svyi_buffer_init(&p->text, &p->file->arena.alloc);
    xmlFreeDoc(xmlCtxtReadIO(p->ctxt, give, NULL, p, NULL, NULL, OPTIONS));
    svyi_buffer_clear(&p->text);
    if (p->status == SVY_OK && p->ctxt->errNo == XML_ERR_NO_MEMORY)
        out_of_memory(p);
    if (p->status == SVY_OK && (p->file->root == NULL || p->at != NULL || !p->ctxt->wellFormed))
        say_other(p, p->len, "");
}

/* Allocation failures outside the parser's own state are reported through this thread's handler, which would print; so it is ours meanwhile. */
static svy_status parse(parser *p)
{
    xmlInitParser();
    const xmlStructuredErrorFunc old = xmlStructuredError;
    void *const old_user = xmlStructuredErrorContext;
    xmlSetStructuredErrorFunc(p, on_error);
    p->ctxt = xmlNewParserCtxt();
    if (p->ctxt != NULL && p->ctxt->sax != NULL)
        run(p);
    else
        out_of_memory(p);
    xmlFreeParserCtxt(p->ctxt);
    xmlSetStructuredErrorFunc(old_user, old);
    return p->status;
}

svy_status svyi_xml_parse(svyi_xml_file *file, const svy_alloc *alloc, const char *source, const char *bytes, size_t len, const char *ns,
                          int blanks, const svy_xml_limits *limits, svy_diags *diags, svy_error *err)
{
    parser p = { .file = file, .ns = ns, .blanks = blanks, .limits = svyi_xml_limits_or_default(limits), .diags = diags, .err = err,
                 .line = 1, .column = 1 };
    memset(file, 0, sizeof *file);
    svyi_arena_init(&file->arena, alloc);
    file->ns = "";
    file->source = svyi_arena_text(&file->arena, source, strlen(source));
    if (file->source == NULL)
        return svyi_nomem(err);
    if (len > p.limits.bytes || len > INT32_MAX)
        return svyi_fail_at(err, SVY_E_LIMIT, source, 0, 0, 0, "the file has %zu bytes: at most %zu are read", len, p.limits.bytes);
    svy_status st = svyi_xml_decode(&file->arena, file->source, bytes, len, &p.bytes, &p.len, diags, err);
    if (st == SVY_OK)
        st = svyi_xml_scan(file->source, p.bytes, p.len, &p.limits, err);
    return st == SVY_OK ? parse(&p) : st;
}

void svyi_xml_clear(svyi_xml_file *file)
{
    svyi_arena_clear(&file->arena);
    file->root = NULL;
}
