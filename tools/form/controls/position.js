/* Where something is: from the device's own location, or typed as latitude and longitude; lines and areas point by point. */
import { h, attributes } from '../dom.js';

const GOOD = 10;      // metres: good enough to stop looking
const PATIENCE = 20000; // ms: take the best there is by then

export function position(view, ctx, id) {
  const line = view.type !== 'geopoint';
  const input = h(line ? 'textarea' : 'input', { type: line ? null : 'text', class: 'text', id: id + 'i', dir: 'ltr', autocomplete: 'off', rows: line ? 4 : null, 'data-long': line,
    inputmode: line ? null : 'text', onchange: () => commit() });
  const state = h('p', { class: 'hint', role: 'status' });
  const find = h('button', { type: 'button', onclick: locate }, ctx.say(line ? 'pointHere' : 'here'));
  const undo = h('button', { type: 'button', class: 'quiet', onclick: () => { input.value = points().slice(0, -1).join('\n'); commit(); } }, ctx.say('undo'));
  let current = view, stored = '', sent = null;

  const points = () => input.value.split(/[\n;]/).map(point => point.trim()).filter(Boolean);
  const typed = () => line ? points().join(';') : input.value.trim();
  function commit() {
    const now = typed();
    if (now === (sent ?? stored)) return null;
    sent = now;
    return now ? ctx.answer(current, now) : ctx.clear(current);
  }

  /** Watches until the place is exact enough, or patience ends. */
  function locate() {
    if (!navigator.geolocation) { state.textContent = ctx.say('notAllowed'); return; }
    let best = null;
    find.disabled = true;
    const stop = () => {
      navigator.geolocation.clearWatch(watch);
      clearTimeout(timer);
      find.disabled = false;
      if (!best) { state.textContent = ctx.say('notAllowed'); return; }
      const { latitude, longitude, altitude, accuracy } = best;
      const point = [latitude.toFixed(7), longitude.toFixed(7), (altitude ?? 0).toFixed(1), accuracy.toFixed(1)].join(' ');
      input.value = line ? [...points(), point].join('\n') : point;
      state.textContent = `±${Math.round(accuracy)} m`;
      commit();
    };
    const timer = setTimeout(stop, PATIENCE);
    const watch = navigator.geolocation.watchPosition(({ coords }) => {
      if (!best || coords.accuracy < best.accuracy) best = coords;
      state.textContent = ctx.say('locating', String(Math.round(best.accuracy)));
      if (best.accuracy <= GOOD) stop();
    }, stop, { enableHighAccuracy: true, timeout: PATIENCE });
  }

  return {
    commit,
    node: h('div', { class: 'stack' }, h('div', { class: 'row' }, find, line ? undo : ''), state, h('label', { for: id + 'i', class: 'hint' }, ctx.say(line ? 'points' : 'coordinates')), input),
    update(next, pending) {
      current = next;
      stored = next.value ?? '';
      if (pending) sent = pending.text;
      else if (document.activeElement !== input || typed() === sent) { input.value = line ? stored.split(';').map(point => point.trim()).join('\n') : stored; stored = typed(); sent = null; }
      attributes(input, { readonly: next.readonly });
      find.hidden = undo.hidden = next.readonly;
    },
  };
}
