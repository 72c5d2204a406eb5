import { hueOf, initialsOf } from '../author.ts';

/** Dresses a round badge with the initials and colour of a name. */
export function dressAvatar(badge: HTMLElement, name: string): HTMLElement {
  badge.textContent = initialsOf(name);
  badge.className = `avatar hue-${hueOf(name)}`;
  return badge;
}
