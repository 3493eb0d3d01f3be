/* Who is there: sign in with a connection, choose a PIN, unlock with it afterwards. Ends with an open vault and what belongs to the person. */
import { h } from './dom.js';
import { Vault } from './vault.js';

const VAULTS = 'vaults', PATIENCE = 5;

/** A labelled line to type in. */
export function line(id, text, props = {}) {
  const input = h('input', { id, class: 'text', required: true, ...props });
  return { input, nodes: h('div', { class: 'field' }, h('label', { for: id }, text), input) };
}

/** A form with a place for what is wrong; while `work` runs nothing can be sent twice. */
export function sheet(lines, button, work) {
  const error = h('p', { class: 'error', role: 'alert' }), go = h('button', { type: 'submit', class: 'primary' }, button);
  const submit = async event => {
    event.preventDefault();
    if (go.disabled) return;
    go.disabled = true;
    error.textContent = '';
    const wrong = await work().catch(thrown => { console.error(thrown); return String(thrown.message); });
    go.disabled = false;
    if (wrong) { error.textContent = wrong; lines.at(-1).input.select(); lines.at(-1).input.focus(); }
  };
  return h('form', { class: 'stack', onsubmit: submit, novalidate: true }, lines.map(({ nodes }) => nodes), error, h('div', { class: 'row' }, go));
}

export class Login {
  constructor(app) { this.app = app; this.say = (...of) => app.say(...of); }

  /** What the storage refuses is told as everywhere. */
  sheet(lines, button, work) { return sheet(lines, button, () => work().catch(error => { console.error(error); return this.app.reason(error); })); }

  vaults() { return this.app.storage.get('settings', VAULTS).then(list => list ?? []); }
  async keepVault(record) {
    const others = (await this.vaults()).filter(({ owner }) => owner !== record.owner);
    await this.app.storage.put('settings', [...others, record], VAULTS);
  }

  /** `here`: somebody who runs the study and is signed in wants to interview on this device, too.
   * @returns { vault, account } through a promise; account: { name, role, organisation, token } */
  enter(here = false) {
    return new Promise(resolve => { this.resolve = resolve; (here ? this.session() : this.first()).catch(error => this.app.failed(error)); });
  }

  async first() {
    const vaults = await this.vaults();
    if (!vaults.length) return this.signIn();
    return vaults.length === 1 ? this.unlock(vaults[0]) : this.choose(vaults);
  }

  again() { return this.first(); }

  choose(vaults) {
    const { app, say } = this;
    app.show(say('who'), vaults.map(record => h('button', { type: 'button', onclick: () => this.unlock(record) }, record.name)),
      h('button', { type: 'button', class: 'quiet', onclick: () => this.signIn() }, say('somebodyElse')), app.languages(() => this.choose(vaults)));
  }

  unlock(record) {
    const { app, say } = this, pin = line('pin', say('pin'), { type: 'password', autocomplete: 'off' });
    const work = async () => {
      const wait = Math.ceil(((record.until ?? 0) - Date.now()) / 1000);
      if (wait > 0 && wait < 4000) return say('tooOften', wait);
      const vault = Vault.open(app.sodium, record, pin.input.value);
      record.wrong = vault ? 0 : (record.wrong ?? 0) + 1;
      record.until = record.wrong < PATIENCE ? 0 : Date.now() + 30000 * 2 ** Math.min(record.wrong - PATIENCE, 6);
      await this.keepVault(record).catch(error => { if (!vault) throw error; });      // a full device keeps nobody out
      if (!vault) return say('wrongPin');
      const account = vault.unlockJson(await app.storage.get('settings', 'account ' + vault.owner), 'account ' + vault.owner);
      this.resolve({ vault, account: account ?? { name: record.name } });
    };
    app.show(say('locked'), h('p', null, record.name), this.sheet([pin], say('unlock'), work),
      h('div', { class: 'row' }, h('button', { type: 'button', class: 'quiet', onclick: () => this.forgotten(record) }, say('forgotten')),
        h('button', { type: 'button', class: 'quiet', onclick: () => this.signIn() }, say('somebodyElse'))), app.languages(() => this.unlock(record)));
    pin.input.focus();
  }

  async forgotten(record, next = () => this.signIn(record), back = () => this.unlock(record)) {
    const { app, say } = this, drafts = (await app.storage.all('drafts')).filter(({ owner }) => owner === record.owner);
    app.show(say('forgotten'), h('p', null, say('forgottenText', drafts.length)), h('div', { class: 'row' },
      h('button', { type: 'button', onclick: back }, say('cancel')),
      h('button', { type: 'button', class: 'primary', onclick: next }, say('goOn'))));
  }

