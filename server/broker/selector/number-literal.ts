import type { NumberLiteral } from './expression.ts';
import { selectorErrorAt, shown } from './selector-error.ts';

/**
 * The number a literal stands for. What it could not stand for exactly is refused rather than rounded: then comparing a
 * header with it is exact, too, however long the header's number is.
 */
export function numberOf({ at, text }: NumberLiteral): number {
  const digits = text.startsWith('-') ? text.slice(1) : text;
  if (/^0[0-9]+$/.test(digits)) {
    throw selectorErrorAt(at, `expected a number without leading zeros (octal in Java, decimal in headers), got ${shown(text)}`);
  }
  const size = Number(digits);
  if (!Number.isFinite(size)) throw selectorErrorAt(at, `expected a number below ${Number.MAX_VALUE}, got ${shown(text)}`);
  if (/^(?:[0-9]+|0[xX].*)$/.test(digits) && !Number.isSafeInteger(size)) {
    const advice = `compare longer ones as texts, '${shown(text)}'`;
    throw selectorErrorAt(at, `expected an integer of at most ${Number.MAX_SAFE_INTEGER} (${advice}), got ${shown(text)}`);
  }
  return digits === text ? size : -size;
}
