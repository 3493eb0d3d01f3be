/* UTF-8, letter case, widths and search keys. */
#include <criterion/criterion.h>
#include <string.h>

#include "base/text.h"

#define TEXT(s) s, sizeof(s) - 1

Test(utf8, every_character_goes_and_comes)
{
    for (uint32_t c = 0; c <= 0x10FFFF; c++) {
        char bytes[4];
        size_t at = 0;
        if (c >= 0xD800 && c <= 0xDFFF)
            continue;
        const size_t n = svyi_utf8_put(c, bytes);
        cr_assert_eq(n, c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4);
        cr_assert_eq(svyi_utf8_next(bytes, n, &at), c, "%x", c);
        cr_assert_eq(at, n);
        cr_assert_eq(svyi_utf8_valid(bytes, n), c != 0, "%x", c);
        for (size_t cut = 1; cut < n; cut++) {
            at = 0;
            cr_assert_eq(svyi_utf8_next(bytes, cut, &at), 0xFFFD, "%x cut", c);
            cr_assert_eq(at, 1);
        }
    }
}

Test(utf8, ill_formed_bytes)
{
    static const struct { const char *text; size_t len, characters; } CASES[] = {
        { TEXT("\x80"), 1 }, { TEXT("\xC0\x80"), 2 }, { TEXT("\xC1\xBF"), 2 }, { TEXT("\xE0\x9F\xBF"), 3 },
        { TEXT("\xED\xA0\x80"), 3 }, { TEXT("\xF0\x8F\xBF\xBF"), 4 }, { TEXT("\xF4\x90\x80\x80"), 4 },
        { TEXT("\xF5\x80\x80\x80"), 4 }, { TEXT("\xFF\xFE"), 2 }, { TEXT("\xE2\x82"), 2 }, { TEXT("\xC3("), 2 },
        { TEXT("a\xF0\x9F\x98z"), 5 }, { TEXT("a\0b"), 3 },
    };

    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        cr_expect_eq(svyi_utf8_valid(CASES[i].text, CASES[i].len), 0, "row %zu", i);
        cr_expect_eq(svyi_utf8_length(CASES[i].text, CASES[i].len), CASES[i].characters, "row %zu", i);
    }
    cr_expect_eq(svyi_utf8_valid(NULL, 0), 1);
    cr_expect_eq(svyi_utf8_valid(TEXT("Здравей, 世界 \xF0\x9F\x98\x80")), 1);
}

Test(utf8, surrogates_and_more_are_written_as_replacement)
{
    static const uint32_t BAD[] = { 0xD800, 0xDFFF, 0x110000, 0xFFFFFFFF };

    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
        char bytes[4];
        cr_expect_eq(svyi_utf8_put(BAD[i], bytes), 3);
        cr_expect_eq(memcmp(bytes, "\xEF\xBF\xBD", 3), 0);
    }
}

Test(utf8, offsets)
{
    static const char WORD[] = "aж世\xF0\x9F\x98\x80";
    static const size_t AT[] = { 0, 1, 3, 6, 10, 10, 10 };

    for (size_t i = 0; i < sizeof AT / sizeof AT[0]; i++)
        cr_expect_eq(svyi_utf8_offset(WORD, sizeof WORD - 1, i), AT[i], "character %zu", i);
    cr_expect_eq(svyi_utf8_length(WORD, sizeof WORD - 1), 4);
}

Test(letter_case, pairs)
{
    static const struct { uint32_t upper, lower; } PAIRS[] = {
        { 'A', 'a' }, { 'Z', 'z' }, { 0xC0, 0xE0 }, { 0xDE, 0xFE }, { 0x178, 0xFF }, { 0x100, 0x101 }, { 0x139, 0x13A },
        { 0x391, 0x3B1 }, { 0x410, 0x430 }, { 0x42F, 0x44F }, { 0x401, 0x451 }, { 0x490, 0x491 }, { 0x531, 0x561 },
        { 0x1E00, 0x1E01 }, { 0x2160, 0x2170 }, { 0x24B6, 0x24D0 }, { 0xFF21, 0xFF41 }, { 0x10400, 0x10428 }, { 0x1E900, 0x1E922 },
    };
    static const uint32_t SAME[] = { '0', '@', '[', '`', '{', 0xD7, 0xF7, 0xDF, 0x138, 0x5D0, 0x627, 0x4E00, 0x1F600, 0x10FFFF };

    for (size_t i = 0; i < sizeof PAIRS / sizeof PAIRS[0]; i++) {
        cr_expect_eq(svyi_lower(PAIRS[i].upper), PAIRS[i].lower, "%x", PAIRS[i].upper);
        cr_expect_eq(svyi_upper(PAIRS[i].lower), PAIRS[i].upper, "%x", PAIRS[i].lower);
        cr_expect_eq(svyi_lower(PAIRS[i].lower), PAIRS[i].lower);
        cr_expect_eq(svyi_upper(PAIRS[i].upper), PAIRS[i].upper);
    }
    for (size_t i = 0; i < sizeof SAME / sizeof SAME[0]; i++)
        cr_expect(svyi_lower(SAME[i]) == SAME[i] && svyi_upper(SAME[i]) == SAME[i], "%x", SAME[i]);
    cr_expect_eq(svyi_lower(0x130), 'i');
    cr_expect_eq(svyi_upper(0x131), 'I');
    cr_expect_eq(svyi_upper(0x3C2), 0x3A3, "final sigma");
    cr_expect_eq(svyi_lower(0x1E9E), 0xDF);
}

