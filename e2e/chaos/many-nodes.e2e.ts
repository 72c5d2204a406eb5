import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { message } from '../../server/engines/engine-contract/messages.ts';
import { boundedScripts } from './bounded-scripts.ts';
import { InterestLedger } from './fleet/interest-ledger.ts';
import { QueueLedger } from './fleet/queue-ledger.ts';
import { leaks } from './leaks.ts';
import { manyNodes } from './many-nodes.ts';

const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
const scale = Number(process.env['STOMPEDE_SCALE'] ?? 1);

describe('several nodes on one store', () => {
  test(`agree on everything while nothing is wrong (seed ${seed})`, async () => {
    await manyNodes({ seed, steps: 1_500 * scale, nodeCount: 4, trouble: 'none' });
  });

  test(`lose and repeat nothing when links are cut (seed ${seed})`, async () => {
    await manyNodes({ seed, steps: 500 * scale, nodeCount: 3, trouble: 'cuts', client: 'ioredis' });
  });

  test(`lose nothing when nodes crash, leave and are taken for dead (seed ${seed})`, async () => {
    await manyNodes({ seed, steps: 400 * scale, nodeCount: 4, trouble: 'all' });
  });
});

test('what nodes use and give up leaves nothing in Redis, and nor do they', async () => {
  await leaks({ names: 200 * scale, nodes: 30 * scale });
});

test('no script keeps Redis for long, however much there is in a queue', async () => {
  await boundedScripts({ depth: 40_000, held: 5_000 });
});

const HERE = { node: 'n1', member: 'n1.1' };
const THERE = { node: 'n2', member: 'n2.1' };
const claimedAs = (id: string, seq: number, failures = 0) => ({ seq, message: message(id), want: 0, failures, recoveries: 0 });

describe('the ledger of queues fails', () => {
  function stored(count: number): { ledger: QueueLedger; ids: string[] } {
    const ledger = new QueueLedger();
    const ids = Array.from({ length: count }, () => {
      const id = ledger.sending('a', 'n1');
      ledger.sent(id, true);
      return id;
    });
    return { ledger, ids };
  }

  test('on a message that is lost', () => {
    const { ledger, ids } = stored(2);
    assert.doesNotThrow(() => ledger.finish(new Set(ids)));
    assert.throws(() => ledger.finish(new Set([ids[0]!])), /a lost 1/);
  });

  test('on one that comes after it was settled, but not on a claim that was under way', () => {
    const { ledger, ids: [id] } = stored(1);
    const early = ledger.now;
    ledger.claimed('a', HERE, ledger.now, [claimedAs(id!, 1)]);
    ledger.settling(id!);
    ledger.settled(id!, true);
    assert.doesNotThrow(() => ledger.claimed('a', THERE, early, [claimedAs(id!, 1)]));
    assert.throws(() => ledger.claimed('a', THERE, ledger.now, [claimedAs(id!, 1)]), /after it was settled/);
  });

  test('on one that is refused and comes nevertheless', () => {
    const { ledger, ids: [id] } = stored(1);
    ledger.sent(id!, false);
    assert.throws(() => ledger.claimed('a', HERE, ledger.now, [claimedAs(id!, 1)]), /had been refused/);
  });

  test('on nacks that are not counted', () => {
    const { ledger, ids: [id] } = stored(1);
    ledger.releasing(id!, 'nack');
    ledger.released(id!, 'nack', true);
    assert.throws(() => ledger.claimed('a', HERE, ledger.now, [claimedAs(id!, 1, 0)]), /nacks/);
  });

  test('on a wrong order: within a claim, between claims, of a publisher', () => {
    const { ledger, ids: [first, second] } = stored(2);
    assert.throws(() => ledger.claimed('a', HERE, ledger.now, [claimedAs(second!, 2), claimedAs(first!, 1)]), /behind 2/);
    const later = stored(2);
    later.ledger.claimed('a', HERE, later.ledger.now, [claimedAs(later.ids[1]!, 2)]);
    assert.throws(() => later.ledger.claimed('a', THERE, later.ledger.now, [claimedAs(later.ids[0]!, 1)]), /came first after 2/);
    const turned = stored(2);
    turned.ledger.disturbed();
    assert.throws(() => turned.ledger.claimed('a', HERE, turned.ledger.now, [claimedAs(turned.ids[1]!, 1), claimedAs(turned.ids[0]!, 2)]), /sent earlier/);
  });

  test('to be sure of a double hold, and says who holds', () => {
    const { ledger, ids: [id] } = stored(1);
    ledger.claimed('a', HERE, ledger.now, [claimedAs(id!, 1)]);
    assert.deepEqual(ledger.claimed('a', THERE, ledger.now, [claimedAs(id!, 1)]), [{ id, first: HERE, second: THERE }]);
    ledger.lapse('n2');
    assert.deepEqual(ledger.claimed('a', HERE, ledger.now, [claimedAs(id!, 1)]), []);
  });
});

describe('the ledger of topics fails', () => {
  test('on a message that somebody waits for in vain, until a gap is announced', () => {
    const ledger = new InterestLedger();
    ledger.watched('n1', 't.*');
    const { id, at } = ledger.publishing('n2');
    ledger.published(id, 't.1', at);
    assert.deepEqual(ledger.due, [`${id} at n1`]);
    ledger.gap('n1');
    assert.deepEqual(ledger.due, []);
  });

  test('on what is seen twice, or out of turn', () => {
    const ledger = new InterestLedger();
    const [first, second] = [ledger.publishing('n2'), ledger.publishing('n2')];
    ledger.seen('n1', second.id);
    assert.throws(() => ledger.seen('n1', second.id), /twice/);
    assert.throws(() => ledger.seen('n1', first.id), /after n2.2/);
  });
});
