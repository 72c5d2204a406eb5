import { HEADER } from '../protocol/header-names.ts';
import { MessageFrame } from './message-frame.ts';
import { messageBytes, type Message } from './message.ts';
import type { Subscription } from './subscription.ts';

/** Messages looked at a page; the octets of one are bounded by `dispatchBytes`, so that small ones come by the hundreds. */
const PAGE_MESSAGES = 1_000;

/** Between a page that could not be read and the next try, in ms: at first, and after many. */
const MIN_READ_PAUSE_MS = 100;
const MAX_READ_PAUSE_MS = 2_000;

/**
 * One walk through a queue, from its head, for a subscription that only looks: it gets copies of what is at rest, claims
 * nothing and settles nothing, so nobody else notices.
 *
 *     reading --page--> showing --all shown--> reading … --empty page--> over
 *
 * **reading** — one page is under way; what cannot be read now is tried again after a while.
 * **showing** — the page goes to the client as far as its socket has room and its credit goes: a copy takes credit until
 * the operating system took its octets. `pump` goes on.
 * **over** — the end marker went out, as ActiveMQ sends it. The subscription stays without another message.
 *
 * Places are counted from the head, so what is taken from the queue or comes back to it meanwhile may be missed or be
 * shown twice. On a queue that is being filled the walk is over when it has caught up.
 */
export class QueueBrowser {
  readonly #subscription: Subscription;
  readonly #queue: string;
  #state: 'reading' | 'showing' | 'over' = 'showing';
  #page: readonly Message[] = [];
  /** Messages of this page, and of all pages before it, that were looked at. */
  #place = 0;
  #placesBefore = 0;
  #isPumpSoon = false;
  /** Pages that could not be read, one after the other. */
  #failedReads = 0;

  constructor(subscription: Subscription, queue: string) {
    this.#subscription = subscription;
    this.#queue = queue;
  }

  /** Pumps once this turn's octets were taken: a hundred of them go on once. */
  pumpSoon(): void {
    if (this.#isPumpSoon || this.#state !== 'showing') return;
    this.#isPumpSoon = true;
    queueMicrotask(() => {
      this.#isPumpSoon = false;
      this.pump();
    });
  }

  pump(): void {
    const selector = this.#subscription.filter?.selector;
    while (this.#state === 'showing' && this.#subscription.isReady) {
      const message = this.#page[this.#place];
      if (!message) {
        this.#read();
        return;
      }
      this.#place++;
      if (!selector || selector.matches(message)) this.#show(message);
    }
  }

  #show(message: Message): void {
    const subscription = this.#subscription;
    const { session } = subscription;
    const bytes = messageBytes(message);
    subscription.takeCredit(1, bytes);
    session.deliver(new MessageFrame(message).shared(session.version, subscription.id), message.origin, () => {
      subscription.restoreCredit(1, bytes);
    });
  }

  #read(): void {
    const { engine, limits } = this.#subscription.session.broker;
    this.#state = 'reading';
    this.#placesBefore += this.#page.length;
    this.#page = [];
    this.#place = 0;
    engine.browse(this.#queue, this.#placesBefore, PAGE_MESSAGES, limits.dispatchBytes).then(
      (page) => {
        // A store in memory answers within this turn: pages that a selector passes over must not keep others waiting.
        setImmediate(() => {
          this.#haveRead(page);
        });
      },
      (error: unknown) => {
        this.#readFailed(error);
      },
    );
  }

  #haveRead(page: readonly Message[]): void {
    this.#failedReads = 0;
    if (page.length === 0) {
      this.#end();
      return;
    }
    this.#state = 'showing';
    this.#page = page;
    this.pump();
  }

  #readFailed(error: unknown): void {
    const { session } = this.#subscription;
    const { log, timers } = session.broker;
    if (this.#failedReads === 0) log.error({ event: 'browse-failed', session: session.id, queue: this.#queue, error });
    const ms = Math.min(MAX_READ_PAUSE_MS, MIN_READ_PAUSE_MS * 2 ** this.#failedReads++);
    timers.after(ms, () => {
      this.#state = 'showing';
      this.pump();
    });
  }

  #end(): void {
    this.#state = 'over';
    const subscription = this.#subscription;
    if (!subscription.isOpen) return;
    const { session } = subscription;
    const marker = endMarker(subscription.destinationText, session.broker.clock.now());
    session.deliver(new MessageFrame(marker).shared(session.version, subscription.id), marker.origin, undefined);
  }
}

/** What ActiveMQ's clients wait for. */
const endMarker = (destination: string, timestamp: number): Message => ({
  id: '0',
  destination,
  headers: [HEADER.browser, 'end'],
  body: Buffer.alloc(0),
  isText: true,
  timestamp,
  priority: 4,
  expiresAt: 0,
  dueAt: 0,
  group: '',
  lastValue: '',
  origin: '',
});
