/* Bytes in memory compressed by gzip, for what is sent rather than kept. */
#include "dataio/deflate.h"

#include <limits.h>
#include <string.h>
#include <zlib.h>

#include "base/error.h"

svy_status svyi_gzip(const void *bytes, size_t n, svyi_buffer *out, svy_error *err)
{
    unsigned char piece[16384];
    z_stream z = { .zalloc = Z_NULL };
    int rc;

    if (n > UINT_MAX)
        return svyi_fail(err, SVY_E_LIMIT, "more than 4 GiB are not compressed in memory");
    if (deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY) != Z_OK)
        return svyi_nomem(err);
    memcpy(&z.next_in, &bytes, sizeof bytes);      /* zlib does not write there, though its type says it may */
    z.avail_in = (uInt)n;
    do {
        z.next_out = piece;
        z.avail_out = sizeof piece;
        rc = deflate(&z, Z_FINISH);
        svyi_buffer_add(out, piece, sizeof piece - z.avail_out);
    } while (rc == Z_OK);
    deflateEnd(&z);
    return rc == Z_STREAM_END && !out->failed ? SVY_OK : svyi_nomem(err);
}
