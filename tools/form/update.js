/* The service worker: the form starts without a connection, and a new version waits until the person takes it on the home screen. */
import { hex } from './vault.js';

/** Installs the version that the server has now. Its name is the digest of assets.json, so a new list is a new worker. */
async function newest(app) {
  const answer = await fetch('assets.json', { cache: 'no-store' });
  if (!answer.ok) return;
  const version = hex(app.sodium.digest(new Uint8Array(await answer.arrayBuffer()))).slice(0, 16);
  const registration = await navigator.serviceWorker.register('service-worker.js?' + version, { updateViaCache: 'none' });
  const ready = () => {
    if (!registration.waiting || !registration.active) return;
    app.update = () => takeOver(registration);
    app.updated?.();
  };
  ready();
  registration.addEventListener('updatefound', () => registration.installing?.addEventListener('statechange', ready));
  registration.installing?.addEventListener('statechange', ready);
}

/** false: an interview is open in another window, which would lose the code it runs with. */
async function takeOver(registration) {
  const { held = [] } = await navigator.locks.query();
  if (held.some(({ name }) => name.startsWith('draft '))) return false;
  navigator.serviceWorker.addEventListener('controllerchange', () => location.reload());
  registration.waiting.postMessage('take over');
  return true;
}

export async function watch(app) {
  const look = () => newest(app).catch(() => {});     // no connection: the version that is here
  await look();
  addEventListener('online', look);
}
