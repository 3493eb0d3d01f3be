/* Several files that are written together: beside their places first, then renamed, all or none. */
#ifndef SVY_EXCHANGE_OUTPUT_H
#define SVY_EXCHANGE_OUTPUT_H
#include "base/arena.h"
#include "base/error.h"

typedef struct svyi_output_file { const char *path; const char *bytes; size_t len; char *temporary; } svyi_output_file;
typedef struct svyi_output { svyi_arena arena; svyi_output_file *files; size_t n, capacity; } svyi_output;

void svyi_output_init(svyi_output *o, const svy_alloc *alloc);
/* Adds a file; path and bytes are copied. The same path twice: the last counts. */
svy_status svyi_output_add(svyi_output *o, const char *path, const char *bytes, size_t len, svy_error *err);
/* Writes all. @return SVY_OK, SVY_E_IO, SVY_E_NOMEM: then no file has changed (but for renames that the system refused half way) */
svy_status svyi_output_write(svyi_output *o, svy_error *err);
void svyi_output_clear(svyi_output *o);
/* 1 for a device or a pipe, which is written to: it must not be replaced by a file. */
int svyi_output_special(const char *path);
#endif
