/* Reading a CSV file into columns: a sample says which are numbers, one pass takes them all, a second those that turned out to be text. */
#define _POSIX_C_SOURCE 200809L
#include <string.h>

#include "base/error.h"
#include "dataio/csv_columns.h"

enum { SAMPLE = 1000 };          /* rows looked at before the first pass */

static const char *const NA[] = { "NA" };

static const svy_alloc *alloc_of(const svyi_csv_reading *r)
{
    return &r->csv.arena.alloc;
}

svy_status svyi_csv_take_options(const svy_csv_read_options *given, svy_csv_read_options *o, svy_error *err)
{
    *o = (svy_csv_read_options)SVY_CSV_READ_INIT;
    if (given != NULL) {
        SVY_REQUIRE(given->size >= sizeof given->size, err);
        memcpy(o, given, given->size < sizeof *o ? given->size : sizeof *o);
    }
    if (o->decimal == 0)
        o->decimal = '.';
    if (o->na == NULL) {
        o->na = NA;
        o->n_na = sizeof NA / sizeof NA[0];
    }
    if (o->decimal != '.' && o->decimal != ',')
        return svyi_fail(err, SVY_E_ARG, "the decimal sign is '%c', expected a point or a comma", o->decimal);
    if (o->separator != 0 && (strchr("0123456789.+-eE\"\r\n", o->separator) != NULL || o->separator == o->decimal))
        return svyi_fail(err, SVY_E_ARG, "the separator '%c' is part of numbers or of the format: expected one such as comma, semicolon or tab",
                         o->separator);
    return SVY_OK;
}

static svy_status find_names(svyi_csv_reading *r, svyi_map *names, svy_error *err)
{
    for (uint32_t i = 0; i < r->csv.n_columns; i++) {
        uint32_t index = i;
        if (svyi_map_add(names, r->csv.names[i].text, r->csv.names[i].len, &index) < 0)
            return svyi_nomem(err);
    }
    return SVY_OK;
}

/* x_missing is a companion when x is wanted too, and no companion itself. */
static void find_companions(svyi_csv_reading *r, const svyi_map *names)
{
    static const char SUFFIX[] = "_missing";
    const size_t suffix = sizeof SUFFIX - 1;

    for (size_t i = 0; i < r->csv.n_columns; i++) {
        const svy_csv_cell *name = &r->csv.names[i];
        uint32_t base = 0;
        r->columns[i].base = (uint32_t)r->csv.n_columns;
        if (name->len > suffix && memcmp(name->text + name->len - suffix, SUFFIX, suffix) == 0 &&
            svyi_map_find(names, name->text, name->len - suffix, &base) && r->columns[base].wanted)
            r->columns[i].base = base;
    }
}

/* Numbers that may stand for no value, such as -9. */
static svy_status find_na_numbers(svyi_csv_reading *r, svy_error *err)
{
    r->na = svyi_arena_get(&r->arena, (r->options.n_na + 1) * sizeof *r->na);
    if (r->na == NULL)
        return svyi_nomem(err);
    for (size_t i = 0; i < r->options.n_na; i++) {
        const svy_csv_cell cell = { .text = r->options.na[i], .len = strlen(r->options.na[i]) };
        if (svyi_csv_number(&cell, r->options.decimal, &r->na[r->n_na]))
            r->n_na++;
    }
    return SVY_OK;
}

static svy_status choose_columns(svyi_csv_reading *r, const svyi_map *names, svy_error *err)
{
    const svy_csv_read_options *o = &r->options;
    uint32_t index;

    for (size_t i = 0; i < r->csv.n_columns; i++)
        r->columns[i].wanted = o->columns == NULL || (o->also != NULL && o->also(o->also_user, r->csv.names[i].text, r->csv.names[i].len));
    for (size_t i = 0; o->columns != NULL && i < o->n_columns; i++) {
        if (!svyi_map_find(names, o->columns[i], strlen(o->columns[i]), &index))
            return svyi_fail_at(err, SVY_E_NAME, r->csv.source.name, (int)r->csv.header_line, 0, 0, "there is no column named '%s'", o->columns[i]);
        r->columns[index].wanted = 1;
    }
    for (size_t i = 0; i < o->n_text_columns; i++)
        if (svyi_map_find(names, o->text_columns[i], strlen(o->text_columns[i]), &index))
            r->columns[index].text_only = 1;
    find_companions(r, names);
    for (size_t i = 0; i < r->csv.n_columns; i++)         /* a companion may be blank for long */
        if ((r->in_pieces && r->columns[i].base < r->csv.n_columns) || (r->forced != NULL && r->forced[i]))
            r->columns[i].text_only = 1;
    return SVY_OK;
}

