/* Writing a form for people: text in lines, through a sink. */
#include "exchange/show/show.h"
#include "base/error.h"
#include "base/text.h"
#include <string.h>

unsigned svyi_columns(const char *text)
{
    const size_t len = strlen(text);
    unsigned n = 0;
    for (size_t at = 0; at < len;)
        n += (unsigned)svyi_width(svyi_utf8_next(text, len, &at));
    return n;
}

void svyi_indent(svyi_buffer *out, unsigned columns)
{
    for (unsigned i = 0; i < columns; i++)
        svyi_buffer_add(out, " ", 1);
}

static void add_word(svyi_buffer *out, const char *word, size_t len, int html)
{
    for (size_t i = 0; i < len; i++) {
        const char *entity = !html ? NULL : word[i] == '&' ? "&amp;" : word[i] == '<' ? "&lt;" : word[i] == '>' ? "&gt;" : word[i] == '"' ? "&quot;" : NULL;
        if (entity != NULL)
            svyi_buffer_text(out, entity);
        else
            svyi_buffer_add(out, word + i, 1);
    }
}

static unsigned word_columns(const char *word, size_t len)
{
    unsigned n = 0;
    for (size_t at = 0; at < len;)
        n += (unsigned)svyi_width(svyi_utf8_next(word, len, &at));
    return n;
}

unsigned svyi_wrap_add(svyi_buffer *out, const char *text, unsigned column, const svyi_wrap *how)
{
    unsigned line = 1;
    int first = 1;
    while (*text != '\0') {
        text += strspn(text, " \n\t\r");
        const size_t len = strcspn(text, " \n\t\r");
        if (len == 0)
            break;
        const unsigned columns = word_columns(text, len);
        if (!first && column + 1 + columns > how->width) {
            if (line == how->lines) {
                svyi_buffer_text(out, " …");
                return column + 2;
            }
            svyi_buffer_text(out, how->line_end);
            svyi_indent(out, how->indent);
            column = how->indent;
            line++;
        } else if (!first) {
            svyi_buffer_add(out, " ", 1);
            column++;
        }
        add_word(out, text, len, how->html);
        column += columns;
        text += len;
        first = 0;
    }
    return column;
}

const char *svyi_rule_text(const svy_form *f, uint32_t rule)
{
    return rule != 0 ? svy_form_rule(f, rule).text : "";
}

unsigned svyi_item_depth(const svy_form *f, const svy_item *item)
{
    unsigned depth = 0;
    for (uint32_t parent = item->parent; parent != 0; parent = svy_form_item(f, parent)->parent)
        depth++;
    return depth;
}

const char *svyi_item_label(const svy_form *f, uint32_t item, uint32_t lang)
{
    static const svy_role ROLES[] = { SVY_LABEL, SVY_TITLE, SVY_TEXT };
    for (size_t i = 0; i < sizeof ROLES / sizeof ROLES[0]; i++) {
        const char *text = svy_form_text(f, item, ROLES[i], lang);
        if (text[0] != '\0')
            return text;
    }
    return "";
}

svy_status svyi_hand_over(svyi_buffer *b, const svy_sink *sink, svy_error *err)
{
    if (b->failed)
        return svyi_nomem(err);
    svy_status st = b->len > 0 ? sink->write(sink->user, b->data, b->len) : SVY_OK;
    b->len = 0;
    return st == SVY_OK ? SVY_OK : svyi_fail(err, st, "the outline could not be written");
}
