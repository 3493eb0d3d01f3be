// Giving the answers of our interviews (survey export --sensitive) to a form in @getodk/xforms-engine: what the scripts here share.
import fs from 'node:fs';

export function csv(file) {
  const rows = [[]];
  let cell = '';
  let quoted = false;
  const text = fs.readFileSync(file, 'utf8').replace(/^\uFEFF/, '');
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (quoted && c === '"' && text[i + 1] === '"') {
      cell += text[++i];
    } else if (c === '"') {
      quoted = !quoted;
    } else if (!quoted && (c === ',' || c === '\n')) {
      rows.at(-1).push(cell);
      cell = '';
      if (c === '\n') {
        rows.push([]);
      }
    } else if (quoted || c !== '\r') {
      cell += c;
    }
  }
  rows.pop();
  const names = rows.shift();
  return { names, rows: rows.map((row) => Object.fromEntries(names.map((name, i) => [name, row[i]]))) };
}

export function* all(node) {
  for (const child of node.currentState.children ?? []) {
    yield child;
    yield* all(child);
  }
}

export const name = (node) => node.currentState.reference.replace(/\[\d+\]$/, '').split('/').pop();
export const settable = new Set(['input', 'select', 'rank', 'range', 'trigger', 'upload']);

/** Leaves of a node by name, not going into repeats. */
export function leaves(node, found = new Map()) {
  for (const child of node.currentState.children ?? []) {
    if (child.nodeType.startsWith('repeat-range')) {
      continue;
    }
    if (child.currentState.children) {
      leaves(child, found);
    } else {
      found.set(name(child), child);
    }
  }
  return found;
}

/** Our canonical text as an ODK client holds it. A month that is not known is one there, so its constraint says nothing. */
export function value(text, node) {
  if (node.valueType === 'date' && /^\d{4}-\d\d$/.test(text)) {
    return `${text}-01`;
  }
  return node.valueType === 'date' && /^\d{4}$/.test(text) ? `${text}-01-01` : text;
}

export function put(node, text) {
  switch (node.nodeType) {
    case 'select':
      return node.selectType === 'select1' ? node.selectValue(text) : node.selectValues(text.split(' '));
    case 'rank':
      return node.setValues(text.split(' '));
    case 'upload':
      return node.setValue(new File(['x'], text));
    default:
      return node.setValue(text);
  }
}

export function answer(holder, row) {
  for (let again = 0; again < 3; again++) {
    for (const [id, node] of leaves(holder)) {
      const { relevant, readonly } = node.currentState;
      if (settable.has(node.nodeType) && relevant && !readonly && row[id] && node.currentState.instanceValue !== value(row[id], node)) {
        put(node, value(row[id], node));
      }
    }
  }
}

export function entries(root, roster) {
  for (const node of all(root)) {
    if (node.nodeType.startsWith('repeat-range') && name(node) === roster) {
      return node;
    }
  }
  throw new Error(`no repeat ${roster}`);
}
