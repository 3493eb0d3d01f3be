/* The sentences of the terminal interview, in the languages of the interface. */
#include "dialogue.h"
#include <string.h>

typedef struct sentence { const char *en, *bg; } sentence;

static const sentence SENTENCES[S_COUNT] = {
    [S_ANSWER] = { "Answer: ", "Отговор: " },
    [S_ENTER_GOES_ON] = { "Enter to go on: ", "Enter за продължение: " },
    [S_YES_NO] = { "Yes or no (y/n): ", "Да или не (д/н): " },
    [S_ANOTHER_ENTRY] = { "Is there another one?", "Има ли още един?" },
    [S_OF] = { "of", "от" },
    [S_REQUIRED] = { "an answer is needed", "нужен е отговор" },
    [S_CURRENT] = { "Answered: ", "Отговорено: " },
    [S_DONT_KNOW] = { "don't know", "не знам" },
    [S_REFUSED] = { "refused", "отказ" },
    [S_NOT_STATED] = { "left blank", "оставено празно" },
    [S_SEARCH] = { "Type a code, or letters of the name to search among %u choices.", "Въведете код или букви от името, за да търсите сред %u възможности." },
    [S_MORE_MATCHES] = { "... and %u more: type more letters.", "... и още %u: въведете повече букви." },
    [S_NO_MATCH] = { "Nothing matches '%s': type a code, or other letters.", "Нищо не съответства на „%s“: въведете код или други букви." },
    [S_SEVERAL_CODES] = { "Several answers are possible: codes with commas between.", "Възможни са няколко отговора: кодове, разделени със запетая." },
    [S_RANK_CODES] = { "Put in order: codes with commas between, the first one first.", "Подредете: кодове, разделени със запетая, най-важният първи." },
    [S_SOFT_PROMPT] = { "To keep this answer, type the reason; Enter to answer again: ", "За да запазите отговора, напишете причината; Enter за нов отговор: " },
    [S_BLANK] = { "Please answer. If there is no answer: :dk (don't know), :ref (refused), :skip (leave blank).",
                  "Моля, отговорете. Ако няма отговор: :dk (не знам), :ref (отказ), :skip (оставете празно)." },
    [S_SUSPENDED] = { "Suspended. Everything answered so far is kept.", "Прекъснато. Всички дадени отговори са запазени." },
    [S_RESUME_WITH] = { "The same command goes on from here.", "Същата команда продължава оттук." },
    [S_RESUMED] = { "Going on with the interview that was suspended.", "Продължава прекъснатото интервю." },
    [S_NOT_FINISHED] = { "Not finished yet:", "Още не е завършено:" },
    [S_MISSING_REQUIRED] = { "this question needs an answer.", "този въпрос изисква отговор." },
    [S_FINISH] = { "That was the last question. Enter to finish, < to go back: ", "Това беше последният въпрос. Enter за край, < за връщане: " },
    [S_DONE] = { "The interview is complete and stored.", "Интервюто е завършено и записано." },
    [S_REVIEW_TITLE] = { "Answered so far", "Отговорено дотук" },
    [S_REVIEW_PROMPT] = { "Number to go to, Enter to return: ", "Номер за преминаване, Enter за връщане: " },
    [S_REVIEW_EMPTY] = { "Nothing has been answered yet.", "Още няма отговори." },
    [S_REVIEW_UNKNOWN] = { "There is no '%s' to go to.", "Няма „%s“, към което да се премине." },
    [S_LANGUAGES] = { "Languages of this questionnaire:", "Езици на този въпросник:" },
    [S_REMARK_PROMPT] = { "Remark: ", "Бележка: " },
    [S_REMARKED] = { "The remark is kept.", "Бележката е запазена." },
    [S_INTERVIEWER] = { "Interviewer: ", "Анкетьор: " },
    [S_FIRST] = { "This is the first question.", "Това е първият въпрос." },
    [S_UNKNOWN_COMMAND] = { "There is no command '%s'; ? shows them all.", "Няма команда „%s“; ? показва всички." },
    [S_OVERRIDE_PROMPT] = { "To keep the answers, type the reason; Enter to correct them: ", "За да запазите отговорите, напишете причината; Enter за поправка: " },
    [S_FORMAT_INTEGER] = { "a whole number", "цяло число" },
    [S_FORMAT_DECIMAL] = { "a number, e.g. 12.5", "число, например 12.5" },
    [S_FORMAT_DATE] = { "a date: YYYY-MM-DD", "дата: ГГГГ-ММ-ДД" },
    [S_FORMAT_MONTH] = { "a month: YYYY-MM, or YYYY when the month is not known", "месец: ГГГГ-ММ, или ГГГГ, ако месецът не е известен" },
    [S_FORMAT_YEAR] = { "a year: YYYY", "година: ГГГГ" },
    [S_FORMAT_TIME] = { "a time: HH:MM", "час: ЧЧ:ММ" },
    [S_FORMAT_DATETIME] = { "date and time: YYYY-MM-DDTHH:MM", "дата и час: ГГГГ-ММ-ДДTЧЧ:ММ" },
    [S_FORMAT_BOOLEAN] = { "true or false", "true (да) или false (не)" },
    [S_FORMAT_GEOPOINT] = { "coordinates: latitude longitude, e.g. 42.70 23.32", "координати: ширина дължина, например 42.70 23.32" },
    [S_FORMAT_FILE] = { "the path of a file", "път до файл" },
    [S_HELP] = {
        "?          this help\n"
        "<          back to the question before\n"
        "Enter      keeps the answer that is there\n"
        ":dk  :ref  don't know; refused\n"
        ":skip      leave blank\n"
        ":clear     take the answer back\n"
        ":note TEXT a remark on this question\n"
        ":lang bg   go on in another language\n"
        ":review    what has been answered; jump to one\n"
        ":quit      suspend; the same command resumes\n"
        "An answer that begins with : or < is typed with \\ before it.",
        "?          тази помощ\n"
        "<          назад към предишния въпрос\n"
        "Enter      запазва дадения вече отговор\n"
        ":dk  :ref  не знам; отказ\n"
        ":skip      оставя празно\n"
        ":clear     оттегля отговора\n"
        ":note ТЕКСТ бележка към въпроса\n"
        ":lang en   продължава на друг език\n"
        ":review    какво е отговорено; преминаване към въпрос\n"
        ":quit      прекъсва; същата команда продължава\n"
        "Отговор, който започва с : или <, се пише с \\ отпред." },
};

const char *string_of(const dialogue *d, string_id id)
{
    const char *tag = svy_form_language(d->form, svy_interview_current_language(d->interview));
    return strncmp(tag, "bg", 2) == 0 && (tag[2] == '\0' || tag[2] == '-') ? SENTENCES[id].bg : SENTENCES[id].en;
}

int language_is_right_to_left(const char *tag)
{
    static const char *const TAGS[] = { "ar", "fa", "he", "ur", "ps", "ckb", "sd", "ug", "yi", "dv" };
    for (size_t i = 0; i < sizeof TAGS / sizeof TAGS[0]; i++) {
        size_t len = strlen(TAGS[i]);
        if (strncmp(tag, TAGS[i], len) == 0 && (tag[len] == '\0' || tag[len] == '-'))
            return 1;
    }
    return 0;
}
