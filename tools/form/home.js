/* The home screen of an interviewer: what was started, cases, questionnaires, what is not sent yet, and everything the person should worry about. */
import { conduct, formOf } from './conduct.js';
import { Corrections } from './corrections.js';
import { ask } from './dialog.js';
import { h, said } from './dom.js';
import { Login } from './login.js';
import { keepMedia } from './media.js';
import { Queue } from './queue.js';

const IDLE = 15 * 60000, SHOWN = 100;

export async function begin(app, { setup, here }) {
  if (setup) return (await import('./setup.js')).begin(app, setup);
  const { vault, account } = await new Login(app).enter(here);
  const home = new Home(app, vault, account);
  await home.open();
}

class Home {
  constructor(app, vault, account) { Object.assign(this, { app, vault, account, owner: vault.owner }); this.corrections = new Corrections(this); app.api.token = account.token ?? ''; }

  async open() {
    this.watchIdle();
    this.queue = new Queue(this.app.storage, this.app.api, this.owner);
    this.queue.addEventListener('change', () => this.drawQueue());
    const renew = async () => { if ((this.stale || this.cases.some(({ state }) => state === 'returned')) && await this.refresh() && !this.stale && this.atHome) await this.show(); };
    this.queue.addEventListener('sent', renew);
    this.queue.addEventListener('notice', () => this.atHome && this.show());
    addEventListener('online', renew);
    this.app.updated = () => this.atHome && this.show();
    await this.load();
    await Promise.race([this.app.persist(), new Promise(resolve => setTimeout(resolve, 500))]);      // some browsers ask the person, who may take their time
    this.queue.now();
    await this.show();
    if (await this.refresh() && this.atHome) await this.show();
  }

  /** The key goes with the page: nothing that was open can be read without the PIN. */
  lock() { this.queue?.stop(); this.vault.close(); location.reload(); }

  watchIdle() {
    let last = Date.now();
    for (const name of ['pointerdown', 'keydown', 'input', 'scroll']) addEventListener(name, () => { last = Date.now(); }, { passive: true, capture: true });
    const look = () => { if (Date.now() - last >= IDLE) this.lock(); };
    setInterval(look, 15000);
    document.addEventListener('visibilitychange', look);
  }

  /* ---- what the server said the last time ---- */

  async load() {
    const key = 'home ' + this.owner;
    Object.assign(this, { project: null, cases: [], asOf: null, finished: [], corrected: {} }, this.vault.unlockJson(await this.app.storage.get('settings', key), key));
  }

  async keep() {
    const { project, cases, asOf, finished, corrected } = this, key = 'home ' + this.owner;
    await this.app.storage.put('settings', this.vault.lockJson({ project, cases, asOf, finished, corrected }, key), key);
  }

  /** true when there is something new to show. */
  async refresh() {
    const { api } = this.app;
    try {
      const project = await api.get('/api/project'), cases = await api.get('/api/cases').catch(error => { if (error.status === 403) return []; throw error; });
      Object.assign(this, { project, cases: cases.cases ?? cases, asOf: Date.now(), stale: false });
      await this.keep();
    } catch (error) {
      this.stale = true;
      if (error.status === 401 || error.status === 403) this.queue.stumbled(error);
    }
    this.prepare();
    return true;
  }

  /** The service worker keeps what it is asked for; what is fetched before it is in charge it never sees. */
  async keepEngine() {
    const worker = navigator.serviceWorker;
    if (worker && !worker.controller) await new Promise(resolve => { worker.addEventListener('controllerchange', resolve, { once: true }); if (worker.controller) resolve(); });
    const answer = await fetch('engine-odk.wasm');
    if (!answer.ok) throw new Error('engine-odk.wasm');
  }

  /** Brings every questionnaire to this device while there is a connection; `ready` when all are here. */
  async prepare() {
    let missing = 0;
    for (const meta of this.forms()) await formOf(this.app, meta).then(form => keepMedia(this.app, form, meta)).catch(() => { missing++; });
    if (this.forms().some(({ odk }) => odk)) await this.keepEngine().catch(() => { missing++; });
    if (!this.stale) await this.corrections.keep(this.cases.filter(one => this.isReturned(one) && !this.draftOf(one))).catch(() => { missing++; });
    this.ready = this.forms().length > 0 && !missing;
    await this.drawQueue();
  }

  /* ---- the screen ---- */

  say(...of) { return this.app.say(...of); }
  when(ms) { return new Intl.DateTimeFormat(this.app.language, { dateStyle: 'medium', timeStyle: 'short' }).format(ms); }
  forms() { return (this.project?.forms ?? []).filter(form => form.newest !== false); }
  form(id) { return this.forms().find(form => form.id === id); }
  /** A draft keeps the version that it was begun with. */
  formOfDraft({ form, version }) { return this.project?.forms.find(one => one.id === form && one.version === version) ?? { id: form, version }; }

