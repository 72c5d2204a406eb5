import assert from 'node:assert/strict';
import { eventually } from '../harness/eventually.ts';
import { startLinkedNodes, type LinkedNodes } from '../harness/linked-nodes.ts';
import { connectRawClient, type RawClient } from '../harness/raw-client.ts';
import { afterwards, receiptedMore, startTraffic } from './link-blips.ts';
import { TopicLedger } from './topic-ledger.ts';

/** What becomes of Redis: it is killed and comes back without or with its data, or is emptied while it runs. */
export type StoreTrouble = 'restart-empty' | 'restart-aof' | 'flush';

export interface StoreLossOptions {
  readonly trouble: StoreTrouble;
  readonly times: number;
}

/** Each node says so in its log when it meets it. */
const EXPECTED_FAULTS = new Set<unknown>(['store-forgot']);

/**
 * Redis loses what it knew of topics, under traffic: each subscription is told of one gap, hears again what is sent from
 * then on without doing anything, and temporary queues of old work as before.
 */
export async function storeLoss({ trouble, times }: StoreLossOptions) {
  const cluster = await startLinkedNodes({
    count: 3,
    env: { STOMPEDE_REDIS_BEAT_MS: '200' },
    redis: trouble === 'restart-aof' ? { appendFsync: 'everysec' } : {},
    allowFault: ({ event }) => EXPECTED_FAULTS.has(event),
  });
  const clients: RawClient[] = [];
  try {
    const ledger = new TopicLedger();
    const { sending, listeners } = await startTraffic(cluster.nodes, ledger, { mayBeRefused: true });
    const asker = await Asker.open(cluster, clients);
    await asker.asks();
    let slowestMs = 0;
    for (let time = 0; time < times; time++) {
      await receiptedMore(ledger, sending, listeners);
      const at = performance.now();
      if (trouble === 'flush') await cluster.redis.command('FLUSHALL');
      else await cluster.redis.restart();
      await receiptedMore(ledger, sending, listeners);
      await asker.asks();
      slowestMs = Math.max(slowestMs, performance.now() - at);
    }
    await Promise.all(sending.map((publisher) => publisher.finish()));
    await afterwards(cluster.nodes, ledger, listeners);
    for (const client of clients) client.finish();
    for (const listener of listeners) listener.close();
    await cluster.close();
    const figures = ledger.figures();
    assert.equal(figures.gaps, listeners.length * 2.5 * times, 'each subscription is told once of each gap');
    return { trouble, times, slowestMs: Math.round(slowestMs), refusals: sending.reduce((sum, { refusals }) => sum + refusals, 0), ...figures };
  } finally {
    await cluster.abandon();
  }
}

/** Asks a service on another node, whose answers come to temporary queues of both conventions. */
class Asker {
  readonly #asker: RawClient;
  readonly #service: RawClient;
  #asked = 0;

  private constructor(asker: RawClient, service: RawClient) {
    this.#asker = asker;
    this.#service = service;
  }

  static async open({ nodes }: LinkedNodes, clients: RawClient[]): Promise<Asker> {
    const asker = await connectRawClient(nodes[0]!.broker, { transport: 'tcp' });
    const service = await connectRawClient(nodes[1]!.broker, { transport: 'tcp' });
    clients.push(asker, service);
    await service.request('SUBSCRIBE', { id: 's', destination: '/queue/service' });
    await asker.request('SUBSCRIBE', { id: 'explicit', destination: '/temp-queue/explicit' });
    return new Asker(asker, service);
  }

  /** Asks until an answer comes, by either convention; a question or its answer may be lost with the store. */
  async asks(): Promise<void> {
    for (const replyTo of ['/temp-queue/explicit', '/temp-queue/implicit']) await eventually(() => this.#ask(replyTo), 30_000);
  }

  async #ask(replyTo: string): Promise<void> {
    const text = `question ${++this.#asked}`;
    this.#asker.frame('SEND', { destination: '/queue/service', 'reply-to': replyTo }, text);
    await eventually(async () => {
      while (this.#service.unread.length > 0) {
        const question = await this.#service.expectFrame('MESSAGE');
        this.#service.frame('SEND', { destination: question.headers['reply-to'] ?? '' }, `answer to ${question.text}`);
      }
      const answers = this.#asker.unread.map((frame) => `${frame.command} ${frame.text}`);
      assert.ok(answers.includes(`MESSAGE answer to ${text}`), `no answer to ${text} came to ${replyTo}, but ${answers.join(', ')}`);
    }, 2_000);
  }
}
