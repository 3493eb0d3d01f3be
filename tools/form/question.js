/* One question on the screen: its texts, its control, what stands in its way, and the ways not to answer. */
import { h, attributes, place, setText, words, said, newId } from './dom.js';
import { control } from './controls/index.js';
import { shown } from './media.js';

const SINGLE_INPUT = new Set(['line', 'search', 'text']);

/** @returns {{node, update, focus, commit, pick, view}} what the page holds of a VIEW; `update` changes only what is different. */
export function question(view, ctx, level = 'h2') {
  if (view.kind === 'note' || view.kind === 'end') return note(view, ctx);
  const id = newId(), inner = control(view, ctx, id);
  const group = !SINGLE_INPUT.has(inner.kind);
  const title = h(level, { class: 'label', id: id + 'l', tabindex: -1 });
  const help = h('div', { class: 'help', id: id + 'h' });
  const error = h('p', { class: 'error', id: id + 'e', role: 'alert' });
  const reason = h('div'), other = h('div', { class: 'other' }), tools = h('div', { class: 'tools' }), remark = h('div');
  const node = h('div', { class: 'item' }, h(group ? 'fieldset' : 'div', null,
    group ? h('legend', null, title) : title, help, error, inner.node, reason, other, h('div', { class: 'foot' }, tools, remark)));
  const described = `${id}h ${id}e`;
  attributes(group ? node.firstChild : inner.input, { 'aria-describedby': described });
  if (!group) attributes(inner.input, { 'aria-labelledby': id + 'l' });
  let nested = null;

  const me = {
    node, view,
    update(next) {
      me.view = next;
      const wrong = ctx.pending.get(ctx.key(next)) ?? ctx.problem(next);
      drawTitle(title, next, ctx);
      drawHelp(help, next, ctx);
      setText(error, wrong?.message ?? '');
      node.classList.toggle('wrong', !!wrong);
      for (const input of inner.node.querySelectorAll('input:not([type=file]),select,textarea')) attributes(input, { 'aria-invalid': wrong ? 'true' : null });
      inner.update(next, ctx.pending.get(ctx.key(next)));
      drawReason(reason, next, wrong, ctx);
      place(other, next.other ? [(nested = nested ?? question(next.other, ctx, 'h3')).node] : []);
      if (next.other) nested.update(next.other); else nested = null;
      drawTools(tools, next, ctx);
      if (!ctx.self) drawRemark(remark, next, ctx);
    },
    focus() { title.focus(); },
    input: () => inner.input ?? node.querySelector('input,select,textarea,button'),
    commit: () => Promise.all([inner.commit?.(), nested?.commit()]),
    pick: code => inner.pick?.(code),
    get codes() { return inner.pick && !me.view.readonly ? me.view.choices : null; },
  };
  me.update(view);
  return me;
}

function note(view, ctx) {
  const text = h('div', { class: 'note', tabindex: -1 });
  const me = { node: h('div', { class: 'item' }, text), view,
    update(next) {
      me.view = next;
      const now = JSON.stringify(next);
      if (me.drawn === now) return;
      me.drawn = now;
      text.replaceChildren(...shown(next, ctx), words(next.label || '', 'p', {}, true), ...helps(next, ctx));
    },
    focus() { text.focus(); }, input: () => null, commit: () => null, pick() {} };
  me.update(view);
  return me;
}

function drawTitle(title, view, ctx) {
  const now = view.label + view.required + ctx.language;
  if (title.drawn === now) return;
  title.drawn = now;
  title.replaceChildren(words(view.label || view.id, 'span', {}, true), view.required ? h('span', { class: 'needed' }, ' ', ctx.say('required')) : '');
}

function helps(view, ctx) {
  return [
    view.hint && words(view.hint, 'p', { class: 'hint' }, true),
    view.instruction && !ctx.self && h('p', { class: 'instruction' }, h('b', null, ctx.say('interviewer')), ' ', words(view.instruction, 'span', {}, true)),
  ].filter(Boolean);
}

function drawHelp(help, view, ctx) {
  const now = JSON.stringify([view.hint, view.instruction, view.media, view.format, view.preset, ctx.language]);
  if (help.drawn === now) return;
  help.drawn = now;
  help.replaceChildren(...shown(view, ctx), ...helps(view, ctx),
    ...view.type === 'multiple' ? [h('p', { class: 'hint' }, ctx.say('several'))] : [],
    ...view.preset && !view.readonly ? [h('p', { class: 'hint' }, ctx.say('proposed'))] : []);
}

/** A soft check: the sentence stands above; here the reason that keeps the answer. */
function drawReason(box, view, wrong, ctx) {
  const now = wrong?.soft || wrong?.status === 'soft' ? wrong.message : '';
  if (box.drawn === now) return;
  box.drawn = now;
  if (!now) {
    box.replaceChildren(...view.reason ? [h('p', { class: 'hint' }, ctx.say('reason'), ' ', said(view.reason))] : []);
    return;
  }
  const text = h('input', { type: 'text', id: newId(), autocomplete: 'off' });
  const keep = () => text.value.trim() && ctx.keepAnyway(view, wrong, text.value.trim());
  text.addEventListener('keydown', event => { if (event.key === 'Enter') { event.stopPropagation(); keep(); } });
  box.replaceChildren(h('div', { class: 'reason' }, h('label', { for: text.id }, ctx.say('reason')), text,
    h('button', { type: 'button', onclick: keep }, ctx.say('keep'))));
}

/** Don't know, refused, clear. A choice of the list that records the same takes a button's place. */
function drawTools(tools, view, ctx) {
  const has = code => view.choices?.some(choice => choice.missing === code);
  const ways = [['dont-know', view.can_dont_know, ctx.self ? 'selfDontKnow' : 'dontKnow'], ['refused', view.can_refuse, ctx.self ? 'selfRefused' : 'refused']]
    .filter(([code, may]) => may && !has(code) && !view.readonly);
  const clears = !view.readonly && !view.preset, idle = view.value == null && !view.missing;
  const now = JSON.stringify([ways, view.missing, clears, idle, ctx.language]);
  if (tools.drawn === now) return;
  tools.drawn = now;
  const buttons = ways.map(([code, , key]) => [...tools.querySelectorAll('button')].find(b => b.dataset.code === code + ctx.language)
    ?? h('button', { type: 'button', class: 'quiet', 'data-code': code + ctx.language, onclick: () => ctx.missing(tools.view, code) }, ctx.say(key)));
  ways.forEach(([code], i) => attributes(buttons[i], { 'aria-pressed': String(view.missing === code) }));
  const nodes = buttons.length ? [h('div', { class: 'row', role: 'group', 'aria-label': ctx.say('noAnswer') }, buttons)] : [];
  if (clears) nodes.push(h('button', { type: 'button', class: 'quiet clear', 'data-idle': idle, onclick: () => ctx.clear(tools.view) }, ctx.say('clear')));     // its place is kept, so that nothing moves when an answer comes
  tools.view = view;
  const focused = document.activeElement;
  tools.replaceChildren(...nodes);
  if (buttons.includes(focused)) focused.focus();
}

function drawRemark(box, view, ctx) {
  const now = view.remark + ctx.language;
  if (box.drawn === now) return;
  box.drawn = now;
  if (box.contains(document.activeElement)) return;
  const text = h('textarea', { rows: 2, 'aria-label': ctx.say('remark'), value: view.remark || '',
    onchange: () => ctx.remark(view, text.value.trim()) });
  box.replaceChildren(h('details', { class: 'remark', open: !!view.remark }, h('summary', null, ctx.say('remark')), text));
}
