import { cleanName } from '../author.ts';
import { byId, setText } from './element.ts';

/** Asks for a name, at first and whenever one wants another. */
export class NameDialog {
  readonly #dialog = byId('name-dialog', HTMLDialogElement);
  readonly #input = byId('name-input', HTMLInputElement);
  readonly #error = byId('name-error', HTMLElement);
  readonly #onName: (name: string) => void;
  #isFirst = true;

  constructor(onName: (name: string) => void) {
    this.#onName = onName;
    byId('name-form', HTMLFormElement).addEventListener('submit', (event) => {
      event.preventDefault();
      this.#accept(this.#input.value);
    });
    // Escape the first time means: any name will do.
    this.#dialog.addEventListener('cancel', () => {
      if (this.#isFirst) this.#accept(this.#input.defaultValue);
    });
  }

  get isOpen(): boolean {
    return this.#dialog.open;
  }

  open(name: string, isFirst: boolean): void {
    this.#isFirst = isFirst;
    setText(byId('name-title', HTMLElement), isFirst ? 'Welcome to the herd' : 'Change your name');
    setText(byId('name-lead', HTMLElement), isFirst ? 'What shall the others call you?' : 'What you said before keeps the old one.');
    this.#input.defaultValue = name;
    this.#input.value = name;
    setText(this.#error, '');
    this.#dialog.showModal();
    this.#input.focus();
    this.#input.select();
  }

  #accept(text: string): void {
    const name = cleanName(text);
    if (name === '') {
      setText(this.#error, 'Please give a name.');
      this.#input.focus();
      return;
    }
    this.#dialog.close();
    this.#onName(name);
  }
}
