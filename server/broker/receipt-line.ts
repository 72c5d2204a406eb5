import type { WireFrame } from '../protocol/wire-frame.ts';

/** A place in the line, held open until the work behind it is done. */
export interface ReceiptSlot {
  isDone: boolean;
  /** What leaves in its turn; nothing if its frame was refused together with an earlier one. */
  frame: WireFrame | undefined;
  send: (frame: WireFrame) => void;
}

/**
 * What leaves a session in the order its frames came. A frame that asked for a receipt takes a place when it is started
 * and is answered when its work is done and everyone before it was answered, so that clients read receipts in order.
 * The session's own copies of what it sent take their place behind the receipt they wait for
 * ("a message is not delivered to its own sender before that SEND's RECEIPT": Net::Stomp reads exactly one frame then).
 *
 *     line  [ RECEIPT 1 open | RECEIPT 2 done | own MESSAGE done ]   nothing leaves until 1 is done
 */
export class ReceiptLine {
  #slots: ReceiptSlot[] = [];
  #first = 0;

  get isEmpty(): boolean {
    return this.#first === this.#slots.length;
  }

  open(frame: WireFrame, send: (frame: WireFrame) => void): ReceiptSlot {
    const slot: ReceiptSlot = { isDone: false, frame, send };
    this.#slots.push(slot);
    return slot;
  }

  done(slot: ReceiptSlot): void {
    slot.isDone = true;
    this.#flush();
  }

  /** Sends at once if nobody waits, else behind those who do. */
  behind(frame: WireFrame, send: (frame: WireFrame) => void): void {
    if (this.isEmpty) send(frame);
    else this.#slots.push({ isDone: true, frame, send });
  }

  /** Forgets everyone: the session ends with an ERROR, and no receipt may follow it. */
  clear(): void {
    this.#slots = [];
    this.#first = 0;
  }

  #flush(): void {
    for (let slot = this.#slots[this.#first]; slot?.isDone; slot = this.#slots[this.#first]) {
      this.#first++;
      if (slot.frame) slot.send(slot.frame);
    }
    if (this.#first === this.#slots.length) this.clear();
    else if (this.#first > 1024) {
      this.#slots.splice(0, this.#first);
      this.#first = 0;
    }
  }
}
