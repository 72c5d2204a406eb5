import fc from 'fast-check';
import type { DurableTerms, Lane } from '../../broker/engine.ts';
import { durable } from './durable.ts';

const DURABLE = ['a', 'b', 'DLQ.a'];
const TEMPORARY = ['temp:x', 'temp:y'];

/** One thing a random run does. Numbers called `pick` choose among what there is when the step is run. */
export type Step =
  | { readonly kind: 'burst'; readonly lane: Lane; readonly isChained: boolean; readonly groups: readonly Wish[][] }
  | { readonly kind: 'claim'; readonly queue: string; readonly wants: readonly WantWish[]; readonly maxBytes: number }
  | { readonly kind: 'forget'; readonly queue: string; readonly every: number }
  | { readonly kind: 'readLog'; readonly topic: string; readonly after: number | 'stranger' | undefined; readonly limit: number }
  | { readonly kind: 'browse'; readonly queue: string; readonly offset: number; readonly limit: number }
  | { readonly kind: 'purge'; readonly queue: string; readonly limit: number }
  | { readonly kind: 'create'; readonly queue: string }
  | { readonly kind: 'drop'; readonly queue: string }
  | { readonly kind: 'hold'; readonly queue: string; readonly terms: DurableTerms }
  | { readonly kind: 'endHold' | 'unsubscribe'; readonly queue: string }
  | { readonly kind: 'claimDead' }
  | { readonly kind: 'restart' };

/** `every`: with a selector for each second or third message, by their names; 0 = with none. */
export interface WantWish {
  readonly credit: number;
  readonly consumer: string;
  readonly priority: number;
  readonly every: number;
}

/** An operation before it is known which message it is about. */
export type Wish =
  | { readonly kind: 'enqueue'; readonly queue: string; readonly bodyBytes: number; readonly priority: number; readonly delay: Delay; readonly life: Delay; readonly group: string; readonly value: string; readonly key: Key }
  | { readonly kind: 'publish'; readonly topic: string; readonly colour: 'red' | 'blue'; readonly key: Key }
  | { readonly kind: 'log'; readonly topic: string; readonly maxMessages: number; readonly bodyBytes: number; readonly key: Key }
  | { readonly kind: 'settle' | 'late'; readonly pick: number; readonly isWild: boolean }
  | { readonly kind: 'release'; readonly pick: number; readonly isWild: boolean; readonly reason: 'undelivered' | 'nack' | 'gone'; readonly delay: Delay }
  | { readonly kind: 'move'; readonly pick: number; readonly isWild: boolean; readonly to: string; readonly priority: number; readonly delay: Delay; readonly life: Delay; readonly group: string; readonly value: string };

/** `soon` is over when the next step is done, `far` not within a run. */
export type Delay = 'none' | 'soon' | 'far';

/** Of what is to happen once. */
export type Key = string | undefined;

const LOGGED = ['log.a', 'log.b'];

const pick = fc.nat({ max: 999 });
/** Seldom a message that is not held any more, or that never was. */
const isWild = fc.nat({ max: 9 }).map((number) => number === 0);
/** Most have the usual one. */
/** Seldom one of few keys for last values. */
const value = fc.oneof({ weight: 3, arbitrary: fc.constant('') }, { weight: 1, arbitrary: fc.constantFrom('x', 'y') });
const priority = fc.oneof({ weight: 3, arbitrary: fc.constant(4) }, { weight: 1, arbitrary: fc.constantFrom(0, 3, 5, 9) });
const delay = fc.oneof(
  { weight: 40, arbitrary: fc.constant('none' as const) },
  { weight: 1, arbitrary: fc.constant('soon' as const) },
  { weight: 2, arbitrary: fc.constant('far' as const) },
);
const anyGroup = fc.oneof({ weight: 2, arbitrary: fc.constant('') }, { weight: 1, arbitrary: fc.constantFrom('g', 'h', 'größer') });
const reason = fc.constantFrom('undelivered' as const, 'nack' as const, 'gone' as const);

/** A run uses up a good part of them. */
const key: fc.Arbitrary<Key> = fc.oneof(
  { weight: 3, arbitrary: fc.constant(undefined) },
  { weight: 1, arbitrary: fc.nat({ max: 40 }).map((number) => `key ${number}`) },
);

/** Now and then a narrower bound, or a wide one, so that logs shrink and grow. */
const log: fc.Arbitrary<Wish> = fc.record({
  kind: fc.constant('log' as const),
  topic: fc.constantFrom(...LOGGED),
  maxMessages: fc.oneof({ weight: 6, arbitrary: fc.constant(6) }, { weight: 1, arbitrary: fc.constantFrom(1, 2, 20, 1_000) }),
  bodyBytes: fc.nat({ max: 300 }),
  key,
});

const publish: fc.Arbitrary<Wish> = fc.record({
  kind: fc.constant('publish' as const),
  topic: fc.constantFrom('news', 'news.eu', ...LOGGED),
  colour: fc.constantFrom('red' as const, 'blue' as const),
  key,
});

