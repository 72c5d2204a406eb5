/**
 * What the browser remembers. Storage may be switched off or full: then the page works as if nothing had been
 * remembered. A missing key reads as ''.
 */
export interface Preferences {
  read(key: string): string;
  write(key: string, value: string): void;
}

/** `open` may throw, as the browser's own `localStorage` does when it is switched off. */
export function preferencesIn(open: () => Pick<Storage, 'getItem' | 'setItem'>, prefix: string): Preferences {
  return {
    read(key) {
      try {
        return open().getItem(prefix + key) ?? '';
      } catch {
        return ''; // switched off: as if nothing had been remembered
      }
    },
    write(key, value) {
      try {
        open().setItem(prefix + key, value);
      } catch {
        // switched off or full: it is forgotten with the page
      }
    },
  };
}
