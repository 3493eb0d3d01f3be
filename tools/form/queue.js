/* What waits to be sent: in the background, again and again, from where it stopped; gone from here only when the server says that it has it on its disk. */
import { download } from './dom.js';
import { queueFile } from './session.js';

const PART = 512 * 1024;
const wait = ms => new Promise(resolve => setTimeout(resolve, ms));
/** After the n-th failure in a row: 2 s, 4 s, ... 10 minutes, spread so that not everybody comes at once. */
const pause = n => Math.min(600000, 1000 * 2 ** Math.min(n, 12)) * (0.75 + Math.random() / 2);

/** What would happen to every other item as well: the round ends. */
const GENERAL = { 0: 'offline', 401: 'signed-out', 403: 'forbidden', 429: 'busy', 503: 'busy', 507: 'server-full' };

/** Files go before the package that names them; older ones first. */
const order = (a, b) => a.created - b.created || (a.kind === b.kind ? 0 : a.kind === 'file' ? -1 : 1);

export class Queue extends EventTarget {
  /** `known()` resolves when the server knows who sends, and fails as a request does. */
  constructor(storage, api, owner, known = async () => {}) {
    super();
    Object.assign(this, { storage, api, owner, known, failures: 0, problem: null, busy: false, stopped: false });
    this.wake = () => this.now();
    addEventListener('online', this.wake);
  }

  /** All entries, without their bytes: { mine, others } of this device. */
  async items() {
    const all = (await this.storage.all('queue')).sort(order);
    return { mine: all.filter(item => item.owner === this.owner), others: all.filter(item => item.owner !== this.owner) };
  }

  /** { interviews, files, others, lastSync, problem: null or { code, sentence }, busy, sent } for the screen. */
  async state() {
    const { mine, others } = await this.items(), sync = await this.storage.get('settings', 'sync ' + this.owner) ?? {};
    const packages = list => list.filter(item => item.kind === 'package').length;
    return { interviews: packages(mine), files: mine.filter(item => item.kind === 'file' && item.state !== 'sent').length, others: packages(others),
      size: mine.reduce((sum, item) => sum + item.size, 0), lastSync: sync.when ?? null, sent: sync.sent ?? 0, problem: this.problem, busy: this.busy };
  }

  changed() { this.dispatchEvent(new Event('change')); }

  /** Tries at once, whatever the pause. */
  now() { this.failures = 0; clearTimeout(this.timer); return this.run(); }

  stop() { this.stopped = true; clearTimeout(this.timer); removeEventListener('online', this.wake); }

  /** One window sends at a time: others find the work done. */
  run() {
    if (this.stopped) return Promise.resolve();
    return this.running ??= this.alone(() => this.all()).finally(() => { this.running = null; this.changed(); });
  }

  async alone(work) {
    if (!navigator.locks) return work();
    return navigator.locks.request('survey queue', { ifAvailable: true }, lock => lock ? work() : this.later(5000));
  }

  later(ms) { clearTimeout(this.timer); if (!this.stopped) this.timer = setTimeout(() => this.run(), ms); }

  async all() {
    this.busy = true;
    this.changed();
    let odd;
    try {
      const waiting = (await this.items()).mine.filter(({ state }) => state === 'waiting');
      if (waiting.length) await this.known();
      for (const item of waiting) {
        if (this.stopped) return;
        await this.send(item).catch(error => { if (GENERAL[error.status ?? 0]) throw error; odd = error; });
      }
      if (odd) throw odd;
      this.failures = 0;
      if (this.problem?.code !== 'item') this.problem = null;
    } catch (error) { this.stumbled(error); } finally { this.busy = false; }
  }

  /** What can go by itself later is tried later; the person is told what it is. */
  stumbled(error) {
    this.problem = { code: error.code ?? GENERAL[error.status ?? 0] ?? 'server', sentence: error.status ? error.message : '' };
    this.failures++;
    this.later(Math.max(error.wait ?? 0, pause(this.failures)));
  }