  async show() {
    const { app, owner } = this;
    this.atHome = true;
    app.speak(app.language);
    this.drafts = (await app.storage.all('drafts')).filter(draft => draft.owner === owner)
      .map(draft => ({ ...draft, known: this.vault.unlockJson(draft.about, 'about ' + draft.uuid) ?? {} })).sort((a, b) => b.known.started - a.known.started);
    this.waiting = new Set((await app.storage.all('queue')).map(({ uuid }) => uuid));
    this.panel = new QueuePanel(this);
    const who = [this.account.name, this.account.organisation].filter(Boolean).join(' · ');
    app.show(this.project?.study ?? this.say('wait'),
      h('div', { class: 'row' }, h('span', null, who), h('button', { type: 'button', class: 'quiet', onclick: () => this.lock() }, this.say('lock')), app.languages(() => this.show())),
      await this.worries(), this.panel.node, this.draftList(), this.caseList(), this.formList());
    await this.drawQueue();
  }

  section(title, ...content) { return h('section', { class: 'stack' }, h('h2', null, title), content.flat(2)); }

  async worries() {
    const { app } = this, say = (...of) => this.say(...of), notices = await app.storage.get('settings', 'notices ' + this.owner) ?? [];
    const lines = [...app.warnings(), app.persisted === false && say('unpersisted'), this.stale && this.asOf && say('asOf', this.when(this.asOf)),
      ...notices.map(({ receipt, form, sentence }) => say(receipt, this.app.title(this.form(form)) || form) + (sentence ? ' ' + sentence : ''))].filter(Boolean);
    return h('div', { class: 'stack', role: 'status' }, lines.map(text => h('p', { class: 'notice' }, text)),
      notices.length > 0 && h('button', { type: 'button', onclick: async () => { await this.queue.forgetNotices(); await this.show(); } }, say('understood')),
      app.update && h('p', { class: 'notice' }, say('newVersion')), app.update && h('button', { type: 'button', onclick: () => this.update() }, say('useIt')));
  }

  async update() { if (!await this.app.update()) this.alert(this.say('closeOthers')); }

  alert(text) { this.app.root.querySelector('h1').after(h('p', { class: 'error', role: 'alert' }, text)); scrollTo(0, 0); }

  draftList() {
    if (!this.drafts.length) return null;
    return this.section(this.say('drafts'), h('ul', { class: 'answers' }, this.drafts.map(draft => h('li', null,
      h('button', { type: 'button', class: 'answer', onclick: () => this.conduct({ draft, meta: this.formOfDraft(draft) }) },
        h('b', null, draft.known.label ?? draft.form), h('i', null, this.say('started', this.when(draft.known.started ?? 0))), this.say('goOn'))))));
  }

  caseList() {
    if (!this.cases.length) return null;
    const list = h('ul', { class: 'answers' }), more = h('p', { class: 'hint', role: 'status' });
    const find = h('input', { id: 'find', class: 'text', type: 'search', autocomplete: 'off', oninput: () => draw() });
    const draw = () => {
      const wanted = find.value.trim().toLowerCase(), fits = this.cases.filter(one => [one.case, ...contacts(one)].some(text => text.toLowerCase().includes(wanted)));
      list.replaceChildren(...fits.slice(0, SHOWN).map(one => h('li', null, this.caseRow(one))));
      more.textContent = fits.length > SHOWN ? this.say('moreCases', fits.length - SHOWN) : '';
    };
    draw();
    return this.section(this.say('cases'), this.cases.length > 10 && [h('label', { for: 'find' }, this.say('filter')), find], list, more);
  }

  draftOf(one) { return this.drafts.find(({ form, known }) => form === one.form && known.case === one.case); }

  /** Returned, and its correction is not on the way. */
  isReturned(one) { return one.state === 'returned' && !this.waiting.has(this.corrected?.[`${one.form} ${one.case}`]); }

  caseRow(one) {
    const draft = this.draftOf(one), meta = this.form(one.form), back = this.isReturned(one);
    const done = !back && (one.state === 'returned' || one.state === 'complete' || this.finished.includes(`${one.form} ${one.case}`));
    const what = draft ? { draft, meta: this.formOfDraft(draft) } : { meta, caseId: one.case, label: `${one.case} · ${this.app.title(meta)}` };
    return h('button', { type: 'button', class: 'answer', disabled: !meta, onclick: () => this.beginCase(back && !draft ? { ...what, back: one } : what, done && !draft) },
      h('b', null, said(one.case)), h('i', null, [this.app.title(meta) || one.form, done ? '✓ ' + this.say('caseDone') : back && this.say('returned')].filter(Boolean).join(' · ')),
      contacts(one).map(line => h('span', null, said(line))), back && one.comment && h('span', null, said(one.comment)), draft && this.say('goOn'));
  }

