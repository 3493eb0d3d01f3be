/* A number between two ends: typed, or by a slider that nobody has to drag: arrow keys and the field do the same. */
import { h, attributes } from '../dom.js';
import { line } from './line.js';

export function range(view, ctx) {
  const typed = line(view, ctx);
  const slider = h('input', { type: 'range', min: view.min, max: view.max, step: view.step ?? (view.type === 'integer' ? 1 : 'any'), dir: 'inherit',
    'aria-label': view.label, oninput: () => { typed.input.value = slider.value; }, onchange: () => typed.commit() });
  attributes(typed.input, { 'aria-label': view.label });
  return {
    ...typed,
    node: h('div', null, typed.node, h('div', { class: 'row ends' }, h('span', null, String(view.min)), h('span', { class: 'choice-text' }, slider), h('span', null, String(view.max)))),
    update(next, pending) {
      typed.update(next, pending);
      slider.value = next.value ?? (Number(view.min) + Number(view.max)) / 2;
      slider.classList.toggle('unset', next.value == null);
      attributes(slider, { disabled: next.readonly });
    },
  };
}
