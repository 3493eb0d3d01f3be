/* A photo, a recording, a video or any file: by the device's camera and microphone, or a file that is there already. */
import { h, place } from '../dom.js';
import { attach, camera } from './camera.js';
import { plain } from './photo.js';

const ACCEPT = { photo: 'image/*', audio: 'audio/*', video: 'video/*', file: null };

export function media(view, ctx) {
  const kind = view.type, shown = h('div'), live = h('div'), state = h('p', { class: 'hint', role: 'status' });
  const pick = h('input', { type: 'file', accept: ACCEPT[kind], capture: kind === 'photo' && matchMedia('(pointer: coarse)').matches ? 'environment' : null,
    onchange: () => pick.files[0] && keep(pick.files[0], pick.files[0].name) });
  const choose = h('label', { class: 'file' }, pick, h('span', null, ctx.say(kind === 'photo' ? 'takePhoto' : 'chooseFile')));
  const record = navigator.mediaDevices?.getUserMedia && kind !== 'file' &&
    h('button', { type: 'button', onclick: () => start().catch(() => { state.textContent = ctx.say('notAllowed'); }) }, ctx.say(kind === 'photo' ? 'camera' : 'record'));
  let current = view, drawn = null, address = '';

  async function keep(blob, given = '') {
    state.textContent = '';
    try {
      if (kind === 'photo') {
        const drawn = await plain(blob, current.appearance);
        if (drawn !== blob) [blob, given] = [drawn, ''];       // its name follows from what it is now
      }
      await attach(ctx, current, blob, given);
    } catch { state.textContent = ctx.say('noPicture'); }
    pick.value = '';
  }

  async function start() {
    state.textContent = '';
    if (kind === 'photo') return photo();
    const source = kind === 'video' ? await camera(true) : { stream: await navigator.mediaDevices.getUserMedia({ audio: true }), stop() { for (const track of this.stream.getTracks()) track.stop(); } };
    const recorder = new MediaRecorder(source.stream), pieces = [];
    recorder.ondataavailable = event => { pieces.push(event.data); dispatchEvent(new Event('scroll')); };       // who records is not away: home.js does not lock
    recorder.onstop = () => { source.stop(); end(); keep(new Blob(pieces, { type: pieces[0].type.split(';')[0] })); };       // in Firefox a recorder that stopped has forgotten its own type
    recorder.start(1000);
    const began = Date.now(), tick = setInterval(() => { state.textContent = `● ${Math.round((Date.now() - began) / 1000)} s`; }, 1000);
    const stop = h('button', { type: 'button', class: 'danger', onclick: () => { clearInterval(tick); recorder.stop(); } }, ctx.say('stop'));
    begin(source.video, stop);
    stop.focus();
  }

  async function photo() {
    const source = await camera();
    const shoot = h('button', { type: 'button', class: 'primary', onclick: () => {
      const canvas = h('canvas', { width: source.video.videoWidth, height: source.video.videoHeight });
      canvas.getContext('2d').drawImage(source.video, 0, 0);
      canvas.toBlob(blob => { source.stop(); end(); keep(blob); }, 'image/jpeg', 0.85);
    } }, ctx.say('shoot'));
    begin(source.video, shoot, h('button', { type: 'button', onclick: () => { source.stop(); end(); } }, ctx.say('cancel')));
    shoot.focus();
  }

  const begin = (video, ...buttons) => { live.replaceChildren(video ?? '', h('div', { class: 'row' }, buttons)); record.hidden = choose.hidden = true; };
  const end = () => { live.replaceChildren(); state.textContent = ''; record.hidden = choose.hidden = false; record.focus(); };

  async function show(name) {
    URL.revokeObjectURL(address);
    const blob = name && await ctx.attached(name);
    if (drawn !== name) return;
    address = blob ? URL.createObjectURL(blob) : '';
    const tag = { photo: 'img', audio: 'audio', video: 'video' }[kind];
    place(shown, !name ? [] : blob && tag ? [h(tag, { class: 'media', src: address, alt: kind === 'photo' ? name : null, controls: kind !== 'photo', 'aria-label': kind === 'photo' ? null : name })] : [h('p', null, '📎 ', h('bdi', null, name))]);
  }

  return {
    node: h('div', { class: 'stack' }, shown, live, h('div', { class: 'row' }, choose, record || ''), state),
    update(next) {
      current = next;
      choose.parentNode.hidden = next.readonly;
      if (drawn !== (next.value ?? '')) { drawn = next.value ?? ''; show(drawn); }
    },
  };
}
