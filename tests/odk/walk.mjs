// Walks at random through forms in @getodk/xforms-engine and writes down what it does and what every node is like after every step.
//   TZ=UTC node walk.mjs [--seeds N] [--first SEED] [--steps N] [--words FOLDER] FORM.xml ... > trace.jsonl
// --words: answers are taken from what the form of the same name there mentions, so that two versions of a form get the same ones.
// A line is one of
//   {form, seed}                      a walk begins
//   {refused}                         the engine does not take the form
//   {op, ref, value}                  what was done: "start", "set", "clear", "add", "remove", "language" (value: its name)
//   {nodes, xml}                      how things are then; nodes: [reference, relevant, required, readonly, constraint, answered, value, choices, label]
//   {broken}                          the engine failed in that step: the walk ends
// What depends on chance is found by walking twice with other random numbers, and is written as "?".
import './dom.mjs';
import fs from 'node:fs';
import path from 'node:path';

const NOW = Date.parse('2026-11-22T10:11:12.345Z');
const SystemDate = globalThis.Date;
globalThis.Date = class extends SystemDate {
  constructor(...parts) {
    super(...(parts.length === 0 ? [NOW] : parts));
  }

  static now() {
    return NOW;
  }
};

const { loadForm } = await import('@getodk/xforms-engine');
console.error = console.warn = () => {};

/** The same numbers for the same seed, everywhere. */
class Chance {
  constructor(seed) {
    this.state = (seed * 2654435761 + 12345) % 2147483647 || 1;
  }

  below(n) {
    this.state = (this.state * 48271) % 2147483647;
    return this.state % n;
  }

  pick(list) {
    return list[this.below(list.length)];
  }

  one(n) {
    return this.below(n) === 0;
  }
}

// ---- the form -----------------------------------------------------------------------------------------------------------------

const types = { csv: 'text/csv', geojson: 'application/geo+json', xml: 'text/xml' };

/** Files of a form lie beside it or in FORM-media; a file that is missing is an empty list. */
function attachments(form) {
  return async (url) => {
    const name = path.basename(decodeURIComponent(String(url)));
    const folders = [path.dirname(form), form.replace(/\.xml$/, '-media')];
    for (const folder of folders) {
      const file = path.join(folder, name);
      if (fs.existsSync(file)) {
        return new Response(fs.readFileSync(file), { status: 200, headers: { 'content-type': types[name.split('.').pop()] ?? 'text/plain' } });
      }
    }
    return new Response('', { status: 404 });
  };
}

async function load(form) {
  const text = fs.readFileSync(form, 'utf8');
  const result = await loadForm(text, { fetchFormAttachment: attachments(form), missingResourceBehavior: 'BLANK' });
  if (result.status === 'failure') {
    throw result.error;
  }
  return { result, text };
}

/** The engine with random numbers of its own, the same for the same `draw`. */
function start(result, draw) {
  const chance = new Chance(draw);
  Math.random = () => chance.below(2147483646) / 2147483646;
  return result.createInstance().root;
}

function* all(node) {
  for (const child of node.currentState.children ?? []) {
    yield child;
    yield* all(child);
  }
}

const isRange = (node) => node.nodeType.startsWith('repeat-range');
const settable = new Set(['input', 'select', 'rank', 'range', 'trigger', 'upload']);

// ---- the state ----------------------------------------------------------------------------------------------------------------

const text = (range) => (range?.asString ?? '').replace(/\s+/g, ' ').trim();

function state(root) {
  const nodes = [];
  for (const node of all(root)) {
    if (isRange(node)) {
      continue;
    }
    const { reference, relevant, required, readonly } = node.currentState;
    const leaf = !node.currentState.children;
    const valid = node.validationState;
    const choices = node.currentState.valueOptions?.map((item) => [item.value, text(item.label)]) ?? null;
    nodes.push([reference, relevant, leaf ? required : null, leaf ? readonly : null, leaf ? valid.constraint.valid : null,
      leaf ? valid.required.valid : null, leaf ? node.currentState.instanceValue : null, choices, leaf ? text(node.currentState.label) : null]);
  }
  return { nodes, xml: root.instanceState.instanceXML };
}

