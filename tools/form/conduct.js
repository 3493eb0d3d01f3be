/* One interview from the list to the queue: the form on this device, the engine, the draft, one window at a time. */
import { Engine } from './engine.js';
import { h } from './dom.js';
import { openInterview } from './interview.js';
import { keepMedia } from './media.js';
import { seed, Session } from './session.js';

const WEB = 2, SELF = 3;       // svy_mode

/** The compiled form, from this device or from the server. */
export async function formOf(app, meta) {
  const key = `${meta.id}/${meta.version}`, { storage, api } = app, kept = await storage.get('forms', key);
  if (kept && kept.checksum === meta.checksum) return kept;
  try {
    const form = { ...meta, key, block: await api.bytes(`/api/forms/${encodeURIComponent(meta.id)}/${encodeURIComponent(meta.version)}/block`) };
    await storage.put('forms', form);
    return form;
  } catch (error) {
    if (kept) return kept;      // of a draft: the version it was begun with
    throw error.status === 0 ? new Error('unready') : error;
  }
}

/** Only one window has a draft: a lock of the browser's, or, without https, asking the others. */
export async function alone(uuid, work) {
  if (navigator.locks) return navigator.locks.request('draft ' + uuid, { ifAvailable: true }, lock => { if (!lock) throw new Error('elsewhere'); return work(); });
  const others = new BroadcastChannel('draft ' + uuid);
  let taken = false;
  others.onmessage = ({ data }) => { if (data === 'mine') taken = true; };
  others.postMessage('whose?');
  await new Promise(resolve => setTimeout(resolve, 300));
  if (taken) { others.close(); throw new Error('elsewhere'); }
  others.onmessage = ({ data }) => { if (data === 'whose?') others.postMessage('mine'); };
  try { return await work(); } finally { others.close(); }
}

/** What the journal says about this sitting. */
const sitting = (app, self, who) => ({ mode: self ? SELF : WEB, actor: who.name ?? '', organisation: who.organisation ?? '', device: app.device,
  agent: 'web form, ' + navigator.userAgent, clockKnown: app.clockKnown, clockOffset: app.clockOffset });

/**
 * Begins or goes on with an interview and shows it until the person leaves.
 * @param what { vault, project, meta of the form, self, who: { name, organisation }, draft or (caseId, label), language; given: { uuid, bytes } of an interview that is to be corrected }
 * @returns 'complete' or 'suspended'
 */
export async function conduct(app, what) {
  app.root.replaceChildren(h('p', { class: 'hint', role: 'status' }, app.say('wait')));
  const form = await formOf(app, what.meta);
  keepMedia(app, form, what.meta).catch(() => {});      // what has not come yet is shown from the server
  const engine = await Engine.load(form.odk ? 'engine-odk.wasm' : 'engine.wasm');
  const opened = engine.open(form.block);
  if (opened.status !== 'ok') throw new Error(opened.message || 'failed');
  const where = { storage: app.storage, vault: what.vault, publicKey: keyOf(what.project), form };
  const session = what.draft ? await Session.resume(where, what.draft) : Session.create(where, what.label, what.caseId, what.given?.uuid);
  if (!session) throw new Error('damaged');
  session.reason = error => app.reason(error);
  const of = session.about.case && !what.self && ['cases', what.meta.id, session.about.case, 'correction'].map(encodeURIComponent).join('/');
  if (of) session.elsewhere = async name => new Blob([await app.api.bytes(`/api/${of}/${encodeURIComponent(name)}`)]);
  return alone(session.uuid, async () => {
    try {
      if (what.given) await session.append(what.given.bytes);      // from here on it is a draft as any
      if ((what.draft || what.given) && await replayed(app, engine, session, what) === 'complete') return 'complete';
      if (!what.draft && !what.given) started(app, engine, session, what);
      return await openInterview(app.root, { engine, session, self: what.self });
    } finally { session.close(); }
  });
}

function started(app, engine, session, { meta, self, who, caseId = '', language }) {
  const tags = (engine.form.languages ?? []).map(({ tag }) => tag);
  const done = engine.start({ seed: seed(), language: tags.includes(language) ? language : tags[0] ?? '', parameters: meta.parameters ?? {},
    head: { uuid: session.uuid, case: caseId, corrects: '', reason: '' }, sitting: sitting(app, self, who) });
  if (done.status !== 'ok') throw new Error(done.message || 'failed');
}

/** A draft that ends complete was on its way into the queue when the browser went: it goes there now. */
async function replayed(app, engine, session, { self, who }) {
  const done = engine.change('replay', session.bytes());
  if (done.status !== 'ok') throw new Error(done.message || 'damaged');
  if (done.phase === 'complete') {
    await session.finish(engine);
    return 'complete';
  }
  const seated = engine.change('sitting', JSON.stringify(sitting(app, self, who)));
  if (seated.status !== 'ok') throw new Error(seated.message || 'damaged');
  return 'open';
}

export const keyOf = project => Uint8Array.from(atob(project.publicKey), c => c.charCodeAt(0));
