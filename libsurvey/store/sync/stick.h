/* A bundle as a file: bytes in and out, in clear or sealed under a passphrase. */
#ifndef SVY_STORE_STICK_H
#define SVY_STORE_STICK_H
#include <stdio.h>

#include "base/arena.h"
#include "store/seal.h"

enum { SVYI_STICK_SALT = 16, SVYI_STICK_HEADER = 24, SVYI_STICK_CHUNK = 64 << 10, SVYI_STICK_MORE = 17 };
#define SVYI_STICK_MAGIC "SVYX\x01"

typedef struct svyi_stick_key { uint8_t salt[SVYI_STICK_SALT], key[SVYI_KEY]; int sealed; } svyi_stick_key;
/* The key of a passphrase (argon2id, 64 MiB, 3 passes) with the salt that is in `k`, or with a new one. */
svy_status svyi_stick_key_make(svyi_stick_key *k, const char *passphrase, size_t n, int new_salt, svy_error *err);

/* ---- reading ---- */
typedef struct svyi_stick_in {
    svy_alloc alloc; FILE *file; const char *path;
    int sealed, ended;
    _Alignas(16) uint8_t state[64];      /* of the cipher */
    uint8_t *bytes; size_t at, n, capacity;    /* opened, not yet used */
    uint8_t *box, *plain;
} svyi_stick_in;
/* Opens the file and, when it is sealed, its cipher. `k->sealed` must be right, its salt is read. */
svy_status svyi_stick_open(svyi_stick_in *in, const svy_alloc *alloc, const char *path, svyi_stick_key *k, const char *passphrase, size_t n, svy_error *err);
/* Makes `need` bytes be there at in->bytes + in->at: 1, 0 the file ends before, -1 failed. */
int svyi_stick_fill(svyi_stick_in *in, size_t need, svy_error *err);
void svyi_stick_close(svyi_stick_in *in);

/* ---- writing: beside, then renamed ---- */
typedef struct svyi_stick_out {
    svy_alloc alloc; FILE *file; char *path, *beside; size_t path_size, beside_size;
    int sealed;
    _Alignas(16) uint8_t state[64];
    uint8_t *plain, *box; size_t n;
} svyi_stick_out;
svy_status svyi_stick_create(svyi_stick_out *out, const svy_alloc *alloc, const char *path, const svyi_stick_key *k, svy_error *err);
svy_status svyi_stick_write(svyi_stick_out *out, const void *bytes, size_t n, svy_error *err);
/* Puts the file in place when `st` is SVY_OK, else takes it away. */
svy_status svyi_stick_finish(svyi_stick_out *out, svy_status st, svy_error *err);
#endif
