/* What the parts of the questionnaire reader share: the files that were read, the builder they feed, and where problems go. */
#ifndef SVY_EXCHANGE_READER_H
#define SVY_EXCHANGE_READER_H
#include "base/buffer.h"
#include "exchange/file.h"
#include "exchange/schema/schema.h"

/* A shared code list: read once, however many lists of the questionnaire refer to it. */
typedef struct svyi_shared {
    const char *path;
    svyi_xml_file file;
    int usable;                          /* 0: it could not be read, which was reported */
    const char **lists; size_t n_lists, capacity;   /* ids under which the questionnaire uses it */
    struct svyi_shared *next;
} svyi_shared;

typedef struct svyi_reader {
    svyi_arena arena;
    svy_alloc alloc;
    svy_xml_limits limits;
    int preset;                          /* the limits are our own choice: other formats than the native one have others */
    svy_format format;                   /* of the questionnaire; SVY_FORMAT_UNKNOWN: by its content and name */
    svy_compat compat;                   /* for forms of other formats */
    const svy_watch *watch;          /* NULL: nobody sees the files */
    const char *source, *folder;         /* folder NULL: nothing beside the questionnaire is read */
    const char *lang;                    /* source language */
    svyi_xml_file file;
    svyi_schema *schema;
    svyi_faults faults;
    svyi_shared *shared;
    svy_builder *builder;
    svyi_buffer text;
    svy_diags *diags;
    svy_error *err, last;                /* err points to last: what a part failed with; the caller's error is the first problem */
} svyi_reader;

/* Feeds the tree of the questionnaire to the builder, shared lists included. @return SVY_OK, SVY_E_LIMIT, SVY_E_NOMEM */
svy_status svyi_native_load(svyi_reader *r);
/* The shared list that an element names by `source`; NULL in `*out` after a problem that was reported. */
svy_status svyi_shared_open(svyi_reader *r, const svyi_xml *choices, svyi_shared **out);

enum { SVYI_FORM_BYTES = 64 << 20, SVYI_FORM_NODES = 4000000 };     /* limits of an XForm, which may hold lists of any size */

/* Reads a native questionnaire into r->builder, which is made. @return as below */
svy_status svyi_reader_native(svyi_reader *r, const char *xml, size_t len);
/* Reads the bytes of a questionnaire in any format into r->builder, which is made. @return SVY_OK, SVY_E_INVALID (reported), SVY_E_LIMIT, SVY_E_NOMEM */
svy_status svyi_reader_load(svyi_reader *r, const char *bytes, size_t len);
/* Appends the XForm that a workbook means. */
svy_status svyi_reader_workbook(svyi_reader *r, const char *bytes, size_t len, svyi_buffer *xform);
/* What a reader begins and ends with. Problems pass through `gate`, which counts them and keeps the first. */
typedef struct svyi_gate { svy_diags diags, *outer; const svyi_faults *faults; svy_error *err; } svyi_gate;
void svyi_reader_begin(svyi_reader *r, const svy_alloc *alloc, const svy_xml_limits *limits, svyi_gate *g, svy_diags *diags, svy_error *err);
void svyi_reader_clear(svyi_reader *r);
/* Reads the file that the reader is for: sets source and folder. */
svy_status svyi_reader_open(svyi_reader *r, const char *path, const char **bytes, size_t *len);

/* How a translation file is read. */
typedef struct svyi_xliff {
    svy_builder *builder;
    const svy_alloc *alloc;
    const char *source;                  /* name of the file */
    const char *lang;                    /* language by the file's name; NULL: by its target-language */
    const char *from;                    /* language of the original; NULL: not checked */
    const char *const *lists; size_t n_lists;   /* a shared list's file: units are codes, of each of these lists; NULL: a questionnaire's file */
    const svy_xml_limits *limits;
    svy_diags *diags;
} svyi_xliff;
svy_status svyi_xliff_read(const svyi_xliff *x, const char *xml, size_t len, svy_error *err);
#endif
