/* The sentences of the terminal interview, in the languages of the interface. */
#include "dialogue.h"
#include <stdio.h>
#include <string.h>

typedef struct sentence { const char *en, *bg, *ar; } sentence;

/* Inside a sentence written from right to left: what is read from left to right, apart from the words around it. */
#define POP "\xE2\x81\xA9"
#define LATIN(text) "\xE2\x81\xA6" text POP
#define FIRST_STRONG "\xE2\x81\xA8"
/* A line of the help: the command on the left, as everywhere, and behind it what it does. */
#define EXPLAINED(command, text) LATIN(command "\xE2\x81\xA7" text POP) "\n"

static const sentence SENTENCES[S_COUNT] = {
    [S_ANSWER] = { "Answer: ", "Отговор: ", "الإجابة: " },
    [S_ANSWER_UNIT] = { "Answer (%s): ", "Отговор (%s): ", "الإجابة (%s): " },
    [S_ENTER_GOES_ON] = { "Enter to go on: ", "Enter за продължение: ", "للمتابعة اضغط Enter: " },
    [S_YES_NO] = { "Yes or no (y/n): ", "Да или не (д/н): ", "نعم أم لا (ن/ل): " },
    [S_FIRST_ENTRY] = { "Is there one to tell about?", "Има ли за какво да разкажете?", "هل يوجد ما يُذكر هنا؟" },
    [S_ANOTHER_ENTRY] = { "Is there another one?", "Има ли още един?", "هل يوجد غيره؟" },
    [S_YES_OR_NO] = { "Please answer y (yes) or n (no).", "Моля, отговорете с д (да) или н (не).", "الرجاء الإجابة: ن (نعم) أو ل (لا)." },
    [S_OF] = { "of", "от", "من" },
    [S_ENTRY] = { ", entry", ", запис", "، القيد" },
    [S_REQUIRED] = { "an answer is needed", "нужен е отговор", "الإجابة مطلوبة" },
    [S_CURRENT] = { "Answered: ", "Отговорено: ", "الإجابة المسجلة: " },
    [S_PROPOSED] = { "Proposed (Enter accepts it): ", "Предложено (Enter го приема): ", "إجابة مقترحة (Enter يقبلها): " },
    [S_DONT_KNOW] = { "don't know", "не знам", "لا أعرف" },
    [S_REFUSED] = { "refused", "отказ", "رفض الإجابة" },
    [S_NOT_STATED] = { "left blank", "оставено празно", "تُرك فارغًا" },
    [S_YES] = { "yes", "да", "نعم" },
    [S_NO] = { "no", "не", "لا" },
    [S_SEARCH] = { "Type a code, or letters of the name to search among %s choices.",
                   "Въведете код или букви от името, за да търсите сред %s възможности.",
                   "اكتب رمزًا أو حروفًا من الاسم للبحث بين الخيارات (عددها %s)." },
    [S_MORE_MATCHES] = { "... and %s more: type more letters.", "... и още %s: въведете повече букви.", "... وغيرها %s: اكتب حروفًا أكثر." },
    [S_MORE_CHOICES] = { "... and %s more: type letters of the name.", "... и още %s: въведете букви от името.",
                         "... وغيرها %s: اكتب حروفًا من الاسم." },
    [S_NO_MATCH] = { "Nothing matches '%s': type a code, or other letters.",
                     "Нищо не съответства на „%s“: въведете код или други букви.",
                     "لا شيء يطابق «%s»: اكتب رمزًا أو حروفًا أخرى." },
    [S_NO_CODE] = { "There is no code '%s' here.", "Тук няма код „%s“.", "لا يوجد هنا الرمز «%s»." },
    [S_SEVERAL_MATCH] = { "Several match: type the code, or more letters.", "Има няколко съвпадения: въведете кода или повече букви.",
                          "هناك أكثر من نتيجة: اكتب الرمز أو حروفًا أكثر." },
    [S_SEVERAL_CODES] = { "several answers are possible: codes with commas between",
                          "възможни са няколко отговора: кодове, разделени със запетая",
                          "يمكن إعطاء أكثر من إجابة: رموز بينها فواصل" },
    [S_RANK_CODES] = { "put in order: codes with commas between, the first one first",
                       "подредете: кодове, разделени със запетая, най-важният първи",
                       "رتّب: رموز بينها فواصل، والأهم أولًا" },
    [S_NO_LIST] = { "This question has no list of choices.", "Този въпрос няма списък с възможности.", "ليس لهذا السؤال قائمة خيارات." },
    [S_SOFT_PROMPT] = { "To keep this answer, type the reason; Enter to answer again.",
                        "За да запазите отговора, напишете причината; Enter за нов отговор.",
                        "للإبقاء على هذه الإجابة اكتب السبب؛ وللإجابة من جديد اضغط Enter." },
    [S_REASON] = { "Reason: ", "Причина: ", "السبب: " },
    [S_BLANK] = { "Please answer. If there is no answer: :dk (don't know), :ref (refused), :skip (leave blank).",
                  "Моля, отговорете. Ако няма отговор: :dk (не знам), :ref (отказ), :skip (оставете празно).",
                  "الرجاء الإجابة. إذا لم توجد إجابة: " LATIN(":dk") " (لا أعرف)، " LATIN(":ref") " (رفض الإجابة)، " LATIN(":skip") " (ترك فارغ)." },
    [S_NEEDED] = { "An answer is needed here. < goes back, :quit suspends the interview.",
                   "Тук е нужен отговор. < връща назад, :quit прекъсва интервюто.",
                   "الإجابة مطلوبة هنا. للرجوع " LATIN("<") "، ولتعليق المقابلة " LATIN(":quit") "." },
    [S_NEEDED_LATER] = { "Left for later: the interview cannot be finished without this answer.",
                         "Оставено за после: интервюто не може да завърши без този отговор.",
                         "تُرك لوقت لاحق: لا يمكن إنهاء المقابلة من دون هذه الإجابة." },
    [S_NOTHING_TO_TYPE] = { "There is nothing to type here: press Enter to go on, or type < to go back.",
                            "Тук не се пише нищо: натиснете Enter за продължение или въведете < за връщане.",
                            "لا يُكتب شيء هنا: للمتابعة اضغط Enter، وللرجوع اكتب " LATIN("<") "." },
    [S_NO_QUESTION] = { "No question is open here: press Enter to finish, or type < to go back.",
                        "Тук няма отворен въпрос: натиснете Enter за край или въведете < за връщане.",
                        "لا يوجد سؤال مفتوح هنا: للإنهاء اضغط Enter، وللرجوع اكتب " LATIN("<") "." },
    [S_SUSPENDED] = { "Suspended. Everything answered so far is kept.", "Прекъснато. Всички дадени отговори са запазени.",
                      "عُلّقت المقابلة. كل ما أُجيب عنه حتى الآن محفوظ." },
    [S_RESUME_WITH] = { "The same command goes on from here.", "Същата команда продължава оттук.", "الأمر نفسه يتابع من هنا." },
    [S_RESUMED] = { "Going on with the interview that was suspended.", "Продължава прекъснатото интервю.", "متابعة المقابلة التي عُلّقت." },
    [S_NOT_FINISHED] = { "Not finished yet:", "Още не е завършено:", "لم تكتمل بعد:" },
    [S_MISSING_REQUIRED] = { "this question needs an answer.", "този въпрос изисква отговор.", "هذا السؤال يحتاج إلى إجابة." },
    [S_NOT_OFFERED] = { "the answer is not among the choices any more, because another answer was changed.",
                        "отговорът вече не е сред възможностите, защото друг отговор беше променен.",
                        "لم تعد الإجابة بين الخيارات، لأن إجابة أخرى تغيّرت." },
    [S_FINISH] = { "That was the last question. Enter to finish, < to go back: ",
                   "Това беше последният въпрос. Enter за край, < за връщане: ",
                   "كان هذا السؤال الأخير. للإنهاء Enter، وللرجوع " LATIN("<") ": " },
    [S_DONE] = { "The interview is complete and stored.", "Интервюто е завършено и записано.", "اكتملت المقابلة وحُفظت." },
    [S_REVIEW_TITLE] = { "Answered so far", "Отговорено дотук", "ما أُجيب عنه حتى الآن" },
    [S_REVIEW_PROMPT] = { "Number to go to, Enter to return: ", "Номер за преминаване, Enter за връщане: ", "رقم للانتقال إليه، وللعودة Enter: " },
    [S_REVIEW_EMPTY] = { "Nothing has been answered yet.", "Още няма отговори.", "لا توجد إجابات بعد." },
    [S_REVIEW_UNKNOWN] = { "There is no '%s' to go to: give a number or an id of the list that :review shows.",
                           "Няма „%s“, към което да се премине: дайте номер или име от списъка, който показва :review.",
                           "لا يوجد «%s» للانتقال إليه: اكتب رقمًا أو اسمًا من القائمة التي يعرضها " LATIN(":review") "." },
    [S_LANGUAGES] = { "Languages of this questionnaire:", "Езици на този въпросник:", "لغات هذا الاستبيان:" },
    [S_NO_LANGUAGE] = { "This questionnaire is not in the language '%s'.", "Този въпросник го няма на езика „%s“.",
                        "هذا الاستبيان غير متاح باللغة «%s»." },
    [S_REMARK_PROMPT] = { "Type the remark, Enter for none: ", "Напишете бележката, Enter за отказ: ", "اكتب الملاحظة، أو اضغط Enter إن لم توجد: " },
    [S_REMARK_IS] = { "Remark: ", "Бележка: ", "ملاحظة: " },
    [S_REMARKED] = { "The remark is kept.", "Бележката е запазена.", "حُفظت الملاحظة." },
    [S_INTERVIEWER] = { "Interviewer: ", "Анкетьор: ", "للباحث: " },
    [S_FIRST] = { "This is the first question.", "Това е първият въпрос.", "هذا هو السؤال الأول." },
    [S_UNKNOWN_COMMAND] = { "There is no command '%s'; ? shows them all.", "Няма команда „%s“; ? показва всички.",
                            "لا يوجد الأمر «%s»؛ " LATIN("?") " يعرض الأوامر كلها." },
    [S_NEAR_COMMAND] = { "Did you mean %s?", "Може би %s?", "هل المقصود %s؟" },
    [S_OVERRIDE_PROMPT] = { "To keep the answers, type the reason; Enter to correct them.",
                            "За да запазите отговорите, напишете причината; Enter за поправка.",
                            "للإبقاء على الإجابات اكتب السبب؛ ولتصحيحها اضغط Enter." },
    [S_NOT_POSSIBLE] = { "This answer is not possible here.", "Този отговор не е възможен тук.", "هذه الإجابة غير ممكنة هنا." },
    [S_TOO_LONG] = { "That line is too long: at most 65,000 characters are taken. Nothing was stored.",
                     "Редът е твърде дълъг: приемат се най-много 65 000 знака. Нищо не е записано.",
                     "السطر طويل جدًا: يُقبل 65000 حرف على الأكثر. لم يُحفظ شيء." },
    [S_NOT_TEXT] = { "That line holds characters that are no text (an arrow key?). Nothing was stored: type it again.",
                     "Редът съдържа знаци, които не са текст (стрелка?). Нищо не е записано: въведете го отново.",
                     "في السطر علامات ليست نصًا (مفتاح سهم؟). لم يُحفظ شيء: اكتبه من جديد." },
    [S_QUESTION_IS] = { "Question %s", "Въпрос %s", "السؤال %s" },
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
    [S_TOO_LARGE] = { "With this answer the interview would become too large. Nothing was stored.",
                      "С този отговор интервюто би станало твърде голямо. Нищо не е записано.",
                      "بهذه الإجابة تصبح المقابلة أكبر من الحد. لم يُحفظ شيء." },
    [S_FORMAT_INTEGER] = { "a whole number", "цяло число", "عدد صحيح" },
    [S_FORMAT_DECIMAL] = { "a number, e.g. 12.5", "число, например 12.5", "عدد، مثلًا " LATIN("12.5") },
    [S_FORMAT_DATE] = { "a date: YYYY-MM-DD", "дата: ГГГГ-ММ-ДД", "تاريخ: سنة وشهر ويوم، مثلًا " LATIN("2026-11-22") },
    [S_FORMAT_MONTH] = { "a month: YYYY-MM, or YYYY when the month is not known", "месец: ГГГГ-ММ, или ГГГГ, ако месецът не е известен",
                         "شهر: سنة وشهر، مثلًا " LATIN("2026-11") "، أو السنة وحدها إذا لم يُعرف الشهر" },
    [S_FORMAT_YEAR] = { "a year: YYYY", "година: ГГГГ", "سنة، مثلًا " LATIN("2026") },
    [S_FORMAT_TIME] = { "a time: HH:MM", "час: ЧЧ:ММ", "وقت، مثلًا " LATIN("08:30") },
    [S_FORMAT_DATETIME] = { "date and time: YYYY-MM-DDTHH:MM", "дата и час: ГГГГ-ММ-ДДTЧЧ:ММ", "تاريخ ووقت، مثلًا " LATIN("2026-11-22T08:30") },
    [S_FORMAT_BOOLEAN] = { "y (yes) or n (no)", "д (да) или н (не)", "ن (نعم) أو ل (لا)" },
    [S_FORMAT_GEOPOINT] = { "coordinates: latitude longitude, e.g. 42.70 23.32", "координати: ширина дължина, например 42.70 23.32",
                            "إحداثيات: خط العرض ثم خط الطول، مثلًا " LATIN("42.70 23.32") },
    [S_FORMAT_FILE] = { "the path of a file", "път до файл", "مسار ملف" },
    [S_HELP] = {
        "?          this help\n"
        "<          back to the question before\n"
        "Enter      keeps the answer that is there\n"
        ":dk  :ref  don't know; refused\n"
        ":skip      leave blank\n"
        ":clear     take the answer back\n"
        ":list      show the choices of a long list\n"
        ":note TEXT a remark on this question\n"
        ":lang bg   go on in another language\n"
        ":review    what has been answered; jump to one\n"
        ":quit      suspend; the same command resumes (as do Ctrl-C and Ctrl-D)\n"
        "An answer that begins with : or < or ? is typed with \\ before it.",
        "?          тази помощ\n"
        "<          назад към предишния въпрос\n"
        "Enter      запазва дадения вече отговор\n"
        ":dk  :ref  не знам; отказ\n"
        ":skip      оставя празно\n"
        ":clear     оттегля отговора\n"
        ":list      показва възможностите от дълъг списък\n"
        ":note ТЕКСТ бележка към въпроса\n"
        ":lang en   продължава на друг език\n"
        ":review    какво е отговорено; преминаване към въпрос\n"
        ":quit      прекъсва; същата команда продължава (както Ctrl-C и Ctrl-D)\n"
        "Отговор, който започва с : или < или ?, се пише с \\ отпред.",
        EXPLAINED("?          ", "هذه المساعدة")
        EXPLAINED("<          ", "الرجوع إلى السؤال السابق")
        EXPLAINED("Enter      ", "يُبقي الإجابة المسجلة")
        EXPLAINED(":dk  :ref  ", "لا أعرف؛ رفض الإجابة")
        EXPLAINED(":skip      ", "ترك السؤال فارغًا")
        EXPLAINED(":clear     ", "سحب الإجابة")
        EXPLAINED(":list      ", "عرض خيارات قائمة طويلة")
        EXPLAINED(":note ...  ", "ملاحظة على هذا السؤال")
        EXPLAINED(":lang en   ", "المتابعة بلغة أخرى")
        EXPLAINED(":review    ", "ما أُجيب عنه؛ والانتقال إلى سؤال")
        EXPLAINED(":quit      ", "تعليق المقابلة؛ الأمر نفسه يتابعها (مثل Ctrl-C وCtrl-D)")
        "الإجابة التي تبدأ بإحدى العلامات " LATIN(": < ?") " تُكتب وقبلها " LATIN("\\") "." },
};

