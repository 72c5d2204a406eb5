import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { SCHEDULE_QUEUE } from './broker/engine.ts';
import { publishFromServer } from './broker/server-publish.ts';
import { MemoryEngine } from './engines/memory/memory-engine.ts';
import { scene, send, subscribe, type Client } from './testing/session-scene.ts';

const bodies = (client: Client): string[] => client.said.flatMap((frame) => (frame.startsWith('MESSAGE') ? [frame.slice(frame.indexOf('\n\n') + 2, -1)] : []));

async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (const start = performance.now(); !(await holds()); ) {
    assert.ok(performance.now() - start < 20_000, `waited for ${what}`);
    await new Promise((resume) => setTimeout(resume, 10));
  }
}

const jobs = async (engine: MemoryEngine): Promise<number> => (await engine.queues()).find(({ name }) => name === SCHEDULE_QUEUE)?.scheduled ?? 0;

/** A client that reads a topic and a queue, and one that sends. */
async function reading(context: TestContext, engine = new MemoryEngine()) {
  const made = await scene(context, engine);
  const [reader, sender] = [made.client(), made.client()];
  reader.say(subscribe('q', '/queue/q', 'auto'), subscribe('t', '/topic/t', 'auto'));
  await made.rest();
  return { ...made, engine, reader, sender };
}

describe('a message with a delay', () => {
  test('comes when it is due, from queues and topics alike, and its RECEIPT at once', async (context) => {
    const { engine, reader, sender, rest } = await reading(context);
    sender.say(send('/topic/t', 'later', 'x-delay:300\n'), send('/queue/q', 'later', 'AMQ_SCHEDULED_DELAY:300\nreceipt:r\n'), send('/topic/t', 'now'));
    await rest();
    assert.equal(sender.count('RECEIPT'), 1);
    assert.deepEqual(bodies(reader), ['now']);
    assert.equal(await jobs(engine), 1);
    await until('both', () => bodies(reader).length === 3);
    assert.deepEqual(bodies(reader), ['now', 'later', 'later']);
    for (const frame of reader.said) assert.doesNotMatch(frame, /x-delay|AMQ_SCHEDULED|stompede-plan/);
  });

  test('waits for its COMMIT before it waits', async (context) => {
    const { engine, reader, sender, rest } = await reading(context);
    sender.say('BEGIN\ntransaction:1\n\n', send('/topic/t', 'x', 'x-delay:50\ntransaction:1\n'));
    await rest();
    assert.equal(await jobs(engine), 0);
    sender.say('COMMIT\ntransaction:1\n\n');
    await until('it', () => bodies(reader).length === 1);
  });

  test('is sent by the application, too', async (context) => {
    const { broker, reader } = await reading(context);
    for (const destination of ['/topic/t', '/queue/q']) {
      const published = await publishFromServer(broker.context, destination, Buffer.from(destination), ['x-delay', '50']);
      assert.ok(published.ok);
    }
    await until('both', () => bodies(reader).length === 2);
    const refused = await publishFromServer(broker.context, '/topic/t', Buffer.from('x'), ['x-delay', 'soon']);
    assert.ok(!refused.ok && refused.error.code === 'bad-header');
  });

  test('is refused where the delay cannot be told', async (context) => {
    const { sender, rest } = await reading(context);
    sender.say(send('/topic/t', 'x', 'x-delay:soon\nreceipt:r\n'));
    await rest();
    assert.deepEqual([sender.header('ERROR', 'code'), sender.header('ERROR', 'receipt-id')], ['bad-header', 'r']);
  });
});

describe('a message with a schedule', () => {
  test('is sent as often as was said, each time as a message of its own', async (context) => {
    const { engine, reader, sender } = await reading(context);
    sender.say(send('/queue/q', 'again', 'AMQ_SCHEDULED_DELAY:50\nAMQ_SCHEDULED_PERIOD:1000\nAMQ_SCHEDULED_REPEAT:1\n'));
    await until('both', () => bodies(reader).length === 2);
    const messages = reader.said.filter((frame) => frame.startsWith('MESSAGE'));
    const ids = messages.map((frame) => /\nmessage-id:(.*)\n/.exec(frame)?.[1]);
    const jobIds = messages.map((frame) => /\nscheduledJobId:(.*)\n/.exec(frame)?.[1]);
    assert.equal(new Set(ids).size, 2);
    assert.ok(jobIds[0] && jobIds[0] === jobIds[1]);
    await until('the end', async () => (await engine.queues()).every(({ name }) => name !== SCHEDULE_QUEUE));
  });

  test('is tried again when the store has no room', async (context) => {
    const engine = new (class extends MemoryEngine {
      refusals = 0;

      override async apply(...parameters: Parameters<MemoryEngine['apply']>) {
        const [{ operations }] = parameters;
        const isFiring = operations.length > 1 && operations.some((each) => each.kind === 'settle' && each.queue === SCHEDULE_QUEUE);
        if (!isFiring || this.refusals++ > 0) return super.apply(...parameters);
        return { ok: false as const, failure: { code: 'memory-limit' as const, certainty: 'not-stored' as const, detail: 'full' } };
      }
    })();
    const { reader, sender } = await reading(context, engine);
    sender.say(send('/topic/t', 'x', 'x-delay:50\n'));
    await until('it', () => bodies(reader).length === 1);
    assert.equal(engine.refusals, 2);
  });

  test('is not sent by a node that is being drained', async (context) => {
    const { broker, engine, reader, sender, rest } = await reading(context);
    sender.say(send('/topic/t', 'x', 'x-delay:100\n'));
    await rest();
    await broker.drain();
    await until('it is due', async () => (await jobs(engine)) === 0);
    await rest();
    assert.deepEqual(bodies(reader), []);
    assert.equal((await engine.queues()).find(({ name }) => name === SCHEDULE_QUEUE)?.ready, 1);
  });

  test('rests where no client can write or read', async (context) => {
    const { client, rest } = await scene(context);
    for (const frame of [send(`/queue/${SCHEDULE_QUEUE}`), subscribe('s', `/queue/${SCHEDULE_QUEUE}`), send(SCHEDULE_QUEUE)]) {
      const one = client();
      one.say(frame);
      await rest();
      assert.equal(one.header('ERROR', 'code'), 'reserved-name');
    }
  });
});
