/** One frame as a server wrote it. */
export interface ServerFrame {
  readonly command: 'CONNECTED' | 'MESSAGE' | 'RECEIPT' | 'ERROR';
  /** First value of each name, unescaped by the version of the session. */
  readonly headers: Readonly<Record<string, string>>;
  /** The header lines as they came. */
  readonly lines: readonly string[];
  readonly body: Buffer;
  readonly text: string;
  /** The WebSocket message was binary; false on TCP. */
  readonly isBinary: boolean;
  /** When it arrived, ms of `performance.now()`. */
  readonly arrivedAt: number;
}

/** A rule that the server broke, with the octets that show it. */
export class WireViolation extends Error {
  override readonly name = 'WireViolation';

  constructor(rule: string, octets: Buffer) {
    super(`${rule}; octets: ${JSON.stringify(octets.subarray(0, 600).toString('latin1'))}`);
  }
}
