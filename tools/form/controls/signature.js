/* A signature: drawn with a finger, pen or mouse, or typed as a name; kept as a picture. */
import { h, place } from '../dom.js';
import { attach } from './camera.js';

const WIDTH = 900, HEIGHT = 300;

export function signature(view, ctx, id) {
  const pad = h('canvas', { class: 'pad', width: WIDTH, height: HEIGHT, role: 'img', 'aria-label': ctx.say('sign') });
  const name = h('input', { type: 'text', class: 'text', id: id + 'i', autocomplete: 'off', dir: 'auto', oninput: () => write() });
  const shown = h('div'), pen = pad.getContext('2d');
  const use = h('button', { type: 'button', class: 'primary', disabled: true, onclick: () => pad.toBlob(keep, 'image/png') }, ctx.say('useSignature'));
  const wipe = h('button', { type: 'button', class: 'quiet', onclick: () => { name.value = ''; clear(); use.disabled = true; } }, ctx.say('wipe'));
  const drawing = h('div', { class: 'stack' }, h('p', { class: 'hint' }, ctx.say('sign')), pad, h('label', { for: id + 'i', class: 'hint' }, ctx.say('typeName')), name, h('div', { class: 'row' }, use, wipe));
  let current = view, drawn = null, address = '';

  function clear() { pen.fillStyle = '#fff'; pen.fillRect(0, 0, WIDTH, HEIGHT); pen.strokeStyle = pen.fillStyle = '#0b2545'; pen.lineWidth = 5; pen.lineCap = pen.lineJoin = 'round'; }
  function write() {
    clear();
    pen.font = 'italic 72px "Segoe Script", "Snell Roundhand", cursive';
    pen.textAlign = 'center';
    pen.fillText(name.value, WIDTH / 2, HEIGHT / 2 + 24, WIDTH - 60);
    use.disabled = !name.value.trim();
  }
  const at = event => { const box = pad.getBoundingClientRect(); return [(event.clientX - box.left) * WIDTH / box.width, (event.clientY - box.top) * HEIGHT / box.height]; };
  pad.addEventListener('pointerdown', event => { pad.setPointerCapture(event.pointerId); pen.beginPath(); pen.moveTo(...at(event)); });
  pad.addEventListener('pointermove', event => {
    if (!event.buttons) return;
    for (const one of event.getCoalescedEvents?.() ?? [event]) pen.lineTo(...at(one));
    pen.stroke();
    use.disabled = false;
  });
  clear();

  const keep = blob => attach(ctx, current, blob);

  async function show(file) {
    URL.revokeObjectURL(address);
    const blob = file && await ctx.attached(file);
    if (drawn !== file) return;
    address = blob ? URL.createObjectURL(blob) : '';
    place(shown, !file ? [] : [blob ? h('img', { class: 'media', src: address, alt: ctx.say('saved') }) : h('p', null, '✓ ', h('bdi', null, file))]);
  }

  return {
    node: h('div', null, shown, drawing),
    update(next) {
      current = next;
      drawing.hidden = next.readonly || next.value != null;
      if (drawn !== (next.value ?? '')) { drawn = next.value ?? ''; show(drawn); if (!drawn) wipe.click(); }
    },
  };
}
