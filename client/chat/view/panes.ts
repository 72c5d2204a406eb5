import { byId } from './element.ts';

export type Pane = 'rooms' | 'chat' | 'work';

/** On small screens one part of the page is on show at a time; on wide ones the choice has no effect. */
export class Panes {
  readonly #buttons = [...document.querySelectorAll<HTMLButtonElement>('[data-pane-button]')];
  readonly #onChange: () => void;

  constructor(onChange: () => void) {
    this.#onChange = onChange;
    for (const button of this.#buttons) {
      button.addEventListener('click', () => this.show(button.dataset['paneButton'] as Pane));
    }
    this.#mark();
  }

  /** Whether the chat can be seen right now, whatever the width. */
  get isChatSeen(): boolean {
    return byId('logs', HTMLElement).offsetParent !== null;
  }

  show(pane: Pane): void {
    document.body.dataset['pane'] = pane;
    this.#mark();
    this.#onChange();
  }

  #mark(): void {
    const current = document.body.dataset['pane'];
    for (const button of this.#buttons) {
      if (button.dataset['paneButton'] === current) button.setAttribute('aria-current', 'true');
      else button.removeAttribute('aria-current');
    }
  }
}
