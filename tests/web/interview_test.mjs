/* An interview in a real browser, with the keyboard only: every type of question, checks, rosters, review, storage that fails, and what axe says of every page.
   node tests/web/interview_test.mjs SURVEY SCRATCH FORM_FOLDER */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { axe, launch, QUIET, ROOT, serve } from './browser.mjs';
import { device, end, household, numbers } from './every_type.mjs';
import { Person } from './person.mjs';
import { arranged, study } from './world.mjs';

const { survey, scratch, form } = arranged();
const pictures = process.env.SURVEY_PICTURES;    // a folder for screenshots
const only = process.env.SURVEY_ONLY ?? '';      // a part of a test's name

const { url, close } = await serve({ '/form/': form, '/data/': scratch, '/': path.join(ROOT, 'tests/web') });
const browser = await launch();

async function open(options = {}, query = '', preferences = {}, from = browser) {
  const page = await from.newPage(from === browser ? { viewport: { width: 1280, height: 800 }, ...options } : undefined);
  await page.addInitScript(wanted => { for (const [name, value] of Object.entries(wanted)) localStorage.setItem('survey.' + name, value); }, preferences);
  page.problems = [];
  page.on('pageerror', error => page.problems.push(error.stack));
  page.on('console', message => { if (message.type() === 'error' && !/favicon|404/.test(message.text())) page.problems.push(message.text()); });
  await page.goto(`${url}/harness.html?block=/data/block${query}`);
  await page.waitForSelector('.item');
  return page;
}

