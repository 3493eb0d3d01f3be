/* From one format of questionnaires to another: reads with the reader of the one, writes with the writer of the other. */
#define _POSIX_C_SOURCE 200809L
#include "exchange/instance/instance.h"
#include "exchange/native/write.h"
#include "exchange/output.h"
#include "exchange/reader.h"
#include "exchange/xform/write.h"
#include "exchange/xlsform/write.h"
#include "questionnaire/built.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef struct conversion {
    svyi_reader reader;
    svyi_gate gate;
    svyi_output output;
    svyi_buffer made;                /* the text of the other format */
    const char *in, *out, *bytes;
    size_t len;
    svy_format from, to;
    svy_error *err;
    svy_status copied;               /* of keeping the files that are used */
} conversion;

static const char *format_name(svy_format format)
{
    static const char *const NAMES[] = { "unknown", "native", "XForm", "XLSForm", "LimeSurvey", "queXML", "XLIFF" };
    return (size_t)format < sizeof NAMES / sizeof NAMES[0] ? NAMES[format] : NAMES[0];
}

static const char *file_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

static const char *beside(conversion *c, const char *name)
{
    const char *folder = svyi_path_folder(&c->reader.arena, c->out);
    return folder != NULL ? svyi_path_join(&c->reader.arena, folder, name) : NULL;
}

/* Lists in files of their own go with a native questionnaire. */
static void keep_file(void *user, const char *path, const void *bytes, size_t len)
{
    conversion *c = user;
    if (c->to != SVY_FORMAT_NATIVE || strcmp(path, c->in) == 0 || c->copied != SVY_OK)
        return;
    const char *to = beside(c, file_name(path));
    if (to == NULL)
        c->copied = svyi_nomem(c->err);
    else if (strcmp(to, path) != 0)
        c->copied = svyi_output_add(&c->output, to, bytes, len, c->err);
}

/* So do the media that it shows, but for those that lie where it looks for them. */
static void keep_medium(void *user, const char *name, const void *bytes, size_t len)
{
    conversion *c = user;
    const char *to = c->to == SVY_FORMAT_NATIVE && c->copied == SVY_OK ? beside(c, name) : "";
    if (to == NULL)
        c->copied = svyi_nomem(c->err);
    else if (to[0] != '\0' && !svyi_file_there(to))
        c->copied = svyi_output_add(&c->output, to, bytes, len, c->err);
}

/* ---- writers ---- */

/* The translations of another questionnaire are not overwritten. */
static svy_status add_translation(conversion *c, const char *lang)
{
    char name[80];
    snprintf(name, sizeof name, "%.64s.xlf", lang);
    const char *path = beside(c, name);
    if (path == NULL)
        return svyi_nomem(c->err);
    if (access(path, F_OK) == 0 && access(c->out, F_OK) != 0)
        return svyi_fail_at(c->err, SVY_E_STATE, path, 0, 0, 0, "there is a translation of another questionnaire in that folder: choose an empty one");
    c->made.len = 0;
    const svy_status st = svyi_native_write_xliff(c->reader.builder, lang, file_name(c->out), &c->made, c->err);
    return st == SVY_OK ? svyi_output_add(&c->output, path, c->made.data, c->made.len, c->err) : st;
}

static svy_status write_native(conversion *c)
{
    svy_status st = svyi_native_write(c->reader.builder, &c->made, c->err);
    if (st == SVY_OK)
        st = svyi_output_add(&c->output, c->out, c->made.data, c->made.len, c->err);
    for (const char *lang = svyi_native_language(c->reader.builder, ""); lang != NULL && st == SVY_OK; lang = svyi_native_language(c->reader.builder, lang))
        st = add_translation(c, lang);
    return st == SVY_OK ? svyi_output_write(&c->output, c->err) : st;
}

static svy_status write_text(conversion *c)
{
    svy_status st = svyi_output_add(&c->output, c->out, c->made.data, c->made.len, c->err);
    return st == SVY_OK ? svyi_output_write(&c->output, c->err) : st;
}

/* The XForm of a questionnaire that was read, as text. */
static svy_status make_xform(conversion *c, const void *block, size_t size)
{
    svy_form *form = NULL;
    svy_status st = svy_form_open(&c->reader.alloc, block, size, &form, c->err);
    if (st == SVY_OK)
        st = svyi_xform_write(&c->reader.alloc, form, c->in, &c->gate.diags, &c->made, c->err);
    svy_form_free(form);
    return st;
}

/* ---- a translation ---- */

typedef struct translating { conversion *c; svyi_map elsewhere /* translated in a shared list's own file */, told; } translating;

