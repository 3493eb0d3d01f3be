/* Where the bytes of a data file come from: a file read in pieces, or memory. Private to dataio. */
#ifndef SVY_DATAIO_SOURCE_H
#define SVY_DATAIO_SOURCE_H
#include <survey/base.h>

typedef struct svyi_source {
    svy_alloc alloc;
    const char *name;            /* for messages; borrowed */
    int fd;                      /* -1: the bytes are in memory */
    const char *bytes;
    char *owned;                 /* the memory when it is ours: inflated, or read from a pipe */
    size_t owned_size;
    uint64_t size;               /* of the contents, uncompressed */
} svyi_source;

/* Opens a file. Compressed contents, and those of pipes, are read into memory here. `max_bytes` limits the contents. */
svy_status svyi_source_open(const svy_alloc *alloc, const char *path, const char *name, uint64_t max_bytes, svyi_source *out, svy_error *err);
svy_status svyi_source_memory(const svy_alloc *alloc, const void *bytes, size_t len, const char *name, uint64_t max_bytes, svyi_source *out,
                              svy_error *err);
/* Exactly `len` bytes from `offset` on; safe from several threads. */
svy_status svyi_source_read(const svyi_source *s, uint64_t offset, size_t len, char *to, svy_error *err);
void svyi_source_close(svyi_source *s);

/* Fails when bytes that follow `before` others cannot be of a text. Only of large contents: a bomb of zeros must not fill the memory before the parser
 * sees it, which says better what is wrong with small ones. */
svy_status svyi_source_text(const char *name, const char *bytes, size_t len, uint64_t before, svy_error *err);
/* Replaces compressed contents by what they hold; others are left alone. */
svy_status svyi_source_inflate(svyi_source *s, uint64_t max_bytes, svy_error *err);
/* Room for at least `need` bytes in s->owned, doubling; SVY_E_LIMIT above max_bytes. */
svy_status svyi_source_reserve(svyi_source *s, size_t need, uint64_t max_bytes, svy_error *err);
#endif
