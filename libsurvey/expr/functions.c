/* The one table of functions: how each is called, what it gives, who computes it. */
#include "expr_priv.h"

#include <string.h>

/* Arguments, a letter each, the last one for all that follow:
     a any value            b condition            n number              N what a number can be made of
     t text or code         c code or codes        r pattern             q text in quotes
     d date or datetime     m date or month        h time or datetime    M any of these
     D what a date can be made of                  u unit in quotes      f date pattern in quotes
   Forms with rules of their own (in types_call.c) have "" and check their arguments themselves.
   The row of a function of SVYI_FORM_CALL is its number in programs: append only. */

enum { B = SVY_K_BOOLEAN, N = SVY_K_NUMBER, T = SVY_K_TEXT, C = SVY_K_CODE, D = SVY_K_DATE, ANY = SVY_K_NONE, MANY = 255 };
enum { IS_PRESENT = 1 << SVY_PRESENT, IS_MISSING = 0x3e };

/* An engine that only runs programs (SVY_WITHOUT_COMPILER: the web form's) is smaller without what the compiler and the documentation read. */
#ifdef SVY_WITHOUT_COMPILER
#define READ(text) ""
#else
#define READ(text) text
#endif
#define PLAIN(name, min, max, args, kind, rule, call, meaning) \
    { READ(name), min, max, READ(args), kind, rule, SVYI_FORM_CALL, 0, call, READ(meaning) }
#define FORM(name, min, max, args, kind, form, detail, meaning) \
    { READ(name), min, max, READ(args), kind, SVYI_SEES, form, detail, NULL, READ(meaning) }