  /** Of a case that is done another interview is begun only on purpose: somebody was not at home, and is visited again. */
  async beginCase(what, done) {
    if (!done || await ask(what.label, this.say('anotherText'), [['no', this.say('cancel')], ['yes', this.say('another')]]) === 'yes') await this.conduct(what);
  }

  formList() {
    const forms = this.forms();
    return this.section(this.say('fresh'), forms.length ? h('ul', { class: 'answers' }, forms.map(meta => h('li', null,
      h('button', { type: 'button', class: 'answer', onclick: () => this.conduct({ meta, label: this.app.title(meta) }) }, h('b', null, this.app.title(meta)))))) : h('p', null, this.say(this.project || this.stale ? 'noForms' : 'wait')));
  }

  /** Remembered here, so that nobody starts the same case twice while there is no connection. */
  async finish({ draft, meta, caseId, given }) {
    const one = draft ? draft.known.case : caseId;
    if (one) this.corrected = { ...this.corrected, [`${meta.id} ${one}`]: given?.uuid ?? draft?.uuid };
    if (one) await this.corrections.drop(`${meta.id} ${one}`);
    if (one) this.finished = [...this.finished, `${meta.id} ${one}`].slice(-10000);
    await this.keep();
  }

  async drawQueue() { if (this.atHome) await this.panel?.draw(); }

  async conduct(what) {
    this.atHome = false;
    let problem = '';
    try {
      const { name, organisation } = this.account;
      if (what.back) {
        const given = await this.corrections.of(what.back);
        what = { ...what, given, meta: this.formOfDraft({ form: what.back.form, version: given.version }) };
      }
      const how = await conduct(this.app, { vault: this.vault, project: this.project, self: false, who: { name, organisation }, language: this.app.language, ...what });
      if (how === 'complete') await this.finish(what);
      this.queue.now();
    } catch (error) { console.error(error); problem = this.app.reason(error); }
    await this.show();
    if (problem) this.alert(problem);
  }
}

/** How the people of a case are reached, a line each, as the columns of the list of cases are called. */
const contacts = one => Object.entries(one.contacts ?? {}).filter(([, value]) => value).map(([name, value]) => `${name}: ${value}`);

/** What is not sent yet, in numbers and plain words. Its buttons stay, so that focus does. */
class QueuePanel {
  constructor(home) {
    this.home = home;
    const say = (...of) => home.say(...of);
    this.counts = h('p', { class: 'label' });
    this.rest = h('p', { class: 'hint' });
    this.problem = h('p', { class: 'error' });
    this.send = h('button', { type: 'button', onclick: () => home.queue.now() }, say('sendNow'));
    this.save = h('button', { type: 'button', class: 'quiet', onclick: () => home.queue.save() }, say('saveQueue'));
    this.signIn = h('button', { type: 'button', onclick: () => { const login = new Login(home.app); login.resolve = () => location.reload(); login.signIn(); } }, say('signIn'));
    this.node = h('section', { class: 'stack queue', role: 'region', 'aria-labelledby': 'queue' }, h('h2', { id: 'queue' }, say('queue')),
      h('div', { role: 'status', class: 'stack' }, this.counts, this.problem, this.rest), h('div', { class: 'row' }, this.send, this.signIn, this.save));
  }

  async draw() {
    const { home } = this, say = (...of) => home.say(...of), state = await home.queue.state(), waiting = state.interviews + state.files > 0;
    this.counts.textContent = waiting ? say('queued', state.interviews, state.files) : say('allSent');
    this.rest.textContent = [state.others > 0 && say('othersQueued', state.others), state.lastSync ? say('lastSync', home.when(state.lastSync)) : say('neverSynced'),
      home.ready && say('onDevice'), home.app.persisted && say('persisted')].filter(Boolean).join('\n');
    const { problem } = state;
    this.problem.textContent = state.busy && !problem ? '' : problem ? [say('problem-' + problem.code), problem.sentence].filter(Boolean).join(' ') : '';
    this.send.textContent = say(state.busy ? 'sendingNow' : 'sendNow');
    this.send.hidden = !waiting;
    this.save.hidden = !waiting && !state.others;
    this.signIn.hidden = problem?.code !== 'signed-out';
    document.title = (waiting ? `(${state.interviews}) ` : '') + (home.project?.study ?? '');
  }
}