Test(letter_case, lower_of_upper_is_stable)
{
    for (uint32_t c = 0; c <= 0x10FFFF; c++) {
        cr_assert_eq(svyi_lower(svyi_lower(c)), svyi_lower(c), "%x", c);
        cr_assert_eq(svyi_upper(svyi_upper(c)), svyi_upper(c), "%x", c);
    }
}

Test(text, spaces_and_widths)
{
    static const uint32_t SPACES[] = { ' ', '\t', '\n', '\r', 0x85, 0xA0, 0x2003, 0x202F, 0x3000 }, NOT[] = { 'a', 0, 0x200B, 0x2060, 0xFEFF };
    static const struct { uint32_t c; int width; } WIDTHS[] = {
        { 'a', 1 }, { 0x416, 1 }, { 0x5D0, 1 }, { 0x627, 1 }, { 0xAD, 1 }, { 0x301, 0 }, { 0x64B, 0 }, { 0x5B8, 0 }, { 0x200B, 0 },
        { 0x200F, 0 }, { 0x2068, 0 }, { 0xFE0F, 0 }, { '\n', 0 }, { 0x4E16, 2 }, { 0xAC00, 2 }, { 0xFF21, 2 }, { 0x1F600, 2 },
        { 0x20000, 2 }, { 0x3042, 2 }, { 0x303F, 1 }, { 0xFF71, 1 }, { 0xFFFD, 1 },
    };

    for (size_t i = 0; i < sizeof SPACES / sizeof SPACES[0]; i++)
        cr_expect(svyi_is_space(SPACES[i]), "%x", SPACES[i]);
    for (size_t i = 0; i < sizeof NOT / sizeof NOT[0]; i++)
        cr_expect(!svyi_is_space(NOT[i]), "%x", NOT[i]);
    for (size_t i = 0; i < sizeof WIDTHS / sizeof WIDTHS[0]; i++)
        cr_expect_eq(svyi_width(WIDTHS[i].c), WIDTHS[i].width, "%x: %d", WIDTHS[i].c, svyi_width(WIDTHS[i].c));
}

/* Texts in one row have the same key. Bulgarian spellings: the act's own examples and official Latin names of places. */
static const char *const KEYS[][4] = {
    { "sofia", "София", "SOFIYA", "Sofia" },
    { "stara zagora", "Стара Загора", "  stara--ZAGORA ", NULL },
    { "plovdiv", "Пловдив", "ПЛОВДИВ", NULL },
    { "targovishte", "Търговище", NULL },
    { "tsar samuil", "Цар Самуил", NULL },
    { "yambol", "Ямбол", NULL },
    { "kyustendil", "Кюстендил", NULL },
    { "zhelyazko yovchev", "Желязко Йовчев", NULL },
    { "shofyor", "Шофьор", NULL },
    { "haskovo", "Хасково", NULL },
    { "sapareva banya", "Сапарева баня", "Сапарѐва Ба\xCC\x81ня", NULL },
    { "eleonora", "Элеонора", "Элеоно́ра", NULL },
    { "izhevsk", "Ижевск", NULL },
    { "kyyiv", "Кыйив", NULL },
    { "lviv", "Львів", NULL },
    { "olga myolk", "Ольга Мьольк", NULL },
    { "athina", "Αθήνα", "ΑΘΗΝΑ", "Ἀθῆνα" },
    { "loutraki", "Λουτράκι", "Λούτρακι", NULL },
    { "filippos", "Φίλιππος", NULL },
    { "sao paulo", "São Paulo", "Sa\xCC\x83o-Paulo", NULL },
    { "strasse", "Straße", "STRASSE", "ſtraße" },
    { "aeroskobing", "Ærøskøbing", NULL },
    { "nguyen dinh", "Nguyễn Đình", NULL },
    { "lodz", "Łódź", NULL },
    { "istanbul", "İstanbul", "ISTANBUL", "ıstanbul" },
    { "احمد", "أحمد", "أَحْمَد", "احمـد" },
    { "اسلام", "إسلام", "آسلام", NULL },
    { "مصطفي", "مصطفى", "مصطفي", "مصطفی" },
    { "مدرسه", "مدرسة", "مدرسه", NULL },
    { "كتاب", "کتاب", "كِتَاب", "ﻛﺘﺎﺏ" },
    { "سوال", "سؤال", NULL },
    { "שלום", "שָׁלוֹם", "שלום", NULL },
    { "123", "١٢٣", "۱۲۳", "१२३" },
    { "a1 b", "Ａ１　Ｂ", NULL },
    { "o neil", "O’Neil", "O'Neil", "O`Neil" },
    { "日本", "日本", NULL },
    { "", "", " -- ", "\xCC\x81" },
};

