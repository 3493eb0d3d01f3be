// Holds interviews of our engine against the exported XForm in @getodk/xforms-engine: the same answers are given there, and every question must be asked or not
// asked as it was here, and every computed value must be the same.
//   TZ=UTC node exported.mjs FORM.xform.xml EXPORTED.csv [ROSTER.csv ...]       (survey export --sensitive; rosters are named FORM_ROSTER.csv)
// Prints a line for each difference and how many values were compared; the exit status is 1 when there is a difference.
import './dom.mjs';
import fs from 'node:fs';
import path from 'node:path';
import { answer, csv, entries, leaves, settable, value } from './filling.mjs';

const { loadForm } = await import('@getodk/xforms-engine');

let compared = 0;
let differences = 0;

function differs(where, what) {
  differences++;
  if (differences <= 40) {
    console.log(`${where}: ${what}`);
  }
}

function compare(holder, row, where) {
  for (const [id, node] of leaves(holder)) {
    if (!(id in row)) {
      continue;
    }
    const asked = row[`${id}_missing`] !== 'not-asked';
    const wanted = asked && row[id] ? value(row[id], node) : '';
    const found = node.currentState.relevant ? String(node.currentState.instanceValue) : '';
    compared++;
    if (asked !== node.currentState.relevant && settable.has(node.nodeType)) {
      differs(`${where} ${id}`, `asked here: ${asked}, there: ${node.currentState.relevant}`);
    } else if (wanted !== found && !(wanted !== '' && found !== '' && Math.abs(Number(wanted) - Number(found)) < 1e-9)) {
      differs(`${where} ${id}`, `here '${wanted}', there '${found}'`);
    } else if (asked && wanted !== '' && wanted.length - row[id].length < 6 && node.validationState?.constraint.valid === false) {
      differs(`${where} ${id}`, `'${wanted}' breaks the constraint there`);
    }
  }
}

const [form, main, ...others] = process.argv.slice(2);
const loaded = await loadForm(fs.readFileSync(form, 'utf8'), { fetchFormAttachment: async () => new Response('', { status: 404 }), missingResourceBehavior: 'BLANK' });
if (loaded.status === 'failure') {
  throw loaded.error;
}
const prefix = path.basename(main, '.csv');
const rosters = others.map((file) => [path.basename(file, '.csv').slice(prefix.length + 1), csv(file).rows]);
let interviews = 0;
for (const row of csv(main).rows) {
  if (row.outcome) {
    continue;                             // ended early: some answers were erased here
  }
  interviews++;
  const { root } = loaded.createInstance();
  answer(root, row);
  for (const [roster, lines] of rosters) {
    const mine = lines.filter((line) => line.interview === row.interview);
    const range = mine.length > 0 ? entries(root, roster) : null;
    while (range?.nodeType === 'repeat-range:uncontrolled' && range.currentState.children.length < mine.length) {
      range.addInstances();
    }
    mine.forEach((line, i) => {
      const entry = range.currentState.children[i];
      if (!entry) {
        differs(`${row.case}`, `roster ${roster} has no entry ${i + 1} there`);
      } else {
        answer(entry, line);
      }
    });
    answer(root, row);                    // what depends on the entries
    mine.forEach((line, i) => range.currentState.children[i] && compare(range.currentState.children[i], line, `${row.case} ${roster}[${i + 1}]`));
  }
  compare(root, row, row.case);
}
console.log(`${prefix}: ${interviews} interviews, ${compared} values, ${differences} differences`);
process.exit(differences > 0 || compared === 0 ? 1 : 0);
