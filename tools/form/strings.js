/* The form's own sentences, in the language that is spoken: one file per language, which comes when it is needed. */

const LANGUAGES = ['en', 'bg', 'ar'];
const learnt = {};

/** The language of the form for a tag of BCP 47: English when it speaks no other. */
const spoken = tag => { const language = (tag || 'en').split('-')[0]; return LANGUAGES.includes(language) ? language : 'en'; };

/** Brings the sentences of a language; one that cannot be brought now stays what it was. `more`: further tables of it, which come before. */
export async function learn(tag, more = null) {
  const language = spoken(tag);
  try {
    learnt[language] ??= (await import(`./strings/${language}.js`)).default;
    if (more) learnt[language] = { ...learnt[language], ...await more(language) };
  } catch (error) { if (!Object.keys(learnt).length) throw error; }
}

/** say(key, a, b): a sentence of a language that was learnt, with a and b put in. */
export const sentences = tag => (key, a, b) => {
  const text = (learnt[spoken(tag)] ?? Object.values(learnt)[0])?.[key] ?? key;
  return a === undefined ? text : text.replace(/%2?1?/g, hole => hole === '%2' ? b : a);
};