static int is_own(const translating *t, const svyi_q_target *u) { return strcmp(u->source, t->c->out) == 0; }

static int find_elsewhere(translating *t, const char *lang)
{
    const svy_builder *b = t->c->reader.builder;
    uint32_t one = 1;
    for (size_t i = 0; i < b->n_targets; i++)
        if (strcmp(b->targets[i].lang, lang) == 0 && !is_own(t, &b->targets[i]) && svyi_map_add(&t->elsewhere, b->targets[i].unit, strlen(b->targets[i].unit), &one) < 0)
            return 0;
    return 1;
}

static void put_unit(void *user, const char *unit, const char *text, const char *to, int changed)
{
    translating *t = user;
    uint32_t one = 1;
    if (svyi_map_find(&t->elsewhere, unit, strlen(unit), &one))
        return;
    const char *name = svyi_arena_text(&t->c->reader.arena, unit, strlen(unit));
    if (name == NULL || svyi_map_add(&t->told, name, strlen(name), &one) < 0)
        t->c->made.failed = 1;
    svyi_native_put_unit(&t->c->made, unit, text, to, changed);
}

/* What the file translates and the questionnaire has not got any more stays: an id may have been mistyped. */
static void keep_units(translating *t, const char *lang)
{
    const svy_builder *b = t->c->reader.builder;
    uint32_t one;
    for (size_t i = 0; i < b->n_targets; i++) {
        const svyi_q_target *u = &b->targets[i];
        if (strcmp(u->lang, lang) == 0 && is_own(t, u) && !svyi_map_find(&t->told, u->unit, strlen(u->unit), &one))
            svyi_native_put_unit(&t->c->made, u->unit, u->from, u->to, 0);
    }
}

/* The language that the name of the output says: "bg" of "forms/bg.xlf". NULL when it says none. */
static char *language_of(conversion *c)
{
    const char *name = file_name(c->out);
    const size_t n = strlen(name) - strlen(".xlf");
    return svyi_path_ends(name, ".xlf") && svyi_is_tag(name, n) ? svyi_arena_text(&c->reader.arena, name, n) : NULL;
}

static svy_status convert_translation(conversion *c)
{
    translating t = { .c = c };
    void *block = NULL;
    size_t size = 0;
    const char *lang = language_of(c), *folder = svyi_path_folder(&c->reader.arena, c->out);
    if (c->from != SVY_FORMAT_NATIVE)
        return svyi_fail(c->err, SVY_E_ARG, "translations in files of their own belong to questionnaires in our own language: convert the form to it first");
    if (lang == NULL || folder == NULL)
        return svyi_fail(c->err, SVY_E_ARG, "a translation is called after its language: bg.xlf, sr-Latn.xlf");
    if (strcmp(folder, c->reader.folder) != 0 && access(c->out, F_OK) == 0)
        return svyi_fail_at(c->err, SVY_E_STATE, c->out, 0, 0, 0, "there is a translation already, and not beside this questionnaire: choose another name or folder");
    svy_status st = svyi_reader_load(&c->reader, c->bytes, c->len);
    if (st != SVY_OK)
        return st;
    svyi_map_init(&t.told, &c->reader.alloc);
    svyi_map_init(&t.elsewhere, &c->reader.alloc);
    c->made.failed |= !find_elsewhere(&t, lang);
    svyi_native_begin_units(c->reader.builder, lang, file_name(c->in), &c->made);
    c->reader.builder->telling = (svyi_q_telling){ lang, put_unit, &t };
    c->gate.faults = &c->reader.faults;
    st = svy_builder_compile(c->reader.builder, &c->gate.diags, &block, &size, c->err);
    svy_block_free(&c->reader.alloc, block, size);
    keep_units(&t, lang);
    svyi_map_clear(&t.told);
    svyi_map_clear(&t.elsewhere);
    if (st == SVY_OK && c->gate.diags.problems > 0)
        st = SVY_E_INVALID;
    if (st == SVY_OK && (st = svyi_native_end_units(&c->made, c->err)) == SVY_OK)
        st = write_text(c);
    return st;
}

/* ---- the whole ---- */

/* Reads and compiles, so that nothing is written that would not be read again. */
static svy_status read_all(conversion *c, void **block, size_t *size)
{
    svy_status st = svyi_reader_load(&c->reader, c->bytes, c->len);
    if (st == SVY_OK)
        st = c->copied;
    if (st == SVY_OK) {
        c->gate.faults = &c->reader.faults;
        st = svy_builder_compile(c->reader.builder, &c->gate.diags, block, size, c->err);
    }
    if (st == SVY_OK && c->gate.diags.problems > 0) {
        svy_block_free(&c->reader.alloc, *block, *size);
        *block = NULL;
        st = SVY_E_INVALID;
    }
    return st;
}