const tests = {
  async 'a slow press of Next stores what was typed and goes on'() {
    const page = await open(), p = new Person(page), next = page.locator('.nav .primary');
    for (const label of ['Last week', 'How old', 'What shall we call you']) {
      await next.click();
      await p.at(label);
      if (label === 'Last week') await p.press('1');
      if (label === 'How old') await page.locator('.items input').fill('40');
    }
    await page.locator('.items textarea, .items input').first().fill('Anna');
    const box = await next.boundingBox();
    await page.mouse.move(box.x + box.width / 2, box.y + box.height - 4);
    await page.mouse.down();
    await page.waitForFunction(() => window.engine.page(0, 0, 1).items.some(view => view.value === 'Anna'));      // the answer is taken, the button still down
    await page.evaluate(() => new Promise(done => setTimeout(done, 100)));
    assert.deepEqual(await next.boundingBox(), box, 'the button stays under the pointer');
    await page.mouse.up();
    await p.at('Dear Anna');
    await page.close();
  },

  async 'every type of question, by the keyboard'() {
    const page = await open(), p = new Person(page);
    await p.at('Thank you');
    await p.press('Enter');
    await p.at('Last week');
    assert.match(await p.focused(), /Last week/, 'the heading of a new page has the focus');
    await p.press('Enter');
    assert.deepEqual((await p.errors()).length, 1, 'a needed answer is asked for once');
    await p.press('1');
    assert.equal(await p.value('worked'), '1');
    await p.press('Enter');
    await p.at('How old');
    await p.type('150');
    await p.press('Enter');
    assert.match((await p.errors())[0], /more than 120/);
    await p.press('Control+A');
    await p.type('٩٥');
    await p.press('Enter');
    assert.match((await p.errors())[0], /is that right/);
    await p.focus('INPUT');
    await p.type('she showed her passport');
    await p.press('Enter');
    assert.deepEqual(await p.errors(), []);
    assert.equal(await p.value('age'), '95');
    await p.next();
    await p.at('What shall we call you');
    await p.type('<img src=x onerror=alert(1)> Анна');
    await p.press('Enter');
    await p.at('Dear <img src=x onerror=alert(1)> Анна');
    await p.press('1', '7');
    assert.equal(await p.value('helped'), '1 7');
    await p.page.waitForSelector('.other textarea, .other input');
    await p.page.focus('.other textarea, .other input');
    await p.type('the union');
    await p.press('9');
    await p.page.focus('.choice input');
    await p.press('9');
    await page.waitForTimeout(900);              // it might have become 98
    assert.equal(await p.value('helped'), '9', 'an exclusive choice clears the others');
    await p.press('1');
    assert.equal(await p.value('helped'), '1');
    await p.press('Enter');
    await p.at('Put these in order');
    await p.focus('Shorter hours');
    await p.press('Enter');
    await p.focus('Better pay');
    await p.press('Enter');
    assert.equal(await p.value('goals'), 'hours pay');
    await p.page.focus('[data-move="payup"]');
    await p.press('Enter');
    assert.equal(await p.value('goals'), 'pay hours');
    await p.next();
    await p.at('In which country');
    await p.type('nowhere');
    await p.next();
    await p.at('In which country');
    assert.match((await p.errors())[0], /choices/, 'a text that is no choice is not left behind');
    await p.press('Control+A');
    await p.type('bulg');
    await p.settle();
    await p.press('Enter');
    assert.equal(await p.value('born'), 'BG');
    await p.next();
    await p.at('In which other');
    for (const country of ['afgh', 'turk']) { await p.type(country); await p.settle(); await p.press('Enter'); await p.settle(); }
    assert.equal(await p.value('lived'), 'AF TR');
    await p.next();
    await numbers(p);
    await household(p);
    await device(p);
    await end(p);
    assert.deepEqual(page.problems, []);
    await page.close();
  },

  async 'storage that fails'() {
    const page = await open(), p = new Person(page);
    await p.press('Enter');
    await page.evaluate(() => { window.session.failures = 2; });
    const before = await page.evaluate(() => window.session.pieces.length);
    await p.press('1');
    await page.waitForSelector('dialog[open]');
    await p.press('Escape');
    assert.ok(await page.$('dialog[open]'), 'the message stays until the answer is stored');
    await p.press('Tab', 'Enter');
    await page.waitForSelector('dialog[open]');
    assert.equal(await page.evaluate(() => window.session.pieces.length), before, 'nothing was stored');
    await p.press('Tab', 'Enter');
    await page.waitForSelector('dialog', { state: 'detached' });
    await p.settle();
    assert.equal(await page.evaluate(() => window.session.pieces.length), before + 1);
    assert.equal(await p.value('worked'), '1');
    await page.close();
  },

  async 'everybody can use it'() {
    const some = [['en', 'light', 320], ['ar', 'dark', 320], ['en', 'dark', 1280], ['ar', 'light', 1280]];
    const rest = [['en', 'dark', 320], ['ar', 'light', 320], ['en', 'light', 1280], ['ar', 'dark', 1280]];
    let seen = 0;
    for (const [language, colorScheme, width] of process.env.SURVEY_LONG ? [...some, ...rest] : some) {
      const page = await open({ colorScheme, viewport: { width, height: 700 } }, '&language=' + language);
      seen += await walk(page, `${language}-${colorScheme}-${width}`);
      await page.close();
    }
    assert.ok(seen > 4 * 20, `${seen} pages were looked at`);
  },

  async 'a section a page, rosters as tables, respondents alone'() {
    for (const [language, colorScheme, width] of [['en', 'light', 1280], ['ar', 'dark', 1280], ['ar', 'light', 320]]) {
      const page = await open({ colorScheme, viewport: { width, height: 700 } }, '&self&language=' + language, { page: 'section', rosters: 'table' });
      await walk(page, `section-${language}-${colorScheme}-${width}`);
      await page.close();
    }
  },

  async 'a date with a part that is missing says which'() {
    const page = await open({}, '', { page: 'section' }), p = new Person(page);
    for (let i = 0; i < 30 && !await page.locator('.parts .year').count(); i++) await p.next();
    const item = page.locator('.item', { has: page.locator('.parts .day') }).first();
    await item.locator('.month').selectOption('03');
    await item.locator('.day').fill('5');
    await item.locator('.day').blur();
    await p.settle();
    assert.equal(await item.locator('.error').first().innerText(), 'Still missing: Year');
    assert.equal(await item.locator('.day').inputValue(), '5', 'what was typed stays');
    await item.locator('.year').fill('1990');
    await item.locator('.year').blur();
    await p.settle();
    assert.equal(await item.locator('.error').first().innerText(), '');
    await page.close();
  },

  async 'a table of many entries shows fifty at a time'() {
    const page = await open({}, '', { page: 'section', rosters: 'table' }), p = new Person(page), names = () => page.locator('.sheet tbody th').allInnerTexts();
    for (let i = 0; i < 30 && !await page.getByRole('button', { name: 'Yes, add one' }).count(); i++) await p.next();
    await page.evaluate(() => {
      const { engine } = window, roster = engine.page(0, 0, 1).items.find(view => view.kind === 'roster');
      for (let i = 0; i < 59; i++) { const { entry } = engine.add(roster.item, roster.entry); engine.answer(roster.item + 1, entry, 'Person ' + i); }
    });
    await page.getByRole('button', { name: 'Yes, add one' }).click();
    await p.settle();
    assert.deepEqual([(await names()).length, (await names())[0]], [50, 'Person 0']);
    await page.getByRole('button', { name: 'Rows after' }).click();
    await p.settle();
    assert.deepEqual([(await names()).length, (await names())[0]], [10, 'Person 50']);
    await page.locator('.sheet tbody tr').first().locator('input, textarea').first().fill('Anna');
    await p.settle();
    await page.getByRole('button', { name: 'Rows before' }).click();
    await p.settle();
    assert.equal((await names())[0], 'Person 0');
    await page.getByRole('button', { name: 'Yes, add one' }).click();
    await p.settle();
    assert.deepEqual([(await names()).length, (await names())[0]], [11, 'Anna'], 'the rows with the new entry show');
    assert.deepEqual([await axe(page), page.problems], [[], []]);
    await page.close();
  },

  async 'what is to put right'() {
    const page = await open(), p = new Person(page);
    for (let i = 0; i < 60 && !await page.evaluate(() => document.querySelector('.nav .primary').hidden); i++) await p.next();
    assert.match(await page.$eval('h1', node => node.textContent), /2 to put right/);
    await p.focus('Last week');
    await p.press('Enter');
    await p.at('Last week');
    await p.press('1', 'Enter');
    await p.settle();
    assert.match(await page.$eval('h1', node => node.textContent), /1 to put right/, 'back to the list');
    await p.press('Tab', 'Enter');
    await p.at('How old');
    await p.type('44');
    await p.press('Enter');
    await p.settle();
    assert.equal(await page.$eval('h1', node => node.textContent), 'That was the last question');
    await page.goBack();
    await p.at('How old');
    await page.goBack();
    await p.at('Last week');
    assert.deepEqual(page.problems, []);
    await page.close();
  },

  async 'text at twice its size'() {
    const page = await open({ viewport: { width: 640, height: 800 } });
    await page.evaluate(() => { document.documentElement.style.fontSize = '200%'; });
    await walk(page, 'twice');
    await page.close();
  },

  async 'another language in the middle'() {
    const page = await open(), p = new Person(page);
    await p.press('Enter', '1', 'Enter');
    await p.type('44');
    await page.selectOption('.languages', 'ar');
    await p.settle();
    assert.equal(await page.evaluate(() => [document.documentElement.dir, document.documentElement.lang].join()), 'rtl,ar');
    await p.at('كم عمرك');
    assert.equal(await p.value('age'), '44', 'what was typed is stored before the language changes');
    assert.equal(await page.$eval('.item input', input => input.value), '44');
    await p.next();
    await p.at('كيف نناديك');
    await page.focus('.item textarea');
    await p.type('Ivan (son of Petar)');
    await p.press('Enter');
    assert.match(await page.$eval('.label', node => node.textContent), /\u2068Ivan \(son of Petar\)\u2069/, 'a name keeps its own direction');
    await page.close();
  },

  async 'the camera, the microphone, the location'() {
    const able = await launch({ args: [...QUIET, '--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream'] });
    const context = await able.newContext({ permissions: ['camera', 'microphone', 'geolocation'], geolocation: { latitude: 42.6977, longitude: 23.3219, accuracy: 5 } });
    const page = await open({}, '', { page: 'section' }, context), p = new Person(page);
    await page.click('.choice input');
    await page.fill('.item:has-text("How old") input', '30');
    for (let i = 0; i < 3; i++) await p.next();
    await p.at('Where do you work');
    await page.click('text=Use my location');
    await page.waitForFunction(() => window.engine.page(0, 0, 1).items.some(view => view.id === 'where' && view.value));
    assert.match(await p.value('where'), /^42\.6977\d* 23\.3219/);
    await page.click('.item:has-text("A photo") >> text=Camera');
    await page.click('text=Take the photo');
    await page.waitForSelector('.item:has-text("A photo") img.media[src^="blob:"]');
    await page.click('.item:has-text("A recording") >> text="Record"');
    await page.waitForTimeout(1200);
    await page.click('text="Stop"');
    await page.waitForSelector('audio.media[src^="blob:"]');
    const kept = await page.evaluate(() => [...window.session.files].map(([name, blob]) => [name.replace(/[0-9a-f]{12}/, 'X'), blob.type, blob.size > 500]));
    assert.deepEqual(kept, [['permit-X.jpg', 'image/jpeg', true], ['voice-X.webm', 'audio/webm', true]]);
    await page.locator('.pad').scrollIntoViewIfNeeded();
    const pad = await page.locator('.pad').boundingBox();
    await page.mouse.move(pad.x + 20, pad.y + 20);
    await page.mouse.down();
    await page.mouse.move(pad.x + 120, pad.y + 60, { steps: 5 });
    await page.mouse.up();
    await page.click('text=Use this signature');
    await page.waitForFunction(() => window.session.files.size === 3);
    assert.deepEqual(page.problems, []);
    await able.close();
  },

  async 'what is typed and not confirmed'() {
    const page = await open(), p = new Person(page);
    await p.press('Enter', '1', 'Enter');
    await p.type('95');
    await p.press('Tab');
    await p.next();
    await p.at('How old');
    assert.equal((await p.errors()).length, 1, 'an answer that is not stored is not left behind');
    await p.press('Control+A');
    await p.type('33');
    await page.evaluate(() => { Object.defineProperty(document, 'visibilityState', { value: 'hidden' }); document.dispatchEvent(new Event('visibilitychange')); });
    await p.settle();
    assert.equal(await p.value('age'), '33', 'the telephone was put away');
    await page.close();
  },
};

