import { cleanRoomName } from '../room-name.ts';
import { MAX_ROOMS, unreadTotal, type Rooms } from '../rooms.ts';
import type { Room } from '../room.ts';
import { countText } from '../time-text.ts';
import { dressAvatar } from './avatar.ts';
import { byId, element, setText, unseen } from './element.ts';
import { KeyedList } from './keyed-list.ts';

export interface RoomListActions {
  /** Someone chose a room of the list. */
  choose(room: string): void;
  /** Someone typed the name of a room; it may be in the list already. */
  join(room: string): void;
}

interface Row {
  readonly room: Room;
  readonly isActive: boolean;
}

/** The list of rooms with their unread counts, the field to join another, and who one is. */
export class RoomList {
  readonly #list: KeyedList<Row>;
  readonly #input = byId('room-input', HTMLInputElement);
  readonly #error = byId('room-error', HTMLElement);
  readonly #badge = byId('rooms-badge', HTMLElement);
  readonly #selfAvatar = byId('self-avatar', HTMLElement);
  readonly #selfName = byId('self-name', HTMLElement);
  #roomCount = 0;

  constructor(actions: RoomListActions) {
    this.#list = new KeyedList(byId('room-list', HTMLElement), {
      keyOf: (row) => row.room.name,
      create: (row) => createRow(row, actions),
      update: updateRow,
      isSame: (before, after) =>
        before.isActive === after.isActive && before.room.unread === after.room.unread && before.room.door === after.room.door,
    });
    byId('room-form', HTMLFormElement).addEventListener('submit', (event) => {
      event.preventDefault();
      this.#submit(actions);
    });
  }

  show(state: Rooms): void {
    this.#roomCount = state.rooms.length;
    this.#list.show(state.rooms.map((room) => ({ room, isActive: room.name === state.active })));
    const total = unreadTotal(state);
    this.#badge.hidden = total === 0;
    if (total > 0) this.#badge.replaceChildren(countText(total), unseen(' unread'));
    if (this.#selfName.textContent !== state.self.name) {
      setText(this.#selfName, state.self.name);
      dressAvatar(this.#selfAvatar, state.self.name);
    }
  }

  focus(active: string): void {
    const target = this.#list.elementOf(active)?.querySelector('button') ?? this.#input;
    target.focus();
  }

  #submit(actions: RoomListActions): void {
    const room = cleanRoomName(this.#input.value);
    const isFull = this.#roomCount >= MAX_ROOMS && this.#list.elementOf(room) === undefined;
    if (room === '') setText(this.#error, 'A room needs a name with letters or digits.');
    else if (isFull) setText(this.#error, `You are in ${MAX_ROOMS} rooms. Leave one first.`);
    else {
      setText(this.#error, '');
      this.#input.value = '';
      actions.join(room);
    }
  }
}

function createRow(row: Row, actions: RoomListActions): HTMLElement {
  const button = element('button', { type: 'button', class: 'room' });
  button.addEventListener('click', () => actions.choose(row.room.name));
  const item = element('li', {}, button);
  updateRow(item, row);
  return item;
}

function updateRow(item: HTMLElement, { room, isActive }: Row): void {
  const button = item.querySelector('button');
  if (button === null) return;
  if (isActive) button.setAttribute('aria-current', 'true');
  else button.removeAttribute('aria-current');
  button.dataset['door'] = room.door;
  const parts: Node[] = [element('span', { class: 'room-name' }, room.name)];
  if (room.door === 'shut') parts.push(element('span', { class: 'badge' }, '!', unseen(' no entry')));
  else if (room.unread > 0) parts.push(element('span', { class: 'badge' }, countText(room.unread), unseen(' unread')));
  button.replaceChildren(...parts);
}
