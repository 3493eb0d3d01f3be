/* The start of the web form: storage, keys, the clock, who is there; then the screens of a respondent or of the survey's people. */
import { Api } from './api.js';
import { attributes, h, preference } from './dom.js';
import { learn, sentences } from './strings.js';
import { persist, Storage } from './storage.js';
import { hex, random, Sodium } from './vault.js';

const LANGUAGES = { en: 'English', bg: 'Български', ar: 'العربية' };

class App {
  constructor(root) { this.root = root; this.clockKnown = false; this.clockOffset = 0; }

  learn(tag) { return learn(tag); }

  /** The language of what is around the interviews; it has been learnt. */
  speak(tag) {
    this.language = LANGUAGES[tag] ? tag : 'en';
    this.say = sentences(this.language);
    attributes(document.documentElement, { lang: this.language, dir: this.language === 'ar' ? 'rtl' : 'ltr' });
  }

  /** The title of a questionnaire, in the language that is spoken when it has one in it. */
  title(form) { return form?.titles?.[this.language] || form?.title || form?.id || ''; }

  languages(changed) {
    const choose = h('select', { class: 'languages', 'aria-label': this.say('language'), onchange: async () => { preference('language', choose.value); await this.learn(choose.value); this.speak(choose.value); changed(); } },
      Object.entries(LANGUAGES).map(([tag, name]) => h('option', { value: tag, lang: tag, selected: tag === this.language }, name)));
    return choose;
  }

  /** A whole screen; the keyboard and the screen reader begin at its heading. */
  show(title, ...content) {
    const heading = h('h1', { tabindex: -1 }, title);
    document.title = title;
    this.root.replaceChildren(heading, h('div', { class: 'stack' }, content));
    heading.focus();
    return heading;
  }

  async open() {
    this.storage = await Storage.open();
    this.sodium = await this.loading;
    const clock = await this.storage.get('settings', 'clock');
    if (clock) Object.assign(this, { clockKnown: true, clockOffset: clock.offset });
    this.api = new Api(offset => this.clock(offset));
    this.device = await this.storage.get('settings', 'device');
    if (!this.device) await this.storage.put('settings', this.device = hex(random(8)), 'device');
  }

  /** Server minus device. Kept: without a connection it is the best that is known. */
  clock(offset) {
    const moved = !this.clockKnown || Math.abs(offset - this.clockOffset) > 1000;
    Object.assign(this, { clockKnown: true, clockOffset: offset });
    if (moved) this.storage.put('settings', { offset, when: Date.now() }, 'clock').catch(() => {});
  }

  /** What this device itself makes the person worry about: sentences. */
  warnings() {
    const minutes = Math.round(Math.abs(this.clockOffset) / 60000), hours = Math.round(minutes / 60);
    const wrong = hours >= 48 ? this.say('clockDays', Math.round(hours / 24)) : minutes >= 120 ? this.say('clockHours', hours) : minutes >= 2 && this.say('clock', minutes);
    return [wrong, !isSecureContext && this.say('insecure')].filter(Boolean);
  }

  async persist() { return this.persisted = await persist(); }

  /** A sentence for an error, in the person's language. */
  reason(error) {
    if (error instanceof TypeError && /fetch|import|load/i.test(error.message)) return this.say('unready');     // what browsers say without a connection
    if (error?.status) {      // the server speaks English: other languages say first what its number means
      const key = 'http' + error.status, meant = this.say(key);
      return [this.say('failed'), meant !== key && meant, error.message, `(${error.status})`].filter(Boolean).join(' ');
    }
    return this.say(error?.message ?? '') || this.say('failed');
  }

  failed(error) {
    console.error(error);
    this.show(this.say('failed'), h('p', { class: 'error', role: 'alert' }, this.reason(error)),
      h('button', { type: 'button', class: 'primary', onclick: () => location.reload() }, this.say('again')));
  }
}

async function begin() {
  const app = new App(document.getElementById('app'));
  const from = new URLSearchParams(location.hash.slice(1)), link = from.get('p') ?? from.get('o');
  app.loading = Sodium.load('crypto.wasm');
  addEventListener('hashchange', () => location.reload());
  try {
    const screens = link ? import('./respondent.js') : from.has('staff') ? import('./staff/staff.js') : import('./home.js');
    const language = preference('language') ?? navigator.language.split('-')[0];
    const open = app.open();
    open.catch(() => {});       // said when there is a language to say it in
    await app.learn(language);
    app.speak(language);
    await open;
    // The rest of the form comes when the first page is there and nobody waits for anything.
    const idle = globalThis.requestIdleCallback ?? (work => work());
    setTimeout(() => idle(() => app.storage.copy?.agreed()), 1000);
    if (isSecureContext && navigator.serviceWorker) setTimeout(() => idle(() => import('./update.js').then(({ watch }) => watch(app)).catch(() => {})), 1500);
    if (from.has('x')) return app.show(app.say('failed'), h('p', null, app.say('badLink')));
    await (await screens).begin(app, link ? { code: link, open: from.has('o'), resume: from.get('r') } : { setup: from.get('setup'), here: from.has('here'), view: from.get('staff') });
  } catch (error) { app.failed(error); }
}

begin();
