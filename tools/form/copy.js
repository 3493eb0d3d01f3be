/* A second copy of what is kept, in origin-private files. Chromium's IndexedDB can be gone after the browser was killed: what the kill cuts at the end of its log is taken for
 * damage one start later, and the database begins anew, empty. Then everything comes back from here. Only with https (or localhost): elsewhere browsers have no such files. */

const PATIENCE = 10000, LATER = 30000;       // ms: an answer that is in the database does not wait longer for its copy; when what failed is tried again
const BEHIND = 'behind';     // what the worker says when a frame would leave a gap

/** Pictures and films of forms come from the server again. */
const copied = ([store, key]) => !(store === 'forms' && key.startsWith('media '));
const part = (store, value) => store === 'forms' ? { ...value, media: undefined } : value;

const pathOf = (store, key) => store === 'frames' ? [store, key[0]] : [store].concat(key);
const change = ([store, key, value]) => value === undefined ? [pathOf(store, key)] : store === 'frames' ? [pathOf(store, key), value, key[1]] : [pathOf(store, key), part(store, value)];

export class Copy {
  /** null: this browser has no such files, or not for this page. */
  static async open(storage) {
    try {
      await navigator.storage.getDirectory();
      return navigator.locks ? new Copy(storage) : null;
    } catch { return null; }
  }

  constructor(storage) {
    this.storage = storage;
    this.asked = new Map();
    this.count = 0;
    this.worker = new Worker('copy-worker.js', { type: 'module' });
    this.worker.onerror = () => this.give('it does not start');
    this.worker.onmessage = ({ data: { id, result, error } }) => {
      const { resolve, reject } = this.asked.get(id) ?? {};
      this.asked.delete(id);
      if (error) reject?.(new Error(error)); else resolve?.(result);
    };
  }

  /** Until the page is loaded again there is one copy only. */
  give(up) {
    console.warn('no second copy: ' + up);
    this.broken = new Error(up);
    this.worker.terminate();
    for (const { reject } of this.asked.values()) reject(this.broken);
    this.asked.clear();
  }

  ask(call, what) {
    if (this.broken) return Promise.reject(this.broken);
    const id = ++this.count, late = setTimeout(() => this.give('too slow'), PATIENCE);
    return new Promise((resolve, reject) => {
      this.asked.set(id, { resolve, reject });
      this.worker.postMessage({ id, call, what });
    }).finally(() => clearTimeout(late));
  }

  /** What one transaction did: [store, key, value], without a value when it was deleted. It is in the database already: what fails here does not fail the person, and is made up for. */
  async keep(changes) {
    const what = changes.filter(copied).map(change);
    if (what.length && !this.broken) await this.ask('keep', what).catch(error => this.behind(error));
  }

  async behind(error) {
    if (error.message === BEHIND) return this.agree();      // killed between the database and the copy
    console.warn(error);
    this.later ??= setTimeout(() => { this.later = null; this.agree(); }, LATER);
  }

  /** Once after a start, before a draft is shown: what is seen is there twice. */
  agreed() { return this.agreeing ??= this.agree(); }

  /** When the database is empty, or not the one that was copied, what the copy holds goes into it. One window does it: another would put back what the first has finished by then. */
  restore() {
    return navigator.locks.request('survey restore', async () => {
      const device = await this.storage.get('settings', 'device'), theirs = device && await this.ask('read', ['settings', 'device']).catch(error => { if (error.message !== BEHIND) throw error; });
      if (!device || theirs?.length && theirs[0] !== device) await this.bring();
    });
  }

  /** The device comes last: without it, a start that is killed in between begins again. What is there stays; of the people, those of both. */
  async bring() {
    const last = ([[store, key]]) => store === 'settings' && key === 'device';
    for (const [path] of (await this.ask('list')).sort((a, b) => last(a) - last(b))) {
      const [store, id, n] = path, key = i => store === 'frames' ? [id, i] : n ? [id, Number(n)] : id, there = await this.storage.get(store, key(0));
      if (there && id !== 'vaults') continue;
      let values = await this.ask('read', path);
      if (there) values = values.map(list => there.concat(list.filter(({ owner }) => !there.some(one => one.owner === owner))));
      await this.storage.transact([store], s => values.forEach((value, i) => s(store).put(value, key(i))));
    }
  }

  /** What is missing in the copy is added, what the database has no more is taken away. Files are listed first: nothing that is being written is taken for old. */
  async agree() {
    try {
      await this.restore();     // what a start could not bring back is not to be taken away
      const here = new Map((await this.ask('list')).map(([path, count]) => [path.join('/'), { path, count }])), wanted = new Set();
      for (const { path, count } of here.values()) if (path[0] === 'frames') await this.mend(path, count);
      for (const store of this.storage.db.objectStoreNames) for (const key of await this.storage.keys(store)) await this.match(store, key, here, wanted);
      for (const [name, { path }] of here) if (!wanted.has(name)) await this.ask('keep', [[path]]);
    } catch (error) { console.warn(error); }
  }

  /** A power cut may take the last frames of a draft from the database only: what is in the copy was in the database first. */
  async mend([store, uuid], count) {
    const have = (await this.storage.framesOf(uuid)).length;
    if (!have || have >= count) return;
    const values = await this.ask('read', [store, uuid]);
    await this.storage.transact([store], s => { for (let n = have; n < values.length; n++) s(store).put(values[n], [uuid, n]); });
  }

  async match(store, key, here, wanted) {
    const name = pathOf(store, key).join('/'), count = here.get(name)?.count ?? 0;
    if (!copied([store, key])) return;
    wanted.add(name);
    if (store !== 'settings' && count > (store === 'frames' ? key[1] : 0)) return;
    const value = await this.storage.get(store, key);
    if (value !== undefined) await this.ask('keep', [change([store, key, value])]);
  }
}