function wishFor(queues: readonly string[], group: fc.Arbitrary<string>): fc.Arbitrary<Wish> {
  const queue = fc.constantFrom(...queues);
  return fc.oneof(
    { weight: 5, arbitrary: fc.record({ kind: fc.constant('enqueue' as const), queue, bodyBytes: fc.nat({ max: 300 }), priority, delay, life: delay, group, value, key }) },
    { weight: 4, arbitrary: publish },
    { weight: 3, arbitrary: log },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('settle' as const), pick, isWild }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('late' as const), pick, isWild: fc.constant(true) }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('release' as const), pick, isWild, reason, delay }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('move' as const), pick, isWild, to: queue, priority, delay, life: delay, group, value }) },
  );
}

/** What each may be held as; one pattern always has the same bounds. */
const SUBSCRIPTIONS: readonly (readonly [queue: string, ...DurableTerms[]])[] = [
  ['sub:plain', durable(), durable({ pattern: 'news.eu' })],
  ['sub:bounded', durable({ pattern: '#', bounds: { maxMessages: 8, maxBytes: 0, maxAgeMs: 0 } })],
  ['sub:picky', durable({ pattern: 'news.#', selector: "colour = 'red'" })],
  ['sub:other', durable({ pattern: 'news.#' })],
];
const DURABLE_QUEUES = SUBSCRIPTIONS.map(([name]) => name);

const hold: fc.Arbitrary<Step> = fc
  .constantFrom(...SUBSCRIPTIONS.flatMap(([name, ...terms]) => terms.map((each) => [name, each] as const)))
  .map(([name, terms]) => ({ kind: 'hold', queue: name, terms }));
const durableQueue = fc.constantFrom(...DURABLE_QUEUES);

const groupsOf = (wish: fc.Arbitrary<Wish>): fc.Arbitrary<Wish[][]> =>
  fc.array(fc.array(wish, { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 8 });

/** Several groups of one lane, under way at once: across lanes there is no order to compare. */
const burstWith = (group: fc.Arbitrary<string>): fc.Arbitrary<Step> => fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('burst' as const),
      lane: fc.constant('durable' as const),
      isChained: fc.boolean(),
      groups: groupsOf(wishFor([...DURABLE, ...TEMPORARY], group)),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('burst' as const),
      lane: fc.constant('volatile' as const),
      isChained: fc.boolean(),
      groups: groupsOf(wishFor(TEMPORARY, group)),
    }),
  },
);

const queue = fc.constantFrom(...DURABLE, ...DURABLE, ...TEMPORARY, ...DURABLE_QUEUES, ...DURABLE_QUEUES);
const temporary = fc.constantFrom(...TEMPORARY);
const readLog: fc.Arbitrary<Step> = fc.record({
  kind: fc.constant('readLog' as const),
  topic: fc.constantFrom(...LOGGED, 'news'),
  after: fc.oneof({ weight: 5, arbitrary: fc.nat({ max: 30 }) }, { weight: 1, arbitrary: fc.constantFrom('stranger' as const, undefined) }),
  limit: fc.nat(9),
});
const wantsFor = (every: readonly number[], minLength: number): fc.Arbitrary<WantWish[]> =>
  fc
    .array(
      fc.record({
        credit: fc.nat({ max: 6 }),
        priority: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.constantFrom(-1, 5, 9) }),
        every: fc.constantFrom(...every),
      }),
      { minLength, maxLength: 3 },
    )
    .map((wants) => wants.map((want, index) => ({ ...want, consumer: `c${index}` })));
/** Some claims have no selector, some nothing else, and some have both. */
const plain = wantsFor([0], 1);
const selecting = fc.oneof(plain, wantsFor([2, 3], 1), wantsFor([0, 2, 3], 2));
const claimBy = (wants: fc.Arbitrary<WantWish[]>): fc.Arbitrary<Step> => fc.record({
  kind: fc.constant('claim' as const),
  queue,
  wants,
  maxBytes: fc.oneof(fc.nat({ max: 1500 }), fc.constant(1_000_000)),
});

/** With message groups or with selectors: who has a selector minds no groups, and what then waits for whom is for tests of their own. */
export function anySteps(options: StepsOptions): fc.Arbitrary<Step[]> {
  return fc.oneof(stepsOf(options, burstWith(anyGroup), claimBy(plain)), stepsOf(options, burstWith(fc.constant('')), claimBy(selecting)));
}

interface StepsOptions {
  readonly withRestarts: boolean;
  readonly count: number;
}

function stepsOf(options: StepsOptions, burst: fc.Arbitrary<Step>, claim: fc.Arbitrary<Step>): fc.Arbitrary<Step[]> {
  const step: fc.Arbitrary<Step> = fc.oneof(
    { weight: 8, arbitrary: burst },
    { weight: 8, arbitrary: claim },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('forget' as const), queue, every: fc.constantFrom(2, 3) }) },
    { weight: 3, arbitrary: readLog },
    { weight: 4, arbitrary: hold },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('endHold' as const), queue: durableQueue }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('unsubscribe' as const), queue: durableQueue }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('browse' as const), queue, offset: fc.nat(9), limit: fc.nat(9) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('purge' as const), queue, limit: fc.nat(5) }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('claimDead' as const) }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('create' as const), queue: temporary }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('drop' as const), queue }) },
    { weight: options.withRestarts ? 1 : 0, arbitrary: fc.record({ kind: fc.constant('restart' as const) }) },
  );
  return fc.array(step, { minLength: 1, maxLength: options.count, size: 'max' });
}