static int is_language(const char *tag, const char *language)
{
    size_t len = strlen(language);
    return strncmp(tag, language, len) == 0 && (tag[len] == '\0' || tag[len] == '-');
}

static const char *language_of(const dialogue *d) { return svy_form_language(d->form, svy_interview_current_language(d->interview)); }

int string_is_english(const dialogue *d) { return !is_language(language_of(d), "bg") && !is_language(language_of(d), "ar"); }

const char *string_of(const dialogue *d, string_id id)
{
    const sentence *s = &SENTENCES[id];
    return string_is_english(d) ? s->en : is_language(language_of(d), "bg") ? s->bg : s->ar;
}

const char *string_fill(const dialogue *d, string_id id, const char *value, char *out, size_t size)
{
    const char *text = string_of(d, id), *mark = strstr(text, "%s");
    const int apart = is_language(language_of(d), "ar");    /* a value is read in its own direction */
    if (mark == NULL)
        snprintf(out, size, "%s", text);
    else
        snprintf(out, size, "%.*s%s%s%s%s", (int)(mark - text), text, apart ? FIRST_STRONG : "", value, apart ? POP : "", mark + 2);
    return out;
}

void string_say(const dialogue *d, terminal_style style, string_id id, const char *value)
{
    char line[1024], shortened[256];
    size_t len = terminal_fit(value, 60), room = sizeof shortened - 4;
    int whole = value[len] == '\0' && len <= room;
    snprintf(shortened, sizeof shortened, "%.*s%s", (int)(len < room ? len : room), value, whole ? "" : "…");
    terminal_paragraph(d->terminal, style, 2, style == ALERT ? "! " : "  ", string_fill(d, id, shortened, line, sizeof line));
}

int language_is_right_to_left(const char *tag)
{
    static const char *const TAGS[] = { "ar", "fa", "he", "ur", "ps", "ckb", "sd", "ug", "yi", "dv" };
    for (size_t i = 0; i < sizeof TAGS / sizeof TAGS[0]; i++)
        if (is_language(tag, TAGS[i]))
            return 1;
    return 0;
}
