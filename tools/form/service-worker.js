/* Keeps one version of the form in this browser, exactly the files of assets.json with the digests named there, and gives them when there is no connection.
 * Nothing about people passes here: what is asked of /api goes to the server. */
const NAME = 'survey form ' + location.search.slice(1);
const hex = buffer => Array.from(new Uint8Array(buffer), b => b.toString(16).padStart(2, '0')).join('');
const digest = async bytes => hex(await crypto.subtle.digest('SHA-256', bytes));

async function install() {
  const list = await (await fetch('assets.json', { cache: 'no-store' })).arrayBuffer();
  if ((await digest(list)).slice(0, 16) !== location.search.slice(1)) throw new Error('the server has another version already');
  const json = JSON.parse(new TextDecoder().decode(list)), cache = await caches.open(NAME);
  for (const [name, sum] of Object.entries(json.files)) await keep(cache, name, sum);
  await cache.put('assets.json', new Response(list));
}

async function keep(cache, name, sum) {
  const answer = await fetch(name, { cache: 'no-cache' }), bytes = await answer.arrayBuffer();
  if (!answer.ok || !(await digest(bytes)).startsWith(sum)) throw new Error(name + ' is not the file that assets.json names');
  const headers = new Headers(answer.headers);
  headers.delete('Content-Encoding');
  const whole = new Response(bytes, { headers });
  await cache.put(name, whole.clone());
  return whole;
}

async function activate() {
  for (const name of await caches.keys()) if (name.startsWith('survey form ') && name !== NAME) await caches.delete(name);
  await clients.claim();      // the page that brought us here loads the rest from us
}

/** From the cache; what only some projects need (`later`) is kept when it is asked for first; the rest from the server. */
async function give(request) {
  const here = new URL('./', location), name = new URL(request.url).pathname.slice(here.pathname.length) || 'index.html', cache = await caches.open(NAME);
  const kept = await cache.match(new URL(name, here), { ignoreVary: true });
  if (name === 'assets.json') return fetch(request);
  if (kept) return kept;
  const { later = {} } = await (await cache.match('assets.json')).json();
  return later[name] ? keep(cache, name, later[name]) : fetch(request);
}

addEventListener('install', event => event.waitUntil(install()));
addEventListener('activate', event => event.waitUntil(activate()));
addEventListener('message', event => { if (event.data === 'take over') skipWaiting(); });
addEventListener('fetch', event => {
  const url = new URL(event.request.url);
  if (event.request.method === 'GET' && url.origin === location.origin && url.pathname.startsWith(new URL('./', location).pathname)) event.respondWith(give(event.request));
});
