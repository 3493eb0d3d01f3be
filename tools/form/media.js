/* Pictures, sound and film of a form: fetched once by what they are, kept on this device for every version that shows them, and put on the screen. */
import { ask } from './dialog.js';
import { h, letters } from './dom.js';

const kept = sha256 => 'media ' + sha256;      // beside the forms, whose keys have a slash

/** Brings what the form shows to this device; what the server has not got does not keep the form away. `form`: its record in the store. */
export async function keepMedia({ storage, api }, form, meta) {
  const path = `/api/forms/${encodeURIComponent(meta.id)}/${encodeURIComponent(meta.version)}/files/`, media = { ...form.media };
  for (const { name, sha256 } of meta.files ?? []) {
    if (media[name] === sha256) continue;
    if (!await storage.get('forms', kept(sha256))) {
      const bytes = await api.bytes(`${path}${encodeURIComponent(name)}?sha256=${sha256}`).catch(error => { if (!error.status || error.status >= 500) throw error; });
      if (!bytes) continue;
      await storage.put('forms', { key: kept(sha256), bytes });
    }
    media[name] = sha256;
    form.media = { ...media };
    await storage.put('forms', form);
  }
}

/** Its bytes, when this device has them. */
export const mediumOf = async (storage, form, name) => form.media?.[name] ? (await storage.get('forms', kept(form.media[name])))?.bytes : null;

/** The picture, sound and film of a question or choice; one that does not come is said in its place. A large picture opens by pressing the small one. */
export function shown({ media, label }, ctx, large = true) {
  const nodes = [];
  for (const [kind, tag] of [['image', 'img'], ['audio', 'audio'], ['video', 'video']]) {
    const name = media?.[kind];
    if (!name) continue;
    const node = h(tag, { class: 'media', controls: kind !== 'image', [kind === 'image' ? 'alt' : 'aria-label']: letters(label) });
    ctx.fetched(node, name);
    nodes.push(kind === 'image' && large && media.bigImage ? enlarging(node, media.bigImage, letters(label), ctx) : node);
  }
  return nodes;
}

function enlarging(node, name, label, ctx) {
  const open = event => {
    event.preventDefault();                    // within a choice: the picture is looked at, not chosen
    const big = h('img', { class: 'big', alt: label });
    ctx.fetched(big, name);
    ask(label, big, [['close', ctx.say('close')]]);
  };
  return h('button', { type: 'button', class: 'enlarge', 'aria-label': ctx.say('enlarge', label), onclick: open }, node);
}
