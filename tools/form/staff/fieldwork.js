/* How far fieldwork is: interviews by questionnaire and interviewer, and what somebody should look at. Analysts see the counts without names. */
import { h } from '../dom.js';
import { address } from './address.js';
import { table } from './table.js';

const sum = (rows, key) => rows.reduce((total, row) => total + row[key], 0);

export async function view(staff) {
  const say = (...of) => staff.say(...of), status = await staff.api.get('/api/status'), rows = staff.may('interviews') ? await staff.api.get('/api/fieldwork') : (status.forms ?? []).map(one => ({ ...one, interviewer: '', organisation: '', open: one.open + one.suspended }));
  rows.sort((a, b) => a.form.localeCompare(b.form) || a.interviewer.localeCompare(b.interviewer));
  const named = rows.some(row => row.interviewer), organised = rows.some(row => row.organisation), number = key => [say(key === 'endedEarly' ? 'early' : key), row => String(row[key]), 'number'];
  const some = sum(rows, 'complete') + sum(rows, 'endedEarly') + sum(rows, 'open') > 0;
  return [figures(staff, rows),
    table(staff, say('fieldwork'), [[say('form'), row => staff.title(row.form)], ...(named ? [[say('whose'), row => row.interviewer]] : []), ...(organised ? [[say('organisation'), row => row.organisation]] : []),
      number('complete'), number('endedEarly'), ...(rows.some(row => outcomes(row)) ? [[say('outcomes'), row => h('bdi', null, outcomes(row))]] : []), number('open'), [say('last'), row => staff.when(row.last)]], some ? rows : [], say('noInterviews')),
    !some && staff.may('links') && await firstSteps(staff), attention(staff, status.attention), await aside(staff),
    staff.may('interviews') && h('p', null, h('a', { href: '/status' }, say('plainPage')))].flat();
}

/** How interviews ended early, as the questionnaire calls it: the most frequent first. */
const outcomes = row => Object.entries(row.outcomes ?? {}).sort(([, a], [, b]) => b - a).map(([name, n]) => `${name} ${n}`).join(', ');

/** What could not be taken in, with its reason as the server says it. */
async function aside(staff) {
  const rows = staff.may('interviews') ? await staff.api.get('/api/kept') : [], { say } = staff.app;
  return rows.length > 0 && h('section', { class: 'stack' }, h('h2', null, say('keptAside')), h('p', { class: 'hint' }, say('keptText')), table(staff, say('keptAside'),
    [[say('form'), row => (row.form ? `${staff.title(row.form)} ${row.version}` : '–')], [say('whose'), row => h('bdi', null, row.interviewer)], [say('when'), row => staff.when(row.received)],
      [say('keptReason'), row => h('bdi', { lang: 'en' }, row.reason || '–')], [say('keptNumber'), row => String(row.number), 'number']], rows, ''));
}

/** What was reached, in three large numbers. */
function figures(staff, rows) {
  return h('dl', { class: 'figures' }, ['complete', 'endedEarly', 'open'].map(key => h('div', null, h('dt', null, staff.say(key === 'endedEarly' ? 'early' : key)), h('dd', null, new Intl.NumberFormat(staff.app.language).format(sum(rows, key))))));
}

async function firstSteps(staff) {
  return h('section', { class: 'stack' }, h('h2', null, staff.say('firstSteps')),
    h('ol', { class: 'steps' }, staff.may('accounts') && h('li', null, h('button', { type: 'button', onclick: () => staff.show('people') }, staff.say('stepPeople'))),
      h('li', null, h('p', null, staff.say('stepDevices')), await address(staff, staff.address)),
      h('li', null, h('button', { type: 'button', onclick: () => staff.show('links') }, staff.say('stepLinks')))));
}

function attention(staff, counts) {
  if (!counts) return null;
  const names = { keptAside: 'keptAside', sealed: 'sealed', conflicts: 'conflicts', cases: 'doubles', uploads: 'uploads' };
  const lines = Object.entries(names).filter(([key]) => counts[key] > 0);
  return lines.length > 0 && h('section', { class: 'stack' }, h('h2', null, staff.say('attention')), h('ul', null, lines.map(([key, name]) => h('li', null, `${staff.say(name)}: ${counts[key]}`))), h('p', { class: 'hint' }, staff.say('atServer')));
}
