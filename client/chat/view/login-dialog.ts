import type { Login } from '../link.ts';
import { byId, setText } from './element.ts';

/** Asks for login and passcode when the broker lets no guest in. Neither is kept beyond the page. */
export class LoginDialog {
  readonly #dialog = byId('login-dialog', HTMLDialogElement);
  readonly #form = byId('login-form', HTMLFormElement);
  readonly #reason = byId('login-reason', HTMLElement);
  readonly #login = byId('login-input', HTMLInputElement);
  readonly #passcode = byId('passcode-input', HTMLInputElement);

  constructor(connect: (login?: Login) => void) {
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#dialog.close();
      connect({ login: this.#login.value, passcode: this.#passcode.value });
    });
    byId('login-guest', HTMLButtonElement).addEventListener('click', () => {
      this.#dialog.close();
      connect();
    });
  }

  open(reason: string): void {
    setText(this.#reason, reason);
    this.#passcode.value = '';
    if (!this.#dialog.open) this.#dialog.showModal();
    this.#login.focus();
  }
}
