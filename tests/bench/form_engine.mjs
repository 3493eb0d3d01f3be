#!/usr/bin/env node
// The engine's part of a redraw in a browser: answering, and the page as JSON and parsed, in a form with 5,000 questions and a roster of 200 entries.
//   node tests/bench/form_engine.mjs COMPILE [FORM_FOLDER] [SCRATCH]      COMPILE: form_compile of a build; one line of JSON for each figure
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { Instance } from '../form/instance.mjs';

const [compile, folder = 'build/form', scratch = '/tmp'] = process.argv.slice(2);
const file = `${scratch}/large.block`;
execFileSync(compile, ['--large', '5000', '200', file]);
const block = readFileSync(file);

function measure(name, n, work) {
  for (let i = 0; i < 20; i++) work(i);
  const times = [];
  for (let i = 0; i < n; i++) {
    const start = performance.now();
    work(i);
    times.push(performance.now() - start);
  }
  times.sort((a, b) => a - b);
  console.log(JSON.stringify({ name, n, median_ms: +times[n >> 1].toFixed(3), p99_ms: +times[Math.floor(n * 0.99)].toFixed(3) }));
}

measure('open the form', 20, () => new Instance(`${folder}/engine.wasm`, block));
const engine = new Instance(`${folder}/engine.wasm`, block);
engine.start({});
const forget = () => { engine.script = []; engine.said = []; engine.package = []; };
const item = (id) => { for (let i = 0; ; i++) { const p = engine.call('page', i, 0, 0); if (p.items?.some((v) => v.id === id)) return p.items.find((v) => v.id === id).item; } };
const first = item('q0');
let person = 0;
for (let p = engine.call('page', 0, 0, 0); !person; p = engine.call('page', p.next.item, p.next.entry, 0)) person = p.headings.find((h) => h.kind === 'roster')?.item ?? 0;
measure('answer and page: a question', 300, (i) => { engine.change('answer', first + 30, 0, String(i), ''); engine.call('page', first + 30, 0, 0); forget(); });
measure('answer and page: a section', 300, (i) => { engine.change('answer', first, 0, String(i), ''); engine.call('page', first, 0, 1); forget(); });
measure('answer and page: in an entry, with a sum of all', 300, (i) => { engine.change('answer', person + 1, 1 + i % 200, String(i), ''); engine.call('page', person + 1, 1 + i % 200, 1); forget(); });
measure('page: 200 entries as cards', 100, () => { engine.call('page', person, 0, 0); forget(); });
measure('page: 200 entries as a table', 50, () => { engine.call('page', person, 0, 2); forget(); });
measure('search in 400 choices', 100, () => { engine.call('search', first + 7, 0, 'ma', 15); forget(); });
measure('review', 50, () => { engine.call('review', 0); forget(); });
measure('problems', 50, () => { engine.call('problems'); forget(); });
console.log(JSON.stringify({ name: 'memory of the engine', bytes: engine.c.memory.buffer.byteLength }));
