/* Text that would be a program if anything took it for one, in everything that somebody else may write: labels, choices, titles, checks, answers, remarks, reasons, names, cases, contacts, links.
 * With the real server: interviews in our own and in ODK's forms, the screens of staff, the plain page of fieldwork, a table opened in the browser. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { launch } from './browser.mjs';
import { run, Server } from './real.mjs';
import { arranged, installed, PASSWORD, signIn, tests } from './world.mjs';
import { dice, settled, walk } from './walk.mjs';

const { survey, scratch, form } = arranged(), file = path.join(scratch, 'hostile.study');
const TEXTS = ['<img src=x onerror=pwned()>', '"><svg onload=pwned()>', '</script><script>pwned()</script>', "'-pwned()-'", '<a href="javascript:pwned()">x</a>', '<iframe srcdoc="<script>parent.pwned()</script>">',
  '[x](javascript:pwned())', '**<b onmouseover=pwned()>**', '{{constructor.constructor("pwned()")()}}', '<style>*{background:url(https://evil.example/x)}</style>', '\u202e<img src=https://evil.example/y>\u2066', '=pwned()', '<base href=https://evil.example/>', '&lt;img src=x onerror=pwned()&gt;'];
const xml = text => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
let turn = 0;
const bad = () => xml(TEXTS[turn++ % TEXTS.length]);

const choices = id => `<choices id="${id}"><choice code="1">${bad()}</choice><choice code="2">${bad()}</choice><choice code="3">${bad()}</choice></choices>`;
fs.writeFileSync(path.join(scratch, 'bad.xml'), `<questionnaire xmlns="urn:libsurvey:questionnaire:1" id="bad" version="1" xml:lang="en" style="interviewer self"><title>Bad ${bad()}</title>
  ${choices('some')}
  <section id="s"><title>${bad()}</title>
  <note id="hello"><label>${bad()}</label></note>
  <question id="words" type="text"><label>${bad()}</label><hint>${bad()}</hint><instruction>${bad()}</instruction></question>
  <note id="said"><label>You said \${words}, ${bad()}</label></note>
  <question id="one" type="single" choices="some"><label>${bad()} \${words}</label></question>
  <question id="more" type="multiple" choices="some"><label>${bad()}</label></question>
  <question id="n" type="integer"><label>${bad()}</label><check that=". &gt; 100" severity="soft">${bad()} \${words}</check></question>
  <grid id="g" choices="some"><label>${bad()}</label><row id="g1"><label>${bad()}</label></row><row id="g2"><label>${bad()}</label></row></grid>
  </section>
  <roster id="r" count="2"><label>${bad()}</label><question id="who" type="text"><label>${bad()}</label></question><question id="again" type="text"><label>${bad()} \${who}</label></question></roster>
</questionnaire>`);
fs.writeFileSync(path.join(scratch, 'odk.xml'), `<?xml version="1.0"?><h:html xmlns="http://www.w3.org/2002/xforms" xmlns:h="http://www.w3.org/1999/xhtml"><h:head><h:title>Odk ${bad()}</h:title><model>
  <instance><data id="odk" version="1"><words/><one/><note/></data></instance>
  <bind nodeset="/data/words" type="string"/><bind nodeset="/data/one" type="string"/><bind nodeset="/data/note" readonly="true()"/></model></h:head>
  <h:body><input ref="/data/words"><label>${bad()}</label><hint>${bad()}</hint></input>
  <select1 ref="/data/one"><label>${bad()} <output value="/data/words"/></label><item><label>${bad()}</label><value>a</value></item><item><label>${bad()}</label><value>b</value></item></select1>
  <input ref="/data/note"><label>## ${bad()} <output value="/data/words"/></label></input></h:body></h:html>`);
run(survey, ['study', 'create', file, '--questionnaire', path.join(scratch, 'bad.xml'), '--actor', TEXTS[0]]);
run(survey, ['study', 'deploy', file, path.join(scratch, 'odk.xml'), '--actor', 'x']);
run(survey, ['study', 'account', 'add', file, 'ada', '--role', 'administrator', '--actor', TEXTS[1]], PASSWORD + '\n');
const NAME = '<img src=x onerror=pwned()>';
run(survey, ['study', 'account', 'add', file, NAME, '--role', 'interviewer', '--organisation', TEXTS[1], '--actor', 'x'], PASSWORD + '\n');
const csv = text => `"${text.replaceAll('"', '""')}"`;
fs.writeFileSync(path.join(scratch, 'cases.csv'), 'case,assigned,organisation,telephone\n' + TEXTS.filter(text => !text.startsWith('\u202e')).map(text => [text, NAME, TEXTS[1], text].map(csv).join(',')).join('\n') + '\n');
run(survey, ['cases', 'import', file, path.join(scratch, 'cases.csv'), '--form', 'bad', '--quiet']);
const server = await new Server(survey, file, form).start(), browser = await launch(), found = [];
let page, context;

async function open() {
  await context?.close();
  context = await browser.newContext({ viewport: { width: 900, height: 800 } });
  await context.addInitScript(() => {
    window.pwned = () => { window.wasPwned = true; };
    addEventListener('securitypolicyviolation', event => { window.violated = `${event.violatedDirective} ${event.blockedURI}`; });
  });
  page = await context.newPage();
  page.on('dialog', dialog => { found.push('a dialog: ' + dialog.message()); dialog.dismiss(); });
  page.on('pageerror', error => found.push(error.stack));
  page.on('request', request => { const { host, protocol } = new URL(request.url()); if (protocol.startsWith('http') && host !== new URL(server.url).host) found.push('asked for ' + request.url()); });
}
/** Nothing ran, nothing was blocked because it would have, and no element came out of a text. */
async function harmless(where) {
  const told = await page.evaluate(() => ({ ran: window.wasPwned, violated: window.violated, made: document.querySelectorAll('#app :is(iframe, style, script, base, a[href^="javascript"], [onerror], [onload], [onmouseover])').length, text: document.body.innerText }));
  assert.ok(!told.ran && !told.violated && told.made === 0, `${where}: ${JSON.stringify({ ...told, text: '' })}`);
  return told.text;
}

