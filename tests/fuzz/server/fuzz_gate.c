/* Fuzzing the request gate: the head, the target, the query and a chunked body, whole and in pieces: both must come to the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "server/http/gate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The head in pieces whose sizes the input says. */
static long scan_in_pieces(const char *bytes, size_t n, unsigned seed)
{
    svyi_scan scan = { 0 };
    long result = 0;

    for (size_t have = 0; have < n && result == 0;) {
        seed = seed * 1103515245u + 12345u;
        have += 1 + (seed >> 16) % 37;
        result = svyi_gate_scan(bytes, have < n ? have : n, &scan);
    }
    return result;
}

static void read_query(char *query)
{
    const char *name, *value;

    while (svyi_query_next(&query, &name, &value) == 1)
        if (strlen(name) + strlen(value) > 100000)
            abort();
}

static void read_chunks(const char *bytes, size_t n, unsigned seed)
{
    svyi_chunks whole = { 0 }, pieces = { 0 };
    char *a = malloc(n + 1), *b = malloc(n + 1);
    size_t used = 0, content = 0, total = 0, at = 0;
    int result = 0;

    memcpy(a, bytes, n);
    const int expected = svyi_chunks_take(&whole, a, n, &used, &content);
    while (at < n && result == 0) {
        size_t some = 1 + (seed = seed * 1103515245u + 12345u, seed >> 16) % 29, used_now = 0, content_now = 0;
        some = some < n - at ? some : n - at;
        char *piece = malloc(some);
        memcpy(piece, bytes + at, some);
        result = svyi_chunks_take(&pieces, piece, some, &used_now, &content_now);
        if (result >= 0)
            memcpy(b + total, piece, content_now);
        total += result >= 0 ? content_now : 0;
        at += used_now;
        free(piece);
        if (result == 0 && used_now < some)
            abort();
    }
    if (result != expected || (expected >= 0 && (total != content || at != used || memcmp(a, b, total) != 0)))
        abort();
    free(a);
    free(b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    svyi_scan scan = { 0 };
    svyi_head head;
    svyi_target target;

    if (size < 1)
        return 0;
    const unsigned seed = data[0];
    char *copy = malloc(size);
    memcpy(copy, data + 1, size - 1);
    const long n = svyi_gate_scan(copy, size - 1, &scan);
    if (n != scan_in_pieces(copy, size - 1, seed))
        abort();
    if (n > 0) {
        char *text = malloc((size_t)n);
        memcpy(text, copy, (size_t)n);
        if (svyi_gate_head(text, (size_t)n, &head) == 0 && svyi_target_read(head.target, &target) == 0)
            read_query(target.query);
        read_chunks(copy + n, size - 1 - (size_t)n, seed);
        free(text);
    }
    free(copy);
    return 0;
}
