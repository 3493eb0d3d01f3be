/* Who works on the study: new people, their roles, forgotten passwords, and who may not come in any more. */
import { h, newId } from '../dom.js';
import { ask } from '../dialog.js';
import { line, sheet } from '../login.js';
import { choice, table } from './table.js';

const ROLES = ['interviewer', 'supervisor', 'analyst', 'researcher', 'administrator'];

export async function view(staff) {
  const say = (...of) => staff.say(...of), rows = (await staff.api.get('/api/accounts')).sort((a, b) => a.disabled - b.disabled || a.name.localeCompare(b.name));
  const buttons = row => h('div', { class: 'row' }, h('button', { type: 'button', onclick: () => password(staff, row) }, say('newPassword')), row.name === staff.who.account ? ''
    : row.disabled ? h('button', { type: 'button', onclick: staff.act('people', () => staff.api.post(`/api/accounts/${row.id}/enable`)) }, say('enable'))
      : h('button', { type: 'button', onclick: () => disable(staff, row) }, say('disable')));
  return [make(staff), table(staff, say('people'), [[say('name'), row => h('bdi', null, row.name)], [say('role'), row => say('role-' + row.role) + (row.disabled ? ` (${say('disabled')})` : '')], [say('organisation'), row => row.organisation],
    [say('made'), row => staff.when(row.created)], [say('actions'), buttons]], rows, '')].flat();
}

function make(staff) {
  const say = (...of) => staff.say(...of), name = line('name', say('name'), { autocomplete: 'off', autocapitalize: 'none', spellcheck: 'false' }), role = choice(say('role'), ROLES.map(one => [one, say('role-' + one)]));
  const organisation = line('organisation', say('organisation'), { autocomplete: 'off', required: false }), secret = line('password', say('password'), { type: 'password', autocomplete: 'new-password', minlength: 12 });
  return h('section', { class: 'stack' }, h('h2', null, say('newPerson')), h('p', { class: 'hint' }, say('passwordText')), sheet([name, role, organisation, secret], say('addPerson'), async () => {
    try {
      await staff.api.post('/api/accounts', { name: name.input.value.trim(), role: role.input.value, organisation: organisation.input.value.trim(), password: secret.input.value });
    } catch (error) { return staff.problem(error); }
    return staff.show('people', say('done'));
  }));
}

async function password(staff, row) {
  const text = h('input', { id: newId(), class: 'text', type: 'password', autocomplete: 'new-password' });
  const does = await ask(`${staff.say('newPassword')}: ${row.name}`, [h('label', { for: text.id }, staff.say('passwordText')), text], [['cancel', staff.say('cancel')], ['set', staff.say('newPassword'), 'primary']]);
  if (does === 'set') await staff.act('people', () => staff.api.post(`/api/accounts/${row.id}/password`, { password: text.value }), staff.say('passwordChanged', row.name))();
}

async function disable(staff, row) {
  const does = await ask(`${staff.say('disable')}: ${row.name}`, [h('p', null, staff.say('disableText', row.name))], [['cancel', staff.say('cancel')], ['disable', staff.say('disable'), 'danger']]);
  if (does === 'disable') await staff.act('people', () => staff.api.post(`/api/accounts/${row.id}/disable`))();
}
