/* How a person goes through the later sections of the form with every type of question (forms/every-type), and what must come of it. */
import assert from 'node:assert/strict';

export async function numbers(p) {
  await p.at('How much do you earn');
  assert.match(await p.focused(), /Numbers and times/);
  await p.press('Tab');
  await p.page.focus('.item input');
  await p.type('۱۲٫۵');
  await p.press('Enter');
  await p.settle();
  assert.equal(await p.value('wage'), '12.5', 'Persian digits');
  await p.type('۵');
  await p.press('Tab');
  await p.page.keyboard.type('1');
  await p.press('Tab');
  await p.type('1990');
  await p.press('Enter');
  await p.settle();
  assert.equal(await p.value('birthday'), '1990-01-05');
  const numbersOf = async (id, keys) => {
    await p.page.evaluate(wanted => [...document.querySelectorAll('.item')].find(item => item.textContent.includes(wanted)).querySelector('input,select').focus(), id);
    for (const key of keys) { await p.type(key); await p.press('Tab'); }
    await p.settle();
  };
  await p.page.selectOption('.item:has-text("In which month") select', '?');
  await p.page.fill('.item:has-text("In which month") input', '2019');
  await p.press('Tab');
  assert.equal(await p.value('arrived'), '2019', 'a month that is not known');
  await numbersOf('leave school', ['2008']);
  await numbersOf('does your work begin', ['8', '30']);
  await numbersOf('the accident', ['3', '2', '2024', '23', '05']);
  assert.equal(await p.value('school'), '2008');
  assert.equal(await p.value('starts'), '08:30:00');
  assert.match(await p.value('accident'), /^2024-02-03T23:05/);
  assert.ok(!await p.page.$('text=With whom are you insured?'));
  await p.page.focus('.item:has-text("Are you insured?") input');
  await p.press('1');
  await p.page.waitForSelector('text=With whom are you insured?');
  await p.page.focus('.grid input');
  await p.press('3', 'Enter', '1');
  const rows = await p.page.evaluate(() => window.engine.page(0, 0, 1).items.find(view => view.kind === 'grid').rows.map(row => row.value ?? ''));
  assert.deepEqual(rows, ['3', '1', '']);
  await p.next();
}

export async function household(p) {
  await p.at('Member');
  for (const [name, age] of [['Мария', '30'], ['علي', '4']]) {
    await p.focus('Yes, add one');
    await p.press('Enter');
    await p.at('First name');
    await p.press('Tab');
    await p.type(name);
    await p.press('Enter');
    await p.at('How old is');
    await p.type(age);
    await p.press('Enter');
    await p.at('Does');
    await p.press('2');
    await p.press('Enter');
    await p.at('Member');
  }
  assert.equal(await p.page.evaluate(() => document.querySelectorAll('.card').length), 2);
  await p.focus('As a table');
  await p.press('Enter');
  await p.page.waitForSelector('.sheet tbody tr');
  await p.page.focus('.sheet tbody tr:nth-child(2) td:nth-of-type(2) input');
  await p.press('Control+A');
  await p.type('5');
  await p.press('Tab');
  await p.settle();
  assert.equal(await p.page.evaluate(() => document.querySelector('.sheet tbody tr:nth-child(2) td:nth-of-type(2) input').value), '5');
  await p.focus('As cards');
  await p.press('Enter');
  await p.page.waitForSelector('.card');
  await p.focus('Remove علي');
  await p.press('Enter');
  await p.page.waitForSelector('dialog[open]');
  await p.focus('Remove');
  await p.press('Enter');
  await p.settle();
  assert.equal(await p.page.evaluate(() => document.querySelectorAll('.card').length), 1);
  await p.focus('No, that is all');
  await p.press('Enter');
  await p.next();
  await p.at('How many times');
  await p.type('3');
  await p.press('Enter');
}

export async function device(p) {
  await p.at('Where do you work');
  await p.focus('INPUT');
  await p.type('42.7 23.32');
  await p.press('Enter');
  await p.at('A photo');
  await p.page.setInputFiles('input[type=file]', { name: 'permit.png', mimeType: 'image/png', buffer: Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64') });
  await p.page.waitForSelector('img.media[src^="blob:"]');
  assert.match(await p.value('permit'), /^permit-[0-9a-f]{12}\.png$/);
  await p.next();
  await p.at('A recording');
  await p.focus('Refused');
  await p.press('Enter');
  await p.next();
  await p.at('The contract');
  await p.next();
  await p.at('The code');
  await p.type('4006381333931');
  await p.press('Enter');
  await p.at('Please sign');
  await p.focus('INPUT');
  await p.type('Анна Иванова');
  await p.focus('Use this signature');
  await p.press('Enter');
  await p.page.waitForSelector('img.media[src^="blob:"]');
  await p.next();
  await p.at('Your participant key');
  await p.type('K-17');
  await p.press('Enter');
  await p.at('May we keep');
  await p.press('1');
}

export async function end(p) {
  await p.press('Enter');
  await p.settle();
  assert.equal(await p.page.evaluate(() => document.querySelector('h1').textContent), 'That was the last question');
  await p.focus('Review the answers');
  await p.press('Enter');
  await p.settle();
  assert.ok(await p.page.$$eval('details', all => all.length) >= 4);
  await p.page.focus('input[type=search]');
  await p.type('participant');
  await p.settle();
  await p.focus('Your participant key');
  await p.press('Enter');
  await p.at('Your participant key');
  await p.next();
  await p.at('May we keep');
  await p.press('Enter');
  await p.settle();
  await p.focus('Finish');
  await p.press('Enter');
  await p.page.waitForFunction(() => window.session.finished);
  await p.focus('Close');
  await p.press('Enter');
  await p.page.waitForFunction(() => window.how === 'complete');
}
