/* Everything a user reads about the command, made from the verb table: help, man pages, shell completion. */
#include "tool.h"
#include <stdio.h>
#include <string.h>

static const char *const GROUPS[VERB_GROUPS] = { "For researchers", "For fieldwork", "For analysts", "For everyone" };

enum { SUMMARY_COLUMN = 26, LINE = 100 };

/* Words of `text` in lines of at most LINE columns, each starting at column `indent`; the cursor stands at `column`. */
static void wrap(FILE *out, const char *text, int column, int indent)
{
    int blank = 0;
    while (*text != '\0') {
        int word = (int)strcspn(text, " \n");
        if (blank && column + 1 + word > LINE) {
            fprintf(out, "\n%*s", indent, "");
            column = indent;
        } else if (blank) {
            fputc(' ', out);
            column++;
        }
        fprintf(out, "%.*s", word, text);
        column += word;
        text += word;
        blank = *text == ' ';
        if (*text == '\n') {
            fprintf(out, "\n%*s", indent, "");
            column = indent;
        }
        if (*text != '\0')
            text++;
    }
    fputc('\n', out);
}

void help_all(FILE *out, const verb *const *verbs, size_t count)
{
    fputs("Usage: survey VERB [OPTION...] [ARGUMENT...]\n"
          "A survey from the first question to the last table.\n", out);
    for (int g = 0; g < VERB_GROUPS; g++) {
        int any = 0;
        for (size_t i = 0; i < count; i++) {
            if ((int)verbs[i]->group != g)
                continue;
            if (!any++)
                fprintf(out, "\n%s\n", GROUPS[g]);
            fprintf(out, "  %-*s ", SUMMARY_COLUMN - 3, verbs[i]->name);
            wrap(out, verbs[i]->summary, SUMMARY_COLUMN, SUMMARY_COLUMN);
        }
    }
    fputs("\n'survey VERB --help' explains a verb. Exit status: 0 done, 1 the input is wrong,\n"
          "2 wrong usage, 3 the system failed.\n", out);
}

static void synopsis(FILE *out, const verb *v)
{
    fprintf(out, "survey %s%s%s", v->name, v->tables[0].options != NULL ? " [OPTION...]" : "", v->arguments[0] ? " " : "");
    fputs(v->arguments, out);
}

static void option_usage(char *text, size_t size, const tool_option *o)
{
    char letter[8] = "    ";
    if (o->letter != 0)
        snprintf(letter, sizeof letter, "-%c, ", o->letter);
    snprintf(text, size, "%s--%s%s%s", letter, o->name, o->value != NULL ? "=" : "", o->value != NULL ? o->value : "");
}

static void option_help(FILE *out, const tool_option *o)
{
    enum { COLUMN = 34 };
    char usage[160], text[512];
    if (o->kind == TOOL_HEADING) {
        fprintf(out, "\n%s\n", o->help);
        return;
    }
    option_usage(usage, sizeof usage, o);
    snprintf(text, sizeof text, "%s%s%s%s", o->help, o->preset != NULL ? " [" : "", o->preset != NULL ? o->preset : "",
             o->preset != NULL ? "]" : "");
    if (strlen(usage) > COLUMN - 4)
        fprintf(out, "  %s\n%*s", usage, COLUMN, "");
    else
        fprintf(out, "  %-*s", COLUMN - 2, usage);
    wrap(out, text, COLUMN, COLUMN);
}

/* The options of the tables that begin with a heading, or of the others: a verb's own stand before those of the sampling design. */
static void for_options(FILE *out, const verb *v, int headed, void (*print)(FILE *out, const tool_option *o))
{
    for (size_t t = 0; t < VERB_TABLES && v->tables[t].options != NULL; t++)
        if ((v->tables[t].options[0].kind == TOOL_HEADING) == headed)
            for (const tool_option *o = v->tables[t].options; o->name != NULL; o++)
                print(out, o);
}

