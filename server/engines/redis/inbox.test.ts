import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { message } from '../engine-contract/messages.ts';
import { Inbox } from './inbox.ts';
import { Keys } from './keys.ts';
import type { Reply } from './link/link.ts';
import { encodeEntry } from './stored-message.ts';
import { ScriptedLink } from './testing/scripted-link.ts';
import { until } from './testing/until.ts';

const EPOCH = 7;

/** A parcel of one message, whose id is its number. */
function parcel(number: number, epoch = EPOCH): Buffer {
  const id = `${number}-0`;
  const head = Buffer.alloc(26);
  head.write('m');
  head.writeDoubleLE(number, 1);
  head.writeDoubleLE(epoch, 9);
  head.writeUInt32LE(1, 17);
  head.writeUInt32LE(1, 21);
  head.writeUInt8(id.length, 25);
  return Buffer.concat([head, Buffer.from(id), encodeEntry('t', message(`${number}`))]);
}

function logged(number: number, isKept = true): Reply[] {
  const entry = isKept ? encodeEntry('t', message(`${number}`)) : Buffer.from('t');
  const length = Buffer.alloc(4);
  length.writeUInt32LE(entry.length);
  return [Buffer.from(`${isKept ? '' : '-'}${number}:`), Buffer.concat([length, entry])];
}

describe('an inbox with a log to heal from', () => {
  let link: ScriptedLink;
  let inbox: Inbox;
  /** Ids of messages, and `gap <count>`, in the order they came. */
  let seen: string[];
  /** Numbers that the log has; below 0: too large to be kept. */
  let log: number[];

  beforeEach(async () => {
    link = new ScriptedLink();
    seen = [];
    log = [];
    link.answer = ({ argv }) => {
      const behind = Number(argv[2]!.split('-')[0]);
      const found = log.filter((number) => Math.abs(number) > behind);
      const end = Math.abs(found.at(-1) ?? behind);
      return [Buffer.from('1'), Buffer.from(`${end}-0`), 0, ...found.flatMap((number) => logged(Math.abs(number), number > 0))];
    };
    inbox = new Inbox({
      keys: new Keys('test'),
      link,
      membership: { node: 'n.1', isMember: true },
      onMessage: (_topic, { id }) => seen.push(id),
      onGap: (pattern, count) => seen.push(pattern === '#' ? `gap ${count}` : `gap ${count} in ${pattern}`),
    });
    inbox.reset(EPOCH, { generation: 1, id: '0-0' }, false);
    await turn();
  });
  afterEach(() => inbox.close());

  const asked = (): number => link.calls.length - 1;

  test('hands up what comes, in order and once, and asks for nothing', () => {
    for (const number of [1, 2, 2, 3, 1]) inbox.receive(parcel(number));
    assert.deepEqual(seen, ['1', '2', '3']);
    assert.equal(asked(), 0);
  });

  test('heals a hole from the log before it hands up what stands behind it', async () => {
    log = [1, 2, 3, 4, 5];
    inbox.receive(parcel(1));
    inbox.receive(parcel(4));
    inbox.receive(parcel(5));
    assert.deepEqual(seen, ['1']);
    await turn();
    assert.deepEqual(seen, ['1', '2', '3', '4', '5']);
    assert.equal(link.calls.at(-1)!.argv[2], '1-0', 'only what is behind the last one is read');
  });

  test('announces what the log does not have either, in its place', async () => {
    log = [1, 5];
    inbox.receive(parcel(1));
    inbox.receive(parcel(5));
    await turn();
    inbox.receive(parcel(6));
    assert.deepEqual(seen, ['1', 'gap 3', '5', '6']);
  });

  test('announces a message that was too large for the log, by its topic', async () => {
    log = [1, -2, 3];
    inbox.receive(parcel(3));
    await turn();
    assert.deepEqual(seen, ['1', 'gap 1 in t', '3']);
  });

  test('announces what is missing between parcels where the log has gone on without it', async () => {
    inbox.receive(parcel(1));
    inbox.receive(parcel(4));
    await turn();
    assert.deepEqual(seen, ['1', 'gap 2', '4']);
  });

  test('reads the tail that the store speaks of and that does not come', async () => {
    log = [1, 2, 3];
    inbox.receive(parcel(1));
    inbox.heard(EPOCH, 3, { generation: 1, id: '3-0' });
    assert.deepEqual(seen, ['1'], 'it may be on its way');
    await until('the tail', () => seen.length === 3);
    assert.deepEqual([seen, asked()], [['1', '2', '3'], 1]);
  });

  test('asks for nothing when what was spoken of comes', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    inbox.heard(EPOCH, 1, { generation: 1, id: '1-0' });
    inbox.receive(parcel(1));
    t.mock.timers.tick(1_000);
    await turn();
    assert.deepEqual([seen, asked()], [['1'], 0]);
  });

  test('reads on from where the store said that it was up to date', async () => {
    log = [900];
    inbox.receive(parcel(1));
    inbox.heard(EPOCH, 1, { generation: 1, id: '500-0' });
    inbox.receive(parcel(900));
    await turn();
    assert.equal(link.calls.at(-1)!.argv[2], '500-0');
  });

  test('announces a new epoch as a gap of which nobody knows how many', async () => {
    inbox.receive(parcel(1));
    inbox.receive(parcel(1, EPOCH + 1));
    assert.deepEqual(seen, ['1'], 'of an epoch it was not told of');
    inbox.reset(EPOCH + 1, { generation: 1, id: '0-0' }, true);
    await turn();
    assert.deepEqual(seen, ['1', 'gap 0', '1']);
  });

  test('is silent once it is closed', async () => {
    inbox.close();
    inbox.heal();
    await turn();
    assert.deepEqual([seen, asked()], [[], 0]);
  });
});
