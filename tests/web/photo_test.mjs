#!/usr/bin/env node
/* A photo with its place and orientation in it: what is stored is upright, says nothing of where it was taken, and is no larger than asked. */
import assert from 'node:assert/strict';
import { launch } from './browser.mjs';
import { mock } from './mock-server.mjs';
import { arranged, keys, tests } from './world.mjs';

const { form } = arranged(), server = await mock({ '/form/': form }, { publicKey: keys().base64, forms: [] }), browser = await launch();
const page = await browser.newPage();
await page.goto(server.url + '/form/');

/** A JPEG of 200 x 100 with an APP1 segment (orientation 6: turned by 90 degrees, and a text), through the form's own function. */
const taken = (appearance, spoil) => page.evaluate(async ([asked, cut]) => {
  const { plain } = await import('/form/controls/photo.js'), canvas = Object.assign(document.createElement('canvas'), { width: 200, height: 100 });
  canvas.getContext('2d').fillRect(0, 0, 100, 100);
  const jpeg = new Uint8Array(await (await new Promise(done => canvas.toBlob(done, 'image/jpeg'))).arrayBuffer());
  const said = new TextEncoder().encode('KANARI-PLACE 42.69 23.32'), tiff = [0x4d, 0x4d, 0, 42, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0, ...said];
  const body = [0x45, 0x78, 0x69, 0x66, 0, 0, ...tiff], size = body.length + 2;
  const whole = new Blob([jpeg.slice(0, 2), new Uint8Array([0xff, 0xe1, size >> 8, size & 255, ...body]), cut ? new Uint8Array() : jpeg.slice(2)], { type: 'image/jpeg' });
  const done = await plain(whole, asked).catch(() => null);
  if (!done) return null;
  const text = new TextDecoder('latin1').decode(await done.arrayBuffer()), picture = await createImageBitmap(done);
  return { type: done.type, width: picture.width, height: picture.height, says: /KANARI|Exif/.test(text), said: /KANARI/.test(new TextDecoder('latin1').decode(await whole.arrayBuffer())) };
}, [appearance, spoil]);

await tests({
  async 'upright, without where it was taken'() { assert.deepEqual(await taken('', false), { type: 'image/jpeg', width: 100, height: 200, says: false, said: true }); },
  async 'no larger than asked'() { assert.deepEqual(await taken('annotate max-pixels=50', false), { type: 'image/jpeg', width: 25, height: 50, says: false, said: true }); },
  async 'a picture that cannot be read is not kept with what it says'() { assert.equal(await taken('', true), null); },
}, () => page, '.');
await browser.close();
process.exit(0);
