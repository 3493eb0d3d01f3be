/* What is typed in one field: numbers (in any digits), texts, years, keys. The engine reads it; nothing is checked here. */
import { h, attributes, setText } from '../dom.js';

const KEYBOARD = { integer: 'numeric', decimal: 'decimal', year: 'numeric' };

export function line(view, ctx) {
  const appearance = view.appearance || '', keys = KEYBOARD[view.type] ?? (/numbers/.test(appearance) ? 'decimal' : null), masked = /masked/.test(appearance);
  const text = !keys && !masked && view.type !== 'key' && view.type !== 'barcode';
  const long = text && /multiline/.test(appearance);
  const input = h(text ? 'textarea' : 'input', {
    type: text ? null : masked ? 'password' : 'text', rows: text ? (long ? 5 : 1) : null, class: text ? 'text' : keys ? 'short' : 'key', inputmode: keys, autocomplete: 'off',
    autocapitalize: view.type === 'key' ? 'off' : null, spellcheck: text ? null : 'false', enterkeyhint: long ? null : 'next',
    dir: text ? 'auto' : 'ltr', 'data-long': long, onchange: () => commit(),
  });
  const unit = h('span', { class: 'unit' }), format = h('p', { class: 'hint' });
  let current = view, sent = null, stored = '';

  function commit() {
    const now = input.value.trim();
    if (now === (sent ?? stored)) return null;
    sent = now;
    return now ? ctx.answer(current, now) : ctx.clear(current);
  }

  return {
    input, commit,
    node: h('div', { class: 'line' }, h('div', { class: 'row' }, input, unit), format),
    update(next, pending) {
      current = next;
      stored = next.value ?? '';
      const typed = input.value.trim();
      if (pending) sent = pending.text;
      else if (typed === (sent ?? '') || (document.activeElement !== input && sent !== typed) || typed === stored) { input.value = stored; sent = null; }
      attributes(input, { readonly: next.readonly });
      setText(unit, next.unit || '');
      setText(format, text ? '' : next.format || '');
    },
  };
}
