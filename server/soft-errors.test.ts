import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import type { Engine, Group, Outcome } from './broker/engine.ts';
import { DEFAULT_BROKER_LIMITS } from './broker/limits.ts';
import { MemoryEngine } from './engines/memory/memory-engine.ts';
import { HeldEngine, scene, send, subscribe, type Client } from './testing/session-scene.ts';

const ERRORS = '/user/queue/errors';

/** A scene with one session that wants soft errors, and may not use `/queue/secret`. */
async function softScene(context: TestContext, engine?: Engine, connectHeaders = 'x-soft-errors:true\n') {
  const authorizer = { authorize: (_: unknown, __: unknown, destination: string) => destination !== '/queue/secret' };
  const stage = await scene(context, engine, { authorizer });
  const client = (headers = connectHeaders): Client => {
    const made = stage.client();
    made.said.length = 0;
    made.listener = stage.broker.accept(made);
    made.say(`CONNECT\naccept-version:1.2\n${headers}\n`);
    return made;
  };
  return { ...stage, client };
}

/** What came after CONNECTED: RECEIPTs and refusals by `receipt-id`, other frames by their command. */
function answers(client: Client): string[] {
  return client.said.slice(1).map((frame) => {
    const id = /\nreceipt-id:(.*)\n/.exec(frame)?.[1];
    const command = frame.split('\n')[0] ?? '';
    return id === undefined ? command : `${command} ${id}`;
  });
}

const codes = (client: Client): (string | undefined)[] => client.said.map((frame) => /\ncode:(.*)\n/.exec(frame)?.[1]).filter(Boolean);

describe('soft errors', () => {
  test('tell of refused SENDs and SUBSCRIBEs in the place of their RECEIPTs, and the session goes on', async (context) => {
    const { client, rest } = await softScene(context);
    const one = client();
    one.say(subscribe('e', ERRORS, 'auto').replace('\n\n', '\nreceipt:0\n\n'));
    one.say(
      send('/queue/secret', 'x', 'receipt:1\n'),
      send('/nowhere/x', 'x', 'receipt:2\n'),
      send('/topic/*', 'x', 'receipt:3\n'),
      'SEND\nreceipt:4\n\n',
      'SUBSCRIBE\nid:s\ndestination:/topic/a\nselector:AND\nreceipt:5\n\n',
      'SUBSCRIBE\nid:e\ndestination:/topic/a\nreceipt:6\n\n',
      'UNSUBSCRIBE\nid:s\nreceipt:7\n\n',
      send('/queue/a', 'x', 'receipt:8\n'),
    );
    await rest();
    assert.deepEqual(answers(one), ['RECEIPT 0', ...[1, 2, 3, 4, 5, 6, 7].map((id) => `MESSAGE ${id}`), 'RECEIPT 8']);
    assert.deepEqual(codes(one), [
      'access-refused',
      'unknown-prefix',
      'wildcard-in-send',
      'missing-destination',
      'bad-selector',
      'duplicate-subscription',
      'subscription-not-found',
    ]);
    const first = one.said[2] ?? '';
    for (const line of ['subscription:e', `destination:${ERRORS}`, 'message:Access refused', 'content-type:text/plain', 'redelivered:false']) {
      assert.ok(first.includes(`\n${line}\n`), `${line} in ${first}`);
    }
    assert.match(first, /\n\nthis user may not send '\/queue\/secret'\0$/);
  });

  test('stand in line behind the receipts of earlier frames', async (context) => {
    const engine = new HeldEngine();
    const { client, rest } = await softScene(context, engine);
    const one = client();
    one.say(subscribe('e', ERRORS, 'auto'));
    await rest();
    engine.isHolding = true;
    one.say(send('/queue/a', 'x', 'receipt:1\n'), send('/queue/secret', 'x', 'receipt:2\n'), send('/queue/a', 'x', 'receipt:3\n'));
    await rest();
    assert.deepEqual(answers(one), []);
    engine.letGo();
    await rest();
    assert.deepEqual(answers(one), ['RECEIPT 1', 'MESSAGE 2', 'RECEIPT 3']);
  });

  test('are for those who asked on CONNECT and are subscribed, as long as they are', async (context) => {
    const { client, rest } = await softScene(context);
    const [unasked, unsubscribed, left] = [client(''), client(), client()];
    unasked.say(subscribe('e', ERRORS, 'auto'));
    unsubscribed.say(send('/queue/secret'));
    left.say(subscribe('e', ERRORS, 'auto'), 'UNSUBSCRIBE\nid:e\n\n', send('/queue/secret'));
    await rest();
    assert.deepEqual([unasked, unsubscribed, left].map(codes), [['unknown-prefix'], ['access-refused'], ['access-refused']]);
    for (const each of [unasked, unsubscribed, left]) assert.deepEqual(answers(each), ['ERROR', 'closed']);
  });

  test('stay within their session, and go to each of its subscriptions', async (context) => {
    const { client, rest } = await softScene(context);
    const [one, other] = [client(), client()];
    one.say(subscribe('e', ERRORS, 'auto'), subscribe('f', ERRORS, 'auto'));
    other.say(subscribe('e', ERRORS, 'auto'));
    one.say(send('/queue/secret'));
    await rest();
    assert.equal(one.count(`MESSAGE\nsubscription:e\n`), 1);
    assert.equal(one.count(`MESSAGE\nsubscription:f\n`), 1);
    assert.equal(other.count('MESSAGE'), 0);
  });

  test('are not for transactions, acknowledgements and unknown commands', async (context) => {
    const { client, rest } = await softScene(context);
    for (const frame of [send('/queue/secret', 'x', 'transaction:t\n'), 'ACK\nid:x\n\n', 'COMMIT\ntransaction:x\n\n', 'JUMP\n\n']) {
      const one = client();
      one.say(subscribe('e', ERRORS, 'auto'), 'BEGIN\ntransaction:t\n\n', frame);
      await rest();
      assert.deepEqual(answers(one), ['ERROR', 'closed'], frame);
    }
  });

  test('are bounded by what a slow consumer may leave unread', async (context) => {
    const { client, rest } = await softScene(context);
    const one = client();
    Object.defineProperty(one, 'bufferedLiveBytes', { get: () => DEFAULT_BROKER_LIMITS.maxLiveBytes });
    one.say(subscribe('e', ERRORS, 'auto'), send('/queue/secret'));
    await rest();
    assert.deepEqual(codes(one), ['slow-consumer']);
  });

  test('are subscribed to with ack auto and without a selector', async (context) => {
    const { client, rest } = await softScene(context);
    for (const frame of [subscribe('e', ERRORS, 'client'), `SUBSCRIBE\nid:e\ndestination:${ERRORS}\nselector:a=1\n\n`]) {
      const one = client();
      one.say(frame);
      await rest();
      assert.deepEqual(codes(one), ['bad-header']);
    }
  });

  test('are asked for by true or false', async (context) => {
    const { client, rest } = await softScene(context);
    const one = client('x-soft-errors:perhaps\n');
    await rest();
    assert.match(one.said[0] ?? '', /^ERROR\nmessage:Bad CONNECT\ncode:bad-header\n/);
  });
});

