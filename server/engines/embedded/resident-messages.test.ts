import { test, describe } from 'node:test';
import assert from 'node:assert/strict';
import type { Message } from '../../broker/message.ts';
import { Entry } from '../state/entry.ts';
import { placeOf, Resident, ResidentMessages, type Stored, type StoredEntry } from './resident-messages.ts';

const message: Message = {
  id: 'm',
  destination: '/queue/a',
  headers: [],
  body: Buffer.alloc(0),
  isText: true,
  timestamp: 0,
  priority: 4,
  expiresAt: 0,
  dueAt: 0,
  group: '',
  lastValue: '',
  origin: '',
};

function keep(residents: ResidentMessages, seq: number, bytes = 10): StoredEntry {
  const entry = new Entry<Stored>(seq, bytes, message);
  residents.keep(entry, 1000 + seq, message);
  return entry;
}

const isResident = (entry: StoredEntry): boolean => entry.content instanceof Resident;

describe('messages in memory', () => {
  test('make way in the order they came when there are too many octets', () => {
    const residents = new ResidentMessages(50);
    const entries = Array.from({ length: 8 }, (_, i) => keep(residents, i));
    assert.deepEqual(entries.map(isResident), [false, false, false, true, true, true, true, true]);
    assert.deepEqual(
      entries.map((entry) => placeOf(entry.content)),
      [1000, 1001, 1002, 1003, 1004, 1005, 1006, 1007],
    );
    assert.equal(residents.bytes, 50);
  });

  test('give their octets back when they are settled', () => {
    const residents = new ResidentMessages(50);
    const entries = Array.from({ length: 5 }, (_, i) => keep(residents, i));
    for (const entry of entries.slice(0, 4)) residents.forget(entry);
    residents.forget(entries[0]!);
    assert.equal(residents.bytes, 10);
    const more = Array.from({ length: 4 }, (_, i) => keep(residents, 10 + i));
    assert.deepEqual([entries[4]!, ...more].map(isResident), [true, true, true, true, true]);
  });

  test('that are larger than all the room never come in', () => {
    const residents = new ResidentMessages(50);
    const small = keep(residents, 1);
    assert.ok(!isResident(keep(residents, 2, 51)));
    assert.ok(isResident(small));
    assert.ok(!isResident(keep(new ResidentMessages(0), 1)));
  });

  test('stay what they are when they are moved', () => {
    const residents = new ResidentMessages(15);
    const [first, second] = [keep(residents, 1), keep(residents, 2)];
    residents.move(first, 7);
    residents.move(second, 8);
    assert.equal(first.content, 7);
    assert.ok(second.content instanceof Resident);
    assert.equal(second.content.place, 8);
    residents.forget(second);
    assert.equal(residents.bytes, 0);
  });

  test('leave no trail behind an old one that nobody takes', () => {
    const residents = new ResidentMessages(1000);
    const old = keep(residents, 0);
    for (let seq = 1; seq < 100_000; seq++) residents.forget(keep(residents, seq));
    assert.ok(isResident(old));
    assert.ok(residents.trackedCount < 2000, `${residents.trackedCount} are remembered`);
  });
});
