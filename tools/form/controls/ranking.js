/* An order of choices: tapping one puts it behind those ranked before; buttons move it up, down and out. No dragging needed. */
import { h, words } from '../dom.js';

export function ranking(view, ctx) {
  const node = h('div', { class: 'ranking' });
  let drawn = null;
  return {
    node,
    update(next, pending) {
      const codes = ((pending ? pending.text : next.value) ?? '').split(' ').filter(Boolean);
      const now = JSON.stringify([codes, next.choices, next.readonly, ctx.language]);
      if (drawn === now) return;
      drawn = now;
      const label = code => next.choices.find(choice => choice.code === code)?.label || code;
      const focused = document.activeElement?.dataset?.move;
      const set = (order, focus) => { wanted = focus; return order.length ? ctx.answer(next, order.join(' ')) : ctx.clear(next); };
      const button = (code, sign, key, off, order) => h('button', { type: 'button', class: 'quiet small', 'data-move': code + key, disabled: off || next.readonly,
        'aria-label': ctx.say(key, label(code)), onclick: () => set(order(), code + key) }, sign);
      const swap = (i, j) => () => { const order = [...codes]; [order[i], order[j]] = [order[j], order[i]]; return order; };
      const ranked = h('ol', { class: 'ranked' }, codes.map((code, i) => h('li', null, h('span', { class: 'choice-text' }, words(label(code))),
        button(code, '↑', 'up', i === 0, swap(i, i - 1)), button(code, '↓', 'down', i === codes.length - 1, swap(i, i + 1)),
        button(code, '×', 'takeOut', false, () => codes.filter(other => other !== code)))));
      const rest = next.choices.filter(choice => !codes.includes(choice.code)).map(choice =>
        h('button', { type: 'button', class: 'choice', disabled: next.readonly, 'data-move': choice.code, onclick: () => set(
          choice.exclusive || choice.missing ? [choice.code] : [...codes.filter(code => !next.choices.find(one => one.code === code)?.exclusive), choice.code], null) }, words(choice.label || choice.code)));
      node.replaceChildren(h('p', { class: 'hint' }, ctx.say('rankHelp')), codes.length ? ranked : '', h('div', { class: 'choices' }, rest));
      if (wanted !== undefined || focused) {
        const same = [...node.querySelectorAll('[data-move]:not(:disabled)')];
        (same.find(one => one.dataset.move === wanted) ?? same.find(one => wanted && one.dataset.move.startsWith(wanted.replace(/(up|down|takeOut)$/, ''))) ?? same.at(codes.length ? -1 : 0))?.focus();
        wanted = undefined;
      }
    },
    pick(code) { const codes = (drawn ? JSON.parse(drawn)[0] : []); if (!codes.includes(code)) ctx.answer(view, [...codes, code].join(' ')); },
  };
}
let wanted;
