/* The browser is killed (kill -9 of all its processes) at random moments while somebody answers without a connection: every answer after which the next question showed is
 * there when it starts again, and the whole interview arrives complete. Every fourth kill tears the database's log, for which Chromium throws it away one start later.
 * 10 kills; WEB_KILLS=100 for more, WEB_SEED for the same again, WEB_LOSE=1: the database is gone after every kill. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { mortal } from './browser.mjs';
import { mock } from './mock-server.mjs';
import { arranged, diary, frames, installed, keys, sendNow, signIn, study, tests, unlock, unseal } from './world.mjs';
import { settled } from './walk.mjs';

const { survey, scratch, form } = arranged(), KILLS = Number(process.env.WEB_KILLS ?? 10), ANSWERS = KILLS * 12 + 60;
let seed = Number(process.env.WEB_SEED ?? Date.now() % 1e6);
console.log(`WEB_SEED=${seed} WEB_KILLS=${KILLS}`);
const random = below => { seed = (seed * 1103515245 + 12345) % 2147483648; return Math.floor(seed / 2147483648 * below); };

const { forms } = study(survey, path.join(scratch, 'diary.study'), diary(path.join(scratch, 'diary'), ANSWERS));
const pair = keys(), server = await mock({ '/form/': form }, { publicKey: pair.base64, forms });
const folder = path.join(scratch, 'profile');
let machine, page, shown = 0, at = 0;

async function restart() {
  machine = await mortal(folder);
  page = machine.context.pages()[0] ?? await machine.context.newPage();
  page.setDefaultTimeout(20000);
  if (shown === 0 && !at) return;
  await page.goto(server.url + '/form/');
  await unlock(page);
}
const question = n => page.locator('.items').getByText(`Number ${n}?`, { exact: true });
const value = n => 100000 + n;

/** Answers one after the other as fast as it goes, until the browser is gone. `shown`: the answers after which the next question was seen. */
async function answer(until) {
  while (shown < until) {
    const n = shown + 1;
    await question(n).waitFor();
    await page.locator('.items input').first().fill(String(value(n)));
    await settled(page);
    await page.locator('.nav .primary').click();
    await question(n + 1).waitFor();
    shown = n;
  }
}

/** What the draft says after a restart, question by question backwards from where it stands. */
async function there() {
  const label = await page.locator('.items').getByText(/^Number \d+\?$/).first().innerText();
  const stands = Number(label.match(/\d+/)[0]);
  assert.ok(stands >= shown + 1 || stands >= shown, `question ${stands} shows, but ${shown} answers were shown as stored`);
  for (let n = stands; n > Math.max(0, shown - 3); n--) {
    if (n <= shown) {
      for (let i = 0; await page.locator('.items input').first().inputValue() !== String(value(n)); i++) {
        assert.ok(i < 100, `answer ${n} is lost: it was shown as stored`);
        await page.waitForTimeout(20);
      }
    }
    if (n > 1) { await page.locator('.nav button').first().click(); await question(n - 1).waitFor(); }
  }
  for (let n = Math.max(1, shown - 3); n <= shown; n++) { await question(n).waitFor(); await page.locator('.nav .primary').click(); }
  await question(shown + 1).waitFor();
}

await tests({
  async 'started'() {
    await restart();
    await signIn(page, server.url);
    await installed(page);
    server.world.down = true;
    await page.getByRole('button', { name: 'diary' }).first().click();
    await page.locator('.items textarea, .items input').first().fill('words');
    await page.locator('.nav .primary').click();
    await page.getByText('A photo?').waitFor();
    await page.locator('.nav .primary').click();
    await question(1).waitFor();
    at = 1;
  },

  async 'killed at random moments'() {
    for (let kill = 0; kill < KILLS; kill++) {
      const before = shown, life = 200 + random(1500);
      const working = answer(ANSWERS - 1).catch(() => {});
      await new Promise(resolve => setTimeout(resolve, life));
      await machine.kill();
      await working;
      if (process.env.WEB_LOSE) fs.rmSync(machine.database(), { recursive: true });
      else if (kill % 4 === 1) machine.tear();
      await restart();
      await page.getByRole('button', { name: 'Continue' }).first().click();
      await there();
      console.log(`  kill ${kill + 1} after ${life} ms: ${shown - before} answers more, ${shown} in all`);
    }
    assert.ok(shown >= KILLS, 'the browser was killed before anything could be answered');
  },

  async 'finished, killed in the queue, sent whole'() {
    await answer(Math.min(shown + 5, ANSWERS - 1));
    await page.getByRole('button', { name: 'Menu' }).click();
    await page.getByRole('button', { name: 'Review' }).first().click().catch(() => {});
    await page.reload();
    await unlock(page);
    await page.getByRole('button', { name: 'Continue' }).first().click();
    for (let n = shown + 1; n <= ANSWERS; n++) { await question(n).waitFor(); await page.locator('.nav .primary').click(); }
    await page.getByRole('button', { name: 'Finish' }).click();
    await page.getByRole('button', { name: 'Close' }).waitFor();
    await machine.kill();
    await restart();
    await page.getByText('Interviews: 1').waitFor();
    server.world.down = false;
    await sendNow(page, 'Everything that is finished has been sent');
    const [{ bytes }] = server.world.received.values(), list = frames(unseal(pair, bytes, scratch));
    assert.equal(list.at(-1).kind, 5);
    const values = new Set(list.filter(({ kind }) => kind === 3).map(frame => frame.value));
    for (let n = 1; n <= shown; n++) assert.ok(values.has(String(value(n))), `answer ${n} did not arrive`);
    assert.equal(server.world.received.size, 1);
    await machine.kill();
    await server.close();
  },
}, () => page, scratch);
process.exit(0);
