/* The settings sheet: what the form is called, its languages, where it is sent. */
#include "exchange/xlsform/priv.h"

#include <string.h>

static const struct { const char *name; int standard; } YES_NO[] = {
    { "add_none_option", 0 }, { "clean_text_values", 1 }, { "omit_instanceID", 0 }, { "allow_choice_duplicates", 0 },
    { "auto_delete", 0 }, { "auto_send", 0 }, { "client_editable", 0 },
};

/* Settings that are yes or no become "yes" or nothing; one that is neither has its standard value. */
static void settle_yes_no(xlsform *x)
{
    for (size_t i = 0; i < sizeof YES_NO / sizeof YES_NO[0]; i++) {
        const char *text = svyi_xlsform_dict_text(x->settings, YES_NO[i].name);
        int yes = svyi_xlsform_yes_no(text);
        if (text != NULL && yes < 0)
            svyi_xlsform_warn(x, "settings", 2, "write yes or no", "the setting '%s' is '%s', which is neither yes nor no; %s is used",
                              YES_NO[i].name, text, YES_NO[i].standard ? "yes" : "no");
        if (yes < 0)
            yes = YES_NO[i].standard;
        svyi_xlsform_dict_remove(x->settings, YES_NO[i].name);
        if (yes)
            svyi_xlsform_dict_put(x, &x->settings, YES_NO[i].name, "yes");
    }
}

/* Last part of the workbook's name, without extension. */
static const char *stem(xlsform *x)
{
    const char *name = x->source;

    for (const char *p = x->source; *p != '\0'; p++)
        if (*p == '/')
            name = p + 1;
    const char *dot = strrchr(name, '.');
    const size_t len = dot != NULL && dot > name ? (size_t)(dot - name) : strlen(name);
    return len > 0 ? svyi_xlsform_text(x, name, len) : "data";
}

/* Both names of the id: form_id counts, and the column id_string has no tokens. */
static void one_id(xlsform *x)
{
    const xlsform_sheet *s = &x->settings_sheet;

    for (uint32_t i = 0; i < s->sheet->n_columns; i++)
        if (s->columns[i].n == 0 && strcmp(s->sheet->cells[i], "id_string") == 0)
            svyi_xlsform_warn(x, "settings", 1, "keep form_id", "form_id and id_string both name the form; id_string is left out");
}

void svyi_xlsform_read_settings(xlsform *x)
{
    xlsform_sheet *s = &x->settings_sheet;

    x->settings = svyi_xlsform_dict_new(x);
    svyi_xlsform_sheet_open(x, s, "settings");
    if (s->rows > 0) {
        svyi_xlsform_sheet_headers(x, s);
        if (svyi_xlsform_failed(x) || s->columns == NULL)
            return;
        one_id(x);
        xlsform_dict *row = svyi_xlsform_row(x, s, 0, "default", 0);
        if (row != NULL)
            x->settings = row;
    }
    settle_yes_no(x);
    const char *language = svyi_xlsform_dict_text(x->settings, "default_language");
    x->default_language = language != NULL ? language : "default";
    x->strip = svyi_xlsform_dict_find(x->settings, "clean_text_values") != NULL;
    const char *name = svyi_xlsform_dict_text(x->settings, "name");
    x->name = name != NULL ? name : "data";
    if (!svyi_xlsform_is_name(x->name))
        svyi_xlsform_problem(x, "settings", 2, "begin with a letter or _ and go on with letters, digits, - . _", "the form's name '%s' cannot be the name of an XML element", x->name);
    const char *id = svyi_xlsform_dict_text(x->settings, "id_string");
    x->id = id != NULL ? id : stem(x);
    const char *title = svyi_xlsform_dict_text(x->settings, "title");
    x->title = title != NULL ? title : x->id;
    if (svyi_xlsform_dict_find(x->settings, "omit_instanceID") != NULL && svyi_xlsform_dict_find(x->settings, "public_key") != NULL)
        svyi_xlsform_problem(x, "settings", 2, "leave out omit_instanceID", "a form with public_key needs the instanceID: encryption uses it");
}
