/* Reads and writes the file of a bundle: on a stick that may be pulled out, so it is written beside and renamed; sealed with libsodium's secretstream. */
#define _POSIX_C_SOURCE 200809L
#include "store/sync/stick.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "store/store_priv.h"

_Static_assert(SVYI_STICK_SALT == crypto_pwhash_SALTBYTES && SVYI_STICK_HEADER == crypto_secretstream_xchacha20poly1305_HEADERBYTES, "sizes of the file's head");
_Static_assert(SVYI_STICK_MORE == crypto_secretstream_xchacha20poly1305_ABYTES && SVYI_KEY == crypto_secretstream_xchacha20poly1305_KEYBYTES, "sizes of its pieces");
_Static_assert(sizeof(crypto_secretstream_xchacha20poly1305_state) <= 64, "room for the state of the cipher");

enum { MAGIC = 5 };

static crypto_secretstream_xchacha20poly1305_state *cipher(uint8_t *state)
{
    return (crypto_secretstream_xchacha20poly1305_state *)(void *)state;
}

svy_status svyi_stick_key_make(svyi_stick_key *k, const char *passphrase, size_t n, int new_salt, svy_error *err)
{
    svy_status st = svyi_seal_start(err);

    if (st != SVY_OK)
        return st;
    if (new_salt)
        svyi_random_bytes(k->salt, sizeof k->salt);
    k->sealed = 1;
    if (crypto_pwhash(k->key, sizeof k->key, passphrase, n, k->salt, 3, (size_t)64 << 20, crypto_pwhash_ALG_ARGON2ID13) != 0)
        return svyi_nomem(err);
    return SVY_OK;
}

/* ---- reading ---- */

static svy_status damaged(const svyi_stick_in *in, svy_error *err)
{
    return svyi_fail(err, SVY_E_FORMAT, "'%.200s' is cut or damaged: nothing was taken from it; write it again", in->path);
}

static svy_status open_cipher(svyi_stick_in *in, svyi_stick_key *k, const char *passphrase, size_t n, svy_error *err)
{
    uint8_t head[MAGIC + SVYI_STICK_SALT + SVYI_STICK_HEADER];
    svy_status st;

    if (fread(head, 1, sizeof head, in->file) != sizeof head || memcmp(head, SVYI_STICK_MAGIC, MAGIC) != 0)
        return damaged(in, err);
    if (passphrase == NULL)
        return svyi_fail(err, SVY_E_VALUE, "'%.200s' is sealed with a passphrase: give --passphrase", in->path);
    memcpy(k->salt, head + MAGIC, SVYI_STICK_SALT);
    if ((st = svyi_stick_key_make(k, passphrase, n, 0, err)) != SVY_OK)
        return st;
    in->box = svyi_get(&in->alloc, SVYI_STICK_CHUNK + SVYI_STICK_MORE);
    in->plain = svyi_get(&in->alloc, SVYI_STICK_CHUNK);
    if (in->box == NULL || in->plain == NULL)
        return svyi_nomem(err);
    return crypto_secretstream_xchacha20poly1305_init_pull(cipher(in->state), head + MAGIC + SVYI_STICK_SALT, k->key) == 0 ? SVY_OK : damaged(in, err);
}

svy_status svyi_stick_open(svyi_stick_in *in, const svy_alloc *alloc, const char *path, svyi_stick_key *k, const char *passphrase, size_t n, svy_error *err)
{
    *in = (svyi_stick_in){ .alloc = svyi_alloc_or_default(alloc), .path = path, .sealed = k->sealed, .file = fopen(path, "rbe") };
    if (in->file == NULL)
        return svyi_fail(err, SVY_E_IO, "'%.200s' cannot be read: %s", path, strerror(errno));
    svy_status st = in->sealed ? open_cipher(in, k, passphrase, n, err) : SVY_OK;
    if (st == SVY_OK && in->sealed && svyi_stick_fill(in, 1, NULL) != 1)
        st = svyi_fail(err, SVY_E_VALUE, "'%.200s' does not open with this passphrase, or is damaged", path);
    if (st != SVY_OK)
        svyi_stick_close(in);
    return st;
}

void svyi_stick_close(svyi_stick_in *in)
{
    if (in->file != NULL)
        fclose(in->file);
    if (in->plain != NULL)
        svyi_wipe(in->plain, SVYI_STICK_CHUNK);
    svyi_release(&in->alloc, in->box, SVYI_STICK_CHUNK + SVYI_STICK_MORE);
    svyi_release(&in->alloc, in->plain, SVYI_STICK_CHUNK);
    svyi_release(&in->alloc, in->bytes, in->capacity);
    svyi_wipe(in->state, sizeof in->state);
    *in = (svyi_stick_in){ .file = NULL };
}

/* The next piece of the file: 1, 0 there is none, -1 failed. */
static int more(svyi_stick_in *in, svy_error *err)
{
    unsigned char tag = 0;
    unsigned long long n = 0;

    if (in->at > 0) {
        memmove(in->bytes, in->bytes + in->at, in->n - in->at);
        in->n -= in->at;
        in->at = 0;
    }
    if (in->ended)
        return 0;
    if (svyi_grow(&in->alloc, &in->bytes, &in->capacity, in->n + SVYI_STICK_CHUNK, 1) != 0) {
        (void)!svyi_nomem(err);
        return -1;
    }
    const size_t got = fread(in->sealed ? in->box : in->bytes + in->n, 1, SVYI_STICK_CHUNK + (in->sealed ? SVYI_STICK_MORE : 0), in->file);
    if (ferror(in->file)) {
        (void)!svyi_fail(err, SVY_E_IO, "'%.200s' cannot be read: %s", in->path, strerror(errno));
        return -1;
    }
    if (!in->sealed) {
        in->ended = got == 0;
        in->n += got;
        return got > 0;
    }
    if (got < SVYI_STICK_MORE || crypto_secretstream_xchacha20poly1305_pull(cipher(in->state), in->plain, &n, &tag, in->box, got, NULL, 0) != 0) {
        (void)!damaged(in, err);
        return -1;
    }
    memcpy(in->bytes + in->n, in->plain, (size_t)n);
    in->n += (size_t)n;
    in->ended = tag == crypto_secretstream_xchacha20poly1305_TAG_FINAL;
    if (in->ended && fgetc(in->file) != EOF) {
        (void)!damaged(in, err);
        return -1;
    }
    return 1;
}

