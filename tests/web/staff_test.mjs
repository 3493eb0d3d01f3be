/* Those who run a study, in a real browser with the real server: the first administrator, people, cases, links, data, records; what each role is offered; how it looks and whether everybody can use it. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { axe, launch, ROOT } from './browser.mjs';
import { run, Server } from './real.mjs';
import { arranged, PASSWORD, PIN, tests } from './world.mjs';

const { survey, scratch, form } = arranged(), file = path.join(scratch, 'staff.study'), pictures = process.env.WEB_PICTURES;
run(survey, ['study', 'create', file, '--questionnaire', path.join(ROOT, 'questionnaires/c-training/questionnaire.xml'), '--actor', 'test']);
fs.writeFileSync(path.join(scratch, 'cases.csv'), 'case,assigned,organisation,telephone\n' + Array.from({ length: 30 }, (_, i) => `C${String(i).padStart(2, '0')},${i % 2 ? 'ina' : ''},${i % 3 ? 'NSI' : ''},0888-${i}\n`).join(''));
run(survey, ['cases', 'import', file, path.join(scratch, 'cases.csv'), '--form', 'c-training', '--quiet']);
const server = await new Server(survey, file, form, []).start(), browser = await launch();
let page, context;
const errors = [];

async function open(language = 'en', options = {}) {
  await context?.close();
  context = await browser.newContext({ viewport: { width: 1100, height: 800 }, acceptDownloads: true, ...options });
  page = await context.newPage();
  page.on('pageerror', error => errors.push(error.stack));
  page.on('console', message => { if (message.type() === 'error' && !/status of 4\d\d/.test(message.text())) errors.push(message.text()); });
  await page.addInitScript(tag => { localStorage.setItem('survey.language', tag); }, language);
}
const shown = () => page.waitForFunction(() => document.querySelector('h1') && document.querySelector('nav') && !document.querySelector('[aria-busy]'));
async function signIn(name, address = '/form/') {
  await page.goto(server.url + address);
  await page.locator('#name').fill(name);
  await page.locator('#password').fill(PASSWORD);
  await page.locator('form button[type=submit]').click();
}
const go = async name => { await page.getByRole('navigation').getByRole('button', { name, exact: true }).click(); await page.getByRole('heading', { level: 1, name }).waitFor(); await shown(); };
const offered = () => page.getByRole('navigation').getByRole('button').allInnerTexts();
const looked = async name => {
  if (pictures) { fs.mkdirSync(pictures, { recursive: true }); await page.screenshot({ path: path.join(pictures, `staff-${name}.png`), fullPage: true }); }
  assert.deepEqual(await axe(page), [], name);
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${name} is wider than the screen`);
};
const add = async (name, role, organisation) => {
  await page.locator('#name').fill(name);
  await page.getByLabel('Role').selectOption(role);
  await page.locator('#organisation').fill(organisation);
  await page.locator('#password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  await page.getByRole('row', { name }).waitFor();
};

await tests({
  async 'the first administrator is in without typing again, and is told what comes next'() {
    await open();
    await page.goto(await server.setup);
    await page.locator('#name').fill('ada');
    await page.locator('#password').fill(PASSWORD);
    await page.locator('form button[type=submit]').click();
    await page.getByText('What comes next').waitFor();
    await shown();
    assert.deepEqual(await offered(), ['Fieldwork', 'Cases', 'Links', 'People', 'Data', 'Records']);
    assert.match(await page.locator('.address bdi').innerText(), new RegExp(`^${server.url}/form/$`));
    assert.ok(await page.locator('.address img').evaluate(image => image.complete && image.naturalWidth > 20), 'the address is shown as a picture');
    await looked('first');
  },

  async 'people: added, a password of theirs, shut out and let in again'() {
    await go('People');
    await add('sue', 'supervisor', 'NSI');
    await add('ina', 'interviewer', 'NSI');
    await add('ann', 'analyst', '');
    await page.locator('#name').fill('x');
    await page.locator('#password').fill('short');
    await page.getByRole('button', { name: 'Add', exact: true }).click();
    await page.locator('.error', { hasText: /\S/ }).waitFor();
    await looked('people');
    const ina = page.getByRole('row', { name: /^ina/ });
    await ina.getByRole('button', { name: 'Shut out' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Shut out' }).click();
    await ina.getByText('shut out').waitFor();
    await ina.getByRole('button', { name: 'Let in again' }).click();
    await ina.getByRole('button', { name: 'Shut out' }).waitFor();
    await ina.getByRole('button', { name: 'New password' }).click();
    await page.getByRole('dialog').locator('input').fill(PASSWORD + ' 2');
    await page.getByRole('dialog').getByRole('button', { name: 'New password' }).click();
    await page.getByText('The password of ina is changed').waitFor();
    assert.ok(await page.getByRole('row', { name: /^ada/ }).getByRole('button', { name: 'Shut out' }).count() === 0, 'nobody shuts out himself');
  },

  async 'people: another role and organisation; the last administrator stays one'() {
    const change = async (name, role, organisation) => {
      await page.getByRole('row', { name: new RegExp('^' + name) }).getByRole('button', { name: 'Change', exact: true }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByLabel('Role').selectOption(role);
      await dialog.getByLabel('Organisation').fill(organisation);
      await looked('people-change-' + role);
      await dialog.getByRole('button', { name: 'Change', exact: true }).click();
      await shown();
    };
    await change('ann', 'supervisor', 'BG');
    await page.getByRole('row', { name: /^ann supervisor BG/ }).waitFor();
    await change('ann', 'analyst', '');
    await page.getByRole('row', { name: /^ann analyst/ }).waitFor();
    await change('ada', 'analyst', '');
    await page.getByText('is the last administrator').waitFor();
    await page.getByRole('row', { name: /^ada administrator/ }).waitFor();
  },

  async 'people: a device is seen and shut out, and its person is not'() {
    const post = (url, body, headers) => fetch(server.url + url, { method: 'POST', headers: { 'Content-Type': 'application/json', ...headers }, body: JSON.stringify(body) });
    const login = await post('/api/login', { name: 'ina', password: PASSWORD + ' 2' }), { csrf } = await login.json(), cookie = login.headers.getSetCookie()[0].split(';')[0];
    const { token } = await (await post('/api/devices', { name: 'lost tablet' }, { Cookie: cookie, 'X-Survey-CSRF': csrf })).json();
    const comes = () => fetch(server.url + '/api/session', { headers: { Authorization: 'Bearer ' + token } }).then(({ status }) => status);
    const ina = page.getByRole('row', { name: /^ina/ });
    assert.equal(await comes(), 200);
    await ina.getByRole('button', { name: 'Devices' }).click();
    await page.getByRole('dialog').getByText('lost tablet').waitFor();
    await looked('people-devices');
    await page.getByRole('dialog').getByRole('button', { name: 'Shut out' }).click();
    await page.getByText('lost tablet is shut out.').waitFor();
    await shown();
    assert.equal(await comes(), 401);
    await ina.getByRole('button', { name: 'Devices' }).click();
    await page.getByRole('dialog').getByText('No device is signed in.').waitFor();
    await page.getByRole('dialog').getByRole('button', { name: 'Close' }).click();
    await ina.getByRole('button', { name: 'Shut out' }).waitFor();
  },

  async 'fieldwork: how interviews ended early, and what was kept aside with its reason'() {
    const post = (url, body, headers) => fetch(server.url + url, { method: 'POST', headers: { 'Content-Type': 'application/json', ...headers }, body: JSON.stringify(body) });
    const login = await post('/api/login', { name: 'ina', password: PASSWORD + ' 2' }), { csrf } = await login.json(), cookie = login.headers.getSetCookie()[0].split(';')[0];
    const junk = Buffer.from('this is no interview'), hash = createHash('sha256').update(junk).digest('hex');
    const sent = await fetch(`${server.url}/api/uploads/${hash}?kind=package&size=${junk.length}&offset=0`, { method: 'PUT', body: junk, headers: { 'Content-Type': 'application/octet-stream', Cookie: cookie, 'X-Survey-CSRF': csrf } });
    assert.equal((await sent.json()).receipt, 'kept-aside');
    await page.route('**/api/fieldwork', route => route.fulfill({ json: [{ form: 'c-training', interviewer: 'ina', organisation: 'NSI', complete: 3, endedEarly: 3, outcomes: { refused: 1, 'not-eligible': 2 }, open: 0, last: Date.now() }] }));
    await go('Fieldwork');
    await page.getByText('not-eligible 2, refused 1').waitFor();
    await page.getByRole('heading', { name: 'Kept aside: could not be taken in' }).waitFor();
    assert.match(await page.getByRole('region', { name: 'Kept aside' }).innerText(), /ina[^]+sealed|ina[^]+package|ina[^]+opened|ina[^]+key/);
    await looked('fieldwork');
  },

  async 'a list of cases comes as a file: all of it, or its problems with their lines'() {
    await go('Cases');
    await page.getByText('A list of cases', { exact: true }).click();
    const take = text => page.locator('input[type=file]').setInputFiles({ name: 'more.csv', mimeType: 'text/csv', buffer: Buffer.from(text) }).then(() => page.getByRole('button', { name: 'Take the list in' }).click());
    await take('case,assigned,telephone\nD01,ina,1\nD02,nobody at all,2\n');
    await page.getByText(/line 3, assigned: there is no account/).waitFor();
    assert.equal(await page.locator('tbody tr').count(), 30, 'nothing of it was taken');
    await looked('list');
    await take('case,assigned,telephone\nD01,ina,1\nD02,,2\n');
    await page.getByText('Cases taken in: 2.').waitFor();
    await page.locator('tr', { hasText: 'D01' }).getByText('ina').waitFor();
  },

  async 'records tell it'() {
    await go('Records');
    const rows = await page.locator('tbody tr').allInnerTexts();
    for (const said of ['account.add', 'ada', 'ina', 'case.import']) assert.ok(rows.some(row => row.includes(said)), `${said} is not in the records`);
    await looked('records');
  },

  async 'data: a table, what was done when and the codebook are downloaded'() {
    await go('Data');
    for (const [button, begins] of [['Download', /^interview,case,/], ['Download: what was done when', /^interview,sequence,utc,/], ['Download: the codebook', /^\{\s*"/]]) {
      const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: button, exact: true }).click()]);
      assert.match(fs.readFileSync(await download.path(), 'utf8'), begins);
    }
    await looked('data');
  },

  async 'a supervisor: own cases, links, and interviews on the same device'() {
    await open();
    await signIn('sue');
    await shown();
    assert.deepEqual(await offered(), ['Fieldwork', 'Cases', 'Links']);
    await go('Cases');
    assert.equal(await page.locator('tbody tr').count(), 21, 'of the own organisation only');
    assert.equal(await page.getByText('A list of cases').count(), 0, 'a list is for who may deploy');
    const assign = async (one, name) => {
      await page.getByLabel('Search').fill(one);
      await page.locator('tr', { hasText: one }).getByRole('button', { name: 'Assign' }).click();
      await page.getByRole('dialog').locator('input').fill(name);
      await page.getByRole('dialog').getByRole('button', { name: 'Assign' }).click();
    };
    await assign('C02', 'boris');
    await page.getByText('there is no account').waitFor();
    await assign('C02', 'ina');
    await page.getByText('Done.').waitFor();
    await page.locator('tr', { hasText: 'C02' }).getByText('ina').waitFor();
    await looked('cases');
    await go('Links');
    await page.getByRole('button', { name: 'Make the link' }).click();
    await page.getByText('This is shown once').waitFor();
    const link = await page.locator('[role=status] .address bdi').first().innerText();
    assert.match(link, /\/l\//);
    await looked('links');
    await page.getByRole('link', { name: 'Fill in interviews on this device' }).click();
    await page.locator('#pin').fill(PIN);
    await page.locator('#again').fill(PIN);
    await page.locator('form button[type=submit]').click();
    await page.locator('section.queue').waitFor();
    await page.goto(link);
    await page.getByRole('button', { name: 'Start' }).waitFor();
    await page.goto(server.url + '/form/#staff');
    await page.locator('#password').waitFor();       // the session ended when the device got its own key
  },

  async 'an analyst sees counts and data, and nobody’s name'() {
    await open();
    await signIn('ann');
    await shown();
    assert.deepEqual(await offered(), ['Fieldwork', 'Data']);
    assert.equal(await page.getByLabel('with sensitive answers').count(), 0);
    await go('Data');
    assert.equal(await page.getByText('with sensitive answers').count(), 0);
  },

  async 'on a phone, from right to left, in the dark'() {
    await open('ar', { viewport: { width: 320, height: 640 }, colorScheme: 'dark' });
    await signIn('ada', '/form/#staff');
    await shown();
    assert.equal(await page.evaluate(() => document.documentElement.dir), 'rtl');
    for (const [i, name] of ['fieldwork', 'cases', 'links', 'people', 'data', 'records'].entries()) {
      await page.getByRole('navigation').getByRole('button').nth(i).click();
      await page.waitForURL(url => url.hash === '#staff=' + name);
      await shown();
      await looked('ar-' + name);
    }
    await page.getByRole('button', { name: 'تسجيل الخروج' }).click();
    await page.locator('#password').waitFor();
    assert.equal((await page.request.get(server.url + '/api/session')).status(), 401);
  },

  async 'no error on the way'() { assert.deepEqual(errors, []); await browser.close(); await server.stop(); },
}, () => page, scratch);
process.exit(0);
