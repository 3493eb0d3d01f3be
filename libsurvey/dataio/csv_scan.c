/* Where the rows of a CSV file are: blocks are scanned without knowing whether they begin inside quotes, then joined.

   A quote inside a cell without quotes is an error, so in a file that follows the rules the state after a byte is the parity of the
   quotes before it. Each block is counted once for both states at its beginning; walking over the blocks then settles which holds. In a
   file that breaks the rules all is right up to the first broken row, which is the one reported. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "dataio/csv_priv.h"

/* What a block holds. Index 0 is for a block that begins outside quotes, 1 inside. */
typedef struct block_info {
    uint64_t rows[2];             /* line feeds outside quotes */
    uint64_t first[2];            /* bytes up to and with the first of them; 0 when there is none */
    uint64_t first_lines[2];      /* line feeds of both kinds in these bytes */
    uint64_t lines;               /* line feeds of both kinds */
    uint8_t odd;                  /* an odd number of quotes: the next block begins in the other state */
    uint8_t text, nul;
} block_info;

typedef struct scan {
    const svyi_csv *csv;
    uint64_t from, end;           /* the region of the rows */
    block_info *blocks;
    char **buffers;               /* one a worker */
} scan;

static void count_line(block_info *b, int inside, size_t at)
{
    /* A line feed at parity `inside` ends a row when the block began in the same state. */
    b->lines++;
    if (b->rows[inside]++ == 0) {
        b->first[inside] = at + 1;
        b->first_lines[inside] = b->lines;
    }
}

static void count_quoted(block_info *b, const char *text, size_t len)
{
    int inside = 0;

    for (size_t i = 0; i < len; i++) {
        if (text[i] == '"')
            inside ^= 1;
        else if (text[i] == '\n')
            count_line(b, inside, i);
    }
    b->odd = (uint8_t)inside;
}

static void count_plain(block_info *b, const char *text, size_t len)
{
    for (const char *at = text; (at = memchr(at, '\n', len - (size_t)(at - text))) != NULL; at++)
        count_line(b, 0, (size_t)(at - text));
}

static svy_status scan_block(void *user, unsigned worker, size_t item, svy_error *err)
{
    const scan *s = user;
    const uint64_t at = s->from + (uint64_t)item * s->csv->block, left = s->end - at;
    const size_t len = left < s->csv->block ? (size_t)left : s->csv->block;
    char *text = s->buffers[worker];
    block_info *b = &s->blocks[item];
    unsigned char bits = 0;
    const svy_status st = svyi_source_read(&s->csv->source, at, len, text, err);

    if (st != SVY_OK)
        return st;
    for (size_t i = 0; i < len; i++)
        bits |= (unsigned char)text[i];
    b->text = bits >= 0x80;
    b->nul = memchr(text, '\0', len) != NULL;
    if (memchr(text, '"', len) != NULL)
        count_quoted(b, text, len);
    else
        count_plain(b, text, len);
    return SVY_OK;
}

/* A chunk begins at `offset`; the one before ends there. */
static svy_status cut(svyi_csv *csv, uint64_t offset, uint64_t row, uint64_t line, svy_error *err)
{
    if (csv->n_chunks > 0) {
        svyi_csv_chunk *last = &csv->chunks[csv->n_chunks - 1];
        last->cut = offset - last->offset > SVYI_CSV_ROW;   /* reading as far as this finds the cause, or says that the row is too long */
        last->len = last->cut ? SVYI_CSV_ROW : (size_t)(offset - last->offset);
        last->rows = row - last->row;
    }
    if (svyi_grow(&csv->arena.alloc, &csv->chunks, &csv->chunks_capacity, csv->n_chunks + 1, sizeof *csv->chunks) != 0)
        return svyi_nomem(err);
    csv->chunks[csv->n_chunks++] = (svyi_csv_chunk){ .offset = offset, .row = row, .line = line };
    return SVY_OK;
}

/* Settles the state of each block and cuts the region into chunks of whole rows. */
static svy_status join_blocks(svyi_csv *csv, const scan *s, size_t n_blocks, uint64_t line, svy_error *err)
{
    uint64_t row = 0;
    int inside = 0;
    svy_status st = cut(csv, s->from, 0, line, err);

    for (size_t i = 0; st == SVY_OK && i < n_blocks; i++) {
        const block_info *b = &s->blocks[i];
        const uint64_t at = s->from + (uint64_t)i * csv->block + b->first[inside];
        svyi_csv_chunk *touched = &csv->chunks[csv->n_chunks - 1];
        touched->check_text |= b->text;
        touched->check_nul |= b->nul;
        if (i > 0 && b->first[inside] > 0 && at < s->end) {
            st = cut(csv, at, row + 1, line + b->first_lines[inside], err);
            touched = &csv->chunks[csv->n_chunks - 1];
            touched->check_text |= b->text;
            touched->check_nul |= b->nul;
        }
        row += b->rows[inside];
        line += b->lines;
        inside ^= b->odd;
    }
    csv->rows = row + 1;              /* the last row has no line end: blank lines were taken off */
    if (st == SVY_OK)
        st = cut(csv, s->end, csv->rows, line, err);
    if (st == SVY_OK)
        csv->n_chunks--;              /* the one that begins at the end is empty */
    return st;
}

