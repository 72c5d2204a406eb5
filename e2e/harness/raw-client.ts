import assert from 'node:assert/strict';
import { encodeClientFrame, type HeaderLines, type StompVersion } from './client-frame.ts';
import { CutWriter } from './cut-writer.ts';
import type { Cut } from './cut.ts';
import { within } from './eventually.ts';
import { openSocket, type RawSocket, type SocketEnd, type SocketOptions, type SocketTarget, type Transport } from './raw-socket.ts';
import { ServerFrameReader } from './server-frame-reader.ts';
import type { ServerFrame } from './server-frame.ts';
import { describeFrame, Transcript } from './transcript.ts';

export interface RawClientOptions extends SocketOptions {
  /** Default `websocket-text`. */
  readonly transport?: Transport;
  /** Default `whole`. */
  readonly cut?: Cut;
  /** For the cut `random`. */
  readonly seed?: number;
  /** What `connect` asks for and `frame` encodes by; default 1.2. */
  readonly version?: StompVersion;
}

const WAIT_MS = 20_000;

/** Opens a connection that has not said anything yet. */
export async function openRawClient(target: SocketTarget, options: RawClientOptions = {}): Promise<RawClient> {
  const client = new RawClient(options);
  await client.open(target, options);
  return client;
}

/** Opens a connection and a session on it. `headers` come on top of `accept-version` and `host`. */
export async function connectRawClient(target: SocketTarget, options: RawClientOptions = {}, headers: HeaderLines = {}): Promise<RawClient> {
  const client = await openRawClient(target, options);
  await client.connect(headers);
  return client;
}

/**
 * A client that hides nothing: it sends octets as they are told, in the cut it was made for, and hands out what the
 * server sends in order. Everything received runs through the strict reader; the first broken rule fails whatever the
 * test waits for next, and `finish`. Nothing waits longer than 20 s.
 */
export class RawClient {
  readonly transport: Transport;
  readonly cut: Cut;
  readonly version: StompVersion;
  /** What the server said about how it ended the connection. */
  end: SocketEnd | undefined;
  /** When heart-beats arrived, ms of `performance.now()`. */
  readonly beats: number[] = [];
  #reader = new ServerFrameReader();
  #socket: RawSocket | undefined;
  #writer: CutWriter | undefined;
  #seed: number;
  #inbox: ServerFrame[] = [];
  #wakers: (() => void)[] = [];
  #failure: Error | undefined;
  #marks = 0;
  #transcript = new Transcript();

  constructor({ transport = 'websocket-text', cut = 'whole', seed = 1, version = '1.2' }: RawClientOptions) {
    this.transport = transport;
    this.cut = cut;
    this.version = version;
    this.#seed = seed;
  }

