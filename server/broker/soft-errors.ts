import type { Frame } from '../protocol/frame.ts';
import { HEADER } from '../protocol/header-names.ts';
import type { ProtocolError } from '../protocol/protocol-error.ts';
import type { WireFrame } from '../protocol/wire-frame.ts';
import type { Failure } from './engine.ts';
import { MessageFrame } from './message-frame.ts';
import type { ReceiptSlot } from './receipt-line.ts';
import type { Session } from './session.ts';
import type { Subscription } from './subscription.ts';

/** Where a session subscribes to its own refusals; nobody can send there. */
export const SOFT_ERRORS_DESTINATION = '/user/queue/errors';

/**
 * Refusals that do not end the session. A client that said `x-soft-errors:true` on CONNECT and is subscribed to
 * `/user/queue/errors` gets a MESSAGE there in place of ERROR and close, with `message`, `code`, and the `receipt-id` of
 * the frame it answers, whose RECEIPT never comes. It stays within the session and is stored nowhere. It takes its turn
 * among the receipts, as the ERROR would have.
 *
 * Soft is the refusal of one frame that stands for itself: a SEND outside of transactions, a SUBSCRIBE, and the
 * UNSUBSCRIBE of a subscription that was refused so (its sender may not have read that yet). The frames behind it are
 * carried out. Everything else ends the session as ever: malformed frames, failed transactions and acknowledgements, and
 * what the store left in doubt.
 *
 * Where the store refuses a SEND, it refuses the session's groups that were given to it behind that one as well, for they
 * may build upon it (an ACK, say, of what the SEND was made from). SENDs among those are told softly, too; anything else
 * among them ends the session. What is sent after that has a fresh start (`Submissions`).
 *
 * Counted as live traffic: who does not read what it is told is a slow consumer.
 */
export class SoftErrors {
  readonly #session: Session;
  readonly #subscriptions = new Set<Subscription>();

  constructor(session: Session) {
    this.#session = session;
  }

  add(subscription: Subscription): void {
    this.#subscriptions.add(subscription);
  }

  remove(subscription: Subscription): void {
    this.#subscriptions.delete(subscription);
  }

  /** Is there somebody to be told? */
  get isHeard(): boolean {
    return this.#subscriptions.size > 0 && this.#session.state === 'connected';
  }

  /** Is this the refusal of a frame that stands for itself? */
  covers(error: ProtocolError, { command, headers }: Frame): boolean {
    if (!this.isHeard || error.code === 'internal-error' || error.code === 'store-failed') return false;
    if (command === 'UNSUBSCRIBE') return error.code === 'subscription-not-found';
    return command === 'SUBSCRIBE' || (command === 'SEND' && headers.get(HEADER.transaction) === undefined);
  }

  /** Is this the refusal of a SEND that surely was not stored, by a store that works? */
  coversFailure({ code, certainty }: Failure): boolean {
    return this.isHeard && certainty === 'not-stored' && code !== 'store-failed';
  }

  /** Tells it behind the receipts of earlier frames, or in the place that was kept for the frame's own. */
  tell(error: ProtocolError, receiptId: string | undefined, slot?: ReceiptSlot): void {
    const { receipts, sendLive } = this.#session;
    const frames = this.#frames(error, receiptId);
    if (!slot) {
      for (const frame of frames) receipts.behind(frame, sendLive);
      return;
    }
    slot.send = () => {
      for (const frame of frames) sendLive(frame);
    };
    receipts.done(slot);
  }

  #frames(error: ProtocolError, receiptId: string | undefined): WireFrame[] {
    const { broker, id, version } = this.#session;
    broker.log.info({ event: 'soft-error', session: id, code: error.code, detail: error.detail });
    broker.counters.errors++;
    const headers = [HEADER.message, error.message, HEADER.code, error.code, HEADER.contentType, 'text/plain'];
    if (receiptId !== undefined) headers.push(HEADER.receiptId, receiptId);
    const frame = new MessageFrame({
      id: broker.nextMessageId(),
      destination: SOFT_ERRORS_DESTINATION,
      headers,
      body: Buffer.from(error.detail),
      isText: true,
      timestamp: broker.clock.now(),
      priority: 4,
      expiresAt: 0,
      dueAt: 0,
      group: '',
      lastValue: '',
      origin: '',
    });
    return Array.from(this.#subscriptions, (subscription) => frame.shared(version, subscription.id));
  }
}
