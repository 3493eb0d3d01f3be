// Times @getodk/xforms-engine: one form a process, one JSON line a measurement.
//   node bench.mjs FORM.xml [NODE VALUE VALUE [SELECT]]
// With NODE (its reference) that node is answered with the two values in turn; with SELECT its choices are read after each.
import './dom.mjs';
import fs from 'node:fs';
import path from 'node:path';
import { loadForm } from '@getodk/xforms-engine';

const [form, node, ...rest] = process.argv.slice(2);
const [values, select] = [rest.slice(0, 2), rest[2]];
const title = path.basename(form, '.xml');
const TIMES = 10;
const since = (start) => Math.round((performance.now() - start) * 1e6);
const report = (name, ns) => console.log(JSON.stringify({ name: `${name}/${title}`, ns, peak_kb: process.resourceUsage().maxRSS }));

async function attachment(url) {
  const file = path.join(path.dirname(form), path.basename(decodeURIComponent(String(url))));
  const type = file.endsWith('.csv') ? 'text/csv' : 'text/xml';
  return fs.existsSync(file) ? new Response(fs.readFileSync(file), { status: 200, headers: { 'content-type': type } }) : new Response('', { status: 404 });
}

function* all(parent) {
  for (const child of parent.currentState.children ?? []) {
    yield child;
    yield* all(child);
  }
}

function find(root, reference) {
  for (const child of all(root)) {
    if (child.currentState.reference === reference) {
      return child;
    }
  }
  throw new Error(`no node ${reference}`);
}

let start = performance.now();
const text = fs.readFileSync(form, 'utf8');
const result = await loadForm(text, { fetchFormAttachment: attachment, missingResourceBehavior: 'BLANK' });
if (result.status === 'failure') {
  throw result.error;
}
report('load', since(start));
start = performance.now();
const { root } = result.createInstance();
report('start', since(start));
start = performance.now();
const submission = root.instanceState.instanceXML;
report('submission', since(start));
if (node) {
  const target = find(root, node);
  const choices = select && find(root, select);
  let seen = submission.length;
  target.setValue(values[0]);
  start = performance.now();
  for (let i = 0; i < TIMES; i++) {
    target.setValue(values[(i + 1) % 2]);
    seen += choices ? choices.currentState.valueOptions.length : 0;
  }
  report(choices ? 'filter' : 'answer', Math.round(since(start) / TIMES) + (seen ? 0 : 1));
}
process.exit(0);
