/* A choice of a long list, found by typing: the combobox with a list box of ARIA 1.2; several choices stand as buttons above it. */
import { h, attributes, place, words } from '../dom.js';
import { choiceTexts } from './choices.js';

const LIMIT = 30;

export function search(view, ctx, id) {
  const many = view.type === 'multiple';
  const list = h('ul', { role: 'listbox', id: id + 'list', class: 'matches', hidden: true, 'aria-label': ctx.say('search') });
  const input = h('input', { type: 'text', role: 'combobox', class: 'text', 'aria-expanded': 'false', 'aria-controls': id + 'list', 'aria-autocomplete': 'list',
    autocomplete: 'off', spellcheck: 'false', dir: 'auto', placeholder: ctx.say('search'), enterkeyhint: 'done',
    oninput: () => look(), onkeydown: keys, onblur: () => setTimeout(leave, 150), onclick: () => open || look() });
  const state = h('p', { class: 'hint', role: 'status' }), picked = h('div', { class: 'row picked' });
  let current = view, open = false, found = [], at = -1, shown = '', codes = [];

  function look() {
    const typed = input.value === shown ? '' : input.value.trim();
    const result = ctx.search(current, typed, LIMIT);
    found = result.choices ?? [];
    at = typed && found.length ? 0 : -1;
    list.replaceChildren(...found.map((choice, i) => h('li', { role: 'option', id: `${id}o${i}`, class: 'match', 'aria-selected': String(codes.includes(choice.code)),
      onpointerdown: event => event.preventDefault(), onclick: () => take(choice) }, choiceTexts(choice, ctx, false))));
    state.textContent = result.total > found.length ? ctx.say('more', String(result.total - found.length)) : ctx.say('found', String(result.total));
    show(true);
  }

  function show(yes) {
    open = yes && found.length > 0;
    list.hidden = !open;
    attributes(input, { 'aria-expanded': String(open) });
    mark();
    if (!yes) state.textContent = '';
  }

  function mark() {
    [...list.children].forEach((item, i) => item.classList.toggle('here', i === at));
    attributes(input, { 'aria-activedescendant': open && at >= 0 ? `${id}o${at}` : null });
    if (open && at >= 0) list.children[at].scrollIntoView({ block: 'nearest' });
  }

  function take(choice) {
    show(false);
    input.value = many ? '' : shown;
    if (!many) return ctx.answer(current, choice.code);
    const alone = choice.exclusive || choice.missing;
    const others = codes.filter(code => code !== choice.code && !labels.get(code)?.exclusive && !labels.get(code)?.missing);
    labels.set(choice.code, choice);
    return ctx.answer(current, alone ? choice.code : [...others, choice.code].join(' '));
  }

  function drop(code) {
    const rest = codes.filter(other => other !== code);
    input.focus();
    return rest.length ? ctx.answer(current, rest.join(' ')) : ctx.clear(current);
  }

  /** What was typed and is exactly a choice (its label, its code) counts; the engine says what it thinks of anything else. */
  function commit() {
    const typed = input.value.trim(), small = typed.toLocaleLowerCase(), refused = ctx.pending.get(ctx.key(current));
    if (typed ? input.value === shown || refused?.text === typed : !refused && (many || !shown)) return null;
    if (!typed) return many && codes.length ? ctx.answer(current, codes.join(' ')) : ctx.clear(current);
    const exact = (ctx.search(current, typed, LIMIT).choices ?? []).find(choice => choice.code.toLocaleLowerCase() === small || choice.label?.toLocaleLowerCase() === small);
    return exact ? take(exact) : ctx.answer(current, typed);
  }

  function leave() {
    if (document.activeElement === input) return;
    show(false);
    commit();
  }

  function keys(event) {
    const { key } = event;
    if (key === 'ArrowDown' || key === 'ArrowUp') {
      if (event.altKey && key === 'ArrowUp') show(false);
      else if (!open) look();
      else at = (at + (key === 'ArrowDown' ? 1 : -1) + found.length) % found.length;
      mark();
    } else if (key === 'Enter' && open && at >= 0) {
      take(found[at]);
    } else if (key === 'Enter' && input.value.trim() && input.value !== shown) {
      look();
    } else if (key === 'Escape' && (open || input.value !== shown)) {
      show(false);
      input.value = shown;
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  const labels = new Map();

  return {
    input, commit, node: h('div', { class: 'search' }, picked, h('div', { class: 'combo' }, input, list), state),
    update(next, pending) {
      current = next;
      codes = pending && pending.status !== 'value' ? pending.text.split(' ') : (next.value ?? '').split(' ').filter(Boolean);
      for (const choice of next.choices ?? []) labels.set(choice.code, choice);
      if (many) {
        const texts = (next.shown ?? '').split(/; |, |\n/);
        place(picked, codes.map((code, i) => {
          const label = labels.get(code)?.label ?? (texts.length === codes.length ? texts[i] : code);
          return h('button', { type: 'button', class: 'chip', 'aria-label': ctx.say('takeOut', label), onclick: () => drop(code) }, words(label), ' ×');
        }));
      } else {
        const before = shown;
        shown = pending ? shown : next.value != null || next.missing ? next.shown ?? '' : '';
        if (!pending && (input.value === before || document.activeElement !== input)) input.value = shown;
      }
      attributes(input, { disabled: next.readonly });
    },
  };
}