/** Refuses every SEND to `/queue/full`, without any certainty when told so, and what stands in its chain behind it. */
class FullEngine extends MemoryEngine {
  certainty: 'not-stored' | 'outcome-unknown' = 'not-stored';

  override async apply(group: Group): Promise<Outcome> {
    const { certainty } = this;
    if (group.chain?.broken) return { ok: false, failure: { code: 'chain-broken', certainty: 'not-stored', detail: 'an earlier group failed' } };
    const [first] = group.operations;
    if (first?.kind !== 'enqueue' || first.queue !== 'full') return super.apply(group);
    if (group.chain) group.chain.broken = true;
    return { ok: false, failure: { code: 'memory-limit', certainty, detail: 'full' } };
  }
}

describe('soft errors of the store', () => {
  test('tell of a SEND that was not stored and of those given to the store behind it; later ones start afresh', async (context) => {
    const engine = new FullEngine();
    const { client, rest } = await softScene(context, engine);
    const one = client();
    one.say(subscribe('e', ERRORS, 'auto'));
    await rest();
    one.say(...[1, 2, 3].map((id) => send(id === 2 ? '/queue/full' : '/queue/a', String(id), `receipt:${id}\n`)));
    await rest();
    one.say(send('/queue/a', '4', 'receipt:4\n'));
    await rest();
    assert.deepEqual(answers(one), ['RECEIPT 1', 'MESSAGE 2', 'MESSAGE 3', 'RECEIPT 4']);
    assert.deepEqual(codes(one), ['memory-limit', 'chain-broken']);
    assert.deepEqual((await engine.browse('a', 0, 9)).map(({ body }) => body.toString()), ['1', '4']);
  });

  test('leave the session to a store that had no room for one message and has it for the next', async (context) => {
    const { client, rest } = await softScene(context, new MemoryEngine({ memoryLimitBytes: 1_500 }));
    const one = client();
    one.say(subscribe('e', ERRORS, 'auto'), send('/queue/a', 'x'.repeat(2_000), 'receipt:1\n'));
    await rest();
    one.say(send('/queue/a', 'x', 'receipt:2\n'));
    await rest();
    assert.deepEqual([answers(one), codes(one)], [['MESSAGE 1', 'RECEIPT 2'], ['memory-limit']]);
  });

  test('end the session for an ACK behind such a SEND, which might have been made from what it acks', async (context) => {
    const engine = new FullEngine();
    const { client, rest } = await softScene(context, engine);
    const one = client();
    one.say(subscribe('e', ERRORS, 'auto'), send('/queue/a'), subscribe('s', '/queue/a'));
    await rest();
    one.say(send('/queue/full', 'x', 'receipt:1\n'), `ACK\nid:${one.header('MESSAGE', 'ack')}\nreceipt:2\n\n`);
    await rest();
    assert.deepEqual(answers(one).slice(1), ['MESSAGE 1', 'ERROR 2', 'closed']);
    assert.deepEqual((await engine.queues()).map(({ name, ready, inFlight }) => [name, ready, inFlight]), [['a', 1, 0]]);
  });

  test('are not for what may have been stored', async (context) => {
    const engine = new FullEngine();
    engine.certainty = 'outcome-unknown';
    const { client, rest } = await softScene(context, engine);
    const one = client();
    one.say(subscribe('e', ERRORS, 'auto'));
    await rest();
    one.say(send('/queue/full', 'x', 'receipt:1\n'));
    await rest();
    assert.deepEqual(answers(one), ['ERROR 1', 'closed']);
  });
});
