/* The browser loses its database: Chromium takes what a kill cuts at the end of the log for damage, and begins anew at the start after the next. Everything comes back from the
 * second copy: the PIN, drafts with photos, what waits to be sent. What is sent is gone there, too, and nothing stands there in clear text. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { mortal } from './browser.mjs';
import { mock } from './mock-server.mjs';
import { arranged, diary, frames, installed, keys, PIN, sendNow, signIn, study, tests, unlock, unseal } from './world.mjs';
import { settled } from './walk.mjs';

const { survey, scratch, form } = arranged();
const { forms } = study(survey, path.join(scratch, 'diary.study'), diary(path.join(scratch, 'diary'), 6));
const pair = keys(), server = await mock({ '/form/': form }, { publicKey: pair.base64, forms });
const folder = path.join(scratch, 'profile'), PHOTO = Buffer.concat([Buffer.from('\x89PNG KANARI-PHOTO'), Buffer.alloc(300000, 7)]);
let machine, page;

async function start() {
  machine = await mortal(folder);
  page = machine.context.pages()[0] ?? await machine.context.newPage();
  page.setDefaultTimeout(20000);
}
async function restart() {
  await start();
  await page.goto(server.url + '/form/');
  await unlock(page);
}
const gone = () => fs.rmSync(machine.database(), { recursive: true });

/** What the copy holds: paths. The worker writes before anything shows, and takes away a moment later what is sent. */
const copies = () => page.evaluate(async () => {
  const list = [], walk = async (folder, at) => { for await (const [name, handle] of folder.entries()) if (handle.kind === 'directory') await walk(handle, `${at}${name}/`); else list.push(at + name); };
  await walk(await (await navigator.storage.getDirectory()).getDirectoryHandle('copy'), '');
  return list.sort();
});
const about = async (...stores) => (await copies()).filter(name => stores.includes(name.split('/')[0]));

const question = text => page.locator('.items').getByText(text, { exact: true }).waitFor();
const next = async text => { await page.locator('.nav .primary').click(); await question(text); };
const fill = async (text, wanted) => { await page.locator('.items input:not([type=file]), .items textarea').first().fill(text); await settled(page); await next(wanted); };
const typed = async text => { for (let i = 0; await page.locator('.items input, .items textarea').first().inputValue() !== text; i++) { assert.ok(i < 100, `the answer is not ${text}`); await page.waitForTimeout(20); } };

async function begin(words) {
  await page.getByRole('button', { name: 'diary' }).first().click();
  await question('Your words?');
  await fill(words, 'A photo?');
  await page.locator('.items input[type=file]').first().setInputFiles({ name: 'KANARI-FILE.png', mimeType: 'image/png', buffer: PHOTO });
  await settled(page);
  await next('Number 1?');
}

async function finish() {
  const done = page.getByRole('button', { name: 'Finish' });
  for (let i = 0; i < 20 && !await done.isVisible(); i++) { await page.locator('.nav .primary').click(); await settled(page); }
  await done.click();
  await page.getByRole('button', { name: 'Close' }).click();
  await page.locator('section.queue').waitFor();
}

/** The draft stands where it stood, with its photo, and takes another answer. */
async function goesOn(n) {
  await page.getByText('Interviews: 1, files: 1').waitFor();
  await page.getByRole('button', { name: 'Continue' }).first().click();
  await question(`Number ${n}?`);
  for (let i = n - 1; i > 0; i--) { await page.locator('.nav button').first().click(); await question(`Number ${i}?`); await typed(String(700 + i)); }
  await page.locator('.nav button').first().click();
  await question('A photo?');
  await page.locator('.items img').waitFor();
  for (let i = 1; i <= n; i++) await next(`Number ${i}?`);
  await fill(String(700 + n), `Number ${n + 1}?`);
}

