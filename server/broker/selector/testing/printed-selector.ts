import type { Operand, Test } from './naive-selector.ts';

/** How tightly what is printed holds together; what is looser than its place needs parentheses. */
const RANK = { or: 1, and: 2, not: 3, test: 4, sum: 5, product: 6, sign: 7, atom: 8 } as const;

/** Decides about case, blanks and needless parentheses: the next of some numbers, again and again. */
export type Style = () => number;

/** A tree as text, with as few parentheses as its meaning allows, and here and there a pair more. */
export function printed(test: Test, style: Style): string {
  return printTest(test, RANK.or, style);
}

function printTest(test: Test, least: number, style: Style): string {
  const [text, rank] = testAndRank(test, style);
  return enclosed(text, rank < least, style);
}

function printOperand(operand: Operand, least: number, style: Style): string {
  if (operand.is === 'condition') return printTest(operand.condition, RANK.atom, style);
  const [text, rank] = operandAndRank(operand, style);
  return enclosed(text, rank < least, style);
}

function enclosed(text: string, isNeeded: boolean, style: Style): string {
  return isNeeded || style() === 0 ? `(${gap(style)}${text}${gap(style)})` : text;
}

function testAndRank(test: Test, style: Style): [string, number] {
  const word = (text: string): string => keyword(text, style);
  const not = (isNot: boolean): string => (isNot ? `${word('not')} ` : '');
  const sum = (operand: Operand): string => printOperand(operand, RANK.sum, style);
  switch (test.is) {
    case 'or':
    case 'and': {
      const rank = RANK[test.is];
      return [`${printTest(test.left, rank, style)} ${word(test.is)} ${printTest(test.right, rank + 1, style)}`, rank];
    }
    case 'not':
      return [`${word('not')} ${printTest(test.operand, RANK.not, style)}`, RANK.not];
    case 'flag':
      return [test.name, RANK.atom];
    case 'constant':
      return [word(String(test.value)), RANK.atom];
    case 'compare':
      return [`${sum(test.left)}${gap(style)}${test.operator}${gap(style)}${sum(test.right)}`, RANK.test];
    case 'between':
      return [`${sum(test.operand)} ${not(test.isNot)}${word('between')} ${sum(test.low)} ${word('and')} ${sum(test.high)}`, RANK.test];
    case 'in': {
      const items = test.items.map((item) => printItem(item)).join(`${gap(style)},${gap(style)}`);
      return [`${sum(test.operand)} ${not(test.isNot)}${word('in')}${gap(style)}(${gap(style)}${items}${gap(style)})`, RANK.test];
    }
    case 'like': {
      const escape = test.escape === undefined ? '' : `${gap(style)}${word('escape')}${gap(style)}${quoted(test.escape)}`;
      return [`${sum(test.operand)} ${not(test.isNot)}${word('like')}${gap(style)}${quoted(test.pattern)}${escape}`, RANK.test];
    }
    case 'null':
      return [`${sum(test.operand)} ${word('is')} ${not(test.isNot)}${word('null')}`, RANK.test];
  }
}

function operandAndRank(operand: Exclude<Operand, { is: 'condition' }>, style: Style): [string, number] {
  switch (operand.is) {
    case 'header':
      return [operand.name, RANK.atom];
    case 'number':
      return [operand.text, RANK.atom];
    case 'text':
      return [quoted(operand.value), RANK.atom];
    case 'sign':
      return [`${operand.sign}${gap(style)}${printOperand(operand.operand, RANK.sign, style)}`, RANK.sign];
    case 'sum': {
      const rank = operand.operator === '+' || operand.operator === '-' ? RANK.sum : RANK.product;
      const right = printOperand(operand.right, rank + 1, style);
      return [`${printOperand(operand.left, rank, style)} ${operand.operator}${gap(style)}${right}`, rank];
    }
  }
}

function printItem(item: Operand): string {
  if (item.is === 'text') return quoted(item.value);
  if (item.is === 'sign') return `${item.sign}${printItem(item.operand)}`;
  return item.is === 'number' ? item.text : '';
}

const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;
const gap = (style: Style): string => ['', ' ', '', '\n  ', ' '][style() % 5]!;
const keyword = (word: string, style: Style): string => (style() % 3 === 0 ? word : word.toUpperCase());
