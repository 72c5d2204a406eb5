import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { compileSelector } from './compile-selector.ts';
import { SELECTOR_LIMITS } from './parse-selector.ts';
import { SelectorError } from './selector-error.ts';
import { leastCpuMs } from './testing/least-cpu-ms.ts';
import { sampleMessage } from './testing/sample-message.ts';

const { maxBytes, maxDepth, maxOperands, maxListItems, maxLikeBlocks } = SELECTOR_LIMITS;

/** As often as it fits. */
const filled = (unit: string, before = '', behind = ''): string =>
  before + unit.repeat(Math.floor((maxBytes - before.length - behind.length) / unit.length)) + behind;

/** Texts as long as they may be, made to hurt. */
const HOSTILE: Readonly<Record<string, string>> = {
  'opening parentheses': filled('('),
  'closing parentheses': filled(')'),
  'parentheses within AND': filled('a AND ('),
  'parentheses within comparisons': filled('a = ('),
  'parentheses within sums': filled('1 + ('),
  'parentheses within lists': filled('a IN ('),
  'NOT NOT': filled('NOT '),
  'NOT NOT a': filled('NOT ', '', 'a'),
  'NOT with parentheses': filled('NOT('),
  'signs': filled('- '),
  'signs before a number': filled('-', 'a = ', '5'),
  'signs before parentheses': filled('-('),
  'AND': filled('a AND '),
  'OR': filled('a OR ', '', 'a'),
  'equalities': filled('a='),
  'a long sum': filled('+1', '1', '=1'),
  'BETWEEN': filled('a BETWEEN '),
  'BETWEEN and AND': filled('a BETWEEN 1 AND '),
  'IS NOT': filled('a IS NOT '),
  'a list of numbers': filled('1,', 'a IN (', '1)'),
  'a list of texts': filled("'',", 'a IN (', "'')"),
  'an open list': filled('1,', 'a IN ('),
  'LIKE': filled("a LIKE '%a%' OR ", '', 'a'),
  'a long pattern': filled('%a', "a LIKE '", "'"),
  'escapes': filled('!%', "a LIKE '", "' ESCAPE '!'"),
  'quotes': filled("'"),
  'doubled quotes': filled("''", "a = '", "'"),
  'an open text': filled('x', "a = '"),
  'digits': filled('1'),
  'digits and dots': filled('1.'),
  'digits and exponents': filled('1e'),
  'hexadecimal digits': filled('f', '0x', 'g'),
  'a long name': filled('a'),
  'hyphens': filled('-', 'a'),
  'dots': filled('.'),
  'blanks': filled(' '),
  'blanks before garbage': filled(' ', '', '@'),
  'blanks between': filled(' ', 'a', '= 1'),
  'prefixes': filled('hyphenated_props:'),
  'calls': filled('a('),
  'letters of four octets': '𝒳'.repeat(maxBytes / 4),
  'surrogates': '\ud800'.repeat(maxBytes / 3),
  'NUL': filled('\0'),
};

/** Compiles, or is told why not. */
function attempt(text: string): void {
  try {
    compileSelector(text);
  } catch (error) {
    if (!(error instanceof SelectorError)) throw error;
    assert.ok(error.message.length < 400, 'a sentence, however long the selector');
  }
}

const refusal = (text: string): string => {
  try {
    compileSelector(text);
  } catch (error) {
    if (error instanceof SelectorError) return error.message;
    throw error;
  }
  return 'none';
};

describe('a selector made to hurt', () => {
  for (const [name, text] of Object.entries(HOSTILE)) {
    test(`costs less than 10 ms: ${name}`, () => {
      assert.ok(Buffer.byteLength(text) > maxBytes - 20 && Buffer.byteLength(text) <= maxBytes, 'is as long as it may be');
      const ms = leastCpuMs(() => attempt(text), 10);
      assert.ok(ms < 10, `took ${ms} ms`);
    });
  }

  test('does not overflow a stack that is nearly full', () => {
    const deepest = [
      `${'('.repeat(maxDepth)}a${')'.repeat(maxDepth)}`,
      `${'a AND NOT -('.repeat(maxDepth)}`,
      `${'NOT(a=('.repeat(maxDepth / 2)}a${'))'.repeat(maxDepth / 2)}`,
      `${'1+('.repeat(maxDepth)}a${')'.repeat(maxDepth)} = 1`,
    ];
    const descend = (depth: number, work: () => void): void => (depth === 0 ? work() : descend(depth - 1, work));
    for (const text of deepest) descend(1000, () => attempt(text));
    const message = sampleMessage({ a: '1' });
    const selectors = deepest.filter((text) => refusal(text) === 'none').map((text) => compileSelector(text)!);
    assert.equal(selectors.length, 3);
    for (const selector of selectors) descend(1000, () => selector.matches(message));
  });
});

