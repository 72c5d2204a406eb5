import type { Message } from '../../message.ts';
import { likeByTrial } from './like-by-trial.ts';

/**
 * Selectors as trees and what they select, told anew from the rules and without a thought for speed, so that the compiled
 * ones have something to agree with.
 */
export type Operand =
  | { readonly is: 'header'; readonly name: string }
  | { readonly is: 'number'; readonly text: string; readonly value: number }
  | { readonly is: 'text'; readonly value: string }
  | { readonly is: 'sum'; readonly operator: '+' | '-' | '*' | '/' | '%'; readonly left: Operand; readonly right: Operand }
  | { readonly is: 'sign'; readonly sign: '+' | '-'; readonly operand: Operand }
  | { readonly is: 'condition'; readonly condition: Test };

export type Test =
  | { readonly is: 'and' | 'or'; readonly left: Test; readonly right: Test }
  | { readonly is: 'not'; readonly operand: Test }
  | { readonly is: 'flag'; readonly name: string }
  | { readonly is: 'constant'; readonly value: boolean }
  | { readonly is: 'compare'; readonly operator: Comparator; readonly left: Operand; readonly right: Operand }
  | { readonly is: 'between'; readonly isNot: boolean; readonly operand: Operand; readonly low: Operand; readonly high: Operand }
  | { readonly is: 'in'; readonly isNot: boolean; readonly operand: Operand; readonly items: readonly Operand[] }
  | {
      readonly is: 'like';
      readonly isNot: boolean;
      readonly operand: Operand;
      readonly pattern: string;
      readonly escape: string | undefined;
    }
  | { readonly is: 'null'; readonly isNot: boolean; readonly operand: Operand };

type Comparator = '=' | '<>' | '<' | '<=' | '>' | '>=';
type Truth = 'true' | 'false' | 'unknown';
/** Null is NULL. */
type Known = string | number | boolean | null;

const truth = (is: boolean): Truth => (is ? 'true' : 'false');
const opposite: Readonly<Record<Truth, Truth>> = { true: 'false', false: 'true', unknown: 'unknown' };

export function truthOf(test: Test, message: Message): Truth {
  switch (test.is) {
    case 'and':
    case 'or': {
      const decisive = test.is === 'or' ? 'true' : 'false';
      const both = [truthOf(test.left, message), truthOf(test.right, message)];
      return both.includes(decisive) ? decisive : both.includes('unknown') ? 'unknown' : opposite[decisive];
    }
    case 'not':
      return opposite[truthOf(test.operand, message)];
    case 'flag': {
      const value = booleanOf(valueOf({ is: 'header', name: test.name }, message));
      return value === undefined ? 'unknown' : truth(value);
    }
    case 'constant':
      return truth(test.value);
    case 'compare':
      return compare(test.operator, valueOf(test.left, message), valueOf(test.right, message));
    case 'between': {
      const { operand, low, high } = test;
      const inside: Test = {
        is: 'and',
        left: { is: 'compare', operator: '>=', left: operand, right: low },
        right: { is: 'compare', operator: '<=', left: operand, right: high },
      };
      return truthOf(test.isNot ? { is: 'not', operand: inside } : inside, message);
    }
    case 'in': {
      const any = test.items.map((right): Test => ({ is: 'compare', operator: '=', left: test.operand, right }));
      const found = truthOf(any.reduce((left, right) => ({ is: 'or', left, right })), message);
      return test.isNot ? opposite[found] : found;
    }
    case 'like': {
      const value = valueOf(test.operand, message);
      if (value === null) return 'unknown';
      const found = truth(typeof value === 'string' && likeByTrial(test.pattern, test.escape, value));
      return test.isNot ? opposite[found] : found;
    }
    case 'null':
      return truth((valueOf(test.operand, message) === null) !== test.isNot);
  }
}

function compare(operator: string, left: Known, right: Known): Truth {
  if (left === null || right === null) return 'unknown';
  if (operator === '=' || operator === '<>') {
    const pairs: readonly (readonly [unknown, unknown])[] = [
      [left, right],
      [numberOf(left), numberOf(right)],
      [booleanOf(left), booleanOf(right)],
    ];
    const hasType = (type: string): boolean => typeof left === type || typeof right === type;
    const pair = typeof left === typeof right ? pairs[0]! : hasType('number') ? pairs[1]! : pairs[2]!;
    if (pair.includes(undefined)) return 'false';
    return truth((pair[0] === pair[1]) === (operator === '='));
  }
  const [a, b] = [numberOf(left), numberOf(right)];
  if (a === undefined || b === undefined) return 'false';
  const order = Math.sign(a - b);
  return truth({ '<': [-1], '<=': [-1, 0], '>': [1], '>=': [1, 0] }[operator]!.some((wanted) => wanted === order));
}

function valueOf(operand: Operand, message: Message): Known {
  switch (operand.is) {
    case 'header':
      return headerOf(operand.name, message);
    case 'number':
    case 'text':
      return operand.value;
    case 'condition': {
      const found = truthOf(operand.condition, message);
      return found === 'unknown' ? null : found === 'true';
    }
    case 'sign':
      return calculated('*', operand.sign === '-' ? -1 : 1, valueOf(operand.operand, message));
    case 'sum':
      return calculated(operand.operator, valueOf(operand.left, message), valueOf(operand.right, message));
  }
}

function calculated(operator: string, left: Known, right: Known): Known {
  const [a, b] = [numberOf(left), numberOf(right)];
  if (a === undefined || b === undefined) return null;
  const results: Readonly<Record<string, number>> = { '+': a + b, '-': a - b, '*': a * b, '/': a / b, '%': a % b };
  const result = results[operator]!;
  return Number.isFinite(result) ? result : null;
}

/** The names that the trees are made with; all others are headers. */
function headerOf(name: string, message: Message): Known {
  if (name === 'JMSPriority') return message.priority;
  if (name === 'JMSXGroupID') return message.group || null;
  const at = message.headers.findIndex((each, i) => i % 2 === 0 && each === name);
  return at === -1 ? null : message.headers[at + 1]!;
}

function numberOf(value: Known): number | undefined {
  if (typeof value === 'number') return value;
  return typeof value === 'string' && /^[-+]?[0-9.]+(e[-+]?[0-9]+)?$/i.test(value) && Number.isFinite(+value) ? +value : undefined;
}

function booleanOf(value: Known): boolean | undefined {
  if (typeof value === 'boolean') return value;
  return ({ true: true, false: false } as Readonly<Record<string, boolean>>)[String(value).toLowerCase()];
}
