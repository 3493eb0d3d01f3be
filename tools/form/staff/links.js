/* Links for people who answer alone, and the address for the devices of interviewers. */
import { h } from '../dom.js';
import { line, sheet } from '../login.js';
import { address } from './address.js';
import { choice, table } from './table.js';

export async function view(staff) {
  const say = (...of) => staff.say(...of), rows = (await staff.api.get('/api/links')).filter(row => row.form).sort((a, b) => b.created - a.created), organised = rows.some(row => row.organisation);
  const close = row => row.closed ? say('closed') : h('button', { type: 'button', onclick: staff.act('links', () => staff.api.post(`/api/links/${row.id}/close`)) }, say('closeLink'));
  return [make(staff), table(staff, say('links'), [[say('form'), row => staff.title(row.form)], [say('kind'), row => row.kind === 'public' ? say('public') : say('personal')], [say('case'), row => row.case],
    ...(organised ? [[say('organisation'), row => row.organisation]] : []), [say('uses'), row => String(row.uses), 'number'], [say('made'), row => staff.when(row.created)], [say('actions'), close]], rows, say('noLinks')),
  h('section', { class: 'stack' }, h('h2', null, say('devices')), h('p', null, say('stepDevices')), await address(staff, staff.address))].flat();
}

function make(staff) {
  const say = (...of) => staff.say(...of), forms = staff.project.forms.filter(form => form.newest !== false);
  const form = choice(say('form'), forms.map(one => [one.id, staff.app.title(one)])), kind = choice(say('kind'), ['public', 'personal'].map(name => [name, say(name)]), { onchange: () => { one.nodes.hidden = kind.input.value === 'public'; } });
  const one = line('case', say('case'), { autocomplete: 'off', required: false }), result = h('div', { role: 'status' });
  one.nodes.hidden = true;
  return h('section', { class: 'stack' }, h('h2', null, say('newLink')), sheet([form, kind, one], say('makeLink'), async () => {
    try {
      const made = await staff.api.post('/api/links', { kind: kind.input.value, form: form.input.value, case: kind.input.value === 'personal' ? one.input.value.trim() : '' });
      result.replaceChildren(h('p', null, say('linkOnce')), await address(staff, made.url), h('button', { type: 'button', class: 'quiet', onclick: () => print() }, say('print')));
    } catch (error) { return staff.problem(error); }
    return '';
  }), result);
}
