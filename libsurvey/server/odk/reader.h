/* Submissions of ODK's clients are XML from the network. They are read by a process of their own, one for each, that can do nothing else.
 *
 * A helper is forked when the server starts, before it has threads, keys or an open study; it does nothing but fork a reader for each submission, which
 * gives up every right but computing (sandbox.h) before it looks at the first byte. So no code runs between fork and exec in a process with threads, no
 * program has to be found and started again (a fork of the small helper takes a third of a millisecond), and a reader that is taken over finds neither
 * files nor keys in its memory. When the helper dies, the process that started it starts another one; the submission it was about to hand over fails, and is
 * sent again. The server and a reader speak over a socket that came with the request. */
#ifndef SVY_SERVER_ODK_READER_H
#define SVY_SERVER_ODK_READER_H
#include "base/buffer.h"
#include <survey/exchange.h>

typedef struct svyi_odk_reader svyi_odk_reader;

/* Forks the helper. The process must have one thread. */
svy_status svyi_odk_reader_start(svyi_odk_reader **out, svy_error *err);
/* 0 when the system did not let readers give up their rights: then only their memory and time are limited. */
int svyi_odk_reader_is_sandboxed(const svyi_odk_reader *r);
/* Ends the helper. NULL allowed. */
void svyi_odk_reader_stop(svyi_odk_reader *r);

/* ---- one submission; any thread ---- */
typedef struct svyi_odk_reading { int fd; } svyi_odk_reading;

/* Hands the XML over and hears what it says of itself. End it in every case.
 *  @return SVY_OK; what svy_submission_about() returns; SVY_E_IO (the helper is gone); SVY_E_LIMIT (it took too much memory or time) */
svy_status svyi_odk_reading_begin(svyi_odk_reader *r, svyi_odk_reading *reading, const char *xml, size_t len, svy_submission_head *head, svy_error *err);
/* The submission as a package of that form. Problems stand in `problems`, one in a line.
 *  @return SVY_OK; what svy_submission_package() returns; SVY_E_IO, SVY_E_LIMIT as above */
svy_status svyi_odk_reading_package(svyi_odk_reading *reading, const void *block, size_t size, const svy_submission_options *options, svyi_buffer *package,
                                    svyi_buffer *problems, svy_error *err);
void svyi_odk_reading_end(svyi_odk_reading *reading);

/* ---- the other side ---- */
/* What a reader does, from the first message to its end (child.c). */
void svyi_odk_read_one(int fd, int sandboxed);

enum { SVYI_ODK_MOST_XML = 8 << 20, SVYI_ODK_MOST_BLOCK = 64 << 20, SVYI_ODK_MOST_REPLY = 20 << 20 };
void svyi_odk_options_write(svyi_buffer *out, const svy_submission_options *o);
#endif
