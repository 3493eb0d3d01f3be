/* A language tag for what an XForm calls a translation: "English (en)", "Français", "default". */
#include "exchange/xform/xform.h"
#include <string.h>

static const struct { const char *name, *tag; } NAMES[] = {
    { "afrikaans", "af" }, { "albanian", "sq" }, { "amharic", "am" }, { "arabic", "ar" }, { "armenian", "hy" }, { "azerbaijani", "az" }, { "bahasa", "id" },
    { "bangla", "bn" }, { "bengali", "bn" }, { "bosnian", "bs" }, { "bulgarian", "bg" }, { "burmese", "my" }, { "chichewa", "ny" }, { "chinese", "zh" },
    { "croatian", "hr" }, { "czech", "cs" }, { "danish", "da" }, { "dari", "prs" }, { "deutsch", "de" }, { "dutch", "nl" }, { "english", "en" },
    { "espanol", "es" }, { "español", "es" }, { "estonian", "et" }, { "farsi", "fa" }, { "finnish", "fi" }, { "francais", "fr" }, { "français", "fr" },
    { "french", "fr" }, { "georgian", "ka" }, { "german", "de" }, { "greek", "el" }, { "gujarati", "gu" }, { "haitian creole", "ht" }, { "hausa", "ha" },
    { "hebrew", "he" }, { "hindi", "hi" }, { "hungarian", "hu" }, { "igbo", "ig" }, { "indonesian", "id" }, { "italian", "it" }, { "italiano", "it" },
    { "japanese", "ja" }, { "kannada", "kn" }, { "khmer", "km" }, { "kinyarwanda", "rw" }, { "kiswahili", "sw" }, { "korean", "ko" }, { "kreyol", "ht" },
    { "kurdish", "ku" }, { "kyrgyz", "ky" }, { "lao", "lo" }, { "latvian", "lv" }, { "lingala", "ln" }, { "lithuanian", "lt" }, { "luganda", "lg" },
    { "macedonian", "mk" }, { "malagasy", "mg" }, { "malay", "ms" }, { "malayalam", "ml" }, { "marathi", "mr" }, { "mongolian", "mn" }, { "nepali", "ne" },
    { "norwegian", "no" }, { "oromo", "om" }, { "pashto", "ps" }, { "persian", "fa" }, { "polish", "pl" }, { "portugues", "pt" }, { "portuguese", "pt" },
    { "português", "pt" }, { "punjabi", "pa" }, { "romanian", "ro" }, { "russian", "ru" }, { "serbian", "sr" }, { "shona", "sn" }, { "sinhala", "si" },
    { "slovak", "sk" }, { "slovenian", "sl" }, { "somali", "so" }, { "spanish", "es" }, { "swahili", "sw" }, { "swedish", "sv" }, { "tagalog", "tl" },
    { "tajik", "tg" }, { "tamil", "ta" }, { "telugu", "te" }, { "thai", "th" }, { "tigrinya", "ti" }, { "turkish", "tr" }, { "turkmen", "tk" },
    { "ukrainian", "uk" }, { "urdu", "ur" }, { "uzbek", "uz" }, { "vietnamese", "vi" }, { "wolof", "wo" }, { "xhosa", "xh" }, { "yoruba", "yo" },
    { "zulu", "zu" },
};

static char small(char c) { return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c; }

static const char *known(const char *name, size_t len)
{
    for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++) {
        size_t j = 0;
        while (j < len && NAMES[i].name[j] != '\0' && small(name[j]) == NAMES[i].name[j])
            j++;
        if (j == len && NAMES[i].name[j] == '\0')
            return NAMES[i].tag;
    }
    return NULL;
}

/* The tag in the brackets at the end of a name. */
static size_t bracketed(const char *name, const char **tag)
{
    const char *open = strrchr(name, '('), *close = open != NULL ? strchr(open, ')') : NULL;
    if (close == NULL)
        return 0;
    *tag = open + 1 + strspn(open + 1, " ");
    while (close > *tag && close[-1] == ' ')
        close--;
    return close > *tag ? (size_t)(close - *tag) : 0;
}

/* "qaa-x-" (qaa is nobody's language) and the name in pieces that a tag can have. */
static const char *private_tag(svyi_xform *f, const char *name)
{
    char tag[64] = "qaa-x";
    size_t n = 5, run = 8;
    for (; *name != '\0' && n < 60; name++) {
        const char c = small(*name);
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')))
            continue;
        if (run == 8) {
            tag[n++] = '-';
            run = 0;
        }
        tag[n++] = c;
        run++;
    }
    return svyi_xform_copy(f, tag, n == 5 ? 3 : n);
}

static int is_taken(const svyi_xform *f, const char *tag)
{
    for (uint32_t i = 0; i < f->n_languages; i++)
        if (f->languages[i].tag != NULL && strcmp(f->languages[i].tag, tag) == 0)
            return 1;
    return 0;
}

/* Names that differ only in what a tag cannot hold get a number. */
static const char *untaken(svyi_xform *f, const char *tag)
{
    if (tag == NULL || !is_taken(f, tag))
        return tag;
    for (uint32_t i = 2; f->st == SVY_OK; i++) {
        const char piece[] = { (char)('0' + i / 100 % 10), (char)('0' + i / 10 % 10), (char)('0' + i % 10), '\0' };
        const char *other = svyi_xform_unit(f, svyi_xform_unit(f, "qaa-x-other-", piece), "");
        if (!is_taken(f, other))
            return other;
    }
    return NULL;
}

const char *svyi_xform_tag(svyi_xform *f, const char *name)
{
    const char *tag = name;
    size_t len = bracketed(name, &tag), plain = strcspn(name, "(");
    while (plain > 0 && name[plain - 1] == ' ')
        plain--;
    if (len > 0 && len <= 32 && svyi_is_tag(tag, len))
        return untaken(f, svyi_xform_copy(f, tag, len));
    tag = known(name, plain);
    if (tag != NULL)
        return untaken(f, tag);
    if (strlen(name) <= 32 && svyi_is_tag(name, strlen(name)) && (strlen(name) <= 3 || name[2] == '-' || name[3] == '-'))
        return untaken(f, name);
    return untaken(f, private_tag(f, name));
}
