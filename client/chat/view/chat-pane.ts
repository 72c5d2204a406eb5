import { hashOf } from '../room-memory.ts';
import { topicOf } from '../room-name.ts';
import { roomNamed, unreadTotal, type Rooms } from '../rooms.ts';
import { countText } from '../time-text.ts';
import { Composer } from './composer.ts';
import { byId, setText } from './element.ts';
import { Logs } from './logs.ts';

export interface ChatActions {
  /** False when too much waits to be sent already. */
  say(text: string): boolean;
  sayAgain(room: string, id: string): void;
  knock(room: string): void;
  leave(room: string): void;
}

/** The room on show: its head, its log and the message field, and what the window's title and address say of it. */
export class ChatPane {
  readonly #title = byId('room-title', HTMLElement);
  readonly #topic = byId('room-topic', HTMLElement);
  readonly #leave = byId('leave-button', HTMLButtonElement);
  readonly #noRoom = byId('no-room', HTMLElement);
  readonly #logs: Logs;
  readonly #composer: Composer;
  #active = '';

  constructor(actions: ChatActions) {
    this.#logs = new Logs(actions);
    this.#composer = new Composer({ say: (text) => actions.say(text), leave: () => this.#logs.focus() });
    this.#leave.addEventListener('click', () => actions.leave(this.#active));
  }

  show(state: Rooms): void {
    const { active } = state;
    if (active !== this.#active) {
      this.#active = active;
      history.replaceState(null, '', active === '' ? location.pathname : hashOf(active));
    }
    const hasRoom = active !== '';
    setText(this.#title, hasRoom ? active : 'No room');
    setText(this.#topic, hasRoom ? topicOf(active) : '');
    this.#leave.hidden = !hasRoom;
    this.#noRoom.hidden = hasRoom;
    this.#logs.show(state);
    const mayWrite = hasRoom && roomNamed(state, active)?.door !== 'shut';
    const isWriting = this.#composer.hasFocus;
    this.#composer.show(active, mayWrite);
    if (isWriting && hasRoom && !mayWrite) this.#logs.focus();
    const unread = unreadTotal(state);
    const title = `${unread > 0 ? `(${countText(unread)}) ` : ''}${hasRoom ? `${active} · ` : ''}Stompede Chat`;
    // The browser's own frame is redrawn even for the same title.
    if (document.title !== title) document.title = title;
  }

  focusMessage(): void {
    this.#composer.focus();
  }
}
