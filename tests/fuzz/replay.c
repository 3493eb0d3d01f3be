/* Runs a fuzz target over the files of a folder: the corpus as a regression test, with any compiler. */
#define _POSIX_C_SOURCE 200809L
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LARGEST = 1 << 22 };

static int replay(const char *folder, const char *name)
{
    char path[4096];
    if (snprintf(path, sizeof path, "%s/%s", folder, name) >= (int)sizeof path)
        return -1;
    FILE *f = fopen(path, "rb");
    uint8_t *buf = malloc(LARGEST);
    if (f == NULL || buf == NULL) {
        perror(path);
        if (f != NULL)
            fclose(f);
        free(buf);
        return -1;
    }
    size_t n = fread(buf, 1, LARGEST, f);
    fclose(f);
    uint8_t *exact = malloc(n ? n : 1);   /* exact size, so ASan sees an over-read */
    if (exact != NULL) {
        memcpy(exact, buf, n);
        LLVMFuzzerTestOneInput(exact, n);
    }
    free(exact);
    free(buf);
    return exact != NULL ? 0 : -1;
}

int main(int argc, char **argv)
{
    int count = 0;
    DIR *d = argc == 2 ? opendir(argv[1]) : NULL;
    if (d == NULL) {
        fprintf(stderr, "usage: %s CORPUS_FOLDER\n", argv[0]);
        return 2;
    }
    for (struct dirent *e = readdir(d); e != NULL; e = readdir(d)) {
        if (e->d_name[0] == '.')
            continue;
        if (replay(argv[1], e->d_name) != 0) {
            closedir(d);
            return 1;
        }
        count++;
    }
    closedir(d);
    printf("%d inputs\n", count);
    return count > 0 ? 0 : 1;
}
