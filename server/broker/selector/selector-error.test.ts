import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { compileSelector } from './compile-selector.ts';
import { SelectorError } from './selector-error.ts';

const OPERAND = 'expected a header name, a number, a sign, a text in single quotes, (, FALSE, NULL or TRUE';
const BEHIND_NAME = 'expected a comparison operator, an arithmetic operator, the end, AND, BETWEEN, IN, IS, LIKE, NOT or OR';
const AS_NUMBER = 'expected a header name or a number beside';

/** Selector, what was expected and came, at which character. */
const CASES: readonly (readonly [selector: string, sentence: string, position: number])[] = [
  ['a =', `${OPERAND}, got the end`, 4],
  ['a = "red"', `${OPERAND}, got "red"`, 5],
  ['a != 5', `${BEHIND_NAME}, got !=`, 3],
  ['a == 5', `${OPERAND}, got =`, 4],
  ['a && b', `${BEHIND_NAME}, got &&`, 3],
  ['a b', `${BEHIND_NAME}, got b`, 3],
  ['age- 1 = 20', `${BEHIND_NAME}, got 1`, 6],
  ['a = 1 = 1', 'expected an arithmetic operator, the end, AND or OR, got =', 7],
  ['(a = 1', 'expected an arithmetic operator, ), AND or OR, got the end', 7],
  ['a = 1)', 'expected an arithmetic operator, the end, AND or OR, got )', 6],
  ["a = 'x", 'expected a closing quote, got the end', 7],
  ['a NOT 5', 'expected BETWEEN, IN or LIKE, got 5', 7],
  ['a IS 5', 'expected NOT or NULL, got 5', 6],
  ['a LIKE b', 'expected a text in single quotes, got b', 8],
  ['a IN ()', 'expected a number, a sign or a text in single quotes, got )', 7],
  ['a IN (b)', 'expected a number, a sign or a text in single quotes, got b', 7],
  ['a BETWEEN 1 OR 2', 'expected an arithmetic operator or AND, got OR', 13],
  ['a = 1 AND', 'expected a header name, a number, a sign, a text in single quotes, (, FALSE, NOT, NULL or TRUE, got the end', 10],
  [`a ${'x'.repeat(99)}`, `${BEHIND_NAME}, got ${'x'.repeat(24)}…`, 3],
  ['a = NULL', 'expected IS NULL or IS NOT NULL, since no comparison with NULL is ever true, got NULL', 5],
  ["XPATH '//a'", 'expected an operator behind the header name, got a call: there are no functions, nor XPATH or XQUERY', 7],
  ['xquery("a")', 'expected an operator behind the header name, got a call: there are no functions, nor XPATH or XQUERY', 7],
  ["a = upper('x')", 'expected an operator behind the header name, got a call: there are no functions, nor XPATH or XQUERY', 10],
  ["age > '18'", `${AS_NUMBER} >, got the text '18'`, 7],
  ['age < TRUE', `${AS_NUMBER} <, got TRUE`, 7],
  ["a BETWEEN 'a' AND 'b'", `${AS_NUMBER} BETWEEN, got the text 'a'`, 11],
  ["a + 'x' = 1", `${AS_NUMBER} +, got the text 'x'`, 5],
  ["-'x' = 1", `${AS_NUMBER} -, got the text 'x'`, 2],
  ['(a = 1) * 2 = 2', `${AS_NUMBER} *, got a condition`, 2],
  ['5', 'expected a condition, such as a = 1, got the number 5', 1],
  ["a = 1 OR 'x'", "expected a condition, such as a = 1, got the text 'x'", 10],
  ['NOT a + 1', 'expected a condition, such as a = 1, got a calculation', 5],
  ['(a = 1) IN (1)', 'expected a header name, a number or a text before IN, got a condition', 2],
  ["a + 1 LIKE '2'", 'expected a header name or a text before LIKE, got a calculation', 1],
  ["a LIKE 'x' ESCAPE 'ab'", "expected one character behind ESCAPE, got 'ab'", 19],
  ["a LIKE 'x' ESCAPE ''", "expected one character behind ESCAPE, got ''", 19],
  ["a LIKE 'x!' ESCAPE '!'", 'expected %, _ or ! behind the escape character !, got the end of the pattern', 8],
  ["a LIKE '!x' ESCAPE '!'", 'expected %, _ or ! behind the escape character !, got x', 8],
  ['a = 017', 'expected a number without leading zeros (octal in Java, decimal in headers), got 017', 5],
  ['a = 1e999', 'expected a number below 1.7976931348623157e+308, got 1e999', 5],
  [
    'a = 9007199254740992',
    "expected an integer of at most 9007199254740991 (compare longer ones as texts, '9007199254740992'), got 9007199254740992",
    5,
  ],
  ['a IN (1, -01)', 'expected a number without leading zeros (octal in Java, decimal in headers), got -01', 11],
  ['JMSRedelivered = TRUE', 'expected a header of the message, got JMSRedelivered, which differs from delivery to delivery', 1],
  ['a = 5x', `${OPERAND}, got 5x`, 5],
];

describe('what is no selector', () => {
  for (const [selector, sentence, position] of CASES) {
    test(`${selector.slice(0, 30)}: says what was expected, what came, and where`, () => {
      assert.throws(
        () => compileSelector(selector),
        (error) => {
          assert.ok(error instanceof SelectorError);
          assert.equal(error.message, `selector: ${sentence}, at character ${position}`);
          assert.equal(error.position, position);
          return true;
        },
      );
    });
  }
});
