/* The screen of one interview: a page, the way on and back, the languages, the menu. Every change is stored before anything else shows. */
import { download, h, attributes, letters, place, preference, setText, words, written } from './dom.js';
import { prepare } from './controls/index.js';
import { question } from './question.js';
import { learn, sentences } from './strings.js';
import { ask } from './dialog.js';
import { keyboard } from './keyboard.js';
import { released } from './pointer.js';

const SECTION = 1, CELLS = 2;
const KNOWN = new Intl.DisplayNames(['en'], { type: 'language', fallback: 'none' });
/** ODK names languages as people do: "French (fr)", "default". */
function localeOf(tag) {
  const code = /\(([a-z]{2,3}(-\w+)*)\)/i.exec(tag)?.[1] ?? tag;
  try { return KNOWN.of(code) ? code : 'en'; } catch { return 'en'; }
}

const nowhere = at => !at || !at.item && !at.entry;

/**
 * Shows an interview that the engine holds (started or replayed) until the person finishes or leaves it.
 * @param session { append(bytes), file(name, type, bytes), read(name), finish(engine), copy?(bytes) }, all promises
 * @param self true when the respondent answers alone
 * @returns 'complete' or 'suspended', through a promise
 */
export async function openInterview(root, { engine, session, self = false, onAnswer }) {
  written(engine.form.odk ? (await import('./markdown.js')).markdown : null);
  const screen = new Screen(root, engine, session, self, onAnswer);
  return screen.run();
}

class Screen {
  constructor(root, engine, session, self, onAnswer) {
    Object.assign(this, { root, engine, session, self, onAnswer, pending: new Map(), problems: new Map(), made: new Map(), queue: Promise.resolve(), working: 0 });
    this.sections = preference('page') === 'section';
    this.tables = preference('rosters') === 'table';
    this.digits = preference('digits') !== 'off';
  }

  run() {
    return new Promise(resolve => {
      this.leave = how => { this.stop(); resolve(how); };
      const keys = keyboard(this), hidden = () => document.visibilityState === 'hidden' && this.commit();
      const popped = () => {
        history.pushState({ interview: 1 }, '');
        const box = document.querySelector('dialog[open]');
        if (box) box.dispatchEvent(new Event('cancel', { cancelable: true }));
        else if (this.page?.first && !this.over) this.menu();
        else this.back();
      };
      document.addEventListener('keydown', keys);
      document.addEventListener('visibilitychange', hidden);
      history.pushState({ interview: 1 }, '');
      addEventListener('popstate', popped);
      this.stop = () => {
        document.removeEventListener('keydown', keys);
        document.removeEventListener('visibilitychange', hidden);
        removeEventListener('popstate', popped);
        this.root.replaceChildren();
      };
      this.begin();
    });
  }

  async begin() {
    await this.act(() => null); // what start or replay wrote
    const page = this.engine.page(0, 0, 0);
    if (page.phase === 'suspended') await this.act(() => this.engine.resume());
    if (page.phase === 'complete') return this.leave('complete');
    await learn(localeOf(page.language));
    this.frame(page);
    await this.once(() => this.show(page.place));
    if (!page.items?.length) this.review('finish');
  }

