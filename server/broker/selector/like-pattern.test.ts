import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { likePattern } from './like-pattern.ts';
import { leastMs } from './testing/least-ms.ts';
import { likeByTrial } from './testing/like-by-trial.ts';

const like = (pattern: string, text: string, escape?: string): boolean =>
  likePattern({ kind: 'text', at: 0, value: pattern }, escape === undefined ? null : { kind: 'text', at: 0, value: escape })(text);

describe('LIKE', () => {
  test('takes % for any run and _ for one character', () => {
    for (const [pattern, text] of [['', ''], ['%', ''], ['%%', 'x'], ['_', 'x'], ['a%', 'a'], ['%c', 'abc'], ['a%c', 'ac'], ['%b%', 'abc'], ['_%_', 'ab'], ['a%b%c', 'aXbYc']]) {
      assert.equal(like(pattern!, text!), true, `${text} LIKE ${pattern}`);
    }
    for (const [pattern, text] of [['', 'x'], ['_', ''], ['_', 'xy'], ['a%', 'ba'], ['%c', 'cb'], ['a%c', 'ab'], ['_%_', 'a'], ['abc', 'ab'], ['%ab%ab%', 'xaby']]) {
      assert.equal(like(pattern!, text!), false, `${text} LIKE ${pattern}`);
    }
  });

  test('counts code points, not their halves, and takes line ends as characters', () => {
    assert.equal(like('_', '😀'), true);
    assert.equal(like('__', '😀'), false);
    assert.equal(like('%😀_', 'a😀😁'), true);
    assert.equal(like('a_b%', 'a\nb\r\n'), true);
  });

  test('takes signs of regular expressions for themselves', () => {
    assert.equal(like('.*[a]^$\\%', '.*[a]^$\\x'), true);
    assert.equal(like('a.c', 'abc'), false);
  });

  test('takes what is escaped for itself', () => {
    assert.equal(like('10!%', '10%', '!'), true);
    assert.equal(like('10!%', '100', '!'), false);
    assert.equal(like('!_!!_', '_!x', '!'), true);
    assert.equal(like('%%a_', 'xa_', '%'), false);
    assert.equal(like('%%a%_', '%a_', '%'), true);
    assert.equal(like('😀%', '%', '😀'), true);
  });

  test('has no seam at patterns of 31, 32, 33, 64 and 65 characters', () => {
    for (const length of [30, 31, 32, 33, 63, 64, 65, 96]) {
      const text = Array.from({ length }, (_, i) => String.fromCodePoint(97 + (i % 26))).join('');
      const patterns = [`%${text}%`, `_${text.slice(1)}`, `${text.slice(0, -1)}_`, `${text.slice(0, 15)}%${text.slice(15)}`, '_'.repeat(length)];
      for (const pattern of patterns) {
        assert.equal(like(pattern, text), true, pattern);
        assert.equal(like(pattern, `${text.slice(0, -1)}`), false, pattern);
        assert.equal(like(pattern, `${text.slice(0, 16)}?${text.slice(16)}`), likeByTrial(pattern, undefined, `${text.slice(0, 16)}?${text.slice(16)}`), pattern);
      }
    }
  });

  test('is what trying everything finds', () => {
    const unit = fc.constantFrom('a', 'b', '%', '_', '!', '😀');
    const pattern = fc.string({ unit, maxLength: 9 });
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '%', '😀'), maxLength: 9 });
    fc.assert(
      fc.property(pattern, text, (one, other) => assert.equal(like(one, other), likeByTrial(one, undefined, other))),
      { numRuns: 5000 },
    );
  });

  test('is what trying everything finds, also over several words of bits', () => {
    const pattern = fc.array(fc.constantFrom('a', 'b', 'ab', '%', '_', 'aaaaaaaaaa', 'abababababab'), { maxLength: 12 });
    const text = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 100 });
    fc.assert(
      fc.property(pattern, text, fc.boolean(), (parts, random, isMade) => {
        const made = parts.map((part) => (part === '%' ? random.slice(0, 7) : part === '_' ? 'b' : part)).join('');
        const tried = isMade ? made : random;
        assert.equal(like(parts.join(''), tried), likeByTrial(parts.join(''), undefined, tried));
      }),
      { numRuns: 2000 },
    );
  });

  test('takes time in proportion to the text, also where trying would take for ever', () => {
    const matches = likePattern({ kind: 'text', at: 0, value: `${'%a'.repeat(400)}%b` }, null);
    const short = 'a'.repeat(2_500);
    const long = 'a'.repeat(10_000);
    matches(long);
    const shortMs = leastMs(() => assert.equal(matches(short), false), 0);
    assert.ok(leastMs(() => assert.equal(matches(long), false), shortMs * 8) < shortMs * 8);
    assert.ok(leastMs(() => matches(long), 10) < 10);
  });
});
