import { FrameParser } from '../protocol/frame-parser.ts';
import { encodeFrame } from '../protocol/frame-writer.ts';
import type { Frame } from '../protocol/frame.ts';
import { HEADER } from '../protocol/header-names.ts';
import type { HeartBeatTerms } from '../protocol/heart-beat.ts';
import type { ProtocolError } from '../protocol/protocol-error.ts';
import type { Version } from '../protocol/version.ts';
import type { WireFrame } from '../protocol/wire-frame.ts';
import type { Timer } from '../lib/timers.ts';
import type { Identity } from './access.ts';
import type { BrokerContext } from './broker-context.ts';
import { CLOSE_REASONS, type CloseReason } from './close-reason.ts';
import { loginTimeout, missedHeartBeat, shuttingDown, slowConsumer } from './errors.ts';
import { HeartBeatMonitor } from './heart-beat-monitor.ts';
import { Inbox } from './inbox.ts';
import type { MessageFrame } from './message-frame.ts';
import type { Peer, PeerListener } from './peer.ts';
import { ReceiptLine, type ReceiptSlot } from './receipt-line.ts';
import { Subscriptions } from './subscriptions.ts';
import type { SoftErrors } from './soft-errors.ts';
import type { Subscription } from './subscription.ts';
import { Submissions } from './submissions.ts';
import { Temporaries } from './temporaries.ts';
import { Transactions } from './transactions.ts';

export type SessionState = 'connecting' | 'connected' | 'closing' | 'closed';

/**
 * The STOMP conversation on one connection.
 *
 * **connecting** — only CONNECT or STOMP is heard, within the login timeout and the tighter frame limits.
 * **connected** — after CONNECTED. Frames are *started* strictly in order. A handler that is done at once lets the next
 * frame start; one that returns a promise (an undecided authorisation, or a frame that waits for earlier groups) holds
 * back those behind it, and nobody else's. Handlers return as soon as their group stands with the engine, so hundreds of
 * SENDs may be in flight; receipts leave in the order of the frames.
 * **closing** — after DISCONNECT was answered, or an ERROR was sent or waits for the receipts before it: nothing more is
 * parsed, what is queued is flushed.
 * **closed** — the socket is gone. What was in flight went back to its place, transactions are aborted, temporaries end.
 *
 * `fail` is the only way to an ERROR frame: ERROR, then close, in every version. What a client may get instead of it is
 * told in `SoftErrors`.
 */
export class Session implements PeerListener {
  readonly id: string;
  readonly peer: Peer;
  readonly broker: BrokerContext;
  readonly receipts = new ReceiptLine();
  readonly subscriptions: Subscriptions;
  readonly transactions: Transactions;
  readonly temporaries: Temporaries;
  readonly submissions: Submissions;
  version: Version = '1.0';
  identity: Identity | undefined;
  /** What other connections of the same client give as well. */
  clientId: string | undefined;
  /** What its messages carry: see `originOf`. */
  origin: string;
  /** Where the client asked for them. */
  softErrors: SoftErrors | undefined;
  #state: SessionState = 'connecting';
  readonly #parser: FrameParser;
  #loginTimer: Timer | undefined;
  #heartBeats: HeartBeatMonitor | undefined;
  readonly inbox = new Inbox(this);
  /** While closing: the ERROR is in the line behind receipts that are still open. */
  #isErrorDue = false;
  /** The socket went while a frame was being handled. */
  #isGone = false;
  #deliveryCount = 0;
  /** Messages in the receipt line. */
  #waitingCopies = 0;
  #closeReason: CloseReason = CLOSE_REASONS.gone;

