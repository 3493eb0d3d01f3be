/* What the tests of the web form share: a questionnaire as a compiled form, keys, the folder the browser loads, and the steps a person takes. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { ROOT, skip } from './browser.mjs';

/** Arguments of every test: the command, a scratch folder (emptied), the folder that tools/form/build makes. */
export function arranged() {
  const [survey, scratch, form] = process.argv.slice(2).map(name => path.resolve(name));
  if (!form) { console.error('usage: NAME_test.mjs SURVEY SCRATCH FORM_FOLDER'); process.exit(2); }
  if (!fs.existsSync(path.join(form, 'engine.wasm'))) skip(`${form}: the web form is not built (tools/form/build)`);
  fs.rmSync(scratch, { recursive: true, force: true });
  fs.mkdirSync(scratch, { recursive: true });
  return { survey, scratch, form };
}

export const python = (program, ...args) => execFileSync('python3', ['-c', program, ...args], { encoding: 'utf8', maxBuffer: 1 << 28, env: { ...process.env, PYTHONUTF8: '1' } });

/** Makes a study of a questionnaire. @returns { file, forms: what GET /api/project says of a form, with its block } */
export function study(survey, file, questionnaire) {
  execFileSync(survey, ['study', 'create', file, '--questionnaire', questionnaire, '--actor', 'test'], { stdio: 'pipe' });
  const rows = JSON.parse(python(`
import json, sqlite3, sys
db = sqlite3.connect(sys.argv[1])
print(json.dumps([[i, v, c, b.hex()] for i, v, c, b in db.execute("SELECT id, version, checksum, block FROM forms ORDER BY number")]))`, file));
  return { file, forms: rows.map(([id, version, checksum, block]) => ({ id, version, checksum, newest: true, title: id, languages: ['en'], odk: false, files: [], parameters: {}, block: Buffer.from(block, 'hex') })) };
}

const SODIUM = `
import ctypes, ctypes.util, sys
s = ctypes.CDLL(ctypes.util.find_library("sodium") or "libsodium.so.23")
`;
/** A key pair as the study's: { public: base64, both in hexadecimal }. */
export function keys() {
  const [pk, sk] = python(SODIUM + `
pk, sk = ctypes.create_string_buffer(32), ctypes.create_string_buffer(32)
s.crypto_box_keypair(pk, sk)
print(pk.raw.hex(), sk.raw.hex())`).trim().split(' ');
  return { pk, sk, base64: Buffer.from(pk, 'hex').toString('base64') };
}

/** Opens a sealed box with the library itself, not with what the browser has. null when it cannot be opened. */
export function unseal({ pk, sk }, bytes, scratch) {
  const file = path.join(scratch, 'sealed');
  fs.writeFileSync(file, bytes);
  const hex = python(SODIUM + `
c = open(sys.argv[3], "rb").read()
m = ctypes.create_string_buffer(max(1, len(c) - 48))
bad = s.crypto_box_seal_open(m, c, ctypes.c_ulonglong(len(c)), bytes.fromhex(sys.argv[1]), bytes.fromhex(sys.argv[2]))
print("" if bad else m.raw[:len(c) - 48].hex())`, pk, sk, file).trim();
  return hex ? Buffer.from(hex, 'hex') : null;
}

/** A package (docs/formats/package.md) as a list of frames, its events with the item and value; throws when it is cut. */
export function frames(bytes) {
  if (bytes.subarray(0, 5).toString('latin1') !== 'SVYP\x01') throw new Error('not a package');
  let at = 5;
  const varint = () => { let n = 0n, shift = 0n; for (;;) { const byte = bytes[at++]; if (byte === undefined) throw new Error('cut'); n |= BigInt(byte & 127) << shift; shift += 7n; if (byte < 128) return n; } };
  const zigzag = () => { const n = varint(); return Number(n & 1n ? -(n + 1n) / 2n : n / 2n); };
  const text = () => { const n = Number(varint()), s = bytes.subarray(at, at + n).toString('utf8'); at += n + 1; return s; };
  const list = [];
  while (at < bytes.length) {
    const kind = bytes[at++], size = Number(varint()), end = at + size;
    const frame = { kind };
    if (kind === 1) Object.assign(frame, { uuid: text(), form: text(), version: text(), checksum: varint(), case: text() });
    if (kind === 2) Object.assign(frame, { first: Number(varint()), mode: Number(varint()), actor: text(), organisation: text(), device: text(), agent: text(), known: Number(varint()), offset: zigzag() });
    if (kind === 3) Object.assign(frame, { sequence: Number(varint()), utc: zigzag(), zone: zigzag(), mono: zigzag(), action: Number(varint()), item: text(), entry: text(), value: text() });
    if (kind === 4) Object.assign(frame, { name: text(), type: text(), size: Number(varint()), sha256: bytes.subarray(at, at + 32).toString('hex'), sealed: bytes.subarray(at + 32, at + 64).toString('hex') });
    if (end > bytes.length) throw new Error('cut');
    at = end;
    list.push(frame);
  }
  return list;
}

