/* A real browser for the tests of the web form: Chromium driven by playwright-core, which npm installs into build/web once; and axe, which looks for what keeps people out. */
import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PACKAGES = path.join(ROOT, 'build/web');
const SKIPPED = 77;    // what CMake's SKIP_RETURN_CODE says

export function skip(why) {
  console.log('skipped: ' + why);
  process.exit(SKIPPED);
}

/** Installs tests/web/package-lock.json into build/web when it is not there; several tests may ask at once. */
function packages() {
  const here = path.join(ROOT, 'tests/web');
  const wanted = fs.readFileSync(path.join(here, 'package-lock.json'), 'utf8');
  const stamp = path.join(PACKAGES, 'installed');
  fs.mkdirSync(PACKAGES, { recursive: true });
  const there = () => fs.existsSync(stamp) && fs.readFileSync(stamp, 'utf8') === wanted;
  if (there()) return;
  try {
    execFileSync('flock', [path.join(PACKAGES, 'lock'), 'sh', '-c',
      'cmp -s "$0/package-lock.json" installed || { cp "$0/package.json" "$0/package-lock.json" . && npm ci --no-audit --no-fund --ignore-scripts --loglevel=error && cp package-lock.json installed; }', here],
    { cwd: PACKAGES, stdio: ['ignore', 'ignore', 'pipe'] });
  } catch (error) {
    skip('npm cannot install the packages of tests/web/package.json: ' + String(error.stderr || error).trim().split('\n').pop());
  }
}

export function browserPath() {
  for (const name of ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']) if (fs.existsSync(name)) return name;
  return skip('there is no Chromium (script/bootstrap installs it)');
}

export const QUIET = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update',
  '--disable-sync', '--disable-default-apps', '--metrics-recording-only', '--no-default-browser-check'];

export function playwright() {
  browserPath();
  packages();
  return createRequire(PACKAGES + '/')('playwright-core');
}

/** A browser without a profile. */
export const launch = (options = {}) => playwright().chromium.launch({ executablePath: browserPath(), args: QUIET, ...options });

/** A browser whose profile is a folder, as a person's: what it stores is there after it was closed. */
export const profile = (folder, options = {}) =>
  playwright().chromium.launchPersistentContext(folder, { executablePath: browserPath(), args: QUIET, ...options });

/** A browser that can be killed as a power switch does: its own process group, driven from outside. */
export async function mortal(folder) {
  fs.mkdirSync(folder, { recursive: true });
  const told = path.join(folder, 'DevToolsActivePort');
  fs.rmSync(told, { force: true });
  const child = spawn(browserPath(), ['--headless', ...QUIET, '--remote-debugging-port=0', '--user-data-dir=' + folder, 'about:blank'],
    { detached: true, stdio: 'ignore' });
  const gone = new Promise(resolve => child.once('exit', resolve));
  for (let i = 0; !fs.existsSync(told) || !fs.readFileSync(told, 'utf8').includes('\n'); i++) {
    if (i > 600) throw new Error('Chromium did not start');
    await new Promise(resolve => setTimeout(resolve, 50));
  }
  const browser = await playwright().chromium.connectOverCDP('http://127.0.0.1:' + fs.readFileSync(told, 'utf8').split('\n')[0]);
  return {
    browser, context: browser.contexts()[0],
    /** kill -9 of the whole group: nothing is flushed, nobody says goodbye. */
    async kill() {
      process.kill(-child.pid, 'SIGKILL');
      await gone;
      await browser.close().catch(() => {});
      for (const lock of ['SingletonLock', 'SingletonSocket', 'SingletonCookie']) fs.rmSync(path.join(folder, lock), { force: true });
    },

    /** Where the IndexedDB of the only page with one is. */
    database() {
      const top = path.join(folder, 'Default/IndexedDB');
      return path.join(top, fs.readdirSync(top).find(name => name.endsWith('.leveldb')));
    },

    /** What a kill in the middle of writing leaves at the end of the database's log: the beginning of a record (checksum, size 400, the first of several) and less than its bytes. */
    tear() {
      const log = fs.readdirSync(this.database()).filter(name => name.endsWith('.log')).sort().at(-1), begun = Buffer.alloc(7 + 60, 1);
      begun.writeUInt16LE(400, 4);
      begun[6] = 2;
      fs.appendFileSync(path.join(this.database(), log), begun);
    },
  };
}

