/* What an OpenRosa server says, as XML: the list of forms, the files of a form, the answer to a submission. */
#ifndef SVY_SERVER_ODK_XML_H
#define SVY_SERVER_ODK_XML_H
#include "base/buffer.h"

/* A form as the list tells it. */
typedef struct svyi_odk_listed {
    const char *id, *version, *name;
    const char *md5;             /* 32 hexadecimal digits */
    const char *base;            /* address of the server up to and with /odk or /odk/key/TOKEN */
    int files;                   /* 1: it has files, so a manifest */
} svyi_odk_listed;

/* A file of a form. */
typedef struct svyi_odk_listed_file { const char *name, *md5; } svyi_odk_listed_file;

void svyi_odk_list_begin(svyi_buffer *out);
void svyi_odk_list_add(svyi_buffer *out, const svyi_odk_listed *form);
void svyi_odk_list_end(svyi_buffer *out);

/* The files of a form; addresses as in the list. */
void svyi_odk_manifest(svyi_buffer *out, const svyi_odk_listed *form, const svyi_odk_listed_file *files, size_t n);

/* The envelope of an answer. @param good 1: "submit_success", 0: "error" */
void svyi_odk_response(svyi_buffer *out, int good, const char *sentence);

/* A text as a part of an address: letters, digits and -._~ as they are, the rest as %XX. */
void svyi_odk_address_part(svyi_buffer *out, const char *text);
/* A text as XML; what XML cannot hold becomes U+FFFD. */
void svyi_odk_escaped(svyi_buffer *out, const char *text);
#endif
