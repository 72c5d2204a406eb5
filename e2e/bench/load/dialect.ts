import type { FrameTemplate, Segment } from './client-frame.ts';

/** What a client hears, whatever its broker speaks. Octets are only valid during the call. */
export interface ClientEvents {
  /** Everything sent so far was carried out: the login, and whatever a later fence stood behind. */
  ready(): void;
  /** A request with the receipt `number` was carried out. */
  confirmed(number: number): void;
  /** A message: its whole unit begins at `start`, its body ends before `bodyEnd`. */
  delivered(buffer: Buffer, start: number, bodyEnd: number): void;
  failed(why: string): void;
}

export interface SubscribeOptions {
  /** Settle each delivery by an ACK of its own, with at most so many unsettled ones. */
  readonly prefetch?: number;
  /** Further header lines, each with its line feed. */
  readonly headers?: string;
}

/** The words of a protocol, as whole masked WebSocket frames. */
export interface Dialect {
  login(): Buffer;
  /** Asks for a confirmation too. */
  subscribe(id: string, destination: string, options?: SubscribeOptions): Buffer;
  /**
   * Messages of `bodyBytes`. Slots, in this order: those of the destination if it has any, the receipt's number with
   * `receipt`, the body's two (`body.ts`). `headers` are further header lines, each with its line feed.
   */
  publish(destination: string | readonly Segment[], bodyBytes: number, options?: { readonly receipt?: boolean; readonly headers?: string }): FrameTemplate;
  /** Takes the messages of one connection in turn. */
  reader(events: ClientEvents, answer: (frame: Buffer) => void): Reader;
}

export interface Reader {
  message(buffer: Buffer, start: number, end: number): void;
}
