/* Keeps one version of the form in this browser, exactly the files of assets.json with the digests named there, and gives them when there is no connection.
 * Nothing about people passes here: what is asked of /api goes to the server. */
const NAME = 'survey form ' + location.search.slice(1);
const hex = buffer => Array.from(new Uint8Array(buffer), b => b.toString(16).padStart(2, '0')).join('');
const digest = async bytes => hex(await crypto.subtle.digest('SHA-256', bytes));

async function install() {
  const list = await (await fetch('assets.json', { cache: 'no-store' })).arrayBuffer();
  if ((await digest(list)).slice(0, 16) !== location.search.slice(1)) throw new Error('the server has another version already');
  const json = JSON.parse(new TextDecoder().decode(list)), cache = await caches.open(NAME);
  for (const [name, sum] of Object.entries(json.files ?? json)) {
    if (!/^[0-9a-f]{64}$/.test(sum)) continue;
    const answer = await fetch(name, { cache: 'no-cache' });
    const bytes = await answer.arrayBuffer();
    if (!answer.ok || await digest(bytes) !== sum) throw new Error(name + ' is not the file that assets.json names');
    const headers = new Headers(answer.headers);
    headers.delete('Content-Encoding');
    await cache.put(name, new Response(bytes, { headers }));
  }
}

async function activate() {
  for (const name of await caches.keys()) if (name.startsWith('survey form ') && name !== NAME) await caches.delete(name);
}

async function give(request) {
  const here = new URL('./', location), name = new URL(request.url).pathname.slice(here.pathname.length) || 'index.html';
  const kept = name !== 'assets.json' && await (await caches.open(NAME)).match(new URL(name, here), { ignoreVary: true });
  return kept || fetch(request);
}

addEventListener('install', event => event.waitUntil(install()));
addEventListener('activate', event => event.waitUntil(activate()));
addEventListener('message', event => { if (event.data === 'take over') skipWaiting(); });
addEventListener('fetch', event => {
  const url = new URL(event.request.url);
  if (event.request.method === 'GET' && url.origin === location.origin && url.pathname.startsWith(new URL('./', location).pathname)) event.respondWith(give(event.request));
});
