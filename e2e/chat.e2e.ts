import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import type { Browser } from 'playwright';
import { launchBrowser } from './harness/browser.ts';
import { startBroker, type BrokerProcess } from './harness/broker-process.ts';
import { ChatWindow, type ChatWindowOptions } from './harness/chat-window.ts';
import { eventually } from './harness/eventually.ts';

let broker: BrokerProcess;
let browser: Browser;
const windows: ChatWindow[] = [];

async function open(name: string, options?: ChatWindowOptions): Promise<ChatWindow> {
  const window = await ChatWindow.open(browser, broker.httpUrl, name, options);
  windows.push(window);
  return window;
}

before(async () => {
  browser = await launchBrowser();
});

beforeEach(async () => {
  broker = await startBroker();
});

afterEach(async () => {
  try {
    for (const window of windows.splice(0)) await window.close();
  } finally {
    await broker.stop();
  }
});

after(async () => {
  await browser?.close();
});

describe('two windows', () => {
  test('chat with each other', async () => {
    const [ada, grace] = [await open('Ada Lovelace'), await open('Grace Hopper')];
    await ada.say('Good morning 🦬');
    const own = await ada.hears('Good morning 🦬');
    await own.getByText('Sent', { exact: true }).waitFor({ state: 'attached' });
    assert.match((await own.getAttribute('class')) ?? '', /\bown\b/);
    const heard = await grace.hears('Good morning 🦬');
    assert.equal(await heard.locator('.author').textContent(), 'Ada Lovelace');
    assert.doesNotMatch((await heard.getAttribute('class')) ?? '', /\bown\b/);
    await grace.say('Good morning,\nAda');
    assert.equal(await (await ada.hears('Good morning,')).locator('.text').textContent(), 'Good morning,\nAda');
  });

  test('show what looks like markup as the text it is', async () => {
    const [ada, grace] = [await open('<i>Ada</i>'), await open('Grace')];
    const text = '<img src=x onerror="document.title=1"> & <b>bold</b>';
    await ada.say(text);
    const heard = await grace.hears('onerror');
    assert.equal(await heard.locator('.text').textContent(), text);
    assert.equal(await heard.locator('.author').textContent(), '<i>Ada</i>');
    assert.equal(await grace.page.locator('.said img, .said b, .said i').count(), 0);
  });

  test('carry a text of many thousand characters whole, folded until it is asked for', async () => {
    const [ada, grace] = [await open('Ada'), await open('Grace')];
    const text = `${'Ein langer Text mit Umlauten äöü und 🦬. '.repeat(450)}Ende`;
    await ada.say(text);
    const heard = await grace.hears('Ende');
    assert.equal(await heard.locator('.text').textContent(), text);
    const more = heard.getByRole('button', { name: 'Show all' });
    const folded = await heard.evaluate((item) => item.clientHeight);
    await more.click();
    assert.ok((await heard.evaluate((item) => item.clientHeight)) > folded);
  });

  test('count what is unread in other rooms until one goes there', async () => {
    const [ada, grace] = [await open('Ada'), await open('Grace', { path: '/chat/#tea' })];
    await grace.page.getByRole('heading', { level: 2, name: 'tea' }).waitFor();
    await ada.enter('Tea');
    await ada.roomButton('lobby').click();
    await grace.say('one');
    await grace.say('two');
    await ada.roomButton('tea').getByText('2', { exact: false }).waitFor();
    await eventually(async () => assert.match(await ada.page.title(), /^\(2\) lobby/));
    await ada.roomButton('tea').click();
    await ada.hears('two');
    await eventually(async () => assert.match(await ada.page.title(), /^tea/));
    assert.equal((await ada.roomButton('tea').textContent())?.trim(), 'tea');
  });

  test('are back in their rooms under their name after a reload', async () => {
    const ada = await open('Ada');
    await ada.enter('workshop');
    await ada.page.reload();
    await ada.connected();
    await ada.page.getByRole('heading', { level: 2, name: 'workshop' }).waitFor();
    assert.equal(await ada.page.locator('#self-name').textContent(), 'Ada');
    assert.equal(await ada.page.getByRole('dialog').count(), 0);
  });
});

describe('when the broker goes', () => {
  test('the page says so, keeps what is written, and sends it when the broker is back', async () => {
    const [ada, grace] = [await open('Ada'), await open('Grace')];
    await ada.say('before');
    await grace.hears('before');
    await broker.kill('SIGKILL');
    await ada.lost();
    await ada.say('meanwhile, first');
    await ada.say('meanwhile, second');
    const waiting = await ada.hears('meanwhile, second');
    await waiting.getByText('Waiting for the connection').waitFor();
    await broker.start();
    await Promise.all([ada.connected(), grace.connected()]);
    await waiting.getByText('Sent', { exact: true }).waitFor({ state: 'attached' });
    await grace.say('welcome back');
    await ada.hears('welcome back');
    await ada.page.getByText(/^You were away for /).first().waitFor();
    assert.equal(await ada.said.filter({ hasText: 'meanwhile' }).count(), 2);
  });
});

