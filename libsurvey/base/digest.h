/* Message digests, for the expressions of the ODK world that ask for them. Not for secrets: those are the store's. */
#ifndef SVY_BASE_DIGEST_H
#define SVY_BASE_DIGEST_H
#include <stddef.h>

enum { SVYI_DIGEST = 64 /* bytes of the longest */ };

/* Digest of `n` bytes. `algorithm`: MD5 (RFC 1321), SHA-1, SHA-256, SHA-384 or SHA-512 (FIPS 180-4).
   Returns its bytes, 0 when there is no such algorithm. */
size_t svyi_digest(const char *algorithm, size_t len, const void *bytes, size_t n, unsigned char out[SVYI_DIGEST]);

/* Base64 (RFC 4648 section 4, with =). Returns the length; `out` has room for 4 * ((n + 2) / 3). */
size_t svyi_base64_encode(const void *bytes, size_t n, char *out);
/* 1 and `*n` bytes; 0 when it is no base64. White space is passed over, a missing = too. `out` has room for 3 * (len / 4 + 1). */
int svyi_base64_decode(const char *text, size_t len, unsigned char *out, size_t *n);

#endif
