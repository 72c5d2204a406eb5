import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import type { Peer, PeerListener } from '../broker/peer.ts';
import { silentLog } from '../broker/log.ts';
import { Timers } from '../lib/timers.ts';
import { LIMITS_AFTER_LOGIN, LIMITS_BEFORE_LOGIN } from '../protocol/limits.ts';
import { HEADROOM, WireFrame } from '../protocol/wire-frame.ts';
import { WebSocketTransport, STANDALONE_PATHS, type WebSocketTransportOptions } from './websocket-transport.ts';

/** What the tests of this folder share: a listener that remembers, and a client that speaks bare octets. */

const WAIT_MS = 15_000;

/** Resolves once the condition holds; fails with `what` after 15 s. */
export async function eventually(condition: () => boolean, what: string): Promise<void> {
  const end = performance.now() + WAIT_MS;
  while (!condition()) {
    if (performance.now() > end) assert.fail(`waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

export function frameOf(text: string): WireFrame {
  return new WireFrame(Buffer.concat([Buffer.alloc(HEADROOM), Buffer.from(text)]), true);
}

/** A session that answers nothing and keeps everything. */
export class RecordingListener implements PeerListener {
  readonly peer: Peer;
  readonly chunks: Buffer[] = [];
  drainCount = 0;
  disconnectCount = 0;
  onReceive: ((chunk: Buffer) => void) | undefined = undefined;

  constructor(peer: Peer) {
    this.peer = peer;
  }

  get text(): string {
    return Buffer.concat(this.chunks).toString();
  }

  receive(chunk: Buffer): void {
    this.chunks.push(Buffer.from(chunk));
    this.onReceive?.(chunk);
  }

  drained(): void {
    this.drainCount++;
  }

  disconnected(): void {
    this.disconnectCount++;
  }
}

/** The octets a server sends, over a socket that can stop reading. */
export class RawClient {
  readonly socket: Socket;
  isEnded = false;
  isClosed = false;
  #received: Buffer = Buffer.alloc(0);

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk]);
    });
    socket.on('end', () => (this.isEnded = true));
    // A reset is an end too, in tests of cut connections.
    socket.on('error', () => (this.isEnded = true));
    socket.on('close', () => (this.isClosed = true));
  }

  get received(): Buffer {
    return this.#received;
  }

  get text(): string {
    return this.#received.toString('latin1');
  }

  write(data: string | Buffer): void {
    this.socket.write(data);
  }

  /** Takes the first `length` octets away from what was received. */
  skip(length: number): void {
    this.#received = this.#received.subarray(length);
  }

  /** The WebSocket messages received so far, control frames included. */
  get messages(): ServerMessage[] {
    return parseMessages(this.#received);
  }
}

export async function openClient(context: TestContext, port: number): Promise<RawClient> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  context.after(() => socket.destroy());
  const client = new RawClient(socket);
  await eventually(() => socket.readyState !== 'opening', 'the connection');
  return client;
}

export interface ServerMessage {
  readonly opcode: number;
  readonly isFinal: boolean;
  readonly payload: Buffer;
}

/** RFC 6455, 5.2, from a server: no masks. An unfinished rest is left out. */
export function parseMessages(octets: Buffer): ServerMessage[] {
  const messages: ServerMessage[] = [];
  let at = 0;
  while (octets.length - at >= 2) {
    assert.equal(octets[at + 1]! & 0x80, 0, 'a server never masks');
    let length = octets[at + 1]! & 0x7f;
    let start = at + 2;
    if (length === 126) {
      if (octets.length < start + 2) break;
      length = octets.readUInt16BE(start);
      start += 2;
    } else if (length === 127) {
      if (octets.length < start + 8) break;
      length = Number(octets.readBigUInt64BE(start));
      start += 8;
    }
    if (octets.length < start + length) break;
    messages.push({ opcode: octets[at]! & 0x0f, isFinal: (octets[at]! & 0x80) !== 0, payload: octets.subarray(start, start + length) });
    at = start + length;
  }
  return messages;
}

export const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

interface ClientMessage {
  /** Default text. */
  readonly opcode?: number;
  readonly isFinal?: boolean;
  readonly isMasked?: boolean;
}

/** One frame of a WebSocket client, whole and masked unless told otherwise. */
export function clientMessage(payload: string | Buffer, message: ClientMessage = {}): Buffer {
  const { opcode = OPCODE.text, isFinal = true, isMasked = true } = message;
  const body = Buffer.from(payload);
  const length = lengthOctets(body.length);
  length[0]! |= isMasked ? 0x80 : 0;
  const mask = Buffer.from([0x12, 0xf4, 0x56, 0x78]);
  if (isMasked) for (let i = 0; i < body.length; i++) body[i]! ^= mask[i % 4]!;
  return Buffer.concat([Buffer.from([opcode | (isFinal ? 0x80 : 0)]), length, isMasked ? mask : Buffer.alloc(0), body]);
}

function lengthOctets(length: number): Buffer {
  if (length < 126) return Buffer.from([length]);
  if (length < 65_536) return Buffer.from([126, length >> 8, length & 255]);
  const octets = Buffer.alloc(9);
  octets[0] = 127;
  octets.writeBigUInt64BE(BigInt(length), 1);
  return octets;
}

export interface Handshake {
  readonly path?: string;
  /** Name and value; undefined leaves a usual header out. */
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly method?: string;
  /** Sent right behind the request, in the same write. */
  readonly head?: Buffer;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Asks for an upgrade and waits for the whole answer; an answer of 101 is taken off what was received. */
export async function askForUpgrade(client: RawClient, handshake: Handshake = {}): Promise<HttpAnswer> {
  const headers: Record<string, string | undefined> = {
    Host: '127.0.0.1',
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
    ...handshake.headers,
  };
  const lines = Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : [`${name}: ${value}`]));
  const request = `${handshake.method ?? 'GET'} ${handshake.path ?? '/ws'} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`;
  client.write(Buffer.concat([Buffer.from(request), handshake.head ?? Buffer.alloc(0)]));
  await eventually(() => client.text.includes('\r\n\r\n') || client.isEnded, 'an HTTP answer');
  const end = client.text.indexOf('\r\n\r\n');
  assert.notEqual(end, -1, 'the server ended the connection without an HTTP answer');
  const [statusLine = '', ...headerLines] = client.text.slice(0, end).split('\r\n');
  const answered = Object.fromEntries(headerLines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]));
  const length = Number(answered['content-length'] ?? 0);
  await eventually(() => client.received.length >= end + 4 + length, 'the body of the answer');
  const body = client.received.subarray(end + 4, end + 4 + length).toString();
  client.skip(end + 4 + length);
  return { status: Number(statusLine.split(' ')[1]), headers: answered, body };
}

export interface WebSocketBed {
  readonly transport: WebSocketTransport;
  readonly server: Server;
  readonly port: number;
  readonly timers: Timers;
  /** In the order of their connections. */
  readonly listeners: RecordingListener[];
  /** A client after its upgrade, and its listener. */
  connect(handshake?: Handshake): Promise<{ client: RawClient; listener: RecordingListener; peer: Peer }>;
}

export async function openWebSocketBed(context: TestContext, options: Partial<WebSocketTransportOptions> = {}, isOwn = true): Promise<WebSocketBed> {
  const listeners: RecordingListener[] = [];
  const timers = new Timers();
  const transport = new WebSocketTransport({
    accept: (peer) => {
      const listener = new RecordingListener(peer);
      listeners.push(listener);
      return listener;
    },
    timers,
    log: silentLog,
    paths: STANDALONE_PATHS,
    origins: { kind: 'loopback' },
    framesBeforeLogin: LIMITS_BEFORE_LOGIN,
    framesAfterLogin: LIMITS_AFTER_LOGIN,
    maxConnections: 1_000,
    lingerMs: 200,
    ...options,
  });
  const server = createServer();
  transport.attach(server, { isOwn });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  context.after(async () => {
    await transport.close({ spreadMs: 0, graceMs: 0 });
    timers.close();
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  return {
    transport,
    server,
    port,
    timers,
    listeners,
    async connect(handshake) {
      const client = await openClient(context, port);
      const count = listeners.length;
      const answer = await askForUpgrade(client, handshake);
      assert.equal(answer.status, 101, answer.body);
      await eventually(() => listeners.length > count, 'the transport to accept');
      const listener = listeners.at(-1)!;
      return { client, listener, peer: listener.peer };
    },
  };
}
