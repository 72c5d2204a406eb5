import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import type { Browser, Page } from 'playwright';
import { launchBrowser } from './harness/browser.ts';
import { startBroker, type BrokerProcess } from './harness/broker-process.ts';
import { ChatWindow, type ChatWindowOptions } from './harness/chat-window.ts';
import { eventually } from './harness/eventually.ts';

/** The part of axe-core's answer that is read here. */
interface AxeViolation {
  readonly id: string;
  readonly help: string;
  readonly nodes: ReadonlyArray<{ readonly target: readonly unknown[]; readonly failureSummary?: string }>;
}

let broker: BrokerProcess;
let browser: Browser;
let axe: string;
const windows: ChatWindow[] = [];

async function open(name: string, options?: ChatWindowOptions): Promise<ChatWindow> {
  const window = await ChatWindow.open(browser, broker.httpUrl, name, { reducedMotion: 'reduce', ...options });
  windows.push(window);
  return window;
}

before(async () => {
  axe = await readFile(new URL('../node_modules/axe-core/axe.min.js', import.meta.url), 'utf8');
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

async function expectNoViolations(page: Page, where: string): Promise<void> {
  // By the debugger, which the page's content policy does not concern.
  await page.evaluate(axe);
  const violations = await page.evaluate<AxeViolation[]>('axe.run().then((result) => result.violations)');
  const lines = violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id} at ${String(node.target)}: ${node.failureSummary ?? ''}`));
  assert.deepEqual(lines, [], where);
}

/** What has the focus, as a screen reader would name it. */
async function focused(page: Page): Promise<string> {
  return page.evaluate(() => {
    const target = document.activeElement;
    if (target === null || target === document.body) return '';
    const labels = target.getAttribute('aria-labelledby');
    const named = labels === null ? null : document.getElementById(labels)?.textContent;
    const label = target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement ? target.labels?.[0]?.textContent : null;
    return (target.getAttribute('aria-label') ?? named ?? label ?? target.textContent ?? '').trim().replace(/\s+/g, ' ');
  });
}

/** Whether the focus can be seen: an outline of at least 2 px. */
async function showsFocus(page: Page): Promise<boolean> {
  return page.evaluate(() => {
    const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement ?? document.body);
    return outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2;
  });
}

async function isWiderThanItsWindow(page: Page): Promise<boolean> {
  return page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
}

describe('axe-core finds nothing wrong', () => {
  for (const colorScheme of ['light', 'dark'] as const) {
    test(`in the ${colorScheme} page at its first question, empty, full and with its help open`, async () => {
      const ada = await open('', { colorScheme });
      await expectNoViolations(ada.page, 'the first question');
      await ada.page.getByLabel('Your name', { exact: true }).fill('Ada Lovelace');
      await ada.page.keyboard.press('Enter');
      await expectNoViolations(ada.page, 'an empty room');
      const others = await Promise.all(['Grace', 'Zoë', 'Kurt', 'Emmy', 'Alan', 'Sofia', 'Carl', 'Maria'].map((name) => open(name)));
      for (const [index, other] of others.entries()) await other.say(`colour ${index}`);
      await ada.say('an own message');
      await ada.workerSwitch.click();
      await ada.post('a job');
      await ada.post('another job');
      await ada.holds(['a job', 'another job']);
      await ada.jobsInHand.first().getByRole('button', { name: /^Return/ }).click();
      await ada.jobsInHand.getByText('redelivered').waitFor();
      await ada.jobsInHand.last().getByRole('button', { name: /^Done/ }).click();
      await ada.jobsInHand.first().getByRole('button', { name: /^Done/ }).click();
      await others[0]?.enter('random');
      await others[0]?.say('unread');
      await ada.roomButton('random').getByText('unread').waitFor({ state: 'attached' });
      await expectNoViolations(ada.page, 'a full page');
      await ada.page.getByRole('button', { name: 'Help and keyboard shortcuts' }).click();
      await expectNoViolations(ada.page, 'the help');
    });

    test(`in the ${colorScheme} page of a phone, pane by pane`, async () => {
      const ada = await open('Ada', { colorScheme, viewport: { width: 360, height: 640 } });
      await ada.say('hello');
      for (const pane of ['Rooms', 'Chat', 'Queue']) {
        await ada.page.getByRole('button', { name: pane, exact: true }).click();
        await expectNoViolations(ada.page, pane);
      }
    });

    test(`in the ${colorScheme} page while the broker is gone`, async () => {
      const ada = await open('Ada', { colorScheme });
      await broker.kill('SIGKILL');
      await ada.lost();
      await ada.say('waiting');
      await ada.post('waiting work');
      await expectNoViolations(ada.page, 'the broker is gone');
    });
  }
});

describe('the keyboard alone', () => {
  test('names oneself, chats, changes rooms and works off a job', async () => {
    const ada = await open('');
    const { page } = ada;
    const { keyboard } = page;
    assert.equal(await focused(page), 'Your name');
    await keyboard.type('Ada');
    await keyboard.press('Enter');
    await eventually(async () => assert.equal(await focused(page), 'Message to lobby'));
    await keyboard.type('typed');
    await keyboard.press('Enter');
    await ada.hears('typed');
    await keyboard.press('Alt+ArrowDown');
    assert.equal(await focused(page), 'Message to random');
    await keyboard.press('Escape');
    assert.equal(await focused(page), 'Messages in random');
    await keyboard.press('r');
    assert.equal(await focused(page), 'random');
    await keyboard.press('Shift+Tab');
    assert.equal(await focused(page), 'lobby');
    await keyboard.press('Enter');
    assert.equal(await focused(page), 'Message to lobby');
    await keyboard.press('Escape');
    await keyboard.press('w');
    assert.equal(await focused(page), 'What is to be done');
    await keyboard.type('a job by keyboard');
    await keyboard.press('Enter');
    await ada.sentWork.getByText('stored').waitFor();
    for (let steps = 0; (await focused(page)) !== 'Worker' && steps < 6; steps++) await keyboard.press('Tab');
    await keyboard.press('Space');
    await ada.holds(['a job by keyboard']);
    await keyboard.press('Tab');
    await keyboard.press('Tab');
    assert.equal(await focused(page), 'Done: a job by keyboard');
    await keyboard.press('Enter');
    await ada.holds([]);
    await eventually(async () => assert.equal(await focused(page), 'Worker'));
  });

  test('sees where it is at each stop, and meets no stop twice', async () => {
    const ada = await open('Ada');
    await ada.page.reload();
    await ada.connected();
    const stops: string[] = [];
    for (let steps = 0; steps < 40; steps++) {
      await ada.page.keyboard.press('Tab');
      const name = await focused(ada.page);
      if (name === '') break;
      assert.ok(await showsFocus(ada.page), `the focus on ${name} is invisible`);
      stops.push(name);
    }
    assert.equal(stops[0], 'Skip to the message field');
    assert.equal(new Set(stops).size, stops.length, stops.join(' → '));
    for (const stop of ['lobby', 'Join or start a room', 'Messages in lobby', 'Message to lobby', 'What is to be done', 'Worker']) {
      assert.ok(stops.includes(stop), `${stop} is not among ${stops.join(' → ')}`);
    }
  });

  test('opens the help with a single key, unless those are switched off', async () => {
    const ada = await open('Ada');
    const help = ada.page.getByRole('dialog', { name: 'Help' });
    await ada.page.keyboard.press('Escape');
    await ada.page.keyboard.press('?');
    await help.getByLabel(/single keys/).uncheck();
    await ada.page.keyboard.press('Escape');
    await help.waitFor({ state: 'hidden' });
    assert.equal(await focused(ada.page), 'Messages in lobby');
    await ada.page.keyboard.press('?');
    assert.equal(await help.count(), 0);
    await ada.page.keyboard.press('Alt+ArrowDown');
    assert.equal(await focused(ada.page), 'Message to random');
  });

  test('types slashes and question marks where text is typed', async () => {
    const ada = await open('Ada');
    await ada.page.keyboard.type('why / what?');
    assert.equal(await ada.message.inputValue(), 'why / what?');
  });
});

describe('on a small screen', () => {
  test('the page shows one part at a time and never scrolls sideways', async () => {
    const ada = await open('Ada', { viewport: { width: 320, height: 568 } });
    await ada.say(`${'unbroken'.repeat(40)} and then some words`);
    await ada.hears('and then some words');
    const parts = { Rooms: '#room-list', Chat: '#message', Queue: '#work-input' };
    for (const [pane, marker] of Object.entries(parts)) {
      await ada.page.getByRole('button', { name: pane, exact: true }).click();
      for (const [other, selector] of Object.entries(parts)) {
        assert.equal(await ada.page.locator(selector).isVisible(), other === pane, `${other} while ${pane} is on show`);
      }
      assert.equal(await isWiderThanItsWindow(ada.page), false, pane);
      assert.ok(await ada.page.locator(marker).isVisible());
    }
  });

  test('a message in a room that is hidden behind another pane counts as unread', async () => {
    const [ada, grace] = [await open('Ada', { viewport: { width: 360, height: 640 } }), await open('Grace')];
    await ada.page.getByRole('button', { name: 'Queue', exact: true }).click();
    await grace.say('are you there?');
    await ada.page.getByRole('button', { name: 'Rooms 1 unread' }).waitFor();
    await ada.page.getByRole('button', { name: 'Chat', exact: true }).click();
    await ada.page.getByRole('button', { name: 'Rooms', exact: true }).waitFor();
  });
});

test('the theme follows the system until one is chosen, and the choice outlives a reload', async () => {
  const ada = await open('Ada', { colorScheme: 'dark' });
  const ground = (): Promise<string> => ada.page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const dark = await ground();
  await ada.page.emulateMedia({ colorScheme: 'light' });
  const light = await ground();
  assert.notEqual(dark, light);
  await ada.page.getByRole('button', { name: /^Theme: as the system/ }).click();
  await ada.page.getByRole('button', { name: /^Theme: light/ }).click();
  assert.equal(await ground(), dark);
  await ada.page.reload();
  assert.equal(await ground(), dark);
  await ada.page.getByRole('button', { name: /^Theme: dark/ }).click();
  assert.equal(await ground(), light);
});

test('nothing moves for those who asked for less motion', async () => {
  const ada = await open('Ada');
  await ada.say('still');
  const said = await ada.hears('still');
  assert.equal(await said.evaluate((item) => item.getAnimations().length), 0);
  assert.equal(await said.evaluate((item) => getComputedStyle(item).animationName), 'none');
});
