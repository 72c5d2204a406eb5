import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';

/** Why an upgrade is not made, as a whole HTTP answer: a socket that is only cut looks like a broken network. */
export interface HttpRefusal {
  readonly status: 400 | 403 | 404 | 426 | 503;
  /** For people: what was expected, and what came. */
  readonly sentence: string;
  readonly headers?: Readonly<Record<string, string | number>>;
}

/** Answers on a bare socket, as it comes with an upgrade, and ends it. */
export function refuse(socket: Duplex, refusal: HttpRefusal): void {
  const { status, sentence } = refusal;
  const lines = [`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`];
  for (const [name, value] of Object.entries(refusalHeaders(refusal))) lines.push(`${name}: ${value}`);
  socket.end(`${lines.join('\r\n')}\r\n\r\n${sentence}\n`);
  // Cut once the answer has left; read until then, since unread octets would turn the end into a reset.
  socket.resume();
  socket.once('finish', () => socket.destroy());
}

/** The header fields of such an answer, its length included. */
export function refusalHeaders({ sentence, headers }: HttpRefusal): Record<string, string | number> {
  return {
    Connection: 'close',
    'Content-Type': 'text/plain; charset=utf-8',
    'Content-Length': Buffer.byteLength(sentence) + 1,
    ...headers,
  };
}
