/* The server's API in little (contract of the web form with `survey serve`), with switches for everything that goes wrong: what a real server does once in a year. */
import crypto from 'node:crypto';
import { serve } from './browser.mjs';

const hash = bytes => crypto.createHash('sha256').update(bytes).digest('hex');

/**
 * @param folders what serve() takes
 * @param facts { forms: [meta with `block`], media: { name: bytes } of all of them, cases, publicKey base64 }
 * @returns the server; `world` can be changed at any time: { down, full, busy, cutAfter, refuse: { hash: status }, receipt, clock: ms added, received: Map, parts: Map, log }
 */
export async function mock(folders, facts) {
  const world = { down: false, full: false, busy: false, clock: 0, receipt: null, received: new Map(), parts: new Map(), log: [], tokens: new Set(), revoked: false, codes: {} };
  const server = await serve(folders, (request, response, url) => answer(world, facts, request, response, url), facts.port ?? 0);
  return { ...server, world };
}

const json = (response, status, body, headers = {}) => {
  response.writeHead(status, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store', ...headers });
  response.end(JSON.stringify(body));
  return true;
};

const body = async request => {
  const parts = [];
  for await (const part of request) parts.push(part);
  return Buffer.concat(parts);
};

const csrf = (link, cookie) => link ? 'c-' + cookie : 'c';

async function answer(world, facts, request, response, url) {
  world.log.push(`${request.method} ${url.pathname}`);
  if (world.down) { request.socket.destroy(); return true; }
  response.setHeader('X-Survey-Time', Date.now() + world.clock);
  if (url.pathname.startsWith('/l/')) {
    const code = decodeURIComponent(url.pathname.slice(3)), kind = facts.links?.[code];
    response.writeHead(302, { Location: kind ? `/form/#${kind === 'public' ? 'o' : 'p'}=${code}` : '/form/#x=1', ...(kind && { 'Set-Cookie': `survey=${code}; HttpOnly; SameSite=Strict; Path=/; Max-Age=864000` }) });
    response.end();
    return true;
  }
  if (!url.pathname.startsWith('/api/')) return false;
  const said = await body(request), bearer = (request.headers.authorization ?? '').slice(7), cookie = /survey=([^;]*)/.exec(request.headers.cookie ?? '')?.[1];
  const link = facts.links?.[cookie], someone = world.tokens.has(bearer) && !world.revoked || cookie === 'staff' || link;
  if (url.pathname === '/api/login') return login(response, JSON.parse(said), world);
  if (!someone) return json(response, 401, { error: 'Please sign in.' });
  if (cookie && !bearer && !['GET', 'HEAD'].includes(request.method) && request.headers['x-survey-csrf'] !== csrf(link, cookie)) return json(response, 403, { error: 'no token against cross-site requests' });
  if (url.pathname.startsWith('/api/uploads/')) return upload(world, request, response, url, said, cookie);
  return plain(world, facts, response, url, link, cookie);
}

function login(response, { name, password }, world) {
  if (password !== 'otter paints seven lamps') return json(response, 401, { error: 'That name and password do not fit.' });
  world.name = name;
  return json(response, 200, { account: name, role: 'interviewer', organisation: 'Org', csrf: 'c' }, { 'Set-Cookie': 'survey=staff; HttpOnly; SameSite=Strict; Path=/' });
}

function plain(world, facts, response, url, link, cookie) {
  const block = /^\/api\/forms\/([^/]+)\/([^/]+)\/block$/.exec(url.pathname);
  if (block) {
    const form = facts.forms.find(f => f.id === decodeURIComponent(block[1]) && f.version === decodeURIComponent(block[2]));
    response.writeHead(form ? 200 : 404, { 'Content-Type': 'application/octet-stream' });
    response.end(form?.block);
    return true;
  }
  const file = facts.media?.[/^\/api\/forms\/[^/]+\/[^/]+\/files\/([^/]+)$/.exec(url.pathname)?.[1]];
  if (file) { response.writeHead(200, { 'Content-Type': 'application/octet-stream' }); response.end(file); return true; }
  switch (url.pathname) {
    case '/api/devices': { const token = crypto.randomBytes(16).toString('hex'); world.tokens.add(token); return json(response, 200, { token }); }
    case '/api/logout': return json(response, 200, {}, { 'Set-Cookie': 'survey=; Path=/; Max-Age=0' });
    case '/api/session': return json(response, 200, { role: link ? 'respondent' : 'interviewer', name: link ? '' : world.name, form: link ? facts.forms[0].id : '', id: link ? cookie : 'staff', case: link === 'personal' ? 'C-' + cookie : '', csrf: csrf(link, cookie), time: Date.now() });
    case '/api/project': return json(response, 200, { study: 'Test study', publicKey: facts.publicKey, role: '', forms: facts.forms.map(({ block: _, ...form }) => form) });
    case '/api/cases': return json(response, 200, facts.cases ?? []);
    default: return json(response, 404, { error: 'There is nothing here.' });
  }
}

function upload(world, request, response, url, said, from) {
  const name = url.pathname.split('/').pop(), size = Number(url.searchParams.get('size')), offset = Number(url.searchParams.get('offset')), kind = url.searchParams.get('kind');
  const here = world.parts.get(name) ?? Buffer.alloc(0);
  if (request.method === 'HEAD') {
    response.writeHead(world.parts.has(name) ? 200 : 404, world.parts.has(name) ? { 'X-Survey-Offset': here.length, 'X-Survey-Size': size } : {});
    response.end();
    return true;
  }
  if (world.full) return json(response, 507, { error: 'The disk of the server is full.' });
  if (world.busy) return json(response, 503, { error: 'busy' }, { 'Retry-After': '1' });
  if (world.received.has(name)) return json(response, 200, { receipt: 'stored-already', uuid: '' });
  if (offset !== here.length) return json(response, 409, { offset: here.length });
  const whole = Buffer.concat([here, said]);
  world.parts.set(name, whole);
  if (world.cut-- > 0) { request.socket.destroy(); return true; }
  if (whole.length < size) return json(response, 202, { offset: whole.length });
  if (hash(whole) !== name) { world.parts.delete(name); return json(response, 422, { error: 'The bytes do not have this hash.' }); }
  world.received.set(name, { kind, bytes: whole, from });
  world.parts.delete(name);
  if (world.silent-- > 0) { request.socket.destroy(); return true; }     // stored, but the answer got lost
  const receipt = kind === 'package' && world.receipt;
  return json(response, receipt ? 200 : 201, receipt ? { receipt, uuid: '', sentence: 'Please ask.' } : { receipt: 'stored', uuid: '' });
}
