import { OutboundBatch, type Framing } from './outbound-batch.ts';

/** Something that gathered frames in this turn. */
export interface Flushable {
  flush(): void;
}

/**
 * What the connections of one transport have to write at the end of this turn of the event loop: all that was read in
 * one go is answered in one go. Node runs `setImmediate` right after the sockets were read, so waiting for it costs
 * no time.
 */
export class OutboundTurn {
  readonly framing: Framing;
  #root = new OutboundBatch();
  #gathering: Flushable[] = [];

  constructor(framing: Framing) {
    this.framing = framing;
  }

  /** Counts `queue` in for this turn; its frames go on from the returned root. */
  join(queue: Flushable): OutboundBatch {
    if (this.#gathering.push(queue) === 1) setImmediate(this.#flush);
    return this.#root;
  }

  readonly #flush = (): void => {
    const gathered = this.#gathering;
    // What is sent from here on, by those who hear that their octets were taken, is of the next turn.
    this.#gathering = [];
    this.#root = new OutboundBatch();
    for (const queue of gathered) {
      try {
        queue.flush();
      } catch (error) {
        // A broken assumption of one connection's owner; the others still get their octets before it is thrown.
        process.nextTick(rethrow, error);
      }
    }
  };
}

function rethrow(error: unknown): never {
  throw error;
}
