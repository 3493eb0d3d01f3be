/* Random identifiers, keyed hashes, the hash chain and sealed payloads, by libsodium; digests of contents by libcrypto. */
#include "store/seal.h"

#include <openssl/evp.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"

_Static_assert(SVYI_KEY == crypto_aead_xchacha20poly1305_ietf_KEYBYTES, "key of the cipher");
_Static_assert(SVYI_NONCE == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES, "nonce of the cipher");
_Static_assert(SVYI_TAG == crypto_aead_xchacha20poly1305_ietf_ABYTES, "tag of the cipher");
_Static_assert(SVYI_KEY == crypto_box_PUBLICKEYBYTES && SVYI_KEY == crypto_box_SECRETKEYBYTES, "keys of sealed boxes");
_Static_assert(SVYI_BOX == crypto_box_SEALBYTES && SVYI_HASH == crypto_hash_sha256_BYTES, "sizes of boxes and hashes");
_Static_assert(sizeof(svyi_hasher) >= sizeof(crypto_generichash_state), "room for the state of the hash");

svy_status svyi_seal_start(svy_error *err)
{
    if (sodium_init() < 0)
        return svyi_fail(err, SVY_E_IO, "the system gives no random numbers, so nothing can be stored safely");
    return SVY_OK;
}

void svyi_random_bytes(void *out, size_t len)
{
    randombytes_buf(out, len);
}

void svyi_wipe(void *bytes, size_t len)
{
    sodium_memzero(bytes, len);
}

/* Of 16 bytes, with the version and the variant of RFC 9562. */
static void write_uuid(uint8_t b[16], unsigned version, char out[SVYI_UUID])
{
    static const char HEX[] = "0123456789abcdef";
    size_t at = 0;

    b[6] = (uint8_t)((b[6] & 0x0F) | version << 4);
    b[8] = (uint8_t)((b[8] & 0x3F) | 0x80);
    for (size_t i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            out[at++] = '-';
        out[at++] = HEX[b[i] >> 4];
        out[at++] = HEX[b[i] & 15];
    }
    out[at] = '\0';
}

void svyi_uuid_make(char out[SVYI_UUID])
{
    uint8_t b[16];

    randombytes_buf(b, sizeof b);
    write_uuid(b, 4, out);
}

void svyi_uuid_of(const uint8_t hash[16], char out[SVYI_UUID])
{
    uint8_t b[16];

    memcpy(b, hash, sizeof b);
    write_uuid(b, 8, out);
}

void svyi_keyed_hex(const uint8_t key[SVYI_KEY], const char *text, size_t len, char out[SVYI_HASHED_KEY])
{
    uint8_t hash[(SVYI_HASHED_KEY - 1) / 2];

    crypto_generichash(hash, sizeof hash, (const unsigned char *)text, len, key, SVYI_KEY);
    sodium_bin2hex(out, SVYI_HASHED_KEY, hash, sizeof hash);
}

static crypto_generichash_state *state(svyi_hasher *h)
{
    return (crypto_generichash_state *)(void *)h->state;
}

void svyi_hash_keyed(const uint8_t key[SVYI_KEY], const void *bytes, size_t len, uint8_t out[SVYI_HASH])
{
    crypto_generichash(out, SVYI_HASH, bytes, len, key, SVYI_KEY);
}

void svyi_hasher_init(svyi_hasher *h, const uint8_t *key)
{
    crypto_generichash_init(state(h), key, key != NULL ? SVYI_KEY : 0, SVYI_HASH);
}

void svyi_hasher_bytes(svyi_hasher *h, const void *bytes, size_t len)
{
    unsigned char length[8];

    for (size_t i = 0; i < 8; i++)
        length[i] = (unsigned char)((uint64_t)len >> (8 * i));
    crypto_generichash_update(state(h), length, sizeof length);
    if (len > 0)
        crypto_generichash_update(state(h), bytes, len);
}

void svyi_hasher_text(svyi_hasher *h, const char *text)
{
    svyi_hasher_bytes(h, text, strlen(text));
}

void svyi_hasher_number(svyi_hasher *h, int64_t number)
{
    unsigned char bytes[8];

    for (size_t i = 0; i < 8; i++)
        bytes[i] = (unsigned char)((uint64_t)number >> (8 * i));
    svyi_hasher_bytes(h, bytes, sizeof bytes);
}

void svyi_hasher_final(svyi_hasher *h, uint8_t out[SVYI_HASH])
{
    crypto_generichash_final(state(h), out, SVYI_HASH);
}

int svyi_same_bytes(const void *a, const void *b, size_t len)
{
    return sodium_memcmp(a, b, len) == 0;
}

void svyi_seal(const uint8_t key[SVYI_KEY], const uint8_t nonce[SVYI_NONCE], const void *plain, size_t len, void *out)
{
    crypto_aead_xchacha20poly1305_ietf_encrypt(out, NULL, plain, len, NULL, 0, NULL, nonce, key);
}

int svyi_unseal(const uint8_t key[SVYI_KEY], const uint8_t nonce[SVYI_NONCE], const void *sealed, size_t len, void *out)
{
    return len >= SVYI_TAG && crypto_aead_xchacha20poly1305_ietf_decrypt(out, NULL, NULL, sealed, len, NULL, 0, nonce, key) == 0;
}

void svyi_box_keys(uint8_t public_key[SVYI_KEY], uint8_t secret_key[SVYI_KEY])
{
    crypto_box_keypair(public_key, secret_key);
}

void svyi_box_public(const uint8_t secret_key[SVYI_KEY], uint8_t public_key[SVYI_KEY])
{
    crypto_scalarmult_base(public_key, secret_key);
}

int svyi_box_close(const uint8_t public_key[SVYI_KEY], const void *plain, size_t len, void *out)
{
    return crypto_box_seal(out, plain, len, public_key) == 0;
}

int svyi_box_open(const uint8_t public_key[SVYI_KEY], const uint8_t secret_key[SVYI_KEY], const void *box, size_t len, void *out)
{
    return len >= SVYI_BOX && crypto_box_seal_open(out, box, len, public_key, secret_key) == 0;
}

/* By libcrypto, which uses the instructions that processors have for it: five times as fast as libsodium's, which is there when libcrypto fails. */
void svyi_sha256(const void *bytes, size_t len, uint8_t out[SVYI_HASH])
{
    if (EVP_Digest(bytes, len, out, NULL, EVP_sha256(), NULL) != 1)
        crypto_hash_sha256(out, bytes, len);
}
