/* Options that stand in a file, or in the study that is analysed. */
#include <stdlib.h>
#include <string.h>
#include <survey/exchange.h>
#include <survey/store.h>

#include "data.h"
#include "tool.h"

/* What was read, until the program ends: settings borrow the texts. */
typedef struct kept { struct kept *next; svy_design_file *file; tool_item *items; char *where; } kept;
static kept *all_kept;

static void release(void)
{
    while (all_kept != NULL) {
        kept *k = all_kept;
        all_kept = k->next;
        for (size_t i = 0; k->items != NULL && i < svy_design_file_count(k->file); i++)
            free(k->items[i].value);
        free(k->items);
        free(k->where);
        svy_design_file_free(k->file);
        free(k);
    }
}

/* Copies of the values, which taking names apart writes into. */
static int keep(svy_design_file *file, const char *where, const tool_item **items, size_t *count, const char **name)
{
    kept *k = calloc(1, sizeof *k);
    size_t n = svy_design_file_count(file);
    if (k == NULL) {
        svy_design_file_free(file);
        return EXIT_SYSTEM;
    }
    if (all_kept == NULL)
        atexit(release);
    *k = (kept){ all_kept, file, calloc(n + 1, sizeof *k->items), malloc(strlen(where) + 1) };
    all_kept = k;
    if (k->items == NULL || k->where == NULL)
        return EXIT_SYSTEM;
    strcpy(k->where, where);
    for (size_t i = 0; i < n; i++) {
        const svy_design_item *item = svy_design_file_item(file, i);
        char *copy = malloc(strlen(item->value) + 1);
        if (copy == NULL)
            return EXIT_SYSTEM;
        strcpy(copy, item->value);
        k->items[i] = (tool_item){ item->name, copy, item->line };
    }
    *items = k->items;
    *count = n;
    *name = k->where;
    return EXIT_DONE;
}

int tool_options_file(const char *path, const char *data, const tool_item **items, size_t *count, const char **where)
{
    svy_error err = SVY_ERROR_INIT;
    svy_diags diags = { tool_report, NULL, 0, 0 };
    svy_design_file *file = NULL;
    char *text = NULL;
    size_t len = 0;
    *items = NULL;
    *count = 0;
    *where = path != NULL ? path : data;
    if (path == NULL && (data == NULL || tool_study_text(data, "design", &text, &len) != EXIT_DONE || text == NULL))
        return EXIT_DONE;              /* what is wrong with the study is told when it is read */
    svy_status st = path != NULL ? svy_design_file_read(NULL, path, NULL, &diags, &file, &err)
                                 : svy_design_file_read_memory(NULL, text, len, data, NULL, &diags, &file, &err);
    free(text);
    if (st == SVY_E_INVALID)
        return EXIT_WRONG;             /* every problem was told */
    if (st != SVY_OK)
        return tool_fail(&err);
    int status = keep(file, *where, items, count, where);
    if (status != EXIT_DONE)
        tool_say("out of memory");
    return status;
}
