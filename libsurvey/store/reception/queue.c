/* A queue that a browser saved as a file (docs/formats/queue.md): taken in as if the browser had sent it, with the same receipts. */
#include "store/reception/priv.h"

#include <string.h>

#include "base/varint.h"

static const char MAGIC[] = { 'S', 'V', 'Y', 'Q', 1 };
enum { GROUP = 64 };                     /* packages of one transaction */

typedef struct taking {
    svy_study *s;
    svy_reception *r;
    const svy_sender *from;
    svy_moment now;
    void (*each)(void *user, const svy_received *received);
    void *user;
    svy_error *err;
    svy_arrival *waiting[GROUP]; size_t n;
} taking;

/* The next item: 1, 0 at the end, -1 when the file is cut. */
static int next_item(const uint8_t **at, const uint8_t *end, const uint8_t **item, size_t *n)
{
    uint64_t len;

    if (*at == end)
        return 0;
    if (svyi_varint_read(at, end, &len) != SVYI_VARINT_READ || len > (uint64_t)(end - *at))
        return -1;
    *item = *at;
    *n = (size_t)len;
    *at += len;
    return 1;
}

/* Items do not say what they are: what opens as a package is one, anything else is a file. */
static int is_package(const svy_reception *r, const uint8_t *item, size_t n, int *unknown, svy_status *st, svy_error *err)
{
    static const char PACKAGE[] = "SVYP";
    void *plain;
    int is;

    *unknown = 0;
    *st = SVY_OK;
    if (n >= sizeof PACKAGE - 1 && memcmp(item, PACKAGE, sizeof PACKAGE - 1) == 0)
        return 1;
    if (n < SVYI_BOX || n > SVYI_PACKAGE_MAX + SVYI_BOX || !r->has_secret) {
        *unknown = !r->has_secret;
        return 0;
    }
    if ((plain = svyi_get(&r->alloc, n)) == NULL) {
        *st = svyi_nomem(err);
        return 0;
    }
    is = svyi_box_open(r->open, r->secret, item, n, plain) && n - SVYI_BOX >= sizeof PACKAGE - 1 && memcmp(plain, PACKAGE, sizeof PACKAGE - 1) == 0;
    svyi_wipe(plain, n);
    svyi_release(&r->alloc, plain, n);
    return is;
}

static svy_status store_waiting(taking *t)
{
    svy_received results[GROUP];
    svy_status st = svy_study_receive(t->s, t->waiting, t->n, results, t->err);

    for (size_t i = 0; i < t->n; i++) {
        if (st == SVY_OK && t->each != NULL)
            t->each(t->user, &results[i]);
        svy_arrival_free(t->waiting[i]);
    }
    t->n = 0;
    return st;
}

static svy_status take_package(taking *t, const uint8_t *item, size_t n)
{
    const int sealed = n < 4 || memcmp(item, "SVYP", 4) != 0;
    svy_status st = svy_arrival_prepare(t->r, item, n, sealed, t->from, t->now, &t->waiting[t->n], t->err);

    if (st == SVY_OK && ++t->n == GROUP)
        st = store_waiting(t);
    return st;
}

static svy_status take_file(taking *t, const uint8_t *item, size_t n)
{
    svy_attachment *file;
    svy_status st = svy_attachment_prepare(t->r, item, n, 1, &file, t->err);

    if (st != SVY_OK)
        return st;
    st = svy_study_attach(t->s, &file, 1, t->from != NULL ? t->from->actor : NULL, t->now, t->err);
    svy_attachment_free(file);
    return st;
}

/* One way through the items: files, then packages, which need them. */
static svy_status pass(taking *t, const uint8_t *at, const uint8_t *end, int packages)
{
    const uint8_t *item;
    size_t n;
    int found, unknown;
    svy_status st = SVY_OK;

    while (st == SVY_OK && (found = next_item(&at, end, &item, &n)) == 1) {
        const int is = is_package(t->r, item, n, &unknown, &st, t->err);
        if (st != SVY_OK)
            break;
        /* Without the key nobody can tell: it is kept as both, sealed, and found out when it is opened. */
        if (packages && (is || (unknown && n <= SVYI_PACKAGE_MAX)))
            st = take_package(t, item, n);
        else if (!packages && !is)
            st = take_file(t, item, n);
    }
    return st;
}

svy_status svy_study_import_queue(svy_study *s, const void *bytes, size_t n, const svy_sender *from, svy_moment now, void (*each)(void *user, const svy_received *received),
                                  void *user, svy_error *err)
{
    taking t = { .s = s, .from = from, .now = now, .each = each, .user = user, .err = err };
    const uint8_t *at = bytes, *end, *item;
    size_t len;
    int found;
    svy_status st;

    SVY_REQUIRE(s != NULL && (bytes != NULL || n == 0), err);
    if (n < sizeof MAGIC || memcmp(bytes, MAGIC, sizeof MAGIC) != 0)
        return svyi_fail(err, SVY_E_FORMAT, "this is not a saved queue: it does not begin with SVYQ");
    at += sizeof MAGIC;
    end = at + (n - sizeof MAGIC);
    const uint8_t *begin = at;
    while ((found = next_item(&at, end, &item, &len)) == 1) { }
    if (found < 0)
        return svyi_fail(err, SVY_E_FORMAT, "the saved queue is cut or damaged at byte %zu: save it again on the device", (size_t)(at - (const uint8_t *)bytes));
    if ((st = svyi_db_writable(s, err)) != SVY_OK || (st = svy_reception_new(s, &t.r, err)) != SVY_OK)
        return st;
    if ((st = pass(&t, begin, end, 0)) == SVY_OK && (st = pass(&t, begin, end, 1)) == SVY_OK && t.n > 0)
        st = store_waiting(&t);
    for (size_t i = 0; i < t.n; i++)
        svy_arrival_free(t.waiting[i]);
    svy_reception_free(t.r);
    return st;
}
