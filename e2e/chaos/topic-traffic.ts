import assert from 'node:assert/strict';
import type { BrokerProcess } from '../harness/broker-process.ts';
import { connectRawClient, type RawClient } from '../harness/raw-client.ts';
import type { ServerFrame } from '../harness/server-frame.ts';
import type { Account, Reader, TopicLedger } from './topic-ledger.ts';

const PREFIX = '/topic/';

export interface PublisherOptions {
  readonly name: string;
  readonly topicOf: (number: number) => string;
  /** SENDs in flight. */
  readonly window: number;
  /** It stops by itself after so many; without it by `finish`. */
  readonly count?: number;
  /** After each receipt, ms. */
  readonly pauseMs?: number;
  readonly bodyBytes?: number;
  /** An ERROR is no fault: it connects again, as another connection for the ledger. Without it an ERROR ends the run. */
  readonly mayBeRefused?: boolean;
}

/** Keeps a window of SENDs to topics in flight, each with a receipt. */
export class TopicPublisher {
  readonly done: Promise<void>;
  readonly #broker: BrokerProcess;
  readonly #ledger: TopicLedger;
  readonly #options: PublisherOptions;
  #isFinishing = false;
  #lives = 0;
  #sent = 0;

  constructor(broker: BrokerProcess, ledger: TopicLedger, options: PublisherOptions) {
    this.#broker = broker;
    this.#ledger = ledger;
    this.#options = options;
    this.done = this.#run();
    this.done.catch(() => {}); // thrown again to whoever waits for it
  }

  /** Connections that were refused. */
  get refusals(): number {
    return this.#lives - 1;
  }

  /** Lets what is under way end; throws what went wrong. */
  finish(): Promise<void> {
    this.#isFinishing = true;
    return this.done;
  }

  async #run(): Promise<void> {
    do {
      this.#lives++;
      const client = await connectRawClient(this.#broker, { transport: 'tcp' });
      const account = this.#ledger.publisher(`${this.#options.name}.${this.#lives}`, this.#options.topicOf);
      try {
        if (await this.#live(client, account)) return;
      } finally {
        client.finish();
      }
    } while (this.#options.mayBeRefused);
  }

  /** False if it was refused. */
  async #live(client: RawClient, account: Account): Promise<boolean> {
    const { window, pauseMs = 0, mayBeRefused, bodyBytes = 100 } = this.#options;
    const padding = 'x'.repeat(bodyBytes);
    for (;;) {
      while (account.sent - account.receipted < window && !this.#isLast) {
        const number = account.next();
        this.#sent++;
        client.frame('SEND', { destination: PREFIX + account.topicOf(number), receipt: String(number) }, `${account.name} ${number} ${padding}`);
      }
      if (account.sent === account.receipted) return true;
      const frame = await client.nextFrame();
      if (frame.command === 'ERROR' && mayBeRefused) return false;
      assert.equal(frame.command, 'RECEIPT', `${account.name}: ${frame.command} ${frame.headers['message'] ?? ''} ${frame.text}`);
      account.receipt(Number(frame.headers['receipt-id']));
      if (pauseMs > 0) await new Promise((resume) => setTimeout(resume, pauseMs));
    }
  }

  get #isLast(): boolean {
    return this.#isFinishing || this.#sent === this.#options.count;
  }
}

/** One connection that listens to several destinations, each a reader of the ledger. */
export class TopicListener {
  readonly name: string;
  readonly #client: RawClient;
  readonly #ledger: TopicLedger;
  readonly #readers = new Map<string, Reader>();
  #failure: Error | undefined;
  #isClosed = false;

  private constructor(name: string, client: RawClient, ledger: TopicLedger) {
    this.name = name;
    this.#client = client;
    this.#ledger = ledger;
  }

  /** Resolves when all are subscribed; from then on it reads until `close`. */
  static async open(broker: BrokerProcess, ledger: TopicLedger, name: string, patterns: readonly string[]): Promise<TopicListener> {
    const client = await connectRawClient(broker, { transport: 'tcp' });
    const listener = new TopicListener(name, client, ledger);
    for (const [id, pattern] of patterns.entries()) await listener.#subscribe(String(id), pattern);
    void listener.#read();
    return listener;
  }

  /** Throws what was wrong with what came. */
  check(): void {
    if (this.#failure) throw this.#failure;
  }

  close(): void {
    this.#isClosed = true;
    this.#client.destroy();
    this.check();
  }

  async #subscribe(id: string, pattern: string): Promise<void> {
    const receipt = `subscribed ${id}`;
    this.#client.frame('SUBSCRIBE', { id, destination: PREFIX + pattern, receipt });
    // Those of the other subscriptions come in between.
    for (;;) {
      const frame = await this.#client.nextFrame();
      if (frame.command === 'MESSAGE') this.#deliver(frame);
      else {
        assert.equal(frame.headers['receipt-id'], receipt, `${this.name}: ${frame.command} ${frame.headers['message'] ?? ''}`);
        this.#readers.set(id, this.#ledger.reader(`${this.name} to ${pattern}`, pattern));
        return;
      }
    }
  }

  async #read(): Promise<void> {
    try {
      for (;;) {
        const frame = await this.#client.nextFrame();
        assert.equal(frame.command, 'MESSAGE', `${this.name}: ${frame.command} ${frame.headers['message'] ?? ''} ${frame.text}`);
        this.#deliver(frame);
      }
    } catch (error) {
      if (!this.#isClosed) this.#failure = error as Error;
    }
  }

  #deliver(frame: ServerFrame): void {
    const reader = this.#readers.get(frame.headers['subscription'] ?? '');
    assert.ok(reader, `${this.name}: a MESSAGE for ${frame.headers['subscription']} before its RECEIPT`);
    deliverTo(reader, frame);
  }
}

/** Books a MESSAGE of a `TopicPublisher`. */
export function deliverTo(reader: Reader, frame: ServerFrame): void {
  const [publisher = '', number] = frame.text.split(' ', 2);
  const destination = frame.headers['destination'] ?? '';
  reader.deliver(publisher, Number(number), destination.slice(PREFIX.length), frame.headers['x-gap'] !== undefined);
}
