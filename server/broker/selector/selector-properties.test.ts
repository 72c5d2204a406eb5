import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { compileSelector } from './compile-selector.ts';
import { SelectorError } from './selector-error.ts';
import { arbitraryMessage, arbitraryStyle, arbitraryTest } from './testing/arbitrary-selector.ts';
import { leastCpuMs } from './testing/least-cpu-ms.ts';
import { truthOf } from './testing/naive-selector.ts';
import { printed } from './testing/printed-selector.ts';
import { sampleMessage } from './testing/sample-message.ts';

const RUNS = { numRuns: 10_000 };
const message = sampleMessage({ a: '5', b: 'red' });

/** Whether it compiles; what does not has to say why, in a sentence. */
function compiles(text: string): boolean {
  try {
    compileSelector(text)?.matches(message);
    return true;
  } catch (error) {
    if (!(error instanceof SelectorError)) throw error;
    assert.match(error.message, /^selector: expected [^]+, got [^]+/);
    return false;
  }
}

const arbitraryText = fc.tuple(arbitraryTest, arbitraryStyle).map(([tree, style]) => printed(tree, style()));

const pieces = fc.constantFrom(
  'AND', 'OR', 'NOT', 'BETWEEN', 'IN', 'LIKE', 'IS', 'NULL', 'TRUE', 'ESCAPE', '(', ')', '((', '))', ',', '=', '<>', '<',
  '>=', '!=', '+', '-', '*', '/', '%', "'", "''", "'x'", "'%'", '"', 'a', 'b-c', '5', '0x', '1e', '.', '..', '7L', ' ', ' ',
  '\n', 'XPATH', '😀', '\\', '\0',
);

/** Where, how many characters are taken out, what is put in. */
const damage = fc.tuple(fc.nat(), fc.nat({ max: 6 }), fc.oneof(pieces, fc.constant('')));

describe('any text', () => {
  test('made as a selector means what the rules say', () => {
    const counts = { true: 0, false: 0, unknown: 0 };
    fc.assert(
      fc.property(arbitraryTest, arbitraryStyle, arbitraryMessage, (tree, style, one) => {
        const text = printed(tree, style());
        const expected = truthOf(tree, one);
        counts[expected]++;
        const found = [compileSelector(text)!.matches(one), compileSelector(`NOT (${text})`)!.matches(one)];
        assert.deepEqual(found, [expected === 'true', expected === 'false'], text);
      }),
      RUNS,
    );
    assert.ok(Math.min(...Object.values(counts)) > RUNS.numRuns / 20, `each outcome is met: ${JSON.stringify(counts)}`);
  });

  test('made from pieces of selectors is compiled or refused, soon', () => {
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 60 }), fc.boolean(), (parts, isSpaced) => {
        const text = parts.join(isSpaced ? ' ' : '');
        assert.ok(leastCpuMs(() => compiles(text), 20) < 20, text);
      }),
      RUNS,
    );
  });

  test('made by damaging a selector is compiled or refused, soon', () => {
    const counts = { compiled: 0, refused: 0 };
    fc.assert(
      fc.property(arbitraryText, fc.array(damage, { minLength: 1, maxLength: 3 }), (text, damages) => {
        const damaged = damages.reduce((rest, [place, length, piece]) => {
          const at = place % (rest.length + 1);
          return rest.slice(0, at) + piece + rest.slice(at + length);
        }, text);
        assert.ok(leastCpuMs(() => counts[compiles(damaged) ? 'compiled' : 'refused']++, 20) < 20, damaged);
      }),
      RUNS,
    );
    assert.ok(Math.min(...Object.values(counts)) > RUNS.numRuns / 50, `both outcomes are met: ${JSON.stringify(counts)}`);
  });

  test('is no selector, but no mishap', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        compiles(text);
      }),
      RUNS,
    );
  });
});
