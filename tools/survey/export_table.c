/* Cells of a CSV file. */
#include "export_table.h"
#include <string.h>

svy_status export_put(void *user, const char *bytes, size_t len)
{
    export_file *f = user;
    svy_error err = SVY_ERROR_INIT;
    return svy_file_write(f->out, bytes, len, &err);
}

svy_status export_cell(export_file *f, const char *text, size_t len, char end)
{
    svy_status st = SVY_OK;
    int formula = f->safe && len > 0 && strchr("=+-@\t\r", text[0]) != NULL;
    int quote = formula || memchr(text, ',', len) != NULL || memchr(text, '"', len) != NULL || memchr(text, '\n', len) != NULL || memchr(text, '\r', len) != NULL;
    if (quote)
        st = export_put(f, formula ? "\"'" : "\"", formula ? 2 : 1);
    for (size_t i = 0; i < len && st == SVY_OK; i++)
        st = export_put(f, text[i] == '"' ? "\"\"" : text + i, text[i] == '"' ? 2 : 1);
    if (quote && st == SVY_OK)
        st = export_put(f, "\"", 1);
    return st == SVY_OK ? export_put(f, &end, 1) : st;
}
