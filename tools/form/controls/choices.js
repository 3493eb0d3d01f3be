/* One or several choices as a list of large buttons; also yes and no, and "I have read this". */
import { h, attributes, place, words } from '../dom.js';
import { shown } from '../media.js';

export function choices(view, ctx, id) {
  const many = view.type === 'multiple' || view.type === 'acknowledge';
  const node = h('div', { class: 'choices' }), rows = new Map();
  let current = view;

  const chosen = () => [...rows.values()].filter(row => row.input.checked).map(row => row.choice);

  function changed(choice, input) {
    let codes = chosen();
    if (many && input.checked) codes = alone(choice) ? [choice] : codes.filter(other => !alone(other));
    if (codes.length) ctx.answer(current, codes.map(other => other.code).join(' '));
    else ctx.clear(current);
  }

  function row(choice) {
    const input = h('input', { type: many ? 'checkbox' : 'radio', name: id, value: choice.code, onchange: () => changed(made.choice, input) });
    const text = h('span', { class: 'choice-text' }), key = h('kbd', { 'aria-hidden': 'true' });
    const made = { choice, input, text, key, node: h('label', { class: 'choice' }, input, text, key) };
    return made;
  }

  return {
    node,
    update(next, pending) {
      current = next;
      const codes = pending ? pending.text.split(' ') : (next.value ?? '').split(' ');
      const keys = ctx.keysOf(next.choices);
      place(node, next.choices.map((choice, i) => {
        if (!rows.has(choice.code)) rows.set(choice.code, row(choice));
        const made = rows.get(choice.code), texts = [choice.label, choice.hint, choice.within, JSON.stringify(choice.media)].join('\n');
        made.choice = choice;
        if (made.drawn !== texts) {
          made.drawn = texts;
          made.text.replaceChildren(...choiceTexts(choice, ctx));
        }
        made.key.textContent = keys[i];
        made.input.checked = codes.includes(choice.code) || (!pending && !!choice.missing && choice.missing === next.missing);
        attributes(made.input, { disabled: next.readonly });
        return made.node;
      }));
      for (const [code] of rows) if (!next.choices.some(choice => choice.code === code)) rows.delete(code);
    },
    pick(code) {
      const made = rows.get(code);
      if (!made) return;
      made.input.checked = many ? !made.input.checked : true;
      made.input.focus();
      changed(made.choice, made.input);
    },
  };
}

/** What a choice shows: its picture, sound and film, its label, what it lies within, its hint. In an option of a list box nothing can be pressed: not `large`. */
export function choiceTexts(choice, ctx, large = true) {
  return [...shown({ media: choice.media, label: choice.label || choice.code }, ctx, large), words(choice.label || choice.code), ...[choice.within, choice.hint].filter(Boolean).map(text => words(text, 'small'))];
}

const alone = choice => choice.exclusive || !!choice.missing;
