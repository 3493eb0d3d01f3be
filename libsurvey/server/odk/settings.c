/* The settings of ODK Collect as its QR codes hold them: JSON, zlib, base64. */
#include <stdlib.h>
#include <string.h>
#include <survey/server.h>

#include "base/buffer.h"
#include "base/digest.h"
#include "base/error.h"

enum { PIECE = 65535 };

static uint32_t adler32(const unsigned char *bytes, size_t n)
{
    uint32_t a = 1, b = 0;
    for (size_t i = 0; i < n; i++) {
        a = (a + bytes[i]) % 65521;
        b = (b + a) % 65521;
    }
    return b << 16 | a;
}

/* RFC 1950 with one stored block: some 300 bytes gain nothing from being compressed. */
static void add_zlib(svyi_buffer *out, const char *text, size_t n)
{
    const uint32_t sum = adler32((const unsigned char *)text, n);
    const unsigned char head[] = { 0x78, 0x01, 0x01, (unsigned char)(n & 0xFF), (unsigned char)(n >> 8), (unsigned char)(~n & 0xFF), (unsigned char)(~n >> 8 & 0xFF) };
    const unsigned char tail[] = { (unsigned char)(sum >> 24), (unsigned char)(sum >> 16), (unsigned char)(sum >> 8), (unsigned char)sum };
    svyi_buffer_add(out, head, sizeof head);
    svyi_buffer_add(out, text, n);
    svyi_buffer_add(out, tail, sizeof tail);
}

static void add_settings(svyi_buffer *out, const char *url, const char *token, const char *project)
{
    svyi_buffer address;
    const size_t n = strlen(url);
    svyi_buffer_init(&address, NULL);
    svyi_buffer_add(&address, url, n > 0 && url[n - 1] == '/' ? n - 1 : n);
    svyi_buffer_format(&address, "/odk/key/%s", token);
    svyi_buffer_text(out, "{\"general\":{\"protocol\":\"odk_default\",\"server_url\":");
    if (!address.failed)
        svyi_buffer_json(out, address.data, address.len);
    svyi_buffer_text(out, ",\"form_update_mode\":\"match_exactly\",\"autosend\":\"wifi_and_cellular\"},\"admin\":{},\"project\":{\"name\":");
    svyi_buffer_json(out, project, strlen(project));
    svyi_buffer_text(out, "}}");
    out->failed |= address.failed;
    svyi_buffer_clear(&address);
}

char *svy_server_collect_settings(const char *url, const char *token, const char *project)
{
    svyi_buffer json, packed;
    char *out = NULL;
    if (url == NULL || token == NULL || project == NULL)
        return NULL;
    svyi_buffer_init(&json, NULL);
    svyi_buffer_init(&packed, NULL);
    add_settings(&json, url, token, project);
    if (!json.failed && json.len <= PIECE)
        add_zlib(&packed, json.data, json.len);
    if (!packed.failed && packed.len > 0 && (out = malloc(4 * ((packed.len + 2) / 3) + 1)) != NULL)
        out[svyi_base64_encode(packed.data, packed.len, out)] = '\0';
    svyi_buffer_clear(&packed);
    svyi_buffer_clear(&json);
    return out;
}