/** Marks what differs between two walks that differ only in their random numbers. */
function unstable(a, b) {
  if (a.nodes.length !== b.nodes.length) {
    return { nodes: a.nodes, xml: '?', chance: true };
  }
  const nodes = a.nodes.map((node, i) => node.map((value, k) => {
    const other = b.nodes[i][k];
    if (k === 7 && value && other && JSON.stringify(value) !== JSON.stringify(other)) {
      return JSON.stringify([...value].sort()) === JSON.stringify([...other].sort()) ? ['?', ...[...value].sort()] : '?';
    }
    return JSON.stringify(value) === JSON.stringify(other) ? value : '?';
  }));
  return { nodes, xml: a.xml === b.xml ? a.xml : '?' };
}

// ---- what to do next ----------------------------------------------------------------------------------------------------------

const edges = {
  string: ['', 'a', ' a  b ', '0', '-1', 'true', 'é', 'x<y&z', '10', 'abc'],
  int: ['0', '1', '-1', '7', '007', '1.5', 'abc', '99', '2147483647', '2147483648', ' 5 ', '1e3', '100'],
  decimal: ['0', '1', '-1.5', '0.1', '2.50', 'abc', '1e3', '99999999', '1,5', '0.30000000000000004'],
  date: ['2026-11-22', '1970-01-01', '2024-02-29', '2026-02-30', '2026-1-2', '2000-12-31', '2026-11-23T10:00:00', 'abc'],
  time: ['10:11:12', '00:00:00.000Z', '23:59:59.999+02:00', '10:11', '25:00:00'],
  dateTime: ['2026-11-22T10:11:12', '2026-11-22T10:11:12.345Z', '2000-01-01T00:00:00.000+02:00', '2026-11-22', 'abc'],
  geopoint: ['1 2', '42.7 23.3 550 4.5', '0 0', '91 0', 'abc', '-1.50 2.25 0 0'],
  geotrace: ['1 2;3 4', '1 2 0 0;3 4 0 0;', '1 2', '1 2;1 2'],
  geoshape: ['1 2;3 4;5 6;1 2', '1 2;3 4', '1 2 0 0;3 4 0 0;5 6 0 0;1 2 0 0;'],
  boolean: ['true', 'false', '1', '0'],
};

/** Texts and numbers that the form's own expressions mention, and numbers beside them. */
function mentioned(formText) {
  const found = new Set();
  const decode = (s) => s.replace(/&quot;/g, '"').replace(/&apos;/g, "'").replace(/&lt;/g, '<').replace(/&gt;/g, '>').replace(/&amp;/g, '&');
  for (const [, expression] of formText.matchAll(/(?:relevant|constraint|calculate|readonly|required|nodeset|value|jr:count)="([^"]*)"/g)) {
    for (const [, a, b] of decode(expression).matchAll(/'([^']{0,40})'|"([^"]{0,40})"/g)) {
      found.add(a ?? b);
    }
    for (const [number] of decode(expression).matchAll(/(?<![\w.'-])\d+(?:\.\d+)?(?![\w'])/g)) {
      found.add(number);
      found.add(String(Number(number) + 1));
      found.add(String(Number(number) - 1));
    }
  }
  const list = [...found].filter((s) => s !== '' && !s.includes('/'));
  return { list, numbers: list.filter((s) => /^-?\d+(\.\d+)?$/.test(s)) };
}

// A date that does not exist breaks the engine's evaluation for good; no client lets people type one.
const breaks = (value) => value === '2026-02-30';

function value(node, chance, words) {
  const type = node.valueType;
  const numeric = type === 'int' || type === 'decimal';
  const own = numeric ? words.numbers : type === 'string' ? words.list : words.list.filter((w) => /^\d{4}-/.test(w));
  if (own.length > 0 && !chance.one(3)) {
    return chance.pick(own);
  }
  const pool = (edges[type] ?? edges.string).filter((v) => type !== 'string' || !breaks(v));
  return chance.pick(pool);
}

/** What to do with a node: [op, value]. */
function answer(node, chance, words) {
  const codes = (node.currentState.valueOptions ?? []).map((item) => item.value);
  if (chance.one(8)) {
    return ['clear', ''];
  }
  switch (node.nodeType) {
    case 'select':
      if (codes.length === 0) {
        return null;
      }
      return ['set', node.selectType === 'select1' ? chance.pick(codes) : codes.filter(() => chance.one(2)).join(' ')];
    case 'rank':
      return codes.length === 0 ? null : ['set', [...new Set(codes)].map((code) => [chance.below(1000), code]).sort((a, b) => a[0] - b[0]).map(([, code]) => code).join(' ')];
    case 'trigger':
      return ['set', 'OK'];
    case 'upload':
      return ['set', `file${chance.below(9)}.bin`];
    default:
      return ['set', value(node, chance, words)];
  }
}

