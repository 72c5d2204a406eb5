import type { Socket } from 'node:net';
import type { WireFrame } from '../protocol/wire-frame.ts';
import type { OutboundBatch } from './outbound-batch.ts';
import type { Flushable, OutboundTurn } from './outbound-turn.ts';

/** Who had more than this waiting hears `drained` once it has less. Below where any dispatch stops. */
export const LOW_WATER_BYTES = 64 * 1024;

const NOTHING = Buffer.alloc(0);

/** One turn's octets, offered to the operating system and not wholly taken. */
interface Offer {
  readonly bytes: number;
  readonly liveBytes: number;
  readonly taken: readonly (() => void)[] | undefined;
  /** Ms on the monotonic clock. */
  readonly at: number;
  next: Offer | undefined;
}

/**
 * The way out of one connection. Frames gather during a turn of the event loop and leave in one write; what the
 * operating system does not take at once is an *offer* that waits in the socket. The queue counts octets from `push`
 * until they are taken. It sets no bound itself and never waits: its owner looks at the counts before it pushes.
 *
 * **open** takes frames · **sealed** takes no more, but still counts what was offered (the connection is closing) ·
 * **gone** has forgotten everything (the socket is closed).
 */
export class OutboundQueue implements Flushable {
  readonly #socket: Socket;
  readonly #turn: OutboundTurn;
  readonly #owner: { drained(): void };
  #state: 'open' | 'sealed' | 'gone' = 'open';
  /** This turn's frames, if any. */
  #gathered: OutboundBatch | undefined = undefined;
  #gatheredLiveBytes = 0;
  #gatheredTaken: (() => void)[] | undefined = undefined;
  #oldest: Offer | undefined = undefined;
  #newest: Offer | undefined = undefined;
  /** Made when the socket first falls behind; most never do. */
  #onTaken: ((error?: Error | null) => void) | undefined = undefined;
  #bufferedBytes = 0;
  #bufferedLiveBytes = 0;
  #wasAboveLowWater = false;

  constructor(socket: Socket, turn: OutboundTurn, owner: { drained(): void }) {
    this.#socket = socket;
    this.#turn = turn;
    this.#owner = owner;
  }

  get bufferedBytes(): number {
    return this.#bufferedBytes;
  }

  get bufferedLiveBytes(): number {
    return this.#bufferedLiveBytes;
  }

  /** Since the oldest live octet was offered; 0 when none waits longer than this turn. */
  get oldestLiveAgeMs(): number {
    if (this.#bufferedLiveBytes === this.#gatheredLiveBytes) return 0;
    let offer = this.#oldest;
    while (offer && offer.liveBytes === 0) offer = offer.next;
    return offer ? performance.now() - offer.at : 0;
  }

  push(frame: WireFrame, isLive: boolean, taken?: () => void): void {
    if (this.#state !== 'open') return;
    this.#gathered = (this.#gathered ?? this.#turn.join(this)).followedBy(frame);
    this.#bufferedBytes += frame.length;
    if (isLive) {
      this.#bufferedLiveBytes += frame.length;
      this.#gatheredLiveBytes += frame.length;
    }
    if (taken) (this.#gatheredTaken ??= []).push(taken);
    if (this.#bufferedBytes > LOW_WATER_BYTES) this.#wasAboveLowWater = true;
  }

  /** Offers what has gathered. A socket that takes no more will say `close`; what was meant for it is dropped there. */
  flush(): void {
    const batch = this.#gathered;
    if (batch === undefined) return;
    const liveBytes = this.#gatheredLiveBytes;
    const taken = this.#gatheredTaken;
    this.#gathered = undefined;
    this.#gatheredLiveBytes = 0;
    this.#gatheredTaken = undefined;
    const socket = this.#socket;
    if (!socket.writable) return;
    const chunks = batch.chunks(this.#turn.framing);

    if (this.#newest) {
      this.#remember(batch.bytes, liveBytes, taken);
      this.#write(chunks, this.#onTaken);
      return;
    }
    // A callback with each write would cost a tenth of the write. Nearly always the octets are taken at once, and the
    // socket shows that by itself; only when they are not is an empty write put behind them, to hear of it.
    this.#write(chunks, undefined);
    if (socket.writableLength === 0 && socket.writable) {
      this.#settle(batch.bytes, liveBytes, taken);
    } else if (socket.writable) {
      this.#remember(batch.bytes, liveBytes, taken);
      socket.write(NOTHING, this.#onTaken);
    }
  }

  /** Offers what has gathered and takes no more frames. */
  seal(): void {
    this.flush();
    if (this.#state === 'open') this.#state = 'sealed';
  }

  /** The socket is closed: nobody will hear that anything was taken. */
  discard(): void {
    this.#state = 'gone';
    this.#gathered = undefined;
    this.#gatheredTaken = undefined;
    this.#oldest = this.#newest = undefined;
    this.#bufferedBytes = this.#bufferedLiveBytes = this.#gatheredLiveBytes = 0;
  }

  #write(chunks: readonly Buffer[], onTaken: ((error?: Error | null) => void) | undefined): void {
    const socket = this.#socket;
    const last = chunks.length - 1;
    // Corked writes leave together by one gathering system call, uncopied.
    if (last > 0) socket.cork();
    for (let i = 0; i < last; i++) socket.write(chunks[i]!);
    socket.write(chunks[last]!, onTaken);
    if (last > 0) socket.uncork();
  }

  #remember(bytes: number, liveBytes: number, taken: readonly (() => void)[] | undefined): void {
    const offer: Offer = { bytes, liveBytes, taken, at: performance.now(), next: undefined };
    if (this.#newest) this.#newest.next = offer;
    else this.#oldest = offer;
    this.#newest = offer;
    this.#onTaken ??= (error) => {
      // A failed write is followed by the socket's `error` and `close`, which end this queue.
      if (error || this.#state === 'gone') return;
      this.#oldestTaken();
    };
  }

  /** Offers are taken in their order. */
  #oldestTaken(): void {
    const offer = this.#oldest;
    if (offer === undefined) throw new Error('Expected an offer to wait: the socket took octets that were not offered');
    this.#oldest = offer.next;
    if (offer.next === undefined) this.#newest = undefined;
    this.#settle(offer.bytes, offer.liveBytes, offer.taken);
  }

  #settle(bytes: number, liveBytes: number, taken: readonly (() => void)[] | undefined): void {
    this.#bufferedBytes -= bytes;
    this.#bufferedLiveBytes -= liveBytes;
    if (taken) for (const run of taken) run();
    if (this.#wasAboveLowWater && this.#bufferedBytes <= LOW_WATER_BYTES) {
      this.#wasAboveLowWater = false;
      this.#owner.drained();
    }
  }
}
