/* An address for other people's devices: to read, to copy, and as a picture for a camera. */
import { h } from '../dom.js';

export async function address(staff, url) {
  const said = h('span', { role: 'status' });
  const copy = navigator.clipboard && h('button', { type: 'button', class: 'quiet', onclick: async () => { await navigator.clipboard.writeText(url); said.textContent = staff.say('copied'); } }, staff.say('copy'));
  const { body } = await staff.api.request('POST', '/api/qr', { json: { text: url }, take: 'bytes' });
  return h('div', { class: 'address' }, h('img', { src: URL.createObjectURL(new Blob([body], { type: 'image/svg+xml' })), alt: url, width: 176, height: 176 }),
    h('div', { class: 'stack' }, h('bdi', { dir: 'ltr' }, url), h('div', { class: 'row' }, copy || '', said)));
}
