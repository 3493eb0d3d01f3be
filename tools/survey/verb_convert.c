/* survey convert: a questionnaire from one format to another, and what is different there. */
#include "tool.h"
#include <stdlib.h>
#include <string.h>
#include <survey/exchange.h>

struct settings { int from, to, compat, quiet; };

/* The choices of --from and of --to. */
static const svy_format FORMATS[] = { SVY_FORMAT_UNKNOWN, SVY_FORMAT_NATIVE, SVY_FORMAT_XFORM, SVY_FORMAT_XLSFORM, SVY_FORMAT_LSS, SVY_FORMAT_QUEXML };
static const svy_format OUTPUTS[] = { SVY_FORMAT_UNKNOWN, SVY_FORMAT_NATIVE, SVY_FORMAT_XFORM, SVY_FORMAT_XLSFORM, SVY_FORMAT_XLIFF };

static void report(void *user, const svy_diag *d)
{
    const int quiet = *(const int *)user;
    if (d->severity == SVY_PROBLEM || !quiet)
        tool_report(NULL, d);
}

static int run(void *settings, int argc, char **argv)
{
    struct settings *s = settings;
    svy_convert_options options = SVY_CONVERT_OPTIONS_INIT;
    svy_diags diags = { report, &s->quiet, 0, 0 };
    svy_error err = SVY_ERROR_INIT;
    (void)argc;
    options.from = FORMATS[s->from];
    options.to = OUTPUTS[s->to];
    options.compat = (svy_compat)s->compat;
    if (tool_is_same_file(argv[0], argv[1]))
        return tool_usage("convert", "'%s' would be written over while it is read: give the output another name", argv[0]);
    const svy_status st = svy_convert(NULL, argv[0], argv[1], &options, &diags, &err);
    if (st == SVY_OK)
        return EXIT_DONE;
    if (st == SVY_E_INVALID && diags.problems > 0)
        return EXIT_WRONG;
    return st == SVY_E_ARG ? tool_usage("convert", "%s", err.message) : tool_fail(&err);
}

static const tool_option OPTIONS[] = {
    TOOL_CHOICE_OPTION(struct settings, from, "from", 0, "any|native|xform|xlsform|lss|quexml", "format of the input; any: by its content", "any"),
    TOOL_CHOICE_OPTION(struct settings, to, "to", 0, "any|native|xform|xlsform|xliff", "format of the output; any: by its name", "any"),
    TOOL_CHOICE_OPTION(struct settings, compat, "compat", 0, "strict|collect|web", "whose behaviour counts where ODK's clients differ", "strict"),
    TOOL_FLAG_OPTION(struct settings, quiet, "quiet", 'q', "only errors, no notes and warnings"),
    TOOL_END
};

const verb verb_convert = {
    .name = "convert", .group = FOR_RESEARCHERS, .arguments = "INPUT OUTPUT", .min_arguments = 2, .max_arguments = 2,
    .summary = "convert a questionnaire between XLSForm, XForm and the native format",
    .detail = "Reads native questionnaires, ODK XForms, XLSForm workbooks (.xlsx, .xls, .csv, .md), LimeSurvey surveys (.lss) and queXML; writes native questionnaires, "
              "XForms and XLSForm workbooks (.xlsx). Without --to an output that ends in .xlsx is an XLSForm; any other is native, or an XForm when the input is native: an XForm of a workbook wants --to xform.\n"
              "Translations go to LANG.xlf beside a native output, lists in files of their own too. What means nothing in the other format, or will not be enforced there, is "
              "told on standard error. Nothing is written when there is an error.\n"
              "An output called after a language (bg.xlf) is a translation of a native questionnaire: every text, with the translation it has and room for those it lacks. "
              "Beside the questionnaire it is completed where it stands.",
    .example = "survey convert form.xlsx visit/questionnaire.xml\nsurvey convert --to xform form.xlsx form.xml\nsurvey convert visit/questionnaire.xml visit/bg.xlf", .settings_size = sizeof(struct settings),
    .tables = { { OPTIONS, 0 } }, .run = run
};
