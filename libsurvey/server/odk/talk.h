/* Messages between the server and the process that reads XML: a length in 8 bytes, then the bytes. */
#ifndef SVY_SERVER_ODK_TALK_H
#define SVY_SERVER_ODK_TALK_H
#include "base/buffer.h"

enum { SVYI_TALK_FOREVER = -1 };   /* no poll() and no send(): what a process under seccomp has left */

/* @return SVY_OK, SVY_E_IO (the other side is gone, or takes longer than `milliseconds`) */
svy_status svyi_talk_send(int fd, const void *bytes, size_t n, int milliseconds, svy_error *err);
/* The next message in place of what `out` holds. @return also SVY_E_LIMIT (more than `most` bytes), SVY_E_NOMEM */
svy_status svyi_talk_receive(int fd, size_t most, int milliseconds, svyi_buffer *out, svy_error *err);

/* Fields of a message, one after the other. Reading stops at the first that is not whole: `failed`. */
typedef struct svyi_talk_fields { const unsigned char *at, *end; int failed; } svyi_talk_fields;
void svyi_talk_add(svyi_buffer *out, const void *bytes, size_t n);
uint64_t svyi_talk_number(svyi_talk_fields *f);
/* A text within the message: UTF-8, at most `most` bytes; "" after a failure. */
const char *svyi_talk_text(svyi_talk_fields *f, size_t most);
const void *svyi_talk_bytes(svyi_talk_fields *f, size_t most, size_t *n);
#endif
