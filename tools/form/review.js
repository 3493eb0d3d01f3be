/* Looking over an interview: the menu, every question with its answer, what stands in the way of finishing, and the end. */
import { h, place, preference, words, said, newId } from './dom.js';
import { ask } from './dialog.js';

/** Puts a screen of its own into the page, with a heading that gets the focus. */
function put(screen, title, ...content) {
  screen.made.clear();
  screen.over = screen.nextButton.hidden = true;
  screen.trail.hidden = true;
  screen.heading.replaceChildren(title);
  document.title = title;
  place(screen.items, [h('div', { class: 'stack' }, content)]);
  scrollTo(0, 0);
  screen.heading.focus();
}

/** From a list to one question; with `mending` its "next" leads back to the list, unless the answer brought new questions. */
const go = (screen, to, mending = false) => () => screen.once(async () => {
  await screen.show({ item: to.item, entry: to.entry });
  screen.mending = mending && screen.page.total;
});

export async function menu(screen) {
  const { say } = screen;
  const check = (key, on) => { const input = h('input', { type: 'checkbox', checked: on }); return { input, node: h('label', { class: 'choice' }, input, h('span', { class: 'choice-text' }, say(key))) }; };
  const section = check('oneSection', screen.sections), digits = check('digits', screen.digits);
  const does = await ask(say('menu'), [section.node, digits.node, h('p', { class: 'hint keys' }, say('keys'))],
    [['close', say('close'), 'primary'], ['review', say('review')], ['unanswered', say('unanswered')], ['leave', say('leave')]]);
  preference('page', section.input.checked ? 'section' : 'question');
  preference('digits', digits.input.checked ? 'on' : 'off');
  screen.digits = digits.input.checked;
  const changed = screen.sections !== section.input.checked;
  screen.sections = section.input.checked;
  if (does === 'review') return review(screen);
  if (does === 'leave') return leave(screen);
  if (does === 'unanswered') {
    const to = screen.engine.firstUnanswered();
    return to.item || to.entry ? screen.show(to) : finish(screen);
  }
  if (changed) return screen.show(screen.at);
}

async function leave(screen) {
  const result = await screen.act(() => screen.engine.suspend());
  if (result.status === 'ok') screen.leave('suspended');
}

/** Every section with what was answered in it; a section's questions are listed when it is opened. */
export async function review(screen) {
  const { say, engine } = screen;
  const { sections = [], items = [] } = engine.review(0);
  const filter = h('input', { type: 'search', id: newId(), class: 'text', dir: 'auto', oninput: () => look() });
  const list = h('div', { class: 'stack' });
  const parts = sections.map(section => {
    const inside = h('ul', { class: 'answers' });
    const part = h('details', null, h('summary', null, words(section.label || say('review')), ' ',
      section.asked != null ? h('span', { class: 'hint' }, say('answered', String(section.answered), String(section.asked))) : ''), inside);
    const fill = () => { if (!inside.firstChild) inside.append(...engine.review(section.item).items.filter(item => item.item !== section.item).map(item => line(screen, item))); };
    part.addEventListener('toggle', () => part.open && fill());
    return { part, inside, fill };
  });
  function look() {
    const wanted = filter.value.trim().toLocaleLowerCase();
    for (const { part, inside, fill } of parts) {
      if (wanted) fill();
      let any = false;
      for (const row of inside.children) any = !(row.hidden = wanted && !row.textContent.toLocaleLowerCase().includes(wanted)) || any;
      part.hidden = wanted && !any;
      if (wanted) part.open = any;
    }
  }
  list.append(...parts.map(one => one.part), ...items.length ? [h('ul', { class: 'answers' }, items.map(item => line(screen, item)))] : []);
  if (parts.length === 1) parts[0].part.open = true;
  put(screen, say('review'), h('label', { for: filter.id, class: 'label' }, say('findQuestion')), filter, list);
}

function line(screen, item) {
  const { say } = screen, heading = item.kind === 'section' || item.kind === 'entry';
  if (heading) return h('li', { class: 'heading level' + Math.min(item.level ?? 0, 4) }, words(item.label || ''));
  return h('li', { class: 'level' + Math.min(item.level ?? 0, 4) },
    h('button', { type: 'button', class: 'answer' + (item.problem ? ' wrong' : ''), onclick: go(screen, item) },
      words(item.label || item.id || ''), item.kind === 'note' ? '' : item.shown ? h('b', null, said(item.shown)) : h('i', null, say('noneYet'))));
}

/** Behind the last question: what is to put right, or the end. */
export async function finish(screen) {
  const { say, engine } = screen;
  const { problems } = engine.problems();
  if (problems.length) {
    return put(screen, say('problems', String(problems.length)), h('ul', { class: 'answers' }, problems.map(problem => h('li', null,
      h('button', { type: 'button', class: 'answer wrong', onclick: go(screen, problem, true) }, words(problem.label || ''), h('span', { class: 'error' }, problem.message)),
      problem.soft ? soft(screen, problem) : ''))));
  }
  put(screen, say('finishTitle'), h('p', null, say('finishText')), h('div', { class: 'row' },
    h('button', { type: 'button', class: 'primary', onclick: () => screen.once(() => complete(screen)) }, say('finish')),
    h('button', { type: 'button', onclick: () => review(screen) }, say('review'))));
}

function soft(screen, problem) {
  const text = h('input', { type: 'text', id: newId(), autocomplete: 'off' });
  const keep = () => {
    if (!text.value.trim()) return text.focus();
    return screen.once(async () => {
      await screen.act(() => screen.engine.override(problem.check, problem.checkEntry, text.value.trim()));
      return finish(screen);
    });
  };
  return h('div', { class: 'reason' }, h('label', { for: text.id }, screen.say('reason')), text, h('button', { type: 'button', onclick: keep }, screen.say('keep')));
}

async function complete(screen) {
  const { say } = screen;
  const result = await screen.act(() => screen.engine.complete());
  if (result.status !== 'ok') return finish(screen);
  for (;;) {
    try { await screen.session.finish?.(screen.engine); break; } catch (error) {
      await ask(say('lostTitle'), [h('p', null, say('lostText')), h('p', { class: 'hint' }, String(error?.message ?? error))], [['again', say('tryAgain'), 'primary']], true);
    }
  }
  if (screen.self) return screen.leave('complete');
  put(screen, '✓', h('p', { class: 'note' }, say('done')), h('button', { type: 'button', class: 'primary', onclick: () => screen.leave('complete') }, say('close')));
  screen.root.querySelector('.nav').hidden = true;
}
