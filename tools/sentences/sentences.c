/* The texts of the sentences that every front end says. */
#include "sentences.h"
#include <string.h>

static const sentence SENTENCES[S_SHARED] = {
    [S_REQUIRED] = { "an answer is needed", "нужен е отговор", "الإجابة مطلوبة" },
    [S_DONT_KNOW] = { "don't know", "не знам", "لا أعرف" },
    [S_REFUSED] = { "refused", "отказ", "رفض الإجابة" },
    [S_NOT_STATED] = { "left blank", "оставено празно", "تُرك فارغًا" },
    [S_YES] = { "yes", "да", "نعم" },
    [S_OK] = { "OK", "Добре", "حسنًا" },
    [S_NO] = { "no", "не", "لا" },
    [S_SEVERAL_CODES] = { "several answers are possible: codes with commas between",
                          "възможни са няколко отговора: кодове, разделени със запетая",
                          "يمكن إعطاء أكثر من إجابة: رموز بينها فواصل" },
    [S_RANK_CODES] = { "put in order: codes with commas between, the first one first",
                       "подредете: кодове, разделени със запетая, най-важният първи",
                       "رتّب: رموز بينها فواصل، والأهم أولًا" },
    [S_MISSING_REQUIRED] = { "this question needs an answer.", "този въпрос изисква отговор.", "هذا السؤال يحتاج إلى إجابة." },
    [S_NOT_OFFERED] = { "the answer is not among the choices any more, because another answer was changed.",
                        "отговорът вече не е сред възможностите, защото друг отговор беше променен.",
                        "لم تعد الإجابة بين الخيارات، لأن إجابة أخرى تغيّرت." },
    [S_NOT_POSSIBLE] = { "This answer is not possible here.", "Този отговор не е възможен тук.", "هذه الإجابة غير ممكنة هنا." },
    [S_NOT_SHOWN] = { "Choose among the choices shown.",
                      "Изберете измежду показаните възможности.",
                      "اختر من الخيارات المعروضة." },
    [S_ALONE] = { "%s cannot be given together with other choices: give it alone, or leave it out.",
                  "%s не може да се посочи заедно с други възможности: посочете само нея или я пропуснете.",
                  "لا يُعطى الخيار %s مع خيارات أخرى: أعطه وحده أو اتركه." },
    [S_TWICE] = { "%s is given twice: give each code once.",
                  "%s е посочено два пъти: посочете всеки код веднъж.",
                  "أُعطي %s مرتين: أعط كل رمز مرة واحدة." },
    [S_TOO_MANY_LETTERS] = { "The text is too long for this place: say it in fewer words.",
                             "Текстът е твърде дълъг за това място: кажете го с по-малко думи.",
                             "النص أطول مما يتسع له هذا المكان: قله بكلمات أقل." },
    [S_NOT_NOW] = { "That is not possible as the interview stands now.",
                    "Това не е възможно при сегашното състояние на интервюто.",
                    "هذا غير ممكن في الحالة الراهنة للمقابلة." },
    [S_TOO_FEW] = { "This list needs more entries. Needed: %s.", "В този списък трябва да има още. Нужни са: %s.",
                    "هذه القائمة تحتاج إلى المزيد. المطلوب: %s." },
    [S_TOO_LARGE] = { "With this answer the interview would become too large. Nothing was stored.",
                      "С този отговор интервюто би станало твърде голямо. Нищо не е записано.",
                      "بهذه الإجابة تصبح المقابلة أكبر من الحد. لم يُحفظ شيء." },
    [S_FORMAT_INTEGER] = { "a whole number", "цяло число", "عدد صحيح" },
    [S_FORMAT_DECIMAL] = { "a number, e.g. 12.5", "число, например 12.5", "عدد، مثلًا " SENTENCE_LATIN("12.5") },
    [S_FORMAT_DATE] = { "a date: YYYY-MM-DD", "дата: ГГГГ-ММ-ДД", "تاريخ: سنة وشهر ويوم، مثلًا " SENTENCE_LATIN("2026-11-22") },
    [S_FORMAT_MONTH] = { "a month: YYYY-MM, or YYYY when the month is not known", "месец: ГГГГ-ММ, или ГГГГ, ако месецът не е известен",
                         "شهر: سنة وشهر، مثلًا " SENTENCE_LATIN("2026-11") "، أو السنة وحدها إذا لم يُعرف الشهر" },
    [S_FORMAT_YEAR] = { "a year: YYYY", "година: ГГГГ", "سنة، مثلًا " SENTENCE_LATIN("2026") },
    [S_FORMAT_TIME] = { "a time: HH:MM", "час: ЧЧ:ММ", "وقت، مثلًا " SENTENCE_LATIN("08:30") },
    [S_FORMAT_DATETIME] = { "date and time: YYYY-MM-DDTHH:MM", "дата и час: ГГГГ-ММ-ДДTЧЧ:ММ", "تاريخ ووقت، مثلًا " SENTENCE_LATIN("2026-11-22T08:30") },
    [S_FORMAT_BOOLEAN] = { "y (yes) or n (no)", "д (да) или н (не)", "ن (نعم) أو ل (لا)" },
    [S_FORMAT_GEOPOINT] = { "coordinates: latitude longitude, e.g. 42.70 23.32", "координати: ширина дължина, например 42.70 23.32",
                            "إحداثيات: خط العرض ثم خط الطول، مثلًا " SENTENCE_LATIN("42.70 23.32") },
    [S_FORMAT_FILE] = { "the path of a file", "път до файл", "مسار ملف" },
};

