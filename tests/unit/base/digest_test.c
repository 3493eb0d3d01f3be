/* Digests: the vectors of RFC 1321 and FIPS 180-4, and texts of every length around the block (checked with Python's hashlib 3.11). Base64: RFC 4648. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/digest.h"

static void expect(const char *algorithm, const char *text, size_t n, const char *hex)
{
    unsigned char out[SVYI_DIGEST];
    char found[2 * SVYI_DIGEST + 1] = "";
    const size_t size = svyi_digest(algorithm, strlen(algorithm), text, n, out);

    for (size_t i = 0; i < size; i++)
        snprintf(found + 2 * i, 3, "%02x", out[i]);
    cr_expect_str_eq(found, hex, "%s of %zu bytes", algorithm, n);
}

Test(digest, published_vectors)
{
    expect("MD5", "", 0, "d41d8cd98f00b204e9800998ecf8427e");
    expect("MD5", "message digest", 14, "f96b697d7cb7938d525a2f31aaf161d0");
    expect("SHA-1", "abc", 3, "a9993e364706816aba3e25717850c26c9cd0d89d");
    expect("SHA-1", "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56, "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
    expect("SHA-256", "abc", 3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    expect("SHA-384", "abc", 3, "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7");
    expect("SHA-512", "abc", 3, "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd"
                                "454d4423643ce80e2a9ac94fa54ca49f");
}

/* python3: hashlib.new(name, b"".join(hashlib.new(name, b"x" * n).digest() for n in range(300))) */
Test(digest, every_length)
{
    static const struct { const char *algorithm, *hex; } OF_ALL[] = {
#include "digest_lengths.h"
    };
    static char xs[300];

    memset(xs, 'x', sizeof xs);
    for (size_t a = 0; a < sizeof OF_ALL / sizeof OF_ALL[0]; a++) {
        static unsigned char all[300 * SVYI_DIGEST];
        size_t at = 0;
        for (size_t n = 0; n < 300; n++)
            at += svyi_digest(OF_ALL[a].algorithm, strlen(OF_ALL[a].algorithm), xs, n, all + at);
        expect(OF_ALL[a].algorithm, (const char *)all, at, OF_ALL[a].hex);
    }
}

Test(digest, an_unknown_algorithm_has_none)
{
    unsigned char out[SVYI_DIGEST];

    cr_expect_eq(svyi_digest("md5", 3, "", 0, out), 0u);
    cr_expect_eq(svyi_digest("SHA-25", 6, "", 0, out), 0u);
}

Test(digest, base64_there_and_back)
{
    static const char *const PLAIN[] = { "", "f", "fo", "foo", "foob", "fooba", "foobar" };
    static const char *const CODED[] = { "", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy" };

    for (size_t i = 0; i < 7; i++) {
        char text[32];
        unsigned char back[32];
        size_t n = svyi_base64_encode(PLAIN[i], strlen(PLAIN[i]), text);
        cr_expect(n == strlen(CODED[i]) && memcmp(text, CODED[i], n) == 0, "%s", PLAIN[i]);
        cr_expect(svyi_base64_decode(CODED[i], strlen(CODED[i]), back, &n) && n == strlen(PLAIN[i]) && memcmp(back, PLAIN[i], n) == 0, "%s", CODED[i]);
    }
}

Test(digest, base64_that_is_none_is_refused)
{
    static const char *const WRONG[] = { "Z", "Zg==Zg==", "Z*==", "Zm9vY" };
    unsigned char out[32];
    size_t n;

    for (size_t i = 0; i < sizeof WRONG / sizeof WRONG[0]; i++)
        cr_expect(!svyi_base64_decode(WRONG[i], strlen(WRONG[i]), out, &n), "%s", WRONG[i]);
    cr_expect(svyi_base64_decode(" Zm9v\n", 6, out, &n) && n == 3);
    cr_expect(svyi_base64_decode("Zg", 2, out, &n) && n == 1 && out[0] == 'f');
}
