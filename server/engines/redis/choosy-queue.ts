import type { MessageSelector } from '../../broker/engine.ts';
import type { Message } from '../../broker/message.ts';
import { Unseen } from '../unseen.ts';
import type { Page } from './page.ts';

/** What the store told before it showed a page comes at about the same time; after so long it is taken for lost. */
const PATIENCE_MS = 250;
const FIRST_PAGE = 64;

/** One selector, and what it has not looked at. */
export class View {
  unseen = new Unseen();
  readonly #selector: MessageSelector;

  constructor(selector: MessageSelector) {
    this.#selector = selector;
  }

  matches(message: Message): boolean {
    return this.#selector.matches(message);
  }
}

/** What came of looking: nothing, since the store could not be asked; all begins anew; a page; one that others belong before. */
export type Looked = 'nothing' | 'anew' | 'page' | 'late';

/**
 * A queue that this node looks through: its selectors, and whether it heard of every number that came back. It is told by one
 * connection and asks by another: a page is reckoned with when everything was heard that the store had told before it, and
 * what is told while it is on its way counts for what it passes over, too. What does not come was lost: then all begin anew.
 */
export class ChoosyQueue {
  readonly views = new Map<string, View>();
  /** Numbers of the next page. */
  page = FIRST_PAGE;
  /** Counts the beginnings: a page that was asked for in an earlier life says nothing. */
  #life = 0;
  #heard = 0;
  /** Called when something was heard, or everything begins anew. */
  readonly #listeners = new Set<() => void>();
  /** What is told while pages are on their way. */
  readonly #underWay = new Set<(from: number, to: number) => void>();

  viewOf(selector: MessageSelector): View {
    let view = this.views.get(selector.text);
    if (!view) this.views.set(selector.text, (view = new View(selector)));
    return view;
  }

  beginAnew(): void {
    this.#life++;
    for (const view of this.views.values()) view.unseen = new Unseen();
    for (const listener of [...this.#listeners]) listener();
  }

  /** Numbers that came back: `3,7,12`, `3-12`, or none. */
  told(told: number, numbers: string): void {
    if (told > this.#heard + (numbers === '' ? 0 : 1)) this.beginAnew();
    this.#heard = Math.max(this.#heard, told);
    for (const each of numbers === '' ? [] : numbers.split(',')) {
      const [from, to] = each.split('-').map(Number) as [number, number?];
      this.#note(from, to ?? from);
    }
    for (const listener of [...this.#listeners]) listener();
  }

  /** Reads a page for these views, `isFirst` if they have looked at nothing before, and reckons with it. */
  async look(views: readonly View[], isFirst: boolean, read: () => Promise<Page | undefined>, reckon: (page: Page) => void): Promise<Looked> {
    let life = this.#life;
    const late: [from: number, to: number][] = [];
    const note = (from: number, to: number): void => void late.push([from, to]);
    this.#underWay.add(note);
    try {
      const page = await read();
      if (!page) return 'nothing';
      if (life !== this.#life) return 'anew';
      if (page.isNew) {
        // Nothing was told to this node before.
        this.beginAnew();
        life = this.#life;
        this.#heard = page.told;
        if (!isFirst) return 'anew';
      }
      if (!(await this.#hasHeard(page.told)) && life === this.#life) {
        this.beginAnew();
        this.#heard = page.told;
      }
      if (life !== this.#life) return 'anew';
      reckon(page);
      return late.length > 0 ? 'late' : 'page';
    } finally {
      this.#underWay.delete(note);
      for (const { unseen } of views) for (const [from, to] of late) unseen.addToAll(from, to);
    }
  }

  /** Waits for what was told; false if it does not come. */
  async #hasHeard(told: number): Promise<boolean> {
    if (told <= this.#heard) return true;
    const life = this.#life;
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#listeners.delete(look);
        resolve(told <= this.#heard);
      };
      const look = (): void => {
        if (told <= this.#heard || life !== this.#life) done();
      };
      const timer = setTimeout(done, PATIENCE_MS);
      this.#listeners.add(look);
    });
  }

  #note(from: number, to: number): void {
    for (const { unseen } of this.views.values()) unseen.addToAll(from, to);
    for (const note of this.#underWay) note(from, to);
  }
}
