/* Compiled questionnaires as they are sent: compressed once a version and kept, because they are large and many devices want them in one morning. */
#define _GNU_SOURCE
#include <brotli/encode.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "dataio/deflate.h"
#include "server/core.h"

enum { KEPT = 64, QUALITY = 9 };

typedef enum coding { PLAIN, GZIP, BROTLI } coding;
typedef struct kept { struct kept *next; uint64_t checksum; coding how; char *bytes; size_t n, capacity; } kept;
struct svyi_blocks { pthread_mutex_t lock; kept *first; unsigned n; };

svyi_blocks *svyi_blocks_new(void)
{
    svyi_blocks *b = svyi_get(NULL, sizeof *b);

    if (b == NULL)
        return NULL;
    *b = (svyi_blocks){ .first = NULL };
    pthread_mutex_init(&b->lock, NULL);
    return b;
}

void svyi_blocks_free(svyi_blocks *b)
{
    if (b == NULL)
        return;
    for (kept *k = b->first, *next; k != NULL; k = next) {
        next = k->next;
        svyi_release(NULL, k->bytes, k->capacity);
        svyi_release(NULL, k, sizeof *k);
    }
    pthread_mutex_destroy(&b->lock);
    svyi_release(NULL, b, sizeof *b);
}

static const kept *find(svyi_blocks *b, uint64_t checksum, coding how)
{
    const kept *found = NULL;

    pthread_mutex_lock(&b->lock);
    for (const kept *k = b->first; k != NULL && found == NULL; k = k->next)
        if (k->checksum == checksum && k->how == how)
            found = k;
    pthread_mutex_unlock(&b->lock);
    return found;
}

static int compress(const void *bytes, size_t n, coding how, svyi_buffer *out)
{
    if (how == GZIP)
        return svyi_gzip(bytes, n, out, NULL) == SVY_OK;
    size_t room = BrotliEncoderMaxCompressedSize(n);
    uint8_t *text = room > 0 ? svyi_get(NULL, room) : NULL;
    const size_t capacity = room;
    const int good = text != NULL && BrotliEncoderCompress(QUALITY, BROTLI_DEFAULT_WINDOW, BROTLI_MODE_GENERIC, n, bytes, &room, text);
    if (good)
        svyi_buffer_add(out, text, room);
    svyi_release(NULL, text, capacity);
    return good && !out->failed;
}

/* Keeps what was compressed; NULL when there is no room or no memory. What is kept stays as long as the server. */
static const kept *keep(svyi_blocks *b, uint64_t checksum, coding how, svyi_buffer *bytes)
{
    kept *k = b->n < KEPT ? svyi_get(NULL, sizeof *k) : NULL;

    if (k == NULL)
        return NULL;
    pthread_mutex_lock(&b->lock);
    *k = (kept){ b->first, checksum, how, bytes->data, bytes->len, bytes->capacity };
    b->first = k;
    b->n++;
    pthread_mutex_unlock(&b->lock);
    svyi_buffer_init(bytes, NULL);
    return k;
}

static coding coding_of(const svyi_request *rq)
{
    return svyi_request_takes(rq, "br") ? BROTLI : svyi_request_takes(rq, "gzip") ? GZIP : PLAIN;
}

static void answer_kept(svyi_request *rq, const kept *k)
{
    svyi_answer_header(rq, "Content-Encoding", k->how == BROTLI ? "br" : "gzip");
    svyi_answer_borrowed(rq, 200, "application/octet-stream", k->bytes, k->n);
}

void svyi_block_answer(svyi_request *rq, const svy_deployed *version)
{
    const coding how = coding_of(rq);
    svyi_buffer b;
    char tag[24];

    snprintf(tag, sizeof tag, "\"%016llx\"", (unsigned long long)version->checksum);
    svyi_answer_header(rq, "ETag", tag);
    svyi_answer_header(rq, "Vary", "Accept-Encoding");
    svyi_answer_header(rq, "Cache-Control", "private, max-age=31536000, immutable");
    const kept *k = how != PLAIN ? find(rq->server->blocks, version->checksum, how) : NULL;
    svyi_buffer_init(&b, NULL);
    if (k == NULL && how != PLAIN && compress(version->block, version->block_size, how, &b))
        k = keep(rq->server->blocks, version->checksum, how, &b);
    svyi_buffer_clear(&b);
    if (k != NULL)
        answer_kept(rq, k);
    else
        svyi_answer(rq, 200, "application/octet-stream", version->block, version->block_size);
}
