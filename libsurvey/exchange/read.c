/* A questionnaire from its file to its compiled form: parse, check the structure, feed the builder, add translations, compile. */
#include "exchange/instance/instance.h"
#include "exchange/reader.h"
#include <stdio.h>
#include <string.h>

static const char NS[] = "urn:libsurvey:questionnaire:1";

/* Where all problems pass on their way to the caller: counted, and left out when they repeat what was reported before. */
static void pass(void *user, const svy_diag *d)
{
    svyi_gate *g = user;
    if (d->severity != SVY_NOTE && g->faults != NULL && svyi_faults_has(g->faults, d->source, d->line, d->element))
        return;
    if (d->severity == SVY_PROBLEM && g->err != NULL && g->err->code == SVY_OK)
        svyi_fail_at(g->err, SVY_E_INVALID, d->source, d->line, d->column, 1, "%s", d->found);
    if (g->outer == NULL)
        return;
    g->outer->problems += d->severity == SVY_PROBLEM;
    g->outer->warnings += d->severity == SVY_WARNING;
    if (g->outer->report != NULL)
        g->outer->report(g->outer->user, d);
}

/* A file that is used, for who wants to keep it. */
static void seen(const svyi_reader *r, const char *path, const char *bytes, size_t len)
{
    if (r->watch != NULL)
        r->watch->seen(r->watch->user, path, bytes, len);
}

/* ---- shared code lists ---- */

/* Reports that a list cannot be had, and returns SVY_E_INVALID. */
static svy_status shared_problem(svyi_reader *r, const svyi_xml *choices, const char *why, const char *advice)
{
    const char *id = svyi_xml_get(choices, "id");
    const svyi_xml_attribute *a = svyi_xml_attribute_find(choices, "source");
    const svyi_where where = { r->source, a->line, a->column, id != NULL ? id : "" };
    svyi_report(r->diags, SVY_PROBLEM, SVY_E_IO, &where, advice, "the list cannot be read from '%.120s': %s", a->value, why);
    return SVY_E_INVALID;
}

/* The labels of a list would be shown as texts of the questionnaire's language. */
static void compare_languages(svyi_reader *r, const svyi_xml *choices, const svyi_shared *shared)
{
    const char *lang = svyi_xml_get(shared->file.root, "xml:lang"), *id = svyi_xml_get(choices, "id");
    const svyi_xml_attribute *a = svyi_xml_attribute_find(choices, "source");
    const svyi_where where = { r->source, a->line, a->column, id != NULL ? id : "" };
    if (lang == NULL || r->lang == NULL || (strcspn(lang, "-") == strcspn(r->lang, "-") && strncmp(lang, r->lang, strcspn(lang, "-")) == 0))
        return;
    svyi_report(r->diags, SVY_WARNING, SVY_E_INVALID, &where, "use a list in the language of the questionnaire",
                "the list '%.120s' is written in '%.40s', the questionnaire in '%.40s'", a->value, lang, r->lang);
}

/* Reads and checks a list's file, whose source text is in `shared->path`. */
static svy_status shared_read(svyi_reader *r, const svyi_xml *choices, svyi_shared *shared)
{
    const char *bytes, *why;
    size_t len;
    svy_status st = svyi_file_read(&r->arena, shared->path, r->limits.bytes, 1, &bytes, &len, &why);
    if (st == SVY_E_NOMEM)
        return svyi_nomem(r->err);
    if (st != SVY_OK)
        return shared_problem(r, choices, why, "correct the path, or put the file there");
    seen(r, shared->path, bytes, len);
    svyi_xml_clear(&shared->file);
    st = svyi_xml_parse(&shared->file, &r->alloc, shared->path, bytes, len, NS, 0, &r->limits, r->diags, r->err);
    if (st == SVY_OK && (shared->file.root->foreign || strcmp(shared->file.root->name, "choices") != 0))
        return shared_problem(r, choices, "it is not a code list", "name a file whose root is <choices>");
    if (st != SVY_OK)
        return st;
    st = svyi_schema_check(r->schema, &shared->file, &r->faults, r->diags, r->err);
    if (st == SVY_E_LIMIT)
        return SVY_E_INVALID;
    return st == SVY_E_INVALID ? SVY_OK : st;     /* reported; its choices are used all the same */
}