  constructor(broker: BrokerContext, peer: Peer) {
    this.broker = broker;
    this.peer = peer;
    this.id = broker.nextSessionId();
    this.origin = this.id;
    this.subscriptions = new Subscriptions(this);
    this.transactions = new Transactions(broker.limits);
    this.temporaries = new Temporaries(broker.engine);
    this.submissions = new Submissions(this);
    this.#parser = new FrameParser(broker.limits.framesBeforeLogin);
    const { loginTimeoutMs } = broker.limits;
    this.#loginTimer = broker.timers.after(loginTimeoutMs, () => {
      this.fail(loginTimeout(loginTimeoutMs), undefined, CLOSE_REASONS.loginTimeout);
    });
  }

  get state(): SessionState {
    return this.#state;
  }

  /** Room in the socket for more of a queue? Dispatch stops here long before anyone would be called slow. */
  get takesMore(): boolean {
    return this.#state === 'connected' && this.peer.bufferedBytes < this.broker.limits.dispatchBytes;
  }

  /** As `takesMore`, for live traffic: what this turn queued has not been offered to the socket yet. */
  hasRoom(): boolean {
    if (this.takesMore || this.#state !== 'connected') return this.takesMore;
    this.peer.flush();
    return this.takesMore;
  }

  nextDeliveryNumber(): number {
    return ++this.#deliveryCount;
  }

  // ---- what the transport says -------------------------------------------------------------------------------------

  receive(chunk: Buffer): void {
    if (this.#state === 'closing' || this.#state === 'closed') return;
    const error = this.#parser.push(chunk, this.inbox.take);
    if (error) this.fail(error, undefined, error.code === 'frame-too-large' ? CLOSE_REASONS.frameTooLarge : CLOSE_REASONS.protocolError);
  }

  drained(): void {
    this.subscriptions.goOn();
  }

  disconnected(): void {
    // STOMP 1.2, DISCONNECT: previously received frames should continue to get processed.
    if (this.inbox.isHeld && this.#state === 'connected') this.#isGone = true;
    else this.#end();
  }

  /** No frame waits any more. */
  caughtUp(): void {
    if (this.#isGone) this.#end();
  }

  #end(): void {
    if (this.#state === 'closed') return;
    this.#stopListening();
    this.#state = 'closed';
    this.receipts.clear();
    this.submissions.close();
    this.transactions.abortAll();
    this.subscriptions.closeAll();
    this.temporaries.drop().catch((error: unknown) => {
      this.broker.log.error({ event: 'temporary-drop-failed', session: this.id, error });
    });
    this.broker.forget(this, this.#closeReason);
  }

  // ---- what handlers do to the session -----------------------------------------------------------------------------

  /** The version decides how the very next frame is read, so it is set before the login is decided. */
  negotiated(version: Version): void {
    this.version = version;
    this.#parser.version = version;
  }

  /** Login done: CONNECTED leaves, the limits widen, heart-beats start. */
  connected(identity: Identity, frame: WireFrame, terms: HeartBeatTerms): void {
    this.#assertState('connecting');
    this.#loginTimer?.cancel();
    this.#loginTimer = undefined;
    this.identity = identity;
    this.#state = 'connected';
    this.#parser.limits = this.broker.limits.framesAfterLogin;
    this.sendControl(frame);
    this.#heartBeats = new HeartBeatMonitor({
      peer: this.peer,
      timers: this.broker.timers,
      terms,
      idlePingMs: this.broker.limits.idlePingMs,
      onSilence: (intervalMs) => {
        this.broker.log.info({ event: 'missed-heart-beat', session: this.id, intervalMs });
        this.failReceipt(missedHeartBeat(intervalMs), undefined, CLOSE_REASONS.missedHeartBeat);
      },
    });
    this.#heartBeats.start();
    this.peer.loggedIn();
  }

  /** RECEIPT for a frame whose work is done, in its turn. */
  acknowledge(frame: Frame): void {
    const receiptId = frame.headers.get(HEADER.receipt);
    if (receiptId !== undefined) this.receipts.behind(this.receiptFrame(receiptId), this.sendControl);
  }

  receiptFrame(receiptId: string, ...more: readonly string[]): WireFrame {
    return encodeFrame(this.version, 'RECEIPT', [HEADER.receiptId, receiptId, ...more]);
  }

  /** DISCONNECT: nothing follows it; what was sent before is flushed, then the socket closes. */
  finish(): void {
    this.close(CLOSE_REASONS.disconnect);
  }

  /** A frame was refused before anything of it was done: told softly where its client wants that, else the end. */
  refuse(error: ProtocolError, frame: Frame): void {
    if (this.softErrors?.covers(error, frame)) this.softErrors.tell(error, frame.headers.get(HEADER.receipt));
    else this.fail(error, frame);
  }

  /**
   * ERROR, then close, in answer to what the client sent: in its turn, behind the receipts of what it sent before, or it
   * would send again what is stored. `frame` is the offender, whose receipt is answered by `receipt-id` here.
   */
  fail(error: ProtocolError, frame: Frame | undefined, reason: CloseReason = closeReasonFor(error)): void {
    const receiptId = this.#state === 'connecting' ? undefined : frame?.headers.get(HEADER.receipt);
    if (this.#state !== 'connected' || this.receipts.isEmpty) {
      this.failReceipt(error, receiptId, reason);
      return;
    }
    this.#awaitError();
    this.receipts.behind(this.#errorFrame(error, receiptId, reason), (own) => {
      this.#sendLast(own, reason);
    });
  }

  /** As `fail`, in the place of a receipt that was asked for. */
  failSlot(slot: ReceiptSlot, error: ProtocolError, receiptId: string | undefined): void {
    if (this.#state === 'connected') {
      const reason = closeReasonFor(error);
      this.#awaitError();
      slot.frame = this.#errorFrame(error, receiptId, reason);
      slot.send = (own) => {
        this.#sendLast(own, reason);
      };
    } else {
      slot.frame = undefined;
    }
    this.receipts.done(slot);
  }

  /** As `fail`, but at once: no receipt of this session can be given any more, or none is worth waiting for. */
  failReceipt(error: ProtocolError, receiptId: string | undefined, reason: CloseReason = closeReasonFor(error)): void {
    if (this.#state === 'closed' || (this.#state === 'closing' && !this.#isErrorDue)) return;
    this.receipts.clear();
    this.#sendLast(this.#errorFrame(error, receiptId, reason), reason);
  }

  /** Nothing more is heard; the ERROR leaves when those before it in the line have left. */
  #awaitError(): void {
    this.#stopListening();
    this.#state = 'closing';
    this.#isErrorDue = true;
  }

  #errorFrame(error: ProtocolError, receiptId: string | undefined, reason: CloseReason): WireFrame {
    this.broker.log.info({ event: 'session-error', session: this.id, code: error.code, detail: error.detail, reason: reason.name });
    this.broker.counters.errors++;
    const pairs = [HEADER.message, error.message, HEADER.code, error.code, HEADER.contentType, 'text/plain'];
    if (receiptId !== undefined) pairs.push(HEADER.receiptId, receiptId);
    // STOMP 1.2, Protocol Negotiation; RabbitMQ says its versions on every ERROR.
    pairs.push(HEADER.version, '1.0,1.1,1.2');
    return encodeFrame(this.version, 'ERROR', pairs, Buffer.from(error.detail));
  }

  #sendLast(errorFrame: WireFrame, reason: CloseReason): void {
    this.#isErrorDue = false;
    this.receipts.clear();
    this.sendControl(errorFrame);
    this.#close(reason);
  }

  /** Flushes what is queued, then closes the socket. */
  close(reason: CloseReason): void {
    if (this.#state === 'closing' || this.#state === 'closed') return;
    this.#close(reason);
  }

  #close(reason: CloseReason): void {
    this.#closeReason = reason;
    this.#stopListening();
    this.#state = 'closing';
    this.peer.close(reason);
  }

  /** The node is going down: said by an ERROR, since a client that only sees a close cannot tell why. */
  shutDown(): void {
    this.failReceipt(shuttingDown(), undefined, CLOSE_REASONS.shutdown);
  }

  /** Back-pressure: a socket that is not read cannot show any sign of life. */
  pauseReading(): void {
    this.#heartBeats?.reading(false);
    this.peer.pause();
  }

  resumeReading(): void {
    this.peer.resume();
    this.#heartBeats?.reading(true);
  }

  // ---- frames out --------------------------------------------------------------------------------------------------

  readonly sendControl = (frame: WireFrame): void => {
    this.#heartBeats?.sent();
    this.peer.send(frame);
  };

  /** The value that names a delivery in `ack`: unique beyond this session, so that a stale one can do no harm. */
  ackValue(delivery: { readonly subscription: Subscription; readonly number: number }): string {
    return `${this.id}.${delivery.subscription.number.toString(36)}.${delivery.number.toString(36)}`;
  }

  /** A queue's message, on its way to this client; its own message waits for its own RECEIPT. */
  deliver(frame: WireFrame, origin: string, taken: (() => void) | undefined): void {
    this.#heartBeats?.sent();
    this.broker.counters.messagesOut++;
    if (this.#mustWait(origin)) {
      this.#waitBehind(frame, (own) => {
        this.peer.send(own, taken);
      });
    } else {
      this.peer.send(frame, taken);
    }
  }

  /** A topic's message for a subscription that acks nothing. The hot path: no allocation, no promise. */
  offerLive(subscription: Subscription, message: MessageFrame, origin: string): void {
    this.offerOwnFrame(message.shared(this.version, subscription.id), origin);
  }

  /** A topic's message as it goes to this client; the copy of its own sender waits for the RECEIPT. */
  offerOwnFrame(frame: WireFrame, origin: string): void {
    if (this.#mustWait(origin)) this.#waitBehind(frame, this.sendLive);
    else this.sendLive(frame);
  }

  /** An own copy waits for its RECEIPT, and whatever comes after it waits for that copy: nothing overtakes. */
  #mustWait(origin: string): boolean {
    return this.#waitingCopies > 0 || (origin === this.origin && !this.receipts.isEmpty);
  }

  #waitBehind(frame: WireFrame, send: (frame: WireFrame) => void): void {
    this.#waitingCopies++;
    this.receipts.behind(frame, (own) => {
      this.#waitingCopies--;
      send(own);
    });
  }

  readonly sendLive = (frame: WireFrame): void => {
    if (this.#state !== 'connected') return;
    const { peer } = this;
    const { maxLiveBytes } = this.broker.limits;
    if (peer.bufferedLiveBytes > 0 && peer.bufferedLiveBytes + frame.length > maxLiveBytes) {
      // What this turn queued has not been offered to the socket yet: that is no sign of a slow reader.
      peer.flush();
      if (peer.bufferedLiveBytes > 0 && peer.bufferedLiveBytes + frame.length > maxLiveBytes) {
        this.failSlow(`more than ${maxLiveBytes} octets of topic messages waited for this connection`);
        return;
      }
    }
    this.#heartBeats?.sent();
    this.broker.counters.messagesOut++;
    peer.sendLive(frame);
  };

  failSlow(why: string): void {
    this.broker.log.warn({ event: 'slow-consumer', session: this.id, bufferedBytes: this.peer.bufferedBytes, why });
    this.broker.counters.slowConsumers++;
    if (this.#state === 'connected') this.broker.advisories?.slowConsumer(this, why);
    this.failReceipt(slowConsumer(why), undefined, CLOSE_REASONS.slowConsumer);
  }

  // ---- states ------------------------------------------------------------------------------------------------------

  #stopListening(): void {
    this.#parser.stop();
    this.inbox.clear();
    this.#loginTimer?.cancel();
    this.#heartBeats?.stop();
  }

  #assertState(expected: SessionState): void {
    if (this.#state !== expected) throw new Error(`Expected session ${this.id} to be ${expected}, it is ${this.#state}`);
  }
}

/** Most refusals may be tried again on a new connection; those of the protocol itself and of rights may not. */
function closeReasonFor(error: ProtocolError): CloseReason {
  if (error.message === 'Access refused') return CLOSE_REASONS.accessRefused;
  if (error.message === 'Bad command' || error.message === 'Bad CONNECT' || error.code === 'version-mismatch') return CLOSE_REASONS.protocolError;
  if (error.code === 'store-failed') return CLOSE_REASONS.storeFailed;
  if (error.code === 'store-unreachable') return CLOSE_REASONS.storeUnreachable;
  return CLOSE_REASONS.requestFailed;
}
