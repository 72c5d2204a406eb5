import type { TextLiteral } from './expression.ts';
import { ANY, likeAutomaton, type LikeSteps } from './like-automaton.ts';
import { selectorErrorAt, shown, type SelectorError } from './selector-error.ts';

/**
 * LIKE: `%` stands for any run, also an empty one, `_` for one character (a code point); the character of ESCAPE makes a
 * `%`, a `_` or itself behind it stand for itself. The whole text has to match.
 */
export function likePattern(pattern: TextLiteral, escape: TextLiteral | null): (text: string) => boolean {
  const like = readSteps(pattern, escape === null ? undefined : escapeCharacter(escape));
  const { steps, gaps } = like;
  if (steps.includes(ANY) || gaps.slice(1, -1).includes(true)) return likeAutomaton(like);
  const literal = String.fromCodePoint(...steps);
  const isOpenBefore = gaps[0] === true;
  const isOpenBehind = gaps.at(-1) === true;
  if (isOpenBefore && isOpenBehind && literal !== '') return likeAutomaton(like);
  if (isOpenBehind) return (text) => text.startsWith(literal);
  if (isOpenBefore) return (text) => text.endsWith(literal);
  return (text) => text === literal;
}

function escapeCharacter({ at, value }: TextLiteral): string {
  const characters = [...value];
  if (characters.length !== 1) throw selectorErrorAt(at, `expected one character behind ESCAPE, got '${shown(value)}'`);
  return value;
}

function readSteps({ at, value }: TextLiteral, escape: string | undefined): LikeSteps {
  const steps: number[] = [];
  const gaps = [false];
  const add = (step: number): void => {
    steps.push(step);
    gaps.push(false);
  };
  const characters = [...value];
  for (let i = 0; i < characters.length; i++) {
    const character = characters[i]!;
    if (character === escape) add(escaped(at, characters[++i], escape));
    else if (character === '%') gaps[steps.length] = true;
    else add(character === '_' ? ANY : character.codePointAt(0)!);
  }
  return { steps, gaps };
}

function escaped(at: number, character: string | undefined, escape: string): number {
  if (character === '%' || character === '_' || character === escape) return character.codePointAt(0)!;
  throw badEscape(at, character, escape);
}

function badEscape(at: number, character: string | undefined, escape: string): SelectorError {
  const came = character === undefined ? 'the end of the pattern' : character;
  return selectorErrorAt(at, `expected %, _ or ${escape} behind the escape character ${escape}, got ${came}`);
}
