// engine.wasm without a page: every call goes into a script too, so that the native engine can be asked the same.
import { readFileSync } from 'node:fs';

const UTF8 = new TextEncoder(), TEXT = new TextDecoder('utf-8', { fatal: true });

export class Instance {
  constructor(wasm, block) {
    const module = new WebAssembly.Module(readFileSync(wasm));
    const imports = {};
    for (const { module: from, name } of WebAssembly.Module.imports(module)) (imports[from] ??= {})[name] = () => 52;
    this.c = new WebAssembly.Instance(module, imports).exports;
    this.c._initialize?.();
    this.script = [];
    this.said = [];
    this.package = [];
    this.clock = 1774958400000;
    this.opened = this.run('open', [block]);
    this.script = [];
    this.said = [];
  }

  run(name, values) {
    const { c } = this, args = [], words = [], lent = [];
    for (const value of values) {
      if (typeof value === 'number') { args.push(value); words.push(value); continue; }
      const bytes = typeof value === 'string' ? UTF8.encode(value) : value;
      const p = c.form_alloc(bytes.length);
      new Uint8Array(c.memory.buffer, p, bytes.length).set(bytes);
      lent.push(p);
      args.push(p, bytes.length);
      if (name !== 'open') words.push('=' + Buffer.from(bytes).toString('hex'));
    }
    this.script.push([name, ...words].join(' '));
    c['form_' + name](...args);
    for (const p of lent) if (name !== 'open') c.form_free(p);
    const n = c.form_outbox_size();
    if (n > 0) this.package.push(new Uint8Array(c.memory.buffer, c.form_outbox(), n).slice());
    c.form_outbox_clear();
    const text = TEXT.decode(new Uint8Array(c.memory.buffer, c.form_result(), c.form_result_size()));
    this.said.push(text);
    return JSON.parse(text);
  }

  call(name, ...values) { return this.run(name, values); }

  // A call that changes something, seven seconds after the one before.
  change(name, ...values) {
    this.clock += 7000;
    const words = [this.clock >>> 0, Math.floor(this.clock / 2 ** 32), 120, this.clock % 2 ** 31, 0];
    this.c.form_now(...words);
    this.script.push(['now', ...words].join(' '));
    return this.run(name, values);
  }

  start(options) {
    return this.change('start', JSON.stringify({
      seed: '7', head: { uuid: '0f0e0d0c-0b0a-4908-8706-050403020100', case: '', corrects: '', reason: '' },
      sitting: { mode: 'web', actor: 'anna', organisation: '', device: 'd1', agent: 'test', clockKnown: true, clockOffset: -3 }, ...options }));
  }

  bytes() { return Buffer.concat(this.package); }
}
