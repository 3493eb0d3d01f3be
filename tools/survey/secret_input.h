/* Passwords and passphrases, from a person at a terminal or from a pipe; never from the command line, where others can read them. */
#ifndef SURVEY_SECRET_INPUT_H
#define SURVEY_SECRET_INPUT_H
#include <stddef.h>

enum { SECRET_MAX = 1000 };
typedef struct secret { char text[SECRET_MAX + 1]; size_t len; } secret;

/* Asks for a secret as `what` ("password"), twice when `twice`; what is typed is not shown. Input that is no terminal: its first line. @return an exit status; errors are printed. */
int secret_read(secret *s, const char *what, int twice);
void secret_wipe(secret *s);
#endif
