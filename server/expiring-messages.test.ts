import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Message } from './broker/message.ts';
import type { Group, Outcome } from './broker/engine.ts';
import { MemoryEngine } from './engines/memory/memory-engine.ts';
import { scene, type Scene } from './testing/session-scene.ts';

const mortal = (destination: string, body: string, headers: string) => `SEND\ndestination:${destination}\n${headers}\n\n${body}`;

/** What lies in a queue, once that is `count` messages. */
async function content({ engine, rest }: Scene, queue: string, count: number): Promise<Message[]> {
  const deadline = Date.now() + 10_000;
  for (;;) {
    await rest();
    const messages = await engine.browse(queue, 0, 100);
    if (messages.length === count) return messages;
    assert.ok(Date.now() < deadline, `expected ${count} messages in ${queue}, got ${messages.length}`);
  }
}

async function untilGone({ engine, rest }: Scene): Promise<void> {
  const deadline = Date.now() + 10_000;
  while ((await engine.queues()).length > 0) {
    assert.ok(Date.now() < deadline, `expected no queues, got ${JSON.stringify(await engine.queues())}`);
    await rest();
  }
}

const headersOf = ({ headers }: Message): Record<string, string> =>
  Object.fromEntries(headers.flatMap((name, i) => (i % 2 === 0 ? [[name, headers[i + 1] ?? '']] : [])));

describe('a message that expires', () => {
  test('is dropped, without a trace', async (context) => {
    const made = await scene(context);
    made.client().say(mortal('/queue/work', 'x', 'expires:1'), mortal('/queue/work', 'y', 'expiration:50'));
    await untilGone(made);
  });

  test('is a dead letter where the policy says so, that lives for ever and says why', async (context) => {
    const made = await scene(context, new MemoryEngine(), { policies: [{ destination: '/queue/work', onExpiry: 'dead-letter', deadLetter: 'graveyard' }] });
    made.client().say(mortal('/queue/work', 'x', 'expires:1000\npriority:7'));
    const [letter] = await content(made, 'graveyard', 1);
    assert.deepEqual([letter!.body.toString(), letter!.expiresAt, letter!.dueAt, letter!.priority], ['x', 0, 0, 7]);
    const headers = headersOf(letter!);
    assert.deepEqual([headers['x-first-death-reason'], headers['x-last-death-reason'], headers['x-first-death-queue']], ['expired', 'expired', 'work']);
    assert.deepEqual([headers['_AMQ_ACTUAL_EXPIRY'], headers['original-destination'], headers['dlqDeliveryFailureCause']], ['1000', '/queue/work', 'expired at 1970-01-01T00:00:01.000Z']);
    assert.deepEqual((await made.engine.queues()).map(({ name }) => name), ['graveyard']);
  });

  test('is dropped where dead letters go, whatever the policy says', async (context) => {
    const made = await scene(context, new MemoryEngine(), { policies: [{ destination: '/queue/#', onExpiry: 'dead-letter' }] });
    made.client().say(mortal('/queue/DLQ.work', 'x', 'expires:1'));
    await untilGone(made);
  });

  test('lives no longer than the policy of its queue lets it, and less if its sender says so', async (context) => {
    const made = await scene(context, new MemoryEngine(), { policies: [{ destination: '/queue/work', ttlMs: 60_000 }] });
    made.client().say(mortal('/queue/work', 'a', 'x:1'), mortal('/queue/work', 'b', 'expiration:1000000'), mortal('/queue/work', 'c', 'expiration:5000'), mortal('/queue/other', 'd', 'x:1'));
    const messages = [...(await content(made, 'work', 3)), ...(await content(made, 'other', 1))];
    assert.deepEqual(messages.map(({ expiresAt, timestamp }) => (expiresAt === 0 ? 0 : expiresAt - timestamp)), [60_000, 60_000, 5_000, 0]);
  });

  test('is buried later when it cannot be at once, and does not hold up others', async (context) => {
    const engine = new RefusingEngine();
    const made = await scene(context, engine, { policies: [{ destination: '/queue/full', onExpiry: 'dead-letter' }] });
    made.client().say(mortal('/queue/full', 'x', 'expires:1'), mortal('/queue/work', 'y', 'expires:1'));
    await content(made, 'DLQ.full', 1);
    assert.equal(engine.refusals, 1);
    assert.deepEqual((await engine.queues()).map(({ name }) => name), ['DLQ.full']);
  });
});

/** Refuses to move anything, once. */
class RefusingEngine extends MemoryEngine {
  refusals = 0;

  override async apply(group: Group): Promise<Outcome> {
    if (this.refusals > 0 || !group.operations.some(({ kind }) => kind === 'move')) return super.apply(group);
    this.refusals++;
    return { ok: false, failure: { code: 'memory-limit', certainty: 'not-stored', detail: 'full' } };
  }
}
