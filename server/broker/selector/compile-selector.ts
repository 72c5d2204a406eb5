import type { Message } from '../message.ts';
import { compileCondition } from './compile-expression.ts';
import { parseSelector } from './parse-selector.ts';
import type { Condition } from './values.ts';

/**
 * A JMS message selector, ready to be asked about any number of messages. Grammar: `selector.peggy`; names:
 * `header-reader.ts`. Where JMS leaves room, or STOMP asks for something else:
 *
 * - Header values are texts. One that looks like a decimal number counts as a number beside a number, in arithmetic and
 *   with <, <=, >, >= and BETWEEN; `true` and `false`, in any case, count as booleans beside TRUE, FALSE and conditions, and
 *   as conditions by themselves. With = and <> two texts are compared letter by letter.
 * - A header name may have hyphens and dots: `a-b` is one name, `a - b` is a subtraction.
 * - Numbers are doubles, and integers that a double cannot hold are refused in a selector. 7 / 2 is 3.5. Division by zero,
 *   overflow and arithmetic with what is no number are NULL.
 * - NOT binds less than a comparison (SQL-92; ActiveMQ reads `NOT a = b` as `(NOT a) = b`).
 * - A list of IN may hold numbers, and `x IN (1, '2')` is `x = 1 OR x = '2'`.
 */
export class Selector {
  /** As it came. */
  readonly text: string;
  readonly #condition: Condition;

  constructor(text: string, condition: Condition) {
    this.text = text;
    this.#condition = condition;
  }

  /** Whether the message is selected: only true selects, neither false nor unknown. Never throws. */
  matches(message: Message): boolean {
    return this.#condition(message) === true;
  }
}

/** Reads and compiles a selector; undefined for a blank text: no selector. Throws SelectorError. */
export function compileSelector(text: string): Selector | undefined {
  const expression = parseSelector(text);
  return expression && new Selector(text, compileCondition(expression));
}