  /** The fixed parts of the screen, in the language of the interview. */
  frame(page) {
    this.language = page.language;
    this.locale = localeOf(page.language);
    const say = this.say = sentences(this.locale);
    attributes(document.documentElement, { lang: this.locale, dir: page.direction || 'ltr' });
    this.made.clear();
    this.status = h('p', { class: 'saved', role: 'status' });
    this.progress = h('progress', { 'aria-label': say('of', '', '').trim() });
    this.count = h('span', { class: 'count' });
    const languages = this.engine.form.languages ?? [];
    const choose = languages.length > 1 && h('select', { class: 'languages', 'aria-label': say('language'), onchange: () => this.speak(choose.value) },
      languages.map(({ tag, name }) => h('option', { value: tag, lang: localeOf(tag), selected: tag === page.language }, name || tag)));
    this.trail = h('p', { class: 'trail' });
    this.heading = h('h1', { tabindex: -1 });
    this.items = h('div', { class: 'items', 'aria-busy': this.working > 0 && 'true' });
    this.backButton = h('button', { type: 'button', onclick: () => this.back() }, say('back'));
    this.nextButton = h('button', { type: 'button', class: 'primary', onclick: () => this.next() }, say('next'));
    this.root.replaceChildren(
      h('div', { class: 'top' }, h('button', { type: 'button', class: 'quiet', onclick: () => this.menu() }, say('menu')), this.status, choose),
      h('div', { class: 'progress' }, this.progress, this.count),
      h('div', { class: 'page' }, this.trail, this.heading, this.items),
      h('div', { class: 'nav' }, this.backButton, this.nextButton));
  }

  /** One change at a time: the engine, then the storage. Nothing else happens in between. */
  act(change) {
    const turn = this.queue.then(async () => {
      const result = change();
      await this.keep();
      return result;
    });
    this.queue = turn.catch(error => this.broken(error));
    return turn;
  }

  /** Stores what the engine wrote; does not return before it is stored. */
  async keep() {
    const bytes = this.engine.takeOutbox();
    if (!bytes.length) return;
    setText(this.status ?? document.createElement('p'), this.say?.('saving') ?? '');
    for (;;) {
      try {
        await this.session.append(bytes);
        break;
      } catch (error) {
        const say = this.say ?? sentences(document.documentElement.lang);
        const does = await ask(say('lostTitle'), [h('p', null, say('lostText')), h('p', { class: 'hint' }, String(error?.message ?? error))],
          [['again', say('tryAgain'), 'primary'], ['copy', say('saveCopy')]], true);
        if (does === 'copy') await this.copy(bytes);
      }
    }
    if (this.status) setText(this.status, '✓ ' + this.say('saved'));
  }

  async copy(bytes) {
    let blob = new Blob([bytes]), kind = 'svyp';
    try { const whole = await this.session.copy?.(bytes); if (whole) [blob, kind] = [whole, 'svyq']; } catch { /* the bytes in hand are better than nothing */ }
    download(blob, `${this.engine.form.id}-${Date.now()}.${kind}`);
  }

  async broken(error) {
    if (this.failed) return;
    this.failed = true;
    console.error(error);
    const say = this.say ?? sentences();
    await ask(say('lostTitle'), [h('p', null, say('broken')), h('p', { class: 'hint' }, String(error?.message ?? error))], [['reload', say('tryAgain'), 'primary']], true);
    location.reload();
  }

  /* ---- pages ---- */

  whole() { return (this.sections ? SECTION : 0) | (this.tables ? CELLS : 0); }

  /** Shows the page of a place and says so in the journal. */
  async show(at, focus = true) {
    this.pending.clear();
    this.problems.clear();
    this.warned = this.over = this.nextButton.hidden = false;
    this.at = at;
    if (!nowhere(at)) await this.act(() => this.engine.go(at.item, at.entry));
    this.made.clear();
    await this.draw();
    scrollTo(0, 0);
    if (focus) this.focus();
  }

  async draw() {
    await released();
    if (this.over) return;
    const page = this.page = await this.act(() => this.engine.page(this.at.item, this.at.entry, this.whole())); // the order of choices may be written
    if (page.language !== this.language) {
      await learn(localeOf(page.language));
      this.frame(page);
    }
    page.items ??= [];
    await this.load(page);
    const headings = page.headings ?? [], last = headings.at(-1);
    setText(this.trail, letters(headings.slice(0, -1).map(title => this.titled(title)).join(' › ')));
    this.trail.hidden = headings.length < 2;
    const title = last ? this.titled(last) : this.engine.form.languages?.find(({ tag }) => tag === page.language)?.title || this.engine.form.title || page.form;
    if (this.heading.said !== title) this.heading.replaceChildren(words(title));
    this.heading.said = title;
    document.title = letters(title);
    attributes(this.progress, { max: Math.max(page.total, 1), value: page.position, 'aria-label': this.say('of', String(page.position), String(page.total)) });
    this.progress.value = page.position;
    setText(this.count, this.say('of', String(page.position), String(page.total)));
    this.backButton.disabled = page.first;
    place(this.items, page.items.map(view => this.item(view).node));
  }

