/* A table with a search that looks at every cell, for lists of any length: the first rows are drawn, the search finds the others. */
import { h, newId } from '../dom.js';

const SHOWN = 200, SEARCHED = 12;

/**
 * @param staff for the sentences
 * @param label what the table is, for who does not see it
 * @param columns [[heading, row => text or node, class?], ...]
 * @param rows   objects
 * @param none   what is said when there are none
 */
export function table(staff, label, columns, rows, none) {
  if (!rows.length) return [h('p', null, none)];
  const body = h('tbody'), more = h('p', { class: 'hint', role: 'status' }), find = h('input', { id: newId(), class: 'text', type: 'search', autocomplete: 'off', oninput: () => draw() });
  const texts = new Map(), text = row => {
    if (!texts.has(row)) texts.set(row, columns.map(([, cell]) => { const made = cell(row); return made?.textContent ?? made ?? ''; }).join('\n').toLowerCase());
    return texts.get(row);
  };
  function draw() {
    const wanted = find.value.trim().toLowerCase(), fits = wanted ? rows.filter(row => text(row).includes(wanted)) : rows;
    body.replaceChildren(...fits.slice(0, SHOWN).map(row => h('tr', null, columns.map(([, cell, look], i) => h(i ? 'td' : 'th', { class: look, scope: i ? null : 'row' }, cell(row) ?? '')))));
    more.textContent = fits.length > SHOWN || wanted ? staff.say('shown', Math.min(SHOWN, fits.length), rows.length) : '';
  }
  draw();
  return [rows.length > SEARCHED && h('div', { class: 'field' }, h('label', { for: find.id }, staff.say('search')), find),
    h('div', { class: 'wide', role: 'region', 'aria-label': label, tabindex: 0 }, h('table', { class: 'list' }, h('thead', null, h('tr', null, columns.map(([heading, , look]) => h('th', { scope: 'col', class: look }, heading)))), body)), more].filter(Boolean);
}

/** A list to choose from, with its label. */
export function choice(label, options, props = {}) {
  const select = h('select', { id: newId(), ...props }, options.map(([value, text]) => h('option', { value }, text)));
  return { input: select, nodes: h('div', { class: 'field' }, h('label', { for: select.id }, label), select) };
}