await tests({
  async 'one interview waits, one is a draft, both with a photo'() {
    await start();
    await signIn(page, server.url);
    await installed(page);
    server.world.down = true;
    await begin('FIRST-KANARI');
    await finish();
    await begin('SECOND-KANARI');
    await fill('701', 'Number 2?');
    assert.deepEqual((await copies()).map(name => name.split('/')[0]).join(' ').replace(/(\w+)( \1)*/g, '$1'), 'bytes drafts files forms frames queue settings');
  },

  async 'the log is cut by a kill: Chromium begins anew, and nothing is missing'() {
    await machine.kill();
    machine.tear();
    await restart();         // its log is read to where it was cut, and written to behind that
    await goesOn(2);
    await machine.kill();
    await restart();
    console.log(fs.readFileSync(path.join(machine.database(), 'LOG'), 'utf8').includes('since it was missing') ? '  Chromium began anew' : '  this Chromium kept its database');
    await goesOn(3);
  },

  async 'the database is gone, again and again, and two windows find that at once'() {
    await machine.kill();
    gone();
    await restart();
    await machine.kill();
    gone();
    await start();
    const other = await machine.context.newPage();
    await Promise.all([page, other].map(window => window.goto(server.url + '/form/').then(() => unlock(window))));
    await other.close();
    await goesOn(4);
  },

  async 'the last answers are gone from the database only'() {
    await page.evaluate(async () => {
      const asked = request => new Promise((resolve, reject) => Object.assign(request, { onsuccess: () => resolve(request.result), onerror: () => reject(request.error) }));
      const store = (await asked(indexedDB.open('survey'))).transaction('frames', 'readwrite').objectStore('frames'), keys = await asked(store.getAllKeys());
      for (const key of keys.slice(-3)) await asked(store.delete(key));
    });
    await page.reload();
    await unlock(page);
    await page.getByRole('button', { name: 'Continue' }).first().click();
    await question('Number 5?');
    await page.locator('.nav button').first().click();
    await question('Number 4?');
    await typed('704');
    await next('Number 5?');
  },

  async 'what a kill left of the copy of the last answers is left out, and written again with the next one'() {
    await page.evaluate(async () => {
      const drafts = await (await (await navigator.storage.getDirectory()).getDirectoryHandle('copy')).getDirectoryHandle('frames');
      for await (const file of drafts.values()) {
        const bytes = await (await file.getFile()).arrayBuffer(), stream = await file.createWritable();
        await stream.write(bytes.slice(0, bytes.byteLength * 2 / 3));
        await stream.close();
      }
    });
    await page.locator('.nav button').first().click();
    await question('Number 4?');
    await fill('1704', 'Number 5?');
    await fill('705', 'Number 6?');
    await machine.kill();
    gone();
    await restart();
    await page.getByRole('button', { name: 'Continue' }).first().click();
    await question('Number 6?');
    for (const [n, value] of [[5, '705'], [4, '1704'], [3, '703'], [2, '702']]) { await page.locator('.nav button').first().click(); await question(`Number ${n}?`); await typed(value); }
    for (const n of [3, 4, 5, 6]) await next(`Number ${n}?`);
  },

  async 'a copy that is missing is made again, what does not belong there goes'() {
    await page.evaluate(async () => {
      const root = await navigator.storage.getDirectory();
      await root.removeEntry('copy', { recursive: true });
      await (await (await (await root.getDirectoryHandle('copy', { create: true })).getDirectoryHandle('drafts', { create: true })).getFileHandle('nobody', { create: true }));
    });
    await page.reload();
    await unlock(page);
    for (let i = 0; (await about('bytes', 'files', 'frames', 'queue')).length < 6 || (await about('drafts')).includes('drafts/nobody'); i++) { assert.ok(i < 200, (await copies()).join(' ')); await page.waitForTimeout(50); }
    await machine.kill();
    gone();
    await restart();
    await page.getByText('Interviews: 1, files: 1').waitFor();
  },

  async 'what cannot be brought back at one start stays in the copy: no room, no worker'() {
    const spoilt = async (spoil, shows) => {
      await machine.kill();
      gone();
      await start();
      const window = await machine.context.newPage();
      await window.addInitScript(spoil);
      await window.goto(server.url + '/form/');
      await window.locator(shows).waitFor();
      await window.close();
    };
    await spoilt(() => {
      const put = IDBObjectStore.prototype.put;
      IDBObjectStore.prototype.put = function (...what) { if (this.name === 'drafts') throw new DOMException('full', 'QuotaExceededError'); return put.apply(this, what); };
    }, 'text=no room left');
    await spoilt(() => { window.Worker = class { constructor() { setTimeout(() => this.onerror()); } postMessage() {} terminate() {} }; }, '#name');
    await page.goto(server.url + '/form/');       // the database knows a device by now, another one: what the copy holds comes a moment later
    const known = () => page.evaluate(() => new Promise(resolve => {
      indexedDB.open('survey').onsuccess = ({ target: { result: database } }) => {
        database.transaction('settings').objectStore('settings').count('vaults').onsuccess = ({ target }) => { database.close(); resolve(target.result > 0); };
      };
    }));
    for (let i = 0; !await known(); i++) { assert.ok(i < 200, (await copies()).join(' ')); await page.waitForTimeout(50); }
    await page.evaluate(() => navigator.locks.request('survey restore', () => {}));
    await page.reload();
    await unlock(page);
    await page.getByText('Interviews: 1, files: 1').waitFor();
    await page.getByRole('button', { name: 'Continue' }).first().click();
    await question('Number 6?');
  },

  async 'the browser closes the database in the middle of an interview, and has none any more: the next answer finds everything again'() {
    const protocol = await machine.context.newCDPSession(page);
    await page.locator('.nav button').first().click();
    await question('Number 5?');
    await protocol.send('Storage.clearDataForOrigin', { origin: server.url, storageTypes: 'indexeddb' });
    await fill('1705', 'Number 6?');
    await page.reload();
    await unlock(page);
    await page.getByText('Interviews: 1, files: 1').waitFor();
    await page.getByRole('button', { name: 'Continue' }).first().click();
    await question('Number 6?');
    await page.locator('.nav button').first().click();
    await question('Number 5?');
    await typed('1705');
  },

  async 'nothing in clear text'() {
    await machine.kill();
    for (const name of fs.readdirSync(folder, { recursive: true })) {
      const file = path.join(folder, name);
      if (!fs.statSync(file, { throwIfNoEntry: false })?.isFile()) continue;
      for (const canary of ['FIRST-KANARI', 'SECOND-KANARI', 'KANARI-PHOTO', 'KANARI-FILE', PIN]) assert.ok(!fs.readFileSync(file).includes(canary), `${canary} stands in clear text in ${name}`);
    }
    gone();
    await restart();
  },

  async 'both are sent once and whole, and are gone from the copy'() {
    await page.getByRole('button', { name: 'Continue' }).first().click();
    await page.locator('.nav .primary').waitFor();
    await finish();
    server.world.down = false;
    await sendNow(page, 'Everything that is finished has been sent');
    const received = [...server.world.received.values()], lists = received.filter(({ kind }) => kind === 'package').map(({ bytes }) => frames(unseal(pair, bytes, scratch)));
    assert.equal(lists.length, 2);
    assert.equal(received.filter(({ kind, bytes }) => kind === 'file' && unseal(pair, bytes, scratch).equals(PHOTO)).length, 2);
    const values = lists.flatMap(list => list.filter(({ kind }) => kind === 3).map(({ value }) => value));
    for (const value of ['FIRST-KANARI', 'SECOND-KANARI', '701', '702', '703', '1704', '705']) assert.ok(values.includes(value), `${value} did not arrive`);
    for (let i = 0; (await about('bytes', 'drafts', 'files', 'frames', 'queue')).length; i++) { assert.ok(i < 100, (await copies()).join(' ')); await page.waitForTimeout(50); }
    await machine.kill();
    await server.close();
  },
}, () => page, scratch);
process.exit(0);
