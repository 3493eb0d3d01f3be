/* What the web form needs of libsodium, as numbers in and out of WebAssembly: the sealed box, the draft cipher, the digest and the stretched PIN.
 *
 * Every byte range is a pointer into this module's memory, from crypto_alloc(). Functions answer 0 when they did it. */
#include <crypto_aead_xchacha20poly1305.h>
#include <crypto_box.h>
#include <crypto_hash_sha256.h>
#include <crypto_pwhash/argon2/argon2.h>
#include <randombytes.h>
#include <stdint.h>
#include <stdlib.h>
#include <utils.h>

#define EXPORT(name) __attribute__((export_name(#name))) name

/* The host's own source of randomness: crypto.getRandomValues. */
__attribute__((import_module("host"), import_name("random_get"))) void random_get(void *buf, size_t size);

/* libsodium asks for random bytes here; what stands behind it in the library opens devices. */
void randombytes_buf(void *const buf, const size_t size)
{
    random_get(buf, size);
}

/* Broken rules of the library end the module: JavaScript sees a WebAssembly.RuntimeError. */
void sodium_misuse(void)
{
    __builtin_trap();
}

/* libsodium's own file of these wants signals and locked memory, which WebAssembly has not. */
void sodium_memzero(void *const p, const size_t size)
{
    volatile uint8_t *byte = p;
    for (size_t i = 0; i < size; i++)
        byte[i] = 0;
}

int sodium_is_zero(const unsigned char *n, const size_t size)
{
    volatile unsigned char all = 0;
    for (size_t i = 0; i < size; i++)
        all |= n[i];
    return all == 0;
}

void *EXPORT(crypto_alloc)(size_t size);
void *crypto_alloc(size_t size)
{
    return malloc(size ? size : 1);
}

/* Keys and answers lie in what is given back: it is wiped first. */
void EXPORT(crypto_release)(void *p, size_t size);
void crypto_release(void *p, size_t size)
{
    if (p)
        sodium_memzero(p, size);
    free(p);
}

/* out: n + 48 bytes that only the holder of the secret key that belongs to `key` (32 bytes) can open. */
int EXPORT(crypto_seal)(uint8_t *out, const uint8_t *in, size_t n, const uint8_t *key);
int crypto_seal(uint8_t *out, const uint8_t *in, size_t n, const uint8_t *key)
{
    return crypto_box_seal(out, in, n, key);
}

/* out: a random nonce (24), the cipher text (n) and its tag (16); `about` is bound to it and must be said again to open it. */
int EXPORT(crypto_lock)(uint8_t *out, const uint8_t *in, size_t n, const uint8_t *about, size_t about_size, const uint8_t *key);
int crypto_lock(uint8_t *out, const uint8_t *in, size_t n, const uint8_t *about, size_t about_size, const uint8_t *key)
{
    const size_t nonce = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
    randombytes_buf(out, nonce);
    return crypto_aead_xchacha20poly1305_ietf_encrypt(out + nonce, NULL, in, n, about, about_size, NULL, out, key);
}

/* The other way round: n is the size of what crypto_lock() made; out: n - 40 bytes. Not 0: other key, other `about`, or changed bytes. */
int EXPORT(crypto_unlock)(uint8_t *out, const uint8_t *in, size_t n, const uint8_t *about, size_t about_size, const uint8_t *key);
int crypto_unlock(uint8_t *out, const uint8_t *in, size_t n, const uint8_t *about, size_t about_size, const uint8_t *key)
{
    const size_t nonce = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
    if (n < nonce + crypto_aead_xchacha20poly1305_ietf_ABYTES)
        return -1;
    return crypto_aead_xchacha20poly1305_ietf_decrypt(out, NULL, NULL, in + nonce, n - nonce, about, about_size, in, key);
}

int EXPORT(crypto_digest)(uint8_t out[32], const uint8_t *in, size_t n);
int crypto_digest(uint8_t out[32], const uint8_t *in, size_t n)
{
    return crypto_hash_sha256(out, in, n);
}

/* A key of 32 bytes from a PIN by argon2id: 16 bytes of salt, KiB of memory, passes. */
int EXPORT(crypto_stretch)(uint8_t *out, uint8_t *pin, size_t n, uint8_t *salt, uint32_t kib, uint32_t passes);
int crypto_stretch(uint8_t *out, uint8_t *pin, size_t n, uint8_t *salt, uint32_t kib, uint32_t passes)
{
    argon2_context c = { .out = out, .outlen = 32, .pwd = pin, .pwdlen = (uint32_t)n, .salt = salt, .saltlen = 16,
                         .t_cost = passes, .m_cost = kib, .lanes = 1, .threads = 1 };
    return argon2_ctx(&c, Argon2_id);
}
