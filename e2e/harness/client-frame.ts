/** A STOMP version as it stands in `accept-version` and `version`. */
export type StompVersion = '1.0' | '1.1' | '1.2';

/** Header lines to send: an object, or pairs where order or repetition matters. */
export type HeaderLines = Readonly<Record<string, string>> | readonly (readonly [string, string])[];

const ESCAPES: Readonly<Record<StompVersion, Readonly<Record<string, string>>>> = {
  '1.0': {},
  '1.1': { '\\': '\\\\', '\n': '\\n', ':': '\\c' },
  '1.2': { '\\': '\\\\', '\n': '\\n', ':': '\\c', '\r': '\\r' },
};

/** Encodes as `version` asks of a client. A body that is a Buffer brings its `content-length`, a text does not. */
export function encodeClientFrame(version: StompVersion, command: string, headers: HeaderLines = {}, body: string | Buffer = ''): Buffer {
  const isEscaped = command !== 'CONNECT' && command !== 'STOMP';
  const write = (text: string): string =>
    isEscaped ? text.replace(/[\\\n\r:]/g, (octet) => ESCAPES[version][octet] ?? octet) : text;
  let head = `${command}\n`;
  for (const [name, value] of headerPairs(headers)) head += `${write(name)}:${write(value)}\n`;
  if (typeof body === 'string') return Buffer.from(`${head}\n${body}\0`);
  return Buffer.concat([Buffer.from(`${head}content-length:${body.length}\n\n`), body, Buffer.from([0])]);
}

function headerPairs(headers: HeaderLines): readonly (readonly [string, string])[] {
  return Array.isArray(headers) ? (headers as readonly (readonly [string, string])[]) : Object.entries(headers);
}
