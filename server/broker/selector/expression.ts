/** A selector as the grammar reads it. `at` is where it begins, in UTF-16 units from 0. */
export type Expression =
  | { readonly kind: 'or' | 'and'; readonly at: number; readonly operands: readonly Expression[] }
  | { readonly kind: 'not'; readonly at: number; readonly operand: Expression }
  | Comparison
  | Between
  | Membership
  | Like
  | { readonly kind: 'null-test'; readonly at: number; readonly operand: Expression; readonly isNegated: boolean }
  | Calculation
  | { readonly kind: 'sign'; readonly at: number; readonly operand: Expression; readonly isNegative: boolean }
  | { readonly kind: 'boolean'; readonly at: number; readonly value: boolean }
  | { readonly kind: 'header'; readonly at: number; readonly name: string }
  | Literal;

export interface Comparison {
  readonly kind: 'comparison';
  readonly at: number;
  readonly operator: '=' | '<>' | Ordering;
  readonly operand: Expression;
  readonly right: Expression;
}

export type Ordering = '<' | '<=' | '>' | '>=';

export interface Between {
  readonly kind: 'between';
  readonly at: number;
  readonly operand: Expression;
  readonly low: Expression;
  readonly high: Expression;
  readonly isNegated: boolean;
}

export interface Membership {
  readonly kind: 'in';
  readonly at: number;
  readonly operand: Expression;
  readonly items: readonly Literal[];
  readonly isNegated: boolean;
}

export interface Like {
  readonly kind: 'like';
  readonly at: number;
  readonly operand: Expression;
  readonly pattern: TextLiteral;
  readonly escape: TextLiteral | null;
  readonly isNegated: boolean;
}

/** `first`, then step by step from the left; operators of one rank only. */
export interface Calculation {
  readonly kind: 'calculation';
  readonly at: number;
  readonly first: Expression;
  readonly steps: readonly { readonly operator: '+' | '-' | '*' | '/' | '%'; readonly operand: Expression }[];
}

export type Literal = NumberLiteral | TextLiteral;

export interface NumberLiteral {
  readonly kind: 'number';
  readonly at: number;
  /** As it is written, without Java's suffix: `57`, `0x1F`, `-7.5E3`. A minus only in a list. */
  readonly text: string;
}

export interface TextLiteral {
  readonly kind: 'text';
  readonly at: number;
  /** What the quotes hold. */
  readonly value: string;
}
