import assert from 'node:assert/strict';
import { setTimeout as wait, setImmediate as turn } from 'node:timers/promises';
import { beforeEach, describe, test } from 'node:test';
import type { Chain, Operation, Outcome } from '../../broker/engine.ts';
import { message } from '../engine-contract/messages.ts';
import { Holds } from './holds.ts';
import { Job } from './job.ts';
import { Keys } from './keys.ts';
import { Lane } from './lane.ts';
import { ReplyError, type Link, type Reply } from './link/link.ts';
import type { Membership } from './membership.ts';
import { gate, lost, reply, ScriptedLink } from './testing/scripted-link.ts';

describe('a lane', () => {
  let link: ScriptedLink;
  let membership: { node: string; isMember: boolean; expelled: () => void };
  let holds: Holds;
  let lane: Lane;

  beforeEach(() => {
    link = new ScriptedLink();
    membership = { node: 'n.1', isMember: true, expelled: () => void (membership.isMember = false) };
    holds = new Holds();
    lane = new Lane({
      keys: new Keys('test'),
      link: link as unknown as Link,
      membership: membership as unknown as Membership,
      lane: 'durable',
      holds,
      wildcards: { version: 0, match: () => '' },
      topicLogBytes: 0,
    });
  });

  const give = (operation: Operation, waitMs = 60_000, chain?: Chain): Promise<Outcome> =>
    new Promise((resolve) => lane.add(new Job({ operations: [operation], lane: 'durable', ...(chain && { chain }) }, performance.now() + waitMs, resolve)));
  const send = (id: string, waitMs?: number, chain?: Chain): Promise<Outcome> => give({ kind: 'enqueue', queue: 'q', message: message(id) }, waitMs, chain);
  const certainty = (outcome: Outcome): string => (outcome.ok ? 'ok' : `${outcome.failure.code} ${outcome.failure.certainty}`);
  const numbers = (): string[] => link.calls.map(({ argv }) => argv[2]!);
  const done = (): Reply => reply('OK', '0,0,0'.slice(0, 2 * groups() - 1));
  /** Groups of the last call, which are all of one operation and make a run. */
  const groups = (): number => (link.calls.at(-1)!.argv[7] === '*' ? Number(link.calls.at(-1)!.argv[8]) : 1);

  test('sends what comes in one turn together, and what comes meanwhile in the next batch', async () => {
    const first = gate();
    link.answer = async () => {
      await first.opened;
      return done();
    };
    const sent = [send('a'), send('b')];
    await turn();
    await turn();
    sent.push(send('c'), send('d'), send('e'));
    await turn();
    assert.equal(link.calls.length, 1);
    link.answer = done;
    first.open();
    assert.deepEqual((await Promise.all(sent)).map(certainty), ['ok', 'ok', 'ok', 'ok', 'ok']);
    assert.deepEqual(numbers(), ['1', '2']);
  });

  test('sends the same batch again when its answer was lost', async () => {
    link.answer = () => {
      link.answer = () => reply('DUP', '0,0');
      link.isUp = false;
      return lost();
    };
    const sent = [send('a'), send('b')];
    await turn();
    await turn();
    link.isUp = true;
    lane.wake();
    assert.deepEqual((await Promise.all(sent)).map(certainty), ['ok', 'ok']);
    assert.deepEqual(numbers(), ['1', '1']);
    assert.deepEqual(link.calls[0]!.argv, link.calls[1]!.argv);
  });

  test('writes a batch anew for the member that this node becomes, and leaves alone what others may hold by now', async () => {
    holds.add('q', 5);
    link.answer = () => reply('FENCED');
    const settled = give({ kind: 'settle', queue: 'q', seq: 5 });
    const released = give({ kind: 'release', queue: 'q', seq: 5, reason: 'nack' });
    await turn();
    await turn();
    assert.equal(membership.isMember, false);
    Object.assign(membership, { node: 'n.2', isMember: true });
    holds.endEra(true);
    link.answer = () => reply('OK', '1,0');
    lane.wake();
    assert.deepEqual(await Promise.all([settled, released]), [{ ok: true, missed: 1, repeats: 0 }, { ok: true, missed: 0, repeats: 0 }]);
    const [before, after] = link.calls.map(({ argv }) => argv);
    assert.deepEqual([before![0], after![0]], ['n.1', 'n.2']);
    assert.deepEqual([before!.slice(7).join(' '), after!.slice(7).join(' ')], ['1 0 S q 5 1 0 R q 5 nack 0', '1 0 L q 5 1 0 N']);
  });

  test('refuses as not stored what waited too long, and as unknown what was on its way', async () => {
    link.answer = () => {
      link.isUp = false;
      return lost();
    };
    const underWay = send('a', 40);
    await turn();
    await turn();
    const waiting = send('b', 40);
    assert.deepEqual((await Promise.all([underWay, waiting])).map(certainty), ['store-unreachable outcome-unknown', 'store-unreachable not-stored']);
  });

  test('brings to its end what nobody waits for any more, before anything else', async () => {
    link.answer = () => {
      link.isUp = false;
      return lost();
    };
    await send('a', 20);
    const next = send('b');
    link.isUp = true;
    link.answer = ({ argv }) => reply(argv[2] === '1' ? 'DUP' : 'OK', '0');
    lane.wake();
    assert.equal(certainty(await next), 'ok');
    assert.deepEqual(numbers(), ['1', '1', '2']);
  });

  test('breaks a chain with the first of its jobs that is refused', async () => {
    const chain: Chain = { broken: false };
    link.answer = () => reply('OK', 'n,c');
    const sent = [give({ kind: 'settle', queue: 'q', seq: 1 }, 60_000, chain), give({ kind: 'settle', queue: 'q', seq: 2 }, 60_000, chain)];
    assert.deepEqual((await Promise.all(sent)).map(certainty), ['not-held not-stored', 'chain-broken not-stored']);
    assert.equal(chain.broken, true);
    assert.equal(certainty(await send('later', 60_000, chain)), 'chain-broken not-stored');
    assert.equal(link.calls.length, 1);
  });

  test('fails the batch that Redis stumbles over, and goes on', async () => {
    link.answer = () => {
      link.answer = done;
      throw new ReplyError('ERR user_script:7: attempt to index a nil value');
    };
    assert.equal(certainty(await send('a')), 'store-failed outcome-unknown');
    assert.equal(certainty(await send('b')), 'ok');
  });

  test('closes when all was answered, and takes nothing more', async () => {
    const first = gate();
    link.answer = async () => {
      await first.opened;
      return done();
    };
    const sent = send('a');
    let isClosed = false;
    const closing = lane.close().then(() => (isClosed = true));
    assert.equal(certainty(await send('late')), 'store-failed not-stored');
    await wait(5);
    assert.equal(isClosed, false);
    first.open();
    await closing;
    assert.equal(certainty(await sent), 'ok');
  });

  test('closes without its store when all has waited enough', async () => {
    link.isUp = false;
    const sent = send('a', 30);
    await lane.close();
    assert.equal(certainty(await sent), 'store-unreachable not-stored');
    await lane.close();
  });

  test('that loses its link while it closes lets nobody wait for ever', async () => {
    link.answer = () => {
      link.isUp = false;
      return lost();
    };
    const released = give({ kind: 'release', queue: 'q', seq: 1, reason: 'nack' }, Infinity);
    await lane.close();
    assert.equal(certainty(await released), 'store-unreachable outcome-unknown');
  });
});