static svyi_shared *shared_new(svyi_reader *r, const char *path)
{
    svyi_shared *shared = svyi_arena_get(&r->arena, sizeof *shared);
    if (shared == NULL)
        return NULL;
    svyi_arena_init(&shared->file.arena, &r->alloc);
    shared->path = path;
    shared->next = r->shared;
    r->shared = shared;
    return shared;
}

/* The list has no choices then, which need not be told again. */
static svy_status shared_missing(svyi_reader *r, const svyi_xml *choices)
{
    const char *id = svyi_xml_get(choices, "id");
    return svyi_faults_add(&r->faults, r->source, choices->line, id != NULL ? id : "", r->err);
}

svy_status svyi_shared_open(svyi_reader *r, const svyi_xml *choices, svyi_shared **out)
{
    const char *named = svyi_xml_get(choices, "source");
    const char *why = r->folder == NULL ? "this questionnaire has no folder to look in" : svyi_path_refuse(named);
    *out = NULL;
    if (why != NULL) {
        shared_problem(r, choices, why, "name a file in the questionnaire's folder, or in a folder beside it such as ../codelists");
        return shared_missing(r, choices);
    }
    const char *path = svyi_path_join(&r->arena, r->folder, named);
    svyi_shared *shared = r->shared;
    if (path == NULL)
        return svyi_nomem(r->err);
    while (shared != NULL && strcmp(shared->path, path) != 0)
        shared = shared->next;
    if (shared == NULL) {
        shared = shared_new(r, path);
        if (shared == NULL)
            return svyi_nomem(r->err);
        const svy_status st = shared_read(r, choices, shared);
        if (st != SVY_OK && st != SVY_E_INVALID)
            return st;
        shared->usable = st == SVY_OK;
    }
    if (!shared->usable)
        return shared_missing(r, choices);
    *out = shared;
    compare_languages(r, choices, shared);
    return SVY_OK;
}

/* ---- translations ---- */

static svy_status read_translation(svyi_reader *r, const svyi_translation *t, const char *folder, const char *from, const svyi_shared *list)
{
    const char *bytes, *why, *path = svyi_path_join(&r->arena, folder, t->file);
    size_t len;
    if (path == NULL)
        return svyi_nomem(r->err);
    svy_status st = svyi_file_read(&r->arena, path, r->limits.bytes, 1, &bytes, &len, &why);
    if (st == SVY_E_NOMEM)
        return svyi_nomem(r->err);
    if (st != SVY_OK) {
        const svyi_where where = { .source = path };
        svyi_report(r->diags, SVY_PROBLEM, SVY_E_IO, &where, "make it readable, or remove it", "the translation cannot be read: %s", why);
        return SVY_OK;
    }
    seen(r, path, bytes, len);
    const svyi_xliff x = { .builder = r->builder, .alloc = &r->alloc, .source = path, .lang = t->lang, .from = from,
                           .lists = list != NULL ? list->lists : NULL, .n_lists = list != NULL ? list->n_lists : 0,
                           .limits = &r->limits, .diags = r->diags };
    st = svyi_xliff_read(&x, bytes, len, r->err);
    return st == SVY_E_INVALID ? SVY_OK : st;    /* reported */
}

/* The name of a file without its folder and ".xml", with a dot: "iso3166." */
static char *list_prefix(svyi_reader *r, const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash != NULL ? slash + 1 : path, *dot = strrchr(name, '.');
    char *prefix = svyi_arena_text(&r->arena, name, (dot != NULL ? (size_t)(dot - name) : strlen(name)) + 1);
    if (prefix != NULL && dot == NULL)
        prefix[strlen(name)] = '.';
    return prefix;
}

/* Translations of a shared list into the languages that the questionnaire has. */
static svy_status translate_list(svyi_reader *r, const svyi_shared *shared, const svyi_translation *wanted, size_t n_wanted)
{
    svyi_translation *files;
    size_t n;
    const char *from = svyi_xml_get(shared->file.root, "xml:lang");
    char *folder = svyi_path_folder(&r->arena, shared->path), *prefix = list_prefix(r, shared->path);
    if (folder == NULL || prefix == NULL)
        return svyi_nomem(r->err);
    svy_status st = svyi_file_translations(&r->arena, folder, prefix, &files, &n);
    for (size_t i = 0; i < n && st == SVY_OK; i++)
        for (size_t j = 0; j < n_wanted && st == SVY_OK; j++)
            if (strcmp(files[i].lang, wanted[j].lang) == 0)
                st = read_translation(r, &files[i], folder, from, shared);
    return st == SVY_E_NOMEM ? svyi_nomem(r->err) : st;
}

