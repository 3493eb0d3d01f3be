/* What an OpenRosa server says, as XML: the list of forms, the files of a form, the answer to a submission. */
#include "server/odk/xml.h"
#include "base/text.h"
#include <string.h>

static const char DECLARATION[] = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

void svyi_odk_escaped(svyi_buffer *out, const char *text)
{
    const size_t len = strlen(text);
    for (size_t at = 0; at < len; ) {
        const size_t from = at;
        const uint32_t c = svyi_utf8_next(text, len, &at);
        const char *instead = c == '&' ? "&amp;" : c == '<' ? "&lt;" : c == '>' ? "&gt;" : c == '"' ? "&quot;" : c == '\r' ? "&#13;" : NULL;
        if ((c < ' ' && c != '\n' && c != '\t' && c != '\r') || c == 0xFFFD || c == 0xFFFE || c == 0xFFFF)
            instead = "\xEF\xBF\xBD";
        if (instead != NULL)
            svyi_buffer_text(out, instead);
        else
            svyi_buffer_add(out, text + from, at - from);
    }
}

void svyi_odk_address_part(svyi_buffer *out, const char *text)
{
    for (const unsigned char *c = (const unsigned char *)text; *c != '\0'; c++)
        if ((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9') || strchr("-._~", *c) != NULL)
            svyi_buffer_add(out, c, 1);
        else
            svyi_buffer_format(out, "%%%02X", *c);
}

static void element(svyi_buffer *out, const char *name, const char *text)
{
    svyi_buffer_format(out, "<%s>", name);
    svyi_odk_escaped(out, text);
    svyi_buffer_format(out, "</%s>", name);
}

/* BASE/forms/ID/VERSION/TAIL. A form may have no version: "-" stands for it, because an address has no empty parts. */
static void address(svyi_buffer *out, const char *name, const svyi_odk_listed *form, const char *tail, const char *file)
{
    svyi_buffer_format(out, "<%s>", name);
    svyi_odk_escaped(out, form->base);
    svyi_buffer_text(out, "/forms/");
    svyi_odk_address_part(out, form->id);
    svyi_buffer_text(out, "/");
    svyi_odk_address_part(out, form->version[0] != '\0' ? form->version : "-");
    svyi_buffer_text(out, tail);
    if (file != NULL)
        svyi_odk_address_part(out, file);
    svyi_buffer_format(out, "</%s>", name);
}

static void hash(svyi_buffer *out, const char *md5)
{
    svyi_buffer_format(out, "<hash>md5:%s</hash>", md5);
}

void svyi_odk_list_begin(svyi_buffer *out)
{
    svyi_buffer_text(out, DECLARATION);
    svyi_buffer_text(out, "<xforms xmlns=\"http://openrosa.org/xforms/xformsList\">\n");
}

void svyi_odk_list_add(svyi_buffer *out, const svyi_odk_listed *form)
{
    svyi_buffer_text(out, "<xform>");
    element(out, "formID", form->id);
    element(out, "name", form->name);
    element(out, "version", form->version);
    hash(out, form->md5);
    address(out, "downloadUrl", form, "/form.xml", NULL);
    if (form->files)
        address(out, "manifestUrl", form, "/manifest", NULL);
    svyi_buffer_text(out, "</xform>\n");
}

void svyi_odk_list_end(svyi_buffer *out)
{
    svyi_buffer_text(out, "</xforms>\n");
}

void svyi_odk_manifest(svyi_buffer *out, const svyi_odk_listed *form, const svyi_odk_listed_file *files, size_t n)
{
    svyi_buffer_text(out, DECLARATION);
    svyi_buffer_text(out, "<manifest xmlns=\"http://openrosa.org/xforms/xformsManifest\">\n");
    for (size_t i = 0; i < n; i++) {
        svyi_buffer_text(out, "<mediaFile>");
        element(out, "filename", files[i].name);
        hash(out, files[i].md5);
        address(out, "downloadUrl", form, "/files/", files[i].name);
        svyi_buffer_text(out, "</mediaFile>\n");
    }
    svyi_buffer_text(out, "</manifest>\n");
}

void svyi_odk_response(svyi_buffer *out, int good, const char *sentence)
{
    svyi_buffer_text(out, DECLARATION);
    svyi_buffer_format(out, "<OpenRosaResponse xmlns=\"http://openrosa.org/http/response\" items=\"0\"><message nature=\"%s\">", good ? "submit_success" : "error");
    svyi_odk_escaped(out, sentence);
    svyi_buffer_text(out, "</message></OpenRosaResponse>\n");
}
