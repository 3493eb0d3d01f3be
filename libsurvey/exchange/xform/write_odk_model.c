/* Texts, record and instances of an XForm that is written again. */
#include "exchange/xform/write_odk.h"
#include <string.h>

/* ---- texts ---- */

/* Where the } of a ${expression} is; quotes may hold others. */
static const char *end_of_output(const char *at)
{
    char quote = '\0';
    for (; *at != '\0' && (quote != '\0' || *at != '}'); at++)
        if (quote != '\0' ? *at == quote : *at == '\'' || *at == '"')
            quote = quote != '\0' ? '\0' : *at;
    return *at == '}' ? at : NULL;
}

static void put_output(svyi_xform_writer *w, const char *text, size_t len)
{
    uint32_t item;
    if (len == 3 && memcmp(text, "'$'", 3) == 0) {          /* a dollar sign before a brace */
        svyi_buffer_text(&w->out, "$");
        return;
    }
    svyi_buffer_text(&w->out, "<output value=\"");
    if (svy_form_find(w->form, text, len, &item) && svyi_xo_path(w, item) != NULL)
        svyi_xfw_escaped(&w->out, svyi_xo_path(w, item), strlen(svyi_xo_path(w, item)));
    else
        svyi_xfw_escaped(&w->out, text, len);
    svyi_buffer_text(&w->out, "\"/>");
}

/* A line separator is a line end there. */
static void put_run(svyi_xform_writer *w, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (i + 2 < len && memcmp(text + i, "\xE2\x80\xA8", 3) == 0) {
            svyi_buffer_text(&w->out, "\n");
            i += 2;
        } else {
            svyi_xfw_escaped(&w->out, text + i, 1);
        }
    }
}

static void put_words(svyi_xform_writer *w, const char *text)
{
    for (const char *open = strstr(text, "${"), *close; open != NULL && (close = end_of_output(open)) != NULL; open = strstr(text, "${")) {
        put_run(w, text, (size_t)(open - text));
        put_output(w, open + 2, (size_t)(close - open) - 2);
        text = close + 1;
    }
    put_run(w, text, strlen(text));
}

static const struct { svy_role role; const char *form; } FORMS[] = {
    { SVY_SHORT, "short" }, { SVY_IMAGE, "image" }, { SVY_BIG_IMAGE, "big-image" }, { SVY_AUDIO, "audio" }, { SVY_VIDEO, "video" },
};

static void put_value(svyi_xform_writer *w, const char *text, const char *form)
{
    if (text == NULL || text[0] == '\0')
        return;
    svyi_buffer_text(&w->out, "<value");
    if (form != NULL)
        svyi_xfw_attribute(&w->out, "form", form);
    svyi_buffer_text(&w->out, ">");
    put_words(w, text);
    svyi_buffer_text(&w->out, "</value>");
}

/* 0 when the translation has a text of this id already: JavaRosa refuses a form with two. What shows texts has the same ones as texts by id. */
static int open_text(svyi_xform_writer *w, const char *id, const char *part)
{
    const char *whole = svyi_xfw_join(w, id, part);
    uint32_t ignored = 0;
    const int added = whole != NULL ? svyi_map_add(w->text_ids, whole, strlen(whole), &ignored) : -1;
    w->failed |= added < 0;
    if (added != 0)
        return 0;
    svyi_buffer_text(&w->out, "<text id=\"");
    svyi_xfw_escaped(&w->out, whole, strlen(whole));
    svyi_buffer_text(&w->out, "\">");
    return 1;
}

/* Ids of the texts of an item: its path, or for a group without a node its id. */
static const char *text_id(svyi_xform_writer *w, uint32_t item)
{
    const char *path = svyi_xo_path(w, item);
    return path != NULL ? path : svy_form_item_id(w->form, item);
}

static int has_label(const svyi_xform_writer *w, uint32_t item, svy_role label)
{
    int any = svyi_xo_has_text(w, item, label);
    for (size_t i = 0; i < sizeof FORMS / sizeof FORMS[0]; i++)
        any |= svyi_xo_has_text(w, item, FORMS[i].role);
    return any;
}

