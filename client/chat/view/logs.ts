import type { Rooms } from '../rooms.ts';
import { byId } from './element.ts';
import { MessageLog, type LogActions } from './message-log.ts';

/**
 * The logs of all rooms, one of them on show, and the button that leads to the newest message. Drawn at most once a
 * frame, however many messages come meanwhile, and not at all while nobody can see the page.
 */
export class Logs {
  readonly #parent = byId('logs', HTMLElement);
  readonly #toEnd = byId('to-end', HTMLButtonElement);
  readonly #actions: LogActions;
  readonly #logs = new Map<string, MessageLog>();
  #active = '';
  #due: Rooms | undefined;

  constructor(actions: Omit<LogActions, 'onPlace'>) {
    this.#actions = {
      sayAgain: (room, id) => actions.sayAgain(room, id),
      knock: (room) => actions.knock(room),
      onPlace: () => this.#showButton(),
    };
    this.#toEnd.addEventListener('click', () => {
      this.#logs.get(this.#active)?.toEnd();
      this.focus();
    });
  }

  show(state: Rooms): void {
    if (this.#due === undefined) requestAnimationFrame(() => this.#draw());
    this.#due = state;
  }

  #draw(): void {
    const state = this.#due;
    this.#due = undefined;
    if (state === undefined) return;
    this.#active = state.active;
    for (const [name, log] of this.#logs) {
      if (state.rooms.some((room) => room.name === name)) continue;
      log.element.remove();
      this.#logs.delete(name);
    }
    for (const room of state.rooms) {
      let log = this.#logs.get(room.name);
      if (log === undefined) {
        log = new MessageLog(room, this.#actions);
        this.#logs.set(room.name, log);
        this.#parent.append(log.element);
      } else log.show(room);
      log.setVisible(room.name === state.active);
    }
    this.#showButton();
  }

  focus(): void {
    this.#logs.get(this.#active)?.element.focus();
  }

  #showButton(): void {
    this.#toEnd.hidden = this.#logs.get(this.#active)?.isAtEnd ?? true;
  }
}
