/* Saved queues from anywhere. The file is taken as it is, and once more with every package in it made one of the study's own form, some of them sealed, so that what is
   inside is looked at: whatever it says, the study stays one that verifies itself. Every input begins from the same study: what was taken is taken back. */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../unit/store/study_device.h"
#include "fuzz_study.h"
#include "base/buffer.h"
#include "base/varint.h"
#include "store/reception/priv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MAGIC = 5 };          /* of the queue and of a package alike */
static fixture_block block;
static svy_reception *reception;

static svy_study *the_study(void)
{
    static svy_study *s;

    if (s == NULL) {
        block = fixture_form("tcn-study", 0);
        s = fuzz_study(&block);
        if (svy_reception_new(s, &reception, NULL) != SVY_OK)
            abort();
    }
    return s;
}

/* ---- a queue of the study's own form ---- */

static svy_status own_head(void *user, const svy_package_head *h, svy_error *err)
{
    svyi_buffer *out = user;
    svy_package_head head = *h;
    svy_form *form = NULL;

    if (svy_form_open(NULL, block.bytes, block.size, &form, err) != SVY_OK)
        abort();
    head.form = svy_form_id(form);
    head.version = svy_form_version(form);
    head.checksum = svy_form_checksum(form);
    const size_t need = svy_package_write_head(&head, NULL, 0);
    char *bytes = malloc(need);
    svy_package_write_head(&head, bytes, need);
    svyi_buffer_add(out, bytes, need);
    free(bytes);
    svy_form_free(form);
    return SVY_E_STATE;          /* the rest is copied as it is */
}

/* The package with a head of today's form; as it is when it has no head. */
static void make_own(const uint8_t *item, size_t n, svyi_buffer *out)
{
    const svy_package_reader reader = { .head = own_head, .user = out };
    const uint8_t *at = item + MAGIC + 1, *end = item + n;
    uint64_t head = 0;

    out->len = 0;
    (void)!svy_package_read(item, n, 1, &reader, NULL);
    if (out->len == 0 || svyi_varint_read(&at, end, &head) != SVYI_VARINT_READ || head > (uint64_t)(end - at)) {
        out->len = 0;
        svyi_buffer_add(out, (const char *)item, n);
    } else {
        svyi_buffer_add(out, (const char *)at + head, (size_t)((uint64_t)(end - at) - head));
    }
}

static void add_item(svyi_buffer *queue, const void *bytes, size_t n)
{
    uint8_t length[SVYI_VARINT_BYTES];

    svyi_buffer_add(queue, (const char *)length, svyi_varint_write(n, length));
    svyi_buffer_add(queue, bytes, n);
}

static void add_sealed(svyi_buffer *queue, const svyi_buffer *package)
{
    char *box = malloc(package->len + SVYI_BOX);

    if (box == NULL || !svyi_box_close(svy_reception_public_key(reception), package->data, package->len, box))
        abort();
    add_item(queue, box, package->len + SVYI_BOX);
    free(box);
}

static void make_queue(const uint8_t *data, size_t size, svyi_buffer *queue)
{
    svyi_buffer package;
    uint64_t n;

    svyi_buffer_init(&package, NULL);
    svyi_buffer_add(queue, "SVYQ\1", MAGIC);
    for (const uint8_t *at = data + (size < MAGIC ? size : MAGIC), *end = data + size; at < end; at += n) {
        if (svyi_varint_read(&at, end, &n) != SVYI_VARINT_READ || n > (uint64_t)(end - at))
            break;
        if (n <= MAGIC || memcmp(at, "SVYP", 4) != 0) {
            add_item(queue, at, (size_t)n);
            continue;
        }
        make_own(at, (size_t)n, &package);
        if (n % 2 != 0)
            add_sealed(queue, &package);
        else
            add_item(queue, package.data, package.len);
    }
    svyi_buffer_clear(&package);
}

/* ---- taking it ---- */

static void heard(void *user, const svy_received *received)
{
    (void)user;
    if (strlen(received->uuid) > 36 || svy_receipt_name(received->receipt)[0] == '\0')
        abort();
}

static void take(svy_study *s, const void *bytes, size_t n)
{
    const svy_sender from = { .actor = "fuzz", .organisation = "", .mode = SVY_MODE_IMPORT };
    svy_diags diags = { NULL, NULL, 0, 0 };

    if (svyi_db_begin(s, NULL) != SVY_OK)
        abort();
    const svy_status st = svy_study_import_queue(s, bytes, n, &from, fixture_now(), heard, NULL, NULL);
    if (st == SVY_OK && svy_study_verify(s, &diags, NULL) == SVY_E_INVALID)
        abort();
    if (svyi_db_end(s, SVY_E_STATE, NULL) != SVY_E_STATE)
        abort();
    svyi_versions_close(s);              /* those that were taken back */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    svy_study *s = the_study();
    svyi_buffer queue;

    take(s, data, size);
    svyi_buffer_init(&queue, NULL);
    make_queue(data, size, &queue);
    if (queue.failed)
        abort();
    take(s, queue.data, queue.len);
    svyi_buffer_clear(&queue);
    return 0;
}
