import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { clientFrame } from './client-frame.ts';
import { MessageScanner } from './message-scanner.ts';
import type { Target } from './target.ts';

const READ_BYTES = 256 * 1024;
/** All sockets of the process read into it in turn; what was read is consumed before the next read. */
const readBuffer = Buffer.allocUnsafeSlow(READ_BYTES);

/** How often the sockets of this process had something to read. */
export const readCounter = { reads: 0 };

export interface ConnectionEvents {
  /** The payload of one WebSocket message; valid only during the call. */
  message(buffer: Buffer, start: number, end: number): void;
  /** The connection ended, `why` for people. Not called after `close`. */
  lost(why: string): void;
}

/** A client's side of a WebSocket, on a bare socket: no events, no objects per message. */
export class Connection {
  readonly #socket: Socket;
  readonly #scanner: MessageScanner;
  readonly #events: ConnectionEvents;
  #upgraded: (() => void) | undefined;
  #head = '';
  #isClosed = false;

  private constructor(target: Target, port: number, events: ConnectionEvents, settle: (error?: Error) => void) {
    this.#events = events;
    this.#scanner = new MessageScanner({
      message: (buffer, start, end) => events.message(buffer, start, end),
      ping: (payload) => this.write(clientFrame('pong', payload)),
      closed: (status) => this.#lose(`the server closed with status ${status}`),
    });
    this.#upgraded = () => settle();
    this.#socket = connect({
      host: target.host,
      port,
      noDelay: true,
      onread: { buffer: readBuffer, callback: (length) => this.#read(length) },
    });
    this.#socket.on('connect', () => this.#socket.write(upgradeRequest(target, port)));
    this.#socket.on('error', (error) => this.#lose(error.message));
    this.#socket.on('close', () => {
      this.#lose('the socket closed');
      if (this.#upgraded) settle(new Error(`No upgrade from ${target.host}:${port}: ${this.#head.split('\r\n')[0] || 'no answer'}`));
    });
  }

  static open(target: Target, port: number, events: ConnectionEvents): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const connection: Connection = new Connection(target, port, events, (error) => (error ? reject(error) : resolve(connection)));
    });
  }

  write(frames: Buffer): void {
    this.#socket.write(frames);
  }

  /** Sends what is queued, ends the socket and resolves when it is gone. */
  close(): Promise<void> {
    this.#isClosed = true;
    return new Promise((resolve) => {
      if (this.#socket.closed) return resolve();
      this.#socket.once('close', () => resolve());
      this.#socket.end(clientFrame('close', Buffer.from([0x03, 0xe8])));
      this.#socket.setTimeout(2_000, () => this.#socket.destroy());
    });
  }

  #read(length: number): boolean {
    if (this.#upgraded) {
      this.#readHead(readBuffer.subarray(0, length), this.#upgraded);
    } else {
      readCounter.reads++;
      this.#scanner.push(readBuffer, 0, length);
    }
    return true;
  }

  #readHead(chunk: Buffer, upgraded: () => void): void {
    const before = this.#head.length;
    this.#head += chunk.toString('latin1');
    const end = this.#head.indexOf('\r\n\r\n');
    if (end < 0) return;
    if (!this.#head.startsWith('HTTP/1.1 101')) {
      this.#socket.destroy();
      return;
    }
    this.#upgraded = undefined;
    upgraded();
    const rest = end + 4 - before;
    if (rest < chunk.length) this.#scanner.push(chunk, rest, chunk.length);
  }

  #lose(why: string): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    if (!this.#upgraded) this.#events.lost(why);
    this.#socket.destroy();
  }
}

function upgradeRequest(target: Target, port: number): string {
  return [
    `GET ${target.path} HTTP/1.1`,
    `Host: ${target.host}:${port}`,
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
    ...(target.subprotocol ? [`Sec-WebSocket-Protocol: ${target.subprotocol}`] : []),
    '\r\n',
  ].join('\r\n');
}
