/**
 * First words of replies that say "not here" or "not now": the primary that holds our keys is somewhere else, or soon will
 * be; or it takes no writes for now, for want of disk or of replicas, nor anything beside a script that runs for too long.
 * Such a server refuses the first write of a script, so nothing is half done.
 */
const ELSEWHERE = new Set(['READONLY', 'LOADING', 'MASTERDOWN', 'CLUSTERDOWN', 'MOVED', 'ASK', 'TRYAGAIN', 'MISCONF', 'NOREPLICAS', 'BUSY']);

/** Before version 7, Redis wrapped what a command inside a script was told. */
const WRAPPED = /^ERR Error running script.*?-(\w+) /;

/** The first word of what the server, or a command inside a script, was told. */
export function codeOf(message: string): string {
  const space = message.indexOf(' ');
  const code = space === -1 ? message : message.slice(0, space);
  return (code === 'ERR' && WRAPPED.exec(message)?.[1]) || code;
}

/** The server did nothing, and would not for the next one either. */
export const isElsewhere = (message: string): boolean => ELSEWHERE.has(codeOf(message));