void help_verb(FILE *out, const verb *v)
{
    fputs("Usage: ", out);
    synopsis(out, v);
    fputc('\n', out);
    char first = v->summary[0];
    if (first >= 'a' && first <= 'z')
        first = (char)(first - 'a' + 'A');
    fprintf(out, "%c%s.\n", first, v->summary + 1);
    if (v->detail != NULL) {
        fputc('\n', out);
        wrap(out, v->detail, 0, 0);
    }
    fputs("\nOptions\n", out);
    for_options(out, v, 0, option_help);
    fprintf(out, "  %-32s%s\n", "    --help", "print this");
    for_options(out, v, 1, option_help);
    if (v->example != NULL) {
        fputs("\nExample\n  ", out);
        for (const char *c = v->example; *c != '\0'; c++) {
            fputc(*c, out);
            if (*c == '\n')
                fputs("  ", out);
        }
        fputc('\n', out);
    }
}

/* ---- man pages ---- */

static void roff(FILE *out, const char *text)
{
    int start = 1;
    for (; *text != '\0'; text++) {
        if (start && (*text == '.' || *text == '\''))
            fputs("\\&", out);
        start = *text == '\n';
        if (*text == '\\')
            fputs("\\e", out);
        else if (*text == '-')
            fputs("\\-", out);
        else
            fputc(*text, out);
    }
}

static void man_head(FILE *out, const char *name, const char *summary)
{
    fputs(".TH SURVEY", out);
    for (const char *c = name; *c != '\0'; c++)
        fputc(*c == ' ' ? '-' : *c >= 'a' && *c <= 'z' ? *c - 'a' + 'A' : *c, out);
    fprintf(out, " 1 \"\" \"libsurvey %s\" \"User Commands\"\n.SH NAME\nsurvey", SVY_VERSION);
    for (const char *c = name; *c != '\0'; c++)
        fputc(*c == ' ' ? '-' : *c, out);
    fputs(" \\- ", out);
    roff(out, summary);
    fputs("\n.SH SYNOPSIS\n", out);
}

static void man_option(FILE *out, const tool_option *o)
{
    char usage[160];
    if (o->kind == TOOL_HEADING) {
        fprintf(out, ".SS %s\n", o->help);
        return;
    }
    option_usage(usage, sizeof usage, o);
    fputs(".TP\n.B ", out);
    roff(out, usage + strspn(usage, " "));
    fputc('\n', out);
    roff(out, o->help);
    if (o->preset != NULL) {
        fputs("; default ", out);
        roff(out, o->preset);
    }
    fputs(".\n", out);
}

static void man_verb(FILE *out, const verb *v)
{
    char name[64];
    snprintf(name, sizeof name, "-%s", v->name);
    man_head(out, name, v->summary);
    synopsis(out, v);
    fputs("\n.SH DESCRIPTION\n", out);
    roff(out, v->detail != NULL ? v->detail : v->summary);
    fputs("\n.SH OPTIONS\n", out);
    for_options(out, v, 0, man_option);
    for_options(out, v, 1, man_option);
    if (v->example != NULL) {
        fputs(".SH EXAMPLE\n.nf\n", out);
        roff(out, v->example);
        fputs("\n.fi\n", out);
    }
    fputs(".SH EXIT STATUS\n0 done, 1 the input is wrong, 2 wrong usage, 3 the system failed.\n", out);
}

void help_man(FILE *out, const verb *const *verbs, size_t count, const verb *v)
{
    if (v != NULL) {
        man_verb(out, v);
        return;
    }
    man_head(out, "", "a survey from the first question to the last table");
    fputs("survey VERB [OPTION...] [ARGUMENT...]\n.SH DESCRIPTION\nOne verb per task; each has a page of its own.\n", out);
    for (int g = 0; g < VERB_GROUPS; g++) {
        fprintf(out, ".SS %s\n", GROUPS[g]);
        for (size_t i = 0; i < count; i++)
            if ((int)verbs[i]->group == g) {
                fprintf(out, ".TP\n.B %s\n", verbs[i]->name);
                roff(out, verbs[i]->summary);
                fputc('\n', out);
            }
    }
    fputs(".SH EXIT STATUS\n0 done, 1 the input is wrong, 2 wrong usage, 3 the system failed.\n", out);
}

/* ---- completion ---- */

