#!/usr/bin/env node
/* Pictures, sound and film that a form shows, against the real server: brought to the device once, shown without a connection, of questions and of choices, in each
 * language; a large picture opens; a file that is deployed later comes.   node tests/web/media_test.mjs SURVEY SCRATCH FORM_FOLDER */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { launch } from './browser.mjs';
import { run, Server } from './real.mjs';
import { settled } from './walk.mjs';
import { arranged, installed, PASSWORD, signIn, tests, unlock } from './world.mjs';

const { survey, scratch, form } = arranged(), file = path.join(scratch, 'media.study'), media = path.join(scratch, 'visit-media');
fs.mkdirSync(media);
const text = (id, values) => `<text id="${id}">${Object.entries(values).map(([kind, value]) => kind === 'label' ? `<value>${value}</value>` : `<value form="${kind}">jr://${kind.endsWith('image') ? 'images' : kind}/${value}</value>`).join('')}</text>`;
const translation = (lang, texts) => `<translation lang="${lang}"${lang === 'en' ? ' default="true()"' : ''}>${Object.entries(texts).map(([id, values]) => text(id, values)).join('')}</translation>`;
const xform = version => `<h:html xmlns="http://www.w3.org/2002/xforms" xmlns:h="http://www.w3.org/1999/xhtml" xmlns:jr="http://openrosa.org/javarosa">
<h:head><h:title>Visit</h:title><model><itext>
${translation('en', { fruit: { label: 'Which fruit?', image: 'basket.svg', 'big-image': 'large.svg', audio: 'which.wav' }, apple: { label: 'Apple', image: 'apple.svg' }, pear: { label: 'Pear', image: 'pear.svg' }, why: { label: 'Why?', image: 'Late Picture.SVG' } })}
${translation('bg', { fruit: { label: 'Кой плод?', image: 'кошница.svg', audio: 'which.wav' }, apple: { label: 'Ябълка', image: 'apple.svg' }, pear: { label: 'Круша' }, why: { label: 'Защо?' } })}</itext>
<instance><data id="visit" version="${version}"><fruit/><other/><why/><meta><instanceID/></meta></data></instance>
<instance id="fruits"><root><item><name>a</name><itextId>apple</itextId></item><item><name>p</name><itextId>pear</itextId></item></root></instance>
<bind nodeset="/data/fruit" type="string"/><bind nodeset="/data/other" type="string"/><bind nodeset="/data/why" type="string"/><bind nodeset="/data/meta/instanceID" type="string" readonly="true()" jr:preload="uid"/></model></h:head>
<h:body><select1 ref="/data/fruit"><label ref="jr:itext('fruit')"/><item><label ref="jr:itext('apple')"/><value>a</value></item><item><label ref="jr:itext('pear')"/><value>p</value></item></select1>
<select1 ref="/data/other"><label>And then?</label><itemset nodeset="instance('fruits')/root/item"><value ref="name"/><label ref="jr:itext(itextId)"/></itemset></select1>
<input ref="/data/why"><label ref="jr:itext('why')"/></input></h:body></h:html>`;
const svg = side => `<svg xmlns="http://www.w3.org/2000/svg" width="${side}" height="${side}"><circle cx="9" cy="9" r="9"/></svg>`;
const put = (name, bytes) => fs.writeFileSync(path.join(media, name), bytes);
/** A tenth of a second of silence. */
const wav = () => { const b = Buffer.alloc(844); b.write('RIFF', 0); b.writeUInt32LE(836, 4); b.write('WAVEfmt ', 8); b.writeUInt32LE(16, 16); b.writeUInt16LE(1, 20); b.writeUInt16LE(1, 22); b.writeUInt32LE(8000, 24); b.writeUInt32LE(8000, 28); b.writeUInt16LE(1, 32); b.writeUInt16LE(8, 34); b.write('data', 36); b.writeUInt32LE(800, 40); b.fill(128, 44); return b; };
const SIDES = { 'basket.svg': 21, 'кошница.svg': 22, 'large.svg': 640, 'apple.svg': 23, 'pear.svg': 24 };
for (const [name, side] of Object.entries(SIDES)) put(name, svg(side));
put('which.wav', wav());
fs.writeFileSync(path.join(scratch, 'visit.xml'), xform(1));
run(survey, ['study', 'create', file, '--questionnaire', path.join(scratch, 'visit.xml'), '--actor', 'test']);
run(survey, ['study', 'account', 'add', file, 'ana', '--role', 'interviewer', '--actor', 'test'], PASSWORD + '\n');
let server = await new Server(survey, file, form).start();
const browser = await launch(), page = await (await browser.newContext({ locale: 'en' })).newPage(), errors = [], asked = [];
page.on('pageerror', error => errors.push(error.stack));
page.on('request', request => { const name = /files\/([^?]+)/.exec(request.url())?.[1]; if (name) asked.push(decodeURIComponent(name)); });

