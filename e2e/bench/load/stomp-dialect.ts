import { bodySegments, readDigits } from './body.ts';
import { clientFrame, FrameTemplate, type Segment } from './client-frame.ts';
import type { ClientEvents, Dialect, Reader, SubscribeOptions } from './dialect.ts';

const LF = 10;
const NUL = 0;
const RECEIPT_DIGITS = 10;
const RECEIPT_ID = Buffer.from('\nreceipt-id:');
const ACK = Buffer.from('\nack:');

/** STOMP 1.2 as `@stomp/stompjs` speaks it: text messages of one frame each. */
export class StompDialect implements Dialect {
  readonly #confirmsSubscribe: boolean;

  constructor(confirmsSubscribe: boolean) {
    this.#confirmsSubscribe = confirmsSubscribe;
  }

  login(): Buffer {
    return clientFrame('text', 'CONNECT\naccept-version:1.2\nhost:/\nheart-beat:0,0\nlogin:guest\npasscode:guest\n\n\0');
  }

  subscribe(id: string, destination: string, { prefetch, headers = '' }: SubscribeOptions = {}): Buffer {
    const ack = prefetch === undefined ? '' : `ack:client-individual\nprefetch-count:${prefetch}\n`;
    const subscribe = `SUBSCRIBE\nid:${id}\ndestination:${destination}\n${ack}${headers}`;
    if (this.#confirmsSubscribe) return clientFrame('text', `${subscribe}receipt:${'0'.repeat(RECEIPT_DIGITS)}\n\n\0`);
    return Buffer.concat([clientFrame('text', `${subscribe}\n\0`), this.login()]);
  }

  publish(destination: string | readonly Segment[], bodyBytes: number, { receipt = false, headers = '' }: { readonly receipt?: boolean; readonly headers?: string } = {}): FrameTemplate {
    return new FrameTemplate('text', [
      'SEND\ndestination:',
      ...(typeof destination === 'string' ? [destination] : destination),
      `\ncontent-type:text/plain\n${headers}`,
      ...(receipt ? ['persistent:true\nreceipt:', RECEIPT_DIGITS, '\n'] : []),
      '\n',
      ...bodySegments(bodyBytes),
      '\0',
    ]);
  }

  reader(events: ClientEvents): Reader {
    return new StompReader(events);
  }
}

/** An ACK of the delivery whose MESSAGE begins at `start`; with a receipt number, its RECEIPT is asked for. */
export function acknowledge(buffer: Buffer, start: number, end: number, receipt?: number): Buffer {
  const id = headerValue(buffer, start, end, ACK);
  if (id === undefined) throw new Error('Expected an `ack` header on a MESSAGE to be acknowledged');
  const asked = receipt === undefined ? '' : `receipt:${String(receipt).padStart(RECEIPT_DIGITS, '0')}\n`;
  return clientFrame('text', `ACK\nid:${id}\n${asked}\n\0`);
}

export function disconnect(receipt: number): Buffer {
  return clientFrame('text', `DISCONNECT\nreceipt:${String(receipt).padStart(RECEIPT_DIGITS, '0')}\n\n\0`);
}

class StompReader implements Reader {
  readonly #events: ClientEvents;

  constructor(events: ClientEvents) {
    this.#events = events;
  }

  message(buffer: Buffer, start: number, end: number): void {
    while (end > start && buffer[end - 1] === LF) end--;
    if (end === start) return;
    if (buffer[end - 1] !== NUL) {
      this.#events.failed('a WebSocket message that does not end with NUL');
      return;
    }
    // The first octet tells the server's commands apart.
    switch (buffer[start]) {
      case 0x4d: // MESSAGE
        this.#events.delivered(buffer, start, end - 1);
        return;
      case 0x52: // RECEIPT
        this.#events.confirmed(receiptNumber(buffer, start, end));
        return;
      case 0x43: // CONNECTED
        this.#events.ready();
        return;
      default:
        this.#events.failed(buffer.toString('utf8', start, end - 1));
    }
  }
}

function receiptNumber(buffer: Buffer, start: number, end: number): number {
  const at = buffer.indexOf(RECEIPT_ID, start);
  return at < 0 || at >= end ? NaN : readDigits(buffer, at + RECEIPT_ID.length, RECEIPT_DIGITS);
}

function headerValue(buffer: Buffer, start: number, end: number, name: Buffer): string | undefined {
  const at = buffer.indexOf(name, start);
  if (at < 0 || at >= end) return undefined;
  const from = at + name.length;
  return buffer.toString('latin1', from, buffer.indexOf(LF, from));
}
