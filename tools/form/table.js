/* A roster as a table: a row for each entry, a column for each question, answered in place. */
import { h, attributes, newId, place, said, setText, words } from './dom.js';
import { same } from './same.js';
import { entryName } from './roster.js';
import { control } from './controls/index.js';

const ROWS = 50;        // drawn at once: a table of hundreds of rows would take longer to paint than anybody types
const IN_PLACE = new Set(['text', 'integer', 'decimal', 'year', 'key', 'barcode']);

export function table(view, ctx, roster) {
  const head = h('thead'), body = h('tbody'), rows = new Map();
  const scroll = h('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': view.label || view.id }, h('table', { class: 'sheet' }, head, body));
  const turn = (by, key, sign) => h('button', { type: 'button', 'aria-label': ctx.say(key), onclick: () => leaf(by) }, sign);
  const back = turn(-ROWS, 'rowsBefore', '▲'), on = turn(ROWS, 'rowsAfter', '▼'), which = h('span', { role: 'status' }), turns = h('div', { class: 'row' }, back, which, on);
  let first = 0, count = 0, at = null;

  /** To other rows, when nothing on these is to be put right. */
  async function leaf(by) {
    await ctx.commit();
    if (ctx.pending.size) return;
    first += by;
    await ctx.draw();
    scroll.scrollIntoView({ block: 'nearest' });
  }

  /** The rows that are drawn: those of the place that was gone to, of an entry that was added, else the same as before. */
  function drawnOf(entries) {
    const wanted = ctx.at !== at ? entries.findIndex(({ entry }) => entry === ctx.at?.entry) : count && entries.length > count ? entries.length - 1 : -1;
    if (wanted >= 0) first = wanted - wanted % ROWS;
    [count, at] = [entries.length, ctx.at];
    first = Math.max(0, Math.min(first, count - 1 - (count - 1) % ROWS));
    turns.hidden = count <= ROWS;
    attributes(back, { disabled: first === 0 });
    attributes(on, { disabled: first + ROWS >= count });
    setText(which, ctx.say('of', `${first + 1}–${Math.min(first + ROWS, count)}`, String(count)));
    return entries.slice(first, first + ROWS);
  }

  return {
    node: h('div', null, scroll, turns),
    commit: () => Promise.all([...rows.values()].map(row => row.commit())),
    update(next) {
      const { columns, entries } = next.roster, now = JSON.stringify(columns) + ctx.language;
      if (head.drawn !== now) {
        head.drawn = now;
        head.replaceChildren(h('tr', null, h('th', { scope: 'col' }, words(next.label || next.id)), columns.map(column => words(column.label || column.id, 'th', { scope: 'col' })), h('td')));
      }
      place(body, drawnOf(entries).map(entry => {
        if (!rows.has(entry.entry)) rows.set(entry.entry, tableRow(entry, ctx, roster));
        const row = rows.get(entry.entry);
        row.update(entry, columns);
        return row.node;
      }));
      if (rows.size > entries.length) { const here = new Set(entries.map(({ entry }) => entry)); for (const key of rows.keys()) if (!here.has(key)) rows.delete(key); }
    },
  };
}

function tableRow(entry, ctx, roster) {
  const name = h('th', { scope: 'row' }), cells = new Map();
  const last = h('td', { class: 'ends' },
    h('button', { type: 'button', class: 'quiet', 'aria-label': `${ctx.say('open')}: ${entryName(entry)}`, onclick: async () => { await ctx.commit(); ctx.enter(roster.view, entry.entry); } }, ctx.say('open')),
    entry.removable ? h('button', { type: 'button', class: 'quiet', 'aria-label': ctx.say('takeOut', entryName(entry)), onclick: () => roster.remove(entry) }, '×') : '');
  const node = h('tr', null, name, last);
  let drawn = null, language = null;
  return {
    node,
    commit: () => Promise.all([...cells.values()].map(cell => cell.commit?.())),
    update(next, columns) {
      if (!ctx.pending.size && language === ctx.language && same(drawn, next)) return;
      drawn = ctx.pending.size ? null : next;
      language = ctx.language;
      setText(name, entryName(next));
      place(node, [name, ...columns.map((column, i) => {
        const view = next.cells[i], key = column.id; // null: not asked in this entry
        if (!cells.has(key)) cells.set(key, tableCell(column, ctx, name));
        cells.get(key).update(view);
        return cells.get(key).node;
      }), last]);
    },
  };
}

/** A cell that answers in place where one field or one list does; else what was answered. Made again when its question appears or goes. */
function tableCell(column, ctx, name) {
  const error = h('p', { class: 'error', role: 'alert', id: newId() }), node = h('td');
  let inner = null, drawn = null;
  return {
    node,
    commit: () => inner?.commit?.(),
    update(view) {
      const pending = view && ctx.pending.get(ctx.key(view)), wrong = pending ?? (view && ctx.problem(view));
      const now = JSON.stringify(view) + JSON.stringify(wrong);
      if (drawn === now) return;
      drawn = now;
      const kind = !view ? 'none' : view.many || view.readonly ? 'shown' : view.type === 'single' || view.type === 'boolean' ? 'list' : IN_PLACE.has(view.type) ? 'line' : 'shown';
      if (inner?.is !== kind) { inner = make(kind, view, ctx); node.replaceChildren(inner.node, error); }
      setText(error, wrong?.message ?? '');
      if (inner.input) attributes(inner.input, { 'aria-label': `${column.label || column.id}: ${name.textContent}`, 'aria-invalid': wrong ? 'true' : null, 'aria-describedby': error.id });
      inner.update(view, pending);
    },
  };
}

function make(kind, view, ctx) {
  if (kind === 'line') return { is: kind, ...control(view, ctx, newId()) };
  const node = h('div', { class: 'shown' });
  if (kind === 'none') return { is: kind, node: h('span', { class: 'hint' }, '–'), update() {} };
  if (kind === 'shown') return { is: kind, node, update: next => node.replaceChildren(said(next.shown ?? '')) };
  let current = view;
  const list = h('select', { onchange: () => list.value ? ctx.answer(current, list.value) : ctx.clear(current) });
  return { is: kind, node: list, input: list, update(next, pending) {
    current = next;
    const now = JSON.stringify(next.choices);
    if (list.drawn !== now) { list.drawn = now; list.replaceChildren(h('option', { value: '' }), ...next.choices.map(choice => h('option', { value: choice.code }, choice.label || choice.code))); }
    list.value = pending?.text ?? next.value ?? next.choices.find(choice => choice.missing && choice.missing === next.missing)?.code ?? '';
  } };
}
