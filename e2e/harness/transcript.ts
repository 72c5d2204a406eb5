import type { ServerFrame } from './server-frame.ts';

const KEPT_LINES = 40;
const SHOWN_BYTES = 160;

/** The last things said on a connection, for the message of a failure. */
export class Transcript {
  #lines: string[] = [];

  sent(octets: Buffer): void {
    this.note(`> ${preview(octets)}`);
  }

  received(frame: ServerFrame): void {
    this.note(`< ${describeFrame(frame)}`);
  }

  note(line: string): void {
    this.#lines.push(line);
    if (this.#lines.length > KEPT_LINES) this.#lines.shift();
  }

  toString(): string {
    return this.#lines.map((line) => `      ${line}`).join('\n');
  }
}

export function describeFrame(frame: ServerFrame): string {
  return `${frame.command} ${JSON.stringify(frame.lines)} ${preview(frame.body)}`;
}

function preview(octets: Buffer): string {
  const text = JSON.stringify(octets.subarray(0, SHOWN_BYTES).toString('latin1'));
  return octets.length > SHOWN_BYTES ? `${text}… ${octets.length} octets` : text;
}
