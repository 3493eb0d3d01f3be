/* Numbers in few bytes: what is written is read again, there is one way to write each, and nothing behind the end is looked at. */
#include <criterion/criterion.h>
#include <string.h>

#include "base/varint.h"

static const struct { uint64_t x; size_t n; } SIZES[] = {
    { 0, 1 }, { 1, 1 }, { 0x7F, 1 }, { 0x80, 2 }, { 0x3FFF, 2 }, { 0x4000, 3 }, { UINT32_MAX, 5 }, { INT64_MAX, 9 }, { (uint64_t)INT64_MAX + 1, 10 }, { UINT64_MAX, 10 },
};

Test(varint, what_is_written_is_read)
{
    for (size_t i = 0; i < sizeof SIZES / sizeof SIZES[0]; i++) {
        uint8_t bytes[SVYI_VARINT_BYTES];
        uint64_t x = 99;
        const size_t n = svyi_varint_write(SIZES[i].x, bytes);
        const uint8_t *at = bytes;

        cr_assert_eq(n, SIZES[i].n);
        cr_assert_eq(svyi_varint_read(&at, bytes + n, &x), SVYI_VARINT_READ);
        cr_assert_eq(x, SIZES[i].x);
        cr_assert_eq(at, bytes + n);
        at = bytes;
        cr_assert_eq(svyi_varint_read(&at, bytes + n - 1, &x), SVYI_VARINT_CUT);
        cr_assert_eq(x, 0);
    }
}

static svyi_varint read_of(const char *bytes, size_t n)
{
    const uint8_t *at = (const uint8_t *)bytes;
    uint64_t x;

    return svyi_varint_read(&at, at + n, &x);
}

Test(varint, another_way_to_write_a_number_is_wrong)
{
    cr_assert_eq(read_of("\x80\x00", 2), SVYI_VARINT_WRONG);
    cr_assert_eq(read_of("\xFF\x80\x00", 3), SVYI_VARINT_WRONG);
    cr_assert_eq(read_of("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x02", 10), SVYI_VARINT_WRONG);
    cr_assert_eq(read_of("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x81\x01", 11), SVYI_VARINT_WRONG);
    cr_assert_eq(read_of("", 0), SVYI_VARINT_CUT);
}

Test(varint, numbers_of_either_sign)
{
    static const int64_t NUMBERS[] = { 0, -1, 1, -2, 2, INT64_MAX, INT64_MIN };

    for (uint64_t i = 0; i < 5; i++)
        cr_assert_eq(svyi_zigzag(NUMBERS[i]), i);
    for (size_t i = 0; i < sizeof NUMBERS / sizeof NUMBERS[0]; i++)
        cr_assert_eq(svyi_unzigzag(svyi_zigzag(NUMBERS[i])), NUMBERS[i]);
}
