/* Plain http in a local network, which browsers do not trust: no service worker, no WebCrypto, no locks. The form says what that means, and everything else works. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { axe, browserPath, playwright, QUIET } from './browser.mjs';
import { mock } from './mock-server.mjs';
import { arranged, diary, frames, keys, signIn, study, tests, unlock, unseal } from './world.mjs';
import { settled } from './walk.mjs';

const { survey, scratch, form } = arranged(), pair = keys();
const { forms } = study(survey, path.join(scratch, 'diary.study'), diary(path.join(scratch, 'diary'), 3));
const server = await mock({ '/form/': form }, { publicKey: pair.base64, forms });
const browser = await playwright().chromium.launch({ executablePath: browserPath(), args: [...QUIET, '--host-resolver-rules=MAP tablet.example 127.0.0.1'] });
const context = await browser.newContext(), url = `http://tablet.example:${server.port}`;
let page = await context.newPage();

await tests({
  async 'says what does not work'() {
    await signIn(page, url);
    assert.equal(await page.evaluate(() => isSecureContext || Boolean(navigator.serviceWorker) || Boolean(crypto.subtle)), false);
    await page.getByText('came without encryption').waitFor();
    assert.deepEqual(await axe(page), []);
  },

  async 'one draft in one window, without locks'() {
    await page.getByRole('button', { name: 'diary' }).first().click();
    await page.locator('.items textarea, .items input').first().fill('in the field');
    await page.locator('.nav .primary').click();
    await page.getByText('A photo?').waitFor();
    const other = await context.newPage();
    await other.goto(url + '/form/');
    await unlock(other);
    await other.getByRole('button', { name: 'Continue' }).first().click();
    await other.getByText('open in another window').waitFor();
    await other.close();
  },

  async 'loaded again, finished, sent'() {
    await page.reload();
    await unlock(page);
    await page.getByRole('button', { name: 'Continue' }).first().click();
    const finish = page.getByRole('button', { name: 'Finish' });
    for (let i = 0; i < 20 && !await finish.isVisible(); i++) { await page.locator('.nav .primary').click(); await settled(page); }
    await finish.click();
    await page.getByRole('button', { name: 'Close' }).click();
    for (let i = 0; !server.world.received.size; i++) { assert.ok(i < 200, 'nothing arrived'); await page.waitForTimeout(50); }
    const [{ bytes }] = server.world.received.values();
    assert.ok(frames(unseal(pair, bytes, scratch)).some(({ value }) => value === 'in the field'));
    await browser.close();
    await server.close();
  },
}, () => page, scratch);
