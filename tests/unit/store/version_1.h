/* Makes a study file of version 1 from version_1.sql, which is a dump of one. */
#ifndef SVY_TEST_VERSION_1_H
#define SVY_TEST_VERSION_1_H
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

static inline void version_1_make(const char *sql_path, const char *file)
{
    FILE *in = fopen(sql_path, "rb");
    char *sql = calloc(1, 1 << 17);
    sqlite3 *db;

    if (in == NULL || sql == NULL || fread(sql, 1, (1 << 17) - 1, in) == 0 || sqlite3_open(file, &db) != SQLITE_OK || sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK ||
        sqlite3_exec(db, "PRAGMA application_id=1398167891; PRAGMA user_version=1; PRAGMA journal_mode=WAL", NULL, NULL, NULL) != SQLITE_OK) {
        fprintf(stderr, "version 1: %s cannot be made of %s\n", file, sql_path);
        abort();
    }
    sqlite3_close(db);
    fclose(in);
    free(sql);
}
#endif
