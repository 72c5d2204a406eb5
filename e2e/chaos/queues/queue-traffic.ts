import { setTimeout as pause } from 'node:timers/promises';
import type { ServerFrame } from '../../harness/server-frame.ts';
import type { ClusterNode } from './broker-cluster.ts';
import { ChaosClient } from './chaos-client.ts';
import type { QueueLedger } from './queue-ledger.ts';

/** Counts ERROR frames by their code. */
export class Refusals {
  readonly counts: Record<string, number> = {};

  add(who: string, frame: ServerFrame): void {
    const key = `${who} ${frame.headers['code'] ?? 'without a code'}`;
    this.counts[key] = (this.counts[key] ?? 0) + 1;
  }
}

export interface Traffic {
  readonly nodes: readonly ClusterNode[];
  readonly queue: string;
  readonly ledger: QueueLedger;
  readonly refusals: Refusals;
  readonly random: () => number;
}

export interface PublisherOptions {
  readonly name: string;
  /** Index of the node it begins at; whenever a connection ends, the next one is to any node. */
  readonly home: number;
  /** SENDs with receipts that go out together. */
  readonly window: number;
  /** Between the last receipt and the next SENDs. */
  readonly pauseMs: number;
  readonly bodyBytes: number;
}

/** Sends numbered messages, each with a receipt. A number is never sent twice: without a receipt its fate is unknown. */
export class Publisher {
  readonly #traffic: Traffic;
  readonly #options: PublisherOptions;
  readonly #done: Promise<void>;
  #isFinishing = false;
  #last = 0;

  constructor(traffic: Traffic, options: PublisherOptions) {
    this.#traffic = traffic;
    this.#options = options;
    this.#done = this.#run();
    this.#done.catch(() => undefined); // thrown again to whoever finishes it
  }

  /** Resolves when what is on its way is answered. */
  finish(): Promise<void> {
    this.#isFinishing = true;
    return this.#done;
  }

  async #run(): Promise<void> {
    const { ledger, refusals, queue } = this.#traffic;
    const { name, home, window, pauseMs, bodyBytes } = this.#options;
    const padding = ' '.padEnd(bodyBytes, 'x');
    for (let connection = 1; !this.#isFinishing; connection++) {
      let open = 0;
      let answered: () => void = () => {};
      const client = await connectSomewhere(this.#traffic, connection === 1 ? home : undefined, (frame) => {
        if (frame.command === 'RECEIPT') {
          ledger.receipted(frame.headers['receipt-id'] ?? '');
          if (--open === 0) answered();
        } else if (frame.command === 'ERROR') {
          refusals.add('SEND', frame);
        }
      });
      while (!this.#isFinishing && !client.hasEnded) {
        const all = new Promise<void>((resolve) => (answered = resolve));
        open = window;
        for (let i = 0; i < window; i++) {
          const receipt = ledger.sent(name, connection, ++this.#last);
          client.send('SEND', { destination: queue, receipt }, receipt + padding);
        }
        await Promise.race([all, client.ended]);
        if (!client.hasEnded) await pause(pauseMs);
      }
      client.destroy();
    }
  }
}

export interface ConsumerOptions {
  readonly name: string;
  /** Index of the node it begins at. */
  readonly home: number;
  readonly prefetch: number;
  /** Longest time from a MESSAGE to its ACK. */
  readonly workMs: number;
  /** Whenever a connection ends the next one is to the same node again; default false, to any node. */
  readonly isFaithful?: boolean;
}

/** Acks what it gets one by one, after a while, each with a receipt. */
export class Consumer {
  readonly #traffic: Traffic;
  readonly #options: ConsumerOptions;
  readonly #done: Promise<void>;
  #isCut = false;
  #client: ChaosClient | undefined;
  /** When the last message came, ms of `performance.now()`. */
  lastAt = 0;

  constructor(traffic: Traffic, options: ConsumerOptions) {
    this.#traffic = traffic;
    this.#options = options;
    this.#done = this.#run();
    this.#done.catch(() => undefined); // thrown again to whoever cuts it
  }

  /** Index of the node it began at. */
  get home(): number {
    return this.#options.home;
  }

  cut(): Promise<void> {
    this.#isCut = true;
    this.#client?.destroy();
    return this.#done;
  }

  async #run(): Promise<void> {
    const { refusals, queue, ledger } = this.#traffic;
    const { name, home, prefetch, isFaithful } = this.#options;
    for (let connection = 1; !this.#isCut; connection++) {
      const acked = new Map<string, string>();
      const wanted = isFaithful || connection === 1 ? home : undefined;
      const client = await connectSomewhere(this.#traffic, wanted, (frame) => {
        if (frame.command === 'MESSAGE') {
          this.#deliver(`${name}#${connection}`, client, frame, acked);
        } else if (frame.command === 'RECEIPT') {
          ledger.ackReceipted(acked.get(frame.headers['receipt-id'] ?? '') ?? '');
        } else {
          refusals.add('ACK', frame);
        }
      });
      this.#client = client;
      if (this.#isCut) client.destroy();
      client.send('SUBSCRIBE', { id: 'chaos', destination: queue, ack: 'client-individual', 'prefetch-count': String(prefetch) });
      await client.ended;
    }
  }

  #deliver(consumer: string, client: ChaosClient, frame: ServerFrame, acked: Map<string, string>): void {
    const name = frame.text.slice(0, frame.text.indexOf(' '));
    this.lastAt = frame.arrivedAt;
    this.#traffic.ledger.delivered(consumer, name, frame.headers['redelivered'] === 'true');
    const ack = frame.headers['ack'] ?? '';
    acked.set(ack, name);
    const settle = (): void => client.send('ACK', { id: ack, receipt: ack });
    const { workMs } = this.#options;
    if (workMs === 0) settle();
    else setTimeout(settle, this.#traffic.random() * workMs);
  }
}

/** For so long somebody must take a connection. */
const PATIENCE_MS = 60_000;

async function connectSomewhere({ nodes, random }: Traffic, home: number | undefined, onFrame: (frame: ServerFrame) => void): Promise<ChaosClient> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const { broker } = nodes[home ?? Math.floor(random() * nodes.length)]!;
    try {
      return await ChaosClient.connect(broker, onFrame);
    } catch (error) {
      if (performance.now() > deadline) throw error;
    }
    await pause(20);
  }
}
