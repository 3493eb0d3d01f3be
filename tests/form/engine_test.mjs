#!/usr/bin/env node
// The engine as browsers run it: both first questionnaires in three languages, page by page and section by section; every result is JSON, and the native engine,
// asked the same, says the same, byte for byte; what comes out as a package is what a receiver takes.
//   engine_test.mjs COMPILE DRIVE FORM_FOLDER SCRATCH
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { Instance } from './instance.mjs';
import { walk } from './walk.mjs';

const [compile, drive, folder, scratch] = process.argv.slice(2);
const LARGE = { maxBuffer: 1 << 30, encoding: 'utf8' };

function block(name, source) {
  const file = `${scratch}/${name}.block`;
  execFileSync(compile, [...[source].flat(), file], { stdio: ['ignore', 'inherit', 'inherit'] });
  return file;
}

function sameNatively(engine, file, name) {
  const said = execFileSync(drive, [file], { ...LARGE, input: [...engine.script, 'package', ''].join('\n') }).split('\n');
  for (const [i, text] of engine.said.entries()) assert.equal(said[i], text, `${name}: call ${i} says something else natively`);
}

function received(engine, file, name) {
  const bytes = `${scratch}/${name}.package`;
  writeFileSync(bytes, engine.bytes());
  return JSON.parse(execFileSync(drive, [file, bytes], LARGE));
}

function interview(wasm, file, { language, seed, whole, name, visit }) {
  const engine = new Instance(`${folder}/${wasm}`, readFileSync(file));
  assert.equal(engine.opened.status, 'ok', JSON.stringify(engine.opened));
  assert.equal(engine.start({ language }).status, 'ok');
  const pages = walk(engine, seed, whole, visit);
  engine.call('review', 0);
  for (const p of engine.call('problems').problems) if (p.soft) engine.change('override', p.check, p.checkEntry, 'it was asked again');
  const { problems } = engine.call('problems');
  const completed = engine.change('complete');
  assert.equal(completed.status === 'ok', problems.length === 0, `${name}: ${JSON.stringify(problems[0])}`);
  if (completed.status !== 'ok') engine.change('suspend');
  const state = engine.call('state_hash');
  engine.call('end');
  sameNatively(engine, file, name);
  assert.deepEqual(received(engine, file, name), state, `${name}: the receiver arrives at another state`);
  if (process.env.WALK) console.error(name, pages, completed.status, problems.length, JSON.stringify(problems[0] ?? ''), engine.bytes().length);
  return { pages, complete: completed.status === 'ok', engine };
}

execFileSync(drive, ['--format'], { stdio: 'inherit' });
for (const wasm of ['engine.wasm', 'engine-odk.wasm'])       // nothing is asked of the page
  assert.deepEqual(WebAssembly.Module.imports(new WebAssembly.Module(readFileSync(`${folder}/${wasm}`))), []);
execFileSync('script/pseudo-translate', [`${scratch}/pseudo`], { stdio: 'ignore' });
let complete = 0, runs = 0, pages = 0;
for (const name of ['a-main-tcn', 'c-training']) {
  const file = block(name, `${scratch}/pseudo/${name}/questionnaire.xml`);
  for (const [i, language] of ['en', 'bg', 'ar'].entries()) {
    for (const whole of [0, 1, 3]) {
      const directions = new Set(), run = interview(whole === 3 ? 'engine-odk.wasm' : 'engine.wasm', file,
        { language, seed: 100 * i + whole + 5, whole, name: `${name}-${language}-${whole}`, visit: (page) => directions.add(page.language + page.direction) });
      assert.deepEqual([...directions], [language + (language === 'ar' ? 'rtl' : 'ltr')]);
      complete += run.complete;
      runs++;
      pages += run.pages;                                  // some end early, where somebody does not agree
    }
  }
}
assert(complete >= runs / 2, `only ${complete} of ${runs} interviews were completed`);
assert(pages > 400, `only ${pages} pages were seen`);

// A draft goes on where it was left: its bytes without an end, then another sitting.
{
  const file = `${scratch}/a-main-tcn.block`, first = new Instance(`${folder}/engine.wasm`, readFileSync(file));
  first.start({ language: 'bg' });
  const page = first.call('page', 0, 0, 0);
  assert.equal(first.change('answer', page.items[0].item, 0, '3', '').status, 'ok');
  first.change('suspend');
  const draft = first.bytes(), again = new Instance(`${folder}/engine.wasm`, readFileSync(file));
  assert.deepEqual(again.change('replay', draft), { status: 'ok', phase: 'suspended', language: 'bg' });
  assert.equal(again.call('state_hash').hash, first.call('state_hash').hash);
  assert.equal(again.change('sitting', JSON.stringify({ sitting: { mode: 'self', device: 'd2', clockKnown: false } })).status, 'ok');
  assert.equal(again.call('page', 0, 0, 0).phase, 'open');
  assert.equal(again.change('file', JSON.stringify({ name: 'gone.jpg', size: 1, sha256: '0'.repeat(64) })).status, 'name');
  again.call('end');
  const whole = Buffer.concat([draft, again.bytes()]);
  writeFileSync(`${scratch}/draft.package`, whole);
  execFileSync(drive, [file, `${scratch}/draft.package`], LARGE);
  for (const cut of [1, 7, 20, draft.length - 1])          // whatever is cut off, it is told and nothing is open
    assert.equal(again.change('replay', draft.subarray(0, cut)).status, 'failed');
  assert.equal(again.call('page', 0, 0, 0).status, 'state');
}

