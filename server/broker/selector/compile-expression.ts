import { calculation, signed } from './arithmetic.ts';
import { between, isNull, likeness, membership, ordering, sameness } from './comparisons.ts';
import type { Between, Comparison, Expression, Literal } from './expression.ts';
import { DELIVERY_NAMES, headerReader } from './header-reader.ts';
import { likePattern } from './like-pattern.ts';
import { allOf, anyOf, not } from './logic.ts';
import { numberOf } from './number-literal.ts';
import { selectorErrorAt, shown } from './selector-error.ts';
import { asNumber, asTruth, type Condition, type NumberReader, type ValueReader } from './values.ts';

// One function for each thing an expression may be asked for: a condition, a number, or whatever it is. What can never be
// one (a text in quotes beside `<`, a number beside AND) is refused here; what a header holds shows with the message.

export function compileCondition(expression: Expression): Condition {
  switch (expression.kind) {
    case 'or':
      return anyOf(expression.operands.map(compileCondition));
    case 'and':
      return allOf(expression.operands.map(compileCondition));
    case 'not':
      return not(compileCondition(expression.operand));
    case 'comparison':
      return compileComparison(expression);
    case 'between':
      return negatedIf(expression.isNegated, compileBetween(expression));
    case 'in': {
      const items = expression.items.map((item) => (item.kind === 'number' ? numberOf(item) : item.value));
      return negatedIf(expression.isNegated, membership(compileListed(expression.operand), items));
    }
    case 'like': {
      const matches = likePattern(expression.pattern, expression.escape);
      return negatedIf(expression.isNegated, likeness(compileText(expression.operand), matches));
    }
    case 'null-test':
      return negatedIf(expression.isNegated, isNull(compileValue(expression.operand)));
    case 'boolean': {
      const { value } = expression;
      return () => value;
    }
    case 'header': {
      const read = compileHeader(expression);
      return (message) => asTruth(read(message));
    }
    case 'calculation':
    case 'sign':
    case 'number':
    case 'text':
      throw selectorErrorAt(expression.at, `expected a condition, such as a = 1, got ${described(expression)}`);
  }
}

const negatedIf = (isNegated: boolean, condition: Condition): Condition => (isNegated ? not(condition) : condition);

function compileComparison({ operand, operator, right }: Comparison): Condition {
  if (operator === '=' || operator === '<>') return sameness(compileValue(operand), compileValue(right), operator === '=');
  return ordering(compileNumber(operand, operator), operator, compileNumber(right, operator));
}

function compileBetween({ operand, low, high }: Between): Condition {
  return between(compileNumber(operand, 'BETWEEN'), compileNumber(low, 'BETWEEN'), compileNumber(high, 'BETWEEN'));
}

function compileValue(expression: Expression): ValueReader {
  switch (expression.kind) {
    case 'calculation':
    case 'sign':
    case 'number':
      return compileNumber(expression, '');
    case 'text': {
      const { value } = expression;
      return () => value;
    }
    case 'header':
      return compileHeader(expression);
    default:
      return compileCondition(expression);
  }
}

/** `beside` is the operator that wants a number. */
function compileNumber(expression: Expression, beside: string): NumberReader {
  switch (expression.kind) {
    case 'calculation': {
      const steps = expression.steps.map(({ operator, operand }) => ({ operator, operand: compileNumber(operand, operator) }));
      return calculation(compileNumber(expression.first, steps[0]!.operator), steps);
    }
    case 'sign':
      return signed(compileNumber(expression.operand, expression.isNegative ? '-' : '+'), expression.isNegative);
    case 'number': {
      const number = numberOf(expression);
      return () => number;
    }
    case 'header': {
      const read = compileHeader(expression);
      return (message) => asNumber(read(message));
    }
    default:
      throw selectorErrorAt(expression.at, `expected a header name or a number beside ${beside}, got ${described(expression)}`);
  }
}

function compileListed(expression: Expression): ValueReader {
  if (isCondition(expression)) {
    throw selectorErrorAt(expression.at, `expected a header name, a number or a text before IN, got ${described(expression)}`);
  }
  return compileValue(expression);
}

function compileText(expression: Expression): ValueReader {
  if (expression.kind === 'header' || expression.kind === 'text') return compileValue(expression);
  throw selectorErrorAt(expression.at, `expected a header name or a text before LIKE, got ${described(expression)}`);
}

function compileHeader({ at, name }: Expression & { kind: 'header' }): ValueReader {
  if (!DELIVERY_NAMES.has(name)) return headerReader(name);
  throw selectorErrorAt(at, `expected a header of the message, got ${name}, which differs from delivery to delivery`);
}

type Valued = Literal | (Expression & { kind: 'header' | 'calculation' | 'sign' });

function isCondition(expression: Expression): expression is Exclude<Expression, Valued> {
  return !['number', 'text', 'header', 'calculation', 'sign'].includes(expression.kind);
}

function described(expression: Expression): string {
  switch (expression.kind) {
    case 'number':
      return `the number ${shown(expression.text)}`;
    case 'text':
      return `the text '${shown(expression.value)}'`;
    case 'header':
      return `the header ${shown(expression.name)}`;
    case 'boolean':
      return expression.value ? 'TRUE' : 'FALSE';
    case 'calculation':
    case 'sign':
      return 'a calculation';
    default:
      return 'a condition';
  }
}
