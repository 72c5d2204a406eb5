import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { messageBytes, type Message } from '../../broker/message.ts';
import { message } from '../engine-contract/messages.ts';
import { decodeLogged, decodeParcel } from './parcel.ts';
import { decodeEntries, decodeLogRecord, decodeStored, encodeEntry, encodeStored } from './stored-message.ts';

const text = fc.string({ unit: 'grapheme', maxLength: 40 });
const anyMessage: fc.Arbitrary<Message> = fc
  .record({ id: text, headers: fc.array(text, { maxLength: 6 }).filter((all) => all.length % 2 === 0), body: fc.uint8Array({ maxLength: 300 }), priority: fc.nat({ max: 9 }) })
  .map(({ id, headers, body, priority }) => message(id, { headers, body: Buffer.from(body), priority, isText: false }));
const topic = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 });

/** What the script makes of an entry that goes into a topic's log. */
function positioned(entry: Buffer, offset: number, epoch: string): Buffer {
  const head = Buffer.alloc(10);
  head[0] = 1;
  head.writeDoubleLE(offset, 1);
  head[9] = epoch.length;
  return Buffer.concat([head, Buffer.from(epoch), entry.subarray(1)]);
}

describe('a stored message', () => {
  test('is the same when it is read, and tells its octets first', () => {
    fc.assert(
      fc.property(anyMessage, (each) => {
        const stored = encodeStored(each);
        assert.equal(stored.readUInt32LE(0), messageBytes(each));
        assert.deepEqual(decodeStored(stored), each);
      }),
    );
  });
});

describe('entries for inboxes', () => {
  const anyEntry = fc.record({ topic, each: anyMessage, offset: fc.option(fc.nat({ max: 2 ** 40 }), { nil: undefined }), epoch: fc.stringMatching(/^[\w-]{1,30}$/) });

  test('are the same when they are read, one behind the other, with their places in a log', () => {
    fc.assert(
      fc.property(fc.array(anyEntry, { maxLength: 5 }), (all) => {
        const octets = all.map(({ topic: name, each, offset, epoch }) => {
          const entry = encodeEntry(name, each);
          return offset === undefined ? entry : positioned(entry, offset, epoch);
        });
        const expected = all.map(({ topic: name, each, offset, epoch }) => ({ topic: name, message: each, position: offset === undefined ? undefined : { epoch, offset } }));
        assert.deepEqual(decodeEntries(Buffer.concat(octets)), expected);
      }),
    );
  });

  test('are records of a log without their first octet', () => {
    fc.assert(
      fc.property(topic, anyMessage, (name, each) => {
        assert.deepEqual(decodeLogRecord(encodeEntry(name, each).subarray(1)), { topic: name, message: each });
      }),
    );
  });
});

describe('a parcel', () => {
  test('is read as the script packs it', () => {
    fc.assert(
      fc.property(fc.nat({ max: 2 ** 45 }), fc.nat({ max: 2 ** 45 }), fc.nat(), fc.nat(), fc.stringMatching(/^\d{1,15}-\d{1,5}$/), fc.uint8Array({ maxLength: 50 }), (number, epoch, generation, count, id, entries) => {
        const head = Buffer.alloc(26);
        head.write('m');
        head.writeDoubleLE(number, 1);
        head.writeDoubleLE(epoch, 9);
        head.writeUInt32LE(generation, 17);
        head.writeUInt32LE(count, 21);
        head.writeUInt8(id.length, 25);
        const octets = Buffer.concat([head, Buffer.from(id), entries]);
        assert.deepEqual(decodeParcel(octets), { number, count, epoch, place: { generation, id }, entries: Buffer.from(entries) });
      }),
    );
  });

  test('is picked from the log by the indexes of its entries; none means all of them', () => {
    fc.assert(
      fc.property(fc.nat(), fc.array(fc.uint8Array({ minLength: 1, maxLength: 30 }), { minLength: 1, maxLength: 6 }), fc.array(fc.nat(), { maxLength: 4 }), (number, entries, picks) => {
        const all = entries.map((entry) => Buffer.from(entry));
        const octets = Buffer.concat(all.flatMap((entry) => [lengthOf(entry), entry]));
        const indexes = picks.map((pick) => (pick % all.length) + 1);
        const logged = decodeLogged(`${number}:${indexes.join(',')}`, octets);
        assert.deepEqual(logged, { number, entries: indexes.length === 0 ? all : indexes.map((index) => all[index - 1]) });
      }),
    );
    const topics = Buffer.concat([...['a', 'b.c']].flatMap((topic) => [Buffer.from(Uint32Array.of(topic.length).buffer), Buffer.from(topic)]));
    assert.deepEqual(decodeLogged('-7:', topics), { number: 7, lostTopics: ['a', 'b.c'] });
    assert.deepEqual(decodeLogged('-7:2', topics), { number: 7, lostTopics: ['b.c'] });
    assert.deepEqual(decodeLogged('-7:', Buffer.alloc(0)), { number: 7 }, 'nor were their topics kept');
  });
});

function lengthOf(octets: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(octets.length);
  return length;
}