  async send(item) {
    const path = '/api/uploads/' + item.hash, bytes = await this.storage.get('bytes', item.hash);
    let offset = 0;
    if (item.tries || item.size > PART) {
      const known = await this.api.request('HEAD', path, { take: 'none', also: [404] });
      if (known.status !== 404) offset = Math.min(item.size, Number(known.headers.get('X-Survey-Offset')) || 0);
    }
    await this.keep({ ...item, tries: item.tries + 1 });
    for (let turns = 0; turns < 2 * Math.ceil(item.size / PART) + 4; turns++) {
      const body = bytes.subarray(offset, offset + PART);
      const answer = await this.api.request('PUT', `${path}?kind=${item.kind}&size=${item.size}&offset=${offset}`, { body, also: [409, 413, 422], patience: 120000 });
      if (answer.status === 200 || answer.status === 201) return this.received(item, answer.body ?? {});
      if (answer.body?.receipt === 'needs-files') return this.needs(item, answer.body.files ?? []);
      if (answer.status === 413 || answer.status === 422) return this.refused(item, answer);
      const next = Number(answer.body?.offset);
      if (!(next >= 0 && next <= item.size)) throw Object.assign(new Error(), { status: answer.status });
      offset = next;
    }
    throw Object.assign(new Error(), { status: 500 });
  }

  keep(item) { return this.storage.put('queue', item); }

  /** On the server's disk. A file waits for its package: should the server lose the one before it has the other, it is still here. */
  async received(item, { receipt = 'stored', sentence = '' }) {
    if (item.kind === 'file') { await this.keep({ ...item, state: 'sent' }); return this.changed(); }
    const files = (await this.items()).mine.filter(other => other.uuid === item.uuid).map(other => other.hash);
    const sync = await this.storage.get('settings', 'sync ' + this.owner) ?? {}, notices = await this.storage.get('settings', 'notices ' + this.owner) ?? [];
    const told = receipt.startsWith('kept') || receipt === 'erased';
    if (told) notices.push({ when: Date.now(), form: item.form, created: item.created, receipt, sentence: receipt === 'erased' ? '' : sentence });
    await this.storage.write(['queue', 'bytes', 'settings'], s => {
      for (const hash of files) { s('queue').delete(hash); s('bytes').delete(hash); }
      s('settings').put({ when: Date.now(), sent: (sync.sent ?? 0) + 1 }, 'sync ' + this.owner);
      s('settings').put(notices, 'notices ' + this.owner);
    });
    this.dispatchEvent(new Event(told ? 'notice' : 'sent'));
    this.changed();
  }

  /** The server has not got files that it had, or never saw: they go again, then the package. */
  async needs(item, hashes) {
    const files = (await this.items()).mine.filter(other => hashes.includes(other.hash));
    if (files.length < hashes.length || item.again > 3) return this.refused(item, { status: 409, body: { error: '' } });
    for (const file of files) await this.send({ ...file, state: 'waiting' });
    return this.send({ ...item, again: (item.again ?? 0) + 1 });
  }

  /** Stays here and in every queue file; the others go on. */
  async refused(item, answer) {
    this.problem = { code: 'item', sentence: answer.body?.error ?? '' };
    await this.keep({ ...item, tries: item.tries + 1, refused: answer.status });
    await wait(0);
  }

  /** Everything that is not sent, also that of others on this device: it is sealed. */
  async file() {
    const { mine, others } = await this.items();
    const blobs = [];
    for (const { hash } of [...mine, ...others]) blobs.push(new Blob([await this.storage.get('bytes', hash)]));    // the browser may keep these on disk
    return queueFile(blobs);
  }

  /** Gives it to the person as a file for `survey import`. */
  async save() { download(await this.file(), `interviews-${new Date().toISOString().slice(0, 10)}.svyq`); }

  async forgetNotices() { await this.storage.put('settings', [], 'notices ' + this.owner); this.changed(); }
}
