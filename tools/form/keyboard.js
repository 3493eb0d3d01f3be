/* What keys do everywhere on a page: Enter goes on, Alt and the arrows go on and back, numbers choose, letters begin to type. */
const TYPED = 'input:not([type=radio]):not([type=checkbox]):not([type=range]),textarea,select';
const WAIT = 700; // ms until "1" is not the beginning of "12"

export function keyboard(screen) {
  let digits = '', timer = 0;

  function choose(frame) {
    const codes = frame.codes, at = screen.keysOf(codes).indexOf(digits);
    digits = '';
    if (at >= 0) frame.pick(codes[at].code);
  }

  /** The question that has the focus, else the first one with choices. */
  function target() {
    const frames = screen.frames().filter(frame => frame.codes);
    return frames.find(frame => frame.node.contains(document.activeElement)) ?? (document.activeElement?.closest('.item') ? null : frames[0]);
  }

  function digit(event) {
    const number = /^(?:Digit|Numpad)(\d)$/.exec(event.code)?.[1], frame = number && screen.digits && target();
    if (!frame) return false;
    digits += number;
    clearTimeout(timer);
    const keys = screen.keysOf(frame.codes).filter(key => key.startsWith(digits));
    if (keys.length <= 1) choose(frame);
    else timer = setTimeout(() => choose(frame), WAIT);
    return true;
  }

  function enter(event) {
    const on = event.target;
    if (event.shiftKey || on.closest('button,summary,a,select,audio,video,[data-long]')) return false;
    const frames = screen.frames(), here = frames.findIndex(frame => frame.node.contains(on));
    const row = on.closest('.grid tr, .grid .item'), below = row?.nextElementSibling;
    const after = (below && (below.querySelector(':checked') ?? below.querySelector('input'))) ||
      (frames.length > 1 && frames.slice(here + 1).map(frame => frame.input?.()).find(Boolean));
    if (on.matches('.part input')) {
      const parts = [...on.closest('.parts').querySelectorAll('input:not(.picker),select')], next = parts[parts.indexOf(on) + 1];
      if (next) { next.focus(); return true; }
    }
    if (after) { screen.commit(); after.focus(); } else screen.next();
    return true;
  }

  return event => {
    if (document.querySelector('dialog[open]') || event.isComposing || event.defaultPrevented || !screen.page) return;
    const typing = event.target.matches?.(TYPED), forward = document.documentElement.dir === 'rtl' ? 'ArrowLeft' : 'ArrowRight';
    let used = false;
    if (event.altKey && /^Arrow(Left|Right)$/.test(event.key)) { used = true; event.key === forward ? screen.next() : screen.back(); }
    else if (event.ctrlKey || event.metaKey || event.altKey || screen.over) return;
    else if (event.key === 'Enter') used = enter(event);
    else if (!typing) {
      used = digit(event);
      // Typing on the page of one field goes into the field.
      if (!used && event.key.length === 1 && event.key !== ' ') { const frames = screen.frames(), input = frames.length === 1 && frames[0].input?.(); if (input?.matches(TYPED)) input.focus(); }
    }
    if (used) event.preventDefault();
  };
}
