/* From a file of any size, or a pipe, to estimates: pieces of its rows are summed as they come. */
#define _POSIX_C_SOURCE 200809L
#include "stream.h"

#include <string.h>
#include <sys/stat.h>
#include <survey/dataio.h>
#include <survey/stream.h>

enum { LARGE = 256 << 20, LARGE_PACKED = 64 << 20 };

/* What is fed with pieces. */
typedef struct feed {
    const svy_design_spec *design;
    const svy_estimate_spec *spec;
    svy_stream *stream;
    int quiet;
} feed;

static svy_status take(void *user, const svy_frame *piece, const svy_csv_position *at, svy_error *err)
{
    feed *f = user;
    svy_status st = SVY_OK;
    if (at->first_row == 0) {                  /* the beginning, perhaps for a second time */
        svy_stream_free(f->stream);
        st = svy_stream_new(NULL, f->design, f->spec, &f->stream, err);
    }
    if (st == SVY_OK)
        st = svy_stream_add(f->stream, piece, err);
    if (at->total > LARGE_PACKED)
        tool_progress("reading", (size_t)(at->done >> 10), (size_t)(at->total >> 10), f->quiet);
    return st;
}

/* Size of the data when they are a file, *pipe when they come through a pipe. */
static uint64_t data_size(const char *path, int *pipe, int *packed)
{
    struct stat about;
    unsigned char head[2] = { 0, 0 };
    *pipe = *packed = 0;
    if (stat(path, &about) != 0)
        return 0;
    *pipe = S_ISFIFO(about.st_mode);
    if (!S_ISREG(about.st_mode))
        return 0;
    FILE *f = fopen(path, "rb");
    if (f != NULL) {
        *packed = fread(head, 1, sizeof head, f) == sizeof head && head[0] == 0x1F && head[1] == 0x8B;
        fclose(f);
    }
    return (uint64_t)about.st_size;
}

static int wanted(const char *path, int asked)
{
    int pipe, packed;
    uint64_t size = data_size(path, &pipe, &packed);
    return asked || pipe || size > (packed ? LARGE_PACKED : LARGE);
}

/* What the specification does not say: it is found among the options. */
static svy_status possible(const analysis_options *o, const svy_design_spec *design, const svy_estimate_spec *spec, svy_error *err)
{
    const char *what = o->design_file != NULL ? "--design" : o->calibrate.count > 0 ? "--calibrate" : o->weighting != NULL ? "--weighting" : o->replicates != NULL ? "--replicates" : NULL;
    if (what == NULL)
        return svy_stream_possible(design, spec, err);
    snprintf(err->message, sizeof err->message, "%s cannot be streamed: its rows must fit into memory", what);
    return err->code = SVY_E_STATE;
}

static int stream(const analysis_options *o, const name_list *names, feed *f, svy_estimates **out)
{
    svy_error err = SVY_ERROR_INIT;
    svy_diags diags = { tool_report, NULL, 0, 0 };
    svy_csv_read_options options = SVY_CSV_READ_INIT;
    options.columns = names->items;
    options.n_columns = names->count;
    options.also = f->spec->where != NULL ? tool_mentions : NULL;
    options.also_user = f->spec->where;
    options.threads = f->spec->threads;
    svy_status st = names->failed ? SVY_E_NOMEM : SVY_OK;
    if (st != SVY_OK)
        err.code = st;
    if (st == SVY_OK)
        st = svy_csv_read_pieces(NULL, o->data, &options, 0, take, f, &diags, &err);
    if (st == SVY_OK)
        st = svy_stream_finish(f->stream, out, &err);
    if (st == SVY_OK)
        return EXIT_DONE;
    if (err.column > 0)              /* a position in the expression */
        snprintf(err.source, sizeof err.source, "--where");
    return tool_fail_data(&err, o->data);
}

int tool_stream(const analysis_options *o, name_list *names, const svy_estimate_spec *spec, int asked, int quiet, svy_estimates **out, int *done)
{
    svy_error err = SVY_ERROR_INIT;
    svy_design_spec design = SVY_DESIGN_INIT;
    *out = NULL;
    *done = 0;
    if (o->data == NULL || tool_is_study(o->data) || !wanted(o->data, asked))
        return EXIT_DONE;
    int status = tool_design_spec(o, &design);
    if (status != EXIT_DONE)
        return status;
    if (possible(o, &design, spec, &err) != SVY_OK)
        return asked ? tool_fail(&err) : EXIT_DONE;
    tool_design_names(names, o);
    feed f = { &design, spec, NULL, quiet };
    *done = 1;
    status = stream(o, names, &f, out);
    svy_stream_free(f.stream);
    return status;
}
