/* A person who answers alone, by a personal or a public link: go on where they stopped, send, thank. */
import { ApiError } from './api.js';
import { conduct } from './conduct.js';
import { h } from './dom.js';
import { Queue } from './queue.js';
import { code as newCode, Vault } from './vault.js';

export async function begin(app, { code, open, resume }) {
  const person = new Respondent(app, code, open);
  if (!open || resume) return person.enter(resume ?? code);
  return person.welcome();
}

class Respondent {
  constructor(app, code, open) { Object.assign(this, { app, code, open }); }

  /** The project as this link sees it: from the server, else as it was the last time. */
  async project() {
    const { app } = this, kept = 'link ' + this.vault.owner, before = this.vault.unlockJson(await app.storage.get('settings', kept), kept);
    this.who ??= before?.who;
    try {
      if (!this.known) await this.signIn();
      const project = this.known ?? await app.api.get('/api/project');
      await app.storage.put('settings', this.vault.lockJson({ project, who: this.who }, kept), kept);
      return project;
    } catch (error) {
      if (!before) throw error.status === 0 ? new Error('unready') : error.status === 401 ? new Error('badLink') : error;
      return before.project;
    }
  }

  /** The cookie came with the link; when it is no longer good, or that of another link opened in this browser, the link gives a new one. */
  async signIn() {
    const ask = async () => {
      const who = await this.app.api.get('/api/session');
      if (this.who && who.id !== this.who.id) throw new ApiError(401);
      return who;
    };
    this.who = await ask().catch(async error => {
      if (error.status !== 401) throw error;
      await fetch('/l/' + encodeURIComponent(this.code), { redirect: 'manual', credentials: 'same-origin', cache: 'no-store' });
      return ask();
    });
    this.app.api.csrf = this.who.csrf ?? '';
  }

  /** A public link: everybody comes with the same one, so each gets a code of their own. */
  welcome() {
    const { app } = this, { say } = app, typed = h('input', { id: 'code', class: 'text', autocomplete: 'off', autocapitalize: 'characters', spellcheck: 'false', dir: 'ltr' });
    const error = h('p', { class: 'error', role: 'alert' });
    const goOn = async event => {
      event.preventDefault();
      const vault = Vault.fromCode(app.sodium, typed.value), drafts = await app.storage.all('drafts');
      if (!drafts.some(draft => draft.owner === vault.owner)) { error.textContent = say('noDraft'); return typed.focus(); }
      this.keep(typed.value);
      return this.guarded(() => this.enter(typed.value));
    };
    const heading = app.show(app.title(this.known && this.form(this.known)) || say('start'), h('p', null, say('private')), app.languages(() => this.welcome()),
      h('button', { type: 'button', class: 'primary', onclick: () => this.guarded(() => this.first()) }, say('start')),
      h('form', { class: 'stack', onsubmit: goOn }, h('label', { for: 'code' }, say('haveCode')), typed, error, h('button', { type: 'submit' }, say('goOn'))));
    if (!this.known) this.about(heading);
  }

  /** What this is about, as soon as the server says it: without a connection the page goes without. */
  async about(heading) {
    try {
      await this.signIn();
      this.known = await this.app.api.get('/api/project');
      if (heading.isConnected) document.title = heading.textContent = this.app.title(this.form(this.known));
    } catch { /* said when somebody begins */ }
  }

  /** The code goes into the address, where no server sees it: reloading and opening again go on. */
  keep(resume) { history.replaceState(null, '', '#' + new URLSearchParams({ o: this.code, r: resume })); }

  async first() {
    const { app } = this, { say } = app, resume = newCode();
    this.keep(resume);
    app.show(say('code'), h('p', null, say('codeText')), h('p', { class: 'label', dir: 'ltr' }, h('code', null, resume)),
      h('button', { type: 'button', class: 'primary', onclick: () => this.guarded(() => this.enter(resume, true)) }, say('goOn')));
  }

  guarded(work) { return Promise.resolve().then(work).catch(error => this.app.failed(error)); }

  async enter(from, begin = !this.open) {
    const { app } = this;
    this.vault = Vault.fromCode(app.sodium, from);
    const { owner } = this.vault;
    const project = await this.project();
    this.queue = new Queue(app.storage, app.api, owner, () => this.signIn());
    this.queue.run();
    app.persist();
    const draft = (await app.storage.all('drafts')).find(d => d.owner === owner);
    if (!draft && await app.storage.get('settings', 'done ' + owner)) return this.thanks();
    const meta = this.form(project, draft);
    if (!meta) throw new Error('badLink');
    if (!draft && !begin) return this.first();
    const how = await conduct(app, { vault: this.vault, project, meta, draft, self: true, who: {}, caseId: this.who.case ?? '', label: app.title(meta), language: app.language });
    if (how !== 'complete') return this.paused();
    await app.storage.put('settings', Date.now(), 'done ' + owner);
    return this.thanks();
  }

  /** Of a draft: the version it was begun with, as this device has it. */
  form(project, draft) {
    if (draft) return project.forms.find(f => f.id === draft.form && f.version === draft.version) ?? { id: draft.form, version: draft.version };
    return project.forms.find(f => f.newest !== false && (!this.who.form || f.id === this.who.form));
  }

  paused() {
    const { app } = this, { say } = app;
    app.speak(app.language);
    app.show(say('thanks'), h('p', { role: 'status' }, say('paused')),
      h('button', { type: 'button', class: 'primary', onclick: () => location.reload() }, say('goOn')));
  }

  /** Whom the server does not know has a link that was taken back: there is nothing to sign in to. */
  why({ code }) { return this.app.say(code === 'signed-out' || code === 'forbidden' ? 'badLink' : 'problem-' + code); }

  async thanks() {
    const { app, queue } = this;
    app.speak(document.documentElement.lang);
    const { say } = app;
    const text = h('p', { role: 'status' }), file = h('button', { type: 'button', onclick: () => queue.save() }, say('saveQueue'));
    app.show(say('thanks'), text, app.warnings().map(warning => h('p', { class: 'hint' }, warning)), file,
      this.open && h('button', { type: 'button', class: 'quiet', onclick: () => { location.hash = new URLSearchParams({ o: this.code }); } }, say('onceMore')));
    const draw = async () => {
      const state = await queue.state();
      text.textContent = !state.interviews ? say('sent') : state.problem ? `${this.why(state.problem)} ${say('unsent')}` : say('sending');
      file.hidden = !state.interviews;
    };
    queue.addEventListener('change', draw);
    await draw();
    await queue.now();
  }
}
