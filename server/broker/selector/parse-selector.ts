import type { Expression } from './expression.ts';
import { parse, SyntaxError as GrammarError } from './generated-parser.ts';
import { SelectorError, selectorErrorAt, shown } from './selector-error.ts';

/**
 * What one selector may take. A subscriber is a stranger: the stack must hold what is nested, and the time a message takes
 * to be looked at grows with the operands.
 */
export const SELECTOR_LIMITS = {
  /** Octets in UTF-8. */
  maxBytes: 4096,
  /** Parentheses in one another. */
  maxDepth: 64,
  /** Header names and literals, those in the lists of IN not counted. */
  maxOperands: 256,
  /** Items of one IN list. */
  maxListItems: 500,
  /** LIKE patterns; a long one counts once more for each 32 characters. A header of 10 KiB takes each some 0.1 ms. */
  maxLikeBlocks: 32,
} as const;

/** What the grammar throws: `expected` is null where the grammar has a sentence of its own. */
interface Failure {
  readonly message: string;
  readonly expected: readonly { readonly type: string; readonly description?: string; readonly text?: string }[] | null;
  readonly location: { readonly start: { readonly offset: number } };
}

/** Reads a selector; undefined if the text is blank, which selects everything. Throws SelectorError. */
export function parseSelector(text: string): Expression | undefined {
  const bytes = Buffer.byteLength(text);
  if (bytes > SELECTOR_LIMITS.maxBytes) {
    throw new SelectorError(`expected at most ${SELECTOR_LIMITS.maxBytes} octets, got ${bytes}`, 0);
  }
  try {
    return (parse(text, SELECTOR_LIMITS) as Expression | null) ?? undefined;
  } catch (error) {
    if (!(error instanceof GrammarError)) throw error;
    throw selectorError(text, error as unknown as Failure);
  }
}

function selectorError(text: string, { message, expected, location }: Failure): SelectorError {
  const { offset } = location.start;
  if (expected === null) return selectorErrorAt(offset, message);
  const wishes = expected.map((each) => (each.type === 'end' ? 'the end' : (each.description ?? each.text ?? '')));
  const list = [...new Set(wishes)].filter((wish) => !UNSAID.has(wish)).toSorted(byKind);
  return selectorErrorAt(offset, `expected ${inWords(list)}, got ${tokenAt(text, offset)}`);
}

/** What may stand almost anywhere, or is of no use here. */
const UNSAID: ReadonlySet<string> = new Set(['blank', 'a prefix']);

/** Descriptions before keywords and signs. */
function byKind(a: string, b: string): number {
  const isWord = (wish: string): number => (/^(a|an|the) /.test(wish) ? 0 : 1);
  return isWord(a) - isWord(b) || (a < b ? -1 : 1);
}

function inWords(list: readonly string[]): string {
  return list.length < 2 ? list.join('') : `${list.slice(0, -1).join(', ')} or ${list.at(-1)}`;
}

/** What stands there, as a person would name it: a word, a quoted text, a sign. */
function tokenAt(text: string, offset: number): string {
  const token = /^(?:[\p{L}\p{N}_$.-]+|'[^']*'?|"[^"]*"?|[<>=!&|]+|[^])/u.exec(text.slice(offset))?.[0];
  return token === undefined ? 'the end' : shown(token);
}