static int is_kept(const svyi_csv_reading *r, size_t column)
{
    return r->columns[column].wanted || r->columns[column].base < r->csv.n_columns;
}

static svy_status make_columns(svyi_csv_reading *r, svy_error *err)
{
    svyi_map names;
    const size_t n = r->csv.n_columns;

    svyi_map_init(&names, alloc_of(r));
    r->columns = svyi_arena_get(&r->arena, n * sizeof *r->columns);
    svy_status st = r->columns != NULL ? find_names(r, &names, err) : svyi_nomem(err);
    if (st == SVY_OK)
        st = choose_columns(r, &names, err);
    if (st == SVY_OK)
        st = find_na_numbers(r, err);
    svyi_map_clear(&names);
    for (unsigned i = 0; st == SVY_OK && i < r->csv.threads; i++) {
        r->workers[i].actions = svyi_arena_get(&r->arena, n);
        r->workers[i].contradicted = svyi_arena_get(&r->arena, n);
        r->workers[i].missing = svyi_arena_get(&r->arena, n * sizeof *r->workers[i].missing);
        if (r->workers[i].actions == NULL || r->workers[i].contradicted == NULL || r->workers[i].missing == NULL)
            st = svyi_nomem(err);
    }
    return st;
}

/* Takes the first rows for numbers: a column whose cells are none is text for sure. */
static svy_status sample(svyi_csv_reading *r, svy_error *err)
{
    svyi_csv_worker *w = &r->workers[0];
    const size_t n = r->csv.n_columns;
    double *numbers = svyi_arena_get(&r->arena, SAMPLE * sizeof *numbers);
    uint8_t *missing = svyi_arena_get(&r->arena, SAMPLE);

    if (numbers == NULL || missing == NULL)
        return svyi_nomem(err);
    for (size_t i = 0; i < n; i++) {
        r->columns[i].numbers = numbers;
        w->missing[i] = missing;
        w->actions[i] = is_kept(r, i) && !r->columns[i].text_only ? SVYI_CSV_NUMBER : SVYI_CSV_SKIP;
    }
    svy_status st = svyi_csv_load(&r->csv, &r->csv.chunks[0], &w->piece, err);
    if (st == SVY_OK)
        st = svyi_csv_parse_chunk(r, w, &r->csv.chunks[0], SAMPLE, err);
    for (size_t i = 0; i < n; i++) {
        r->columns[i].numbers = NULL;
        w->missing[i] = NULL;
    }
    return st;
}

static svy_status parse_item(void *user, unsigned worker, size_t item, svy_error *err)
{
    svyi_csv_reading *r = user;
    svyi_csv_worker *w = &r->workers[worker];
    const svyi_csv_chunk *chunk = &r->csv.chunks[item];
    const svy_status st = svyi_csv_load(&r->csv, chunk, &w->piece, err);

    r->chunk_worker[item] = (uint8_t)worker;
    return st == SVY_OK ? svyi_csv_parse_chunk(r, w, chunk, UINT64_MAX, err) : st;
}

/* From a worker's codes to levels. */
static svy_status recode_item(void *user, unsigned worker, size_t item, svy_error *err)
{
    const svyi_csv_reading *r = user;
    const svyi_csv_chunk *chunk = &r->csv.chunks[item];

    (void)worker;
    (void)err;
    for (size_t k = 0; k < r->csv.n_columns; k++) {
        const svyi_csv_column *c = &r->columns[k];
        if (c->action != SVYI_CSV_TEXT)
            continue;
        const uint32_t *map = r->maps[c->dict * r->csv.threads + r->chunk_worker[item]];
        for (size_t i = (size_t)chunk->row; i < chunk->row + chunk->rows; i++)
            c->codes[i] = c->missing != NULL && c->missing[i] != SVY_PRESENT ? 0 : map[c->codes[i]];
    }
    return SVY_OK;
}