describe('the limits of a selector', () => {
  test('are octets, not characters', () => {
    const fits = `a = '${'ö'.repeat((maxBytes - 6) / 2)}'`;
    assert.equal(refusal(fits), 'none');
    assert.equal(refusal(`${fits} `), `selector: expected at most ${maxBytes} octets, got ${maxBytes + 1}`);
  });

  test('are parentheses in one another, not one after the other', () => {
    assert.equal(refusal(`${'('.repeat(maxDepth)}a${')'.repeat(maxDepth)}`), 'none');
    assert.equal(refusal(`(a) OR `.repeat(maxDepth * 2) + '(a)'), 'none');
    const why = `selector: expected at most ${maxDepth} parentheses in one another, got more, at character ${maxDepth + 1}`;
    assert.equal(refusal(`${'('.repeat(maxDepth + 1)}a${')'.repeat(maxDepth + 1)}`), why);
  });

  test('are header names and literals', () => {
    assert.equal(refusal(`a${' OR a'.repeat(maxOperands - 1)}`), 'none');
    const why = 'selector: expected at most 256 header names and literals, got more, at character 1281';
    assert.equal(refusal(`a${' OR a'.repeat(maxOperands)}`), why);
  });

  test('are the items of each list', () => {
    const list = (count: number): string => `a IN (${'1,'.repeat(count - 1)}2)`;
    assert.equal(refusal(`${list(maxListItems)} OR ${list(maxListItems)}`), 'none');
    assert.match(refusal(list(maxListItems + 1)), /expected at most 500 items in a list, got more, at character \d+$/);
  });

  test('are LIKE patterns, long ones more than short ones', () => {
    const likes = (count: number, pattern: string): string => Array.from({ length: count }, () => `a LIKE '${pattern}'`).join(' OR ');
    assert.equal(refusal(likes(maxLikeBlocks, '%x%')), 'none');
    assert.equal(refusal(likes(maxLikeBlocks / 2, '_'.repeat(63))), 'none');
    const why = /expected fewer or shorter LIKE patterns \(each counts as one, and one more for 32 characters; at most 32\), got more/;
    assert.match(refusal(likes(maxLikeBlocks + 1, '%x%')), why);
    assert.match(refusal(likes(1, 'x'.repeat(1024))), why);
  });
});

describe('a message', () => {
  // As long as a header line may be, and as many headers.
  const longest = 10_000;
  const headers = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`h${i}`, 'a'.repeat(longest)]));
  const message = sampleMessage({ ...headers, digits: '1'.repeat(longest), blanks: ' '.repeat(longest) });

  for (const text of [
    Array.from({ length: maxLikeBlocks }, () => "h99 LIKE '%b%'").join(' OR '),
    `h99 LIKE '${'%a'.repeat(495)}%b'`,
    Array.from({ length: maxOperands / 2 }, () => 'digits > 1').join(' OR '),
    Array.from({ length: maxOperands / 2 }, () => 'blanks = TRUE').join(' OR '),
    Array.from({ length: maxOperands }, () => 'none').join(' OR '),
    Array.from({ length: maxOperands / 2 }, () => 'h99 = h98').join(' AND '),
  ]) {
    test(`is looked at in less than 20 ms by ${text.slice(0, 24)}…`, () => {
      const selector = compileSelector(text);
      assert.ok(selector);
      const ms = leastCpuMs(() => selector.matches(message), 20);
      assert.ok(ms < 20, `took ${ms} ms`);
    });
  }
});
