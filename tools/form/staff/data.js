/* Answers as tables, for who may have them: the server leaves out what somebody may not see, and records who took what. */
import { h } from '../dom.js';
import { table } from './table.js';

export async function view(staff) {
  const say = (...of) => staff.say(...of), forms = staff.project.forms.filter(form => form.newest !== false);
  const sensitive = staff.may('export-sensitive') && h('input', { type: 'checkbox' });
  const given = (address, download, label) => h('button', { type: 'button', onclick: () => h('a', { href: address(), download }).click() }, label);
  const from = (address, name, label) => given(() => `${address}.csv${sensitive && sensitive.checked ? '?sensitive=1' : ''}`, name + '.csv', label);
  const take = (form, roster) => from(`/api/export/${[form.id, ...roster ? [roster] : []].map(encodeURIComponent).join('/')}`, roster ? `${form.id}_${roster}` : form.id,
    roster ? `${say('download')}: ${roster}` : say('download'));
  const events = form => from(`/api/events/${encodeURIComponent(form.id)}`, `${form.id}_events`, `${say('download')}: ${say('events')}`);
  const codebook = form => given(() => `/api/codebook/${encodeURIComponent(form.id)}.json`, form.id + '_codebook.json', `${say('download')}: ${say('codebook')}`);
  const all = form => h('div', { class: 'row downloads' }, take(form), (form.rosters ?? []).map(roster => take(form, roster)), events(form), codebook(form));
  return [h('p', null, say('dataText')), sensitive && h('label', { class: 'choice' }, sensitive, h('span', { class: 'choice-text' }, say('sensitive'))),
    ...table(staff, say('data'), [[say('form'), form => staff.app.title(form)], [say('actions'), all]], forms, say('noForms'))];
}
