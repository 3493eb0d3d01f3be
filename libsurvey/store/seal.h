/* Random identifiers, keyed hashes, the hash chain and sealed payloads: the only place that calls libsodium. */
#ifndef SVY_STORE_SEAL_H
#define SVY_STORE_SEAL_H
#include <survey/base.h>

enum { SVYI_KEY = 32, SVYI_HASH = 32, SVYI_NONCE = 24, SVYI_TAG = 16, SVYI_UUID = 37, SVYI_HASHED_KEY = 33, SVYI_BOX = 48 };

/* Must succeed before anything else here is used. */
svy_status svyi_seal_start(svy_error *err);
void svyi_random_bytes(void *out, size_t len);
void svyi_uuid_make(char out[SVYI_UUID]);                 /* version 4, with its NUL */
void svyi_uuid_of(const uint8_t hash[16], char out[SVYI_UUID]);        /* version 8, of 16 bytes of a hash */
void svyi_wipe(void *bytes, size_t len);

/* A text as 32 hexadecimal digits that only who has `key` can compute. */
void svyi_keyed_hex(const uint8_t key[SVYI_KEY], const char *text, size_t len, char out[SVYI_HASHED_KEY]);

/* BLAKE2b-256 over fields, each preceded by its length, so that no two lists of fields give the same bytes. */
typedef struct svyi_hasher { _Alignas(64) unsigned char state[384]; } svyi_hasher;
/* BLAKE2b-256 of bytes under a key, in one go. */
void svyi_hash_keyed(const uint8_t key[SVYI_KEY], const void *bytes, size_t len, uint8_t out[SVYI_HASH]);
void svyi_hasher_init(svyi_hasher *h, const uint8_t *key);      /* key of SVYI_KEY bytes, or NULL */
void svyi_hasher_bytes(svyi_hasher *h, const void *bytes, size_t len);
void svyi_hasher_text(svyi_hasher *h, const char *text);
void svyi_hasher_number(svyi_hasher *h, int64_t number);
void svyi_hasher_final(svyi_hasher *h, uint8_t out[SVYI_HASH]);
int svyi_same_bytes(const void *a, const void *b, size_t len);       /* in constant time */

/* XChaCha20-Poly1305; `out` has room for len + SVYI_TAG bytes. */
void svyi_seal(const uint8_t key[SVYI_KEY], const uint8_t nonce[SVYI_NONCE], const void *plain, size_t len, void *out);
/* `out` has room for len - SVYI_TAG bytes. 1 when it is authentic. */
int svyi_unseal(const uint8_t key[SVYI_KEY], const uint8_t nonce[SVYI_NONCE], const void *sealed, size_t len, void *out);

/* Sealed boxes: whoever has the public key can close one, only who has the secret key can open it. */
void svyi_box_keys(uint8_t public_key[SVYI_KEY], uint8_t secret_key[SVYI_KEY]);
void svyi_box_public(const uint8_t secret_key[SVYI_KEY], uint8_t public_key[SVYI_KEY]);
/* `out` has room for len + SVYI_BOX bytes. 0 when the key is none. */
int svyi_box_close(const uint8_t public_key[SVYI_KEY], const void *plain, size_t len, void *out);
/* `out` has room for len - SVYI_BOX bytes. 1 when it was closed for this key and is whole. */
int svyi_box_open(const uint8_t public_key[SVYI_KEY], const uint8_t secret_key[SVYI_KEY], const void *box, size_t len, void *out);

/* SHA-256: names of what is uploaded. */
void svyi_sha256(const void *bytes, size_t len, uint8_t out[SVYI_HASH]);
#endif
