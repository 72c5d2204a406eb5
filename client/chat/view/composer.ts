import { MAX_TEXT_LENGTH } from '../chat-body.ts';
import { MAX_UNSENT } from '../room.ts';
import { byId, setText } from './element.ts';

export interface ComposerActions {
  /** False when too much waits to be sent already. */
  say(text: string): boolean;
  /** Esc was pressed. */
  leave(): void;
}

/** The message field. Each room has a draft of its own, which waits while another room is on show. */
export class Composer {
  readonly #field = byId('message', HTMLTextAreaElement);
  readonly #form = byId('composer', HTMLFormElement);
  readonly #error = byId('message-error', HTMLElement);
  readonly #drafts = new Map<string, string>();
  readonly #actions: ComposerActions;
  #room = '';

  constructor(actions: ComposerActions) {
    this.#actions = actions;
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#send();
    });
    this.#field.addEventListener('input', () => this.#changed());
    this.#field.addEventListener('keydown', (event) => this.#press(event));
  }

  /** `isOpen`: one may write into the room. */
  show(room: string, isOpen: boolean): void {
    this.#form.hidden = !isOpen;
    if (room === this.#room) return;
    this.#drafts.set(this.#room, this.#field.value);
    this.#room = room;
    this.#field.value = this.#drafts.get(room) ?? '';
    this.#drafts.delete(room);
    this.#field.placeholder = `Message ${room}`;
    setText(byId('message-label', HTMLElement), `Message to ${room}`);
    this.#changed();
  }

  get hasFocus(): boolean {
    return this.#form.contains(document.activeElement);
  }

  focus(): void {
    this.#field.focus();
  }

  #press(event: KeyboardEvent): void {
    if (event.key === 'Escape') this.#actions.leave();
    // Enter also ends the composition of Japanese and other scripts, which must not send.
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    this.#send();
  }

  #send(): void {
    const text = this.#field.value.trim();
    if (text === '' || text.length > MAX_TEXT_LENGTH) return this.#field.focus();
    if (!this.#actions.say(text)) {
      setText(this.#error, `${MAX_UNSENT} messages wait already. This one stays here until they are sent.`);
      return;
    }
    this.#field.value = '';
    this.#changed();
    this.#field.focus();
  }

  #changed(): void {
    const over = this.#field.value.trim().length - MAX_TEXT_LENGTH;
    setText(this.#error, over > 0 ? `Too long by ${over} characters.` : '');
    this.#field.setAttribute('aria-invalid', String(over > 0));
    // Browsers without field-sizing get their rows counted; long lines that wrap scroll there.
    if (!CSS.supports('field-sizing', 'content')) this.#field.rows = Math.min(8, this.#field.value.split('\n').length);
  }
}
