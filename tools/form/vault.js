/* Keys: what is kept in this browser is locked with a key that only an open vault has; what is sent is sealed to the project's public key. */
const UTF8 = new TextEncoder(), TEXT = new TextDecoder();
const STRETCH = { kib: 19456, passes: 2 };       // argon2id, OWASP's first choice: 60 ms, 19 MiB

export const random = n => crypto.getRandomValues(new Uint8Array(n));
export const hex = bytes => Array.from(bytes, b => b.toString(16).padStart(2, '0')).join('');

/** A version-4 UUID (crypto.randomUUID wants https). */
export function uuid() {
  const b = random(16);
  b[6] = b[6] & 15 | 64;
  b[8] = b[8] & 63 | 128;
  return hex(b).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

/** 28 letters and digits without I, L, O, U in groups of four: 140 random bits, for people to write down. */
export function code() {
  return Array.from(random(28), b => '0123456789ABCDEFGHJKMNPQRSTVWXYZ'[b & 31]).join('').replace(/.{4}(?=.)/g, '$&-');
}
const plain = typed => typed.toUpperCase().replace(/[^0-9A-Z]/g, '').replace(/O/g, '0').replace(/[IL]/g, '1');

/** libsodium (crypto.wasm): bytes in, bytes out. Works where WebCrypto does not: plain http in a local network. */
export class Sodium {
  static async load(source) {
    const bytes = typeof source === 'string' ? await (await fetch(source)).arrayBuffer() : source;
    const host = { random_get: (p, n) => { for (let i = 0; i < n; i += 65536) crypto.getRandomValues(new Uint8Array(c.memory.buffer, p + i, Math.min(65536, n - i))); } };
    const { instance: { exports: c } } = await WebAssembly.instantiate(bytes, { host });
    c._initialize?.();
    return new Sodium(c);
  }

  constructor(c) { this.c = c; }

  /** Calls with `size` bytes of room for the result, then each range as an address (with its size, except when `bare`); null when it did not fit. */
  call(name, size, ...ranges) {
    const { c } = this, lent = [], args = [];
    const lend = (n, bytes) => {
      const p = c.crypto_alloc(n);
      if (!p) throw new RangeError('out of memory');
      lent.push([p, n]);
      if (bytes) new Uint8Array(c.memory.buffer, p, n).set(bytes);
      return p;
    };
    try {
      const out = lend(size);
      for (const range of ranges) {
        if (typeof range === 'number') args.push(range);
        else if (range.bare) args.push(lend(range.bare.length, range.bare));
        else args.push(lend(range.length, range), range.length);
      }
      return c['crypto_' + name](out, ...args) ? null : new Uint8Array(c.memory.buffer, out, size).slice();
    } finally { for (const [p, n] of lent) c.crypto_release(p, n); }
  }

  seal(bytes, key) { return this.call('seal', bytes.length + 48, bytes, { bare: key }); }
  lock(bytes, about, key) { return this.call('lock', bytes.length + 40, bytes, UTF8.encode(about), { bare: key }); }
  unlock(bytes, about, key) { return bytes.length < 40 ? null : this.call('unlock', bytes.length - 40, bytes, UTF8.encode(about), { bare: key }); }
  digest(bytes) { return this.call('digest', 32, bytes); }
  stretch(pin, salt, { kib, passes }) { return this.call('stretch', 32, UTF8.encode(pin.normalize('NFKC')), { bare: salt }, kib, passes); }
}

/** An open vault. `owner` says whose the drafts are, and tells nothing about the key. */
export class Vault {
  constructor(sodium, key, owner) { this.sodium = sodium; this.key = key; this.owner = owner; }

  /** Of an interviewer: a random key, wrapped by a PIN. `record` is what is kept. */
  static create(sodium, name, pin) {
    const key = random(32), salt = random(16), owner = hex(random(8));
    return { vault: new Vault(sodium, key, owner), record: { owner, name, ...Vault.wrap(sodium, key, owner, pin, salt) } };
  }

  static wrap(sodium, key, owner, pin, salt = random(16)) {
    return { salt, ...STRETCH, wrapped: sodium.lock(key, 'vault ' + owner, sodium.stretch(pin, salt, STRETCH)) };
  }

  /** null: that is not the PIN. */
  static open(sodium, record, pin) {
    const key = sodium.unlock(record.wrapped, 'vault ' + record.owner, sodium.stretch(pin, record.salt, record));
    return key && new Vault(sodium, key, record.owner);
  }

  /** Of a respondent: the key comes from the code of the link, or from one that was made for resuming. */
  static fromCode(sodium, typed) {
    const from = purpose => sodium.digest(UTF8.encode(purpose + plain(typed)));
    return new Vault(sodium, from('survey key '), 'link-' + hex(from('survey owner ').subarray(0, 8)));
  }

  lock(bytes, about) { return this.sodium.lock(bytes, about, this.key); }
  unlock(bytes, about) { return this.sodium.unlock(bytes, about, this.key); }
  lockJson(value, about) { return this.lock(UTF8.encode(JSON.stringify(value)), about); }
  unlockJson(bytes, about) {
    const clear = bytes && this.unlock(bytes, about);
    return clear ? JSON.parse(TEXT.decode(clear)) : null;
  }

  close() { this.key.fill(0); this.key = null; }
}
