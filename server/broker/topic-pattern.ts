/**
 * Topic patterns: words by `.`; `*` stands for one word, `#` for zero or more. A last `>` means the same as `#`:
 * ActiveMQ's and RabbitMQ's spelling.
 */
export function patternWords(pattern: string): string[] {
  const words = pattern.split('.');
  if (words.at(-1) === '>') words[words.length - 1] = '#';
  return words;
}

/** Does it have words that stand for others? */
export const isWildcard = (pattern: string): boolean => patternWords(pattern).some((word) => word === '*' || word === '#');

/** Is there a topic that both patterns match? Either may be a plain name. */
export function overlaps(left: readonly string[], right: readonly string[]): boolean {
  // below[j]: do left's words from i + 1 on and right's from j on meet? Filled from the ends, one row for each i.
  let below: boolean[] = [];
  for (let i = left.length; i >= 0; i--) {
    const row = new Array<boolean>(right.length + 1).fill(false);
    for (let j = right.length; j >= 0; j--) row[j] = meets(left[i], right[j], row[j + 1], below[j], below[j + 1]);
    below = row;
  }
  return below[0] === true;
}

/** One field of the table, from its neighbours: right's next word, left's next word, both. */
function meets(a: string | undefined, b: string | undefined, nextB = false, nextA = false, nextBoth = false): boolean {
  if (a === undefined && b === undefined) return true;
  if (a === '#') return nextA || (b !== undefined && nextB);
  if (b === '#') return nextB || (a !== undefined && nextA);
  if (a === undefined || b === undefined) return false;
  return (a === b || a === '*' || b === '*') && nextBoth;
}