static void completion_values(FILE *out, const tool_option *o)
{
    if (o->kind == TOOL_CHOICE) {
        fprintf(out, "        --%s) COMPREPLY=($(compgen -W '", o->name);
        for (const char *c = o->value; *c != '\0'; c++)
            fputc(*c == '|' ? ' ' : *c, out);
        fputs("' -- \"$cur\")); return;;\n", out);
    } else if (o->kind != TOOL_FLAG && o->kind != TOOL_HEADING) {
        fprintf(out, "        --%s", o->name);
        if (o->letter != 0)
            fprintf(out, "|-%c", o->letter);
        fputs(") COMPREPLY=($(compgen -f -- \"$cur\")); return;;\n", out);
    }
}

static void completion_verb(FILE *out, const verb *v)
{
    fprintf(out, "    '%s')\n        case $prev in\n", v->name);
    for (size_t t = 0; t < VERB_TABLES && v->tables[t].options != NULL; t++)
        for (const tool_option *o = v->tables[t].options; o->name != NULL; o++)
            completion_values(out, o);
    fputs("        esac\n        words='--help", out);
    for (size_t t = 0; t < VERB_TABLES && v->tables[t].options != NULL; t++)
        for (const tool_option *o = v->tables[t].options; o->name != NULL; o++)
            if (o->kind != TOOL_HEADING)
                fprintf(out, " --%s", o->name);
    fputs("';;\n", out);
}

/* How long the first `words` words of a name are, with the blank after them; 0 when there is nothing after them. */
static size_t begin_of(const char *name, int words)
{
    size_t len = 0;
    for (; words > 0 && name[len] != '\0'; words--)
        len += strcspn(name + len, " ") + (name[len + strcspn(name + len, " ")] == ' ');
    return words == 0 && len > 0 && name[len - 1] == ' ' ? len : 0;
}

/* Verbs with actions: the `word`th word belongs to the name. */
static void completion_actions(FILE *out, const verb *const *verbs, size_t count, int word)
{
    for (size_t i = 0; i < count; i++) {
        const char *name = verbs[i]->name;
        size_t len = begin_of(name, word - 1);
        if (len == 0 || (i > 0 && strncmp(verbs[i - 1]->name, name, len) == 0))
            continue;
        fprintf(out, "    '%.*s')\n        if [ \"$COMP_CWORD\" -eq %d ]; then COMPREPLY=($(compgen -W '", (int)len - 1, name, word);
        for (size_t j = i; j < count && strncmp(verbs[j]->name, name, len) == 0; j++) {
            const int word_len = (int)strcspn(verbs[j]->name + len, " ");
            if (j == i || strncmp(verbs[j - 1]->name, verbs[j]->name, len + (size_t)word_len + 1) != 0)      /* "account add", "account list": once */
                fprintf(out, "%.*s ", word_len, verbs[j]->name + len);
        }
        fprintf(out, "' -- \"$cur\")); return; fi\n        verb=\"$verb ${COMP_WORDS[%d]}\";;\n", word);
    }
}

void help_completion(FILE *out, const verb *const *verbs, size_t count)
{
    fputs("_survey() {\n"
          "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} words= verb=${COMP_WORDS[1]}\n"
          "    local verbs='", out);
    for (size_t i = 0; i < count; i++)
        fprintf(out, "%s%.*s", i ? " " : "", (int)strcspn(verbs[i]->name, " "), verbs[i]->name);
    fputs("'\n    if [ \"$COMP_CWORD\" -eq 1 ]; then COMPREPLY=($(compgen -W \"$verbs\" -- \"$cur\")); return; fi\n"
          "    case $verb in\n", out);
    completion_actions(out, verbs, count, 2);
    fputs("    esac\n    case $verb in\n", out);
    completion_actions(out, verbs, count, 3);
    fputs("    esac\n    case $verb in\n", out);
    for (size_t i = 0; i < count; i++)
        completion_verb(out, verbs[i]);
    fputs("    esac\n    case $cur in\n    -*) COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"));;\n"
          "    *) COMPREPLY=($(compgen -f -- \"$cur\"));;\n    esac\n}\ncomplete -F _survey survey\n", out);
}
