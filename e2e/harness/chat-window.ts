import type { Browser, BrowserContext, BrowserContextOptions, Locator, Page } from 'playwright';
import assert from 'node:assert/strict';
import { eventually } from './eventually.ts';

export interface ChatWindowOptions extends BrowserContextOptions {
  /** The path and hash to open, `/chat/` unless told otherwise. */
  readonly path?: string;
}

/** A reconnection comes with backoff, and the machine may be busy. */
const RETURN_MS = 30_000;

/** One person's window on the chat page, in a browser profile of its own. Faults of the page are kept for `close`. */
export class ChatWindow {
  readonly page: Page;
  readonly #context: BrowserContext;
  readonly #faults: string[] = [];

  private constructor(context: BrowserContext, page: Page) {
    this.#context = context;
    this.page = page;
    page.on('pageerror', (error) => this.#faults.push(String(error)));
    page.on('console', (line) => {
      if (line.type() === 'error') this.#faults.push(line.text());
    });
  }

  /** As `visit`, and resolves as `connected`. */
  static async open(browser: Browser, httpUrl: string, name: string, options?: ChatWindowOptions): Promise<ChatWindow> {
    const window = await ChatWindow.visit(browser, httpUrl, name, options);
    await window.connected();
    return window;
  }

  /** Opens the page; a name answers its first question, '' leaves it open. */
  static async visit(browser: Browser, httpUrl: string, name: string, options: ChatWindowOptions = {}): Promise<ChatWindow> {
    const { path = '/chat/', ...contextOptions } = options;
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...contextOptions });
    const window = new ChatWindow(context, await context.newPage());
    await window.page.goto(httpUrl + path);
    if (name !== '') {
      await window.page.getByLabel('Your name', { exact: true }).fill(name);
      await window.page.keyboard.press('Enter');
    }
    return window;
  }

  get message(): Locator {
    return this.page.locator('#message');
  }

  /** The messages of the room on show. */
  get said(): Locator {
    return this.page.locator('.log:not([hidden]) .said');
  }

  get jobsInHand(): Locator {
    return this.page.getByRole('list', { name: 'Jobs in hand' }).getByRole('listitem');
  }

  get sentWork(): Locator {
    return this.page.getByRole('list', { name: 'Work you sent' }).getByRole('listitem');
  }

  get workerSwitch(): Locator {
    return this.page.getByRole('switch', { name: 'Worker' });
  }

  /** Resolves once the page is connected and in all its rooms: whatever is said there from now on, it hears. */
  async connected(): Promise<void> {
    await this.page.getByText('Connected', { exact: true }).waitFor({ timeout: RETURN_MS });
    await this.entered();
  }

  async entered(): Promise<void> {
    await eventually(async () => assert.equal(await this.page.locator('.room[data-door="entering"]').count(), 0, 'rooms not entered yet'), RETURN_MS);
  }

  async lost(): Promise<void> {
    await this.page.getByText(/Write on: your messages wait here/).first().waitFor();
  }

  async say(text: string): Promise<void> {
    await this.message.fill(text);
    await this.message.press('Enter');
  }

  /** Resolves with the message once it stands in the room on show. */
  async hears(text: string): Promise<Locator> {
    const heard = this.said.filter({ hasText: text });
    await heard.waitFor({ timeout: RETURN_MS });
    return heard;
  }

  async enter(room: string): Promise<void> {
    await this.page.getByLabel('Join or start a room').fill(room);
    await this.page.keyboard.press('Enter');
    await this.page.getByRole('heading', { level: 2, name: room }).waitFor();
    await this.entered();
  }

  roomButton(room: string): Locator {
    return this.page.getByRole('navigation', { name: 'Rooms' }).getByRole('button', { name: new RegExp(`^${room}`) });
  }

  async post(title: string): Promise<void> {
    await this.page.getByLabel('What is to be done').fill(title);
    await this.page.keyboard.press('Enter');
  }

  /** Waits until each of these jobs, and no other, is in hand in this order. */
  async holds(titles: readonly string[]): Promise<void> {
    await eventually(async () => assert.deepEqual(await this.jobsInHand.locator('.job-title').allTextContents(), titles));
  }

  /** Whether the page spoke of an error or broke its own rules; lost sockets are no fault of the page. */
  expectNoFaults(): void {
    assert.deepEqual(
      this.#faults.filter((fault) => !fault.startsWith('WebSocket connection to')),
      [],
    );
  }

  async close(): Promise<void> {
    await this.#context.close();
    this.expectNoFaults();
  }
}
