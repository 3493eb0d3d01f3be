/* How long the screen takes after an answer, in a form of 5,000 questions and 200 roster entries: from the click to the last change of the page, one JSON line
   each. Figures are for reading, never a pass or fail test.   node tests/web/bench_redraw.mjs SURVEY SCRATCH FORM_FOLDER */
import fs from 'node:fs';
import path from 'node:path';
import { launch, ROOT, serve } from './browser.mjs';
import { arranged, study } from './world.mjs';

const { survey, scratch, form } = arranged();
const TYPES = [' type="single" choices="yn"', ' type="integer"', ' type="text"', ' type="date"'];

function questions(name, n) {
  return Array.from({ length: n }, (_, i) => `<question id="${name}${i}"${TYPES[i % 4]}><label>Question number ${i} of this long form?</label></question>`).join('');
}

function large() {
  const sections = Array.from({ length: 50 }, (_, i) => `<section id="s${i}"><title>Section ${i}</title>${questions(`s${i}q`, 100)}</section>`).join('');
  return `<?xml version="1.0" encoding="UTF-8"?><questionnaire xmlns="urn:libsurvey:questionnaire:1" id="large" version="1" xml:lang="en"><title>Large</title>
<choices id="yn"><choice code="1">Yes</choice><choice code="2">No</choice></choices>
<section id="house"><title>House</title><question id="first" type="single" choices="yn"><label>First?</label></question>
<roster id="member" min="0" max="300"><label>Member</label>${questions('m', 10)}</roster></section>${sections}</questionnaire>`;
}

fs.writeFileSync(path.join(scratch, 'large.xml'), large());
fs.writeFileSync(path.join(scratch, 'block'), study(survey, path.join(scratch, 'a.study'), path.join(scratch, 'large.xml')).forms[0].block);
const { url, close } = await serve({ '/form/': form, '/data/': scratch, '/': path.join(ROOT, 'tests/web') });
const browser = await launch(), page = await browser.newPage({ viewport: { width: 1280, height: 800 } });

const protocol = await page.context().newCDPSession(page);
await protocol.send('Performance.enable', { timeDomain: 'threadTicks' });     // what the page itself takes of the processor, whatever else runs on the machine
const spent = async () => Object.fromEntries((await protocol.send('Performance.getMetrics')).metrics.map(({ name, value }) => [name, value * 1000]));

/** Answers once; from the click to the last change of the page, in milliseconds on the clock. */
const answered = (selector, turn) => page.evaluate(async ([found, i]) => {
  let last = performance.now();
  const began = last, seen = new MutationObserver(() => { last = performance.now(); });
  seen.observe(document.getElementById('app'), { subtree: true, childList: true, attributes: true, characterData: true });
  const nodes = document.querySelectorAll(found);
  if (nodes[0].tagName === 'SELECT') { nodes[9].value = String(1 + i % 2); nodes[9].dispatchEvent(new Event('change', { bubbles: true })); } else nodes[i % 2].click();
  await new Promise(done => setTimeout(done, 150));
  seen.disconnect();
  return last - began;
}, [selector, turn]);

/** Answers 15 times what `selector` finds: the median and the longest, on the clock and on the processor (everything; styles and layout of it). */
async function measure(what, selector) {
  const clock = [], processor = [], layout = [];
  for (let i = 0; i < 16; i++) {
    const before = await spent(), taken = await answered(selector, i), after = await spent();
    if (i === 0) continue;
    clock.push(taken);
    processor.push(after.TaskDuration - before.TaskDuration);
    layout.push(after.LayoutDuration + after.RecalcStyleDuration - before.LayoutDuration - before.RecalcStyleDuration);
  }
  const told = list => { list.sort((a, b) => a - b); return [+list[7].toFixed(1), +list[14].toFixed(1)]; };
  const [[median_ms, longest_ms], [processor_ms, longest_processor_ms], [layout_ms, longest_layout_ms]] = [clock, processor, layout].map(told);
  console.log(JSON.stringify({ bench: 'redraw', what, median_ms, longest_ms, processor_ms, longest_processor_ms, layout_ms, longest_layout_ms }));
}

async function open(preferences) {
  await page.addInitScript(wanted => { for (const [name, value] of Object.entries(wanted)) localStorage.setItem('survey.' + name, value); }, preferences);
  await page.goto(`${url}/harness.html?block=/data/block`);
  await page.waitForSelector('.choice');
  await page.evaluate(() => {
    const { engine } = window, first = engine.page(0, 0, 0).items[0], roster = engine.step(first.item, 0, 1);
    for (let i = 0; i < 200; i++) {
      const { entry } = engine.add(roster.item, roster.entry);
      for (const [question, text] of [[1, '1'], [2, String(i % 90)], [3, 'Person ' + i]]) engine.answer(roster.item + question, entry, text);
    }
  });
  await page.click('.choice input');
  await page.waitForTimeout(500);
}

await open({ page: 'question', rosters: 'cards' });
await measure('one question a page', '.choice input');
await open({ page: 'section', rosters: 'cards' });
await measure('a section with 200 entries as cards', '.choice input');
await open({ page: 'section', rosters: 'table' });
await measure('one of 2,000 cells of a table', '.sheet select');
await browser.close();
await close();
