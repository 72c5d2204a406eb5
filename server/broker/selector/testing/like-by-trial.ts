/** LIKE by its definition: every way of sharing out the text is tried, each once. */
export function likeByTrial(pattern: string, escape: string | undefined, text: string): boolean {
  const signs = [...pattern];
  const characters = [...text];
  const known = new Map<number, boolean>();
  const rest = (i: number, j: number): boolean => {
    const key = i * (characters.length + 1) + j;
    let found = known.get(key);
    if (found === undefined) known.set(key, (found = isRest(i, j)));
    return found;
  };
  const isRest = (i: number, j: number): boolean => {
    const sign = signs[i];
    if (sign === undefined) return j === characters.length;
    if (sign === escape) return signs[i + 1] === characters[j] && rest(i + 2, j + 1);
    if (sign === '%') return rest(i + 1, j) || (j < characters.length && rest(i, j + 1));
    return j < characters.length && (sign === '_' || sign === characters[j]) && rest(i + 1, j + 1);
  };
  return rest(0, 0);
}