/** Goes through all pages and lets axe look at each; nothing may be wider than the screen. */
async function walk(page, name) {
  const p = new Person(page), wrong = [];
  let seen = 0;
  const look = async where => {
    seen += 1;
    for (const sentence of await axe(page)) wrong.push(`${name}, ${where}: ${sentence}`);
    if (await page.evaluate(() => document.documentElement.scrollWidth > innerWidth)) wrong.push(`${name}, ${where}: wider than the screen`);
    if (pictures) await page.screenshot({ path: path.join(pictures, `${name}-${String(seen).padStart(2, '0')}.png`), fullPage: true });
  };
  for (let i = 0; i < 60; i++) {
    const label = await p.label();
    await look(label);
    if (await page.evaluate(() => document.querySelector('.nav .primary').hidden)) break;
    if (await page.$('.more .primary') && !await page.$('.card, .sheet')) {
      await page.click('.more .primary');
      await p.settle();
      continue;
    }
    await p.next();
    if ((await p.errors()).length) { await look(label + ', needed'); await p.press('1'); await p.next(); if ((await p.errors()).length) await p.next(); }
    await p.settle();
  }
  assert.equal(await page.$eval('dialog', node => node.textContent).catch(() => ''), '');
  await page.click('.top button');
  await page.waitForSelector('dialog[open]');
  await look('menu');
  await page.click('dialog button:nth-of-type(2)');
  await p.settle();
  for (const part of await page.$$('details')) await part.evaluate(node => { node.open = true; });
  await p.settle();
  await look('review');
  assert.deepEqual([...wrong, ...page.problems], []);
  return seen;
}

let failed = 0;
fs.writeFileSync(path.join(scratch, 'block'), study(survey, path.join(scratch, 'a.study'), path.join(ROOT, 'tests/web/forms/every-type/questionnaire.xml')).forms[0].block);
for (const [name, test] of Object.entries(tests)) {
  if (!name.includes(only)) continue;
  try { await test(); console.log('ok ' + name); } catch (error) { failed = 1; console.log(`not ok ${name}\n${error.stack}`); }
}
await browser.close();
await close();
process.exit(failed);
