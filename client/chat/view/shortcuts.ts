import type { Preferences } from '../preferences.ts';
import { byId } from './element.ts';

export interface ShortcutActions {
  /** -1 = the room above, 1 = the room below. */
  stepRoom(step: -1 | 1): void;
  toMessage(): void;
  toRooms(): void;
  toWork(): void;
}

/** The keys listed in the help. Single keys are inert while one types, and can be switched off (WCAG 2.1.4). */
export function startShortcuts(actions: ShortcutActions, preferences: Preferences): void {
  const dialog = byId('help-dialog', HTMLDialogElement);
  const singleKeys = byId('single-keys', HTMLInputElement);
  singleKeys.checked = preferences.read('single-keys') !== 'off';
  singleKeys.addEventListener('change', () => preferences.write('single-keys', singleKeys.checked ? 'on' : 'off'));
  byId('help-button', HTMLButtonElement).addEventListener('click', () => dialog.showModal());

  const singles: Readonly<Record<string, () => void>> = {
    '/': () => actions.toMessage(),
    r: () => actions.toRooms(),
    w: () => actions.toWork(),
    '?': () => dialog.showModal(),
  };
  document.addEventListener('keydown', (event) => {
    if (event.defaultPrevented || document.querySelector('dialog[open]')) return;
    if (event.altKey && !event.ctrlKey && !event.metaKey && (event.key === 'ArrowUp' || event.key === 'ArrowDown')) {
      event.preventDefault();
      actions.stepRoom(event.key === 'ArrowUp' ? -1 : 1);
      return;
    }
    if (event.altKey || event.ctrlKey || event.metaKey || !singleKeys.checked || isTyping(event.target)) return;
    const act = Object.hasOwn(singles, event.key) ? singles[event.key] : undefined;
    if (act === undefined) return;
    event.preventDefault();
    act();
  });
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches('input:not([type=radio], [type=checkbox]), textarea, select, [contenteditable]');
}
