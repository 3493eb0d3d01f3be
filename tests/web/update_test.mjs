#!/usr/bin/env node
/* Forms of the ODK world in the browser, without a connection too: their engine and their Markdown; a picture that is not there; and a new version of the form itself,
 * which waits until the person takes it.   node tests/web/update_test.mjs SURVEY SCRATCH FORM_FOLDER */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { launch } from './browser.mjs';
import { mock } from './mock-server.mjs';
import { arranged, installed, keys, sendNow, signIn, study, tests, unlock } from './world.mjs';

const { survey, scratch, form } = arranged(), served = path.join(scratch, 'form');
fs.cpSync(form, served, { recursive: true, filter: name => !name.endsWith('.work') });
const LABEL = 'Your **own** _name_, or_not_so?&#10;# Large&#10;- first&#10;- [there](https://example.org/) and [not](javascript:alert(1))&#10;3. third &lt;b&gt;not bold&lt;/b&gt; \\*as it is\\*';

fs.writeFileSync(path.join(scratch, 'visit.xml'), `<h:html xmlns="http://www.w3.org/2002/xforms" xmlns:h="http://www.w3.org/1999/xhtml" xmlns:jr="http://openrosa.org/javarosa">
<h:head><h:title>Visit</h:title><model>
<itext><translation lang="default"><text id="name"><value>${LABEL}</value><value form="image">jr://images/lost.png</value></text>
<text id="age"><value>Age?</value><value form="image">jr://images/dot.png</value></text></translation></itext>
<instance><data id="visit" version="1"><name/><age/><meta><instanceID/></meta></data></instance>
<bind nodeset="/data/name" type="string"/><bind nodeset="/data/age" type="int"/><bind nodeset="/data/meta/instanceID" type="string" readonly="true()" jr:preload="uid"/></model></h:head>
<h:body><input ref="/data/name"><label ref="jr:itext('name')"/></input><input ref="/data/age"><label ref="jr:itext('age')"/></input></h:body></h:html>`);
execFileSync(survey, ['convert', path.join(scratch, 'visit.xml'), path.join(scratch, 'visit-questionnaire.xml')], { stdio: 'pipe' });
const dot = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64');
const { forms } = study(survey, path.join(scratch, 'visit.study'), path.join(scratch, 'visit-questionnaire.xml'));
const server = await mock({ '/form/': served }, { publicKey: keys().base64, media: { 'dot.png': dot }, forms: forms.map(one => ({ ...one, odk: true, files: ['lost.png', 'dot.png'].map(name => ({ name, size: 1, sha256: name.padEnd(64, '0') })) })) });
const browser = await launch(), context = await browser.newContext({ viewport: { width: 360, height: 740 } }), page = await context.newPage();
const errors = [];
page.on('pageerror', error => errors.push(error.stack));

/** The server gets another version of the form: one file with something more in it, and the list that names it. */
function release() {
  const name = 'review.js', file = path.join(served, name), list = path.join(served, 'assets.json'), assets = JSON.parse(fs.readFileSync(list, 'utf8')), old = assets.files[name];
  fs.appendFileSync(file, '\nexport const newer = true;\n');
  assets.files[name] = crypto.createHash('sha256').update(fs.readFileSync(file)).digest('hex').slice(0, old.length);
  fs.writeFileSync(list, JSON.stringify(assets));
}

/** What the page gets of the file that has changed. */
const newer = () => page.evaluate(async () => (await (await fetch('review.js')).text()).includes('newer'));
const begin = async () => { await page.locator('section ul button', { hasText: 'visit' }).last().click(); await page.locator('.items .label').waitFor(); };

await tests({
  async 'everything is here, then the server goes: a form of the ODK world opens'() {
    await signIn(page, server.url);
    await installed(page);
    server.world.down = true;
    await page.reload();
    await unlock(page);
    await begin();
  },

  async 'Markdown is shown, what only looks like it is not'() {
    const label = page.locator('.items .label').first();
    assert.deepEqual(await label.evaluate(node => [...node.querySelectorAll('strong, em, a, [role=listitem]')].map(one => [one.tagName, one.textContent, one.getAttribute('href')])), [
      ['STRONG', 'own', null], ['EM', 'name', null], ['STRONG', 'Large', null], ['SPAN', '• first', null], ['SPAN', '• there and [not](javascript:alert(1))', null],
      ['A', 'there', 'https://example.org/'], ['SPAN', '3. third <b>not bold</b> *as it is*', null]]);
    assert.match(await label.innerText(), /or_not_so\?/);
  },

  async 'a picture that is not there is said in its place'() {
    await page.locator('.items .absent', { hasText: 'lost.png' }).waitFor();
    assert.equal(await page.locator('.items img').count(), 0);
  },

  async 'a picture that is there is shown, without a connection too'() {
    await page.locator('.items textarea').first().fill('Ana');
    await page.locator('.nav .primary').click();
    await page.locator('.items .label', { hasText: 'Age?' }).waitFor();
    await page.waitForFunction(() => document.querySelector('.items img')?.naturalWidth === 1);
    assert.equal(await page.locator('.items .absent').count(), 0);
  },

  async 'a new version waits while somebody answers, and comes when it is taken'() {
    server.world.down = false;
    release();
    await page.locator('.items input').first().fill('41');
    await page.getByRole('button', { name: 'Menu' }).click();
    await page.getByRole('button', { name: 'Save and leave' }).click();
    await page.locator('section.queue').waitFor();
    assert.equal(await newer(), false, 'the version that runs is the one that was begun with');
    await page.reload();
    await unlock(page);
    await page.getByText('A new version of the form is ready').waitFor();
    assert.equal(await newer(), false, 'a version that was not taken is not used');
    await Promise.all([page.waitForEvent('load'), page.getByRole('button', { name: 'Use it now' }).click()]);
    await unlock(page);
    assert.equal(await newer(), true);
    assert.equal(await page.getByText('A new version of the form is ready').count(), 0);
    assert.deepEqual(await page.evaluate(async () => (await caches.keys()).length), 1, 'the old version is not kept');
  },

  async 'the new version works without a connection too, and goes on with the draft'() {
    await installed(page);
    server.world.down = true;
    await page.reload();
    await unlock(page);
    await page.getByRole('button', { name: 'Continue' }).first().click();
    await page.locator('.items .label', { hasText: 'Age?' }).waitFor();
    assert.equal(await page.locator('.items input').first().inputValue(), '41');
  },

  async 'an interview that headquarters erased meanwhile: sent, told, not here any more'() {
    Object.assign(server.world, { down: false, receipt: 'erased' });
    await page.locator('.nav .primary').click();
    await page.getByRole('button', { name: 'Finish' }).click();
    await page.getByRole('button', { name: 'Close' }).click();
    await page.locator('section.queue').waitFor();
    await sendNow(page, 'Everything that is finished has been sent');
    await page.getByText('An interview of visit was erased at headquarters, and was deleted here.', { exact: true }).waitFor();
    assert.equal(await page.evaluate(() => new Promise(resolve => { indexedDB.open('survey').onsuccess = ({ target: { result: db } }) => { db.transaction('bytes').objectStore('bytes').count().onsuccess = ({ target }) => resolve(target.result); }; })), 0);
  },

  async 'no error on the way'() { assert.deepEqual(errors, []); await browser.close(); await server.close(); },
}, () => page, scratch);
