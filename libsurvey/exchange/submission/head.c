/* What a submission of ODK's clients says of itself: its form, its instance, and what it replaces. */
#include "base/digest.h"
#include "exchange/xml/xml.h"
#include <string.h>

/* Of any namespace: the block "meta" often has one of its own. */
static const svyi_xml *child(const svyi_xml *x, const char *name)
{
    const svyi_xml *c = x != NULL ? x->first : NULL;
    while (c != NULL && (c->name == NULL || strcmp(c->name, name) != 0))
        c = c->next;
    return c;
}

static int take(char out[256], const char *text, size_t len)
{
    if (len > 255)
        return 0;
    memcpy(out, text, len);
    out[len] = '\0';
    return 1;
}

/* The text of a leaf of the block "meta" without blanks around it. */
static int take_meta(char out[256], const svyi_xml *meta, const char *name)
{
    const svyi_xml *leaf = child(meta, name);
    const char *text = leaf != NULL && leaf->first != NULL && leaf->first->name == NULL ? leaf->first->text : "";
    text += strspn(text, " \t\r\n");
    size_t n = strlen(text);
    while (n > 0 && strchr(" \t\r\n", text[n - 1]) != NULL)
        n--;
    return take(out, text, n);
}

static int take_attribute(char out[256], const svyi_xml *root, const char *name)
{
    const char *text = svyi_xml_get(root, name);
    return text == NULL || take(out, text, strlen(text));
}

static svy_status read_head(const svyi_xml *root, const char *source, svy_submission_head *head, svy_error *err)
{
    const svyi_xml *meta = child(root, "meta");
    const char *encrypted = svyi_xml_get(root, "encrypted");
    head->encrypted = encrypted != NULL && strcmp(encrypted, "yes") == 0;
    if (!take_attribute(head->form, root, "id") || !take_attribute(head->version, root, "version") || !take_attribute(head->instance, root, "instanceID") ||
        (child(meta, "instanceID") != NULL && !take_meta(head->instance, meta, "instanceID")) || !take_meta(head->replaces, meta, "deprecatedID"))
        return svyi_fail_at(err, SVY_E_INVALID, source, root->line, root->column, 1, "the id of its form or its own is longer than 255 bytes");
    return SVY_OK;
}

svy_status svy_submission_about(const char *xml, size_t len, const char *source, const svy_xml_limits *limits, svy_submission_head *head, svy_error *err)
{
    SVY_REQUIRE(head != NULL && (xml != NULL || len == 0), err);
    svyi_xml_file file;
    const char *name = source != NULL ? source : "submission";
    *head = (svy_submission_head){ .encrypted = 0 };
    svy_status st = svyi_xml_parse(&file, NULL, name, xml != NULL ? xml : "", len, "", SVYI_XML_PLAIN, limits, NULL, err);
    if (st == SVY_OK)
        st = read_head(file.root, name, head, err);
    svyi_xml_clear(&file);
    return st;
}

/* ---- the uuid of its interview ---- */

static const char DIGITS[] = "0123456789abcdef";

/* 36 characters of a uuid in small letters; 0 when it is none. */
static int copy_uuid(const char *text, char *out)
{
    for (int i = 0; i < 36; i++) {
        const char c = text[i] >= 'A' && text[i] <= 'F' ? (char)(text[i] + ('a' - 'A')) : text[i];
        const int dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash ? c != '-' : c == '\0' || strchr(DIGITS, c) == NULL)
            return 0;
        out[i] = c;
    }
    out[36] = '\0';
    return text[36] == '\0';
}

void svy_submission_uuid(const char *instance, char *out)
{
    unsigned char digest[SVYI_DIGEST];
    if (copy_uuid(strncmp(instance, "uuid:", 5) == 0 ? instance + 5 : instance, out))
        return;
    svyi_digest("SHA-256", 7, instance, strlen(instance), digest);
    digest[6] = (unsigned char)((digest[6] & 0x0F) | 0x80);         /* version 8, RFC 9562 */
    digest[8] = (unsigned char)((digest[8] & 0x3F) | 0x80);
    char *at = out;
    for (int i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *at++ = '-';
        *at++ = DIGITS[digest[i] >> 4];
        *at++ = DIGITS[digest[i] & 15];
    }
    *at = '\0';
}
