import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import type { Operation, Outcome } from '../../broker/engine.ts';
import { message } from '../engine-contract/messages.ts';
import { Holds } from './holds.ts';
import { Job } from './job.ts';
import { Keys } from './keys.ts';
import { Lane } from './lane.ts';
import { LinkLostError, type Argument, type Link, type Reply } from './link/link.ts';
import type { Membership } from './membership.ts';
import { decodeStored } from './stored-message.ts';
import { until } from './testing/until.ts';

/** Numbered batches as the store keeps them, at the end of a link that is lost as the test says. */
class Store {
  readonly applied: string[] = [];
  /** Asked for each batch: lost on the way there, on the way back, or not at all. */
  fate: (ids: readonly string[]) => 'there' | 'back' | undefined = () => undefined;
  sends = 0;
  #last = 0;
  #reply = '';
  /** Batches that were lost on their way there, and may still arrive. */
  readonly ghosts: (() => void)[] = [];

  readonly run = (_script: unknown, _key: string, argv: readonly Argument[]): Promise<Reply> => {
    this.sends++;
    // Whether they go one by one or as a run: what is not text are the messages.
    const ids = argv.flatMap((argument) => (Buffer.isBuffer(argument) ? [decodeStored(argument).id] : []));
    const fate = this.fate(ids);
    if (fate === 'there') {
      this.ghosts.push(() => this.#apply(Number(argv[2]), ids));
      return lost();
    }
    const status = this.#apply(Number(argv[2]), ids);
    return fate === 'back' ? lost() : Promise.resolve([Buffer.from(status), Buffer.from(this.#reply)]);
  };

  #apply(number: number, ids: readonly string[]): string {
    if (number === this.#last) return 'DUP';
    if (number < this.#last) return 'STALE';
    this.#last = number;
    this.applied.push(...ids);
    this.#reply = ids.map(() => '0').join(',');
    return 'OK';
  }
}

const lost = (): Promise<never> => Promise.reject(new LinkLostError('it was cut', true));

describe('a lane whose link is lost again and again', () => {
  let store: Store;
  let lane: Lane;

  beforeEach(() => {
    store = new Store();
    lane = new Lane({
      keys: new Keys('test'),
      link: { isUp: true, run: store.run } as unknown as Link,
      membership: { node: 'n.1', isMember: true } as Membership,
      lane: 'volatile',
      holds: new Holds(),
      wildcards: { version: 0, match: () => '' },
      topicLogBytes: 0,
    });
  });

  function add(...ids: string[]): Promise<Outcome[]> {
    return Promise.all(
      ids.map((id) => {
        const operations: Operation[] = [{ kind: 'enqueue', queue: 'q', message: message(id) }];
        return new Promise<Outcome>((resolve) => lane.add(new Job({ operations, lane: 'volatile' }, performance.now() + 60_000, resolve)));
      }),
    );
  }

  const codes = (outcomes: readonly Outcome[]): string[] => outcomes.map((outcome) => (outcome.ok ? 'ok' : outcome.failure.code));

  test('sends a job alone many times, and in the end it is done', async () => {
    let losses = 0;
    store.fate = () => (++losses <= 4 ? 'there' : undefined);
    assert.deepEqual(codes(await add('a')), ['ok']);
    assert.deepEqual(store.applied, ['a']);
  });

  test('asks what became of a batch rather than send it for ever: the answer of one that was applied is not lost', async () => {
    store.fate = (ids) => (ids.length > 0 ? 'back' : undefined);
    assert.deepEqual(codes(await add('a')), ['ok']);
    assert.deepEqual(codes(await add('b', 'c')), ['ok', 'ok']);
    assert.deepEqual(store.applied, ['a', 'b', 'c']);
  });

  test('refuses the one job that kills the link, and none of its neighbours', async () => {
    store.fate = (ids) => (ids.includes('killer') ? 'there' : undefined);
    assert.deepEqual(codes(await add('a', 'b', 'killer', 'c', 'd')), ['ok', 'ok', 'store-failed', 'ok', 'ok']);
    assert.deepEqual(store.applied, ['a', 'b', 'c', 'd']);
  });

  test('lets no batch that arrives late be applied beside what it was taken apart into', async () => {
    store.fate = (ids) => (ids.length > 1 ? 'there' : undefined);
    const outcomes = add('a', 'b');
    await until('the lane to ask', () => store.sends >= 3);
    for (const arrive of store.ghosts) arrive();
    assert.deepEqual(codes(await outcomes), ['ok', 'ok']);
    assert.deepEqual(store.applied, ['a', 'b']);
  });
});
