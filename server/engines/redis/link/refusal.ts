/** First words of replies that say "not here" or "not now": the primary that holds our keys is somewhere else, or soon will be. */
const ELSEWHERE = new Set(['READONLY', 'LOADING', 'MASTERDOWN', 'CLUSTERDOWN', 'MOVED', 'ASK', 'TRYAGAIN']);

/** Before version 7, Redis wrapped what a command inside a script was told. */
const WRAPPED = /^ERR Error running script.*?-(\w+) /;

/** The server did nothing, and would not for the next one either. */
export function isElsewhere(message: string): boolean {
  const space = message.indexOf(' ');
  const code = space === -1 ? message : message.slice(0, space);
  if (code === 'ERR') {
    const wrapped = WRAPPED.exec(message);
    return wrapped !== null && ELSEWHERE.has(wrapped[1]!);
  }
  return ELSEWHERE.has(code);
}
