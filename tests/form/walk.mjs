// Somebody at random who goes through an interview page by page, as the web form does, and answers what the pages say may be answered.
export function random(seed) {
  let x = seed >>> 0;
  return (n) => { x = (Math.imul(x, 1664525) + 1013904223) >>> 0; return Math.floor(x / 2 ** 32 * n); };
}

const LINES = {
  integer: ['3', '1', '2', '12', '30', '0', '45', '160', '2020', '700', '1990'], decimal: ['3.5', '700', '1', '0', '1500', '12.25'],
  text: ['some words', 'T03', 'C014', 'two\nlines "and" \\signs', 'نص', 'текст'], date: ['2026-02-03', '2025-12-01', '2024-06-30', '2026-03-30', '1990-05-05'],
  month: ['2026-01', '2024', '2020-05', '1995-03', '2025-11'], year: ['1990', '2020', '2015', '2025', '1985'], time: ['08:30', '17:05'], datetime: ['2026-02-03T08:30'],
  geopoint: ['42.7 23.3'], key: ['ab12cd34ef'], barcode: ['4006381333931'], photo: ['a.jpg'], audio: ['a.ogg'], file: ['a.pdf'], signature: ['s.png'], video: ['v.webm'],
};
const PERSIAN = (text) => text.replace(/[0-9]/g, (d) => String.fromCharCode(0x06f0 + Number(d)));

function answerOf(view, pick, tries) {
  if (view.type === 'single' || view.type === 'boolean' || view.type === 'acknowledge') {
    const choices = view.choices.filter((c) => !c.exclusive || tries > 2);
    const open = choices.length ? choices : view.choices;
    return open[tries === 0 && pick(5) ? 0 : pick(open.length)]?.code;        // often the first: "yes, I agree"
  }
  if (view.type === 'multiple' || view.type === 'ranking') {
    const open = view.choices.filter((c) => !c.exclusive && (tries < 3 || pick(2)));
    const some = open.filter(() => pick(3) === 0);
    return (some.length ? some : open.length ? [open[0]] : view.choices.slice(0, 1)).map((c) => c.code).join(' ');
  }
  const lines = LINES[view.type] ?? ['x'];
  const line = lines[(pick(3) ? 0 : pick(lines.length)) + tries < lines.length ? (pick(3) ? 0 : pick(lines.length - tries)) + tries : pick(lines.length)];
  return ['integer', 'date', 'year'].includes(view.type) && pick(4) === 0 ? PERSIAN(line) : line;
}

function answer(engine, view, pick) {
  const { item, entry } = view;
  if (view.readonly || (view.value !== null && !view.preset)) return;
  if (view.many) view = { ...view, choices: engine.call('search', item, entry, '', 30).choices };
  if (!view.required && view.can_refuse && pick(12) === 0) { engine.change('missing', item, entry, pick(2) ? 3 : 4); return; }
  for (let tries = 0; tries < 40; tries++) {
    const text = answerOf(view, pick, Math.min(tries, 9));
    if (text === undefined || text === '') break;
    const said = engine.change('answer', item, entry, text, '');
    if (said.status === 'ok') return;
    if (said.status === 'soft' && engine.change('answer', item, entry, text, 'it is so').status === 'ok') return;
    if (!said.message) throw new Error(`refused without a word: ${view.id} ${text} ${JSON.stringify(said)}`);
  }
  if (!view.required) engine.change('missing', item, entry, 5);
}

function meet(engine, view, pick) {
  if (view.kind === 'grid') for (const [i, row] of view.rows.entries()) answer(engine, { ...row, choices: row.choices ?? view.rows[0].choices, many: row.many ?? false, i }, pick);
  else if (view.kind === 'question') answer(engine, view, pick);
}

// Goes on until the end. `whole`: the bits of form_page. Returns how many pages it saw.
export function walk(engine, seed, whole = 0, visit = () => {}) {
  const pick = random(seed);
  const keen = pick(6) > 0;
  let place = { item: 0, entry: 0 }, pages = 0;
  for (; pages < 3000; pages++) {
    let page = engine.call('page', place.item, place.entry, whole);
    visit(page);
    engine.change('go', page.place.item, page.place.entry);
    for (const view of page.items) meet(engine, view, pick);
    for (let more = 0; more < 4; more++)                                               // what came up with the answers
      for (const view of engine.call('page', page.place.item, page.place.entry, whole).items) {
        meet(engine, view, pick);
        if (view.other) answer(engine, view.other, pick);
      }
    page = engine.call('page', page.place.item, page.place.entry, whole);
    for (let again = 0; page.outcome !== '' && keen && again < 30; again++) {           // an early end: most change their mind
      for (const view of page.items)
        if (view.kind === 'question' && view.value !== null && !view.readonly) {
          engine.change('clear', view.item, view.entry);
          answer(engine, { ...view, value: null }, pick);
        }
      page = engine.call('page', page.place.item, page.place.entry, whole);
    }
    const open = page.items.find((v) => v.kind === 'roster' && v.roster.kind === 'open' && v.item === page.place.item && v.entry === page.place.entry);
    if (open && open.roster.entries.length < 2 && open.roster.can_add && !open.roster.closed && pick(2)) {
      const added = engine.change('add', open.item, open.entry);
      place = engine.call('step', open.item, added.entry, 1);
      continue;
    }
    if (open) engine.change('close', open.item, open.entry);
    if (page.last) break;
    place = page.next;
  }
  return pages;
}
