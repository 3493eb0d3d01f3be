/* Who did what: the log of the study, the newest first. */
import { h } from '../dom.js';
import { table } from './table.js';

const PAGE = 10000, KEPT = 2000;

export async function view(staff) {
  const say = (...of) => staff.say(...of);
  let rows = [], after = 0;
  for (let page; (page = await staff.api.get(`/api/audit?after=${after}&limit=${PAGE}`)).length;) {
    rows = [...rows, ...page].slice(-KEPT);
    after = page.at(-1).sequence;
    if (page.length < PAGE) break;
  }
  return [h('p', { class: 'hint' }, say('recordsText')),
    ...table(staff, say('records'), [[say('when'), row => staff.when(row.utc)], [say('who'), row => row.actor], [say('what'), row => row.action], [say('object'), row => row.object], [say('detail'), row => row.detail]], rows.reverse(), '')];
}
