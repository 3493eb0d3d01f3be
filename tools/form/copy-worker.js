/* The second copy's files, in a worker because only there browsers write them in place: a folder for each store, in it a file for each record, and one for all frames of
 * a draft, to which an answer is only added. What a crash leaves half written is recognised and left out. docs/formats/queue.md */
const HEAD = 12, BYTES = '\u0000bytes', NEW = '~new';
const UTF8 = new TextEncoder(), TEXT = new TextDecoder();

/* ---- a record: size, first 8 bytes of the SHA-256, content ---- */
const sum = async bytes => new Uint8Array(await crypto.subtle.digest('SHA-256', bytes), 0, 8);
const join = async parts => new Uint8Array(await new Blob(parts).arrayBuffer());
const record = async content => join([Uint32Array.of(content.length), await sum(content), content]);

/** The whole records of a file, from the first on, and where they end: what follows was cut. */
async function records(bytes) {
  const list = [], view = new DataView(bytes.buffer, bytes.byteOffset);
  let at = 0;
  while (at + HEAD <= bytes.length) {
    const end = at + HEAD + view.getUint32(at, true), content = bytes.subarray(at + HEAD, end);
    if (end > bytes.length || (await sum(content)).some((byte, i) => byte !== bytes[at + 4 + i])) break;
    list.push(content);
    at = end;
  }
  return { list, end: at };
}

/** What IndexedDB holds as an object, as bytes: JSON after its size, then the bytes that were in it. */
function encode(value) {
  const parts = [];
  let at = 0;
  const json = UTF8.encode(JSON.stringify(value, (_, one) => {
    if (!ArrayBuffer.isView(one)) return one;
    parts.push(one);
    return { [BYTES]: [at, at += one.length] };
  }));
  return join([Uint32Array.of(json.length), json, ...parts]);
}

function decode(bytes) {
  const start = 4 + new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  return JSON.parse(TEXT.decode(bytes.subarray(4, start)), (_, one) => one?.[BYTES] ? bytes.slice(start + one[BYTES][0], start + one[BYTES][1]) : one);
}

/* ---- files ---- */
const named = encodeURIComponent;

/** The folder of a path and the name in it. */
async function place(path, create) {
  let folder = await (await navigator.storage.getDirectory()).getDirectoryHandle('copy', { create: true });
  for (const name of path.slice(0, -1)) folder = await folder.getDirectoryHandle(named(name), { create });
  return [folder, named(path.at(-1))];
}

async function opened(file, work) {
  const handle = await file.createSyncAccessHandle();
  try { return await work(handle); } finally { handle.close(); }
}

async function put(path, value) {
  const [folder, name] = await place(path, true), bytes = await record(await encode(value)), file = await folder.getFileHandle(NEW, { create: true });
  await opened(file, handle => { handle.truncate(0); handle.write(bytes); handle.flush(); });
  await file.move(folder, name);      // the old one or the new one is there, whenever the browser dies
}

const known = new Map();       // path of frames: { file, count, end }, so that an answer neither looks for its file nor reads the frames before it

async function framesAt(path) {
  const [folder, name] = await place(path, true), file = await folder.getFileHandle(name, { create: true });
  return { file, count: 0, end: -1 };
}

async function frame(path, n, bytes) {
  const key = path.join('/'), at = known.get(key) ?? await framesAt(path);
  known.delete(key);           // should anything fail, it is looked for again
  await opened(at.file, async handle => {
    if (at.end !== handle.getSize()) {
      const before = new Uint8Array(handle.getSize());
      handle.read(before, { at: 0 });
      const whole = await records(before);
      Object.assign(at, { count: whole.list.length, end: whole.end });
      handle.truncate(at.end);
    }
    if (n > at.count) throw new Error('behind');      // copy.js brings what is missing
    if (n < at.count) return;
    const added = await record(bytes);
    handle.write(added, { at: at.end });
    handle.flush();
    Object.assign(at, { count: n + 1, end: at.end + added.length });
  });
  known.set(key, at);
}

async function remove(path) {
  try {
    const [folder, name] = await place(path, false);
    await folder.removeEntry(name, { recursive: true });
    known.delete(path.join('/'));
  } catch (error) { if (error.name !== 'NotFoundError') throw error; }
}

async function* files(folder, path = []) {
  for await (const [name, handle] of folder.entries()) {
    if (name === NEW) continue;
    const here = [...path, decodeURIComponent(name)];
    if (handle.kind === 'directory') yield* files(handle, here);
    else yield { path: here, handle };
  }
}

/** Its whole records; none when the file cannot be read. */
async function contents(handle) {
  try { return (await records(new Uint8Array(await (await handle.getFile()).arrayBuffer()))).list; } catch { return []; }
}

/* ---- what copy.js asks ---- */
const CALLS = {
  /** One change of the storage: [path, value] puts, [path, bytes, n] adds a frame, [path] removes. */
  async keep(changes) { for (const [path, value, n] of changes) await (value === undefined ? remove(path) : n === undefined ? put(path, value) : frame(path, n, value)); },

  /** [path, how many frames or 1] of every file. */
  async list() {
    const list = [], [root] = await place(['']);
    for await (const { path, handle } of files(root)) list.push([path, path[0] === 'frames' ? (await contents(handle)).length : 1]);
    return list;
  },

  /** What is in a file: the frames, or one value; nothing when none is whole. */
  async read(path) {
    const [folder, name] = await place(path), list = await contents(await folder.getFileHandle(name));
    return path[0] === 'frames' ? list.map(bytes => bytes.slice()) : list.map(decode);
  },
};

let before = Promise.resolve();
onmessage = ({ data: { id, call, what } }) => {
  before = before.then(() => navigator.locks.request('survey copy', () => CALLS[call](what)))      // other windows write here, too
    .then(result => postMessage({ id, result }), error => postMessage({ id, error: error.name === 'NotFoundError' ? 'behind' : error.message }));
};
