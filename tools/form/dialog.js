/* A question to the person that must be answered before anything else: the browser's own modal dialog. */
import { h } from './dom.js';

/**
 * @param title what it is about
 * @param content text or nodes
 * @param buttons [[name, text, class?], ...]; the first is what Escape means unless `must`
 * @returns the name of the button, through a promise
 */
export function ask(title, content, buttons, must = false) {
  return new Promise(resolve => {
    const heading = h('h2', { id: 'ask', tabindex: -1 }, title);
    const box = h('dialog', { class: 'dialog', 'aria-labelledby': 'ask', dir: document.documentElement.dir },
      heading, h('div', { class: 'dialog-body' }, content),
      h('div', { class: 'row end' }, buttons.map(([name, text, look]) =>
        h('button', { type: 'button', class: look ?? null, onclick: () => done(name) }, text))));
    const before = document.activeElement;
    function done(name) { box.close(); box.remove(); if (before?.isConnected) before.focus(); resolve(name); }
    box.addEventListener('cancel', event => { event.preventDefault(); if (!must) done(buttons[0][0]); });
    box.addEventListener('keydown', event => event.stopPropagation());
    document.body.append(box);
    box.showModal();
    heading.focus();
  });
}
