/* The list of cases: whose each is, how far it is; to whom it goes, and back for correction. */
import { h, newId, said } from '../dom.js';
import { ask } from '../dialog.js';
import { line, sheet } from '../login.js';
import { choice, table } from './table.js';

export async function view(staff) {
  const say = (...of) => staff.say(...of), rows = await staff.api.get('/api/cases');
  const names = [...new Set(rows.map(row => row.assigned).filter(Boolean))].sort(), organised = rows.some(row => row.organisation), several = new Set(rows.map(row => row.form)).size > 1;
  const state = row => [say('case-' + row.state), row.disposition && row.disposition !== 'complete' && row.disposition, row.comment && `“${row.comment}”`].filter(Boolean).join(' · ');
  return [staff.may('deploy') && list(staff, !rows.length), ...table(staff, say('cases'), [[say('case'), row => named(row)], ...(several ? [[say('form'), row => staff.title(row.form)]] : []), [say('state'), state], [say('assigned'), row => row.assigned], ...(organised ? [[say('organisation'), row => row.organisation]] : []),
    [say('actions'), row => h('div', { class: 'row' }, h('button', { type: 'button', onclick: () => assign(staff, row, names) }, say('assign')),
      row.state === 'complete' ? h('button', { type: 'button', onclick: () => giveBack(staff, row) }, say('giveBack')) : '')]], rows, say('noCases'))];
}

/** A list comes as a file: all of it is taken, or its problems are said with their lines. */
function list(staff, open) {
  const say = (...of) => staff.say(...of), forms = staff.project.forms.filter(form => form.newest !== false);
  const form = choice(say('form'), forms.map(one => [one.id, staff.app.title(one)])), file = line(newId(), say('listFile'), { type: 'file', accept: '.csv,text/csv' });
  return h('details', { open }, h('summary', null, say('list')), h('p', { class: 'hint' }, say('listText')), sheet([form, file], say('takeList'), async () => {
    const body = file.input.files[0];
    if (!body) return say('listFile');
    try {
      const { body: { cases } } = await staff.api.request('POST', `/api/cases?form=${encodeURIComponent(form.input.value)}`, { body, patience: 120000 });
      return staff.show('cases', say('listTaken', cases));
    } catch (error) { return staff.problem(error); }
  }));
}

/** The case with how its people are reached. */
function named(row) {
  const contacts = Object.entries(row.contacts ?? {});
  return contacts.length ? h('details', null, h('summary', null, said(row.case)), contacts.map(([name, value]) => h('p', { class: 'hint' }, said(`${name}: ${value}`)))) : said(row.case);
}

const path = (row, what) => `/api/cases/${encodeURIComponent(row.form)}/${encodeURIComponent(row.case)}/${what}`;

async function assign(staff, row, names) {
  const list = newId(), text = h('input', { id: newId(), class: 'text', list, value: row.assigned, autocomplete: 'off', autocapitalize: 'none' });
  const does = await ask(`${staff.say('assign')}: ${row.case}`, [h('label', { for: text.id }, staff.say('assignText')), text, h('datalist', { id: list }, names.map(name => h('option', { value: name })))],
    [['cancel', staff.say('cancel')], ['assign', staff.say('assign'), 'primary']]);
  if (does === 'assign') await staff.act('cases', () => staff.api.post(path(row, 'assign'), { assigned: text.value.trim() }))();
}

async function giveBack(staff, row) {
  const text = h('textarea', { id: newId(), rows: 3 });
  const does = await ask(`${staff.say('giveBack')}: ${row.case}`, [h('label', { for: text.id }, staff.say('why')), text], [['cancel', staff.say('cancel')], ['return', staff.say('giveBack'), 'primary']]);
  if (does === 'return') await staff.act('cases', () => staff.api.post(path(row, 'return'), { comment: text.value.trim() }))();
}