test('a broker with users asks for a login, and lets in who knows one', async () => {
  const strict = await startBroker({ env: { STOMPEDE_USERS: 'ada:lovelace' } });
  try {
    const ada = await ChatWindow.visit(browser, strict.httpUrl, 'Ada');
    windows.push(ada);
    const signIn = ada.page.getByRole('dialog', { name: 'Sign in to the broker' });
    await signIn.getByLabel('Login').fill('ada');
    await signIn.getByLabel('Passcode').fill('wrong');
    await ada.page.keyboard.press('Enter');
    await signIn.getByText(/no such user, or not this passcode/).waitFor();
    await ada.page.keyboard.press('Escape');
    await ada.page.getByRole('region', { name: 'Connection' }).getByRole('button', { name: 'Sign in' }).click();
    await signIn.getByLabel('Passcode').fill('lovelace');
    await ada.page.keyboard.press('Enter');
    await ada.connected();
    await ada.say('let in');
    await (await ada.hears('let in')).getByText('Sent', { exact: true }).waitFor({ state: 'attached' });
  } finally {
    await strict.stop();
  }
});

describe('the work queue', () => {
  test('keeps work for a worker that is away, through the death of the broker', async () => {
    const ada = await open('Ada');
    await ada.post('Survive this');
    await ada.sentWork.filter({ hasText: 'Survive this' }).getByText('stored').waitFor();
    await broker.kill('SIGKILL');
    await broker.start();
    const grace = await open('Grace');
    await grace.workerSwitch.click();
    await grace.holds(['Survive this']);
    await grace.jobsInHand.getByRole('button', { name: /^Done/ }).click();
    await grace.holds([]);
    await grace.page.getByRole('list', { name: 'Finished' }).getByText('Survive this').waitFor();
  });

  test('gives a returned job again, marked with the count of its deliveries', async () => {
    const ada = await open('Ada');
    await ada.workerSwitch.click();
    await ada.post('Think twice');
    await ada.holds(['Think twice']);
    assert.equal(await ada.jobsInHand.getByText('redelivered').count(), 0);
    await ada.jobsInHand.getByRole('button', { name: /^Return/ }).click();
    await ada.jobsInHand.getByText('redelivered · delivery 2').waitFor();
    await ada.jobsInHand.getByRole('button', { name: /^Return/ }).click();
    await ada.jobsInHand.getByText('redelivered · delivery 3').waitFor();
    await ada.jobsInHand.getByRole('button', { name: /^Done/ }).click();
    await ada.holds([]);
  });

  test('gives up a job that was returned six times, and goes on with the next', async () => {
    const ada = await open('Ada');
    await ada.workerSwitch.click();
    await ada.post('Impossible');
    for (let attempt = 1; attempt <= 6; attempt++) {
      if (attempt > 1) await ada.jobsInHand.getByText(`redelivered · delivery ${attempt}`).waitFor();
      await ada.jobsInHand.getByRole('button', { name: 'Return: Impossible' }).click();
    }
    await ada.post('Possible');
    // A job that was only returned would come again before it.
    await ada.holds(['Possible']);
  });

  test('gives what a worker had in hand to the next one, in its old order', async () => {
    const [ada, grace] = [await open('Ada'), await open('Grace')];
    await ada.workerSwitch.click();
    for (const title of ['first', 'second', 'third']) await ada.post(title);
    await ada.holds(['first', 'second', 'third']);
    await ada.workerSwitch.click();
    await ada.page.getByText('The worker is off. 3 jobs go back to the queue.').waitFor({ state: 'attached' });
    await grace.workerSwitch.click();
    await grace.holds(['first', 'second', 'third']);
    for (let left = 3; left > 0; left--) {
      await grace.jobsInHand.first().getByRole('button', { name: /^Done/ }).click();
      await eventually(async () => assert.equal(await grace.jobsInHand.count(), left - 1));
    }
  });

  test('is worked off by the page alone when it is told to', async () => {
    const ada = await open('Ada');
    await ada.page.getByLabel('The page does').check();
    await ada.workerSwitch.click();
    await ada.post('one');
    await ada.post('two');
    await ada.page.getByText('0 in hand, 2 done').waitFor();
  });
});
