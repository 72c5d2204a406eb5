import type { Ordering } from './expression.ts';
import { allOf } from './logic.ts';
import { areSame, numberIn, type Condition, type NumberReader, type ValueReader } from './values.ts';

// With NULL every comparison is unknown. "If the comparison of non-like type values is attempted, the value of the
// operation is false" (Jakarta Messaging 3.8.1.1), also of <>.

/** `=` if `wanted`, else `<>`. Two texts are the same if they are the same letters: '1' is not '1.0'. */
export function sameness(left: ValueReader, right: ValueReader, wanted: boolean): Condition {
  return (message) => {
    const a = left(message);
    if (a === undefined) return undefined;
    const b = right(message);
    if (b === undefined) return undefined;
    return areSame(a, b) === wanted;
  };
}

/** Of numbers only. NaN, which is no number, is neither less than, nor greater than, nor equal to any. */
export function ordering(left: NumberReader, operator: Ordering, right: NumberReader): Condition {
  const isInOrder = ORDERINGS[operator];
  return (message) => {
    const a = left(message);
    if (a === undefined) return undefined;
    const b = right(message);
    if (b === undefined) return undefined;
    return isInOrder(a, b);
  };
}

const ORDERINGS: Readonly<Record<Ordering, (a: number, b: number) => boolean>> = {
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
};

/** Both bounds belong to it. */
export function between(value: NumberReader, low: NumberReader, high: NumberReader): Condition {
  return allOf([ordering(value, '>=', low), ordering(value, '<=', high)]);
}

/** The same as `=` with any of the items, at one price for all of them. */
export function membership(value: ValueReader, items: readonly (string | number)[]): Condition {
  const texts = new Set(items.filter((item) => typeof item === 'string'));
  const numbers = new Set(items.filter((item) => typeof item === 'number'));
  const numbersInTexts = new Set([...texts].map(numberIn).filter((number) => !Number.isNaN(number)));
  return (message) => {
    const one = value(message);
    if (one === undefined) return undefined;
    if (typeof one === 'string') return texts.has(one) || (numbers.size > 0 && numbers.has(numberIn(one)));
    return typeof one === 'number' && (numbers.has(one) || numbersInTexts.has(one));
  };
}

/** `matches` decides about texts; numbers and booleans are of another type. */
export function likeness(value: ValueReader, matches: (text: string) => boolean): Condition {
  return (message) => {
    const text = value(message);
    return text === undefined ? undefined : typeof text === 'string' && matches(text);
  };
}

/** The one test that is never unknown. */
export function isNull(value: ValueReader): Condition {
  return (message) => value(message) === undefined;
}
