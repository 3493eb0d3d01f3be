/* The sentences of the terminal interview, in the languages of the interface. */
#include "dialogue.h"
#include <stdio.h>
#include <string.h>

typedef struct sentence { const char *en, *bg; } sentence;

static const sentence SENTENCES[S_COUNT] = {
    [S_ANSWER] = { "Answer: ", "Отговор: " },
    [S_ANSWER_UNIT] = { "Answer (%s): ", "Отговор (%s): " },
    [S_ENTER_GOES_ON] = { "Enter to go on: ", "Enter за продължение: " },
    [S_YES_NO] = { "Yes or no (y/n): ", "Да или не (д/н): " },
    [S_FIRST_ENTRY] = { "Is there one to tell about?", "Има ли за какво да разкажете?" },
    [S_ANOTHER_ENTRY] = { "Is there another one?", "Има ли още един?" },
    [S_YES_OR_NO] = { "Please answer y (yes) or n (no).", "Моля, отговорете с д (да) или н (не)." },
    [S_OF] = { "of", "от" },
    [S_ENTRY] = { ", entry", ", запис" },
    [S_REQUIRED] = { "an answer is needed", "нужен е отговор" },
    [S_CURRENT] = { "Answered: ", "Отговорено: " },
    [S_PROPOSED] = { "Proposed (Enter accepts it): ", "Предложено (Enter го приема): " },
    [S_DONT_KNOW] = { "don't know", "не знам" },
    [S_REFUSED] = { "refused", "отказ" },
    [S_NOT_STATED] = { "left blank", "оставено празно" },
    [S_YES] = { "yes", "да" },
    [S_NO] = { "no", "не" },
    [S_SEARCH] = { "Type a code, or letters of the name to search among %s choices.", "Въведете код или букви от името, за да търсите сред %s възможности." },
    [S_MORE_MATCHES] = { "... and %s more: type more letters.", "... и още %s: въведете повече букви." },
    [S_MORE_CHOICES] = { "... and %s more: type letters of the name.", "... и още %s: въведете букви от името." },
    [S_NO_MATCH] = { "Nothing matches '%s': type a code, or other letters.", "Нищо не съответства на „%s“: въведете код или други букви." },
    [S_NO_CODE] = { "There is no code '%s' here.", "Тук няма код „%s“." },
    [S_SEVERAL_MATCH] = { "Several match: type the code, or more letters.", "Има няколко съвпадения: въведете кода или повече букви." },
    [S_SEVERAL_CODES] = { "several answers are possible: codes with commas between", "възможни са няколко отговора: кодове, разделени със запетая" },
    [S_RANK_CODES] = { "put in order: codes with commas between, the first one first", "подредете: кодове, разделени със запетая, най-важният първи" },
    [S_NO_LIST] = { "This question has no list of choices.", "Този въпрос няма списък с възможности." },
    [S_SOFT_PROMPT] = { "To keep this answer, type the reason; Enter to answer again.", "За да запазите отговора, напишете причината; Enter за нов отговор." },
    [S_REASON] = { "Reason: ", "Причина: " },
    [S_BLANK] = { "Please answer. If there is no answer: :dk (don't know), :ref (refused), :skip (leave blank).",
                  "Моля, отговорете. Ако няма отговор: :dk (не знам), :ref (отказ), :skip (оставете празно)." },
    [S_NEEDED] = { "An answer is needed here. < goes back, :quit suspends the interview.",
                   "Тук е нужен отговор. < връща назад, :quit прекъсва интервюто." },
    [S_NEEDED_LATER] = { "Left for later: the interview cannot be finished without this answer.",
                         "Оставено за после: интервюто не може да завърши без този отговор." },
    [S_NOTHING_TO_TYPE] = { "There is nothing to type here: press Enter to go on, or type < to go back.",
                            "Тук не се пише нищо: натиснете Enter за продължение или въведете < за връщане." },
    [S_NO_QUESTION] = { "No question is open here: press Enter to finish, or type < to go back.",
                        "Тук няма отворен въпрос: натиснете Enter за край или въведете < за връщане." },
    [S_SUSPENDED] = { "Suspended. Everything answered so far is kept.", "Прекъснато. Всички дадени отговори са запазени." },
    [S_RESUME_WITH] = { "The same command goes on from here.", "Същата команда продължава оттук." },
    [S_RESUMED] = { "Going on with the interview that was suspended.", "Продължава прекъснатото интервю." },
    [S_NOT_FINISHED] = { "Not finished yet:", "Още не е завършено:" },
    [S_MISSING_REQUIRED] = { "this question needs an answer.", "този въпрос изисква отговор." },
    [S_NOT_OFFERED] = { "the answer is not among the choices any more, because another answer was changed.",
                        "отговорът вече не е сред възможностите, защото друг отговор беше променен." },
    [S_FINISH] = { "That was the last question. Enter to finish, < to go back: ", "Това беше последният въпрос. Enter за край, < за връщане: " },
    [S_DONE] = { "The interview is complete and stored.", "Интервюто е завършено и записано." },
    [S_REVIEW_TITLE] = { "Answered so far", "Отговорено дотук" },
    [S_REVIEW_PROMPT] = { "Number to go to, Enter to return: ", "Номер за преминаване, Enter за връщане: " },
    [S_REVIEW_EMPTY] = { "Nothing has been answered yet.", "Още няма отговори." },
    [S_REVIEW_UNKNOWN] = { "There is no '%s' to go to: give a number or an id of the list that :review shows.",
                           "Няма „%s“, към което да се премине: дайте номер или име от списъка, който показва :review." },
    [S_LANGUAGES] = { "Languages of this questionnaire:", "Езици на този въпросник:" },
    [S_NO_LANGUAGE] = { "This questionnaire is not in the language '%s'.", "Този въпросник го няма на езика „%s“." },
    [S_REMARK_PROMPT] = { "Type the remark, Enter for none: ", "Напишете бележката, Enter за отказ: " },
    [S_REMARK_IS] = { "Remark: ", "Бележка: " },
    [S_REMARKED] = { "The remark is kept.", "Бележката е запазена." },
    [S_INTERVIEWER] = { "Interviewer: ", "Анкетьор: " },
    [S_FIRST] = { "This is the first question.", "Това е първият въпрос." },
    [S_UNKNOWN_COMMAND] = { "There is no command '%s'; ? shows them all.", "Няма команда „%s“; ? показва всички." },
    [S_NEAR_COMMAND] = { "Did you mean %s?", "Може би %s?" },
    [S_OVERRIDE_PROMPT] = { "To keep the answers, type the reason; Enter to correct them.", "За да запазите отговорите, напишете причината; Enter за поправка." },
    [S_NOT_POSSIBLE] = { "This answer is not possible here.", "Този отговор не е възможен тук." },
    [S_TOO_LONG] = { "That line is too long: at most 65,000 characters are taken. Nothing was stored.",
                     "Редът е твърде дълъг: приемат се най-много 65 000 знака. Нищо не е записано." },
    [S_NOT_TEXT] = { "That line holds characters that are no text (an arrow key?). Nothing was stored: type it again.",
                     "Редът съдържа знаци, които не са текст (стрелка?). Нищо не е записано: въведете го отново." },
    [S_QUESTION_IS] = { "Question %s", "Въпрос %s" },
    [S_FORMAT_INTEGER] = { "a whole number", "цяло число" },
    [S_FORMAT_DECIMAL] = { "a number, e.g. 12.5", "число, например 12.5" },
    [S_FORMAT_DATE] = { "a date: YYYY-MM-DD", "дата: ГГГГ-ММ-ДД" },
    [S_FORMAT_MONTH] = { "a month: YYYY-MM, or YYYY when the month is not known", "месец: ГГГГ-ММ, или ГГГГ, ако месецът не е известен" },
    [S_FORMAT_YEAR] = { "a year: YYYY", "година: ГГГГ" },
    [S_FORMAT_TIME] = { "a time: HH:MM", "час: ЧЧ:ММ" },
    [S_FORMAT_DATETIME] = { "date and time: YYYY-MM-DDTHH:MM", "дата и час: ГГГГ-ММ-ДДTЧЧ:ММ" },
    [S_FORMAT_BOOLEAN] = { "y (yes) or n (no)", "д (да) или н (не)" },
    [S_FORMAT_GEOPOINT] = { "coordinates: latitude longitude, e.g. 42.70 23.32", "координати: ширина дължина, например 42.70 23.32" },
    [S_FORMAT_FILE] = { "the path of a file", "път до файл" },
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
        "Отговор, който започва с : или < или ?, се пише с \\ отпред." },
};

static int is_language(const char *tag, const char *language)
{
    size_t len = strlen(language);
    return strncmp(tag, language, len) == 0 && (tag[len] == '\0' || tag[len] == '-');
}

int string_is_english(const dialogue *d)
{
    return !is_language(svy_form_language(d->form, svy_interview_current_language(d->interview)), "bg");
}

const char *string_of(const dialogue *d, string_id id)
{
    return string_is_english(d) ? SENTENCES[id].en : SENTENCES[id].bg;
}

const char *string_fill(const dialogue *d, string_id id, const char *value, char *out, size_t size)
{
    const char *text = string_of(d, id), *mark = strstr(text, "%s");
    if (mark == NULL)
        mark = text + strlen(text);
    snprintf(out, size, "%.*s%s%s", (int)(mark - text), text, mark[0] != '\0' ? value : "", *mark != '\0' ? mark + 2 : "");
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