/* An XForm or a workbook goes to the other of both as it is: nothing is lost on the way through our own form. */
static svy_status convert_text(conversion *c)
{
    if (c->from == SVY_FORMAT_XFORM)
        return svyi_xlsform_write(&c->reader.alloc, c->bytes, c->len, c->in, c->out, &c->gate.diags, c->err);
    const svy_status st = svyi_reader_workbook(&c->reader, c->bytes, c->len, &c->made);
    return st == SVY_OK ? write_text(c) : st;
}

static svy_status convert_read(conversion *c)
{
    void *block = NULL;
    size_t size = 0;
    svy_status st = read_all(c, &block, &size);
    if (st == SVY_OK && c->to == SVY_FORMAT_NATIVE && (st = svyi_media_read(&c->reader, block, size)) == SVY_OK)
        st = c->copied;
    if (st == SVY_OK && c->to == SVY_FORMAT_NATIVE)
        st = write_native(c);
    else if (st == SVY_OK)
        st = make_xform(c, block, size);
    if (st == SVY_OK && c->to == SVY_FORMAT_XFORM)
        st = write_text(c);
    if (st == SVY_OK && c->to == SVY_FORMAT_XLSFORM)
        st = svyi_xlsform_write(&c->reader.alloc, c->made.data, c->made.len, c->in, c->out, &c->gate.diags, c->err);
    svy_block_free(&c->reader.alloc, block, size);
    return st;
}

static int is_odk(svy_format format) { return format == SVY_FORMAT_XFORM || format == SVY_FORMAT_XLSFORM; }

static svy_format wanted(const conversion *c, svy_format to)
{
    if (to != SVY_FORMAT_UNKNOWN)
        return to;
    if (svyi_path_ends(c->out, ".xlf"))
        return SVY_FORMAT_XLIFF;
    if (svyi_path_ends(c->out, ".xlsx"))
        return SVY_FORMAT_XLSFORM;
    return c->from == SVY_FORMAT_NATIVE ? SVY_FORMAT_XFORM : SVY_FORMAT_NATIVE;
}

static svy_status run(conversion *c, const svy_convert_options *o)
{
    svy_status st = svyi_reader_open(&c->reader, c->in, &c->bytes, &c->len);
    if (st != SVY_OK)
        return st;
    c->from = o->from != SVY_FORMAT_UNKNOWN ? o->from : svy_format_of(c->in, c->bytes, c->len);
    c->to = wanted(c, o->to);
    c->reader.format = c->from;
    if (c->from == c->to)
        return svyi_fail(c->err, SVY_E_ARG, "the file is in that format already (%s): give another one with --to", format_name(c->from));
    if (c->to == SVY_FORMAT_XLIFF)
        return convert_translation(c);
    if (c->to != SVY_FORMAT_NATIVE && !is_odk(c->to))
        return svyi_fail(c->err, SVY_E_ARG, "a questionnaire cannot be converted from %s to %s", format_name(c->from), format_name(c->to));
    return is_odk(c->from) && is_odk(c->to) ? convert_text(c) : convert_read(c);
}

svy_status svy_convert(const svy_alloc *alloc, const char *in, const char *out, const svy_convert_options *options, svy_diags *diags, svy_error *err)
{
    const svy_convert_options preset = SVY_CONVERT_OPTIONS_INIT;
    const svy_convert_options *o = options != NULL && options->size >= sizeof *options ? options : &preset;
    conversion c = { .in = in, .out = out };
    const svy_watch watch = { keep_file, &c, keep_medium };
    SVY_REQUIRE(in != NULL && out != NULL, err);
    svyi_reader_begin(&c.reader, alloc, o->limits, &c.gate, diags, err);
    svyi_output_init(&c.output, alloc);
    svyi_buffer_init(&c.made, alloc);
    c.err = c.reader.err;
    c.reader.watch = &watch;
    c.reader.compat = o->compat;
    const svy_status st = run(&c, o);
    svyi_output_clear(&c.output);
    svyi_buffer_clear(&c.made);
    svyi_reader_clear(&c.reader);
    if (st != SVY_OK && (st != SVY_E_INVALID || c.gate.diags.problems == 0) && err != NULL && err->size >= sizeof c.reader.last)
        *err = c.reader.last;
    return st;
}
