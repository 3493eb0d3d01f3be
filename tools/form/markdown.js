/* Labels of the ODK world are written in Markdown: emphasis, headings, lists, links and coloured words, made as elements. What is none of these stays as it is written. */
import { h } from './dom.js';

const LONGEST = 10000, DEEPEST = 4;        // beyond: text as it stands, in bounded time
const ADDRESS = /^(https?:\/\/|mailto:|tel:)/i, WORD = /[\p{L}\p{N}]/u;

/** What may begin at a place of a line: [pattern, made(inner, match) or null for the text alone, within words too]. */
const KINDS = [
  [/\*\*(?=\S)([^\n]*?\S)\*\*/y, inner => h('strong', null, inner), true],
  [/__(?=\S)([^\n]*?\S)__/y, inner => h('strong', null, inner), false],
  [/\*(?=[^\s*])([^*\n]*)\*/y, inner => h('em', null, inner), true],
  [/_(?=[^\s_])([^\n]*?[^\s_])_(?!_)/y, inner => h('em', null, inner), false],
  [/\[([^\]\n]+)\]\(([^)\s]+)\)/y, (inner, [, , address], links) => linked(inner, address, links), true],
  [/<span(?: style="([^"<>\n]*)")? *>([^<\n]*)<\/span>/y, (inner, [, style]) => coloured(inner, style), true],
];

function linked(inner, address, links) {
  if (!ADDRESS.test(address)) return null;
  return h('span', null, links ? h('a', { href: address, target: '_blank', rel: 'noopener noreferrer' }, inner) : inner);
}

/** A colour is all that a style may say: an address in it would be asked for. */
function coloured(inner, style = '') {
  const node = h('span', null, inner), colour = /(?:^|;)\s*color\s*:\s*(#[0-9a-f]{3,8}|[a-z]+)\s*(?:;|$)/i.exec(style)?.[1];
  if (colour) node.style.color = colour;
  return node;
}

/** The nodes of one line, or of what stands between two marks. */
function inline(text, links, depth = 0) {
  const nodes = [];
  let plain = '';
  for (let at = 0; at < text.length;) {
    if (text[at] === '\\' && /[\\*_#[\]()<>.+-]/.test(text[at + 1] ?? '')) { plain += text[at + 1]; at += 2; continue; }
    const found = '*_[<'.includes(text[at]) && depth < DEEPEST && marked(text, at, links, depth);
    if (!found) { plain += text[at++]; continue; }
    nodes.push(plain, found.node);
    plain = '';
    at = found.end;
  }
  return [...nodes, plain].filter(Boolean);
}

function marked(text, at, links, depth) {
  for (const [pattern, made, anywhere] of KINDS) {
    pattern.lastIndex = at;
    const match = pattern.exec(text), end = pattern.lastIndex;
    if (!match || !anywhere && (WORD.test(text[at - 1] ?? '') || WORD.test(text[end] ?? ''))) continue;
    const node = made(inline(match[0][0] === '<' ? match[2] : match[1], links, depth + 1), match, links);
    if (node) return { node, end };
  }
  return null;
}

/** @returns the nodes of TEXT; without `links` (inside a button) a link is its words alone. Entries keep the numbers that stand there: "3. Your age?" is not the first. */
export function markdown(text, links) {
  if (text.length > LONGEST || !/[*_#[<\\]|^\s*[-+] /m.test(text)) return [text];
  const nodes = [];
  let list = null, plain = false;
  for (const line of text.split(/[\n\u2028]/)) {
    const heading = /^\s*(#{1,6})\s+(\S.*)$/.exec(line), entry = /^\s*([*+-]|\d{1,9}\.) +(\S.*)$/.exec(line), before = plain;
    plain = !heading && !entry;
    if (!entry) list = null;
    else if (!list) nodes.push(list = h('span', { role: 'list' }));
    if (entry) list.append(h('span', { class: 'entry', role: 'listitem' }, (entry[1].length > 1 ? entry[1] : '•') + ' ', inline(entry[2], links)));
    else if (heading) nodes.push(h('strong', { class: 'heading' + heading[1].length }, inline(heading[2], links)));
    else nodes.push(before ? '\n' : '', ...inline(line, links));
  }
  return nodes;
}
