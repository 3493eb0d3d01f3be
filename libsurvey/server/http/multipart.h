/* Forms with files as programs post them (RFC 7578), read as they arrive: strict, in a fixed amount of memory. */
#ifndef SVY_SERVER_MULTIPART_H
#define SVY_SERVER_MULTIPART_H
#include <survey/base.h>

enum {
    SVYI_MULTIPART_BOUNDARY = 70,    /* RFC 2046 */
    SVYI_MULTIPART_HEADERS = 4096,   /* bytes of one part's headers */
    SVYI_MULTIPART_FIELDS = 16,      /* headers of a part */
    SVYI_MULTIPART_PARTS = 256,      /* ODK Collect sends at most 102 */
    SVYI_MULTIPART_NAME = 256        /* bytes of a name, with its NUL */
};

/* What the headers of a part say. Names are UTF-8 without control characters; whether they are good names of files is for who stores them. */
typedef struct svyi_form_part {
    char name[SVYI_MULTIPART_NAME];
    char file[SVYI_MULTIPART_NAME];      /* "" when it is no file */
    char type[SVYI_MULTIPART_NAME];      /* media type in small letters without parameters, "text/plain" when none is given */
    char charset[SVYI_MULTIPART_NAME];   /* in small letters, "" when none is given */
} svyi_form_part;

/* Receives the parts in order. Any may be NULL. What one returns other than SVY_OK ends the reading. */
typedef struct svyi_multipart_to {
    svy_status (*begin)(void *user, const svyi_form_part *part, svy_error *err);
    svy_status (*bytes)(void *user, const void *bytes, size_t n, svy_error *err);
    svy_status (*end)(void *user, svy_error *err);
    void *user;
} svyi_multipart_to;

typedef struct svyi_multipart {
    svyi_multipart_to to;
    char delimiter[SVYI_MULTIPART_BOUNDARY + 5];   /* CR LF - - boundary */
    size_t delimiter_len, matched;
    char headers[SVYI_MULTIPART_HEADERS];
    size_t headers_len;
    size_t taken, content;                         /* bytes of the body so far; where the content of the part at hand begins in it */
    unsigned parts;
    int state;
    svyi_form_part part;
} svyi_multipart;

/* Begins with the value of the request's Content-Type.
   @return SVY_OK, SVY_E_FORMAT (it is not multipart/form-data with a boundary) */
svy_status svyi_multipart_begin(svyi_multipart *m, const char *content_type, const svyi_multipart_to *to, svy_error *err);
/* The next bytes of the body; how they are cut does not matter.
   @return SVY_OK, SVY_E_FORMAT, SVY_E_LIMIT (too many parts, too long headers), what `to` returned: then the reading is over */
svy_status svyi_multipart_feed(svyi_multipart *m, const void *bytes, size_t n, svy_error *err);
/* The body ended. SVY_E_FORMAT when the last boundary did not come. */
svy_status svyi_multipart_end(svyi_multipart *m, svy_error *err);

/* NULL when a name may be that of a file beside a submission, otherwise what is wrong with it as the end of a sentence: "is empty", ...
   No folder, no control character, at most 255 bytes of UTF-8. */
const char *svyi_file_name_refuse(const char *name);
#endif
