import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { likePattern } from './like-pattern.ts';
import { leastCpuMs } from './testing/least-cpu-ms.ts';
import { likeByTrial } from './testing/like-by-trial.ts';

const like = (pattern: string, text: string, escape?: string): boolean =>
  likePattern({ kind: 'text', at: 0, value: pattern }, escape === undefined ? null : { kind: 'text', at: 0, value: escape })(text);

describe('LIKE', () => {
  test('takes % for any run and _ for one character', () => {
    const matching = [
      ['', ''], ['%', ''], ['%%', 'x'], ['_', 'x'], ['a%', 'a'], ['%c', 'abc'], ['a%c', 'ac'], ['%b%', 'abc'], ['_%_', 'ab'],
      ['a%b%c', 'aXbYc'],
    ] as const;
    for (const [pattern, text] of matching) assert.equal(like(pattern, text), true, `${text} LIKE ${pattern}`);
    const others = [
      ['', 'x'], ['_', ''], ['_', 'xy'], ['a%', 'ba'], ['%c', 'cb'], ['a%c', 'ab'], ['_%_', 'a'], ['abc', 'ab'],
      ['%ab%ab%', 'xaby'],
    ] as const;
    for (const [pattern, text] of others) assert.equal(like(pattern, text), false, `${text} LIKE ${pattern}`);
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

  test('has no seam where the bits go on in another word', () => {
    for (const length of [30, 31, 32, 33, 63, 64, 65, 96]) {
      const characters = Array.from({ length }, (_, i) => String.fromCodePoint(97 + (i % 26)));
      const text = characters.join('');
      const half = Math.floor(length / 2);
      const exact = [`%${text}%`, `${text.slice(0, half)}%${text.slice(half)}`];
      for (const pattern of [...exact, `_${text.slice(1)}`, `${text.slice(0, -1)}_`, '_'.repeat(length)]) {
        assert.equal(like(pattern, text), true, pattern);
        assert.equal(like(pattern, text.slice(0, -1)), false, `${pattern}, one too short`);
      }
      for (const pattern of exact) {
        for (let i = 0; i < length; i++) assert.equal(like(pattern, characters.with(i, '?').join('')), false, `${pattern}, another at ${i}`);
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
    const times = (text: string, count: number) => (): void => {
      for (let i = 0; i < count; i++) assert.equal(matches(text), false);
    };
    const short = 'a'.repeat(2_500);
    const long = 'a'.repeat(10_000);
    times(long, 20)();
    const shortMs = leastCpuMs(times(short, 40), 0);
    const longMs = leastCpuMs(times(long, 10), shortMs * 2);
    assert.ok(longMs < shortMs * 2, `${longMs} ms for a fourth as many texts four times as long, ${shortMs} ms for the short ones`);
  });
});
