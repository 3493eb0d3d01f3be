/* What the form says before and after an interview, and when something is wrong with the device: English, Bulgarian, Arabic. */
import { speaker } from './strings.js';

export const SENTENCES = {
  wait: ['One moment …', 'Един момент …', 'لحظة من فضلك …'],
  start: ['Start', 'Начало', 'ابدأ'],
  goOn: ['Continue', 'Продължаване', 'متابعة'],
  again: ['Try again', 'Нов опит', 'أعد المحاولة'],
  'storage-full': ['This device has no room left for the browser. Free some space, then try again.', 'На устройството няма място за браузъра. Освободете място и опитайте пак.', 'لم تبق مساحة للمتصفح على هذا الجهاز. أفرغ بعض المساحة ثم أعد المحاولة.'],
  'storage-private': ['This browser keeps nothing: a private window, or storage is switched off. Open the form in a normal window, so that answers are not lost.', 'Този браузър не пази нищо: частен прозорец или изключено съхранение. Отворете формуляра в обикновен прозорец, за да не се губят отговори.', 'هذا المتصفح لا يحتفظ بشيء: نافذة خاصة أو تخزين معطّل. افتح النموذج في نافذة عادية حتى لا تضيع الإجابات.'],
  'storage-newer': ['A newer version of this form is open in another window. Close all its windows and open it again.', 'В друг прозорец е отворена по-нова версия на формуляра. Затворете всички прозорци и го отворете отново.', 'نسخة أحدث من هذا النموذج مفتوحة في نافذة أخرى. أغلق كل نوافذه ثم افتحه من جديد.'],
  'storage-taken': ['This interview is being filled in in another window. Go on there; here nothing more is stored.', 'Това интервю се попълва в друг прозорец. Продължете там; тук нищо повече не се записва.', 'هذه المقابلة تُملأ في نافذة أخرى. تابع هناك؛ لن يُحفظ شيء آخر هنا.'],
  'storage-broken': ['The browser could not store the answer.', 'Браузърът не можа да запише отговора.', 'تعذّر على المتصفح حفظ الإجابة.'],
  elsewhere: ['This interview is open in another window of this browser. Go on there, or close it first.', 'Това интервю е отворено в друг прозорец на този браузър. Продължете там или първо го затворете.', 'هذه المقابلة مفتوحة في نافذة أخرى من هذا المتصفح. تابع هناك أو أغلقها أولاً.'],
  damaged: ['This draft cannot be opened: its key is another one, or it was changed.', 'Тази чернова не може да се отвори: ключът ѝ е друг или е променена.', 'لا يمكن فتح هذه المسودة: مفتاحها مختلف أو جرى تغييرها.'],
  unready: ['The form is not on this device yet. Connect once, then it works without a connection.', 'Формулярът още не е на това устройство. Свържете се веднъж; после работи и без връзка.', 'النموذج ليس على هذا الجهاز بعد. اتصل مرة واحدة، ثم يعمل بلا اتصال.'],
  failed: ['The form could not be opened.', 'Формулярът не можа да се отвори.', 'تعذّر فتح النموذج.'],
  badLink: ['This link is not valid any more. Please ask for a new one.', 'Тази връзка вече не е валидна. Моля, поискайте нова.', 'لم يعد هذا الرابط صالحاً. يرجى طلب رابط جديد.'],
  code: ['Your code', 'Вашият код', 'رمزك'],
  codeText: ['With this code you can go on later in this browser. Write it down, or keep the address of this page.', 'С този код можете да продължите по-късно в този браузър. Запишете го или запазете адреса на страницата.', 'بهذا الرمز يمكنك المتابعة لاحقاً في هذا المتصفح. اكتبه أو احتفظ بعنوان هذه الصفحة.'],
  haveCode: ['I have started already: my code', 'Вече съм започнал(а): моят код', 'لقد بدأت من قبل: رمزي'],
  noDraft: ['No answers with this code are on this device.', 'На това устройство няма отговори с този код.', 'لا توجد إجابات بهذا الرمز على هذا الجهاز.'],
  private: ['Your answers stay locked on this device until you finish; then only the survey team can read them.', 'Отговорите Ви са заключени на това устройство, докато завършите; после може да ги прочете само екипът на изследването.', 'تبقى إجاباتك مقفلة على هذا الجهاز حتى تنتهي؛ وبعدها لا يقرؤها إلا فريق الدراسة.'],
  thanks: ['Thank you', 'Благодарим', 'شكراً'],
  sent: ['Your answers have arrived.', 'Отговорите Ви пристигнаха.', 'وصلت إجاباتك.'],
  sending: ['Your answers are being sent. Please keep this page open.', 'Отговорите Ви се изпращат. Моля, не затваряйте страницата.', 'يجري إرسال إجاباتك. يرجى إبقاء هذه الصفحة مفتوحة.'],
  unsent: ['There is no connection. Your answers are stored on this device and are sent as soon as there is one. Open this page again later, or save them as a file.', 'Няма връзка. Отговорите Ви са записани на това устройство и се изпращат, щом има връзка. Отворете страницата пак по-късно или ги запазете като файл.', 'لا يوجد اتصال. إجاباتك محفوظة على هذا الجهاز وتُرسل حالما يتوفر. افتح هذه الصفحة لاحقاً أو احفظها في ملف.'],
  paused: ['Your answers so far are stored. Open this page again to go on.', 'Отговорите Ви досега са записани. Отворете страницата пак, за да продължите.', 'إجاباتك حتى الآن محفوظة. افتح هذه الصفحة مرة أخرى للمتابعة.'],
  another: ['Fill it in once more', 'Попълване още веднъж', 'املأه مرة أخرى'],
  saveQueue: ['Save as a file', 'Запазване като файл', 'احفظ في ملف'],
  language: ['Language', 'Език', 'اللغة'],
  clock: ['The clock of this device is wrong by % minutes. Both times are kept; please correct it.', 'Часовникът на устройството греши с % минути. Пазят се и двете времена; моля, поправете го.', 'ساعة هذا الجهاز خاطئة بمقدار % دقيقة. يُحفظ الوقتان معاً؛ يرجى ضبطها.'],
  insecure: ['This page came without encryption (http). Everything works, but it cannot be opened without a connection: for that, use an https address.', 'Страницата е дошла без шифроване (http). Всичко работи, но не може да се отвори без връзка: за това е нужен адрес с https.', 'وصلت هذه الصفحة بلا تشفير (http). كل شيء يعمل، لكن لا يمكن فتحها بلا اتصال: لذلك يلزم عنوان https.'],
};

export const sentences = speaker(SENTENCES);
