/* The screens of those who run a study: supervisors, researchers, administrators, analysts. They work with a connection and a session of the server's, not with what the device keeps;
 * what somebody may do is what the server says (`rights`), and a view that is not offered would be refused there as well. */
import { h } from '../dom.js';
import { line, sheet } from '../login.js';
import { learn } from '../strings.js';

/** Views in the order of the menu, each with the right that offers it. */
const VIEWS = [['fieldwork', 'status'], ['cases', 'cases-organisation'], ['links', 'links'], ['people', 'accounts'], ['data', 'export'], ['records', 'audit']];

export async function begin(app, { view }) {
  app.learn = tag => learn(tag, async language => (await import(`./${language}.js`)).default);
  await app.learn(app.language);
  app.speak(app.language);
  await style('staff/staff.css');
  await new Staff(app).open(view);
}

const style = href => new Promise((resolve, reject) => document.head.append(h('link', { rel: 'stylesheet', href, onload: resolve, onerror: reject })));

class Staff {
  constructor(app) { Object.assign(this, { app, api: app.api, state: '' }); }

  say(...of) { return this.app.say(...of); }
  when(ms) { return ms ? new Intl.DateTimeFormat(this.app.language, { dateStyle: 'medium', timeStyle: 'short' }).format(ms) : ''; }
  may(right) { return this.who.rights.includes(right); }
  title(form) { return this.app.title(this.project.forms.find(one => one.id === form && one.newest !== false)) || form; }
  /** Where people fill in interviews. */
  get address() { return new URL('./', location.href.split('#')[0]).href; }

  async open(view) {
    try {
      this.who = await this.api.get('/api/session');
    } catch (error) {
      if (error.status === 401) return this.signIn(view);
      throw error;
    }
    this.offered = VIEWS.filter(([, right]) => this.may(right)).map(([name]) => name);
    if (!this.offered.length) return this.signIn(view);      // a respondent came by a link in this browser
    this.api.csrf = this.who.csrf;
    this.project = await this.api.get('/api/project');
    return this.show(this.offered.includes(view) ? view : this.offered[0]);
  }

  signIn(view) {
    const { app } = this;
    const name = line('name', this.say('name'), { autocomplete: 'username', autocapitalize: 'none', spellcheck: 'false' });
    const password = line('password', this.say('password'), { type: 'password', autocomplete: 'current-password' });
    app.show(this.say('signIn'), h('p', null, this.say('staffText')), sheet([name, password], this.say('signIn'), async () => {
      try { await this.api.post('/api/login', { name: name.input.value.trim(), password: password.input.value }); } catch (error) {
        return error.status === 401 ? this.say('wrongPassword') : this.problem(error);
      }
      return this.open(view);
    }), app.languages(() => this.signIn(view)));
    name.input.focus();
  }

  problem(error) {
    if (error.status === 429) return this.say('tooOften', Math.ceil((error.wait || 30000) / 1000));
    if (!error.status) return this.say('offline');
    const key = 'http' + error.status, meant = this.say(key);      // the server speaks English: other languages say first what its number means
    return [meant !== key && meant, error.message].filter(Boolean).join(' ') || this.say('problem-server');
  }

  /** One view, fresh from the server. `said`: what has just been done. */
  async show(name, said = '') {
    const { app } = this;
    history.replaceState(null, '', '#staff=' + name);
    app.speak(app.language);
    const status = h('p', { class: 'notice', role: 'status', hidden: !said }, said), content = h('div', { class: 'stack', 'aria-busy': 'true' }, h('p', { class: 'hint' }, this.say('wait')));
    const who = [this.project.study, this.who.account, this.say('role-' + this.who.role), this.who.organisation].filter(Boolean).join(' · ');
    app.show(this.say(name), h('div', { class: 'row' }, h('span', null, who), h('button', { type: 'button', class: 'quiet', onclick: () => this.signOut() }, this.say('signOut')), app.languages(() => this.show(name))),
      h('nav', { class: 'row', 'aria-label': this.say('views') }, this.offered.map(view => h('button', { type: 'button', class: view === name ? null : 'quiet', 'aria-current': view === name && 'page', onclick: () => this.show(view) }, this.say(view)))),
      status, content, this.may('submit') && this.may('devices') ? h('p', null, h('a', { href: '#here' }, this.say('toInterviews'))) : '');
    document.title = `${this.say(name)} – ${this.project.study}`;
    try {
      const { view } = await import(`./${name}.js`);
      content.replaceChildren(...(await view(this)).flat().filter(Boolean));
    } catch (error) {
      if (error.status === 401) return this.signIn(name);
      console.error(error);
      content.replaceChildren(h('p', { class: 'error', role: 'alert' }, this.problem(error)), h('button', { type: 'button', onclick: () => this.show(name) }, this.say('again')));
    } finally { content.removeAttribute('aria-busy'); }
    return undefined;
  }

  /** Does what a button says, then shows the view again; what the server refuses is said. */
  act(name, work, said = this.say('done')) {
    return async () => {
      try { if (await work() === false) return; } catch (error) { return this.show(name, this.problem(error)); }
      await this.show(name, said);
    };
  }

  async signOut() {
    await this.api.post('/api/logout').catch(() => {});
    location.hash = '';
  }
}
