/* The bytes of a data file in order, from its beginning to its end, whatever its size. Private to dataio. */
#ifndef SVY_DATAIO_INFLOW_H
#define SVY_DATAIO_INFLOW_H
#include <survey/base.h>

typedef struct svyi_inflow {
    svy_alloc alloc;
    const char *name;            /* for messages; borrowed */
    int fd;
    int regular;                 /* 1: it can be read again from its beginning */
    uint64_t size;               /* of a regular file, as it lies on the disk; otherwise 0 */
    uint64_t taken;              /* bytes read from the disk so far */
    struct svyi_inflow_gzip *gzip;   /* NULL: not compressed */
    char head[2];                /* its first bytes, which told whether it is compressed; given out first */
    size_t n_head, head_at;
} svyi_inflow;

/* Opens a file, a pipe or a device; compressed contents (known by their first bytes) are inflated as they come. */
svy_status svyi_inflow_open(const svy_alloc *alloc, const char *path, const char *name, svyi_inflow *out, svy_error *err);
/* The next bytes, as many as there is room for; fewer only at the end. */
svy_status svyi_inflow_read(svyi_inflow *f, char *to, size_t room, size_t *got, svy_error *err);
void svyi_inflow_close(svyi_inflow *f);
#endif
