/* The verb replicates: replicate weights as a file for others. */
#include <stdlib.h>
#include <string.h>
#include <survey/weighting.h>

#include "design.h"
#include "tool.h"

typedef struct replicates_options { const char *output, *scales; int quiet; } replicates_options;
typedef struct settings { analysis_options analysis; replicates_options replicates; } settings;

static const tool_option OPTIONS[] = {
    TOOL_TEXT_OPTION(replicates_options, output, "output", 'o', "FILE", "write there, - for standard output", NULL),
    TOOL_TEXT_OPTION(replicates_options, scales, "scales", 0, "FILE", "also write there the factor of each replicate in a variance, for --rscales FILE --scale 1", NULL),
    TOOL_FLAG_OPTION(replicates_options, quiet, "quiet", 'q', "say nothing on standard error"),
    TOOL_END
};

enum { CHUNK_NUMBERS = 1 << 25 };      /* weights held at a time */

/* A text as a cell: in quotes when it has to be. */
static void write_text(FILE *out, const char *text)
{
    if (text[0] != '\0' && strpbrk(text, ",\"\r\n") == NULL) {
        fputs(text, out);
        return;
    }
    putc('"', out);
    for (; *text != '\0'; text++) {
        if (*text == '"')
            putc('"', out);
        putc(*text, out);
    }
    putc('"', out);
}

/* The shortest of 15, 16 or 17 digits that read back as the same number. */
static void write_number(FILE *out, double x)
{
    char text[40];
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, x);
        if (strtod(text, NULL) == x)
            break;
    }
    fputs(text, out);
}

static void write_cell(FILE *out, const svy_column *c, size_t row)
{
    if (c->missing != NULL && c->missing[row] != SVY_PRESENT)
        return;
    if (c->numbers != NULL)
        write_number(out, c->numbers[row]);
    else
        write_text(out, c->levels[c->codes[row]]);
}

static void write_header(FILE *out, char **names, int count, const char *weights, size_t replicates)
{
    for (int k = 0; k < count; k++) {
        write_text(out, names[k]);
        putc(',', out);
    }
    write_text(out, weights != NULL ? weights : "weight");
    for (size_t r = 1; r <= replicates; r++)
        fprintf(out, ",repwt%zu", r);
    putc('\n', out);
}

/* Rows first .. first+count-1; `all` has room for every row, `chunk` for these rows of every replicate. */
static void write_rows(FILE *out, const svy_frame *f, const svy_design *d, char **names, int columns, size_t first, size_t count, double *all, double *chunk)
{
    size_t replicates = svy_design_replicates(d);
    for (size_t r = 0; r < replicates; r++) {
        svy_design_replicate_weights(d, r, all);
        for (size_t i = 0; i < count; i++)
            chunk[i * replicates + r] = all[first + i];
    }
    for (size_t i = 0; i < count; i++) {
        for (int k = 0; k < columns; k++) {
            write_cell(out, svy_frame_find(f, names[k]), first + i);
            putc(',', out);
        }
        write_number(out, svy_design_weights(d)[first + i]);
        for (size_t r = 0; r < replicates; r++) {
            putc(',', out);
            write_number(out, chunk[i * replicates + r]);
        }
        putc('\n', out);
    }
}

static int write_weights(const settings *s, const svy_frame *f, const svy_design *d, char **names, int columns)
{
    tool_output out;
    size_t rows = svy_design_rows(d), replicates = svy_design_replicates(d), step = CHUNK_NUMBERS / replicates + 1;
    step = step < rows ? step : rows;
    double *all = malloc(rows * sizeof *all), *chunk = malloc(step * replicates * sizeof *chunk);
    int status = EXIT_SYSTEM;
    if (all == NULL || chunk == NULL)
        tool_say("out of memory");
    else if ((status = tool_output_begin(&out, s->replicates.output)) == EXIT_DONE) {
        write_header(out.file, names, columns, s->analysis.weights, replicates);
        for (size_t first = 0; first < rows; first += step)
            write_rows(out.file, f, d, names, columns, first, rows - first < step ? rows - first : step, all, chunk);
        status = tool_output_end(&out, EXIT_DONE);
    }
    free(all);
    free(chunk);
    return status;
}

static int write_scales(const settings *s, const svy_design *d)
{
    tool_output out;
    int status = s->replicates.scales != NULL ? tool_output_begin(&out, s->replicates.scales) : EXIT_DONE;
    if (s->replicates.scales == NULL || status != EXIT_DONE)
        return status;
    for (size_t r = 0; r < svy_design_replicates(d); r++) {
        write_number(out.file, svy_design_replicate_scale(d, r));
        putc('\n', out.file);
    }
    return tool_output_end(&out, EXIT_DONE);
}

static void say_scale(const settings *s, const svy_design *d)
{
    size_t n = svy_design_replicates(d);
    double first = svy_design_replicate_scale(d, 0);
    int same = 1;
    for (size_t r = 1; r < n; r++)
        same &= svy_design_replicate_scale(d, r) == first;
    if (s->replicates.quiet)
        return;
    if (same)
        tool_say("%zu replicates: the variance is %.15g times the sum of squared deviations from %s", n, first,
                 svy_design_replicate_mse(d) ? "the estimate (--mse)" : "the mean of the replicates");
    else
        tool_say("%zu replicates, each with a factor of its own%s", n, s->replicates.scales != NULL ? "" : ": --scales FILE writes them");
}

static int run(void *options, int argc, char **argv)
{
    const settings *s = options;
    name_list names = { NULL, 0, 0, 0 };
    svy_frame *f = NULL;
    svy_design *d = NULL;
    if (s->analysis.data == NULL)
        return tool_usage("replicates", "there are no data: give --data FILE");
    if (s->analysis.where != NULL || s->analysis.by.count > 0)
        return tool_usage("replicates", "--where and --by are of analyses: replicates are those of all rows");
    if (s->analysis.replicates == NULL)
        return tool_usage("replicates", "there are no replicates: say which by --replicates");
    for (int k = 0; k < argc; k++)
        names_add(&names, argv[k]);
    int status = tool_load_design(&s->analysis, &names, &f, &d);
    for (int k = 0; status == EXIT_DONE && k < argc; k++)
        if (svy_frame_find(f, argv[k]) == NULL)
            status = tool_usage("replicates", "there is no column '%s' in the data", argv[k]);
    if (status == EXIT_DONE)
        status = write_weights(s, f, d, argv, argc);
    if (status == EXIT_DONE)
        status = write_scales(s, d);
    if (status == EXIT_DONE)
        say_scale(s, d);
    svy_design_free(d);
    svy_frame_free(f);
    names_clear(&names);
    return status;
}

const verb verb_replicates = { .name = "replicates", .group = FOR_ANALYSTS, .arguments = "[VARIABLE...]", .min_arguments = 0, .max_arguments = -1,
    .summary = "replicate weights of a design as a CSV file",
    .detail = "Writes a row per row of the data, in their order: the named variables, the weights, and the weights of every replicate as repwt1, repwt2, ...; "
              "calibration and its kin are applied to each.",
    .example = "survey replicates snum --data apistrat.csv --weights pw --strata stype --fpc fpc --replicates jkn -o weights.csv --scales scales.txt",
    .settings_size = sizeof(settings), .tables = { { ANALYSIS_OPTIONS, offsetof(settings, analysis) }, { OPTIONS, offsetof(settings, replicates) } },
    .run = run };
