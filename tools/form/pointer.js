/* Whether a button of the mouse is held down. What moves away under it gets no click: pressing Next stores what was typed last, and the page must not grow before the button is up. */

const HELD = 700;       // ms: nobody presses longer, and no page waits longer for a release that was never told
let held = null;

addEventListener('pointerdown', () => {
  if (held) return;
  held = {};
  held.up = new Promise(resolve => { held.end = resolve; });
}, { capture: true, passive: true });

for (const name of ['pointerup', 'pointercancel', 'dragend', 'blur']) {
  addEventListener(name, () => { if (held) setTimeout(held.end); held = null; }, { capture: true, passive: true });     // after the click
}

/** Resolves when nothing is held down. */
export const released = () => held && Promise.race([held.up, new Promise(resolve => setTimeout(resolve, HELD))]);
