/* OLE2 files made in memory for tests: one stream "Workbook" in sectors of 512 bytes. */
#ifndef SVY_TEST_COMPOUND_H
#define SVY_TEST_COMPOUND_H
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef struct compound { unsigned char *bytes; size_t len; } compound;

static inline void compound_u32(unsigned char *at, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        at[i] = (unsigned char)(value >> (8 * i));
}

/* Sectors: directory, allocation tables, then the stream. At most 100 tables: 6 MB. Free bytes. */
static inline compound compound_of(const void *stream, size_t len)
{
    const uint32_t n = (uint32_t)((len + 511) / 512);
    uint32_t tables = 1;
    while (tables * 128 < n + tables + 1)
        tables++;
    compound c = { NULL, 512 * ((size_t)n + tables + 2) };
    if (tables > 100 || (c.bytes = calloc(1, c.len)) == NULL)
        return (compound){ NULL, 0 };
    unsigned char *head = c.bytes, *directory = c.bytes + 512, *fat = c.bytes + 1024;
    memcpy(head, "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", 8);
    head[24] = 0x3E, head[26] = 3, head[28] = 0xFE, head[29] = 0xFF, head[30] = 9, head[32] = 6;
    compound_u32(head + 44, tables);
    compound_u32(head + 60, 0xFFFFFFFE);
    compound_u32(head + 68, 0xFFFFFFFE);
    for (uint32_t i = 0; i < 109; i++)
        compound_u32(head + 76 + 4 * i, i < tables ? i + 1 : 0xFFFFFFFF);
    memset(fat, 0xFF, (size_t)tables * 512);
    compound_u32(fat, 0xFFFFFFFE);
    for (uint32_t i = 0; i < n; i++)
        compound_u32(fat + 4 * (size_t)(i + tables + 1), i + 1 < n ? i + tables + 2 : 0xFFFFFFFE);
    static const char *const NAMES[] = { "Root Entry", "Workbook" };
    for (int e = 0; e < 2; e++) {
        unsigned char *entry = directory + 128 * e;
        for (size_t i = 0; NAMES[e][i] != '\0'; i++)
            entry[2 * i] = (unsigned char)NAMES[e][i];
        entry[64] = (unsigned char)(2 * strlen(NAMES[e]) + 2);
        entry[66] = e == 0 ? 5 : 2;
        compound_u32(entry + 116, e == 0 ? 0xFFFFFFFE : tables + 1);
        compound_u32(entry + 120, e == 0 ? 0 : (uint32_t)len);
    }
    memcpy(c.bytes + 1024 + (size_t)tables * 512, stream, len);
    return c;
}
#endif
