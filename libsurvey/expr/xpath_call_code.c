/* Functions that encode: digest(), base64-decode(). */
#include "base/digest.h"
#include "base/text.h"
#include "xpath_priv.h"

void svyi_xf_digest(svyi_xcall *call, svyi_xvalue *out)
{
    static const char hex_digits[] = "0123456789abcdef";
    svyi_xrun *r = call->run;
    const char *source, *algorithm, *encoding;
    uint32_t len, algorithm_len, encoding_len = 0;
    unsigned char bytes[SVYI_DIGEST];
    char text[2 * SVYI_DIGEST];

    svyi_xset_text(out, "", 0);
    svyi_xarg_text(call, &source, &len);
    svyi_xarg_text(call, &algorithm, &algorithm_len);
    if (call->n > 2)
        svyi_xarg_text(call, &encoding, &encoding_len);
    const int hex = encoding_len > 0 && svyi_same(encoding, encoding_len, "hex");
    const size_t n = svyi_digest(algorithm, algorithm_len, source, len, bytes);
    if (n == 0) {
        svyi_xfail(r, "digest() knows MD5, SHA-1, SHA-256, SHA-384 and SHA-512, not \"%.*s\".", algorithm_len > 40 ? 40 : (int)algorithm_len, algorithm);
        return;
    }
    if (call->n > 2 && !hex && !svyi_same(encoding, encoding_len, "base64")) {
        svyi_xfail(r, "digest() writes base64 or hex, not \"%.*s\".", encoding_len > 40 ? 40 : (int)encoding_len, encoding);
        return;
    }
    for (size_t i = 0; hex && i < n; i++) {
        text[2 * i] = hex_digits[bytes[i] >> 4];
        text[2 * i + 1] = hex_digits[bytes[i] & 15];
    }
    svyi_xset_copy(r, out, text, hex ? 2 * n : svyi_base64_encode(bytes, n, text));
}

/* What is no base64, or no UTF-8 behind it, is blank. */
void svyi_xf_base64_decode(svyi_xcall *call, svyi_xvalue *out)
{
    const char *text;
    uint32_t len;
    size_t n;

    svyi_xset_text(out, "", 0);
    svyi_xarg_text(call, &text, &len);
    char *bytes = svyi_make(&call->run->base, 3 * (len / 4 + (size_t)1));
    if (bytes != NULL && svyi_base64_decode(text, len, (unsigned char *)bytes, &n) && svyi_utf8_valid(bytes, n))
        svyi_xset_text(out, bytes, n);
}
