// A client of survey serve made of @getodk/xforms-engine: takes a form from the server's list, fills it in and submits it.
//   TZ=UTC node submit.mjs BASE FORM_ID EXPORTED.csv [ROSTER.csv ...]     with the answers of interviews (survey export --sensitive; rosters are named FORM_ROSTER.csv)
//   TZ=UTC node submit.mjs BASE FORM_ID                                   with an answer of its own to everything outside of repeats
// FORM_ID may be "": the first of the list.
// BASE is an address that lets one in: http://127.0.0.1:8080/odk/key/TOKEN
// Prints for each interview a line of JSON: {"instance", "row" (number of the interview in the file), "values": {name: value}}.
import './dom.mjs';
import crypto from 'node:crypto';
import path from 'node:path';
import { answer, csv, entries, leaves, put, settable } from './filling.mjs';

const { loadForm } = await import('@getodk/xforms-engine');
console.error = console.warn = () => {};
const headers = { 'X-OpenRosa-Version': '1.0', connection: 'close' };   // the engine takes its time: a connection that waits is closed by the server

async function get(url, md5) {
  const reply = await fetch(url, { headers });
  if (reply.status !== 200) {
    throw new Error(`${url}: ${reply.status}`);
  }
  const bytes = Buffer.from(await reply.arrayBuffer());
  if (md5 && md5 !== `md5:${crypto.createHash('md5').update(bytes).digest('hex')}`) {
    throw new Error(`${url}: another MD5 than the list has`);
  }
  return bytes;
}

/** Elements of a name in XML: of each the texts of its children. */
function records(xml, element) {
  return [...new DOMParser().parseFromString(xml.toString(), 'text/xml').getElementsByTagName(element)].map((record) =>
    Object.fromEntries([...record.childNodes].filter((child) => child.nodeType === 1).map((child) => [child.localName, child.textContent])));
}

async function open(base, id) {
  const forms = records(await get(`${base}/formList`), 'xform');
  const listed = id === '' ? forms[0] : forms.find(({ formID }) => formID === id);
  if (!listed) {
    throw new Error(`the list has no form ${id}`);
  }
  const files = new Map();
  for (const file of listed.manifestUrl ? records(await get(listed.manifestUrl), 'mediaFile') : []) {
    files.set(file.filename, await get(file.downloadUrl, file.hash));
  }
  const fetchFormAttachment = async (url) => {
    const bytes = files.get(path.basename(decodeURIComponent(String(url))));
    return bytes ? new Response(bytes, { status: 200, headers: { 'content-type': String(url).endsWith('.csv') ? 'text/csv' : 'text/xml' } }) : new Response('', { status: 404 });
  };
  const form = await loadForm((await get(listed.downloadUrl, listed.hash)).toString(), { fetchFormAttachment, missingResourceBehavior: 'BLANK' });
  if (form.status === 'failure') {
    throw form.error;
  }
  return form;
}

// ---- filling in ----

function fillRow(root, row, rosters) {
  answer(root, row);
  for (const [roster, lines] of rosters) {
    const mine = lines.filter((line) => line.interview === row.interview);
    const range = mine.length > 0 ? entries(root, roster) : null;
    while (range?.nodeType === 'repeat-range:uncontrolled' && range.currentState.children.length < mine.length) {
      range.addInstances();
    }
    mine.forEach((line, i) => range.currentState.children[i] && answer(range.currentState.children[i], line));
    answer(root, row);
  }
}

// A text is a number, too: a bind with a relative path has no type in the engine, but one for JavaRosa and us.
const samples = { string: '7', int: '7', decimal: '2.5', date: '2026-11-22', time: '10:30:00.000+00:00', dateTime: '2026-11-22T10:30:00.000Z', geopoint: '42.7 23.3 0 0', boolean: 'true' };

function sample(node) {
  const codes = node.currentState.valueOptions?.map((item) => item.value) ?? [];
  return node.nodeType === 'select' || node.nodeType === 'rank' ? codes[0] : node.nodeType === 'trigger' || node.nodeType === 'upload' ? null : samples[node.valueType] ?? 'x';
}

function fillAll(root) {
  for (let again = 0; again < 3; again++) {
    for (const node of leaves(root).values()) {
      const { relevant, readonly, instanceValue } = node.currentState;
      const text = sample(node);
      if (settable.has(node.nodeType) && relevant && !readonly && instanceValue === '' && text) {
        put(node, text);
      }
    }
  }
  for (const node of leaves(root).values()) {
    if (node.nodeType === 'input' && node.validationState.constraint.valid === false) {
      node.setValue('');                    // a client would not let this be sent
    }
  }
}

function values(root) {
  return Object.fromEntries([...leaves(root)].filter(([, node]) => node.currentState.relevant).map(([id, node]) => [id, String(node.currentState.instanceValue)]));
}

// ---- submitting ----

async function submit(base, root, row) {
  const payload = await root.prepareInstancePayload({ payloadType: 'monolithic' });
  const xml = await payload.data[0].get('xml_submission_file').text();
  const instance = /<(?:\w+:)?instanceID>([^<]*)</.exec(xml)?.[1] ?? '';
  const probe = await fetch(`${base}/submission`, { method: 'HEAD', headers });
  const body = new FormData();
  for (const [name, file] of payload.data[0].entries()) {
    body.append(name, file, file.name);
  }
  const reply = await fetch(`${base}/submission`, { method: 'POST', headers, body });
  const text = await reply.text();
  if (probe.status !== 204 || reply.status !== 201 || !text.includes('submit_success')) {
    throw new Error(`HEAD ${probe.status}, POST ${reply.status}: ${text}\n${xml}`);
  }
  console.log(JSON.stringify({ instance, row, message: />([^<]*)<\/message/.exec(text)[1], values: values(root) }));
}

const [base, id, main, ...others] = process.argv.slice(2);
const form = await open(base, id);
if (main) {
  const prefix = path.basename(main, '.csv');
  const rosters = others.map((file) => [path.basename(file, '.csv').slice(prefix.length + 1), csv(file).rows]);
  for (const [i, row] of csv(main).rows.entries()) {
    if (row.outcome) {
      continue;                             // ended early: some answers were erased here
    }
    const { root } = form.createInstance();
    fillRow(root, row, rosters);
    await submit(base, root, i);
  }
} else {
  const { root } = form.createInstance();
  fillAll(root);
  await submit(base, root, 0);
}
