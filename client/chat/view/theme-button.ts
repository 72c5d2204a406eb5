import type { Preferences } from '../preferences.ts';
import { byId, icon } from './element.ts';

type Theme = 'auto' | 'light' | 'dark';
const NEXT: Record<Theme, Theme> = { auto: 'light', light: 'dark', dark: 'auto' };
const NAMES: Record<Theme, string> = { auto: 'as the system', light: 'light', dark: 'dark' };

/** A button that goes round system, light, dark. `public/theme.js` reads the choice back before the first paint. */
export function startThemeButton(preferences: Preferences): void {
  const button = byId('theme-button', HTMLButtonElement);
  const chosen = preferences.read('theme');
  let theme: Theme = chosen === 'light' || chosen === 'dark' ? chosen : 'auto';
  const show = (): void => {
    if (theme === 'auto') delete document.documentElement.dataset['theme'];
    else document.documentElement.dataset['theme'] = theme;
    const text = `Theme: ${NAMES[theme]}. Change to ${NAMES[NEXT[theme]]}`;
    button.setAttribute('aria-label', text);
    button.title = text;
    button.replaceChildren(icon(`theme-${theme}`));
  };
  button.addEventListener('click', () => {
    theme = NEXT[theme];
    preferences.write('theme', theme);
    show();
  });
  show();
}
