/* Elements made by name: the only way this form puts anything on the screen. Data is text, never HTML. */

/** h('p', { class: 'hint', onclick: f, hidden: false }, 'text', node): attributes; on... are listeners; null and false are left out. */
export function h(tag, props, ...children) {
  const node = document.createElement(tag);
  if (props) attributes(node, props);
  node.append(...children.flat(2).filter(child => child != null && child !== false));
  return node;
}

export function attributes(node, props) {
  for (const [name, value] of Object.entries(props)) {
    if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
    else if (name === 'value' || name === 'checked') node[name] = value;
    else if (value == null || value === false) node.removeAttribute(name);
    else node.setAttribute(name, value === true ? '' : value);
  }
}

/** Shows exactly these children; what is in place already is not touched, so focus and selection stay. */
export function place(parent, nodes) {
  let at = parent.firstChild;
  for (const node of nodes) {
    if (node === at) at = at.nextSibling;
    else parent.insertBefore(node, at);
  }
  while (at) { const next = at.nextSibling; at.remove(); at = next; }
}

export function setText(node, text) { if (node.textContent !== text) node.textContent = text; }

const RIGHT = /[\u0590-\u08ff\ufb1d-\ufefc]/, LEFT = /[A-Za-z\u00c0-\u058f]/;
let markup = text => [text];
/** How texts of the form are written: plain, or as `made(text, links)` makes nodes of them. */
export const written = made => { markup = made ?? (text => [text]); };
/** A text of the form: it reads in the page's direction, except when all its letters are of the other one (not translated yet). */
export function words(text, tag = 'span', props = {}, links = false) {
  const right = RIGHT.test(text), left = LEFT.test(text);
  return h(tag, { ...props, dir: right === left ? null : right ? 'rtl' : 'ltr' }, markup(text, links));
}
/** The same where only letters can stand. */
export const letters = text => h('p', null, markup(text ?? '', false)).textContent;

/** Something a person wrote: in its own direction. */
export const said = text => h('bdi', { dir: 'auto' }, text);

/** Gives the person a file to keep. */
export function download(blob, name) {
  const address = URL.createObjectURL(blob);
  h('a', { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60000);
}

/** What a person prefers on this device; forgotten where the browser keeps nothing. */
export function preference(name, value) {
  try {
    if (value === undefined) return localStorage.getItem('survey.' + name);
    localStorage.setItem('survey.' + name, value);
  } catch { /* private window */ }
  return value ?? null;
}

let last = 0;
export const newId = () => 'n' + ++last;