await tests({
  async 'an interview whose every text and answer is hostile'() {
    await open();
    await signIn(page, server.url, NAME);
    await installed(page);
    const home = await harmless('home');
    for (const text of TEXTS.slice(0, 3)) assert.ok(home.includes(text), `${text} is shown as it is`);
    await page.getByRole('button', { name: /^Bad/ }).last().click();
    let seen = '';
    await walk(page, { finish: 'Finish', random: dice(3), texts: TEXTS, onPage: async () => {
      const remark = page.locator('details.remark').first();
      if (await remark.count()) { await remark.locator('summary').click(); await remark.locator('textarea').fill(TEXTS[2]); await remark.locator('textarea').blur(); await settled(page); }
      seen += await harmless('a page of the interview');
    } });
    const shown = TEXTS.filter(text => seen.includes(text));
    assert.ok(shown.length > TEXTS.length - 4, `only ${shown.length} texts were shown as they are`);
    await harmless('the end');
    await page.getByRole('button', { name: 'Close' }).click();
    await page.getByText('Everything that is finished has been sent').waitFor();
  },

  async 'the review of an interview, a case with a hostile name'() {
    await page.getByRole('button', { name: '"><svg onload' }).first().click();
    await settled(page);
    await page.locator('.nav .primary').click();
    await settled(page);
    await page.locator('.items input:not([type=radio]), .items textarea').first().fill(TEXTS[0]);
    await settled(page);
    await page.getByRole('button', { name: 'Menu' }).click();
    await page.getByRole('button', { name: 'Review' }).click();
    await page.locator('summary').first().waitFor();
    await page.evaluate(() => { for (const part of document.querySelectorAll('details')) part.open = true; });
    await page.locator('ul.answers button').first().waitFor();
    assert.ok((await harmless('the review')).includes(TEXTS[0]));
    await page.getByRole('button', { name: 'Menu' }).click();
    await page.getByRole('button', { name: 'Save and leave' }).click();
    await page.locator('section.queue').waitFor();
    await harmless('home with a draft');
  },

  async 'a form of the ODK world'() {
    await page.getByRole('button', { name: /^Odk/ }).last().click();
    await page.locator('.nav .primary').waitFor();
    await walk(page, { finish: 'Finish', random: dice(4), texts: TEXTS, onPage: () => harmless('a page of an ODK form') });
    await page.getByRole('button', { name: 'Close' }).click();
    await page.getByText('Everything that is finished has been sent').waitFor();
  },

  async 'the screens of staff, the plain page, a table opened in the browser'() {
    await open();
    await page.goto(server.url + '/form/#staff');
    await page.locator('#name').fill('ada');
    await page.locator('#password').fill(PASSWORD);
    await page.locator('form button[type=submit]').click();
    await page.getByRole('navigation').waitFor();
    for (const view of ['Fieldwork', 'Cases', 'Links', 'People', 'Data', 'Records']) {
      await page.getByRole('navigation').getByRole('button', { name: view, exact: true }).click();
      await page.getByRole('heading', { level: 1, name: view }).waitFor();
      await page.waitForFunction(() => !document.querySelector('[aria-busy]'));
      await page.evaluate(() => { for (const more of document.querySelectorAll('details')) more.open = true; });
      assert.ok((await harmless(view)).includes(view === 'Data' ? 'Bad ' : '<'), `${view} shows text as text`);
    }
    await page.goto(server.url + '/status');
    assert.ok((await page.locator('body').innerText()).includes(NAME));
    assert.equal(await page.locator('img, svg, script').count(), 0);
    const answer = await page.request.get(server.url + '/api/export/bad.csv'), headers = answer.headers();
    assert.equal(answer.status(), 200);
    assert.match(headers['content-disposition'], /^attachment/);
    assert.equal(headers['x-content-type-options'], 'nosniff');
    assert.match(headers['content-security-policy'], /default-src 'none'/);
  },

  async 'this test would see it'() {
    await page.goto(server.url + '/form/');
    await page.locator('#name').waitFor();
    await page.evaluate(text => { const node = document.createElement('div'); node.innerHTML = text; document.getElementById('app').append(node); }, TEXTS[0]);
    await assert.rejects(() => harmless('with a picture'), /with a picture/);
  },

  async 'nothing ran and nothing left'() { assert.deepEqual(found, []); await browser.close(); await server.stop(); },
}, () => page, scratch);
process.exit(0);
