/* The first administrator of a study, by the link that the server prints when nobody has an account yet. */
import { h } from './dom.js';
import { line, sheet } from './login.js';

export function begin(app, code) {
  const say = (...of) => app.say(...of), secret = { type: 'password', autocomplete: 'new-password', minlength: 12 };
  const name = line('name', say('name'), { autocomplete: 'username', autocapitalize: 'none', spellcheck: 'false' }), password = line('password', say('password'), secret);
  const work = async () => {
    try {
      await app.api.post('/api/setup', { code, name: name.input.value.trim(), password: password.input.value });
    } catch (error) { return error.message || say(error.status ? 'badLink' : 'offline'); }
    location.replace('#staff');      // with the session that the server has just begun
  };
  app.show(say('setupTitle'), h('p', null, say('setupText')), sheet([name, password], say('goOn'), work), app.languages(() => begin(app, code)));
  name.input.focus();
}