int svyi_stick_fill(svyi_stick_in *in, size_t need, svy_error *err)
{
    while (in->n - in->at < need) {
        const int got = more(in, err);
        if (got != 1)
            return got;
    }
    return 1;
}

/* ---- writing ---- */

static svy_status cannot_write(const svyi_stick_out *out, svy_error *err)
{
    return svyi_fail(err, SVY_E_IO, "'%.200s' cannot be written: %s", out->path, strerror(errno));
}

static svy_status begin_cipher(svyi_stick_out *out, const svyi_stick_key *k, svy_error *err)
{
    uint8_t header[SVYI_STICK_HEADER];

    out->plain = svyi_get(&out->alloc, SVYI_STICK_CHUNK);
    out->box = svyi_get(&out->alloc, SVYI_STICK_CHUNK + SVYI_STICK_MORE);
    if (out->plain == NULL || out->box == NULL)
        return svyi_nomem(err);
    crypto_secretstream_xchacha20poly1305_init_push(cipher(out->state), header, k->key);
    return fwrite(SVYI_STICK_MAGIC, 1, MAGIC, out->file) == MAGIC && fwrite(k->salt, 1, sizeof k->salt, out->file) == sizeof k->salt &&
                   fwrite(header, 1, sizeof header, out->file) == sizeof header ? SVY_OK : cannot_write(out, err);
}

svy_status svyi_stick_create(svyi_stick_out *out, const svy_alloc *alloc, const char *path, const svyi_stick_key *k, svy_error *err)
{
    const size_t n = strlen(path);
    svy_status st = SVY_OK;

    *out = (svyi_stick_out){ .alloc = svyi_alloc_or_default(alloc), .sealed = k->sealed, .path_size = n + 1, .beside_size = n + sizeof ".part" };
    out->path = svyi_get(&out->alloc, out->path_size);
    out->beside = svyi_get(&out->alloc, out->beside_size);
    if (out->path == NULL || out->beside == NULL)
        return svyi_stick_finish(out, svyi_nomem(err), NULL);
    snprintf(out->path, out->path_size, "%s", path);
    snprintf(out->beside, out->beside_size, "%s.part", path);
    const int fd = open(out->beside, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    out->file = fd >= 0 ? fdopen(fd, "wb") : NULL;
    if (out->file == NULL) {
        st = cannot_write(out, err);
        if (fd >= 0)
            close(fd);
    }
    if (st == SVY_OK && out->sealed)
        st = begin_cipher(out, k, err);
    return st == SVY_OK ? SVY_OK : svyi_stick_finish(out, st, NULL);
}

static svy_status push(svyi_stick_out *out, int last, svy_error *err)
{
    unsigned long long n = 0;

    crypto_secretstream_xchacha20poly1305_push(cipher(out->state), out->box, &n, out->plain, out->n, NULL, 0,
                                               last ? crypto_secretstream_xchacha20poly1305_TAG_FINAL : crypto_secretstream_xchacha20poly1305_TAG_MESSAGE);
    out->n = 0;
    return fwrite(out->box, 1, (size_t)n, out->file) == (size_t)n ? SVY_OK : cannot_write(out, err);
}

svy_status svyi_stick_write(svyi_stick_out *out, const void *bytes, size_t n, svy_error *err)
{
    const uint8_t *at = bytes;
    svy_status st = SVY_OK;

    if (!out->sealed)
        return fwrite(bytes, 1, n, out->file) == n ? SVY_OK : cannot_write(out, err);
    while (n > 0 && st == SVY_OK) {
        const size_t room = SVYI_STICK_CHUNK - out->n, some = n < room ? n : room;
        memcpy(out->plain + out->n, at, some);
        out->n += some;
        at += some;
        n -= some;
        if (out->n == SVYI_STICK_CHUNK)
            st = push(out, 0, err);
    }
    return st;
}

svy_status svyi_stick_finish(svyi_stick_out *out, svy_status st, svy_error *err)
{
    if (st == SVY_OK && out->sealed)
        st = push(out, 1, err);
    if (st == SVY_OK && (fflush(out->file) != 0 || fsync(fileno(out->file)) != 0))
        st = cannot_write(out, err);
    if (out->file != NULL && fclose(out->file) != 0 && st == SVY_OK)
        st = cannot_write(out, err);
    if (st == SVY_OK && rename(out->beside, out->path) != 0)
        st = cannot_write(out, err);
    if (st == SVY_OK)
        st = svyi_folder_sync(out->path, err);
    else if (out->beside != NULL)
        unlink(out->beside);
    if (out->plain != NULL)
        svyi_wipe(out->plain, SVYI_STICK_CHUNK);
    svyi_release(&out->alloc, out->plain, SVYI_STICK_CHUNK);
    svyi_release(&out->alloc, out->box, SVYI_STICK_CHUNK + SVYI_STICK_MORE);
    svyi_release(&out->alloc, out->path, out->path_size);
    svyi_release(&out->alloc, out->beside, out->beside_size);
    svyi_wipe(out->state, sizeof out->state);
    out->file = NULL;
    return st;
}
