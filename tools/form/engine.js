/* The interview engine (engine.wasm): numbers and texts in, JSON out. No rule of an interview is written here. */
const UTF8 = new TextEncoder(), TEXT = new TextDecoder();

export class Engine {
  /** @param source URL or bytes of engine.wasm */
  static async load(source) {
    const module = await (typeof source === 'string' || source instanceof URL ? fetched(source) : WebAssembly.compile(source));
    const imports = {};
    for (const { module: from, name } of WebAssembly.Module.imports(module)) (imports[from] ??= {})[name] = () => 52; // "no such function" of WASI
    const { exports } = await WebAssembly.instantiate(module, imports);
    exports._initialize?.();
    return new Engine(exports);
  }

  constructor(exports) { this.c = exports; this.form = null; }

  /** Lends texts and bytes to one call, as pairs of address and size; returns what the engine said. */
  call(name, ...values) {
    const { c } = this, lent = [], args = [];
    for (const value of values) {
      if (typeof value === 'number') { args.push(value); continue; }
      const bytes = typeof value === 'string' ? UTF8.encode(value) : value;
      const p = c.form_alloc(bytes.length || 1);
      if (!p) throw new RangeError('out of memory');
      new Uint8Array(c.memory.buffer, p, bytes.length).set(bytes);
      lent.push([p, bytes.length || 1]);
      args.push(p, bytes.length);
    }
    c['form_' + name](...args);
    for (const [p, n] of lent) if (name !== 'open') c.form_free(p, n); // an open form borrows its block
    return JSON.parse(TEXT.decode(new Uint8Array(c.memory.buffer, c.form_result(), c.form_result_size())) || '{}');
  }

  /** Tells the engine the time, then changes something. */
  change(name, ...values) {
    const utc = Date.now(), mono = Math.round(performance.now());
    this.c.form_now(utc >>> 0, Math.floor(utc / 2 ** 32), -new Date(utc).getTimezoneOffset(), mono >>> 0, Math.floor(mono / 2 ** 32));
    return this.call(name, ...values);
  }

  /** Package bytes that calls made since the last time; they are the only copy. */
  takeOutbox() {
    const { c } = this;
    const bytes = new Uint8Array(c.memory.buffer, c.form_outbox(), c.form_outbox_size()).slice();
    c.form_outbox_clear();
    return bytes;
  }

  open(block) { return this.form = this.call('open', block); }
  start(options) {
    const now = [Date.now(), -new Date().getTimezoneOffset(), Math.round(performance.now())];
    return this.change('start', JSON.stringify({ now, ...options }));
  }
  replay(bytes, sitting) {
    const replayed = this.change('replay', bytes);
    return replayed.status === 'ok' ? this.change('sitting', JSON.stringify(sitting)) : replayed;
  }
  page(item, entry, whole) { return this.call('page', item, entry, whole); }
  answer(item, entry, text, reason = '') { return this.change('answer', item, entry, text, reason); }
  missing(item, entry, code) { return this.change('missing', item, entry, { 'dont-know': 3, refused: 4, 'not-stated': 5 }[code]); }
  clear(item, entry) { return this.change('clear', item, entry); }
  remark(item, entry, text) { return this.change('remark', item, entry, text); }
  override(check, entry, reason) { return this.change('override', check, entry, reason); }
  add(item, entry) { return this.change('add', item, entry); }
  close(item, entry) { return this.change('close', item, entry); }
  remove(entry) { return this.change('remove', entry); }
  language(tag) { return this.change('language', tag); }
  go(item, entry) { return this.change('go', item, entry); }
  step(item, entry, direction) { return this.call('step', item, entry, direction); }
  firstUnanswered() { return this.call('first_unanswered'); }
  search(item, entry, text, limit) { return this.call('search', item, entry, text, limit); }
  problems() { return this.call('problems'); }
  review(section) { return this.call('review', section); }
  suspend() { return this.change('suspend'); }
  resume() { return this.change('resume'); }
  complete() { return this.change('complete'); }
  file(description) { return this.change('file', JSON.stringify(description)); }
  end() { return this.change('end'); }
  stateHash() { return this.call('state_hash'); }
}

async function fetched(url) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  return response.headers.get('Content-Type') === 'application/wasm' ? WebAssembly.compileStreaming(response) : WebAssembly.compile(await response.arrayBuffer());
}
