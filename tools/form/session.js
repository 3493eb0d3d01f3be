/* One interview on this device: what the engine writes is locked and stored before anything else happens; at the end it becomes a sealed package in the queue. */
import { mediumOf } from './media.js';
import { random, hex, uuid } from './vault.js';

export const join = parts => {
  const whole = new Uint8Array(parts.reduce((n, part) => n + part.length, 0));
  let at = 0;
  for (const part of parts) { whole.set(part, at); at += part.length; }
  return whole;
};

/** "SVYQ" 1, then each item with its size before it: docs/formats/queue.md. */
export function queueFile(items) {
  const parts = [new Uint8Array([0x53, 0x56, 0x59, 0x51, 1])];
  for (const item of items) {
    const size = [];
    for (let n = item.size ?? item.length; ; n = Math.floor(n / 128)) {
      if (n < 128) { size.push(n); break; }
      size.push(n % 128 | 128);
    }
    parts.push(new Uint8Array(size), item);
  }
  return new Blob(parts, { type: 'application/octet-stream' });
}

export class Session {
  /** `where`: { storage, vault, publicKey, form: record of the store forms } */
  constructor(where, id) { Object.assign(this, where); this.uuid = id; this.parts = []; this.files = new Map(); this.before = Promise.resolve(); this.urls = new Map(); }

  /** A new interview. `label` and the case are for the list of drafts. */
  static create(where, label, caseId = '', id = uuid()) {
    const session = new Session(where, id);
    session.about = { label, case: caseId, started: Date.now() };
    return session;
  }

  /** A draft that is here; its bytes so far are session.bytes(). null: it is not this vault's, or was changed. */
  static async resume(where, draft) {
    const session = new Session(where, draft.uuid), { vault, storage } = where;
    await storage.copy?.agreed();
    session.about = vault.unlockJson(draft.about, 'about ' + draft.uuid);
    const frames = await storage.framesOf(draft.uuid);
    for (const [n, frame] of frames.entries()) session.parts.push(vault.unlock(frame, `frame ${draft.uuid} ${n}`));
    if (!session.about || session.parts.some(part => !part)) return null;
    for (const [n, file] of (await storage.filesOf(draft.uuid)).entries()) {
      const about = vault.unlockJson(file.about, `file ${draft.uuid} ${n}`);
      if (about) session.files.set(about.name, { n, about, file });
    }
    session.taken = session.files.size;
    return session;
  }

  bytes() { return join(this.parts); }

  /** Kept when the bytes are on the disk. One after the other, in the order of the calls. */
  append(bytes) {
    const stored = this.before.then(() => this.store(bytes)).catch(error => this.failed(error));
    this.before = stored.catch(() => {});
    return stored;
  }

  /** Errors that reach the screen are sentences. */
  failed(error) { throw Object.assign(new Error(this.reason(error)), { code: error.code, cause: error }); }
  reason(error) { return error.message; }

  async store(bytes) {
    if (!bytes.length) return;
    const n = this.parts.length, { storage, vault } = this;
    const locked = vault.lock(bytes, `frame ${this.uuid} ${n}`);
    if (n) await storage.append(this.uuid, n, locked);
    else {
      const { id, version } = this.form;
      await storage.begin({ uuid: this.uuid, owner: vault.owner, form: id, version, about: vault.lockJson(this.about, 'about ' + this.uuid) }, locked);
    }
    this.parts.push(bytes);
  }

  /** Keeps a photo, a sound: locked to be shown again, and sealed to be sent. */
  async file(name, type, bytes) {
    const { vault, uuid: id } = this, n = this.taken ??= this.files.size;
    this.taken++;
    const sealed = vault.sodium.seal(bytes, this.publicKey);
    const about = { name, type, size: bytes.length, sha256: hex(vault.sodium.digest(bytes)) };
    const file = { about: vault.lockJson(about, `file ${id} ${n}`), kept: vault.lock(bytes, `bytes ${id} ${n}`), sealed, hash: hex(vault.sodium.digest(sealed)) };
    await this.storage.put('files', file, [id, n]).catch(error => this.failed(error));
    this.files.set(name, { n, about, file });
  }

  /** A photo or sound to show again. */
  async read(name) {
    const kept = this.files.get(name);
    if (!kept) return this.elsewhere?.(name) ?? null;      // it came with the interview that is corrected
    const bytes = this.vault.unlock(kept.file.kept, `bytes ${this.uuid} ${kept.n}`);
    return bytes ? new Blob([bytes], { type: kept.about.type }) : null;
  }

  /** The address of a picture or sound of the form itself. */
  async media(name) {
    const bytes = this.urls.has(name) ? null : await mediumOf(this.storage, this.form, name);
    if (bytes) this.urls.set(name, URL.createObjectURL(new Blob([bytes], { type: /\.svg$/i.test(name) ? 'image/svg+xml' : '' })));
    return this.urls.get(name) ?? null;
  }

  /** Everything so far as a file that `survey import` takes: for when this device cannot store any more. */
  async copy(pending = new Uint8Array()) {
    const files = [...this.files.values()].map(({ file }) => file.sealed);
    return queueFile([...files, this.vault.sodium.seal(join([...this.parts, pending]), this.publicKey)]);
  }

  /** The interview is complete in the engine: its files and end are written, and it moves into the queue. Can be tried again. */
  async finish(engine) {
    await this.before;
    const { sodium, owner } = this.vault, { id: form, version } = this.form;
    if (!this.ending) {
      // The engine takes a file only when an answer still names it: photos that were taken again stay behind.
      this.sent = [...this.files.values()].filter(({ about, file }) =>
        engine.file({ name: about.name, mediaType: about.type, size: about.size, sha256: about.sha256, sealedSha256: file.hash }).status === 'ok');
      engine.end();
      this.ending = engine.takeOutbox();
    }
    const entry = (kind, hash, bytes) => ({ hash, uuid: this.uuid, owner, form, version, kind, size: bytes.length, created: Date.now(), state: 'waiting', tries: 0, bytes });    // storage puts `bytes` elsewhere
    const sealed = sodium.seal(join([...this.parts, this.ending]), this.publicKey);
    await this.storage.finish(this.uuid, [...this.sent.map(({ file }) => entry('file', file.hash, file.sealed)),
      entry('package', hex(sodium.digest(sealed)), sealed)]).catch(error => this.failed(error));
  }

  close() { for (const url of this.urls.values()) URL.revokeObjectURL(url); }
}

/** A seed for the engine: 64 random bits as a decimal number. */
export const seed = () => new DataView(random(8).buffer).getBigUint64(0).toString();
