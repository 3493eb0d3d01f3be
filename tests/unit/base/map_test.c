/* The hash against published values, and the map against a plain list. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/map.h"
#include "base/number.h"
#include "watched_alloc.h"

/* XXH64 with seed 0: the values that the test suites of xxHash and of its ports in Go (cespare/xxhash) and Python publish. */
Test(hash, published_values)
{
    static const struct { const char *text; uint64_t hash; } KNOWN[] = {
        { "", 0xEF46DB3751D8E999u },
        { "a", 0xD24EC4F1A98C6E5Bu },
        { "as", 0x1C330FB2D66BE179u },
        { "asd", 0x631C37CE72A97393u },
        { "asdf", 0x415872F599CEA71Eu },
        { "Nobody inspects the spammish repetition", 0xFBCEA83C8A378BF1u },
        { "Call me Ishmael. Some years ago--never mind how long precisely-", 0x02A2E85470D6FD96u },
    };

    for (size_t i = 0; i < sizeof KNOWN / sizeof KNOWN[0]; i++)
        cr_expect_eq(svyi_hash(KNOWN[i].text, strlen(KNOWN[i].text)), KNOWN[i].hash, "%s", KNOWN[i].text);
    cr_expect_eq(svyi_hash(NULL, 0), 0xEF46DB3751D8E999u);
}

Test(map, empty)
{
    svyi_map m;
    uint32_t value = 7;

    svyi_map_init(&m, NULL);
    cr_expect_eq(svyi_map_find(&m, "a", 1, &value), 0);
    cr_expect_eq(value, 0);
    svyi_map_clear(&m);
}

Test(map, keys_are_byte_strings)
{
    static const struct { const char *key; size_t len; } KEYS[] = {
        { "", 0 }, { "a", 1 }, { "a\0", 2 }, { "a\0b", 3 }, { "A", 1 }, { "\xFF", 1 }, { "да", 4 }, { "ab", 2 },
    };
    svyi_map m;
    uint32_t value;

    svyi_map_init(&m, NULL);
    for (uint32_t i = 0; i < sizeof KEYS / sizeof KEYS[0]; i++) {
        value = i;
        cr_expect_eq(svyi_map_add(&m, KEYS[i].key, KEYS[i].len, &value), 0);
    }
    for (uint32_t i = 0; i < sizeof KEYS / sizeof KEYS[0]; i++) {
        cr_expect_eq(svyi_map_find(&m, KEYS[i].key, KEYS[i].len, &value), 1);
        cr_expect_eq(value, i);
    }
    value = 99;
    cr_expect_eq(svyi_map_add(&m, NULL, 0, &value), 1, "the empty key is there");
    cr_expect_eq(value, 0, "and has its first value");
    cr_expect_eq(svyi_map_find(&m, "abc", 3, &value), 0);
    svyi_map_clear(&m);
}

enum { MANY = 20000, WIDTH = 12 };

Test(map, many_keys)
{
    static char keys[MANY][WIDTH];
    watched w;
    const svy_alloc alloc = watched_alloc(&w, -1);
    svyi_map m;
    uint32_t value;

    svyi_map_init(&m, &alloc);
    for (uint32_t i = 0; i < MANY; i++) {
        snprintf(keys[i], WIDTH, "q%u", i * 7);
        value = i;
        cr_assert_eq(svyi_map_add(&m, keys[i], strlen(keys[i]), &value), 0);
        cr_assert_eq(svyi_map_add(&m, keys[i / 2], strlen(keys[i / 2]), &value), 1);
        cr_assert_eq(value, i / 2);
    }
    cr_expect_eq(m.count, MANY);
    for (uint32_t i = 0; i < 7 * MANY; i++) {
        char key[WIDTH];
        snprintf(key, sizeof key, "q%u", i);
        const int found = svyi_map_find(&m, key, strlen(key), &value);
        cr_assert_eq(found, i % 7 == 0, "%s", key);
        cr_assert_eq(value, found ? i / 7 : 0, "%s", key);
    }
    svyi_map_clear(&m);
    watched_end(&w);
    cr_expect_eq(svyi_map_find(&m, "q0", 2, &value), 0, "cleared");
}

Test(map, out_of_memory_keeps_what_was_added)
{
    static char keys[200][WIDTH];
    long n = 0;

    for (int failed = 1; failed; n++) {
        watched w;
        const svy_alloc alloc = watched_alloc(&w, n);
        svyi_map m;
        uint32_t value, added = 0;
        failed = 0;
        svyi_map_init(&m, &alloc);
        for (uint32_t i = 0; i < 200 && !failed; i++) {
            snprintf(keys[i], WIDTH, "k%u", i);
            value = i;
            failed = svyi_map_add(&m, keys[i], strlen(keys[i]), &value) != 0;
            added += !failed;
        }
        for (uint32_t i = 0; i < added; i++)
            cr_expect(svyi_map_find(&m, keys[i], strlen(keys[i]), &value) == 1 && value == i);
        cr_expect_eq(m.count, added);
        svyi_map_clear(&m);
        watched_end(&w);
    }
    cr_expect_gt(n, 3);
}
