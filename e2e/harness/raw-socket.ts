import { isUtf8 } from 'node:buffer';
import { connect } from 'node:net';
import { WebSocket } from 'ws';
import { within } from './eventually.ts';

export const TRANSPORTS = ['websocket-text', 'websocket-binary', 'tcp'] as const;

export type Transport = (typeof TRANSPORTS)[number];

export interface SocketTarget {
  readonly wsUrl: string;
  readonly tcpPort: number;
}

export interface SocketOptions {
  /** WebSocket sub-protocols to offer, in this order; default all three, newest first. An empty list offers none. */
  readonly protocols?: readonly string[];
  /** Headers of the upgrade request. */
  readonly upgradeHeaders?: Readonly<Record<string, string>>;
  /** Whether WebSocket pings are answered; default true. */
  readonly answersPings?: boolean;
}

/** How a connection ended. `code` and `reason` are those of the WebSocket close frame; 0 and '' on TCP. */
export interface SocketEnd {
  readonly code: number;
  readonly reason: string;
}

export interface SocketListener {
  chunk(data: Buffer): void;
  message(data: Buffer, isBinary: boolean): void;
  ended(end: SocketEnd): void;
}

/** A connection below STOMP. `write` resolves when the octets were handed to the operating system, or nobody reads. */
export interface RawSocket {
  /** The sub-protocol that the server chose; '' is none. */
  readonly protocol: string;
  write(data: Buffer): Promise<void>;
  /** Stops and starts reading. */
  pause(): void;
  resume(): void;
  /** Closes as a well-behaved client does. */
  close(): void;
  /** Cuts the connection without a word. */
  destroy(): void;
}

const OPEN_MS = 20_000;

export function openSocket(transport: Transport, target: SocketTarget, listener: SocketListener, options: SocketOptions = {}): Promise<RawSocket> {
  return transport === 'tcp' ? openTcp(target.tcpPort, listener) : openWebSocket(transport, target.wsUrl, listener, options);
}

async function openTcp(port: number, listener: SocketListener): Promise<RawSocket> {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true });
  socket.on('data', (data: Buffer) => listener.chunk(data));
  // A reset is one way for a connection to end; `close` follows it and tells.
  socket.on('error', () => undefined);
  socket.on('close', () => listener.ended({ code: 0, reason: '' }));
  const opened = new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  await within(opened, OPEN_MS, () => 'a TCP connection');
  return {
    protocol: '',
    write: (data) => new Promise((resolve) => void socket.write(data, () => resolve())),
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    close: () => void socket.end(),
    // Not `resetAndDestroy`: when the other end resets at the same moment, Node 20 keeps the socket and never exits.
    destroy: () => void socket.destroy(),
  };
}

const ALL_PROTOCOLS = ['v12.stomp', 'v11.stomp', 'v10.stomp'];

async function openWebSocket(
  transport: Transport,
  url: string,
  listener: SocketListener,
  { protocols = ALL_PROTOCOLS, upgradeHeaders = {}, answersPings = true }: SocketOptions,
): Promise<RawSocket> {
  const socket = new WebSocket(url, [...protocols], {
    headers: upgradeHeaders,
    autoPong: answersPings,
    perMessageDeflate: false,
    maxPayload: 64 * 1024 * 1024,
  });
  socket.on('message', (data: Buffer, isBinary) => listener.message(data, isBinary));
  socket.on('close', (code, reason) => listener.ended({ code, reason: reason.toString() }));
  const opened = new Promise<void>((resolve, reject) => socket.on('open', resolve).on('error', reject));
  await within(opened, OPEN_MS, () => 'a WebSocket');
  const asText = transport === 'websocket-text';
  return {
    protocol: socket.protocol,
    // A text message must be UTF-8: what is not goes out as binary, as browsers do it on one and the same connection.
    write: (data) => new Promise((resolve) => socket.send(data, { binary: !(asText && isUtf8(data)) }, () => resolve())),
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    close: () => socket.close(1000),
    destroy: () => socket.terminate(),
  };
}
