/* The screen of an interview without the rest of the web form: a session that keeps everything in memory and fails when a test says so. */
import { openInterview } from '/form/interview.js';

const query = new URLSearchParams(location.search);
const session = {
  pieces: [], files: new Map(), failures: 0, finished: false,
  async append(bytes) {
    if (this.failures > 0) { this.failures -= 1; throw new Error('no room on the device'); }
    this.pieces.push(bytes);
  },
  async file(name, type, bytes) { this.files.set(name, new Blob([bytes], { type })); },
  async read(name) { return this.files.get(name) ?? null; },
  async finish(engine) { this.finished = true; engine.end?.(); this.pieces.push(engine.takeOutbox()); },
};

async function engine() {
  if (query.has('fake')) return (await import('/fake/fake_engine.js')).fake();
  const { Engine } = await import('/form/engine.js');
  const made = await Engine.load(new URL(query.get('engine') ?? '/form/engine.wasm', location.href));
  const opened = made.open(new Uint8Array(await (await fetch(query.get('block'))).arrayBuffer()));
  if (opened.status !== 'ok') throw new Error(opened.message);
  const sitting = { mode: query.has('self') ? 'self' : 'web', actor: 'tester', organisation: '', device: 'harness', agent: 'test', clockKnown: 0, clockOffset: 0 };
  const head = { uuid: '00000000-0000-4000-8000-000000000001', case: '', corrects: '', reason: '' };
  const started = made.start({ seed: '7', language: query.get('language') ?? opened.languages[0].tag, parameters: {}, head, sitting });
  if (started.status !== 'ok') throw new Error(started.message);
  return made;
}

window.session = session;
window.engine = await engine();
window.ended = openInterview(document.getElementById('app'), { engine: window.engine, session, self: query.has('self') }).then(how => { window.how = how; return how; });