/* Arrays and dictionaries of a pass. */
static svy_status prepare_pass(svyi_csv_reading *r, svy_error *err)
{
    const svy_alloc *a = alloc_of(r);
    size_t texts = 0;

    for (size_t i = 0; i < r->csv.n_columns; i++) {
        svyi_csv_column *c = &r->columns[i];
        if (c->action == SVYI_CSV_SKIP)
            continue;
        if (c->action == SVYI_CSV_NUMBER)
            c->numbers = svyi_get(a, r->rows * sizeof *c->numbers);
        else
            c->codes = svyi_get(a, r->rows * sizeof *c->codes);
        if (c->numbers == NULL && c->codes == NULL)
            return svyi_nomem(err);
        if (c->action == SVYI_CSV_TEXT)
            c->dict = texts++;
    }
    const size_t n = texts * r->csv.threads;
    svyi_dict *dicts = svyi_arena_get(&r->arena, (n + 1) * sizeof *dicts);
    r->maps = svyi_arena_get(&r->arena, (n + 1) * sizeof *r->maps);
    if (dicts == NULL || r->maps == NULL)
        return svyi_nomem(err);
    for (size_t i = 0; i < n; i++)
        svyi_dict_init(&dicts[i], a);
    r->dicts[r->pass] = dicts;
    r->n_texts[r->pass] = texts;
    for (unsigned i = 0; i < r->csv.threads; i++) {
        r->workers[i].dicts = dicts + i * texts;
        for (size_t k = 0; k < r->csv.n_columns; k++)
            r->workers[i].actions[k] = r->columns[k].action;
        memset(r->workers[i].contradicted, 0, r->csv.n_columns);
        memset(r->workers[i].missing, 0, r->csv.n_columns * sizeof *r->workers[i].missing);
    }
    return SVY_OK;
}

static svy_status merge_levels(svyi_csv_reading *r, svy_error *err)
{
    svy_status st = SVY_OK;

    for (size_t i = 0; st == SVY_OK && i < r->csv.n_columns; i++) {
        svyi_csv_column *c = &r->columns[i];
        if (c->action == SVYI_CSV_TEXT)
            st = svyi_dict_merge(&r->arena, &r->dicts[r->pass][c->dict], r->csv.threads, r->n_texts[r->pass], &c->levels, &c->n_levels,
                                 &r->maps[c->dict * r->csv.threads], err);
    }
    return st;
}

/* After the first pass: columns taken for numbers that are none become the text columns of the second. Returns how many. */
static size_t turn_to_text(svyi_csv_reading *r)
{
    size_t turned = 0;

    for (size_t i = 0; i < r->csv.n_columns; i++) {
        svyi_csv_column *c = &r->columns[i];
        int contradicted = 0;
        for (unsigned k = 0; k < r->csv.threads; k++)
            contradicted |= r->workers[k].contradicted[i];
        c->action = contradicted ? SVYI_CSV_TEXT : SVYI_CSV_SKIP;
        if (contradicted) {
            svyi_release(alloc_of(r), c->numbers, r->rows * sizeof *c->numbers);
            c->numbers = NULL;
            turned++;
        }
    }
    return turned;
}

static svy_status run_pass(svyi_csv_reading *r, svy_error *err)
{
    svy_status st = prepare_pass(r, err);

    if (st == SVY_OK)
        st = svyi_parallel(r->csv.n_chunks, r->csv.threads, parse_item, r, err);
    if (st == SVY_OK)
        st = merge_levels(r, err);
    if (st == SVY_OK && r->n_texts[r->pass] > 0)
        st = svyi_parallel(r->csv.n_chunks, r->csv.threads, recode_item, r, err);
    return st;
}

static void note_types(svyi_csv_reading *r)
{
    for (size_t i = 0; r->found != NULL && i < r->csv.n_columns; i++)
        r->found[i] = r->columns[i].numbers != NULL ? SVYI_CSV_NUMBER : is_kept(r, i) ? SVYI_CSV_TEXT : SVYI_CSV_SKIP;
}

