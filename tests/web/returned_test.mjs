#!/usr/bin/env node
/* A case that a supervisor returned, in the browser against the real server: seen with the reason, opened from the server's journal, the page killed, corrected without a
 * connection, sent as a revision of the same interview; returned twice; on a second device; begun by another interviewer. Nothing is kept twice or lost. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { launch } from './browser.mjs';
import { run, Server } from './real.mjs';
import { settled } from './walk.mjs';
import { arranged, installed, PASSWORD, python, sendNow, signIn, tests, unlock } from './world.mjs';

const { survey, scratch, form } = arranged(), file = path.join(scratch, 'returned.study');
fs.writeFileSync(path.join(scratch, 'questionnaire.xml'), `<questionnaire xmlns="urn:libsurvey:questionnaire:1" id="visit" version="1" xml:lang="en"><title>Visit</title>
  <question id="pkey" type="key"><label>Code?</label></question>
  <question id="age" type="integer" required="true"><label>Age?</label></question>
</questionnaire>`);
run(survey, ['study', 'create', file, '--questionnaire', path.join(scratch, 'questionnaire.xml'), '--actor', 'test']);
for (const [name, role] of [['ana', 'interviewer'], ['boris', 'interviewer'], ['sonia', 'supervisor']]) run(survey, ['study', 'account', 'add', file, name, '--role', role, '--organisation', 'NSI', '--actor', 'test'], PASSWORD + '\n');
fs.writeFileSync(path.join(scratch, 'cases.csv'), 'case,assigned,organisation\nN1,ana,NSI\n');
run(survey, ['cases', 'import', file, path.join(scratch, 'cases.csv'), '--form', 'visit', '--quiet']);
fs.writeFileSync(path.join(scratch, 'picture.xml'), `<questionnaire xmlns="urn:libsurvey:questionnaire:1" id="picture" version="1" xml:lang="en"><title>Picture</title>
  <question id="permit" type="photo"><label>Photo of the permit?</label></question>
</questionnaire>`);
run(survey, ['study', 'deploy', file, path.join(scratch, 'picture.xml')]);
fs.writeFileSync(path.join(scratch, 'pictures.csv'), 'case,assigned,organisation\nQ1,ana,NSI\n');
run(survey, ['cases', 'import', file, path.join(scratch, 'pictures.csv'), '--form', 'picture', '--quiet']);
const server = await new Server(survey, file, form).start(), browser = await launch();
let page, hashed;
const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

const rows = sql => JSON.parse(python('import json, sqlite3, sys\nprint(json.dumps(sqlite3.connect(sys.argv[1]).execute(sys.argv[2]).fetchall()))', file, sql));
/** What a supervisor does meanwhile. */
async function supervise(what, json, one = 'visit/N1') {
  const post = (url, body, headers) => fetch(server.url + url, { method: 'POST', headers: { 'Content-Type': 'application/json', ...headers }, body: JSON.stringify(body) });
  const login = await post('/api/login', { name: 'sonia', password: PASSWORD });
  const { csrf } = await login.json(), cookie = login.headers.getSetCookie()[0].split(';')[0];
  assert.equal((await post(`/api/cases/${one}/${what}`, json, { Cookie: cookie, 'X-Survey-CSRF': csrf })).status, 204);
}
const sendBack = comment => supervise('return', { comment });
const theCase = () => page.locator('button.answer', { hasText: 'N1' }).last();
const next = async () => { await settled(page); await page.keyboard.press('Alt+ArrowRight'); await settled(page); };
const field = () => page.locator('.items input').first();
const at = label => page.locator('.items').getByText(label, { exact: true }).waitFor();

async function device(name) {
  page = await (await browser.newContext()).newPage();
  await signIn(page, server.url, name);
  await installed(page);
}
/** It opens where it was left. */
async function age(value) {
  await at('Age?');
  await field().fill(String(value));
  await next();
  await page.getByRole('button', { name: 'Finish', exact: true }).click();
  await page.getByRole('button', { name: 'Close' }).click();
  await page.locator('section.queue').waitFor();
}
const sent = () => sendNow(page, 'Everything that is finished has been sent');
async function again() { await page.reload(); await unlock(page); }
/** What is stored: revisions of one interview, the last of which counts; nothing kept aside, nothing that differs. */
function stored(revisions, value) {
  assert.deepEqual(rows('SELECT count(*), count(DISTINCT coalesce(corrects, number)), count(conflicts) FROM interviews WHERE phase = 2'), [[revisions, 1, 0]]);
  assert.deepEqual(rows('SELECT count(*) FROM kept_aside'), [[0]]);
  assert.deepEqual(rows('SELECT count(*) FROM cases WHERE returned'), [[0]]);
  const [[key]] = rows('SELECT pkey FROM data_visit');
  assert.match(key, /^[0-9a-f]{32}$/);
  assert.equal(key, hashed ??= key, 'the key is hashed once');
  const folder = path.join(scratch, `export-${revisions}`);
  run(survey, ['export', file, '--form', 'visit', '--output', folder, '--events']);
  const lines = fs.readFileSync(path.join(folder, 'visit.csv'), 'utf8').trim().split('\n').map(line => line.split(','));
  assert.equal(lines.length, 2);
  assert.equal(lines[1][lines[0].indexOf('age')], String(value));
}

