import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { overlaps, patternWords } from './topic-pattern.ts';

const meet = (left: string, right: string): boolean => overlaps(patternWords(left), patternWords(right));

/** Every topic of up to six words of this alphabet. */
const TOPICS: string[][] = [[]];
for (let length = 0, last = TOPICS; length < 6; length++) {
  last = last.flatMap((words) => ['a', 'b', 'c'].map((word) => [...words, word]));
  TOPICS.push(...last);
}

function matches(pattern: readonly string[], words: readonly string[]): boolean {
  const [first, ...rest] = pattern;
  if (first === undefined) return words.length === 0;
  if (first === '#') return matches(rest, words) || (words.length > 0 && matches(pattern, words.slice(1)));
  return words.length > 0 && (first === '*' || first === words[0]) && matches(rest, words.slice(1));
}

describe('two patterns overlap', () => {
  test('when some topic matches both', () => {
    for (const [left, right] of [['#', 'a'], ['#', '#'], ['a.*', '*.b'], ['a.#', 'a'], ['a.>', 'a.b.c'], ['#.c', 'a.#'], ['a.b', 'a.b']]) {
      assert.equal(meet(left!, right!), true, `${left} and ${right}`);
    }
    for (const [left, right] of [['a', 'b'], ['a.*', 'a'], ['a.*', '*'], ['a.#', 'b.#'], ['a.*.c', 'a.b.d'], ['*.*', '#.x.y.z']]) {
      assert.equal(meet(left!, right!), false, `${left} and ${right}`);
    }
  });

  test('exactly when a search through all short topics finds one', () => {
    const pattern = fc.array(fc.constantFrom('a', 'b', '*', '#'), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(pattern, pattern, (left, right) => {
        // Six words are enough for two patterns of three: a word that both cover with '#' may be left out.
        const found = TOPICS.some((words) => matches(left, words) && matches(right, words));
        assert.equal(overlaps(left, right), found);
      }),
      { numRuns: 500 },
    );
  });

  test('is found out quickly for many #', () => {
    const left = Array.from({ length: 32 }, () => '#.a').join('.');
    const right = Array.from({ length: 32 }, () => '#.b').join('.');
    assert.equal(meet(left, right), false);
  });
});
