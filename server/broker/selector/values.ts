import type { Message } from '../message.ts';
import { parseBoolean } from '../boolean-header.ts';

/**
 * What an operand is for one message; undefined is NULL. Headers of STOMP are texts, so a text that looks like a number is
 * one beside a number, and `true` and `false` are booleans beside a boolean.
 */
export type Value = string | number | boolean | undefined;

/** True, false, or undefined: unknown. */
export type Truth = boolean | undefined;

export type ValueReader = (message: Message) => Value;

/** A number for one message; undefined is NULL, NaN is something else than a number. */
export type NumberReader = (message: Message) => number | undefined;

/** Only true selects a message. */
export type Condition = (message: Message) => Truth;

// Each part is followed by one it cannot be taken for, so a long text is refused in one pass.
const NUMBER = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;

// A header may be of 10 KiB, and a selector may look at it again and again.
const MAX_NUMBER_CHARACTERS = 400;
const MAX_BOOLEAN_CHARACTERS = 16;

/** The number a text looks like, decimal and finite; NaN if it looks like none, or is longer than any number is written. */
export function numberIn(text: string): number {
  if (text.length > MAX_NUMBER_CHARACTERS || !NUMBER.test(text)) return Number.NaN;
  const number = Number(text);
  return Number.isFinite(number) ? number : Number.NaN;
}

function booleanIn(text: string): boolean | undefined {
  return text.length > MAX_BOOLEAN_CHARACTERS ? undefined : parseBoolean(text);
}

/** NaN for what is no number; NULL stays NULL. */
export function asNumber(value: Value): number | undefined {
  if (typeof value === 'string') return numberIn(value);
  return typeof value === 'boolean' ? Number.NaN : value;
}

/** Unknown for texts that are neither `true` nor `false`, and for numbers. */
export function asTruth(value: Value): Truth {
  if (typeof value === 'string') return booleanIn(value);
  return typeof value === 'boolean' ? value : undefined;
}

/** Whether two values, neither of them NULL, are the same; undefined if they are of unlike types. */
export function areSame(left: Value, right: Value): boolean | undefined {
  if (typeof left === typeof right) return left === right;
  if (typeof left === 'string') return isText(left, right);
  if (typeof right === 'string') return isText(right, left);
  return undefined;
}

/** Whether a text stands for a number or a boolean. */
function isText(text: string, value: Value): boolean | undefined {
  const meant = typeof value === 'number' ? numberIn(text) : booleanIn(text);
  return meant === undefined || Number.isNaN(meant) ? undefined : meant === value;
}
