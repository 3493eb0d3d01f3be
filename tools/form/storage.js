/* What is kept in this browser. An answer is on the disk when the promise of a write is kept: every write is strict, and there twice. Everything about people comes here sealed. */
import { Copy } from './copy.js';

const STORES = {
  settings: {},                              // by name
  forms: { keyPath: 'key' },                 // ID/VERSION: compiled form; media SHA256: what forms show
  drafts: { keyPath: 'uuid' },               // { uuid, owner, form, version, about (locked) }
  frames: {},                                // [uuid, n]: locked package bytes
  files: {},                                 // [uuid, n]: { about, kept (both locked), sealed, hash }
  queue: { keyPath: 'hash' },                // what waits to be sent
  bytes: {},                                 // hash: its bytes, sealed to the project
};

/** An error whose message can be shown. code: full, private, newer, taken, broken. */
export class StorageError extends Error {
  constructor(code, cause) { super(`storage-${code}`, { cause }); this.code = code; }
}

const CODES = { QuotaExceededError: 'full', ConstraintError: 'taken', VersionError: 'newer', InvalidStateError: 'private', SecurityError: 'private' };
const failed = error => error instanceof StorageError ? error : new StorageError(CODES[error?.name] ?? 'broken', error);

const promised = request => new Promise((resolve, reject) => {
  request.onsuccess = () => resolve(request.result);
  request.onerror = () => reject(failed(request.error));
});

/** All frames or files of one interview. */
const of = uuid => IDBKeyRange.bound([uuid], [uuid, []]);

export class Storage {
  static async open(name = 'survey') {
    const storage = Object.assign(new Storage(), { name });
    await storage.connect();
    return storage;
  }

  async connect() {
    if (!globalThis.indexedDB) throw new StorageError('private');
    let request;
    try { request = indexedDB.open(this.name, 1); } catch (error) { throw failed(error); }
    request.onupgradeneeded = () => {
      for (const [store, options] of Object.entries(STORES)) request.result.createObjectStore(store, options);
    };
    const db = this.db = await promised(request);
    db.onversionchange = () => db.close();
    this.copy ??= await Copy.open(this);
    if (!await this.get('settings', 'device')) await this.copy?.restore().catch(error => { if (error instanceof StorageError) throw error; this.copy.give(error.message); });
  }

  /** A disk that was full makes the browser close the database by itself: it is opened again. An empty one has no draft to write to. */
  async again(error) {
    if (error.cause?.name !== 'InvalidStateError') throw error;
    await this.connect();
    if (!await this.get('settings', 'device')) throw new StorageError('broken');
  }

  /** One transaction: `work` gets a function that gives a store, and asks for everything at once; kept when what it did is on the disk, and in the copy. */
  async write(stores, work) {
    const changes = [], once = () => this.transact(stores, work, changes), result = await once().catch(error => this.again(error).then(once));
    await this.copy?.keep(changes);
    return result;
  }

  /** `changes` gets [store, key, value] of what is put, [store, key] of what is deleted. */
  transact(stores, work, changes = []) {
    const noted = store => {
      const put = (how, value, key) => { changes.push([store.name, store.keyPath ? value[store.keyPath] : key, value]); store[how](value, store.keyPath ? undefined : key); };
      return { put: (...what) => put('put', ...what), add: (...what) => put('add', ...what), delete: key => { changes.push([store.name, key.lower ?? key]); store.delete(key); } };
    };
    return new Promise((resolve, reject) => {
      let result, error;
      try {
        const transaction = this.db.transaction(stores, 'readwrite', { durability: 'strict' });
        transaction.oncomplete = () => resolve(result);
        transaction.onerror = event => { error ??= event.target.error; };
        transaction.onabort = () => reject(failed(error ?? transaction.error));
        try { result = work(name => noted(transaction.objectStore(name))); } catch (thrown) { error = thrown; transaction.abort(); }
      } catch (thrown) { reject(failed(thrown)); }
    });
  }

  async read(store, ask) {
    try { return await promised(ask(this.db.transaction(store).objectStore(store))); } catch (error) { throw failed(error); }
  }

  get(store, key) { return this.read(store, s => s.get(key)); }
  all(store, range) { return this.read(store, s => s.getAll(range)); }
  keys(store, range) { return this.read(store, s => s.getAllKeys(range)); }
  put(store, value, key) { return this.write([store], s => { s(store).put(value, key); }); }
  delete(store, key) { return this.write([store], s => { s(store).delete(key); }); }

  framesOf(uuid) { return this.all('frames', of(uuid)); }
  filesOf(uuid) { return this.all('files', of(uuid)); }

  /** A new draft with its first bytes: both or none. */
  begin(draft, bytes) {
    return this.write(['drafts', 'frames'], s => { s('drafts').add(draft); s('frames').add(bytes, [draft.uuid, 0]); });
  }

  /** `add` refuses a number that is taken: a second writer of the same draft gets an error instead of its way. */
  append(uuid, n, bytes) { return this.write(['frames'], s => { s('frames').add(bytes, [uuid, n]); }); }

  /** The draft is gone and its sealed package (with files) is in the queue: in one step. */
  finish(uuid, entries) {
    return this.write(['drafts', 'frames', 'files', 'queue', 'bytes'], s => {
      for (const { bytes, ...entry } of entries) { s('queue').put(entry); s('bytes').put(bytes, entry.hash); }
      s('drafts').delete(uuid);
      s('frames').delete(of(uuid));
      s('files').delete(of(uuid));
    });
  }

  drop(uuid) { return this.finish(uuid, []); }
}

/** Asks the browser not to throw anything away by itself: true, false, or null where it cannot be asked. */
export async function persist() {
  const manager = navigator.storage;
  if (!manager?.persist) return null;
  try { return await manager.persisted() || await manager.persist(); } catch { return null; }
}

/** Bytes still free for this page, as far as the browser says. */
export async function room() {
  try {
    const { quota, usage } = await navigator.storage.estimate();
    return quota - usage;
  } catch { return null; }
}
