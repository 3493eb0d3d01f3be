/* Zips made in memory for tests: from names and contents, or from one text with a line "@@NAME" before each content. */
#ifndef SVY_TEST_ZIPPED_H
#define SVY_TEST_ZIPPED_H
#include <stdlib.h>
#include <string.h>
#include <zip.h>

typedef struct zipped { char *bytes; size_t len; } zipped;

/* bytes is NULL when libzip refuses (a name twice, ...). Stored or deflated. Free bytes. */
static inline zipped zipped_text(const char *text, size_t len, int deflated)
{
    zipped z = { NULL, 0 };
    zip_error_t error;
    zip_error_init(&error);
    zip_source_t *source = zip_source_buffer_create(NULL, 0, 0, &error);
    zip_t *archive = zip_open_from_source(source, ZIP_TRUNCATE, &error);
    zip_source_keep(source);
    const char *at = text, *const end = text + len;
    while (at < end) {
        const char *line = memchr(at, '\n', (size_t)(end - at));
        char name[128] = "";
        if (line == NULL || end - at < 3 || memcmp(at, "@@", 2) != 0 || line - at - 2 >= (long)sizeof name)
            break;
        memcpy(name, at + 2, (size_t)(line - at - 2));
        const char *from = line + 1, *next = from;
        while (next < end && !(end - next >= 3 && memcmp(next, "\n@@", 3) == 0))
            next++;
        zip_source_t *content = zip_source_buffer(archive, from, (size_t)(next - from), 0);
        const zip_int64_t index = zip_file_add(archive, name, content, 0);
        if (index < 0)
            zip_source_free(content);
        else
            zip_set_file_compression(archive, (zip_uint64_t)index, deflated ? ZIP_CM_DEFLATE : ZIP_CM_STORE, 0);
        at = next < end ? next + 1 : end;
    }
    zip_stat_t about;
    if (zip_close(archive) != 0) {
        zip_discard(archive);
    } else if (zip_source_stat(source, &about) == 0 && zip_source_open(source) == 0) {
        z.bytes = malloc((size_t)about.size + 1);
        z.len = z.bytes != NULL ? (size_t)zip_source_read(source, z.bytes, about.size) : 0;
        zip_source_close(source);
    }
    zip_source_free(source);
    zip_error_fini(&error);
    return z;
}
#endif
