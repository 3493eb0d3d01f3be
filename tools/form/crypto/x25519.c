/* X25519 without the table that makes key pairs faster: 30 KB that every phone would have to load, for a key pair in 0.2 instead of 0.1 ms. */
#define ge25519_scalarmult_base svyi_no_table
#include "crypto_scalarmult/curve25519/ref10/x25519_ref10.c"

#include <crypto_scalarmult_curve25519.h>

/* Stands in the library's table of functions; nothing below calls it. */
void svyi_no_table(ge25519_p3 *h, const unsigned char *a)
{
    (void)h, (void)a;
    __builtin_trap();
}

int crypto_scalarmult_curve25519(unsigned char *q, const unsigned char *n, const unsigned char *p)
{
    unsigned char any = 0;
    if (crypto_scalarmult_curve25519_ref10(q, n, p) != 0)
        return -1;
    for (size_t i = 0; i < crypto_scalarmult_curve25519_BYTES; i++)
        any |= q[i];
    return any ? 0 : -1;
}

int crypto_scalarmult_curve25519_base(unsigned char *q, const unsigned char *n)
{
    static const unsigned char nine[crypto_scalarmult_curve25519_BYTES] = { 9 };
    return crypto_scalarmult_curve25519(q, n, nine);
}
