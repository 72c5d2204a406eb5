/** Why a text is no selector: a sentence with what was expected, what came, and where. */
export class SelectorError extends Error {
  override readonly name = 'SelectorError';
  /** The character it is about, from 1; 0 = the text as a whole. */
  readonly position: number;

  constructor(sentence: string, position: number) {
    super(position === 0 ? `selector: ${sentence}` : `selector: ${sentence}, at character ${position}`);
    this.position = position;
  }
}

/** An error about the place `at` UTF-16 units from the beginning. */
export const selectorErrorAt = (at: number, sentence: string): SelectorError => new SelectorError(sentence, at + 1);

const MAX_SHOWN = 24;

/** As much of a piece of the selector as a sentence can take. */
export function shown(piece: string): string {
  const characters = [...piece];
  return characters.length <= MAX_SHOWN ? piece : `${characters.slice(0, MAX_SHOWN).join('')}…`;
}
