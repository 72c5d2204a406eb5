import type { Line } from '../log-layout.ts';
import type { Said } from '../room.ts';
import { clockText, fullText } from '../time-text.ts';
import { dressAvatar } from './avatar.ts';
import { element, icon, unseen } from './element.ts';

/** Longer texts are folded, with a button to read on. */
const FOLD_CHARACTERS = 1_500;
const FOLD_LINES = 18;

export function createLine(line: Line, sayAgain: (id: string) => void): HTMLElement {
  if (line.kind === 'day') return element('li', { class: 'day' }, element('span', {}, line.text));
  if (line.kind === 'note') return element('li', { class: 'note' }, line.note.text);
  return createMessage(line.said, line.isContinued, sayAgain);
}

export function updateLine(item: HTMLElement, line: Line, sayAgain: (id: string) => void): void {
  if (line.kind !== 'said') return;
  markItem(item, line.said, line.isContinued);
  item.querySelector('.foot')?.replaceWith(createFoot(line.said, sayAgain));
}

export function isSameLine(before: Line, after: Line): boolean {
  if (before.kind !== 'said' || after.kind !== 'said') return before.kind === after.kind;
  return before.said === after.said && before.isContinued === after.isContinued;
}

function createMessage(said: Said, isContinued: boolean, sayAgain: (id: string) => void): HTMLElement {
  const avatar = dressAvatar(element('span', { 'aria-hidden': 'true' }), said.author.name);
  const author = element('p', { class: 'author' }, said.author.name);
  if (said.isOwn) author.append(unseen(' (you)'));
  const text = element('p', { class: 'text', dir: 'auto' }, said.text);
  const bubble = element('div', { class: 'bubble' }, author, text);
  if (isLong(said.text)) bubble.append(createUnfold(text));
  bubble.append(createFoot(said, sayAgain));
  const item = element('li', {}, avatar, bubble);
  markItem(item, said, isContinued);
  return item;
}

function markItem(item: HTMLElement, said: Said, isContinued: boolean): void {
  item.className = `said${said.isOwn ? ' own' : ''}${isContinued ? ' continued' : ''}`;
  item.dataset['delivery'] = said.delivery;
}

function createFoot(said: Said, sayAgain: (id: string) => void): HTMLElement {
  const time = element('time', { datetime: new Date(said.at).toISOString(), title: fullText(said.at) }, clockText(said.at));
  const foot = element('p', { class: 'foot' }, time);
  if (!said.isOwn) return foot;
  if (said.delivery === 'sent') foot.append(mark('check', 'Sent'));
  else if (said.delivery === 'sending') foot.append(mark('clock', 'Sending'));
  else if (said.delivery === 'waiting') foot.append(element('span', { class: 'mark' }, icon('clock'), 'Waiting for the connection'));
  else {
    foot.append(element('span', { class: 'mark' }, icon('alert'), `Not sent: ${said.reason ?? 'refused'}`));
    const again = element('button', { type: 'button', class: 'plain' }, 'Send again');
    again.addEventListener('click', () => sayAgain(said.id));
    foot.append(again);
  }
  return foot;
}

function mark(name: string, words: string): HTMLElement {
  return element('span', { class: 'mark', title: words }, icon(name), unseen(words));
}

function isLong(text: string): boolean {
  return text.length > FOLD_CHARACTERS || text.split('\n', FOLD_LINES + 1).length > FOLD_LINES;
}

function createUnfold(text: HTMLElement): HTMLElement {
  const button = element('button', { type: 'button', class: 'plain unfold', 'aria-expanded': 'false' }, 'Show all');
  text.classList.add('folded');
  button.addEventListener('click', () => {
    const isFolded = text.classList.toggle('folded');
    button.setAttribute('aria-expanded', String(!isFolded));
    button.textContent = isFolded ? 'Show all' : 'Show less';
  });
  return button;
}
