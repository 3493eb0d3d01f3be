/* Files beside the questionnaire: reading them within limits, and which paths a questionnaire may name. */
#ifndef SVY_EXCHANGE_FILE_H
#define SVY_EXCHANGE_FILE_H
#include "base/arena.h"
#include <survey/base.h>

/* Reads a whole file into the arena. With `regular`, anything but a plain file (a device, a pipe) is refused.
   @param why receives what failed, as the end of a sentence ("there is no such file")
   @return SVY_OK, SVY_E_IO, SVY_E_LIMIT, SVY_E_NOMEM */
svy_status svyi_file_read(svyi_arena *arena, const char *path, size_t limit, int regular, const char **bytes, size_t *len, const char **why);
/* 1 when there is an ordinary file that can be read. */
int svyi_file_there(const char *path);
/* The same for a file that stands alone; `err` says what could not be read ("the weighting plan") and why. */
svy_status svyi_file_read_alone(svyi_arena *arena, const char *path, const char *what, size_t limit, const char **bytes, size_t *len, svy_error *err);

/* The folder of a file with its slash, "" for the present one. NULL when out of memory. */
char *svyi_path_folder(svyi_arena *arena, const char *path);
char *svyi_path_join(svyi_arena *arena, const char *folder, const char *name);
/* 1 when a path ends in `end`, an ending in small letters; capitals count as small: "FORM.XLSX" ends in ".xlsx". */
int svyi_path_ends(const char *path, const char *end);
/* NULL when a questionnaire may name this path, otherwise why not: it must be relative and stay below the folder above the questionnaire's. */
const char *svyi_path_refuse(const char *path);

/* 1 for a language tag: "bg", "sr-Latn", "zh-Hant-TW"; two or three letters, then parts of up to eight letters and digits; at most 64 bytes. */
int svyi_is_tag(const char *text, size_t len);

/* Names PREFIX + LANG + ".xlf" in a folder, LANG a language tag; sorted. `*names` lies in the arena.
   @return SVY_OK (also when there is no such folder), SVY_E_NOMEM, SVY_E_LIMIT (more than 1,000) */
typedef struct svyi_translation { const char *file, *lang; } svyi_translation;
svy_status svyi_file_translations(svyi_arena *arena, const char *folder, const char *prefix, svyi_translation **files, size_t *n);
#endif
