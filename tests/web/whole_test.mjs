/* The two first questionnaires, whole, in English, Bulgarian and from right to left, in a browser against the real server: begun online, carried out without it, page
 * loaded again on the way, sent, stored, exported. axe looks at the pages on the way; WEB_PICTURES=FOLDER keeps pictures. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { axe, launch, ROOT } from './browser.mjs';
import { run, Server } from './real.mjs';
import { dice, walk } from './walk.mjs';
import { arranged, installed, PASSWORD, signIn, tests, unlock } from './world.mjs';

const { survey, scratch, form } = arranged(), FORMS = ['c-training', 'a-main-tcn'], LANGUAGES = { en: ['Finish', 'Close', 'works without'], bg: ['Край', 'Затваряне', 'работят без'], ar: ['إنهاء', 'إغلاق', 'تعمل بلا اتصال'] };
/** Of the main study: the choices that lead past its entrance (consent, born before 2008, no citizenship of the Union). */
const ELIGIBLE = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
const pictures = process.env.WEB_PICTURES, file = path.join(scratch, 'whole.study'), password = PASSWORD;
const questionnaires = path.join(scratch, 'questionnaires');
execFileSync(path.join(ROOT, 'script/pseudo-translate'), [questionnaires, path.join(ROOT, 'questionnaires')], { stdio: 'pipe' });
run(survey, ['study', 'create', file, '--actor', 'test']);
for (const id of FORMS) run(survey, ['study', 'deploy', file, path.join(questionnaires, id, 'questionnaire.xml'), '--actor', 'test']);
for (const name of ['ana', 'boris']) run(survey, ['study', 'account', 'add', file, name, '--role', 'interviewer', '--organisation', 'NSI', '--actor', 'test'], password + '\n');
const server = await new Server(survey, file, form).start();
const browser = await launch();
let page, context;
const errors = [];
const picture = async name => { if (pictures) { fs.mkdirSync(pictures, { recursive: true }); await page.screenshot({ path: path.join(pictures, name + '.png'), fullPage: true }); } };

async function whole(id, language, words, size) {
  const [finish, close] = words;
  context = await browser.newContext({ viewport: size, colorScheme: language === 'bg' ? 'dark' : 'light' });
  page = await context.newPage();
  page.on('pageerror', error => errors.push(`${id} ${language}: ${error.stack}`));
  await page.addInitScript(tag => { localStorage.setItem('survey.language', tag); }, language);
  await signIn(page, server.url);
  await installed(page, words.at(-1));
  await picture(`${id}-${language}-home`);
  await server.stop(id === 'a-main-tcn' ? 'SIGKILL' : 'SIGTERM');
  await page.reload();
  await unlock(page);
  await page.locator('section ul button').nth(FORMS.indexOf(id)).click();
  await page.locator('.nav .primary').waitFor();
  assert.equal(await page.evaluate(() => document.documentElement.lang), language);
  assert.equal(await page.evaluate(() => document.documentElement.dir), language === 'ar' ? 'rtl' : 'ltr');
  const found = [];
  const pages = await walk(page, { finish, random: dice(id === 'a-main-tcn' ? Number(process.env.WEB_SEED ?? 7) : 7), taste: Number(process.env.WEB_TASTE ?? 5), pick: n => id === 'a-main-tcn' && n < ELIGIBLE.length ? ELIGIBLE[n] : undefined, onPage: async (_, n) => {
    if (n % 12 !== 3) return;
    found.push(...(await axe(page)).map(sentence => `page ${n}: ${sentence}`));
    await picture(`${id}-${language}-${String(n).padStart(3, '0')}`);
    if (await page.evaluate(() => document.documentElement.scrollWidth > innerWidth)) found.push(`page ${n} is wider than the screen`);
  } });
  await page.getByRole('button', { name: close }).click();
  await page.locator('section.queue').waitFor();
  await picture(`${id}-${language}-queue`);
  found.push(...await axe(page));
  assert.deepEqual(found, []);
  await server.start();
  await page.evaluate(() => dispatchEvent(new Event('online')));
  for (let i = 0; (await page.evaluate(() => new Promise(resolve => { indexedDB.open('survey').onsuccess = e => { const r = e.target.result.transaction('queue').objectStore('queue').count(); r.onsuccess = () => { e.target.result.close(); resolve(r.result); }; }; }))) > 0; i++) {
    assert.ok(i < 200, 'the interview was not sent');
    await page.waitForTimeout(50);
  }
  await context.close();
  return pages;
}

const all = {};
for (const id of FORMS) {
  for (const [language, words] of Object.entries(LANGUAGES)) {
    all[`${id} in ${language}`] = async () => {
      const seen = await whole(id, language, words, language === 'ar' ? { width: 320, height: 640 } : { width: 412, height: 850 });
      console.log(`  ${seen} pages`);
    };
  }
}
all['a queue saved as a file, imported, then sent: there once'] = async () => {
  context = await browser.newContext({ acceptDownloads: true });
  page = await context.newPage();
  await signIn(page, server.url, 'boris');
  await installed(page);
  await server.stop();
  await page.locator('section ul button').first().click();
  await page.locator('.nav .primary').waitFor();
  await walk(page, { finish: 'Finish', random: dice(9) });
  await page.getByRole('button', { name: 'Close' }).click();
  await page.getByText('Interviews: 1').waitFor();
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Save as a file' }).click()]);
  const saved = path.join(scratch, 'saved.svyq'), count = () => interviews(FORMS[0]);
  await download.saveAs(saved);
  const before = count();
  run(survey, ['import', file, saved]);
  assert.equal(count(), before + 1);
  await server.start();
  await page.evaluate(() => dispatchEvent(new Event('online')));
  await page.getByText('Everything that is finished has been sent').waitFor();
  await context.close();
  await server.stop();
  assert.equal(count(), before + 1);
  await server.start();
};
function interviews(id) {
  const folder = path.join(scratch, 'export-' + id);
  fs.rmSync(folder, { recursive: true, force: true });
  run(survey, ['export', file, '--form', id, '--output', folder, '--events']);
  return fs.readFileSync(path.join(folder, id + '.csv'), 'utf8').trim().split('\n').length - 1;
}
all['stored as they were sent'] = async () => {
  await server.stop();
  const status = JSON.parse(run(survey, ['study', 'status', file, '--format', 'json']));
  for (const id of FORMS) assert.ok(JSON.stringify(status).includes(id));
  run(survey, ['study', 'verify', file]);
  for (const id of FORMS) assert.ok(interviews(id) >= 3, `${id}: ${interviews(id)} interviews of 3`);
  assert.deepEqual(errors, []);
  await browser.close();
};
await tests(all, () => page, scratch);
