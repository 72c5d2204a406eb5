import type { Argument } from './link.ts';
import type { Access, Endpoint } from './source.ts';

/**
 * One socket to one server, by one of the client libraries. It must not reconnect, queue what cannot be written, repeat
 * anything, or have opinions on replies: status and bulk replies are Buffers, RESP 2 is spoken, and nothing is sent that
 * was not asked for. Commands leave in the order of the calls, and so do their replies come.
 */
export interface Wire {
  /** Settles with the first end of opening the socket: connected, failed, or `destroy`. */
  readonly opened: Promise<void>;
  /** Numbers are sent as decimal text. Rejects with an error of the server (see `isReplyError`) or of the connection. */
  send(args: readonly Argument[]): Promise<unknown>;
  subscribe(channels: string[]): Promise<unknown>;
  unsubscribe(channels: string[]): Promise<unknown>;
  /** The server answered with an error: its text is the message. */
  isReplyError(error: unknown): error is Error;
  /** Closes the socket at once, in whatever state. Idempotent; no event comes after it. */
  destroy(): void;
}

export interface WireEvents {
  /** The socket ended by itself; at least once. */
  onEnd(error: Error): void;
  onMessage(channel: Buffer, payload: Buffer): void;
}

/** `connectMs` bounds the opening of the socket, where the library needs to be told. */
export type OpenWire = (endpoint: Endpoint, access: Access, connectMs: number, events: WireEvents) => Wire;

/** Quiet TCP connections are asked for a sign of life after this long. */
export const KEEP_ALIVE_MS = 10_000;
