/* A bar code or QR code: read by the camera where the browser can (BarcodeDetector), else typed. */
import { h } from '../dom.js';
import { line } from './line.js';
import { camera } from './camera.js';

export function barcode(view, ctx) {
  const typed = line(view, ctx), live = h('div'), state = h('p', { class: 'hint', role: 'status' });
  const able = 'BarcodeDetector' in globalThis && navigator.mediaDevices?.getUserMedia;
  const scan = able && h('button', { type: 'button', onclick: () => read().catch(() => { live.replaceChildren(); state.textContent = ctx.say('notAllowed'); }) }, ctx.say('scan'));

  async function read() {
    const detector = new globalThis.BarcodeDetector(), source = await camera();
    let going = true;
    const stop = h('button', { type: 'button', onclick: () => { going = false; } }, ctx.say('cancel'));
    live.replaceChildren(source.video, stop);
    stop.focus();
    while (going && live.isConnected) {
      const [found] = await detector.detect(source.video);
      if (found) { typed.input.value = found.rawValue; break; }
      await new Promise(resolve => setTimeout(resolve, 150));
    }
    source.stop();
    live.replaceChildren();
    typed.input.focus();
    await typed.commit();
  }

  return { ...typed, kind: 'line', node: h('div', { class: 'stack' }, typed.node, h('p', { class: 'hint' }, ctx.say('barcodeText')), scan || '', live, state) };
}