  titled({ text, position, count }) { return position ? `${text} (${this.say('of', String(position), String(count))})` : text; }

  /** Rosters and grids come with their own files, when there is one. */
  async load(page) {
    for (const kind of ['roster', 'grid']) {
      if (!this[kind] && page.items.some(view => view.kind === kind)) this[kind] = (await import(`./${kind}.js`))[kind];
    }
    await prepare(page.items);
  }

  item(view) {
    const key = view.kind + this.key(view);
    let made = this.made.get(key);
    if (made) made.update(view);
    else this.made.set(key, made = (this[view.kind] ?? question)(view, this));
    return made;
  }

  frames() { return this.page.items.map(view => this.made.get(view.kind + this.key(view)) ?? this.item(view)); }

  focus() {
    const frames = this.frames();
    (frames.length === 1 ? frames[0] : { focus: () => this.heading.focus() }).focus();
  }

  /** Stores what was typed last and waits until everything before it is stored and shown. */
  async commit() {
    if (!this.over) await Promise.all(this.frames().map(made => made.commit?.()));
    await this.queue;
    await this.shown;
  }

  next() { return this.once(() => this.forward()); }
  back() { return this.once(async () => { if (this.over) return this.show(this.at); await this.commit(); return this.move(-1); }); }

  /** Of two quick presses the second does nothing. */
  async once(work) {
    if (this.moving) return;
    this.moving = true;
    try { await this.busy(work); } catch (error) { await this.broken(error); } finally { this.moving = false; }
  }

  /** While something is under way the page says so: a screen reader waits with what is only half there. */
  async busy(work) {
    this.working++;
    attributes(this.items, { 'aria-busy': 'true' });
    try { return await work(); } finally { if (--this.working === 0) attributes(this.items, { 'aria-busy': null }); }
  }

  async forward() {
    if (this.over) return;
    await this.commit();
    const frames = this.frames();
    const first = this.pending.size > 0 && this.items.querySelector('.wrong');
    if (first) {
      first.querySelector('[aria-invalid=true],input,textarea')?.focus();
      first.querySelector('.error').append(' '); // said again
      return;
    }
    this.pending.clear(); // of questions that are not asked any more
    const views = frames.flatMap(made => made.view.rows ?? [made.view]);
    const blank = views.filter(view => view.kind === 'question' && view.required && view.value == null && !view.missing && !view.readonly);
    if (blank.length && !this.warned) {
      this.warned = true;
      for (const view of blank) this.problems.set(this.key(view), { message: this.say('needed') });
      await this.draw();
      this.items.querySelector('.wrong input,.wrong select,.wrong textarea,.wrong button')?.focus();
      return;
    }
    for (const view of views) if (view.preset && !view.readonly && view.value != null) await this.act(() => this.engine.answer(view.item, view.entry, view.value));
    return this.move(1);
  }

  async move(direction) {
    const to = this.beyond(direction), mended = direction > 0 && this.mending === this.page.total;
    this.mending = null;
    if (!nowhere(to) && !mended) return this.show(to);
    if (direction > 0) return this.review('finish');
  }

  beyond(direction) {
    const page = this.engine.page(this.at.item, this.at.entry, this.whole());
    const told = direction > 0 ? page.next : page.previous;
    if (told) return told;
    const edge = direction > 0 ? page.items.at(-1) : page.items[0];
    const row = edge?.rows && (direction > 0 ? edge.rows.at(-1) : edge.rows[0]);
    return this.engine.step((row ?? edge)?.item ?? 0, (row ?? edge)?.entry ?? 0, direction);
  }

