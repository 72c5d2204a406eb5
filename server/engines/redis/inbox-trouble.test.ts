import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { message } from '../engine-contract/messages.ts';
import { Inbox } from './inbox.ts';
import { Keys } from './keys.ts';
import { LinkLostError, type Reply } from './link/link.ts';
import { encodeEntry } from './stored-message.ts';
import { until } from './testing/until.ts';

const EPOCH = 7;
const START = { generation: 1, id: '0-0' };

/** The shared log as one inbox sees it, behind a link that can be down, slow, or fail. */
class Log {
  isUp = true;
  asked = 0;
  /** Number of a parcel, and the ids of its messages. */
  readonly parcels: [number: number, ...ids: string[]][] = [];
  /** Answers wait for it. */
  gate: Promise<void> = Promise.resolve();

  readonly run = async (_script: unknown, _key: string, argv: readonly unknown[]): Promise<Reply> => {
    this.asked++;
    const behind = Number(String(argv[2]).split('-')[0]);
    const found = this.parcels.filter(([number]) => number > behind);
    const last = this.parcels.at(-1)?.[0] ?? behind;
    await this.gate;
    if (!this.isUp) throw new LinkLostError('it was cut', true);
    return [Buffer.from('1'), Buffer.from(`${last}-0`), 0, ...found.flatMap(([number, ...ids]) => [Buffer.from(`${number}:`), logged(ids)])];
  };
}

const logged = (ids: readonly string[]): Buffer =>
  Buffer.concat(
    ids.flatMap((id) => {
      const entry = encodeEntry('t', message(id));
      const length = Buffer.alloc(4);
      length.writeUInt32LE(entry.length);
      return [length, entry];
    }),
  );

function parcel(number: number, epoch: number, ...ids: string[]): Buffer {
  const id = `${number}-0`;
  const head = Buffer.alloc(26);
  head.write('m');
  head.writeDoubleLE(number, 1);
  head.writeDoubleLE(epoch, 9);
  head.writeUInt32LE(1, 17);
  head.writeUInt32LE(ids.length, 21);
  head.writeUInt8(id.length, 25);
  return Buffer.concat([head, Buffer.from(id), ...ids.map((each) => encodeEntry('t', message(each)))]);
}

describe('an inbox', () => {
  let log: Log;
  let inbox: Inbox;
  let seen: string[];
  const membership = { node: 'n.1', isMember: true };

  beforeEach(() => {
    log = new Log();
    seen = [];
    inbox = new Inbox({
      keys: new Keys('test'),
      link: { get isUp() { return log.isUp; }, run: log.run },
      membership,
      onMessage: (_topic, { id }) => seen.push(id),
      onGap: (pattern, count) => seen.push(pattern === '#' ? `gap ${count}` : `gap ${count} in ${pattern}`),
    });
  });

  afterEach(() => {
    inbox.close();
  });

  const sees = (...expected: string[]): Promise<unknown> => until(`${expected.join(' ')}, got ${seen.join(' ')}`, () => seen.join() === expected.join());

  test('that misses a parcel while the log is out of reach leaves the process its turns, and heals when it is back', async () => {
    inbox.reset(EPOCH, START, false);
    await turn();
    inbox.receive(parcel(1, EPOCH, 'a'));
    log.isUp = false;
    inbox.receive(parcel(3, EPOCH, 'c'));
    inbox.receive(parcel(4, EPOCH, 'd'));
    for (let turns = 0; turns < 3; turns++) await turn();
    assert.deepEqual(seen, ['a']);
    log.parcels.push([1, 'a'], [2, 'b'], [3, 'c'], [4, 'd']);
    log.isUp = true;
    inbox.resume();
    await sees('a', 'b', 'c', 'd');
    inbox.receive(parcel(5, EPOCH, 'e'));
    await sees('a', 'b', 'c', 'd', 'e');
  });

  test('that cannot read the log asks again with the next beat, and not before', async () => {
    inbox.reset(EPOCH, START, false);
    await turn();
    log.gate = Promise.resolve().then(() => void (log.isUp = false));
    inbox.receive(parcel(2, EPOCH, 'b'));
    await turn();
    const { asked } = log;
    await turn();
    assert.equal(log.asked, asked);
    log.isUp = true;
    log.gate = Promise.resolve();
    inbox.heard(EPOCH, 2, { generation: 1, id: '2-0' });
    await sees('gap 1', 'b');
  });

  test('of another member takes nothing for its own that was asked or kept before', async () => {
    let open: () => void = () => undefined;
    inbox.reset(EPOCH, START, false);
    await turn();
    log.parcels.push([40, 'old']);
    log.gate = new Promise((resolve) => (open = resolve));
    inbox.receive(parcel(41, EPOCH, 'old'));
    // Taken for dead meanwhile, and joined anew: the epoch is the same, the numbers are not.
    log.parcels.length = 0;
    inbox.reset(EPOCH, START, false);
    open();
    await turn();
    inbox.receive(parcel(1, EPOCH, 'first'));
    inbox.receive(parcel(2, EPOCH, 'second'));
    await sees('gap 0', 'first', 'second');
  });

  test('whose epoch ended keeps what came of the new one before it was told, and nothing of the old', async () => {
    inbox.reset(EPOCH, START, false);
    await turn();
    inbox.receive(parcel(1, EPOCH, 'a'));
    inbox.receive(parcel(1, EPOCH + 1, 'new'));
    log.isUp = false;
    inbox.receive(parcel(9, EPOCH, 'old'));
    log.isUp = true;
    inbox.reset(EPOCH + 1, START, true);
    await sees('a', 'gap 0', 'new');
  });

  test('that keeps more than it may reads the rest from the log', async () => {
    inbox.reset(EPOCH, START, false);
    await turn();
    log.isUp = false;
    const numbers = Array.from({ length: 5_000 }, (_, i) => i + 2);
    for (const number of numbers) inbox.receive(parcel(number, EPOCH, String(number)));
    await turn();
    log.parcels.push([1, '1'], ...numbers.map((number): [number, string] => [number, String(number)]));
    log.isUp = true;
    inbox.resume();
    await until('all of them', () => seen.length === 5_001);
    assert.deepEqual(seen, ['1', ...numbers.map(String)]);
  });
});
