/* What every page's own buttons and messages say, in English, Bulgarian and Arabic. % is where a number or name goes. */
export const SENTENCES = {
  next: ['Next', 'Напред', 'التالي'],
  back: ['Back', 'Назад', 'السابق'],
  menu: ['Menu', 'Меню', 'القائمة'],
  close: ['Close', 'Затваряне', 'إغلاق'],
  cancel: ['Cancel', 'Отказ', 'إلغاء'],
  language: ['Language', 'Език', 'اللغة'],
  saved: ['Saved', 'Записано', 'حُفظ'],
  saving: ['Saving', 'Записва се', 'جارٍ الحفظ'],
  of: ['%1 of %2', '%1 от %2', '%1 من %2'],
  required: ['needed', 'задължително', 'مطلوب'],
  needed: ['An answer is needed here. “Next” again leaves it for later.', 'Тук е нужен отговор. Още веднъж „Напред“ го оставя за после.', 'الإجابة مطلوبة هنا. اضغط «التالي» مرة أخرى لتركها لوقت لاحق.'],
  dontKnow: ['Don’t know', 'Не знае', 'لا يعرف'],
  refused: ['Refused', 'Отказва', 'رفض الإجابة'],
  selfDontKnow: ['I don’t know', 'Не знам', 'لا أعرف'],
  selfRefused: ['Prefer not to say', 'Не желая да отговоря', 'أفضّل عدم الإجابة'],
  noAnswer: ['No answer', 'Без отговор', 'بلا إجابة'],
  clear: ['Clear', 'Изчистване', 'مسح'],
  proposed: ['Proposed: change it if it is not so.', 'Предложено: променете, ако не е така.', 'إجابة مقترحة: غيّرها إن لم تكن صحيحة.'],
  interviewer: ['Interviewer', 'Анкетьор', 'للباحث'],
  remark: ['Remark', 'Бележка', 'ملاحظة'],
  reason: ['Why is it right?', 'Защо е вярно?', 'لماذا هي صحيحة؟'],
  keep: ['Keep this answer', 'Запазване на отговора', 'الإبقاء على الإجابة'],
  several: ['More than one answer is possible.', 'Възможен е повече от един отговор.', 'يمكن اختيار أكثر من إجابة.'],
  lostTitle: ['The answer could not be stored', 'Отговорът не можа да се запише', 'تعذّر حفظ الإجابة'],
  lostText: ['Nothing is lost yet, but do not close this page. Free some space on the device and try again, or save a copy as a file.', 'Още нищо не е загубено, но не затваряйте страницата. Освободете място на устройството и опитайте пак или запазете копие като файл.', 'لم يضع شيء بعد، لكن لا تغلق هذه الصفحة. أفرغ مساحة في الجهاز ثم أعد المحاولة، أو احفظ نسخة في ملف.'],
  tryAgain: ['Try again', 'Нов опит', 'أعد المحاولة'],
  saveCopy: ['Save a copy as a file', 'Запазване на копие като файл', 'احفظ نسخة في ملف'],
  broken: ['Something went wrong in the form. Everything answered before is stored.', 'Възникна грешка във формуляра. Всичко отговорено досега е записано.', 'حدث خطأ في النموذج. كل ما أُجيب عنه من قبل محفوظ.'],
};
const COLUMN = { en: 0, bg: 1, ar: 2 };

/** speaker(TABLE)(tag): the sentences of a language, English where there are none; say(key, a, b) puts a and b in. */
export const speaker = table => tag => {
  const column = COLUMN[(tag || 'en').split('-')[0]] ?? 0;
  return (key, a, b) => {
    const text = table[key]?.[column] ?? key;
    return a === undefined ? text : text.replace(/%2?1?/g, hole => hole === '%2' ? b : a);
  };
};
export const sentences = speaker(SENTENCES);
