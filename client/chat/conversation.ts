import type { IMessage } from '@stomp/stompjs';
import { decodeWords, encodeWords, type Words } from './chat-body.ts';
import type { Kept, Link } from './link.ts';
import { unsentCount, waitingIn, MAX_UNSENT } from './room.ts';
import { topicOf } from './room-name.ts';
import { roomNamed, type Rooms, type RoomsEvent } from './rooms.ts';
import type { Store } from './store.ts';
import { spanText } from './time-text.ts';

/** Sends and hears for the rooms: the link on one side, the rooms' state on the other. */
export class Conversation {
  readonly #link: Link;
  readonly #store: Store<Rooms, RoomsEvent>;
  readonly #createId: () => string;
  readonly #kept = new Map<string, Kept>();
  /** Rooms that were open when the connection went, and when that was. */
  readonly #awaySince = new Map<string, number>();

  constructor(link: Link, store: Store<Rooms, RoomsEvent>, createId: () => string) {
    this.#link = link;
    this.#store = store;
    this.#createId = createId;
  }

  join(room: string): void {
    if (this.#kept.has(room)) return;
    this.#store.dispatch({ kind: 'joined', room });
    if (roomNamed(this.#store.state, room)) this.#listen(room);
  }

  leave(room: string): void {
    this.#store.dispatch({ kind: 'left', room });
    this.#awaySince.delete(room);
    const kept = this.#kept.get(room);
    this.#kept.delete(room);
    // It settles whatever happens, and nothing here depends on when.
    void kept?.close();
  }

  /** Asks again to be let into a room that was shut. */
  knock(room: string): void {
    if (this.#kept.has(room) || !roomNamed(this.#store.state, room)) return;
    this.#store.dispatch({ kind: 'knocked', room });
    this.#listen(room);
  }

  /** Returns false when too much waits already. */
  say(roomName: string, text: string): boolean {
    const room = roomNamed(this.#store.state, roomName);
    if (room === undefined || unsentCount(room) >= MAX_UNSENT) return false;
    const words: Words = { id: this.#createId(), author: this.#store.state.self, text, sentAt: Date.now() };
    this.#store.dispatch({ kind: 'written', room: roomName, words });
    this.#sendWaiting(roomName);
    return true;
  }

  /** Tries a failed message once more, under its own id, so that nobody sees it twice. */
  sayAgain(room: string, id: string): void {
    this.#store.dispatch({ kind: 'moved', room, id, delivery: 'waiting' });
    this.#sendWaiting(room);
  }

  connected(): void {
    for (const room of this.#store.state.rooms) this.#sendWaiting(room.name);
  }

  lost(): void {
    const now = Date.now();
    for (const room of this.#store.state.rooms) {
      if (room.door === 'open' && !this.#awaySince.has(room.name)) this.#awaySince.set(room.name, now);
    }
    this.#store.dispatch({ kind: 'parted' });
  }

  #listen(room: string): void {
    const kept = this.#link.subscribe(topicOf(room), {}, {
      onMessage: (message) => this.#heard(room, message),
      onInForce: () => this.#entered(room),
      onRefused: (reason) => {
        this.#kept.delete(room);
        this.#store.dispatch({ kind: 'shut', room, reason });
      },
    });
    this.#kept.set(room, kept);
  }

  #entered(room: string): void {
    const awaySince = this.#awaySince.get(room) ?? 0;
    this.#awaySince.delete(room);
    const at = Date.now();
    const text = `You were away for ${spanText(at - awaySince)}. What others said meanwhile is not here.`;
    this.#store.dispatch({ kind: 'entered', room, awaySince, at, text });
  }

  #heard(room: string, message: IMessage): void {
    const timestamp = Number(message.headers['timestamp']);
    const at = timestamp > 0 ? timestamp : Date.now();
    const words = decodeWords(message.body, { id: message.headers['message-id'] ?? this.#createId(), at });
    this.#store.dispatch({ kind: 'heard', room, words, at });
  }

  /** All that waits goes out at once; the connection keeps the order. */
  #sendWaiting(roomName: string): void {
    if (!this.#link.isConnected) return;
    const room = roomNamed(this.#store.state, roomName);
    for (const { id, author, text, at } of room ? waitingIn(room) : []) {
      void this.#send(roomName, { id, author, text, sentAt: at });
    }
  }

  async #send(room: string, words: Words): Promise<void> {
    const { id } = words;
    this.#store.dispatch({ kind: 'moved', room, id, delivery: 'sending' });
    const outcome = await this.#link.send(topicOf(room), encodeWords(words));
    if (outcome.kind === 'done') this.#store.dispatch({ kind: 'moved', room, id, delivery: 'sent' });
    else if (outcome.kind === 'refused') this.#store.dispatch({ kind: 'moved', room, id, delivery: 'failed', reason: outcome.reason });
    else {
      // Unknown or never sent: once more with the next connection. Whoever has it already knows it by its id.
      this.#store.dispatch({ kind: 'moved', room, id, delivery: 'waiting' });
      this.#sendWaiting(room);
    }
  }
}