static void check_key(const char *text, const char *expected)
{
    char out[64];
    const size_t n = svyi_fold(text, strlen(text), out, sizeof out);

    cr_expect_str_eq(out, expected, "%s: %s, expected %s", text, out, expected);
    cr_expect_eq(n, strlen(expected), "%s", text);
}

Test(fold, keys)
{
    for (size_t i = 0; i < sizeof KEYS / sizeof KEYS[0]; i++)
        for (size_t j = 1; j < 4 && KEYS[i][j] != NULL; j++)
            check_key(KEYS[i][j], KEYS[i][0]);
}

Test(fold, every_cyrillic_greek_and_latin_letter_of_the_main_blocks_becomes_ascii)
{
    static const struct { uint32_t first, last; } BLOCKS[] = { { 0xC0, 0x17F }, { 0x391, 0x3A1 }, { 0x3A3, 0x3CE }, { 0x400, 0x481 }, { 0x48A, 0x52F } };

    for (size_t i = 0; i < sizeof BLOCKS / sizeof BLOCKS[0]; i++)
        for (uint32_t c = BLOCKS[i].first; c <= BLOCKS[i].last; c++) {
            char text[4], out[16];
            const size_t n = svyi_fold(text, svyi_utf8_put(c, text), out, sizeof out);
            for (size_t k = 0; k < n; k++)
                cr_expect_lt((unsigned char)out[k], 0x80, "%x", c);
            cr_expect(n > 0 || c == 0xD7 || c == 0xF7 || c == 0x42C || c == 0x44C || c == 0x4C0 || c == 0x4CF, "%x has no letter", c);
        }
}

Test(fold, every_character_fits_and_folding_twice_changes_nothing)
{
    for (uint32_t c = 1; c <= 0x10FFFF; c++) {
        char text[4], once[32], twice[32];
        const size_t n = svyi_fold(text, svyi_utf8_put(c, text), once, sizeof once);
        cr_assert_lt(n, 16, "%x", c);
        cr_assert(svyi_utf8_valid(once, n), "%x", c);
        cr_assert_eq(svyi_fold(once, n, twice, sizeof twice), n, "%x: %s, %s", c, once, twice);
        cr_assert_str_eq(once, twice, "%x", c);
    }
}

Test(fold, cuts_between_characters_and_tells_the_whole_length)
{
    static const char NAME[] = "Юлия أحمد щ";
    char whole[64], out[64];
    const size_t need = svyi_fold(NAME, sizeof NAME - 1, whole, sizeof whole);

    for (size_t size = 0; size <= need + 2; size++) {
        memset(out, '#', sizeof out);
        cr_expect_eq(svyi_fold(NAME, sizeof NAME - 1, size > 0 ? out : NULL, size), need);
        cr_expect_eq(out[size], '#', "size %zu", size);
        if (size == 0)
            continue;
        cr_expect_eq(strncmp(out, whole, strlen(out)), 0);
        cr_expect(svyi_utf8_valid(out, strlen(out)));
        cr_expect(strlen(out) + 4 >= (size - 1 < need ? size - 1 : need), "size %zu: %s", size, out);
    }
    cr_expect_eq(svyi_fold(NULL, 0, out, sizeof out), 0);
    cr_expect_str_eq(out, "");
}

Test(fold, the_key_of_a_beginning_begins_the_key)
{
    static const char *const WORDS[] = { "Софиянци", "Търговище на юг", "Ελλάδα", "مدرسة الأمل", "Århus Øst", "Щръклево" };

    for (size_t i = 0; i < sizeof WORDS / sizeof WORDS[0]; i++) {
        char whole[64], part[64];
        svyi_fold(WORDS[i], strlen(WORDS[i]), whole, sizeof whole);
        for (size_t at = 0; at < strlen(WORDS[i]); svyi_utf8_next(WORDS[i], strlen(WORDS[i]), &at)) {
            svyi_fold(WORDS[i], at, part, sizeof part);
            cr_expect_eq(strncmp(whole, part, strlen(part)), 0, "%s: %s", whole, part);
        }
    }
}

Test(fold, invalid_bytes_do_no_harm)
{
    char out[32];

    svyi_fold("ab\xFF" "cd\xD0", 6, out, sizeof out);
    cr_expect_str_eq(out, "ab cd");
}
