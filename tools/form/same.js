/* Whether two views of the engine say the same. Writing both as text to compare them would leave a megabyte of it behind at every answer in a large roster. */

/** @returns whether two values read from JSON are equal; members have the same order, because one engine wrote both. */
export function same(a, b) {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || !a || !b) return false;
  if (Array.isArray(a)) {
    if (a.length !== b.length) return false;
    for (let i = 0; i < a.length; i++) if (!same(a[i], b[i])) return false;
    return true;
  }
  let left = 0;
  for (const name in a) { if (!same(a[name], b[name])) return false; left++; }
  for (const name in b) if (left-- === 0 || !(name in a)) return false;
  return left === 0;
}