/* The end of the last line that is not blank. */
static svy_status trim_end(const svyi_csv *csv, uint64_t from, uint64_t *end, svy_error *err)
{
    char tail[256];

    while (*end > from) {
        const size_t len = *end - from < sizeof tail ? (size_t)(*end - from) : sizeof tail;
        size_t left = len;
        const svy_status st = svyi_source_read(&csv->source, *end - len, len, tail, err);
        if (st != SVY_OK)
            return st;
        while (left > 0 && (tail[left - 1] == '\n' || tail[left - 1] == '\r'))
            left--;
        *end -= len - left;
        if (left > 0)
            break;
    }
    return SVY_OK;
}

svy_status svyi_csv_find_rows(svyi_csv *csv, uint64_t from, uint64_t line, svy_error *err)
{
    scan s = { .csv = csv, .from = from, .end = csv->source.size };
    svy_status st = trim_end(csv, from, &s.end, err);
    char *buffers[SVYI_THREADS] = { NULL };
    unsigned threads = csv->threads;

    if (st != SVY_OK || s.end == from)
        return st;
    const uint64_t blocks = (s.end - from + csv->block - 1) / csv->block;
    if (threads > blocks)
        threads = (unsigned)blocks;
    s.buffers = buffers;
    s.blocks = blocks < SIZE_MAX / 2 / sizeof *s.blocks ? svyi_get(&csv->arena.alloc, (size_t)blocks * sizeof *s.blocks) : NULL;
    st = s.blocks != NULL ? SVY_OK : svyi_nomem(err);
    for (unsigned i = 0; st == SVY_OK && i < threads; i++)
        if ((buffers[i] = svyi_get(&csv->arena.alloc, csv->block)) == NULL)
            st = svyi_nomem(err);
    if (st == SVY_OK) {
        memset(s.blocks, 0, (size_t)blocks * sizeof *s.blocks);
        st = svyi_parallel((size_t)blocks, threads, scan_block, &s, err);
    }
    if (st == SVY_OK)
        st = join_blocks(csv, &s, (size_t)blocks, line, err);
    for (unsigned i = 0; i < threads; i++)
        svyi_release(&csv->arena.alloc, buffers[i], csv->block);
    if (s.blocks != NULL)
        svyi_release(&csv->arena.alloc, s.blocks, (size_t)blocks * sizeof *s.blocks);
    return st;
}

svy_status svyi_csv_fail(const svyi_csv *csv, const svyi_csv_chunk *chunk, const char *text, const char *at, svy_error *err, const char *fmt, ...)
{
    uint64_t line = chunk->line;
    char sentence[sizeof err->message];
    va_list ap;

    for (const char *p = text; p < at; p++)
        line += *p == '\n';
    va_start(ap, fmt);
    (void)vsnprintf(sentence, sizeof sentence, fmt, ap);
    va_end(ap);
    return svyi_fail_at(err, SVY_E_FORMAT, csv->source.name, line < INT32_MAX ? (int)line : INT32_MAX, 0, 0, "%s", sentence);
}

/* The first byte that is not part of valid UTF-8. */
static const char *find_invalid(const char *text, size_t len)
{
    size_t at = 0, before = 0;

    while (at < len) {
        before = at;
        if (svyi_utf8_next(text, len, &at) == 0xFFFD && (at - before != 3 || memcmp(text + before, "\xEF\xBF\xBD", 3) != 0))
            break;
    }
    return text + before;
}

svy_status svyi_csv_fail_long(const svyi_csv *csv, const svyi_csv_chunk *chunk, svy_error *err)
{
    return svyi_fail_at(err, SVY_E_LIMIT, csv->source.name, (int)chunk->line, 0, 0, "a row is longer than %d bytes: perhaps a quote is not closed",
                        SVYI_CSV_ROW);
}

svy_status svyi_csv_fail_bad(const svyi_csv *csv, const svyi_csv_chunk *chunk, const svyi_csv_piece *piece, svy_error *err)
{
    return svyi_csv_fail(csv, chunk, piece->text, piece->bad, err, "%s", piece->problem);
}

svy_status svyi_csv_load(const svyi_csv *csv, const svyi_csv_chunk *chunk, svyi_csv_piece *piece, svy_error *err)
{
    piece->bad = piece->problem = NULL;
    if (svyi_grow(&csv->arena.alloc, &piece->text, &piece->capacity, chunk->len + 1 + SVYI_CSV_PAD, 1) != 0)
        return svyi_nomem(err);
    const svy_status st = svyi_source_read(&csv->source, chunk->offset, chunk->len, piece->text, err);
    if (st != SVY_OK)
        return st;
    memset(piece->text + chunk->len, '\n', 1 + SVYI_CSV_PAD);
    const char *nul = chunk->check_nul ? memchr(piece->text, '\0', chunk->len) : NULL;
    const size_t len = nul != NULL ? (size_t)(nul - piece->text) : chunk->len;
    if (chunk->check_text && !svyi_utf8_valid(piece->text, len)) {
        piece->bad = find_invalid(piece->text, len);
        piece->problem = "the text is not UTF-8: save the file as UTF-8";
    } else if (nul != NULL) {
        piece->bad = nul;
        piece->problem = "there is a NUL byte: this is not a text file, or not in UTF-8";
    }
    return SVY_OK;
}
