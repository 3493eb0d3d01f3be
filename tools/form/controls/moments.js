/* Dates, months and times in their parts, each in its own field and in the order of the language. Digits of any script; the engine reads them. */
import { h, attributes } from '../dom.js';

const PARTS = { date: ['year', 'month', 'day'], month: ['year', 'month'], time: ['hour', 'minute'], datetime: ['year', 'month', 'day', 'hour', 'minute'] };
const CANONICAL = { date: /^(\d+)-(\d\d)-(\d\d)/, month: /^(\d+)(?:-(\d\d))?/, time: /^(\d\d):(\d\d)/, datetime: /^(\d+)-(\d\d)-(\d\d)T(\d\d):(\d\d)/ };

export function moments(view, ctx) {
  const names = PARTS[view.type].filter(part => !(part === 'day' && /month-year|^year|\syear/.test(view.appearance || '')));
  const fields = {};
  for (const name of names) fields[name] = name === 'month' ? months(view, ctx) : box(name);
  const node = h('div', { class: 'row parts' }, inOrder(names, ctx.locale === 'en' ? 'en-GB' : ctx.locale).map(name =>
    h('label', { class: 'part' }, h('span', null, ctx.say(name)), fields[name])), calendar());
  let current = view, sent = '', stored = '';

  function box(name) {
    return h('input', { type: 'text', inputmode: 'numeric', autocomplete: 'off', dir: 'ltr', class: name, maxlength: name === 'year' ? 4 : 2, enterkeyhint: 'next' });
  }

  /** "2026-01-05T08:30" of what is in the fields; "" when nothing is. */
  function typed() {
    const of = name => fields[name]?.value.trim() ?? '';
    if (names.every(name => !of(name) || of(name) === '?')) return '';
    const pad = name => of(name).padStart(2, '0');
    const day = view.type === 'month' ? (of('month') === '?' ? '' : '-' + pad('month'))
      : '-' + pad('month') + '-' + (fields.day ? pad('day') : '01');
    const date = fields.year ? of('year') + day : '', time = fields.hour ? pad('hour') + ':' + pad('minute') : '';
    return [date, time].filter(Boolean).join('T');
  }

  function commit() {
    const now = typed();
    if (now === (sent || stored)) return null;
    sent = now;
    const empty = now ? names.filter(name => !fields[name].value.trim()) : [];
    if (empty.length) return ctx.incomplete(current, now, ctx.say('stillMissing', empty.map(name => ctx.say(name)).join(', ')));
    return now ? ctx.answer(current, now) : ctx.clear(current);
  }

  function fill(text) {
    const found = CANONICAL[view.type].exec(text || '');
    PARTS[view.type].forEach((name, i) => { if (fields[name]) fields[name].value = found?.[i + 1] ?? (name === 'month' && found ? '?' : ''); });
  }

  /** The browser's own calendar, beside the fields, where it has one. */
  function calendar() {
    if (view.type !== 'date' || !fields.day || !HTMLInputElement.prototype.showPicker) return '';
    const picker = h('input', { type: 'date', class: 'picker', tabindex: -1, 'aria-hidden': 'true', onchange: () => { fill(picker.value); commit(); } });
    return h('span', { class: 'part' }, h('button', { type: 'button', class: 'quiet', onclick: () => { picker.value = /^\d{4}-/.test(stored) ? stored.slice(0, 10) : ''; picker.showPicker(); } }, ctx.say('calendar')), picker);
  }

  // Leaving the group stores it; within it one goes from part to part.
  node.addEventListener('focusout', event => { if (!node.contains(event.relatedTarget)) commit(); });
  node.addEventListener('change', () => { if (names.every(name => fields[name].value)) commit(); });

  return {
    node, commit,
    update(next, pending) {
      current = next;
      stored = next.value ?? '';
      if (pending) sent = pending.text;
      else if (!node.contains(document.activeElement) || (sent && typed() === sent)) { fill(stored); stored = typed(); sent = ''; }
      for (const name of names) attributes(fields[name], { disabled: next.readonly });
    },
  };
}

function months(view, ctx) {
  const name = new Intl.DateTimeFormat(ctx.locale, { month: 'long', timeZone: 'UTC', calendar: 'gregory' });
  return h('select', { class: 'month' }, h('option', { value: '' }, ''),
    Array.from({ length: 12 }, (_, i) => h('option', { value: String(i + 1).padStart(2, '0') }, `${i + 1} – ${name.format(Date.UTC(2026, i, 1))}`)),
    view.type === 'month' ? h('option', { value: '?' }, ctx.say('monthUnknown')) : '');
}

function inOrder(names, language) {
  const order = new Intl.DateTimeFormat(language, { year: 'numeric', month: 'numeric', day: 'numeric', calendar: 'gregory' }).formatToParts(0).map(part => part.type);
  const rank = name => { const at = order.indexOf(name); return at < 0 ? 9 : at; };
  return [...names].sort((a, b) => rank(a) - rank(b));
}
