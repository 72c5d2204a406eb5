import fc from 'fast-check';
import type { Message } from '../../message.ts';
import type { Operand, Test } from './naive-selector.ts';
import type { Style } from './printed-selector.ts';
import { sampleMessage } from './sample-message.ts';

const NAMES = ['a', 'b', 'c-d', 'größe', 'JMSPriority', 'JMSXGroupID', 'none'] as const;
const name = fc.constantFrom(...NAMES);
const text = fc.constantFrom('', 'red', 'r%d', "it's", '5', '5.0', '-3', '1e1', '0', 'true', 'FALSE', '😀x', 'x_', 'blue\n');
const isNot = fc.boolean();

/** Made as they come: few names and values, so that they meet. */
export const arbitraryMessage: fc.Arbitrary<Message> = fc
  .record({
    headers: fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c-d', 'größe'), text), { maxLength: 5 }),
    priority: fc.integer({ min: 0, max: 9 }),
    group: fc.constantFrom('', 'red', '5'),
  })
  .map(({ headers, ...rest }) => sampleMessage({}, { headers: headers.flat(), ...rest }));

const number: fc.Arbitrary<Operand> = fc
  .oneof(
    fc.nat({ max: 12 }).map((value) => [String(value), value] as const),
    fc.constantFrom(['5L', 5], ['.5', 0.5], ['3.', 3], ['1E1', 10], ['2.5e-1', 0.25], ['0x0F', 15], ['5.0f', 5], ['1e308', 1e308] as const),
  )
  .map(([written, value]): Operand => ({ is: 'number', text: String(written), value: Number(value) }));

const literalText = text.map((value): Operand => ({ is: 'text', value }));
const header = name.map((one): Operand => ({ is: 'header', name: one }));
const item = fc.oneof(
  number,
  literalText,
  number.map((operand): Operand => ({ is: 'sign', sign: '-', operand })),
);

/** Patterns whose escape character, if they have one, stands only where it may. */
const like = fc
  .tuple(fc.array(fc.constantFrom('%', '_', 'r', 'd', '5', 'x', '😀', "'", '!%', '!_', '!!'), { maxLength: 5 }), fc.boolean())
  .map(([parts, hasEscape]) => {
    const plain = parts.map((part) => (part.length > 1 && part.startsWith('!') ? part.slice(1) : part));
    return { pattern: (hasEscape ? parts : plain).join(''), escape: hasEscape ? '!' : undefined };
  });

// Counted together, or conditions within operands within conditions would grow without end.
const depth = { maxDepth: 7, depthSize: 'max', depthIdentifier: fc.createDepthIdentifier() } as const;

const { test } = fc.letrec<{ test: Test; sum: Operand; value: Operand }>((tie) => ({
  sum: fc.oneof(
    depth,
    header,
    number,
    fc.record({
      is: fc.constant('sum' as const),
      operator: fc.constantFrom('+' as const, '-' as const, '*' as const, '/' as const, '%' as const),
      left: tie('sum'),
      right: tie('sum'),
    }),
    fc.record({ is: fc.constant('sign' as const), sign: fc.constantFrom('+' as const, '-' as const), operand: tie('sum') }),
  ),
  value: fc.oneof(
    depth,
    header,
    literalText,
    tie('sum'),
    // A header by itself is a value there, and no condition.
    tie('test').map((condition): Operand => {
      return { is: 'condition', condition: condition.is === 'flag' ? { is: 'not', operand: condition } : condition };
    }),
  ),
  test: fc.oneof(
    depth,
    name.map((one): Test => ({ is: 'flag', name: one })),
    fc.boolean().map((value): Test => ({ is: 'constant', value })),
    fc.record({
      is: fc.constant('compare' as const),
      operator: fc.constantFrom('=' as const, '<>' as const),
      left: tie('value'),
      right: tie('value'),
    }),
    fc.record({
      is: fc.constant('compare' as const),
      operator: fc.constantFrom('<' as const, '<=' as const, '>' as const, '>=' as const),
      left: tie('sum'),
      right: tie('sum'),
    }),
    fc.record({ is: fc.constant('between' as const), isNot, operand: tie('sum'), low: tie('sum'), high: tie('sum') }),
    fc.record({
      is: fc.constant('in' as const),
      isNot,
      operand: fc.oneof(tie('sum'), literalText),
      items: fc.array(item, { minLength: 1, maxLength: 4 }),
    }),
    fc
      .tuple(isNot, fc.oneof(header, literalText), like)
      .map(([negated, operand, { pattern, escape }]): Test => ({ is: 'like', isNot: negated, operand, pattern, escape })),
    fc.record({ is: fc.constant('null' as const), isNot, operand: tie('value') }),
    fc.record({ is: fc.constantFrom('and' as const, 'or' as const), left: tie('test'), right: tie('test') }),
    fc.record({ is: fc.constant('not' as const), operand: tie('test') }),
  ),
}));

export const arbitraryTest: fc.Arbitrary<Test> = test;

export const arbitraryStyle: fc.Arbitrary<() => Style> = fc
  .array(fc.nat({ max: 9 }), { minLength: 1, maxLength: 7 })
  .map((numbers) => () => {
    let i = 0;
    return () => numbers[i++ % numbers.length]!;
  });
