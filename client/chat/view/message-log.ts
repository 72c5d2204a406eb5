import { layOut, type Line } from '../log-layout.ts';
import type { Room } from '../room.ts';
import { element, setText } from './element.ts';
import { KeyedList } from './keyed-list.ts';
import { createLine, isSameLine, updateLine } from './message-item.ts';

export interface LogActions {
  sayAgain(room: string, id: string): void;
  knock(room: string): void;
  /** The log came to its end, or left it. */
  onPlace(room: string, isAtEnd: boolean): void;
}

/** So close to the end counts as at the end, px. */
const NEAR = 48;

/**
 * One room's log, kept on the page while one is in the room: its place stays, and since it is a live region of its own,
 * changing rooms reads nothing aloud. It follows the newest line as long as its reader is at the end.
 */
export class MessageLog {
  readonly element: HTMLElement;
  readonly #list: KeyedList<Line>;
  readonly #empty: HTMLElement;
  readonly #actions: LogActions;
  #room: Room;
  #shown: Room | undefined;
  #isAtEnd = true;
  #ownCount = 0;

  constructor(room: Room, actions: LogActions) {
    this.#room = room;
    this.#actions = actions;
    const list = element('ol', { class: 'lines' });
    this.#empty = element('div', { class: 'empty' });
    this.element = element(
      'div',
      { class: 'log', role: 'log', tabindex: '0', 'aria-label': `Messages in ${room.name}` },
      this.#empty,
      list,
    );
    this.#list = new KeyedList(list, {
      keyOf: (line) => line.key,
      create: (line) => createLine(line, (id) => actions.sayAgain(room.name, id)),
      update: (item, line) => updateLine(item, line, (id) => actions.sayAgain(room.name, id)),
      isSame: isSameLine,
    });
    this.element.addEventListener('scroll', () => this.#noticePlace(), { passive: true });
    // Phones' keyboards and turned screens change the height; whoever was at the end stays there.
    new ResizeObserver(() => this.#follow()).observe(this.element);
    this.show(room);
  }

  get isAtEnd(): boolean {
    return this.#isAtEnd;
  }

  show(room: Room): void {
    if (room === this.#shown) return;
    this.#room = room;
    this.#shown = room;
    this.#list.show(layOut(room.entries, Date.now()));
    this.#showEmpty();
    const ownCount = room.entries.filter((entry) => entry.kind === 'said' && entry.isOwn).length;
    const hasSpoken = ownCount > this.#ownCount;
    this.#ownCount = ownCount;
    if (hasSpoken) this.toEnd();
    else this.#follow();
  }

  setVisible(isVisible: boolean): void {
    this.element.hidden = !isVisible;
    if (isVisible) this.#follow();
  }

  toEnd(): void {
    this.#isAtEnd = true;
    this.#follow();
    this.#actions.onPlace(this.#room.name, true);
  }

  #follow(): void {
    if (this.#isAtEnd && !this.element.hidden) this.element.scrollTop = this.element.scrollHeight;
  }

  #noticePlace(): void {
    const { scrollTop, scrollHeight, clientHeight } = this.element;
    // A log that is not on show has no height and says nothing about its reader.
    if (clientHeight === 0) return;
    const isAtEnd = scrollHeight - scrollTop - clientHeight < NEAR;
    if (isAtEnd === this.#isAtEnd) return;
    this.#isAtEnd = isAtEnd;
    this.#actions.onPlace(this.#room.name, isAtEnd);
  }

  #showEmpty(): void {
    const { name, door, shutReason, entries } = this.#room;
    const state = door === 'shut' ? `shut ${shutReason}` : entries.length > 0 ? 'full' : door;
    if (this.#empty.dataset['state'] === state) return;
    this.#empty.dataset['state'] = state;
    if (door === 'shut') this.#empty.replaceChildren(...this.#shutWords(shutReason));
    else if (entries.length > 0) this.#empty.replaceChildren();
    else if (door === 'entering') this.#empty.replaceChildren(element('p', { class: 'late' }, `Entering ${name} …`));
    else this.#empty.replaceChildren(...welcomeWords(name));
  }

  #shutWords(reason: string): HTMLElement[] {
    const again = element('button', { type: 'button', class: 'plain' }, 'Try again');
    again.addEventListener('click', () => this.#actions.knock(this.#room.name));
    const title = element('p', { class: 'empty-title' }, 'You may not enter this room');
    const words = element('p');
    setText(words, reason);
    return [title, words, again];
  }
}

function welcomeWords(room: string): HTMLElement[] {
  const link = element('a', { href: location.href, target: '_blank', rel: 'noopener' }, 'Open a second window');
  return [
    element('p', { class: 'empty-title' }, `Nobody has said anything in ${room} yet`),
    element('p', {}, link, ' and talk to yourself, or send this page’s address to somebody else on this machine.'),
  ];
}
