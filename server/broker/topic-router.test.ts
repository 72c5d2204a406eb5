import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { TopicRouter } from './topic-router.ts';

const isPattern = (name: string) => /(^|\.)[*#]($|\.)/.test(name) || /(^|\.)>$/.test(name);

const routerOf = (...names: string[]): TopicRouter<string> => {
  const router = new TopicRouter<string>();
  for (const name of names) router.add(name, isPattern(name), name);
  return router;
};

const match = (router: TopicRouter<string>, topic: string): string[] => [...router.match(topic)].sort();

/** The rule once more, as plainly as it can be said. */
function matches(pattern: readonly string[], words: readonly string[]): boolean {
  const [first, ...rest] = pattern;
  if (first === undefined) return words.length === 0;
  if (first === '#') return matches(rest, words) || (words.length > 0 && matches(pattern, words.slice(1)));
  return words.length > 0 && (first === '*' || first === words[0]) && matches(rest, words.slice(1));
}

describe('the topic router', () => {
  test('finds exact names', () => {
    const router = routerOf('a', 'a.b');
    assert.deepEqual(match(router, 'a.b'), ['a.b']);
    assert.deepEqual(match(router, 'b'), []);
  });

  test('takes * for one word, # and a last > for zero or more', () => {
    const router = routerOf('a.*', 'a.#', 'a.>', '#', '*.b', '#.b', 'a.*.c');
    assert.deepEqual(match(router, 'a'), ['#', 'a.#', 'a.>']);
    assert.deepEqual(match(router, 'a.b'), ['#', '#.b', '*.b', 'a.#', 'a.*', 'a.>']);
    assert.deepEqual(match(router, 'a.b.c'), ['#', 'a.#', 'a.*.c', 'a.>']);
    assert.deepEqual(match(router, 'x.y.b'), ['#', '#.b']);
  });

  test('names a subscriber once, however many of its patterns match', () => {
    const router = new TopicRouter<string>();
    for (const pattern of ['a.*', '#', '*.b']) router.add(pattern, true, 'me');
    router.add('a.b', false, 'me');
    assert.deepEqual(match(router, 'a.b'), ['me']);
  });

  test('forgets what was removed, and the branches with it', () => {
    const router = routerOf('a.*', 'a.#', 'a.b');
    for (const name of ['a.*', 'a.#', 'a.b']) router.remove(name, isPattern(name), name);
    assert.deepEqual(match(router, 'a.b'), []);
    assert.equal(router.size, 0);
  });

  test('agrees with the plain rule for any patterns and topics', () => {
    const word = fc.constantFrom('a', 'b', 'c');
    const pattern = fc.array(fc.oneof(word, fc.constantFrom('*', '#')), { minLength: 1, maxLength: 5 });
    const topic = fc.array(word, { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(fc.array(pattern, { maxLength: 12 }), topic, (patterns, words) => {
        const names = [...new Set(patterns.map((each) => each.join('.')))];
        const expected = names.filter((name) => matches(name.split('.'), words)).sort();
        assert.deepEqual(match(routerOf(...names), words.join('.')), expected);
      }),
    );
  });

  test('finds who could get a message of a pattern', () => {
    const router = routerOf('a.b', 'c', 'a.*', 'b.#', '#');
    const overlapping = (pattern: string): string[] => [...router.overlapping(pattern)].sort();
    assert.deepEqual(overlapping('#'), ['#', 'a.*', 'a.b', 'b.#', 'c']);
    assert.deepEqual(overlapping('a.b'), ['#', 'a.*', 'a.b']);
    assert.deepEqual(overlapping('*.x'), ['#', 'a.*', 'b.#']);
    assert.deepEqual(overlapping('d'), ['#']);
    router.remove('a.b', false, 'a.b');
    router.remove('#', true, '#');
    assert.deepEqual(overlapping('a.b'), ['a.*']);
  });

  test('is not trapped by a pattern of many #', () => {
    const pattern = Array.from({ length: 30 }, () => '#.a').join('.') + '.b';
    const router = routerOf(pattern);
    // Followed in every possible way this would take longer than the universe has existed.
    assert.deepEqual(match(router, Array.from({ length: 64 }, () => 'a').join('.')), []);
  });
});
