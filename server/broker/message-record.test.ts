import { test, describe } from 'node:test';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Message } from './message.ts';
import { decodeMessageRecord, encodeInto, encodeMessageRecord, MessageRecordError, readRecordTerms } from './message-record.ts';

/** Texts as they come from decoded UTF-8: any characters, no halves of surrogate pairs. */
const text = fc.oneof(fc.string(), fc.string({ unit: 'grapheme' }), fc.string({ minLength: 100, maxLength: 300 }));
const moment = fc.oneof(fc.constant(0), fc.nat({ max: Number.MAX_SAFE_INTEGER }));

const anyMessage: fc.Arbitrary<Message> = fc.record(
  {
    id: text,
    destination: text,
    headers: fc.array(fc.tuple(text, text), { maxLength: 12 }).map((pairs) => pairs.flat()),
    body: fc.uint8Array({ maxLength: 400 }).map((octets) => Buffer.from(octets)),
    isText: fc.boolean(),
    timestamp: moment,
    priority: fc.nat({ max: 9 }),
    expiresAt: moment,
    dueAt: moment,
    group: text,
    lastValue: fc.oneof(fc.constant(''), text),
    origin: text,
  },
  { noNullPrototype: true },
);

const plain: Message = {
  id: 'm-1',
  destination: '/queue/orders',
  headers: ['content-type', 'text/plain', 'größe', 'é'],
  body: Buffer.from('hello'),
  isText: true,
  timestamp: 1_700_000_000_000,
  priority: 4,
  expiresAt: 0,
  dueAt: 0,
  group: '',
  lastValue: '',
  origin: 's-1',
};

describe('message record', () => {
  test('gives back the message it was made of', () => {
    fc.assert(
      fc.property(anyMessage, (message) => {
        assert.deepEqual(decodeMessageRecord(encodeMessageRecord(message)), message);
      }),
    );
  });

  test('is the same in the middle of a larger buffer, and touches nothing around it', () => {
    fc.assert(
      fc.property(anyMessage, fc.nat({ max: 40 }), (message, offset) => {
        const record = encodeMessageRecord(message);
        const target = Buffer.alloc(offset + record.length + 8, 0xee);
        assert.equal(encodeInto(message, target, offset), offset + record.length);
        assert.deepEqual(target.subarray(offset, offset + record.length), record);
        assert.ok(target.subarray(0, offset).every((octet) => octet === 0xee));
        assert.ok(target.subarray(offset + record.length).every((octet) => octet === 0xee));
      }),
    );
  });

  test('writes nothing where there is no room', () => {
    const target = Buffer.alloc(encodeMessageRecord(plain).length + 9, 0xee);
    assert.equal(encodeInto(plain, target, 10), -1);
    assert.ok(target.every((octet) => octet === 0xee));
  });

  test('shares the octets of the body with the buffer it was read from', () => {
    const record = encodeMessageRecord(plain);
    const { body } = decodeMessageRecord(record);
    record[record.length - 1] = 0x21;
    assert.equal(body.toString(), 'hell!');
  });

  test('keeps texts apart whose surrogate halves would join', () => {
    const halves = { ...plain, headers: ['a\ud83d', '\ude00b'] };
    assert.deepEqual(decodeMessageRecord(encodeMessageRecord(halves)).headers, ['a\ufffd', '\ufffdb']);
  });

  test('carries texts of more than 16 KiB and bodies of megabytes', () => {
    const large = { ...plain, headers: ['x'.repeat(20_000), 'ü'.repeat(70_000)], body: Buffer.alloc(3_000_000, 7) };
    assert.deepEqual(decodeMessageRecord(encodeMessageRecord(large)), large);
  });

  test('keeps format 1 as it was first written', () => {
    const first = [
      '01 01 04', // version, flags, priority
      '00008056febc7842 0000000000000000 0000000000000000', // timestamp, expiry, due time
      '05000000 32000000', // octets of body and texts
      '08 03 0d 00 03 0c 0a 07 02', // eight texts
      '6d2d31 2f71756575652f6f7264657273 732d31', // id, destination, no group, origin
      '636f6e74656e742d74797065 746578742f706c61696e 6772c3b6c39f65 c3a9',
      '68656c6c6f',
    ];
    const record = Buffer.from(first.join('').replaceAll(' ', ''), 'hex');
    assert.deepEqual(encodeMessageRecord(plain), record);
    assert.deepEqual(decodeMessageRecord(record), plain);
  });

  test('writes format 2 for what has a key of its own, which stands behind the origin', () => {
    const record = encodeMessageRecord({ ...plain, lastValue: 'größe' });
    const before = encodeMessageRecord(plain);
    assert.equal(record[0], 2);
    assert.equal(record.length, before.length + 1 + 7);
    assert.deepEqual(record.subarray(35, 41), Buffer.from([9, 3, 13, 0, 3, 7]));
    assert.deepEqual(decodeMessageRecord(record), { ...plain, lastValue: 'größe' });
    assert.deepEqual(readRecordTerms(record, 0), { priority: 4, dueAt: 0, expiresAt: 0, group: '', lastValue: 'größe' });
  });

  test('says of each message whether a queue has to look at it, and what it finds', () => {
    assert.equal(readRecordTerms(encodeMessageRecord({ ...plain, priority: 4 }, 3), 3), undefined);
    assert.deepEqual(readRecordTerms(encodeMessageRecord({ ...plain, priority: 9 }, 3), 3), { priority: 9, dueAt: 0, expiresAt: 0, group: '', lastValue: '' });
    for (const unusual of [{ expiresAt: 1 }, { dueAt: 7 }, { group: 'g' }]) {
      assert.deepEqual(readRecordTerms(encodeMessageRecord({ ...plain, priority: 4, ...unusual }), 0), { priority: 4, dueAt: 'dueAt' in unusual ? 7 : 0, expiresAt: 'expiresAt' in unusual ? 1 : 0, group: 'group' in unusual ? 'g' : '', lastValue: '' });
    }
  });

  test('names the version it cannot read', () => {
    const record = encodeMessageRecord(plain);
    record[0] = 3;
    assert.throws(() => decodeMessageRecord(record), { name: 'MessageRecordError', message: /format 1 or 2, got 3/ });
    assert.throws(() => decodeMessageRecord(Buffer.alloc(0)), { name: 'MessageRecordError', message: /got nothing/ });
  });

  test('refuses a record that was cut short anywhere', () => {
    const record = encodeMessageRecord(plain);
    for (let length = 0; length < record.length; length++) {
      assert.throws(() => decodeMessageRecord(record.subarray(0, length)), MessageRecordError);
    }
  });

  test('either reads or refuses damaged octets', () => {
    fc.assert(
      fc.property(anyMessage, fc.nat(), fc.nat({ max: 255 }), (message, place, octet) => {
        const record = encodeMessageRecord(message);
        record[place % record.length] = octet;
        try {
          decodeMessageRecord(record);
        } catch (error) {
          assert.ok(error instanceof MessageRecordError);
        }
      }),
    );
  });
});
