/* A person at the keyboard, for the tests of the interview's screen: what is pressed, what is there, where the focus is. */
import assert from 'node:assert/strict';
import { settled } from './walk.mjs';

/** What a person at the keyboard sees and does. */
export class Person {
  constructor(page) { this.page = page; }
  async press(...keys) { for (const key of keys) await this.page.keyboard.press(key); await this.settle(); }
  async type(text) { await this.page.keyboard.type(text); }
  async settle() { await settled(this.page); await this.page.evaluate(() => new Promise(requestAnimationFrame)); }
  async next() { await this.press('Alt+' + (await this.page.evaluate(() => document.documentElement.dir) === 'rtl' ? 'ArrowLeft' : 'ArrowRight')); await this.settle(); }
  label() { return this.page.evaluate(() => document.querySelector('.items .label, .items .note')?.innerText.split('\n')[0].replace(/[\u2066-\u2069]/g, '').trim()); }
  errors() { return this.page.evaluate(() => [...document.querySelectorAll('.error')].map(e => e.textContent.trim()).filter(Boolean)); }
  focused() { return this.page.evaluate(() => document.activeElement === document.body ? '' : document.activeElement.getAttribute('aria-label') || document.activeElement.textContent || document.activeElement.tagName); }
  value(id) { return this.page.evaluate(wanted => { return window.engine.page(0, 0, 1).items.find(view => view.id === wanted)?.value ?? null; }, id); }
  async focus(name) { for (let i = 0; i < 60; i++) { await this.page.keyboard.press('Tab'); if ((await this.focused()).includes(name)) return; } assert.fail(`no '${name}' comes with the Tab key`); }
  /** Reads the label as heading, else fails: so that a test says where it stood. */
  async at(label) { await this.settle(); assert.ok((await this.label())?.includes(label), `at '${await this.label()}' instead of '${label}'`); }
}
