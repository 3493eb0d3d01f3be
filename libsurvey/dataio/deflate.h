/* Compressing bytes in memory. */
#ifndef SVY_DATAIO_DEFLATE_H
#define SVY_DATAIO_DEFLATE_H
#include "base/buffer.h"

/* Adds `bytes` as one member of gzip, at the highest level, to `out`. @return SVY_OK, SVY_E_NOMEM, SVY_E_LIMIT (4 GiB). About 30 ms per MB. */
svy_status svyi_gzip(const void *bytes, size_t n, svyi_buffer *out, svy_error *err);
#endif
