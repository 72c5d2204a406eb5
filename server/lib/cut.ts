/** The text, or its first `length` characters (UTF-16 units) and `…`; never between the halves of a surrogate pair. */
export function cut(text: string, length: number): string {
  if (text.length <= length) return text;
  const isSplit = /[\uD800-\uDBFF]/.test(text[length - 1] ?? '');
  return `${text.slice(0, isSplit ? length - 1 : length)}…`;
}
