/* The camera of the device, live in the page until it is stopped; and the files that answers name. */
import { h } from '../dom.js';
import { ask } from '../dialog.js';

/** @returns {{video, stop}}; throws when there is no camera or nobody allows it. */
export async function camera(audio = false) {
  const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment', width: { ideal: 1920 } }, audio });
  const video = h('video', { class: 'live', playsinline: true, muted: true, autoplay: true });
  video.muted = true;
  video.srcObject = stream;
  await video.play();
  return { video, stream, stop() { for (const track of stream.getTracks()) track.stop(); video.remove(); } };
}

/** A file name that no other answer has. */
function fileName(view, type, given = '') {
  const known = { 'image/jpeg': 'jpg', 'image/png': 'png', 'audio/webm': 'webm', 'video/webm': 'webm', 'audio/mp4': 'm4a', 'audio/ogg': 'ogg', 'video/mp4': 'mp4' };
  const end = (/\.([a-z0-9]{1,8})$/i.exec(given)?.[1] ?? known[type.split(';')[0]] ?? 'bin').toLowerCase();
  const random = [...crypto.getRandomValues(new Uint8Array(6))].map(byte => byte.toString(16).padStart(2, '0')).join('');
  return `${view.id}-${random}.${end}`;
}

/** A photo, a recording: stored first, then named by the answer. */
export const attach = (ctx, view, blob, given) => ctx.during(async () => {
  const { say } = ctx, name = fileName(view, blob.type, given), bytes = new Uint8Array(await blob.arrayBuffer());
  for (;;) {
    try {
      await ctx.session.file(name, blob.type || 'application/octet-stream', bytes);
      return ctx.answer(view, name);
    } catch (error) {
      const does = await ask(say('lostTitle'), [h('p', null, say('lostText')), h('p', { class: 'hint' }, String(error?.message ?? error))],
        [['cancel', say('cancel')], ['again', say('tryAgain'), 'primary']]);
      if (does === 'cancel') return null;
    }
  }
});
