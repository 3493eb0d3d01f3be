/* Any bytes as a posted form: the first says how the rest is cut. Cut or whole it is the same form, with names that are texts. */
#include "base/text.h"
#include "server/http/multipart.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct heard { uint64_t sum; size_t bytes; int open, parts; } heard;

static void mix(heard *h, const void *bytes, size_t n)
{
    const unsigned char *b = bytes;
    for (size_t i = 0; i < n; i++)
        h->sum = (h->sum ^ b[i]) * 1099511628211u;
    h->bytes += n;
}

static svy_status begin(void *user, const svyi_form_part *p, svy_error *err)
{
    heard *h = user;
    (void)err;
    if (h->open++ != 0 || ++h->parts > SVYI_MULTIPART_PARTS || p->name[0] == '\0' || !svyi_utf8_valid(p->name, strlen(p->name)) || !svyi_utf8_valid(p->file, strlen(p->file)))
        abort();
    mix(h, p->name, strlen(p->name) + 1);
    mix(h, p->file, strlen(p->file) + 1);
    return SVY_OK;
}

static svy_status bytes(void *user, const void *b, size_t n, svy_error *err)
{
    (void)err;
    if (((heard *)user)->open != 1 || n == 0)
        abort();
    mix(user, b, n);
    return SVY_OK;
}

static svy_status end(void *user, svy_error *err)
{
    (void)err;
    if (((heard *)user)->open-- != 1)
        abort();
    return SVY_OK;
}

static svy_status read_cut(const uint8_t *data, size_t size, size_t piece, heard *h)
{
    svyi_multipart m;
    svy_error err = SVY_ERROR_INIT;
    const svyi_multipart_to to = { begin, bytes, end, h };
    if (svyi_multipart_begin(&m, "multipart/form-data; boundary=AaB03x", &to, &err) != SVY_OK)
        abort();
    svy_status st = SVY_OK;
    for (size_t at = 0; at < size && st == SVY_OK; at += piece)
        st = svyi_multipart_feed(&m, data + at, size - at < piece ? size - at : piece, &err);
    if (st == SVY_OK)
        st = svyi_multipart_end(&m, &err);
    if (st != SVY_OK && err.message[0] == '\0')
        abort();
    return st;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    heard whole = { .sum = 7 }, cut = { .sum = 7 };
    char type[200];
    svyi_multipart m;
    const svyi_multipart_to nobody = { NULL, NULL, NULL, NULL };
    svy_error err = SVY_ERROR_INIT;
    if (size == 0)
        return 0;
    const svy_status a = read_cut(data + 1, size - 1, size, &whole), b = read_cut(data + 1, size - 1, (size_t)data[0] % 16 + 1, &cut);
    if (a != b || whole.sum != cut.sum || whole.parts != cut.parts || (a == SVY_OK && whole.open != 0))
        abort();
    const size_t n = size < sizeof type ? size : sizeof type - 1;
    memcpy(type, data, n);
    type[n] = '\0';
    (void)!svyi_multipart_begin(&m, type, &nobody, &err);
    return 0;
}