await tests({
  async 'an interview of a case, and its return'() {
    await device('ana');
    await theCase().click();
    await at('Code?');
    await field().fill('P-77');
    await next();
    await age(230);
    await sent();
    stored(1, 230);
    await sendBack('the age is 23');
  },
  async 'the reason is seen; it opens with its answers, also after the page was killed and without a server'() {
    await again();
    await page.getByText('the age is 23').waitFor();
    await theCase().click();
    await at('Age?');
    await server.stop('SIGKILL');
    await again();
    await theCase().click();
    await settled(page);
    await at('Age?');
    assert.equal(await field().inputValue(), '230');
    await age(23);
    await page.getByText('Interviews: 1').waitFor();
    assert.equal(await page.getByText('the age is 23').count(), 0, 'what is corrected and waits is not offered again');
    await server.start();
    await sent();
    stored(2, 23);
  },
  async 'returned a second time, corrected on two devices'() {
    await sendBack('24 after all');
    const first = page;
    const told = () => page.getByText('24 after all').waitFor();      // until then the list is that of before
    await device('ana');
    await told();
    await theCase().click();
    await at('Age?');
    const second = page;
    page = first;
    await again();
    await told();
    await theCase().click();
    await at('Age?');
    await age(24);
    await sent();
    stored(3, 24);
    page = second;
    await age(25);
    await sent();
    stored(4, 25);
  },
  async 'another interviewer corrects what was given to him'() {
    await sendBack('ask again');
    await supervise('assign', { assigned: 'boris' });
    await device('boris');
    await page.getByText('ask again').waitFor();
    await theCase().click();
    await at('Age?');
    await age(26);
    await sent();
    stored(5, 26);
  },
  async 'one that was never opened here opens without a connection too'() {
    await sendBack('27, I think');
    await again();
    await installed(page);
    await server.stop('SIGKILL');
    await again();
    await page.getByText('27, I think').waitFor();
    await theCase().click();
    await at('Age?');
    assert.equal(await field().inputValue(), '26');
    await age(27);
    await server.start();
    await sent();
    stored(6, 27);
    await sendBack('27, I think');
    await again();
    await page.getByText('27, I think').waitFor();
    await theCase().click();
    await at('Age?');
    assert.equal(await field().inputValue(), '27', 'the same words again, and not the interview as it was then');
    await age(28);
    await sent();
    stored(7, 28);
  },
  async 'of a case that is done another interview is begun only on purpose'() {
    await page.locator('button.answer', { hasText: 'done' }).waitFor();
    await theCase().click();
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.locator('section.queue').waitFor();
    await theCase().click();
    await page.getByRole('button', { name: 'Begin another' }).click();
    await at('Code?');
  },
  async 'photos of what is corrected are shown, whichever revision they came with, and go without a connection'() {
    const open = async () => { await page.locator('button.answer', { hasText: 'Q1' }).last().click(); await settled(page); await at('Photo of the permit?'); };
    const seen = () => page.waitForFunction(() => { const image = document.querySelector('.items img'); return image && image.complete && image.naturalWidth === 1; });
    const finish = async () => { await next(); await page.getByRole('button', { name: 'Finish', exact: true }).click(); await page.getByRole('button', { name: 'Close' }).click(); await page.locator('section.queue').waitFor(); await sent(); };
    await device('ana');
    await open();
    await page.locator('.items input[type=file]').setInputFiles({ name: 'permit.png', mimeType: 'image/png', buffer: Buffer.from(PIXEL, 'base64') });
    await seen();
    await finish();
    for (const turn of [1, 2]) {
      await supervise('return', { comment: `look again ${turn}` }, 'picture/Q1');
      await device('ana');
      await page.getByText(`look again ${turn}`).waitFor();
      await open();
      await seen();
      await finish();
    }
    await supervise('return', { comment: 'and again' }, 'picture/Q1');
    await device('ana');
    await page.getByText('and again').waitFor();
    await installed(page);
    await server.stop('SIGKILL');
    await open();
    await page.locator('.items').getByText(/\.(png|jpe?g|webp)/).waitFor();
    await server.start();
    assert.deepEqual(rows("SELECT count(*) FROM attachments"), [[1]], "it was sent once");
  },
}, () => page, scratch);
await browser.close();
await server.stop();
run(survey, ['study', 'verify', file]);
