/* Media types (RFC 6838) of the files that the server gives and that forms show. */
#include "base/media_type.h"
#include <string.h>

static const struct { const char *end, *type; } TYPES[] = {
    { ".html", "text/html; charset=utf-8" }, { ".js", "text/javascript; charset=utf-8" }, { ".mjs", "text/javascript; charset=utf-8" },
    { ".css", "text/css; charset=utf-8" }, { ".txt", "text/plain; charset=utf-8" }, { ".wasm", "application/wasm" }, { ".json", "application/json" },
    { ".webmanifest", "application/manifest+json" }, { ".ico", "image/x-icon" }, { ".svg", "image/svg+xml" }, { ".png", "image/png" }, { ".jpg", "image/jpeg" },
    { ".jpeg", "image/jpeg" }, { ".gif", "image/gif" }, { ".webp", "image/webp" }, { ".bmp", "image/bmp" }, { ".mp3", "audio/mpeg" }, { ".ogg", "audio/ogg" },
    { ".oga", "audio/ogg" }, { ".opus", "audio/ogg" }, { ".wav", "audio/wav" }, { ".m4a", "audio/mp4" }, { ".amr", "audio/amr" }, { ".mp4", "video/mp4" }, { ".m4v", "video/mp4" },
    { ".webm", "video/webm" }, { ".ogv", "video/ogg" }, { ".3gp", "video/3gpp" }, { ".mov", "video/quicktime" },
};

static int small(int c) { return c >= 'A' && c <= 'Z' ? c + 'a' - 'A' : c; }

static int ends_in(const char *name, const char *end)
{
    const size_t n = strlen(name), m = strlen(end);

    for (size_t i = 0; n > m && i < m; i++)
        if (small((unsigned char)name[n - m + i]) != end[i])
            return 0;
    return n > m;
}

const char *svyi_media_type(const char *name)
{
    for (size_t i = 0; i < sizeof TYPES / sizeof TYPES[0]; i++)
        if (ends_in(name, TYPES[i].end))
            return TYPES[i].type;
    return NULL;
}
