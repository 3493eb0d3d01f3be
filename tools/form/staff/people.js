/* Who works on the study: new people, their roles, devices, forgotten passwords, and who may not come in any more. */
import { h, newId } from '../dom.js';
import { ask } from '../dialog.js';
import { line, sheet } from '../login.js';
import { choice, table } from './table.js';

const ROLES = ['interviewer', 'supervisor', 'analyst', 'researcher', 'administrator'];

export async function view(staff) {
  const say = (...of) => staff.say(...of), rows = (await staff.api.get('/api/accounts')).sort((a, b) => a.disabled - b.disabled || a.name.localeCompare(b.name));
  const buttons = row => h('div', { class: 'row' }, h('button', { type: 'button', onclick: () => change(staff, row) }, say('change')), h('button', { type: 'button', onclick: () => devices(staff, row) }, say('itsDevices')),
    h('button', { type: 'button', onclick: () => password(staff, row) }, say('newPassword')), row.name === staff.who.account ? ''
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

/** Another role, another organisation. The server keeps the last administrator. */
async function change(staff, row) {
  const { say } = staff.app, role = choice(say('role'), ROLES.map(one => [one, say('role-' + one)])), organisation = line(newId(), say('organisation'), { autocomplete: 'off', required: false, value: row.organisation });
  role.input.value = row.role;
  const does = await ask(`${say('change')}: ${row.name}`, [h('p', null, say('changeText')), role.nodes, organisation.nodes], [['cancel', say('cancel')], ['change', say('change'), 'primary']]);
  if (does === 'change') await staff.act('people', () => staff.api.post(`/api/accounts/${row.id}/change`, { role: role.input.value, organisation: organisation.input.value.trim() }))();
}

/** What comes in as this person without a password: a lost tablet is shut out here, the others stay. */
async function devices(staff, row) {
  const { say } = staff.app, path = `/api/accounts/${row.id}/devices`;
  let rows;
  try { rows = await staff.api.get(path); } catch (error) { return staff.show('people', staff.problem(error)); }
  const live = rows.filter(one => !one.closed && !(one.expires && one.expires < Date.now()));
  const shut = one => async () => {
    document.querySelector('dialog[open] .row.end button')?.click();
    await staff.act('people', () => staff.api.post(`${path}/${one.id}/close`), say('deviceShut', one.device || say('device')))();
  };
  const entry = one => h('li', { class: 'row' }, h('span', null, h('bdi', null, one.device || say('device')), ` · ${one.kind === 'odk' ? 'ODK · ' : ''}${staff.when(one.created)}`),
    h('button', { type: 'button', class: 'danger', onclick: shut(one) }, say('disable')));
  await ask(`${say('itsDevices')}: ${row.name}`, live.length ? [h('p', null, say('devicesText')), h('ul', { class: 'stack' }, live.map(entry))] : h('p', null, say('noDevices')), [['close', say('close')]]);
  return undefined;
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
