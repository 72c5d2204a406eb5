import type { Script } from '../script.ts';
import { codeOf } from './refusal.ts';

/** What a command or script takes; numbers are sent as decimal text. */
export type Argument = string | number | Buffer;

/** What comes back: bulk and status replies alike as octets. Error replies reject. */
export type Reply = null | number | Buffer | readonly Reply[];

/**
 * One connection to the primary that holds our keys, kept up for as long as the engine lives: it is found anew (Sentinel,
 * Cluster), dialled, greeted and let go as often as need be. Nothing is queued while it is down and nothing is ever sent
 * twice: whoever calls decides what a lost answer means.
 *
 *     down --dialled, the server is a primary, `greet` resolved--> up --error, deadline, READONLY …--> down --…--> up
 *       \---------------------------------- close ----------------------------------/--> closed
 */
export interface Link {
  readonly isUp: boolean;
  /** Sends one command. Rejects with a `LinkLostError` or a `ReplyError`, within the deadline, always. */
  command(args: readonly Argument[]): Promise<Reply>;
  /** Runs a script on one key; sends its text when the server does not have it. Rejects as `command`. */
  run(script: Script, key: string, args: readonly Argument[]): Promise<Reply>;
  /** Lets go of the present connection, as if it had failed: it hangs, or somebody knows better. */
  drop(reason: string): void;
  close(): Promise<void>;
}

export interface LinkEvents {
  /**
   * First words on a fresh connection; the link is up when it resolves, and what it rejects with lets go of the
   * connection. `run` sends on that connection.
   */
  greet(connection: Pick<Link, 'command' | 'run'>): Promise<void>;
  onUp(): void;
  onDown(error: Error): void;
  /** One more attempt to come up failed, for the record; others follow. */
  onDialFailed?(error: Error): void;
}

/** A connection that only listens. It subscribes again by itself whenever it is dialled anew. */
export interface Bus {
  readonly isUp: boolean;
  /** Exchanges what it listens to; resolves when the server confirmed, or when it will with the next connection. */
  listen(channels: readonly string[]): Promise<void>;
  drop(reason: string): void;
  close(): Promise<void>;
}

export interface BusEvents {
  /** In the order the server sent them. The octets are the receiver's to keep. */
  onMessage(channel: string, payload: Buffer): void;
  /** Subscribed; what was published since `onDown` has been missed. */
  onUp(): void;
  onDown(error: Error): void;
  /** One more attempt to come up failed, for the record; others follow. */
  onDialFailed?(error: Error): void;
}

/** Makes links to one Redis, however it is found and with whichever client. */
export interface Redis {
  /** For people: `redis://127.0.0.1:6379/0 by ioredis`, without secrets. */
  readonly description: string;
  openLink(name: string, events: LinkEvents): Link;
  openBus(name: string, events: BusEvents): Bus;
}

/** The connection ended, or could not be had, before the answer came; whether the server did the work is not known. */
export class LinkLostError extends Error {
  override readonly name = 'LinkLostError';
  /** It certainly never left this machine. */
  readonly wasSent: boolean;

  constructor(message: string, wasSent: boolean, options?: ErrorOptions) {
    super(message, options);
    this.wasSent = wasSent;
  }
}

/** The server said no; `code` is the first word of what it said: `OOM`, `WRONGTYPE`, `ERR`, … */
export class ReplyError extends Error {
  override readonly name = 'ReplyError';
  readonly code: string;

  constructor(message: string) {
    super(message);
    this.code = codeOf(message);
  }
}
