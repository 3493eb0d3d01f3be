/* The web form in another browser than all the other tests: an interviewer signs in with Firefox, answers without a connection with a photo, the browser is killed, it loses its
 * database, and everything is sent whole in the end. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { firefox } from './browser.mjs';
import { mock } from './mock-server.mjs';
import { arranged, diary, frames, keys, PASSWORD, PIN, study, tests, unseal } from './world.mjs';

const { survey, scratch, form } = arranged();
const questionnaire = diary(path.join(scratch, 'diary'), 6);
fs.writeFileSync(questionnaire, fs.readFileSync(questionnaire, 'utf8').replace('</questionnaire>', '<question id="voice" type="audio"><label>Your voice?</label></question></questionnaire>'));
const { forms } = study(survey, path.join(scratch, 'diary.study'), questionnaire);
const pair = keys(), server = await mock({ '/form/': form }, { publicKey: pair.base64, forms });
const folder = path.join(scratch, 'profile'), photo = path.join(scratch, 'photo.png'), PHOTO = Buffer.alloc(200000, 7);
fs.mkdirSync(folder);
fs.writeFileSync(photo, PHOTO);
let machine, page;
const errors = [];

async function start() {
  machine = await firefox(folder);
  page = machine.page;
  page.on('pageerror', error => errors.push(error.message));
  await page.goto(server.url + '/form/');
}
const says = text => page.waitForFunction(wanted => document.body.innerText.includes(wanted), { timeout: 60000 }, text);
/** Fills the lines of the page; what is not there yet is waited for. */
async function fill(lines) {
  for (const [selector, text] of Object.entries(lines)) { const line = await page.waitForSelector(selector, { timeout: 60000 }); await line.evaluate(input => { input.value = ''; }); await line.type(text); }
}
/** Presses the first button that says so. The screen may be drawn again at any moment: it is looked for and pressed in one step. */
const press = text => page.waitForFunction(wanted => {
  const button = [...document.querySelectorAll('button')].find(one => one.innerText.split('\n').some(line => line.trim() === wanted) && !one.disabled);
  button?.click();
  return Boolean(button);
}, { timeout: 60000 }, text);
const unlock = async () => { await fill({ '#pin': PIN }); await press('Unlock'); await says('Sending'); };
const question = n => says(`Number ${n}?`);

/** Every database of the page; its files stay. */
function lose() {
  const lost = fs.readdirSync(folder, { recursive: true }).filter(name => /\/http\+\+\+localhost[^/]*\/idb$/.test(name));
  assert.equal(lost.length, 1, lost.join(' '));
  fs.rmSync(path.join(folder, lost[0]), { recursive: true });
}

await tests({
  async 'signs in, and the form starts without a connection'() {
    await start();
    await fill({ '#name': 'ana', '#password': PASSWORD });
    await press('Sign in');
    await fill({ '#pin': PIN, '#again': PIN });
    await press('Continue');
    await says('works without a connection');
    await page.evaluate(async () => {
      await navigator.serviceWorker.ready;
      if (!navigator.serviceWorker.controller) await new Promise(resolve => navigator.serviceWorker.addEventListener('controllerchange', resolve));
    });
    server.world.down = true;
    await page.reload();
    await unlock();
    await says('the lists are as of');
  },

  async 'answers are there when it was killed'() {
    await press('diary');
    await says('Your words?');
    await fill({ '.items textarea, .items input': 'fox words' });
    await press('Next');
    await says('A photo?');
    await (await page.waitForSelector('.items input[type=file]')).uploadFile(photo);
    await page.waitForSelector('.items img');
    await press('Next');
    for (const n of [1, 2, 3]) { await question(n); await fill({ '.items input': String(700 + n) }); await press('Next'); }
    await question(4);
    await machine.kill();
    await start();
    await unlock();
    await press('Continue');
    await question(4);
  },

  async 'the database is lost, and comes back from the copy'() {
    await machine.kill();
    lose();
    await start();
    await unlock();
    await press('Continue');
    await question(4);
    await press('Back');
    await question(3);
    await page.waitForFunction(() => document.querySelector('.items input').value === '703');
  },

  async 'finished, sent whole'() {
    for (const n of [4, 5, 6]) { await press('Next'); await question(n); }
    await press('Next');
    await says('Your voice?');
    await press('Record');
    await says('● 1 s');
    await press('Stop');
    await page.waitForFunction(() => document.querySelector('audio.media')?.duration > 0, { timeout: 60000 });
    await press('Next');
    await press('Finish');
    await press('Close');
    await says('Interviews: 1, files: 2');
    server.world.down = false;
    await press('Send now');
    await says('Everything that is finished has been sent');
    const received = [...server.world.received.values()];
    const values = new Set(frames(unseal(pair, received.find(({ kind }) => kind === 'package').bytes, scratch)).filter(({ kind }) => kind === 3).map(({ value }) => value));
    for (const value of ['fox words', '701', '702', '703']) assert.ok(values.has(value), `${value} did not arrive`);
    const sent = received.filter(({ kind }) => kind === 'file').map(({ bytes }) => unseal(pair, bytes, scratch));
    assert.ok(sent.some(bytes => bytes.equals(PHOTO)) && sent.some(bytes => bytes.subarray(0, 4).equals(Buffer.from('OggS'))));
    assert.ok([...values].some(value => /^voice-[0-9a-f]{12}\.ogg$/.test(value)), [...values].join(' '));
    assert.deepEqual(errors.filter(error => !/assets\.json|NetworkError/.test(error)), []);
    await machine.kill();
    await server.close();
  },
}, () => ({ screenshot: ({ path }) => page.screenshot({ path }), locator: () => ({ innerText: () => page.$eval('body', body => body.innerText) }) }), scratch);
process.exit(0);