static svy_status read_columns(svyi_csv_reading *r, svy_error *err)
{
    svy_status st = r->rows > 0 && r->types == NULL ? sample(r, err) : SVY_OK;

    for (size_t i = 0; st == SVY_OK && i < r->csv.n_columns; i++) {
        const svyi_csv_column *c = &r->columns[i];
        const int text = c->text_only || (r->rows > 0 && r->workers[0].contradicted[i]);
        r->columns[i].action = r->types != NULL ? r->types[i] : !is_kept(r, i) ? SVYI_CSV_SKIP : text ? SVYI_CSV_TEXT : SVYI_CSV_NUMBER;
    }
    r->chunk_worker = svyi_arena_get(&r->arena, r->csv.n_chunks + 1);
    if (st == SVY_OK && r->chunk_worker == NULL)
        st = svyi_nomem(err);
    for (r->pass = 0; st == SVY_OK && r->pass < 2; r->pass++) {
        st = run_pass(r, err);
        if (st != SVY_OK || turn_to_text(r) == 0)
            break;
        r->changed = r->types != NULL;
        if (r->changed)
            break;
    }
    note_types(r);
    return st;
}

static void clear(svyi_csv_reading *r)
{
    const svy_alloc *a = alloc_of(r);

    for (size_t i = 0; r->columns != NULL && i < r->csv.n_columns; i++) {
        svyi_release(a, r->columns[i].numbers, r->rows * sizeof(double));
        svyi_release(a, r->columns[i].codes, r->rows * sizeof(uint32_t));
        svyi_release(a, r->columns[i].missing, r->rows);
    }
    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; r->dicts[pass] != NULL && i < r->n_texts[pass] * r->csv.threads; i++)
            svyi_dict_clear(&r->dicts[pass][i]);
    for (unsigned i = 0; i < r->csv.threads; i++)
        svyi_release(a, r->workers[i].piece.text, r->workers[i].piece.capacity);
    svyi_arena_clear(&r->arena);
    (void)pthread_mutex_destroy(&r->lock);
}

svy_status svyi_csv_read_rows(svyi_csv_reading *r, const svy_alloc *alloc, svy_diags *diags, svy_frame **out, svy_error *err)
{
    svy_status st = SVY_OK;

    *out = NULL;
    if (pthread_mutex_init(&r->lock, NULL) != 0)
        return svyi_fail(err, SVY_E_IO, "no lock can be made for threads");
    svyi_arena_init(&r->arena, alloc);
    r->rows = (size_t)r->csv.rows;
    if (r->options.decimal == r->csv.separator)
        st = svyi_fail_at(err, SVY_E_ARG, r->csv.source.name, 0, 0, 0, "cells are separated by the decimal sign '%c'", r->csv.separator);
    else if (r->csv.rows > SIZE_MAX / 64)
        st = svyi_fail_at(err, SVY_E_LIMIT, r->csv.source.name, 0, 0, 0, "the file has too many rows");
    if (st == SVY_OK)
        st = make_columns(r, err);
    if (st == SVY_OK)
        st = read_columns(r, err);
    if (st == SVY_OK && !r->changed)
        st = svyi_csv_apply_companions(r, err);
    if (st == SVY_OK && !r->changed)
        st = svyi_csv_make_frame(r, alloc, diags, out, err);
    clear(r);
    return st;
}

svy_status svyi_csv_read_frame(const svy_alloc *alloc, const svyi_csv_input *input, const svy_csv_read_options *options, svy_diags *diags,
                               svy_frame **out, svy_error *err)
{
    svyi_csv_reading r = { .rows = 0 };

    SVY_REQUIRE(out != NULL, err);
    *out = NULL;
    svy_status st = svyi_csv_take_options(options, &r.options, err);
    if (st == SVY_OK)
        st = svyi_csv_open(alloc, input, &r.options, &r.csv, err);
    if (st != SVY_OK)
        return st;
    st = svyi_csv_read_rows(&r, alloc, diags, out, err);
    svyi_csv_close(&r.csv);
    return st;
}

svy_status svy_csv_read(const svy_alloc *alloc, const char *path, const svy_csv_read_options *options, svy_diags *diags, svy_frame **out,
                        svy_error *err)
{
    const svyi_csv_input input = { .path = path };

    SVY_REQUIRE(path != NULL, err);
    return svyi_csv_read_frame(alloc, &input, options, diags, out, err);
}

svy_status svy_csv_read_bytes(const svy_alloc *alloc, const void *bytes, size_t len, const svy_csv_read_options *options, svy_diags *diags,
                              svy_frame **out, svy_error *err)
{
    const svyi_csv_input input = { .bytes = bytes, .len = len };

    SVY_REQUIRE(bytes != NULL || len == 0, err);
    return svyi_csv_read_frame(alloc, &input, options, diags, out, err);
}
