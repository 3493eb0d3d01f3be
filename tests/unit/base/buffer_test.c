/* Buffers: growing, little-endian integers, JSON strings, failures. */
#include <criterion/criterion.h>
#include <string.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "watched_alloc.h"

Test(buffer, grows_and_ends_with_a_nul)
{
    watched w;
    const svy_alloc alloc = watched_alloc(&w, -1);
    svyi_buffer b;

    svyi_buffer_init(&b, &alloc);
    svyi_buffer_add(&b, NULL, 0);
    cr_assert_str_eq(b.data, "");
    for (int i = 0; i < 1000; i++) {
        svyi_buffer_format(&b, "%d,", i);
        cr_assert_eq(strlen(b.data), b.len);
    }
    svyi_buffer_text(&b, "end");
    cr_expect_eq(strncmp(b.data, "0,1,2,3,", 8), 0);
    cr_expect_str_eq(b.data + b.len - 11, "998,999,end" );
    cr_expect_eq(b.len, 10 * 2 + 90 * 3 + 900 * 4 + 3);
    cr_expect_lt(w.calls, 20);
    svyi_buffer_clear(&b);
    watched_end(&w);
}

Test(buffer, integers_are_little_endian)
{
    static const unsigned char EXPECTED[] = { 0x04, 0x03, 0x02, 0x81, 0x08, 0x07, 0x06, 0x05, 0x04, 0x03, 0x02, 0x81 };
    svyi_buffer b;

    svyi_buffer_init(&b, NULL);
    svyi_buffer_u32(&b, 0x81020304u);
    svyi_buffer_u64(&b, 0x8102030405060708u);
    cr_assert_eq(b.len, sizeof EXPECTED);
    cr_expect_eq(memcmp(b.data, EXPECTED, sizeof EXPECTED), 0);
    svyi_buffer_clear(&b);
}

#define CASE(in, out) { in, sizeof(in) - 1, out }
static const struct { const char *in; size_t len; const char *out; } JSON[] = {
    CASE("", "\"\""),
    CASE("plain", "\"plain\""),
    CASE("say \"a\\b\"", "\"say \\\"a\\\\b\\\"\""),
    CASE("\b\f\n\r\t", "\"\\b\\f\\n\\r\\t\""),
    CASE("a\0b\x01\x1f\x7f", "\"a\\u0000b\\u0001\\u001f\x7f\""),
    CASE("Да \xF0\x9F\x98\x80", "\"Да \xF0\x9F\x98\x80\""),
    CASE("x\xFFy\xC3", "\"x\xEF\xBF\xBDy\xEF\xBF\xBD\""),
    CASE("\xEF\xBF\xBD\n", "\"\xEF\xBF\xBD\\n\""),
    CASE("\xED\xA0\x80", "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\""),
};

Test(buffer, json_strings)
{
    for (size_t i = 0; i < sizeof JSON / sizeof JSON[0]; i++) {
        svyi_buffer b;
        svyi_buffer_init(&b, NULL);
        svyi_buffer_json(&b, JSON[i].in, JSON[i].len);
        cr_expect_str_eq(b.data, JSON[i].out, "row %zu: %s", i, b.data);
        svyi_buffer_clear(&b);
    }
}

Test(buffer, failure_sticks_and_loses_nothing)
{
    long n = 0;

    for (int failed = 1; failed; n++) {
        watched w;
        const svy_alloc alloc = watched_alloc(&w, n);
        svyi_buffer b;
        svyi_buffer_init(&b, &alloc);
        for (int i = 0; i < 20; i++) {
            svyi_buffer_text(&b, "0123456789");
            svyi_buffer_format(&b, "%s", "abcdefghij");
            svyi_buffer_u32(&b, 1);
            svyi_buffer_json(&b, "\n", 1);
        }
        failed = b.failed;
        cr_expect(failed || b.len == 20 * 28, "%zu", b.len);
        cr_expect(b.data == NULL || b.data[b.len] == '\0');
        svyi_buffer_clear(&b);
        cr_expect_eq(b.failed, 0);
        watched_end(&w);
    }
    cr_expect_gt(n, 3);
}

Test(buffer, its_text_can_be_kept)
{
    watched w;
    const svy_alloc alloc = watched_alloc(&w, -1);
    svyi_buffer b;

    svyi_buffer_init(&b, &alloc);
    svyi_buffer_text(&b, "kept");
    char *text = b.data;
    const size_t capacity = b.capacity;
    cr_expect_str_eq(text, "kept");
    svyi_release(&alloc, text, capacity);
    watched_end(&w);
}

Test(buffer, impossible_sizes_fail)
{
    svyi_buffer b;

    svyi_buffer_init(&b, NULL);
    svyi_buffer_add(&b, "x", SIZE_MAX - 1);
    cr_expect_eq(b.failed, 1);
    svyi_buffer_clear(&b);
}
