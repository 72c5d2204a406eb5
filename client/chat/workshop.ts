import type { IMessage } from '@stomp/stompjs';
import { decodeWork, encodeWork, suggestTitle, WORK_QUEUE, type Work } from './job.ts';
import type { Kept, Link } from './link.ts';
import type { Store } from './store.ts';
import { waitingWork, type Job, type WorkEvent, type WorkState } from './work.ts';

/** How long the page pretends to work on a job by itself. */
const WORK_MS = 1_500;
/** Credit small enough to see that two windows share the work. */
const PREFETCH = '3';

/** Sends work to the queue and takes work from it: the link on one side, the pane's state on the other. */
export class Workshop {
  readonly #link: Link;
  readonly #store: Store<WorkState, WorkEvent>;
  readonly #createId: () => string;
  readonly #messages = new Map<string, IMessage>();
  #kept: Kept | undefined;
  #workTimer: ReturnType<typeof setTimeout> | undefined;
  #deliveryCount = 0;

  constructor(link: Link, store: Store<WorkState, WorkEvent>, createId: () => string) {
    this.#link = link;
    this.#store = store;
    this.#createId = createId;
  }

  /** An empty title gets a made-up one. */
  post(title: string): void {
    const count = this.#store.state.sentCount;
    const work: Work = { id: this.#createId(), title: title === '' ? suggestTitle(count) : title, sentAt: Date.now() };
    this.#store.dispatch({ kind: 'sending', work });
    void this.#send(work);
  }

  /** Sends work again whose receipt never came, or that was refused. It may then be in the queue twice. */
  postAgain(id: string): void {
    const work = this.#store.state.sent.find((known) => known.id === id);
    if (work) void this.#send(work);
  }

  switchOn(): void {
    if (this.#kept) return;
    this.#store.dispatch({ kind: 'worker', worker: 'starting' });
    this.#kept = this.#link.subscribe(WORK_QUEUE, { ack: 'client-individual', 'prefetch-count': PREFETCH }, {
      onMessage: (message) => this.#arrived(message),
      onInForce: () => this.#store.dispatch({ kind: 'worker', worker: 'on' }),
      onRefused: (reason) => {
        this.#kept = undefined;
        this.#empty();
        this.#store.dispatch({ kind: 'worker', worker: 'refused', reason });
      },
    });
  }

  switchOff(): void {
    const kept = this.#kept;
    this.#kept = undefined;
    this.#empty();
    this.#store.dispatch({ kind: 'worker', worker: 'off' });
    // It settles whatever happens, and nothing here depends on when.
    void kept?.close();
  }

  setManner(worksAlone: boolean): void {
    this.#store.dispatch({ kind: 'manner', worksAlone });
    clearTimeout(this.#workTimer);
    this.#workTimer = undefined;
    this.#workOn();
  }

  /** `ack`: done, the queue forgets it. `nack`: back to its place in the queue. */
  async settle(key: string, verdict: 'ack' | 'nack'): Promise<void> {
    const message = this.#messages.get(key);
    if (message === undefined) return this.#workOn();
    this.#messages.delete(key);
    this.#store.dispatch({ kind: 'settling', key });
    const outcome = await this.#link.settle(message, verdict);
    if (outcome.kind === 'done') this.#store.dispatch({ kind: verdict === 'ack' ? 'finished' : 'returned', key });
    else if (outcome.kind === 'refused') {
      this.#messages.set(key, message);
      this.#store.dispatch({ kind: 'unsettled', key, reason: outcome.reason });
    }
    // Otherwise the connection is gone, and all that was in hand with it.
    this.#workOn();
  }

  connected(): void {
    for (const work of waitingWork(this.#store.state)) void this.#send(work);
  }

  lost(): void {
    this.#empty();
    if (this.#kept) this.#store.dispatch({ kind: 'worker', worker: 'parted' });
  }

  async #send(work: Work): Promise<void> {
    const { id, title, sentAt } = work;
    if (!this.#link.isConnected) return this.#store.dispatch({ kind: 'moved', id, delivery: 'waiting' });
    this.#store.dispatch({ kind: 'moved', id, delivery: 'sending' });
    const outcome = await this.#link.send(WORK_QUEUE, encodeWork({ id, title, sentAt }));
    if (outcome.kind === 'done') this.#store.dispatch({ kind: 'moved', id, delivery: 'stored' });
    else if (outcome.kind === 'unsent') this.#store.dispatch({ kind: 'moved', id, delivery: 'waiting' });
    else if (outcome.kind === 'lost') this.#store.dispatch({ kind: 'moved', id, delivery: 'unconfirmed' });
    else this.#store.dispatch({ kind: 'moved', id, delivery: 'failed', reason: outcome.reason });
  }

  #arrived(message: IMessage): void {
    const { headers } = message;
    const arrivedAt = Date.now();
    const timestamp = Number(headers['timestamp']);
    const key = `delivery-${++this.#deliveryCount}`;
    const work = decodeWork(message.body, { id: headers['message-id'] ?? key, at: timestamp > 0 ? timestamp : arrivedAt });
    const attempt = Math.max(1, Number(headers['JMSXDeliveryCount'] ?? 1) || 1);
    const job: Job = { ...work, key, arrivedAt, attempt, isRedelivered: headers['redelivered'] === 'true', isSettling: false };
    this.#messages.set(key, message);
    this.#store.dispatch({ kind: 'arrived', job });
    this.#workOn();
  }

  /** Takes the oldest job in hand, if nobody presses the buttons and none is being worked on. */
  #workOn(): void {
    const { worksAlone, inHand } = this.#store.state;
    const job = inHand.find((known) => !known.isSettling);
    if (!worksAlone || job === undefined || this.#workTimer !== undefined) return;
    this.#workTimer = setTimeout(() => {
      this.#workTimer = undefined;
      void this.settle(job.key, 'ack');
    }, WORK_MS);
  }

  #empty(): void {
    this.#messages.clear();
    clearTimeout(this.#workTimer);
    this.#workTimer = undefined;
  }
}