  /** After add: the first question of the entry; for "open": the same. */
  async enter(roster, entry) {
    const to = this.engine.step(roster.item, entry, 1);
    await this.show(nowhere(to) ? roster : to);
  }

  async review(kind) {
    const { review, finish } = await import('./review.js');
    await (kind === 'finish' ? finish : review)(this);
  }

  async menu() {
    await this.commit();
    const { menu } = await import('./review.js');
    await menu(this);
  }

  async speak(tag) {
    await this.commit();
    await this.act(() => this.engine.language(tag));
    this.over = false;
    this.made.clear();
    await this.draw();
    this.root.querySelector('.languages')?.focus();
  }

  /* ---- what questions ask of the screen ---- */

  key(view) { return view.item + '.' + view.entry; }
  problem(view) { return view.problem ?? this.problems.get(this.key(view)); }
  /** Where a picture or sound of the form is: what the device keeps, else the server. ODK's forms say "jr://images/map.png" for map.png. */
  async media(named) {
    const name = named.replace(/^jr:\/\/[a-z-]+\//, ''), { id, version } = this.engine.form;
    return await this.session.media?.(name) ?? `/api/forms/${encodeURIComponent(id)}/${encodeURIComponent(version)}/files/${encodeURIComponent(name)}`;
  }
  /** Gives a picture, sound or film its address; where it cannot be had or shown, a sentence with its name takes the place. */
  fetched(node, name) {
    const failed = () => node.replaceWith(h('small', { class: 'absent', role: 'note' }, this.say('absent', name.split('/').at(-1))));
    node.addEventListener('error', failed, { once: true });
    this.media(name).then(address => { node.src = address; }, failed);
  }

  search(view, text, limit) { return this.engine.search(view.item, view.entry, text, limit); }

  /** Which key chooses which choice: its code when all codes are numbers, else its place in the list. */
  keysOf(choices) {
    const coded = choices.every(choice => /^\d{1,3}$/.test(choice.code));
    return choices.map((choice, i) => coded ? choice.code : i < 99 ? String(i + 1) : '');
  }

  /** What goes on by itself and is waited for before the page is left: an answer, a photo. */
  during(work) {
    const done = this.busy(work);
    this.shown = Promise.allSettled([this.shown, done]).then(() => {});
    return done;
  }

  change(view, call, text) {
    return this.during(async () => {
      const result = await this.act(call);
      if (result.status === 'ok') this.pending.delete(this.key(view));
      else this.pending.set(this.key(view), { text, ...result });
      this.problems.delete(this.key(view));
      await this.draw();
      if (result.status === 'ok') this.onAnswer?.(view);
      return result;
    });
  }

  answer(view, text, reason = '') { return this.change(view, () => this.engine.answer(view.item, view.entry, text, reason), text); }
  /** Only a part of the answer is there: it stays as typed, and what is missing is said. The engine is not asked. */
  incomplete(view, text, message) {
    return this.during(async () => {
      this.pending.set(this.key(view), { text, status: 'invalid', message });
      await this.draw();
    });
  }
  missing(view, code) { return this.change(view, () => view.missing === code ? this.engine.clear(view.item, view.entry) : this.engine.missing(view.item, view.entry, code), ''); }
  clear(view) { return this.change(view, () => this.engine.clear(view.item, view.entry), ''); }
  remark(view, text) { return this.change(view, () => this.engine.remark(view.item, view.entry, text), ''); }

  /** A soft check: the same answer again with its reason, or the reason alone when another answer made it fail. */
  keepAnyway(view, wrong, reason) {
    if (this.pending.has(this.key(view))) return this.answer(view, wrong.text, reason);
    return this.change(view, () => this.engine.override(wrong.check, wrong.checkEntry ?? view.entry, reason), '');
  }

  async attached(name) { try { return await this.session.read?.(name) ?? null; } catch { return null; } }
}
