/* A battery of rows with the same choices: a table with radio buttons where there is room, one question under the other where there is not. */
import { h, attributes, place, setText, words, newId } from './dom.js';
import { question } from './question.js';

const ROOM = matchMedia('(min-width: 46rem)');

export function grid(view, ctx) {
  const title = h('h2', { class: 'label', tabindex: -1 }), node = h('div', { class: 'item grid' });
  let body = null, wide = null, current = view;
  const me = {
    node, view,
    update(next) {
      me.view = current = next;
      if (title.textContent !== (next.label || next.id)) title.replaceChildren(words(next.label || next.id));
      const table = ROOM.matches && next.rows.every(row => row.type === 'single' || row.type === 'multiple') && !next.rows.some(row => row.many || row.other) && next.rows[0]?.choices.length <= 8;
      if (wide !== table) { wide = table; body = (table ? asTable : asQuestions)(ctx, next); node.replaceChildren(title, ...helps(next, ctx), body.node); }
      body.update(next);
    },
    focus() { title.focus(); },
    commit: () => Promise.all((body.frames?.() ?? []).map(frame => frame.commit?.())),
    input: () => node.querySelector('input,select,textarea'),
    get codes() { return current.rows[0]?.choices; },
    pick: code => body.pick(code),
  };
  ROOM.addEventListener('change', () => node.isConnected && me.update(current));
  me.update(view);
  return me;
}

function helps(view, ctx) {
  return [view.hint && words(view.hint, 'p', { class: 'hint' }),
    view.instruction && !ctx.self && h('p', { class: 'instruction' }, h('b', null, ctx.say('interviewer')), ' ', words(view.instruction))].filter(Boolean);
}

function asQuestions(ctx) {
  const node = h('div'), made = new Map();
  const of = row => { const key = ctx.key(row); if (!made.has(key)) made.set(key, question(row, ctx, 'h3')); return made.get(key); };
  let rows = [];
  return {
    node,
    frames: () => rows.map(of),
    pick(code) { of(here(rows, row => of(row).node)).pick(code); },
    update(next) {
      rows = next.rows.map(row => filled(row, next));
      place(node, rows.map(row => { of(row).update(row); return of(row).node; }));
    },
  };
}

/** The row that has the focus, else the first without an answer. */
const here = (rows, nodeOf) => rows.find(row => nodeOf(row).contains(document.activeElement)) ?? rows.find(row => row.value == null && !row.missing) ?? rows[0];

/** The choices stand in the first row only when all rows share them. */
const filled = (row, grid) => row.choices ? row : { ...row, choices: grid.rows[0].choices };

function asTable(ctx, view) {
  const choices = view.rows[0]?.choices ?? [], made = new Map();
  const ways = [['dont-know', 'can_dont_know', ctx.self ? 'selfDontKnow' : 'dontKnow'], ['refused', 'can_refuse', ctx.self ? 'selfRefused' : 'refused']]
    .filter(([code, may]) => view.rows.some(row => row[may]) && !choices.some(choice => choice.missing === code));
  const body = h('tbody');
  let rows = view.rows;
  const node = h('table', null, h('caption', { class: 'hidden' }, view.label || view.id),
    h('thead', null, h('tr', null, h('td'), choices.map(choice => words(choice.label || choice.code, 'th', { scope: 'col' })), ways.map(([, , key]) => h('th', { scope: 'col', class: 'way' }, ctx.say(key))))), body);
  return {
    node,
    pick(code) { made.get(ctx.key(here(rows, row => made.get(ctx.key(row)).node))).pick(code); },
    update(next) {
      rows = next.rows;
      place(body, next.rows.map(row => {
        const key = ctx.key(row);
        if (!made.has(key)) made.set(key, tableRow(row, choices, ways, ctx));
        made.get(key).update(filled(row, next));
        return made.get(key).node;
      }));
    },
  };
}

function tableRow(view, choices, ways, ctx) {
  const id = newId(), many = view.type === 'multiple', inputs = new Map(), error = h('p', { class: 'error', role: 'alert', id: id + 'e' });
  const head = h('th', { scope: 'row', id }, h('span', { class: 'label' }, words(view.label || view.id)), h('span', { class: 'needed' }), error);
  let current = view;
  const cell = (name, label, onchange, type) => {
    const input = h('input', { type, name: id, 'aria-label': `${view.label}: ${label}`, 'aria-describedby': id + 'e', onchange });
    inputs.set(name, input);
    return h('td', null, h('label', { class: 'cell' }, input));
  };
  function changed(choice) {
    const alone = one => one.exclusive || one.missing;
    let codes = choices.filter(one => inputs.get(one.code).checked);
    if (many && inputs.get(choice.code).checked) codes = alone(choice) ? [choice] : codes.filter(one => !alone(one));
    return codes.length ? ctx.answer(current, codes.map(one => one.code).join(' ')) : ctx.clear(current);
  }
  const node = h('tr', null, head, choices.map(choice => cell(choice.code, choice.label, () => changed(choice), many ? 'checkbox' : 'radio')),
    ways.map(([code, , key]) => cell('?' + code, ctx.say(key), () => ctx.missing(current, code), many ? 'checkbox' : 'radio')));
  return {
    node,
    pick(code) { const input = inputs.get(code); input?.focus(); input?.click(); },
    update(row) {
      current = row;
      const pending = ctx.pending.get(ctx.key(row)), wrong = pending ?? ctx.problem(row);
      setText(error, wrong?.message ?? '');
      setText(head.children[1], row.required ? ' ' + ctx.say('required') : '');
      node.classList.toggle('wrong', !!wrong);
      const codes = (pending?.text ?? row.value ?? '').split(' ');
      for (const choice of choices) inputs.get(choice.code).checked = codes.includes(choice.code) || (!!choice.missing && row.missing === choice.missing);
      for (const [code] of ways) inputs.get('?' + code).checked = row.missing === code;
      for (const [, input] of inputs) attributes(input, { disabled: row.readonly, 'aria-invalid': wrong ? 'true' : null });
    },
  };
}