function choose(root, chance, words) {
  if (root.languages.length > 1 && chance.one(12)) {
    return { op: 'language', ref: '', value: chance.pick(root.languages).language };
  }
  const nodes = [...all(root)].filter((node) => node.currentState.relevant);
  const ranges = nodes.filter((node) => node.nodeType === 'repeat-range:uncontrolled');
  if (ranges.length > 0 && chance.one(5)) {
    const range = chance.pick(ranges);
    const instances = range.currentState.children;
    if (instances.length > 0 && (instances.length > 4 || chance.one(3))) {
      return { op: 'remove', ref: chance.pick(instances).currentState.reference };
    }
    return { op: 'add', ref: range.currentState.reference };
  }
  const leaves = nodes.filter((node) => settable.has(node.nodeType) && !node.currentState.readonly);
  if (leaves.length === 0) {
    return null;
  }
  const node = chance.pick(leaves);
  const [op, given] = answer(node, chance, words) ?? [];
  return op && { op, ref: node.currentState.reference, value: given };
}

function find(root, ref, range) {
  for (const node of all(root)) {
    if (node.currentState.reference === ref && isRange(node) === range) {
      return node;
    }
  }
  throw new Error(`no node ${ref}`);
}

function put(node, op, given) {
  const clear = op === 'clear';
  switch (node.nodeType) {
    case 'select':
      return node.selectType === 'select1' ? node.selectValue(clear ? null : given) : node.selectValues(given.split(' ').filter(Boolean));
    case 'rank':
      return node.setValues(given.split(' ').filter(Boolean));
    case 'trigger':
      return node.setValue(!clear);
    case 'upload':
      return node.setValue(clear ? null : new File(['x'], given));
    default:
      return node.setValue(given);
  }
}

function act(root, { op, ref, value: given }) {
  if (op === 'language') {
    root.setLanguage(root.languages.find(({ language }) => language === given));
  } else if (op === 'add') {
    find(root, ref, true).addInstances();
  } else if (op === 'remove') {
    const [, range, position] = /^(.*)\[(\d+)\]$/.exec(ref);
    find(root, range, true).removeInstances(Number(position) - 1);
  } else {
    put(find(root, ref, false), op, given);
  }
}

// ---- walking ------------------------------------------------------------------------------------------------------------------

const say = (line) => fs.writeSync(1, `${JSON.stringify(line)}\n`);
const sentence = (error) => [error?.message, ...(error?.errors ?? []).map((e) => e.message)].join(' ').replace(/\s+/g, ' ').slice(0, 300);

function walk(result, words, seed, steps) {
  const chance = new Chance(seed);
  const root = start(result, 1);
  const other = start(result, 2);   // Math.random goes on with the second's: both draw from it
  say({ op: 'start' });
  say(unstable(state(root), state(other)));
  for (let step = 0; step < steps; step++) {
    const what = choose(root, chance, words);
    if (!what) {
      continue;
    }
    say(what);
    act(root, what);
    try {
      act(other, what);
    } catch {
      say({ chance: true });
      return;
    }
    say(unstable(state(root), state(other)));
  }
}

async function main(args) {
  const options = { seeds: 2, first: 1, steps: 25 };
  const forms = [];
  for (let i = 0; i < args.length; i++) {
    if (args[i].startsWith('--')) {
      const name = args[i].slice(2);
      options[name] = name === 'words' ? args[++i] : Number(args[++i]);
    } else {
      forms.push(args[i]);
    }
  }
  for (const form of forms) {
    for (let seed = options.first; seed < options.first + options.seeds; seed++) {
      say({ form, seed });
      let loaded;
      try {
        loaded = await load(form);
        start(loaded.result, 1);
      } catch (error) {
        say({ refused: sentence(error) });
        break;
      }
      try {
        walk(loaded.result, mentioned(options.words ? fs.readFileSync(path.join(options.words, path.basename(form)), 'utf8') : loaded.text), seed, options.steps);
      } catch (error) {
        say({ broken: sentence(error) });
      }
    }
  }
}

await main(process.argv.slice(2));
process.exit(0);
