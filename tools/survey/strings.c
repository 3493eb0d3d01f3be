/* The sentences that only the terminal says, in the languages of the interface. */
#include "dialogue.h"
#include <stdio.h>
#include <string.h>

#define POP SENTENCE_POP
#define LATIN SENTENCE_LATIN
/* A line of the help: the command on the left, as everywhere, and behind it what it does. */
#define EXPLAINED(command, text) LATIN(command "\xE2\x81\xA7" text POP) "\n"

#define OWN(id) [(id) - S_SHARED]
static const sentence SENTENCES[S_COUNT - S_SHARED] = {
    OWN(S_ANSWER) = { "Answer: ", "Отговор: ", "الإجابة: " },
    OWN(S_ANSWER_UNIT) = { "Answer (%s): ", "Отговор (%s): ", "الإجابة (%s): " },
    OWN(S_ENTER_GOES_ON) = { "Enter to go on: ", "Enter за продължение: ", "للمتابعة اضغط Enter: " },
    OWN(S_YES_NO) = { "Yes or no (y/n): ", "Да или не (д/н): ", "نعم أم لا (ن/ل): " },
    OWN(S_FIRST_ENTRY) = { "Is there one to tell about?", "Има ли за какво да разкажете?", "هل يوجد ما يُذكر هنا؟" },
    OWN(S_ANOTHER_ENTRY) = { "Is there another one?", "Има ли още един?", "هل يوجد غيره؟" },
    OWN(S_YES_OR_NO) = { "Please answer y (yes) or n (no).", "Моля, отговорете с д (да) или н (не).", "الرجاء الإجابة: ن (نعم) أو ل (لا)." },
    OWN(S_OF) = { "of", "от", "من" },
    OWN(S_ENTRY) = { ", entry", ", запис", "، القيد" },
    OWN(S_CURRENT) = { "Answered: ", "Отговорено: ", "الإجابة المسجلة: " },
    OWN(S_PROPOSED) = { "Proposed (Enter accepts it): ", "Предложено (Enter го приема): ", "إجابة مقترحة (Enter يقبلها): " },
    OWN(S_SEARCH) = { "Type a code, or letters of the name to search among %s choices.",
                   "Въведете код или букви от името, за да търсите сред %s възможности.",
                   "اكتب رمزًا أو حروفًا من الاسم للبحث بين الخيارات (عددها %s)." },
    OWN(S_MORE_MATCHES) = { "... and %s more: type more letters.", "... и още %s: въведете повече букви.", "... وغيرها %s: اكتب حروفًا أكثر." },
    OWN(S_MORE_CHOICES) = { "... and %s more: type letters of the name.", "... и още %s: въведете букви от името.",
                         "... وغيرها %s: اكتب حروفًا من الاسم." },
    OWN(S_NO_MATCH) = { "Nothing matches '%s': type a code, or other letters.",
                     "Нищо не съответства на „%s“: въведете код или други букви.",
                     "لا شيء يطابق «%s»: اكتب رمزًا أو حروفًا أخرى." },
    OWN(S_NO_CODE) = { "There is no code '%s' here.", "Тук няма код „%s“.", "لا يوجد هنا الرمز «%s»." },
    OWN(S_SEVERAL_MATCH) = { "Several match: type the code, or more letters.", "Има няколко съвпадения: въведете кода или повече букви.",
                          "هناك أكثر من نتيجة: اكتب الرمز أو حروفًا أكثر." },
    OWN(S_NO_LIST) = { "This question has no list of choices.", "Този въпрос няма списък с възможности.", "ليس لهذا السؤال قائمة خيارات." },
    OWN(S_SOFT_PROMPT) = { "To keep this answer, type the reason; Enter to answer again.",
                        "За да запазите отговора, напишете причината; Enter за нов отговор.",
                        "للإبقاء على هذه الإجابة اكتب السبب؛ وللإجابة من جديد اضغط Enter." },
    OWN(S_REASON) = { "Reason: ", "Причина: ", "السبب: " },
    OWN(S_BLANK) = { "Please answer. If there is no answer: :dk (don't know), :ref (refused), :skip (leave blank).",
                  "Моля, отговорете. Ако няма отговор: :dk (не знам), :ref (отказ), :skip (оставете празно).",
                  "الرجاء الإجابة. إذا لم توجد إجابة: " LATIN(":dk") " (لا أعرف)، " LATIN(":ref") " (رفض الإجابة)، " LATIN(":skip") " (ترك فارغ)." },
    OWN(S_NEEDED) = { "An answer is needed here. < goes back, :quit suspends the interview.",
                   "Тук е нужен отговор. < връща назад, :quit прекъсва интервюто.",
                   "الإجابة مطلوبة هنا. للرجوع " LATIN("<") "، ولتعليق المقابلة " LATIN(":quit") "." },
    OWN(S_NEEDED_LATER) = { "Left for later: the interview cannot be finished without this answer.",
                         "Оставено за после: интервюто не може да завърши без този отговор.",
                         "تُرك لوقت لاحق: لا يمكن إنهاء المقابلة من دون هذه الإجابة." },
    OWN(S_NOTHING_TO_TYPE) = { "There is nothing to type here: press Enter to go on, or type < to go back.",
                            "Тук не се пише нищо: натиснете Enter за продължение или въведете < за връщане.",
                            "لا يُكتب شيء هنا: للمتابعة اضغط Enter، وللرجوع اكتب " LATIN("<") "." },
    OWN(S_NO_QUESTION) = { "No question is open here: press Enter to finish, or type < to go back.",
                        "Тук няма отворен въпрос: натиснете Enter за край или въведете < за връщане.",
                        "لا يوجد سؤال مفتوح هنا: للإنهاء اضغط Enter، وللرجوع اكتب " LATIN("<") "." },
    OWN(S_SUSPENDED) = { "Suspended. Everything answered so far is kept.", "Прекъснато. Всички дадени отговори са запазени.",
                      "عُلّقت المقابلة. كل ما أُجيب عنه حتى الآن محفوظ." },
    OWN(S_RESUME_WITH) = { "The same command goes on from here.", "Същата команда продължава оттук.", "الأمر نفسه يتابع من هنا." },
    OWN(S_RESUMED) = { "Going on with the interview that was suspended.", "Продължава прекъснатото интервю.", "متابعة المقابلة التي عُلّقت." },
    OWN(S_NOT_FINISHED) = { "Not finished yet:", "Още не е завършено:", "لم تكتمل بعد:" },
    OWN(S_FINISH) = { "That was the last question. Enter to finish, < to go back: ",
                   "Това беше последният въпрос. Enter за край, < за връщане: ",
                   "كان هذا السؤال الأخير. للإنهاء Enter، وللرجوع " LATIN("<") ": " },
    OWN(S_DONE) = { "The interview is complete and stored.", "Интервюто е завършено и записано.", "اكتملت المقابلة وحُفظت." },
    OWN(S_REVIEW_TITLE) = { "Answered so far", "Отговорено дотук", "ما أُجيب عنه حتى الآن" },
    OWN(S_REVIEW_PROMPT) = { "Number to go to, Enter to return: ", "Номер за преминаване, Enter за връщане: ", "رقم للانتقال إليه، وللعودة Enter: " },
    OWN(S_REVIEW_EMPTY) = { "Nothing has been answered yet.", "Още няма отговори.", "لا توجد إجابات بعد." },
    OWN(S_REVIEW_UNKNOWN) = { "There is no '%s' to go to: give a number or an id of the list that :review shows.",
                           "Няма „%s“, към което да се премине: дайте номер или име от списъка, който показва :review.",
                           "لا يوجد «%s» للانتقال إليه: اكتب رقمًا أو اسمًا من القائمة التي يعرضها " LATIN(":review") "." },
    OWN(S_LANGUAGES) = { "Languages of this questionnaire:", "Езици на този въпросник:", "لغات هذا الاستبيان:" },
    OWN(S_NO_LANGUAGE) = { "This questionnaire is not in the language '%s'.", "Този въпросник го няма на езика „%s“.",
                        "هذا الاستبيان غير متاح باللغة «%s»." },
    OWN(S_REMARK_PROMPT) = { "Type the remark, Enter for none: ", "Напишете бележката, Enter за отказ: ", "اكتب الملاحظة، أو اضغط Enter إن لم توجد: " },
    OWN(S_REMARK_IS) = { "Remark: ", "Бележка: ", "ملاحظة: " },
    OWN(S_REMARKED) = { "The remark is kept.", "Бележката е запазена.", "حُفظت الملاحظة." },
    OWN(S_INTERVIEWER) = { "Interviewer: ", "Анкетьор: ", "للباحث: " },
    OWN(S_FIRST) = { "This is the first question.", "Това е първият въпрос.", "هذا هو السؤال الأول." },
    OWN(S_UNKNOWN_COMMAND) = { "There is no command '%s'; ? shows them all.", "Няма команда „%s“; ? показва всички.",
                            "لا يوجد الأمر «%s»؛ " LATIN("?") " يعرض الأوامر كلها." },
    OWN(S_NEAR_COMMAND) = { "Did you mean %s?", "Може би %s?", "هل المقصود %s؟" },
    OWN(S_OVERRIDE_PROMPT) = { "To keep the answers, type the reason; Enter to correct them.",
                            "За да запазите отговорите, напишете причината; Enter за поправка.",
                            "للإبقاء على الإجابات اكتب السبب؛ ولتصحيحها اضغط Enter." },
    OWN(S_TOO_LONG) = { "That line is too long: at most 65,000 characters are taken. Nothing was stored.",
                     "Редът е твърде дълъг: приемат се най-много 65 000 знака. Нищо не е записано.",
                     "السطر طويل جدًا: يُقبل 65000 حرف على الأكثر. لم يُحفظ شيء." },
    OWN(S_NOT_TEXT) = { "That line holds characters that are no text (an arrow key?). Nothing was stored: type it again.",
                     "Редът съдържа знаци, които не са текст (стрелка?). Нищо не е записано: въведете го отново.",
                     "في السطر علامات ليست نصًا (مفتاح سهم؟). لم يُحفظ شيء: اكتبه من جديد." },
    OWN(S_QUESTION_IS) = { "Question %s", "Въпрос %s", "السؤال %s" },
    OWN(S_HELP) = {
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


static const char *language_of(const dialogue *d) { return svy_form_language(d->form, svy_interview_current_language(d->interview)); }

int string_is_english(const dialogue *d) { return sentence_is_english(language_of(d)); }

const char *string_of(const dialogue *d, string_id id)
{
    if (id < S_SHARED)
        return sentence_of((sentence_id)id, language_of(d));
    return sentence_in(&SENTENCES[id - S_SHARED], language_of(d));
}

const char *string_fill(const dialogue *d, string_id id, const char *value, char *out, size_t size)
{
    sentence_fill(string_of(d, id), language_of(d), value, out, size);
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