/** How many media of a version are on this device. */
const kept = key => page.evaluate(key => new Promise(resolve => { indexedDB.open('survey').onsuccess = ({ target: { result: db } }) => {
  db.transaction('forms').objectStore('forms').get(key).onsuccess = ({ target }) => { db.close(); resolve(Object.keys(target.result?.media ?? {}).length); }; }; }), key);
const begin = async () => { await page.locator('section ul button', { hasText: 'Visit' }).last().click(); await page.locator('.items .label').waitFor(); };
/** The width a picture has by itself tells which one it is. */
const widths = where => page.waitForFunction(where => { const all = [...document.querySelectorAll(where)]; return all.length && all.every(one => one.naturalWidth) ? all.map(one => one.naturalWidth) : null; }, where).then(found => found.jsonValue());
const next = async () => { await settled(page); await page.locator('.nav .primary').click(); await settled(page); };
const stopped = async work => { await server.stop(); await work(); server = await server.start(); };

await tests({
  async 'everything that the form shows comes to the device, once'() {
    await signIn(page, server.url);
    await installed(page);
    assert.deepEqual([...asked].sort(), [...Object.keys(SIDES), 'which.wav'].sort());
  },

  async 'without a server: the picture of the question, its sound, and those of its choices'() {
    await stopped(async () => {
      await page.reload();
      await unlock(page);
      await begin();
      assert.deepEqual(await widths('.items legend img, .items .enlarge img'), [21]);
      assert.deepEqual(await widths('.choices img'), [23, 24]);
      await page.waitForFunction(() => document.querySelector('.items audio')?.readyState > 0);
      assert.equal(await page.locator('.items .absent').count(), 0);
      await page.getByRole('button', { name: 'Enlarge: Which fruit?' }).click();
      assert.deepEqual(await widths('dialog img'), [640]);
      await page.getByRole('button', { name: 'Close' }).click();
      assert.equal(await page.locator('.choices input:checked').count(), 0);
    });
  },

  async 'choices that come from a list of texts have theirs too; a picture that nobody deployed is said'() {
    await page.locator('.choice', { hasText: 'Apple' }).click();
    await next();
    await page.locator('.items .label', { hasText: 'And then?' }).waitFor();
    assert.deepEqual(await widths('.choices img'), [23, 24]);
    await next();
    await page.locator('.items .absent', { hasText: 'Late Picture.SVG' }).waitFor();
  },

  async 'in another language the pictures of that language'() {
    await page.getByRole('button', { name: 'Back' }).click();
    await settled(page);
    await page.getByRole('button', { name: 'Back' }).click();
    await settled(page);
    await page.getByLabel('Language').selectOption('bg');
    await page.locator('.items .label', { hasText: 'Кой плод?' }).waitFor();
    assert.deepEqual(await widths('.items .media:is(img):not(.choices *)'), [22]);
    assert.deepEqual(await widths('.choices img'), [23, 24], 'the pear has none of its own in Bulgarian');
    await page.getByLabel('Език').selectOption('en');
  },

  async 'what is deployed later under the same version comes, and a new version brings again only what is new'() {
    put('Late Picture.SVG', svg(30));
    await server.stop();
    run(survey, ['study', 'deploy', file, path.join(scratch, 'visit.xml'), '--actor', 'test']);
    fs.writeFileSync(path.join(scratch, 'visit.xml'), xform(2));
    put('pear.svg', svg(31));
    run(survey, ['study', 'deploy', file, path.join(scratch, 'visit.xml'), '--actor', 'test']);
    asked.length = 0;
    server = await server.start();
    await page.reload();
    await unlock(page);
    while (await kept('visit/2') < 7) await page.waitForTimeout(20);
    assert.deepEqual([...asked].sort(), ['Late Picture.SVG', 'pear.svg']);
    await stopped(async () => {
      await page.reload();
      await unlock(page);
      await begin();
      assert.deepEqual(await widths('.choices img'), [23, 31]);
    });
  },

  async 'no error on the way'() { assert.deepEqual(errors, []); await browser.close(); await server.stop(); },
}, () => page, scratch);
