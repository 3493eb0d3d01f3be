/* What a questionnaire of any format becomes, as native text, with its translations behind it and the problems that were told. */
#ifndef SVY_TEST_NATIVE_TEXT_H
#define SVY_TEST_NATIVE_TEXT_H
#include "collect.h"
#include "exchange/native/write.h"
#include "exchange/reader.h"

typedef struct native_text { svyi_buffer native, xliff; collected said; svy_status status; } native_text;

static inline void native_text_clear(native_text *t)
{
    svyi_buffer_clear(&t->native);
    svyi_buffer_clear(&t->xliff);
}

/* Reads a form: `bytes` NULL: the file `path`; else the bytes, with `folder` for what lies beside (NULL: nothing). */
static inline void native_text_make(native_text *t, const char *path, const char *bytes, size_t len, const char *folder)
{
    svyi_reader r;
    svyi_gate g;
    svy_diags diags = { .report = collect, .user = &t->said };
    svy_error err = SVY_ERROR_INIT;
    t->said.len = 0;
    t->said.text[0] = '\0';
    svyi_buffer_init(&t->native, NULL);
    svyi_buffer_init(&t->xliff, NULL);
    svyi_buffer_text(&t->native, "");
    svyi_buffer_text(&t->xliff, "");
    svyi_reader_begin(&r, NULL, NULL, &g, &diags, &err);
    r.source = path;
    r.folder = folder;
    t->status = bytes == NULL ? svyi_reader_open(&r, path, &bytes, &len) : SVY_OK;
    if (t->status == SVY_OK)
        t->status = svyi_reader_load(&r, bytes, len);
    if (t->status == SVY_OK)
        t->status = svyi_native_write(r.builder, &t->native, &err);
    for (const char *lang = t->status == SVY_OK ? svyi_native_language(r.builder, "") : NULL; lang != NULL; lang = svyi_native_language(r.builder, lang))
        if (svyi_native_write_xliff(r.builder, lang, "q.xml", &t->xliff, &err) != SVY_OK)
            t->status = SVY_E_NOMEM;
    svyi_reader_clear(&r);
}
#endif