static svy_status translate(svyi_reader *r)
{
    svyi_translation *files;
    size_t n;
    if (r->folder == NULL)
        return SVY_OK;
    svy_status st = svyi_file_translations(&r->arena, r->folder, "", &files, &n);
    for (size_t i = 0; i < n && st == SVY_OK; i++)
        st = read_translation(r, &files[i], r->folder, r->lang, NULL);
    for (const svyi_shared *s = r->shared; s != NULL && st == SVY_OK; s = s->next)
        if (s->usable)
            st = translate_list(r, s, files, n);
    return st == SVY_E_NOMEM ? svyi_nomem(r->err) : st;
}

/* ---- the whole ---- */

static svy_status check_root(svyi_reader *r)
{
    const svyi_xml *root = r->file.root;
    const svyi_where where = { r->source, root->line, root->column, "" };
    if (root->foreign || strcmp(root->name, "choices") != 0)
        return SVY_OK;
    svyi_report(r->diags, SVY_PROBLEM, SVY_E_INVALID, &where, "check a questionnaire that uses it", "this is a shared code list, not a questionnaire");
    return svyi_fail_at(r->err, SVY_E_INVALID, r->source, root->line, root->column, 1, "this is a shared code list, not a questionnaire");
}

/* Structure first; what can be understood in spite of its problems goes on to the compiler, so that one run tells everything. */
svy_status svyi_reader_native(svyi_reader *r, const char *xml, size_t len)
{
    svy_status st = svyi_xml_parse(&r->file, &r->alloc, r->source, xml, len, NS, 0, &r->limits, r->diags, r->err);
    if (st == SVY_OK)
        st = check_root(r);
    if (st == SVY_OK)
        st = svyi_schema_new(&r->alloc, &r->schema, r->err);
    if (st == SVY_OK)
        st = svyi_schema_check(r->schema, &r->file, &r->faults, r->diags, r->err);
    if (st == SVY_E_LIMIT && r->schema != NULL)
        return SVY_E_INVALID;
    if (st == SVY_E_INVALID && r->schema != NULL && !r->file.root->foreign && strcmp(r->file.root->name, "questionnaire") == 0)
        st = SVY_OK;
    if (st == SVY_OK)
        st = svy_builder_new(&r->alloc, r->source, &r->builder, r->err);
    if (st == SVY_OK) {
        r->lang = svyi_xml_get(r->file.root, "xml:lang");
        st = svyi_native_load(r);
    }
    return st == SVY_OK ? translate(r) : st;
}

void svyi_reader_clear(svyi_reader *r)
{
    for (svyi_shared *s = r->shared; s != NULL; s = s->next) {
        svyi_release(&r->alloc, s->lists, s->capacity * sizeof *s->lists);
        svyi_xml_clear(&s->file);
    }
    svy_builder_free(r->builder);
    svyi_schema_free(r->schema);
    svyi_faults_clear(&r->faults);
    svyi_buffer_clear(&r->text);
    svyi_xml_clear(&r->file);
    svyi_arena_clear(&r->arena);
}

static svy_status read_bytes(svyi_reader *r, const char *xml, size_t len, svyi_gate *g, void **block, size_t *size)
{
    svy_status st = svyi_reader_load(r, xml, len);
    if (st == SVY_OK) {
        g->faults = &r->faults;
        st = svy_builder_compile(r->builder, &g->diags, block, size, r->err);
        if (st == SVY_E_INVALID && g->diags.problems == 0)
            st = svyi_fail(r->err, SVY_E_STATE, "the compiler found a problem and did not say which");
    }
    if (st == SVY_OK && g->diags.problems > 0) {
        svy_block_free(&r->alloc, *block, *size);
        *block = NULL;
        *size = 0;
        st = SVY_E_INVALID;
    }
    if (st == SVY_OK && (st = svyi_media_read(r, *block, *size)) != SVY_OK) {
        svy_block_free(&r->alloc, *block, *size);
        *block = NULL;
        *size = 0;
    }
    return st;
}

