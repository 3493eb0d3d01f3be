/* Pieces of an XForm: escaped texts, labels with the answers they mention. */
#include "exchange/xform/write.h"
#include <string.h>

void svyi_xfw_cut(svyi_buffer *b, size_t len)
{
    b->len = len;
    svyi_buffer_text(b, "");
}

void svyi_xfw_escaped(svyi_buffer *out, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        const char *entity = text[i] == '&' ? "&amp;" : text[i] == '<' ? "&lt;" : text[i] == '>' ? "&gt;" : text[i] == '"' ? "&quot;" : NULL;
        if (entity != NULL)
            svyi_buffer_text(out, entity);
        else if ((unsigned char)text[i] < ' ')
            svyi_buffer_format(out, "&#%d;", text[i]);        /* a line break in an attribute would be read as a blank */
        else
            svyi_buffer_add(out, text + i, 1);
    }
}

void svyi_xfw_attribute(svyi_buffer *out, const char *name, const char *value)
{
    svyi_buffer_format(out, " %s=\"", name);
    svyi_xfw_escaped(out, value, strlen(value));
    svyi_buffer_text(out, "\"");
}

/* ${id}: the label of a code, otherwise the answer. */
static void fill(svyi_xform_writer *w, uint32_t context, uint32_t item)
{
    const svyi_xpath_form paths = svyi_xfw_paths(w, context, ".");
    const svy_item *i = svy_form_item(w->form, item);
    svyi_buffer value;

    svyi_buffer_init(&value, &w->alloc);
    svyi_xpath_path(&paths, item, i->roster, &value);
    if (i->kind == SVY_EL_QUESTION && i->list != 0) {
        w->labelled[item] = 1;
        svyi_buffer_text(&value, "_label");
    }
    svyi_buffer_text(&w->out, "<output");
    if (!value.failed)
        svyi_xfw_attribute(&w->out, "value", value.data);
    svyi_buffer_text(&w->out, "/>");
    w->failed |= value.failed;
    svyi_buffer_clear(&value);
}

void svyi_xfw_content(svyi_xform_writer *w, uint32_t item, const char *text)
{
    for (const char *open = strstr(text, "${"), *close; open != NULL && (close = strchr(open, '}')) != NULL; open = strstr(text, "${")) {
        const char *id = open + 2;
        size_t len = (size_t)(close - id);
        uint32_t named;
        while (len > 0 && *id == ' ') {
            id++;
            len--;
        }
        while (len > 0 && id[len - 1] == ' ')
            len--;
        svyi_xfw_escaped(&w->out, text, (size_t)(open - text));
        if (svy_form_find(w->form, id, len, &named))
            fill(w, item, named);
        text = close + 1;
    }
    svyi_xfw_escaped(&w->out, text, strlen(text));
}

const char *svyi_xfw_sentence_in(svyi_xfw_sentence which, const char *lang)
{
    static const struct { const char *lang, *words[3]; } SENTENCES[] = {
        { "en", { "Yes", "No", "This answer cannot be given together with others." } },
        { "bg", { "Да", "Не", "Този отговор не може да се даде заедно с други." } },
        { "ar", { "نعم", "لا", "لا يمكن اختيار هذه الإجابة مع إجابات أخرى." } },
    };
    for (size_t i = 0; i < sizeof SENTENCES / sizeof SENTENCES[0]; i++)
        if (strncmp(SENTENCES[i].lang, lang, 2) == 0)
            return SENTENCES[i].words[which];
    return SENTENCES[0].words[which];
}
