/* Any bytes as a workbook: as they are, or as the files of a zip ("@@NAME" before each), so that what is in the zip is reached without its checksums.
   Either a refusal with a sentence, or sheets whose cells keep what workbook.h promises. */
#include "../../unit/exchange/zipped.h"
#include "base/text.h"
#include "exchange/workbook/workbook.h"
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const svyi_sheet *s)
{
    if (s->name == NULL || (s->n_rows == 0) != (s->cells == NULL))
        abort();
    for (size_t i = 0; i < (size_t)s->n_rows * s->n_columns; i++) {
        const char *text = s->cells[i];
        if (text == NULL || (text[0] == '\0') != (s->kinds[i] == SVYI_CELL_BLANK) || s->kinds[i] > SVYI_CELL_ERROR || !svyi_utf8_valid(text, strlen(text)))
            abort();
        if (text[0] == ' ' || (text[0] != '\0' && text[strlen(text) - 1] == ' ') || (s->cells[i % s->n_columns][0] == '\0' && text[0] != '\0'))
            abort();
    }
}

static void read_workbook(const void *bytes, size_t len)
{
    static const svyi_workbook_limits LIMITS = { 1u << 20, 4u << 20, 8u << 20, 200, 100, 1000000, 4u << 20 };
    svy_error err = SVY_ERROR_INIT;
    svyi_workbook *w;
    const svy_status st = svyi_workbook_read_memory(NULL, bytes, len, "fuzz", &LIMITS, &w, &err);
    if ((st == SVY_OK) != (w != NULL) || (st != SVY_OK && (err.message[0] == '\0' || strchr(err.message, '\n') != NULL)))
        abort();
    for (uint32_t i = 0; w != NULL && i < w->n_sheets; i++)
        check(&w->sheets[i]);
    svyi_workbook_free(w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 2 && data[0] == '@' && data[1] == '@') {
        zipped z = zipped_text((const char *)data, size, size % 2);
        if (z.bytes != NULL)
            read_workbook(z.bytes, z.len);
        free(z.bytes);
    } else {
        read_workbook(data, size);
    }
    return 0;
}