  async open(target: SocketTarget, options: SocketOptions): Promise<void> {
    const take = (read: () => void): void => {
      if (this.#failure) return;
      try {
        read();
      } catch (error) {
        this.#failure = error as Error;
      }
      this.#wake();
    };
    this.#socket = await openSocket(
      this.transport,
      target,
      {
        chunk: (data) => take(() => this.#reader.push(data).forEach((arrival) => this.#arrive(arrival))),
        message: (data, isBinary) => take(() => this.#arrive(this.#reader.message(data, isBinary))),
        ended: (end) =>
          take(() => {
            this.end = end;
            this.#writer?.close();
            this.#transcript.note(`closed ${end.code} ${end.reason}`);
            this.#reader.end();
          }),
      },
      options,
    );
    this.#writer = new CutWriter(this.#socket, this.cut, this.#seed, this.transport === 'websocket-text');
  }

  /** The sub-protocol that the server chose; '' is none. */
  get protocol(): string {
    return this.#open.socket.protocol;
  }

  /** Sends CONNECT for this client's version and returns the server's CONNECTED. */
  async connect(headers: HeaderLines = {}): Promise<ServerFrame> {
    const own: [string, string][] = this.version === '1.0' ? [] : [['accept-version', this.version], ['host', 'localhost']];
    const given = Array.isArray(headers) ? (headers as [string, string][]) : Object.entries(headers);
    this.frame('CONNECT', [...own.filter(([name]) => !given.some(([other]) => other === name)), ...given]);
    return this.expectFrame('CONNECTED');
  }

  /** Encodes a frame by this client's version and sends it. Returns at once: frames keep their order. */
  frame(command: string, headers: HeaderLines = {}, body: string | Buffer = ''): void {
    this.send(encodeClientFrame(this.version, command, headers, body));
  }

  /** Sends octets, cut as this client does it. Returns at once: what is sent keeps its order. */
  send(data: string | Buffer): void {
    const octets = Buffer.isBuffer(data) ? data : Buffer.from(data);
    this.#transcript.sent(octets);
    this.#open.writer.send(octets);
  }

  /** Sends octets in exactly these chunks, whatever the cut. */
  async sendChunks(chunks: readonly Buffer[]): Promise<void> {
    for (const chunk of chunks) this.#transcript.sent(chunk);
    await this.#open.writer.sendChunks(chunks);
  }

  /** Resolves when all that was sent is in the operating system's hands. */
  sent(): Promise<void> {
    return this.#open.writer.sent();
  }

  /** The next frame, or the first unread one that `matches`; the others stay for later. */
  async nextFrame(matches: (frame: ServerFrame) => boolean = () => true, what = 'a frame'): Promise<ServerFrame> {
    const find = (): ServerFrame | undefined => {
      const index = this.#inbox.findIndex(matches);
      return index === -1 ? undefined : this.#inbox.splice(index, 1)[0];
    };
    return this.#until(find, what);
  }

  /** The very next frame, which must be a `command`. */
  async expectFrame(command: ServerFrame['command']): Promise<ServerFrame> {
    const frame = await this.nextFrame(undefined, command);
    if (frame.command !== command) this.#fail(`Expected ${command}, got ${describeFrame(frame)}`);
    return frame;
  }

  /** The very next frame, which must be the RECEIPT for `id`. */
  async expectReceipt(id: string): Promise<ServerFrame> {
    const frame = await this.expectFrame('RECEIPT');
    if (frame.headers['receipt-id'] !== id) this.#fail(`Expected the RECEIPT for ${JSON.stringify(id)}, got ${describeFrame(frame)}`);
    return frame;
  }

  /** The very next frame, which must be an ERROR whose `message` header matches, and then the end of the connection. */
  async expectError(message: RegExp = /./): Promise<ServerFrame> {
    const frame = await this.expectFrame('ERROR');
    if (!message.test(frame.headers['message'] ?? '')) this.#fail(`Expected an ERROR like ${message}, got ${describeFrame(frame)}`);
    await this.expectClosed();
    return frame;
  }

  /** Waits for the server to end the connection; no frame may be left unread. */
  async expectClosed(): Promise<SocketEnd> {
    const end = await this.#until(() => this.end, 'the connection to be closed', true);
    const [left] = this.#inbox;
    if (left) this.#fail(`Expected no frame before the end, got ${describeFrame(left)}`);
    return end;
  }

  /**
   * Waits for the server to cut a connection over a limit: an ERROR with `code`, where one could still be said, and
   * otherwise the WebSocket status 1009.
   */
  async expectTooLarge(code = 'frame-too-large'): Promise<void> {
    const end = await this.#until(() => this.end, 'the connection to be closed', true);
    const error = this.#inbox.shift();
    if (!error && end.code === 1009) return;
    if (error?.command !== 'ERROR' || error.headers['code'] !== code) this.#fail(`Expected ${code}, got ${error ? describeFrame(error) : end.code}`);
  }

  /** Sends a frame that asks for a receipt and waits for it; it must be the next frame to arrive. */
  async request(command: string, headers: Readonly<Record<string, string>> = {}, body: string | Buffer = ''): Promise<void> {
    const receipt = this.#mark();
    this.frame(command, { ...headers, receipt }, body);
    await this.expectReceipt(receipt);
  }

  /**
   * Proves that nothing is under way to this client: does `marker` (default: a SEND into the void, with a receipt), whose
   * RECEIPT must be the very next frame. The server has worked through all that went before.
   */
  async noFrameUntil(marker: (receipt: string) => void = (receipt) => this.frame('SEND', { destination: '/topic/void', receipt })): Promise<void> {
    const receipt = this.#mark();
    marker(receipt);
    await this.expectReceipt(receipt);
  }

  /** Frames that arrived and were not read. */
  get unread(): readonly ServerFrame[] {
    return this.#inbox;
  }

  /** Waits for `count` heart-beats in all. */
  async expectBeats(count: number): Promise<readonly number[]> {
    return this.#until(() => (this.beats.length >= count ? this.beats : undefined), `${count} heart-beats`);
  }

  pause(): void {
    this.#open.socket.pause();
  }

  resume(): void {
    this.#open.socket.resume();
  }

  /** Cuts the connection without DISCONNECT; who waits for a frame learns it at once. */
  destroy(): void {
    this.#socket?.destroy();
    this.end ??= { code: 0, reason: 'cut by this side' };
    this.#wake();
  }

  /** Closes the socket in order, without DISCONNECT. */
  close(): void {
    this.#socket?.close();
  }

  /** Ends the connection, whatever its state, and throws if the server broke a rule on it. */
  finish(): void {
    this.#socket?.destroy();
    if (this.#failure) this.#fail(this.#failure.message);
  }

  /** What was said lately, for the message of a failure. */
  get transcript(): string {
    return String(this.#transcript);
  }

  get #open(): { socket: RawSocket; writer: CutWriter } {
    assert.ok(this.#socket && this.#writer, 'the client is open');
    return { socket: this.#socket, writer: this.#writer };
  }

  #arrive(arrival: ReturnType<ServerFrameReader['message']>): void {
    if (arrival.kind === 'beat') {
      this.beats.push(arrival.at);
      return;
    }
    this.#transcript.received(arrival.frame);
    this.#inbox.push(arrival.frame);
  }

  async #until<T>(find: () => T | undefined, what: string, mayEnd = false): Promise<T> {
    const look = async (): Promise<T> => {
      for (;;) {
        const found = find();
        if (found !== undefined) return found;
        if (this.#failure) return this.#fail(this.#failure.message);
        if (this.end && !mayEnd) return this.#fail(`Expected ${what}, got the end of the connection (${this.end.code} ${this.end.reason})`);
        await new Promise<void>((wake) => this.#wakers.push(wake));
      }
    };
    return within(look(), WAIT_MS, () => `${what}\n${this.transcript}\n     `);
  }

  #wake(): void {
    const wakers = this.#wakers;
    this.#wakers = [];
    for (const wake of wakers) wake();
  }

  #mark(): string {
    return `mark-${++this.#marks}`;
  }

  #fail(sentence: string): never {
    throw new assert.AssertionError({ message: `${sentence}\n${this.transcript}` });
  }
}
