/* Which control a question gets. What few questions need is a file of the same name, loaded when the first of them comes. */
import { choices } from './choices.js';
import { line } from './line.js';

const MADE = { choices, line };
const TYPES = {
  single: 'choices', multiple: 'choices', boolean: 'choices', acknowledge: 'choices', ranking: 'ranking',
  date: 'moments', month: 'moments', time: 'moments', datetime: 'moments',
  geopoint: 'position', geotrace: 'position', geoshape: 'position',
  photo: 'media', audio: 'media', video: 'media', file: 'media', barcode: 'barcode', signature: 'signature',
};

function kindOf(view) {
  const appearance = view.appearance || '';
  if (/^(single|multiple)$/.test(view.type) && (view.many || /\b(search|autocomplete|minimal)\b/.test(appearance))) return 'search';
  if (view.max != null && view.min != null && /^(integer|decimal)$/.test(view.type)) return 'range';
  if (view.type === 'photo' && /\b(signature|draw|annotate)\b/.test(appearance)) return 'signature';
  return TYPES[view.type] ?? 'line';
}

/** Loads what these views need; afterwards control() makes each at once. */
export async function prepare(views) {
  for (const view of views) {
    if (!view) continue;
    if (view.kind !== 'question') { await prepare([...view.rows ?? [], ...(view.roster?.entries ?? []).flatMap(entry => entry.cells ?? [])]); continue; }
    const kind = kindOf(view);
    if (!MADE[kind]) MADE[kind] = (await import(`./${kind}.js`))[kind];
    if (view.other) await prepare([view.other]);
  }
}

/**
 * @returns {{node, kind, update(view, pending), commit?, pick?, input?}} node: what is shown; input: the one element that has the question's name,
 *   when there is only one; commit(): stores what is typed and not stored yet; pick(code): the key of a choice was pressed.
 */
export function control(view, ctx, id) {
  const kind = kindOf(view);
  return { kind, ...MADE[kind](view, ctx, id) };
}