/** The items of a queue file (docs/formats/queue.md). */
export function queueItems(bytes) {
  if (bytes.subarray(0, 5).toString('latin1') !== 'SVYQ\x01') throw new Error('not a queue file');
  const items = [];
  for (let at = 5; at < bytes.length;) {
    let size = 0, factor = 1;
    for (;;) { const byte = bytes[at++]; size += (byte & 127) * factor; factor *= 128; if (byte < 128) break; }
    items.push(bytes.subarray(at, at + size));
    at += size;
  }
  return items;
}

/** A questionnaire of one text and many numbers, a question a page. */
export function diary(folder, questions) {
  fs.mkdirSync(folder, { recursive: true });
  const numbers = Array.from({ length: questions }, (_, i) => `<question id="n${i + 1}" type="integer"><label>Number ${i + 1}?</label></question>`).join('\n  ');
  const file = path.join(folder, 'questionnaire.xml');
  fs.writeFileSync(file, `<questionnaire xmlns="urn:libsurvey:questionnaire:1" id="diary" version="1" xml:lang="en" style="interviewer self"><title>Diary</title>
  <question id="words" type="text"><label>Your words?</label></question>
  <question id="photo" type="photo"><label>A photo?</label></question>
  ${numbers}
</questionnaire>`);
  return file;
}

/* ---- what an interviewer does ---- */
export const PIN = 'blue sky 7', PASSWORD = 'otter paints seven lamps';

export async function signIn(page, url, name = 'ana', password = PASSWORD) {
  await page.goto(url + '/form/');
  await page.locator('#name').fill(name);
  await page.locator('#password').fill(password);
  await page.locator('form button[type=submit]').click();
  await page.locator('#again').waitFor();
  await page.locator('#pin').fill(PIN);
  await page.locator('#again').fill(PIN);
  await page.locator('form button[type=submit]').click();
  await page.locator('section.queue').waitFor();
}

export async function unlock(page, pin = PIN) {
  await page.locator('#pin').fill(pin);
  await page.locator('form button[type=submit]').click();
  await page.locator('section.queue').waitFor();
}

/** Sends the queue, until `said` shows. The form tries by itself as well, so the button may go while it is pressed. */
export async function sendNow(page, said) {
  const there = page.getByText(said), button = page.getByRole('button', { name: 'Send now' });
  for (let i = 0; i < 50 && !await there.isVisible(); i++) { await button.click({ timeout: 300 }).catch(() => {}); await page.waitForTimeout(100); }
  await there.waitFor();
}

/** Waits until the service worker has everything and the home screen says that the questionnaires are here, so that the form starts without a server. */
export async function installed(page, said = 'works without a connection') {
  await page.evaluate(async () => {
    await navigator.serviceWorker.ready;
    if (!navigator.serviceWorker.controller) await new Promise(resolve => navigator.serviceWorker.addEventListener('controllerchange', resolve));
  });
  await page.getByText(said).waitFor();
}

/** Runs tests one after the other; the first that fails ends everything, with a picture. */
export async function tests(list, page = () => null, scratch = '.') {
  for (const [name, work] of Object.entries(list)) {
    const began = Date.now();
    try { await work(); } catch (error) {
      await page()?.screenshot({ path: path.join(scratch, 'failed.png'), fullPage: true }).catch(() => {});
      console.error(`FAILED: ${name}\n${error.stack}\n${await page()?.locator('body').innerText().catch(() => '') ?? ''}`);
      process.exit(1);
    }
    console.log(`ok: ${name} (${Date.now() - began} ms)`);
  }
}