void svyi_reader_begin(svyi_reader *r, const svy_alloc *alloc, const svy_xml_limits *limits, svyi_gate *g, svy_diags *diags, svy_error *err)
{
    const svy_error fresh = SVY_ERROR_INIT;
    memset(r, 0, sizeof *r);
    r->alloc = svyi_alloc_or_default(alloc);
    svyi_arena_init(&r->arena, alloc);
    svyi_arena_init(&r->file.arena, alloc);
    svyi_faults_init(&r->faults, alloc);
    svyi_buffer_init(&r->text, alloc);
    r->limits = svyi_xml_limits_or_default(limits);
    r->preset = limits == NULL;
    if (err != NULL && err->size >= sizeof fresh)
        *err = fresh;
    *g = (svyi_gate){ .diags = { .report = pass, .user = g }, .outer = diags, .err = err };
    r->diags = &g->diags;
    r->last = fresh;
    r->err = &r->last;
}

/* Frees everything. The caller's error holds the first problem that was reported, or why nothing could be. */
static svy_status finish(svyi_reader *r, svy_status st, svy_error *err)
{
    svyi_reader_clear(r);
    if (st != SVY_OK && st != SVY_E_INVALID && err != NULL && err->size >= sizeof r->last)
        *err = r->last;
    return st;
}

svy_status svyi_reader_open(svyi_reader *r, const char *path, const char **bytes, size_t *len)
{
    const char *why = "out of memory";
    const size_t most = r->preset ? SVYI_FORM_BYTES : r->limits.bytes;
    r->source = path;
    r->folder = svyi_path_folder(&r->arena, path);
    const svy_status st = r->folder == NULL ? SVY_E_NOMEM : svyi_file_read(&r->arena, path, most, 0, bytes, len, &why);
    if (st == SVY_OK)
        seen(r, path, *bytes, *len);
    else if (st == SVY_E_NOMEM)
        svyi_nomem(r->err);
    else if (st == SVY_E_LIMIT)
        svyi_fail_at(r->err, st, path, 0, 0, 0, "the file is too large: at most %zu bytes are read", most);
    else
        svyi_fail_at(r->err, st, path, 0, 0, 0, "the questionnaire cannot be read: %s", why);
    return st;
}

svy_status svy_questionnaire_read_memory(const svy_alloc *alloc, const char *xml, size_t len, const char *path, const svy_xml_limits *limits,
                                         svy_diags *diags, void **block, size_t *size, svy_error *err)
{
    svyi_reader r;
    svyi_gate g;
    SVY_REQUIRE(block != NULL && size != NULL, err);
    *block = NULL;
    *size = 0;
    SVY_REQUIRE(xml != NULL || len == 0, err);
    svyi_reader_begin(&r, alloc, limits, &g, diags, err);
    r.folder = path;
    r.source = path != NULL ? svyi_path_join(&r.arena, path, "questionnaire.xml") : "questionnaire.xml";
    const svy_status st = r.source == NULL ? svyi_nomem(r.err) : read_bytes(&r, xml != NULL ? xml : "", len, &g, block, size);
    return finish(&r, st, err);
}

svy_status svy_questionnaire_read(const svy_alloc *alloc, const char *path, const svy_xml_limits *limits, svy_diags *diags,
                                  void **block, size_t *size, svy_error *err)
{
    return svy_questionnaire_read_watched(alloc, path, limits, NULL, diags, block, size, err);
}

svy_status svy_questionnaire_read_watched(const svy_alloc *alloc, const char *path, const svy_xml_limits *limits, const svy_watch *watch,
                                          svy_diags *diags, void **block, size_t *size, svy_error *err)
{
    svyi_reader r;
    svyi_gate g;
    const char *bytes;
    size_t len;
    SVY_REQUIRE(block != NULL && size != NULL, err);
    *block = NULL;
    *size = 0;
    SVY_REQUIRE(path != NULL, err);
    svyi_reader_begin(&r, alloc, limits, &g, diags, err);
    r.watch = watch;
    svy_status st = svyi_reader_open(&r, path, &bytes, &len);
    if (st == SVY_OK)
        st = read_bytes(&r, bytes, len, &g, block, size);
    return finish(&r, st, err);
}
