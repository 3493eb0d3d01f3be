/* A person who goes through any questionnaire in the browser and answers what is asked, by looking at the page only: what is shown, what is wrong with it. */

const NUMBERS = ['2', '1', '0', '3', '35', '5', '8', '12', '2020', '2024', '2010', '1990', '20', '60', '100', '900', '1500', '2500', '15'];
const TEXTS = ['Пловдив', 'Sofia', 'مدينة'], CODES = ['T03', 'C014', 'AB12345', '9001011234', 'AB2CD3E'];

/** Repeatable numbers from 0 to below - 1. */
export function dice(seed) {
  let state = seed % 2147483646 + 1;
  return below => { state = state * 48271 % 2147483647; return Math.floor(state / 2147483647 * below); };
}

const signature = page => page.evaluate(() => [document.querySelector('.count')?.textContent, ...[...document.querySelectorAll('h1, .items .label, .items .note, .page > *')].map(n => n.textContent)].join('|'));

/** What is to be answered on this page, in order. */
const asked = page => page.evaluate(() => [...document.querySelectorAll('.items .item')].flatMap((item, i) => {
  const inside = selector => [...item.querySelectorAll(selector)].filter(node => node.closest('.item') === item && !node.disabled && !node.readOnly && node.getClientRects().length);
  item.dataset.walk = i;
  const radios = inside('input[type=radio]'), checks = inside('input[type=checkbox]'), lines = inside('.line input, .line textarea'), search = inside('[role=combobox]'), parts = inside('.parts input:not(.picker), .parts select');
  const wrong = item.classList.contains('wrong'), pressed = !!item.querySelector('.tools [aria-pressed=true]'), tools = inside('.tools button').length;
  const make = (kind, count, done) => count ? [{ i, kind, count, done: (done || pressed) && !wrong, wrong, tools }] : [];
  if (item.querySelector('table input[type=radio]')) return [{ i, kind: 'grid', count: item.querySelectorAll('tbody tr').length, done: [...item.querySelectorAll('tbody tr')].every(row => row.querySelector(':checked')), wrong, tools }];
  return [...make('radio', radios.length, radios.some(r => r.checked)), ...make('check', checks.length, checks.some(r => r.checked)),
    ...make(lines[0]?.inputMode ? 'number' : 'text', lines.length, lines.every(l => l.value)), ...make('search', search.length, search.every(s => s.value) || item.querySelector('.chip')),
    ...make('parts', parts.length, parts.every(p => p.value))];
}));

/** Waits until the screen is not at work (or asks something): what is seen then stays until somebody does something. */
export const settled = page => page.waitForFunction(() => !document.querySelector('.items[aria-busy]') || document.querySelector('dialog[open]'));

async function answer(page, what, attempt, random, taste, pick, texts) {
  const item = page.locator(`[data-walk="${what.i}"]`);
  const reason = item.locator('.reason input');
  if (await reason.isVisible().catch(() => false)) { await reason.fill('so it is'); await item.locator('.reason button').click(); return; }
  if (attempt > 18 || (attempt > 6 && what.kind !== 'number' && what.kind !== 'parts')) { await item.locator('.tools button').first().click({ timeout: 2000 }); return; }
  if (what.kind === 'radio') return item.locator('input[type=radio]').nth(attempt === 0 ? pick ?? (random(10) < taste ? 0 : random(what.count)) : random(what.count)).check({ force: true });
  if (what.kind === 'check') return item.locator('input[type=checkbox]').nth(attempt === 0 ? 0 : random(what.count)).check({ force: true });
  if (what.kind === 'number') { await item.locator('.line input').first().fill(NUMBERS[(attempt + (attempt ? 0 : random(2))) % NUMBERS.length]); return item.locator('.line input').first().blur(); }
  if (what.kind === 'text') { await item.locator('.line input, .line textarea').first().fill(attempt ? CODES[(attempt - 1) % CODES.length] : texts[random(texts.length)]); return item.locator('.line input, .line textarea').first().blur(); }
  if (what.kind === 'search') {
    await item.locator('[role=combobox]').first().click();
    const options = item.locator('[role=option]');
    await options.first().waitFor();
    return options.nth(random(Math.min(5, await options.count()))).click();
  }
  if (what.kind === 'parts') {
    for (const part of await item.locator('.parts select').all()) await part.selectOption({ index: 1 + random(6) });
    for (const part of await item.locator('.parts input:not(.picker)').all()) await part.fill(await part.evaluate(node => node.classList.contains('year')) ? ['2019', '2024', '2010', '1990', '2026'][attempt % 5] : String(1 + random(9)));
    return item.locator('.parts input:not(.picker)').last().blur();
  }
  if (what.kind === 'grid') for (const row of await item.locator('tbody tr').all()) await row.locator('input').nth(random(3)).check({ force: true });
}

/**
 * Goes on until the button that finishes is there, and presses it.
 * @param options { words: { finish }, random, taste: how often of 10 the first choice is taken, onPage(page, n),
 *   pick(n): which choice is taken on page n, when that matters, texts: what is typed where words are asked for }
 * @returns how many pages were seen
 */
export async function walk(page, { finish, random = dice(1), taste = 6, onPage = async () => {}, pick = () => undefined, texts = TEXTS, limit = 600 }) {
  const tries = new Map(), button = page.getByRole('button', { name: finish, exact: true });
  for (let pages = 0; pages < limit; pages++) {
    await settled(page);
    await onPage(page, pages);
    for (let round = 0; round < 40; round++) {
      const open = (await asked(page)).filter(({ done }) => !done);
      if (!open.length) break;
      const before = await signature(page), key = before + open[0].i, attempt = tries.get(key) ?? 0;
      tries.set(key, attempt + 1);
      await answer(page, open[0], attempt, random, taste, pick(pages), texts);
      await settled(page);
    }
    const next = page.locator('.nav .primary');
    if (await next.isVisible()) await next.click();
    await settled(page);
    if (await button.isVisible()) {
      await button.click();
      await settled(page);
      const problem = page.locator('.answer.wrong').first();
      if (!await problem.isVisible()) return pages + 1;
      await problem.click();
    }
  }
  throw new Error(`still not finished after ${limit} pages`);
}