static void item_texts(svyi_xform_writer *w, uint32_t item, uint32_t lang)
{
    const svy_item *i = svy_form_item(w->form, item);
    const svy_role label = i->kind == SVY_EL_SECTION ? SVY_TITLE : SVY_LABEL;
    const char *id = text_id(w, item);
    if (has_label(w, item, label) && open_text(w, id, ":label")) {
        put_value(w, svy_form_text(w->form, item, label, lang), NULL);
        for (size_t f = 0; f < sizeof FORMS / sizeof FORMS[0]; f++)
            put_value(w, svy_form_text(w->form, item, FORMS[f].role, lang), FORMS[f].form);
        svyi_buffer_text(&w->out, "</text>\n");
    }
    if ((svyi_xo_has_text(w, item, SVY_HINT) || svyi_xo_has_text(w, item, SVY_GUIDANCE)) && open_text(w, id, ":hint")) {
        put_value(w, svy_form_text(w->form, item, SVY_HINT, lang), NULL);
        put_value(w, svy_form_text(w->form, item, SVY_GUIDANCE, lang), "guidance");
        svyi_buffer_text(&w->out, "</text>\n");
    }
    if (svyi_xo_has_text(w, item, SVY_REQUIRED_TEXT) && open_text(w, id, ":jr:requiredMsg")) {
        put_value(w, svy_form_text(w->form, item, SVY_REQUIRED_TEXT, lang), NULL);
        svyi_buffer_text(&w->out, "</text>\n");
    }
    if (i->n_checks > 0 && svy_form_check_text(w->form, i->first_check, 0)[0] != '\0' && open_text(w, id, ":jr:constraintMsg")) {
        put_value(w, svy_form_check_text(w->form, i->first_check, lang), NULL);
        svyi_buffer_text(&w->out, "</text>\n");
    }
}

/* ---- choices ---- */

static uint32_t tree_of(const svyi_xform_writer *w, uint32_t list)
{
    for (uint32_t t = 1; t < svy_form_trees(w->form); t++)
        if (svy_form_tree_list(w->form, t) == list)
            return t;
    return 0;
}

/* The text of the child `name` of an item element. */
static const char *child_text(const svyi_xform_writer *w, const svy_tree_node *nodes, uint32_t item, const char *name)
{
    for (uint32_t c = item + 1; c < nodes[item].end; c = nodes[c].end)
        if (strcmp(svy_form_name(w->form, nodes[c].name), name) == 0)
            return svy_form_string(w->form, nodes[c].text);
    return NULL;
}

static void choice_text(svyi_xform_writer *w, uint32_t list, uint32_t choice, uint32_t lang)
{
    put_value(w, svy_form_choice_label(w->form, list, choice, lang), NULL);
    for (size_t f = 0; f < sizeof FORMS / sizeof FORMS[0]; f++)
        put_value(w, svy_form_choice_text(w->form, list, choice, FORMS[f].role, lang), FORMS[f].form);
    svyi_buffer_text(&w->out, "</text>\n");
}

/* Labels have the ids that the items of the list hold, or are numbered by the list (for choices that stand in a control). */
static void list_texts(svyi_xform_writer *w, uint32_t list, uint32_t lang)
{
    const svy_list l = svy_form_list(w->form, list);
    const char *ids = svyi_xo_label_ids(w, list);
    const uint32_t tree = tree_of(w, list);
    uint32_t n = 0, choice = 0;
    const svy_tree_node *nodes = ids != NULL && tree != 0 ? svy_form_tree(w->form, tree, &n) : NULL;
    for (uint32_t at = 1; nodes != NULL && at < n && choice < l.n_choices; at = nodes[at].end, choice++) {
        const char *id = child_text(w, nodes, at, ids);
        if (id != NULL && open_text(w, id, ""))
            choice_text(w, list, choice, lang);
    }
    for (choice = 0; nodes == NULL && choice < l.n_choices; choice++) {
        svyi_buffer_format(&w->out, "<text id=\"%s-%u\">", l.id, choice);
        choice_text(w, list, choice, lang);
    }
}

/* Texts that expressions ask for by their ids. */
static void texts_by_id(svyi_xform_writer *w, uint32_t lang)
{
    for (uint32_t t = 0; t < svy_form_itexts(w->form); t++) {
        const char *id = svy_form_itext_id(w->form, t);
        if (!open_text(w, id, ""))
            continue;
        put_value(w, svy_form_itext(w->form, id, strlen(id), SVY_LABEL, lang), NULL);
        for (size_t f = 0; f < sizeof FORMS / sizeof FORMS[0]; f++)
            put_value(w, svy_form_itext(w->form, id, strlen(id), FORMS[f].role, lang), FORMS[f].form);
        svyi_buffer_text(&w->out, "</text>\n");
    }
}