  /** Name and password; the server gives this device a token of its own, so that uploads work for weeks. `instead`: a vault whose PIN is forgotten. */
  signIn(instead) {
    const { app, say } = this;
    const name = line('name', say('name'), { autocomplete: 'username', autocapitalize: 'none', spellcheck: 'false', value: instead?.name ?? '' });
    const password = line('password', say('password'), { type: 'password', autocomplete: 'current-password' });
    app.show(say('signIn'), h('p', null, say('signInOnce')), this.sheet([name, password], say('signIn'), async () => {
      const { who, wrong } = await this.ask(name.input.value.trim(), password.input.value);
      return wrong ?? this.come(who, instead?.name === who.name ? instead : null);      // somebody else takes nobody's place
    }), app.warnings().map(warning => h('p', { class: 'hint' }, warning)), app.languages(() => this.signIn(instead)));
    name.input.focus();
  }

  async ask(name, password) {
    const { api } = this.app;
    try {
      api.token = '';
      const who = await api.post('/api/login', { name, password });
      return { who: { ...who, name } };
    } catch (error) { return { wrong: this.refusal(error) }; }
  }

  refusal(error) {
    const { say } = this;
    if (error.status === 401) return say('wrongPassword');
    if (error.status === 429) return say('tooOften', Math.ceil((error.wait || 30000) / 1000));
    return error.status ? error.message || say('problem-server') : say('offline');
  }

  /** Who may see how fieldwork goes comes to those screens first, unless the person interviews on this device already. */
  async come(who, instead) {
    const known = (await this.vaults()).find(record => record.name === who.name);
    if (known || instead || !who.rights?.includes('status')) return this.take(who, known, instead);
    location.hash = 'staff';
    return '';
  }

  /** The session goes, a token of this device's own comes. */
  async take(who, known, instead) {
    const { app } = this, { api } = app;
    let token;
    try {
      api.csrf = who.csrf;
      ({ token } = await api.post('/api/devices', { name: 'web form ' + app.device }));
      await api.post('/api/logout').catch(() => {});
    } catch (error) { return this.refusal(error); }
    const account = { name: who.name, role: who.role, organisation: who.organisation ?? '', token };
    return known && !instead ? this.renew(known, account) : this.choosePin(account, instead);
  }

  async session() {
    const who = await this.app.api.get('/api/session').catch(error => { if (error.status === 401) return null; throw error; });
    history.replaceState(null, '', location.pathname);
    if (!who) return this.first();
    const name = who.account;
    const wrong = await this.take({ ...who, name }, (await this.vaults()).find(record => record.name === name));
    if (wrong) throw Object.assign(new Error(wrong), { status: 403 });
    return undefined;
  }

  /** Somebody whose vault is here signed in again: the new token goes into it. */
  renew(record, account) {
    const { app, say } = this, pin = line('pin', say('pin'), { type: 'password', autocomplete: 'off' });
    app.show(say('locked'), h('p', null, record.name), this.sheet([pin], say('unlock'), async () => {
      const vault = Vault.open(app.sodium, record, pin.input.value);
      if (!vault) return say('wrongPin');
      return this.done(vault, account);
    }), h('button', { type: 'button', class: 'quiet', onclick: () => this.forgotten(record, () => this.choosePin(account, record), () => this.renew(record, account)) }, say('forgotten')));
    pin.input.focus();
  }

  choosePin(account, instead) {
    const { app, say } = this, secret = { type: 'password', autocomplete: 'new-password' };
    const pin = line('pin', say('pin'), secret), again = line('again', say('pinAgain'), secret);
    app.show(say('pinTitle'), h('p', null, say('pinText')), this.sheet([pin, again], say('goOn'), async () => {
      const typed = pin.input.value;
      if (!strong(typed)) return say('pinShort');
      if (typed !== again.input.value) return say('pinDiffer');
      const { vault, record } = Vault.create(app.sodium, account.name, typed);
      if (instead) await this.retire(instead, vault.owner);
      await this.keepVault(record);
      return this.done(vault, account);
    }));
    pin.input.focus();
  }

  /** What is finished belongs to the person, not to the PIN: the new vault sends it. Its drafts have no key any more. */
  async retire(old, owner) {
    const { storage } = this.app, queued = (await storage.all('queue')).filter(item => item.owner === old.owner);
    const vaults = (await this.vaults()).filter(record => record.owner !== old.owner);
    const drafts = (await storage.all('drafts')).filter(draft => draft.owner === old.owner);
    await storage.write(['queue', 'settings'], s => {
      for (const item of queued) s('queue').put({ ...item, owner });
      s('settings').put(vaults, VAULTS);
    });
    for (const draft of drafts) await storage.drop(draft.uuid);
  }

  async done(vault, account) {
    const key = 'account ' + vault.owner;
    await this.app.storage.put('settings', vault.lockJson(account, key), key);
    this.resolve({ vault, account });
  }
}

/** Long enough, and not what everybody tries first. */
export function strong(pin) {
  const letters = Array.from(pin);
  if (letters.length < 6) return false;
  const steps = new Set(letters.slice(1).map((letter, i) => letter.codePointAt(0) - letters[i].codePointAt(0)));
  return steps.size > 1 || Math.abs([...steps][0]) > 1;
}