// Texts of every kind in labels, answers, remarks, reasons: always JSON, and what went in comes out.
{
  const odd = ['"', '\\', '</script><img src=x onerror=alert(1)>', '\u202e right \u2066 to \u2069 left \u200f', '\u2028\u2029', 'a\tb', "';--", '{"a":[', '\ufeff', '\u{1f600}', '&amp;', '${odd}', '%s%n'];
  const xml = (t) => t.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/"/g, '&quot;').replace(/\$\{/g, '$ {');
  writeFileSync(`${scratch}/odd.xml`, `<?xml version="1.0"?>\n<questionnaire xmlns="urn:libsurvey:questionnaire:1" id="odd" version="1" xml:lang="en"><title>${xml(odd[0])}</title>
<choices id="c">${odd.map((t, i) => `<choice code="${i}">${xml(t)}</choice>`).join('')}</choices>
${odd.map((t, i) => `<question id="q${i}" type="text"><label>${xml(t)}</label><hint>${xml(t)} \${q0}</hint></question>`).join('')}
<question id="single" type="single" choices="c"><label>x</label></question></questionnaire>`);
  const file = block('odd', `${scratch}/odd.xml`), engine = new Instance(`${folder}/engine.wasm`, readFileSync(file));
  engine.start({});
  for (const [i, text] of [...odd, '\u0001\u001f\u007f', 'x'.repeat(5000), '\n\r\n'].entries()) {
    const place = engine.call('page', 0, 0, 0).place, q = { item: place.item + (i % odd.length), entry: 0 };
    assert.equal(engine.change('answer', q.item, 0, text, '').status, 'ok', JSON.stringify(text));
    assert.equal(engine.change('remark', q.item, 0, text).status, 'ok');
    const view = engine.call('page', q.item, 0, 0).items[0];
    assert.equal(view.value, text);
    assert.equal(view.remark, text);
    assert.equal(view.label.replace(/\s/g, ''), i < odd.length ? odd[i].replace('${', '$ {').replace(/\s/g, '') : view.label.replace(/\s/g, ''));
  }
  engine.call('review', 0);
  assert.equal(engine.change('answer', 10, 0, new Uint8Array([0x61, 0xff, 0x62]), '').status, 'value');
  assert.equal(engine.change('answer', 10, 0, 'a\0b', '').status, 'value');
  assert.equal(engine.change('answer', 4000000000, 0, 'a', '').status, 'state');
  assert.equal(engine.change('answer', 1, 77, 'a', '').status, 'state');
  for (const bad of ['', '{', '[]', '{"head":{"uuid":', '{"a":{"a":{"a":{"a":{"a":{"a":{"a":1}}}}}}}'])
    assert.notEqual(engine.change('sitting', bad).status, 'ok', bad);
  sameNatively(engine, file, 'odd');
}

// A list that needs more entries says how many, in the words of the interview.
{
  writeFileSync(`${scratch}/few.xml`, `<?xml version="1.0"?>
<questionnaire xmlns="urn:libsurvey:questionnaire:1" id="few" version="1" xml:lang="en"><title>Few</title>
<roster id="job" min="2"><label>Jobs</label><question id="what" type="text"><label>Which?</label></question></roster></questionnaire>`);
  const engine = new Instance(`${folder}/engine.wasm`, readFileSync(block('few', `${scratch}/few.xml`)));
  engine.start({});
  const { item, entry } = engine.call('page', 0, 0, 0).items[0];
  assert.deepEqual(engine.change('close', item, entry), { status: 'state', message: 'This list needs more entries. Needed: 2.', check: null });
}

// A form of the ODK world is refused by the small engine in one sentence, and taken by the other one.
{
  writeFileSync(`${scratch}/odk.xml`, `<?xml version="1.0"?>
<questionnaire xmlns="urn:libsurvey:questionnaire:1" id="odk" version="1" xml:lang="en" expressions="odk"><title>ODK</title>
<choices id="c"><choice code="a">A</choice><choice code="b">B</choice></choices>
<question id="age" type="integer"><label>Age?</label><check that=". &lt; 120">Under 120.</check></question>
<question id="which" type="single" choices="c" relevant="\${age} &gt; 3"><label>Which, at \${age}?</label></question></questionnaire>`);
  const file = block('odk', `${scratch}/odk.xml`);
  const { opened } = new Instance(`${folder}/engine.wasm`, readFileSync(file));
  assert.equal(opened.status, 'failed');
  assert.match(opened.message, /ODK/);
  const { engine } = interview('engine-odk.wasm', file, { language: 'en', seed: 3, whole: 0, name: 'odk' });
  assert.equal(engine.opened.odk, true);
}

// What everybody loads before the first question shows stays small: all of it is under 120 KB.
const size = (name) => readFileSync(`${folder}/${name}.br`).length;
assert(size('engine.wasm') <= 68000, `engine.wasm has ${size('engine.wasm')} bytes compressed`);
assert(size('crypto.wasm') <= 20000, `crypto.wasm has ${size('crypto.wasm')} bytes compressed`);

console.log(`engine: ${runs} interviews of ${pages} pages (${complete} complete) the same natively and in WebAssembly, and as packages`);