static const svyi_function FUNCTIONS[] = {
    PLAIN("string-length", 1, 1, "t", N, SVYI_MISSING, svyi_string_length, "number of characters"),
    PLAIN("substr", 2, 3, "tn", T, SVYI_MISSING, svyi_substr, "characters from a position (0 is the first) up to another"),
    PLAIN("contains", 2, 2, "t", B, SVYI_FALSE, svyi_contains, "the second text occurs in the first"),
    PLAIN("starts-with", 2, 2, "t", B, SVYI_FALSE, svyi_starts_with, "the first text begins with the second"),
    PLAIN("ends-with", 2, 2, "t", B, SVYI_FALSE, svyi_ends_with, "the first text ends with the second"),
    PLAIN("upper-case", 1, 1, "t", T, SVYI_MISSING, svyi_upper_case, "the text in capitals"),
    PLAIN("lower-case", 1, 1, "t", T, SVYI_MISSING, svyi_lower_case, "the text in small letters"),
    PLAIN("normalize-space", 1, 1, "t", T, SVYI_MISSING, svyi_normalize_space, "without blanks at the ends, single ones inside"),
    PLAIN("trim", 1, 1, "t", T, SVYI_MISSING, svyi_trim, "without blanks at the ends"),
    PLAIN("regex", 2, 2, "tr", B, SVYI_FALSE, svyi_regex, "the whole text matches the pattern"),
    PLAIN("check-character", 2, 2, "t", T, SVYI_MISSING, svyi_check_character, "check character of ISO 7064 MOD M+1,M over an alphabet"),
    PLAIN("string", 1, 1, "a", T, SVYI_MISSING, svyi_string, "the value as text"),
    PLAIN("boolean-from-string", 1, 1, "t", B, SVYI_MISSING, svyi_boolean_from_string, "true for 'true' and '1', else false"),
    FORM("selected", 2, 2, "", B, SVYI_FORM_SELECTED, 0, "the code is among the codes chosen"),
    PLAIN("count-selected", 1, 1, "c", N, SVYI_SEES, svyi_count_selected, "how many codes were chosen"),
    PLAIN("selected-at", 2, 2, "cn", C, SVYI_MISSING, svyi_selected_at, "the code chosen at a position (0 is the first)"),
    PLAIN("number", 1, 1, "N", N, SVYI_MISSING, svyi_to_number, "the value as a number"),
    PLAIN("int", 1, 1, "N", N, SVYI_MISSING, svyi_int, "the number without its decimals"),
    PLAIN("round", 1, 2, "n", N, SVYI_MISSING, svyi_round, "rounded to a whole number, or to n decimals"),
    PLAIN("floor", 1, 1, "n", N, SVYI_MISSING, svyi_floor, "the whole number below"),
    PLAIN("ceiling", 1, 1, "n", N, SVYI_MISSING, svyi_ceiling, "the whole number above"),
    PLAIN("abs", 1, 1, "n", N, SVYI_MISSING, svyi_abs, "the number without its sign"),
    PLAIN("pow", 2, 2, "n", N, SVYI_MISSING, svyi_power, "the first number to the power of the second"),
    PLAIN("sqrt", 1, 1, "n", N, SVYI_MISSING, svyi_sqrt, "square root"),
    PLAIN("exp", 1, 1, "n", N, SVYI_MISSING, svyi_exponential, "e to the power of the number"),
    PLAIN("ln", 1, 1, "n", N, SVYI_MISSING, svyi_logarithm, "natural logarithm"),
    PLAIN("log10", 1, 1, "n", N, SVYI_MISSING, svyi_log10, "logarithm to base 10"),
    PLAIN("year", 1, 1, "m", N, SVYI_MISSING, svyi_year, "year of a date or month"),
    PLAIN("month", 1, 1, "m", N, SVYI_MISSING, svyi_month, "month (1 to 12) of a date or month"),
    PLAIN("day", 1, 1, "d", N, SVYI_MISSING, svyi_day, "day of the month"),
    PLAIN("hour", 1, 1, "h", N, SVYI_MISSING, svyi_hour, "hour (0 to 23)"),
    PLAIN("minute", 1, 1, "h", N, SVYI_MISSING, svyi_minute, "minute (0 to 59)"),
    { READ("date"), 1, 3, READ("Dn"), D, SVYI_MISSING, SVYI_FORM_CALL, 3, svyi_date, READ("a date from a text, a day number, or year, month, day") },
    PLAIN("date-diff", 2, 3, "mmu", N, SVYI_MISSING, svyi_date_diff, "whole days (weeks, months, years) from the first to the second"),
    PLAIN("format-date", 2, 2, "Mf", T, SVYI_MISSING, svyi_format_date, "a date or time written by a pattern"),
    /* What `selected` runs as. */
    PLAIN("", 2, 2, "", B, SVYI_FALSE, svyi_selected, ""),

    FORM("true", 0, 0, "", B, SVYI_FORM_CONSTANT, 1, "true"),
    FORM("false", 0, 0, "", B, SVYI_FORM_CONSTANT, 0, "false"),
    FORM("not", 1, 1, "b", B, SVYI_FORM_NOT, 0, "true when the condition is false or missing"),
    FORM("if", 3, 3, "", ANY, SVYI_FORM_IF, 0, "the second when the first is true, else the third"),
    FORM("coalesce", 2, MANY, "", ANY, SVYI_FORM_COALESCE, 0, "the first that is not missing"),
    FORM("in", 2, MANY, "", B, SVYI_FORM_IN, 0, "the first equals one of the others"),
    FORM("answered", 1, 1, "a", B, SVYI_FORM_STATE, IS_PRESENT, "there is a value"),
    FORM("refused", 1, 1, "a", B, SVYI_FORM_STATE, 1 << SVY_REFUSED, "the answer was refused"),
    FORM("dont-know", 1, 1, "a", B, SVYI_FORM_STATE, 1 << SVY_DONT_KNOW, "the answer was 'don't know'"),
    FORM("not-asked", 1, 1, "a", B, SVYI_FORM_STATE, (1 << SVY_NOT_ASKED) | (1 << SVY_NOT_REACHED), "it was not asked, or not yet"),
    FORM("not-stated", 1, 1, "a", B, SVYI_FORM_STATE, 1 << SVY_NOT_STATED, "asked and left blank, lost, or not computable"),
    FORM("missing", 1, 1, "a", B, SVYI_FORM_STATE, IS_MISSING, "there is no value, for whatever reason"),
    FORM("sum", 1, MANY, "", N, SVYI_FORM_AGGREGATE, SVYI_SUM, "sum of the values that are not missing"),
    FORM("count", 1, 1, "", N, SVYI_FORM_AGGREGATE, SVYI_COUNT, "number of entries, or of answers that are not missing"),
    FORM("count-non-empty", 1, MANY, "", N, SVYI_FORM_AGGREGATE, SVYI_COUNT_NON_EMPTY, "number of values that are neither missing nor empty"),
    FORM("min", 1, MANY, "", ANY, SVYI_FORM_AGGREGATE, SVYI_MIN, "smallest of the values that are not missing"),
    FORM("max", 1, MANY, "", ANY, SVYI_FORM_AGGREGATE, SVYI_MAX, "largest of the values that are not missing"),
    FORM("mean", 1, MANY, "", N, SVYI_FORM_AGGREGATE, SVYI_MEAN, "mean of the values that are not missing"),
    FORM("join", 2, MANY, "", T, SVYI_FORM_AGGREGATE, SVYI_JOIN, "the values that are not missing with the first text between them"),
    FORM("concat", 1, MANY, "", T, SVYI_FORM_AGGREGATE, SVYI_CONCAT, "the values one after another; a missing one is empty"),
    FORM("checklist", 3, MANY, "", B, SVYI_FORM_CHECKLIST, 0, "at least and at most so many of the conditions are true (-1: no limit)"),
    FORM("weighted-checklist", 4, MANY, "", B, SVYI_FORM_WEIGHTED, 0, "the weights of the true conditions add up to between two numbers"),
    FORM("lookup", 3, 3, "", T, SVYI_FORM_LOOKUP, 0, "a property of a code of a list"),
    FORM("pulldata", 4, 4, "", T, SVYI_FORM_LOOKUP, 1, "the same with ODK's arguments"),
    FORM("indexed-repeat", 3, 9, "", ANY, SVYI_FORM_INDEXED, 0, "the answer in the n-th entry of a roster"),
    FORM("choice-label", 1, 2, "", T, SVYI_FORM_LABEL, 0, "the label of a code in the language of the interview"),
    FORM("choice-code", 0, 0, "", C, SVYI_FORM_CHOICE, 0, "code of the choice at hand"),
    FORM("choice-parent", 0, 0, "", C, SVYI_FORM_CHOICE, 1, "parent of the choice at hand"),
    FORM("position", 0, 0, "", N, SVYI_FORM_POSITION, 0, "position of the entry in its roster"),
    FORM("random", 0, 0, "", N, SVYI_FORM_RANDOM, 0, "a number from 0 to below 1, the same whenever it is asked for"),
    FORM("today", 0, 0, "", D, SVYI_FORM_CLOCK, 0, "the date"),
    FORM("now", 0, 0, "", SVY_K_DATETIME, SVYI_FORM_CLOCK, 1, "the date and time"),
    FORM("once", 1, 1, "", ANY, SVYI_FORM_ONCE, 0, "the answer there is already, else the value"),
};

enum { N_FUNCTIONS = sizeof FUNCTIONS / sizeof FUNCTIONS[0] };

const svyi_function *svyi_function_find(const char *name, size_t len)
{
    for (size_t i = 0; i < N_FUNCTIONS; i++)
        if (len > 0 && strlen(FUNCTIONS[i].name) == len && memcmp(FUNCTIONS[i].name, name, len) == 0)
            return &FUNCTIONS[i];
    return NULL;
}

const svyi_function *svyi_function_get(unsigned id)
{
    return id < N_FUNCTIONS ? &FUNCTIONS[id] : NULL;
}

unsigned svyi_function_id(const svyi_function *fn)
{
    return (unsigned)(fn - FUNCTIONS);
}

unsigned svyi_selected_id(void)
{
    unsigned id = 0;
    while (FUNCTIONS[id].call != svyi_selected)
        id++;
    return id;
}

unsigned svyi_function_count(void)
{
    return N_FUNCTIONS;
}
