/* What comes over the network until the first question can be answered, for a respondent by link and for an interviewer, and what the form asks for by itself
 * a moment after its start; the compiled form is not counted.
 * Prints how long that takes on a processor slowed down four times. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { launch, ROOT } from './browser.mjs';
import { run, Server } from './real.mjs';
import { arranged, PASSWORD, signIn, tests } from './world.mjs';

const LIMIT = 120000, { survey, scratch, form } = arranged(), file = path.join(scratch, 'load.study');
run(survey, ['study', 'create', file, '--questionnaire', path.join(ROOT, 'questionnaires/c-training/questionnaire.xml'), '--actor', 'test']);
run(survey, ['study', 'account', 'add', file, 'ana', '--actor', 'test'], PASSWORD + '\n');
const [code] = /[0-9a-z]{4}(-[0-9a-z]{4}){6}/i.exec(run(survey, ['study', 'link', 'add', file, '--public', '--form', 'c-training', '--actor', 'test']));
const server = await new Server(survey, file, form).start();
const browser = await launch();
const ALONE = { serviceWorkers: 'block' };      // the worker would give the rest from what it has loaded by then, uncounted
let page;

/** What the page's protocol does not see: the workers, which begin during the first load. */
const WORKERS = ['copy-worker.js', 'service-worker.js'].reduce((sum, name) => sum + fs.statSync(path.join(form, name + '.br')).size, 0);

/** Bytes of the bodies as they came, without the compiled form; and of everything with its headers. */
async function counted(context, throttled) {
  page = await context.newPage();
  const protocol = await context.newCDPSession(page), paths = new Map(), sum = { bodies: WORKERS, all: WORKERS, list: [] };
  await protocol.send('Network.enable');
  sum.later = page.waitForResponse(response => response.url().endsWith('/assets.json')).then(response => response.finished()).catch(() => {});
  if (throttled) await protocol.send('Emulation.setCPUThrottlingRate', { rate: 4 });
  const headers = new Map();
  protocol.on('Network.responseReceived', ({ requestId, response }) => { paths.set(requestId, new URL(response.url).pathname); headers.set(requestId, response.encodedDataLength); });
  protocol.on('Network.dataReceived', ({ requestId, encodedDataLength }) => { if (!/\/block$/.test(paths.get(requestId) ?? '')) { sum.bodies += encodedDataLength; sum.list.push(`${encodedDataLength} ${paths.get(requestId)}`); } });
  protocol.on('Network.loadingFinished', ({ encodedDataLength }) => { sum.all += encodedDataLength; });
  return sum;
}

const question = () => page.locator('.items .label, .items .note').first().waitFor();
const report = (who, sum) => {
  console.log(`  ${who}: ${(sum.bodies / 1000).toFixed(1)} KB compressed (${(sum.all / 1000).toFixed(1)} KB with headers and the compiled form), ${sum.list.length} pieces`);
  if (process.env.WEB_LOUD) console.log(sum.list.sort((a, b) => parseInt(b) - parseInt(a)).join('\n'));
  assert.ok(sum.bodies > 60000, 'what came is not counted');
  assert.ok(sum.bodies < LIMIT, `${sum.bodies} bytes`);
};

await tests({
  async 'a respondent by a public link'() {
    const context = await browser.newContext(ALONE), sum = await counted(context, false);
    await page.goto(`${server.url}/l/${code}`);
    await page.locator('button.primary').click();
    await page.locator('code').waitFor();
    await page.locator('button.primary').click();
    await question();
    await sum.later;
    report('a respondent', sum);
    await context.close();
  },

  async 'an interviewer'() {
    const context = await browser.newContext(ALONE), sum = await counted(context, false);
    await signIn(page, server.url);
    await page.locator('section ul button').first().click();
    await question();
    await sum.later;
    report('an interviewer', sum);
    await context.close();
  },

  async 'how soon, on a slow phone'() {
    const context = await browser.newContext();
    for (const turn of ['first time', 'again']) {
      await counted(context, true);
      const began = Date.now();
      await page.goto(`${server.url}/l/${code}`);
      await page.locator('button.primary').waitFor();
      const start = Date.now() - began;
      await page.locator('button.primary').click();
      await page.locator('code').waitFor();
      const clicked = Date.now();
      await page.locator('button.primary').click();
      await question();
      console.log(`  ${turn}: the start screen after ${start} ms, the first question ${Date.now() - clicked} ms after the button (processor slowed down 4 times)`);
      await page.close();
    }
    await browser.close();
    await server.stop();
  },
}, () => page, scratch);
