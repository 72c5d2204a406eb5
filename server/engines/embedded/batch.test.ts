import { test, describe } from 'node:test';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { decodeMessageRecord, encodeMessageRecord } from '../../broker/message-record.ts';
import type { Message } from '../../broker/message.ts';
import { BATCH } from './batch-format.ts';
import { readBatch, type EffectReader } from './batch-reader.ts';
import { BatchWriter } from './batch-writer.ts';
import { readRecord } from './journal/record.ts';

function message(body: Uint8Array): Message {
  return {
    id: 'm1',
    destination: '/queue/a',
    headers: ['type', 'x'],
    body: Buffer.from(body),
    isText: true,
    timestamp: 5,
    priority: 4,
    expiresAt: 0,
    dueAt: 0,
    group: '',
    lastValue: '',
    origin: 's1',
  };
}

/** What a reader was told, as values. */
type Told = readonly unknown[];

function tell(told: Told[], payload: Buffer): EffectReader {
  return {
    put: (queue, standing, at) => {
      const record = payload.subarray(at + 4, at + 4 + payload.readUInt32LE(at));
      told.push(['put', queue, standing, decodeMessageRecord(record).body.toString('hex')]);
    },
    drop: (...effect) => told.push(['drop', ...effect]),
    count: (...effect) => told.push(['count', ...effect]),
    postpone: (...effect) => told.push(['postpone', ...effect]),
    dropQueue: (...effect) => told.push(['dropQueue', ...effect]),
    suspectAll: () => told.push(['suspectAll']),
    use: (key, expiresAt, at) => {
      assert.equal(payload.readDoubleLE(at), expiresAt);
      told.push(['use', key, expiresAt]);
    },
    logPut: (log, standing, at) => {
      const record = payload.subarray(at + 4, at + 4 + payload.readUInt32LE(at));
      told.push(['logPut', log, standing, decodeMessageRecord(record).body.toString('hex')]);
    },
    keptPut: (log, standing, at) => {
      const record = payload.subarray(at + 4, at + 4 + payload.readUInt32LE(at));
      told.push(['keptPut', log, standing, decodeMessageRecord(record).body.toString('hex')]);
    },
    subscription: (queue, record, at, bytes) => {
      assert.equal(payload.readUInt32LE(at), bytes);
      told.push(['subscription', queue, record]);
    },
    pull: (...effect) => told.push(['pull', ...effect]),
  };
}

function write(batch: BatchWriter, [kind, ...effect]: Told, stored: boolean): void {
  const [queue, second, third, fourth] = effect as [string, never, never, never];
  if (kind === 'put') {
    const body = message(Buffer.from(third, 'hex'));
    if (stored) batch.putStored(queue, second, encodeMessageRecord(body));
    else batch.put(queue, second, body);
  } else if (kind === 'logPut') {
    const record = encodeMessageRecord(message(Buffer.from(third, 'hex')));
    batch.logPutStored(effect[0] as never, second, record);
  } else if (kind === 'keptPut') {
    batch.keptPutStored(effect[0] as never, second, encodeMessageRecord(message(Buffer.from(third, 'hex'))));
  } else if (kind === 'subscription') batch.subscription(queue, second);
  else if (kind === 'pull') {
    const taken = fourth as readonly (readonly number[])[];
    const entries = taken.map(([seq, offset, missed]) => ({ seq, kept: { offset }, missed }));
    batch.pull({ subscription: { name: queue }, cursor: second, missed: third, taken: entries } as never);
  } else if (kind === 'drop') batch.drop(queue, second);
  else if (kind === 'count') batch.count(queue, second, third, fourth);
  else if (kind === 'postpone') batch.postpone(queue, second, third);
  else if (kind === 'use') batch.use(queue, second);
  else if (kind === 'dropQueue') batch.dropQueue(queue);
  else batch.suspectAll();
}

const queue = fc.constantFrom('a', 'b', 'größer/ä', 'x'.repeat(900));
const seq = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
const count = fc.integer({ min: 0, max: 65_535 });
const bytes = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const bounds = fc.record({ maxMessages: seq, maxAgeMs: fc.constantFrom(0, 5) }, { noNullPrototype: true });
const body = fc
  .oneof(fc.uint8Array({ maxLength: 200 }), fc.constant(new Uint8Array(100_000)))
  .map((each) => Buffer.from(each).toString('hex'));
const effect: fc.Arbitrary<Told> = fc.oneof(
  fc.tuple(
    fc.constant('put'),
    queue,
    fc.record({ seq, failures: count, recoveries: count, bytes }, { noNullPrototype: true }),
    body,
  ),
  fc.tuple(fc.constant('drop'), queue, seq),
  fc.tuple(fc.constant('count'), queue, seq, count, count),
  fc.tuple(fc.constant('postpone'), queue, seq, seq),
  fc.tuple(fc.constant('dropQueue'), queue),
  fc.constant(['suspectAll'] as const),
  fc.tuple(fc.constant('use'), fc.constantFrom('k', 'größe', 'x'.repeat(255)), seq),
  fc.tuple(
    fc.constant('logPut'),
    fc.record({ topic: queue, epoch: fc.constantFrom('e1', 'e2'), bounds }, { noNullPrototype: true }),
    fc.record({ offset: seq, at: seq, bytes }, { noNullPrototype: true }),
    body,
  ),
  fc.tuple(
    fc.constant('keptPut'),
    fc.record({ pattern: queue, epoch: fc.constantFrom('e1', 'e2') }, { noNullPrototype: true }),
    fc.record({ offset: seq, at: seq, bytes }, { noNullPrototype: true }),
    body,
  ),
  fc.tuple(fc.constant('subscription'), queue, fc.constant({ terms: { pattern: 'ä.#' }, epoch: 'e1', cursor: 7 })),
  fc.tuple(fc.constant('pull'), queue, seq, seq, fc.array(fc.tuple(seq, seq, seq, fc.constant(0), fc.constant(0), fc.constant(-1)))),
);

describe('a batch', () => {
  test('is read as it was written', () => {
    const batch = new BatchWriter();
    fc.assert(
      fc.property(fc.array(effect), seq, fc.boolean(), (effects, lastSeq, stored) => {
        batch.begin(lastSeq);
        for (const each of effects) write(batch, each, stored);
        const found = readRecord(batch.finish(BATCH), 0);
        assert.ok(found.kind === 'record');
        const told: Told[] = [];
        assert.equal(readBatch(found.payload, tell(told, found.payload)), lastSeq);
        assert.deepEqual(told, effects);
      }),
    );
  });

  test('caps counters at what two octets hold', () => {
    const batch = new BatchWriter();
    batch.begin(1);
    batch.count('a', 1, 70_000, 80_000);
    const found = readRecord(batch.finish(BATCH), 0);
    assert.ok(found.kind === 'record');
    const told: Told[] = [];
    readBatch(found.payload, tell(told, found.payload));
    assert.deepEqual(told, [['count', 'a', 1, 65_535, 65_535]]);
  });

  test('with an effect that is not known is refused', () => {
    const payload = Buffer.alloc(9);
    payload[8] = 99;
    assert.throws(() => readBatch(payload, tell([], payload)), /expected an effect between 1 and 14, got 99/);
  });
});
