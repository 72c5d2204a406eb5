import type { Calculation } from './expression.ts';
import type { NumberReader } from './values.ts';

export type ArithmeticOperator = Calculation['steps'][number]['operator'];

export interface Step {
  readonly operator: ArithmeticOperator;
  readonly operand: NumberReader;
}

/**
 * From the left, step by step. What has no finite number as its result (NULL, a text that is no number, a division by
 * zero, an overflow) is unknown. Division is that of real numbers: 7 / 2 = 3.5.
 */
export function calculation(first: NumberReader, steps: readonly Step[]): NumberReader {
  return (message) => {
    let result = first(message);
    for (const { operator, operand } of steps) {
      const number = operand(message);
      if (result === undefined || number === undefined) return undefined;
      result = OPERATORS[operator](result, number);
      if (!Number.isFinite(result)) return undefined;
    }
    return result;
  };
}

const OPERATORS: Readonly<Record<ArithmeticOperator, (a: number, b: number) => number>> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
  '%': (a, b) => a % b,
};

export function signed(operand: NumberReader, isNegative: boolean): NumberReader {
  return (message) => {
    const number = operand(message);
    if (number === undefined || Number.isNaN(number)) return undefined;
    return isNegative ? -number : number;
  };
}