/** A Firefox whose profile is a folder, by puppeteer-core: what drives Chromium above has no way to a Firefox as people have it. */
export async function firefox(folder) {
  if (!fs.existsSync('/usr/bin/firefox-esr')) skip('there is no Firefox (script/bootstrap installs it where there is a package firefox-esr)');
  packages();
  const { default: puppeteer } = await import(createRequire(PACKAGES + '/').resolve('puppeteer-core'));
  const browser = await puppeteer.launch({ browser: 'firefox', executablePath: '/usr/bin/firefox-esr', headless: true, userDataDir: folder,
    extraPrefsFirefox: { 'media.navigator.streams.fake': true, 'media.navigator.permission.disabled': true } });      // a microphone that hums, allowed
  const child = browser.process(), gone = new Promise(resolve => child.once('exit', resolve));
  return {
    page: await browser.newPage(),
    async kill() {
      child.kill('SIGKILL');
      await gone;
      // When the browser is gone, puppeteer puts its settings back by itself: starting in the middle of that fails.
      for (let i = 0; i < 200 && fs.readdirSync(folder).some(name => name.endsWith('.puppeteer')); i++) await new Promise(resolve => setTimeout(resolve, 50));
      for (const lock of ['lock', '.parentlock']) fs.rmSync(path.join(folder, lock), { force: true });
    },
  };
}

/** What axe finds on a page: sentences, none when it is fine. */
export async function axe(page) {
  packages();
  const source = fs.readFileSync(path.join(PACKAGES, 'node_modules/axe-core/axe.min.js'), 'utf8');
  if (!await page.evaluate(() => Boolean(window.axe))) await page.evaluate(source);    // as the debugger: the page's policy would not let it in
  const found = await page.evaluate(async () =>
    (await window.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] })).violations);
  return found.map(v => `${v.id} (${v.impact}): ${v.help}: ${v.nodes.slice(0, 3).map(n => n.html.slice(0, 160)).join(' | ')}`);
}

export const CSP = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; connect-src 'self'; "
  + "manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
const TYPES = { html: 'text/html; charset=utf-8', js: 'text/javascript', mjs: 'text/javascript', css: 'text/css', wasm: 'application/wasm', json: 'application/json',
  svg: 'image/svg+xml', webmanifest: 'application/manifest+json', png: 'image/png' };

/** Gives files of folders to a browser: { '/form/': folder, ... }, with the headers that the real server sends. `more(request, response, url)` may answer first. */
export async function serve(folders, more = () => false, port = 0) {
  const server = http.createServer(async (request, response) => {
    const url = new URL(request.url, 'http://localhost');
    response.setHeader('X-Survey-Time', Date.now());
    response.setHeader('Content-Security-Policy', CSP);
    response.setHeader('Cache-Control', 'no-cache');
    if (await more(request, response, url)) return;
    for (const [prefix, folder] of Object.entries(folders)) {
      if (!url.pathname.startsWith(prefix)) continue;
      const file = path.join(folder, path.normalize(decodeURIComponent(url.pathname.slice(prefix.length)) || 'index.html'));
      if (!file.startsWith(path.resolve(folder)) || !fs.existsSync(file) || fs.statSync(file).isDirectory()) continue;
      response.setHeader('Content-Type', TYPES[file.split('.').pop()] ?? 'application/octet-stream');
      return response.end(fs.readFileSync(file));
    }
    response.statusCode = 404;
    response.end('not here');
  });
  await new Promise(resolve => server.listen(port, '127.0.0.1', resolve));
  const address = server.address();
  return {
    server, port: address.port, url: `http://localhost:${address.port}`,
    close: () => new Promise(resolve => { server.closeAllConnections(); server.close(resolve); }),
  };
}