/* The name a language had: "en English (en); fr Français (fr)". */
static void put_language(svyi_xform_writer *w, const char *tag)
{
    const char *names = svy_form_attribute(w->form, 0, "language-names");
    const size_t len = strlen(tag);
    for (const char *at = names; at != NULL && *at != '\0'; at = strstr(at, "; "), at = at != NULL ? at + 2 : NULL)
        if (strncmp(at, tag, len) == 0 && at[len] == ' ') {
            const char *name = at + len + 1, *end = strstr(name, "; ");
            svyi_xfw_escaped(&w->out, name, end != NULL ? (size_t)(end - name) : strlen(name));
            return;
        }
    svyi_xfw_escaped(&w->out, tag, len);
}

void svyi_xo_itext(svyi_xform_writer *w)
{
    svyi_buffer_text(&w->out, "<itext>\n");
    for (uint32_t lang = 0; lang < svy_form_languages(w->form); lang++) {
        svyi_map text_ids;
        svyi_map_init(&text_ids, &w->alloc);
        w->text_ids = &text_ids;
        svyi_buffer_text(&w->out, "<translation lang=\"");
        put_language(w, svy_form_language(w->form, lang));
        svyi_buffer_text(&w->out, lang == 0 ? "\" default=\"true()\">\n" : "\">\n");
        for (uint32_t item = 1; item < svy_form_items(w->form); item++)
            item_texts(w, item, lang);
        for (uint32_t list = 1; list <= svy_form_lists(w->form); list++)
            list_texts(w, list, lang);
        texts_by_id(w, lang);
        svyi_buffer_text(&w->out, "</translation>\n");
        svyi_map_clear(&text_ids);
    }
    w->text_ids = NULL;
    svyi_buffer_text(&w->out, "</itext>\n");
}

/* ---- trees ---- */

/* Recursion: as deep as the tree, which the builder bounds. Children called `without` are left out, NULL for none. */
static void put_tree(svyi_xform_writer *w, const svy_tree_node *nodes, uint32_t at, const char *without)
{
    const char *name = svy_form_name(w->form, nodes[at].name), *text = svy_form_string(w->form, nodes[at].text);
    uint32_t c = at + 1;
    svyi_buffer_format(&w->out, "<%s", name);
    for (; c < nodes[at].end && svy_form_name(w->form, nodes[c].name)[0] == '@'; c = nodes[c].end)
        svyi_xfw_attribute(&w->out, svy_form_name(w->form, nodes[c].name) + 1, svy_form_string(w->form, nodes[c].text));
    if (c == nodes[at].end && text[0] == '\0') {
        svyi_buffer_text(&w->out, "/>");
        return;
    }
    svyi_buffer_text(&w->out, ">");
    svyi_xfw_escaped(&w->out, text, strlen(text));
    for (; c < nodes[at].end; c = nodes[c].end)
        if (without == NULL || strcmp(svy_form_name(w->form, nodes[c].name), without) != 0)
            put_tree(w, nodes, c, without);
    svyi_buffer_format(&w->out, "</%s>%s", name, nodes[at].end - at > 2 ? "\n" : "");
}

/* A file by its address there: "jr://file-csv/towns.csv". */
static void put_file(svyi_xform_writer *w, const char *file)
{
    const size_t n = strlen(file);
    const char *slash = strrchr(file, '/');
    if (strncmp(file, "jr://", 5) == 0)
        svyi_xfw_attribute(&w->out, "src", file);
    else
        svyi_xfw_attribute(&w->out, "src", svyi_xfw_join(w, n > 4 && strcmp(file + n - 4, ".csv") == 0 ? "jr://file-csv/" : "jr://file/", slash != NULL ? slash + 1 : file));
}

void svyi_xo_trees(svyi_xform_writer *w)
{
    for (uint32_t t = 0; t < svy_form_trees(w->form); t++) {
        uint32_t n;
        const svy_tree_node *nodes = svy_form_tree(w->form, t, &n);
        const char *file = t > 0 ? svy_form_tree_file(w->form, t) : "";
        svyi_buffer_text(&w->out, "<instance");
        if (t > 0)
            svyi_xfw_attribute(&w->out, "id", svy_form_tree_id(w->form, t));
        if (file[0] != '\0')                                /* clients get the file beside the form */
            put_file(w, file);
        svyi_buffer_text(&w->out, ">\n");
        /* Items that name a text in itext have their labels there only: with both, the file would not be read as a list of choices again. */
        const uint32_t list = t > 0 ? svy_form_tree_list(w->form, t) : 0;
        if (n > 0 && file[0] == '\0')
            put_tree(w, nodes, 0, list != 0 && svyi_xo_label_ids(w, list) != NULL ? "label" : NULL);
        svyi_buffer_text(&w->out, "</instance>\n");
    }
}
