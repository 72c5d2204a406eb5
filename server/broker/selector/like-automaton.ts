/** What a LIKE pattern asks for. */
export interface LikeSteps {
  /** Characters to come in order, as code points; ANY = whichever. */
  readonly steps: readonly number[];
  /** Whether anything may come before the step of this index; the last is behind all steps, so there is one more. */
  readonly gaps: readonly boolean[];
}

export const ANY = -1;

/**
 * Follows all ways through a pattern at once (Baeza-Yates and Gonnet's Shift-And): bit i is set while the first i steps may
 * be what the text so far is made of. A character moves a bit on if it is what the step wants, and a gap lets a bit stay.
 * So a text takes time in proportion to its length, times one for each 32 steps, whatever the pattern is; trying gap by gap
 * takes time in proportion to the product.
 */
export function likeAutomaton({ steps, gaps }: LikeSteps): (text: string) => boolean {
  const words = Math.floor(steps.length / 32) + 1;
  if (words === 1) return narrowAutomaton({ steps, gaps });
  const moves = movesOf(steps, words);
  const movesOfOthers = moves.get(ANY)!;
  const stays = bitsWhere(words, gaps);
  const state = new Uint32Array(words);
  const lastWord = words - 1;
  const lastBit = bit(steps.length);
  const isOpenBehind = gaps.at(-1) === true;

  return (text) => {
    state.fill(0);
    state[0] = 1;
    for (let i = 0; i < text.length; i++) {
      const code = text.codePointAt(i)!;
      if (code > 0xffff) i++;
      const move = moves.get(code) ?? movesOfOthers;
      let alive = 0;
      // From above, so that the word below still holds what it held before this character.
      for (let word = lastWord; word >= 0; word--) {
        const held = state[word]!;
        const carried = word === 0 ? 0 : (state[word - 1]! & move[word - 1]!) >>> 31;
        const next = ((held & move[word]!) << 1) | carried | (held & stays[word]!);
        state[word] = next;
        alive |= next;
      }
      if (alive === 0) return false;
      if (isOpenBehind && (state[lastWord]! & lastBit) !== 0) return true;
    }
    return (state[lastWord]! & lastBit) !== 0;
  };
}

/** The same for fewer than 32 steps, as nearly all patterns have: 6 ns a character against 16. */
function narrowAutomaton({ steps, gaps }: LikeSteps): (text: string) => boolean {
  const moves = new Map([...movesOf(steps, 1)].map(([code, [bits]]) => [code, bits!]));
  const movesOfOthers = moves.get(ANY)!;
  const stays = bitsWhere(1, gaps)[0]!;
  const lastBit = bit(steps.length);
  const decided = gaps.at(-1) === true ? lastBit : 0;

  return (text) => {
    let state = 1;
    for (let i = 0; i < text.length; i++) {
      const code = text.codePointAt(i)!;
      if (code > 0xffff) i++;
      const move = moves.get(code) ?? movesOfOthers;
      state = ((state & move) << 1) | (state & stays);
      if (state === 0) return false;
      if ((state & decided) !== 0) return true;
    }
    return (state & lastBit) !== 0;
  };
}

const bit = (index: number): number => 1 << (index & 31);

/** By character, which steps want it; ANY = those that want whichever, for characters the pattern does not name. */
function movesOf(steps: readonly number[], words: number): Map<number, Uint32Array> {
  const wantsAny = bitsWhere(
    words,
    steps.map((step) => step === ANY),
  );
  const moves = new Map([[ANY, wantsAny]]);
  steps.forEach((step, index) => {
    if (step === ANY) return;
    let own = moves.get(step);
    if (!own) moves.set(step, (own = wantsAny.slice()));
    own[index >> 5]! |= bit(index);
  });
  return moves;
}

function bitsWhere(words: number, flags: readonly boolean[]): Uint32Array {
  const bits = new Uint32Array(words);
  flags.forEach((flag, index) => {
    if (flag) bits[index >> 5]! |= bit(index);
  });
  return bits;
}
