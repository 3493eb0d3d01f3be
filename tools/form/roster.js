/* The entries of a roster: as cards, or as a table in which one answers; adding one, taking one out, and "that is all". */
import { h, place, preference, setText, words, said } from './dom.js';
import { ask } from './dialog.js';
import { same } from './same.js';

const ROOM = matchMedia('(min-width: 46rem)');

/** What people call an entry: the choice it is for, what was answered first (a name), else its label and key. */
export function entryName({ title, key, choice, answers, cells }) {
  const first = (answers ?? cells?.filter(Boolean))?.[0]?.shown;
  return choice || (first && !/^[\d\s.,-]+$/.test(first) ? first : `${title} ${key}`.trim());
}

export function roster(view, ctx) {
  const title = h('h2', { class: 'label', tabindex: -1 }), error = h('p', { class: 'error', role: 'alert' });
  const body = h('div'), more = h('div', { class: 'row more' }), views = h('div', { class: 'row views', role: 'group', 'aria-label': ctx.say('entries') });
  const node = h('div', { class: 'item roster' }, title, error, views, body, more);
  const cards = new Map();
  let table = null;

  const me = {
    node, view,
    async update(next) {
      me.view = next;
      const wrong = ctx.pending.get(ctx.key(next)) ?? ctx.problem(next), { entries } = next.roster;
      if (title.textContent !== (next.label || next.id)) title.replaceChildren(words(next.label || next.id));
      setText(error, wrong?.message ?? '');
      node.classList.toggle('wrong', !!wrong);
      drawMore(next);
      const columns = next.roster.columns, wide = ROOM.matches && entries.length > 0;
      drawViews(wide, !!columns);
      if (wide && columns) {
        table ??= (await import('./table.js')).table(next, ctx, me);
        table.update(me.view);
        place(body, [table.node]);
      } else {
        place(body, entries.map(entry => card(entry).node));
      }
    },
    focus() { title.focus(); },
    commit: () => table?.commit(),
    input: () => more.querySelector('button') ?? node.querySelector('button'), pick() {},
    remove,
  };

  function drawViews(wide, tabular) {
    const now = ctx.language + wide + tabular;
    if (views.drawn === now) return;
    views.drawn = now;
    const toggle = yes => async () => {
      ctx.tables = yes;
      preference('rosters', yes ? 'table' : 'cards');
      await ctx.commit();
      await ctx.draw();
      views.querySelector('[aria-pressed=true]')?.focus();
    };
    views.replaceChildren(...wide ? [['cards', false], ['table', true]].map(([key, yes]) =>
      h('button', { type: 'button', class: 'quiet', 'aria-pressed': String(tabular === yes), onclick: toggle(yes) }, ctx.say(key))) : []);
  }

  function drawMore({ roster: { kind, closed, can_add: may, entries } }) {
    const now = JSON.stringify([kind, closed, may, entries.length > 0, ctx.language]);
    if (more.drawn === now) return;
    more.drawn = now;
    more.replaceChildren(...kind !== 'open' ? [] : [
      h('p', { class: 'label' }, ctx.say(entries.length ? 'another' : 'firstEntry')),
      may && h('button', { type: 'button', class: 'primary', onclick: add }, ctx.say('addOne')),
      h('button', { type: 'button', 'aria-pressed': String(closed), onclick: close }, ctx.say('noOther'))].filter(Boolean));
  }

  async function add() {
    await ctx.commit();
    const result = await ctx.change(me.view, () => ctx.engine.add(me.view.item, me.view.entry), '');
    if (result.status === 'ok' && !(ctx.tables && ROOM.matches)) await ctx.enter(me.view, result.entry);
  }

  async function close() {
    const result = await ctx.change(me.view, () => ctx.engine.close(me.view.item, me.view.entry), '');
    if (result.status === 'ok') more.querySelector('[aria-pressed]')?.focus();
  }

  async function remove(entry) {
    if (await ask(ctx.say('removeSure'), words(entryName(entry), 'p'), [['no', ctx.say('cancel')], ['yes', ctx.say('remove'), 'danger']]) !== 'yes') return;
    await ctx.change(me.view, () => ctx.engine.remove(entry.entry), '');
    title.focus();
  }

  /** A card is made again only when something of its entry changed. */
  function card(entry) {
    const made = cards.get(entry.entry), { language } = ctx;
    if (made?.language === language && same(made.entry, entry)) return made;
    const name = entryName(entry);
    const shown = (entry.answers ?? []).filter(answer => answer.shown && answer.shown !== name);
    const fresh = { entry, language, node: h('section', { class: 'card', 'aria-label': name },
      h('h3', null, words(name)), h('p', { class: 'hint' }, ctx.say('answered', String(entry.answered), String(entry.asked))),
      shown.length ? h('dl', null, shown.map(answer => h('div', null, h('dt', null, words(answer.label || answer.id)), h('dd', null, said(answer.shown))))) : '',
      h('div', { class: 'row' },
        h('button', { type: 'button', 'aria-label': `${ctx.say('open')}: ${name}`, onclick: async () => { await ctx.commit(); ctx.enter(me.view, entry.entry); } }, ctx.say('open')),
        entry.removable ? h('button', { type: 'button', class: 'quiet', 'aria-label': ctx.say('takeOut', name), onclick: () => remove(entry) }, ctx.say('remove')) : '')) };
    made?.node.replaceWith(fresh.node);
    cards.set(entry.entry, fresh);
    return fresh;
  }

  me.update(view);
  return me;
}