static int is_language(const char *tag, const char *language)
{
    const size_t len = strlen(language);
    return strncmp(tag, language, len) == 0 && (tag[len] == '\0' || tag[len] == '-');
}

int sentence_is_english(const char *tag) { return !is_language(tag, "bg") && !is_language(tag, "ar"); }

const char *sentence_in(const sentence *s, const char *tag) { return sentence_is_english(tag) ? s->en : is_language(tag, "bg") ? s->bg : s->ar; }

const char *sentence_of(sentence_id id, const char *tag) { return sentence_in(&SENTENCES[id], tag); }

/* Adds to a text that is cut where the room ends; the length counts on. */
static size_t add(char *out, size_t size, size_t used, const char *text, size_t len)
{
    for (size_t i = 0; i < len && used + i + 1 < size; i++)
        out[used + i] = text[i];
    if (size > 0)
        out[used + len < size ? used + len : size - 1] = '\0';
    return used + len;
}

size_t sentence_fill(const char *text, const char *tag, const char *value, char *out, size_t size)
{
    const char *mark = strstr(text, "%s");
    const int apart = mark != NULL && is_language(tag, "ar");
    size_t used = add(out, size, 0, text, mark != NULL ? (size_t)(mark - text) : strlen(text));
    if (mark == NULL)
        return used;
    used = add(out, size, used, "\xE2\x81\xA8", apart ? 3 : 0);
    used = add(out, size, used, value, strlen(value));
    used = add(out, size, used, SENTENCE_POP, apart ? 3 : 0);
    return add(out, size, used, mark + 2, strlen(mark + 2));
}

int language_is_right_to_left(const char *tag)
{
    static const char *const TAGS[] = { "ar", "fa", "he", "ur", "ps", "ckb", "sd", "ug", "yi", "dv" };
    for (size_t i = 0; i < sizeof TAGS / sizeof TAGS[0]; i++)
        if (is_language(tag, TAGS[i]))
            return 1;
    return 0;
}

/* As they stand in a list: with a capital, also where running text has none. */
const char *language_name(const char *tag)
{
    static const char *const NAMES[] = {
        "ar", "العربية", "bg", "Български", "cs", "Čeština", "de", "Deutsch", "el", "Ελληνικά", "en", "English", "es", "Español", "fa", "فارسی", "fr", "Français",
        "hi", "हिन्दी", "hu", "Magyar", "it", "Italiano", "mk", "Македонски", "ne", "नेपाली", "nl", "Nederlands", "pl", "Polski", "ps", "پښتو", "pt", "Português",
        "ro", "Română", "ru", "Русский", "so", "Soomaali", "sq", "Shqip", "sr", "Српски", "sw", "Kiswahili", "tr", "Türkçe", "uk", "Українська", "ur", "اردو",
        "uz", "Oʻzbek", "vi", "Tiếng Việt", "zh", "中文",
    };
    for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i += 2)
        if (is_language(tag, NAMES[i]))
            return NAMES[i + 1];
    return tag;
}
